"""Google's APIs, for service accounts with a key.

Read at https://github.com/googleapis/google-auth-library-python.
"""

from __future__ import annotations

from oauth_cc_auth._grant.secret import File
from oauth_cc_auth._http.json_path import json_object, string_or_none
from oauth_cc_auth.errors import ConfigurationError
from oauth_cc_auth.presets._vocabulary import (
    ENDPOINT,
    JWTBearer,
    ResourceServer,
    Secret,
    SignedJWT,
    credential,
    facts,
)


@facts(credentials_file="GOOGLE_APPLICATION_CREDENTIALS")
def google_service_account(
    client_email: str | None = None,
    private_key: Secret | None = None,
    *,
    private_key_id: str | None = None,
    credentials_file: str | None = None,
    scope: str | None = None,
    subject: str | None = None,
) -> JWTBearer:
    """Return the grant for Google's APIs, at https://*.googleapis.com, for a service account that has a key.

    The account's `client_email` and its RSA `private_key`, PEM or JWK, from the arguments, or from
    GOOGLE_SERVICE_ACCOUNT_CLIENT_EMAIL and GOOGLE_SERVICE_ACCOUNT_PRIVATE_KEY. What is not given stands in
    `credentials_file`, or GOOGLE_APPLICATION_CREDENTIALS, the JSON file of a key; its addresses are not followed.
    `scope`, several separated by blanks, or GOOGLE_SERVICE_ACCOUNT_SCOPE, is required. `subject` is a user for whom
    the account acts.
    """
    if credentials_file is not None and (client_email is None or private_key is None):
        held = _held_by(credentials_file)
        private_key_id = private_key_id or held.get("private_key_id") if private_key is None else private_key_id
        client_email, private_key = client_email or held["client_email"], private_key or held["private_key"]
    assertion = SignedJWT(
        issuer=credential(client_email, "GOOGLE_SERVICE_ACCOUNT_CLIENT_EMAIL"),
        subject=subject,
        key=credential(private_key, "GOOGLE_SERVICE_ACCOUNT_PRIVATE_KEY"),
        alg="RS256",
        kid=private_key_id,
        audience=ENDPOINT,
        # A claim of the assertion, and no parameter of the request.
        claims={"scope": credential(scope, "GOOGLE_SERVICE_ACCOUNT_SCOPE")},
    )
    return JWTBearer(
        token_endpoint="https://oauth2.googleapis.com/token",
        assertion=assertion,
        resource_server=ResourceServer(origins=("https://*.googleapis.com",)),
    )


def _held_by(path: str) -> dict[str, str]:
    members = json_object(File(path).read("credentials_file")) or {}
    held = {name: string_or_none(members.get(name)) for name in ("client_email", "private_key", "private_key_id")}
    if not held["client_email"] or not held["private_key"]:
        message = (
            f"credentials_file: {path} is not the key of a service account: it lacks client_email or private_key. "
            "Create a key in JSON for the account, or pass client_email= and private_key=."
        )
        raise ConfigurationError(message)
    return {name: value for name, value in held.items() if value}
