"""CrowdStrike Falcon, endpoint security.

Read at https://github.com/CrowdStrike/falconpy.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth._token import Token
from oauth_cc_auth.presets._credentials import credential, one_of
from oauth_cc_auth.presets._environment import facts

# falconpy, src/falconpy/_enum/_base_url.py; the names are those of the header below.
_BASE_URLS = {
    "us-1": "https://api.crowdstrike.com",
    "us-2": "https://api.us-2.crowdstrike.com",
    "us-3": "https://api.us-3.crowdstrike.com",
    "eu-1": "https://api.eu-1.crowdstrike.com",
    "us-gov-1": "https://api.laggar.gcw.crowdstrike.com",
    "us-gov-2": "https://api.us-gov-2.crowdstrike.mil",
}

# The answer tells in which region the client is at home, and falconpy goes on there: autodiscover_region().
_REGION_HEADER = "x-cs-region"

# What the codes of the token endpoint mean is not documented there, so that its status alone decides.
_ERRORS = ErrorFormat(code="errors.0.code", message="errors.0.message", request_id=("meta.trace_id", "x-cs-traceid"))
_TOKEN_ERRORS = ErrorFormat(code=(), message="errors.0.message", request_id=("meta.trace_id", "x-cs-traceid"))


def _home(token: Token) -> str | None:
    return _BASE_URLS.get(str(token.extra.get(_REGION_HEADER)).lower())


@facts(client_id="FALCON_CLIENT_ID", client_secret="FALCON_CLIENT_SECRET")
def crowdstrike(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    region: Literal["us-1", "us-2", "us-3", "eu-1", "us-gov-1", "us-gov-2"] = "us-1",
    member_cid: str | None = None,
) -> ClientCredentials:
    """Return the grant for CrowdStrike Falcon's API at https://api.crowdstrike.com, or that of another region.

    Credentials from the arguments, or from CROWDSTRIKE_CLIENT_ID and CROWDSTRIKE_CLIENT_SECRET. `region` is where the
    token is asked for: us-1, us-2, us-3, eu-1, us-gov-1 or us-gov-2. The token may go there and to the region that the
    answer names; a redirect to another region is an error that names it. `member_cid` locks the token of a managed
    service's parent to one of its members. Tokens live 30 minutes.
    """
    base_url = one_of(_BASE_URLS, region, "region")
    return ClientCredentials(
        token_endpoint=f"{base_url}/oauth2/token",
        grant_type=None,  # falconpy sends none
        client_id=credential(client_id, "CROWDSTRIKE_CLIENT_ID"),
        client_secret=credential(client_secret, "CROWDSTRIKE_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        parameters={} if member_cid is None else {"member_cid": member_cid},
        token_response=ResponseFormat(headers=(_REGION_HEADER,), errors=_TOKEN_ERRORS),
        revocation_endpoint=f"{base_url}/oauth2/revoke",
        revocation_endpoint_auth_method="client_secret_basic",
        revocation_request=RequestFormat(names={"token_type_hint": None}),
        resource_server=ResourceServer(base_url, base_url_of=_home, errors=_ERRORS),
    )
