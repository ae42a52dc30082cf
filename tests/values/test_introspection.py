"""Tests of what a token request says beyond its grant (RFC 9396), and of asking the server about a token (RFC 7662)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from loopback import SECRET, Answer, Clock, Loopback, grant_for, token_answer

from oauth_cc_auth import (
    ConfigurationError,
    InvalidClient,
    InvalidTokenResponse,
    OAuthError,
    RequestFormat,
    Token,
    TokenSource,
)
from oauth_cc_auth._authorization_server.exchange import Exchange
from oauth_cc_auth._authorization_server.request import token_request
from oauth_cc_auth._http.sender import sender_for

DETAILS = [{"type": "payment_initiation", "locations": ["https://api.example.com"], "amount": {"value": "1.00"}}]


@pytest.mark.parametrize("given", [DETAILS, tuple(DETAILS), DETAILS[0], json.dumps(DETAILS)])
@pytest.mark.parametrize("body", ["form", "json"])
@pytest.mark.requirement("9396-array")
def test_authorization_details(given: Any, body: Any) -> None:
    """RFC 9396 §2: a JSON array in a form, and an array in a JSON body; on the first request and on every other."""
    grant = grant_for(authorization_details=given, token_request=RequestFormat(body=body))
    request = token_request(grant, SECRET, grant.request_parameters(None))
    sent = json.loads(request.body) if body == "json" else parse_qs(request.body.decode())
    found = sent["authorization_details"] if body == "json" else json.loads(sent["authorization_details"][0])
    assert found == DETAILS


@pytest.mark.requirement("9396-granted")
def test_granted_details_are_kept() -> None:
    """RFC 9396 §7: what was granted stands in extra; absent means unknown."""
    with Loopback(token_answer(authorization_details=DETAILS), token_answer()) as server:
        source = TokenSource(grant_for(server.url, authorization_details=DETAILS))
        assert source.token().extra["authorization_details"] == DETAILS
        source.forget()
        assert "authorization_details" not in source.token().extra


def test_details_that_are_none() -> None:
    """Case 7: details without a type, or that are not JSON, are refused by name."""
    cases: list[Any] = [5, [5], [{"no": "type"}], [{"type": ""}], [{"type": "x", "y": object()}], [{}]]
    for given in cases:
        with pytest.raises(ConfigurationError, match="authorization_details"):
            grant_for(authorization_details=given)


def test_other_details_are_another_token() -> None:
    """Details count in the sharing key; equal ones share."""
    four: list[Any] = [DETAILS, [*DETAILS], [{"type": "x"}], None]
    sources = [TokenSource(grant_for(authorization_details=each)) for each in four]
    lives = [source._serving.live for source in sources]
    assert lives[0] is lives[1]
    assert len(set(map(id, lives))) == 3


def introspected(server: Loopback, **changes: Any) -> dict[str, Any]:
    """Return what the server says of a token."""
    grant = grant_for(f"{server.url}/token", introspection_endpoint=f"{server.url}/introspect", **changes)
    return Exchange(grant, sender_for(None, None, "requests"), 2.0, Clock()).introspect(Token("t", obtained_at=0.0))


@pytest.mark.requirement("7662-request")
def test_introspection_by_the_letter() -> None:
    """RFC 7662 §2.1: the token and what it is, with the client's authentication; the answer as it is."""
    said = {"active": True, "scope": "a", "cnf": {"jkt": "x"}}
    with Loopback(Answer(200, said)) as server:
        assert introspected(server) == said
    (received,) = server.received
    assert received.path == "/introspect"
    assert received.headers["authorization"].startswith("Basic ")
    assert dict(received.form) == {"token": "t", "token_type_hint": "access_token"}


@pytest.mark.requirement("7662-active")
def test_a_token_that_is_unknown() -> None:
    """RFC 7662 §2.2: a token that the server does not know is no error."""
    with Loopback(Answer(200, {"active": False})) as server:
        assert introspected(server) == {"active": False}


@pytest.mark.parametrize(
    ("answer", "cls"),
    [
        (Answer(401, {"error": "invalid_client"}), InvalidClient),
        (Answer(200, {}), InvalidTokenResponse),
        (Answer(200, {"active": "yes"}), InvalidTokenResponse),
        (Answer(200, b"<html>"), InvalidTokenResponse),
        (Answer(404), OAuthError),
    ],
)
def test_an_answer_that_is_none(answer: Answer, cls: type[OAuthError]) -> None:
    """RFC 7662 §2.3: errors are typed as at the token endpoint; whatever does not say `active` is no answer."""
    with Loopback(answer) as server, pytest.raises(cls):
        introspected(server)


def test_without_an_endpoint() -> None:
    """A grant that names none says so."""
    exchange = Exchange(grant_for(), sender_for(None, None, "requests"), 2.0, Clock())
    with pytest.raises(ConfigurationError, match="introspection_endpoint"):
        exchange.introspect(Token("t", obtained_at=0.0))
    with pytest.raises(ConfigurationError, match="introspection_endpoint"):
        grant_for(introspection_endpoint="no address")
