"""Avinode: who asks says how long the token is to live, and the application's own token goes with each API call."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC, CLIENT_SECRET_JWT, MINUTE, POST, Refusal, Request, Vendor, renamed


def _minutes(request: Request) -> int | None:
    asked = request.parameters.get("expiresInMinutes")
    return None if asked is None else int(asked)


def _check(request: Request) -> None:
    try:
        fits = _minutes(request) in {None, *range(1, 121)}
    except ValueError:
        fits = False
    if not fits:
        # What is said then is not documented.
        raise Refusal(400, "invalid_request", "expiresInMinutes must be between 1 and 120.")


def _lifetime(request: Request) -> float:
    return (_minutes(request) or 30) * MINUTE - 1


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return renamed(answer, {"scope": None})


VENDOR = Vendor(
    "avinode",
    source="https://developer.avinodegroup.com/docs/oauth-management",
    # The host of the live environment is not documented.
    token_endpoints=("*.avinode.com/api/oauth/token",),
    apis=("*.avinode.com/api/",),
    # Each client has one of them, chosen when its secret was made.
    auth_methods=frozenset({BASIC, POST, CLIENT_SECRET_JWT}),
    check=_check,
    lifetime=_lifetime,
    answer=_answer,
    api_headers={"X-Avinode-ApiToken": "?*"},
)
