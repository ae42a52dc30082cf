"""Auth classes of libraries whose calls are not like the others': aiohttp's middleware and gRPC's plugin."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import oidc_provider
import pytest
from doors import Door, Kind, open_door
from oidc_provider import METHODS, OidcProvider

from oauth_cc_auth import InvalidClient, TokenSource
from oauth_cc_auth.grpc import GrpcAuth

provider, running_provider = oidc_provider.provider, oidc_provider.running_provider


@pytest.fixture
def door() -> Iterator[Door]:
    """The door of aiohttp."""
    with open_door(Kind("aiohttp", "aiohttp", "asyncio", crowd=200)) as opened:
        yield opened


@pytest.mark.parametrize("name", METHODS)
def test_aiohttp(door: Door, provider: OidcProvider, name: str) -> None:
    """Calls share one token; revoked at the server's own endpoint, the next call answers 200 after one renewal."""
    source = TokenSource(provider.grant(name))
    auth, url = door.auth(source), f"{provider.issuer}/any/x"
    answers = door.call_many(32, "GET", url, auth)
    assert {getattr(answer, "status_code", answer) for answer in answers} == {200}
    provider.revoke(source.token().access_token)
    assert [request["status"] for request in provider.asked()["token"]] == [200]
    assert door.call("POST", url, auth, content=b"a body").status_code == 200
    asked = provider.asked()
    assert [request["status"] for request in asked["api"]] == [401, 200]
    assert [request["status"] for request in asked["token"]] == [200]


def test_aiohttp_with_a_wrong_secret(door: Door, provider: OidcProvider) -> None:
    """A wrong secret is InvalidClient, which is also an error of aiohttp."""
    with pytest.raises(InvalidClient) as caught:
        door.call("GET", f"{provider.issuer}/any/x", door.auth(provider.grant("basic", client_secret="wrong")))
    assert isinstance(caught.value, door.error)


@pytest.mark.parametrize("name", METHODS)
def test_grpc(provider: OidcProvider, name: str) -> None:
    """The plugin hands gRPC the metadata of a call, with a token that the server knows."""
    heard: list[tuple[Any, Exception | None]] = []
    GrpcAuth(provider.grant(name))(
        SimpleNamespace(service_url=f"{provider.issuer}/package.Service", method_name="Method"),
        lambda metadata, error: heard.append((metadata, error)),
    )
    ((metadata, error),) = heard
    assert error is None
    ((field, value),) = metadata
    assert (field, value.partition(" ")[0]) == ("authorization", "Bearer")
    assert provider.introspect(value.partition(" ")[2])["client_id"] == name
