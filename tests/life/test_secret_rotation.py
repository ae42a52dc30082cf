"""A client secret is exchanged under load, and the old one is dead at once (case 39), against the sandbox."""

from __future__ import annotations

import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import requests
from doors import landed
from loopback import Clock
from requests.adapters import HTTPAdapter
from timing import eventually

from oauth_cc_auth import (
    ClientCredentials,
    Env,
    File,
    HttpxAuth,
    InvalidClient,
    OAuthError,
    RequestsAuth,
    ResourceServer,
    TokenSource,
)
from oauth_cc_auth.sandbox import Sandbox
from oauth_cc_auth.sandbox._records import Record

THREADS = 32

# Seconds that the token endpoint takes: its client's secret dies after it was sent, and before it is looked at.
DELAY = 0.04

# Seconds between a vendor's rotation and the moment when the new secret is mounted.
LATE = 0.3

# Calls the API and returns the status.
Get: TypeAlias = Callable[[TokenSource], int]

Mount: TypeAlias = Callable[[str], object]


@contextmanager
def opened(library: str, url: str) -> Iterator[Get]:
    """Open one client of this library for all threads."""
    if library == "requests":
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
            yield lambda source: session.get(url, auth=RequestsAuth(source), timeout=20).status_code
    else:
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with httpx.Client(verify=no_tls, trust_env=False, timeout=20) as client:
            yield lambda source: client.get(url, auth=HttpxAuth(source)).status_code


@contextmanager
def called(get: Get, *sources: TokenSource) -> Iterator[Counter[object]]:
    """Call the API in 32 threads, with one source after the other; count the answers and the failures."""
    outcomes, over = Counter[object](), threading.Event()

    def outcome(source: TokenSource) -> object:
        try:
            return get(source)
        except OAuthError as error:
            return repr(error)

    def call() -> None:
        while not over.wait(0.02):
            for source in sources:
                outcomes[outcome(source)] += 1

    threads = [threading.Thread(target=call) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        over.set()
        for thread in threads:
            thread.join(20)


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, Mount]]:
    """Return a secret of each sort with its first value, and what exchanges it."""
    file, held = tmp_path / "secret", ["callable 0"]

    def mount(secret: str) -> None:
        file.with_suffix(".new").write_text(f"{secret}\n", encoding="utf-8")
        file.with_suffix(".new").replace(file)

    mount("file 0")
    monkeypatch.setenv("VENDOR_SECRET", "env 0")
    return {
        "env": (Env("VENDOR_SECRET"), lambda secret: monkeypatch.setenv("VENDOR_SECRET", secret)),
        "file": (File(file), mount),
        "callable": (lambda: held[-1], held.append),
    }


def grant_at(sandbox: Sandbox, client_id: str, secret: Any) -> ClientCredentials:
    """Return a grant whose form says which client asks."""
    return sandbox.grant(
        ClientCredentials(
            token_endpoint="https://as.example.com/token",
            client_id=client_id,
            client_secret=secret,
            token_endpoint_auth_method="client_secret_post",
            resource_server=ResourceServer("https://api.example.com"),
        )
    )


def rotate(sandbox: Sandbox, source: TokenSource, mount: Mount, over: threading.Event) -> None:
    """Exchange the secret while each token request is on its way: at the server first, or where it is mounted first."""
    assert isinstance(source.grant, ClientCredentials)
    number, last = 0, None
    while not over.wait(DELAY / 20):
        flight = source._serving.live.flight
        if flight is None or flight is last:
            continue
        over.wait(DELAY / 4)  # until the old one is read and sent
        number, last = number + 1, flight
        secret = f"{source.grant.client_id} {number}"
        if number % 2:
            sandbox.rotate_secret(source.grant, secret)
        mount(secret)
        sandbox.rotate_secret(source.grant, secret)


@pytest.mark.endurance
@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_no_call_fails(library: str, secrets: dict[str, tuple[Any, Mount]]) -> None:
    """32 threads, tokens of two seconds, and a secret that dies whenever it was sent: it is read again, and no call
    fails, wherever the secret comes from and whether the server or the client has the new one first.
    """
    answers: Counter[tuple[str | None, int]] = Counter()

    def see(record: Record) -> None:
        if record.kind == "token":
            answers[record.form.get("client_id"), record.status] += 1

    with Sandbox(on_request=see) as sandbox, opened(library, sandbox.url("https://api.example.com/x")) as get:
        sandbox.lifetime, sandbox.delay = 2.0, DELAY
        sources = {name: TokenSource(grant_at(sandbox, name, secret)) for name, (secret, _) in secrets.items()}
        over = threading.Event()
        rotations = [
            threading.Thread(target=rotate, args=(sandbox, source, secrets[name][1], over))
            for name, source in sources.items()
        ]
        for thread in rotations:
            thread.start()
        with called(get, *sources.values()) as outcomes:
            time.sleep(4.0)
        over.set()
        for thread in rotations:
            thread.join(20)
    assert set(outcomes) == {200}
    for name in secrets:
        assert answers[name, 200] >= 2
        assert 1 <= answers[name, 401] <= answers[name, 200] + 1, "each renewal is refused once at most"


@pytest.mark.parametrize(("library", "name"), [("requests", "env"), ("httpx", "file"), ("requests", "callable")])
def test_a_secret_that_is_mounted_late(library: str, name: str, secrets: dict[str, tuple[Any, Mount]]) -> None:
    """The old secret dies 0.3 s before the new one is mounted, just when a token is due: it is served on meanwhile, and
    no call of 32 threads fails.
    """
    clock, (secret, mount) = Clock(), secrets[name]
    with Sandbox() as sandbox, opened(library, sandbox.url("https://api.example.com/x")) as get:
        source = TokenSource(grant_at(sandbox, name, secret), clock=clock)
        assert get(source) == 200
        with called(get, source) as outcomes:
            sandbox.rotate_secret(source.grant, "new")
            clock.now += 3600 * 0.83
            eventually(lambda: sandbox.token_requests == 2)
            landed(source)
            time.sleep(LATE)
            mount("new")
            # Asked for again when the refusal is forgotten, after 5 s, and the pause of a failed renewal is over.
            clock.now += 3600 * 0.01
            eventually(lambda: sandbox.token_requests == 3)
            landed(source)
        assert set(outcomes) == {200}
        assert sandbox.token_requests == 3


def test_a_secret_that_is_mounted_after_the_end_of_the_token(secrets: dict[str, tuple[Any, Mount]]) -> None:
    """Where no token lives any more, calls fail as long as the new secret is not there, and a second longer at most."""
    clock, (secret, mount) = Clock(), secrets["file"]
    with Sandbox() as sandbox, opened("requests", sandbox.url("https://api.example.com/x")) as get:
        source = TokenSource(grant_at(sandbox, "file", secret), clock=clock)
        assert get(source) == 200
        sandbox.rotate_secret(source.grant, "new")
        clock.now += 3600
        with pytest.raises(InvalidClient):
            get(source)
        clock.now += 1
        with pytest.raises(InvalidClient):
            get(source)
        assert sandbox.token_requests == 2, "what was refused is not sent again"
        mount("new")
        with pytest.raises(InvalidClient):
            get(source)
        clock.now += 1
        assert get(source) == 200
        assert sandbox.token_requests == 3
