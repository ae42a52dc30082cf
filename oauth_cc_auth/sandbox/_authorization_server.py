"""The authorization servers: authlib's, with its models in memory and its answers shaped as the vendors shape theirs.

The protocol is authlib's. What is added is what authlib cannot know: rotation that a second renewal cannot overtake,
codes that a second exchange cannot, limits on tokens, tokens that are handed out again, and the words in which each
vendor answers and refuses.
"""

# mypy: disable-error-code="no-untyped-call"
# authlib ships no types and nobody annotated its functions, the inherited ones included.

from __future__ import annotations

import math
import secrets
from typing import Any

import flask
from authlib.integrations.flask_oauth2.authorization_server import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidRequestError,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc6749.authenticate_client import authenticate_none
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc9207 import IssuerParameter
from joserfc import jwt
from joserfc.jwk import OctKey

from oauth_cc_auth.sandbox._answers import refuse, request_of
from oauth_cc_auth.sandbox._client_authentication import METHODS, TokenRequest, client_authentication
from oauth_cc_auth.sandbox._grants import S256, ClientCredentials, Login, Refresh, audience_of_request
from oauth_cc_auth.sandbox._models import AccessToken, Client, RefreshToken
from oauth_cc_auth.sandbox._state import State
from oauth_cc_auth.sandbox._vendor import NO_AUTH, TOKEN_ALONE, Refusal

# Another authorization server, which the user never saw (RFC 9207 §1: a mix-up).
WRONG_ISSUER = "https://wrong-issuer.example"


class _AuthorizationPayload(BasicOAuth2Payload):
    """The parameters of an authorization request: the query, whatever the method (the form is the user's decision)."""

    def __init__(self, state: State) -> None:
        super().__init__(flask.request.args)
        self._knobs = state.knobs

    @property
    def datalist(self) -> Any:
        """All values of each parameter, so that authlib finds one that is given twice."""
        return flask.request.args.to_dict(flat=False)

    @property
    def state(self) -> str | None:
        """What the redirect repeats, or is told not to."""
        return secrets.token_urlsafe(16) if self._knobs.wrong_state else self.data.get("state")


class _Server(AuthorizationServer):
    """authlib's server, which refuses in the vendor's words."""

    state: State

    def create_oauth2_request(self, request: Any) -> TokenRequest:  # noqa: ARG002 - authlib's signature
        if flask.g.kind == "authorization":
            asked = TokenRequest(flask.request.args)
            asked.payload = _AuthorizationPayload(self.state)
            return asked
        return TokenRequest(flask.g.parameters)

    def get_token_grant(self, request: TokenRequest) -> Any:
        """Find the grant among those that the vendor documents."""
        if request.payload.grant_type not in flask.g.vendor.grant_types:
            raise UnsupportedGrantTypeError(request.payload.grant_type)
        return super().get_token_grant(request)

    def handle_error_response(self, request: Any, error: OAuth2Error) -> Any:
        if flask.g.kind == "authorization":
            return super().handle_error_response(request, error)
        if isinstance(error, InvalidClientError):
            # authlib answers 400 to some of them and names its methods; RFC 6749 §5.2 has 401 for all.
            error.status_code, error.description = 401, "Client authentication failed."
        elif isinstance(error, UnsupportedGrantTypeError) and "grant_type" not in flask.g.parameters:
            error = InvalidRequestError("Missing 'grant_type' in request.")
        return refuse(Refusal(error.status_code, error.error, error.get_error_description() or None))


class _Issuer(IssuerParameter):
    """The parameter `iss` of the redirect (RFC 9207)."""

    def __init__(self, state: State) -> None:
        self._knobs = state.knobs

    def get_issuer(self) -> str | None:
        """Return the origin of the authorization endpoint as the browser sees it, unless the knobs say otherwise."""
        if not self._knobs.send_issuer:
            return None
        return WRONG_ISSUER if self._knobs.wrong_issuer else flask.request.host_url.rstrip("/")


class _Revocation(RevocationEndpoint):
    """Revocation (RFC 7009): of an access token alone, of a refresh token with all that came from it (§2.1)."""

    CLIENT_AUTH_METHODS = METHODS
    state: State

    def authenticate_endpoint_client(self, request: TokenRequest) -> Client | None:
        """Tell who asks. Where the token alone is wanted, it is whoever has it; nobody has one of another server."""
        wanted: frozenset[str] = flask.g.vendor.revocation_auth_methods or frozenset()
        if TOKEN_ALONE in wanted:
            token = self.query_token(request.form.get("token", ""), None)
            return token.client if token and token.client.realm == flask.g.realm else None
        # authlib refuses all without a secret who have one.
        named = authenticate_none(self.server.query_client, request) if NO_AUTH in wanted else None
        client: Client = named or super().authenticate_endpoint_client(request)
        return client

    def query_token(
        self,
        token_string: str,
        token_type_hint: str | None,  # noqa: ARG002 - authlib's signature
    ) -> AccessToken | RefreshToken | None:
        """Find the token; a server may ignore the hint (§2.1)."""
        return self.state.access_tokens.get(token_string) or self.state.refresh_tokens.get(token_string)

    def revoke_token(self, token: AccessToken | RefreshToken, request: Any) -> None:  # noqa: ARG002 - authlib's signature
        if isinstance(token, RefreshToken):
            self.state.kill_family(token.family)
        else:
            token.revoked = True


def build_authorization_server(app: flask.Flask, state: State) -> AuthorizationServer:
    """Return authlib's server for this Flask application, with its models in `state`."""

    def query_client(client_id: str) -> Client | None:
        client = state.client(flask.g.realm, client_id)
        return client if client and client.is_known_at(flask.g.host) else None

    def lifetime(client: Client, grant_type: str) -> float:  # noqa: ARG001 - authlib's signature
        own = client.vendor.lifetime if state.knobs.lifetime is None else state.knobs.lifetime
        seconds = own(request_of(state, client)) if callable(own) else own
        # authlib leaves expires_in out where it is 0.
        return 0 if seconds == math.inf else seconds

    def save_token(token: dict[str, Any], request: TokenRequest) -> None:
        """Nothing is left to do: the grant has saved it, and knows more about it."""

    def access_token(*, client: Client, scope: str, grant_type: str, **_: Any) -> str:
        if not client.vendor.jwt:
            return secrets.token_urlsafe(32)
        now = int(state.clock())
        claims = {"iss": flask.g.origin, "sub": client.client_id, "client_id": client.client_id, "scope": scope}
        claims |= {"aud": audience} if (audience := list(audience_of_request())) else {}
        ends = {"exp": now + int(seconds)} if (seconds := lifetime(client, grant_type)) else {}
        times = {"iat": now, **ends, "jti": secrets.token_hex(16)}
        return jwt.encode({"alg": "HS256"}, {**claims, **times}, OctKey.import_key(state.signing_key))

    server = _Server(app, query_client=query_client, save_token=save_token)
    server.register_token_generator("default", BearerTokenGenerator(access_token, expires_generator=lifetime))
    for name, method in client_authentication(state).items():
        server.register_client_auth_method(name, method)
    server.state = state
    server.register_extension(_Issuer(state))
    for grant, extensions in ((ClientCredentials, []), (Refresh, []), (Login, [S256()])):
        server.register_grant(type(grant.__name__, (grant,), {"state": state}), extensions)
    server.register_endpoint(type("Revocation", (_Revocation,), {"state": state}))
    return server
