"""The token endpoint's protocol, without I/O: build the request, read the answer strictly, say when to ask again.

authlib's protocol client builds bodies and authenticates the client. It sends nothing here: where it would, it hands
the request out. The answer is read by the letter of RFC 6749 §5, because whatever is let through is used for an hour.
"""

from __future__ import annotations

import html
import json
import math
import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeGuard
from urllib.parse import quote, quote_plus, urlencode

from oauth_cc_auth._background import unforked
from oauth_cc_auth._client_auth import authenticate
from oauth_cc_auth._grants import AuthorizationCode, ClientCredentials
from oauth_cc_auth._token import Token
from oauth_cc_auth._wire import HttpRequest, HttpResponse
from oauth_cc_auth.errors import (
    CLASS_OF_CODE,
    InvalidClient,
    InvalidTokenResponse,
    TokenEndpointUnavailable,
    TokenRequestError,
)

# Nothing of a token answer is this long; golang/oauth2 stops at the same size.
MAX_ANSWER = 1 << 20

RETRIES = 3
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
# The pauses before the retries, as shares of the timeout: 0.2, 0.4 and 0.8 s for the default of 10 s.
_FIRST_PAUSE = 0.02
_A_DAY = 86_400.0

# What is kept of a server's text; the rest of an error page helps nobody in a log.
_LONGEST_TEXT = 1000

_VSCHAR = re.compile(r"[\x20-\x7e]+")
_SECRETS_IN_ANSWER = frozenset({"access_token", "refresh_token", "id_token", "client_secret"})


def token_request(
    grant: ClientCredentials | AuthorizationCode, secret: str | None, previous: Token | None
) -> HttpRequest:
    """Return the request that asks for a token (RFC 6749 §4.4.2, §6)."""
    parameters = grant.token_request(previous)
    # Everything but the grant type goes through `body`: authlib's keyword arguments drop empty and repeated values, and
    # share their namespace with those of its method.
    body = urlencode([(name, value) for name, value in parameters if name != "grant_type"])
    with _client(grant, secret) as client:
        request: HttpRequest = client.fetch_token(
            grant.token_endpoint, body=body, grant_type=dict(parameters)["grant_type"], headers=_headers(grant)
        )
    return request


def revocation_request(grant: ClientCredentials | AuthorizationCode, secret: str | None, token: Token) -> HttpRequest:
    """Return the request that revokes a token, the refresh token where there is one (RFC 7009 §2.1)."""
    hint = "refresh_token" if token.refresh_token else "access_token"
    with _client(grant, secret) as client:
        request: HttpRequest = client.revoke_token(
            grant.revocation_endpoint,
            token=token.refresh_token or token.access_token,
            token_type_hint=hint,
            headers=_headers(grant),
        )
    return request


def read_token(
    grant: ClientCredentials | AuthorizationCode, answer: HttpResponse, asked_at: float, previous: Token | None = None
) -> Token:
    """Return the token that an answer holds; its life counts from `asked_at`. Raises TokenRequestError.

    What the answer leaves out stays as it was: the scope as requested (RFC 6749 §5.1), or as granted to the `previous`
    token, whose refresh token goes on being used where there is no new one (§6).
    """
    members = _json_object(answer)
    if not 200 <= answer.status < 300 or (members or {}).get("error") not in (None, ""):
        raise _error(answer, members)
    if members is None:
        raise _not_a_token(answer, "its body is not a JSON object")
    access_token = members.get("access_token")
    if not is_access_token(access_token):
        raise _not_a_token(answer, "it has no access_token, or one that does not fit in a header")
    token_type = members.get("token_type")
    bearer = {"bearer", *(name.lower() for name in grant.bearer_token_types)}
    if token_type not in (None, "") and str(token_type).lower() not in bearer:
        raise _not_a_token(answer, f"token_type is {str(token_type)!r} and not Bearer")
    lifetime = _seconds(members.get("expires_in")) or grant.default_lifetime
    scope, refresh_token = _string(members.get("scope")), None
    if isinstance(grant, AuthorizationCode):
        scope = scope or (previous.scope if previous else None)
        kept = previous.refresh_token if previous else None
        refresh_token = _string(members.get("refresh_token")) or kept or grant.refresh_token
    else:
        # RFC 6749 §4.4.3: this answer should have no refresh token, and one that is there is of no use.
        scope = scope or _string(grant.scope)
    return Token(
        access_token,
        expires_at=None if lifetime is None else asked_at + lifetime,
        obtained_at=asked_at,
        scope=scope,
        refresh_token=refresh_token,
        extra={name: value for name, value in members.items() if name not in _SECRETS_IN_ANSWER},
    )


def is_access_token(value: object) -> TypeGuard[str]:
    """Tell whether this can be an access token: printable ASCII, which fits in a header (RFC 6749 appendix A.12)."""
    return isinstance(value, str) and _VSCHAR.fullmatch(value) is not None


def read_revocation(answer: HttpResponse) -> None:
    """Return if the token is revoked; RFC 7009 §2.2 asks for 200, also for a token that nobody knows."""
    if not 200 <= answer.status < 300:
        raise _error(answer, _json_object(answer))


def pause_before_retry(error: TokenRequestError, attempt: int, timeout: float, jitter: float) -> float | None:
    """Return the seconds to wait before asking again, or None if asking again makes no sense.

    No answer, and the statuses that a load balancer or an overloaded server gives, are worth another attempt; an OAuth
    error is not: the server has understood and refused. `attempt` counts from 0, `jitter` is between 0 and 1.
    """
    temporary = error.status_code is None or error.status_code in _RETRIED_STATUSES
    if not isinstance(error, TokenEndpointUnavailable) or not temporary or attempt >= RETRIES:
        return None
    backoff = timeout * _FIRST_PAUSE * 2.0**attempt * (0.5 + jitter / 2)
    return max(backoff, error.retry_after or 0.0)


def masked(text: str, secrets: Collection[str]) -> str:
    """Return the text without the secrets that somebody echoed in it, however they were encoded."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        spellings = {secret, quote_plus(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
        for spelling in sorted(
            spellings | {html.escape(secret), html.escape(secret, quote=False)}, key=len, reverse=True
        ):
            text = text.replace(spelling, "***")
    return text


def mask_error(error: TokenRequestError, secrets: Collection[str]) -> None:
    """Remove secrets that the server echoed from an error's message and fields, and only then cut what is too long."""
    error.masked_by(lambda text: masked(text, secrets)[:_LONGEST_TEXT])


@contextmanager
def _client(grant: ClientCredentials | AuthorizationCode, secret: str | None) -> Iterator[Any]:
    with unforked():
        client = _request_builder()(None, grant.client_id, secret)
    try:
        with unforked():
            authenticate(client, grant.token_endpoint_auth_method)
        yield client
    finally:
        # The client and its TokenAuth refer to each other; the secret must not wait in there for the garbage collector.
        client.token_auth.client = client.client_secret = None


@cache
def _request_builder() -> type[Any]:
    from authlib.oauth2.client import OAuth2Client  # noqa: PLC0415 - 60 ms, once, off the caller's way

    class RequestBuilder(OAuth2Client):
        """authlib's client, which hands its requests out instead of sending them."""

        def _fetch_token(self, url: str, body: str, headers: Any, auth: Any, method: str) -> HttpRequest:  # type: ignore[override]  # only what our calls pass
            url, headers, body = auth.prepare(method, url, headers, body)
            return HttpRequest(url, headers, body.encode())

        def _http_post(self, url: str, body: str, auth: Any, headers: Any) -> HttpRequest:  # type: ignore[override]  # as above
            return self._fetch_token(url, body, headers, auth, "POST")

    return RequestBuilder


def _headers(grant: ClientCredentials | AuthorizationCode) -> dict[str, str]:
    own = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    named = {name.lower() for name in grant.headers}
    return {**{name: value for name, value in own.items() if name.lower() not in named}, **grant.headers}


def _json_object(answer: HttpResponse) -> dict[str, Any] | None:
    try:
        members = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return members if isinstance(members, dict) else None


def _error(answer: HttpResponse, members: dict[str, Any] | None) -> TokenRequestError:
    status = answer.status
    if 300 <= status < 400:
        target = answer.headers.get("location", "nowhere").partition("?")[0]
        return _not_a_token(answer, f"it redirects to {target}, which is not followed with a secret")
    members = members or {}
    error, description, uri = (_text(members.get(name)) for name in ("error", "error_description", "error_uri"))
    if description is None and isinstance(members.get("error"), dict):
        description = _text(members["error"].get("message") or members["error"].get("title"))
    cls = CLASS_OF_CODE.get(error or "")
    if cls is None:
        if status == 429 or status >= 500:
            cls = TokenEndpointUnavailable
        elif status == 401 and error is None:
            cls = InvalidClient
        elif members.get("error"):
            cls = TokenRequestError
        else:
            return _not_a_token(answer, "it is an error without a code")
    return cls(error, description, uri, status, _retry_after(answer))


def _not_a_token(answer: HttpResponse, why: str) -> InvalidTokenResponse:
    message = f"The token endpoint's answer (HTTP {answer.status}) is not a token: {why}."
    return InvalidTokenResponse(status_code=answer.status, retry_after=_retry_after(answer), message=message)


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _text(value: object) -> str | None:
    # In one line: a server's text ends up in logs.
    text = _string(value)
    return text and "".join(char if char.isprintable() else " " for char in text)


def _seconds(value: object) -> float | None:
    # RFC 6749 §5.1 wants a number; UPS, USPS and M-Pesa send a string, Mailchimp 0, others null or words.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < math.inf else None


def _retry_after(answer: HttpResponse) -> float | None:
    # RFC 9110 §10.2.3: seconds, or a date. A date is compared with the server's own clock where it tells the time.
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return None
    seconds = _seconds(value)
    if seconds is None:
        seconds = _seconds_until(value, answer.headers.get("date"))
    return None if seconds is None else min(seconds, _A_DAY)


def _seconds_until(date: str, now: str | None) -> float | None:
    try:
        then = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    try:
        start = parsedate_to_datetime(now or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        start = time.time()
    return max(then - start, 0.0) or None
