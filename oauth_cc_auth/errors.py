"""Everything that can go wrong, as one tree.

    OAuthError
    ├── ConfigurationError         an argument or an environment variable is wrong or missing (also a ValueError)
    ├── OriginNotAllowed           the token may not go to that origin; nothing was sent
    ├── InsecureTransport          plain http, where a secret or a token would be readable on its way
    ├── InteractionRequired        only a user can help: log in (again)
    │   └── AuthorizationFailed    the login was declined, or its answer is not for us
    ├── TokenBudgetExceeded        the vendor's limit on tokens is used up
    └── TokenRequestError          the token endpoint did not give a token (RFC 6749 §5.2)
        ├── InvalidClient
        ├── InvalidGrant
        ├── InvalidRequest
        ├── InvalidScope
        ├── UnauthorizedClient
        ├── UnsupportedGrantType
        ├── InvalidTokenResponse   an answer that is neither a token nor an error of RFC 6749
        └── TokenEndpointUnavailable   no answer, 429 or 5xx

Raised inside ``auth=``, each is also an exception of the library in use (``requests.RequestException`` or
``httpx.HTTPError``), so that an existing ``except`` clause keeps working. Messages say what to do next and hold neither
a secret nor a token.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from oauth_cc_auth._frozen import EMPTY, FrozenMapping

_E = TypeVar("_E", bound="OAuthError")

# What HTTP libraries hang on their exceptions. It leads to headers and bodies, so it is never kept, pickled or copied.
LIBRARY_ATTRIBUTES = frozenset({"request", "response", "_request", "pool", "conn"})


class OAuthError(Exception):
    """The root of all errors of this package."""

    # The class of this package, and the exception of the HTTP library that it was joined with by `also`.
    _plain: ClassVar[type[OAuthError] | None] = None
    _library_base: ClassVar[type[Exception] | None] = None

    def __str__(self) -> str:
        """Return the message; spelled out because OSError, a base of requests' exceptions, formats args its own way."""
        return str(self.args[0]) if self.args else type(self).__name__

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy by value: the fields, never a request or a response."""
        fields = {name: value for name, value in vars(self).items() if name not in LIBRARY_ATTRIBUTES}
        return restored, (self._plain or type(self), self._library_base, self.args, fields)


class ConfigurationError(OAuthError, ValueError):
    """An argument or environment variable is missing or wrong; the message names it.

    `variable` is the environment variable that a preset has looked for in vain.
    """

    def __init__(self, message: str = "", *, variable: str | None = None) -> None:
        """Keep the message, and the variable where it is one that is missing."""
        Exception.__init__(self, message)
        self.variable = variable


class OriginNotAllowed(OAuthError):
    """The request's origin is not one that this token may be sent to; nothing was sent."""


class InsecureTransport(OAuthError):
    """Plain http to a host that is not loopback: a secret or a token would travel in the clear."""


class InteractionRequired(OAuthError):
    """No refresh token is known, or the server takes it no more: a user has to log in."""


class AuthorizationFailed(InteractionRequired):
    """A login did not end with an authorization code for us.

    `error`, `error_description` and `error_uri` are what the server said (RFC 6749 §4.1.2.1), ``access_denied`` where
    the user declined; `error` is None where the address that came back does not answer our request: a wrong state, or
    another issuer (RFC 9207).
    """

    def __init__(
        self,
        message: str = "",
        *,
        error: str | None = None,
        error_description: str | None = None,
        error_uri: str | None = None,
    ) -> None:
        """Keep the message and the fields of the authorization response."""
        Exception.__init__(self, message)
        self.error = error
        self.error_description = error_description
        self.error_uri = error_uri


class TokenBudgetExceeded(OAuthError):
    """As many tokens as the vendor allows were requested; `retry_after` is in seconds."""

    def masked_by(self, mask: Callable[[str], str]) -> None:
        """Rewrite the message, which may quote the server."""
        self.args = (mask(str(self)),)

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        """Keep the message and the seconds after which another token may be requested."""
        Exception.__init__(self, message)
        self.retry_after = retry_after


class TokenRequestError(OAuthError):
    """The token endpoint refused, or answered nothing usable.

    `error`, `error_description` and `error_uri` are the fields of RFC 6749 §5.2 (masked where the server echoed a
    secret), `status_code` the HTTP status, if there was an answer, and `retry_after` the seconds after which the server
    wants to be asked again, if it said so. `request_id` is what the vendor's support asks for, and `headers` are those
    of the answer, with names in lower case and without cookies.
    """

    advice: ClassVar[str] = "See the error code in the authorization server's documentation."

    def __init__(
        self,
        error: str | None = None,
        error_description: str | None = None,
        error_uri: str | None = None,
        status_code: int | None = None,
        retry_after: float | None = None,
        *,
        request_id: str | None = None,
        headers: Mapping[str, str] = EMPTY,
        message: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Keep the protocol's fields and build the message from them, unless one is given.

        `detail` is what a library said, and stands last.
        """
        self.error = error
        self.error_description = error_description
        self.error_uri = error_uri
        self.status_code = status_code
        self.retry_after = retry_after
        self.request_id = request_id
        # Printed without its values.
        self.headers = FrozenMapping({name: text for name, text in headers.items() if name != "set-cookie"})
        Exception.__init__(self)
        self._say(message, detail)

    def _say(self, message: str | None, detail: str | None) -> None:
        self._said, self._detail = message, detail
        last = f" ({_shortened(detail)})" if detail else ""
        self.args = (f"{message or self._summary()} {self._advice()}{last}",)

    def _advice(self) -> str:
        return self.advice

    def masked_by(self, mask: Callable[[str], str]) -> None:
        """Rewrite what the server said, and the message made from it; our own advice stays readable."""
        self.headers = FrozenMapping({name: mask(text) for name, text in self.headers.items()})
        for name in ("error", "error_description", "error_uri", "request_id"):
            text = getattr(self, name)
            if text and text not in CLASS_OF_CODE:
                setattr(self, name, mask(text))
        self._say(*(text and mask(text) for text in (self._said, self._detail)))

    def _summary(self) -> str:
        said = ": ".join(filter(None, (self.error, (self.error_description or "").rstrip(" ."))))
        http = "" if self.status_code is None else f"HTTP {self.status_code}"
        if http and self.request_id:
            http += f", request {self.request_id}"
        if not said:
            said = f"The token endpoint answered {http}" if http else "The token endpoint gave no token"
        elif http:
            said += f" ({http})"
        return f"{said} [{self.error_uri}]." if self.error_uri else f"{said}."


class InvalidClient(TokenRequestError):
    """Client authentication failed (RFC 6749 §5.2 ``invalid_client``, or 401 without a code)."""

    advice = "Check the client id, the client secret and token_endpoint_auth_method."


class InvalidGrant(TokenRequestError):
    """The grant or refresh token is invalid, expired or revoked (RFC 6749 §5.2 ``invalid_grant``)."""

    advice = "Check that this client may use this grant, and that its refresh token or subject is still valid."


class InvalidRequest(TokenRequestError):
    """A parameter is missing, repeated or malformed (RFC 6749 §5.2 ``invalid_request``)."""

    advice = "Check which parameters the server wants (audience, resource, scope) and how the client authenticates."


class InvalidScope(TokenRequestError):
    """The scope is unknown, malformed or more than this client may have (RFC 6749 §5.2 ``invalid_scope``)."""

    advice = "Ask for a scope that this client was given, or for none."


class UnauthorizedClient(TokenRequestError):
    """This client may not use this grant (RFC 6749 §5.2 ``unauthorized_client``)."""

    advice = "Enable the grant for this client at the authorization server."


class UnsupportedGrantType(TokenRequestError):
    """The server does not know the grant type (RFC 6749 §5.2 ``unsupported_grant_type``)."""

    advice = "Check the token endpoint's address and the grant type that the server documents."


class InvalidTokenResponse(TokenRequestError):
    """The answer is neither a token (RFC 6749 §5.1) nor an error (§5.2)."""

    advice = "Check the token endpoint's address: something else may be answering there."


class TokenEndpointUnavailable(TokenRequestError):
    """The token endpoint could not be reached in time, or answered 429 or 5xx."""

    advice = "Check the network, the proxy and the authorization server's status, then try again."

    def _advice(self) -> str:
        # A server that says when to come back is well: there is nothing to check.
        if not self.retry_after:
            return self.advice
        seconds = f"{math.ceil(self.retry_after):,} s"
        return f"The server asked to be left alone for {seconds}: no token request is sent before that is over."


# Characters of a library's message that are shown: urllib3 quotes the address twice before it comes to the reason.
_SHOWN_DETAIL = 200


def _shortened(detail: str) -> str:
    """Return what was said in one line, without its middle where it is long: host and reason stand at the ends."""
    line = " ".join(detail.split())
    half = (_SHOWN_DETAIL - len(" … ")) // 2
    return line if len(line) <= _SHOWN_DETAIL else f"{line[:half]} … {line[-half:]}"


# RFC 6749 §5.2, code by code.
CLASS_OF_CODE: dict[str, type[TokenRequestError]] = {
    "invalid_request": InvalidRequest,
    "invalid_client": InvalidClient,
    "invalid_grant": InvalidGrant,
    "unauthorized_client": UnauthorizedClient,
    "unsupported_grant_type": UnsupportedGrantType,
    "invalid_scope": InvalidScope,
}


def restored(plain: type[_E], base: type[Exception] | None, args: tuple[Any, ...], fields: dict[str, Any]) -> _E:
    """Return an error of this class with these fields; with a `base`, as an exception of an HTTP library too."""
    cls: Any = plain if base is None else _joined(plain, base)  # type: ignore[arg-type]  # classes are hashable
    # The library's own __new__: requests' exceptions are OSErrors, which no other class can allocate.
    error: _E = cls.__new__(cls) if base is None else base.__new__(cls)
    error.args = args
    if base is not None:
        vars(error).update(request=None, response=None, _request=None)
    vars(error).update(fields)
    return error


@cache  # as many entries as there are error classes, times the HTTP libraries in use
def _joined(plain: type[_E], base: type[Exception]) -> type[_E]:
    members = {"__module__": plain.__module__, "__doc__": plain.__doc__, "_plain": plain, "_library_base": base}
    bases: tuple[type, ...] = (plain, base)
    return cast(
        "type[_E]", types.new_class(plain.__name__, bases, exec_body=lambda namespace: namespace.update(members))
    )
