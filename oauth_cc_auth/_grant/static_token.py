"""A token or key that was made by hand and needs no token request."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from oauth_cc_auth._frozen import KW_ONLY, dataclass, field, replace
from oauth_cc_auth._grant.checks import is_text, refuse, strings
from oauth_cc_auth._resource_server.error_format import ANY_ENVELOPE, ApiError, read_response
from oauth_cc_auth._resource_server.server import ResourceServer


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A token or key that somebody made by hand and that lives until it is revoked; there is nothing to renew.

    access_token: the token or key.
    resource_server: the API that it may go to, and the header that presents it, a `ResourceServer`.
    allow_insecure_http: let it go over plain http beyond this machine.
    vendor: the name of the preset that made this, or None; for messages.
    variables: the environment variables that the preset read; for messages.
    """

    access_token: str = field(repr=False)
    _: KW_ONLY
    resource_server: ResourceServer | None = None
    allow_insecure_http: bool = False
    vendor: str | None = field(default=None, compare=False, repr=False)
    variables: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def api_error(self, response: Any) -> ApiError:
        """Return what an error of this API says, as `ClientCredentials.api_error` does."""
        return read_response(response, {}, self.resource_server.errors if self.resource_server else ANY_ENVELOPE)

    def __post_init__(self) -> None:
        """Check the token."""
        token = self.access_token
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            refuse("the token or key is empty, not a string, or does not fit in a header")
        object.__setattr__(self, "variables", strings("variables", self.variables))

    @classmethod
    def basic(cls, user: str, password: str, *, resource_server: ResourceServer) -> StaticToken:
        """Return a user and a password as a token of the Basic scheme (RFC 7617). Raises ConfigurationError."""
        if not (is_text(user) and is_text(password)):
            refuse("the user or the password is not a string that can be sent")
        pair = b64encode(f"{user}:{password}".encode()).decode("ascii")
        return cls(pair, resource_server=replace(resource_server, scheme="Basic"))
