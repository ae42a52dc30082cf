"""JWTs that we sign ourselves, and the certificates that name their keys (RFC 7515, RFC 7523 §3)."""

from __future__ import annotations

import base64
import json
import secrets
import time
import warnings
from collections.abc import Mapping
from typing import Any

from oauth_cc_auth._grant.jwt_form import ClientSecretJWT, JWTForm
from oauth_cc_auth._signature import Sign, base64url, by_signer, encoded, read_key
from oauth_cc_auth.errors import ConfigurationError

_CERTIFICATE = "CERTIFICATE-----"


def signed(form: JWTForm, secret: str | None, claims: Mapping[str, Any], argument: str = "client_secret") -> str:
    """Return a JWT with these claims, its times and an id of its own; a server may refuse one that it has seen.

    The key, `secret`, is called by the name of its `argument`. Raises ConfigurationError, which quotes no key.
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
    if isinstance(form, ClientSecretJWT):
        alg = form.alg or "HS256"
        return _by_shared_secret(_header(form, alg, form.kid, None), said, secret or "")
    if form.signer is not None:
        # Checked at construction: a signer comes with alg and kid.
        alg = str(form.alg)
        return _by(by_signer(form.signer, alg), _header(form, alg, form.kid, None), said, "signer")
    key = read_key(argument, _without_certificates(secret or ""), form.alg)
    return _by(key.sign, _header(form, key.alg, form.kid or key.kid, secret), said, argument)


def _header(form: JWTForm, alg: str, kid: str | None, secret: str | None) -> dict[str, Any]:
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
        # Environment variables and JSON files hold PEM in one line.
        chain = load_pem_x509_certificates(pem.replace("\\n", "\n").encode())
    except ValueError:
        message = "certificate is not a certificate in PEM: pass the text that begins with -----BEGIN CERTIFICATE-----"
        raise ConfigurationError(message) from None
    return {
        # Entra ID finds the certificate by SHA-1, which is no protection here but a name (RFC 7515 §4.1.7).
        "x5t": base64url(chain[0].fingerprint(hashes.SHA1())).decode("ascii"),  # noqa: S303 - as above
        "x5t#S256": base64url(chain[0].fingerprint(hashes.SHA256())).decode("ascii"),
        "x5c": [base64.b64encode(each.public_bytes(serialization.Encoding.DER)).decode() for each in chain],
    }


def _by(sign: Sign, header: Mapping[str, Any], claims: Mapping[str, Any], argument: str) -> str:
    signing_input = encoded(header) + b"." + encoded(claims)
    try:
        signature = base64url(sign(signing_input))
    except Exception as error:  # noqa: BLE001 - a KMS's client may raise anything, and quote its credentials
        message = f"{argument}: the function that signs failed ({type(error).__name__}), or returned no signature"
        raise ConfigurationError(message) from None
    return f"{signing_input.decode('ascii')}.{signature.decode('ascii')}"


def _by_shared_secret(header: dict[str, Any], claims: dict[str, Any], secret: str) -> str:
    from joserfc import jws  # noqa: PLC0415 - 25 ms, for those who sign so
    from joserfc.errors import SecurityWarning  # noqa: PLC0415 - as above
    from joserfc.jwk import OctKey  # noqa: PLC0415 - as above

    alg = header["alg"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of a secret that is short, which the server chose
            registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
            key = OctKey.import_key(secret)
            return jws.serialize_compact(header, json.dumps(claims), key, registry=registry)
    except Exception:  # noqa: BLE001 - whatever the library raises may quote the secret
        message = f"client_secret does not sign by alg {alg}: use HS256, HS384 or HS512"
        raise ConfigurationError(message) from None


def _without_certificates(pem: str) -> str:
    begin = "-----BEGIN "
    return begin.join(block for block in pem.split(begin) if not block.startswith(_CERTIFICATE))
