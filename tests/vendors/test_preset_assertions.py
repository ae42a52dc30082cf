"""Tests of the client assertions that presets sign: each as its vendor documents it, whatever our default is."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey
from vendor_stage import CLIENT_ID, preset, private_key

from oauth_cc_auth._authorization_server.request import token_request


def test_the_assertion_of_a_preset() -> None:
    """The audience is the token endpoint, `typ` and life are the vendor's, and not those of rfc7523bis."""
    cases: list[tuple[str, str, str | None, int]] = [
        ("okta_org", "https://acme.okta.com/oauth2/v1/token", None, 3600),
        ("smart_backend", "https://ehr.example.com/token", "JWT", 300),
        ("entra_id", "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token", "JWT", 600),
    ]
    for name, endpoint, typ, longest in cases:
        words = {
            "okta_org": {"domain": "acme.okta.com", "scope": "okta.users.read"},
            "smart_backend": {"base_url": "https://ehr.example.com", "scope": "system/*.rs"},
            "entra_id": {
                "tenant": "contoso.example",
                "resource": "https://graph.microsoft.com",
                "base_url": "https://graph.microsoft.com",
                "thumbprint": "x",
                "client_secret": private_key(),
            },
        }[name]
        grant = replace(preset(name, **words), token_endpoint=endpoint, issuer="https://issuer.example.com")
        request = token_request(grant, private_key(), grant.request_parameters(None))
        (assertion,) = parse_qs(request.body.decode())["client_assertion"]
        key = RSAKey.import_key(private_key())
        read = jwt.decode(assertion, key, algorithms=["RS256", "RS384", "PS256"])
        assert read.claims["aud"] == endpoint
        assert read.header.get("typ") == typ
        assert 0 < read.claims["exp"] - read.claims["iat"] <= longest


def test_snyk_by_a_key() -> None:
    """Snyk's page has RS256, the key's name in the header, the token endpoint as audience, and five minutes."""
    grant = preset("snyk", token_endpoint_auth_method="private_key_jwt", client_secret=private_key(), kid="k-1")
    request = token_request(grant, private_key(), grant.request_parameters(None))
    (assertion,) = parse_qs(request.body.decode())["client_assertion"]
    read = jwt.decode(assertion, RSAKey.import_key(private_key()), algorithms=["RS256"])
    assert read.header["kid"] == "k-1"
    assert read.claims["aud"] == "https://api.snyk.io/oauth2/token"
    assert read.claims["iss"] == read.claims["sub"] == CLIENT_ID
    assert read.claims["exp"] - read.claims["iat"] == 300
