"""What is behind a token request that failed, named only where it is the cause."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
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

# A Date has whole seconds, so clocks that differ by less than this cannot be told apart.
_SAME_SECONDS = 2.0

# Options of presets by which a vendor has several sets of clients.
_PLACES = ("environment", "region", "cloud", "instance", "sandbox", "data_center")

_METHODS = ("client_secret_basic_raw", "client_secret_post", "client_secret_basic")
_TOO_MANY = 429
_TIMEOUT = 4.0


class Asked(NamedTuple):
    """The preset that the user named, the arguments that it was given beside the variables, and whence some came."""

    vendor: str
    words: Mapping[str, Any]
    profile: str = ""


class Cause(NamedTuple):
    """Why a step failed: the exit status, what came back, and what to change."""

    status: int
    got: str
    change: str


def cause_of(  # noqa: PLR0911 - one return for each kind of failure
    error: OAuthError, grant: Any, asked: Asked | None, skew: float | None, *, was_accepted: bool = False
) -> Cause:
    """Return the cause of a token request's failure.

    Where the client is refused, and was not accepted before, its secret is sent by the other methods too: that is one
    more token request, or two for a secret that the methods encode differently, until one brings a token.
    """
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
    return _of_the_client(error, said, grant, asked, skew, () if was_accepted else _METHODS)


def _of_the_client(  # noqa: PLR0917 - as cause_of has them
    error: OAuthError, said: str, grant: Any, asked: Asked | None, skew: float | None, methods: Collection[str]
) -> Cause:
    if skew is not None and abs(skew) > CLOCK_SECONDS and signs(grant):
        return Cause(CLIENT, said, f"this machine's clock is {_off(skew)}, and the client signs the time: set it")
    if isinstance(error, InvalidClient):
        if quotes := quoted(_read(grant, asked)):
            return Cause(CLIENT, said, quotes)
        method, tried = _accepted_method(grant, methods)
        if method:
            now = grant.token_endpoint_auth_method
            return Cause(CLIENT, said, f"the server takes {method}, not {now}: token_endpoint_auth_method={method!r}")
        said += "".join(f" Tried {other} too: {outcome}." for other, outcome in tried.items())
        if options := " ".join(places(asked)):
            change = f"look at the client id and secret, or the place they belong to: {options} {_rotated(grant)}"
            return Cause(CLIENT, said, change.rstrip())
    variables = " and ".join(_read(grant, asked)) or "the client id, the secret, and what this client may do"
    rotated = _rotated(grant) if isinstance(error, InvalidClient) else ""
    return Cause(CLIENT, said, f"look at {variables}" + (f". {rotated}" if rotated else ""))


def _rotated(grant: Any) -> str:
    return "Was the secret rotated or regenerated at the vendor's console?" if grant.client_secret else ""


def signs(grant: Any) -> bool:
    """Tell whether the client proves itself by what it signs, with the time in it."""
    method = grant.token_endpoint_auth_method
    return method in {"private_key_jwt", "client_secret_jwt"} or not isinstance(method, (str, type(None)))


def _off(skew: float) -> str:
    return f"{abs(skew):,.0f} s {'ahead' if skew > 0 else 'behind'}"


def clock_said(skew: float) -> str:
    """Return how far this machine's clock is off."""
    if abs(skew) < _SAME_SECONDS:
        return "this machine's clock agrees with the server's"
    return f"this machine's clock is {_off(skew)} of the server's"


def of_every_token(grant: Any, asked: Asked | None) -> str:
    """Return what to look at where an API refuses every token: the variables, and what it wants beside the token."""
    if asked is None:
        return "The variables are OAUTH_AUDIENCE and OAUTH_SCOPE, the host is that of --path."
    variables = presets.variables_of(asked.vendor)
    chosen = [variables[word][0] for word in ("audience", "resource", "scope") if word in variables]
    causes = [*places(asked), *([f"{' and '.join(chosen)}: is it what this API wants?"] if chosen else [])]
    headers = dict(getattr(grant.resource_server, "headers", {}))
    for header, value in headers.items():
        source = [name for name, given in _given(asked) if given and given == value]
        causes += [f"{name} goes with each call, as the header {header}: is it right?" for name in source]
    causes += [f"{name} is not set; this API may want it, as the header {header}." for name, header in _unset(asked)]
    return " ".join(causes) or "Look at --path, and at what this client may do at the vendor."


def whence(host: str, asked: Asked | None) -> str:
    """Return the variables and options that a host is made of, "" where there are none."""
    if asked is None:
        return ""
    host, labels = host.lower(), host.lower().split(".")
    parts = ((name, given.lower()) for name, given in _given(asked) if isinstance(given, str) and given)
    return " and ".join(
        name for name, part in parts if host in part or part in labels or ("." in part and part in host)
    )


def quoted(names: Iterable[str]) -> str:
    """Return which of these variables have quotes around their values, and what to do; "" where none has."""
    found = [name for name in names if _is_quoted(name)]
    has = "have quotes around their values" if found[1:] else "has quotes around its value"
    return f"{' and '.join(found)} {has}: remove them" if found else ""


def _given(asked: Asked) -> Iterator[tuple[str, Any]]:
    """Return what the preset was given, by the name of the option or variable that has it."""
    for word, names in presets.variables_of(asked.vendor).items():
        if word in asked.words:
            yield (asked.profile or f"-o {word}"), asked.words[word]
        else:
            name = next((name for name in names if os.environ.get(name, "").strip()), names[0])
            yield name, os.environ.get(name, "").strip()


def _unset(asked: Asked) -> Iterator[tuple[str, str]]:
    """Return the variables that are not set and would add a header to each call, with that header."""
    preset, given = presets.get(asked.vendor), {name for name, value in _given(asked) if value}
    with suppress(OAuthError, AttributeError):
        before = preset(**asked.words).resource_server.headers  # type: ignore[union-attr]  # suppressed
        for word, names in presets.variables_of(asked.vendor).items():
            free = inspect.signature(preset).parameters[word].default is None and word not in asked.words
            if not free or not given.isdisjoint(names):
                continue
            with suppress(OAuthError):
                after = preset(**{**asked.words, word: "1"}).resource_server.headers  # type: ignore[union-attr]  # as above
                yield from ((names[0], header) for header in after if header not in before)


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


def _accepted_method(grant: Any, methods: Collection[str]) -> tuple[str | None, dict[str, str]]:
    """Return another method to send the same secret that the server takes, or None, and what became of the others."""
    now, secret, tried = grant.token_endpoint_auth_method, grant.client_secret, dict[str, str]()
    if now not in methods:
        return None, tried
    text = secret() if callable(secret) else secret
    for method in methods:
        differs = method != "client_secret_basic_raw" or quote_plus(text) != text
        if method == now or not differs or (now == "client_secret_basic_raw" and method == "client_secret_basic"):
            continue
        try:
            TokenSource(replace(grant, token_endpoint_auth_method=method), timeout=_TIMEOUT).token()
        except OAuthError as error:
            tried[method] = "refused as well" if isinstance(error, InvalidClient) else "no token either"
        else:
            return method, tried
    return None, tried


def places(asked: Asked | None) -> Iterator[str]:
    """Return the options that say where a client belongs, the value now, and the others."""
    if asked is None:
        return
    preset = presets.get(asked.vendor)
    for name, parameter in inspect.signature(preset).parameters.items():
        if name in _PLACES:
            variable = presets.variables_of(asked.vendor)[name][0]
            now = asked.words.get(name) or os.environ.get(variable) or parameter.default
            others: list[str] = []
            try:
                preset(**{**asked.words, name: "?"})
            except OAuthError as refusal:
                others = [word for word in re.findall(r"'([^']+)'", str(refusal)) if word not in {"?", now}]
            change = f", it may be {', '.join(others)}. Set it there, or with -o {name}={others[0]}" if others else ""
            yield f"{variable} is {now}{change}."
