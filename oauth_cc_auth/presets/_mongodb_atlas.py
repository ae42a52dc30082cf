"""MongoDB Atlas, its administration API for service accounts.

Read at https://github.com/mongodb/atlas-sdk-go.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def mongodb_atlas(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for MongoDB Atlas' Administration API at https://cloud.mongodb.com.

    Credentials of a service account from the arguments, or from MONGODB_ATLAS_CLIENT_ID and
    MONGODB_ATLAS_CLIENT_SECRET. Atlas limits the tokens of a service account, and answers 429 to too many revocations.
    Each API call names its version in Accept, as ``application/vnd.atlas.2025-03-12+json``.
    """
    return ClientCredentials(
        token_endpoint="https://cloud.mongodb.com/api/oauth/token",
        client_id=credential(client_id, "MONGODB_ATLAS_CLIENT_ID"),
        client_secret=credential(client_secret, "MONGODB_ATLAS_CLIENT_SECRET"),
        revocation_endpoint="https://cloud.mongodb.com/api/oauth/revoke",
        resource_server=ResourceServer("https://cloud.mongodb.com"),
    )
