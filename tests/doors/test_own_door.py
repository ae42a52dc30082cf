"""An auth class for a library that we do not know, as docs/doors.md writes it, keeps the promises of our own."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import urllib3
from doors import KINDS, LoopbackServer, Reply, TokenEndpoint, open_door, refusing
from timing import eventually

from oauth_cc_auth import OriginNotAllowed, TokenSource

PAGE = Path(__file__).parents[2] / "docs" / "doors.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

# Sends a request by a door of the page: source, method, URL, body; returns the status.
Send = Callable[[TokenSource, str, str, Any], int]

ONE_BY_ONE = b"0123456789"


def by_urllib3(page: dict[str, Any], pool: urllib3.PoolManager) -> Send:
    """Return the page's class for urllib3."""

    def send(source: TokenSource, method: str, url: str, body: Any = None) -> int:
        return int(page["AuthenticatedPool"](source, pool).request(method, url, body=body).status)

    return send


def by_the_standard_library(page: dict[str, Any], _: urllib3.PoolManager) -> Send:
    """Return the page's function for urllib."""

    def send(source: TokenSource, method: str, url: str, body: Any = None) -> int:
        headers = {} if body is None else {"Content-Length": str(len(ONE_BY_ONE))}
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - it is loopback
        with page["authenticated_open"](source, request) as response:
            return int(response.status)

    return send


def by_an_event_loop(page: dict[str, Any], pool: urllib3.PoolManager) -> Send:
    """Return the page's coroutine function, with a client that sends from a thread."""

    async def carry(method: str, url: str, headers: Any, body: Any) -> tuple[int, Any, bytes]:
        def work() -> Any:
            return pool.request(method, url, headers=headers, body=body, redirect=False)

        answer = await anyio.to_thread.run_sync(work)
        return answer.status, answer.headers, answer.data

    def send(source: TokenSource, method: str, url: str, body: Any = None) -> int:
        async def main() -> int:
            status, _, _ = await page["authenticated"](carry, source, method, url, body=body)
            return int(status)

        return anyio.run(main)

    return send


@pytest.fixture(params=[by_urllib3, by_the_standard_library, by_an_event_loop])
def send(request: pytest.FixtureRequest) -> Iterator[Send]:
    """Each door of the page in turn, with what the page's code makes of it."""
    page: dict[str, Any] = {}
    for block in BLOCKS:
        exec(compile(block, PAGE.name, "exec"), page)  # noqa: S102 - the code of the page is what is tested
    with urllib3.PoolManager() as pool:
        yield request.param(page, pool)


def test_the_doors_are_short() -> None:
    """Fifteen lines are enough for a class or a function that has every promise."""
    for block in BLOCKS:
        for part in re.split(r"^(?=class |def |async def )", block, flags=re.MULTILINE)[1:]:
            lines = [line for line in part.splitlines() if line.startswith((" ", "class", "def", "async"))]
            assert len(lines) <= 15, part


def test_a_token_that_is_revoked_again_and_again(send: Send) -> None:
    """Four revocations in a row: four calls answer 200, with one renewal each."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        source = TokenSource(server.grant(api.origin))
        for number in range(1, 5):
            api.answer = refusing(*(f"token-{old}" for old in range(1, number + 1)))
            assert send(source, "GET", f"{api.origin}/x", None) == 200
        assert server.issued == 5
        assert len(api.seen) == 8


def test_a_refusal_that_is_not_about_the_token(send: Send) -> None:
    """It is the answer, and nothing is renewed."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        api.answer = lambda _: Reply(401, (("WWW-Authenticate", "Basic realm=x"), ("WWW-Authenticate", "Negotiate")))
        assert send(TokenSource(server.grant(api.origin)), "GET", f"{api.origin}/x", None) == 401
        assert (server.issued, len(api.seen)) == (1, 1)


def test_a_refusal_in_one_of_several_fields(send: Send) -> None:
    """Every WWW-Authenticate field counts."""
    fields = (("WWW-Authenticate", "Basic realm=x"), ("WWW-Authenticate", 'Bearer error="invalid_token"'))
    with TokenEndpoint() as server, LoopbackServer() as api:
        api.answer = lambda seen: Reply(401, fields) if seen.token == "token-1" else Reply()
        assert send(TokenSource(server.grant(api.origin)), "GET", f"{api.origin}/x", None) == 200


def test_a_body_that_can_be_sent_again(send: Send) -> None:
    """It goes again, whole."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        assert send(TokenSource(server.grant(api.origin)), "POST", f"{api.origin}/x", ONE_BY_ONE) == 200
        assert [seen.body for seen in api.seen] == [ONE_BY_ONE] * 2


def test_a_body_that_cannot_be_sent_again(send: Send) -> None:
    """The caller gets the 401, and the next token is obtained meanwhile."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        source = TokenSource(server.grant(api.origin))
        body = (ONE_BY_ONE[at : at + 1] for at in range(len(ONE_BY_ONE)))
        assert send(source, "POST", f"{api.origin}/x", Sized(body)) == 401
        assert [seen.body for seen in api.seen] == [ONE_BY_ONE]
        eventually(lambda: server.issued == 2)
        assert send(source, "GET", f"{api.origin}/x", None) == 200


class Sized:
    """An iterator that knows its length, as urllib wants it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Take the pieces."""
        self._pieces = pieces

    def __len__(self) -> int:
        return len(ONE_BY_ONE)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


def test_a_foreign_origin(send: Send) -> None:
    """Nothing is sent there, and no token is requested for it."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        with pytest.raises(OriginNotAllowed):
            send(TokenSource(server.grant(api.origin)), "GET", foreign.origin, None)
        assert (server.issued, foreign.seen) == (0, [])


def test_a_redirect(send: Send) -> None:
    """It is an answer like any other: nothing follows it with our headers."""
    with TokenEndpoint() as server, LoopbackServer() as api, LoopbackServer() as foreign:
        api.answer = lambda _: Reply(302, (("Location", foreign.origin),))
        assert send(TokenSource(server.grant(api.origin)), "GET", f"{api.origin}/x", None) == 302
        assert foreign.seen == []


def test_it_shares_the_token_of_our_own_doors(send: Send) -> None:
    """One source is one token, whatever sends."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api, open_door(KINDS[0]) as door:
        source = TokenSource(server.grant(api.origin))
        assert send(source, "GET", f"{api.origin}/x", None) == 200
        assert door.call("GET", f"{api.origin}/x", door.auth(source)).status_code == 200
        assert server.issued == 2
