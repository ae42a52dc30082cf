"""Grants: which authorization server, which client, asking for what (RFC 6749 §1.3).

Frozen values, checked at construction. A grant is everything that decides what the token request says. Two grants that
say the same share one token.
"""

from __future__ import annotations

import inspect
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from oauth_cc_auth._api_error import ANY_ENVELOPE, ApiError, ErrorFormat, read_response
from oauth_cc_auth._client_auth import METHODS, WITHOUT_SECRET, ClientAuthMethod, PrivateKeyJWT
from oauth_cc_auth._formats import RequestFormat, ResponseFormat
from oauth_cc_auth._frozen import EMPTY, FrozenMapping, spoken_repr
from oauth_cc_auth._headers import HeaderValue, checked_headers
from oauth_cc_auth._resource_server import ResourceServer, is_secure, origin_of
from oauth_cc_auth._secrets import Secret
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, InsecureTransport, InteractionRequired

if TYPE_CHECKING:
    import httpx
    import requests

    from oauth_cc_auth.stores import TokenStore

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


_BY_THE_RFC, _AS_THE_RFC_HAS_IT = RequestFormat(), ResponseFormat()


@dataclass(frozen=True, slots=True)
class Discovery:
    """A token endpoint that the authorization server's metadata names (RFC 8414 §3, OpenID Connect Discovery §4).

    `url` is the full address of that document, which is asked for before each token request, without a secret.
    """

    url: str


# Nobody makes one of these: what a dataclass generates for it, at a millisecond, the grants below have anew.
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, init=False, eq=False)
class _TokenEndpointGrant:
    """What every grant with a token endpoint has in common."""

    token_endpoint: str | Discovery
    client_id: str | None
    client_secret: Secret | None = field(default=None, repr=False)
    token_endpoint_auth_method: ClientAuthMethod = "client_secret_basic"
    scope: Several | None = None
    audience: Several | None = None
    resource: Several | None = None
    parameters: Mapping[str, Any] = EMPTY
    headers: Mapping[str, HeaderValue] = EMPTY
    token_request: RequestFormat = _BY_THE_RFC
    token_response: ResponseFormat = _AS_THE_RFC_HAS_IT
    default_lifetime: float | None = None
    issuance_limit: IssuanceLimit | None = None
    revocation_endpoint: str | None = None
    revocation_endpoint_auth_method: ClientAuthMethod | None = None
    revocation_request: RequestFormat = _BY_THE_RFC
    resource_server: ResourceServer | None = None
    allow_insecure_http: bool = False

    __repr__ = spoken_repr

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        self._check_formats()
        self._check_client_authentication()
        endpoint = self.token_endpoint
        self._check_endpoint("token_endpoint", endpoint.url if isinstance(endpoint, Discovery) else endpoint)
        if self.revocation_endpoint is not None:
            self._check_endpoint("revocation_endpoint", self.revocation_endpoint)
        scope = self.scope
        if isinstance(scope, Collection) and not isinstance(scope, str):
            scope = " ".join(_strings("scope", sorted(scope) if isinstance(scope, (set, frozenset)) else scope))
        elif scope is not None and not is_text(scope):
            _refuse("scope is neither a string nor a collection of strings")
        object.__setattr__(self, "scope", scope or None)
        for name in ("audience", "resource"):
            object.__setattr__(self, name, _several(name, getattr(self, name)))
        object.__setattr__(self, "parameters", _parameters(self.parameters))
        object.__setattr__(self, "headers", checked_headers(self.headers))
        if self.default_lifetime is not None:
            _check_seconds("default_lifetime", self.default_lifetime)
        if not isinstance(self.issuance_limit, (IssuanceLimit, type(None))):
            _refuse("issuance_limit is not an IssuanceLimit")
        if not isinstance(self.resource_server, (ResourceServer, type(None))):
            _refuse("resource_server is not a ResourceServer")

    def _check_formats(self) -> None:
        for name in ("token_request", "revocation_request"):
            if not isinstance(getattr(self, name), RequestFormat):
                _refuse(f"{name} is not a RequestFormat")
        if not isinstance(self.token_response, ResponseFormat):
            _refuse("token_response is not a ResponseFormat")

    def _check_client_authentication(self) -> None:
        secret = self.client_secret
        # Some vendors know a client by its secret alone: IBM Cloud's API keys, ClearTax.
        method = self.token_endpoint_auth_method
        unsent = self.token_request.names.get("client_id", "") is None
        nameless = self.client_id is None and (unsent or not isinstance(method, (str, PrivateKeyJWT)))
        if not nameless and (not is_text(self.client_id) or not self.client_id):
            _refuse("client_id is empty or not a string")
        for name in ("token_endpoint_auth_method", "revocation_endpoint_auth_method"):
            method = getattr(self, name)
            known = method in METHODS if isinstance(method, str) else _is_method(method)
            if not known and not (method is None and name == "revocation_endpoint_auth_method"):
                _refuse(f"{name} is none of {', '.join(METHODS)}, nor a PrivateKeyJWT or a function")
        if secret is None or secret == "":
            if self.token_endpoint_auth_method not in WITHOUT_SECRET:
                _refuse('client_secret is missing; a client without one has token_endpoint_auth_method="none"')
        elif not is_text(secret) and not callable(secret):
            _refuse("client_secret is neither a string nor a callable that returns one")
        elif inspect.iscoroutinefunction(secret):
            _refuse("client_secret is an async function; it is called in a thread, so pass a plain one")

    def _check_endpoint(self, name: str, url: str) -> None:
        try:
            origin = origin_of(url)
        except (ValueError, TypeError):
            _refuse(f"{name} is not an http or https URL with a host")
        if "#" in url:
            _refuse(f"{name} holds a fragment, which RFC 6749 §3.1 and §3.2 forbid")  # and a query after it is not sent
        if "@" in url.split("/")[2] or not url.lower().startswith("http"):
            # requests would make Basic authentication of it, and overwrite the client's.
            _refuse(f"{name} holds a user name, or is no http or https URL")
        if not (self.allow_insecure_http or is_secure(origin)):
            message = (
                f"{name} is plain http, where anybody on the way can read the client secret. Use https, or pass "
                "allow_insecure_http=True if this network is yours."
            )
            raise InsecureTransport(message)

    def api_error(self, response: Any) -> ApiError:
        """Return what an error of this vendor's API or token endpoint says, whichever HTTP library the answer is of.

        Never raises: what the answer does not say is None.
        """
        return _api_error(response, self.resource_server, {str(self.token_endpoint): self.token_response.errors})

    def common_parameters(self) -> list[tuple[str, str]]:
        """Return the parameters that every token request of this grant carries (RFC 8707 for `resource`)."""
        several = (("audience", self.audience), ("resource", self.resource), *self.parameters.items())
        return [(name, value) for name, values in several for value in _each(values)]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientCredentials(_TokenEndpointGrant):
    """The client credentials grant (RFC 6749 §4.4): a client asks for a token on its own behalf.

    `token_endpoint` is the full URL, its trailing slash included, or a `Discovery`. `client_id` is None only where the
    vendor knows the client by its secret. `client_secret` is a string, `Env`, `File`, or another callable that is asked
    for it before each token request and again when the server refuses it. `token_endpoint_auth_method` is one of
    client_secret_basic, client_secret_basic_raw, client_secret_post, client_secret_json, client_secret_basic_and_post,
    client_secret_jwt, private_key_jwt, tls_client_auth, none, a `PrivateKeyJWT`, or a function of client id and secret
    that returns the headers which prove them. `scope` is a string or a collection of them; `audience` and `resource`
    (RFC 8707) are one or several; `parameters` are further ones, and `headers` further headers, of the token request;
    a header's value may be a function that makes one for each. `token_request` and `token_response` say what the vendor
    writes otherwise than RFC 6749, and `grant_type` which it wants, None for none at all. `default_lifetime` in seconds
    is for servers that do not say how long a token lives; without it such a token is used until it is refused.
    `issuance_limit` keeps within what the vendor allows, counted in the source's store by all who share it.
    `revocation_endpoint` is that of RFC 7009; `revocation_endpoint_auth_method` is by default that of the token
    endpoint, and `revocation_request` says how it is written.

    Raises ConfigurationError, naming the argument, and InsecureTransport for plain http beyond loopback.
    """

    grant_type: str | None = "client_credentials"

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        _TokenEndpointGrant.__post_init__(self)
        if self.grant_type is not None and (not is_text(self.grant_type) or not self.grant_type):
            _refuse("grant_type is empty or not a string; None sends none")

    def request_parameters(self, previous: Token | None) -> list[tuple[str, str]]:  # noqa: ARG002 - each request stands alone
        """Return the parameters of the token request (RFC 6749 §4.4.2), without the client's authentication."""
        grant_type = [("grant_type", self.grant_type)] if self.grant_type else []
        scope = [("scope", str(self.scope))] if self.scope else []
        return [*grant_type, *scope, *self.common_parameters()]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AuthorizationCode(_TokenEndpointGrant):
    """The authorization code grant (RFC 6749 §4.1): a user logs in once, then tokens are renewed by refresh token (§6).

    The login is `authorization_url` and `exchange`, on the command line ``oauth-cc-auth login``. `redirect_uri` is
    where the server sends the user back to, as it was registered. `refresh_token` is that of a login made elsewhere.
    Where the server rotates refresh tokens, each new one is kept, and saved in the source's store before its access
    token is used. Logins never share a token: two grants with different first refresh tokens are two, and so are two
    with different `login`, any name for whose login it is. `issuer` is the server's identifier: where it is given, the
    redirect has to name it, and one that names none is refused (RFC 9207 §2.4), so give it for servers that name
    themselves; without it, what a redirect names must be of the server's own origin. `how_to_log_in` ends the message
    of InteractionRequired. The other arguments are those of `ClientCredentials`.
    """

    authorization_endpoint: str | None = None
    redirect_uri: str | None = None
    refresh_token: str | None = field(default=None, repr=False)
    issuer: str | None = None
    login: str | None = None
    how_to_log_in: str = "Call authorization_url() and exchange(), or pass refresh_token=."

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        _TokenEndpointGrant.__post_init__(self)
        if self.authorization_endpoint is not None:
            self._check_endpoint("authorization_endpoint", self.authorization_endpoint)
        for name in ("redirect_uri", "refresh_token", "issuer", "login"):
            if getattr(self, name) is not None and not is_text(getattr(self, name)):
                _refuse(f"{name} is not a string")

    def request_parameters(self, previous: Token | None) -> list[tuple[str, str]]:
        """Return the parameters of the refresh request (RFC 6749 §6), without the client's authentication.

        The scope is the one that was granted, as far as it is known: §6 forbids to ask for more, and servers such as
        Vend Email grant something else than what the login asked for.
        """
        refresh_token = (previous and previous.refresh_token) or self.refresh_token
        if not refresh_token:
            message = f"No refresh token is known: a user has to log in. {self.how_to_log_in}"
            raise InteractionRequired(message)
        scope = [("scope", previous.scope)] if previous and previous.scope else []
        return [("grant_type", "refresh_token"), ("refresh_token", refresh_token), *scope, *self.common_parameters()]

    def authorization_url(
        self, *, state: str | None = None, code_verifier: str | None = None, **parameters: str
    ) -> str:
        """Return the address where the user logs in and consents (RFC 6749 §4.1.1), with PKCE (RFC 7636, S256).

        `parameters` are further ones of the request, as ``prompt="consent"``. State and code verifier are made and
        remembered in this process until `exchange`; where the login ends in another process, pass both to both: then
        nothing is remembered here. Raises ConfigurationError without an `authorization_endpoint`.
        """
        from oauth_cc_auth._login import authorization_url  # noqa: PLC0415 - a login is rare, and needs rooms above

        return authorization_url(self, state, code_verifier, parameters)

    def exchange(
        self,
        redirected_url: str,
        *,
        state: str | None = None,
        code_verifier: str | None = None,
        store: TokenStore | None = None,
        session: requests.Session | None = None,
        client: httpx.Client | None = None,
        timeout: float = 10.0,
    ) -> Token:
        """Return the token for the address that the user was sent back to (RFC 6749 §4.1.2 and §4.1.3).

        Whoever uses this grant in this process, or the same `store`, goes on with it. Raises AuthorizationFailed where
        the user or the server said no or the address is not the answer to our question, and other OAuthErrors.
        """
        from oauth_cc_auth._source import TokenSource  # noqa: PLC0415 - as above

        source = TokenSource(self, store=store, session=session, client=client, timeout=timeout)
        return source.exchange(redirected_url, state=state, code_verifier=code_verifier)


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A token or key that somebody made by hand and that lives until it is revoked; there is nothing to renew.

    It goes only where `resource_server` lets it, and in the header that it names.
    """

    access_token: str = field(repr=False)
    _: KW_ONLY
    resource_server: ResourceServer | None = None
    allow_insecure_http: bool = False

    def api_error(self, response: Any) -> ApiError:
        """Return what an error of this API says, as `ClientCredentials.api_error` does."""
        return _api_error(response, self.resource_server, {})

    def __post_init__(self) -> None:
        """Check the token."""
        token = self.access_token
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            _refuse("the token or key is empty, not a string, or does not fit in a header")

    @classmethod
    def basic(cls, user: str, password: str, *, resource_server: ResourceServer) -> StaticToken:
        """Return a user and a password as a token of the Basic scheme (RFC 7617). Raises ConfigurationError."""
        if not (is_text(user) and is_text(password)):
            _refuse("the user or the password is not a string that can be sent")
        pair = b64encode(f"{user}:{password}".encode()).decode("ascii")
        return cls(pair, resource_server=replace(resource_server, scheme="Basic"))


Grant: TypeAlias = "ClientCredentials | AuthorizationCode | StaticToken"


def _api_error(response: Any, server: ResourceServer | None, at: Mapping[str, ErrorFormat]) -> ApiError:
    # One host may be both: Vibe's errors have one shape `at` its token endpoint and another in its API.
    return read_response(response, at, server.errors if server else ANY_ENVELOPE)


def _is_method(method: object) -> bool:
    return isinstance(method, PrivateKeyJWT) or callable(method)


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
