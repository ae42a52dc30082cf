"""Presets by an assertion, as a client's platform issues it or as its key signs it, against pins of what vendors say.

The server on loopback is strict: it takes the request as pinned and nothing besides, verifies the assertion with the
public key, and compares every claim; an assertion that it has seen before is refused.
"""

from __future__ import annotations

import base64
import functools
import inspect
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey
from loopback import Answer, Loopback, Received

from oauth_cc_auth import (
    ConfigurationError,
    Env,
    File,
    InvalidGrant,
    OriginNotAllowed,
    RequestsAuth,
    StaticToken,
    Token,
    TokenRequestError,
    TokenSource,
    presets,
)

FOLDER = Path(__file__).parent / "pins" / "federation"
PINS: dict[str, Any] = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}

MEDIA_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
JWT, TOKEN, IN_AN_HOUR = "<jwt>", "<token>", "<in an hour>"
# What the platform's token says, whoever it is for.
PLATFORM = {
    "alg": "RS256",
    "kid": "idp-key",
    "claims": {"iss": "https://idp.example", "sub": "pod", "aud": "https://aud"},
}

every_pin = pytest.mark.parametrize("name", sorted(PINS))
BY_PLATFORM = sorted(name for name, pin in PINS.items() if "assertion" not in pin)
BY_KEY = sorted(set(PINS) - set(BY_PLATFORM))


@functools.cache
def key(purpose: str) -> RSAKey:
    """Return an RSA key, the same one for the same purpose."""
    assert purpose
    generated: RSAKey = RSAKey.generate_key(2048)
    return generated


def pem(purpose: str) -> str:
    """Return it as PEM."""
    return key(purpose).as_pem(private=True).decode()


def platform_token(number: int, **changes: Any) -> str:
    """Return a token as a platform issues it, each with an id of its own."""
    now = int(time.time())
    claims = {**PLATFORM["claims"], "iat": now, "exp": now + 300, "jti": str(number), **changes}  # type: ignore[dict-item]  # claims are claims
    return jwt.encode({"alg": "RS256", "kid": "idp-key"}, claims, key("right"))


def jwt_claims(assertion: str) -> dict[str, Any]:
    """Return what a JWT says, unverified."""
    part = assertion.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


class Vendor:
    """A vendor's authorization server and API on loopback, by its pin."""

    def __init__(self, pin: Any) -> None:
        """Begin with no token."""
        self.pin = pin
        self.server = Loopback(self.answer)
        self.seen: set[str] = set()
        self.tokens: list[str] = []
        self.revoked: set[str] = set()
        self.api_calls = 0

    def grant(self, made: Any) -> Any:
        """Return the grant with its addresses on loopback."""
        server, api = made.resource_server, urlsplit(self.pin["api"]["url"])
        moved = replace(server, base_url=self.server.url, base_url_of=None, origins=())
        assert api.scheme == "https"
        path = urlsplit(made.token_endpoint).path
        return replace(made, token_endpoint=f"{self.server.url}{path}", resource_server=moved)

    def answer(self, received: Received) -> Answer:
        """Answer a token request or a call."""
        asked = self.pin["token_request"]
        if (received.method, received.path) != (asked["method"], urlsplit(asked["url"]).path):
            return self.call(received)
        wrong = self.wrong_with(received)
        if wrong:
            return Answer(400, {"error": "invalid_grant", "error_description": wrong})
        token = f"token-{len(self.tokens)}"
        self.tokens.append(token)
        ends = datetime.fromtimestamp(time.time() + 3600, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {TOKEN: token, IN_AN_HOUR: ends}
        body = {name: said.get(value, value) for name, value in self.pin["answer"].items()}
        return Answer(self.pin.get("status", 200), body)

    def call(self, received: Received) -> Answer:
        """Answer a call of the API: 401 unless the token is alive, and 400 without the API's headers."""
        self.api_calls += 1
        token = received.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens or token in self.revoked:
            return Answer(401, {"error": "invalid_token"})
        missing = {name for name, value in self.pin["api"]["headers"].items() if received.headers.get(name) != value}
        return Answer(400 if missing else 200, {"missing": sorted(missing)})

    def wrong_with(self, received: Received) -> str:
        """Return what is wrong with a token request, "" for nothing."""
        asked = self.pin["token_request"]
        kind = "json" if "json" in asked else "form"
        if received.headers.get("content-type") != MEDIA_TYPES[kind]:
            return "media type"
        body = json.loads(received.body) if kind == "json" else dict(received.form)
        assertions = []
        for place, pinned in ((body, asked[kind]), (received.headers, {"authorization": None, **asked["headers"]})):
            if place is body and body.keys() != pinned.keys():
                return f"parameters {sorted(body)}"
            for name, value in pinned.items():
                before, mark, _ = (value or "").partition(JWT)
                if mark and str(place.get(name)).startswith(before):
                    assertions.append(str(place[name]).removeprefix(before))
                elif place.get(name) != value:
                    return f"{name} is {place.get(name)!r}"
        (assertion,) = assertions
        return self.wrong_with_assertion(assertion)

    def wrong_with_assertion(self, assertion: str) -> str:
        """Return what is wrong with an assertion: its signature, a header, any claim, its times, or that it is old."""
        pinned = self.pin.get("assertion", {**PLATFORM, "longest": 300, "backdated": 0})
        # Without an id, two of the same second are the same: GitHub's have none, and may be used until they end.
        if assertion in self.seen and "jti" in jwt_claims(assertion):
            return "seen before"
        self.seen.add(assertion)
        try:
            read = jwt.decode(assertion, key("right"), algorithms=[pinned["alg"]])
        except Exception as error:  # noqa: BLE001 - any failure is a refusal
            return f"signature: {type(error).__name__}"
        if read.header.get("kid") != pinned["kid"]:
            return "kid"
        claims, now = dict(read.claims), time.time()
        claims.pop("jti", None)
        issued, ends = claims.pop("iat"), claims.pop("exp")
        endpoint = self.pin["token_request"]["url"]
        here = f"{self.server.url}{urlsplit(endpoint).path}"
        wanted = {name: here if value == endpoint else value for name, value in pinned["claims"].items()}
        if claims != wanted:
            return f"claims {claims}"
        dated = abs(now - pinned["backdated"] - issued) < 30
        return "" if dated and now < ends and ends - issued <= pinned["longest"] else "times"


def made(name: str, source: Any, purpose: str = "right", **words: Any) -> Any:
    """Return the preset's grant with the words of its pin: by the platform's token, or by a key."""
    preset = presets.get(PINS[name]["preset"])
    takes = inspect.signature(preset).parameters
    by = {"identity_token_file": source, "private_key": pem(purpose), "client_secret": source}
    first = next(word for word in by if word in takes)
    return preset(**{**PINS[name]["words"], first: by[first], **words})


def test_every_preset_by_an_assertion_is_pinned() -> None:
    """Each preset that asks for tokens, and not by a client secret, has a pin here."""
    asking = set()
    for name in presets.__all__:
        takes = inspect.signature(presets.get(name)).parameters
        if {"identity_token_file", "private_key"} & set(takes):
            asking.add(name)
    assert {pin["preset"] for pin in PINS.values()} == asking | {"entra_id"}
    assert not [name for name in asking if isinstance(made(name, "/token"), StaticToken)]


@every_pin
def test_where_it_goes(name: str) -> None:
    """The token endpoint is the vendor's; the token goes to the vendor's API in the pinned header, and nowhere else."""
    pin, grant = PINS[name], made(name, File("/token"))
    api, server = pin["api"], grant.resource_server
    assert grant.token_endpoint == pin["token_request"]["url"]
    assert (server.header, server.scheme, dict(server.headers)) == (api["header"], api["scheme"], api["headers"])
    token = Token("t", extra=pin["answer"])
    server.admit(api["url"], token)
    for foreign in ("https://evil.example/", f"https://{urlsplit(api['url']).netloc}.evil.example/"):
        with pytest.raises(OriginNotAllowed):
            server.admit(foreign, token)
    assert server.renew_on == {401}
    assert pin["sources"]


@every_pin
def test_a_vendor_is_called(name: str, tmp_path: Path) -> None:
    """A token is requested once as the vendor's pages say, kept as long as it lives, and renewed when it is revoked.

    The server takes no assertion twice: the platform's file is read again for the renewal, and a key signs anew.
    """
    vendor, file = Vendor(PINS[name]), tmp_path / "token"
    file.write_text(platform_token(1))
    with vendor.server:
        grant = vendor.grant(made(name, File(file)))
        url = f"{vendor.server.url}{urlsplit(PINS[name]['api']['url']).path}"
        for _ in range(2):
            assert requests.get(url, auth=RequestsAuth(grant), timeout=20).status_code == 200
        assert (vendor.tokens, vendor.api_calls) == (["token-0"], 2)
        assert TokenSource(grant).token().lifetime == pytest.approx(PINS[name]["lifetime"], abs=2)
        vendor.revoked.add("token-0")
        file.write_text(platform_token(2))
        assert requests.get(url, auth=RequestsAuth(grant), timeout=20).status_code == 200
        assert (vendor.tokens, vendor.api_calls) == (["token-0", "token-1"], 4)


@pytest.mark.parametrize("name", BY_KEY)
def test_another_key_is_refused(name: str) -> None:
    """The server holds a signature to the account's public key, so the test above can fail; no key is in the error."""
    vendor = Vendor(PINS[name])
    with vendor.server, pytest.raises(TokenRequestError, match="signature") as caught:
        TokenSource(vendor.grant(made(name, None, "wrong"))).token()
    assert "PRIVATE" not in str(caught.value)


@pytest.mark.parametrize("name", BY_PLATFORM)
@pytest.mark.parametrize("changes", [{"aud": "https://another"}, {"sub": "another pod"}])
def test_another_workload_is_refused(name: str, changes: dict[str, str], tmp_path: Path) -> None:
    """A token of the platform for another audience or workload is refused; the error does not show it."""
    vendor, file = Vendor(PINS[name]), tmp_path / "token"
    file.write_text(platform_token(1, **changes))
    with vendor.server, pytest.raises(InvalidGrant) as caught:
        TokenSource(vendor.grant(made(name, File(file)))).token()
    assert file.read_text() not in str(caught.value)


@pytest.mark.parametrize("name", ["anthropic", "openai", "openrouter"])
def test_where_the_platforms_token_is(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A path, as an argument or in VENDOR_IDENTITY_TOKEN_FILE, is a File; anything else is a source as it is."""
    path = str(tmp_path / "token")
    by_path = made(name, path)
    assert list(by_path.sources().values()) == [File(path)]
    assert by_path == made(name, tmp_path / "token") == made(name, File(path))
    with pytest.raises(ConfigurationError, match=f"{name.upper()}_IDENTITY_TOKEN_FILE is not set"):
        made(name, None)
    monkeypatch.setenv(f"{name.upper()}_IDENTITY_TOKEN_FILE", path)
    assert made(name, None) == by_path
    assert list(made(name, Env("CI_TOKEN")).sources().values()) == [Env("CI_TOKEN")]


def test_anthropic_by_the_variables_of_its_own_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Anthropic's SDK reads is enough; a workspace is named only where it is given."""
    for variable in ("FEDERATION_RULE_ID", "ORGANIZATION_ID", "SERVICE_ACCOUNT_ID", "IDENTITY_TOKEN_FILE"):
        monkeypatch.setenv(f"ANTHROPIC_{variable}", variable.lower())
    grant: Any = presets.anthropic()
    assert "workspace_id" not in grant.parameters
    assert grant.assertion == File("identity_token_file")
    monkeypatch.setenv("ANTHROPIC_WORKSPACE_ID", "default")
    assert presets.anthropic().parameters["workspace_id"] == "default"


def test_openai_by_an_id_token() -> None:
    """The two types of tokens that OpenAI takes are called by their short names; another is refused with both."""
    assert made("openai", "/token", subject_token_type="id_token").subject_token_type.endswith(":id_token")
    with pytest.raises(ConfigurationError, match="use 'jwt' or 'id_token'"):
        made("openai", "/token", subject_token_type="saml2")


def test_entra_id_in_a_pod_of_azure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the variables of Azure workload identity nothing else is needed; a client secret beside them is not sent."""
    words: Any = {"resource": "https://graph.microsoft.com", "base_url": "https://graph.microsoft.com/v1.0"}
    with pytest.raises(ConfigurationError, match="AZURE_FEDERATED_TOKEN_FILE is not set"):
        presets.entra_id("id", tenant="t", federated=True, **words)
    monkeypatch.setenv("AZURE_CLIENT_ID", "made-up id")
    monkeypatch.setenv("AZURE_TENANT_ID", "contoso.onmicrosoft.com")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "a secret of another program")
    grant: Any = presets.entra_id(federated=True, **words)
    assert grant == made("entra_id", File(tmp_path / "token"))
    assert grant.client_secret is None


def google(file: Path, **words: Any) -> Any:
    """Return Google's grant by a key file."""
    return presets.google_service_account(credentials_file=str(file), scope="a b", **words)


def test_google_by_the_file_of_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GOOGLE_APPLICATION_CREDENTIALS will do; its token_uri is not followed, and what is given as an argument wins."""
    file = tmp_path / "key.json"
    held = {
        "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key": pem("right"),
        "private_key_id": "key-1",
        "token_uri": "https://evil.example/token",
    }
    file.write_text(json.dumps(held))
    scope = PINS["google_service_account"]["words"]["scope"]
    grant: Any = presets.google_service_account(credentials_file=str(file), scope=scope)
    assert grant == made("google_service_account", None)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_SCOPE", scope)
    assert presets.google_service_account() == grant
    other: Any = presets.google_service_account("other@example.com", pem("wrong"), subject="user@example.com")
    form = other.assertion
    assert (form.issuer, form.subject, form.kid) == ("other@example.com", "user@example.com", None)
    assert google(file, client_email="other@example.com").assertion.kid == "key-1"
    assert google(file, private_key=pem("wrong"), private_key_id="key-2").assertion.kid == "key-2"
    assert google(file, private_key=pem("wrong")).assertion.kid is None


@pytest.mark.parametrize(
    "content", ["no JSON", "[]", '{"type": "external_account"}', '{"client_email": "a@b", "private_key": ""}']
)
def test_google_by_another_file(content: str, tmp_path: Path) -> None:
    """A file that is no key of a service account is named in the error, which says what to do and quotes nothing."""
    file = tmp_path / "key.json"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match="not the key of a service account") as caught:
        google(file)
    assert str(file) in str(caught.value)
    assert content not in str(caught.value)


def test_docusigns_environments() -> None:
    """The audience is the host of the environment, and its token endpoint is there."""
    cases: list[tuple[str, str]] = [("production", "account.docusign.com"), ("demo", "account-d.docusign.com")]
    for environment, host in cases:
        grant = made("docusign", None, environment=environment)
        assert (grant.token_endpoint, grant.assertion.audience) == (f"https://{host}/oauth/token", host)


def test_salesforces_organizations() -> None:
    """The audience is where users log in, the token endpoint is the organization's, and the answer tells the base."""
    cases: list[tuple[str | None, str, str]] = [(None, "acme", "login"), ("uat", "acme--uat.sandbox", "test")]
    for sandbox, host, audience in cases:
        grant = made("salesforce_jwt", None, sandbox=sandbox)
        assert grant.token_endpoint == f"https://{host}.my.salesforce.com/services/oauth2/token"
        assert grant.assertion.audience == f"https://{audience}.salesforce.com"
        token = Token("t", extra={"instance_url": "https://acme.my.salesforce.com"})
        grant.resource_server.admit("https://acme.my.salesforce.com/services/data", token)


def box_file(folder: Path, key: str, passphrase: str | None) -> Path:
    """Return the file that Box's Developer Console makes with a key pair."""
    app = {"publicKeyID": "abcd1234", "privateKey": key, "passphrase": passphrase}
    settings = {"clientID": "box-client", "clientSecret": "box-secret", "appAuth": app}
    file = folder / "config.json"
    file.write_text(json.dumps({"boxAppSettings": settings, "enterpriseID": "1234567"}))
    return file


@pytest.mark.parametrize("passphrase", [None, "a passphrase"])
def test_box_by_the_file_of_a_key(passphrase: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Box's file will do, its key encrypted or not; an argument wins, and a user is not the enterprise."""
    locked = key("right").as_pem(private=True, password=passphrase).decode()
    assert ("ENCRYPTED" in locked) == bool(passphrase)
    monkeypatch.setenv("BOX_JWT_CONFIG_FILE", str(box_file(tmp_path, locked, passphrase)))
    by_file: Any = presets.box_jwt()
    by_words = made("box_jwt", None)
    assert replace(by_file.assertion, key=by_words.assertion.key) == by_words.assertion
    assert (by_file.client_id, by_file.client_secret) == ("box-client", "box-secret")
    vendor = Vendor(PINS["box_jwt"])
    with vendor.server:
        assert TokenSource(vendor.grant(by_file)).token().access_token == "token-0"
    of_a_user: Any = presets.box_jwt(subject_id="42", subject_type="user")
    assert (of_a_user.assertion.subject, of_a_user.assertion.claims["box_sub_type"]) == ("42", "user")
    with pytest.raises(ConfigurationError, match="BOX_JWT_SUBJECT_ID is not set"):
        presets.box_jwt(subject_type="user")


@pytest.mark.parametrize("passphrase", ["another", ""])
def test_box_by_another_passphrase(passphrase: str, tmp_path: Path) -> None:
    """A passphrase that does not open the key, or none for one that is locked, is an error that quotes neither."""
    locked = key("right").as_pem(private=True, password="right").decode()
    file = box_file(tmp_path, locked, passphrase)
    with pytest.raises(ConfigurationError, match="private key") as caught:
        TokenSource(presets.box_jwt(config_file=str(file))).token()
    assert locked[100:140] not in str(caught.value)


def test_a_key_that_does_not_sign() -> None:
    """GitHub's assertion stands in a header: what is no private key is an error before anything is sent."""
    grant = presets.github_app("1", "no key", installation_id="2")
    with pytest.raises(ConfigurationError, match="token_endpoint_auth_method") as caught:
        TokenSource(grant).token()
    assert "no key" not in str(caught.value)


FALSE: dict[str, Callable[[Any], Any]] = {
    "form for JSON": lambda pin: {**pin, "token_request": {**_without_json(pin), "form": pin["token_request"]["json"]}},
    "another claim": lambda pin: {**pin, "assertion": {**PLATFORM, "claims": {}, "longest": 300, "backdated": 0}},
    "another header": lambda pin: {
        **pin,
        "token_request": {**pin["token_request"], "headers": {"anthropic-beta": "another"}},
    },
}


def _without_json(pin: Any) -> dict[str, Any]:
    return {name: value for name, value in pin["token_request"].items() if name != "json"}


@pytest.mark.parametrize("how", sorted(FALSE))
def test_the_server_is_strict(how: str, tmp_path: Path) -> None:
    """A pin that says something else is not met: what these tests compare is compared."""
    vendor, file = Vendor(FALSE[how](PINS["anthropic"])), tmp_path / "token"
    file.write_text(platform_token(1))
    with vendor.server, pytest.raises(InvalidGrant):
        TokenSource(vendor.grant(made("anthropic", File(file)))).token()
