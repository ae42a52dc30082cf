"""The door for requests: ``auth=RequestsAuth(grant)``."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

try:
    import requests
    from requests.auth import AuthBase
except ImportError as error:  # pragma: no cover - tried in an interpreter of its own by tests/test_import.py
    message = 'RequestsAuth needs requests: pip install "oauth-cc-auth[requests]"'
    raise ImportError(message) from error

from oauth_cc_auth._attempts import Attempt, Attempts
from oauth_cc_auth._auth import Auth
from oauth_cc_auth._http.hidden import Hidden
from oauth_cc_auth._http.origin import has_origin, place_of
from oauth_cc_auth._http.requests_messages import (
    NoHook,
    abandon,
    bare,
    can_go_again,
    drain,
    next_hop,
    once_more,
    read,
    set_by_caller,
    strip_from_redirect,
)
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._resource_server.verdict import must_read
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._resource_server.presentation import Presentation
    from oauth_cc_auth.stores import TokenStore


class RequestsAuth(Auth, AuthBase):
    """Authenticate requests with a token that is fetched once, shared, and renewed before anybody waits.

    Takes a grant, such as ``presets.vainu()``, or a `TokenSource`. `store`, `session` and `timeout` are those of
    `TokenSource`. Its errors are OAuthErrors and ``requests.RequestException`` at once. Where the API refuses the
    token, the request goes once more with a fresh one; the first answer then stands in ``response.history``.
    """

    def __init__(
        self,
        grant: Grant | TokenSource,
        /,
        *,
        store: TokenStore | None = None,
        session: requests.Session | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigurationError, naming the argument."""
        self._open(source_of(grant, store=store, session=session, timeout=timeout))

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Present the token, and look at the answer when it comes."""
        if not isinstance(r, requests.PreparedRequest):
            raise _wrong_library(r)
        sent: Presentation | Attempt | None = self._source.ready(place_of(r.url))  # type: ignore[arg-type]  # prepared
        if sent is None or self._has_more:
            with _errors_for(r, self._source):
                sent = next(_attempts(r, self._source))
        for name, value in sent.headers.items():
            r.headers[name] = value
        r.register_hook("response", _Answered(self._source, sent, self._may_leak))  # type: ignore[no-untyped-call]  # requests' own
        return r


def _attempts(request: requests.PreparedRequest, source: TokenSource, **settings: Any) -> Attempts:
    method, url = str(request.method), str(request.url)
    where: dict[str, Any] = {"library": "requests", "place": place_of(url), "kind": Hidden}
    return Attempts(source, method, url, headers=set_by_caller(request), **where, **settings)


def _errors_for(request: requests.PreparedRequest, source: TokenSource) -> AbstractContextManager[None]:
    # What requests itself says of a URL that it cannot send to.
    url = str(request.url)
    error = requests.RequestException
    if not has_origin(url):
        error = requests.exceptions.InvalidURL if url.startswith("http") else requests.exceptions.InvalidSchema
    return raised_as(error, partial(bare, request, source.resource_server.header))


# Which auth class is for the requests of another library.
_CLASSES = {
    "niquests": "NiquestsAuth, or AsyncNiquestsAuth for an AsyncSession",
    "httpx": "HttpxAuth",
    "httpx2": "HttpxAuth",
}


def _wrong_library(request: object) -> ConfigurationError:
    library = type(request).__module__.partition(".")[0]
    named = _CLASSES.get(library, "TokenSource.attempts()")
    return ConfigurationError(f"RequestsAuth is for requests, and this request is of {library}: use {named}.")


class _Answered:
    """The response hook of one request: requests keeps it with every copy of that for a redirect."""

    __slots__ = ("_may_leak", "_sent", "_source")

    def __init__(self, source: TokenSource, sent: Presentation | Attempt, may_leak: bool) -> None:  # noqa: FBT001 - private
        self._source, self._sent, self._may_leak = source, sent, may_leak

    def __call__(self, response: requests.Response, **how: Any) -> requests.Response:
        request = response.request
        if not self._source.settled(response.status_code):
            response = self._judged(response, how)
        if self._may_leak and response.is_redirect:
            self._redirected(response, request)
        return response

    def _redirected(self, response: requests.Response, request: requests.PreparedRequest) -> None:
        """Prepare the request, of which requests makes the next hop, for where that goes."""
        if strip_from_redirect(response, request) or self._source.presenter.constant:
            return
        with _errors_for(request, self._source):
            request.headers.update(self._source.present(*next_hop(response, request), self._sent.token).headers)

    def _judged(self, response: requests.Response, how: dict[str, Any]) -> requests.Response:
        request, header = response.request, self._source.resource_server.header
        if request.headers.get(header) != self._sent.headers[header]:
            return response  # a redirect took the token away
        loop = _attempts(request, self._source, replayable=partial(can_go_again, request, response))
        attempt: Attempt | None = loop.resume(self._sent.token, self._sent.headers)
        while attempt is not None and self._heard(attempt, response, how):
            drain(response)
            with _errors_for(request, self._source):
                attempt = next(loop, None)
            if attempt is not None:
                response = self._again(response, request, attempt, how)
        return response

    def _heard(self, attempt: Attempt, response: requests.Response, how: dict[str, Any]) -> bool:
        status, headers = response.status_code, response.headers
        kind, length = headers.get("Content-Type", ""), headers.get("Content-Length")
        said: Any = response
        # Where the body breaks off, the caller hears so from the library.
        reads = must_read(self._source.resource_server, status, kind, length, streamed=bool(how.get("stream")))
        if not (reads and read(response)):
            # Without its body: what judges the response itself would read it, however long it is.
            said = SimpleNamespace(status_code=status, headers=headers, url=response.url)
        with _errors_for(response.request, self._source):
            return attempt.heard(status, headers, url=response.url, error=partial(self._source.grant.api_error, said))

    def _again(
        self, refused: requests.Response, request: requests.PreparedRequest, attempt: Attempt, how: dict[str, Any]
    ) -> requests.Response:
        refused.request = request.copy()  # as it was sent
        # In place: a redirect copies the original request, and the next hop must carry the fresh token.
        request.headers.update(attempt.headers)
        self._sent = attempt
        again = once_more(request, refused)
        abandon(refused)
        start = perf_counter()
        response: requests.Response = refused.connection.send(again, **how)
        response.elapsed = timedelta(seconds=perf_counter() - start)
        response.history.append(refused)
        response.request = again
        return response

    def __reduce__(self) -> tuple[type[object], tuple[()]]:
        """Pickle to nothing: a pickled response carries its request, and that its hooks."""
        return NoHook, ()
