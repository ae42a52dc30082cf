"""What vendors do to those who ask for too many tokens, line by line, and how few are asked for.

The lines are those of the table in docs/model.md.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import vendor_stage as stages
from doors import landed
from loopback import Answer, Loopback, Received, run_together, token_answer
from timing import HUNG
from vendor_stage import CLIENT_ID, Stage, api_of, wechat

from oauth_cc_auth import (
    ClientCredentials,
    FileStore,
    InvalidClient,
    InvalidRequest,
    MemoryStore,
    ResponseFormat,
    TokenBudgetExceeded,
    TokenEndpointUnavailable,
    TokenRequestError,
    TokenSource,
    forget_all,
)

stage = stages.stage

QUICK = 0.5  # seconds per attempt, so that the pauses between attempts are short too


def test_a_limit_is_not_run_over(stage: Stage) -> None:
    """Line 33, Vertex: the vendor never hears the request that would be one too many; later it does."""
    count, seconds = 10, 28_800
    source = stage.source(stage.grant("vertex"), store=MemoryStore())
    for _ in range(count):
        source.token()
        source.forget()
    for _ in range(3):
        with pytest.raises(TokenBudgetExceeded) as caught:
            source.token()
        assert caught.value.retry_after == pytest.approx(seconds, abs=1)
    assert stage.sandbox.token_requests == count
    stage.clock.now += seconds + 1
    assert source.token().access_token
    assert stage.sandbox.token_requests == count + 1


def test_a_limit_without_a_number(stage: Stage, tmp_path: Path) -> None:
    """Line 33, Fyma: who has one token a day needs one, for all threads, and for the processes that share a store; one
    without it is told of the limit.
    """
    stage.sandbox.daily_limit = 1
    for _ in range(3):
        source = stage.source(stage.grant("fyma"), store=FileStore(tmp_path / "tokens"))
        tokens = run_together(*[source.token] * 16)
        assert {getattr(token, "access_token", token) for token in tokens} == {source.token().access_token}
        assert stage.call(source, api_of("fyma")).status_code == 200
        forget_all()
    assert stage.sandbox.token_requests == 1
    alone = stage.source(stage.grant("fyma"))
    for _ in range(2):
        with pytest.raises(TokenBudgetExceeded, match="daily limit") as caught:
            alone.token()
        assert 0 < (caught.value.retry_after or 0) <= 86_400
    assert stage.sandbox.token_requests == 2, "the server says it once, and is left alone until then"


def test_429(stage: Stage) -> None:
    """Line 33, Copernicus, UPS, Vibes RBM, Auth0: 429 with Retry-After leaves the token endpoint alone until then."""
    for vendor in ("copernicus", "ups", "vibes_rbm", "auth0"):
        stage.sandbox.reset_counts()
        stage.sandbox.fail("token", status=429, retry_after=120, body={})
        source = stage.source(stage.grant(vendor))
        for _ in range(3):
            with pytest.raises(TokenEndpointUnavailable) as caught:
                source.token()
            assert caught.value.status_code == 429
        assert stage.sandbox.token_requests == 1
        stage.clock.now += 121
        assert source.token().access_token
        assert stage.sandbox.token_requests == 2


def test_how_a_limit_is_said(stage: Stage) -> None:
    """Line 34, Vertex, X, WeChat: 400, 403 with code 99 and 200 with 45009 mean the limit, and no call asks on."""
    cases: list[tuple[Any, str]] = [
        ("vertex", "exceeded the rate limit of 10 tokens/28800 seconds"),
        ("x_app_only", "99"),
        (wechat(), "45009"),
    ]
    for vendor, words in cases:
        forget_all()
        stage.sandbox.reset_counts()
        stage.sandbox.token_limit = 0
        source = stage.source(stage.grant(vendor), store=MemoryStore())
        for _ in range(3):
            with pytest.raises(TokenBudgetExceeded, match=words):
                source.token()
        assert stage.sandbox.token_requests == 1
        stage.sandbox.token_limit = 10
        stage.clock.now += 61
        assert source.token().access_token


def test_a_mistake_is_no_limit(stage: Stage) -> None:
    """Line 34, Vertex: the same status and code with other words is a mistake in the request."""
    stage.sandbox.fail("token", status=400, body={"error": "invalid_request", "error_description": "no audience"})
    with pytest.raises(InvalidRequest):
        stage.token("vertex")


def test_429_without_a_word(stage: Stage) -> None:
    """Line 34, Copernicus: 429 that does not say how long is asked again a few times, and then an error."""
    stage.sandbox.token_limit = 0
    with pytest.raises(TokenEndpointUnavailable) as caught:
        stage.source(stage.grant("copernicus"), timeout=QUICK).token()
    assert caught.value.status_code == 429
    assert 1 < stage.sandbox.token_requests <= 4


def test_429_of_an_api(stage: Stage) -> None:
    """Line 34, DigiKey: 429 of the API is the caller's, with the seconds to wait; the token is no part of it."""
    grant = stage.grant("digikey")
    stage.sandbox.fail("api", status=429, retry_after=30)
    answer = stage.call(grant, api_of("digikey"))
    assert (answer.status_code, grant.api_error(answer).retry_after) == (429, 30)
    assert stage.counts == (1, 1)


def creditsafe(request: Received) -> Answer:
    """Answer as a server does that locks an account out after five identical bad requests."""
    return token_answer() if b"right" in request.body else Answer(401, {"message": "Invalid credentials"})


def test_a_wrong_secret_is_asked_once(stage: Stage) -> None:
    """Line 35, Creditsafe: a wrong secret is one request in five seconds, however many call; a right one is at once."""
    with Loopback(creditsafe) as server:

        def source(secret: str) -> TokenSource:
            grant = ClientCredentials(
                token_endpoint=f"{server.url}/v1/authenticate",
                client_id=CLIENT_ID,
                client_secret=secret,
                token_endpoint_auth_method="client_secret_json",
            )
            return stage.source(grant)

        wrong = source("wrong")
        for seconds in (0.0, 1.0, 3.9):
            stage.clock.now += seconds
            outcomes = run_together(*[wrong.token] * 8)
            assert {type(outcome) for outcome in outcomes} == {InvalidClient}
        assert len(server.received) == 1
        assert source("right").token().access_token
        stage.clock.now += 0.2
        with pytest.raises(InvalidClient):
            wrong.token()
        assert len(server.received) == 3


@pytest.mark.parametrize("status", [503, None])
def test_what_is_asked_again(stage: Stage, status: int | None) -> None:
    """Line 36, Sentinel Hub: 5xx and a connection that breaks are tried again within the same call."""
    source = stage.source(stage.grant("sentinel_hub"), timeout=5.0)
    stage.sandbox.fail("token", status=status, body="busy")
    assert source.token().access_token
    assert stage.sandbox.token_requests <= 2


def test_what_is_not_asked_again(stage: Stage) -> None:
    """Line 36, Sentinel Hub, Vainu: a refusal is final for this call, with or without a code."""
    cases: list[tuple[str, int, Any]] = [
        ("sentinel_hub", 400, ""),
        ("sentinel_hub", 401, ""),
        ("sentinel_hub", 403, {"code": "Forbidden"}),
        ("vainu", 401, {"error": "invalid_client"}),
        ("vainu", 400, {"error": "invalid_scope"}),
    ]
    for vendor, status, body in cases:
        forget_all()
        stage.sandbox.reset_counts()
        stage.sandbox.recover()
        source = stage.source(stage.grant(vendor))
        stage.sandbox.fail("token", status=status, body=body, times=None)
        with pytest.raises(TokenRequestError) as caught:
            source.token()
        assert caught.value.status_code == status
        assert stage.sandbox.token_requests == 1


def test_an_apis_trouble_is_its_own(stage: Stage) -> None:
    """Line 36, Vainu: what the API may be asked again for is the caller's to ask, and costs no token."""
    source = stage.source(stage.grant("vainu"))
    for calls, status in enumerate((408, 429, 500, 503), start=1):
        stage.sandbox.fail("api", status=status)
        assert stage.call(source, api_of("vainu"), "POST").status_code == status
        assert stage.counts == (1, calls)


def test_who_shares_a_token(stage: Stage) -> None:
    """Line 37, Box, Zoom, Auth0, Vibe, PayPal, CrowdStrike: other words, another token."""
    cases: list[tuple[str, dict[str, str], dict[str, str]]] = [
        ("box", {"subject_id": "1"}, {"subject_id": "2"}),
        ("zoom", {"account_id": "a"}, {"account_id": "b"}),
        ("auth0", {"audience": "https://a.example"}, {"audience": "https://b.example"}),
        ("vibe", {"scope": "campaigns:read"}, {"scope": "account:read"}),
        ("paypal", {"environment": "production"}, {"environment": "sandbox"}),
        ("crowdstrike", {"region": "us-1"}, {"region": "eu-1"}),
    ]
    for vendor, words, others in cases:
        forget_all()
        stage.sandbox.reset_counts()
        store = MemoryStore()
        sources = [stage.source(stage.grant(vendor, **said), store=store) for said in (words, others, words)]
        first, second, third = (source.token().access_token for source in sources)
        assert first != second
        assert first == third
        assert stage.sandbox.token_requests == 2


def test_another_client_never_shares(stage: Stage) -> None:
    """Line 37, Vainu: another client id, or a wrong secret, never gets this token."""
    stage.token("vainu")
    ours = stage.source(stage.grant("vainu")).token()
    assert stage.token("vainu", client_id="another").access_token != ours.access_token
    with pytest.raises(InvalidClient):
        stage.token("vainu", client_secret="wrong")


@pytest.mark.parametrize(
    ("vendor", "lifetime"),
    [("dlocal", 180), ("line", 899), ("fyma", 86_400)],
)
def test_when_a_token_is_renewed(stage: Stage, vendor: str, lifetime: int) -> None:
    """Line 38, LINE, dLocal, Fyma: in the last fifth, so that no token is served to its end."""
    source = stage.source(stage.grant(vendor))
    begin, hundredth = stage.clock.now, lifetime / 100
    for hundredths in range(0, 400, 2):
        stage.clock.now = begin + hundredths * hundredth
        token = source.token()
        landed(source)
        assert token.expires_at is not None
        assert token.expires_at - stage.clock.now > 17 * hundredth
    # In the time of four lives: the first, and one after each four fifths.
    assert stage.sandbox.token_requests == 5


def test_a_margin_below_half_an_hour(stage: Stage) -> None:
    """Line 38, Feishu: a token is renewed when less than half of its last hour is left, so that another one comes."""
    source = stage.source(stage.grant("feishu"))
    seen = []
    for _ in range(2 * 7200 // 60):
        seen.append(source.token().access_token)
        landed(source)
        stage.clock.now += 60
    assert stage.sandbox.token_requests == len(set(seen)) == 3


# Asks for the token of a grant, in a store that others use.
ANOTHER_PROCESS = """
import base64, pickle, sys
from oauth_cc_auth import FileStore, TokenSource
grant = pickle.loads(base64.b64decode(sys.argv[1]))
print(TokenSource(grant, store=FileStore(sys.argv[2])).token().access_token)
"""


@pytest.mark.usefixtures("full_hashes")
def test_one_token_for_all_processes(stage: Stage, tmp_path: Path) -> None:
    """Line 39, X, WeChat, LINE: processes that share a store have one token, so that none ends another's."""
    # WeChat's functions are in this folder's files, which the others do not know.
    grant = stage.grant(wechat(token_response=ResponseFormat(), resource_server=None))
    stage.sandbox.delay = 0.2
    arguments = [b64encode(pickle.dumps(grant)).decode(), str(tmp_path / "tokens")]
    processes = [
        subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-c", ANOTHER_PROCESS, *arguments], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    tokens = [process.communicate(timeout=HUNG)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(tokens)) == 1
    assert stage.sandbox.token_requests == 1
    url = "https://api.weixin.qq.com/cgi-bin/x"
    here = TokenSource(grant, store=FileStore(tmp_path / "tokens"))
    assert stage.call(here, url).status_code == 200
    assert here.token().access_token == tokens[0]
