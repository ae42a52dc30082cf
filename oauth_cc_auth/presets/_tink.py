"""Tink, open banking.

Seen in the code of several independent clients; the vendor's own documentation begins at https://docs.tink.com/.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import (
    ClientCredentials,
    RequestFormat,
    ResourceServer,
    Secret,
    Several,
    credential,
)


def tink(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: Several | None = None
) -> ClientCredentials:
    """Return the grant for Tink's API at https://api.tink.com.

    Credentials from the arguments, or from TINK_CLIENT_ID and TINK_CLIENT_SECRET. `scope`, as
    ``authorization:grant``, from the argument or TINK_SCOPE; several are joined by commas.
    """
    return ClientCredentials(
        token_endpoint="https://api.tink.com/api/v1/oauth/token",
        client_id=credential(client_id, "TINK_CLIENT_ID"),
        client_secret=credential(client_secret, "TINK_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope or credential(None, "TINK_SCOPE"),
        token_request=RequestFormat(scope_separator=","),
        resource_server=ResourceServer("https://api.tink.com"),
    )
