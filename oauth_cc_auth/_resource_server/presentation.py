"""How a request presents a token: the header of a bearer token, and what each presenter must do; DPoP's is in `dpop`.

A `Presenter` is asked for the headers of one request, by method and URL, because a proof of possession signs both
(RFC 9449 §4.2). It says in `constant` whether one value serves every request of a token; then the source keeps it, and
the auth classes set it without asking again. It hears every answer to what it presented, whatever the status.

A bearer token stands as it is; a bound one is presented with a proof for each request (module `dpop`): the loop in
``_attempts`` asks `headers` for each send, and sends once more with the same token where `heard` returns True.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth._http.headers import written
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth._token import NOT_APPLICABLE, Token
from oauth_cc_auth.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Presentation:
    """A token and the headers that present it; `headers` holds nothing else."""

    token: Token
    headers: Mapping[str, str]


class Presenter(Protocol):
    """Presents tokens to one API. Safe to share between threads; does no I/O."""

    # Whether `headers` depends on the token alone.
    constant: bool

    # The scheme that WWW-Authenticate names when it is about our token, in lower case.
    scheme: str

    def headers(self, method: str, url: str, token: Token) -> Mapping[str, str]:
        """Return the headers of this one request, without `ResourceServer.headers`. Raises an OAuthError."""
        ...

    def heard(self, url: str, status: int, header: Callable[[str], str | None], sent: Mapping[str, str]) -> bool:
        """Take note of an answer of this URL; `header` returns a header's value, of several fields joined by commas.

        True: the token is good, but was presented with something stale, and the same token presented anew may be taken.
        The loop sends once more for that, and no more often than once a request. Called for every answer that may be of
        the API, from any thread.
        """
        ...


def check_presentable(token: Token) -> None:
    """Raise ConfigurationError for what a token exchange issued that is no access token (RFC 8693 §2.2.1)."""
    if token.token_type == NOT_APPLICABLE:
        message = (
            "Not sent: the token exchange issued no access token (token_type N_A). Pass its TokenSource to another "
            'grant, as subject_token= or assertion=, or ask for requested_token_type="access_token".'
        )
        raise ConfigurationError(message)


class AsItIs:
    """The token as it stands, after the scheme's word or alone (RFC 6750 §2.1)."""

    __slots__ = ("_server", "scheme")
    constant = True

    def __init__(self, server: ResourceServer) -> None:
        """Present tokens in the header and by the scheme that this API wants."""
        self._server = server
        self.scheme = (server.scheme or "Bearer").lower()

    def headers(self, method: str, url: str, token: Token) -> Mapping[str, str]:  # noqa: ARG002 - see Presenter
        """Return the one header that presents the token."""
        check_presentable(token)
        server = self._server
        text = f"{server.prefix}{token.access_token}"
        text = text if server.scheme is None else f"{server.scheme} {text}"
        return {server.header: text}

    def heard(
        self,
        url: str,  # noqa: ARG002 - see Presenter
        status: int,  # noqa: ARG002 - as above
        header: Callable[[str], str | None],  # noqa: ARG002 - as above
        sent: Mapping[str, str],  # noqa: ARG002 - as above
    ) -> bool:
        """There is nothing to be stale."""
        return False


def presenter_for(server: ResourceServer) -> Presenter:
    """Return how this API wants tokens presented."""
    if server.headers or server.header.lower() != "authorization":
        from oauth_cc_auth._http.quiet_logs import hide_headers  # noqa: PLC0415 - for those alone

        hide_headers()
    return AsItIs(server)


def own_headers(server: ResourceServer, but: Collection[str] = ()) -> dict[str, str]:
    """Return `ResourceServer.headers` for one request, but those that the caller has set, named in lower case.

    What functions make, they make anew. Raises ConfigurationError where a function makes no header's value.
    """
    return written({name: value for name, value in server.headers.items() if name.lower() not in but})
