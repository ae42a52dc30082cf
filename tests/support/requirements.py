"""What the RFCs ask of a client, by section: the list that docs/conformance.md is made from.

A test says with ``@pytest.mark.requirement("6749-4.4.2-grant-type")`` which of these it keeps. What has no test says in
`NOT_DONE` why. Only what a client of this kind can do is listed: machine-to-machine grants, refresh, and the APIs.
"""

from __future__ import annotations

from typing import NamedTuple


class Requirement(NamedTuple):
    """One sentence of an RFC, in our own words; `level` is MUST or SHOULD."""

    key: str
    section: str
    level: str
    text: str


RFCS: dict[str, str] = {
    "6749": "OAuth 2.0: client credentials, refresh, errors",
    "6750": "Bearer tokens",
    "7009": "Revocation",
    "7521": "Assertions",
    "7523": "JWT assertions, with draft-ietf-oauth-rfc7523bis",
    "7662": "Introspection",
    "8414": "Metadata of the authorization server",
    "8693": "Token exchange",
    "8705": "Mutual TLS",
    "8707": "Resource indicators",
    "9110": "HTTP: challenges",
    "9207": "Issuer identification",
    "9396": "Rich authorization requests",
    "9449": "DPoP",
    "9700": "Best current practice",
    "9728": "Metadata of the API",
}

REQUIREMENTS = [
    Requirement(key, section, level, text)
    for key, section, level, text in (
        ("6749-basic-encoding", "§2.3.1", "MUST", "form-encode id and secret before Basic"),
        ("6749-one-method", "§2.3", "MUST", "use one authentication method a request"),
        ("6749-secret-not-in-url", "§2.3.1", "MUST", "send credentials in the body only, never in the URL"),
        ("6749-endpoint-fragment", "§3.2", "MUST", "accept no token endpoint with a fragment"),
        ("6749-post", "§3.2", "MUST", "ask for tokens by POST"),
        ("6749-tls", "§3.2", "MUST", "ask for tokens over TLS"),
        ("6749-no-repeats", "§3.2", "MUST", "send no parameter of the RFC twice"),
        ("6749-scope-default", "§3.3", "MUST", "take the granted scope from the answer where it says one"),
        ("6749-grant-type", "§4.4.2", "MUST", "send grant_type=client_credentials"),
        ("6749-no-refresh-token", "§4.4.3", "SHOULD", "expect no refresh token, and use none"),
        ("6749-ignore-unknown", "§5.1", "MUST", "ignore members of the answer that it does not know"),
        ("6749-token-type", "§7.1", "MUST", "use no token whose type it does not understand"),
        ("6749-error-codes", "§5.2", "MUST", "understand the error codes"),
        ("6749-refresh-scope", "§6", "MUST", "ask for no more scope on refresh than was granted"),
        ("6749-refresh-rotate", "§6", "MUST", "replace the refresh token by the one that the answer holds"),
        ("6749-state", "§10.12", "MUST", "protect the redirect against forgery by state"),
        ("6749-certificate", "§10.9", "MUST", "verify the server's TLS certificate"),
        ("6750-header", "§2.1", "SHOULD", "send the token in the Authorization header"),
        ("6750-tls", "§5.3", "MUST", "send the token over TLS only"),
        ("6750-no-url", "§5.3", "SHOULD", "put no token into a URL"),
        ("6750-no-leak", "§5.3", "MUST", "give the token to nobody but the API it is for"),
        ("6750-challenge", "§3", "MUST", "read the Bearer challenge of a refused request"),
        ("6750-insufficient-scope", "§3.1", "SHOULD", "tell insufficient_scope from a token that is no good"),
        ("7009-request", "§2.1", "MUST", "send the token, with the client's authentication"),
        ("7009-https", "§2", "MUST", "use the revocation endpoint over TLS only"),
        ("7009-unknown-token", "§2.2", "MUST", "take 200 for a token that is unknown"),
        ("7009-503", "§2.2.1", "MUST", "assume after 503 that the token still exists"),
        ("7521-client-assertion", "§4.2", "MUST", "send client_assertion and client_assertion_type"),
        ("7521-grant", "§4.1", "MUST", "send assertion with the grant type that names its format"),
        ("7523-claims", "§3", "MUST", "sign iss, sub, aud and exp"),
        ("7523-jti", "§3", "SHOULD", "make a jti of its own for each assertion"),
        ("7523-sub-client", "§3", "MUST", "name the client as sub for client authentication"),
        ("7523bis-audience", "bis §4", "MUST", "name the issuer as the only audience"),
        ("7523bis-typ", "bis §4", "SHOULD", "type client assertions as client-authentication+jwt"),
        ("7523-grant", "§2.1", "MUST", "send one JWT as assertion"),
        ("7662-request", "§2.1", "MUST", "ask by POST, with the client's authentication"),
        ("7662-active", "§2.2", "MUST", "take the word of active alone"),
        ("8414-well-known", "§3.1", "MUST", "insert the well-known part between host and path"),
        ("8414-issuer", "§3.3", "MUST", "use no metadata whose issuer is another"),
        ("8414-issuer-form", "§2", "MUST", "take no issuer with a query or a fragment"),
        ("8414-https", "§2", "MUST", "accept https endpoints only"),
        ("8414-methods-default", "§2", "MUST", "take absent authentication methods for client_secret_basic"),
        ("8693-request", "§2.1", "MUST", "send grant_type, subject_token and subject_token_type"),
        ("8693-actor-type", "§2.1", "MUST", "send actor_token_type with an actor_token, and only then"),
        ("8693-n-a", "§2.2.1", "MUST", "use no token of type N_A as an access token"),
        ("8705-client-id", "§2", "MUST", "send client_id beside the certificate"),
        ("8705-aliases", "§5", "MUST", "use the endpoint aliases for mutual TLS where it wants that"),
        ("8705-bound-token", "§3", "MUST", "present a bound token over TLS with the same certificate"),
        ("8707-resource", "§2", "MUST", "send absolute resource URIs without a fragment, several as several"),
        ("9110-challenges", "§11.6.1", "MUST", "parse several challenges in one field"),
        ("9207-compare", "§2.4", "MUST", "compare iss with the issuer, and refuse another"),
        ("9207-absent", "§2.4", "MUST", "refuse a redirect without iss where the server supports it"),
        ("9396-array", "§2", "MUST", "send an array of objects that each have a type"),
        ("9396-granted", "§7", "MUST", "read what was granted from the answer"),
        ("9449-proof", "§4.2", "MUST", "sign typ, jwk, jti, htm, htu and iat"),
        ("9449-ath", "§4.2", "MUST", "hash the access token into a proof for an API"),
        ("9449-htu", "§4.2", "MUST", "name the URL without query and fragment"),
        ("9449-nonce", "§8", "MUST", "use the nonce that the server gave last"),
        ("9449-algs", "§5.1", "MUST", "sign proofs by an algorithm that the server lists"),
        ("9449-private-key", "§4.2", "MUST", "put no private key into a proof"),
        ("9700-no-credentials-to-another", "§4.4", "MUST", "send credentials to the server that they are for only"),
        ("9700-pkce", "§2.1.1", "MUST", "use PKCE with S256 for a login"),
        ("9700-asymmetric", "§2.5", "SHOULD", "offer asymmetric client authentication"),
        ("9700-sender-constrained", "§2.2.1", "SHOULD", "support sender-constrained tokens"),
        ("9700-refresh-rotation", "§4.14", "MUST", "spend no refresh token that was rotated"),
        ("9700-no-redirect-following", "§4.12", "MUST", "follow no redirect with credentials"),
        ("9728-well-known", "§3.1", "MUST", "insert the well-known part between host and path"),
        ("9728-resource", "§3.3", "MUST", "use no metadata whose resource is another"),
        ("9728-challenge", "§5.1", "SHOULD", "find the metadata by the challenge's resource_metadata"),
    )
]

# What has no test, and why.
NOT_DONE: dict[str, str] = {}
