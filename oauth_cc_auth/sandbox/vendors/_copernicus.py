"""Copernicus Data Space: a Keycloak whose tokens say themselves when they end, and 429 for those who ask too often."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import MINUTE, POST, Limit, Request, Vendor, renamed


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    # The page reads the token's `exp`; whether expires_in is there too is not documented.
    return renamed(answer, {"expires_in": None})


VENDOR = Vendor(
    "copernicus",
    # Authentication.qmd there. How long tokens live is not documented in it: the default's hour.
    source="https://github.com/eu-cdse/documentation",
    token_endpoints=("identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token",),
    auth_methods=frozenset({POST}),
    jwt=True,
    answer=_answer,
    # Neither the number nor the window is documented.
    limit=Limit(None, MINUTE),
)
