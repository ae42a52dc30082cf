"""Anthropic, the Claude API, by workload identity federation.

Read at https://platform.claude.com/docs/en/manage-claude/wif-reference and
https://github.com/anthropics/anthropic-sdk-python.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import (
    IdentityToken,
    JWTBearer,
    RequestFormat,
    ResourceServer,
    credential,
    identity_token,
)

# src/anthropic/lib/credentials/_constants.py: the first is wanted wherever such a token goes, and both where it is
# requested.
_BY_TOKEN = "oauth-2025-04-20"
_BY_FEDERATION = f"{_BY_TOKEN},oidc-federation-2026-04-01"


def anthropic(
    *,
    federation_rule_id: str | None = None,
    organization_id: str | None = None,
    service_account_id: str | None = None,
    workspace_id: str | None = None,
    identity_token_file: IdentityToken | None = None,
) -> JWTBearer:
    """Return the grant for the Claude API at https://api.anthropic.com, for a workload with its platform's token.

    The three ids from the arguments, or from ANTHROPIC_FEDERATION_RULE_ID, ANTHROPIC_ORGANIZATION_ID and
    ANTHROPIC_SERVICE_ACCOUNT_ID; `workspace_id`, or ANTHROPIC_WORKSPACE_ID, is needed where the rule is enabled for
    several workspaces. `identity_token_file`, or ANTHROPIC_IDENTITY_TOKEN_FILE, is the path of the platform's token,
    which is read for each token request; or it is another source, as ``Env("ANTHROPIC_IDENTITY_TOKEN")`` or one of
    `oauth_cc_auth.workload_identity`. API calls carry ``anthropic-beta``; a caller that sets that header names
    ``oauth-2025-04-20`` in it, too. Calls name a version in ``anthropic-version``.
    """
    ids = {
        "federation_rule_id": credential(federation_rule_id, "ANTHROPIC_FEDERATION_RULE_ID"),
        "organization_id": credential(organization_id, "ANTHROPIC_ORGANIZATION_ID"),
        "service_account_id": credential(service_account_id, "ANTHROPIC_SERVICE_ACCOUNT_ID"),
    }
    return JWTBearer(
        token_endpoint="https://api.anthropic.com/v1/oauth/token",
        assertion=identity_token(identity_token_file, "ANTHROPIC_IDENTITY_TOKEN_FILE"),
        parameters=ids | ({} if workspace_id is None else {"workspace_id": workspace_id}),
        headers={"anthropic-beta": _BY_FEDERATION},
        token_request=RequestFormat(body="json"),
        resource_server=ResourceServer("https://api.anthropic.com", headers={"anthropic-beta": _BY_TOKEN}),
    )
