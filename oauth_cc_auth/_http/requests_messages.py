"""The messages of requests and niquests, as their auth classes need them; a redirect to another origin loses here what
was set for the API.
"""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import Any
from urllib.parse import urljoin

from oauth_cc_auth._http.hidden import is_hidden
from oauth_cc_auth._http.origin import stays
from oauth_cc_auth._http.sizes import DRAIN_SECONDS, DRAINED, MAX_ANSWER, piece_size

# Bytes that a server which drips may drip before it is noticed.
_DRIP = 16


class NoHook:
    """What is left of the hook in a pickled response."""

    def __call__(self, response: Any, **_: Any) -> Any:
        """Do nothing."""
        return response

    async def answered(self, response: Any, **_: Any) -> Any:
        """Do nothing, in an event loop."""
        return response


def set_by_caller(library: Any, request: Any) -> list[str]:
    """Return the names of the headers that the caller has set; those that a session sends by default are not."""
    defaults = library.utils.default_headers()
    return [name for name, value in request.headers.items() if not is_hidden(value) and value != defaults.get(name)]


def strip_from_redirect(response: Any, request: Any) -> bool:
    """Keep what we set from a redirect to another origin, and return whether this is one.

    The library does that for Authorization only.
    """
    if stays(str(response.request.url), response.headers["Location"]):
        return False
    for name in _set_by_us(request) - {"authorization"}:
        del request.headers[name]
    return True


def next_hop(library: Any, response: Any, request: Any) -> tuple[str, str]:
    """Return the method and the URL to which the library follows a redirect that stays at its origin."""
    hop, session = request.copy(), object.__new__(library.Session)  # for its rules, which need nothing of a session
    session.rebuild_method(hop, response)
    target = session.get_redirect_target(response) or ""
    return str(hop.method), urljoin(str(response.url), library.utils.requote_uri(target))


def can_go_again(library: Any, request: Any, response: Any) -> bool:
    """Tell whether the request can be sent again, and put its body back to where it was before."""
    if not hasattr(getattr(response, "connection", None), "send"):
        return False  # an adapter of somebody else's, which did not say who carried it
    if request.body is None or isinstance(request.body, (bytes, str)):
        return True
    if not isinstance(request._body_position, int):  # noqa: SLF001 - rewind_body reads it
        return False
    try:
        library.utils.rewind_body(request)
    except (library.exceptions.UnrewindableBodyError, ValueError):
        return False
    return True


def read(response: Any) -> bool:
    """Read an answer that may be an error; return whether it is short enough to be one. Else it stays readable."""
    return _peek(response, MAX_ANSWER, None)


async def aread(response: Any) -> bool:
    """Do the same for an answer that is awaited."""
    return await _apeek(response, MAX_ANSWER, None)


def drain(library: Any, response: Any) -> None:
    """Read a refused answer, so that its connection is free before a token request may want it.

    A longer one is left as it is, and one that breaks off has no body: neither hinders anything.
    """
    try:
        done = _peek(response, DRAINED, DRAIN_SECONDS)
    except library.RequestException:
        done = True
    if done:
        response.close()


async def adrain(library: Any, response: Any) -> None:
    """Do the same for an answer that is awaited."""
    try:
        done = await _apeek(response, DRAINED, DRAIN_SECONDS)
    except library.RequestException:
        done = True
    if done:
        await response.close()


def abandon(response: Any) -> None:
    """Take leave of a closed answer whose request goes once more: what was not read is not read any more."""
    if vars(response)["_content"] is False:
        # It broke off or was too long, and would be read again by what looks at it or pickles it.
        vars(response).update(_content=b"".join(getattr(response.raw, "already", ())), _content_consumed=True)


def once_more(library: Any, request: Any, refused: Any) -> Any:
    """Return a copy of the request with the cookies of the refused answer, as digest authentication does."""
    again = request.copy()
    jar = again._cookies  # noqa: SLF001 - as above
    library.cookies.extract_cookies_to_jar(jar, request, refused.raw)
    again.prepare_cookies(jar)
    return again


def bare(request: Any, header: str) -> Any:
    """Copy the request for an exception, without token, the API's own headers, cookies and body."""
    copy = request.copy()
    copy.body = None
    copy.hooks = {}
    for name in (header, "Authorization", "Cookie", *_set_by_us(copy)):
        copy.headers.pop(name, None)
    return copy


def _set_by_us(request: Any) -> set[str]:
    return {name.lower() for name, value in request.headers.items() if is_hidden(value)}


def _peek(response: Any, limit: int, seconds: float | None) -> bool:
    """Read an answer; return False if it holds more than `limit` bytes, or takes longer, and put back what was read."""
    look = _Look(response, limit, seconds)
    if look.reads:
        pieces = response.iter_content(look.piece)
        for piece in pieces:
            if look.is_over(piece):
                pieces.close()
                break
    return look.ended(_Rest)


async def _apeek(response: Any, limit: int, seconds: float | None) -> bool:
    look = _Look(response, limit, seconds)
    if look.reads:
        try:
            pieces = await response.iter_content(look.piece)
            async for piece in pieces:
                if look.is_over(piece):
                    await pieces.aclose()
                    break
        except BaseException:
            await response.close()  # nobody else would
            raise
    return look.ended(_AsyncRest)


class _Look:
    """What was read of an answer, and whether that is too much."""

    def __init__(self, response: Any, limit: int, seconds: float | None) -> None:
        self._response, self._limit, self._seconds = response, limit, seconds
        self._pieces, self._size, self._start, self._over = list[bytes](), 0, monotonic(), False
        self._content = vars(response)["_content"]
        self.reads = self._content is False
        # The library waits for a whole piece, and only then is the time looked at.
        self.piece = _DRIP if seconds is not None else piece_size(response.headers.get("Content-Encoding"))

    def is_over(self, piece: bytes) -> bool:
        self._pieces.append(piece)
        self._size += len(piece)
        late = self._seconds is not None and monotonic() - self._start > self._seconds
        self._over = late or self._size > self._limit
        return self._over

    def ended(self, rest: type[_Rest]) -> bool:
        if not self.reads:
            return self._content is None or len(self._content) <= self._limit
        if self._over:
            self._response.raw = rest(self._pieces, self._response.raw)
        else:
            vars(self._response).update(_content=b"".join(self._pieces), _content_consumed=True)
        return not self._over


class _Rest:
    """A body of which some is read and decoded already, in the place of urllib3's."""

    def __init__(self, already: list[bytes], raw: Any) -> None:
        self.already, self._raw = already, raw

    def stream(self, amt: int | None = 1 << 16, decode_content: bool | None = None) -> Any:  # noqa: FBT001 - as urllib3 has it
        yield self._taken()
        if hasattr(self._raw, "stream"):
            yield from self._raw.stream(amt, decode_content=decode_content)
        else:
            yield from iter(partial(self._raw.read, amt), b"")

    def read(self, amt: int | None = None, **how: Any) -> Any:
        taken = self._taken()
        return taken if taken and amt is not None else taken + bytes(self._raw.read(amt, **how))

    def _taken(self) -> bytes:
        taken, self.already = b"".join(self.already), []
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class _AsyncRest(_Rest):
    """The same for one that is awaited."""

    @property  # type: ignore[misc]  # read by isinstance alone: niquests reads bodies of one class only
    def __class__(self) -> Any:
        return type(self._raw)

    async def read(self, amt: int | None = None, **how: Any) -> bytes:
        taken = self._taken()
        return taken if taken and amt is not None else taken + bytes(await self._raw.read(amt, **how))
