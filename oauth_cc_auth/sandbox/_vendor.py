"""What a vendor is: a frozen value of facts, with small functions where a fact is not enough.

Every default is what RFC 6749, 6750 and 7009 say, so that a vendor states only where it departs from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from werkzeug.datastructures import Headers, MultiDict
from werkzeug.http import HTTP_STATUS_CODES

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

FORM, JSON, QUERY = "form", "json", "query"

# Values that a header is to have, besides patterns of text.
FRESH_GUID = "{a GUID that was in no request before}"
CLIENT_ID = "{the client's id}"

# Methods of client authentication (RFC 7591 §2), and those that are in nobody's registry.
BASIC, POST = "client_secret_basic", "client_secret_post"
BASIC_RAW, BASIC_AND_POST = "client_secret_basic_raw", "client_secret_basic_and_post"
PRIVATE_KEY_JWT, CLIENT_SECRET_JWT, NO_AUTH = "private_key_jwt", "client_secret_jwt", "none"
# At a revocation endpoint: whoever has the token may end it, and is not asked who it is.
TOKEN_ALONE = "token_alone"


@dataclass(frozen=True)
class Request:
    """A request as a vendor's functions see it.

    `origin` and `path` are the vendor's own, whatever carries the request here. `parameters` are those that count, from
    wherever the vendor takes them, under their RFC names. `client_id` is "" until the client is known, and for a client
    without an id, `home` where the client is at home if it was registered with that. `now` is the sandbox's clock in
    seconds. `url` turns a URL of a vendor into the sandbox's for it.
    """

    method: str
    origin: str
    path: str
    headers: Headers = field(repr=False)
    query: MultiDict[str, str] = field(repr=False)
    parameters: MultiDict[str, str] = field(repr=False)
    client_id: str
    home: str | None
    now: float
    url: Callable[[str], str] = field(repr=False)


@dataclass(frozen=True)
class ApiRequest(Request):
    """A request to an API. `json` is its body, or None.

    `admit` returns if the token and the headers are right, and the token has this scope, if any; else it raises.
    """

    json: Any = field(repr=False)
    admit: Callable[[str | None], None] = field(repr=False)


class Refusal(Exception):
    """A refusal, before it is put into the vendor's words.

    `code` is that of RFC 6749 §5.2 at an OAuth endpoint. At an API it is that of RFC 6750 §3.1 for a token
    ("missing_token" where there is none), "missing_header", or None where the status says all. `expired` tells the
    invalid tokens whose time is over from all others. `headers` go with it.
    """

    def __init__(
        self,
        status: int,
        code: str | None = None,
        description: str | None = None,
        *,
        detail: Any = None,
        expired: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.description = description
        self.detail = detail
        self.expired = expired
        self.headers = headers or {}

    @property
    def reason(self) -> str:
        """The name of the status (RFC 9110 §15)."""
        return HTTP_STATUS_CODES.get(self.status, "Error")


@dataclass(frozen=True)
class Limit:
    """How many tokens a client gets in a window of so many seconds, and what it hears beyond.

    Windows are counted from 1970, so that one of a day begins at midnight UTC. `count` None: there is a limit, which is
    not documented: the knob `daily_limit`. `by`: parameters of the request, each value of which has a count of its own.
    `retry_after`: whether the refusal says when the window ends.
    """

    count: int | None
    seconds: int
    _: KW_ONLY
    status: int = 429
    code: str = "too_many_requests"
    description: str = "The limit on access tokens is reached."
    by: tuple[str, ...] = ()
    retry_after: bool = False


def say_as_rfc6749(refusal: Refusal) -> tuple[int, Any]:
    """Refuse in the words of RFC 6749 §5.2."""
    members = {"error": refusal.code, "error_description": refusal.description}
    return refusal.status, {name: value for name, value in members.items() if value}


def say_as_text(refusal: Refusal) -> tuple[int, Any]:
    """Refuse an API request with one text, for vendors that do not document how they do it."""
    return refusal.status, {"error": refusal.description or refusal.reason}


def renamed(answer: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    """Return an answer with members renamed, or left out for None; what is not there stays away."""
    return {new: value for name, value in answer.items() if (new := names.get(name, name)) is not None}


def converted(answer: Mapping[str, Any], name: str, convert: Callable[[Any], Any]) -> dict[str, Any]:
    """Return an answer with one member converted, if it is there."""
    return {member: convert(value) if member == name else value for member, value in answer.items()}


def _as_it_is(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    return answer


def _no_headers(request: Request) -> Mapping[str, str]:  # noqa: ARG001 - as above
    return {}


def _no_more(request: Request) -> None:
    pass


def _tell(request: ApiRequest) -> Any:
    request.admit(None)
    return {"method": request.method, "path": request.path}


@dataclass(frozen=True, eq=False)
class Vendor:
    """An authorization server and its API, as the vendor describes them.

    `source` is the page that says so. A vendor file exports one of these as ``VENDOR``; what the page leaves open is
    marked "not documented" beside the choice made.

    **Where.** An endpoint is written "host/path", and ``*`` stands for any text in either part: ``"api.x.com/token"``,
    ``"*.okta.com/oauth2/*/v1/token"``, ``"*/realms/*/token"``. Environments and regions are further ones in the tuple.
    Of several vendors that claim an address the one with the fewest stars gets it, then the one with the longer text.

    - `token_endpoints`, `revocation_endpoints`, `authorization_endpoints`.
    - `metadata`: discovery documents (RFC 8414), each with the token endpoint that it names: a URL, or what follows the
      issuer, which is what stands before ``/.well-known/``.
    - `apis`: what API addresses begin with: ``"api.x.com/v2/"``. Without any, the token is good at every host that is
      no vendor's; with `any_api` also, besides them. A host with a token endpoint and no API has no other pages: 404.

    **The token request** (RFC 6749 §4.4.2).

    - `methods`: of HTTP.
    - `bodies`: where parameters may stand: FORM, JSON, or QUERY with an empty body.
    - `query`: parameters that stand in the query though there is a body.
    - `names`: RFC name to the vendor's, None for one that it does not have; at the revocation endpoint too. All other
      fields here use the RFC's names.
    - `client_credentials`: what grant_type says; None in it: nothing. `grant_types`: the RFC's names of the grants.
      `public_login`: a client without a secret may use those with a user in them.
    - `required`: further parameters that must be there, each with the pattern of its value (``*`` for any).
    - `token_headers`: headers that must be there, with the pattern, or FRESH_GUID, or CLIENT_ID.
    - `scopes`: patterns of what may be asked for; None: anything. `login_scopes`: those that only a user's login has.
      `scope_separator`. `scope_required`.
      `always_grants`: the scope that a token gets whatever was asked for. `drops_scopes`: unknown ones are left out of
      what is granted instead of being refused.
    - `auth_methods`: constants of this module, any of which will do. Where `names` has no client_id, a client is known
      by its secret alone. `revocation_auth_methods` where they are others: with NO_AUTH any client may leave its secret
      out there.
    - `credentials`: for a method of the vendor's own, which then is the only one: a function of the headers and the
      parameters that returns client id (None: there is none) and secret, or None.
    - `check`: called last with the request, for what else is wanted; it raises Refusal.

    **The token answer** (RFC 6749 §5.1).

    - `status`; `lifetime` in seconds, or a function of the Request that says it, math.inf for ever (then expires_in is
      left out); `states_scope`.
    - `answer`: turns the RFC's answer into the vendor's, a dict or text, perhaps with `renamed` and `converted`. Where
      a token lives for ever, which the knob `lifetime` may ask for, expires_in is absent. `answer_headers` go with it.
    - `jwt`: the token is a JWT with iss, sub, client_id, iat, exp, jti, and scope.
    - `reuses_token`: the running token is returned again while it has so many seconds left.
    - `one_token_per_client`: a new token ends those before it. `rotates_refresh_tokens`.
    - `limit`: see `Limit`.
    - `errors`: turns a Refusal into status and body, which is a dict or list, text, or None for none.

    **The API** (RFC 6750).

    - `token_header`, `token_scheme`: where the token stands; scheme None: it stands alone. `token_query`: a parameter
      of the query in which it may stand too.
    - `api_headers`: as `token_headers`.
    - `api`: what it answers: a function of the ApiRequest that calls ``request.admit(scope or None)`` and returns JSON.
    - `api_errors`: as `errors`. A refused token is 401 with code "invalid_token", one without enough scope 403 with
      "insufficient_scope"; the status returned is the one sent.
    - `www_authenticate`: the challenge that goes with a 401, None for none.
    """

    name: str
    _: KW_ONLY
    source: str

    token_endpoints: tuple[str, ...] = ()
    revocation_endpoints: tuple[str, ...] = ()
    authorization_endpoints: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    apis: tuple[str, ...] = ()
    any_api: bool = False

    methods: frozenset[str] = frozenset({"POST"})
    bodies: frozenset[str] = frozenset({FORM})
    query: frozenset[str] = frozenset()
    names: Mapping[str, str | None] = field(default_factory=dict)
    client_credentials: frozenset[str | None] = frozenset({"client_credentials"})
    grant_types: frozenset[str] = frozenset({"client_credentials"})
    public_login: bool = False
    required: Mapping[str, str] = field(default_factory=dict)
    token_headers: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    login_scopes: frozenset[str] = frozenset()
    scope_separator: str = " "
    scope_required: bool = False
    always_grants: str | None = None
    drops_scopes: bool = False
    auth_methods: frozenset[str] = frozenset({BASIC})
    revocation_auth_methods: frozenset[str] | None = None
    credentials: Callable[[Headers, MultiDict[str, str]], tuple[str | None, str] | None] | None = None
    check: Callable[[Request], None] = _no_more

    status: int = 200
    lifetime: float | Callable[[Request], float] = HOUR
    states_scope: bool = True
    answer: Callable[[dict[str, Any], Request], Any] = _as_it_is
    answer_headers: Callable[[Request], Mapping[str, str]] = _no_headers
    jwt: bool = False
    reuses_token: float | None = None
    one_token_per_client: bool = False
    rotates_refresh_tokens: bool = False
    limit: Limit | None = None
    errors: Callable[[Refusal], tuple[int, Any]] = say_as_rfc6749

    token_header: str = "Authorization"
    token_scheme: str | None = "Bearer"
    token_query: str | None = None
    api_headers: Mapping[str, str] = field(default_factory=dict)
    api: Callable[[ApiRequest], Any] = _tell
    api_errors: Callable[[Refusal], tuple[int, Any]] = say_as_text
    www_authenticate: str | None = None

    @property
    def knows_clients_by_id(self) -> bool:
        """Whether a client has an id here, and not just a secret."""
        return self.names.get("client_id", "client_id") is not None


PLAIN = Vendor(
    "plain",
    source="https://www.rfc-editor.org/rfc/rfc6749",
    metadata={"*/*": "/token"},
    bodies=frozenset({FORM, JSON}),
    grant_types=frozenset({"client_credentials", "authorization_code", "refresh_token"}),
    auth_methods=frozenset({BASIC, BASIC_RAW, POST, BASIC_AND_POST, PRIVATE_KEY_JWT, CLIENT_SECRET_JWT, NO_AUTH}),
    www_authenticate='Bearer error="invalid_token"',
)
"""A host that is no vendor's: an authorization server by the letter of RFC 6749 that takes every authentication."""
