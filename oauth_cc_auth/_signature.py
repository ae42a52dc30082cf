"""Signatures of JWTs by a private key, or by a function that reaches one in a vault (RFC 7515, RFC 7518 §3).

joserfc reads the keys, cryptography signs: a DPoP proof is made for every call, and has a few dozen microseconds.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from oauth_cc_auth._threads import unforked
from oauth_cc_auth.errors import ConfigurationError

Sign: TypeAlias = "Callable[[bytes], bytes]"

# The usual algorithm for each kind of key (RFC 7518 §3.1, RFC 8037 §3.1), by curve or key type.
ALGORITHMS = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}

# What a private key signs by; a shared secret (HS256) and none prove nothing here.
ASYMMETRIC = ("ES256", "ES384", "ES512", "EdDSA", "RS256", "PS256")

# The bytes of each half of an ECDSA signature (RFC 7518 §3.4).
_HALF = {"ES256": 32, "ES384": 48, "ES512": 66}


class SigningKey(NamedTuple):
    """A key that signs by `alg`. `public` is its public JWK, `kid` what its JWK calls it."""

    sign: Sign
    alg: str
    public: Mapping[str, str]
    kid: str | None


def read_key(what: str, pem_or_jwk: str, alg: str | None) -> SigningKey:
    """Return the private key that a PEM or a JWK holds. Raises ConfigurationError, which names `what` it is for."""
    try:
        with unforked():
            key = _imported(pem_or_jwk)
        usual = ALGORITHMS[key.dict_value.get("crv") or key.key_type]
        assert key.is_private  # noqa: S101 - refused below, as every key that does not sign
        sign, public = _by_cryptography(key.get_op_key("sign"), alg or usual), _public(key)
        sign(b"")
    except Exception:  # noqa: BLE001 - whatever the libraries raise may quote the key
        wanted = f" that signs by {alg}" if alg else ""
        message = (
            f"{what} is not a private key{wanted}: pass PEM or a JWK, RSA, EC or Ed25519, without a passphrase. In an "
            r"environment variable the line ends of a PEM may be written as \n."
        )
        raise ConfigurationError(message) from None
    return SigningKey(sign, alg or usual, public, key.kid)


def check_alg(what: str, alg: str) -> None:
    """Raise ConfigurationError, which names `what` it is for, unless private keys sign by this algorithm."""
    if alg not in ASYMMETRIC:
        message = f"{what}: alg is {alg!r}; use one of {', '.join(ASYMMETRIC)}"
        raise ConfigurationError(message)


def generated_jwk(what: str, alg: str) -> str:
    """Return a new private key for this algorithm, as a JWK. Raises ConfigurationError."""
    from joserfc.jwk import ECKey, OKPKey, RSAKey  # noqa: PLC0415 - only for those who sign

    check_alg(what, alg)
    makers: dict[str, Callable[[], Any]] = {
        "ES256": lambda: ECKey.generate_key("P-256"),
        "ES384": lambda: ECKey.generate_key("P-384"),
        "ES512": lambda: ECKey.generate_key("P-521"),
        "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
        "RS256": lambda: RSAKey.generate_key(2048),
        "PS256": lambda: RSAKey.generate_key(2048),
    }
    return json.dumps(makers[alg]().as_dict(private=True))


def public_jwk(what: str, jwk: str) -> dict[str, str]:
    """Return the public part of a JWK. Raises ConfigurationError, which names `what` it is for."""
    from joserfc import jwk as keys  # noqa: PLC0415 - as above

    try:
        return _public(keys.import_key(json.loads(jwk)))
    except Exception:  # noqa: BLE001 - as above
        message = f"{what} is not a JWK"
        raise ConfigurationError(message) from None


def by_signer(signer: Sign, alg: str) -> Sign:
    """Return a function that signs by the user's, whose ECDSA signatures may be in DER, as AWS and GCP have them."""
    half = _HALF.get(alg)
    if half is None:
        return signer

    def sign(signing_input: bytes) -> bytes:
        signature = signer(signing_input)
        return signature if len(signature) == 2 * half else _raw(signature, half)

    return sign


def encoded(document: Mapping[str, object]) -> bytes:
    """Return a part of a JWT: JSON in base64url (RFC 7515 §2)."""
    return base64url(json.dumps(document, separators=(",", ":")).encode())


def base64url(raw: bytes) -> bytes:
    """Return bytes in base64url, without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _imported(pem_or_jwk: str) -> Any:
    from joserfc import jwk  # noqa: PLC0415 - only for those who sign

    text = pem_or_jwk.strip()
    if text.startswith("{"):
        return jwk.import_key(json.loads(text))
    # authlib takes any PEM for RSA, so the kind of key is asked of cryptography first.
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above

    pem = text.replace("\\n", "\n")
    private_key = load_pem_private_key(pem.encode(), password=None)
    if isinstance(private_key, rsa.RSAPrivateKey):
        return jwk.RSAKey.import_key(pem)
    return (jwk.ECKey if isinstance(private_key, ec.EllipticCurvePrivateKey) else jwk.OKPKey).import_key(pem)


def _public(key: Any) -> dict[str, str]:
    public = key.as_dict(private=False)
    return {name: public[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in public}


def _by_cryptography(key: Any, alg: str) -> Sign:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec, padding  # noqa: PLC0415 - as above

    if alg == "EdDSA":
        return lambda signing_input: bytes(key.sign(signing_input))
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[alg[2:]]
    if alg in _HALF:
        half, algorithm = _HALF[alg], ec.ECDSA(digest)
        assert (key.curve.key_size + 7) // 8 == half  # noqa: S101 - a curve of another algorithm is refused
        return lambda signing_input: _raw(key.sign(signing_input, algorithm), half)
    if alg.startswith("PS"):
        pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
        return lambda signing_input: bytes(key.sign(signing_input, pss, digest))
    return lambda signing_input: bytes(key.sign(signing_input, padding.PKCS1v15(), digest))


def _raw(der: bytes, half: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415 - as above

    r, s = decode_dss_signature(der)
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")
