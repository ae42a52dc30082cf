"""Zscaler, its OneAPI.

Read at https://github.com/zscaler/zscaler-sdk-python.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, label


def zscaler(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    vanity_domain: str | None = None,
    cloud: str | None = None,
) -> ClientCredentials:
    """Return the grant for Zscaler's OneAPI at https://api.zsapi.net.

    Credentials from the arguments, or from ZSCALER_CLIENT_ID and ZSCALER_CLIENT_SECRET; the tenant's
    `vanity_domain`, as ``acme`` in acme.zslogin.net, from the argument or ZSCALER_VANITY_DOMAIN. `cloud` is for
    tenants of another cloud than production.
    """
    vanity = label(vanity_domain, "ZSCALER_VANITY_DOMAIN", within="zslogin.net")
    cloud = None if cloud is None else label(cloud, "ZSCALER_CLOUD")
    return ClientCredentials(
        token_endpoint=f"https://{vanity}.zslogin{cloud or ''}.net/oauth2/v1/token",
        client_id=credential(client_id, "ZSCALER_CLIENT_ID"),
        client_secret=credential(client_secret, "ZSCALER_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        audience="https://api.zscaler.com",
        resource_server=ResourceServer(f"https://api.{cloud}.zsapi.net" if cloud else "https://api.zsapi.net"),
    )
