"""Tests of one exchange: attempts, their time, the secret's source, and what an error may say."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NoReturn
from urllib.parse import quote, quote_plus

import pytest
from loopback import SECRET, TOKEN, Clock, grant_for

from oauth_cc_auth import (
    AuthorizationCode,
    ConfigurationError,
    Discovery,
    InvalidClient,
    InvalidScope,
    InvalidTokenResponse,
    OAuthError,
    RequestFormat,
    Token,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
)
from oauth_cc_auth._authorization_server import exchange as _exchange
from oauth_cc_auth._authorization_server.budget import Budget
from oauth_cc_auth._authorization_server.client_secret import secret_of
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._http.messages import HttpRequest, HttpResponse

GOOD = HttpResponse(200, {}, b'{"access_token": "%s", "expires_in": 60}' % TOKEN.encode())
REFUSED = HttpResponse(401, {}, b'{"error": "invalid_client"}')


class Script:
    """A sender that plays answers and exceptions in turn, the last for ever, and keeps the requests."""

    def __init__(self, *turns: Any) -> None:
        """Play these: answers, exceptions, or functions of the request."""
        self.turns = list(turns)
        self.requests: list[HttpRequest] = []
        self.timeouts: list[float] = []

    def __call__(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Play the next."""
        self.requests.append(request)
        self.timeouts.append(timeout)
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, BaseException):
            raise turn
        answer: HttpResponse = turn if isinstance(turn, HttpResponse) else turn(request)
        return answer


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch, full_pauses: None) -> Iterator[list[float]]:
    """Let no time pass in pauses but by the clock that measures them; return how long they were."""
    slept: list[float] = []
    real = time.monotonic

    def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: real() + sum(slept))
    monkeypatch.setattr("random.random", lambda: 1.0)
    yield slept
    monkeypatch.undo()


def exchange_by(
    sender: Any, timeout: float = 10.0, clock: Callable[[], float] | None = None, **changes: Any
) -> Exchange:
    """Return an exchange that sends by this sender."""
    return Exchange(grant_for(**changes), sender, timeout, clock or Clock())


def unavailable(status: int | None = None, retry_after: float | None = None) -> TokenEndpointUnavailable:
    """Return the error that a sender raises where no answer came."""
    return TokenEndpointUnavailable(status_code=status, retry_after=retry_after)


def status(code: int, **headers: str) -> HttpResponse:
    """Return an empty answer."""
    return HttpResponse(code, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


def test_a_process_that_stood_still_tries_again(pauses: list[float]) -> None:
    """An attempt during which everything was stopped for an hour uses up no time: the server had none to answer."""

    def stopped(_: HttpRequest) -> HttpResponse:
        pauses.append(3600.0)
        raise unavailable()

    sender = Script(stopped, GOOD)
    assert exchange_by(sender).fetch(None).access_token == TOKEN
    assert len(sender.requests) == 2


def test_one_request_one_token() -> None:
    """A token counts from the moment before the request was sent, by the clock that was handed in."""
    clock = Clock(500.0)

    def answer(_: HttpRequest) -> HttpResponse:
        clock.now += 3.0
        return GOOD

    sender = Script(answer)
    token = exchange_by(sender, clock=clock).fetch(None)
    assert token.access_token == TOKEN
    assert (token.obtained_at, token.expires_at) == (500.0, 560.0)
    assert len(sender.requests) == 1


@pytest.mark.parametrize("turn", [unavailable(), status(429), status(500), status(502), status(503), status(504)])
def test_what_may_pass_is_tried_again(turn: object, pauses: list[float]) -> None:
    """Connection errors, 429, 500, 502, 503 and 504 are tried again after 0.2, 0.4 and 0.8 s, by equal requests."""
    sender = Script(turn, turn, turn, GOOD)
    assert exchange_by(sender).fetch(None).access_token == TOKEN
    assert pauses == pytest.approx([0.2, 0.4, 0.8])
    assert [request.body for request in sender.requests] == [sender.requests[0].body] * 4


@pytest.mark.parametrize("turn", [unavailable(), status(503)])
def test_four_attempts_and_no_more(turn: object, pauses: list[float]) -> None:
    """Three retries at most; then the error says what it was."""
    sender = Script(turn)
    with pytest.raises(TokenEndpointUnavailable):
        exchange_by(sender).fetch(None)
    assert len(sender.requests) == 4


@pytest.mark.parametrize(
    ("turn", "cls"),
    [
        (REFUSED, InvalidClient),
        (HttpResponse(400, {}, b'{"error": "invalid_scope"}'), InvalidScope),
        (HttpResponse(503, {}, b'{"error": "invalid_scope"}'), InvalidScope),
        (HttpResponse(200, {}, b"[]"), InvalidTokenResponse),
        (status(404), InvalidTokenResponse),
        (status(308, location="https://evil.example"), InvalidTokenResponse),
        (status(501), TokenEndpointUnavailable),
    ],
)
def test_a_refusal_is_never_repeated(turn: object, cls: type[OAuthError], pauses: list[float]) -> None:
    """OAuth errors, redirects and what is no token are final: one request."""
    sender = Script(turn)
    with pytest.raises(cls):
        exchange_by(sender).fetch(None)
    assert len(sender.requests) == 1
    assert pauses == []


def test_a_short_retry_after_is_waited_for(pauses: list[float]) -> None:
    """Case 25: the server's pause is kept, where it fits into two timeouts."""
    sender = Script(status(503, retry_after="7"), GOOD)
    assert exchange_by(sender).fetch(None).access_token == TOKEN
    assert pauses == [7.0]


@pytest.mark.parametrize("code", [429, 503])
def test_a_long_retry_after_is_not_waited_for(code: int, pauses: list[float]) -> None:
    """Case 25: a pause that is longer than the budget is told to whoever remembers it."""
    sender = Script(status(code, retry_after="30"))
    with pytest.raises(TokenEndpointUnavailable) as caught:
        exchange_by(sender).fetch(None)
    assert caught.value.retry_after == 30.0
    assert len(sender.requests) == 1
    assert pauses == []


def test_all_attempts_together_have_two_timeouts(pauses: list[float]) -> None:
    """Nothing is begun that cannot be finished within twice the timeout; the last attempt gets what is left."""
    sender = Script(status(503, retry_after="9"))
    with pytest.raises(TokenEndpointUnavailable):
        exchange_by(sender).fetch(None)
    assert pauses == [9.0, 9.0]
    assert sender.timeouts == pytest.approx([10.0, 10.0, 2.0], abs=0.5)


def test_a_sender_that_hangs_is_left_behind() -> None:
    """After `timeout` an attempt is over, whatever hangs: a name's lookup, a dripping answer. All end in time."""
    release = threading.Event()

    def hang(_: HttpRequest) -> HttpResponse:
        release.wait(20)
        return GOOD

    sender = Script(hang)
    start = time.monotonic()
    try:
        with pytest.raises(TokenEndpointUnavailable, match="no complete answer in"):
            exchange_by(sender, timeout=0.1).fetch(None)
        assert 0.09 < time.monotonic() - start < 10.0
        assert len(sender.requests) >= 2
    finally:
        release.set()


def test_a_sender_that_hangs_once_is_tried_again() -> None:
    """A single attempt that hangs costs one timeout, and the next brings the token."""
    release = threading.Event()

    def hang(_: HttpRequest) -> HttpResponse:
        release.wait(20)
        return REFUSED

    try:
        assert exchange_by(Script(hang, GOOD), timeout=1.0).fetch(None).access_token == TOKEN
    finally:
        release.set()


def test_a_machine_that_stands_still_in_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wakes up when all the time is over still asks once more, and has a moment for it."""
    slept, real = [0.0], time.monotonic
    monkeypatch.setattr(time, "sleep", lambda _: slept.append(100.0))
    monkeypatch.setattr(time, "monotonic", lambda: real() + sum(slept))
    sender = Script(unavailable(), GOOD)
    assert exchange_by(sender).fetch(None).access_token == TOKEN
    assert sender.timeouts == [10.0, 0.5]


def test_an_error_without_a_code_is_quoted() -> None:
    """What the server said stands in the message, without the secret that it may have repeated."""
    answer = HttpResponse(400, {}, f'{{"msg": "no {SECRET}"}}'.encode())
    with pytest.raises(InvalidTokenResponse, match=r"which says: no \*\*\*"):
        exchange_by(Script(answer)).fetch(None)


class Secrets:
    """A secret's source that gives one after the other, the last for ever."""

    def __init__(self, *secrets: Any) -> None:
        """Give these."""
        self.secrets = list(secrets)
        self.reads = 0

    def __call__(self) -> str:
        """Give the next."""
        self.reads += 1
        secret: str = self.secrets.pop(0) if len(self.secrets) > 1 else self.secrets[0]
        return secret


def right_is(secret: str) -> Callable[[HttpRequest], HttpResponse]:
    """Return a server that takes this secret."""
    return lambda request: GOOD if f"client_secret={secret}" in request.body.decode() else REFUSED


def test_a_rotated_secret_is_read_again() -> None:
    """Case 39: on invalid_client the secret's source is read once more, and a new secret is tried once."""
    secrets, sender = Secrets("old", "new"), Script(right_is("new"))
    exchange = exchange_by(sender, client_secret=secrets, token_endpoint_auth_method="client_secret_post")
    assert exchange.fetch(None).access_token == TOKEN
    assert secrets.reads == 2
    assert len(sender.requests) == 2


@pytest.mark.parametrize(("given", "reads", "requests"), [(["same"], 2, 1), (["old", "also old", "new"], 2, 2)])
def test_a_wrong_secret_is_not_tried_for_ever(given: list[str], reads: int, requests: int) -> None:
    """Case 39: the same secret is not sent again, and a second refusal is final."""
    secrets, sender = Secrets(*given), Script(REFUSED)
    with pytest.raises(InvalidClient):
        exchange_by(sender, client_secret=secrets).fetch(None)
    assert (secrets.reads, len(sender.requests)) == (reads, requests)


def test_a_source_that_fails_when_it_is_read_again(caplog: pytest.LogCaptureFixture) -> None:
    """Case 39: then the refusal is what the caller gets, and the failure of the source is logged."""

    class Failing(Secrets):
        def __call__(self) -> str:
            if self.reads:
                raise KeyError(SECRET)
            return super().__call__()

    with pytest.raises(InvalidClient):
        exchange_by(Script(REFUSED), client_secret=Failing("old")).fetch(None)
    assert "raised KeyError" in caplog.text
    assert SECRET not in caplog.text


def test_a_secret_that_is_right_is_read_once() -> None:
    """Case 39: without a refusal nobody asks the source again, also where the network fails on the way."""
    secrets, sender = Secrets("right"), Script(unavailable(), GOOD)
    exchange_by(sender, timeout=2.0, client_secret=secrets).fetch(None)
    assert secrets.reads == 1


def test_a_secret_in_a_string_is_not_tried_again() -> None:
    """Case 39: a string does not change, so a refusal is final."""
    sender = Script(REFUSED)
    with pytest.raises(InvalidClient):
        exchange_by(sender).fetch(None)
    assert len(sender.requests) == 1


@pytest.mark.parametrize("secret", ["", None, 5, b"bytes", "\ud800"])
def test_a_source_that_gives_nothing_usable(secret: object) -> None:
    """What is no secret is a ConfigurationError that names the argument, before anything is sent."""
    sender = Script(GOOD)
    with pytest.raises(ConfigurationError, match="client_secret: the callable returned"):
        exchange_by(sender, client_secret=Secrets(secret)).fetch(None)
    assert sender.requests == []


def test_a_source_that_raises() -> None:
    """The error names the argument and keeps the cause, without its frames."""

    def ask_vault() -> NoReturn:
        held = SECRET
        raise KeyError(len(held))

    with pytest.raises(
        ConfigurationError, match="client_secret: the callable that returns it raised KeyError"
    ) as caught:
        secret_of(grant_for(client_secret=ask_vault))
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.__cause__.__traceback__ is None
    assert secret_of(grant_for()) == SECRET
    assert secret_of(grant_for(client_secret=None, token_endpoint_auth_method="none")) is None


class Counted(Budget):
    """Counts what is sent by a script, which may be sent so often."""

    def __init__(self, sender: Script, count: int) -> None:
        """Begin."""
        super().__init__(grant_for(), None)
        self.sender, self.left = sender, count
        self.said: list[object] = []

    def spend(self, now: float) -> None:
        """Note how many requests were sent before this one, and when."""
        if not self.left:
            raise TokenBudgetExceeded("no more")
        self.left -= 1
        self.said.append((len(self.sender.requests), now))

    def refund(self, error: OAuthError, now: float) -> None:
        """Note the error, and when it came."""
        self.said.append((type(error), now))


def test_each_attempt_is_counted_before_it_is_sent(pauses: list[float]) -> None:
    """Whoever counts is told of each attempt, and of how it ended where it brought no token."""
    clock = Clock(500.0)

    def fail(_: HttpRequest) -> HttpResponse:
        clock.now += 3.0
        return status(503)

    sender = Script(fail, GOOD)
    count = Counted(sender, 2)
    assert exchange_by(sender, clock=clock).fetch(None, budget=count).access_token == TOKEN
    assert count.said == [(0, 500.0), (TokenEndpointUnavailable, 503.0), (1, 503.0)]


def test_what_may_not_be_sent_is_not() -> None:
    """Where the first attempt may not be made, the caller learns why."""
    sender = Script(GOOD)
    with pytest.raises(TokenBudgetExceeded):
        exchange_by(sender).fetch(None, budget=Counted(sender, 0))
    assert sender.requests == []


def test_a_budget_that_ends_between_attempts(pauses: list[float]) -> None:
    """Then nothing more is sent, and the caller learns what the last attempt has met."""
    cause = OSError("the reason")
    failed = unavailable()
    failed.__cause__ = cause
    sender = Script(status(502), failed)
    with pytest.raises(TokenEndpointUnavailable) as caught:
        exchange_by(sender).fetch(None, budget=Counted(sender, 2))
    assert caught.value.status_code is None
    assert caught.value.__cause__ is cause
    assert (len(sender.requests), len(pauses)) == (2, 2)
    assert caught.value.__context__ is None
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "_attempt" not in frames, "a frame that holds what was sent"


def test_what_is_never_made_is_not_counted() -> None:
    """A header that cannot be written uses up nothing."""
    sender = Script(GOOD)
    count = Counted(sender, 1)
    with pytest.raises(ConfigurationError):
        exchange_by(sender, headers={"X": Secrets(None)}).fetch(None, budget=count)
    assert (sender.requests, count.said) == ([], [])


def test_an_attempt_with_a_rotated_secret_is_counted() -> None:
    """It is a token request like any other; the refused one is told as refused."""
    secrets, sender = Secrets("old", "new"), Script(right_is("new"))
    count = Counted(sender, 2)
    exchange = exchange_by(sender, client_secret=secrets, token_endpoint_auth_method="client_secret_post")
    exchange.fetch(None, budget=count)
    assert count.said == [(0, exchange.clock()), (InvalidClient, exchange.clock()), (1, exchange.clock())]


def test_only_token_requests_are_counted(pauses: list[float]) -> None:
    """A request for the server's metadata issues no token."""
    metadata = HttpResponse(200, {}, b'{"token_endpoint": "https://as.example.com/token"}')
    sender = Script(status(503), metadata, GOOD)
    count = Counted(sender, 1)
    where = Discovery("https://as.example.com/.well-known/oauth-authorization-server")
    assert exchange_by(sender, token_endpoint=where).fetch(None, budget=count).access_token == TOKEN
    assert count.said == [(2, Clock().now)]


def test_a_source_that_says_what_to_do_is_not_talked_over() -> None:
    """The ConfigurationError of an environment variable or a file is what the caller gets."""

    def say() -> NoReturn:
        raise ConfigurationError("set the variable")

    with pytest.raises(ConfigurationError, match=r"^set the variable$"):
        secret_of(grant_for(client_secret=say))


def test_revocation() -> None:
    """RFC 7009: the token is sent to the revocation endpoint; its failure is typed as at the token endpoint."""
    endpoint = "https://as.example.com/revoke"
    sender = Script(status(200))
    exchange_by(sender, revocation_endpoint=endpoint).revoke(Token(TOKEN))
    assert sender.requests[0].url == endpoint
    assert f"token={TOKEN}" in sender.requests[0].body.decode()
    echo = HttpResponse(400, {}, b'{"error": "nope", "error_description": "%s"}' % TOKEN.encode())
    with pytest.raises(TokenRequestError) as caught:
        exchange_by(Script(echo), revocation_endpoint=endpoint).revoke(Token(TOKEN))
    assert TOKEN not in str(caught.value)


def shown_by(error: BaseException) -> str:
    """Return everything that is shown of an exception: texts, fields, causes, frames with their locals."""
    texts = ["".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())]
    here: BaseException | None = error
    while here is not None:
        texts += [str(here), repr(here), repr(here.args), repr(vars(here))]
        here = here.__cause__ or here.__context__
    return "\n".join(texts)


ECHOES: list[Callable[[str, HttpRequest], HttpResponse]] = [
    lambda text, _: answer_with(400, f'{{"error": "nope", "error_description": "wrong: {text}"}}'),
    lambda text, _: answer_with(400, f'{{"error": "{text}"}}'),
    lambda text, _: answer_with(400, f'{{"error": "nope", "error_uri": "https://x/?{text}"}}'),
    lambda text, _: answer_with(200, f'{{"error": {{"message": "{text}"}}}}'),
    lambda text, _: answer_with(200, f'{{"access_token": "t", "token_type": "{text}"}}'),
    lambda text, _: answer_with(307, "", location=f"https://evil.example/{text}"),
    lambda text, _: answer_with(503, f'{{"error": "down", "error_description": "{text}"}}'),
    lambda _, request: answer_with(
        401, f'{{"error": "invalid_client", "error_description": "{request.headers.get("Authorization", "")}"}}'
    ),
    lambda _, request: answer_with(401, f'{{"error": "x", "error_description": "{request.body.decode()}"}}'),
]


def answer_with(code: int, body: str, **headers: str) -> HttpResponse:
    """Return an answer."""
    return HttpResponse(code, headers, body.encode())


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "client_secret_basic_raw"])
def test_an_echo_is_masked(method: Any, pauses: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """Case 37: a server that echoes secret, Basic header or refresh token gets them into no message, field or log."""
    grant = AuthorizationCode(
        token_endpoint="https://as.example.com/token",
        client_id="client",
        client_secret=SECRET,
        refresh_token="canary-first-refresh",
        token_endpoint_auth_method=method,
    )
    texts = [SECRET, quote_plus(SECRET), "canary-first-refresh", "canary-second-refresh"]
    caplog.set_level(logging.DEBUG)
    for echo, text in product(ECHOES, texts):
        sender = Script(lambda request, echo=echo, text=text: echo(text, request))
        previous = Token(TOKEN, refresh_token="canary-second-refresh")
        with pytest.raises(TokenRequestError) as caught:
            Exchange(grant, sender, 10.0, Clock()).fetch(previous)
        sent = sender.requests[0].headers.get("Authorization", "Basic nothing").removeprefix("Basic ")
        for secret in [*texts, sent]:
            assert secret not in str(caught.value)
            assert secret not in repr(vars(caught.value))
            assert secret not in caplog.text


@pytest.mark.parametrize("place", ["error_description", "location", "token_type"])
def test_an_echo_that_is_cut_is_masked(place: str) -> None:
    """Case 37: a text is masked before it is cut, so that no part of a secret is left over."""
    secret = "canary" * 30
    cut = {"error_description": 500, "location": 200, "token_type": 200}[place]
    for before in range(440, 500, 7):
        padding = "x" * max(before - 500 + cut, 0)
        answer = {
            "error_description": answer_with(400, f'{{"error": "nope", "error_description": "{padding}{secret}"}}'),
            "location": answer_with(307, "", location=f"https://as.example.com/{padding[23:]}{secret}"),
            "token_type": answer_with(200, f'{{"access_token": "t", "token_type": "{padding}{secret}"}}'),
        }[place]
        with pytest.raises(TokenRequestError) as caught:
            exchange_by(Script(answer), client_secret=secret).fetch(None)
        for text in (str(caught.value), repr(vars(caught.value))):
            assert "canary" not in text


def test_a_client_without_a_secret_has_its_tokens_masked() -> None:
    """Case 37: a public client has no secret, but a refresh token that a server may echo."""
    grant = AuthorizationCode(
        token_endpoint="https://as.example.com/token",
        client_id="client",
        refresh_token="canary-refresh",
        token_endpoint_auth_method="none",
    )
    echo = answer_with(400, '{"error": "nope", "error_description": "canary-refresh"}')
    with pytest.raises(TokenRequestError) as caught:
        Exchange(grant, Script(echo), 10.0, Clock()).fetch(None)
    assert caught.value.error_description == "***"


def saying(what: str) -> Callable[[HttpRequest], HttpResponse]:
    """Return a server that quotes what it was sent: in its message, in a header, and encoded once more in another."""

    def answer(request: HttpRequest) -> HttpResponse:
        said = {"body": request.body.decode(), "headers": str(dict(request.headers)), "url": request.url}[what]
        body = json.dumps({"error": "invalid_request", "error_description": said})
        return answer_with(400, body, location=quote(said), warning=said)

    return answer


def told_by(error: TokenRequestError) -> str:
    """Return what an error tells: its message and its fields."""
    return f"{error} {vars(error)} {dict(error.headers)}"


@pytest.mark.parametrize(
    "form",
    [
        RequestFormat(),
        RequestFormat(body="json"),
        RequestFormat("GET"),
        RequestFormat(names={"client_assertion": "proof"}),
        RequestFormat(query=["client_assertion"]),
    ],
)
def test_an_assertion_that_is_echoed_is_masked(form: RequestFormat) -> None:
    """RFC 7523 §2.2: an assertion is as good as a secret while it lives, and is in no message wherever it was sent."""
    for what in ("body", "url"):
        sender = Script(saying(what))
        exchange = exchange_by(sender, token_endpoint_auth_method="client_secret_jwt", token_request=form)
        with pytest.raises(TokenRequestError) as caught:
            exchange.fetch(None)
        sent = f"{sender.requests[0].url} {sender.requests[0].body.decode()}"
        assertion = re.findall(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+", sent)[0]
        assert assertion not in told_by(caught.value)
        assert assertion.rpartition(".")[2] not in told_by(caught.value)


def test_headers_that_are_echoed_are_masked() -> None:
    """What a function wrote to prove the client is masked as it was sent, and so is a key among the grant's headers."""
    nonces = iter(["canary-nonce-1", "canary-nonce-2", "canary-nonce-3"])
    sender = Script(saying("headers"))
    exchange = exchange_by(
        sender,
        token_endpoint_auth_method=lambda _id, _secret: {"X-Signature": f"Signed {next(nonces)}"},
        headers={
            "Ocp-Apim-Subscription-Key": "canary-key",
            "User-Agent": "our-program",
            "X-Request-Id": "the-request",
            "X-Client": "client",
        },
    )
    with pytest.raises(TokenRequestError) as caught:
        exchange.fetch(None)
    assert sender.requests[0].headers["X-Signature"] == "Signed canary-nonce-1"
    told = told_by(caught.value)
    assert "canary" not in told
    for harmless in ("application/json", "our-program", "the-request", "'X-Client': 'client'"):
        assert harmless in told
    assert next(nonces) == "canary-nonce-2", "the function was asked again for what it had sent"


@pytest.mark.parametrize("name", ["password", "assertion", "subject_token"])
def test_a_users_secret_that_is_echoed_is_masked(name: str) -> None:
    """RFC 6749 §4.3, RFC 7523 §2.1, RFC 8693 §2.1: a password or an assertion among the parameters is a secret."""
    with pytest.raises(TokenRequestError) as caught:
        exchange_by(Script(saying("body")), parameters={name: "canary pass"}).fetch(None)
    assert "canary" not in told_by(caught.value)


def test_success_says_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Case 37: the log at DEBUG says where a token came from and how long it lives."""
    caplog.set_level(logging.DEBUG)
    exchange = exchange_by(Script(GOOD))
    exchange.fetch(None)
    assert "https://as.example.com/token" in caplog.text
    assert "60" in caplog.text
    for text in (caplog.text, repr(exchange)):
        assert SECRET not in text
        assert TOKEN not in text


def test_retries_are_logged(pauses: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """Whoever looks for a reason finds each failed attempt at DEBUG."""
    caplog.set_level(logging.DEBUG)
    exchange_by(Script(unavailable(), status(502), GOOD)).fetch(None)
    assert caplog.text.count("token request failed, again in") == 2


def test_what_a_timeout_leaves_behind_shows_nothing() -> None:
    """Case 37: the cause of a timeout has no frames."""
    release = threading.Event()
    try:
        with pytest.raises(TokenEndpointUnavailable) as caught:
            exchange_by(Script(lambda _: release.wait(20)), timeout=0.02).fetch(None)
    finally:
        release.set()
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert caught.value.__cause__.__traceback__ is None


def test_numbers() -> None:
    """The contract's number: all attempts within 2 x timeout."""
    assert _exchange.BUDGET == 2.0
