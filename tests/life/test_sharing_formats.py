"""Tests of the key where a vendor departs from RFC 6749: all that reaches the wire makes another token."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from functools import partial, wraps
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from loopback import SECRET, grant_for

from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    ConfigurationError,
    Discovery,
    Env,
    ErrorFormat,
    File,
    MemoryStore,
    PrivateKeyJWT,
    RequestFormat,
    ResponseFormat,
    TokenSource,
)
from oauth_cc_auth._grant.token_endpoint import IssuanceLimit
from oauth_cc_auth._life.key import store_key
from oauth_cc_auth._life.table import live_token

NOBODYS = (None, None, None, None)
ENDPOINT = "https://as.example.com/token"


def workday(client_id: str, secret: str) -> dict[str, str]:
    """Prove a client in one way."""
    return {"Authorization": f"ID {client_id}:{secret}"}


def sabre(client_id: str, secret: str) -> dict[str, str]:
    """Prove a client in another."""
    return {"Authorization": f"Basic {client_id}:{secret}"}


def guid() -> str:
    """Make a header's value."""
    return "guid"


def other_guid() -> str:
    """Make another."""
    return "other"


def two_alike() -> list[Callable[[], str]]:
    """Return two functions whose names are the same."""
    return [lambda: "one", lambda: "two"]


F, G = two_alike()


def one_hour(_: dict[str, Any]) -> float:
    """Tell a lifetime."""
    return 3600.0


# Each differs on the wire from each other, and from a grant that says nothing.
WIRES: dict[str, dict[str, Any]] = {
    "plain": {},
    "GET": {"token_request": RequestFormat("GET")},
    "query": {"token_request": RequestFormat(body=None)},
    "json": {"token_request": RequestFormat(body="json")},
    "split": {"token_request": RequestFormat(query=["grant_type"])},
    "split otherwise": {"token_request": RequestFormat(query=["scope"])},
    "renamed": {"token_request": RequestFormat(names={"client_id": "appid"})},
    "renamed otherwise": {"token_request": RequestFormat(names={"client_id": "app_id"})},
    "renamed to None": {"token_request": RequestFormat(names={"client_id": "None"})},
    "left out": {"token_request": RequestFormat(names={"client_id": None})},
    "commas": {"token_request": RequestFormat(scope_separator=",")},
    "another grant type": {"grant_type": "account_credentials"},
    "no grant type": {"grant_type": None},
    "discovered": {"token_endpoint": Discovery(ENDPOINT)},
    "discovered elsewhere": {"token_endpoint": Discovery(f"{ENDPOINT}/x")},
    "a function proves": {"token_endpoint_auth_method": workday},
    "another function proves": {"token_endpoint_auth_method": sabre},
    "no id": {"token_endpoint_auth_method": workday, "client_id": None},
    "a header made": {"headers": {"X": guid}},
    "a header made otherwise": {"headers": {"X": other_guid}},
    "a header by its name": {"headers": {"X": "test_sharing_formats:guid"}},
    "two headers": {"headers": {"A": F, "B": G}},
    "two headers exchanged": {"headers": {"B": F, "A": G}},
}


def shared(one: Any, other: Any) -> bool:
    """Tell whether two grants share their token."""
    mine, theirs = live_token(one, *NOBODYS), live_token(other, *NOBODYS)
    return mine is theirs


def test_what_reaches_the_wire_makes_another_token() -> None:
    """Line 37, case 19: each field of a format, grant type, address, header and method that is sent is in the key."""
    for one, other in combinations(WIRES, 2):
        assert not shared(grant_for(**WIRES[one]), grant_for(**WIRES[other])), (one, other)


def test_equal_grants_share() -> None:
    """Line 37: the same said again, in another object or order, shares the token."""
    for name, wire in WIRES.items():
        again: dict[str, Any] = dict(wire)
        if "token_request" in again:
            again["token_request"] = RequestFormat(**_fields(again["token_request"]))
        assert shared(grant_for(**wire), grant_for(**again)), name


def _fields(form: RequestFormat) -> dict[str, Any]:
    return {name: getattr(form, name) for name in ("method", "body", "query", "names", "scope_separator")}


def test_the_order_of_headers_does_not_matter() -> None:
    """Line 37: equal grants share, also where their headers were given in another order."""
    one, other = grant_for(headers={"A": guid, "B": other_guid}), grant_for(headers={"B": other_guid, "A": guid})
    assert one == other
    assert shared(one, other)


def test_what_does_not_reach_the_wire_makes_none() -> None:
    """The API, the revocation and an equal format in other words are not in the key."""
    plain = grant_for()
    for changes in (
        {"revocation_request": RequestFormat("GET"), "revocation_endpoint_auth_method": workday},
        {"token_request": RequestFormat(query=[])},
        {"token_response": ResponseFormat(headers=[])},
        {"issuance_limit": IssuanceLimit(1, 60.0)},
    ):
        assert shared(plain, grant_for(**changes))


def test_what_shapes_the_answer_makes_another() -> None:
    """How an answer is read is in the key: nobody gets a token that was read by the rules of another grant."""
    shapes: list[dict[str, Any]] = [
        {},
        {"default_lifetime": 60},
        {"token_response": ResponseFormat(headers=["X"])},
        {"token_response": ResponseFormat(seconds=60)},
        {"token_response": ResponseFormat(expires_in=one_hour)},
    ]
    for one, other in combinations(shapes, 2):
        assert not shared(grant_for(**one), grant_for(**other))
        assert store_key(grant_for(**one), SECRET) != store_key(grant_for(**other), SECRET)


def test_how_an_error_reads_makes_another_in_memory_only() -> None:
    """A refusal is remembered for grants that read it alike; a login in a store outlives a better way to read one."""
    plain, other = grant_for(), grant_for(token_response=ResponseFormat(errors=ErrorFormat(code="x")))
    assert not shared(plain, other)
    assert store_key(plain, SECRET) == store_key(other, SECRET)


def test_a_secret_that_is_read_is_shared_by_where_it_stands(tmp_path: Path) -> None:
    """Case 39: equal `Env` and `File` share a token, as do copies and pickles; others, and functions, do not."""
    path = tmp_path / "secret"
    for make in (lambda: Env("A"), lambda: File(path), lambda: File(str(path))):
        assert shared(grant_for(client_secret=make()), grant_for(client_secret=make()))
        assert shared(grant_for(client_secret=make()), grant_for(client_secret=pickle.loads(pickle.dumps(make()))))
    assert shared(grant_for(client_secret=File(path)), grant_for(client_secret=File(str(path))))
    made: list[Any] = [Env("A"), Env("B"), Env(str(path)), File(path), File(tmp_path / "other"), "A", lambda: SECRET]
    made += [lambda: SECRET, partial(str, SECRET), partial(str, SECRET)]
    for one, other in combinations(made, 2):
        assert not shared(grant_for(client_secret=one), grant_for(client_secret=other))


def test_a_store_is_shared_by_what_the_secret_is() -> None:
    """Case 20: in a store what counts is the secret that was read, wherever it stood."""
    keys = {store_key(grant_for(client_secret=secret), SECRET) for secret in (Env("A"), Env("B"), File("/x"), SECRET)}
    assert len(keys) == 1
    assert store_key(grant_for(client_secret=Env("A")), "rotated") not in keys


def partial_of(tenant: str) -> str:
    """Make a header's value for a tenant."""
    return tenant


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"headers": {"X": guid}}, {"headers": {"X": other_guid}}),
        ({"token_endpoint_auth_method": workday}, {"token_endpoint_auth_method": sabre}),
        ({"token_request": RequestFormat("GET")}, {"token_request": RequestFormat(body=None)}),
        ({"grant_type": None}, {"grant_type": "none"}),
        (
            {"token_request": RequestFormat(names={"client_id": None})},
            {"token_request": RequestFormat(names={"client_id": "None"})},
        ),
        ({"headers": {"X": Env("A")}}, {"headers": {"X": Env("B")}}),
        (
            {"token_response": ResponseFormat(access_token="id_token")},
            {"token_response": ResponseFormat(access_token="access_token")},
        ),
    ],
)
def test_store_keys_differ_too(one: dict[str, Any], other: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Line 37: what makes another token in a process makes another in a store; values count by what they say."""
    monkeypatch.setenv("A", "a")
    monkeypatch.setenv("B", "b")
    assert store_key(grant_for(**one), SECRET) != store_key(grant_for(**other), SECRET)


class Tenant:
    """Writes headers for one tenant."""

    def header(self) -> str:
        """Return the value."""
        return repr(self)

    def prove(self, client_id: str, secret: str) -> dict[str, str]:
        """Return the headers."""
        return {"X": f"{self!r}{client_id}{secret}"}

    @staticmethod
    def plain() -> str:
        """Return a value that depends on nothing."""
        return "plain"


def borrowed() -> Callable[[], str]:
    """Return a function that bears the name of another."""

    @wraps(guid)
    def header() -> str:
        return "another"

    return header


UNNAMED: list[dict[str, Any]] = [
    {"headers": {"X": Tenant().header}},
    {"token_endpoint_auth_method": Tenant().prove},
    {"headers": {"X": lambda: "x"}},
    {"headers": {"X": partial(partial_of, "a")}},
    {"headers": {"X": borrowed()}},
    {"token_response": ResponseFormat(expires_in=lambda _: 1.0)},
]


@pytest.mark.parametrize("changes", UNNAMED)
def test_a_function_that_no_name_leads_to_is_for_memory_only(changes: dict[str, Any]) -> None:
    """Line 37: a store is refused where it could give one tenant's token to another; in memory identity tells them."""
    grant = grant_for(**changes)
    with pytest.raises(ConfigurationError, match="top level of a module") as caught:
        TokenSource(grant, store=MemoryStore())
    assert next(iter(changes)) in str(caught.value)
    assert TokenSource(grant)._serving.live is TokenSource(grant)._serving.live
    assert TokenSource(grant)._serving.live is not TokenSource(grant_for(headers={"X": guid}))._serving.live


def test_a_script_is_known_by_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scripts may each have a function of one name, and every script is called __main__; typed code has no file."""

    def known(file: str | None) -> bytes | None:
        main = ModuleType("__main__")
        exec("def header():\n    return 'x'", vars(main))  # noqa: S102 - that is what a script is
        monkeypatch.setitem(sys.modules, "__main__", main)
        if file is None:
            with pytest.raises(ConfigurationError, match="top level"):
                TokenSource(grant_for(headers={"X": main.header}), store=MemoryStore())
            return None
        main.__file__ = file
        return store_key(grant_for(headers={"X": main.header}), SECRET).encode()

    assert known("/a.py") == known("/a.py") != known("/b.py")
    assert known(None) is None
    assert TokenSource(grant_for(headers={"X": Tenant.plain}), store=MemoryStore())._serving.store is not None


def test_store_keys_are_the_same_in_every_process() -> None:
    """Lines 33 and 39: a grant with functions finds in a store what another process saved."""
    grant = grant_for(headers={"X": guid}, token_endpoint_auth_method=workday)
    assert store_key(grant, SECRET) == store_key(pickle.loads(pickle.dumps(grant)), SECRET)
    discovered = grant_for(Discovery(ENDPOINT))  # type: ignore[arg-type]  # the helper's default is a string
    assert store_key(discovered, SECRET) == store_key(pickle.loads(pickle.dumps(discovered)), SECRET)


def login_for(**changes: Any) -> AuthorizationCode:
    """Return a grant that nobody has logged in to."""
    return AuthorizationCode(token_endpoint=ENDPOINT, client_id="client", client_secret=SECRET, **changes)


def test_logins_by_their_names() -> None:
    """Line 44: two users of one client are two by `login`, in the process and in a store; no name is a name too."""
    grants = [
        login_for(),
        login_for(login=""),
        login_for(login="a"),
        login_for(login="b"),
        login_for(refresh_token="a"),
    ]
    for one, other in combinations(grants, 2):
        assert not shared(one, other)
        assert store_key(one, None) != store_key(other, None)
    assert shared(login_for(login="a"), login_for(login="a"))
    assert shared(login_for(redirect_uri="https://x"), login_for(authorization_endpoint="https://as.example.com/a"))


def test_a_client_without_an_id_is_no_client_of_that_name() -> None:
    """Line 8: no client id is another client than any that has one."""
    form = RequestFormat(names={"client_id": None})
    grants: list[ClientCredentials] = [
        grant_for(client_id=name, token_request=form) for name in (None, "None", "=", "client")
    ]
    for one, other in combinations(grants, 2):
        assert not shared(one, other)
        assert store_key(one, SECRET) != store_key(other, SECRET)


def test_an_own_store_stays_ones_own() -> None:
    """A store makes a token of its own, however equal the grants are, whatever their secrets are read from."""
    one, other = MemoryStore(), MemoryStore()
    grant = grant_for(client_secret=Env("A"), token_endpoint_auth_method=PrivateKeyJWT())
    sources = [TokenSource(grant, store=one), TokenSource(grant, store=other), TokenSource(grant)]
    assert len({id(source._serving.live) for source in sources}) == 3
    assert TokenSource(grant, store=one)._serving.live is sources[0]._serving.live
