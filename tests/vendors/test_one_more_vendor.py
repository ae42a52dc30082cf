"""Test that a new vendor is one file of facts and one pin: it is added to a copy of this package, and tried there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from oauth_cc_auth import presets

THE_TESTS = ("tests/vendors/test_vendors.py",)
TESTS, PACKAGE = Path(__file__).parents[1], Path(presets.__file__).parents[1]

FACTS = '''\
"""Acme, anvils by parcel post.

Read at https://developers.acme.example/docs/oauth.
"""

from __future__ import annotations

from oauth_cc_auth.presets._vocabulary import ClientCredentials, ResourceServer, Secret, credential, facts


@facts(client_id="ANVIL_ID", client_secret="ANVIL_KEY", probe="/me")
def acme(
    client_id: str | None = None, client_secret: Secret | None = None, *, scope: str = "anvils:read"
) -> ClientCredentials:
    """Return the grant for Acme's API at https://api.acme.example/v1. Tokens live an hour."""
    return ClientCredentials(
        token_endpoint="https://login.acme.example/oauth2/token",
        client_id=credential(client_id, "ACME_CLIENT_ID"),
        client_secret=credential(client_secret, "ACME_CLIENT_SECRET"),
        scope=scope,
        resource_server=ResourceServer("https://api.acme.example/v1"),
    )
'''
PIN = {
    "words": {},
    "token_request": {
        "method": "POST",
        "url": "https://login.acme.example/oauth2/token",
        "query": {},
        "headers": {"authorization": "basic"},
        "form": {"grant_type": "client_credentials", "scope": "anvils:read"},
    },
    "api": {"url": "https://api.acme.example/v1/anvils", "header": "Authorization", "scheme": "Bearer", "headers": {}},
    "lifetime": 3600,
    "renew_on": [401],
    "issuance_limit": None,
    "revocation_endpoint": None,
    "scope": "anvils:read",
    "sources": ["https://developers.acme.example/docs/oauth"],
}


def test_one_file_and_one_pin(tmp_path: Path) -> None:
    """An ordinary vendor is a file of at most 25 lines and a pin, and no change elsewhere: tests do the rest.

    It is listed, called through token, refusal and renewal at the sandbox, and described with its variables.
    """
    assert len(FACTS.splitlines()) <= 25
    shutil.copytree(PACKAGE, tmp_path / "oauth_cc_auth")
    for part in ("support", "vendors"):
        shutil.copytree(TESTS / part, tmp_path / "tests" / part)
    shutil.copy2(TESTS / "conftest.py", tmp_path / "tests")
    (tmp_path / "oauth_cc_auth/presets/_acme.py").write_text(FACTS, encoding="utf-8")
    (tmp_path / "tests/vendors/pins/acme.json").write_text(json.dumps(PIN), encoding="utf-8")
    tried = run(
        tmp_path,
        "-m",
        "pytest",
        "-vv",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-k",
        "acme or every",
        *THE_TESTS,
    )
    assert "[acme]" in tried, tried
    assert "vendor='acme'" in tried, tried
    said = """
        from oauth_cc_auth import presets
        assert "acme" in presets.names() and presets.acme.__module__ == "oauth_cc_auth.presets._acme"
        assert presets.variables_of("acme")["client_id"] == ("ACME_CLIENT_ID", "ANVIL_ID")
        assert presets.probe_of("acme") == "/me"
        import oauth_cc_auth
        print(oauth_cc_auth.__file__)
        """
    assert run(tmp_path, "-c", dedent(said)).strip().startswith(str(tmp_path))


def run(folder: Path, *arguments: str) -> str:
    """Run Python where the copy is found first, and return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(folder / "tests" / "support")))},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
