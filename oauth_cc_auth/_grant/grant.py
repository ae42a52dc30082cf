"""What any grant is, for those that take each kind (RFC 6749 §1.3)."""

from __future__ import annotations

from typing import TypeAlias

from oauth_cc_auth._grant.static_token import StaticToken
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant

# What an SDK of yours takes: `def __init__(self, grant: Grant)`. Not a text, so that tools can resolve it.
Grant: TypeAlias = TokenEndpointGrant | StaticToken


def is_grant(thing: object) -> bool:
    """Tell whether this is one of the grants of this package."""
    return isinstance(thing, (TokenEndpointGrant, StaticToken))
