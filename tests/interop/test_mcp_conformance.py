"""The conformance suite of MCP grades a client that is made of the MCP SDK and ``HttpxAuth``."""

from __future__ import annotations

import json
import re
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


# Why a scenario of authorization is not run. Those without authorization are the SDK's own.
_USER = "a user logs in, and this client speaks for none"
_REGISTERS = "the client registers itself, and then a user logs in"
_OLDER = "of the specification before metadata of the API was demanded, with a user's login"
NOT_RUN = {
    "auth/metadata-default": _REGISTERS,
    "auth/metadata-var1": _REGISTERS,
    "auth/metadata-var2": _REGISTERS,
    "auth/metadata-var3": _REGISTERS,
    "auth/basic-cimd": _USER,
    "auth/scope-from-www-authenticate": _REGISTERS,
    "auth/scope-from-scopes-supported": _REGISTERS,
    "auth/scope-omitted-when-undefined": _REGISTERS,
    "auth/scope-step-up": f"{_REGISTERS}; a client of its own has the scopes that it asks for, and may stop there",
    "auth/scope-retry-limit": _REGISTERS,
    "auth/token-endpoint-auth-basic": _REGISTERS,
    "auth/token-endpoint-auth-post": _REGISTERS,
    "auth/token-endpoint-auth-none": _REGISTERS,
    "auth/pre-registration": _USER,
    "auth/2025-03-26-oauth-metadata-backcompat": _OLDER,
    "auth/2025-03-26-oauth-endpoint-fallback": _OLDER,
    "auth/offline-access-scope": _REGISTERS,
    "auth/offline-access-not-supported": _REGISTERS,
    "auth/cross-app-access-complete-flow": "a user's identity token is exchanged, which the client has to be given",
}
RUN = {"auth/client-credentials-basic", "auth/client-credentials-jwt", "auth/resource-mismatch"}


def test_each_scenario_is_run_or_has_a_reason() -> None:
    """Every scenario of authorization that this version of the suite has for clients is run below, or has a reason."""
    run = subprocess.run([node(), str(SUITE), "list"], capture_output=True, text=True, check=True, timeout=PATIENCE)  # noqa: S603 - ours
    listed = re.findall(r"- (auth/\S+)", run.stdout.partition("Client scenarios")[2])
    assert sorted(listed) == sorted({*NOT_RUN, *RUN})


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
