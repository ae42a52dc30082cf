"""How a client authenticates at the token endpoint (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2), as values.

What turns them into headers and parameters is `_authorization_server.proof`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from oauth_cc_auth._grant.assertion import ClientAssertion
    from oauth_cc_auth._grant.jwt_form import PrivateKeyJWT

# A function that writes the headers that prove a client, from its id and its secret.
HeaderMethod: TypeAlias = "Callable[[str, str], Mapping[str, str]]"

# The names, by the names of RFC 7591 §2 where it has one.
MethodName: TypeAlias = Literal[
    "client_secret_basic",
    "client_secret_basic_raw",
    "client_secret_post",
    "client_secret_json",
    "client_secret_basic_and_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "none",
]
METHODS: tuple[MethodName, ...] = get_args(MethodName)

JSON_METHOD: MethodName = "client_secret_json"  # not in any RFC; Fyma, Auth0, USPS and Vanta take it

# What token_endpoint_auth_method may be: a name, an assertion with settings of its own, one of others, or a function.
ClientAuthMethod: TypeAlias = "MethodName | PrivateKeyJWT | ClientAssertion | HeaderMethod"

WITHOUT_SECRET = frozenset({"none", "tls_client_auth", "self_signed_tls_client_auth"})


def is_private_key(secret: str) -> bool:
    """Tell whether a client secret is the client's private key, which signs and is never sent."""
    text = secret.lstrip()
    return text.startswith("-----BEGIN ") or (text.startswith("{") and '"kty"' in text)
