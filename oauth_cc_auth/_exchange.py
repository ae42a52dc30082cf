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
from urllib.parse import quote_plus

from oauth_cc_auth import _token_endpoint as protocol
from oauth_cc_auth._background import within
from oauth_cc_auth._grants import AuthorizationCode, ClientCredentials, is_text
from oauth_cc_auth._senders import Sender
from oauth_cc_auth._token import Token
from oauth_cc_auth._wire import HttpRequest, HttpResponse
from oauth_cc_auth.errors import (
    ConfigurationError,
    InvalidClient,
    TokenEndpointUnavailable,
    TokenRequestError,
    scrubbed,
)

log = logging.getLogger("oauth_cc_auth")

T = TypeVar("T")

# What all attempts together may take, in timeouts.
BUDGET = 2.0
# Less time than this is not worth another attempt, as a share of the timeout.
_WORTH_IT = 0.05


def secret_of(grant: ClientCredentials | AuthorizationCode) -> str | None:
    """Return the client secret, asking for it where it is a callable. Raises ConfigurationError."""
    if not callable(grant.client_secret):
        return grant.client_secret
    try:
        secret = grant.client_secret()
    except Exception as error:  # noqa: BLE001 - a vault's client may raise anything
        message = f"client_secret: the callable that returns it raised {type(error).__name__}."
        raise ConfigurationError(message) from scrubbed(error)
    if not isinstance(secret, str) or not secret or not is_text(secret):
        message = "client_secret: the callable returned no string, an empty one, or one with lone surrogates."
        raise ConfigurationError(message)
    return secret


class Exchange:
    """What it takes to ask the authorization server. Errors are OAuthErrors, free of secrets.

    `secret` is the client secret, as it was read last: the one that the server took, once a token was fetched.
    """

    __slots__ = ("clock", "grant", "secret", "sender", "timeout")

    def __init__(
        self,
        grant: ClientCredentials | AuthorizationCode,
        sender: Sender,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        """Read the secret; nothing is sent yet. Raises ConfigurationError."""
        self.grant, self.sender, self.timeout, self.clock = grant, sender, timeout, clock
        self.secret = secret_of(grant)

    def fetch(self, previous: Token | None) -> Token:
        """Return a new token; a refresh token and the granted scope are taken from the `previous` one."""

        def ask() -> Token:
            sent = [getattr(source, "refresh_token", None) or "" for source in (self.grant, previous)]
            return self._attempts(
                protocol.token_request(self.grant, self.secret, previous),
                lambda answer, asked_at: protocol.read_token(self.grant, answer, asked_at, previous),
                self._spellings(sent),
            )

        token = self._with_current_secret(ask)
        log.debug("token obtained from %s, valid for %s s", self.grant.token_endpoint, token.lifetime)
        return token

    def revoke(self, token: Token) -> None:
        """Revoke a token (RFC 7009)."""

        def ask() -> None:
            request = protocol.revocation_request(self.grant, self.secret, token)
            secrets = self._spellings([token.access_token, token.refresh_token or ""])
            self._attempts(request, lambda answer, _: protocol.read_revocation(answer), secrets)

        self._with_current_secret(ask)

    def _with_current_secret(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except InvalidClient as refusal:
            # A mounted or vaulted secret may have been rotated since it was read; nobody is locked out by a new one.
            rotated = self._read_again(refusal)
            if rotated == self.secret:
                raise
        self.secret = rotated
        return ask()

    def _read_again(self, refusal: InvalidClient) -> str | None:
        try:
            return secret_of(self.grant)
        except ConfigurationError as error:
            log.warning("%s", error)
            raise refusal from refusal.__cause__

    def _attempts(self, request: HttpRequest, read: Callable[[HttpResponse, float], T], secrets: list[str]) -> T:
        give_up_at = time.monotonic() + BUDGET * self.timeout
        attempt = 0
        while True:
            try:
                return self._attempt(request, read, secrets, give_up_at - time.monotonic())
            except TokenRequestError as error:
                jitter = random.random()  # noqa: S311 - spreads load, keeps no secret
                pause = protocol.pause_before_retry(error, attempt, self.timeout, jitter)
                if pause is None or time.monotonic() + pause + _WORTH_IT * self.timeout > give_up_at:
                    raise
                log.debug("token request failed, again in %.2f s: %s", pause, error)
            time.sleep(pause)
            attempt += 1

    def _attempt(
        self, request: HttpRequest, read: Callable[[HttpResponse, float], T], secrets: list[str], left: float
    ) -> T:
        timeout = min(self.timeout, left)
        asked_at = self.clock()
        try:
            answer = within(timeout, lambda: self.sender(request, timeout), "oauth-cc-auth-request")
            return read(answer, asked_at)
        except TokenRequestError as error:
            protocol.mask_error(error, secrets)
            raise
        except TimeoutError as error:
            message = f"The token endpoint gave no complete answer in {timeout:.3g} s."
            raise TokenEndpointUnavailable(message=message) from scrubbed(error)

    def _spellings(self, tokens: list[str]) -> list[str]:
        secret = self.secret
        # What a server could echo: the secret, the pair as Basic sent it, and the tokens that were sent.
        if not secret:
            return tokens
        client_id = self.grant.client_id
        pairs = (f"{client_id}:{secret}", f"{quote_plus(client_id)}:{quote_plus(secret)}")
        return [secret, *tokens, *(base64.b64encode(pair.encode()).decode() for pair in pairs)]
