"""What all auth classes have in common: a source, copies without its token, a repr, and which is for which library."""

from __future__ import annotations

from typing import Any, TypeVar

from oauth_cc_auth._serving import Serving
from oauth_cc_auth._source import TokenSource, serving_of
from oauth_cc_auth.errors import ConfigurationError

_A = TypeVar("_A", bound="Auth")

# Which auth class is for the requests of a library.
_CLASSES = {
    "aiohttp": "AiohttpAuth",
    "httpx": "HttpxAuth",
    "httpx2": "HttpxAuth",
    "niquests": "NiquestsAuth, or AsyncNiquestsAuth for an AsyncSession",
    "requests": "RequestsAuth",
}


class Auth:
    """An auth object: it belongs to a source, and is made of nothing else."""

    _source: TokenSource
    _serving: Serving
    # The attributes that are made anew from the source; what else there is, a subclass has added.
    _made = frozenset({"_has_more", "_is_proven", "_may_leak", "_serving", "_source"})

    def _open(self, source: TokenSource) -> None:
        self._source, self._serving = source, serving_of(source)
        server = self._serving.resource_server
        self._has_more = bool(server.headers)
        self._is_proven = not self._serving.presenter.constant
        # HTTP libraries take nothing but Authorization from a redirect to another host.
        self._may_leak = self._has_more or self._is_proven or server.header.lower() != "authorization"

    @property
    def source(self) -> TokenSource:
        """The token source: ``auth.source.url("/users")``, ``auth.source.status()``."""
        return self._source

    def _wrong_library(self, ours: str, request: object) -> ConfigurationError:
        library = type(request).__module__.partition(".")[0]
        named = _CLASSES.get(library, "TokenSource.attempts()")
        name = next(cls.__name__ for cls in type(self).__mro__ if cls.__module__.startswith("oauth_cc_auth."))
        return ConfigurationError(f"{name} is for {ours}, and this request is of {library}: use {named}.")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy without the token, and with what a subclass has added, whose `__init__` is not called."""
        cls = type(self)
        added = {name: value for name, value in vars(self).items() if name not in self._made}
        return _remade, (vars(cls).get("_made_of", cls), self._source), added

    def __repr__(self) -> str:
        """Show the grant, which shows no secret."""
        return f"{type(self).__name__}({self._source.grant!r})"


def _remade(cls: type[_A], source: TokenSource) -> _A:
    ours: Any = next(base for base in cls.__mro__ if Auth in base.__bases__)
    auth: _A = ours.__new__(cls)  # not a subclass's own, which may want arguments
    auth._open(source)  # noqa: SLF001 - as its __init__ does
    return auth
