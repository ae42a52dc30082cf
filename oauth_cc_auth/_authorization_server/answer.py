"""What the authorization server answers, read by the letter of RFC 6749 §5.

Whatever is let through here is used for an hour.
"""

from __future__ import annotations

import re
from typing import Any

from oauth_cc_auth._authorization_server.redaction import Redaction
from oauth_cc_auth._grant.checks import is_text
from oauth_cc_auth._grant.response_format import ResponseFormat
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._grant.token_exchange import TokenExchange
from oauth_cc_auth._http.json_path import json_object, member, string_or_none, text_at
from oauth_cc_auth._http.messages import HttpResponse
from oauth_cc_auth._resource_server.error_format import ApiError
from oauth_cc_auth._text import brief, printable
from oauth_cc_auth._token import NOT_APPLICABLE, Token, is_access_token
from oauth_cc_auth.errors import (
    CLASS_OF_CODE,
    InvalidClient,
    InvalidTokenResponse,
    OAuthError,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
)

# Vendors' limits count in minutes to days. Without Retry-After, wait this many seconds.
_LIMIT_PAUSE = 60.0

# RFC 6750 §2.1, for an answer that nothing else tells apart from an error page.
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")

# Characters of a body that are quoted where it has no code: a firewall's or a load balancer's words.
_QUOTED = 100

# Names of members that are listed where the token is not among them.
_LISTED = 8


def read_token(
    grant: TokenEndpointGrant,
    answer: HttpResponse,
    asked_at: float,
    redaction: Redaction | None = None,
) -> Token:
    """Return the token that an answer holds; its life counts from `asked_at`. Raises OAuthErrors.

    Scope and refresh token are None where the answer leaves them out, or has something else there than text.
    """
    redaction, members = redaction or Redaction(), document(answer)
    if members is None and grant.token_response.access_token is None:
        members = _bare_token(answer)
    redaction.hide_tokens(grant, members)
    try:
        return _token_in(grant, answer, members, asked_at, redaction)
    except RecursionError:
        pass
    except OAuthError as error:
        redaction.error(error)
        raise
    raise _not_a_token(answer, None, "it is nested too deeply")


def _token_in(
    grant: TokenEndpointGrant,
    answer: HttpResponse,
    members: dict[str, Any] | None,
    asked_at: float,
    redaction: Redaction,
) -> Token:
    form = grant.token_response
    said = form.errors.read(answer.status, answer.headers, members)
    refused = (form.errors.names_code and said.code) or (members or {}).get("error") not in (None, "", 0, "0")
    if not 200 <= answer.status < 300 or refused:
        raise _error(grant, answer, members, said, redaction)
    if members is None:
        raise _not_a_token(answer, said, "its body is not a JSON object")
    path = form.access_token or "access_token"
    access_token = member(members, path)
    if access_token is None:
        names = ", ".join(printable(name)[:40] for name in list(members)[:_LISTED]) or "nothing"
        raise _not_a_token(answer, said, f"it has no {path}, but {names}", _ELSEWHERE if members else None)
    if not is_access_token(access_token):
        raise _not_a_token(answer, said, f"{path} does not fit in a header")
    token_type = member(members, form.token_type)
    kind = _kind_of(grant, token_type, members)
    if kind is None:
        raise _not_a_token(answer, said, *_of_another_kind(grant, token_type, redaction))
    lifetime = form.lifetime(members, asked_at) or grant.default_lifetime
    return Token(
        access_token,
        token_type=kind,
        expires_at=None if lifetime is None else asked_at + lifetime,
        obtained_at=asked_at,
        scope=_text_or_none(form.scope_of(members)),
        refresh_token=_text_or_none(member(members, form.refresh_token)),
        extra=redaction.extra({**members, **_kept_headers(form, answer)}),  # noqa: S610 - no Django here
    )


def _kind_of(grant: TokenEndpointGrant, token_type: object, members: dict[str, Any]) -> str | None:
    """Return how the token is presented; None where that was not asked for (RFC 6749 §7.1, RFC 9449 §5)."""
    if grant.dpop is not None and str(token_type).lower() == "dpop":
        return "DPoP"
    if grant.token_response.is_bearer(token_type) and (grant.dpop is None or grant.dpop.allow_bearer):
        return "Bearer"
    return NOT_APPLICABLE if _is_no_access_token(grant, token_type, members) else None


def _is_no_access_token(grant: TokenEndpointGrant, token_type: object, members: dict[str, Any]) -> bool:
    """Tell whether an exchange issued what is no access token, so that no token type applies (RFC 8693 §2.2.1)."""
    issued = members.get("issued_token_type")
    named = isinstance(issued, str) and issued != "urn:ietf:params:oauth:token-type:access_token"
    return isinstance(grant, TokenExchange) and named and str(token_type).upper() == NOT_APPLICABLE


def read_revocation(grant: TokenEndpointGrant, answer: HttpResponse, redaction: Redaction | None = None) -> None:
    """Return if the token is revoked; RFC 7009 §2.2 asks for 200, also for a token that nobody knows."""
    if not 200 <= answer.status < 300:
        members = document(answer)
        said = grant.token_response.errors.read(answer.status, answer.headers, members)
        raise _error(grant, answer, members, said, redaction or Redaction())


def read_introspection(
    grant: TokenEndpointGrant, answer: HttpResponse, redaction: Redaction | None = None
) -> dict[str, Any]:
    """Return what the server says of a token (RFC 7662 §2.2); a token that it does not know is ``active: False``."""
    members = document(answer)
    if not 200 <= answer.status < 300:
        said = grant.token_response.errors.read(answer.status, answer.headers, members)
        raise _error(grant, answer, members, said, redaction or Redaction())
    if members is None or not isinstance(members.get("active"), bool):
        message = f"The introspection endpoint's answer (HTTP {answer.status}) does not say if the token is active."
        raise InvalidTokenResponse(status_code=answer.status, message=message)
    return members


def document(answer: HttpResponse) -> dict[str, Any] | None:
    """Return the JSON object that an answer holds, None for anything else."""
    # RFC 8259 §8.1 wants UTF-8; a server that words its errors in Latin-1 still gives a code that can be read.
    return json_object(answer.body) or json_object(answer.body.decode(errors="replace"))


def _bare_token(answer: HttpResponse) -> dict[str, Any] | None:
    """Return a token that is the whole body, perhaps in quotes, as RFC 6749 §5.1 would have it; a page is none."""
    text = answer.body.decode(errors="replace").strip().strip('"')
    return {"access_token": text} if answer.status < 300 and _B64TOKEN.fullmatch(text) else None


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value and is_text(value) else None


def _kept_headers(form: ResponseFormat, answer: HttpResponse) -> dict[str, str]:
    names = [name.lower() for name in form.headers]
    return {name: answer.headers[name] for name in names if name in answer.headers}


def _error(
    grant: TokenEndpointGrant,
    answer: HttpResponse,
    members: dict[str, Any] | None,
    said: ApiError,
    redaction: Redaction,
) -> OAuthError:
    status, form = answer.status, grant.token_response
    if 300 <= status < 400:
        target = redaction.text(answer.headers.get("location", "nowhere").partition("?")[0])
        return _not_a_token(answer, said, f"it redirects to {brief(target)}, which is not followed with a secret")
    if form.is_limit(said):
        message = f"The vendor gives no more tokens for now: {said.code}: {said.message} (HTTP {status})."
        return TokenBudgetExceeded(message, retry_after=said.retry_after or _LIMIT_PAUSE)
    in_the_rfc = string_or_none((members or {}).get("error"))
    code = said.code or in_the_rfc
    cls = CLASS_OF_CODE.get(form.errors.meaning.get(code or "", code or ""))
    if cls is None:
        if status in _MAY_PASS or status >= 500:
            cls = TokenEndpointUnavailable
        elif status == 401 and in_the_rfc is None:
            cls = InvalidClient
        elif code or (members or {}).get("error"):
            cls = TokenRequestError
        else:
            return _not_a_token(answer, said, _without_a_code(answer, said, redaction))
    description = None if said.message == code else said.message
    error = cls(
        code,
        description,
        text_at(members, ("error_uri",)),
        status,
        said.retry_after,
        request_id=said.request_id,
        headers=answer.headers,
        hint=_WANTS_DPOP if code == "use_dpop_nonce" and grant.dpop is None else None,
    )
    if not code and not description and (quoted := redaction.excerpt(_body_text(answer), _QUOTED)):
        error.advise(f"It says: {quoted}")
    return error


# 408 and 425 say that the request was not looked at (RFC 9110 §15.5.9, RFC 8470 §5.2), 429 that it came too soon.
_MAY_PASS = frozenset({408, 425, 429})


def _without_a_code(answer: HttpResponse, said: ApiError, redaction: Redaction) -> str:
    what = "there is no token endpoint at this address" if answer.status == 404 else "it is an error without a code"
    words = said.message or redaction.excerpt(_body_text(answer), _QUOTED)
    return f"{what}, which says: {words}" if words else what


def _body_text(answer: HttpResponse) -> str:
    return " ".join(printable(answer.body.decode(errors="replace")).split())


_ELSEWHERE = (
    "If the token stands elsewhere in this answer, name the place: "
    'ResponseFormat(access_token="data.token"). Else check the token endpoint\'s address.'
)

# RFC 9449; Okta asks for it where the application has "Require DPoP" switched on.
_WANTS_DPOP = "This server binds tokens to a key: pass dpop=DPoP() to the grant, or switch DPoP off for this client."


def _of_another_kind(grant: TokenEndpointGrant, token_type: object, redaction: Redaction) -> tuple[str, str | None]:
    """Return why a token's type is not taken, and what to do."""
    # Masked before it is cut, or a part of a secret that the server echoes would be left.
    form, shown = grant.token_response, repr(brief(redaction.text(str(token_type))))
    why = f"{form.token_type} is {shown} and not {'Bearer' if grant.dpop is None else 'DPoP'}"
    if grant.dpop is not None:
        return why, "The server did not bind the token to the key: pass DPoP(allow_bearer=True) to use it all the same."
    if str(token_type).lower() == "dpop":
        return why, _WANTS_DPOP
    known = isinstance(token_type, str) and token_type
    return why, f"If this is a bearer token: ResponseFormat(bearer_token_types=[{shown}])." if known else None


def _not_a_token(
    answer: HttpResponse, said: ApiError | None, why: str, hint: str | None = None
) -> InvalidTokenResponse:
    return InvalidTokenResponse(
        status_code=answer.status,
        retry_after=said.retry_after if said else None,
        headers=answer.headers,
        message=f"The token endpoint's answer (HTTP {answer.status}) is not a token: {why}.",
        hint=hint,
    )
