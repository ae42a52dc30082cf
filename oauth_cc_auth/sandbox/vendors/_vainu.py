"""Vainu: another word for a wrong grant type, and an API made with Django."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, POST, ApiRequest, Refusal, Vendor, say_as_rfc6749


def _errors(refusal: Refusal) -> tuple[int, Any]:
    status, body = say_as_rfc6749(refusal)
    # RFC 6749 §5.2 has unsupported_grant_type; the page's table of errors says invalid_grant.
    return status, body | {"error": "invalid_grant"} if refusal.code == "unsupported_grant_type" else body


def _api(request: ApiRequest) -> Any:
    request.admit("vainu:api")
    if "/organizations/" not in request.path:
        return {"method": request.method, "path": request.path}
    # The organization of the page's example; only the fields that are asked for.
    body: Mapping[str, Any] = request.json if isinstance(request.json, dict) else {}
    organization = {"business_id": "FI25578642", "name": "Vainu. io Software Oy"}
    return [{name: value for name, value in organization.items() if name in body.get("fields", organization)}]


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # The shape is not documented; Vainu's API is made with Django REST framework, whose errors look like this.
    return refusal.status, {"detail": refusal.description or refusal.reason}


VENDOR = Vendor(
    "vainu",
    source="https://developers.vainu.com/v3/docs/client-credentials-authentication",
    token_endpoints=("api.vainu.io/api/oauth/token/",),
    revocation_endpoints=("api.vainu.io/api/oauth/revoke_token/",),
    # All about logins is from the vendor's own command line: another host, no secret, refresh tokens that rotate.
    authorization_endpoints=("app.vainu.io/api/oauth/authorize/",),
    apis=("api.vainu.io/api/",),
    grant_types=frozenset({"client_credentials", "authorization_code", "refresh_token"}),
    public_login=True,
    auth_methods=frozenset({POST}),
    scopes=frozenset({"vainu:api"}),
    login_scopes=frozenset({"offline_access"}),
    rotates_refresh_tokens=True,
    # "Limited lifetime" without a number: an hour is what the vendor's own command line assumes.
    lifetime=HOUR,
    errors=_errors,
    api=_api,
    api_errors=_api_errors,
)
