"""The libraries, each driven as its documentation says for client credentials, margins left at their defaults.

A driver sets a library up for one client and returns the call that a program makes. All threads or tasks of a
measurement share that one call. A library without an `auth=` object is asked for its token before each call, as its own
examples do.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple

from benchmarks.server import Place

SECRET = "secret"

# A call returns a response, or for an asynchronous client an awaitable of one.
Call = Callable[[], Any]


@cache
def one(library: str, client: str) -> Any:
    """Return this process's one session or client of an HTTP library, for those that come as an `auth=` object."""
    return getattr(import_module(library), client)()


class Peer(NamedTuple):
    """A library and how to drive it."""

    name: str
    library: str  # the HTTP library underneath
    drive: Callable[[Place], Any]  # returns a Call, or an awaitable of one
    imports: str  # what a program imports to use it
    asynchronous: bool = False


def ours_requests(place: Place, store: Any = None) -> Call:
    """Give the calls our auth."""
    from oauth_cc_auth import ClientCredentials, RequestsAuth

    grant = ClientCredentials(
        token_endpoint=place.token_url, client_id=place.client_id, client_secret=SECRET, scope=place.scope
    )
    auth, session = RequestsAuth(grant, store=store), one("requests", "Session")
    return lambda: session.get(place.api, auth=auth)


def ours_httpx(place: Place, library: str = "httpx", client: str = "Client") -> Call:
    """Give the calls our auth."""
    session = one(library, client)
    from oauth_cc_auth import ClientCredentials, HttpxAuth

    grant = ClientCredentials(
        token_endpoint=place.token_url, client_id=place.client_id, client_secret=SECRET, scope=place.scope
    )
    auth = HttpxAuth(grant)
    return lambda: session.get(place.api, auth=auth)


def ours_niquests(place: Place, auth: str = "NiquestsAuth", client: str = "Session") -> Call:
    """Give the calls our auth."""
    from oauth_cc_auth import ClientCredentials, niquests

    grant = ClientCredentials(
        token_endpoint=place.token_url, client_id=place.client_id, client_secret=SECRET, scope=place.scope
    )
    made, session = getattr(niquests, auth)(grant), one("niquests", client)
    return lambda: session.get(place.api, auth=made)


def ours_aiohttp(place: Place) -> Call:
    """Give the session our auth, as a middleware."""
    import aiohttp

    from oauth_cc_auth import AiohttpAuth, ClientCredentials

    grant = ClientCredentials(
        token_endpoint=place.token_url, client_id=place.client_id, client_secret=SECRET, scope=place.scope
    )
    session = aiohttp.ClientSession(middlewares=[AiohttpAuth(grant)])
    return lambda: session.get(place.api)


def authlib_requests(place: Place) -> Call:
    """Fetch first; `token_endpoint` and `grant_type` make the session fetch again when the token expires.

    https://docs.authlib.org/en/latest/client/oauth2.html
    """
    from authlib.integrations.requests_client import OAuth2Session

    session = OAuth2Session(
        place.client_id, SECRET, scope=place.scope, token_endpoint=place.token_url, grant_type="client_credentials"
    )
    session.fetch_token()
    return lambda: session.get(place.api)


async def authlib_httpx(place: Place) -> Call:
    """Do the same, asynchronously. It is built on httpx2 where that is installed.

    https://docs.authlib.org/en/latest/client/oauth2.html
    """
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    client = AsyncOAuth2Client(
        place.client_id, SECRET, scope=place.scope, token_endpoint=place.token_url, grant_type="client_credentials"
    )
    await client.fetch_token()
    return lambda: client.get(place.api)


def requests_oauthlib(place: Place) -> Call:
    """Fetch first, and again when the session says that the token has expired: there is no refresh token to use.

    https://requests-oauthlib.readthedocs.io/en/latest/oauth2_workflow.html
    (backend application flow, refreshing tokens)
    """
    from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError
    from requests_oauthlib import OAuth2Session

    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
    session = OAuth2Session(client=BackendApplicationClient(client_id=place.client_id, scope=place.scope))
    session.fetch_token(place.token_url, client_id=place.client_id, client_secret=SECRET)

    def call() -> Any:
        try:
            return session.get(place.api)
        except TokenExpiredError:
            session.fetch_token(place.token_url, client_id=place.client_id, client_secret=SECRET)
            return session.get(place.api)

    return call


def requests_oauth2client(place: Place) -> Call:
    """Give the calls its auth handler; `testing` allows http.

    https://guillp.github.io/requests_oauth2client/ (client credentials, as auth handler)
    """
    from requests_oauth2client import OAuth2Client, OAuth2ClientCredentialsAuth

    client = OAuth2Client(place.token_url, client_id=place.client_id, client_secret=SECRET, testing=True)
    auth, session = OAuth2ClientCredentialsAuth(client, scope=place.scope), one("requests", "Session")
    return lambda: session.get(place.api, auth=auth)


def requests_auth(place: Place, file: str | None = None) -> Call:
    """Give the calls its auth; tokens are in a global cache, which may be a file.

    https://colin-b.github.io/requests_auth/ (client credentials flow, managing token cache)
    """
    from requests_auth import JsonTokenFileCache, OAuth2, OAuth2ClientCredentials

    if file:
        OAuth2.token_cache = JsonTokenFileCache(file)
    auth = OAuth2ClientCredentials(place.token_url, client_id=place.client_id, client_secret=SECRET, scope=place.scope)
    session = one("requests", "Session")
    return lambda: session.get(place.api, auth=auth)


def httpx_auth(place: Place, file: str | None = None, client: str = "Client") -> Call:
    """Give the calls its auth; tokens are in a global cache, which may be a file.

    https://colin-b.github.io/httpx_auth/ (client credentials flow, managing token cache)
    """
    from httpx_auth import JsonTokenFileCache, OAuth2, OAuth2ClientCredentials

    if file:
        OAuth2.token_cache = JsonTokenFileCache(file)
    auth = OAuth2ClientCredentials(place.token_url, client_id=place.client_id, client_secret=SECRET, scope=place.scope)
    session = one("httpx", client)
    return lambda: session.get(place.api, auth=auth)


def msal(place: Place, file: str | None = None) -> Call:
    """Ask the application for a token before each call: it looks in its cache first.

    https://msal-python.readthedocs.io/ (acquire_token_for_client; oidc_authority; verify)
    """
    from msal import ConfidentialClientApplication

    cache = None
    if file:
        from msal_extensions import FilePersistence, PersistedTokenCache

        cache = PersistedTokenCache(FilePersistence(file))
    app = ConfidentialClientApplication(
        place.client_id, client_credential=SECRET, oidc_authority=place.authority, verify=place.ca, token_cache=cache
    )
    session = one("requests", "Session")

    def call() -> Any:
        token = app.acquire_token_for_client(scopes=[place.scope])["access_token"]
        return session.get(place.api, headers={"Authorization": f"Bearer {token}"})

    return call


_OURS_HTTPX = "import httpx; from oauth_cc_auth import HttpxAuth"
_OURS_HTTPX2 = "import httpx2; from oauth_cc_auth import HttpxAuth"
_OURS_REQUESTS = "import requests; from oauth_cc_auth import RequestsAuth"
_AUTHLIB_HTTPX = "from authlib.integrations.httpx_client import AsyncOAuth2Client"
_AUTHLIB_REQUESTS = "from authlib.integrations.requests_client import OAuth2Session"
_ON_ASYNCIO = partial(ours_httpx, client="AsyncClient")
_ON_HTTPX2 = partial(ours_httpx, library="httpx2", client="AsyncClient")
_ON_NIQUESTS = partial(ours_niquests, auth="AsyncNiquestsAuth", client="AsyncSession")
_HTTPX_AUTH_ASYNC = partial(httpx_auth, client="AsyncClient")

# Ours begin with two stars, which set them off in tables and charts.
PEERS = (
    Peer("**RequestsAuth**", "requests", ours_requests, _OURS_REQUESTS),
    Peer("authlib OAuth2Session", "requests", authlib_requests, _AUTHLIB_REQUESTS),
    Peer("requests-oauthlib", "requests", requests_oauthlib, "import requests_oauthlib, oauthlib.oauth2"),
    Peer("requests_oauth2client", "requests", requests_oauth2client, "import requests_oauth2client"),
    Peer("requests_auth", "requests", requests_auth, "import requests_auth"),
    Peer("MSAL", "requests", msal, "import msal, requests"),
    Peer("**HttpxAuth**", "httpx", ours_httpx, _OURS_HTTPX),
    Peer("httpx_auth", "httpx", httpx_auth, "import httpx_auth"),
    Peer("**HttpxAuth**, async", "httpx", _ON_ASYNCIO, _OURS_HTTPX, asynchronous=True),
    Peer("httpx_auth, async", "httpx", _HTTPX_AUTH_ASYNC, "import httpx_auth", asynchronous=True),
    Peer("**HttpxAuth** on httpx2, async", "httpx2", _ON_HTTPX2, _OURS_HTTPX2, asynchronous=True),
    Peer("authlib AsyncOAuth2Client", "httpx2", authlib_httpx, _AUTHLIB_HTTPX, asynchronous=True),
)
# Our other auth classes: there is nothing else for their libraries, so only the cost of a call is measured.
OTHERS = (
    Peer("**HttpxAuth** on httpx2", "httpx2", partial(ours_httpx, library="httpx2"), _OURS_HTTPX2),
    Peer("**AiohttpAuth**", "aiohttp", ours_aiohttp, "from oauth_cc_auth import AiohttpAuth", asynchronous=True),
    Peer("**NiquestsAuth**", "niquests", ours_niquests, "import oauth_cc_auth.niquests"),
    Peer("**AsyncNiquestsAuth**", "niquests", _ON_NIQUESTS, "import oauth_cc_auth.niquests", asynchronous=True),
)
BY_NAME = {peer.name: peer for peer in (*PEERS, *OTHERS)}


async def opened(peer: Peer, place: Place) -> Call:
    """Return the call of an asynchronous peer, in the event loop in which it will be made."""
    call = peer.drive(place)
    return await call if inspect.isawaitable(call) else call


def blocking(peer: Peer, place: Place) -> Call:
    """Return a call that returns a response, for one caller at a time, of either kind of peer."""
    if not peer.asynchronous:
        return peer.drive(place)
    loop = asyncio.new_event_loop()
    call = loop.run_until_complete(opened(peer, place))
    return lambda: loop.run_until_complete(call())
