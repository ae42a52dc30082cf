"""The facts that docs/security.md calls surprising: each can be read there, and is so."""

from __future__ import annotations

import logging
import re
import threading
from typing import Any

import httpx
import httpx2
import pytest
from blocks import ROOT
from cryptography.fernet import Fernet
from loopback import SECRET, Answer, Loopback, Received, grant_for, token_answer

from oauth_cc_auth import Discovery, EncryptedStore, HttpxAuth, MemoryStore, RequestFormat, TokenSource, forget_all
from oauth_cc_auth._authorization_server.metadata import Metadata

POST: Any = {"token_endpoint_auth_method": "client_secret_post", "allow_insecure_http": True}


class OwnStore:
    """A store with the four methods alone, as a user writes it."""

    def __init__(self) -> None:
        """Keep tokens in memory."""
        self._inner = MemoryStore()
        self.load, self.save, self.discard = self._inner.load, self._inner.save, self._inner.discard
        self.lock = self._inner.lock


@pytest.fixture(scope="module")
def said() -> str:
    """Return the part of the page that says them, in one line."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return " ".join(page.partition("## Facts that may surprise you")[2].partition("```")[0].split())


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_hook_that_changes_the_url(library: Any, said: str) -> None:
    """A request hook of httpx runs after the token was attached, and takes it along to any host."""
    assert "**An httpx request hook that changes the URL takes the token along.**" in said
    carried = []

    def api(request: Any) -> Any:
        carried.append((request.url.host, request.headers.get("Authorization")))
        return library.Response(200)

    def move(request: Any) -> None:
        request.url = library.URL("https://elsewhere.example/x")

    with Loopback(token_answer("token")) as server:
        auth = HttpxAuth(grant_for(f"{server.url}/token"))
        hooks, transport = {"request": [move]}, library.MockTransport(api)
        with library.Client(auth=auth, event_hooks=hooks, transport=transport) as client:
            client.get("https://api.example.com/x")
    assert carried == [("elsewhere.example", "Bearer token")]


def test_an_entry_that_was_put_back(said: str) -> None:
    """A fresh process believes an old entry of an EncryptedStore; the API then refuses it, and it is replaced."""
    assert "**A fresh process believes an old entry of an `EncryptedStore`**" in said
    inner = MemoryStore()
    saved, save = [], inner.save
    inner.save = lambda key, token: (saved.append((key, token)), save(key, token))  # type: ignore[assignment, func-returns-value, method-assign]  # to copy what is on the disk
    with Loopback(*map(token_answer, ("first", "second", "third"))) as server:
        source = TokenSource(grant_for(f"{server.url}/token"), store=EncryptedStore(inner, Fernet.generate_key()))
        source.reject(source.token())
        assert source.token().access_token == "second"
        save(*saved[0])
        forget_all()
        assert source.token().access_token == "first"
        source.reject(source.token())
        assert source.token().access_token == "third"


def test_metadata_of_one_host_names_another(said: str) -> None:
    """Metadata may name a token endpoint on another host, but not one by plain http."""
    assert "**`Discovery` may name a token endpoint on another host**, as long as it is https" in said
    grant = grant_for(Discovery(issuer="https://as.example.com"))  # type: ignore[arg-type]  # the helper's default is a string
    elsewhere = "https://tokens.example.net/token"
    found = Metadata("https://as.example.com/m", {"token_endpoint": elsewhere}, 0.0, 1.0, "https://as.example.com")
    assert found.applied(grant, SECRET).token_endpoint == elsewhere


@pytest.mark.parametrize(("store", "more"), [(None, []), (OwnStore(), ["oauth-cc-auth-lock"])])
def test_threads_of_a_token_request(store: Any, more: list[str], said: str) -> None:
    """A token request has two threads, and one more for the lock of a user's store; all are gone when it has ended."""
    assert "**Each token request starts two threads**" in said
    assert "`RedisStore` and a store of your own start one more" in said
    counted: list[tuple[str, bool]] = []

    def ours() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name.startswith("oauth-cc-auth")]

    def answer(_: Received) -> Answer:
        counted.extend((thread.name, thread.daemon) for thread in ours())
        return token_answer()

    with Loopback(answer) as server:
        TokenSource(grant_for(f"{server.url}/token"), store=store).token()
        for thread in ours():
            thread.join(5)
        assert ours() == []
    assert sorted(counted) == [(name, True) for name in ("oauth-cc-auth-flight", *more, "oauth-cc-auth-request")]


def test_a_secret_in_a_query(said: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in a URL's query is in no log of this process, but a proxy sees it."""
    assert "**A secret in a URL's query**" in said
    caplog.set_level(logging.DEBUG)
    with Loopback() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        form = RequestFormat(query=["client_secret"])
        grant = grant_for("http://as.example.com/token", token_request=form, **POST)
        TokenSource(grant).token()
    assert re.search(r"^http://as\.example\.com/token\?client_secret=canary-secret-J7", proxy.received[0].path)
    assert "canary" not in caplog.text
