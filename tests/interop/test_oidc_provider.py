"""A certified server, node-oidc-provider: every client authentication method with every HTTP library."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import doors
import oidc_provider
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from doors import KINDS, Door, at_once, open_door
from joserfc.jwk import ECKey
from oidc_provider import ALGORITHMS, METHODS, SHORT_LIFE, OidcProvider, signing_key
from processes import ODD_ASCII_SECRET
from tls import signed

from oauth_cc_auth import (
    ClientSecretJWT,
    File,
    InvalidClient,
    PrivateKeyJWT,
    TokenRequestError,
    TokenSource,
    forget_all,
)

door, provider, running_provider = doors.door, oidc_provider.provider, oidc_provider.running_provider


def statuses(requests: list[dict[str, Any]]) -> list[int]:
    """Return what the server answered to each of these requests."""
    return [request["status"] for request in requests]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gets_a_token_that_is_renewed_once_revoked(door: Door, provider: OidcProvider, name: str) -> None:
    """Calls share one token; revoked at the server's own endpoint, the next call answers 200 after one renewal."""
    source = TokenSource(provider.grant(name))
    auth = door.auth(source)
    calls = [door.call("GET", f"{provider.issuer}/any/x", auth) for _ in range(3)]
    assert [call.status_code for call in calls] == [200] * 3
    assert statuses(provider.asked()["token"]) == [200]
    provider.revoke(source.token().access_token)
    provider.asked()
    assert door.call("POST", f"{provider.issuer}/any/x", auth, content=b"a body").status_code == 200
    asked = provider.asked()
    assert (statuses(asked["api"]), statuses(asked["token"])) == ([401, 200], [200])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_revokes_its_token(provider: OidcProvider, name: str) -> None:
    """`revoke()` ends the token at the server, whichever way the client proves itself there."""
    source = TokenSource(provider.grant(name))
    token = source.token().access_token
    assert provider.introspect(token)["active"]
    source.revoke()
    assert not provider.introspect(token)["active"]


@pytest.mark.parametrize("name", [name for name in METHODS if "jwt" in name])
def test_an_assertion_is_used_once(provider: OidcProvider, name: str) -> None:
    """Each token request brings an assertion of its own, of its own type, for the issuer alone."""
    source = TokenSource(provider.grant(name))
    for _ in range(3):
        source.token()
        source.forget()
    assertions = provider.asked()["assertions"]
    assert len({assertion["jti"] for assertion in assertions}) == 3
    assert {assertion["aud"] for assertion in assertions} == {provider.issuer}
    assert {assertion["typ"] for assertion in assertions} == {"client-authentication+jwt"}


def test_keys_as_users_have_them(provider: OidcProvider, tmp_path: Path) -> None:
    """A key is PEM, PEM on one line as environment variables hold it, a file, a JWK, or PEM beside its certificate."""
    pem = provider.clients["jwt-ES256"].secret
    file = tmp_path / "key.pem"
    file.write_text(pem)
    jwk = json.dumps(ECKey.import_key(pem).as_dict(private=True))
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    beside = signed(tmp_path, "client", private, "client", private).read_text()
    for secret in (pem, pem.replace("\n", "\\n"), File(file), jwk, beside):
        assert TokenSource(provider.grant("jwt-ES256", client_secret=secret)).token().access_token
        forget_all()
    assert statuses(provider.asked()["token"]) == [200] * 5


@pytest.mark.parametrize("alg", ["ES256", "ES256 side by side", "ES384", "RS256", "PS256", "EdDSA"])
def test_a_key_that_is_out_of_reach(provider: OidcProvider, alg: str) -> None:
    """A function signs, as of a KMS: ECDSA signatures are taken as DER and as the two numbers side by side."""
    alg, _, side_by_side = alg.partition(" ")
    private: Any = serialization.load_pem_private_key(provider.clients[f"jwt-{alg}"].secret.encode(), password=None)
    sha = hashes.SHA384() if alg == "ES384" else hashes.SHA256()
    arguments = {
        "E": (ec.ECDSA(sha),),
        "R": (padding.PKCS1v15(), sha),
        "P": (padding.PSS(padding.MGF1(sha), sha.digest_size), sha),
    }

    def sign(data: bytes) -> bytes:
        signature: bytes = private.sign(data, *(() if alg == "EdDSA" else arguments[alg[0]]))
        if not side_by_side:
            return signature
        return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(signature))

    method = PrivateKeyJWT(signer=sign, alg=alg, kid="the key")
    grant = provider.grant(f"jwt-{alg}", client_secret=None, token_endpoint_auth_method=method)
    assert TokenSource(grant).token().access_token


def test_a_crowd_shares_one_token(door: Door, provider: OidcProvider) -> None:
    """A crowd without a token makes one token request, and so does a crowd whose token was revoked."""
    source = TokenSource(provider.grant("jwt-ES256"))
    auth = door.auth(source)
    for token_requests in ([200], [200]):
        answers = door.call_many(door.kind.crowd // 2, "GET", f"{provider.issuer}/any/x", auth)
        assert {getattr(answer, "status_code", answer) for answer in answers} == {200}
        assert statuses(provider.asked()["token"]) == token_requests
        provider.revoke(source.token().access_token)


@pytest.mark.parametrize("api", ["opaque", "jwt"])
def test_a_token_for_one_api(door: Door, provider: OidcProvider, api: str) -> None:
    """`resource` (RFC 8707) gets a token, a reference or signed, that its API accepts and another API refuses."""
    auth = door.auth(provider.grant("basic", resource=f"{provider.issuer}/{api}", scope="read"))
    answer = door.call("GET", f"{provider.issuer}/{api}/x", auth)
    assert (answer.status_code, answer.json()) == (200, {"aud": f"{provider.issuer}/{api}", "scope": "read"})
    other = {"opaque": "jwt", "jwt": "opaque"}[api]
    assert door.call("GET", f"{provider.issuer}/{other}/x", auth).status_code == 401


def test_short_lives(provider: OidcProvider) -> None:
    """Every library at once, on one token of three seconds: over two lives no call fails, and none is refused."""
    source = TokenSource(provider.grant("short"))
    over = time.monotonic() + 2 * SHORT_LIFE

    def work(door: Door) -> set[int]:
        auth, answers = door.auth(source), set()
        while time.monotonic() < over:
            answers.add(door.call("GET", f"{provider.issuer}/any/x", auth).status_code)
            time.sleep(0.05)
        return answers

    with ExitStack() as stack:
        opened = [stack.enter_context(open_door(kind)) for kind in KINDS]
        outcomes = at_once([partial(work, door) for door in opened])
    asked = provider.asked()
    assert outcomes == [{200}] * len(KINDS)
    assert set(statuses(asked["api"])) == {200}
    assert 3 <= len(asked["token"]) <= 4


# What the server refuses


def test_a_wrong_secret(door: Door, provider: OidcProvider) -> None:
    """A wrong secret is InvalidClient, which is also an error of the library, and says nothing of the secret."""
    wrong = ODD_ASCII_SECRET + "x"
    with pytest.raises(InvalidClient) as caught:
        door.call("GET", f"{provider.issuer}/any/x", door.auth(provider.grant("basic", client_secret=wrong)))
    assert isinstance(caught.value, door.error)
    assert wrong not in str(caught.value)
    assert provider.asked()["api"] == []


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_wrong_key(provider: OidcProvider, alg: str) -> None:
    """An assertion that another key has signed is InvalidClient."""
    grant = provider.grant(f"jwt-{alg}", client_secret=signing_key(alg))
    with pytest.raises(InvalidClient):
        TokenSource(grant).token()


@pytest.mark.parametrize("name", ["secret-jwt", "jwt-ES256"])
def test_a_wrong_audience(provider: OidcProvider, name: str) -> None:
    """An assertion for the token endpoint, which this server no longer accepts, is InvalidClient."""
    kind = ClientSecretJWT if name == "secret-jwt" else PrivateKeyJWT
    method = kind(audience=f"{provider.issuer}/token")
    with pytest.raises(InvalidClient):
        TokenSource(provider.grant(name, token_endpoint_auth_method=method)).token()


@pytest.mark.requirement("8693-errors")
def test_a_wrong_api(provider: OidcProvider) -> None:
    """A resource that the server does not know is its error invalid_target (RFC 8707 §2)."""
    with pytest.raises(TokenRequestError) as caught:
        TokenSource(provider.grant("basic", resource=f"{provider.issuer}/nowhere")).token()
    assert caught.value.error == "invalid_target"


def test_a_method_that_is_not_registered(provider: OidcProvider) -> None:
    """A client that proves itself otherwise than it is registered is InvalidClient."""
    with pytest.raises(InvalidClient):
        TokenSource(provider.grant("basic", client_secret=None, token_endpoint_auth_method="none")).token()
