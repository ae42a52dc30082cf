"""SAP BTP's XSUAA: a zone's own host below that of the landscape, and a lower-case bearer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from oauth_cc_auth.sandbox._vendor import BASIC_RAW, POST, Request, Vendor


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return answer | {"token_type": "bearer", "jti": uuid4().hex}


VENDOR = Vendor(
    "sap_xsuaa",
    # getting-an-application-access-token-6391b5d.md there. Clients with a certificate are not played.
    source="https://github.com/SAP-docs/btp-cloud-platform",
    token_endpoints=("*.authentication.*.hana.ondemand.com/oauth/token",),
    # The page has the pair in the header, in base64 alone; that for certificates says to leave client_secret out.
    auth_methods=frozenset({BASIC_RAW, POST}),
    lifetime=43199,
    answer=_answer,
    jwt=True,
)
