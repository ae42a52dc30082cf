"""Tests of what presets find in the environment: options as well as credentials, and the vendor's own variables."""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from inspect import unwrap
from typing import Any, Literal, get_args, get_origin

import pytest

from oauth_cc_auth import ClientCredentials, ConfigurationError, Discovery, Env, StaticToken, TokenSource, presets
from oauth_cc_auth.presets._credentials import host, label, one_of
from oauth_cc_auth.presets._environment import facts, from_environment, one_at_a_time, probe_of, variables_of
from oauth_cc_auth.presets._played import completed
from oauth_cc_auth.sandbox import Sandbox, made_up


@dataclass(frozen=True)
class Called:
    """What a preset was called with; as a grant has them, its name and its variables."""

    words: dict[str, Any]
    vendor: str | None = None
    variables: tuple[str, ...] = ()

    def __getitem__(self, word: str) -> Any:
        """Return an argument."""
        return self.words[word]


def acme(
    client_id: str | None = None,
    *,
    tenant: str,
    region: str = "eu",
    retries: int = 1,
    factor: float | None = None,
    strict: bool = False,
    origins: tuple[str, ...] = (),
    names: Mapping[str, str] | None = None,
    **more: Any,
) -> Called:
    """Return what it was called with."""
    return Called({**locals(), **more})


READING: Any = from_environment("acme", facts(client_id=("AC_ID", "AC_NAME"), region="AC_REGION")(acme))  # type: ignore[arg-type]  # see there


@pytest.mark.parametrize(
    ("variable", "value", "argument", "expected"),
    [
        ("ACME_CLIENT_ID", " me\n", "client_id", "me"),
        ("ACME_TENANT", "t", "tenant", "t"),
        ("ACME_REGION", "us", "region", "us"),
        ("AC_REGION", "us", "region", "us"),
        ("AC_NAME", "me", "client_id", "me"),
        ("ACME_RETRIES", "3", "retries", 3),
        ("ACME_FACTOR", "2.5", "factor", 2.5),
        ("ACME_STRICT", "TRUE", "strict", True),
        ("ACME_STRICT", "off", "strict", False),
        ("ACME_ORIGINS", "https://a.example https://b.example", "origins", ["https://a.example", "https://b.example"]),
        ("ACME_NAMES", "a mapping is no text", "names", None),
        ("ACME_MORE", "no argument", "more", {}),
        ("ACME_REGION", "  ", "region", "eu"),
    ],
)
def test_each_argument_has_a_variable(
    variable: str, value: str, argument: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VENDOR_ARGUMENT counts for any argument that a text can stand for, as the kind that its signature says."""
    monkeypatch.setenv("ACME_TENANT", "t")
    monkeypatch.setenv(variable, value)
    assert READING()[argument] == expected


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ACME_STRICT", "maybe", "ACME_STRICT is 'maybe'; use 'true' or 'false'"),
        ("ACME_RETRIES", "three", "ACME_RETRIES is 'three'; use a number"),
        ("ACME_FACTOR", "", None),
    ],
)
def test_a_value_of_the_wrong_kind(variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that no such argument can have is named, with what it may be."""
    monkeypatch.setenv(variable, value)
    if said is None:
        assert READING(tenant="t")["factor"] is None
        return
    with pytest.raises(ConfigurationError) as caught:
        READING(tenant="t")
    assert str(caught.value) == said


def test_who_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument wins over a variable, our name over the vendor's; None where it is the default says nothing."""
    for variable, value in {"ACME_CLIENT_ID": "ours", "AC_ID": "theirs", "AC_NAME": "last", "ACME_REGION": "x"}.items():
        monkeypatch.setenv(variable, value)
    assert READING("given", tenant="t")["client_id"] == "given"
    assert READING(None, tenant="t")["client_id"] == "ours"
    assert READING(client_id=None, tenant="t")["client_id"] == "ours"
    assert READING(tenant="t", region=None)["region"] is None
    monkeypatch.delenv("ACME_CLIENT_ID")
    assert READING(tenant="t")["client_id"] == "theirs"
    monkeypatch.delenv("AC_ID")
    assert READING(tenant="t")["client_id"] == "last"
    with pytest.raises(TypeError, match="tenant"):
        READING()


def test_what_is_said_of_a_preset() -> None:
    """The variables of each argument are listed in the order in which they count; a probe is a path or None."""
    assert variables_of("acme", READING)["client_id"] == ("ACME_CLIENT_ID", "AC_ID", "AC_NAME")
    assert variables_of("acme", READING)["strict"] == ("ACME_STRICT",)
    assert {"names", "more"} & variables_of("acme", READING).keys() == set()
    assert presets.variables_of("vibe-api-key") == {"key": ("VIBE_API_KEY",)}
    assert probe_of(READING) is None
    assert probe_of(facts(probe="/me")(lambda: None)) == "/me"  # type: ignore[arg-type]  # as above
    with pytest.raises(ConfigurationError, match="no preset"):
        presets.probe_of("nobody")


def test_an_environment_by_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAYPAL_ENVIRONMENT chooses as `environment=` does, and a wrong one is named with the right ones."""
    monkeypatch.setenv("PAYPAL_ENVIRONMENT", "sandbox")
    assert presets.paypal("i", "s").token_endpoint == "https://api-m.sandbox.paypal.com/v1/oauth2/token"
    assert presets.paypal("i", "s", environment="production").token_endpoint.startswith("https://api-m.paypal.com/")  # type: ignore[union-attr]  # a text
    monkeypatch.setenv("PAYPAL_ENVIRONMENT", "prod")
    with pytest.raises(ConfigurationError) as caught:
        presets.paypal("i", "s")
    assert str(caught.value) == "PAYPAL_ENVIRONMENT is 'prod'; use 'production' or 'sandbox'"
    with pytest.raises(ConfigurationError, match=r"^environment is 'live'; use 'production' or 'sandbox'$"):
        presets.paypal("i", "s", environment="live")  # type: ignore[arg-type]  # so do type checkers


def test_choices_are_the_types() -> None:
    """What an argument's type lists is what the preset takes: nothing more, and nothing else."""
    checked = 0
    for name in presets.names():
        preset = presets.get(name)
        names = vars(sys.modules[preset.__module__])
        for argument, annotation in unwrap(preset).__annotations__.items():
            # "Literal[...]", "Region" or "Literal[...] | None"; what none of these is has no choices.
            kind = annotation.removesuffix(" | None")
            literal = eval(kind, names) if kind.startswith("Literal") else names.get(kind)  # noqa: S307 - our own files
            if get_origin(literal) is not Literal:
                continue
            with pytest.raises(ConfigurationError) as refused:
                completed(preset, made_up(name, preset), **{argument: "?"})
            assert re.findall(r"'([^']+)'", str(refused.value))[1:] == list(get_args(literal)), (name, argument)
            checked += 1
    assert checked > 45


def test_a_missing_variable_names_the_others() -> None:
    """Where a vendor's own variable would do, the error names it beside ours."""

    def preset(client_id: str | None = None) -> ClientCredentials:
        return presets.credential(client_id, "ACME_CLIENT_ID")  # type: ignore[return-value]  # not what it is about

    with pytest.raises(ConfigurationError) as caught:
        from_environment("acme", facts(client_id=("AC_ID", "AC_NAME"))(preset))()
    assert str(caught.value) == (
        "ACME_CLIENT_ID is not set in the environment: set it (or AC_ID or AC_NAME), or pass the argument"
    )
    assert caught.value.variable == "ACME_CLIENT_ID"


def test_all_missing_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset names every variable that is missing, so that nobody sets one after the other."""
    with pytest.raises(ConfigurationError) as caught:
        presets.zoom()
    assert str(caught.value) == (
        "ZOOM_CLIENT_ID is not set in the environment: set it, or pass the argument; not set either: "
        "ZOOM_CLIENT_SECRET, ZOOM_ACCOUNT_ID"
    )
    assert caught.value.variable == "ZOOM_CLIENT_ID"
    with pytest.raises(ConfigurationError, match=r"not set either: ZOOM_ACCOUNT_ID$"):
        presets.zoom("id")
    with pytest.raises(ConfigurationError, match=r"or pass the argument$"), one_at_a_time():
        presets.zoom()
    monkeypatch.setenv("AUTH0_DOMAIN", "not a host")
    with pytest.raises(ConfigurationError, match=r"^AUTH0_DOMAIN, or the argument in its place, is not usable"):
        presets.auth0()


@pytest.mark.parametrize(("thing", "said"), [(presets.zoom, "presets.zoom()"), (str, "presets.NAME() makes one")])
def test_a_preset_that_is_not_called(thing: Any, said: str) -> None:
    """A preset in the place of its grant is told to be called."""
    with pytest.raises(ConfigurationError) as caught:
        TokenSource(thing)
    assert str(caught.value).endswith(said)


def test_a_preset_that_is_called_in_another() -> None:
    """A preset may call another; what the one reads is no business of the other."""
    grant = presets.databricks_account("i", "s", account_id="a", host="https://accounts.azuredatabricks.net/")
    assert grant.resource_server is not None
    assert grant.resource_server.base_url == "https://accounts.azuredatabricks.net"


def test_a_host_as_people_paste_it() -> None:
    """A host may be given with https:// and with a slash or the usual port behind it."""
    cases: list[str] = [
        "login.acme.example",
        "https://login.acme.example",
        "https://login.acme.example/",
        "HTTPS://login.acme.example:443/",
    ]
    for pasted in cases:
        assert host(pasted, "ACME_HOST") == "login.acme.example"


def test_a_host_that_is_none() -> None:
    """Plain http, a path, a user name or two schemes are refused, by the variable's name."""
    cases: list[Any] = [
        "http://a.example",
        "https://a.example/x",
        "https://",
        "a b",
        "a@b",
        "https://https://a.example",
        "a.example//",
        5,
    ]
    for bad in cases:
        with pytest.raises(ConfigurationError, match=r"^ACME_HOST, or the argument in its place"):
            host(bad, "ACME_HOST")


def test_a_tenant_as_people_paste_it() -> None:
    """A tenant's label may be given as the whole host, or its URL."""
    cases: list[str] = ["acme", "acme.shop.example", "https://acme.shop.example/", "Acme.SHOP.example"]
    for pasted in cases:
        assert label(pasted, "ACME_SHOP", within="shop.example").lower() == "acme"


def test_a_tenant_elsewhere() -> None:
    """A host of another domain is no tenant."""
    cases: list[Any] = ["acme.evil.example", "shop.example", ".shop.example", "a/b", "evil.example/", "", 5]
    for bad in cases:
        with pytest.raises(ConfigurationError, match=r"LABEL in LABEL.shop.example|is not set"):
            label(bad or None, "ACME_SHOP", within="shop.example")


def test_a_choice_as_people_write_it() -> None:
    """Capitals, and dashes for underscores, make no other choice."""
    cases: list[str] = ["us-east-1", "US_EAST_1", " us_east_1"]
    for given in cases:
        assert one_of({"eu_west_1": 1, "us_east_1": 2}, given, "region") == 2


def test_one_choice() -> None:
    """Where a vendor has one place only, that is named."""
    with pytest.raises(ConfigurationError, match=r"^region is 'us'; use 'eu'$"):
        one_of({"eu": 1}, "us", "region")


def test_presets_are_the_same_however_they_are_looked_up() -> None:
    """A preset is one object, which a module-level name of another program may keep."""
    assert presets.get("zoom") is presets.zoom is vars(sys.modules["oauth_cc_auth.presets"])["zoom"]
    assert pickle.loads(pickle.dumps(presets.zoom("i", "s", account_id="a"))) == presets.zoom("i", "s", account_id="a")


def test_a_grant_names_its_preset_and_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grant knows the preset that made it, and the variables that had what was not given, in order."""
    for variable in ("ZOOM_CLIENT_ID", "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_SECRET"):
        monkeypatch.setenv(variable, "x")
    grant = presets.zoom(client_secret="x")
    assert (grant.vendor, grant.variables) == ("zoom", ("ZOOM_CLIENT_ID", "ZOOM_ACCOUNT_ID"))
    assert presets.zoom("x", "x", account_id="x").variables == ()
    assert presets.zoom("x", Env("MY_SECRET"), account_id="x").variables == ("MY_SECRET",)
    monkeypatch.setenv("VIBE_API_KEY", "k")
    key = presets.vibe_api_key()
    assert (key.vendor, key.variables) == ("vibe_api_key", ("VIBE_API_KEY",))
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "x")
    account = presets.databricks_account(client_secret="x", account_id="a")
    assert (account.vendor, account.variables) == ("databricks_account", ("DATABRICKS_CLIENT_ID",))


def test_what_names_a_grant_makes_no_other_grant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vendor and variables are kept by replace(), and neither equality nor the sharing of a token looks at them."""
    given = presets.zoom("x", "x", account_id="x")
    for variable in ("ZOOM_CLIENT_ID", "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_SECRET"):
        monkeypatch.setenv(variable, "x")
    read = presets.zoom()
    assert given == read == replace(read, vendor="other")
    assert hash(given) == hash(read)
    with Sandbox() as sandbox:
        assert len({TokenSource(sandbox.grant(grant)).token().access_token for grant in (given, read)}) == 1
        assert sandbox.token_requests == 1
    assert replace(read, scope="a").vendor == "zoom"
    assert replace(read, scope="a").variables == read.variables != ()
    assert TokenSource(given).grant.vendor == "zoom"
    for hidden in ("ZOOM_CLIENT_ID", "vendor", "variables"):
        assert hidden not in repr(read)


def test_a_grant_without_a_preset() -> None:
    """Without a preset the vendor is the token endpoint's host, also of one that is replaced or looked up."""
    grant = ClientCredentials(token_endpoint="https://as.example:8443/token", client_id="i", client_secret="s")
    assert (grant.vendor, grant.variables) == ("as.example", ())
    assert replace(grant, token_endpoint=Discovery("https://other.example/.well-known/x")).vendor == "other.example"
    assert replace(grant, vendor="mine", token_endpoint="https://other.example/").vendor == "mine"
    assert pickle.loads(pickle.dumps(grant)).vendor == "as.example"
    assert StaticToken("k").vendor is None


def test_arguments_that_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments behind a star are not taken for those that have a name."""

    def several(base_url: str, *rest: str, client_id: str | None = None) -> Called:
        return Called({"base_url": base_url, "rest": rest, "client_id": client_id})

    monkeypatch.setenv("ACME_CLIENT_ID", "me")
    made: Any = from_environment("acme", several)("u", "x", "y", "z")  # type: ignore[arg-type]  # see above
    assert made.words == {"base_url": "u", "rest": ("x", "y", "z"), "client_id": "me"}
