"""Fixtures for tests of programs that use this package; pytest finds them once the package is installed.

`oauth_sandbox` runs the vendors on this machine, `oauth_token` lets every source answer one token without a network,
and `oauth_no_retries` lets a token request that a test forgot to mock fail at once. Between two tests the process
forgets its tokens, so that no test sees another's; ``oauth_keep_tokens = true`` in pytest's configuration keeps them,
for fixtures of a whole session. A run that does not use the package pays nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from oauth_cc_auth import Token
    from oauth_cc_auth.sandbox import Sandbox

_KEEP = "oauth_keep_tokens"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what pytest's configuration may say."""
    parser.addini(_KEEP, "keep the tokens of oauth_cc_auth from one test to the next", type="bool", default=False)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Forget the process's tokens after each test and its fixtures, if there may be any."""
    yield
    loaded = sys.modules.get("oauth_cc_auth._life.table")  # without which there is no token
    if loaded is not None and not item.config.getini(_KEEP):
        loaded.forget_all()


@pytest.fixture
def oauth_sandbox() -> Iterator[Sandbox]:
    """The vendors' authorization servers and APIs on this machine, for one test; needs ``oauth-cc-auth[sandbox]``.

    ``oauth_sandbox.grant(presets.zoom(...))`` points a grant at it, and ``oauth_sandbox.add(Vendor(...))`` plays a
    vendor of your own.
    """
    from oauth_cc_auth.sandbox import Sandbox  # noqa: PLC0415 - for tests that use it

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def oauth_token(monkeypatch: pytest.MonkeyPatch) -> Token:
    """The `Token` that every source answers during this test, whatever its grant; no token request is sent.

    A token still goes only where its `resource_server` lets it.
    """
    from oauth_cc_auth import ConfigurationError, Token  # noqa: PLC0415 - for tests that use it
    from oauth_cc_auth._serving import Serving  # noqa: PLC0415 - as above

    token = Token("oauth-token-of-the-test")

    async def aobtain(*_: object) -> Token:
        return token

    def flown(*_: object) -> None:
        message = "A login sends a token request, and the fixture oauth_token sends none: use oauth_sandbox."
        raise ConfigurationError(message)

    monkeypatch.setattr(Serving, "obtain", lambda *_: token)
    monkeypatch.setattr(Serving, "aobtain", aobtain)
    monkeypatch.setattr(Serving, "ready", lambda *_: None)
    monkeypatch.setattr(Serving, "prefetch", lambda *_: None)
    monkeypatch.setattr(Serving, "revocation", lambda *_: None)
    monkeypatch.setattr(Serving, "flown", flown)
    return token


@pytest.fixture
def oauth_no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each token request is sent once, so that one which the test forgot to mock fails at once, not after a second.

    For all tests: ``usefixtures = oauth_no_retries`` in pytest's configuration.
    """
    monkeypatch.setattr("oauth_cc_auth._authorization_server.retry.RETRIES", 0)
