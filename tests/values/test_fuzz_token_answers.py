"""Whatever a token endpoint answers is a token or an error of this package, in bounded time, and quotes no secret."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from loopback import SECRET, grant_for

from oauth_cc_auth import ErrorFormat, OAuthError, ResponseFormat, Token
from oauth_cc_auth._authorization_server.answer import read_revocation, read_token
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._authorization_server.redaction import Redaction
from oauth_cc_auth._authorization_server.retry import pause_before_retry
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.retry_after import retry_after
from oauth_cc_auth.errors import TokenRequestError

GRANTS = [
    grant_for(),
    grant_for(token_response=ResponseFormat(access_token="data.token", expires_in=None, expires_at="expires_at")),
    grant_for(token_response=ResponseFormat(errors=ErrorFormat(code="errors.0.code", message=["msg", "error"]))),
]
FAST = settings(suppress_health_check=[HealthCheck.too_slow])

any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=30) | st.sampled_from(
    [SECRET, f"{SECRET} ", "\x1b[2J", "\ud800", "invalid_client", "server_error", "Bearer", "1e400", "-0", "NaN"]
)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    [
        *("access_token", "token_type", "expires_in", "expires_at", "scope", "refresh_token", "error"),
        *("error_description", "error_uri", "errors", "data", "msg", "request_id"),
    ]
)
answers = st.dictionaries(names, any_json, max_size=6).map(lambda members: json.dumps(members).encode())
bodies = answers | st.binary(max_size=200) | any_json.map(lambda value: json.dumps(value).encode())
statuses = st.integers(100, 599)
header_values = st.text(st.characters(codec="latin-1"), max_size=30) | st.sampled_from(
    ["30", "1e400", "-1", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 99999 08:49:37 GMT", 'Bearer error="x"', SECRET]
)
headers = st.dictionaries(
    st.sampled_from(["retry-after", "date", "www-authenticate", "location", "content-type", "x-request-id"]),
    header_values,
    max_size=4,
)


def told_by(error: OAuthError) -> str:
    """Return all that an error shows."""
    return f"{error} {error!r} {vars(error)} {dict(getattr(error, 'headers', {}))}"


def outcome(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the error of this package that it raises."""
    try:
        return call()
    except OAuthError as error:
        return error


@FAST
@given(bodies, statuses, headers, st.sampled_from(GRANTS))
@example(b'{"access_token": "t", "expires_in": 1e999}', 200, {}, GRANTS[0])
@example(b'{"access_token": "token "}', 200, {}, GRANTS[0])
@example(b'{"access_token": "t", "refresh_token": "\\ud800 long", "scope": "\\udfff", "x": "y"}', 200, {}, GRANTS[0])
@example(b'{"access_token": "t", "token_type": "%s"}' % (b"x" * 99_999), 200, {}, GRANTS[0])
@example(b"", 302, {"location": "https://" + "x" * 9_999}, GRANTS[0])
@example(b'{"error": "\\ud800", "error_description": "\\ud800"}', 400, {}, GRANTS[0])
def test_an_answer_is_a_token_or_an_error(body: bytes, status: int, named: dict[str, str], grant: Any) -> None:
    """Any bytes with any status and headers: a token whose fields can be sent, or an OAuthError that prints."""
    redaction = Redaction(SECRET)
    found = outcome(lambda: read_token(grant, HttpResponse(status, named, body), 1000.0, redaction))
    if isinstance(found, OAuthError):
        redaction.error(found)
        assert str(found).isprintable()
        assert len(str(found)) < 2_000
        assert SECRET not in told_by(found)
        return
    assert isinstance(found, Token)
    assert found.access_token.strip() == found.access_token
    for text in (found.access_token, found.scope or "", found.refresh_token or ""):
        text.encode()
    assert found.lifetime is None or found.lifetime > 0
    assert SECRET not in repr(dict(found.extra))


@FAST
@given(bodies, statuses, headers)
def test_a_revocation_is_done_or_an_error(body: bytes, status: int, named: dict[str, str]) -> None:
    """Any answer to a revocation: done, or an OAuthError that prints."""
    found = outcome(lambda: read_revocation(GRANTS[0], HttpResponse(status, named, body)))
    assert found is None or str(found).isprintable()


@FAST
@given(header_values, st.none() | header_values, st.sampled_from([1.0, 0.001]))
def test_retry_after_is_seconds_or_nothing(value: str, date: str | None, unit: float) -> None:
    """Any Retry-After, beside any Date: None, or a number of seconds above 0 and of a day at most."""
    seconds = retry_after({"retry-after": value, **({} if date is None else {"date": date})}, unit)
    assert seconds is None or 0 < seconds <= 86_400


@settings(max_examples=60)
@given(bodies, statuses, headers)
def test_an_exchange_ends(body: bytes, status: int, named: dict[str, str]) -> None:
    """Whatever is answered, an exchange makes at most four attempts, and ends with a token or an OAuthError."""
    sent: list[HttpRequest] = []

    def answer(request: HttpRequest, timeout: float) -> HttpResponse:
        sent.append(request)
        return HttpResponse(status, named, body)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(time, "sleep", lambda _: None)
        found = outcome(lambda: Exchange(grant_for(), answer, 5.0, time.time).fetch(None))
    assert len(sent) <= 4
    if isinstance(found, OAuthError):
        assert SECRET not in told_by(found)
        assert found.token_endpoint == "https://as.example.com/token"
    if isinstance(found, TokenRequestError) and pause_before_retry(found, 0, 5.0, 0.5) is None:
        assert len(sent) == 1
