"""Vipps MobilePay: all credentials in headers, no body, and a subscription key with every request."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import Headers, MultiDict

from oauth_cc_auth.sandbox._vendor import DAY, QUERY, Request, Vendor, converted, renamed

_HOSTS = ("api.vipps.no", "apitest.vipps.no")
_HEADERS = {"Ocp-Apim-Subscription-Key": "?*"}


def _credentials(headers: Headers, parameters: MultiDict[str, str]) -> tuple[str | None, str] | None:  # noqa: ARG001 - one signature for all
    client_id, secret = headers.get("client_id"), headers.get("client_secret")
    return (client_id, secret) if client_id and secret else None


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - as above
    # That the number is text is seen in samples.
    return converted(renamed(answer, {"scope": None}), "expires_in", str)


VENDOR = Vendor(
    "vipps",
    source="https://developer.vippsmobilepay.com/docs/APIs/access-token-api/standard-authentication",
    token_endpoints=tuple(f"{host}/accesstoken/get" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    bodies=frozenset({QUERY}),
    client_credentials=frozenset({None}),
    token_headers=_HEADERS,
    credentials=_credentials,
    # An hour in the test environment.
    lifetime=DAY,
    answer=_answer,
    api_headers=_HEADERS,
)
