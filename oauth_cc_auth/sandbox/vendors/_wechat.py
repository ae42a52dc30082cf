"""WeChat: a GET with everything in the query, refusals that are 200, and a new token that ends the one before it."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, HOUR, POST, QUERY, Limit, Refusal, Request, Vendor, renamed

# 40001: invalid, or not the latest; 45009: the daily quota is used up. Others are not documented in what was read.
_CODES = {"invalid_client": 40001, "invalid_token": 40001, "missing_token": 40001, "quota": 45009}


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return renamed(answer, {"token_type": None, "scope": None})


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # The status is not documented: 200, as it is with the API.
    return 200, {"errcode": _CODES.get(refusal.code or "", -1), "errmsg": refusal.description or refusal.reason}


VENDOR = Vendor(
    "wechat",
    # Community answers; a page of reference was not read.
    source="https://developers.weixin.qq.com",
    token_endpoints=("api.weixin.qq.com/cgi-bin/token",),
    apis=("api.weixin.qq.com/",),
    methods=frozenset({"GET"}),
    bodies=frozenset({QUERY}),
    names={"client_id": "appid", "client_secret": "secret"},
    client_credentials=frozenset({"client_credential"}),
    auth_methods=frozenset({POST}),
    lifetime=2 * HOUR,
    answer=_answer,
    one_token_per_client=True,
    # The number is not documented. There is one for each minute too (45011).
    limit=Limit(None, DAY, status=200, code="quota", description="reach max api daily quota limit"),
    errors=_errors,
    # Where the token stands in a call of the API is not documented in what was read: there or in the header.
    token_query="access_token",
    api_errors=_errors,
)
