"""Vibes RBM: an Amazon Cognito domain that wants the credentials twice, and an API that says its errors as one text."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC_AND_POST, ApiRequest, Refusal, Vendor, say_as_rfc6749

_SCOPE = "https://rbm.vibes.com/rbm.agents"


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # The schema of its 401 is `Empty`.
    return (401, {}) if refusal.code == "invalid_client" else say_as_rfc6749(refusal)


def _api(request: ApiRequest) -> Any:
    request.admit(_SCOPE)
    agent = request.query.get("agentId")
    if agent == "forbidden":
        raise Refusal(403, description="Forbidden agent")
    return {"agentId": agent, "method": request.method, "path": request.path}


VENDOR = Vendor(
    "vibes_rbm",
    source="https://developer-aggregation.vibes.com/reference/authentication-1",
    token_endpoints=("vibes-rbm-prd.auth.us-west-2.amazoncognito.com/oauth2/token",),
    apis=("rbm.us.vibes.com/connectCustomers",),
    # RFC 6749 §2.3 forbids two methods at once; this vendor demands both.
    auth_methods=frozenset({BASIC_AND_POST}),
    scopes=frozenset({_SCOPE}),
    scope_required=True,
    states_scope=False,
    errors=_errors,
    api=_api,
)
