"""The client credentials grant (RFC 6749 §4.4)."""

from __future__ import annotations

from dataclasses import dataclass

from oauth_cc_auth._grant.checks import is_text, refuse
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._token import Token


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientCredentials(TokenEndpointGrant):
    """The client credentials grant (RFC 6749 §4.4): a client asks for a token on its own behalf.

    `token_endpoint` is the full URL, its trailing slash included, or a `Discovery`. `client_id` is None only where the
    vendor knows the client by its secret. `client_secret` is a string, `Env`, `File`, or another callable that is asked
    for it before each token request and again when the server refuses it. `token_endpoint_auth_method` is one of
    client_secret_basic, client_secret_basic_raw, client_secret_post, client_secret_json, client_secret_basic_and_post,
    client_secret_jwt, private_key_jwt, tls_client_auth, none, a `PrivateKeyJWT`, or a function of client id and secret
    that returns the headers which prove them. `issuer` is the authorization server's identifier: client assertions are
    for it. `scope` is a string or a collection of them; `audience` and `resource` (RFC 8707) are one or several;
    `parameters` are further ones of the token request, a second secret as `Env`, `File` or callable; `headers` are its
    further headers; a header's value may be a function that makes one for each. `token_request` and `token_response`
    say what the vendor writes otherwise than RFC 6749, and `grant_type` which it wants, None for none at all.
    `default_lifetime` in seconds is for servers that do not say how long a token lives; without it such a token is used
    until it is refused. `issuance_limit` keeps within what the vendor allows, counted in the source's store by all who
    share it. `revocation_endpoint` is that of RFC 7009; `revocation_endpoint_auth_method` is by default that of the
    token endpoint, and `revocation_request` says how it is written. `vendor` is the name of the preset that made the
    grant, else the host of the token endpoint, and `variables` are the environment variables that the preset read: both
    are for messages, and grants that differ in them alone are equal and share a token.

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
