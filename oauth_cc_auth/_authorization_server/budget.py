"""The vendor's limit on tokens, kept from running over: counted in the store, for all processes that share it.

Each attempt of a token request is written down before it is sent, because a token whose answer is lost was issued all
the same; what surely issued none is given back. The count is per client and token endpoint, whatever the scope, as
vendors count. Without a store, or with one that fails, this process counts for itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from oauth_cc_auth._grant.token_endpoint import IssuanceLimit, TokenEndpointGrant
from oauth_cc_auth._threads import within
from oauth_cc_auth._token import CLOCK_TOLERANCE, Token
from oauth_cc_auth.errors import OAuthError, TokenBudgetExceeded, TokenEndpointUnavailable, TokenRequestError
from oauth_cc_auth.stores import MemoryStore, TokenStore
from oauth_cc_auth.stores._protocol import locks_each_key

# The entry in a store is a token by form only: stores keep nothing else.
_ENTRY, _ISSUED = "issuance-ledger", "issued_at"

# To count takes milliseconds, and a hundred who begin together wait for each other for a second or two. The caller, who
# waits 30 s and may have waited 21 for the token's lock, has 4 left to ask.
STORE_SECONDS = 5.0

_this_process = MemoryStore()


class Budget:
    """What one exchange spends of the vendor's limit, attempt by attempt.

    Once the store has failed, which `failed` is told, this process counts the rest for itself.
    """

    __slots__ = ("_failed", "_grant", "_limit", "_spent_at", "_store")

    def __init__(
        self, grant: TokenEndpointGrant, store: TokenStore | None, failed: Callable[[Exception], object] | None = None
    ) -> None:
        """Spend nothing yet."""
        self._failed = failed
        self._grant, self._limit, self._store, self._spent_at = grant, grant.issuance_limit, store, 0.0

    def spend(self, now: float) -> None:
        """Write down that a token is requested now. Raises TokenBudgetExceeded where the limit is reached."""
        limit = self._limit
        if limit is None:
            return

        def spent(recent: list[float]) -> list[float]:
            if len(recent) >= limit.count:
                retry_after = sorted(recent)[-limit.count] + limit.seconds - now
                message = (
                    f"{limit.count} tokens were requested within {limit.seconds:g} s, which is all that the vendor "
                    f"allows; the next is possible in {retry_after:.0f} s. A store shares one token between processes."
                )
                raise TokenBudgetExceeded(message, retry_after=retry_after)
            return [*recent, now]

        self._change(limit, now, spent)
        self._spent_at = now

    def refund(self, error: OAuthError, now: float) -> None:
        """Take back what was written down last, if this error says that nothing was issued."""
        limit, asked_at = self._limit, self._spent_at
        if limit is None or not issued_nothing(error):
            return

        def refunded(recent: list[float]) -> list[float]:
            if asked_at in recent:
                recent.remove(asked_at)  # one: others may have asked at the same moment
            return recent

        self._change(limit, now, refunded)

    def _change(self, limit: IssuanceLimit, now: float, change: Callable[[list[float]], list[float]]) -> None:
        if self._store is not None:
            try:
                # What is left behind here counts as soon as it gets its turn, and is right to: the request was sent.
                within(STORE_SECONDS, partial(self._update, self._store, limit, now, change), "oauth-cc-auth-ledger")
            except TokenBudgetExceeded:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a store raises, the call goes on
                if self._failed is not None:
                    self._failed(error)
                self._store = None
            else:
                return
        self._update(_this_process, limit, now, change)

    def _update(
        self, store: TokenStore, limit: IssuanceLimit, now: float, change: Callable[[list[float]], list[float]]
    ) -> None:
        client = f"{self._grant.token_endpoint}\n{self._grant.client_id}"
        key = f"issued-{hashlib.blake2b(client.encode(), digest_size=32).hexdigest()}"
        # Lock order: the token's lock, then this one; nothing is locked inside it. Other scopes have other tokens,
        # whose locks do not exclude each other. A store of a user's own may have a single lock, which the renewal
        # already holds: then count without.
        with store.lock(key) if locks_each_key(store) else nullcontext():
            issued = change(_within(limit, _read(store.load(key)), now))
            ends_at = max([now, *issued]) + limit.seconds
            store.save(key, Token(_ENTRY, obtained_at=now, expires_at=ends_at, extra={_ISSUED: issued}))


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


def _within(limit: IssuanceLimit, issued: list[float], now: float) -> list[float]:
    # Another machine's clock may be a little ahead. What lies farther in the future was written before the clock was
    # set back: it may be any age, and must not count for long.
    return [at for at in issued if now - limit.seconds < at <= now + CLOCK_TOLERANCE]


def _read(entry: Token | None) -> list[float]:
    issued = entry.extra.get(_ISSUED) if isinstance(entry, Token) else None
    return [float(at) for at in issued if isinstance(at, (int, float))] if isinstance(issued, (list, tuple)) else []
