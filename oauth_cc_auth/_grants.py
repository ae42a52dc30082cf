"""Grants: which authorization server, which client, asking for what (RFC 6749 §1.3).

Frozen values, checked at construction. A grant is everything that decides what the token request says. Two grants that
say the same share one token.
"""

from __future__ import annotations

import inspect
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, ClassVar, NoReturn, TypeAlias

from oauth_cc_auth._client_auth import METHODS, WITHOUT_SECRET, PrivateKeyJWT
from oauth_cc_auth._frozen import EMPTY, FrozenMapping
from oauth_cc_auth._resource_server import ResourceServer, checked_headers, is_secure, origin_of
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, InsecureTransport, InteractionRequired

Secret: TypeAlias = "str | Callable[[], str]"
Several: TypeAlias = "str | Collection[str]"


@dataclass(frozen=True, slots=True)
class IssuanceLimit:
    """At most `count` tokens within any `seconds`, as the vendor documents it. Raises ConfigurationError."""

    count: int
    seconds: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not isinstance(self.count, int) or isinstance(self.count, bool) or self.count < 1:
            _refuse("IssuanceLimit: count is not a whole number above 0")
        _check_seconds("IssuanceLimit: seconds", self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TokenEndpointGrant:
    """What every grant with a token endpoint has in common."""

    token_endpoint: str
    client_id: str
    client_secret: Secret | None = field(default=None, repr=False)
    token_endpoint_auth_method: str | PrivateKeyJWT = "client_secret_basic"
    scope: Several | None = None
    audience: Several | None = None
    resource: Several | None = None
    parameters: Mapping[str, Any] = EMPTY
    headers: Mapping[str, str] = EMPTY
    default_lifetime: float | None = None
    bearer_token_types: Collection[str] = ()
    issuance_limit: IssuanceLimit | None = None
    revocation_endpoint: str | None = None
    resource_server: ResourceServer | None = None
    allow_insecure_http: bool = False

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        if not is_text(self.client_id) or not self.client_id:
            _refuse("client_id is empty or not a string")
        self._check_client_authentication()
        self._check_endpoint("token_endpoint")
        if self.revocation_endpoint is not None:
            self._check_endpoint("revocation_endpoint")
        scope = self.scope
        if isinstance(scope, Collection) and not isinstance(scope, str):
            scope = " ".join(_strings("scope", sorted(scope) if isinstance(scope, (set, frozenset)) else scope))
        elif scope is not None and not is_text(scope):
            _refuse("scope is neither a string nor a collection of strings")
        object.__setattr__(self, "scope", scope or None)
        for name in ("audience", "resource"):
            object.__setattr__(self, name, _several(name, getattr(self, name)))
        object.__setattr__(self, "bearer_token_types", _each(_several("bearer_token_types", self.bearer_token_types)))
        object.__setattr__(self, "parameters", _parameters(self.parameters))
        object.__setattr__(self, "headers", checked_headers(self.headers))
        if self.default_lifetime is not None:
            _check_seconds("default_lifetime", self.default_lifetime)
        if not isinstance(self.issuance_limit, (IssuanceLimit, type(None))):
            _refuse("issuance_limit is not an IssuanceLimit")
        if not isinstance(self.resource_server, (ResourceServer, type(None))):
            _refuse("resource_server is not a ResourceServer")

    def _check_client_authentication(self) -> None:
        method, secret = self.token_endpoint_auth_method, self.client_secret
        if not isinstance(method, PrivateKeyJWT) and method not in METHODS:
            _refuse(f"token_endpoint_auth_method is none of {', '.join(METHODS)}")
        if secret is None or secret == "":
            if method not in WITHOUT_SECRET:
                _refuse('client_secret is missing; a client without one has token_endpoint_auth_method="none"')
        elif not is_text(secret) and not callable(secret):
            _refuse("client_secret is neither a string nor a callable that returns one")
        elif inspect.iscoroutinefunction(secret):
            _refuse("client_secret is an async function; it is called in a thread, so pass a plain one")

    def _check_endpoint(self, name: str) -> None:
        try:
            origin = origin_of(getattr(self, name))
        except (ValueError, TypeError):
            _refuse(f"{name} is not an http or https URL with a host")
        if "@" in getattr(self, name).split("/")[2] or not getattr(self, name).lower().startswith("http"):
            # requests would make Basic authentication of it, and overwrite the client's.
            _refuse(f"{name} holds a user name, or is no http or https URL")
        if not (self.allow_insecure_http or is_secure(origin)):
            message = (
                f"{name} is plain http, where anybody on the way can read the client secret. Use https, or pass "
                "allow_insecure_http=True if this network is yours."
            )
            raise InsecureTransport(message)

    def common_parameters(self) -> list[tuple[str, str]]:
        """Return the parameters that every token request of this grant carries (RFC 8707 for `resource`)."""
        several = (("audience", self.audience), ("resource", self.resource), *self.parameters.items())
        return [(name, value) for name, values in several for value in _each(values)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials(_TokenEndpointGrant):
    """The client credentials grant (RFC 6749 §4.4): a client asks for a token on its own behalf.

    `token_endpoint` is the full URL, its trailing slash included. `client_secret` is a string, or a callable that is
    asked for it before each token request and again when the server refuses it. `token_endpoint_auth_method` is one of
    client_secret_basic, client_secret_basic_raw, client_secret_post, client_secret_json, client_secret_basic_and_post,
    client_secret_jwt, private_key_jwt, tls_client_auth, none, or a `PrivateKeyJWT`. `scope` is a string or a collection
    of them; `audience` and `resource` (RFC 8707) are one or several; `parameters` are further ones, and `headers`
    further headers, of the token request. `default_lifetime` in seconds is for servers that do not say how long a token
    lives; without it such a token is used until it is refused. `bearer_token_types` are what the server calls
    Bearer beside that, as eBay's ``Application Access Token``. `issuance_limit` keeps within what the vendor allows,
    counted in the source's store by all who share it. `revocation_endpoint` is that of RFC 7009.

    Raises ConfigurationError, naming the argument, and InsecureTransport for plain http beyond loopback.
    """

    grant_type: ClassVar[str] = "client_credentials"

    def token_request(self, previous: Token | None) -> list[tuple[str, str]]:  # noqa: ARG002 - each request stands alone
        """Return the parameters of the token request (RFC 6749 §4.4.2), without the client's authentication."""
        scope = [("scope", str(self.scope))] if self.scope else []
        return [("grant_type", self.grant_type), *scope, *self.common_parameters()]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode(_TokenEndpointGrant):
    """The authorization code grant (RFC 6749 §4.1) after the login: tokens are renewed by refresh token (§6).

    `refresh_token` is the first one; where the server rotates it, each new one is kept, and saved in the source's store
    before its access token is used. Two grants with different first refresh tokens are two logins and never share a
    token. The other arguments are those of `ClientCredentials`.
    """

    authorization_endpoint: str | None = None
    redirect_uri: str | None = None
    refresh_token: str | None = field(default=None, repr=False)
    grant_type: ClassVar[str] = "refresh_token"

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        _TokenEndpointGrant.__post_init__(self)
        if self.authorization_endpoint is not None:
            self._check_endpoint("authorization_endpoint")
        if self.refresh_token is not None and not is_text(self.refresh_token):
            _refuse("refresh_token is not a string")

    def token_request(self, previous: Token | None) -> list[tuple[str, str]]:
        """Return the parameters of the refresh request (RFC 6749 §6), without the client's authentication.

        The scope is the one that was granted, as far as it is known: §6 forbids to ask for more, and servers such as
        Vend Email grant something else than what the login asked for.
        """
        refresh_token = (previous and previous.refresh_token) or self.refresh_token
        if not refresh_token:
            message = (
                "No refresh token is known: a user has to log in once. Then pass refresh_token=, or a store with it."
            )
            raise InteractionRequired(message)
        scope = [("scope", previous.scope)] if previous and previous.scope else []
        return [("grant_type", self.grant_type), ("refresh_token", refresh_token), *scope, *self.common_parameters()]


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A token or key that somebody made by hand and that lives until it is revoked; there is nothing to renew.

    It goes only where `resource_server` lets it, and in the header that it names.
    """

    access_token: str = field(repr=False)
    _: KW_ONLY
    resource_server: ResourceServer | None = None
    allow_insecure_http: bool = False

    def __post_init__(self) -> None:
        """Check the token."""
        token = self.access_token
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            _refuse("the token or key is empty, not a string, or does not fit in a header")

    @classmethod
    def basic(cls, user: str, password: str, *, resource_server: ResourceServer) -> StaticToken:
        """Return a user and a password as a token of the Basic scheme (RFC 7617)."""
        pair = b64encode(f"{user}:{password}".encode()).decode("ascii")
        return cls(pair, resource_server=replace(resource_server, scheme="Basic"))


Grant: TypeAlias = "ClientCredentials | AuthorizationCode | StaticToken"


def is_text(value: object) -> bool:
    """Tell whether this is a string that can be sent; one with lone surrogates cannot."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def is_grant(thing: object) -> bool:
    """Tell whether this is one of the grants of this package."""
    return isinstance(thing, (ClientCredentials, AuthorizationCode, StaticToken))


def _refuse(message: str) -> NoReturn:
    raise ConfigurationError(message)


def _strings(name: str, values: Collection[Any]) -> tuple[str, ...]:
    if not all(is_text(value) and value for value in values):
        _refuse(f"{name} holds something that is not a string, or an empty one")
    return tuple(values)


def _several(name: str, values: Several | None) -> str | tuple[str, ...] | None:
    if values is None or (isinstance(values, str) and values and is_text(values)):
        return values
    if isinstance(values, str) or not isinstance(values, Collection):
        _refuse(f"{name} is neither a string nor a collection of strings, or is empty")
    return _strings(name, values)


def _each(values: Several | None) -> Collection[str]:
    return () if values is None else (values,) if isinstance(values, str) else values


def _parameters(parameters: Mapping[str, Several]) -> FrozenMapping[Several]:
    if not isinstance(parameters, Mapping):
        _refuse("parameters is not a mapping")
    if not all(isinstance(name, str) and name for name in parameters):
        _refuse("parameters has a name that is not a string, or an empty one")
    own = {"client_id", "client_secret", "grant_type", "scope", "audience", "resource"} & set(parameters)
    if own:
        _refuse(f"parameters holds {', '.join(sorted(own))}, which has an argument of its own")
    return FrozenMapping({name: _several(f"parameters[{name!r}]", value) or () for name, value in parameters.items()})


def _check_seconds(name: str, seconds: float) -> None:
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not (number and 0 < seconds < float("inf")):
        _refuse(f"{name} is not a number of seconds above 0")
