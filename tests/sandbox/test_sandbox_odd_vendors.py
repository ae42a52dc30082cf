"""Vendors that depart from the RFCs behave in the sandbox as their documentation says."""

from __future__ import annotations

import base64
import json
import uuid

import pytest
import requests
import vendor_sandbox
from vendor_sandbox import BASIC, FORM, POST, Clock, ask, call

from oauth_cc_auth import RequestsAuth, TokenSource, presets
from oauth_cc_auth.sandbox import Record, Sandbox

clock, sandbox = vendor_sandbox.clock, vendor_sandbox.sandbox


# Walmart

WALMART = "https://marketplace.walmartapis.com/v3/token"


def walmart_headers(**changes: str) -> dict[str, str]:
    """Return what each request to Walmart carries."""
    always = {"WM_QOS.CORRELATION_ID": str(uuid.uuid4()), "WM_SVC.NAME": "Walmart Marketplace"}
    return {**always, "Accept": "application/json", **changes}


def test_walmart(sandbox: Sandbox) -> None:
    """Walmart wants a GUID per request, for token and API alike, and the token in WM_SEC.ACCESS_TOKEN."""
    headers = walmart_headers()
    answer = ask(sandbox, WALMART, data=FORM, auth=BASIC, headers=headers).json()
    assert answer["expires_in"] == 900
    again = ask(sandbox, WALMART, data=FORM, auth=BASIC, headers=headers)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    no_guid = walmart_headers() | {"WM_QOS.CORRELATION_ID": "1"}
    assert ask(sandbox, WALMART, data=FORM, auth=BASIC, headers=no_guid).status_code == 400
    url, token = sandbox.url("https://marketplace.walmartapis.com/v3/items"), answer["access_token"]
    own = {"WM_SEC.ACCESS_TOKEN": token}
    assert requests.get(url, headers=walmart_headers() | own, timeout=5).status_code == 200
    assert requests.get(url, headers=own, timeout=5).status_code == 400
    assert call(sandbox, url, token, headers=walmart_headers()).status_code == 401


def test_walmart_xml(sandbox: Sandbox) -> None:
    """Walmart answers XML to whoever does not ask for JSON."""
    answer = ask(sandbox, WALMART, data=FORM, auth=BASIC, headers=walmart_headers(Accept="*/*"))
    assert answer.headers["Content-Type"] == "application/xml"
    assert "<expiresIn>900</expiresIn>" in answer.text


# CrowdStrike


def test_crowdstrike(sandbox: Sandbox) -> None:
    """CrowdStrike answers 201 without a grant type, names its region, and takes back tokens from Basic only."""
    credentials = {"client_id": "id", "client_secret": "secret"}
    answer = ask(sandbox, "https://api.us-2.crowdstrike.com/oauth2/token", data=credentials)
    assert (answer.status_code, answer.headers["X-Cs-Region"]) == (201, "us-2")
    assert answer.json()["expires_in"] == 1799
    token, revoke = answer.json()["access_token"], "https://api.us-2.crowdstrike.com/oauth2/revoke"
    assert call(sandbox, "https://api.us-2.crowdstrike.com/x", token).status_code == 200
    assert ask(sandbox, revoke, data=credentials | {"token": token}).status_code == 401
    assert ask(sandbox, revoke, data={"token": token}, auth=BASIC).status_code == 200
    assert call(sandbox, "https://api.us-2.crowdstrike.com/x", token).status_code == 401


@pytest.mark.parametrize(("home", "host"), [("eu-1", "api.eu-1.crowdstrike.com"), (None, "api.crowdstrike.com")])
def test_crowdstrike_elsewhere(sandbox: Sandbox, home: str | None, host: str) -> None:
    """A client of CrowdStrike may be at home in another region than the one asked, and goes on there, here."""
    sandbox.register_client("crowdstrike", "mine", "my secret", home=home)
    grant = sandbox.grant(presets.crowdstrike("mine", "my secret"))
    assert grant == sandbox.grant(presets.crowdstrike("mine", "my secret"))
    source = TokenSource(grant)
    base_url = source.base_url()
    assert base_url == sandbox.url(f"https://{host}")
    assert requests.get(f"{base_url}/devices", auth=RequestsAuth(source), timeout=5).status_code == 200
    assert sandbox.requests[-1].vendor == "crowdstrike"


# Feishu


def test_feishu(sandbox: Sandbox, clock: Clock) -> None:
    """Feishu names everything otherwise, and gives the same token as long as half an hour of it is left."""
    url = "https://open.feishu.cn/open-apis/auth/v3/tenant_access_token/internal"
    credentials = {"app_id": "id", "app_secret": "secret"}
    first = ask(sandbox, url, json=credentials).json()
    assert first == {"code": 0, "msg": "ok", "tenant_access_token": first["tenant_access_token"], "expire": 7200}
    clock.now += 5399
    second = ask(sandbox, url, json=credentials).json()
    assert (second["tenant_access_token"], second["expire"]) == (first["tenant_access_token"], 1801)
    clock.now += 1
    third = ask(sandbox, url, json=credentials).json()
    assert third["tenant_access_token"] != first["tenant_access_token"]
    api = "https://open.feishu.cn/open-apis/x"
    assert call(sandbox, api, third["tenant_access_token"]).status_code == 200
    assert call(sandbox, api, "unknown").json()["code"] == 1
    sandbox.lifetime = float("inf")
    sandbox.revoke_all()
    assert "expire" not in ask(sandbox, url, json=credentials).json()


@pytest.mark.parametrize(
    "body",
    [
        {"app_id": "id", "app_secret": "wrong"},
        {"client_id": "id", "client_secret": "secret"},
        {"app_id": "id", "app_secret": "secret", "grant_type": "client_credentials"},
    ],
)
def test_feishu_refuses_with_200(sandbox: Sandbox, body: dict[str, str]) -> None:
    """Feishu refuses with 200 and a code that is not 0, RFC names and a grant type included."""
    answer = ask(sandbox, "https://open.larksuite.com/open-apis/auth/v3/tenant_access_token/internal", json=body)
    assert (answer.status_code, answer.json()["code"]) == (200, 1)


# WeChat

WECHAT = "https://api.weixin.qq.com/cgi-bin/token"
WECHAT_QUERY = {"grant_type": "client_credential", "appid": "id", "secret": "secret"}


def test_wechat(sandbox: Sandbox) -> None:
    """A new token of WeChat ends the one before it; its API says so in a 200."""
    first = ask(sandbox, WECHAT, "GET", params=WECHAT_QUERY).json()
    assert first == {"access_token": first["access_token"], "expires_in": 7200}
    api = "https://api.weixin.qq.com/cgi-bin/x"
    assert call(sandbox, api, first["access_token"]).json()["method"] == "GET"
    second = ask(sandbox, WECHAT, "GET", params=WECHAT_QUERY).json()
    refused = call(sandbox, api, first["access_token"])
    assert (refused.status_code, refused.json()["errcode"]) == (200, 40001)
    assert "WWW-Authenticate" not in refused.headers
    assert call(sandbox, api, "", params={"access_token": second["access_token"]}).json()["method"] == "GET"


def test_wechat_refusals(sandbox: Sandbox) -> None:
    """WeChat refuses with 200, also where the day's tokens are used up; a POST is none of its requests."""
    wrong = ask(sandbox, WECHAT, "GET", params=WECHAT_QUERY | {"secret": "wrong"})
    assert (wrong.status_code, wrong.json()["errcode"]) == (200, 40001)
    plural = ask(sandbox, WECHAT, "GET", params=WECHAT_QUERY | {"grant_type": "client_credentials"})
    assert plural.json()["errcode"] == -1
    sandbox.token_limit = 1
    assert "access_token" in ask(sandbox, WECHAT, "GET", params=WECHAT_QUERY).json()
    over = ask(sandbox, WECHAT, "GET", params=WECHAT_QUERY)
    assert (over.status_code, over.json()["errcode"]) == (200, 45009)
    assert ask(sandbox, WECHAT, data=WECHAT_QUERY).headers["Allow"] == "GET"


def test_query_does_not_print(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    """A secret and a token in a query are kept for tests to look at, and masked where requests are shown."""
    seen: list[Record] = []
    ask(sandbox, WECHAT, "GET", params=WECHAT_QUERY)
    call(sandbox, "https://api.weixin.qq.com/x", "", params={"access_token": "canary", "scope": "a"})
    seen.extend(sandbox.requests)
    assert seen[0].form["secret"] == seen[0].query["secret"] == "secret"
    assert seen[0].path == "/cgi-bin/token"
    assert seen[0].shown_body == seen[0].shown_query == "grant_type=client_credential&appid=***&secret=***"
    assert seen[1].query["access_token"] == "canary"
    assert seen[1].as_dict()["query"] == "access_token=***&scope=a"
    printed = repr(seen) + str([record.as_dict() for record in seen]) + "".join(capfd.readouterr())
    assert "canary" not in printed
    assert "'secret'" not in printed


# UPS


def test_ups(sandbox: Sandbox, clock: Clock) -> None:
    """UPS says its numbers as text, and its errors two levels down, at token endpoint and API."""
    url = "https://onlinetools.ups.com/security/v1/oauth/token"
    answer = ask(sandbox, url, data=FORM, auth=BASIC, headers={"x-merchant-id": "1"}).json()
    assert (answer["expires_in"], answer["issued_at"]) == ("14399", str(int(clock.now) * 1000))
    wrong = ask(sandbox, url, data=FORM, auth=("id", "wrong"))
    assert wrong.status_code == 401
    assert set(wrong.json()["response"]["errors"][0]) == {"code", "message"}
    assert call(sandbox, "https://onlinetools.ups.com/api/x", answer["access_token"]).status_code == 200
    assert "errors" in call(sandbox, "https://onlinetools.ups.com/api/x", "x").json()["response"]
    sandbox.fail(status=401)
    sandbox.fail("api", status=500)
    assert ask(sandbox, url, data=FORM).json()["response"]["errors"][0]["code"] == "invalid_client"
    assert "response" in call(sandbox, "https://onlinetools.ups.com/api/x", "x").json()


# X


def test_x_app_only(sandbox: Sandbox) -> None:
    """X returns the same token until it is ended, never says when, and 403 with 99 to whoever asks too often."""
    url = "https://api.x.com/oauth2/token"
    first = ask(sandbox, url, data=FORM, auth=BASIC).json()
    assert first == {"token_type": "bearer", "access_token": first["access_token"]}
    assert ask(sandbox, url, data=FORM, auth=BASIC).json() == first
    sandbox.revoke_all()
    assert ask(sandbox, url, data=FORM, auth=BASIC).json() != first
    sandbox.token_limit = 3
    over = ask(sandbox, url, data=FORM, auth=BASIC)
    assert (over.status_code, over.json()["errors"][0]["code"]) == (403, 99)
    assert call(sandbox, "https://api.x.com/2/x", "x").json()["errors"][0]["code"] == 401


# IBM Cloud


def test_ibm_cloud(sandbox: Sandbox) -> None:
    """IBM Cloud knows a client by its API key alone, and says of another one, or none, what it says of keys."""
    url = "https://iam.cloud.ibm.com/identity/token"
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "secret"}
    token = ask(sandbox, url, data=form).json()["access_token"]
    assert call(sandbox, "https://api.example.com/x", token).status_code == 200
    for refused in (
        ask(sandbox, url, data=form | {"apikey": "wrong"}),
        ask(sandbox, url, data={"grant_type": form["grant_type"]}),
        ask(sandbox, url, data=form, auth=BASIC),
    ):
        assert (refused.status_code, refused.json()["errorCode"]) == (400, "BXNIM0415E")
        assert "WWW-Authenticate" not in refused.headers
    other_type = ask(sandbox, url, data=form | {"grant_type": "client_credentials"})
    assert (other_type.status_code, other_type.json()["error"]) == (400, "unsupported_grant_type")


# Salesforce


def test_salesforce(sandbox: Sandbox) -> None:
    """Salesforce says where the API is, which is here, and not when the token ends."""
    answer = ask(sandbox, "https://acme.my.salesforce.com/services/oauth2/token", data=POST).json()
    assert "expires_in" not in answer
    assert answer["instance_url"] == sandbox.origin("https://acme.my.salesforce.com")
    assert call(sandbox, f"{answer['instance_url']}/services/data", answer["access_token"]).status_code == 200


# Databricks


@pytest.mark.parametrize("issuer", ["adb.cloud.databricks.com/oidc", "accounts.cloud.databricks.com/oidc/accounts/1"])
def test_databricks(sandbox: Sandbox, issuer: str) -> None:
    """Databricks names its token endpoint in its metadata, at the sandbox's own address."""
    document = ask(sandbox, f"https://{issuer}/.well-known/oauth-authorization-server", "GET").json()
    assert document["issuer"] == sandbox.url(f"https://{issuer}")
    token = ask(sandbox, document["token_endpoint"], data=FORM | {"scope": "all-apis"}, auth=BASIC).json()
    assert token["scope"] == "all-apis"
    assert call(sandbox, "https://adb.cloud.databricks.com/api/2.0/x", token["access_token"]).status_code == 200
    wrong = ask(sandbox, document["token_endpoint"], data=FORM, auth=("id", "wrong"))
    assert (wrong.status_code, wrong.json()["errorCode"]) == (401, "invalid_client")
    assert sandbox.count("metadata", "databricks") == 1


# Copernicus


def test_copernicus(sandbox: Sandbox, clock: Clock) -> None:
    """Copernicus' token is a JWT that says when it ends; too many requests are 429."""
    url = "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token"
    answer = ask(sandbox, url, data=POST).json()
    assert "expires_in" not in answer
    claims = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "=="))
    assert (claims["exp"], claims["client_id"]) == (int(clock.now) + 3600, "id")
    assert call(sandbox, "https://catalogue.example.com/x", answer["access_token"]).status_code == 200
    sandbox.lifetime = float("inf")
    endless = ask(sandbox, url, data=POST).json()["access_token"]
    assert "exp" not in json.loads(base64.urlsafe_b64decode(endless.split(".")[1] + "=="))
    sandbox.token_limit = 2
    over = ask(sandbox, url, data=POST)
    assert over.status_code == 429
    assert "Retry-After" not in over.headers


# Adobe

ADOBE = "https://ims-na1.adobelogin.com/ims/token/v3"


def test_adobe(sandbox: Sandbox) -> None:
    """Adobe takes scopes with commas, in form or query, and its APIs want the client id."""
    asked = POST | {"scope": "openid,AdobeID"}
    answer = ask(sandbox, ADOBE, data=asked).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 86399)
    in_query = ask(sandbox, ADOBE, params=asked, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert in_query.status_code == 200
    assert ask(sandbox, ADOBE, data=POST | {"scope": "openid AdobeID"}).json()["error"] == "invalid_scope"
    assert ask(sandbox, ADOBE, data=POST).json()["error"] == "invalid_scope"
    url, token = "https://usermanagement.adobe.io/v2/x", answer["access_token"]
    assert call(sandbox, url, token, headers={"x-api-key": "id"}).status_code == 200
    assert call(sandbox, url, token, headers={"x-api-key": "other"}).status_code == 400
    assert call(sandbox, url, token).status_code == 400


# Box


@pytest.mark.parametrize(
    ("subject", "error"),
    [
        ({"box_subject_type": "enterprise", "box_subject_id": "1"}, None),
        ({"box_subject_type": "enterprise"}, "invalid_request"),
        ({"box_subject_type": "planet", "box_subject_id": "1"}, "invalid_grant"),
    ],
)
def test_box(sandbox: Sandbox, subject: dict[str, str], error: str | None) -> None:
    """Box wants to know for whom the token is."""
    answer = ask(sandbox, "https://api.box.com/oauth2/token", data=POST | subject).json()
    assert answer.get("error") == error
    assert error or (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)


def test_box_api(sandbox: Sandbox) -> None:
    """Box has files uploaded at a host of their own, takes tokens back, and says its errors in one envelope."""
    subject = {"box_subject_type": "user", "box_subject_id": "1"}
    token = ask(sandbox, "https://api.box.com/oauth2/token", data=POST | subject).json()["access_token"]
    hosts = ("https://api.box.com/2.0/users/me", "https://upload.box.com/api/2.0/files/content")
    assert [call(sandbox, url, token).status_code for url in hosts] == [200, 200]
    revoke = "https://api.box.com/oauth2/revoke"
    assert ask(sandbox, revoke, data={"client_id": "id", "token": token}).status_code == 401
    credentials = {"client_id": "id", "client_secret": "secret"}
    assert ask(sandbox, revoke, data=credentials | {"token": token}).status_code == 200
    for url in hosts:
        said = call(sandbox, url, token).json()
        assert (said["type"], said["status"], said["code"]) == ("error", 401, "unauthorized")
        assert said.keys() == {"type", "status", "code", "message", "request_id", "help_url"}
    sandbox.fail("api", status=403, vendor="box")
    assert call(sandbox, hosts[0], token).json()["code"] == "insufficient_scope"


# Amazon SP-API

SP_API = "https://sellingpartnerapi-na.amazon.com/notifications/v1/destinations"


def details(url: str, headers: dict[str, str]) -> str:
    """Return what SP-API's 403 says in its details."""
    refused = requests.get(url, headers=headers, timeout=5)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, "WWW-Authenticate" in refused.headers) == (403, False)
    assert (error["code"], error["message"]) == ("Unauthorized", "Access to requested resource is denied.")
    return str(error["details"])


@pytest.mark.parametrize("ended", ["expired", "revoked", "denied"])
def test_amazon_sp_api_and_its_preset(sandbox: Sandbox, clock: Clock, ended: str) -> None:
    """The preset renews where SP-API's details are about the token, and leaves a denial, which has none, alone."""
    grant = sandbox.grant(presets.amazon_sp_api("mine", "my secret"))
    # A clock of its own, which does not tell when the server's has moved on.
    source, url = TokenSource(grant, clock=Clock()), sandbox.url(SP_API)
    assert requests.get(url, auth=RequestsAuth(source), timeout=5).status_code == 200
    if ended == "expired":
        clock.now += 3600
    elif ended == "revoked":
        sandbox.revoke_all()
    else:
        sandbox.fail("api", status=403)
    sandbox.reset_counts()
    answer = requests.get(url, auth=RequestsAuth(source), timeout=5)
    assert (answer.status_code, sandbox.token_requests) == ((403, 0) if ended == "denied" else (200, 1))


def test_amazon_sp_api(sandbox: Sandbox, clock: Clock) -> None:
    """SP-API takes the token in a header of its own, and answers 403 to one it refuses, whose details say why."""
    url = "https://api.amazon.com/auth/o2/token"
    answer = ask(sandbox, url, data=POST | {"scope": "sellingpartnerapi::notifications"}).json()
    assert answer["token_type"] == "bearer"
    api, token = sandbox.url(SP_API), answer["access_token"]
    assert requests.get(api, headers={"x-amz-access-token": token}, timeout=5).status_code == 200
    unknown = details(api, {"x-amz-access-token": "x"})
    assert unknown == "The access token you provided is revoked, malformed or invalid."
    assert details(api, {"Authorization": f"Bearer {token}"}) == ""
    clock.now += 3600
    assert details(api, {"x-amz-access-token": token}) == "The access token you provided has expired."
    sandbox.revoke_all()
    assert "revoked" in details(api, {"x-amz-access-token": token})
    sandbox.fail("api", status=500)
    assert requests.get(api, timeout=5).json()["errors"][0]["code"] == "Internal Server Error"
    assert ask(sandbox, url, data=POST | {"scope": "else"}).json()["error"] == "invalid_scope"
    assert requests.get(sandbox.url("https://api.amazon.com/x"), timeout=5).status_code == 404
