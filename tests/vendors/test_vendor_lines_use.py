"""How vendors want their tokens presented, and what their refusals mean, line by line.

The lines are those of the table in docs/model.md.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import vendor_stage as stages
from vendor_stage import CLIENT_ID, SECRET, Stage, api_of, wechat

from oauth_cc_auth import (
    ClientCredentials,
    InvalidClient,
    MemoryStore,
    OriginNotAllowed,
    ResourceServer,
    StaticToken,
    forget_all,
)

stage = stages.stage

VIBE, RBM = "https://api.vibe.co/campaigns", "https://rbm.us.vibes.com/connectCustomers/a-key/agents"
EXPIRED = {"code": "Unauthorized", "message": "Access to requested resource is denied."}


def test_where_a_token_is_presented(stage: Stage) -> None:
    """Line 26, Vibe, Vainu, Vibes RBM, Fyma, SoundCloud, Walmart, SP-API, Shopify, ClearTax: in this header alone."""
    cases: list[tuple[str, str, str]] = [
        ("vibe", "Authorization", "Bearer "),
        ("vainu", "Authorization", "Bearer "),
        ("vibes_rbm", "Authorization", "Bearer "),
        ("fyma", "Authorization", "Bearer "),
        ("soundcloud", "Authorization", "OAuth "),
        ("walmart", "WM_SEC.ACCESS_TOKEN", ""),
        ("amazon_sp_api", "x-amz-access-token", ""),
        ("shopify", "X-Shopify-Access-Token", ""),
        ("cleartax", "x-cleartax-auth-token", ""),
    ]
    for vendor, header, scheme in cases:
        source = stage.source(stage.grant(vendor))
        assert stage.call(source, api_of(vendor), "POST" if vendor == "vainu" else "GET").status_code == 200
        call = stage.sandbox.requests[-1]
        assert call.headers[header] == scheme + source.token().access_token
        assert sum(source.token().access_token in value for value in call.headers.values()) == 1


def test_a_token_that_stands_alone(stage: Stage) -> None:
    """Line 26, Breezy, Timify, Veeva: the token alone in Authorization."""
    server = ResourceServer("https://api.breezy.example", scheme=None)
    source = stage.source(
        stage.grant(
            ClientCredentials(
                token_endpoint="https://api.breezy.example/token",
                client_id=CLIENT_ID,
                client_secret=SECRET,
                resource_server=server,
            )
        )
    )
    assert stage.call(source, "https://api.breezy.example/v3/companies").status_code == 200
    assert stage.sandbox.requests[-1].headers["Authorization"] == source.token().access_token


@pytest.mark.parametrize("vendor", [wechat(), "marketo", "vipps"])
def test_a_token_is_in_no_url(stage: Stage, vendor: Any) -> None:
    """Line 26, WeChat, Weibo, Slack: what is not offered: a token in a URL or a body, where logs would keep it."""
    source = stage.source(stage.grant(vendor))
    url = "https://api.weixin.qq.com/cgi-bin/getcallbackip" if vendor == wechat() else api_of(str(vendor))
    assert stage.call(source, url).status_code == 200
    call = stage.sandbox.requests[-1]
    assert source.token().access_token not in f"{call.path} {dict(call.query)} {dict(call.form)}"


def test_headers_of_the_api(stage: Stage) -> None:
    """Line 27, Vibe, Twitch, IGDB, Adobe, Sophos, DigiKey: with each API call, and never to the token endpoint."""
    cases: list[tuple[str, dict[str, str], dict[str, str]]] = [
        ("vibe", {"revision": "2026-05"}, {"X-Vibe-Revision": "2026-05"}),
        ("twitch", {}, {"Client-Id": CLIENT_ID}),
        ("igdb", {}, {"Client-ID": CLIENT_ID}),
        ("adobe", {}, {"x-api-key": CLIENT_ID}),
        ("sophos", {"tenant_id": "t-1"}, {"X-Tenant-ID": "t-1"}),
        ("digikey", {}, {"X-DIGIKEY-Client-Id": CLIENT_ID}),
    ]
    for vendor, words, headers in cases:
        forget_all()
        grant = stage.grant(vendor, **words)
        assert stage.call(grant, api_of(vendor)).status_code == 200
        token_request, call = stage.sandbox.requests[-2:]
        assert {name: call.headers[name] for name in headers} == headers
        assert not {name.lower() for name in headers} & {name.lower() for name, _ in token_request.headers}


def test_headers_of_an_api_without_a_preset(stage: Stage) -> None:
    """Line 27, Malwarebytes, Ariba: any header, unless the caller has set it."""
    server = ResourceServer("https://api.ariba.example", headers={"apikey": "k", "accountid": "a"})
    grant = stage.grant(
        ClientCredentials(
            token_endpoint="https://api.ariba.example/token",
            client_id=CLIENT_ID,
            client_secret=SECRET,
            resource_server=server,
        )
    )
    stage.call(grant, "https://api.ariba.example/v1", headers={"accountid": "mine"})
    call = stage.sandbox.requests[-1]
    assert (call.headers["apikey"], call.headers["accountid"]) == ("k", "mine")


def test_a_header_that_is_new_each_time(stage: Stage) -> None:
    """Line 27, Walmart: a GUID for each call, which the sandbox refuses to see twice."""
    source = stage.source(stage.grant("walmart"))
    for _ in range(3):
        assert stage.call(source, api_of("walmart")).status_code == 200
    made = {uuid.UUID(record.headers["WM_QOS.CORRELATION_ID"]) for record in stage.sandbox.requests}
    assert len(made) == 4


def test_the_only_hosts(stage: Stage) -> None:
    """Line 28, Vibes RBM, Fyma, Prisma, Vainu, Vibe: a call elsewhere, be it its token endpoint's host, is not sent."""
    cases: list[tuple[str, str]] = [
        ("vibes_rbm", "https://vibes-rbm-prd.auth.us-west-2.amazoncognito.com/connectCustomers"),
        ("fyma", "https://auth.fyma.ai/tracking-cameras"),
        ("prisma_sase", "https://auth.apps.paloaltonetworks.com/config/v1/jobs"),
        ("vainu", "https://app.vainu.io/api/v3/organizations/"),
        ("vibe", "https://api.vibe.co.evil.example/campaigns"),
    ]
    for vendor, elsewhere in cases:
        forget_all()
        stage.sandbox.reset_counts()
        grant = stage.grant(vendor)
        with pytest.raises(OriginNotAllowed):
            stage.call(grant, elsewhere)
        assert stage.counts == (0, 0)
        assert stage.call(grant, api_of(vendor), "POST" if vendor == "vainu" else "GET").status_code == 200


@pytest.mark.parametrize("vendor", ["uber", "vainu"])
def test_a_401_renews_once(stage: Stage, vendor: str) -> None:
    """Line 29, Vainu, Uber: 401 means one new token, and the call once more."""
    source = stage.source(stage.grant(vendor))
    method = "POST" if vendor == "vainu" else "GET"
    stage.call(source, api_of(vendor), method)
    stage.sandbox.revoke_all()
    answer = stage.call(source, api_of(vendor), method)
    assert (answer.status_code, [first.status_code for first in answer.history]) == (200, [401])
    assert stage.counts == (2, 3)


def test_a_403_that_renews(stage: Stage) -> None:
    """Line 29, SP-API: 403 renews where what it says is about the token."""
    source = stage.source(stage.grant("amazon_sp_api"))
    url = api_of("amazon_sp_api")
    stage.call(source, url)
    said = {"errors": [{**EXPIRED, "details": "The access token you provided has expired."}]}
    stage.sandbox.fail("api", status=403, body=said)
    assert stage.call(source, url).status_code == 200
    stage.sandbox.revoke_all()
    assert stage.call(source, url).status_code == 200
    assert stage.counts == (3, 5)


def test_a_200_that_renews(stage: Stage) -> None:
    """Line 29, WeChat, Marketo: a code in the body of a 200 renews; another one does not."""
    for vendor, url in ((wechat(), "https://api.weixin.qq.com/cgi-bin/x"), ("marketo", api_of("marketo"))):
        stage.sandbox.reset_counts()
        source = stage.source(stage.grant(vendor))
        stage.call(source, url)
        stage.sandbox.revoke_all()
        answer = stage.call(source, url)
        assert (answer.status_code, stage.counts) == (200, (2, 3))
        assert source.grant.api_error(answer).code is None
        stage.sandbox.fail("api", status=200, body={"errcode": 45009, "errors": [{"code": "603", "message": "denied"}]})
        assert source.grant.api_error(stage.call(source, url)).code in {"45009", "603"}
        assert stage.counts == (2, 4)


def test_a_403_for_want_of_scope(stage: Stage) -> None:
    """Line 30, Vibe: a token that lacks a scope is not renewed, and the error says which it lacks."""
    source = stage.source(stage.grant("vibe", scope="campaigns:read"))
    assert stage.call(source, VIBE).status_code == 200
    for _ in range(3):
        answer = stage.call(source, VIBE, "POST", json={})
        assert answer.status_code == 403
    said = source.grant.api_error(answer)
    assert (said.code, said.required_scope) == ("insufficient_scope", "campaigns:write")
    assert stage.counts == (1, 4)


def test_a_403_for_an_agent(stage: Stage) -> None:
    """Line 30, Vibes RBM: a forbidden agent is no matter of the token."""
    source = stage.source(stage.grant("vibes_rbm"))
    answer = stage.call(source, f"{RBM}?agentId=forbidden")
    assert (answer.status_code, source.grant.api_error(answer).message) == (403, "Forbidden agent")
    assert stage.counts == (1, 1)


def test_a_403_that_never_renews(stage: Stage) -> None:
    """Line 30, Prisma, UPS, SP-API, PayPal: a denial is the caller's, as it came, however often it comes."""
    cases: list[tuple[str, Any]] = [
        ("prisma_sase", {"error": "no role"}),
        ("ups", {"response": {"errors": [{"code": "250003", "message": "Blocked Merchant"}]}}),
        ("amazon_sp_api", {"errors": [{**EXPIRED, "details": ""}]}),
        ("paypal", {"name": "NOT_AUTHORIZED", "message": "Authorization failed due to insufficient permissions."}),
    ]
    for vendor, body in cases:
        forget_all()
        stage.sandbox.reset_counts()
        stage.sandbox.recover()
        source = stage.source(stage.grant(vendor))
        stage.sandbox.fail("api", status=403, body=body, times=None)
        for _ in range(3):
            answer = stage.call(source, api_of(vendor))
            assert (answer.status_code, answer.json(), answer.history) == (403, body, [])
        assert stage.counts == (1, 3)


@pytest.mark.parametrize("vendor", ["vainu", "zoom"])
def test_an_application_that_is_deleted(stage: Stage, vendor: str) -> None:
    """Line 31, Vainu, Zoom: once the application is gone its token is tried once, and then the client is refused."""
    grant = stage.grant(vendor)
    source, method = stage.source(grant), "POST" if vendor == "vainu" else "GET"
    stage.call(source, api_of(vendor), method)
    stage.sandbox.delete_application(stages.preset(vendor))
    for _ in range(3):
        with pytest.raises(InvalidClient):
            stage.call(source, api_of(vendor), method)
    assert stage.counts == (2, 2)


def test_a_token_that_the_vendor_takes_back(stage: Stage) -> None:
    """Line 31, Twitch: a token may be revoked at any time; a program that knows says so itself, and once is enough."""
    source = stage.source(stage.grant("twitch"))
    first = source.token()
    stage.sandbox.revoke_all()
    assert source.reject(first)
    assert source.token() != first
    assert source.reject(first)
    assert stage.call(source, api_of("twitch")).status_code == 200
    assert stage.counts == (2, 1)


@pytest.mark.parametrize("vendor", [wechat(), "cleartax"])
def test_a_newer_token_elsewhere(stage: Stage, vendor: Any) -> None:
    """Line 31, WeChat, Zoom, ClearTax: a token that another program's ended is renewed once."""
    url = api_of(vendor) if isinstance(vendor, str) else "https://api.weixin.qq.com/cgi-bin/x"
    here = stage.source(stage.grant(vendor))
    elsewhere = stage.source(stage.grant(vendor), store=MemoryStore())  # as another process's
    stage.call(here, url)
    assert stage.call(elsewhere, url).status_code == 200
    answer = stage.call(here, url)
    assert (answer.status_code, here.grant.api_error(answer).code) == (200, None)
    assert stage.counts == (3, 4)


@pytest.mark.parametrize("vendor", ["x_app_only", "feishu", "marketo"])
def test_a_renewal_that_brings_the_same_token(stage: Stage, vendor: str) -> None:
    """Line 32, X, Feishu, Marketo: where the same token comes again, the call is not sent again, and renewals end."""
    source = stage.source(stage.grant(vendor))
    stage.sandbox.reject_all_tokens = True
    for calls in range(1, 21):
        stage.call(source, api_of(vendor))
        assert stage.sandbox.api_requests == calls
    assert stage.sandbox.token_requests <= 3
    stage.sandbox.reject_all_tokens = False
    answer = stage.call(source, api_of(vendor))
    assert source.grant.api_error(answer).code is None


def test_static_tokens_are_never_renewed(stage: Stage) -> None:
    """Line 30, Vibe's API keys: what nobody can renew is sent once, whatever the answer."""
    key = stage.grant(StaticToken("wrong", resource_server=ResourceServer("https://api.vibe.co")))
    stage.sandbox.reject_all_tokens = True
    assert stage.call(key, VIBE).status_code == 401
    assert stage.counts == (0, 1)
