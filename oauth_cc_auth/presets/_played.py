"""With OAUTH_CC_AUTH_SANDBOX set, each preset returns its grant at that sandbox, so that no program has to be changed.

What a preset then lacks is made up: the client is the sandbox's own, and a tenant is any name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

from oauth_cc_auth._resource_server.server import SANDBOX_VARIABLE
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    from inspect import Signature

VARIABLE = SANDBOX_VARIABLE

# The sandbox registers a client when it first sees it. A client without a secret is another client.
SANDBOX_CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
SANDBOX_PUBLIC_CLIENT = {"client_id": "sandbox-public-client"}

# What stands for a word that only the user knows, as a tenant; it fits in a host name.
PLACEHOLDER = "your-{}"


def at_sandbox(name: str, preset: Callable[..., Any]) -> Callable[..., Any]:
    """Return the preset so that it follows OAUTH_CC_AUTH_SANDBOX.

    It raises ConfigurationError where the variable names no sandbox on this machine that answers.
    """

    @wraps(preset)
    def followed(*given: Any, **words: Any) -> Any:
        url = os.environ.get(VARIABLE, "").strip()
        if not url:
            return preset(*given, **words)
        # By its name: the sandbox is an extra, and knows the presets' grants.
        sandbox = import_module("oauth_cc_auth.sandbox")
        try:
            at = sandbox.Sandbox.at(url)
            return at.grant(completed(preset, sandbox.made_up(name, preset), *given, **words))
        except ConfigurationError:
            raise
        except (ConnectionError, ValueError) as error:
            message = f"{VARIABLE}: {error}"
            raise ConfigurationError(message) from None

    return followed


def completed(preset: Callable[..., Any], made_up: Callable[[str], str], *given: Any, **words: Any) -> Any:
    """Return the preset's grant, with what it lacks made up. Raises ConfigurationError for whatever else is wrong."""
    from inspect import signature  # noqa: PLC0415 - 5 ms that only a sandbox costs

    call = signature(preset)
    bound = call.bind_partial(*given, **words)
    lacking = [word for word in required(call) if word not in bound.arguments]
    while True:
        for word in lacking:
            bound.arguments[word] = made_up(word)
        try:
            return preset(*bound.args, **bound.kwargs)
        except ConfigurationError as error:
            missing = word_of(call.parameters, error)
            if missing is None or bound.arguments.get(missing) is not None:
                raise
            lacking = [missing]


def placeholder(word: str) -> str:
    """Return what stands for a word that only the user knows."""
    held = PLACEHOLDER.format(word.replace("_", "-"))
    return f"https://{held}" if word.endswith("url") else held


def required(call: Signature) -> list[str]:
    """Return the arguments that have no default."""
    several = ("VAR_KEYWORD", "VAR_POSITIONAL")
    words = call.parameters.values()
    return [word.name for word in words if word.default is word.empty and word.kind.name not in several]


def word_of(parameters: Collection[str], error: ConfigurationError) -> str | None:
    """Return the argument that a missing variable stands for: it is named like the end of VEND_EMAIL_CLIENT_SECRET."""
    looked_for = error.variable or ""
    return max((word for word in parameters if looked_for.endswith(f"_{word.upper()}")), key=len, default=None)
