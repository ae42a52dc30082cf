"""The client's proof of its identity, written into a request to the authorization server: a secret, an assertion or a
certificate (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2).

authlib knows client_secret_post and none. What it lacks is here, as methods registered with it: HTTP Basic by the
letter of the RFC, Basic for servers that do not decode, Basic and body together, signed assertions as
draft-ietf-oauth-rfc7523bis wants them, and headers that only the vendor's own code can write.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote_plus, urlencode

from oauth_cc_auth._authorization_server.assertion import signed
from oauth_cc_auth._authorization_server.federation import Assertions
from oauth_cc_auth._grant.assertion import ClientAssertion
from oauth_cc_auth._grant.client_authentication import JSON_METHOD, ClientAuthMethod, HeaderMethod, is_private_key
from oauth_cc_auth._grant.jwt_form import ENDPOINT, JWT_BEARER, ClientSecretJWT, PrivateKeyJWT
from oauth_cc_auth._http.headers import checked_headers, written
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    from authlib.oauth2 import ClientAuth, OAuth2Client

    Prepared = tuple[str, dict[str, str], str]
    Method = Callable[[ClientAuth, str, str, dict[str, str], str], Prepared]

log = logging.getLogger("oauth_cc_auth")

_ASSERTION = "client_assertion"  # RFC 7521 §4.2


def authenticate(
    client: OAuth2Client, method: ClientAuthMethod, server: tuple[str, str], assertions: Assertions | None = None
) -> None:
    """Make authlib's client use this method: a name, an assertion with settings, or a function that writes headers.

    `server` is the authorization server's issuer, empty where it is unknown, and its token endpoint: an assertion that
    we sign is for one of them. That of somebody else is among `assertions`. Raises ConfigurationError.
    """
    name = method if isinstance(method, str) else "own"
    known = _METHODS.get(method) if isinstance(method, str) else method
    if name in _SENDING and client.client_secret and is_private_key(client.client_secret):
        message = (
            f"client_secret is a private key, which {name} would send to the server: pass "
            'token_endpoint_auth_method="private_key_jwt", which signs with it'
        )
        raise ConfigurationError(message)
    if isinstance(known, PrivateKeyJWT):
        client.register_client_auth_method((name, _by_assertion(known, server)))
    elif isinstance(known, ClientAssertion):
        client.register_client_auth_method((name, _by_theirs(known, assertions)))
    elif not isinstance(method, str):
        client.register_client_auth_method((name, _by_headers(cast("HeaderMethod", method))))
    elif known is not None:
        client.register_client_auth_method((name, known))
    name = "client_secret_post" if name == JSON_METHOD else name
    client.token_endpoint_auth_method = client.revocation_endpoint_auth_method = name


def proof_headers(write: HeaderMethod, client_id: str, secret: str) -> dict[str, str]:
    """Return what a vendor's function writes into headers to prove the client. Raises ConfigurationError."""
    try:
        return written(checked_headers(write(client_id, secret)))
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything, and quote the secret
        # A preset's function says which key or secret is no good, in words of this package.
        why = str(error).rstrip(".") if isinstance(error, ConfigurationError) else type(error).__name__
        message = f"token_endpoint_auth_method: the function that writes the headers failed ({why})"
        raise ConfigurationError(message) from None


def _basic(auth: ClientAuth, encode: Callable[[str], str]) -> str:
    pair = f"{encode(auth.client_id)}:{encode(auth.client_secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def _client_secret_basic(auth: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
    # RFC 6749 §2.3.1 form-encodes both halves first, which authlib leaves out.
    headers["Authorization"] = _basic(auth, quote_plus)
    return uri, headers, body


def _client_secret_basic_raw(auth: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
    # For servers that take the pair as it is, as RFC 7617 has it and as many that never read §2.3.1 do.
    headers["Authorization"] = _basic(auth, str)
    return uri, headers, body


def _client_secret_basic_and_post(
    auth: ClientAuth, method: str, uri: str, headers: dict[str, str], body: str
) -> Prepared:
    # RFC 6749 §2.3 forbids two methods at once; Vibes RBM and Moov demand them.
    from authlib.oauth2.auth import encode_client_secret_post  # noqa: PLC0415 - see the package's docstring

    uri, headers, body = encode_client_secret_post(auth, method, uri, headers, body)
    return _client_secret_basic(auth, method, uri, headers, body)


def _certificate(auth: ClientAuth, method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
    # RFC 8705 §2: the TLS certificate proves, the body says whose it is.
    from authlib.oauth2.auth import encode_none  # noqa: PLC0415 - see the package's docstring

    return cast("Prepared", encode_none(auth, method, uri, headers, body))


def _by_headers(write: HeaderMethod) -> Method:
    def prove(auth: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
        headers.update(proof_headers(write, auth.client_id, auth.client_secret))
        return uri, headers, body

    return prove


def _by_assertion(form: PrivateKeyJWT, server: tuple[str, str]) -> Method:
    def prove(auth: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
        claims = {"iss": auth.client_id, "sub": auth.client_id, "aud": _audience(form, server, uri)}
        parameters = {"client_assertion_type": JWT_BEARER, _ASSERTION: signed(form, auth.client_secret, claims)}
        if form.name_client:
            parameters["client_id"] = auth.client_id
        return uri, headers, _with_parameters(body, parameters)

    return prove


def _by_theirs(form: ClientAssertion, assertions: Assertions | None) -> Method:
    def prove(auth: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str) -> Prepared:
        text = assertions.client_assertion() if assertions else ""
        named = {"client_id": auth.client_id} if auth.client_id else {}
        return uri, headers, _with_parameters(body, {**named, "client_assertion_type": form.type, _ASSERTION: text})

    return prove


def _audience(form: PrivateKeyJWT, server: tuple[str, str], uri: str) -> str:
    """Return for whom an assertion is: the issuer as the sole value (draft-ietf-oauth-rfc7523bis §4).

    Where it is unknown, the token endpoint identifies the server (RFC 7523 §3), at its other endpoints too.
    """
    if form.audience == ENDPOINT:
        return uri
    issuer, token_endpoint = server
    if form.audience or issuer:
        return form.audience or issuer
    if token_endpoint not in _endpoints_as_audience:
        _endpoints_as_audience.add(token_endpoint)
        log.warning(
            "the client assertion names %s as its audience, because no issuer is known; servers that follow "
            "draft-ietf-oauth-rfc7523bis want the issuer: pass issuer= to the grant, or Discovery(issuer=...)",
            token_endpoint.partition("?")[0],
        )
    return token_endpoint


# Each is said once.
_endpoints_as_audience: set[str] = set()


def _with_parameters(body: str, parameters: dict[str, Any]) -> str:
    return "&".join(part for part in (body, urlencode(parameters)) if part)


# What authlib has of its own is left out: client_secret_post, of which client_secret_json is another writing, and none.
_METHODS: dict[str, Method | PrivateKeyJWT] = {
    "client_secret_basic": _client_secret_basic,
    "client_secret_basic_raw": _client_secret_basic_raw,
    "client_secret_basic_and_post": _client_secret_basic_and_post,
    "client_secret_jwt": ClientSecretJWT(),
    "private_key_jwt": PrivateKeyJWT(),
    "tls_client_auth": _certificate,
    "self_signed_tls_client_auth": _certificate,
}

# The methods that send the secret itself.
_SENDING = frozenset(
    {
        *("client_secret_basic", "client_secret_basic_raw", "client_secret_post", JSON_METHOD),
        "client_secret_basic_and_post",
    }
)
