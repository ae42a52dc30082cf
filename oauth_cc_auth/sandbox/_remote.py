"""A sandbox that runs in another process of this machine, with the same methods, knobs and counts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any, Literal
from urllib.parse import urlsplit

from oauth_cc_auth.sandbox._browser import log_in
from oauth_cc_auth.sandbox._control import KNOBS, PATH, as_json, from_json, to_json
from oauth_cc_auth.sandbox._listeners import check_loopback
from oauth_cc_auth.sandbox._pointing import G, Registration, pointed
from oauth_cc_auth.sandbox._records import Counted

# Seconds: everything is on this machine.
_TIMEOUT = 10.0


class RemoteSandbox(Counted):
    """What `Sandbox.at` returns: the knobs are attributes, and everything is asked of the running sandbox anew.

    Methods raise ConnectionError where no sandbox answers, and ValueError, in its words, for what it refuses.
    """

    def __init__(self, url: str) -> None:
        """Remember the address of any port of the sandbox. Raises ValueError unless it is on loopback."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme != "http" or not parts.port:
            message = f"{url!r} is not the address of a sandbox, such as http://127.0.0.1:8400"
            raise ValueError(message)
        check_loopback(parts.hostname or "")
        vars(self)["_host"], vars(self)["_port"] = parts.hostname, parts.port

    def __repr__(self) -> str:
        """Show the address."""
        return f"Sandbox.at('http://{self._host}:{self._port}')"

    def __getattr__(self, name: str) -> Any:
        """Return the setting of this name, as it is now."""
        if name not in KNOBS:
            message = f"a sandbox has no attribute {name!r}"
            raise AttributeError(message)
        return from_json(self._call("get", name))

    def __setattr__(self, name: str, value: object) -> None:
        """Change a setting."""
        if name not in KNOBS:
            message = f"a sandbox has no setting {name!r}"
            raise AttributeError(message)
        self._call("set", name, to_json(value))

    def origin(self, url: str) -> str:
        """Return where the origin of this URL is played, and open a port for it if there is none yet."""
        return str(self._call("origin", url))

    def url(self, url: str) -> str:
        """Return a vendor's URL with its origin pointed at the sandbox."""
        parts = urlsplit(url)
        return url.replace(f"{parts.scheme}://{parts.netloc}", self.origin(url), 1)

    def below(self, pattern: str) -> list[str]:
        """Return where the hosts below a domain are played, as `Sandbox.below` does."""
        return list(self._call("below", pattern))

    def grant(self, grant: G) -> G:
        """Return the grant pointed at the sandbox, as `Sandbox.grant` does."""
        return pointed(grant, self)

    def register_endpoint(self, url: str, kind: str, client: Registration) -> None:
        """Make a client known at an endpoint of a vendor."""
        self._call("register_endpoint", url, kind, as_json(client))

    def register_api(self, url: str, header: str, scheme: str | None, prefix: str, static_token: str | None) -> None:
        """Say how tokens are presented to an API, and which token made by hand it takes."""
        self._call("register_api", url, header, scheme, prefix, static_token)

    def register_client(
        self,
        vendor: str,
        client_id: str | None,
        client_secret: str | None,
        *,
        scopes: Collection[str] | None = None,
        home: str | None = None,
        only_at: str | None = None,
    ) -> None:
        """Register a client, or change one, as `Sandbox.register_client` does."""
        listed = None if scopes is None else sorted(scopes)
        self._call("register_client", vendor, client_id, client_secret, scopes=listed, home=home, only_at=only_at)

    def rotate_secret(self, grant_or_client_id: object, new_secret: str) -> None:
        """Replace a client's secret; the old one stops at once, the tokens live on."""
        self._call("rotate_secret", _client_id(grant_or_client_id), new_secret)

    def delete_application(self, grant_or_client_id: object) -> None:
        """Delete a client; all its tokens stop at once."""
        self._call("delete_application", _client_id(grant_or_client_id))

    def issue_refresh_token(self, client_id: str, *, vendor: str = "vend_email", scope: str | None = None) -> str:
        """Return a first refresh token, as if a user had just logged in at this vendor or host."""
        return str(self._call("issue_refresh_token", client_id, vendor=vendor, scope=scope))

    def log_in(self, authorization_url: str) -> str:
        """Play a browser and a user who accepts, as `Sandbox.log_in` does."""
        return log_in(self.url(authorization_url))

    def revoke_all(self) -> None:
        """Revoke every access token; refresh tokens and static ones live on."""
        self._call("revoke_all")

    def fail(
        self,
        where: Literal["token", "api", "revocation", "authorization", "metadata"] = "token",
        *,
        status: int | None = 503,
        times: int | None = 1,
        retry_after: float | str | None = None,
        body: Mapping[str, Any] | Sequence[Any] | str | None = None,
        headers: Mapping[str, str] | None = None,
        vendor: str | None = None,
    ) -> None:
        """Let the next `times` requests to this kind of endpoint meet this answer, as `Sandbox.fail` does."""
        options = {"status": status, "times": times, "retry_after": retry_after, "body": body, "vendor": vendor}
        self._call("fail", where, headers=None if headers is None else dict(headers), **options)

    def recover(self) -> None:
        """End all failures."""
        self._call("recover")

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests so far, their secrets masked: nothing else leaves the sandbox's process."""
        return list(self._call("requests"))

    def count(self, kind: str, vendor: str | None = None) -> int:
        """Count the requests of a kind, at one vendor or host or at all."""
        return int(self._call("count", kind, vendor))

    def reset_counts(self) -> None:
        """Forget what was seen."""
        self._call("reset_counts")

    def _call(self, method: str, *arguments: object, **options: object) -> Any:
        body = json.dumps({"method": method, "arguments": arguments, "options": options})
        connection = HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
        try:
            connection.request("POST", PATH, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said, status = answer.read(), answer.status
        except OSError as error:
            raise self._absent(error) from error
        except HTTPException as error:
            raise self._absent("what listens there speaks no HTTP") from error
        finally:
            connection.close()
        if status == 400 and answer.headers.get_content_type() == "text/plain":
            raise ValueError(said.decode(errors="replace"))
        try:
            return json.loads(said)["result"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._absent(f"HTTP {status} from what listens there") from error

    def _absent(self, why: object) -> ConnectionError:
        where = f"http://{self._host}:{self._port}"
        return ConnectionError(f"no sandbox answers at {where} ({why}); start one with: oauth-cc-auth sandbox")


def _client_id(grant_or_client_id: Any) -> str:
    return grant_or_client_id if isinstance(grant_or_client_id, str) else grant_or_client_id.client_id or ""
