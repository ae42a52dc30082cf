"""Tests of what an import costs and offers, each in an interpreter of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import metadata
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from doors import TokenEndpoint

import oauth_cc_auth
from oauth_cc_auth import errors, stores

SLOW = [
    "authlib",
    "requests",
    "httpx",
    "httpx2",
    "cryptography",
    "joserfc",
    "asyncio",
    "trio",
    "anyio",
    "urllib3",
    "idna",
]

# niquests is no part of the extra for tests: see the Makefile.
INSTALLED = [name for name in oauth_cc_auth._NAMES if find_spec("niquests") or not name.endswith("NiquestsAuth")]


def run(code: str, *options: str) -> str:
    """Run code in a bare interpreter, warnings being errors; return what it wrote to stderr."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "error", *options, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def modules_of(importtime: str) -> set[str]:
    """Return the top-level names in a report of -X importtime."""
    lines = [line for line in importtime.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_package_costs_next_to_nothing() -> None:
    """`import oauth_cc_auth` loads no OAuth library, no HTTP library, no cryptography and no event loop."""
    loaded = modules_of(run("import oauth_cc_auth", "-X", "importtime"))
    assert "oauth_cc_auth" in loaded
    assert not loaded & set(SLOW)


def test_values_cost_no_library() -> None:
    """A grant, a resource server, a token, a preset, an error: none needs a library to be written down."""
    names = "ClientCredentials, ResourceServer, Token, presets, OAuthError, MemoryStore"
    loaded = modules_of(run(f"from oauth_cc_auth import {names}", "-X", "importtime"))
    assert not loaded & set(SLOW)


@pytest.mark.parametrize(
    ("door", "library", "others"),
    [
        ("RequestsAuth", "requests", ["httpx", "httpx2", "authlib", "joserfc", "cryptography.hazmat"]),
        ("HttpxAuth", "httpx", ["requests", "httpx2", "authlib", "joserfc", "cryptography.hazmat"]),
        ("HttpxAuth", "httpx2", ["requests", "httpx", "authlib", "joserfc", "cryptography.hazmat"]),
        ("AiohttpAuth", "aiohttp", ["requests", "httpx", "httpx2", "authlib", "joserfc", "cryptography.hazmat"]),
        ("GrpcAuth", "grpc", ["requests", "httpx", "httpx2", "authlib", "joserfc", "cryptography.hazmat"]),
        ("TokenSource", "json", ["requests", "httpx", "httpx2", "authlib", "joserfc", "cryptography.hazmat"]),
    ],
)
def test_a_door_loads_its_own_library_only(door: str, library: str, others: list[str]) -> None:
    """Building an auth object loads nothing beside the library that it is for; authlib waits for the first flight."""
    run(
        f"""
import sys
import {library}
from oauth_cc_auth import ClientCredentials, {door}
before = set(sys.modules)
{door}(ClientCredentials(token_endpoint="https://as.example.com", client_id="c", client_secret="s"))
assert "{library}" in sys.modules
loaded = [name for name in {others} if name in sys.modules]
assert not loaded, loaded
"""
    )


@pytest.mark.parametrize("door", ["requests", "httpx"])
def test_a_door_waits_with_what_it_does_not_need_yet(door: str) -> None:
    """Importing a door loads the rooms of the hot path; grants, formats and renewals come when they are used."""
    run(
        f"""
import sys
import oauth_cc_auth.{door}
later = ("_grant", "_life.key", "_life.table", "_life.renewal", "_login", "_authorization_server")
loaded = [name for name in later if f"oauth_cc_auth.{{name}}" in sys.modules]
assert not loaded, loaded
"""
    )


@pytest.mark.parametrize(("door", "library"), [("RequestsAuth", "requests"), ("HttpxAuth", "httpx")])
def test_an_auth_object_waits_with_what_its_grant_does_not_need(door: str, library: str) -> None:
    """An auth object of a client credentials preset loads no class for JWTs, certificates, metadata or DPoP."""
    run(
        f"""
import sys
import {library}
from oauth_cc_auth import {door}, presets
before = set(sys.modules)
{door}(presets.vainu("id", "secret"))
later = (
    *("_grant.assertion", "_grant.certificate", "_grant.discovery", "_grant.jwt_bearer", "_grant.jwt_form"),
    *("_grant.token_exchange", "_http.bounds", "_http.messages", "_life.renewal", "_resource_server.dpop"),
    *("_authorization_server", "_login", "_signature", "events", "stores"),
)
loaded = [name for name in later if f"oauth_cc_auth.{{name}}" in sys.modules]
assert not loaded, loaded
ours = {{name for name in sys.modules if name.startswith("oauth_cc_auth")}}
assert len(ours) <= 60, sorted(ours)
foreign = {{name.partition(".")[0] for name in set(sys.modules) - before - ours}}
wanted = {{"contextvars", "copy", "hmac"}}  # neither dataclasses nor inspect, which take 5 ms, nor what these import
assert foreign <= wanted | {{name for name in foreign if name.startswith("_")}}, foreign - wanted
"""
    )


def without(*names: str) -> str:
    """Return code that makes libraries look as if they were not installed."""
    return f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name.partition(".")[0] in {names} else real(name, package)
"""


def test_a_missing_library_says_its_cure() -> None:
    """A door whose library is not installed is an ImportError that says what to install; the rest works."""
    run(
        without("requests", "httpx", "httpx2", "aiohttp", "grpc", "niquests")
        + """
import oauth_cc_auth
extras = {
    "RequestsAuth": "requests",
    "HttpxAuth": "httpx",
    "AiohttpAuth": "aiohttp",
    "GrpcAuth": "grpc",
    "NiquestsAuth": "niquests",
    "AsyncNiquestsAuth": "niquests",
}
for door, extra in extras.items():
    try:
        getattr(oauth_cc_auth, door)
    except ImportError as error:
        assert "pip install" in str(error) and f"oauth-cc-auth[{extra}]" in str(error), error
    else:
        raise AssertionError(f"no ImportError for {door}")
oauth_cc_auth.ClientCredentials(token_endpoint="https://as.example.com", client_id="c", client_secret="s")
oauth_cc_auth.TokenSource
"""
    )


@pytest.mark.parametrize(("missing", "there"), [("httpx", "httpx2"), ("httpx2", "httpx")])
def test_either_httpx_will_do(missing: str, there: str) -> None:
    """The door for httpx opens with httpx or httpx2 alone."""
    run(
        without(missing)
        + f"""
from oauth_cc_auth import ClientCredentials, HttpxAuth
auth = HttpxAuth(ClientCredentials(token_endpoint="https://as.example.com", client_id="c", client_secret="s"))
import {there}
assert isinstance(auth, {there}.Auth)
"""
    )


def test_a_source_needs_no_http_library() -> None:
    """Without any of them, the standard library obtains the token."""
    with TokenEndpoint() as server:
        run(
            without("requests", "httpx", "httpx2")
            + f"""
from oauth_cc_auth import ClientCredentials, TokenSource
source = TokenSource(ClientCredentials(token_endpoint="{server.origin}/token", client_id="c", client_secret="s"))
assert source.token().access_token == "token-1"
for attempt in source.attempts("GET", "https://api.example.com"):
    assert attempt.headers == {{"Authorization": "Bearer token-1"}}
    assert attempt.heard(200, {{}}) is False
"""
        )


def test_every_public_name_resolves() -> None:
    """What is listed is there, and is what its room has."""
    assert sorted(dir(oauth_cc_auth)) == sorted(INSTALLED)
    assert len(set(oauth_cc_auth.__all__)) == len(oauth_cc_auth.__all__)
    for name in INSTALLED:
        assert getattr(oauth_cc_auth, name) is not None
    assert set(stores.__all__) <= set(oauth_cc_auth.__all__)
    for name in stores.__all__:
        assert getattr(stores, name) is getattr(oauth_cc_auth, name)


def test_help_needs_no_extra() -> None:
    """`help(oauth_cc_auth)`, `inspect` and completion work with whatever libraries are there."""
    run(
        without("filelock", "redis", "keyring", "requests")
        + """
import inspect
import pydoc
import oauth_cc_auth
from oauth_cc_auth import stores
names = dict(inspect.getmembers(oauth_cc_auth))
assert {"HttpxAuth", "MemoryStore", "presets"} <= set(names)
assert not {"RequestsAuth", "FileStore", "RedisStore", "KeyringStore"} & set(dir(oauth_cc_auth))
assert "TokenSource" in pydoc.plain(pydoc.render_doc(oauth_cc_auth))
assert "MemoryStore" in pydoc.plain(pydoc.render_doc(stores))
"""
    )


def test_a_star_needs_no_extra() -> None:
    """``from oauth_cc_auth import *`` brings what the installed libraries allow, and fails for none that is missing."""
    first = {"AiohttpAuth", "GrpcAuth", "FileStore", "RedisStore"}
    second = {"RequestsAuth", "HttpxAuth", "EncryptedStore"}
    for missing, hidden, shown in [
        (("aiohttp", "grpc", "filelock", "redis", "keyring"), first, second),
        (("requests", "cryptography", "httpx", "httpx2"), second, first),
    ]:
        run(
            without(*missing)
            + f"""
before = set(globals())
from oauth_cc_auth import *
from oauth_cc_auth.stores import *
from oauth_cc_auth.presets import *
names = set(globals()) - before
assert {{"ClientCredentials", "TokenSource", "MemoryStore", "OAuthError", "forget_all", "vainu"}} <= names
assert not {hidden} & names
assert {shown} <= names
"""
        )


def test_a_library_that_is_missing_hides_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be imported is not listed."""
    monkeypatch.setitem(oauth_cc_auth._ROOM_OF, "FileStore", "oauth_cc_auth.no_such_room")
    assert set(INSTALLED) - set(dir(oauth_cc_auth)) == {"FileStore"}
    assert oauth_cc_auth.__all__ == dir(oauth_cc_auth)
    monkeypatch.setitem(oauth_cc_auth.stores._MODULE_OF, "RedisStore", "oauth_cc_auth.no_such_room")
    monkeypatch.delitem(vars(oauth_cc_auth.stores), "RedisStore", raising=False)
    assert set(oauth_cc_auth.stores._NAMES) - set(oauth_cc_auth.stores.__all__) == {"RedisStore"}


def test_every_error_is_public() -> None:
    """An error that can be raised can be caught by a public name."""
    classes = [it for it in vars(errors).values() if isinstance(it, type) and issubclass(it, errors.OAuthError)]
    assert len(classes) >= 15
    for cls in classes:
        assert getattr(oauth_cc_auth, cls.__name__) is cls


def test_the_names_of_the_contract() -> None:
    """The names that others rely on are public."""
    values = {"AuthorizationCode", "ClientCredentials", "ResourceServer", "Token", "OAuthError"}
    doors = {
        "AiohttpAuth",
        "AsyncNiquestsAuth",
        "GrpcAuth",
        "NiquestsAuth",
        "HttpxAuth",
        "Login",
        "RequestsAuth",
        "TokenSource",
        "forget_all",
        "presets",
    }
    kept = {"EncryptedStore", "FileStore", "KeyringStore", "MemoryStore", "RedisStore", "TokenStore"}
    promised = values | doors | kept
    assert promised <= set(oauth_cc_auth.__all__)


def test_the_version() -> None:
    """`__version__` is that of the installed distribution, and read only when somebody asks."""
    assert oauth_cc_auth.__version__ == version("oauth-cc-auth")
    run(
        """
import sys
import oauth_cc_auth
assert "importlib.metadata" not in sys.modules
assert oauth_cc_auth.__version__
"""
    )


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A typing error reads as one, by attribute and by import."""
    with pytest.raises(AttributeError, match="module 'oauth_cc_auth' has no attribute 'ReqestsAuth'"):
        oauth_cc_auth.ReqestsAuth  # noqa: B018 - it raises
    with pytest.raises(ImportError, match="cannot import name"):
        exec("from oauth_cc_auth import ReqestsAuth")  # noqa: S102 - it raises


def test_a_name_is_resolved_once() -> None:
    """After its first use a name is a plain attribute."""
    run(
        """
import oauth_cc_auth
assert "Token" not in vars(oauth_cc_auth)
first = oauth_cc_auth.Token
assert vars(oauth_cc_auth)["Token"] is first
"""
    )


def test_the_package_is_typed() -> None:
    """Type checkers find the marker of PEP 561."""
    assert (Path(oauth_cc_auth.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("options", [["-OO"], ["-X", "dev", "-bb"]])
def test_imports_under_other_options(options: list[str]) -> None:
    """The package imports without docstrings and assertions, and in development mode."""
    run(f"import oauth_cc_auth\nfor name in {INSTALLED}: getattr(oauth_cc_auth, name)", *options)


def test_messages_name_extras_that_there_are() -> None:
    """Each message about a library that is not installed names an extra of this distribution."""
    there = set(metadata.metadata("oauth-cc-auth").get_all("Provides-Extra") or ())
    calls = [
        call
        for file in Path(oauth_cc_auth.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "needs"
    ]
    named = {ast.literal_eval(argument) for call in calls for argument in call.args[2:]}
    assert len(calls) > 10
    assert named <= there
