"""Token exchange (RFC 8693): a token in, another out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from oauth_cc_auth._frozen import dataclass, field
from oauth_cc_auth._grant.assertion import Source, checked_source
from oauth_cc_auth._grant.checks import is_text, refuse
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._token import Token

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"

_TOKEN_TYPES = "urn:ietf:params:oauth:token-type:"

_NAMES = frozenset({"access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt"})  # RFC 8693 §3


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TokenExchange(TokenEndpointGrant):
    """Token exchange (RFC 8693): the authorization server issues a token in exchange for another.

    subject_token: where that token comes from: a `File`, an `Env`, a function of the audience, a `TokenSource`, a
    `SignedJWT`, or the text itself. It is read for every attempt.
    subject_token_type: what it is: "access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt", or another
    type's full name.
    actor_token: the token of whoever acts for the subject, as `subject_token`.
    actor_token_type: what that is.
    requested_token_type: what is wanted (RFC 8693 §2.1).
    client_id: the client's id. None says nothing about the client, whose authentication is optional.

    The other arguments are those of `ClientCredentials`. Where the server issues no access token (`token_type` N_A,
    §2.2.1), ``Token.token_type`` is "N_A": such a token can be the source of another grant, and is never sent to an
    API.

    Raises ConfigurationError, naming the argument, and InsecureTransport for plain http beyond loopback.
    """

    subject_token: Source = field(repr=False)
    subject_token_type: str
    actor_token: Source | None = field(default=None, repr=False)
    actor_token_type: str | None = None
    requested_token_type: str | None = None
    client_id: str | None = None

    may_be_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        checked_source("subject_token", self.subject_token)
        if self.actor_token is not None:
            checked_source("actor_token", self.actor_token)
        if (self.actor_token is None) != (self.actor_token_type is None):
            refuse("actor_token and actor_token_type come together (RFC 8693 §2.1): pass both or neither")
        for name in ("subject_token_type", "actor_token_type", "requested_token_type"):
            object.__setattr__(self, name, _token_type(name, getattr(self, name)))
        TokenEndpointGrant.__post_init__(self)

    def sources(self) -> Mapping[str, Source]:
        """Return where parameters come from that are read for every attempt."""
        actor = {} if self.actor_token is None else {"actor_token": self.actor_token}
        return {"subject_token": self.subject_token, **actor}

    def request_parameters(self, previous: Token | None) -> list[tuple[str, str]]:  # noqa: ARG002 - each request stands alone
        """Return the parameters of the token request, without the tokens and the client's authentication."""
        named = ("subject_token_type", "actor_token_type", "requested_token_type", "scope")
        said = [(name, str(getattr(self, name))) for name in named if getattr(self, name)]
        return [("grant_type", GRANT_TYPE), *said, *self.common_parameters()]


def _token_type(name: str, given: object) -> str | None:
    if given is None and name != "subject_token_type":
        return None
    if not isinstance(given, str) or (given not in _NAMES and ":" not in given) or not is_text(given):
        refuse(f"{name} is none of {', '.join(sorted(_NAMES))}, nor the full name of a token type")
    return f"{_TOKEN_TYPES}{given}" if given in _NAMES else given
