"""The conformance suite of MCP grades a client that is made of the MCP SDK and ``HttpxAuth``."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from processes import HERE, MODULES, missing, node

# Seconds for a scenario; Python imports much, and the machine may be busy.
PATIENCE = 50

SUITE = MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"


def graded(scenario: str, folder: Path) -> list[dict[str, Any]]:
    """Run the client in a scenario, and return the suite's checks."""
    if find_spec("mcp") is None:
        missing("the MCP SDK is not installed; make interop installs it")
    client = f"{sys.executable} {HERE / 'mcp_client.py'}"
    arguments = ["client", "--command", client, "--scenario", scenario, "--output-dir", str(folder)]
    command = [node(), str(SUITE), *arguments, "--timeout", str(PATIENCE * 1000)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE + 5)  # noqa: S603 - ours
    print(run.stdout, run.stderr)  # noqa: T201 - pytest shows it where a test fails
    (checks,) = folder.rglob("checks.json")
    graded: list[dict[str, Any]] = json.loads(checks.read_text())
    assert graded
    return graded


def verdicts(checks: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Return what the suite says of each thing that it looked at."""
    return {check["id"]: {other["status"] for other in checks if other["id"] == check["id"]} for check in checks}


@pytest.mark.parametrize(
    ("scenario", "proof"),
    [
        ("auth/client-credentials-basic", "client-credentials-basic-auth"),
        ("auth/client-credentials-jwt", "client-credentials-jwt-verified"),
    ],
)
def test_client_credentials(tmp_path: Path, scenario: str, proof: str) -> None:
    """The client finds the authorization server from the API's address, proves itself, and speaks MCP."""
    found = verdicts(graded(scenario, tmp_path))
    assert "FAILURE" not in set().union(*found.values())
    assert found[proof] == {"SUCCESS"}
    assert found["prm-pathbased-requested"] == {"SUCCESS"}
    assert found["valid-bearer-token"] == {"SUCCESS"}


def test_a_resource_that_is_somebody_elses(tmp_path: Path) -> None:
    """Metadata that names another resource is looked at and refused: no secret goes to the server that it names."""
    checks = graded("auth/resource-mismatch", tmp_path)
    found = verdicts(checks)
    assert found["resource-mismatch-rejected"] == {"SUCCESS"}
    assert found["prm-pathbased-requested"] == {"SUCCESS"}
    asked = [check["details"] for check in checks if check["id"] == "incoming-auth-request"]
    assert [request for request in asked if request.get("method") != "GET"] == []
    (errors,) = tmp_path.rglob("stderr.txt")
    assert "evil.example.com" in errors.read_text()
