"""Clients, codes and tokens of the sandbox: they answer the questions that authlib asks of its models."""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from oauth_cc_auth.sandbox._vendor import BASIC, BASIC_RAW, CLIENT_SECRET_JWT, PRIVATE_KEY_JWT, Vendor


@dataclass
class Client:
    """A registered client (RFC 6749 §2). `realm` is its vendor's name, or its host where no vendor is known.

    `home` is where it is at home, for vendors that have several such places and tell. `only_at` is the one host that
    knows it, for vendors whose environments have clients of their own; None: all of the vendor's hosts do.
    """

    realm: str
    vendor: Vendor = field(repr=False)
    client_id: str
    secret: str | None = field(repr=False)
    scopes: frozenset[str] | None
    decodes_basic: bool = True
    assertion_audience: str | None = None
    home: str | None = None
    only_at: str | None = None
    deleted: bool = False
    redirect_uris: set[str] = field(default_factory=set)

    def is_known_at(self, host: str) -> bool:
        """Tell whether this host of the vendor's knows the client."""
        return self.only_at in {None, host}

    def check_client_secret(self, client_secret: str) -> bool:
        """Tell whether this is the secret, in constant time (RFC 6749 §10.10)."""
        return self.secret is not None and hmac.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether the vendor takes this method; none is for clients without a secret (RFC 6749 §3.2.1)."""
        if method == "none":
            return not self.secret and (self.vendor.public_login or method in self.vendor.auth_methods)
        taken = self.vendor.auth_methods
        if endpoint == "revocation" and self.vendor.revocation_auth_methods is not None:
            taken = self.vendor.revocation_auth_methods
        elif self.vendor.credentials is not None:
            return method == "own"
        # authlib's names are fewer: how Basic is encoded and an assertion signed is looked at where they are read.
        finer = {BASIC: {BASIC_RAW}, "client_assertion_jwt": {PRIVATE_KEY_JWT, CLIENT_SECRET_JWT}}
        return not taken.isdisjoint({method, *finer.get(method, ())})

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use this grant: any that its vendor documents, if it proves itself (§4.4)."""
        only_logs_in = self.vendor.public_login and self.secret is None
        return grant_type in self.vendor.grant_types and not (only_logs_in and grant_type == "client_credentials")

    def check_response_type(self, response_type: str) -> bool:  # noqa: ARG002 - authlib's signature
        """Leave the response type to the grant, which can refuse it without repeating what was sent."""
        return True

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Tell whether an answer may go there: a registered address, or any port of loopback (RFC 8252 §7.3)."""
        return redirect_uri in self.redirect_uris or _is_loopback(redirect_uri)

    def get_default_redirect_uri(self) -> str | None:
        """Return where answers go if the request does not say: the registered address, if it is the only one."""
        return next(iter(self.redirect_uris)) if len(self.redirect_uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope that is granted when this one is asked for; None refuses it (RFC 6749 §3.3)."""
        asked = (scope or "").split()
        if self.vendor.scope_required and not asked:
            return None
        if self.scopes is None:
            return self.vendor.always_grants or " ".join(asked)
        known = [name for name in asked if any(fnmatchcase(name, s) for s in self.scopes | self.vendor.login_scopes)]
        if len(known) < len(asked) and (not self.vendor.drops_scopes or not known):
            return None
        # A pattern is no scope that one could grant.
        return self.vendor.always_grants or " ".join(known or sorted(name for name in self.scopes if "*" not in name))

    def get_renewable_scope(self, scope: str | None) -> str:
        """Return the scope behind a refresh token: a renewal may ask for what the login asked for, or what it got."""
        granted = self.get_allowed_scope(scope) or ""
        return " ".join(dict.fromkeys([*(scope or "").split(), *granted.split()]))


@dataclass
class Code:
    """An authorization code (RFC 6749 §4.1.2): good for one exchange, by one client, with the same redirect_uri.

    `redirect_uri` is None where the request named none. `asked` is the scope of the request, `scope` what was granted.
    """

    value: str = field(repr=False)
    client: Client
    redirect_uri: str | None
    asked: str | None
    scope: str
    code_challenge: str | None = field(repr=False)
    code_challenge_method: str | None
    family: str = field(repr=False)
    expires_at: float
    used: bool = False

    def get_redirect_uri(self) -> str | None:
        """Return what the exchange has to repeat."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the granted scope."""
        return self.scope


@dataclass
class AccessToken:
    """An access token that was issued."""

    value: str = field(repr=False)
    client: Client
    scope: str
    audience: tuple[str, ...]
    expires_at: float
    clock: Callable[[], float] = field(repr=False)
    family: str | None = None
    revoked: bool = False

    def check_client(self, client: Client) -> bool:
        """Tell whether it was issued to this client."""
        return self.client is client

    def get_scope(self) -> str:
        """Return the granted scope."""
        return self.scope

    def is_expired(self) -> bool:
        """Tell whether its life is over."""
        return self.clock() >= self.expires_at

    def is_revoked(self) -> bool:
        """Tell whether it was taken back before its time."""
        return self.revoked


@dataclass
class RefreshToken:
    """A refresh token; the ones that followed from one login are a family (RFC 9700 §4.14.2)."""

    value: str = field(repr=False)
    client: Client
    scope: str
    family: str = field(repr=False)
    used_at: float = math.inf
    dead: bool = False

    def check_client(self, client: Client) -> bool:
        """Tell whether it was issued to this client."""
        return self.client is client

    def get_scope(self) -> str:
        """Return the scope that may be asked for again (RFC 6749 §6)."""
        return self.scope


def _is_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    # Spaces, backslashes and user names are what browsers and servers read differently (RFC 9700 §4.1.3).
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \\@#")
    return plain and parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1"} and port != 0
