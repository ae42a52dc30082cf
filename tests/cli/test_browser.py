"""The login in a real browser: Debian's Chromium, the sandbox's page that asks, and the page at the end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from login_vendors import SECRET, Vendors
from playwright.sync_api import Browser, Page, expect, sync_playwright
from timing import eventually

from oauth_cc_auth.sandbox import Sandbox

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("there is no chromium; on Debian: sudo apt install chromium", allow_module_level=True)

# In CI it runs as root, where its own sandbox cannot; and it is not to talk to anybody else.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A browser takes longer to start than all other tests of the login together, which speak HTTP as it does.
pytestmark = pytest.mark.endurance

# Milliseconds: everything is on this machine.
PATIENCE = 10_000

LOGGED_IN, DECLINED = "You are logged in to vend-email", "You declined"
NOT_OURS = "This is not an answer to your login"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that shows its page."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def vendors(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Vendors:
    """The presets, pointed at the sandbox."""
    return Vendors(sandbox, monkeypatch)


@contextmanager
def tab(chromium: Browser) -> Iterator[Page]:
    """Open a tab of a browser that has seen nothing yet; afterwards it has complained about nothing."""
    with chromium.new_context(viewport={"width": 900, "height": 620}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert [said for said in complaints if "favicon" not in said and "status of" not in said] == []


def printed_url(process: subprocess.Popen[str]) -> str:
    """Return the address that the command line asks its user to open."""
    assert process.stderr
    for line in process.stderr:
        if line.startswith("http"):
            return line.strip()
    raise AssertionError("no address is printed")


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return how the command line ended, and what else it printed."""
    output, errors = process.communicate(timeout=15)
    return process.returncode, output, errors


def look_at(page: Page, name: str) -> None:
    """See that the page is readable in light and in dark; keep pictures where SCREENSHOTS names a folder for them."""
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        card, text = brightness(page, "main", "backgroundColor"), brightness(page, "main", "color")
        assert (card < 60, text > 200) == (scheme == "dark", scheme == "dark")
        assert abs(card - text) > 180
        if page.locator("svg").count():
            assert abs(brightness(page, "svg", "color") - card) > 60
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{name}-{scheme}.png")


def decide(page: Page, url: str, decision: str) -> None:
    """Open the vendor's page and press a button."""
    page.goto(url)
    expect(page.get_by_role("heading")).to_have_text("client wants to use your account at Vend Email")
    page.get_by_role("button", name=decision).click()


def is_clean(page: Page) -> bool:
    """Tell whether the page holds nothing of the address that led to it."""
    said = parse_qs(urlsplit(page.url).query)
    secrets = [value for values in said.values() for value in values]
    return bool(secrets) and not any(secret in page.content() for secret in secrets)


def brightness(page: Page, selector: str, attribute: str) -> float:
    """Return how bright a colour of the page is, from 0 to 255."""
    colour = page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{attribute}")
    red, green, blue = (float(part) for part in re.findall(r"[\d.]+", colour)[:3])
    return (red + green + blue) / 3


def test_accept(chromium: Browser, vendors: Vendors) -> None:
    """Who accepts reads so, and the printed line of Python then calls the API."""
    with vendors.command_line("login", "vend-email", "--no-browser") as process, tab(chromium) as page:
        page.goto(url := printed_url(process))
        look_at(page, "consent")
        decide(page, url, "Accept")
        expect(page.get_by_role("heading")).to_have_text(LOGGED_IN)
        expect(page.get_by_text("You may close this tab.")).to_be_visible()
        look_at(page, "success")
        assert is_clean(page)
        status, output, errors = ended(process)
    assert (status, errors) == (0, "")
    line = output.splitlines()[1].removeprefix("In Python: ")
    assert line == "RequestsAuth(presets.vend_email(), store=FileStore())"
    code = f"""
import requests
from oauth_cc_auth import FileStore, RequestsAuth, presets
print(requests.get({vendors.api()!r}, auth={line}, timeout=10).json()["email"])
"""
    assert vendors.python(code) == "somebody@example.com\n"


def test_deny(chromium: Browser, vendors: Vendors) -> None:
    """Who declines reads so, and the command line says it in one line and how to log in after all."""
    with vendors.command_line("login", "vend-email", "--no-browser") as process, tab(chromium) as page:
        decide(page, printed_url(process), "Deny")
        expect(page.get_by_role("heading")).to_have_text(DECLINED)
        look_at(page, "declined")
        assert is_clean(page)
        status, output, errors = ended(process)
    assert (status, output) == (1, "")
    assert re.fullmatch(r"Error: The user declined .* Run: oauth-cc-auth login vend-email\n", errors)


@pytest.mark.requirement("6749-external-browser")
def test_the_browser_that_the_user_has(chromium: Browser, vendors: Vendors, tmp_path: Path) -> None:
    """Without --no-browser, the desktop's own browser opens at the vendor."""
    told = tmp_path / "told"
    script = tmp_path / "browser"
    script.write_text(
        f"#!{sys.executable}\nimport os, sys\nopen({str(told)!r} + '~', 'w').write(sys.argv[1])\n"
        f"os.replace({str(told)!r} + '~', {str(told)!r})\n"
    )
    script.chmod(0o700)
    with vendors.command_line("login", "vend-email", BROWSER=str(script)) as process, tab(chromium) as page:
        eventually(told.exists)
        decide(page, told.read_text(), "Accept")
        expect(page.get_by_role("heading")).to_have_text(LOGGED_IN)
        status, output, errors = ended(process)
    assert status == 0
    assert output.startswith("Logged in to vend-email")
    assert errors == "Opening your browser to log in at 127.0.0.1, within 300 s; Ctrl-C ends the wait.\n"


def test_a_link_made_by_somebody_else(chromium: Browser, vendors: Vendors) -> None:
    """Who follows another's link to the callback is warned, nothing is exchanged, and the own login still works."""
    with vendors.command_line("login", "vend-email", "--no-browser") as process, tab(chromium) as page:
        url = printed_url(process)
        callback = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        page.goto(f"{callback}?state=theirs&code=attackers-code")
        expect(page.get_by_role("heading")).to_have_text(NOT_OURS)
        look_at(page, "not-ours")
        assert is_clean(page)
        assert vendors.sandbox.token_requests == 0
        decide(page, url, "Accept")
        expect(page.get_by_role("heading")).to_have_text(LOGGED_IN)
        status, _, errors = ended(process)
    assert (status, vendors.sandbox.token_requests) == (0, 1)
    assert "no answer to this login was opened" in errors


def test_a_server_that_sends_another_state(chromium: Browser, vendors: Vendors) -> None:
    """An answer with another state is nobody's, whoever sent it, and Ctrl-C ends the wait for a better one."""
    vendors.sandbox.wrong_state = True
    with vendors.command_line("login", "vend-email", "--no-browser") as process, tab(chromium) as page:
        decide(page, printed_url(process), "Accept")
        expect(page.get_by_role("heading")).to_have_text(NOT_OURS)
        process.send_signal(signal.SIGINT)
        status, output, errors = ended(process)
    assert (status, output, vendors.sandbox.token_requests) == (130, "", 0)
    assert "Traceback" not in errors


def test_a_server_that_fails(chromium: Browser, vendors: Vendors) -> None:
    """Where the vendor takes the code for no good, the page says so without the vendor's words, the terminal with."""
    words = {"error": "invalid_grant", "error_description": "<b>no such code</b>"}
    vendors.sandbox.fail("token", status=400, body=words)
    with vendors.command_line("login", "vend-email", "--no-browser") as process, tab(chromium) as page:
        decide(page, printed_url(process), "Accept")
        expect(page.get_by_role("heading")).to_have_text("The login did not work")
        look_at(page, "failed")
        assert is_clean(page)
        assert "no such code" not in page.content()
        status, _, errors = ended(process)
    assert (status, errors.count("\n")) == (1, 1)
    assert "no such code" in errors
    assert SECRET not in errors


def test_a_closed_tab(chromium: Browser, vendors: Vendors) -> None:
    """Who closes the tab is not waited for in vain for ever."""
    with vendors.command_line("login", "vend-email", "--no-browser", "--timeout", "1") as process:
        with tab(chromium) as page:
            page.goto(printed_url(process))
        status, output, errors = ended(process)
    assert (status, output) == (1, "")
    assert errors.startswith("Error: Nobody has logged in within 1 s.")


def test_a_taken_port(chromium: Browser, vendors: Vendors) -> None:
    """A port that somebody else has is one line, before any browser is asked."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = str(somebody.getsockname()[1])
        with vendors.command_line("login", "vend-email", "--no-browser", "--port", port) as process:
            status, output, errors = ended(process)
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert f"leave --port {port} out, or try another" in errors
