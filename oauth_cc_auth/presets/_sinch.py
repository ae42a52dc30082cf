"""Sinch, messages and numbers.

Read at https://github.com/sinch/sinch-sdk-python.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts


@facts(client_id="SINCH_KEY_ID", client_secret="SINCH_KEY_SECRET")
def sinch(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for Sinch's APIs, as https://numbers.api.sinch.com.

    Credentials from the arguments, or from SINCH_CLIENT_ID and SINCH_CLIENT_SECRET. These are a key's id and
    secret. Each product and region has a host of its own: the token may go to every host below api.sinch.com.
    """
    return ClientCredentials(
        token_endpoint="https://auth.sinch.com/oauth2/token",
        client_id=credential(client_id, "SINCH_CLIENT_ID"),
        client_secret=credential(client_secret, "SINCH_CLIENT_SECRET"),
        resource_server=ResourceServer("https://numbers.api.sinch.com", origins=("https://*.api.sinch.com",)),
    )
