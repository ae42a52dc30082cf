"""Tests of what a grant takes from the server's metadata: how the client proves itself, and mutual TLS."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey
from loopback import SECRET, grant_for

from oauth_cc_auth import (
    Certificate,
    ClientCredentials,
    ConfigurationError,
    Discovery,
    DPoP,
    InvalidTokenResponse,
    PrivateKeyJWT,
    TokenExchange,
)
from oauth_cc_auth._authorization_server.metadata import Metadata

ISSUER = "https://as.example.com"
KEY = ECKey.generate_key("P-256").as_pem(private=True).decode()
TLS = Certificate("client.pem")


def completed(members: dict[str, Any], secret: str | None = SECRET, **changes: Any) -> Any:
    """Return the grant as a document with these members completes it."""
    arguments = {"client_id": "client", "client_secret": secret, **changes}
    grant = ClientCredentials(**{"token_endpoint": Discovery(issuer=ISSUER), **arguments})
    document = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", **members}
    return Metadata(f"{ISSUER}/meta", document, 0.0, 1.0, ISSUER).applied(grant, secret)


@pytest.mark.requirement("8414-methods-default")
def test_what_the_server_takes_of_what_there_is() -> None:
    """RFC 8414 §2: private_key_jwt before TLS before basic before post, of what the grant has; absent is basic."""
    cases: list[tuple[Any, str | None, Certificate | None, str]] = [
        (["client_secret_basic", "client_secret_post"], SECRET, None, "client_secret_basic"),
        (["client_secret_post", "client_secret_basic"], SECRET, None, "client_secret_basic"),
        (["client_secret_post"], SECRET, None, "client_secret_post"),
        (["client_secret_jwt", "private_key_jwt"], SECRET, None, "client_secret_jwt"),
        (None, SECRET, None, "client_secret_basic"),
        ("client_secret_post", SECRET, None, "client_secret_basic"),
        (["private_key_jwt", "client_secret_basic"], KEY, None, "private_key_jwt"),
        (None, KEY, None, "private_key_jwt"),
        (["tls_client_auth", "client_secret_basic"], SECRET, TLS, "tls_client_auth"),
        (["self_signed_tls_client_auth"], None, TLS, "self_signed_tls_client_auth"),
        (["client_secret_post"], SECRET, TLS, "client_secret_post"),
        (["private_key_jwt", "tls_client_auth"], KEY, TLS, "private_key_jwt"),
        (None, None, TLS, "tls_client_auth"),
        (None, SECRET, TLS, "client_secret_basic"),
    ]
    for supported, secret, certificate, chosen in cases:
        members = {} if supported is None else {"token_endpoint_auth_methods_supported": supported}
        grant = completed(members, secret, certificate=certificate)
        assert grant.token_endpoint_auth_method == chosen
        assert (grant.token_endpoint, grant.issuer) == (f"{ISSUER}/token", ISSUER)


def test_nothing_that_the_server_takes() -> None:
    """Where they have nothing in common, nothing is sent; the error has both lists, and no secret."""
    cases: list[tuple[list[Any], str]] = [
        (["private_key_jwt"], SECRET),
        (["client_secret_basic"], KEY),
        ([], SECRET),
        ([5, None], SECRET),
    ]
    for supported, secret in cases:
        with pytest.raises(ConfigurationError, match="token_endpoint_auth_method=") as caught:
            completed({"token_endpoint_auth_methods_supported": supported}, secret)
        assert all(str(each) in str(caught.value) for each in supported)
        assert secret not in str(caught.value)


def test_a_method_that_was_named_is_used() -> None:
    """What the user says is used as said, whatever the document lists."""
    cases: list[Any] = ["client_secret_post", "none", PrivateKeyJWT()]
    for method in cases:
        members = {"token_endpoint_auth_methods_supported": ["client_secret_basic"]}
        assert completed(members, KEY, token_endpoint_auth_method=method).token_endpoint_auth_method == method


def test_a_client_that_says_nothing_of_itself() -> None:
    """A grant that needs no client stays anonymous; with a certificate and no endpoint to choose, that one proves."""
    anonymous = TokenExchange(token_endpoint=Discovery(issuer=ISSUER), subject_token="t", subject_token_type="jwt")
    assert anonymous.token_endpoint_auth_method == "none"
    by_certificate = ClientCredentials(token_endpoint=f"{ISSUER}/token", client_id="c", certificate=TLS)
    assert by_certificate.token_endpoint_auth_method == "tls_client_auth"
    with pytest.raises(ConfigurationError, match="client_secret is missing"):
        ClientCredentials(token_endpoint=Discovery(issuer=ISSUER), client_id="c")


def test_endpoints_of_the_document() -> None:
    """Endpoints are the document's, unless the grant has its own; a key or secret goes on with it."""
    members = {"revocation_endpoint": f"{ISSUER}/revoke", "introspection_endpoint": f"{ISSUER}/introspect"}
    grant = completed(members)
    assert (grant.revocation_endpoint, grant.introspection_endpoint) == tuple(members.values())
    own = completed(
        members, revocation_endpoint="https://own.example/r", introspection_endpoint="https://own.example/i"
    )
    assert own.revocation_endpoint == "https://own.example/r"
    assert own.introspection_endpoint == "https://own.example/i"
    assert completed({}).revocation_endpoint is None


@pytest.mark.requirement("8414-https")
def test_endpoints_are_https() -> None:
    """Each endpoint is https; one on loopback may be http only where the document is on loopback too."""
    cases: list[dict[str, Any]] = [
        {"token_endpoint": "http://as.example.com/token"},
        {"token_endpoint": "http://127.0.0.1/token"},
        {"token_endpoint": "https://user@as.example.com/token"},
        {"token_endpoint": ""},
        {"token_endpoint": 5},
        {"revocation_endpoint": "http://as.example.com/revoke"},
        {"introspection_endpoint": "http://127.0.0.1/introspect"},
    ]
    for members in cases:
        with pytest.raises(InvalidTokenResponse, match="https"):
            completed(members)


ALIASES = {
    "mtls_endpoint_aliases": {
        "token_endpoint": "https://mtls.example.com/token",
        "revocation_endpoint": "https://mtls.example.com/revoke",
    },
    "revocation_endpoint": f"{ISSUER}/revoke",
    "introspection_endpoint": f"{ISSUER}/introspect",
}


@pytest.mark.requirement("8705-aliases")
def test_aliases_for_mutual_tls() -> None:
    """RFC 8705 §5: the aliases are an explicit setting, whatever the method; what has no alias is not there."""
    cases: list[str | None] = [None, "client_secret_basic", "tls_client_auth"]
    for method in cases:
        discovery = Discovery(issuer=ISSUER, mtls_endpoint_aliases=True)
        changes: dict[str, Any] = {"certificate": TLS, "token_endpoint_auth_method": method}
        grant = completed(ALIASES, token_endpoint=discovery, **changes)
        assert grant.token_endpoint == "https://mtls.example.com/token"
        assert grant.revocation_endpoint == "https://mtls.example.com/revoke"
        assert grant.introspection_endpoint is None
        assert grant.issuer == ISSUER
        plain = completed(ALIASES, **changes)
        assert plain.token_endpoint == f"{ISSUER}/token"


def test_an_alias_that_is_not_there() -> None:
    """An alias that the document lacks is a ConfigurationError that says how to go on."""
    discovery = Discovery(issuer=ISSUER, mtls_endpoint_aliases=True)
    lacking: list[dict[str, Any]] = [{}, {"mtls_endpoint_aliases": {}}, {"mtls_endpoint_aliases": "x"}]
    for members in lacking:
        with pytest.raises(ConfigurationError, match="mtls_endpoint_aliases"):
            completed(members, token_endpoint=discovery)


@pytest.mark.requirement("9449-algs")
def test_proofs_that_the_server_verifies() -> None:
    """RFC 9449 §5.1: an algorithm that the server lists is used; where it lists none, the grant's word counts."""
    cases: list[tuple[list[str] | None, str]] = [(["ES256", "EdDSA"], "ES256"), (["EdDSA"], "EdDSA"), (None, "ES384")]
    for supported, alg in cases:
        members = {} if supported is None else {"dpop_signing_alg_values_supported": supported}
        assert completed(members, dpop=DPoP(alg=alg)).token_endpoint == f"{ISSUER}/token"


@pytest.mark.requirement("9449-algs")
def test_proofs_that_the_server_does_not_verify() -> None:
    """RFC 9449 §5.1: an algorithm that the server does not list is an error that names both, and what to change."""
    cases: list[list[str]] = [["PS256", "EdDSA"], []]
    for supported in cases:
        with pytest.raises(ConfigurationError, match=r"by ES256.*DPoP\(alg=") as caught:
            completed({"dpop_signing_alg_values_supported": supported}, dpop=DPoP())
        assert (", ".join(supported) or "nothing") in str(caught.value)
        assert completed({"dpop_signing_alg_values_supported": supported}).dpop is None


def test_without_metadata_none_is_basic() -> None:
    """Where there is no metadata, the method is basic, and equal to one that says so."""
    assert grant_for() == grant_for(token_endpoint_auth_method="client_secret_basic")
