"""A door behaves as the library's own digest auth would, and leaves what it was lent as it was (cases 9, 22, 35)."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import doors
import pytest
from doors import Door, LoopbackServer, Reply, Seen, TokenEndpoint, only, refusing

from oauth_cc_auth import (
    ClientCredentials,
    ConfigurationError,
    HttpxAuth,
    MemoryStore,
    OriginNotAllowed,
    RequestsAuth,
    TokenSource,
    presets,
)

door = doors.each_class


def test_an_auth_object_shows_its_source() -> None:
    """The source that an auth object was given, or has made, answers for URLs and states."""
    source = TokenSource(presets.zoom(client_id="id", client_secret="secret", account_id="account"))
    assert RequestsAuth(source).source is source
    assert HttpxAuth(source.grant).source.url("/users/me") == "https://api.zoom.us/v2/users/me"


DIGEST = 'Digest realm="api", nonce="n", qop="auth", algorithm=MD5'


def watch(door: Door, *, raising: bool) -> list[int]:
    """Hook into the client's responses as a user does; return the statuses that the hook saw."""
    seen: list[int] = []

    def look(response: Any, *_: Any, **__: Any) -> None:
        seen.append(response.status_code)
        if raising:
            response.raise_for_status()

    async def look_async(response: Any) -> None:
        look(response)

    client: Any = vars(door)["client"]
    if door.kind.like_requests:
        client.hooks["response"].append(look)
    else:
        client.event_hooks = {"response": [look_async if door.kind.loop else look], "request": []}
    return seen


def shape(door: Door, auth: Any, api: LoopbackServer, *, raising: bool = False) -> dict[str, Any]:
    """Make a call that is refused once, and describe everything that its caller and the server can see of it."""
    hooked = watch(door, raising=raising)
    before = len(api.seen)
    try:
        answer = door.call("POST", f"{api.origin}/x", auth, json={"a": 1})
    except door.error as error:
        return {"error": type(error), "hooked": hooked, "sent": len(api.seen) - before}
    hops = (*answer.history, answer)
    return {
        "statuses": [hop.status_code for hop in hops],
        "carried": answer.request.headers["Authorization"] == api.seen[-1].headers["authorization"],
        "bodies": [hop.content for hop in hops],
        "cookies sent": [seen.headers.get("cookie") for seen in api.seen[before:]],
        "cookies answered": [dict(hop.cookies) for hop in hops],
        "cookies kept": dict(vars(door)["client"].cookies),
        "hooked": hooked,
        "urls": [str(hop.url) for hop in hops],
        "methods": [hop.request.method for hop in hops],
        "lengths": [seen.headers["content-length"] for seen in api.seen[before:]],
    }  # fmt: skip


@only(lambda kind: kind.like_httpx or not kind.loop)  # the digest authentication of niquests knows no AsyncSession
@pytest.mark.parametrize("raising", [False, True])
def test_as_digest_would(door: Door, *, raising: bool) -> None:
    """Case 35: history, request, cookies, bodies and hooks are what the library's own digest authentication gives."""
    library = door.library
    digest = library.auth.HTTPDigestAuth("u", "p") if door.kind.like_requests else library.DigestAuth("u", "p")

    def refuse(reply: Reply) -> Reply:
        return Reply(401, (*reply.headers, ("Set-Cookie", "first=1")), b"no")

    def by_digest(seen: Seen) -> Reply:
        asked = seen.headers.get("authorization", "").startswith("Digest")
        return (
            Reply(200, (("Set-Cookie", "second=2"),))
            if asked
            else refuse(Reply(headers=(("WWW-Authenticate", DIGEST),)))
        )

    def by_token(seen: Seen) -> Reply:
        return refuse(Reply()) if seen.token == "token-1" else Reply(200, (("Set-Cookie", "second=2"),))

    shapes = []
    with TokenEndpoint() as server, LoopbackServer() as api:
        for answer, auth in ((by_digest, digest), (by_token, door.auth(server.grant(api.origin)))):
            api.answer = answer
            with doors.open_door(door.kind) as own:
                shapes.append(shape(own, auth, api, raising=raising))
    theirs, ours = shapes
    assert ours == theirs


@only(lambda kind: kind.library != "aiohttp")  # it has no history for refusals
def test_every_response_says_how_long_it_took(door: Door) -> None:
    """Case 35: `elapsed` is that of the request that was answered, and response.request is that request."""
    with TokenEndpoint() as server, LoopbackServer(doors.refusing("token-1")) as api:
        answer = door.call("GET", f"{api.origin}/x", door.auth(server.grant(api.origin)))
        assert answer.request.headers["Authorization"] == "Bearer token-2"
        assert all(hop.elapsed > timedelta(0) for hop in (answer, *answer.history))


@only(lambda kind: kind.library != "aiohttp")  # its own raise_for_status
def test_a_status_hook_of_the_caller_sees_what_the_caller_gets(door: Door) -> None:
    """Case 35: a second 401 raises in raise_for_status, as any other error status does."""
    with TokenEndpoint() as server, LoopbackServer(lambda _: Reply(401)) as api:
        answer = door.call("GET", f"{api.origin}/x", door.auth(server.grant(api.origin)))
        with pytest.raises(door.error, match="401"):
            answer.raise_for_status()


def test_the_users_client_is_left_alone(door: Door) -> None:
    """Case 9: the client that calls the API keeps its auth, hooks and headers, and stays open."""
    client: Any = vars(door)["client"]
    names = ("auth", "hooks", "headers", "params", "event_hooks", "_auth", "_event_hooks")
    before = {name: repr(getattr(client, name, None)) for name in names}
    with TokenEndpoint() as server, LoopbackServer(doors.refusing("token-1")) as api:
        auth = door.auth(server.grant(api.origin))
        door.call("GET", f"{api.origin}/x", auth)
        assert {name: repr(getattr(client, name, None)) for name in names} == before
        assert door.call("GET", f"{api.origin}/x").request.headers.get("Authorization") is None


def test_what_was_lent_comes_back_as_it_was(door: Door) -> None:
    """Case 9: a lent client lends transport and default headers; not its auth, cookies, hooks, params or
    credentials; it is neither changed nor closed.
    """
    called: list[object] = []

    def hook(thing: object, *_: object, **__: object) -> None:
        called.append(thing)

    requests_like = door.lent_as == "session"
    settings: dict[str, Any] = {"auth": ("user", "word"), "params": {"page": "1"}}
    settings |= {"hooks": {"response": [hook]}} if requests_like else {"event_hooks": {"request": [hook]}}
    with TokenEndpoint() as server, LoopbackServer() as api, door.lend(**settings) as lent:
        lent.headers.update({"X-Tenant": "t", "Authorization": "Basic mine", "Cookie": "session=1"})
        lent.cookies.set("stored", "2", domain="127.0.0.1")
        before = {name: repr(value) for name, value in vars(lent).items()}
        auth = door.auth(server.grant(api.origin), **{door.lent_as: lent})
        assert door.call("GET", f"{api.origin}/x", auth).status_code == 200
        assert {name: repr(value) for name, value in vars(lent).items()} == before
        assert called == []
        (asked,) = server.seen
        assert (asked.headers["x-tenant"], asked.headers.get("cookie"), asked.path) == ("t", None, "/token")
        assert asked.headers["authorization"] == "Basic Y2xpZW50OmErc2VjcmV0"
        assert [seen.headers.get("x-tenant") for seen in api.seen] == [None]
        # Not closed: it still sends.
        assert lent.get(f"{api.origin}/own").status_code == 200


@only(lambda kind: kind.like_httpx)  # a session of requests works after close()
def test_a_closed_client_is_said_to_be_closed(door: Door) -> None:
    """A lent httpx client that was closed meanwhile is a ConfigurationError that says so."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        with door.lend() as lent:
            auth = door.auth(server.grant(api.origin), client=lent)
        with pytest.raises(ConfigurationError, match="closed") as caught:
            door.call("GET", f"{api.origin}/x", auth)
        assert isinstance(caught.value, door.error)
        assert server.seen == api.seen == []


@only(lambda kind: kind.loop is not None)
def test_an_async_client_cannot_be_lent(door: Door) -> None:
    """An AsyncClient as client= is a ConfigurationError at construction, which says why."""
    with TokenEndpoint() as server, pytest.raises(ConfigurationError, match="AsyncClient"):
        HttpxAuth(server.grant(), client=vars(door)["client"])


def test_what_belongs_to_the_source_is_refused_beside_it(door: Door) -> None:
    """A store, timeout or client beside a TokenSource is a ConfigurationError that names the argument."""
    with TokenEndpoint() as server, door.lend() as lent:
        source = TokenSource(server.grant())
        for name, value in (("store", MemoryStore()), ("timeout", 5.0), (door.lent_as, lent)):
            with pytest.raises(ConfigurationError, match=name):
                door.auth(source, **{name: value})


def test_a_timeout_is_a_positive_number() -> None:
    """Case 22: a timeout of 0, below, nan, inf, or of another type is refused at construction, naming the argument."""
    cases: list[Any] = [RequestsAuth, HttpxAuth]
    for auth in cases:
        grant = ClientCredentials(token_endpoint="https://as.example/token", client_id="i", client_secret="s")
        wrong: list[Any] = [0, -1, float("nan"), "5", True, None, float("inf")]
        for timeout in wrong:
            with pytest.raises(ConfigurationError, match="timeout"):
                auth(grant, timeout=timeout)


@only(lambda kind: kind.library != "aiohttp")  # it has no history for refusals
def test_the_history_shows_what_was_sent(door: Door) -> None:
    """Each answer stands beside the request as it was: the refused one with the token that was refused."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        answer = door.call("GET", f"{api.origin}/x", door.auth(server.grant(api.origin)))
        hops = [hop.request.headers["Authorization"] for hop in (*answer.history, answer)]
        assert hops == ["Bearer token-1", "Bearer token-2"]


def test_a_copy_by_the_class_of_the_object(door: Door) -> None:
    """`type(auth)(source)` makes another auth object, of that class and as good, and both can be pickled."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))
        twin = type(auth)(auth._source)
        assert type(twin) is type(auth)
        for made in (auth, twin):
            again = pickle.loads(pickle.dumps(made))
            assert door.call("GET", f"{api.origin}/x", again).status_code == 200
        assert server.issued == 1


@only(lambda kind: kind.library != "aiohttp")  # it looks at the URL first
def test_a_url_that_is_none_is_the_librarys_error_too(door: Door) -> None:
    """What the library raises for a URL without auth, it raises with auth too, and it is our error besides."""
    with TokenEndpoint() as server:
        auth = door.auth(server.grant())
        for url in ("ftp://files.example/x", "mailto:somebody@example.com"):
            with pytest.raises(door.error) as without:
                door.call("GET", url)
            with pytest.raises(type(without.value)) as raised:
                door.call("GET", url, auth)
            assert isinstance(raised.value, OriginNotAllowed)
        assert server.issued == 0


def test_another_librarys_request_is_refused(door: Door) -> None:
    """An auth object that was handed to the wrong library says which class is the right one."""
    wrong = HttpxAuth if door.kind.like_requests else RequestsAuth
    right = "HttpxAuth" if door.kind.like_httpx else f"{door.kind.library.title()}Auth"
    with TokenEndpoint() as server, LoopbackServer() as api:
        with pytest.raises(ConfigurationError, match=f"this request is of {door.kind.library}: use {right}"):
            door.call("GET", api.origin, wrong(server.grant()))
        assert api.seen == []


def test_what_is_no_request_of_any_library_we_know() -> None:
    """There the way is the public loop, or the class for that library."""
    for auth in (RequestsAuth, HttpxAuth):
        made: Any = auth(ClientCredentials(token_endpoint="https://as.example", client_id="c", client_secret="s"))
        request: Any = type("Request", (), {"__module__": "tornado.httpclient"})()
        with pytest.raises(ConfigurationError, match=r"of tornado: use TokenSource.attempts\(\)"):
            made(request)
        request = type("PreparedRequest", (), {"__module__": "niquests.models"})()
        with pytest.raises(ConfigurationError, match="of niquests: use NiquestsAuth, or AsyncNiquestsAuth"):
            made(request)
