"""Sabre: HTTP Basic of two halves that are in base64 already."""

from __future__ import annotations

from base64 import b64decode

from werkzeug.datastructures import Headers, MultiDict

from oauth_cc_auth.sandbox._vendor import DAY, Vendor

_HOSTS = ("api.platform.sabre.com", "api.cert.platform.sabre.com")


def _credentials(headers: Headers, parameters: MultiDict[str, str]) -> tuple[str | None, str] | None:  # noqa: ARG001 - one signature for all
    scheme, _, pair = headers.get("Authorization", "").partition(" ")
    if scheme != "Basic":
        return None
    user, _, password = b64decode(pair, validate=True).decode().partition(":")
    return b64decode(user, validate=True).decode(), b64decode(password, validate=True).decode()


VENDOR = Vendor(
    "sabre",
    source="https://developer.sabre.com/guides/airline-carrier/how-to/rest-apis-token-credentials",
    token_endpoints=tuple(f"{host}/v2/auth/token" for host in _HOSTS),
    apis=tuple(f"{host}/" for host in _HOSTS),
    credentials=_credentials,
    lifetime=7 * DAY,
)
