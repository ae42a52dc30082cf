"""A gRPC service with TLS on loopback that answers the token which its call presented."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from tls import Certificates

from oauth_cc_auth.grpc import GrpcAuth

METHODS = ["UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream"]


class Service:
    """A service whose methods answer the token that they were called with, unless it `refuses` that one."""

    def __init__(self, certificates: Certificates) -> None:
        """Start to answer over TLS."""
        self.revoked: set[str] = set()
        self.is_down = False
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.seen: list[str] = []
        pem = certificates.server.read_bytes()
        self.server = grpc.server(ThreadPoolExecutor(8))
        handlers = {
            "UnaryUnary": grpc.unary_unary_rpc_method_handler(lambda _, context: self._unary(context)),
            "UnaryStream": grpc.unary_stream_rpc_method_handler(lambda _, context: self._stream(context)),
            "StreamUnary": grpc.stream_unary_rpc_method_handler(lambda _, context: self._unary(context)),
            "StreamStream": grpc.stream_stream_rpc_method_handler(lambda _, context: self._stream(context)),
        }
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("acme.Api", handlers),))
        self.port = self.server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(pem, pem)]))
        self.server.start()
        self.authority = certificates.authority.read_bytes()

    @property
    def target(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def credentials(self, auth: GrpcAuth) -> Any:
        """Return a channel's credentials with those of each call."""
        channel = grpc.ssl_channel_credentials(self.authority)
        return grpc.composite_channel_credentials(channel, grpc.metadata_call_credentials(auth))

    def refuses(self, token: str) -> bool:
        """Tell whether a token is no good."""
        return token in self.revoked

    def _unary(self, context: Any) -> bytes:
        token = str(dict(context.invocation_metadata()).get("authorization", "")).removeprefix("Bearer ")
        self.seen.append(token)
        self.may_answer.wait(9)
        if self.is_down:
            context.abort(grpc.StatusCode.UNAVAILABLE, "no service")
        if not token or self.refuses(token):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no such token")
        return token.encode()

    def _stream(self, context: Any) -> Iterator[bytes]:
        yield self._unary(context)
