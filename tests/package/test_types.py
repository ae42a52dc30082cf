"""What type checkers see of this package: mypy reads this file in `make lint`, and the test runs what it read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests
from requests.auth import AuthBase

from oauth_cc_auth import AiohttpAuth, ClientCredentials, GrpcAuth, HttpxAuth, RequestsAuth, TokenSource

GRANT = ClientCredentials(token_endpoint="https://as.example.com/token", client_id="client", client_secret="secret")
URL = "https://api.example.com"


def by_httpx() -> None:
    """Authenticate a client and one call, sync and async."""
    with httpx.Client(auth=HttpxAuth(GRANT)) as client:
        assert client.build_request("GET", URL, extensions={}).method == "GET"
    asynchronous = httpx.AsyncClient(auth=HttpxAuth(GRANT))
    assert isinstance(asynchronous.auth, httpx.Auth)


def by_httpx2() -> None:
    """Do the same with the other library."""
    with httpx2.Client(auth=HttpxAuth(GRANT)) as client:
        assert client.build_request("GET", URL, extensions={}).method == "GET"
    asynchronous = httpx2.AsyncClient(auth=HttpxAuth(GRANT))
    assert isinstance(asynchronous.auth, httpx2.Auth)


def by_requests() -> None:
    """Authenticate a session and one request."""
    with requests.Session() as session:
        session.auth = RequestsAuth(GRANT, session=session)
        assert isinstance(session.auth, AuthBase)
    assert requests.Request("GET", URL, auth=RequestsAuth(GRANT)).url == URL


def lent_clients() -> None:
    """Lend a client of either library, and a session, to whatever takes one."""
    with httpx.Client() as lent, httpx2.Client() as lent2, requests.Session() as session:
        for client in (lent, lent2):
            assert HttpxAuth(GRANT, client=client)._source.client is client
            assert TokenSource(GRANT, client=client).client is client
            assert GrpcAuth(GRANT, client=client)._source.client is client
            assert AiohttpAuth(GRANT, client=client)._source.client is client
        assert TokenSource(GRANT, session=session).session is session
        assert GrpcAuth(GRANT, session=session)._source.session is session


def by_aiohttp() -> None:
    """Give the middleware to a session."""
    middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = (AiohttpAuth(GRANT),)
    assert callable(middlewares[0])


USES: list[Callable[[], Any]] = [by_httpx, by_httpx2, by_requests, by_aiohttp, lent_clients]


@pytest.mark.parametrize("use", USES, ids=[use.__name__ for use in USES])
def test_each_library_takes_our_types(use: Callable[[], Any]) -> None:
    """What a library's own types say of `auth=`, and ours of `session=` and `client=`, holds for each library."""
    use()
