"""Whatever a server says about itself or its APIs is a value or an error of ours, in bounded time and length."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from loopback import SECRET

from oauth_cc_auth import ClientCredentials, Discovery, DPoP, OAuthError, ResourceServer
from oauth_cc_auth._authorization_server import discovery
from oauth_cc_auth._authorization_server.metadata import fresh_until
from oauth_cc_auth._http.challenge import parse_challenges
from oauth_cc_auth._http.messages import HttpResponse
from oauth_cc_auth._resource_server.verdict import refuses

ISSUER, API, NOW = "https://as.example.com", "https://api.example.com/v1", 1_000_000.0
GRANTS = [
    ClientCredentials(token_endpoint=found, client_id="client", client_secret=SECRET, dpop=proofs)
    for found in (Discovery(issuer=ISSUER), Discovery(resource=API), Discovery(f"{ISSUER}/metadata"))
    for proofs in (None, DPoP())
]

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=30) | st.sampled_from(
    [ISSUER, API, "http://127.0.0.1/token", f"{ISSUER}/token", "https://[", "ES256", "client_secret_basic", "\x1b[2J"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
members = st.dictionaries(
    st.sampled_from(
        [
            *("issuer", "token_endpoint", "revocation_endpoint", "introspection_endpoint", "mtls_endpoint_aliases"),
            *("token_endpoint_auth_methods_supported", "dpop_signing_alg_values_supported", "authorization_servers"),
            *("authorization_endpoint", "resource"),
        ]
    ),
    values,
    max_size=8,
)
# Half of them are of the right issuer, so that the rest is looked at.
right = st.just({"issuer": ISSUER, "resource": API, "authorization_servers": [ISSUER]})
documents = st.builds(lambda these, those: {**these, **those}, st.just({}) | right, members)
bodies = documents.map(lambda document: json.dumps(document).encode()) | st.binary(max_size=100)
challenges = st.text(st.sampled_from('Bearer DPoP ,;="\\error\t') | st.characters(codec="latin-1"), max_size=80)
ages = st.text(st.sampled_from('max-age=,no-store"0123456789.e-+ '), max_size=30) | challenges
LONG = b'{"issuer": "https://as.example.com", "%%s": ["%s"]}' % (b"x" * 99_999)
WITHIN = settings(suppress_health_check=[HealthCheck.too_slow])


def outcome(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the error of this package that it raises."""
    try:
        return call()
    except OAuthError as error:
        return error


@WITHIN
@given(st.lists(bodies, min_size=1, max_size=3), st.sampled_from([200, 404, 503]), challenges, st.sampled_from(GRANTS))
@example([b'{"issuer": "%s"}' % (b"x" * 99_999)], 200, "", GRANTS[0])
@example([LONG % b"token_endpoint_auth_methods_supported"], 200, "", GRANTS[0])
@example([b'{"issuer": "A://["}'], 200, "", GRANTS[4])
@example([b'{"issuer": "https://as.example.com", "token_endpoint": "https://["}'], 200, "", GRANTS[0])
def test_metadata_is_used_or_an_error(contents: list[bytes], status: int, challenge: str, grant: Any) -> None:
    """Any documents: endpoints by https that can be asked, or an OAuthError that prints, in a few lines."""
    answers = iter(contents)
    asked: list[str] = []

    def get(url: str) -> HttpResponse:
        asked.append(url)
        return discovery.checked(HttpResponse(status, {}, next(answers, contents[-1])), 1.0)

    def knock(_: str) -> HttpResponse:
        return HttpResponse(401, {"www-authenticate": challenge}, b"")

    discovery.forget()
    found = outcome(lambda: discovery.find(grant, grant.token_endpoint, get, knock, NOW).applied(grant, SECRET))
    if isinstance(found, OAuthError):
        assert str(found).isprintable()
        assert len(str(found)) < 2_000
    else:
        assert found.token_endpoint.startswith("https://")
    assert len(asked) <= 5
    assert all(url.startswith("https://") for url in asked)


@WITHIN
@given(challenges)
@example('Bearer a="' + '\\"' * 20_000)
@example('Bearer a="\\",' * 5_000)
@example("a=" * 20_000)
@example("," * 50_000)
def test_a_challenge_is_read(header: str) -> None:
    """Any WWW-Authenticate, and one of 64 KiB: challenges, and one answer to whether it refuses, within a second."""
    began = time.process_time()
    for scheme, parameters in parse_challenges(header):
        assert scheme == scheme.lower()
        assert all(name == name.lower() for name in parameters)
    assert refuses(ResourceServer(), "bearer", 401, header, None) in {True, False}
    assert time.process_time() - began < 1.0


@WITHIN
@given(ages, ages, ages)
def test_metadata_is_fresh_for_minutes_to_a_day(control: str, age: str, expires: str) -> None:
    """Whatever its headers say, a document is used for five minutes at least, and a day at most."""
    answer = HttpResponse(200, {"cache-control": control, "age": age, "expires": expires, "date": expires}, b"")
    assert NOW + 300 <= fresh_until(answer, NOW) <= NOW + 86_400
