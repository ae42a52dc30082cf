"""One HTTP request and its answer as values: what the token endpoint's protocol and the HTTP libraries exchange."""

from __future__ import annotations

from collections.abc import Mapping

from oauth_cc_auth._frozen import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to an endpoint of the authorization server; its URL holds a secret where the vendor wants it there."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Its answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
