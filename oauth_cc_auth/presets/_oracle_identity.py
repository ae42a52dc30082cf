"""Oracle identity domains (IDCS), and the Oracle clouds that trust them.

Seen in "Generating the OAuth Access Token" and "Client Credentials Grant Type", pages below https://docs.oracle.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, host


def oracle_identity(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: str = "urn:opc:idm:__myscopes__",
    identity_host: str | None = None,
    base_url: str | None = None,
    lifetime: int | None = None,
) -> ClientCredentials:
    """Return the grant for an API of Oracle's, at `base_url`, that trusts an identity domain.

    Credentials of a confidential application from the arguments, or from ORACLE_IDENTITY_CLIENT_ID and
    ORACLE_IDENTITY_CLIENT_SECRET; so are the `identity_host`, as ``idcs-….identity.oraclecloud.com``, and
    `base_url`. Without a `scope` the token is for the domain's own API. Tokens live an hour; another `lifetime` in
    seconds, up to a year, is asked for in the scope.
    """
    return ClientCredentials(
        token_endpoint=f"https://{host(identity_host, 'ORACLE_IDENTITY_IDENTITY_HOST')}/oauth2/v1/token",
        client_id=credential(client_id, "ORACLE_IDENTITY_CLIENT_ID"),
        client_secret=credential(client_secret, "ORACLE_IDENTITY_CLIENT_SECRET"),
        scope=scope if lifetime is None else f"{scope} urn:opc:resource:expiry={lifetime}",
        resource_server=ResourceServer(credential(base_url, "ORACLE_IDENTITY_BASE_URL")),
    )
