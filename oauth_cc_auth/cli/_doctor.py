"""`doctor`: from the variables to one answer of the API, step by step, until something is wrong.

No secret and no token is printed. One token is requested; a second only where the API refuses the first. Where the
client is refused, its secret is sent once or twice more, by the other methods.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy

from oauth_cc_auth import (
    ClientCredentials,
    Discovery,
    OAuthError,
    RequestsAuth,
    StaticToken,
    Token,
    TokenSource,
    presets,
)
from oauth_cc_auth.cli._causes import (
    API,
    CLOCK_SECONDS,
    NETWORK,
    SCOPE,
    SERVER,
    VARIABLES,
    Asked,
    cause_of,
    clock_said,
    of_every_token,
    quoted,
    whence,
)
from oauth_cc_auth.cli._steps import Step

# Seconds for each wait. A token request takes twice its timeout at most.
_TIMEOUT = 4.0

_NO_HOST = "there is no such host"

_METADATA = (".well-known/oauth-authorization-server", ".well-known/openid-configuration")


class Stopped(Exception):
    """The step beyond which nothing can be learned."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.got)
        self.step = step


def examined(
    make: Callable[[], tuple[Any, Asked | None]], path: str | None, clock: Callable[[], float] = time.time
) -> Iterator[Step]:
    """Examine a client step by step; the last step is the one that failed, or the API's answer."""
    try:
        yield from _steps(make, path, clock)
    except Stopped as stopped:
        yield stopped.step


def _steps(
    make: Callable[[], tuple[Any, Asked | None]], path: str | None, clock: Callable[[], float]
) -> Iterator[Step]:
    try:
        grant, asked = make()
    except OAuthError as wrong:
        change = "correct what is named; `oauth-cc-auth vendors VENDOR` lists the variables and options of a vendor"
        raise Stopped(Step("variables", "read them", str(wrong), change, VARIABLES)) from None
    variables = tuple(getattr(grant, "variables", ()))
    read = ", ".join((*variables, *([asked.profile] if asked and asked.profile else ())))
    yield Step("variables", "read them", read or "nothing to read", quoted(variables))
    if not isinstance(grant, StaticToken):
        skew = yield from _reached(str(grant.token_endpoint), clock, asked)
        if skew is not None:
            off = abs(skew) > CLOCK_SECONDS
            change = "set this machine's clock" if off else ""
            yield Step("clock", "compared it with the server's", clock_said(skew), change)
        yield Step("endpoint", "looked it up", str(grant.token_endpoint))
        source = TokenSource(grant, timeout=_TIMEOUT)
        try:
            token = source.token()
        except OAuthError as error:
            cause = cause_of(error, grant, asked, skew)
            raise Stopped(Step("client", "requested a token", cause.got, cause.change, cause.status)) from None
        yield Step("client", "requested a token", f"accepted ({_method(grant)})")
        yield _scope(grant, token)
        yield Step("lifetime", "read it", "not stated" if token.lifetime is None else f"{token.lifetime:,.0f} s")
    else:
        source = TokenSource(grant)
        token = source.token()
        yield Step("lifetime", "read it", "made by hand: it lives until the vendor ends it")
    yield _api(source, asked, path, token)


def _method(grant: Any) -> str:
    method = grant.token_endpoint_auth_method
    return method if isinstance(method, str) else "by a method of its own"


def _reached(url: str, clock: Callable[[], float], asked: Asked | None) -> Generator[Step, None, float | None]:
    """Go to the host as far as an answer's Date; return by how much this machine's clock is ahead, if that is known."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    proxy = select_proxy(url, requests.utils.get_environ_proxies(url))
    if proxy is None:
        try:
            addresses = {entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        except OSError:
            named = whence(host, asked)
            spelt = f"{named}, which the host is made of" if named else "the host, in the options or the issuer"
            change = f"look at the spelling of {spelt}, and at this machine's DNS"
            raise Stopped(Step("dns", f"looked up {host}", _NO_HOST, change, NETWORK)) from None
        yield Step("dns", f"looked up {host}", ", ".join(sorted(map(str, addresses))))
    else:
        yield Step("dns", "left to the proxy", urlsplit(proxy).hostname or "")
    began = clock()
    try:
        # Not the token endpoint itself, where it could count against a limit.
        root = f"{parts.scheme}://{parts.netloc}/"
        answer = requests.get(root, timeout=_TIMEOUT, allow_redirects=False, stream=True)
        answer.close()
    except requests.exceptions.SSLError as error:
        change = "if the certificate is your company's, set REQUESTS_CA_BUNDLE (programs: pass session=) to its file"
        raise Stopped(Step("tls", f"connected to {host}", _reason(error), change, NETWORK)) from None
    except requests.exceptions.ProxyError as error:
        change = "look at HTTPS_PROXY, or name the host in NO_PROXY"
        raise Stopped(Step("tls", "connected to the proxy", _reason(error), change, NETWORK)) from None
    except requests.RequestException as error:
        change = f"look at the network and the firewall: {host}, port {port}, has to answer"
        raise Stopped(Step("tls", f"connected to {host}", _reason(error), change, NETWORK)) from None
    yield Step("tls", f"connected to {host}", "trusted" if parts.scheme == "https" else "plain http, on this machine")
    with suppress(KeyError, ValueError, TypeError):
        return (began + clock()) / 2 - parsedate_to_datetime(answer.headers["Date"]).timestamp()
    return None


def _reason(error: BaseException) -> str:
    """Return the innermost reason of a chain of errors, whose outer ones quote each other."""
    inner: Any = error
    while True:
        behind = (getattr(inner, "reason", None), *getattr(inner, "args", ()), inner.__cause__)
        deeper = next((one for one in behind if isinstance(one, BaseException)), None)
        if deeper is None:
            break
        inner = deeper
    if isinstance(inner, socket.gaierror):
        return _NO_HOST
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted ({inner.verify_message})"
    return " ".join(str(getattr(inner, "strerror", None) or inner).split())[-150:] or type(inner).__name__


def _scope(grant: Any, token: Token) -> Step:
    asked, granted = set(str(grant.scope or "").split()), set((token.scope or str(grant.scope or "")).split())
    lacking = " ".join(sorted(asked - granted))
    got = " ".join(sorted(granted)) or "none is named"
    change = f"{lacking} was requested and not granted: give it to the client at the vendor" if lacking else ""
    return Step("scope", "compared it with what was requested", got, change)


def _api(source: TokenSource, asked: Asked | None, path: str | None, token: Token) -> Step:
    probe = path or (presets.probe_of(asked.vendor) if asked else None) or ""
    base = source.base_url()
    if base is None and not probe.startswith("https://"):
        return Step("api", "skipped", "no address of an API is known: give one with --path https://...")
    url = probe if probe.startswith(("https://", "http://")) else f"{(base or '').rstrip('/')}/{probe.lstrip('/')}"
    did = f"GET {url}"
    try:
        answer = requests.get(url, auth=RequestsAuth(source), timeout=_TIMEOUT, allow_redirects=False)
    except OAuthError as error:
        cause = cause_of(error, source.grant, asked, None, was_accepted=True)
        refused = "Not sent" in str(error)
        change = "the token may not go there: look at --path" if refused else cause.change
        return Step("api", did, cause.got, change, API if refused else cause.status)
    except requests.RequestException as error:
        return Step("api", did, _reason(error), "look at the network and the API's host", NETWORK)
    return _judged(did, answer, url, token, lambda: of_every_token(source.grant, asked))


def _judged(did: str, answer: requests.Response, url: str, token: Token, why: Callable[[], str]) -> Step:
    status, challenge = answer.status_code, answer.headers.get("WWW-Authenticate", "").lower()
    got = f"{status} {answer.reason}"
    if status == 401:
        audience = _audience(token.access_token)
        if audience and not any(urlsplit(url).netloc in one or one in url for one in audience):
            change = f"the token is for the audience {' '.join(audience)}: request one for this API (-o audience=...)"
            return Step("api", did, f"{got}, also with a second token", change, SCOPE)
        change = f"the API refuses every token: look at the audience, the environment and the host. {why()}"
        return Step("api", did, f"{got}, also with a second token", change, API)
    if status == 403:
        scope = "insufficient_scope" in challenge or "scope" in answer.text[:2000].lower()
        change = "the token lacks a scope or a permission for this path: give it to the client at the vendor"
        return Step("api", did, got, change, SCOPE if scope else API)
    if any(earlier.status_code == 401 for earlier in answer.history):
        change = "something ends tokens early: another program may request them with the same client, use one store"
        return Step("api", did, f"{got}; the first token was refused, the second accepted", change, API)
    if status >= 500:
        return Step("api", did, got, "the API has a fault of its own: try later", SERVER)
    more = "; the token was accepted, that there is nothing at this path is no fault of it" if status == 404 else ""
    return Step("api", did, f"{got}{more or '; the token was accepted'}")


def _audience(text: str) -> list[str]:
    """Return the audience that a token in the form of a JWT names. It is read, not believed."""
    try:
        payload = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        named = claims.get("aud") or []
    except (IndexError, ValueError, AttributeError):
        return []
    return [str(one) for one in ([named] if isinstance(named, str) else named)]


def by_issuer(issuer: str) -> tuple[Step, Callable[[], tuple[Any, Asked | None]] | None]:
    """Return what an issuer's metadata says, and the function that makes the grant of the client in the environment."""
    for name in _METADATA:
        url = f"{issuer.rstrip('/')}/{name}"
        try:
            answer = requests.get(url, timeout=_TIMEOUT)
            endpoint = answer.json().get("token_endpoint") if answer.ok else None
        except requests.exceptions.JSONDecodeError:
            continue
        except requests.RequestException as error:
            change = "look at how the issuer is written, and at the network"
            return Step("discovery", f"GET {url}", _reason(error), change, NETWORK), None
        if isinstance(endpoint, str):
            found = Step("discovery", f"GET {url}", f"the token endpoint is {endpoint}")
            return found, partial(_client, url) if os.environ.get("OAUTH_CLIENT_ID") else None
    change = "look at the issuer: below it a document has to name the token_endpoint (RFC 8414)"
    return Step("discovery", f"GET {issuer}", "there is no metadata", change, SERVER), None


def _client(url: str) -> tuple[ClientCredentials, None]:
    client = ClientCredentials(
        token_endpoint=Discovery(url),
        client_id=os.environ["OAUTH_CLIENT_ID"].strip(),
        client_secret=os.environ.get("OAUTH_CLIENT_SECRET", "").strip(),
        variables=("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"),
        scope=os.environ.get("OAUTH_SCOPE") or None,
        audience=os.environ.get("OAUTH_AUDIENCE") or None,
    )
    return client, None


def issued(issuer: str, path: str | None) -> Iterator[Step]:
    """Return an issuer's steps: beyond its metadata only where the environment has a client."""
    first, make = by_issuer(issuer)
    yield first
    if make is not None:
        yield from examined(make, path)
