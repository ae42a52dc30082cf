"""What vendors say in the answer to a token request, line by line, and what becomes of it.

The lines are those of the table in docs/model.md.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import vendor_stage as stages
from loopback import Loopback, token_answer
from vendor_stage import SECRET, Stage, api_of, preset, wechat

from oauth_cc_auth import (
    ClientCredentials,
    FileStore,
    InteractionRequired,
    InvalidClient,
    InvalidGrant,
    InvalidTokenResponse,
    OriginNotAllowed,
    RequestFormat,
    ResponseFormat,
    TokenRequestError,
    TokenSource,
    forget_all,
)

stage = stages.stage

HOUR = 3600.0


def plain(**changes: Any) -> ClientCredentials:
    """Return a grant for a vendor that has no preset."""
    arguments: dict[str, Any] = {"client_id": "client", "client_secret": SECRET, **changes}
    return ClientCredentials(token_endpoint="https://login.vendor.example/token", **arguments)


def test_created(stage: Stage) -> None:
    """Line 18, CrowdStrike, FortiIdentity: 201 with a token is a token."""
    for vendor in ("crowdstrike", "fortiidentity"):
        assert stage.asked(vendor).status == 201


def test_any_status_of_success(stage: Stage) -> None:
    """Line 18, Vainu: so is any other 2xx."""
    for status in (200, 201, 202, 203):
        forget_all()
        stage.sandbox.reset_counts()
        assert stage.answered("vainu", {"access_token": "t"}, status).access_token == "t"


@pytest.mark.parametrize(
    ("vendor", "error", "code", "words"),
    [(wechat, InvalidClient, "40001", ""), (lambda **how: preset("feishu", **how), TokenRequestError, "1", "")],
)
def test_a_refusal_with_200(stage: Stage, vendor: Any, error: type[TokenRequestError], code: str, words: str) -> None:
    """Line 19, WeChat, Feishu: an answer of 200 whose code is not 0 is a refusal, with the vendor's code."""
    stage.grant(vendor())
    with pytest.raises(error) as caught:
        stage.token(vendor(client_secret="wrong"))
    assert (caught.value.error, caught.value.status_code) == (code, 200)
    assert stage.token(vendor()).access_token


def test_success_that_is_none(stage: Stage) -> None:
    """Line 19, Vainu: 200 with an `error`, or with no token, is no success."""
    with pytest.raises(InvalidGrant):
        stage.answered("vainu", {"error": "invalid_grant", "access_token": "t"})
    with pytest.raises(InvalidTokenResponse, match="no access_token"):
        stage.answered("vibe", {"token": "t"})


def test_where_a_token_stands(stage: Stage) -> None:
    """Line 20, Vainu, Feishu, Primavera: the token is found where the vendor puts it, and left out of `extra`."""
    cases: list[tuple[str, Any]] = [
        ("vainu", {"access_token": "here"}),
        ("feishu", {"code": 0, "tenant_access_token": "here", "expire": 7200}),
        ("primavera", {"data": {"access_token": "here", "expires_in": "172800"}, "message": [], "status": 200}),
    ]
    for vendor, answer in cases:
        token = stage.answered(vendor, answer)
        assert token.access_token == "here"
        assert "here" not in str(dict(token.extra))


def test_where_a_token_stands_elsewhere() -> None:
    """Line 20, Vainu's JWT login, plentymarkets, Toast, ZoomInfo: a path says where it is; no preset needs one."""
    cases: list[tuple[str, Any]] = [
        ("access", {"access": "here"}),
        ("accessToken", {"accessToken": "here", "tokenType": "Bearer"}),
        ("token.accessToken", {"token": {"accessToken": "here", "expiresIn": 60}}),
        ("jwt", {"jwt": "here"}),
    ]
    for path, answer in cases:
        with Loopback(token_answer(**{"access_token": None, **answer})) as server:
            grant = ClientCredentials(
                token_endpoint=f"{server.url}/api/token_authentication/refresh/",
                client_id=None,
                client_secret=SECRET,
                token_endpoint_auth_method="client_secret_json",
                grant_type=None,
                token_request=RequestFormat(names={"client_id": None, "client_secret": "refresh"}),
                token_response=ResponseFormat(access_token=path),
            )
            assert TokenSource(grant).token().access_token == "here"


def test_how_long_a_token_lives(stage: Stage) -> None:
    """Line 21, UPS, USPS, Primavera, Feishu, Wise, Moov, Copernicus, ClearTax, Marketo: text, names, dates, claims."""
    cases: list[tuple[str, float | None]] = [
        ("ups", 14399.0),
        ("usps", None),
        ("primavera", 172_800.0),
        ("feishu", 7200.0),
        ("wise", 43199.0),
        ("moov", None),
        ("copernicus", HOUR),
        ("cleartax", 86_400.0),
        ("marketo", HOUR),
    ]
    for vendor, lifetime in cases:
        lives = stage.token(vendor).lifetime
        assert lives is not None
        assert lives == pytest.approx(lifetime or lives, abs=1)
        assert 60 < lives < 8 * 86_400


@pytest.mark.parametrize("vendor", ["x_app_only", "salesforce"])
def test_a_life_that_is_not_stated(stage: Stage, vendor: str) -> None:
    """Line 21, X, Salesforce: where nothing is said of a life the token is used until it is refused."""
    source = stage.source(stage.grant(vendor))
    assert source.token().lifetime is None
    stage.clock.now += 365 * 86_400
    source.token()
    assert stage.sandbox.token_requests == 1


def in_an_hour(now: float) -> dict[str, Any]:
    """Return what Perimeter81 says of a token that ends in an hour."""
    return {"data": {"accessTokenExpire": datetime.fromtimestamp(now + HOUR, timezone.utc).isoformat()}}


@pytest.mark.parametrize(
    ("form", "members", "lifetime"),
    [
        (ResponseFormat(), {"expires_in": "32400"}, 32400),  # PayPal, M-Pesa
        (ResponseFormat(seconds=0.001), {"expires_in": 900_000}, 900),  # Fiserv
        (ResponseFormat(expires_in="access_token_validity"), {"access_token_validity": 3600}, 3600),  # Odoo
        (ResponseFormat(expires_in="expires"), {"expires": 5183944}, 5183944),  # Facebook
        (ResponseFormat(expires_at="data.accessTokenExpire"), in_an_hour, HOUR),
        (ResponseFormat(), {"expires_in": 0}, 77),  # Mailchimp
        (ResponseFormat(), {"expires_in": None}, 77),
        (ResponseFormat(), {"expires_in": 3138007490}, 3138007490),  # LINE's verify endpoint
        (ResponseFormat(), {"expires_in": 631138518}, 631138518),  # ORCID
        (ResponseFormat(expires_at="ends"), {"ends": "99999-01-01"}, 77),
        (ResponseFormat(expires_at="ends"), {"ends": 1e300}, None),
    ],
)
def test_lives_of_no_preset(stage: Stage, form: ResponseFormat, members: Any, lifetime: float | None) -> None:
    """Line 21, PayPal, Fiserv, Odoo, Facebook, Perimeter81, Mailchimp, LINE, ORCID: units, names, dates, nothing."""
    members = members(stage.clock.now) if callable(members) else members
    stage.sandbox.fail("token", status=200, body={"access_token": "t", **members})
    source = stage.source(stage.grant(plain(token_response=form, default_lifetime=77)))
    assert source.token().lifetime == pytest.approx(lifetime or source.token().lifetime, abs=1)
    stage.clock.now += 60
    assert source.token().access_token == "t"


@pytest.mark.parametrize("vendor", ["marketo", "feishu"])
def test_the_rest_of_a_life(stage: Stage, vendor: str) -> None:
    """Line 21, Marketo, Feishu: a token that was running already lives as long as is left of it."""
    first = stage.token(vendor)
    stage.clock.now += 1000
    forget_all()
    again = stage.token(vendor)
    assert again.access_token == first.access_token
    assert again.lifetime == pytest.approx((first.lifetime or 0) - 1000, abs=1)


def test_types_that_mean_bearer(stage: Stage) -> None:
    """Line 22, eBay, Adobe, Box, X, SMART, Zoom, Feishu, ClearTax: whatever the type is called, it is presented."""
    cases: list[str] = ["ebay", "adobe", "box", "x_app_only", "smart_backend", "zoom", "feishu", "cleartax"]
    for vendor in cases:
        assert stage.call(stage.grant(vendor), api_of(vendor)).status_code == 200
        header, scheme = stages.PINS[vendor]["api"]["header"], stages.PINS[vendor]["api"]["scheme"]
        presented = stage.sandbox.requests[-1].headers[header]
        assert presented.startswith("Bearer " if scheme else "")
        assert " " not in presented.removeprefix("Bearer ")


def test_no_type_at_all(stage: Stage) -> None:
    """Line 22, WeChat, M-Pesa, Weibo: an answer without a type means Bearer."""
    assert stage.token(wechat()).token_type == "Bearer"
    assert stage.answered(plain(), {"access_token": "t", "expires_in": "3599"}).token_type == "Bearer"


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, {"access_token": "t", "token_type": "DPoP", "expires_in": 3600}),
        (400, {"error": "use_dpop_nonce", "error_description": "Authorization server requires nonce in DPoP proof"}),
    ],
)
def test_dpop(stage: Stage, status: int, answer: Any) -> None:
    """Lines 15 and 22, Okta: a token bound to a key is not used as Bearer, and the message says what to do."""
    with pytest.raises(TokenRequestError, match="switch DPoP off for this client"):
        stage.answered("okta_org", answer, status)


def test_a_base_that_the_answer_tells(stage: Stage) -> None:
    """Line 23, Salesforce: the answer's `instance_url` is the API's base, and the only place where the token goes."""
    grant = stage.grant("salesforce")
    source = stage.source(grant)
    base = source.base_url()
    assert (
        base == source.token().extra["instance_url"] == stage.sandbox.url("https://acme--uat.sandbox.my.salesforce.com")
    )
    assert stage.call(grant, f"{base}/services/data/").status_code == 200
    with pytest.raises(OriginNotAllowed):
        stage.call(grant, "https://other.my.salesforce.com/services/data/")


def test_a_region_that_a_header_tells(stage: Stage) -> None:
    """Line 23, CrowdStrike: the header X-Cs-Region of the answer says where the client is at home, in any spelling."""
    grant = stage.grant("crowdstrike", region="us-1")
    stage.sandbox.fail(
        "token", status=201, body={"access_token": "t", "expires_in": 1799}, headers={"X-Cs-Region": "EU-1"}
    )
    source = stage.source(grant)
    assert source.token().extra["x-cs-region"] == "EU-1"
    home = str(source.base_url())
    assert stage.sandbox.url(home) == stage.sandbox.url("https://api.eu-1.crowdstrike.com")
    grant.resource_server.admit(f"{home}/devices/", source.token())
    with pytest.raises(OriginNotAllowed):
        grant.resource_server.admit("https://api.us-2.crowdstrike.com/devices/", source.token())


def test_what_else_an_answer_says(stage: Stage) -> None:
    """Line 23, UPS, USPS, Vend Email, Auth0: what else the answer says is kept, also headers that a preset names."""
    cases: list[tuple[str, Any, dict[str, str]]] = [
        ("ups", {"issued_at": "1700000000000", "client_id": "x"}, {}),
        ("usps", {"api_products": "[Shipping-Silver]"}, {}),
        ("vend_email", {"created_at": 1732828541}, {}),
        ("auth0", {}, {"auth0-client-quota-limit": "b=per_hour;q=100;r=50;t=3600"}),
    ]
    for vendor, said, headers in cases:
        words: Any = {"refresh_token": "r1"} if vendor == "vend_email" else {}
        token = stage.answered(vendor, {"access_token": "t", "refresh_token": "r2", **said}, headers=headers, **words)
        assert {**said, **headers}.items() <= dict(token.extra).items()
        assert not {"t", "r2"} & set(map(str, token.extra.values()))


def test_answers_that_are_no_json(stage: Stage) -> None:
    """Line 24, Walmart, Facebook: XML or a form is refused with a message that says what came, and no token is made."""
    cases: list[tuple[str, str]] = [
        ("walmart", "<?xml version='1.0'?><OAuthTokenDTO><accessToken>t</accessToken></OAuthTokenDTO>"),
        ("vainu", "access_token=t&expires=5183944"),
    ]
    for vendor, answer in cases:
        with pytest.raises(InvalidTokenResponse, match="not a JSON object"):
            stage.answered(vendor, answer)


def test_refresh_tokens_rotate(stage: Stage, tmp_path: Path) -> None:
    """Line 25, Vend Email: each new refresh token is kept in the store, and another process goes on with it."""
    stage.sandbox.kill_family_on_reuse = True
    store = FileStore(tmp_path / "tokens")
    seen = []
    for _ in range(3):
        source = stage.source(stage.grant("vend_email", refresh_token="r1"), store=store)
        seen.append(source.token().refresh_token)
        assert stage.call(source, "https://www.vend.email/api/v1/me").status_code == 200
        stage.clock.now += 7200
        forget_all()
    used = [record.form["refresh_token"] for record in stage.sandbox.requests if record.kind == "token"]
    assert used == ["r1", *seen[:-1]]
    assert len(set(seen)) == 3


def test_a_refresh_token_that_stays(stage: Stage) -> None:
    """Line 25, Vibe: an answer without a new refresh token leaves the old one in use."""
    source = stage.source(stage.grant("vibe_user", refresh_token="r1"))
    for _ in range(3):
        source.token()
        source.forget()
    used = [record.form["refresh_token"] for record in stage.sandbox.requests if record.kind == "token"]
    assert used == ["r1", "r1", "r1"]


def test_a_refresh_token_that_is_dead(stage: Stage) -> None:
    """Line 25, Vend Email: where the refresh token helps no more, only a user can, and the message says how."""
    grant = stage.grant("vend_email", refresh_token="r1")
    stage.sandbox.fail("token", status=400, body={"error": "invalid_grant"})
    with pytest.raises(InteractionRequired, match="oauth-cc-auth login vend-email"):
        stage.source(grant).token()
