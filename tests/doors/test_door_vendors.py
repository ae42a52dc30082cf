"""Tests of what vendors do otherwise, at every door: refusals in a body, bases told by the answer, fresh headers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import doors
import pytest
from doors import Door, Reply, Seen, TokenEndpoint, json_reply, only, refusing
from doors import LoopbackServer as Server

from oauth_cc_auth import (
    ApiError,
    ConfigurationError,
    OAuthError,
    OriginNotAllowed,
    RequestFormat,
    ResourceServer,
    StaticToken,
    TokenSource,
)

door = doors.each_class

EXPIRED = {"40001", "42001"}


@pytest.fixture
def api() -> Iterator[Server]:
    """Run an API on loopback."""
    with Server() as server:
        yield server


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    """Run a token endpoint on loopback."""
    with TokenEndpoint() as server:
        yield server


def wechat(*refused: str) -> Callable[[Seen], Reply]:
    """Answer 200 always, and say in the body that these tokens are refused."""

    def answer(seen: Seen) -> Reply:
        if seen.token in refused:
            return json_reply({"errcode": 40001, "errmsg": "invalid credential"})
        return json_reply({"errcode": 0, "errmsg": "ok", "ip_list": ["1.2.3.4"] * 100})

    return answer


def grant_of(endpoint: TokenEndpoint, api: Server, **changes: Any) -> Any:
    """Return a grant for an API that is described by `changes`."""
    return endpoint.grant(resource_server=ResourceServer(api.origin, **changes))


def expired(error: ApiError) -> bool:
    """Tell whether WeChat says that a token is dead."""
    return error.code in EXPIRED


def test_a_refusal_in_a_body(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 29, WeChat: a 200 with errcode 40001 renews the token once and goes again; what comes is whole."""
    api.answer = wechat("token-1")
    response = door.call(
        "POST", f"{api.origin}/x", door.auth(grant_of(endpoint, api, renew_on={200}, renew_if=expired)), content=b"body"
    )
    assert response.json()["errcode"] == 0
    assert len(response.json()["ip_list"]) == 100
    assert [(seen.token, seen.body) for seen in api.seen] == [("token-1", b"body"), ("token-2", b"body")]
    assert endpoint.issued == 2
    assert [hop.json()["errcode"] for hop in response.history] == [40001] * door.keeps_history


def test_an_answer_that_is_no_refusal(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Lines 29 and 30: an answer with another code renews nothing, and comes as it is."""
    api.answer = lambda _: json_reply({"errcode": 45009, "errmsg": "limit"})
    response = door.call("GET", api.origin, door.auth(grant_of(endpoint, api, renew_on={200}, renew_if=expired)))
    assert response.json() == {"errcode": 45009, "errmsg": "limit"}
    assert (endpoint.issued, len(api.seen)) == (1, 1)


def test_a_stream_is_whole(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 29: where the body had to be read for the verdict, who asked for a stream still gets all of it."""
    auth = door.auth(grant_of(endpoint, api, renew_on={200}, renew_if=expired))
    for refused in ("token-1", "nobody"):
        api.answer = wechat(refused)
        streamed = door.stream("GET", api.origin, auth)
        assert streamed.status == 200
        assert json.loads(streamed.body)["ip_list"] == ["1.2.3.4"] * 100
    assert endpoint.issued == 2


def test_a_stream_is_not_read_without_need(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 29: an answer whose status says nothing of a refusal stays unread, though there is a `renew_if`."""
    api.answer = lambda _: Reply(body=b"x" * 100_000)
    auth = door.auth(grant_of(endpoint, api, renew_on={401}, renew_if=expired))
    streamed = door.stream("GET", api.origin, auth)
    assert streamed.unread
    assert len(streamed.body) == 100_000


def test_a_download_is_not_read_for_a_verdict(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 29, WeChat: what is no text is no error, so that a download stays unread though its status may mean one."""
    api.answer = lambda _: Reply(200, (("Content-Type", "image/jpeg"),), b"x" * 100_000)
    streamed = door.stream("GET", api.origin, door.auth(grant_of(endpoint, api, renew_on={200}, renew_if=expired)))
    assert streamed.unread
    assert len(streamed.body) == 100_000
    assert endpoint.issued == 1


def test_a_403_that_is_about_the_token(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Lines 29 and 30, SP-API: of two 403 only that which speaks of the token renews it."""

    def answer(seen: Seen) -> Reply:
        why = (
            "The access token you provided has expired."
            if seen.token == "token-1"
            else "Access to the resource is denied"
        )
        return json_reply({"errors": [{"code": "Unauthorized", "message": why}]}, 403)

    api.answer = answer
    server = {"renew_on": {401, 403}, "renew_if": lambda error: "expired" in (error.message or "")}
    response = door.call("GET", api.origin, door.auth(grant_of(endpoint, api, **server)))
    assert response.status_code == 403
    assert "denied" in response.text
    assert [seen.token for seen in api.seen] == ["token-1", "token-2"]
    door.call("GET", api.origin, door.auth(grant_of(endpoint, api, **server)))
    assert (endpoint.issued, len(api.seen)) == (2, 3)


def test_a_persistent_refusal_in_a_body(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Case 30, line 32: an API that refuses every token in its body makes a handful of token requests."""
    api.answer = lambda _: json_reply({"errcode": 40001})
    auth = door.auth(grant_of(endpoint, api, renew_on={200}, renew_if=expired))
    for _ in range(30):
        assert door.call("GET", api.origin, auth).json() == {"errcode": 40001}
    assert endpoint.issued <= 4
    assert len(api.seen) <= 30 + endpoint.issued


def test_a_verdict_that_fails_breaks_no_call(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 29: a `renew_if` that raises is no verdict: the answer comes as it is."""
    api.answer = lambda seen: json_reply({"whatever": 1}, int(seen.path[1:]))
    server = {"renew_on": {200, 401}, "renew_if": lambda error: bool(error.status / 0)}
    for status in (200, 401):
        response = door.call("GET", f"{api.origin}/{status}", door.auth(grant_of(endpoint, api, **server)))
        assert response.status_code == status
        assert response.json() == {"whatever": 1}


def instance(token: Any) -> Any:
    """Return the API's base that Salesforce's answer tells."""
    return token.extra.get("instance_url")


def test_a_base_that_the_answer_tells(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Lines 23 and 28, Salesforce: the token goes to the instance that came with it, and nowhere else."""
    endpoint.members["instance_url"] = f"{api.origin}/services"
    auth = door.auth(endpoint.grant(resource_server=ResourceServer(base_url_of=instance)))
    with Server() as other:
        with pytest.raises(door.error) as caught:
            door.call("GET", f"{other.origin}/x", auth)
        assert isinstance(caught.value, OriginNotAllowed)
        assert endpoint.issued == 1, "only the answer tells where the API is"
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        with pytest.raises(OriginNotAllowed):
            door.call("GET", f"{other.origin}/x", auth)
        assert other.seen == []
    assert [seen.token for seen in api.seen] == ["token-1"]


def test_a_base_that_moves(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Lines 23 and 28, Salesforce: another token may be for another instance, and is not sent to the one before."""
    endpoint.members["instance_url"] = api.origin
    source = TokenSource(endpoint.grant(resource_server=ResourceServer(base_url_of=instance)))
    auth = door.auth(source)
    with Server() as other:
        assert door.call("GET", api.origin, auth).status_code == 200
        endpoint.members["instance_url"] = other.origin
        source.forget()
        with pytest.raises(OriginNotAllowed):
            door.call("GET", api.origin, auth)
        assert door.call("GET", other.origin, auth).status_code == 200
        assert [seen.token for seen in other.seen] == ["token-2"]
    assert len(api.seen) == 1


def test_a_renewal_that_moves_the_base(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 28: where the renewed token is for another instance, it is not sent to the one that refused."""
    endpoint.members["instance_url"] = api.origin
    auth = door.auth(endpoint.grant(resource_server=ResourceServer(base_url_of=instance)))

    def answer(_: Seen) -> Reply:
        endpoint.members["instance_url"] = "https://elsewhere.example"
        return Reply(401)

    api.answer = answer
    with pytest.raises(OriginNotAllowed) as caught:
        door.call("GET", api.origin, auth)
    assert isinstance(caught.value, door.error)
    assert [seen.token for seen in api.seen] == ["token-1"]


def test_an_answer_that_tells_no_base(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 28: without a base that is known the token goes nowhere, but to the origins that were named."""
    server = ResourceServer(base_url_of=instance)
    with pytest.raises(OriginNotAllowed, match="no API that is known"):
        door.call("GET", api.origin, door.auth(endpoint.grant(resource_server=server)))
    assert api.seen == []
    named = ResourceServer(api.origin, base_url_of=instance)
    assert door.call("GET", api.origin, door.auth(endpoint.grant(resource_server=named))).status_code == 200


def test_a_base_that_is_none(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 28: a base that is no URL is an error of the library in use, and nothing is sent."""
    source = TokenSource(endpoint.grant(resource_server=ResourceServer(base_url_of=instance)))
    wrong_bases: list[Any] = [5, "not a url", ["https://x"], {}]
    for wrong in wrong_bases:
        endpoint.members["instance_url"] = wrong
        source.forget()
        with pytest.raises(door.error, match="base_url_of") as caught:
            door.call("GET", api.origin, door.auth(source))
        assert isinstance(caught.value, OAuthError)
        assert "token-" not in f"{caught.value} {caught.value.__cause__!r}"
    assert api.seen == []


def test_headers_are_made_for_each_call(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Lines 12 and 27, Walmart: a correlation id is made for each request, to the token endpoint and the API alike."""
    numbers = count(1)
    fresh = {"WM_QOS.CORRELATION_ID": lambda: f"guid-{next(numbers)}"}
    server = ResourceServer(api.origin, header="WM_SEC.ACCESS_TOKEN", scheme=None, headers={**fresh, "X-Constant": "c"})
    auth = door.auth(endpoint.grant(resource_server=server, headers=fresh, token_request=RequestFormat(body="json")))
    for _ in range(3):
        door.call("GET", api.origin, auth)
    door.call("GET", api.origin, auth, headers={"WM_QOS.CORRELATION_ID": "the caller's"})
    ids = [seen.headers["wm_qos.correlation_id"] for seen in (*endpoint.seen, *api.seen)]
    assert ids.pop() == "the caller's"
    assert len(ids) == len(set(ids)) == 4
    assert all(name.startswith("guid-") for name in ids)
    assert {seen.headers["wm_sec.access_token"] for seen in api.seen} == {"token-1"}
    assert {seen.headers["x-constant"] for seen in api.seen} == {"c"}
    assert "x-constant" not in endpoint.seen[0].headers


def test_headers_are_made_again_for_the_second_try(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 27: a nonce counts once, so the call that goes once more has a new one; the caller's own stays."""
    numbers = count(1)
    headers = {"X-Nonce": lambda: f"nonce-{next(numbers)}", "X-Constant": "c"}
    auth = door.auth(grant_of(endpoint, api, headers=headers))
    api.answer = refusing("token-1")
    answer = door.call("GET", api.origin, auth)
    assert [seen.headers["x-nonce"] for seen in api.seen] == ["nonce-1", "nonce-2"]
    assert {seen.headers["x-constant"] for seen in api.seen} == {"c"}
    assert "nonce-" not in repr(answer.request.headers)
    api.seen.clear()
    api.answer = refusing("token-2")
    door.call("GET", api.origin, auth, headers={"X-Nonce": "the caller's"})
    assert [seen.headers["x-nonce"] for seen in api.seen] == ["the caller's"] * 2


def test_a_header_that_fails(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 27: what makes no header is an error of this package and of the library in use, and nothing is sent."""
    makers: list[Callable[[], Any]] = [lambda: 5, lambda: "a\r\nX-Evil: 1", lambda: str(1 / 0)]
    for made in makers:
        auth = door.auth(grant_of(endpoint, api, headers={"X-Id": made}))
        with pytest.raises(OAuthError, match=r"headers\['X-Id'\]") as caught:
            door.call("GET", api.origin, auth)
        assert isinstance(caught.value, door.error)
    assert api.seen == []


@only(lambda kind: kind.loop is None)
def test_the_base_of_a_source(door: Door, api: Server, endpoint: TokenEndpoint) -> None:
    """Line 23, Salesforce: a program may ask where the API's paths begin; a token is requested only where it tells."""
    import asyncio  # noqa: PLC0415 - for this test only

    assert (
        TokenSource(endpoint.grant(resource_server=ResourceServer("https://b.example/v1"))).base_url()
        == "https://b.example/v1"
    )
    for nowhere in (TokenSource(endpoint.grant()), TokenSource(StaticToken("t"))):
        assert nowhere.base_url() is asyncio.run(nowhere.abase_url()) is None
        with pytest.raises(ConfigurationError, match="no single base_url"):
            nowhere.url("/data")
    assert endpoint.issued == 0
    endpoint.members["instance_url"] = f"{api.origin}/services/"
    source = TokenSource(endpoint.grant(resource_server=ResourceServer("https://login.example", base_url_of=instance)))
    assert source.base_url() == f"{api.origin}/services/" == asyncio.run(source.abase_url())
    assert source.url("/data") == f"{api.origin}/services/data" == asyncio.run(source.aurl("data"))
    del endpoint.members["instance_url"]
    source.forget()
    assert source.base_url() == "https://login.example"
    assert endpoint.issued == 2
