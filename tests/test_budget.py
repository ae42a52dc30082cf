"""`_budget`: the vendor's limit on tokens, counted by all who share a store."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from loopback import Answer, Clock, Loopback, grant_for, token_answer

from oauth_cc_auth import (
    ConfigurationError,
    InvalidClient,
    IssuanceLimit,
    MemoryStore,
    ResponseFormat,
    Token,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenSource,
    _budget,
)

THREE_AN_HOUR = IssuanceLimit(3, 3600)


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
            _budget.spend(source.grant, None, clock.now)  # type: ignore[arg-type]  # not a static token
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


def test_a_refusal_costs_nothing_and_a_lost_answer_does() -> None:
    """What the server refused is given back; what it may have issued without our knowing is not."""
    clock = Clock()
    with Loopback(Answer(401, {"error": "invalid_client"})) as server:
        source = limited(server, clock)
        for _ in range(5):
            with pytest.raises(InvalidClient):
                source.token()
            clock.now += 10
    for _ in range(3):
        with pytest.raises(TokenEndpointUnavailable):
            source.token()
        clock.now += 10
    with pytest.raises(TokenBudgetExceeded):
        source.token()


def test_a_clock_set_back_holds_nothing_back_for_long() -> None:
    """What was counted in the future is not counted."""
    clock = Clock()
    with Loopback(token_answer()) as server:
        source = limited(server, clock)
        spend_all(source)
        clock.now -= 86_400
        assert source.token().access_token


def test_a_broken_store_says_so_once_a_request(caplog: pytest.LogCaptureFixture) -> None:
    """Where the store cannot count, this process counts alone and a warning says so."""
    with Loopback(token_answer()) as server, caplog.at_level(logging.WARNING, "oauth_cc_auth"):
        limited(server, Clock(), store=Broken()).token()
    assert "this process counts alone" in caplog.text


@pytest.mark.parametrize("extra", [{}, {"issued_at": "soon"}, {"issued_at": [None, "x", {}]}])
def test_a_ledger_that_is_none_counts_as_empty(extra: dict[str, Any]) -> None:
    """Whatever somebody else put there, the call goes on."""

    class Odd(MemoryStore):
        def load(self, key: str) -> Token | None:
            return Token("ledger", extra=extra) if key.startswith("issued-") else None

    with Loopback(token_answer()) as server:
        assert limited(server, Clock(), store=Odd()).token().access_token


@pytest.mark.parametrize(
    ("count", "seconds", "named"),
    [
        (0, 60, "count"),
        (True, 60, "count"),
        (1.5, 60, "count"),
        (1, 0, "seconds"),
        (1, True, "seconds"),
        (1, float("inf"), "seconds"),
        (1, "60", "seconds"),
    ],
)
def test_a_wrong_limit_is_named(count: Any, seconds: Any, named: str) -> None:
    """A limit that makes no sense is refused at construction."""
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
