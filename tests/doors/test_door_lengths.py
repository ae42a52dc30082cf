"""An answer that is longer, shorter or another than it says: what is read of it for a verdict, and what is not."""

from __future__ import annotations

import gzip
import json
import pickle
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import Any
from urllib.parse import quote, unquote

import doors
import pytest
from doors import Door, LoopbackServer, Reply, Seen, TokenEndpoint, json_reply, only

from oauth_cc_auth import ApiError, OAuthError, ResourceServer, forget_all
from oauth_cc_auth._http import aiohttp_messages, httpx_messages, requests_messages

door = doors.each_class

JSON = ("Content-Type", "application/json")
DEAD = json.dumps({"code": "dead"}).encode()
# A body that breaks off, one that is not what it says, and one whose end never comes in the form announced.
BROKEN = {
    "short": Reply(401, (JSON, ("Content-Length", "100"), ("Connection", "close")), b'{"code"'),
    "no gzip": Reply(401, (JSON, ("Content-Encoding", "gzip")), b"no gzip"),
    "chunks": Reply(401, (JSON, ("Transfer-Encoding", "chunked"), ("Connection", "close")), b'7\r\n{"code"\r\n'),
}


class _Handler(doors._Handler):
    said = False

    def send_header(self, keyword: str, value: str) -> None:
        """Send what the reply itself says of its length, not the true one, which comes last."""
        if keyword != "Content-Length" or not self.said:
            super().send_header(keyword, value)
        self.said |= keyword in {"Content-Length", "Transfer-Encoding"}

    def end_headers(self) -> None:
        """Begin anew with the next answer."""
        super().end_headers()
        self.said = False

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        """Answer, and drip what is left of a refusal where the server does."""
        self.answer()
        api: Any = self.server
        with suppress(OSError):
            for _ in range(api.drips if api.seen[-1].token == "token-1" else 0):
                self.wfile.write(b" ")
                time.sleep(0.005)


class Server(LoopbackServer):
    """An API that may say a wrong length, or none, and that `drips` so many bytes after each refusal."""

    drips = 0

    def __init__(self, answer: Any) -> None:
        """Listen on a free port."""
        super().__init__(answer)
        self.RequestHandlerClass = _Handler


# Each way to break off, and each way to read: they have nothing to do with each other.
WAYS = (("short", False), ("no gzip", True), ("chunks", False), ("short", True))


def chunked(status: int, body: bytes) -> Reply:
    """Answer in JSON, in chunks, as servers do that write while they think."""
    return Reply(status, (JSON, ("Transfer-Encoding", "chunked")), b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))


def dead(error: ApiError) -> bool:
    """Tell whether the API says that the token is dead."""
    return error.code == "dead"


def send(door: Door, url: str, auth: Any, *, stream: bool) -> int:
    """Send one request, as a caller who streams or one who does not, and return the status of what was read."""
    status: int = door.stream("GET", url, auth).status if stream else door.call("GET", url, auth).status_code
    return status


def breaking_off(broken: str) -> Callable[[Seen], Reply]:
    """Answer the first token with a body that breaks off."""
    return lambda seen: BROKEN[broken] if seen.token == "token-1" else Reply()


@pytest.mark.filterwarnings("ignore:Async generator")  # httpx's way to give up a body that is no gzip; trio tells
def test_a_refusal_that_breaks_off_is_one(door: Door) -> None:
    """A 401 whose body ends early is drained as far as it goes: the token is renewed, and the call answers 200."""
    for broken, stream in WAYS:
        with TokenEndpoint() as server, Server(breaking_off(broken)) as api:
            auth = door.auth(server.grant(api.origin))
            for _ in range(2):
                assert send(door, api.origin, auth, stream=stream) == 200
            assert [seen.token for seen in api.seen] == ["token-1", "token-2", "token-2"]


@only(lambda kind: kind.library != "aiohttp")  # it has no history for refusals
@pytest.mark.filterwarnings("ignore:Async generator")  # as above
def test_a_refusal_that_breaks_off_can_be_kept(door: Door) -> None:
    """In the history such an answer is empty, and both can be read and pickled."""
    for broken in BROKEN:
        with TokenEndpoint() as server, Server(breaking_off(broken)) as api:
            answered = door.call("GET", api.origin, door.auth(server.grant(api.origin)))
        (refused,) = answered.history
        chunks = refused.iter_content(9) if door.kind.like_requests else refused.iter_bytes(9)
        assert (refused.content, list(chunks)) == (b"", [])
        assert pickle.loads(pickle.dumps(answered)).history[0].status_code == 401


@pytest.mark.filterwarnings("ignore:Async generator")  # as above
def test_a_broken_answer_that_has_to_be_judged(door: Door) -> None:
    """Line 29: an answer that `renew_if` has to look at, and that breaks off, is the library's own error."""
    with TokenEndpoint() as server, Server(lambda seen: BROKEN[unquote(seen.path[1:])]) as api:
        auth = door.auth(server.grant(resource_server=ResourceServer(api.origin, renew_if=dead)))
        for broken, stream in WAYS:
            with pytest.raises(door.error) as caught:
                send(door, f"{api.origin}/{quote(broken)}", auth, stream=stream)
            assert not isinstance(caught.value, OAuthError)
        assert (server.issued, len(api.seen)) == (1, len(WAYS))


def test_a_broken_answer_to_the_same_token(door: Door) -> None:
    """Line 32: where the renewal brought the same token, the caller gets the refusal: with requests and aiohttp an
    error of theirs when it is read, else without a body.
    """
    for stream in (False, True):
        with TokenEndpoint(access_token="token-1") as server, Server(lambda _: BROKEN["short"]) as api:
            auth = door.auth(server.grant(api.origin))
            if door.kind.library in {"requests", "aiohttp"}:
                with pytest.raises(door.error) as caught:
                    send(door, api.origin, auth, stream=stream)
                assert not isinstance(caught.value, OAuthError)
            else:
                assert send(door, api.origin, auth, stream=stream) == 401
            assert (server.issued, len(api.seen)) == (2, 1)


def test_a_refusal_of_no_stated_length(door: Door) -> None:
    """Line 29: an error that comes in chunks is judged as any other; where it is a 200, if nobody streams."""

    def answering(status: int) -> Callable[[Seen], Reply]:
        return lambda seen: chunked(status, DEAD) if seen.token == "token-1" else chunked(200, b"{}")

    for status, stream in ((200, False), (403, False), (403, True)):
        with TokenEndpoint() as server, Server(answering(status)) as api:
            auth = door.auth(server.grant(resource_server=ResourceServer(api.origin, renew_on={status}, renew_if=dead)))
            assert send(door, api.origin, auth, stream=stream) == 200
            assert [seen.token for seen in api.seen] == ["token-1", "token-2"]


def test_a_stream_of_no_stated_length(door: Door) -> None:
    """Line 29: a 200 in chunks stays unread for a caller that streams it. httpx does not reveal that a caller does, so
    there it is read and put back.
    """
    with TokenEndpoint() as server, Server(lambda _: chunked(200, DEAD)) as api:
        resource_server = ResourceServer(api.origin, renew_on={200}, renew_if=dead)
        streamed = door.stream("GET", api.origin, door.auth(server.grant(resource_server=resource_server)))
        knows = door.kind.like_requests
        assert (streamed.unread, streamed.body) == (True, DEAD)
        assert server.issued == (1 if knows else 2)


def test_records_are_not_read_for_a_verdict(door: Door) -> None:
    """Line 29: a stream of records stays unread, whatever it has of JSON in its name."""
    with (
        TokenEndpoint() as server,
        Server(lambda _: Reply(200, (("Content-Type", "application/stream+json"),), DEAD)) as api,
    ):
        resource_server = ResourceServer(api.origin, renew_on={200}, renew_if=dead)
        streamed = door.stream("GET", api.origin, door.auth(server.grant(resource_server=resource_server)))
        assert (streamed.unread, streamed.body, server.issued) == (True, DEAD, 1)


def test_what_is_too_long_is_no_error(door: Door) -> None:
    """Line 29: JSON of more than 1 MiB is no error but a download, and stays unread."""
    limit = (1 << 20) - len(json.dumps({"code": "dead", "": ""}))

    def answering(padding: str) -> Callable[[Seen], Reply]:
        return lambda seen: json_reply({"code": "dead", "": padding} if seen.token == "token-1" else {})

    for more in (0, 1):
        with TokenEndpoint() as server, Server(answering(" " * (limit + more))) as api:
            resource_server = ResourceServer(api.origin, renew_on={200}, renew_if=dead)
            streamed = door.stream("GET", api.origin, door.auth(server.grant(resource_server=resource_server)))
            assert streamed.unread or (door.kind.like_requests and not more), "httpx puts back what it has read"
            assert server.issued == (1 if more else 2)


@cache
def bomb_of(stages: int) -> Reply:
    """Refuse with 16 MiB of zeros, compressed so many times."""
    body = b'{"code": "dead", "": "' + bytes(1 << 24) + b'"}'
    for _ in range(stages):
        body = gzip.compress(body, 9)
    return Reply(401, (JSON, ("Content-Encoding", ", ".join(["gzip"] * stages))), body)


@pytest.mark.filterwarnings("ignore:.*async_generator")  # as above, of whatever is given up half-way
@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_that_grows_as_it_is_read(door: Door, monkeypatch: pytest.MonkeyPatch, *, stream: bool) -> None:
    """Line 29: an answer that is unpacked for the verdict is given up at 1 MiB, whatever it would grow to."""
    # The small pieces of requests and niquests take seconds under tracemalloc: they give up sooner here.
    assert vars(requests_messages)["MAX_ANSWER"] == 1 << 20
    monkeypatch.setattr(requests_messages, "MAX_ANSWER", 1 << 17)
    bomb = bomb_of(2 if stream else 1)
    with TokenEndpoint() as server, Server(lambda _: bomb) as api:
        auth = door.auth(server.grant(resource_server=ResourceServer(api.origin, renew_if=dead)))
        if not stream:
            # What the caller asks for is the caller's own affair: look at what the auth class does alone.
            api.answer = lambda seen: bomb if seen.token == "token-1" else Reply()
            auth = door.auth(server.grant(resource_server=ResourceServer(api.origin)))
        tracemalloc.start()
        try:
            with unread(door, api.origin, auth) as status:
                peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert status == (401 if stream else 200)
        assert peak < 12 << 20
        assert server.issued == (1 if stream else 2)


def opened(door: Any, url: str, auth: Any) -> Any:
    """Return what opens an answer in an event loop, in the library's own way."""
    if door.kind.library == "aiohttp":
        return door.session.get(url, middlewares=(auth,))
    if door.kind.library == "niquests":
        return door.session.get(url, auth=auth, stream=True)
    return door.client.stream("GET", url, auth=auth)


@contextmanager
def unread(door: Door, url: str, auth: Any) -> Iterator[int]:
    """Send a request whose answer is not read, and yield its status."""
    client: Any = vars(door)["client"]
    if door.kind.loop:

        async def main() -> int:
            async with (
                await opened(door, url, auth) if door.kind.library == "niquests" else opened(door, url, auth) as answer
            ):
                return int(getattr(answer, "status_code", 0) or answer.status)

        yield vars(door)["portal"].call(main)
    elif door.kind.like_requests:
        with client.get(url, auth=auth, stream=True) as answer:
            yield answer.status_code
    else:
        with client.stream("GET", url, auth=auth) as answer:
            yield answer.status_code


@pytest.mark.filterwarnings("ignore:.*async_generator")  # as above
@pytest.mark.parametrize(("stream", "length"), [(False, 1 << 40), (True, 1 << 40), (False, 1 << 21)])
def test_a_refusal_without_an_end(door: Door, *, stream: bool, length: int) -> None:
    """A refused answer is read up to 64 KiB for its connection's sake; a longer one costs the connection, not more."""
    endless = Reply(401, (("Content-Length", str(length)),), bytes(1 << 21))
    with TokenEndpoint() as server, Server(lambda seen: endless if seen.token == "token-1" else Reply()) as api:
        assert send(door, api.origin, door.auth(server.grant(api.origin)), stream=stream) == 200
        assert (len(api.seen), api.connections) == (2, 2)


@pytest.mark.filterwarnings("ignore:.*async_generator")  # as above
def test_a_refusal_that_drips(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused answer is read for five seconds at most; one that drips costs its connection, not more."""
    for room in (aiohttp_messages, httpx_messages, requests_messages):
        assert room.DRAIN_SECONDS == 5.0
        monkeypatch.setattr(room, "DRAIN_SECONDS", 0.05)
    dripping = Reply(401, (("Content-Length", "401"),), b" ")
    with TokenEndpoint() as server, Server(lambda seen: dripping if seen.token == "token-1" else Reply()) as api:
        api.drips = 400
        assert send(door, api.origin, door.auth(server.grant(api.origin)), stream=False) == 200
        assert (len(api.seen), api.connections) == (2, 2)


def test_a_long_refusal_that_is_the_answer(door: Door) -> None:
    """Where the renewal brings the same token, the caller gets all of the refusal, however long it is."""
    for length in (60_000, 300_000):
        reply = Reply(401, (), bytes(range(250)) * (length // 250))
        with (
            TokenEndpoint(access_token="same") as server,
            LoopbackServer() as api,
        ):
            api.answer = partial(lambda reply, _: reply, reply)
            auth = door.auth(server.grant(api.origin))
            assert door.call("GET", api.origin, auth).content == reply.body
            assert server.issued == 2
            forget_all()
            assert door.stream("GET", api.origin, auth).body == reply.body


@only(lambda kind: kind.library != "aiohttp")  # it has no history for refusals
@pytest.mark.filterwarnings("ignore:.*async_generator")  # as above
def test_a_long_refusal_in_the_history(door: Door) -> None:
    """What was read of an answer too long to be drained stands in the history, and can be pickled."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        api.answer = lambda seen: Reply(401, (), b"x" * 200_000) if seen.token == "token-1" else Reply()
        answer = door.call("GET", api.origin, door.auth(server.grant(api.origin)))
    (refused,) = pickle.loads(pickle.dumps(answer)).history
    assert refused.content.strip(b"x") == b""
    assert len(refused.content) < 200_000
