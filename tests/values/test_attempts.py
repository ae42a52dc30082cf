"""Tests of the loop between an HTTP library and a source: what it decides, with a source that is told what to do."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import anyio
import pytest
from multidict import CIMultiDict

from oauth_cc_auth import ApiError, OriginNotAllowed, ResourceServer, Token, TokenRequestError
from oauth_cc_auth._attempts import Attempts
from oauth_cc_auth._http.headers import field_of
from oauth_cc_auth._resource_server.presentation import AsItIs, Presentation, Presenter

API = "https://api.example.com/things"
PINNED = ResourceServer("https://api.example.com", origins=["https://files.example.com"])


class Proven(AsItIs):
    """Presents as DPoP does: anew for each request, and again where the answer says so."""

    constant = False

    def headers(self, method: str, url: str, token: Token) -> Mapping[str, str]:
        """Sign the request."""
        return {**super().headers(method, url, token), "DPoP": f"{method} {url} {token.access_token}"}

    def heard(self, url: str, status: int, header: Callable[[str], str | None], sent: Mapping[str, str]) -> bool:
        """Look for a nonce."""
        return status == 401 and "use_dpop_nonce" in (header("WWW-Authenticate") or "")


class FakeSource:
    """A source whose tokens are called 1, 2 and so on, and which notes what it is told."""

    def __init__(self, server: ResourceServer = PINNED, presenter: type[AsItIs] = AsItIs) -> None:
        """Begin with the first token."""
        self.resource_server = server
        self.presenter: Presenter = presenter(server)
        self.said: list[str] = []
        self.next, self.held = 1, False
        self.error: Exception | None = None

    def admit(self, url: str, token: Token | None = None) -> None:
        """Judge."""
        self.resource_server.admit(url, token)

    def obtain(self, library: str | None) -> Token:
        """Return the current token."""
        self.said.append(f"obtain by {library}")
        if self.error is not None:
            raise self.error
        return Token(str(self.next), obtained_at=0.0)

    async def aobtain(self, library: str | None) -> Token:
        """Return the current token."""
        await anyio.lowlevel.checkpoint()
        return self.obtain(library)

    def prefetch(self, library: str | None) -> None:
        """Take note."""
        self.said.append(f"prefetch by {library}")

    def present(self, method: str, url: str, token: Token, place: object = None) -> Presentation:
        """Present."""
        return Presentation(token, self.presenter.headers(method, url, token))

    def refused(self, token: Token, status: int | None, url: str | None) -> bool:
        """Forget the token."""
        self.said.append(f"reject {token.access_token}")
        self.next += 1
        return not self.held

    def accept(self, token: Token) -> None:
        """Take note."""
        self.said.append(f"accept {token.access_token}")


def sends(loop: Attempts, *answers: tuple[int, dict[str, str]] | int, **heard: Any) -> list[str]:
    """Return the token of each attempt, where the API gives these answers in turn."""
    told: Iterator[tuple[int, dict[str, str]] | int] = iter(answers)
    tokens = []
    for attempt in loop:
        tokens.append(attempt.headers["Authorization"])
        answer = next(told)
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        attempt.heard(status, headers, **heard)
    assert next(told, None) is None, "there were answers left"
    return tokens


def test_a_request_whose_token_is_taken_goes_once() -> None:
    """One attempt, and the source hears that the token was taken."""
    source = FakeSource()
    assert sends(Attempts(source, "GET", API, library="requests"), 200) == ["Bearer 1"]
    assert source.said == ["obtain by requests", "accept 1"]


def test_a_refused_token_is_renewed_once() -> None:
    """One more attempt with another token; a second refusal is the answer, and the source hears of it."""
    source = FakeSource()
    assert sends(Attempts(source, "POST", API), 401, 200) == ["Bearer 1", "Bearer 2"]
    assert source.said == ["obtain by None", "reject 1", "obtain by None", "accept 2"]
    source = FakeSource()
    assert sends(Attempts(source, "GET", API), 401, 401) == ["Bearer 1", "Bearer 2"]
    assert source.said[-1] == "reject 2"


def test_a_stale_proof_is_made_anew_once() -> None:
    """The same token goes once more where its proof was stale; that is no refusal, and a second time is the answer."""
    nonce = (401, {"WWW-Authenticate": 'DPoP error="use_dpop_nonce"'})
    source = FakeSource(presenter=Proven)
    assert sends(Attempts(source, "POST", API), nonce, 200) == ["Bearer 1", "Bearer 1"]
    assert source.said == ["obtain by None", "accept 1"]
    source = FakeSource(presenter=Proven)
    assert sends(Attempts(source, "POST", API), nonce, nonce) == ["Bearer 1", "Bearer 1"]
    assert source.said == ["obtain by None"]
    source = FakeSource(presenter=Proven)
    assert sends(Attempts(source, "POST", API, replayable=False), nonce) == ["Bearer 1"]
    assert source.said == ["obtain by None"], "a body that is gone needs no other token"


def test_three_sends_are_the_most() -> None:
    """One for a proof and one for a token, in either order."""
    cases: list[bool] = [True, False]
    for nonce_first in cases:
        nonce: tuple[int, dict[str, str]] = (401, {"WWW-Authenticate": 'DPoP error="use_dpop_nonce"'})
        source = FakeSource(presenter=Proven)
        first, second = (nonce, 401) if nonce_first else (401, nonce)
        tokens = sends(Attempts(source, "GET", API), first, second, 401)
        assert tokens == ["Bearer 1", "Bearer 1" if nonce_first else "Bearer 2", "Bearer 2"]


def test_each_attempt_is_presented_anew() -> None:
    """The presenter is asked for method and URL of each send, and what functions make is made again."""
    numbers = iter("123")
    server = ResourceServer(headers={"X-Id": lambda: next(numbers), "X-Key": "k", "X-Mine": "not this"})
    loop = Attempts(FakeSource(server, Proven), "GET", API, headers={"x-mine": "my own"})
    first = next(loop)
    assert first.headers == {"X-Id": "1", "X-Key": "k", "Authorization": "Bearer 1", "DPoP": f"GET {API} 1"}
    assert first.heard(401, {})
    assert next(loop).headers == {"X-Id": "2", "X-Key": "k", "Authorization": "Bearer 2", "DPoP": f"GET {API} 2"}


def test_the_headers_do_not_show() -> None:
    """They print as a mask, and refuse to be pickled."""
    headers = next(Attempts(FakeSource(), "GET", API)).headers
    assert repr(headers) == "{'Authorization': '***'}"
    with pytest.raises(TypeError, match="cannot pickle a header that presents a token"):
        pickle.dumps(headers)


def test_the_call_itself_does_nothing() -> None:
    """Neither a foreign origin nor a token request that fails is met before the first iteration."""
    source = FakeSource()
    loop = Attempts(source, "GET", "https://evil.example")
    assert source.said == []
    with pytest.raises(OriginNotAllowed):
        next(loop)
    assert source.said == [], "the origin is judged before a token is requested"
    assert next(loop, None) is None, "the loop has ended"
    source.error = TokenRequestError()
    with pytest.raises(TokenRequestError):
        next(Attempts(source, "GET", API))


def test_a_renewal_that_fails_raises() -> None:
    """The error of the next token ends the loop."""
    source = FakeSource()
    loop = Attempts(source, "GET", API)
    assert next(loop).heard(401, {})
    source.error = TokenRequestError()
    with pytest.raises(TokenRequestError):
        next(loop)
    assert next(loop, None) is None


def test_one_object_is_one_request() -> None:
    """To iterate again is an error, however the first time ended; what hooks take one by one is one iteration."""
    loop = Attempts(FakeSource(), "GET", API)
    for _ in loop:
        break
    with pytest.raises(RuntimeError, match="once for each request"):
        iter(loop)
    with pytest.raises(RuntimeError, match="once for each request"):
        aiter(loop)
    loop = Attempts(FakeSource(), "GET", API)
    assert iter(iter(loop)) is loop
    assert next(loop).heard(401, {})
    assert next(loop, None) is not None
    assert next(loop, None) is None


def test_an_attempt_that_was_not_heard_ends_the_loop() -> None:
    """Nothing came back that could be judged."""
    loop = Attempts(FakeSource(), "GET", API)
    next(loop)
    assert next(loop, None) is None


def test_the_first_answer_counts() -> None:
    """A second call of `heard` changes nothing, in the loop or at the source."""
    source = FakeSource()
    loop = Attempts(source, "GET", API)
    attempt = next(loop)
    assert attempt.heard(401, {})
    assert attempt.heard(200, {})
    assert source.said == ["obtain by None", "reject 1"]


def test_it_ends_while_renewals_are_held_back() -> None:
    """Nothing is sent again where the source says that no other token can be obtained now."""
    source = FakeSource()
    source.held = True
    assert sends(Attempts(source, "GET", API), 401) == ["Bearer 1"]


def test_it_ends_where_the_fresh_token_is_the_same() -> None:
    """A server that hands out the running token again has not renewed it; the refused answer is the last."""
    source = FakeSource()
    loop = Attempts(source, "GET", API)
    assert next(loop).heard(401, {})
    source.next = 1
    assert next(loop, None) is None


def test_it_ends_where_the_body_is_gone() -> None:
    """The next token is then obtained in the background, and not waited for."""
    cases: list[Any] = [False, lambda: False]
    for replayable in cases:
        source = FakeSource()
        assert sends(Attempts(source, "POST", API, replayable=replayable, library="httpx"), 401) == ["Bearer 1"]
        assert source.said == ["obtain by httpx", "reject 1", "prefetch by httpx"]


def test_the_body_is_asked_about_after_a_refusal_only() -> None:
    """To look may cost a rewind."""
    asked: list[None] = []

    def replayable() -> bool:
        asked.append(None)
        return True

    assert sends(Attempts(FakeSource(), "GET", API, replayable=replayable), 200) == ["Bearer 1"]
    assert asked == []
    assert len(sends(Attempts(FakeSource(), "GET", API, replayable=replayable), 401, 200)) == 2
    assert len(asked) == 1


def test_an_answer_from_elsewhere() -> None:
    """After redirects another origin is judged only where it was named: elsewhere, our token was not what it refused,
    nor what it took.
    """
    cases: list[tuple[ResourceServer, str, bool]] = [
        (PINNED, "https://files.example.com/x", True),
        (PINNED, "https://api.example.com/other", True),
        (PINNED, "https://evil.example/x", False),
        (PINNED, "not a url", False),
        (ResourceServer(), "https://files.example.com/x", False),
        (ResourceServer(), "https://api.example.com/other", True),
        (ResourceServer(), "HTTPS://API.example.com:443/things#part", True),
    ]
    for server, url, counts in cases:
        source = FakeSource(server)
        assert next(Attempts(source, "GET", API)).heard(401, {}, url=url) is counts
        assert ("reject 1" in source.said) is counts
        source = FakeSource(server)
        assert not next(Attempts(source, "GET", API)).heard(200, {}, url=url)
        assert ("accept 1" in source.said) is counts


def test_what_was_redirected_is_repeated_only_if_it_is_safe() -> None:
    """A POST that ended somewhere else may have been carried out; the next token is then obtained in the background."""
    cases: list[tuple[str, str, bool]] = [
        ("POST", API, True),
        ("POST", f"{API}#part", True),
        ("POST", "https://API.example.com:443/thing%73", True),
        ("POST", f"{API}/other", False),
        ("PUT", f"{API}?page=2", False),
        ("GET", f"{API}/other", True),
        ("get", f"{API}/other", True),
    ]
    for method, url, again in cases:
        source = FakeSource()
        assert next(Attempts(source, method, API)).heard(401, {}, url=url) is again
        assert source.said[1:] == (["reject 1"] if again else ["reject 1", "prefetch by None"])


def test_a_url_without_a_path_is_one_with_a_slash() -> None:
    """As in what is sent (RFC 9110 §4.2.3)."""
    loop = Attempts(FakeSource(), "POST", "https://api.example.com?x=1")
    assert next(loop).heard(401, {}, url="https://api.example.com/?x=1")


def test_what_an_answer_says_is_asked_where_it_matters() -> None:
    """`error` is a value, or a function that is called only for an answer whose status and challenge leave it open."""
    server = ResourceServer(renew_on={200, 401}, renew_if=lambda error: error.code == "dead")
    dead = ApiError("dead", None, 200)
    asked: list[None] = []

    def said() -> ApiError:
        asked.append(None)
        return dead

    def heard(status: int, challenge: str | None = None, **kw: Any) -> bool:
        headers = {} if challenge is None else {"WWW-Authenticate": challenge}
        return next(Attempts(FakeSource(server), "GET", API)).heard(status, headers, **kw)

    assert heard(200, error=dead)
    assert heard(200, error=said)
    assert not heard(200)
    assert heard(401)
    assert not heard(401, error=ApiError("alive", None, 401))
    assert len(asked) == 1
    assert not heard(404, error=said)
    assert not heard(401, "Basic", error=said)
    assert len(asked) == 1


def test_a_function_that_raises_leaves_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    """The caller gets the answer, and a line in the log without what the function said."""

    def said() -> ApiError:
        message = "secret"
        raise KeyError(message)

    server = ResourceServer(renew_if=lambda _: True)
    assert not next(Attempts(FakeSource(server), "GET", API)).heard(401, {}, error=said)
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text


def test_what_counts_as_taken() -> None:
    """An answer below 500 that is no refusal says that the token is good; one above says nothing."""
    cases: list[tuple[int, bool]] = [(200, True), (302, True), (403, True), (404, True), (500, False)]
    for status, accepted in cases:
        source = FakeSource()
        next(Attempts(source, "GET", API)).heard(status, {})
        assert ("accept 1" in source.said) is accepted


class GetAll(dict[str, str]):
    """Headers as email.message keeps them."""

    def get_all(self, name: str) -> list[str]:
        """Return every field."""
        return [self[name], 'Bearer error="invalid_token"']


def test_every_field_counts() -> None:
    """RFC 9110 §5.3: names in any case, several fields of one name as one list."""
    cases: list[tuple[Any, str | None]] = [
        ({}, None),
        ({"www-authenticate": "Basic"}, "Basic"),
        ({"WWW-AUTHENTICATE": "Basic"}, "Basic"),
        ({"WWW-Authenticate": "Basic", "www-authenticate": "Bearer"}, "Basic, Bearer"),
        (CIMultiDict([("WWW-Authenticate", "Basic"), ("www-authenticate", "Bearer")]), "Basic, Bearer"),
        (GetAll({"www-authenticate": "Basic"}), 'Basic, Bearer error="invalid_token"'),
    ]
    for headers, value in cases:
        assert field_of(headers, "WWW-Authenticate") == value


def test_async() -> None:
    """`async for` and `anext` are the same loop."""

    async def main() -> None:
        source, tokens = FakeSource(presenter=Proven), []
        answers = iter([(401, {"WWW-Authenticate": "DPoP error=use_dpop_nonce"}), (401, {}), (200, {})])
        async for attempt in Attempts(source, "GET", API):
            tokens.append(attempt.headers["Authorization"])
            attempt.heard(*next(answers))
        assert tokens == ["Bearer 1", "Bearer 1", "Bearer 2"]
        loop = Attempts(source, "GET", API)
        assert (await anext(loop)).heard(401, {})
        source.next = 2
        with pytest.raises(StopAsyncIteration):
            await anext(loop)
        with pytest.raises(StopAsyncIteration):
            await anext(loop)

    anyio.run(main)
