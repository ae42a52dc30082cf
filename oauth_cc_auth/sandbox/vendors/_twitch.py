"""Twitch, and IGDB, which takes its tokens: the client's id goes with each API call, and no secret with revocation."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import CLIENT_ID, DAY, FORM, NO_AUTH, POST, QUERY, Refusal, Request, Vendor, renamed


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return renamed(answer, {"scope": None}) | {"token_type": "bearer"}


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # As the page on revocation shows them; the others do not say.
    return refusal.status, {"status": refusal.status, "message": refusal.description or refusal.reason}


VENDOR = Vendor(
    "twitch",
    source="https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/",
    token_endpoints=("id.twitch.tv/oauth2/token",),
    revocation_endpoints=("id.twitch.tv/oauth2/revoke",),
    # The second is IGDB's: https://github.com/igdb/igdb-api-python.
    apis=("api.twitch.tv/helix/", "api.igdb.com/v4/"),
    # The vendor's own command line writes everything into the query: https://github.com/twitchdev/twitch-cli.
    bodies=frozenset({FORM, QUERY}),
    auth_methods=frozenset({POST}),
    revocation_auth_methods=frozenset({NO_AUTH}),
    # Not documented in what was read: the number of days is a third party's.
    lifetime=60 * DAY,
    answer=_answer,
    errors=_errors,
    api_headers={"Client-Id": CLIENT_ID},
    api_errors=_errors,
)
