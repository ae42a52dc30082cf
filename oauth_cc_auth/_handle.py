"""What a source was given, checked, and the live token that it shares."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from oauth_cc_auth._resource_server.presentation import Presenter, presenter_for
from oauth_cc_auth._resource_server.server import ResourceServer
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx
    import httpx2
    import requests

    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth._hearing import Hearing
    from oauth_cc_auth._life.live_token import LiveToken
    from oauth_cc_auth.events import Event
    from oauth_cc_auth.stores import TokenStore


# Seconds per attempt of a token request.
TIMEOUT = 10.0

# Without one, the token may go to any https origin.
_ANYWHERE = ResourceServer()

_STORE_METHODS = ("load", "save", "discard", "lock")  # of the protocol TokenStore


def wall_clock() -> float:
    """Return the time; looked up when it is asked, so that a test which freezes time freezes it here too."""
    return time.time()


class Handle:
    """What a source was given: how its token is requested and presented, and who hears of it."""

    __slots__ = (
        *("client", "clock", "grant", "hearing", "live", "presenter", "resource_server", "session"),
        *("store", "timeout"),
    )

    # The registration of `on_event`, which lives as long as this handle; the live token knows it weakly.
    hearing: Hearing | None

    def __init__(
        self,
        grant: Grant,
        *,
        store: TokenStore | None,
        session: requests.Session | None,
        client: httpx.Client | httpx2.Client | None,
        timeout: float,
        clock: Callable[[], float] | None,
        on_event: Callable[[Event], object] | None,
    ) -> None:
        """Check what was given, and join the live token; nothing is sent yet. Raises ConfigurationError."""
        # The rooms below are imported where they are first needed: a door must cost little over its HTTP library.
        from oauth_cc_auth._grant.grant import is_grant  # noqa: PLC0415 - see above

        if not is_grant(grant):
            is_preset = str(getattr(grant, "__module__", "")).startswith("oauth_cc_auth.presets.")
            name = getattr(grant, "__name__", "NAME")
            makes = f"this is the preset itself: call it, presets.{name}()" if is_preset else "presets.NAME() makes one"
            message = f"grant is not a grant such as ClientCredentials or StaticToken; {makes}"
            raise ConfigurationError(message)
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
            message = "timeout is not a number of seconds above 0"
            raise ConfigurationError(message)
        if store is not None and not all(callable(getattr(store, name, None)) for name in _STORE_METHODS):
            message = f"store lacks the methods {', '.join(_STORE_METHODS)}: pass FileStore() or another token store"
            raise ConfigurationError(message)
        if clock is None or clock is time.time:
            clock = wall_clock
        if not callable(clock):
            message = "clock is not a function that returns seconds, such as time.time"
            raise ConfigurationError(message)
        if on_event is not None and not callable(on_event):
            message = "on_event is not a function that takes an event"
            raise ConfigurationError(message)
        if session is not None or client is not None:
            from oauth_cc_auth._http.sender import check_lent  # noqa: PLC0415 - see above

            check_lent(session, client)
            if getattr(grant, "certificate", None) is not None:
                lent = "session" if session is not None else "client"
                message = (
                    f"certificate is for requests that this package sends by itself, and {lent}= sends them: give "
                    f"the certificate to what you lend, or leave out {lent}="
                )
                raise ConfigurationError(message)
        self.grant, self.store, self.session, self.client = grant, store, session, client
        self.timeout, self.clock, self.hearing = timeout, clock, None
        if on_event is not None:
            from oauth_cc_auth._hearing import Hearing  # noqa: PLC0415 - for those who listen

            self.hearing = Hearing(on_event)
        self.resource_server = grant.resource_server or _ANYWHERE
        self.live = self._join(ask=False)
        self.presenter = self._presenter()

    def _join(self, *, ask: bool) -> LiveToken:
        from oauth_cc_auth._life.table import live_token  # noqa: PLC0415 - see above

        clock = None if self.clock is wall_clock else self.clock
        live = live_token(self.grant, self.store, self.session, self.client, clock, ask=ask)
        if self.hearing is not None:
            with live.lock:
                live.listen(self.hearing)
        return live

    def _presenter(self) -> Presenter:
        """Return how the API wants this grant's tokens presented."""
        dpop = getattr(self.grant, "dpop", None)
        if dpop is None:
            return presenter_for(self.resource_server)
        from oauth_cc_auth._resource_server.dpop import Proven, prover_of  # noqa: PLC0415 - for bound tokens only

        if self.store is not None and dpop.key is None:
            from oauth_cc_auth.stores import EncryptedStore  # noqa: PLC0415 - as above

            if not isinstance(self.store, EncryptedStore):
                message = (
                    "store: its tokens would be bound to a key that only this process has. Pass a key that all share, "
                    "as DPoP(key=...), an EncryptedStore, which keeps the key with the token, or no store."
                )
                raise ConfigurationError(message)
        return Proven(self.resource_server, prover_of(self.live, dpop, self.clock))
