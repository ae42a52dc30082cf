"""SAP BTP, by the Authorization and Trust Management service (XSUAA).

Read at https://github.com/SAP-docs/btp-cloud-platform (getting-an-application-access-token-6391b5d.md and
implementing-custom-token-retrieval-from-sap-authorization-and-trust-management-service-w-63fd9f1.md) and
https://sap-samples.github.io/cloud-for-utilities-foundation-samples/Extensibility/Access-Token.
"""

from __future__ import annotations

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_authentication import ClientAuthMethod
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, host, label


def sap_xsuaa(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    subdomain: str | None = None,
    landscape: str | None = None,
    base_url: str | None = None,
    x509: bool = False,
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_basic_raw",
) -> ClientCredentials:
    """Return the grant for a service of SAP BTP at `base_url`.

    Credentials from the arguments, or from SAP_XSUAA_CLIENT_ID and SAP_XSUAA_CLIENT_SECRET: ``clientid`` and
    ``clientsecret`` of a service key. So are `base_url`, that of the service, and `subdomain` and `landscape`, as
    ``acme`` and ``eu10.hana.ondemand.com`` in the key's ``url``, https://acme.authentication.eu10.hana.ondemand.com.
    With `x509`, for keys with a certificate, there is no secret: pass a session or client that has the certificate
    (``RequestsAuth(grant, session=...)``). Tokens live as the answer says, 12 hours in SAP's examples.
    """
    zone, domain = label(subdomain, "SAP_XSUAA_SUBDOMAIN"), host(landscape, "SAP_XSUAA_LANDSCAPE")
    return ClientCredentials(
        token_endpoint=f"https://{zone}.authentication.{'cert.' if x509 else ''}{domain}/oauth/token",
        client_id=credential(client_id, "SAP_XSUAA_CLIENT_ID"),
        client_secret=None if x509 else credential(client_secret, "SAP_XSUAA_CLIENT_SECRET"),
        # As the first page has it, by base64 alone; client ids have a ! in them, secrets end with =.
        token_endpoint_auth_method="tls_client_auth" if x509 else token_endpoint_auth_method,
        scope=scope,
        resource_server=ResourceServer(credential(base_url, "SAP_XSUAA_BASE_URL")),
    )
