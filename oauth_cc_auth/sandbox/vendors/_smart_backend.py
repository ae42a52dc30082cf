"""SMART Backend Services: any FHIR server, found by its SMART configuration, with strict views on assertions."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from oauth_cc_auth.sandbox._vendor import MINUTE, PRIVATE_KEY_JWT, Refusal, Request, Vendor

_ALGORITHMS = frozenset({"RS384", "ES384"})
_LONGEST = 5 * MINUTE


def _check(request: Request) -> None:
    # The signature has been verified before.
    parts = str(request.parameters["client_assertion"]).split(".")
    header, claims = (json.loads(urlsafe_b64decode(f"{part}===")) for part in parts[:2])
    if header.get("alg") not in _ALGORITHMS or header.get("typ") != "JWT" or not header.get("kid"):
        raise Refusal(401, "invalid_client", "The assertion's header must have alg RS384 or ES384, typ JWT and a kid.")
    if claims["exp"] > request.now + _LONGEST:
        raise Refusal(401, "invalid_client", "The assertion may live five minutes.")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return answer | {"token_type": "bearer"}


VENDOR = Vendor(
    "smart_backend",
    # input/pages/backend-services.md and client-confidential-asymmetric.md there.
    source="https://github.com/HL7/smart-app-launch",
    # Where the token endpoint is, is the server's business: the path is made up.
    token_endpoints=("*/*made-up/token",),
    metadata={"*/*.well-known/smart-configuration": "/made-up/token"},
    auth_methods=frozenset({PRIVATE_KEY_JWT}),
    scopes=frozenset({"system/*", "user/*", "patient/*"}),
    scope_required=True,
    check=_check,
    lifetime=5 * MINUTE,
    answer=_answer,
)
