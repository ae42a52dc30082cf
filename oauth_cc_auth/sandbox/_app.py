"""The Flask application behind every listener: which endpoint of which vendor is meant, and what is recorded of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import flask

from oauth_cc_auth.sandbox._answers import metadata, refuse
from oauth_cc_auth.sandbox._apis import Apis, api_vendor, is_metadata_path, is_revocation_path, is_token_path
from oauth_cc_auth.sandbox._authorization_server import build_authorization_server
from oauth_cc_auth.sandbox._consent import AuthorizationEndpoint
from oauth_cc_auth.sandbox._control import PATH
from oauth_cc_auth.sandbox._knobs import Failure
from oauth_cc_auth.sandbox._listeners import HANG_UP, ORIGIN, UNDERSCORED
from oauth_cc_auth.sandbox._parameters import parameters_that_came, parameters_that_count, with_the_rfcs_values
from oauth_cc_auth.sandbox._records import RawForm, RawHeaders, Record
from oauth_cc_auth.sandbox._state import State
from oauth_cc_auth.sandbox._vendor import PLAIN, Refusal, Vendor
from oauth_cc_auth.sandbox.vendors import endpoint_at


def realm_of(vendor: Vendor, host: str) -> str:
    """Return where a client is registered: at a vendor, or at a host that belongs to none."""
    return host if vendor is PLAIN else vendor.name


def build_app(state: State, record: Callable[[Record], None], control: Callable[[], flask.Response]) -> flask.Flask:
    """Return the application; `record` is called with each request once its answer is ready.

    `control` answers what another program asks of the sandbox itself.
    """
    app = flask.Flask("oauth_cc_auth.sandbox", static_folder=None)
    server = build_authorization_server(app, state)
    answers: dict[str, Callable[[], flask.Response]] = {
        "token": lambda: _oauth(server.create_token_response),
        "revocation": lambda: _oauth(lambda: server.create_endpoint_response("revocation")),
        "authorization": AuthorizationEndpoint(server, state).answer,
        "metadata": lambda: metadata(state),
        "api": Apis(state).answer,
    }

    # Every path is some vendor's to judge, so Flask's own table of routes stays empty.
    @app.before_request
    def answer() -> flask.Response:
        if flask.request.path == PATH:
            return control()
        _look(state)
        kind = flask.g.kind
        state.closing.wait(state.knobs.delay if kind == "token" else state.knobs.api_delay if kind == "api" else 0)
        failure = state.next_failure(kind, flask.g.realm)
        return answers[kind]() if failure is None else _fail(failure)

    @app.after_request
    def remember(response: flask.Response) -> flask.Response:
        if flask.request.path != PATH:
            record(_record(response, state.clock()))
        return response

    return app


def _look(state: State) -> None:
    g, request = flask.g, flask.request
    g.origin = request.environ[ORIGIN]
    g.host = urlsplit(g.origin).hostname or ""
    g.headers = RawHeaders([*request.headers.items(), *request.environ[UNDERSCORED]])
    g.kind, g.vendor = _endpoint(state, g.host, request.path)
    g.realm = realm_of(g.vendor, g.host)
    # What is read of the body is read once: authlib and the record see the same.
    g.query = RawForm(request.args)
    g.form = RawForm() if g.kind == "api" else parameters_that_came()
    # A request for authorization stands in the query, whatever its page sends (RFC 6749 §3.1).
    g.parameters = g.query if g.kind == "authorization" else g.form
    g.token_missing = g.token_expired = False


def _endpoint(state: State, host: str, path: str) -> tuple[str, Vendor]:
    """Return which endpoint of which vendor is asked."""
    named = state.endpoints.get((flask.g.origin, path))
    if named:
        return named, PLAIN
    found = endpoint_at(host, path)
    if found:
        return found
    vendor = api_vendor(state, host, path)
    if vendor is PLAIN:
        usual = {"token": is_token_path, "revocation": is_revocation_path, "metadata": is_metadata_path}
        return next((kind for kind, is_meant in usual.items() if is_meant(path)), "api"), PLAIN
    return "api", vendor


def _oauth(endpoint: Callable[[], Any]) -> flask.Response:
    """Answer a request to an OAuth endpoint, once its parameters are read as the vendor reads them."""
    g = flask.g
    methods = g.vendor.methods if g.kind == "token" else {"POST"}
    if flask.request.method not in methods:
        # RFC 6749 §3.2.
        return flask.Response(status=405, headers={"Allow": ", ".join(sorted(methods))})
    try:
        g.parameters = parameters_that_count(g.vendor)
        if g.kind == "token":
            g.parameters = with_the_rfcs_values(g.parameters, g.vendor)
        response: flask.Response = endpoint()
    except Refusal as refusal:
        return refuse(refusal)
    return response


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


def _failing_body(failure: Failure) -> str | bytes | None:
    status, body, vendor = failure.status or 0, failure.body, flask.g.vendor
    if body is None and failure.where == "api":
        _, body = vendor.api_errors(Refusal(status, "sandbox", "The sandbox was told to fail."))
    elif body is None and status in _CODES:
        _, body = vendor.errors(Refusal(status, _CODES[status]))
    elif body is None:
        body = {"message": "The sandbox was told to fail."}
    return body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)


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
        query=g.query,
    )
