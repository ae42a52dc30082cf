"""Which sources share a live token: the key, and the table of all live tokens in this process.

The key is the token request: every parameter that reaches the wire, length-prefixed, so that no two look alike. The
secret counts as an HMAC under a key that dies with the process; in a store's key it counts as a slow salted hash. A
caller with a wrong secret therefore never gets a token that was obtained with the right one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sys
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from types import MethodType
from weakref import WeakValueDictionary

from oauth_cc_auth._client_auth import ClientAuthMethod, PrivateKeyJWT
from oauth_cc_auth._grants import AuthorizationCode, ClientCredentials, Grant, StaticToken
from oauth_cc_auth._live_token import LiveToken
from oauth_cc_auth._secrets import Env, File
from oauth_cc_auth._token import Token

# Grants that nobody holds are kept for the next `auth=` built per call, least recently used out first. At about 1 kB
# each a full table is 16 MB.
TABLE_SIZE = 16_384

_process_key = secrets.token_bytes(32)
_lock = Lock()
_alive: WeakValueDictionary[Hashable, LiveToken] = WeakValueDictionary()
_recent: OrderedDict[Hashable, LiveToken] = OrderedDict()
# Logins whose rotating refresh token is nowhere but in memory: to drop one would lock its user out.
_logins: dict[Hashable, LiveToken] = {}


def live_token(grant: Grant, *own: object) -> LiveToken:
    """Return the live token of this grant; `own` are the user's store, session, client and clock, None if not given.

    What the user gave counts by identity, and such a live token lives as long as somebody holds it.
    """
    if isinstance(grant, StaticToken):
        return LiveToken(fixed=Token(grant.access_token, obtained_at=0.0))
    private = tuple(_Same(thing) for thing in own if thing is not None)
    # What a function writes depends on what it closes over, so functions count by identity.
    writers = {"": grant.token_endpoint_auth_method, **{name.lower(): value for name, value in grant.headers.items()}}
    made = tuple((name, _Same(writers[name])) for name in sorted(writers) if _is_code(writers[name]))
    given = tuple(thing is not None for thing in own)
    key = (_identity(grant), _secret_in_memory(grant), made, given, private)
    with _lock:
        live = _alive.get(key)
        if live is None:
            live = _alive[key] = LiveToken()
        if isinstance(grant, AuthorizationCode) and own[0] is None:
            _logins[key] = live
        elif not private:
            _recent[key] = live
            _recent.move_to_end(key)
            if len(_recent) > TABLE_SIZE:
                _recent.popitem(last=False)
    return live


def forget_all() -> None:
    """Forget every token of this process, and every refusal and pause that was remembered; for tests."""
    with _lock:
        everyone = list(_alive.values())
        _recent.clear()
        _logins.clear()
    for live in everyone:
        with live.lock:
            live.reset()
    if budget := sys.modules.get("oauth_cc_auth._budget"):
        budget.forget()


def store_key(grant: ClientCredentials | AuthorizationCode, secret: str | None) -> str:
    """Return the name of this grant's entry in a store; it tells nothing about the secret.

    scrypt at its usual interactive cost takes 50 ms, once per process, and as long for each guess of somebody who has
    the store and looks for the secret.
    """
    identity = _identity(grant)
    if secret is None:
        return identity.hex()
    return slow_hash(secret, identity)


def slow_hash(secret: str, salt: bytes) -> str:
    """Return what may stand for a secret in a store: scrypt (RFC 7914) at its usual interactive cost."""
    return hashlib.scrypt(secret.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=32).hex()


def _identity(grant: ClientCredentials | AuthorizationCode) -> bytes:
    """Digest what the token request says, but for the client's secret."""
    endpoint = grant.token_endpoint
    parts = ["", endpoint] if isinstance(endpoint, str) else ["metadata", endpoint.url]
    parts += ["" if grant.client_id is None else f"={grant.client_id}", _method(grant.token_endpoint_auth_method)]
    if isinstance(grant, AuthorizationCode):
        # A first refresh token tells two logins apart, whose users must never get each other's token.
        parts += ["login", grant.refresh_token or "", "" if grant.login is None else f"={grant.login}"]
    else:
        parts += ["client", grant.grant_type or ""]
    form = grant.token_request
    parts += [str(grant.scope or ""), form.method, str(form.body), form.scope_separator]
    headers = [
        (name.lower(), value if isinstance(value, str) else _named(value)) for name, value in grant.headers.items()
    ]
    names = [(name, "" if written is None else f"={written}") for name, written in form.names.items()]
    for pairs in (grant.common_parameters(), headers, names, [(name, "") for name in form.query]):
        parts += [str(len(pairs)), *(text for pair in sorted(pairs) for text in pair)]
    digest = hashlib.blake2b(digest_size=32)
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


def _is_code(thing: object) -> bool:
    return callable(thing) and not isinstance(thing, (PrivateKeyJWT, Env, File))


def _named(function: object) -> str:
    """Return what stands for a function in a key: its name, where that is the same in every process."""
    if isinstance(function, (Env, File)):
        return repr(function)
    name = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '<object>')}"
    # A name inside a function, or of an object, does not tell what it closes over: shared with nobody else.
    return f"{name}:{_process_key.hex()}:{id(function)}" if "<" in name else name


def _method(method: ClientAuthMethod) -> str:
    if isinstance(method, str):
        return method
    if not isinstance(method, PrivateKeyJWT):
        return _named(method)
    settings = (type(method).__name__, method.alg, method.kid, method.audience, method.lifetime, method.name_client)
    return repr((*settings, dict(method.claims), dict(method.headers)))


def _secret_in_memory(grant: ClientCredentials | AuthorizationCode) -> Hashable:
    secret = grant.client_secret
    if isinstance(secret, str):
        return fingerprint(secret)
    # Where it comes from is no secret, and the same for all that read it there.
    return secret if secret is None or isinstance(secret, (Env, File)) else _Same(secret)


def fingerprint(secret: str) -> bytes:
    """Return what stands for a secret in this process: of no use to anybody outside it, and not reversible."""
    return hmac.digest(_process_key, secret.encode(), "sha256")


class _Same:
    """A thing that equals itself alone, whatever its class says about equality."""

    __slots__ = ("_parts",)

    def __init__(self, thing: object) -> None:
        # A bound method is made anew each time it is looked up; what it is bound to, and its function, are not.
        self._parts = (thing.__self__, thing.__func__) if isinstance(thing, MethodType) else (thing,)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Same)
            and len(self._parts) == len(other._parts)
            and all(mine is theirs for mine, theirs in zip(self._parts, other._parts, strict=True))
        )

    def __hash__(self) -> int:
        return hash(tuple(map(id, self._parts)))


def _start_over_in_child() -> None:
    # A lock may have been held, and a flight in the air, by a thread that the child does not have.
    global _lock  # noqa: PLW0603 - the module's one lock
    _lock = Lock()
    for live in list(_alive.values()):
        live.lock = Lock()
        live.flight = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_in_child)
