"""Vanta, compliance automation.

Read at https://developer.vanta.com/reference/overview, https://developer.vanta.com/docs/concepts/authentication and
https://developer.vanta.com/docs/rest-api-authentication.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# https://developer.vanta.com/reference/overview, all in this file
_BASE_URLS = {"vanta": "https://api.vanta.com", "vanta-gov": "https://api.vanta-gov.com"}


def vanta(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    instance: Literal["vanta", "vanta-gov"] = "vanta",
) -> ClientCredentials:
    """Return the grant for Vanta's API at https://api.vanta.com.

    Credentials from the arguments, or from VANTA_CLIENT_ID and VANTA_CLIENT_SECRET. `scope`, or VANTA_SCOPE, depends on
    the application's type, as ``vanta-api.all:read``; one that does not fit it is ``invalid_scope``. `instance` is
    "vanta-gov" for the Government Cloud. Tokens live an hour. An application has one token: a new one ends the old at
    once, so that processes which use the same client should share a store. At most 5 token requests a minute.
    """
    base_url = one_of(_BASE_URLS, instance, "instance")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth/token",
        client_id=credential(client_id, "VANTA_CLIENT_ID"),
        client_secret=credential(client_secret, "VANTA_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_json",
        scope=scope or credential(None, "VANTA_SCOPE"),
        issuance_limit=IssuanceLimit(5, 60),
        resource_server=ResourceServer(base_url),
    )
