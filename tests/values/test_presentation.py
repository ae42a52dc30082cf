"""Tests of how a token is presented, and of header values that do not show."""

from __future__ import annotations

import copy
import logging
import pickle

import pytest
from loopback import TOKEN

from oauth_cc_auth import ConfigurationError, ResourceServer, Token
from oauth_cc_auth._http.hidden import HandedOut, Hidden, hidden, is_hidden
from oauth_cc_auth._resource_server.presentation import AsItIs, own_headers, presenter_for

GRANTED = Token(TOKEN, obtained_at=0.0)


@pytest.mark.requirement(
    "6750-header", "6750-no-url", "6750-one-place", "6750-no-body", "6750-no-cookie", "9700-no-query"
)
def test_presents() -> None:
    """The token stands in its header after the scheme's word, or alone, the same for every request."""
    cases: list[tuple[ResourceServer, dict[str, str]]] = [
        (ResourceServer(), {"Authorization": f"Bearer {TOKEN}"}),
        (ResourceServer(scheme="OAuth"), {"Authorization": f"OAuth {TOKEN}"}),
        (ResourceServer(header="X-API-KEY", scheme=None), {"X-API-KEY": TOKEN}),
    ]
    for server, expected in cases:
        presenter = presenter_for(server)
        assert presenter.constant
        assert presenter.headers("GET", "https://api.example.com", GRANTED) == expected
        assert not presenter.heard("https://api.example.com", 401, {"WWW-Authenticate": "DPoP"}.get, {})


def test_the_scheme_of_a_token_without_one_is_bearer() -> None:
    """A challenge to a token that stands alone names Bearer, if it names anything."""
    assert AsItIs(ResourceServer(scheme=None)).scheme == "bearer"
    assert AsItIs(ResourceServer(scheme="OAuth")).scheme == "oauth"


def test_the_headers_of_the_api() -> None:
    """They go along unless the caller has set them, in whatever case; a function makes one for each request."""
    numbers = iter("12")
    server = ResourceServer(headers={"X-Version": "2", "X-Request-Id": lambda: next(numbers)})
    assert own_headers(server) == {"X-Version": "2", "X-Request-Id": "1"}
    assert own_headers(server, {"x-version"}) == {"X-Request-Id": "2"}
    assert own_headers(server, {"x-request-id"}) == {"X-Version": "2"}
    with pytest.raises(ConfigurationError, match=r"headers\['X-Request-Id'\]"):
        own_headers(server)


@pytest.mark.parametrize("kind", [Hidden, HandedOut])
def test_a_presented_token_does_not_show(kind: type[Hidden], caplog: pytest.LogCaptureFixture) -> None:
    """Case 37: headers that are printed, logged or copied give no token away; the wire still gets it."""
    value = hidden({"Authorization": f"Bearer {TOKEN}"}, kind)["Authorization"]
    raw = value.encode("ascii")
    headers = {"Authorization": value, "raw": raw}
    assert value == f"Bearer {TOKEN}"
    assert raw == f"Bearer {TOKEN}".encode()
    assert raw.decode() == value
    assert is_hidden(value)
    assert is_hidden(raw)
    assert not is_hidden("text")
    assert TOKEN not in repr([raw.decode(), raw.decode("latin-1")])
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("somebody").debug("headers: %s %r", headers, [value])
    assert TOKEN not in caplog.text + repr(headers) + f"{headers}" + repr((value, raw))
    assert copy.deepcopy(headers)["Authorization"] == copy.copy(value) == f"Bearer {TOKEN}"
    assert copy.deepcopy(headers)["raw"] == copy.copy(raw) == f"Bearer {TOKEN}".encode()
    assert TOKEN not in repr(copy.deepcopy(headers))


def test_what_lies_in_a_message_pickles_to_a_mask() -> None:
    """Case 37: users pickle responses, and these keep their requests."""
    value = Hidden(f"Bearer {TOKEN}")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps([value, value.encode()], protocol)
        assert TOKEN.encode() not in pickled
        assert pickle.loads(pickled) == ["***", b"***"]
    assert copy.copy(value) is value


def test_what_was_handed_out_refuses_to_be_pickled() -> None:
    """A worker that unpickled a mask would send it, so pickling raises, and says what to pickle instead."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="Pickle the TokenSource or the grant instead") as raised:
            pickle.dumps({"Authorization": HandedOut(f"Bearer {TOKEN}")}, protocol)
        assert TOKEN not in str(raised.value)


def test_a_value_is_encoded_once() -> None:
    """Each request wants bytes of the same token: they are made once, and what they decode to; neither prints."""
    value = Hidden("Bearer t")
    sent = value.encode()
    assert sent == b"Bearer t"
    assert value.encode("ascii") is sent is value.encode("utf-8")
    read = sent.decode("ascii")
    assert sent.decode() is read == value
    assert repr([sent, read]) == "[b'***', '***']"


def test_a_value_in_another_encoding() -> None:
    """What is no ASCII, or is wanted in another encoding, is made anew each time, and does not print either."""
    assert (Hidden("a").encode("utf-16-le"), Hidden("a").encode().decode("utf-16-le", "replace")) == (b"a\0", "\ufffd")
    umlaut = Hidden("ü")
    assert (umlaut.encode("latin-1"), umlaut.encode("utf-8")) == (b"\xfc", b"\xc3\xbc")
    assert (umlaut.encode("latin-1").decode("latin-1"), umlaut.encode().decode()) == ("ü", "ü")
    assert repr(umlaut.encode().decode()) == "'***'"
