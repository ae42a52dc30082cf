"""A user's login (RFC 6749 §4.1): ``Login(source)``.

The login has two acts: the address to which the user's browser is sent, and the address by which it comes back.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.discovery import Discovery
from oauth_cc_auth._life.flight import Flight
from oauth_cc_auth._life.renewal import Renewal
from oauth_cc_auth._login import consent
from oauth_cc_auth._login.renewal import LoginRenewal
from oauth_cc_auth._raising import concerning
from oauth_cc_auth._source import PATIENCE, TokenSource, serving_of
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, OAuthError


class Login:
    """A user's login for a source: the address for the browser, and the answer that comes back.

    `source` is a `TokenSource` of an `AuthorizationCode` grant, whose store keeps the login, or such a grant alone.
    Every source of an equal grant and the same store goes on with the login.

    Raises ConfigurationError for a grant that needs no login.
    """

    __slots__ = ("_grant", "_serving", "_source")

    def __init__(self, source: TokenSource | AuthorizationCode, /) -> None:
        """Prepare; nothing is sent yet."""
        self._source = source if isinstance(source, TokenSource) else TokenSource(source)
        self._serving = serving_of(self._source)
        grant = self._source.grant
        if not isinstance(grant, AuthorizationCode):
            raise ConfigurationError(
                f"Login takes an AuthorizationCode grant, such as presets.vend_email(), or its TokenSource; "
                f"a {type(grant).__name__} needs no login of a user."
            )
        self._grant = grant

    def authorization_url(
        self, *, state: str | None = None, code_verifier: str | None = None, **parameters: str
    ) -> str:
        """Return the address where the user logs in and consents (RFC 6749 §4.1.1), with PKCE (RFC 7636, S256).

        `parameters` are further ones of the request, as ``prompt="consent"``. `state` and `code_verifier` are made here
        and remembered in this process until `exchange`. Where the login ends in another process, pass both to both
        methods: then nothing is remembered. Where the grant has no `authorization_endpoint`, it is taken from the
        metadata that its `Discovery` finds, which is fetched if it is not known; use `aauthorization_url` in an event
        loop then. Raises ConfigurationError without an endpoint, and other OAuthErrors where the metadata fails.
        """
        flight, endpoint = self._finding(), self._grant.authorization_endpoint
        if flight is not None:
            endpoint = flight.wait(PATIENCE * self._serving.timeout)
        return consent.authorization_url(self._grant, endpoint, state, code_verifier, parameters)

    async def aauthorization_url(
        self, *, state: str | None = None, code_verifier: str | None = None, **parameters: str
    ) -> str:
        """Return the address, as `authorization_url` does; the event loop runs meanwhile (asyncio or trio)."""
        flight, endpoint = self._finding(), self._grant.authorization_endpoint
        if flight is not None:
            endpoint = await flight.await_(PATIENCE * self._serving.timeout)
        return consent.authorization_url(self._grant, endpoint, state, code_verifier, parameters)

    def exchange(self, redirected_url: str, *, state: str | None = None, code_verifier: str | None = None) -> Token:
        """Return the token for the address that the user was sent back to (RFC 6749 §4.1.2 and §4.1.3).

        The token is saved in the source's store, and served from then on. Raises AuthorizationFailed where the user or
        the server refused, or the address is not the answer to our question, and other OAuthErrors.
        """
        return self._begun(redirected_url, state, code_verifier).wait(PATIENCE * self._serving.timeout)

    async def aexchange(
        self, redirected_url: str, *, state: str | None = None, code_verifier: str | None = None
    ) -> Token:
        """Return the token, as `exchange` does; the event loop runs meanwhile (asyncio or trio)."""
        return await self._begun(redirected_url, state, code_verifier).await_(PATIENCE * self._serving.timeout)

    def _begun(self, redirected_url: str, state: str | None, code_verifier: str | None) -> Flight[Token]:
        code, named = consent.code_of(self._grant, redirected_url, state, code_verifier)
        return self._serving.flown(partial(_logged_in, code=code, named=named))

    def _finding(self) -> Flight[str] | None:
        """Return what finds the authorization endpoint in the server's metadata; None where that is not needed."""
        grant = self._grant
        if grant.authorization_endpoint or not isinstance(grant.token_endpoint, Discovery):
            return None
        return self._serving.flown(partial(_endpoint_of, grant=grant))

    def __repr__(self) -> str:
        """Show the source, which shows no secret."""
        return f"Login({self._source!r})"


def _endpoint_of(renewal: Renewal, grant: AuthorizationCode) -> str:
    metadata = renewal.exchange.metadata()
    assert metadata is not None  # noqa: S101 - the grant has a Discovery
    try:
        return metadata.authorization_endpoint(grant)
    except OAuthError as error:
        concerning(grant, error)
        raise


def _logged_in(renewal: Renewal, code: list[tuple[str, str]], *, named: bool) -> Token:
    assert isinstance(renewal, LoginRenewal)  # noqa: S101 - the source of a login has no other
    try:
        if not named and (metadata := renewal.exchange.metadata()) and metadata.names_itself:
            raise consent.unnamed(cast("AuthorizationCode", renewal.exchange.grant))
        token = renewal.log_in(code)
    except OAuthError as error:
        renewal.report.failed(error)
        raise
    renewal.report.came(token, is_issued=True, is_first=True)
    return token
