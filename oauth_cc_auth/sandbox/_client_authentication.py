"""How the authorization servers authenticate a client (RFC 6749 §2.3, RFC 7523), where authlib needs help.

What is added: Basic and body together (Vibes RBM), Basic decoded by the letter of RFC 6749 §2.3.1, clients that are
known by their secret alone (IBM Cloud), and a vendor's own method (Workday). A client proves itself in one way: two at
once are two only where the vendor demands both.
"""

# mypy: disable-error-code="no-untyped-call"
# authlib ships no types and nobody annotated its functions, the inherited ones included.

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus

import flask
from authlib.oauth2.rfc6749 import InvalidClientError, OAuth2Request
from authlib.oauth2.rfc6749.authenticate_client import authenticate_client_secret_post
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key
from joserfc.jwt import JWTClaimsRegistry
from werkzeug.datastructures import MultiDict

from oauth_cc_auth.sandbox._models import Client
from oauth_cc_auth.sandbox._state import State
from oauth_cc_auth.sandbox._vendor import BASIC, BASIC_AND_POST, CLIENT_SECRET_JWT, NO_AUTH, POST, PRIVATE_KEY_JWT

QueryClient = Callable[[str], "Client | None"]

# In this order authlib tries them; which of them counts is the client's vendor's business.
METHODS = ["own", "client_assertion_jwt", BASIC_AND_POST, BASIC, POST, NO_AUTH]

# What clients sign assertions with (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
_SIZES = (256, 384, 512)
ALGORITHMS = {
    CLIENT_SECRET_JWT: [f"HS{size}" for size in _SIZES],
    PRIVATE_KEY_JWT: [f"{kind}{size}" for kind in ("RS", "PS", "ES") for size in _SIZES] + ["EdDSA", "Ed25519"],
}


class TokenRequest(OAuth2Request):
    """A request to the token or revocation endpoint, with the parameters that count."""

    client: Any
    payload: Any
    user: Any
    authorization_code: Any

    def __init__(self, form: MultiDict[str, str]) -> None:
        # authlib knows token requests by POST only; whether the vendor takes this method has been looked at.
        method = "POST" if flask.g.kind == "token" else flask.request.method
        # The vendor's own address is https, whatever carries it here.
        super().__init__(method, f"{flask.g.origin}{flask.request.path}", headers=flask.request.headers)
        self._form = form
        self.payload = BasicOAuth2Payload(form)

    @property
    def form(self) -> MultiDict[str, str]:
        """The parameters."""
        return self._form


class _Assertion(JWTBearerClientAssertion):
    """private_key_jwt and client_secret_jwt (RFC 7523 §2.2), verified with the key registered for the client."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def get_audiences(self) -> list[str]:
        """The token endpoint by either of its addresses, and what the client was registered with."""
        path, client = flask.request.path, flask.g.get("asserting_client")
        audiences = [f"{flask.g.origin}{path}", flask.request.base_url, client and client.assertion_audience]
        return [audience for audience in audiences if audience]

    def validate_jti(self, claims: Any, jti: str) -> bool:
        """Each assertion counts once (RFC 7523 §3)."""
        with self._state.lock:
            seen = (claims["sub"], jti) in self._state.seen_assertions
            self._state.seen_assertions.add((claims["sub"], jti))
            return not seen

    def resolve_client_public_key(self, client: Client) -> Any:
        """The client's secret, or the key in it; a private key verifies too."""
        if not client.secret:
            raise InvalidClientError
        flask.g.asserting_client = client
        return _key(client.secret)

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> Any:
        """Verify as authlib does, and take EdDSA too, which joserfc leaves out unless it is named (RFC 8037)."""
        methods = flask.g.vendor.auth_methods
        algorithms = [name for method, names in ALGORITHMS.items() if method in methods for name in names]
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=algorithms)
        except JoseError:
            raise InvalidClientError from None
        self._check_times(token.claims)
        self.verify_claims(token.claims)
        return token.claims

    def _check_times(self, claims: Any) -> None:
        """Judge the times by the sandbox's clock (RFC 7523 §3), which authlib does not know; it reads the real one."""
        now = int(self._state.clock())
        try:
            JWTClaimsRegistry(now=now, leeway=self.leeway).validate(claims)
        except JoseError:
            raise InvalidClientError from None


def _key(secret: str) -> Any:
    """Return the key that a secret holds: a JWK, PEM of any kind, or the bytes of the secret itself for an HMAC."""
    if secret.lstrip().startswith("{"):
        return import_key(json.loads(secret))
    if not secret.startswith("-----BEGIN"):
        return import_key(secret, "oct")
    for kind in ("RSA", "EC"):
        with suppress(JoseError):
            return import_key(secret, kind)
    return import_key(secret, "OKP")


def _basic(query_client: QueryClient, request: TokenRequest) -> Client | None:
    """Authenticate by HTTP Basic, both halves form-encoded (RFC 6749 §2.3.1); authlib leaves a plus sign as it is."""
    header = flask.request.authorization
    if header is None or header.username is None or "client_secret" in request.form:
        return None
    username, password = header.username, header.password or ""
    for decode in (unquote_plus, str):
        client = query_client(decode(username))
        if client and client.decodes_basic == (decode is unquote_plus) and client.check_client_secret(decode(password)):
            return client
    return None


def _proven(state: State, client_id: str | None, secret: str) -> Client | None:
    """Return the client that these credentials prove; the secret alone does where the vendor gives clients no id."""
    if client_id is None:
        return state.client_with_secret(flask.g.realm, secret)
    client = state.client(flask.g.realm, client_id)
    return client if client and client.check_client_secret(secret) else None


def _basic_and_post(query_client: QueryClient, request: TokenRequest) -> Client | None:
    """Authenticate by both at once, which must agree."""
    only_header = TokenRequest(MultiDict())
    client, in_body = _basic(query_client, only_header), authenticate_client_secret_post(query_client, request)
    return client if client is in_body else None


def client_authentication(state: State) -> dict[str, Any]:
    """Return the methods that authlib lacks or has to do otherwise here, by name."""

    def post(query_client: QueryClient, request: TokenRequest) -> Any:
        if flask.request.authorization:
            return None
        if flask.g.vendor.knows_clients_by_id:
            return authenticate_client_secret_post(query_client, request)
        return _proven(state, None, request.form.get("client_secret", ""))

    def own(query_client: QueryClient, request: TokenRequest) -> Client | None:  # noqa: ARG001 - authlib's signature
        read = flask.g.vendor.credentials
        # What is not written as the vendor wants it, as base64 is, proves nobody.
        with suppress(ValueError):
            credentials = read and read(flask.g.headers, request.form)
            return _proven(state, *credentials) if credentials else None
        return None

    return {
        "own": own,
        "client_assertion_jwt": _Assertion(state),
        BASIC_AND_POST: _basic_and_post,
        BASIC: _basic,
        POST: post,
    }
