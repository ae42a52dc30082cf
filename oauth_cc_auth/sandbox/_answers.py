"""What a vendor's endpoints want and say beyond the RFCs: headers, further parameters, limits, words, metadata."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

import flask

from oauth_cc_auth.sandbox._models import Client
from oauth_cc_auth.sandbox._state import State
from oauth_cc_auth.sandbox._vendor import CLIENT_ID, FRESH_GUID, Limit, Refusal, Request
from oauth_cc_auth.sandbox.vendors import metadata_at


def request_of(state: State, client: Client | None) -> Request:
    """Return this request as a vendor's functions see it."""
    return Request(**facts_of_request(state, client))


def facts_of_request(state: State, client: Client | None) -> dict[str, Any]:
    """Return the members of a `Request`."""
    request = flask.request
    return {
        "method": request.method,
        "origin": flask.g.origin,
        "path": request.path,
        "headers": flask.g.headers,
        "query": request.args,
        "parameters": flask.g.parameters,
        "client_id": client.client_id if client else "",
        "home": client.home if client else None,
        "now": state.clock(),
        "url": state.url,
    }


# What is wanted


def check_token_request(state: State, client: Client) -> None:
    """Return if this token request of an authenticated client has what its vendor wants, else raise Refusal."""
    vendor = client.vendor
    check_headers(state, vendor.token_headers, client, code="invalid_request")
    for name, pattern in vendor.required.items():
        values: list[str] = flask.g.parameters.getlist(name)
        if len(values) != 1 or not fnmatchcase(values[0], pattern):
            raise Refusal(400, "invalid_request", f"Missing or wrong '{name}' in request.")
    vendor.check(request_of(state, client))


def check_headers(state: State, wanted: Mapping[str, str], client: Client | None, *, code: str) -> None:
    """Return if the headers are there with a value as wanted, else raise Refusal with this code."""
    for name, pattern in wanted.items():
        value = flask.g.headers.get(name)
        if value is None or not _is_as_wanted(state, value, pattern, client):
            raise Refusal(400, code, f"The header {name} is missing or wrong.")


def _is_as_wanted(state: State, value: str, pattern: str, client: Client | None) -> bool:
    if pattern == FRESH_GUID:
        return _is_guid(value) and state.is_new(value.lower())
    if pattern == CLIENT_ID:
        # A static token is no client's, and comes with whatever its user put there.
        return client is None or value == client.client_id
    return fnmatchcase(value, pattern)


def _is_guid(text: str) -> bool:
    with suppress(ValueError):
        return str(uuid.UUID(text)) == text.lower()
    return False


def spend(state: State, client: Client) -> None:
    """Count a token against the vendor's limit, or raise Refusal where none is left."""
    limit = client.vendor.limit
    if limit is None:
        return
    what = tuple(value for name in limit.by for value in flask.g.parameters.getlist(name))
    wait = state.spend(client, what, _count(state, limit), limit.seconds)
    if wait is not None:
        headers = {"Retry-After": str(max(1, round(wait)))} if limit.retry_after else None
        raise Refusal(limit.status, limit.code, limit.description, headers=headers)


def _count(state: State, limit: Limit) -> int:
    documented = state.knobs.daily_limit if limit.count is None else limit.count
    return documented if state.knobs.token_limit is None else state.knobs.token_limit


# What is said


def say(status: int, body: Any, headers: Mapping[str, str] | None = None) -> flask.Response:
    """Return an answer: JSON, text, or nothing for None."""
    text = "" if body is None else body if isinstance(body, str) else flask.json.dumps(body)
    mimetype = "text/plain" if body is None or isinstance(body, str) else "application/json"
    response = flask.Response(text, status, mimetype=mimetype)
    response.headers.update(headers or {})
    return response


def refuse(refusal: Refusal) -> flask.Response:
    """Return the refusal of an OAuth endpoint in the vendor's words."""
    status, body = flask.g.vendor.errors(refusal)
    # Nothing about tokens may be cached (RFC 6749 §5.1).
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache", **refusal.headers}
    if status == 401:
        # RFC 6749 §5.2: the scheme that the client used; Basic stands for all where it used none.
        headers["WWW-Authenticate"] = f'Basic error="{refusal.code}"'
    return say(status, body, headers)


def shape_answer(state: State, client: Client, answer: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
    """Return status, body and further headers of a token answer as the vendor gives it."""
    vendor, request = client.vendor, request_of(state, client)
    if not vendor.states_scope:
        answer.pop("scope", None)
    return vendor.status, vendor.answer(answer, request), dict(vendor.answer_headers(request))


def metadata(state: State) -> flask.Response:
    """Answer with the authorization server's metadata (RFC 8414 §3.2), at the addresses of the sandbox."""
    g, vendor = flask.g, flask.g.vendor
    # RFC 8414 §3.1 puts the issuer's path behind the document's name, OpenID Connect Discovery §4 before it.
    before, _, document = flask.request.path.partition("/.well-known/")
    _, slash, after = document.partition("/")
    issuer = f"{g.origin}{before}{slash}{after}"
    named = metadata_at(vendor, g.host, flask.request.path)
    found = {
        "issuer": state.url(issuer),
        "token_endpoint": state.url(named if "://" in named else f"{issuer}{named}"),
        "grant_types_supported": sorted(vendor.grant_types),
        "token_endpoint_auth_methods_supported": sorted(vendor.auth_methods),
    }
    return flask.jsonify(found if vendor.scopes is None else found | {"scopes_supported": sorted(vendor.scopes)})
