"""A token endpoint that is found in metadata (RFC 8414, OpenID Connect Discovery, RFC 9728)."""

from __future__ import annotations

from oauth_cc_auth._frozen import KW_ONLY, dataclass, field
from oauth_cc_auth._grant.checks import is_text, refuse


@dataclass(frozen=True, slots=True)
class Discovery:
    """Where the authorization server describes itself, in place of a `token_endpoint`; asked without a secret.

    One of the first three says where to look:

    url: the full address of one document, as SMART's; its issuer is not compared, unless the grant has an `issuer`.
    issuer: the authorization server's identifier, character by character as it writes it itself. The document is looked
    for by RFC 8414, then by OpenID Connect, and has to name this very issuer.
    resource: the API's URL. Its metadata (RFC 9728) names the authorization server. Pass `issuer` too, if you know it:
    the credentials are for it alone. Without it they are for the first server that the API names in this process, and a
    change is an error. Tokens go to the API's origin, unless the grant has a `resource_server`, and the API's
    identifier is sent as `resource` (RFC 8707).
    challenge: a WWW-Authenticate that the API answered with, which says where the metadata of `resource` is. Without it
    one bare request to the API says so, else its well-known place is looked at.
    mtls_endpoint_aliases: use the endpoints for mutual TLS (RFC 8705 §5).

    A document is kept for as long as its server says, at least five minutes and at most a day (a day where it does not
    say), and fetched again where an endpoint that it names fails. Plain http is for loopback only.

    Raises ConfigurationError.
    """

    url: str | None = None
    _: KW_ONLY
    issuer: str | None = None
    resource: str | None = None
    challenge: str | None = field(default=None, repr=False)
    mtls_endpoint_aliases: bool = False

    def __post_init__(self) -> None:
        """Check that one place is named."""
        places = [self.url, self.resource if self.resource is not None else self.issuer]
        if sum(place is not None for place in places) != 1:
            refuse("token_endpoint: Discovery takes one of url=, issuer= and resource= (and issuer= beside resource=)")
        if isinstance(self.issuer, str) and ("?" in self.issuer or "#" in self.issuer):
            refuse(
                "token_endpoint: Discovery takes an issuer= without query and fragment (RFC 8414 §2): pass it as the "
                "server's metadata writes it, or the address of the document as url="
            )
        if self.challenge is not None and not (is_text(self.challenge) and self.resource is not None):
            refuse("token_endpoint: Discovery takes challenge=, the value of WWW-Authenticate, beside resource= only")

    @property
    def places(self) -> tuple[str, ...]:
        """The URLs that say where to look."""
        return tuple(place for place in (self.url, self.issuer, self.resource) if place is not None)

    def __str__(self) -> str:
        """Show what the document is looked for by."""
        return self.places[-1]
