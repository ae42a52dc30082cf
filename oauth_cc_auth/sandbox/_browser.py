"""A browser that accepts what is asked, for logins without a user."""

from __future__ import annotations

import re
from contextlib import closing
from email.message import Message
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

# Seconds: everything is on this machine.
_TIMEOUT = 10.0

_CSRF_TOKEN = re.compile(r'name="csrf_token" value="(\w+)"')
_ERROR = re.compile(r"<p>(.*?)</p>", re.DOTALL)


def log_in(url: str) -> str:
    """Open an authorization URL, accept if asked, and return where the browser is sent; it does not go there."""
    status, headers, page = _send("GET", url)
    asked = _CSRF_TOKEN.search(page)
    if status == 200 and asked:
        form = urlencode({"csrf_token": asked[1], "decision": "accept"})
        cookie = headers["Set-Cookie"].partition(";")[0]
        status, headers, page = _send("POST", url, form, cookie)
    if "Location" not in headers:
        error = _ERROR.search(page)
        raise ValueError(f"the authorization server answers {status}: {unescape(error[1]) if error else 'no page'}")
    return str(headers["Location"])


def _send(method: str, url: str, form: str | None = None, cookie: str = "") -> tuple[int, Message, str]:
    parts = urlsplit(url)
    headers = {"Accept": "text/html"}
    if form is not None:
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    with closing(HTTPConnection(str(parts.hostname), parts.port, timeout=_TIMEOUT)) as connection:
        connection.request(method, f"{parts.path or '/'}?{parts.query}", form, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
