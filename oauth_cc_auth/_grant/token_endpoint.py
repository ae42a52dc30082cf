"""What every grant with a token endpoint has in common: which authorization server, which client, asking for what.

Frozen values, checked at construction. A grant is everything that decides what the token request says. Two grants that
say the same share one token.
"""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, cast

from oauth_cc_auth._frozen import EMPTY, dataclass, field, fields_of, spoken_repr
from oauth_cc_auth._grant.checks import (
    Several,
    check_seconds,
    checked_scope,
    each,
    is_async,
    is_text,
    refuse,
    refuse_misspelt,
    several,
    strings,
)
from oauth_cc_auth._grant.client_authentication import METHODS, WITHOUT_SECRET, ClientAuthMethod, is_private_key
from oauth_cc_auth._grant.parameters import AUTHORIZATION_DETAILS, checked_details, checked_parameters, read_parameter
from oauth_cc_auth._grant.request_format import RequestFormat
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth._http.headers import HeaderValue, checked_headers
from oauth_cc_auth._http.origin import is_secure, origin_of
from oauth_cc_auth._resource_server.error_format import ANY_ENVELOPE, ApiError, read_response
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import InsecureTransport

if TYPE_CHECKING:
    from oauth_cc_auth._grant.assertion import Source
    from oauth_cc_auth._grant.certificate import Certificate
    from oauth_cc_auth._grant.discovery import Discovery
    from oauth_cc_auth._resource_server.dpop import DPoP


@dataclass(frozen=True, slots=True)
class IssuanceLimit:
    """How many tokens a vendor allows, as it documents it.

    count: how many tokens.
    seconds: within any so many seconds.

    Raises ConfigurationError.
    """

    count: int
    seconds: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not isinstance(self.count, int) or isinstance(self.count, bool) or self.count < 1:
            refuse("IssuanceLimit: count is not a whole number above 0")
        check_seconds("IssuanceLimit: seconds", self.seconds)


_BY_THE_RFC, _AS_THE_RFC_HAS_IT = RequestFormat(), ResponseFormat()


class HostName(str):
    """The vendor of a grant that no preset made: a grant that is changed by `dataclasses.replace` gets its own anew."""

    __slots__ = ()


@lru_cache(maxsize=256)  # one text for all tenants of a server
def _host_of(origin: str) -> HostName:
    return HostName(origin.partition("://")[2].rpartition(":")[0])


# Nobody makes one of these: what a dataclass generates for it, at a millisecond, the grants below have anew.
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TokenEndpointGrant:
    """What every grant with a token endpoint has in common."""

    token_endpoint: str | Discovery
    client_id: str | None
    client_secret: Secret | None = field(default=None, repr=False)
    token_endpoint_auth_method: ClientAuthMethod | None = None
    issuer: str | None = None
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
    dpop: DPoP | None = None
    introspection_endpoint: str | None = None
    certificate: Certificate | None = None
    authorization_details: Collection[Mapping[str, Any]] | str | None = None
    resource_server: ResourceServer | None = None
    allow_insecure_http: bool = False
    # Names for messages and events: neither is of the token request, nor makes two grants differ.
    vendor: str | None = field(default=None, compare=False, repr=False)
    variables: tuple[str, ...] = field(default=(), compare=False, repr=False)

    # Whether a token is renewed by the refresh token that came with the one before it (RFC 6749 §6): a user's login.
    refreshes: ClassVar[bool] = False

    # Whether the client may say nothing about itself (RFC 7523 §3.1, RFC 8693 §2.1).
    may_be_anonymous: ClassVar[bool] = False

    __repr__ = spoken_repr

    def __new__(cls, *_: Any, **named: Any) -> Any:
        """Answer a misspelt argument with the right one."""
        refuse_misspelt(cls.__name__, named, [known.name for known in fields_of(cls)])
        return object.__new__(cls)

    @abstractmethod
    def request_parameters(self, previous: Token | None) -> list[tuple[str, str]]:
        """Return the parameters of the token request, without the client's authentication."""

    def sources(self) -> Mapping[str, Source]:
        """Return where parameters come from that are read for every attempt, by the parameters' names."""
        return EMPTY

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        self._check_values()
        if self.token_endpoint_auth_method is None:
            object.__setattr__(self, "token_endpoint_auth_method", self._usual_method())
        self._check_client_authentication()
        self._check_endpoints()
        self._check_parameters()
        if self.default_lifetime is not None:
            check_seconds("default_lifetime", self.default_lifetime)
            object.__setattr__(self, "default_lifetime", float(self.default_lifetime))
        if not isinstance(self.issuance_limit, (IssuanceLimit, type(None))):
            refuse("issuance_limit is not an IssuanceLimit")
        if self.certificate is not None and not _is_a("certificate", "Certificate", self.certificate):
            refuse("certificate is not a Certificate")
        if not isinstance(self.resource_server, (ResourceServer, type(None))):
            refuse("resource_server is not a ResourceServer")

    def _check_endpoints(self) -> None:
        endpoint = self.token_endpoint
        found = discovery_of(endpoint)
        for place in found.places if found else (cast("str", endpoint),):
            self._name_vendor(self._check_endpoint("token_endpoint", place))
        for name in ("revocation_endpoint", "introspection_endpoint"):
            if getattr(self, name) is not None:
                self._check_endpoint(name, getattr(self, name))
        if self.resource_server is None and found and found.resource is not None:
            # A token for one API goes nowhere else.
            object.__setattr__(self, "resource_server", ResourceServer(found.resource))

    def _check_parameters(self) -> None:
        object.__setattr__(self, "scope", checked_scope(self.scope))
        if self.issuer is not None and not (is_text(self.issuer) and self.issuer):
            refuse("issuer is empty or not a string")
        for name in ("audience", "resource"):
            object.__setattr__(self, name, several(name, getattr(self, name)))
        if any("#" in uri for uri in each(self.resource)):
            refuse("resource holds a fragment, which RFC 8707 §2 forbids: pass the API's identifier without it")
        object.__setattr__(self, "authorization_details", checked_details(self.authorization_details))
        object.__setattr__(self, "parameters", checked_parameters(self.parameters))
        object.__setattr__(self, "headers", checked_headers(self.headers))

    def _name_vendor(self, origin: str) -> None:
        if self.vendor is None or isinstance(self.vendor, HostName):
            object.__setattr__(self, "vendor", _host_of(origin))
        object.__setattr__(self, "variables", strings("variables", self.variables))

    def _check_values(self) -> None:
        for name in ("token_request", "revocation_request"):
            if not isinstance(getattr(self, name), RequestFormat):
                refuse(f"{name} is not a RequestFormat")
        if not isinstance(self.token_response, ResponseFormat):
            refuse("token_response is not a ResponseFormat")
        if self.dpop is not None and not hasattr(self.dpop, "allow_bearer"):
            refuse("dpop is not a DPoP")

    def _check_client_authentication(self) -> None:
        secret = self.client_secret
        # Some vendors know a client by its secret alone: IBM Cloud's API keys, ClearTax.
        method = self.token_endpoint_auth_method
        unsent = self.token_request.names.get("client_id", "") is None
        signs = isinstance(method, str) or _is_a("jwt_form", "PrivateKeyJWT", method)
        nameless = self.client_id is None and (unsent or not signs or (method == "none" and self.may_be_anonymous))
        if not nameless and (not is_text(self.client_id) or not self.client_id):
            refuse("client_id is empty or not a string")
        for name in ("token_endpoint_auth_method", "revocation_endpoint_auth_method"):
            method = getattr(self, name)
            known = method in METHODS if isinstance(method, str) else _is_method(method)
            if not known and method is not None:
                refuse(f"{name} is none of {', '.join(METHODS)}, nor a PrivateKeyJWT, a ClientAssertion or a function")
        if secret is None or secret == "":
            if _needs_secret(self.token_endpoint_auth_method):
                refuse('client_secret is missing; a client without one has token_endpoint_auth_method="none"')
        elif not is_text(secret) and not callable(secret):
            refuse("client_secret is neither a string nor a callable that returns one")
        elif is_async(secret):
            refuse("client_secret is an async function; it is called in a thread, so pass a plain one")

    def _usual_method(self) -> ClientAuthMethod | None:
        """Return the method where none was given; None leaves the choice to the server's metadata."""
        secret = self.client_secret
        if not secret and not self.certificate:
            return "none" if self.may_be_anonymous else "client_secret_basic"
        if discovery_of(self.token_endpoint):
            return None
        if not secret:
            return "tls_client_auth"
        # A private key signs, and is sent to nobody.
        is_key = isinstance(secret, str) and is_private_key(secret)
        return "private_key_jwt" if is_key else "client_secret_basic"

    def _check_endpoint(self, name: str, url: str) -> str:
        try:
            origin = origin_of(url)
        except (ValueError, TypeError):
            refuse(f"{name} is not an http or https URL with a host")
        if "#" in url:
            refuse(f"{name} holds a fragment, which RFC 6749 §3.1 and §3.2 forbid")  # and a query after it is not sent
        if "@" in url.split("/")[2] or not url.lower().startswith("http"):
            # requests would make Basic authentication of it, and overwrite the client's.
            refuse(f"{name} holds a user name, or is no http or https URL")
        if not (self.allow_insecure_http or is_secure(origin)):
            message = (
                f"{name} is plain http, where anybody on the way can read the client secret. Use https, or pass "
                "allow_insecure_http=True if this network is yours."
            )
            raise InsecureTransport(message)
        return origin

    def api_error(self, response: Any) -> ApiError:
        """Return what an error of this vendor's API or token endpoint says, whichever HTTP library the answer is of.

        Never raises: what the answer does not say is None.
        """
        # One host may be both: Vibe's errors have one shape at its token endpoint and another in its API.
        of_api = self.resource_server.errors if self.resource_server else ANY_ENVELOPE
        return read_response(response, {str(self.token_endpoint): self.token_response.errors}, of_api)

    def common_parameters(self) -> list[tuple[str, str]]:
        """Return the parameters that every token request of this grant carries (RFC 8707 for `resource`)."""
        several = (("audience", self.audience), ("resource", self.resource), *self.parameters.items())
        details = self.authorization_details
        detailed = [(AUTHORIZATION_DETAILS, str(details))] if details else []
        return [*((name, value) for name, values in several for value in each(read_parameter(name, values))), *detailed]

    def secret_parameters(self) -> frozenset[str]:
        """Return the names of the parameters that are read when a token is requested: their values are secrets."""
        return frozenset(name for name, value in self.parameters.items() if callable(value))


def discovery_of(endpoint: str | Discovery) -> Discovery | None:
    """Return what finds the token endpoint, where the grant does not name it."""
    return cast("Discovery", endpoint) if _is_a("discovery", "Discovery", endpoint) else None


def _is_a(room: str, name: str, value: object) -> bool:
    """Tell whether a value is of a class beside this file that few grants need: one is of it once it is imported."""
    module = sys.modules.get(f"oauth_cc_auth._grant.{room}")
    return module is not None and isinstance(value, getattr(module, name))


def _is_method(method: object) -> bool:
    return _is_a("jwt_form", "PrivateKeyJWT", method) or _is_assertion(method) or callable(method)


def _is_assertion(method: object) -> bool:
    return _is_a("assertion", "ClientAssertion", method)


def _needs_secret(method: ClientAuthMethod | None) -> bool:
    if isinstance(method, str):
        return method not in WITHOUT_SECRET
    if method is None:  # the server's metadata chooses among what there is
        return False
    return not _is_assertion(method) and getattr(method, "signer", None) is None
