"""Where a workload finds the token that its platform issues for it, ready to be a source of an assertion.

Each function returns a source for `ClientAssertion`, `JWTBearer` or `TokenExchange`: a value that is asked anew for
every token request, and that holds no secret. `audience` is whom the platform's token is for, as the authorization
server expects it; without one it is that server's issuer, where it is known, else its token endpoint.

Read at https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/,
https://docs.github.com/actions/reference/security/oidc, https://cloud.google.com/compute/docs/instances/verifying-instance-identity,
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html and
https://github.com/spiffe/spiffe-helper.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from oauth_cc_auth._frozen import dataclass
from oauth_cc_auth._grant.checks import is_text, refuse
from oauth_cc_auth._grant.secret import File
from oauth_cc_auth._http.json_path import json_object, string_or_none
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse
from oauth_cc_auth._http.sender import sender_for
from oauth_cc_auth._raising import scrubbed
from oauth_cc_auth._text import needs
from oauth_cc_auth.errors import ConfigurationError, OAuthError, TokenEndpointUnavailable

# The `type` of a ClientAssertion whose source is `spiffe` (draft-ietf-oauth-spiffe-client-auth §3.1).
JWT_SPIFFE = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"

# Where Kubernetes mounts the token of a pod's service account, unless the pod's specification projects another.
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"

# Seconds for one request to a platform, which is near.
_TIMEOUT = 10.0


def kubernetes(path: str | os.PathLike[str] = _SERVICE_ACCOUNT) -> File:
    """Return the token that Kubernetes projects into a file of this pod, and renews there.

    The audience is set in the pod's specification (``serviceAccountToken.audience``), and `path` by its volume.
    """
    return File(path)


def spiffe(path: str | os.PathLike[str]) -> File:
    """Return the JWT-SVID that spiffe-helper keeps in a file; as a ClientAssertion its type is `JWT_SPIFFE`."""
    return File(path)


def github_actions(audience: str | None = None) -> GitHubActions:
    """Return the token of a job of GitHub Actions, or of Forgejo, that has the permission ``id-token: write``."""
    return GitHubActions(audience)


def gcp_metadata(audience: str | None = None, *, service_account: str = "default") -> GcpMetadata:
    """Return the identity token of a Google Cloud workload's service account, from the metadata server."""
    return GcpMetadata(audience, service_account)


def aws(
    audience: str | None = None, *, region: str | None = None, alg: str = "RS256", lifetime: int = 300
) -> AwsWebIdentity:
    """Return the token that AWS STS issues for the role that this process has (``GetWebIdentityToken``).

    Needs ``oauth-cc-auth[aws]``, which finds credentials and region where every AWS program does; `region` names
    another. `alg` is RS256 or ES384, and the token lives `lifetime` seconds, 60 to 3600. The account has to have
    outbound identity federation switched on.
    """
    return AwsWebIdentity(audience, region, alg, lifetime)


@dataclass(frozen=True, slots=True)
class GitHubActions:
    """See `github_actions`."""

    audience: str | None = None

    def __post_init__(self) -> None:
        """Check the audience."""
        _check("github_actions", self.audience)

    def __call__(self, audience: str) -> str:
        """Return the job's token now. Raises ConfigurationError outside of such a job."""
        url, bearer = (_variable(f"ACTIONS_ID_TOKEN_REQUEST_{part}") for part in ("URL", "TOKEN"))
        query = urlencode({"audience": self.audience or audience})
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
        answer = _got("GitHub Actions", f"{url}{'&' if '?' in url else '?'}{query}", headers)
        return _token("GitHub Actions", string_or_none((json_object(answer.body) or {}).get("value")), answer)


@dataclass(frozen=True, slots=True)
class GcpMetadata:
    """See `gcp_metadata`."""

    audience: str | None = None
    service_account: str = "default"

    def __post_init__(self) -> None:
        """Check the arguments."""
        _check("gcp_metadata", self.audience)

    def __call__(self, audience: str) -> str:
        """Return the service account's token now."""
        # Google's own libraries look for another host in this variable, for tests.
        host = os.environ.get("GCE_METADATA_HOST", "metadata.google.internal")
        query = urlencode({"audience": self.audience or audience, "format": "full"})
        url = f"http://{host}/computeMetadata/v1/instance/service-accounts/{self.service_account}/identity?{query}"
        answer = _got("Google's metadata server", url, {"Metadata-Flavor": "Google"})
        return _token("Google's metadata server", answer.body.decode("ascii", "replace").strip(), answer)


@dataclass(frozen=True, slots=True)
class AwsWebIdentity:
    """See `aws`."""

    audience: str | None = None
    region: str | None = None
    alg: str = "RS256"
    lifetime: int = 300

    def __post_init__(self) -> None:
        """Check the arguments."""
        _check("aws", self.audience)

    def __call__(self, audience: str) -> str:
        """Return a token of STS now."""
        try:
            from botocore.session import get_session  # type: ignore[import-untyped]  # noqa: PLC0415 - on AWS only
        except ImportError as error:
            message = needs("aws", "botocore", "aws")
            raise ConfigurationError(message) from error
        try:
            sts: Any = get_session().create_client("sts", region_name=self.region)
            answer = sts.get_web_identity_token(
                Audience=[self.audience or audience], SigningAlgorithm=self.alg, DurationSeconds=self.lifetime
            )
            return str(answer["WebIdentityToken"])
        except Exception as error:  # noqa: BLE001 - botocore has a hundred errors, and makes some of them as it runs
            message = (
                f"AWS STS gave no web identity token ({type(error).__name__}: {error}). Check what the role may do, "
                "and region=."
            )
            raise ConfigurationError(message) from scrubbed(error)


def _check(function: str, audience: object) -> None:
    if audience is not None and not (is_text(audience) and audience):
        refuse(f"{function}: audience is empty or not a string")


def _variable(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        message = (
            f"{name} is not set in the environment: GitHub sets it in a job with the permission `id-token: write`, and "
            "nowhere else"
        )
        raise ConfigurationError(message, variable=name)
    return value


def _got(platform: str, url: str, headers: Mapping[str, str]) -> HttpResponse:
    send = sender_for(None, None, None)
    try:
        return send(HttpRequest(url, headers, b"", "GET"), _TIMEOUT)
    except ConfigurationError:
        raise
    except OAuthError as error:
        message = f"{platform} gave no answer to the request for this workload's token; it answers only where it runs."
        raise TokenEndpointUnavailable(message=message) from error.__cause__


def _token(platform: str, token: str | None, answer: HttpResponse) -> str:
    if answer.status == 200 and token:
        return token
    message = f"{platform} answered the request for this workload's token with HTTP {answer.status}, and no token."
    if answer.status == 429 or answer.status >= 500:
        raise TokenEndpointUnavailable(status_code=answer.status, message=message, hint="Try again later.")
    raise ConfigurationError(message)
