"""What any grant is, for those that take each kind (RFC 6749 §1.3)."""

from __future__ import annotations

from typing import TypeAlias

from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.static_token import StaticToken

Grant: TypeAlias = "ClientCredentials | AuthorizationCode | StaticToken"


def is_grant(thing: object) -> bool:
    """Tell whether this is one of the grants of this package."""
    return isinstance(thing, (ClientCredentials, AuthorizationCode, StaticToken))
