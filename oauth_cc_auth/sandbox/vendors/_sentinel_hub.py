"""Sentinel Hub: a Keycloak whose errors may lack an `error`, and 429 for those who ask too often."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import MINUTE, POST, Limit, Refusal, Vendor

_HOSTS = ("services.sentinel-hub.com", "services-uswest2.sentinel-hub.com", "creodias.sentinel-hub.com")


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # sentinelhub/download/session.py in github.com/sentinel-hub/sentinelhub-py speaks of answers without one; which
    # they are is not documented: here the 429.
    if refusal.status == 429:
        return 429, {}
    return refusal.status, {"error": refusal.code, "error_description": refusal.description or refusal.reason}


VENDOR = Vendor(
    "sentinel_hub",
    # How long tokens live is not documented there: the default's hour.
    source="https://docs.sentinel-hub.com/api/latest/api/overview/authentication/",
    token_endpoints=("services.sentinel-hub.com/auth/realms/main/protocol/openid-connect/token",),
    apis=tuple(f"{host}/" for host in _HOSTS),
    auth_methods=frozenset({POST}),
    jwt=True,
    # Neither the number nor the window is documented.
    limit=Limit(None, MINUTE),
    errors=_errors,
)
