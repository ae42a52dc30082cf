"""An error on its way to its callers: a copy for each, free of frames and requests, and an HTTP library's error too."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from oauth_cc_auth._joined import LIBRARY_ATTRIBUTES, restored
from oauth_cc_auth.errors import OAuthError


def copy_of(error: BaseException) -> BaseException:
    """Return a copy with its cause, for one of several callers that share a failure.

    A raised exception collects its raiser's traceback, so callers in different threads must not share one object.
    """
    if not isinstance(error, OAuthError):
        return error
    twin = copy.copy(error)
    twin.__cause__ = error.__cause__
    return twin


E = TypeVar("E", bound=BaseException)


def scrubbed(error: E, mask: Callable[[str], str] = str) -> E:
    """Strip an exception, and those behind it, of what leads to a secret: frames, requests, responses, connections.

    What they say is rewritten by `mask`: urllib3 quotes the URL, which holds the secret where a vendor wants it there.
    """
    waiting: list[object] = [error]
    seen: list[BaseException] = []
    while waiting:
        here = waiting.pop()
        if isinstance(here, BaseException) and not any(here is other for other in seen):
            seen.append(here)
            here.__traceback__ = None
            vars(here).update(dict.fromkeys(LIBRARY_ATTRIBUTES & vars(here).keys()))
            here.args = tuple(mask(said) if type(said) is str else said for said in here.args)
            vars(here).update({name: mask(said) for name, said in vars(here).items() if type(said) is str})
            waiting += [here.__cause__, here.__context__, *here.args, *vars(here).values()]
            waiting += getattr(here, "exceptions", ())  # an ExceptionGroup's, from Python 3.11
    return error


def also(error: OAuthError, library_base: type[Exception], request: object) -> OAuthError:
    """Return the error as one that is also an exception of an HTTP library, with the request it was raised for."""
    twin = restored(type(error), library_base, error.args, vars(error))
    twin.__cause__ = error.__cause__
    vars(twin)["response"] = None
    twin.request = request  # type: ignore[attr-defined]  # an attribute of both libraries' exceptions
    return twin


@contextmanager
def raised_as(library_base: type[Exception], request: Callable[[], object]) -> Iterator[None]:
    """Raise this package's errors as exceptions of an HTTP library too, with the request that `request` returns."""
    try:
        yield
    except OAuthError as error:
        raise also(error, library_base, request()) from error.__cause__


def whose(grant: Any) -> tuple[str | None, str | None, str | None, tuple[str, ...]]:
    """Return the vendor, the token endpoint without its query, the client id and the variables of a grant."""
    endpoint = getattr(grant, "token_endpoint", None)
    if endpoint is not None and not isinstance(endpoint, str):  # where the server describes itself
        endpoint = endpoint.url or endpoint.issuer or endpoint.resource
    address = str(endpoint or "").partition("?")[0]  # a query may hold a secret
    vendor = getattr(grant, "vendor", None) or urlsplit(address).hostname
    return vendor, address or None, getattr(grant, "client_id", None), tuple(getattr(grant, "variables", ()))


def concerning(grant: Any, error: E) -> E:
    """Return the error, which says from now on whose token it is about; it already may."""
    if isinstance(error, OAuthError) and error.vendor is None:
        error.concern(*whose(grant))
    return error


def innermost(error: BaseException) -> BaseException:
    """Return what an exception began with: HTTP libraries wrap the reason two or three times."""
    seen: list[BaseException] = []
    here: object = error
    while isinstance(here, BaseException) and here not in seen:
        seen.append(here)
        wrapped = (here.__cause__, getattr(here, "reason", None), *here.args, here.__context__)
        here = next((behind for behind in wrapped if isinstance(behind, BaseException) and behind not in seen), None)
    return seen[-1]
