"""The requests and responses of requests, as its auth class needs them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from time import monotonic
from typing import Any
from urllib.parse import urljoin

import requests
from requests.cookies import extract_cookies_to_jar
from requests.utils import default_headers, requote_uri, rewind_body

from oauth_cc_auth._http.hidden import is_hidden
from oauth_cc_auth._http.messages import DRAIN_SECONDS, DRAINED, MAX_ANSWER, piece_size
from oauth_cc_auth._http.origin import stays


class NoHook:
    """What is left of the hook in a pickled response."""

    def __call__(self, response: requests.Response, **_: Any) -> requests.Response:
        """Do nothing."""
        return response


def set_by_caller(request: requests.PreparedRequest) -> list[str]:
    """Return the names of the headers that the caller has set; those that a session sends by default are not."""
    defaults = default_headers()
    return [name for name, value in request.headers.items() if not is_hidden(value) and value != defaults.get(name)]


def strip_from_redirect(response: requests.Response, request: requests.PreparedRequest) -> bool:
    """Keep what we set from a redirect to another origin, and return whether this is one.

    requests does that for Authorization only.
    """
    if stays(str(response.request.url), response.headers["Location"]):
        return False
    for name in _set_by_us(request) - {"authorization"}:
        del request.headers[name]
    return True


def next_hop(response: requests.Response, request: requests.PreparedRequest) -> tuple[str, str]:
    """Return the method and the URL to which requests follows a redirect that stays at its origin."""
    hop, redirects = request.copy(), requests.sessions.SessionRedirectMixin()
    redirects.rebuild_method(hop, response)
    target = redirects.get_redirect_target(response) or ""
    return str(hop.method), urljoin(str(response.url), requote_uri(target))


def can_go_again(request: requests.PreparedRequest, response: requests.Response) -> bool:
    """Tell whether the request can be sent again, and put its body back to where it was before."""
    if not hasattr(getattr(response, "connection", None), "send"):
        return False  # an adapter of somebody else's, which did not say who carried it
    if request.body is None or isinstance(request.body, (bytes, str)):
        return True
    if not isinstance(request._body_position, int):  # noqa: SLF001 - rewind_body reads it
        return False
    try:
        rewind_body(request)
    except (requests.exceptions.UnrewindableBodyError, ValueError):
        return False
    return True


def read(response: requests.Response) -> bool:
    """Read an answer that may be an error; return whether it is short enough to be one. Else it stays readable."""
    return _peek(response, MAX_ANSWER, None)


def drain(response: requests.Response) -> None:
    """Read a refused answer, so that its connection is free before a token request may want it.

    A longer one is left as it is, and one that breaks off has no body: neither hinders anything.
    """
    try:
        done = _peek(response, DRAINED, DRAIN_SECONDS)
    except requests.RequestException:
        done = True
    if done:
        response.close()


def abandon(response: requests.Response) -> None:
    """Close an answer whose request goes once more; what of it was not read is not read any more."""
    response.close()
    if vars(response)["_content"] is False:
        # It broke off or was too long, and would be read again by what looks at it or pickles it.
        vars(response).update(_content=b"".join(getattr(response.raw, "already", ())), _content_consumed=True)


def once_more(request: requests.PreparedRequest, refused: requests.Response) -> requests.PreparedRequest:
    """Return a copy of the request with the cookies of the refused answer, as digest authentication does."""
    again = request.copy()
    jar = again._cookies  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    extract_cookies_to_jar(jar, request, refused.raw)  # type: ignore[no-untyped-call]  # requests' own
    again.prepare_cookies(jar)
    return again


def bare(request: requests.PreparedRequest, header: str) -> requests.PreparedRequest:
    """Copy the request for an exception, without token, the API's own headers, cookies and body."""
    copy = request.copy()
    copy.body = None
    copy.hooks = {}
    for name in (header, "Authorization", "Cookie", *_set_by_us(copy)):
        copy.headers.pop(name, None)
    return copy


def _set_by_us(request: requests.PreparedRequest) -> set[str]:
    return {name.lower() for name, value in request.headers.items() if is_hidden(value)}


def _peek(response: requests.Response, limit: int, seconds: float | None) -> bool:
    """Read an answer; return False if it holds more than `limit` bytes, or takes longer, and put back what was read."""
    content = vars(response)["_content"]
    if content is not False:
        return content is None or len(content) <= limit
    chunks, size, start = list[bytes](), 0, monotonic()
    pieces: Any = response.iter_content(piece_size(response.headers.get("Content-Encoding")))
    for chunk in pieces:
        chunks.append(chunk)
        size += len(chunk)
        if size > limit or (seconds is not None and monotonic() - start > seconds):
            pieces.close()
            response.raw = _Rest(chunks, response.raw)
            return False
    vars(response).update(_content=b"".join(chunks), _content_consumed=True)
    return True


class _Rest:
    """A body of which some is read and decoded already, in the place of urllib3's."""

    def __init__(self, already: list[bytes], raw: Any) -> None:
        self.already, self._raw = already, raw

    def stream(self, amt: int | None = 1 << 16, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: FBT001 - as urllib3 has it
        yield self._taken()
        if hasattr(self._raw, "stream"):
            yield from self._raw.stream(amt, decode_content=decode_content)
        else:
            yield from iter(partial(self._raw.read, amt), b"")

    def read(self, amt: int | None = None, **how: Any) -> bytes:
        taken = self._taken()
        return taken if taken and amt is not None else taken + bytes(self._raw.read(amt, **how))

    def _taken(self) -> bytes:
        taken, self.already = b"".join(self.already), []
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)
