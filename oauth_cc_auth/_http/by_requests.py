"""HTTP by requests: a token request carried by it, and its messages as the auth class needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin

import requests
from requests.utils import default_headers, rewind_body

from oauth_cc_auth._http.hidden import is_hidden
from oauth_cc_auth._http.lending import capped, failures, lowered, merged
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.origin import origin_of


class ByRequests:
    def __init__(self, session: Any) -> None:
        self.lent = self._session = session

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        import requests  # noqa: PLC0415 - only for those who use it

        headers = merged(self._session.headers.items(), request.headers)
        # Not session.prepare_request and not session.send: they add auth, netrc, cookies, params and hooks, and keep
        # the answer's cookies.
        with failures():
            prepared = requests.Request(
                request.method, request.url, headers=headers, data=request.body or None
            ).prepare()
            settings = self._session.merge_environment_settings(prepared.url, {}, stream=True, verify=None, cert=None)
            response = _carrier(self._session).send(
                prepared, timeout=(timeout, timeout), allow_redirects=False, **settings
            )
            with response:
                body = capped(_as_they_come(response), timeout)
            return HttpResponse(response.status_code, lowered(response.headers.items()), body)


def _carrier(session: Any) -> Any:
    """Return a session for one request, by the lent one's adapters: requests-mock patches ``Session.send``."""
    import requests  # noqa: PLC0415 - as above

    carrier = requests.Session()
    # Both names: requests-mock takes the second away. Without a target no redirect's body is read to its end.
    lent = {"adapters": session.adapters, "get_adapter": session.get_adapter}
    vars(carrier).update(lent, get_redirect_target=lambda _: None)
    return carrier


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


class NoHook:
    """What is left of the hook in a pickled response."""

    def __call__(self, response: requests.Response, **_: Any) -> requests.Response:
        """Do nothing."""
        return response


def set_by_caller(request: requests.PreparedRequest) -> list[str]:
    """Return the names of the headers that the caller has set; what a session sends by default he has not."""
    defaults = default_headers()
    return [name for name, value in request.headers.items() if not is_hidden(value) and value != defaults.get(name)]


def drain(response: requests.Response) -> None:
    """Read and close a refused answer, so that its connection is free before a token request may want it.

    One that breaks off has no body, and hinders nothing.
    """
    with suppress(requests.RequestException):
        response.content  # noqa: B018 - reads the rest
    response.close()


def strip_from_redirect(response: requests.Response, request: requests.PreparedRequest) -> None:
    """Keep what we set from a redirect to another origin; requests does that for Authorization only."""
    here = str(response.request.url)
    try:
        same = origin_of(here) == origin_of(urljoin(here, response.headers["Location"]))
    except ValueError:
        same = False
    if not same:
        for name in set_by_us(request) - {"authorization"}:
            del request.headers[name]


def set_by_us(request: requests.PreparedRequest) -> set[str]:
    """Return the names, in lower case, of the headers that we have set."""
    return {name.lower() for name, value in request.headers.items() if is_hidden(value)}


def rewind(request: requests.PreparedRequest) -> bool:
    """Put the body back to where it was before it was sent; say whether that was possible."""
    if request.body is None or isinstance(request.body, (bytes, str)):
        return True
    if not isinstance(request._body_position, int):  # noqa: SLF001 - rewind_body reads it
        return False
    try:
        rewind_body(request)
    except (requests.exceptions.UnrewindableBodyError, ValueError):
        return False
    return True


def bare(request: requests.PreparedRequest, header: str) -> requests.PreparedRequest:
    """Copy the request for an exception, without token, the API's own headers, cookies and body."""
    copy = request.copy()
    copy.body = None
    copy.hooks = {}
    for name in (header, "Authorization", "Cookie", *set_by_us(copy)):
        copy.headers.pop(name, None)
    return copy
