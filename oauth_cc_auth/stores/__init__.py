"""Where a token lives beyond one source: the protocol of a store, and its plainest example.

A store keeps tokens under keys that it need not understand. Its methods are called from a flight's thread, never from a
caller's, and never on the hot path. They may fail and may be slow: a broken store never breaks a call.

Each store that needs a library is imported when it is first used, and says then which extra brings what is missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from oauth_cc_auth.stores._memory import MemoryStore
from oauth_cc_auth.stores._protocol import TokenStore

if TYPE_CHECKING:
    from oauth_cc_auth.stores._encrypted import EncryptedStore
    from oauth_cc_auth.stores._file import FileStore
    from oauth_cc_auth.stores._keyring import KeyringStore
    from oauth_cc_auth.stores._redis import RedisStore

_MODULE_OF = {
    "EncryptedStore": "oauth_cc_auth.stores._encrypted",
    "FileStore": "oauth_cc_auth.stores._file",
    "KeyringStore": "oauth_cc_auth.stores._keyring",
    "RedisStore": "oauth_cc_auth.stores._redis",
}

__all__ = ["EncryptedStore", "FileStore", "KeyringStore", "MemoryStore", "RedisStore", "TokenStore"]
_NAMES = __all__
if not TYPE_CHECKING:
    del __all__  # from here on `__getattr__` answers: ``import *`` takes what the installed libraries allow


def __getattr__(name: str) -> Any:
    """Import a store, and with it its library, when it is first used."""
    if name == "__all__":
        return [each for each in _NAMES if _is_there(each)]
    if name not in _MODULE_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return value


def _is_there(name: str) -> bool:
    try:
        return name not in _MODULE_OF or bool(__getattr__(name))
    except ImportError:
        return False
