"""The login of a user (RFC 6749 §4.1): the question that goes out by the browser, and the answer that comes back.

State and code verifier tie the two together. They are remembered here between them, so that whoever makes the same
grant again, as a web application does for each of its requests, can end the login that it began.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from oauth_cc_auth import _token_endpoint as protocol
from oauth_cc_auth._grants import AuthorizationCode
from oauth_cc_auth._resource_server import origin_of
from oauth_cc_auth.errors import AuthorizationFailed, ConfigurationError

# Logins that were begun and not ended; most of those in excess are tabs that somebody closed.
_MOST_PENDING = 10_000

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

_lock = Lock()


class _Pending(NamedTuple):
    client: tuple[object, ...]
    code_verifier: str
    redirect_uri: str | None


_pending: OrderedDict[str, _Pending] = OrderedDict()


def authorization_url(
    grant: AuthorizationCode, state: str | None, code_verifier: str | None, parameters: Mapping[str, str]
) -> str:
    """Return the address where the user logs in, and remember what `code_of` needs. Raises ConfigurationError."""
    if not grant.authorization_endpoint:
        message = "authorization_endpoint is missing: nobody can log in without it"
        raise ConfigurationError(message)
    # 256 bits each, more than RFC 6749 §10.10 and RFC 7636 §7.1 ask for.
    state = state or secrets.token_urlsafe(32)
    code_verifier = code_verifier or secrets.token_urlsafe(32)
    own = _OWN & parameters.keys()
    if own:
        message = f"authorization_url: {', '.join(sorted(own))} is the grant's own, and cannot be passed here"
        raise ConfigurationError(message)
    url = protocol.authorization_url(grant, state, code_verifier, parameters)
    with _lock:
        _pending[state] = _Pending(_client(grant), code_verifier, grant.redirect_uri)
        if len(_pending) > _MOST_PENDING:
            _pending.popitem(last=False)
    return url


def code_of(grant: object, redirected_url: str, state: str | None, code_verifier: str | None) -> list[tuple[str, str]]:
    """Return the parameters of the code exchange (RFC 6749 §4.1.3, RFC 7636 §4.5) for the address that came back.

    An answer counts once. Raises AuthorizationFailed and ConfigurationError.
    """
    if not isinstance(grant, AuthorizationCode):
        message = "exchange() ends the login of an AuthorizationCode grant; this grant needs no login"
        raise ConfigurationError(message)
    try:
        said = dict(parse_qsl(urlsplit(redirected_url).query, keep_blank_values=True))
    except (ValueError, TypeError, AttributeError):
        said = {}  # no address, and so not the answer
    begun = _begun(grant, said.get("state", ""), state, code_verifier)
    _check_issuer(grant, said.get("iss"))
    if said.get("error"):
        raise _declined(grant, said)
    if not said.get("code"):
        message = f"The address that came back holds no authorization code. {grant.how_to_log_in}"
        raise AuthorizationFailed(message)
    redirect_uri = [("redirect_uri", begun.redirect_uri)] if begun.redirect_uri else []
    own = [("grant_type", "authorization_code"), ("code", said["code"]), *redirect_uri]
    return [*own, ("code_verifier", begun.code_verifier), *grant.common_parameters()]


def _begun(grant: AuthorizationCode, returned: str, state: str | None, code_verifier: str | None) -> _Pending:
    """Return what was remembered when this login began (RFC 6749 §10.12: the state must be ours)."""
    if state is not None and code_verifier is not None:
        begun: _Pending | None = _Pending(_client(grant), code_verifier, grant.redirect_uri)
        # Two that are empty are no proof: a program that lost its state must not take somebody else's answer.
        ours = bool(state) and hmac.compare_digest(_raw(state), _raw(returned))
    else:
        with _lock:
            begun = _pending.pop(returned, None)
        ours = begun is not None and begun.client == _client(grant) and state in (None, returned)
    if begun is None or not ours:
        message = (
            "The address that came back has a state that is not of a login begun here, or was used before: somebody "
            f"else may have made it. Nothing was sent. {grant.how_to_log_in}"
        )
        raise AuthorizationFailed(message)
    return begun


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _check_issuer(grant: AuthorizationCode, issuer: str | None) -> None:
    """Refuse the answer of another server than the one that was asked (RFC 9207 §2.4)."""
    if issuer is None:
        return
    if grant.issuer is not None:
        ours = issuer == grant.issuer
    else:
        endpoints = [url for url in (grant.authorization_endpoint, grant.token_endpoint) if isinstance(url, str)]
        try:
            ours = origin_of(issuer) in map(origin_of, endpoints)
        except ValueError:
            ours = False
    if not ours:
        message = (
            "The address that came back names another authorization server (iss) than the one that was asked. Nothing "
            "was sent. If it is the right one, pass issuer= to the grant."
        )
        raise AuthorizationFailed(message)


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
