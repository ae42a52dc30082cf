"""JWTs that we sign ourselves: keys, certificates, and signers that live elsewhere (RFC 7515, RFC 7523 §3)."""

from __future__ import annotations

import base64
import json
import secrets
import time
import warnings
from collections.abc import Mapping
from typing import Any

from oauth_cc_auth._grant.client_authentication import ClientSecretJWT, PrivateKeyJWT, Signer
from oauth_cc_auth.errors import ConfigurationError

# The usual algorithm for each kind of key (RFC 7518 §3.1, RFC 8037 §3.1), by curve or key type.
_ALGORITHMS = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


# Bytes of r and of s, side by side (RFC 7518 §3.4).
_ECDSA_SIZES = {"ES256": 32, "ES256K": 32, "ES384": 48, "ES512": 66}


_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def signed(form: PrivateKeyJWT, secret: str | None, claims: Mapping[str, Any]) -> str:
    """Return a JWT with these claims, its times and an id of its own; a server may refuse one that it has seen.

    Raises ConfigurationError, which quotes no key.
    """
    now = time.time()
    said = {
        **claims,
        "iat": int(now - form.backdate),
        "exp": int(now + form.lifetime),
        "jti": secrets.token_urlsafe(24),
        **form.claims,
    }
    said = {name: value for name, value in said.items() if value is not None}
    if form.signer is not None:
        # Checked at construction: a signer comes with alg and kid.
        return _signed_elsewhere(form.signer, _header(form, str(form.alg), form.kid, None), said)
    key, alg, kid = _shared_key(secret) if isinstance(form, ClientSecretJWT) else _private_key(secret)
    alg = form.alg or alg
    header = _header(form, alg, form.kid or kid, secret)
    try:
        return _signed_here(header, said, key, alg)
    except Exception:  # noqa: BLE001 - whatever the libraries raise may quote the key
        message = f"client_secret does not sign by alg {alg}: pass the key or secret that the algorithm is for"
        raise ConfigurationError(message) from None


def _header(form: PrivateKeyJWT, alg: str, kid: str | None, secret: str | None) -> dict[str, Any]:
    named = {name: value for name, value in (("typ", form.typ), ("kid", kid)) if value}
    given = form.certificate() if callable(form.certificate) else form.certificate
    beside = secret if secret and _CERTIFICATE in secret else None
    return {"alg": alg, **named, **_certificate_headers(given or beside), **form.headers}


def _certificate_headers(pem: str | None) -> dict[str, Any]:
    """Return the header parameters that name a certificate to the server (RFC 7515 §4.1.6 to §4.1.8)."""
    if pem is None:
        return {}
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - 30 ms, for those who sign
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - as above

    try:
        chain = load_pem_x509_certificates(_lines(pem).encode())
    except ValueError:
        message = "certificate is not a certificate in PEM"
        raise ConfigurationError(message) from None
    encoded = [base64.b64encode(each.public_bytes(serialization.Encoding.DER)).decode() for each in chain]
    return {
        # Entra ID finds the certificate by SHA-1, which is no protection here but a name (RFC 7515 §4.1.7).
        "x5t": _base64url(chain[0].fingerprint(hashes.SHA1())),  # noqa: S303 - as above
        "x5t#S256": _base64url(chain[0].fingerprint(hashes.SHA256())),
        "x5c": encoded,
    }


def _signed_here(header: dict[str, Any], claims: dict[str, Any], key: Any, alg: str) -> str:
    from joserfc import jws  # noqa: PLC0415 - 25 ms, for those who sign
    from joserfc.errors import SecurityWarning  # noqa: PLC0415 - as above

    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    with warnings.catch_warnings():
        # RFC 9864 renames EdDSA, the only name that servers know for it so far; a user could do nothing about it.
        warnings.simplefilter("ignore", SecurityWarning)
        return jws.serialize_compact(header, _compact(claims), key, registry=registry)


def _signed_elsewhere(sign: Signer, header: dict[str, Any], claims: dict[str, Any]) -> str:
    signing_input = f"{_base64url(_compact(header))}.{_base64url(_compact(claims))}"
    try:
        signature = _raw(sign(signing_input.encode("ascii")), header["alg"])
    except Exception as error:  # noqa: BLE001 - a KMS's client may raise anything, and quote its credentials
        message = f"signer: the function that signs failed ({type(error).__name__}), or returned no signature in bytes"
        raise ConfigurationError(message) from None
    return f"{signing_input}.{_base64url(signature)}"


def _raw(signature: bytes, alg: str) -> bytes:
    """Return a signature as RFC 7518 §3.4 has it: AWS and Google return ECDSA's as DER, Azure as it is."""
    size = _ECDSA_SIZES.get(alg)
    if size is None or len(signature) == 2 * size:
        return bytes(signature)
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415 - as above

    r, s = decode_dss_signature(signature)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _shared_key(secret: str | None) -> tuple[Any, str, None]:
    from joserfc.errors import SecurityWarning  # noqa: PLC0415 - as above
    from joserfc.jwk import OctKey  # noqa: PLC0415 - as above

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # of a secret that is short, which the server chose
        return OctKey.import_key(secret or ""), "HS256", None


def _private_key(pem_or_jwk: str | None) -> tuple[Any, str, str | None]:
    from joserfc import jwk  # noqa: PLC0415 - as above

    text = (pem_or_jwk or "").lstrip()
    try:
        key: Any = jwk.import_key(json.loads(text)) if text.startswith("{") else _from_pem(_lines(text))
        alg = _ALGORITHMS[key.dict_value.get("crv") or key.key_type]
        assert key.is_private  # noqa: S101 - refused below, as every key that does not sign
    except Exception:  # noqa: BLE001 - whatever the libraries raise may quote the key
        message = "client_secret is not a private key: pass PEM or a JWK, RSA, EC or Ed25519, without a passphrase"
        raise ConfigurationError(message) from None
    return key, alg, key.kid


def _from_pem(pem: str) -> Any:
    # joserfc wants to know the kind of key beforehand; cryptography tells.
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above
    from joserfc.jwk import ECKey, OKPKey, RSAKey  # noqa: PLC0415 - as above

    # A certificate may stand before the key.
    private_key = load_pem_private_key(_without_certificates(pem).encode(), password=None)
    if isinstance(private_key, rsa.RSAPrivateKey):
        return RSAKey.import_key(private_key)
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        return ECKey.import_key(private_key)
    return OKPKey.import_key(private_key)  # type: ignore[arg-type]  # another kind is refused there


def _without_certificates(pem: str) -> str:
    blocks = pem.split("-----BEGIN ")
    return "-----BEGIN ".join(block for block in blocks if not block.startswith("CERTIFICATE"))


def _lines(pem: str) -> str:
    # Environment variables and JSON files hold PEM in one line.
    return pem.replace("\\r", "").replace("\\n", "\n")


def _compact(members: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(members), separators=(",", ":")).encode()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
