"""Spotify: by the letter, but for the API's errors."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, Refusal, Vendor


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    return refusal.status, {"error": {"status": refusal.status, "message": refusal.description or refusal.reason}}


VENDOR = Vendor(
    "spotify",
    source="https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow",
    token_endpoints=("accounts.spotify.com/api/token",),
    apis=("api.spotify.com/v1/",),
    auth_methods=frozenset({BASIC_RAW}),
    api_errors=_api_errors,
)
