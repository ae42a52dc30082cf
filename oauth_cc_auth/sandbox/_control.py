"""What another program may ask of a running sandbox: requests to a path that no vendor has, answered in JSON.

Only programs on this machine reach it. A page in a browser does not: the request has to name a loopback host and to be
JSON, which no page of another origin can send here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import flask

from oauth_cc_auth.sandbox._knobs import Default, Knobs
from oauth_cc_auth.sandbox._listeners import check_loopback
from oauth_cc_auth.sandbox._pointing import Registration
from oauth_cc_auth.sandbox._typed import check, check_call

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
            "count",
            "reset_counts",
        )
        self._methods: dict[str, Callable[..., Any]] = {name: getattr(sandbox, name) for name in plain}
        self._methods |= {
            "rotate_secret": self._rotate_secret,
            "delete_application": self._delete_application,
            "register_endpoint": self._register_endpoint,
            "requests": lambda: [record.as_dict() for record in sandbox.requests],
            "get": self._get,
            "set": self._set,
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
        asked = request.get_json(silent=True)
        name = asked.get("method") if isinstance(asked, dict) else None
        try:
            if not isinstance(asked, dict) or not isinstance(name, str) or name not in self._methods:
                known = ", ".join(sorted(self._methods))
                return _refused(f'send a JSON object with a "method", which is one of: {known}')
            given, words = asked.get("arguments", []), asked.get("options", {})
            check(f"{name}: arguments", given, list)
            check(f"{name}: options", words, dict)
            check_call(self._methods[name], given, words)
            result = self._methods[name](*given, **words)
        except (LookupError, ValueError, TypeError, OSError) as error:
            return _refused(str(error))
        return flask.jsonify({"result": result})

    def _rotate_secret(self, client_id: str, new_secret: str) -> None:
        self._sandbox.rotate_secret(client_id, new_secret)

    def _delete_application(self, client_id: str) -> None:
        self._sandbox.delete_application(client_id)

    def _register_endpoint(self, url: str, kind: str, client: Mapping[str, Any]) -> None:
        check_call(Registration, (), client)
        self._sandbox.register_endpoint(url, kind, Registration(**client))

    def _get(self, name: str) -> object:
        return to_json(getattr(self._sandbox, _knob(name)))

    def _set(self, name: str, value: object) -> None:
        kind, knob = get_type_hints(Knobs)[_knob(name)], from_json(value)
        check(name, knob, kind)
        setattr(self._sandbox, name, knob)


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


def _refused(why: str) -> flask.Response:
    return flask.Response(why, 400, mimetype="text/plain")


def _knob(name: str) -> str:
    if name not in KNOBS:
        message = f"the sandbox has no setting {name!r}; it has: {', '.join(sorted(KNOBS))}"
        raise LookupError(message)
    return name
