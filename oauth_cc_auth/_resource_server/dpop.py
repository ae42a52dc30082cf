"""DPoP (RFC 9449): each proof is made here, and put on a call of the API here; on a token request by `proofs`.

Each is one small JWT for one method and one URL, with the nonce that its server has given out. It proves that its
sender holds the key that the token is bound to.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from oauth_cc_auth._frozen import KW_ONLY, dataclass, field, replace
from oauth_cc_auth._http.origin import origin_of
from oauth_cc_auth._http.quiet_logs import hide_headers
from oauth_cc_auth._resource_server.nonces import Nonces, Role, put
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth._signature import (
    SigningKey,
    base64url,
    by_signer,
    check_alg,
    encoded,
    generated_jwk,
    public_jwk,
    read_key,
)
from oauth_cc_auth._threads import after_fork_in_child
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError

# Under which name a store that encrypts keeps the key with its token.
_KEY = "dpop_jwk"


@dataclass(frozen=True, slots=True)
class DPoP:
    """Proof of possession for a grant's tokens (RFC 9449): a copied token is of no use to anybody else.

    key: the private key, as PEM or JWK; by default one is generated. An EncryptedStore keeps that with the token; any
        other store needs a given key.
    alg: the algorithm of the proofs: ES256, ES384, ES512, EdDSA, RS256 or PS256.
    signer: a function that signs for a key that never leaves its vault; `key` is then the public JWK.
    htu: a function of the request's URL that returns the claim ``htu``, for servers that compare it in their own way.
    allow_bearer: accept a token that the server did not bind; it is then sent without proofs.

    Raises ConfigurationError, naming the argument, for a key that does not fit the algorithm.
    """

    _: KW_ONLY
    key: str | Mapping[str, Any] | None = field(default=None, repr=False)
    alg: str = "ES256"
    signer: Callable[[bytes], bytes] | None = None
    htu: Callable[[str], str] | None = None
    allow_bearer: bool = False

    def __post_init__(self) -> None:
        """Check the arguments."""
        check_alg("DPoP", self.alg)
        if self.signer is not None and (not callable(self.signer) or self.key is None):
            message = "DPoP: signer needs key=, the public JWK of the key that it signs with"
            raise ConfigurationError(message)
        if self.htu is not None and not callable(self.htu):
            message = "DPoP: htu is not a function of a URL"
            raise ConfigurationError(message)
        if self.key is not None:
            if isinstance(self.key, Mapping):
                object.__setattr__(self, "key", json.dumps(dict(self.key), sort_keys=True))
            _key_of(self)


def htu_of(url: str) -> str:
    """Return the claim ``htu``: the URL as it goes over the wire, without query and fragment (RFC 9449 §4.2).

    Scheme and host are in lower case, and a default port is left out. Escapes stay as they are.
    """
    scheme, _, authority = origin_of(url).partition("://")
    host, _, port = authority.rpartition(":")
    shown = host if (scheme, port) in {("https", "443"), ("http", "80")} else authority
    return f"{scheme}://{shown}{urlsplit(url).path or '/'}"


def _key_of(dpop: DPoP) -> SigningKey:
    if dpop.signer is None:
        return read_key("DPoP: key", str(dpop.key), dpop.alg)
    return SigningKey(by_signer(dpop.signer, dpop.alg), dpop.alg, public_jwk("DPoP: key", str(dpop.key)), None)


class _Signing(NamedTuple):
    """A key, the header of its proofs, and the key as a private JWK where it was generated."""

    key: SigningKey
    header: bytes
    generated: str | None


def _signing_by(key: SigningKey, generated: str | None) -> _Signing:
    return _Signing(key, encoded({"typ": "dpop+jwt", "alg": key.alg, "jwk": key.public}), generated)


class Prover:
    """Makes the proofs of one live token: its key, and what the servers said about nonces and the time."""

    def __init__(self, dpop: DPoP, clock: Callable[[], float]) -> None:
        """Make nothing yet: a key is generated with the first proof."""
        self._dpop, self.said = dpop, Nonces(clock)
        self._made: _Signing | None = None
        # By access token, where a store brings tokens of other processes' keys.
        self._made_for: OrderedDict[str, _Signing] = OrderedDict()
        self.unlock()

    def reset(self) -> None:
        """Begin anew: with another key, unless one is given, and without what the servers said."""
        self.said.clear()
        with self._lock:
            self._made_for.clear()
            self._made = None

    def unlock(self) -> None:
        """Begin with a lock that nobody holds, as in a child that was forked while a thread held the old one."""
        self._lock = RLock()
        self.said.unlock()

    def _signing(self) -> _Signing:
        """Return the key with which the next token is requested; every thread gets the same."""
        made = self._made
        if made is None:
            # Not by cached_property: its lock, until Python 3.12, would stay locked in a forked child.
            with self._lock:
                made = self._made
                if made is None:
                    jwk = None if self._dpop.key is not None else generated_jwk("DPoP", self._dpop.alg)
                    key = _key_of(self._dpop) if jwk is None else read_key("DPoP", jwk, self._dpop.alg)
                    made = self._made = _signing_by(key, jwk)
        return made

    def kept(self, token: Token) -> Token:
        """Return a new token as a store keeps it: with the key that was generated for it, which others need."""
        signing = self._signing()
        if signing.generated is None:
            return token
        with self._lock:
            put(self._made_for, token.access_token, signing)
        return replace(token, extra={**token.extra, _KEY: signing.generated})

    def taken(self, stored: Token) -> Token:
        """Take the key that a store keeps with a token, for its proofs and the next request; return the token alone."""
        jwk = stored.extra.get(_KEY)
        if self._dpop.key is not None or not isinstance(jwk, str):
            return stored
        signing = _signing_by(read_key("The key in the store", jwk, self._dpop.alg), jwk)
        with self._lock:
            put(self._made_for, stored.access_token, signing)
            self._made = signing
        return replace(stored, extra={name: said for name, said in stored.extra.items() if name != _KEY})

    @property
    def thumbprint(self) -> str:
        """The key's thumbprint (RFC 7638), which a server keeps with the token as ``jkt``."""
        return thumbprint_of(self._signing().key.public)

    def proof(self, method: str, url: str, role: Role, access_token: str | None = None) -> str:
        """Return the value of the header ``DPoP`` for this request; `access_token` is the token that it presents."""
        origin = origin_of(url)
        claims: dict[str, object] = {
            "jti": base64url(os.urandom(16)).decode("ascii"),
            "htm": method.upper(),
            "htu": self._dpop.htu(url) if self._dpop.htu else htu_of(url),
            "iat": int(self.said.time_at(origin)),
        }
        if access_token is not None:
            claims["ath"] = base64url(hashlib.sha256(access_token.encode("ascii")).digest()).decode("ascii")
        nonce = self.said.nonce(origin, role)
        if nonce is not None:
            claims["nonce"] = nonce
        key, header, _ = self._made_for.get(access_token or "") or self._signing()
        signing_input = header + b"." + encoded(claims)
        return (signing_input + b"." + base64url(key.sign(signing_input))).decode("ascii")

    def heard(
        self,
        url: str,
        role: Role,
        status: int,
        headers: Mapping[str, str],
        proof: str,
        *,
        error: str | None = None,
    ) -> bool:
        """Take what an answer says for the next proof; return whether this request is worth one more try with it.

        Header names are in lower case; `proof` is the one that was sent. `error` is the code in a token endpoint's
        body; an API says it in its challenge.
        """
        return self.said.heard(origin_of(url), role, status, headers, proof=proof, error=error)


class Proven:
    """Presents tokens that are bound to a key, each request with a proof of its own (RFC 9449 §7.1)."""

    constant = False
    scheme = "dpop"

    def __init__(self, server: ResourceServer, prover: Prover) -> None:
        """Present tokens to this API with the proofs of one key."""
        self._server, self.prover = server, prover
        hide_headers()

    def headers(self, method: str, url: str, token: Token) -> Mapping[str, str]:
        """Return the token's header and its proof; a token that the server did not bind goes without."""
        header = self._server.header
        if token.token_type.lower() != self.scheme:
            return {header: f"Bearer {token.access_token}"}
        proof = self.prover.proof(method, url, "resource server", token.access_token)
        return {header: f"DPoP {token.access_token}", "DPoP": proof}

    def heard(self, url: str, status: int, header: Callable[[str], str | None], sent: Mapping[str, str]) -> bool:
        """Take the nonce of an answer; True where it asks for a proof with a new one (RFC 9449 §9)."""
        names = ("www-authenticate", "dpop-nonce", "date")
        headers = {name: text for name in names if (text := header(name)) is not None}
        return self.prover.heard(url, "resource server", status, headers, sent.get("DPoP", ""))


# The prover of each live token, which everybody shares who shares that.
_provers: WeakKeyDictionary[object, Prover] = WeakKeyDictionary()


def prover_of(live: object, dpop: DPoP, clock: Callable[[], float]) -> Prover:
    """Return the prover of this live token: its token is bound to one key, whoever presents it."""
    return _provers.setdefault(live, Prover(dpop, clock))


def forget() -> None:
    """Let every prover begin anew; for tests."""
    for prover in list(_provers.values()):
        prover.reset()


def _unlock_in_child() -> None:
    for prover in list(_provers.values()):
        prover.unlock()


after_fork_in_child(_unlock_in_child)


def thumbprint_of(jwk: Mapping[str, str]) -> str:
    """Return the thumbprint of a public JWK (RFC 7638 §3)."""
    required = {name: jwk[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in jwk}
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":")).encode()
    return base64url(hashlib.sha256(canonical).digest()).decode("ascii")
