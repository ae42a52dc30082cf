"""Which sources share a live token: the key.

The key is the token request: every parameter that reaches the wire, length-prefixed, so that no two look alike. The
secret counts as an HMAC under a key that dies with the process; in a store's key it counts as a slow salted hash. A
caller with a wrong secret therefore never gets a token that was obtained with the right one.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Hashable
from dataclasses import fields
from types import MethodType
from weakref import ref

from oauth_cc_auth._grant.client_authentication import ClientAuthMethod, PrivateKeyJWT
from oauth_cc_auth._grant.hashes import fingerprint, slow_hash
from oauth_cc_auth._grant.secret import Env, File
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant


def store_key(grant: TokenEndpointGrant, secret: str | None) -> str:
    """Return the name of this grant's entry in a store; it tells nothing about the secret.

    scrypt at its usual interactive cost takes 50 ms, once per process, and as long for each guess of somebody who has
    the store and looks for the secret.
    """
    name = identity(grant)
    return name.hex() if secret is None else slow_hash(secret, name)


def identity(grant: TokenEndpointGrant) -> bytes:
    """Digest what the token request says, but for the client's secret."""
    endpoint = grant.token_endpoint
    parts = ["", endpoint] if isinstance(endpoint, str) else ["metadata", endpoint.url]
    parts += ["" if grant.client_id is None else f"={grant.client_id}", _method(grant.token_endpoint_auth_method)]
    # A first refresh token tells two logins apart, whose users must never get each other's token.
    for name in ("grant_type", "refresh_token", "login"):
        value = getattr(grant, name, None)
        parts += [name, "" if value is None else f"={value}"]
    form = grant.token_request
    parts += [grant.issuer or "", str(grant.scope or ""), form.method, str(form.body), form.scope_separator]
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


def written_by(grant: TokenEndpointGrant) -> dict[str, object]:
    """Return what may be a function that writes a part of the token request, by a name of that part."""
    headers = {f"headers[{name.lower()!r}]": value for name, value in grant.headers.items()}
    method = grant.token_endpoint_auth_method
    signer = {"signer": method.signer} if isinstance(method, PrivateKeyJWT) else {}
    return {"token_endpoint_auth_method": method, **signer, **headers}


def is_code(thing: object) -> bool:
    return callable(thing) and not isinstance(thing, (PrivateKeyJWT, Env, File))


def name_of(function: object) -> str | None:
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
    return repr(function) if isinstance(function, (Env, File)) else name_of(function) or "a function"


def _method(method: ClientAuthMethod) -> str:
    if isinstance(method, str):
        return method
    if not isinstance(method, PrivateKeyJWT):
        return _named(method)
    said = {each.name: getattr(method, each.name) for each in fields(method)}
    said |= {"claims": dict(method.claims), "headers": dict(method.headers)}
    said |= {name: _named(said[name]) for name in ("signer", "certificate") if callable(said[name])}
    return repr((type(method).__name__, said))


def secret_in_memory(grant: TokenEndpointGrant) -> Hashable:
    secret = grant.client_secret
    if isinstance(secret, str):
        return fingerprint(secret)
    # Where it comes from is no secret, and the same for all that read it there.
    return secret if secret is None or isinstance(secret, (Env, File)) else Same(secret)


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
