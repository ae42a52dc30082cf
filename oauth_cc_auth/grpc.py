"""GrpcAuth for gRPC: ``grpc.metadata_call_credentials(GrpcAuth(grant))``, and interceptors that renew a refused token.

    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(), grpc.metadata_call_credentials(auth := GrpcAuth(grant))
    )
    channel = grpc.intercept_channel(grpc.secure_channel("api.example.com:443", credentials), auth.interceptor)

The plugin presents the token; it sees no answer. An interceptor does: it rejects a token that the server answers with
UNAUTHENTICATED, and sends a unary call once more. A stream is not sent again, but its next call has another token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._text import needs

try:
    import grpc
    import grpc.aio
except ImportError as error:  # pragma: no cover - tried in an interpreter of its own by tests/package/test_import.py
    message = needs("GrpcAuth", "grpcio", "grpc")
    raise ImportError(message) from error

from oauth_cc_auth._auth import Auth
from oauth_cc_auth._http.grpc_messages import AIO_STREAMS, AioUnaryUnary, Interceptor
from oauth_cc_auth._http.origin import place_of
from oauth_cc_auth._raising import raised_as
from oauth_cc_auth._resource_server.presentation import own_headers
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx
    import httpx2
    import requests

    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth.stores import TokenStore


class GrpcAuth(Auth, grpc.AuthMetadataPlugin):  # type: ignore[misc]  # grpcio has no types
    """Authenticate gRPC calls with a token that is fetched once, shared, and renewed before anybody waits.

    Takes a grant or a `TokenSource`. `store`, `session` (a requests.Session) or `client` (an httpx.Client) and
    `timeout` are those of `TokenSource`. The token goes where the grant's `ResourceServer` allows: name the service's
    address in it, as ``https://api.example.com``. gRPC sends metadata over TLS only.
    """

    _made = Auth._made | {"aio_interceptor", "aio_interceptors", "interceptor"}  # noqa: SLF001 - its base

    def __init__(
        self,
        grant: Grant | TokenSource,
        /,
        *,
        store: TokenStore | None = None,
        session: requests.Session | None = None,
        client: httpx.Client | httpx2.Client | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigurationError, naming the argument."""
        self._open(source_of(grant, store=store, session=session, client=client, timeout=timeout))
        if not self._serving.presenter.constant:
            message = "GrpcAuth: a gRPC call has no place for the proofs of DPoP; use a grant without dpop="
            raise ConfigurationError(message)

    def __call__(self, context: Any, callback: Callable[[Any, Exception | None], None]) -> None:
        """Hand over the metadata of one call, or the error; gRPC calls this in a thread that may wait."""
        url = context.service_url
        sent = None if self._has_more else self._serving.ready(place_of(url))
        try:
            headers = self._headers(url) if sent is None else sent.headers
        except Exception as error:  # noqa: BLE001 - gRPC wants each call back exactly once
            callback(None, error)
        else:
            callback(tuple([(name.lower(), str(value)) for name, value in headers.items()]), None)

    def _headers(self, url: str) -> Mapping[str, str]:
        serving = self._serving
        with raised_as(grpc.RpcError, lambda: None):
            serving.admit(url)
            presented = serving.present("POST", url, serving.obtain(None), place_of(url)).headers
            return {**own_headers(serving.resource_server), **presented}

    @cached_property
    def interceptor(self) -> Interceptor:
        """What renews a token that the server refuses, for `grpc.intercept_channel`."""
        return Interceptor(self._source)

    @cached_property
    def aio_interceptor(self) -> AioUnaryUnary:
        """The same for unary calls of `grpc.aio`, one of its channel's ``interceptors=``; streams have their own."""
        return AioUnaryUnary(self._source)

    @cached_property
    def aio_interceptors(self) -> list[grpc.aio.ClientInterceptor]:
        """All interceptors for `grpc.aio`: ``grpc.aio.secure_channel(..., interceptors=auth.aio_interceptors)``."""
        return [self.aio_interceptor, *(kind(self._source) for kind in AIO_STREAMS)]
