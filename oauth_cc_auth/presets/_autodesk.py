"""Autodesk Platform Services (APS), formerly Forge.

Read at https://github.com/autodesk-platform-services/aps-sdk-node.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, Several, credential, facts


@facts(client_id=("APS_CLIENT_ID", "FORGE_CLIENT_ID"), client_secret=("APS_CLIENT_SECRET", "FORGE_CLIENT_SECRET"))
def autodesk(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = None
) -> ClientCredentials:
    """Return the grant for Autodesk Platform Services at https://developer.api.autodesk.com.

    Credentials from the arguments, or from AUTODESK_CLIENT_ID and AUTODESK_CLIENT_SECRET. `scope`, as
    ``data:read``, from the argument or AUTODESK_SCOPE. The token endpoint takes 500 requests a minute.
    """
    return ClientCredentials(
        token_endpoint="https://developer.api.autodesk.com/authentication/v2/token",
        client_id=credential(client_id, "AUTODESK_CLIENT_ID"),
        client_secret=credential(client_secret, "AUTODESK_CLIENT_SECRET"),
        scope=scope or credential(None, "AUTODESK_SCOPE"),
        resource_server=ResourceServer("https://developer.api.autodesk.com"),
    )
