"""IBM Cloud IAM: an API key and nothing else says who asks."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import POST, Refusal, Vendor, say_as_rfc6749


def _errors(refusal: Refusal) -> tuple[int, Any]:
    # Of a key that nobody knows, as the tests of https://github.com/IBM/python-sdk-core have it. What is said of other
    # mistakes is not documented there: in the words of RFC 6749.
    if refusal.code != "invalid_client":
        return say_as_rfc6749(refusal)
    return 400, {
        "errorCode": "BXNIM0415E",
        "errorMessage": "Provided API key could not be found.",
        "context": {"requestId": "made-up-request"},
    }


VENDOR = Vendor(
    "ibm_cloud",
    source="https://cloud.ibm.com/docs/iam?topic=iam-iamtoken_from_apikey",
    token_endpoints=("iam.cloud.ibm.com/identity/token",),
    names={"client_id": None, "client_secret": "apikey"},
    client_credentials=frozenset({"urn:ibm:params:oauth:grant-type:apikey"}),
    auth_methods=frozenset({POST}),
    errors=_errors,
)
