"""CrowdStrike Falcon: 201, no grant type, a header that names the region, and revocation by Basic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauth_cc_auth.sandbox._vendor import BASIC, POST, Refusal, Request, Vendor

_REGIONS = {
    "api.crowdstrike.com": "us-1",
    "api.us-2.crowdstrike.com": "us-2",
    "api.us-3.crowdstrike.com": "us-3",
    "api.eu-1.crowdstrike.com": "eu-1",
    "api.laggar.gcw.crowdstrike.com": "us-gov-1",
    "api.us-gov-2.crowdstrike.mil": "us-gov-2",
}


def _answer_headers(request: Request) -> Mapping[str, str]:
    return {"X-Cs-Region": request.home or _REGIONS[request.origin.removeprefix("https://")]}


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # What falconpy reads; which codes there are is not documented there: the status.
    error = {"code": refusal.status, "message": refusal.description or refusal.reason}
    return refusal.status, {"meta": {"trace_id": "made-up-trace"}, "errors": [error]}


VENDOR = Vendor(
    "crowdstrike",
    # _falcon_interface.py, _util and _result there.
    source="https://github.com/CrowdStrike/falconpy",
    token_endpoints=tuple(f"{host}/oauth2/token" for host in _REGIONS),
    revocation_endpoints=tuple(f"{host}/oauth2/revoke" for host in _REGIONS),
    apis=tuple(f"{host}/" for host in _REGIONS),
    # The vendor's own library sends none; that one may be sent is not documented, and it does no harm.
    client_credentials=frozenset({None, "client_credentials"}),
    auth_methods=frozenset({POST}),
    revocation_auth_methods=frozenset({BASIC}),
    status=201,
    lifetime=1799,
    answer_headers=_answer_headers,
    errors=_errors,
    api_errors=_errors,
)
