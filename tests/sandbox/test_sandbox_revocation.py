"""Tokens are taken back in the sandbox as the vendors take them back, from whom they take that."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import vendor_sandbox
from vendor_sandbox import BASIC, FORM, ODD, ODD_API, POST, ask, call

from oauth_cc_auth import RequestsAuth, TokenSource, presets
from oauth_cc_auth.sandbox import Sandbox
from oauth_cc_auth.sandbox import _vendor as facts

clock, sandbox, play = vendor_sandbox.clock, vendor_sandbox.sandbox, vendor_sandbox.play

REVOKE = "https://as.odd.example/revoke"


@pytest.mark.parametrize(
    ("name", "words", "url"),
    [
        ("box", {"subject_id": "1"}, "https://api.box.com/2.0/users/me"),
        ("igdb", {}, "https://api.igdb.com/v4/games"),
        ("line_short_lived", {}, "https://api.line.me/v2/bot/info"),
        ("salesforce", {"my_domain": "acme"}, "https://acme.my.salesforce.com/services/data"),
        ("twitch", {}, "https://api.twitch.tv/helix/games"),
    ],
)
def test_a_source_revokes(sandbox: Sandbox, name: str, words: dict[str, str], url: str) -> None:
    """With a preset a token is revoked as its vendor documents, is dead then, and the next call has another one."""
    preset: Any = presets.get(name)
    grant = sandbox.grant(preset("mine", "my secret", **words))
    source, at = TokenSource(grant), sandbox.url(url)
    first = source.token()
    assert requests.get(at, auth=RequestsAuth(source), timeout=5).status_code == 200
    dead = source.headers("GET", at)
    source.revoke()
    revocation = sandbox.requests[-1]
    assert (revocation.kind, revocation.status) == ("revocation", 200)
    assert ("client_secret" in revocation.form) == (name == "box")
    assert requests.get(at, headers=dead, timeout=5).status_code == 401
    assert requests.get(at, auth=RequestsAuth(source), timeout=5).status_code == 200
    assert source.token() != first


def test_by_the_id_alone(sandbox: Sandbox, play: Any) -> None:
    """A vendor may let a client with a secret revoke without it, its own tokens only, and ask for it all the same."""
    play(sandbox, revocation_endpoints=("as.odd.example/revoke",), revocation_auth_methods=frozenset({facts.NO_AUTH}))
    sandbox.register_client("odd", "other", "its secret")
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    for data, status in (
        ({"token": token}, 401),
        ({"token": token, "client_id": "nobody"}, 401),
        ({"token": token, "client_id": "id", "client_secret": "wrong"}, 401),
        ({"token": token, "client_id": "other"}, 400),
        ({"client_id": "id"}, 400),
    ):
        assert ask(sandbox, REVOKE, data=data).status_code == status
    assert call(sandbox, ODD_API, token).status_code == 200
    assert ask(sandbox, REVOKE, data={"token": token, "client_id": "id"}).status_code == 200
    assert call(sandbox, ODD_API, token).status_code == 401
    assert ask(sandbox, ODD, data=FORM | {"client_id": "id"}).status_code == 401


def test_by_the_token_alone(sandbox: Sandbox, play: Any) -> None:
    """A vendor may ask whoever has the token for nothing else; what it never issued it does not end (RFC 7009 §2.1)."""
    play(sandbox, revocation_endpoints=("as.odd.example/revoke",), revocation_auth_methods={facts.TOKEN_ALONE})
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    vainu = ask(sandbox, "https://api.vainu.io/api/oauth/token/", data=POST).json()["access_token"]
    assert ask(sandbox, REVOKE, data={}).json()["error"] == "invalid_request"
    assert [ask(sandbox, REVOKE, data={"token": value}).status_code for value in ("unknown", vainu)] == [200, 400]
    assert call(sandbox, ODD_API, token).status_code == 200
    assert call(sandbox, "https://api.vainu.io/api/v3/organizations/", vainu).status_code == 200
    assert ask(sandbox, REVOKE, data={"token": token}).status_code == 200
    assert call(sandbox, ODD_API, token).status_code == 401
