"""`DPoP` at every door: each send has its proof, nonces are taken and given, and neither token nor proof strays."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import doors
import pytest
from cryptography.fernet import Fernet
from doors import KINDS, Door, LoopbackServer, Reply, Seen, only
from joserfc import jwk, jwt

from oauth_cc_auth import (
    AuthorizationCode,
    ClientCredentials,
    ConfigurationError,
    DPoP,
    EncryptedStore,
    InvalidTokenResponse,
    MemoryStore,
    ResourceServer,
    TokenSource,
    forget_all,
)
from oauth_cc_auth._resource_server.dpop import thumbprint_of
from oauth_cc_auth.grpc import GrpcAuth

door = doors.each_class

KEY = json.dumps(jwk.ECKey.generate_key("P-256").as_dict(private=True))


class Strict:
    """An authorization server and an API that judge each proof as RFC 9449 §4.3 wants, each with nonces of its own."""

    def __init__(self, *, nonces: bool = True) -> None:
        """Listen on two ports of loopback."""
        self.nonces = nonces
        self.server, self.api = LoopbackServer(self.token), LoopbackServer(self.resource)
        self.asked: list[Seen] = []
        self.wrong: list[str] = []
        self.redirects: dict[str, str] = {}
        self.revoked: set[str] = set()
        self.token_type, self.header = "DPoP", "authorization"
        self.rotates = False
        self._ids: set[str] = set()
        self._keys: dict[str, str] = {}
        self._numbers = count(1)
        self._nonce = {"as": "as-1", "rs": "rs-1"}

    def rotate(self, role: str) -> None:
        """Take another nonce from now on."""
        self._nonce[role] = f"{role}-{next(self._numbers)}-fresh"

    def token(self, seen: Seen) -> Reply:
        """Issue a token that is bound to the key of the proof."""
        self.asked.append(seen)
        key, why = self.judged(seen, self.server, "as", None)
        if why:
            return self.refusal(400, "as", {"error": why})
        token = f"token-{next(self._numbers)}"
        self._keys[token] = key
        body = {"access_token": token, "token_type": self.token_type, "expires_in": 3600}
        return Reply(200, (("DPoP-Nonce", self._nonce["as"]),), json.dumps(body).encode())

    def resource(self, seen: Seen) -> Reply:
        """Answer a call that proves the key of its token."""
        scheme, _, token = seen.headers.get(self.header, "").partition(" ")
        if scheme == "Bearer" and self.token_type == "Bearer":
            return Reply(200, (), b"{}")
        key, why = self.judged(seen, self.api, "rs", token)
        if why:
            return self.refusal(401, "rs", {}, f'Bearer realm="api", DPoP algs="ES256", error="{why}"')
        if scheme != "DPoP" or self._keys.get(token) != key or token in self.revoked:
            self.wrong += [] if token in self.revoked else [f"{scheme} {token}"]
            return self.refusal(401, "rs", {}, 'DPoP error="invalid_token"')
        if self.rotates:
            self.rotate("rs")
        if seen.path in self.redirects:
            return Reply(302, (("Location", self.redirects[seen.path]),), b"")
        return Reply(200, (("DPoP-Nonce", self._nonce["rs"]),), b"{}")

    def judged(self, seen: Seen, at: LoopbackServer, role: str, token: str | None) -> tuple[str, str | None]:
        """Return the thumbprint of a proof's key, and what is wrong with the proof."""
        proof = seen.headers.get("dpop")
        if proof is None:
            self.wrong.append(f"no proof for {seen.path}")
            return "", "invalid_dpop_proof"
        header = json.loads(jwt_part(proof, 0))
        key = jwk.import_key(header["jwk"])
        claims = jwt.decode(proof, key, algorithms=["ES256"]).claims
        ath = (
            None if token is None else urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        )
        expected = {"htm": seen.method, "htu": at.origin + seen.path.partition("?")[0], "ath": ath}
        self.wrong += [f"{name} {claims.get(name)}" for name, value in expected.items() if claims.get(name) != value]
        self.wrong += [f"repeated {claims['jti']}"] if claims["jti"] in self._ids else []
        self._ids.add(claims["jti"])
        stale = self.nonces and claims.get("nonce") != self._nonce[role]
        return thumbprint_of(header["jwk"]), "use_dpop_nonce" if stale else None

    def refusal(self, status: int, role: str, body: dict[str, str], challenge: str | None = None) -> Reply:
        """Refuse, with the nonce that would have been right."""
        nonce = (("DPoP-Nonce", self._nonce[role]),) if self.nonces else ()
        challenged = () if challenge is None else (("WWW-Authenticate", challenge),)
        return Reply(status, (*nonce, *challenged), json.dumps(body).encode())

    def grant(self, **changes: Any) -> ClientCredentials:
        """Return a grant whose tokens are bound."""
        settings = {"dpop": DPoP(), "resource_server": ResourceServer(self.api.origin), **changes}
        return ClientCredentials(
            token_endpoint=f"{self.server.origin}/token", client_id="client", client_secret="secret", **settings
        )


def jwt_part(token: str, place: int) -> bytes:
    """Return a part of a JWT, decoded."""
    part = token.split(".")[place]
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.fixture
def strict() -> Iterator[Strict]:
    """Run both servers."""
    servers = Strict()
    with servers.server, servers.api:
        yield servers


@pytest.mark.requirement("9449-scheme", "9449-token-request", "9449-unknown-parameters", "9449-unique")
def test_each_send_is_proven(door: Door, strict: Strict) -> None:
    """Nonces at both ends: one more send for the first token request and the first call, none for those after it."""
    auth = door.auth(strict.grant())
    for method in ("GET", "POST", "GET"):
        assert door.call(method, f"{strict.api.origin}/things?page=2", auth).status_code == 200
    assert (len(strict.asked), len(strict.api.seen), strict.wrong) == (2, 4, [])


@pytest.mark.requirement("9449-nonce-retry")
def test_a_nonce_that_changes_costs_one_send(door: Door, strict: Strict) -> None:
    """A nonce retry is no refusal: the token stays, and each change of the nonce costs one more send."""
    auth = door.auth(strict.grant())
    for _ in range(3):
        assert door.call("GET", f"{strict.api.origin}/", auth).status_code == 200
        strict.rotate("rs")
    assert (len(strict.asked), len(strict.api.seen), strict.wrong) == (2, 6, [])


def test_at_most_three_sends(door: Door, strict: Strict) -> None:
    """A call meets a new nonce and a revoked token: one more send for each, then its answer."""
    auth = door.auth(strict.grant())
    assert door.call("GET", f"{strict.api.origin}/", auth).status_code == 200
    strict.revoked.update(f"token-{number}" for number in range(10))
    strict.rotate("rs")
    assert door.call("GET", f"{strict.api.origin}/", auth).status_code in {200, 401}
    sent = strict.api.seen[2:]
    assert len(sent) <= 3
    assert strict.wrong == []


@pytest.mark.parametrize("header", ["authorization", "x-token"])
def test_a_redirect_is_proven_anew(door: Door, strict: Strict, header: str) -> None:
    """The hop of a redirect has a proof for its own URL; one to another origin carries neither token nor proof."""
    strict.header = header
    with LoopbackServer() as foreign:
        strict.redirects = {"/from": "/to", "/away": f"{foreign.origin}/evil"}
        foreign.answer = lambda seen: Reply(302, (("Location", "/on"),)) if seen.path == "/evil" else Reply()
        auth = door.auth(strict.grant(resource_server=ResourceServer(strict.api.origin, header=header)))
        assert door.call("GET", f"{strict.api.origin}/from", auth, follow=True).status_code == 200
        assert strict.wrong == []
        assert door.call("GET", f"{strict.api.origin}/away", auth, follow=True).status_code == 200
        assert [seen.path for seen in foreign.seen] == ["/evil", "/on"]
    assert not any({header, "dpop"} & seen.headers.keys() for seen in foreign.seen)
    assert strict.wrong == []


@only(lambda kind: kind.library in {"httpx", "httpx2"})
def test_a_redirect_without_the_token_is_not_proven(door: Door, strict: Strict) -> None:
    """From one origin of the API to another httpx takes the token away, and nothing puts it back."""
    with LoopbackServer() as other:
        strict.redirects = {"/away": f"{other.origin}/on"}
        server = ResourceServer(strict.api.origin, origins=(other.origin,))
        auth = door.auth(strict.grant(resource_server=server))
        assert door.call("GET", f"{strict.api.origin}/away", auth, follow=True).status_code == 200
    assert [seen.path for seen in other.seen] == ["/on"]
    assert "authorization" not in other.seen[0].headers


@only(lambda kind: kind.name in {"requests", "httpx-asyncio"}, KINDS)
@pytest.mark.requirement("9449-bearer")
def test_a_token_that_is_not_bound(door: Door, strict: Strict) -> None:
    """A Bearer token in answer to a proof is refused; where the user allows it, it is sent without proofs."""
    strict.token_type = "Bearer"
    with pytest.raises(InvalidTokenResponse, match="allow_bearer"):
        door.call("GET", strict.api.origin, door.auth(strict.grant()))
    auth = door.auth(strict.grant(dpop=DPoP(allow_bearer=True)))
    assert door.call("GET", strict.api.origin, auth).status_code == 200
    assert "dpop" not in strict.api.seen[-1].headers


def test_a_server_that_gives_no_nonce_twice(strict: Strict) -> None:
    """A token endpoint that refuses the proof again is not asked a third time, and its error is the caller's."""

    def refusing(seen: Seen) -> Reply:
        strict.asked.append(seen)
        return strict.refusal(400, "as", {"error": "use_dpop_nonce"})

    strict.server.answer = refusing
    with pytest.raises(Exception, match="use_dpop_nonce"):
        TokenSource(strict.grant()).token()
    assert len(strict.asked) == 2


def test_a_given_key_is_shared_through_a_store(strict: Strict) -> None:
    """Two processes with one key share a token; a store without a given key is refused, for nobody else has the key."""
    store, grant = MemoryStore(), strict.grant(dpop=DPoP(key=KEY))
    first = TokenSource(grant, store=store).token()
    forget_all()
    source = TokenSource(grant, store=store)
    assert source.token() == first
    assert first.token_type == "DPoP"
    assert set(source.headers("GET", strict.api.origin)) == {"Authorization", "DPoP"}
    with pytest.raises(ConfigurationError, match=r"DPoP\(key="):
        TokenSource(strict.grant(), store=store)
    other = json.dumps(jwk.ECKey.generate_key("P-256").as_dict(private=True))
    assert TokenSource(replace(grant, dpop=DPoP(key=other)), store=store).token() != first


def thumbprint(source: TokenSource, strict: Strict) -> str:
    """Return the thumbprint of the key that a call proves."""
    header: dict[str, Any] = json.loads(jwt_part(str(source.headers("GET", strict.api.origin)["DPoP"]), 0))
    return thumbprint_of(header["jwk"])


def test_a_store_that_encrypts_keeps_the_key_with_the_token(strict: Strict) -> None:
    """Another process takes the token with the key that was generated for it, and renews with that; nobody sees it."""
    inner = MemoryStore()
    store, grant = EncryptedStore(inner, Fernet.generate_key()), strict.grant()
    source = TokenSource(grant, store=store)
    first = source.token()
    before = thumbprint(source, strict)
    forget_all()
    again = TokenSource(grant, store=store)
    assert again.token() == first
    assert thumbprint(again, strict) == before
    again.reject(first)
    assert again.token() != first
    assert thumbprint(again, strict) == before
    assert "dpop_jwk" not in {**first.extra, **again.token().extra}
    assert not [kept for kept in inner._tokens.values() if "dpop_jwk" in str(dict(kept.extra))]


def test_a_login_in_a_store_keeps_its_key(strict: Strict) -> None:
    """Another process refreshes a login with the key to which the refresh token in the store is bound."""
    grant = AuthorizationCode(
        token_endpoint=f"{strict.server.origin}/token",
        client_id="client",
        token_endpoint_auth_method="none",
        refresh_token="of a login",
        dpop=DPoP(),
    )
    store = EncryptedStore(MemoryStore(), Fernet.generate_key())
    for hours in range(3):
        # As another process, which finds a token that is over.
        forget_all()
        source = TokenSource(grant, store=store, clock=lambda ahead=hours * 4000: time.time() + ahead)  # type: ignore[misc]  # is called without
        assert source.token().access_token
    assert len(strict.asked) > 2
    assert len({jwt_part(seen.headers["dpop"], 0) for seen in strict.asked}) == 1


@pytest.mark.requirement("9449-refresh-key")
def test_a_login_is_refreshed_with_the_same_key(strict: Strict) -> None:
    """RFC 9449 §5: a refresh token may be bound to the key of its first proof, so each refresh proves the same one."""
    grant = AuthorizationCode(
        token_endpoint=f"{strict.server.origin}/token",
        client_id="client",
        token_endpoint_auth_method="none",
        refresh_token="of a login",
        dpop=DPoP(),
    )
    source = TokenSource(grant)
    for _ in range(3):
        source.reject(source.token())
    keys = {jwt_part(seen.headers["dpop"], 0) for seen in strict.asked}
    assert (len(keys), strict.wrong) == (1, [])
    assert len(strict.asked) > 2


def test_where_there_is_no_place_for_proofs(strict: Strict) -> None:
    """What hands out the token's text, and gRPC, cannot prove anything and say so."""
    with pytest.raises(ConfigurationError, match="proofs"):
        TokenSource(strict.grant()).access_token()
    with pytest.raises(ConfigurationError, match="proofs"):
        GrpcAuth(strict.grant())
    with pytest.raises(ConfigurationError, match="dpop is not a DPoP"):
        strict.grant(dpop="ES256")


def test_no_proof_is_without_its_hint(strict: Strict) -> None:
    """A server that wants proofs is met without a key: the error says which argument is missing."""
    refusing: Callable[[Seen], Reply] = lambda _: strict.refusal(400, "as", {"error": "use_dpop_nonce"})  # noqa: E731 - typed
    strict.server.answer = refusing
    with pytest.raises(Exception, match=r"dpop=DPoP\(\)"):
        TokenSource(strict.grant(dpop=None)).token()
