"""Cisco, cloud security: Umbrella and Secure Access.

Read at https://github.com/CiscoDevNet/cloud-security.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential


def cisco_umbrella(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Cisco Umbrella's API at https://api.umbrella.com.

    API key and secret from the arguments, or from CISCO_UMBRELLA_CLIENT_ID and CISCO_UMBRELLA_CLIENT_SECRET.
    """
    return ClientCredentials(
        token_endpoint="https://api.umbrella.com/auth/v2/token",
        client_id=credential(client_id, "CISCO_UMBRELLA_CLIENT_ID"),
        client_secret=credential(client_secret, "CISCO_UMBRELLA_CLIENT_SECRET"),
        resource_server=ResourceServer("https://api.umbrella.com"),
    )


def cisco_secure_access(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Cisco Secure Access' API at https://api.sse.cisco.com.

    API key and secret from the arguments, or from CISCO_SECURE_ACCESS_CLIENT_ID and
    CISCO_SECURE_ACCESS_CLIENT_SECRET.
    """
    return ClientCredentials(
        token_endpoint="https://api.sse.cisco.com/auth/v2/token",
        client_id=credential(client_id, "CISCO_SECURE_ACCESS_CLIENT_ID"),
        client_secret=credential(client_secret, "CISCO_SECURE_ACCESS_CLIENT_SECRET"),
        resource_server=ResourceServer("https://api.sse.cisco.com"),
    )
