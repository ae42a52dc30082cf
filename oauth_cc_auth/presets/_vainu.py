"""Vainu, company data."""

from __future__ import annotations

from oauth_cc_auth._grants import ClientCredentials, Secret, Several, StaticToken
from oauth_cc_auth._resource_server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# https://developers.vainu.com/v3/docs/client-credentials-authentication; the slash at the end belongs to the address.
_TOKEN_ENDPOINT = "https://api.vainu.io/api/oauth/token/"
_BASE_URL = "https://api.vainu.io/api"

# github.com/vainu-app/vainu-cli, src/vainu_cli/common.py
_REVOCATION_ENDPOINT = "https://api.vainu.io/api/oauth/revoke_token/"


def vainu(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = "vainu:api"
) -> ClientCredentials:
    """Return the grant for Vainu's API at https://api.vainu.io/api.

    Credentials from the arguments, or from VAINU_CLIENT_ID and VAINU_CLIENT_SECRET, made in Settings → API Access.
    Deleting the application there ends all its tokens at once, and rotating its secret the old secret. Vainu answers
    ``invalid_grant`` where others answer ``unsupported_grant_type``. How long a token lives is not documented.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "VAINU_CLIENT_ID"),
        client_secret=credential(client_secret, "VAINU_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        revocation_endpoint=_REVOCATION_ENDPOINT,
        resource_server=ResourceServer(_BASE_URL),
    )


def vainu_api_key(key: str | None = None) -> StaticToken:
    """Return an API key for Vainu, from the argument or VAINU_API_KEY (github.com/vainu-app/vainu-cli)."""
    return StaticToken(
        credential(key, "VAINU_API_KEY"), resource_server=ResourceServer(_BASE_URL, header="API-Key", scheme=None)
    )
