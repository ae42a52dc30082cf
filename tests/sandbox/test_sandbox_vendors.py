"""Each vendor in the sandbox behaves as its documentation says."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests
import vendor_sandbox
from vendor_sandbox import Clock

from oauth_cc_auth import AuthorizationCode, ClientCredentials, ResourceServer, StaticToken
from oauth_cc_auth.sandbox import Sandbox

RBM_SCOPE = "https://rbm.vibes.com/rbm.agents"
FORM = {"grant_type": "client_credentials"}


clock, sandbox = vendor_sandbox.clock, vendor_sandbox.sandbox


def ask(sandbox: Sandbox, url: str, **kwargs: Any) -> requests.Response:
    """Post to an OAuth endpoint."""
    return requests.post(sandbox.url(url), **kwargs, timeout=5, allow_redirects=False)


def call(sandbox: Sandbox, url: str, token: str, method: str = "GET", **kwargs: Any) -> requests.Response:
    """Call an API with this token."""
    headers = {"Authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
    return requests.request(method, sandbox.url(url), headers=headers, timeout=5, allow_redirects=False, **kwargs)


# Vibe


def vibe(sandbox: Sandbox, scope: str | None = None, **kwargs: Any) -> requests.Response:
    """Ask Vibe for a token."""
    form = FORM | ({"scope": scope} if scope else {})
    return ask(sandbox, "https://api.vibe.co/oauth2/token", **{"auth": ("id", "secret"), "data": form, **kwargs})


def vibe_call(
    sandbox: Sandbox, token: str, path: str = "/campaigns", method: str = "GET", **kw: Any
) -> requests.Response:
    """Call Vibe's API."""
    headers = {"X-Vibe-Revision": "2026-06-01"} | kw.pop("headers", {})
    return call(sandbox, f"https://api.vibe.co{path}", token, method, headers=headers, **kw)


def test_vibe_token(sandbox: Sandbox) -> None:
    """Vibe gives an hour, a Bearer token, nothing else, and no refresh token."""
    answer = vibe(sandbox, "campaigns:read")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json().pop("access_token")
    assert answer.json() == {"access_token": token, "token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    ("kwargs", "status", "error"),
    [
        ({"auth": ("id", "wrong")}, 401, "invalid_client"),
        ({"auth": ("nobody", "secret")}, 401, "invalid_client"),
        ({"auth": None}, 401, "invalid_client"),
        ({"auth": None, "data": FORM | {"client_id": "id", "client_secret": "secret"}}, 401, "invalid_client"),
        ({"auth": None, "data": FORM | {"client_id": "nobody"}}, 401, "invalid_client"),
        ({"data": FORM | {"scope": "world:domination"}}, 400, "invalid_scope"),
        ({"data": {}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400, "invalid_request"),
        ({"data": [("grant_type", "client_credentials")] * 2}, 400, "invalid_request"),
        ({"data": None, "json": FORM}, 400, "invalid_request"),
        ({"data": {"grant_type": "refresh_token", "refresh_token": "x"}}, 400, "invalid_grant"),
        ({"data": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
    ],
)
def test_vibe_token_errors(sandbox: Sandbox, kwargs: dict[str, Any], status: int, error: str) -> None:
    """Vibe's token endpoint refuses in the words of RFC 6749 §5.2: `error` is a string."""
    answer = vibe(sandbox, **kwargs)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_vibe_scopes(sandbox: Sandbox) -> None:
    """Without a scope Vibe's token may do everything the client may; with one only that, and 403 names what lacks."""
    everything = vibe(sandbox).json()["access_token"]
    reader = vibe(sandbox, "campaigns:read").json()["access_token"]
    assert vibe_call(sandbox, everything, method="POST").status_code == 200
    assert vibe_call(sandbox, everything, "/reporting/x", method="POST").status_code == 200
    assert vibe_call(sandbox, reader).status_code == 200
    assert vibe_call(sandbox, reader, "/anything").status_code == 200
    answer = vibe_call(sandbox, reader, method="POST")
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["status"]) == (403, "insufficient_scope", 403)
    assert error["detail"] == {"required_scope": "campaigns:write", "granted_scopes": ["campaigns:read"]}
    assert "WWW-Authenticate" not in answer.headers


def test_vibe_revision(sandbox: Sandbox) -> None:
    """Vibe's API wants X-Vibe-Revision and knows two of them; its errors are objects."""
    token = vibe(sandbox).json()["access_token"]
    missing = call(sandbox, "https://api.vibe.co/campaigns", token)
    unknown = vibe_call(sandbox, token, headers={"X-Vibe-Revision": "2099-01"})
    assert vibe_call(sandbox, token, headers={"X-Vibe-Revision": "2026-05"}).status_code == 200
    assert (missing.status_code, missing.json()["error"]["type"]) == (400, "Bad Request")
    assert (unknown.status_code, unknown.json()["error"]["type"]) == (400, "unknown_revision")
    assert set(unknown.json()["error"]) == {"type", "message", "status", "detail", "request_id", "doc_url"}


def test_vibe_unknown_token(sandbox: Sandbox) -> None:
    """Vibe's API answers 401 in its own envelope to a token it does not know."""
    answer = vibe_call(sandbox, "unknown")
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "Unauthorized")


def test_vibe_legacy_key(sandbox: Sandbox) -> None:
    """A registered X-API-KEY works at Vibe and nowhere else."""
    key = StaticToken("key", resource_server=ResourceServer("https://api.vibe.co", header="X-API-KEY", scheme=None))
    base = sandbox.grant(key).resource_server.base_url  # type: ignore[union-attr]  # every grant here has one
    headers = {"X-API-KEY": "key", "X-Vibe-Revision": "2026-05"}
    assert requests.get(f"{base}/campaigns", headers=headers, timeout=5).status_code == 200
    assert requests.get(sandbox.url("https://api.vainu.io/api/v3/x"), headers=headers, timeout=5).status_code == 401
    sandbox.reject_all_tokens = True
    assert requests.get(f"{base}/campaigns", headers=headers, timeout=5).status_code == 401


# Vibes RBM


def rbm(sandbox: Sandbox, **changes: Any) -> requests.Response:
    """Ask Vibes RBM for a token."""
    form = {**FORM, "client_id": "id", "client_secret": "secret", "scope": RBM_SCOPE, **changes.pop("form", {})}
    url = "https://vibes-rbm-prd.auth.us-west-2.amazoncognito.com/oauth2/token"
    return ask(sandbox, url, data=form, **{"auth": ("id", "secret"), **changes})


def test_rbm_token(sandbox: Sandbox) -> None:
    """Vibes RBM gives an hour to a client that shows its secret twice."""
    answer = rbm(sandbox)
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "token_type": "Bearer",
        "expires_in": 3600,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"auth": None},
        {"auth": ("id", "wrong")},
        {"auth": ("other", "secret")},
        {"form": {"client_secret": "wrong"}},
        {"form": {"client_secret": None}},
        {"form": {"client_id": "nobody"}},
        {"form": {"client_id": None}},
    ],
)
def test_rbm_needs_both(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    """Vibes RBM refuses a client that shows its secret once, or wrongly, with an empty object."""
    sandbox.register_client("vibes_rbm", "other", "secret")
    answer = rbm(sandbox, **changes)
    assert (answer.status_code, answer.json()) == (401, {})


@pytest.mark.parametrize("scope", [None, "else", f"{RBM_SCOPE} else"])
def test_rbm_scope(sandbox: Sandbox, scope: str | None) -> None:
    """Vibes RBM wants exactly its one scope."""
    answer = rbm(sandbox, form={"scope": scope})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_rbm_api(sandbox: Sandbox) -> None:
    """Vibes RBM's API says its errors as one text; a forbidden agent is no matter of the token."""
    url = "https://rbm.us.vibes.com/connectCustomers/key/messages"
    token = rbm(sandbox).json()["access_token"]
    forbidden = call(sandbox, f"{url}?agentId=forbidden", token)
    unknown = call(sandbox, f"{url}?agentId=me", "unknown")
    assert call(sandbox, f"{url}?agentId=me", token).json()["agentId"] == "me"
    assert (forbidden.status_code, forbidden.json()) == (403, {"error": "Forbidden agent"})
    assert (unknown.status_code, list(unknown.json())) == (401, ["error"])
    assert "WWW-Authenticate" not in unknown.headers
    assert call(sandbox, "https://rbm.us.vibes.com/elsewhere", token).status_code == 404


# Vainu

VAINU_TOKEN = "https://api.vainu.io/api/oauth/token/"
ORGANIZATIONS = "https://api.vainu.io/api/v3/organizations/"
VAINU_FORM = FORM | {"client_id": "id", "client_secret": "secret"}


def vainu_token(sandbox: Sandbox) -> str:
    """Return a token of Vainu."""
    return str(ask(sandbox, VAINU_TOKEN, data=VAINU_FORM).json()["access_token"])


@pytest.mark.parametrize("scope", [None, "vainu:api"])
def test_vainu_token(sandbox: Sandbox, scope: str | None) -> None:
    """Vainu grants its one scope, asked for or not."""
    answer = ask(sandbox, VAINU_TOKEN, data=VAINU_FORM | {"scope": scope})
    assert answer.json().items() >= {"token_type": "Bearer", "scope": "vainu:api", "expires_in": 3600}.items()


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"scope": "else"}, 400, "invalid_scope"),
    ],
)
def test_vainu_token_errors(sandbox: Sandbox, form: dict[str, str], status: int, error: str) -> None:
    """Vainu calls a wrong grant type invalid_grant; its other errors are the usual ones."""
    answer = ask(sandbox, VAINU_TOKEN, data=VAINU_FORM | form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_vainu_slash(sandbox: Sandbox) -> None:
    """Without its trailing slash Vainu's token endpoint is no token endpoint, and a GET to it is no token request."""
    bare = sandbox.url(VAINU_TOKEN[:-1])
    redirect = requests.get(bare, timeout=5, allow_redirects=False)
    assert (redirect.status_code, redirect.headers["Location"]) == (301, "/api/oauth/token/")
    assert requests.post(bare, data=VAINU_FORM, timeout=5).status_code == 404
    wrong = requests.get(bare, timeout=5)
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "POST")


def test_vainu_organizations(sandbox: Sandbox) -> None:
    """Vainu's API answers the example of its page, and 401 without a token."""
    token = vainu_token(sandbox)
    asked = {"query": {"?EQ": {"business_id": "FI25578642"}}, "database": "FI", "fields": ["business_id", "name"]}
    found = call(sandbox, ORGANIZATIONS, token, "POST", json=asked)
    assert found.json() == [{"name": "Vainu. io Software Oy", "business_id": "FI25578642"}]
    assert call(sandbox, ORGANIZATIONS, token, "POST", json={"fields": ["name"]}).json() == [
        {"name": "Vainu. io Software Oy"}
    ]
    assert call(sandbox, ORGANIZATIONS, token, "POST", data="[]").status_code == 200
    assert call(sandbox, "https://api.vainu.io/api/v2/companies/", token).json()["path"] == "/api/v2/companies/"
    refused = ask(sandbox, ORGANIZATIONS)
    assert (refused.status_code, list(refused.json())) == (401, ["detail"])


def test_vainu_rotation(sandbox: Sandbox) -> None:
    """A rotated secret stops the old one at once, not the tokens."""
    token = vainu_token(sandbox)
    sandbox.rotate_secret("id", "new")
    assert ask(sandbox, VAINU_TOKEN, data=VAINU_FORM).status_code == 401
    assert ask(sandbox, VAINU_TOKEN, data=VAINU_FORM | {"client_secret": "new"}).status_code == 200
    assert call(sandbox, ORGANIZATIONS, token).status_code == 200


def test_vainu_deletion(sandbox: Sandbox) -> None:
    """Deleting the application ends its tokens at once, for good, and nobody else's."""
    sandbox.register_client("vainu", "other", "secret")
    other = ask(sandbox, VAINU_TOKEN, data=VAINU_FORM | {"client_id": "other"}).json()["access_token"]
    token = vainu_token(sandbox)
    grant = ClientCredentials(token_endpoint=VAINU_TOKEN, client_id="id", client_secret="secret")
    sandbox.delete_application(grant)
    assert call(sandbox, ORGANIZATIONS, token).status_code == 401
    assert call(sandbox, ORGANIZATIONS, other).status_code == 200
    sandbox.grant(grant)
    sandbox.delete_application(grant)
    assert ask(sandbox, VAINU_TOKEN, data=VAINU_FORM).json()["error"] == "invalid_client"
    sandbox.register_client("vainu", "id", "secret")
    assert ask(sandbox, VAINU_TOKEN, data=VAINU_FORM).status_code == 200


def test_vainu_revocation(sandbox: Sandbox) -> None:
    """A revoked token stops; another client's is not revoked (RFC 7009 §2.1)."""
    token, url = vainu_token(sandbox), "https://api.vainu.io/api/oauth/revoke_token/"
    sandbox.register_client("vainu", "other", "secret")
    foreign = VAINU_FORM | {"client_id": "other", "token": token}
    assert ask(sandbox, url, data=foreign).json()["error"] == "invalid_grant"
    assert call(sandbox, ORGANIZATIONS, token).status_code == 200
    assert ask(sandbox, url, data=VAINU_FORM | {"token": token}).status_code == 200
    assert call(sandbox, ORGANIZATIONS, token).status_code == 401
    assert sandbox.count("revocation", "vainu") == 2


# Vend Email

VEND_TOKEN = "https://www.vend.email/oauth/token"
ME = "https://www.vend.email/api/v1/me"


def renew(sandbox: Sandbox, refresh_token: str, /, **changes: Any) -> requests.Response:
    """Renew at Vend Email."""
    form = {"grant_type": "refresh_token", "client_id": "id", "client_secret": "secret"}
    return ask(sandbox, VEND_TOKEN, data={**form, "refresh_token": refresh_token, **changes})


@pytest.mark.parametrize("scope", [None, "read_user", "public"])
def test_vend_renewal(sandbox: Sandbox, clock: Clock, scope: str | None) -> None:
    """Vend Email gives two hours, a new refresh token, its creation time, and public where read_user was asked."""
    first = sandbox.issue_refresh_token("id", scope="read_user")
    answer = renew(sandbox, first, scope=scope)
    body = answer.json()
    assert body.items() >= {"scope": "public", "expires_in": 7200, "created_at": int(clock.now)}.items()
    assert body["refresh_token"] != first
    assert call(sandbox, ME, body["access_token"]).json()["id"] == "123456"
    assert call(sandbox, "https://www.vend.email/api/v1/x", body["access_token"]).json()["path"] == "/api/v1/x"


def test_vend_rotation(sandbox: Sandbox) -> None:
    """A used refresh token is dead at once; the next one works; the family lives on by default."""
    first = sandbox.issue_refresh_token("id")
    second = renew(sandbox, first).json()
    assert renew(sandbox, first).json()["error"] == "invalid_grant"
    assert renew(sandbox, second["refresh_token"]).status_code == 200
    assert call(sandbox, ME, second["access_token"]).status_code == 200


def test_vend_kills_family(sandbox: Sandbox) -> None:
    """With the knob, the reuse of a dead refresh token ends every token of that login, and of no other."""
    sandbox.kill_family_on_reuse = True
    first, other = sandbox.issue_refresh_token("id"), sandbox.issue_refresh_token("id")
    second, unrelated = renew(sandbox, first).json(), renew(sandbox, other).json()
    assert renew(sandbox, first).status_code == 400
    assert renew(sandbox, second["refresh_token"]).status_code == 400
    assert call(sandbox, ME, second["access_token"]).status_code == 401
    assert call(sandbox, ME, unrelated["access_token"]).status_code == 200


def test_vend_grace(sandbox: Sandbox, clock: Clock) -> None:
    """With the knob, a used refresh token works for some seconds more, counted from its first use."""
    sandbox.refresh_grace = 10
    first = sandbox.issue_refresh_token("id")
    assert renew(sandbox, first).status_code == 200
    clock.now += 9
    assert renew(sandbox, first).status_code == 200
    clock.now += 1
    assert renew(sandbox, first).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"refresh_token": "unknown"}, "invalid_grant"),
        ({"refresh_token": None}, "invalid_request"),
        ({"scope": "write_user"}, "invalid_scope"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "other"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ],
)
def test_vend_errors(sandbox: Sandbox, changes: dict[str, str], error: str) -> None:
    """A refused renewal says why and leaves the refresh token alive."""
    sandbox.register_client("vend_email", "other", "secret")
    first = sandbox.issue_refresh_token("id")
    assert renew(sandbox, first, **changes).json()["error"] == error
    assert renew(sandbox, first).status_code == 200


def test_vend_grant_registers_its_refresh_token(sandbox: Sandbox) -> None:
    """The refresh token in a grant is live from first sight, once: showing the grant again does not revive it."""
    grant = AuthorizationCode(
        authorization_endpoint="https://www.vend.email/oauth/authorize",
        token_endpoint=VEND_TOKEN,
        client_id="id",
        client_secret="secret",
        token_endpoint_auth_method="client_secret_post",
        scope="read_user",
        refresh_token="from the login",
    )
    moved = sandbox.grant(grant)
    assert moved.authorization_endpoint == sandbox.url("https://www.vend.email/oauth/authorize")
    assert renew(sandbox, "from the login").status_code == 200
    sandbox.grant(grant)
    assert renew(sandbox, "from the login").status_code == 400


def test_vend_deletion(sandbox: Sandbox) -> None:
    """Deleting the application ends its refresh tokens too."""
    first = sandbox.issue_refresh_token("id")
    sandbox.delete_application("id")
    sandbox.register_client("vend_email", "id", "secret")
    assert renew(sandbox, first).json()["error"] == "invalid_grant"


def test_vend_personal_token(sandbox: Sandbox) -> None:
    """A registered personal token works, another does not."""
    sandbox.grant(StaticToken("ve_token_x", resource_server=ResourceServer("https://www.vend.email/api/v1")))
    assert call(sandbox, ME, "ve_token_x").status_code == 200
    assert call(sandbox, ME, "ve_token_y").status_code == 401


def test_vend_outside_the_api(sandbox: Sandbox) -> None:
    """What is not under /api/ is not found, and a refresh token is issued to registered clients only."""
    assert call(sandbox, "https://www.vend.email/pricing", "x").status_code == 404
    with pytest.raises(LookupError, match="nobody"):
        sandbox.issue_refresh_token("nobody")


# Fyma

FYMA_TOKEN = "https://auth.fyma.ai/oauth/token"
FYMA_JSON = FORM | {"client_id": "id", "client_secret": "secret", "audience": "https://api.fyma.ai"}
CAMERAS = "https://api.fyma.ai/tracking-cameras"


def test_fyma_token(sandbox: Sandbox) -> None:
    """Fyma takes a JSON body and gives a day."""
    answer = ask(sandbox, FYMA_TOKEN, json=FYMA_JSON)
    token = answer.json()["access_token"]
    assert answer.json() == {"access_token": token, "token_type": "Bearer", "expires_in": 86400}
    assert call(sandbox, CAMERAS, token).json()[0]["id"] == "camera-1"
    assert call(sandbox, "https://api.fyma.ai/x", token).json()["path"] == "/x"
    assert call(sandbox, "https://auth.fyma.ai/x", token).status_code == 404


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"data": FYMA_JSON}, "invalid_request"),
        ({"json": FYMA_JSON | {"audience": "https://else"}}, "invalid_request"),
        ({"json": FYMA_JSON | {"audience": []}}, "invalid_request"),
        ({"json": FYMA_JSON | {"client_secret": "wrong"}}, "invalid_client"),
        ({"json": []}, "invalid_request"),
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, "invalid_request"),
    ],
)
def test_fyma_token_errors(sandbox: Sandbox, kwargs: dict[str, Any], error: str) -> None:
    """Fyma refuses a form, a wrong audience, a wrong secret and what is no JSON object."""
    assert ask(sandbox, FYMA_TOKEN, **kwargs).json()["error"] == error


def test_fyma_daily_limit(sandbox: Sandbox, clock: Clock) -> None:
    """Fyma gives so many tokens a day to a client, then 429 with the seconds until midnight."""
    sandbox.daily_limit = 2
    sandbox.register_client("fyma", "other", "secret")
    assert [ask(sandbox, FYMA_TOKEN, json=FYMA_JSON).status_code for _ in range(3)] == [200, 200, 429]
    refused = ask(sandbox, FYMA_TOKEN, json=FYMA_JSON)
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= 86400
    assert ask(sandbox, FYMA_TOKEN, json=FYMA_JSON | {"client_id": "other"}).status_code == 200
    clock.now += wait
    assert ask(sandbox, FYMA_TOKEN, json=FYMA_JSON).status_code == 200


def test_fyma_legacy_token(sandbox: Sandbox) -> None:
    """A registered token id and secret work as HTTP Basic on Fyma's API."""
    pair = base64.b64encode(b"token-id:token-secret").decode()
    sandbox.grant(StaticToken(pair, resource_server=ResourceServer("https://api.fyma.ai", scheme="Basic")))
    url = sandbox.url(CAMERAS)
    assert requests.get(url, auth=("token-id", "token-secret"), timeout=5).status_code == 200
    assert requests.get(url, auth=("token-id", "else"), timeout=5).status_code == 401


def test_vendors_do_not_know_each_others_tokens(sandbox: Sandbox) -> None:
    """A token of one vendor is no token at another."""
    assert call(sandbox, CAMERAS, vainu_token(sandbox)).status_code == 401


# Zoho


def test_zoho_needs_an_organization(sandbox: Sandbox) -> None:
    """Zoho gives no token for its CRM to a client that does not say for which organization."""
    query = FORM | {"client_id": "id", "client_secret": "secret", "scope": "ZohoCRM.modules.ALL"}
    url = "https://accounts.zoho.com/oauth/v2/token"
    assert ask(sandbox, url, params=query).json()["error"] == "missing_org_info"
    assert ask(sandbox, url, params=query | {"soid": "ZohoCRM.1"}).json()["api_domain"] == "https://www.zohoapis.com"
