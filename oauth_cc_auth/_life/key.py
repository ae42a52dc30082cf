"""Which sources share a live token: the key.

The key is the token request: every field of a grant counts unless it is listed here, and so does a field that is added
tomorrow. The secret counts as an HMAC under a key that dies with the process; in a store's key everything counts as a
slow salted hash. A caller with a wrong secret therefore never gets a token that was obtained with the right one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Mapping
from types import MethodType
from typing import cast
from weakref import ref

from oauth_cc_auth._frozen import replace
from oauth_cc_auth._grant.client_authentication import WITHOUT_SECRET
from oauth_cc_auth._grant.hashes import fingerprint, keyed_digest, stored_hash
from oauth_cc_auth._grant.secret import Env, File
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._life.canonical import Canonical
from oauth_cc_auth._resource_server.error_format import RFC_6749
from oauth_cc_auth.errors import ConfigurationError

# The fields of a grant that neither reach the token request nor shape its answer.
UNCOUNTED = frozenset(
    {
        # Of the API, and of how a token is revoked.
        *("resource_server", "revocation_endpoint", "revocation_endpoint_auth_method", "revocation_request"),
        # Of a user's way to a login, which is the same login afterwards.
        *("authorization_endpoint", "redirect_uri", "how_to_log_in"),
        # Judged before anything is sent.
        *("allow_insecure_http", "issuance_limit"),
        # For people who read messages.
        *("vendor", "variables"),
        # Counted as a hash.
        "client_secret",
    }
)

_CERTIFICATE_METHODS = WITHOUT_SECRET - {"none"}


class _OfGrant(Canonical):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(UNCOUNTED)

    def write_field(self, path: str, value: object) -> None:
        if path == "headers":
            headers = cast("Mapping[str, object]", value)
            names = sorted(headers, key=lambda name: (name.lower(), name))
            self.write(path, [name.lower() for name in names])
            for name in names:
                self.write(f"headers[{name.lower()!r}]", _as_sent(headers[name]))
        else:
            super().write_field(path, value)


def _as_sent(value: object) -> object:
    # `Env` and `File` count by what they hold now, since a tenant's name may stand there. A secret counts otherwise: it
    # is the same client's after it was rotated.
    return ["read", _read(cast("Callable[[], str]", value))] if isinstance(value, (Env, File)) else value


def _read(source: Callable[[], str]) -> str | None:
    try:
        return source()
    except Exception:  # noqa: BLE001 - the token request will say what is wrong, in its own words
        return None


class _InMemory(_OfGrant):
    """Functions count by identity: what a function writes depends on what it closes over."""

    __slots__ = ("functions",)

    def __init__(self) -> None:
        super().__init__()
        self.functions: list[Same] = []

    def stand_for(self, _: str, value: object) -> str:
        # A source counts by the token that it shares.
        self.functions.append(Same(getattr(getattr(value, "_serving", None), "live", value)))
        return ""


class _Stored(_OfGrant):
    """Functions count by the name under which every process finds them."""

    __slots__ = ("unnamed",)

    def __init__(self) -> None:
        super().__init__()
        self.unnamed: list[str] = []

    def stand_for(self, path: str, value: object) -> str:
        grant = getattr(value, "grant", None)
        if isinstance(grant, TokenEndpointGrant):  # a source, whose token stands in this request
            inner = _Stored()
            inner.write_fields("", _without_errors(grant))
            inner.write("client_secret", grant.client_secret)
            self.unnamed += [f"{path}.grant.{name}" for name in inner.unnamed]
            return inner.written().hex()
        name = name_of(value)
        if name is None:
            self.unnamed.append(path)
        return name or ""


def key_in_memory(grant: TokenEndpointGrant, *, ask: bool) -> Hashable:
    """Return what equals itself for the same token request, in this process only; it holds no secret.

    With `ask` a user's function that returns the secret is called, where the secret alone says which client it is.
    """
    writer = _InMemory()
    writer.write_fields("", grant)
    return keyed_digest(writer.written()), _secret_in_memory(grant, ask=ask), tuple(writer.functions)


def _secret_in_memory(grant: TokenEndpointGrant, *, ask: bool) -> Hashable:
    secret = grant.client_secret
    if secret is None or isinstance(secret, str):
        return None if secret is None else fingerprint(secret)
    # Where it comes from is no secret, and the same for all that read it there.
    kept = isinstance(secret, (Env, File))
    known = _read(secret) if grant.client_id is None and (kept or ask) else None
    return secret if kept else Same(secret), None if known is None else fingerprint(known)


def reads_anew(grant: TokenEndpointGrant) -> bool:
    """Tell whether the key of this grant depends on what is read at the moment."""
    nameless = grant.client_id is None and callable(grant.client_secret)
    return nameless or any(isinstance(value, (Env, File)) for value in grant.headers.values())


def store_key(grant: TokenEndpointGrant, secret: str | None, lent: object = None) -> str:
    """Return the name of this grant's entry in a store; it tells nothing about what is secret in the request.

    `lent` is the session or client that sends the request, and may add to it. Raises ConfigurationError where two
    different token requests would have one name. The slow hash takes 50 ms, once per process, and as long for each
    guess of somebody who has the store and looks for a secret.
    """
    return stored_hash(secret, _stored(grant, lent))


def check_storable(grant: TokenEndpointGrant, lent: object) -> None:
    """Raise ConfigurationError for a grant whose token a store might give to somebody else."""
    _stored(grant, lent)


def _stored(grant: TokenEndpointGrant, lent: object) -> bytes:
    writer = _Stored()
    writer.write_fields("", _without_errors(grant))
    if writer.unnamed:
        message = (
            f"{', '.join(writer.unnamed)}: a store cannot tell what this function writes, nor whose token it is: "
            "define it with def at the top level of a module."
        )
        raise ConfigurationError(message)
    # However a login is renewed, it stays the same login.
    if lent is not None and not grant.refreshes:
        from oauth_cc_auth._http.lent_identity import identity_of  # noqa: PLC0415 - for those who lend and store only

        adds = identity_of(lent, str(grant.token_endpoint), grant.headers)
        method = grant.token_endpoint_auth_method
        if adds.hides_certificate and method in _CERTIFICATE_METHODS and not grant.client_secret:
            message = (
                f"store: {method} proves the client by its certificate, which cannot be read back from what you lend, "
                "so a store could give the token to another client. Lend a requests.Session with `cert` set, or pass "
                "a name for the certificate, such as its fingerprint, as client_secret; this method does not send it."
            )
            raise ConfigurationError(message)
        if adds.headers or adds.certificate:
            writer.write("lent", [adds.headers, adds.certificate])
    return writer.written()


def _without_errors(grant: TokenEndpointGrant) -> TokenEndpointGrant:
    # How a refusal reads shapes no token: a login in a store must survive a preset that learns to read another error.
    form = grant.token_response
    if form.errors is RFC_6749 and form.limit_reached is None:
        return grant
    return replace(grant, token_response=replace(form, errors=RFC_6749, limit_reached=None))


def name_of(function: object) -> str | None:
    """Return the name by which every process finds this very function, None where there is no such name."""
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    found: object = sys.modules.get(module or "")
    # A script's module is called __main__ in each script.
    home = getattr(found, "__file__", None) if module == "__main__" else module
    for name in path.split("."):
        found = getattr(found, name, None)
    return f"{home}:{path}" if found is function and home else None


class Same:
    """A thing that equals itself alone, whatever its class says about equality."""

    __slots__ = ("_hash", "_parts")

    def __init__(self, thing: object) -> None:
        # A bound method is made anew each time it is looked up; what it is bound to, and its function, are not.
        parts = (thing.__self__, thing.__func__) if isinstance(thing, MethodType) else (thing,)
        # Weakly: a session may hold the very source that it is lent to, and must not live for ever.
        self._parts, self._hash = tuple(map(_weakly, parts)), hash(tuple(map(id, parts)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Same) or len(self._parts) != len(other._parts):
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
