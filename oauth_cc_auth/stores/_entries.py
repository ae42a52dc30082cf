"""What a store holds, without its keys: for people to look at, and to clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oauth_cc_auth._frozen import dataclass, replace
from oauth_cc_auth._token import Token


@dataclass(frozen=True)
class Entry:
    """One entry of a store: its token, or what is wrong with it, and the function that removes it."""

    place: str
    token: Token | None
    problem: str | None
    remove: Callable[[], object]

    @property
    def label(self) -> Mapping[str, str]:
        """Whose it is: vendor, host, client_id, and login where there are several. Empty for what has no label."""
        return self.token.label if self.token else {}


def labelled(token: Token, grant: Any) -> Token:
    """Return the token with a label that says whose it is, and holds no secret."""
    endpoint = str(grant.token_endpoint).partition("://")[2].partition("/")[0]
    about = {"vendor": grant.vendor, "host": endpoint, "client_id": grant.client_id}
    about["login"] = getattr(grant, "login", None)
    return replace(token, label={name: str(value) for name, value in about.items() if value is not None})
