"""`dpop`: one proof for one request, with the newest nonce of its origin and the server's time (RFC 9449)."""

from __future__ import annotations

import base64
import json
import os
import signal
import threading
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwk, jwt
from loopback import grant_for

from oauth_cc_auth import ConfigurationError, Token, TokenSource, forget_all
from oauth_cc_auth._resource_server import dpop as room
from oauth_cc_auth._resource_server.dpop import DPoP, Prover, htu_of, thumbprint_of
from oauth_cc_auth._resource_server.nonces import Role
from oauth_cc_auth._signature import read_key

NOW = 1_800_000_000.0
API = "https://api.example.com/v1/users?page=2#top"
RS: Role = "resource server"
AS: Role = "authorization server"
KEY = json.dumps(jwk.ECKey.generate_key("P-256").as_dict(private=True))


def prover_of(dpop: DPoP = DPoP(key=KEY), now: float = NOW) -> Prover:  # noqa: B008 - a frozen value
    """Return a prover whose clock stands still."""
    return Prover(dpop, lambda: now)


def key_in(proof: str) -> str:
    """Return the thumbprint of the key in a proof's header."""
    part = proof.partition(".")[0]
    return thumbprint_of(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["jwk"])


def claims_of(proof: str, key: str = KEY) -> dict[str, Any]:
    """Return the claims of a proof, verified with the key's public part."""
    return dict(jwt.decode(proof, jwk.import_key(json.loads(key)), algorithms=["ES256", "ES384"]).claims)


@pytest.mark.requirement("9449-proof", "9449-ath", "9449-private-key", "9449-jti")
def test_a_proof_says_what_is_sent() -> None:
    """RFC 9449 §4.2: typ, alg and the public key in the header; method, URL, time, a fresh id and the token's hash."""
    prover = prover_of()
    proof = prover.proof("post", API, RS, "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
    header = jwt.decode(proof, jwk.import_key(json.loads(KEY)), algorithms=["ES256"]).header
    assert header == {"typ": "dpop+jwt", "alg": "ES256", "jwk": read_key("k", KEY, None).public}
    claims = claims_of(proof)
    jti = claims.pop("jti")
    assert claims == {
        "htm": "POST",
        "htu": "https://api.example.com/v1/users",
        "iat": int(NOW),
        # The example of RFC 9449 §7.1.
        "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
    }
    assert len({jti, *(claims_of(prover.proof("GET", API, RS))["jti"] for _ in range(9))}) == 10
    assert "ath" not in claims_of(prover.proof("POST", "https://as.example.com/token", AS))


@pytest.mark.requirement("9449-htu")
def test_the_url_as_it_goes_over_the_wire() -> None:
    """Scheme and host in lower case, no default port, no query, no user; escapes as they are."""
    cases: list[tuple[str, str]] = [
        ("HTTPS://API.Example.com:443/A", "https://api.example.com/A"),
        ("https://api.example.com:8443", "https://api.example.com:8443/"),
        ("http://localhost:80/a?b=c", "http://localhost/a"),
        ("https://api.example.com/a%2fb%7E#c", "https://api.example.com/a%2fb%7E"),
        ("https://user:pw@api.example.com/a", "https://api.example.com/a"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
    ]
    for url, htu in cases:
        assert htu_of(url) == htu


def test_a_vendor_compares_in_its_own_way() -> None:
    """A function says what `htu` is for a server that compares otherwise."""
    dpop = replace(DPoP(key=KEY), htu=lambda url: url.upper())
    assert claims_of(prover_of(dpop).proof("GET", API, RS))["htu"] == API.upper()


@pytest.mark.requirement("9449-nonce", "9449-nonce-origin")
def test_the_newest_nonce_of_each_origin_and_role() -> None:
    """A nonce is taken from any answer, counts for its own origin and role, and the newest wins."""
    prover = prover_of()
    assert not prover.heard(API, RS, 200, {"dpop-nonce": "one"}, "")
    assert not prover.heard(API, RS, 404, {"dpop-nonce": "two"}, "")
    assert claims_of(prover.proof("GET", API, RS))["nonce"] == "two"
    assert "nonce" not in claims_of(prover.proof("POST", API, AS))
    assert "nonce" not in claims_of(prover.proof("GET", "https://other.example.com/", RS))
    for number in range(100):
        prover.heard(f"https://a{number}.example.com/", RS, 200, {"dpop-nonce": "n"}, "")
    assert "nonce" not in claims_of(prover.proof("GET", API, RS))


@pytest.mark.requirement("9449-nonce-retry")
def test_a_nonce_is_worth_one_more_try() -> None:
    """A refusal of the proof with a new nonce is; the same nonce again, or none, is not."""
    cases: list[tuple[int, str, str | None, bool]] = [
        (401, 'DPoP error="use_dpop_nonce"', None, True),
        (401, 'Bearer realm="x", DPoP error="invalid_dpop_proof", algs="ES256"', None, True),
        (401, 'Bearer error="use_dpop_nonce"', None, False),
        (401, 'DPoP error="invalid_token"', None, False),
        (403, 'DPoP error="use_dpop_nonce"', None, False),
        (400, "", "use_dpop_nonce", True),
        (401, "", "invalid_dpop_proof", True),
        (400, "", "invalid_request", False),
    ]
    for status, challenge, error, again in cases:
        prover, headers = prover_of(), {"www-authenticate": challenge, "dpop-nonce": "n1"}
        first, second = prover.proof("GET", API, RS), prover.proof("GET", API, RS)
        assert prover.heard(API, RS, status, headers, first, error=error) is again
        # Another request that was on its way met the same nonce: it is as new to its proof.
        assert prover.heard(API, RS, status, headers, second, error=error) is again
        assert not prover.heard(API, RS, status, headers, prover.proof("GET", API, RS), error=error)
        assert not prover.heard(API, RS, status, {"www-authenticate": challenge}, first, error=error)


def test_the_servers_time_counts_where_it_refused_a_proof() -> None:
    """`iat` follows the Date of an answer that refused a proof, by an hour at most, at that origin only."""
    cases: list[tuple[str, float]] = [
        ("Fri, 15 Jan 2027 07:50:00 GMT", NOW - 600),
        ("Fri, 15 Jan 2027 23:00:00 GMT", NOW),
        ("soon", NOW),
        ("", NOW),
    ]
    for date, iat in cases:
        prover = prover_of()
        prover.heard(API, RS, 200, {"date": "Fri, 15 Jan 2027 07:55:00 GMT"}, "")
        assert claims_of(prover.proof("GET", API, RS))["iat"] == int(NOW)
        prover.heard(API, RS, 401, {"www-authenticate": "DPoP error=invalid_dpop_proof", "date": date}, "")
        assert claims_of(prover.proof("GET", API, RS))["iat"] == int(iat)
        assert claims_of(prover.proof("GET", "https://other.example.com/", RS))["iat"] == int(NOW)


def test_a_key_for_each_prover_unless_one_is_given() -> None:
    """Two live tokens do not share a generated key; a given one has the thumbprint that the server keeps."""
    first, second = prover_of(DPoP()), prover_of(DPoP())
    assert first.thumbprint != second.thumbprint
    assert prover_of().thumbprint == thumbprint_of(json.loads(KEY))
    # The example of RFC 7638 §3.1.
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn"
        "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qM"
        "QvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJz"
        "KnqDKgw"
    )
    assert (
        thumbprint_of({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256"})
        == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    )


def test_each_token_has_the_key_that_it_is_bound_to() -> None:
    """A token at hand keeps its key while a store brings another with another key, which then is for the next one."""
    mine, theirs = prover_of(DPoP()), prover_of(DPoP())
    first, second = mine.thumbprint, theirs.thumbprint
    at_hand, plain = mine.kept(Token("one")), Token("two")
    stored = theirs.kept(plain)
    assert mine.taken(stored) == plain
    assert mine.taken(plain) is plain
    proofs = [mine.proof("GET", API, RS, text) for text in (at_hand.access_token, stored.access_token, None)]
    assert [key_in(proof) for proof in proofs] == [first, second, second]
    given = prover_of()
    assert given.kept(plain) is given.taken(plain) is plain


def test_a_vault_signs_the_proofs() -> None:
    """With a signer, the private key never comes here: `key` is the public JWK, given as text or mapping."""
    private = read_key("k", KEY, "ES256")
    dpop = DPoP(key=dict(private.public), signer=private.sign)
    assert claims_of(prover_of(dpop).proof("GET", API, RS))["htm"] == "GET"
    assert "d=" not in repr(DPoP(key=KEY))


@pytest.mark.requirement("9449-alg")
def test_a_wrong_argument_is_named() -> None:
    """ConfigurationError says which argument does not fit, when the value is made."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"signer": bytes}, "signer needs key="),
        ({"signer": "x", "key": KEY}, "signer needs key="),
        ({"key": "nonsense"}, "DPoP: key is not a private key that signs by ES256"),
        ({"key": KEY, "alg": "RS256"}, "signs by RS256"),
        ({"htu": "x"}, "htu is not a function"),
        ({"alg": "none"}, "alg is 'none'"),
    ]
    for arguments, name in cases:
        with pytest.raises(ConfigurationError, match=name):
            DPoP(**arguments)


def test_to_forget_everything_is_to_begin_anew() -> None:
    """`forget_all` takes the generated key, the nonces and the server's time from every prover; a given key stays."""

    class Live: ...

    live = Live()
    prover, given = room.prover_of(live, DPoP(), lambda: NOW), prover_of()
    prover.heard(API, RS, 200, {"dpop-nonce": "one"}, "")
    before = prover.thumbprint
    forget_all()
    assert room.prover_of(live, DPoP(), lambda: NOW) is prover
    assert prover.thumbprint != before
    claims = prover.proof("GET", API, RS).split(".")[1]
    assert "nonce" not in json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert given.thumbprint == thumbprint_of(json.loads(KEY))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child_proves_whatever_its_parents_threads_did() -> None:
    """A lock that another thread of the parent held at the fork does not keep the child waiting."""
    source = TokenSource(grant_for(dpop=DPoP()))
    presenter = source._serving.presenter
    assert isinstance(presenter, room.Proven)
    prover, held, over = presenter.prover, threading.Event(), threading.Event()

    def hold() -> None:
        with prover._lock:
            held.set()
            over.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    child = os.fork()
    if not child:
        # A child that hangs is ended by its alarm, which pytest's own would not do.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(5)
        prover.proof("GET", API, RS)
        prover.heard(API, RS, 401, {"dpop-nonce": "n"}, "")
        os._exit(0)
    over.set()
    holder.join()
    assert os.waitpid(child, 0)[1] == 0
    before = prover._lock
    room._unlock_in_child()  # as in the child
    assert prover._lock is not before


def test_every_thread_has_the_same_key() -> None:
    """A key that another thread has generated meanwhile is taken: the token is bound to one."""
    prover = prover_of(DPoP())
    first: list[str] = []

    class Late:
        """The lock, which is got only after another thread had it."""

        def __enter__(self) -> None:
            prover.unlock()
            first.append(prover.thumbprint)

        def __exit__(self, *_: object) -> None:
            """Nothing is to be given back."""

    vars(prover)["_lock"] = Late()
    assert [prover.thumbprint] == first
