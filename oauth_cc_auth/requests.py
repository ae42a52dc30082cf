"""The door for requests: ``auth=RequestsAuth(grant)``."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

try:
    import requests
    from requests.auth import AuthBase
    from requests.cookies import extract_cookies_to_jar
except ImportError as error:  # pragma: no cover - tried in an interpreter of its own by tests/test_import.py
    message = 'RequestsAuth needs requests: pip install "oauth-cc-auth[requests]"'
    raise ImportError(message) from error

from oauth_cc_auth._http.by_requests import NoHook, bare, rewind, set_by_us, set_unless_caller_did, strip_from_redirect
from oauth_cc_auth._http.headers import written
from oauth_cc_auth._http.hidden import Presented, hidden
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of

if TYPE_CHECKING:
    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth.stores import TokenStore


class RequestsAuth(AuthBase):
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
        self._source = source_of(grant, store=store, session=session, timeout=timeout)
        self._server = self._source.resource_server
        self._extra = dict(self._server.headers)
        self._answered = _Answered(self._source)

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Present the token, and look at the answer when it comes."""
        url = str(r.url)
        origin = url[: url.find("/", 8)]  # a prepared URL has a path; what is odd is not in the set and looked at whole
        value = self._source.ready(origin)
        if value is None:
            with raised_as(requests.RequestException, lambda: bare(r, self._server.header)):
                self._source.admit(url)
                value = self._source.presented(self._source.obtain("requests"), url, origin)
        if self._extra:
            with raised_as(requests.RequestException, lambda: bare(r, self._server.header)):
                set_unless_caller_did(r, hidden(written(self._extra)))
        r.headers[self._server.header] = value
        r.register_hook("response", self._answered)  # type: ignore[no-untyped-call]  # requests' own
        return r

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy without the token, and with what a subclass has added, whose `__init__` is not called."""
        ours = vars(RequestsAuth(self._source))
        added = {name: value for name, value in vars(self).items() if name not in ours}
        return _remade, (type(self), self._source), added

    def __repr__(self) -> str:
        """Show the grant, which shows no secret."""
        return f"RequestsAuth({self._source.grant!r})"


def _remade(cls: type[RequestsAuth], source: TokenSource) -> RequestsAuth:
    auth = object.__new__(cls)
    RequestsAuth.__init__(auth, source)
    return auth


class _Answered:
    """The response hook: requests keeps it with the request, and with every copy of that for a redirect."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._live = source._live  # noqa: SLF001 - the doors read it on every call
        self._server = source.resource_server
        self._may_leak = bool(self._server.headers) or self._server.header.lower() != "authorization"

    def __call__(self, response: requests.Response, **how: Any) -> requests.Response:
        request = response.request
        if response.status_code in self._server.renew_on or self._live.unsettled:
            response = self._judge(response, how)
        if self._may_leak and response.is_redirect:
            strip_from_redirect(response, request)
        return response

    def _judge(self, response: requests.Response, how: dict[str, Any]) -> requests.Response:
        request, source = response.request, self._source
        sent = request.headers.get(self._server.header)
        if not isinstance(sent, Presented) or sent.token is None or not self._refused(response, sent, how):
            return response
        if not source.reject(sent.token):
            return response
        with raised_as(requests.RequestException, lambda: bare(request, self._server.header)):
            if not rewind(request):
                source.prefetch("requests")
                return response
            # Drained and closed, the refused answer gives its connection back before the token request may want it. One
            # that breaks off has no body, and hinders nothing.
            with suppress(requests.RequestException):
                response.content  # noqa: B018 - reads the rest
            response.close()
            url = str(request.url)
            fresh = source.presented(source.obtain("requests"), url, url[: url.find("/", 8)])
            if fresh == sent:
                return response
            request.headers.update(self._server.made_anew(set_by_us(request)))
        return self._again(response, fresh, how)

    def _refused(self, response: requests.Response, sent: Presented, how: dict[str, Any]) -> bool:
        assert sent.token is not None  # noqa: S101 - for the type checker; callers have looked
        status, headers = response.status_code, response.headers
        kind, length = headers.get("Content-Type", ""), headers.get("Content-Length")
        if self._server.must_read(status, kind, length, streamed=bool(how.get("stream"))):
            response.content  # noqa: B018 - where it breaks off, the caller hears so from the library
            return self._source.refused(sent.token, response)
        # Without its body: who judges the response itself would read it, however long it is.
        unread = SimpleNamespace(status_code=status, headers=headers, url=response.url, request=response.request)
        return self._source.refused(sent.token, unread)

    def _again(self, refused: requests.Response, fresh: Presented, how: dict[str, Any]) -> requests.Response:
        request = refused.request
        # In place too: a redirect copies the original request, and the next hop must carry the fresh token.
        request.headers[self._server.header] = fresh
        again = request.copy()
        jar = again._cookies  # type: ignore[attr-defined]  # noqa: SLF001 - as digest authentication does
        extract_cookies_to_jar(jar, request, refused.raw)  # type: ignore[no-untyped-call]  # requests' own
        again.prepare_cookies(jar)
        start = perf_counter()
        response: requests.Response = refused.connection.send(again, **how)
        response.elapsed = timedelta(seconds=perf_counter() - start)
        if vars(refused)["_content"] is False:  # it broke off, and would be read again for whoever looks or pickles
            vars(refused).update(_content=b"", _content_consumed=True)
        response.history.append(refused)
        response.request = again
        if fresh.token is not None and self._refused(response, fresh, how):
            self._source.reject(fresh.token)
        return response

    def __reduce__(self) -> tuple[type[object], tuple[()]]:
        """Pickle to nothing: a pickled response carries its request, and that its hooks."""
        return NoHook, ()
