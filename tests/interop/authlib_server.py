"""authlib's own server and an API, on loopback; `authlib_site.py` says what they allow."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from oidc_provider import jwk_of, signing_key
from processes import HERE, ODD_SECRET, Process, free_port

from oauth_cc_auth import ClientCredentials, ResourceServer

# Seconds that a token lives.
LIFE = 3
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

# This server decodes %-escapes in Basic, but leaves the + alone by which RFC 6749 §2.3.1 writes a space.
WITHOUT_SPACE = ODD_SECRET.replace(" ", "")


class AuthlibServer:
    """The server, and how to ask it."""

    def __init__(self, folder: Path) -> None:
        """Start it with a client for each authentication method."""
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.api = f"{self.issuer}/api"
        self.key = signing_key("ES256")
        self.secrets = {"basic:ü": WITHOUT_SPACE, "spaced": ODD_SECRET, "post": ODD_SECRET, "signing": self.key}
        methods = ("client_secret_basic", "client_secret_basic", "client_secret_post", "client_assertion_jwt")
        clients = [
            {
                "client_id": name,
                "client_secret": "" if name == "signing" else secret,
                "method": method,
                "grant_types": ["client_credentials", JWT_BEARER],
                "jwk": jwk_of(secret) if name == "signing" else None,
            }
            for (name, secret), method in zip(self.secrets.items(), methods, strict=True)
        ]
        (folder / "site.json").write_text(json.dumps({"port": self.port, "life": LIFE, "clients": clients}))
        command = (sys.executable, HERE / "authlib_site.py", folder / "site.json")
        self.process = Process(command, self.port, log=folder / "site.log")

    def grant(self, name: str, **kw: Any) -> ClientCredentials:
        """Return the grant of a client."""
        methods = {"post": "client_secret_post", "signing": "private_key_jwt"}
        arguments = {
            "token_endpoint": f"{self.issuer}/token",
            "client_id": name,
            "client_secret": self.secrets[name],
            "issuer": self.issuer,
            "token_endpoint_auth_method": methods.get(name, "client_secret_basic"),
            "revocation_endpoint": f"{self.issuer}/revoke",
            "scope": "read",
            "resource_server": ResourceServer(self.api),
        }
        return ClientCredentials(**{**arguments, **kw})

    def revoke(self, token: str) -> None:
        """Revoke a token of the client "post" at the server's own endpoint (RFC 7009), not by the code under test."""
        form = {"token": token, "client_id": "post", "client_secret": self.secrets["post"]}
        assert requests.post(f"{self.issuer}/revoke", data=form, timeout=10).status_code == 200


@pytest.fixture(scope="session")
def running_authlib(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthlibServer]:
    """One server for all tests of a file."""
    server = AuthlibServer(tmp_path_factory.mktemp("authlib"))
    try:
        yield server
    finally:
        server.process.end()


@pytest.fixture
def authlib_server(running_authlib: AuthlibServer) -> Iterator[AuthlibServer]:
    """The server; where the test fails, what it printed meanwhile is shown."""
    running_authlib.process.news()
    yield running_authlib
    print(running_authlib.process.news())  # noqa: T201 - pytest shows it where a test fails
