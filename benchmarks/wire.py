"""A null transport: requests, httpx and httpx2 are cut where they would open a connection, for all libraries alike."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from benchmarks.server import LIFETIME

NOWHERE = ("https://as.example.com/token", "https://api.example.com/v1/things", "https://as.example.com/tenant", "")
TOKEN = "t" * 800

_GRANTED = json.dumps({"access_token": TOKEN, "token_type": "Bearer", "expires_in": LIFETIME}).encode()
_DISCOVERED = json.dumps(
    {"issuer": NOWHERE[2], "token_endpoint": f"{NOWHERE[2]}/token", "authorization_endpoint": f"{NOWHERE[2]}/authorize"}
).encode()


def _body(method: str, url: str) -> bytes:
    if method == "POST":
        return _GRANTED
    return _DISCOVERED if url.endswith("openid-configuration") else b""


def cut() -> None:
    """Let nothing out of this process any more: a POST is granted a token, a GET is answered by an empty 200."""
    import httpx
    import httpx2
    import requests
    from urllib3 import HTTPResponse

    def send(self: Any, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, str(request.url)
        response.connection = self
        if body := _body(str(request.method), response.url):
            response.raw = HTTPResponse(BytesIO(body), status=200, preload_content=False)
        else:
            response._content = b""  # noqa: SLF001 - read already
        return response

    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign, assignment]
    for library in (httpx, httpx2):
        _cut(library)


def _cut(httpx: Any) -> None:
    def handle(_: Any, request: Any) -> Any:
        body = _body(request.method, str(request.url)) if request.method == "POST" else b""
        return httpx.Response(200, content=body)

    async def handle_async(_: Any, request: Any) -> Any:
        return handle(_, request)

    httpx.HTTPTransport.handle_request = handle
    httpx.AsyncHTTPTransport.handle_async_request = handle_async
