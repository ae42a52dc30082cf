"""The grants of the sandbox: authlib's, with claims that a second request cannot overtake (RFC 6749 §4.1, §4.4, §6)."""

# mypy: disable-error-code="no-untyped-call"
# authlib ships no types and nobody annotated its functions, the inherited ones included.

from __future__ import annotations

import math
from typing import Any

import flask
from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnsupportedResponseTypeError,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from werkzeug.datastructures import MultiDict

from oauth_cc_auth.sandbox._answers import check_token_request, shape_answer, spend
from oauth_cc_auth.sandbox._client_authentication import METHODS, TokenRequest
from oauth_cc_auth.sandbox._models import AccessToken, Client, Code, RefreshToken
from oauth_cc_auth.sandbox._state import CODE_LIFETIME, State


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


class ClientCredentials(_Answers, ClientCredentialsGrant):  # type: ignore[misc]  # authlib's attributes are untyped
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def validate_token_request(self) -> None:
        super().validate_token_request()
        if flask.g.vendor.login_scopes.intersection((self.request.payload.scope or "").split()):
            raise InvalidScopeError


class Login(_Answers, AuthorizationCodeGrant):  # type: ignore[misc]  # as above
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


class S256(CodeChallenge):
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


class Refresh(_Answers, RefreshTokenGrant):  # type: ignore[misc]  # as above
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
