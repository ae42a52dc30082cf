"""Assertions and tokens of others, read for a token request (RFC 7521, RFC 7523 §2, RFC 8693 §2.1).

Each is read anew for every attempt, and once more where the server refuses it: a file may have been renewed meanwhile.
Of what is read only a JWT's `exp` is looked at: one that has ended is not sent, and the error says when it ended.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable
from typing import cast

from oauth_cc_auth._authorization_server.assertion import signed
from oauth_cc_auth._grant.assertion import ClientAssertion, Obtains, SignedJWT, Source
from oauth_cc_auth._grant.checks import is_text
from oauth_cc_auth._grant.jwt_form import ENDPOINT
from oauth_cc_auth._grant.secret import Env, File
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.json_path import json_object, positive
from oauth_cc_auth._raising import scrubbed
from oauth_cc_auth._token import Token
from oauth_cc_auth.errors import ConfigurationError, InvalidClient, OAuthError, TokenRequestError

log = logging.getLogger("oauth_cc_auth")

# Seconds by which the clock of the server may be behind ours, so that it still takes what has ended here.
_LEEWAY = 60.0

_CLIENT_ASSERTION = "client_assertion"


class Assertions:
    """What one exchange reads from the sources of its grant."""

    __slots__ = ("_read", "_sources", "audience")

    def __init__(self, grant: TokenEndpointGrant) -> None:
        """Read nothing yet."""
        method = grant.token_endpoint_auth_method
        client = {_CLIENT_ASSERTION: method.source} if isinstance(method, ClientAssertion) else {}
        self._sources: dict[str, Source] = {**grant.sources(), **client}
        # For each parameter what was read of it last, and the token where a `TokenSource` gave it.
        self._read: dict[str, tuple[str, Token | None]] = {}
        self.audience = ("", "")

    @property
    def texts(self) -> list[str]:
        """What was read last, which nobody may read in a message."""
        return [text for text, _ in self._read.values()]

    def parameters(self) -> list[tuple[str, str]]:
        """Return what this attempt sends beside the grant's own parameters. Raises an OAuthError."""
        return [(name, self._now(name)) for name in self._sources if name != _CLIENT_ASSERTION]

    def client_assertion(self) -> str:
        """Return the assertion that proves the client. Raises an OAuthError."""
        return self._now(_CLIENT_ASSERTION)

    def changed(self, refusal: TokenRequestError) -> bool:
        """Tell whether what the server refused is another now, so that it is worth asking once more."""
        if isinstance(refusal, InvalidClient) and _CLIENT_ASSERTION not in self._read:
            return False
        return sum(self._is_another(name, *read) for name, read in self._read.items()) > 0

    def _is_another(self, name: str, text: str, token: Token | None) -> bool:
        source = self._sources[name]
        if isinstance(source, (str, SignedJWT)):
            return False
        if token is not None:
            return cast("Obtains", source).reject(token)
        try:
            return _read(name, source, self.audience)[0] != text
        except OAuthError as error:
            log.warning("%s", error)
            return False

    def _now(self, name: str) -> str:
        self._read[name] = _read(name, self._sources[name], self.audience)
        return self._read[name][0]


def _read(name: str, source: Source, audience: tuple[str, str]) -> tuple[str, Token | None]:
    """Return what a source says now, and the token if it is one's; `audience` is the issuer's, and the endpoint's."""
    if isinstance(source, SignedJWT):
        return _signed(source, audience), None
    if isinstance(source, Obtains):
        token = source.token()
        return token.access_token, token
    if isinstance(source, str):
        text = source
    elif isinstance(source, (Env, File)):
        text = source.read(name)
    else:
        text = _called(name, source, audience[0] or audience[1])
    _check_fresh(name, source, text)
    return text, None


def _signed(form: SignedJWT, audience: tuple[str, str]) -> str:
    issuer, endpoint = audience
    to = endpoint if form.audience == ENDPOINT else form.audience or issuer or endpoint
    claims = {"iss": form.issuer, "sub": form.subject, "aud": to}
    key = form.key() if callable(form.key) else form.key
    return signed(form, key, {name: value for name, value in claims.items() if value is not None}, "key")


def _called(name: str, source: Callable[[str], str], audience: str) -> str:
    try:
        text = source(audience)
    except OAuthError:  # of the sources of this package, which say what to do
        raise
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything
        message = f"{name}: the function that returns it raised {type(error).__name__}."
        raise ConfigurationError(message) from scrubbed(error)
    if not isinstance(text, str) or not text or not is_text(text):
        message = f"{name}: the function returned no string, an empty one, or one with lone surrogates."
        raise ConfigurationError(message)
    return text


def _check_fresh(name: str, source: Source, text: str) -> None:
    ended_at = _end_of(text)
    if ended_at is None or time.time() < ended_at + _LEEWAY:
        return
    where = {File: "the file ", Env: "the environment variable "}.get(type(source), "its source ")
    place = getattr(source, "path", getattr(source, "name", ""))
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ended_at))
    message = (
        f"{name}: the assertion from {f'{where}{place}'.strip()} ended at {moment}, so it was not sent. What renews it "
        "has stopped, or the clock of this machine is wrong."
    )
    raise ConfigurationError(message)


def _end_of(text: str) -> float | None:
    """Return when a JWT ends, None for what is no JWT or does not say."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return positive((claims or {}).get("exp"))
