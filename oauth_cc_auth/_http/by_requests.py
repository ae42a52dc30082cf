"""HTTP by requests: a token request carried by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, Retry

from oauth_cc_auth._http.bounds import Bounds, bounded_response
from oauth_cc_auth._http.lending import failures, lowered, merged
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.origin import is_loopback, origin_of
from oauth_cc_auth._http.proxies import addresses, without_passwords

_SESSION = "requests.sessions"


class ByRequests:
    """Sends token requests by the adapters, TLS settings, proxies and default headers of a session."""

    def __init__(self, session: Any, how_to_trust: str) -> None:
        self.lent = self._session = session
        self._how_to_trust = how_to_trust

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        headers, bounds = merged(self._session.headers.items(), request.headers), Bounds(timeout)
        proxies = addresses(self._session.proxies)
        # Not session.prepare_request and not session.send: they add auth, netrc, cookies, params and hooks, and keep
        # the answer's cookies.
        with failures(lambda text: without_passwords(text, proxies), self._how_to_trust):
            # Text, as requests' own forms are: mocks compare it.
            prepared = requests.Request(
                request.method, request.url, headers=headers, data=request.body.decode() or None
            ).prepare()
            settings = self._session.merge_environment_settings(prepared.url, {}, stream=True, verify=None, cert=None)
            if is_loopback(origin_of(request.url)):
                settings["proxies"] = {}  # plain http to this machine is as good as https only if it stays here
            response = _carrier(self._session, bounds).send(
                prepared, timeout=(timeout, timeout), allow_redirects=False, **settings
            )
            with response:
                body = _body(response, bounds)
            return HttpResponse(response.status_code, lowered(response.headers.items()), body)


def certified(certify: Callable[[Any], None]) -> requests.Session:
    """Return a session whose connections present the client's certificate (RFC 8705)."""
    from urllib3.util.ssl_ import create_urllib3_context  # noqa: PLC0415 - only for mutual TLS

    context = create_urllib3_context()
    certify(context)
    session = requests.Session()
    session.mount("https://", _Certified(context))
    return session


class _Certified(HTTPAdapter):
    """`requests.Session.cert` knows no password."""

    def __init__(self, context: Any) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        super().init_poolmanager(*args, **settings, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        return super().proxy_manager_for(proxy, **settings, ssl_context=self._context)


def _carrier(session: Any, bounds: Bounds) -> Any:
    """Return a session for one request, by the lent one's adapters: requests-mock patches ``Session.send``."""
    # requests-cache may have put a class of its own in its place, which answers from a cache.
    carrier = next(base for base in requests.Session.__mro__ if base.__module__ == _SESSION)()

    def get_adapter(url: str) -> Any:
        return _for_one_request(session.get_adapter(url), bounds)

    # Both names: requests-mock takes the second away. Without a target no redirect's body is read to its end.
    vars(carrier).update(adapters=session.adapters, get_adapter=get_adapter, get_redirect_target=lambda _: None)
    return carrier


def _for_one_request(adapter: Any, bounds: Bounds) -> Any:
    """Return an adapter with the same connections, but without retries of its own, that reads within the bounds."""
    if not isinstance(adapter, HTTPAdapter):
        return adapter
    twin: Any = object.__new__(type(adapter))
    # A refused secret must not be sent again by a Retry(status_forcelist=[401, ...]).
    vars(twin).update(vars(adapter), max_retries=Retry(0, read=False))
    for name in {"get_connection", "get_connection_with_tls_context"} & set(dir(adapter)):
        vars(twin)[name] = _then(getattr(adapter, name), lambda pool: _bounded_pool(pool, bounds))
    return twin


def _then(first: Any, second: Any) -> Any:
    return lambda *arguments, **named: second(first(*arguments, **named))


def _bounded_pool(pool: Any, bounds: Bounds) -> Any:
    """Return a pool with the same connections, whose answers are read within the bounds."""
    if not isinstance(pool, HTTPConnectionPool):
        return pool

    own: list[Any] = []

    def get(timeout: float | None = None) -> Any:
        connection: Any = pool._get_conn(timeout)  # noqa: SLF001 - the one place that hands out a connection
        own.append(getattr(connection, "response_class", None))
        connection.response_class = bounded_response(bounds)
        return connection

    def put(connection: Any) -> None:
        if connection is not None and own:
            connection.response_class = own.pop()
        pool._put_conn(connection)  # noqa: SLF001 - as above

    twin: Any = object.__new__(type(pool))
    vars(twin).update(vars(pool), _get_conn=get, _put_conn=put)
    return twin


def _body(response: Any, bounds: Bounds) -> bytes:
    if hasattr(response.raw, "stream"):
        return bounds.body(_as_they_come(response.raw), response.headers.get("Content-Encoding", ""))
    return bounds.body(response.iter_content(1))  # an adapter with a body of its own


def _as_they_come(raw: Any) -> Iterator[bytes]:
    # stream(n) waits for n bytes, and so for as long as a server cares to drip them.
    try:
        chunk = raw.read1(1 << 14, decode_content=False)
    except (AttributeError, TypeError):  # urllib3 before 2, VCR.py
        yield from raw.stream(1, decode_content=False)
        return
    while chunk:
        yield chunk
        chunk = raw.read1(1 << 14, decode_content=False)
