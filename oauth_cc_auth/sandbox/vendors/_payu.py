"""PayU in Europe: a token endpoint that is called authorize, and the grant type in the answer."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, Request, Vendor, renamed

_HOSTS = ("secure.payu.com", "secure.snd.payu.com")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    # lib/OpenPayU/Oauth/Oauth.php of https://github.com/PayU-EMEA/openpayu_php
    return renamed(answer, {"scope": None}) | {"token_type": "bearer", "grant_type": "client_credentials"}


VENDOR = Vendor(
    "payu",
    source="https://developers.payu.com/europe/docs/payment-flows/auth-and-order",
    token_endpoints=tuple(f"{host}/pl/standard/user/oauth/authorize" for host in _HOSTS),
    apis=tuple(f"{host}/api/v2_1/" for host in _HOSTS),
    auth_methods=frozenset({POST}),
    # From descriptions of the API by others; the page leaves it to the answer.
    lifetime=43199,
    answer=_answer,
)
