"""What servers say about the proofs of DPoP: the newest nonce of each origin, and what time it is there (RFC 9449 §8).

Each origin and role by itself, because an authorization server and an API on one origin need not share their nonces.
What a server thinks is the time counts, where it has refused a proof.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any, Literal, TypeAlias

from oauth_cc_auth._http.challenge import parse_challenges
from oauth_cc_auth._http.json_path import json_object

# The authorization server's endpoints, or an API: one origin may be both, with nonces of their own.
Role: TypeAlias = Literal["authorization server", "resource server"]

# As many origins as one token is presented to; the least recently used is forgotten first.
_ORIGINS = 100

# A clock further off than this is not corrected: the answer's Date may be anything.
_LARGEST_SKEW = 3600.0

_REFUSALS = frozenset({"use_dpop_nonce", "invalid_dpop_proof"})


class Nonces:
    """The nonce for the next proof, and the seconds by which a server's clock is ahead, of each origin."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Know of none."""
        self._clock = clock
        self._nonces: OrderedDict[tuple[str, Role], str] = OrderedDict()
        self._skews: OrderedDict[str, float] = OrderedDict()
        self.unlock()

    def unlock(self) -> None:
        """Begin with a lock that nobody holds, as in a child that was forked while a thread held the old one."""
        self._lock = RLock()

    def clear(self) -> None:
        """Forget what the servers said."""
        with self._lock:
            self._nonces.clear()
            self._skews.clear()

    def nonce(self, origin: str, role: Role) -> str | None:
        """Return the newest nonce that this origin gave out."""
        return self._nonces.get((origin, role))

    def time_at(self, origin: str) -> float:
        """Return the time by this origin's clock, as far as it is known."""
        return self._clock() + self._skews.get(origin, 0.0)

    def heard(
        self, origin: str, role: Role, status: int, headers: Mapping[str, str], *, proof: str, error: str | None
    ) -> bool:
        """Take what an answer says for the next proof; return whether this request is worth one more try with it.

        It is worth one more try where the server refused the proof and gave a nonce that the proof did not have, though
        another request may have met that nonce before.
        """
        refused = status in {400, 401} and (error in _REFUSALS or _challenged(headers.get("www-authenticate", "")))
        if refused:
            self._correct_clock(origin, headers.get("date"))
        nonce = headers.get("dpop-nonce")
        if not nonce:
            return False
        with self._lock:
            put(self._nonces, (origin, role), nonce)
        return refused and nonce != _nonce_in(proof)

    def _correct_clock(self, origin: str, date: str | None) -> None:
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 8 ms that only a refused proof costs

        try:
            skew = parsedate_to_datetime(date or "").timestamp() - self._clock()
        except (ValueError, TypeError, OverflowError):
            return
        with self._lock:
            put(self._skews, origin, skew if abs(skew) <= _LARGEST_SKEW else 0.0)


def _nonce_in(proof: str) -> object:
    claims = proof.split(".")[1] if proof else ""
    return (json_object(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))) or {}).get("nonce")


def _challenged(www_authenticate: str) -> bool:
    return any(
        scheme == "dpop" and parameters.get("error") in _REFUSALS
        for scheme, parameters in parse_challenges(www_authenticate)
    )


def put(table: OrderedDict[Any, Any], name: object, value: object) -> None:
    """Remember this as the newest; where there are too many, forget the least recently used."""
    table[name] = value
    table.move_to_end(name)
    if len(table) > _ORIGINS:
        table.popitem(last=False)
