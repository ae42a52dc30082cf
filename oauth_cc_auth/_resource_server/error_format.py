"""An error as an API or a token endpoint states it, read into one value whatever envelope the vendor uses.

What a vendor's `ErrorFormat` names is looked at alone; what it leaves open is looked for where RFC 6749 §5.2, RFC 9457
and most vendors put it. A code may also stand in WWW-Authenticate (RFC 6750 §3). Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauth_cc_auth._frozen import EMPTY, KW_ONLY, FrozenMapping, dataclass, spoken_repr
from oauth_cc_auth._http.challenge import parse_challenges
from oauth_cc_auth._http.json_path import Paths, each_of, json_value, positive, text_at
from oauth_cc_auth.errors import ConfigurationError

_CODE = (
    *("error", "error.code", "error.type", "error.status", "errors.0.code", "errors.0.errorCode", "error_code"),
    *("errorCode", "errcode", "0.errorCode", "response.errors.0.code", "code", "type"),
)

_MESSAGE = (
    *("error_description", "error.message", "error.title", "error.description", "errors.0.message", "errors.0.detail"),
    *("errors.0.title", "errorSummary", "error_message", "errorMessage", "errmsg", "0.message"),
    *("response.errors.0.message", "message", "Message", "ErrorMessage", "msg", "detail", "title", "error"),
)

_REQUEST_ID = (
    *("error.request_id", "request_id", "requestId", "RequestId", "trace_id", "traceId", "correlation_id"),
    *("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid"),
)

_REQUIRED_SCOPE = ("error.detail.required_scope", "required_scope")

# Before the name of a header, among paths into a body.
_HEADER = "header:"


@dataclass(frozen=True, slots=True)
class ApiError:
    """What a server said about a request that it refused; a field that it left out is None.

    code: the server's own name of the error.
    message: what it says in words.
    status: the HTTP status.
    request_id: what the vendor's support asks for.
    required_scope: what the token lacks (RFC 6750 §3.1).
    retry_after: the seconds to wait (RFC 9110 §10.2.3).
    """

    code: str | None
    message: str | None
    status: int
    request_id: str | None = None
    required_scope: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ErrorFormat:
    """Where a vendor's errors say what: each a path in the JSON body, as ``error.type``, or several tried in turn.

    code: where the error's name stands, also in a header of the answer, as ``header:X-Rejection-Reason``. A code that
    is 0 or absent is no error.
    message: where the words stand, also in a header.
    request_id: where the id for the vendor's support stands, or the header's name.
    required_scope: where the scope stands that the token lacks.
    meaning: the vendor's codes of its token endpoint, and that of RFC 6749 §5.2 for each, which chooses the exception.
    seconds: in which unit Retry-After counts: 0.001 means milliseconds, as at Sentinel Hub.

    Raises ConfigurationError, naming the argument.
    """

    _: KW_ONLY
    code: Paths = _CODE
    message: Paths = _MESSAGE
    request_id: Paths = _REQUEST_ID
    required_scope: Paths = _REQUIRED_SCOPE
    meaning: Mapping[str, str] = EMPTY
    seconds: float = 1.0

    __repr__ = spoken_repr

    def __post_init__(self) -> None:
        """Make it immutable. Raises ConfigurationError, naming the field."""
        for name in ("code", "message", "request_id", "required_scope"):
            paths = each_of(getattr(self, name))
            if paths is None:
                message = f"ErrorFormat: {name} is not a path, nor several"
                raise ConfigurationError(message)
            object.__setattr__(self, name, paths)
        if isinstance(self.seconds, str) or positive(self.seconds) is None:
            message = "ErrorFormat: seconds is not a number above 0"
            raise ConfigurationError(message)
        meaning = self.meaning
        if not isinstance(meaning, Mapping) or not all(
            isinstance(code, str) for pair in meaning.items() for code in pair
        ):
            message = "ErrorFormat: meaning is not a mapping of the vendor's codes to those of RFC 6749"
            raise ConfigurationError(message)
        object.__setattr__(self, "meaning", FrozenMapping(meaning))

    @property
    def names_code(self) -> bool:
        """Whether the vendor's codes stand where nothing else does, so that one of them is an error in any answer."""
        return self.code != _CODE

    def read(self, status: int, headers: Mapping[str, str], members: object) -> ApiError:
        """Return what an answer says; the names of `headers` are in lower case."""
        from oauth_cc_auth._http.retry_after import retry_after  # noqa: PLC0415 - for an answer that is an error

        challenge = _challenge(headers.get("www-authenticate"))
        code = _said(self.code, headers, members)
        if code is not None and (code == "0" or (" " in code and not self.names_code)):
            code = None  # a sentence in `error`, as at Vibes RBM, is a message
        return ApiError(
            code or challenge.get("error"),
            _said(self.message, headers, members) or challenge.get("error_description"),
            status,
            text_at(members, self.request_id) or text_at(headers, map(str.lower, self.request_id)),
            text_at(members, self.required_scope) or challenge.get("scope"),
            retry_after(headers, self.seconds),
        )


# The envelope of a token endpoint's error (RFC 6749 §5.2); `error` as an object is not a code.
RFC_6749 = ErrorFormat(code="error")

ANY_ENVELOPE = ErrorFormat()


def read_response(response: Any, formats: Mapping[str, ErrorFormat], default: ErrorFormat) -> ApiError:
    """Return what a response of any HTTP library says; `formats` are by the URL that answered.

    A gateway in front of an API may answer as its token endpoint does, and the other way round, so what says nothing in
    one shape is read in the vendor's others. A body that was not read, or cannot be read any more, counts as empty.
    """
    try:
        url = str(response.url)
    except RuntimeError:  # an httpx.Response that somebody made without a request
        url = ""
    try:
        members = json_value(response.content)
    except Exception:  # noqa: BLE001 - a stream that was closed, cut or read elsewhere raises whatever its library has
        members = None
    headers = {name.lower(): value for name, value in response.headers.items()}
    # A vendor may want something in the query of its token endpoint; that is no other endpoint.
    asked = {known.partition("?")[0]: form for known, form in formats.items()}
    first = asked.get(url.partition("?")[0], default)
    error = first.read(response.status_code, headers, members)
    for other in (default, *formats.values(), RFC_6749) if error.code is None else ():
        said = other.read(response.status_code, headers, members)
        if said.code is not None and " " not in said.code:
            return said
    return error


def _said(paths: Paths, headers: Mapping[str, str], members: object) -> str | None:
    """Return what the first of these paths finds that finds something: in the body, or in a header."""
    for path in paths:
        in_header = path.startswith(_HEADER)
        found = headers.get(path[len(_HEADER) :].lower()) if in_header else text_at(members, (path,))
        if found:
            return found
    return None


def _challenge(header: str | None) -> dict[str, str]:
    """Return the parameters of the challenge that states an error (RFC 6750 §3)."""
    challenges = parse_challenges(header) if header else []
    return next((parameters for _, parameters in challenges if parameters.get("error")), {})
