"""Microsoft Entra ID: the scope is an API's identifier with /.default, and a refusal has many numbers."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC, POST, PRIVATE_KEY_JWT, Refusal, Vendor

_CLOUDS = ("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn")

# Of AADSTS numbers the page has one, that of a wrong scope.
_NUMBERS = {"invalid_scope": 70011}


def _errors(refusal: Refusal) -> tuple[int, Any]:
    number = _NUMBERS.get(refusal.code or "", 0)
    members = {
        "error": refusal.code,
        "error_description": f"AADSTS{number}: {refusal.description or refusal.reason}",
        "error_codes": [number],
        "timestamp": "2016-01-09 02:02:12Z",
        "trace_id": "255d1aef-8c98-452f-ac51-23d051240864",
        "correlation_id": "fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7",
    }
    return refusal.status, members


VENDOR = Vendor(
    "entra_id",
    source="https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow",
    token_endpoints=tuple(f"{cloud}/*/oauth2/v2.0/token" for cloud in _CLOUDS),
    scopes=frozenset({"*/.default"}),
    scope_required=True,
    # The page's samples have the secret in the body, and it says that Basic will do too.
    auth_methods=frozenset({POST, BASIC, PRIVATE_KEY_JWT}),
    lifetime=3599,
    states_scope=False,
    jwt=True,
    errors=_errors,
)
