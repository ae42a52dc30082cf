"""Which sources share a live token: the key, and the table of all live tokens in this process.

The key is the token request: every parameter that reaches the wire, length-prefixed, so that no two look alike. The
secret counts as an HMAC under a key that dies with the process; in a store's key it counts as a slow salted hash. A
caller with a wrong secret therefore never gets a token that was obtained with the right one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import BoundedSemaphore, Lock, RLock
from types import MethodType
from weakref import WeakValueDictionary, ref

from oauth_cc_auth._background import after_fork_in_child
from oauth_cc_auth._client_auth import ClientAuthMethod, PrivateKeyJWT
from oauth_cc_auth._grants import AuthorizationCode, ClientCredentials, Grant, StaticToken
from oauth_cc_auth._live_token import LiveToken
from oauth_cc_auth._secrets import Env, File
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError

# Grants that nobody holds are kept for the next `auth=` built per call, least recently used out first. At about 1 kB
# each a full table is 16 MB.
TABLE_SIZE = 16_384

_process_key = secrets.token_bytes(32)
_lock = Lock()
# Each slow hash takes 16 MiB: a thousand grants that are asked for at once must not take 16 GiB.
_hashing = BoundedSemaphore(2)
_alive: WeakValueDictionary[Hashable, LiveToken] = WeakValueDictionary()
_recent: OrderedDict[Hashable, LiveToken] = OrderedDict()
# Logins whose last refresh token is nowhere but in memory: to drop one would lock its user out.
_logins: dict[int, LiveToken] = {}


def live_token(grant: Grant, *own: object) -> LiveToken:
    """Return the live token of this grant; `own` are the user's store, session, client and clock, None if not given.

    What the user gave counts by identity, and such a live token lives as long as somebody holds it. How a login's token
    is asked for does not count: its refresh token must not be spent twice. Raises ConfigurationError for a store that
    could not tell what a function of the grant writes.
    """
    if isinstance(grant, StaticToken):
        return LiveToken(fixed=Token(grant.access_token, obtained_at=0.0))
    store, session, client, clock = own
    if isinstance(grant, AuthorizationCode):
        session = client = None
    counted = (store, session, client, clock)
    private = tuple(_Same(thing) for thing in counted if thing is not None)
    # What a function writes depends on what it closes over, so functions count by identity.
    code = {name: value for name, value in _written_by(grant).items() if _is_code(value)}
    if store is not None and (unnamed := [name for name, value in code.items() if _name_of(value) is None]):
        message = (
            f"{', '.join(unnamed)}: a store cannot tell what this function writes, nor so whose token it keeps. "
            "Define it with def at the top level of a module."
        )
        raise ConfigurationError(message)
    made = tuple((name, _Same(code[name])) for name in sorted(code))
    given = tuple(thing is not None for thing in counted)
    key = (_identity(grant), _secret_in_memory(grant), made, given, private)
    with _lock:
        live = _alive.get(key)
        if live is None:
            live = _alive[key] = LiveToken()
        if not private:
            _recent[key] = live
            _recent.move_to_end(key)
            if len(_recent) > TABLE_SIZE:
                _recent.popitem(last=False)
    return live


def hold_on(live: LiveToken) -> None:
    """Keep a login for as long as the process lives, or until it is ended."""
    with _lock:
        _logins[id(live)] = live


def let_go(live: LiveToken) -> None:
    """Take note that a login has ended."""
    with _lock:
        _logins.pop(id(live), None)


def forget_all() -> None:
    """Forget every token of this process, and every refusal and pause that was remembered; for tests."""
    with _lock:
        everyone = list(_alive.values())
        _recent.clear()
        _logins.clear()
    for live in everyone:
        with live.lock:
            live.reset()
    for room in ("oauth_cc_auth._budget", "oauth_cc_auth._login"):
        if loaded := sys.modules.get(room):
            loaded.forget()


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
    with _hashing:
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
    # Not of the request; but who takes another member of the answer has another token.
    parts.append(grant.token_response.access_token)
    headers = [
        (name.lower(), f"={value}" if isinstance(value, str) else _named(value))
        for name, value in grant.headers.items()
    ]
    names = [(name, "" if written is None else f"={written}") for name, written in form.names.items()]
    for pairs in (grant.common_parameters(), headers, names, [(name, "") for name in form.query]):
        parts += [str(len(pairs)), *(text for pair in sorted(pairs) for text in pair)]
    digest = hashlib.blake2b(digest_size=32)
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


def _written_by(grant: ClientCredentials | AuthorizationCode) -> dict[str, object]:
    """Return what may be a function that writes a part of the token request, by a name of that part."""
    headers = {f"headers[{name.lower()!r}]": value for name, value in grant.headers.items()}
    return {"token_endpoint_auth_method": grant.token_endpoint_auth_method, **headers}


def _is_code(thing: object) -> bool:
    return callable(thing) and not isinstance(thing, (PrivateKeyJWT, Env, File))


def _name_of(function: object) -> str | None:
    """Return the name by which every process finds this very function, None where there is no such name."""
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    found: object = sys.modules.get(module or "")
    # A script's module is called __main__ in each script.
    home = getattr(found, "__file__", None) if module == "__main__" else module
    for name in path.split("."):
        found = getattr(found, name, None)
    return f"{home}:{path}" if found is function and home else None


def _named(function: object) -> str:
    """Return what stands for a function in a key; one without a name counts by identity, in memory only."""
    return repr(function) if isinstance(function, (Env, File)) else _name_of(function) or "a function"


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

    __slots__ = ("_hash", "_parts")

    def __init__(self, thing: object) -> None:
        # A bound method is made anew each time it is looked up; what it is bound to, and its function, are not.
        parts = (thing.__self__, thing.__func__) if isinstance(thing, MethodType) else (thing,)
        # Weakly: a session may hold the very source that it is lent to, and must not live for ever.
        self._parts, self._hash = tuple(map(_weakly, parts)), hash(tuple(map(id, parts)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same) or len(self._parts) != len(other._parts):
            return False
        pairs = [(mine(), theirs()) for mine, theirs in zip(self._parts, other._parts, strict=True)]
        return all(mine is not None and mine is theirs for mine, theirs in pairs)

    def __hash__(self) -> int:
        return self._hash


def _weakly(thing: object) -> Callable[[], object]:
    try:
        return ref(thing)
    except TypeError:  # not everything can be referred to so
        return lambda: thing


def _start_over_in_child() -> None:
    # A lock may have been held, and a flight in the air, by a thread that the child does not have.
    global _lock, _hashing
    _lock, _hashing = Lock(), BoundedSemaphore(2)
    for live in list(_alive.values()):
        live.lock = RLock()
        live.flight = None


after_fork_in_child(_start_over_in_child)
