"""The sandbox as a tool: origins, registration, knobs, records; and hosts that belong to no vendor."""

from __future__ import annotations

import hashlib
import http.client
import inspect
import json
import math
import re
import runpy
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import vendor_sandbox
from authlib.oauth2.rfc7523 import client_secret_jwt_sign, private_key_jwt_sign
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from vendor_sandbox import Clock

import oauth_cc_auth.sandbox
from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    OriginNotAllowed,
    RequestsAuth,
    ResourceServer,
    presets,
)
from oauth_cc_auth.sandbox import Record, Sandbox
from oauth_cc_auth.sandbox._knobs import Knobs
from oauth_cc_auth.sandbox._listeners import Listener, _end

TOKEN = "https://as.example.com/oauth2/token"
API = "https://api.example.com/v1"
SECRET, FORM = "canary-secret", {"grant_type": "client_credentials"}
POST = FORM | {"client_id": "id", "client_secret": SECRET}


clock = vendor_sandbox.clock


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """A sandbox that tells the time by the test's clock."""
    with Sandbox(clock=clock) as running:
        yield running


def plain(**changes: Any) -> ClientCredentials:
    """Return a grant at hosts of no vendor, not yet pointed at the sandbox."""
    grant = {
        "token_endpoint": TOKEN,
        "client_id": "id",
        "client_secret": SECRET,
        "revocation_endpoint": "https://as.example.com/oauth2/end",
        "resource_server": ResourceServer(API, origins=("https://files.example.com",)),
    }
    return ClientCredentials(**{**grant, **changes})


@pytest.fixture
def grant(sandbox: Sandbox) -> ClientCredentials:
    """The plain grant, pointed at the sandbox."""
    return sandbox.grant(plain())


def ask(grant: ClientCredentials, *, timeout: float = 5, **kwargs: Any) -> requests.Response:
    """Send a token request."""
    options = {"data": POST, "allow_redirects": False, **kwargs}
    return requests.post(str(grant.token_endpoint), timeout=timeout, **options)


def token_of(grant: ClientCredentials, **kwargs: Any) -> str:
    """Return a new access token."""
    return str(ask(grant, **kwargs).json()["access_token"])


def call(grant: ClientCredentials, token: str, path: str = "/x", **kwargs: Any) -> requests.Response:
    """Send an API request with this token."""
    assert grant.resource_server is not None
    base = str(grant.resource_server.base_url).removesuffix("/v1")
    headers = {"Authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
    return requests.request(kwargs.pop("method", "GET"), base + path, headers=headers, timeout=5, **kwargs)


# Origins


def test_only_origins_change(sandbox: Sandbox) -> None:
    """A grant keeps everything but its origins; each vendor origin has one of its own here."""
    before, after = plain(audience="a", scope="x"), sandbox.grant(plain(audience="a", scope="x"))
    assert after.token_endpoint == sandbox.origin(TOKEN) + "/oauth2/token"
    assert after.revocation_endpoint == sandbox.origin(TOKEN) + "/oauth2/end"
    assert after.resource_server is not None
    assert after.resource_server.base_url == sandbox.origin(API) + "/v1"
    assert after.resource_server.origins == (sandbox.origin("https://files.example.com/"),)
    assert len({sandbox.origin(url) for url in (TOKEN, API, "https://files.example.com")}) == 3
    assert (after.client_secret, after.audience, after.scope) == (before.client_secret, before.audience, before.scope)
    assert sandbox.grant(after) == after


def test_origins_have_one_spelling(sandbox: Sandbox) -> None:
    """Case, a default port and user names do not make an origin; scheme, port and host do."""
    same = ["https://as.example.com", "HTTPS://AS.example.com:443/x", "https://user@as.example.com/"]
    other = ["http://as.example.com", "https://as.example.com:8443", "https://[2001:db8::1]"]
    assert len({sandbox.origin(url) for url in same}) == 1
    assert len({sandbox.origin(url) for url in same + other}) == 4
    assert sandbox.url("https://as.example.com/https://as.example.com?a=b").endswith("/https://as.example.com?a=b")
    assert sandbox.origin(TOKEN) in repr(sandbox)


def test_grant_without_resource_server(sandbox: Sandbox) -> None:
    """A grant that names no API is left without one; so is an API that names no base."""
    assert sandbox.grant(plain(resource_server=None, revocation_endpoint=None)).resource_server is None
    anywhere = sandbox.grant(
        plain(resource_server=ResourceServer(origins=("https://api.example.com",)))
    ).resource_server
    assert anywhere is not None
    assert anywhere.base_url is None
    assert anywhere.origins == (sandbox.origin(API),)


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_ports_in_a_row() -> None:
    """With a port, origins get that one and those after it; a taken one is an OSError, and nothing is printed."""
    port = next(free for free in range(42_000, 60_000, 2) if _is_free(free) and _is_free(free + 1))
    taken = socket.create_server(("127.0.0.1", port))
    with taken, Sandbox(port=port) as sandbox, pytest.raises(OSError, match="in use"):
        sandbox.origin(API)
    with Sandbox(port=port) as sandbox:
        assert sandbox.origin(API) == f"http://127.0.0.1:{port}"
        assert sandbox.origin(TOKEN) == f"http://127.0.0.1:{port + 1}"


@pytest.mark.parametrize("host", ["0.0.0.0", "example.com"])  # noqa: S104 - that it is refused is the point
def test_loopback_only(host: str) -> None:
    """The sandbox hands out tokens to whoever asks, so it listens on loopback only."""
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(host=host)


def test_ipv6() -> None:
    """The sandbox plays on IPv6 loopback too."""
    with Sandbox(host="::1") as sandbox:
        assert call(sandbox.grant(plain()), "unknown").status_code == 401


def test_not_running() -> None:
    """Without start() there is no origin, and after close() there is none any more."""
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="start"):
        sandbox.origin(API)
    sandbox.start()
    sandbox.origin(API)
    sandbox.close()
    with pytest.raises(RuntimeError, match="start"):
        sandbox.origin(API)


def test_no_thread_is_left() -> None:
    """After close() no thread and no open connection is left, idle or busy."""
    before = set(threading.enumerate())
    busy = threading.Event()
    with requests.Session() as idle, Sandbox(on_request=lambda _: busy.set()) as sandbox:
        grant = sandbox.grant(plain())
        idle.post(str(grant.token_endpoint), data=POST, timeout=5)
        sandbox.delay = 60

        def slow() -> None:
            with suppress(requests.RequestException):
                ask(grant)

        waiting = threading.Thread(target=slow)
        waiting.start()
    waiting.join(5)
    assert set(threading.enumerate()) <= before


def test_200_connections() -> None:
    """200 connections at once are all answered, each on its own."""
    with Sandbox() as sandbox, ExitStack() as open_all:
        token = token_of(sandbox.grant(plain()))
        url = urlsplit(sandbox.url(f"{API}/x"))
        connections = [http.client.HTTPConnection(url.netloc, timeout=30) for _ in range(200)]
        for connection in connections:
            open_all.callback(connection.close)
            connection.request("GET", url.path, headers={"Authorization": f"Bearer {token}"})
        assert [connection.getresponse().status for connection in connections] == [200] * 200
        assert sandbox.api_requests == 200


def test_keep_alive(sandbox: Sandbox, grant: ClientCredentials) -> None:
    """Refused, answered, uploaded to and redirected: one connection serves them all, also where a body is not read."""
    token = token_of(grant)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        url = sandbox.url(API)
        assert session.get(url, timeout=5).status_code == 200
        assert session.head(url, timeout=5).status_code == 200
        sandbox.revoke_all()
        for body in (b"x" * 300_000, (b"x" * 10_000 for _ in range(10)), None):
            assert session.post(url, data=body, timeout=5).status_code == 401
    assert len({record.client_port for record in sandbox.requests if record.kind == "api"}) == 1


def test_expect_continue(sandbox: Sandbox) -> None:
    """A client that waits for 100 Continue gets it."""
    host, port = sandbox.origin(TOKEN).removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"x")
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 401 ")
            answer.read()


def test_a_client_that_goes_away(sandbox: Sandbox, grant: ClientCredentials, capfd: pytest.CaptureFixture[str]) -> None:
    """A client that leaves in the middle of a request is no news."""
    host, port = sandbox.origin(API).removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(100):
            pass
    assert call(grant, "unknown").status_code == 401
    assert "Traceback" not in capfd.readouterr().err


def test_an_ended_connection_may_be_gone_already() -> None:
    """Ending a connection that its client has reset is no error."""
    closed = socket.socket()
    closed.close()
    _end(closed)
    assert Listener.daemon_threads


# Clients


@pytest.mark.parametrize(
    "kwargs",
    [
        {"data": POST},
        {"data": FORM, "auth": ("id", SECRET)},
        {"data": POST, "auth": ("id", SECRET)},
        {"data": None, "json": POST},
        {"data": None, "json": POST | {"resource": ["https://a", "https://b"]}},
        {"data": POST | {"audience": API, "scope": "any thing"}},
    ],
)
def test_plain_host_takes_every_client_authentication(grant: ClientCredentials, kwargs: dict[str, Any]) -> None:
    """A host of no vendor takes Basic, form, both together and JSON, any scope and any audience."""
    answer = ask(grant, **kwargs)
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 3600
    assert call(grant, answer.json()["access_token"]).json()["path"] == "/x"


def test_first_secret_is_the_right_one(sandbox: Sandbox) -> None:
    """The first secret seen counts, a callable is asked once a grant; another secret later is wrong."""
    asked: list[int] = []

    def secret() -> str:
        asked.append(1)
        return SECRET

    right = sandbox.grant(plain(client_secret=secret))
    sandbox.grant(plain(client_secret=secret))
    wrong = sandbox.grant(plain(client_secret="wrong"))
    assert len(asked) == 2
    assert ask(right).status_code == 200
    refused = ask(wrong, data=POST | {"client_secret": "wrong"})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    sandbox.rotate_secret(wrong, "wrong")
    assert ask(wrong, data=POST | {"client_secret": "wrong"}).status_code == 200
    assert ask(right).status_code == 401
    sandbox.rotate_secret(plain(client_id="nobody"), "x")


def test_basic_is_decoded(sandbox: Sandbox) -> None:
    """Basic is form-decoded (RFC 6749 §2.3.1), unless the grant says that this server does not."""
    encoded = sandbox.grant(plain(client_id="a b", client_secret="s+%€"))
    raw = sandbox.grant(
        plain(client_id="c d", client_secret="s+%€", token_endpoint_auth_method="client_secret_basic_raw")
    )
    assert ask(encoded, data=FORM, auth=("a+b", "s%2B%25%E2%82%AC")).status_code == 200
    assert ask(encoded, data=FORM, auth=(b"a b", "s+%€".encode())).status_code == 401
    assert ask(raw, data=FORM, auth=(b"c d", "s+%€".encode())).status_code == 200
    assert ask(raw, data=FORM, auth=("c+d", "s%2B%25%E2%82%AC")).status_code == 401
    assert ask(raw, data=FORM, headers={"Authorization": "Basic !"}).status_code == 401


def test_client_without_secret(sandbox: Sandbox) -> None:
    """A public client shows its id only; a client that has a secret cannot leave it out."""
    public = sandbox.grant(plain(client_id="public", client_secret=None, token_endpoint_auth_method="none"))
    sandbox.grant(plain())
    assert ask(public, data=FORM | {"client_id": "public"}).status_code == 200
    assert ask(public, data=FORM | {"client_id": "id"}).status_code == 401
    assert ask(public, data=FORM | {"client_id": "public", "client_secret": "x"}).status_code == 401


def test_register_client(sandbox: Sandbox) -> None:
    """A client can be registered by hand, at a vendor's name, a host or a URL, with scopes of its own."""
    sandbox.register_client("as.example.com", "one", "s1")
    sandbox.register_client(TOKEN, "two", "s2", scopes=["read"])
    sandbox.register_client("https://api.vibe.co", "three", "s3")
    url = sandbox.url(TOKEN)
    one = requests.post(url, data=FORM, auth=("one", "s1"), timeout=5)
    two = requests.post(url, data=FORM | {"scope": "write"}, auth=("two", "s2"), timeout=5)
    vibe = requests.post(sandbox.url("https://api.vibe.co/oauth2/token"), data=FORM, auth=("three", "s3"), timeout=5)
    assert (one.status_code, two.json()["error"], vibe.status_code) == (200, "invalid_scope", 200)


@pytest.mark.parametrize("path", ["/token", "/oauth/token/", "/revoke", "/oauth/revoke_token/"])
def test_usual_paths(sandbox: Sandbox, path: str) -> None:
    """Where no grant has named them, the usual paths are the token and the revocation endpoint."""
    sandbox.register_client("as.example.com", "id", SECRET)
    assert requests.post(sandbox.url(f"https://as.example.com{path}"), data=POST | {"token": "x"}, timeout=5).ok
    assert sandbox.api_requests == 0


def test_refresh_token_on_a_plain_host(sandbox: Sandbox) -> None:
    """A plain host keeps a refresh token until the knob says that it rotates; revoking it ends what came from it."""
    code = sandbox.grant(
        AuthorizationCode(
            authorization_endpoint="https://as.example.com/authorize",
            token_endpoint=TOKEN,
            client_id="id",
            client_secret=SECRET,
            scope="a b",
            refresh_token="first",
        )
    )
    grant = sandbox.grant(plain())
    form = POST | {"grant_type": "refresh_token", "refresh_token": "first"}
    kept = ask(grant, data=form).json()
    assert "refresh_token" not in kept
    assert kept["scope"] == "a b"
    sandbox.rotate_refresh_tokens = True
    rotated = ask(grant, data=form | {"scope": "a"}).json()
    assert rotated["scope"] == "a"
    assert ask(grant, data=form).json()["error"] == "invalid_grant"
    assert code.token_endpoint == grant.token_endpoint
    assert call(grant, rotated["access_token"]).status_code == 200
    end = {"token": rotated["refresh_token"], "client_id": "id", "client_secret": SECRET}
    assert requests.post(str(grant.revocation_endpoint), data=end, timeout=5).status_code == 200
    assert call(grant, rotated["access_token"]).status_code == 401
    assert sandbox.issue_refresh_token("id", vendor="as.example.com") != "first"


def test_two_renewals_at_once(sandbox: Sandbox) -> None:
    """Of two renewals that come at once with one rotating refresh token, exactly one wins."""
    sandbox.register_client("vend_email", "id", SECRET)
    form = {"grant_type": "refresh_token", "client_id": "id", "client_secret": SECRET}
    form["refresh_token"] = sandbox.issue_refresh_token("id")
    url, statuses, together = sandbox.url("https://www.vend.email/oauth/token"), [], threading.Barrier(8)

    def renew() -> None:
        together.wait()
        statuses.append(requests.post(url, data=form, timeout=5).status_code)

    threads = [threading.Thread(target=renew) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 7


def test_the_claim_decides(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal that was overtaken between the check and the claim of its refresh token is refused."""
    sandbox.register_client("vend_email", "id", SECRET)
    form = POST | {"grant_type": "refresh_token", "refresh_token": sandbox.issue_refresh_token("id")}
    state = sandbox._state
    check = state.living_refresh_token

    def overtaken(value: str) -> Any:
        token = check(value)
        monkeypatch.setattr(state, "living_refresh_token", check)
        if token:
            assert state.use_refresh_token(token, rotates=True)
        return token

    monkeypatch.setattr(state, "living_refresh_token", overtaken)
    answer = requests.post(sandbox.url("https://www.vend.email/oauth/token"), data=form, timeout=5)
    assert answer.json()["error"] == "invalid_grant"


# Assertions


ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
HMAC_KEY = "a-secret-of-thirty-two-characters"
EC_KEY = ECKey.generate_key("P-256")
RSA_KEY = RSAKey.generate_key(2048)
OKP_KEY = OKPKey.generate_key("Ed25519")


def pem(key: RSAKey | ECKey | OKPKey) -> str:
    """Return a private key as a grant holds it."""
    return key.as_pem(private=True).decode()


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # EdDSA by its old name, as most servers have it
@pytest.mark.parametrize(
    ("alg", "key", "stored"),
    [
        ("RS256", RSA_KEY, pem(RSA_KEY)),
        ("ES256", EC_KEY, pem(EC_KEY)),
        ("ES256", EC_KEY, json.dumps(EC_KEY.as_dict(private=True))),
        ("EdDSA", OKP_KEY, pem(OKP_KEY)),
        ("HS256", OctKey.import_key(HMAC_KEY), HMAC_KEY),
    ],
)
def test_assertions(sandbox: Sandbox, clock: Clock, alg: str, key: Any, stored: str) -> None:
    """private_key_jwt and client_secret_jwt are verified, and each assertion counts once (RFC 7523 §3)."""
    clock.now = time.time()  # what signs tells the real time
    grant = sandbox.grant(plain(client_secret=stored, token_endpoint_auth_method="client_secret_jwt"))
    sign = client_secret_jwt_sign if alg == "HS256" else private_key_jwt_sign
    assertion = sign(key, client_id="id", token_endpoint=grant.token_endpoint, alg=alg, claims={"jti": "1"})
    form = FORM | {"client_assertion_type": ASSERTION, "client_assertion": assertion}
    assert ask(grant, data=form).status_code == 200
    assert ask(grant, data=form).json()["error"] == "invalid_client"


def test_wrong_assertions(sandbox: Sandbox, clock: Clock) -> None:
    """What is no assertion, is signed with another key, or comes from a client without one, is refused."""
    clock.now = time.time()
    grant = sandbox.grant(plain(client_secret=pem(EC_KEY), token_endpoint_auth_method="private_key_jwt"))
    public = sandbox.grant(plain(client_id="public", client_secret=None, token_endpoint_auth_method="none"))
    foreign = {"token_endpoint": grant.token_endpoint, "alg": "ES256", "claims": {"jti": "1"}}
    assertions = [
        "x.y.z",
        private_key_jwt_sign(ECKey.generate_key("P-256"), client_id="id", **foreign),
        private_key_jwt_sign(EC_KEY, client_id="public", **foreign),
    ]
    for assertion in assertions:
        form = FORM | {"client_assertion_type": ASSERTION, "client_assertion": assertion}
        assert ask(public, data=form).status_code == 401


# Tokens


def test_lifetime(sandbox: Sandbox, grant: ClientCredentials, clock: Clock) -> None:
    """A token works until its lifetime is over; the knob sets that of new ones, inf leaves it unsaid."""
    sandbox.lifetime = 3
    answer = ask(grant).json()
    assert answer["expires_in"] == 3
    clock.now += 2.9
    assert call(grant, answer["access_token"]).status_code == 200
    clock.now += 0.1
    refused = call(grant, answer["access_token"])
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    sandbox.lifetime = math.inf
    assert "expires_in" not in ask(grant).json()


def test_reuse_token(sandbox: Sandbox, grant: ClientCredentials, clock: Clock) -> None:
    """With the knob the same request gets the running token and what is left of its life, until it is over."""
    sandbox.reuse_token = True
    first = ask(grant).json()
    other = ask(grant, data=POST | {"scope": "else"}).json()
    clock.now += 600
    again = ask(grant).json()
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 3000)
    assert other["access_token"] != first["access_token"]
    clock.now += 3000
    assert ask(grant).json()["access_token"] != first["access_token"]
    sandbox.lifetime = math.inf
    sandbox.revoke_all()
    assert ask(grant).json() == ask(grant).json()


def test_custom_token_header(sandbox: Sandbox) -> None:
    """A grant may present its token in another header, alone or after another word."""
    alone = ResourceServer(API, header="X-Token", scheme=None)
    worded = ResourceServer("https://files.example.com", scheme="Token")
    grant = sandbox.grant(plain(resource_server=alone))
    sandbox.grant(plain(resource_server=worded))
    token, files = token_of(grant), sandbox.url("https://files.example.com/x")
    assert requests.get(sandbox.url(API), headers={"X-Token": token}, timeout=5).status_code == 200
    assert requests.get(sandbox.url(API), headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code == 200
    assert requests.get(files, headers={"Authorization": f"token {token}"}, timeout=5).status_code == 200
    assert requests.get(files, headers={"Authorization": token}, timeout=5).status_code == 401
    assert requests.get(files, headers={"X-Token": token}, timeout=5).status_code == 401
    last = sandbox.requests[-1]
    assert last.shown_headers["X-Token"] == "***"
    assert last.presented("X-Token") == token


def test_www_authenticate(sandbox: Sandbox, grant: ClientCredentials) -> None:
    """What the API's 401 carries is the vendor's business, or the knob's: nothing, one or several."""
    bare = requests.get(sandbox.url(API), timeout=5)
    assert bare.headers["WWW-Authenticate"] == "Bearer"
    sandbox.www_authenticate = 'Bearer error="insufficient_scope"'
    assert call(grant, "x").headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'
    sandbox.www_authenticate = ["Basic", "Bearer"]
    assert call(grant, "x").headers["WWW-Authenticate"] == "Basic, Bearer"
    sandbox.www_authenticate = None
    assert "WWW-Authenticate" not in call(grant, "x").headers


def test_every_knob_is_described() -> None:
    """``help(Sandbox)`` has a line for each attribute that changes how the servers behave."""
    described = re.findall(r"^(\w+): ", inspect.getdoc(Sandbox) or "", re.MULTILINE)
    assert sorted(described) == sorted(field.name for field in fields(Knobs))


def test_reject_all_tokens(sandbox: Sandbox, grant: ClientCredentials) -> None:
    """With the knob the API refuses good tokens too, until it is turned back."""
    token = token_of(grant)
    sandbox.reject_all_tokens = True
    assert call(grant, token).status_code == 401
    sandbox.reject_all_tokens = False
    assert call(grant, token).status_code == 200


# Failures


def test_failures(sandbox: Sandbox, grant: ClientCredentials) -> None:
    """Failures are met in turn, so often as was said, and until recover() without a number."""
    sandbox.fail(status=503, times=2, retry_after=7)
    sandbox.fail(status=400, body={"error": "invalid_scope"}, headers={"X-Why": "told"})
    sandbox.fail(status=401, times=None)
    answers = [ask(grant) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [503, 503, 400, 401, 401]
    assert answers[0].headers["Retry-After"] == "7"
    assert "error" not in answers[0].json()
    assert (answers[2].json(), answers[2].headers["X-Why"]) == ({"error": "invalid_scope"}, "told")
    assert answers[3].json() == {"error": "invalid_client"}
    assert call(grant, "x").status_code == 401
    sandbox.recover()
    assert ask(grant).status_code == 200


def test_failures_elsewhere(sandbox: Sandbox, grant: ClientCredentials) -> None:
    """A failure is for one kind of endpoint, and for one vendor if it says so; a body may be any text."""
    sandbox.fail("api", status=599)
    sandbox.fail("api", status=200, body="<html>", vendor="api.example.com")
    sandbox.fail(status=500, vendor="vainu")
    sandbox.fail("revocation", status=500, body=b"down")
    token = token_of(grant)
    assert call(grant, token).status_code == 599
    assert call(grant, token).text == "<html>"
    assert call(grant, token).status_code == 200
    assert requests.post(str(grant.revocation_endpoint), data=POST, timeout=5).content == b"down"


def test_hang_up(sandbox: Sandbox, grant: ClientCredentials) -> None:
    """A failure without a status ends the connection without an answer."""
    sandbox.fail(status=None)
    with pytest.raises(requests.ConnectionError):
        ask(grant)
    assert ask(grant).status_code == 200


def test_delays(sandbox: Sandbox, grant: ClientCredentials) -> None:
    """The token endpoint and the API take as long as the knobs say."""
    token = token_of(grant)
    sandbox.delay = sandbox.api_delay = 60
    with pytest.raises(requests.ReadTimeout):
        ask(grant, timeout=0.05)
    with pytest.raises(requests.ReadTimeout):
        requests.get(sandbox.url(API), timeout=0.05)
    sandbox.api_delay = 0.0
    assert call(grant, token).status_code == 200


# What a plain host's API answers


def test_plain_api(grant: ClientCredentials) -> None:
    """Any path of a plain API tells what came: method, path, query, length and digest of the body."""
    body = b"x" * 200_000
    answer = call(grant, token_of(grant), "/a//b?q=1", method="PUT", data=body).json()
    assert (answer["method"], answer["path"], answer["query"]) == ("PUT", "/a//b", {"q": "1"})
    assert (answer["body_length"], answer["body_sha256"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_echo(grant: ClientCredentials) -> None:
    """/echo answers everybody, and says whether the token was valid but not which it was."""
    token = token_of(grant)
    good, bad = call(grant, token, "/echo", method="POST", data=b"abc"), call(grant, "bad", "/echo")
    assert (good.json()["token_valid"], bad.json()["token_valid"]) == (True, False)
    assert good.json()["headers"]["Authorization"] == "Bearer ***"
    assert good.json()["body_length"] == 3
    assert token not in good.text


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_redirect(sandbox: Sandbox, grant: ClientCredentials, status: int) -> None:
    """/redirect sends the client wherever it asks to be sent."""
    answer = call(grant, token_of(grant), f"/redirect?to={sandbox.url(API)}/y&status={status}")
    assert answer.json()["path"] == "/v1/y"
    assert answer.history[0].status_code == status


def test_slow_and_cookie(grant: ClientCredentials) -> None:
    """/slow takes its time, /set-cookie sets one."""
    token = token_of(grant)
    assert call(grant, token, "/slow?seconds=0.01").elapsed.total_seconds() >= 0.01
    assert call(grant, token, "/set-cookie").cookies["sandbox"] == "1"


# Records


def test_records(clock: Clock) -> None:
    """Every request is counted, recorded and shown; counts can be reset."""
    seen: list[Record] = []
    with Sandbox(on_request=seen.append, clock=clock) as sandbox:
        grant = sandbox.grant(plain())
        call(grant, token_of(grant), method="POST", data=b"abc")
        call(grant, "bad")
        requests.get(str(grant.token_endpoint), timeout=5)
        assert (sandbox.token_requests, sandbox.api_requests) == (2, 2)
        assert sandbox.count("api", "api.example.com") == 2
        assert sandbox.count("api", "as.example.com") == 0
        assert seen == sandbox.requests
        first = seen[0]
        assert (first.kind, first.vendor, first.method, first.path) == (
            "token",
            "as.example.com",
            "POST",
            "/oauth2/token",
        )
        assert (first.status, first.time) == (200, clock.now)
        assert [record.shown_body for record in seen[1:]] == ["3 bytes", "", ""]
        assert seen[-1].as_dict()["status"] == 405
        sandbox.reset_counts()
        assert (sandbox.token_requests, sandbox.requests, sandbox.last_token_request) == (0, [], None)


def test_last_token_request(sandbox: Sandbox, grant: ClientCredentials) -> None:
    """The last token request can be looked at in full, and prints nothing secret."""
    ask(grant, data=FORM | {"scope": "a b"}, auth=("id", SECRET), headers={"X-Own": "value"})
    last = sandbox.last_token_request
    assert last is not None
    assert last.form["scope"] == "a b"
    assert last.headers["x-own"] == "value"
    assert str(last.presented()).startswith("Basic ")
    assert last.shown_headers["Authorization"] == "Basic ***"
    assert last.shown_headers["X-Own"] == "***"
    assert last.shown_body == "grant_type=client_credentials&scope=a+b"


def test_secrets_do_not_print(
    sandbox: Sandbox,
    grant: ClientCredentials,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No secret and no token in a repr, a log, or on the terminal."""
    caplog.set_level("DEBUG")
    token = token_of(grant)
    call(grant, token)
    refresh = sandbox.issue_refresh_token("id", vendor="as.example.com")
    state = sandbox._state
    shown = [sandbox, *sandbox.requests, state.clients, *state.access_tokens.values(), *state.refresh_tokens.values()]
    shown += [sandbox.last_token_request, *(record.as_dict() for record in sandbox.requests)]
    shown += [part for record in sandbox.requests for part in (record.headers, record.form, str(record.headers))]
    printed = repr(shown) + "".join(capfd.readouterr()) + "".join(f"{r.getMessage()}" for r in caplog.records)
    for secret in (SECRET, token, refresh):
        assert secret not in printed


# The whole, with the presets


@pytest.mark.parametrize("name", ["vibe", "vibes_rbm", "vainu", "fyma"])
def test_presets(sandbox: Sandbox, name: str) -> None:
    """Each preset gets its token from the sandbox and is let in by the API."""
    grant = sandbox.grant(getattr(presets, name)(client_id="id", client_secret="secret"))
    path = {"vibe": "/campaigns", "vainu": "/v3/organizations/"}.get(name, "/x")
    answer = requests.get(f"{grant.resource_server.base_url}{path}", auth=RequestsAuth(grant), timeout=5)
    assert answer.status_code == 200
    assert (sandbox.token_requests, sandbox.api_requests) == (1, 1)


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Flask the import says how to get it."""
    monkeypatch.setitem(sys.modules, "flask", None)
    with pytest.raises(ImportError, match=r'pip install "oauth-cc-auth\[sandbox\]"'):
        runpy.run_path(str(oauth_cc_auth.sandbox.__file__))


def test_hosts_below_a_domain(sandbox: Sandbox) -> None:
    """Of an origin with a star, the hosts are played whose URL was asked for before; at others the pin stays."""
    files, other = sandbox.url("https://files.acme.com/x"), sandbox.url("https://files.acme.org/x")
    server = ResourceServer("https://api.acme.com", origins=["https://*.acme.com"])
    moved = sandbox.grant(
        ClientCredentials(
            token_endpoint="https://as.acme.com/token", client_id="i", client_secret="s", resource_server=server
        )
    )
    assert requests.get(files, auth=RequestsAuth(moved), timeout=5).status_code == 200
    for foreign in (other, "https://files.acme.com/x"):
        with pytest.raises(OriginNotAllowed):
            requests.get(foreign, auth=RequestsAuth(moved), timeout=5)
