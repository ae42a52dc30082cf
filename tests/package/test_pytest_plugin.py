"""`pytest_plugin.py`: each test is a run of pytest of its own."""

from __future__ import annotations

from configparser import ConfigParser
from importlib import import_module
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PLUGIN = ("-p", "oauth_cc_auth.pytest_plugin", "-p", "no:cacheprovider")

GRANT = """
import asyncio
import pytest
from oauth_cc_auth import ClientCredentials, OriginNotAllowed, ResourceServer, StaticToken, TokenSource
from oauth_cc_auth._serving import Serving

SERVER = ResourceServer(origins=("https://api.example.com",))
GRANT = ClientCredentials(
    token_endpoint="https://as.example.com/token",
    client_id="c",
    client_secret="s",
    revocation_endpoint="https://as.example.com/revoke",
    resource_server=SERVER,
)
SOURCE = TokenSource(GRANT)
"""

TWO_TESTS = f"""{GRANT}
from oauth_cc_auth import Token

def test_one():
    SOURCE._serving.live.adopt(Token("kept"), 0.0)
    assert SOURCE.status().state == "fresh"

def test_two():
    assert SOURCE.status().state == "absent"
"""


@pytest.fixture(autouse=True)
def no_other_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load the plugin by its module alone: others load HTTP libraries of their own, or shuffle the tests."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def test_pytest_finds_it() -> None:
    """The distribution names the plugin, by which a project switches it off, and it can be imported."""
    described = ConfigParser()
    described.read(ROOT / "setup.cfg")
    (line,) = described["options.entry_points"]["pytest11"].split("\n")[1:]
    name, _, module = line.partition(" = ")
    assert name == "oauth_cc_auth"
    assert import_module(module).oauth_token


def test_a_fixed_token(pytester: pytest.Pytester) -> None:
    """Every source answers it, sync and async, also one that was made before; nothing is sent, and the pin stays."""
    pytester.makepyfile(
        GRANT
        + """
@pytest.mark.parametrize("source", [SOURCE, TokenSource(StaticToken("by-hand", resource_server=SERVER))])
def test_tokens(oauth_token, source):
    assert source.token() is oauth_token
    assert asyncio.run(source.atoken()) is oauth_token
    assert source.headers("GET", "https://api.example.com/") == {"Authorization": f"Bearer {oauth_token.access_token}"}
    with pytest.raises(OriginNotAllowed):
        source.headers("GET", "https://elsewhere.example.com/")

def test_a_refusal(oauth_token):
    sent = 0
    for attempt in SOURCE.attempts("GET", "https://api.example.com/"):
        sent += 1
        attempt.heard(401, {})
    assert sent == 1
    for attempt in SOURCE.attempts("POST", "https://api.example.com/", replayable=False):
        attempt.heard(401, {})
    SOURCE.revoke()

def test_a_login(oauth_token):
    from oauth_cc_auth import AuthorizationCode, ConfigurationError, Login
    login = Login(AuthorizationCode(
        token_endpoint="https://as.example.com/token",
        client_id="c",
        client_secret="s",
        authorization_endpoint="https://as.example.com/authorize",
        redirect_uri="http://127.0.0.1/back",
    ))
    with pytest.raises(ConfigurationError, match="use oauth_sandbox"):
        login.exchange("http://127.0.0.1/back?code=c&state=s", state="s", code_verifier="v" * 43)

def test_afterwards():
    assert SOURCE._serving.obtain.__func__ is Serving.obtain
    assert SOURCE.status().state == "absent"
"""
    )
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=5)


def test_a_hot_path_with_a_fixed_token(pytester: pytest.Pytester) -> None:
    """A token that a source has got already is not what it answers meanwhile."""
    pytester.makepyfile(
        GRANT
        + """
import httpx
from oauth_cc_auth import HttpxAuth, Token

def test_it(oauth_token):
    seen = []
    def answer(request):
        seen.append(request.headers["Authorization"])
        return httpx.Response(200)
    SOURCE._serving.live.adopt(Token("another"), 0.0)
    with httpx.Client(transport=httpx.MockTransport(answer), auth=HttpxAuth(SOURCE)) as client:
        for _ in range(3):
            client.get("https://api.example.com/")
    assert seen == [f"Bearer {oauth_token.access_token}"] * 3
"""
    )
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1)


def test_no_retries(pytester: pytest.Pytester) -> None:
    """A token request that nothing answers is sent once in a test that says so, and four times in the next one."""
    pytester.makepyfile(
        GRANT
        + """
import httpx
from oauth_cc_auth import TokenEndpointUnavailable

def attempts():
    sent = []
    def answer(request):
        sent.append(request)
        raise httpx.ConnectError("not mocked")
    with httpx.Client(transport=httpx.MockTransport(answer)) as client, pytest.raises(TokenEndpointUnavailable):
        TokenSource(GRANT, client=client, timeout=0.5).token()
    return len(sent)

def test_one(oauth_no_retries):
    assert attempts() == 1

def test_two():
    assert attempts() == 4
"""
    )
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=2)


def test_a_sandbox(pytester: pytest.Pytester) -> None:
    """A grant gets its token from the running sandbox, also from a vendor of the test's own."""
    pytester.makepyfile(
        """
import requests
from oauth_cc_auth import RequestsAuth, presets

def test_it(oauth_sandbox):
    grant = oauth_sandbox.grant(presets.vainu(client_id="made-up", client_secret="made-up"))
    answer = requests.get(f"{grant.resource_server.base_url}/v3/organizations/", auth=RequestsAuth(grant), timeout=30)
    assert answer.status_code == 200
    assert callable(oauth_sandbox.add)
"""
    )
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1)


def test_tokens_are_forgotten(pytester: pytest.Pytester) -> None:
    """One test's token is not the next one's, without a word of the tests."""
    pytester.makepyfile(TWO_TESTS)
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=2)
    pytester.runpytest_inprocess().assert_outcomes(passed=1, failed=1)


def test_tokens_are_kept_on_demand(pytester: pytest.Pytester) -> None:
    """A project whose fixtures hold a token for a whole session says so in its configuration."""
    pytester.makepyfile(TWO_TESTS)
    pytester.makeini("[pytest]\noauth_keep_tokens = true\n")
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1, failed=1)


def test_tokens_are_forgotten_by_each_worker(pytester: pytest.Pytester) -> None:
    """Under xdist each process forgets its own."""
    pytester.makepyfile(TWO_TESTS)
    pytester.runpytest_subprocess(*PLUGIN, "-p", "xdist", "-n", "1").assert_outcomes(passed=2)


def test_a_run_that_does_not_use_it_pays_nothing(pytester: pytest.Pytester) -> None:
    """Neither at its start nor between tests is anything loaded but the plugin itself."""
    pytester.makepyfile(
        """
import sys

def test_one():
    pass

def test_two():
    loaded = {name for name in sys.modules if name.startswith("oauth_cc_auth")}
    assert loaded == {"oauth_cc_auth", "oauth_cc_auth.pytest_plugin"}
    assert not {"requests", "httpx", "authlib", "flask"} & set(sys.modules)
"""
    )
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=2)
