"""The parameters of a request to an OAuth endpoint: from where the vendor takes them, under the names of the RFCs.

What came is kept as it came, for the record; what counts is made from it, and it alone is seen by authlib.
"""

from __future__ import annotations

import json

import flask
from werkzeug.datastructures import MultiDict

from oauth_cc_auth.sandbox._records import RawForm
from oauth_cc_auth.sandbox._vendor import FORM, JSON, QUERY, Refusal, Vendor

Parameters = MultiDict[str, str]

_PLACES = {"application/x-www-form-urlencoded": FORM, "application/json": JSON}

# RFC 6749 §3.2: these must not occur twice. `resource` and `audience` may (RFC 8707 §2, RFC 8693 §2.1).
ONCE = ("grant_type", "client_id", "client_secret", "scope", "refresh_token", "token", "code", "code_verifier")


def parameters_that_came() -> RawForm:
    """Return all parameters of this request, from the body and the query alike."""
    return RawForm([*_body().items(multi=True), *flask.request.args.items(multi=True)])


def parameters_that_count(vendor: Vendor) -> Parameters:
    """Return the parameters as the RFCs name them, or raise Refusal where they are not written as the vendor wants."""
    place = _place(vendor)
    if place not in vendor.bodies:
        raise _invalid(f"The parameters must stand in {' or '.join(sorted(vendor.bodies))}.")
    in_query = _named_as_in_the_rfcs(flask.request.args, vendor)
    if place == QUERY:
        parameters = Parameters(in_query)
    else:
        in_body = _named_as_in_the_rfcs(_body(), vendor)
        parameters = Parameters([(name, value) for name, value in in_body if name not in vendor.query])
        parameters.update([(name, value) for name, value in in_query if name in vendor.query])
    twice = [name for name in ONCE if len(parameters.getlist(name)) > 1]
    if twice:
        raise _invalid(f"Parameter given twice: {twice[0]}.")
    return parameters


def with_the_rfcs_values(parameters: Parameters, vendor: Vendor) -> Parameters:
    """Return the parameters of a token request with grant type and scope as the RFC spells them, or raise Refusal."""
    read = parameters.copy()
    if "scope" in read and vendor.scope_separator != " ":
        if " " in read["scope"]:
            raise Refusal(400, "invalid_scope", f"Scopes are separated by '{vendor.scope_separator}'.")
        read["scope"] = read["scope"].replace(vendor.scope_separator, " ")
    if read.get("grant_type") in vendor.client_credentials:
        read["grant_type"] = "client_credentials"
    elif read.get("grant_type") == "client_credentials":
        raise Refusal(400, "unsupported_grant_type")
    return read


def _named_as_in_the_rfcs(written: Parameters, vendor: Vendor) -> list[tuple[str, str]]:
    ours = {theirs: name for name, theirs in vendor.names.items() if theirs is not None}
    items = written.items(multi=True)
    return [(ours.get(name, name), value) for name, value in items if name in ours or name not in vendor.names]


def _place(vendor: Vendor) -> str | None:
    """Return where the parameters stand; where the query will do an empty body is none, whatever it says it is."""
    if QUERY in vendor.bodies and not flask.request.get_data():
        return QUERY
    return _PLACES.get(flask.request.mimetype)


def _body() -> Parameters:
    # The body is read before the form, so that both are there.
    data = flask.request.get_data()
    return _members(data) if flask.request.mimetype == "application/json" else Parameters(flask.request.form)


def _members(data: bytes) -> Parameters:
    """Turn a JSON object into parameters; a list is a parameter that occurs several times."""
    try:
        members = json.loads(data)
    except ValueError:
        members = {}
    parameters = Parameters()
    for name, value in members.items() if isinstance(members, dict) else ():
        for item in value if isinstance(value, list) else [value]:
            parameters.add(name, str(item))
    return parameters


def _invalid(description: str) -> Refusal:
    return Refusal(400, "invalid_request", description)
