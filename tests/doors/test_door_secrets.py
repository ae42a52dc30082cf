"""A canary secret and canary tokens are nowhere to be found but on the wire (case 37)."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import subprocess
import sys
import textwrap
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import doors
import pytest
from doors import Door, LoopbackServer, Reply, Seen, TokenEndpoint, json_reply, only
from timing import HUNG

from oauth_cc_auth import FileStore, HttpxAuth, OAuthError, RequestsAuth, ResourceServer, TokenSource

door = doors.each_class

SECRET = 'canary-s3cret/+%"ü'
# By name only: a traceback shows the lines that it passes.
COOKIE, BODY = {"Cookie": "canary-token-cookie"}, b"canary-token in a body"
PAIR = base64.b64encode(b"client:canary-s3cret%2F%2B%25%22%C3%BC").decode()
# What must not be seen: the parts that survive every encoding, and the pair as Basic sends it.
CANARIES = ("canary-s3cret", "canary-token", PAIR, base64.b64encode(f"client:{SECRET}".encode()).decode())


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any library logs, at DEBUG."""
    caplog.set_level(logging.DEBUG)
    for name in ("", "oauth_cc_auth", "urllib3", "httpx", "httpcore", "httpx2", "httpcore2", "asyncio", "authlib"):
        caplog.set_level(logging.DEBUG, logger=name or None)
    yield caplog
    records = caplog.get_records("call")
    assert any(record.name == "oauth_cc_auth" for record in records)
    clean(*(caplog.handler.format(record) for record in records), *(repr(record.args) for record in records))


def clean(*texts: str | bytes) -> None:
    """Fail if a canary is in one of the texts."""
    for text in texts:
        shown = text.decode("latin-1") if isinstance(text, bytes) else text
        for canary in CANARIES:
            assert canary not in shown, f"{canary} in {shown[:500]}"


def spill(thing: Any) -> list[str]:
    """Return what an object graph shows: strings and bytes of attributes, arguments, causes, requests and responses."""
    found: list[str] = []
    seen: set[int] = set()
    waiting = [thing]
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        found.append(repr(here))
        if isinstance(here, (str, bytes)):
            found.append(str(here) if type(here) in (str, bytes) else repr(here))
        elif isinstance(here, dict):
            waiting += [*here.keys(), *here.values()]
        elif isinstance(here, (list, tuple, set)):
            waiting += here
        elif isinstance(here, BaseException):
            waiting += [here.args, here.__cause__, here.__context__, getattr(here, "__notes__", None)]
        if isinstance(here, BaseException) or type(here).__name__ in {
            "Request",
            "PreparedRequest",
            "Response",
            "Headers",
        }:
            waiting += list(getattr(here, "__dict__", {}).values())
    return found


def canary_endpoint(**members: Any) -> TokenEndpoint:
    """Return a token endpoint whose tokens are canaries, and which says them in its answer's other members too."""

    class Endpoint(TokenEndpoint):
        def issue(self, seen: Seen) -> Reply:
            token = json.loads(super().issue(seen).body)["access_token"]
            return json_reply({"access_token": f"canary-{token}", "refresh_token": "canary-token-r", **self.members})

    return Endpoint(**members)


def refuse_first(seen: Seen) -> Reply:
    """Refuse the first token, wherever it stands."""
    sent = seen.headers.get("authorization", seen.headers.get("x-token", "token-1"))
    return Reply(401 if sent.endswith("token-1") else 200)


@pytest.mark.parametrize("header", ["Authorization", "X-Token"])
def test_a_successful_call_shows_nothing(door: Door, told: pytest.LogCaptureFixture, header: str) -> None:
    """Case 37: no repr, log line, warning or pickle of a response and its history holds a token or the secret."""
    server_at: dict[str, Any] = {"header": header, "scheme": "Bearer" if header == "Authorization" else None}
    with (
        warnings.catch_warnings(record=True) as warned,
        canary_endpoint() as server,
        LoopbackServer(refuse_first) as api,
    ):
        grant = server.grant(client_secret=SECRET, resource_server=ResourceServer(api.origin, **server_at))
        source = TokenSource(grant)
        auth = door.auth(source)
        answer = door.call("GET", f"{api.origin}/x", auth)
        assert api.seen[-1].headers[header.lower()].endswith("canary-token-2"), "the canary does sing on the wire"
        assert (answer.status_code, len(answer.history)) == (200, int(door.keeps_history))
        token = source.token()
        clean(repr(auth), str(auth), repr(source), repr(grant), str(grant), repr(token), str(token))
        clean(repr(source._serving.live))
        for hop in (answer, *answer.history):
            headers = hop.request.headers
            clean(repr(hop), repr(hop.request), repr(headers))
        clean(*(str(warning.message) for warning in warned))
        if door.kind.library == "aiohttp":
            return  # its answers cannot be pickled
        clean(*(pickle.dumps(answer, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)))
        copied = pickle.loads(pickle.dumps(answer))
        assert (copied.status_code, copied.content) == (200, b"{}")
        clean(*spill(copied))


def check(error: BaseException) -> None:
    """Look at everything that a caught exception shows."""
    clean(*spill(error), str(error), repr(error), "".join(traceback.format_exception(error)), pickle.dumps(error))
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), str(twin)) == (type(error), str(error))


def echo(seen: Seen) -> Reply:
    """Refuse, and repeat everything that was sent, decoded and not."""
    said = f"client:{SECRET} {seen.headers.get('authorization')} {seen.body.decode()} {SECRET}"
    return json_reply({"error": "invalid_client", "error_description": said, "error_uri": f"https://e/?{SECRET}"}, 401)


def test_an_echoed_secret_gets_into_no_error(door: Door, told: pytest.LogCaptureFixture) -> None:
    """Case 37: a server's echo of secret and request gets into no message, field, cause or pickle of the error."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        server.answer = echo
        for method in ("client_secret_basic", "client_secret_post", "client_secret_json"):
            grant = server.grant(client_secret=SECRET, token_endpoint_auth_method=method)
            with pytest.raises(OAuthError) as caught:
                door.call("GET", f"{api.origin}/x", door.auth(grant), headers=COOKIE)
            logging.getLogger("oauth_cc_auth").debug("failed", exc_info=caught.value)
            check(caught.value)


def test_a_dead_token_endpoint_shows_nothing(door: Door, told: pytest.LogCaptureFixture) -> None:
    """Case 37: a connection error keeps its cause, and neither it nor any cause leads to the secret."""
    with TokenEndpoint() as server:
        grant = server.grant(client_secret=SECRET)
    with pytest.raises(OAuthError) as caught:
        door.call("GET", "http://127.0.0.1:9/x", door.auth(grant, timeout=0.1))
    assert caught.value.__cause__ is not None
    logging.getLogger("oauth_cc_auth").debug("failed", exc_info=caught.value)
    check(caught.value)


def test_a_renewal_that_fails_shows_nothing(door: Door, told: pytest.LogCaptureFixture) -> None:
    """Case 37: the error of a renewal after a 401, its request included, shows neither token nor secret."""
    with canary_endpoint() as server, LoopbackServer(refuse_first) as api:
        auth = door.auth(server.grant(client_secret=SECRET))
        server.answer = lambda seen: server.issue(seen) if not server.issued else echo(seen)
        with pytest.raises(OAuthError) as caught:
            door.call("POST", f"{api.origin}/x", auth, content=BODY)
        assert isinstance(caught.value, door.error)
        check(caught.value)


@only(lambda kind: kind.library != "aiohttp")  # its answers cannot be pickled, and its errors hold no request
def test_a_vendors_key_shows_as_little_as_a_token(door: Door, told: pytest.LogCaptureFixture) -> None:
    """Case 37: what `ResourceServer.headers` put into a request, a vendor's key or one that is made for each call, is
    in no repr or pickle of the response, and not in the request of an error at all.
    """
    keys: dict[str, Any] = {"X-Key": "canary-token-key", "X-Made": lambda: "canary-token-made"}
    with canary_endpoint() as server, LoopbackServer(refuse_first) as api:
        resource_server = ResourceServer(api.origin, headers=keys)
        source = TokenSource(server.grant(client_secret=SECRET, resource_server=resource_server))
        auth = door.auth(source)
        answer = door.call("GET", f"{api.origin}/x", auth)
        assert api.seen[-1].headers["x-key"] == "canary-token-key", "the canary does sing on the wire"
        by_name = source.headers("GET", api.origin)
        clean(repr(by_name))
        with pytest.raises(TypeError, match="cannot pickle") as refused:
            pickle.dumps(by_name)
        clean(repr(refused.value))
        for hop in (answer, *answer.history):
            clean(repr(hop), repr(hop.request), repr(hop.request.headers))
        clean(*(pickle.dumps(answer, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)))
        api.answer, server.answer = lambda _: Reply(401), echo
        with pytest.raises(OAuthError) as caught:
            door.call("GET", f"{api.origin}/x", auth)
        check(caught.value)
        error: Any = caught.value
        assert {"x-key", "x-made"}.isdisjoint(name.lower() for name in error.request.headers)


def test_an_answer_that_is_no_token_shows_nothing(door: Door, told: pytest.LogCaptureFixture) -> None:
    """Case 37: an answer that holds a token but is refused for another reason does not show it."""
    answers = [
        {"access_token": "canary-token-1", "token_type": "mac"},
        {"access_token": "canary-token\n-1"},
        ["canary-token-1"],
        {"access_token": "canary-token-1", "error": "invalid_scope"},
    ]
    with TokenEndpoint() as server, LoopbackServer() as api:
        for number, members in enumerate(answers):
            server.answer = lambda _, members=members: json_reply(members)  # type: ignore[misc]  # bound per turn
            with pytest.raises(OAuthError) as caught:
                door.call("GET", f"{api.origin}/x", door.auth(server.grant(client_secret=SECRET, scope=str(number))))
            check(caught.value)
        logging.getLogger("oauth_cc_auth").debug("done")


def test_a_token_keeps_no_secret_that_the_server_repeats(tmp_path: Path) -> None:
    """Case 37: a secret that the token endpoint repeats beside the token is neither in `extra` nor in a store."""
    said = {"app": {"secret": SECRET, "basic": PAIR}, "message": f"issued to {SECRET}", "instance_url": "https://a.b"}
    with canary_endpoint(**said) as server:
        token = TokenSource(server.grant(client_secret=SECRET), store=FileStore(tmp_path)).token()
    hidden = {"app": {"secret": "***", "basic": "***"}, "message": "issued to ***", "instance_url": "https://a.b"}
    assert hidden.items() <= dict(token.extra).items()
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"issued to ***" in stored
    clean(*(text.replace("canary-token", "") for text in (stored.decode(), pickle.dumps(token).decode("latin-1"))))


class Tenant:
    """What a user adds to an auth object: an `__init__` and a `__new__` with arguments, and what they keep."""

    def __new__(cls, grant: Any, *, tenant: str) -> Any:
        """Want the arguments, as a user's may."""
        return super().__new__(cls)

    def __init__(self, grant: Any, *, tenant: str) -> None:
        """Keep the name, beside something that refers back."""
        super().__init__(grant)  # type: ignore[call-arg]  # the next class is a door's
        self.tenant, self.back = [tenant], self


class TenantRequestsAuth(Tenant, RequestsAuth):
    """With requests."""


class TenantHttpxAuth(Tenant, HttpxAuth):
    """With httpx and httpx2."""


@only(lambda kind: kind.like_httpx or kind.library == "requests")
def test_a_subclass_is_copied_as_it_is(door: Door) -> None:
    """Case 26: copies and pickles of a subclass keep what it has added; nothing of its own is called a second time."""
    import copy  # noqa: PLC0415 - here only

    cls = TenantRequestsAuth if door.kind.like_requests else TenantHttpxAuth
    refused: set[str | None] = set()

    def answer(seen: Seen) -> Reply:
        return Reply(401 if seen.token in refused else 200)

    with canary_endpoint() as server, LoopbackServer(answer) as api:
        auth: Any = cls(server.grant(api.origin), tenant="acme")
        door.call("GET", f"{api.origin}/x", auth)
        dumped = [pickle.dumps(auth, protocol) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
        clean(*dumped)
        for twin in (*map(pickle.loads, dumped), copy.deepcopy(auth)):
            assert (type(twin), twin.tenant, twin.back) == (type(auth), ["acme"], twin)
            assert twin.tenant is not auth.tenant
            assert door.call("GET", f"{api.origin}/x", twin).status_code == 200
            refused.add(api.seen[-1].token)
            assert door.call("GET", f"{api.origin}/x", twin).status_code == 200
        assert copy.copy(auth).tenant is auth.tenant
        assert server.issued == 1 + len(refused)


def test_a_pickle_where_another_library_is_loaded() -> None:
    """Case 26: an auth object is unpickled as that of the library which is loaded there, with what a subclass added."""
    with canary_endpoint() as server:
        auth = TenantHttpxAuth(server.grant(), tenant="acme")
    script = """
        import base64, pickle, sys, types
        import httpx2
        import oauth_cc_auth.httpx
        # The subclass's module without its imports.
        Tenant = types.new_class("TenantHttpxAuth", (oauth_cc_auth.httpx.HttpxAuth,))
        sys.modules["test_door_secrets"] = types.SimpleNamespace(TenantHttpxAuth=Tenant)
        auth = pickle.loads(base64.b64decode(sys.argv[1]))
        print(isinstance(auth, httpx2.Auth), "httpx" in sys.modules, auth.tenant, auth.back is auth)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), base64.b64encode(pickle.dumps(auth)).decode()]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=HUNG)  # noqa: S603 - our own
    assert ended.stdout == "True False ['acme'] True\n"


def test_a_pickled_auth_object_has_no_token(door: Door) -> None:
    """Case 26: pickle, copy and deepcopy of an auth object work, share the token in this process, and carry none."""
    import copy  # noqa: PLC0415 - here only

    with canary_endpoint() as server, LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))
        door.call("GET", f"{api.origin}/x", auth)
        dumped = pickle.dumps(auth)
        assert b"canary-token" not in dumped
        for twin in (pickle.loads(dumped), copy.copy(auth), copy.deepcopy(auth)):
            assert type(twin) is type(auth)
            assert door.call("GET", f"{api.origin}/x", twin).status_code == 200
        assert server.issued == 1
