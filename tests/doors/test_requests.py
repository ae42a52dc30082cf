"""What only the door for requests has to deal with; the promises that all doors keep are in test_door_*.py."""

from __future__ import annotations

import io
import pickle
from typing import Any

import pytest
import requests
import responses
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from oauth_cc_auth import ClientCredentials, RequestsAuth, ResourceServer
from oauth_cc_auth._http.requests_messages import abandon, can_go_again, drain

API = "https://api.example.com/v1"
TOKEN_ENDPOINT = "https://as.example.com/token"


def auth_for(server: ResourceServer) -> RequestsAuth:
    """Return an auth object for this API."""
    return RequestsAuth(
        ClientCredentials(
            token_endpoint=TOKEN_ENDPOINT, client_id="client", client_secret="secret", resource_server=server
        )
    )


@pytest.mark.parametrize("location", ["mailto:somebody@example.com", "https://[::1", "https://api.example.com\\@evil/"])
@responses.activate
def test_a_redirect_that_cannot_be_read_leads_away(location: str) -> None:
    """A token in a header of its own does not stay for a redirect whose target is no plain URL."""
    responses.post(TOKEN_ENDPOINT, json={"access_token": "token"})
    responses.get(API, status=302, headers={"Location": location})
    auth = auth_for(ResourceServer(API, header="X-Token", scheme=None))
    prepared = requests.Request("GET", API, auth=auth).prepare()
    assert prepared.headers["X-Token"] == "token"
    # What requests does with such a target is its own affair; the hook has its say before.
    prepared.hooks["response"][0](HTTPAdapter().send(prepared))
    assert "X-Token" not in prepared.headers


def test_a_file_that_was_closed_meanwhile_is_not_sent_again() -> None:
    """Where the body cannot be rewound after all, the caller gets the 401 instead of a ValueError."""
    body = io.BytesIO(b"body")
    request = requests.Request("PUT", API, data=body).prepare()
    response = requests.Response()
    response.connection = HTTPAdapter()  # as adapters do
    assert can_go_again(requests, request, response)
    body.close()
    assert not can_go_again(requests, request, response)


@responses.activate
def test_what_is_left_of_the_hook_in_a_pickle_does_nothing() -> None:
    """A response from a pickle has a request that can be sent again, without the token and without our hook's work."""
    responses.post(TOKEN_ENDPOINT, json={"access_token": "token"})
    responses.get(API, json={})
    response = pickle.loads(pickle.dumps(requests.get(API, auth=auth_for(ResourceServer(API)), timeout=5)))
    responses.replace(responses.GET, API, status=401)
    again = requests.Session().send(response.request, timeout=5)
    assert again.status_code == 401
    assert again.request.headers["Authorization"] == "***"
    assert len(responses.calls) == 3


@responses.activate
def test_an_adapter_that_does_not_say_who_carried_it() -> None:
    """Where an adapter sets no connection, nothing can be sent again, and the caller gets the 401."""
    responses.post(TOKEN_ENDPOINT, json={"access_token": "token"})

    class Bare(BaseAdapter):
        def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]  # only what our call passes
            response = requests.Response()
            response.status_code, response.request, response.url = 401, request, str(request.url)
            response._content = b"no"
            return response

        def close(self) -> None:
            """Nothing to close."""

    with requests.Session() as session:
        session.mount("https://api.example.com", Bare())
        assert session.get(API, auth=auth_for(ResourceServer(API))).status_code == 401


class File(io.BytesIO):
    """A body as an adapter of somebody else's has it: a plain file, without urllib3's methods."""

    def read(self, amt: int | None = -1, **_: Any) -> bytes:
        """Read, whatever else is asked for."""
        return super().read(amt)


@pytest.mark.parametrize("raw", [File, lambda body: HTTPResponse(io.BytesIO(body), preload_content=False)])
def test_an_answer_that_was_read_in_part_can_still_be_read(raw: Any) -> None:
    """What is put back comes first, then the rest, however the caller reads: as content, in pieces, or raw."""
    body = bytes(range(250)) * 1000

    def peeked() -> requests.Response:
        response = requests.Response()
        response.status_code, response.raw = 401, raw(body)
        drain(requests, response)
        return response

    assert peeked().content == body
    assert b"".join(peeked().iter_content(1000)) == body
    rest = peeked().raw
    assert rest.read() == body
    rest = peeked().raw
    assert b"".join(iter(lambda: rest.read(1 << 14), b"")) == body
    assert rest.readable()
    cut = peeked()
    abandon(cut)
    assert body.startswith(cut.content)
    assert len(cut.content) < len(body)
