"""`doctor` names the cause of each failure, and none where all is well."""

from __future__ import annotations

import base64
import datetime as dt
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from oauth_cc_auth import (
    ClientCredentials,
    ConfigurationError,
    InteractionRequired,
    InvalidClient,
    InvalidRequest,
    InvalidTokenResponse,
    OAuthError,
    ResourceServer,
    StaticToken,
    Token,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenSource,
    forget_all,
    presets,
)
from oauth_cc_auth.cli import _causes, _commands, _doctor
from oauth_cc_auth.sandbox import Sandbox

API_URL = "https://api.plain.example"


def run(*arguments: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(_commands.commands, ["doctor", *arguments], prog_name="oauth-cc-auth")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox at which every preset is pointed."""
    with Sandbox() as running:
        monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", running.origin("https://zoom.us"))
        yield running


def plain(sandbox: Sandbox, secret: str = "right", **about: Any) -> ClientCredentials:
    """Return the grant of a client of a server by the letter, which knows the secret `right`."""
    first = ClientCredentials(token_endpoint="https://plain.example/token", client_id="id", client_secret="right")
    sandbox.grant(first)
    server = about.pop("resource_server", ResourceServer(API_URL))
    return sandbox.grant(
        ClientCredentials(
            token_endpoint="https://plain.example/token",
            client_id="id",
            client_secret=secret,
            resource_server=server,
            **about,
        )
    )


def steps(
    grant: Any, vendor: str | None = None, path: str | None = None, clock: Callable[[], float] = time.time
) -> list[_doctor.Step]:
    """Examine a grant."""
    return list(_doctor.examined(lambda: (grant, vendor), path, clock))


def test_all_is_well(sandbox: Sandbox) -> None:
    """A healthy client is exit status 0, one token, no advice, and nothing secret."""
    result = run("zoom")
    assert result.exit_code == 0
    assert "Change" not in result.output
    assert sandbox.token_requests == 1
    assert "sandbox-secret" not in result.output
    names = [step["step"] for step in json.loads(run("zoom", "--json").stdout)]
    assert names == ["variables", "dns", "tls", "clock", "endpoint", "client", "scope", "lifetime", "api"]


def test_a_variable_is_missing() -> None:
    """What is not set is exit status 1; an option that is none is a usage error."""
    result = run("zoom")
    assert result.exit_code == 1
    assert "ZOOM_CLIENT_ID is not set" in result.stdout
    assert run("zoom", "-o", "nothing=x").exit_code == 2
    assert run("nobody").exit_code == 2
    assert run("https://issuer.example", "-o", "a=b").exit_code == 2


def test_an_argument_that_a_preset_demands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset that lacks an argument is a matter of variables too."""
    monkeypatch.setattr(presets, "get", lambda _: lambda region: None)
    assert run("acme", "--scope", "x").exit_code == 1


def test_a_wrong_secret(sandbox: Sandbox) -> None:
    """A secret that the server does not know is exit status 4."""
    last = steps(plain(sandbox, "wrong"))[-1]
    assert (last.status, last.step) == (4, "client")
    assert "look at the client id, the secret" in last.change
    assert "wrong" not in last.line


def test_quotes_around_a_secret(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """Quotes that a shell or a file left around a secret are named, and only where the client is refused."""
    run("zoom")
    forget_all()
    monkeypatch.setenv("ZOOM_CLIENT_ID", "sandbox-client")
    monkeypatch.setenv("ZOOM_CLIENT_SECRET", '"sandbox-secret"')
    result = run("zoom")
    assert result.exit_code == 4
    assert "ZOOM_CLIENT_SECRET has quotes around its value: remove them" in result.stdout
    assert sandbox.token_requests == 2


def test_a_secret_that_needs_the_raw_basic(sandbox: Sandbox) -> None:
    """A server that does not decode Basic is found out by one more request."""
    secret = "a+b/c=d:e~"
    grant = ClientCredentials(
        token_endpoint="https://raw.example/token",
        client_id="id",
        client_secret=secret,
        token_endpoint_auth_method="client_secret_basic_raw",
    )
    sandbox.grant(grant)
    sandbox.register_client("https://raw.example", "id", secret)
    raw = sandbox.grant(grant)
    wrong = replace(raw, token_endpoint_auth_method="client_secret_basic")
    last = steps(wrong)[-1]
    assert last.status == 4
    assert "the server takes client_secret_basic_raw, not client_secret_basic" in last.change
    assert secret not in last.line


def test_a_wrong_auth_method(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A server that takes the secret in the form only is found out by one more request."""
    grant = sandbox.grant(presets.get("zoom").__wrapped__.__wrapped__("id", "s", account_id="a"))  # type: ignore[attr-defined]  # functools.wraps
    post = replace(grant, token_endpoint_auth_method="client_secret_post")
    monkeypatch.delenv("OAUTH_CC_AUTH_SANDBOX")
    last = steps(post)[-1]
    assert last.status == 4
    assert "the server takes client_secret_basic, not client_secret_post" in last.change


def test_a_wrong_scope(sandbox: Sandbox) -> None:
    """A scope that the client may not have is exit status 5."""
    result = run("vainu", "--scope", "everything")
    assert result.exit_code == 5
    assert "request a scope that the client was given" in result.stdout
    assert sandbox.token_requests == 1


def test_a_wrong_audience(sandbox: Sandbox) -> None:
    """An audience that the server does not accept is exit status 5, and so is one that the API is not."""
    sandbox.fail("token", status=400, body={"error": "invalid_target"})
    last = steps(plain(sandbox))[-1]
    assert (last.status, "look at the audience" in last.change) == (5, True)
    claims = base64.urlsafe_b64encode(json.dumps({"aud": "https://other.example"}).encode()).decode().rstrip("=")
    answer = requests.Response()
    answer.status_code = 401
    step = _doctor._judged("GET", answer, "https://api.example/x", Token(f"e30.{claims}.sig"))
    assert step.status == 5
    assert "the token is for the audience https://other.example" in step.change
    assert _doctor._judged("GET", answer, "https://other.example/x", Token(f"e30.{claims}.sig")).status == 6


def test_sandbox_credentials_at_production(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A client that is refused at a vendor with environments: the option, its value and the others are named."""
    sandbox.register_client("paypal", "id", "of production")
    monkeypatch.setenv("PAYPAL_CLIENT_ID", "id")
    monkeypatch.setenv("PAYPAL_CLIENT_SECRET", "of the sandbox")
    result = run("paypal")
    assert result.exit_code == 4
    assert "PAYPAL_ENVIRONMENT is production, it may be sandbox." in result.stdout


def test_host_not_found() -> None:
    """A host that does not exist is exit status 3."""
    grant = ClientCredentials(token_endpoint="https://nobody.invalid/token", client_id="id", client_secret="s")
    last = steps(grant)[-1]
    assert (last.status, last.step, last.got) == (3, "dns", "there is no such host")


def test_a_closed_port() -> None:
    """A port on which nobody listens is exit status 3."""
    last = steps(ClientCredentials(token_endpoint="http://127.0.0.1:1/token", client_id="id", client_secret="s"))[-1]
    assert (last.status, last.step) == (3, "tls")
    assert "Connection refused" in last.got


def test_an_untrusted_certificate(tmp_path: Path) -> None:
    """A certificate that nobody vouches for is exit status 3, with the variable to set."""
    with serving_tls(tmp_path) as port:
        grant = ClientCredentials(token_endpoint=f"https://127.0.0.1:{port}/token", client_id="id", client_secret="s")
        last = steps(grant)[-1]
    assert (last.status, last.step) == (3, "tls")
    assert "the certificate is not trusted" in last.got
    assert "REQUESTS_CA_BUNDLE" in last.change


class serving_tls:  # noqa: N801 - a context
    """A server with a certificate that it has signed itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> int:
        """Serve."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = dt.datetime.now(dt.timezone.utc)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        pem = self.folder / "both.pem"
        encoding, plainly = serialization.Encoding.PEM, serialization.NoEncryption()
        pem.write_bytes(
            key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plainly) + made.public_bytes(encoding)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that refuses is meant
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return int(self.server.server_address[1])

    def __exit__(self, *_: object) -> None:
        """Serve no more."""
        self.server.shutdown()
        self.server.server_close()


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that does not answer is named, and no name is looked up beside it."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    found = steps(ClientCredentials(token_endpoint="https://nobody.invalid/token", client_id="id", client_secret="s"))
    assert [step.step for step in found] == ["variables", "dns", "tls"]
    assert (found[1].did, found[2].status) == ("left to the proxy", 3)
    assert "HTTPS_PROXY" in found[2].change


def test_a_clock_an_hour_off(sandbox: Sandbox) -> None:
    """A clock that is off is said; it is a failure only where the client signs the time and is refused."""

    def late() -> float:
        return time.time() - 3600

    found = steps(plain(sandbox), clock=late)
    assert found[-1].status == 0
    (clock,) = [step for step in found if step.step == "clock"]
    assert (clock.status, clock.change) == (0, "set this machine's clock")
    assert clock.got.startswith("this machine's clock is 3,")
    signing = replace(plain(sandbox), token_endpoint_auth_method="client_secret_jwt", client_secret="x" * 32)
    cause = _causes.cause_of(InvalidClient("invalid_client"), signing, None, -3600.0)
    assert cause.status == 4
    assert "clock is 3,600 s behind, and the client signs the time" in cause.change


def test_the_api_refuses_a_good_token(sandbox: Sandbox) -> None:
    """A first token that is refused, and a second that is accepted, are told apart from an API that refuses all."""
    sandbox.fail("api", status=401, times=2)  # the first is the request that reads the clock
    result = run("zoom")
    assert result.exit_code == 6
    assert "the first token was refused, the second accepted" in result.stdout
    assert sandbox.token_requests == 2


def test_the_api_refuses_every_token(sandbox: Sandbox) -> None:
    """Where the second token is refused as well, the audience, the environment and the host are to be looked at."""
    sandbox.reject_all_tokens = True
    result = run("zoom")
    assert result.exit_code == 6
    assert "the API refuses every token: look at the audience, the environment and the host" in result.stdout
    assert sandbox.token_requests == 2


@pytest.mark.parametrize(
    ("status", "body", "said", "code"),
    [
        (403, {"error": "insufficient_scope"}, "lacks a scope", 5),
        (403, {"error": "forbidden"}, "permission", 6),
        (404, {}, "is no fault of it", 0),
        (500, {}, "a fault of its own", 7),
        (400, {}, "the token was accepted", 0),
    ],
)
def test_what_the_api_answers(sandbox: Sandbox, status: int, body: dict[str, str], said: str, code: int) -> None:
    """Each status of the API means something of its own; any but 401 and 403 says that the token was accepted."""
    sandbox.fail("api", status=status, body=body, times=None)
    result = run("zoom", "--path", "/users/nobody")
    assert result.exit_code == code
    assert said in result.stdout


def test_a_path_elsewhere(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A path on a host that the pin refuses is exit status 6; an API that does not answer is 3; none is no failure."""
    assert run("zoom", "--path", "https://elsewhere.example/").exit_code == 6
    assert _doctor._api(TokenSource(StaticToken("key")), None, None, Token("key")).status == 0
    monkeypatch.setattr(requests, "get", lambda *_, **__: (_ for _ in ()).throw(requests.ConnectionError("x")))
    grant = StaticToken("key", resource_server=ResourceServer("https://api.example"))
    assert [(step.step, step.status) for step in steps(grant)] == [("variables", 0), ("api", 3)]
    assert sandbox.count("token") == 1


def test_a_token_request_that_fails_late(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A second token that is not given is said as a first one would be."""
    grant = plain(sandbox)

    def failing(*_: object, **__: object) -> None:
        raise InvalidClient("invalid_client")

    monkeypatch.setattr(requests, "get", failing)
    source = TokenSource(grant)
    assert _doctor._api(source, None, None, source.token()).status == 4


def test_the_daily_limit_is_reached(sandbox: Sandbox) -> None:
    """A vendor's limit is exit status 7."""
    sandbox.fail("token", status=429, retry_after=3600, times=None)
    last = steps(plain(sandbox))[-1]
    assert (last.status, last.step) == (7, "client")
    assert "limit" in last.change


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TokenEndpointUnavailable(status_code=503), 7),
        (TokenEndpointUnavailable(), 3),
        (InvalidTokenResponse(status_code=200), 7),
        (OAuthError("odd"), 4),
        (InteractionRequired("log in"), 4),
        (ConfigurationError("no file"), 1),
        (InvalidRequest("invalid_request", "audience is required"), 5),
        (InvalidRequest("invalid_request", "what?"), 4),
        (TokenBudgetExceeded("spent"), 7),
    ],
)
def test_kinds_of_failure(error: OAuthError, status: int) -> None:
    """Each kind of error has its exit status, and something to change."""
    grant = ClientCredentials(token_endpoint="https://x.example/token", client_id="id", client_secret="s")
    cause = _causes.cause_of(error, grant, None, None)
    assert cause.status == status
    assert cause.change


def test_a_scope_that_was_not_granted() -> None:
    """What was requested and not granted is said, and is no failure by itself."""
    grant = ClientCredentials(token_endpoint="https://x.example/t", client_id="id", client_secret="s", scope="a b")
    step = _doctor._scope(grant, Token("t", scope="a"))
    assert (step.status, step.change) == (0, "b was requested and not granted: give it to the client at the vendor")


def test_an_issuer(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """With an issuer alone the metadata is read; with a client in the environment a token is requested."""
    monkeypatch.delenv("OAUTH_CC_AUTH_SANDBOX")
    grant = plain(sandbox)
    endpoint = str(grant.token_endpoint)

    def answered(url: str, **more: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code = 404 if "oauth-authorization-server" in url else 200
        answer._content = json.dumps({"token_endpoint": endpoint}).encode()
        return answer

    monkeypatch.setattr(requests, "get", answered)
    result = run("https://issuer.example/")
    assert (result.exit_code, sandbox.token_requests) == (0, 0)
    assert f"the token endpoint is {endpoint}" in result.stdout
    monkeypatch.setenv("OAUTH_CLIENT_ID", "id")
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "s")
    _, make = _doctor.by_issuer("https://issuer.example")
    assert make is not None
    assert make()[0].client_id == "id"
    assert [step.step for step in _doctor.followed(_doctor.Step("a", "b", "c"), make, None)][:2] == ["a", "variables"]


def test_an_issuer_without_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer that publishes nothing is exit status 7, one that does not answer 3."""

    def answered(url: str, **more: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer._content = 200, b"<html>" if "openid" in url else b"{}"
        return answer

    monkeypatch.setattr(requests, "get", answered)
    assert run("https://issuer.example").exit_code == 7
    monkeypatch.undo()
    assert run("http://127.0.0.1:1").exit_code == 3


def test_what_is_read_off_answers() -> None:
    """The innermost reason of an error is shown, and a token that is no JWT names no audience."""
    assert _doctor._reason(OSError(ValueError("inner"))) == "inner"
    assert _doctor._reason(ValueError()) == "ValueError"
    assert _doctor._audience("opaque") == []
    assert _doctor._audience("a.!.c") == []


def test_an_answer_without_a_date(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """Without a Date the clock is not compared; what signs in a way of its own is said to."""
    real = requests.get

    def undated(url: str, **more: Any) -> requests.Response:
        answer = real(url, **more)
        answer.headers.pop("Date", None)
        return answer

    grant = plain(sandbox)
    monkeypatch.setattr(requests, "get", undated)
    assert "clock" not in [step.step for step in steps(grant)]
    own = replace(grant, token_endpoint_auth_method=lambda *_: {})
    assert _doctor._method(own) == "by a method of its own"
    assert _causes.signs(own)
    assert _causes._accepted_method(own) is None
