"""What is behind a token request that failed, named only where it is the cause."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from oauth_cc_auth import (
    ConfigurationError,
    InteractionRequired,
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    InvalidTokenResponse,
    OAuthError,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenSource,
    presets,
)

VARIABLES, NETWORK, CLIENT, SCOPE, API, SERVER = 1, 3, 4, 5, 6, 7

# Seconds by which clocks may differ: assertions live at least as long.
CLOCK_SECONDS = 60.0

# Options of presets by which a vendor has several sets of clients.
_PLACES = ("environment", "region", "cloud", "instance", "sandbox", "data_center")

_METHODS = ("client_secret_basic_raw", "client_secret_post", "client_secret_basic")
_TOO_MANY = 429
_TIMEOUT = 4.0


class Asked(NamedTuple):
    """The preset that the user named, and the arguments that it was given beside the variables."""

    vendor: str
    words: dict[str, Any]


class Cause(NamedTuple):
    """Why a step failed: the exit status, what came back, and what to change."""

    status: int
    got: str
    change: str


def cause_of(  # noqa: PLR0911 - one return for each kind of failure
    error: OAuthError, grant: Any, asked: Asked | None, skew: float | None
) -> Cause:
    """Return the cause of a token request's failure. At most two more are sent, until one brings a token."""
    said = " ".join(str(error.args[0] if error.args else error).split())
    if isinstance(error, TokenBudgetExceeded):
        return Cause(SERVER, said, "wait, or share one token between programs with a store")
    if isinstance(error, TokenEndpointUnavailable):
        if error.status_code == _TOO_MANY:
            return Cause(SERVER, said, "the vendor's limit is reached: wait, and share one token with a store")
        if error.status_code is None:
            return Cause(NETWORK, said, "look at the network, the proxy (HTTPS_PROXY) and the host's name")
        return Cause(SERVER, said, "the server has a fault of its own: try later, or look at the vendor's status page")
    if isinstance(error, InvalidTokenResponse):
        return Cause(SERVER, said, "something else than a token endpoint answers: look at the host and the options")
    if isinstance(error, InvalidScope):
        return Cause(SCOPE, said, "request a scope that the client was given (--scope), or none")
    if getattr(error, "error", None) == "invalid_target" or _is_about_audience(error):
        return Cause(SCOPE, said, "look at the audience: -o audience=..., or the resource, as the vendor documents it")
    if isinstance(error, InteractionRequired):
        return Cause(CLIENT, said, "a user has to log in: oauth-cc-auth login")
    if isinstance(error, ConfigurationError):
        return Cause(VARIABLES, said, "correct the variable or the argument that is named")
    return _of_the_client(error, said, grant, asked, skew)


def _of_the_client(error: OAuthError, said: str, grant: Any, asked: Asked | None, skew: float | None) -> Cause:
    if skew is not None and abs(skew) > CLOCK_SECONDS and signs(grant):
        return Cause(CLIENT, said, f"this machine's clock is {_off(skew)}, and the client signs the time: set it")
    if isinstance(error, InvalidClient):
        if quoted := [name for name in _read(grant, asked) if _is_quoted(name)]:
            return Cause(CLIENT, said, f"{' and '.join(quoted)} has quotes around its value: remove them")
        if method := _accepted_method(grant):
            now = grant.token_endpoint_auth_method
            return Cause(CLIENT, said, f"the server takes {method}, not {now}: token_endpoint_auth_method={method!r}")
        if places := " ".join(_places(asked)):
            return Cause(CLIENT, said, f"look at the client id and secret, or the place they belong to: {places}")
    variables = " and ".join(_read(grant, asked))
    return Cause(CLIENT, said, f"look at {variables or 'the client id, the secret, and what this client may do'}")


def signs(grant: Any) -> bool:
    """Tell whether the client proves itself by what it signs, with the time in it."""
    method = grant.token_endpoint_auth_method
    return method in {"private_key_jwt", "client_secret_jwt"} or not isinstance(method, (str, type(None)))


def _off(skew: float) -> str:
    return f"{abs(skew):,.0f} s {'ahead' if skew > 0 else 'behind'}"


def clock_said(skew: float) -> str:
    """Return how far this machine's clock is off."""
    return f"this machine's clock is {_off(skew)} of the server's"


def _is_about_audience(error: OAuthError) -> bool:
    said = f"{getattr(error, 'error_description', '')}".lower()
    return isinstance(error, InvalidRequest) and ("audience" in said or "resource" in said)


def _read(grant: Any, asked: Asked | None) -> Iterator[str]:
    """Return the variables of the client's credentials."""
    known = grant.variables or (() if asked else ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"))
    return (name for name in known if name in os.environ and name.endswith(("_ID", "_SECRET", "_KEY")))


def _is_quoted(name: str) -> bool:
    value = os.environ.get(name, "").strip()
    return len(value) > 1 and value[0] in "\"'\u201c\u2018" and value[-1] in "\"'\u201d\u2019"


def _accepted_method(grant: Any) -> str | None:
    """Return another way to send the same secret that the server takes, if there is one; None is as good as no."""
    now, secret = grant.token_endpoint_auth_method, grant.client_secret
    if now not in _METHODS:
        return None
    text = secret() if callable(secret) else secret
    for method in _METHODS:
        differs = method != "client_secret_basic_raw" or quote_plus(text) != text
        if method == now or not differs or (now == "client_secret_basic_raw" and method == "client_secret_basic"):
            continue
        with suppress(OAuthError):
            TokenSource(replace(grant, token_endpoint_auth_method=method), timeout=_TIMEOUT).token()
            return method
    return None


def _places(asked: Asked | None) -> Iterator[str]:
    """Return the options that say where a client belongs, the value now, and the others."""
    if asked is None:
        return
    preset = presets.get(asked.vendor)
    for name, parameter in inspect.signature(preset).parameters.items():
        if name in _PLACES:
            variable = presets.variables_of(asked.vendor)[name][0]
            now = asked.words.get(name) or os.environ.get(variable) or parameter.default
            others = ""
            try:
                preset(**{**asked.words, name: "?"})
            except OAuthError as refusal:
                others = ", ".join(word for word in re.findall(r"'([^']+)'", str(refusal)) if word not in {"?", now})
            yield f"{variable} is {now}{f', it may be {others}' if others else ''}."
