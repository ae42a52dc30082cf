"""Tests of the login of a user: the address where it begins, the address where it ends, and the code in between."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import runpy
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import requests
import trio
from loopback import SECRET, TOKEN, Answer, Clock, Loopback, Received, grant_for, token_answer

from oauth_cc_auth import (
    AuthorizationCode,
    AuthorizationFailed,
    ConfigurationError,
    Discovery,
    InteractionRequired,
    InvalidGrant,
    InvalidTokenResponse,
    Login,
    MemoryStore,
    RequestFormat,
    RequestsAuth,
    Token,
    TokenSource,
    forget_all,
)
from oauth_cc_auth._login import consent

CALLBACK = "http://localhost:8765/callback"


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a token endpoint whose answers hold a refresh token."""
    with Loopback(token_answer(refresh_token="refresh-1", scope="public")) as server:
        yield server


def login_for(server: Loopback | None = None, **changes: Any) -> AuthorizationCode:
    """Return a grant that nobody has logged in to."""
    origin = server.url if server else "https://as.example.com"
    arguments = {
        "authorization_endpoint": f"{origin}/authorize",
        "token_endpoint": f"{origin}/token",
        "client_id": "client",
        "client_secret": SECRET,
        "redirect_uri": CALLBACK,
        **changes,
    }
    return AuthorizationCode(**arguments)


def asked(grant: AuthorizationCode, **arguments: Any) -> dict[str, str]:
    """Return the parameters of the authorization request."""
    return dict(parse_qsl(urlsplit(Login(grant).authorization_url(**arguments)).query, strict_parsing=True))


def redirected(state: str, **parameters: str) -> str:
    """Return the address that the user comes back by."""
    return f"{CALLBACK}?{urlencode({'code': 'the code', 'state': state, **parameters})}"


def challenge_of(code_verifier: str) -> str:
    """Return the S256 challenge (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")


def form_of(received: Received) -> dict[str, str]:
    """Return the parameters of a token request, none of which occurs twice."""
    assert len(received.form) == len(dict(received.form))
    return dict(received.form)


@pytest.mark.requirement(
    "9700-pkce",
    "6749-authorization-request",
    "6749-state-sent",
    "9700-no-implicit",
    "6749-entropy",
    "9700-code-injection",
)
def test_where_the_user_logs_in() -> None:
    """Line 44, RFC 6749 §4.1.1: client, redirect, scope, state, S256 challenge and further parameters; no secret."""
    grant = login_for(scope=["read", "write"], token_request=RequestFormat(scope_separator=","))
    url = Login(grant).authorization_url(prompt="consent", audience="https://api")
    assert url.startswith("https://as.example.com/authorize?")
    assert SECRET not in url
    parameters = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
    assert len(parameters.pop("state")) >= 43
    assert len(parameters.pop("code_challenge")) == 43
    assert parameters == {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": CALLBACK,
        "scope": "read,write",
        "code_challenge_method": "S256",
        "prompt": "consent",
        "audience": "https://api",
    }


@pytest.mark.requirement("6749-endpoint-query", "8707-authorization")
def test_what_is_not_said_is_not_asked() -> None:
    """Line 44: without redirect, scope and resource nothing of them is sent; an endpoint keeps its own query."""
    grant = login_for(redirect_uri=None, authorization_endpoint="https://as.example.com/authorize?tenant=t")
    assert asked(grant).keys() == {
        "tenant",
        "response_type",
        "client_id",
        "state",
        "code_challenge",
        "code_challenge_method",
    }
    several = parse_qs(urlsplit(Login(login_for(resource=["https://1", "https://2"])).authorization_url()).query)
    assert several["resource"] == ["https://1", "https://2"]


@pytest.mark.requirement("6749-clear-text", "9700-pkce-fresh")
def test_state_and_verifier_are_new_each_time() -> None:
    """RFC 6749 §10.12: state and challenge are never the same twice, unless they are given."""
    made = [asked(login_for()) for _ in range(50)]
    assert len({each["state"] for each in made}) == len({each["code_challenge"] for each in made}) == 50
    given = asked(login_for(), state="my state", code_verifier="v" * 43)
    assert (given["state"], given["code_challenge"]) == ("my state", challenge_of("v" * 43))


def test_without_an_authorization_endpoint() -> None:
    """A grant that knows no authorization endpoint says which argument is missing."""
    with pytest.raises(ConfigurationError, match="authorization_endpoint is missing"):
        Login(login_for(authorization_endpoint=None)).authorization_url()


def test_what_the_grant_says_cannot_be_said_again() -> None:
    """RFC 7636: a parameter that would undo PKCE or the grant is refused by name."""
    cases: list[str] = ["scope", "redirect_uri", "client_id", "response_type", "resource", "url", "code_challenge"]
    for name in cases:
        with pytest.raises(ConfigurationError, match=f"authorization_url: {name}"):
            Login(login_for()).authorization_url(**{name: "other"})


@pytest.mark.requirement("6749-code-request", "9700-code-injection")
def test_the_code_is_exchanged(server: Loopback) -> None:
    """RFC 6749 §4.1.3, RFC 7636 §4.5: code, verifier and redirect_uri are sent; the token is served from then on."""
    grant = login_for(server, resource="https://api", scope="read_user")
    question = asked(grant)
    token = Login(grant).exchange(redirected(question["state"]))
    assert (token.access_token, token.refresh_token, token.scope) == (TOKEN, "refresh-1", "public")
    form = form_of(server.received[0])
    assert challenge_of(form.pop("code_verifier")) == question["code_challenge"]
    assert form == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": CALLBACK,
        "resource": "https://api",
    }
    assert server.received[0].headers["authorization"].startswith("Basic ")
    assert TokenSource(login_for(server, resource="https://api", scope="read_user")).token() is token
    with Loopback(Answer(body={})) as api:
        requests.get(api.url, auth=RequestsAuth(grant), timeout=5)
        assert api.received[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert len(server.received) == 1


@pytest.mark.requirement("6749-refresh-scope")
def test_what_follows_is_a_refresh(server: Loopback) -> None:
    """Line 25: after a login the refresh token that it brought renews the token, with the scope that was granted."""
    clock = Clock()
    source = TokenSource(login_for(server, scope="read_user"), clock=clock)
    Login(source).exchange(redirected(asked(login_for(server, scope="read_user"))["state"]))
    clock.now += 3601
    source.token()
    assert form_of(server.received[1]) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
        "scope": "public",
    }


def test_a_second_login_replaces_the_first(server: Loopback) -> None:
    """Line 44: who logs in again goes on with the new login; another `login` is another user."""
    for number in (1, 2):
        server.replies = [token_answer(f"{TOKEN} {number}", refresh_token=f"refresh-{number}")]
        grant = login_for(server)
        Login(grant).exchange(redirected(asked(grant)["state"]))
        assert TokenSource(grant).token().access_token == f"{TOKEN} {number}"
    with pytest.raises(InteractionRequired):
        TokenSource(login_for(server, login="somebody else")).token()


def test_the_token_is_saved_before_it_is_used(server: Loopback) -> None:
    """Line 25: a login is in the store when `exchange` returns, and another process goes on with it."""
    store, grant = MemoryStore(), login_for(server)
    Login(TokenSource(grant, store=store)).exchange(redirected(asked(grant)["state"]))
    forget_all()
    assert TokenSource(grant, store=store).token().access_token == TOKEN
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: redirected("x" + state),
        lambda state: redirected(state[:-1]),
        lambda _: redirected(""),
        lambda _: f"{CALLBACK}?code=c",
        lambda _: CALLBACK,
        lambda state: f"{CALLBACK}#code=c&state={state}",
        lambda _: "",
        lambda _: "https://[",
        lambda _: f"{CALLBACK}?state=\ud800",
        lambda _: f"{CALLBACK}?state=%ff%fe&code=%00",
        lambda _: None,
        lambda _: 5,
        lambda _: b"http://x/?state=y",
    ],
)
@pytest.mark.requirement("6749-state", "9700-csrf")
def test_a_state_that_is_not_ours(spoil: Callable[[str], Any], server: Loopback) -> None:
    """RFC 6749 §10.12: an answer to somebody else's question, or to none, is refused, and nothing is sent."""
    grant = login_for(server)
    question = asked(grant)
    with pytest.raises(AuthorizationFailed, match="state") as caught:
        Login(grant).exchange(spoil(question["state"]))
    assert caught.value.error is None
    assert isinstance(caught.value, InteractionRequired)
    assert server.received == []
    assert Login(grant).exchange(redirected(question["state"])).access_token == TOKEN


@pytest.mark.requirement("6749-code-once", "9700-state-once")
def test_an_answer_counts_once(server: Loopback) -> None:
    """RFC 6749 §10.5: the same address does not end a login twice, however many come with it at once."""
    grant = login_for(server)
    url = redirected(asked(grant)["state"])
    outcomes: list[object] = []

    def end() -> None:
        try:
            outcomes.append(Login(grant).exchange(url))
        except AuthorizationFailed as failure:
            outcomes.append(failure)

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(isinstance(outcome, Token) for outcome in outcomes) == 1
    assert len(server.received) == 1


def test_an_answer_counts_once_with_state_and_verifier(server: Loopback) -> None:
    """RFC 6749 §10.5: with both passed an answer counts once too, in the process that asked and in another."""
    grant, kept = login_for(server), dict[str, Any](state="S", code_verifier="v" * 43)
    asked(grant, **kept)
    with pytest.raises(AuthorizationFailed, match="pass state= and code_verifier="):
        Login(grant).exchange(redirected("S"))
    for other_process in (False, True):
        if other_process:
            consent.forget()
        Login(grant).exchange(redirected("S"), **kept)
        for again in (kept, dict[str, Any](state="S"), dict[str, Any]()):
            with pytest.raises(AuthorizationFailed):
                Login(grant).exchange(redirected("S", code="another"), **again)
    assert len(server.received) == 2
    asked(grant, **kept)
    assert Login(grant).exchange(redirected("S"), **kept).access_token == TOKEN, "a login that begins anew ends anew"


def test_what_is_remembered_is_used_up_by_both(server: Loopback) -> None:
    """A login whose state and verifier are passed at its end only is not remembered after it."""
    grant = login_for(server)
    verifier = "w" * 43
    asked(grant, code_verifier=verifier, state=None)
    state = next(iter(consent._pending))
    Login(grant).exchange(redirected(state), state=state, code_verifier=verifier)
    with pytest.raises(AuthorizationFailed):
        Login(grant).exchange(redirected(state))
    assert len(server.received) == 1


@pytest.mark.parametrize("more", ["code=two", "state=x", "iss=x&iss=y", "error=no&error=yes"])
@pytest.mark.requirement("6749-no-repeats", "6749-ignore-in-redirect")
def test_what_is_said_twice(more: str, server: Loopback) -> None:
    """RFC 6749 §3.1: an answer that repeats a parameter is refused; the login can still end with the right one."""
    grant = login_for(server)
    state = asked(grant)["state"]
    for url in (f"{redirected(state)}&{more}", redirected(state).replace("?", f"?{more}&")):
        with pytest.raises(AuthorizationFailed, match="more than once"):
            Login(grant).exchange(url)
    assert server.received == []
    assert Login(grant).exchange(f"{redirected(state)}&tag=a&tag=b").access_token == TOKEN


def test_what_is_no_state_or_verifier(server: Loopback) -> None:
    """RFC 7636 §4.1: what cannot be a state or a code verifier is named, where a login begins and where it ends."""
    cases: list[tuple[Any, Any]] = [
        (5, None),
        ("\ud800", None),
        (b"S", None),
        *(("S", wrong) for wrong in ("", "v" * 42, "v" * 129, "ä" * 50, 5)),
    ]
    for state, code_verifier in cases:
        name = "state" if code_verifier is None else "code_verifier"
        with pytest.raises(ConfigurationError, match=f"^{name} is"):
            Login(login_for(server)).authorization_url(state=state, code_verifier=code_verifier)
        with pytest.raises(ConfigurationError, match=f"^{name} is"):
            Login(login_for(server)).exchange(redirected("S"), state=state, code_verifier=code_verifier)


def test_a_verifier_without_its_state(server: Loopback) -> None:
    """A code verifier that would not be looked at is refused, and says what is missing."""
    grant = login_for(server)
    with pytest.raises(ConfigurationError, match="pass both"):
        Login(grant).exchange(redirected(asked(grant)["state"]), code_verifier="v" * 43)
    assert server.received == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
def test_a_fork_in_the_midst_of_a_login() -> None:
    """A child that was forked while a thread began a login can begin its own."""
    with consent._lock:
        child = os.fork()
        if child == 0:
            os._exit(not consent._lock.acquire(timeout=5))
    assert os.waitpid(child, 0)[1] == 0
    held = consent._lock
    consent._start_over_in_child()
    assert consent._lock is not held


def test_a_signal_in_the_midst_of_a_login() -> None:
    """A handler that begins a login while its own thread begins one does not wait for itself."""
    with consent._lock:
        assert consent._lock.acquire(blocking=False)
        consent._lock.release()
        assert asked(login_for())["state"]


def test_logins_are_forgotten(server: Loopback) -> None:
    """For tests: after `forget` no login is pending, and none has ended."""
    grant = login_for(server)
    state = asked(grant)["state"]
    consent.forget()
    with pytest.raises(AuthorizationFailed):
        Login(grant).exchange(redirected(state))
    assert not consent._pending
    assert not consent._ended


@pytest.mark.parametrize(
    "changes", [{"client_id": "other"}, {"login": "other"}, {"token_endpoint": "https://other.example"}]
)
@pytest.mark.requirement("9207-unique")
def test_a_state_of_another_client(changes: dict[str, Any], server: Loopback) -> None:
    """RFC 9700 §4.4: a login that began with one client, server or user does not end with another."""
    url = redirected(asked(login_for(server))["state"])
    with pytest.raises(AuthorizationFailed):
        Login(login_for(server, **changes)).exchange(url)
    assert server.received == []
    assert Login(login_for(server)).exchange(url).access_token == TOKEN, "the user whose login it is was locked out"


@pytest.mark.parametrize(
    ("issuer", "iss", "accepted"),
    [
        (None, None, True),
        (None, "{origin}", True),
        (None, "{origin}/tenant", True),
        (None, "https://evil.example", False),
        (None, "", False),
        (None, "not a url", False),
        ("https://issuer.example", "https://issuer.example", True),
        ("https://issuer.example", "https://issuer.example/", False),
        ("https://issuer.example", "{origin}", False),
        ("https://issuer.example", None, False),
    ],
)
@pytest.mark.requirement("9207-compare", "9207-absent", "9207-decode", "9700-mix-up")
def test_the_issuer(server: Loopback, issuer: str | None, iss: str | None, accepted: bool) -> None:
    """RFC 9207 §2.4: an answer that names another server than the one asked, or none where one is known, is refused."""
    grant = login_for(server, issuer=issuer)
    extra = {} if iss is None else {"iss": iss.format(origin=server.url)}
    url = redirected(asked(grant)["state"], **extra)
    if accepted:
        assert Login(grant).exchange(url).access_token == TOKEN
        return
    with pytest.raises(AuthorizationFailed, match=r"\(iss\).*issuer="):
        Login(grant).exchange(url)
    assert server.received == []


class Described(Loopback):
    """An authorization server that describes itself (RFC 8414)."""

    def __init__(self, **members: Any) -> None:
        """Take these members into the metadata; a {} in them is the server's address."""
        super().__init__(self.say)
        own = {"issuer": "{}", "token_endpoint": "{}/token", "authorization_endpoint": "{}/authorize", **members}
        self.metadata = {
            name: value.format(self.url) if isinstance(value, str) else value for name, value in own.items()
        }

    def say(self, received: Received) -> Answer:
        """Answer for the metadata, or with a token."""
        return token_answer() if received.method == "POST" else Answer(200, self.metadata)

    def grant(self, **changes: Any) -> AuthorizationCode:
        """Return a grant that knows the issuer alone."""
        return login_for(**{"authorization_endpoint": None, "token_endpoint": Discovery(issuer=self.url), **changes})


def test_the_metadata_names_the_endpoints(server: Loopback) -> None:
    """RFC 8414 §2: without an endpoint of its own the login goes where the issuer's metadata says, fetched once."""
    with Described(authorization_endpoint="{}/elsewhere?tenant=t") as described:
        assert isinstance(described, Described)
        grant = described.grant()
        source = TokenSource(grant)
        login = Login(source)
        addresses = [login.authorization_url(), asyncio.run(login.aauthorization_url(prompt="login"))]
        assert all(address.startswith(f"{described.url}/elsewhere?tenant=t&") for address in addresses)
        question = dict(parse_qsl(urlsplit(addresses[1]).query))
        assert login.exchange(redirected(question["state"], iss=described.url)).access_token == TOKEN
        assert [received.path for received in described.received] == [
            "/.well-known/oauth-authorization-server",
            "/token",
        ]
        own = Login(described.grant(authorization_endpoint=f"{server.url}/mine"))
        for address in (own.authorization_url(), asyncio.run(own.aauthorization_url())):
            assert address.startswith(f"{server.url}/mine?")


def test_metadata_without_a_place_to_log_in() -> None:
    """RFC 8414 §2, RFC 6749 §3.1: metadata that names no place to log in, or one that cannot be used, is an error."""
    cases: list[object] = [None, 5, "http://as.example.com/authorize", "https://as.example.com/a#b"]
    for endpoint in cases:
        with Described(authorization_endpoint=endpoint) as described:
            assert isinstance(described, Described)
            with pytest.raises(InvalidTokenResponse, match="no authorization_endpoint by https") as caught:
                Login(described.grant(client_id="nowhere")).authorization_url()
        assert caught.value.vendor == "127.0.0.1"


@pytest.mark.parametrize(
    ("supported", "iss", "accepted"),
    [
        (True, "{}", True),
        (True, None, False),
        (True, "{}/", False),
        (False, None, True),
        (None, None, True),
        (None, "{}/", False),
    ],
)
@pytest.mark.requirement("9207-compare", "9207-absent", "9700-mix-up")
def test_the_issuer_of_the_metadata(supported: bool | None, iss: str | None, accepted: bool) -> None:
    """RFC 9207 §2.4: a redirect names the issuer that was asked; it may name none, unless the metadata says it does."""
    with Described(authorization_response_iss_parameter_supported=supported) as described:
        assert isinstance(described, Described)
        grant = described.grant()
        named = {} if iss is None else {"iss": iss.format(described.url)}
        url = redirected(asked(grant)["state"], **named)
        if accepted:
            assert Login(grant).exchange(url).access_token == TOKEN
            return
        with pytest.raises(AuthorizationFailed, match=r"\(iss\)"):
            Login(grant).exchange(url)
        assert [received.method for received in described.received] == ["GET"]


@pytest.mark.requirement("9207-errors")
def test_an_error_of_another_server(server: Loopback) -> None:
    """RFC 9207 §2.4: an error in a redirect that names another issuer is not told as the server's own."""
    grant = login_for(server, issuer="https://issuer.example")
    url = redirected(asked(grant)["state"], iss="https://evil.example", error="access_denied")
    with pytest.raises(AuthorizationFailed, match="another authorization server") as caught:
        Login(grant).exchange(url)
    assert caught.value.error is None


@pytest.mark.requirement("6749-sanitize")
def test_a_user_who_declines(server: Loopback) -> None:
    """RFC 6749 §4.1.2.1: what the server says is told, in one line, not for ever, and its fields are kept."""
    grant = login_for(server, how_to_log_in="Ask Bob.")
    said = {"error": "access_denied", "error_description": "no\r\nway" + "y" * 900, "error_uri": "https://e"}
    with pytest.raises(AuthorizationFailed, match=r"The user declined .*Ask Bob") as caught:
        Login(grant).exchange(f"{CALLBACK}?{urlencode({'state': asked(grant)['state'], **said})}")
    assert caught.value.error == "access_denied"
    assert (caught.value.error_description or "").startswith("no  way")
    assert len(caught.value.error_description or "") <= 500
    assert caught.value.error_uri == "https://e"
    with pytest.raises(AuthorizationFailed, match=r"The authorization server refused \(server_error\)") as caught:
        Login(grant).exchange(redirected(asked(grant)["state"], error="server_error"))
    assert (caught.value.error, caught.value.error_description) == ("server_error", None)
    with pytest.raises(AuthorizationFailed, match="no authorization code"):
        Login(grant).exchange(f"{CALLBACK}?state={asked(grant)['state']}&code=")
    assert server.received == []


def test_across_processes(server: Loopback) -> None:
    """Line 44: a login that began in another process ends here with the state and the verifier that were kept."""
    grant, verifier = login_for(server), "v" * 43
    asked(grant, state="kept state", code_verifier=verifier)
    consent.forget()
    assert (
        Login(grant).exchange(redirected("kept state"), state="kept state", code_verifier=verifier).access_token
        == TOKEN
    )
    assert form_of(server.received[0])["code_verifier"] == verifier
    for state, returned in (("kept state", "other"), ("", ""), ("kept", "kept\ud800")):
        with pytest.raises(AuthorizationFailed):
            Login(grant).exchange(f"{CALLBACK}?code=c&state={returned}", state=state, code_verifier=verifier)
    with pytest.raises(AuthorizationFailed):
        Login(grant).exchange(redirected("kept state"), state="kept state")
    assert len(server.received) == 1


def test_a_state_that_is_only_checked(server: Loopback) -> None:
    """A web application may compare the state with its session's, and leave the verifier to this process."""
    grant = login_for(server)
    question = asked(grant)
    with pytest.raises(AuthorizationFailed):
        Login(grant).exchange(redirected(question["state"]), state="of another session")
    assert Login(grant).exchange(redirected(question["state"]), state=question["state"]).access_token == TOKEN


def test_pending_logins_are_bounded(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tabs that were closed do not fill the memory: the oldest login is forgotten first."""
    monkeypatch.setattr(consent, "_MOST_PENDING", 3)
    consent.forget()
    states = [asked(login_for(server))["state"] for _ in range(5)]
    assert list(consent._pending) == states[2:]
    for number in range(5):
        Login(login_for(server)).exchange(redirected(str(number)), state=str(number), code_verifier="v" * 43)
    assert [state for state, _ in consent._ended] == ["2", "3", "4"]
    assert Login(login_for(server)).exchange(redirected(states[2])).access_token == TOKEN


def test_nobody_crowds_out_the_others(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many logins were begun, the one with most of them loses its oldest."""
    monkeypatch.setattr(consent, "_MOST_PENDING", 3)
    consent.forget()
    anna = login_for(server, login="anna")
    states = {"anna": asked(anna)["state"]}
    for number in range(20):
        states[f"mallory {number}"] = asked(login_for(server, login="mallory"))["state"]
    assert list(consent._pending) == [states[name] for name in ("anna", "mallory 18", "mallory 19")]
    assert Login(anna).exchange(redirected(states["anna"])).access_token == TOKEN


def test_a_login_that_was_begun_ends_within_the_hour(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that comes later is of a login that nobody waits for; and none is kept for longer."""
    real = time.monotonic
    monkeypatch.setattr(consent, "_MOST_PENDING", 100)
    consent.forget()
    old = asked(login_for(server), state="old")["state"]
    monkeypatch.setattr(time, "monotonic", lambda: real() + 1800)
    new = asked(login_for(server), state="new")["state"]
    monkeypatch.setattr(time, "monotonic", lambda: real() + 3601)
    with pytest.raises(AuthorizationFailed):
        Login(login_for(server)).exchange(redirected(old))
    assert list(consent._pending) == ["new"]
    assert Login(login_for(server)).exchange(redirected(new)).access_token == TOKEN


def test_a_code_that_is_refused(server: Loopback) -> None:
    """RFC 6749 §5.2: what the server refuses is typed; code and verifier, if echoed, are masked."""
    grant = login_for(server)
    server.replies = [
        lambda received: Answer(
            400, {"error": "invalid_grant", "error_description": received.body.decode() + " the code"}
        )
    ]
    with pytest.raises(InvalidGrant) as caught:
        Login(grant).exchange(redirected(asked(grant)["state"]))
    verifier = form_of(server.received[0])["code_verifier"]
    for secret in (verifier, "the+code", "the code"):
        assert secret not in str(caught.value)
    with pytest.raises(InteractionRequired):
        TokenSource(grant).token()


def test_other_grants_need_no_login() -> None:
    """Only a grant that needs a user has a login; the refusal of another names it and says what to pass."""
    cases: list[Callable[[Any], Any]] = [lambda grant: grant, TokenSource]
    for handed_in in cases:
        with pytest.raises(ConfigurationError, match=r"AuthorizationCode grant.* a ClientCredentials needs no"):
            Login(handed_in(grant_for()))


def test_a_login_shows_no_secret() -> None:
    """Its repr shows the source."""
    assert repr(Login(login_for())) == f"Login({TokenSource(login_for())!r})"
    assert SECRET not in repr(Login(login_for()))


@pytest.mark.parametrize("run", [asyncio.run, trio.run])
def test_in_an_event_loop(run: Any, server: Loopback) -> None:
    """A login ends in asyncio and trio too, and the loop goes on meanwhile."""
    grant, moved = login_for(server), list[int]()
    entered = threading.Event()

    def slow(_: Received) -> Answer:
        entered.wait(5)
        return token_answer(refresh_token="refresh-1")

    server.replies = [slow]

    async def main() -> Token:
        if run is trio.run:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(tick)
                return await Login(grant).aexchange(redirected(asked(grant)["state"]))
        ticking = asyncio.create_task(tick())
        try:
            return await Login(grant).aexchange(redirected(asked(grant)["state"]))
        finally:
            await ticking

    async def tick() -> None:
        for number in range(5):
            moved.append(number)
            if run is trio.run:
                await trio.sleep(0.01)
            else:
                await asyncio.sleep(0.01)
        entered.set()

    token = run(main) if run is trio.run else run(main())
    assert token.access_token == TOKEN
    assert len(moved) == 5


def test_a_wrong_argument_of_a_login_is_named() -> None:
    """Case 7: what only a login has is checked at construction."""
    cases: list[tuple[str, Any]] = [("redirect_uri", 5), ("issuer", 5), ("login", 5), ("login", "\ud800")]
    for name, value in cases:
        with pytest.raises(ConfigurationError, match=name):
            login_for(**{name: value})


def test_where_nobody_can_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no fork, and so nothing to register for it."""
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    assert "code_of" in runpy.run_path(consent.__file__)
