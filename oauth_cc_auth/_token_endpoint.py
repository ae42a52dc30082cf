"""The token endpoint's protocol, without I/O: build the request, read the answer strictly, say when to ask again.

authlib's protocol client builds bodies and authenticates the client. It sends nothing here: where it would, it hands
the request out. The answer is read by the letter of RFC 6749 §5, because whatever is let through is used for an hour.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias, TypeGuard
from urllib.parse import parse_qsl, urlencode, urlsplit

from oauth_cc_auth._api_error import ApiError, retry_after
from oauth_cc_auth._background import unforked
from oauth_cc_auth._client_auth import JSON_METHOD, ClientAuthMethod, authenticate
from oauth_cc_auth._formats import RequestFormat, ResponseFormat
from oauth_cc_auth._grants import AuthorizationCode, ClientCredentials
from oauth_cc_auth._headers import written
from oauth_cc_auth._masking import masked
from oauth_cc_auth._members import json_object, member, text_at
from oauth_cc_auth._token import Token
from oauth_cc_auth._wire import HttpRequest, HttpResponse
from oauth_cc_auth.errors import (
    CLASS_OF_CODE,
    ConfigurationError,
    InsecureTransport,
    InvalidClient,
    InvalidTokenResponse,
    OAuthError,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
)

Asking: TypeAlias = ClientCredentials | AuthorizationCode

# Nothing of a token answer is this long; golang/oauth2 stops at the same size.
MAX_ANSWER = 1 << 20

RETRIES = 3
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
# The pauses before the retries, as shares of the timeout: 0.2, 0.4 and 0.8 s for the default of 10 s.
_FIRST_PAUSE = 0.02


# What authlib is told of the grant type, and what is left out again: it would guess one where there is none.
_ANY = "urn:oauth-cc-auth:any"

# Vendors' limits count in minutes to days. Who says nothing about when is asked again after this many seconds.
_LIMIT_PAUSE = 60.0


# What stands in these headers is no secret, and worth reading in a message.
_HARMLESS = re.compile(r"accept.*|content-type|user-agent|.*(version|request-id|correlation.id)", re.IGNORECASE)
_ASSERTION = "client_assertion"  # RFC 7521 §4.2

_VSCHAR = re.compile(r"[\x20-\x7e]+")
_SECRETS_IN_ANSWER = frozenset({"access_token", "refresh_token", "id_token", "client_secret"})


def token_request(grant: Asking, secret: str | None, parameters: list[tuple[str, str]]) -> HttpRequest:
    """Return the request that asks for a token with these parameters (RFC 6749 §4.1.3, §4.4.2, §6)."""
    # All of it goes through `body`: authlib's keyword arguments drop empty and repeated values, share their namespace
    # with those of its method, and it has its own ideas of what each grant type needs.
    with _client(grant, secret, grant.token_endpoint_auth_method) as client:
        request: HttpRequest = client.fetch_token(
            grant.token_endpoint, body=urlencode(parameters), grant_type=_ANY, headers=_headers(grant)
        )
    return _as_written(request, grant.token_request, grant.token_endpoint_auth_method)


def revocation_request(grant: Asking, secret: str | None, token: Token) -> HttpRequest:
    """Return the request that revokes a token, the refresh token where there is one (RFC 7009 §2.1)."""
    hint = "refresh_token" if token.refresh_token else "access_token"
    method = grant.revocation_endpoint_auth_method or grant.token_endpoint_auth_method
    with _client(grant, secret, method) as client:
        request: HttpRequest = client.revoke_token(
            grant.revocation_endpoint,
            token=token.refresh_token or token.access_token,
            token_type_hint=hint,
            headers=_headers(grant),
        )
    return _as_written(request, grant.revocation_request, method)


def metadata_request(url: str) -> HttpRequest:
    """Return the request for the server's metadata (RFC 8414 §3.1), which needs no secret."""
    return HttpRequest(url, {"Accept": "application/json", "Accept-Encoding": "identity"}, b"", "GET")


def authorization_url(grant: AuthorizationCode, state: str, code_verifier: str, parameters: Mapping[str, str]) -> str:
    """Return the address of the authorization request (RFC 6749 §4.1.1) with an S256 challenge (RFC 7636 §4.2)."""
    asked = [(name, value) for name, value in grant.common_parameters() if name == "resource"]  # RFC 8707 §2.1
    with _client(grant, None, "none") as client:
        client.code_challenge_method = "S256"
        url, _ = client.create_authorization_url(
            grant.authorization_endpoint,
            state=state,
            code_verifier=code_verifier,
            redirect_uri=grant.redirect_uri,
            scope=grant.scope and grant.token_request.scope_separator.join(str(grant.scope).split()),
            resource=[value for _, value in asked],
            **parameters,
        )
    return str(url)


def read_token(grant: Asking, answer: HttpResponse, asked_at: float, previous: Token | None = None) -> Token:
    """Return the token that an answer holds; its life counts from `asked_at`. Raises TokenRequestError.

    What the answer leaves out stays as it was: the scope as requested (RFC 6749 §5.1), or as granted to the `previous`
    token, whose refresh token goes on being used where there is no new one (§6).
    """
    try:
        return _token_in(grant, answer, asked_at, previous)
    except RecursionError:
        pass
    except (TokenRequestError, TokenBudgetExceeded) as error:
        # An answer that is refused may hold a token all the same, and quote it.
        paths = (grant.token_response.access_token, grant.token_response.refresh_token, *_SECRETS_IN_ANSWER)
        tokens = [_string(member(_document(answer), path)) or "" for path in paths]
        error.masked_by(lambda text: masked(text, tokens))
        raise
    raise _not_a_token(answer, None, "it is nested too deeply")


def _token_in(grant: Asking, answer: HttpResponse, asked_at: float, previous: Token | None) -> Token:
    members, form = _document(answer), grant.token_response
    said = form.errors.read(answer.status, answer.headers, members)
    refused = (form.errors.names_code and said.code) or (members or {}).get("error") not in (None, "", 0, "0")
    if not 200 <= answer.status < 300 or refused:
        raise _error(grant, answer, members, said)
    if members is None:
        raise _not_a_token(answer, said, "its body is not a JSON object")
    access_token = member(members, form.access_token)
    if not is_access_token(access_token):
        raise _not_a_token(answer, said, f"it has no {form.access_token}, or one that does not fit in a header")
    token_type = member(members, form.token_type)
    if not form.is_bearer(token_type):
        raise _not_a_token(answer, said, f"{form.token_type} is {str(token_type)!r} and not Bearer{_dpop(token_type)}")
    lifetime = form.lifetime(members, asked_at) or grant.default_lifetime
    scope, refresh_token = form.scope_of(members), None
    if isinstance(grant, AuthorizationCode):
        scope = scope or (previous.scope if previous else None)
        kept = previous.refresh_token if previous else None
        refresh_token = _string(member(members, form.refresh_token)) or kept or grant.refresh_token
    else:
        # RFC 6749 §4.4.3: this answer should have no refresh token, and one that is there is of no use.
        scope = scope or _string(grant.scope)
    return Token(
        access_token,
        expires_at=None if lifetime is None else asked_at + lifetime,
        obtained_at=asked_at,
        scope=scope,
        refresh_token=refresh_token,
        extra={**_without_secrets(members, form, access_token), **_kept_headers(form, answer)},
    )


def is_access_token(value: object) -> TypeGuard[str]:
    """Tell whether this can be an access token: printable ASCII, which fits in a header (RFC 6749 appendix A.12)."""
    return isinstance(value, str) and _VSCHAR.fullmatch(value) is not None


def read_revocation(grant: Asking, answer: HttpResponse) -> None:
    """Return if the token is revoked; RFC 7009 §2.2 asks for 200, also for a token that nobody knows."""
    if not 200 <= answer.status < 300:
        members = _document(answer)
        raise _error(grant, answer, members, grant.token_response.errors.read(answer.status, answer.headers, members))


def read_metadata(grant: Asking, answer: HttpResponse) -> Asking:
    """Return the grant with the token endpoint that the server's metadata names (RFC 8414 §2).

    Its `issuer` is not compared: SMART names that of another server. Raises TokenRequestError.
    """
    if answer.status == 429 or answer.status >= 500:
        message = f"The server's metadata could not be had (HTTP {answer.status})."
        seconds = retry_after(answer.headers, grant.token_response.errors.seconds)
        raise TokenEndpointUnavailable(status_code=answer.status, retry_after=seconds, message=message)
    url = _string(member(_document(answer), "token_endpoint")) if answer.status == 200 else None
    try:
        return replace(grant, token_endpoint=url or "")
    except (ConfigurationError, InsecureTransport):
        message = (
            f"The answer (HTTP {answer.status}) is not the server's metadata: it names no token_endpoint by https."
        )
        raise InvalidTokenResponse(status_code=answer.status, message=message) from None


def pause_before_retry(error: TokenRequestError, attempt: int, timeout: float, jitter: float) -> float | None:
    """Return the seconds to wait before asking again, or None if asking again makes no sense.

    No answer, and the statuses that a load balancer or an overloaded server gives, are worth another attempt; an OAuth
    error is not: the server has understood and refused. `attempt` counts from 0, `jitter` is between 0 and 1.
    """
    temporary = error.status_code is None or error.status_code in _RETRIED_STATUSES
    if not isinstance(error, TokenEndpointUnavailable) or not temporary or attempt >= RETRIES:
        return None
    backoff = timeout * _FIRST_PAUSE * 2.0**attempt * (0.5 + jitter / 2)
    return max(backoff, error.retry_after or 0.0)


def sent_secrets(grant: Asking, request: HttpRequest) -> list[str]:
    """Return what of a request nobody may read beside the secret: its client assertion, and the values of headers."""
    body = request.body.decode()
    said = {**dict(parse_qsl(urlsplit(request.url).query)), **(json_object(body) or dict(parse_qsl(body)))}
    names = [form.names.get(_ASSERTION, _ASSERTION) for form in (grant.token_request, grant.revocation_request)]
    assertions = [_string(said.get(name or "")) or "" for name in names]
    values = [value for name, value in request.headers.items() if not _HARMLESS.fullmatch(name)]
    parts = [part for value in values for part in (value, value.rpartition(" ")[2])]  # "Basic", and what follows
    return [*assertions, *(part for part in parts if part != grant.client_id)]


@contextmanager
def _client(grant: Asking, secret: str | None, method: ClientAuthMethod) -> Iterator[Any]:
    with unforked():
        client = _request_builder()(None, grant.client_id or "", secret)
    try:
        with unforked():
            authenticate(client, method)
        yield client
    finally:
        # The client and its TokenAuth refer to each other; the secret must not wait in there for the garbage collector.
        client.token_auth.client = client.client_secret = None


@cache
def _request_builder() -> type[Any]:
    from authlib.oauth2.client import OAuth2Client  # noqa: PLC0415 - 60 ms, once, off the caller's way

    class RequestBuilder(OAuth2Client):
        """authlib's client, which hands its requests out instead of sending them."""

        def _fetch_token(self, url: str, body: str, headers: Any, auth: Any, method: str) -> HttpRequest:  # type: ignore[override]  # only what our calls pass
            url, headers, body = auth.prepare(method, url, headers, body)
            return HttpRequest(url, headers, body.encode())

        def _http_post(self, url: str, body: str, auth: Any, headers: Any) -> HttpRequest:  # type: ignore[override]  # as above
            return self._fetch_token(url, body, headers, auth, "POST")

    return RequestBuilder


def _as_written(request: HttpRequest, form: RequestFormat, method: ClientAuthMethod) -> HttpRequest:
    """Rewrite a request by the letter of the RFC as the vendor wants it."""
    if method == JSON_METHOD:
        form = replace(form, body="json")
    parameters = parse_qsl(request.body.decode(), keep_blank_values=True)
    query, body = form.placed((name, value) for name, value in parameters if (name, value) != ("grant_type", _ANY))
    url, headers = request.url, dict(request.headers)
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    if form.body == "json":
        _replace_header(headers, "Content-Type", "application/json")
        return HttpRequest(url, headers, json.dumps(_members(body)).encode(), form.method)
    if form.body is None:
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return HttpRequest(url, headers, urlencode(body).encode(), form.method)


def _members(parameters: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    # A parameter that occurs several times becomes a list.
    names = dict.fromkeys(name for name, _ in parameters)
    values = {name: [value for other, value in parameters if other == name] for name in names}
    return {name: several if len(several) > 1 else several[0] for name, several in values.items()}


def _replace_header(headers: dict[str, str], name: str, value: str) -> None:
    for known in [known for known in headers if known.lower() == name.lower()]:
        del headers[known]
    headers[name] = value


def _headers(grant: Asking) -> dict[str, str]:
    own = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    named = {name.lower() for name in grant.headers}
    return {**{name: value for name, value in own.items() if name.lower() not in named}, **written(grant.headers)}


def _document(answer: HttpResponse) -> dict[str, Any] | None:
    # RFC 8259 §8.1 wants UTF-8; a server that words its errors in Latin-1 still gives a code that can be read.
    return json_object(answer.body) or json_object(answer.body.decode(errors="replace"))


def _without_secrets(members: dict[str, Any], form: ResponseFormat, access_token: str) -> dict[str, Any]:
    """Return what else an answer said, without the tokens in it, wherever a vendor puts them."""
    secrets = {access_token, _string(member(members, form.refresh_token))}

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: kept(inner)
                for name, inner in value.items()
                if name not in _SECRETS_IN_ANSWER and not _is_among(secrets, inner)
            }
        if isinstance(value, list):
            return [kept(inner) for inner in value if not _is_among(secrets, inner)]
        return value

    return dict(kept(members))


def _is_among(secrets: Collection[object], value: object) -> bool:
    return isinstance(value, str) and value in secrets


def _kept_headers(form: ResponseFormat, answer: HttpResponse) -> dict[str, str]:
    names = [name.lower() for name in form.headers]
    return {name: answer.headers[name] for name in names if name in answer.headers}


def _error(grant: Asking, answer: HttpResponse, members: dict[str, Any] | None, said: ApiError) -> OAuthError:
    status, form = answer.status, grant.token_response
    if 300 <= status < 400:
        target = answer.headers.get("location", "nowhere").partition("?")[0]
        return _not_a_token(answer, said, f"it redirects to {target}, which is not followed with a secret")
    if form.is_limit(said):
        message = f"The vendor gives no more tokens for now: {said.code}: {said.message} (HTTP {status})."
        return TokenBudgetExceeded(message, retry_after=said.retry_after or _LIMIT_PAUSE)
    in_the_rfc = _string((members or {}).get("error"))
    code = said.code or in_the_rfc
    cls = CLASS_OF_CODE.get(form.errors.meaning.get(code or "", code or ""))
    if cls is None:
        if status == 429 or status >= 500:
            cls = TokenEndpointUnavailable
        elif status == 401 and in_the_rfc is None:
            cls = InvalidClient
        elif code or (members or {}).get("error"):
            cls = TokenRequestError
        else:
            words = f", which says: {said.message}" if said.message else ""
            return _not_a_token(answer, said, f"it is an error without a code{words}")
    description = None if said.message == code else said.message
    if code == "use_dpop_nonce":
        description = f"{description or 'a nonce is missing'}{_dpop('DPoP')}"
    return cls(
        code,
        description,
        text_at(members, ("error_uri",)),
        status,
        said.retry_after,
        request_id=said.request_id,
        headers=answer.headers,
    )


def _dpop(token_type: object) -> str:
    # RFC 9449; Okta asks for it where the application has "Require DPoP" switched on.
    if str(token_type).lower() != "dpop":
        return ""
    return ". This server wants DPoP proofs, which are not made here: switch DPoP off for this client"


def _not_a_token(answer: HttpResponse, said: ApiError | None, why: str) -> InvalidTokenResponse:
    message = f"The token endpoint's answer (HTTP {answer.status}) is not a token: {why}."
    return InvalidTokenResponse(
        status_code=answer.status,
        retry_after=said.retry_after if said else None,
        headers=answer.headers,
        message=message,
    )


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
