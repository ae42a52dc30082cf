"""Every preset that asks for tokens, against what its vendor documents: the pins beside this, and the sandbox.

A pin states, from the vendor's pages, what must go over the wire. The sandbox's own description of the vendor, which a
wrong request does not get past, is a third statement of the same facts, made independently.

What a pin holds: `words`, the preset's arguments beside the client's id and secret; `auth`, "private_key_jwt" where the
secret is a key; `token_request` with `method`, `url`, `query`, `headers`, and `form` or `json`; `api` with a `url` that
the token may go to, `header`, `scheme`, `prefix` and the further `headers` that are sent there; `lifetime` in seconds;
`renew_on`, the statuses of a refused token; `issuance_limit` as count and seconds; `revocation_endpoint`; `scope`;
`same_token`, where the vendor hands out the same token again; `sources`, the pages. A header "basic" or "basic-raw" is
the client's, encoded or not.
"""

from __future__ import annotations

import functools
import inspect
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus

import doors
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from oauth_cc_auth import (
    Discovery,
    MemoryStore,
    OAuthError,
    OriginNotAllowed,
    RequestsAuth,
    TokenSource,
    forget_all,
    presets,
)
from oauth_cc_auth._authorization_server.request import token_request
from oauth_cc_auth._http.messages import HttpRequest
from oauth_cc_auth._http.origin import origin_of
from oauth_cc_auth.sandbox import Sandbox

sandbox = doors.sandbox

FOLDER = Path(__file__).parent / "pins"
PINS: dict[str, Any] = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}

CLIENT_ID, CLIENT_SECRET = "made-up id", "made-up: secret"
NEW, JWT = "<new>", "<jwt>"


@functools.cache
def private_key(purpose: str) -> str:
    """Return a private key as PEM, the same one for the same purpose."""
    assert purpose
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()


def grant_of(name: str, secret: str = CLIENT_SECRET) -> Any:
    """Return the preset's grant for a made-up client."""
    pin, preset = PINS[name], presets.get(name)
    if pin.get("auth") == "private_key_jwt":
        secret = private_key(secret)
    takes = inspect.signature(preset).parameters
    given = {"client_id": CLIENT_ID, "client_secret": secret, **pin["words"]}
    return preset(**{word: value for word, value in given.items() if word in takes})


def asked(name: str) -> HttpRequest:
    """Return the token request that the preset's grant makes."""
    grant = grant_of(name)
    if isinstance(grant.token_endpoint, Discovery):
        assert grant.token_endpoint.url == PINS[name]["token_request"]["metadata"]
        grant = replace(grant, token_endpoint=PINS[name]["token_request"]["url"])
    return token_request(grant, grant.client_secret, grant.request_parameters(None))


def parameters_of(encoded: str) -> dict[str, Any]:
    """Return the parameters of a form or a query; one that stands there several times as a list."""
    several = parse_qs(encoded, keep_blank_values=True)
    return {name: values if len(values) > 1 else values[0] for name, values in several.items()}


def blurred(sent: Mapping[str, Any], pinned: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was sent, with the pin's own word for what is made anew each time."""
    return {name: pinned[name] if pinned.get(name) in {NEW, JWT} and value else value for name, value in sent.items()}


@pytest.mark.requirement("9700-no-password")
def test_no_preset_takes_a_users_password() -> None:
    """RFC 9700 §2.4: no preset's token request is of the password grant, which tells the client a user's password."""
    requests = [pin["token_request"] for pin in PINS.values()]
    said = [{**each["query"], **each.get("form", {}), **each.get("json", {})} for each in requests]
    assert sum("grant_type" in each for each in said) > 100
    assert not [each for each in said if each.get("grant_type") == "password"]


def expected_header(name: str, header: str, value: str) -> str:
    """Return what a header must be that the pin describes."""
    if value == "basic":
        pair = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}"
    elif value == "basic-raw":
        pair = f"{CLIENT_ID}:{CLIENT_SECRET}"
    elif value == NEW:
        first, second = (asked(name).headers[header] for _ in range(2))
        assert first != second, f"{header} is to be new in each request"
        return NEW
    else:
        return value
    return f"Basic {b64encode(pair.encode()).decode()}"


def test_every_preset_is_pinned() -> None:
    """Each preset that asks for tokens by a secret has a pin, and each pin a preset; others are pinned elsewhere."""
    takes = {name: set(inspect.signature(presets.get(name)).parameters) for name in presets.__all__}
    asking = {name for name, words in takes.items() if "client_secret" in words and "private_key" not in words}
    assert set(PINS) == asking - {"vend_email"}
    assert len(PINS) >= 40


def test_every_token_request(subtests: pytest.Subtests) -> None:
    """Method, address, headers and parameters of the token request are those of the vendor's documentation."""
    for name, pinned in PINS.items():
        with subtests.test(vendor=name):
            check_token_request(name, pinned["token_request"])


def check_token_request(name: str, pin: Mapping[str, Any]) -> None:
    """Compare the token request of one vendor with its pin."""
    request = asked(name)
    url, _, query = request.url.partition("?")
    assert (request.method, url) == (pin["method"], pin["url"])
    assert blurred(parameters_of(query), pin.get("query", {})) == pin.get("query", {})
    body = json.loads(request.body) if "json" in pin else parameters_of(request.body.decode())
    pinned = pin.get("json", pin.get("form", {}))
    assert blurred(body, pinned) == pinned
    kind = "application/json" if "json" in pin else "application/x-www-form-urlencoded" if "form" in pin else None
    sent = {header.lower(): value for header, value in request.headers.items()}
    assert sent.pop("content-type", None) == kind
    for header, value in pin["headers"].items():
        expected = expected_header(name, header, value)
        assert sent.pop(header.lower()) == expected or expected == NEW
    assert sent.keys() <= {"accept", "accept-encoding", "cache-control"}


def test_every_api(subtests: pytest.Subtests) -> None:
    """Where the token goes and in which header, what renews it, what is limited and what can be revoked: as pinned."""
    for name, pin in PINS.items():
        with subtests.test(vendor=name):
            check_api(pin, grant_of(name))


def check_api(pin: Mapping[str, Any], grant: Any) -> None:
    """Compare what the grant of one vendor says of its API with its pin."""
    api, server = pin["api"], grant.resource_server
    assert (server.header, server.scheme, server.prefix) == (api["header"], api["scheme"], api.get("prefix", ""))
    assert server.headers.keys() == api["headers"].keys()
    for header, value in api["headers"].items():
        assert callable(server.headers[header]) if value == NEW else server.headers[header] == value
    server.admit(api["url"])
    assert server.renew_on == set(pin["renew_on"])
    limit = grant.issuance_limit
    assert (limit and [limit.count, limit.seconds]) == pin["issuance_limit"]
    assert (grant.revocation_endpoint, grant.scope) == (pin["revocation_endpoint"], pin["scope"])
    assert pin["sources"]
    assert TokenSource(grant, store=MemoryStore()).grant is grant, "a store knows whatever writes its token request"


@pytest.mark.parametrize("name", sorted(PINS))
def test_a_vendor_is_called(sandbox: Sandbox, name: str) -> None:
    """With the preset alone a call is answered, the next needs no token request, a revoked token is renewed once.

    An API that refuses every token is asked twice, once where the vendor hands out the same token again, and its error
    can be read as a value. A wrong secret is an error that calls no API and is not asked about at each call.
    """
    pin, grant = PINS[name], sandbox.grant(grant_of(name))
    url = sandbox.url(pin["api"]["url"])
    # What differs between the HTTP libraries is not the vendor's.
    with requests.Session() as session:

        def called(grant: Any) -> requests.Response:
            return session.get(url, auth=RequestsAuth(grant), timeout=20)

        for _ in range(2):
            assert called(grant).status_code == 200
        assert (sandbox.token_requests, sandbox.api_requests) == (1, 2)
        token = TokenSource(grant).token()
        assert pin["lifetime"] in (None, pytest.approx(token.lifetime, abs=1)), "see sandbox/vendors for a lifetime"
        sandbox.revoke_all()
        assert called(grant).status_code == 200
        assert (sandbox.token_requests, sandbox.api_requests) == (2, 4)
        forget_all()
        sandbox.reset_counts()
        sandbox.reject_all_tokens = True
        answer = called(grant)
        assert (sandbox.token_requests, sandbox.api_requests) == (2, 1 if pin.get("same_token") else 2)
        said = grant.api_error(answer)
        assert said.status == answer.status_code
        assert said.code or said.message or not answer.content
        sandbox.reset_counts()
        wrong = sandbox.grant(grant_of(name, "wrong"))
        for _ in range(2):
            with pytest.raises(OAuthError) as caught:
                called(wrong)
            assert "wrong" not in str(caught.value).split()
        assert (sandbox.token_requests, sandbox.api_requests) == (1, 0)


def test_vendors_are_pinned_to_their_apis() -> None:
    """A preset's token goes to the vendor's API, and to no other host that looks like it."""
    for name, pin in PINS.items():
        server, url = grant_of(name).resource_server, pin["api"]["url"]
        if server.base_url_of:
            continue
        origin = origin_of(url).removesuffix(":443")
        for foreign in ("https://evil.example", f"{origin}.evil.example/", f"http://{origin.partition('://')[2]}/"):
            with pytest.raises(OriginNotAllowed):
                server.admit(foreign)
