"""Box: a token is for a subject, an enterprise or a user, whom the request names."""

from __future__ import annotations

from typing import Any

from oauth_cc_auth.sandbox._vendor import HOUR, POST, Refusal, Request, Vendor


def _check(request: Request) -> None:
    if request.parameters["box_subject_type"] not in {"enterprise", "user"}:
        raise Refusal(400, "invalid_grant", "Grant credentials are invalid")


def _answer(answer: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG001 - one signature for all
    # As https://github.com/box/box-openapi has it.
    return answer | {"token_type": "bearer"}


def _api_errors(refusal: Refusal) -> tuple[int, Any]:
    # The schema ClientError of https://github.com/box/box-openapi, with its codes; and the guide on common errors:
    # https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/.
    return refusal.status, {
        "type": "error",
        "status": refusal.status,
        "code": "insufficient_scope" if refusal.status == 403 else refusal.reason.lower().replace(" ", "_"),
        "message": refusal.description or refusal.reason,
        "request_id": "made-up-request",
        "help_url": "http://developers.box.com/docs/#errors",
    }


VENDOR = Vendor(
    "box",
    source="https://developer.box.com/guides/authentication/client-credentials/",
    token_endpoints=("api.box.com/oauth2/token",),
    # https://developer.box.com/reference/post-oauth2-revoke
    revocation_endpoints=("api.box.com/oauth2/revoke",),
    # The second is where files are uploaded: https://github.com/box/box-openapi.
    apis=("api.box.com/2.0/", "upload.box.com/api/2.0/", "*.app.box.com/api/2.0/"),
    auth_methods=frozenset({POST}),
    # What is said where one is missing is not documented.
    required={"box_subject_type": "*", "box_subject_id": "*"},
    check=_check,
    # The guide has 60 minutes.
    lifetime=HOUR,
    answer=_answer,
    api_errors=_api_errors,
)
