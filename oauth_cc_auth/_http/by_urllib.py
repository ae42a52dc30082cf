"""HTTP by the standard library: a token request where no HTTP library is installed.

Proxies come from the environment, as they do in the libraries, but none takes what goes to this machine. Redirects are
answers, as is every status; there are no cookies, no netrc and no retries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from oauth_cc_auth._http.bounds import Bounds, bounded_response
from oauth_cc_auth._http.lending import failures, lowered
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.origin import is_loopback, origin_of
from oauth_cc_auth._http.proxies import without_passwords

# Python trusts the authorities that this system does.
_HOW_TO_TRUST = "Name its authority in SSL_CERT_FILE, or install requests or httpx and pass session= or client=."


def by_urllib(request: HttpRequest, timeout: float, certify: Callable[[Any], None] | None = None) -> HttpResponse:
    """Send one request and return its answer. Raises TokenEndpointUnavailable where none came."""
    from urllib.request import Request, getproxies  # noqa: PLC0415 - 30 ms that only its users pay

    bounds = Bounds(timeout)
    with failures(without_passwords, _HOW_TO_TRUST):
        proxies = {} if is_loopback(origin_of(request.url)) else getproxies()
        headers = dict(request.headers)
        outgoing = Request(request.url, request.body or None, headers, method=request.method)  # noqa: S310 - the grant has checked that it is http or https
        with _opener(proxies, bounds, certify).open(outgoing, timeout=timeout) as response:
            answered = lowered(response.headers.items())
            body = bounds.body(_as_they_come(response), answered.get("content-encoding", ""))
        return HttpResponse(response.status, answered, body)


def _opener(proxies: dict[str, str], bounds: Bounds, certify: Callable[[Any], None] | None) -> Any:
    from ssl import create_default_context  # noqa: PLC0415 - as above
    from urllib import request  # noqa: PLC0415 - as above

    class Handler(request.HTTPSHandler):
        def do_open(self, http_class: Any, *arguments: Any, **settings: Any) -> Any:
            def connection(*where: Any, **how: Any) -> Any:
                made = http_class(*where, **how)
                made.response_class = bounded_response(bounds)
                return made

            return super().do_open(connection, *arguments, **settings)

        http_open = request.HTTPHandler.http_open
        http_request = request.HTTPHandler.http_request

    opener = request.OpenerDirector()
    # Not build_opener: its handlers follow redirects and raise for any status but 2xx.
    context = create_default_context()
    if certify:
        certify(context)
    for handler in (request.ProxyHandler(proxies), Handler(context=context)):
        opener.add_handler(handler)
    return opener


def _as_they_come(response: Any) -> Iterator[bytes]:
    while chunk := response.read1(1 << 14):
        yield chunk
    if response.length:
        message = f"the answer ended {response.length} bytes too early"
        raise ConnectionError(message)
