"""The authorization code grant (RFC 6749 §4.1)."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from oauth_cc_auth._frozen import dataclass, field
from oauth_cc_auth._grant.checks import is_text, refuse
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import InteractionRequired


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AuthorizationCode(TokenEndpointGrant):
    """The authorization code grant (RFC 6749 §4.1): a user logs in once, then tokens are renewed by refresh token (§6).

    authorization_endpoint: the URL to which the user's browser goes to log in.
    redirect_uri: where the server sends the browser back to, as it was registered.
    refresh_token: that of a login made elsewhere.
    login: any name for whose login it is. Logins never share a token: grants with another name are others.
    how_to_log_in: the end of the message of InteractionRequired.
    issuer: the server's identifier. With it, the redirect has to name it, and one that names none is refused (RFC 9207
    §2.4): give it for servers that name themselves. Without it, what a redirect names must be of the server's origin.

    The other arguments are those of `ClientCredentials`. The login is a `Login`, on the command line ``oauth-cc-auth
    login``. Where the server rotates refresh tokens, each new one is saved in the source's store before its access
    token is used. Two grants with different first refresh tokens do not share a token.
    """

    refreshes: ClassVar[bool] = True

    authorization_endpoint: str | None = None
    redirect_uri: str | None = None
    refresh_token: str | None = field(default=None, repr=False)
    login: str | None = None
    how_to_log_in: str = "Log in with Login(source), or pass refresh_token=."

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        TokenEndpointGrant.__post_init__(self)
        if self.authorization_endpoint is not None:
            self._check_endpoint("authorization_endpoint", self.authorization_endpoint)
        for name in ("redirect_uri", "refresh_token", "login"):
            if getattr(self, name) is not None and not is_text(getattr(self, name)):
                refuse(f"{name} is not a string")
        uri = self.redirect_uri
        if uri is not None and ("#" in uri or not urlsplit(uri).scheme):
            refuse("redirect_uri is no absolute URI without a fragment (RFC 6749 §3.1.2): pass it as it was registered")

    def request_parameters(self, previous: Token | None) -> list[tuple[str, str]]:
        """Return the parameters of the refresh request (RFC 6749 §6), without the client's authentication.

        The scope is the one that was granted, as far as it is known: §6 forbids to ask for more, and servers such as
        Vend Email grant something else than what the login asked for.
        """
        refresh_token = (previous and previous.refresh_token) or self.refresh_token
        if not refresh_token:
            message = f"No refresh token is known: a user has to log in. {self.how_to_log_in}"
            raise InteractionRequired(message)
        scope = [("scope", previous.scope)] if previous and previous.scope else []
        return [("grant_type", "refresh_token"), ("refresh_token", refresh_token), *scope, *self.common_parameters()]
