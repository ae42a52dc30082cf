"""How a client proves itself to its vendor, and what a token request never does, line by line.

The lines are those of the table in docs/model.md.
"""

from __future__ import annotations

import json
import uuid
from base64 import b64decode, b64encode, urlsafe_b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import tls
import vendor_stage as stages
from loopback import Answer, Loopback, token_answer
from tls import Certificates, behind_tls
from vendor_stage import CLIENT_ID, SECRET, Stage, api_of, preset, private_key

from oauth_cc_auth import (
    ClientCredentials,
    HttpxAuth,
    InvalidTokenResponse,
    PrivateKeyJWT,
    RequestsAuth,
    ResourceServer,
    TokenEndpointUnavailable,
    TokenSource,
    presets,
)

stage, certificates = stages.stage, tls.certificates


def parts_of(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of a JWT."""
    header, claims = (json.loads(urlsafe_b64decode(f"{part}===")) for part in assertion.split(".")[:2])
    return header, claims


def assertions(stage: Stage, grant: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return header and claims of the assertions in two token requests, which hold no secret besides."""
    source = stage.source(stage.grant(grant))
    for _ in range(2):
        source.token()
        source.forget()
    asked = [record for record in stage.sandbox.requests if record.kind == "token"]
    assert [record.status for record in asked] == [200, 200]
    assert not any("client_secret" in record.form or "Authorization" in record.headers for record in asked)
    return [parts_of(record.form["client_assertion"]) for record in asked]


@pytest.mark.parametrize(
    ("vendor", "words", "alg"),
    [
        ("okta_org", {"kid": "key-1"}, "RS256"),
        ("smart_backend", {"kid": "key-1"}, "RS384"),
        ("avinode", {"token_endpoint_auth_method": "client_secret_jwt"}, "HS256"),
    ],
)
def test_assertions(stage: Stage, vendor: str, words: dict[str, Any], alg: str) -> None:
    """Line 10, Okta, SMART, Avinode: the client signs an assertion, a new one each time, for this token endpoint."""
    secret = {"client_secret": 3 * SECRET} if alg == "HS256" else {}
    (header, claims), (_, again) = assertions(stage, preset(vendor, **words, **secret))
    assert (header["alg"], header.get("kid")) == (alg, words.get("kid"))
    assert claims["iss"] == claims["sub"] == CLIENT_ID
    assert str(claims["aud"]).startswith("http")
    assert claims["jti"] != again["jti"]


def test_a_certificate_by_its_thumbprint(stage: Stage) -> None:
    """Line 10, Entra ID: the assertion names the certificate, and the client's id stands beside it."""
    grant = preset("entra_id", client_secret=private_key(), thumbprint="made-up-thumbprint")
    (header, _), _ = assertions(stage, grant)
    assert (header["alg"], header["x5t#S256"]) == ("PS256", "made-up-thumbprint")
    request = stage.sandbox.last_token_request
    assert request
    assert request.form["client_id"] == CLIENT_ID


@pytest.mark.parametrize(
    ("host", "method", "scope"),
    [
        ("acme.suitetalk.api.netsuite.com", PrivateKeyJWT(kid="certificate-id", alg="PS256"), "rest_webservices"),
        ("account.apple.com", PrivateKeyJWT(audience="https://account.apple.com/auth/oauth2/v2/token"), "business.api"),
        ("api.line.example", PrivateKeyJWT(kid="k", claims={"token_exp": 86_400}), None),
    ],
)
def test_assertions_of_no_preset(stage: Stage, host: str, method: PrivateKeyJWT, scope: str | None) -> None:
    """Line 10, NetSuite, Apple, LINE v2.1: key name, algorithm, audience and further claims are settings."""
    grant = ClientCredentials(
        token_endpoint=f"https://{host}/token",
        client_id=CLIENT_ID,
        client_secret=private_key(),
        token_endpoint_auth_method=method,
        scope=scope,
    )
    (header, claims), _ = assertions(stage, grant)
    assert method.alg in {None, header["alg"]}
    assert header.get("kid") == method.kid
    assert method.audience in {None, claims["aud"]}
    assert method.claims.items() <= claims.items()


@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_a_client_certificate(certificates: Certificates, library: str) -> None:
    """Line 11, ADP, SAP XSUAA: the session or client that is lent has the certificate that proves, at both hosts."""
    with (
        behind_tls(Loopback(token_answer()), certificates.server_context()) as token_host,
        behind_tls(Loopback(Answer(body={})), certificates.server_context()) as api,
    ):
        grant = preset("sap_xsuaa", x509=True)
        assert grant.token_endpoint == "https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token"
        grant = replace(grant, token_endpoint=f"{token_host}/oauth/token", resource_server=ResourceServer(api))
        if library == "requests":
            with requests.Session() as session:
                session.cert, session.verify = str(certificates.client), str(certificates.authority)
                session.auth = RequestsAuth(grant, session=session)
                assert session.get(f"{api}/orders", timeout=20).status_code == 200
        else:
            with httpx.Client(verify=certificates.client_context()) as client:
                assert client.get(f"{api}/orders", auth=HttpxAuth(grant, client=client)).status_code == 200


def test_the_certificate_is_what_proves(certificates: Certificates) -> None:
    """Line 11, SAP XSUAA: the form says whose certificate it is and holds no secret; without one there is no token."""
    server = Loopback(token_answer())
    with behind_tls(server, certificates.server_context()) as host:
        grant = replace(preset("sap_xsuaa", x509=True), token_endpoint=f"{host}/oauth/token")
        with httpx.Client(verify=certificates.client_context()) as client:
            assert TokenSource(grant, client=client).token().access_token
        with httpx.Client(verify=certificates.client_context(certified=False)) as client:
            source = TokenSource(grant, client=client, timeout=0.5)
            with pytest.raises(TokenEndpointUnavailable):
                source.token()
    (received,) = server.received
    assert sorted(received.form) == [("client_id", CLIENT_ID), ("grant_type", "client_credentials")]


def test_headers_of_the_token_request(stage: Stage) -> None:
    """Line 12, Walmart, UPS, Reddit: headers that the vendor wants, new where they must be, and JSON is asked for."""
    walmart = stage.source(stage.grant("walmart"))
    seen = set()
    for _ in range(2):
        walmart.token()
        walmart.forget()
        request = stage.sandbox.last_token_request
        assert request
        assert (request.headers["WM_SVC.NAME"], request.headers["Accept"]) == (
            "Walmart Marketplace",
            "application/json",
        )
        seen.add(uuid.UUID(request.headers["WM_QOS.CORRELATION_ID"]))
    assert len(seen) == 2
    assert stage.asked("ups", merchant_id="123456").headers["x-merchant-id"] == "123456"
    agent = "linux:com.example.app:v1.2.3 (by /u/somebody)"
    assert stage.asked("reddit_app_only", user_agent=agent).headers["User-Agent"] == agent


def test_a_key_beside_the_credentials(stage: Stage) -> None:
    """Line 12, Altrata, pVerify: a constant header of the token request is not sent to the API."""
    grant = stage.grant(
        ClientCredentials(
            token_endpoint="https://login.altrata.example/token",
            client_id=CLIENT_ID,
            client_secret=SECRET,
            headers={"x-api-key": "k"},
        )
    )
    stage.call(grant, "https://api.altrata.example/people")
    token_request, call = stage.sandbox.requests
    assert (token_request.headers["x-api-key"], "x-api-key" in call.headers) == ("k", False)


def test_kinds_of_basic(stage: Stage) -> None:
    """Line 13, Vibe, Prisma, Primavera, Sabre: encoded as the RFC has it, taken as it is, or each half in base64."""
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("vibe", {"client_id": "a:b@c", "client_secret": "%+ /"}, "a%3Ab%40c:%25%2B+%2F"),
        ("prisma_sase", {"client_id": "sa@42.iam", "client_secret": "%+/"}, "sa@42.iam:%+/"),
        ("primavera", {"client_id": "$$it", "client_secret": "p%"}, "$$it:p%"),
        ("sabre", {"client_id": "V1:u:g:AA", "client_secret": "p"}, "VjE6dTpnOkFB:cA=="),
    ]
    for vendor, words, pair in cases:
        scheme, _, proof = stage.asked(vendor, **words).headers["Authorization"].partition(" ")
        assert (scheme, b64decode(proof).decode()) == ("Basic", pair)


def test_another_scheme_than_basic() -> None:
    """Line 13, Workday: a function of id and secret writes whatever header it takes."""

    def by_id(client_id: str, secret: str) -> dict[str, str]:
        return {"Authorization": "ID " + b64encode(f"{client_id}:{secret}".encode()).decode()}

    with Loopback() as server:
        grant = ClientCredentials(
            token_endpoint=f"{server.url}/ccx/oauth2/acme/token",
            client_id="i",
            client_secret="s",
            token_endpoint_auth_method=by_id,
        )
        TokenSource(grant).token()
    assert server.received[0].headers["authorization"] == "ID aTpz"


@pytest.mark.parametrize("vendor", ["databricks", "databricks_account", "smart_backend"])
def test_discovery(stage: Stage, vendor: str) -> None:
    """Line 14, Databricks, SMART: the token endpoint is looked up, without a secret, and then asked."""
    grant = stage.grant(vendor)
    token = stage.source(grant).token()
    metadata, request = stage.sandbox.requests
    assert (metadata.kind, metadata.method, metadata.status) == ("metadata", "GET", 200)
    assert (request.kind, request.status) == ("token", 200)
    assert "Authorization" not in metadata.headers
    assert not metadata.query
    assert token.access_token
    assert stage.call(grant, api_of(vendor)).status_code == 200


def test_a_slash_at_the_end(stage: Stage) -> None:
    """Line 16, Vainu: the slash at the end of the token endpoint is kept; without it nothing is found."""
    assert stage.asked("vainu").path == "/api/oauth/token/"
    without = replace(preset("vainu"), token_endpoint="https://api.vainu.io/api/oauth/token")
    with pytest.raises(InvalidTokenResponse):
        stage.token(without)


@pytest.mark.parametrize(
    ("vendor", "target"),
    [
        ("vainu", "https://api.vainu.io/api/oauth/token/"),
        ("crowdstrike", "https://api.eu-1.crowdstrike.com/oauth2/token"),
    ],
)
def test_a_redirected_token_request(stage: Stage, vendor: str, target: str) -> None:
    """Line 16, Vainu, CrowdStrike: a redirect is an error that says where to; the secret follows no redirect."""
    stage.sandbox.fail("token", status=307, headers={"Location": stage.sandbox.url(target)}, body="")
    with pytest.raises(InvalidTokenResponse, match="not followed with a secret") as caught:
        stage.token(vendor)
    assert caught.value.status_code == 307
    assert stage.sandbox.url(target) in str(caught.value)
    assert len(stage.sandbox.requests) == 1


@pytest.mark.parametrize("vendor", ["databricks", "vainu"])
def test_netrc(stage: Stage, vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line 17, Databricks, Vainu: what ~/.netrc says of a host goes into no request of ours."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.delenv("NETRC", raising=False)
    assert requests.utils.get_netrc_auth("http://127.0.0.1/") == ("somebody", "else")
    with requests.Session() as session:
        stage.source(stage.grant(vendor), session=session).token()
    stage.token(presets.vibe("i", "s"))
    sent = [record.headers.get("Authorization") for record in stage.sandbox.requests]
    assert b64encode(b"somebody:else").decode() not in " ".join(filter(None, sent))
    assert len([value for value in sent if value]) == (2 if vendor == "databricks" else 1)
