"""`_budget`: the vendor's limit on tokens, counted by all who share a store."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from loopback import Answer, Clock, Loopback, Received, grant_for, run_together, token_answer
from redis_server import RedisServer, free_port, redis_server, shared_redis
from timing import HUNG, eventually

from oauth_cc_auth import (
    ConfigurationError,
    FileStore,
    InvalidClient,
    IssuanceLimit,
    MemoryStore,
    OAuthError,
    RedisStore,
    ResponseFormat,
    Token,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
    TokenSource,
)
from oauth_cc_auth._authorization_server import budget as _budget
from oauth_cc_auth._authorization_server.budget import Budget, issued_nothing
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._http.sender import sender_for
from oauth_cc_auth._token import CLOCK_TOLERANCE
from oauth_cc_auth.stores import TokenStore

__all__ = ["redis_server", "shared_redis"]

THREE_AN_HOUR = IssuanceLimit(3, 3600)
NOW = 1_000_000.0


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a store the time that a busy machine needs."""
    monkeypatch.setattr(_budget, "STORE_SECONDS", HUNG)


class Broken(MemoryStore):
    """Loads nothing, ever."""

    def load(self, key: str) -> Token | None:
        """Raise."""
        raise OSError


def limited(server: Loopback, clock: Clock, **settings: Any) -> TokenSource:
    """Return a source whose vendor issues three tokens an hour."""
    changes = settings.pop("changes", {})
    grant = grant_for(server.url, issuance_limit=THREE_AN_HOUR, **changes)
    return TokenSource(grant, clock=clock, timeout=3.0, **settings)


def spend_all(source: TokenSource) -> None:
    """Ask for three tokens."""
    for _ in range(3):
        source.token()
        source.forget()


@pytest.mark.parametrize("store", [None, MemoryStore(), Broken()])
def test_past_the_limit_nothing_is_sent(store: MemoryStore | None) -> None:
    """The fourth token of an hour is refused here, with the seconds until the first has left the hour."""
    clock = Clock()
    with Loopback(token_answer()) as server:
        source = limited(server, clock, store=store)
        spend_all(source)
        clock.now += 60
        with pytest.raises(TokenBudgetExceeded, match=r"3 tokens .* within 3600 s") as refused:
            source.token()
        assert refused.value.retry_after == pytest.approx(3540)
        assert len(server.received) == 3
        clock.now += 3540
        assert source.token().access_token
        assert len(server.received) == 4


def test_a_token_that_works_is_served_on(caplog: pytest.LogCaptureFixture) -> None:
    """Past the limit, a token that is due is served until it expires, and the call is not delayed."""
    clock = Clock()
    with Loopback(token_answer(expires_in=1000)) as server:
        source = limited(server, clock)
        spend_all(source)
        clock.now += 2000
        _budget.forget()
        token = source.token()
        for _ in range(2):
            Budget(source.grant, None).spend(clock.now)  # type: ignore[arg-type]  # not a static token
        clock.now += 900
        assert source.token() == token
        assert source.token() == token
    assert len(server.received) == 4


def test_all_who_share_a_store_share_the_limit() -> None:
    """Two sources of one client, with different scopes and one store, have three tokens between them."""
    clock, store = Clock(), MemoryStore()
    with Loopback(token_answer()) as server:
        sources = [limited(server, clock, store=store, changes={"scope": scope}) for scope in ("a", "b", "c", "d")]
        for source in sources[:3]:
            source.token()
        with pytest.raises(TokenBudgetExceeded):
            sources[3].token()
        other_client = limited(server, clock, store=store, changes={"client_id": "another"})
        assert other_client.token().access_token


def lost(_: Received) -> NoReturn:
    """Take the request, and close the connection without an answer."""
    raise OSError


@pytest.mark.parametrize("reply", [lost, Answer(500), Answer(502), Answer(504)])
def test_each_attempt_that_may_have_issued_a_token_counts(reply: Any) -> None:
    """Attempts are counted one by one, end with the budget, and the caller learns what they have met."""
    clock = Clock()
    with Loopback(reply) as server:
        source = limited(server, clock)
        with pytest.raises(TokenEndpointUnavailable):
            source.token()
        assert len(server.received) == 3
        clock.now += 60
        with pytest.raises(TokenBudgetExceeded):
            source.token()
        assert len(server.received) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_too_busy_uses_up_nothing(status: int) -> None:
    """These statuses say that nothing was done: however often they are met, three tokens may be had."""
    clock = Clock()
    with Loopback(Answer(status)) as server:
        source = limited(server, clock)
        with pytest.raises(TokenEndpointUnavailable):
            source.token()
        assert len(server.received) == 4
        server.replies = [token_answer()]
        clock.now += 60
        spend_all(source)
        with pytest.raises(TokenBudgetExceeded):
            source.token()


def test_a_refusal_uses_up_nothing() -> None:
    """What the server refused is given back."""
    clock = Clock()
    with Loopback(Answer(401, {"error": "invalid_client"})) as server:
        source = limited(server, clock)
        for _ in range(5):
            with pytest.raises(InvalidClient):
                source.token()
            clock.now += 10
        server.replies = [token_answer()]
        spend_all(source)


def unresolved(*_: object, **__: object) -> NoReturn:
    """Stand for a name server that is not there."""
    raise socket.gaierror(-3, "Temporary failure in name resolution")


@pytest.mark.parametrize("library", ["requests", "httpx"])
@pytest.mark.parametrize("resolve", [None, unresolved])
def test_offline_nothing_is_used_up(
    library: str, resolve: Callable[..., NoReturn] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no connection was made, whether refused or for want of an address, no token was issued."""
    if resolve is not None:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
    grant = grant_for(f"http://127.0.0.1:{free_port()}", issuance_limit=IssuanceLimit(1, 3600))
    exchange = Exchange(grant, sender_for(None, None, library), 2.0, Clock())
    for _ in range(2):
        with pytest.raises(TokenEndpointUnavailable):
            exchange.fetch(None, budget=Budget(grant, None))
    Budget(grant, None).spend(exchange.clock())


def caused_by(cause: BaseException | None) -> TokenEndpointUnavailable:
    """Return the error of an attempt without an answer."""
    error = TokenEndpointUnavailable()
    error.__cause__ = cause
    return error


NOTHING_ISSUED = InvalidClient(status_code=401)


def loop() -> TokenEndpointUnavailable:
    """Return an error that is the cause of its cause."""
    error = caused_by(OSError())
    error.__cause__.__cause__ = error  # type: ignore[union-attr]  # there is one
    return error


def test_what_surely_issued_nothing() -> None:
    """A refusal in whatever status, what was not sent, 429 and 503; of anything else nobody knows."""
    cases: list[tuple[OAuthError, bool]] = [
        (ConfigurationError("x"), True),
        (TokenBudgetExceeded("x"), True),
        (InvalidClient("invalid_client", status_code=401), True),
        (TokenRequestError("99991663", status_code=200), True),
        (TokenRequestError(status_code=404), True),
        (TokenRequestError(status_code=200), False),
        (TokenRequestError(status_code=302), False),
        (TokenRequestError(), False),
        (TokenEndpointUnavailable("temporarily_unavailable", status_code=503), True),
        (TokenEndpointUnavailable("server_error", status_code=500), False),
        (TokenEndpointUnavailable(status_code=501), False),
        (caused_by(ConnectionRefusedError()), True),
        (caused_by(ConnectionResetError()), False),
        (caused_by(TimeoutError()), False),
        (loop(), False),
    ]
    for error, nothing in cases:
        assert issued_nothing(error) is nothing


class Watched(MemoryStore):
    """Knows what locks are held."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.held: list[str] = []

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Note that it is held."""
        with super().lock(key):
            self.held.append(key)
            yield
            self.held.remove(key)


def file_store(tmp_path: Path, _: str) -> TokenStore:
    """Return a store in this folder."""
    return FileStore(tmp_path / "store", lock_timeout=HUNG)


def redis_store(_: Path, url: str) -> TokenStore:
    """Return a store in this Redis."""
    return RedisStore(url, lock_timeout=HUNG)


@pytest.mark.parametrize(
    "make",
    [lambda *_: None, lambda *_: MemoryStore(), file_store, redis_store],
    ids=["none", "memory", "file", "redis"],
)
def test_who_asks_at_once_shares_the_limit(
    make: Callable[[Path, str], TokenStore | None],
    tmp_path: Path,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twelve scopes of one client that are asked for at the same moment have three tokens between them."""
    within = _budget._within

    def slowly(*args: Any) -> list[float]:
        time.sleep(0.005)  # between reading and writing, for the others to get in between
        return within(*args)

    monkeypatch.setattr(_budget, "_within", slowly)
    store = make(tmp_path, redis_server.url)
    with Loopback(token_answer()) as server:
        sources = [limited(server, Clock(), store=store, changes={"scope": f"s{number}"}) for number in range(12)]
        outcomes = run_together(*(source.token for source in sources))
        assert len(server.received) == 3
    kinds = [type(outcome) for outcome in outcomes]
    assert (kinds.count(Token), sum(issubclass(kind, TokenBudgetExceeded) for kind in kinds)) == (3, 9)


def test_nobody_waits_for_a_token_request() -> None:
    """While it is in the air, the lock of the token is held, and that of what all scopes share is not."""
    store = Watched()
    held: list[str] = []

    def answer(_: Received) -> Answer:
        held.extend(store.held)
        return token_answer()

    with Loopback(answer) as server:
        limited(server, Clock(), store=store).token()
    assert len(held) == 1
    assert not held[0].startswith("issued-")


class OneLock(MemoryStore):
    """Has one lock for all keys, and may be slow to count."""

    def __init__(self) -> None:
        """Begin empty, and quick."""
        super().__init__()
        self.one, self.ready = threading.Lock(), threading.Event()
        self.ready.set()

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Let one in, whatever the key."""
        assert self.one.acquire(timeout=HUNG), key
        try:
            yield
        finally:
            self.one.release()

    def load(self, key: str) -> Token | None:
        """Load, when it is ready."""
        if key.startswith("issued-"):
            assert self.ready.wait(HUNG)
        return super().load(key)

    def counted(self) -> int:
        """Return how many requests are written down."""
        ledgers = [entry for key, entry in self._tokens.items() if key.startswith("issued-")]
        return sum(len(entry.extra["issued_at"]) for entry in ledgers)


def test_a_store_with_one_lock_counts_too(caplog: pytest.LogCaptureFixture) -> None:
    """A stranger's store is not asked for a second lock while the renewal holds the first."""
    store = OneLock()
    with Loopback(token_answer()) as server, caplog.at_level(logging.WARNING, "oauth_cc_auth"):
        source = limited(server, Clock(), store=store)
        spend_all(source)
        assert store.counted() == 3
        with pytest.raises(TokenBudgetExceeded):
            source.token()
    assert [vars(record)["oauth_event"] for record in caplog.records] == ["BudgetExceeded"]


def test_a_store_that_is_too_slow_to_count_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a while this process counts, a warning says so, and the store catches up when it can."""
    monkeypatch.setattr(_budget, "STORE_SECONDS", 0.01)
    store = OneLock()
    with Loopback(token_answer()) as server, caplog.at_level(logging.WARNING, "oauth_cc_auth"):
        source = limited(server, Clock(), store=store)
        store.ready.clear()
        assert source.token().access_token
        store.ready.set()
        eventually(lambda: store.counted() == 1)
    assert "failed to count (TimeoutError)" in caplog.text
    for _ in range(2):
        Budget(source.grant, None).spend(NOW)  # type: ignore[arg-type]  # not a static token
    with pytest.raises(TokenBudgetExceeded):
        Budget(source.grant, None).spend(NOW)  # type: ignore[arg-type]  # as above


def test_of_two_who_asked_at_the_same_moment_one_is_refunded() -> None:
    """A refund takes back one request, and a second one finds nothing to take back."""
    grant, store = grant_for(issuance_limit=THREE_AN_HOUR), MemoryStore()
    budgets = [Budget(grant, store) for _ in range(3)]
    for budget in budgets:
        budget.spend(NOW)
    budgets[0].refund(NOTHING_ISSUED, NOW + 1)
    Budget(grant, store).refund(NOTHING_ISSUED, NOW + 1)
    Budget(grant, store).spend(NOW + 1)
    with pytest.raises(TokenBudgetExceeded):
        Budget(grant, store).spend(NOW + 1)


def test_a_refund_forgets_nobody_who_asked_meanwhile() -> None:
    """What others have asked for during an attempt that took long counts when it is refunded."""
    grant, store = grant_for(issuance_limit=THREE_AN_HOUR), MemoryStore()
    late = NOW + 2 * CLOCK_TOLERANCE
    budget = Budget(grant, store)
    budget.spend(NOW)
    for _ in range(2):
        Budget(grant, store).spend(late)
    budget.refund(InvalidClient(status_code=401), late)
    Budget(grant, store).spend(late)
    with pytest.raises(TokenBudgetExceeded):
        Budget(grant, store).spend(late)


def test_a_clock_that_is_ahead_counts() -> None:
    """Two machines whose clocks differ by two seconds have three tokens between them."""
    clock, fast, store = Clock(), Clock(), MemoryStore()
    fast.now += 2
    with Loopback(token_answer()) as server:
        for number in range(12):
            source = limited(server, (clock, fast)[number % 2], store=store, changes={"scope": f"s{number}"})
            if number < 3:
                source.token()
                continue
            with pytest.raises(TokenBudgetExceeded):
                source.token()
    assert len(server.received) == 3


@pytest.mark.parametrize(("ahead", "counts"), [(CLOCK_TOLERANCE, True), (CLOCK_TOLERANCE + 1, False)])
def test_how_far_ahead_a_clock_may_be(ahead: float, counts: bool) -> None:
    """What lies farther in the future was written before a clock was set back, and does not count."""
    grant, store = grant_for(issuance_limit=IssuanceLimit(1, 3600)), MemoryStore()
    Budget(grant, store).spend(NOW + ahead)
    if not counts:
        Budget(grant, store).spend(NOW)
        return
    with pytest.raises(TokenBudgetExceeded) as refused:
        Budget(grant, store).spend(NOW)
    assert refused.value.retry_after == 3600 + ahead


def test_the_count_is_kept_until_its_last_entry_is_over() -> None:
    """A store that drops what has expired drops no request that still counts."""
    saved: list[Token] = []

    class Recording(MemoryStore):
        def save(self, key: str, token: Token) -> None:
            saved.append(token)
            super().save(key, token)

    grant, store = grant_for(issuance_limit=THREE_AN_HOUR), Recording()
    ahead, here = Budget(grant, store), Budget(grant, store)
    ahead.spend(NOW + 2)
    here.spend(NOW)
    here.refund(NOTHING_ISSUED, NOW + 1)
    ahead.refund(NOTHING_ISSUED, NOW + 1)
    assert [token.expires_at for token in saved] == [NOW + 3602, NOW + 3602, NOW + 3602, NOW + 3601]


def test_a_clock_set_back_holds_nothing_back_for_long() -> None:
    """What was counted in the future is not counted."""
    clock = Clock()
    with Loopback(token_answer()) as server:
        source = limited(server, clock)
        spend_all(source)
        clock.now -= 86_400
        assert source.token().access_token


def test_a_broken_store_says_so_once_a_request(caplog: pytest.LogCaptureFixture) -> None:
    """Where the store cannot count, this process counts alone and one event says so, for all attempts."""
    replies = Answer(502), Answer(503), token_answer()
    with Loopback(*replies) as server, caplog.at_level(logging.WARNING, "oauth_cc_auth"):
        limited(server, Clock(), store=Broken()).token()
        assert len(server.received) == 3
    assert caplog.text.count("the token store failed to count (OSError)") == 1


def test_a_broken_store_may_have_no_listener() -> None:
    """Where the store cannot count and nobody listens, this process counts all the same."""
    grant = grant_for(client_id="unheard", issuance_limit=IssuanceLimit(1, 3600))
    Budget(grant, Broken()).spend(NOW)
    with pytest.raises(TokenBudgetExceeded):
        Budget(grant, Broken()).spend(NOW)


def test_without_a_limit_nothing_is_counted() -> None:
    """A store is not asked for what nobody needs."""
    store = Watched()
    Budget(grant_for(), store).refund(NOTHING_ISSUED, NOW)
    with Loopback(Answer(503), token_answer()) as server:
        TokenSource(grant_for(server.url), store=store, timeout=3.0).token()
    assert not [key for key in store._tokens if key.startswith("issued-")]


@pytest.mark.parametrize("extra", [{}, {"issued_at": "soon"}, {"issued_at": [None, "x", {}]}])
def test_a_ledger_that_is_none_counts_as_empty(extra: dict[str, Any]) -> None:
    """Whatever somebody else put there, the call goes on."""

    class Odd(MemoryStore):
        def load(self, key: str) -> Token | None:
            return Token("ledger", extra=extra) if key.startswith("issued-") else None

    with Loopback(token_answer()) as server:
        assert limited(server, Clock(), store=Odd()).token().access_token


def test_a_wrong_limit_is_named() -> None:
    """A limit that makes no sense is refused at construction."""
    cases: list[tuple[Any, Any, str]] = [
        (0, 60, "count"),
        (True, 60, "count"),
        (1.5, 60, "count"),
        (1, 0, "seconds"),
        (1, True, "seconds"),
        (1, float("inf"), "seconds"),
        (1, "60", "seconds"),
    ]
    for count, seconds, named in cases:
        with pytest.raises(ConfigurationError, match=named):
            IssuanceLimit(count, seconds)


def test_a_limit_of_another_type_is_named() -> None:
    """A grant takes an IssuanceLimit and nothing else."""
    with pytest.raises(ConfigurationError, match="issuance_limit"):
        grant_for(issuance_limit=(3, 60))


def test_what_was_not_issued_is_not_counted() -> None:
    """A refusal by the vendor's own limit, and a request that was never sent, use up nothing of what is counted."""
    clock = Clock()
    broken: list[bool] = []

    def header() -> str:
        if broken:
            raise KeyError
        return "x"

    form = ResponseFormat(limit_reached=lambda said: said.status == 400)
    with Loopback(Answer(400, {"error": "invalid_request"})) as server:
        source = limited(server, clock, changes={"token_response": form, "headers": {"X": header}})
        for _ in range(5):
            clock.now += 61
            with pytest.raises(TokenBudgetExceeded, match="The vendor gives no more"):
                source.token()
        broken.append(True)
        for _ in range(5):
            clock.now += 61
            with pytest.raises(ConfigurationError, match="the function that makes it"):
                source.token()
        broken.clear()
        server.replies = [token_answer()]
        assert source.token().access_token
