"""How the authorization server's metadata is found, from top to bottom (RFC 8414 §3, RFC 9728 §3 to §5).

From an API's URL to the document that describes it, from there to its authorization server's identifier, and to the
document that describes that one. Each has to name, character by character, the identifier that its address was made
from (RFC 9728 §3.3, RFC 8414 §3.3): else a server could speak for another, and be given the credentials for it. Nothing
here is sent with a secret.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from oauth_cc_auth._authorization_server.answer import document
from oauth_cc_auth._authorization_server.metadata import Metadata, fresh_until, may_be_asked
from oauth_cc_auth._grant.discovery import Discovery
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.challenge import parse_challenges
from oauth_cc_auth._http.json_path import string_or_none
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.retry_after import retry_after
from oauth_cc_auth._text import brief
from oauth_cc_auth.errors import ConfigurationError, InvalidTokenResponse, OAuthError, TokenEndpointUnavailable

# The names of the documents: RFC 8414 §3, OpenID Connect Discovery §4, RFC 9728 §3.
_OAUTH, _OPENID = "oauth-authorization-server", "openid-configuration"
_RESOURCE = "oauth-protected-resource"

# Sends a GET and returns the answer; raises an OAuthError where there is none, or the server is not itself.
Get = Callable[[str], HttpResponse]


class _Api(NamedTuple):
    """What an API's own metadata says."""

    resource: str
    issuer: str
    scope: str | None


def metadata_request(url: str) -> HttpRequest:
    """Return the request for a document, which needs no secret."""
    return HttpRequest(
        url, {"Accept": "application/json", "Accept-Encoding": "identity", "Cache-Control": "no-store"}, b"", "GET"
    )


def checked(answer: HttpResponse, seconds: float) -> HttpResponse:
    """Return the answer of a server that is itself; a number in Retry-After counts in units of `seconds`."""
    if answer.status == 429 or answer.status >= 500:
        message = f"The server's metadata could not be read (HTTP {answer.status}); no token was requested."
        pause = retry_after(answer.headers, seconds)
        raise TokenEndpointUnavailable(status_code=answer.status, retry_after=pause, message=message)
    return answer


def find(grant: TokenEndpointGrant, discovery: Discovery, get: Get, knock: Get, now: float) -> Metadata:
    """Return the metadata of the grant's authorization server. Raises an OAuthError.

    `get` fetches a document; `knock` sends the API a bare request, for its challenge.
    """
    if discovery.url is not None:
        return _at(discovery.url, grant.issuer, get, now)
    api = None if discovery.resource is None else _api(grant, discovery, discovery.resource, get, knock)
    issuer = api.issuer if api else str(discovery.issuer)
    if grant.issuer not in (None, issuer):
        raise _differs("issuer of the grant", str(grant.issuer), issuer)
    found = _of_issuer(issuer, get, now)
    if api is None:
        return found
    return Metadata(
        found.address, found.document, found.since, found.until, issuer, resource=api.resource, scope=api.scope
    )


def _at(url: str, expected: str | None, get: Get, now: float) -> Metadata:
    """Return the document at this very address: SMART's names the issuer of another server."""
    answer = get(url)
    members = document(answer) if answer.status == 200 else None
    if members is None:
        message = (
            f"The answer of {url} (HTTP {answer.status}) is not a server's metadata: it is no JSON object. Check the "
            "URL in Discovery(...), or pass token_endpoint= as a URL."
        )
        raise InvalidTokenResponse(status_code=answer.status, message=message)
    issuer = string_or_none(members.get("issuer"))
    if expected is not None and issuer != expected:
        raise _differs("issuer", expected, str(issuer))
    # The issuer is believed where its well-known address is this one.
    vouched = issuer if expected or (issuer and _vouches(url, issuer)) else None
    return Metadata(url, members, now, fresh_until(answer, now), vouched)


def _of_issuer(issuer: str, get: Get, now: float) -> Metadata:
    """Return the document of this issuer, the first that is there in the order of the MCP specification."""
    statuses = []
    for url in _addresses(issuer):
        answer = get(url)
        statuses.append(f"HTTP {answer.status} from {brief(url)}")
        members = document(answer) if answer.status == 200 else None
        if members is None:
            continue
        if members.get("issuer") != issuer:
            raise _differs("issuer", issuer, str(members.get("issuer")))
        return Metadata(url, members, now, fresh_until(answer, now), issuer)
    message = (
        f"The authorization server {brief(issuer)} has no metadata where it should be: {', '.join(statuses)}. Check "
        "how the issuer is written, or pass token_endpoint= as a URL."
    )
    raise InvalidTokenResponse(message=message)


def _vouches(url: str, issuer: str) -> bool:
    try:
        return url in _addresses(issuer)
    except ValueError:  # it is no URL
        return False


def _addresses(issuer: str) -> Iterator[str]:
    """Return where an issuer's document may be (RFC 8414 §3.1 and §5, OpenID Connect Discovery §4)."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    yield urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{_OAUTH}{path}", "", ""))
    yield urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{_OPENID}{path}", "", ""))
    if path:
        yield urlunsplit((parts.scheme, parts.netloc, f"{path}/.well-known/{_OPENID}", "", ""))


def _api(grant: TokenEndpointGrant, discovery: Discovery, url: str, get: Get, knock: Get) -> _Api:
    """Return what the API's metadata says, from the first place where it is (RFC 9728 §3.1, §5.1)."""
    challenge = _challenge(discovery.challenge if discovery.challenge is not None else _asked(url, knock))
    scope = challenge.get("scope")
    named = challenge.get("resource_metadata")
    parts = urlsplit(url)
    origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    path = "" if parts.path == "/" else parts.path
    inserted = urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{_RESOURCE}{path}", parts.query, ""))
    # Each place, and the identifier that it stands for.
    places = [(named, url)] if named else [(inserted, url), (f"{origin}/.well-known/{_RESOURCE}", origin)]
    statuses = []
    for address, identifier in places:
        if not may_be_asked(address, url, allow_insecure_http=grant.allow_insecure_http):
            message = (
                f"The API {url} names its metadata at {brief(address)}, which is not https: nothing was sent there."
            )
            raise InvalidTokenResponse(message=message)
        answer = get(address)
        statuses.append(f"HTTP {answer.status} from {brief(address)}")
        members = document(answer) if answer.status == 200 else None
        if members is None:
            continue
        if members.get("resource") != identifier:
            raise _differs("resource", identifier, str(members.get("resource")))
        issuer = _bound(grant, discovery, url, members.get("authorization_servers"))
        if not may_be_asked(issuer, url, allow_insecure_http=grant.allow_insecure_http):
            message = f"The API {url} names the authorization server {brief(issuer)}, which is not https."
            raise InvalidTokenResponse(message=message)
        return _Api(identifier, issuer, scope)
    message = f"The API {url} has no metadata where it should be: {', '.join(statuses)}. Pass Discovery(issuer=...)."
    raise InvalidTokenResponse(message=message)


def _asked(url: str, knock: Get) -> str:
    try:
        answer = knock(url)
    except OAuthError:  # an API that is not there now may have its metadata all the same
        return ""
    return answer.headers.get("www-authenticate", "") if answer.status == 401 else ""


def _challenge(header: str) -> dict[str, str]:
    challenges = [parameters for _, parameters in parse_challenges(header)]
    return next((parameters for parameters in challenges if "resource_metadata" in parameters), {})


# The authorization server that each API named first, by the API's URL and the client; a few strings per API.
_first: OrderedDict[tuple[str, str | None], str] = OrderedDict()

_MOST_BOUND = 10_000


def _bound(grant: TokenEndpointGrant, discovery: Discovery, url: str, named: object) -> str:
    """Return the authorization server that the credentials are for, if the API still names it."""
    servers = [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
    if not servers:
        message = f"The metadata of the API {url} names no authorization_servers: pass Discovery(issuer=...)."
        raise InvalidTokenResponse(message=message)
    if discovery.issuer is not None:
        if discovery.issuer not in servers:
            raise _differs("authorization server", discovery.issuer, " or ".join(servers))
        return discovery.issuer
    first = _first.setdefault((url, grant.client_id), servers[0])
    if first not in servers:
        message = (
            f"The API {url} names another authorization server than before: {brief(servers[0])} instead of "
            f"{brief(first)}. The credentials were not sent. If the API has moved, pass "
            "Discovery(resource=..., issuer=...)."
        )
        raise ConfigurationError(message)
    if len(_first) > _MOST_BOUND:
        _first.popitem(last=False)
    return first


def forget() -> None:
    """Forget to which servers credentials are bound; for tests."""
    _first.clear()


def _differs(what: str, expected: str, found: str) -> InvalidTokenResponse:
    message = (
        f"The metadata is of another {what}: {brief(found)!r} where {expected!r} was expected, character by character. "
        "Nothing was sent with a secret."
    )
    return InvalidTokenResponse(message=message)
