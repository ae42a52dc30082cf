"""The vendors who log users in, pointed at a sandbox: in this process, and in those that a test starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

import pytest

from oauth_cc_auth.sandbox import Sandbox

SECRET = "canary-secret-of-the-client"
VENDORS = ("vend_email", "vibe", "vainu")

# Points presets at the sandbox. A shell without job control starts what it puts in the background with SIGINT ignored,
# and CI may run there.
_POINTED = """
import json, os, signal, sys
from importlib import import_module
signal.signal(signal.SIGINT, signal.default_int_handler)
for module, addresses in json.loads(os.environ["SANDBOX_ADDRESSES"]).items():
    vars(import_module(module)).update(addresses)
"""
_COMMAND_LINE = "from oauth_cc_auth.cli import main; main()"


class Vendors:
    """What a sandbox plays, for presets that know nothing of it."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        """Register a client at each vendor, put it into the environment, and turn the presets' addresses."""
        self.sandbox = sandbox
        self.addresses: dict[str, dict[str, str]] = {}
        for name in VENDORS:
            module = import_module(f"oauth_cc_auth.presets._{name}")
            addresses = {
                constant: sandbox.url(url)
                for constant, url in vars(module).items()
                if isinstance(url, str) and constant.endswith(("_ENDPOINT", "_URL"))
            }
            self.addresses[module.__name__] = addresses
            for constant, url in addresses.items():
                monkeypatch.setattr(module, constant, url)
            public = name != "vend_email"
            sandbox.register_client(name, "client", None if public else SECRET)
            monkeypatch.setenv(f"{name}{'_user' * public}_client_id".upper(), "client")
        monkeypatch.setenv("VEND_EMAIL_CLIENT_SECRET", SECRET)

    def api(self, path: str = "/me") -> str:
        """Return an address of Vend Email's API."""
        return self.addresses["oauth_cc_auth.presets._vend_email"]["_BASE_URL"] + path

    @contextmanager
    def command_line(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """Run the command line in a process of its own, which ends here at the latest."""
        with self._started(_COMMAND_LINE, *arguments, **environment) as process:
            yield process

    def python(self, code: str) -> str:
        """Run code in a process of its own, and return what it printed."""
        with self._started(code) as process:
            output, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
        return output

    @contextmanager
    def _started(self, code: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        added: Mapping[str, str] = {
            "SANDBOX_ADDRESSES": json.dumps(self.addresses),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-c", _POINTED + code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **added},
        )
        with process:
            try:
                yield process
            finally:
                process.kill()
