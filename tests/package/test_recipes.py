"""The recipes for a framework, run as an application of it: by `make recipes`, which has the frameworks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import httpx
import pytest
import requests
from blocks import blocks

import oauth_cc_auth
from oauth_cc_auth import MemoryStore, presets
from oauth_cc_auth.sandbox import Sandbox


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox in place of every vendor, a store in place of Redis, and a text in place of a mounted secret."""
    monkeypatch.setattr(oauth_cc_auth, "RedisStore", lambda _: MemoryStore())
    monkeypatch.setattr(oauth_cc_auth, "File", lambda _: "secret")
    for name in ("CLIENT_ID", "CLIENT_SECRET", "ACCOUNT_ID"):
        monkeypatch.setenv(f"ZOOM_{name}", "made-up")
    with Sandbox() as sandbox:
        sandbox.grant(presets.zoom())
        sandbox.register_client("as.example.com", "orders", "secret")
        send, handle = requests.adapters.HTTPAdapter.send, httpx.AsyncHTTPTransport.handle_async_request

        def send_there(adapter: Any, request: requests.PreparedRequest, **how: Any) -> requests.Response:
            request.url = sandbox.url(str(request.url))
            return send(adapter, request, **how)

        async def handle_there(transport: Any, request: httpx.Request) -> httpx.Response:
            request.url = httpx.URL(sandbox.url(str(request.url)))
            request.headers["Host"] = request.url.netloc.decode()
            return await handle(transport, request)

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send_there)
        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle_there)
        yield sandbox


def run(library: str) -> dict[str, Any]:
    """Run the recipe that imports this library, and return its names."""
    (block,) = (
        block for name, block in blocks().items() if name.startswith("recipes") and f"import {library}" in block
    )
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(block, "recipe", "exec"), names)  # noqa: S102 - that is the point
    return names


if find_spec("fastapi"):

    def test_fastapi(vendors: Sandbox) -> None:
        """The application starts with a token, answers its calls by the API, and tells its health."""
        testing = import_module("fastapi.testclient")
        with testing.TestClient(run("FastAPI")["app"]) as client:
            assert vendors.token_requests == 1
            answers = [client.get(f"/orders/{number}").json() for number in range(3)]
            assert answers == [{"status": 200}] * 3
            health = client.get("/health")
            assert (health.status_code, health.json()["token"]) == (200, "fresh")
        assert vendors.token_requests == 1


if find_spec("celery"):

    def test_celery(vendors: Sandbox) -> None:
        """The task calls the API, and retries where the token endpoint is unavailable."""
        names = run("Celery")
        names["app"].conf.task_always_eager = True
        names["count_users"].retry_backoff = False
        vendors.fail("token", times=4)  # all attempts of the first try
        result = names["count_users"].apply()
        assert result.successful(), result.traceback
        assert (vendors.token_requests, vendors.count("api")) == (5, 1)
