"""django-oauth-toolkit and an API, on loopback; `django_site.py` says what they allow."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import requests
from processes import HERE, ODD_SECRET, Process, free_port, missing

from oauth_cc_auth import ClientCredentials, ResourceServer

CLIENT_ID = "client:ü"


class DjangoToolkit:
    """The site, and how to ask it."""

    def __init__(self, folder: Path) -> None:
        """Start it with one client."""
        if find_spec("oauth2_provider") is None:
            missing("django-oauth-toolkit is not installed; make interop installs it")
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.api = f"{self.issuer}/api"
        client = {"client_id": CLIENT_ID, "client_secret": ODD_SECRET}
        config = {"port": self.port, "database": str(folder / "database"), "clients": [client]}
        (folder / "site.json").write_text(json.dumps(config))
        command = (sys.executable, HERE / "django_site.py", folder / "site.json")
        self.process = Process(command, self.port, log=folder / "site.log")

    def grant(self, **kw: Any) -> ClientCredentials:
        """Return the client's grant; the address of the token endpoint ends in a slash."""
        arguments = {
            "token_endpoint": f"{self.issuer}/o/token/",
            "client_id": CLIENT_ID,
            "client_secret": ODD_SECRET,
            "revocation_endpoint": f"{self.issuer}/o/revoke_token/",
            "resource_server": ResourceServer(self.api),
        }
        return ClientCredentials(**{**arguments, **kw})

    def revoke(self, token: str) -> None:
        """Revoke a token at the server's own endpoint (RFC 7009), and not by the code under test."""
        form = {"token": token, "client_id": CLIENT_ID, "client_secret": ODD_SECRET}
        assert requests.post(f"{self.issuer}/o/revoke_token/", data=form, timeout=20).status_code == 200


@pytest.fixture(scope="session")
def running_toolkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DjangoToolkit]:
    """One site for all tests of a file."""
    toolkit = DjangoToolkit(tmp_path_factory.mktemp("django"))
    try:
        yield toolkit
    finally:
        toolkit.process.end()


@pytest.fixture
def toolkit(running_toolkit: DjangoToolkit) -> Iterator[DjangoToolkit]:
    """The site; where the test fails, what it printed meanwhile is shown."""
    running_toolkit.process.news()
    yield running_toolkit
    print(running_toolkit.process.news())  # noqa: T201 - pytest shows it where a test fails
