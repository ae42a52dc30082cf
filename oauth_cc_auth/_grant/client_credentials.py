"""The client credentials grant (RFC 6749 §4.4)."""

from __future__ import annotations

from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth._grant.checks import is_text, refuse
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._token import Token


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientCredentials(TokenEndpointGrant):
    """The client credentials grant (RFC 6749 §4.4): a client asks for a token on its own behalf.

    token_endpoint: the full URL, its trailing slash included, or a `Discovery`.
    client_id: the client's id; None only where the vendor knows the client by its secret.
    client_secret: a text, `Env`, `File`, or another callable. It is read before each token request, and again when the
    server refuses it.
    token_endpoint_auth_method: how the client proves itself: a name such as "client_secret_basic", a `PrivateKeyJWT`, a
    `ClientAssertion`, or a function of client id and secret that returns the headers which prove them. By default
    "client_secret_basic", "private_key_jwt" for a private key, and with a `Discovery` what the server supports.
    issuer: the authorization server's identifier; client assertions are for it.
    scope: the scopes to request: a text, or a collection of them.
    audience: which API the token is for; one or several.
    resource: the same by its URL (RFC 8707); one or several.
    parameters: further parameters of the token request. A second secret is an `Env`, `File` or callable.
    headers: further headers of the token request. A value may be a function that makes one for each.
    token_request: how the vendor wants the token request written, where it departs from RFC 6749.
    token_response: where the vendor's answer departs from RFC 6749.
    grant_type: what the parameter of this name says; None sends none.
    default_lifetime: seconds that a token lives where the server does not say. Without it such a token is used until
    the API refuses it.
    issuance_limit: how many tokens the vendor allows, counted in the store by all processes that share it.
    revocation_endpoint: the URL at which a token is revoked (RFC 7009).
    revocation_endpoint_auth_method: how the client proves itself there; by default as at the token endpoint.
    revocation_request: how that request is written.
    dpop: proof of possession (RFC 9449), a `DPoP`.
    introspection_endpoint: the URL that says what the server knows of a token (RFC 7662).
    certificate: the client's TLS certificate (RFC 8705), a `Certificate`.
    authorization_details: what the token may do, in detail (RFC 9396): mappings, or their JSON.
    resource_server: the API that the token may go to, a `ResourceServer`. None allows every https origin.
    allow_insecure_http: let secrets and tokens go over plain http beyond this machine.
    vendor: the name of the preset that made the grant, else the token endpoint's host; for messages.
    variables: the environment variables that the preset read; for messages.

    Grants that differ in `vendor` and `variables` alone are equal and share a token.

    Raises ConfigurationError, naming the argument, and InsecureTransport for plain http beyond loopback.
    """

    grant_type: str | None = "client_credentials"

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        TokenEndpointGrant.__post_init__(self)
        if self.grant_type is not None and (not is_text(self.grant_type) or not self.grant_type):
            refuse("grant_type is empty or not a string; None sends none")

    def request_parameters(self, previous: Token | None) -> list[tuple[str, str]]:  # noqa: ARG002 - each request stands alone
        """Return the parameters of the token request (RFC 6749 §4.4.2), without the client's authentication."""
        grant_type = [("grant_type", self.grant_type)] if self.grant_type else []
        scope = [("scope", str(self.scope))] if self.scope else []
        return [*grant_type, *scope, *self.common_parameters()]
