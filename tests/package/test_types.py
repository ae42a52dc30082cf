"""What type checkers see of this package: mypy reads this file in `make lint`, and the test runs what it read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

import aiohttp
import httpx
import httpx2
import pytest
import requests
from requests.auth import AuthBase

import oauth_cc_auth
from oauth_cc_auth import (
    AiohttpAuth,
    ClientCredentials,
    ConfigurationError,
    Event,
    Grant,
    GrpcAuth,
    HttpxAuth,
    PrivateKeyJWT,
    RequestsAuth,
    Secret,
    TokenSource,
)

GRANT = ClientCredentials(token_endpoint="https://as.example.com/token", client_id="client", client_secret="secret")
URL = "https://api.example.com"


def by_httpx() -> None:
    """Authenticate a client and one call, sync and async."""
    auth: httpx.Auth = HttpxAuth(GRANT)  # and not only something that may be called
    with httpx.Client(auth=auth) as client:
        assert client.build_request("GET", URL, extensions={}).method == "GET"
    asynchronous = httpx.AsyncClient(auth=HttpxAuth(GRANT))
    assert isinstance(asynchronous.auth, httpx.Auth)


def by_httpx2() -> None:
    """Do the same with the other library."""
    auth: httpx2.Auth = HttpxAuth(GRANT)
    with httpx2.Client(auth=auth) as client:
        assert client.build_request("GET", URL, extensions={}).method == "GET"
    asynchronous = httpx2.AsyncClient(auth=HttpxAuth(GRANT))
    assert isinstance(asynchronous.auth, httpx2.Auth)


def by_requests() -> None:
    """Authenticate a session and one request."""
    with requests.Session() as session:
        session.auth = RequestsAuth(GRANT, session=session)
        assert isinstance(session.auth, AuthBase)
    assert requests.Request("GET", URL, auth=RequestsAuth(GRANT)).url == URL


def lent_clients() -> None:
    """Lend a client of either library, and a session, to whatever takes one."""
    lent, lent2, session = httpx.Client(), httpx2.Client(), requests.Session()
    with lent, lent2, session:  # not `as`: for Python 3.10, mypy takes what httpx2 enters for anything
        for client in (lent, lent2):
            assert HttpxAuth(GRANT, client=client)._serving.client is client
            assert TokenSource(GRANT, client=client)._serving.client is client
            assert GrpcAuth(GRANT, client=client)._serving.client is client
            assert AiohttpAuth(GRANT, client=client)._serving.client is client
        assert TokenSource(GRANT, session=session)._serving.session is session
        assert GrpcAuth(GRANT, session=session)._serving.session is session


def aiohttp_messages() -> None:
    """Give the middleware to a session."""
    middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = (AiohttpAuth(GRANT),)
    assert callable(middlewares[0])


FIELDS_OF_OTHERS = {
    "AuthorizationCode": ClientCredentials,
    "ClientSecretJWT": PrivateKeyJWT,
    "JWTBearer": ClientCredentials,
    "SignedJWT": PrivateKeyJWT,
    "TokenExchange": ClientCredentials,
}


def values() -> Iterator[type[Any]]:
    """Yield the public classes whose instances are frozen values, but for the events."""
    for name in oauth_cc_auth._NAMES:
        found = getattr(oauth_cc_auth, name, None) if name not in {"AsyncNiquestsAuth", "NiquestsAuth"} else None
        if isinstance(found, type) and is_dataclass(found) and not issubclass(found, Event):
            yield found


@pytest.mark.parametrize("value", list(values()), ids=lambda value: value.__name__)
def test_each_field_has_a_line(value: type[Any]) -> None:
    """`help()` says something of each argument, on a line that begins with its name."""
    described = set(re.findall(r"^([a-z_]+): ", inspect.getdoc(value) or "", re.MULTILINE))
    names = {field.name for field in fields(value) if field.init and not field.name.startswith("_")}
    if other := FIELDS_OF_OTHERS.get(value.__name__):
        names -= {field.name for field in fields(other)}
        assert f"`{other.__name__}`" in (value.__doc__ or "")
        described -= {field.name for field in fields(other)}
    assert described == names


def test_aliases_can_be_resolved() -> None:
    """`Grant` and `Secret` are types at run time too, for tools that resolve annotations; a grant is a `Grant`."""

    def sdk(grant: Grant, secret: Secret) -> None:
        """Take what an SDK takes."""

    hints = get_type_hints(sdk)
    assert isinstance(GRANT, hints["grant"])
    assert str in get_args(hints["secret"])


def test_names_of_methods_are_the_type() -> None:
    """A misspelt client authentication method is refused at run time, as type checkers refuse it."""
    with pytest.raises(ConfigurationError, match="token_endpoint_auth_method is none of client_secret_basic,"):
        replace(GRANT, token_endpoint_auth_method="client_secret_pst")  # type: ignore[arg-type]  # the point


USES: list[Callable[[], Any]] = [by_httpx, by_httpx2, by_requests, aiohttp_messages, lent_clients]


def test_each_library_takes_our_types() -> None:
    """What a library's own types say of `auth=`, and ours of `session=` and `client=`, holds for each library."""
    cases: list[Callable[[], Any]] = list(USES)
    for use in cases:
        use()
