"""Redirects of httpx and httpx2: what was set for the API is taken from a hop before it leaves for somewhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._http.hidden import is_hidden
from oauth_cc_auth._http.origin import origin_of

if TYPE_CHECKING:
    import httpx


class Trace:
    """The extension `trace` of a request: takes what we have set from each hop that leaves for a foreign origin.

    httpx takes Authorization from such a hop, and nothing else. Its transport calls the extension before it sends, with
    the request of that hop. A trace of the caller's is called too.
    """

    def __init__(
        self,
        request: httpx.Request,
        is_named: Callable[[str], bool],
        present: Callable[[str, str], Mapping[str, str]] | None = None,
    ) -> None:
        """Join the request; `is_named` tells whether an origin is one of the API's by name.

        `present` returns the headers that present the token for a method and a URL, where each request has its own.
        """
        theirs: Any = request.extensions.get("trace")
        # A request that is sent twice has ours already.
        self.theirs: Any = theirs.theirs if isinstance(theirs, Trace) else theirs
        self._home, self._is_named = origin_of(str(request.url)), is_named
        self._stripped: set[str] = set()
        self._present, self._asked = present, (request.method, str(request.url))
        request.extensions = {**request.extensions, "trace": self}

    def __call__(self, event: str, info: Mapping[str, Any]) -> Any:
        """Look at an event."""
        if event.endswith(".send_request_headers.started"):
            self._edit(info["request"])
        return self.theirs(event, info) if self.theirs else None

    def is_foreign(self, origin: str) -> bool:
        """Tell whether this is neither the origin that was asked, nor one of the API's by name."""
        return origin != self._home and not self._is_named(origin)

    def leaked(self, request: httpx.Request, header: str, sent: str) -> bool:
        """Tell whether a hop has carried the token to a foreign origin; what did not leave is taken from `request`."""
        origin = origin_of(str(request.url))
        if not self.is_foreign(origin):
            return False
        if origin not in self._stripped:
            # Of Authorization httpx itself takes care.
            return header.lower() != "authorization" and bool(request.headers.get(header) == sent)
        request.headers = type(request.headers)(_without_ours(request.headers.raw))
        return False

    def _edit(self, request: Any) -> None:
        """Edit the request on its way; by a proxy for plain http its target is a whole URL, and else a path."""
        url, host = request.url, request.url.host.decode("ascii")
        port = "" if url.port is None else f":{url.port}"
        asked = f"{url.scheme.decode()}://{f'[{host}]' if ':' in host else host}{port}/"
        target = url.target.decode("ascii")
        there = asked[:-1] + target if target.startswith(("/", "*")) else target
        origin = origin_of(there if "://" in there else asked)
        kept = _without_ours(request.headers)
        if len(kept) < len(request.headers) and self.is_foreign(origin):
            request.headers[:] = kept
            self._stripped.add(origin)
        elif self._present is None or len(kept) == len(request.headers):
            return  # there is no proof
        elif (request.method.decode("ascii"), there) != self._asked:
            self._renew(request, there)

    def _renew(self, request: Any, url: str) -> None:
        """Present the token anew to the hop of a redirect: a proof counts for one method and one URL."""
        assert self._present is not None  # noqa: S101 - for the type checker; the caller has looked
        fresh = {name.lower(): text for name, text in self._present(request.method.decode("ascii"), url).items()}
        if not {name.lower().decode("ascii") for name, _ in request.headers}.issuperset(fresh):
            return  # httpx took the token away
        for place, (name, _) in enumerate(request.headers):
            if (text := fresh.get(name.decode("ascii").lower())) is not None:
                request.headers[place] = (name, text.encode("ascii"))


class AsyncTrace(Trace):
    """The same for an async client, whose trace is awaited."""

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Look at an event."""
        told = super().__call__(event, info)
        if told is not None:
            await told


def _without_ours(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() == b"authorization" or not is_hidden(value)]
