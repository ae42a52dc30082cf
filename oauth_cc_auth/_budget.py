"""The vendor's limit on tokens, kept from running over: counted in the store, and so by all who share it.

Each token request is written down before it is sent, because a token whose answer is lost was issued all the same; a
refusal gives it back. The count is per client and token endpoint, whatever the scope, as vendors count. Without a
store, or with one that fails, this process counts for itself.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

from oauth_cc_auth._grants import AuthorizationCode, ClientCredentials, IssuanceLimit
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import TokenBudgetExceeded
from oauth_cc_auth.stores import MemoryStore, TokenStore

log = logging.getLogger("oauth_cc_auth")

# The entry in a store is a token by form only: stores keep nothing else.
_ENTRY, _ISSUED = "issuance-ledger", "issued_at"

_this_process = MemoryStore()


def spend(grant: ClientCredentials | AuthorizationCode, store: TokenStore | None, now: float) -> None:
    """Write down that a token is asked for now. Raises TokenBudgetExceeded where the limit is reached."""
    limit = grant.issuance_limit
    if limit is None:
        return

    def spent(issued: list[float]) -> list[float]:
        recent = _within(limit, issued, now)
        if len(recent) >= limit.count:
            retry_after = sorted(recent)[-limit.count] + limit.seconds - now
            message = (
                f"{limit.count} tokens were asked for within {limit.seconds:g} s, which is all that the vendor allows; "
                f"the next may be in {retry_after:.0f} s. A store shares one token between processes."
            )
            raise TokenBudgetExceeded(message, retry_after=retry_after)
        return [*recent, now]

    _change(grant, limit, store, now, spent)


def refund(grant: ClientCredentials | AuthorizationCode, store: TokenStore | None, asked_at: float) -> None:
    """Take back what was written down at that time: the server refused, and issued nothing."""
    if grant.issuance_limit is not None:
        _change(grant, grant.issuance_limit, store, asked_at, lambda issued: [at for at in issued if at != asked_at])


def forget() -> None:
    """Forget what this process counted for itself; for tests."""
    global _this_process  # noqa: PLW0603 - the process has one
    _this_process = MemoryStore()


def _within(limit: IssuanceLimit, issued: list[float], now: float) -> list[float]:
    # What lies in the future was written before the clock was set back: it may be any age, and must not count for long.
    return [at for at in issued if now - limit.seconds < at <= now]


def _change(
    grant: ClientCredentials | AuthorizationCode,
    limit: IssuanceLimit,
    store: TokenStore | None,
    now: float,
    change: Callable[[list[float]], list[float]],
) -> None:
    if store is not None:
        try:
            _update(store, grant, limit, now, change)
        except TokenBudgetExceeded:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the call goes on
            log.warning("the token store failed to count (%s); this process counts alone", type(error).__name__)
        else:
            return
    _update(_this_process, grant, limit, now, change)


def _update(
    store: TokenStore,
    grant: ClientCredentials | AuthorizationCode,
    limit: IssuanceLimit,
    now: float,
    change: Callable[[list[float]], list[float]],
) -> None:
    # No lock of its own: the renewal holds its token's, and a store may have but one.
    name = hashlib.blake2b(f"{grant.token_endpoint}\n{grant.client_id}".encode(), digest_size=32).hexdigest()
    issued = change(_read(store.load(f"issued-{name}")))
    kept = Token(_ENTRY, obtained_at=now, expires_at=now + limit.seconds, extra={_ISSUED: issued})
    store.save(f"issued-{name}", kept)


def _read(entry: Token | None) -> list[float]:
    issued = entry.extra.get(_ISSUED) if isinstance(entry, Token) else None
    return [float(at) for at in issued if isinstance(at, (int, float))] if isinstance(issued, (list, tuple)) else []
