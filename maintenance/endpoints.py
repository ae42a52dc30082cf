"""Whether each vendor's token endpoint still answers as its preset says: it is asked with made-up credentials.

A refusal in the words that the preset reads is what a live endpoint says. An address that is gone, a redirect, a page
instead of an answer, or a token for nobody, mean that the vendor has changed something: then its pages have to be read
again. It needs the network, asks each endpoint once, and is for maintainers; no test runs it but at the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from oauth_cc_auth import (
    ClientCredentials,
    InvalidTokenResponse,
    OAuthError,
    PrivateKeyJWT,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
    TokenSource,
    presets,
)
from oauth_cc_auth.cli._vendors import example
from oauth_cc_auth.presets._played import PLACEHOLDER

_AT_A_TIME = 8
_TIMEOUT = 20.0  # seconds; a slow answer is one
_TENANT = PLACEHOLDER.format("")


@dataclass(frozen=True)
class Seen:
    """What a vendor's token endpoint did: `well` is None where it cannot be asked without a tenant."""

    name: str
    well: bool | None
    what: str

    def __str__(self) -> str:
        """Return a line for a report."""
        mark = {True: "ok", False: "CHANGED", None: "not asked"}[self.well]
        return f"{mark:<9}  {self.name}: {self.what}"


def look_at(names: Sequence[str], pointed: Callable[[Any], Any] = lambda grant: grant) -> Iterator[Seen]:
    """Ask the token endpoint of each preset, a few at a time; `pointed` turns a grant to a sandbox."""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        yield from pool.map(lambda name: _look(name, pointed), names)


def _look(name: str, pointed: Callable[[Any], Any]) -> Seen:
    grant, _ = example(presets.get(name))
    if not isinstance(grant, ClientCredentials):
        return Seen(name, well=None, what="it has no token request that a client makes alone")
    address = str(grant.token_endpoint)
    if _TENANT in address:
        return Seen(name, well=None, what=f"{address} is a tenant's")
    if isinstance(grant.token_endpoint_auth_method, PrivateKeyJWT):
        grant = replace(grant, client_secret=_made_up_key())
    try:
        TokenSource(pointed(grant), timeout=_TIMEOUT).token()
    except (InvalidTokenResponse, TokenEndpointUnavailable) as error:
        return Seen(name, well=False, what=str(error))
    except (TokenRequestError, TokenBudgetExceeded) as error:
        return Seen(name, well=True, what=str(getattr(error, "error", None) or error))
    except OAuthError as error:
        return Seen(name, well=False, what=f"{type(error).__name__}: {error}")
    return Seen(name, well=False, what="it gave a token to made-up credentials")


def _made_up_key() -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - for the few that sign
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - as above

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()


def report(names: Sequence[str]) -> int:
    """Print what each endpoint did, and return an exit status: 1 where one has changed."""
    changed = False
    for seen in look_at(names or presets.__all__):
        print(seen, flush=True)  # noqa: T201 - it is a report
        changed = changed or seen.well is False
    return int(changed)
