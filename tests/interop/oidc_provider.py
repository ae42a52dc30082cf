"""node-oidc-provider and an API, on loopback; `oidc_provider.js` says what they allow."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from processes import HERE, ODD_ASCII_SECRET, Process, free_port, node
from tls import signed

from oauth_cc_auth import AuthorizationCode, ClientCredentials, PrivateKeyJWT, ResourceServer

REDIRECT_URI = "http://127.0.0.1:9/callback"
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
# A client for each way to prove oneself without TLS, the first twice.
METHODS = ("basic", "id:with/odd%+= characters", "post", "secret-jwt", *(f"jwt-{alg}" for alg in ALGORITHMS))
# Seconds that tokens live of the client whose tokens live shortly.
SHORT_LIFE = 3
# Seconds after which the API gives out the next nonce, and for which it takes one then. A real server takes one for
# minutes; a machine that is busy stands still for seconds.
NONCES = {"step": 0.5, "window": 20}
# Who says who a workload is, as a cluster or a cloud does; and the grants for what it says.
WORKLOADS = "https://workloads.example.com"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_CODE_GRANTS = ["authorization_code", "refresh_token"]


@dataclass(frozen=True)
class Client:
    """A client that the server knows: its metadata there, and what it has to authenticate with here."""

    name: str
    method: str = "client_secret_basic"
    secret: str = ODD_ASCII_SECRET
    metadata: Mapping[str, Any] | None = None

    def registration(self) -> dict[str, Any]:
        """Return the metadata by the names of RFC 7591."""
        secret = {"client_secret": self.secret} if self.method.startswith("client_secret") else {}
        return {
            "client_id": self.name,
            "token_endpoint_auth_method": self.method,
            "grant_types": ["client_credentials"],
            "redirect_uris": [],
            "response_types": [],
            **secret,
            **(self.metadata or {}),
        }


def signing_key(alg: str) -> str:
    """Return a new private key for this algorithm, as PEM."""
    if alg == "EdDSA":
        key: Any = ed25519.Ed25519PrivateKey.generate()
    elif alg.startswith("ES"):
        key = ec.generate_private_key(ec.SECP256R1() if alg == "ES256" else ec.SECP384R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return str(key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode())


def jwk_of(pem: str) -> dict[str, Any]:
    """Return the public half of a PEM as JWK."""
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    kind: Any = OKPKey
    if isinstance(private, rsa.RSAPrivateKey):
        kind = RSAKey
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        kind = ECKey
    return dict(kind.import_key(pem).as_dict(private=False))


def _signing(alg: str) -> Client:
    pem = signing_key(alg)
    metadata = {"jwks": {"keys": [{**jwk_of(pem), "kid": "the key"}]}, "token_endpoint_auth_signing_alg": alg}
    return Client(f"jwt-{alg}", "private_key_jwt", pem, metadata)


def _method(client: Client) -> str | PrivateKeyJWT:
    # RSA keys sign by RS256 unless told otherwise; the others by the one algorithm that they are for.
    return PrivateKeyJWT(alg="PS256") if client.name == "jwt-PS256" else client.method


class OidcProvider:
    """The server, what it knows, and how to ask it."""

    def __init__(self, folder: Path) -> None:
        """Make certificates and clients, and start the server."""
        self.port, self.tls_port = free_port(), free_port()
        self.issuer, self.secure = f"http://127.0.0.1:{self.port}", f"https://127.0.0.1:{self.tls_port}"
        self._make_certificates(folder)
        self._workload_key = signing_key("ES256")
        self._know_clients()
        server = self.server_certificate
        config = {
            "port": self.port,
            "tls": {"port": self.tls_port, "cert": str(server), "key": str(server), "ca": str(self.authority)},
            "clients": [client.registration() for client in self.clients.values()],
            "lives": dict.fromkeys(("short", "login", "workload", "of-a-file"), SHORT_LIFE),
            "workload": {"issuer": WORKLOADS, "jwks": {"keys": [jwk_of(self._workload_key)]}},
            "nonces": NONCES,
        }
        (folder / "provider.json").write_text(json.dumps(config))
        command = (node(), HERE / "oidc_provider.js", folder / "provider.json")
        self.process = Process(command, self.port, self.tls_port, log=folder / "provider.log")

    def _make_certificates(self, folder: Path) -> None:
        authority, server, client, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(4))
        self.authority = signed(folder, "authority", authority, "authority", authority)
        self.server_certificate = signed(folder, "server", server, "authority", authority)
        self.client_certificate = signed(folder, "client", client, "authority", authority)
        self.own_certificate = signed(folder, "self-signed", own, "self-signed", own)

    def _know_clients(self) -> None:
        certificate = x509.load_pem_x509_certificate(self.own_certificate.read_bytes())
        x5c = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
        own_key = {**jwk_of(self.own_certificate.read_text()), "x5c": [x5c]}
        bound = {"tls_client_certificate_bound_access_tokens": True}
        clients = [
            Client("admin", "client_secret_post"),
            Client("basic"),
            Client("id:with/odd%+= characters"),
            Client("short"),
            replace(_signing("ES256"), name="of-a-file"),
            Client("workload", metadata={"grant_types": [JWT_BEARER, TOKEN_EXCHANGE]}),
            Client("post", "client_secret_post"),
            Client("secret-jwt", "client_secret_jwt", ODD_ASCII_SECRET * 4),
            *map(_signing, ALGORITHMS),
            Client("dpop", metadata={"dpop_bound_access_tokens": True}),
            Client("bound", metadata=bound),
            Client("tls", "tls_client_auth", "", {"tls_client_auth_subject_dn": "CN=client"}),
            Client("own-tls", "self_signed_tls_client_auth", "", {"jwks": {"keys": [own_key]}}),
            Client(
                "login",
                metadata={"grant_types": _CODE_GRANTS, "response_types": ["code"], "redirect_uris": [REDIRECT_URI]},
            ),
        ]
        self.clients = {client.name: client for client in clients}

    def grant(self, name: str, **kw: Any) -> ClientCredentials:
        """Return the client's grant."""
        return ClientCredentials(**{**self.arguments(name), **kw})

    def login(self, **kw: Any) -> AuthorizationCode:
        """Return the grant of the client who logs users in."""
        own = {"authorization_endpoint": f"{self.issuer}/auth", "redirect_uri": REDIRECT_URI}
        return AuthorizationCode(**{**self.arguments("login"), "scope": "openid offline_access", **own, **kw})

    def arguments(self, name: str) -> dict[str, Any]:
        """Return what every grant of this client has in common."""
        client = self.clients[name]
        return {
            "token_endpoint": f"{self.issuer}/token",
            "client_id": name,
            "client_secret": client.secret or None,
            "token_endpoint_auth_method": _method(client),
            "issuer": self.issuer,
            "revocation_endpoint": f"{self.issuer}/token/revocation",
            "resource_server": ResourceServer(self.issuer),
        }

    def asked(self) -> dict[str, Any]:
        """Return what the server was asked since the last time."""
        answer: dict[str, Any] = requests.get(f"{self.issuer}/control", timeout=10).json()
        return answer

    def workload_token(self, lifetime: float = 60, **claims: Any) -> str:
        """Return a token of a workload, as a cluster writes it into a file."""
        said = {"iss": WORKLOADS, "sub": "workload", "aud": self.issuer, "exp": int(time.time() + lifetime), **claims}
        return str(jwt.encode({"alg": "ES256"}, said, ECKey.import_key(self._workload_key)))

    def revoke(self, token: str) -> None:
        """Revoke a token at the server's own endpoint (RFC 7009), as an administrator, not by the code under test."""
        assert self._as_admin("revocation", token).status_code == 200

    def introspect(self, token: str) -> dict[str, Any]:
        """Return what the server says of a token (RFC 7662)."""
        answer: dict[str, Any] = self._as_admin("introspection", token).json()
        return answer

    def _as_admin(self, endpoint: str, token: str) -> requests.Response:
        form = {"token": token, "client_id": "admin", "client_secret": self.clients["admin"].secret}
        return requests.post(f"{self.issuer}/token/{endpoint}", data=form, timeout=10)


@pytest.fixture(scope="session")
def running_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """One server for all tests of a file."""
    provider = OidcProvider(tmp_path_factory.mktemp("oidc-provider"))
    try:
        yield provider
    finally:
        provider.process.end()


@pytest.fixture
def provider(running_provider: OidcProvider) -> Iterator[OidcProvider]:
    """The server, which has been asked nothing yet; where the test fails, what it printed meanwhile is shown."""
    running_provider.asked()
    yield running_provider
    print(running_provider.process.news())  # noqa: T201 - pytest shows it where a test fails
