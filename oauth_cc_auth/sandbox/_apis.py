"""The resource servers: who is let in (RFC 6750), and in what words each vendor answers."""

# mypy: disable-error-code="no-untyped-call"
# authlib ships no types and nobody annotated its functions, the inherited ones included.

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import flask
from authlib.integrations.flask_oauth2.resource_protector import ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import MissingAuthorizationError
from authlib.oauth2.rfc6750 import BearerTokenValidator
from werkzeug.http import HTTP_STATUS_CODES

from oauth_cc_auth.sandbox._knobs import Default
from oauth_cc_auth.sandbox._records import shown
from oauth_cc_auth.sandbox._state import AccessToken, State

_CHUNK = 1 << 16
_LONGEST_WAIT = 600.0


class ApiError(Exception):
    """An API's refusal, before it is put into the vendor's words."""

    def __init__(self, status: int, message: str, *, type: str | None = None, detail: Any = None) -> None:  # noqa: A002 - the field's name at Vibe
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type or HTTP_STATUS_CODES.get(status, "Error")
        self.detail = detail


def error_body(error: ApiError) -> dict[str, Any]:
    """Return the error in the envelope of the API that is asked."""
    if flask.g.vendor.name == "vibe":
        # https://developers.vibe.co/docs/api-concepts
        named = {"type": error.type, "message": error.message, "status": error.status, "detail": error.detail}
        return {"error": {**named, "request_id": str(uuid.uuid4()), "doc_url": None}}
    if flask.g.vendor.name == "vainu":
        # The shape is not documented; Vainu's API is made with Django REST framework, whose errors look like this.
        return {"detail": error.message}
    # Schema ApiError of Vibes RBM; the other vendors do not document theirs.
    return {"error": error.message}


class _Validator(BearerTokenValidator):
    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def authenticate_token(self, token_string: str) -> AccessToken | None:
        """Return the token if it was issued for this API; a deleted one and another vendor's are unknown here."""
        token = self._state.access_tokens.get(token_string)
        if self._state.knobs.reject_all_tokens or token is None or token.client.vendor is not flask.g.vendor:
            return None
        return token


class Protector(ResourceProtector):
    """authlib's protector, which also looks for the token where a grant's resource server says it is presented."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.register_token_validator(_Validator(state))

    def parse_request_authorization(self, request: Any) -> tuple[Any, str]:
        """Find the token: as RFC 6750 §2.1 has it, or in the header and scheme that a grant has named."""
        for header, scheme in self._state.presentations.get(flask.g.origin, ()):
            first, _, rest = request.headers.get(header, "").partition(" ")
            if first and scheme is None:
                return self.get_token_validator("bearer"), first
            if rest and scheme and first.lower() == scheme.lower():
                return self.get_token_validator("bearer"), rest
        validator, token = super().parse_request_authorization(request)
        return validator, token

    def admit(self, scope: str | None = None) -> None:
        """Return if the request may pass, else raise ApiError with 401 or 403."""
        if self._presents_static_token():
            return
        try:
            self.acquire_token(scope)
        except OAuth2Error as error:
            if error.status_code == 403:
                token = self._state.access_tokens[self.parse_request_authorization(flask.request)[1]]
                detail = {"required_scope": scope, "granted_scopes": token.get_scope().split()}
                raise ApiError(403, str(error.description), type=error.error, detail=detail) from None
            flask.g.token_missing = isinstance(error, MissingAuthorizationError)
            raise ApiError(401, "Invalid, expired or missing access token.") from None

    def _presents_static_token(self) -> bool:
        realm, headers = flask.g.realm, flask.request.headers
        static = ((realm, name.lower(), value) in self._state.static_tokens for name, value in headers.items())
        return not self._state.knobs.reject_all_tokens and any(static)


def _not_found() -> NoReturn:
    raise ApiError(404, "Not found.")


class Apis:
    """All APIs of the sandbox."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._protector = Protector(state)
        self._vendors: dict[str, Callable[[], Any]] = {
            "vibe": self._vibe,
            "vibes_rbm": self._vibes_rbm,
            "vainu": self._vainu,
            "vend_email": self._vend_email,
            "fyma": self._fyma,
            "plain": self._plain,
        }

    def answer(self) -> flask.Response:
        """Answer an API request as its vendor would."""
        vendor = flask.g.vendor
        if flask.request.method == "GET" and f"{flask.request.path}/" == vendor.token_path:
            # Vainu's paths are Django's: it adds the slash to a GET. A POST, whose body would be lost, is not found.
            return flask.Response(status=301, headers={"Location": vendor.token_path})
        try:
            answer = self._vendors[vendor.name] if self._is_here() else _not_found
            found = answer()
        except ApiError as error:
            return self._refusal(error)
        return found if isinstance(found, flask.Response) else flask.jsonify(found)

    def _is_here(self) -> bool:
        vendor, path = flask.g.vendor, flask.request.path
        base = vendor.apis.get(flask.g.host) if vendor.apis else "/"
        return base is not None and path.startswith(base) and f"{path}/" != vendor.token_path

    def _refusal(self, error: ApiError) -> flask.Response:
        response = flask.jsonify(error_body(error))
        response.status_code = error.status
        if error.status == 401:
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

    def _vibe(self) -> Any:
        vendor, request = flask.g.vendor, flask.request
        family = next((word for word in request.path.split("/") if word in vendor.scope_families), None)
        reads = request.method in {"GET", "HEAD", "OPTIONS"} or "write" not in vendor.scope_families.get(family, ())
        self._protector.admit(family and f"{family}:{'read' if reads else 'write'}")
        revision = request.headers.get("X-Vibe-Revision")
        if revision is None:
            raise ApiError(400, "The header X-Vibe-Revision is missing.")
        if revision not in vendor.revisions:
            raise ApiError(400, "This revision is not known.", type="unknown_revision")
        return {"data": [], "method": request.method, "path": request.path}

    def _vibes_rbm(self) -> Any:
        self._protector.admit("https://rbm.vibes.com/rbm.agents")
        agent = flask.request.args.get("agentId")
        if agent == "forbidden":
            raise ApiError(403, "Forbidden agent")
        return {"agentId": agent, "method": flask.request.method, "path": flask.request.path}

    def _vainu(self) -> Any:
        self._protector.admit("vainu:api")
        if "/organizations/" not in flask.request.path:
            return {"method": flask.request.method, "path": flask.request.path}
        # The organization of the page's example; only the fields that are asked for.
        asked = flask.request.get_json(silent=True)
        body: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
        organization = {"business_id": "FI25578642", "name": "Vainu. io Software Oy"}
        return [{name: value for name, value in organization.items() if name in body.get("fields", organization)}]

    def _vend_email(self) -> Any:
        self._protector.admit()
        if flask.request.path == "/api/v1/me":
            return {"id": "123456", "email": "somebody@example.com"}
        return {"method": flask.request.method, "path": flask.request.path}

    def _fyma(self) -> Any:
        self._protector.admit()
        if flask.request.path == "/tracking-cameras":
            return [{"id": "camera-1", "name": "Camera 1"}]
        return {"method": flask.request.method, "path": flask.request.path}

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
        except ApiError:
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
