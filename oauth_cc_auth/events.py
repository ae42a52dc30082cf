"""What happens to a token, as frozen values: for your metrics and alarms, and the lines that this package logs.

Listen with ``TokenSource(grant, on_event=listener)``, or for the whole process with ``oauth_cc_auth.on_event(f)``. A
listener is called in the thread that made the change, with no lock held: it should be quick, since callers that have no
usable token wait for it. An exception that it raises is logged once and goes no further. No event holds a secret or a
token.

Each event is also one log record of the logger ``oauth_cc_auth``: at INFO what a healthy token does, at WARNING
everything else. The record carries the event's fields, each with the prefix ``oauth_``.
"""

from __future__ import annotations

import logging
from typing import ClassVar

from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth._text import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event says: whose token it is about, and when.

    vendor: the preset's name, or the token endpoint's host where no preset made the grant.
    token_endpoint: the token endpoint's URL without its query, or that of the metadata that names it.
    host: the token endpoint's host.
    client_id: the client's id; None where the vendor knows the client by its secret alone.
    label: what the entry in a store is called: vendor, host and client.
    at: seconds since the epoch, by the source's clock.
    """

    level: ClassVar[int] = logging.WARNING

    vendor: str
    token_endpoint: str
    host: str
    client_id: str | None
    label: str
    at: float

    @property
    def sentence(self) -> str:
        """What happened, in one line for people."""
        raise NotImplementedError

    @property
    def whose(self) -> str:
        """The token endpoint and the client, for people."""
        return self.token_endpoint if self.client_id is None else f"{self.token_endpoint}, client {self.client_id!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenObtained(Event):
    """The token endpoint issued a first token. `lifetime` is in seconds, None if the server did not say."""

    level = logging.INFO

    lifetime: float | None

    @property
    def sentence(self) -> str:
        """What happened."""
        return f"obtained a token from {self.host}, {_valid(self.lifetime)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRenewed(Event):
    """The token endpoint issued the next token. `lifetime` is in seconds, None if the server did not say."""

    level = logging.INFO

    lifetime: float | None

    @property
    def sentence(self) -> str:
        """What happened."""
        return f"renewed the token at {self.host}, {_valid(self.lifetime)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLoaded(Event):
    """The store had a token that another process obtained. `lifetime`: the seconds it has left, None if unknown."""

    level = logging.INFO

    lifetime: float | None

    @property
    def sentence(self) -> str:
        """What happened."""
        return f"took a token from the store, {_valid(self.lifetime)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDue(Event):
    """The token has lived four fifths of its life and is being renewed in the background. `until`: when it ends."""

    level = logging.INFO

    until: float

    @property
    def sentence(self) -> str:
        """What happened."""
        return f"renewing the token in the background; it ends in {_seconds(self.until - self.at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalFailed(Event):
    """A token could not be renewed, and calls keep using it. `until`: when it ends; `error`: what went wrong."""

    until: float
    error: BaseException

    @property
    def sentence(self) -> str:
        """What happened."""
        ends = "which does not end by itself" if self.until == float("inf") else f"for {_seconds(self.until - self.at)}"
        return f"could not renew the token; calls keep using it, {ends}: {said(self.error)} [{self.whose}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefused(Event):
    """The API refused the token. `status`: the HTTP status; `url`: what was asked for, without its query."""

    status: int | None
    url: str | None

    @property
    def sentence(self) -> str:
        """What happened."""
        answer = f" with {self.status}" if self.status else ""
        where = f" at {self.url}" if self.url else ""
        return f"the API refused the token{answer}{where}; it is not used any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalHeldBack(Event):
    """The API refuses new tokens too: a 401 renews nothing for now. `until`: epoch seconds; `retry_after`: seconds."""

    until: float
    retry_after: float

    @property
    def sentence(self) -> str:
        """What happened."""
        return (
            f"the API refuses new tokens too; a 401 renews nothing for {_seconds(self.retry_after)}. Check the "
            "audience, the scope and the environment: the token endpoint and the API may not belong together"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequestRefused(Event):
    """A token request failed, and no token is there to go on with. `error`: why.

    `retry_after`: the seconds in which the same answer is given without another request, None if the next call asks
    again.
    """

    error: BaseException
    retry_after: float | None

    @property
    def sentence(self) -> str:
        """What happened."""
        kept = f" (remembered for {_seconds(self.retry_after)})" if self.retry_after else ""
        return f"the token request failed{kept}: {said(self.error)} [{self.whose}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetExceeded(Event):
    """The vendor's limit on tokens is reached. `retry_after`: seconds until the next may be requested."""

    error: BaseException
    retry_after: float | None

    @property
    def sentence(self) -> str:
        """What happened."""
        return f"the vendor's limit on tokens is reached: {said(self.error)} [{self.whose}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFailed(Event):
    """The store failed, and calls go on without it.

    `operation`: what was tried, such as load, save or lock; `store`: which store, without a password; `error`: the
    exception's class, and what the system said of it.
    """

    operation: str
    store: str
    error: str

    @property
    def sentence(self) -> str:
        """What happened."""
        return f"the token store failed to {self.operation} ({self.error}); going on without {self.store}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSaved(Event):
    """A login's new refresh token, which could not be saved at first, is in the store now."""

    level = logging.INFO

    @property
    def sentence(self) -> str:
        """What happened."""
        return "the refresh token that could not be saved is saved now"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginUnsaved(Event):
    """A login's new refresh token could not be saved: if this process is killed now, the user has to log in again."""

    @property
    def sentence(self) -> str:
        """What happened."""
        return "a new refresh token could not be saved; it is kept in memory, and saving is tried again"


def _valid(lifetime: float | None) -> str:
    return "valid until the API refuses it" if lifetime is None else f"valid for {_seconds(lifetime)}"


def _seconds(seconds: float) -> str:
    left = max(seconds, 0.0)
    return f"{left:,.0f} s" if left >= 10 else f"{left:.1f}".removesuffix(".0") + " s"


def said(error: BaseException) -> str:
    """Return what an error says, without whose it is: the event says that."""
    said = printable(str(error.args[0])) if error.args else ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
