"""The client secret, asked of where it comes from."""

from __future__ import annotations

from oauth_cc_auth._grant.checks import is_text
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._raising import scrubbed
from oauth_cc_auth.errors import ConfigurationError


def secret_of(grant: TokenEndpointGrant) -> str | None:
    """Return the client secret, asking for it where it is a callable. Raises ConfigurationError."""
    if not callable(grant.client_secret):
        return grant.client_secret
    try:
        secret = grant.client_secret()
    except ConfigurationError:  # of Env and File, which say what to do
        raise
    except Exception as error:  # noqa: BLE001 - a vault's client may raise anything
        message = f"client_secret: the callable that returns it raised {type(error).__name__}."
        raise ConfigurationError(message) from scrubbed(error)
    if not isinstance(secret, str) or not secret or not is_text(secret):
        message = "client_secret: the callable returned no string, an empty one, or one with lone surrogates."
        raise ConfigurationError(message)
    return secret
