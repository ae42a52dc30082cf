"""Tests of what an error says beside its kind: whose token it is about, why, and what to look at."""

from __future__ import annotations

import copy
import pickle
import socket
import ssl
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import requests
from loopback import SECRET, Answer, Clock, Loopback, grant_for
from tls import Certificates, behind_tls, certificates  # noqa: F401 - a fixture

from oauth_cc_auth import (
    AuthorizationCode,
    ConfigurationError,
    InteractionRequired,
    InvalidClient,
    InvalidTokenResponse,
    IssuanceLimit,
    OAuthError,
    OriginNotAllowed,
    RequestsAuth,
    ResourceServer,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenSource,
)
from oauth_cc_auth._authorization_server.exchange import Exchange, hint_on
from oauth_cc_auth._http.lending import loaded_library
from oauth_cc_auth._http.messages import HttpResponse
from oauth_cc_auth._http.sender import check_lent, sender_for
from oauth_cc_auth._raising import concerning, innermost


def exchange_of(answer: HttpResponse, **changes: Any) -> Exchange:
    """Return an exchange that gets this answer."""

    def send(request: Any, timeout: float) -> HttpResponse:
        return answer

    return Exchange(grant_for(**changes), send, 10.0, Clock())


def refused(secret: str = SECRET, body: bytes = b'{"error": "invalid_client"}', **changes: Any) -> InvalidClient:
    """Return the error of an exchange whose secret is refused."""
    with pytest.raises(InvalidClient) as caught:
        exchange_of(HttpResponse(401, {}, body), client_secret=secret, **changes).fetch(None)
    return caught.value


def test_whose_token_it_is_about() -> None:
    """Vendor, endpoint and client are attributes, and stand in the message; a query may hold a secret, and does not."""
    error = refused(token_endpoint="https://as.example.com/token?key=hidden")
    assert (error.vendor, error.token_endpoint) == ("as.example.com", "https://as.example.com/token")
    assert (error.client_id, error.variables, error.remembered) == ("client", (), False)
    assert str(error).startswith("https://as.example.com/token, client 'client': invalid_client")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (twin.vendor, str(twin)) == (error.vendor, str(error))


def test_a_preset_names_its_vendor_and_variables() -> None:
    """What a preset says of itself stands in the message, and the advice names its variables."""
    grant: Any = SimpleNamespace(
        vendor="zoom", variables=("ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"), client_id="abc",
        token_endpoint=SimpleNamespace(url="https://zoom.us/.well-known/x"),
    )  # fmt: skip
    error = concerning(grant, InvalidClient("invalid_client"))
    assert str(error) == (
        "zoom (https://zoom.us/.well-known/x, client 'abc'): invalid_client. "
        "Check ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET."
    )
    assert concerning(grant_for(), error).vendor == "zoom", "the first to know it has said it"
    assert str(concerning(grant_for(token_endpoint="https://a.example"), OAuthError("x"))).endswith(": x")
    foreign = KeyError("x")
    assert concerning(grant, foreign) is foreign


def test_errors_of_every_kind_say_whose_they_are() -> None:
    """A budget that is used up, an origin that is not allowed, a login that is needed: all name the vendor."""
    with Loopback() as server:
        api = ResourceServer("https://api.example.com")
        limited = TokenSource(
            grant_for(f"{server.url}/token", issuance_limit=IssuanceLimit(1, 60), resource_server=api), clock=Clock()
        )
        token = limited.token()
        limited.reject(token)
        with pytest.raises(TokenBudgetExceeded) as budget:
            limited.token()
        with pytest.raises(OriginNotAllowed) as origin:
            limited.headers("GET", "https://evil.example")
        login = AuthorizationCode(token_endpoint=f"{server.url}/token", client_id="client", client_secret=SECRET)
        with pytest.raises(InteractionRequired) as interaction:
            TokenSource(login).token()
    for error in (budget.value, origin.value, interaction.value):
        assert (error.vendor, error.token_endpoint) == ("127.0.0.1", f"{server.url}/token")
        assert f"{server.url}/token, client 'client': " in str(error)


def test_what_is_remembered_says_so() -> None:
    """A refusal that is told once more, without a request, says that nothing was sent now."""
    with Loopback(Answer(401, {"error": "invalid_client"})) as server:
        source = TokenSource(grant_for(f"{server.url}/token"), clock=Clock())
        told = []
        for _ in range(2):
            with pytest.raises(InvalidClient) as caught:
                source.token()
            told.append(caught.value)
        assert len(server.received) == 1
    assert [error.remembered for error in told] == [False, True]
    assert "nothing was sent now" in str(told[1])
    assert "nothing was sent now" not in str(told[0])


def test_a_secret_that_looks_copied_wrongly() -> None:
    """A refused secret with white space or quotes around it is named for that, and never quoted."""
    cases: list[tuple[str | None, str, str | None]] = [
        ("s\n", "client_secret_post", "white space around it"),
        (" s", "client_secret_basic", "white space around it"),
        ('"s"', "client_secret_post", "begins and ends with a quote"),
        ("'s'", "client_secret_basic", "begins and ends with a quote"),
        ("a+b/c", "client_secret_basic", "client_secret_basic_raw"),
        ("a+b/c", "client_secret_post", None),
        ('"', "client_secret_post", None),
        ("abc-._~", "client_secret_basic", None),
        (None, "none", None),
    ]
    for secret, method, words in cases:
        hint = hint_on(secret, method)
        assert (hint is None) if words is None else (words in (hint or ""))
        if secret and words:
            error = refused(secret, token_endpoint_auth_method=method)
            assert words in str(error)
            assert secret.strip() == "s" or secret not in str(error)
            assert error.error_description is None


def test_a_server_that_says_no_code_is_quoted() -> None:
    """About a hundred characters of what a firewall or a gateway says stand in the message, on one line and masked."""
    said = f"blocked by rule 17\n\x1b[31m for {SECRET} " + "x" * 500
    error = refused(body=said.encode())
    assert "blocked by rule 17 [31m for *** xxx" in str(error)
    assert "x" * 100 not in str(error)
    for body, words in [(b'"unauthorized"', "unauthorized"), (b'{"other": 5}', '{"other": 5}')]:
        assert words in str(refused(body=body))

    def answered(status: int, body: bytes) -> str:
        with pytest.raises(InvalidTokenResponse) as caught:
            exchange_of(HttpResponse(status, {}, body)).fetch(None)
        return str(caught.value)

    assert "which says: blocked by rule 17" in answered(400, b"blocked by rule 17")
    assert "there is no token endpoint at this address" in answered(404, b"")
    elsewhere = answered(200, b'{"result": {"token": "x"}, "ok": true}')
    assert "it has no access_token, but result, ok" in elsewhere
    assert 'ResponseFormat(access_token="data.token")' in elsewhere
    assert "bearer_token_types=['BearerToken']" in answered(200, b'{"access_token": "t", "token_type": "BearerToken"}')
    assert "secret-t" not in answered(200, b'{"access_token": "secret-t "}')


def test_the_innermost_reason_is_shown() -> None:
    """Of an error that libraries wrap several times, the message shows what it began with."""
    with socket.socket() as silent:
        # It listens for nobody, and keeps the port from the servers of other tests.
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/t"
        for library in ("requests", "httpx", "httpx2", "urllib"):
            with pytest.raises(TokenEndpointUnavailable, match=r"\(ConnectionRefusedError: .*\)$") as caught:
                Exchange(grant_for(url), sender_for(None, None, library), 3.0, Clock()).fetch(None)
            assert "HTTPConnectionPool" not in str(caught.value)
    circle = ValueError("x")
    circle.__context__ = circle
    assert innermost(circle) is circle


def test_a_certificate_is_final_and_says_what_to_pass(certificates: Certificates) -> None:  # noqa: F811 - the fixture
    """A certificate that cannot be verified is tried once, and the message names the arguments that lend trust."""
    for library in ("requests", "httpx", "httpx2", "urllib"):
        count: list[object] = []
        with behind_tls(Loopback(), certificates.server_context()) as url:
            sender = sender_for(None, None, library)

            def counted(request: Any, timeout: float, sender: Any = sender, count: list[object] = count) -> Any:
                count.append(request)
                return sender(request, timeout)

            with pytest.raises(TokenEndpointUnavailable, match=r"certificate .*could not be verified") as caught:
                Exchange(grant_for(f"{url}/token"), counted, 5.0, Clock()).fetch(None)
        assert len(count) == 1
        assert isinstance(innermost(caught.value), ssl.SSLCertVerificationError)
        assert "session=" in str(caught.value)
        assert "client=" in str(caught.value)
        assert "proxy and the authorization server's status" not in str(caught.value)


def test_a_certificate_that_what_was_lent_does_not_trust(certificates: Certificates) -> None:  # noqa: F811 - the fixture
    """With a session or client lent, the message names its own argument, and not one to lend it by."""
    with requests.Session() as session, httpx.Client() as client:
        for sender in (sender_for(session, None, None), sender_for(None, client, None)):
            with (
                behind_tls(Loopback(), certificates.server_context()) as url,
                pytest.raises(TokenEndpointUnavailable, match="could not be verified") as caught,
            ):
                Exchange(grant_for(f"{url}/token"), sender, 5.0, Clock()).fetch(None)
            assert "Check verify= of the session or client" in str(caught.value)
            assert "session=" not in str(caught.value)


def test_a_session_made_before_its_class_was_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """requests-cache replaces ``requests.Session``: sessions made before and after that can be lent."""
    before = requests.Session()
    original = requests.Session

    class CachedSession(original):  # type: ignore[valid-type,misc]  # known at run time
        def send(self, *_: Any, **__: Any) -> Any:
            raise AssertionError

    monkeypatch.setattr(requests, "Session", CachedSession)
    monkeypatch.setattr(requests.sessions, "Session", CachedSession)
    with before, CachedSession() as after, Loopback() as server:
        for lent in (before, after):
            check_lent(lent, None)
            for source in (
                TokenSource(grant_for(f"{server.url}/token"), session=lent),
                TokenSource(grant_for(server.url)),
            ):
                source.token()
        assert server.received[0].headers["cache-control"] == "no-store"
    assert loaded_library(httpx.Client, "Client") == "httpx"
    assert loaded_library(object, "Client") is None


def test_a_misspelt_argument_is_answered() -> None:
    """What other libraries call an argument, or what is nearly its name, is answered with the right one."""
    cases: list[tuple[str, str | None]] = [
        ("token_url", "token_endpoint"),
        ("url", "token_endpoint"),
        ("scopes", "scope"),
        ("auth_method", "token_endpoint_auth_method"),
        ("client_secre", "client_secret"),
        ("redirect_url", None),
        ("zzz", None),
    ]
    for named, meant in cases:
        words = f"did you mean {meant}?" if meant else "it takes allow_insecure_http, "
        with pytest.raises(TypeError, match="has no argument") as caught:
            grant_for(**{named: "x"})
        assert isinstance(caught.value, ConfigurationError)
        assert words in str(caught.value)
        assert replace(grant_for(), scope="x").scope == "x"


def test_the_door_raises_the_same() -> None:
    """Inside ``auth=`` the error is the library's too, and still says whose it is."""
    with Loopback(Answer(401, {"error": "invalid_client"})) as server:
        auth = RequestsAuth(grant_for(f"{server.url}/token"))
        with pytest.raises(requests.RequestException, match="client 'client': invalid_client") as caught:
            requests.get("https://api.example.com", auth=auth, timeout=5)
    assert isinstance(caught.value, InvalidClient)
    assert caught.value.vendor == "127.0.0.1"
