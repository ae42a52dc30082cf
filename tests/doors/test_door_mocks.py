"""What users mock for their own tests is mocked for the token request too; and URLs that loopback cannot have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
import requests
import requests_mock
import responses
import respx
from pytest_httpx import HTTPXMock

from oauth_cc_auth import ClientCredentials, HttpxAuth, OriginNotAllowed, RequestsAuth, ResourceServer

TOKEN = {"access_token": "mocked", "token_type": "Bearer", "expires_in": 3600}
ENDPOINT = "https://as.example.com/token"


def grant(base_url: str | None = "https://api.example.com", **kw: Any) -> ClientCredentials:
    """Return a grant for hosts that do not exist."""
    server = base_url and ResourceServer(base_url)
    return ClientCredentials(
        token_endpoint=ENDPOINT, client_id="id", client_secret="s", **{"resource_server": server or None, **kw}
    )


@responses.activate
def test_responses() -> None:
    """A mock of requests answers the token request, and both requests are the ones that the RFCs want."""
    responses.post(ENDPOINT, json=TOKEN)
    responses.get("https://api.example.com/x", json={})
    assert requests.get("https://api.example.com/x", auth=RequestsAuth(grant()), timeout=5).status_code == 200
    asked, called = [call.request for call in responses.calls]
    assert (asked.headers["Accept"], asked.body) == ("application/json", "grant_type=client_credentials")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert str(called.headers["Authorization"]) == "Bearer mocked"


def test_requests_mock() -> None:
    """requests-mock answers the token request, by a session of our own and by one that was lent."""
    cases: list[Callable[[], requests.Session | None]] = [lambda: None, requests.Session]
    for lend in cases:
        with requests_mock.Mocker() as mocked:
            asked = mocked.post(ENDPOINT, json=TOKEN)
            called = mocked.get("https://api.example.com/x", json={})
            auth = RequestsAuth(grant(), session=lend())
            assert requests.get("https://api.example.com/x", auth=auth, timeout=5).status_code == 200
        assert (asked.call_count, called.call_count) == (1, 1)
        assert str(called.last_request.headers["Authorization"]) == "Bearer mocked"


def test_what_requests_mock_lets_pass_goes_by_the_lent_adapter() -> None:
    """Where a mock of requests is told to let the token request pass, it goes the way that was lent."""
    with requests.Session() as session, requests_mock.Mocker(real_http=True) as mocked:
        adapter = requests_mock.Adapter()
        session.mount("https://as.example.com", adapter)
        adapter.register_uri("POST", ENDPOINT, json=TOKEN)
        mocked.get("https://api.example.com/x", json={})
        auth = RequestsAuth(grant(), session=session)
        assert requests.get("https://api.example.com/x", auth=auth, timeout=5).status_code == 200
        assert adapter.call_count == 1


@respx.mock
def test_respx() -> None:
    """Respx answers the token request of a client that the user did not lend."""
    asked = respx.post(ENDPOINT).respond(json=TOKEN)
    called = respx.get("https://api.example.com/x").respond(200)
    with httpx.Client(auth=HttpxAuth(grant())) as client:
        assert client.get("https://api.example.com/x").status_code == 200
    assert (asked.call_count, called.call_count) == (1, 1)


def test_pytest_httpx(httpx_mock: HTTPXMock) -> None:
    """pytest-httpx answers the token request of a client that the user did not lend."""
    httpx_mock.add_response(url=ENDPOINT, json=TOKEN)
    httpx_mock.add_response(url="https://api.example.com/x")
    with httpx.Client(auth=HttpxAuth(grant())) as client:
        assert client.get("https://api.example.com/x").status_code == 200
    assert [request.url.host for request in httpx_mock.get_requests()] == ["as.example.com", "api.example.com"]


class Wire:
    """A transport for httpx or httpx2 that issues a token and sends API calls where it is told to."""

    def __init__(self, library: Any, redirect: dict[str, str] | None = None, refused: str | None = None) -> None:
        """Redirect from URL to URL; answer 401 at `refused`."""
        self.library, self.redirect, self.refused = library, redirect or {}, refused
        self.calls: list[tuple[str, str | None]] = []
        self.asked = 0

    def __call__(self, request: Any) -> Any:
        """Answer."""
        url = str(request.url)
        if url == ENDPOINT:
            self.asked += 1
            return self.library.Response(200, content=json.dumps(TOKEN))
        self.calls.append((url, request.headers.get("Authorization")))
        if url in self.redirect:
            return self.library.Response(302, headers={"Location": self.redirect[url]})
        return self.library.Response(401 if url == self.refused else 200)


def test_a_mock_transport_is_lent() -> None:
    """A MockTransport with client= works for the token request."""
    cases: list[Any] = [httpx, httpx2]
    for library in cases:
        wire = Wire(library)
        with library.Client(transport=library.MockTransport(wire)) as client:
            client.auth = HttpxAuth(grant(), client=client)
            assert client.get("https://api.example.com/x").status_code == 200
        assert (wire.asked, wire.calls) == (1, [("https://api.example.com/x", "Bearer mocked")])


HOPS = [
    ("https://api.example.com/x", "http://api.example.com/y"),
    ("https://api.example.com/x", "https://api.example.com:8443/y"),
    ("https://api.example.com/x", "https://evil.example/y"),
    ("https://api.example.com/x", "https://api.example.com@evil.example/y"),
]


@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
@pytest.mark.parametrize(("here", "there"), HOPS)
def test_a_redirect_to_another_origin_with_httpx(library: Any, here: str, there: str) -> None:
    """Case 33: a change of scheme, port or host takes no token along, and a 401 from there renews nothing."""
    wire = Wire(library, {here: there}, refused=there)
    with library.Client(transport=library.MockTransport(wire), follow_redirects=True) as client:
        client.get(here, auth=HttpxAuth(grant(None), client=client))
    assert wire.asked == 1
    assert [token for url, token in wire.calls if url != here] != ["Bearer mocked"]
    assert len(wire.calls) == 2


@pytest.mark.parametrize(("here", "there"), HOPS)
@responses.activate
def test_a_redirect_to_another_origin_with_requests(here: str, there: str) -> None:
    """Case 33: a change of scheme, port or host takes no token along, and a 401 from there renews nothing."""
    responses.post(ENDPOINT, json=TOKEN)
    responses.get(here, status=302, headers={"Location": there})
    responses.get(there.replace("api.example.com@", ""), status=401)
    responses.get(there, status=401)
    answer = requests.get(here, auth=RequestsAuth(grant(None)), timeout=5)
    assert answer.status_code == 401
    sent = [str(call.request.headers.get("Authorization")) for call in responses.calls]
    assert len(sent) == 3
    assert sent[1] == "Bearer mocked"
    assert sent[2] != "Bearer mocked"


EQUAL = [
    ("https://api.example.com", "https://API.Example.COM/x"),
    ("https://api.example.com", "https://api.example.com:443/x"),
    ("https://api.example.com:443", "https://api.example.com/x"),
    ("https://api.example.com/base", "https://user:word@api.example.com/x"),
    ("https://bücher.example", "https://xn--bcher-kva.example/x"),
    ("https://xn--bcher-kva.example", "https://bücher.example/x"),
    ("https://BÜCHER.example", "https://bücher.example/x"),
]


@pytest.mark.parametrize(("pin", "url"), EQUAL)
def test_equal_origins(pin: str, url: str) -> None:
    """Case 36: upper case, a default port written out, a user name and both spellings of an IDN are the same origin."""
    for library in (httpx, httpx2):
        wire = Wire(library)
        with library.Client(transport=library.MockTransport(wire)) as client:
            assert client.get(url, auth=HttpxAuth(grant(pin), client=client)).status_code == 200
        assert [token for _, token in wire.calls] == ["Bearer mocked"]
    with responses.RequestsMock() as mocked:
        mocked.post(ENDPOINT, json=TOKEN)
        mocked.get(requests.Request("GET", url).prepare().url or "", json={})
        assert requests.get(url, auth=RequestsAuth(grant(pin)), timeout=5).status_code == 200


def test_other_idns() -> None:
    """Case 36: what only looks like the pinned IDN is refused, and nothing is sent."""
    cases: list[str] = ["https://bucher.example/x", "https://bücher.example.evil.example/x"]
    for url in cases:
        wire = Wire(httpx)
        with httpx.Client(transport=httpx.MockTransport(wire)) as client, pytest.raises(OriginNotAllowed):
            client.get(url, auth=HttpxAuth(grant("https://bücher.example"), client=client))
        with responses.RequestsMock(), pytest.raises(OriginNotAllowed):
            requests.get(url, auth=RequestsAuth(grant("https://bücher.example")), timeout=5)
        assert (wire.asked, wire.calls) == (0, [])
