"""`_signature`: keys from PEM and JWK, and signatures that another library verifies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jwk, jws

from oauth_cc_auth import ConfigurationError
from oauth_cc_auth._signature import base64url, by_signer, encoded, generated_jwk, public_jwk, read_key

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"]


def pem_of(alg: str) -> str:
    """Return a private key that fits the algorithm."""
    curves: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    key: Any
    if alg in curves:
        key = ec.generate_private_key(curves[alg])
    elif alg == "EdDSA":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(65537, 2048)
    return str(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


def verifies(signing_input: bytes, signature: bytes, public: Any, alg: str) -> bool:
    """Let joserfc verify a compact JWS."""
    token = (signing_input + b"." + base64url(signature)).decode()
    return bool(jws.deserialize_compact(token, jwk.import_key(dict(public)), algorithms=[alg]).payload)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_what_a_key_signs_another_library_verifies(alg: str) -> None:
    """Each algorithm's signature, by a key from PEM, is one that joserfc verifies with the public JWK."""
    key = read_key("client_secret", pem_of(alg), alg)
    signing_input = encoded({"alg": alg}) + b"." + encoded({"a": 1})
    assert verifies(signing_input, key.sign(signing_input), key.public, alg)
    assert "d" not in key.public


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_generated_key_signs(alg: str) -> None:
    """A key that is made for an algorithm signs by it."""
    key = read_key("DPoP", generated_jwk("DPoP", alg), alg)
    signing_input = encoded({"alg": alg}) + b"." + encoded({})
    assert verifies(signing_input, key.sign(signing_input), key.public, alg)


def test_the_usual_algorithm_and_the_name_of_a_key() -> None:
    """Without alg, the key's kind decides; a JWK may bring a name."""
    assert read_key("k", pem_of("ES384"), None).alg == "ES384"
    named = jwk.ECKey.generate_key("P-256", {"kid": "first"}).as_dict(private=True)
    assert read_key("k", json.dumps(named), None).kid == "first"


def test_a_pem_with_its_line_ends_as_two_letters() -> None:
    r"""A PEM in one line, its line ends written as \n, is read: environment files keep it so."""
    pem = pem_of("ES256")
    assert read_key("k", pem.replace("\n", "\\n"), None).public == read_key("k", pem, None).public


def test_what_is_no_key_for_the_algorithm() -> None:
    """The error names the argument, quotes nothing of the key and has no cause that could."""
    cases: list[tuple[str, str | None]] = [
        ("nonsense", None),
        ("{}", None),
        (pem_of("ES256"), "RS256"),
        (pem_of("ES256"), "ES384"),
        (pem_of("RS256"), "ES256"),
    ]
    for given, alg in cases:
        with pytest.raises(ConfigurationError, match=r"^client_secret is not a private key") as caught:
            read_key("client_secret", given, alg)
        assert given not in str(caught.value)
        assert caught.value.__cause__ is None
        with pytest.raises(ConfigurationError):
            public_jwk("k", json.dumps({"kty": "?"}))
        with pytest.raises(ConfigurationError, match="'HS256'; use one of ES256"):
            generated_jwk("DPoP", "HS256")


@pytest.mark.parametrize("alg", ["ES256", "ES384"])
def test_a_vault_signs_in_der_or_raw(alg: str) -> None:
    """ECDSA signatures count in DER, as AWS and GCP have them, and raw, as Azure has them."""
    private = serialization.load_pem_private_key(pem_of(alg).encode(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    public = jwk.ECKey.import_key(private.public_key()).as_dict(private=False)
    digest = hashes.SHA256() if alg == "ES256" else hashes.SHA384()

    def in_der(signing_input: bytes) -> bytes:
        return private.sign(signing_input, ec.ECDSA(digest))

    signing_input = encoded({"alg": alg}) + b"." + encoded({})
    raw = by_signer(in_der, alg)
    assert verifies(signing_input, raw(signing_input), public, alg)
    assert verifies(signing_input, by_signer(raw, alg)(signing_input), public, alg)
    assert by_signer(in_der, "RS256") is in_der
