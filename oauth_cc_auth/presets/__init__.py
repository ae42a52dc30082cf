"""Vendors as values: what each documents about its tokens, with the page where it was read.

A preset is a function that returns a grant, pinned to the vendor's API origins. Client id and secret come from the
arguments, or from the environment as VENDOR_CLIENT_ID and VENDOR_CLIENT_SECRET; where one is missing,
ConfigurationError names the variable. Vendors that are not used are not imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oauth_cc_auth.presets._fyma import fyma, fyma_legacy
    from oauth_cc_auth.presets._vainu import vainu, vainu_api_key
    from oauth_cc_auth.presets._vend_email import vend_email, vend_email_personal
    from oauth_cc_auth.presets._vibe import vibe, vibe_api_key
    from oauth_cc_auth.presets._vibes_rbm import vibes_rbm

_ROOMS = {
    "fyma": "_fyma",
    "fyma_legacy": "_fyma",
    "vainu": "_vainu",
    "vainu_api_key": "_vainu",
    "vend_email": "_vend_email",
    "vend_email_personal": "_vend_email",
    "vibe": "_vibe",
    "vibe_api_key": "_vibe",
    "vibes_rbm": "_vibes_rbm",
}

__all__ = [
    "fyma",
    "fyma_legacy",
    "vainu",
    "vainu_api_key",
    "vend_email",
    "vend_email_personal",
    "vibe",
    "vibe_api_key",
    "vibes_rbm",
]


def __getattr__(name: str) -> Any:
    """Import a vendor's file when one of its presets is first used."""
    if name not in _ROOMS:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = globals()[name] = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    return value


def __dir__() -> list[str]:
    """List the presets."""
    return __all__
