"""NetSuite, its SuiteTalk REST web services and RESTlets.

Seen in "The Request Token Structure" and "POST Request to the Token Endpoint", pages of the NetSuite help
below https://docs.oracle.com/.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import (
    ENDPOINT,
    ClientCredentials,
    PrivateKeyJWT,
    ResourceServer,
    Secret,
    credential,
    label,
    one_of,
    segment,
)

_TOKEN_ENDPOINT = "{}/services/rest/auth/oauth2/v1/token"
_ALGORITHMS = {f"{kind}{size}": f"{kind}{size}" for kind in ("PS", "ES") for size in (256, 384, 512)}


def netsuite(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    account: str | None = None,
    certificate_id: str | None = None,
    alg: Literal["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"] = "PS256",
    scope: str = "rest_webservices",
) -> ClientCredentials:
    """Return the grant for NetSuite's REST web services and RESTlets at https://ACCOUNT.suitetalk.api.netsuite.com.

    The integration's client id from the argument, or from NETSUITE_CLIENT_ID; `client_secret`, or
    NETSUITE_CLIENT_SECRET, is the private key whose certificate is mapped, as PEM or JWK, and `certificate_id`, or
    NETSUITE_CERTIFICATE_ID, that of the mapping. `account`, as ``1234567`` or ``1234567-sb1``, from the argument or
    NETSUITE_ACCOUNT. `alg` is PS256, PS384, PS512, ES256, ES384 or ES512. Several scopes are joined by commas. A
    refresh of a sandbox removes the mapping.
    """
    name = label(account, "NETSUITE_ACCOUNT", within="suitetalk.api.netsuite.com")
    base_url = f"https://{name}.suitetalk.api.netsuite.com"
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT.format(base_url),
        client_id=credential(client_id, "NETSUITE_CLIENT_ID"),
        client_secret=credential(client_secret, "NETSUITE_CLIENT_SECRET"),
        token_endpoint_auth_method=_proof(alg, segment(certificate_id, "NETSUITE_CERTIFICATE_ID"), scope),
        resource_server=ResourceServer(base_url, origins=(base_url.replace(".suitetalk.", ".restlets."),)),
    )


def _proof(alg: str, kid: str, scope: str) -> PrivateKeyJWT:
    # The scope is a claim of the assertion, and no parameter; an assertion lives less than an hour.
    return PrivateKeyJWT(
        alg=one_of(_ALGORITHMS, alg, "alg"), kid=kid, audience=ENDPOINT, typ=None, claims={"scope": scope}
    )
