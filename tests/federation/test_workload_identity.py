"""Tests of where workloads find their tokens: each source against a server on loopback that checks every claim."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from loopback import Answer, Loopback, Received, token_answer

from oauth_cc_auth import (
    ClientAssertion,
    ClientCredentials,
    ConfigurationError,
    File,
    JWTBearer,
    OAuthError,
    TokenEndpointUnavailable,
    TokenExchange,
    TokenSource,
    workload_identity,
)
from oauth_cc_auth.requests import RequestsAuth

PLATFORM = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
SECOND = ECKey.generate_key("P-384", parameters={"kid": "ec"})
ISSUER = "https://platform.example.com"
AUDIENCE = "https://as.example.com"


def platform_token(subject: str, audience: str, *, alg: str = "RS256", lifetime: float = 300, **claims: Any) -> str:
    """Return a token as a platform signs it for a workload."""
    now = time.time()
    said = {"iss": ISSUER, "sub": subject, "aud": audience, "iat": int(now), "exp": now + lifetime, **claims}
    key = PLATFORM if alg == "RS256" else SECOND
    return jwt.encode({"alg": alg, "kid": key.kid}, said, key, algorithms=[alg])


class Trusting(Loopback):
    """An authorization server that trusts the platform: it verifies the signature and checks every claim."""

    def __init__(self, subject: str, parameter: str, audience: str = AUDIENCE) -> None:
        """Trust this workload's token in this parameter."""
        super().__init__(self.judge)
        self.subject, self.parameter, self.audience = subject, parameter, audience
        self.lifetime = 3600.0

    def judge(self, received: Received) -> Answer:
        """Issue a token to the workload, or refuse."""
        form = dict(received.form)
        try:
            keys = KeySet([PLATFORM, SECOND])
            token = jwt.decode(form[self.parameter], keys, algorithms=["RS256", "ES384"])
            claims = token.claims
            assert claims["iss"] == ISSUER
            assert claims["sub"] == self.subject
            assert claims["aud"] in (self.audience, [self.audience])
            assert claims["iat"] - 1 <= time.time() < claims["exp"]
        except (AssertionError, KeyError, JoseError) as error:
            return Answer(400, {"error": "invalid_grant", "error_description": repr(error)})
        return token_answer(expires_in=self.lifetime)


def by_client_assertion(url: str, source: Any, **changes: Any) -> ClientCredentials:
    """Return a grant whose client is known by the workload's token."""
    return ClientCredentials(
        token_endpoint=url, client_id="client", token_endpoint_auth_method=ClientAssertion(source), **changes
    )


def by_jwt_bearer(url: str, source: Any, **changes: Any) -> JWTBearer:
    """Return a grant that sends the workload's token as its assertion."""
    return JWTBearer(token_endpoint=url, assertion=source, **changes)


def by_exchange(url: str, source: Any, **changes: Any) -> TokenExchange:
    """Return a grant that exchanges the workload's token."""
    return TokenExchange(token_endpoint=url, subject_token=source, subject_token_type="jwt", **changes)


USES: dict[str, Callable[..., Any]] = {
    "client_assertion": by_client_assertion,
    "assertion": by_jwt_bearer,
    "subject_token": by_exchange,
}
each_use = pytest.mark.parametrize("parameter", sorted(USES))


class GitHub(Loopback):
    """GitHub's token service for jobs, by its documentation."""

    def __init__(self) -> None:
        """Know one job."""
        super().__init__(self.issue)

    def issue(self, received: Received) -> Answer:
        """Return the job's token for the audience that is asked for."""
        url = urlsplit(received.path)
        query = parse_qs(url.query)
        assert (received.method, url.path) == ("GET", "/idtoken/job")
        assert query["api-version"] == ["2.0"]
        if received.headers.get("authorization") != "Bearer of-the-job":
            return Answer(401, {"message": "who are you?"})
        return Answer(200, {"value": platform_token("repo:acme/app:ref:refs/heads/main", query["audience"][0])})


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """Run this test as a job of GitHub Actions."""
    with GitHub() as server:
        assert isinstance(server, GitHub)
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{server.url}/idtoken/job?api-version=2.0")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-job")
        yield server


@each_use
@pytest.mark.parametrize("audience", [AUDIENCE, None])
def test_github_actions(github: GitHub, parameter: str, audience: str | None) -> None:
    """A job asks for its token for each token request, for the audience named, else for the issuer."""
    with Trusting("repo:acme/app:ref:refs/heads/main", parameter) as server:
        grant = USES[parameter](server.url, workload_identity.github_actions(audience), issuer=AUDIENCE)
        source = TokenSource(grant)
        source.token()
        source.forget()
        source.token()
    assert len(github.received) == len(server.received) == 2


def test_an_address_without_a_query(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audience is added to the address that the platform gave, whether it has a query or not."""
    github.replies = [lambda received: Answer(200, {"value": received.path})]
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{github.url}/bare")
    assert workload_identity.github_actions("a&b")("unused") == "/bare?audience=a%26b"


@pytest.mark.parametrize("variable", ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
def test_outside_of_a_job(github: GitHub, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without GitHub's variables the error names the one that is missing, and the permission that sets it."""
    monkeypatch.delenv(variable)
    with pytest.raises(ConfigurationError, match=f"{variable}.*id-token: write") as caught:
        workload_identity.github_actions()(AUDIENCE)
    assert caught.value.variable == variable


@pytest.mark.parametrize(
    ("answer", "cls"),
    [
        (Answer(401, {"message": "no"}), ConfigurationError),
        (Answer(200, {}), ConfigurationError),
        (Answer(200, b"<html>"), ConfigurationError),
        (Answer(302, b"", {"Location": "https://elsewhere.example"}), ConfigurationError),
        (Answer(500), TokenEndpointUnavailable),
        (Answer(429), TokenEndpointUnavailable),
    ],
)
def test_a_platform_that_gives_no_token(github: GitHub, answer: Answer, cls: type[OAuthError]) -> None:
    """Whatever else a platform answers is an error that names it, and not the credentials of the job."""
    github.replies = [answer]
    with pytest.raises(cls, match="GitHub Actions answered") as caught:
        workload_identity.github_actions()(AUDIENCE)
    assert "of-the-job" not in f"{caught.value!r} {caught.value}"


def test_a_platform_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metadata server that does not answer is said by name, not as the token endpoint."""
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:9")
    with pytest.raises(TokenEndpointUnavailable, match="Google's metadata server gave no answer"):
        workload_identity.gcp_metadata()(AUDIENCE)


def test_no_http_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps a request from being made at all is said as it is."""

    def send(*_: object) -> object:
        message = "install one"
        raise ConfigurationError(message)

    monkeypatch.setattr(workload_identity, "sender_for", lambda *_: send)
    with pytest.raises(ConfigurationError, match="install one"):
        workload_identity.gcp_metadata()(AUDIENCE)


@each_use
def test_gcp_metadata(parameter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata server is asked with its header, for the account and the audience."""

    def issue(received: Received) -> Answer:
        url = urlsplit(received.path)
        if received.headers.get("metadata-flavor") != "Google":
            return Answer(403)
        assert url.path == "/computeMetadata/v1/instance/service-accounts/default/identity"
        query = parse_qs(url.query)
        assert query["format"] == ["full"]
        return Answer(200, platform_token("1234", query["audience"][0]).encode() + b"\n")

    with Loopback(issue) as metadata, Trusting("1234", parameter) as server:
        monkeypatch.setenv("GCE_METADATA_HOST", metadata.url.removeprefix("http://"))
        TokenSource(USES[parameter](server.url, workload_identity.gcp_metadata(AUDIENCE))).token()


@each_use
@pytest.mark.parametrize("alg", ["RS256", "ES384"])
def test_aws(parameter: str, alg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """STS is asked by its own protocol, with a signed request, for audience, algorithm and life."""
    asked: list[dict[str, str]] = []

    def issue(received: Received) -> Answer:
        form = dict(received.form)
        asked.append(form)
        assert form["Action"] == "GetWebIdentityToken"
        assert "/eu-north-1/sts/aws4_request" in received.headers["authorization"]
        token = platform_token("arn:aws:iam::1:role/app", form["Audience.member.1"], alg=form["SigningAlgorithm"])
        body = (
            '<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult>'
            f"<WebIdentityToken>{token}</WebIdentityToken><Expiration>2030-01-01T00:00:00Z</Expiration>"
            "</GetWebIdentityTokenResult></GetWebIdentityTokenResponse>"
        )
        return Answer(200, body.encode(), {"Content-Type": "text/xml"})

    with Loopback(issue) as sts, Trusting("arn:aws:iam::1:role/app", parameter) as server:
        for name, value in {
            "AWS_ENDPOINT_URL_STS": sts.url,
            "AWS_ACCESS_KEY_ID": "AKIAMADEUP",
            "AWS_SECRET_ACCESS_KEY": "made-up-secret",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)
        source = workload_identity.aws(AUDIENCE, region="eu-north-1", alg=alg, lifetime=600)
        TokenSource(USES[parameter](server.url, source)).token()
    assert asked[0]["SigningAlgorithm"] == alg
    assert asked[0]["DurationSeconds"] == "600"


def test_aws_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What STS says stands in the message; the secret key does not."""
    refusal = (
        b"<ErrorResponse><Error><Code>OutboundWebIdentityFederationDisabled</Code>"
        b"<Message>switch it on</Message></Error></ErrorResponse>"
    )
    with Loopback(Answer(400, refusal, {"Content-Type": "text/xml"})) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMADEUP")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up-secret")
        with pytest.raises(ConfigurationError, match=r"AWS STS gave no web identity token.*switch it on") as caught:
            workload_identity.aws(region="eu-north-1")(AUDIENCE)
    assert "made-up-secret" not in str(caught.value)


def test_aws_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without botocore the error says how to install it."""
    monkeypatch.setitem(__import__("sys").modules, "botocore.session", None)
    with pytest.raises(ConfigurationError, match=r"oauth-cc-auth\[aws\]"):
        workload_identity.aws()(AUDIENCE)


def test_files_of_platforms(tmp_path: Path) -> None:
    """Kubernetes and spiffe-helper keep a token in a file, the former by default in a known place."""
    assert workload_identity.kubernetes() == File("/var/run/secrets/kubernetes.io/serviceaccount/token")
    assert workload_identity.kubernetes(tmp_path) == workload_identity.spiffe(tmp_path) == File(tmp_path)


def test_spiffe(tmp_path: Path) -> None:
    """draft-ietf-oauth-spiffe-client-auth: an SVID proves the client under a type of its own."""
    (tmp_path / "svid").write_text(platform_token("spiffe://acme/app", AUDIENCE))
    with Trusting("spiffe://acme/app", "client_assertion") as server:
        proof = ClientAssertion(workload_identity.spiffe(tmp_path / "svid"), type=workload_identity.JWT_SPIFFE)
        TokenSource(
            ClientCredentials(token_endpoint=server.url, client_id=None, token_endpoint_auth_method=proof)
        ).token()
    form = dict(server.received[0].form)
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
    assert "client_id" not in form


def test_sources_are_values() -> None:
    """Equal sources are one in the sharing key; an audience of the wrong kind is refused at once."""
    cases: list[str] = ["github_actions", "gcp_metadata", "aws"]
    for function in cases:
        make = getattr(workload_identity, function)
        assert make("a") == make("a") != make("b")
        assert hash(make("a")) == hash(make("a"))
        for wrong in ("", 5):
            with pytest.raises(ConfigurationError, match=f"{function}: audience"):
                make(wrong)


class TokenFile:
    """A projected token as the kubelet keeps it: a link that is moved to a new file in one step, again and again."""

    def __init__(self, folder: Path, every: float, life: float) -> None:
        """Write the first token; each lives for so many seconds."""
        self.folder, self.every, self.life = folder, every, life
        self.link, self.number = folder / "token", 0
        self.write()

    def write(self) -> None:
        """Move the link to the next token."""
        target = self.folder / f"{self.number}"
        target.write_text(platform_token("system:serviceaccount:app", AUDIENCE, lifetime=self.life))
        (self.folder / "next").symlink_to(target)
        (self.folder / "next").replace(self.link)
        self.number += 1

    def rotate(self, stop: threading.Event) -> None:
        """Renew the token in time, until it is over."""
        while not stop.wait(self.every):
            self.write()


class Api(Trusting):
    """An authorization server and its API in one: a call is answered while its token lives, and refused later."""

    def __init__(self, parameter: str, lifetime: float) -> None:
        """Issue tokens of so many seconds."""
        super().__init__("system:serviceaccount:app", parameter)
        self.lifetime = lifetime
        self.ends: dict[str, float] = {}

    def judge(self, received: Received) -> Answer:
        """Issue a token of its own for each assertion, or judge the token of a call."""
        if received.method == "GET":
            alive = self.ends.get(received.headers.get("authorization", ""), 0.0) > time.time()
            return Answer(200) if alive else Answer(401, b"", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        answer = super().judge(received)
        if answer.status == 200:
            token = f"token-{len(self.ends)}-{received.body[-8:].hex()}"
            self.ends[f"Bearer {token}"] = time.time() + self.lifetime
            return token_answer(token, expires_in=self.lifetime)
        return answer


# In seconds: how often the file rotates, how long its tokens live, how long those of the API, and how long it goes on.
@each_use
@pytest.mark.endurance
@pytest.mark.parametrize("times", [(0.15, 0.9, 0.2, 1.8), (2.0, 4.0, 0.5, 20.0)])
def test_a_token_file_that_rotates_under_load(
    parameter: str, times: tuple[float, float, float, float], tmp_path: Path
) -> None:
    """Each call of many threads is answered, while assertions end soon after the next is there, and tokens sooner."""
    every, life, lifetime, seconds = times
    file, stop = TokenFile(tmp_path, every, life), threading.Event()
    first = file.link.read_text()
    with Api(parameter, lifetime) as server:
        auth, failures, calls = RequestsAuth(USES[parameter](server.url, File(file.link))), [], [0] * 8

        def call(mine: int) -> None:
            with requests.Session() as session:
                while not stop.is_set():
                    try:
                        session.get(server.url, auth=auth, timeout=20).raise_for_status()
                    except requests.RequestException as error:
                        failures.append(str(error))
                    calls[mine] += 1
                    time.sleep(0.005)

        threads = [
            threading.Thread(target=file.rotate, args=(stop,)),
            *(threading.Thread(target=call, args=(n,)) for n in range(8)),
        ]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures
        assert min(calls) > 20
        sent = {dict(received.form)[parameter] for received in server.received if received.method == "POST"}
        assert len(sent) > seconds / every / 3
        # The server does refuse what has ended: the first assertion is of no use any more.
        with pytest.raises(OAuthError, match="invalid_grant"):
            TokenSource(USES[parameter](server.url, first)).token()
