"""The plugin for HTTPie, tried with the real `http`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from oauth_cc_auth import ConfigurationError
from oauth_cc_auth import httpie as plugin
from oauth_cc_auth.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that `http` reaches."""
    with Sandbox() as running:
        yield running


def http(sandbox: Sandbox, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real `http`, pointed at the sandbox by the variable."""
    return subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "httpie", "--ignore-stdin", "-A", "oauth-cc", *arguments],
        env={**os.environ, "HOME": str(home), "OAUTH_CC_AUTH_SANDBOX": sandbox.origin("https://zoom.us")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_request(sandbox: Sandbox, tmp_path: Path) -> None:
    """A request is authenticated, and the next process takes the token from the file store, colon or not."""
    url = f"{sandbox.origin('https://api.zoom.us')}/v2/users/me"
    for vendor in ("zoom", "zoom:"):
        done = http(sandbox, tmp_path, "--check-status", "-a", vendor, "GET", url)
        assert (done.returncode, done.stderr) == (0, "")
    assert (sandbox.token_requests, sandbox.api_requests) == (1, 2)


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ("zoom:canary", "looks like a secret"),
        ("zoom:client_secret=canary", "Set ZOOM_CLIENT_SECRET instead"),
        ("zomm:", "did you mean zoom?"),
        ("paypal:region=x", "paypal has no option 'region'. It has: environment"),
    ],
)
def test_what_is_refused(
    auth: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret on the command line and what is no option are one line, which does not repeat them."""
    monkeypatch.setattr(sys, "argv", ["http"])
    with pytest.raises(SystemExit) as ended:
        plugin._Deferred(auth)(SimpleNamespace())
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert said in told
    assert len(told.strip().splitlines()) == 1
    assert "canary" not in told


def test_a_foreign_host(sandbox: Sandbox, tmp_path: Path) -> None:
    """A host that is not the vendor's gets no token, and that is one line."""
    done = http(sandbox, tmp_path, "-a", "zoom:", "GET", "https://elsewhere.example/")
    assert done.returncode == 1
    assert "not to https://elsewhere.example" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (sandbox.token_requests, sandbox.api_requests) == (0, 0)


def test_an_option(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """An option of the preset reaches it."""
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", sandbox.origin("https://zoom.us"))
    plugin._auth_of("paypal:environment=sandbox")
    assert "https://api-m.sandbox.paypal.com" in repr(sandbox)
    with pytest.raises(ConfigurationError, match="looks like a secret"):
        plugin._auth_of("paypal:environment=sandbox,canary")
    with pytest.raises(ConfigurationError, match="has no option 'nothing'"):
        plugin._auth_of("paypal:nothing=x")


def test_offline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--offline` is refused: it would request a token to send nothing."""
    auth = plugin.OAuthCCPlugin()
    auth.raw_auth = "zoom"
    monkeypatch.setattr(sys, "argv", ["http", "--offline"])
    with pytest.raises(SystemExit):
        auth.get_auth()(SimpleNamespace())
    assert "leave it out" in capsys.readouterr().err


def test_errors_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing in the environment is said when the request is made."""
    monkeypatch.setattr(sys, "argv", ["http"])
    with pytest.raises(SystemExit):
        plugin._Deferred("zoom")(SimpleNamespace())
    assert "ZOOM_CLIENT_ID is not set" in capsys.readouterr().err


def test_the_plugin_loads_nothing() -> None:
    """At HTTPie's start the plugin imports no part of this package but itself, and takes less than 5 ms."""
    code = (
        "import sys, time; import httpie.plugins; before = set(sys.modules); began = time.process_time()\n"
        "import oauth_cc_auth.httpie\n"
        "spent = time.process_time() - began\n"
        "print(spent, *sorted(set(sys.modules) - before))"
    )
    for _ in range(9):  # a busy machine may be slow several times
        command = [sys.executable, "-c", code]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - this interpreter
        spent, *loaded = said.split()
        assert [name for name in loaded if name != "__future__"] == ["oauth_cc_auth", "oauth_cc_auth.httpie"]
        if float(spent) < 0.005:
            break
    assert float(spent) < 0.005
