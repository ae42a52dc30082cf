"""The login on the command line, with an HTTP client in place of the browser."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import struct
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import keyring
import pytest
import requests
from click.testing import CliRunner, Result
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring
from login_vendors import SECRET, Vendors
from loopback import Answer, Loopback, Received, token_answer
from timing import eventually

from oauth_cc_auth import AuthorizationCode, FileStore, forget_all, presets
from oauth_cc_auth.cli import _commands, _login, _page, _redirection_endpoint, _stores, _vendors
from oauth_cc_auth.cli._redirection_endpoint import Arrival, RedirectionEndpoint
from oauth_cc_auth.sandbox import Sandbox

ASKED = "Opening your browser to log in at 127.0.0.1, within 300 s; Ctrl-C ends the wait.\n"


def run(*arguments: str, typed: str = "") -> Result:
    """Run the command line in this process."""
    result = CliRunner().invoke(_commands.commands, list(arguments), input=typed, prog_name="oauth-cc-auth")
    assert isinstance(result.exception, (SystemExit, type(None)))
    return result


class Browser:
    """What the user's browser does when it is opened: the user accepts, and it follows each redirect."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Log in at this sandbox."""
        self.sandbox = sandbox
        self.opens = True
        self.pages: list[requests.Response] = []
        self.first: Callable[[str], object] = lambda _: None
        self.urls: list[str] = []
        self.cookies = requests.cookies.RequestsCookieJar()

    def open(self, url: str) -> bool:
        """Open this address, if browsers can be opened."""
        self.urls.append(url)
        if self.opens:
            self.follow(url)
        else:
            self.first("")
        return self.opens

    def follow(self, url: str) -> requests.Response:
        """Go where the first page leads, log in there, and come back."""
        begun = self.visit(url, allow_redirects=False)
        location = begun.headers["Location"]
        self.first(parse_qs(urlsplit(location).query)["redirect_uri"][0])
        return self.visit(self.sandbox.log_in(location))

    def visit(self, url: str, **kwargs: Any) -> requests.Response:
        """Go to an address, and keep the page."""
        page = requests.get(url, timeout=20, cookies=self.cookies, **kwargs)
        self.cookies.update(page.cookies)
        self.pages.append(page)
        return page

    @property
    def title(self) -> str:
        """The title of the last page."""
        found = re.search("<h1>(.*)</h1>", self.pages[-1].text)
        assert found
        return found[1]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose users accept."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def vendors(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    """The presets, pointed at the sandbox; no thread of a login is left."""
    yield Vendors(sandbox, monkeypatch)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("oauth-cc-auth-redirect")] == []


@pytest.fixture
def browser(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """The browser that the command line opens."""
    here = Browser(vendors.sandbox)
    monkeypatch.setattr(webbrowser, "open", here.open)
    return here


# It works


@pytest.mark.usefixtures("full_hashes")
def test_login(vendors: Vendors, browser: Browser) -> None:
    """A login is kept where the printed line of Python finds it in another process, and `token` does."""
    result = run("login", "vend-email")
    assert (result.exit_code, result.stderr) == (0, ASKED)
    first, second, *rest = result.stdout.splitlines()
    path = re.escape(str(FileStore().path))
    when = r"until \d{4}-\d\d-\d\d \d\d:\d\d \S+"
    assert re.fullmatch(f"Logged in to vend-email: access token kept in {path}, good {when}, then renewed.", first)
    assert second == "In Python: RequestsAuth(presets.vend_email(), store=FileStore())"
    assert rest == []
    line = second.removeprefix("In Python: ")
    code = f"""
import requests
from oauth_cc_auth import FileStore, RequestsAuth, presets
print(requests.get({vendors.api()!r}, auth={line}, timeout=10).json()["email"])
"""
    assert vendors.python(code) == "somebody@example.com\n"
    forget_all()
    got = run("token", "vend-email")
    assert (got.exit_code, got.stderr, vendors.sandbox.token_requests) == (0, "", 1)
    assert requests.get(vendors.api(), headers={"Authorization": f"Bearer {got.stdout.strip()}"}, timeout=5).ok


@pytest.mark.usefixtures("vendors", "browser")
def test_a_login_in_json() -> None:
    """`login --json` says whose token it is and where it is kept, and not the token."""
    result = run("login", "vend-email", "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["store"]) == (0, str(FileStore().path))
    kept = [entry.token.access_token for entry in FileStore().entries() if entry.token]
    assert kept
    assert kept[0] not in result.stdout


@pytest.mark.usefixtures("vendors")
@pytest.mark.requirement("6749-redirect-page", "9700-referrer", "6749-open-redirector", "9700-open-redirector")
def test_the_page_at_the_end(browser: Browser) -> None:
    """The page says that it worked, is kept and told nowhere, loads nothing, and holds no code."""
    run("login", "vend-email")
    page = browser.pages[-1]
    assert (page.status_code, browser.title) == (200, "You are logged in to vend-email")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Server"] == "oauth-cc-auth"
    said = parse_qs(urlsplit(page.url).query)
    assert {"code", "state"} <= said.keys()
    assert not any(value in page.text for values in said.values() for value in values)
    assert "script" not in page.text
    assert not re.search("(src|href|url)[=(]", page.text)


@pytest.mark.parametrize("typed", ["vibe", "vibe_user", "Vainu", "vainu-user"])
def test_a_vendor_with_both(vendors: Vendors, browser: Browser, typed: str) -> None:
    """At a vendor that knows clients and users, to log in means as a user."""
    preset = typed.lower().removesuffix("_user").removesuffix("-user")
    result = run("login", typed)
    assert result.exit_code == 0
    assert f"RequestsAuth(presets.{preset}_user(), store=FileStore())" in result.stdout
    assert browser.title == f"You are logged in to {preset}"
    assert run("token", f"{preset}-user").exit_code == 0
    assert vendors.sandbox.token_requests == 1


@pytest.mark.usefixtures("full_hashes")
@pytest.mark.usefixtures("browser")
def test_options_are_the_same_in_python_and_at_token(vendors: Vendors) -> None:
    """Scope and name of a login stand in the line of Python, and belong to `token` as they did to `login`."""
    options = ("--scope", "campaigns:read", "--scope", "reporting:read", "--login", "bob's")
    result = run("login", "vibe", *options)
    line = result.stdout.splitlines()[1].removeprefix("In Python: ")
    arguments = "scope='campaigns:read reporting:read', login=\"bob's\""
    assert line == f"RequestsAuth(presets.vibe_user({arguments}), store=FileStore())"
    code = f"""
from oauth_cc_auth import FileStore, TokenSource, RequestsAuth, presets
auth = {line}
print(TokenSource(presets.vibe_user({arguments}), store=FileStore()).token().access_token)
"""
    assert vendors.python(code) == run("token", "vibe-user", *options).stdout
    other = run("token", "vibe-user", "--login", "bob's")
    assert (other.exit_code, other.stdout) == (1, "")
    assert other.stderr.endswith("Run: oauth-cc-auth login vibe-user --login 'bob'\"'\"'s'\n")


def test_not_logged_in(vendors: Vendors) -> None:
    """Without a login, `token` says how to log in, and nothing is sent."""
    result = run("token", "vend-email", "--store", "file")
    assert (result.exit_code, result.stdout, vendors.sandbox.token_requests) == (1, "", 0)
    assert result.stderr.endswith("Run: oauth-cc-auth login vend-email --store file\n")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("browser")
def test_a_token_without_an_end(vendors: Vendors) -> None:
    """Where the vendor gives neither an end nor a refresh token, the line says what that means."""
    body = {"access_token": "canary-token", "token_type": "Bearer"}
    vendors.sandbox.fail("token", status=200, body=body)
    result = run("login", "vend-email")
    assert "good until it is refused, then log in again: there is no refresh token." in result.stdout
    assert "canary-token" not in result.output


@pytest.mark.usefixtures("vendors")
def test_a_client_that_is_typed_in(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment lacks is asked for, the secret without echo, and the line of Python says what it needs."""
    monkeypatch.setattr(_vendors, "somebody_is_there", lambda: True)
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"VEND_EMAIL_{name}")
    result = run("login", "vend-email", typed=f"client\n{SECRET}\n")
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "store=FileStore()) (with VEND_EMAIL_CLIENT_ID and VEND_EMAIL_CLIENT_SECRET in the environment)\n"
    )
    assert SECRET not in result.output
    assert browser.title == "You are logged in to vend-email"


@pytest.mark.usefixtures("browser")
def test_the_keyring(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login may be kept in the desktop's keyring."""
    kept: dict[tuple[str, str], str] = {}
    ours = NullKeyring()  # type: ignore[no-untyped-call]  # keyring annotates no constructor
    monkeypatch.setattr(ours, "get_password", lambda *key: kept.get(key))
    monkeypatch.setattr(ours, "set_password", lambda *entry: kept.update({entry[:2]: entry[2]}))
    before = keyring.get_keyring()
    keyring.set_keyring(ours)
    try:
        result = run("login", "vend-email", "--store", "keyring")
        got = run("token", "vend-email", "--store", "keyring")
    finally:
        keyring.set_keyring(before)
    assert "kept in the keyring" in result.stdout
    assert result.stdout.endswith("store=KeyringStore())\n")
    assert (got.exit_code, len(kept), vendors.sandbox.token_requests) == (0, 1, 1)


def test_a_client_s_token_is_kept_where_asked(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token of a vendor without logins is kept only where --store says so."""
    monkeypatch.setenv("VAINU_CLIENT_ID", "another")
    monkeypatch.setenv("VAINU_CLIENT_SECRET", SECRET)
    vendors.sandbox.register_client("vainu", "another", SECRET)
    tokens = []
    for options in ((), (), ("--store", "file"), ("--store", "file")):
        forget_all()
        tokens.append(run("token", "vainu", *options).stdout)
    assert len(set(tokens)) == 3
    assert tokens[2] == tokens[3]


# The browser


def test_no_browser_opens(vendors: Vendors, browser: Browser) -> None:
    """Where no browser can be opened, the address is printed, and whoever opens it logs in."""
    browser.opens = False
    opened: list[str] = []
    later = threading.Thread(target=lambda: browser.follow(wait_for(opened)))
    browser.first = lambda _: opened.append(browser.urls[0])
    later.start()
    result = run("login", "vend-email")
    later.join()
    assert result.exit_code == 0
    assert (
        f"No browser could be opened. Open this address in one on this machine:\n{browser.urls[0]}\n" in result.stderr
    )


def wait_for(values: list[str]) -> str:
    """Return the first value, once there is one."""
    eventually(lambda: values)
    return values[0]


def test_a_browser_in_the_terminal(vendors: Vendors, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that comes back only when its user leaves it does not keep the login from ending."""
    monkeypatch.setattr(_login, "_BROWSER_SECONDS", 0.1)
    left = threading.Event()

    def stays(url: str) -> bool:
        browser.follow(url)
        return left.wait(20)

    monkeypatch.setattr(webbrowser, "open", stays)
    try:
        assert run("login", "vend-email").exit_code == 0
    finally:
        left.set()
        for thread in threading.enumerate():
            if thread.name == "oauth-cc-auth-browser":
                thread.join()


def test_printed_and_opened_by_hand(vendors: Vendors) -> None:
    """`--no-browser` prints the address, after how long it waits; the redirect goes to the port that was asked for."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with vendors.command_line("login", "vend-email", "--no-browser", "--port", str(port)) as process:
        assert process.stderr
        how = "Open this address in a browser on this machine, within 300 s; Ctrl-C ends the wait:\n"
        assert process.stderr.readline() == how
        location = vendors.sandbox.log_in(process.stderr.readline().strip())
        assert location.startswith(f"http://127.0.0.1:{port}/callback?")
        assert requests.get(location, timeout=10).status_code == 200
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert output.startswith("Logged in to vend-email")


@pytest.mark.usefixtures("vendors")
def test_no_browser_is_opened(browser: Browser) -> None:
    """`--no-browser` opens none: the user gets the address, and takes it where there is one."""
    said: list[str] = []
    user: list[threading.Thread] = []

    def say(text: str) -> None:
        said.append(text)
        url = text.partition("\n")[2]
        user.append(threading.Thread(target=lambda: browser.visit(browser.sandbox.log_in(url))))
        user[-1].start()

    token = _login.log_in(
        _vendors.chosen("vend-email"), _stores.KeptStore("file"), port=0, seconds=10, browse=None, say=say
    )
    user[0].join()
    assert browser.title == "You are logged in to vend-email"
    assert token.refresh_token
    assert (len(said), browser.urls) == (1, [])


def test_the_environment_s_browser(vendors: Vendors, tmp_path: Path) -> None:
    """The browser that BROWSER names is opened, and nothing of the redirect is printed."""
    script = tmp_path / "browser"
    script.write_text(
        f"#!{sys.executable}\nimport re, sys, urllib.request as web\n"
        "class Jar(web.HTTPCookieProcessor): pass\n"
        "browser = web.build_opener(Jar())\n"
        "opened = browser.open(sys.argv[1], timeout=10)\n"
        "page = opened.read().decode()\n"
        'token = re.search(\'csrf_token" value="(.*?)"\', page)[1]\n'
        "browser.open(opened.geturl(), f'csrf_token={token}&decision=accept'.encode(), timeout=10)\n"
    )
    script.chmod(0o700)
    with vendors.command_line("login", "vend-email", BROWSER=str(script)) as process:
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, ASKED)
    assert output.count("\n") == 2


# The browser's first page


def test_the_command_line_of_a_browser_tells_nothing(browser: Browser) -> None:
    """Every user of the machine sees it: it has an address of this machine, and neither state nor challenge."""
    assert run("login", "vend-email").exit_code == 0
    (url,) = browser.urls
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/callback/begin/[\w-]{22}", url)
    begun = browser.pages[0]
    assert (begun.status_code, begun.headers["Referrer-Policy"]) == (303, "no-referrer")
    assert "HttpOnly; SameSite=Lax" in begun.headers["Set-Cookie"]


def test_another_browser_does_not_come_back(vendors: Vendors, browser: Browser) -> None:
    """Whoever reads state and challenge somewhere, and logs in with another account, ends nothing."""
    strange = Browser(vendors.sandbox)

    def interfere(_: str) -> None:
        location = browser.pages[0].headers["Location"]
        for cookies in ({}, {"oauth-cc-auth-1": "x"}, {browser.pages[0].cookies.keys()[0]: "guessed"}):
            strange.cookies.clear()
            strange.cookies.update(cookies)
            pages.append(strange.visit(vendors.sandbox.log_in(location)))

    pages: list[requests.Response] = []
    browser.first = interfere
    assert run("login", "vend-email").exit_code == 0
    assert browser.title == "You are logged in to vend-email"
    assert [page.status_code for page in pages] == [400] * 3


def test_the_same_browser_may_begin_again(browser: Browser) -> None:
    """A tab that is opened once more leads to the vendor again."""
    browser.first = lambda _: pages.append(browser.visit(browser.urls[0], allow_redirects=False))
    pages: list[requests.Response] = []
    assert run("login", "vend-email").exit_code == 0
    assert [page.status_code for page in pages] == [303]


def test_two_browsers_end_a_login(vendors: Vendors, browser: Browser) -> None:
    """Where a second browser opens the link nobody knows whose the first is: nothing is stored."""
    strange = Browser(vendors.sandbox)
    browser.first = lambda _: strange.visit(browser.urls[0], allow_redirects=False)
    result = run("login", "vend-email")
    assert result.exit_code == 1
    assert "Two browsers have opened the link to log in" in result.stderr
    assert "Try again: oauth-cc-auth login vend-email" in result.stderr
    assert strange.title == "Another browser has opened this link"
    assert vendors.sandbox.token_requests == 0


# It does not work


def test_declined(vendors: Vendors, browser: Browser) -> None:
    """A user who declines ends it: one line that says so and how to log in, and the page says the same."""
    vendors.sandbox.consent = "deny"
    result = run("login", "vend-email")
    assert (result.exit_code, result.stdout) == (1, "")
    error = result.stderr.removeprefix(ASKED)
    assert re.fullmatch(r"Error: The user declined .*\. Run: oauth-cc-auth login vend-email\n", error)
    assert (browser.pages[-1].status_code, browser.title) == (200, "You declined")
    assert run("token", "vend-email").exit_code == 1


def test_a_wrong_state_is_somebody_else_s(vendors: Vendors, browser: Browser) -> None:
    """What others send to the port neither ends the wait nor is exchanged, and is said once."""
    pages: list[requests.Response] = []
    queries = ("state=theirs&code=theirs", "code=theirs", "", "error=access_denied", "state=%FF&error=x")
    browser.first = lambda callback: pages.extend(browser.visit(f"{callback}?{query}") for query in queries)
    result = run("login", "vend-email")
    assert result.exit_code == 0
    assert {page.status_code for page in pages} == {400}
    assert all("This is not an answer to your login" in page.text and "theirs" not in page.text for page in pages)
    assert result.stderr.count("still waiting") == 1
    assert vendors.sandbox.token_requests == 1


@pytest.mark.parametrize("knob", ["wrong_state", "consent"])
def test_time_limit(vendors: Vendors, browser: Browser, monkeypatch: pytest.MonkeyPatch, knob: str) -> None:
    """Where no answer to this login comes, the wait ends at the time limit with a line that says what to do."""
    monkeypatch.setattr(_login, "_PATIENCE", 0.3)
    if knob == "wrong_state":
        vendors.sandbox.wrong_state = True
    else:
        monkeypatch.setattr(webbrowser, "open", lambda _: True)
    result = run("login", "vend-email", "--login", "me", "--timeout", "1")
    assert (result.exit_code, result.stdout) == (1, "")
    again = "Try again: oauth-cc-auth login vend-email --login me, perhaps with a longer --timeout."
    assert result.stderr.endswith(f"Error: Nobody has logged in within 1 s. {again}\n")
    assert browser.sandbox.token_requests == 0


def test_a_wrong_issuer(vendors: Vendors, browser: Browser) -> None:
    """The answer of another server is not exchanged, and ends the login."""
    vendors.sandbox.wrong_issuer = True
    result = run("login", "vend-email")
    assert result.exit_code == 1
    assert "another authorization server (iss)" in result.stderr
    assert (browser.pages[-1].status_code, browser.title) == (502, "The login did not work")
    assert vendors.sandbox.token_requests == 0


def test_a_refused_exchange(vendors: Vendors, browser: Browser) -> None:
    """Where the token endpoint refuses, the terminal says why in one line; the page repeats nothing of the server's."""
    words = {"error": "invalid_grant", "error_description": "<script>no such code"}
    vendors.sandbox.fail("token", status=400, body=words)
    result = run("login", "vend-email")
    error = result.stderr.removeprefix(ASKED)
    assert (result.exit_code, error.count("\n")) == (1, 1)
    assert "no such code" in error
    assert browser.title == "The login did not work"
    assert "no such code" not in browser.pages[-1].text


def test_no_network(vendors: Vendors, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the token endpoint cannot be reached, it is one line that says so."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/oauth/token"
    module = import_module("oauth_cc_auth.presets._vend_email")
    monkeypatch.setattr(module, "_TOKEN_ENDPOINT", url)
    vendors.sandbox.send_issuer = False
    result = run("login", "vend-email")
    error = result.stderr.removeprefix(ASKED)
    assert (result.exit_code, error.count("\n")) == (1, 1)
    assert "Check the network" in error
    assert browser.title == "The login did not work"


def test_a_taken_port(browser: Browser) -> None:
    """A port that somebody else listens on is one line that names the option, and no browser is opened."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        result = run("login", "vend-email", "--port", str(port))
    assert (result.exit_code, result.stderr.count("\n"), browser.urls) == (1, 1, [])
    assert f"leave --port {port} out, or try another." in result.stderr


def test_a_refresh_token_in_the_environment(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh token in the environment is another login, which programs would use: it has to go first."""
    monkeypatch.setenv("VEND_EMAIL_REFRESH_TOKEN", "first")
    result = run("login", "vend-email")
    assert (result.exit_code, browser.urls) == (1, [])
    assert "VEND_EMAIL_REFRESH_TOKEN is set" in result.stderr


def test_a_vendor_without_a_login() -> None:
    """A vendor that knows no users, or a key made by hand, is a usage error."""
    cases: list[str] = ["fyma", "vend-email-personal"]
    for vendor in cases:
        result = run("login", vendor)
        assert result.exit_code == 2
        assert f"{vendor} needs no login of a user." in result.stderr


def test_a_preset_that_is_no_login_after_all(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset of another package is believed when its grant is seen."""

    def acme(redirect_uri: str | None = None) -> object:
        return presets.vainu("client", SECRET)

    monkeypatch.setattr(presets, "get", lambda _: acme)
    result = run("login", "acme")
    assert (result.exit_code, browser.urls) == (2, [])
    assert "acme needs no login of a user." in result.stderr


@pytest.mark.usefixtures("vendors")
def test_another_package_s_login(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset of another package is written in Python as it is found there."""
    vend_email = presets.vend_email
    monkeypatch.setattr(presets, "get", lambda _: vend_email)
    result = run("login", "acme-mail")
    assert result.stdout.endswith("RequestsAuth(presets.get('acme_mail')(), store=FileStore())\n")
    assert browser.title == "You are logged in to acme-mail"


# Where it is kept


def test_no_keyring_is_there(browser: Browser) -> None:
    """Without a keyring to keep it in, nobody is asked to log in."""
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # as above
    try:
        result = run("login", "vend-email", "--store", "keyring")
    finally:
        keyring.set_keyring(before)
    assert (result.exit_code, result.stderr.count("\n"), browser.urls) == (1, 1, [])
    assert result.stderr.startswith("Error: Nothing can be kept in the keyring (No recommended backend")
    assert result.stderr.endswith("Mend that, or try --store file.\n")


@pytest.mark.parametrize("command", ["login", "token"])
def test_no_keyring_is_installed(browser: Browser, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Without the extra, the line says what to install."""
    import oauth_cc_auth  # noqa: PLC0415 - the name is taken from it

    monkeypatch.delattr(oauth_cc_auth, "KeyringStore", raising=False)
    monkeypatch.delattr("oauth_cc_auth.stores.KeyringStore", raising=False)
    for name in ("keyring", "oauth_cc_auth.stores._keyring"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)
    result = run(command, "vend-email", "--store", "keyring")
    assert (result.exit_code, result.stderr.count("\n"), browser.urls) == (1, 1, [])
    assert 'pip install "oauth-cc-auth[keyring]", or leave --store out.' in result.stderr


@pytest.mark.usefixtures("vendors")
def test_a_folder_where_nothing_can_be_kept(browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache folder that cannot be used is found before anybody is asked to log in."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    result = run("login", "vend-email")
    assert (result.exit_code, result.stderr.count("\n"), browser.urls) == (1, 1, [])
    assert result.stderr.startswith(f"Error: Nothing can be kept in {tmp_path / 'file' / 'oauth-cc-auth'} (")


@pytest.mark.usefixtures("vendors")
@pytest.mark.parametrize("command", ["login", "token"])
def test_a_user_without_a_home(browser: Browser, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Who has no folder for a login is told why and what else there is, before a browser is opened."""

    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    result = run(command, "vend-email")
    assert (result.exit_code, result.stdout, result.stderr.count("\n"), browser.urls) == (1, "", 1, [])
    assert result.stderr.startswith("Error: Nothing can be kept in a file (")
    assert " home " in result.stderr
    assert result.stderr.endswith("). Mend that, or try --store keyring.\n")


@pytest.mark.usefixtures("vendors")
def test_a_folder_that_is_not_believed(browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache folder to which everybody may write is refused in the store's own words."""
    (tmp_path / "oauth-cc-auth").mkdir()
    store = _stores.opened("file")
    monkeypatch.setattr(_stores, "opened", lambda _: store)
    store.path = tmp_path / "oauth-cc-auth"  # type: ignore[attr-defined]  # it is a FileStore
    (tmp_path / "oauth-cc-auth").chmod(0o777)
    result = run("login", "vend-email")
    assert (result.exit_code, browser.urls) == (1, [])
    assert "everybody may write" in result.stderr


@pytest.mark.usefixtures("vendors")
def test_what_is_not_kept_is_no_login(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that could not be kept has failed, and page and terminal say so."""

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    store = _stores.opened("file")
    monkeypatch.setattr(store, "save", full)
    monkeypatch.setattr(_stores, "opened", lambda _: store)
    result = run("login", "vend-email")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "(the disk is full). Mend that, or try --store keyring.\n" in result.stderr
    assert browser.title == "The login did not work"
    forget_all()


def test_a_kept_store_forgets_what_was_mended() -> None:
    """A store is asked for its last token: one that it kept after all is no failure; the others pass through."""
    from oauth_cc_auth import Token  # noqa: PLC0415 - only here

    kept, token = _stores.KeptStore("file"), Token("canary-token", obtained_at=1.0)
    kept.save("key", token)
    kept.check()
    assert kept.load("key") == token
    kept.discard("key", token)
    assert kept.load("key") is None


def test_an_error_without_words() -> None:
    """What a backend raises without a word is named by its class."""
    assert "(TimeoutError)" in str(_stores._useless("a file", "file", TimeoutError()).message)


# Ctrl-C


def test_ctrl_c(vendors: Vendors) -> None:
    """Ctrl-C while waiting ends with the shell's status for it, prints no traceback and leaves no process."""
    with vendors.command_line("login", "vend-email", "--no-browser") as process:
        assert process.stderr
        process.stderr.readline()
        url = process.stderr.readline().strip()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (130, "", "")
    callback = urlsplit(parse_qs(urlsplit(url).query)["redirect_uri"][0])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", callback.port or 0), 1)


def test_ctrl_c_while_the_vendor_thinks(vendors: Vendors) -> None:
    """Ctrl-C is heard at once while the vendor takes its time, and the browser is not left waiting either."""
    asked, ended = threading.Event(), threading.Event()

    def think(_: Received) -> Answer:
        asked.set()
        ended.wait(20)
        return token_answer()

    pages: list[requests.Response] = []
    with Loopback(think) as thinking:
        vendors.addresses["oauth_cc_auth.presets._vend_email"]["_TOKEN_ENDPOINT"] = thinking.url
        with vendors.command_line("login", "vend-email", "--no-browser") as process:
            assert process.stderr
            process.stderr.readline()
            location = vendors.sandbox.log_in(process.stderr.readline().strip())
            asking = threading.Thread(target=lambda: pages.append(requests.get(location, timeout=20)))
            asking.start()
            assert asked.wait(20)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=10)
        ended.set()
    asking.join()
    assert (process.returncode, output, errors) == (130, "", "")
    assert time.monotonic() - began < 8
    assert "The login did not work" in pages[0].text


def test_ctrl_c_in_the_middle(vendors: Vendors, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the code is exchanged leaves nobody waiting: the browser gets its page."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("oauth_cc_auth.Login.exchange", interrupted)
    assert run("login", "vend-email").exit_code == 130
    assert browser.title == "The login did not work"
    assert vendors.sandbox.token_requests == 0


# The redirection endpoint


@pytest.fixture
def endpoint() -> Iterator[RedirectionEndpoint]:
    """An endpoint at which nobody has arrived yet."""
    with RedirectionEndpoint(0) as listening:
        yield listening
        assert listening.next_arrival(0.01) is None


def ask(endpoint: RedirectionEndpoint, method: str, path: str, **headers: str) -> requests.Response:
    """Send a request as it is written."""
    return requests.request(method, endpoint.url.replace("/callback", path), headers=headers, timeout=5)


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/callback/", "/callbacks?code=c", "/Callback"])
def test_another_path(endpoint: RedirectionEndpoint, path: str) -> None:
    """Nothing else is at this port."""
    page = ask(endpoint, "GET", path)
    assert page.status_code == 404
    assert page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS", "DELETE", "BREW"])
def test_another_method(endpoint: RedirectionEndpoint, method: str) -> None:
    """An answer is a GET."""
    page = ask(endpoint, method, "/callback?code=c&state=s")
    assert (page.status_code, page.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1", "[::1]:{port}", ""]
)
def test_another_host(endpoint: RedirectionEndpoint, host: str) -> None:
    """A foreign page whose name was made to mean this machine is not listened to."""
    named = host.format(port=urlsplit(endpoint.url).port)
    assert ask(endpoint, "GET", "/callback?code=c&state=s", Host=named).status_code == 421


def test_two_hosts(endpoint: RedirectionEndpoint) -> None:
    """A request that names two hosts names none."""
    connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=5)
    connection.putrequest("GET", "/callback?code=c&state=s")
    connection.putheader("Host", "evil.example")
    connection.endheaders()
    assert connection.getresponse().status == 421
    connection.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_this_host(host: str) -> None:
    """The names of this machine are right, and the whole query arrives; the page comes when the login says so."""
    with RedirectionEndpoint(0) as endpoint:
        port = urlsplit(endpoint.url).port
        pages: list[requests.Response] = []
        asking = threading.Thread(
            target=lambda: pages.append(ask(endpoint, "GET", "/callback?code=a%20b&state=c", Host=f"{host}:{port}"))
        )
        asking.start()
        arrival = endpoint.next_arrival(5)
        assert arrival
        assert arrival.url == f"{endpoint.url}?code=a%20b&state=c"
        assert pages == []
        arrival.answer(_page.logged_in("<vendor>"))
        arrival.answer(_page.OVER)
        asking.join()
    assert "<h1>You are logged in to &lt;vendor&gt;</h1>" in pages[0].text


@pytest.mark.requirement("9700-redirect-tls")
def test_only_loopback(endpoint: RedirectionEndpoint) -> None:
    """The port is not open on any other address of this machine."""
    assert endpoint._server.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("line", [b"\x16\x03\x01\r\n\r\n", b"GET /callback?code=canary HTTP/9\r\n\r\n", b"x" * 70_000])
def test_no_http(endpoint: RedirectionEndpoint, line: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """What is no HTTP is refused with the same headers, repeats nothing, and prints nothing."""
    with socket.create_connection(("127.0.0.1", endpoint._server.port), 5) as connection:
        connection.sendall(line)
        answer = connection.makefile("rb").read()
    assert b"Content-Security-Policy" in answer
    assert b"canary" not in answer
    assert capfd.readouterr() == ("", "")


def test_who_says_nothing_keeps_nobody_waiting(endpoint: RedirectionEndpoint) -> None:
    """Browsers open connections in advance: they block nobody, and the end of the login closes them."""
    with socket.create_connection(("127.0.0.1", endpoint._server.port), 5) as silent:
        assert ask(endpoint, "GET", "/favicon.ico").status_code == 404
        began = time.monotonic()
        endpoint._server.end()
        assert silent.recv(1) == b""
    assert time.monotonic() - began < _redirection_endpoint.IDLE_SECONDS / 2


def test_who_goes_away_is_no_news(endpoint: RedirectionEndpoint, capfd: pytest.CaptureFixture[str]) -> None:
    """A browser that resets its connection leaves no trace on the terminal."""
    connection = socket.create_connection(("127.0.0.1", endpoint._server.port), 5)
    connection.sendall(b"GET /callback")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert ask(endpoint, "GET", "/").status_code == 404
    assert capfd.readouterr() == ("", "")


def test_who_still_waits_is_told() -> None:
    """Browsers that wait when the login ends, or come too late, are told that it is over."""
    with RedirectionEndpoint(0) as endpoint:
        pages: list[requests.Response] = []
        asking = threading.Thread(target=lambda: pages.append(ask(endpoint, "GET", "/callback?state=s")))
        asking.start()
        assert endpoint.next_arrival(5)
    asking.join()
    assert pages[0].status_code == 410
    assert "This login is over" in pages[0].text
    late = Arrival("http://127.0.0.1/callback")
    endpoint._server.arrived(late)
    assert late.page() is _page.OVER


def test_a_connection_that_is_gone_already(endpoint: RedirectionEndpoint) -> None:
    """Closing is no problem where the other side was faster."""
    ours, theirs = socket.socketpair()
    ours.close()
    theirs.close()
    endpoint._server._connections.add(theirs)
    endpoint._server.end()


# What is typed


def test_words_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of the vendor's own are asked for too, with echo; a wrong one is not asked for again."""
    from oauth_cc_auth.errors import ConfigurationError  # noqa: PLC0415 - only here

    def acme(client_id: str | None = None, *, tenant: str | None = None) -> AuthorizationCode:
        if tenant is None:
            raise ConfigurationError("ACME_TENANT is not set", variable="ACME_TENANT")
        raise ConfigurationError(f"no tenant is called {tenant}", variable="ACME_TENANT")

    hidden: list[bool] = []

    def prompt(label: str, *, hide_input: bool, err: bool) -> str:
        hidden.append(hide_input)
        return label

    monkeypatch.setattr(presets, "get", lambda _: acme)
    monkeypatch.setattr(_vendors, "somebody_is_there", lambda: True)
    monkeypatch.setattr(click, "prompt", prompt)
    result = run("token", "acme")
    assert "no tenant is called acme tenant" in result.stderr
    assert hidden == [False]


def test_an_argument_that_a_preset_demands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset of another package that demands an argument is a usage error that says how to pass it."""
    monkeypatch.setattr(presets, "get", lambda _: lambda region, **words: None)
    result = run("token", "acme")
    assert result.exit_code == 2
    assert "acme needs region: add -o region=... to the command, or set ACME_REGION." in result.stderr


def test_a_key_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that somebody made by hand is not printed as a token."""
    monkeypatch.setenv("VAINU_API_KEY", "canary-key")
    result = run("token", "vainu-api-key")
    assert result.exit_code == 2
    assert "canary-key" not in result.output


def test_login_is_refused_where_there_are_none() -> None:
    """A login of a vendor that has none is a usage error and not ignored."""
    result = run("token", "fyma", "--login", "bob")
    assert result.exit_code == 2
    assert "fyma has no logins to choose from: leave --login out." in result.stderr


def test_the_sandbox_plays_who_needs_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vendors who need words of their own are left out, and so are presets of other packages that do not work."""
    from oauth_cc_auth.errors import ConfigurationError  # noqa: PLC0415 - only here

    def needs(client_id: str, tenant: str) -> None:
        raise AssertionError

    def lacks(client_id: str | None = None, tenant: str | None = None) -> None:
        raise ConfigurationError("LACKS_TENANT is not set")

    known = {"vainu": presets.vainu, "vainu_user": presets.vainu_user, "needs": needs, "lacks": lacks}
    monkeypatch.setattr(presets, "names", lambda: [*known, "vainu_api_key"])
    monkeypatch.setattr(presets, "get", lambda name: known.get(name, presets.vainu_api_key))
    with Sandbox() as sandbox:
        grants = _vendors.played_by(sandbox)
    assert [(name, grant.client_id) for name, grant in grants.items()] == [
        ("vainu", "sandbox-client"),
        ("vainu-user", "sandbox-public-client"),
    ]


def test_nothing_imports_every_vendor() -> None:
    """To name one vendor costs one vendor."""
    code = (
        "import sys, types\nfrom oauth_cc_auth.cli import _commands, _vendors\n"
        "_vendors.chosen('vainu-user')\n"
        "print(sorted(name[22:] for name in sys.modules if name.startswith('oauth_cc_auth.presets._')))"
    )
    here = Vendors.__new__(Vendors)
    here.addresses = {}
    assert here.python(f"import os; os.environ['VAINU_USER_CLIENT_ID'] = 'x'\n{code}") == (
        "['_credentials', '_environment', '_played', '_vainu']\n"
    )
