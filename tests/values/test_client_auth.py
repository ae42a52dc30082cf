"""Tests of how a client proves itself: on the request that authlib and our methods build together."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import ssl
import time
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwk, jws, jwt
from joserfc.errors import SecurityWarning
from loopback import SECRET, grant_for

from oauth_cc_auth import ClientSecretJWT, ConfigurationError, PrivateKeyJWT, Token, TokenSource, presets
from oauth_cc_auth._authorization_server.request import introspection_request, revocation_request, token_request
from oauth_cc_auth._grant.client_authentication import METHODS, WITHOUT_SECRET
from oauth_cc_auth._http.messages import HttpRequest

ENDPOINT = "https://as.example.com/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_KEYS: dict[str, Any] = {}
_MAKERS: dict[str, Callable[[], Any]] = {
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "X25519": x25519.X25519PrivateKey.generate,
    "DSA": lambda: dsa.generate_private_key(1024),  # noqa: S505 - nobody uses it
}
_ALG_OF = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


def private_key(kind: str) -> Any:
    """Return a key of this kind, made once."""
    if kind not in _KEYS:
        _KEYS[kind] = _MAKERS[kind]()
    return _KEYS[kind]


def pem(kind: str, password: bytes | None = None) -> str:
    """Return the key as PEM."""
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    text: bytes = private_key(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    return text.decode()


def public_pem(kind: str) -> str:
    """Return the public half as PEM."""
    text: bytes = private_key(kind).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


def key_type(kind: str) -> Any:
    """Return joserfc's class for keys of this kind."""
    return {"RSA": jwk.RSAKey, "Ed25519": jwk.OKPKey, "X25519": jwk.OKPKey}.get(kind, jwk.ECKey)


def as_jwk(kind: str, *, private: bool = True, **members: str) -> str:
    """Return the key as a JWK."""
    return json.dumps({**key_type(kind).import_key(pem(kind)).as_dict(private=private), **members})


def request_by(method: Any, secret: str | None = SECRET, **changes: Any) -> HttpRequest:
    """Return the token request of a client that authenticates by this method."""
    grant = grant_for(ENDPOINT, token_endpoint_auth_method=method, client_secret=secret, **changes)
    return token_request(grant, secret, grant.request_parameters(None))


def form_of(request: HttpRequest) -> dict[str, str]:
    """Return the form parameters of a request, none of which may occur twice."""
    pairs = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def basic_of(request: HttpRequest) -> str:
    """Return what stands behind Basic, decoded."""
    scheme, _, value = request.headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    return base64.b64decode(value, validate=True).decode()


def assertion_of(request: HttpRequest, key: str, algorithm: str) -> jwt.Token:
    """Return the assertion in a request after verifying its signature."""
    form = form_of(request)
    assert form["client_assertion_type"] == JWT_BEARER
    assert "client_secret" not in form
    assert "Authorization" not in request.headers
    with warnings.catch_warnings():
        # joserfc prefers RFC 9864's name for EdDSA; servers know RFC 8037's. Only the verifier is let off here.
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.decode(form["client_assertion"], key_of(key), algorithms=[algorithm])


def key_of(key: str) -> Any:
    """Return the verifier's key: a JWK, or a shared secret."""
    return jwk.import_key(json.loads(key)) if key.startswith("{") else jwk.OctKey.import_key(key)


@pytest.mark.requirement("6749-one-method")
def test_basic_puts_nothing_into_the_body() -> None:
    """Case 2: client_secret_basic leaves id and secret out of the body."""
    request = request_by("client_secret_basic", "s")
    assert basic_of(request) == "client:s"
    assert form_of(request) == {"grant_type": "client_credentials"}


@pytest.mark.requirement("6749-secret-not-in-url")
def test_post_sends_no_authorization_header() -> None:
    """Case 2: client_secret_post has both in the body, form-encoded, and no Authorization header."""
    request = request_by("client_secret_post")
    assert "Authorization" not in request.headers
    assert form_of(request) == {"grant_type": "client_credentials", "client_id": "client", "client_secret": SECRET}


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("client %&+-_.!~*'()", "client+%25%26%2B-_.%21~%2A%27%28%29"),
        ("5f3a-B_c.d~E", "5f3a-B_c.d~E"),
        ("0b59e1a2-64f7-4e5c-9d1a-2f6f3f8d7c11", "0b59e1a2-64f7-4e5c-9d1a-2f6f3f8d7c11"),
        ("a:b/c=d", "a%3Ab%2Fc%3Dd"),
        ("€", "%E2%82%AC"),
        ("ü", "%C3%BC"),
        ("\U0001f511", "%F0%9F%94%91"),
    ],
)
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_basic_and_post"])
@pytest.mark.requirement("6749-basic-encoding")
def test_basic_is_form_encoded_first(method: str, text: str, encoded: str) -> None:
    """Case 3: RFC 6749 §2.3.1 form-encodes both halves in UTF-8, leaving letters, digits and -._~ as they are."""
    assert basic_of(request_by(method, text, client_id=text)) == f"{encoded}:{encoded}"


def test_raw_basic_is_not_encoded() -> None:
    """Case 3: for servers that do not decode, the pair goes as it is, in UTF-8."""
    cases: list[str] = ["client %&+-_.!~*'()", "a+b", "€", "ü"]
    for text in cases:
        request = request_by("client_secret_basic_raw", text, client_id=text)
        assert basic_of(request) == f"{text}:{text}"
        assert form_of(request) == {"grant_type": "client_credentials"}


def test_both_at_once() -> None:
    """client_secret_basic_and_post sends the pair in the header and in the body."""
    request = request_by("client_secret_basic_and_post", "s+", scope="a")
    assert basic_of(request) == "client:s%2B"
    expected = {"grant_type": "client_credentials", "scope": "a", "client_id": "client", "client_secret": "s+"}
    assert form_of(request) == expected


def test_json_body() -> None:
    """client_secret_json sends one JSON object; what occurs twice, or three times, is a list, what is empty stays."""
    request = request_by(
        "client_secret_json",
        scope="a b",
        audience="https://api",
        resource=["https://1", "https://2", "https://3"],
        parameters={"tenant": "ü"},
    )
    assert request.headers["Content-Type"] == "application/json"
    assert "Authorization" not in request.headers
    assert json.loads(request.body) == {
        "grant_type": "client_credentials",
        "scope": "a b",
        "audience": "https://api",
        "resource": ["https://1", "https://2", "https://3"],
        "tenant": "ü",
        "client_id": "client",
        "client_secret": SECRET,
    }


@pytest.mark.parametrize("method", sorted(WITHOUT_SECRET))
@pytest.mark.requirement("8705-client-id", "6749-client-id")
def test_without_a_secret_the_body_says_who(method: str) -> None:
    """RFC 8705 §2 and RFC 6749 §3.2.1: client_id is in the body, and nothing else about the client."""
    request = request_by(method, None)
    assert form_of(request) == {"grant_type": "client_credentials", "client_id": "client"}
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("kind", sorted(_ALG_OF))
@pytest.mark.parametrize("form", ["pem", "jwk"])
@pytest.mark.parametrize("method", ["private_key_jwt", PrivateKeyJWT()])
@pytest.mark.requirement(
    "7523-claims",
    "7523-sub-client",
    "7523bis-typ",
    "7521-client-assertion",
    "9700-asymmetric",
    "7521-content",
    "7521-signed",
    "7521-self-issued",
    "7521-replay",
    "7523-rs256",
    "7523-client",
)
def test_private_key_jwt(kind: str, form: str, method: str | PrivateKeyJWT) -> None:
    """Case 6: RSA, EC and Ed25519 keys, PEM and JWK, sign with their usual algorithm what RFC 7523 §3 asks for."""
    before = int(time.time())
    request = request_by(method, pem(kind) if form == "pem" else as_jwk(kind))
    assertion = assertion_of(request, as_jwk(kind, private=False), _ALG_OF[kind])
    claims = assertion.claims
    assert claims["iss"] == claims["sub"] == "client"
    assert claims["aud"] == ENDPOINT
    assert before <= claims["iat"] <= time.time()
    assert before + 60 <= claims["exp"] <= time.time() + 60
    assert claims["jti"]
    assert assertion.header["alg"] == _ALG_OF[kind]
    assert assertion.header["typ"] == "client-authentication+jwt"
    assert form_of(request)["grant_type"] == "client_credentials"


def test_kid() -> None:
    """Case 6: the key is named as the user says, else as the JWK says, else not at all."""
    cases: list[tuple[Callable[[], str], PrivateKeyJWT, str | None]] = [
        (lambda: as_jwk("P-256", kid="of-the-jwk"), PrivateKeyJWT(), "of-the-jwk"),
        (lambda: as_jwk("P-256", kid="of-the-jwk"), PrivateKeyJWT(kid="given"), "given"),
        (lambda: pem("P-256"), PrivateKeyJWT(kid="given"), "given"),
        (lambda: pem("P-256"), PrivateKeyJWT(), None),
        (lambda: as_jwk("P-256"), PrivateKeyJWT(), None),
    ]
    for secret, method, kid in cases:
        assertion = assertion_of(request_by(method, secret()), as_jwk("P-256", private=False), "ES256")
        assert assertion.header.get("kid") == kid


@pytest.mark.parametrize("claims", [{}, {"extra": "1", "list": [1]}])
@pytest.mark.parametrize("method", [PrivateKeyJWT, ClientSecretJWT])
@pytest.mark.requirement("7523-jti")
def test_two_assertions_never_share_a_jti(method: type[PrivateKeyJWT], claims: dict[str, Any]) -> None:
    """Case 6: a server may refuse a repeated jti as a replay, also where extra claims are given once for all."""
    client_auth = method(claims=claims)
    shared = "s" * 64
    key = as_jwk("P-256") if method is PrivateKeyJWT else shared
    grant = grant_for(ENDPOINT, token_endpoint_auth_method=client_auth, client_secret=key)
    alg = "ES256" if method is PrivateKeyJWT else "HS256"
    seen = [assertion_of(token_request(grant, key, grant.request_parameters(None)), key, alg).claims for _ in range(5)]
    assert len({claims["jti"] for claims in seen}) == 5
    for one in seen:
        assert {name: one[name] for name in claims} == claims
    assert client_auth.claims == claims


def test_settings_of_an_assertion() -> None:
    """Audience, lifetime, algorithm and claims are as the user says."""
    method = PrivateKeyJWT(alg="PS256", audience="https://as.example.com", lifetime=40, claims={"tenant": "t"})
    assertion = assertion_of(request_by(method, pem("RSA")), as_jwk("RSA", private=False), "PS256")
    assert assertion.claims["aud"] == "https://as.example.com"
    assert assertion.claims["tenant"] == "t"
    assert 0 < assertion.claims["exp"] - time.time() <= 40


@pytest.mark.parametrize("method", ["private_key_jwt", PrivateKeyJWT()])
@pytest.mark.requirement("7523bis-audience", "7523bis-no-endpoint")
def test_the_issuer_is_the_sole_audience(method: str | PrivateKeyJWT, caplog: pytest.LogCaptureFixture) -> None:
    """rfc7523bis §4: where the issuer is known, it is the audience, as one string; nothing is logged."""
    assertion = assertion_of(
        request_by(method, pem("P-256"), issuer="https://as.example.com/tenant"),
        as_jwk("P-256", private=False),
        "ES256",
    )
    assert assertion.claims["aud"] == "https://as.example.com/tenant"
    assert not caplog.records


@pytest.mark.requirement("7523bis-no-endpoint")
def test_an_endpoint_as_audience_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """rfc7523bis §4: where no issuer is known, the token endpoint stands in, and one line says so and what to do."""
    endpoint = "https://logged.example.com/token"
    grant = grant_for(endpoint, token_endpoint_auth_method="private_key_jwt", client_secret=pem("P-256"))
    for _ in range(3):
        token_request(grant, pem("P-256"), grant.request_parameters(None))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert endpoint in record.getMessage()
    assert "issuer=" in record.getMessage()


def test_the_endpoint_as_audience_on_demand(caplog: pytest.LogCaptureFixture) -> None:
    """Older servers want the address that is asked: audience="endpoint" is the token's, and the revocation's."""
    revocation = "https://as.example.com/revoke"
    method = PrivateKeyJWT(audience="endpoint")
    changes = {"issuer": "https://as.example.com", "revocation_endpoint": revocation}
    public = as_jwk("P-256", private=False)
    assert assertion_of(request_by(method, pem("P-256"), **changes), public, "ES256").claims["aud"] == ENDPOINT
    grant = grant_for(ENDPOINT, token_endpoint_auth_method=method, client_secret=pem("P-256"), **changes)
    revoking = revocation_request(grant, pem("P-256"), Token("t", obtained_at=0.0))
    assert assertion_of(revoking, public, "ES256").claims["aud"] == revocation
    assert not caplog.records


def test_an_unknown_issuer_is_the_token_endpoint_everywhere() -> None:
    """RFC 7523 §3: the token endpoint identifies the server, at its revocation and introspection endpoints too."""
    changes = {"revocation_endpoint": "https://as.example.com/r", "introspection_endpoint": "https://as.example.com/i"}
    key = pem("P-256")
    grant = grant_for(ENDPOINT, token_endpoint_auth_method="private_key_jwt", client_secret=key, **changes)
    for ask in (revocation_request, introspection_request):
        assertion = assertion_of(ask(grant, key, Token("t", obtained_at=0.0)), as_jwk("P-256", private=False), "ES256")
        assert assertion.claims["aud"] == ENDPOINT


def test_typ_can_be_another_or_none() -> None:
    """rfc7523bis §4: `typ` is client-authentication+jwt, unless a server knows another, or none."""
    cases: list[str | None] = ["JWT", None]
    for typ in cases:
        assertion = assertion_of(
            request_by(PrivateKeyJWT(typ=typ), pem("P-256")), as_jwk("P-256", private=False), "ES256"
        )
        assert assertion.header.get("typ") == typ
        assert ("typ" in assertion.header) == (typ is not None)


def test_issued_a_little_earlier() -> None:
    """A strict server whose clock is behind takes an assertion that was issued `backdate` seconds ago."""
    method = PrivateKeyJWT(backdate=10, lifetime=30)
    claims = assertion_of(request_by(method, pem("P-256")), as_jwk("P-256", private=False), "ES256").claims
    assert claims["exp"] - claims["iat"] in {40, 41}
    assert abs(claims["iat"] + 10 - time.time()) < 2


def test_a_key_in_one_line() -> None:
    """An environment variable holds PEM with line breaks of two letters."""
    one_line = pem("RSA").replace("\n", "\\n")
    assert "\n" not in one_line
    assertion_of(request_by(PrivateKeyJWT(), one_line), as_jwk("RSA", private=False), "RS256")


def kms(kind: str, padding_of: Any, algorithm: Any) -> Callable[[bytes], bytes]:
    """Return what signs as a KMS does: ECDSA as DER, RSA and Ed25519 as they are."""
    key = private_key(kind)

    def sign(signing_input: bytes) -> bytes:
        assert isinstance(signing_input, bytes)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(signing_input, padding_of, algorithm)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(signing_input, ec.ECDSA(algorithm))
        signature: bytes = key.sign(signing_input)
        return signature

    return sign


def as_azure(sign: Callable[[bytes], bytes], size: int) -> Callable[[bytes], bytes]:
    """Return the same signer with r and s side by side."""

    def raw(signing_input: bytes) -> bytes:
        r, s = decode_dss_signature(sign(signing_input))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return raw


_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
SIGNERS: dict[str, tuple[str, str, Callable[[], Callable[[bytes], bytes]]]] = {
    "RS256": ("RSA", "RS256", lambda: kms("RSA", padding.PKCS1v15(), hashes.SHA256())),
    "PS256": ("RSA", "PS256", lambda: kms("RSA", _PSS, hashes.SHA256())),
    "ES256 as DER": ("P-256", "ES256", lambda: kms("P-256", None, hashes.SHA256())),
    "ES256 raw": ("P-256", "ES256", lambda: as_azure(kms("P-256", None, hashes.SHA256()), 32)),
    "ES384 as DER": ("P-384", "ES384", lambda: kms("P-384", None, hashes.SHA384())),
    "ES384 raw": ("P-384", "ES384", lambda: as_azure(kms("P-384", None, hashes.SHA384()), 48)),
    "ES512 as DER": ("P-521", "ES512", lambda: kms("P-521", None, hashes.SHA512())),
    "EdDSA": ("Ed25519", "EdDSA", lambda: kms("Ed25519", None, None)),
}


@pytest.mark.parametrize("name", sorted(SIGNERS))
def test_a_signer_elsewhere(name: str) -> None:
    """A KMS or HSM signs the signing input; whichever form its ECDSA has, the server can verify it."""
    kind, alg, signer = SIGNERS[name]
    request = request_by(PrivateKeyJWT(signer=signer(), alg=alg, kid="in-the-kms"), None)
    assertion = assertion_of(request, as_jwk(kind, private=False), alg)
    assert assertion.header == {"alg": alg, "typ": "client-authentication+jwt", "kid": "in-the-kms"}
    assert assertion.claims["iss"] == assertion.claims["sub"] == "client"


@pytest.mark.parametrize("returned", [b"too short", None, "text", OSError(SECRET)])
def test_a_signer_that_fails(returned: Any) -> None:
    """What a signer raises or returns in its place is a ConfigurationError, without what a KMS's client quotes."""

    def sign(_: bytes) -> bytes:
        if isinstance(returned, Exception):
            raise returned
        value: bytes = returned
        return value

    with pytest.raises(ConfigurationError, match="signer") as caught:
        request_by(PrivateKeyJWT(signer=sign, alg="ES256", kid="k"), None)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


def certificate(kind: str) -> str:
    """Return a self-signed certificate of this key, as PEM."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key(kind).public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=1))
        .sign(private_key(kind), hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("order", ["key first", "certificate first", "certificate apart", "in one line"])
def test_the_names_of_a_certificate(order: str) -> None:
    """RFC 7515 §4.1.6 to §4.1.8: x5t (SHA-1), x5t#S256 and x5c come from the certificate beside the key."""
    cert = certificate("RSA")
    secret = {"key first": pem("RSA") + cert, "certificate apart": pem("RSA")}.get(order, cert + pem("RSA"))
    if order == "in one line":
        secret = secret.replace("\n", "\\n")
    method = PrivateKeyJWT(certificate=(lambda: cert) if order == "certificate apart" else None)
    sent = form_of(request_by(method, secret))["client_assertion"]
    long = jws.JWSRegistry(algorithms=["RS256"])
    long.max_header_length = 10_000
    header = jws.deserialize_compact(sent, key_of(as_jwk("RSA", private=False)), registry=long).headers()
    der = ssl.PEM_cert_to_DER_cert(cert)

    def name(digest: bytes) -> str:
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    assert header["x5t"] == name(hashlib.sha1(der).digest())  # noqa: S324 - the name that RFC 7515 gives it
    assert header["x5t#S256"] == name(hashlib.sha256(der).digest())
    assert header["x5c"] == [base64.b64encode(der).decode()]


def test_a_certificate_that_is_none() -> None:
    """What is no certificate is said without quoting it: it may be a key."""
    with pytest.raises(ConfigurationError, match="certificate is not a certificate") as caught:
        request_by(PrivateKeyJWT(certificate=pem("P-256")), pem("RSA"))
    assert pem("P-256")[40:60] not in str(caught.value)


def test_settings_are_checked() -> None:
    """Case 7: a setting of the wrong kind is refused at construction, by its name; so is a list of audiences."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"alg": ""}, "alg"),
        ({"kid": 5}, "kid"),
        ({"audience": ["a", "b"]}, "audience"),
        ({"typ": ""}, "typ"),
        ({"lifetime": 0}, "lifetime"),
        ({"backdate": -1}, "backdate"),
        ({"signer": "no function", "alg": "ES256", "kid": "k"}, "signer"),
        ({"signer": bytes, "alg": "ES256"}, "signer"),
        ({"signer": bytes, "kid": "k"}, "signer"),
        ({"certificate": b"DER"}, "certificate"),
    ]
    for settings, said in cases:
        with pytest.raises(ConfigurationError, match=said):
            PrivateKeyJWT(**settings)


def test_headers_of_a_vendors_own() -> None:
    """A function of id and secret writes the headers that prove the client; nothing else does."""
    request = request_by(lambda client_id, secret: {"X-Proof": f"{client_id}/{len(secret)}"}, "s")
    assert request.headers["X-Proof"] == "client/1"
    assert "Authorization" not in request.headers
    assert "client_secret" not in form_of(request)


@pytest.mark.parametrize("written", [{"X": "line\nbreak"}, {"no name": "x"}, None, ValueError(SECRET)])
def test_a_function_that_writes_no_headers(written: Any) -> None:
    """What such a function raises or returns instead is a ConfigurationError that quotes nothing."""

    def write(_: str, __: str) -> Any:
        if isinstance(written, Exception):
            raise written
        return written

    with pytest.raises(ConfigurationError, match="the function that writes the headers failed") as caught:
        request_by(write)
    assert SECRET not in str(caught.value)


def test_a_function_that_says_why_it_writes_no_headers() -> None:
    """What a preset's own function says of a key that is none reaches the user."""
    grant = presets.github_app("id", "no key", installation_id="1")
    with pytest.raises(
        ConfigurationError, match=r"headers failed \(private_key is not a private key that signs"
    ) as caught:
        TokenSource(grant).token()
    assert "no key" not in str(caught.value)


@pytest.mark.requirement("7521-client-id")
def test_what_entra_id_wants_beside() -> None:
    """Lines 10, Entra ID: further headers of the assertion, and the client's id beside it; others need neither."""
    method = PrivateKeyJWT(alg="PS256", headers={"x5t#S256": "thumb"}, name_client=True)
    request = request_by(method, pem("RSA"))
    assert assertion_of(request, as_jwk("RSA", private=False), "PS256").header["x5t#S256"] == "thumb"
    assert form_of(request)["client_id"] == "client"
    assert "client_id" not in form_of(request_by(PrivateKeyJWT(), pem("RSA")))


def test_a_key_that_is_for_another_algorithm() -> None:
    """A key that does not sign by the algorithm is a ConfigurationError that names it and quotes no key."""
    cases: list[tuple[str, str]] = [("P-256", "RS384"), ("RSA", "ES256"), ("RSA", "nope"), ("P-384", "ES256")]
    for kind, alg in cases:
        with pytest.raises(
            ConfigurationError, match=f"client_secret is not a private key that signs by {alg}"
        ) as caught:
            request_by(PrivateKeyJWT(alg=alg), pem(kind))
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


@pytest.mark.requirement("7521-signed")
def test_client_secret_jwt() -> None:
    """The client secret itself signs, HS256 unless told otherwise."""
    cases: list[tuple[str | None, str]] = [(None, "HS256"), ("HS512", "HS512")]
    for alg, expected in cases:
        secret = "0123456789" * 7
        assertion = assertion_of(request_by(ClientSecretJWT(alg=alg, kid="k"), secret), secret, expected)
        assert assertion.claims["iss"] == assertion.claims["sub"] == "client"
        assert assertion.header["kid"] == "k"
        named = assertion_of(request_by("client_secret_jwt", secret), secret, "HS256")
        assert named.claims["aud"] == ENDPOINT


def test_a_shared_secret_that_does_not_sign_so() -> None:
    """A client secret signs by HMAC alone; the message says so, and quotes nothing."""
    cases: list[str] = ["RS256", "nope"]
    for alg in cases:
        with pytest.raises(ConfigurationError, match=f"does not sign by alg {alg}") as caught:
            request_by(ClientSecretJWT(alg=alg), SECRET)
        assert SECRET not in str(caught.value)


def test_what_is_no_private_key_is_said_without_quoting_it() -> None:
    """Case 37: a secret that cannot sign is a ConfigurationError that names the argument and shows nothing of it."""
    cases: list[Callable[[], str]] = [
        lambda: SECRET,
        lambda: "-----BEGIN PRIVATE KEY-----\n" + SECRET + "\n-----END PRIVATE KEY-----\n",
        lambda: '{"kty": "' + SECRET,
        lambda: '{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}',
        lambda: as_jwk("RSA", private=False),
        lambda: as_jwk("P-256", private=False),
        lambda: public_pem("RSA"),
        lambda: pem("RSA", b"passphrase"),
        lambda: pem("X25519"),
        lambda: pem("DSA"),
    ]
    for secret in cases:
        text = secret()
        with pytest.raises(ConfigurationError, match="client_secret is not a private key") as caught:
            request_by("private_key_jwt", text)
        assert text not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.requirement("7009-request")
def test_revocation_authenticates_alike(method: str) -> None:
    """RFC 7009 §2.1: the client proves itself at the revocation endpoint as it does at the token endpoint."""
    key = {"private_key_jwt": as_jwk("P-256"), "client_secret_jwt": "s" * 64}.get(method, "s")
    secret = None if method in WITHOUT_SECRET else key
    endpoint = "https://as.example.com/revoke"
    grant = grant_for(ENDPOINT, token_endpoint_auth_method=method, client_secret=secret, revocation_endpoint=endpoint)
    request = revocation_request(grant, secret, Token("the-token", obtained_at=0.0))
    asked = token_request(grant, secret, grant.request_parameters(None))
    assert request.url == endpoint
    assert ("Authorization" in request.headers) == ("Authorization" in asked.headers)
    if method == "client_secret_json":
        assert json.loads(request.body)["client_secret"] == "s"
        return
    form, own = form_of(request), {"token", "token_type_hint"}
    assert (form["token"], form["token_type_hint"]) == ("the-token", "access_token")
    assert form.keys() - own == form_of(asked).keys() - {"grant_type"}


def test_assertion_settings_are_a_value() -> None:
    """They are equal and hashable by what they say, and follow no outside change."""
    claims = {"a": "1"}
    one = PrivateKeyJWT(claims=claims)
    claims["a"] = "2"
    assert one == PrivateKeyJWT(claims={"a": "1"})
    assert hash(one) == hash(PrivateKeyJWT(claims={"a": "1"}))
    assert one != ClientSecretJWT(claims={"a": "1"})
    assert SECRET not in repr(PrivateKeyJWT(claims={"a": SECRET}))
