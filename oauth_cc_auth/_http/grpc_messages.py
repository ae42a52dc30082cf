"""gRPC's answers, as the auth class needs them: interceptors that reject a refused token, and send a unary call again.

`source` is a TokenSource: its plugin presents the token, and is not told what came back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from oauth_cc_auth._raising import raised_as

if TYPE_CHECKING:
    from oauth_cc_auth._token import Token


# What gRPC says where the service may have looked at no token: as HTTP's 500 and above, they end no holding back.
_SAYS_NOTHING = frozenset(
    grpc.StatusCode[name] for name in ("CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE")
)


def _heard(source: Any, token: Token, code: Any) -> bool:
    """Let the source know how a call ended; return whether it may go once more with another token."""
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return bool(source.reject(token))
    if code not in _SAYS_NOTHING:
        source.accept(token)
    return False


def _ended(source: Any, token: Token, call: Any) -> None:
    _heard(source, token, call.code())


class Interceptor(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]  # grpcio has no types
    grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]  # as above
    grpc.StreamUnaryClientInterceptor,  # type: ignore[misc]  # as above
    grpc.StreamStreamClientInterceptor,  # type: ignore[misc]  # as above
):
    """Looks at answers: the plugin, which presents the token, is not told them."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def _token(self) -> Token:
        with raised_as(grpc.RpcError, lambda: None):
            token: Token = self._source.token()
        return token

    def intercept_unary_unary(self, continuation: Callable[[Any, Any], Any], details: Any, request: Any) -> Any:
        """Send, and once more with another token where the first is refused; a future under way is only listened to."""
        token = self._token()
        call = continuation(details, request)
        if not call.done():
            call.add_done_callback(partial(_ended, self._source, token))
        elif _heard(self._source, token, call.code()):
            fresh = self._token()
            if fresh.access_token != token.access_token:
                call = continuation(details, request)
                _ended(self._source, fresh, call)
        return call

    def listened(self, continuation: Callable[[Any, Any], Any], details: Any, request: Any) -> Any:
        token = self._token()
        call = continuation(details, request)
        call.add_done_callback(partial(_ended, self._source, token))
        return call

    intercept_unary_stream = intercept_stream_unary = intercept_stream_stream = listened


class AioUnaryUnary(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]  # grpcio has no types
    """The same for an event loop."""

    def __init__(self, source: Any) -> None:
        self._source = source

    async def intercept_unary_unary(
        self, continuation: Callable[[Any, Any], Awaitable[Any]], details: Any, request: Any
    ) -> Any:
        """Send, and once more with another token where the first is refused."""
        token = await _atoken(self._source)
        call = await continuation(details, request)
        if _heard(self._source, token, await call.code()):
            fresh = await _atoken(self._source)
            if fresh.access_token != token.access_token:
                call = await continuation(details, request)
                _heard(self._source, fresh, await call.code())
        return call


async def _atoken(source: Any) -> Token:
    with raised_as(grpc.RpcError, lambda: None):
        token: Token = await source.atoken()
    return token


class _AioListener:
    """Listens to a stream's end: a stream is not sent again, but its next call has another token."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._ends: set[asyncio.Task[None]] = set()

    async def listened(self, continuation: Callable[[Any, Any], Awaitable[Any]], details: Any, request: Any) -> Any:
        token = await _atoken(self._source)
        call = await continuation(details, request)
        call.add_done_callback(partial(self._ended, token))
        return call

    def _ended(self, token: Token, call: Any) -> None:
        end = asyncio.ensure_future(self._hear(token, call))
        self._ends.add(end)  # an event loop keeps no reference to its tasks
        end.add_done_callback(self._ends.discard)

    async def _hear(self, token: Token, call: Any) -> None:
        _heard(self._source, token, await call.code())


class _AioUnaryStream(_AioListener, grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[misc]  # as above
    intercept_unary_stream = _AioListener.listened


class _AioStreamUnary(_AioListener, grpc.aio.StreamUnaryClientInterceptor):  # type: ignore[misc]  # as above
    intercept_stream_unary = _AioListener.listened


class _AioStreamStream(_AioListener, grpc.aio.StreamStreamClientInterceptor):  # type: ignore[misc]  # as above
    intercept_stream_stream = _AioListener.listened


AIO_STREAMS = (_AioUnaryStream, _AioStreamUnary, _AioStreamStream)
