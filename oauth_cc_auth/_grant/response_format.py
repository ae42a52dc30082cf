"""How a vendor writes what RFC 6749 writes otherwise in its token answer.

The answer is read by the letter too, from where `ResponseFormat` says that things stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from oauth_cc_auth._frozen import KW_ONLY, dataclass, spoken_repr
from oauth_cc_auth._grant.checks import checked_names, refuse
from oauth_cc_auth._http.json_path import member, positive
from oauth_cc_auth._resource_server.error_format import RFC_6749, ApiError, ErrorFormat

# A longer life is a mistake, or means "for ever", and its end may be in no calendar: it counts as not stated.
_A_CENTURY = 100 * 365.25 * 86_400.0

# ISO 8601, with separators and without, which Python reads from 3.11 on only; so it is with Z, and most fractions.
_DATE = (
    r"(?a)(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,6})\d*)?)?(?:Z|([+-]\d\d):?(\d\d)?)?)?"
)


@dataclass(frozen=True, slots=True, repr=False)
class ResponseFormat:
    """Where the things of a token answer stand, where a vendor departs from RFC 6749 §5.1.

    access_token: the path of the token, such as ``data.access_token``. None means that the whole body is the token, as
    bare text (Ellucian Ethos).
    token_type: the path of its type.
    expires_in: the path of its lifetime, in units of `seconds`; or a function of the whole answer that returns seconds
    or None; or None. More than a hundred years counts as not stated.
    seconds: how long such a unit is: 0.001 means milliseconds.
    expires_at: the path of an absolute time, in ISO 8601 or as a number since the epoch in the same units, for answers
    without `expires_in`.
    scope: the path of the granted scope.
    scope_separator: what stands between scopes.
    refresh_token: the path of the refresh token.
    bearer_token_types: what the server calls Bearer beside that, as eBay's ``Application Access Token``.
    headers: headers of the answer that are kept in ``Token.extra``, by their names in lower case.
    errors: how a refusal reads, an `ErrorFormat`.
    limit_reached: a function of the `ApiError` that tells the refusal which means that no more tokens are issued for
    now, where its status does not say so.

    Raises ConfigurationError, naming the argument.
    """

    _: KW_ONLY
    access_token: str | None = "access_token"
    token_type: str = "token_type"
    expires_in: str | Callable[[dict[str, Any]], float | None] | None = "expires_in"
    seconds: float = 1.0
    expires_at: str | None = None
    scope: str = "scope"
    scope_separator: str = " "
    refresh_token: str = "refresh_token"
    bearer_token_types: Collection[str] = ()
    headers: Collection[str] = ()
    errors: ErrorFormat = RFC_6749
    limit_reached: Callable[[ApiError], bool] | None = None

    __repr__ = spoken_repr

    def __post_init__(self) -> None:
        """Check the fields and make them immutable. Raises ConfigurationError, naming the field."""
        if not _is_path_or_none(self.access_token):
            refuse("ResponseFormat: access_token is neither a path nor None, for a bare token")
        for name in ("token_type", "scope", "refresh_token", "scope_separator"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                refuse(f"ResponseFormat: {name} is empty or not a string")
        if not callable(self.expires_in) and not _is_path_or_none(self.expires_in):
            refuse("ResponseFormat: expires_in is neither a path nor a function")
        if not _is_path_or_none(self.expires_at):
            refuse("ResponseFormat: expires_at is not a path")
        if self.limit_reached is not None and not callable(self.limit_reached):
            refuse("ResponseFormat: limit_reached is not a function")
        if isinstance(self.seconds, str) or positive(self.seconds) is None:
            refuse("ResponseFormat: seconds is not a number above 0")
        for name in ("bearer_token_types", "headers"):
            object.__setattr__(self, name, checked_names(f"ResponseFormat: {name}", getattr(self, name)))
        if not isinstance(self.errors, ErrorFormat):
            refuse("ResponseFormat: errors is not an ErrorFormat")

    def is_bearer(self, token_type: object) -> bool:
        """Tell whether this means a bearer token (RFC 6749 §7.1); an absent type does."""
        known = {"bearer", *(name.lower() for name in self.bearer_token_types)}
        return token_type in (None, "") or str(token_type).lower() in known

    def lifetime(self, members: dict[str, Any], now: float) -> float | None:
        """Return the seconds that the token lives from `now` on, None where the answer does not say so."""
        seconds = self._lifetime(members, now)
        return seconds if seconds is not None and seconds <= _A_CENTURY else None

    def _lifetime(self, members: dict[str, Any], now: float) -> float | None:
        if callable(self.expires_in):
            try:
                return positive(self.expires_in(members))
            except Exception:  # noqa: BLE001 - a vendor's function that stumbles over an answer costs no token
                return None
        units = None if self.expires_in is None else positive(member(members, self.expires_in))
        if units is not None:
            return positive(units * self.seconds)
        ends = None if self.expires_at is None else _moment(member(members, self.expires_at), self.seconds)
        return None if ends is None else positive(ends - now)

    def is_limit(self, said: ApiError) -> bool:
        """Tell whether a refusal means that the vendor gives no more tokens for now."""
        try:
            return self.limit_reached is not None and bool(self.limit_reached(said))
        except Exception:  # noqa: BLE001 - as above: what the server said counts
            return False

    def scope_of(self, members: dict[str, Any]) -> str | None:
        """Return the granted scope with blanks between (RFC 6749 §3.3)."""
        scope = member(members, self.scope)
        if not isinstance(scope, str) or not scope:
            return None
        return " ".join(scope.split(self.scope_separator)) if self.scope_separator != " " else scope


def _moment(value: object, unit: float) -> float | None:
    units = positive(value)
    if units is not None or not isinstance(value, str):
        return None if units is None else units * unit
    found = re.fullmatch(_DATE, value.strip().upper())
    if found is None:
        return None
    from datetime import datetime  # noqa: PLC0415 - only for those who state a date

    year, month, day, hour, minute, second, fraction, zone, of_it = found.groups()
    # A time without a zone is UTC, as every server's clock should be.
    time = f"{hour or '00'}:{minute or '00'}:{second or '00'}.{fraction or '':0<6}{zone or '+00'}:{of_it or '00'}"
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{time}").timestamp()
    except (ValueError, OverflowError):
        return None


def _is_path_or_none(value: object) -> bool:
    return value is None or (isinstance(value, str) and value != "")
