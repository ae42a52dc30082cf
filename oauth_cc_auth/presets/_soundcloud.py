"""SoundCloud, what is public there.

Read at https://developers.soundcloud.com/docs/llm-context, https://developers.soundcloud.com/docs/api/guide and
https://github.com/soundcloud/api.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential

# github.com/soundcloud/api, openapi/api.yaml; api.soundcloud.com/oauth2/token is deprecated.
_TOKEN_ENDPOINT = "https://secure.soundcloud.com/oauth/token"
_BASE_URL = "https://api.soundcloud.com"
_ERRORS = ErrorFormat(code="code", message="message")

# https://developers.soundcloud.com/docs/llm-context
_LIMIT = IssuanceLimit(50, 12 * 3600)


def soundcloud(client_id: str | None = None, client_secret: Secret | None = None) -> ClientCredentials:
    """Return the grant for SoundCloud's API at https://api.soundcloud.com.

    Credentials from the arguments, or from SOUNDCLOUD_CLIENT_ID and SOUNDCLOUD_CLIENT_SECRET. Tokens live about an
    hour. An application gets 50 in 12 hours, and an address 30 in an hour, then 429: let processes share a store. The
    word before the token is ``OAuth``.
    """
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "SOUNDCLOUD_CLIENT_ID"),
        client_secret=credential(client_secret, "SOUNDCLOUD_CLIENT_SECRET"),
        # BASE64_CLIENT_ID_SECRET, says .cursor/skills/soundcloud-api-auth of that repository.
        token_endpoint_auth_method="client_secret_basic_raw",
        issuance_limit=_LIMIT,
        resource_server=ResourceServer(_BASE_URL, scheme="OAuth", errors=_ERRORS),
    )
