"""What may leave is decided in one place: no HTTP library reads what was let pass as another origin.

A string that a library refuses goes nowhere. One that we refuse goes nowhere either. What is left has to be one origin
for us and for each of them.
"""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable
from http.client import HTTPMessage
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest
import requests
import urllib3.util
import yarl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oauth_cc_auth._http.origin import has_origin, origin_of, place_of, same_origin, same_resource, stays

SESSION = requests.Session()

HOME = "https://api.example.com/v1/things?page=1"

# A few hundred here; thousands where there is time.
EXAMPLES = int(os.environ.get("OAUTH_CC_AUTH_EXAMPLES", "200"))
thoroughly = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 1000, suppress_health_check=list(HealthCheck)
)

DEFAULT_PORTS = {"http": 80, "https": 443}

# What URLs are made of, and what parsers read differently.
_PIECES = [
    *("http", "https", "HTTPS", "ftp", ":", "/", "//", "///", "\\", "?", "#", "@", "%", "%2f", "%40", "%2e", "."),
    *(" ", "\t", "\n", "\r", "\x00", "\x0b", "\xa0", "\u3002", "\uff0e", "\u2028", "\xad", "\u200d", "ß", "İ", "K"),
    *("api.example.com", "evil.example", "api", "example", "com", "münchen", "xn--mnchen-3ya", "xn--", "localhost"),
    *("127.0.0.1", "127.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "[", "]", "[::1%25eth0]", "[v1.x]"),
    *(":443", ":80", ":0443", ":65536", ":", ";", "&", "=", "+", "-", "_", "~", "!", "*", "'", '"', "<", ">", "{", "|"),
    *("user", "user:password@", "a@b@", "x", "v1", "..", "/../", "/./"),
]
TEXT = st.lists(st.sampled_from(_PIECES) | st.characters(codec="utf-8"), max_size=9).map("".join)
URLS = st.builds(
    "{}{}{}".format, st.sampled_from(["https://", "http://", "https:", "HTTPS://", "//", "wss://", ""]), TEXT, TEXT
)
NEAR = st.builds("https://{}api.example.com{}".format, TEXT, TEXT)
LOCATIONS = TEXT | URLS | NEAR | st.builds("/{}".format, TEXT) | st.builds("{}evil.example{}".format, TEXT, TEXT)


def named(scheme: str, host: str, port: int | None) -> str:
    """Return an origin as `origin_of` spells it; a host's name as the resolver gets it."""
    scheme = {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme.lower())
    if host.startswith("["):
        host = f"[{ip_address(host.strip('[]'))}]"
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    return f"{scheme}://{host.lower()}:{DEFAULT_PORTS.get(scheme) if port is None else port}"


def by_urllib3(url: str) -> str:
    """Read it as urllib3 does, and so requests."""
    parsed = urllib3.util.parse_url(url)
    return named(str(parsed.scheme), str(parsed.host), parsed.port)


def by_requests(url: str) -> str:
    """Read what requests makes of it, which is what it then sends to."""
    return by_urllib3(str(requests.Request("GET", url).prepare().url))


def by_httpx(url: str, library: Any = httpx) -> str:
    """Read it as httpx does; its transport is given these."""
    parsed = library.URL(url)
    host = parsed.raw_host.decode("ascii")
    return named(parsed.scheme, f"[{host}]" if ":" in host else host, parsed.port)


def by_httpx2(url: str) -> str:
    """Read it as httpx2 does."""
    return by_httpx(url, httpx2)


def by_yarl(url: str) -> str:
    """Read it as yarl does, and so aiohttp."""
    parsed = yarl.URL(url)
    host = str(parsed.raw_host)
    return named(parsed.scheme, f"[{host}]" if ":" in host else host, parsed.explicit_port)


def by_urllib(url: str) -> str:
    """Read it as the standard library does where it opens URLs."""
    request = urllib.request.Request(url)  # noqa: S310 - nothing is opened
    parsed = urlsplit(f"{request.type}://{request.host}/")
    host = str(parsed.hostname)
    return named(str(request.type), f"[{host}]" if ":" in host else host, parsed.port)


READERS: list[Callable[[str], str]] = [by_urllib3, by_requests, by_httpx, by_httpx2, by_yarl, by_urllib]


def read_by(reader: Callable[[str], str], url: str) -> str | None:
    """Return the origin that a library would send to; None where it refuses, in whatever way."""
    try:
        return reader(url)
    except Exception:  # noqa: BLE001 - each has errors of its own, and some have bugs
        return None


@thoroughly
@given(URLS | NEAR)
@example("https://api.example.com\\@evil.example/")
@example("https://api.example.com%2eevil.example/")
@example("https://exa%6dple.com/")
@example("https://ﬁle.example/")
@example("https://straße.example/")
@example("https://a\u00adb.example/")
@example("https://xn--a.example/")
@example("https://[::ffff:127.0.0.1]/")
@example("https://api.example.com:0443/")
@example("https://127.0.0.1./")
def test_a_url_that_has_an_origin_has_the_same_for_every_library(url: str) -> None:
    """A difference is a refusal: nothing that was let pass leads anywhere else."""
    if not has_origin(url):
        return
    ours = origin_of(url)
    for reader in READERS:
        theirs = read_by(reader, url)
        assert theirs in {None, ours}, (url, reader.__name__, theirs, ours)


@thoroughly
@given(URLS | NEAR, URLS | NEAR)
def test_two_urls_of_one_place_have_one_origin(one: str, other: str) -> None:
    """What was admitted may be remembered by its place."""
    if place_of(one) == place_of(other) and has_origin(one):
        assert same_origin(one, other)
    assert not same_resource(one, other) or one == other or same_origin(one, other)


def hop_of_requests(here: str, location: str) -> str:
    """Return the URL that requests follows a redirect to."""
    response: Any = requests.Response()
    response.status_code, response.url = 302, here
    response.request = requests.Request("GET", here).prepare()
    response.headers["Location"] = location
    response._content, response._content_consumed = b"", True
    response.raw = type("Raw", (), {"_original_response": None, "close": lambda _: None, "headers": {}})()
    hop: Any = next(SESSION.resolve_redirects(response, response.request, yield_requests=True))
    return str(hop.url)


def hop_of_httpx(here: str, location: str, library: Any = httpx) -> str:
    """Return the URL that httpx follows a redirect to."""
    request = library.Request("GET", here)
    response = library.Response(302, headers=[(b"Location", location.encode())], request=request)
    return str(library.Client._redirect_url(None, request, response))  # it needs nothing of a client


def hop_of_httpx2(here: str, location: str) -> str:
    """Return the URL that httpx2 follows a redirect to."""
    return hop_of_httpx(here, location, httpx2)


def hop_of_aiohttp(here: str, location: str) -> str:
    """Return the URL that aiohttp follows a redirect to: aiohttp.client joins so."""
    to = yarl.URL(location)
    return str(to if to.scheme else yarl.URL(here).join(to))


def hop_of_urllib(here: str, location: str) -> str:
    """Return the URL that urllib follows a redirect to."""
    opened: list[str] = []
    handler = urllib.request.HTTPRedirectHandler()
    handler.parent = type("Parent", (), {"open": lambda _, request, timeout: opened.append(request.full_url)})()
    request = urllib.request.Request(here)  # noqa: S310 - nothing is opened
    request.timeout = 1.0  # as an opener does
    headers = HTTPMessage()
    headers["Location"] = location
    body: Any = type("Body", (), {"read": lambda _: b"", "close": lambda _: None})()
    handler.http_error_302(request, body, 302, "Found", headers)
    return opened[0]


HOPS = [
    (hop_of_requests, by_requests),
    (hop_of_httpx, by_httpx),
    (hop_of_httpx2, by_httpx2),
    (hop_of_aiohttp, by_yarl),
    (hop_of_urllib, by_urllib),
]


@pytest.mark.parametrize("here", [HOME, "http://127.0.0.1:8000", "https://[::1]:8443/a/b"])
@thoroughly
@given(location=LOCATIONS)
@example("////evil.example/x")
@example("///evil.example/x")
@example("/\t/evil.example/x")
@example("/\\evil.example/x")
@example("\\\\evil.example/x")
@example("\x01//evil.example/x")
@example("https:evil.example")
@example("https:/evil.example")
@example("https:////evil.example/x")
@example(".//evil.example")
@example("..//evil.example")
@example("?//evil.example")
@example("https://api.example.com@evil.example/")
@example("//api.example.com\\@evil.example")
def test_a_redirect_that_stays_stays_in_every_library(here: str, location: str) -> None:
    """Where a Location is taken to lead to where it comes from, no library goes anywhere else with it."""
    if not stays(here, location):
        return
    for follow, reader in HOPS:
        try:
            hop = follow(here, location)
        except Exception:  # noqa: BLE001, S112 - it refuses to follow
            continue
        assert read_by(reader, hop) in {None, origin_of(here)}, (here, location, follow.__name__, hop)


def test_where_a_redirect_leads() -> None:
    """Our own authority, or a reference that has none and cannot be taken for one."""
    cases: list[tuple[str, bool]] = [
        ("/x", True),
        ("x", True),
        ("x/y:z", True),
        ("?page=2", True),
        ("#part", True),
        ("", True),
        ("https://api.example.com/x", True),
        ("HTTPS://API.example.com:443", True),
        ("//api.example.com/x", True),
        ("/a b", True),
        ("https://api.example.com:444/x", False),
        ("http://api.example.com/x", False),
        ("//evil.example/x", False),
        ("////api.example.com/x", False),
        ("x:y", False),
        ("mailto:somebody@example.com", False),
        ("/\\x", False),
        (" /x", False),
        ("/x\ty", False),
    ]
    for location, expected in cases:
        assert stays(HOME, location) is expected
