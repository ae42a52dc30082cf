"""What only some presets have, over every door: headers of the API, a static token, a login."""

from __future__ import annotations

from typing import Any

import doors
import pytest
from doors import Door

from oauth_cc_auth import InteractionRequired, OriginNotAllowed, presets
from oauth_cc_auth.sandbox import Sandbox

door, sandbox = doors.each_class, doors.sandbox


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


def test_a_static_token(door: Door, sandbox: Sandbox) -> None:
    """A static token is presented as its vendor documents, makes no token request, and a 401 renews nothing."""
    grant: Any = sandbox.grant(presets.vainu_api_key("key"))
    url, auth = f"{grant.resource_server.base_url}/v3/organizations/", door.auth(grant)
    assert door.call("GET", url, auth).status_code == 200
    sandbox.fail("api", status=401)
    answer = door.call("GET", url, auth)
    assert (answer.status_code, list(answer.history)) == (401, [])
    assert [record.presented("API-Key") for record in sandbox.requests] == ["key"] * 2
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
