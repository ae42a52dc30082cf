"""The sandbox's login: the page that asks the user, the redirect, and the code that is exchanged for tokens."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
import vendor_sandbox
from vendor_sandbox import Clock

from oauth_cc_auth import AuthorizationCode
from oauth_cc_auth.sandbox import Sandbox

AUTHORIZE = "https://as.example.com/login/here"
TOKEN = "https://as.example.com/oauth2/token"
CALLBACK = "http://127.0.0.1:5555/callback"
SECRET = "canary-secret"
VERIFIER = "canary-verifier-of-forty-three-characters-0"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}

VIBE = ("https://api.vibe.co/oauth2/auth", "https://api.vibe.co/oauth2/token")
VAINU = ("https://app.vainu.io/api/oauth/authorize/", "https://api.vainu.io/api/oauth/token/")
VEND = ("https://www.vend.email/oauth/authorize", "https://www.vend.email/oauth/token")


clock = vendor_sandbox.clock


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """A sandbox that tells the time by the test's clock."""
    with Sandbox(clock=clock) as running:
        yield running


def registered(sandbox: Sandbox, endpoints: tuple[str, str] = (AUTHORIZE, TOKEN), **changes: Any) -> AuthorizationCode:
    """Return a grant that the sandbox knows; its client has a secret unless the changes say otherwise."""
    authorize, token = endpoints
    grant = {"authorization_endpoint": authorize, "token_endpoint": token, "client_id": "id", "client_secret": SECRET}
    return sandbox.grant(AuthorizationCode(**{**grant, **changes}))


def public(sandbox: Sandbox, endpoints: tuple[str, str] = (AUTHORIZE, TOKEN)) -> AuthorizationCode:
    """Return a grant of a client without a secret."""
    return registered(sandbox, endpoints, client_secret=None, token_endpoint_auth_method="none")


def login_url(grant: AuthorizationCode, *, drop: tuple[str, ...] = (), **changes: str) -> str:
    """Return an authorization URL with PKCE."""
    asked = {"response_type": "code", "client_id": "id", "redirect_uri": CALLBACK, "scope": "a b", "state": "canary-st"}
    parameters = {name: value for name, value in {**asked, **PKCE, **changes}.items() if name not in drop}
    return f"{grant.authorization_endpoint}?{urlencode(parameters)}"


def answer_in(url: str) -> dict[str, str]:
    """Return the parameters of a URL's query."""
    return dict(parse_qsl(urlsplit(url).query))


def get(url: str, **kwargs: Any) -> requests.Response:
    """Open a URL as a browser that has seen nothing yet."""
    return requests.get(url, timeout=5, allow_redirects=False, **kwargs)


def decide(page: requests.Response, decision: str, **changes: str) -> requests.Response:
    """Press a button of the consent page."""
    form = {"csrf_token": csrf_token(page), "decision": decision, **changes}
    return requests.post(page.url, data=form, cookies=page.cookies, timeout=5, allow_redirects=False)


def csrf_token(page: requests.Response) -> str:
    """Return the token in the page's form."""
    found = re.search(r'name="csrf_token" value="(\w+)"', page.text)
    assert found
    return found[1]


def exchange(grant: AuthorizationCode, code: str, *, drop: tuple[str, ...] = (), **changes: str) -> requests.Response:
    """Exchange a code for tokens, in the form that vendors take; a client without a secret sends none."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    form |= {"client_id": "id"} | ({"client_secret": str(grant.client_secret)} if grant.client_secret else {})
    form = {name: value for name, value in {**form, **changes}.items() if name not in drop}
    return requests.post(str(grant.token_endpoint), data=form, timeout=5)


def renew(grant: AuthorizationCode, refresh_token: str, **changes: str) -> requests.Response:
    """Renew by refresh token."""
    changes = {"grant_type": "refresh_token", "refresh_token": refresh_token, **changes}
    return exchange(grant, "", drop=("code", "redirect_uri", "code_verifier"), **changes)


def code_of(sandbox: Sandbox, grant: AuthorizationCode, **kwargs: Any) -> str:
    """Log in and return the code."""
    return answer_in(sandbox.log_in(login_url(grant, **kwargs)))["code"]


def is_let_in(sandbox: Sandbox, token: str) -> bool:
    """Tell whether a plain API takes this token."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(sandbox.url("https://api.example.com/x"), headers=headers, timeout=5).ok


# The page


def test_accept(sandbox: Sandbox) -> None:
    """The page says who asks for what; Accept leads back with a code, the state and the issuer (RFC 9207)."""
    grant = registered(sandbox)
    page = get(login_url(grant))
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>id wants to use your account at as.example.com</h1>" in page.text
    assert re.findall(r"<li><code>(.*)</code></li>", page.text) == ["a", "b"]
    assert CALLBACK in page.text
    assert sorted(re.findall(r'<button name="decision" value="(\w+)">', page.text)) == ["accept", "deny"]
    redirect = decide(page, "accept")
    assert redirect.status_code == 302
    answer = answer_in(redirect.headers["Location"])
    assert redirect.headers["Location"].startswith(f"{CALLBACK}?")
    assert set(answer) == {"code", "state", "iss"}
    assert answer["state"] == "canary-st"
    assert answer["iss"] == sandbox.origin(AUTHORIZE)
    assert is_let_in(sandbox, exchange(grant, answer["code"]).json()["access_token"])


@pytest.mark.parametrize("decision", ["deny", "", "perhaps"])
def test_deny(sandbox: Sandbox, decision: str) -> None:
    """Deny leads back with access_denied, the state and the issuer; so does everything that is not Accept."""
    redirect = decide(get(login_url(registered(sandbox))), decision)
    answer = answer_in(redirect.headers["Location"])
    assert answer.pop("error_description")
    assert answer == {"error": "access_denied", "state": "canary-st", "iss": sandbox.origin(AUTHORIZE)}


def test_page_stands_alone(sandbox: Sandbox) -> None:
    """The page loads nothing, is for light and dark, is kept by no cache and framed by nobody (RFC 9700 §4.16)."""
    page = get(login_url(registered(sandbox)))
    assert re.findall(r'(?:src|href|action)="([^"]*)"', page.text) == ["data:,"]
    assert "//" not in page.text.replace(CALLBACK, "")
    assert 'content="light dark"' in page.text
    assert "prefers-color-scheme: dark" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_page_escapes(sandbox: Sandbox) -> None:
    """What a client is called and asks for is shown as text, whatever it holds."""
    name, scope = "<b>&\"'", "<script>alert(1)</script>\"'&"
    grant = registered(sandbox, client_id=name)
    page = get(login_url(grant, client_id=name, scope=scope, redirect_uri=f"{CALLBACK}/<i>"))
    assert name in html.unescape(page.text)
    assert scope in html.unescape(page.text)
    for raw in (name, scope, "<script", "<b>", "<i>"):
        assert raw not in page.text
    error = get(login_url(grant, client_id="<b>nobody", redirect_uri="<i>"))
    assert (error.status_code, "<b>" in error.text) == (400, False)


def test_no_scope(sandbox: Sandbox) -> None:
    """Without a scope the page says so, or shows what the vendor grants then."""
    sandbox.register_client("vibe", "id", SECRET, scopes=["campaigns:read"])
    assert "no particular scope" in get(login_url(registered(sandbox), drop=("scope",))).text
    assert "<li><code>campaigns:read</code></li>" in get(login_url(registered(sandbox, VIBE), drop=("scope",))).text


def test_csrf_token(sandbox: Sandbox) -> None:
    """A decision counts only with the token of this page, for this request, from the browser that was shown it."""
    grant = registered(sandbox)
    page, other = get(login_url(grant)), get(login_url(grant, scope="everything"))
    refused = [
        decide(page, "accept", csrf_token=""),
        decide(page, "accept", csrf_token="wrong-ü"),
        decide(page, "accept", csrf_token=csrf_token(get(login_url(grant)))),
        decide(page, "accept", csrf_token=csrf_token(get(other.url, cookies=page.cookies))),
        requests.post(page.url, data={"decision": "accept"}, cookies=page.cookies, timeout=5, allow_redirects=False),
        requests.post(page.url, data={"decision": "accept", "csrf_token": csrf_token(page)}, timeout=5),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert not any("Location" in answer.headers for answer in refused)
    assert all("This decision does not count" in answer.text for answer in refused)
    again = get(page.url, cookies=page.cookies)
    assert csrf_token(again) == csrf_token(page)
    assert decide(again, "accept").status_code == 302
    assert "HttpOnly; Path=/; SameSite=Lax" in page.headers["Set-Cookie"]


def test_methods(sandbox: Sandbox) -> None:
    """The authorization endpoint takes GET and POST (RFC 6749 §3.1)."""
    answer = requests.put(login_url(registered(sandbox)), timeout=5)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


# What is asked


def test_no_redirect(sandbox: Sandbox) -> None:
    """An unknown client, or an address that is not the client's, gets a page and never a redirect (§4.1.2.1)."""
    cases_of_kwargs: list[dict[str, Any]] = [
        {"drop": ("client_id",)},
        {"client_id": "nobody"},
        {"drop": ("redirect_uri",)},
        {"redirect_uri": "https://evil.example/cb"},
        {"redirect_uri": "https://127.0.0.1/cb"},
        {"redirect_uri": "http://localhost:5555/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"redirect_uri": "http://evil.example\\@127.0.0.1/"},
        {"redirect_uri": "http://127.0.0.1:5555/#fragment"},
        {"redirect_uri": "http://127.0.0.1:99999/"},
        {"redirect_uri": "http://127.0.0.1:0/"},
        {"redirect_uri": "http://[::1/"},
        {"redirect_uri": "http://127.0.0.1/a b"},
        {"redirect_uri": "http://127.0.0.1/\r\nSet-Cookie: a=b"},
        {"redirect_uri": "http://127.0.0.1/ü"},
        {"redirect_uri": "javascript:alert(1)"},
    ]
    cases_of_consent: list[Any] = [None, "accept"]
    for kwargs in cases_of_kwargs:
        for consent in cases_of_consent:
            sandbox.consent = consent
            answer = get(login_url(registered(sandbox), **kwargs))
            assert (answer.status_code, "Location" in answer.headers) == (400, False)
            assert "This login cannot begin" in answer.text
            assert 'name="csrf_token"' not in answer.text


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1/", "http://[::1]:65535/cb", "http://127.0.0.1/cb?a=b"])
def test_loopback_redirect_uris(sandbox: Sandbox, uri: str) -> None:
    """Loopback is allowed on every port (RFC 8252 §7.3); a query in the address stays."""
    redirected = sandbox.log_in(login_url(registered(sandbox), redirect_uri=uri))
    assert redirected.startswith(uri)
    assert {"code", "state"} < set(answer_in(redirected))


def test_registered_redirect_uris(sandbox: Sandbox) -> None:
    """An address that a grant was registered with is allowed as it is, and need not be named if it is the only one."""
    one, two = "https://app.example.com/cb", "com.example.app:/cb"
    grant = registered(sandbox, redirect_uri=one)
    code = answer_in(sandbox.log_in(login_url(grant, drop=("redirect_uri",))))["code"]
    assert exchange(grant, code, drop=("redirect_uri",)).status_code == 200
    assert sandbox.log_in(login_url(grant, redirect_uri=one)).startswith(f"{one}?")
    assert get(login_url(grant, redirect_uri=f"{one}/more")).status_code == 400
    registered(sandbox, redirect_uri=two)
    assert sandbox.log_in(login_url(grant, redirect_uri=two)).startswith(f"{two}?")
    assert get(login_url(grant, drop=("redirect_uri",))).status_code == 400


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": '"ü"'}, "unsupported_response_type"),
        ({"drop": ("response_type",)}, "unsupported_response_type"),
        ({"scope": "world:domination"}, "invalid_scope"),
        ({"drop": ("code_challenge",)}, "invalid_request"),
        ({"drop": ("code_challenge", "code_challenge_method")}, "invalid_request"),
        ({"drop": ("code_challenge_method",)}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "too-short"}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("consent", [None, "accept"])
def test_errors_are_redirected(sandbox: Sandbox, kwargs: dict[str, Any], error: str, consent: Any) -> None:
    """Every other error goes to the client at once, with state and issuer, and no user is asked."""
    sandbox.consent = consent
    grant = public(sandbox, VIBE)
    answer = answer_in(sandbox.log_in(login_url(grant, **{"scope": "campaigns:read", **kwargs})))
    assert (answer["error"], answer["state"], answer["iss"]) == (error, "canary-st", sandbox.origin(VIBE[0]))
    assert "code" not in answer


def test_parameters_given_twice(sandbox: Sandbox) -> None:
    """A parameter given twice is no authorization request (RFC 6749 §3.1)."""
    assert get(f"{login_url(registered(sandbox))}&redirect_uri=http://127.0.0.1:6666/").status_code == 400
    challenged_twice = f"{login_url(registered(sandbox))}&code_challenge={CHALLENGE}"
    assert answer_in(sandbox.log_in(challenged_twice))["error"] == "invalid_request"


def test_without_state(sandbox: Sandbox) -> None:
    """Where no state was sent none comes back."""
    assert set(answer_in(sandbox.log_in(login_url(registered(sandbox), drop=("state",))))) == {"code", "iss"}


# The code


def test_exchange(sandbox: Sandbox, clock: Clock) -> None:
    """A code becomes an access token and a refresh token, which renews the scope that was granted."""
    grant = registered(sandbox)
    tokens = exchange(grant, code_of(sandbox, grant)).json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (tokens["scope"], tokens["expires_in"]) == ("a b", 3600)
    clock.now += 4000
    assert not is_let_in(sandbox, tokens["access_token"])
    renewed = renew(grant, tokens["refresh_token"]).json()
    assert renewed["scope"] == "a b"
    assert is_let_in(sandbox, renewed["access_token"])
    assert renew(grant, tokens["refresh_token"], scope="c").json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"code": "wrong"}, "invalid_grant"),
        ({"drop": ("code",)}, "invalid_request"),
        ({"code_verifier": VERIFIER[::-1]}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"drop": ("code_verifier",)}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:5556/callback"}, "invalid_grant"),
        ({"drop": ("redirect_uri",)}, "invalid_grant"),
    ],
)
@pytest.mark.parametrize("register", [registered, public])
def test_wrong_exchange(sandbox: Sandbox, register: Any, kwargs: dict[str, Any], error: str) -> None:
    """A code is bound to its redirect_uri and its challenge; a wrong exchange is refused and does not use it up."""
    grant = register(sandbox)
    code = code_of(sandbox, grant)
    refused = exchange(grant, **{"code": code, **kwargs})
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert exchange(grant, code).status_code == 200


def test_code_of_another_client(sandbox: Sandbox) -> None:
    """A code is bound to its client; another's attempt neither uses it up nor ends what came of it."""
    grant = registered(sandbox)
    other = registered(sandbox, client_id="other", client_secret="other-secret")
    code = code_of(sandbox, grant)
    assert exchange(other, code, client_id="other").json()["error"] == "invalid_grant"
    token = exchange(grant, code).json()["access_token"]
    assert exchange(other, code, client_id="other").json()["error"] == "invalid_grant"
    assert is_let_in(sandbox, token)


def test_wrong_client_authentication(sandbox: Sandbox) -> None:
    """A client that has a secret needs it for the code too."""
    grant = registered(sandbox)
    code = code_of(sandbox, grant)
    assert exchange(grant, code, client_secret="wrong").json()["error"] == "invalid_client"
    assert exchange(grant, code, drop=("client_secret",)).json()["error"] == "invalid_client"


def test_code_without_challenge(sandbox: Sandbox) -> None:
    """A client with a secret may do without PKCE, but then sends no verifier (RFC 9700 §4.8)."""
    grant = registered(sandbox)
    code = code_of(sandbox, grant, drop=tuple(PKCE))
    assert exchange(grant, code).json()["error"] == "invalid_request"
    assert exchange(grant, code, drop=("code_verifier",)).status_code == 200


def test_code_twice(sandbox: Sandbox) -> None:
    """A code used again is refused, and ends every token that came of it, renewed ones too (RFC 6749 §4.1.2)."""
    grant = registered(sandbox)
    other = exchange(grant, code_of(sandbox, grant)).json()
    code = code_of(sandbox, grant)
    tokens = exchange(grant, code).json()
    renewed = renew(grant, tokens["refresh_token"]).json()
    again = exchange(grant, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert not is_let_in(sandbox, tokens["access_token"])
    assert not is_let_in(sandbox, renewed["access_token"])
    assert renew(grant, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert is_let_in(sandbox, other["access_token"])
    assert renew(grant, other["refresh_token"]).status_code == 200


def test_two_exchanges_at_once(sandbox: Sandbox) -> None:
    """Of exchanges that come at once with one code at most one is answered with tokens, and those are ended."""
    grant, answers, together = registered(sandbox), [], threading.Barrier(8)
    code = code_of(sandbox, grant)

    def use() -> None:
        together.wait()
        answers.append(exchange(grant, code))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    tokens = next(answer.json() for answer in answers if answer.ok)
    assert not is_let_in(sandbox, tokens["access_token"])
    assert renew(grant, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_claim_decides(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange that was overtaken between the check and the claim of its code is refused."""
    grant = registered(sandbox)
    code, state = code_of(sandbox, grant), sandbox._state
    check = state.living_code

    def overtaken(value: str, client: Any) -> Any:
        found = check(value, client)
        monkeypatch.setattr(state, "living_code", check)
        assert found
        assert state.use_code(found)
        return found

    monkeypatch.setattr(state, "living_code", overtaken)
    assert exchange(grant, code).json()["error"] == "invalid_grant"


def test_tokens_made_too_late(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the second use of a code comes before the tokens of the first are made, they are made dead."""
    grant = registered(sandbox)
    code, state = code_of(sandbox, grant), sandbox._state
    claim = state.use_code

    def slow(found: Any) -> bool:
        claimed = claim(found)
        assert state.living_code(found.value, found.client) is None
        return claimed

    monkeypatch.setattr(state, "use_code", slow)
    tokens = exchange(grant, code).json()
    assert not is_let_in(sandbox, tokens["access_token"])
    assert renew(grant, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_expired_code(sandbox: Sandbox, clock: Clock) -> None:
    """A code lives a minute by the sandbox's clock."""
    grant = registered(sandbox)
    early, late = code_of(sandbox, grant), code_of(sandbox, grant)
    clock.now += 59.9
    assert exchange(grant, early).status_code == 200
    clock.now += 0.1
    assert exchange(grant, late).json()["error"] == "invalid_grant"


def test_deleted_application(sandbox: Sandbox) -> None:
    """A code dies with its client, also where the client is registered again."""
    grant = registered(sandbox)
    code = code_of(sandbox, grant)
    other = registered(sandbox, client_id="other")
    kept = code_of(sandbox, other, client_id="other")
    sandbox.delete_application(grant)
    assert get(login_url(grant)).status_code == 400
    sandbox.register_client(TOKEN, "id", SECRET)
    assert exchange(grant, code).json()["error"] == "invalid_grant"
    assert exchange(other, kept, client_id="other").status_code == 200


def test_reuse_token(sandbox: Sandbox) -> None:
    """With `reuse_token` a renewal gets the running token of its own login, never another's."""
    sandbox.reuse_token = True
    grant = registered(sandbox)
    one, two = (exchange(grant, code_of(sandbox, grant)).json() for _ in range(2))
    assert one["access_token"] != two["access_token"]
    assert renew(grant, one["refresh_token"]).json()["access_token"] == one["access_token"]


# The knobs


def test_consent_knob(sandbox: Sandbox) -> None:
    """With `consent` the GET is answered at once, as the user would have; None shows the page again."""
    url = login_url(registered(sandbox))
    sandbox.consent = "accept"
    assert "code" in answer_in(get(url).headers["Location"])
    sandbox.consent = "deny"
    assert answer_in(get(url).headers["Location"])["error"] == "access_denied"
    sandbox.consent = None
    assert get(url).status_code == 200


@pytest.mark.parametrize("consent", ["accept", "deny", None])
def test_wrong_state(sandbox: Sandbox, consent: Any) -> None:
    """With `wrong_state` the redirect carries a state that nobody sent, whatever else it says."""
    sandbox.consent, sandbox.wrong_state = consent, True
    answer = answer_in(sandbox.log_in(login_url(registered(sandbox))))
    assert answer["state"] != "canary-st"
    assert ("code" in answer) == (consent != "deny")


@pytest.mark.parametrize("consent", ["accept", "deny", None])
def test_issuer_knobs(sandbox: Sandbox, consent: Any) -> None:
    """With `wrong_issuer` another authorization server seems to answer; without `send_issuer` nobody says who does."""
    sandbox.consent, url = consent, login_url(registered(sandbox))
    sandbox.wrong_issuer = True
    assert answer_in(sandbox.log_in(url))["iss"] not in {sandbox.origin(AUTHORIZE), AUTHORIZE}
    sandbox.send_issuer = False
    assert "iss" not in answer_in(sandbox.log_in(url))
    sandbox.wrong_issuer = False
    assert "iss" not in answer_in(sandbox.log_in(url))


def test_failing_authorization_endpoint(sandbox: Sandbox) -> None:
    """The authorization endpoint can be told to fail like the others."""
    sandbox.fail("authorization", status=503, body="<p>Out &amp; about.</p>")
    sandbox.fail("authorization", status=200, body="nothing")
    url = login_url(registered(sandbox))
    with pytest.raises(ValueError, match="503: Out & about"):
        sandbox.log_in(url)
    with pytest.raises(ValueError, match="200: no page"):
        sandbox.log_in(url)
    assert "code" in answer_in(sandbox.log_in(url))


# Logging in without a browser


def test_log_in(sandbox: Sandbox) -> None:
    """log_in() accepts on the page, at the vendor's own address too, and does not fetch where it is sent."""
    grant = registered(sandbox)
    there = login_url(grant).replace(str(grant.authorization_endpoint), AUTHORIZE)
    for url in (login_url(grant), there):
        assert sandbox.log_in(url).startswith(f"{CALLBACK}?code=")
    assert [(record.kind, record.method, record.status) for record in sandbox.requests] == [
        ("authorization", "GET", 200),
        ("authorization", "POST", 302),
    ] * 2


def test_log_in_says_why_not(sandbox: Sandbox) -> None:
    """log_in() raises where the browser would show an error, and says which."""
    with pytest.raises(ValueError, match="400: The client does not exist on this server"):
        sandbox.log_in(login_url(registered(sandbox), client_id="nobody"))


def test_log_in_on_ipv6() -> None:
    """The login works on IPv6 loopback, and the issuer is written as the client writes it."""
    with Sandbox(host="::1") as sandbox:
        answer = answer_in(sandbox.log_in(login_url(registered(sandbox))))
        assert answer["iss"] == sandbox.origin(AUTHORIZE)
        assert answer["iss"].startswith("http://[::1]:")


# The vendors


def test_vend_email(sandbox: Sandbox) -> None:
    """Vend Email's code brings created_at, the scope public, and a refresh token that rotates."""
    grant = registered(sandbox, VEND)
    tokens = exchange(grant, code_of(sandbox, grant, scope="read_user")).json()
    assert {"created_at": 1_800_000_000, "scope": "public", "expires_in": 7200}.items() <= tokens.items()
    renewed = renew(grant, tokens["refresh_token"], scope="read_user").json()
    assert renewed["scope"] == "public"
    assert renew(grant, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert renew(grant, renewed["refresh_token"]).status_code == 200


def test_vend_email_knows_no_public_clients(sandbox: Sandbox) -> None:
    """Vend Email documents the exchange with a secret only."""
    grant = public(sandbox, VEND)
    code = code_of(sandbox, grant, scope="read_user")
    assert exchange(grant, code).json()["error"] == "invalid_client"


def test_vibe(sandbox: Sandbox) -> None:
    """Vibe's clients log in without a secret; the scope is as asked, and the refresh token stays."""
    grant = public(sandbox, VIBE)
    tokens = exchange(grant, code_of(sandbox, grant, scope="openid campaigns:read")).json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}
    for _ in range(2):
        renewed = renew(grant, tokens["refresh_token"])
        assert (renewed.status_code, "refresh_token" in renewed.json()) == (200, False)
    headers = {"Authorization": f"Bearer {renewed.json()['access_token']}", "X-Vibe-Revision": "2026-06-01"}
    url = sandbox.url("https://api.vibe.co/campaigns")
    assert requests.get(url, headers=headers, timeout=5).status_code == 200
    assert requests.post(url, headers=headers, timeout=5).status_code == 403


def test_vainu(sandbox: Sandbox) -> None:
    """Vainu's users log in at another host than the one that answers with tokens; its refresh tokens rotate."""
    grant = public(sandbox, VAINU)
    redirected = sandbox.log_in(login_url(grant, scope="vainu:api offline_access"))
    assert answer_in(redirected)["iss"] == sandbox.origin(VAINU[0]) != sandbox.origin(VAINU[1])
    tokens = exchange(grant, answer_in(redirected)["code"]).json()
    assert tokens["scope"] == "vainu:api offline_access"
    renewed = renew(grant, tokens["refresh_token"], scope="vainu:api offline_access").json()
    assert renewed["refresh_token"] != tokens["refresh_token"]
    headers = {"Authorization": f"Bearer {renewed['access_token']}"}
    assert requests.post(
        sandbox.url("https://api.vainu.io/api/v3/organizations/"), json={}, headers=headers, timeout=5
    ).ok
    assert requests.get(sandbox.url("https://app.vainu.io/api/v3/organizations/"), timeout=5).status_code == 404


@pytest.mark.parametrize(("endpoints", "auth"), [(VIBE, True), (VAINU, False)])
def test_client_credentials_too(sandbox: Sandbox, endpoints: tuple[str, str], auth: bool) -> None:
    """A client with a secret has client credentials as before, without the scopes that only users grant."""
    grant = registered(sandbox, endpoints)
    form = {"grant_type": "client_credentials"} | ({} if auth else {"client_id": "id", "client_secret": SECRET})
    basic = ("id", SECRET) if auth else None
    answer = requests.post(str(grant.token_endpoint), data=form, auth=basic, timeout=5)
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    for scope in ("openid", "offline_access"):
        refused = requests.post(str(grant.token_endpoint), data=form | {"scope": scope}, auth=basic, timeout=5)
        assert refused.json()["error"] == "invalid_scope"


@pytest.mark.parametrize("endpoints", [VIBE, VAINU])
def test_no_client_credentials_without_a_secret(sandbox: Sandbox, endpoints: tuple[str, str]) -> None:
    """A client without a secret logs users in, and gets nothing on its own behalf (RFC 6749 §4.4)."""
    form = {"grant_type": "client_credentials", "client_id": "id"}
    answer = requests.post(str(public(sandbox, endpoints).token_endpoint), data=form, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


def test_where_the_login_is(sandbox: Sandbox) -> None:
    """A host of no vendor logs users in where a grant says so, and nowhere else."""
    grant = registered(sandbox)
    elsewhere = login_url(grant).replace("/login/here", "/login/there")
    assert (get(login_url(grant)).status_code, get(elsewhere).status_code) == (200, 401)


# Records


def test_records(sandbox: Sandbox, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """Logins are recorded as "authorization"; codes, states, verifiers and tokens are shown nowhere."""
    caplog.set_level("DEBUG")
    grant = registered(sandbox)
    code = code_of(sandbox, grant)
    tokens = exchange(grant, code).json()
    first, second, third = sandbox.requests
    assert (first.kind, first.vendor, first.path, sandbox.count("authorization")) == (
        "authorization",
        "as.example.com",
        "/login/here",
        2,
    )
    assert (first.form["state"], third.form["code"]) == ("canary-st", code)
    assert "client_id=id" in first.shown_body
    assert "state=***" in first.shown_body
    assert "decision=accept" in second.shown_body
    assert "code=***" in third.shown_body
    shown = [
        sandbox,
        *(record.as_dict() for record in sandbox.requests),
        *sandbox.requests,
        sandbox._state.codes.values(),
    ]
    shown += [part for record in sandbox.requests for part in (record.headers, record.form)]
    printed = repr(shown) + "".join(capfd.readouterr()) + "".join(record.getMessage() for record in caplog.records)
    secrets = {"canary-st", code, VERIFIER, CHALLENGE, SECRET, tokens["access_token"], tokens["refresh_token"]}
    secrets |= {str(second.form["csrf_token"]), second.headers["Cookie"].partition("=")[2]}
    assert [secret for secret in secrets if secret in printed] == []
