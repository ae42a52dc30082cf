"""`doctor` names the cause of each failure, and none where all is well."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
import tls
from click.testing import CliRunner, Result
from tls import Certificates

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
from oauth_cc_auth.cli import _causes, _commands, _doctor, _steps
from oauth_cc_auth.sandbox import Record, Sandbox

API_URL = "https://api.plain.example"

FYMA = presets.fyma("id", "secret")

certificates = tls.certificates


def run(*arguments: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(_commands.commands, ["doctor", *arguments], prog_name="oauth-cc-auth")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox at which every preset is pointed."""
    with Sandbox() as running:
        monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", running.origin("https://zoom.us"))
        yield running


def plain(sandbox: Sandbox, secret: str = "right", first: str = "right", **about: Any) -> ClientCredentials:
    """Return the grant of a client of a server by the letter, which knows the secret `first`."""
    sandbox.register_client("https://plain.example", "id", first)
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


def steps(grant: Any, path: str | None = None) -> list[_steps.Step]:
    """Examine a grant."""
    return list(_doctor.examined(lambda: (grant, None), path))


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
    """A secret that the server does not know is exit status 4, and each request that was sent for it is told."""
    last = steps(plain(sandbox, "wrong"))[-1]
    assert (last.status, last.step) == (4, "client")
    assert last.got.endswith(". Tried client_secret_post too: refused as well.")
    assert sandbox.token_requests == 2
    assert last.change.endswith(". Was the secret rotated or regenerated at the vendor's console?")
    assert "look at the client id, the secret" in last.change
    assert "wrong" not in last.line


def test_quotes_around_a_secret(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """Quotes that a shell or a file left around a secret or an id are named before anything is sent."""
    run("zoom")
    forget_all()
    monkeypatch.setenv("ZOOM_CLIENT_ID", "sandbox-client")
    monkeypatch.setenv("ZOOM_CLIENT_SECRET", '"sandbox-secret"')
    result = run("zoom")
    assert result.exit_code == 4
    assert "ZOOM_CLIENT_SECRET has quotes around its value: remove them" in result.stdout
    monkeypatch.setenv("ZOOM_ACCOUNT_ID", "'acme'")
    first, change, *_ = run("zoom").stdout.splitlines()
    assert first.startswith("look    variables")
    assert "ZOOM_CLIENT_SECRET and ZOOM_ACCOUNT_ID have quotes around their values: remove them" in change
    assert sandbox.token_requests == 3


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


def test_a_wrong_audience_at_the_token_endpoint(sandbox: Sandbox) -> None:
    """An audience that the token endpoint does not know is exit status 5."""
    grant = sandbox.grant(replace(FYMA, audience="https://api.fyma.example"))
    last = steps(grant)[-1]
    assert (last.status, last.step) == (5, "client")
    assert "look at the audience" in last.change
    sandbox.fail("token", status=400, body={"error": "invalid_target"})  # RFC 8707 §2
    assert steps(plain(sandbox))[-1].status == 5


def test_a_wrong_audience_at_the_api(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A token for another audience than the API's is exit status 5, and both are told."""
    monkeypatch.setenv("AUTH0_DOMAIN", "acme.eu.auth0.com")
    monkeypatch.setenv("AUTH0_AUDIENCE", "https://other.example")
    sandbox.api_audience = "https://api.example"
    monkeypatch.setenv("AUTH0_BASE_URL", "https://api.acme.example")
    result = run("auth0")
    assert result.exit_code == 5
    assert "the token is for the audience https://other.example: request one for this API" in result.stdout
    monkeypatch.setenv("AUTH0_AUDIENCE", "https://api.example")
    forget_all()
    assert run("auth0").exit_code == 0


def test_a_token_for_this_api_is_not_said_to_be_for_another() -> None:
    """A token that names the API as its audience was refused for another reason."""
    claims = base64.urlsafe_b64encode(json.dumps({"aud": "https://api.example"}).encode()).decode().rstrip("=")
    answer = requests.Response()
    answer.status_code = 401
    assert _doctor._judged("GET", answer, "https://api.example/x", Token(f"e30.{claims}.sig"), str).status == 6


def test_sandbox_credentials_at_production(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A client that is refused at a vendor with environments: the option, its value and the others are named."""
    sandbox.register_client("paypal", "id", "secret", only_at="api-m.sandbox.paypal.com")
    monkeypatch.setenv("PAYPAL_CLIENT_ID", "id")
    monkeypatch.setenv("PAYPAL_CLIENT_SECRET", "secret")
    result = run("paypal")
    assert result.exit_code == 4
    assert "PAYPAL_ENVIRONMENT is production, it may be sandbox." in result.stdout
    result = run("paypal", "-o", "environment=sandbox")
    assert result.exit_code == 0
    assert "PAYPAL_ENVIRONMENT is" not in result.stdout


def test_the_value_of_an_option_counts(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """Where -o has chosen the environment, that one is told, and not the variable's or the default."""
    sandbox.register_client("paypal", "id", "secret", only_at="api-m.paypal.com")
    monkeypatch.setenv("PAYPAL_CLIENT_ID", "id")
    monkeypatch.setenv("PAYPAL_CLIENT_SECRET", "secret")
    result = run("paypal", "-o", "environment=sandbox")
    assert result.exit_code == 4
    assert "PAYPAL_ENVIRONMENT is sandbox, it may be production." in result.stdout


def test_a_region_that_may_be_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a preset takes any region, the option and its value are told, and no others."""
    monkeypatch.setattr(presets, "get", lambda _: lambda region="eu": None)
    monkeypatch.setattr(presets, "variables_of", lambda _: {"region": ("ACME_REGION",)})
    assert list(_causes.places(_causes.Asked("acme", {}))) == ["ACME_REGION is eu."]


def test_host_not_found() -> None:
    """A host that does not exist is exit status 3."""
    grant = ClientCredentials(token_endpoint="https://nobody.invalid/token", client_id="id", client_secret="s")
    last = steps(grant)[-1]
    assert (last.status, last.step, last.got) == (3, "dns", "there is no such host")


def test_whence_a_host_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that does not exist names the variable or option that it is made of; an unknown issuer is a sentence."""
    for name, value in {
        "CLIENT_ID": "a",
        "CLIENT_SECRET": "b",
        "REALM": "c",
        "BASE_URL": "https://api.example",
    }.items():
        monkeypatch.setenv(f"KEYCLOAK_{name}", value)
    monkeypatch.setenv("KEYCLOAK_HOST", "https://nobody.invalid")
    assert "look at the spelling of KEYCLOAK_HOST, which the host is made of" in run("keycloak").stdout
    result = run("keycloak", "-o", "host=nobody2.invalid")
    assert "look at the spelling of -o host, which the host is made of" in result.stdout
    result = run("https://nobody.invalid")
    assert result.exit_code == 3
    assert "oauth-authorization-server: there is no such host\n" in result.stdout


def test_a_closed_port() -> None:
    """A port on which nobody listens is exit status 3."""
    last = steps(ClientCredentials(token_endpoint="http://127.0.0.1:1/token", client_id="id", client_secret="s"))[-1]
    assert (last.status, last.step) == (3, "tls")
    assert "Connection refused" in last.got


def test_an_untrusted_certificate(monkeypatch: pytest.MonkeyPatch, certificates: Certificates) -> None:
    """A certificate that nobody vouches for is exit status 3, with the variable to set."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    with Sandbox(tls=context) as sandbox:
        last = steps(plain(sandbox))[-1]
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.authority))
        assert steps(plain(sandbox))[-1].status == 0
    assert (last.status, last.step) == (3, "tls")
    assert "the certificate is not trusted" in last.got
    assert "REQUESTS_CA_BUNDLE" in last.change


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that does not answer is named, and no name is looked up beside it."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    found = steps(ClientCredentials(token_endpoint="https://nobody.invalid/token", client_id="id", client_secret="s"))
    assert [step.step for step in found] == ["variables", "dns", "tls"]
    assert (found[1].did, found[2].status) == ("left to the proxy", 3)
    assert "HTTPS_PROXY" in found[2].change


@pytest.mark.parametrize(("hours", "said"), [(1, "behind"), (-1, "ahead")])
def test_a_clock_an_hour_off(monkeypatch: pytest.MonkeyPatch, hours: int, said: str) -> None:
    """A clock that is off is said; it is a failure only where the client signs the time and is refused."""
    with Sandbox(clock=lambda: time.time() + hours * 3600) as sandbox:
        monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", sandbox.origin("https://zoom.us"))
        result = run("zoom")
        assert result.exit_code == 0
        assert f"s {said} of the server's\n" in result.stdout
        assert "Change: set this machine's clock" in result.stdout
        signing = plain(sandbox, "x" * 32, token_endpoint_auth_method="client_secret_jwt", first="x" * 32)
        last = steps(signing)[-1]
        assert (last.status, last.step) == (4, "client")
        assert f"s {said}, and the client signs the time: set it" in last.change


def test_a_clock_that_is_right(sandbox: Sandbox) -> None:
    """A client that signs the time is accepted where the clocks agree, and nothing is said of them."""
    signing = plain(sandbox, "x" * 32, token_endpoint_auth_method="client_secret_jwt", first="x" * 32)
    found = steps(signing)
    assert [step.status for step in found] == [0] * len(found)
    (clock,) = (step for step in found if step.step == "clock")
    assert (clock.got, clock.change) == ("this machine's clock agrees with the server's", "")


def test_the_api_refuses_a_good_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first token that is refused, and a second that is accepted, are told apart from an API that refuses all."""

    def ended_by_somebody_else(record: Record) -> None:
        if (record.kind, played.token_requests) == ("token", 1):
            played.revoke_all()

    with Sandbox(on_request=ended_by_somebody_else) as played:
        monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", played.origin("https://zoom.us"))
        result = run("zoom")
        assert result.exit_code == 6
        assert "the first token was refused, the second accepted" in result.stdout
        assert "one store" in result.stdout
        assert played.token_requests == 2


def test_the_api_refuses_every_token(sandbox: Sandbox) -> None:
    """Where the second token is refused as well, the audience, the environment and the host are to be looked at."""
    sandbox.reject_all_tokens = True
    result = run("zoom")
    assert result.exit_code == 6
    assert "the API refuses every token: look at the audience, the environment and the host" in result.stdout
    assert (
        "ZOOM_CLOUD is global, it may be us-government. Set it there, or with -o cloud=us-government." in result.stdout
    )
    assert sandbox.token_requests == 2


def test_what_an_api_wants_beside_the_token(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """An API that refuses every token may want another variable's value in a header, or one that is not set."""
    sandbox.reject_all_tokens = True
    assert (
        "PROCORE_COMPANY_ID is not set; this API may want it, as the header Procore-Company-Id."
        in run("procore").stdout
    )
    monkeypatch.setenv("PROCORE_COMPANY_ID", "5")
    forget_all()
    said = run("procore").stdout
    assert "PROCORE_COMPANY_ID goes with each call, as the header Procore-Company-Id: is it right?" in said
    assert "is not set" not in said
    last = steps(replace(plain(sandbox), scope="x"))[-1]
    assert "The variables are OAUTH_AUDIENCE and OAUTH_SCOPE" in last.change
    assert "Look at --path" in run("fyma").stdout


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
    assert [(step.step, step.status) for step in steps(grant)] == [("variables", 0), ("lifetime", 0), ("api", 3)]
    assert sandbox.count("token") == 1


def test_a_token_request_that_fails_late(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """A second token that is not given is said as a first one would be; an accepted client tries no other method."""
    grant = plain(sandbox)

    def failing(*_: object, **__: object) -> None:
        raise InvalidClient("invalid_client")

    monkeypatch.setattr(requests, "get", failing)
    source = TokenSource(grant)
    assert _doctor._api(source, None, None, source.token()).status == 4
    assert sandbox.token_requests == 1


@pytest.mark.parametrize("vendor", ["fyma", "vertex"])
def test_the_daily_limit_is_reached(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, vendor: str) -> None:
    """A vendor's limit is exit status 7, whether its server says it in RFC 6585's words or in its own."""
    for name, value in {"AUDIENCE": "https://api.example", "API_HOST": "api.vertex.example"}.items():
        monkeypatch.setenv(f"VERTEX_{name}", value)
    sandbox.token_limit = 0
    result = run(vendor, "--json")
    last = json.loads(result.stdout)[-1]
    assert (result.exit_code, last["status"], last["step"]) == (7, 7, "client")
    assert "share one token" in last["change"]


def test_kinds_of_failure() -> None:
    """Each kind of error has its exit status, and something to change."""
    cases: list[tuple[OAuthError, int]] = [
        (TokenEndpointUnavailable(status_code=503), 7),
        (TokenEndpointUnavailable(status_code=429), 7),
        (TokenEndpointUnavailable(), 3),
        (InvalidTokenResponse(status_code=200), 7),
        (OAuthError("odd"), 4),
        (InteractionRequired("log in"), 4),
        (ConfigurationError("no file"), 1),
        (InvalidRequest("invalid_request", "audience is required"), 5),
        (InvalidRequest("invalid_request", "what?"), 4),
        (TokenBudgetExceeded("spent"), 7),
    ]
    for error, status in cases:
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
    assert [step.step for step in _doctor.issued("https://issuer.example", None)][:2] == ["discovery", "variables"]


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
    assert _causes._accepted_method(own, _causes._METHODS) == (None, {})


def test_all_steps_together_have_a_limit() -> None:
    """A server that takes the connection and says nothing ends the command in time, with the step that waits."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/token"
        grant = ClientCredentials(token_endpoint=url, client_id="id", client_secret="s")
        began = time.monotonic()
        *_, last = _steps.within(0.2, _doctor.examined(lambda: (grant, None), None))
        assert time.monotonic() - began < 2
    assert (last.step, last.did, last.status) == ("tls", "waited", 3)
    assert "all steps together have 0.2 s" in last.got
    assert _steps.LIMIT < 30


def test_a_lookup_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no timeout bounds, as the lookup of a host's name, does not outlast the command's limit either."""
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(60))
    monkeypatch.setattr(_steps, "LIMIT", 0.2)
    monkeypatch.setenv("ZOOM_CLIENT_ID", "id")
    monkeypatch.setenv("ZOOM_CLIENT_SECRET", "s")
    monkeypatch.setenv("ZOOM_ACCOUNT_ID", "a")
    result = run("zoom")
    answered.set()
    assert result.exit_code == 3
    assert "FAILED  dns         waited: no end of it" in result.stdout


def test_what_the_steps_raise_is_raised() -> None:
    """An error of the doctor's own is not taken for a step that takes long."""

    def failing() -> Iterator[_steps.Step]:
        yield _steps.Step("dns", "looked", "up")
        raise LookupError

    with pytest.raises(LookupError):
        list(_steps.within(5, failing()))
