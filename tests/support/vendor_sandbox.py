"""Vendors as the sandbox plays them, asked by hand, and one more that a test makes up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from oauth_cc_auth.sandbox import VENDORS, Sandbox, Vendor

FORM = {"grant_type": "client_credentials"}
POST = FORM | {"client_id": "id", "client_secret": "secret"}
BASIC = ("id", "secret")


class Clock:
    """A clock that stands still until it is turned."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock for one test."""
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """A sandbox where every vendor knows one client."""
    with Sandbox(clock=clock) as running:
        for vendor in VENDORS:
            running.register_client(vendor.name, "id" if vendor.knows_clients_by_id else None, "secret")
        yield running


@pytest.fixture
def play() -> Any:
    """Play one more vendor, as if its file were there."""

    def played(sandbox: Sandbox, **changes: Any) -> Vendor:
        known: dict[str, Any] = {"token_endpoints": ("as.odd.example/token",), "apis": ("api.odd.example/",)}
        vendor = Vendor("odd", source="https://odd.example", **(known | changes))
        sandbox.add(vendor)
        sandbox.register_client("odd", "id" if vendor.knows_clients_by_id else None, "secret")
        return vendor

    return played


ODD = "https://as.odd.example/token"
ODD_API = "https://api.odd.example/x"


def ask(sandbox: Sandbox, url: str, method: str = "POST", **kwargs: Any) -> requests.Response:
    """Send a request to an OAuth endpoint."""
    return requests.request(method, sandbox.url(url), **kwargs, timeout=5, allow_redirects=False)


def call(sandbox: Sandbox, url: str, token: str, **kwargs: Any) -> requests.Response:
    """Call an API with this token."""
    headers = {"Authorization": f"Bearer {token}"} | kwargs.pop("headers", {})
    return requests.get(sandbox.url(url), headers=headers, timeout=5, allow_redirects=False, **kwargs)
