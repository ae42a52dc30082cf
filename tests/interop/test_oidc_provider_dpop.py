"""Tokens bound by DPoP (RFC 9449), with nonces that change at both ends: node-oidc-provider, and an API beside it."""

from __future__ import annotations

from typing import Any

import doors
import oidc_provider
import pytest
from doors import Door, LoopbackServer, at_once, open_door
from oidc_provider import OidcProvider, signing_key

from oauth_cc_auth import ConfigurationError, DPoP, InvalidGrant, TokenSource

door, provider, running_provider = doors.door, oidc_provider.provider, oidc_provider.running_provider

CALLS, THREADS, TASKS = 1000, 64, 100


def test_a_token_is_bound_and_proven(door: Door, provider: OidcProvider) -> None:
    """Each end asks for a nonce once; from then on each call goes through at once, and its token is bound."""
    source = TokenSource(provider.grant("dpop", dpop=DPoP()))
    auth = door.auth(source)
    url = f"{provider.issuer}/any/x?query=is+not+in+the+proof#nor-this"
    first = door.call("GET", url, auth)
    assert (first.status_code, len(first.json()["jkt"])) == (200, 43)
    asked = provider.asked()
    assert [(request["status"], request["error"]) for request in asked["token"][:1]] == [(400, "use_dpop_nonce")]
    assert [request["status"] for request in asked["token"]] == [400, 200]
    assert [request["status"] for request in asked["api"]] == [401, 200]
    assert door.call("POST", url, auth, content=b"a body").status_code == 200
    assert door.call("GET", f"{provider.issuer}/any/A%2Fb%C3%BC/~x", auth).status_code == 200
    asked = provider.asked()
    assert ([request["status"] for request in asked["api"]], asked["token"]) == ([200, 200], [])
    assert source.token().token_type == "DPoP"


def test_a_revoked_token_is_renewed(door: Door, provider: OidcProvider) -> None:
    """Revoked at the server's own endpoint, the next call answers 200 after one renewal."""
    source = TokenSource(provider.grant("dpop", dpop=DPoP()))
    auth = door.auth(source)
    door.call("GET", f"{provider.issuer}/any/x", auth)
    provider.revoke(source.token().access_token)
    provider.asked()
    assert door.call("POST", f"{provider.issuer}/any/x", auth, content=b"a body").status_code == 200
    asked = provider.asked()
    assert [request["status"] for request in asked["api"]] == [401, 200]
    assert [request["status"] for request in asked["token"]] == [200]


@pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA", "PS256"])
def test_a_key_of_ones_own(provider: OidcProvider, alg: str) -> None:
    """A user's key binds the token, whichever algorithm it is for."""
    grant = provider.grant("dpop", dpop=DPoP(key=signing_key(alg), alg=alg))
    with open_door(doors.KINDS[0]) as door:
        assert door.call("GET", f"{provider.issuer}/any/x", door.auth(grant)).status_code == 200


def test_without_proofs(provider: OidcProvider) -> None:
    """A client that has to prove and does not gets no token."""
    with pytest.raises(InvalidGrant):
        TokenSource(provider.grant("dpop")).token()


def test_nothing_there_can_prove(provider: OidcProvider) -> None:
    """A token's text alone is of no use where the token is bound: asking for it is an error at once."""
    source = TokenSource(provider.grant("dpop", dpop=DPoP()))
    with pytest.raises(ConfigurationError):
        source.access_token()
    assert provider.asked()["token"] == []


def test_a_redirect_within_the_api(door: Door, provider: OidcProvider) -> None:
    """A hop within the origin brings a proof of its own, for its own address."""
    auth = door.auth(provider.grant("dpop", dpop=DPoP()))
    url = f"{provider.issuer}/any/x?to={provider.issuer}/any/y"
    assert door.call("GET", url, auth, follow=True).status_code == 200


def test_a_redirect_to_somebody_else(door: Door, provider: OidcProvider) -> None:
    """A hop to another origin carries neither the token nor a proof."""
    auth = door.auth(provider.grant("dpop", dpop=DPoP()))
    with LoopbackServer() as other:
        door.call("GET", f"{provider.issuer}/any/x?to={other.origin}/y", auth, follow=True)
        (seen,) = other.seen
    assert not {"authorization", "dpop"} & seen.headers.keys()


@doors.only(lambda kind: kind.name in {"requests", "httpx-asyncio"}, doors.KINDS)
def test_load(door: Door, provider: OidcProvider) -> None:
    """A thousand calls, over 64 threads or 100 tasks, while the nonce changes: none fails, few go twice."""
    source = TokenSource(provider.grant("dpop", dpop=DPoP()))
    auth, url = door.auth(source), f"{provider.issuer}/any/x"

    def some() -> list[Any]:
        return [door.call("GET", url, auth) for _ in range(CALLS // THREADS + 1)]

    if door.kind.loop:
        answers = [answer for _ in range(CALLS // TASKS) for answer in door.call_many(TASKS, "GET", url, auth)]
    else:
        crowds = at_once([some] * THREADS)
        answers = [answer for crowd in crowds for answer in (crowd if isinstance(crowd, list) else [crowd])]
    assert {getattr(answer, "status_code", answer) for answer in answers} == {200}
    asked = provider.asked()
    assert [request["status"] for request in asked["token"]] == [400, 200]
    again = [request["error"] for request in asked["api"] if request["status"] != 200]
    # All that were under way before the first nonce was known, and hardly any later: the server takes old ones a while.
    assert again == ["use_dpop_nonce"] * (len(asked["api"]) - len(answers))
    assert 1 <= len(again) <= (TASKS if door.kind.loop else THREADS)
