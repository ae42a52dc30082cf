"""A door for a library that the package does not know, by public names, at a server that is not ours."""

from __future__ import annotations

import asyncio
from functools import partial
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

import oidc_provider
import pytest
from doors import at_once
from oidc_provider import OidcProvider

from oauth_cc_auth import OriginNotAllowed, TokenSource

provider, running_provider = oidc_provider.provider, oidc_provider.running_provider


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    body: bytes
    headers: dict[str, str]


def send(method: str, url: str, headers: dict[str, str]) -> Answer:
    """Send one request by the standard library."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=20)
    try:
        connection.request(method, parts.path, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.read(), dict(response.headers))
    finally:
        connection.close()


def call(source: TokenSource, method: str, url: str) -> Answer:
    """Send a request with a token, and once more where the token is refused."""
    answer = None
    for attempt in source.attempts(method, url, library="urllib"):
        answer = send(method, url, dict(attempt.headers))
        attempt.heard(answer.status, answer.headers)
    assert answer is not None
    return answer


async def acall(source: TokenSource, method: str, url: str) -> Answer:
    """Send a request as `call` does, and let the event loop run meanwhile."""
    answer = None
    async for attempt in source.attempts(method, url, library="urllib"):
        answer = await asyncio.to_thread(send, method, url, dict(attempt.headers))
        attempt.heard(answer.status, answer.headers)
    assert answer is not None
    return answer


def test_a_revoked_token_is_renewed(provider: OidcProvider) -> None:
    """A revoked token is renewed once for a crowd of threads, and once for one of tasks; urllib sends all of it."""
    source, url = TokenSource(provider.grant("jwt-ES256")), f"{provider.issuer}/any/x"

    async def crowd() -> list[Answer]:
        return await asyncio.gather(*(acall(source, "GET", url) for _ in range(32)))

    for work in (lambda: at_once([partial(call, source, "GET", url)] * 32), lambda: asyncio.run(crowd())):
        assert call(source, "GET", url).status == 200
        provider.revoke(source.token().access_token)
        provider.asked()
        assert {getattr(answer, "status", answer) for answer in work()} == {200}
        assert [request["status"] for request in provider.asked()["token"]] == [200]


def test_an_origin_that_is_somebody_elses(provider: OidcProvider) -> None:
    """The loop judges the origin before it requests a token."""
    with pytest.raises(OriginNotAllowed):
        call(TokenSource(provider.grant("basic")), "GET", "https://example.com/x")
    assert provider.asked()["token"] == []
