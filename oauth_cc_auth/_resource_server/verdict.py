"""What an answer of the API means for the token that its request presented (RFC 6750 §3.1); an error that is not
about the token, as 503, goes to the caller as it is.

A refusal is about our token when the status says so and WWW-Authenticate is absent, or names our scheme without an
error, or says `invalid_token` under any scheme. It is not where one says `insufficient_scope`: another token of the
same grant lacks that scope too. Where a status does not tell, `renew_if` looks at what the answer says.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from oauth_cc_auth._http.challenge import parse_challenges
from oauth_cc_auth._resource_server.error_format import ApiError
from oauth_cc_auth._resource_server.server import ResourceServer

# WeChat is one of those who call their JSON plain text, or nothing at all.
_JSON_TYPES = {"", "application/json", "text/json", "text/plain"}

_ERROR_SIZE = 1024 * 1024  # bytes; as much as is read of a token endpoint's answer, and no error comes near it


class Verdict(Enum):
    """What becomes of a request after an answer."""

    SETTLED = "the caller gets this answer"
    RENEW = "the token was refused: send once more with another token"
    AGAIN = "the token is good, its proof was stale: send once more with the same token (RFC 9449 §8)"


def refuses(
    server: ResourceServer,
    scheme: str,
    status: int,
    challenge: str | None,
    said: Callable[[], ApiError] | None,
) -> bool:
    """Tell whether an answer means that the token, presented by this scheme, is no good any more.

    `challenge` is WWW-Authenticate. An absent one counts as "yes": half of the vendors forget it, though RFC 9110
    §15.5.2 demands it. `said` reads the answer's error; without it, an answer below 400 is no refusal.
    """
    if status not in server.renew_on or (challenge and not _is_about(scheme, challenge)):
        return False
    if said is None:
        return status >= 400
    return server.renew_if is None or bool(server.renew_if(said()))


def _is_about(scheme: str, www_authenticate: str) -> bool:
    # Some servers quote as Python does.
    said = [(named, parameters.get("error", "").strip("'")) for named, parameters in parse_challenges(www_authenticate)]
    if any(error == "invalid_token" for _, error in said):
        return True
    return (scheme, "") in said and all(error != "insufficient_scope" for _, error in said)


def must_read(
    server: ResourceServer,
    status: int,
    content_type: str,
    content_length: str | None = None,
    *,
    streamed: bool = False,
) -> bool:
    """Tell whether the body of an answer is needed to judge it, and may be read for that.

    It may be read where it can be an error: one document in JSON, not a download nor a stream of records, and of at
    most 1 MiB. Many servers state no length (chunked): an answer of 400 and above is read all the same, since it ends;
    any other unless the caller has `streamed` the call. httpx does not reveal whether the caller streams, so there the
    body is read; otherwise a refusal sent as 200 would go unnoticed.
    """
    if server.renew_if is None or status not in server.renew_on:
        return False
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _JSON_TYPES and (not kind.endswith("+json") or "stream" in kind):
        return False
    if content_length is None or not content_length.isdecimal():
        return status >= 400 or not streamed
    return int(content_length) <= _ERROR_SIZE
