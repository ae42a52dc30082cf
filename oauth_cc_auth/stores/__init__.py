"""Where a token lives beyond one source: the protocol of a store, and its plainest example.

A store keeps tokens under keys that it need not understand. Its methods are called from a flight's thread, never from a
caller's, and never on the hot path. They may fail and may be slow: a broken store never breaks a call.
"""

from __future__ import annotations

from oauth_cc_auth.stores._memory import MemoryStore
from oauth_cc_auth.stores._protocol import TokenStore

__all__ = ["MemoryStore", "TokenStore"]
