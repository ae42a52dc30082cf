"""One exchange with the authorization server: request, answer, and the attempts in between.

An attempt has `timeout` seconds for everything, the lookup of the name and a dripping answer included; all attempts and
the pauses between them have twice that. The secret is read once per exchange, and once more when the server refuses it.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar
from urllib.parse import quote

from oauth_cc_auth._authorization_server.answer import read_revocation, read_token
from oauth_cc_auth._authorization_server.budget import Budget
from oauth_cc_auth._authorization_server.discovery import metadata_request, read_metadata
from oauth_cc_auth._authorization_server.federation import Assertions
from oauth_cc_auth._authorization_server.proofs import Proofs
from oauth_cc_auth._authorization_server.redaction import Redaction
from oauth_cc_auth._authorization_server.request import revocation_request, token_request
from oauth_cc_auth._authorization_server.retry import pause_before_retry
from oauth_cc_auth._grant.checks import is_text
from oauth_cc_auth._grant.hashes import fingerprint
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.quiet_logs import muted
from oauth_cc_auth._http.sender import Sender
from oauth_cc_auth._raising import concerning, scrubbed
from oauth_cc_auth._threads import stood_still, within
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

if TYPE_CHECKING:
    from oauth_cc_auth._resource_server.dpop import Prover

log = logging.getLogger("oauth_cc_auth")


T = TypeVar("T")


T_co = TypeVar("T_co", covariant=True)


Parameters: TypeAlias = "list[tuple[str, str]]"


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


class Question(Protocol[T_co]):
    """One kind of request to the authorization server, and how its answer is read."""

    def request(self, grant: TokenEndpointGrant, secret: str | None, assertions: Assertions, /) -> HttpRequest:
        """Return the request, made anew: headers may be made per request, an assertion counts once (RFC 7523 §3)."""

    def read(self, grant: TokenEndpointGrant, answer: HttpResponse, asked_at: float, redaction: Redaction, /) -> T_co:
        """Return what the answer holds. Raises OAuthErrors."""


@dataclass(frozen=True, slots=True)
class ForToken:
    """Asks for a token (RFC 6749 §4.4.2) with these parameters."""

    parameters: Parameters

    def request(self, grant: TokenEndpointGrant, secret: str | None, assertions: Assertions, /) -> HttpRequest:
        return token_request(grant, secret, self.parameters, assertions)

    def read(self, grant: TokenEndpointGrant, answer: HttpResponse, asked_at: float, redaction: Redaction, /) -> Token:
        return read_token(grant, answer, asked_at, redaction)


@dataclass(frozen=True, slots=True)
class ForRevocation:
    """Asks to revoke a token (RFC 7009 §2.1)."""

    token: Token

    def request(self, grant: TokenEndpointGrant, secret: str | None, assertions: Assertions, /) -> HttpRequest:
        return revocation_request(grant, secret, self.token, assertions)

    def read(self, grant: TokenEndpointGrant, answer: HttpResponse, _: float, redaction: Redaction, /) -> None:
        read_revocation(grant, answer, redaction)


@dataclass(frozen=True, slots=True)
class ForMetadata:
    """Asks for the server's metadata (RFC 8414 §3.1), which needs no secret."""

    url: str

    def request(self, _: TokenEndpointGrant, __: str | None, ___: Assertions, /) -> HttpRequest:
        return metadata_request(self.url)

    def read(self, grant: TokenEndpointGrant, answer: HttpResponse, _: float, __: Redaction, /) -> TokenEndpointGrant:
        return read_metadata(grant, answer)


class Exchange:
    """What it takes to ask the authorization server. Errors are OAuthErrors, free of secrets, that say whose they are.

    `secret` is the client secret, as it was read last: the one that the server took, once a token was fetched.
    """

    __slots__ = ("assertions", "clock", "grant", "prover", "secret", "sender", "timeout")

    def __init__(
        self,
        grant: TokenEndpointGrant,
        sender: Sender,
        timeout: float,
        clock: Callable[[], float],
        prover: Prover | None = None,
    ) -> None:
        """Read the secret; nothing is sent yet. `prover` makes the proofs of DPoP. Raises ConfigurationError."""
        self.prover = prover
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
        token = self._ask(ForToken(code or self.grant.request_parameters(previous)), budget)
        log.debug("token obtained from %s, valid for %s s", self.grant.token_endpoint, token.lifetime)
        return token

    def revoke(self, token: Token) -> None:
        """Revoke a token (RFC 7009)."""
        self._ask(ForRevocation(token))

    def _ask(self, question: Question[T], budget: Budget | None = None) -> T:
        """Ask; where the secret is refused, and another one is to be had, once more with that."""
        try:
            try:
                return self._attempts(self._located(question), question, budget)
            except (InvalidClient, InvalidGrant) as refusal:
                if not (self.assertions.changed(refusal) or self._rotated(refusal)):
                    raise
            return self._attempts(self._located(question), question, budget)
        except OAuthError as error:
            concerning(self.grant, error)
            raise

    def _located(self, question: Question[T]) -> TokenEndpointGrant:
        """Return the grant with its token endpoint's address, which the server's metadata may have to tell."""
        endpoint = self.grant.token_endpoint
        if isinstance(endpoint, str) or isinstance(question, ForRevocation):
            return self.grant
        return self._attempts(self.grant, ForMetadata(endpoint.url))

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

    def _attempts(self, grant: TokenEndpointGrant, question: Question[T], budget: Budget | None = None) -> T:
        give_up_at = time.monotonic() + BUDGET * self.timeout
        attempt, failure = 0, None
        proofs = Proofs(self.prover if isinstance(question, ForToken) else None)
        while True:
            request = proofs.on(question.request(grant, self.secret, self.assertions))
            self._spend(budget, failure)
            # A machine that stood still through its pause, or a slow function of the grant's, has used up all.
            began = time.monotonic()
            left = max(give_up_at - began, _WORTH_IT * self.timeout)
            try:
                return self._attempt(grant, question, request, min(self.timeout, left), proofs)
            except OAuthError as error:
                if budget is not None:
                    budget.refund(error, self.clock())
                if proofs.ask_again():
                    continue
                if not isinstance(error, TokenRequestError):
                    raise
                jitter = random.random()  # noqa: S311 - spreads load, keeps no secret
                pause = pause_before_retry(error, attempt, self.timeout, jitter)
                if stood_still(began, self.timeout):
                    # The process was stopped during the attempt: the server had no time to answer, so begin anew.
                    give_up_at = time.monotonic() + BUDGET * self.timeout
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
        self, grant: TokenEndpointGrant, question: Question[T], request: HttpRequest, timeout: float, proofs: Proofs
    ) -> T:
        redaction = Redaction.of(self.grant, self.secret, request)
        redaction.hide(*self.assertions.texts)
        asked_at = self.clock()
        try:
            answer = within(timeout, lambda: self._send(request, timeout), "oauth-cc-auth-request")
            proofs.heard(request, answer)
            return question.read(grant, answer, asked_at, redaction)
        except TimeoutError as error:
            message = f"The token endpoint gave no complete answer in {timeout:.3g} s."
            raise TokenEndpointUnavailable(message=message) from scrubbed(error)
        except OAuthError as error:
            redaction.error(error)
            if isinstance(error, InvalidClient) and (hint := hint_on(self.secret, grant.token_endpoint_auth_method)):
                error.advise(hint)
            raise

    def _send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        with muted():
            try:
                return self.sender(request, timeout)
            except OAuthError as error:
                # The sender's frames keep the connection open for as long as somebody keeps the error.
                raise error.with_traceback(None)  # noqa: B904 - it is the same one


def hint_on(secret: str | None, method: object) -> str | None:
    """Return what may be wrong with a secret that was refused, which is never quoted; None if nothing looks odd."""
    if not secret:
        return None
    if secret != secret.strip():
        return "The client secret has white space around it, which is sent as a part of it."
    if len(secret) > 1 and secret[0] == secret[-1] and secret[0] in "\"'":
        return "The client secret begins and ends with a quote, which is sent as a part of it."
    if method == "client_secret_basic" and quote(secret, safe="") != secret:
        return (
            "The client secret has characters that Basic authentication percent-encodes (RFC 6749 §2.3.1). For a "
            'server that does not decode them pass token_endpoint_auth_method="client_secret_basic_raw".'
        )
    return None
