"""`GrpcAuth`, against a real gRPC server with TLS: the token as metadata, and what UNAUTHENTICATED means for it."""

from __future__ import annotations

import asyncio
import copy
import pickle
import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import grpc
import pytest
import tls
from grpc_service import METHODS, Service
from loopback import Answer, Loopback, grant_for, token_answer
from timing import eventually
from tls import Certificates

from oauth_cc_auth import InvalidClient, OAuthError, ResourceServer, TokenSource, forget_all
from oauth_cc_auth.grpc import GrpcAuth

certificates = tls.certificates


@pytest.fixture
def service(certificates: Certificates) -> Iterator[Service]:
    """Run one service."""
    running = Service(certificates)
    yield running
    running.server.stop(None).wait()


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a token endpoint that numbers its tokens."""
    numbers = count(1)
    with Loopback(lambda _: token_answer(access_token=f"token-{next(numbers)}")) as running:
        yield running


def auth_for(server: Loopback, service: Service) -> GrpcAuth:
    """Return the auth object for this service."""
    return GrpcAuth(grant_for(server.url, resource_server=ResourceServer(f"https://{service.target}")))


def called(channel: Any, method: str = "UnaryUnary") -> str:
    """Call a method and return the token that it saw."""
    answer = maker(channel, method)(iter([b""]) if method.startswith("Stream") else b"")
    return bytes(answer if method.endswith("Unary") else next(answer)).decode()


def maker(channel: Any, method: str) -> Any:
    """Return what calls a method: UnaryStream is `unary_stream`."""
    return getattr(channel, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", method).lower())(f"/acme.Api/{method}")


@pytest.fixture
def channel(server: Loopback, service: Service) -> Iterator[Any]:
    """Open a channel whose calls present the token, and listen to what becomes of them."""
    auth = auth_for(server, service)
    with grpc.secure_channel(service.target, service.credentials(auth)) as opened:
        yield grpc.intercept_channel(opened, auth.interceptor)


@pytest.mark.parametrize("method", METHODS)
def test_each_kind_of_call_presents_the_token(channel: Any, server: Loopback, method: str) -> None:
    """Unary calls and streams carry the token, which was requested once."""
    assert called(channel, method) == called(channel, method) == "token-1"
    assert len(server.received) == 1


def test_a_refused_unary_call_goes_once_more(channel: Any, service: Service, server: Loopback) -> None:
    """UNAUTHENTICATED is answered with one renewal, and the call succeeds: four revocations, four answers."""
    for number in range(1, 5):
        assert called(channel) == f"token-{number}"
        service.revoked.add(f"token-{number}")
    assert called(channel) == "token-5"
    assert len(server.received) == 5


def test_a_service_that_refuses_every_token(channel: Any, service: Service, server: Loopback) -> None:
    """The second refusal is the caller's, and renewals are held back."""
    service.revoked.update(f"token-{number}" for number in range(1, 100))
    for _ in range(5):
        with pytest.raises(grpc.RpcError) as caught:
            called(channel)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert len(server.received) == 2


def test_an_outage_ends_no_holding_back(server: Loopback, service: Service) -> None:
    """A service that is down between two refusals took no token: its refusals still cost one renewal."""
    service.revoked.update(f"token-{number}" for number in range(1, 100))

    async def work(opened: Any) -> None:
        method = opened.unary_unary("/acme.Api/UnaryUnary")
        for number in range(8):
            service.is_down = number % 2 == 1
            with pytest.raises(grpc.RpcError):
                await method(b"")
        assert len(server.received) == 2

    in_loop(server, service, work)


def test_an_outage_ends_no_holding_back_of_threads(channel: Any, service: Service, server: Loopback) -> None:
    """The same for a channel of threads."""
    service.revoked.update(f"token-{number}" for number in range(1, 100))
    for number in range(8):
        service.is_down = number % 2 == 1
        with pytest.raises(grpc.RpcError):
            called(channel)
    assert len(server.received) == 2


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_refused_stream_heals_the_next(channel: Any, service: Service, server: Loopback, method: str) -> None:
    """A stream is not sent again; the next one has another token."""
    assert called(channel, method) == "token-1"
    service.revoked.add("token-1")
    with pytest.raises(grpc.RpcError):
        called(channel, method)

    def healed() -> bool:
        try:
            return called(channel, method) == "token-2"
        except grpc.RpcError:
            return False

    eventually(healed)
    assert len(server.received) == 2


def test_a_future_is_not_waited_for(channel: Any, service: Service) -> None:
    """The interceptor does not block a call that is under way as a future; a refusal heals the next one."""
    method = channel.unary_unary("/acme.Api/UnaryUnary")
    assert method.future(b"").result(9) == b"token-1"
    service.revoked.add("token-1")
    service.may_answer.clear()
    under_way = method.future(b"")
    service.may_answer.set()
    with pytest.raises(grpc.RpcError):
        under_way.result(9)

    def healed() -> bool:
        try:
            return bool(method.future(b"").result(9) == b"token-2")
        except grpc.RpcError:
            return False

    eventually(healed)


def test_no_token_is_an_error_of_both(service: Service) -> None:
    """A refused client is an OAuthError and a grpc.RpcError, raised where the call is made."""
    refusal = Answer(400, body={"error": "invalid_client"})
    with Loopback(refusal) as server:
        auth = auth_for(server, service)
        with grpc.secure_channel(service.target, service.credentials(auth)) as opened:
            with pytest.raises(InvalidClient) as caught:
                called(grpc.intercept_channel(opened, auth.interceptor))
            assert isinstance(caught.value, grpc.RpcError)
            with pytest.raises(grpc.RpcError, match="invalid_client"):
                called(opened)  # without the interceptor gRPC wraps what the plugin raised


def test_the_token_stays_with_its_service(server: Loopback, service: Service) -> None:
    """A service that is not named gets no token, whatever the channel."""
    auth = GrpcAuth(grant_for(server.url, resource_server=ResourceServer("https://api.example.com")))
    with (
        grpc.secure_channel(service.target, service.credentials(auth)) as opened,
        pytest.raises(grpc.RpcError, match="may go to"),
    ):
        called(opened)
    assert service.seen == []
    assert "client" in repr(auth)


def in_loop(server: Loopback, service: Service, work: Callable[[Any], Any]) -> None:
    """Run work with a channel of an event loop."""

    async def run() -> None:
        auth = auth_for(server, service)
        async with grpc.aio.secure_channel(
            service.target, service.credentials(auth), interceptors=auth.aio_interceptors
        ) as opened:
            await work(opened)

    asyncio.run(run())


def test_an_event_loop_renews_too(server: Loopback, service: Service) -> None:
    """In `grpc.aio` a refused unary call goes once more, and a service that refuses every token is not hammered."""

    async def work(opened: Any) -> None:
        method = opened.unary_unary("/acme.Api/UnaryUnary")
        for number in range(1, 5):
            assert await method(b"") == f"token-{number}".encode()
            service.revoked.add(f"token-{number}")
        service.revoked.update(f"token-{number}" for number in range(5, 100))
        for _ in range(3):
            with pytest.raises(grpc.RpcError):
                await method(b"")
        assert len(server.received) == 5

    in_loop(server, service, work)


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_stream_of_an_event_loop_heals_the_next(server: Loopback, service: Service, method: str) -> None:
    """In `grpc.aio` the next stream has another token than the refused one."""

    async def call(opened: Any) -> bytes:
        begun = maker(opened, method)(iter([b""]) if method.startswith("Stream") else b"")
        return bytes(await begun) if method.endswith("Unary") else bytes(await begun.read())

    async def outcome(opened: Any) -> object:
        try:
            return await call(opened)
        except grpc.RpcError as error:
            return error

    async def work(opened: Any) -> None:
        assert await call(opened) == b"token-1"
        service.revoked.add("token-1")
        with pytest.raises(grpc.RpcError):
            await call(opened)
        answers = [await outcome(opened) for _ in range(20)]
        assert answers[-1] == b"token-2"

    in_loop(server, service, work)


def test_one_token_for_all(server: Loopback, service: Service) -> None:
    """A source may be shared with other auth objects."""
    source = TokenSource(grant_for(server.url, resource_server=ResourceServer(f"https://{service.target}")))
    auth = GrpcAuth(source)
    with grpc.secure_channel(service.target, service.credentials(auth)) as opened:
        assert called(opened) == source.token().access_token
    assert isinstance(auth.interceptor, grpc.UnaryUnaryClientInterceptor)
    assert issubclass(InvalidClient, OAuthError)


def test_copies_carry_no_token(server: Loopback, service: Service) -> None:
    """Pickles and copies work, also of an auth object in use, and share its token without carrying it."""
    auth = auth_for(server, service)
    assert auth.interceptor is not None
    assert len(auth.aio_interceptors) == 4
    token = auth._source.token().access_token
    assert token.encode() not in pickle.dumps(auth)
    for twin in (pickle.loads(pickle.dumps(auth)), copy.copy(auth), copy.deepcopy(auth)):
        with grpc.secure_channel(service.target, service.credentials(twin)) as opened:
            assert called(grpc.intercept_channel(opened, twin.interceptor)) == token
    assert len(server.received) == 1


def test_the_same_token_again_is_not_sent_again(service: Service) -> None:
    """A server that hands out the refused token once more makes no second call, for threads and for an event loop."""
    service.revoked.add("token-1")
    with Loopback(lambda _: token_answer(access_token="token-1")) as server:
        auth = auth_for(server, service)
        with (
            grpc.secure_channel(service.target, service.credentials(auth)) as opened,
            pytest.raises(grpc.RpcError),
        ):
            called(grpc.intercept_channel(opened, auth.interceptor))
        assert (len(service.seen), len(server.received)) == (1, 2)
        forget_all()

        async def work(opened: Any) -> None:
            with pytest.raises(grpc.RpcError):
                await opened.unary_unary("/acme.Api/UnaryUnary")(b"")

        in_loop(server, service, work)
    assert (len(service.seen), len(server.received)) == (2, 4)
