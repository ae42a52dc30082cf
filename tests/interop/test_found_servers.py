"""The authorization server is found by its issuer or by the API, at servers that describe themselves."""

from __future__ import annotations

import django_toolkit
import doors
import glewlwyd as debian
import oidc_provider
import pytest
from django_toolkit import DjangoToolkit
from doors import Door, LoopbackServer
from glewlwyd import Glewlwyd
from oidc_provider import OidcProvider

from oauth_cc_auth import Discovery, OAuthError, TokenSource

door = doors.door
provider, running_provider = oidc_provider.provider, oidc_provider.running_provider
toolkit, running_toolkit = django_toolkit.toolkit, django_toolkit.running_toolkit
glewlwyd, running_glewlwyd, api = debian.glewlwyd, debian.running_glewlwyd, debian.api


@pytest.mark.parametrize("name", ["basic", "jwt-ES256", "jwt-EdDSA"])
def test_by_issuer(door: Door, provider: OidcProvider, name: str) -> None:
    """The issuer is enough: the server says where its endpoints are, and which method the client can use."""
    by_issuer = Discovery(issuer=provider.issuer)
    grant = provider.grant(
        name, token_endpoint=by_issuer, token_endpoint_auth_method=None, issuer=None, revocation_endpoint=None
    )
    source = TokenSource(grant)
    auth = door.auth(source)
    assert door.call("GET", f"{provider.issuer}/any/x", auth).status_code == 200
    first = source.token().access_token
    assert provider.asked()["metadata"] in {1, 2}
    source.revoke()
    assert not provider.introspect(first)["active"]
    assert door.call("GET", f"{provider.issuer}/any/x", auth).status_code == 200
    assert provider.asked()["metadata"] == 0


def test_another_issuer(provider: OidcProvider) -> None:
    """An issuer that is not the server's own, character by character, is an error that shows both; nothing is sent."""
    wrong = f"{provider.issuer}/"
    grant = provider.grant("basic", token_endpoint=Discovery(issuer=wrong), issuer=None)
    with pytest.raises(OAuthError) as caught:
        TokenSource(grant).token()
    assert wrong in str(caught.value)
    assert provider.issuer in str(caught.value).replace(wrong, "")
    assert provider.asked()["token"] == []


@pytest.mark.parametrize("path", ["", "/api"])
def test_by_api(door: Door, toolkit: DjangoToolkit, path: str) -> None:
    """The API's address is enough, with a path or without: its metadata names the server, whose metadata goes on."""
    grant = toolkit.grant(
        token_endpoint=Discovery(resource=f"{toolkit.issuer}{path}"), resource_server=None, revocation_endpoint=None
    )
    source = TokenSource(grant)
    auth = door.auth(source)
    assert door.call("GET", f"{toolkit.api}/x", auth).status_code == 200
    first = source.token().access_token
    toolkit.revoke(first)
    assert door.call("GET", f"{toolkit.api}/x", auth).status_code == 200
    assert source.token().access_token != first


def test_by_a_challenge(toolkit: DjangoToolkit) -> None:
    """The challenge of the API's 401 names the metadata."""
    with doors.open_door(doors.KINDS[0]) as door:
        challenge = door.call("GET", f"{toolkit.api}/x").headers["WWW-Authenticate"]
        assert "resource_metadata" in challenge
        discovery = Discovery(resource=f"{toolkit.api}", challenge=challenge, issuer=toolkit.issuer)
        auth = door.auth(toolkit.grant(token_endpoint=discovery, resource_server=None))
        assert door.call("GET", f"{toolkit.api}/x", auth).status_code == 200


def test_an_issuer_with_a_path(glewlwyd: Glewlwyd, api: LoopbackServer) -> None:
    """A server that describes itself by OpenID Connect alone, below a path, is found too."""
    grant = glewlwyd.grant("post", api.origin, token_endpoint=Discovery(issuer=glewlwyd.issuer))
    assert TokenSource(grant).token().access_token
