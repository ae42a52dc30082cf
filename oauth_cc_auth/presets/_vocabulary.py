"""What a vendor's file is written with, in one place: a new one needs no other import."""

from oauth_cc_auth._grant.assertion import SignedJWT
from oauth_cc_auth._grant.checks import Several
from oauth_cc_auth._grant.client_authentication import ClientAuthMethod
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.jwt_bearer import JWTBearer
from oauth_cc_auth._grant.jwt_form import ENDPOINT, PrivateKeyJWT
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._grant.token_exchange import TokenExchange
from oauth_cc_auth._resource_server.error_format import ApiError, ErrorFormat
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth._token import Token
from oauth_cc_auth.presets._credentials import (
    IdentityToken,
    credential,
    host,
    identity_token,
    label,
    one_of,
    segment,
    text,
)
from oauth_cc_auth.presets._environment import facts

__all__ = [
    "ENDPOINT",
    "ApiError",
    "ClientAuthMethod",
    "ClientCredentials",
    "ErrorFormat",
    "IdentityToken",
    "IssuanceLimit",
    "JWTBearer",
    "PrivateKeyJWT",
    "RequestFormat",
    "ResourceServer",
    "ResponseFormat",
    "Secret",
    "Several",
    "SignedJWT",
    "Token",
    "TokenExchange",
    "credential",
    "facts",
    "host",
    "identity_token",
    "label",
    "one_of",
    "segment",
    "text",
]
