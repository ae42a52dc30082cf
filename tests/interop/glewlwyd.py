"""Debian's glewlwyd with a database of its own, and an API that asks it about each token, on loopback."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from doors import LoopbackServer, Reply, Seen
from joserfc.jwk import ECKey
from oidc_provider import ALGORITHMS, jwk_of, signing_key
from processes import ODD_SECRET, Process, free_port, missing

from oauth_cc_auth import ClientCredentials, ClientSecretJWT, PrivateKeyJWT, ResourceServer

# Where Debian's package keeps the tables, and what they hold at first: this user is an administrator.
_TABLES = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
_ADMINISTRATOR = {"username": "admin", "password": "password"}
_MODULES = Path("/usr/lib/glewlwyd")

_CONFIG = """
port={port}
bind_address="127.0.0.1"
external_url="{origin}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_expiration=3600
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
hash_algorithm="SHA512"
database = {{ type = "sqlite3"; path = "{database}"; }};
"""

# A plug-in with everything that its page of settings shows, as far as these tests need it.
_PLUGIN: dict[str, Any] = {
    "jwt-type": "jwks",
    "jwt-key-size": "256",
    "access-token-duration": 3600,
    "refresh-token-duration": 3600,
    "code-duration": 600,
    "refresh-token-rolling": True,
    "refresh-token-one-use": "always",
    "allow-non-oidc": True,
    "auth-type-code-enabled": True,
    "auth-type-token-enabled": False,
    "auth-type-id-token-enabled": True,
    "auth-type-none-enabled": False,
    "auth-type-password-enabled": False,
    "auth-type-client-enabled": True,
    "auth-type-device-enabled": False,
    "auth-type-refresh-enabled": True,
    "secret-type": "pairwise",
    "address-claim": {"type": "no"},
    "name-claim": "no",
    "email-claim": "no",
    "scope-claim": "no",
    "allowed-scope": ["openid"],
    "jwks-show": True,
    "request-parameter-allow": True,
    "request-maximum-exp": 3600,
    "introspection-revocation-allowed": True,
    "introspection-revocation-auth-scope": ["administration"],
    "introspection-revocation-allow-target-client": True,
    "client-jwks-parameter": "jwks",
    "client-jwks_uri-parameter": "jwks_uri",
    "oauth-dpop-allowed": True,
    "oauth-dpop-iat-duration": 60,
    "oauth-dpop-dpop_bound_access_tokens-property": "dpop_bound_access_tokens",
}


class Glewlwyd:
    """The server, and how to ask it."""

    def __init__(self, folder: Path) -> None:
        """Start it, and register a client for each authentication method."""
        program = shutil.which("glewlwyd")
        if program is None or not _TABLES.exists():
            missing("there is no glewlwyd; on Debian: sudo apt install glewlwyd")
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.issuer = f"{self.origin}/api/oidc"
        with sqlite3.connect(folder / "database") as database:
            database.executescript(_TABLES.read_text())
        database.close()
        config = {"port": self.port, "origin": self.origin, "modules": _MODULES, "database": folder / "database"}
        (folder / "glewlwyd.conf").write_text(_CONFIG.format_map(config))
        command = (program, f"--config-file={folder / 'glewlwyd.conf'}")
        self.process = Process(command, self.port, log=folder / "glewlwyd.log")
        self.secrets = {"basic": ODD_SECRET, "post": ODD_SECRET, "secret-jwt": ODD_SECRET * 4}
        self.secrets.update((f"jwt-{alg}", signing_key(alg)) for alg in ALGORITHMS)
        self._set_up()
        self._administration = self._administrators_token()

    def _set_up(self) -> None:
        with requests.Session() as admin:
            self._do(admin, "auth/", _ADMINISTRATOR)
            key = {**ECKey.generate_key("P-256").as_dict(private=True), "alg": "ES256", "kid": "key"}
            own = {**_PLUGIN, "iss": self.issuer, "jwks-private": json.dumps({"keys": [key]})}
            plugin = {"module": "oidc", "name": "oidc", "display_name": "oidc", "order_rank": 0, "parameters": own}
            self._do(admin, "mod/plugin/", plugin)
            self._do(admin, "scope/", {"name": "read", "display_name": "Read", "password_required": False})
            self._do(admin, "scope/", {"name": "administration", "display_name": "All", "password_required": False})
            for name, secret in {**self.secrets, "administrator": ODD_SECRET}.items():
                signs = name.startswith("jwt-")
                client = {
                    "client_id": name,
                    "name": name,
                    "confidential": True,
                    "enabled": True,
                    "scope": ["administration" if name == "administrator" else "read"],
                    "authorization_type": ["client_credentials"],
                    "token_endpoint_auth_method": [self.method(name)],
                    **({"jwks": {"keys": [{**jwk_of(secret), "kid": name}]}} if signs else {"client_secret": secret}),
                }
                self._do(admin, "client/", client)

    def _do(self, admin: requests.Session, path: str, members: dict[str, Any]) -> None:
        answer = admin.post(f"{self.origin}/api/{path}", json=members, timeout=20)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}\n{self.process.news()}"

    def method(self, name: str) -> str:
        """Return the authentication method of a client."""
        if name.startswith("jwt-"):
            return "private_key_jwt"
        return {"basic": "client_secret_basic", "secret-jwt": "client_secret_jwt"}.get(name, "client_secret_post")

    def grant(self, name: str, api: str, **kw: Any) -> ClientCredentials:
        """Return the grant of a client whose token may go to this API."""
        method: Any = self.method(name)
        if name == "basic":
            # This server does not decode Basic, against RFC 6749 §2.3.1.
            method = "client_secret_basic_raw"
        elif name.startswith("jwt-"):
            # It looks for the key by its name, and wants each endpoint's own address as the audience.
            method = PrivateKeyJWT(alg=name.removeprefix("jwt-"), kid=name, audience="endpoint")
        elif name == "secret-jwt":
            method = ClientSecretJWT(audience="endpoint")
        arguments = {
            "token_endpoint": f"{self.issuer}/token",
            "client_id": name,
            "client_secret": self.secrets[name],
            "token_endpoint_auth_method": method,
            "scope": "read",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "resource_server": ResourceServer(api),
        }
        return ClientCredentials(**{**arguments, **kw})

    def revoke(self, token: str) -> None:
        """Revoke a token at the server's own endpoint (RFC 7009), as an administrator, not by the code under test."""
        assert self._as_administrator("revoke", token).status_code == 200

    def introspect(self, token: str) -> dict[str, Any]:
        """Return what the server says of a token (RFC 7662)."""
        answer: dict[str, Any] = self._as_administrator("introspect", token).json()
        return answer

    def _as_administrator(self, endpoint: str, token: str) -> requests.Response:
        # Who has the scope of these two endpoints may look at every token, and end it.
        headers = {"Authorization": f"Bearer {self._administration}"}
        return requests.post(f"{self.issuer}/{endpoint}", data={"token": token}, headers=headers, timeout=20)

    def _administrators_token(self) -> str:
        form = {"grant_type": "client_credentials", "scope": "administration"}
        form |= {"client_id": "administrator", "client_secret": ODD_SECRET}
        return str(requests.post(f"{self.issuer}/token", data=form, timeout=20).json()["access_token"])

    def answer(self, seen: Seen) -> Reply:
        """Answer as an API that asks the server about each token."""
        active = seen.token is not None and self.introspect(seen.token).get("active")
        return Reply() if active else Reply(401, (("WWW-Authenticate", 'Bearer error="invalid_token"'),))


@pytest.fixture(scope="session")
def running_glewlwyd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Glewlwyd]:
    """One server for all tests of a file."""
    server = Glewlwyd(tmp_path_factory.mktemp("glewlwyd"))
    try:
        yield server
    finally:
        server.process.end()


@pytest.fixture
def glewlwyd(running_glewlwyd: Glewlwyd) -> Iterator[Glewlwyd]:
    """The server; where the test fails, what it printed meanwhile is shown."""
    running_glewlwyd.process.news()
    yield running_glewlwyd
    print(running_glewlwyd.process.news())  # noqa: T201 - pytest shows it where a test fails


@pytest.fixture
def api(glewlwyd: Glewlwyd) -> Iterator[LoopbackServer]:
    """An API that asks the server about each token."""
    with LoopbackServer(glewlwyd.answer) as server:
        yield server
