"""Wise: when a token ends is said twice, in seconds and as a date."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, Request, Vendor

_HOSTS = ("api.wise.com", "api.wise-sandbox.com")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    if "expires_in" not in answer:
        return answer
    ends = datetime.fromtimestamp(request.now + answer["expires_in"], timezone.utc)
    return answer | {"token_type": "bearer", "expires_at": ends.isoformat(timespec="milliseconds")}


VENDOR = Vendor(
    "wise",
    source="https://docs.wise.com/guides/developer/auth-and-security/client-credentials-token",
    token_endpoints=tuple(f"{host}/oauth/token" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    auth_methods=frozenset({BASIC_RAW}),
    lifetime=43199,
    answer=_answer,
)
