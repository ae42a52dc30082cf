"""The resource servers: which tokens they let in (RFC 6750), and what hosts answer that are no vendor's."""

# mypy: disable-error-code="no-untyped-call"
# authlib ships no types and nobody annotated its functions, the inherited ones included.

from __future__ import annotations

import hashlib
import re
from typing import Any

import flask
from authlib.integrations.flask_oauth2.resource_protector import ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import MissingAuthorizationError
from authlib.oauth2.rfc6750 import BearerTokenValidator

from oauth_cc_auth.sandbox._answers import check_headers, facts_of_request, say
from oauth_cc_auth.sandbox._knobs import Default
from oauth_cc_auth.sandbox._models import AccessToken
from oauth_cc_auth.sandbox._records import shown
from oauth_cc_auth.sandbox._state import State
from oauth_cc_auth.sandbox._vendor import PLAIN, ApiRequest, Refusal, Vendor
from oauth_cc_auth.sandbox.vendors import apis_at, endpoint_at, vendor_of

_CHUNK = 1 << 16
_LONGEST_WAIT = 600.0


def api_vendor(state: State, host: str, path: str) -> Vendor:
    """Return the vendor whose API is asked. Where several have theirs at one host, the token's vendor is meant."""
    here = apis_at(host, path)
    return next((vendor for vendor in here if _holds_token(state, vendor)), here[0]) if here else vendor_of(host)


def _holds_token(state: State, vendor: Vendor) -> bool:
    _, _, value = flask.g.headers.get(vendor.token_header, "").rpartition(" ")
    token = state.access_tokens.get(value)
    return token is not None and token.client.vendor is vendor


class _Validator(BearerTokenValidator):
    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def authenticate_token(self, token_string: str) -> AccessToken | None:
        """Return the token if it was issued for this API; a deleted one and another vendor's are unknown here."""
        token = self._state.access_tokens.get(token_string)
        if self._state.knobs.reject_all_tokens or token is None:
            return None
        # An authorization server without an API of its own, as a company's Keycloak, is there for everybody's.
        issuer = token.client.vendor
        if self._state.knobs.api_audience not in {None, *token.audience}:
            return None
        is_for_all = flask.g.vendor is PLAIN and (issuer.any_api or not issuer.apis)
        if not is_for_all and issuer is not flask.g.vendor:
            return None
        flask.g.token_expired = token.is_expired() and not token.is_revoked()
        return token


class Protector(ResourceProtector):
    """authlib's protector, which looks for the token where the vendor wants it, or a grant for a plain host says."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.register_token_validator(_Validator(state))

    def parse_request_authorization(self, request: Any) -> tuple[Any, str]:
        """Find the token, in the header and scheme of the vendor or of a grant, else as RFC 6750 §2.1 has it."""
        vendor = flask.g.vendor
        if vendor.token_query and vendor.token_query in flask.request.args:
            return self.get_token_validator("bearer"), flask.request.args[vendor.token_query]
        own: set[tuple[str, str | None, str]] = {(vendor.token_header, vendor.token_scheme, "")}
        for header, scheme, prefix in self._state.presentations.get(flask.g.origin, own) if vendor is PLAIN else own:
            first, _, rest = flask.g.headers.get(header, "").partition(" ")
            if first.startswith(prefix) and first and scheme is None:
                return self.get_token_validator("bearer"), first[len(prefix) :]
            if rest.startswith(prefix) and rest and scheme and first.lower() == scheme.lower():
                return self.get_token_validator("bearer"), rest[len(prefix) :]
        if (vendor.token_header, vendor.token_scheme) != ("Authorization", "Bearer"):
            raise MissingAuthorizationError
        validator, token = super().parse_request_authorization(request)
        return validator, token

    def admit(self, scope: str | None = None) -> None:
        """Return if the request may pass, else raise Refusal with 400, 401 or 403."""
        token = None if self._presents_static_token() else self._token(scope)
        check_headers(self._state, flask.g.vendor.api_headers, token.client if token else None, code="missing_header")

    def _token(self, scope: str | None) -> AccessToken:
        try:
            token: AccessToken = self.acquire_token(scope)
        except OAuth2Error as error:
            if error.status_code == 403:
                token = self._state.access_tokens[self.parse_request_authorization(flask.request)[1]]
                detail = {"required_scope": scope, "granted_scopes": token.get_scope().split()}
                raise Refusal(403, error.error, str(error.description), detail=detail) from None
            flask.g.token_missing = isinstance(error, MissingAuthorizationError)
            code = "missing_token" if flask.g.token_missing else "invalid_token"
            said = "Invalid, expired or missing access token."
            raise Refusal(401, code, said, expired=flask.g.token_expired) from None
        return token

    def _presents_static_token(self) -> bool:
        realm, headers = flask.g.realm, flask.g.headers
        static = ((realm, name.lower(), value) in self._state.static_tokens for name, value in headers.items())
        return not self._state.knobs.reject_all_tokens and any(static)


class Apis:
    """All APIs of the sandbox."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._protector = Protector(state)

    def answer(self) -> flask.Response:
        """Answer an API request as its vendor would."""
        vendor, path = flask.g.vendor, flask.request.path
        lacks_slash = (endpoint_at(flask.g.host, f"{path}/") or ("", None))[0] == "token"
        if lacks_slash and flask.request.method == "GET":
            # Vainu's paths are Django's: it adds the slash to a GET. A POST, whose body would be lost, is not found.
            return flask.Response(status=301, headers={"Location": f"{path}/"})
        try:
            if vendor is PLAIN:
                found = self._plain()
            elif lacks_slash or vendor not in apis_at(flask.g.host, path):
                raise Refusal(404, description="Not found.")  # noqa: TRY301 - refused as all else is
            else:
                found = vendor.api(self._request())
        except Refusal as refusal:
            return self._refusal(refusal)
        return found if isinstance(found, flask.Response) else flask.jsonify(found)

    def _request(self) -> ApiRequest:
        body = flask.request.get_json(silent=True)
        return ApiRequest(**facts_of_request(self._state, None), json=body, admit=self._protector.admit)

    def _refusal(self, refusal: Refusal) -> flask.Response:
        status, body = flask.g.vendor.api_errors(refusal)
        response = say(status, body, refusal.headers)
        if status == 401:
            for challenge in self._challenges():
                response.headers.add("WWW-Authenticate", challenge)
        return response

    def _challenges(self) -> list[str]:
        knob = self._state.knobs.www_authenticate
        challenge = flask.g.vendor.www_authenticate if knob is Default.VENDOR else knob
        if challenge is None:
            return []
        if knob is Default.VENDOR and flask.g.token_missing:
            # RFC 6750 §3.1: no error code for a request that did not try.
            return ["Bearer"]
        return [challenge] if isinstance(challenge, str) else list(challenge)

    def _plain(self) -> Any:
        request = flask.request
        if request.path == "/echo":
            return self._echo()
        self._protector.admit()
        if request.path == "/redirect":
            status = request.args.get("status", 302, type=int)
            return flask.Response(status=status, headers={"Location": request.args.get("to", "/")})
        if request.path == "/slow":
            # Ends with the sandbox, so that no thread outlives it.
            self._state.closing.wait(min(request.args.get("seconds", 0.0, type=float), _LONGEST_WAIT))
        response = flask.jsonify(method=request.method, path=request.path, query=request.args.to_dict(), **_digest())
        if request.path == "/set-cookie":
            response.set_cookie("sandbox", "1")
        return response

    def _echo(self) -> Any:
        """Say what came, without asking for a token: so one sees whether a token came where it should not."""
        try:
            self._protector.admit()
        except Refusal:
            valid = False
        else:
            valid = True
        headers = {name: shown(name, value) for name, value in flask.request.headers.items()}
        return {"token_valid": valid, "headers": headers, **_digest()}


def _digest() -> dict[str, Any]:
    """Measure the body in pieces, however large it is."""
    sha256, length = hashlib.sha256(), 0
    while piece := flask.request.stream.read(_CHUNK):
        sha256.update(piece)
        length += len(piece)
    return {"body_length": length, "body_sha256": sha256.hexdigest()}


def is_token_path(path: str) -> bool:
    """Tell whether a plain host's path looks like its token endpoint's, where no grant has named it."""
    return bool(re.search(r"/(access_)?token/?$", path))


def is_revocation_path(path: str) -> bool:
    """Tell whether a plain host's path looks like its revocation endpoint's."""
    return bool(re.search(r"/(revoke|revocation|revoke_token)/?$", path))


def is_metadata_path(path: str) -> bool:
    """Tell whether authorization servers describe themselves here (RFC 8414 §3, OpenID Connect Discovery §4)."""
    return bool(re.search(r"/\.well-known/(oauth-authorization-server|openid-configuration)(/|$)", path))
