"""What only niquests has: two kinds of session, each with an auth class of its own."""

from __future__ import annotations

import asyncio
import io
import pickle
from threading import Thread
from typing import Any

import pytest
from doors import LoopbackServer, TokenEndpoint, refusing

from oauth_cc_auth import ConfigurationError, ResourceServer, StaticToken

niquests: Any = pytest.importorskip("niquests", reason="`make test` installs it")


def auths() -> tuple[Any, Any]:
    """Return the two classes."""
    from oauth_cc_auth import AsyncNiquestsAuth, NiquestsAuth  # noqa: PLC0415 - only where it is installed

    return NiquestsAuth, AsyncNiquestsAuth


async def get(url: str, auth: Any, **how: Any) -> Any:
    """Send a request by an async session."""
    async with niquests.AsyncSession() as session:
        return await session.get(url, auth=auth, **how)


def test_a_session_of_the_other_kind_is_refused() -> None:
    """Each class says which one the session needs, before anything is sent, as an exception of niquests too."""
    waits, suspends = auths()
    with TokenEndpoint() as server, LoopbackServer() as api, niquests.Session() as session:
        with pytest.raises(ConfigurationError, match="this is an AsyncSession: use AsyncNiquestsAuth") as caught:
            asyncio.run(get(api.origin, waits(server.grant())))
        assert isinstance(caught.value, niquests.RequestException)
        with pytest.raises(ConfigurationError, match="use NiquestsAuth with a Session") as caught:
            session.get(api.origin, auth=suspends(server.grant()))
        assert isinstance(caught.value, niquests.RequestException)
        assert server.seen == api.seen == []


def test_a_request_that_nobody_would_authenticate_is_refused() -> None:
    """An AsyncSession awaits auth objects in request() alone: what it only prepares is refused, not sent bare."""
    _, suspends = auths()
    with TokenEndpoint() as server, pytest.raises(ConfigurationError, match=r"in the place of prepare_request\(\)"):
        niquests.AsyncSession().prepare_request(niquests.Request("GET", "https://a.b", auth=suspends(server.grant())))


def test_an_auth_object_is_true() -> None:
    """For whoever asks but niquests, an auth object is as true as any."""
    _, suspends = auths()
    with TokenEndpoint() as server:
        assert suspends(server.grant())


def test_a_prepared_request_has_the_token() -> None:
    """A Session's prepare_request() presents the token, as with requests."""
    waits, _ = auths()
    with TokenEndpoint() as server, LoopbackServer() as api, niquests.Session() as session:
        prepared = session.prepare_request(niquests.Request("GET", api.origin, auth=waits(server.grant())))
        assert session.send(prepared).status_code == 200
        assert [seen.token for seen in api.seen] == ["token-1"]


def test_an_auth_object_may_be_called_at_the_bottom_of_a_stack() -> None:
    """The frames above the caller may be fewer than any session has."""
    waits, _ = auths()
    prepared = niquests.Request("GET", "https://a.b").prepare()
    thread = Thread(target=waits(StaticToken("word")), args=[prepared])
    thread.start()
    thread.join()
    assert prepared.headers["Authorization"] == "Bearer word"


def test_what_is_no_request_of_niquests() -> None:
    """Another library's request is refused with the name of its class."""
    _, suspends = auths()
    with TokenEndpoint() as server, pytest.raises(ConfigurationError, match="AsyncNiquestsAuth is for niquests, and"):
        asyncio.run(suspends(server.grant())(io.BytesIO()))


def test_an_answer_outlives_its_event_loop() -> None:
    """Answers and their history can be read and pickled when the loop is gone, and their hooks do nothing then."""
    _, suspends = auths()
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        answer = asyncio.run(get(api.origin, suspends(server.grant(api.origin))))
        assert [(hop.status_code, hop.content) for hop in (*answer.history, answer)] == [(401, b"no"), (200, b"yes")]
        kept = pickle.loads(pickle.dumps(answer))
        (hook,) = kept.request.hooks["response"]
        assert asyncio.run(hook(kept)) is kept


def test_headers_of_the_api_in_an_event_loop() -> None:
    """`ResourceServer.headers` go along, but for those that the caller has set."""
    _, suspends = auths()
    with TokenEndpoint() as server, LoopbackServer() as api:
        auth = suspends(server.grant(resource_server=ResourceServer(api.origin, headers={"X-A": "1", "X-B": "1"})))
        asyncio.run(get(api.origin, auth))
        asyncio.run(get(api.origin, auth, headers={"X-B": "2"}))
        assert [(seen.headers["x-a"], seen.headers["x-b"]) for seen in api.seen] == [("1", "1"), ("1", "2")]
