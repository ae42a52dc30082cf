"""What the sandbox has seen: one frozen record for each request.

Records keep the real headers and form, so that a test can look at them, and never print them. What may be shown is
listed; everything else is masked, so that a header nobody thought of does not give a token away.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import Headers, MultiDict

MASK = "***"

# Records kept; counters go on.
KEPT_RECORDS = 10_000

_SHOWN_HEADERS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
    | {"x-vibe-revision", "transfer-encoding"}
)
_SHOWN_FIELDS = frozenset(
    {"audience", "client_assertion_type", "client_id", "grant_type", "resource", "scope", "token_type_hint"}
    | {"code_challenge_method", "decision", "redirect_uri", "response_type"}
)


class RawHeaders(Headers):
    """Headers as they came in, not printed."""

    def __repr__(self) -> str:
        """Show the names."""
        return f"<headers {', '.join(self.keys())}>"

    __str__ = __repr__


class RawForm(MultiDict[str, str]):
    """Parameters as they came in, not printed."""

    def __repr__(self) -> str:
        """Show the names."""
        return f"<form {', '.join(self)}>"

    __str__ = __repr__


@dataclass(frozen=True)
class Record:
    """A request and the status of its answer.

    `kind` is "token", "revocation", "authorization", "metadata" or "api"; `vendor` is the vendor's name, or the host
    where no vendor is known; `time` is the sandbox's clock when the answer was ready. `client_port` tells connections
    apart. `form` has the parameters of a request to an OAuth endpoint, from its body and its query alike, and `query`
    those of any request's query. They and `headers` hold secrets and tokens and are not printed; `shown_headers`,
    `shown_query` and `shown_body` are what may be.
    """

    kind: str
    vendor: str
    method: str
    path: str
    status: int
    client_port: int
    time: float
    body_length: int = 0
    headers: RawHeaders = field(default_factory=RawHeaders, repr=False)
    form: RawForm = field(default_factory=RawForm, repr=False)
    query: RawForm = field(default_factory=RawForm, repr=False)

    @property
    def shown_headers(self) -> dict[str, str]:
        """The headers with everything masked that could be a secret; of credentials only the scheme is left."""
        return {name: shown(name, value) for name, value in self.headers.items()}

    @property
    def shown_body(self) -> str:
        """The parameters of a request to an OAuth endpoint, masked; of any other body its length."""
        if self.form:
            return _shown_parameters(self.form)
        return f"{self.body_length} bytes" if self.body_length else ""

    @property
    def shown_query(self) -> str:
        """The query, masked."""
        return _shown_parameters(self.query)

    def presented(self, header: str = "Authorization") -> str | None:
        """Return what stood in this header, unmasked, for a test to compare."""
        return self.headers.get(header)

    def as_dict(self) -> dict[str, Any]:
        """Return what may be shown, as plain values."""
        names = ("kind", "vendor", "method", "path", "status", "client_port", "time")
        shown = {"headers": self.shown_headers, "query": self.shown_query, "body": self.shown_body}
        return {name: getattr(self, name) for name in names} | shown


class Counted(ABC):
    """What is counted of a sandbox, in this process or in another."""

    @abstractmethod
    def count(self, kind: str, vendor: str | None = None) -> int:
        """Count the requests of a kind, as `Record` names them, at one vendor or host or at all."""

    @property
    def token_requests(self) -> int:
        """How many requests the token endpoints got."""
        return self.count("token")

    @property
    def api_requests(self) -> int:
        """How many requests the APIs got."""
        return self.count("api")


class Seen(Counted):
    """The records of a sandbox, and how many requests there were of each kind."""

    def __init__(self, on_request: Callable[[Record], None] | None) -> None:
        self._on_request = on_request
        self._lock = threading.Lock()
        self._records: deque[Record] = deque(maxlen=KEPT_RECORDS)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._last_token_request: Record | None = None

    @property
    def requests(self) -> list[Record]:
        """The requests so far, at most the last 10,000."""
        with self._lock:
            return list(self._records)

    @property
    def last_token_request(self) -> Record | None:
        """The last request that a token endpoint got, its headers and form included."""
        return self._last_token_request

    def count(self, kind: str, vendor: str | None = None) -> int:
        """Count the requests of a kind, as `Record` names them, at one vendor or host or at all."""
        with self._lock:
            return sum(n for (seen, where), n in self._counts.items() if seen == kind and vendor in {None, where})

    def reset_counts(self) -> None:
        """Forget what was seen."""
        with self._lock:
            self._records.clear()
            self._counts.clear()
            self._last_token_request = None

    def _record(self, record: Record) -> None:
        with self._lock:
            self._records.append(record)
            self._counts[record.kind, record.vendor] += 1
            if record.kind == "token":
                self._last_token_request = record
        if self._on_request is not None:
            self._on_request(record)


def _shown_parameters(parameters: RawForm) -> str:
    shown = [(name, value if name in _SHOWN_FIELDS else MASK) for name, value in parameters.items(multi=True)]
    return urlencode(shown, safe="*: /")


def shown(name: str, value: str) -> str:
    """Return a header's value, masked if it could be a secret."""
    if name.lower() in _SHOWN_HEADERS:
        return value
    scheme, _, credentials = value.partition(" ")
    # "Bearer abc" shows its scheme; a token that stands alone has none to show.
    return f"{scheme} {MASK}" if name.lower() == "authorization" and credentials else MASK
