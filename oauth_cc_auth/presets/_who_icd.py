"""WHO's classification of diseases (ICD).

Seen in the code of several independent clients; the vendor's own documentation begins at https://icd.who.int/icdapi.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts


@facts(client_id="ICD_CLIENT_ID", client_secret="ICD_CLIENT_SECRET")
def who_icd(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for WHO's ICD API at https://id.who.int.

    Credentials from the arguments, or from WHO_ICD_CLIENT_ID and WHO_ICD_CLIENT_SECRET. Each call names the API's
    version in a header.
    """
    return ClientCredentials(
        token_endpoint="https://icdaccessmanagement.who.int/connect/token",
        client_id=credential(client_id, "WHO_ICD_CLIENT_ID"),
        client_secret=credential(client_secret, "WHO_ICD_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope="icdapi_access",
        resource_server=ResourceServer("https://id.who.int"),
    )
