"""Assertions and tokens that another issuer made or that we sign, and where they come from (RFC 7521, RFC 8693).

A source is read anew for every attempt of a token request. Which source it is tells grants apart, not what it says: a
Kubernetes token that was renewed is the same workload's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

from oauth_cc_auth._frozen import dataclass, field
from oauth_cc_auth._grant.checks import is_async, is_text, refuse
from oauth_cc_auth._grant.jwt_form import JWT_BEARER, JWTForm
from oauth_cc_auth._grant.secret import Env, File, Secret
from oauth_cc_auth._token import Token


@runtime_checkable
class Obtains(Protocol):
    """What `TokenSource` is to a grant that sends its token on."""

    def token(self) -> Token:
        """Return a usable token."""

    def reject(self, token: Token) -> bool:
        """Take note that this token was refused; return whether another can be obtained now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedJWT(JWTForm):
    """An assertion that we sign with a private key, as Google, Salesforce, Docusign and Box take it (RFC 7523 §2.1).

    issuer: who makes it.
    key: the private key, as in `PrivateKeyJWT`; with a `signer` there is none.
    subject: who it speaks for; None where the server wants none.
    audience: whom it is for; by default the authorization server's issuer where it is known, else the token endpoint.
    typ: what the JWT's header calls it.

    The other arguments are those of `PrivateKeyJWT`.

    Raises ConfigurationError, naming the argument.
    """

    issuer: str
    key: Secret | None = field(default=None, repr=False)
    subject: str | None = None
    typ: str | None = "JWT"

    def __post_init__(self) -> None:
        """Check the arguments."""
        JWTForm.__post_init__(self)
        if not is_text(self.issuer) or not self.issuer:
            refuse("issuer is empty or not a string")
        if self.subject is not None and not (is_text(self.subject) and self.subject):
            refuse("subject is empty or not a string")
        if (self.key is None) == (self.signer is None):
            refuse("key is missing: pass the private key as key=, or a signer= that has it")
        if self.key is not None and not is_text(self.key) and not callable(self.key):
            refuse("key is neither a string nor a callable that returns one")


# Where an assertion or a token comes from: a file or variable, a function of the audience, a `TokenSource`, our own
# key, or the text itself, as of a user's token that is exchanged.
Source: TypeAlias = "str | Env | File | SignedJWT | Obtains | Callable[[str], str]"


def checked_source(name: str, source: Any) -> None:
    """Return if this can be read for an assertion. Raises ConfigurationError, naming the argument."""
    if isinstance(source, str):
        if not source or not is_text(source):
            refuse(f"{name} is empty, or has lone surrogates")
    elif is_async(source) or not (isinstance(source, (SignedJWT, Obtains)) or callable(source)):
        refuse(f"{name} is no source: pass a File, an Env, a TokenSource, a SignedJWT or a function of the audience")


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """Client authentication by an assertion that somebody else issued (RFC 7521 §4.2): workload identity federation.

    source: where it comes from: a `File`, as Kubernetes mounts it, an `Env`, a `TokenSource`, or a function of the
    audience, which is the authorization server's issuer where it is known, else its token endpoint. It is read for
    every attempt.
    type: what the assertion is, such as ``urn:ietf:params:oauth:client-assertion-type:jwt-spiffe``.

    The grant's `client_id` is sent beside it, unless it is None.

    Raises ConfigurationError, naming the argument.
    """

    source: Source = field(repr=False)
    type: str = JWT_BEARER

    def __post_init__(self) -> None:
        """Check the arguments."""
        checked_source("ClientAssertion: source", self.source)
        if not is_text(self.type) or not self.type:
            refuse("ClientAssertion: type is empty or not a string")
