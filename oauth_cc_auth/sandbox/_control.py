"""What another program may ask of a running sandbox: requests to a path that no vendor has, answered in JSON.

Only programs on this machine reach it. A page in a browser does not: the request has to name a loopback host and to be
JSON, which no page of another origin can send here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import urlsplit

import flask

from oauth_cc_auth.sandbox._knobs import Default, Knobs
from oauth_cc_auth.sandbox._listeners import check_loopback
from oauth_cc_auth.sandbox._pointing import Registration

PATH = "/.well-known/oauth-cc-auth-sandbox"

# What JSON has no word for.
_VENDOR, _FOREVER = {"default": "vendor"}, {"default": "forever"}

KNOBS = frozenset(field.name for field in fields(Knobs))


class Control:
    """The methods of a sandbox that another process may call, by name."""

    def __init__(self, sandbox: Any) -> None:
        """Serve this sandbox."""
        self._sandbox = sandbox
        plain = (
            "origin",
            "below",
            "register_client",
            "register_api",
            "issue_refresh_token",
            "revoke_all",
            "fail",
            "recover",
        )
        self._methods: dict[str, Callable[..., Any]] = {name: getattr(sandbox, name) for name in plain}
        self._methods |= {
            "count": sandbox.count,
            "recover": sandbox.recover,
            "reset_counts": sandbox.reset_counts,
            "rotate_secret": sandbox.rotate_secret,
            "delete_application": sandbox.delete_application,
            "register_endpoint": self._register_endpoint,
            "requests": lambda: [record.as_dict() for record in sandbox.requests],
            "get": lambda name: to_json(getattr(sandbox, _knob(name))),
            "set": lambda name, value: setattr(sandbox, _knob(name), from_json(value)),
        }

    def answer(self) -> flask.Response:
        """Call the method that the request names, and return what it returned."""
        request = flask.request
        try:
            check_loopback(urlsplit(f"//{request.host}").hostname or "")
        except ValueError:
            return flask.Response(status=421)
        if request.method != "POST" or request.mimetype != "application/json":
            return flask.Response(status=415)
        asked: Mapping[str, Any] = request.get_json()
        try:
            result = self._methods[asked["method"]](*asked.get("arguments", ()), **asked.get("options", {}))
        except (KeyError, LookupError, ValueError, TypeError, OSError) as error:
            return flask.Response(str(error), 400, mimetype="text/plain")
        return flask.jsonify({"result": result})

    def _register_endpoint(self, url: str, kind: str, client: Mapping[str, Any]) -> None:
        self._sandbox.register_endpoint(url, kind, Registration(**client))


def to_json(value: object) -> object:
    """Return what stands for a knob's value in JSON."""
    if value is Default.VENDOR:
        return _VENDOR
    return _FOREVER if value == math.inf else value


def from_json(value: object) -> object:
    """Return a knob's value."""
    return Default.VENDOR if value == _VENDOR else math.inf if value == _FOREVER else value


def as_json(client: Registration) -> dict[str, Any]:
    """Return a registration as it travels."""
    return asdict(client)


def _knob(name: str) -> str:
    if name not in KNOBS:
        message = f"the sandbox has no setting {name!r}"
        raise LookupError(message)
    return name
