"""commercetools, the commerce platform.

Read at https://docs.commercetools.com/api/authorization, https://docs.commercetools.com/api/scopes and
https://github.com/commercetools/commercetools-api-reference.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# api-specs/api/api.raml of the reference, baseUriParameters.
_REGIONS = ("us-central1.gcp", "us-east-2.aws", "europe-west1.gcp", "eu-central-1.aws", "australia-southeast1.gcp")
_DOMAINS = {region: f"{region}.commercetools.com" for region in _REGIONS}

# api-specs/api/types/error/ErrorResponse.raml
_ERRORS = ErrorFormat(code=("errors.0.code", "error"), message="message")

Region: TypeAlias = Literal[
    "us-central1.gcp",
    "us-east-2.aws",
    "europe-west1.gcp",
    "eu-central-1.aws",
    "australia-southeast1.gcp",
]


def commercetools(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    scope: Several | None = None,
    region: Region = "europe-west1.gcp",
) -> ClientCredentials:
    """Return the grant for commercetools' HTTP API at https://api.REGION.commercetools.com.

    Credentials, those of an API Client, from the arguments, or from COMMERCETOOLS_CLIENT_ID and
    COMMERCETOOLS_CLIENT_SECRET. `region` is where the project is hosted, such as "us-central1.gcp". A `scope` names the
    project, as ``view_products:my-project``; without one the token has all that the client was given. Tokens live two
    days unless the client says otherwise.
    """
    domain = one_of(_DOMAINS, region, "region")
    return ClientCredentials(
        token_endpoint=f"https://auth.{domain}/oauth/token",
        client_id=credential(client_id, "COMMERCETOOLS_CLIENT_ID"),
        client_secret=credential(client_secret, "COMMERCETOOLS_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer(f"https://api.{domain}", errors=_ERRORS),
    )
