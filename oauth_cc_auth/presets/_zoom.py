"""Zoom, by server-to-server OAuth.

Read at https://developers.zoom.us/docs/internal-apps/s2s-oauth/, https://developers.zoom.us/docs/api/,
https://developers.zoom.us/docs/api/errors and
https://devforum.zoom.us/t/zoom-api-how-to-revoke-app-access-when-user-wants-to-disconnect-your-app-and-zoom-app/18432.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of

# The domain of each cloud, and where else the token goes: uploads to fileapi.zoom.us are redirected to other hosts of
# Zoom's, and recordings are at the account's own, as the `api_url` of the token's answer may be. Of ZoomGov only the
# two hosts that are made of its domain were seen.
_CLOUDS = {"global": ("zoom.us", ("https://*.zoom.us",)), "us-government": ("zoomgov.com", ())}

# https://developers.zoom.us/docs/api/errors: the code is a number of Zoom's own.
_ERRORS = ErrorFormat(code="code", message="message")


def zoom(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    account_id: str | None = None,
    cloud: Literal["global", "us-government"] = "global",
) -> ClientCredentials:
    """Return the grant for Zoom's API at https://api.zoom.us/v2.

    Credentials and the account's id from the arguments, or from ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID,
    all of a server-to-server OAuth app. Tokens live an hour, several may live at once, and all stop when the app is
    deactivated. Scopes are those of the app. The token may go to every host below zoom.us. `cloud` is global, or
    us-government for ZoomGov. Zoom's revocation endpoint uninstalls the app, so it is not offered here.
    """
    domain, origins = one_of(_CLOUDS, cloud, "cloud")
    return ClientCredentials(
        token_endpoint=f"https://{domain}/oauth/token",
        client_id=credential(client_id, "ZOOM_CLIENT_ID"),
        client_secret=credential(client_secret, "ZOOM_CLIENT_SECRET"),
        # Zoom's own: what is granted is access as the owner of this account.
        grant_type="account_credentials",
        parameters={"account_id": credential(account_id, "ZOOM_ACCOUNT_ID")},
        resource_server=ResourceServer(f"https://api.{domain}/v2", origins=origins, errors=_ERRORS),
    )
