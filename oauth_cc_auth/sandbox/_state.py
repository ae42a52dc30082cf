"""What the authorization servers remember: clients, codes, tokens, budgets. In memory, one lock, never across I/O."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator

from oauth_cc_auth.sandbox._knobs import Failure, Knobs
from oauth_cc_auth.sandbox._models import AccessToken, Client, Code, RefreshToken

# Seconds that an authorization code lives: time for one request, far below the ten minutes of RFC 6749 §4.1.2.
CODE_LIFETIME = 60


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
        self.codes: dict[str, Code] = {}
        self.static_tokens: set[tuple[str, str, str]] = set()
        self.presentations: dict[str, set[tuple[str, str | None, str]]] = {}
        self.endpoints: dict[tuple[str, str], str] = {}
        self.seen_guids: set[str] = set()
        self.seen_assertions: set[tuple[str, str]] = set()
        self.failures: list[Failure] = []
        # The sandbox's address of a vendor's URL; known once there are addresses.
        self.url: Callable[[str], str] = str
        self.signing_key = secrets.token_hex(32)
        self._issued: Counter[tuple[str, str, tuple[str, ...], int]] = Counter()
        self._ended_families: set[str] = set()

    def client(self, realm: str, client_id: str) -> Client | None:
        """Return a client that is registered and not deleted."""
        client = self.clients.get((realm, client_id))
        return None if client is None or client.deleted else client

    def client_with_secret(self, realm: str, secret: str) -> Client | None:
        """Return the client that has this secret, for vendors that know clients by nothing else."""
        there = (client for (where, _), client in list(self.clients.items()) if where == realm and not client.deleted)
        return next((client for client in there if client.check_client_secret(secret)), None)

    def clients_called(self, client_id: str) -> Iterator[Client]:
        """Iterate over the clients with this id, at whatever vendor."""
        return (client for client in list(self.clients.values()) if client.client_id == client_id)

    def running_token(
        self, client: Client, scope: str, audience: tuple[str, ...], family: str | None, *, left: float
    ) -> AccessToken | None:
        """Return the youngest token of a login, or of none, that works so many seconds more and answers the request."""
        with self.lock:
            for token in reversed(self.access_tokens.values()):
                same = token.client is client and token.scope == scope and token.audience == audience
                if same and token.family == family and not token.revoked and token.expires_at - self.clock() > left:
                    return token
        return None

    def save(self, token: AccessToken) -> None:
        """Keep a token that was issued; one that was handed out again stays as it is."""
        with self.lock:
            self.access_tokens.setdefault(token.value, token)
            token.revoked = token.revoked or token.family in self._ended_families

    def save_code(self, code: Code) -> None:
        """Keep an authorization code."""
        with self.lock:
            self.codes[code.value] = code

    def living_code(self, value: str, client: Client) -> Code | None:
        """Return the code if this client may exchange it; a second use ends what came of the first (§4.1.2)."""
        with self.lock:
            code = self.codes.get(value)
            if code is None or code.client is not client:
                return None
            if code.used:
                self.kill_family(code.family)
            return None if code.used or self.clock() >= code.expires_at else code

    def use_code(self, code: Code) -> bool:
        """Claim a code for one exchange; of two that come at once the second loses, for both."""
        with self.lock:
            claimed = self.living_code(code.value, code.client) is not None
            code.used = True
            return claimed

    def new_refresh_token(self, client: Client, scope: str, family: str | None = None) -> RefreshToken:
        """Issue a refresh token, of a new family unless it follows another."""
        return self.save_refresh_token(secrets.token_urlsafe(32), client, scope, family)

    def save_refresh_token(self, value: str, client: Client, scope: str, family: str | None = None) -> RefreshToken:
        """Keep a refresh token; one that is known stays as it is."""
        with self.lock:
            token = RefreshToken(value, client, scope, family or new_family())
            token.dead = token.family in self._ended_families
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
        """End every refresh token of this family and every access token that came from it, the next ones included.

        The next ones: a request that was overtaken here is about to save the tokens that it has made.
        """
        with self.lock:
            self._ended_families.add(family)
            for refresh_token in self.refresh_tokens.values():
                refresh_token.dead = refresh_token.dead or refresh_token.family == family
            for access_token in self.access_tokens.values():
                access_token.revoked = access_token.revoked or access_token.family == family

    def delete(self, client: Client) -> None:
        """End a client and all its tokens."""
        with self.lock:
            client.deleted = True
            self.codes = {value: code for value, code in self.codes.items() if code.client is not client}
            for access_token in self.access_tokens.values():
                access_token.revoked = access_token.revoked or access_token.client is client
            for refresh_token in self.refresh_tokens.values():
                refresh_token.dead = refresh_token.dead or refresh_token.client is client

    def spend(self, client: Client, what: tuple[str, ...], count: int, seconds: int) -> float | None:
        """Count one token for this in this window of time; None if one was left, else the seconds until the next."""
        now = self.clock()
        window = int(now // seconds)
        with self.lock:
            key = (client.realm, client.client_id, what, window)
            if self._issued[key] >= count:
                return (window + 1) * seconds - now
            self._issued[key] += 1
            return None

    def revoke_others(self, token: AccessToken) -> None:
        """Revoke all tokens of this one's client but this one."""
        with self.lock:
            for other in self.access_tokens.values():
                other.revoked = other.revoked or (other.client is token.client and other is not token)

    def is_new(self, guid: str) -> bool:
        """Tell whether this was in no request before, and remember it."""
        with self.lock:
            seen = guid in self.seen_guids
            self.seen_guids.add(guid)
            return not seen

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


def new_family() -> str:
    """Return a name for what comes of one login."""
    return secrets.token_hex(8)
