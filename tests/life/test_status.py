"""`TokenSource.status`: how it stands with a token, for a health endpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from typing import Any, NoReturn

import pytest
from loopback import SECRET, TOKEN, Answer, Clock, Loopback, grant_for, token_answer
from timing import eventually

from oauth_cc_auth import InvalidClient, MemoryStore, OAuthError, StaticToken, TokenSource, TokenStatus

NOTHING = TokenStatus(state="absent", ends=None, due=None, held_until=None, last_error=None, store=None)
REFUSAL = Answer(401, {"error": "invalid_client", "error_description": SECRET})


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a token endpoint that numbers its tokens, which live an hour."""
    count = iter(range(1, 1000))
    with Loopback(lambda _: token_answer(f"{TOKEN} {next(count)}")) as server:
        yield server


def source_for(server: Loopback, **settings: Any) -> TokenSource:
    """Return a source whose token endpoint is this server."""
    return TokenSource(grant_for(f"{server.url}/token"), **settings)


def test_a_token_through_its_life(server: Loopback) -> None:
    """Absent, fresh, due, ending, absent: with the moments at which the token is due and ends, and nothing is sent."""
    clock = Clock()
    source = source_for(server, clock=clock)
    assert source.status() == NOTHING
    source.token()
    told = source.status()
    began = clock.now
    assert (told.state, told.ends, told.held_until) == ("fresh", began + 3600, None)
    assert told.due is not None
    assert began + 3600 * 0.80 <= told.due <= began + 3600 * 0.82
    states = []
    for seconds in (3600 * 0.83, 3600 - 5, 3600):
        clock.now = began + seconds
        states.append(source.status().state)
    assert states == ["due", "ending", "absent"]
    assert source.status() == NOTHING
    assert len(server.received) == 1


def test_a_wrong_secret(server: Loopback) -> None:
    """The last error is told, and until when it is remembered, until a token comes."""
    clock = Clock()
    source = source_for(server, clock=clock)
    server.replies = [REFUSAL, token_answer()]
    with pytest.raises(InvalidClient):
        source.token()
    told = source.status()
    assert (told.state, told.held_until) == ("absent", clock.now + 5)
    assert isinstance(told.last_error, InvalidClient)
    assert SECRET not in repr(told)
    clock.now += 6
    assert source.status().held_until is None
    source.token()
    assert source.status().last_error is None


def test_a_renewal_that_fails(server: Loopback) -> None:
    """While an old token is used, its end, the error and the next attempt are told."""
    clock = Clock()
    source = source_for(server, clock=clock)
    source.token()
    server.replies = [REFUSAL]
    clock.now += 3600 * 0.83
    source.token()
    eventually(lambda: source.status().last_error is not None)
    told = source.status()
    assert told.state == "due"
    assert told.held_until is not None
    assert clock.now + 22 <= told.held_until <= clock.now + 30


def test_an_api_that_refuses_every_token(server: Loopback) -> None:
    """Renewals are held back, until the API takes the token."""
    clock = Clock()
    source = source_for(server, clock=clock)
    source.reject(source.token())
    token = source.token()
    assert not source.reject(token)
    told = source.status()
    assert (told.state, told.held_until) == ("held", clock.now + 1)
    source.accept(token)
    assert source.status().state == "fresh"
    source.forget()
    assert source.status() == NOTHING


def test_a_token_without_end() -> None:
    """A key that somebody made by hand is fresh, and ends nowhere."""
    told = TokenSource(StaticToken(TOKEN)).status()
    assert told == TokenStatus(state="fresh", ends=None, due=None, held_until=None, last_error=None, store=None)


def test_the_store_is_named_without_its_secrets(server: Loopback) -> None:
    """A store of a stranger's is told by its class."""

    class Strange(MemoryStore):
        def __repr__(self) -> str:
            return SECRET

    assert source_for(server, store=Strange()).status().store == "Strange"


def test_it_waits_for_no_lock(server: Loopback) -> None:
    """It answers while another thread holds the live token's lock, and while a request is on its way."""
    asked, let = threading.Event(), threading.Event()

    def hang(_: object) -> Answer:
        asked.set()
        let.wait(20)
        return token_answer()

    server.replies = [hang]
    source = source_for(server)
    waiting = threading.Thread(target=source.token)
    waiting.start()
    assert asked.wait(20)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with source._serving.live.lock:
            held.set()
            done.wait(20)

    holding = threading.Thread(target=hold)
    holding.start()
    assert held.wait(20)
    assert source.status().state == "absent"
    done.set()
    let.set()
    waiting.join(20)
    holding.join(20)
    assert source.status().state == "fresh"


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (ZeroDivisionError, "an unexpected ZeroDivisionError"),
        (AssertionError, "a mock or an assertion of the program stopped it (AssertionError)"),
    ],
)
def test_a_foreign_exception_is_its_class(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, raised: type[Exception], said: str
) -> None:
    """What somebody else's exception says may quote a secret; a mock's is said to be one."""

    def fail(*_: object) -> NoReturn:
        raise raised(SECRET)

    monkeypatch.setattr("oauth_cc_auth._life.renewal.Renewal.run", fail)
    source = source_for(server)
    with pytest.raises(raised):
        source.token()
    error = source.status().last_error
    assert isinstance(error, OAuthError)
    assert str(error) == said


@pytest.mark.parametrize("change", [lambda told: setattr(told, "state", "fresh")])
def test_it_is_a_value(server: Loopback, change: Callable[[TokenStatus], None]) -> None:
    """Nobody can change what was told."""
    with pytest.raises(FrozenInstanceError):
        change(source_for(server).status())
