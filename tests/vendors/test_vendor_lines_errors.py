"""What vendors say when something is wrong, line by line, and what of it reaches the caller; and how tokens are ended.

The lines are those of the table in docs/model.md.
"""

from __future__ import annotations

import traceback
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
import requests
import vendor_stage as stages
from loopback import Answer, Loopback
from vendor_stage import CLIENT_ID, SECRET, Stage, api_of, preset, wechat

from oauth_cc_auth import (
    InteractionRequired,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    RequestsAuth,
    TokenRequestError,
    forget_all,
)

stage = stages.stage


def test_an_apis_error_is_a_value(stage: Stage) -> None:
    """Line 40, Vibe, Vibes RBM, X, UPS, Databricks, Okta, WeChat, Feishu, DigiKey, Salesforce: whatever its shape."""
    cases: list[tuple[Any, int, Any, str | None, str | None]] = [
        (
            "vibe",
            403,
            {
                "error": {
                    "type": "insufficient_scope",
                    "title": "Missing",
                    "status": 403,
                    "detail": {"required_scope": "campaigns:write"},
                    "request_id": "r-1",
                }
            },
            "insufficient_scope",
            "Missing",
        ),
        (
            "vibe",
            404,
            {"error": {"type": "Not Found", "message": "No such thing", "status": 404}},
            "Not Found",
            "No such thing",
        ),
        ("vibes_rbm", 403, {"error": "Forbidden agent"}, None, "Forbidden agent"),
        ("x_app_only", 403, {"errors": [{"code": 453, "message": "You need access"}]}, "453", "You need access"),
        ("ups", 404, {"response": {"errors": [{"code": "151018", "message": "Invalid"}]}}, "151018", "Invalid"),
        ("databricks", 404, {"error_code": "NOT_FOUND", "message": "no cluster"}, "NOT_FOUND", "no cluster"),
        ("okta_org", 403, {"errorCode": "E0000006", "errorSummary": "denied"}, "E0000006", "denied"),
        (wechat(), 200, {"errcode": 48001, "errmsg": "unauthorized"}, "48001", "unauthorized"),
        ("feishu", 400, {"code": 99991672, "msg": "no permission"}, "99991672", "no permission"),
        (
            "digikey",
            404,
            {"StatusCode": 404, "ErrorMessage": "Not Found", "ErrorDetails": "no part", "RequestId": "r-1"},
            None,
            "no part",
        ),
        ("salesforce", 404, [{"errorCode": "NOT_FOUND", "message": "gone"}], "NOT_FOUND", "gone"),
        ("sentinel_hub", 500, "", None, None),
        ("vainu", 400, "invalid order by value", None, None),
    ]
    for vendor, status, body, code, message in cases:
        forget_all()
        stage.sandbox.reset_counts()
        grant = stage.grant(vendor)
        url = api_of(vendor) if isinstance(vendor, str) else "https://api.weixin.qq.com/cgi-bin/x"
        stage.sandbox.fail("api", status=status, body=body)
        said = grant.api_error(stage.call(grant, url))
        assert (said.status, said.code) == (status, code)
        assert said.message == message


def test_a_token_endpoints_error_is_typed(stage: Stage) -> None:
    """Line 40, Vibe, Vainu, Vibes RBM, Databricks, UPS, X, Feishu, IBM, Sentinel Hub: a typed error, or a plain one."""
    cases: list[tuple[str, int, Any, type[TokenRequestError], str | None]] = [
        ("vibe", 401, {"error": "invalid_client", "error_description": "no"}, InvalidClient, "invalid_client"),
        ("vainu", 400, {"error": "invalid_scope"}, InvalidScope, "invalid_scope"),
        ("vibes_rbm", 401, {}, InvalidClient, None),
        ("databricks", 401, {"errorCode": "invalid_client", "errorSummary": "no"}, InvalidClient, "invalid_client"),
        ("databricks", 401, {"error": "invalid_client"}, InvalidClient, "invalid_client"),
        ("ups", 401, {"response": {"errors": [{"code": "10401", "message": "no"}]}}, InvalidClient, "10401"),
        ("x_app_only", 403, {"errors": [{"code": 170, "message": "no"}]}, TokenRequestError, "170"),
        ("feishu", 200, {"code": 10014, "msg": "app secret invalid"}, TokenRequestError, "10014"),
        ("ibm_cloud", 400, {"errorCode": "BXNIM0415E", "errorMessage": "no"}, InvalidClient, "BXNIM0415E"),
        ("sentinel_hub", 401, "", InvalidClient, None),
        ("crowdstrike", 403, {"errors": [{"code": 403, "message": "no"}]}, TokenRequestError, None),
    ]
    for vendor, status, body, error, code in cases:
        forget_all()
        stage.sandbox.reset_counts()
        with pytest.raises(error) as caught:
            stage.answered(vendor, body, status)
        assert (caught.value.error, caught.value.status_code) == (code, status)


def test_vainus_word_for_a_wrong_grant_type(stage: Stage) -> None:
    """Line 41, Vainu: `invalid_grant` for a wrong grant type is that, and nobody is told to log in."""
    grant = stage.grant(replace(preset("vainu"), grant_type="nonsense"))
    with pytest.raises(InvalidGrant) as caught:
        stage.source(grant).token()
    assert not isinstance(caught.value, InteractionRequired)
    assert "log in" not in str(caught.value)


def test_boxs_word_for_a_wrong_subject(stage: Stage) -> None:
    """Line 41, Box: `invalid_grant` for a wrong subject leaves other subjects' tokens as they are."""
    right = stage.source(stage.grant("box", subject_id="1"))
    right.token()
    wrong = replace(preset("box"), parameters={"box_subject_type": "nobody", "box_subject_id": "2"})
    with pytest.raises(InvalidGrant):
        stage.token(wrong)
    assert stage.call(right, api_of("box")).status_code == 200
    assert stage.counts == (2, 1)


def test_the_request_id_of_an_api(stage: Stage) -> None:
    """Line 42, Vibe: the id that the vendor's support asks for is in the error that is read."""
    source = stage.source(stage.grant("vibe", scope="campaigns:read"))
    answer = stage.call(source, api_of("vibe"), "POST", json={})
    said = source.grant.api_error(answer)
    assert said.request_id == answer.json()["error"]["request_id"]
    assert source.token().access_token not in repr(said)


def test_the_request_id_of_a_token_endpoint(stage: Stage) -> None:
    """Line 42, Vibe, Entra ID, CrowdStrike, IBM: request id, status and headers are on the exception."""
    cases: list[tuple[str, Any, dict[str, str], str]] = [
        ("vibe", {"error": "invalid_client"}, {"X-Request-Id": "r-1"}, "r-1"),
        ("entra_id", {"error": "invalid_client", "correlation_id": "c-1", "trace_id": "t-1"}, {}, "c-1"),
        ("crowdstrike", {"meta": {"trace_id": "t-1"}, "errors": [{"code": 401, "message": "no"}]}, {}, "t-1"),
        ("ibm_cloud", {"errorCode": "BXNIM0415E", "context": {"requestId": "i-1"}}, {}, "i-1"),
    ]
    for vendor, body, headers, request_id in cases:
        forget_all()
        stage.sandbox.reset_counts()
        with pytest.raises(InvalidClient) as caught:
            stage.answered(vendor, body, 401, {"X-Quota": "17", **headers})
        assert (caught.value.request_id, caught.value.status_code) == (request_id, 401)
        assert caught.value.headers["x-quota"] == "17"
        assert f"request {request_id}" in str(caught.value)


def test_no_secret_in_an_error(stage: Stage) -> None:
    """Line 42, Vibe, Vainu, Fyma, Marketo, ClearTax, IBM: what a server echoes of the secret is masked everywhere."""
    for vendor in ("vibe", "vainu", "fyma", "marketo", "cleartax", "ibm_cloud"):
        pair = b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        body = {"error": "invalid_client", "error_description": f"no: {SECRET} {pair}", "request_id": SECRET}
        stage.sandbox.fail("token", status=401, body=body, headers={"X-Echo": SECRET})
        grant = stage.grant(vendor)
        with pytest.raises(TokenRequestError) as caught:
            stage.source(grant).token()
        error = caught.value
        told = f"{error!r} {vars(error)} {dict(error.headers)} {''.join(traceback.format_exception(error))} {grant!r}"
        assert SECRET not in told
        assert pair not in told


def test_an_error_in_the_callers_own_terms(stage: Stage) -> None:
    """Line 42, Vainu: what the library in use raises is this error too, with the same fields."""
    stage.sandbox.fail("token", status=401, body={"error": "invalid_client"}, headers={"X-Request-Id": "r-1"})
    url = stage.sandbox.url(api_of("vainu"))
    with pytest.raises(requests.RequestException) as caught:
        requests.post(url, auth=RequestsAuth(stage.source(stage.grant("vainu"))), timeout=20)
    assert isinstance(caught.value, InvalidClient)
    assert caught.value.request_id == "r-1"


@pytest.mark.parametrize(
    ("vendor", "parameters", "basic"),
    [
        ("vainu", {"client_id": CLIENT_ID, "client_secret": SECRET, "token": "TOKEN"}, False),
        ("crowdstrike", {"token": "TOKEN"}, True),
        ("moov", {"token": "TOKEN", "token_type_hint": "access_token"}, True),
    ],
)
def test_revocation(stage: Stage, vendor: str, parameters: dict[str, str], basic: bool) -> None:
    """Line 43, Vainu, CrowdStrike, Moov: the token is ended in the vendor's own way, and the API takes it no more."""
    grant = stage.grant(vendor)
    source = stage.source(grant)
    token = source.token().access_token
    source.revoke()
    request = stage.sandbox.requests[-1]
    assert (request.kind, request.status) == ("revocation", 200)
    sent = {name: "TOKEN" if value == token else value for name, value in request.form.to_dict().items()}
    assert parameters.items() <= sent.items()
    assert ("Authorization" in request.headers) is basic
    header, scheme = grant.resource_server.header, grant.resource_server.scheme
    url, method = stage.sandbox.url(api_of(vendor)), "POST" if vendor == "vainu" else "GET"
    refused = requests.request(method, url, headers={header: f"{scheme} {token}"}, timeout=20)
    assert refused.status_code == 401
    assert source.token().access_token != token


@pytest.mark.parametrize(
    ("vendor", "form"),
    [
        ("line_short_lived", {"access_token": "TOKEN"}),
        ("twitch", {"client_id": CLIENT_ID, "token": "TOKEN", "token_type_hint": "access_token"}),
        ("salesforce", {"token": "TOKEN"}),
    ],
)
def test_revocation_by_the_token_alone(stage: Stage, vendor: str, form: dict[str, str]) -> None:
    """Line 43, LINE, Twitch, Salesforce: the request has the token by the vendor's name for it, and no secret."""
    with Loopback(Answer()) as server:
        grant = replace(stage.grant(vendor), revocation_endpoint=f"{server.url}/revoke")
        source = stage.source(grant)
        token = source.token().access_token
        source.revoke()
    (received,) = server.received
    assert {name: "TOKEN" if value == token else value for name, value in received.form} == form
    assert "authorization" not in received.headers


def test_where_nothing_can_be_revoked() -> None:
    """Line 43, Vibe, Vibes RBM, Fyma, Vend Email, X, LINE: what nobody documents, or needs OAuth 1.0a, is missing."""
    for vendor in ("vibe", "vibes_rbm", "fyma", "vend_email", "x_app_only", "line"):
        assert preset(vendor).revocation_endpoint is None
