"""IBM Cloud IAM: an API key and nothing else says who asks."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import POST, Vendor

VENDOR = Vendor(
    "ibm_cloud",
    source="https://cloud.ibm.com/docs/iam?topic=iam-iamtoken_from_apikey",
    token_endpoints=("iam.cloud.ibm.com/identity/token",),
    names={"client_id": None, "client_secret": "apikey"},
    client_credentials=frozenset({"urn:ibm:params:oauth:grant-type:apikey"}),
    auth_methods=frozenset({POST}),
)
