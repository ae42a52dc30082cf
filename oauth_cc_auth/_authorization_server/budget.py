"""The vendor's limit on tokens, kept from running over: counted in the store, and so by all who share it.

Each attempt of a token request is written down before it is sent, because a token whose answer is lost was issued all
the same; what surely issued none is given back. The count is per client and token endpoint, whatever the scope, as
vendors count. Without a store, or with one that fails, this process counts for itself.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.client_credentials import ClientCredentials
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._threads import within
from oauth_cc_auth._token import CLOCK_TOLERANCE, Token
from oauth_cc_auth.errors import OAuthError, TokenBudgetExceeded, TokenEndpointUnavailable, TokenRequestError
from oauth_cc_auth.stores import MemoryStore, TokenStore
from oauth_cc_auth.stores._protocol import is_ours

log = logging.getLogger("oauth_cc_auth")


# The entry in a store is a token by form only: stores keep nothing else.
_ENTRY, _ISSUED = "issuance-ledger", "issued_at"


# To count takes milliseconds, and a hundred who begin together wait for each other for a second or two. The caller, who
# waits 30 s and may have waited 21 for the token's lock, has 4 left to ask.
STORE_SECONDS = 5.0


_this_process = MemoryStore()


class Budget:
    """What one exchange spends, attempt by attempt; once its store has failed, this process counts the rest."""

    __slots__ = ("_grant", "_spent_at", "_store")

    def __init__(self, grant: ClientCredentials | AuthorizationCode, store: TokenStore | None) -> None:
        """Spend nothing yet."""
        self._grant, self._store, self._spent_at = grant, store, 0.0

    def spend(self, now: float) -> None:
        """Write down that a token is asked for now. Raises TokenBudgetExceeded where the limit is reached."""
        self._store, self._spent_at = spend(self._grant, self._store, now), now

    def refund(self, error: OAuthError, now: float) -> None:
        """Take back what was written down last, if this error says that nothing was issued."""
        if issued_nothing(error):
            self._store = refund(self._grant, self._store, self._spent_at, now)


def spend(grant: ClientCredentials | AuthorizationCode, store: TokenStore | None, now: float) -> TokenStore | None:
    """Write down that a token is asked for now, and return where: None is this process.

    Raises TokenBudgetExceeded where the limit is reached.
    """
    limit = grant.issuance_limit
    if limit is None:
        return store

    def spent(recent: list[float]) -> list[float]:
        if len(recent) >= limit.count:
            retry_after = sorted(recent)[-limit.count] + limit.seconds - now
            message = (
                f"{limit.count} tokens were asked for within {limit.seconds:g} s, which is all that the vendor allows; "
                f"the next may be in {retry_after:.0f} s. A store shares one token between processes."
            )
            raise TokenBudgetExceeded(message, retry_after=retry_after)
        return [*recent, now]

    return _change(grant, limit, store, now, spent)


def refund(
    grant: ClientCredentials | AuthorizationCode, store: TokenStore | None, asked_at: float, now: float
) -> TokenStore | None:
    """Take back one request that was written down at that time, and return where."""
    if grant.issuance_limit is None:
        return store

    def refunded(recent: list[float]) -> list[float]:
        if asked_at in recent:
            recent.remove(asked_at)  # one: others may have asked at the same moment
        return recent

    return _change(grant, grant.issuance_limit, store, now, refunded)


def issued_nothing(error: OAuthError) -> bool:
    """Tell whether the server surely issued no token to a request that ended so."""
    if not isinstance(error, TokenRequestError):
        return True  # held to the vendor's own limit, or never sent
    if error.status_code is None:
        return _never_connected(error)
    if isinstance(error, TokenEndpointUnavailable):
        # These say that nothing was done (RFC 9110 §15.6.4, RFC 6585 §4); behind a 500, 502 or 504 anything may have
        # happened.
        return error.status_code in {429, 503}
    # A code of RFC 6749 §5.2 is a refusal, whatever its status: Feishu refuses with 200.
    return error.error is not None or 400 <= error.status_code < 500


def forget() -> None:
    """Forget what this process counted for itself; for tests."""
    global _this_process  # noqa: PLW0603 - the process has one
    _this_process = MemoryStore()


def _never_connected(error: OAuthError) -> bool:
    # Python's own exceptions, in which those of every HTTP library begin. Offline, nobody's budget is used up.
    from socket import gaierror  # noqa: PLC0415 - whoever got here has it loaded

    chain: list[BaseException] = [error]
    while (behind := chain[-1].__cause__ or chain[-1].__context__) is not None and behind not in chain:
        chain.append(behind)
    return isinstance(chain[-1], (ConnectionRefusedError, gaierror))


def _change(
    grant: ClientCredentials | AuthorizationCode,
    limit: IssuanceLimit,
    store: TokenStore | None,
    now: float,
    change: Callable[[list[float]], list[float]],
) -> TokenStore | None:
    if store is not None:
        try:
            # What is left behind here counts as soon as it gets its turn, and is right to: the request was sent.
            within(STORE_SECONDS, partial(_update, store, grant, limit, now, change), "oauth-cc-auth-ledger")
        except TokenBudgetExceeded:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the call goes on
            log.warning("the token store failed to count (%s); this process counts alone", type(error).__name__)
        else:
            return store
    _update(_this_process, grant, limit, now, change)
    return None


def _update(
    store: TokenStore,
    grant: ClientCredentials | AuthorizationCode,
    limit: IssuanceLimit,
    now: float,
    change: Callable[[list[float]], list[float]],
) -> None:
    name = hashlib.blake2b(f"{grant.token_endpoint}\n{grant.client_id}".encode(), digest_size=32).hexdigest()
    key = f"issued-{name}"
    # Other scopes have other tokens, whose locks do not exclude each other. Whoever waits here may hold his token's
    # lock, and whoever counts waits for no other. A stranger's store may have but one lock, which the renewal holds.
    with store.lock(key) if is_ours(store) else nullcontext():
        issued = change(_within(limit, _read(store.load(key)), now))
        ends_at = max([now, *issued]) + limit.seconds
        store.save(key, Token(_ENTRY, obtained_at=now, expires_at=ends_at, extra={_ISSUED: issued}))


def _within(limit: IssuanceLimit, issued: list[float], now: float) -> list[float]:
    # Another machine's clock may be a little ahead. What lies farther in the future was written before the clock was
    # set back: it may be any age, and must not count for long.
    return [at for at in issued if now - limit.seconds < at <= now + CLOCK_TOLERANCE]


def _read(entry: Token | None) -> list[float]:
    issued = entry.extra.get(_ISSUED) if isinstance(entry, Token) else None
    return [float(at) for at in issued if isinstance(at, (int, float))] if isinstance(issued, (list, tuple)) else []
