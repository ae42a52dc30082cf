"""`events.py`, `_life/report.py`: what happens to a token is told once, to the logs and to those who listen."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import FrozenInstanceError, fields
from typing import Any, NoReturn

import pytest
from loopback import SECRET, TOKEN, Answer, Clock, Loopback, grant_for, token_answer
from timing import eventually

import oauth_cc_auth
from oauth_cc_auth import (
    AuthorizationCode,
    BudgetExceeded,
    ConfigurationError,
    Event,
    IssuanceLimit,
    Login,
    LoginSaved,
    LoginUnsaved,
    MemoryStore,
    OAuthError,
    RenewalFailed,
    RenewalHeldBack,
    StaticToken,
    StoreFailed,
    Token,
    TokenDue,
    TokenLoaded,
    TokenObtained,
    TokenRefused,
    TokenRenewed,
    TokenRequestRefused,
    TokenSource,
    _hearing,
    on_event,
)

API = "https://api.example.com/things"
ALL_REFUSED = (
    "the API refuses new tokens too; a 401 renews nothing for 1 s. Check the audience, the scope and the environment: "
    "the token endpoint and the API may not belong together"
)
REFUSAL = Answer(401, {"error": "invalid_client", "error_description": SECRET})


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a token endpoint that numbers its tokens."""
    count = iter(range(1, 1000))
    with Loopback(lambda _: token_answer(f"{TOKEN} {next(count)}")) as server:
        yield server


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """Return a function that returns what is logged at INFO and above, and see that no secret is."""
    caplog.set_level(logging.DEBUG, "oauth_cc_auth")

    def said() -> list[str]:
        mine = [record for record in caplog.records if record.name == "oauth_cc_auth"]
        return [f"{record.levelname} {record.getMessage()}" for record in mine if record.levelno >= logging.INFO]

    yield said
    everything = "".join(repr(vars(record)) + record.getMessage() for record in caplog.records)
    assert SECRET not in everything
    assert TOKEN not in everything


def source_for(server: Loopback, **settings: Any) -> TokenSource:
    """Return a source whose token endpoint is this server."""
    return TokenSource(grant_for(f"{server.url}/token?key=in-the-query"), **settings)


def kinds(heard: list[Event]) -> list[type[Event]]:
    """Return the classes of what was heard."""
    return [type(event) for event in heard]


def idle(source: TokenSource) -> bool:
    """Tell whether no flight is in the air."""
    return source._serving.live.flight is None


def test_a_healthy_token_says_what_it_does(server: Loopback, logs: Callable[[], list[str]]) -> None:
    """Obtained, due, renewed: at INFO, each once however many calls there are, and with what each event is about."""
    clock, heard = Clock(), list[Event]()
    expected: list[type[Event]] = [TokenObtained, TokenDue, TokenRenewed]
    source = source_for(server, clock=clock, on_event=heard.append)
    for _ in range(3):
        source.token()
    clock.now += 3600 * 0.83
    for _ in range(3):
        source.token()
    eventually(lambda: len(heard) == 3)
    assert kinds(heard) == expected
    assert logs() == [
        "INFO 127.0.0.1: obtained a token from 127.0.0.1, valid for 3,600 s",
        "INFO 127.0.0.1: renewing the token in the background; it ends in 612 s",
        "INFO 127.0.0.1: renewed the token at 127.0.0.1, valid for 3,600 s",
    ]
    event = heard[0]
    assert (event.vendor, event.host, event.client_id) == ("127.0.0.1", "127.0.0.1", "client")
    assert (event.token_endpoint, event.at) == (f"{server.url}/token", 1_000_000.0)
    assert event.label == "127.0.0.1 at 127.0.0.1 for client"
    assert (heard[0].lifetime, heard[1].until, heard[2].lifetime) == (3600.0, 1_003_600.0, 3600.0)  # type: ignore[attr-defined]  # of the three kinds


def test_a_record_has_the_fields(server: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    """A log formatter finds each field of the event under its name with a prefix, as something that JSON can hold."""
    caplog.set_level(logging.INFO, "oauth_cc_auth")
    server.replies = [REFUSAL]
    with pytest.raises(OAuthError):
        source_for(server).token()
    (record,) = (vars(record) for record in caplog.records if record.name == "oauth_cc_auth")
    told = {name: value for name, value in record.items() if name.startswith("oauth_")}
    assert set(told) == {f"oauth_{field.name}" for field in fields(TokenRequestRefused)} | {"oauth_event"}
    assert (told["oauth_event"], told["oauth_vendor"]) == ("TokenRequestRefused", "127.0.0.1")
    assert json.loads(json.dumps(told))["oauth_error"].startswith("InvalidClient: invalid_client")
    assert 4 < told["oauth_retry_after"] <= 5


def test_an_api_that_refuses_all_night(server: Loopback, logs: Callable[[], list[str]]) -> None:
    """The logs say which API refused whose token with which status, and why no other is requested; once per change."""
    clock, heard = Clock(), list[Event]()
    source = source_for(server, clock=clock, on_event=heard.append)
    for _ in range(5):
        for attempt in source.attempts("GET", f"{API}?key={SECRET}"):
            attempt.heard(401, {})
    assert kinds(heard) == [TokenObtained, TokenRefused, TokenRenewed, RenewalHeldBack]
    assert logs()[1:] == [
        f"WARNING 127.0.0.1: the API refused the token with 401 at {API}; it is not used any more",
        "INFO 127.0.0.1: renewed the token at 127.0.0.1, valid for 3,600 s",
        f"WARNING 127.0.0.1: {ALL_REFUSED}",
    ]
    refused, held = heard[1], heard[3]
    assert isinstance(refused, TokenRefused)
    assert isinstance(held, RenewalHeldBack)
    assert (refused.status, refused.url) == (401, API)
    assert (held.until, held.retry_after) == (clock.now + 1, 1.0)


def test_a_refusal_without_http(server: Loopback) -> None:
    """What `reject` is told has neither status nor URL; a late refusal of an older token is none."""
    heard: list[Event] = []
    source = source_for(server, on_event=heard.append)
    token = source.token()
    assert source.reject(token)
    assert source.reject(token)
    assert kinds(heard) == [TokenObtained, TokenRefused]
    assert heard[1].sentence == "the API refused the token; it is not used any more"


def test_the_same_token_again_holds_renewals_back(server: Loopback) -> None:
    """A server that hands out the refused token again is held back as soon as it does."""
    server.replies = [token_answer()]
    heard: list[Event] = []
    source = source_for(server, on_event=heard.append)
    source.reject(source.token())
    source.token()
    assert kinds(heard) == [TokenObtained, TokenRefused, TokenRenewed, RenewalHeldBack]


def test_a_wrong_secret_is_said_once(server: Loopback, logs: Callable[[], list[str]]) -> None:
    """A refusal that is remembered is one line, though every call raises it."""
    server.replies = [REFUSAL]
    heard: list[Event] = []
    source = source_for(server, on_event=heard.append)
    for _ in range(3):
        with pytest.raises(OAuthError):
            source.token()
    assert kinds(heard) == [TokenRequestRefused]
    (line,) = logs()
    assert line.startswith("WARNING 127.0.0.1: the token request failed (remembered for 5 s): InvalidClient: invalid_")
    assert line.endswith(f"[{server.url}/token, client 'client']")
    assert len(server.received) == 1


def test_a_failed_renewal_says_how_long_the_token_lives(server: Loopback, logs: Callable[[], list[str]]) -> None:
    """An outage while a token is due is one line per attempt, and the token is said to be due once."""
    clock, heard = Clock(), list[Event]()
    source = source_for(server, clock=clock, on_event=heard.append)
    source.token()
    server.replies = [REFUSAL]
    for seconds in (3600 * 0.83, 31):
        clock.now += seconds
        source.token()
        eventually(lambda: idle(source) and len(heard) > 2)
    eventually(lambda: len(heard) == 4)
    assert kinds(heard) == [TokenObtained, TokenDue, RenewalFailed, RenewalFailed]
    assert "could not renew the token; calls keep using it, for 612 s: InvalidClient" in logs()[2]


def test_a_token_without_end_says_so() -> None:
    """A token whose end nobody knows is not said to end in infinite seconds."""
    whose: dict[str, Any] = {"vendor": "v", "token_endpoint": "https://v", "host": "v", "label": "v", "at": 0.0}
    failed = RenewalFailed(**whose, client_id=None, until=float("inf"), error=KeyError())
    assert failed.sentence == (
        "could not renew the token; calls keep using it, which does not end by itself: KeyError [https://v]"
    )
    assert TokenObtained(**whose, client_id=None, lifetime=None).sentence.endswith("valid until the API refuses it")
    assert TokenLoaded(**whose, client_id=None, lifetime=2.25).sentence.endswith("valid for 2.2 s")


def test_a_store_is_where_it_came_from(server: Loopback) -> None:
    """Another process's token is told as loaded, with the seconds that it has left."""
    store, clock, heard = MemoryStore(), Clock(), list[Event]()
    source_for(server, store=store, clock=clock).token()
    oauth_cc_auth.forget_all()
    clock.now += 600
    source_for(server, store=store, clock=clock, on_event=heard.append).token()
    (loaded,) = heard
    assert isinstance(loaded, TokenLoaded)
    assert loaded.lifetime == 3000
    assert len(server.received) == 1


class Broken(MemoryStore):
    """A store that cannot save, until it is mended."""

    broken = True

    def save(self, key: str, token: Token) -> None:
        """Fail."""
        if self.broken:
            raise OSError(28, "No space left on device", SECRET)
        super().save(key, token)


def test_a_store_that_fails(server: Loopback, logs: Callable[[], list[str]]) -> None:
    """It is named with what failed, and the listener may call the source: no lock is held any more."""
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        assert source.token().access_token

    source = source_for(server, store=Broken(), on_event=listen)
    source.token()
    assert kinds(heard) == [StoreFailed, TokenObtained]
    assert logs()[0] == (
        "WARNING 127.0.0.1: the token store failed to save (OSError: No space left on device); going on without Broken"
    )


def test_a_store_that_cannot_count(server: Loopback) -> None:
    """Where tokens are limited the store counts them; where it fails to, that is told as any other failure."""
    heard: list[Event] = []
    grant = grant_for(f"{server.url}/token", issuance_limit=IssuanceLimit(1, 3600))
    source = TokenSource(grant, store=Broken(), on_event=heard.append)
    source.token()
    assert [event.operation for event in heard if isinstance(event, StoreFailed)] == ["count", "save"]
    source.forget()
    with pytest.raises(OAuthError):
        source.token()
    last = heard[-1]
    assert isinstance(last, BudgetExceeded)
    assert last.retry_after == pytest.approx(3600, abs=20)
    assert last.sentence.startswith("the vendor's limit on tokens is reached: TokenBudgetExceeded: 1 tokens were")


def login_for(server: Loopback, **settings: Any) -> TokenSource:
    """Return the source of a login."""
    grant = AuthorizationCode(
        token_endpoint=f"{server.url}/token",
        client_id="client",
        client_secret=SECRET,
        refresh_token="at-first",
        authorization_endpoint=f"{server.url}/authorize",
        redirect_uri="http://127.0.0.1/callback",
    )
    return TokenSource(grant, **settings)


def test_a_login_that_cannot_be_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh token that is nowhere but in memory is a warning, and its end is told too."""
    waits: list[Callable[[], None]] = []

    def started(work: Callable[[], None], _: str) -> bool:
        waits.append(work)
        return True

    monkeypatch.setattr("oauth_cc_auth._login.unsaved.started", started)
    monkeypatch.setattr("oauth_cc_auth._login.unsaved._FIRST_PAUSE", 0.001)
    heard, store = list[Event](), Broken()
    with Loopback(token_answer(refresh_token="next")) as server:
        source = login_for(server, store=store, on_event=heard.append)
        source.token()
    assert kinds(heard) == [StoreFailed, LoginUnsaved, TokenObtained]
    store.broken = False
    waits[0]()
    assert kinds(heard)[3:] == [LoginSaved]
    assert heard[3].level == logging.INFO
    assert heard[3].sentence == "the refresh token that could not be saved is saved now"
    assert heard[1].sentence.startswith("a new refresh token could not be saved")


def test_a_login_says_how_it_went(server: Loopback) -> None:
    """The end of a login is a token that was obtained, or a token request that failed."""
    heard: list[Event] = []
    source = login_for(server, on_event=heard.append)
    back = "http://127.0.0.1/callback?code=c&state=s"
    login = Login(source)
    login.exchange(back, state="s", code_verifier="v" * 43)
    server.replies = [REFUSAL]
    with pytest.raises(OAuthError):
        login.exchange(back.replace("state=s", "state=t"), state="t", code_verifier="v" * 43)
    assert kinds(heard) == [TokenObtained, RenewalFailed]


def test_a_foreign_exception_is_told_by_its_class(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong is told; what somebody else's exception says may quote a secret."""

    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr("oauth_cc_auth._life.renewal.Renewal.run", fail)
    heard: list[Event] = []
    with pytest.raises(ZeroDivisionError):
        source_for(server, on_event=heard.append).token()
    assert "an unexpected ZeroDivisionError" in heard[0].sentence
    assert SECRET not in repr(heard)


def test_every_handle_of_an_equal_grant_hears(server: Loopback) -> None:
    """Whichever handle makes the token request; a listener that several have hears it once; none holds a handle."""
    first, second = list[Event](), list[Event]()
    handles = [source_for(server, on_event=hear) for hear in (first.append, second.append, second.append)]
    source_for(server).token()
    assert kinds(first) == kinds(second) == [TokenObtained]
    live = handles[0]._serving.live
    handles.pop()
    del handles[:]
    for _ in range(100):
        source_for(server, on_event=first.append).token()
    gc.collect()
    assert live.hearings is not None
    assert len(live.hearings) <= 1


def test_a_listener_counts_for_no_key_and_travels_with_copies(server: Loopback) -> None:
    """A handle with a listener shares the token; a copy of it hears too."""
    import copy  # noqa: PLC0415 - here alone

    heard: list[Event] = []
    source = source_for(server, on_event=heard.append)
    assert source._serving.live is source_for(server)._serving.live
    twin = copy.copy(source)
    del source
    twin.token()
    assert kinds(heard) == [TokenObtained]


def test_what_is_no_listener_is_refused() -> None:
    """The message names the argument."""
    with pytest.raises(ConfigurationError, match="on_event"):
        TokenSource(grant_for(), on_event="print")  # type: ignore[arg-type]  # that is the point


def test_a_listener_that_raises_is_logged_once(server: Loopback, logs: Callable[[], list[str]]) -> None:
    """It breaks no call and keeps no other listener from hearing, and what it said is not repeated."""

    def fail(_: Event) -> NoReturn:
        raise KeyError(SECRET)

    heard: list[Event] = []
    source, other = source_for(server, on_event=fail), source_for(server, on_event=heard.append)
    source.reject(source.token())
    other.token()
    assert kinds(heard) == [TokenObtained, TokenRefused, TokenRenewed]
    failures = [line for line in logs() if "failed on an event" in line]
    assert len(failures) == 1
    assert failures[0].endswith("fail failed on an event (KeyError); this is logged once")
    assert other is not source


def test_a_listener_of_the_process(server: Loopback) -> None:
    """It hears every token's events until it is removed, and a listener of both kinds hears each once."""
    heard: list[Event] = []
    listen = heard.append
    undo = on_event(listen)
    try:
        source = source_for(server, on_event=listen)
        source.token()
        assert kinds(heard) == [TokenObtained]
    finally:
        undo()
    undo()
    source.reject(source.token())
    assert kinds(heard) == [TokenObtained, TokenRefused]
    assert _hearing.process == ()


def test_an_event_cannot_be_changed(server: Loopback) -> None:
    """Events are values, and the bare one says nothing."""
    heard: list[Event] = []
    source_for(server, on_event=heard.append).token()
    with pytest.raises(FrozenInstanceError):
        heard[0].vendor = "another"  # type: ignore[misc]  # that is the point
    bare = Event(vendor="v", token_endpoint="", host="", client_id=None, label="", at=0.0)
    with pytest.raises(NotImplementedError):
        bare.sentence  # noqa: B018 - it raises


def test_a_static_token_tells_nothing() -> None:
    """There is nothing to renew: its refusal is for its owner to see in the answer."""
    heard: list[Event] = []
    source = TokenSource(StaticToken(TOKEN), on_event=heard.append)
    assert not source.reject(source.token())
    assert heard == []


def test_nobody_pays_who_does_not_listen(server: Loopback) -> None:
    """With the default level of logging, a healthy token never loads the classes of the events."""
    code = f"""
import sys
from oauth_cc_auth import ClientCredentials, TokenSource
source = TokenSource(ClientCredentials(token_endpoint={server.url!r}, client_id="c", client_secret="s"))
source.token()
assert "oauth_cc_auth.events" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr


def test_a_call_with_a_token_waits_for_no_listener(server: Loopback) -> None:
    """A listener that hangs keeps a due token from being renewed, and no call from using it."""
    import threading  # noqa: PLC0415 - here alone

    clock, let = Clock(), threading.Event()

    def hang(event: Event) -> None:
        if isinstance(event, TokenDue):
            let.wait(20)

    source = source_for(server, clock=clock, on_event=hang)
    first = source.token()
    clock.now += 3600 * 0.83
    assert [source.token() for _ in range(100)] == [first] * 100
    let.set()
    with suppress(OAuthError):
        eventually(lambda: source.token() != first)
