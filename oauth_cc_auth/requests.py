"""RequestsAuth for requests: ``auth=RequestsAuth(grant)``; what it does is in `_prepared`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oauth_cc_auth._text import needs

try:
    import requests
    from requests.auth import AuthBase
except ImportError as error:  # pragma: no cover - tried in an interpreter of its own by tests/package/test_import.py
    message = needs("RequestsAuth", "requests", "requests")
    raise ImportError(message) from error

from oauth_cc_auth._prepared import PreparedAuth
from oauth_cc_auth._source import TIMEOUT, TokenSource, source_of

if TYPE_CHECKING:
    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth.stores import TokenStore


class RequestsAuth(PreparedAuth, AuthBase):
    """Authenticate requests with a token that is fetched once, shared, and renewed before anybody waits.

    Takes a grant, such as ``presets.vainu()``, or a `TokenSource`. `store`, `session` and `timeout` are those of
    `TokenSource`. Its errors are OAuthErrors and ``requests.RequestException`` at once. Where the API refuses the
    token, the request goes once more with a fresh one; the first answer then stands in ``response.history``.
    """

    _library = requests
    _sender = "requests"

    def __init__(
        self,
        grant: Grant | TokenSource,
        /,
        *,
        store: TokenStore | None = None,
        session: requests.Session | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare; nothing is sent yet. Raises ConfigurationError, naming the argument."""
        self._open(source_of(grant, store=store, session=session, timeout=timeout))
