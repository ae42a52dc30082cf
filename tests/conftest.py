"""What holds for every test: none sees another's token, the developer's secrets, or the developer's home."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import settings
from joserfc._rfc7517 import pem

from oauth_cc_auth import forget_all, presets
from oauth_cc_auth._authorization_server import retry
from oauth_cc_auth._grant import hashes

# How many examples a property is tried with. Nothing is kept between runs, and a busy machine is no failure.
settings.register_profile(
    "package", max_examples=int(os.environ.get("OAUTH_CC_AUTH_EXAMPLES", "50")), deadline=None, database=None
)
settings.load_profile("package")

SCRYPT = hashlib.scrypt
HOMES = count()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run half as many workers again as there are cores: a test waits for others for a third of its time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + cores // 2


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of each garbage collection: it stays, and there is much of it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def cheap_hashes() -> Iterator[None]:
    """Hash secrets at a hundredth of the cost: these hashes tell secrets apart as well, and nobody guesses at them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashlib, "scrypt", partial(_at_low_cost, SCRYPT))
        yield


def _at_low_cost(scrypt: Callable[..., bytes], secret: bytes, **cost: Any) -> bytes:
    return scrypt(secret, **{**cost, "n": 2})


@pytest.fixture
def full_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash secrets at their full cost, as another process does that shares a store with the test."""
    monkeypatch.setattr(hashlib, "scrypt", SCRYPT)
    hashes._remembered.clear()
    yield
    hashes._remembered.clear()


FIRST_PAUSE = retry._FIRST_PAUSE


@pytest.fixture(autouse=True, scope="session")
def short_pauses() -> Iterator[None]:
    """Wait a twentieth of the time before a failed token request is repeated: how often that is done stays the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retry, "_FIRST_PAUSE", FIRST_PAUSE / 20)
        yield


@pytest.fixture
def full_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long as a program does before a failed token request is repeated."""
    monkeypatch.setattr(retry, "_FIRST_PAUSE", FIRST_PAUSE)


@pytest.fixture(autouse=True, scope="session")
def cheap_keys() -> Iterator[None]:
    """Read each private key once: whether its numbers are primes takes longer to find out than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (serialization, pem):
            patch.setattr(module, "load_pem_private_key", cache(serialization.load_pem_private_key))
        yield


@cache
def read_by_presets() -> frozenset[str]:
    """Return each environment variable that a preset reads."""
    named = (presets.variables_of(name).values() for name in presets.__all__)
    return frozenset(variable for several in named for variables in several for variable in variables)


@pytest.fixture(autouse=True)
def cold_start(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Start and end with no token in memory, no vendor's variables in the environment, and an empty home.

    A client finds no certificate authorities: to load them takes longer than most tests.
    """
    for name in os.environ:
        ours = name.startswith(("XDG_", "OAUTH_CC_AUTH_SANDBOX", "OAUTH_CC_AUTH_STORE", "OAUTH_CC_AUTH_PROFILE"))
        if ours or name in read_by_presets():
            monkeypatch.delenv(name)
    if "tmp_path" in request.fixturenames:
        home = Path(request.getfixturevalue("tmp_path"))
    else:  # a folder without the marks and the cleaning up of `tmp_path`, which most tests do not need
        home = tmp_path_factory.getbasetemp() / f"home-{next(HOMES)}"
        home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(home))
    forget_all()
    yield
    forget_all()
