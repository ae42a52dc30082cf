"""Mutual TLS (RFC 8705) with node-oidc-provider: certificates that an authority signed, and self-signed ones."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import doors
import httpx
import oidc_provider
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from doors import Door
from oidc_provider import OidcProvider
from tls import signed

from oauth_cc_auth import (
    Certificate,
    ClientCredentials,
    Discovery,
    HttpxAuth,
    InvalidClient,
    RequestsAuth,
    ResourceServer,
    TokenSource,
)

door, running_provider = doors.door, oidc_provider.running_provider


@pytest.fixture
def provider(running_provider: OidcProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[OidcProvider]:
    """The server, whose certificate is trusted by what the environment says, as behind a company's own authority."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(running_provider.authority))
    running_provider.asked()
    yield running_provider
    print(running_provider.process.news())  # noqa: T201 - pytest shows it where a test fails


def grant_of(provider: OidcProvider, name: str, certificate: Path, **kw: Any) -> ClientCredentials:
    """Return a grant whose token requests bring this certificate."""
    endpoints = {
        "token_endpoint": f"{provider.secure}/token",
        "revocation_endpoint": f"{provider.secure}/token/revocation",
    }
    return provider.grant(name, certificate=Certificate(str(certificate)), **{**endpoints, **kw})


@pytest.mark.parametrize("name", ["tls", "own-tls"])
@pytest.mark.requirement("8705-self-signed")
def test_a_certificate_gets_a_token(door: Door, provider: OidcProvider, name: str) -> None:
    """A certificate proves the client, signed by an authority or by itself; once revoked, one renewal."""
    certificate = {"tls": provider.client_certificate, "own-tls": provider.own_certificate}[name]
    source = TokenSource(grant_of(provider, name, certificate))
    auth = door.auth(source)
    assert door.call("GET", f"{provider.issuer}/any/x", auth).status_code == 200
    provider.revoke(source.token().access_token)
    provider.asked()
    assert door.call("GET", f"{provider.issuer}/any/x", auth).status_code == 200
    assert [request["status"] for request in provider.asked()["token"]] == [200]


@pytest.mark.parametrize("name", ["tls", "own-tls"])
def test_revoke(provider: OidcProvider, name: str) -> None:
    """`revoke()` brings the certificate too."""
    certificate = {"tls": provider.client_certificate, "own-tls": provider.own_certificate}[name]
    source = TokenSource(grant_of(provider, name, certificate))
    token = source.token().access_token
    source.revoke()
    assert not provider.introspect(token)["active"]


def test_a_token_bound_to_a_certificate(provider: OidcProvider) -> None:
    """The API takes the token from a client with the same certificate, in requests and in httpx, and from no other."""
    api = ResourceServer(provider.secure)
    grant = grant_of(provider, "bound", provider.client_certificate, resource_server=api)
    url, pem = f"{provider.secure}/any/x", str(provider.client_certificate)
    source = TokenSource(grant)
    answer = requests.get(url, auth=RequestsAuth(source), cert=pem, timeout=10)
    assert (answer.status_code, len(answer.json()["certificate"])) == (200, 43)
    context = ssl.create_default_context(cafile=str(provider.authority))
    context.load_cert_chain(pem)
    with httpx.Client(verify=context, auth=HttpxAuth(source)) as client:
        assert client.get(url).status_code == 200
    assert requests.get(url, auth=RequestsAuth(source), timeout=10).status_code == 401


@pytest.mark.parametrize(("name", "aliases"), [("tls", True), ("basic", True), ("basic", False)])
def test_endpoints_for_mutual_tls(provider: OidcProvider, name: str, aliases: bool) -> None:
    """By discovery the endpoints for mutual TLS are used where the setting says so, whichever way the client proves."""
    discovery = Discovery(issuer=provider.issuer, mtls_endpoint_aliases=aliases)
    grant = grant_of(provider, name, provider.client_certificate, token_endpoint=discovery, revocation_endpoint=None)
    source = TokenSource(grant)
    token = source.token().access_token
    assert [request["secure"] for request in provider.asked()["token"]] == [aliases]
    source.revoke()
    assert [request["secure"] for request in provider.asked()["revocation"]] == [aliases]
    assert not provider.introspect(token)["active"]


def test_an_expired_certificate(provider: OidcProvider, tmp_path: Path) -> None:
    """A certificate that has ended is InvalidClient."""
    authority = load_pem_private_key(provider.authority.read_bytes(), password=None)
    ended = signed(tmp_path, "client", ec.generate_private_key(ec.SECP256R1()), "authority", authority, days=-0.5)
    with pytest.raises(InvalidClient):
        TokenSource(grant_of(provider, "tls", ended)).token()


def test_another_certificate(provider: OidcProvider) -> None:
    """A certificate that is not the client's is InvalidClient, whoever signed it."""
    for name, certificate in (("tls", provider.own_certificate), ("own-tls", provider.client_certificate)):
        with pytest.raises(InvalidClient):
            TokenSource(grant_of(provider, name, certificate)).token()


def test_a_certificate_that_is_exchanged(provider: OidcProvider, tmp_path: Path) -> None:
    """The file is read again once it has changed: a client whose certificate has ended goes on with the next."""
    authority = load_pem_private_key(provider.authority.read_bytes(), password=None)
    file = signed(tmp_path, "client", ec.generate_private_key(ec.SECP256R1()), "authority", authority, days=-0.5)
    source = TokenSource(grant_of(provider, "tls", file))
    with pytest.raises(InvalidClient):
        source.token()
    file.write_bytes(provider.client_certificate.read_bytes())
    assert TokenSource(grant_of(provider, "tls", file, scope="read")).token().access_token
