"""A stage for vendors: the sandbox that plays them all, a clock, and their presets with the words of the pins."""

from __future__ import annotations

import functools
import inspect
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from doors import Clock

from oauth_cc_auth import (
    ApiError,
    ClientCredentials,
    ErrorFormat,
    RequestFormat,
    RequestsAuth,
    ResourceServer,
    ResponseFormat,
    Token,
    TokenSource,
    presets,
)
from oauth_cc_auth.sandbox import Record, Sandbox

CLIENT_ID, SECRET = "made-up id", "made-up: secret"
PINS: dict[str, Any] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in (Path(__file__).parents[1] / "vendors" / "pins").glob("*.json")
}

_WECHAT_ERRORS = ErrorFormat(code="errcode", message="errmsg", meaning={"40001": "invalid_client"})


@functools.cache
def private_key() -> str:
    """Return a private key as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()


def preset(name: str, /, **words: Any) -> Any:
    """Return a vendor's grant for a made-up client, with the words of its pin unless others are given."""
    made, pin = presets.get(name), PINS.get(name, {"words": {}})
    known = {
        "client_id": CLIENT_ID,
        "client_secret": private_key() if pin.get("auth") == "private_key_jwt" else SECRET,
        **pin["words"],
    }
    takes = inspect.signature(made).parameters
    return made(**{word: value for word, value in known.items() if word in takes} | words)


def is_wechats_limit(error: ApiError) -> bool:
    """Tell whether WeChat says that the day's tokens are used up."""
    return error.code == "45009"


def is_wechats_refusal(error: ApiError) -> bool:
    """Tell whether WeChat says that a token is invalid, or not the latest."""
    return error.code == "40001"


def wechat(**changes: Any) -> ClientCredentials:
    """Return a grant for WeChat, which has no preset: its reference could not be read."""
    arguments: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "token_endpoint_auth_method": "client_secret_post",
        "grant_type": "client_credential",
        "token_request": RequestFormat("GET", names={"client_id": "appid", "client_secret": "secret"}),
        "token_response": ResponseFormat(errors=_WECHAT_ERRORS, limit_reached=is_wechats_limit),
        "resource_server": ResourceServer(
            "https://api.weixin.qq.com", renew_on={200, 401}, renew_if=is_wechats_refusal, errors=_WECHAT_ERRORS
        ),
    }
    return ClientCredentials(token_endpoint="https://api.weixin.qq.com/cgi-bin/token", **{**arguments, **changes})


class Stage:
    """All vendors, on loopback, by one clock that a test may turn."""

    def __init__(self) -> None:
        """Begin now: assertions are dated by the real clock."""
        self.clock = Clock(time.time())
        self.sandbox = Sandbox(clock=self.clock)

    def grant(self, vendor: Any, /, **words: Any) -> Any:
        """Return the grant of a preset, or the one given, pointed at the stage, where its client is known."""
        return self.sandbox.grant(preset(vendor, **words) if isinstance(vendor, str) else vendor)

    def source(self, grant: Any, **how: Any) -> TokenSource:
        """Return the source of a grant's token, by the clock of the stage."""
        return TokenSource(grant, clock=self.clock, **how)

    def token(self, vendor: Any, /, **words: Any) -> Token:
        """Return the vendor's token."""
        return self.source(self.grant(vendor, **words)).token()

    def asked(self, vendor: Any, /, **words: Any) -> Record:
        """Return the token request that the vendor answered with a token."""
        self.token(vendor, **words)
        request = self.sandbox.last_token_request
        assert request
        return request

    def answered(self, vendor: Any, body: Any, status: int = 200, headers: Any = None, **words: Any) -> Token:
        """Return the token that a preset reads from this answer."""
        self.sandbox.fail("token", status=status, body=body, headers=headers)
        return self.token(vendor, **words)

    def call(self, grant: Any, url: str, method: str = "GET", **how: Any) -> requests.Response:
        """Call an API with the grant's token; `url` is the vendor's own."""
        auth = RequestsAuth(grant if isinstance(grant, TokenSource) else self.source(grant))
        return requests.request(method, self.sandbox.url(url), auth=auth, timeout=20, **how)

    @property
    def counts(self) -> tuple[int, int]:
        """How many token requests and how many API calls there were."""
        return self.sandbox.token_requests, self.sandbox.api_requests


def api_of(name: str) -> str:
    """Return a documented address of the vendor's API."""
    url: str = PINS[name]["api"]["url"]
    return url


@pytest.fixture
def stage() -> Iterator[Stage]:
    """All vendors on loopback."""
    running = Stage()
    with running.sandbox:
        yield running
