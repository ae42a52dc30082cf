"""A null transport: each HTTP library is cut where it would open a connection, for all libraries alike."""

from __future__ import annotations

import json
from importlib import import_module
from io import BytesIO
from types import SimpleNamespace
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


def cut(library: str) -> None:
    """Let nothing out of this process any more: a POST is granted a token, a GET is answered by an empty 200."""
    _cut_requests(import_module("requests"), import_module("urllib3").HTTPResponse)
    for name in ("httpx", "httpx2"):
        _cut_httpx(import_module(name))
    if library == "niquests":
        _cut_niquests()
    if library == "aiohttp":
        _cut_aiohttp()


def _cut_requests(library: Any, raw: Any) -> Any:
    def send(self: Any, request: Any, *_: object, **__: object) -> Any:
        response = library.Response()
        response.status_code, response.request, response.url = 200, request, str(request.url)
        response.connection = self
        if body := _body(str(request.method), response.url):
            response.raw = raw(BytesIO(body), status=200, preload_content=False)
        else:
            response.raw, response._content = raw(b"", status=200), b""  # noqa: SLF001 - read already
        return response

    library.adapters.HTTPAdapter.send = send
    return send


def _cut_httpx(library: Any) -> None:
    def handle(_: Any, request: Any) -> Any:
        body = _body(request.method, str(request.url)) if request.method == "POST" else b""
        return library.Response(200, content=body)

    async def handle_async(_: Any, request: Any) -> Any:
        return handle(_, request)

    library.HTTPTransport.handle_request = handle
    library.AsyncHTTPTransport.handle_async_request = handle_async


def _cut_niquests() -> None:
    import niquests

    send = _cut_requests(niquests, lambda *_, **__: SimpleNamespace())

    async def send_async(self: Any, request: Any, *_: object, **__: object) -> Any:
        return send(self, request)

    niquests.async_session.AsyncHTTPAdapter.send = send_async  # type: ignore[method-assign, assignment]


def _cut_aiohttp() -> None:
    import aiohttp
    from aiohttp.http import HttpVersion11, RawResponseMessage
    from aiohttp.streams import EMPTY_PAYLOAD
    from multidict import CIMultiDict, CIMultiDictProxy

    answer = RawResponseMessage(
        *(HttpVersion11, 200, "OK", CIMultiDictProxy(CIMultiDict()), ()),
        *(False, None, False, False),
    )

    class Protocol:
        """What aiohttp writes to and reads from."""

        transport = SimpleNamespace(is_closing=lambda: False, write=lambda _: None, writelines=lambda _: None)
        writing_paused = upgraded = False

        def set_response_params(self, **_: object) -> None:
            pass

        def start_timeout(self) -> None:
            pass

        async def read(self) -> Any:
            return answer, EMPTY_PAYLOAD

    connection = SimpleNamespace(protocol=Protocol(), _connector=SimpleNamespace(force_close=False))
    connection.release = connection.close = lambda: None

    async def connect(*_: object, **__: object) -> Any:
        return connection

    aiohttp.TCPConnector.connect = connect  # type: ignore[method-assign, assignment]  # for this process
