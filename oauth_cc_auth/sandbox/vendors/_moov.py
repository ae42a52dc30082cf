"""Moov: JSON in, and an expires_in that is the time at which the token ends."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC, BASIC_AND_POST, HOUR, JSON, POST, Request, Vendor, converted


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:
    # https://github.com/moovfinancial/moov-python, docs/models/components/authtoken.md: a Unix timestamp.
    return converted(answer, "expires_in", lambda seconds: int(request.now + seconds))


VENDOR = Vendor(
    "moov",
    source="https://docs.moov.io/api/authentication/access-tokens/create/",
    token_endpoints=("api.moov.io/oauth2/token",),
    revocation_endpoints=("api.moov.io/oauth2/revoke",),
    apis=("api.moov.io/",),
    bodies=frozenset({JSON}),
    scopes=frozenset({"/*"}),
    scope_required=True,
    # Either, says the page, whose example has both.
    auth_methods=frozenset({BASIC, POST, BASIC_AND_POST}),
    # Not documented.
    lifetime=HOUR,
    answer=_answer,
)
