"""What vendors want of a token request, line by line: where things stand in it, and by what names.

The lines are those of the table in docs/model.md. Each vendor is played by the sandbox, which refuses a request that is
not as the vendor documents it; vendors without a preset have a grant here, and the sandbox or a script to talk to.
"""

from __future__ import annotations

import base64
import json
from base64 import b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
import vendor_stage as stages
from loopback import Loopback, Received, token_answer
from vendor_stage import CLIENT_ID, SECRET, Stage, preset, wechat

from oauth_cc_auth import ClientCredentials, InvalidClient, RequestFormat, ResponseFormat, TokenSource

stage = stages.stage

BASIC = "Basic " + b64encode(f"{quote_plus(CLIENT_ID)}:{quote_plus(SECRET)}".encode()).decode()


def at_loopback(server: Loopback, **how: Any) -> Received:
    """Ask a scripted token endpoint, and return the request as it saw it."""
    grant = ClientCredentials(
        **{"token_endpoint": f"{server.url}/token", "client_id": CLIENT_ID, "client_secret": SECRET, **how}
    )
    assert TokenSource(grant).token().access_token
    return server.received[-1]


def test_basic(stage: Stage) -> None:
    """Line 1, Vibe, eBay, PayPal, UPS, X, Zoom, Walmart, Databricks: id and secret stand in the header alone."""
    cases: list[str] = ["vibe", "ebay", "paypal", "ups", "x_app_only", "zoom", "databricks", "walmart"]
    for vendor in cases:
        request = stage.asked(vendor)
        assert request.headers["Authorization"] == BASIC
        assert not {"client_id", "client_secret"} & request.form.keys()


def test_post(stage: Stage) -> None:
    """Line 1, Vainu, Vend Email, Amadeus, Box, Uber, LINE: id and secret stand in the form, and only there."""
    for vendor in ("vainu", "vend_email", "amadeus", "box", "uber", "line"):
        request = stage.asked(vendor, **({"refresh_token": "r1"} if vendor == "vend_email" else {}))
        assert "Authorization" not in request.headers
        assert (request.form["client_id"], request.form["client_secret"]) == (CLIENT_ID, SECRET)
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_json(stage: Stage) -> None:
    """Line 1, Fyma, USPS, Vanta, 360Learning: id and secret stand in a JSON object."""
    for vendor in ("fyma", "usps", "vanta", "learning_360"):
        request = stage.asked(vendor)
        assert request.headers["Content-Type"] == "application/json"
        assert (request.form["client_id"], request.form["client_secret"]) == (CLIENT_ID, SECRET)
        assert "Authorization" not in request.headers


def test_both_at_once(stage: Stage) -> None:
    """Line 2, Vibes RBM: the Basic header, and id and secret in the form too; half of it is refused."""
    request = stage.asked("vibes_rbm")
    assert request.headers["Authorization"] == BASIC
    assert (request.form["client_id"], request.form["client_secret"]) == (CLIENT_ID, SECRET)
    for half in ("client_secret_basic", "client_secret_post"):
        with pytest.raises(InvalidClient):
            stage.token(replace(preset("vibes_rbm"), token_endpoint_auth_method=half))


def test_basic_beside_json(stage: Stage) -> None:
    """Line 2, Moov, Checkout.com: Basic with a JSON body, and Basic with a form that says it again."""
    request = stage.asked("moov")
    assert (request.headers["Authorization"], request.headers["Content-Type"]) == (BASIC, "application/json")
    request = stage.asked("checkout_com")
    assert request.headers["Authorization"] == BASIC
    assert request.form["client_secret"] == SECRET


def test_where_parameters_stand(stage: Stage) -> None:
    """Line 3, Fyma, Marketo, WeChat, Vipps: a JSON body, a query without a body, or nothing at all."""
    fyma = stage.asked("fyma")
    assert (not fyma.query, fyma.body_length > 0) == (True, True)
    for vendor in ("marketo", wechat()):
        request = stage.asked(vendor)
        assert (request.method, request.body_length) == ("GET", 0)
        assert {CLIENT_ID, SECRET} <= set(request.query.values())
    vipps = stage.asked("vipps")
    assert (vipps.method, vipps.body_length, not vipps.query) == ("POST", 0, True)


@pytest.mark.parametrize(
    ("form", "query", "body"),
    [
        (RequestFormat(body=None), {"grant_type", "scope"}, set()),  # Kno Commerce, Transporeon
        (RequestFormat(body="json", query=["grant_type"]), {"grant_type"}, {"scope"}),  # Greenhouse
    ],
)
def test_placement_beside_basic(form: RequestFormat, query: set[str], body: set[str]) -> None:
    """Line 3, Kno Commerce, Transporeon, Greenhouse: all in the query, or the grant type there and the rest in JSON."""
    with Loopback() as server:
        received = at_loopback(server, token_request=form, scope="read")
    assert parse_qs(urlsplit(received.path).query).keys() == query
    assert set(json.loads(received.body) if body else {}) == body
    assert received.headers["authorization"] == BASIC


def test_parameters(stage: Stage) -> None:
    """Line 4, Fyma, Auth0, Entra ID v1, Dynatrace, Zoom, Box, CrowdStrike, Avinode, Databricks: each has its own."""
    cases: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        ("fyma", {}, {"audience": "https://api.fyma.ai"}),
        ("auth0", {}, {"audience": "https://api.acme.example/", "organization": "org_123"}),
        ("vertex", {"audience": "verx://migration-api"}, {"audience": "verx://migration-api"}),
        ("entra_id_v1", {"resource": "https://service.contoso.com/"}, {"resource": "https://service.contoso.com/"}),
        ("dynatrace", {"account_uuid": "a-b"}, {"resource": "urn:dtaccount:a-b"}),
        ("zoom", {"account_id": "abc"}, {"account_id": "abc"}),
        ("box", {"subject_id": "7"}, {"box_subject_type": "enterprise", "box_subject_id": "7"}),
        ("crowdstrike", {"member_cid": "m"}, {"member_cid": "m"}),
        ("avinode", {"expires_in_minutes": 90}, {"expiresInMinutes": "90"}),
        ("databricks", {"authorization_details": "[{}]"}, {"authorization_details": "[{}]"}),
    ]
    for vendor, words, sent in cases:
        request = stage.asked(vendor, **words)
        assert sent.items() <= request.form.to_dict().items()


def test_a_parameter_that_no_preset_has(stage: Stage) -> None:
    """Line 4, SAP XSUAA, Pax8, Chartboost: whatever else is wanted is a parameter of the grant."""
    grant = replace(preset("sap_xsuaa"), parameters={"response_type": "token"})
    assert stage.asked(grant).form["response_type"] == "token"
    pax8 = replace(preset("fyma"), token_endpoint="https://api.pax8.example/v1/token", audience="https://api.pax8.com")
    assert stage.asked(pax8).form["audience"] == "https://api.pax8.com"


def test_scopes_that_are_sent(stage: Stage) -> None:
    """Line 5, Vibe, Cognito, Vibes RBM, Vainu, Prisma, Entra ID, Adobe: optional, fixed, left out, with commas."""
    cases: list[tuple[str, dict[str, Any], str | None]] = [
        ("vibe", {}, None),
        ("vibe", {"scope": ["campaigns:read", "account:read"]}, "campaigns:read account:read"),
        ("cognito", {"scope": None}, None),
        ("vibes_rbm", {}, "https://rbm.vibes.com/rbm.agents"),
        ("vainu", {}, "vainu:api"),
        ("vainu", {"scope": None}, None),
        ("prisma_sase", {"tsg_id": "42"}, "tsg_id:42"),
        ("entra_id", {"resource": "https://graph.microsoft.com"}, "https://graph.microsoft.com/.default"),
        ("adobe", {"scope": ["openid", "AdobeID"]}, "openid,AdobeID"),
    ]
    for vendor, words, sent in cases:
        assert stage.asked(vendor, **words).form.get("scope") == sent


def test_scopes_that_are_granted(stage: Stage) -> None:
    """Line 5, Vend Email, Shopify, SMART, Mailchimp: what was granted is told with blanks, whatever was asked for."""
    assert stage.token("vend_email", refresh_token="r1").scope == "public"
    shopify = {"access_token": "t", "scope": "write_orders,read_products", "expires_in": 86399}
    assert stage.answered("shopify", shopify).scope == "write_orders read_products"
    smart = {"access_token": "t", "scope": "system/Patient.rs", "token_type": "bearer", "expires_in": 300}
    stage.sandbox.fail("token", status=200, body=smart)
    assert stage.token("smart_backend", scope="system/*.rs").scope == "system/Patient.rs"
    mailchimp = ClientCredentials(
        token_endpoint="https://login.mailchimp.example/token", client_id="m", client_secret=SECRET, scope="all"
    )
    assert stage.answered(mailchimp, {"access_token": "t", "scope": None, "expires_in": 0}).scope == "all"


def test_addresses(stage: Stage) -> None:
    """Line 6, Vibes RBM, Fyma, UPS, USPS, eBay, PayPal, Amadeus, DigiKey, Checkout.com, CrowdStrike: hosts by words."""
    cases: list[tuple[str, dict[str, Any], str, str]] = [
        ("vibes_rbm", {}, "vibes-rbm-prd.auth.us-west-2.amazoncognito.com/oauth2/token", "rbm.us.vibes.com"),
        ("fyma", {}, "auth.fyma.ai/oauth/token", "api.fyma.ai"),
        ("ups", {"environment": "test"}, "wwwcie.ups.com/security/v1/oauth/token", "wwwcie.ups.com"),
        ("ups", {"environment": "production"}, "onlinetools.ups.com/security/v1/oauth/token", "onlinetools.ups.com"),
        ("usps", {"environment": "test"}, "apis-tem.usps.com/oauth2/v3/token", "apis-tem.usps.com"),
        ("ebay", {"environment": "sandbox"}, "api.sandbox.ebay.com/identity/v1/oauth2/token", "api.sandbox.ebay.com"),
        ("paypal", {"environment": "sandbox"}, "api-m.sandbox.paypal.com/v1/oauth2/token", "api-m.sandbox.paypal.com"),
        ("amadeus", {"environment": "test"}, "test.api.amadeus.com/v1/security/oauth2/token", "test.api.amadeus.com"),
        ("digikey", {"environment": "sandbox"}, "sandbox-api.digikey.com/v1/oauth2/token", "sandbox-api.digikey.com"),
        (
            "checkout_com",
            {"environment": "sandbox", "subdomain": "acme"},
            "acme.access.sandbox.checkout.com/connect/token",
            "acme.api.sandbox.checkout.com",
        ),
        ("crowdstrike", {"region": "eu-1"}, "api.eu-1.crowdstrike.com/oauth2/token", "api.eu-1.crowdstrike.com"),
        (
            "commercetools",
            {"region": "eu-central-1.aws"},
            "auth.eu-central-1.aws.commercetools.com/oauth/token",
            "api.eu-central-1.aws.commercetools.com",
        ),
        (
            "cognito",
            {"domain_prefix": "acme", "region": "eu-west-1"},
            "acme.auth.eu-west-1.amazoncognito.com/oauth2/token",
            "api.acme.example",
        ),
    ]
    for vendor, words, token_endpoint, api in cases:
        grant = preset(vendor, **words)
        assert grant.token_endpoint == f"https://{token_endpoint}"
        grant.resource_server.admit(f"https://{api}/v1")
        request = stage.asked(grant)
        assert request.headers["Host"] == urlsplit(stage.sandbox.origin(grant.token_endpoint)).netloc
        assert request.path == urlsplit(grant.token_endpoint).path


def test_a_word_makes_no_other_host() -> None:
    """Line 6, Vainu, commercetools, CrowdStrike, UPS, Shopify: a login has a host, and no word makes a foreign one."""
    user = preset("vainu_user")
    assert urlsplit(user.authorization_endpoint).netloc == "app.vainu.io"
    assert urlsplit(user.token_endpoint).netloc == "api.vainu.io"
    for vendor, word in (("commercetools", "region"), ("crowdstrike", "region"), ("ups", "environment")):
        with pytest.raises(ValueError, match=word):
            preset(vendor, **{word: "eu.evil.example/"})
    with pytest.raises(ValueError, match="SHOPIFY_SHOP"):
        preset("shopify", shop="evil.example/")


def test_grant_types(stage: Stage) -> None:
    """Line 7, Zoom, IBM, WeChat, Feishu, CrowdStrike, FortiIdentity, ClearTax: another grant type, or none."""
    cases: list[tuple[Any, str | None]] = [
        ("zoom", "account_credentials"),
        ("ibm_cloud", "urn:ibm:params:oauth:grant-type:apikey"),
        (wechat(), "client_credential"),
        ("feishu", None),
        ("crowdstrike", None),
        ("fortiidentity", None),
        ("cleartax", None),
    ]
    for vendor, grant_type in cases:
        assert stage.asked(vendor).form.get("grant_type") == grant_type


def test_a_grant_type_of_no_preset() -> None:
    """Line 7, Ariba: the grant type is sent as it is written."""
    with Loopback() as server:
        assert ("grant_type", "openapi_2lo") in at_loopback(server, grant_type="openapi_2lo").form


def test_renamed_credentials(stage: Stage) -> None:
    """Line 8, WeChat, Feishu, IBM: id and secret by the vendor's names, and no other name of theirs beside."""
    cases: list[tuple[Any, dict[str, str]]] = [
        (wechat(), {"appid": CLIENT_ID, "secret": SECRET}),
        ("feishu", {"app_id": CLIENT_ID, "app_secret": SECRET}),
        ("ibm_cloud", {"apikey": SECRET}),
    ]
    for vendor, sent in cases:
        form = stage.asked(vendor).form.to_dict()
        assert sent.items() <= form.items()
        assert not {"client_id", "client_secret"} & form.keys()


def test_a_secret_in_a_header(stage: Stage) -> None:
    """Line 8, ClearTax: the secret alone, in a header of the vendor's."""
    request = stage.asked("cleartax")
    assert request.headers["x-clear-client-secret"] == SECRET
    assert not request.form


def test_a_login_by_json() -> None:
    """Line 8, ZoomInfo, Toast: credentials by other names in JSON, and no grant type."""
    cases: list[tuple[dict[str, str], dict[str, str], Any, str]] = [
        ({"client_id": "username", "client_secret": "password"}, {}, {"jwt": "t"}, "jwt"),
        (
            {"client_id": "clientId", "client_secret": "clientSecret"},
            {"userAccessType": "TOAST_MACHINE_CLIENT"},
            {"token": {"accessToken": "t", "expiresIn": 60}},
            "token.accessToken",
        ),
    ]
    for names, parameters, answer, path in cases:
        with Loopback(token_answer(**answer)) as server:
            received = at_loopback(
                server,
                token_endpoint_auth_method="client_secret_json",
                grant_type=None,
                parameters=parameters,
                token_request=RequestFormat(names=names),
                token_response=ResponseFormat(access_token=path),
            )
        ours = dict(zip(names.values(), (CLIENT_ID, SECRET), strict=True))
        assert json.loads(received.body) == {**ours, **parameters}


def test_get(stage: Stage) -> None:
    """Line 9, Marketo, ClearTax, Primavera, WeChat: the token is asked for by GET, without a body."""
    cases: list[Any] = ["marketo", "cleartax", "primavera", wechat()]
    for vendor in cases:
        request = stage.asked(vendor)
        assert (request.method, request.body_length) == ("GET", 0)
        assert "Content-Type" not in request.headers


def test_get_with_basic() -> None:
    """Line 9, M-Pesa: a GET with Basic; a life that is text, and no token_type, are understood."""
    with Loopback(token_answer(token_type=None, expires_in="3599")) as server:
        received = at_loopback(server, token_request=RequestFormat("GET"))
    assert (received.method, received.headers["authorization"]) == ("GET", BASIC)
    assert parse_qs(urlsplit(received.path).query) == {"grant_type": ["client_credentials"]}
    pair = base64.b64decode(received.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == f"{quote_plus(CLIENT_ID)}:{quote_plus(SECRET)}"
