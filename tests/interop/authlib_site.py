"""A Flask site with authlib's own authorization server and one API: ``python authlib_site.py config.json``.

The configuration holds `port`, `life` (seconds that a token lives), and `clients`: each has `client_id`,
`client_secret`, `method`, `grant_types` and, where it signs, `jwk`, its public key.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authlib.integrations.flask_oauth2.authorization_server import AuthorizationServer
from authlib.integrations.flask_oauth2.resource_protector import ResourceProtector
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants, list_to_scope, scope_to_list
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion, JWTBearerGrant
from flask import Flask, jsonify, request
from joserfc.jwk import import_key
from werkzeug.serving import make_server

# Plain http, which the library allows on request only.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

config = json.loads(Path(sys.argv[1]).read_text())
ISSUER = f"http://127.0.0.1:{config['port']}"
AUDIENCES = [f"{ISSUER}/token", ISSUER]
METHODS = ["client_secret_basic", "client_secret_post", "client_assertion_jwt"]


@dataclass
class Client(ClientMixin):
    """A client, as the configuration describes it."""

    client_id: str
    client_secret: str
    method: str
    grant_types: list[str]
    jwk: dict[str, Any] | None = None

    def get_client_id(self) -> str:
        """Return the id."""
        return self.client_id

    def get_allowed_scope(self, scope: str) -> str:
        """Return what of a scope the client may have."""
        allowed = {"read", "write"}
        return str(list_to_scope([name for name in scope_to_list(scope) or [] if name in allowed]))

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare the secret."""
        return client_secret == self.client_secret

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Tell whether the client proves itself in this way."""
        return method == self.method

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use this grant."""
        return grant_type in self.grant_types


@dataclass
class Token(TokenMixin):
    """A token that was issued."""

    client_id: str
    access_token: str
    expires_in: int
    scope: str = ""
    revoked: bool = False
    issued_at: float = field(default_factory=time.time)

    def check_client(self, client: Client) -> bool:
        """Tell whether it was issued to this client."""
        return client.client_id == self.client_id

    def get_scope(self) -> str:
        """Return its scope."""
        return self.scope

    def is_expired(self) -> bool:
        """Tell whether it has expired."""
        return time.time() >= self.issued_at + self.expires_in

    def is_revoked(self) -> bool:
        """Tell whether it was revoked."""
        return self.revoked


clients = {client["client_id"]: Client(**client) for client in config["clients"]}
tokens: dict[str, Token] = {}
seen: set[str] = set()


def save_token(token: dict[str, Any], asked: Any) -> None:
    """Keep a token."""
    known = {"access_token", "expires_in", "scope"}
    kept = {name: value for name, value in token.items() if name in known and value is not None}
    tokens[token["access_token"]] = Token(client_id=asked.client.client_id, **kept)


class ByHeaderOrBody(grants.ClientCredentialsGrant):
    """The client credentials grant, with every method that the server has."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class ByAssertion(JWTBearerGrant):
    """The grant of RFC 7523 §2.1, in which a client signs for itself."""

    def resolve_issuer_client(self, issuer: str) -> Client | None:
        """Return the client that signed."""
        return clients.get(issuer)

    def resolve_client_public_key(self, client: Client) -> Any:
        """Return its key."""
        return import_key(client.jwk)  # type: ignore[arg-type]  # a client that signs has one

    def authenticate_user(self, subject: str) -> object:
        """Return the user, any."""
        return subject

    def get_audiences(self) -> list[str]:
        """Return what the assertion has to be for."""
        return AUDIENCES

    def has_granted_permission(self, _client: Client, _user: object) -> bool:
        """Every user trusts every client."""
        return True


class Assertion(JWTBearerClientAssertion):
    """Client authentication by an assertion (RFC 7523 §2.2)."""

    def get_audiences(self) -> list[str]:
        """Return what the assertion has to be for."""
        return AUDIENCES

    def validate_jti(self, _claims: object, jti: str) -> bool:
        """Tell whether the assertion is new."""
        new = jti not in seen
        seen.add(jti)
        return new

    def resolve_client_public_key(self, client: Client) -> Any:
        """Return the client's key, or its secret as one."""
        return import_key(client.jwk or {"kty": "oct", "k": client.client_secret})


class Revocation(RevocationEndpoint):
    """The revocation endpoint (RFC 7009)."""

    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string: str, _hint: str | None) -> Token | None:
        """Return a token."""
        return tokens.get(token_string)

    def revoke_token(self, token: Token, _request: object) -> None:
        """End it."""
        token.revoked = True


class Validator(BearerTokenValidator):
    """What the API checks."""

    def authenticate_token(self, token_string: str) -> Token | None:
        """Return a token."""
        return tokens.get(token_string)


app = Flask(__name__)
app.config["OAUTH2_SCOPES_SUPPORTED"] = ["read", "write"]
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {
    "client_credentials": config["life"],
    JWTBearerGrant.GRANT_TYPE: config["life"],
}
server = AuthorizationServer(app, clients.get, save_token)
server.register_client_auth_method(Assertion.CLIENT_AUTH_METHOD, Assertion())  # type: ignore[no-untyped-call]  # authlib ships no types
server.register_grant(ByHeaderOrBody)
server.register_grant(ByAssertion)
server.register_endpoint(Revocation)
protected = ResourceProtector()
protected.register_token_validator(Validator())  # type: ignore[no-untyped-call]  # as above


@app.post("/token")
def token_endpoint() -> Any:
    """Issue a token."""
    return server.create_token_response()


@app.post("/revoke")
def revocation_endpoint() -> Any:
    """End a token."""
    return server.create_endpoint_response("revocation")


@app.route("/api/x", methods=["GET", "POST"])
@protected("read")  # type: ignore[untyped-decorator]  # authlib ships no types
def api() -> Any:
    """Answer a request that brings a token."""
    return jsonify(method=request.method)


if __name__ == "__main__":
    make_server("127.0.0.1", config["port"], app, threaded=True).serve_forever()
