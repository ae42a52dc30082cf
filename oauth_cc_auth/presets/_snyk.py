"""Snyk, for service accounts.

Seen in "Service accounts using OAuth 2.0", a page below https://docs.snyk.io/, and in https://github.com/snyk/cli.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import (
    ENDPOINT,
    ClientAuthMethod,
    ClientCredentials,
    PrivateKeyJWT,
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
    kid: str | None = None,
) -> ClientCredentials:
    """Return the grant for Snyk's API at https://api.snyk.io, or the `api_host` of another region.

    Credentials of a service account from the arguments, or from SNYK_CLIENT_ID and SNYK_CLIENT_SECRET. For an
    account with a key of its own pass `token_endpoint_auth_method` "private_key_jwt": then the secret is the RSA
    private key, as PEM or JWK, and `kid` its name, which a JWK may have itself. Calls of the REST API
    name a version in the query.
    """
    api = host(api_host, "SNYK_API_HOST")
    # The page has RS256, the key's name, the token endpoint as audience, and five minutes.
    signed = PrivateKeyJWT(alg="RS256", kid=kid, audience=ENDPOINT, lifetime=300)
    by_key = token_endpoint_auth_method == "private_key_jwt"
    return ClientCredentials(
        token_endpoint=f"https://{api}/oauth2/token",
        client_id=credential(client_id, "SNYK_CLIENT_ID"),
        client_secret=credential(client_secret, "SNYK_CLIENT_SECRET"),
        token_endpoint_auth_method=signed if by_key else token_endpoint_auth_method,
        resource_server=ResourceServer(f"https://{api}"),
    )
