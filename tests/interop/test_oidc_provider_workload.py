"""What somebody else says a workload is, taken by node-oidc-provider: RFC 7523 §2.1, RFC 8693, and RFC 7521 §4.2."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import doors
import oidc_provider
import pytest
from doors import KINDS, Door, open_door
from joserfc import jwt
from joserfc.jwk import ECKey
from oidc_provider import OidcProvider
from timing import HUNG

from oauth_cc_auth import (
    ClientAssertion,
    ConfigurationError,
    File,
    InvalidGrant,
    JWTBearer,
    TokenExchange,
    TokenSource,
)

door, provider, running_provider = doors.door, oidc_provider.provider, oidc_provider.running_provider

# Seconds between two tokens in the file, which live a second longer.
ROTATION = 2.0


def jwt_bearer(provider: OidcProvider, source: Any, **kw: Any) -> JWTBearer:
    """Return a grant that trades what the source says for a token."""
    return JWTBearer(assertion=source, **{**provider.arguments("workload"), **kw})


def token_exchange(provider: OidcProvider, source: Any, **kw: Any) -> TokenExchange:
    """Return a grant that exchanges what the source says for a token."""
    arguments = {**provider.arguments("workload"), "subject_token_type": "jwt", **kw}
    return TokenExchange(subject_token=source, **arguments)


def client_assertion(provider: OidcProvider, source: Any, **kw: Any) -> Any:
    """Return a grant whose client is proven by what the source says."""
    own = {"client_secret": None, "token_endpoint_auth_method": ClientAssertion(source)}
    return provider.grant("of-a-file", **{**own, **kw})


def own_assertion(provider: OidcProvider) -> str:
    """Return an assertion about the client itself, which this server takes once."""
    claims = {"iss": "of-a-file", "sub": "of-a-file", "aud": provider.issuer, "exp": int(time.time()) + 60}
    key = ECKey.import_key(provider.clients["of-a-file"].secret)
    return str(jwt.encode({"alg": "ES256"}, {**claims, "jti": os.urandom(8).hex()}, key))


MAKERS: tuple[Callable[..., Any], ...] = (jwt_bearer, token_exchange, client_assertion)


@contextmanager
def rotating(file: Path, make: Callable[[], str], every: float) -> Iterator[Path]:
    """Write a new token into the file again and again, as a cluster does: into another file first."""
    over = threading.Event()

    def write() -> None:
        new = file.with_suffix(".new")
        new.write_text(make())
        new.replace(file)

    def go_on() -> None:
        while not over.wait(every):
            write()

    write()
    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield file
    finally:
        over.set()
        thread.join(HUNG)


@pytest.mark.parametrize("make", MAKERS)
def test_a_function_that_is_told_the_audience(door: Door, provider: OidcProvider, make: Callable[..., Any]) -> None:
    """A function is called with the issuer for each token request; once the token is revoked, it is called again."""
    audiences = []

    def source(audience: str) -> str:
        audiences.append(audience)
        return own_assertion(provider) if make is client_assertion else provider.workload_token(aud=audience)

    token_source = TokenSource(make(provider, source))
    auth = door.auth(token_source)
    assert door.call("GET", f"{provider.issuer}/any/x", auth).status_code == 200
    provider.revoke(token_source.token().access_token)
    assert door.call("GET", f"{provider.issuer}/any/x", auth).status_code == 200
    assert audiences == [provider.issuer] * 2
    assert [request["status"] for request in provider.asked()["token"]] == [200, 200]


@pytest.mark.parametrize("make", MAKERS)
def test_a_file_that_rotates_under_load(provider: OidcProvider, tmp_path: Path, make: Callable[..., Any]) -> None:
    """While the file is rewritten every two seconds, and the token lives three, no call fails."""

    def token() -> str:
        return own_assertion(provider) if make is client_assertion else provider.workload_token(lifetime=ROTATION + 1)

    with rotating(tmp_path / "token", token, ROTATION) as file, open_door(KINDS[0]) as door:
        source = TokenSource(make(provider, File(file)))
        auth, over, answers, tokens = door.auth(source), time.monotonic() + 4 * ROTATION, set(), set()
        while time.monotonic() < over:
            answers |= {answer.status_code for answer in door.call_many(8, "GET", f"{provider.issuer}/any/x", auth)}
            tokens.add(source.token().access_token)
            time.sleep(0.05)
    assert answers == {200}
    assert len(tokens) > 2


@pytest.mark.parametrize("make", [jwt_bearer, token_exchange])
def test_a_file_that_is_stale(provider: OidcProvider, tmp_path: Path, make: Callable[..., Any]) -> None:
    """A token that ended is not sent: the error names the file, and is forgotten once the file has changed."""
    file = tmp_path / "token"
    file.write_text(provider.workload_token(lifetime=-3600))
    source = TokenSource(make(provider, File(file)))
    with pytest.raises(ConfigurationError, match=str(file)):
        source.token()
    assert provider.asked()["token"] == []
    file.write_text(provider.workload_token())
    assert source.token().access_token


@pytest.mark.parametrize("make", [jwt_bearer, token_exchange])
def test_a_token_for_somebody_else(provider: OidcProvider, make: Callable[..., Any]) -> None:
    """A workload's token for another audience is InvalidGrant, and is quoted nowhere."""
    other = provider.workload_token(aud="https://somebody-else.example.com")
    with pytest.raises(InvalidGrant) as caught:
        TokenSource(make(provider, lambda _: other)).token()
    assert other.rpartition(".")[2] not in str(caught.value)
