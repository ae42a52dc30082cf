"""Zoho: the parameters of a POST stand in its query, scopes are joined by commas, and the answer names the API."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, QUERY, Refusal, Request, Vendor

_DOMAINS = ("zoho.com", "zoho.eu", "zoho.in", "zoho.com.au", "zoho.jp", "zohocloud.ca")
_APIS = ("www.zohoapis.com", "www.zohoapis.eu", "www.zohoapis.in", "www.zohoapis.com.au", "www.zohoapis.jp")


def _check(request: Request) -> None:
    if "ZohoCRM" in request.parameters.get("scope", "") and "soid" not in request.parameters:
        raise Refusal(400, "missing_org_info")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    domain = request.origin.removeprefix("https://accounts.zoho.")
    return answer | {"api_domain": f"https://www.zohoapis.{domain}"}


VENDOR = Vendor(
    "zoho",
    source="https://www.zoho.com/accounts/protocol/oauth/self-client/client-credentials-flow.html",
    token_endpoints=tuple(f"accounts.{domain}/oauth/v2/token" for domain in _DOMAINS),
    apis=tuple(f"{api}/" for api in _APIS),
    bodies=frozenset({QUERY}),
    scope_separator=",",
    scope_required=True,
    auth_methods=frozenset({POST}),
    check=_check,
    answer=_answer,
    token_scheme="Zoho-oauthtoken",
)
