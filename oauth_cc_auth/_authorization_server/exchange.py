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
from typing import TypeAlias, TypeVar
from urllib.parse import quote_plus

from oauth_cc_auth._authorization_server.answer import read_revocation, read_token
from oauth_cc_auth._authorization_server.budget import Budget
from oauth_cc_auth._authorization_server.discovery import metadata_request, read_metadata
from oauth_cc_auth._authorization_server.federation import Assertions
from oauth_cc_auth._authorization_server.redaction import mask_error, masked, without_echo
from oauth_cc_auth._authorization_server.request import revocation_request, sent_secrets, token_request
from oauth_cc_auth._authorization_server.retry import pause_before_retry
from oauth_cc_auth._grant.checks import is_text
from oauth_cc_auth._grant.hashes import fingerprint
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.quiet_logs import muted
from oauth_cc_auth._http.sender import Sender
from oauth_cc_auth._raising import scrubbed
from oauth_cc_auth._threads import within
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import (
    ConfigurationError,
    InvalidClient,
    InvalidGrant,
    OAuthError,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
)

log = logging.getLogger("oauth_cc_auth")


T = TypeVar("T")


Parameters: TypeAlias = "list[tuple[str, str]]"


# What of a token request nobody may read in a message: a server may echo it.
_SECRET_PARAMETERS = frozenset(
    {"refresh_token", "code", "code_verifier", "password", "assertion", "subject_token", "actor_token"}
)


# What all attempts together may take, in timeouts.
BUDGET = 2.0


# Less time than this is not worth another attempt, as a share of the timeout.
_WORTH_IT = 0.05


def secret_of(grant: TokenEndpointGrant) -> str | None:
    """Return the client secret, asking for it where it is a callable. Raises ConfigurationError."""
    if not callable(grant.client_secret):
        return grant.client_secret
    try:
        secret = grant.client_secret()
    except ConfigurationError:  # of Env and File, which say what to do
        raise
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

    __slots__ = ("assertions", "clock", "grant", "secret", "sender", "timeout")

    def __init__(
        self,
        grant: TokenEndpointGrant,
        sender: Sender,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        """Read the secret; nothing is sent yet. Raises ConfigurationError."""
        self.grant, self.sender, self.timeout, self.clock = grant, sender, timeout, clock
        self.secret = secret_of(grant)
        self.assertions = Assertions(grant)

    @property
    def mark(self) -> bytes | None:
        """What stands for a secret that may be another when it is read again; None for one that stays as it is."""
        return fingerprint(self.secret or "") if callable(self.grant.client_secret) else None

    def fetch(self, previous: Token | None, code: Parameters | None = None, budget: Budget | None = None) -> Token:
        """Return a new token, as the answer describes it; a refresh token is taken from the `previous` one.

        For the end of a login `code` holds the parameters of the code exchange instead (RFC 6749 §4.1.3). `budget` is
        told of each attempt.
        """
        parameters = code or self.grant.request_parameters(previous)
        secrets = _SECRET_PARAMETERS | self.grant.secret_parameters()
        known = [value for name, value in parameters if name in secrets]
        known.append(getattr(self.grant, "refresh_token", None) or "")

        def ask() -> Token:
            grant = self._located()
            return self._attempts(
                lambda: token_request(grant, self.secret, parameters, self.assertions),
                lambda answer, asked_at: read_token(grant, answer, asked_at),
                known,
                budget,
            )

        token = self._with_current_secret(ask)
        log.debug("token obtained from %s, valid for %s s", self.grant.token_endpoint, token.lifetime)
        return token

    def _located(self) -> TokenEndpointGrant:
        """Return the grant with its token endpoint's address, which the server's metadata may have to tell."""
        endpoint = self.grant.token_endpoint
        if isinstance(endpoint, str):
            return self.grant
        return self._attempts(
            lambda: metadata_request(endpoint.url),
            lambda answer, _: read_metadata(self.grant, answer),
            [],
        )

    def revoke(self, token: Token) -> None:
        """Revoke a token (RFC 7009)."""

        def ask() -> None:
            self._attempts(
                lambda: revocation_request(self.grant, self.secret, token, self.assertions),
                lambda answer, _: read_revocation(self.grant, answer),
                [token.access_token, token.refresh_token or ""],
            )

        self._with_current_secret(ask)

    def _with_current_secret(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (InvalidClient, InvalidGrant) as refusal:
            if not (self.assertions.changed(refusal) or self._rotated(refusal)):
                raise
        return ask()

    def _rotated(self, refusal: TokenRequestError) -> bool:
        """Tell whether the secret is another now: a mounted or vaulted one may have been rotated since it was read."""
        if not isinstance(refusal, InvalidClient):
            return False
        before, self.secret = self.secret, self._read_again(refusal)
        return self.secret != before

    def _read_again(self, refusal: InvalidClient) -> str | None:
        try:
            return secret_of(self.grant)
        except ConfigurationError as error:
            log.warning("%s", error)
            raise refusal from refusal.__cause__

    def _attempts(
        self,
        make: Callable[[], HttpRequest],
        read: Callable[[HttpResponse, float], T],
        secrets: list[str],
        budget: Budget | None = None,
    ) -> T:
        give_up_at = time.monotonic() + BUDGET * self.timeout
        attempt, failure = 0, None
        while True:
            # Each is made anew: headers may be made per request, and an assertion counts once (RFC 7523 §3).
            request = make()
            self._spend(budget, failure)
            # A machine that stood still through its pause, or a slow function of the grant's, has used up all.
            left = max(give_up_at - time.monotonic(), _WORTH_IT * self.timeout)
            try:
                return self._attempt(request, read, secrets, left)
            except OAuthError as error:
                if budget is not None:
                    budget.refund(error, self.clock())
                if not isinstance(error, TokenRequestError):
                    raise
                jitter = random.random()  # noqa: S311 - spreads load, keeps no secret
                pause = pause_before_retry(error, attempt, self.timeout, jitter)
                if pause is None or time.monotonic() + pause + _WORTH_IT * self.timeout > give_up_at:
                    raise
                log.debug("token request failed, again in %.2f s: %s", pause, error)
                failure = error.with_traceback(None)  # whose frames hold the secret
            time.sleep(pause)
            attempt += 1

    def _spend(self, budget: Budget | None, failure: TokenRequestError | None) -> None:
        """Have an attempt counted; where it may not be made, raise what the one before it has met, if there was one."""
        if budget is None:
            return
        try:
            budget.spend(self.clock())
        except TokenBudgetExceeded:
            if failure is None:
                raise
        else:
            return
        raise failure

    def _attempt(
        self, request: HttpRequest, read: Callable[[HttpResponse, float], T], secrets: list[str], left: float
    ) -> T:
        timeout = min(self.timeout, left)
        # What a server could echo: the secret, the tokens, and how this request proves the client.
        known = [*self._spellings(), *secrets, *self.assertions.texts]
        secrets = [*known, *sent_secrets(self.grant, request)]
        asked_at = self.clock()
        try:
            answer = within(timeout, lambda: self._send(request, timeout), "oauth-cc-auth-request")
            return without_echo(read(answer, asked_at), known)
        except (TokenRequestError, TokenBudgetExceeded) as error:
            mask_error(error, secrets)
            if error.__cause__ is not None:
                scrubbed(error.__cause__, lambda text: masked(text, secrets))
            raise
        except TimeoutError as error:
            message = f"The token endpoint gave no complete answer in {timeout:.3g} s."
            raise TokenEndpointUnavailable(message=message) from scrubbed(error)

    def _send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        with muted(request):
            return self.sender(request, timeout)

    def _spellings(self) -> list[str]:
        secret, client_id = self.secret, self.grant.client_id or ""
        if not secret:
            return []
        # The pair as Basic has it, whichever way it was sent.
        pairs = (f"{client_id}:{secret}", f"{quote_plus(client_id)}:{quote_plus(secret)}")
        return [secret, *(base64.b64encode(pair.encode()).decode() for pair in pairs)]
