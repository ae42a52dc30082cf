"""Docusign, by its JWT grant.

Read at https://github.com/docusign/docusign-esign-python-client.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import JWTBearer, ResourceServer, Secret, SignedJWT, credential, one_of

_HOSTS = {"production": "account.docusign.com", "demo": "account-d.docusign.com"}


def docusign(
    client_id: str | None = None,
    private_key: Secret | None = None,
    *,
    user_id: str | None = None,
    base_url: str | None = None,
    scope: str = "signature impersonation",
    environment: Literal["production", "demo"] = "production",
) -> JWTBearer:
    """Return the grant for Docusign's API at `base_url`, for a user in whose name an application acts.

    The integration key, as `client_id`, and its RSA `private_key`, PEM or JWK, from the arguments, or from
    DOCUSIGN_CLIENT_ID and DOCUSIGN_PRIVATE_KEY; so are `user_id`, the user's GUID, and `base_url`, which Docusign tells
    at ``/oauth/userinfo`` of https://account.docusign.com. `environment` is production or demo. The user consents once,
    in a browser, to `scope`.
    """
    host = one_of(_HOSTS, environment, "environment")
    assertion = SignedJWT(
        issuer=credential(client_id, "DOCUSIGN_CLIENT_ID"),
        subject=credential(user_id, "DOCUSIGN_USER_ID"),
        key=credential(private_key, "DOCUSIGN_PRIVATE_KEY"),
        alg="RS256",
        # The host alone, and the scope in the assertion: docusign_esign/client/api_client.py.
        audience=host,
        claims={"scope": scope},
    )
    return JWTBearer(
        token_endpoint=f"https://{host}/oauth/token",
        assertion=assertion,
        resource_server=ResourceServer(credential(base_url, "DOCUSIGN_BASE_URL")),
    )
