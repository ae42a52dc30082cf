"""Tests of the grants: what is refused at construction, and what the token request says."""

from __future__ import annotations

import copy
import pickle
from base64 import b64decode
from typing import Any

import pytest
from loopback import SECRET, TOKEN, grant_for

from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    ConfigurationError,
    InsecureTransport,
    InteractionRequired,
    PrivateKeyJWT,
    ResourceServer,
    StaticToken,
    Token,
)
from oauth_cc_auth._grant.discovery import Discovery
from oauth_cc_auth._grant.grant import is_grant
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit

ENDPOINT = "https://as.example.com/token"


def login_for(**changes: Any) -> AuthorizationCode:
    """Return a grant after a login."""
    arguments = {"client_id": "client", "client_secret": SECRET, "refresh_token": "first", **changes}
    return AuthorizationCode(token_endpoint=ENDPOINT, **arguments)


async def async_secret() -> str:
    """Return what cannot be used in a thread."""
    return SECRET


class SomeStrings:
    """Iterable, and no collection."""

    def __iter__(self) -> Any:
        """Give one string."""
        return iter(["a"])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"client_id": ""}, "client_id"),
    ({"client_id": None}, "client_id"),
    ({"client_id": 5}, "client_id"),
    ({"client_secret": None}, "client_secret"),
    ({"client_secret": ""}, "client_secret"),
    ({"client_secret": 5}, "client_secret"),
    ({"client_secret": b"bytes"}, "client_secret"),
    ({"client_secret": async_secret}, "client_secret is an async function"),
    ({"token_endpoint_auth_method": "basic"}, "token_endpoint_auth_method"),
    ({"token_endpoint": ""}, "token_endpoint"),
    ({"token_endpoint": None}, "token_endpoint"),
    ({"token_endpoint": "/token"}, "token_endpoint"),
    ({"token_endpoint": "https:///token"}, "token_endpoint"),
    ({"token_endpoint": "as.example.com/token"}, "token_endpoint"),
    ({"token_endpoint": "ftp://as.example.com"}, "token_endpoint"),
    ({"revocation_endpoint": "/revoke"}, "revocation_endpoint"),
    ({"revocation_endpoint": 5}, "revocation_endpoint"),
    ({"scope": 5}, "scope"),
    ({"scope": b"read"}, "scope"),
    ({"scope": [5]}, "scope"),
    ({"scope": ["a", ""]}, "scope"),
    ({"scope": ["a", None]}, "scope"),
    ({"scope": SomeStrings()}, "scope"),
    ({"audience": 5}, "audience"),
    ({"audience": ""}, "audience"),
    ({"audience": [""]}, "audience"),
    ({"audience": b"x"}, "audience"),
    ({"resource": [None]}, "resource"),
    ({"resource": ["https://api.example.com", "https://api.example.com/#x"]}, "resource holds a fragment"),
    ({"resource": SomeStrings()}, "resource"),
    ({"parameters": "a=b"}, "parameters"),
    ({"parameters": None}, "parameters"),
    ({"parameters": {"a": 5}}, r"parameters\['a'\]"),
    ({"parameters": {"a": ["x", 5]}}, r"parameters\['a'\]"),
    ({"parameters": {5: "a"}}, "parameters"),
    ({"parameters": {"scope": "a"}}, "parameters holds scope"),
    ({"parameters": {"client_secret": "a", "client_id": "b"}}, "parameters holds client_id, client_secret"),
    ({"parameters": {"grant_type": "password"}}, "parameters holds grant_type"),
    ({"headers": {"X Y": "a"}}, "headers"),
    ({"headers": {"X": "a\nb"}}, "headers"),
    ({"headers": 5}, "headers"),
    ({"default_lifetime": 0}, "default_lifetime"),
    ({"default_lifetime": -1}, "default_lifetime"),
    ({"default_lifetime": "3600"}, "default_lifetime"),
    ({"default_lifetime": True}, "default_lifetime"),
    ({"default_lifetime": float("nan")}, "default_lifetime"),
    ({"default_lifetime": float("inf")}, "default_lifetime"),
    ({"resource_server": "https://api.example.com"}, "resource_server"),
    ({"issuance_limit": 5}, "issuance_limit"),
    ({"client_id": "\ud800"}, "client_id"),
    ({"client_secret": "\ud800"}, "client_secret"),
    ({"scope": "\ud800"}, "scope"),
    ({"audience": ["\ud800"]}, "audience"),
    ({"parameters": {"a": "\ud800"}}, r"parameters\['a'\]"),
    ({"headers": {"X": "ü"}}, "headers"),
    ({"token_endpoint": "https://user@as.example.com/token"}, "token_endpoint"),
    ({"revocation_endpoint": "https://user:password@as.example.com/token"}, "revocation_endpoint"),
    ({"token_endpoint": "https://as.example.com/token#part"}, "token_endpoint holds a fragment"),
    ({"token_endpoint": Discovery("https://as.example.com/x#")}, "token_endpoint holds a fragment"),
    ({"revocation_endpoint": "https://as.example.com/x?a=b#part"}, "revocation_endpoint holds a fragment"),
]


@pytest.mark.requirement("6749-endpoint-fragment", "6749-confidential", "8693-resource", "8707-resource")
def test_a_wrong_argument_is_named() -> None:
    """Case 7: what cannot work is refused at construction; the message names the argument and shows no secret."""
    cases: list[Any] = [ClientCredentials, AuthorizationCode]
    for cls in cases:
        for changes, name in WRONG:
            arguments = {"token_endpoint": ENDPOINT, "client_id": "client", "client_secret": SECRET, **changes}
            with pytest.raises(ConfigurationError, match=name) as caught:
                cls(**arguments)
            assert SECRET not in str(caught.value)


@pytest.mark.requirement("6749-tls", "7662-tls")
def test_plain_http_asks_for_the_word() -> None:
    """A secret does not travel in the clear, unless the grant says so; loopback is no travel."""
    cases: list[str] = ["token_endpoint", "revocation_endpoint", "introspection_endpoint", "authorization_endpoint"]
    for name in cases:
        with pytest.raises(InsecureTransport, match=f"{name} is plain http.*allow_insecure_http=True"):
            login_for_arguments({"token_endpoint": ENDPOINT, name: "http://a.example"})
        for url, allowed in [
            ("http://a.example", True),
            ("http://127.0.0.1:8000/x", False),
            ("http://localhost/", False),
        ]:
            arguments = {"token_endpoint": ENDPOINT, name: url, "allow_insecure_http": allowed}
            assert getattr(login_for_arguments(arguments), name) == url


def login_for_arguments(arguments: dict[str, Any]) -> AuthorizationCode:
    """Return a grant of exactly these arguments and a client."""
    return AuthorizationCode(client_id="c", client_secret="s", **arguments)


@pytest.mark.requirement("6749-redirect-uri", "6749-endpoint-fragment")
def test_a_wrong_argument_of_a_login_is_named() -> None:
    """Case 7: what only the authorization code grant has is checked too."""
    cases: list[tuple[str, object]] = [
        ("refresh_token", 5),
        ("refresh_token", "\ud800"),
        ("authorization_endpoint", "/authorize"),
        ("authorization_endpoint", "https://as.example.com/authorize#here"),
        ("redirect_uri", "/callback"),
        ("redirect_uri", "https://app.example.com/callback#here"),
    ]
    for name, value in cases:
        with pytest.raises(ConfigurationError, match=name):
            login_for(**{name: value})


def test_a_client_without_a_secret() -> None:
    """A public client, and one that proves itself by its certificate, has no secret."""
    cases: list[str] = ["none", "tls_client_auth", "self_signed_tls_client_auth"]
    for method in cases:
        assert grant_for(client_secret=None, token_endpoint_auth_method=method).client_secret is None


def test_a_signing_client_needs_its_key() -> None:
    """A client that signs has a secret like the others: its key."""
    with pytest.raises(ConfigurationError, match="client_secret"):
        grant_for(client_secret=None, token_endpoint_auth_method=PrivateKeyJWT())


@pytest.mark.requirement("6749-scope")
def test_scope() -> None:
    """Case 1: scopes are joined by spaces; a set, which has no order, always the same way."""
    cases: list[tuple[Any, str | None]] = [
        ("read write", "read write"),
        (["write", "read"], "write read"),
        (("write", "read"), "write read"),
        ({"write", "read"}, "read write"),
        (frozenset({"b", "a", "c"}), "a b c"),
        ({"x": 1, "y": 2}.keys(), "x y"),
        ("  read\n\twrite ", "read write"),
        (["read\n", "a b"], "read a b"),
        ("", None),
        (" ", None),
        ([], None),
        (None, None),
    ]
    for scope, expected in cases:
        grant = grant_for(scope=scope)
        assert grant.scope == expected
        expected_parameters = [] if expected is None else [("scope", expected)]
        assert grant.request_parameters(None) == [("grant_type", "client_credentials"), *expected_parameters]


def test_what_is_no_scope() -> None:
    """RFC 6749 §3.3: no quotes, no backslash, printable ASCII; a mapping is no collection of scopes."""
    cases: list[Any] = [{"read": True}, b"read", 'a"b', "a\\b", "lüge", ["ok", "ü"], "a\x00", 5]
    for scope in cases:
        with pytest.raises(ConfigurationError, match="scope"):
            grant_for(scope=scope)


def test_parameters_of_the_token_request() -> None:
    """Case 4: each value of a repeated parameter stays, and the previous token changes nothing."""
    grant = grant_for(
        scope="a",
        audience=("https://1", "https://2"),
        resource=["https://3", "https://4"],
        parameters={"tenant": "t", "several": ("x", "y"), "nothing": None, "none": []},
    )
    expected = [
        ("grant_type", "client_credentials"),
        ("scope", "a"),
        ("audience", "https://1"),
        ("audience", "https://2"),
        ("resource", "https://3"),
        ("resource", "https://4"),
        ("tenant", "t"),
        ("several", "x"),
        ("several", "y"),
    ]
    assert grant.request_parameters(None) == expected
    assert grant.request_parameters(Token(TOKEN, scope="other", refresh_token="r")) == expected


def test_refresh_request() -> None:
    """The latest refresh token is sent, with the scope that was granted and not the one that was asked for."""
    cases: list[tuple[Token | None, str, str | None]] = [
        (None, "first", None),
        (Token("a"), "first", None),
        (Token("a", refresh_token="second"), "second", None),
        (Token("a", refresh_token="second", scope="public"), "second", "public"),
    ]
    for previous, token, scope in cases:
        parameters = login_for(scope="read_user", audience="https://api").request_parameters(previous)
        granted = [] if scope is None else [("scope", scope)]
        assert parameters == [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            *granted,
            ("audience", "https://api"),
        ]


def test_no_refresh_token_means_a_login() -> None:
    """Without any refresh token only a user can help, and the message says how to pass one."""
    cases: list[Token | None] = [None, Token("a")]
    for previous in cases:
        with pytest.raises(InteractionRequired, match="refresh_token="):
            login_for(refresh_token=None).request_parameters(previous)


def test_shows_no_secret() -> None:
    """Case 37: no secret is in the repr, nor values of parameters and headers, which may be some."""
    cases: list[object] = [
        grant_for(
            parameters={"p": SECRET}, headers={"X": SECRET}, resource_server=ResourceServer(headers={"Y": SECRET})
        ),
        login_for(refresh_token=SECRET),
        StaticToken(SECRET),
        StaticToken.basic("user", SECRET, resource_server=ResourceServer("https://api.example.com")),
    ]
    for grant in cases:
        for text in (repr(grant), str(grant), f"{[grant]}"):
            assert SECRET not in text
            assert type(grant).__name__ in text


def test_is_a_value() -> None:
    """Grants are equal if they say the same, hashable, immutable, follow no outside change, copy and pickle."""
    scope, headers, several, resource = ["b", "a"], {"X": "1"}, ["x"], ["https://r"]
    one = grant_for(scope=scope, headers=headers, parameters={"p": several}, resource=resource)
    headers["X"] = "2"
    for values in (scope, several, resource):
        values.append("changed")
    other = grant_for(scope="b a", headers={"X": "1"}, parameters={"p": ("x",)}, resource=("https://r",))
    assert one == other
    assert hash(one) == hash(other)
    assert one != grant_for()
    assert pickle.loads(pickle.dumps(one)) == copy.copy(one) == copy.deepcopy(one) == one
    with pytest.raises(AttributeError):
        one.client_id = "x"  # type: ignore[misc]  # that it is frozen is the point


def test_a_static_token_fits_in_a_header() -> None:
    """What could not stand in a header is refused at construction, without quoting it."""
    cases: list[Any] = ["", None, 5, "a\nb", "a\r", b"x", "a\x00", "ü"]
    for token in cases:
        with pytest.raises(ConfigurationError, match="token or key"):
            StaticToken(token)


def test_a_limit_counts_tokens() -> None:
    """A limit is a whole number of tokens above 0; the message names the argument."""
    cases: list[tuple[Any, float]] = [(0, 1), (-1, 1), (1.5, 1), (True, 1), ("1", 1)]
    for count, seconds in cases:
        with pytest.raises(ConfigurationError, match="count"):
            IssuanceLimit(count, seconds)


def test_a_limit_is_for_a_time() -> None:
    """A limit is for a number of seconds above 0; the message names the argument."""
    cases: list[Any] = [0, -1, "1", True, None, float("nan"), float("inf")]
    for seconds in cases:
        with pytest.raises(ConfigurationError, match="seconds"):
            IssuanceLimit(1, seconds)


def test_a_grant_with_a_limit_is_a_value() -> None:
    """Limits are kept as given, and compare."""
    one = grant_for(issuance_limit=IssuanceLimit(5, 86_400))
    other = grant_for(issuance_limit=IssuanceLimit(5, 86_400.0))
    assert one == other
    assert hash(one) == hash(other)
    assert one != grant_for(issuance_limit=IssuanceLimit(6, 86_400))


def test_what_is_a_grant() -> None:
    """The three grants are grants, and nothing else is."""
    cases: list[tuple[object, bool]] = [
        (grant_for(), True),
        (login_for(), True),
        (StaticToken("x"), True),
        (None, False),
        ("vainu", False),
        (object(), False),
    ]
    for thing, verdict in cases:
        assert is_grant(thing) is verdict


def test_static_basic() -> None:
    """A user and a password become what RFC 7617 has, in UTF-8, in the server's own header."""
    server = ResourceServer("https://api.example.com", header="X-Auth", scheme=None, headers={"X": "1"})
    grant = StaticToken.basic("ü", "p:w", resource_server=server)
    assert b64decode(grant.access_token).decode() == "ü:p:w"
    assert grant.resource_server == ResourceServer(
        "https://api.example.com", header="X-Auth", scheme="Basic", headers={"X": "1"}
    )


def test_static_basic_of_what_cannot_be_sent() -> None:
    """Case 7: a user or a password that is no string, or has lone surrogates, is refused at construction."""
    cases: list[tuple[Any, Any]] = [("\ud800", "p"), ("u", "\ud800"), (None, "p"), ("u", b"p")]
    for user, password in cases:
        with pytest.raises(ConfigurationError, match="the user or the password"):
            StaticToken.basic(user, password, resource_server=ResourceServer("https://api.example.com"))
