"""Servers on loopback that speak TLS and ask for a client certificate, all of it made for one test."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from loopback import Loopback


@dataclass(frozen=True)
class Certificates:
    """A certificate authority, and the files of what it has signed: for a server on loopback, and for a client."""

    authority: Path
    server: Path
    client: Path

    def server_context(self) -> ssl.SSLContext:
        """Return the settings of a server that lets nobody in without a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        context.load_verify_locations(self.authority)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client_context(self, *, certified: bool = True) -> ssl.SSLContext:
        """Return the settings of a client."""
        context = ssl.create_default_context(cafile=str(self.authority))
        if certified:
            context.load_cert_chain(self.client)
        return context


def signed(folder: Path, name: str, key: Any, issuer: str, issuer_key: Any, *, days: float = 1) -> Path:
    """Write a certificate, which ends in some days, and its key to a file."""
    now = dt.datetime.now(dt.timezone.utc)
    subject, by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    is_authority = x509.BasicConstraints(ca=name == issuer, path_length=None)
    signs = x509.KeyUsage(
        digital_signature=name != issuer,
        key_cert_sign=name == issuer,
        crl_sign=name == issuer,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(names, critical=False)
        .add_extension(is_authority, critical=True)
        .add_extension(signs, critical=True)
        .add_extension(of_issuer, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / f"{name}.pem"
    file.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return file


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """An authority for this test alone, in an environment that names no other, which requests would prefer."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    authority, server, client = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    return Certificates(
        signed(tmp_path, "authority", authority, "authority", authority),
        signed(tmp_path, "server", server, "authority", authority),
        signed(tmp_path, "client", client, "authority", authority),
    )


@contextmanager
def behind_tls(server: Loopback, context: ssl.SSLContext) -> Iterator[str]:
    """Let a server speak TLS, and return its origin."""
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    with server:
        yield server.url.replace("http:", "https:")
