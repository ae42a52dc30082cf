"""Tests of the table of presets: the same on the terminal and in the docs, and read off the presets themselves."""

from __future__ import annotations

import ast
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from maintenance import pages
from oauth_cc_auth import presets
from oauth_cc_auth.cli import _catalogue, _vendors
from oauth_cc_auth.cli._commands import commands
from oauth_cc_auth.sandbox import Sandbox

ROOT = Path(presets.__file__).parents[2]


def lines() -> list[str]:
    """Return the rows that docs/vendors.md has to show."""
    entries, broken = _catalogue.catalogue()
    assert broken == []
    return list(_catalogue.markdown(entries))


def test_the_docs_are_current() -> None:
    """The table of docs/vendors.md and each vendor's page say what the presets say; `make docs` writes them."""
    made = pages.pages()
    assert [path.name for path, content in made.items() if path.read_text(encoding="utf-8") != content] == []
    assert set(made) == {pages.DOCS / "vendors.md", *(pages.DOCS / "vendors").glob("*.md")}


def test_the_docs_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make docs` renews the table, the count in the README and each vendor's page, and deletes those that are gone."""
    docs, readme = tmp_path / "docs", tmp_path / "README.md"
    overview = docs / "vendors.md"
    (docs / "vendors").mkdir(parents=True)
    overview.write_text(f"before\n{pages.FIRST}old\n{pages.LAST}after\n", encoding="utf-8")
    (docs / "vendors" / "gone.md").write_text("old", encoding="utf-8")
    readme.write_text("There are 1 presets for 1 vendors: all.", encoding="utf-8")
    monkeypatch.setattr(pages, "DOCS", docs)
    pages.write()
    assert readme.read_text(encoding="utf-8") == f"There are {pages.counted()}: all."
    table = "".join(f"{line}\n" for line in lines())
    assert overview.read_text(encoding="utf-8") == f"before\n{pages.FIRST}{table}{pages.LAST}after\n"
    assert not (docs / "vendors" / "gone.md").exists()
    written = (docs / "vendors" / "crowdstrike.md").read_text(encoding="utf-8")
    assert "`CROWDSTRIKE_CLIENT_ID`, else `FALCON_CLIENT_ID`" in written


def test_the_hosts_of_a_test_environment() -> None:
    """A page shows where each choice of an argument leads, and only what it changes; the environment does not count."""
    entries = {entry.name: entry for entry in _catalogue.catalogue(["paypal", "salesforce", "zoho", "vainu"])[0]}
    assert _catalogue.elsewhere(entries["paypal"]) == [
        (
            'environment="sandbox"',
            "https://api-m.sandbox.paypal.com/v1/oauth2/token",
            "https://api-m.sandbox.paypal.com",
        )
    ]
    sandbox = "https://{my_domain}--{sandbox}.sandbox.my.salesforce.com/services/oauth2/token"
    assert _catalogue.elsewhere(entries["salesforce"]) == [('sandbox="{sandbox}"', sandbox, "")]
    zoho = _catalogue.elsewhere(entries["zoho"])
    assert zoho[0] == ('data_center="eu"', "https://accounts.zoho.eu/oauth/v2/token", "")
    assert _catalogue.elsewhere(entries["vainu"]) == []


def test_every_preset_has_a_row_that_fits_a_phone() -> None:
    """Each preset stands there once, in order, with its page and its vendor; no word is wider than half a phone."""
    found = [re.fullmatch(r"\| \[`(\w+)`\]\(vendors/(\w+)\.md\) \| (.+) \|", line) for line in lines()[2:]]
    rows = [row.groups() for row in found if row]
    assert [name for name, _, _ in rows] == presets.__all__
    for name, file, vendor in rows:
        assert len(name) <= 22
        assert max(map(len, vendor.split())) <= 18, vendor
        page = (ROOT / "docs" / "vendors" / f"{file}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {vendor}\n")
        assert f"presets.{name}(" in page
        assert re.search(r"## Sources\n\n(Seen in (?:.+\n)+\n)?- <https://", page)


def test_a_page_says_how_to_call_it() -> None:
    """A page names each argument with its variables, and its example is two imports, an auth object and a call."""
    for entry in _catalogue.catalogue(presets.__all__)[0]:
        page = (ROOT / "docs" / "vendors" / f"{entry.file}.md").read_text(encoding="utf-8")
        section = page.partition(f"## `{entry.name}`\n")[2].partition("\n## ")[0]
        for argument, variables in presets.variables_of(entry.name).items():
            assert f"- `{argument}`: `{'`, else `'.join(variables)}`" in section
        (example,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
        assert len(ast.parse(example).body) == 4


def _entry(name: str) -> _catalogue.Entry:
    (entry,), _ = _catalogue.catalogue([name])
    return entry


def test_what_is_odd_is_said() -> None:
    """A row says what is not as RFC 6749 has it, and which words only the user knows."""
    cases: list[tuple[str, list[str]]] = [
        ("zoom", ["https://zoom.us/oauth/token", "grant_type is account_credentials"]),
        ("walmart", ["in the header WM_SEC.ACCESS_TOKEN, alone", "has the header WM_QOS.CORRELATION_ID"]),
        ("anthropic", ["a token of its platform", "the JWT bearer grant of RFC 7523", "the token request is JSON"]),
        ("docusign", ["an assertion that it signs", "the JWT bearer grant of RFC 7523"]),
        ("openrouter", ["a token of its platform", "the token exchange of RFC 8693"]),
        ("google_service_account", ["https://*.googleapis.com"]),
        ("ebay", ["at most 1,000 tokens in 24 hours"]),
        ("adobe", ["scopes are joined by ','"]),
        ("salesforce", ["https://{my_domain}.my.salesforce.com/", "where the token's answer says"]),
        ("databricks", ["named by https://{host}/"]),
        ("primavera", ["the token request is a GET", "no grant_type is sent"]),
        ("soundcloud", ["at most 50 tokens in 12 hours, the word before the token is OAuth"]),
        ("phonepe", ["the word before the token is O-Bearer"]),
        ("feishu", ["client_secret_json", "client_id is called app_id"]),
        ("okta_org", ["private_key_jwt"]),
        ("sabre", ["headers of its own"]),
        ("vend_email", ["a user logs in"]),
        ("vainu", ["tokens can be revoked"]),
        ("vibe_api_key", ["a token made by hand"]),
        ("amazon_sp_api", ["a token may be refused with 401 or 403"]),
        ("auth0", ["https://{domain}/oauth/token", "{base_url}"]),
    ]
    for name, said in cases:
        (row,) = _catalogue.lines([_entry(name)])
        for words in said:
            assert words in row


def test_on_the_terminal() -> None:
    """On a terminal, `vendors` draws each preset, however narrow it is: its name in one piece, vendor and API."""
    drawn = Console(width=60, file=io.StringIO())
    drawn.print(_catalogue.terminal_table(_catalogue.catalogue()[0]))
    assert isinstance(drawn.file, io.StringIO)
    shown = drawn.file.getvalue().splitlines()
    assert shown[1].split("  ")[0].strip() == "preset"
    begun = [line.split()[0] for line in shown[3:] if line.strip() and not line.startswith("  ")]
    assert begun == presets.__all__


def test_vendors_prefers_a_table_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal `vendors` is that table, and the line below it says how to learn more."""
    runner = CliRunner()
    with runner.isolation() as (out, *_):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        commands.main(["vendors"], standalone_mode=False)
        sys.stdout.flush()
        shown = out.getvalue().decode()
    assert "the token goes to" in shown
    assert shown.endswith("`oauth-cc-auth vendors NAME` says everything about one.\n")


def test_in_a_pipe() -> None:
    """In a pipe each preset is one line of columns between tabs, and --markdown is what the docs have."""
    done = CliRunner().invoke(commands, ["vendors"])
    assert done.exit_code == 0
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == presets.__all__
    assert {len(row) for row in rows} == {6}
    by_name = {row[0]: row for row in rows}
    assert by_name["commercetools"][4] == "https://api.europe-west1.gcp.commercetools.com"
    assert CliRunner().invoke(commands, ["vendors", "--markdown"]).stdout.splitlines() == lines()


def test_everything_about_one() -> None:
    """With names, `vendors` says all it knows of those, one fact a line, pages and variables included."""
    done = CliRunner().invoke(commands, ["vendors", "zoom", "OKTA", "zoom"])
    assert done.exit_code == 0
    zoom, *others = done.stdout.split("\n\n")
    assert [other.partition("(")[0] for other in others] == ["okta_custom", "okta_org"]
    facts = [tuple(re.split(r"\s{2,}", line.strip())) for line in zoom.splitlines()]
    assert facts[0] == ("zoom(account_id=)",)
    assert ("vendor", "Zoom") in facts
    assert ("token endpoint", "https://zoom.us/oauth/token") in facts
    assert ("worth knowing", "grant_type is account_credentials") in facts
    assert [fact[1] for fact in facts if fact[0] == "reads"] == [
        f"ZOOM_{word}" for word in ("CLIENT_ID", "CLIENT_SECRET", "ACCOUNT_ID")
    ]
    assert [fact[1] for fact in facts if fact[0].startswith("reads, ")] == [
        "ZOOM_CLOUD: global (default), us-government"
    ]
    assert ("options for -o", "account_id, cloud") in facts
    assert ('with cloud="us-government"', "token endpoint https://zoomgov.com/oauth/token") in facts
    assert ("source", "https://developers.zoom.us/docs/internal-apps/s2s-oauth/") in facts
    assert "token endpoint" not in CliRunner().invoke(commands, ["vendors", "vibe-api-key"]).stdout


def test_a_variable_that_may_be_missing() -> None:
    """A variable that a preset reads and does without is named too, as one."""
    done = CliRunner().invoke(commands, ["vendors", "vend-email"])
    facts = [tuple(re.split(r"\s{2,}", line.strip())) for line in done.stdout.splitlines()]
    assert [fact for fact in facts if fact[0].startswith("reads")] == [
        ("reads", "VEND_EMAIL_CLIENT_ID"),
        ("reads", "VEND_EMAIL_CLIENT_SECRET"),
        ("reads, if it is set", "VEND_EMAIL_REFRESH_TOKEN"),
        ("reads, if it is set", "VEND_EMAIL_REDIRECT_URI"),
        ("reads, if it is set", "VEND_EMAIL_SCOPE"),
        ("reads, if it is set", "VEND_EMAIL_LOGIN"),
        ("reads", "VEND_EMAIL_TOKEN"),
    ]


def test_a_name_that_nobody_has() -> None:
    """`vendors` says what was perhaps meant, and how to see them all, in one line, and prints nothing."""
    cases: list[tuple[str, str]] = [("acme", "'acme'"), ("vaino", "did you mean vainu")]
    for typed, meant in cases:
        done = CliRunner().invoke(commands, ["vendors", typed])
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert meant in done.stderr
        assert re.search(r"[^?.][?.] `oauth-cc-auth vendors` lists them\.\n$", done.stderr)


def test_the_user_s_own_words_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the environment is named as what a preset reads, and neither shown nor lost."""
    before = lines()
    monkeypatch.setenv("AUTH0_DOMAIN", "mine.example")
    assert lines() == before
    shown = CliRunner().invoke(commands, ["vendors", "auth0"]).stdout
    assert "AUTH0_DOMAIN" in shown
    assert "mine.example" not in shown
    assert os.environ["AUTH0_DOMAIN"] == "mine.example"


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return how other packages' presets are installed, each with its source, for the time of a test."""
    monkeypatch.syspath_prepend(tmp_path)
    packages: list[str] = []

    def install(source: str, name: str = "acme") -> None:
        packages.append(f"{name}_oauth")
        (tmp_path / f"{name}_oauth.py").write_text(source, encoding="utf-8")
        info = tmp_path / f"{name}_oauth-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-oauth\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[{presets.GROUP}]\n{name} = {name}_oauth:acme\n", encoding="utf-8")

    yield install
    for package in packages:
        sys.modules.pop(package, None)


def test_a_broken_preset_hides_no_other(broken: Callable[..., None]) -> None:
    """A preset of another package that does not work is named on stderr; the others are listed, and played, as ever."""
    sources = {
        "acme_a": "import not_there",
        "acme_b": "from oauth_cc_auth import ConfigurationError as E\ndef acme(client_id=None): raise E('no')",
        "acme_c": "from oauth_cc_auth import InsecureTransport as E\ndef acme(client_id=None): raise E('no')",
        "acme_d": "def acme(client_id=None): raise KeyError('oops')",
        "acme_e": "def acme(client_id=None): return None",
        "acme_f": "def acme(needed, client_id=None): return needed + 1",
        "acme_g": "acme = iter",
    }
    for name, source in sources.items():
        broken(source, name)
    done = CliRunner().invoke(commands, ["vendors"])
    assert done.exit_code == 1
    errors = done.stderr.removeprefix("Error: ").splitlines()
    assert [line.partition(": ")[0] for line in errors] == list(sources)
    assert "vainu\t" in done.stdout
    assert "acme" not in done.stdout
    for name, line in zip(sources, errors, strict=True):
        alone = CliRunner().invoke(commands, ["vendors", name])
        assert (alone.exit_code, alone.stdout, alone.stderr) == (1, "", f"Error: {line}\n")
        token = CliRunner().invoke(commands, ["token", name])
        assert token.exit_code in {1, 2}
        assert isinstance(token.exception, SystemExit)
        assert "lists them" not in token.stderr
    with Sandbox() as sandbox:
        played = _vendors.played_by(sandbox)
    assert "vainu" in played
    assert not [name for name in played if "acme" in name]


def test_a_preset_that_wants_an_argument(broken: Callable[..., None]) -> None:
    """An argument without a default is one that only the user knows, like a tenant, and shown as such."""
    broken(
        '"""Acme\nanvils. Read at https://developers.acme.example/docs."""\n'
        "from oauth_cc_auth import ClientCredentials, ResourceServer\n"
        "def acme(base_url, *rest, client_id='i', client_secret='s', **more):\n"
        "    return ClientCredentials(token_endpoint='https://a.example/t', client_id='i', client_secret='s',\n"
        "        resource_server=ResourceServer(base_url, scheme=None))\n"
    )
    done = CliRunner().invoke(commands, ["vendors", "acme"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "acme(base_url=)",
        "  vendor                       Acme anvils",
        "  token endpoint               https://a.example/t",
        "  the client proves itself by  client_secret_basic",
        "  the token goes to            {base_url}",
        "  reads                        ACME_BASE_URL",
        "  reads, if it is set          ACME_CLIENT_ID",
        "  reads, if it is set          ACME_CLIENT_SECRET",
        "  options for -o               base_url",
        "  worth knowing                the token stands in the header Authorization, alone",
        "  source                       https://developers.acme.example/docs",
    ]


def test_what_a_library_reads_is_no_word(broken: Callable[..., None]) -> None:
    """Of what is looked for in the environment, however it was imported, only what stands for an argument is named."""
    broken(
        "import os\n"
        "from os import environ\n"
        "from oauth_cc_auth import ClientCredentials\n"
        "def acme(region=None):\n"
        "    assert not environ\n"
        "    os.environ.get('SSLKEYLOGFILE'), os.getenv('ACME_REGION')\n"
        "    return ClientCredentials(token_endpoint='https://a.example/t', client_id='i', client_secret='s')\n"
    )
    before, own = dict(os.environ), os.environ
    done = CliRunner().invoke(commands, ["vendors", "acme"])
    assert [line.split()[-1] for line in done.stdout.splitlines() if "reads" in line] == ["ACME_REGION"]
    assert os.environ is own
    assert os.environ == before


def test_a_key_made_by_hand_is_not_played(broken: Callable[..., None]) -> None:
    """A foreign preset that takes a client and returns a static token, or is of no module, hinders no other either."""
    broken(
        "from oauth_cc_auth import StaticToken\n"
        "def acme(client_id='i', client_secret='s'): return StaticToken(client_secret)\n"
        "acme.__module__ = 'nowhere'\n"
    )
    assert CliRunner().invoke(commands, ["vendors"]).stdout.startswith("acme\t\t\ta token made by hand\t")
    with Sandbox() as sandbox:
        assert "acme" not in _vendors.played_by(sandbox)


def test_a_preset_without_an_api(broken: Callable[..., None]) -> None:
    """A grant without a resource server, and a static token without one, are listed as what they are."""
    broken(
        "from oauth_cc_auth import ClientCredentials, RequestFormat\n"
        "def acme():\n"
        '    """Return a grant."""\n'
        "    return ClientCredentials(token_endpoint='https://a.example/t', client_id='i', client_secret='s',\n"
        "        token_request=RequestFormat(query=['grant_type']))\n"
    )
    listed = CliRunner().invoke(commands, ["vendors", "--markdown"]).stdout.splitlines()
    assert [line for line in listed if "`acme" in line] == ["| `acme` |  |"]
    row = CliRunner().invoke(commands, ["vendors", "acme"]).stdout
    assert "any https origin" in row
    assert "grant_type in the query" in row
