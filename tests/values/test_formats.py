"""Tests of what vendors write otherwise than RFC 6749: where things stand in their requests and their answers."""

from __future__ import annotations

import base64
import json
import pickle
from typing import Any

import pytest
from loopback import TOKEN, grant_for

from oauth_cc_auth import (
    ApiError,
    AuthorizationCode,
    ConfigurationError,
    ErrorFormat,
    InvalidClient,
    InvalidRequest,
    InvalidTokenResponse,
    RequestFormat,
    ResponseFormat,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
)
from oauth_cc_auth._authorization_server.answer import read_token
from oauth_cc_auth._http.messages import HttpResponse

NOW = 1_000_000.0
PARAMETERS = [
    ("grant_type", "client_credentials"),
    ("scope", "read write"),
    ("client_id", "me"),
    ("client_secret", "s p"),
    ("resource", "1"),
    ("resource", "2"),
]
WECHAT = ResponseFormat(
    errors=ErrorFormat(
        code="errcode", message="errmsg", meaning={"40001": "invalid_client", "40125": "invalid_client"}
    ),
    limit_reached=lambda error: error.code == "45009",
)
FEISHU = ResponseFormat(
    access_token="tenant_access_token", expires_in="expire", errors=ErrorFormat(code="code", message="msg")
)
UPS = ErrorFormat(code="response.errors.0.code", message="response.errors.0.message")


def read(form: ResponseFormat, members: Any, status: int = 200, **headers: str) -> Any:
    """Return the token that an answer in this format holds, as of now."""
    raw = members if isinstance(members, bytes) else json.dumps(members).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_token(grant_for(token_response=form, default_lifetime=77), HttpResponse(status, named, raw), NOW)


def error_of(form: ResponseFormat, members: Any, status: int = 200, **headers: str) -> Any:
    """Return the error that an answer in this format is."""
    with pytest.raises((TokenRequestError, TokenBudgetExceeded)) as caught:
        read(form, members, status, **headers)
    return caught.value


def test_where_a_parameter_goes() -> None:
    """Lines 3, 5 and 8: by their names in the RFC, parameters go into query or body, are renamed or left out."""
    cases: list[tuple[RequestFormat, list[Any], list[Any]]] = [
        (RequestFormat(), [], PARAMETERS),
        (RequestFormat(body="json"), [], PARAMETERS),
        (RequestFormat(body=None), PARAMETERS, []),
        (RequestFormat("GET"), PARAMETERS, []),
        (RequestFormat("GET", body="json"), PARAMETERS, []),
        (RequestFormat(query=["grant_type"]), PARAMETERS[:1], PARAMETERS[1:]),
        (RequestFormat(query="grant_type"), PARAMETERS[:1], PARAMETERS[1:]),
        (RequestFormat(names={name: None for name, _ in PARAMETERS}), [], []),
        (RequestFormat(names={"resource": "r"}), [], [*PARAMETERS[:4], ("r", "1"), ("r", "2")]),
        (
            RequestFormat(names={"scope": "s"}, scope_separator=","),
            [],
            [PARAMETERS[0], ("s", "read,write"), *PARAMETERS[2:]],
        ),
        (RequestFormat(names={"grant_type": "g"}, query=["grant_type"]), [("g", "client_credentials")], PARAMETERS[1:]),
    ]
    for form, query, body in cases:
        assert form.placed(PARAMETERS) == (query, body)


def test_a_wrong_field_of_a_request_is_named() -> None:
    """Case 7: what cannot work is refused at construction, by name."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"method": "PUT"}, "method"),
        ({"method": None}, "method"),
        ({"body": "xml"}, "body"),
        ({"body": ""}, "body"),
        ({"query": 5}, "query"),
        ({"query": [""]}, "query"),
        ({"query": [5]}, "query"),
        ({"query": ""}, "query"),
        ({"names": 5}, "names"),
        ({"names": None}, "names"),
        ({"names": [("a", "b")]}, "names"),
        ({"names": {5: "a"}}, "names"),
        ({"names": {"a": 5}}, "names"),
        ({"names": {"a": ""}}, "names"),
        ({"scope_separator": 5}, "scope_separator"),
        ({"scope_separator": ""}, "scope_separator"),
        ({"scope_separator": None}, "scope_separator"),
    ]
    for arguments, name in cases:
        with pytest.raises(ConfigurationError, match=f"RequestFormat: {name}"):
            RequestFormat(**arguments)


def test_a_wrong_field_of_an_answer_is_named() -> None:
    """Case 7: what cannot work is refused at construction, by name."""
    wrong_values: dict[str, list[Any]] = {
        "access_token": ["", 5],
        **{name: ["", None, 5] for name in ("token_type", "scope", "refresh_token", "scope_separator")},
        **{name: [5, ""] for name in ("expires_in", "expires_at")},
        **{name: [5, None, [""], [5], ""] for name in ("bearer_token_types", "headers")},
        "seconds": [0, -1, True, None, "0.001", float("inf"), float("nan")],
        "errors": [None, "error"],
        "limit_reached": [5, "429"],
    }
    for name, values in wrong_values.items():
        for wrong in values:
            with pytest.raises(ConfigurationError, match=f"ResponseFormat: {name}"):
                ResponseFormat(**{name: wrong})


def test_formats_are_values() -> None:
    """Formats compare, hash, pickle, follow no outside change, and are refused by name where they are none."""
    query, names, headers = ["scope"], {"scope": "s"}, ["X"]
    request = RequestFormat(query=query, names=names)
    answer = ResponseFormat(headers=headers, bearer_token_types="mac")
    for values in (query, headers):
        values.append("changed")
    names["scope"] = "changed"
    assert request == RequestFormat(query=("scope",), names={"scope": "s"})
    assert answer == ResponseFormat(headers=("X",), bearer_token_types=["mac"])
    assert pickle.loads(pickle.dumps((request, answer))) == (request, answer)
    assert hash(request) == hash(RequestFormat(query=("scope",), names={"scope": "s"}))
    for name in ("token_request", "token_response", "revocation_request"):
        with pytest.raises(ConfigurationError, match=f"{name} is not a"):
            grant_for(**dict[str, Any]({name: {}}))


def test_where_the_token_stands() -> None:
    """Line 20, Vainu, Feishu, Walmart, Primavera, Toast, ZoomInfo: a token is found where its vendor puts it."""
    cases: list[tuple[str, dict[str, Any]]] = [
        ("access_token", {}),
        ("access", {"access": TOKEN}),
        ("tenant_access_token", {"tenant_access_token": TOKEN}),
        ("accessToken", {"accessToken": TOKEN}),
        ("data.access_token", {"data": {"access_token": TOKEN}}),
        ("token.accessToken", {"token": {"accessToken": TOKEN}}),
        ("jwt", {"jwt": TOKEN, "access_token": "not this"}),
        ("tokens.0.value", {"tokens": [{"value": TOKEN}]}),
    ]
    for path, members in cases:
        token = read(ResponseFormat(access_token=path), {**members} or {"access_token": TOKEN})
        assert token.access_token == TOKEN


def test_how_long_it_lives() -> None:
    """Line 21, UPS, Fiserv, Feishu, Odoo, Wise, Copernicus: any unit, name, date or function; else the default.

    What would live for more than a hundred years has no lifetime that anybody meant.
    """
    cases: list[tuple[ResponseFormat, dict[str, Any], float]] = [
        (ResponseFormat(), {"expires_in": "3599"}, 3599),
        (ResponseFormat(seconds=0.001), {"expires_in": 900_000}, 900),
        (ResponseFormat(seconds=60), {"expires_in": "20"}, 1200),
        (ResponseFormat(seconds=1e10), {"expires_in": 1e308}, 77),
        (ResponseFormat(expires_in="expire"), {"expire": 7200, "expires_in": 1}, 7200),
        (ResponseFormat(expires_in=None), {"expires_in": 5}, 77),
        (ResponseFormat(expires_in="data.ttl"), {"data": {"ttl": 5}}, 5),
        (ResponseFormat(expires_in="access_token_validity"), {"access_token_validity": 0}, 77),
        (ResponseFormat(expires_at="expires_at"), {"expires_at": NOW + 60}, 60),
        (ResponseFormat(expires_at="expires_at"), {"expires_at": str(NOW + 60)}, 60),
        (ResponseFormat(expires_at="expires_at"), {"expires_at": NOW - 60}, 77),
        (ResponseFormat(expires_at="expires_at"), {"expires_at": NOW + 60, "expires_in": 5}, 5),
        (ResponseFormat(expires_at="at"), {"at": "1970-01-12T13:47:40Z"}, 60),
        (ResponseFormat(expires_at="at"), {"at": "1970-01-12T13:47:40z"}, 60),
        (ResponseFormat(expires_at="at"), {"at": "1970-01-12T13:47:40.500000+00:00"}, 60.5),
        (ResponseFormat(expires_at="at"), {"at": "1970-01-12T14:47:40+01:00"}, 60),
        (ResponseFormat(expires_at="at"), {"at": "1970-01-12T13:47:40"}, 60),
        (ResponseFormat(expires_at="at"), {"at": " 1970-01-12 13:47:40 "}, 60),
        (ResponseFormat(expires_at="at"), {"at": "soon"}, 77),
        (ResponseFormat(expires_at="at"), {"at": ""}, 77),
        (ResponseFormat(expires_at="at"), {"at": None}, 77),
        (ResponseFormat(expires_at="at"), {"at": ["1970"]}, 77),
        (ResponseFormat(expires_at="at"), {"at": "0001-01-01T00:00:00+23:59"}, 77),
        (ResponseFormat(expires_at="at"), {}, 77),
        *(
            (ResponseFormat(expires_at="at"), {"at": date}, 60)
            for date in (
                *("1970-01-12T13:47:40+0000", "19700112T134740Z", "1970-01-12T15:47:40+02", "19700112T144740+0100"),
                *("1970-01-12T13:47:40,0Z", "1970-01-12 08:47:40-05:00", "19700112T134740"),
            )
        ),
        (ResponseFormat(expires_at="at"), {"at": "1970-01-12T13:48Z"}, 80),
        (ResponseFormat(expires_at="at"), {"at": "1970-01-13"}, 36_800),
        (ResponseFormat(expires_at="at"), {"at": "1970-13-01T00:00:00Z"}, 77),
        (ResponseFormat(expires_at="at"), {"at": "1970-01-12T13:47:40+99:00"}, 77),
        (ResponseFormat(expires_at="at"), {"at": "٢٠٣٠-01-01"}, 77),
        (ResponseFormat(expires_at="at"), {"at": "9999-12-31T23:59:59Z"}, 77),
        (ResponseFormat(expires_at="at"), {"at": 1e14}, 77),
        (ResponseFormat(), {"expires_in": 1e14}, 77),
        (ResponseFormat(), {"expires_in": 3_155_760_001}, 77),
        (ResponseFormat(), {"expires_in": 3_155_760_000}, 3_155_760_000),
        (ResponseFormat(seconds=3600), {"expires_in": 876_601}, 77),
        (ResponseFormat(expires_in=lambda _: 1e14), {}, 77),
        (ResponseFormat(expires_in=lambda answer: answer["life"]), {"life": 12}, 12),
        (ResponseFormat(expires_in=lambda answer: answer["life"], seconds=60), {"life": 12}, 12),
        (ResponseFormat(expires_in=lambda _: None), {"expires_in": 5}, 77),
        (ResponseFormat(expires_in=lambda _: -5), {}, 77),
        (ResponseFormat(expires_in=lambda _: float("inf")), {}, 77),
    ]
    for form, members, lifetime in cases:
        assert read(form, {"access_token": TOKEN, **members}).lifetime == pytest.approx(lifetime)


def test_a_date_with_any_fraction() -> None:
    """Line 21, Wise: a fraction of any length is read, in every Python that is supported."""
    for fraction in ("1", "12", "123", "123456", "123456789"):
        token = read(ResponseFormat(expires_at="at"), {"access_token": TOKEN, "at": f"1970-01-12T13:47:40.{fraction}Z"})
        assert token.lifetime == pytest.approx(60 + float(f"0.{fraction}"), abs=1e-3)


def test_the_life_that_a_jwt_states() -> None:
    """Line 21, Copernicus: a function of the answer may look into the token itself."""

    def life(answer: dict[str, Any]) -> float:
        claims = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "=="))
        return float(claims["exp"] - claims["iat"])

    payload = base64.urlsafe_b64encode(b'{"iat": 100, "exp": 700}').decode().rstrip("=")
    assert read(ResponseFormat(expires_in=life), {"access_token": f"h.{payload}.s"}).lifetime == 600


def test_a_function_that_fails_costs_no_token() -> None:
    """Line 21: a function that raises, or returns no number, is as an answer that does not say how long."""
    cases: list[Any] = [lambda answer: answer["missing"], lambda _: "soon", lambda _: [5]]
    for failing in cases:
        form = ResponseFormat(expires_in=failing)
        assert read(form, {"access_token": TOKEN}).lifetime == 77


def test_scopes_by_another_separator() -> None:
    """Line 5, Shopify: a granted scope with commas is told with blanks."""
    form = ResponseFormat(scope="granted.scope", scope_separator=",")
    assert read(form, {"access_token": TOKEN, "granted": {"scope": "read,write"}}).scope == "read write"
    assert read(form, {"access_token": TOKEN, "scope": "not this"}).scope is None
    assert read(ResponseFormat(), {"access_token": TOKEN, "scope": "a,b  c"}).scope == "a,b  c"
    assert read(ResponseFormat(), {"access_token": TOKEN, "scope": ["a"]}).scope is None


def test_a_refresh_token_elsewhere() -> None:
    """Line 25: a refresh token that stands elsewhere is found for a login, and is not left in `extra`."""
    form = ResponseFormat(access_token="data.accessToken", refresh_token="data.refreshToken")
    login = AuthorizationCode(token_endpoint="https://a.example", client_id="c", client_secret="s", token_response=form)
    body = {"data": {"accessToken": TOKEN, "refreshToken": "canary-refresh", "kept": 1}}
    token = read_token(login, HttpResponse(200, {}, json.dumps(body).encode()), NOW)
    assert (token.access_token, token.refresh_token) == (TOKEN, "canary-refresh")
    assert dict(token.extra) == {"data": {"kept": 1}}


def test_tokens_are_never_in_extra() -> None:
    """Case 37, line 23: however deep, in objects and in lists, no token stays in what else the answer said."""
    cases: list[tuple[str, dict[str, Any]]] = [
        ("a.b.c.d", {"a": {"b": {"c": {"d": TOKEN, "kept": 1}}}}),
        ("tokens.0.value", {"tokens": [{"value": TOKEN, "kept": 1}]}),
        ("access_token", {"access_token": TOKEN, "again": {"jwt": TOKEN}, "list": [TOKEN, {"x": TOKEN}], "kept": 1}),
        ("access_token", {"access_token": TOKEN, "data": [{"refresh_token": "canary-refresh", "kept": 1}]}),
        ("access_token", {"access_token": TOKEN, "data": {"id_token": "canary-id", "kept": 1}}),
    ]
    for path, members in cases:
        extra = read(ResponseFormat(access_token=path), members).extra
        assert "canary" not in json.dumps(dict(extra))
        assert "kept" in json.dumps(dict(extra))


def test_headers_are_kept() -> None:
    """Line 23, CrowdStrike: headers of the answer that are asked for stand in `extra`, by their names in lower case."""
    form = ResponseFormat(headers=["X-Cs-Region", "X-Missing"])
    token = read(form, {"access_token": TOKEN, "instance_url": "https://i"}, 201, x_cs_region="us-2", x_other="no")
    assert dict(token.extra) == {"instance_url": "https://i", "x-cs-region": "us-2"}


def test_a_code_of_0_is_a_token() -> None:
    """Line 19, Feishu: a code of 0 says that all is well."""
    cases: list[object] = [0, "0"]
    for code in cases:
        token = read(FEISHU, {"code": code, "msg": "ok", "tenant_access_token": TOKEN, "expire": 7200})
        assert (token.access_token, token.lifetime) == (TOKEN, 7200)
        assert read(ResponseFormat(), {"access_token": TOKEN, "error": code}).access_token == TOKEN


def test_errors_of_the_token_endpoint() -> None:
    """Lines 19, 34, 40, WeChat, Feishu, UPS, Vibe: whatever its envelope, an error is typed and keeps its words."""
    cases: list[tuple[ResponseFormat, Any, int, type, str | None, str | None]] = [
        (FEISHU, {"code": 10003, "msg": "invalid param"}, 200, TokenRequestError, "10003", "invalid param"),
        (FEISHU, {"code": 10003, "msg": "x", "tenant_access_token": "t"}, 200, TokenRequestError, "10003", "x"),
        (WECHAT, {"errcode": 40001, "errmsg": "bad secret"}, 200, InvalidClient, "40001", "bad secret"),
        (WECHAT, {"errcode": 40125, "errmsg": "bad secret"}, 200, InvalidClient, "40125", "bad secret"),
        (WECHAT, {"errcode": -1, "errmsg": "busy"}, 200, TokenRequestError, "-1", "busy"),
        (WECHAT, {"errcode": -1, "errmsg": "busy"}, 503, TokenEndpointUnavailable, "-1", "busy"),
        (
            ResponseFormat(errors=UPS),
            {"response": {"errors": [{"code": "10401", "message": "no"}]}},
            401,
            InvalidClient,
            "10401",
            "no",
        ),
        (
            ResponseFormat(errors=UPS),
            {"response": {"errors": [{"code": "250002"}]}},
            400,
            TokenRequestError,
            "250002",
            None,
        ),
        (ResponseFormat(), {"error": {"type": "x", "message": "who"}}, 401, InvalidClient, None, "who"),
        (ResponseFormat(), {}, 401, InvalidClient, None, None),
        (ResponseFormat(), {"errorCode": "E1", "errorSummary": "who"}, 401, InvalidClient, None, "who"),
        (ResponseFormat(errors=ErrorFormat(code="errorCode")), {"errorCode": "E1"}, 401, InvalidClient, "E1", None),
        (ResponseFormat(), {"code": 99}, 403, InvalidTokenResponse, None, None),
        (FEISHU, {"msg": "nothing else"}, 200, InvalidTokenResponse, None, None),
        (FEISHU, b"code=0", 200, InvalidTokenResponse, None, None),
    ]
    for form, members, status, cls, code, description in cases:
        error = error_of(form, members, status)
        assert type(error).__name__ == cls.__name__
        assert (error.error, error.error_description, error.status_code) == (code, description, status)


def test_a_format_that_only_translates_takes_no_token_for_an_error() -> None:
    """Line 22: a format that names no code of its own does not take a member of a token for one."""
    form = ResponseFormat(errors=ErrorFormat(meaning={"40001": "invalid_client"}))
    members = {"access_token": TOKEN, "type": "bearer", "code": "granted"}
    assert read(form, members).access_token == TOKEN


@pytest.mark.parametrize(("retry_after", "expected"), [(None, 60.0), ("7", 7.0)])
def test_a_limit_by_another_status(retry_after: str | None, expected: float) -> None:
    """Line 34, WeChat, Vertex, X: a refusal that means the limit is TokenBudgetExceeded, with the pause."""
    headers = {} if retry_after is None else {"retry_after": retry_after}
    error = error_of(WECHAT, {"errcode": 45009, "errmsg": "reach max api daily quota limit"}, 200, **headers)
    assert type(error) is TokenBudgetExceeded
    assert error.retry_after == expected
    assert "45009: reach max api daily quota limit" in str(error)
    seen: list[ApiError] = []

    def is_limit(said: ApiError) -> bool:
        seen.append(said)
        return said.status == 400

    form = ResponseFormat(limit_reached=is_limit)
    assert type(error_of(form, {"error": "invalid_request"}, 400)) is TokenBudgetExceeded
    assert type(error_of(form, {"error": "invalid_request"}, 401)) is InvalidRequest
    assert [said.code for said in seen] == ["invalid_request"] * 2


def test_dpop_is_said_clearly() -> None:
    """Lines 15 and 22, Okta: where DPoP is asked for, or came, the message says what to switch off."""
    asked = error_of(ResponseFormat(), {"error": "use_dpop_nonce", "error_description": "nonce needed."}, 400)
    assert type(asked) is TokenRequestError
    assert asked.error == "use_dpop_nonce"
    assert asked.error_description == "nonce needed.", "the server's text, and none of ours"
    assert "nonce needed (HTTP 400)" in str(asked)
    came = error_of(ResponseFormat(), {"access_token": TOKEN, "token_type": "DPoP"})
    assert type(came) is InvalidTokenResponse
    for error in (asked, came, error_of(ResponseFormat(), {"error": "use_dpop_nonce"}, 401)):
        assert "switch DPoP off for this client" in str(error)
    mac = error_of(ResponseFormat(), {"access_token": TOKEN, "token_type": "mac"})
    assert "DPoP" not in str(mac)
    assert ".." not in str(mac)


def test_what_else_is_bearer() -> None:
    """Line 22, eBay: what a vendor calls Bearer is said once, in any case; a token_type elsewhere is found there."""
    form = ResponseFormat(token_type="kind", bearer_token_types=["Application Access Token"])
    for kind in ("Application Access Token", "application access token", "bearer", "", None):
        assert read(form, {"access_token": TOKEN, "kind": kind, "token_type": "mac"}).access_token == TOKEN
    assert type(error_of(form, {"access_token": TOKEN, "kind": "mac"})) is InvalidTokenResponse


def test_what_is_missing_is_named_by_its_path() -> None:
    """Line 20: where there is no token, the error says where it was looked for."""
    assert "data.access_token" in str(error_of(ResponseFormat(access_token="data.access_token"), {"access_token": "t"}))
    assert "it has no jwt" in str(error_of(ResponseFormat(access_token="jwt"), {}))


def test_a_limit_that_cannot_be_told_is_none() -> None:
    """A vendor's function that stumbles over a refusal leaves it what the server said."""
    form = ResponseFormat(limit_reached=lambda said: bool(said.code and said.code > said.message))  # type: ignore[operator]  # that it fails is the point
    assert not form.is_limit(ApiError("code", None, 400))
