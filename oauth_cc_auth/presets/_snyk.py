"""Snyk, for service accounts.

Read at https://docs.snyk.io/ ("Service accounts using OAuth 2.0") and https://github.com/snyk/cli.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import (
    ClientAuthMethod,
    ClientCredentials,
    ResourceServer,
    Secret,
    credential,
    host,
)


def snyk(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    api_host: str = "api.snyk.io",
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_post",
) -> ClientCredentials:
    """Return the grant for Snyk's API at https://api.snyk.io, or the `api_host` of another region.

    Credentials of a service account from the arguments, or from SNYK_CLIENT_ID and SNYK_CLIENT_SECRET. For an
    account with a key of its own pass `token_endpoint_auth_method` "private_key_jwt": then the secret is the
    private key, as PEM or JWK. Calls of the REST API name a version in the query.
    """
    api = host(api_host, "SNYK_API_HOST")
    return ClientCredentials(
        token_endpoint=f"https://{api}/oauth2/token",
        client_id=credential(client_id, "SNYK_CLIENT_ID"),
        client_secret=credential(client_secret, "SNYK_CLIENT_SECRET"),
        token_endpoint_auth_method=token_endpoint_auth_method,
        resource_server=ResourceServer(f"https://{api}"),
    )
