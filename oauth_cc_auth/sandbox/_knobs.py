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
    """The settings of a sandbox, which `Sandbox` describes; all may be changed between two requests from any thread."""

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
