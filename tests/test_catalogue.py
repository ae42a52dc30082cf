"""Tests of the table of presets: the same on the terminal and in the docs, and read off the presets themselves."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from oauth_cc_auth import presets
from oauth_cc_auth.cli import _catalogue
from oauth_cc_auth.cli._commands import commands

ROOT = Path(presets.__file__).parents[2]


def lines() -> list[str]:
    """Return the rows that docs/vendors.md has to show."""
    entries, broken = _catalogue.catalogue()
    assert broken == []
    return list(_catalogue.markdown(entries))


def test_the_docs_are_current() -> None:
    """docs/vendors.md shows the table as it is printed now; `make docs` writes it."""
    page = (ROOT / "docs" / "vendors.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- the table begins -->\n")[2].partition("<!-- the table ends -->")[0]
    assert shown.splitlines() == lines()


def test_every_preset_has_a_row() -> None:
    """Each preset stands there once, in order, with its vendor and at least one page where its facts were read."""
    rows = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in lines()[2:]]
    assert [row[0].strip("`").partition("(")[0] for row in rows] == presets.__all__
    for row in rows:
        assert row[1]
        assert re.fullmatch(r"(\[\d+\]\(https://[^ )]+\) ?)+", row[-1]), row


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("zoom", ["zoom(account_id=)", "https://zoom.us/oauth/token", "grant_type account_credentials"]),
        ("walmart", ["token in WM_SEC.ACCESS_TOKEN, alone", "header WM_QOS.CORRELATION_ID"]),
        ("ebay", ["at most 1000 tokens in 86,400 s"]),
        ("adobe", ["scopes joined by ','"]),
        ("salesforce", ["https://{my_domain}.my.salesforce.com/", "where the token's answer says"]),
        ("databricks", ["named by https://{host}/"]),
        ("primavera", ["GET", "grant_type is not sent"]),
        ("feishu", ["client_secret_json", "client_id is called app_id"]),
        ("okta_org", ["private_key_jwt"]),
        ("sabre", ["headers of its own"]),
        ("vend_email", ["a user logs in"]),
        ("vainu", ["revocation"]),
        ("vibe_api_key", ["a token made by hand"]),
        ("amazon_sp_api", ["renewed on 401, 403"]),
        ("auth0", ["auth0(domain=, audience=, base_url=)", "{base_url}"]),
    ],
)
def test_what_is_odd_is_said(name: str, said: list[str]) -> None:
    """A row says what is not as RFC 6749 has it, and which words only the user knows."""
    row = next(line for line in lines() if line.startswith(f"| `{name}("))
    for words in said:
        assert words in row


def test_on_the_terminal() -> None:
    """`oauth-cc-auth vendors` prints every preset, with --markdown as the docs have it."""
    done = CliRunner().invoke(commands, ["vendors"])
    assert done.exit_code == 0
    for name in presets.__all__:
        assert name in done.stdout
    assert CliRunner().invoke(commands, ["vendors", "--markdown"]).stdout.splitlines() == lines()


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return how another package's presets are installed, for the time of a test."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(source: str) -> None:
        (tmp_path / "acme_oauth.py").write_text(source, encoding="utf-8")
        info = tmp_path / "acme_oauth-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-oauth\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[{presets.GROUP}]\nacme = acme_oauth:acme\n", encoding="utf-8")

    yield install
    sys.modules.pop("acme_oauth", None)


@pytest.mark.parametrize(
    "source",
    ["import not_there", "from oauth_cc_auth import ConfigurationError\ndef acme(): raise ConfigurationError('no')"],
)
def test_a_broken_preset_hides_no_other(source: str, broken: Callable[[str], None]) -> None:
    """A preset of another package that cannot be loaded is named on stderr, and the others are listed all the same."""
    broken(source)
    done = CliRunner().invoke(commands, ["vendors", "--markdown"])
    assert done.exit_code == 1
    assert "acme" in done.stderr
    assert "vainu" in done.stdout
    assert "acme" not in done.stdout


def test_a_preset_without_an_api(broken: Callable[[str], None]) -> None:
    """A grant without a resource server, and a static token without one, are listed as what they are."""
    broken(
        "from oauth_cc_auth import ClientCredentials, RequestFormat\n"
        "def acme():\n"
        '    """Return a grant."""\n'
        "    return ClientCredentials(token_endpoint='https://a.example/t', client_id='i', client_secret='s',\n"
        "        token_request=RequestFormat(query=['grant_type']))\n"
    )
    row = next(
        line for line in CliRunner().invoke(commands, ["vendors", "--markdown"]).stdout.splitlines() if "`acme" in line
    )
    assert "any https origin" in row
    assert "grant_type in the query" in row
