"""Fyma: a JSON body with an audience, and a daily limit on tokens whose number is not documented."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import DAY, JSON, POST, ApiRequest, Limit, Vendor


def _api(request: ApiRequest) -> Any:
    request.admit(None)
    if request.path == "/tracking-cameras":
        return [{"id": "camera-1", "name": "Camera 1"}]
    return {"method": request.method, "path": request.path}


VENDOR = Vendor(
    "fyma",
    source="https://docs.fyma.ai/auth",
    token_endpoints=("auth.fyma.ai/oauth/token",),
    apis=("api.fyma.ai/",),
    # The page's example is an HTTPie command, and HTTPie sends JSON; whether a form would do is not documented.
    bodies=frozenset({JSON}),
    auth_methods=frozenset({POST}),
    # That it must be sent is documented, not what happens without it.
    required={"audience": "https://api.fyma.ai"},
    # The page knows no scopes.
    scopes=frozenset(),
    states_scope=False,
    lifetime=DAY,
    # How Fyma says that it is reached is not documented; 429 with Retry-After is what RFC 6585 §4 has for it.
    limit=Limit(None, DAY, description="The daily limit on access tokens is reached.", retry_after=True),
    api=_api,
)
