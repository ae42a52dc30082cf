"""How a vendor writes what RFC 6749 writes otherwise in its token request.

The request is always built by the letter first; `RequestFormat` then says where each parameter goes and by what name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from oauth_cc_auth._frozen import EMPTY, KW_ONLY, FrozenMapping, dataclass, spoken_repr
from oauth_cc_auth._grant.checks import checked_names, refuse

Parameters = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, repr=False)
class RequestFormat:
    """How a request to the authorization server is written, where a vendor departs from RFC 6749 §4.4.2.

    method: "POST" or "GET". With "GET" every parameter stands in the query.
    body: "form", "json", or None: then every parameter stands in the query.
    query: the parameters that stand in the query although there is a body.
    names: a parameter's name at the vendor, as ``{"client_id": "appid"}``; None leaves it out: ``{"client_id": None}``.
    scope_separator: what stands between scopes.

    Raises ConfigurationError, naming the argument.
    """

    method: Literal["POST", "GET"] = "POST"
    _: KW_ONLY
    body: Literal["form", "json"] | None = "form"
    query: Collection[str] = ()
    names: Mapping[str, str | None] = EMPTY
    scope_separator: str = " "

    __repr__ = spoken_repr

    def __post_init__(self) -> None:
        """Check the fields and make them immutable. Raises ConfigurationError, naming the field."""
        if self.method not in ("POST", "GET"):
            refuse(f"RequestFormat: method is {self.method!r}; use 'POST' or 'GET'")
        if self.body not in ("form", "json", None):
            refuse(f"RequestFormat: body is {self.body!r}; use 'form', 'json' or None")
        object.__setattr__(self, "query", checked_names("RequestFormat: query", self.query))
        names = self.names
        if not isinstance(names, Mapping) or not all(
            isinstance(name, str) and (written is None or (isinstance(written, str) and written))
            for name, written in names.items()
        ):
            refuse("RequestFormat: names is not a mapping of names to the vendor's, or to None")
        object.__setattr__(self, "names", FrozenMapping(names))
        if not isinstance(self.scope_separator, str) or not self.scope_separator:
            refuse("RequestFormat: scope_separator is empty or not a string")
        if self.method == "GET":
            object.__setattr__(self, "body", None)

    def placed(self, parameters: Iterable[tuple[str, str]]) -> tuple[Parameters, Parameters]:
        """Return the parameters of the query and those of the body, by the vendor's names."""
        query: Parameters = []
        body: Parameters = []
        for name, value in parameters:
            written = self.names.get(name, name)
            if written is None:
                continue
            text = value.replace(" ", self.scope_separator) if name == "scope" else value
            (query if self.body is None or name in self.query else body).append((written, text))
        return query, body
