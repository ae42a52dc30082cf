"""What the authorization server is asked for: each kind of request, and how its answer is read."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

from oauth_cc_auth._authorization_server.answer import read_introspection, read_revocation, read_token
from oauth_cc_auth._authorization_server.discovery import checked, metadata_request
from oauth_cc_auth._authorization_server.federation import Assertions
from oauth_cc_auth._authorization_server.redaction import Redaction
from oauth_cc_auth._authorization_server.request import introspection_request, revocation_request, token_request
from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth._grant.token_endpoint import TokenEndpointGrant
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._token import Token

T_co = TypeVar("T_co", covariant=True)

Members: TypeAlias = "dict[str, Any]"

Parameters: TypeAlias = "list[tuple[str, str]]"


class Question(Protocol[T_co]):
    """One kind of request to the authorization server, and how its answer is read."""

    # Which of the server's endpoints is asked, by its name in the metadata (RFC 8414 §2).
    endpoint: ClassVar[str]

    def request(self, grant: TokenEndpointGrant, secret: str | None, assertions: Assertions, /) -> HttpRequest:
        """Return the request, made anew: headers may be made per request, an assertion counts once (RFC 7523 §3)."""

    def read(self, grant: TokenEndpointGrant, answer: HttpResponse, asked_at: float, redaction: Redaction, /) -> T_co:
        """Return what the answer holds. Raises OAuthErrors."""


@dataclass(frozen=True, slots=True)
class ForToken:
    """Asks for a token (RFC 6749 §4.4.2), or ends a login with the parameters of `code` (§4.1.3)."""

    previous: Token | None
    code: Parameters | None = None
    endpoint: ClassVar[str] = "token_endpoint"

    def request(self, grant: TokenEndpointGrant, secret: str | None, assertions: Assertions, /) -> HttpRequest:
        return token_request(grant, secret, self.code or grant.request_parameters(self.previous), assertions)

    def read(self, grant: TokenEndpointGrant, answer: HttpResponse, asked_at: float, redaction: Redaction, /) -> Token:
        return read_token(grant, answer, asked_at, redaction)


@dataclass(frozen=True, slots=True)
class ForRevocation:
    """Asks to revoke a token (RFC 7009 §2.1)."""

    token: Token
    endpoint: ClassVar[str] = "revocation_endpoint"

    def request(self, grant: TokenEndpointGrant, secret: str | None, assertions: Assertions, /) -> HttpRequest:
        return revocation_request(grant, secret, self.token, assertions)

    def read(self, grant: TokenEndpointGrant, answer: HttpResponse, _: float, redaction: Redaction, /) -> None:
        read_revocation(grant, answer, redaction)


@dataclass(frozen=True, slots=True)
class ForIntrospection:
    """Asks what the server knows of a token (RFC 7662 §2.1)."""

    token: Token
    endpoint: ClassVar[str] = "introspection_endpoint"

    def request(self, grant: TokenEndpointGrant, secret: str | None, assertions: Assertions, /) -> HttpRequest:
        return introspection_request(grant, secret, self.token, assertions)

    def read(
        self, grant: TokenEndpointGrant, answer: HttpResponse, _: float, redaction: Redaction, /
    ) -> dict[str, Any]:
        return read_introspection(grant, answer, redaction)


@dataclass(frozen=True, slots=True)
class ForDocument:
    """Asks for metadata (RFC 8414 §3.1, RFC 9728 §3.1), which needs no secret."""

    url: str
    endpoint: ClassVar[str] = ""

    def request(self, _: TokenEndpointGrant, __: str | None, ___: Assertions, /) -> HttpRequest:
        return metadata_request(self.url)

    def read(self, grant: TokenEndpointGrant, answer: HttpResponse, _: float, __: Redaction, /) -> HttpResponse:
        return checked(answer, grant.token_response.errors.seconds)


@dataclass(frozen=True, slots=True)
class ForChallenge:
    """Asks an API for its challenge, without a token (RFC 9728 §5)."""

    url: str
    endpoint: ClassVar[str] = ""

    def request(self, _: TokenEndpointGrant, __: str | None, ___: Assertions, /) -> HttpRequest:
        return HttpRequest(self.url, {}, b"", "GET")

    def read(self, _: TokenEndpointGrant, answer: HttpResponse, __: float, ___: Redaction, /) -> HttpResponse:
        return answer
