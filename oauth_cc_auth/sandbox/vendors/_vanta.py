"""Vanta: JSON, one living token for an application, and five token requests a minute."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import JSON, MINUTE, POST, Limit, Vendor

_HOSTS = ("api.vanta.com", "api.vanta-gov.com")

VENDOR = Vendor(
    "vanta",
    # The shape of errors is not documented there.
    source="https://developer.vanta.com/reference/overview",
    token_endpoints=tuple(f"{host}/oauth/token" for host in _HOSTS),
    apis=tuple(f"{host}/v1/" for host in _HOSTS),
    bodies=frozenset({JSON}),
    auth_methods=frozenset({POST}),
    # https://developer.vanta.com/docs/authorize-using-oauth: those of private integrations begin otherwise.
    scopes=frozenset({"vanta-api.*", "connectors.self:*", "self:*"}),
    # All samples have one; whether it may be left out is not documented.
    scope_required=True,
    states_scope=False,
    one_token_per_client=True,
    limit=Limit(5, MINUTE),
)
