"""GitHub Apps, by the token of an installation.

Seen in the code of several independent clients, as in https://github.com/PyGithub/PyGithub, and the vendor's own
documentation begins at https://docs.github.com/.
"""

from __future__ import annotations

import time

from oauth_cc_auth._signature import base64url, encoded, read_key
from oauth_cc_auth.presets._vocabulary import (
    ClientCredentials,
    RequestFormat,
    ResourceServer,
    ResponseFormat,
    Secret,
    credential,
    segment,
)

# Seconds: an assertion is dated back, for a clock that is behind, and ends within ten minutes.
_BACK, _AHEAD = 60, 480


def github_app(
    app_id: str | None = None, private_key: Secret | None = None, *, installation_id: str | None = None
) -> ClientCredentials:
    """Return the grant for GitHub's API at https://api.github.com, for an installation of an app.

    The `app_id` and the app's RSA `private_key`, PEM or JWK, from the arguments, or from GITHUB_APP_APP_ID and
    GITHUB_APP_PRIVATE_KEY; so is `installation_id`. The token has all permissions of the installation.
    """
    installation = segment(installation_id, "GITHUB_APP_INSTALLATION_ID")
    return ClientCredentials(
        token_endpoint=f"https://api.github.com/app/installations/{installation}/access_tokens",
        client_id=credential(app_id, "GITHUB_APP_APP_ID"),
        client_secret=credential(private_key, "GITHUB_APP_PRIVATE_KEY"),
        token_endpoint_auth_method=_signed_by_app,
        grant_type=None,
        headers={"Accept": "application/vnd.github+json"},
        token_request=RequestFormat(body="json"),
        token_response=ResponseFormat(access_token="token", expires_at="expires_at"),
        resource_server=ResourceServer("https://api.github.com"),
    )


def _signed_by_app(app_id: str, private_key: str) -> dict[str, str]:
    """Return the header that proves the app: not an assertion in the body, but a JWT as the bearer of the request."""
    key, now = read_key("private_key", private_key, "RS256"), int(time.time())
    claims = {"iss": app_id, "iat": now - _BACK, "exp": now + _AHEAD}
    signing_input = encoded({"alg": key.alg, "typ": "JWT"}) + b"." + encoded(claims)
    jwt = signing_input + b"." + base64url(key.sign(signing_input))
    return {"Authorization": f"Bearer {jwt.decode('ascii')}"}
