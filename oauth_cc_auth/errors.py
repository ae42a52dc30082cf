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
        └── TokenEndpointUnavailable   no answer, or it cannot serve now (429, 5xx)

Raised inside ``auth=``, each is also an exception of the library in use (``requests.RequestException`` or
``httpx.HTTPError``), so that an existing ``except`` clause keeps working. A message says whose token it is about, what
happened, and what to do next. It holds neither a secret nor a token, and printable characters only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from oauth_cc_auth._frozen import EMPTY, FrozenMapping
from oauth_cc_auth._joined import LIBRARY_ATTRIBUTES, restored
from oauth_cc_auth._text import printable, shortened


class OAuthError(Exception):
    """The root of all errors of this package.

    `vendor` is the preset's name, or the token endpoint's host; `token_endpoint` (without its query) and `client_id`
    say for which client the token was requested, and `variables` which environment variables its preset has read.
    `remembered` tells that this is the answer to an earlier token request, and nothing was sent for this call. Each is
    empty where the error does not concern a token.
    """

    vendor: str | None = None
    token_endpoint: str | None = None
    client_id: str | None = None
    variables: tuple[str, ...] = ()
    remembered: bool = False

    # The class of this package, and the exception of the HTTP library that it was joined with by `also`.
    _plain: ClassVar[type[OAuthError] | None] = None
    _library_base: ClassVar[type[Exception] | None] = None

    def __str__(self) -> str:
        """Return the message: whose, what, and what to do. OSError, a base of requests' exceptions, has its own way."""
        said = str(self.args[0]) if self.args else type(self).__name__
        client = None if self.client_id is None else f"client {self.client_id!r}"
        about = ", ".join(filter(None, (self.token_endpoint, client)))
        # A vendor that is but the endpoint's host stands there already.
        host = re.split("[/:]", (self.token_endpoint or "").partition("://")[2])[0]
        named = None if self.vendor == host else self.vendor
        whose = f"{named} ({about}): " if named and about else f"{named or about}: " if named or about else ""
        earlier = " This is the answer to an earlier token request; nothing was sent now." if self.remembered else ""
        return printable(f"{whose}{said}{earlier}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy by value: the fields, never a request or a response."""
        fields = {name: value for name, value in vars(self).items() if name not in LIBRARY_ATTRIBUTES}
        return restored, (self._plain or type(self), self._library_base, self.args, fields)

    def concern(
        self, vendor: str | None, token_endpoint: str | None, client_id: str | None, variables: tuple[str, ...]
    ) -> None:
        """Take note of whose token this is about."""
        self.vendor, self.token_endpoint, self.client_id, self.variables = vendor, token_endpoint, client_id, variables
        self._say()

    def _say(self) -> None:
        """Build the message anew, where it is made from fields."""

    def masked_by(self, mask: Callable[[str], str]) -> None:
        """Rewrite the message, which may quote the server."""
        self.args = tuple(mask(said) if isinstance(said, str) else said for said in self.args)


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
        hint: str | None = None,
    ) -> None:
        """Keep the protocol's fields and build the message from them, unless one is given.

        `hint` is further advice, and `detail` what a library said, which stands last.
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
        self._said, self._hint, self._detail = message, hint, detail
        self._say()

    def _say(self) -> None:
        last = f"({shortened(self._detail)})" if self._detail else None
        self.args = (" ".join(filter(None, (self._said or self._summary(), self._advice(), self._hint, last))),)

    def advise(self, hint: str) -> None:
        """Add to the message what to look at beside the usual."""
        self._hint = " ".join(filter(None, (self._hint, hint)))
        self._say()

    def _advice(self) -> str:
        return self.advice

    def masked_by(self, mask: Callable[[str], str]) -> None:
        """Rewrite what the server said, and the message made from it; our own advice stays readable."""
        self.headers = FrozenMapping({name: mask(text) for name, text in self.headers.items()})
        for name in ("error", "error_description", "error_uri", "request_id"):
            text = getattr(self, name)
            if text and text not in CLASS_OF_CODE:
                setattr(self, name, mask(text))
        said = (self._said, self._hint, self._detail)
        self._said, self._hint, self._detail = (text and mask(text) for text in said)
        self._say()

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

    def _advice(self) -> str:
        # A preset has chosen the method: its user has set the variables only.
        return f"Check {' and '.join(self.variables)}." if self.variables else self.advice


class InvalidGrant(TokenRequestError):
    """The grant or refresh token is invalid, expired or revoked (RFC 6749 §5.2 ``invalid_grant``)."""

    advice = "Check that this client may use this grant, and that its refresh token or subject is still valid."


class InvalidRequest(TokenRequestError):
    """A parameter is missing, repeated or malformed (RFC 6749 §5.2 ``invalid_request``)."""

    advice = "Check which parameters the server wants (audience, resource, scope) and how the client authenticates."


class InvalidScope(TokenRequestError):
    """The scope is unknown, malformed or more than this client may have (RFC 6749 §5.2 ``invalid_scope``)."""

    advice = "Request a scope that this client was given, or none."


class UnauthorizedClient(TokenRequestError):
    """This client may not use this grant (RFC 6749 §5.2 ``unauthorized_client``)."""

    advice = "Enable the grant for this client at the authorization server."


class UnsupportedGrantType(TokenRequestError):
    """The server does not know the grant type (RFC 6749 §5.2 ``unsupported_grant_type``)."""

    advice = "Check the token endpoint's address and the grant type that the server documents."


class InvalidTokenResponse(TokenRequestError):
    """The answer is neither a token (RFC 6749 §5.1) nor an error (§5.2)."""

    advice = "Check the token endpoint's address: something else may be answering there."

    def _advice(self) -> str:
        return "" if self._hint else self.advice  # the hint names the cause


class TokenEndpointUnavailable(TokenRequestError):
    """The token endpoint could not be reached in time, or answered 408, 425, 429 or 5xx, or that it is unavailable."""

    advice = "Check the network, the proxy and the authorization server's status, then try again."
    _too_many = "The authorization server answered, and limits token requests: try again later."
    _not_well = "The authorization server answered, and is not well: look at its status page, then try again."

    def _advice(self) -> str:
        if self._hint:
            return ""  # the cause is known, and named by the hint
        # A server that says when to come back is well: there is nothing to check.
        if not self.retry_after:
            return {None: self.advice, 429: self._too_many}.get(self.status_code, self._not_well)
        seconds = f"{math.ceil(self.retry_after):,} s"
        return f"The server asked to be left alone for {seconds}: no token request is sent before that is over."


# RFC 6749 §5.2, code by code.
CLASS_OF_CODE: dict[str, type[TokenRequestError]] = {
    "invalid_request": InvalidRequest,
    "invalid_client": InvalidClient,
    "invalid_grant": InvalidGrant,
    "unauthorized_client": UnauthorizedClient,
    "unsupported_grant_type": UnsupportedGrantType,
    "invalid_scope": InvalidScope,
    # Of §4.1.2.1, and sent by token endpoints too, whatever the status.
    "server_error": TokenEndpointUnavailable,
    "temporarily_unavailable": TokenEndpointUnavailable,
}
