"""Tests of how a token request travels: over real HTTP on loopback, by requests, httpx and httpx2."""

from __future__ import annotations

import gzip
import importlib
import io
import re
import socket
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import requests
from loopback import SECRET, TOKEN, Answer, Loopback, Received, token_answer

from oauth_cc_auth import ConfigurationError, InvalidTokenResponse, OAuthError, TokenEndpointUnavailable
from oauth_cc_auth._http import quiet_logs
from oauth_cc_auth._http import sender as room
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.sender import check_lent, sender_for
from oauth_cc_auth._http.sizes import MAX_ANSWER

LIBRARIES = ["requests", "httpx", "httpx2"]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a server on loopback."""
    with Loopback() as server:
        yield server


def request_to(url: str, **headers: str) -> HttpRequest:
    """Return a token request as the token endpoint's protocol makes it."""
    own = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": FORM,
        "Authorization": "Basic eA==",
    }
    return HttpRequest(f"{url}/token", {**own, **headers}, b"grant_type=client_credentials")


class Lent:
    """A session or client with everything in it that must not be lent, and what it looked like before."""

    def __init__(self, library: str) -> None:
        """Fill it."""
        self.hooked: list[object] = []
        self.name = library
        self.it: Any
        if library == "requests":
            self.it = requests.Session()
            self.it.hooks["response"].append(self.hook)
            self.it.params = {"in": "query"}
        else:
            client = {"httpx": httpx.Client, "httpx2": httpx2.Client}[library]
            hooks = {"request": [self.hook], "response": [self.hook]}
            self.it = client(params={"in": "query"}, event_hooks=hooks, follow_redirects=True, base_url="http://x")
        self.it.auth = ("user", "of the api")
        self.it.cookies.set("session", "of-the-api")
        self.it.headers["X-Lent"] = "1"
        self.it.headers["Cookie"] = "in=header"
        self.it.headers["Authorization"] = "Bearer of-the-api"
        self.it.headers["Content-Type"] = "text/plain"
        self.it.headers["accept"] = "text/html"
        self.before = self.state()

    def hook(self, *arguments: Any, **_: Any) -> None:
        """Take note of having been called."""
        self.hooked.append(arguments)

    def state(self) -> list[object]:
        """Return what a user would notice."""
        it = self.it
        hooks = it.hooks if self.name == "requests" else it.event_hooks
        return [
            dict(it.headers),
            dict(it.cookies),
            dict(it.params),
            repr(hooks),
            repr(it.auth),
            getattr(it, "is_closed", 0),
        ]

    def sender(self) -> Callable[[HttpRequest, float], HttpResponse]:
        """Return the sender that it makes."""
        return sender_for(self.it, None, None) if self.name == "requests" else sender_for(None, self.it, None)


@pytest.fixture(params=LIBRARIES)
def lent(request: pytest.FixtureRequest) -> Iterator[Lent]:
    """Return what a user lends, by each library."""
    lent = Lent(request.param)
    yield lent
    lent.it.close()


@pytest.fixture(params=["urllib", *LIBRARIES, "lent requests", "lent httpx", "lent httpx2"])
def sender(request: pytest.FixtureRequest) -> Iterator[Callable[[HttpRequest, float], HttpResponse]]:
    """Return each sender there is."""
    how, _, library = request.param.rpartition(" ")
    if not how:
        yield sender_for(None, None, library)
        return
    lent = Lent(library)
    yield lent.sender()
    lent.it.close()


def test_sends_the_request_as_it_is(sender: Callable[[HttpRequest, float], HttpResponse], server: Loopback) -> None:
    """Method, path, body and headers arrive as they were made, and the answer comes back with lower-case names."""
    server.replies = [Answer(201, {"a": 1}, {"X-Answer": "Y"})]
    answer = sender(request_to(server.url, **{"X-Own": "2"}), 10.0)
    assert (answer.status, answer.body) == (201, b'{"a": 1}')
    assert answer.headers["x-answer"] == "Y"
    received = server.received[0]
    assert (received.method, received.path, received.body) == ("POST", "/token", b"grant_type=client_credentials")
    for name, value in request_to(server.url, **{"X-Own": "2"}).headers.items():
        assert received.headers[name.lower()] == value
    assert "cookie" not in received.headers


def test_lends_headers_and_nothing_else(lent: Lent, server: Loopback) -> None:
    """Case 10: a session's default headers are lent; its auth, cookies, params and hooks do not reach the server."""
    lent.sender()(request_to(server.url), 10.0)
    received = server.received[0]
    assert received.headers["x-lent"] == "1"
    assert received.headers["accept"] == "application/json"
    assert received.headers["authorization"] == "Basic eA=="
    assert received.headers["content-type"] == FORM
    assert "cookie" not in received.headers
    assert received.path == "/token"
    assert received.form == [("grant_type", "client_credentials")]
    assert lent.hooked == []


def test_without_credentials_of_our_own_the_lent_ones_stay_at_home(lent: Lent, server: Loopback) -> None:
    """Case 10: where the client is in the body, no Authorization header is sent: not the session's either."""
    bare = HttpRequest(f"{server.url}/token", {"Content-Type": FORM}, b"client_id=x")
    lent.sender()(bare, 10.0)
    assert "authorization" not in server.received[0].headers
    assert server.received[0].headers["content-length"] == "11"


def test_what_was_lent_comes_back_as_it_was(lent: Lent, server: Loopback) -> None:
    """Cases 9 and 10: headers, cookies, params, hooks and auth are unchanged, it is open, and no cookie was set."""
    server.replies = [Answer(200, {}, {"Set-Cookie": "from=the-token-endpoint; Path=/"})]
    for _ in range(2):
        lent.sender()(request_to(server.url), 10.0)
    assert lent.state() == lent.before
    assert "cookie" not in server.received[1].headers
    assert lent.it.get(f"{server.url}/api").status_code == 200
    assert "the-token-endpoint" not in server.received[2].headers.get("cookie", "")


def test_netrc_is_not_read(
    sender: Callable[[HttpRequest, float], HttpResponse],
    server: Loopback,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Case 10: an entry for the token endpoint's host changes nothing, with a header of ours and without."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    sender(request_to(server.url), 10.0)
    sender(HttpRequest(f"{server.url}/token", {}, b""), 10.0)
    assert server.received[0].headers["authorization"] == "Basic eA=="
    assert "authorization" not in server.received[1].headers


@pytest.mark.requirement("9700-no-redirect-following")
def test_redirects_are_not_followed(sender: Callable[[HttpRequest, float], HttpResponse], server: Loopback) -> None:
    """Case 8: a redirect is returned as it is, and nobody else hears of the secret."""
    with Loopback() as other:
        for status in (301, 302, 303, 307, 308):
            server.replies = [Answer(status, b"elsewhere", {"Location": f"{other.url}/token"})]
            answer = sender(request_to(server.url), 10.0)
            assert answer.status == status
            assert answer.headers["location"] == f"{other.url}/token"
        assert other.received == []
    assert len(server.received) == 5


@pytest.mark.parametrize(("status", "headers"), [(200, {}), (302, {"Location": "https://as.example.com/login"})])
def test_a_huge_answer_is_not_read_to_its_end(
    sender: Callable[[HttpRequest, float], HttpResponse], server: Loopback, status: int, headers: dict[str, str]
) -> None:
    """Cases 8 and 16: of 10 MiB, a redirect's too, only the first is read; then it is an error and all is closed."""
    sent: list[int] = []

    def chunks() -> Iterator[bytes]:
        for _ in range(160):
            yield b" " * (1 << 16)
            sent.append(1)

    server.replies = [Answer(status, headers=headers, chunks=chunks())]
    with pytest.raises(InvalidTokenResponse, match=f"longer than {MAX_ANSWER} bytes"):
        sender(request_to(server.url), 10.0)
    assert len(sent) < 160
    assert len(server.received) == 1


def test_the_largest_answer(sender: Callable[[HttpRequest, float], HttpResponse], server: Loopback) -> None:
    """Case 16: 1 MiB is read, one byte more is not."""
    server.replies = [Answer(200, b" " * MAX_ANSWER), Answer(200, b" " * (MAX_ANSWER + 1))]
    assert len(sender(request_to(server.url), 10.0).body) == MAX_ANSWER
    with pytest.raises(InvalidTokenResponse):
        sender(request_to(server.url), 10.0)


def test_a_dripping_answer_ends(sender: Callable[[HttpRequest, float], HttpResponse], server: Loopback) -> None:
    """An answer that comes byte by byte is given up after the timeout, though each read is quick."""
    stop = threading.Event()

    def drip() -> Iterator[bytes]:
        while not stop.wait(0.02):
            yield b" "

    server.replies = [Answer(200, chunks=drip())]
    try:
        with pytest.raises(TokenEndpointUnavailable):
            sender(request_to(server.url), 0.2)
    finally:
        stop.set()


def test_no_answer_in_time(sender: Callable[[HttpRequest, float], HttpResponse], server: Loopback) -> None:
    """A server that says nothing is given up after the timeout."""
    release = threading.Event()

    def hang(_: Received) -> Answer:
        release.wait(10)
        return token_answer()

    server.replies = [hang]
    try:
        with pytest.raises(TokenEndpointUnavailable, match="gave no answer"):
            sender(request_to(server.url), 0.1)
    finally:
        release.set()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_nobody_there(sender: Callable[[HttpRequest, float], HttpResponse], url: str) -> None:
    """Case 37: no connection is TokenEndpointUnavailable, whose cause is the library's, without request and frames."""
    request = HttpRequest(f"{url}/token", {"Authorization": f"Basic {TOKEN}"}, f"client_secret={SECRET}".encode())
    with pytest.raises(TokenEndpointUnavailable, match="gave no answer") as caught:
        sender(request, 5.0)
    assert caught.value.status_code is None
    here: BaseException | None = caught.value.__cause__
    assert here is not None
    while here is not None:
        assert here.__traceback__ is None
        for text in (str(here), repr(here), repr(vars(here))):
            assert TOKEN not in text
            assert SECRET not in text
        assert vars(here).get("request") is vars(here).get("_request") is None
        here = here.__cause__ or here.__context__


def test_a_broken_answer(sender: Callable[[HttpRequest, float], HttpResponse], server: Loopback) -> None:
    """What is not HTTP, or ends too early, is no answer."""
    server.replies = [Answer(200, b"x", {"Content-Length": "100", "Connection": "close"})]
    with pytest.raises(OAuthError):
        sender(request_to(server.url), 1.0)


@pytest.mark.parametrize("library", LIBRARIES)
def test_one_of_our_own_is_made_and_closed(library: str, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a session or client one is made for the request, by the library's own name, and closed."""
    module = importlib.import_module(library)
    name = "Session" if library == "requests" else "Client"
    made: list[Any] = []

    class Watched(getattr(module, name)):  # type: ignore[misc]  # the base is known at run time
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **settings)
            made.append(self)
            self.was_closed = False

        def close(self) -> None:
            self.was_closed = True
            super().close()

        def __exit__(self, *arguments: object) -> None:
            self.was_closed = True
            super().__exit__(*arguments)

    monkeypatch.setattr(module, name, Watched)
    send = sender_for(None, None, library)
    assert made == []
    send(request_to(server.url), 10.0)
    assert made[0].was_closed


@pytest.mark.parametrize("library", [*LIBRARIES, "urllib"])
def test_the_environments_proxy_counts(library: str, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy carries the token request too, but never one to this machine, which it would see in the clear."""
    for name, value in {"http_proxy": server.url, "no_proxy": ""}.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)
    sender = sender_for(None, None, library)
    assert sender(request_to("http://as.example.com"), 10.0).status == 200
    with Loopback() as direct:
        assert sender(request_to(direct.url), 10.0).status == 200
    assert [received.path for received in direct.received] == ["/token"]
    assert [received.path for received in server.received] == ["http://as.example.com/token"]


def test_a_lent_proxy_counts(server: Loopback) -> None:
    """A session's or client's own proxy is lent, for all but what goes to this machine."""
    session = requests.Session()
    session.proxies = {"http": server.url}
    one, other = httpx.Client(proxy=server.url), httpx2.Client(proxy=server.url)
    with session, one, other, Loopback() as direct:
        for sender in (sender_for(session, None, None), sender_for(None, one, None), sender_for(None, other, None)):
            sender(request_to("http://as.example.com"), 10.0)
            sender(request_to(direct.url), 10.0)
    assert [received.path for received in direct.received] == ["/token"] * 3
    assert [received.path for received in server.received] == ["http://as.example.com/token"] * 3


@pytest.mark.parametrize("library", [*LIBRARIES, "lent"])
def test_a_proxys_password_is_not_shown(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library takes the part before a `#` for the end of the host, and quotes it: we do not, nor does the cause."""
    session, proxy = requests.Session(), "http://user:xyzzy#sesame@127.0.0.1:1"
    if library == "lent":
        session.proxies = {"http": proxy}
    else:
        for name in ("http_proxy", "no_proxy"):
            monkeypatch.setenv(name, proxy if name == "http_proxy" else "")
    sender = sender_for(session, None, None) if library == "lent" else sender_for(None, None, library)
    with session, pytest.raises(OAuthError) as raised:
        sender(request_to("http://as.example.com"), 10.0)
    told = f"{raised.value} {raised.value.__cause__!r} {vars(raised.value)}"
    assert "***" in told
    assert not re.search("xyzzy|sesame", told)


def test_a_lent_transport_counts() -> None:
    """A client's transport is lent, mounts included, as tests with a mock transport need it."""

    def answer(_: Any) -> httpx.Response:
        return httpx.Response(200, json={"mocked": True})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        assert b"mocked" in sender_for(None, client, None)(request_to("https://as.example.com"), 10.0).body
    with httpx.Client(mounts={"https://as.example.com": httpx.MockTransport(answer)}) as client:
        assert b"mocked" in sender_for(None, client, None)(request_to("https://as.example.com"), 10.0).body


def session_of_one() -> requests.Session:
    """Return a session that has one connection."""
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=1, pool_block=True))
    return session


@pytest.mark.parametrize(
    "lend",
    [
        session_of_one,
        lambda: httpx.Client(limits=httpx.Limits(max_connections=1)),
        lambda: httpx2.Client(limits=httpx2.Limits(max_connections=1)),
    ],
)
def test_a_lent_connection_comes_back(lend: Callable[[], Any], server: Loopback) -> None:
    """Case 9: after an answer that was not read to its end, the one connection of a session or client is free again."""
    server.replies = [Answer(200, b" " * (MAX_ANSWER * 2)), token_answer()]
    with lend() as lent:
        by_requests = isinstance(lent, requests.Session)
        sender = sender_for(lent if by_requests else None, None if by_requests else lent, None)
        with pytest.raises(InvalidTokenResponse):
            sender(request_to(server.url), 2.0)
        assert sender(request_to(server.url), 2.0).status == 200


class Adapter(requests.adapters.BaseAdapter):
    """A session's adapter that answers by itself, with a body of its own kind."""

    def __init__(self, raw: Any) -> None:
        """Answer with this body."""
        super().__init__()
        self.raw, self.told = raw, dict[str, Any]()

    def send(self, *_: Any, **told: Any) -> requests.Response:
        """Answer."""
        self.told = told
        response = requests.Response()
        response.status_code, response.raw = 200, self.raw
        return response

    def close(self) -> None:
        """Hold nothing."""


class OldBody:
    """A body as urllib3 had it before its second version."""

    def __init__(self) -> None:
        """Hold one byte after the other."""
        self.chunks = iter([b"an ", b"answer"])

    def stream(self, amount: int, **_: Any) -> Iterator[bytes]:
        """Give it."""
        assert amount < 1024, "a larger chunk waits for all of itself"
        return self.chunks

    def close(self) -> None:
        """Hold nothing."""

    release_conn = close


class RecordedBody(OldBody):
    """A body as VCR.py plays it back."""

    def read1(self, *arguments: Any, **named: Any) -> bytes:
        """Read as VCR.py does, which hands on to BytesIO what was meant for urllib3."""
        return io.BytesIO(b"an answer").read1(*arguments, **named)


def test_a_lent_adapter_counts() -> None:
    """A session's adapter is lent, whatever its idea of a body is."""
    cases: list[Callable[[], Any]] = [lambda: io.BytesIO(b"an answer"), OldBody, RecordedBody]
    for raw in cases:
        with requests.Session() as session:
            session.mount("https://as.example.com", Adapter(raw()))
            assert sender_for(session, None, None)(request_to("https://as.example.com"), 10.0).body == b"an answer"


def test_an_adapter_hears_what_requests_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates and proxies are those of the environment where a session has none, and no answer is read ahead."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/of/the/environment.pem")
    for name, value in {"https_proxy": "http://proxy.example", "no_proxy": ""}.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)
    adapter = Adapter(io.BytesIO())
    with requests.Session() as session:
        session.mount("https://as.example.com", adapter)
        session.cert = "/of/the/session.pem"
        sender_for(session, None, None)(request_to("https://as.example.com"), 10.0)
    assert adapter.told.pop("proxies")["https"] == "http://proxy.example"
    lent = {"verify": "/of/the/environment.pem", "cert": "/of/the/session.pem"}
    assert adapter.told == {"timeout": (10.0, 10.0), "stream": True, **lent}


def test_a_session_that_chooses_its_adapters_itself() -> None:
    """A session whose class looks elsewhere for its adapters is asked for one."""

    class Own(requests.Session):
        def get_adapter(self, url: str | bytes) -> requests.adapters.BaseAdapter:
            return Adapter(io.BytesIO(b"its own"))

    with Own() as session:
        assert sender_for(session, None, None)(request_to("https://as.example.com"), 10.0).body == b"its own"


def test_a_malformed_header_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Case 37: urllib3 warns of a line that is no header and quotes the URL, which may hold the secret."""

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    send = sender_for(None, None, "requests")
    for muted in (False, True):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=answer, args=(listener,), daemon=True).start()
            request = HttpRequest(f"http://127.0.0.1:{listener.getsockname()[1]}/token?s={SECRET}", {}, b"", "GET")
            with quiet_logs.muted() if muted else nullcontext():
                assert send(request, 10.0).status == 200
        assert ("Failed to parse headers" in caplog.text) is not muted
        caplog.clear()


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_an_environment_that_is_of_no_use_says_so(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment that the library refuses is a ConfigurationError that names the library."""
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy.example")
    monkeypatch.setenv("https_proxy", "gopher://proxy.example")
    with pytest.raises(ConfigurationError, match=f"{library} cannot be used"):
        sender_for(None, None, library)(request_to("https://as.example.com"), 10.0)


def test_a_closed_client_says_so() -> None:
    """A client that its owner closed cannot send; the error says what to do."""
    client = httpx.Client()
    client.close()
    with pytest.raises(ConfigurationError, match="keep it open"):
        sender_for(None, client, None)(request_to("https://as.example.com"), 10.0)


def test_headers_of_a_session_that_are_none_or_bytes(server: Loopback) -> None:
    """A session's header that is None is not sent, as requests has it; one whose name is bytes is."""
    session = requests.Session()
    session.headers["User-Agent"] = None  # type: ignore[assignment]  # requests leaves such a header out
    session.headers[b"X-Bytes"] = b"1"  # type: ignore[index]  # requests takes bytes
    with session:
        sender_for(session, None, None)(request_to(server.url), 10.0)
    assert server.received[0].headers["x-bytes"] == "1"


def test_what_cannot_be_lent_is_refused() -> None:
    """What cannot send a token request from a thread is a ConfigurationError that names the argument."""
    cases: list[tuple[Callable[[], tuple[Any, Any]], str]] = [
        (lambda: (requests.Session(), httpx.Client()), "pass one of them"),
        (lambda: (httpx.Client(), None), "session is not a requests.Session"),
        (lambda: (object(), None), "session is not a requests.Session"),
        (lambda: (None, requests.Session()), "client is not an httpx.Client"),
        (lambda: (None, httpx.AsyncClient()), "AsyncClient cannot send it"),
        (lambda: (None, httpx2.AsyncClient()), "AsyncClient cannot send it"),
        (lambda: (None, "client"), "client is not an httpx.Client"),
    ]
    for lend, message in cases:
        with pytest.raises(ConfigurationError, match=message):
            check_lent(*lend())


def test_what_can_be_lent() -> None:
    """Sessions and clients, those of subclasses included, and nothing at all."""

    class Own(requests.Session):
        pass

    with requests.Session() as session, Own() as own, httpx.Client() as one, httpx2.Client() as other:
        for lent in [(None, None), (session, None), (own, None), (None, one), (None, other)]:
            check_lent(*lent)


def test_a_library_that_is_not_loaded_lent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is imported to find out what somebody lent."""
    for name in LIBRARIES:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigurationError, match="session"):
        check_lent(object(), None)
    assert not set(LIBRARIES) & set(sys.modules)


@pytest.mark.parametrize(
    ("loaded", "installed", "expected"),
    [
        (["requests", "httpx", "httpx2"], [], "requests"),
        (["httpx", "httpx2"], ["requests"], "httpx"),
        (["httpx2"], ["requests", "httpx", "httpx2"], "httpx2"),
        ([], ["requests", "httpx"], "requests"),
        ([], ["httpx2"], "httpx2"),
    ],
)
def test_a_bare_source_takes_what_is_at_hand(
    loaded: list[str], installed: list[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source without a door takes the first library that is loaded, then the first that is installed."""
    taken: list[str] = []
    monkeypatch.setattr(room, "_with_own", lambda name, _: taken.append(name))
    monkeypatch.setattr(room, "find_spec", lambda name: name in installed or None)
    for name in LIBRARIES:
        if name not in loaded:
            monkeypatch.delitem(sys.modules, name)
    sender_for(None, None, None)
    assert taken == [expected]
    sender_for(None, None, "httpx2")
    assert taken == [expected, "httpx2"]


def test_no_library_at_all(monkeypatch: pytest.MonkeyPatch, server: Loopback) -> None:
    """Where there is no HTTP library, the standard library sends."""
    monkeypatch.setattr(room, "_at_hand", lambda: iter(()))
    assert sender_for(None, None, None)(request_to(server.url), 10.0).status == 200
    assert server.received[0].headers["user-agent"].startswith("Python-urllib/")


def test_a_library_that_cannot_send() -> None:
    """The error names the argument and what it may be."""
    with pytest.raises(ConfigurationError, match="library is 'curl'; expected one of requests, httpx, httpx2, urllib"):
        sender_for(None, None, "curl")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_the_standard_library_reads_what_is_compressed(server: Loopback, encoding: str) -> None:
    """A server that compresses in spite of what was asked is understood, and nothing grows beyond 1 MiB."""
    pack: Callable[[bytes], bytes] = gzip.compress if encoding == "gzip" else zlib.compress
    server.replies = [Answer(200, pack(body), {"Content-Encoding": encoding}) for body in (b"{}", bytes(1 << 23))]
    sender = sender_for(None, None, "urllib")
    assert sender(request_to(server.url), 10.0).body == b"{}"
    with pytest.raises(InvalidTokenResponse, match="longer than"):
        sender(request_to(server.url), 10.0)
