"""Box, files in the cloud.

Read at https://developer.box.com/guides/authentication/client-credentials/,
https://developer.box.com/reference/post-oauth2-revoke and https://github.com/box/box-openapi.
"""

from __future__ import annotations

from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._resource_server.error_format import ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.presets._credentials import credential, one_of
from oauth_cc_auth.presets._environment import facts

_TOKEN_ENDPOINT = "https://api.box.com/oauth2/token"

# https://developer.box.com/reference/post-oauth2-revoke
_REVOCATION_ENDPOINT = "https://api.box.com/oauth2/revoke"

# github.com/box/box-openapi: the servers of the API and of uploads, and the schema ClientError.
_BASE_URL = "https://api.box.com/2.0"
# The schema of upload sessions: their endpoints are on a host that the answer names, as https://upload-las.app.box.com.
_UPLOADS = ("https://upload.box.com", "https://*.app.box.com")
_ERRORS = ErrorFormat(code=("code", "error"), message=("message", "error_description"), request_id="request_id")

_SUBJECT_TYPES = {"enterprise": "enterprise", "user": "user"}


@facts(probe="/users/me")
def box(
    client_id: str | None = None,
    client_secret: Secret | None = None,
    *,
    subject_id: str | None = None,
    subject_type: str = "enterprise",
) -> ClientCredentials:
    """Return the grant for Box's API at https://api.box.com/2.0.

    Credentials from the arguments, or from BOX_CLIENT_ID and BOX_CLIENT_SECRET; so is `subject_id`, the enterprise's id
    for its Service Account, or with `subject_type` "user" a user's. Each subject has a token of its own, which lives an
    hour. Box says ``invalid_grant`` where the subject is not the app's to name, and ``unauthorized_client`` to an app
    of another type.
    """
    subject = {
        "box_subject_type": one_of(_SUBJECT_TYPES, subject_type, "subject_type"),
        "box_subject_id": credential(subject_id, "BOX_SUBJECT_ID"),
    }
    return ClientCredentials(
        token_endpoint=_TOKEN_ENDPOINT,
        client_id=credential(client_id, "BOX_CLIENT_ID"),
        client_secret=credential(client_secret, "BOX_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        parameters=subject,
        revocation_endpoint=_REVOCATION_ENDPOINT,
        resource_server=ResourceServer(_BASE_URL, origins=_UPLOADS, errors=_ERRORS),
    )
