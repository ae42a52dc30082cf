"""Shopify: a server for each shop, scopes that the app was given with commas between them, a header for the token."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, FORM, JSON, POST, Refusal, Request, Vendor, renamed


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return renamed(answer, {"token_type": None}) | {"scope": "read_products,write_products"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # Which text it is is not documented in what was read.
    return refusal.status, {"errors": refusal.description or refusal.reason}


VENDOR = Vendor(
    "shopify",
    source="https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets",
    token_endpoints=("*.myshopify.com/admin/oauth/access_token",),
    apis=("*.myshopify.com/admin/api/",),
    # A form in the guide, JSON in https://github.com/Shopify/shopify-app-js.
    bodies=frozenset({FORM, JSON}),
    auth_methods=frozenset({POST}),
    lifetime=DAY - 1,
    answer=_answer,
    token_header="X-Shopify-Access-Token",
    token_scheme=None,
    api_errors=_api_errors,
)
