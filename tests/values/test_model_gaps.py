"""Tests of what the model says of vendors that depart further: bare tokens, units, second secrets, header errors."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from loopback import Answer, Loopback

from oauth_cc_auth import (
    ApiError,
    ClientCredentials,
    ConfigurationError,
    Env,
    ErrorFormat,
    File,
    InvalidTokenResponse,
    OAuthError,
    PrivateKeyJWT,
    ResponseFormat,
    Token,
    TokenRequestError,
    TokenSource,
)

BARE = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
SECOND = "canary-second-secret"


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a token endpoint on loopback."""
    with Loopback() as server:
        yield server


def grant_at(server: Loopback, **changes: Any) -> ClientCredentials:
    """Return a grant for that token endpoint."""
    known = {"client_id": "client", "client_secret": "canary-first-secret", "token_endpoint": f"{server.url}/token"}
    return ClientCredentials(**{**known, **changes})


def asked(server: Loopback, **changes: Any) -> Token:
    """Return a token that this server gives for such a grant."""
    return TokenSource(grant_at(server, **changes)).token()


@pytest.mark.parametrize("body", [BARE, f"{BARE}\n", f'"{BARE}"'])
def test_an_answer_that_is_the_token(server: Loopback, body: str) -> None:
    """Ellucian Ethos answers with the token as text, which is all of the body; quotes and white space do not count."""
    server.replies = [Answer(200, body.encode(), {"content-type": "text/plain"})]
    token = asked(server, token_response=ResponseFormat(access_token=None), default_lifetime=60)
    assert (token.access_token, token.lifetime, dict(token.extra)) == (BARE, 60, {})


@pytest.mark.parametrize("body", ["", "<html>busy, come back later</html>", "two words", "ümlaut"])
def test_an_answer_that_is_no_token(server: Loopback, body: str) -> None:
    """What does not fit in a header is no token, and is not quoted."""
    server.replies = [Answer(200, body.encode(), {"content-type": "text/plain"})]
    with pytest.raises(InvalidTokenResponse) as caught:
        asked(server, token_response=ResponseFormat(access_token=None))
    assert not body or body not in str(caught.value)


def test_a_refusal_beside_bare_tokens(server: Loopback) -> None:
    """A refusal reads as ever, and a JSON answer is still read as one."""
    server.replies = [Answer(400, {"error": "invalid_scope"}), Answer(200, {"access_token": "t"})]
    with pytest.raises(TokenRequestError, match="invalid_scope"):
        asked(server, token_response=ResponseFormat(access_token=None))
    other = {"token_response": ResponseFormat(access_token=None), "scope": "another"}
    assert asked(server, **other).access_token == "t"


def test_a_path_that_is_none() -> None:
    """Where the token stands is a path, or None."""
    cases: list[Any] = ["", 5]
    for wrong in cases:
        with pytest.raises(ConfigurationError, match="access_token is neither a path nor None"):
            ResponseFormat(access_token=wrong)


def test_an_end_in_other_units() -> None:
    """GigaChat says in milliseconds since the epoch when a token ends; a date is a date in any unit."""
    cases: list[tuple[float, int]] = [(0.001, 1000), (1.0, 1)]
    for unit, factor in cases:
        form = ResponseFormat(expires_in=None, expires_at="expires_at", seconds=unit)
        now = 1_800_000_000.0
        assert form.lifetime({"expires_at": (now + 1800) * factor}, now) == pytest.approx(1800)
        assert form.lifetime({"expires_at": str(int((now + 1800) * factor))}, now) == pytest.approx(1800)
        assert form.lifetime({"expires_at": "2027-01-15T08:30:00Z"}, now) == pytest.approx(1800)
        assert form.lifetime({"expires_at": "soon"}, now) is None


def test_an_error_in_the_headers_of_an_answer() -> None:
    """GLS and EPO say in headers of the answer what is wrong; where a path into the body comes first, it counts."""
    form = ErrorFormat(code=("fault.code", "header:X-Rejection-Reason"), message="header:Message")
    headers = {"x-rejection-reason": "RegisteredQuotaPerWeek", "message": "Too much"}
    assert form.read(403, headers, None) == ApiError("RegisteredQuotaPerWeek", "Too much", 403)
    assert form.read(403, headers, {"fault": {"code": "F1"}}).code == "F1"
    assert form.read(403, {}, None) == ApiError(None, None, 403)
    assert ErrorFormat().read(403, {"error": "x", "message": "y"}, None) == ApiError(None, None, 403)


@pytest.mark.parametrize("kind", ["env", "file", "callable"])
def test_a_second_secret(server: Loopback, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """RingCentral's assertion and FedEx's child secret are parameters that are read when a token is requested."""
    file = tmp_path / "secret"
    file.write_text(SECOND, encoding="utf-8")
    monkeypatch.setenv("SECOND", SECOND)
    source = {"env": Env("SECOND"), "file": File(file), "callable": lambda: SECOND}[kind]
    grant = grant_at(server, parameters={"child_secret": source, "child_key": "k"})
    assert SECOND not in repr(grant)
    TokenSource(grant).token()
    assert dict(server.received[-1].form)["child_secret"] == SECOND
    assert dict(server.received[-1].form)["child_key"] == "k"


def test_a_second_secret_is_masked(server: Loopback) -> None:
    """What a server echoes of a second secret is masked, as of the first."""
    said = {"error": "invalid_grant", "error_description": f"no such child: {SECOND}"}
    server.replies = [Answer(400, said)]
    with pytest.raises(TokenRequestError) as caught:
        asked(server, parameters={"child_secret": lambda: SECOND})
    assert SECOND not in str(caught.value)
    assert "no such child" in str(caught.value)


def test_a_second_secret_that_is_rotated(server: Loopback) -> None:
    """Each token request reads it anew."""
    values = iter(["one", "two"])
    source = TokenSource(grant_at(server, parameters={"child_secret": lambda: next(values)}))
    for expected in ("one", "two"):
        source.reject(source.token())
        assert dict(server.received[-1].form)["child_secret"] == expected


@pytest.mark.parametrize("returned", [None, "", 5])
def test_a_second_secret_that_is_no_text(server: Loopback, returned: Any) -> None:
    """A function that returns no text is named by its parameter, and nothing is sent."""
    with pytest.raises(ConfigurationError, match=r"parameters\['child_secret'\]"):
        asked(server, parameters={"child_secret": lambda: returned})
    assert server.received == []


def test_a_second_secret_that_fails(server: Loopback) -> None:
    """What a function raises may quote the secret, so its type alone is told; an error of ours stays as it is."""

    def quoting() -> str:
        raise ValueError(SECOND)

    def ours() -> str:
        message = "log in first"
        raise OAuthError(message)

    with pytest.raises(ConfigurationError, match="ValueError") as caught:
        asked(server, parameters={"child_secret": quoting})
    assert SECOND not in str(caught.value)
    with pytest.raises(OAuthError, match="log in first"):
        asked(server, parameters={"child_secret": ours})


def test_two_steps(server: Loopback) -> None:
    """Salesforce Data Cloud changes one token for another: the first source's text is a parameter of the second."""
    first = TokenSource(grant_at(server, scope="first"))
    second = grant_at(
        server,
        grant_type="urn:salesforce:grant-type:external:cdp",
        parameters={"subject_token": first.access_token},
    )
    answered = TokenSource(second).token()
    assert dict(server.received[-1].form)["subject_token"] == first.token().access_token
    assert answered.access_token


def test_a_claim_that_is_left_out(server: Loopback) -> None:
    """Maskinporten and Google want no `sub` of the client's own: a claim that is None is not in the assertion."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    method = PrivateKeyJWT(claims={"sub": None, "scope": "a:b"})
    asked(server, client_secret=pem, token_endpoint_auth_method=method)
    assertion = dict(server.received[-1].form)["client_assertion"]
    claims = json.loads(urlsafe_b64decode(assertion.split(".")[1] + "=="))
    assert "sub" not in claims
    assert (claims["iss"], claims["scope"]) == ("client", "a:b")
    assert claims["exp"] > time.time()
