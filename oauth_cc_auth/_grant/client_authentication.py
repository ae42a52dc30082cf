"""How a client proves to the token endpoint who it is (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2).

authlib knows client_secret_post and none, and signs assertions. What it lacks is here, as methods registered with it:
HTTP Basic by the letter of the RFC, Basic for servers that do not decode, Basic and body together, and headers that
only the vendor's own code can write.
"""

from __future__ import annotations

import base64
import json
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import quote_plus, urlencode

from oauth_cc_auth._frozen import EMPTY, FrozenMapping
from oauth_cc_auth._http.headers import checked_headers, written
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    from authlib.oauth2 import ClientAuth, OAuth2Client

    Prepared = tuple[str, dict[str, str], str]
    Method = Callable[[ClientAuth, str, str, dict[str, str], str], Prepared]


# What writes the headers that prove who a client is, from its id and its secret.
HeaderMethod: TypeAlias = "Callable[[str, str], Mapping[str, str]]"


def _basic(auth: ClientAuth, encode: Callable[[str], str]) -> str:
    pair = f"{encode(auth.client_id)}:{encode(auth.client_secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def _client_secret_basic(auth: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
    # RFC 6749 §2.3.1 form-encodes both halves first, which authlib leaves out.
    headers["Authorization"] = _basic(auth, quote_plus)
    return uri, headers, body


def _client_secret_basic_raw(auth: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
    # For servers that take the pair as it is, as RFC 7617 has it and as many that never read §2.3.1 do.
    headers["Authorization"] = _basic(auth, str)
    return uri, headers, body


def _client_secret_basic_and_post(
    auth: ClientAuth, method: str, uri: str, headers: dict[str, str], body: str
) -> Prepared:
    # RFC 6749 §2.3 forbids two methods at once; Vibes RBM and Moov demand them.
    from authlib.oauth2.auth import encode_client_secret_post  # noqa: PLC0415 - see the package's docstring

    uri, headers, body = encode_client_secret_post(auth, method, uri, headers, body)
    return _client_secret_basic(auth, method, uri, headers, body)


def _by_headers(write: HeaderMethod) -> Method:
    def prove(auth: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
        headers.update(proof_headers(write, auth.client_id, auth.client_secret))
        return uri, headers, body

    return prove


def proof_headers(write: HeaderMethod, client_id: str, secret: str) -> dict[str, str]:
    """Return what a vendor's function writes into headers to prove the client. Raises ConfigurationError."""
    try:
        return written(checked_headers(write(client_id, secret)))
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything, and quote the secret
        message = f"token_endpoint_auth_method: the function that writes the headers failed ({type(error).__name__})"
        raise ConfigurationError(message) from None


def _certificate(auth: ClientAuth, method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
    # RFC 8705 §2: the TLS certificate proves, the body says whose it is.
    from authlib.oauth2.auth import encode_none  # noqa: PLC0415 - see the package's docstring

    return cast("Prepared", encode_none(auth, method, uri, headers, body))


@dataclass(frozen=True, slots=True)
class PrivateKeyJWT:
    """Client authentication by a JWT signed with the client's private key (RFC 7523 §2.2).

    The grant's `client_secret` is that key, as PEM or JWK. `alg` is by default the usual one for the kind of key; `kid`
    names the key to the server, by default the JWK's own; `audience` is by default the token endpoint; an assertion
    lives `lifetime` seconds (SMART Backend Services allows 300, Okta 3600). `claims` are added to each assertion, and
    `headers` to its header, as ``x5t#S256`` by which Entra ID finds the certificate. With `name_client` the client id
    is sent beside the assertion, which RFC 7521 §4.2 leaves open and Entra ID demands.
    """

    _: KW_ONLY
    alg: str | None = None
    kid: str | None = None
    audience: str | None = None
    lifetime: int = 300
    claims: Mapping[str, Any] = EMPTY
    headers: Mapping[str, Any] = EMPTY
    name_client: bool = False

    def __post_init__(self) -> None:
        """Make claims and headers immutable."""
        object.__setattr__(self, "claims", FrozenMapping(self.claims))
        object.__setattr__(self, "headers", FrozenMapping(self.headers))

    def _signer(self, client: OAuth2Client) -> Method:
        # A signer per exchange, with claims of its own: authlib writes the first jti into the claims it is given and
        # would send it again, which RFC 7523 §3 lets a server refuse as a replay.
        from authlib.oauth2.rfc7523 import PrivateKeyJWT as Signer  # noqa: PLC0415 - see the package's docstring

        key, alg, kid = _private_key(client.client_secret)
        client.client_secret = key
        return self._with(Signer, self.alg or alg, self.kid or kid)

    def _with(self, signer: Any, alg: str, kid: str | None) -> Method:
        claims = {"exp": int(time.time()) + self.lifetime, **self.claims}
        named = {"kid": kid} if kid else {}
        sign = signer(self.audience, claims=claims, headers={**named, **self.headers}, alg=alg)

        def prove(auth: ClientAuth, method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
            try:
                uri, headers, body = _quietly(sign, auth, method, uri, headers, body)
            except Exception:  # noqa: BLE001 - whatever the libraries raise may quote the key
                message = f"client_secret does not sign by alg {alg}: pass the key or secret that the algorithm is for"
                raise ConfigurationError(message) from None
            return uri, headers, f"{body}&{urlencode({'client_id': auth.client_id})}" if self.name_client else body

        return prove


def _quietly(sign: Method, *request: Any) -> Prepared:
    from joserfc.errors import SecurityWarning  # noqa: PLC0415 - see the package's docstring

    with warnings.catch_warnings():
        # RFC 9864 renames EdDSA, the only name that servers know for it so far; a user could do nothing about it.
        warnings.simplefilter("ignore", SecurityWarning)
        return sign(*request)


@dataclass(frozen=True, slots=True)
class ClientSecretJWT(PrivateKeyJWT):
    """Client authentication by a JWT signed with the client secret (OpenID Connect Core §9, RFC 7523 §2.2)."""

    def _signer(self, client: OAuth2Client) -> Method:  # noqa: ARG002 - authlib takes the secret as it is
        from authlib.oauth2.rfc7523 import ClientSecretJWT as Signer  # noqa: PLC0415 - see the package's docstring

        return self._with(Signer, self.alg or "HS256", self.kid)


# The usual algorithm for each kind of key (RFC 7518 §3.1, RFC 8037 §3.1), by curve or key type.
_ALGORITHMS = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


def _private_key(pem_or_jwk: str) -> tuple[Any, str, str | None]:
    from joserfc import jwk  # noqa: PLC0415 - see the package's docstring

    try:
        if pem_or_jwk.lstrip().startswith("{"):
            key: Any = jwk.import_key(json.loads(pem_or_jwk))
        else:
            key = _from_pem(pem_or_jwk)
        alg = _ALGORITHMS[key.dict_value.get("crv") or key.key_type]
        assert key.is_private  # noqa: S101 - refused below, as every key that does not sign
    except Exception:  # noqa: BLE001 - whatever the libraries raise may quote the key
        message = "client_secret is not a private key: pass PEM or a JWK, RSA, EC or Ed25519, without a passphrase"
        raise ConfigurationError(message) from None
    return key, alg, key.kid


def _from_pem(pem: str) -> Any:
    # authlib takes any PEM for RSA, so the kind of key is asked of cryptography first.
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - see the package's docstring
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above
    from joserfc.jwk import ECKey, OKPKey, RSAKey  # noqa: PLC0415 - as above

    private_key = load_pem_private_key(pem.encode(), password=None)
    if isinstance(private_key, rsa.RSAPrivateKey):
        return RSAKey.import_key(pem)
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        return ECKey.import_key(pem)
    return OKPKey.import_key(pem)


# What token_endpoint_auth_method may be: a name, an assertion with settings of its own, or a function.
ClientAuthMethod: TypeAlias = "str | PrivateKeyJWT | HeaderMethod"


# The names, by the names of RFC 7591 §2 where it has one.
JSON_METHOD = "client_secret_json"  # not in any RFC; Fyma, Auth0, USPS and Vanta take it


METHODS: dict[str, Method | PrivateKeyJWT | None] = {
    "client_secret_basic": _client_secret_basic,
    "client_secret_basic_raw": _client_secret_basic_raw,
    "client_secret_post": None,  # authlib's own
    JSON_METHOD: None,  # client_secret_post, but that the body is written as JSON
    "client_secret_basic_and_post": _client_secret_basic_and_post,
    "client_secret_jwt": ClientSecretJWT(),
    "private_key_jwt": PrivateKeyJWT(),
    "tls_client_auth": _certificate,
    "self_signed_tls_client_auth": _certificate,
    "none": None,  # authlib's own
}


WITHOUT_SECRET = frozenset({"none", "tls_client_auth", "self_signed_tls_client_auth"})


def authenticate(client: OAuth2Client, method: ClientAuthMethod) -> None:
    """Make authlib's client use this method: a name from `METHODS`, an assertion with settings, or a function."""
    name = method if isinstance(method, str) else "own"
    known = METHODS[method] if isinstance(method, str) else method
    if isinstance(known, PrivateKeyJWT):
        client.register_client_auth_method((name, known._signer(client)))  # noqa: SLF001 - same room
    elif not isinstance(method, (str, PrivateKeyJWT)):
        client.register_client_auth_method((name, _by_headers(method)))
    elif known is not None:
        client.register_client_auth_method((name, known))
    name = "client_secret_post" if name == JSON_METHOD else name
    client.token_endpoint_auth_method = client.revocation_endpoint_auth_method = name
