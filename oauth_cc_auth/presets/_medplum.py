"""Medplum, health records.

Seen in the code of several independent clients; the vendor's own documentation begins at https://www.medplum.com/docs.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, host


def medplum(
    client_id: str | None = None, client_secret: Secret | None = None, *, api_host: str = "api.medplum.com"
) -> ClientCredentials:
    """Return the grant for Medplum's FHIR API at https://api.medplum.com/fhir/R4.

    Credentials from the arguments, or from MEDPLUM_CLIENT_ID and MEDPLUM_CLIENT_SECRET. A server of
    one's own is named by `api_host`.
    """
    return ClientCredentials(
        token_endpoint=f"https://{host(api_host, 'MEDPLUM_API_HOST')}/oauth2/token",
        client_id=credential(client_id, "MEDPLUM_CLIENT_ID"),
        client_secret=credential(client_secret, "MEDPLUM_CLIENT_SECRET"),
        resource_server=ResourceServer(f"https://{host(api_host, 'MEDPLUM_API_HOST')}/fhir/R4"),
    )
