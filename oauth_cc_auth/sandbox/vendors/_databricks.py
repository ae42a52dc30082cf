"""Databricks: the token endpoint is found by discovery, and refusals are worded otherwise."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import Refusal, Vendor

_WORKSPACES = ("*.cloud.databricks.com", "*.azuredatabricks.net", "*.gcp.databricks.com")
_ISSUERS = (*(f"{host}/oidc" for host in _WORKSPACES), "accounts.cloud.databricks.com/oidc/accounts/*")


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # Or error and error_description; when which is said is not documented.
    return refusal.status, {"errorCode": refusal.code, "errorSummary": refusal.description or refusal.reason}


VENDOR = Vendor(
    "databricks",
    # oauth.py there.
    source="https://github.com/databricks/databricks-sdk-py",
    token_endpoints=tuple(f"{issuer}/v1/token" for issuer in _ISSUERS),
    metadata={f"{issuer}/.well-known/oauth-authorization-server": "/v1/token" for issuer in _ISSUERS},
    apis=tuple(f"{host}/api/" for host in _WORKSPACES),
    errors=_errors,
)
