"""The client's TLS certificate (RFC 8705): which files hold it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from oauth_cc_auth._frozen import dataclass, field
from oauth_cc_auth._grant.checks import is_text, refuse
from oauth_cc_auth._grant.secret import Secret
from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    from ssl import SSLContext

    Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A TLS client certificate for requests to the authorization server (RFC 8705), as files in PEM.

    cert: the file of the certificate, and of those between it and a root.
    key: the file of the private key, where it is in one of its own.
    password: what opens the key: a text, `Env`, `File` or callable.

    The files are read for every token request, so that a certificate which is renewed in place is found. It proves the
    client as ``tls_client_auth`` or ``self_signed_tls_client_auth``, and a server may bind tokens to it whichever way
    the client proves itself. An auth class cannot set the TLS of your API calls: give the same certificate to your HTTP
    client.

    Raises ConfigurationError, naming the argument.
    """

    cert: Path
    key: Path | None = None
    password: Secret | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Make the paths values of one kind, so that equal ones share."""
        for name in ("cert", "key"):
            given = getattr(self, name)
            path = os.fspath(given) if isinstance(given, (str, os.PathLike)) else None
            if not (given is None and name == "key") and not (isinstance(path, str) and path and "\0" not in path):
                refuse(f"Certificate: {name} is not the path of a file")
            object.__setattr__(self, name, path)
        if self.password is not None and not is_text(self.password) and not callable(self.password):
            refuse("Certificate: password is neither a string nor a callable that returns one")

    def load_into(self, context: SSLContext) -> None:
        """Make connections of this context present the certificate. Raises ConfigurationError, naming the file."""
        password = self.password() if callable(self.password) else self.password
        try:
            # Without a password OpenSSL would ask for one on the terminal.
            context.load_cert_chain(self.cert, self.key, lambda: password or "")
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            files = self.cert if self.key is None else f"{self.cert} and {self.key}"
            message = (
                f"certificate: {files} cannot be used ({type(error).__name__}: {error}). Pass a certificate and its "
                "private key in PEM, and password= if the key has one."
            )
            raise ConfigurationError(message) from None
