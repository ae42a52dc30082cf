"""Vendors that depart from the RFCs behave in the sandbox as their documentation says."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from authlib.oauth2.rfc7523 import client_secret_jwt_sign
from joserfc.jwk import OctKey
from werkzeug.datastructures import Headers, MultiDict

from oauth_cc_auth import ClientCredentials, Discovery, RequestFormat
from oauth_cc_auth.sandbox import VENDORS, Record, Sandbox, Vendor, vendors
from oauth_cc_auth.sandbox import _vendor as facts

FORM = {"grant_type": "client_credentials"}
POST = FORM | {"client_id": "id", "client_secret": "secret"}
BASIC = ("id", "secret")


class Clock:
    """A clock that stands still until it is turned."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock for one test."""
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """A sandbox where every vendor knows one client."""
    with Sandbox(clock=clock) as running:
        for vendor in VENDORS:
            running.register_client(vendor.name, "id" if vendor.knows_clients_by_id else None, "secret")
        yield running


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Play one more vendor, as if its file were there."""

    def played(sandbox: Sandbox, **changes: Any) -> Vendor:
        known: dict[str, Any] = {"token_endpoints": ("as.odd.example/token",), "apis": ("api.odd.example/",)}
        vendor = Vendor("odd", source="https://odd.example", **(known | changes))
        monkeypatch.setattr(vendors, "VENDORS", (*VENDORS, vendor))
        monkeypatch.setattr("oauth_cc_auth.sandbox._sandbox.VENDORS", (*VENDORS, vendor))
        forget()
        sandbox.register_client("odd", "id" if vendor.knows_clients_by_id else None, "secret")
        return vendor

    def forget() -> None:
        for lookup in (vendors.endpoint_at, vendors.apis_at, vendors.vendor_of):
            lookup.cache_clear()

    yield played
    monkeypatch.undo()
    forget()


ODD = "https://as.odd.example/token"
ODD_API = "https://api.odd.example/x"


def ask(sandbox: Sandbox, url: str, method: str = "POST", **kwargs: Any) -> requests.Response:
    """Send a request to an OAuth endpoint."""
    return requests.request(method, sandbox.url(url), **kwargs, timeout=5, allow_redirects=False)


def call(sandbox: Sandbox, url: str, token: str, **kwargs: Any) -> requests.Response:
    """Call an API with this token."""
    headers = {"Authorization": f"Bearer {token}"} | kwargs.pop("headers", {})
    return requests.get(sandbox.url(url), headers=headers, timeout=5, allow_redirects=False, **kwargs)


# Where vendors are found


def test_every_file_is_a_vendor() -> None:
    """The folder is the list: each file exports a vendor of its name."""
    files = {name.removeprefix("_") for name in vars(vendors) if hasattr(getattr(vendors, name), "VENDOR")}
    assert files == {vendor.name for vendor in VENDORS}
    assert all(vendor.source.startswith("https://") and vendor.token_endpoints for vendor in VENDORS)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("vibes-rbm-prd.auth.us-west-2.amazoncognito.com/oauth2/token", "vibes_rbm"),
        ("any.my.salesforce.com/services/oauth2/token", "salesforce"),
        ("any.my.salesforce.com/services/data", "salesforce"),
        ("accounts.cloud.databricks.com/oidc/accounts/1/v1/token", "databricks"),
        ("auth.fyma.ai/else", "fyma"),
        ("else.example.com/oauth2/token", "plain"),
    ],
)
def test_vendor_at(url: str, name: str) -> None:
    """A vendor is known by endpoint, by API, and by host."""
    host, _, path = url.partition("/")
    assert vendors.vendor_at(host, f"/{path}").name == name


def test_exact_hosts_win(sandbox: Sandbox, play: Any) -> None:
    """A vendor who names a host gets it, and one who claims many gets the others; everybody's host is nobody's."""
    play(sandbox, token_endpoints=("*.amazoncognito.com/oauth2/token", "*/realms/*/token"), apis=())
    vibes = vendors.endpoint_at("vibes-rbm-prd.auth.us-west-2.amazoncognito.com", "/oauth2/token")
    other = vendors.endpoint_at("x.auth.eu-west-1.amazoncognito.com", "/oauth2/token")
    anywhere = vendors.endpoint_at("sso.example.com", "/realms/main/token")
    assert [found and found[1].name for found in (vibes, other, anywhere)] == ["vibes_rbm", "odd", "odd"]
    assert vendors.vendor_of("sso.example.com") is facts.PLAIN


@pytest.mark.parametrize("changes", [{"apis": ()}, {"any_api": True}])
def test_a_server_for_every_api(sandbox: Sandbox, play: Any, changes: dict[str, Any]) -> None:
    """The token of a vendor without an API, or with others' too, is good on hosts of no vendor, and on no vendor's."""
    play(sandbox, **changes)
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    assert call(sandbox, "https://api.example.com/x", token).status_code == 200
    assert call(sandbox, "https://api.fyma.ai/x", token).status_code == 401


def test_two_vendors_on_one_host(sandbox: Sandbox, play: Any) -> None:
    """Where two vendors have their API at one host, the token's vendor answers."""
    play(sandbox, apis=("api.fyma.ai/",), api_errors=lambda refusal: (refusal.status, "odd"))
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    fyma = {**POST, "audience": "https://api.fyma.ai"}
    other = ask(sandbox, "https://auth.fyma.ai/oauth/token", json=fyma).json()["access_token"]
    assert call(sandbox, "https://api.fyma.ai/tracking-cameras", token).json() == {
        "method": "GET",
        "path": "/tracking-cameras",
    }
    assert call(sandbox, "https://api.fyma.ai/tracking-cameras", other).json()[0]["id"] == "camera-1"
    assert [record.vendor for record in sandbox.requests if record.kind == "api"] == ["odd", "fyma"]


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
    """IBM Cloud knows a client by its API key alone."""
    url = "https://iam.cloud.ibm.com/identity/token"
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "secret"}
    token = ask(sandbox, url, data=form).json()["access_token"]
    assert call(sandbox, "https://api.example.com/x", token).status_code == 200
    assert ask(sandbox, url, data=form | {"apikey": "wrong"}).json()["error"] == "invalid_client"
    assert ask(sandbox, url, data={"grant_type": form["grant_type"]}).json()["error"] == "invalid_client"
    assert ask(sandbox, url, data=form | {"grant_type": "client_credentials"}).status_code == 400
    assert ask(sandbox, url, data=form, auth=BASIC).status_code == 401


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


# Amazon SP-API


def test_amazon_sp_api(sandbox: Sandbox) -> None:
    """SP-API takes the token in a header of its own, and answers 403 to one that it does not know."""
    url = "https://api.amazon.com/auth/o2/token"
    token = ask(sandbox, url, data=POST | {"scope": "sellingpartnerapi::notifications"}).json()["access_token"]
    api = sandbox.url("https://sellingpartnerapi-na.amazon.com/notifications/v1/destinations")
    assert requests.get(api, headers={"x-amz-access-token": token}, timeout=5).status_code == 200
    for headers in ({"x-amz-access-token": "x"}, {"Authorization": f"Bearer {token}"}):
        refused = requests.get(api, headers=headers, timeout=5)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "Unauthorized")
        assert "WWW-Authenticate" not in refused.headers
    assert ask(sandbox, url, data=POST | {"scope": "else"}).json()["error"] == "invalid_scope"
    assert requests.get(sandbox.url("https://api.amazon.com/x"), timeout=5).status_code == 404


def test_token_in_no_header(sandbox: Sandbox, play: Any) -> None:
    """Without the vendor's header there is no token, and one that stands alone is one word."""
    play(sandbox, token_scheme=None)
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    url = sandbox.url(ODD_API)
    statuses = [
        requests.get(url, headers=headers, timeout=5).status_code
        for headers in ({"Authorization": token}, {"Authorization": f"Bearer {token}"}, {})
    ]
    assert statuses == [200, 401, 401]


# Grants for them


def test_grant_by_discovery(sandbox: Sandbox) -> None:
    """A grant whose token endpoint is found by discovery keeps doing so, here: at a vendor and at any host."""
    for host, path, plain in (
        ("x.azuredatabricks.net", "/oidc/.well-known/oauth-authorization-server", False),
        ("as.example.com", "/.well-known/oauth-authorization-server", True),
        ("as.example.com", "/metadata", True),
    ):
        grant = ClientCredentials(
            token_endpoint=Discovery(f"https://{host}{path}"), client_id="found", client_secret="its own"
        )
        moved = sandbox.grant(grant)
        assert moved.token_endpoint == Discovery(sandbox.url(f"https://{host}{path}"))
        document = requests.get(sandbox.url(f"https://{host}{path}"), timeout=5).json()
        answer = requests.post(document["token_endpoint"], data=FORM, auth=("found", "its own"), timeout=5)
        assert answer.status_code == 200
        assert sandbox.count("token", host if plain else "databricks") > 0
        sandbox.rotate_secret(moved, "new")
        answer = requests.post(document["token_endpoint"], data=FORM, auth=("found", "its own"), timeout=5)
        assert answer.status_code == 401
        sandbox.rotate_secret(grant, "its own")


def test_grant_without_client_id(clock: Clock) -> None:
    """A grant may have no client id; its secret, which may be read when it is needed, is then the client."""
    url = "https://iam.cloud.ibm.com/identity/token"
    grant = ClientCredentials(
        token_endpoint=url,
        client_id=None,
        client_secret=lambda: "key",
        token_endpoint_auth_method="client_secret_post",
        grant_type="urn:ibm:params:oauth:grant-type:apikey",
        token_request=RequestFormat(names={"client_id": None, "client_secret": "apikey"}),
    )
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "key"}
    with Sandbox(clock=clock) as sandbox:
        moved = sandbox.grant(grant)
        assert ask(sandbox, url, data=form).status_code == 200
        sandbox.rotate_secret(moved, "new")
        assert ask(sandbox, url, data=form).status_code == 401
        assert ask(sandbox, url, data=form | {"apikey": "new"}).status_code == 200
        sandbox.delete_application(moved)
        assert ask(sandbox, url, data=form | {"apikey": "new"}).status_code == 401


def test_grant_with_own_method(sandbox: Sandbox, play: Any) -> None:
    """A grant may prove itself by a function of its own; the vendor decides how Basic reads."""
    play(sandbox, credentials=workday)

    def headers(client_id: str | None, client_secret: str | None) -> dict[str, str]:
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        return {"Authorization": f"ID {pair}"}

    grant = ClientCredentials(
        token_endpoint=ODD, client_id="mine", client_secret="my secret", token_endpoint_auth_method=headers
    )
    moved = sandbox.grant(grant)
    answer = requests.post(str(moved.token_endpoint), data=FORM, headers=headers("mine", "my secret"), timeout=5)
    assert answer.status_code == 200


@pytest.mark.parametrize(("method", "status"), [(facts.CLIENT_SECRET_JWT, 200), (facts.PRIVATE_KEY_JWT, 401)])
def test_signed_with_the_secret(sandbox: Sandbox, play: Any, method: str, status: int) -> None:
    """A vendor who wants a private key does not take a signature by the secret, which is a method of its own."""
    play(sandbox, auth_methods=frozenset({method}))
    key = "a-secret-of-thirty-two-characters"
    sandbox.register_client("odd", "id", key)
    assertion = client_secret_jwt_sign(OctKey.import_key(key), client_id="id", token_endpoint=ODD, alg="HS256")
    proof = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    assert ask(sandbox, ODD, data=FORM | proof).status_code == status


# What the fields of a vendor do


def test_split_placement(sandbox: Sandbox, play: Any) -> None:
    """A parameter that belongs into the query does not count in the body, nor the others in the query."""
    play(sandbox, query=frozenset({"grant_type"}), auth_methods=frozenset({facts.POST}), bodies=frozenset({facts.JSON}))
    rest = {"client_id": "id", "client_secret": "secret"}
    right = ask(sandbox, ODD, params=FORM, json=rest)
    assert right.status_code == 200
    assert dict(sandbox.requests[-1].form) == FORM | rest
    assert ask(sandbox, ODD, json=POST).json()["error"] == "invalid_request"
    assert ask(sandbox, ODD, params=POST, json={}).json()["error"] == "invalid_client"


def test_swapped_names(sandbox: Sandbox, play: Any) -> None:
    """Names may be anybody's, those of other parameters included."""
    play(sandbox, names={"client_id": "client_secret", "client_secret": "client_id"}, auth_methods={facts.POST})
    assert ask(sandbox, ODD, data=FORM | {"client_secret": "id", "client_id": "secret"}).status_code == 200
    assert ask(sandbox, ODD, data=POST).status_code == 401


def test_dropped_scopes(sandbox: Sandbox, play: Any) -> None:
    """Unknown scopes may be left out of what is granted; patterns are scopes, but are not granted by themselves."""
    play(sandbox, scopes=frozenset({"tsg_id:*", "read"}), drops_scopes=True)
    granted = [
        ask(sandbox, ODD, data=FORM | {"scope": scope}, auth=BASIC).json()
        for scope in ("tsg_id:7 else", "read", "", "else")
    ]
    assert [answer.get("scope") for answer in granted] == ["tsg_id:7", "read", "read", None]
    assert granted[-1]["error"] == "invalid_scope"


def test_always_granted(sandbox: Sandbox, play: Any) -> None:
    """A vendor may ignore what is asked for."""
    play(sandbox, always_grants="public")
    assert ask(sandbox, ODD, data=FORM | {"scope": "x"}, auth=BASIC).json()["scope"] == "public"


def workday(headers: Headers, parameters: MultiDict[str, str]) -> tuple[str | None, str] | None:
    """Read ``Authorization: ID base64(id:secret)``."""
    scheme, _, pair = headers.get("Authorization", "").partition(" ")
    client_id, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
    return (client_id, secret) if scheme == "ID" else None


def test_own_credentials(sandbox: Sandbox, play: Any) -> None:
    """A vendor may have its own way of client authentication, and then no other; what it cannot read proves nobody."""
    play(sandbox, credentials=workday)
    pair = base64.b64encode(b"id:secret").decode()
    statuses = [
        ask(sandbox, ODD, data=FORM, headers={"Authorization": value}).status_code
        for value in (f"ID {pair}", f"Basic {pair}", "ID !", f"ID {base64.b64encode(b'no:secret').decode()}")
    ]
    assert statuses == [200, 401, 401, 401]
    assert ask(sandbox, ODD, data=POST).status_code == 401


def test_secret_in_a_header(sandbox: Sandbox, play: Any) -> None:
    """A client may be known by a secret in a header, and there may be several with a secret each."""

    def read(headers: Headers, parameters: MultiDict[str, str]) -> tuple[str | None, str] | None:
        secret = headers.get("x-clear-client-secret")
        return secret and (None, secret)  # type: ignore[return-value]  # "" is as good as None

    play(
        sandbox,
        credentials=read,
        names={"client_id": None},
        client_credentials={None},
        methods={"GET"},
        bodies={facts.QUERY},
    )
    sandbox.register_client("odd", "another", "other")
    for secret, status in (("secret", 200), ("other", 200), ("wrong", 401)):
        assert ask(sandbox, ODD, "GET", headers={"x-clear-client-secret": secret}).status_code == status
    assert ask(sandbox, ODD, "GET").status_code == 401
    assert sandbox.requests[0].shown_headers["X-Clear-Client-Secret"] == "***"


def test_basic_raw(sandbox: Sandbox, play: Any) -> None:
    """A vendor who does not decode Basic says so; it does not follow the grant."""
    play(sandbox, auth_methods=frozenset({facts.BASIC_RAW}))
    sandbox.register_client("odd", "a+b", "100%")
    assert ask(sandbox, ODD, data=FORM, auth=("a+b", "100%")).status_code == 200
    assert ask(sandbox, ODD, data=FORM, auth=("a%2Bb", "100%25")).status_code == 401


def test_remaining_life(sandbox: Sandbox, play: Any, clock: Clock) -> None:
    """A vendor that hands out the running token says what is left of its life."""
    play(sandbox, reuses_token=0)
    first = ask(sandbox, ODD, data=FORM, auth=BASIC).json()
    clock.now += 600
    assert ask(sandbox, ODD, data=FORM, auth=BASIC).json() == first | {"expires_in": 3000}


def test_limit_in_other_words(sandbox: Sandbox, play: Any, clock: Clock) -> None:
    """A limit has its number, its window, and the vendor's words, as Vertex has them."""
    play(sandbox, limit=facts.Limit(10, 28800, status=400, code="invalid_request", description="exceeded"))
    statuses = [ask(sandbox, ODD, data=FORM, auth=BASIC).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [400]
    clock.now += 28800
    assert ask(sandbox, ODD, data=FORM, auth=BASIC).status_code == 200


def test_answers_without_a_body(sandbox: Sandbox, play: Any) -> None:
    """A refusal may have no body at all, or text, and headers of its own."""

    def check(request: facts.Request) -> None:
        raise facts.Refusal(400, "use_dpop_nonce", headers={"dpop-nonce": request.client_id})

    play(sandbox, check=check, errors=lambda refusal: (refusal.status, None))
    refused = ask(sandbox, ODD, data=FORM, auth=BASIC)
    assert (refused.status_code, refused.content, refused.headers["dpop-nonce"]) == (400, b"", "id")
    sandbox.fail(status=400)
    assert ask(sandbox, ODD, data=FORM, auth=BASIC).content == b""


def test_own_revocation_parameter(sandbox: Sandbox, play: Any) -> None:
    """A vendor may call the token otherwise where it is taken back."""
    play(sandbox, revocation_endpoints=("as.odd.example/revoke",), names={"token": "access_token"})
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    revoke = "https://as.odd.example/revoke"
    assert ask(sandbox, revoke, data={"token": token}, auth=BASIC).status_code == 400
    assert ask(sandbox, revoke, data={"access_token": token}, auth=BASIC).status_code == 200
    assert call(sandbox, ODD_API, token).status_code == 401


def test_metadata(sandbox: Sandbox, play: Any) -> None:
    """A discovery document may name an endpoint elsewhere; hosts of no vendor have one at the usual paths."""
    smart = {"fhir.odd.example/r4/.well-known/smart-configuration": "https://as.odd.example/token"}
    play(sandbox, metadata=smart, scopes=frozenset({"system/*.read"}))
    document = ask(sandbox, "https://fhir.odd.example/r4/.well-known/smart-configuration", "GET").json()
    assert document["token_endpoint"] == sandbox.url(ODD)
    assert document["scopes_supported"] == ["system/*.read"]
    for path in ("/.well-known/oauth-authorization-server/a", "/a/.well-known/openid-configuration"):
        document = ask(sandbox, f"https://as.example.com{path}", "GET").json()
        assert document["issuer"] == sandbox.url("https://as.example.com/a")
        assert document["token_endpoint"] == sandbox.url("https://as.example.com/a/token")


def test_api_function(sandbox: Sandbox, play: Any) -> None:
    """A vendor's API is a function of the request, which sees its body and lets it pass."""

    def api(request: facts.ApiRequest) -> Any:
        request.admit("write")
        return {"json": request.json, "url": request.url(f"{request.origin}/y")}

    play(sandbox, api=api, token_scheme="Token")
    token = ask(sandbox, ODD, data=FORM | {"scope": "write"}, auth=BASIC).json()["access_token"]
    url, headers = sandbox.url(ODD_API), {"Authorization": f"token {token}"}
    answer = requests.post(url, json=[1], headers=headers, timeout=5).json()
    assert answer == {"json": [1], "url": sandbox.url("https://api.odd.example/y")}
    assert call(sandbox, ODD_API, token).status_code == 401
