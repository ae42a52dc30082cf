"""The login of a user (RFC 6749 §4.1): the question that goes out by the browser, and the answer that comes back.

State and code verifier tie the two together. They are remembered here between them, so that whoever makes the same
grant again, as a web application does for each of its requests, can end the login that it began.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from threading import RLock
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from oauth_cc_auth._authorization_server import request as protocol
from oauth_cc_auth._grant.authorization_code import AuthorizationCode
from oauth_cc_auth._grant.checks import is_text
from oauth_cc_auth._grant.discovery import Discovery
from oauth_cc_auth._http.origin import origin_of
from oauth_cc_auth.errors import AuthorizationFailed, ConfigurationError

# Logins that were begun and not ended, most of those in excess tabs that somebody closed; and as many that were ended.
# Where there are more, the login with most of them loses its oldest, so that nobody can crowd out the others.
_MOST_PENDING = 10_000

# Seconds after which a login that was begun cannot end any more: servers' own pages wait for minutes.
_PENDING_SECONDS = 3600.0

_CODE_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 §4.1

# What an authorization response says (RFC 6749 §4.1.2, RFC 9207 §2); the redirect_uri may have other parameters.
_SAID = frozenset({"code", "error", "iss", "state"})

# What a grant says of itself; to say otherwise in one request would undo the login's protection, or end it elsewhere.
_OWN = frozenset(
    {
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "redirect_uri",
        "resource",
        "response_type",
        "scope",
        "url",
    }
)

# Taken again by a signal's handler that begins a login while its own thread holds it.
_lock = RLock()


class _Pending(NamedTuple):
    client: tuple[object, ...]
    code_verifier: str
    redirect_uri: str | None
    begun_at: float


_pending: OrderedDict[str, _Pending] = OrderedDict()

# State and code verifier of the logins that ended with both passed.
_ended: OrderedDict[tuple[str, str], None] = OrderedDict()


def authorization_url(
    grant: AuthorizationCode,
    endpoint: str | None,
    state: str | None,
    code_verifier: str | None,
    parameters: Mapping[str, str | None],
) -> str:
    """Return the address where the user logs in, at the authorization `endpoint`. Raises ConfigurationError.

    What `code_of` needs is remembered, unless the caller has it all: then the login may end in any process, but once.
    """
    _check(state, code_verifier)
    if not endpoint:
        message = (
            "authorization_endpoint is missing, and users log in there: pass authorization_endpoint=, or "
            "token_endpoint=Discovery(issuer=...), whose metadata names it"
        )
        raise ConfigurationError(message)
    kept_elsewhere = bool(state and code_verifier)
    # 256 bits each, more than RFC 6749 §10.10 and RFC 7636 §7.1 ask for.
    state = state or secrets.token_urlsafe(32)
    code_verifier = code_verifier or secrets.token_urlsafe(32)
    own = _OWN & parameters.keys()
    if own:
        message = f"authorization_url: {', '.join(sorted(own))} is the grant's own, and cannot be passed here"
        raise ConfigurationError(message)
    parameters = {"redirect_uri": grant.redirect_uri, **parameters}
    url = protocol.authorization_url(grant, endpoint, state, code_verifier, parameters)
    with _lock:
        if kept_elsewhere:
            _pending.pop(state, None)
            _ended.pop((state, code_verifier), None)
        else:
            _pending.pop(state, None)
            _pending[state] = _Pending(_client(grant), code_verifier, grant.redirect_uri, time.monotonic())
            _make_room()
    return url


def code_of(
    grant: AuthorizationCode, redirected_url: str, state: str | None, code_verifier: str | None
) -> tuple[list[tuple[str, str]], bool]:
    """Return the parameters of the code exchange (RFC 6749 §4.1.3, RFC 7636 §4.5) for the address that came back.

    Beside them: whether the address names its authorization server. An answer counts once, as far as this process
    knows. Raises AuthorizationFailed and ConfigurationError.
    """
    _check(state, code_verifier)
    if code_verifier is not None and state is None:
        message = "code_verifier is passed without state: pass both, or neither where the login began in this process"
        raise ConfigurationError(message)
    try:
        pairs = parse_qsl(urlsplit(redirected_url).query, keep_blank_values=True)
    except (ValueError, TypeError, AttributeError):
        pairs = []  # no address, and so not the answer
    said = dict(pairs)
    repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1 and name in _SAID]
    if repeated:
        message = (
            f"The address that came back says {', '.join(repeated)} more than once (RFC 6749 §3.1): somebody may have "
            f"added to it. Nothing was sent. {grant.how_to_log_in}"
        )
        raise AuthorizationFailed(message)
    begun = _begun(grant, said.get("state", ""), state, code_verifier)
    _check_issuer(grant, said.get("iss"))
    if said.get("error"):
        raise _declined(grant, said)
    if not said.get("code"):
        message = f"The address that came back holds no authorization code. {grant.how_to_log_in}"
        raise AuthorizationFailed(message)
    redirect_uri = [("redirect_uri", begun.redirect_uri)] if begun.redirect_uri else []
    own = [("grant_type", "authorization_code"), ("code", said["code"]), *redirect_uri]
    return [*own, ("code_verifier", begun.code_verifier), *grant.common_parameters()], "iss" in said


def _begun(grant: AuthorizationCode, returned: str, state: str | None, code_verifier: str | None) -> _Pending:
    """Return what was remembered when this login began (RFC 6749 §10.12: the state must be ours)."""
    with _lock:
        if state is not None and code_verifier is not None:
            begun: _Pending | None = _Pending(_client(grant), code_verifier, grant.redirect_uri, 0.0)
            # Two that are empty are no proof: a program that lost its state must not take somebody else's answer.
            ours = bool(state) and hmac.compare_digest(state.encode(), _raw(returned))
            ours = ours and (state, code_verifier) not in _ended
            if ours:
                _ended[state, code_verifier] = None
                if len(_ended) > _MOST_PENDING:
                    _ended.popitem(last=False)
        else:
            _forget_the_old()
            begun = _pending.get(returned)
            ours = begun is not None and begun.client == _client(grant) and state in (None, returned)
        if ours:
            # Only now: what somebody else made of it must not end the login of the user whose it is.
            _pending.pop(returned, None)
    if begun is None or not ours:
        message = (
            "The address that came back has a state that is not of a login begun here, or was used before: somebody "
            "else may have made it. Nothing was sent. Where the login began in another process, pass state= and "
            f"code_verifier= of it. {grant.how_to_log_in}"
        )
        raise AuthorizationFailed(message)
    return begun


def _check(state: object, code_verifier: object) -> None:
    if state is not None and not is_text(state):
        message = "state is not a string that can be sent"
        raise ConfigurationError(message)
    if code_verifier is not None and not (isinstance(code_verifier, str) and _CODE_VERIFIER.fullmatch(code_verifier)):
        message = "code_verifier is not a string of 43 to 128 letters, digits and -._~ (RFC 7636 §4.1)"
        raise ConfigurationError(message)


def _make_room() -> None:
    _forget_the_old()
    if len(_pending) > _MOST_PENDING:
        ((busiest, _),) = Counter(pending.client for pending in _pending.values()).most_common(1)
        del _pending[next(state for state, pending in _pending.items() if pending.client == busiest)]


def _forget_the_old() -> None:
    while _pending and next(iter(_pending.values())).begun_at < time.monotonic() - _PENDING_SECONDS:
        _pending.popitem(last=False)


def forget() -> None:
    """Forget every login that was begun or ended; for tests."""
    with _lock:
        _pending.clear()
        _ended.clear()


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _check_issuer(grant: AuthorizationCode, issuer: str | None) -> None:
    """Refuse the answer of another server than the one that was asked (RFC 9207 §2.4)."""
    found = grant.token_endpoint.issuer if isinstance(grant.token_endpoint, Discovery) else None
    if grant.issuer is not None:
        ours = issuer == grant.issuer
    elif issuer is None:
        return
    elif found is not None:
        ours = issuer == found
    else:
        endpoints = [url for url in (grant.authorization_endpoint, grant.token_endpoint) if isinstance(url, str)]
        try:
            ours = origin_of(issuer) in map(origin_of, endpoints)
        except ValueError:
            ours = False
    if not ours:
        message = (
            "The address that came back names another authorization server (iss) than the one that was asked, or none "
            "though the grant has an issuer. Nothing was sent. If it is the right one, pass issuer= to the grant as "
            "the server says it, or not at all where it says none."
        )
        raise AuthorizationFailed(message)


def unnamed(grant: AuthorizationCode) -> AuthorizationFailed:
    """Return the error for an address without `iss` where the server's metadata says that each has one (RFC 9207)."""
    message = (
        "The address that came back does not name its authorization server (iss), and the metadata says that this "
        f"server always does: somebody else may have made it. The code was not sent. {grant.how_to_log_in}"
    )
    return AuthorizationFailed(message)


def _declined(grant: AuthorizationCode, said: Mapping[str, str]) -> AuthorizationFailed:
    # Whoever can make a user follow a link writes these: in one line, and not for ever.
    shown = {name: _shown(said.get(name)) for name in ("error", "error_description", "error_uri")}
    why = ": ".join(filter(None, (shown["error"], shown["error_description"])))
    who = "The user declined" if shown["error"] == "access_denied" else "The authorization server refused"
    return AuthorizationFailed(f"{who} ({why}). {grant.how_to_log_in}", **shown)


def _shown(text: str | None) -> str | None:
    return None if not text else "".join(char if char.isprintable() else " " for char in text[:500])


def _client(grant: AuthorizationCode) -> tuple[object, ...]:
    return grant.authorization_endpoint, grant.token_endpoint, grant.client_id, grant.login


def _start_over_in_child() -> None:
    # A thread that the child does not have may have held it.
    global _lock  # noqa: PLW0603 - the module's one lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_in_child)
