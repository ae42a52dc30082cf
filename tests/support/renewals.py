"""An authorization server, stores and renewals as the tests of renewals and logins share them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest
from loopback import SECRET, TOKEN, Clock, grant_for

from oauth_cc_auth import (
    AuthorizationCode,
    MemoryStore,
    Token,
)
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._life.live_token import LiveToken
from oauth_cc_auth._life.renewal import Renewal
from oauth_cc_auth._life.state import Withdrawn
from oauth_cc_auth._login.renewal import LoginRenewal

NOW = 1_000_000.0


class Server:
    """A token endpoint that numbers its tokens, takes one secret only, and rotates refresh tokens if told to."""

    def __init__(self, *, secret: str = SECRET, rotates: bool = True, events: list[str] | None = None) -> None:
        """Take this secret."""
        self.secret, self.rotates = secret, rotates
        self.asked: list[dict[str, str]] = []
        self.events = [] if events is None else events
        self.refresh_tokens = {"first"}
        self._guard = threading.Lock()

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Answer one request."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        with self._guard:
            self.events.append("ask")
            self.asked.append(form)
            if form["client_secret"] != self.secret:
                return HttpResponse(401, {}, b'{"error": "invalid_client"}')
            if "token" in form:
                return HttpResponse(200, {}, b"")
            number, extra = len(self.asked), ""
            if form["grant_type"] == "refresh_token":
                if form["refresh_token"] not in self.refresh_tokens:
                    return HttpResponse(400, {}, b'{"error": "invalid_grant", "error_description": "family killed"}')
                if self.rotates:
                    self.refresh_tokens = {f"refresh {number}"}
                    extra = f', "refresh_token": "refresh {number}", "scope": "public"'
        return HttpResponse(200, {}, f'{{"access_token": "{TOKEN} {number}", "expires_in": 3600{extra}}}'.encode())


class Recording(MemoryStore):
    """A store that writes down what happens to it."""

    def __init__(self, events: list[str] | None = None) -> None:
        """Write into this list."""
        super().__init__()
        self.events = [] if events is None else events

    def load(self, key: str) -> Token | None:
        """Load."""
        self.events.append("load")
        return super().load(key)

    def save(self, key: str, token: Token) -> None:
        """Save."""
        self.events.append("save")
        super().save(key, token)

    def discard(self, key: str, token: Token) -> None:
        """Discard."""
        self.events.append("discard")
        super().discard(key, token)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Lock."""
        with super().lock(key):
            self.events.append("lock")
            try:
                yield
            finally:
                self.events.append("unlock")

    @property
    def tokens(self) -> list[Token]:
        """What is in it."""
        return list(self._tokens.values())


class Broken(Recording):
    """A store of which some methods raise."""

    def __init__(self, *broken: str) -> None:
        """Break these."""
        super().__init__()
        self.broken = broken

    def _raise(self, what: str) -> None:
        if what in self.broken:
            raise OSError(f"cannot {what}: {TOKEN} {SECRET}")

    def load(self, key: str) -> Token | None:
        """Load, or raise."""
        self._raise("load")
        return super().load(key)

    def save(self, key: str, token: Token) -> None:
        """Save, or raise."""
        self._raise("save")
        super().save(key, token)

    def discard(self, key: str, token: Token) -> None:
        """Discard, or raise."""
        self._raise("discard")
        super().discard(key, token)

    def lock(self, key: str) -> Any:
        """Return a lock that raises when it is made, entered or left."""
        self._raise("lock")
        inner, outer = super().lock(key), self

        class Lock:
            def __enter__(self) -> None:
                outer._raise("enter")
                inner.__enter__()

            def __exit__(self, *_: object) -> None:
                inner.__exit__(None, None, None)
                outer._raise("unlock")

        return Lock()


def exchange_with(server: Any, clock: Callable[[], float] | None = None, **changes: Any) -> Exchange:
    """Return the exchange of a client-credentials grant."""
    grant = grant_for(token_endpoint_auth_method="client_secret_post", **changes)
    return Exchange(grant, server, 1.0, clock or Clock(NOW))


def login_with(server: Any, clock: Callable[[], float] | None = None, **changes: Any) -> Exchange:
    """Return the exchange of a grant after a login."""
    arguments = {"client_secret": SECRET, "refresh_token": "first", "scope": "read_user", **changes}
    grant = AuthorizationCode(
        token_endpoint="https://as.example.com/token",
        client_id="client",
        token_endpoint_auth_method="client_secret_post",
        **arguments,
    )
    return Exchange(grant, server, 1.0, clock or Clock(NOW))


def renewal_of(live: LiveToken, exchange: Exchange, store: Any) -> Renewal:
    """Return what renews the grant of this exchange."""
    kind = LoginRenewal if exchange.grant.refreshes else Renewal
    return kind(live, exchange, store)


def renew(live: LiveToken, exchange: Exchange, store: Any) -> Token:
    """Renew."""
    return renewal_of(live, exchange, store).run()


def revoke(live: LiveToken, exchange: Exchange, store: Any, token: Token | None, *, whole: bool) -> None:
    """Revoke this token, or the whole login."""
    renewal_of(live, exchange, store).end(Withdrawn(token, None, None), whole=whole, limit=1.0)


def renewed(live: LiveToken, exchange: Exchange, store: MemoryStore | None) -> Token:
    """Renew, and adopt the token as a source does."""
    token = renew(live, exchange, store)
    live.adopt(token, exchange.clock())
    return token


class Pausing(threading.Event):
    """Stands for the interpreter's exit, and lets no time pass in the pauses before it."""

    def __init__(self, meanwhile: Callable[[float], None]) -> None:
        """Call this at each pause."""
        super().__init__()
        self.meanwhile = meanwhile

    def wait(self, timeout: float | None = None) -> bool:
        """Pause."""
        self.meanwhile(timeout or 0.0)
        return self.is_set()


@pytest.fixture(autouse=True)
def unsaved(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Start no thread for what could not be saved, but return its work; try it no more when the tests are over."""
    works: list[Callable[[], None]] = []
    monkeypatch.setattr("oauth_cc_auth._login.unsaved.started", lambda work, name: works.append(work))
    monkeypatch.setattr("oauth_cc_auth._login.unsaved._unsaved", {})
    monkeypatch.setattr("oauth_cc_auth._login.unsaved._exiting", Pausing(lambda _: None))
    return works
