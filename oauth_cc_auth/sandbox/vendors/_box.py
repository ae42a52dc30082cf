"""Box: a token is for a subject, an enterprise or a user, whom the request names."""

from __future__ import annotations

from oauth_cc_auth.sandbox._vendor import POST, Refusal, Request, Vendor


def _check(request: Request) -> None:
    if request.parameters["box_subject_type"] not in {"enterprise", "user"}:
        raise Refusal(400, "invalid_grant", "Grant credentials are invalid")


VENDOR = Vendor(
    "box",
    source="https://developer.box.com/guides/authentication/client-credentials/",
    token_endpoints=("api.box.com/oauth2/token",),
    apis=("api.box.com/2.0/",),
    auth_methods=frozenset({POST}),
    # What is said where one is missing is not documented.
    required={"box_subject_type": "*", "box_subject_id": "*"},
    check=_check,
    # Seen in samples; it varies.
    lifetime=3992,
)
