"""Which HTTP library carries a token request: the one that the user lent, else that of the caller's own library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from oauth_cc_auth._http.lending import loaded_library
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.proxies import without_passwords
from oauth_cc_auth._raising import scrubbed
from oauth_cc_auth._threads import unforked
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    from ssl import SSLContext

LIBRARIES = ("requests", "httpx", "httpx2")

_STANDARD = "urllib"

# What to do about a certificate of a private authority.
_OWN = (
    "The token request does not use the verify, cert and proxies of your session or client: pass it as session= or "
    "client= beside the grant."
)
_LENT = "Check verify= of the session or client that was passed for the token request."

# Loads a certificate and its key into TLS settings.
Certify: TypeAlias = "Callable[[SSLContext], None]"


class Sender(Protocol):
    """Sends one request and returns its answer; `timeout` is in seconds and bounds each read."""

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Raise TokenEndpointUnavailable where no answer came."""


def check_lent(session: object, client: object) -> None:
    """Raise ConfigurationError unless what the user lends can send a token request from a thread."""
    if session is not None and client is not None:
        message = "session= and client= both lend what sends the token request: pass one of them"
        raise ConfigurationError(message)
    if session is not None and not _is_a(session, ("requests",), "Session"):
        message = (
            "session is not a requests.Session, which would send the token request: leave it out, or pass an "
            "httpx.Client as client="
        )
        raise ConfigurationError(message)
    if client is not None and not _is_a(client, ("httpx", "httpx2"), "Client"):
        message = (
            "client is not an httpx.Client: the token request is sent from a thread, so an AsyncClient cannot send it. "
            "Leave client= out, or pass an httpx.Client with the same verify and proxy"
        )
        raise ConfigurationError(message)


def sender_for(session: Any, client: Any, library: str | None, certify: Certify | None = None) -> Sender:
    """Return what the user lent, else this library, else the first that is loaded, or installed, or the standard one.

    `certify` puts the client's certificate into the TLS settings of a sender of our own (RFC 8705).
    Raises ConfigurationError where `library` is none that can send a token request.
    """
    if session is not None:
        return _by("requests", session, _LENT)
    if client is not None:
        return _by("httpx", client, _LENT)
    name = library or next(_at_hand(), _STANDARD)
    if name == _STANDARD:
        from oauth_cc_auth._http.by_urllib import by_urllib  # noqa: PLC0415 - only where there is no other

        return partial(by_urllib, certify=certify) if certify else by_urllib
    if name not in LIBRARIES:
        message = f"library is {name!r}; expected one of {', '.join((*LIBRARIES, _STANDARD))}, or None to choose one"
        raise ConfigurationError(message)
    return _with_own(name, certify)


def _by(name: str, lent: Any, how_to_trust: str) -> Sender:
    # Each is imported for its own users only: it needs its library.
    if name == "requests":
        from oauth_cc_auth._http.by_requests import ByRequests  # noqa: PLC0415 - see above

        return ByRequests(lent, how_to_trust)
    from oauth_cc_auth._http.by_httpx import ByHttpx  # noqa: PLC0415 - see above

    return ByHttpx(lent, how_to_trust)


def _with_own(name: str, certify: Certify | None) -> Sender:
    """Make a session or client for one exchange, so that proxies from the environment and patched libraries count."""

    def send(request: HttpRequest, timeout: float) -> HttpResponse:
        with unforked():
            library = import_module(name)
        try:
            own = _own(name, library, certify)
        except ConfigurationError:
            raise
        except Exception as error:  # noqa: BLE001 - a proxy or certificate named in the environment may be anything
            reason = without_passwords(f"{type(error).__name__}: {error}")
            message = (
                f"{name} cannot be used for the token request ({reason}). Check the proxies and the certificates that "
                "the environment names (HTTPS_PROXY, SSL_CERT_FILE)."
            )
            raise ConfigurationError(message) from scrubbed(error, without_passwords)
        with own:
            return _by(name, own, _OWN)(request, timeout)

    return send


def _own(name: str, library: Any, certify: Certify | None) -> Any:
    if certify is None:
        return library.Session() if name == "requests" else library.Client()
    if name == "requests":
        from oauth_cc_auth._http.by_requests import certified  # noqa: PLC0415 - as above

        return certified(certify)
    context = library.create_ssl_context()
    certify(context)
    return library.Client(verify=context)


def _at_hand() -> Iterator[str]:
    yield from (name for name in LIBRARIES if name in sys.modules)
    yield from (name for name in LIBRARIES if find_spec(name) is not None)


def _is_a(lent: object, libraries: Iterable[str], cls: str) -> bool:
    return loaded_library(type(lent), cls, libraries) is not None
