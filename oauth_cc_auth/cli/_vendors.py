"""The presets by the names that people type."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from oauth_cc_auth import AuthorizationCode, ClientCredentials, presets

if TYPE_CHECKING:
    from oauth_cc_auth.sandbox import Sandbox  # not at run time: it needs Flask, and a token does not

Grant: TypeAlias = ClientCredentials | AuthorizationCode
Preset: TypeAlias = Callable[..., Grant]


def words_of(preset: Preset) -> frozenset[str]:
    """Return the names of the arguments that a preset takes."""
    return frozenset(inspect.signature(preset).parameters)


# A new vendor is a new preset and no change here. Presets without a client have a token already: nothing is fetched.
VENDORS: dict[str, Preset] = {
    name.replace("_", "-"): preset
    for name, preset in ((name, getattr(presets, name)) for name in presets.__all__)
    if "client_id" in words_of(preset)
}


# The sandbox registers whoever comes first.
SANDBOX_CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def sandbox_grant(sandbox: Sandbox, preset: Preset) -> Grant:
    """Return a preset's grant at the sandbox.

    A refresh token is a login: each call is another one, as a server that rotates them takes the first only once.
    """
    words = dict(SANDBOX_CLIENT)
    if "refresh_token" in words_of(preset):
        words["refresh_token"] = f"sandbox-{secrets.token_hex(8)}"
    return sandbox.grant(preset(**words))


def variable(vendor: str, word: str) -> str:
    """Return the environment variable from which a preset reads an argument."""
    return f"{vendor}_{word}".replace("-", "_").upper()


def base_url(grant: Grant) -> str:
    """Return where the paths of a grant's API begin."""
    return (grant.resource_server and grant.resource_server.base_url) or ""
