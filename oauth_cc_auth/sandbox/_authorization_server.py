"""The authorization servers: authlib's, with its models in memory and its answers shaped as the vendors shape theirs.

The protocol is authlib's. What is added is what authlib cannot know: rotation that a second renewal cannot overtake,
a daily limit (Fyma), and the words in which each vendor answers and refuses.
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
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint

from oauth_cc_auth.sandbox._client_authentication import METHODS, TokenRequest, client_authentication
from oauth_cc_auth.sandbox._state import AccessToken, Client, RefreshToken, State

# RFC 6749 §3.2: these must not occur twice. `resource` and `audience` may (RFC 8707 §2, RFC 8693 §2.1).
ONCE = ("grant_type", "client_id", "client_secret", "scope", "refresh_token", "token")


class DailyLimitError(OAuth2Error):
    """No more tokens today. How Fyma says so is not documented; 429 with Retry-After is what RFC 6585 §4 has for it."""

    error = "too_many_requests"
    description = "The daily limit on access tokens is reached."
    status_code = 429

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.retry_after = max(1, round(seconds))

    def get_headers(self) -> list[tuple[str, str]]:
        """Say when there are tokens again."""
        return [*super().get_headers(), ("Retry-After", str(self.retry_after))]


class _Server(AuthorizationServer):
    """authlib's server, which refuses in the vendor's words."""

    def create_oauth2_request(self, request: Any) -> TokenRequest:  # noqa: ARG002 - authlib's signature
        return TokenRequest(flask.g.form)

    def get_token_grant(self, request: TokenRequest) -> Any:
        """Find the grant among those that the vendor documents."""
        if request.payload.grant_type not in flask.g.vendor.grant_types:
            raise UnsupportedGrantTypeError(request.payload.grant_type)
        return super().get_token_grant(request)

    def handle_error_response(self, request: Any, error: OAuth2Error) -> Any:
        if isinstance(error, InvalidClientError):
            # authlib answers 400 to some of them and names its methods; RFC 6749 §5.2 has 401 for all.
            error.status_code, error.description = 401, "Client authentication failed."
            if flask.g.vendor.empty_invalid_client:
                return self.handle_response(401, {}, error.get_headers())
        elif isinstance(error, UnsupportedGrantTypeError) and "grant_type" not in flask.g.form:
            error = InvalidRequestError("Missing 'grant_type' in request.")
        elif isinstance(error, UnsupportedGrantTypeError):
            error.error = flask.g.vendor.unsupported_grant_type
        return super().handle_error_response(request, error)


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
        vendor, audience = flask.g.vendor, self.request.form.getlist("audience")
        if vendor.audience and audience != [vendor.audience]:
            # That it must be sent is documented, not what happens without it.
            raise InvalidRequestError("Missing or wrong 'audience' in request.")
        wait = self.state.spend_daily_budget(self.request.client) if vendor.limited_per_day else None
        if wait is not None:
            raise DailyLimitError(wait)

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        status, body, headers = super().create_token_response()  # type: ignore[misc]  # as above
        if not flask.g.vendor.states_scope:
            body.pop("scope", None)
        if flask.g.vendor.states_created_at:
            body["created_at"] = int(self.state.clock())
        return status, body, headers

    def generate_token(self, **asked: Any) -> dict[str, Any]:
        """Make a token, or hand out the running one with what is left of its life."""
        answer = _Unprinted(super().generate_token(**asked))  # type: ignore[misc]  # as above
        scope, audience = answer.get("scope", ""), tuple(self.request.form.getlist("audience"))
        client, now = self.request.client, self.state.clock()
        running = self.state.running_token(client, scope, audience) if self.state.knobs.reuse_token else None
        expires_at = now + answer.get("expires_in", math.inf)
        token = running or AccessToken(
            answer["access_token"], client, scope, audience, expires_at, self.state.clock, self.family
        )
        self.state.save(token)
        answer["access_token"] = token.value
        if running and "expires_in" in answer:
            # Seconds as servers state them: whole ones, and never 0, which means "unknown".
            answer["expires_in"] = max(1, int(running.expires_at - now))
        return answer


class _ClientCredentials(_Answers, ClientCredentialsGrant):  # type: ignore[misc]  # authlib's attributes are untyped
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


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
        return state.client(flask.g.realm, client_id)

    def lifetime(client: Client, grant_type: str) -> float:  # noqa: ARG001 - authlib's signature
        seconds = client.vendor.lifetime if state.knobs.lifetime is None else state.knobs.lifetime
        # authlib leaves expires_in out where it is 0.
        return 0 if seconds == math.inf else seconds

    def save_token(token: dict[str, Any], request: TokenRequest) -> None:
        """Nothing is left to do: the grant has saved it, and knows more about it."""

    def access_token(**_: Any) -> str:
        return secrets.token_urlsafe(32)

    server = _Server(app, query_client=query_client, save_token=save_token)
    server.register_token_generator("default", BearerTokenGenerator(access_token, expires_generator=lifetime))
    for name, method in client_authentication(state).items():
        server.register_client_auth_method(name, method)
    for grant in (_ClientCredentials, _Refresh):
        server.register_grant(type(grant.__name__, (grant,), {"state": state}))
    server.register_endpoint(type("Revocation", (_Revocation,), {"state": state}))
    return server
