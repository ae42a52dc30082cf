"""Sophos Central: one scope, a host for each data region, and a header that names the tenant there."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, ApiRequest, Refusal, Vendor

_GLOBAL = "https://api.central.sophos.com"
_TENANT = "made-up-tenant"


def _api(request: ApiRequest) -> Any:
    request.admit(None)
    if request.origin == _GLOBAL and request.path == "/whoami/v1":
        hosts = {"global": request.url(_GLOBAL), "dataRegion": request.url("https://api-eu01.central.sophos.com")}
        return {"id": _TENANT, "idType": "tenant", "apiHosts": hosts}
    if request.origin != _GLOBAL and "X-Tenant-ID" not in request.headers:
        # With which status it is refused is not documented in what was read.
        raise Refusal(400, "missing_header", "Missing header: X-Tenant-ID.")
    return {"method": request.method, "path": request.path}


VENDOR = Vendor(
    "sophos",
    # api_client.py there; the shape of errors is not documented in it.
    source="https://github.com/sophos/Sophos-Central-SIEM-Integration",
    token_endpoints=("id.sophos.com/api/v2/oauth2/token",),
    apis=("api.central.sophos.com/", "api-*.central.sophos.com/"),
    auth_methods=frozenset({POST}),
    scopes=frozenset({"token"}),
    scope_required=True,
    jwt=True,
    api=_api,
)
