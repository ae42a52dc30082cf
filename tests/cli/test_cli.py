"""The command line: what it prints where, and how it ends."""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import click
import pytest
import responses
from click.testing import CliRunner, Result
from rich.console import Console

from oauth_cc_auth import (
    ClientAssertion,
    ClientCredentials,
    ConfigurationError,
    Env,
    StaticToken,
    cli,
    forget_all,
    presets,
)
from oauth_cc_auth.cli import _commands, _tables, _vendors
from oauth_cc_auth.cli._demo import FIRST_CALLS
from oauth_cc_auth.cli._habits import asking
from oauth_cc_auth.presets._played import SANDBOX_CLIENT
from oauth_cc_auth.sandbox import Sandbox

VAINU = "https://api.vainu.io/api/oauth/token/"
# A shell without job control starts what it puts in the background with SIGINT ignored, and CI may run there.
MAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from oauth_cc_auth.cli import main
main()
"""
SECRET, TOKEN = "canary-secret", "canary-token"


def run(*arguments: str, typed: str = "") -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(_commands.commands, list(arguments), input=typed, prog_name="oauth-cc-auth")


@pytest.fixture
def vainu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of Vainu in the environment."""
    monkeypatch.setenv("VAINU_CLIENT_ID", "client")
    monkeypatch.setenv("VAINU_CLIENT_SECRET", SECRET)


def answered(mock: responses.RequestsMock, **more: object) -> None:
    """Let Vainu's token endpoint answer with a token."""
    mock.post(VAINU, json={"access_token": TOKEN, "token_type": "Bearer", **more})


@pytest.mark.usefixtures("vainu")
def test_token_stands_alone_on_stdout() -> None:
    """`$(oauth-cc-auth token vainu)` is the access token and nothing else."""
    with responses.RequestsMock() as mock:
        answered(mock)
        result = run("token", "vainu")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{TOKEN}\n", "")


@pytest.mark.usefixtures("vainu")
def test_json_describes_the_token_without_it() -> None:
    """`--json` says when the token ends, what it may do and where it may go, and does not print it."""
    with responses.RequestsMock() as mock:
        answered(mock, expires_in=3600, scope="vainu:api")
        result = run("token", "vainu", "--json")
    described = json.loads(result.stdout)
    assert TOKEN not in result.output
    assert datetime.fromisoformat(described.pop("expires_at")).timestamp() == pytest.approx(time.time() + 3600, abs=30)
    assert 3570 < described.pop("expires_in") <= 3600
    assert described == {"token_type": "Bearer", "scope": "vainu:api", "api": ["https://api.vainu.io"]}


@pytest.mark.usefixtures("vainu")
def test_json_says_null_for_what_nobody_said() -> None:
    """A server that gives no lifetime makes `expires_at` null, and the scope is the one that was asked for."""
    with responses.RequestsMock() as mock:
        answered(mock)
        described = json.loads(run("token", "vainu", "--json").stdout)
    assert (described["expires_at"], described["expires_in"], described["scope"]) == (None, None, "vainu:api")


@pytest.mark.usefixtures("vainu")
def test_scopes_are_joined() -> None:
    """`--scope` may be given several times and reaches the token request as one list."""
    with responses.RequestsMock() as mock:
        answered(mock)
        run("token", "VAINU", "--scope", "one", "--scope", "two")
        body = mock.calls[0].request.body
    assert "scope=one+two" in str(body)


def test_scope_is_refused_where_there_is_no_choice() -> None:
    """A scope for a vendor without scopes is a usage error and not ignored."""
    result = run("token", "fyma", "--scope", "read")
    assert result.exit_code == 2
    assert "fyma gives no choice of scopes" in result.stderr


@pytest.mark.parametrize(
    ("vendor", "present", "said"),
    [
        ("vainu", [], "VAINU_CLIENT_ID and VAINU_CLIENT_SECRET are not set in the environment: set them, or"),
        ("vainu", ["VAINU_CLIENT_ID"], "VAINU_CLIENT_SECRET is not set in the environment: set it, or"),
        ("zoom", [], "ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID are not set in the environment: "),
    ],
)
def test_missing_variables_are_named(
    monkeypatch: pytest.MonkeyPatch, vendor: str, present: list[str], said: str
) -> None:
    """Without a client in the environment, and nobody to ask, one line on stderr says all that can be done here."""
    for name in present:
        monkeypatch.setenv(name, "client")
    result = run("token", vendor)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {said}")
    assert result.stderr.endswith("or run this in a terminal to be asked.\n")
    assert result.stderr.count("\n") == 1


def test_what_else_is_wrong_waits() -> None:
    """Where a preset has more to say than what is missing, that is said when the rest is there."""

    def acme(client_id: str | None = None) -> StaticToken:
        if client_id is None:
            raise ConfigurationError("it is missing", variable="ACME_CLIENT_ID")
        raise ConfigurationError("that is no region", variable="ACME_CLIENT_ID")

    assert list(_vendors._missing(acme, {})) == ["ACME_CLIENT_ID"]


@pytest.mark.usefixtures("vainu")
def test_refused_client_is_one_line_without_the_secret() -> None:
    """A refusal of the server is one line on stderr and exit status 1; a secret it echoes is not repeated."""
    refusal = {"error": "invalid_client", "error_description": f"no such secret:\n{SECRET}"}
    with responses.RequestsMock() as mock:
        mock.post(VAINU, status=401, json=refusal)
        result = run("token", "vainu")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "invalid_client" in result.stderr
    assert result.stderr.count("\n") == 1
    assert SECRET not in result.stderr


def test_who_is_there_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, what is missing is asked for on stderr, the secret without echo, and stdout stays the token's."""
    monkeypatch.setattr(_vendors, "somebody_is_there", lambda: True)
    with responses.RequestsMock() as mock:
        answered(mock)
        result = run("token", "vainu", typed=f"client\n{SECRET}\n")
        body = str(mock.calls[0].request.body)
    assert (result.exit_code, result.stdout) == (0, f"{TOKEN}\n")
    assert f"client_secret={SECRET}" in body
    assert "vainu client secret" in result.stderr
    assert SECRET not in result.stderr


@pytest.mark.usefixtures("vainu")
def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while waiting ends with the shell's status for it and prints no traceback."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_commands, "TokenSource", interrupted)
    result = run("token", "vainu")
    assert result.exit_code == 130
    assert "Traceback" not in result.output


def group_of(*raised: BaseException) -> BaseException:
    """Return the group in which anyio raises these, one of them in a group of its own."""

    async def one(error: BaseException) -> None:
        async with anyio.create_task_group():
            raise error

    async def all_of_them() -> None:
        async with anyio.create_task_group() as together:
            for error in raised:
                together.start_soon(one, error)

    try:
        anyio.run(all_of_them)
    except BaseException as group:  # noqa: BLE001 - its class is not known to Python 3.10
        return group
    raise AssertionError


@pytest.mark.usefixtures("vainu")
@pytest.mark.parametrize(("others", "status"), [((), 130), ((ValueError(),), 1)])
def test_ctrl_c_in_a_group_is_130(
    monkeypatch: pytest.MonkeyPatch, others: tuple[Exception, ...], *, status: int
) -> None:
    """Ctrl-C ends the same way where an event loop has put it into groups; a group that holds more is seen."""
    group = group_of(KeyboardInterrupt(), *others)

    def interrupted(*_: object, **__: object) -> None:
        raise group

    monkeypatch.setattr(_commands, "TokenSource", interrupted)
    assert not isinstance(group, Exception)
    if others:
        with pytest.raises(type(group)):
            run("token", "vainu")
        return
    result = run("token", "vainu")
    assert (result.exit_code, result.output) == (130, "")


def test_ctrl_c_at_the_prompt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C, or the end of input, at a question ends the same way."""
    monkeypatch.setattr(_vendors, "somebody_is_there", lambda: True)
    assert run("token", "vainu").exit_code == 130


def test_an_unknown_vendor() -> None:
    """A vendor nobody knows is a usage error that says whom one may have meant, and how to see them all."""
    cases: list[tuple[str, str]] = [("acme", "'acme'"), ("vaino", "did you mean vainu")]
    for typed, meant in cases:
        result = run("token", typed)
        assert result.exit_code == 2
        assert meant in result.stderr
        assert "`oauth-cc-auth vendors` lists them." in result.stderr


@pytest.mark.parametrize(("issued", "spent"), [("first", False), ("second", True), (None, False)])
def test_a_replaced_refresh_token_is_kept(monkeypatch: pytest.MonkeyPatch, issued: str | None, *, spent: bool) -> None:
    """A vendor that rotates refresh tokens spends the one in the environment; the next command finds the new one."""
    for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.setenv(f"VEND_EMAIL_{name}", "first")
    with responses.RequestsMock() as mock:
        answer = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 7200, "refresh_token": issued}
        mock.post("https://www.vend.email/oauth/token", json=answer)
        result = run("token", "vend_email")
        forget_all()
        again = run("token", "vend_email")
        assert len(mock.calls) == 1
    assert (result.exit_code, result.stdout) == (again.exit_code, again.stdout) == (0, f"{TOKEN}\n")
    assert ("has replaced the refresh token" in result.stderr) is spent
    assert "second" not in result.output


def test_nobody_is_there_in_a_pipe() -> None:
    """A program in a pipeline is not asked questions."""
    assert not _vendors.somebody_is_there()


def test_version() -> None:
    """`--version` says the name and the version."""
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("oauth-cc-auth ")


def test_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m oauth_cc_auth` is the command line."""
    monkeypatch.setattr(sys, "argv", ["oauth_cc_auth", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(cli.__file__).parents[1] / "__main__.py"), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("oauth-cc-auth ")


def test_each_command_fits_in_its_line() -> None:
    """`--help` says what each command is for without cutting it short."""
    listed = run("--help").stdout.partition("Commands:")[2]
    assert all(command in listed for command in ("demo", "login", "sandbox", "token", "vendors"))
    assert "..." not in listed
    assert max(map(len, listed.splitlines())) < 80


def test_an_encoding_without_a_check_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where stdout cannot write a character, as a pipe on Windows, it is replaced, and nothing ends in a traceback."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "cp1252"))
    monkeypatch.setattr(_commands, "commands", lambda **_: sys.stdout.write("\N{CHECK MARK} done"))
    cli.main()
    sys.stdout.flush()
    assert written.getvalue() == b"? done"
    elsewhere = io.StringIO()  # what somebody else has put there is left alone
    monkeypatch.setattr(sys, "stdout", elsewhere)
    cli.main()
    assert elsewhere.getvalue() == "\N{CHECK MARK} done"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")  # noqa: PTH110 - it is no file
def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where stdout cannot be written at all, one line says so, also when Python closes it, and the status is 1."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - as above
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "argv", ["oauth-cc-auth", "vendors"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        monkeypatch.undo()
    assert ended.value.code == 1
    assert re.fullmatch(r"Error: .*No space left on device\n", capsys.readouterr().err)


@pytest.mark.parametrize("where", ["full", "gone", "none"])
def test_nobody_reads(where: str) -> None:
    """A full disk, a pipe whose reader has gone and a closed stdout end without a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    if where == "full":
        os.close(writing)
        writing = os.open("/dev/full" if sys.platform == "linux" else os.devnull, os.O_WRONLY)
    before = "import sys; sys.stdout = None  # as where the shell has closed it" if where == "none" else ""
    with os.fdopen(writing, "w") as stdout:
        done = subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-c", before + MAIN, "vendors"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.stderr.count("\n") <= 1


def test_main_runs_the_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The console script runs the commands."""
    monkeypatch.setattr(sys, "argv", ["oauth-cc-auth", "--help"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert "demo" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["click", "rich", "flask"])
def test_missing_extra_says_its_cure(missing: str) -> None:
    """Without one of the extra's libraries, one line on stderr says what to install, and the exit status is 1."""
    ended = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", f"import sys; sys.modules[{missing!r}] = None; {MAIN}", "demo"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert 'pip install "oauth-cc-auth[cli]"' in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_missing_extra_is_said_by_main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The same, whatever part of the command line finds a library missing."""

    def lacking(**_: object) -> None:
        raise ImportError("No module named 'flask'", name="flask")

    monkeypatch.setattr(_commands, "commands", lacking)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "No module named 'flask'" in capsys.readouterr().err


def test_a_broken_installation_is_not_a_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of this package that is missing is shown as what it is."""
    monkeypatch.setitem(sys.modules, "oauth_cc_auth.cli._commands", None)
    with pytest.raises(ModuleNotFoundError):
        cli.main()


def test_ctrl_c_while_loading_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C before click has taken over ends the same way."""

    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_commands, "commands", interrupted)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130


@pytest.mark.parametrize(("kept", "status"), [(True, 0), (False, 1)])
def test_demo_ends_as_it_went(monkeypatch: pytest.MonkeyPatch, *, kept: bool, status: int) -> None:
    """`demo` exits with 0 where all promises were kept, else with 1."""
    from oauth_cc_auth.cli import _demo  # noqa: PLC0415 - as slow here as there

    monkeypatch.setattr(_demo, "run", lambda _, as_json: kept and not as_json)
    assert run("demo").exit_code == status


def test_sandbox_shows_where_and_who(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sandbox` prints each vendor's addresses on this machine and a client to try, and ends on Ctrl-C with 130."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_commands, "threading", SimpleNamespace(Event=lambda: SimpleNamespace(wait=interrupted)))
    result = run("sandbox")
    assert result.exit_code == 130
    shown = [line.split() for line in result.stdout.splitlines()]
    assert {words[0] for words in shown if words[1:3] == ["token", "endpoint"]} >= {*FIRST_CALLS, "vainu-user"}
    assert ["client_secret", "sandbox-secret"] in shown
    assert ["client_id", "sandbox-public-client"] in shown


def test_sandbox_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sandbox --json` prints one line that says where it is, and one for each request, its secrets masked."""
    import requests  # noqa: PLC0415 - the plain library, without our auth

    opened: list[Sandbox] = []

    def opening(**about: Any) -> Sandbox:
        opened.append(Sandbox(**about))
        return opened[-1]

    def used() -> None:
        form = {"grant_type": "client_credentials", **SANDBOX_CLIENT}
        requests.post(opened[-1].url("https://api.vainu.io/api/oauth/token/"), data=form, timeout=5)
        raise KeyboardInterrupt

    monkeypatch.setattr("oauth_cc_auth.sandbox.Sandbox", opening)
    monkeypatch.setattr(_commands, "threading", SimpleNamespace(Event=lambda: SimpleNamespace(wait=used)))
    first, request = map(json.loads, run("sandbox", "vainu", "--json").stdout.splitlines())
    assert first["vendors"]["vainu"]["token_endpoint"].startswith(first["OAUTH_CC_AUTH_SANDBOX"])
    assert first["vendors"]["vainu"]["client_id"] == "sandbox-client"
    assert (request["vendor"], request["kind"], request["status"]) == ("vainu", "token", 200)
    assert "sandbox-secret" not in request["body"]
    plain = run("sandbox", "vainu").stdout.splitlines()[-1]
    assert "/api/oauth/token/" in plain
    assert "sandbox-secret" not in plain


def test_a_taken_port_is_one_line() -> None:
    """A port that somebody else listens on is one line on stderr that names the option."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        result = run("sandbox", "--port", str(somebody.getsockname()[1]))
    assert result.exit_code == 1
    assert "leave --port" in result.stderr
    assert result.stderr.count("\n") == 1


# CPython leaves the socket to the collector that found no such port.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ports_that_run_out_are_one_line() -> None:
    """A first port with too few behind it is one line on stderr that says what to do, and not a traceback."""
    result = run("sandbox", "--port", "65534")
    status, said = result.exit_code, result.stderr
    del result
    gc.collect()
    assert status == 1
    assert said == "Error: There are too few ports from 65534 on: leave --port 65534 out, or try a lower one.\n"


def test_the_sandbox_breaks_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """However narrow the terminal, an address stays in one piece, to be copied."""
    console = Console(width=30, file=io.StringIO())
    with Sandbox() as sandbox:
        grants = {"vainu": sandbox.grant(presets.vainu("id", "secret"))}
        console.print(_tables.sandbox_table(grants), soft_wrap=True)
        assert isinstance(console.file, io.StringIO)
        assert f"token endpoint  {grants['vainu'].token_endpoint}\n" in console.file.getvalue()


@pytest.mark.parametrize("variables", [{}, {"VAINU_API_KEY": "key"}])
@pytest.mark.parametrize("there", [True, False])
def test_a_key_made_by_hand_is_not_asked_for(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    """Where the preset is a token already, that is said, and nothing is asked for first."""
    monkeypatch.setattr(_vendors, "somebody_is_there", lambda: there)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = run("token", "vainu-api-key", typed="key\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        "vainu-api-key is a token already, made by hand at the vendor: there is nothing to get.\n"
    )


def test_a_key_that_is_known_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where only what was said on the command line makes it a token."""

    def acme(scope: str | None = None) -> StaticToken:
        if scope is None:
            raise ConfigurationError("a scope is needed")
        return StaticToken("key")

    monkeypatch.setattr(presets, "get", lambda _: acme)
    result = run("token", "acme", "--scope", "read")
    assert result.exit_code == 2
    assert "there is nothing to get" in result.stderr


@contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """Leave no process behind, whatever a test finds."""
    try:
        yield
    finally:
        process.kill()


def test_sandbox_in_a_process_of_its_own() -> None:
    """`sandbox` shows each request it gets in one masked line, until Ctrl-C, and ends without a traceback."""
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-u", "-c", MAIN, "sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert process.stdout
    with process, ending(process):
        endpoint = ""
        for line in process.stdout:
            words = line.split()
            if words[:1] == ["vainu"]:
                endpoint = words[-1]
            if "Ctrl-C" in line:
                break
        import requests  # noqa: PLC0415 - the plain library, without our auth

        form = {"grant_type": "client_credentials", **SANDBOX_CLIENT}
        answer = requests.post(endpoint, data=form, timeout=5)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    assert answer.status_code == 200
    assert "vainu      200 POST /api/oauth/token/" in output
    assert "client_secret=***" in output
    assert (process.returncode, errors) == (130, "")
    assert answer.json()["access_token"] not in output


@pytest.mark.parametrize("command", ["token", "login"])
def test_help_says_where_the_vendors_are(command: str) -> None:
    """The help names the command that lists the vendors."""
    shown = " ".join(run(command, "--help").stdout.split())
    assert f"oauth-cc-auth {command} [OPTIONS] VENDOR" in shown
    assert "`oauth-cc-auth vendors` lists them" in shown


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("--version", {"filelock", "platformdirs"}),
        ("status", {"oauth_cc_auth.presets._zoom"}),
        ("vendors zoom", {"filelock", "platformdirs"}),
        ("vendors", {"filelock", "platformdirs"}),
    ],
)
def test_a_command_loads_what_it_needs(command: str, needless: set[str]) -> None:
    """The command line starts quickly: what only another command needs is not loaded."""
    code = f"import sys\nfrom oauth_cc_auth.cli import main\nsys.argv[1:] = {command.split()}\n"
    code += "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules, sep='\\n', file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - this interpreter
    never = {"requests", "httpx", "authlib", "flask", "rich.table", "webbrowser", "http.server", "redis", "keyring"}
    loaded = set(ran.stderr.splitlines())
    assert "oauth_cc_auth.cli._commands" in loaded
    assert not loaded & (needless | never)


def test_vendor_type_takes_underscores() -> None:
    """A vendor may be typed as in Python."""
    with click.Context(click.Command("token")) as context:
        assert _vendors.Vendor().convert("Vend_Email", None, context) == "vend-email"


def test_an_error_is_printed_once() -> None:
    """What ends a command is printed by the command, and not by the log as well."""
    cases: list[tuple[str, bool]] = [("TokenRequestRefused", False), ("TokenObtained", True)]
    for event, printed in cases:
        assert cli._is_not_raised(logging.makeLogRecord({"oauth_event": event})) is printed


def test_a_client_that_another_server_vouches_for() -> None:
    """The table of vendors says how such a client proves itself."""
    method = ClientAssertion(Env("ASSERTION"))
    grant = ClientCredentials(token_endpoint="https://a.b/token", client_id="client", token_endpoint_auth_method=method)
    assert asking(grant) == ("https://a.b/token", "an assertion of others")


def test_an_error_with_json_is_text() -> None:
    """With `--json` too, an error is one line of text on stderr, and stdout is empty."""
    result = run("token", "vainu", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: VAINU_CLIENT_ID")
