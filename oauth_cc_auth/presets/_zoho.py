"""Zoho, for self clients.

Read at https://www.zoho.com/accounts/protocol/oauth/self-client/client-credentials-flow.html and
https://www.zoho.com/crm/developer/docs/api/v4/client-credentials.html.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import (
    ClientCredentials,
    RequestFormat,
    ResourceServer,
    Secret,
    Several,
    Token,
    credential,
    one_of,
)

_ACCOUNTS = "https://{}/oauth/v2/token"
_DOMAINS = {
    **{domain: f"accounts.zoho.{domain}" for domain in ("com", "eu", "in", "com.au", "jp")},
    "ca": "accounts.zohocloud.ca",
}


def _api_domain(token: Token) -> str | None:
    domain = token.extra.get("api_domain")
    return domain if isinstance(domain, str) else None


def zoho(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    soid: str | None = None,
    data_center: Literal["com", "eu", "in", "com.au", "jp", "ca"] = "com",
) -> ClientCredentials:
    """Return the grant for Zoho's APIs, where the token's answer says that they are.

    Credentials of a self client from the arguments, or from ZOHO_CLIENT_ID and ZOHO_CLIENT_SECRET; so is the
    `scope`, as ``ZohoCRM.modules.READ``, and `soid`, as ``ZohoCRM.12345``, for products with several organizations
    (without it they say missing_org_info). `data_center` is com, eu, in, com.au, jp or ca. All of it stands in the
    query of a POST. Tokens live an hour, and their scheme is Zoho's own. The vendor advises this grant for work
    that is done once.
    """
    return ClientCredentials(
        token_endpoint=_ACCOUNTS.format(one_of(_DOMAINS, data_center, "data_center")),
        client_id=credential(client_id, "ZOHO_CLIENT_ID"),
        client_secret=credential(client_secret, "ZOHO_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope or credential(None, "ZOHO_SCOPE"),
        parameters={} if soid is None else {"soid": soid},
        token_request=RequestFormat(body=None, scope_separator=","),
        resource_server=ResourceServer(base_url_of=_api_domain, scheme="Zoho-oauthtoken"),
    )
