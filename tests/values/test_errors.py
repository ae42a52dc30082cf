"""Tests of the error tree."""

from __future__ import annotations

import builtins
import copy
import pickle
from collections.abc import Callable
from itertools import product
from typing import Any

import httpx
import pytest
import requests
from loopback import SECRET, TOKEN

from oauth_cc_auth import errors
from oauth_cc_auth._raising import also, copy_of, raised_as, scrubbed
from oauth_cc_auth.errors import (
    CLASS_OF_CODE,
    ConfigurationError,
    InteractionRequired,
    InvalidClient,
    InvalidGrant,
    InvalidTokenResponse,
    OAuthError,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
)

OF_THE_TOKEN_REQUEST = [
    "InvalidClient",
    "InvalidGrant",
    "InvalidRequest",
    "InvalidScope",
    "InvalidTokenResponse",
    "TokenEndpointUnavailable",
    "UnauthorizedClient",
    "UnsupportedGrantType",
]
OTHERS = ["ConfigurationError", "InsecureTransport", "InteractionRequired", "OriginNotAllowed", "TokenBudgetExceeded"]
LIBRARY_BASES = [None, requests.RequestException, httpx.HTTPError]


def pickled(error: OAuthError) -> OAuthError:
    """Return what is left after a journey through pickle."""
    back: OAuthError = pickle.loads(pickle.dumps(error))
    return back


def sample(name: str) -> OAuthError:
    """Return an error of the class with this name, with all its fields."""
    cls = getattr(errors, name)
    error: OAuthError
    if issubclass(cls, TokenRequestError):
        error = cls("some_code", "some words", "https://as.example.com/e", 400, 7.5)
    elif cls is TokenBudgetExceeded:
        error = cls("some words", retry_after=7.5)
    else:
        error = cls("some words")
    return error


def test_the_tree() -> None:
    """OAuthError is the root, TokenRequestError the branch of what the token endpoint did."""
    for name in (*OTHERS, *OF_THE_TOKEN_REQUEST, "TokenRequestError"):
        cls = getattr(errors, name)
        assert issubclass(cls, OAuthError)
        assert issubclass(cls, TokenRequestError) == (name not in OTHERS)
        assert issubclass(cls, ValueError) == (cls is ConfigurationError)


def test_what_the_server_said_is_masked_and_our_advice_is_not() -> None:
    """Case 37: fields and message lose the secret, whose word may be one of ours; codes of RFC 6749 stay readable."""

    def mask(text: str) -> str:
        return text.replace("client", "***")

    error = InvalidClient("invalid_client", "the client is wrong", "https://e/client", 401)
    error.masked_by(mask)
    assert (error.error, error.error_description) == ("invalid_client", "the *** is wrong")
    assert error.error_uri == "https://e/***"
    assert str(error) == f"invalid_client: the *** is wrong (HTTP 401) [https://e/***]. {InvalidClient.advice}"
    other = TokenRequestError("client_unknown", message="Said of the client.")
    other.masked_by(mask)
    assert (other.error, other.error_description, other.error_uri) == ("***_unknown", None, None)
    assert str(other) == f"Said of the ***. {TokenRequestError.advice}"


def test_codes() -> None:
    """Case 13: each code of RFC 6749 §5.2 has its class, and two of §4.1.2.1 that token endpoints send too."""
    assert {code: cls.__name__ for code, cls in CLASS_OF_CODE.items()} == {
        "invalid_request": "InvalidRequest",
        "invalid_client": "InvalidClient",
        "invalid_grant": "InvalidGrant",
        "unauthorized_client": "UnauthorizedClient",
        "unsupported_grant_type": "UnsupportedGrantType",
        "invalid_scope": "InvalidScope",
        "server_error": "TokenEndpointUnavailable",
        "temporarily_unavailable": "TokenEndpointUnavailable",
    }


def test_message() -> None:
    """The message says what the server said, then what to do next."""
    cases: list[tuple[TokenRequestError, str]] = [
        (TokenRequestError(), "The token endpoint gave no token. "),
        (TokenRequestError("nope"), "nope. "),
        (TokenRequestError("nope", "because"), "nope: because. "),
        (TokenRequestError("nope", "because", "https://e", 400), "nope: because (HTTP 400) [https://e]. "),
        (TokenRequestError("nope", "Because.", status_code=400), "nope: Because (HTTP 400). "),
        (TokenRequestError(None, "Because.", status_code=400), "Because (HTTP 400). "),
        (TokenRequestError("nope", status_code=400, request_id="r-1"), "nope (HTTP 400, request r-1). "),
        (TokenRequestError(status_code=502), "The token endpoint answered HTTP 502. "),
        (TokenRequestError(status_code=502, request_id="r-1"), "The token endpoint answered HTTP 502, request r-1. "),
        (TokenRequestError("nope", message="Said otherwise."), "Said otherwise. "),
    ]
    for error, beginning in cases:
        assert str(error) == beginning + TokenRequestError.advice


def test_advice() -> None:
    """Each error of the token request says something of its own about what to do next."""
    for name in OF_THE_TOKEN_REQUEST:
        cls = getattr(errors, name)
        assert cls.advice != TokenRequestError.advice
        assert str(cls("code")).endswith(cls.advice)
    error = InvalidClient("code", "as the server said it")
    error.advise("Look here.")
    assert (error.error_description, "Look here." in str(error)) == ("as the server said it", True)


def test_a_server_that_wants_to_be_left_alone() -> None:
    """429 and 503 with Retry-After say for how long, and do not send anybody to check the network."""
    cases: list[tuple[float, str]] = [(30.0, "30 s"), (0.2, "1 s"), (86400, "86,400 s")]
    for asked, said in cases:
        error = TokenEndpointUnavailable(None, "Slow down.", status_code=429, retry_after=asked)
        beginning, _, advice = str(error).partition(". ")
        assert beginning == "Slow down (HTTP 429)"
        assert advice.startswith(f"The server asked to be left alone for {said}")
        assert "network" not in advice


def test_a_server_that_answered_is_reached() -> None:
    """A status is the server's own word: the network is not to be checked, and 429 does not mean that it is unwell."""
    cases = {None: "Check the network", 429: "The authorization server answered, and limits token requests"}
    for status in (None, 408, 429, 500, 503):
        expected = cases.get(status, "The authorization server answered, and is not well: look at its status page")
        said = str(TokenEndpointUnavailable(status_code=status))
        assert said.partition(". ")[2].startswith(expected)


def test_what_a_library_said_stands_last_and_is_short() -> None:
    """First what happened and what to do, then the library's words: in one line, their middle left out where long."""
    error = TokenEndpointUnavailable(message="No answer.", detail="OSError: two\n lines")
    assert str(error) == f"No answer. {TokenEndpointUnavailable.advice} (OSError: two lines)"
    long = TokenEndpointUnavailable(message="No answer.", detail=f"host {'x' * 500} {SECRET} reason")
    detail = str(long).partition(TokenEndpointUnavailable.advice)[2].strip(" ()")
    assert len(detail) <= 200
    assert detail.startswith("host xxx")
    assert detail.endswith(" reason")
    long.masked_by(lambda text: text.replace(SECRET, "***"))
    assert str(long).endswith("xxx *** reason)")
    refused = "ConnectionError: Connection refused by Responses - the call doesn't match any registered mock. Request: "
    mock = TokenEndpointUnavailable(message="No answer.", detail=f"{refused}- POST https://as.example/{'x' * 200}")
    assert f"({refused}- POST " in str(mock)


def test_a_secret_is_masked_before_anything_is_left_out() -> None:
    """Case 37: no half of a secret is left where the middle of a library's words begins or ends."""
    error = TokenEndpointUnavailable(message="No answer.", detail="x" * 95 + SECRET * 30)
    error.masked_by(lambda text: text.replace(SECRET, "***"))
    assert SECRET[:2] not in str(error).partition(TokenEndpointUnavailable.advice)[2]


def test_an_error_without_a_message_shows_its_name() -> None:
    """The text is never empty where there is nothing to say."""
    assert str(OAuthError()) == "OAuthError"


@pytest.mark.parametrize("travel", [pickled, copy.copy, copy.deepcopy, copy_of])
def test_travels(travel: Callable[[OAuthError], OAuthError]) -> None:
    """Pickles and copies have the class, the message and the fields of the original, and no request."""
    for name, base in product([*OTHERS, *OF_THE_TOKEN_REQUEST, "TokenRequestError", "OAuthError"], LIBRARY_BASES):
        plain = sample(name)
        error = plain if base is None else also(plain, base, object())
        back = travel(error)
        assert back is not error
        assert type(back) is type(error)
        assert isinstance(back, type(plain))
        assert str(back) == str(error) == str(plain)
        assert back.args == error.args
        for field in ("error", "error_description", "error_uri", "status_code", "retry_after"):
            assert getattr(back, field, None) == getattr(plain, field, None)
        assert vars(back).get("request") is vars(back).get("_request") is vars(back).get("response") is None


def test_is_an_error_of_the_library_too() -> None:
    """Joined with a library's exception, an error is caught by either name and keeps message, fields and cause."""
    cases: list[type[Exception]] = [requests.RequestException, httpx.HTTPError]
    for base in cases:
        for name in [*OTHERS, *OF_THE_TOKEN_REQUEST]:
            plain, cause, request = sample(name), ValueError("why"), object()
            plain.__cause__ = cause
            error: Any = also(plain, base, request)
            assert error.request is request
            assert isinstance(error, base)
            assert isinstance(error, type(plain))
            assert type(error).__name__ == name
            assert type(error).__module__ == type(plain).__module__
            assert str(error) == str(plain)
            assert error.__cause__ is cause
            assert vars(error)["response"] is None
            assert getattr(error, "retry_after", None) == getattr(plain, "retry_after", None)


def test_classes_are_joined_once() -> None:
    """Two errors of a kind are of one class, so that they compare and pickle alike."""
    one = also(OAuthError("a"), requests.RequestException, None)
    other = also(OAuthError("b"), requests.RequestException, None)
    assert type(one) is type(other)
    assert type(also(one, requests.RequestException, None)).__mro__.count(OAuthError) == 1


def test_raised_as_changes_only_our_errors() -> None:
    """What is not ours passes as it is; what is ours leaves as the library's too, with its cause."""
    request = requests.PreparedRequest()
    foreign, ours, cause = KeyError("x"), InvalidClient("invalid_client"), OSError("down")
    ours.__cause__ = cause
    with pytest.raises(KeyError) as caught, raised_as(requests.RequestException, lambda: request):
        raise foreign
    assert caught.value is foreign
    with pytest.raises(InvalidClient) as joined, raised_as(requests.RequestException, lambda: request):
        raise ours
    assert isinstance(joined.value, requests.RequestException)
    assert vars(joined.value)["request"] is request
    assert joined.value.__cause__ is cause
    with raised_as(requests.RequestException, pytest.fail):
        pass


def test_a_copy_keeps_the_cause_and_shares_no_traceback() -> None:
    """Each of those who share a failure gets an exception of its own, with the same cause."""
    error = InvalidGrant("invalid_grant")
    error.__cause__ = cause = OSError("down")
    with pytest.raises(InvalidGrant):
        raise error
    twin = copy_of(error)
    assert twin is not error
    assert twin.__cause__ is cause
    assert twin.__traceback__ is None
    assert error.__traceback__ is not None


def test_what_is_not_ours_is_not_copied() -> None:
    """An exception of somebody else may not survive copying, so it is handed on as it is."""
    error = KeyError("x")
    assert copy_of(error) is error


def raised(error: BaseException) -> BaseException:
    """Return the exception after it was raised from a frame that holds a secret."""
    held = SECRET
    with pytest.raises(type(error)):
        raise error
    assert held
    return error


def test_scrubbing_reaches_everything_behind_an_exception() -> None:
    """Case 37: frames, requests and responses are gone, in causes, contexts, arguments and attributes as well."""
    inner = raised(requests.ConnectionError(request=requests.Request("POST", "http://x", data=SECRET)))
    wrapped = raised(OSError("wrapped", inner))
    attribute: Any = raised(ValueError("attribute"))
    outer: Any = raised(KeyError("outer"))
    outer.reason = attribute
    outer.__cause__ = wrapped
    attribute.__context__ = raised(ZeroDivisionError())
    attribute.response = TOKEN
    inner.__context__ = outer  # a circle
    assert scrubbed(outer) is outer
    for error in (outer, wrapped, inner, attribute, attribute.__context__):
        assert error.__traceback__ is None
        for name in ("request", "response", "_request"):
            assert getattr(error, name, None) is None


def test_scrubbing_adds_nothing() -> None:
    """An exception that never had a request does not get the attribute."""
    assert vars(scrubbed(ValueError("x"))) == {}


class Backport(Exception):
    """An exception group as Python 3.10 has it from a library."""

    def __init__(self, message: str, exceptions: list[Exception]) -> None:
        """Hold these."""
        super().__init__(message)
        self.exceptions = tuple(exceptions)


def test_scrubbing_reaches_into_groups() -> None:
    """Case 37: an exception that holds several others, as exception groups do, has them scrubbed too."""
    cases: list[Any] = [Backport, getattr(builtins, "ExceptionGroup", Backport)]
    for group in cases:
        inner = raised(ValueError("inner"))
        scrubbed(group("group", [inner]))
        assert inner.__traceback__ is None


def test_a_pickle_carries_no_request() -> None:
    """Case 37: an exception that is sent to another process leaves its request at home."""
    cases: list[type[Exception] | None] = list(LIBRARY_BASES)
    for base in cases:
        request = requests.Request(
            "GET", "https://api.example.com", headers={"Authorization": f"Bearer {TOKEN}"}
        ).prepare()
        plain = TokenEndpointUnavailable(message="down")
        error = plain if base is None else also(plain, base, request)
        assert TOKEN.encode() not in pickle.dumps(error)


def test_an_interaction_is_no_failure_of_the_token_request() -> None:
    """Who catches TokenRequestError to try again later does not catch what only a user can mend."""
    assert not issubclass(InteractionRequired, TokenRequestError)
    assert not issubclass(InvalidTokenResponse, TokenEndpointUnavailable)


def test_only_printable_characters_are_shown() -> None:
    """ESC, C1 and bidi signs reach no terminal, whether a server, a library or a user's function said them."""
    said = "a\x1b[2J\x9b31m\u202eb"
    plain = (OAuthError(said), InteractionRequired(said), TokenRequestError("x", said), InvalidClient(hint=said))
    unavailable = TokenEndpointUnavailable(message=said, detail=said)
    for error in (*plain, unavailable, also(unavailable, requests.RequestException, None)):
        assert "31m" in str(error)
        assert str(error).isprintable()
