"""What is stored, as the command line shows and clears it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from oauth_cc_auth import EncryptedStore, FileStore, MemoryStore, Token, TokenSource, forget_all, presets
from oauth_cc_auth.cli import _commands, _state
from oauth_cc_auth.sandbox import Sandbox


def run(*arguments: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(_commands.commands, list(arguments), prog_name="oauth-cc-auth")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that other programs reach."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> str:
    """The address of the sandbox, where every preset is pointed."""
    address = sandbox.origin("https://zoom.us")
    monkeypatch.setenv("OAUTH_CC_AUTH_SANDBOX", address)
    return address


def stored(**about: Any) -> Token:
    """Put one token into the user's store, and return it."""
    label = about.pop("label", {"vendor": "zoom", "host": "zoom.us", "client_id": "id"})
    token = Token(**{"access_token": "canary", "label": label or {}, **about})
    FileStore().save(f"key {time.time_ns()}", token)
    return token


def test_nothing_is_stored() -> None:
    """An empty store is no trouble, with a vendor and without."""
    for arguments in ((), ("zoom",)):
        result = run("status", *arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith("Nothing is stored in ")
        assert "memory only are not shown" in result.stdout
    assert json.loads(run("status", "--json").stdout) == []


@pytest.mark.usefixtures("url")
def test_status_says_whose_and_until_when(sandbox: Sandbox) -> None:
    """An entry is labelled when it is saved; `status` needs no variables, sends nothing, and prints no token."""
    token = run("token", "zoom", "--store", "file").stdout.strip()
    sent = len(sandbox.requests)
    result = run("status")
    assert result.exit_code == 0
    assert result.stdout.startswith("zoom ")
    assert re.search(r" \[#{20}\] valid: 3,\d{3} of 3,600 s left, until 20", result.stdout)
    assert "client sandbox-client" in result.stdout
    (about,) = json.loads(run("status", "zoom", "--json").stdout)
    assert about["vendor"] == "zoom"
    assert 0 < about["expires_in"] <= 3600
    assert token not in result.stdout
    assert len(sandbox.requests) == sent
    assert run("status", "paypal").stdout.startswith("Nothing is stored")


@pytest.mark.usefixtures("url")
def test_a_label_is_not_part_of_the_token(sandbox: Sandbox) -> None:
    """The label does not make a token another one, whether it comes from the server or from the store."""
    first = TokenSource(presets.zoom(), store=FileStore()).token()
    forget_all()
    second = TokenSource(presets.zoom(), store=FileStore()).token()
    assert sandbox.token_requests == 1
    assert second == first
    assert "label" not in repr(second)
    assert set(second.label) == {"vendor", "host", "client_id"}


@pytest.mark.parametrize(
    ("about", "status", "said"),
    [
        ({"expires_at": None}, 0, "] no end is known: valid until the vendor refuses it (zoom.us, client id)"),
        ({"expires_at": 1800.0, "obtained_at": 0.0}, 1, "[--------------------] expired: since 1970-01-01T00:30"),
        ({"expires_at": 9.0, "obtained_at": 9.0}, 1, "[--------------------] expired"),
        ({"expires_at": 9.0, "obtained_at": 0.0, "refresh_token": "r"}, 0, "expired, renewed at the next call"),
        ({"expires_at": None, "label": None}, 0, "unknown              [#####"),
    ],
)
def test_what_is_trouble(about: dict[str, Any], status: int, said: str) -> None:
    """The exit status is 1 for what is expired and cannot be renewed, and 0 for what can."""
    stored(**about)
    result = run("status")
    assert result.exit_code == status
    assert said in result.stdout
    assert "canary" not in result.stdout


@pytest.mark.parametrize(
    ("age", "marks", "left"), [(0, 20, 1.0), (1800, 10, 0.5), (3590, 1, 0.003), (3601, 0, 0.0), (None, 20, None)]
)
def test_the_bar_is_what_is_left(age: float | None, marks: int, left: float | None) -> None:
    """The bar is full for a new token, has one mark shortly before the end, and none then; --json tells the share."""
    now = time.time()
    stored(expires_at=None) if age is None else stored(obtained_at=now - age, expires_at=now - age + 3600)
    chart = re.search(r"\[(#*)(-*)\]", run("status").stdout)
    assert chart is not None
    assert (len(chart[1]), len(chart[2])) == (marks, 20 - marks)
    assert json.loads(run("status", "--json").stdout)[0]["left"] == pytest.approx(left, abs=0.002)


def test_what_cannot_be_read_is_trouble() -> None:
    """A file that is no token is shown with its place, and is exit status 1."""
    stored(expires_at=None)
    (file,) = FileStore().path.glob("*.json")
    file.write_text("{", encoding="ascii")
    result = run("status")
    assert result.exit_code == 1
    assert "this is no token of this package" in result.stdout
    assert str(file) in result.stdout


def test_a_store_out_of_reach() -> None:
    """A store that does not answer is exit status 1 and one line."""
    result = run("status", "--store", "redis://127.0.0.1:1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: Redis cannot be read (ConnectionError). Check --store, or OAUTH_CC_AUTH_STORE.\n"


def test_a_store_that_cannot_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring cannot list what it holds, and that is said, with where to look."""
    monkeypatch.setattr(_state, "opened", lambda _: MemoryStore())
    result = run("status", "--store", "keyring")
    assert result.exit_code == 1
    assert "cannot list what it holds" in result.stderr


def test_a_count_is_no_token() -> None:
    """What counts a vendor's limit is not shown."""
    stored(access_token="issuance-ledger")
    assert run("status").stdout.startswith("Nothing is stored")


@pytest.mark.parametrize("command", ["forget", "logout"])
@pytest.mark.parametrize("arguments", [(), ("zoom", "--all")])
def test_a_vendor_or_all(command: str, arguments: tuple[str, ...]) -> None:
    """Neither command guesses what to delete."""
    result = run(command, *arguments)
    assert result.exit_code == 2
    assert "Name one VENDOR, or give --all." in result.stderr


def test_forget() -> None:
    """`forget` deletes a vendor's entries, or all, and sends nothing."""
    for vendor in ("zoom", "zoom", "vibe_user"):
        stored(label={"vendor": vendor})
    assert run("forget", "zoom").stdout.startswith("Deleted 2 entries in ")
    assert run("forget", "paypal").stdout.startswith("Deleted 0 entries in ")
    assert run("forget", "vibe").stdout.startswith("Deleted 1 entry in ")
    stored(label=None)
    told = json.loads(run("forget", "--all", "--json").stdout)
    assert told["deleted"] == 1
    assert "oauth-cc-auth" in told["store"]
    assert run("status").stdout.startswith("Nothing is stored")


@pytest.mark.usefixtures("url")
def test_logout_revokes(sandbox: Sandbox) -> None:
    """`logout` revokes at the vendor and deletes here."""
    assert run("token", "box", "--store", "file").exit_code == 0
    forget_all()
    result = run("logout", "box")
    assert result.exit_code == 0
    assert sandbox.count("revocation") == 1
    assert "box: the token is revoked." in result.stderr
    assert result.stdout.startswith("Deleted 1 entry in ")
    assert run("status").stdout.startswith("Nothing is stored")


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize("arguments", [("box",), ("--all",)])
def test_logout_of_what_others_stored(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """A token that other credentials have stored is neither said to be revoked nor deleted; what to do is said."""
    assert run("token", "box", "--store", "file").exit_code == 0
    forget_all()
    monkeypatch.setenv("BOX_CLIENT_ID", "another")
    monkeypatch.setenv("BOX_CLIENT_SECRET", "secret")
    result = run("logout", *arguments, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, sandbox.count("revocation")) == (1, 0)
    assert (told["vendors"], told["deleted"]) == ([{"vendor": "box", "revoked": False}], 0)
    assert "box: not revoked, and kept: 1 of client sandbox-client" in result.stderr
    assert not run("status", "box").stdout.startswith("Nothing")


@pytest.mark.usefixtures("url")
def test_logout_of_some_of_several(sandbox: Sandbox) -> None:
    """What belongs to the client that is set is revoked and deleted; the rest is kept, and said to be."""
    assert run("token", "box", "--store", "file").exit_code == 0
    stored(label={"vendor": "box", "client_id": "another"})
    forget_all()
    result = run("logout", "box")
    assert (result.exit_code, sandbox.count("revocation")) == (1, 1)
    assert "box: the token is revoked.\nbox: not revoked, and kept: 1 of client another" in result.stderr
    assert result.stdout.startswith("Deleted 1 entry in ")


@pytest.mark.usefixtures("url")
def test_logout_where_nothing_is_stored(sandbox: Sandbox) -> None:
    """An empty store is said to be one; nothing is sent, nothing is called revoked, and the exit status is 0."""
    result = run("logout", "box", "--json")
    assert (result.exit_code, sandbox.count("revocation")) == (0, 0)
    assert json.loads(result.stdout)["vendors"] == [{"vendor": "box", "revoked": False}]
    assert "Nothing is stored for box." in result.stderr


@pytest.mark.usefixtures("url")
def test_logout_where_nothing_can_be_revoked() -> None:
    """A vendor that cannot revoke is said to be one; the token is deleted here, and the exit status is 0."""
    run("token", "zoom", "--store", "file")
    stored(label={"vendor": "no_such_preset"})
    result = run("logout", "--all", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["vendors"] == [
        {"vendor": "no_such_preset", "revoked": False},
        {"vendor": "zoom", "revoked": False},
    ]
    assert told["deleted"] == 2
    assert "zoom has no revocation endpoint: the token lives there until it expires." in result.stderr
    assert "no_such_preset: there is no such preset" in result.stderr


@pytest.mark.usefixtures("url")
def test_a_revocation_that_fails(sandbox: Sandbox) -> None:
    """Where the vendor does not revoke, nothing is deleted, and the error says how to delete it all the same."""
    run("token", "box", "--store", "file")
    forget_all()
    sandbox.fail("revocation", status=400, times=None)
    result = run("logout", "box")
    assert result.exit_code == 1
    assert "`oauth-cc-auth forget box` deletes it here." in result.stderr
    assert not run("status", "box").stdout.startswith("Nothing")


def test_an_encrypted_store_is_listed(tmp_path: Path) -> None:
    """What a store keeps encrypted is listed with its label; what none of its keys decrypts is trouble."""
    inner = FileStore(tmp_path / "kept")
    EncryptedStore(inner, Fernet.generate_key()).save("a", Token("canary"))
    (entry,) = EncryptedStore(inner, Fernet.generate_key()).entries()
    assert entry.token is None
    assert entry.problem == "it is in the clear, or none of the keys decrypts it"
    key = Fernet.generate_key()
    EncryptedStore(inner, key).save("a", Token("canary", label={"vendor": "zoom"}))
    (entry,) = EncryptedStore(inner, key).entries()
    assert entry.label == {"vendor": "zoom"}
    with pytest.raises(TypeError, match="MemoryStore with 0 tokens> cannot list"):
        list(EncryptedStore(MemoryStore(), key).entries())


@pytest.mark.parametrize("label", ["zoom", {"vendor": 1}, None])
def test_a_label_of_another_shape(label: object) -> None:
    """A label that is no mapping of texts is none; the token is read all the same."""
    stored(expires_at=None)
    (file,) = FileStore().path.glob("*.json")
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "label": label}), encoding="ascii")
    assert run("status").stdout.startswith("unknown ")
