"""One exchange with the authorization server: request, answer, and the attempts in between.

An attempt has `timeout` seconds for everything, the lookup of the name and a dripping answer included; all attempts and
the pauses between them have twice that. The secret is read once per exchange, and once more when the server refuses it.
"""

from __future__ import annotations

import base64
import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from oauth_cc_auth import _token_endpoint as protocol
from oauth_cc_auth._background import within
from oauth_cc_auth._grants import AuthorizationCode, ClientCredentials
from oauth_cc_auth._senders import Sender
from oauth_cc_auth._token import Token
from oauth_cc_auth._wire import HttpRequest, HttpResponse
from oauth_cc_auth.errors import ConfigurationError, InvalidClient, OAuthError, TokenEndpointUnavailable, TokenRequestError, scrubbed

log = logging.getLogger("oauth_cc_auth")

T = TypeVar("T")

# What an attempt may take in all, in timeouts.
BUDGET = 2.0
# Less time than this is not worth another attempt, as a share of the timeout.
_WORTH_IT = 0.05


def secret_of(grant: ClientCredentials | AuthorizationCode) -> str | None:
    """Return the client secret, asking for it where it is a callable. Raises ConfigurationError."""
    if not callable(grant.client_secret):
        return grant.client_secret
    try:
        secret = grant.client_secret()
    except Exception as error:
        message = f"client_secret: the callable that returns it raised {type(error).__name__}."
        raise ConfigurationError(message) from scrubbed(error)
    if not isinstance(secret, str) or not secret:
        message = "client_secret: the callable returned no string, or an empty one."
        raise ConfigurationError(message)
    return secret


def fetch_token(
    grant: ClientCredentials | AuthorizationCode,
    sender: Sender,
    timeout: float,
    clock: Callable[[], float],
    previous: Token | None,
) -> Token:
    """Return a new token from the token endpoint. Raises an OAuthError, free of secrets."""

    def ask(secret: str | None) -> Token:
        refresh_tokens = [getattr(source, "refresh_token", None) or "" for source in (grant, previous)]
        request = protocol.token_request(grant, secret, previous)
        return _attempts(
            request,
            lambda answer, asked_at: protocol.read_token(grant, answer, asked_at, previous),
            sender, timeout, clock, _spellings(grant, secret, refresh_tokens),
        )

    token = _with_current_secret(grant, ask)
    log.debug("token obtained from %s, valid for %s s", grant.token_endpoint, token.lifetime)
    return token


def revoke_token(
    grant: ClientCredentials | AuthorizationCode,
    sender: Sender,
    timeout: float,
    clock: Callable[[], float],
    token: Token,
) -> None:
    """Revoke a token at the revocation endpoint (RFC 7009). Raises an OAuthError, free of secrets."""

    def ask(secret: str | None) -> None:
        secrets = _spellings(grant, secret, [token.access_token, token.refresh_token or ""])
        request = protocol.revocation_request(grant, secret, token)
        _attempts(request, lambda answer, _: protocol.read_revocation(answer), sender, timeout, clock, secrets)

    _with_current_secret(grant, ask)


def _with_current_secret(grant: ClientCredentials | AuthorizationCode, ask: Callable[[str | None], T]) -> T:
    secret = secret_of(grant)
    try:
        return ask(secret)
    except InvalidClient:
        # A mounted or vaulted secret may have been rotated since it was read; nobody is locked out by a new one.
        if not callable(grant.client_secret) or (rotated := secret_of(grant)) == secret:
            raise
    return ask(rotated)


def _attempts(
    request: HttpRequest,
    read: Callable[[HttpResponse, float], T],
    sender: Sender,
    timeout: float,
    clock: Callable[[], float],
    secrets: list[str],
) -> T:
    give_up_at = time.monotonic() + BUDGET * timeout
    attempt = 0
    while True:
        left = give_up_at - time.monotonic()
        try:
            return _attempt(request, read, sender, min(timeout, left), clock, secrets)
        except TokenRequestError as error:
            pause = protocol.pause_before_retry(error, attempt, timeout, random.random())  # noqa: S311 - no secret
            left = give_up_at - time.monotonic()
            if pause is None or pause + _WORTH_IT * timeout > left:
                raise
            log.debug("token request failed, again in %.2f s: %s", pause, error)
        time.sleep(pause)
        attempt += 1


def _attempt(
    request: HttpRequest,
    read: Callable[[HttpResponse, float], T],
    sender: Sender,
    timeout: float,
    clock: Callable[[], float],
    secrets: list[str],
) -> T:
    asked_at = clock()
    try:
        answer = within(timeout, lambda: sender(request, timeout), "oauth-cc-auth-request")
        return read(answer, asked_at)
    except TokenRequestError as error:
        protocol.mask_error(error, secrets)
        raise
    except OAuthError:
        raise
    except TimeoutError as error:
        message = f"The token endpoint gave no complete answer in {timeout:.3g} s."
        raise TokenEndpointUnavailable(message=message) from scrubbed(error)


def _spellings(grant: ClientCredentials | AuthorizationCode, secret: str | None, tokens: list[str]) -> list[str]:
    # What a server could echo: the secret, the pair as Basic sent it, and the tokens that were sent.
    if not secret:
        return tokens
    pairs = (f"{grant.client_id}:{secret}", f"{protocol.quote_plus(grant.client_id)}:{protocol.quote_plus(secret)}")
    return [secret, *tokens, *(base64.b64encode(pair.encode()).decode() for pair in pairs)]
