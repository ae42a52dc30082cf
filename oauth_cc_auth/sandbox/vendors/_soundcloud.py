"""SoundCloud: few tokens, which are presented by the word OAuth."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, HOUR, Limit, Refusal, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    # It comes with the answer and renews once; what it looks like is not documented.
    return answer | {"refresh_token": f"{answer['access_token']}-refresh"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # Schema Error of openapi/api.yaml in https://github.com/soundcloud/api.
    message = refusal.description or refusal.reason
    return refusal.status, {"code": refusal.status, "message": message, "link": "", "error": None, "errors": []}


VENDOR = Vendor(
    "soundcloud",
    source="https://developers.soundcloud.com/docs/llm-context",
    token_endpoints=("secure.soundcloud.com/oauth/token",),
    apis=("api.soundcloud.com/",),
    auth_methods=frozenset({BASIC_RAW}),
    answer=_answer,
    # An application's; that of an address, 30 an hour, is not counted here.
    limit=Limit(50, 12 * HOUR),
    token_scheme="OAuth",
    api_errors=_api_errors,
)
