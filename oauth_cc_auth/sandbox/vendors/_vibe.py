"""Vibe: a header with the API's revision, scopes by family, and errors that are objects at the API."""

from __future__ import annotations

import uuid
from typing import Any

from oauth_cc_auth.sandbox._vendor import ApiRequest, Refusal, Vendor

_READ, _WRITE = frozenset({"read"}), frozenset({"read", "write"})
_FAMILIES = {
    "account": _WRITE,
    "advertisers": _WRITE,
    "audiences": _WRITE,
    "campaigns": _WRITE,
    "creatives": _WRITE,
    "impression_tracking": _WRITE,
    "reporting": _READ,
}
# https://developers.vibe.co/docs/api-versioning; the two values that the vendor's own pages and command line send.
_REVISIONS = frozenset({"2026-05", "2026-06-01"})


def _api(request: ApiRequest) -> Any:
    family = next((word for word in request.path.split("/") if word in _FAMILIES), None)
    reads = request.method in {"GET", "HEAD", "OPTIONS"} or "write" not in _FAMILIES.get(family or "", ())
    request.admit(family and f"{family}:{'read' if reads else 'write'}")
    revision = request.headers.get("X-Vibe-Revision")
    if revision is None:
        raise Refusal(400, description="The header X-Vibe-Revision is missing.")
    if revision not in _REVISIONS:
        raise Refusal(400, "unknown_revision", "This revision is not known.")
    return {"data": [], "method": request.method, "path": request.path}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # https://developers.vibe.co/docs/api-concepts
    named = {
        "type": refusal.reason if refusal.status == 401 else refusal.code or refusal.reason,
        "message": refusal.description,
        "status": refusal.status,
        "detail": refusal.detail,
    }
    return refusal.status, {"error": {**named, "request_id": str(uuid.uuid4()), "doc_url": None}}


VENDOR = Vendor(
    "vibe",
    source="https://developers.vibe.co/docs/start-your-client-credentials-flow",
    token_endpoints=("api.vibe.co/oauth2/token",),
    # All about logins is from the vendor's own command line: the path, no secret, a refresh token that is kept where a
    # renewal brings none.
    authorization_endpoints=("api.vibe.co/oauth2/auth",),
    apis=("api.vibe.co/",),
    grant_types=frozenset({"client_credentials", "authorization_code", "refresh_token"}),
    public_login=True,
    # https://developers.vibe.co/reference/oauth2token
    scopes=frozenset(f"{family}:{right}" for family, rights in _FAMILIES.items() for right in rights),
    login_scopes=frozenset({"openid"}),
    states_scope=False,
    api=_api,
    api_errors=_api_errors,
)
