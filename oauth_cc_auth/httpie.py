"""The plugin for HTTPie: ``http -A oauth-cc -a zoom: GET https://api.zoom.us/v2/users/me``.

HTTPie loads this file at each start, so that nothing is imported here but HTTPie's own class for plugins. Errors are
raised when the request is made: what is raised earlier ends in a traceback.
"""

from __future__ import annotations

import sys
from typing import Any

from httpie.plugins import AuthPlugin

_DOCS = "docs/cli.md"


class OAuthCCPlugin(AuthPlugin):  # type: ignore[misc]  # HTTPie has no types
    """Adds the token of a vendor's preset to a request, and renews it where the API refuses it."""

    name = "OAuth 2.0 client credentials"
    auth_type = "oauth-cc"
    description = "-a VENDOR:[NAME=VALUE,...], as -a paypal:environment=sandbox; credentials come from the environment"
    # A vendor without a colon is not asked for a password.
    auth_parse = False
    prompt_password = False
    netrc_parse = False

    def get_auth(self, username: str | None = None, password: str | None = None) -> Any:  # noqa: ARG002 - HTTPie's
        """Return what authenticates the request that HTTPie is about to make."""
        return _Deferred(self.raw_auth or "")


class _Deferred:
    """Makes the auth object when the request is made, and ends the program with one line where that fails."""

    def __init__(self, told: str) -> None:
        self._told = told

    def __call__(self, request: Any) -> Any:
        """Present the token."""
        from oauth_cc_auth.errors import OAuthError  # noqa: PLC0415 - see above

        if "--offline" in sys.argv:
            _end("--offline sends nothing, and a token has to be requested: leave it out")
        try:
            return _auth_of(self._told)(request)
        except (OAuthError, ImportError) as error:
            _end(" ".join(str(error).split()))


def _auth_of(told: str) -> Any:
    """Return the auth object for ``zoom``, ``zoom:`` or ``paypal:environment=sandbox``. Raises OAuthError."""
    import inspect  # noqa: PLC0415 - see above

    from oauth_cc_auth import FileStore, RequestsAuth, presets  # noqa: PLC0415 - see above
    from oauth_cc_auth.errors import ConfigurationError  # noqa: PLC0415 - see above
    from oauth_cc_auth.presets._environment import converted  # noqa: PLC0415 - see above

    vendor, _, options = told.partition(":")
    preset = presets.get(vendor)
    parameters = inspect.signature(preset).parameters
    words: dict[str, Any] = {}
    for part in filter(None, options.split(",")):
        name, is_option, text = part.partition("=")
        name = name.replace("-", "_")
        if not is_option or _is_credential(name):
            message = (
                f"what follows {vendor}: looks like a secret, which other processes can read there. Set "
                f"{vendor.replace('-', '_').upper()}_CLIENT_SECRET instead; options are NAME=VALUE"
            )
            raise ConfigurationError(message)
        if name not in parameters:
            takes = ", ".join(word for word in parameters if not _is_credential(word)) or "none"
            message = f"{vendor} has no option {name!r}. It has: {takes}"
            raise ConfigurationError(message)
        words[name] = converted(text, name, parameters[name])
    return RequestsAuth(preset(**words), store=FileStore())


def _is_credential(word: str) -> bool:
    secret = any(part in word for part in ("secret", "key", "token", "password"))
    return word == "client_id" or (secret and not word.endswith("_id"))


def _end(message: str) -> Any:
    sys.stderr.write(f"http: error: oauth-cc: {message} ({_DOCS})\n")
    raise SystemExit(1)
