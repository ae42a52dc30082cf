"""Tests of errors as APIs and token endpoints state them, in whatever envelope and library."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
import string
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import httpx
import httpx2
import pytest
import requests
from loopback import Answer, Loopback, grant_for

from oauth_cc_auth import (
    ApiError,
    ConfigurationError,
    ErrorFormat,
    ResourceServer,
    ResponseFormat,
    StaticToken,
    presets,
)
from oauth_cc_auth._http.json_path import positive
from oauth_cc_auth._http.retry_after import retry_after
from oauth_cc_auth._resource_server.error_format import ANY_ENVELOPE

URL = "https://api.example.com/v1/things"


def said(members: Any, status: int = 400, form: ErrorFormat = ANY_ENVELOPE, **headers: str) -> ApiError:
    """Return what an answer says, by its members."""
    return form.read(status, {name.replace("_", "-"): value for name, value in headers.items()}, members)


def by_requests(status: int, headers: Mapping[str, str], body: bytes, url: str) -> Any:
    """Return a response of requests."""
    response = requests.Response()
    response.status_code, response.url, response._content = status, url, body
    response.headers.update(headers)
    return response


def by_httpx(status: int, headers: Mapping[str, str], body: bytes, url: str) -> Any:
    """Return a response of httpx."""
    return httpx.Response(status, headers=dict(headers), content=body, request=httpx.Request("GET", url))


def by_httpx2(status: int, headers: Mapping[str, str], body: bytes, url: str) -> Any:
    """Return a response of httpx2."""
    return httpx2.Response(status, headers=dict(headers), content=body, request=httpx2.Request("GET", url))


ENVELOPES: list[tuple[str, Any, str | None, str | None]] = [
    ("RFC 6749", {"error": "invalid_scope", "error_description": "no such scope"}, "invalid_scope", "no such scope"),
    ("Vibe", {"error": {"type": "forbidden", "message": "not you"}}, "forbidden", "not you"),
    ("Vibe", {"error": {"type": "bad", "title": "Bad", "status": 400, "detail": {"a": 1}}}, "bad", "Bad"),
    ("Vibes RBM", {"error": "agent is forbidden here"}, None, "agent is forbidden here"),
    ("Vibes RBM", {}, None, None),
    ("X", {"errors": [{"code": 99, "message": "Unable to verify"}]}, "99", "Unable to verify"),
    (
        "UPS",
        {"response": {"errors": [{"code": "10401", "message": "ClientId is Invalid"}]}},
        "10401",
        "ClientId is Invalid",
    ),
    ("Databricks", {"errorCode": "E0000011", "errorSummary": "Invalid token"}, "E0000011", "Invalid token"),
    ("WeChat", {"errcode": 40001, "errmsg": "invalid credential"}, "40001", "invalid credential"),
    ("Feishu", {"code": 99991663, "msg": "token invalid"}, "99991663", "token invalid"),
    ("DigiKey", {"ErrorMessage": "Unauthorized", "ErrorDetails": "No client id"}, None, "Unauthorized"),
    ("Salesforce", [{"errorCode": "INVALID_SESSION_ID", "message": "expired"}], "INVALID_SESSION_ID", "expired"),
    (
        "RFC 9457",
        {"type": "https://e/out-of-credit", "title": "No credit", "detail": "50 short"},
        "https://e/out-of-credit",
        "50 short",
    ),
    ("AWS", {"message": "Forbidden"}, None, "Forbidden"),
    ("AWS", {"Message": "Forbidden"}, None, "Forbidden"),
    ("Google", {"error": {"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}}, "403", "denied"),
    ("Spring", {"status": 404, "error": "Not Found", "path": "/x"}, None, "Not Found"),
    ("no error", {"errcode": 0, "errmsg": "ok"}, None, "ok"),
    ("no error", {"code": "0", "msg": "ok"}, None, "ok"),
]


def test_every_envelope() -> None:
    """Line 40: whatever envelope a vendor uses, code and message are found, in an answer of each library."""
    for library in (by_requests, by_httpx, by_httpx2):
        for vendor, body, code, message in ENVELOPES:
            error = grant_for().api_error(library(400, {}, json.dumps(body).encode(), URL))
            assert (error.code, error.message, error.status) == (code, message, 400), vendor


def test_no_usable_body() -> None:
    """Line 40, Sentinel Hub: what cannot be read says nothing, and the status remains."""
    cases_of_body: list[bytes] = [
        b"",
        b"<html>Bad Gateway</html>",
        b"\xff\xfe",
        b"null",
        b"5",
        b"[]",
        b'"text"',
        b"[" * 100_000,
    ]
    for library in (by_requests, by_httpx, by_httpx2):
        for body in cases_of_body:
            assert grant_for().api_error(library(502, {}, body, URL)) == ApiError(None, None, 502)


def test_what_wwwauthenticate_says() -> None:
    """RFC 6750 §3: code, description and the scope that is needed may stand in the header alone."""
    challenge = 'Basic realm="x", Bearer error="insufficient_scope", error_description="more", scope="a b"'
    assert said(None, 403, www_authenticate=challenge) == ApiError("insufficient_scope", "more", 403, None, "a b")
    assert said({"error": "own", "message": "mine"}, www_authenticate=challenge).code == "own"
    assert said(None, 401, www_authenticate="Bearer") == ApiError(None, None, 401)
    assert said(None, 401, www_authenticate='"@@') == ApiError(None, None, 401)


def test_the_request_id() -> None:
    """Line 42, Vibe: what a vendor's support asks for is found in the body, else in the headers."""
    cases: list[tuple[Any, dict[str, str], str | None]] = [
        ({"error": {"request_id": "body-1"}}, {}, "body-1"),
        ({"request_id": "body-2"}, {"x_request_id": "header"}, "body-2"),
        ({"requestId": 7}, {}, "7"),
        ({}, {"x_request_id": "header"}, "header"),
        ({}, {"request_id": "header"}, "header"),
        ({}, {"x_amzn_requestid": "header"}, "header"),
        (None, {"x_correlation_id": "header"}, "header"),
        ({}, {}, None),
    ]
    for members, headers, expected in cases:
        assert said(members, 400, ANY_ENVELOPE, **headers).request_id == expected


def test_the_scope_that_is_needed() -> None:
    """Line 30, Vibe: a 403 that says which scope the token lacks is read as that."""
    body = {"error": {"type": "insufficient_scope", "detail": {"required_scope": "campaigns:write"}}}
    assert said(body, 403).required_scope == "campaigns:write"


def test_a_vendors_own_paths() -> None:
    """Line 40: what a vendor's format names is looked at alone; what it leaves open is looked for as always."""
    form = ErrorFormat(code="fault.detail.errorcode", message=["fault.faultstring", "fault.text"], request_id="X-Trace")
    body = {"error": "not this", "fault": {"faultstring": "", "text": "words", "detail": {"errorcode": "a code"}}}
    error = said(body, 400, form, x_trace="t1", x_request_id="not this")
    assert error == ApiError("a code", "words", 400, "t1")


def test_nothing_is_no_code() -> None:
    """Line 19: a code of 0 or nothing is no error, whether a number or a text."""
    cases: list[Any] = [0, "0", "", None, False, [], {}]
    for code in cases:
        assert said({"code": code}, 200, ErrorFormat(code="code")).code is None


def test_a_wrong_path_is_named() -> None:
    """Case 7: what is no path is refused at construction, by name."""
    for name in ("code", "message", "request_id", "required_scope"):
        cases: list[Any] = [None, 5, "", [""], [5], ["a", None]]
        for wrong in cases:
            with pytest.raises(ConfigurationError, match=f"ErrorFormat: {name}"):
                ErrorFormat(**{name: wrong})


def test_a_wrong_meaning_is_named() -> None:
    """Case 7: meanings are codes by codes."""
    cases: list[Any] = [5, None, "ab", ["a"], {5: "invalid_client"}, {"1": 5}]
    for meaning in cases:
        with pytest.raises(ConfigurationError, match="ErrorFormat: meaning"):
            ErrorFormat(meaning=meaning)


def test_a_wrong_unit_is_named() -> None:
    """Case 7: a unit of time is a number of seconds above 0."""
    cases: list[Any] = [0, -1, None, True, "0.001", float("inf"), float("nan")]
    for seconds in cases:
        with pytest.raises(ConfigurationError, match="ErrorFormat: seconds"):
            ErrorFormat(seconds=seconds)


def test_a_pause_in_another_unit() -> None:
    """Lines 34 and 42, Sentinel Hub: a Retry-After in milliseconds is told in seconds; a date is a date."""
    cases: list[tuple[str | None, float | None]] = [
        ("2500", 2.5),
        ("600000", 600.0),
        ("0", None),
        (None, None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 30.0),
    ]
    for value, expected in cases:
        headers = {} if value is None else {"retry-after": value, "date": "Sun, 06 Nov 1994 08:49:07 GMT"}
        assert ErrorFormat(seconds=0.001).read(429, headers, None).retry_after == expected


def test_they_are_values() -> None:
    """Formats and errors compare, hash and follow no outside change."""
    paths, meaning = ["a", "b"], {"1": "invalid_client"}
    one, other = ErrorFormat(code=paths, meaning=meaning), ErrorFormat(code=("a", "b"), meaning=dict(meaning))
    paths.append("c")
    meaning["1"] = "changed"
    assert one == other
    assert hash(one) == hash(other)
    assert one.meaning == {"1": "invalid_client"}


def test_a_copy_reads_as_the_original() -> None:
    """A worker process reads errors as the process that sent it its grant: equal formats read alike."""
    cases: list[Any] = [copy.deepcopy, lambda form: pickle.loads(pickle.dumps(form))]
    for again in cases:
        for form in (ErrorFormat(message="msg"), ANY_ENVELOPE, ErrorFormat(code="code")):
            other = again(form)
            assert other == form
            assert other.names_code == form.names_code
            for members in ({"error": "the agent is not yours"}, {"code": "two words"}, {"type": "Bearer"}):
                assert said(members, form=other) == said(members, form=form)
        assert said({"error": "the agent is not yours"}, form=again(ANY_ENVELOPE)).code is None


def test_which_format_reads_is_told_by_the_url() -> None:
    """Line 40, Vibe: the token endpoint's errors and the API's have formats of their own, told apart by the URL."""
    grant = grant_for(
        token_response=ResponseFormat(errors=ErrorFormat(code="token_code")),
        resource_server=ResourceServer("https://api.example.com", errors=ErrorFormat(code="api_code")),
    )
    body = b'{"token_code": "t", "api_code": "a"}'
    for library in (by_requests, by_httpx, by_httpx2):
        assert grant.api_error(library(400, {}, body, "https://as.example.com/token")).code == "t"
        assert grant.api_error(library(400, {}, body, "https://as.example.com/token?appid=1")).code == "t"
        assert grant.api_error(library(400, {}, body, URL)).code == "a"
        assert grant.api_error(library(400, {}, body, "https://as.example.com/tokens")).code == "a"


def test_a_token_endpoint_with_a_query_of_its_own() -> None:
    """Line 3, Greenhouse and Altrata: an endpoint with a query is the same endpoint."""
    form = ResponseFormat(errors=ErrorFormat(code="token_code"))
    grant = grant_for("https://as.example.com/token?grant_type=client_credentials", token_response=form)
    asked = by_requests(400, {}, b'{"token_code": "t"}', "https://as.example.com/token?grant_type=client_credentials")
    assert grant.api_error(asked).code == "t"


def test_a_static_token_has_errors_too() -> None:
    """Line 45, Vainu's API key: what needs no token request has an API whose errors are read."""
    grant = StaticToken("key", resource_server=ResourceServer(URL, errors=ErrorFormat(code="fault")))
    assert grant.api_error(by_requests(403, {}, b'{"fault": "f", "error": "e"}', URL)).code == "f"
    assert StaticToken("key").api_error(by_requests(403, {}, b'{"error": "e"}', URL)).code == "e"


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_stream_that_was_not_read_or_was_closed(library: Any) -> None:
    """A body that cannot be read counts as empty: the status and the headers still tell."""
    headers, body = {"X-Request-Id": "r1", "Retry-After": "3"}, {"error": "slow"}
    with Loopback(Answer(429, body, headers)) as server, library.Client(trust_env=False) as client:
        with client.stream("GET", server.url) as unread:
            assert grant_for().api_error(unread) == ApiError(None, None, 429, "r1", None, 3.0)
        assert grant_for().api_error(unread) == ApiError(None, None, 429, "r1", None, 3.0)
        with client.stream("GET", server.url) as read:
            read.read()
            assert grant_for().api_error(read).code == "slow"
        orphan = library.Response(404, json={"error": "lonely"})
        assert grant_for().api_error(orphan) == ApiError("lonely", "lonely", 404)


def test_a_stream_of_requests() -> None:
    """With requests, what was not read yet is read; what was read elsewhere counts as empty."""
    with Loopback(Answer(429, {"error": "slow"})) as server, requests.Session() as session:
        with session.get(server.url, stream=True) as unread:
            assert grant_for().api_error(unread).code == "slow"
            assert unread.json() == {"error": "slow"}
        closed = session.get(server.url, stream=True)
        for _ in closed.iter_content(4):
            pass
        assert grant_for().api_error(closed).code is None
        assert grant_for().api_error(requests.Response()).message is None


def test_a_positive_number() -> None:
    """Case 11: what is a number above 0, or reads as one, counts; infinities and words do not."""
    cases: list[tuple[object, float | None]] = [
        ("1", 1.0),
        (" 2.5 ", 2.5),
        (3, 3.0),
        (4.5, 4.5),
        (0, None),
        (-1, None),
        ("", None),
        ("x", None),
        (None, None),
        (True, None),
        ([], None),
        ("nan", None),
        ("inf", None),
        (math.inf, None),
        (10**400, None),
        ("1e400", None),
    ]
    for value, expected in cases:
        assert positive(value) == expected


def test_retry_after_by_a_date_of_now() -> None:
    """Case 25: a date in the past, and this very moment, ask for no pause."""
    assert retry_after({"retry-after": formatdate(usegmt=True), "date": formatdate(usegmt=True)}) is None
    assert retry_after({"retry-after": formatdate(4e9, usegmt=True)}) == 86_400.0


def garbage(rng: random.Random, depth: int = 0) -> Any:
    """Return anything that JSON can hold."""
    names = ["error", "errors", "code", "type", "message", "msg", "errcode", "detail", "response", "0", "", "a.b", "ü"]
    leaf = [None, True, False, 0, -1, 10**30, 1e308, math.inf, math.nan, "", "0", "x y", "\ud800", "\x00\n", "9" * 5000]
    kind = rng.random()
    if depth > 6 or kind < 0.4:
        return rng.choice(leaf)
    if kind < 0.75:
        return {rng.choice(names): garbage(rng, depth + 1) for _ in range(rng.randrange(5))}
    return [garbage(rng, depth + 1) for _ in range(rng.randrange(4))]


def garbled(rng: random.Random) -> str:
    """Return a header's value that nobody should send."""
    parts = [
        "Bearer",
        "error",
        "=",
        '"',
        ",",
        " ",
        "scope",
        "\\",
        "Basic",
        "-",
        "9",
        "Mon, 32 Foo",
        ":",
        "+9999",
        "GMT",
    ]
    return "".join(rng.choice([*parts, rng.choice(string.printable[:95])]) for _ in range(rng.randrange(20)))


def test_it_never_raises() -> None:
    """Line 40: whatever a server says, in body and headers, an error is read from it and nothing is raised."""
    rng = random.Random(20)  # noqa: S311 - the same garbage each time
    names = ["WWW-Authenticate", "Retry-After", "Date", "X-Request-Id", "Content-Type"]
    for turn in range(3000):
        body = json.dumps(garbage(rng)).encode()
        if turn % 3 == 0:
            cut = rng.randrange(len(body) + 1)
            body = body[:cut] + bytes(rng.randrange(256) for _ in range(rng.randrange(4)))
        headers = {rng.choice(names): garbled(rng) for _ in range(3)}
        library = (by_requests, by_httpx, by_httpx2)[turn % 3 if turn % 5 else 0]
        error = grant_for().api_error(library(rng.choice([200, 400, 401, 403, 500]), headers, body, URL))
        assert isinstance(error, ApiError)
        for text in (error.code, error.message, error.request_id, error.required_scope):
            assert text is None or (isinstance(text, str) and text.isprintable())
        assert error.retry_after is None or 0 < error.retry_after <= 86_400


def test_either_shape_from_either_place() -> None:
    """A gateway in front of an API answers as the token endpoint does, and the other way round: both are read."""
    cases: list[str] = ["https://api.vibe.co/v1/campaigns", "https://api.vibe.co/oauth2/token"]
    for url in cases:
        grant = presets.vibe("id", "secret")
        of_token_endpoint = {"error": "invalid_client", "error_description": "No such client"}
        of_api = {"error": {"type": "rate_limited", "message": "Too many"}}
        for body, code, message in (
            (of_token_endpoint, "invalid_client", "No such client"),
            (of_api, "rate_limited", "Too many"),
        ):
            error = grant.api_error(httpx.Response(401, json=body, request=httpx.Request("GET", url)))
            assert (error.status, error.code, error.message) == (401, code, message)


def test_a_sentence_of_another_shape_is_no_code() -> None:
    """What an API says in words under the name of the token endpoint's code stays what it is."""
    grant = presets.vibe("id", "secret")
    request = httpx.Request("GET", "https://api.vibe.co/v1/campaigns")
    assert grant.api_error(httpx.Response(401, json={"error": "Not for you"}, request=request)).code is None
