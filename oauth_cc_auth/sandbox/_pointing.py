"""A grant pointed at a sandbox: its origins are exchanged for the sandbox's, and its client is made known there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol, TypeVar

# A grant of oauth_cc_auth, or any frozen dataclass with the same fields.
G = TypeVar("G")

_ENDPOINTS = {"token_endpoint": "token", "revocation_endpoint": "revocation", "authorization_endpoint": "authorization"}


@dataclass(frozen=True)
class Registration:
    """What a sandbox has to know of a client: plain values, so that they can travel to another process.

    `auth_method` is the method's name, None for one that is a value; `audience` is that of its assertions.
    """

    client_id: str
    client_secret: str | None
    auth_method: str | None
    audience: str | None
    redirect_uri: str | None
    refresh_token: str | None
    scope: str | None


class Stage(Protocol):
    """A sandbox, in this process or in another."""

    def url(self, url: str) -> str:
        """Return a vendor's URL with its origin pointed at the sandbox."""

    def below(self, pattern: str) -> list[str]:
        """Return where the hosts below a domain are played whose URL was asked for so far."""

    def register_endpoint(self, url: str, kind: str, client: Registration) -> None:
        """Make a client known at an endpoint of a vendor."""

    def register_api(self, url: str, header: str, scheme: str | None, prefix: str, static_token: str | None) -> None:
        """Say how tokens are presented to an API, and which token made by hand it takes."""


def pointed(grant: G, at: Stage) -> G:
    """Return the grant with its origins pointed at the sandbox; its client is made known there."""
    asked: Any = grant
    changes: dict[str, Any] = {}
    client = registration_of(asked) if getattr(asked, "token_endpoint", None) else None
    for name, kind in _ENDPOINTS.items():
        endpoint = getattr(asked, name, None)
        if endpoint and client:
            metadata = not isinstance(endpoint, str)
            # A Discovery: the metadata names the endpoint.
            address = endpoint.url if metadata else endpoint
            moved = at.url(address)
            changes[name] = replace(endpoint, url=moved) if metadata else moved
            at.register_endpoint(address, "metadata" if metadata else kind, client)
    server = getattr(asked, "resource_server", None)
    if server is not None:
        changes["resource_server"] = _api(server, getattr(asked, "access_token", None), at)
    result: G = replace(asked, **changes)
    return result


def registration_of(grant: Any) -> Registration:
    """Return what a grant says of its client; a callable secret is asked once."""
    secret, method = grant.client_secret, grant.token_endpoint_auth_method
    return Registration(
        grant.client_id or "",
        (secret() if callable(secret) else secret) or None,
        method if isinstance(method, str) else None,
        getattr(method, "audience", None),
        getattr(grant, "redirect_uri", None),
        getattr(grant, "refresh_token", None),
        None if grant.scope is None else str(grant.scope),
    )


def _api(server: Any, static_token: str | None, at: Stage) -> Any:
    for url in (*(() if server.base_url is None else (server.base_url,)), *server.origins):
        at.register_api(url, server.header, server.scheme, server.prefix, static_token)
    base_url = server.base_url and at.url(server.base_url)
    told = server.base_url_of and Moved(server.base_url_of, at.url)
    # A host below a domain is played once its URL was asked for.
    several = (at.below(url) if "*" in url else [at.url(url)] for url in server.origins)
    return replace(server, base_url=base_url, origins=tuple(chain(*several)), base_url_of=told)


@dataclass(frozen=True)
class Moved:
    """What finds the API's base in a token's answer, pointed at the sandbox; it is the same for the same grant."""

    base_url_of: Callable[[Any], str | None]
    url: Callable[[str], str]

    def __call__(self, token: Any) -> str | None:
        """Return the API's base for this token, at the sandbox."""
        base_url = self.base_url_of(token)
        return None if base_url is None else self.url(base_url)
