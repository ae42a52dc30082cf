"""gRPC over TLS, to a service that asks node-oidc-provider about each token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import oidc_provider
import pytest
import tls
from grpc_service import Service
from oidc_provider import METHODS, OidcProvider

from oauth_cc_auth import Certificate, ResourceServer, TokenSource
from oauth_cc_auth.grpc import GrpcAuth

certificates = tls.certificates
provider, running_provider = oidc_provider.provider, oidc_provider.running_provider


@contextmanager
def opened(service: Service, auth: GrpcAuth) -> Iterator[Any]:
    """Open a channel whose calls present a token, and renew one that is refused; return what calls the service."""
    with grpc.secure_channel(service.target, service.credentials(auth)) as channel:
        yield grpc.intercept_channel(channel, auth.interceptor).unary_unary("/acme.Api/UnaryUnary")


@pytest.fixture
def service(certificates: tls.Certificates, provider: OidcProvider) -> Iterator[Service]:
    """A service that accepts what the server calls active."""
    running = Service(certificates)
    running.refuses = lambda token: not provider.introspect(token)["active"]  # type: ignore[method-assign]  # a test's
    yield running
    running.server.stop(None).wait()


@pytest.mark.parametrize("name", [*METHODS, "tls", "own-tls"])
def test_a_call(provider: OidcProvider, service: Service, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each client authentication method gets a call through; once the token is revoked, one renewal does."""
    changes: dict[str, Any] = {}
    if "tls" in name:
        pem = provider.client_certificate if name == "tls" else provider.own_certificate
        changes = {"token_endpoint": f"{provider.secure}/token", "certificate": Certificate(str(pem))}
        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(variable, str(provider.authority))
    api = ResourceServer(f"https://{service.target}")
    source = TokenSource(provider.grant(name, resource_server=api, **changes))
    with opened(service, GrpcAuth(source)) as call:
        first = call(b"")
        assert first.decode() == source.token().access_token
        provider.revoke(first.decode())
        provider.asked()
        assert call(b"") != first
    assert [request["status"] for request in provider.asked()["token"]] == [200]
    assert [token.encode() == first for token in service.seen] == [True, True, False]
