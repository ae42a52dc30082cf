"""The JWT bearer grant (RFC 7523 §2.1): an assertion in, a token out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from oauth_cc_auth._frozen import dataclass, field
from oauth_cc_auth._grant.assertion import Source, checked_source
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._token import Token

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JWTBearer(TokenEndpointGrant):
    """The JWT bearer grant (RFC 7523 §2.1): the authorization server trusts an assertion, and issues a token for it.

    assertion: where the assertion comes from: a `File`, an `Env`, a function of the audience, a `TokenSource`, or a
    `SignedJWT`. It is read for every attempt, so that one that is renewed meanwhile is found.
    client_id: the client's id. None says nothing about the client, whose authentication is optional (§3.1).

    The other arguments are those of `ClientCredentials`.

    Raises ConfigurationError, naming the argument, and InsecureTransport for plain http beyond loopback.
    """

    assertion: Source = field(repr=False)
    client_id: str | None = None

    may_be_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check every argument and make it immutable."""
        checked_source("assertion", self.assertion)
        TokenEndpointGrant.__post_init__(self)

    def sources(self) -> Mapping[str, Source]:
        """Return where parameters come from that are read for every attempt."""
        return {"assertion": self.assertion}

    def request_parameters(self, previous: Token | None) -> list[tuple[str, str]]:  # noqa: ARG002 - each request stands alone
        """Return the parameters of the token request, without the assertion and the client's authentication."""
        scope = [("scope", str(self.scope))] if self.scope else []
        return [("grant_type", GRANT_TYPE), *scope, *self.common_parameters()]
