"""What a call costs with a fresh token in memory, over a null transport, against the same call with a static header.

Both kinds of call alternate in small batches within one process: a machine that slows down slows both, and what
is printed is the median of the batches' ratios. The client is the same object in both, and so is what it sends.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version

import httpx
import httpx2
import requests
from requests.adapters import BaseAdapter

from oauth_cc_auth import ClientCredentials, HttpxAuth, RequestsAuth, TokenSource

URL = "https://api.example.com/v1/things"
BATCHES, CALLS = 300, 30


class NullAdapter(BaseAdapter):
    """Answers requests' requests without a wire."""

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        """Return an empty 200."""
        response = requests.Response()
        response.status_code = 200
        response.request = request
        response.url = str(request.url)
        response._content = b""  # noqa: SLF001 - read already
        return response

    def close(self) -> None:
        """Nothing is open."""


def token_response(library: str) -> Callable[[object], object]:
    """Return a transport handler that answers the token request."""
    answer = {"access_token": "t" * 800, "expires_in": 86_400}
    module = {"httpx": httpx, "httpx2": httpx2}[library]
    return lambda _request: module.Response(200, json=answer)


def auths(grant: ClientCredentials) -> tuple[RequestsAuth, HttpxAuth]:
    """Return both doors on one source, its token fetched."""
    client = httpx.Client(transport=httpx.MockTransport(token_response("httpx")))  # type: ignore[arg-type]
    source = TokenSource(grant, client=client)
    source.token()
    return RequestsAuth(source), HttpxAuth(source)


def compare(ours: Callable[[], object], static: Callable[[], object]) -> tuple[float, float]:
    """Return the median ratio ours / static and the static call's median in microseconds."""
    ratios, base = [], []
    for batch in range(BATCHES):
        first, second = (ours, static) if batch % 2 else (static, ours)
        times = {id(call): _time(call) for call in (first, second)}
        ratios.append(times[id(ours)] / times[id(static)])
        base.append(times[id(static)] / CALLS * 1e6)
    return statistics.median(ratios), statistics.median(base)


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return time.perf_counter() - start


async def compare_async(
    ours: Callable[[], Awaitable[object]], static: Callable[[], Awaitable[object]]
) -> tuple[float, float]:
    """Do the same on asyncio."""
    ratios, base = [], []
    for batch in range(BATCHES):
        first, second = (ours, static) if batch % 2 else (static, ours)
        times = {id(call): await _time_async(call) for call in (first, second)}
        ratios.append(times[id(ours)] / times[id(static)])
        base.append(times[id(static)] / CALLS * 1e6)
    return statistics.median(ratios), statistics.median(base)


async def _time_async(call: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return time.perf_counter() - start


def measure_requests(auth: RequestsAuth, header: dict[str, str], *, trust_env: bool) -> tuple[float, float]:
    """Compare a call of a requests.Session; with trust_env it looks for a netrc file where no auth is given."""
    with requests.Session() as session:
        session.trust_env = trust_env
        session.mount("https://", NullAdapter())
        return compare(lambda: session.get(URL, auth=auth), lambda: session.get(URL, headers=header))


def measure_httpx(module: object, auth: HttpxAuth, header: dict[str, str]) -> tuple[float, float]:
    """Compare a call of an httpx or httpx2 Client."""
    answer = module.Response  # type: ignore[attr-defined]
    with module.Client(transport=module.MockTransport(lambda _: answer(200))) as client:  # type: ignore[attr-defined]
        return compare(lambda: client.get(URL, auth=auth), lambda: client.get(URL, headers=header))


def measure_async(module: object, auth: HttpxAuth, header: dict[str, str]) -> tuple[float, float]:
    """Compare a call of an httpx or httpx2 AsyncClient."""

    async def run() -> tuple[float, float]:
        answer = module.Response  # type: ignore[attr-defined]
        transport = module.MockTransport(lambda _: answer(200))  # type: ignore[attr-defined]
        async with module.AsyncClient(transport=transport) as client:  # type: ignore[attr-defined]
            return await compare_async(lambda: client.get(URL, auth=auth), lambda: client.get(URL, headers=header))

    return asyncio.run(run())


def main() -> None:
    """Print one Markdown table."""
    grant = ClientCredentials(token_endpoint="https://as.example.com/token", client_id="id", client_secret="secret")
    requests_auth, httpx_auth = auths(grant)
    header = {"Authorization": "Bearer " + "t" * 800}
    rows = {
        "requests": lambda: measure_requests(requests_auth, header, trust_env=True),
        "requests, trust_env=False": lambda: measure_requests(requests_auth, header, trust_env=False),
        "httpx, sync": lambda: measure_httpx(httpx, httpx_auth, header),
        "httpx, async": lambda: measure_async(httpx, httpx_auth, header),
        "httpx2, sync": lambda: measure_httpx(httpx2, httpx_auth, header),
        "httpx2, async": lambda: measure_async(httpx2, httpx_auth, header),
    }
    versions = ", ".join(f"{name} {version(name)}" for name in ("authlib", "requests", "httpx", "httpx2"))
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs; {versions}\n")
    print("| client | static header, µs a call | with our auth, ratio |")
    print("| --- | ---: | ---: |")
    gc.collect()
    gc.disable()
    for name, measure in rows.items():
        measure()  # warm up
        ratio, base = measure()
        print(f"| {name} | {base:.0f} | {ratio:.3f} |", flush=True)
