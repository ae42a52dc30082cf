"""Tests of the environment's proxies: which take plain http, and that none of their passwords is shown."""

from __future__ import annotations

import pytest

from oauth_cc_auth import InsecureTransport, ResourceServer
from oauth_cc_auth._http.proxies import addresses, proxy_of_environment, without_passwords


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without any."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"HTTPS_PROXY": "http://proxy.example"}, False),
        ({"HTTP_PROXY": "http://proxy.example"}, True),
        ({"http_proxy": "http://proxy.example"}, True),
        ({"ALL_PROXY": "socks5://proxy.example"}, True),
        ({"HTTP_PROXY": "http://proxy.example", "NO_PROXY": "localhost,127.0.0.1"}, False),
        ({"HTTP_PROXY": "http://proxy.example", "NO_PROXY": "*"}, False),
        ({"HTTP_PROXY": "http://proxy.example", "NO_PROXY": "10.0.0.0/8, 127.0.0.0/8"}, False),
        ({"HTTP_PROXY": "http://proxy.example", "NO_PROXY": "10.0.0.0/8,example.com"}, True),
    ],
)
def test_plain_http_to_this_machine(variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http to loopback that a proxy takes would leave the machine in the clear, so it is refused."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_of_environment("http://127.0.0.1:8080/x") is expected
    server = ResourceServer("http://127.0.0.1:8080")
    if expected:
        with pytest.raises(InsecureTransport, match="NO_PROXY"):
            server.admit("http://127.0.0.1:8080/x")
    else:
        server.admit("http://127.0.0.1:8080/x")
    server.admit("http://127.0.0.1:8080/x", allow_insecure_http=True)


@pytest.mark.parametrize(
    ("proxy", "said", "expected"),
    [
        ("http://user:sesame@proxy.example", "no answer from user:sesame@proxy", "no answer from user:***@proxy"),
        ("http://user:open#sesame@proxy", "port 'open' of user", "port '***' of user"),
        ("http://user:open/sesame@proxy", "sesame@proxy not found", "***@proxy not found"),
        ("http://user@proxy.example", "user@proxy.example", "user@proxy.example"),
        ("http://proxy.example", "proxy.example", "proxy.example"),
        ("user:sesame@proxy.example", "sesame", "***"),
        ("", "nothing", "nothing"),
    ],
)
def test_no_password_is_shown(proxy: str, said: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of a proxy's password is shown, though a library takes it for the end of the host."""
    assert without_passwords(said, [proxy]) == expected
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert without_passwords(said) == expected


def test_the_proxies_of_a_session() -> None:
    """What a session names counts where it is an address."""
    assert addresses({"http": "http://a", "https": None}) == ["http://a"]
    assert addresses(None) == []
