"""What a user of the sandbox may turn while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal


class Default(Enum):
    """A setting that is left to the vendor."""

    VENDOR = "as the vendor does"


@dataclass
class Failure:
    """An answer that requests meet instead of the real one; `status` None hangs up without any."""

    where: str
    status: int | None
    times: int | None = 1
    retry_after: float | str | None = None
    body: Mapping[str, Any] | Sequence[Any] | str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    vendor: str | None = None

    def spent(self) -> bool:
        """Count one request; tell whether it was the last that this failure is for."""
        if self.times is None:
            return False
        self.times -= 1
        return self.times <= 0


@dataclass
class Knobs:
    """The settings of a sandbox, all of which may be changed between two requests from any thread.

    - `lifetime`: seconds that new tokens live; None is the vendor's own lifetime; with math.inf they live for ever, and
      the answer does not state it.
    - `delay`, `api_delay`: seconds that the token endpoint and the API take to answer.
    - `daily_limit`: tokens that a vendor issues to a client whose page says that there is a limit, not which (Fyma).
    - `token_limit`: the same for every vendor who has a limit; None is the vendor's own number.
    - `refresh_grace`: seconds that a rotated refresh token still works.
    - `kill_family_on_reuse`: the use of a dead refresh token ends all tokens of its login (RFC 9700 §4.14.2).
    - `rotate_refresh_tokens`: whether a renewal brings a new refresh token; None is the vendor's own habit.
    - `reject_all_tokens`: the API refuses every token.
    - `api_audience`: what a token must have been requested for, else the API refuses it; None: anything will do.
    - `reuse_token`: the token endpoint returns the token that is running, with what is left of its life.
    - `consent`: what the user says who is asked for consent, "accept" or "deny": the login is answered by a redirect at
      once, for tests without a browser; None shows the page.
    - `wrong_state`: the redirect after a login carries another state than the request did.
    - `send_issuer`: the redirect says which authorization server it comes from (RFC 9207). `wrong_issuer`: it names
      another.
    - `www_authenticate`: that header of the API's 401; None leaves it out, several strings are several headers.
    """

    lifetime: float | None = None
    delay: float = 0.0
    api_delay: float = 0.0
    daily_limit: int = 100
    token_limit: int | None = None
    refresh_grace: float = 0.0
    kill_family_on_reuse: bool = False
    rotate_refresh_tokens: bool | None = None
    reject_all_tokens: bool = False
    api_audience: str | None = None
    reuse_token: bool = False
    consent: Literal["accept", "deny"] | None = None
    wrong_state: bool = False
    send_issuer: bool = True
    wrong_issuer: bool = False
    www_authenticate: str | Sequence[str] | Literal[Default.VENDOR] | None = Default.VENDOR
