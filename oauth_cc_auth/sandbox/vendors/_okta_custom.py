"""A custom authorization server of Okta: how a client proves itself is a setting of the client; a scope is needed."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import BASIC, CLIENT_SECRET_JWT, POST, PRIVATE_KEY_JWT, Vendor

_SERVERS = ("*.okta.com/oauth2/*/v1", "*.oktapreview.com/oauth2/*/v1")

VENDOR = Vendor(
    "okta_custom",
    source="https://developer.okta.com/docs/guides/implement-client-creds/",
    token_endpoints=tuple(f"{server}/token" for server in _SERVERS),
    revocation_endpoints=tuple(f"{server}/revoke" for server in _SERVERS),
    metadata={
        "*.okta.com/oauth2/*/.well-known/oauth-authorization-server": "/v1/token",
        "*.oktapreview.com/oauth2/*/.well-known/oauth-authorization-server": "/v1/token",
    },
    scope_required=True,
    # Whichever the client is configured for; here each will do.
    auth_methods=frozenset({BASIC, POST, CLIENT_SECRET_JWT, PRIVATE_KEY_JWT}),
    jwt=True,
)
