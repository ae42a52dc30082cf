"""Tests of where a token may go."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from loopback import TOKEN

from oauth_cc_auth import ConfigurationError, InsecureTransport, OriginNotAllowed, ResourceServer, Token
from oauth_cc_auth._http.origin import is_secure, origin_of
from oauth_cc_auth._resource_server.presentation import presenter_for

API = ResourceServer(
    "https://api.example.com/v1", origins=["https://files.example.com", "https://münchen.example:8443"]
)

ALLOWED = [
    "https://api.example.com",
    "https://api.example.com/",
    "https://api.example.com/v1/things?x=1#y",
    "https://api.example.com/another/path",
    "https://api.example.com?x=1",
    "https://api.example.com#x",
    "https://API.Example.COM/",
    "HTTPS://api.example.com/",
    "https://api.example.com:443/",
    "https://api.example.com:/",
    "https://user:password@api.example.com/",
    "https://files.example.com/",
    "https://münchen.example:8443/",
    "https://MÜNCHEN.example:8443/",
    "https://xn--mnchen-3ya.example:8443/",
]
FOREIGN = [
    "https://example.com/",
    "https://evil.example/",
    "https://sub.api.example.com/",
    "https://api.example.com.evil.example/",
    "https://api.example.com./",
    "https://api.example.com@evil.example/",
    "https://api.example.com:443@evil.example/",
    "https://api.example.com:444/",
    "https://api.example.com:80/",
    "http://api.example.com/",
    "http://api.example.com:443/",
    "https://evil.example/https://api.example.com/",
    "https://evil.example?https://api.example.com/",
    "https://evil.example#@api.example.com/",
    "https://münchen.example/",
    "https://munchen.example:8443/",
    "https://aрi.example.com/",  # noqa: RUF001 - a Cyrillic letter is the point
    "https://127.0.0.1/",
    "https://[::1]/",
]
NO_ORIGIN = [
    "",
    "/v1/things",
    "//api.example.com/",
    "api.example.com",
    "ftp://api.example.com/",
    "https:///v1",
    "https://",
    "https:api.example.com",
    "https://:443/",
    "https://@/",
    " https://api.example.com/",
    "https://api.example.com \t/",
    "https://api.example.com\n",
    "https://api.example.com\n.evil.example/",
    "https://api.example.com\\@evil.example/",
    "https://evil.example\\.api.example.com/",
    "https://a@b@api.example.com/",
    "https://api.example.com。evil.example/",
    "https://api.example.com%2eevil.example/",
    "https://exa%6dple.com/",
    "https://straße.example/",
    "https://api.example.com!/",
    "https://api.example.com:65536/",
    "https://api.example.com:port/",
    "https://api.example.com:443:443/",
    "https://api.example.com:4430000/",
    "https://[::1/",
    "https://\u2028.example/",
    "https://xn--\u00fc.example/",
]


def token_of(access_token: str = TOKEN) -> Token:
    """Return a token that lives for ever."""
    return Token(access_token, obtained_at=0.0)


def test_the_token_goes_to_the_api() -> None:
    """Case 36: another spelling of the same origin is the same origin."""
    for url in ALLOWED:
        API.admit(url)
        assert API.may_receive(url, token_of())
        assert API.names(url, token_of())


@pytest.mark.requirement("6750-no-leak")
def test_a_token_of_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that sends a sandbox's token to the vendor's real host hears where to send it, and of the variable."""
    sandbox = ResourceServer("http://127.0.0.1:8401/v2")
    with pytest.raises(OriginNotAllowed, match=r"as a sandbox's does: send the call to source\.url\(path\)\.$"):
        sandbox.admit("https://api.example.com/")
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", "http://127.0.0.1:8400")
    with pytest.raises(OriginNotAllowed, match=r"OAUTH_CC_AUTH_SANDBOX is set.*source\.url\(path\).*unset"):
        sandbox.admit("https://api.example.com/")
    with pytest.raises(OriginNotAllowed, match="name it in ResourceServer"):
        API.admit("https://elsewhere.example/")


def test_the_token_goes_nowhere_else() -> None:
    """Case 36: another origin is refused, however much it looks like the API's, and the error names the way out."""
    for url in FOREIGN:
        with pytest.raises(OriginNotAllowed, match=r"may go to https://api\.example\.com:443, .*origins="):
            API.admit(url)
        assert not API.may_receive(url, token_of())
        assert not API.names(url, token_of())


def test_what_two_parsers_may_read_differently_has_no_origin() -> None:
    """Case 36: an ambiguous URL is refused, also where any origin is allowed."""
    cases_of_server: list[ResourceServer] = [API, ResourceServer()]
    for server in cases_of_server:
        for url in NO_ORIGIN:
            with pytest.raises(OriginNotAllowed, match="not an absolute http or https URL"):
                server.admit(url)
            assert not API.may_receive(url, token_of())
            assert not server.names(url, token_of())


BELOW = ResourceServer(
    "https://api.acme.com/v2", origins=["https://*.acme.com", "https://*.up.acme.net:8443", "https://*.münchen.example"]
)


def test_an_origin_may_name_every_host_below_a_domain() -> None:
    """``https://*.acme.com`` stands for its subdomains, at any depth."""
    cases: list[str] = [
        "https://api.acme.com/",
        "https://files.acme.com/x",
        "https://FILES.Acme.com:443/x",
        "https://a.b.c.acme.com/",
        "https://user@files.acme.com/",
        "https://las.up.acme.net:8443/",
        "https://a.xn--mnchen-3ya.example/",
    ]
    for url in cases:
        BELOW.admit(url)
        assert BELOW.names(url, Token(TOKEN))


def test_a_domain_has_hosts_of_its_own_only() -> None:
    """The domain itself, one that looks like it, another port or scheme: none is below it."""
    cases: list[str] = [
        "https://acme.com/",
        "https://.acme.com/",
        "https://evilacme.com/",
        "https://files.acme.com.evil.example/",
        "https://files.acme.com./",
        "http://files.acme.com/",
        "https://files.acme.com:8443/",
        "https://evil.example%2f.acme.com/",
        "https://evil.example%00.acme.com/",
        "https://a..acme.com/",
        "https://las.up.acme.net/",
        "https://evil.example/.acme.com",
        "https://evil.example?.acme.com",
        "https://evil.example#.acme.com",
        "https://files.acme.com@evil.example/",
        "https://evil.example;.acme.com/",
    ]
    for url in cases:
        with pytest.raises(OriginNotAllowed):
            BELOW.admit(url)
        assert not BELOW.may_receive(url, Token(TOKEN))


def test_a_star_stands_for_hosts_below_a_domain_only() -> None:
    """More than one star, or one that stands elsewhere or before a top-level domain, is refused at construction."""
    cases: list[str] = [
        "https://*",
        "https://*.com",
        "https://*.*.acme.com",
        "https://files.*.acme.com",
        "https://*acme.com",
        "https://f*.acme.com",
        "https://*.acme.com.*",
        "https://*.a@evil.example",
        "https://*.0.0.1",
        "https://*.[::1]",
    ]
    for origin in cases:
        with pytest.raises(ConfigurationError, match="origins are http or https URLs"):
            ResourceServer("https://api.acme.com", origins=[origin])
        with pytest.raises(ConfigurationError, match="star"):
            ResourceServer("https://*.acme.com")


def test_a_prefix_is_glued_to_the_token() -> None:
    """OpenEO wants ``Bearer oidc/CDSE/TOKEN``: the prefix stands after the scheme, or before a token that is alone."""
    for scheme, expected in (("Bearer", f"Bearer oidc/CDSE/{TOKEN}"), (None, f"oidc/CDSE/{TOKEN}")):
        server = ResourceServer("https://api.acme.com", scheme=scheme, prefix="oidc/CDSE/")
        presented = presenter_for(server).headers("GET", "https://api.acme.com", Token(TOKEN))
        assert presented == {"Authorization": expected}
    for wrong in ("a\n", "ü", None):
        with pytest.raises(ConfigurationError, match="prefix"):
            ResourceServer("https://api.acme.com", prefix=wrong)  # type: ignore[arg-type]  # that is the point


def test_without_a_pin_any_https_origin_is_allowed() -> None:
    """A resource server without a base_url admits any origin, and names none."""
    anywhere = ResourceServer()
    anywhere.admit("https://whatever.example/")
    assert anywhere.may_receive("https://whatever.example/", token_of())
    assert not anywhere.names("https://whatever.example/", token_of())


def test_loopback_may_be_plain_http() -> None:
    """Nobody reads what does not leave the machine, nor what is encrypted."""
    cases: list[str] = [
        "http://localhost/",
        "http://LOCALHOST:8000/",
        "http://127.0.0.1:5000/",
        "http://127.8.9.1/",
        "http://[::1]:80/",
        "https://api.example.com/",
    ]
    for url in cases:
        assert is_secure(origin_of(url))
        ResourceServer().admit(url)


@pytest.mark.requirement("6750-tls")
def test_plain_http_is_refused() -> None:
    """A token is not sent where it could be read on its way, unless the grant says so by name."""
    cases: list[str] = [
        "http://api.example.com/",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.1/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://[fe80::1]/",
        "http://evil.example#localhost",
        "http://localhost@evil.example/",
    ]
    for url in cases:
        with pytest.raises(InsecureTransport, match="allow_insecure_http=True"):
            ResourceServer().admit(url)
        ResourceServer().admit(url, allow_insecure_http=True)


def test_a_pin_to_plain_http_still_asks_for_the_word() -> None:
    """Case 36: naming a plain http origin does not make it safe."""
    server = ResourceServer("http://api.example.com")
    with pytest.raises(InsecureTransport):
        server.admit("http://api.example.com/x")
    server.admit("http://api.example.com/x", allow_insecure_http=True)


def test_an_origin_has_one_spelling() -> None:
    """Scheme, host and port, in lower case, with the port written out."""
    cases: list[str] = ["HTTP://Example.COM", "http://example.com:80", "http://u@example.com:/x"]
    for url in cases:
        assert origin_of(url) == "http://example.com:80"


def test_a_wrong_argument_is_named() -> None:
    """What cannot work is refused at construction, and the message names the argument."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"header": "X Y"}, "header"),
        ({"header": ""}, "header"),
        ({"header": None}, "header"),
        ({"header": "X:Y"}, "header"),
        ({"header": "X\r\nY"}, "header"),
        ({"scheme": "Bearer "}, "scheme"),
        ({"scheme": ""}, "scheme"),
        ({"scheme": 5}, "scheme"),
        ({"origins": "https://api.example.com"}, "origins"),
        ({"renew_on": "401"}, "renew_on"),
        ({"renew_on": 401}, "renew_on"),
        ({"base_url": ""}, "base_url"),
        ({"base_url": "api.example.com"}, "base_url"),
        ({"base_url": 5}, "base_url"),
        ({"origins": ["ftp://x"]}, "origins"),
        ({"origins": [None]}, "origins"),
        ({"headers": {"X Y": "z"}}, "headers"),
        ({"headers": {5: "z"}}, "headers"),
        ({"headers": {"X": "a\r\nb"}}, r"headers\['X'\]"),
        ({"headers": {"X": 5}}, r"headers\['X'\]"),
        ({"headers": 5}, "headers"),
        ({"renew_if": 5}, "renew_if"),
        ({"base_url_of": "instance_url"}, "base_url_of"),
        ({"errors": None}, "errors"),
        ({"origins": 5}, "origins"),
        ({"renew_on": None}, "renew_on"),
    ]
    for arguments, name in cases:
        with pytest.raises(ConfigurationError, match=name):
            ResourceServer(**arguments)


def test_is_a_value() -> None:
    """Resource servers are equal if they say the same, hashable, picklable, immutable, and follow no outside change."""
    headers, renew_on, origins = {"X": "1"}, {401}, ["https://b.example"]
    one = ResourceServer("https://a.example", headers=headers, renew_on=renew_on, origins=origins)
    other = ResourceServer("https://a.example", headers={"X": "1"}, renew_on={401}, origins=("https://b.example",))
    headers["X"], origins[0] = "2", "https://evil.example"
    renew_on.add(500)
    assert one == other
    assert hash(one) == hash(other)
    assert not one.may_receive("https://evil.example", token_of())
    back = pickle.loads(pickle.dumps(one))
    assert back == one
    assert copy.deepcopy(one) == one
    assert back.may_receive("https://b.example", token_of())
    with pytest.raises(AttributeError):
        one.base_url = "https://evil.example"  # type: ignore[misc]  # that it is frozen is the point


def test_header_values_may_be_any_line_of_ascii() -> None:
    """RFC 9110 §5.5: visible characters, space and tab."""
    for value in ("", "a b", "a\tb", "!~"):
        assert ResourceServer(headers={"X": value}).headers == {"X": value}


def test_other_header_values_are_refused() -> None:
    """What ends a line, controls something, or is encoded by each library in its own way, is refused by name."""
    for value in ("a\x00", "a\x7f", "ü", "€", "a\n", "\r", "\x85", "\u2028"):
        with pytest.raises(ConfigurationError, match=r"headers\['X'\]"):
            ResourceServer(headers={"X": value})


def test_a_base_url_has_no_star() -> None:
    """A host below a domain is named in origins; the error says so."""
    with pytest.raises(ConfigurationError, match="named in origins"):
        ResourceServer("https://*.example.com")


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/users", "https://api.example.com/v1/users"),
        ("users?page=2", "https://api.example.com/v1/users?page=2"),
        ("", "https://api.example.com/v1/"),
        ("//evil.example/", "https://api.example.com/v1/evil.example/"),
        ("https://files.example.com/a", "https://files.example.com/a"),
        ("HTTPS://evil.example/", "HTTPS://evil.example/"),
    ],
)
def test_a_path_below_the_base(path: str, url: str) -> None:
    """A path is below the base, however it begins; a whole URL stays as it is, and is judged where it is called."""
    assert API.url_for(path, None) == API.url_for(path, Token(TOKEN)) == url


def test_a_base_that_the_token_tells() -> None:
    """The base may be told by the token; where nobody tells it, the error says what to pass."""
    told = ResourceServer(base_url_of=lambda token: str(token.extra["instance_url"]))
    token = Token(TOKEN, extra={"instance_url": "https://acme.example/"})
    assert told.url_for("/users", token) == "https://acme.example/users"
    with pytest.raises(ConfigurationError, match="no single base_url: pass a whole URL, or ResourceServer"):
        ResourceServer().url_for("/users", None)
