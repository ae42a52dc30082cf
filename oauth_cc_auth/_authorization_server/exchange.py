"""One exchange with the authorization server: request, answer, and the attempts in between.

An attempt has `timeout` seconds for everything, the lookup of the name and a dripping answer included; all attempts and
the pauses between them have twice that. The secret is read once per exchange, and once more when the server refuses it.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from oauth_cc_auth._authorization_server.budget import Budget
from oauth_cc_auth._authorization_server.client_secret import secret_of
from oauth_cc_auth._authorization_server.federation import Assertions
from oauth_cc_auth._authorization_server.metadata import Metadata, needs_server
from oauth_cc_auth._authorization_server.proofs import Proofs
from oauth_cc_auth._authorization_server.question import (
    ForChallenge,
    ForDocument,
    ForIntrospection,
    ForRevocation,
    ForToken,
    Parameters,
    Question,
)
from oauth_cc_auth._authorization_server.redaction import Redaction
from oauth_cc_auth._authorization_server.retry import pause_before_retry
from oauth_cc_auth._grant.discovery import Discovery
from oauth_cc_auth._grant.hashes import fingerprint
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.quiet_logs import muted
from oauth_cc_auth._http.sender import Sender
from oauth_cc_auth._raising import concerning, scrubbed
from oauth_cc_auth._threads import stood_still, unforked, within
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import (
    ConfigurationError,
    InvalidClient,
    InvalidGrant,
    InvalidTokenResponse,
    OAuthError,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
)

if TYPE_CHECKING:
    from oauth_cc_auth._resource_server.dpop import Prover

log = logging.getLogger("oauth_cc_auth")

T = TypeVar("T")

# What all attempts together may take, in timeouts.
BUDGET = 2.0

# Less time than this is not worth another attempt, as a share of the timeout.
_WORTH_IT = 0.05

# Under which name an exchange remembers the server's metadata.
_METADATA = "metadata"


class Exchange:
    """What it takes to ask the authorization server. Errors are OAuthErrors, free of secrets, that say whose they are.

    `secret` is the client secret, as it was read last: the one that the server took, once a token was fetched.
    """

    __slots__ = ("assertions", "clock", "grant", "memory", "prover", "secret", "sender", "timeout")

    def __init__(
        self,
        grant: TokenEndpointGrant,
        sender: Sender,
        timeout: float,
        clock: Callable[[], float],
        prover: Prover | None = None,
        *,
        memory: MutableMapping[str, Any] | None = None,
    ) -> None:
        """Read the secret; nothing is sent yet. Raises ConfigurationError.

        `prover` makes the proofs of DPoP. What is learnt of the server is kept in `memory`, for the next exchange.
        """
        self.prover = prover
        self.memory: MutableMapping[str, Any] = {} if memory is None else memory
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
        token = self._ask(ForToken(previous, code), budget)
        log.debug("token obtained from %s, valid for %s s", self.grant.token_endpoint, token.lifetime)
        return token

    def revoke(self, token: Token) -> None:
        """Revoke a token (RFC 7009). Raises ConfigurationError where the server's metadata names no endpoint for it."""
        self._ask(ForRevocation(token))

    def introspect(self, token: Token) -> dict[str, Any]:
        """Return what the server says of a token (RFC 7662 §2.2), ``active`` at least. Raises an OAuthError."""
        return self._ask(ForIntrospection(token))

    def _ask(self, question: Question[T], budget: Budget | None = None) -> T:
        """Ask; where the secret is refused, and another one is to be had, once more with that."""
        try:
            try:
                return self._at_current_endpoint(question, budget)
            except (InvalidClient, InvalidGrant) as refusal:
                if not (self.assertions.changed(refusal) or self._rotated(refusal)):
                    raise
            return self._at_current_endpoint(question, budget)
        except OAuthError as error:
            concerning(self.grant, error)
            raise

    def _at_current_endpoint(self, question: Question[T], budget: Budget | None) -> T:
        """Ask with the grant as the server's metadata completes it; once more if what was remembered has changed."""
        discovery, grant = self.grant.token_endpoint, self.grant
        own = getattr(grant, question.endpoint) if question.endpoint != "token_endpoint" else None
        if not isinstance(discovery, Discovery) or (own and not needs_server(grant.token_endpoint_auth_method)):
            return self._asked(grant, question, budget)
        remembered = self._remembered()
        if remembered is None:
            return self._asked(self._found(discovery).applied(grant, self.secret), question, budget)
        located = remembered.applied(grant, self.secret)
        try:
            return self._asked(located, question, budget)
        except (TokenEndpointUnavailable, InvalidTokenResponse) as error:
            moved = self._moved(discovery, located, error)
        return self._asked(moved, question, budget)

    def metadata(self) -> Metadata | None:
        """Return the server's metadata, as it is remembered or fetched; None for a grant that names the endpoints."""
        discovery = self.grant.token_endpoint
        return (self._remembered() or self._found(discovery)) if isinstance(discovery, Discovery) else None

    def _remembered(self) -> Metadata | None:
        metadata = self.memory.get(_METADATA)
        return metadata if isinstance(metadata, Metadata) and metadata.is_fresh(self.clock()) else None

    def _asked(self, grant: TokenEndpointGrant, question: Question[T], budget: Budget | None) -> T:
        if getattr(grant, question.endpoint) is None:
            message = f"The server's metadata names no {question.endpoint}: pass {question.endpoint}= to the grant."
            raise ConfigurationError(message)
        return self._attempts(grant, question, budget)

    def _moved(self, discovery: Discovery, grant: TokenEndpointGrant, failure: TokenRequestError) -> TokenEndpointGrant:
        """Return the grant by the metadata as it is now; raise the failure if it is the same, or cannot be read."""
        if failure.retry_after is None:
            try:
                moved = self._found(discovery).applied(self.grant, self.secret)
            except OAuthError as error:
                log.debug("the server's metadata could not be fetched again: %s", error)
            else:
                if moved != grant:
                    return moved
        raise failure

    def _found(self, discovery: Discovery) -> Metadata:
        def get(url: str) -> HttpResponse:
            return self._attempts(self.grant, ForDocument(url))

        def knock(url: str) -> HttpResponse:
            question = ForChallenge(url)
            request = question.request(self.grant, None, self.assertions)
            return self._attempt(self.grant, question, request, self.timeout, Proofs(None))

        with unforked():
            from oauth_cc_auth._authorization_server.discovery import find  # noqa: PLC0415 - for those alone

        found = find(self.grant, discovery, get, knock, self.clock())
        self.memory[_METADATA] = found
        return found

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
