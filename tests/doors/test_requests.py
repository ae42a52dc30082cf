"""What only the door for requests has to deal with; the promises that all doors keep are in test_door_*.py."""

from __future__ import annotations

import io
import pickle

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter

from oauth_cc_auth import ClientCredentials, RequestsAuth, ResourceServer
from oauth_cc_auth._http.requests_messages import can_go_again

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
    assert can_go_again(request, response)
    body.close()
    assert not can_go_again(request, response)


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
