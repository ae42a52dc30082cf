"""The vendors, one small file each, found by listing this folder: a new vendor is one new file and no change elsewhere.

A file is named as the preset's is and exports ``VENDOR``, a `Vendor`. Nothing here is imported by name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

from oauth_cc_auth.sandbox._vendor import PLAIN, Vendor


def _listed() -> tuple[Vendor, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").VENDOR for name in names)


VENDORS = _listed()

# More addresses than one test suite asks for, and little memory.
_REMEMBERED = 4096


@lru_cache(_REMEMBERED)
def endpoint_at(host: str, path: str) -> tuple[str, Vendor] | None:
    """Return which endpoint of which vendor this is: "token", "revocation", "authorization", "metadata", or None."""
    found = [
        (_rank(pattern), kind, vendor)
        for vendor in VENDORS
        for kind, patterns in _endpoints(vendor)
        for pattern in patterns
        if _matches(pattern, host, path)
    ]
    return max(found, key=lambda match: match[0])[1:] if found else None


@lru_cache(_REMEMBERED)
def apis_at(host: str, path: str) -> tuple[Vendor, ...]:
    """Return the vendors whose API this may be, the most specific first."""
    found = [
        (_rank(api), vendor)
        for vendor in VENDORS
        for api in vendor.apis
        # An API's base is a prefix.
        if _matches(f"{api}*", host, path)
    ]
    return tuple(dict.fromkeys(vendor for _, vendor in sorted(found, key=lambda match: match[0], reverse=True)))


@lru_cache(_REMEMBERED)
def vendor_of(host: str) -> Vendor:
    """Return the vendor whose host this is, `PLAIN` for any other; a pattern for every host claims none."""
    found = [
        (_rank(f"{claimed}/"), vendor)
        for vendor in VENDORS
        for claimed in {address.partition("/")[0] for address in _addresses(vendor)} - {"*"}
        if fnmatchcase(host, claimed)
    ]
    return max(found, key=lambda match: match[0])[1] if found else PLAIN


def add(vendor: Vendor) -> None:
    """Play one more vendor, which no file here describes."""
    _use((*VENDORS, vendor))


def remove(vendor: Vendor) -> None:
    """Play it no more."""
    _use(tuple(known for known in VENDORS if known is not vendor))


def _use(vendors: tuple[Vendor, ...]) -> None:
    global VENDORS  # noqa: PLW0603 - the list that everything here reads
    VENDORS = vendors
    for remembered in (endpoint_at, apis_at, vendor_of):
        remembered.cache_clear()


def vendor_at(host: str, path: str) -> Vendor:
    """Return the vendor that a URL is of: by endpoint, by API, by host, in this order; else `PLAIN`."""
    named = endpoint_at(host, path)
    return named[1] if named else next(iter(apis_at(host, path)), None) or vendor_of(host)


def metadata_at(vendor: Vendor, host: str, path: str) -> str:
    """Return the token endpoint that this discovery document names: a URL, or what follows the issuer."""
    found = [(_rank(pattern), named) for pattern, named in vendor.metadata.items() if _matches(pattern, host, path)]
    return max(found)[1]


def _endpoints(vendor: Vendor) -> Iterable[tuple[str, Iterable[str]]]:
    return (
        ("token", vendor.token_endpoints),
        ("revocation", vendor.revocation_endpoints),
        ("authorization", vendor.authorization_endpoints),
        ("metadata", vendor.metadata),
    )


def _addresses(vendor: Vendor) -> Iterable[str]:
    return (*vendor.apis, *(pattern for _, patterns in _endpoints(vendor) for pattern in patterns))


def _matches(pattern: str, host: str, path: str) -> bool:
    host_pattern, _, path_pattern = pattern.partition("/")
    return fnmatchcase(host, host_pattern) and fnmatchcase(path, f"/{path_pattern}")


def _rank(pattern: str) -> tuple[int, int, int]:
    """Return how specific a pattern is: an exact host first, then an exact path, then the longer text."""
    host, _, path = pattern.partition("/")
    return -host.count("*"), -path.count("*"), len(pattern)
