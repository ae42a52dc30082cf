"""What README.md and docs/ show is run as it stands, against the sandbox in place of the vendors."""

from __future__ import annotations

import ast
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from blocks import CODE, PAGES, ROOT, blocks, modules
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

import oauth_cc_auth
from maintenance import pages
from oauth_cc_auth import presets
from oauth_cc_auth.cli import _catalogue
from oauth_cc_auth.sandbox import Sandbox

BLOCKS = [pytest.param(block, id=name) for name, block in blocks().items()]
# Libraries that pages show beside this package and its tests do without: `make recipes` has them.
FOREIGN = {
    *("celery", "fastapi", "gql", "httpx_auth", "mcp", "oauthlib", "requests_auth", "requests_cache"),
    *("requests_oauth2client", "requests_oauthlib", "zeep"),
}
# What takes the vendors' place by itself.
MOCKS = {"pytest_httpx", "requests_mock", "respx", "responses"}
# Clients that a reader generates: there are none to import.
GENERATED = {"things_api", "things_client"}


def imported(block: str) -> set[str]:
    """Return the packages that a block imports when it runs, and not later in a function."""
    found = set()
    for line in ast.parse(block).body:
        if isinstance(line, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in line.names}
        elif isinstance(line, ast.ImportFrom):
            found.add(str(line.module).partition(".")[0])
    return found


def is_runnable(block: str) -> bool:
    """Tell whether the libraries that a block imports are there."""
    wanted = imported(block)
    return not wanted & GENERATED and all(find_spec(name) for name in wanted & FOREIGN)


def run_block(block: str) -> None:
    """Run a block, and close the sessions that it leaves open, as the end of a reader's program does."""
    names: dict[str, Any] = {"__name__": "readme"}
    try:
        exec(compile(block, "README", "exec"), names)  # noqa: S102 - that is the point
    finally:
        for value in names.values():
            for session in (value, getattr(value, "session", None)):  # a library's client may have one of its own
                if isinstance(session, (Session, httpx.Client)):
                    session.close()


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a page sets up."""
    loggers = [logging.getLogger(name) for name in (None, "oauth_cc_auth")]
    before = [(log, log.level, list(log.handlers)) for log in loggers]
    yield
    for log, level, handlers in before:
        log.setLevel(level)
        log.handlers[:] = handlers


@pytest.fixture
def instead_of_vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Send what is meant for a vendor's host to the sandbox; everything above the transport is the reader's own."""
    with Sandbox() as sandbox:
        for name in ("VAINU", "VIBE", "VIBES_RBM", "FYMA", "VEND_EMAIL"):
            monkeypatch.setenv(f"{name}_CLIENT_ID", "id")
            monkeypatch.setenv(f"{name}_CLIENT_SECRET", "secret")
        for name in ("ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "ZOOM_ACCOUNT_ID"):
            monkeypatch.setenv(name, "made-up")
        for known in (presets.vainu(), presets.vibe(), presets.zoom()):
            sandbox.grant(known)
        sandbox.register_client("as.example.com", "my-client", "my-secret")
        sandbox.register_client("as.example.com", "another-client", "read from a vault")
        send, handle = HTTPAdapter.send, httpx.HTTPTransport.handle_request

        def send_there(adapter: HTTPAdapter, request: PreparedRequest, **how: Any) -> Response:
            request.url = _there(sandbox, str(request.url))
            return send(adapter, request, **how)

        def handle_there(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            request.url = httpx.URL(_there(sandbox, str(request.url)))
            request.headers["Host"] = request.url.netloc.decode()
            return handle(transport, request)

        monkeypatch.setattr(HTTPAdapter, "send", send_there)
        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle_there)
        yield sandbox


def _there(sandbox: Sandbox, url: str) -> str:
    return sandbox.url(url) if url.startswith("https:") else url  # a block may run a sandbox of its own


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Write the blocks that a reader saves as a file, where other blocks find them."""
    for name, block in modules().items():
        (tmp_path / f"{name}.py").write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in modules():
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("block", [block for block in BLOCKS if is_runnable(str(block.values[0]))])
def test_every_block_runs_as_it_stands(request: pytest.FixtureRequest, block: str) -> None:
    """A reader who copies a block from README or docs has code that works."""
    if not imported(block) & MOCKS:
        request.getfixturevalue("instead_of_vendors")
    run_block(block)


def test_every_test_that_is_shown_passes(files: Path) -> None:
    """A reader who copies a test from README or docs has one that passes."""
    shown = [block for block in blocks().values() if is_runnable(block) and "\ndef test_" in block]
    assert len(shown) > 1
    for number, block in enumerate(shown):
        (files / f"test_shown_{number}.py").write_text(block, encoding="utf-8")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", str(files)]
    tried = subprocess.run(run, cwd=files, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert tried.returncode == 0, tried.stdout


@pytest.mark.parametrize("block", [block for block in BLOCKS if not is_runnable(str(block.values[0]))])
def test_every_other_block_names_what_there_is(block: str) -> None:
    """A block for a library that is not here is Python, and imports from this package what can be imported."""
    compile(block, "README", "exec")
    for line in ast.walk(ast.parse(block)):
        if isinstance(line, ast.ImportFrom) and str(line.module).partition(".")[0] == "oauth_cc_auth":
            assert all(hasattr(import_module(str(line.module)), alias.name) for alias in line.names)


def test_the_first_snippets_reach_the_api(instead_of_vendors: Sandbox) -> None:
    """The two snippets of the first screen fetch one token each and get an answer of the API."""
    for block in BLOCKS[:2]:
        instead_of_vendors.reset_counts()
        run_block(str(block.values[0]))
        assert (instead_of_vendors.token_requests, instead_of_vendors.api_requests) == (1, 1)
        assert instead_of_vendors.requests[-1].status == 200


def test_every_link_to_a_file_leads_somewhere() -> None:
    """Links between the pages are not broken."""
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_every_preset_is_in_the_docs() -> None:
    """Each preset stands in docs/vendors.md; README names some, with variables that they do read."""
    readme, vendors = (page.read_text(encoding="utf-8") for page in (PAGES[0], ROOT / "docs" / "vendors.md"))
    assert [name for name in presets.__all__ if f"[`{name}`](vendors/" not in vendors] == []
    rows = re.findall(r"^\| `presets\.(\w+)\(\)`.*?\| (.*) \|$", readme, re.MULTILINE)
    assert {"vibe", "vibes_rbm", "vainu", "vend_email", "fyma", "zoom", "salesforce", "paypal"} <= {
        name for name, _ in rows
    }
    for name, named in rows:
        read = {variable for variables in presets.variables_of(name).values() for variable in variables}
        assert {f"{name.upper()}_CLIENT_SECRET"} <= set(re.findall(r"`([A-Z0-9_]+)`", named)) <= read, name
    assert f"There are {pages.counted()}" in readme


def test_the_vendor_of_the_docs_is_listed_as_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of docs/vendors.md, installed by the entry point that stands below it, is listed with its sources."""
    page = (ROOT / "docs" / "vendors.md").read_text(encoding="utf-8")
    (tmp_path / "acme_oauth.py").write_text(CODE.findall(page)[0], encoding="utf-8")
    points = re.findall(r"^    (acme = .*)$", page, re.MULTILINE)
    assert f"{points[0]}\n".replace("= ", '= "').replace("\n", '"\n') in page  # the same in pyproject.toml's form
    info = tmp_path / "acme_oauth-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-oauth\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{presets.GROUP}]\n{points[0]}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (entry,), broken = _catalogue.catalogue(["acme"])
    sys.modules.pop("acme_oauth", None)  # other tests install another one
    assert broken == []
    assert (entry.vendor, entry.sources) == ("Acme", ("https://developers.acme.example/docs/oauth",))
    assert entry.variables == ("ACME_CLIENT_ID", "ACME_CLIENT_SECRET")


def test_nothing_is_installed_from_an_index() -> None:
    """The pages install from a clone: on an index, the name may be anybody's."""
    assert [page.name for page in PAGES if "oauth-cc-auth[" in page.read_text(encoding="utf-8")] == []


def test_public_names_have_docstrings() -> None:
    """Whatever a user may import says what it is."""
    assert [name for name in oauth_cc_auth.__all__ if not getattr(oauth_cc_auth, name).__doc__] == []
