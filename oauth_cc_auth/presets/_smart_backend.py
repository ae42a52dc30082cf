"""SMART Backend Services, how programs get at FHIR servers, as those of hospitals, by HL7's SMART App Launch.

Read at https://github.com/HL7/smart-app-launch, input/pages/backend-services.md and
client-confidential-asymmetric.md, which are published at https://hl7.org/fhir/smart-app-launch/.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.discovery import Discovery
from oauth_cc_auth._grant.jwt_form import ENDPOINT, PrivateKeyJWT
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, host, one_of, segment

# The two that every client must be able to make, and of which every server takes at least one.
_ALGORITHMS = {"RS384": "RS384", "ES384": "ES384"}

# An assertion may live five minutes by the server's clock, which may be a minute behind ours.
_ASSERTION_LIFETIME = 240


def smart_backend(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    base_url: str | None = None,
    scope: Several | None = None,
    alg: Literal["RS384", "ES384"] = "RS384",
    kid: str | None = None,
) -> ClientCredentials:
    """Return the grant for a FHIR server at BASE_URL.

    The client's id and, as `client_secret`, its private key, PEM or JWK, from the arguments, or from
    SMART_BACKEND_CLIENT_ID and SMART_BACKEND_CLIENT_SECRET. `base_url`, or SMART_BACKEND_BASE_URL, is the FHIR server's
    without a slash at the end; its SMART configuration names the token endpoint. `scope`, or SMART_BACKEND_SCOPE, is
    required, as ``system/Observation.rs``; less may be granted. An RSA key signs with RS384, one on the curve P-384
    with `alg` ES384. `kid` is the key's name as registered, which the specification demands; a JWK may have it itself.
    Tokens should live five minutes or less.
    """
    variable = "SMART_BACKEND_BASE_URL"
    name, *path = credential(base_url, variable).removeprefix("https://").split("/")
    base_url = "/".join([f"https://{host(name, variable)}", *(segment(part, variable) for part in path)])
    return ClientCredentials(
        token_endpoint=Discovery(f"{base_url}/.well-known/smart-configuration"),
        client_id=credential(client_id, "SMART_BACKEND_CLIENT_ID"),
        client_secret=credential(client_secret, "SMART_BACKEND_CLIENT_SECRET"),
        token_endpoint_auth_method=PrivateKeyJWT(
            alg=one_of(_ALGORITHMS, alg, "alg"), kid=kid, audience=ENDPOINT, typ="JWT", lifetime=_ASSERTION_LIFETIME
        ),
        scope=scope or credential(None, "SMART_BACKEND_SCOPE"),
        resource_server=ResourceServer(base_url),
    )
