"""Every vendor's preset, over every door, against the sandbox that plays the vendor as documented."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

import doors
import pytest
from doors import Door

from oauth_cc_auth import InteractionRequired, InvalidClient, OriginNotAllowed, presets
from oauth_cc_auth.sandbox import Sandbox

door, sandbox = doors.door, doors.sandbox


class Vendor(NamedTuple):
    """A vendor, its preset, and a path of its API."""

    name: str
    make: Callable[..., Any]
    path: str


VENDORS = [
    Vendor("vibe", presets.vibe, "/campaigns"),
    Vendor("vibes_rbm", presets.vibes_rbm, "/agents?agentId=a"),
    Vendor("vainu", presets.vainu, "/v3/organizations/"),
    Vendor("vend_email", presets.vend_email, "/me"),
    Vendor("fyma", presets.fyma, "/tracking-cameras"),
]


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Any:
    """Each vendor in turn."""
    return request.param


def made(vendor: Vendor, secret: str = "right", **kw: Any) -> Any:
    """Return the vendor's grant for a made-up client that has logged in where the vendor wants that."""
    login = {"refresh_token": "first"} if vendor.name == "vend_email" else {}
    return vendor.make("made-up", secret, **login, **kw)


def test_a_vendor_is_called(door: Door, sandbox: Sandbox, vendor: Vendor) -> None:
    """With the preset alone a call is answered, the next needs no token request, and a revoked token is renewed."""
    grant = sandbox.grant(made(vendor))
    url, auth = grant.resource_server.base_url + vendor.path, door.auth(grant)
    for _ in range(2):
        assert door.call("GET", url, auth).status_code == 200
    assert (sandbox.count("token", vendor.name), sandbox.count("api", vendor.name)) == (1, 2)
    sandbox.revoke_all()
    assert door.call("POST", url, auth, json={}).status_code == 200
    assert (sandbox.count("token", vendor.name), sandbox.count("api", vendor.name)) == (2, 4)


def test_a_wrong_secret_is_invalid_client(door: Door, sandbox: Sandbox, vendor: Vendor) -> None:
    """A wrong secret is InvalidClient and the library's own exception, and is not asked about again at each call."""
    sandbox.grant(made(vendor))
    grant = sandbox.grant(made(vendor, "wrong"))
    url, auth = grant.resource_server.base_url + vendor.path, door.auth(grant)
    for _ in range(3):
        with pytest.raises(InvalidClient) as caught:
            door.call("GET", url, auth)
        assert isinstance(caught.value, door.error)
        assert caught.value.status_code == 401
    assert (sandbox.token_requests, sandbox.api_requests) == (1, 0)


def test_a_vendor_is_pinned(door: Door, vendor: Vendor) -> None:
    """A preset's token goes to the vendor's API and nowhere else."""
    for url in ("https://example.com/", "http://api.vibe.co/", "https://api.vibe.co.evil.example/"):
        with pytest.raises(OriginNotAllowed):
            door.call("GET", url, door.auth(made(vendor)))


def test_the_revision_is_for_api_calls_only(door: Door, sandbox: Sandbox) -> None:
    """Vibe's X-Vibe-Revision goes out with each API call and no token request; a caller's own wins."""
    grant: Any = sandbox.grant(presets.vibe("made-up", "right"))
    url, auth = f"{grant.resource_server.base_url}/campaigns", door.auth(grant)
    assert door.call("GET", url, auth).status_code == 200
    assert door.call("GET", url, auth, headers={"x-vibe-revision": "2026-05"}).status_code == 200
    vars(door)["client"].headers["X-Vibe-Revision"] = "2026-05"
    sandbox.revoke_all()
    assert door.call("GET", url, auth).status_code == 200
    sent = [(record.kind, record.headers.get("X-Vibe-Revision")) for record in sandbox.requests]
    assert sent == [
        ("token", None),
        ("api", "2026-06-01"),
        ("api", "2026-05"),
        ("api", "2026-05"),
        ("token", None),
        ("api", "2026-05"),
    ]


class Static(NamedTuple):
    """A token or key that is not renewed, and how it is documented to stand in a request."""

    make: Callable[..., Any]
    arguments: tuple[str, ...]
    header: str
    value: str
    path: str


STATIC = {
    "vainu_api_key": Static(presets.vainu_api_key, ("key-1",), "API-Key", "key-1", "/v3/organizations/"),
    "vibe_api_key": Static(presets.vibe_api_key, ("key-2",), "X-API-KEY", "key-2", "/campaigns"),
    "fyma_legacy": Static(
        presets.fyma_legacy,
        ("id", "word"),
        "Authorization",
        f"Basic {b64encode(b'id:word').decode()}",
        "/tracking-cameras",
    ),
    "vend_email_personal": Static(
        presets.vend_email_personal, ("ve_token_1",), "Authorization", "Bearer ve_token_1", "/me"
    ),
}


@pytest.mark.parametrize("name", STATIC)
def test_a_static_token(door: Door, sandbox: Sandbox, name: str) -> None:
    """A static token is presented as its vendor documents, makes no token request, and a 401 renews nothing."""
    static = STATIC[name]
    grant = sandbox.grant(static.make(*static.arguments))
    url, auth = grant.resource_server.base_url + static.path, door.auth(grant)
    revision = {"X-Vibe-Revision": "2026-06-01"}
    assert door.call("GET", url, auth, headers=revision).status_code == 200
    sandbox.fail("api", status=401)
    answer = door.call("GET", url, auth, headers=revision)
    assert (answer.status_code, list(answer.history)) == (401, [])
    assert [record.presented(static.header) for record in sandbox.requests] == [static.value] * 2
    assert sandbox.token_requests == 0
    with pytest.raises(OriginNotAllowed):
        door.call("GET", "https://example.com/", auth)


def test_a_login_that_has_ended(door: Door, sandbox: Sandbox) -> None:
    """A refresh token that the server takes no more is InteractionRequired, the library's exception at once."""
    grant: Any = sandbox.grant(presets.vend_email("made-up", "right", refresh_token="first"))
    url, auth = f"{grant.resource_server.base_url}/me", door.auth(grant)
    door.call("GET", url, auth)
    sandbox.revoke_all()
    sandbox.fail("token", status=400, body={"error": "invalid_grant"})
    with pytest.raises(InteractionRequired, match="log in") as caught:
        door.call("GET", url, auth)
    assert isinstance(caught.value, door.error)
