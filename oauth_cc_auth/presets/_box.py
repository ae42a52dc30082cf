"""Box, files in the cloud.

Read at https://developer.box.com/guides/authentication/client-credentials/,
https://developer.box.com/guides/authentication/jwt/without-sdk, https://developer.box.com/reference/post-oauth2-revoke
and https://github.com/box/box-openapi.
"""

from __future__ import annotations

from typing import Any, Literal

from oauth_cc_auth._grant.secret import File
from oauth_cc_auth._http.json_path import json_object, member, string_or_none
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.presets._vocabulary import (
    ENDPOINT,
    ClientCredentials,
    ErrorFormat,
    JWTBearer,
    ResourceServer,
    Secret,
    SignedJWT,
    credential,
    facts,
    one_of,
)

_TOKEN_ENDPOINT = "https://api.box.com/oauth2/token"

# https://developer.box.com/reference/post-oauth2-revoke
_REVOCATION_ENDPOINT = "https://api.box.com/oauth2/revoke"

# github.com/box/box-openapi: the servers of the API and of uploads, and the schema ClientError.
_BASE_URL = "https://api.box.com/2.0"
# The schema of upload sessions: their endpoints are on a host that the answer names, as https://upload-las.app.box.com.
_UPLOADS = ("https://upload.box.com", "https://*.app.box.com")
_ERRORS = ErrorFormat(code=("code", "error"), message=("message", "error_description"), request_id="request_id")

_SUBJECT_TYPES = {"enterprise": "enterprise", "user": "user"}


@facts(probe="/users/me")
def box(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    subject_id: str | None = None,
    subject_type: Literal["enterprise", "user"] = "enterprise",
) -> ClientCredentials:
    """Return the grant for Box's API at https://api.box.com/2.0.

    Credentials from the arguments, or from BOX_CLIENT_ID and BOX_CLIENT_SECRET; so is `subject_id`, the enterprise's id
    for its Service Account, or with `subject_type` "user" a user's. Each subject has a token of its own, which lives an
    hour. Box says ``invalid_grant`` where the subject is not the app's to name, and ``unauthorized_client`` to an app
    of another type.
    """
    subject = {
        "box_subject_type": one_of(_SUBJECT_TYPES, subject_type, "subject_type"),
        "box_subject_id": credential(subject_id, "BOX_SUBJECT_ID"),
    }
    return ClientCredentials(
        client_id=credential(client_id, "BOX_CLIENT_ID"),
        client_secret=credential(client_secret, "BOX_CLIENT_SECRET"),
        parameters=subject,
        **_SERVERS,
    )


@facts(probe="/users/me")
def box_jwt(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    private_key: Secret | None = None,
    public_key_id: str | None = None,
    subject_id: str | None = None,
    subject_type: Literal["enterprise", "user"] = "enterprise",
    config_file: str | None = None,
) -> JWTBearer:
    """Return the grant for Box's API at https://api.box.com/2.0, for an app with server authentication by JWT.

    `config_file`, or BOX_JWT_CONFIG_FILE, is the JSON file that Box's Developer Console makes with a key pair: it has
    all that is needed. What it does not say, or should say otherwise, comes from the arguments, or from
    BOX_JWT_CLIENT_ID, BOX_JWT_CLIENT_SECRET, BOX_JWT_PRIVATE_KEY (RSA, PEM or JWK), BOX_JWT_PUBLIC_KEY_ID and
    BOX_JWT_SUBJECT_ID, the enterprise's id, or with `subject_type` "user" a user's. Tokens live about an hour.
    """
    held = {} if config_file is None else _held_by(config_file)
    if subject_type != "enterprise":
        held.pop("subject_id", None)  # which is the enterprise's
    assertion = SignedJWT(
        issuer=credential(client_id or held.get("client_id"), "BOX_JWT_CLIENT_ID"),
        subject=credential(subject_id or held.get("subject_id"), "BOX_JWT_SUBJECT_ID"),
        key=credential(private_key or held.get("private_key"), "BOX_JWT_PRIVATE_KEY"),
        alg="RS256",
        kid=credential(public_key_id or held.get("public_key_id"), "BOX_JWT_PUBLIC_KEY_ID"),
        audience=ENDPOINT,
        # `exp` may be 60 seconds ahead at most, by Box's clock.
        lifetime=45,
        claims={"box_sub_type": one_of(_SUBJECT_TYPES, subject_type, "subject_type")},
    )
    return JWTBearer(
        assertion=assertion,
        client_id=assertion.issuer,
        client_secret=credential(client_secret or held.get("client_secret"), "BOX_JWT_CLIENT_SECRET"),
        **_SERVERS,
    )


_SERVERS: dict[str, Any] = {
    "token_endpoint": _TOKEN_ENDPOINT,
    "token_endpoint_auth_method": "client_secret_post",
    "revocation_endpoint": _REVOCATION_ENDPOINT,
    "resource_server": ResourceServer(_BASE_URL, origins=_UPLOADS, errors=_ERRORS),
}

# Where the members of the file stand.
_MEMBERS = {
    "client_id": "boxAppSettings.clientID",
    "client_secret": "boxAppSettings.clientSecret",
    "public_key_id": "boxAppSettings.appAuth.publicKeyID",
    "private_key": "boxAppSettings.appAuth.privateKey",
    "subject_id": "enterpriseID",
}


def _held_by(path: str) -> dict[str, str]:
    members = json_object(File(path).read("config_file")) or {}
    held = {name: string_or_none(member(members, place)) for name, place in _MEMBERS.items()}
    key, passphrase = held["private_key"], string_or_none(member(members, "boxAppSettings.appAuth.passphrase"))
    if key and passphrase:
        held["private_key"] = _opened(path, key, passphrase)
    return {name: value for name, value in held.items() if value}


def _opened(path: str, key: str, passphrase: str) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - 30 ms, for those who sign

    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    try:
        private = serialization.load_pem_private_key(key.encode(), passphrase.encode())
    except (ValueError, TypeError):
        message = f"config_file: the passphrase in {path} does not open its private key. Create a key pair at Box anew."
        raise ConfigurationError(message) from None
    return private.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()
