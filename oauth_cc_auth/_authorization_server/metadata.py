"""The authorization server's metadata as a value (RFC 8414 §2), and what a grant takes from it.

Endpoints are https, or on loopback where the server itself is there. The server's list of client authentication methods
chooses among what the grant has; a secret is never sent to find out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauth_cc_auth._frozen import dataclass, replace
from oauth_cc_auth._grant.assertion import ClientAssertion
from oauth_cc_auth._grant.client_authentication import ClientAuthMethod, MethodName, is_private_key
from oauth_cc_auth._grant.discovery import Discovery
from oauth_cc_auth._grant.jwt_form import PrivateKeyJWT
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.json_path import member, positive, string_or_none
from oauth_cc_auth._http.messages import HttpResponse
from oauth_cc_auth._http.origin import is_loopback, origin_of
from oauth_cc_auth._http.retry_after import seconds_until
from oauth_cc_auth._text import brief
from oauth_cc_auth.errors import ConfigurationError, InsecureTransport, InvalidTokenResponse

# Seconds. Fresher than five minutes nobody needs it, since an endpoint that fails has it fetched again; and what says
# nothing, or too much, is looked at once a day.
_SHORTEST, _LONGEST = 300.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Metadata:
    """One document: `issuer` is None where nobody vouches for it, `resource` and `scope` are what the API said."""

    address: str
    document: Mapping[str, Any]
    since: float
    until: float
    issuer: str | None = None
    resource: str | None = None
    scope: str | None = None

    def is_fresh(self, now: float) -> bool:
        """Tell whether it may still be used; a clock that was set back makes it stale."""
        return self.since <= now < self.until

    def applied(self, grant: TokenEndpointGrant, secret: str | None) -> TokenEndpointGrant:
        """Return the grant with the endpoints, the issuer and the method of this server. Raises an OAuthError."""
        found = grant.token_endpoint
        assert isinstance(found, Discovery)  # noqa: S101 - else there is no metadata
        self._check_proofs(grant)
        names = ("token_endpoint", "revocation_endpoint", "introspection_endpoint")
        token_endpoint, revocation, introspection = (self._endpoint(grant, found, name) for name in names)
        method = grant.token_endpoint_auth_method or self._method(grant, secret)
        try:
            return replace(
                grant,
                token_endpoint=token_endpoint or "",
                revocation_endpoint=grant.revocation_endpoint or revocation,
                introspection_endpoint=grant.introspection_endpoint or introspection,
                token_endpoint_auth_method=method,
                issuer=self.issuer,
                resource=grant.resource or self.resource,
                scope=grant.scope or self.scope,
            )
        except (ConfigurationError, InsecureTransport):
            raise self.wrong("it names no token_endpoint by https") from None

    def authorization_endpoint(self, grant: TokenEndpointGrant) -> str:
        """Where users log in (RFC 8414 §2). Raises InvalidTokenResponse where it is missing, or no https URL."""
        url = string_or_none(self.document.get("authorization_endpoint"))
        if (
            url is None
            or "#" in url
            or not may_be_asked(url, self.address, allow_insecure_http=grant.allow_insecure_http)
        ):
            raise self.wrong("it names no authorization_endpoint by https")
        return url

    @property
    def names_itself(self) -> bool:
        """Whether the server's redirects always name the issuer (RFC 9207 §3)."""
        return self.document.get("authorization_response_iss_parameter_supported") is True

    def wrong(self, why: str) -> InvalidTokenResponse:
        """Return the error for a document that cannot be used."""
        return InvalidTokenResponse(message=f"The metadata at {brief(self.address)} cannot be used: {why}.")

    def _endpoint(self, grant: TokenEndpointGrant, found: Discovery, name: str) -> str | None:
        path = f"mtls_endpoint_aliases.{name}" if found.mtls_endpoint_aliases else name
        url = string_or_none(member(self.document, path))
        if url is None:
            if name != "token_endpoint":
                return None
            if found.mtls_endpoint_aliases:
                message = (
                    f"The metadata at {brief(self.address)} names no {path}: leave out mtls_endpoint_aliases=True, "
                    "or ask the server's operator for an endpoint for mutual TLS."
                )
                raise ConfigurationError(message)
            raise self.wrong("it names no token_endpoint by https")
        if not may_be_asked(url, self.address, allow_insecure_http=grant.allow_insecure_http):
            raise self.wrong(f"it names no {path} by https")
        return url

    def _check_proofs(self, grant: TokenEndpointGrant) -> None:
        """Raise ConfigurationError where the server does not verify what the grant's proofs are signed by."""
        supported = self.document.get("dpop_signing_alg_values_supported")  # RFC 9449 §5.1
        if grant.dpop is None or not isinstance(supported, list) or grant.dpop.alg in supported:
            return
        message = (
            f"The authorization server takes DPoP proofs signed by {_listed(supported) or 'nothing'}, and this "
            f"grant signs them by {grant.dpop.alg}: pass DPoP(alg=...) with one of the server's algorithms, and a "
            "key for it where you pass a key."
        )
        raise ConfigurationError(message)

    def _method(self, grant: TokenEndpointGrant, secret: str | None) -> ClientAuthMethod:
        have: list[MethodName]
        if secret and is_private_key(secret):
            have = ["private_key_jwt"]
        else:
            have = ["tls_client_auth", "self_signed_tls_client_auth"] if grant.certificate else []
            have += ["client_secret_basic", "client_secret_post", "client_secret_jwt"] if secret else []
        supported = self.document.get("token_endpoint_auth_methods_supported")
        if not isinstance(supported, list):
            # RFC 8414 §2: what is left out means basic. What reveals nothing may be tried all the same.
            return "client_secret_basic" if "client_secret_basic" in have else have[0]
        chosen = next((method for method in have if method in supported), None)
        if chosen is None:
            message = (
                f"The authorization server takes {_listed(supported) or 'no client authentication'}, and "
                f"this grant has what {', '.join(have)} need: pass what the server takes, or name the method with "
                "token_endpoint_auth_method=."
            )
            raise ConfigurationError(message)
        return chosen


def _listed(supported: list[Any]) -> str:
    return brief(", ".join(map(str, supported)))


def needs_server(method: ClientAuthMethod | None) -> bool:
    """Tell whether a client that proves itself in this way has to know what the server's metadata says.

    It may choose the method, or name the issuer that an assertion is for.
    """
    if isinstance(method, str):
        return method in {"private_key_jwt", "client_secret_jwt"}
    return method is None or isinstance(method, (PrivateKeyJWT, ClientAssertion))


def fresh_until(answer: HttpResponse, now: float) -> float:
    """Return until when a document may be used again (RFC 9111 §4.2), within five minutes and a day."""
    directives = [each.strip().lower() for each in answer.headers.get("cache-control", "").split(",")]
    ages = [positive(each.removeprefix("max-age=").strip('"')) or 0.0 for each in directives if "max-age=" in each]
    if {"no-store", "no-cache"} & set(directives):
        lifetime = 0.0
    elif ages:
        lifetime = ages[0] - (positive(answer.headers.get("age")) or 0.0)
    elif "expires" in answer.headers:
        lifetime = seconds_until(answer.headers["expires"], answer.headers.get("date")) or 0.0
    else:
        lifetime = _LONGEST
    return now + min(max(lifetime, _SHORTEST), _LONGEST)


def may_be_asked(url: str, named_by: str, *, allow_insecure_http: bool) -> bool:
    """Tell whether this is https, or http where the document that names it may have it.

    A document from elsewhere must not make a client talk to its own machine.
    """
    try:
        origin = origin_of(url)
    except ValueError:
        return False
    if origin.startswith("https:") or allow_insecure_http:
        return True
    return is_loopback(origin) and is_loopback(origin_of(named_by))
