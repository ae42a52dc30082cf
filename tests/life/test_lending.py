"""Tests of what a sender makes of failures, and of connections that are not its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import requests

from oauth_cc_auth import TokenEndpointUnavailable
from oauth_cc_auth._http.bounds import Bounds
from oauth_cc_auth._http.by_httpx import _Reading
from oauth_cc_auth._http.by_requests import _bounded_pool
from oauth_cc_auth._http.lending import failures
from oauth_cc_auth._http.proxies import without_passwords


def test_a_mock_that_was_not_told_fails_its_test() -> None:
    """An AssertionError of a mock is no failure of the network."""
    with pytest.raises(AssertionError, match="not told"), failures():
        raise AssertionError("not told")


def test_a_proxy_that_failed_is_named() -> None:
    """Where a proxy could not be reached, the message says that it was the proxy, beside the innermost reason."""
    error = requests.exceptions.ProxyError("no tunnel")
    error.__cause__ = ConnectionRefusedError("refused")
    with pytest.raises(TokenEndpointUnavailable, match=r"\(ProxyError, ConnectionRefusedError: refused\)"), failures():
        raise error


def test_a_pool_of_another_kind_is_left_as_it_is() -> None:
    """What an adapter of a user's own hands out instead of urllib3's pool is not touched."""
    pool = object()
    assert _bounded_pool(pool, Bounds(1.0)) is pool


def test_only_the_connection_of_our_request_is_bounded() -> None:
    """In a lent client's pool, connections of other requests read on as ever, and ours does so again afterwards."""
    extensions: dict[str, Any] = {}

    def stream() -> Any:
        return SimpleNamespace(read=lambda max_bytes, timeout: bytes(max_bytes))

    def waiting(connection: Any, extensions: dict[str, Any]) -> Any:
        return SimpleNamespace(request=SimpleNamespace(extensions=extensions), connection=connection)

    ours, others = stream(), stream()
    before = others.read
    connection = SimpleNamespace(_connection=SimpleNamespace(_network_stream=ours))
    requests_waiting = [
        waiting(SimpleNamespace(_network_stream=others), {}),
        waiting(connection, extensions),
        waiting(None, extensions),
    ]
    reading = _Reading(Bounds(1.0))
    with reading:
        reading.watch(SimpleNamespace(_pool=SimpleNamespace(_requests=requests_waiting)), extensions)
        for event in ("connection.connect_tcp.started", *["http11.send_request_headers.started"] * 2):
            extensions["trace"](event, {})
        assert len(ours.read(2, timeout=9.0)) == 2
        assert others.read is before
        assert reading._streams == [ours], "once"
    assert not hasattr(ours, "read"), "what was set for our request is gone"


def test_a_password_of_one_letter_hides_no_text() -> None:
    """A part of a password that is as short as a letter is not masked: it would make the message unreadable."""
    assert without_passwords("an example", ["http://user:e@proxy"]) == "an example"
