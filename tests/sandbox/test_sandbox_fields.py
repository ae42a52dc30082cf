"""What a vendor may say of itself does in the sandbox what it says, and where vendors are found."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
import requests
import vendor_sandbox
from authlib.oauth2.rfc7523 import client_secret_jwt_sign
from joserfc.jwk import OctKey
from vendor_sandbox import BASIC, FORM, ODD, ODD_API, POST, Clock, ask, call
from werkzeug.datastructures import Headers, MultiDict

from oauth_cc_auth import ClientCredentials, Discovery, RequestFormat
from oauth_cc_auth.sandbox import VENDORS, Sandbox, vendors
from oauth_cc_auth.sandbox import _vendor as facts

clock, sandbox, play = vendor_sandbox.clock, vendor_sandbox.sandbox, vendor_sandbox.play


# Where vendors are found


def test_every_file_is_a_vendor() -> None:
    """The folder is the list: each file exports a vendor of its name."""
    files = {name.removeprefix("_") for name in vars(vendors) if hasattr(getattr(vendors, name), "VENDOR")}
    assert files == {vendor.name for vendor in VENDORS}
    assert all(vendor.source.startswith("https://") and vendor.token_endpoints for vendor in VENDORS)


def test_vendor_at() -> None:
    """A vendor is known by endpoint, by API, and by host."""
    cases: list[tuple[str, str]] = [
        ("vibes-rbm-prd.auth.us-west-2.amazoncognito.com/oauth2/token", "vibes_rbm"),
        ("any.my.salesforce.com/services/oauth2/token", "salesforce"),
        ("any.my.salesforce.com/services/data", "salesforce"),
        ("accounts.cloud.databricks.com/oidc/accounts/1/v1/token", "databricks"),
        ("auth.fyma.ai/else", "fyma"),
        ("else.example.com/oauth2/token", "plain"),
    ]
    for url, name in cases:
        host, _, path = url.partition("/")
        assert vendors.vendor_at(host, f"/{path}").name == name


def test_exact_hosts_win(sandbox: Sandbox, play: Any) -> None:
    """A vendor who names a host gets it, and one who claims many gets the others; everybody's host is nobody's."""
    play(sandbox, token_endpoints=("*.amazoncognito.com/oauth2/token", "*/realms/*/token"), apis=())
    vibes = vendors.endpoint_at("vibes-rbm-prd.auth.us-west-2.amazoncognito.com", "/oauth2/token")
    other = vendors.endpoint_at("x.auth.eu-west-1.amazoncognito.com", "/oauth2/token")
    anywhere = vendors.endpoint_at("sso.example.com", "/realms/main/token")
    assert [found and found[1].name for found in (vibes, other, anywhere)] == ["vibes_rbm", "odd", "odd"]
    assert vendors.vendor_of("sso.example.com") is facts.PLAIN


@pytest.mark.parametrize("changes", [{"apis": ()}, {"any_api": True}])
def test_a_server_for_every_api(sandbox: Sandbox, play: Any, changes: dict[str, Any]) -> None:
    """The token of a vendor without an API, or with others' too, is good on hosts of no vendor, and on no vendor's."""
    play(sandbox, **changes)
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    assert call(sandbox, "https://api.example.com/x", token).status_code == 200
    assert call(sandbox, "https://api.fyma.ai/x", token).status_code == 401


def test_two_vendors_on_one_host(sandbox: Sandbox, play: Any) -> None:
    """Where two vendors have their API at one host, the token's vendor answers."""
    play(sandbox, apis=("api.fyma.ai/",), api_errors=lambda refusal: (refusal.status, "odd"))
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    fyma = {**POST, "audience": "https://api.fyma.ai"}
    other = ask(sandbox, "https://auth.fyma.ai/oauth/token", json=fyma).json()["access_token"]
    assert call(sandbox, "https://api.fyma.ai/tracking-cameras", token).json() == {
        "method": "GET",
        "path": "/tracking-cameras",
    }
    assert call(sandbox, "https://api.fyma.ai/tracking-cameras", other).json()[0]["id"] == "camera-1"
    assert [record.vendor for record in sandbox.requests if record.kind == "api"] == ["odd", "fyma"]


# Grants for them


def test_grant_by_discovery(sandbox: Sandbox) -> None:
    """A grant whose token endpoint is found by discovery keeps doing so, here: at a vendor and at any host."""
    for host, path, plain in (
        ("x.azuredatabricks.net", "/oidc/.well-known/oauth-authorization-server", False),
        ("as.example.com", "/.well-known/oauth-authorization-server", True),
        ("as.example.com", "/metadata", True),
    ):
        grant = ClientCredentials(
            token_endpoint=Discovery(f"https://{host}{path}"), client_id="found", client_secret="its own"
        )
        moved = sandbox.grant(grant)
        assert moved.token_endpoint == Discovery(sandbox.url(f"https://{host}{path}"))
        document = requests.get(sandbox.url(f"https://{host}{path}"), timeout=5).json()
        answer = requests.post(document["token_endpoint"], data=FORM, auth=("found", "its own"), timeout=5)
        assert answer.status_code == 200
        assert sandbox.count("token", host if plain else "databricks") > 0
        sandbox.rotate_secret(moved, "new")
        answer = requests.post(document["token_endpoint"], data=FORM, auth=("found", "its own"), timeout=5)
        assert answer.status_code == 401
        sandbox.rotate_secret(grant, "its own")


def test_grant_without_client_id(clock: Clock) -> None:
    """A grant may have no client id; its secret, which may be read when it is needed, is then the client."""
    url = "https://iam.cloud.ibm.com/identity/token"
    grant = ClientCredentials(
        token_endpoint=url,
        client_id=None,
        client_secret=lambda: "key",
        token_endpoint_auth_method="client_secret_post",
        grant_type="urn:ibm:params:oauth:grant-type:apikey",
        token_request=RequestFormat(names={"client_id": None, "client_secret": "apikey"}),
    )
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "key"}
    with Sandbox(clock=clock) as sandbox:
        moved = sandbox.grant(grant)
        assert ask(sandbox, url, data=form).status_code == 200
        sandbox.rotate_secret(moved, "new")
        assert ask(sandbox, url, data=form).json()["errorCode"] == "BXNIM0415E"
        assert ask(sandbox, url, data=form | {"apikey": "new"}).status_code == 200
        sandbox.delete_application(moved)
        assert ask(sandbox, url, data=form | {"apikey": "new"}).json()["errorCode"] == "BXNIM0415E"


def test_grant_with_own_method(sandbox: Sandbox, play: Any) -> None:
    """A grant may prove itself by a function of its own; the vendor decides how Basic reads."""
    play(sandbox, credentials=workday)

    def headers(client_id: str | None, client_secret: str | None) -> dict[str, str]:
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        return {"Authorization": f"ID {pair}"}

    grant = ClientCredentials(
        token_endpoint=ODD, client_id="mine", client_secret="my secret", token_endpoint_auth_method=headers
    )
    moved = sandbox.grant(grant)
    answer = requests.post(str(moved.token_endpoint), data=FORM, headers=headers("mine", "my secret"), timeout=5)
    assert answer.status_code == 200


@pytest.mark.parametrize(("method", "status"), [(facts.CLIENT_SECRET_JWT, 200), (facts.PRIVATE_KEY_JWT, 401)])
def test_signed_with_the_secret(sandbox: Sandbox, play: Any, clock: Clock, method: str, status: int) -> None:
    """A vendor who wants a private key does not take a signature by the secret, which is a method of its own."""
    clock.now = time.time()  # what signs tells the real time
    play(sandbox, auth_methods=frozenset({method}))
    key = "a-secret-of-thirty-two-characters"
    sandbox.register_client("odd", "id", key)
    assertion = client_secret_jwt_sign(OctKey.import_key(key), client_id="id", token_endpoint=ODD, alg="HS256")
    proof = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    assert ask(sandbox, ODD, data=FORM | proof).status_code == status


# What the fields of a vendor do


def test_split_placement(sandbox: Sandbox, play: Any) -> None:
    """A parameter that belongs into the query does not count in the body, nor the others in the query."""
    play(sandbox, query=frozenset({"grant_type"}), auth_methods=frozenset({facts.POST}), bodies=frozenset({facts.JSON}))
    rest = {"client_id": "id", "client_secret": "secret"}
    right = ask(sandbox, ODD, params=FORM, json=rest)
    assert right.status_code == 200
    assert dict(sandbox.requests[-1].form) == FORM | rest
    assert ask(sandbox, ODD, json=POST).json()["error"] == "invalid_request"
    assert ask(sandbox, ODD, params=POST, json={}).json()["error"] == "invalid_client"


def test_swapped_names(sandbox: Sandbox, play: Any) -> None:
    """Names may be anybody's, those of other parameters included."""
    play(sandbox, names={"client_id": "client_secret", "client_secret": "client_id"}, auth_methods={facts.POST})
    assert ask(sandbox, ODD, data=FORM | {"client_secret": "id", "client_id": "secret"}).status_code == 200
    assert ask(sandbox, ODD, data=POST).status_code == 401


def test_dropped_scopes(sandbox: Sandbox, play: Any) -> None:
    """Unknown scopes may be left out of what is granted; patterns are scopes, but are not granted by themselves."""
    play(sandbox, scopes=frozenset({"tsg_id:*", "read"}), drops_scopes=True)
    granted = [
        ask(sandbox, ODD, data=FORM | {"scope": scope}, auth=BASIC).json()
        for scope in ("tsg_id:7 else", "read", "", "else")
    ]
    assert [answer.get("scope") for answer in granted] == ["tsg_id:7", "read", "read", None]
    assert granted[-1]["error"] == "invalid_scope"


def test_always_granted(sandbox: Sandbox, play: Any) -> None:
    """A vendor may ignore what is asked for."""
    play(sandbox, always_grants="public")
    assert ask(sandbox, ODD, data=FORM | {"scope": "x"}, auth=BASIC).json()["scope"] == "public"


def workday(headers: Headers, parameters: MultiDict[str, str]) -> tuple[str | None, str] | None:
    """Read ``Authorization: ID base64(id:secret)``."""
    scheme, _, pair = headers.get("Authorization", "").partition(" ")
    client_id, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
    return (client_id, secret) if scheme == "ID" else None


def test_own_credentials(sandbox: Sandbox, play: Any) -> None:
    """A vendor may have its own way of client authentication, and then no other; what it cannot read proves nobody."""
    play(sandbox, credentials=workday)
    pair = base64.b64encode(b"id:secret").decode()
    statuses = [
        ask(sandbox, ODD, data=FORM, headers={"Authorization": value}).status_code
        for value in (f"ID {pair}", f"Basic {pair}", "ID !", f"ID {base64.b64encode(b'no:secret').decode()}")
    ]
    assert statuses == [200, 401, 401, 401]
    assert ask(sandbox, ODD, data=POST).status_code == 401


def test_secret_in_a_header(sandbox: Sandbox, play: Any) -> None:
    """A client may be known by a secret in a header, and there may be several with a secret each."""

    def read(headers: Headers, parameters: MultiDict[str, str]) -> tuple[str | None, str] | None:
        secret = headers.get("x-clear-client-secret")
        return secret and (None, secret)  # type: ignore[return-value]  # "" is as good as None

    play(
        sandbox,
        credentials=read,
        names={"client_id": None},
        client_credentials={None},
        methods={"GET"},
        bodies={facts.QUERY},
    )
    sandbox.register_client("odd", "another", "other")
    for secret, status in (("secret", 200), ("other", 200), ("wrong", 401)):
        assert ask(sandbox, ODD, "GET", headers={"x-clear-client-secret": secret}).status_code == status
    assert ask(sandbox, ODD, "GET").status_code == 401
    assert sandbox.requests[0].shown_headers["X-Clear-Client-Secret"] == "***"


def test_basic_raw(sandbox: Sandbox, play: Any) -> None:
    """A vendor who does not decode Basic says so; it does not follow the grant."""
    play(sandbox, auth_methods=frozenset({facts.BASIC_RAW}))
    sandbox.register_client("odd", "a+b", "100%")
    assert ask(sandbox, ODD, data=FORM, auth=("a+b", "100%")).status_code == 200
    assert ask(sandbox, ODD, data=FORM, auth=("a%2Bb", "100%25")).status_code == 401


def test_remaining_life(sandbox: Sandbox, play: Any, clock: Clock) -> None:
    """A vendor that hands out the running token says what is left of its life."""
    play(sandbox, reuses_token=0)
    first = ask(sandbox, ODD, data=FORM, auth=BASIC).json()
    clock.now += 600
    assert ask(sandbox, ODD, data=FORM, auth=BASIC).json() == first | {"expires_in": 3000}


def test_limit_in_other_words(sandbox: Sandbox, play: Any, clock: Clock) -> None:
    """A limit has its number, its window, the vendor's words, and what it counts by, as Vertex has them."""
    play(sandbox, limit=facts.Limit(10, 28800, status=400, code="invalid_request", by=("audience",)))
    statuses = [ask(sandbox, ODD, data=FORM | {"audience": "a"}, auth=BASIC).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [400]
    for other in ({"audience": "b"}, {}):
        assert ask(sandbox, ODD, data=FORM | other, auth=BASIC).status_code == 200
    clock.now += 28800
    assert ask(sandbox, ODD, data=FORM | {"audience": "a"}, auth=BASIC).status_code == 200


def test_a_lifetime_of_the_request(sandbox: Sandbox, play: Any, clock: Clock) -> None:
    """How long a token lives may be for the request to say; the knob says it for all."""
    play(sandbox, lifetime=lambda request: float(request.parameters["seconds"]))
    answer = ask(sandbox, ODD, data=FORM | {"seconds": "7"}, auth=BASIC).json()
    assert answer["expires_in"] == 7
    assert call(sandbox, ODD_API, answer["access_token"]).status_code == 200
    clock.now += 7
    assert call(sandbox, ODD_API, answer["access_token"]).status_code == 401
    sandbox.lifetime = 9
    assert ask(sandbox, ODD, data=FORM | {"seconds": "7"}, auth=BASIC).json()["expires_in"] == 9


def test_answers_without_a_body(sandbox: Sandbox, play: Any) -> None:
    """A refusal may have no body at all, or text, and headers of its own."""

    def check(request: facts.Request) -> None:
        raise facts.Refusal(400, "use_dpop_nonce", headers={"dpop-nonce": request.client_id})

    play(sandbox, check=check, errors=lambda refusal: (refusal.status, None))
    refused = ask(sandbox, ODD, data=FORM, auth=BASIC)
    assert (refused.status_code, refused.content, refused.headers["dpop-nonce"]) == (400, b"", "id")
    sandbox.fail(status=400)
    assert ask(sandbox, ODD, data=FORM, auth=BASIC).content == b""


def test_own_revocation_parameter(sandbox: Sandbox, play: Any) -> None:
    """A vendor may call the token otherwise where it is taken back."""
    play(sandbox, revocation_endpoints=("as.odd.example/revoke",), names={"token": "access_token"})
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    revoke = "https://as.odd.example/revoke"
    assert ask(sandbox, revoke, data={"token": token}, auth=BASIC).status_code == 400
    assert ask(sandbox, revoke, data={"access_token": token}, auth=BASIC).status_code == 200
    assert call(sandbox, ODD_API, token).status_code == 401


def test_metadata(sandbox: Sandbox, play: Any) -> None:
    """A discovery document may name an endpoint elsewhere; hosts of no vendor have one at the usual paths."""
    smart = {"fhir.odd.example/r4/.well-known/smart-configuration": "https://as.odd.example/token"}
    play(sandbox, metadata=smart, scopes=frozenset({"system/*.read"}))
    document = ask(sandbox, "https://fhir.odd.example/r4/.well-known/smart-configuration", "GET").json()
    assert document["token_endpoint"] == sandbox.url(ODD)
    assert document["scopes_supported"] == ["system/*.read"]
    for path in ("/.well-known/oauth-authorization-server/a", "/a/.well-known/openid-configuration"):
        document = ask(sandbox, f"https://as.example.com{path}", "GET").json()
        assert document["issuer"] == sandbox.url("https://as.example.com/a")
        assert document["token_endpoint"] == sandbox.url("https://as.example.com/a/token")


def test_api_function(sandbox: Sandbox, play: Any) -> None:
    """A vendor's API is a function of the request, which sees its body and lets it pass."""

    def api(request: facts.ApiRequest) -> Any:
        request.admit("write")
        return {"json": request.json, "url": request.url(f"{request.origin}/y")}

    play(sandbox, api=api, token_scheme="Token")
    token = ask(sandbox, ODD, data=FORM | {"scope": "write"}, auth=BASIC).json()["access_token"]
    url, headers = sandbox.url(ODD_API), {"Authorization": f"token {token}"}
    answer = requests.post(url, json=[1], headers=headers, timeout=5).json()
    assert answer == {"json": [1], "url": sandbox.url("https://api.odd.example/y")}
    assert call(sandbox, ODD_API, token).status_code == 401


def test_token_in_no_header(sandbox: Sandbox, play: Any) -> None:
    """Without the vendor's header there is no token, and one that stands alone is one word."""
    play(sandbox, token_scheme=None)
    token = ask(sandbox, ODD, data=FORM, auth=BASIC).json()["access_token"]
    url = sandbox.url(ODD_API)
    statuses = [
        requests.get(url, headers=headers, timeout=5).status_code
        for headers in ({"Authorization": token}, {"Authorization": f"Bearer {token}"}, {})
    ]
    assert statuses == [200, 401, 401]
