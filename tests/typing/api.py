"""What a type checker must know of the public names. It is checked and never run: by mypy --strict and by pyright."""

from __future__ import annotations

import httpx
import requests
from typing_extensions import assert_type

from oauth_cc_auth import (
    ApiError,
    AuthorizationCode,
    ClientCredentials,
    Env,
    File,
    FileStore,
    Grant,
    HttpxAuth,
    MemoryStore,
    RequestFormat,
    RequestsAuth,
    ResourceServer,
    Secret,
    StaticToken,
    Token,
    TokenSource,
    TokenStore,
    presets,
)


def grants() -> None:
    """A preset's type is its grant's, and each form of a secret is accepted."""
    assert_type(presets.zoom(), ClientCredentials)
    assert_type(presets.vend_email(), AuthorizationCode)
    assert_type(presets.vibe_api_key(), StaticToken)
    for secret in ("text", Env("NAME"), File("/path"), lambda: "from a vault"):
        ClientCredentials(token_endpoint="https://as.example.com/token", client_id="id", client_secret=secret)


async def sources(grant: ClientCredentials, store: TokenStore) -> None:
    """A source takes any grant and any store, and gives tokens, headers and texts."""
    source = TokenSource(grant, store=store)
    assert_type(source.token(), Token)
    assert_type(await source.atoken(), Token)
    assert_type(source.access_token(), str)
    assert_type(source.headers("GET", "https://api.example.com"), dict[str, str])
    assert_type(source.reject(source.token()), bool)
    TokenSource(presets.vibe_api_key(), store=MemoryStore(), timeout=5)
    TokenSource(presets.vend_email(), store=FileStore())


class Sdk:
    """What an SDK of one's own is given."""

    def __init__(self, grant: Grant, secret: Secret) -> None:
        """Keep a source."""
        self.source = TokenSource(grant)
        self.secret = secret

    async def urls(self) -> None:
        """A path has a URL, which is never None."""
        assert_type(self.source.url("/users"), str)
        assert_type(await self.source.aurl("/users"), str)
        assert_type(RequestsAuth(self.source).source, TokenSource)
        Sdk(presets.zoom(), File("/path"))
        Sdk(presets.vibe_api_key(), lambda: "from a vault")


def choices() -> None:
    """A choice is a Literal: what is misspelt is found before it runs. Each `ignore` would be needless otherwise."""
    ClientCredentials(
        token_endpoint="https://as.example.com/token",
        client_id="id",
        client_secret="secret",
        token_endpoint_auth_method="client_secret_pst",  # type: ignore[arg-type]  # misspelt, as each below
    )
    RequestFormat(body="jsn")  # type: ignore[arg-type]  # as above
    RequestFormat(method="PUT")  # type: ignore[arg-type]  # as above
    presets.paypal(environment="prod")  # type: ignore[arg-type]  # as above
    presets.paypal(environment="sandbox")


def auth_classes(grant: ClientCredentials) -> None:
    """An auth object is what its library expects as `auth`, in calls, sessions and both kinds of client."""
    session = requests.Session()
    session.auth = RequestsAuth(grant, session=session)
    requests.get("https://api.example.com", auth=RequestsAuth(TokenSource(grant)), timeout=10)
    httpx.Client(auth=HttpxAuth(grant))
    httpx.AsyncClient(auth=HttpxAuth(grant, client=httpx.Client()))


def errors(grant: ClientCredentials, response: requests.Response, answer: httpx.Response) -> None:
    """An API's error is one type, whichever library the answer is of."""
    assert_type(grant.api_error(response), ApiError)
    assert_type(grant.api_error(answer), ApiError)


def servers() -> ResourceServer:
    """Where a token may go is one value."""
    return ResourceServer("https://api.example.com", origins=["https://files.example.com"], headers={"X-Key": "1"})
