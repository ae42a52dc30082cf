"""What some vendors refuse that others take, and how their endless tokens and missing pages look in the sandbox."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import vendor_sandbox
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from vendor_sandbox import BASIC, FORM, POST, Clock, ask, call

from oauth_cc_auth import InvalidClient, TokenSource, presets
from oauth_cc_auth.sandbox import Sandbox

clock, sandbox = vendor_sandbox.clock, vendor_sandbox.sandbox


# What a request says wrongly


@pytest.mark.parametrize(("minutes", "lifetime"), [("1", 59), ("120", 7199), (None, 1799)])
def test_avinode_lives_as_asked(sandbox: Sandbox, clock: Clock, minutes: str | None, lifetime: int) -> None:
    """Avinode's token lives as long as was asked for, and not a second more than the answer says."""
    url = "https://sandbox.avinode.com/api/oauth/token"
    asked = {} if minutes is None else {"expiresInMinutes": minutes}
    answer = ask(sandbox, url, data=POST | asked).json()
    assert answer["expires_in"] == lifetime
    headers = {"X-Avinode-ApiToken": "made-up"}
    api, token = "https://sandbox.avinode.com/api/airports", answer["access_token"]
    clock.now += lifetime - 1
    assert call(sandbox, api, token, headers=headers).status_code == 200
    clock.now += 1
    assert call(sandbox, api, token, headers=headers).status_code == 401


@pytest.mark.parametrize("minutes", ["0", "121", "an hour", ""])
def test_avinode_refuses_other_lives(sandbox: Sandbox, minutes: str) -> None:
    """Avinode takes 1 to 120 minutes and nothing else."""
    refused = ask(sandbox, "https://sandbox.avinode.com/api/oauth/token", data=POST | {"expiresInMinutes": minutes})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


def test_vertex_counts_by_audience(sandbox: Sandbox) -> None:
    """Vertex gives a client ten tokens in eight hours for each audience, and 400 beyond that."""
    url, asked = "https://auth.vertexcloud.com/oauth/token", POST | {"scope": "cc-data-api"}
    statuses = [ask(sandbox, url, data=asked | {"audience": "a"}).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [400]
    assert ask(sandbox, url, data=asked | {"audience": "b"}).status_code == 200


def test_learning_360(sandbox: Sandbox) -> None:
    """360Learning refuses parameters that it does not know, and has a shape of errors for each of its two servers."""
    url, api = "https://app.360learning.com/api/v2/oauth2/token", "https://app.360learning.com/api/v2/users"
    refused = ask(sandbox, url, json=POST | {"audience": "a"})
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_request"})
    answer = ask(sandbox, url, json=POST | {"company_id": "1"}).json()
    assert answer["expires_in"] == "3600"
    token, version = answer["access_token"], {"360-api-version": "v2.0"}
    assert call(sandbox, api, token, headers=version).status_code == 200
    assert call(sandbox, api, "x", headers=version).json() == {"error": "invalid_token"}
    assert call(sandbox, api, token).json()["error"]["code"] == "missing_header"
    sandbox.fail("api", status=403)
    assert set(call(sandbox, api, token).json()["error"]) == {"code", "message"}


def test_marketo_codes(sandbox: Sandbox, clock: Clock) -> None:
    """Marketo says in a 200 whether a token is missing, unknown or expired; what breaks has its own status."""
    host = "https://123-abc-456.mktorest.com"
    token = ask(sandbox, f"{host}/identity/oauth/token", "GET", params=POST).json()["access_token"]
    leads = f"{host}/rest/v1/leads.json"
    clock.now += 3600
    answers = [call(sandbox, leads, value, headers=headers) for value, headers in ((token, {}), ("x", {}))]
    answers.append(call(sandbox, leads, "", headers={"Authorization": ""}))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["errors"][0]["code"] for answer in answers] == ["602", "601", "600"]
    sandbox.fail("api", status=502)
    broken = call(sandbox, leads, token)
    assert (broken.status_code, broken.content) == (502, b"")


@pytest.mark.parametrize(
    ("user_agent", "status"),
    [("linux:made-up:v1 (by /u/made-up)", 200), ("python-requests/2.32", 429), ("Java/21", 429), ("", 400)],
)
def test_reddit_wants_a_name(sandbox: Sandbox, user_agent: str, status: int) -> None:
    """Reddit limits those who come with their library's name, and wants one."""
    url = "https://www.reddit.com/api/v1/access_token"
    assert ask(sandbox, url, data=FORM, auth=BASIC, headers={"User-Agent": user_agent}).status_code == status


def encoded(text: str) -> str:
    """Return base64 of a text."""
    return base64.b64encode(text.encode()).decode()


def test_sabre_wants_base64_twice(sandbox: Sandbox) -> None:
    """Sabre's Basic has two halves that are in base64 each; plain Basic, another scheme and a form prove nobody."""
    url = "https://api.platform.sabre.com/v2/auth/token"
    twice = encoded(f"{encoded('id')}:{encoded('secret')}")
    statuses = [
        ask(sandbox, url, data=FORM, headers={"Authorization": value}).status_code
        for value in (f"Basic {twice}", f"Basic {encoded('id:secret')}", f"Bearer {twice}")
    ]
    assert statuses == [200, 401, 401]
    assert ask(sandbox, url, data=POST).status_code == 401


def test_sentinel_hub_says_nothing_of_a_limit(sandbox: Sandbox) -> None:
    """Sentinel Hub's 429 has no `error`; its other refusals have one."""
    url = "https://services.sentinel-hub.com/auth/realms/main/protocol/openid-connect/token"
    assert ask(sandbox, url, data=POST | {"client_secret": "wrong"}).json()["error"] == "invalid_client"
    sandbox.token_limit = 0
    over = ask(sandbox, url, data=POST)
    assert (over.status_code, over.json()) == (429, {})


# SMART Backend Services

FHIR = "https://fhir.example/r4"
KEY = ec.generate_private_key(ec.SECP384R1())
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


@pytest.mark.parametrize(
    ("header", "lives", "status"),
    [
        ({"alg": "ES384", "typ": "JWT", "kid": "k"}, 300, 200),
        ({"alg": "ES384", "typ": "JWT", "kid": "k"}, 301, 401),
        ({"alg": "ES384", "typ": "JWT"}, 300, 401),
        ({"alg": "ES384", "typ": "at+jwt", "kid": "k"}, 300, 401),
    ],
)
def test_smart_backend_is_strict(clock: Clock, header: dict[str, str], lives: int, status: int) -> None:
    """SMART takes an assertion of at most five minutes whose header has alg, typ and kid."""
    with Sandbox() as sandbox:
        sandbox.register_client("smart_backend", "mine", PEM)
        named = ask(sandbox, f"{FHIR}/.well-known/smart-configuration", "GET").json()["token_endpoint"]
        now = int(sandbox._state.clock())
        times = {"iat": now, "exp": now + lives, "jti": "once"}
        assertion = jwt.encode(
            header, {"iss": "mine", "sub": "mine", "aud": named, **times}, ECKey.import_key(PEM), ["ES384"]
        )
        proof = {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        answer = ask(sandbox, named, data=FORM | {"scope": "system/*.rs"} | proof)
        assert answer.status_code == status
        assert answer.json().get("error") == (None if status == 200 else "invalid_client")


def test_smart_backend_and_its_preset(sandbox: Sandbox) -> None:
    """The preset's assertions are as strict as SMART is, and another key is refused."""
    preset: Any = presets.smart_backend
    other = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    words = {"base_url": FHIR, "scope": "system/*.rs", "kid": "k", "alg": "ES384"}
    with Sandbox() as now:
        assert TokenSource(now.grant(preset("mine", PEM, **words))).token().lifetime == pytest.approx(300, abs=1)
        with pytest.raises(InvalidClient):
            TokenSource(now.grant(preset("mine", other.decode(), **words))).token()


# Sophos


def test_sophos_has_two_apis(sandbox: Sandbox) -> None:
    """Sophos tells at one host where a tenant's data is, and wants the tenant named there."""
    url = "https://id.sophos.com/api/v2/oauth2/token"
    token = ask(sandbox, url, data=POST | {"scope": "token"}).json()["access_token"]
    who = call(sandbox, "https://api.central.sophos.com/whoami/v1", token).json()
    events = f"{who['apiHosts']['dataRegion']}/siem/v1/events"
    assert sandbox.origin("https://api-eu01.central.sophos.com") == who["apiHosts"]["dataRegion"]
    assert call(sandbox, events, token).json()["error"] == "Missing header: X-Tenant-ID."
    assert call(sandbox, events, token, headers={"X-Tenant-ID": who["id"]}).status_code == 200
    assert call(sandbox, "https://api.central.sophos.com/organization/v1", token).status_code == 200


# Tokens without an end


@pytest.mark.parametrize(
    ("url", "auth", "form"),
    [
        ("https://api.wise.com/oauth/token", BASIC, FORM),
        ("https://login.microsoftonline.com/t/oauth2/token", None, POST | {"resource": "https://api.example"}),
    ],
)
def test_an_endless_token_states_no_end(
    sandbox: Sandbox, url: str, auth: tuple[str, str] | None, form: dict[str, str]
) -> None:
    """With the knob Wise's and Entra ID's tokens live for ever, and no answer says a date, in words or numbers."""
    ends = {"expires_in", "expires_at", "expires_on"}
    assert ends & ask(sandbox, url, data=form, auth=auth).json().keys()
    sandbox.lifetime = float("inf")
    answer = ask(sandbox, url, data=form, auth=auth)
    assert not ends & answer.json().keys()
    assert json.loads(answer.text)["access_token"]
