"""Drop-in OAuth 2.0 client-credentials authentication for requests and httpx.

``auth=RequestsAuth(presets.vainu())`` is all there is to write. The token is fetched once, shared between threads,
tasks and processes, renewed before anybody waits, and sent only where it belongs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from oauth_cc_auth import presets
    from oauth_cc_auth._grant.assertion import ClientAssertion, SignedJWT
    from oauth_cc_auth._grant.authorization_code import AuthorizationCode
    from oauth_cc_auth._grant.certificate import Certificate
    from oauth_cc_auth._grant.client_credentials import ClientCredentials
    from oauth_cc_auth._grant.discovery import Discovery
    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._grant.jwt_bearer import JWTBearer
    from oauth_cc_auth._grant.jwt_form import ClientSecretJWT, PrivateKeyJWT
    from oauth_cc_auth._grant.request_format import RequestFormat
    from oauth_cc_auth._grant.response_format import ResponseFormat
    from oauth_cc_auth._grant.secret import Env, File, Secret
    from oauth_cc_auth._grant.static_token import StaticToken
    from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
    from oauth_cc_auth._grant.token_exchange import TokenExchange
    from oauth_cc_auth._hearing import on_event
    from oauth_cc_auth._life.status import TokenStatus
    from oauth_cc_auth._life.table import forget_all
    from oauth_cc_auth._resource_server.dpop import DPoP
    from oauth_cc_auth._resource_server.error_format import ApiError, ErrorFormat
    from oauth_cc_auth._resource_server.server import ResourceServer
    from oauth_cc_auth._source import TokenSource
    from oauth_cc_auth._token import Token
    from oauth_cc_auth.aiohttp import AiohttpAuth
    from oauth_cc_auth.errors import (
        AuthorizationFailed,
        ConfigurationError,
        InsecureTransport,
        InteractionRequired,
        InvalidClient,
        InvalidGrant,
        InvalidRequest,
        InvalidScope,
        InvalidTokenResponse,
        OAuthError,
        OriginNotAllowed,
        TokenBudgetExceeded,
        TokenEndpointUnavailable,
        TokenRequestError,
        UnauthorizedClient,
        UnsupportedGrantType,
    )
    from oauth_cc_auth.events import (
        BudgetExceeded,
        Event,
        LoginSaved,
        LoginUnsaved,
        RenewalFailed,
        RenewalHeldBack,
        StoreFailed,
        TokenDue,
        TokenLoaded,
        TokenObtained,
        TokenRefused,
        TokenRenewed,
        TokenRequestRefused,
    )
    from oauth_cc_auth.grpc import GrpcAuth
    from oauth_cc_auth.httpx import HttpxAuth
    from oauth_cc_auth.login import Login
    from oauth_cc_auth.niquests import AsyncNiquestsAuth, NiquestsAuth
    from oauth_cc_auth.requests import RequestsAuth
    from oauth_cc_auth.stores import EncryptedStore, FileStore, KeyringStore, MemoryStore, RedisStore, TokenStore

_ROOMS = {
    "oauth_cc_auth._resource_server.dpop": ("DPoP",),
    "oauth_cc_auth._resource_server.error_format": ("ApiError", "ErrorFormat"),
    "oauth_cc_auth._grant.jwt_form": ("ClientSecretJWT", "PrivateKeyJWT"),
    "oauth_cc_auth._grant.assertion": ("ClientAssertion", "SignedJWT"),
    "oauth_cc_auth._grant.authorization_code": ("AuthorizationCode",),
    "oauth_cc_auth._grant.client_credentials": ("ClientCredentials",),
    "oauth_cc_auth._grant.grant": ("Grant",),
    "oauth_cc_auth._grant.jwt_bearer": ("JWTBearer",),
    "oauth_cc_auth._grant.token_exchange": ("TokenExchange",),
    "oauth_cc_auth._grant.request_format": ("RequestFormat",),
    "oauth_cc_auth._grant.response_format": ("ResponseFormat",),
    "oauth_cc_auth._grant.static_token": ("StaticToken",),
    "oauth_cc_auth._grant.certificate": ("Certificate",),
    "oauth_cc_auth._grant.discovery": ("Discovery",),
    "oauth_cc_auth._grant.token_endpoint": ("IssuanceLimit",),
    "oauth_cc_auth._resource_server.server": ("ResourceServer",),
    "oauth_cc_auth._grant.secret": ("Env", "File", "Secret"),
    "oauth_cc_auth._hearing": ("on_event",),
    "oauth_cc_auth._life.status": ("TokenStatus",),
    "oauth_cc_auth._life.table": ("forget_all",),
    "oauth_cc_auth._source": ("TokenSource",),
    "oauth_cc_auth._token": ("Token",),
    "oauth_cc_auth.errors": (
        "AuthorizationFailed",
        "ConfigurationError",
        "InsecureTransport",
        "InteractionRequired",
        "InvalidClient",
        "InvalidGrant",
        "InvalidRequest",
        "InvalidScope",
        "InvalidTokenResponse",
        "OAuthError",
        "OriginNotAllowed",
        "TokenBudgetExceeded",
        "TokenEndpointUnavailable",
        "TokenRequestError",
        "UnauthorizedClient",
        "UnsupportedGrantType",
    ),
    "oauth_cc_auth.aiohttp": ("AiohttpAuth",),
    "oauth_cc_auth.events": (
        "BudgetExceeded",
        "Event",
        "LoginSaved",
        "LoginUnsaved",
        "RenewalFailed",
        "RenewalHeldBack",
        "StoreFailed",
        "TokenDue",
        "TokenLoaded",
        "TokenObtained",
        "TokenRefused",
        "TokenRenewed",
        "TokenRequestRefused",
    ),
    "oauth_cc_auth.grpc": ("GrpcAuth",),
    "oauth_cc_auth.httpx": ("HttpxAuth",),
    "oauth_cc_auth.login": ("Login",),
    "oauth_cc_auth.niquests": ("AsyncNiquestsAuth", "NiquestsAuth"),
    "oauth_cc_auth.requests": ("RequestsAuth",),
    "oauth_cc_auth.stores": ("EncryptedStore", "FileStore", "KeyringStore", "MemoryStore", "RedisStore", "TokenStore"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "AiohttpAuth",
    "ApiError",
    "AsyncNiquestsAuth",
    "AuthorizationCode",
    "AuthorizationFailed",
    "BudgetExceeded",
    "Certificate",
    "ClientAssertion",
    "ClientCredentials",
    "ClientSecretJWT",
    "ConfigurationError",
    "DPoP",
    "Discovery",
    "EncryptedStore",
    "Env",
    "ErrorFormat",
    "Event",
    "File",
    "FileStore",
    "Grant",
    "GrpcAuth",
    "HttpxAuth",
    "InsecureTransport",
    "InteractionRequired",
    "InvalidClient",
    "InvalidGrant",
    "InvalidRequest",
    "InvalidScope",
    "InvalidTokenResponse",
    "IssuanceLimit",
    "JWTBearer",
    "KeyringStore",
    "Login",
    "LoginSaved",
    "LoginUnsaved",
    "MemoryStore",
    "NiquestsAuth",
    "OAuthError",
    "OriginNotAllowed",
    "PrivateKeyJWT",
    "RedisStore",
    "RenewalFailed",
    "RenewalHeldBack",
    "RequestFormat",
    "RequestsAuth",
    "ResourceServer",
    "ResponseFormat",
    "Secret",
    "SignedJWT",
    "StaticToken",
    "StoreFailed",
    "Token",
    "TokenBudgetExceeded",
    "TokenDue",
    "TokenEndpointUnavailable",
    "TokenExchange",
    "TokenLoaded",
    "TokenObtained",
    "TokenRefused",
    "TokenRenewed",
    "TokenRequestError",
    "TokenRequestRefused",
    "TokenSource",
    "TokenStatus",
    "TokenStore",
    "UnauthorizedClient",
    "UnsupportedGrantType",
    "forget_all",
    "on_event",
    "presets",
]
_NAMES = __all__
if not TYPE_CHECKING:
    del __all__  # from here on `__getattr__` answers: ``import *`` takes what the installed libraries allow


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the package itself costs next to nothing."""
    if name == "__all__":
        return __dir__()
    if name == "presets":
        value: Any = import_module("oauth_cc_auth.presets")
    elif name == "__version__":
        value = import_module("importlib.metadata").version("oauth-cc-auth")
    elif name in _ROOM_OF:
        value = getattr(import_module(_ROOM_OF[name]), name)
    else:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names whose libraries are installed: what help() and completion list, they ask for."""
    return [name for name in _NAMES if _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        __getattr__(name)
    except ImportError:
        return False
    return True
