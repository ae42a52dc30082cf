"""What a lent session or client gives to a token request, and what it does not.

It lends its transport, TLS settings, proxies and default headers, and nothing else: no auth, no cookies, no netrc, no
hooks, no redirects. What the user's session or client would add for API calls must not reach the authorization server,
and what the authorization server sets must not reach the API. Nothing here changes or closes what a user lent.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from oauth_cc_auth._http.bounds import NotDecoded, TooLong
from oauth_cc_auth._raising import innermost, scrubbed
from oauth_cc_auth.errors import InvalidTokenResponse, OAuthError, TokenEndpointUnavailable

# Not lent: credentials and cookies are for the API, and the body's headers are this request's own.
NOT_LENT = frozenset({"authorization", "cookie", "content-type", "content-length", "transfer-encoding", "host"})


def merged(lent: Iterable[tuple[Any, Any]], own: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower() for name in own} | NOT_LENT
    return {**{name: value for name, value in lent if _text(name).lower() not in names and value is not None}, **own}


def lowered(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def _text(name: str | bytes) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else name


@contextmanager
def failures(hide: Callable[[str], str] = str, how_to_trust: str | None = None) -> Iterator[None]:
    """Turn what stopped a request into an OAuthError: libraries, and transports of users, raise anything.

    `hide` masks what a library may quote; `how_to_trust` says what to do about a certificate.
    """
    try:
        yield
    except (OAuthError, AssertionError):  # a mock that was not told of the token request fails its test
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise _failure(error, hide, how_to_trust) from scrubbed(error, hide)


def _failure(error: Exception, hide: Callable[[str], str], how_to_trust: str | None) -> OAuthError:
    reason = innermost(error)
    if isinstance(reason, (TooLong, NotDecoded)):
        return InvalidTokenResponse(message=f"The token endpoint's answer is not a token: {reason}.")
    detail = hide(f"{type(reason).__name__}: {reason}")
    if "Proxy" in type(error).__name__ and reason is not error:
        detail = f"{type(error).__name__}, {detail}"
    if is_certificate(reason):
        message = "The certificate of the token endpoint's host could not be verified."
        return TokenEndpointUnavailable(message=message, detail=detail, hint=how_to_trust)
    return TokenEndpointUnavailable(message="The token endpoint gave no answer.", detail=detail)


def is_certificate(error: BaseException) -> bool:
    """Tell whether this began with a certificate that cannot be verified, which no other attempt will change."""
    ssl = sys.modules.get("ssl")  # a library that speaks TLS has loaded it
    return ssl is not None and isinstance(innermost(error), ssl.SSLCertVerificationError)


def loaded_library(lent: type, cls: str, libraries: Iterable[str] = ("httpx2", "httpx")) -> str | None:
    """Return which library's class, or a subclass of it, this is.

    Asked by name: requests-cache puts a class of its own in the place of ``requests.Session``, and a session that was
    made before is one all the same.
    """
    return next((name for name in libraries if any(_is_of(base, name, cls) for base in lent.__mro__)), None)


def _is_of(base: type, library: str, cls: str) -> bool:
    return base.__name__ == cls and base.__module__.partition(".")[0] == library
