"""Requests and responses of the requests library, as its door needs them: what is ours in them, and what goes again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import requests
from requests.utils import default_headers, rewind_body

from oauth_cc_auth._resource_server import Presented, is_presented, origin_of


class NoHook:
    """What is left of the hook in a pickled response."""

    def __call__(self, response: requests.Response, **_: Any) -> requests.Response:
        """Do nothing."""
        return response


def set_unless_caller_did(request: requests.PreparedRequest, headers: dict[str, Presented]) -> None:
    """Set these headers; what a session sends by default the caller has not set."""
    defaults = default_headers()
    for name, value in headers.items():
        if request.headers.get(name) in (None, defaults.get(name)):
            request.headers[name] = value


def strip_from_redirect(response: requests.Response, request: requests.PreparedRequest) -> None:
    """Keep what we set from a redirect to another origin; requests does that for Authorization only."""
    here = str(response.request.url)
    try:
        same = origin_of(here) == origin_of(urljoin(here, response.headers["Location"]))
    except ValueError:
        same = False
    if not same:
        for name in set_by_us(request) - {"authorization"}:
            del request.headers[name]


def set_by_us(request: requests.PreparedRequest) -> set[str]:
    """Return the names, in lower case, of the headers that we have set."""
    return {name.lower() for name, value in request.headers.items() if is_presented(value)}


def rewind(request: requests.PreparedRequest) -> bool:
    """Put the body back to where it was before it was sent; say whether that was possible."""
    if request.body is None or isinstance(request.body, (bytes, str)):
        return True
    if not isinstance(request._body_position, int):  # noqa: SLF001 - rewind_body reads it
        return False
    try:
        rewind_body(request)
    except (requests.exceptions.UnrewindableBodyError, ValueError):
        return False
    return True


def bare(request: requests.PreparedRequest, header: str) -> requests.PreparedRequest:
    """Copy the request for an exception, without token, the API's own headers, cookies and body."""
    copy = request.copy()
    copy.body = None
    copy.hooks = {}
    for name in (header, "Authorization", "Cookie", *set_by_us(copy)):
        copy.headers.pop(name, None)
    return copy
