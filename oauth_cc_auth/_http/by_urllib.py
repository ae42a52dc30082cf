"""HTTP by the standard library: a token request where no HTTP library is installed.

Proxies come from the environment, as they do in the libraries, but none takes what goes to this machine. Redirects are
answers, as is every status; there are no cookies, no netrc and no retries.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from oauth_cc_auth._http.lending import capped, failures, lowered
from oauth_cc_auth._http.messages import MAX_ANSWER, HttpRequest, HttpResponse
from oauth_cc_auth._http.origin import is_loopback, origin_of


def by_urllib(request: HttpRequest, timeout: float) -> HttpResponse:
    """Send one request and return its answer. Raises TokenEndpointUnavailable where none came."""
    from urllib.request import Request, getproxies  # noqa: PLC0415 - 30 ms that only its users pay

    with failures():
        proxies = {} if is_loopback(origin_of(request.url)) else getproxies()
        headers = dict(request.headers)
        outgoing = Request(request.url, request.body or None, headers, method=request.method)  # noqa: S310 - the grant has checked that it is http or https
        with _opener(proxies).open(outgoing, timeout=timeout) as response:
            answered = lowered(response.headers.items())
            body = capped(_decoded(response, answered.get("content-encoding", "")), timeout)
        return HttpResponse(response.status, answered, body)


def _opener(proxies: dict[str, str]) -> Any:
    from ssl import create_default_context  # noqa: PLC0415 - as above
    from urllib import request  # noqa: PLC0415 - as above

    opener = request.OpenerDirector()
    # Not build_opener: its handlers follow redirects and raise for any status but 2xx.
    context = create_default_context()
    for handler in (request.ProxyHandler(proxies), request.HTTPHandler(), request.HTTPSHandler(context=context)):
        opener.add_handler(handler)
    return opener


def _decoded(response: Any, encoding: str) -> Iterator[bytes]:
    # Identity is asked for, but some servers compress all the same. No piece grows beyond what is read of an answer.
    decoder = zlib.decompressobj(wbits=47) if encoding.strip().lower() in {"gzip", "x-gzip", "deflate"} else None
    while chunk := response.read1(1 << 14):
        yield decoder.decompress(chunk, MAX_ANSWER + 1) if decoder else chunk
    if response.length:
        message = f"the answer ended {response.length} bytes too early"
        raise ConnectionError(message)
