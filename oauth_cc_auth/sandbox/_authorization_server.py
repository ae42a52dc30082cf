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
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnsupportedGrantTypeError,
    UnsupportedResponseTypeError,
)
from authlib.oauth2.rfc6749.authenticate_client import authenticate_none
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from joserfc import jwt
from joserfc.jwk import OctKey
from werkzeug.datastructures import MultiDict

from oauth_cc_auth.sandbox._answers import check_token_request, refuse, request_of, shape_answer, spend
from oauth_cc_auth.sandbox._client_authentication import METHODS, TokenRequest, client_authentication
from oauth_cc_auth.sandbox._state import CODE_LIFETIME, AccessToken, Client, Code, RefreshToken, State
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


def audience_of_request() -> tuple[str, ...]:
    """Return which APIs the token is requested for: `audience`, or `resource` (RFC 8707 §2)."""
    asked: MultiDict[str, str] = flask.g.parameters
    return (*asked.getlist("audience"), *asked.getlist("resource"))


class _Unprinted(dict[str, Any]):
    """The fields of an answer; authlib logs what it issues, and a log is no place for a token."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class _Answers:
    """What both grants have in common: how a token is made and what the answer says about it."""

    state: State
    request: TokenRequest
    family: str | None = None

    def validate_token_request(self) -> None:
        super().validate_token_request()  # type: ignore[misc]  # the grant is the other base
        check_token_request(self.state, self.request.client)
        spend(self.state, self.request.client)

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        _, answer, headers = super().create_token_response()  # type: ignore[misc]  # as above
        status, body, further = shape_answer(self.state, self.request.client, answer)
        return status, _Unprinted(body) if isinstance(body, dict) else body, [*(dict(headers) | further).items()]

    def generate_token(self, **asked: Any) -> dict[str, Any]:
        """Make a token, or hand out the running one with what is left of its life."""
        answer = _Unprinted(super().generate_token(**asked))  # type: ignore[misc]  # as above
        scope, audience = answer.get("scope", ""), audience_of_request()
        client, now = self.request.client, self.state.clock()
        left = 0 if self.state.knobs.reuse_token else client.vendor.reuses_token
        running = None
        if left is not None:
            running = self.state.running_token(client, scope, audience, self.family, left=left)
        expires_at = now + answer.get("expires_in", math.inf)
        token = running or AccessToken(
            answer["access_token"], client, scope, audience, expires_at, self.state.clock, self.family
        )
        self.state.save(token)
        if client.vendor.one_token_per_client:
            self.state.revoke_others(token)
        answer["access_token"] = token.value
        if running and "expires_in" in answer:
            # Seconds as servers state them: whole ones, and never 0, which means "unknown".
            answer["expires_in"] = max(1, int(running.expires_at - now))
        return answer


class _ClientCredentials(_Answers, ClientCredentialsGrant):  # type: ignore[misc]  # authlib's attributes are untyped
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def validate_token_request(self) -> None:
        super().validate_token_request()
        if flask.g.vendor.login_scopes.intersection((self.request.payload.scope or "").split()):
            raise InvalidScopeError


class _AuthorizationCode(_Answers, AuthorizationCodeGrant):  # type: ignore[misc]  # as above
    """The login (RFC 6749 §4.1): a code for the user's consent, and the first tokens of a family for the code."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    @classmethod
    def check_authorization_endpoint(cls, request: Any) -> bool:  # noqa: ARG003 - authlib's signature
        """Take every authorization request: no other grant has any."""
        return True

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Client) -> str:
        """Return where the answer may go; authlib repeats a wrong one in its error, which not every character may."""
        asked = request.payload.redirect_uri
        if asked and not client.check_redirect_uri(asked):
            raise InvalidRequestError("The 'redirect_uri' is not one of this client's.")
        redirect_uri = asked or client.get_default_redirect_uri()
        if not redirect_uri:
            raise InvalidRequestError("Missing 'redirect_uri' in request.")
        return str(redirect_uri)

    def validate_authorization_request(self) -> str:
        redirect_uri: str = super().validate_authorization_request()
        if self.request.payload.response_type != "code":
            # What was sent is not repeated: not every character may stand in an error (§4.1.2.1).
            raise UnsupportedResponseTypeError(None, "The 'response_type' must be 'code'.", redirect_uri=redirect_uri)
        return redirect_uri

    def save_authorization_code(self, code: str, request: TokenRequest) -> None:
        asked = request.payload
        self.state.save_code(
            Code(
                code,
                request.client,
                redirect_uri=asked.redirect_uri,
                asked=asked.scope,
                scope=request.scope,
                code_challenge=asked.data.get("code_challenge"),
                code_challenge_method=asked.data.get("code_challenge_method"),
                family=request.user,
                expires_at=self.state.clock() + CODE_LIFETIME,
            )
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return self.state.living_code(code, client)

    def authenticate_user(self, authorization_code: Code) -> str | None:
        """Claim the code: all checks are done, and authlib would end it only after the answer is made."""
        self.family = authorization_code.family
        return self.family if self.state.use_code(authorization_code) else None

    def save_token(self, token: dict[str, Any]) -> None:
        """Add the first refresh token of the family; the access token is saved already."""
        code: Code = self.request.authorization_code
        scope = code.client.get_renewable_scope(code.asked)
        token["refresh_token"] = self.state.new_refresh_token(code.client, scope, code.family).value

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing is left to do: the claim has ended it, and what is left of it tells when it is used again."""


class _CodeChallenge(CodeChallenge):
    """PKCE (RFC 7636), by S256 alone, which a client without a secret cannot do without (RFC 9700 §2.1.1)."""

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        """Check what the authorization request says of it."""
        data, client = grant.request.payload.data, grant.request.client
        if not data.get("code_challenge") and client.secret is None:
            raise InvalidRequestError("Missing 'code_challenge' in request.")
        if data.get("code_challenge") and data.get("code_challenge_method") != "S256":
            # Without a method it would be plain (RFC 7636 §4.3).
            raise InvalidRequestError("The 'code_challenge_method' must be 'S256'.")
        super().validate_code_challenge(grant, redirect_uri)


class _Issuer(IssuerParameter):
    """The parameter `iss` of the redirect (RFC 9207)."""

    def __init__(self, state: State) -> None:
        self._knobs = state.knobs

    def get_issuer(self) -> str | None:
        """Return the origin of the authorization endpoint as the browser sees it, unless the knobs say otherwise."""
        if not self._knobs.send_issuer:
            return None
        return WRONG_ISSUER if self._knobs.wrong_issuer else flask.request.host_url.rstrip("/")


class _Refresh(_Answers, RefreshTokenGrant):  # type: ignore[misc]  # as above
    """Renewal by refresh token (RFC 6749 §6), with rotation where the vendor rotates."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    @property
    def _rotates(self) -> bool:
        knob = self.state.knobs.rotate_refresh_tokens
        return bool(flask.g.vendor.rotates_refresh_tokens if knob is None else knob)

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        return self.state.living_refresh_token(refresh_token)

    def authenticate_user(self, refresh_token: RefreshToken) -> str:
        """Claim the refresh token: all checks are done, and authlib would end it only after the answer is made."""
        if not self.state.use_refresh_token(refresh_token, rotates=self._rotates):
            raise InvalidGrantError
        self.family = refresh_token.family
        return refresh_token.family

    def issue_token(self, user: str, refresh_token: RefreshToken) -> dict[str, Any]:
        answer: dict[str, Any] = super().issue_token(user, refresh_token)
        if self._rotates:
            following = self.state.new_refresh_token(refresh_token.client, refresh_token.scope, refresh_token.family)
            answer["refresh_token"] = following.value
        return answer

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """Nothing is left to do: the claim has ended it."""


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
    for grant, extensions in ((_ClientCredentials, []), (_Refresh, []), (_AuthorizationCode, [_CodeChallenge()])):
        server.register_grant(type(grant.__name__, (grant,), {"state": state}), extensions)
    server.register_endpoint(type("Revocation", (_Revocation,), {"state": state}))
    return server
