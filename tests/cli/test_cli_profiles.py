"""Profiles: one small file for people with several accounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from click.testing import CliRunner, Result

from oauth_cc_auth.cli import _commands, _profiles
from oauth_cc_auth.sandbox import Sandbox


def run(*arguments: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(_commands.commands, list(arguments), prog_name="oauth-cc-auth")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox at which every preset is pointed."""
    with Sandbox() as running:
        monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", running.origin("https://zoom.us"))
        yield running


def written(text: str) -> Path:
    """Write the file of profiles."""
    file = platformdirs.user_config_path("oauth-cc-auth", appauthor=False) / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_a_profile_is_an_account(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path) -> None:
    """The option, the client and the place of the secret come from the profile; a variable wins over it."""
    secret = tmp_path / "secret"
    secret.write_text("canary", encoding="utf-8")
    written(f'[profile.work]\npreset = "paypal"\nenvironment = "sandbox"\nclient_id = "mine"\nfile = "{secret}"\n')
    result = run("token", "paypal", "--profile", "work")
    assert result.exit_code == 0
    assert "https://api-m.sandbox.paypal.com" in repr(sandbox)
    assert "canary" not in result.output
    assert run("doctor", "paypal", "--profile", "work").exit_code == 0
    monkeypatch.setenv("PAYPAL_CLIENT_SECRET", "another")
    assert run("doctor", "paypal", "--profile", "work").exit_code == 4


def test_a_variable_before_a_profile_is_told(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """With --profile, the variables that count before it are named; an error names the profile, its file and more."""
    monkeypatch.setenv("PAYPAL_CLIENT_SECRET", "canary")
    text = '[profile.work]\npreset = "paypal"\nclient_id = "mine"\nenvironment = "sandbox"\n'
    file = written(f'{text}env = "PAYPAL_CLIENT_SECRET"\n')
    sandbox.register_client("paypal", "mine", "another")
    result = run("token", "paypal", "--profile", "work")
    assert "Not taken" not in result.stderr
    assert "PAYPAL_ENVIRONMENT is sandbox, it may be production. Set it there, or with -o environment=" in result.stderr
    assert f"Used: the profile 'work' of {file}." in result.stderr
    assert result.stderr.endswith("run: oauth-cc-auth doctor paypal --profile work\n")
    monkeypatch.setenv("PAYPAL_ENVIRONMENT", "production")
    result = run("token", "paypal", "--profile", "work")
    assert f"Not taken from the profile 'work' of {file}: PAYPAL_ENVIRONMENT." in result.stderr
    assert "canary" not in result.stderr
    monkeypatch.setenv("OAUTH_CC_AUTH_PROFILE", "work")
    result = run("token", "paypal")
    assert "Not taken" not in result.stderr
    assert result.stderr.endswith("run: oauth-cc-auth doctor paypal\n")


def test_no_command_has_no_profile() -> None:
    """Outside a command there is no profile."""
    assert (_profiles.words("zoom"), _profiles.used()) == ({}, "")


def test_the_variable_names_a_profile(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """OAUTH_CC_AUTH_PROFILE holds for its vendor, and for no other; the option has to fit."""
    monkeypatch.setenv("OAUTH_CC_AUTH_PROFILE", "work")
    monkeypatch.setenv("MY_SECRET", "canary")
    written('[profile.work]\npreset = "paypal"\nenvironment = "sandbox"\nclient_secret = { env = "MY_SECRET" }\n')
    assert run("token", "zoom").exit_code == 0
    assert run("token", "paypal").exit_code == 0
    assert "https://api-m.sandbox.paypal.com" in repr(sandbox)
    result = run("token", "zoom", "--profile", "work")
    assert result.exit_code == 2
    assert "The profile 'work' is for paypal, not for zoom." in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[profile.x]\npreset = "zoom"', "There is no profile 'work': write [profile.work] in"),
        ("profile = 1", "There is no profile 'work'"),
        ("[", "cannot be read"),
        ('[profile.work]\npreset = "zoom"\nclient_secret = "canary"', "Write client_secret = { file = ... }"),
        ('[profile.work]\npreset = "zoom"\nnothing = "x"', "zoom has no option 'nothing'"),
        ('[profile.work]\npreset = "zoom"\nclient_secret = { vault = "x" }', "names no place"),
        ('[profile.work]\npreset = "zoom"\nenv = 1', "names no place"),
        (None, "There is no profile 'work'"),
    ],
)
def test_profiles_that_are_refused(text: str | None, said: str) -> None:
    """What is wrong with the file is one line that names it, and quotes no secret."""
    if text is not None:
        written(text)
    result = run("token", "zoom", "--profile", "work")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "canary" not in result.stderr
