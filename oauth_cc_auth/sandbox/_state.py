"""What the authorization servers remember: clients, tokens, budgets. In memory, under one lock, never across I/O.

`Client`, `AccessToken` and `RefreshToken` answer the questions that authlib asks of its models.
"""

from __future__ import annotations

import hmac
import math
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from oauth_cc_auth.sandbox._knobs import Failure, Knobs
from oauth_cc_auth.sandbox._vendors import DAY, Vendor


@dataclass
class Client:
    """A registered client (RFC 6749 §2). `realm` is its vendor's name, or its host where no vendor is known."""

    realm: str
    vendor: Vendor = field(repr=False)
    client_id: str
    secret: str | None = field(repr=False)
    scopes: frozenset[str] | None
    decodes_basic: bool = True
    assertion_audience: str | None = None
    deleted: bool = False

    def check_client_secret(self, client_secret: str) -> bool:
        """Tell whether this is the secret, in constant time (RFC 6749 §10.10)."""
        return self.secret is not None and hmac.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - authlib's signature
        """Tell whether the vendor takes this method; none is for clients without a secret (RFC 6749 §3.2.1)."""
        return method in self.vendor.auth_methods and (method != "none" or not self.secret)

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use this grant: any that its vendor documents."""
        return grant_type in self.vendor.grant_types

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope that is granted when this one is asked for; None refuses it (RFC 6749 §3.3)."""
        asked = (scope or "").split()
        if self.scopes is None:
            return " ".join(asked)
        if not self.scopes.issuperset(asked) or (self.vendor.scope_required and not asked):
            return None
        return self.vendor.always_grants or " ".join(asked or sorted(self.scopes))


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


class State:
    """The memory of all authorization servers of one sandbox."""

    def __init__(self, knobs: Knobs, clock: Callable[[], float]) -> None:
        self.knobs = knobs
        self.clock = clock
        self.closing = threading.Event()
        self.lock = threading.RLock()
        self.clients: dict[tuple[str, str], Client] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.static_tokens: set[tuple[str, str, str]] = set()
        self.presentations: dict[str, set[tuple[str, str | None]]] = {}
        self.endpoints: dict[tuple[str, str], str] = {}
        self.seen_assertions: set[tuple[str, str]] = set()
        self.failures: list[Failure] = []
        self._issued: Counter[tuple[str, str, int]] = Counter()

    def client(self, realm: str, client_id: str) -> Client | None:
        """Return a client that is registered and not deleted."""
        client = self.clients.get((realm, client_id))
        return None if client is None or client.deleted else client

    def clients_called(self, client_id: str) -> Iterator[Client]:
        """Iterate over the clients with this id, at whatever vendor."""
        return (client for client in list(self.clients.values()) if client.client_id == client_id)

    def running_token(self, client: Client, scope: str, audience: tuple[str, ...]) -> AccessToken | None:
        """Return the youngest token that still works and answers the same request."""
        with self.lock:
            for token in reversed(self.access_tokens.values()):
                same = token.client is client and token.scope == scope and token.audience == audience
                if same and not token.revoked and not token.is_expired():
                    return token
        return None

    def save(self, token: AccessToken) -> None:
        """Keep a token that was issued; one that was handed out again stays as it is."""
        with self.lock:
            self.access_tokens.setdefault(token.value, token)

    def new_refresh_token(self, client: Client, scope: str, family: str | None = None) -> RefreshToken:
        """Issue a refresh token, of a new family unless it follows another."""
        return self.save_refresh_token(secrets.token_urlsafe(32), client, scope, family)

    def save_refresh_token(self, value: str, client: Client, scope: str, family: str | None = None) -> RefreshToken:
        """Keep a refresh token; one that is known stays as it is."""
        with self.lock:
            token = RefreshToken(value, client, scope, family or secrets.token_hex(8))
            return self.refresh_tokens.setdefault(value, token)

    def living_refresh_token(self, value: str) -> RefreshToken | None:
        """Return the refresh token if it may be used; the use of a dead one may end its family (RFC 9700 §4.14.2)."""
        with self.lock:
            token = self.refresh_tokens.get(value)
            if token is None or self._lives(token):
                return token
            if self.knobs.kill_family_on_reuse:
                self.kill_family(token.family)
            return None

    def use_refresh_token(self, token: RefreshToken, *, rotates: bool) -> bool:
        """Claim a refresh token for one renewal; of two that come at once the second loses, unless there is grace."""
        with self.lock:
            if self.living_refresh_token(token.value) is None:
                return False
            if rotates:
                token.used_at = min(token.used_at, self.clock())
            return True

    def kill_family(self, family: str) -> None:
        """End every refresh token of this family and every access token that came from it."""
        with self.lock:
            for refresh_token in self.refresh_tokens.values():
                refresh_token.dead = refresh_token.dead or refresh_token.family == family
            for access_token in self.access_tokens.values():
                access_token.revoked = access_token.revoked or access_token.family == family

    def delete(self, client: Client) -> None:
        """End a client and all its tokens."""
        with self.lock:
            client.deleted = True
            for access_token in self.access_tokens.values():
                access_token.revoked = access_token.revoked or access_token.client is client
            for refresh_token in self.refresh_tokens.values():
                refresh_token.dead = refresh_token.dead or refresh_token.client is client

    def spend_daily_budget(self, client: Client) -> float | None:
        """Count one token of today; None if there was one left, else the seconds until midnight UTC."""
        now = self.clock()
        today = int(now // DAY)
        with self.lock:
            key = (client.realm, client.client_id, today)
            if self._issued[key] >= self.knobs.daily_limit:
                return (today + 1) * DAY - now
            self._issued[key] += 1
            return None

    def next_failure(self, where: str, realm: str) -> Failure | None:
        """Return the failure that this request is to meet, if any, and count it."""
        with self.lock:
            for failure in self.failures:
                if failure.where == where and failure.vendor in {None, realm}:
                    if failure.spent():
                        self.failures.remove(failure)
                    return failure
        return None

    def _lives(self, token: RefreshToken) -> bool:
        # A token that was never used has `used_at` infinite, so that this holds for it too.
        return not token.dead and self.clock() < token.used_at + self.knobs.refresh_grace
