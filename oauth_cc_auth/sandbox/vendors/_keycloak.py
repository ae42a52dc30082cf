"""Keycloak: whoever runs it chooses host and realm, and before version 17 its paths began with /auth."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import BASIC, CLIENT_SECRET_JWT, MINUTE, POST, PRIVATE_KEY_JWT, Vendor

_REALMS = ("*/realms/*", "*/*/realms/*")

VENDOR = Vendor(
    "keycloak",
    source="https://www.keycloak.org/docs/latest/server_admin/",
    token_endpoints=tuple(f"{realm}/protocol/openid-connect/token" for realm in _REALMS),
    revocation_endpoints=tuple(f"{realm}/protocol/openid-connect/revoke" for realm in _REALMS),
    metadata={f"{realm}/.well-known/openid-configuration": "/protocol/openid-connect/token" for realm in _REALMS},
    # Basic by default; a client is configured for one of them.
    auth_methods=frozenset({BASIC, POST, CLIENT_SECRET_JWT, PRIVATE_KEY_JWT}),
    # The page's sample; a setting of the realm or the client.
    lifetime=MINUTE,
    jwt=True,
    www_authenticate='Bearer error="invalid_token"',
)
