"""What vendors offer beside client credentials, line by line: logins, keys, tokens made by hand.

The lines are those of the table in docs/model.md.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import vendor_stage as stages
from vendor_stage import SECRET, Stage

from oauth_cc_auth import Login, MemoryStore, OriginNotAllowed, presets

stage = stages.stage

REDIRECT = "http://127.0.0.1:8765/callback"
ME = {
    "vend_email": "https://www.vend.email/api/v1/me",
    "vibe_user": "https://api.vibe.co/campaigns",
    "vainu_user": "https://api.vainu.io/api/v2/companies/",
}


@pytest.mark.parametrize("vendor", sorted(ME))
def test_a_login(stage: Stage, vendor: str) -> None:
    """Line 44, Vend Email, Vibe, Vainu: a user agrees once, by PKCE; then refresh tokens go on by themselves."""
    stage.sandbox.consent = "accept"
    grant = stage.grant(vendor, redirect_uri=REDIRECT)
    source = stage.source(grant, store=MemoryStore())
    login = Login(source)
    address = login.authorization_url()
    asked = parse_qs(urlsplit(address).query)
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    assert SECRET not in address
    first = login.exchange(stage.sandbox.log_in(address))
    exchange = stage.sandbox.last_token_request
    assert exchange
    assert (exchange.form["grant_type"], len(exchange.form["code_verifier"]) >= 43) == ("authorization_code", True)
    assert ("client_secret" in exchange.form) is (vendor == "vend_email")
    assert stage.call(source, ME[vendor]).status_code == 200
    stage.clock.now += 7201
    assert stage.call(source, ME[vendor]).status_code == 200
    assert source.token() != first
    renewal = stage.sandbox.last_token_request
    assert renewal
    assert renewal.form["refresh_token"] == first.refresh_token


def test_two_users(stage: Stage) -> None:
    """Line 44, Vend Email: two logins never share a token."""
    stage.sandbox.consent = "accept"
    store, tokens = MemoryStore(), set()
    for user in ("anna", "bertha"):
        grant = stage.grant("vend_email", redirect_uri=REDIRECT, login=user)
        source = stage.source(grant, store=store)
        login = Login(source)
        login.exchange(stage.sandbox.log_in(login.authorization_url()))
        tokens.add(source.token().access_token)
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("grant", "url", "header", "value"),
    [
        (lambda: presets.vend_email_personal("ve_token_x"), ME["vend_email"], "Authorization", "Bearer ve_token_x"),
        (lambda: presets.vainu_api_key("k-1"), ME["vainu_user"], "API-Key", "k-1"),
        (lambda: presets.vibe_api_key("k-2"), ME["vibe_user"], "X-API-KEY", "k-2"),
        (
            lambda: presets.fyma_legacy("id", "s:x"),
            "https://api.fyma.ai/tracking-cameras",
            "Authorization",
            "Basic " + b64encode(b"id:s:x").decode(),
        ),
    ],
)
def test_static_tokens(stage: Stage, grant: Any, url: str, header: str, value: str) -> None:
    """Line 45, Vend Email, Vainu, Vibe, Fyma: a token or key made by hand, in its header and at its API alone."""
    static = stage.grant(grant())
    answer = stage.call(static, url)
    assert answer.status_code in {200, 400}  # without the revision that Vibe's newer API wants
    assert stage.sandbox.requests[-1].headers[header] == value
    assert stage.counts == (0, 1)
    with pytest.raises(OriginNotAllowed):
        stage.call(static, "https://api.example.com/")
    assert value not in f"{static!r} {answer.request.headers!r}"
