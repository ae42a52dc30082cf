"""OpenRouter, by workload identity federation.

Read at https://openrouter.ai/docs/guides/overview/auth/workload-identity-federation and
https://openrouter.ai/docs/api/api-reference/oauth/exchange-a-workload-identity-token.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import (
    IdentityToken,
    ResourceServer,
    TokenExchange,
    credential,
    identity_token,
)


def openrouter(
    *, federation_policy_id: str | None = None, identity_token_file: IdentityToken | None = None
) -> TokenExchange:
    """Return the grant for OpenRouter's API at https://openrouter.ai/api/v1, for a workload with its platform's token.

    `federation_policy_id` from the argument, or from OPENROUTER_FEDERATION_POLICY_ID. `identity_token_file`, or
    OPENROUTER_IDENTITY_TOKEN_FILE, is the path of the platform's token, a JWT, which is read for each token request;
    or it is another source, as those of `oauth_cc_auth.workload_identity`. Tokens live 15 minutes at most, and never
    longer than that JWT.
    """
    return TokenExchange(
        token_endpoint="https://openrouter.ai/api/v1/oauth/token",
        subject_token=identity_token(identity_token_file, "OPENROUTER_IDENTITY_TOKEN_FILE"),
        subject_token_type="jwt",
        parameters={"federation_policy_id": credential(federation_policy_id, "OPENROUTER_FEDERATION_POLICY_ID")},
        resource_server=ResourceServer("https://openrouter.ai/api/v1"),
    )
