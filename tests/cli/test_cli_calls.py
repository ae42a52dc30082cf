"""The command line at a sandbox: headers, calls, options of presets, and what stands in for a vendor."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import click
import pytest
import requests
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from rich.console import Console

from oauth_cc_auth import (
    ClientCredentials,
    ConfigurationError,
    EncryptedStore,
    JWTBearer,
    RedisStore,
    RequestsAuth,
    ResourceServer,
    StaticToken,
    TokenSource,
    forget_all,
    presets,
)
from oauth_cc_auth.cli import _calls, _catalogue, _commands, _stores, _tables, _vendors, _words
from oauth_cc_auth.sandbox import Sandbox

MAIN = "from oauth_cc_auth.cli import main; main()"


def run(*arguments: str, body: bytes = b"", color: bool = False) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(_commands.commands, list(arguments), input=body, prog_name="oauth-cc-auth", color=color)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that other programs reach."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def url(sandbox: Sandbox) -> str:
    """The address of the sandbox."""
    return sandbox.origin("https://zoom.us")


def test_a_call_at_the_sandbox_needs_no_variable(sandbox: Sandbox, url: str) -> None:
    """With `--sandbox`, what is not set is the sandbox's own, and the answer's body stands on stdout."""
    result = run("call", "zoom", "get", "/users/me", "--sandbox", url)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)
    assert (sandbox.token_requests, sandbox.api_requests) == (1, 1)
    assert "OAUTH_CC_AUTH_SANDBOX" not in os.environ


def test_bytes_pass_unchanged(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Body and answer are bytes, not text; the body is JSON unless a header says otherwise."""
    seen: list[tuple[bytes, str | None]] = []
    real = requests.request

    def spied(method: str, address: str, **more: Any) -> requests.Response:
        seen.append((more["data"], more["headers"].get("Content-Type")))
        return real(method, address, **more)

    monkeypatch.setattr(requests, "request", spied)
    body = bytes(range(256))
    run("call", "zoom", "POST", "/users", "--sandbox", url, body=body)
    run("call", "zoom", "POST", "/users", "--sandbox", url, "-H", "content-type: image/png", body=body)
    run("call", "zoom", "GET", "/users", "--sandbox", url)
    assert seen == [(body, "application/json"), (body, None), (None, None)]


def test_an_answer_of_bytes(sandbox: Sandbox, url: str) -> None:
    """What the API answers reaches stdout byte by byte."""
    body = "\u20ac\r\n\x00".encode()
    sandbox.fail("api", status=200, body=body)
    assert run("call", "zoom", "GET", "/users", "--sandbox", url).stdout_bytes == body


def test_an_error_of_the_api(sandbox: Sandbox, url: str) -> None:
    """From status 400 on, the body is on stderr and the exit status is 1; stdout stays empty."""
    sandbox.fail("api", status=404, body={"message": "no such user"})
    result = run("call", "zoom", "GET", "/users/nobody", "--sandbox", url)
    assert (result.exit_code, result.stdout) == (1, "")
    *body, said = result.stderr.splitlines()
    assert json.loads("".join(body)) == {"message": "no such user"}
    assert said == "Error: 127.0.0.1 answered 404 NOT FOUND."
    sandbox.fail("api", status=500, body="gone\n")
    assert run("call", "zoom", "GET", "/", "--sandbox", url).stderr.startswith("gone\nError: ")


def test_a_foreign_host_is_refused(sandbox: Sandbox, url: str) -> None:
    """Neither `call` nor `headers` lets a token go to a host that is not the vendor's."""
    for arguments in (("call", "zoom", "GET"), ("headers", "zoom")):
        result = run(*arguments, "https://elsewhere.example/", "--sandbox", url)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "not to https://elsewhere.example" in result.stderr
        assert result.stderr.endswith(
            ":443. The sandbox plays the vendor: give the path alone, such as /users/me, or leave --sandbox out.\n"
        )
    assert sandbox.api_requests == 0


@pytest.mark.parametrize(
    ("sandbox_url", "advice"),
    [
        ("", "https://elsewhere.example:443. Give a path of the vendor's API, or a URL at one of these hosts.\n"),
        ("http://127.0.0.1:1", "give the path alone, such as /users/me, or unset OAUTH_CC_AUTH_SANDBOX.\n"),
    ],
)
def test_the_advice_on_a_foreign_host(monkeypatch: pytest.MonkeyPatch, sandbox_url: str, advice: str) -> None:
    """What a terminal can change is said in place of what a program can, with a sandbox and without."""
    key = StaticToken("key", resource_server=ResourceServer("https://api.example"))
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", sandbox_url)
    monkeypatch.setattr(_calls, "chosen", lambda *_, **__: SimpleNamespace(made=key))
    result = run("headers", "zoom", "https://elsewhere.example/x")
    assert result.exit_code == 1
    assert result.stderr.endswith(advice)
    assert "source.url" not in result.stderr
    assert "ResourceServer" not in result.stderr


def test_headers_of_a_path(sandbox: Sandbox, url: str) -> None:
    """A path is below the API's base, as for `call`, and the whole URL stands on stderr."""
    for path in ("/users/me", "users/me"):
        result = run("headers", "zoom", path, "--sandbox", url)
        assert (result.exit_code, result.stdout[:22]) == (0, "Authorization: Bearer ")
        assert result.stderr == f"For {sandbox.origin('https://api.zoom.us')}/v2/users/me\n"


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """An API that does not answer is one line that names its host, without a traceback."""
    monkeypatch.setattr(requests, "request", lambda *_, **__: (_ for _ in ()).throw(requests.ConnectionError("secret")))
    result = run("call", "zoom", "GET", "/users", "--sandbox", url)
    assert result.exit_code == 1
    assert result.stderr == ("Error: 127.0.0.1 gave no answer (ConnectionError). Check the network and the URL.\n")


def test_headers_are_for_curl(sandbox: Sandbox, url: str) -> None:
    """`headers` prints a header a line, and another program is let in with them."""
    api = sandbox.origin("https://api.zoom.us")
    result = run("headers", "zoom", f"{api}/v2/users/me", "--sandbox", url)
    name, _, value = result.stdout.rstrip("\n").partition(": ")
    assert name == "Authorization"
    assert requests.get(f"{api}/v2/users/me", headers={name: value}, timeout=5).status_code == 200
    in_json = json.loads(run("headers", "zoom", f"{api}/v2/users/me", "--sandbox", url, "--json").stdout)
    assert in_json == {name: value}


def test_a_key_made_by_hand_is_presented(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key needs no token request, and `headers` puts it where the vendor wants it."""
    monkeypatch.setenv("VAINU_API_KEY", "canary-key")
    result = run("headers", "vainu-api-key", "https://api.vainu.io/")
    assert result.exit_code == 0
    assert "canary-key" in result.stdout


@pytest.mark.parametrize("header", ["Authorization: Bearer x", "cookie: a=b"])
def test_a_credential_in_a_header_is_refused(header: str, url: str) -> None:
    """A header that carries a credential is a usage error which does not repeat it."""
    result = run("call", "zoom", "GET", "/", "-H", header, "--sandbox", url)
    assert result.exit_code == 2
    assert "is a credential" in result.stderr
    assert "Bearer" not in result.stderr


def test_a_header_has_a_name_and_a_value() -> None:
    """What is no header is a usage error that shows one."""
    cases: list[str] = ["nothing", ": value"]
    for header in cases:
        result = run("call", "zoom", "GET", "/", "-H", header)
        assert result.exit_code == 2
        assert "use 'Name: value'." in result.stderr


def test_a_vendor_without_one_address() -> None:
    """Where the API has no base URL, a path alone is a usage error that says what to give."""
    source = TokenSource(StaticToken("key"))
    assert _calls._below(source, "https://api.example/x") == "https://api.example/x"
    with pytest.raises(click.UsageError, match="give a whole URL"):
        _calls._below(source, "/x")
    pinned = TokenSource(StaticToken("key", resource_server=ResourceServer("https://api.example/v2/")))
    assert _calls._below(pinned, "//elsewhere.example/x") == "https://api.example/v2/elsewhere.example/x"


def test_no_body_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal is not waited for, and a closed stdin is no body."""
    for stdin in (None, SimpleNamespace(isatty=lambda: True)):
        monkeypatch.setattr(sys, "stdin", stdin)
        assert _calls._body() is None


def test_options_that_are_refused() -> None:
    """An option is NAME=VALUE of an argument that is no credential; a credential's value is not repeated."""
    cases: list[tuple[str, str]] = [
        ("environment", "use NAME=VALUE"),
        ("=x", "use NAME=VALUE"),
        ("client_secret=x-canary", "Set PAYPAL_CLIENT_SECRET instead."),
        ("client-id=x-canary", "Set PAYPAL_CLIENT_ID instead."),
        ("region=x", "paypal has no option 'region'. It has: environment"),
        ("environment=prod", "environment"),
    ]
    for option, said in cases:
        result = run("token", "paypal", "-o", option)
        assert result.exit_code in {1, 2}
        assert said in result.stderr
        assert "canary" not in result.stderr


@pytest.mark.parametrize("command", ["token", "call", "headers"])
def test_an_option_chooses_the_environment(sandbox: Sandbox, url: str, command: str) -> None:
    """`-o environment=sandbox` reaches the vendor's test environment, in each command that needs a token."""
    api = sandbox.origin("https://api-m.sandbox.paypal.com")
    more = {"token": [], "call": ["GET", "/v1/x"], "headers": [f"{api}/v1/x"]}[command]
    result = run(command, "paypal", *more, "-o", "environment=sandbox", "--sandbox", url)
    assert result.exit_code == 0
    assert sandbox.count("token", "paypal") == 1
    assert "https://api-m.paypal.com" not in repr(sandbox)


def test_what_an_option_becomes() -> None:
    """An option has the type of the argument's default."""

    def acme(*, debug: bool = False, days: int = 1, hosts: tuple[str, ...] = (), tenant: str = "") -> StaticToken:
        raise NotImplementedError

    given = {"debug": "TRUE", "days": "7", "hosts": "a b", "tenant": "x"}
    assert {name: _words.option("acme", acme, name, text) for name, text in given.items()} == {
        "debug": True,
        "days": 7,
        "hosts": ["a", "b"],
        "tenant": "x",
    }
    for name, text, said in (("debug", "perhaps", "-o debug is"), ("days", "x", "use a number")):
        with pytest.raises(click.UsageError, match=said):
            _words.option("acme", acme, name, text)


def test_the_option_is_in_the_command_that_logs_in(url: str) -> None:
    """What an error tells to run has the options that were given, so that it is about the same login."""
    result = run("token", "vend-email", "--sandbox", url, "--store", "file")
    assert "Run: oauth-cc-auth login vend-email --store file" in result.stderr


def test_programs_follow_the_variable(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, url: str) -> None:
    """With OAUTH_CC_AUTH_SANDBOX set, an unchanged program of Python talks to the sandbox; what is set, is used."""
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", url)
    monkeypatch.setenv("ZOOM_CLIENT_ID", "my-own")
    grant = presets.zoom()
    assert isinstance(grant, ClientCredentials)
    assert grant.client_id == "my-own"
    assert grant.resource_server is not None
    answer = requests.get(f"{grant.resource_server.base_url}/users/me", auth=RequestsAuth(grant), timeout=5)
    assert (answer.status_code, sandbox.token_requests) == (200, 1)
    assert grant.client_secret == "sandbox-secret"
    given = presets.get("zoom")("id", "secret", account_id="account")
    assert dict(given.parameters) == {"account_id": "account"}  # type: ignore[union-attr]  # no static token


def test_a_vendor_of_many_hosts_is_known(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, url: str) -> None:
    """A made-up tenant is one of the vendor's own hosts, so that the sandbox plays that vendor."""
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", url)
    TokenSource(presets.auth0()).token()
    TokenSource(presets.sentinel_hub()).token()
    assert sandbox.count("token", "auth0") == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:1", "OAUTH_CC_AUTH_SANDBOX: no sandbox answers at http://127.0.0.1:1"),
        ("https://zoom.us", "OAUTH_CC_AUTH_SANDBOX: 'https://zoom.us' is not the address of a sandbox"),
        ("http://192.0.2.1:80", "OAUTH_CC_AUTH_SANDBOX: "),
    ],
)
def test_a_sandbox_that_is_not_there(monkeypatch: pytest.MonkeyPatch, address: str, said: str) -> None:
    """No sandbox, or one on another machine, is an error that names the variable, and nothing goes to the vendor."""
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", address)
    with pytest.raises(ConfigurationError, match=said):
        presets.zoom()


def test_the_option_wants_a_sandbox(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """`--sandbox` takes loopback only, wins over the variable, and leaves that as it was."""
    result = run("token", "zoom", "--sandbox", "http://192.0.2.1:80")
    assert result.exit_code == 2
    result = run("token", "zoom", "--sandbox", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: --sandbox: no sandbox answers at http://127.0.0.1:1 (")
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", "http://127.0.0.1:1")
    assert run("token", "zoom", "--sandbox", url).exit_code == 0
    assert os.environ["OAUTH_CC_AUTH_SANDBOX"] == "http://127.0.0.1:1"


def test_what_is_wrong_besides_is_said(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """At a sandbox too, what is wrong with an argument is the preset's to say."""
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", url)
    with pytest.raises(ConfigurationError, match="environment"):
        presets.paypal(environment="prod")  # type: ignore[arg-type]  # as a type checker says


def test_named_vendors_are_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sandbox VENDOR...` plays these alone, with what they need made up, and says how other programs use it."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", "http://127.0.0.1:1")
    monkeypatch.setattr(_commands, "threading", SimpleNamespace(Event=lambda: SimpleNamespace(wait=interrupted)))
    result = run("sandbox", "auth0", "zoom")
    shown = [line.split() for line in result.stdout.splitlines()]
    assert [words[0] for words in shown if words[1:3] == ["token", "endpoint"]] == ["auth0", "zoom"]
    assert "export OAUTH_CC_AUTH_SANDBOX=http://127.0.0.1:" in result.stdout
    refused = run("sandbox", "vainu-api-key")
    assert refused.exit_code == 1
    assert "no server issues it" in refused.stderr


@pytest.mark.parametrize(
    ("client_ids", "shown"),
    [
        ("u", ["client_id u", "client_secret s"]),
        ("uu", ["all of them client_id u", "client_secret s"]),
        ("ou", ["client_id o", "all others client_id u", "client_secret s"]),
        ("o", ["client_id o"]),
        ("", []),
    ],
)
def test_whose_client_it_is(monkeypatch: pytest.MonkeyPatch, client_ids: str, shown: list[str]) -> None:
    """The sandbox's list says of one vendor which client it takes, and of several whose client it is."""
    monkeypatch.setattr(_tables, "SANDBOX_CLIENT", {"client_id": "u", "client_secret": "s"})
    grants: dict[str, Any] = {
        f"v{number}": ClientCredentials(token_endpoint="https://a.example/token", client_id=name, client_secret="s")
        for number, name in enumerate(client_ids)
    } or {"v0": JWTBearer(token_endpoint="https://a.example/token", assertion=str)}
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(_tables.sandbox_table(grants))
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert [line for line in lines if "client_" in line] == shown


def test_a_preset_of_another_package_is_played(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A preset that no vendor of the sandbox fits is played by the letter, and its argument without default made up."""

    def acme(tenant: str, *, client_id: str | None = None, base_url: str = "") -> ClientCredentials:
        return ClientCredentials(
            token_endpoint=f"https://{tenant}.example/token", client_id=client_id, client_secret="s"
        )

    monkeypatch.setattr(presets, "get", lambda _: acme)
    grant = _vendors.sandbox_grant(sandbox, "acme")
    assert grant.client_id == "sandbox-public-client"
    assert TokenSource(grant).token().token_type == "Bearer"


def test_search() -> None:
    """Words that name no preset are looked for in names and vendors; found nowhere, they are an error."""
    found = [line.split("\t")[0] for line in run("vendors", "Payments").stdout.splitlines()]
    assert "paypal" in found
    assert "zoom" not in found
    described = run("vendors", "zoom").stdout
    assert described.startswith("zoom(account_id=)")
    assert run("vendors", "nobodyhasthisword").exit_code == 1


def test_vendors_in_json() -> None:
    """`vendors --json` is everything about the presets, as one list."""
    entries = json.loads(run("vendors", "zoom", "paypal", "--json").stdout)
    assert [entry["name"] for entry in entries] == ["zoom", "paypal"]
    assert entries[0]["variables"] == ["ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "ZOOM_ACCOUNT_ID"]
    assert entries[1]["elsewhere"] == [
        {
            "argument": 'environment="sandbox"',
            "token_endpoint": "https://api-m.sandbox.paypal.com/v1/oauth2/token",
            "api": "https://api-m.sandbox.paypal.com",
        }
    ]


def test_a_preset_that_is_broken_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search passes over a preset that cannot be loaded."""

    def broken(_: str) -> None:
        raise ConfigurationError("broken")

    monkeypatch.setattr(presets, "get", broken)
    assert not _catalogue._searched("acme")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("token vend_", "vend-email"), ("token zoom --store enc", "encrypted:file")],
)
def test_completion(typed: str, offered: str) -> None:
    """The shell offers vendors' names and stores."""
    *words, incomplete = typed.split(" ")
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", MAIN],
        env={
            **os.environ,
            "_OAUTH_CC_AUTH_COMPLETE": "bash_complete",
            "COMP_WORDS": f"oauth-cc-auth {typed}",
            "COMP_CWORD": str(len(words) + 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert incomplete in typed
    assert offered in done.stdout


def test_a_store_in_python() -> None:
    """Each store is written as a program opens it, without a password."""
    cases: list[tuple[str, str]] = [
        ("file", "FileStore()"),
        ("keyring", "KeyringStore()"),
        ("redis://cache.example", "RedisStore('redis://cache.example')"),
        ("redis://:pw@cache.example", 'RedisStore(os.environ["OAUTH_CC_AUTH_STORE"])'),
        ("encrypted:file", 'EncryptedStore(FileStore(), os.environ["OAUTH_CC_AUTH_STORE_KEYS"].split())'),
    ]
    for name, expression in cases:
        assert _stores.in_python(name) == expression


def test_stores_that_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis and encryption around a store are opened from their names; the keys come from a variable."""
    redis = _stores.opened("redis://127.0.0.1:1")
    assert isinstance(redis, RedisStore)
    assert _stores.place_of(redis) == "Redis"
    with pytest.raises(click.ClickException, match="OAUTH_CC_AUTH_STORE_KEYS is not set"):
        _stores.opened("encrypted:file")
    monkeypatch.setenv("OAUTH_CC_AUTH_STORE_KEYS", Fernet.generate_key().decode())
    store = _stores.opened("encrypted:file")
    assert isinstance(store, EncryptedStore)
    assert _stores.place_of(store).endswith("oauth-cc-auth, encrypted")


def test_a_token_is_kept_encrypted(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, url: str) -> None:
    """With the variable OAUTH_CC_AUTH_STORE the second command sends no token request."""
    monkeypatch.setenv("OAUTH_CC_AUTH_STORE", "encrypted:file")
    monkeypatch.setenv("OAUTH_CC_AUTH_STORE_KEYS", Fernet.generate_key().decode())
    first = run("token", "zoom", "--sandbox", url)
    forget_all()
    assert first.exit_code == 0
    assert run("token", "zoom", "--sandbox", url).stdout == first.stdout
    assert sandbox.token_requests == 1


def test_stores_that_are_refused() -> None:
    """A store that does not exist, and a password in an argument, are usage errors."""
    cases: list[tuple[str, str]] = [
        ("etcd", "use file, keyring, redis://HOST:PORT"),
        ("redis://:canary@h", "set OAUTH_CC_AUTH_STORE to this URL"),
    ]
    for store, said in cases:
        result = run("token", "zoom", "--store", store)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())
        assert "canary" not in result.stderr


def test_a_password_may_stand_in_the_variable(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The variable is read by nobody else, so a URL with a password is taken from there; a call outlives its Redis."""
    monkeypatch.setenv("OAUTH_CC_AUTH_STORE", "redis://:canary@127.0.0.1:1")
    result = run("token", "zoom", "--sandbox", url)
    assert result.exit_code == 0
    assert "canary" not in result.output


def test_options_are_part_of_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that an error tells to run has the options that were given."""
    from oauth_cc_auth import AuthorizationCode  # noqa: PLC0415 - only here

    def acme(client_id: str = "x", *, tenant: str = "") -> AuthorizationCode:
        return AuthorizationCode(
            token_endpoint=f"https://{tenant}.example/token",
            authorization_endpoint=f"https://{tenant}.example/authorize",
            client_id=client_id,
            token_endpoint_auth_method="none",
        )

    monkeypatch.setattr(presets, "get", lambda _: acme)
    assert "Run: oauth-cc-auth login acme -o tenant=mine" in run("token", "acme", "-o", "tenant=mine").stderr


def test_a_key_is_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is chosen as a key has no grant that requests a token."""
    monkeypatch.setenv("VAINU_API_KEY", "canary-key")
    with pytest.raises(click.UsageError, match="there is nothing to get"):
        _ = _vendors.chosen("vainu-api-key", keys=True).grant


def completed(*words: str) -> list[str]:
    """Return what the shell offers for the last of these words."""
    shell = ShellComplete(_commands.commands, {}, "oauth-cc-auth", "_OAUTH_CC_AUTH_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_every_vendor_is_completed() -> None:
    """Each command that takes a vendor completes its name."""
    taking = [
        name
        for name, command in _commands.commands.commands.items()
        if any("VENDOR" in (param.metavar or "") for param in command.params if isinstance(param, click.Argument))
    ]
    assert {"doctor", "vendors", "token", "call", "sandbox", "status"} <= {*taking}
    assert [name for name in taking if completed(name, "zo") != ["zoho", "zoom"]] == []


def test_options_are_completed() -> None:
    """`-o` completes the options of the vendor, with their values where they are few, and no credential."""
    assert completed("token", "zoom", "-o", "") == ["account_id=", "cloud=global", "cloud=us-government"]
    assert completed("doctor", "paypal", "-o", "env") == ["environment=production", "environment=sandbox"]
    assert completed("token", "-o", "") == completed("token", "nobody", "-o", "") == []


def test_completion_in_this_process() -> None:
    """Names are completed with dashes, whichever way they are typed; stores by their beginnings."""
    context, argument = click.Context(_commands.commands), click.Argument(["x"])
    names = [item.value for item in _vendors.Vendor().shell_complete(context, argument, "VEND_e")]
    assert names == ["vend-email", "vend-email-personal"]
    assert [item.value for item in _stores.StoreName().shell_complete(context, argument, "fi")] == ["file"]
