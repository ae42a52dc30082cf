"""How one token request travels: by requests, by httpx or by httpx2.

A sender lends its transport, TLS settings, proxies and default headers, and nothing else: no auth, no cookies, no
netrc, no hooks, no redirects. What the user's session or client would add for API calls must not reach the
authorization server, and what the authorization server sets must not reach the API. Nothing here changes or closes
what a user lent.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from oauth_cc_auth._background import unforked
from oauth_cc_auth._token_endpoint import MAX_ANSWER
from oauth_cc_auth._wire import HttpRequest, HttpResponse
from oauth_cc_auth.errors import (
    ConfigurationError,
    InvalidTokenResponse,
    OAuthError,
    TokenEndpointUnavailable,
    scrubbed,
)

LIBRARIES = ("requests", "httpx", "httpx2")

# Not lent: credentials and cookies are for the API, and the body's headers are this request's own.
_NOT_LENT = frozenset({"authorization", "cookie", "content-type", "content-length", "transfer-encoding", "host"})


class Sender(Protocol):
    """Sends one request and returns its answer; `timeout` is in seconds and bounds each read."""

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Raise TokenEndpointUnavailable where no answer came."""


def check_lent(session: object, client: object) -> None:
    """Raise ConfigurationError unless what the user lends can send a token request from a thread."""
    if session is not None and client is not None:
        message = "session and client are two ways to say the same: pass one"
        raise ConfigurationError(message)
    if session is not None and not _is_a(session, ("requests",), "Session"):
        message = "session is not a requests.Session; an httpx.Client is passed as client="
        raise ConfigurationError(message)
    if client is not None and not _is_a(client, ("httpx", "httpx2"), "Client"):
        message = (
            "client is not an httpx.Client: the token request is sent from a thread, so an AsyncClient cannot send it"
        )
        raise ConfigurationError(message)


def sender_for(session: Any, client: Any, library: str | None) -> Sender:
    """Return what the user lent, else the library of the door, else the first that is loaded, or installed."""
    if session is not None:
        return _ByRequests(session)
    if client is not None:
        return _ByHttpx(client)
    name = library or next(_at_hand(), None)
    if name is None:
        message = 'No HTTP library is installed: pip install "oauth-cc-auth[requests]" or "oauth-cc-auth[httpx]"'
        raise ConfigurationError(message)
    return _with_own(name)


class _ByRequests:
    def __init__(self, session: Any) -> None:
        self._session = session

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        import requests  # noqa: PLC0415 - only for those who use it

        headers = _merged(self._session.headers.items(), request.headers)
        # Not session.prepare_request and not session.send: they add auth, netrc, cookies, params and hooks, and keep
        # the answer's cookies.
        with _failures():
            prepared = requests.Request(
                request.method, request.url, headers=headers, data=request.body or None
            ).prepare()
            settings = self._session.merge_environment_settings(prepared.url, {}, stream=True, verify=None, cert=None)
            response = _carrier(self._session).send(
                prepared, timeout=(timeout, timeout), allow_redirects=False, **settings
            )
            with response:
                body = _capped(_as_they_come(response), timeout)
            return HttpResponse(response.status_code, _lowered(response.headers.items()), body)


def _carrier(session: Any) -> Any:
    """Return a session for one request, by the lent one's adapters: requests-mock patches ``Session.send``."""
    import requests  # noqa: PLC0415 - as above

    carrier = requests.Session()
    # Both names: requests-mock takes the second away. Without a target no redirect's body is read to its end.
    lent = {"adapters": session.adapters, "get_adapter": session.get_adapter}
    vars(carrier).update(lent, get_redirect_target=lambda _: None)
    return carrier


class _ByHttpx:
    def __init__(self, client: Any) -> None:
        self._client = client
        self._library = sys.modules[_library_of(type(client), "Client") or "httpx"]

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        httpx = self._library
        if self._client.is_closed:
            message = (
                "The client that was lent for token requests is closed: keep it open as long as the source is used."
            )
            raise ConfigurationError(message)
        headers = _merged(self._client.headers.items(), request.headers)
        limits = {"timeout": httpx.Timeout(timeout).as_dict()}
        with _failures():
            outgoing = httpx.Request(
                request.method, request.url, headers=headers, content=request.body or None, extensions=limits
            )
            # Not client.send: it runs the hooks and stores the cookies. The transport is the part that is lent, and no
            # public name leads to it; httpx and httpx2 both call it by this one.
            transport = self._client._transport_for_url(outgoing.url)  # noqa: SLF001 - see above
            response = transport.handle_request(outgoing)
            response.request = outgoing
            try:
                body = _capped(response.iter_bytes(), timeout)
            finally:
                response.close()
            return HttpResponse(response.status_code, _lowered(response.headers.multi_items()), body)


def _with_own(name: str) -> Sender:
    """Make a session or client for one exchange, so that proxies from the environment and patched libraries count."""

    def send(request: HttpRequest, timeout: float) -> HttpResponse:
        with unforked():
            library = import_module(name)
        try:
            own = library.Session() if name == "requests" else library.Client()
        except Exception as error:  # noqa: BLE001 - a proxy or certificate named in the environment may be anything
            message = f"{name} cannot be used for the token request ({type(error).__name__}: {error})."
            raise ConfigurationError(message) from scrubbed(error)
        with own:
            return (_ByRequests(own) if name == "requests" else _ByHttpx(own))(request, timeout)

    return send


def _at_hand() -> Iterator[str]:
    yield from (name for name in LIBRARIES if name in sys.modules)
    yield from (name for name in LIBRARIES if find_spec(name) is not None)


def _is_a(lent: object, libraries: Iterable[str], cls: str) -> bool:
    return _library_of(type(lent), cls, libraries) is not None


def _library_of(lent: type, cls: str, libraries: Iterable[str] = ("httpx2", "httpx")) -> str | None:
    # Asked of the loaded modules: a session can only have been made by one of them.
    loaded = (name for name in libraries if name in sys.modules)
    return next((name for name in loaded if issubclass(lent, getattr(sys.modules[name], cls, ()))), None)


def _merged(lent: Iterable[tuple[Any, Any]], own: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower() for name in own} | _NOT_LENT
    return {**{name: value for name, value in lent if _text(name).lower() not in names and value is not None}, **own}


def _lowered(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def _text(name: str | bytes) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else name


def _as_they_come(response: Any) -> Iterator[bytes]:
    # iter_content(n) waits for n bytes, and so for as long as a server cares to drip them.
    raw = response.raw
    try:
        chunk = raw.read1(1 << 14, decode_content=True)
    except (AttributeError, TypeError):  # urllib3 before 2, VCR.py, or an adapter with a body of its own
        yield from response.iter_content(1)
        return
    while chunk:
        yield chunk
        chunk = raw.read1(1 << 14, decode_content=True)


def _capped(chunks: Iterable[bytes], timeout: float) -> bytes:
    # The exchange has given up on an answer that drips past its timeout; this ends the thread that still reads it.
    body, give_up_at = bytearray(), time.monotonic() + timeout
    for chunk in chunks:
        body += chunk
        if time.monotonic() > give_up_at:
            message = "the answer was not complete in time"
            raise TimeoutError(message)
        if len(body) > MAX_ANSWER:
            message = f"The token endpoint's answer is longer than {MAX_ANSWER} bytes and was not read to its end."
            raise InvalidTokenResponse(message=message)
    return bytes(body)


# What these log quotes the URL, or what a server quotes of it: at DEBUG, the first also as a warning.
_TALKATIVE = (
    *("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry", "hpack.hpack", "h2"),
    *(f"{name}.{part}" for name in ("httpcore", "httpcore2") for part in ("connection", "http11", "http2", "proxy")),
)


# Whether this thread sends such a request now. One filter stays with each logger for good: to take one away while
# another thread's record passes would let that record slip by its own.
_this_thread = threading.local()


def _may_be_logged(_: logging.LogRecord) -> bool:
    return not getattr(_this_thread, "is_muted", False)


@contextmanager
def muted(request: HttpRequest) -> Iterator[None]:
    """Keep the libraries from logging what this thread sends to a URL with a query: it may hold the secret."""
    if "?" not in request.url:
        yield
        return
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_may_be_logged)
    _this_thread.is_muted = True
    try:
        yield
    finally:
        _this_thread.is_muted = False


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what stopped a request into TokenEndpointUnavailable: libraries, and transports of users, raise anything."""
    try:
        yield
    except (OAuthError, AssertionError):  # a mock that was not told of the token request fails its test
        raise
    except Exception as error:  # noqa: BLE001 - see above
        cause = scrubbed(error)
        detail = f"{type(error).__name__}: {error}"
    else:
        return
    raise TokenEndpointUnavailable(message="The token endpoint gave no answer.", detail=detail) from cause
