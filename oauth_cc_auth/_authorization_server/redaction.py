"""Secrets of one attempt, hidden in texts, in what is kept of an answer, and in errors with their causes.

Secret are the client's secret, what the request carried to prove the client or a user, and the tokens of the answer. A
server may echo each in a spelling of its own, so every usual one is hidden. A text is masked before it is cut, so that
no half of a secret is left.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.json_path import json_object, member, string_or_none
from oauth_cc_auth._http.messages import HttpRequest
from oauth_cc_auth._raising import scrubbed
from oauth_cc_auth._text import printable
from oauth_cc_auth.errors import OAuthError

# What is kept of a server's text; the rest of an error page helps nobody in a log.
_LONGEST_TEXT = 1000

# To mask a secret of fewer characters would make a message unreadable, and protect nothing: it is guessed at once.
_SHORTEST_MASKED = 4

# Parameters of a request that prove the client or a user (RFC 6749 §4.1.3, §6, RFC 7009 §2.1, RFC 7521 §4, RFC 8693).
_SECRET_PARAMETERS = (
    *("client_secret", "client_assertion", "assertion", "refresh_token", "code", "code_verifier", "password", "token"),
    *("subject_token", "actor_token"),
)

# What stands in these headers is no secret, and worth reading in a message.
_HARMLESS = re.compile(
    r"accept.*|cache-control|content-type|user-agent|.*(version|request-id|correlation.id)", re.IGNORECASE
)

# Members of an answer that are left out of what is kept of it.
_SECRET_MEMBERS = frozenset({"access_token", "refresh_token", "id_token", "client_secret"})


class Redaction:
    """Hides these secrets, in whatever spelling a server echoes them."""

    def __init__(self, *secrets: str | None) -> None:
        """Hide these; None and what is too short to be masked count as nothing."""
        self._secrets: set[str] = set()
        self._sent_headers: set[str] = set()
        self._tokens: set[str] = set()
        self.hide(*secrets)

    @classmethod
    def of(cls, grant: TokenEndpointGrant, secret: str | None, request: HttpRequest) -> Redaction:
        """Return what hides the grant's secret, and what this request carries."""
        made = cls(*_spellings_of_client(grant, secret), getattr(grant, "refresh_token", None))
        made.hide(*_secret_parameters(grant, request))
        # A header's value may be a plain word, such as a tenant's name: it is hidden in errors only.
        values = [value for name, value in request.headers.items() if not _HARMLESS.fullmatch(name)]
        parts = {part for value in values for part in (value, value.rpartition(" ")[2])}  # "Basic", and what follows
        made._sent_headers = parts - {grant.client_id}
        return made

    def hide(self, *more: str | None) -> None:
        """Hide these too."""
        self._secrets.update(secret for secret in more if secret)
        vars(self).pop("_spelled", None)

    def hide_tokens(self, grant: TokenEndpointGrant, document: object) -> None:
        """Hide the tokens of an answer; one that is refused may hold a token all the same, and quote it."""
        form = grant.token_response
        paths = (form.access_token or "access_token", form.refresh_token, *_SECRET_MEMBERS)
        self._tokens = {token for path in paths if (token := string_or_none(member(document, path)))}
        self.hide(*self._tokens)

    def text(self, said: str) -> str:
        """Return the text without the secrets, however they were encoded."""
        return _without(said, self._spelled)

    def excerpt(self, said: str, length: int) -> str:
        """Return the beginning of a text for a message, free of the secrets, what the headers held included."""
        text = _without(said, _spelled(self._secrets | self._sent_headers))
        return text if len(text) <= length else f"{text[:length]}…"

    def extra(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept of an answer: without the members that are a token, and with echoes elsewhere masked."""

        def kept(value: Any) -> Any:
            if isinstance(value, dict):
                return {
                    name: kept(inner)
                    for name, inner in value.items()
                    if name not in _SECRET_MEMBERS and not self._is_token(inner)
                }
            if isinstance(value, list):
                return [kept(inner) for inner in value if not self._is_token(inner)]
            return self.text(value) if isinstance(value, str) else value

        return dict(kept(dict(document)))

    def error(self, error: OAuthError) -> None:
        """Hide the secrets in an error's message and fields, and in what is behind it; then cut what is too long."""
        spelled = _spelled(self._secrets | self._sent_headers)
        error.masked_by(lambda text: _without(text, spelled)[:_LONGEST_TEXT])
        if error.__cause__ is not None:
            scrubbed(error.__cause__, lambda text: printable(_without(text, spelled)))

    @cached_property
    def _spelled(self) -> list[str]:
        return _spelled(self._secrets)

    def _is_token(self, value: object) -> bool:
        return isinstance(value, str) and value in self._tokens


def _without(text: str, spelled: list[str]) -> str:
    for spelling in spelled:
        text = text.replace(spelling, "***")
    return text


def _spelled(secrets: set[str]) -> list[str]:
    found: list[str] = []
    for secret in sorted({secret for secret in secrets if len(secret) >= _SHORTEST_MASKED}, key=len, reverse=True):
        # `replace`: what a server sent may have lone surrogates, which have no UTF-8.
        encoded = {quote_plus(secret, errors="replace"), quote(secret, safe="", errors="replace")}
        # Where a redirect's target holds the address that was asked for, what was encoded there is encoded again.
        spellings = {secret, *encoded, *(quote(once, safe="") for once in encoded)}
        spellings |= {json.dumps(secret)[1:-1], repr(secret)[1:-1]}
        spellings |= {html.escape(secret), html.escape(secret, quote=False)}
        spellings.add(secret.encode("cp1252", "replace").decode(errors="replace"))  # as read for UTF-8
        found += sorted(spellings, key=len, reverse=True)
    return found


def _spellings_of_client(grant: TokenEndpointGrant, secret: str | None) -> list[str]:
    if not secret:
        return []
    client_id = grant.client_id or ""
    # The pair as Basic has it, whichever way it was sent.
    pairs = (f"{client_id}:{secret}", f"{quote_plus(client_id)}:{quote_plus(secret)}")
    return [secret, *(base64.b64encode(pair.encode()).decode() for pair in pairs)]


def _secret_parameters(grant: TokenEndpointGrant, request: HttpRequest) -> list[str]:
    """Return the values of a request's secret parameters, by the names that the vendor gives them."""
    body = request.body.decode()
    said = [*parse_qsl(urlsplit(request.url).query), *((json_object(body) or {}).items() or parse_qsl(body))]
    forms = (grant.token_request, grant.revocation_request)
    names = {form.names.get(name, name) for form in forms for name in (*_SECRET_PARAMETERS, *grant.secret_parameters())}
    return [value for name, value in said if name in names and isinstance(value, str)]
