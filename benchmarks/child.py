"""A fresh interpreter for each measurement: what one library leaves behind must not be another's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

# What a machine's own settings would change: everything is on loopback.
_FOREIGN = (
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "PYTHONDONTWRITEBYTECODE",  # or this package, of which pip compiles nothing in a clone, is compiled each time
)
_LIMIT = 240  # seconds; a measurement takes 15, and the fleet of a lock that one would write 60


def in_child(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a module's function in a process of its own; arguments and result are JSON."""
    module, name = function.__module__, function.__qualname__
    code = (
        "import json, logging, sys, warnings; warnings.simplefilter('ignore'); logging.disable();"
        f"from {module} import {name} as measured; print(json.dumps(measured(*json.loads(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, json.dumps(arguments)]
    environment = {name: value for name, value in os.environ.items() if name.upper() not in _FOREIGN}
    done = subprocess.run(  # noqa: S603 - ourselves
        command, capture_output=True, text=True, timeout=_LIMIT, check=False, env=environment
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])
