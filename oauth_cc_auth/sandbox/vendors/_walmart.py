"""Walmart Marketplace: a fresh GUID with every request, XML unless JSON is asked for, a header for the token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauth_cc_auth.sandbox._vendor import FRESH_GUID, MINUTE, Request, Vendor, renamed

_HEADERS = {"WM_QOS.CORRELATION_ID": FRESH_GUID, "WM_SVC.NAME": "*"}


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any] | str:
    if _wants_json(request):
        return answer
    names = {"access_token": "accessToken", "token_type": "tokenType", "expires_in": "expiresIn", "scope": None}
    # The name of the element around them is not documented.
    return f"<token>{''.join(f'<{name}>{value}</{name}>' for name, value in renamed(answer, names).items())}</token>"


def _answer_headers(request: Request) -> Mapping[str, str]:
    return {} if _wants_json(request) else {"Content-Type": "application/xml"}


VENDOR = Vendor(
    "walmart",
    source="https://developer.walmart.com/doc/us/mp/us-mp-auth/",
    token_endpoints=("marketplace.walmartapis.com/v3/token", "sandbox.walmartapis.com/v3/token"),
    apis=("marketplace.walmartapis.com/", "sandbox.walmartapis.com/"),
    token_headers=_HEADERS,
    lifetime=15 * MINUTE,
    answer=_answer,
    answer_headers=_answer_headers,
    token_header="WM_SEC.ACCESS_TOKEN",
    token_scheme=None,
    api_headers=_HEADERS,
)
