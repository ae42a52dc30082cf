"""Prisma SASE: the scope names the tenant service group, and a token without a role for it is good for nothing."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, MINUTE, Vendor

VENDOR = Vendor(
    "prisma_sase",
    source="https://pan.dev/sase/docs/access-tokens",
    token_endpoints=("auth.apps.paloaltonetworks.com/oauth2/access_token",),
    apis=("api.sase.paloaltonetworks.com/",),
    scopes=frozenset({"tsg_id:*"}),
    scope_required=True,
    # As curl -u has it, in the page's sample.
    auth_methods=frozenset({BASIC_RAW}),
    lifetime=15 * MINUTE,
    jwt=True,
)
