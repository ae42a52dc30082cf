"""Tests of assertions that somebody else issued: as client authentication, as grant, and in exchange."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from loopback import SECRET, TOKEN, Answer, Clock, Loopback, Received, grant_for, token_answer

from oauth_cc_auth import (
    AuthorizationCode,
    ClientAssertion,
    ClientCredentials,
    ConfigurationError,
    Env,
    File,
    InvalidClient,
    InvalidGrant,
    InvalidTokenResponse,
    JWTBearer,
    MemoryStore,
    OAuthError,
    ResourceServer,
    SignedJWT,
    StaticToken,
    TokenExchange,
    TokenSource,
)

CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = ECKey.generate_key("P-256")
PEM = KEY.as_pem(private=True).decode()


def unsigned(**claims: Any) -> str:
    """Return what looks like a JWT with these claims."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, "signature"])


# Each way in which an assertion is used: the parameter that it stands in, and the grant made of a source.
USES: dict[str, tuple[str, Callable[..., Any]]] = {
    "client assertion": (
        "client_assertion",
        lambda url, source, **kw: ClientCredentials(
            token_endpoint=url, client_id="client", token_endpoint_auth_method=ClientAssertion(source), **kw
        ),
    ),
    "jwt bearer": ("assertion", lambda url, source, **kw: JWTBearer(token_endpoint=url, assertion=source, **kw)),
    "token exchange": (
        "subject_token",
        lambda url, source, **kw: TokenExchange(
            token_endpoint=url, subject_token=source, subject_token_type="jwt", **kw
        ),
    ),
}
each_use = pytest.mark.parametrize("use", sorted(USES))


def sent(received: Received) -> dict[str, str]:
    """Return the parameters of a request, none of which may occur twice."""
    assert len(dict(received.form)) == len(received.form)
    return dict(received.form)


@pytest.mark.requirement("7521-client-assertion", "7521-client-id", "7523-client")
def test_a_client_assertion_by_the_letter(tmp_path: Path) -> None:
    """RFC 7521 §4.2: type and assertion are in the body, the client's id beside them, and no other proof."""
    (tmp_path / "token").write_text("header.claims.signature\n")
    with Loopback() as server:
        grant = USES["client assertion"][1](server.url, File(tmp_path / "token"), scope="a")
        assert TokenSource(grant).token().access_token == TOKEN
    (received,) = server.received
    assert "authorization" not in received.headers
    assert sent(received) == {
        "grant_type": "client_credentials",
        "scope": "a",
        "client_id": "client",
        "client_assertion_type": CLIENT_ASSERTION,
        "client_assertion": "header.claims.signature",
    }


def test_another_type_and_no_client_id() -> None:
    """The type is the user's to say, as for SPIFFE; a client that is known by its assertion sends no id."""
    spiffe = ClientAssertion(lambda _: "svid", type="urn:ietf:params:oauth:client-assertion-type:jwt-spiffe")
    with Loopback() as server:
        TokenSource(
            ClientCredentials(token_endpoint=server.url, client_id=None, token_endpoint_auth_method=spiffe)
        ).token()
    assert sent(server.received[0]) == {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe",
        "client_assertion": "svid",
    }


@pytest.mark.requirement("7523-grant", "7521-grant", "6749-extension-grant")
def test_a_jwt_bearer_grant_by_the_letter() -> None:
    """RFC 7523 §2.1: grant type, assertion and scope; without a client id nothing about the client is sent."""
    with Loopback() as server:
        TokenSource(JWTBearer(token_endpoint=server.url, assertion=lambda _: "jwt", scope=["a", "b"])).token()
    (received,) = server.received
    assert "authorization" not in received.headers
    assert sent(received) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": "jwt",
        "scope": "a b",
    }


@pytest.mark.parametrize("cls", ["jwt bearer", "token exchange"])
def test_the_client_may_prove_itself_too(cls: str) -> None:
    """RFC 7523 §3.1, RFC 8693 §2.1: with id and secret the client authenticates as in any other grant."""
    with Loopback() as server:
        grant = USES[cls][1](server.url, lambda _: "jwt", client_id="client", client_secret="s")
        assert grant.token_endpoint_auth_method == "client_secret_basic"
        TokenSource(grant).token()
    assert server.received[0].headers["authorization"] == "Basic Y2xpZW50OnM="
    assert "client_id" not in sent(server.received[0])


@pytest.mark.requirement("8693-request", "8693-type-names")
def test_a_token_exchange_by_the_letter() -> None:
    """RFC 8693 §2.1: both tokens with their types, what is wanted, and for which audience and resource."""
    with Loopback() as server:
        grant = TokenExchange(
            token_endpoint=server.url,
            subject_token="a user's token",
            subject_token_type="access_token",
            actor_token=lambda _: "the actor's",
            actor_token_type="urn:example:own-type",
            requested_token_type="jwt",
            audience="https://api",
            resource="https://api/1",
            scope="a",
            parameters={"identity_provider_id": "idp"},
        )
        TokenSource(grant).token()
    assert sent(server.received[0]) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "a user's token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "actor_token": "the actor's",
        "actor_token_type": "urn:example:own-type",
        "requested_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "audience": "https://api",
        "resource": "https://api/1",
        "scope": "a",
        "identity_provider_id": "idp",
    }


@each_use
def test_read_anew_for_every_attempt(use: str, tmp_path: Path) -> None:
    """A file that is renewed between two attempts of one token request is sent as it is then."""
    parameter, make = USES[use]
    path = tmp_path / "token"
    path.write_text("first")

    def busy(_: Received) -> Answer:
        path.write_text("second")
        return Answer(503)

    with Loopback(busy, token_answer()) as server:
        TokenSource(make(server.url, File(path)), timeout=2.0).token()
    assert [sent(received)[parameter] for received in server.received] == ["first", "second"]


@pytest.mark.parametrize(
    ("use", "code"), [*((use, "invalid_grant") for use in sorted(USES)), ("client assertion", "invalid_client")]
)
@pytest.mark.requirement("7521-errors")
def test_a_refused_assertion_that_was_renewed_meanwhile(use: str, code: str, tmp_path: Path) -> None:
    """After a refusal the source is read once more, and asked again with if it says something else now."""
    parameter, make = USES[use]
    path = tmp_path / "token"
    path.write_text("old")

    def refuse(_: Received) -> Answer:
        path.write_text("new")
        return Answer(400, {"error": code})

    with Loopback(refuse, token_answer()) as server:
        TokenSource(make(server.url, File(path))).token()
    assert [sent(received)[parameter] for received in server.received] == ["old", "new"]


@each_use
@pytest.mark.requirement("7521-errors")
def test_a_refused_assertion_that_stays_the_same(use: str, tmp_path: Path) -> None:
    """What is refused and has not changed is not sent again; neither is what cannot be read any more."""
    _, make = USES[use]
    path = tmp_path / "token"
    path.write_text("same")
    with Loopback(Answer(400, {"error": "invalid_grant"})) as server:
        with pytest.raises(InvalidGrant):
            TokenSource(make(server.url, File(path))).token()
        assert len(server.received) == 1

        def gone(_: Received) -> Answer:
            path.unlink()
            return Answer(400, {"error": "invalid_grant"})

        server.replies = [gone]
        with pytest.raises(InvalidGrant):
            TokenSource(make(server.url, File(path), scope="other")).token()
        assert len(server.received) == 2


def test_an_invalid_client_is_no_word_about_the_grants_assertion() -> None:
    """RFC 6749 §5.2: invalid_client is about the client, so a changed assertion is no reason to ask again."""
    made = iter("abc")
    with Loopback(Answer(401, {"error": "invalid_client"})) as server:
        with pytest.raises(InvalidClient):
            TokenSource(JWTBearer(token_endpoint=server.url, assertion=lambda _: next(made))).token()
        assert len(server.received) == 1


@each_use
def test_the_audience_of_a_function(use: str) -> None:
    """A function is called with the issuer where it is known, else with the token endpoint."""
    asked: list[str] = []
    _, make = USES[use]

    def source(audience: str) -> str:
        asked.append(audience)
        return "assertion"

    with Loopback() as server:
        TokenSource(make(server.url, source)).token()
        TokenSource(make(server.url, source, issuer="https://as.example.com")).token()
        assert asked == [server.url, "https://as.example.com"]


@each_use
def test_a_stale_assertion_is_not_sent(use: str, tmp_path: Path) -> None:
    """A JWT that ended more than a minute ago is an error that says where it is and when it ended."""
    parameter, make = USES[use]
    path = tmp_path / "token"
    path.write_text(unsigned(exp=1_000_000_000))
    with Loopback() as server:
        source = TokenSource(make(server.url, File(path)))
        with pytest.raises(ConfigurationError, match=r"ended at 2001-09-09 01:46:40 UTC") as caught:
            source.token()
        assert str(path) in str(caught.value)
        assert parameter in str(caught.value)
        assert not server.received
        # The error is not remembered.
        path.write_text(unsigned(exp=time.time() + 60))
        assert source.token().access_token == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        unsigned(exp="soon"),
        unsigned(sub="no end"),
        unsigned(exp=True),
        "a.b.c",
        "a.€.c",
        "opaque",
        "a.b.c.d.e",
    ],
)
def test_what_may_still_be_good_is_sent(text: str) -> None:
    """Only a JWT's exp is looked at, with 60 s of leeway; whatever else it is, the server judges."""
    with Loopback() as server:
        TokenSource(JWTBearer(token_endpoint=server.url, assertion=lambda _: text)).token()
    assert sent(server.received[0])["assertion"] == text


def test_the_leeway_of_a_minute() -> None:
    """A JWT that has just ended by our clock may still live by the server's, so it is sent."""
    test_what_may_still_be_good_is_sent(unsigned(exp=time.time() - 30))


def test_a_stale_assertion_of_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the environment variable; that of a function names the parameter alone."""
    monkeypatch.setenv("CI_TOKEN", unsigned(exp=5))
    for source, named in (
        (Env("CI_TOKEN"), "the environment variable CI_TOKEN"),
        (lambda _: unsigned(exp=5), "source"),
    ):
        with pytest.raises(ConfigurationError, match=named):
            TokenSource(JWTBearer(token_endpoint="https://as.example.com/t", assertion=source)).token()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Env("UNSET_VARIABLE"), "assertion: UNSET_VARIABLE is not set"),
        (File("/nowhere/token"), "assertion: /nowhere/token cannot be read"),
        (lambda _: "", "assertion: the function returned no string"),
        (lambda _: None, "assertion: the function returned no string"),
        (lambda _: "\ud800", "lone surrogates"),
        (lambda _: 1 / 0, "assertion: the function that returns it raised ZeroDivisionError"),
    ],
)
def test_a_source_that_has_nothing(source: Any, said: str) -> None:
    """A source that cannot be read is a ConfigurationError that names the parameter; nothing is sent."""
    with pytest.raises(ConfigurationError, match=said):
        TokenSource(JWTBearer(token_endpoint="https://as.example.com/t", assertion=source)).token()


def test_an_error_of_our_tree_passes() -> None:
    """What a source says in our own words stays as it is."""

    def source(_: str) -> str:
        raise InvalidGrant("consent_required", "ask the administrator")

    with pytest.raises(InvalidGrant, match="ask the administrator"):
        TokenSource(JWTBearer(token_endpoint="https://as.example.com/t", assertion=source)).token()


@each_use
def test_a_chain_of_sources(use: str) -> None:
    """The token of one source is the assertion of another; a renewed one is used at the next token request."""
    parameter, make = USES[use]
    with Loopback(token_answer("inner"), token_answer("inner-2")) as inner, Loopback() as outer:
        source = TokenSource(grant_for(inner.url))
        chained = TokenSource(make(outer.url, source))
        assert chained.token().access_token == TOKEN
        chained.forget()
        chained.token()
        assert [sent(received)[parameter] for received in outer.received] == ["inner", "inner"]
        source.forget()
        chained.forget()
        chained.token()
        assert sent(outer.received[-1])[parameter] == "inner-2"


@each_use
def test_a_refused_token_of_a_chain_is_renewed(use: str) -> None:
    """A token of another source that the server refuses is rejected there, and the next one is sent."""
    parameter, make = USES[use]
    refusal = Answer(400, {"error": "invalid_grant"})
    with Loopback(token_answer("one"), token_answer("two")) as inner, Loopback(refusal, token_answer()) as outer:
        TokenSource(make(outer.url, TokenSource(grant_for(inner.url)))).token()
    assert [sent(received)[parameter] for received in outer.received] == ["one", "two"]


def test_an_error_of_the_inner_source() -> None:
    """Where the inner token cannot be obtained, the caller gets that error."""
    with Loopback(Answer(401, {"error": "invalid_client"})) as inner, Loopback() as outer:
        with pytest.raises(InvalidClient):
            TokenSource(JWTBearer(token_endpoint=outer.url, assertion=TokenSource(grant_for(inner.url)))).token()
        assert not outer.received


@pytest.mark.requirement("7521-content", "7521-subject", "7521-signed")
def test_an_assertion_that_we_sign() -> None:
    """RFC 7523 §3: issuer, subject, audience, times and an id of its own; what the user adds; no other claim."""
    form = SignedJWT(issuer="app", subject="user", key=PEM, kid="k", lifetime=30, claims={"scope": "a"})
    with Loopback(Answer(503), token_answer()) as server:
        TokenSource(JWTBearer(token_endpoint=server.url, assertion=form, client_id="c"), timeout=2.0).token()
    decoded = [jwt.decode(sent(each)["assertion"], KEY, algorithms=["ES256"]) for each in server.received]
    first, second = decoded
    assert first.header == {"alg": "ES256", "typ": "JWT", "kid": "k"}
    assert first.claims.keys() == {"iss", "sub", "aud", "iat", "exp", "jti", "scope"}
    assert (first.claims["iss"], first.claims["sub"], first.claims["aud"]) == ("app", "user", server.url)
    assert first.claims["exp"] - first.claims["iat"] == 30
    assert first.claims["jti"] != second.claims["jti"]


@pytest.mark.parametrize(
    ("changes", "audience"),
    [
        ({}, "https://as.example.com"),
        ({"audience": "https://login.example.com"}, "https://login.example.com"),
        ({"audience": "endpoint"}, None),
    ],
)
def test_whom_a_signed_assertion_is_for(changes: dict[str, Any], audience: str | None) -> None:
    """The audience is the user's, or the endpoint on demand, or the issuer; no subject, no claim."""
    with Loopback() as server:
        form = SignedJWT(issuer="app", key=lambda: PEM, **changes)
        TokenSource(JWTBearer(token_endpoint=server.url, assertion=form, issuer="https://as.example.com")).token()
    claims = jwt.decode(sent(server.received[0])["assertion"], KEY, algorithms=["ES256"]).claims
    assert claims["aud"] == (audience or server.url)
    assert "sub" not in claims


def test_a_refused_assertion_of_ours_is_not_made_again() -> None:
    """A server that refuses what we sign would refuse the next one too: one request."""
    with Loopback(Answer(400, {"error": "invalid_grant"})) as server:
        form = SignedJWT(issuer="app", key=PEM)
        with pytest.raises(InvalidGrant):
            TokenSource(JWTBearer(token_endpoint=server.url, assertion=form)).token()
        assert len(server.received) == 1


def test_a_key_that_does_not_sign() -> None:
    """The message names the argument, key, and quotes nothing of it."""
    source = TokenSource(
        JWTBearer(token_endpoint="https://as.example.com/t", assertion=SignedJWT(issuer="app", key=SECRET))
    )
    with pytest.raises(ConfigurationError, match="key is not a private key") as caught:
        source.token()
    assert SECRET not in str(caught.value)


@pytest.mark.requirement("8693-actor-type")
def test_what_is_wrong_is_said_at_construction() -> None:
    """Case 7: each argument is checked where it is given, and named."""
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: ClientAssertion(5), "ClientAssertion: source"),  # type: ignore[arg-type]  # the point
        (lambda: ClientAssertion(""), "ClientAssertion: source"),
        (lambda: ClientAssertion("x", type=""), "ClientAssertion: type"),
        (lambda: SignedJWT(issuer="", key=PEM), "issuer"),
        (lambda: SignedJWT(issuer="a", key=PEM, subject=""), "subject"),
        (lambda: SignedJWT(issuer="a"), "key is missing"),
        (lambda: SignedJWT(issuer="a", key=PEM, signer=bytes, alg="ES256", kid="k"), "key is missing"),
        (lambda: SignedJWT(issuer="a", key=5), "key is neither"),  # type: ignore[arg-type]  # the point
        (lambda: SignedJWT(issuer="a", key=PEM, lifetime=0), "lifetime"),
        (lambda: USES["jwt bearer"][1]("https://as.example.com", None), "assertion is no source"),
        (lambda: USES["jwt bearer"][1]("https://as.example.com", "\ud800"), "assertion"),
        (lambda: USES["jwt bearer"][1]("http://as.example.com", "x"), "token_endpoint"),
        (lambda: USES["token exchange"][1]("https://as.example.com", []), "subject_token is no source"),
        (lambda: USES["token exchange"][1]("https://as.example.com", "x", actor_token="y"), "actor_token"),
        (lambda: USES["token exchange"][1]("https://as.example.com", "x", actor_token_type="jwt"), "actor_token"),
        (
            lambda: USES["token exchange"][1]("https://as.example.com", "x", actor_token=5, actor_token_type="jwt"),
            "actor_token is no source",
        ),
        (lambda: USES["token exchange"][1]("https://as.example.com", "x", requested_token_type="x"), "requested"),
        (
            lambda: TokenExchange(token_endpoint="https://a.example", subject_token="x", subject_token_type="token"),
            "subject_token_type",
        ),
        (
            lambda: ClientCredentials(
                token_endpoint="https://a.example", client_id=None, token_endpoint_auth_method="none"
            ),
            "client_id",
        ),
    ]
    for make, said in cases:
        with pytest.raises(OAuthError, match=said):
            make()


async def _async_source(_: str) -> str:
    return "never called"


def test_an_async_function_is_no_source() -> None:
    """A source is called in a thread, so it is a plain function."""
    with pytest.raises(ConfigurationError, match="assertion is no source"):
        JWTBearer(token_endpoint="https://as.example.com", assertion=_async_source)  # type: ignore[arg-type]  # the point


def test_no_assertion_is_ever_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Case 37: a server that echoes the assertion gets it neither into a message, a log line nor the token's extra."""
    caplog.set_level(logging.DEBUG)
    canary = "canary-assertion-Zq81/+="
    (tmp_path / "token").write_text(canary)

    def refuse(received: Received) -> Answer:
        return Answer(400, {"error": "invalid_grant", "error_description": f"what is {received.body.decode()}?"})

    for _, make in USES.values():
        with Loopback(refuse) as server:
            grant = make(server.url, File(tmp_path / "token"))
            with pytest.raises(InvalidGrant) as caught:
                TokenSource(grant).token()
            assert canary not in f"{caught.value!r} {caught.value} {grant!r}"
            assert "canary-assertion" not in str(caught.value)
            server.replies = [token_answer(note=f"you sent {canary}")]
            assert canary not in repr(
                dict(TokenSource(make(server.url, File(tmp_path / "token"), scope="b")).token().extra)
            )
    assert canary not in caplog.text


def shared(one: Any, other: Any, **own: Any) -> bool:
    """Tell whether two grants have one live token."""
    return TokenSource(one, **own)._serving.live is TokenSource(other, **own)._serving.live


def a_source(_: str) -> str:
    """Return an assertion, under a name that every process finds."""
    return "assertion"


@each_use
def test_a_token_is_shared_by_where_the_assertion_comes_from(use: str, tmp_path: Path) -> None:
    """Equal places share a token, whatever is there now; others do not; functions count by identity."""
    _, make = USES[use]
    url = "https://as.example.com/token"
    path = tmp_path / "token"
    path.write_text("now")
    one = make(url, File(path))
    held = TokenSource(one)
    path.write_text("then")
    assert shared(one, make(url, File(str(path))))
    assert not shared(one, make(url, File(tmp_path / "other")))
    assert not shared(one, make(url, Env("token")))
    assert shared(make(url, a_source), make(url, a_source))
    assert not shared(make(url, lambda _: "x"), make(url, lambda _: "x"))
    assert not shared(make(url, "one text"), make(url, "another text"))
    chain = TokenSource(grant_for())
    other = TokenSource(grant_for(client_secret="another"))
    assert shared(make(url, chain), make(url, TokenSource(grant_for())))
    assert not shared(make(url, chain), make(url, other))
    assert held.grant == one


def test_a_signed_assertion_is_shared_by_what_it_says() -> None:
    """Another key, subject or claim is another token."""
    url = "https://as.example.com/token"
    key = ECKey.generate_key("P-256").as_pem(private=True).decode()
    base = SignedJWT(issuer="a", key=PEM)
    for other in (
        SignedJWT(issuer="a", key=key),
        SignedJWT(issuer="a", key=PEM, subject="u"),
        SignedJWT(issuer="a", key=PEM, claims={"x": 1}),
    ):
        assert not shared(JWTBearer(token_endpoint=url, assertion=base), JWTBearer(token_endpoint=url, assertion=other))


def test_grants_of_different_kinds_never_share() -> None:
    """One endpoint and one text make three tokens in three uses."""
    url = "https://as.example.com/token"
    grants = [make(url, a_source) for _, make in USES.values()]
    lives = {id(TokenSource(grant)._serving.live) for grant in [*grants, *grants]}
    held = [TokenSource(grant) for grant in grants]
    assert len({id(source._serving.live) for source in held}) == 3 <= len(lives)


def test_a_function_of_no_name_and_a_store(tmp_path: Path) -> None:
    """A store cannot tell what a nameless function says, so it refuses; a file's place is a name."""
    url = "https://as.example.com/token"
    for make in (make for _, make in USES.values()):
        with pytest.raises(ConfigurationError, match="store"):
            TokenSource(make(url, lambda _: "x"), store=MemoryStore())
        TokenSource(make(url, File(tmp_path / "token")), store=MemoryStore())
        TokenSource(make(url, a_source), store=MemoryStore())


@each_use
def test_grants_are_values(use: str, tmp_path: Path) -> None:
    """They compare by what they say, pickle, and show no text of an assertion."""
    _, make = USES[use]
    url = "https://as.example.com/token"
    one = make(url, File(tmp_path / "token"))
    assert one == make(url, File(tmp_path / "token"))
    assert pickle.loads(pickle.dumps(one)) == one
    assert "canary" not in repr(make(url, "canary"))


@pytest.mark.requirement("8693-n-a", "8693-issued-type")
def test_a_token_that_is_no_access_token(tmp_path: Path) -> None:
    """RFC 8693 §2.2.1: N_A with another type issued is a token for a further grant, and never in a header."""
    answer = token_answer(
        "id-jag", token_type="N_A", issued_token_type="urn:ietf:params:oauth:token-type:id-jag", expires_in=300
    )
    with Loopback(answer) as idp, Loopback() as server:
        jag = TokenSource(USES["token exchange"][1](idp.url, "id token"))
        assert jag.token().token_type == "N_A"
        with pytest.raises(ConfigurationError, match="no access token"):
            jag.headers("GET", "https://api.example.com/")
        with pytest.raises(ConfigurationError, match="no access token"):
            jag.access_token()
        assert TokenSource(JWTBearer(token_endpoint=server.url, assertion=jag)).token().access_token == TOKEN
        assert sent(server.received[0])["assertion"] == "id-jag"


@pytest.mark.parametrize(
    "members",
    [
        {"token_type": "N_A"},
        {"token_type": "N_A", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"},
        {"token_type": "N_A", "issued_token_type": 5},
        {"token_type": "mac", "issued_token_type": "urn:ietf:params:oauth:token-type:jwt"},
    ],
)
def test_n_a_without_another_type_is_refused(members: dict[str, Any]) -> None:
    """RFC 8693 §2.2.1: N_A says that no access token was issued; where one was, the type is wrong."""
    with Loopback(token_answer(**members)) as server, pytest.raises(InvalidTokenResponse):
        TokenSource(USES["token exchange"][1](server.url, "t")).token()


def test_n_a_is_for_token_exchange_alone() -> None:
    """In another grant's answer N_A is an unknown token type (RFC 6749 §7.1)."""
    answer = token_answer(token_type="N_A", issued_token_type="urn:ietf:params:oauth:token-type:jwt")
    with Loopback(answer) as server, pytest.raises(InvalidTokenResponse):
        TokenSource(grant_for(server.url)).token()


@each_use
def test_the_same_life_as_any_token(use: str) -> None:
    """A token of each grant is fetched once, and renewed when its life is over."""
    _, make = USES[use]
    clock = Clock()
    with Loopback() as server:
        source = TokenSource(make(server.url, a_source), clock=clock)
        for _ in range(3):
            source.token()
        assert len(server.received) == 1
        clock.now += 3601
        source.token()
        assert len(server.received) == 2


def test_revocation_with_a_client_assertion(tmp_path: Path) -> None:
    """RFC 7009 §2.1: the client proves itself by its assertion at the revocation endpoint; no grant's goes there."""
    (tmp_path / "token").write_text("proof")
    with Loopback(token_answer(), Answer(200)) as server:
        grant = JWTBearer(
            token_endpoint=f"{server.url}/token",
            assertion="grant",
            client_id="client",
            token_endpoint_auth_method=ClientAssertion(File(tmp_path / "token")),
            revocation_endpoint=f"{server.url}/revoke",
        )
        source = TokenSource(grant)
        source.token()
        source.revoke()
    revoking = sent(server.received[1])
    assert revoking["client_assertion"] == "proof"
    assert "assertion" not in revoking


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "client_secret_json"])
def test_a_private_key_is_never_sent(method: str) -> None:
    """A secret that is a private key signs; by a method that would send it, nothing goes out."""
    with pytest.raises(ConfigurationError, match="is a private key") as caught:
        TokenSource(grant_for(client_secret=PEM, token_endpoint_auth_method=method)).token()
    assert PEM[60:90] not in str(caught.value)


@pytest.mark.parametrize("key", [PEM, json.dumps(KEY.as_dict(private=True))])
@pytest.mark.requirement("6749-basic-default")
def test_a_private_key_signs_by_default(key: str) -> None:
    """Without a method, a secret that is a private key, PEM or JWK, is for private_key_jwt; any other for basic."""
    assert grant_for(client_secret=key).token_endpoint_auth_method == "private_key_jwt"
    assert grant_for(client_secret="{no key}").token_endpoint_auth_method == "client_secret_basic"
    assert grant_for(client_secret=lambda: key).token_endpoint_auth_method == "client_secret_basic"


def test_other_grants_have_no_sources() -> None:
    """Client credentials, logins and static tokens read nothing beside their secret."""
    login = AuthorizationCode(token_endpoint="https://as.example.com", client_id="c", client_secret="s")
    assert dict(grant_for().sources()) == dict(login.sources()) == {}
    assert not hasattr(StaticToken("t", resource_server=ResourceServer()), "sources")
