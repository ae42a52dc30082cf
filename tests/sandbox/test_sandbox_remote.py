"""`Sandbox.at`: a sandbox in another process, with the knobs, counts and faults of one's own; `Sandbox.add`."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests
from loopback import Loopback

from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    InvalidClient,
    RequestsAuth,
    ResourceServer,
    TokenSource,
    presets,
)
from oauth_cc_auth.sandbox import Default, Sandbox, Vendor, vendors
from oauth_cc_auth.sandbox._remote import RemoteSandbox

PLAYS = """
import sys
from oauth_cc_auth.sandbox import Sandbox

with Sandbox() as sandbox:
    print(sandbox.origin("https://first.example.com"), flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return the address of the first port of a running sandbox, which is used by nothing but that."""
    with Sandbox() as sandbox:
        yield sandbox.origin("https://first.example.com")


@pytest.fixture
def remote(address: str) -> RemoteSandbox:
    """Return that sandbox as this process sees it, as if it had just begun."""
    sandbox = Sandbox.at(address)
    sandbox.recover()
    sandbox.reset_counts()
    sandbox.lifetime = None
    return sandbox


def test_a_grant_is_pointed_at_it(remote: RemoteSandbox) -> None:
    """A preset's grant gets its token and its API's answer there; records come back masked."""
    grant = remote.grant(presets.zoom("a", "b", account_id="c"))
    assert grant.resource_server is not None
    assert requests.get(f"{grant.resource_server.base_url}/users/me", auth=RequestsAuth(grant), timeout=9).ok
    assert (remote.token_requests, remote.api_requests, remote.count("api", "zoom")) == (1, 1, 1)
    assert remote.requests[-1]["headers"]["Authorization"] == "Bearer ***"
    assert remote.origin("https://zoom.us") == grant.token_endpoint.removesuffix("/oauth/token")  # type: ignore[union-attr]  # a string
    remote.revoke_all()
    assert requests.get(f"{grant.resource_server.base_url}/users/me", auth=RequestsAuth(grant), timeout=9).ok
    assert remote.token_requests == 2


def test_it_runs_in_another_process() -> None:
    """A program that knows nothing but the address gets a token there."""
    command = [sys.executable, "-c", PLAYS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        remote = Sandbox.at(process.stdout.readline().strip())
        assert TokenSource(remote.grant(presets.vainu("a", "b"))).token().access_token
        assert remote.token_requests == 1
        process.communicate("")


def test_its_knobs_and_faults(remote: RemoteSandbox) -> None:
    """Settings are attributes, also those that JSON has no word for; failures and rotations take effect there."""
    assert remote.www_authenticate is Default.VENDOR
    remote.lifetime = math.inf
    assert remote.lifetime == math.inf
    remote.lifetime = 7.0
    grant = remote.grant(presets.vainu("a", "b"))
    remote.fail(status=503, times=1, headers={"X-A": "b"})
    assert TokenSource(grant, timeout=9.0).token().lifetime == 7.0
    assert remote.token_requests == 2
    remote.rotate_secret(grant, "c")
    source = TokenSource(grant)
    source.forget()
    with pytest.raises(InvalidClient):
        source.token()
    remote.register_client("vainu", "a", "b", scopes=["api:read"])
    remote.delete_application("a")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        remote.nonsense  # noqa: B018 - asked for
    with pytest.raises(AttributeError, match="no setting 'nonsense'"):
        remote.nonsense = 1
    with pytest.raises(ValueError, match="nobody"):
        remote.issue_refresh_token("nobody")


def test_a_user_logs_in_there(remote: RemoteSandbox) -> None:
    """A login needs no browser, and a first refresh token can be had as if a user had logged in."""
    grant = remote.grant(presets.vend_email("id", "secret", refresh_token="first"))
    assert isinstance(grant, AuthorizationCode)
    assert remote.issue_refresh_token("id")
    assert grant.authorization_endpoint is not None
    asked = "response_type=code&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F&state=s&scope=public"
    asked += "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    remote.grant(presets.vend_email("id", "secret", redirect_uri="http://127.0.0.1:1/"))
    assert "code=" in remote.log_in(f"{grant.authorization_endpoint}?{asked}")


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:1", "http://127.0.0.1", "http://192.0.2.1:80", "http://example.com:80"]
)
def test_only_a_sandbox_on_this_machine(url: str) -> None:
    """The address is plain http on loopback, with its port."""
    with pytest.raises(ValueError, match=r"address of a sandbox|loopback only"):
        Sandbox.at(url)


def greet_in_ssh(listener: socket.socket) -> None:
    """Answer one connection with what is no HTTP."""
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"SSH-2.0\r\n")
        while connection.recv(1 << 16):  # until the client goes: its request must not meet a closed connection
            pass


def test_where_no_sandbox_answers(address: str) -> None:
    """ConnectionError says how to start one; an unknown method is refused in words."""
    with pytest.raises(ConnectionError, match="start one with: oauth-cc-auth sandbox"):
        Sandbox.at("127.0.0.1:1").revoke_all()
    with Loopback() as another, pytest.raises(ConnectionError, match=r"no sandbox answers at .*\(HTTP 200 from"):
        Sandbox.at(another.url).revoke_all()
    with socket.create_server(("127.0.0.1", 0)) as no_http, ThreadPoolExecutor() as pool:
        pool.submit(greet_in_ssh, no_http)
        with pytest.raises(ConnectionError, match="what listens there speaks no HTTP"):
            Sandbox.at(f"127.0.0.1:{no_http.getsockname()[1]}").revoke_all()
    assert address in repr(Sandbox.at(address))
    with pytest.raises(ValueError, match="no setting 'nonsense'; it has: api_audience"):
        Sandbox.at(address)._call("get", "nonsense")
    with pytest.raises(ValueError, match="one of: below"):
        Sandbox.at(address)._call("nonsense")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ([], "a JSON object"),
        ({"method": 5}, 'a "method", which is one of: below'),
        ({"method": "count", "arguments": 5}, "count: arguments is 5, not list"),
        ({"method": "count", "options": [1]}, "count: options is [1], not dict"),
        ({"method": "origin", "arguments": [5]}, "url is 5, not str"),
        ({"method": "rotate_secret", "arguments": [5, "x"]}, "client_id is 5, not str"),
        ({"method": "delete_application", "arguments": [[]]}, "client_id is [], not str"),
        ({"method": "register_endpoint", "arguments": ["u", "token", {}]}, "missing a required argument"),
        ({"method": "set", "arguments": ["lifetime", "1h"]}, "lifetime is '1h', not float or None"),
        ({"method": "set", "arguments": ["consent", "maybe"]}, "consent is 'maybe', not 'accept' or 'deny' or None"),
        ({"method": "set", "arguments": ["www_authenticate", [5]]}, "www_authenticate is [5], not str or Sequence"),
        ({"method": "fail", "options": {"status": True}}, "status is True, not int or None"),
        ({"method": "fail", "arguments": ["nowhere"]}, "where is 'nowhere', not 'token' or 'api'"),
    ],
)
def test_what_is_no_argument(address: str, asked: object, why: str) -> None:
    """A request with an argument of the wrong type is answered with 400 and a sentence, and changes nothing."""
    answer = requests.post(f"{address}/.well-known/oauth-cc-auth-sandbox", json=asked, timeout=9)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert why in answer.text


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"Content-Type": "text/plain"}, 415),
        ("GET", {"Content-Type": "application/json"}, 415),
        ("POST", {"Content-Type": "application/json", "Host": "evil.example.com"}, 421),
    ],
    ids=["form", "get", "rebinding"],
)
def test_a_page_in_a_browser_has_no_say(address: str, method: str, headers: dict[str, str], status: int) -> None:
    """A request that a page of another origin could make here, or that names another host, is refused."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=9)
    connection.request(method, "/.well-known/oauth-cc-auth-sandbox", "{}", headers)
    assert connection.getresponse().status == status
    connection.close()


def test_a_vendor_of_ones_own_is_played_until_the_sandbox_closes() -> None:
    """An odd vendor that no file describes is played, by its own rules, and forgotten with the sandbox."""
    acme = Vendor(
        "acme",
        source="https://docs.example.com/acme",
        token_endpoints=("as.acme.example.com/token",),
        apis=("api.acme.example.com/",),
        lifetime=77,
    )
    grant = ClientCredentials(
        token_endpoint="https://as.acme.example.com/token",
        client_id="a",
        client_secret="b",
        resource_server=ResourceServer("https://api.acme.example.com"),
    )
    with Sandbox() as sandbox:
        sandbox.add(acme)
        moved = sandbox.grant(grant)
        assert TokenSource(moved).token().lifetime == 77
        assert sandbox.count("token", "acme") == 1
    assert acme not in vendors.VENDORS
