"""Reddit, without a user: HTTP Basic, and a user agent that says who asks."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, Refusal, Request, Vendor

# Which are limited is said by example only: Python/urllib and Java.
_DEFAULTS = ("python", "java", "httpx")


def _check(request: Request) -> None:
    if request.headers.get("User-Agent", "").lower().startswith(_DEFAULTS):
        raise Refusal(429, "too_many_requests", "Too Many Requests")


VENDOR = Vendor(
    "reddit_app_only",
    source="https://github.com/reddit-archive/reddit/wiki/OAuth2",
    token_endpoints=("www.reddit.com/api/v1/access_token",),
    revocation_endpoints=("www.reddit.com/api/v1/revoke_token",),
    apis=("oauth.reddit.com/",),
    token_headers={"User-Agent": "?*"},
    auth_methods=frozenset({BASIC_RAW}),
    check=_check,
    api_headers={"User-Agent": "?*"},
)
