"""Tests of the presets as a collection: names, credentials, keys made by hand, logins, and those of other packages."""

from __future__ import annotations

import copy
import inspect
import os
import pickle
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import requests
from loopback import SECRET

from maintenance import imports
from oauth_cc_auth import (
    AuthorizationCode,
    ConfigurationError,
    OAuthError,
    OriginNotAllowed,
    RequestsAuth,
    StaticToken,
    TokenSource,
    presets,
)
from oauth_cc_auth.sandbox import Sandbox

TOOLS = {"credential", "facts", "host", "label", "one_of", "segment"}
LOOKING_UP = {"get", "names", "probe_of", "variables_of"}

# Per preset of a key made by hand: its environment variables, header, value, and an address of its API.
STATIC: dict[str, tuple[list[str], str, str, str]] = {
    "vibe_api_key": (["VIBE_API_KEY"], "X-API-KEY", "s3cret", "https://api.vibe.co/x"),
    "vainu_api_key": (["VAINU_API_KEY"], "API-Key", "s3cret", "https://api.vainu.io/api/x"),
    "vend_email_personal": (["VEND_EMAIL_TOKEN"], "Authorization", "Bearer s3cret", "https://www.vend.email/api/v1/x"),
    "fyma_legacy": (["FYMA_TOKEN_ID", "FYMA_TOKEN_SECRET"], "Authorization", "Basic", "https://api.fyma.ai/x"),
}
# Per preset of a login: where the user logs in, where tokens are had, client authentication, scope, an address.
LOGINS: dict[str, tuple[str, str, str, str | None, str]] = {
    "vend_email": (
        "https://www.vend.email/oauth/authorize",
        "https://www.vend.email/oauth/token",
        "client_secret_post",
        "read_user",
        "https://www.vend.email/api/v1/me",
    ),
    "vibe_user": (
        "https://api.vibe.co/oauth2/auth",
        "https://api.vibe.co/oauth2/token",
        "none",
        None,
        "https://api.vibe.co/campaigns",
    ),
    "vainu_user": (
        "https://app.vainu.io/api/oauth/authorize/",
        "https://api.vainu.io/api/oauth/token/",
        "none",
        "vainu:api offline_access",
        "https://api.vainu.io/api/v3/organizations/",
    ),
}
# Presets without a client secret, by an assertion: `test_federated_presets` has them.
BY_ASSERTION = [
    *("anthropic", "box_jwt", "docusign", "github_app", "google_service_account", "openai", "openrouter"),
    "salesforce_jwt",
]
ASKING = [name for name in presets.__all__ if name not in {*STATIC, *LOGINS, *BY_ASSERTION}]


def words_of(name: str) -> list[str]:
    """Return the arguments that a preset takes."""
    return list(inspect.signature(presets.get(name)).parameters)


def filled(name: str, **words: str) -> dict[str, str]:
    """Return the words that a preset cannot do without; it names each that is missing."""
    try:
        presets.get(name)(**words)
    except ConfigurationError as error:
        word = missing_word(name, error)
        if word in words:
            raise
        made_up = f"made-up-{word.replace('_', '-')}"
        return filled(name, **words, **{word: f"https://{made_up}.example" if word.endswith("url") else made_up})
    return words


def missing_word(name: str, error: ConfigurationError) -> str:
    """Return the argument in whose place the variable stands that is missing."""
    if error.variable is None:
        raise error
    return next(word for word in words_of(name) if str(error.variable).endswith(f"_{word.upper()}"))


def test_names() -> None:
    """All presets are listed, in order; each resolves, by its name and with dashes, and is documented."""
    assert presets.names() == sorted(presets.__all__)
    assert set(presets.names()) | LOOKING_UP == set(dir(presets))
    assert all(callable(getattr(presets, name)) for name in TOOLS)
    for name in presets.names():
        preset = presets.get(name)
        assert presets.get(name.replace("_", "-").upper()) is preset is getattr(presets, name)
        assert preset.__name__ == name
        assert (preset.__doc__ or "").startswith("Return ")
        assert "https://" in (inspect.getdoc(sys.modules[preset.__module__]) or "")


def test_an_unknown_vendor() -> None:
    """A typing error reads as one, and names what was perhaps meant."""
    cases: list[str] = ["vaino", "credentials", "vainu_", "", "vibes"]
    for name in cases:
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(presets, name)
        with pytest.raises(ConfigurationError, match=f"no preset '{name}'") as caught:
            presets.get(name)
        assert ("did you mean" in str(caught.value)) == (name in {"vaino", "vainu_", "vibes"})


def test_type_checkers_know_them_all() -> None:
    """The imports that type checkers see are those of the presets that are there; `make docs` renews them."""
    source = imports.page().read_text(encoding="utf-8")
    assert imports.renewed(source) == source
    assert imports.renewed(source.replace(" import zoom as zoom", "")) == source


def test_credentials_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments, VENDOR_WORD in the environment counts for each word, without white space; arguments win."""
    for name in [*ASKING, *BY_ASSERTION]:
        words, prefix = filled(name), _prefix(name)
        given = presets.get(name)(**words)
        with monkeypatch.context() as environment:
            for word, value in words.items():
                environment.setenv(f"{prefix}_{word.upper()}", f" {value}\n")
            assert presets.get(name)() == given
            if name in BY_ASSERTION:
                continue
            other: Any = presets.get(name)(**{**words, "client_secret": os.getcwd})
            assert other.client_secret is os.getcwd


def _prefix(name: str) -> str:
    try:
        presets.get(name)()
    except ConfigurationError as error:
        word = missing_word(name, error)
        return str(error.variable).removesuffix(f"_{word.upper()}")
    message = f"{name} asks for nothing"
    raise AssertionError(message)


def test_a_missing_credential_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable that is missing or empty, and shows nothing of the others."""
    for name in [*ASKING, *BY_ASSERTION]:
        words, prefix = filled(name), _prefix(name)
        for missing, value in product(words, ("", "  ")):
            with monkeypatch.context() as environment:
                for word, given in words.items():
                    is_secret = "secret" in word or word == "private_key"
                    environment.setenv(f"{prefix}_{word.upper()}", SECRET if is_secret else given)
                variable = f"{prefix}_{missing.upper()}"
                environment.setenv(variable, value)
                with pytest.raises(ConfigurationError, match=f"{variable} is not set") as caught:
                    presets.get(name)()
            assert caught.value.variable == variable
            assert SECRET not in str(caught.value)


def test_no_word_leads_elsewhere() -> None:
    """A word that is put into an address, as a tenant, cannot end its host or begin another path."""
    cases: list[str] = ["evil.example/x", "evil.example?", "a b", "a@evil.example", "a\nb", "..", "#", "a/../b"]
    for bad in cases:
        for name in [*ASKING, *BY_ASSERTION, *LOGINS]:
            words = filled(name)
            honest: Any = presets.get(name)(**words)
            for word in set(words) - {"client_id", "client_secret", "base_url"}:
                try:
                    grant: Any = presets.get(name)(**{**words, word: bad})
                except ConfigurationError:
                    continue
                # Where the word is a parameter, as an audience, no address has changed.
                assert str(grant.token_endpoint) == str(honest.token_endpoint), (name, word)


@pytest.mark.parametrize("name", STATIC)
def test_a_key_made_by_hand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the argument or the environment, presented as the vendor wants it; a missing one is named."""
    variables, header, value, url = STATIC[name]
    with pytest.raises(ConfigurationError, match=variables[0]):
        presets.get(name)()
    for variable in variables:
        monkeypatch.setenv(variable, "s3cret")
    grant = presets.get(name)()
    assert grant == static(name)
    assert isinstance(grant, StaticToken)
    server: Any = grant.resource_server
    presented = TokenSource(grant).headers("GET", url)
    assert presented.keys() == {header}
    if name == "fyma_legacy":
        assert b64decode(grant.access_token) == b"s3cret:s3cret"
        assert presented[header].startswith("Basic ")
    else:
        assert presented[header] == value
    server.admit(url)
    with pytest.raises(OriginNotAllowed):
        server.admit("https://evil.example/")


def static(name: str) -> Any:
    """Return the static token of a preset, of as many arguments as it has variables."""
    return presets.get(name)(*(["s3cret"] * len(STATIC[name][0])))


def test_a_login() -> None:
    """Where a user logs in and what is asked for are the vendor's; a refused refresh token says what to run."""
    cases: list[str] = list(LOGINS)
    for name in cases:
        authorization, endpoint, method, scope, url = LOGINS[name]
        grant = presets.get(name)(**filled(name))
        assert isinstance(grant, AuthorizationCode)
        assert (grant.authorization_endpoint, grant.token_endpoint) == (authorization, endpoint)
        assert (grant.token_endpoint_auth_method, grant.scope) == (method, scope)
        assert f"oauth-cc-auth login {name.replace('_', '-')}" in grant.how_to_log_in
        assert grant.resource_server is not None
        grant.resource_server.admit(url)
        with pytest.raises(OriginNotAllowed):
            grant.resource_server.admit("https://evil.example/")
        assert presets.get(name)(**filled(name), login="a") != presets.get(name)(**filled(name), login="b")


@pytest.mark.parametrize("given", [None, "given"])
@pytest.mark.parametrize("kept", [None, "", "kept"])
def test_vend_email_knows_its_refresh_token(
    given: str | None, kept: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vend Email's refresh token comes from the argument, else from the environment, else from a store later."""
    if kept is not None:
        monkeypatch.setenv("VEND_EMAIL_REFRESH_TOKEN", kept)
    grant = presets.vend_email("i", "s", refresh_token=given, redirect_uri="https://me.example")
    assert grant.refresh_token == (given or kept or None)
    assert grant.redirect_uri == "https://me.example"


def test_are_values() -> None:
    """Case 26: presets are made per call, so equal ones are equal; they copy, pickle and show no secret."""
    for name in [*ASKING, *BY_ASSERTION, *LOGINS, *STATIC]:
        one, other = (static(name) if name in STATIC else presets.get(name)(**filled(name)) for _ in range(2))
        assert one == other
        assert hash(one) == hash(other)
        assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
        assert "s3cret" not in repr(one)
        assert "made-up-client-secret" not in repr(one)


def test_vibe_may_be_asked_in_another_revision() -> None:
    """Vibe's API wants its revision with each call, and the caller may name another."""
    server: Any = presets.vibe("i", "s", revision="2027").resource_server
    assert server.headers == {"X-Vibe-Revision": "2027"}


def run(code: str, *path: Path) -> str:
    """Run code in a bare interpreter and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", dedent(code)], capture_output=True, text=True, timeout=30, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_vendors_that_are_not_used_are_not_imported() -> None:
    """A program that uses one vendor loads one vendor's file, by attribute and by name; the package loads none."""
    run(
        """
        import sys
        from oauth_cc_auth import presets
        def loaded():
            return sorted(name for name in sys.modules if name.startswith("oauth_cc_auth.presets._"))
        assert loaded() == [], loaded()
        assert "importlib.metadata" not in sys.modules
        presets.vainu("id", "secret")
        presets.get("fyma")("id", "secret")
        one_file_each = ["_credentials", "_environment", "_fyma", "_played", "_vainu"]
        assert loaded() == [f"oauth_cc_auth.presets.{file}" for file in one_file_each], loaded()
        assert "importlib.metadata" not in sys.modules
        """
    )


ORDINARY_VENDOR = '''\
"""Acme, anvils by parcel post.

Read at https://developers.acme.example/docs/oauth.
"""

from oauth_cc_auth import ClientCredentials, ResourceServer, presets


def acme(client_id=None, client_secret=None, *, scope="anvils:read"):
    """Return the grant for Acme's API at https://api.acme.example/v1, tokens live an hour."""
    return ClientCredentials(
        token_endpoint="https://login.acme.example/oauth2/token",
        client_id=presets.credential(client_id, "ACME_CLIENT_ID"),
        client_secret=presets.credential(client_secret, "ACME_CLIENT_SECRET"),
        token_endpoint_auth_method="client_secret_post",
        scope=scope,
        resource_server=ResourceServer("https://api.acme.example/v1", headers={"Acme-Version": "7"}),
    )
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Return how a module with presets is installed as another package, for the time of a test."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(source: str, points: str) -> None:
        (tmp_path / "acme_oauth.py").write_text(source, encoding="utf-8")
        info = tmp_path / "acme_oauth-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-oauth\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[{presets.GROUP}]\n{dedent(points)}", encoding="utf-8")

    yield install
    sys.modules.pop("acme_oauth", None)


def test_an_ordinary_vendor_is_one_short_file(installed: Callable[[str, str], None], sandbox: Sandbox) -> None:
    """A vendor of ordinary habits is a file of at most 25 lines in anybody's package: found by name, and it works."""
    assert len(ORDINARY_VENDOR.splitlines()) <= 25
    installed(ORDINARY_VENDOR, "acme = acme_oauth:acme\n")
    assert "acme" in presets.names()
    with pytest.raises(ConfigurationError, match="ACME_CLIENT_ID is not set"):
        presets.get("acme")()
    grant: Any = sandbox.grant(presets.get("ACME")("made-up", "secret"))
    url = f"{grant.resource_server.base_url}/anvils"
    for _ in range(2):
        assert requests.get(url, auth=RequestsAuth(grant), timeout=20).status_code == 200
    sandbox.revoke_all()
    assert requests.get(url, auth=RequestsAuth(grant), timeout=20).status_code == 200
    assert (sandbox.token_requests, sandbox.api_requests) == (2, 4)
    assert sandbox.requests[-1].headers["Acme-Version"] == "7"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An authorization server and API on loopback."""
    with Sandbox() as running:
        yield running


@pytest.mark.parametrize(
    ("source", "points", "said"),
    [
        ("import not_there", "acme = acme_oauth:acme\n", "ModuleNotFoundError"),
        ("1 / 0", "acme = acme_oauth:acme\n", "ZeroDivisionError"),
        ("raise SystemExit(0)", "acme = acme_oauth:acme\n", "SystemExit"),
        ("", "acme = acme_oauth:acme\n", "AttributeError"),
        ("acme = 'no function'", "acme = acme_oauth:acme\n", "is no function"),
        ("acme = iter", "acme = acme_oauth:acme\n", "no signature"),
    ],
)
def test_a_broken_preset_of_another_package_is_named(
    source: str, points: str, said: str, installed: Callable[[str, str], None]
) -> None:
    """A preset that cannot be loaded is said by its name and with its cause, and hinders no other."""
    installed(source, points)
    with pytest.raises(ConfigurationError, match=f"'acme'.*acme_oauth.*|{said}") as caught:
        presets.get("acme")
    assert said in str(caught.value)
    assert "'acme'" in str(caught.value)
    assert "acme" in presets.names()
    assert presets.get("vainu") is presets.vainu


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('oops')", "The preset 'acme' failed (KeyError: 'oops')"),
        ("raise SystemExit(3)", "The preset 'acme' failed (SystemExit: 3)"),
        ("return None", "The preset 'acme' returned no grant, but NoneType"),
        ("from oauth_cc_auth import ConfigurationError; raise ConfigurationError('as it is')", "as it is"),
        ("from oauth_cc_auth import InsecureTransport; raise InsecureTransport('in the clear')", "in the clear"),
    ],
)
def test_a_preset_of_another_package_that_fails_is_named(
    body: str, said: str, installed: Callable[[str, str], None]
) -> None:
    """What a foreign preset raises, or returns instead of a grant, is an error of this package that names it."""
    installed(f"def acme(client_id=None):\n    {body}\n", "acme = acme_oauth:acme\n")
    with pytest.raises(OAuthError) as caught:
        presets.get("acme")()
    assert str(caught.value) == said


def test_a_preset_of_another_package_looks_as_it_was_written(
    installed: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signature, name and module are the foreign preset's; a missing argument is an error that names the preset."""
    installed(
        "from oauth_cc_auth import StaticToken\ndef acme(needed, *, more=1):\n    return StaticToken(needed)\n",
        "acme = acme_oauth:acme\n",
    )
    preset = presets.get("acme")
    assert str(inspect.signature(preset)) == "(needed, *, more=1)"
    assert (preset.__name__, preset.__module__) == ("acme", "acme_oauth")
    assert preset("key").access_token == "key"  # type: ignore[union-attr]  # it is a static token
    monkeypatch.setenv("ACME_NEEDED", "other")
    assert (preset().vendor, preset().variables) == ("acme", ("ACME_NEEDED",))
    monkeypatch.delenv("ACME_NEEDED")
    with pytest.raises(ConfigurationError, match=r"'acme' failed \(TypeError: .*'needed'"):
        preset()


@pytest.mark.parametrize("written", ["Acme-Two", "acme_two", "ACME-TWO"])
def test_an_entry_point_may_be_written_as_names_are_typed(written: str, installed: Callable[[str, str], None]) -> None:
    """A foreign preset with dashes or capitals in its name is listed, and found by each spelling."""
    installed("def acme(): return None", f"{written} = acme_oauth:acme\n")
    assert "acme_two" in presets.names()
    for typed in ("acme_two", "acme-two", "Acme-Two"):
        assert presets.get(typed).__name__ == "acme"


def test_no_spelling_takes_over_a_vendor(installed: Callable[[str, str], None]) -> None:
    """Nor does a name that differs in dashes and capitals only."""
    installed("def vainu(*a): return None", "VAINU-User = acme_oauth:vainu\n")
    assert presets.get("vainu-user") is presets.vainu_user
    assert presets.names().count("vainu_user") == 1


def test_no_package_takes_over_a_vendor(installed: Callable[[str, str], None]) -> None:
    """A preset of this package stays what it is, whatever another package calls its own."""
    installed("def vainu(*a): return None", "vainu = acme_oauth:vainu\n")
    assert presets.get("vainu") is presets.vainu
    assert presets.names().count("vainu") == 1
