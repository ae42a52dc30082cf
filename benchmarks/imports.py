"""What it takes to import a library, and to get through the first call, over doing it with the HTTP library alone."""

from __future__ import annotations

import time

from benchmarks.child import in_child
from benchmarks.peers import BY_NAME, PEERS, blocking, one
from benchmarks.server import Knobs, Place

_ROUNDS = 7


def imported(statement: str) -> float:
    """Return the seconds that an import statement takes in a fresh interpreter."""
    start = time.perf_counter()
    exec(statement, {})  # noqa: S102 - the statements are in peers.py
    return time.perf_counter() - start


def first_call(name: str, place: list[str]) -> float:
    """Return the seconds from the import to the first 200, token request included."""
    start = time.perf_counter()
    response = blocking(BY_NAME[name], Place(*place))()
    seconds = time.perf_counter() - start
    assert response.status_code == 200
    return seconds


def first_bare_call(library: str, place: list[str]) -> float:
    """Return the seconds from the import of an HTTP library to its first answer."""
    start = time.perf_counter()
    one(library, "Session" if library == "requests" else "Client").get(Place(*place).api)
    return time.perf_counter() - start


def measure(place: Place) -> dict[str, list[float]]:
    """Return for every peer both ratios; all take turns, so that a slow moment of the machine meets all."""
    Knobs(place).reset()
    libraries = sorted({peer.library for peer in PEERS})
    seconds: dict[tuple[str, str], list[float]] = {}
    for _ in range(_ROUNDS):
        for library in libraries:
            seconds.setdefault(("import", library), []).append(in_child(imported, f"import {library}"))
            seconds.setdefault(("call", library), []).append(in_child(first_bare_call, library, place))
        for peer in PEERS:
            seconds.setdefault(("import", peer.name), []).append(in_child(imported, peer.imports))
            seconds.setdefault(("call", peer.name), []).append(in_child(first_call, peer.name, place))
    # What else the machine does only adds to it.
    fastest = {key: min(values) for key, values in seconds.items()}
    return {
        peer.name: [fastest[what, peer.name] / fastest[what, peer.library] for what in ("import", "call")]
        for peer in PEERS
    }
