"""The login of a user at node-oidc-provider: PKCE, an issuer in the redirect, and refresh tokens that rotate."""

from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

import doors
import oidc_provider
import pytest
import requests
from doors import Door, at_once
from oidc_provider import REDIRECT_URI, SHORT_LIFE, OidcProvider

from oauth_cc_auth import (
    AuthorizationCode,
    AuthorizationFailed,
    Discovery,
    FileStore,
    InteractionRequired,
    Login,
    RequestsAuth,
    TokenSource,
)

door, provider, running_provider = doors.door, oidc_provider.provider, oidc_provider.running_provider


def log_in(url: str) -> str:
    """Fill in the server's forms as a user does, and return the address that the browser is sent back to."""
    with requests.Session() as browser:
        page = browser.get(url, allow_redirects=False, timeout=10)
        for _ in range(12):
            if page.is_redirect:
                target = urljoin(page.url, page.headers["Location"])
                if target.startswith(REDIRECT_URI):
                    return target
                page = browser.get(target, allow_redirects=False, timeout=10)
                continue
            form = re.search(r'action="([^"]+)"', page.text)
            assert form, page.text
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
            said = {**hidden, "login": "user", "password": "any"}
            page = browser.post(urljoin(page.url, form[1]), data=said, allow_redirects=False, timeout=10)
    raise AssertionError("the login does not end")


def logged_in(grant: AuthorizationCode, **kw: object) -> TokenSource:
    """Return the source of a login that has ended."""
    source = TokenSource(grant, **kw)  # type: ignore[arg-type]  # as the caller has them
    login = Login(source)
    login.exchange(log_in(login.authorization_url(prompt="consent")))
    return source


def test_a_login_is_renewed_by_its_last_refresh_token(door: Door, provider: OidcProvider) -> None:
    """A login is renewed again and again, though the server takes each refresh token once."""
    source = logged_in(provider.login())
    auth = door.auth(source)
    seen = set()
    for _ in range(4):
        assert door.call("GET", f"{provider.issuer}/any/x", auth).status_code == 200
        token = source.token()
        seen.add((token.access_token, token.refresh_token))
        source.reject(token)
    assert len(seen) == 4
    assert len({refresh for _, refresh in seen}) == 4


def test_a_login_that_the_server_ended(door: Door, provider: OidcProvider) -> None:
    """This server ends the login with its access token (RFC 7009 §2.1): the next call asks for a user."""
    source = logged_in(provider.login())
    auth = door.auth(source)
    assert door.call("GET", f"{provider.issuer}/any/x", auth).status_code == 200
    provider.revoke(source.token().access_token)
    with pytest.raises(InteractionRequired) as caught:
        door.call("GET", f"{provider.issuer}/any/x", auth)
    assert isinstance(caught.value, door.error)


def test_a_login_lives_on_after_its_access_token(provider: OidcProvider, tmp_path: Path) -> None:
    """Once the access token has expired by itself, the login goes on, in a store that others read."""
    store = FileStore(tmp_path / "tokens")
    source = logged_in(provider.login(), store=store)
    first = source.token().access_token
    over = time.monotonic() + SHORT_LIFE + 1
    while time.monotonic() < over:
        assert requests.get(f"{provider.issuer}/any/x", headers=source.headers("GET", provider.issuer), timeout=10).ok
        time.sleep(0.1)
    assert source.token().access_token != first
    assert not provider.introspect(first)["active"]


def test_many_who_share_a_login_renew_it_once(provider: OidcProvider, tmp_path: Path) -> None:
    """Sources of one store renew one after another: two with one refresh token would end the login."""
    store = FileStore(tmp_path / "tokens")
    logged_in(provider.login(), store=store)
    sources = [TokenSource(provider.login(), store=FileStore(tmp_path / "tokens")) for _ in range(4)]
    tokens = [source.token() for source in sources]
    assert len({token.access_token for token in tokens}) == 1
    provider.asked()
    for source, token in zip(sources, tokens, strict=True):
        source.reject(token)
    renewed = at_once([partial(source.token) for source in sources])
    assert len({token.access_token for token in renewed}) == 1
    assert [request["status"] for request in provider.asked()["token"]] == [200]
    assert provider.introspect(renewed[0].access_token)["active"]


def test_a_used_refresh_token_ends_the_login(provider: OidcProvider) -> None:
    """A refresh token that was used before ends the login: for the thief, and for the owner at the next call."""
    source = logged_in(provider.login())
    stolen = source.token().refresh_token
    source.reject(source.token())
    assert requests.get(f"{provider.issuer}/any/x", auth=RequestsAuth(source), timeout=10).ok
    with pytest.raises(InteractionRequired):
        TokenSource(provider.login(refresh_token=stolen, login="a thief")).token()
    with pytest.raises(InteractionRequired):
        requests.get(f"{provider.issuer}/any/x", auth=RequestsAuth(source), timeout=10)


def test_revoke_ends_a_login(provider: OidcProvider) -> None:
    """`revoke()` ends the whole login at the server: neither of its tokens is good any more."""
    source = logged_in(provider.login())
    token = source.token()
    source.revoke()
    assert token.refresh_token
    for text in (token.access_token, token.refresh_token):
        assert not provider.introspect(text)["active"]


def test_a_login_that_knows_the_issuer_alone(provider: OidcProvider) -> None:
    """The server's metadata says where users log in, and that its redirects name it: one that does not is refused."""
    found = Discovery(issuer=provider.issuer)
    grant = provider.login(token_endpoint=found, authorization_endpoint=None, issuer=None, revocation_endpoint=None)
    source = logged_in(grant)
    assert requests.get(f"{provider.issuer}/any/x", auth=RequestsAuth(source), timeout=10).ok
    login = Login(grant)
    redirected = log_in(login.authorization_url(prompt="consent"))
    provider.asked()
    with pytest.raises(AuthorizationFailed, match="does not name"):
        login.exchange(re.sub("&iss=[^&]*", "", redirected))
    assert provider.asked()["token"] == []


def test_another_issuer_in_the_redirect(provider: OidcProvider) -> None:
    """An answer that names another issuer (RFC 9207) is refused before the code is sent anywhere."""
    login = Login(provider.login(issuer="http://127.0.0.1:9"))
    redirected = log_in(login.authorization_url(prompt="consent"))
    provider.asked()
    with pytest.raises(AuthorizationFailed):
        login.exchange(redirected)
    assert provider.asked()["token"] == []
