"""The HTTP clients of the demonstration, each with one call and with many at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import httpx
import requests
from requests.adapters import HTTPAdapter

from oauth_cc_auth import HttpxAuth, RequestsAuth
from oauth_cc_auth.cli._vendors import Grant

CALLERS = 32
# Everything is on this machine: a call that takes longer hangs.
TIMEOUT = 5.0


class Client(Protocol):
    """An HTTP client with our auth."""

    def call(self, method: str, url: str, json: object) -> int:
        """Send one request and return the status of its answer."""
        ...

    def calls_at_once(self, method: str, url: str, json: object) -> list[int]:
        """Send `CALLERS` requests at the same moment and return the statuses."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class WithRequests:
    """A session of requests, used by threads."""

    def __init__(self, grant: Grant) -> None:
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_maxsize=CALLERS))
        self._session.auth = RequestsAuth(grant)

    def call(self, method: str, url: str, json: object) -> int:
        return self._session.request(method, url, json=json, timeout=TIMEOUT).status_code

    def calls_at_once(self, method: str, url: str, json: object) -> list[int]:
        return _in_threads(lambda: self.call(method, url, json))

    def close(self) -> None:
        self._session.close()


class WithHttpx:
    """A client of httpx, used by threads."""

    def __init__(self, grant: Grant) -> None:
        self._client = httpx.Client(auth=HttpxAuth(grant), timeout=TIMEOUT)

    def call(self, method: str, url: str, json: object) -> int:
        return self._client.request(method, url, json=json).status_code

    def calls_at_once(self, method: str, url: str, json: object) -> list[int]:
        return _in_threads(lambda: self.call(method, url, json))

    def close(self) -> None:
        self._client.close()


class WithAsyncHttpx:
    """An async client of httpx, used by the tasks of one event loop."""

    def __init__(self, grant: Grant) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = httpx.AsyncClient(auth=HttpxAuth(grant), timeout=TIMEOUT)

    def call(self, method: str, url: str, json: object) -> int:
        return self._loop.run_until_complete(self._client.request(method, url, json=json)).status_code

    def calls_at_once(self, method: str, url: str, json: object) -> list[int]:
        async def gathered() -> list[httpx.Response | BaseException]:
            calls = (self._client.request(method, url, json=json) for _ in range(CALLERS))
            # All end before a failure is told: what went on would be counted to the next check.
            return await asyncio.gather(*calls, return_exceptions=True)

        return _statuses(self._loop.run_until_complete(gathered()))

    def close(self) -> None:
        async def end() -> None:
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:  # what Ctrl-C has left: the loop would say of each that it is destroyed
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            await self._client.aclose()

        self._loop.run_until_complete(end())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


CLIENTS: dict[str, Callable[[Grant], Client]] = {
    "requests": WithRequests,
    "httpx": WithHttpx,
    "httpx async": WithAsyncHttpx,
}


def _in_threads(call: Callable[[], int]) -> list[int]:
    together = threading.Barrier(CALLERS)

    def caller() -> int:
        together.wait()
        return call()

    with ThreadPoolExecutor(CALLERS) as pool:
        try:
            return [future.result() for future in [pool.submit(caller) for _ in range(CALLERS)]]
        except BaseException:
            together.abort()  # where Ctrl-C came before they were all there, they would wait for the rest for ever
            raise


def _statuses(outcomes: list[httpx.Response | BaseException]) -> list[int]:
    """Return the statuses, or raise what a call has raised: Ctrl-C before the failures that it brought about."""
    raised = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for error in sorted(raised, key=lambda error: isinstance(error, Exception)):
        raise error
    return [outcome.status_code for outcome in outcomes if isinstance(outcome, httpx.Response)]
