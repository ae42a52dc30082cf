"""The Flask application behind every listener: which endpoint is meant, and what is recorded of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import flask
from werkzeug.datastructures import MultiDict

from oauth_cc_auth.sandbox._apis import ApiError, Apis, error_body, is_revocation_path, is_token_path
from oauth_cc_auth.sandbox._authorization_server import ONCE, build_authorization_server
from oauth_cc_auth.sandbox._knobs import Failure
from oauth_cc_auth.sandbox._listeners import HANG_UP, ORIGIN
from oauth_cc_auth.sandbox._records import RawForm, RawHeaders, Record
from oauth_cc_auth.sandbox._state import State
from oauth_cc_auth.sandbox._vendors import PLAIN, Vendor, vendor_of


def realm_of(host: str) -> str:
    """Return where a client is registered: at a vendor, or at a host that belongs to none."""
    vendor = vendor_of(host)
    return host if vendor is PLAIN else vendor.name


def build_app(state: State, record: Callable[[Record], None]) -> flask.Flask:
    """Return the application; `record` is called with each request once its answer is ready."""
    app = flask.Flask("oauth_cc_auth.sandbox", static_folder=None)
    server = build_authorization_server(app, state)
    apis = Apis(state)

    # Every path is some vendor's to judge, so Flask's own table of routes stays empty.
    @app.before_request
    def answer() -> flask.Response:
        _look(state)
        kind = flask.g.kind
        state.closing.wait(state.knobs.delay if kind == "token" else state.knobs.api_delay if kind == "api" else 0)
        failure = state.next_failure(kind, flask.g.realm)
        if failure is not None:
            return _fail(failure)
        if kind == "api":
            return apis.answer()
        if kind == "token":
            return _oauth(server.create_token_response)
        return _oauth(lambda: server.create_endpoint_response("revocation"))

    @app.after_request
    def remember(response: flask.Response) -> flask.Response:
        record(_record(response, state.clock()))
        return response

    return app


def _look(state: State) -> None:
    g, request = flask.g, flask.request
    g.origin = request.environ[ORIGIN]
    g.host = urlsplit(g.origin).hostname or ""
    g.vendor, g.realm = vendor_of(g.host), realm_of(g.host)
    g.kind = _kind(state, g.vendor, g.host, request.path)
    # What is read of the body is read once: authlib and the record see the same.
    g.form = RawForm()
    g.headers = RawHeaders(request.headers)
    g.token_missing = False
    if g.kind != "api":
        is_json = request.mimetype == "application/json"
        g.form = RawForm(_json_parameters(request.get_data()) if is_json else request.form)


def _kind(state: State, vendor: Vendor, host: str, path: str) -> str:
    named = state.endpoints.get((flask.g.origin, path))
    if named:
        return named
    if vendor is PLAIN:
        return "token" if is_token_path(path) else "revocation" if is_revocation_path(path) else "api"
    if host in vendor.token_hosts and path in {vendor.token_path, vendor.revocation_path}:
        return "token" if path == vendor.token_path else "revocation"
    return "api"


def _oauth(endpoint: Callable[[], Any]) -> flask.Response:
    """Answer a request to an OAuth endpoint, once its form is the vendor's."""
    request, vendor = flask.request, flask.g.vendor
    if request.method != "POST":
        return flask.Response(status=405, headers={"Allow": "POST"})  # RFC 6749 §3.2
    if request.mimetype not in vendor.bodies:
        return _invalid_request(f"The body must be {' or '.join(sorted(vendor.bodies))}.")
    twice = [name for name in ONCE if len(flask.g.form.getlist(name)) > 1]
    if twice:
        return _invalid_request(f"Parameter given twice: {twice[0]}.")
    response: flask.Response = endpoint()
    return response


def _invalid_request(description: str) -> flask.Response:
    response = flask.jsonify(error="invalid_request", error_description=description)
    response.status_code = 400
    return response


def _json_parameters(body: bytes) -> MultiDict[str, str]:
    """Turn a JSON object into parameters; a list is a parameter that occurs several times."""
    try:
        members = json.loads(body)
    except ValueError:
        members = {}
    parameters: MultiDict[str, str] = MultiDict()
    for name, value in members.items() if isinstance(members, dict) else ():
        for item in value if isinstance(value, list) else [value]:
            parameters.add(name, str(item))
    return parameters


# What a failing endpoint says where the knob does not: RFC 6749 §5.2 has codes for these statuses only.
_CODES = {400: "invalid_request", 401: "invalid_client"}


def _fail(failure: Failure) -> flask.Response:
    if failure.status is None:
        flask.request.environ[HANG_UP]()
        return flask.Response(status=503)
    response = flask.Response(_failing_body(failure), failure.status, mimetype="application/json")
    if failure.retry_after is not None:
        response.headers["Retry-After"] = str(failure.retry_after)
    response.headers.update(failure.headers)
    return response


def _failing_body(failure: Failure) -> str | bytes:
    status, body = failure.status or 0, failure.body
    if isinstance(body, (str, bytes)):
        return body
    if body is None and failure.where == "api":
        body = error_body(ApiError(status, "The sandbox was told to fail.", type="sandbox"))
    elif body is None:
        body = {"error": _CODES[status]} if status in _CODES else {"message": "The sandbox was told to fail."}
    return json.dumps(body)


def _record(response: flask.Response, now: float) -> Record:
    g, request = flask.g, flask.request
    return Record(
        kind=g.kind,
        vendor=g.realm,
        method=request.method,
        path=request.path,
        status=response.status_code,
        client_port=int(request.environ["REMOTE_PORT"]),
        time=now,
        body_length=request.content_length or 0,
        headers=g.headers,
        form=g.form,
    )
