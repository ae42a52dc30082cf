"""JWTs that we sign, as values: how they are made, and how one proves a client (RFC 7523 §2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from oauth_cc_auth._frozen import EMPTY, FrozenMapping, dataclass, field
from oauth_cc_auth._grant.checks import check_seconds, is_text, refuse
from oauth_cc_auth._grant.secret import Secret

# What signs where the key itself is out of reach, as in a KMS or an HSM: from the signing input (RFC 7515 §5.1) to the
# signature. An ECDSA signature may be DER, as AWS and Google return it, or r and s side by side, as Azure does.
Signer: TypeAlias = "Callable[[bytes], bytes]"

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2

# As `audience`: the address of the endpoint that is asked, whichever that is.
ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class JWTForm:
    """How a JWT that we sign is made; see `PrivateKeyJWT`, which says what each argument does."""

    alg: str | None = None
    kid: str | None = None
    audience: str | None = None
    typ: str | None = "JWT"
    lifetime: float = 60
    backdate: float = 0
    signer: Signer | None = None
    certificate: Secret | None = field(default=None, repr=False)
    claims: Mapping[str, Any] = EMPTY
    headers: Mapping[str, Any] = EMPTY

    def __post_init__(self) -> None:
        """Check the arguments; make claims and headers immutable."""
        for name in ("alg", "kid", "audience", "typ"):
            value = getattr(self, name)
            if value is not None and not (is_text(value) and value):
                refuse(f"{name} is empty or not a string")
        check_seconds("lifetime", self.lifetime)
        if self.backdate != 0:
            check_seconds("backdate", self.backdate)
        if self.signer is not None and not (callable(self.signer) and self.alg and self.kid):
            refuse("signer is not a function of bytes, or comes without the alg= and kid= of its key")
        if self.certificate is not None and not is_text(self.certificate) and not callable(self.certificate):
            refuse("certificate is neither PEM nor a callable that returns it")
        object.__setattr__(self, "claims", FrozenMapping(self.claims))
        object.__setattr__(self, "headers", FrozenMapping(self.headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKeyJWT(JWTForm):
    """Client authentication by a JWT signed with the client's private key (RFC 7523 §2.2, draft-ietf-oauth-rfc7523bis).

    The grant's `client_secret` is that key: PEM, its line breaks perhaps written as two letters, or a JWK, as a text,
    `Env`, `File` or callable.

    alg: the algorithm; by default the usual one for the kind of key: RS256, ES256, ES384, ES512 or EdDSA.
    kid: the key's name at the server; by default the JWK's own.
    audience: whom the assertion is for; by default the issuer, where the grant or the server's metadata names it, else
    the token endpoint. "endpoint" means the URL that is asked, which older servers want.
    typ: what the JWT's header calls it; None leaves it out.
    lifetime: seconds after which an assertion ends.
    backdate: by how many seconds it says to be older than it is, for servers whose clock is behind.
    signer: a function from bytes to bytes that signs, as of a KMS. Then `alg` and `kid` are required, and the grant
    needs no `client_secret`.
    certificate: PEM, `File` or callable; adds ``x5t``, ``x5t#S256`` and ``x5c`` to the header. So does a certificate
    that stands beside the key in the same PEM.
    claims: further claims of each assertion; one that is None is left out of it.
    headers: further members of its header.
    name_client: send the client id beside the assertion, which RFC 7521 §4.2 leaves open and Entra ID demands.

    Raises ConfigurationError, naming the argument.
    """

    typ: str | None = "client-authentication+jwt"
    name_client: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecretJWT(PrivateKeyJWT):
    """Client authentication by a JWT signed with the client secret (OpenID Connect Core §9, RFC 7523 §2.2).

    alg: the algorithm; by default HS256.

    The other arguments are those of `PrivateKeyJWT`, but `signer` and `certificate`, which are for private keys.
    """
