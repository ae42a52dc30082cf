"""DPoP proofs put on a token request, and one more attempt where the server gives a new nonce (RFC 9449 §5, §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oauth_cc_auth._frozen import replace
from oauth_cc_auth._http.json_path import json_object, string_or_none
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from oauth_cc_auth._resource_server.dpop import Prover
    from oauth_cc_auth._resource_server.nonces import Role


class Proofs:
    """The proofs of one token request's attempts; without a prover there are none."""

    __slots__ = ("_asked_again", "_prover", "_stale")

    def __init__(self, prover: Prover | None) -> None:
        """Prove nothing yet."""
        self._prover = prover
        self._stale = self._asked_again = False

    def on(self, request: HttpRequest) -> HttpRequest:
        """Return the request with a proof of its own."""
        if self._prover is None:
            return request
        proof = self._prover.proof(request.method, request.url, "authorization server")
        return replace(request, headers={**request.headers, "DPoP": proof})

    def heard(self, request: HttpRequest, answer: HttpResponse) -> None:
        """Take what the answer says for the next proof."""
        if self._prover is not None:
            code = string_or_none((json_object(answer.body) or {}).get("error"))
            said, proof = answer.headers, request.headers["DPoP"]
            role: Role = "authorization server"
            self._stale = self._prover.heard(request.url, role, answer.status, said, proof, error=code)

    def ask_again(self) -> bool:
        """Tell whether the proof was refused and a new nonce came with that; it counts once a request."""
        again = self._stale and not self._asked_again
        self._asked_again = self._asked_again or again
        self._stale = False
        return again
