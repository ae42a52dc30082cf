"""Vipps MobilePay for partners: another endpoint of the same hosts, by the letter of RFC 6749."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, MINUTE, Vendor

VENDOR = Vendor(
    "vipps_partner",
    source="https://developer.vippsmobilepay.com/docs/APIs/access-token-api/specialized-authentication",
    token_endpoints=("api.vipps.no/miami/v1/token", "apitest.vipps.no/miami/v1/token"),
    apis=tuple(f"{host}/{api}/" for host in ("api.vipps.no", "apitest.vipps.no") for api in ("report", "management")),
    auth_methods=frozenset({BASIC_RAW}),
    lifetime=15 * MINUTE,
)
