"""Tests of the token endpoint's protocol: the request, the answer read strictly, and when to ask again."""

from __future__ import annotations

import gc
import json
import time
import weakref
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import pytest
from loopback import SECRET, TOKEN, grant_for

from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    ErrorFormat,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    InvalidTokenResponse,
    OAuthError,
    ResourceServer,
    ResponseFormat,
    Token,
    TokenEndpointUnavailable,
    TokenRequestError,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from oauth_cc_auth._authorization_server import request
from oauth_cc_auth._authorization_server.answer import read_revocation, read_token
from oauth_cc_auth._authorization_server.discovery import checked
from oauth_cc_auth._authorization_server.redaction import Redaction
from oauth_cc_auth._authorization_server.request import revocation_request, token_request
from oauth_cc_auth._authorization_server.retry import RETRIES, pause_before_retry
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse

GRANT = grant_for()


def login_for(**changes: Any) -> AuthorizationCode:
    """Return a grant after a login."""
    arguments = {"client_id": "client", "client_secret": SECRET, "refresh_token": "first", **changes}
    return AuthorizationCode(token_endpoint="https://as.example.com/token", **arguments)


def answer_of(body: Any, status: int = 200, **headers: str) -> HttpResponse:
    """Return an answer with this body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def pairs_of(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the form parameters of a request, sorted."""
    return sorted(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def asked(grant: Any, previous: Token | None = None, secret: str | None = SECRET) -> HttpRequest:
    """Return the request that asks for a token after this one."""
    return token_request(grant, secret, grant.request_parameters(previous))


def error_of(answer: HttpResponse, grant: ClientCredentials | AuthorizationCode = GRANT) -> TokenRequestError:
    """Return the error that an answer is."""
    with pytest.raises(TokenRequestError) as caught:
        read_token(grant, answer, 1000.0)
    return caught.value


@pytest.mark.requirement("6749-grant-type", "6749-post", "6749-no-repeats", "6749-authenticate")
def test_the_request() -> None:
    """Case 1: grant type, scope joined by spaces, JSON asked for, form sent."""
    request = asked(grant_for(scope=["read", "write"]))
    assert request.url == "https://as.example.com/token"
    assert pairs_of(request) == [("grant_type", "client_credentials"), ("scope", "read write")]
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers.keys() == {*("Accept", "Accept-Encoding", "Cache-Control", "Content-Type", "Authorization")}
    assert request.headers["Cache-Control"] == "no-store"


@pytest.mark.requirement("6749-endpoint-query")
def test_an_endpoint_keeps_its_query() -> None:
    """RFC 6749 §3.2: what stands in an endpoint's query goes over the wire, and nothing is added to it."""
    endpoints = {
        "token_endpoint": "https://as.example.com/token?tenant=t",
        "revocation_endpoint": "https://a.example/r?x",
    }
    grant = grant_for(**endpoints)
    assert asked(grant).url == endpoints["token_endpoint"]
    assert revocation_request(grant, SECRET, Token(TOKEN)).url == endpoints["revocation_endpoint"]


@pytest.mark.requirement("8707-resource", "8707-token-request", "9700-audience")
def test_parameters_reach_the_wire_on_every_request() -> None:
    """Case 4: the first request and each renewal carry audience, every resource and every parameter."""
    cases: list[Token | None] = [None, Token(TOKEN, refresh_token="r", scope="other")]
    for previous in cases:
        grant = grant_for(
            audience="https://api", resource=["https://1", "https://2"], parameters={"p": ("x", "y"), "ü": "€ &="}
        )
        assert pairs_of(asked(grant, previous)) == [
            ("audience", "https://api"),
            ("grant_type", "client_credentials"),
            ("p", "x"),
            ("p", "y"),
            ("resource", "https://1"),
            ("resource", "https://2"),
            ("ü", "€ &="),
        ]


def test_parameters_named_like_arguments_of_authlib() -> None:
    """Case 4: a parameter reaches the wire whatever authlib's own arguments are called."""
    names = [
        "url",
        "body",
        "method",
        "headers",
        "auth",
        "code",
        "state",
        "username",
        "authorization_response",
        "code_verifier",
    ]
    request = asked(grant_for(parameters={name: f"my {name}" for name in names}))
    assert set(pairs_of(request)) >= {(name, f"my {name}") for name in names}
    assert ("grant_type", "client_credentials") in pairs_of(request)


def test_headers_of_the_token_request() -> None:
    """Case 5: the grant's headers replace ours by name, in any case; the API's extra headers are not among them."""
    grant = grant_for(
        headers={"X-Own": "1", "accept": "application/vnd.x+json"},
        resource_server=ResourceServer("https://api.example.com", headers={"X-Api": "2"}),
    )
    for previous in (None, Token(TOKEN)):
        headers = asked(grant, previous).headers
        assert headers["X-Own"] == "1"
        assert headers["accept"] == "application/vnd.x+json"
        assert "Accept" not in headers
        assert "X-Api" not in headers


def test_no_request_inherits_from_another() -> None:
    """What one client's authentication put into the headers is not sent by the next client."""
    asked(grant_for(client_secret="one"), secret="one")
    other = asked(grant_for(token_endpoint_auth_method="client_secret_post"))
    assert "Authorization" not in other.headers


def test_the_secret_does_not_stay_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 37: when the request is built, or failed to be, authlib's client has let go of the secret."""
    made: list[Any] = []
    builder = request._request_builder()

    def remember(*arguments: Any) -> Any:
        made.append(builder(*arguments))
        return made[0]

    monkeypatch.setattr(request, "_request_builder", lambda: remember)
    asked(GRANT)
    assert made[0].client_secret is None
    gc.disable()
    try:
        gone = weakref.ref(made.pop())
        assert gone() is None, "a reference cycle is left to the garbage collector"
    finally:
        gc.enable()


@pytest.mark.requirement("6749-refresh-request")
def test_refresh_request() -> None:
    """RFC 6749 §6: a login is renewed by its latest refresh token, with the scope that was granted."""
    previous = Token(TOKEN, refresh_token="second", scope="public")
    assert pairs_of(asked(login_for(scope="read_user"), previous)) == [
        ("grant_type", "refresh_token"),
        ("refresh_token", "second"),
        ("scope", "public"),
    ]


def test_revocation_request() -> None:
    """RFC 7009 §2.1: the refresh token is revoked where there is one, and the server is told which it is."""
    cases: list[tuple[Token, list[tuple[str, str]]]] = [
        (Token("access"), [("token", "access"), ("token_type_hint", "access_token")]),
        (Token("access", refresh_token="refresh"), [("token", "refresh"), ("token_type_hint", "refresh_token")]),
    ]
    for token, expected in cases:
        grant = grant_for(revocation_endpoint="https://as.example.com/revoke", headers={"X-Own": "1"})
        request = revocation_request(grant, SECRET, token)
        assert request.url == "https://as.example.com/revoke"
        assert pairs_of(request) == expected
        assert request.headers["X-Own"] == "1"
        assert request.headers["Authorization"].startswith("Basic ")


@pytest.mark.requirement("6749-ignore-unknown")
def test_a_token() -> None:
    """Case 14: any 2xx may be a token; its life counts from the moment before the request."""
    cases: list[int] = [200, 201, 202, 299]
    for status in cases:
        body = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 60, "scope": "a", "tenant": [1]}
        token = read_token(GRANT, answer_of(body, status), 1000.0)
        assert token.access_token == TOKEN
        assert token.token_type == "Bearer"
        assert (token.obtained_at, token.expires_at) == (1000.0, 1060.0)
        assert token.scope == "a"
        assert token.extra["tenant"] == [1]
        assert token.extra["expires_in"] == 60


def test_expires_in() -> None:
    """Case 11: a number or a numeric string above 0 counts; anything else means the default lifetime, if any."""
    cases_of_raw: list[tuple[str | None, float | None]] = [
        ("3600", 3600.0),
        ('"3600"', 3600.0),
        ("3600.5", 3600.5),
        ('"3600.5"', 3600.5),
        ("3138007490", 3138007490.0),
        ("1", 1.0),
        ("null", None),
        (None, None),
        ("0", None),
        ('"0"', None),
        ("-1", None),
        ('"-1"', None),
        ('"soon"', None),
        ('""', None),
        ("true", None),
        ("false", None),
        ("[]", None),
        ("[3600]", None),
        ("{}", None),
        ("1e400", None),
        ("1" + "0" * 400, None),
        ('"inf"', None),
        ('"nan"', None),
        ("Infinity", None),
        ("NaN", None),
    ]
    cases_of_default: list[float | None] = [None, 120.0]
    for raw, lifetime in cases_of_raw:
        for default in cases_of_default:
            member = "" if raw is None else f', "expires_in": {raw}'
            answer = answer_of(f'{{"access_token": "t"{member}}}'.encode())
            token = read_token(grant_for(default_lifetime=default), answer, 1000.0)
            assert token.lifetime == (default if lifetime is None else pytest.approx(lifetime))


@pytest.mark.requirement("6749-token-type-case")
def test_token_type_is_bearer() -> None:
    """Case 12: Bearer in any case, and no token_type at all, is Bearer."""
    cases: list[Any] = ["Bearer", "bearer", "BEARER", None, "", ...]
    for token_type in cases:
        body = {"access_token": "t"} if token_type is ... else {"access_token": "t", "token_type": token_type}
        assert read_token(GRANT, answer_of(body), 0.0).token_type == "Bearer"


def test_what_else_means_bearer() -> None:
    """A grant can say what its server calls Bearer; nothing else is taken for it."""
    cases: list[str] = ["Application Access Token", "application access token"]
    for token_type in cases:
        answer = answer_of({"access_token": "t", "token_type": token_type})
        assert isinstance(error_of(answer), InvalidTokenResponse)
        grant = grant_for(token_response=ResponseFormat(bearer_token_types=["Application Access Token"]))
        assert read_token(grant, answer, 0.0).token_type == "Bearer"
        assert isinstance(error_of(answer_of({"access_token": "t", "token_type": "mac"}), grant), InvalidTokenResponse)


@pytest.mark.requirement("6749-token-type")
def test_what_is_no_token_is_a_typed_error() -> None:
    """Case 12: whatever is not a token by the letter is a typed error that knows its status, never anything else."""
    cases: list[tuple[int, Any, type[TokenRequestError]]] = [
        (404, b"", InvalidTokenResponse),
        (400, b"", InvalidTokenResponse),
        (400, {}, InvalidTokenResponse),
        (400, b"<html>", InvalidTokenResponse),
        (403, {"message": "no"}, InvalidTokenResponse),
        (200, b"", InvalidTokenResponse),
        (204, b"", InvalidTokenResponse),
        (200, b'{"access_token": "t', InvalidTokenResponse),
        (200, b"null", InvalidTokenResponse),
        (200, [], InvalidTokenResponse),
        (200, [{"access_token": "t"}], InvalidTokenResponse),
        (200, "text", InvalidTokenResponse),
        (200, b"access_token=t&token_type=bearer", InvalidTokenResponse),
        (200, b"\xff\xfe\x00", InvalidTokenResponse),
        (200, b"[" * 100_000, InvalidTokenResponse),
        (200, {}, InvalidTokenResponse),
        (200, {"access_token": None}, InvalidTokenResponse),
        (200, {"access_token": 5}, InvalidTokenResponse),
        (200, {"access_token": ""}, InvalidTokenResponse),
        (200, {"access_token": ["t"]}, InvalidTokenResponse),
        (200, {"access_token": "a\r\nX: y"}, InvalidTokenResponse),
        (200, {"access_token": "ü"}, InvalidTokenResponse),
        (200, {"token": "t"}, InvalidTokenResponse),
        (200, {"access_token": "t", "token_type": "mac"}, InvalidTokenResponse),
        (200, {"access_token": "t", "token_type": "DPoP"}, InvalidTokenResponse),
        (200, {"access_token": "t", "token_type": 5}, InvalidTokenResponse),
        (502, b"<html>Bad Gateway</html>", TokenEndpointUnavailable),
        (500, b"", TokenEndpointUnavailable),
        (503, {"access_token": "t"}, TokenEndpointUnavailable),
        (408, b"", TokenEndpointUnavailable),
        (425, {"message": "later"}, TokenEndpointUnavailable),
        (400, {"error": "temporarily_unavailable"}, TokenEndpointUnavailable),
        (200, {"error": "server_error"}, TokenEndpointUnavailable),
        (200, {"access_token": "t "}, InvalidTokenResponse),
        (200, {"access_token": " t"}, InvalidTokenResponse),
        (200, {"access_token": "\ud800"}, InvalidTokenResponse),
        (500, {"error": "server_error"}, TokenEndpointUnavailable),
        (429, {"error": "slow_down"}, TokenEndpointUnavailable),
        (429, b"", TokenEndpointUnavailable),
        (599, b"null", TokenEndpointUnavailable),
        (401, b"", InvalidClient),
        (401, b"<html>", InvalidClient),
        (401, {"message": "who?"}, InvalidClient),
        (401, {"error": "access_denied"}, TokenRequestError),
        (300, b"", InvalidTokenResponse),
        (304, b"", InvalidTokenResponse),
        (100, b"", InvalidTokenResponse),
    ]
    for status, body, cls in cases:
        error = error_of(answer_of(body, status))
        assert type(error) is cls
        assert error.status_code == status
        if status >= 300 or status == 100:
            assert f"HTTP {status}" in str(error)


@pytest.mark.requirement("6749-error-codes")
def test_each_code_has_its_class() -> None:
    """Cases 13 and 14: the code decides, also in a 2xx body, also beside an access token."""
    cases_of_code: list[tuple[str, type[TokenRequestError]]] = [
        ("invalid_request", InvalidRequest),
        ("invalid_client", InvalidClient),
        ("invalid_grant", InvalidGrant),
        ("unauthorized_client", UnauthorizedClient),
        ("unsupported_grant_type", UnsupportedGrantType),
        ("invalid_scope", InvalidScope),
        ("something_else", TokenRequestError),
    ]
    for code, cls in cases_of_code:
        for status in (200, 400, 401, 403):
            body = {"error": code, "error_description": "wörds", "error_uri": "https://e", "access_token": "t"}
            error = error_of(answer_of(body, status))
            assert type(error) is cls
            assert (error.error, error.error_description, error.error_uri) == (code, "wörds", "https://e")
            assert error.status_code == status
            assert "wörds" in str(error)


def test_a_code_counts_more_than_the_status() -> None:
    """Case 13: 429 and 5xx with a code of §5.2 are what the code says."""
    cases: list[tuple[int, str]] = [(429, "invalid_client"), (500, "invalid_scope"), (503, "invalid_grant")]
    for status, code in cases:
        assert not isinstance(error_of(answer_of({"error": code}, status)), TokenEndpointUnavailable)


def test_error_bodies() -> None:
    """Case 13: `error` of any form is an error; its text is one line."""
    cases_of_body: list[tuple[dict[str, Any], str | None, str | None]] = [
        ({"error": "x"}, "x", None),
        ({"error": "x", "error_description": None}, "x", None),
        ({"error": "x", "error_description": ["y"]}, "x", None),
        ({"error": "x", "error_description": "a\r\nb\x1b[31m"}, "x", "a  b [31m"),
        ({"error": {"message": "words"}}, None, "words"),
        ({"error": {"title": "words"}}, None, "words"),
        ({"error": {"code": 5}}, None, None),
        ({"error": {"message": "words"}, "error_description": "better"}, None, "better"),
        ({"error": ["x"]}, None, None),
        ({"error": 5}, "5", None),
    ]
    for body, code, description in cases_of_body:
        for status in (200, 400):
            error = error_of(answer_of(body, status))
            assert type(error) is TokenRequestError
            assert (error.error, error.error_description) == (code, description)
            assert str(error)


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "id_token", "data.token"])
def test_a_token_in_a_refused_answer_is_masked(name: str) -> None:
    """Case 37: a server that refuses, and says a token all the same, gets it into no message, field or header."""
    grant = grant_for(
        token_response=ResponseFormat(access_token="data.token", limit_reached=lambda said: said.code == "limit")
    )
    held = {"data": {"token": TOKEN}} if name == "data.token" else {name: TOKEN}
    said = {**held, "error_description": f"{TOKEN} has no scope", "request_id": TOKEN}
    for code in ("invalid_scope", "limit"):
        with pytest.raises(OAuthError) as caught:
            read_token(grant, answer_of({"error": code, **said}, 400, location=TOKEN), 0.0)
        assert "*** has no scope" in str(caught.value)
        assert TOKEN not in repr([caught.value, vars(caught.value), dict(getattr(caught.value, "headers", {}))])
    assert "token_type is '***'" in str(error_of(answer_of({"access_token": TOKEN, "token_type": TOKEN})))


def test_an_error_in_latin_1() -> None:
    """RFC 8259 §8.1 wants UTF-8; a server that writes its description otherwise still says what is wrong."""
    cases: list[int] = [200, 400]
    for status in cases:
        body = '{"error": "invalid_scope", "error_description": "ungültiger Bereich"}'.encode("latin-1")
        error = error_of(answer_of(body, status))
        assert (type(error), error.error_description) == (InvalidScope, "ung\ufffdltiger Bereich")
        with pytest.raises(InvalidScope):
            read_revocation(GRANT, answer_of(body, 400))


def test_a_token_in_latin_1() -> None:
    """A token is read though something beside it is not UTF-8, and refused where it is itself not ASCII."""
    token = read_token(GRANT, answer_of('{"access_token": "t", "name": "Müller"}'.encode("latin-1")), 0.0)
    assert (token.access_token, dict(token.extra)) == ("t", {"name": "M\ufffdller"})
    error = error_of(answer_of('{"access_token": "tü"}'.encode("latin-1")))
    assert "does not fit in a header" in str(error)


def test_an_empty_error_is_none() -> None:
    """A member that says nothing does not make an error of a token."""
    cases: list[str | None] = [None, ""]
    for nothing in cases:
        assert read_token(GRANT, answer_of({"access_token": "t", "error": nothing}), 0.0).access_token == "t"


def test_a_redirect_is_named() -> None:
    """Case 8: a redirect is an error that says where it leads, but for the query, which may hold anything."""
    for status in (301, 302, 303, 307, 308):
        answer = answer_of({"access_token": "t"}, status, location=f"https://evil.example/token?s={SECRET}")
        error = error_of(answer)
        assert type(error) is InvalidTokenResponse
        assert "redirects to https://evil.example/token," in str(error)
        assert SECRET not in str(error)
        assert "redirects to nowhere" in str(error_of(answer_of(b"", status)))


@pytest.mark.requirement("6749-no-refresh-token")
def test_a_refresh_token_for_client_credentials_is_not_used() -> None:
    """Case 15: RFC 6749 §4.4.3 wants none: one that comes all the same changes no request, and no log has it."""
    grant = grant_for()
    token = read_token(grant, answer_of({"access_token": "t", "refresh_token": SECRET}), 0.0)
    assert SECRET not in str(dict(token.extra))
    assert pairs_of(asked(grant, token)) == [("grant_type", "client_credentials")]


def test_the_answers_refresh_token() -> None:
    """RFC 6749 §5.1: a refresh token is what the answer says, and None where it says none."""
    cases: list[tuple[object, str | None]] = [("new", "new"), (None, None), ("", None), (5, None)]
    for answered, expected in cases:
        answer = answer_of({"access_token": "t", "refresh_token": answered})
        assert read_token(login_for(), answer, 0.0).refresh_token == expected


@pytest.mark.requirement("6749-scope-default")
def test_scope_that_was_granted() -> None:
    """RFC 6749 §5.1: the scope is what the answer says, and None where it says none."""
    cases: list[tuple[str | None, str | None]] = [("b", "b"), (None, None), ("", None)]
    for answered, expected in cases:
        assert (
            read_token(grant_for(scope="a"), answer_of({"access_token": "t", "scope": answered}), 0.0).scope == expected
        )


def test_extra_has_no_echo() -> None:
    """Case 37: what the server repeats of the secrets that it was sent is not kept, however deep it stands."""
    echo = {"app": {"secret": SECRET, "said": [f"{SECRET} and {quote_plus(SECRET)}", 5, None]}, "kept": "as it is"}
    answer = answer_of({"access_token": f"{SECRET}-1", **echo})
    token = read_token(GRANT, answer, 0.0, redaction=Redaction(SECRET))
    assert dict(token.extra) == {"app": {"secret": "***", "said": ["*** and ***", 5, None]}, "kept": "as it is"}
    assert token.access_token == f"{SECRET}-1", "what is used stays as it was issued"


@pytest.mark.parametrize("depth", [10, 200, 450, 900])
def test_an_echo_that_is_nested_without_end(depth: int) -> None:
    """What could be read as a token can be looked through for an echo."""
    body = b'{"access_token": "t", "x": ' + b"[" * depth + b'"x"' + b"]" * depth + b"}"
    try:
        token = read_token(GRANT, answer_of(body), 0.0, redaction=Redaction(SECRET))
    except InvalidTokenResponse:
        return
    assert token.extra


def test_extra_has_no_secrets() -> None:
    """Case 37: the rest of the answer is kept, without what is a token or a secret."""
    names = ["access_token", "refresh_token", "id_token", "client_secret"]
    token = read_token(GRANT, answer_of({**dict.fromkeys(names, "s3cret"), "kept": 1}), 0.0)
    assert dict(token.extra) == {"kept": 1}


def test_retry_after() -> None:
    """Case 25: Retry-After is read as seconds or as a date by the server's own clock, and never counts above a day."""
    cases_of_headers: list[tuple[dict[str, str], float | None]] = [
        ({}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "30"}, 30.0),
        ({"retry_after": " 30 "}, 30.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after": "0"}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "1e400"}, None),
        ({"retry_after": "99999999"}, 86_400.0),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT", "date": "Sun, 06 Nov 1994 08:49:07 GMT"}, 30.0),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT", "date": "Sun, 06 Nov 1994 08:59:37 GMT"}, None),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT"}, None),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT", "date": "yesterday"}, None),
        ({"retry_after": "Sun, 06 Nov 9999999 08:49:37 GMT"}, None),
    ]
    cases_of_status: list[tuple[int, Any]] = [(429, {}), (503, b""), (400, {"error": "x"}), (302, b""), (200, b"")]
    for headers, seconds in cases_of_headers:
        for status, body in cases_of_status:
            assert error_of(answer_of(body, status, **headers)).retry_after == seconds


def test_retry_after_in_the_vendors_unit() -> None:
    """Line 34, Sentinel Hub: milliseconds are milliseconds in answers too that are no errors of RFC 6749."""
    grant = grant_for(token_response=ResponseFormat(errors=ErrorFormat(seconds=0.001)))
    for answer in (answer_of(b"", 302, retry_after="2500"), answer_of(b"", 200, retry_after="2500")):
        assert error_of(answer, grant).retry_after == 2.5
    with pytest.raises(TokenEndpointUnavailable) as caught:
        checked(answer_of(b"", 503, retry_after="2500"), grant.token_response.errors.seconds)
    assert caught.value.retry_after == 2.5


def test_an_answer_that_is_nested_without_end() -> None:
    """Case 12: however deep an answer is nested, it is a token or a typed error."""
    for depth in (10, 200, 450, 900, 5_000, 100_000):
        for where in ("x", "token_type", "scope", "expires_in", "error_uri"):
            nested = '{"a":' * depth + "[1]" + "}" * depth
            body = f'{{"access_token": "{TOKEN}", "{where}": {nested}}}'
            try:
                outcome: object = read_token(GRANT, answer_of(body.encode()), 1000.0).access_token
            except InvalidTokenResponse as error:
                outcome = error.__context__
            assert outcome in {TOKEN, None}


def test_retry_after_a_date_without_the_servers_clock() -> None:
    """Case 25: where the server does not tell its time, ours is the best there is."""
    in_a_minute = formatdate(timeval=time.time() + 60, usegmt=True)
    assert 55 < (error_of(answer_of(b"", 503, retry_after=in_a_minute)).retry_after or 0) <= 60


def unavailable(status: int | None, retry_after: float | None = None) -> TokenEndpointUnavailable:
    """Return the error of no answer, or of an answer with this status."""
    return TokenEndpointUnavailable(status_code=status, retry_after=retry_after)


@pytest.mark.usefixtures("full_pauses")
def test_what_may_pass_is_tried_again() -> None:
    """No answer, 408, 425, 429, 500, 502, 503 and 504 are tried again after 0.2, 0.4 and 0.8 s, or half of that."""
    for status in (None, 408, 425, 429, 500, 502, 503, 504):
        for attempt in range(RETRIES):
            for jitter, share in ((0.0, 0.5), (1.0, 1.0)):
                expected = 10.0 * 0.02 * 2**attempt * share
                assert pause_before_retry(unavailable(status), attempt, 10.0, jitter) == pytest.approx(expected)
    for code in ("server_error", "temporarily_unavailable"):
        said = TokenEndpointUnavailable(code, status_code=400)
        assert pause_before_retry(said, 0, 10.0, 1.0) == pytest.approx(0.2), "whatever the status"


def test_what_will_not_pass_is_not_tried_again() -> None:
    """After three retries, and after an OAuth error, which is a refusal, nobody asks again."""
    cases: list[tuple[TokenRequestError, int]] = [
        (unavailable(None), RETRIES),
        (unavailable(503, 1.0), RETRIES),
        (unavailable(501), 0),
        (unavailable(505), 0),
        (InvalidClient("invalid_client", status_code=503), 0),
        (InvalidClient(status_code=401), 0),
        (InvalidTokenResponse(status_code=502), 0),
        (InvalidTokenResponse(), 0),
        (TokenRequestError("x", status_code=429), 0),
    ]
    for error, attempt in cases:
        assert pause_before_retry(error, attempt, 10.0, 0.5) is None


@pytest.mark.usefixtures("full_pauses")
def test_retry_after_is_honoured() -> None:
    """Case 25: the server's pause counts where it is longer than ours."""
    assert pause_before_retry(unavailable(503, 7.0), 0, 10.0, 1.0) == 7.0
    assert pause_before_retry(unavailable(503, 0.01), 0, 10.0, 1.0) == pytest.approx(0.2)


def test_masking() -> None:
    """Case 37: a secret is masked as it is, form- or percent-encoded, also twice, in JSON, and misread.

    An empty one is not.
    """
    cases: list[tuple[str, str]] = [
        ("the secret is p%k&+ü!", "the secret is ***!"),
        ("form: p%25k%26%2B%C3%BC", "form: ***"),
        ("json: p%k&+\\u00fc", "json: ***"),
        ("in a parameter of its own: p%2525k%2526%252B%25C3%25BC", "in a parameter of its own: ***"),
        ('in Latin-1: {"x": "p%k&+\ufffd"}', 'in Latin-1: {"x": "***"}'),
        ("nothing", "nothing"),
    ]
    for text, expected in cases:
        assert Redaction("", None, "p%k&+ü").text(text) == expected


def test_masking_twice_encoded_blanks() -> None:
    """A login page that is told where to go on has the secret in a parameter, encoded twice."""
    location = "/login?next=%2Ftoken%3Fclient_secret%3Done%2Btwo%26x%3Done%2520two"
    assert Redaction("one two").text(location) == "/login?next=%2Ftoken%3Fclient_secret%3D***%26x%3D***"


def test_what_is_too_short_to_be_masked() -> None:
    """A secret of three characters or less protects nothing; a message without its letters says nothing either."""
    assert Redaction("e", "re", "bad").text("refused: bad request") == "refused: bad request"
    assert Redaction("used").text("refused: bad request") == "ref***: bad request"


def test_masking_begins_with_the_longest() -> None:
    """Case 37: a secret that holds another leaves no rest."""
    assert Redaction("secret", "a:secret").text("a:secret") == "***"
    assert Redaction("one two").text("one two") == "***"
    assert Redaction("one two").text("one+two one%20two") == "*** ***"


def test_masking_an_error() -> None:
    """Case 37: message and fields of an error are masked."""
    error = TokenRequestError(f"e {SECRET}", f"d {SECRET}", f"u {SECRET}", 400)
    Redaction(SECRET).error(error)
    assert (error.error, error.error_description, error.error_uri) == ("e ***", "d ***", "u ***")
    assert SECRET not in str(error)
    assert SECRET not in repr(error)
    bare = TokenRequestError()
    Redaction(SECRET).error(bare)
    assert bare.error is None


def test_masking_comes_before_cutting() -> None:
    """Case 37: a long text is masked as a whole, and then cut to what a log can bear."""
    for before in range(990, 1001):
        error = TokenRequestError("x", "y" * before + "canary" * 5, None, 400)
        Redaction("canary" * 5).error(error)
        for text in (error.error_description or "", str(error)):
            assert "c" not in text.replace("code", "").partition("(HTTP")[0]
            assert len(text) <= 2000
    assert len(error.error_description or "") == 1000


@pytest.mark.requirement("7009-unknown-token")
def test_revoked() -> None:
    """RFC 7009 §2.2: any 2xx says that the token is revoked."""
    cases: list[int] = [200, 204]
    for status in cases:
        read_revocation(GRANT, answer_of(b"", status))


@pytest.mark.requirement("7009-503", "7009-errors")
def test_not_revoked() -> None:
    """RFC 7009 §2.2.1: anything else is an error, typed as at the token endpoint."""
    cases: list[tuple[int, Any, type[TokenRequestError]]] = [
        (400, {"error": "unsupported_token_type"}, TokenRequestError),
        (401, b"", InvalidClient),
        (503, b"", TokenEndpointUnavailable),
        (404, b"", InvalidTokenResponse),
        (307, b"", InvalidTokenResponse),
    ]
    for status, body, cls in cases:
        with pytest.raises(TokenRequestError) as caught:
            read_revocation(GRANT, answer_of(body, status))
        assert type(caught.value) is cls


def test_wire_values_show_nothing() -> None:
    """Case 37: request and answer are printed without headers and body."""
    request = asked(grant_for(token_endpoint_auth_method="client_secret_post", client_secret="s3cret"), secret="s3cret")
    answer = answer_of({"access_token": TOKEN})
    assert "s3cret" in request.body.decode()
    assert "s3cret" not in repr(request)
    assert TOKEN not in repr(answer)
