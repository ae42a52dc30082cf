"""What a lent session or client gives to a token request, and what it does not.

It lends its transport, TLS settings, proxies and default headers, and nothing else: no auth, no cookies, no netrc, no
hooks, no redirects. What the user's session or client would add for API calls must not reach the authorization server,
and what the authorization server sets must not reach the API. Nothing here changes or closes what a user lent.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from oauth_cc_auth._http.messages import MAX_ANSWER
from oauth_cc_auth._raising import scrubbed
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


def capped(chunks: Iterable[bytes], timeout: float) -> bytes:
    # The exchange has given up on an answer that drips past its timeout; this ends the thread that still reads it.
    body, give_up_at = bytearray(), time.monotonic() + timeout
    for chunk in chunks:
        body += chunk
        if time.monotonic() > give_up_at:
            message = "the answer was not complete in time"
            raise TimeoutError(message)
        if len(body) > MAX_ANSWER:
            message = f"The token endpoint's answer is longer than {MAX_ANSWER} bytes and was not read to its end."
            raise InvalidTokenResponse(message=message)
    return bytes(body)


@contextmanager
def failures() -> Iterator[None]:
    """Turn what stopped a request into TokenEndpointUnavailable: libraries, and transports of users, raise anything."""
    try:
        yield
    except (OAuthError, AssertionError):  # a mock that was not told of the token request fails its test
        raise
    except Exception as error:  # noqa: BLE001 - see above
        cause = scrubbed(error)
        detail = f"{type(error).__name__}: {error}"
    else:
        return
    raise TokenEndpointUnavailable(message="The token endpoint gave no answer.", detail=detail) from cause


def loaded_library(lent: type, cls: str, libraries: Iterable[str] = ("httpx2", "httpx")) -> str | None:
    # Asked of the loaded modules: a session can only have been made by one of them.
    loaded = (name for name in libraries if name in sys.modules)
    return next((name for name in loaded if issubclass(lent, getattr(sys.modules[name], cls, ()))), None)
