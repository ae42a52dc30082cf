"""One way to knock at every door: each promise is written once and kept by every HTTP library, sync and async.

A `Door` is one library on one event loop, with one client. What the libraries do differently is data of its `Kind`. The
servers behind are the sandbox, or a `LoopbackServer`, which says what a test tells it to say.
"""

from __future__ import annotations

import gc
import json
import ssl
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar, cast

import aiohttp
import anyio
import httpx
import pytest
import requests
from anyio.from_thread import start_blocking_portal
from timing import HUNG, eventually

import oauth_cc_auth
from oauth_cc_auth import (
    AiohttpAuth,
    ClientCredentials,
    HttpxAuth,
    RequestsAuth,
    ResourceServer,
    TokenSource,
    forget_all,
)
from oauth_cc_auth.sandbox import Sandbox

# A client that never speaks TLS: loading the certificate authorities for each takes longer than most tests.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True)
class Kind:
    """A library and how it is run; `crowd` is how many calls at a time are promised to make one token request."""

    name: str
    library: str
    loop: str | None = None
    crowd: int = 64

    def __str__(self) -> str:
        """Name the test."""
        return self.name

    @property
    def like_requests(self) -> bool:
        """Whether it is requests, or written like it."""
        return self.library in {"requests", "niquests"}

    @property
    def like_httpx(self) -> bool:
        """Whether it is httpx or httpx2."""
        return self.library in {"httpx", "httpx2"}


NIQUESTS = (Kind("niquests", "niquests"), Kind("niquests-asyncio", "niquests", "asyncio", crowd=100))

KINDS = (
    Kind("requests", "requests"),
    Kind("httpx", "httpx"),
    Kind("httpx2", "httpx2"),
    Kind("httpx-asyncio", "httpx", "asyncio", crowd=200),
    Kind("httpx-trio", "httpx", "trio", crowd=100),
    Kind("httpx2-asyncio", "httpx2", "asyncio", crowd=200),
    Kind("httpx2-trio", "httpx2", "trio", crowd=100),
    Kind("aiohttp", "aiohttp", "asyncio", crowd=200),
    *(NIQUESTS if find_spec("niquests") else ()),  # `make test` installs it
)


_ONE_A_CLASS = {"requests", "httpx", "httpx2-trio", "aiohttp", "niquests", "niquests-asyncio"}

# One kind for each auth class, sync and async, httpx2 and trio among them: what a class does with a request and its
# answer depends on no event loop. How it waits for a token does, which is tested with all KINDS.
CLASSES = tuple(kind for kind in KINDS if kind.name in _ONE_A_CLASS)

_ERRORS = {
    "requests": "RequestException",
    "httpx": "HTTPError",
    "httpx2": "HTTPError",
    "aiohttp": "ClientError",
    "niquests": "RequestException",
}

S = TypeVar("S", bound="LoopbackServer")


class Streamed(NamedTuple):
    """A streaming response: whether it was handed over unread, and what it then held."""

    status: int
    unread: bool
    body: bytes


class Door(ABC):
    """One library, with one client that lives as long as the door is open."""

    # The name under which the library's client is lent for the token request.
    lent_as = "client"
    # Whether a file object may be a body, which is then rewound; async clients of httpx take none.
    replays_files = True
    # Whether a refused answer stands in the history of the one that follows it.
    keeps_history = True

    def __init__(self, kind: Kind) -> None:
        """Import the library; `open` makes the client."""
        self.kind = kind
        self.library: Any = import_module(kind.library)
        self.error: type[Exception] = getattr(self.library, _ERRORS[kind.library])

    def auth(self, grant: Any, **lent: Any) -> Any:
        """Return the door's auth object."""
        return HttpxAuth(grant, **lent)

    def call(self, method: str, url: str, auth: Any = None, *, follow: bool = False, **kw: Any) -> Any:
        """Send one request and return the library's response. `content` is a body, `follow` follows redirects."""
        (outcome,) = self.call_many(1, method, url, auth, follow=follow, **kw)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    @abstractmethod
    def call_many(
        self, n: int, method: str, url: str, auth: Any = None, *, start: threading.Barrier | None = None, **kw: Any
    ) -> list[Any]:
        """Send n requests at the same moment, that of everybody at `start`; return responses and exceptions."""

    @abstractmethod
    def stream(self, method: str, url: str, auth: Any) -> Streamed:
        """Send a request whose response is handed over unread, and read it."""

    @abstractmethod
    def token(self, source: TokenSource) -> Any:
        """Return a token of this source, waiting for it the way that this door's callers wait."""

    def chunks(self, pieces: Iterable[bytes]) -> Any:
        """Return a body that can be read once."""
        return iter(list(pieces))

    @contextmanager
    def lend(self, **kw: Any) -> Iterator[Any]:
        """Lend a plain client of this library for token requests."""
        with self.library.Client(verify=_NO_TLS, **kw) as client:
            yield client

    @abstractmethod
    def __enter__(self) -> Door: ...

    @abstractmethod
    def __exit__(self, *_: object) -> None: ...


class _Threaded(Door):
    client: Any

    @abstractmethod
    def _send(self, method: str, url: str, *, follow: bool = False, **kw: Any) -> Any: ...

    def call(self, method: str, url: str, auth: Any = None, *, follow: bool = False, **kw: Any) -> Any:
        return self._send(method, url, auth=auth, follow=follow, **kw)

    def call_many(
        self, n: int, method: str, url: str, auth: Any = None, *, start: threading.Barrier | None = None, **kw: Any
    ) -> list[Any]:
        def work() -> Any:
            return self._send(method, url, auth=auth, **kw)

        return at_once([work] * n, start)

    def token(self, source: TokenSource) -> Any:
        return source.token()

    def __exit__(self, *_: object) -> None:
        self.client.close()


class RequestsDoor(_Threaded):
    """requests."""

    lent_as = "session"

    def auth(self, grant: Any, **lent: Any) -> Any:
        """Return the door's auth object."""
        return RequestsAuth(grant, **lent)

    def _send(self, method: str, url: str, *, follow: bool = False, **kw: Any) -> Any:
        if "content" in kw:
            kw["data"] = kw.pop("content")
        return self.client.request(method, url, allow_redirects=follow, timeout=HUNG, **kw)

    def stream(self, method: str, url: str, auth: Any) -> Streamed:
        """Send a request with ``stream=True``."""
        with self._send(method, url, auth=auth, stream=True) as response:
            return Streamed(response.status_code, not response._content_consumed, response.content)

    @contextmanager
    def lend(self, **kw: Any) -> Iterator[Any]:
        """Lend a session for token requests."""
        with requests.Session() as session:
            for name, value in kw.items():
                setattr(session, name, value)
            yield session

    def __enter__(self) -> Door:
        self.client = requests.Session()
        return self


class NiquestsDoor(RequestsDoor):
    """niquests, which is written like requests."""

    lent_as = "client"

    def auth(self, grant: Any, **lent: Any) -> Any:
        """Return the door's auth object."""
        return oauth_cc_auth.NiquestsAuth(grant, **lent)

    @contextmanager
    def lend(self, **kw: Any) -> Iterator[Any]:
        """Lend a plain httpx client: the token request goes by a library that can be lent."""
        with httpx.Client(verify=_NO_TLS, **kw) as client:
            yield client

    def __enter__(self) -> Door:
        self.client = self.library.Session(pool_maxsize=256)
        return self


class HttpxDoor(_Threaded):
    """httpx or httpx2, with a plain client."""

    def _send(self, method: str, url: str, *, follow: bool = False, **kw: Any) -> Any:
        return self.client.request(method, url, follow_redirects=follow, **kw)

    def stream(self, method: str, url: str, auth: Any) -> Streamed:
        """Send a request with ``client.stream``."""
        with self.client.stream(method, url, auth=auth) as response:
            return Streamed(response.status_code, not response.is_stream_consumed, response.read())

    def __enter__(self) -> Door:
        self.client = self.library.Client(verify=_NO_TLS, timeout=HUNG)
        return self


class AsyncHttpxDoor(Door):
    """httpx or httpx2, with an async client in an event loop of its own."""

    replays_files = False

    def call_many(
        self, n: int, method: str, url: str, auth: Any = None, *, start: threading.Barrier | None = None, **kw: Any
    ) -> list[Any]:
        """Send n requests, each in a task of its own."""
        follow = kw.pop("follow", False)

        async def one(place: int, outcomes: dict[int, Any]) -> None:
            try:
                outcomes[place] = await self.client.request(method, url, auth=auth, follow_redirects=follow, **kw)
            except Exception as error:  # noqa: BLE001 - the test looks at it
                outcomes[place] = error

        async def main() -> list[Any]:
            outcomes: dict[int, Any] = {}
            if start is not None:
                await anyio.to_thread.run_sync(partial(start.wait, HUNG))
            async with anyio.create_task_group() as tasks:
                for place in range(n):
                    tasks.start_soon(one, place, outcomes)
            return [outcomes[place] for place in range(n)]

        return cast("list[Any]", self.portal.call(main))

    def stream(self, method: str, url: str, auth: Any) -> Streamed:
        """Send a request with ``client.stream``."""

        async def main() -> Streamed:
            async with self.client.stream(method, url, auth=auth) as response:
                return Streamed(response.status_code, not response.is_stream_consumed, await response.aread())

        return cast("Streamed", self.portal.call(main))

    def token(self, source: TokenSource) -> Any:
        """Await a token."""
        return self.portal.call(source.atoken)

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run an async function in this door's event loop."""
        return self.portal.call(function, *args)

    def chunks(self, pieces: Iterable[bytes]) -> Any:
        """Return an async body that can be read once."""

        async def generate() -> AsyncIterator[bytes]:
            for piece in pieces:
                yield piece

        return generate()

    def __enter__(self) -> Door:
        self._stack = ExitStack()
        self.portal: Any = self._stack.enter_context(start_blocking_portal(self.kind.loop or ""))
        self.client: Any = self.library.AsyncClient(verify=_NO_TLS, timeout=HUNG)
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            self.portal.call(self.client.aclose)


class Answered:
    """An answer of aiohttp as the other libraries have it: its body is read, and its names are theirs."""

    def __init__(self, response: aiohttp.ClientResponse, content: bytes) -> None:
        """Keep what was read."""
        self.status_code, self.headers, self.content = response.status, response.headers, content
        self.request, self.url = response.request_info, response.url
        self.history = [SimpleNamespace(status_code=hop.status, request=hop.request_info) for hop in response.history]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.content)


class AiohttpDoor(AsyncHttpxDoor):
    """aiohttp: each call has a session that is given the auth object as its middleware."""

    keeps_history = False

    def auth(self, grant: Any, **lent: Any) -> Any:
        """Return the door's auth object."""
        return AiohttpAuth(grant, **lent)

    def call_many(
        self, n: int, method: str, url: str, auth: Any = None, *, start: threading.Barrier | None = None, **kw: Any
    ) -> list[Any]:
        """Send n requests, each in a task of its own."""
        if "content" in kw:
            kw["data"] = kw.pop("content")
        if "files" in kw:
            form = aiohttp.FormData(kw.pop("data", {}))
            for name, file in kw.pop("files").items():
                filename, content = file if isinstance(file, tuple) else ("file", file)
                form.add_field(name, content, filename=filename)
            kw["data"] = form
        return super().call_many(n, method, url, auth, start=start, **kw)

    async def _request(self, method: str, url: str, *, auth: Any, follow_redirects: bool, **kw: Any) -> Answered:
        given = {"middlewares": () if auth is None else (auth,), "allow_redirects": follow_redirects, **kw}
        async with self.session.request(method, url, **given) as response:
            return Answered(response, await response.read())

    async def _get(self, url: str, *, auth: Any) -> Answered:
        return await self._request("GET", url, auth=auth, follow_redirects=False)

    def stream(self, method: str, url: str, auth: Any) -> Streamed:
        """Send a request and read its answer only then."""

        async def main() -> Streamed:
            async with self.session.request(method, url, middlewares=(auth,)) as response:
                return Streamed(response.status, response._body is None, await response.read())

        return cast("Streamed", self.portal.call(main))

    @contextmanager
    def lend(self, **kw: Any) -> Iterator[Any]:
        """Lend a plain httpx client: aiohttp's session cannot send from a thread."""
        with httpx.Client(verify=_NO_TLS, **kw) as client:
            yield client

    def __enter__(self) -> Door:
        self._stack = ExitStack()
        self.portal = self._stack.enter_context(start_blocking_portal(self.kind.loop or ""))
        self.session = self.portal.call(self._open)
        self.client = SimpleNamespace(
            request=self._request, get=self._get, aclose=self.session.close, headers=self.session.headers
        )
        return self

    async def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(HUNG),
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.CookieJar(unsafe=True),
        )


class AsyncNiquestsDoor(AsyncHttpxDoor):
    """niquests with an async session."""

    replays_files = True

    def auth(self, grant: Any, **lent: Any) -> Any:
        """Return the door's auth object."""
        return oauth_cc_auth.AsyncNiquestsAuth(grant, **lent)

    async def _request(self, method: str, url: str, *, follow_redirects: bool = False, **kw: Any) -> Any:
        if "content" in kw:
            kw["data"] = kw.pop("content")
        return await self.session.request(method, url, allow_redirects=follow_redirects, timeout=HUNG, **kw)

    def stream(self, method: str, url: str, auth: Any) -> Streamed:
        """Send a request with ``stream=True``."""

        async def main() -> Streamed:
            response = await self.session.request(method, url, auth=auth, stream=True)
            async with response:
                return Streamed(response.status_code, not response._content_consumed, await response.content)

        return cast("Streamed", self.portal.call(main))

    @contextmanager
    def lend(self, **kw: Any) -> Iterator[Any]:
        """Lend a plain httpx client: an async session cannot send from a thread."""
        with httpx.Client(verify=_NO_TLS, **kw) as client:
            yield client

    def __enter__(self) -> Door:
        self._stack = ExitStack()
        self.portal = self._stack.enter_context(start_blocking_portal(self.kind.loop or ""))
        self.session = self.portal.call(self._open)
        self.client = SimpleNamespace(
            request=self._request,
            get=partial(self._request, "GET"),
            aclose=self.session.close,
            headers=self.session.headers,
            cookies=self.session.cookies,
            hooks=self.session.hooks,
        )
        return self

    async def _open(self) -> Any:
        return self.library.AsyncSession(pool_maxsize=256)


def open_door(kind: Kind) -> Door:
    """Return the door of this kind; entering it makes its client."""
    made: dict[tuple[str, bool], type[Door]] = {
        ("requests", False): RequestsDoor,
        ("aiohttp", True): AiohttpDoor,
        ("niquests", False): NiquestsDoor,
        ("niquests", True): AsyncNiquestsDoor,
    }
    return made.get((kind.library, bool(kind.loop)), AsyncHttpxDoor if kind.loop else HttpxDoor)(kind)


def only(suits: Callable[[Kind], bool], among: Iterable[Kind] = CLASSES) -> pytest.MarkDecorator:
    """Keep a test for the doors that its promise is about."""
    return pytest.mark.parametrize("door", [kind for kind in among if suits(kind)], ids=str, indirect=True)


# For what the source does, which is the same for all: as a thread waits for it, and as a task does.
a_thread_and_a_task = only(lambda kind: kind.name in {"requests", "httpx2-trio"})


@pytest.fixture(params=KINDS, ids=str)
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """Each door in turn."""
    yield from _opened(request)


@pytest.fixture(params=CLASSES, ids=str)
def each_class(request: pytest.FixtureRequest) -> Iterator[Door]:
    """A door for each auth class, in turn."""
    yield from _opened(request)


def _opened(request: pytest.FixtureRequest) -> Iterator[Door]:
    if request.param.library != "niquests":
        with open_door(request.param) as opened:
            yield opened
        return
    # On a busy machine it leaves connections that nobody closed, and an answer that broke off complains when it is
    # collected: here, and not in the middle of another test.
    for left in ("<socket", "<function HTTPResponse.__del__"):
        warnings.filterwarnings("ignore", f"Exception ignored in. {left}")  # pytest takes it back after the test
    with open_door(request.param) as opened:
        yield opened
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An authorization server and API on loopback."""
    with Sandbox() as running:
        yield running


def plain(sandbox: Sandbox, host: str = "api.example.com", **kw: Any) -> tuple[ClientCredentials, str]:
    """Return a grant for a plain host of the sandbox that is authorization server and API, and that host's origin."""
    arguments = {
        "client_id": "client",
        "client_secret": "a secret",
        "resource_server": ResourceServer(f"https://{host}"),
    }
    grant = sandbox.grant(ClientCredentials(token_endpoint=f"https://{host}/token", **{**arguments, **kw}))
    return grant, sandbox.origin(f"https://{host}")


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        """Begin at a day in 2027."""
        self.now = now

    def __call__(self) -> float:
        """Return the seconds since the epoch."""
        return self.now


def at_once(works: Iterable[Callable[[], Any]], start: threading.Barrier | None = None) -> list[Any]:
    """Run each work in a thread of its own, all from the same moment; return results and exceptions."""
    todo = list(works)
    outcomes: list[Any] = [None] * len(todo)
    begin, together = threading.Barrier(len(todo)), threading.Barrier(len(todo))

    def run(place: int) -> None:
        # Who waits for others meets with its own first, so that `start` counts each crowd once.
        if begin.wait(HUNG) == 0 and start is not None:
            start.wait(HUNG)
        together.wait(HUNG)
        try:
            outcomes[place] = todo[place]()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            outcomes[place] = error

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(todo))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * HUNG)
        assert not thread.is_alive(), "a call hangs"
    return outcomes


def landed(source: TokenSource) -> None:
    """Wait until no token request of this source is in the air."""
    eventually(lambda: source._serving.live.flight is None)


# A server that says what it is told to say


@dataclass(frozen=True)
class Seen:
    """A request that a server got; `connection` tells its connections apart."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def token(self) -> str | None:
        """The token that stood in Authorization."""
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None


@dataclass(frozen=True)
class Reply:
    """What a server answers."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"{}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackServer

    def answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = b"".join(self._body())
        seen = Seen(self.command, self.path, headers, body, self.client_address[1])
        self.server.seen.append(seen)
        reply = self.server.answer(seen)
        self.send_response(reply.status)
        for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else reply.body)

    def _body(self) -> Iterator[bytes]:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Stay silent."""


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler.answer)


class LoopbackServer(ThreadingHTTPServer):
    """An origin on loopback whose connections are kept open; `answer` may be exchanged at any time."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, answer: Callable[[Seen], Reply] = lambda _: Reply()) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.seen: list[Seen] = []
        self.origin = f"http://127.0.0.1:{self.server_port}"

    @property
    def connections(self) -> int:
        """How many connections brought requests."""
        return len({seen.connection for seen in self.seen})

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""

    def __enter__(self: S) -> S:  # noqa: PYI019 - Self is in typing only from Python 3.11
        threading.Thread(target=self.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class TokenEndpoint(LoopbackServer):
    """A token endpoint whose tokens are called token-1, token-2 and so on."""

    def __init__(self, **members: Any) -> None:
        """Answer with these members beside the token."""
        super().__init__(self.issue)
        self.members = {"expires_in": 3600, **members}
        self._lock, self.issued = threading.Lock(), 0

    def __exit__(self, *told: object) -> None:
        """End; the next server may get the same port, and none of these tokens."""
        super().__exit__(*told)
        forget_all()

    def issue(self, _: Seen) -> Reply:
        """Issue the next token."""
        with self._lock:
            self.issued += 1
            token = {"access_token": f"token-{self.issued}", "token_type": "Bearer", **self.members}
        return json_reply(token)

    def grant(self, *origins: str, **kw: Any) -> ClientCredentials:
        """Return a grant whose token may go to these origins, to any secure one if there are none."""
        server = ResourceServer(origins[0], origins=origins[1:]) if origins else None
        arguments = {"client_id": "client", "client_secret": "a secret", "resource_server": server, **kw}
        return ClientCredentials(token_endpoint=f"{self.origin}/token", **arguments)


def json_reply(members: Any, status: int = 200, **headers: str) -> Reply:
    """Answer with JSON."""
    names = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status, (("Content-Type", "application/json"), *names), json.dumps(members).encode())


def refusing(*tokens: str, www_authenticate: str | None = None) -> Callable[[Seen], Reply]:
    """Answer 401 to these tokens, and to none at all, and 200 to any other."""
    challenge = () if www_authenticate is None else (("WWW-Authenticate", www_authenticate),)

    def answer(seen: Seen) -> Reply:
        return Reply(401, challenge, b"no") if seen.token in {None, *tokens} else Reply(body=b"yes")

    return answer
