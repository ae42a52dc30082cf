"""Tests of the presets: what each vendor documents, and where its credentials come from."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from loopback import SECRET

from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    ConfigurationError,
    OriginNotAllowed,
    StaticToken,
    presets,
)
from oauth_cc_auth._token_endpoint import token_request

# Per preset: the token endpoint, the method, the scope, and an address of its API.
GRANTS: dict[str, tuple[str, str, str | None, str]] = {
    "vibe": ("https://api.vibe.co/oauth2/token", "client_secret_basic", None, "https://api.vibe.co/campaigns"),
    "vibes_rbm": (
        "https://vibes-rbm-prd.auth.us-west-2.amazoncognito.com/oauth2/token",
        "client_secret_basic_and_post",
        "https://rbm.vibes.com/rbm.agents",
        "https://rbm.us.vibes.com/connectCustomers/1",
    ),
    "vainu": (
        "https://api.vainu.io/api/oauth/token/",
        "client_secret_post",
        "vainu:api",
        "https://api.vainu.io/api/v3/organizations/",
    ),
    "vend_email": (
        "https://www.vend.email/oauth/token",
        "client_secret_post",
        "read_user",
        "https://www.vend.email/api/v1/me",
    ),
    "fyma": ("https://auth.fyma.ai/oauth/token", "client_secret_json", None, "https://api.fyma.ai/cameras"),
}
# Per preset: its environment variables, header, and value.
STATIC: dict[str, tuple[list[str], str, str, str]] = {
    "vibe_api_key": (["VIBE_API_KEY"], "X-API-KEY", "s3cret", "https://api.vibe.co/x"),
    "vainu_api_key": (["VAINU_API_KEY"], "API-Key", "s3cret", "https://api.vainu.io/api/x"),
    "vend_email_personal": (["VEND_EMAIL_TOKEN"], "Authorization", "Bearer s3cret", "https://www.vend.email/api/v1/x"),
    "fyma_legacy": (["FYMA_TOKEN_ID", "FYMA_TOKEN_SECRET"], "Authorization", "Basic", "https://api.fyma.ai/x"),
}
ORIGINS = {"https://api.vibe.co", "https://rbm.us.vibes.com", "https://api.vainu.io", "https://www.vend.email"}


def preset(name: str) -> Callable[..., Any]:
    """Return the preset of this name."""
    made: Callable[..., Any] = getattr(presets, name)
    return made


def test_these_are_all() -> None:
    """Every preset is listed, resolves, is documented and is tested here."""
    assert set(presets.__all__) == dir_of(presets) == {*GRANTS, *STATIC}
    for name in presets.__all__:
        assert preset(name).__doc__
        assert preset(name).__name__ == name


def dir_of(module: Any) -> set[str]:
    """Return what a module lists."""
    return set(dir(module))


def test_an_unknown_vendor_is_an_attribute_error() -> None:
    """A typing error reads as one."""
    with pytest.raises(AttributeError, match="has no attribute 'vaino'"):
        preset("vaino")


@pytest.mark.parametrize("name", GRANTS)
def test_facts(name: str) -> None:
    """Each vendor's token endpoint, client authentication and scope are those of its documentation."""
    grant: Any = preset(name)("id", "s3cret")
    cls = AuthorizationCode if name == "vend_email" else ClientCredentials
    assert type(grant).__name__ == cls.__name__
    endpoint, method, scope, _ = GRANTS[name]
    assert (grant.token_endpoint, grant.token_endpoint_auth_method, grant.scope) == (endpoint, method, scope)
    assert (grant.client_id, grant.client_secret) == ("id", "s3cret")
    assert grant.resource_server.renew_on == {401}
    assert not grant.allow_insecure_http


@pytest.mark.parametrize("name", [*GRANTS, *STATIC])
def test_the_token_goes_to_the_vendors_api_only(name: str) -> None:
    """Each preset is pinned: to its API's origin yes, to any other and to the next vendor no."""
    url = (GRANTS.get(name) or STATIC[name])[3]
    server = preset(name)("id", "s3cret").resource_server if name in GRANTS else static(name).resource_server
    server.admit(url)
    origin = "/".join(url.split("/")[:3])
    for foreign in {*ORIGINS, "https://auth.fyma.ai", "https://evil.example", f"{origin}.evil.example"} - {origin}:
        with pytest.raises(OriginNotAllowed):
            server.admit(foreign)


def static(name: str) -> Any:
    """Return the static token of a preset, of as many arguments as it has variables."""
    return preset(name)(*(["s3cret"] * len(STATIC[name][0])))


@pytest.mark.parametrize("name", GRANTS)
def test_credentials_from_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments, VENDOR_CLIENT_ID and VENDOR_CLIENT_SECRET count, without white space; arguments win."""
    monkeypatch.setenv(f"{name.upper()}_CLIENT_ID", " from the environment\n")
    monkeypatch.setenv(f"{name.upper()}_CLIENT_SECRET", SECRET)
    grant = preset(name)()
    assert (grant.client_id, grant.client_secret) == ("from the environment", SECRET)
    given = preset(name)("given", lambda: "given")
    assert given.client_id == "given"
    assert callable(given.client_secret)


@pytest.mark.parametrize("name", GRANTS)
@pytest.mark.parametrize("variable", ["CLIENT_ID", "CLIENT_SECRET"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_credential_is_named(
    name: str, variable: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the variable that is missing or empty, and shows nothing of the other."""
    for other in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"{name.upper()}_{other}", SECRET)
    monkeypatch.delenv(f"{name.upper()}_{variable}")
    if value is not None:
        monkeypatch.setenv(f"{name.upper()}_{variable}", value)
    with pytest.raises(ConfigurationError, match=f"{name.upper()}_{variable} is not set") as caught:
        preset(name)()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", STATIC)
def test_a_key_made_by_hand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the argument or the environment, presented as the vendor wants it; a missing one is named."""
    variables, header, value, url = STATIC[name]
    with pytest.raises(ConfigurationError, match=variables[0]):
        preset(name)()
    for variable in variables:
        monkeypatch.setenv(variable, "s3cret")
    grant = preset(name)()
    assert grant == static(name)
    assert isinstance(grant, StaticToken)
    server: Any = grant.resource_server
    presented = server.present("GET", url, type("T", (), {"access_token": grant.access_token})())
    assert presented.keys() == {header}
    if name == "fyma_legacy":
        assert b64decode(grant.access_token) == b"s3cret:s3cret"
        assert presented[header].startswith("Basic ")
    else:
        assert presented[header] == value


@pytest.mark.parametrize("name", [*GRANTS, *STATIC])
def test_is_a_value(name: str) -> None:
    """Case 26: presets are made per call, so equal ones are equal; they copy, pickle and show no secret."""
    one, other = (preset(name)("id", "s3cret") if name in GRANTS else static(name) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    assert "s3cret" not in repr(one)


def test_vibe_sends_its_revision() -> None:
    """Vibe's API wants its revision with each call, and the caller may name another; its token endpoint does not."""
    for grant, revision in [(presets.vibe("i", "s"), "2026-06-01"), (presets.vibe("i", "s", revision="2027"), "2027")]:
        server: Any = grant.resource_server
        assert server.headers == {"X-Vibe-Revision": revision}
        assert "X-Vibe-Revision" not in token_request(grant, "s", None).headers
    assert presets.vibe("i", "s", scope="campaigns:read").scope == "campaigns:read"


def test_vainu_can_revoke() -> None:
    """Vainu has a revocation endpoint, and takes another scope."""
    assert presets.vainu("i", "s").revocation_endpoint == "https://api.vainu.io/api/oauth/revoke_token/"
    assert presets.vainu("i", "s", scope=["a", "b"]).scope == "a b"


def test_fyma_asks_for_its_audience() -> None:
    """Fyma's token is for its API, by a JSON body."""
    body = json.loads(token_request(presets.fyma("i", "s"), "s", None).body)
    assert body["audience"] == "https://api.fyma.ai"
    assert body["client_secret"] == "s"


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
    assert grant.authorization_endpoint == "https://www.vend.email/oauth/authorize"
    assert grant.redirect_uri == "https://me.example"


def test_vendors_that_are_not_used_are_not_imported() -> None:
    """A program that uses one vendor loads one vendor's file."""
    code = """
import sys
from oauth_cc_auth import presets
def loaded():
    return sorted(name for name in sys.modules if name.startswith("oauth_cc_auth.presets._"))
assert loaded() == [], loaded()
presets.vainu("id", "secret")
assert loaded() == ["oauth_cc_auth.presets._credentials", "oauth_cc_auth.presets._vainu"], loaded()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)  # noqa: S603 - our own code
