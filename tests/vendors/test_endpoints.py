"""Tests of the look at each vendor's token endpoint, at the sandbox; over the network, maintainers run it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from loopback import Answer, Loopback

from maintenance import endpoints
from oauth_cc_auth import presets
from oauth_cc_auth.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Play all vendors."""
    with Sandbox() as running:
        yield running


def known_elsewhere(sandbox: Sandbox) -> Any:
    """Return what turns a grant to a sandbox that knows its client by another secret."""

    def pointed(grant: Any) -> Any:
        secret = endpoints._made_up_key() if "BEGIN" in grant.client_secret else "the right one"
        sandbox.grant(replace(grant, client_secret=secret))
        return sandbox.grant(grant)

    return pointed


def test_every_vendor_answers_as_its_preset_says(sandbox: Sandbox) -> None:
    """Made-up credentials are refused by each vendor that the sandbox plays, in words that the preset reads."""
    seen = list(endpoints.look_at(presets.__all__, known_elsewhere(sandbox)))
    assert [each.name for each in seen] == presets.__all__
    assert [str(each) for each in seen if each.well is False] == []
    assert sum(each.well is True for each in seen) >= 80
    assert next(each for each in seen if each.name == "shopify").well is None
    assert next(each for each in seen if each.name == "vibe_api_key").well is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(404, b"<html>gone</html>"), "404"),
        (Answer(302, b"", {"location": "https://elsewhere.example/"}), "redirects to https://elsewhere.example/"),
        (Answer(200, {"access_token": "t", "token_type": "Bearer"}), "gave a token to made-up credentials"),
        (Answer(200, {"access_token": "t", "token_type": "mac"}), "mac"),
    ],
)
def test_a_vendor_that_has_changed(answer: Answer, said: str) -> None:
    """A page, a redirect, another kind of token, or a token for nobody: each is reported as a change."""
    with Loopback(answer) as server:
        (seen,) = endpoints.look_at(["paypal"], lambda grant: replace(grant, token_endpoint=f"{server.url}/token"))
    assert seen.well is False
    assert said in seen.what
    assert str(seen).startswith("CHANGED    paypal: ")


def test_an_error_of_our_own() -> None:
    """What cannot even be asked is reported too."""
    (seen,) = endpoints.look_at(["paypal"], lambda grant: replace(grant, client_secret=lambda: ""))
    assert (seen.well, "ConfigurationError" in seen.what) == (False, True)


@pytest.mark.parametrize(("status", "well"), [(0, True), (1, False)])
def test_the_report(
    status: int, *, well: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is a line for each preset, and the exit status tells whether one has changed."""
    monkeypatch.setattr(
        endpoints, "look_at", lambda names: [endpoints.Seen(name, well=well, what="x") for name in names]
    )
    assert endpoints.report(["zoom", "xero"]) == status
    assert len(capsys.readouterr().out.splitlines()) == 2
