"""Tests of the client's certificate: presented by our own senders, read anew when its files change (RFC 8705)."""

from __future__ import annotations

import pickle
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import tls
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from loopback import TOKEN, Answer, Loopback, token_answer

from oauth_cc_auth import (
    Certificate,
    ClientCredentials,
    ConfigurationError,
    Discovery,
    HttpxAuth,
    OAuthError,
    RequestsAuth,
    TokenEndpointUnavailable,
    TokenSource,
)
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._http.sender import sender_for

certificates = tls.certificates
SENDERS = ["requests", "httpx", "httpx2", "urllib"]


class Presented(Loopback):
    """A server behind mutual TLS that keeps the serial numbers of the certificates it was shown."""


@pytest.fixture
def trusted(certificates: tls.Certificates, monkeypatch: pytest.MonkeyPatch) -> tls.Certificates:
    """Make every library trust the authority of this test."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(certificates.authority))
    return certificates


@pytest.fixture
def server(trusted: tls.Certificates) -> Iterator[tuple[Loopback, str]]:
    """Run a server that lets nobody in without a certificate; return it and its origin."""
    loopback = Loopback(token_answer())
    with tls.behind_tls(loopback, trusted.server_context()) as origin:
        yield loopback, origin


def grant_at(origin: str, certificate: Certificate | None, **changes: Any) -> ClientCredentials:
    """Return a grant whose client is known by its certificate."""
    arguments = {"client_id": "client", "token_endpoint_auth_method": "tls_client_auth", **changes}
    return ClientCredentials(token_endpoint=f"{origin}/token", certificate=certificate, **arguments)


def without_client(certificates: tls.Certificates) -> ssl.SSLContext:
    """Return the TLS of a server that asks its clients for no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    return context


def fetched(grant: ClientCredentials, library: str) -> str:
    """Return a token that this library has fetched."""
    certify = grant.certificate.load_into if grant.certificate else None
    exchange = Exchange(grant, sender_for(None, None, library, certify), 3.0, lambda: 0.0)
    return exchange.fetch(None).access_token


@pytest.mark.parametrize("library", SENDERS)
@pytest.mark.requirement("8705-client-id", "9700-sender-constrained")
def test_each_library_presents_it(server: tuple[Loopback, str], trusted: tls.Certificates, library: str) -> None:
    """RFC 8705 §2: the certificate proves, client_id stands in the body, and there is no other proof."""
    loopback, origin = server
    assert fetched(grant_at(origin, Certificate(trusted.client)), library) == TOKEN
    (received,) = loopback.received
    assert dict(received.form) == {"grant_type": "client_credentials", "client_id": "client"}
    assert "authorization" not in received.headers


@pytest.mark.parametrize("library", SENDERS)
def test_without_it_there_is_no_answer(server: tuple[Loopback, str], library: str) -> None:
    """The server lets nobody in without a certificate: the error is typed."""
    loopback, origin = server
    with pytest.raises(TokenEndpointUnavailable):
        fetched(grant_at(origin, None), library)
    assert not loopback.received


@pytest.mark.requirement("6749-certificate")
@pytest.mark.parametrize("library", SENDERS)
def test_a_server_that_nobody_vouches_for(certificates: tls.Certificates, library: str) -> None:
    """RFC 6749 §10.9: a server whose certificate cannot be verified gets no request, and so no secret."""
    loopback = Loopback(token_answer())
    with tls.behind_tls(loopback, without_client(certificates)) as origin, pytest.raises(TokenEndpointUnavailable):
        fetched(grant_at(origin, None), library)
    assert not loopback.received


@pytest.mark.requirement("8414-tls", "9728-tls")
def test_metadata_that_nobody_vouches_for(certificates: tls.Certificates) -> None:
    """RFC 8414 §6.1, RFC 9728 §7.1: metadata is not read from a server whose certificate cannot be verified."""
    loopback = Loopback(token_answer())
    with tls.behind_tls(loopback, without_client(certificates)) as origin:
        for discovery in (Discovery(issuer=origin), Discovery(resource=f"{origin}/api")):
            grant = ClientCredentials(token_endpoint=discovery, client_id="client", client_secret="secret")
            with pytest.raises(TokenEndpointUnavailable):
                TokenSource(grant, timeout=0.5).token()
    assert not loopback.received


@pytest.mark.requirement("6750-api-certificate")
def test_an_api_that_nobody_vouches_for(certificates: tls.Certificates) -> None:
    """RFC 6750 §5.2: the HTTP library verifies the API's certificate, and no auth class tells it not to."""
    loopback = Loopback()
    with Loopback() as server, tls.behind_tls(loopback, without_client(certificates)) as origin:
        source = TokenSource(ClientCredentials(token_endpoint=server.url, client_id="client", client_secret="secret"))
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(origin, auth=RequestsAuth(source), timeout=5)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(origin, auth=HttpxAuth(source))
        assert len(server.received) == 1
    assert not loopback.received


@pytest.mark.requirement("8705-bound-token")
def test_the_apis_client_presents_the_same(server: tuple[Loopback, str], trusted: tls.Certificates) -> None:
    """RFC 8705 §3: with the certificate given to the session as well, the API sees it beside the token."""
    loopback, origin = server
    loopback.replies = [token_answer(), Answer(200, {"hello": "there"})]
    with requests.Session() as session:
        session.auth = RequestsAuth(grant_at(origin, Certificate(trusted.client)))
        session.cert, session.verify = str(trusted.client), str(trusted.authority)
        assert session.get(f"{origin}/api").json() == {"hello": "there"}
    assert loopback.received[1].headers["authorization"] == f"Bearer {TOKEN}"


def in_two_files(trusted: tls.Certificates, folder: Path, password: bytes) -> tuple[Path, Path]:
    """Write the client's certificate and its locked key into files of their own."""
    pem = trusted.client.read_bytes()
    key = serialization.load_pem_private_key(pem[pem.index(b"-----BEGIN PRIVATE") :], None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )
    (folder / "tls.crt").write_bytes(pem[: pem.index(b"-----BEGIN PRIVATE")])
    (folder / "tls.key").write_bytes(locked)
    return folder / "tls.crt", folder / "tls.key"


@pytest.mark.parametrize("library", SENDERS)
@pytest.mark.parametrize("password", ["open sesame", lambda: "open sesame"])
def test_a_key_with_a_password(
    server: tuple[Loopback, str], trusted: tls.Certificates, library: str, password: Any, tmp_path: Path
) -> None:
    """Certificate and key may be in two files, and the key locked; the password is a secret like any other."""
    cert, key = in_two_files(trusted, tmp_path, b"open sesame")
    certificate = Certificate(cert, key, password)
    assert fetched(grant_at(server[1], certificate), library) == TOKEN
    assert "sesame" not in repr(certificate)


@pytest.mark.parametrize("password", [None, "wrong"])
def test_a_wrong_password_is_said(trusted: tls.Certificates, tmp_path: Path, password: str | None) -> None:
    """A key that does not open is a ConfigurationError with the files' names; nobody is asked on the terminal."""
    cert, key = in_two_files(trusted, tmp_path, b"open sesame")
    with pytest.raises(ConfigurationError, match=r"tls\.crt and .*tls\.key cannot be used.*password="):
        fetched(grant_at("https://127.0.0.1:9", Certificate(cert, key, password)), "requests")


@pytest.mark.parametrize("library", SENDERS)
def test_files_that_cannot_be_used(library: str, tmp_path: Path) -> None:
    """A file that is not there or holds no certificate is a ConfigurationError that names it."""
    (tmp_path / "text").write_text("no certificate")
    for path in (tmp_path / "missing", tmp_path / "text"):
        with pytest.raises(ConfigurationError, match=f"certificate: {path} cannot be used"):
            fetched(grant_at("https://127.0.0.1:9", Certificate(path)), library)


def test_a_certificate_that_is_renewed_in_place(trusted: tls.Certificates, tmp_path: Path) -> None:
    """cert-manager and SPIFFE replace the files every hour: the next token request presents the new certificate."""
    shown: list[str] = []
    loopback = Loopback(token_answer())
    context = trusted.server_context()

    class Watching(ssl.SSLSocket):
        def do_handshake(self, *args: Any, **kwargs: Any) -> None:
            super().do_handshake(*args, **kwargs)
            peer: Any = self.getpeercert()
            shown.append(peer["subject"][0][0][1])

    context.sslsocket_class = Watching
    with tls.behind_tls(loopback, context) as origin:
        (tmp_path / "live.pem").write_bytes(trusted.client.read_bytes())
        source = TokenSource(grant_at(origin, Certificate(tmp_path / "live.pem")))
        source.token()
        authority = trusted.authority.read_bytes()
        signer = serialization.load_pem_private_key(authority[authority.index(b"-----BEGIN PRIVATE") :], None)
        renewed = tls.signed(tmp_path, "renewed", ec.generate_private_key(ec.SECP256R1()), "authority", signer)
        (tmp_path / "live.pem").write_bytes(renewed.read_bytes())
        source.forget()
        source.token()
    assert shown == ["client", "renewed"]


def test_it_is_used_for_revocation_and_introspection(server: tuple[Loopback, str], trusted: tls.Certificates) -> None:
    """RFC 8705 §2: the client proves itself so at each endpoint."""
    loopback, origin = server
    endpoints = {"revocation_endpoint": f"{origin}/revoke", "introspection_endpoint": f"{origin}/introspect"}
    grant = grant_at(origin, Certificate(trusted.client), **endpoints)
    source = TokenSource(grant)
    token = source.token()
    loopback.replies = [Answer(200, {"active": True, "cnf": {"x5t#S256": "thumb"}}), Answer(200)]
    certify = grant.certificate.load_into if grant.certificate else None
    said = Exchange(grant, sender_for(None, None, "requests", certify), 3.0, lambda: 0.0).introspect(token)
    assert said["cnf"] == {"x5t#S256": "thumb"}
    source.revoke()
    assert [received.path for received in loopback.received] == ["/token", "/introspect", "/revoke"]


@pytest.mark.parametrize("lent", ["session", "client"])
def test_with_a_lent_session_it_is_refused(lent: str) -> None:
    """What the user lends has its own TLS settings: a certificate beside it is a contradiction."""
    with requests.Session() as session, httpx.Client() as client:
        keyword: dict[str, Any] = {lent: {"session": session, "client": client}[lent]}
        with pytest.raises(ConfigurationError, match=f"certificate .*{lent}="):
            TokenSource(grant_at("https://as.example.com", Certificate("a.pem")), **keyword)


def test_through_a_proxy(trusted: tls.Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection through a proxy presents it too: the settings are those of the same context."""
    from oauth_cc_auth._http.by_requests import certified  # noqa: PLC0415 - needs requests

    loaded: list[ssl.SSLContext] = []
    with certified(loaded.append) as session:
        adapter: Any = session.get_adapter("https://as.example.com")
        manager = adapter.proxy_manager_for("http://127.0.0.1:9")
        assert manager.connection_pool_kw["ssl_context"] is loaded[0]
        assert adapter.poolmanager.connection_pool_kw["ssl_context"] is loaded[0]


def test_arguments_are_checked() -> None:
    """Case 7: each argument is checked at construction, by its name."""
    cases: list[tuple[Any, str]] = [
        ((5,), "cert"),
        (("",), "cert"),
        ((None,), "cert"),
        (("a\0b",), "cert"),
        ((b"bytes",), "cert"),
        (("a", 5), "key"),
        (("a", None, 5), "password"),
    ]
    for arguments, said in cases:
        with pytest.raises(ConfigurationError, match=f"Certificate: {said}"):
            Certificate(*arguments)
        with pytest.raises(OAuthError, match="certificate is not a Certificate"):
            grant_at("https://as.example.com", "client.pem")  # type: ignore[arg-type]  # the point


def test_it_is_a_value() -> None:
    """Equal paths are equal certificates, and one sharing key; another certificate is another client."""
    one = Certificate(Path("a.pem"), Path("b.pem"))
    assert one == Certificate("a.pem", "b.pem") == pickle.loads(pickle.dumps(one))
    three = (one, Certificate("a.pem", "b.pem"), Certificate("c"))
    grants = [grant_at("https://as.example.com", each) for each in three]
    sources = [TokenSource(grant) for grant in grants]
    assert sources[0]._serving.live is sources[1]._serving.live
    assert sources[0]._serving.live is not sources[2]._serving.live
