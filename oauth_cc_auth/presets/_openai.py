"""OpenAI, by workload identity federation.

Read at https://developers.openai.com/api/reference/workload-identity-federation and
https://github.com/openai/openai-python.
"""

from __future__ import annotations

from typing import Literal

from oauth_cc_auth.presets._vocabulary import (
    IdentityToken,
    RequestFormat,
    ResourceServer,
    TokenExchange,
    credential,
    identity_token,
    one_of,
)

# The page takes these two, and no other.
_TOKEN_TYPES = {"jwt": "jwt", "id_token": "id_token"}


def openai(
    *,
    identity_provider_id: str | None = None,
    service_account_id: str | None = None,
    identity_token_file: IdentityToken | None = None,
    subject_token_type: Literal["jwt", "id_token"] = "jwt",
) -> TokenExchange:
    """Return the grant for OpenAI's API at https://api.openai.com/v1, for a workload with its platform's token.

    The two ids from the arguments, or from OPENAI_IDENTITY_PROVIDER_ID and OPENAI_SERVICE_ACCOUNT_ID.
    `identity_token_file`, or OPENAI_IDENTITY_TOKEN_FILE, is the path of the platform's token, which is read for each
    token request; or it is another source, as those of `oauth_cc_auth.workload_identity`. `subject_token_type` is jwt,
    or id_token, as of Google Cloud. Tokens live an hour at most. What they may do is set at the service account's
    mapping.
    """
    return TokenExchange(
        token_endpoint="https://auth.openai.com/oauth/token",
        subject_token=identity_token(identity_token_file, "OPENAI_IDENTITY_TOKEN_FILE"),
        subject_token_type=one_of(_TOKEN_TYPES, subject_token_type, "subject_token_type"),
        parameters={
            "identity_provider_id": credential(identity_provider_id, "OPENAI_IDENTITY_PROVIDER_ID"),
            "service_account_id": credential(service_account_id, "OPENAI_SERVICE_ACCOUNT_ID"),
        },
        token_request=RequestFormat(body="json"),
        resource_server=ResourceServer("https://api.openai.com/v1"),
    )
