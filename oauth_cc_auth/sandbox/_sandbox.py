"""The sandbox as its user sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from oauth_cc_auth.sandbox import vendors
from oauth_cc_auth.sandbox._addresses import Addresses
from oauth_cc_auth.sandbox._app import build_app, realm_of
from oauth_cc_auth.sandbox._browser import log_in
from oauth_cc_auth.sandbox._control import Control
from oauth_cc_auth.sandbox._knobs import Failure, Knobs
from oauth_cc_auth.sandbox._listeners import Listener
from oauth_cc_auth.sandbox._models import Client
from oauth_cc_auth.sandbox._pointing import G, Registration, pointed
from oauth_cc_auth.sandbox._records import Record, Seen
from oauth_cc_auth.sandbox._remote import RemoteSandbox
from oauth_cc_auth.sandbox._state import State
from oauth_cc_auth.sandbox._vendor import BASIC, BASIC_RAW, PLAIN, Vendor

if TYPE_CHECKING:
    import ssl


class Sandbox(Knobs, Seen):
    """Authorization servers and APIs of all vendors on loopback, each origin on a port of its own, opened when needed.

    With `port` the first origin listens there, the next on the port after it, and so on; 0 takes free ports.
    `on_request` is called with the `Record` of each request once its answer is ready. `clock` gives the seconds by
    which tokens age, assertions are judged and answers are dated. With `tls`, a server's settings, all origins speak
    https. These attributes, and `fail`, change how the servers behave; set them at any time, from any thread:

    lifetime: seconds that new tokens live; None: as long as the vendor's do; math.inf: for ever, and no `expires_in`.
    delay: seconds that the token endpoint takes to answer.
    api_delay: seconds that the API takes to answer.
    reject_all_tokens: the API refuses every token, new ones too.
    api_audience: the API refuses tokens that were not requested for this audience; None: it takes any.
    www_authenticate: that header of the API's 401; None leaves it out, several strings are several headers.
    token_limit: tokens that a vendor with a limit issues; None: the vendor's own number.
    daily_limit: the same for a vendor that documents a limit without its number (Fyma).
    reuse_token: the token endpoint returns the token that is still good, with what is left of its life.
    rotate_refresh_tokens: whether a renewal brings a new refresh token; None: as at the vendor.
    refresh_grace: seconds that a rotated refresh token still works.
    kill_family_on_reuse: the use of a dead refresh token ends all tokens of its login (RFC 9700 §4.14.2).
    consent: what the user of a login says, "accept" or "deny", without a page; None shows the page.
    wrong_state: the redirect after a login carries another state than the request did.
    send_issuer: that redirect says which authorization server it comes from (RFC 9207).
    wrong_issuer: it names another one.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_request: Callable[[Record], None] | None = None,
        clock: Callable[[], float] = time.time,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__()
        Seen.__init__(self, on_request)
        self._state = State(self, clock)
        app = build_app(self._state, self._record, Control(self).answer)
        self._addresses = Addresses(host, port, partial(Listener, app=app, clock=clock, tls=tls))
        self._state.url = self._addresses.url
        self._added: list[Vendor] = []

    # Life

    def start(self) -> Sandbox:
        """Begin to answer; the same as entering a ``with``."""
        self._state.closing.clear()
        self._addresses.open()
        return self

    def close(self) -> None:
        """Close every port and connection; no thread is left, and no vendor that was added."""
        self._state.closing.set()
        self._addresses.close()
        while self._added:
            vendors.remove(self._added.pop())

    def __enter__(self) -> Sandbox:  # noqa: PYI034 - Self is in typing only from Python 3.11
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @staticmethod
    def at(url: str) -> RemoteSandbox:
        """Return the sandbox that runs in another process, by the address of its first port or of any other."""
        return RemoteSandbox(url)

    def add(self, vendor: Vendor) -> None:
        """Play a vendor of your own, in every sandbox of this process, until this one is closed."""
        vendors.add(vendor)
        self._added.append(vendor)

    # Addresses and clients

    def origin(self, url: str) -> str:
        """Return where the origin of this URL is played, and open a port for it if there is none yet."""
        return self._addresses.origin(url)

    def url(self, url: str) -> str:
        """Return a vendor's URL with its origin pointed at the sandbox."""
        return self._addresses.url(url)

    def below(self, pattern: str) -> list[str]:
        """Return where the hosts below a domain are played whose URL was asked for so far: ``https://*.example.com``."""
        return self._addresses.below(pattern)

    def grant(self, grant: G) -> G:
        """Return the grant with its origins pointed at the sandbox, and register its client, refresh token or key.

        The first secret seen for a client is the right one; a callable is asked once. A later grant with another secret
        for the same client is therefore refused, as a wrong secret is. A refresh token is registered on first sight.
        Of the hosts of an origin such as ``https://*.example.com`` those are played whose `url` was asked for before.
        """
        return pointed(grant, self)

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
        """Register a client, or change one, at a vendor (by name) or at any other host (by host or URL).

        `client_id` is None at a vendor that knows clients by their secret alone. `scopes` are those that it may have,
        by default all of the vendor's. `home` is the client's region, for CrowdStrike, whose answer names it; by
        default it is the one that is asked. `only_at` is the host of the one environment that knows the client, where a
        vendor has several: ``api-m.sandbox.paypal.com``; by default all of the vendor's hosts do.
        """
        parts = urlsplit(vendor if "://" in vendor else f"https://{vendor}")
        host, client_id = parts.hostname or "", client_id or ""
        known = {known.name: known for known in vendors.VENDORS}.get(vendor) or vendors.vendor_at(host, parts.path)
        realm = realm_of(known, host)
        allowed = known.scopes if scopes is None else frozenset(scopes)
        with self._state.lock:
            client = self._state.clients.setdefault(
                (realm, client_id), _client(realm, known, client_id, client_secret, allowed)
            )
            client.secret, client.scopes, client.home, client.deleted = client_secret, allowed, home, False
            client.only_at = only_at

    def rotate_secret(self, grant_or_client_id: object, new_secret: str) -> None:
        """Replace a client's secret; the old one stops at once, the tokens live on."""
        for client in self._clients(grant_or_client_id):
            client.secret = new_secret

    def delete_application(self, grant_or_client_id: object) -> None:
        """Delete a client; all its tokens stop at once."""
        for client in self._clients(grant_or_client_id):
            self._state.delete(client)

    def issue_refresh_token(self, client_id: str, *, vendor: str = "vend_email", scope: str | None = None) -> str:
        """Return a first refresh token, as if a user had just logged in at this vendor or host."""
        client = self._state.client(vendor, client_id)
        if client is None:
            message = f"no client {client_id!r} is registered at {vendor}: call grant() or register_client() first"
            raise LookupError(message)
        return self._state.new_refresh_token(client, client.get_renewable_scope(scope)).value

    def log_in(self, authorization_url: str) -> str:
        """Play a browser and a user who accepts: return the URL that the authorization server redirects to.

        That URL, which carries the code or an error, is not fetched. Where `consent` decides, there is no page to
        accept on. Raises ValueError where the browser would be left with an error.
        """
        return log_in(self.url(authorization_url))

    # What may be done to them while they run

    def revoke_all(self) -> None:
        """Revoke every access token; refresh tokens and static ones live on."""
        with self._state.lock:
            for token in self._state.access_tokens.values():
                token.revoked = True

    def fail(
        self,
        where: Literal["token", "api", "revocation", "authorization", "metadata"] = "token",
        *,
        status: int | None = 503,
        times: int | None = 1,
        retry_after: float | str | None = None,
        body: Mapping[str, Any] | Sequence[Any] | str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        vendor: str | None = None,
    ) -> None:
        """Let the next `times` requests to this kind of endpoint meet this answer; None: until `recover`.

        `status` None hangs up without an answer. `body` is sent as JSON unless it is text or bytes; by default it is an
        error in the endpoint's own shape. `vendor` limits it to one vendor or host. Several failures are met in turn.
        """
        failure = Failure(where, status, times, retry_after, body, headers or {}, vendor)
        with self._state.lock:
            self._state.failures.append(failure)

    def recover(self) -> None:
        """End all failures."""
        with self._state.lock:
            self._state.failures.clear()

    # The rest is not for users

    def __repr__(self) -> str:
        """Show which origins are played where."""
        return f"<Sandbox {self._addresses}>"

    def _vendor(self, url: str) -> tuple[Vendor, str]:
        """Return the vendor that a URL means, and where its clients are registered."""
        host = self._addresses.vendor_host(url)
        vendor = vendors.vendor_at(host, urlsplit(url).path)
        return vendor, realm_of(vendor, host)

    def register_endpoint(self, url: str, kind: str, client: Registration) -> None:
        """Make a client known at an endpoint of a vendor; `grant` does this."""
        origin = self._addresses.vendor_origin(url)
        vendor, realm = self._vendor(url)
        if vendor is PLAIN:
            self._state.endpoints[origin, urlsplit(url).path or "/"] = kind
        with self._state.lock:
            known = self._state.clients.get((realm, client.client_id))
            if known is None:
                known = _client(realm, vendor, client.client_id, client.client_secret, vendor.scopes)
                self._state.clients[realm, client.client_id] = known
            if vendor.auth_methods >= {BASIC, BASIC_RAW}:
                known.decodes_basic = client.auth_method != BASIC_RAW
            known.assertion_audience = client.audience
            if client.redirect_uri:
                known.redirect_uris.add(client.redirect_uri)
            if client.refresh_token:
                self._state.save_refresh_token(client.refresh_token, known, known.get_renewable_scope(client.scope))

    def register_api(self, url: str, header: str, scheme: str | None, prefix: str, static_token: str | None) -> None:
        """Say how tokens are presented to an API, and which token made by hand it takes; `grant` does this."""
        self._state.presentations.setdefault(self._addresses.vendor_origin(url), set()).add((header, scheme, prefix))
        if static_token:
            value = static_token if scheme is None else f"{scheme} {static_token}"
            self._state.static_tokens.add((self._vendor(url)[1], header.lower(), value))

    def _clients(self, grant_or_client_id: Any) -> list[Client]:
        if isinstance(grant_or_client_id, str):
            return list(self._state.clients_called(grant_or_client_id))
        endpoint = grant_or_client_id.token_endpoint
        _, realm = self._vendor(endpoint if isinstance(endpoint, str) else endpoint.url)
        client = self._state.client(realm, grant_or_client_id.client_id or "")
        return [client] if client else []


def _client(realm: str, vendor: Vendor, client_id: str, secret: str | None, scopes: frozenset[str] | None) -> Client:
    # Whether Basic is decoded is the vendor's business; where both will do, the grant's.
    return Client(realm, vendor, client_id, secret, scopes, decodes_basic=BASIC_RAW not in vendor.auth_methods)
