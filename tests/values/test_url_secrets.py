"""Tests of secrets that a vendor wants in the URL: libraries log and quote URLs, and must not show these."""

from __future__ import annotations

import copy
import logging
import pickle
import socket
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import httpx2
import pytest
import requests
from loopback import SECRET, TOKEN, Answer, Loopback, Received, grant_for, token_answer
from requests.adapters import HTTPAdapter

import oauth_cc_auth
from oauth_cc_auth import DPoP, Env, OAuthError, RequestFormat, ResourceServer, TokenSource
from oauth_cc_auth._http import quiet_logs

# Parts of the secret, and how the parts that are no letters are written in a URL.
CANARIES = ("canary-secret", "J7%23p", "J7#p", quote_plus(SECRET), quote(SECRET, safe=""))
FORMS = [RequestFormat("GET"), RequestFormat(body=None), RequestFormat(query=["client_secret"])]
FORM_IDS = ["GET", "query", "split"]
LIBRARIES = ["requests", "httpx", "httpx2"]
API = "https://api.example.com"
OWN: dict[str, Callable[[], Any]] = {"requests": requests.Session, "httpx": httpx.Client, "httpx2": httpx2.Client}

# Each library, and each form by one of them: a library does not know what the form is.
BY_ANY_LIBRARY = pytest.mark.parametrize(
    ("library", "form"),
    [*((library, FORMS[0]) for library in LIBRARIES), *(("requests", form) for form in FORMS[1:])],
    ids=[*LIBRARIES, *FORM_IDS[1:]],
)

OPEN = ExitStack()


class Everything(logging.Handler):
    """Keeps what every logger says at DEBUG, as it is written."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, its arguments and its exception."""
        self.lines.append(f"{record.name} {record.getMessage()} {record.args!r} {record.exc_info!r}")


@contextmanager
def watched() -> Iterator[list[str]]:
    """Let every logger speak at DEBUG, and return what was said and warned."""
    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield handler.lines
        handler.lines += [str(warning.message) for warning in warned]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def shown_by(error: BaseException) -> list[str]:
    """Return what is shown of an exception and of all those behind it, with the locals of their frames."""
    shown, waiting, seen = list[str](), [error], set[int]()
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        shown += [str(here), repr(here), repr(here.args), repr(vars(here))]
        shown.append("".join(traceback.TracebackException.from_exception(here, capture_locals=True).format()))
        behind = [here.__cause__, here.__context__, *here.args, *vars(here).values()]
        waiting += [thing for thing in behind if isinstance(thing, BaseException)]
    return [*shown, str(pickle.dumps(error))]


def source_for(endpoint: str, library: str, form: RequestFormat, timeout: float = 1.0, **lent: Any) -> TokenSource:
    """Return a source whose secret goes into the URL, sent by this library; it is not held by any frame here."""
    grant = grant_for(
        endpoint, client_secret=Env("CANARY"), token_request=form, token_endpoint_auth_method="client_secret_post"
    )
    if not lent:
        lent = {"session" if library == "requests" else "client": OPEN.enter_context(OWN[library]())}
    return TokenSource(grant, timeout=timeout, **lent)


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Mount the secret where no frame of a test holds it, and close what was lent."""
    monkeypatch.setenv("CANARY", SECRET)
    with OPEN:
        yield


def assert_unseen(lines: list[str]) -> None:
    """Fail where a part of the secret is to be seen."""
    everything = "\n".join(lines)
    for part in CANARIES:
        assert part not in everything, [line[:300] for line in lines if part in line][:3]


def echo_in_location(received: Received) -> Answer:
    """Redirect to a slash, and carry the query along as most servers do."""
    path, _, query = received.path.partition("?")
    return Answer(307, b"", {"Location": f"{path}/?{query}"})


def echo_in_body(received: Received) -> Answer:
    """Refuse, and quote the request."""
    return Answer(400, {"error": "bad", "error_description": f"cannot {received.path} {SECRET} {received.body!r}"})


def echo_in_header(received: Received) -> Answer:
    """Refuse, and quote the request in headers."""
    return Answer(
        401, {"error": "invalid_client"}, {"WWW-Authenticate": f'Basic realm="{received.path}"', "X-Url": received.path}
    )


def echo_in_html(received: Received) -> Answer:
    """Fail as a web server does."""
    return Answer(404, f"<h1>Not Found</h1>The requested URL {received.path} was not found".encode())


@BY_ANY_LIBRARY
@pytest.mark.parametrize("answer", [echo_in_location, echo_in_body, echo_in_header, echo_in_html])
def test_an_answer_that_quotes_the_url(library: str, form: RequestFormat, answer: Any) -> None:
    """Case 37, line 9, WeChat: a redirect, a refusal or a page that echoes the URL shows the secret nowhere."""
    with Loopback(answer) as server, watched() as lines:
        source = source_for(f"{server.url}/token", library, form)
        with pytest.raises(OAuthError) as caught:
            source.token()
    assert quote_plus(SECRET) in server.received[0].path
    assert_unseen([*lines, *shown_by(caught.value), repr(source)])


@BY_ANY_LIBRARY
def test_a_success_says_nothing(library: str, form: RequestFormat) -> None:
    """Case 37, line 9, WeChat: a token that came by a URL with the secret is logged without it."""
    with Loopback(Answer(503), token_answer()) as server, watched() as lines:
        source = source_for(f"{server.url}/token", library, form)
        assert source.token().access_token == TOKEN
    assert any("obtained a token from" in line for line in lines)
    assert_unseen([*lines, repr(source)])


@pytest.mark.parametrize("library", LIBRARIES)
def test_whatever_the_path(library: str) -> None:
    """Case 37: a library writes a path its own way, and what it logs is recognised all the same."""
    with Loopback() as server, watched() as lines:
        for path in ("", "/", "/tökén", "/a b/token", "/a/../token", "/%7Etoken", "/token;v=1", "//token"):
            source_for(f"{server.url}{path}", library, FORMS[0]).token()
    assert_unseen(lines)


def refusing_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@BY_ANY_LIBRARY
def test_a_connection_that_is_refused(library: str, form: RequestFormat) -> None:
    """Case 37, line 9: urllib3's MaxRetryError quotes the URL; neither message, cause, log nor pickle has it."""
    with watched() as lines:
        source = source_for(f"http://127.0.0.1:{refusing_port()}/token", library, form)
        with pytest.raises(OAuthError) as caught:
            source.token()
    assert caught.value.__cause__ is not None
    assert_unseen([*lines, *shown_by(caught.value)])


@BY_ANY_LIBRARY
def test_a_timeout(library: str, form: RequestFormat) -> None:
    """Case 37, line 9: an answer that does not come in time quotes nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent, watched() as lines:
        source = source_for(f"http://127.0.0.1:{silent.getsockname()[1]}/token", library, form, 0.15)
        with pytest.raises(OAuthError) as caught:
            source.token()
    assert_unseen([*lines, *shown_by(caught.value)])


def test_a_lent_session_that_retries() -> None:
    """Case 37, line 9: a session whose adapter retries logs the URL of each retry; the secret is not in there."""
    session = OPEN.enter_context(requests.Session())
    session.mount("http://", HTTPAdapter(max_retries=2))
    with watched() as lines:
        source = source_for(f"http://127.0.0.1:{refusing_port()}/token", "requests", FORMS[0], session=session)
        with pytest.raises(OAuthError) as caught:
            source.token()
    assert_unseen([*lines, *shown_by(caught.value)])


def test_others_go_on_being_logged() -> None:
    """Case 37: only the token request is muted; what the program itself asks meanwhile is logged as ever."""
    logger = logging.getLogger("urllib3.connectionpool")

    def meanwhile(_: Received) -> Answer:
        logger.debug("http://api.example.com %s", "/things?x=1")
        return token_answer()

    with Loopback(meanwhile) as server, watched() as lines:
        source_for(f"{server.url}/token", "requests", FORMS[0]).token()
        logger.debug("http://as.example.com %s", "/token?later")
    assert sum("/things?x=1" in line or "/token?later" in line for line in lines) == 2
    assert len(logger.filters) == 1, "one for good, however many requests there were"
    assert not getattr(quiet_logs._this_thread, "is_muted", False)


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_token_request_is_logged(library: str) -> None:
    """A library logs headers too, and a server echoes: none of it is logged, whatever stands in the URL."""
    with Loopback() as server, watched() as lines:
        source_for(f"{server.url}/token", library, RequestFormat()).token()
    assert not any("POST" in line for line in lines)
    assert_unseen(lines)


HIDES: dict[str, Callable[[], object]] = {
    "a header of its own": lambda: TokenSource(grant_for(resource_server=ResourceServer(API, header="X-Token"))),
    "a vendor's key": lambda: TokenSource(grant_for(resource_server=ResourceServer(API, headers={"X-Key": "k"}))),
    "proofs": lambda: TokenSource(grant_for(dpop=DPoP())),
    # jh2, where it runs in Python alone, logs Authorization as well.
    "niquests": lambda: oauth_cc_auth.NiquestsAuth(grant_for()),
    "a copy for niquests": lambda: copy.copy(oauth_cc_auth.NiquestsAuth(grant_for())),
}


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let HTTP/2's header compression log as in a fresh process."""
    for each in quiet_logs._HEADER_TABLES:
        monkeypatch.setattr(logging.getLogger(each), "filters", [])
    quiet_logs.hide_headers.cache_clear()
    yield
    quiet_logs.hide_headers.cache_clear()


@pytest.mark.parametrize("name", HIDES)
@pytest.mark.usefixtures("talkative")
def test_who_has_headers_hidden(name: str) -> None:
    """Where a token, a key or a proof may be logged by HTTP/2's header compression, its logs are silenced for good."""
    if "niquests" in name:
        pytest.importorskip("niquests")
    HIDES[name]()
    with watched() as lines:
        logging.getLogger("jh2.hpack.hpack").debug("Adding %s", (b"authorization", TOKEN))
    assert not any(TOKEN in line for line in lines)


@pytest.mark.parametrize("name", ["hpack.hpack", "hpack.table", "jh2.hpack.hpack", "jh2.hpack.table"])
def test_a_header_of_its_own_is_never_logged(name: str) -> None:
    """Header compression logs each header at DEBUG, a token in one of its own too; from then on, warnings only."""
    quiet_logs.hide_headers()
    with watched() as lines:
        logging.getLogger(name).debug("Adding %s", (b"x-auth-token", TOKEN))
        logging.getLogger(name).warning("something is wrong")
    assert not any(TOKEN in line for line in lines)
    assert any("something is wrong" in line for line in lines)


@pytest.mark.parametrize(
    "name", ["hpack.hpack", "hpack.table", "jh2.hpack.hpack", "httpcore.http2", "httpcore2.http2", "httpcore.proxy"]
)
def test_the_headers_of_http2_are_not_logged(name: str) -> None:
    """Case 37: hpack and httpcore log the path and the headers of each request; they are muted as urllib3 is."""
    logger, path = logging.getLogger(name), f"/token?s={quote_plus(SECRET)}".encode()
    with watched() as lines:
        with quiet_logs.muted():
            # As a warning: DEBUG of hpack may have been hidden for good before, for an API.
            logger.warning("Adding %s", (b":path", path))
        logger.warning("another request")
    assert_unseen(lines)
    assert ["another request" in line for line in lines] == [True]


def test_the_end_of_one_request_unmutes_no_other() -> None:
    """Case 37: a request that ends while the record of another passes the filters lets it not slip by."""
    logger, inside, leave, left = logging.getLogger("urllib3.connectionpool"), *(threading.Event() for _ in range(3))

    def first() -> None:
        with quiet_logs.muted():
            inside.set()
            assert leave.wait(5)
        left.set()

    class Late(logging.Filter):
        """Stands behind the filter of the first request, and would hold a record until that request has ended."""

        def filter(self, record: logging.LogRecord) -> bool:
            leave.set()
            return left.wait(5)

    with watched() as lines:
        threading.Thread(target=first).start()
        assert inside.wait(5)
        logger.filters.insert(1, late := Late())
        with quiet_logs.muted():
            logger.debug("GET %s", f"https://as.example.com/token?s={quote_plus(SECRET)}")
        leave.set()
        logger.removeFilter(late)
    assert_unseen(lines)
