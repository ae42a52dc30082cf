"""The authorization endpoint (RFC 6749 §3.1): a page that asks the user, and the redirect that carries the answer.

The user is always logged in already. A request that names no known client or no address of that client is answered by a
page, never by a redirect (§4.1.2.1). A decision counts only if it comes from the page that this browser was shown
(§10.12): the form carries a token that is made of the request and of a cookie.
"""

# mypy: disable-error-code="no-untyped-call"
# authlib ships no types and nobody annotated its functions, the inherited ones included.

from __future__ import annotations

import hmac
import secrets
from typing import Any

import flask
from authlib.integrations.flask_oauth2.authorization_server import AuthorizationServer
from authlib.oauth2 import OAuth2Error

from oauth_cc_auth.sandbox._state import State, new_family

COOKIE = "oauth_cc_auth_sandbox"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
<link rel="icon" href="data:,">
<style>
  :root { --page: #f3f4f6; --card: #fff; --text: #1f2937; --faint: #5b6472; --line: #d1d5db; --accept: #1d4ed8 }
  @media (prefers-color-scheme: dark) {
    :root { --page: #111317; --card: #1c1f26; --text: #e5e7eb; --faint: #a2a9b4; --line: #3d434e; --accept: #2f5fe0 }
  }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
         background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
  main { width: 100%; max-width: 27rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
         border-radius: .75rem; overflow-wrap: anywhere }
  h1 { margin: 0 0 1rem; font-size: 1.25rem; line-height: 1.3 }
  ul { margin: .5rem 0 1rem; padding-left: 1.25rem }
  code { font: .9em ui-monospace, monospace }
  small { display: block; margin-top: 1.5rem; color: var(--faint) }
  form { display: flex; gap: .75rem; margin-top: 1.5rem }
  button { flex: 1; padding: .65rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: none;
           color: inherit; font: inherit; cursor: pointer }
  button[value=accept] { border-color: var(--accept); background: var(--accept); color: #fff }
  button:focus-visible { outline: 3px solid var(--accept); outline-offset: 2px }
</style>
<main>
  <h1>{{ title }}</h1>
  {%- if error %}
  <p>{{ error }}</p>
  <small>{{ hint }}</small>
  {%- else %}
  {%- if scopes %}
  <p>It asks for:</p>
  <ul>
    {%- for scope in scopes %}
    <li><code>{{ scope }}</code></li>
    {%- endfor %}
  </ul>
  {%- else %}
  <p>It asks for no particular scope.</p>
  {%- endif %}
  <form method="post">
    <input type="hidden" name="csrf_token" value="{{ csrf_token }}">
    <button name="decision" value="deny">Deny</button>
    <button name="decision" value="accept">Accept</button>
  </form>
  <small>You return to {{ destination }}. This is a sandbox: nothing that you decide here leaves your machine.</small>
  {%- endif %}
</main>
</html>
"""

# Nothing is loaded, and no other page may frame this one to catch a click (RFC 9700 §4.16). `form-action` is left out:
# browsers would apply it to the redirect too.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class AuthorizationEndpoint:
    """The authorization endpoint of every vendor that has one."""

    def __init__(self, server: AuthorizationServer, state: State) -> None:
        self._server = server
        self._state = state
        self._key = secrets.token_bytes(32)

    def answer(self) -> flask.Response:
        """Show the page, or redirect with the answer."""
        if flask.request.method not in {"GET", "POST"}:
            return flask.Response(status=405, headers={"Allow": "GET, POST"})
        response = self._answer()
        response.headers.update(_HEADERS)
        return response

    def _answer(self) -> flask.Response:
        request = self._server.create_oauth2_request(None)
        grant = self._server.get_authorization_grant(request)
        try:
            grant.validate_no_multiple_request_parameter(request)
            redirect_uri = grant.validate_authorization_request()
        except OAuth2Error as error:
            if not error.redirect_uri:
                hint = "You are not redirected: this redirect address is not registered for the client."
                return _error_page(400, "This login cannot begin", str(error.get_error_description()), hint)
            # authlib finds the error again, and redirects with it.
            return self._redirect(grant, accepted=False)
        if flask.request.method == "GET":
            decision = self._state.knobs.consent
            return self._redirect(grant, accepted=decision == "accept") if decision else self._page(grant, redirect_uri)
        cookie = flask.request.cookies.get(COOKIE, "")
        given = flask.request.form.get("csrf_token", "")
        if not cookie or not hmac.compare_digest(given.encode(), self._csrf_token(cookie).encode()):
            why = "It did not come from the page that this browser was shown."
            return _error_page(403, "This decision does not count", why, "Begin the login again.")
        return self._redirect(grant, accepted=flask.request.form.get("decision") == "accept")

    def _redirect(self, grant: Any, *, accepted: bool) -> flask.Response:
        # All that came from one login ends together, so what authlib calls the user is the login.
        user = new_family() if accepted else None
        response: flask.Response = self._server.create_authorization_response(grant.request, user, grant)
        return response

    def _page(self, grant: Any, redirect_uri: str) -> flask.Response:
        cookie = flask.request.cookies.get(COOKIE) or secrets.token_urlsafe(32)
        request = grant.request
        page = flask.render_template_string(
            _PAGE,
            title=f"{request.client.client_id} wants to use your account at {_spoken(flask.g.realm)}",
            scopes=(request.payload.scope or request.scope).split(),
            csrf_token=self._csrf_token(cookie),
            destination=redirect_uri.partition("?")[0],
        )
        response = flask.Response(page)
        # One cookie for all sandboxes on this host (a port does not part them), so a foreign one is kept.
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="Lax")
        return response

    def _csrf_token(self, cookie: str) -> str:
        request = b"\0".join([cookie.encode(), flask.request.path.encode(), flask.request.query_string])
        return hmac.digest(self._key, request, "sha256").hex()


def _error_page(status: int, title: str, error: str, hint: str) -> flask.Response:
    return flask.Response(flask.render_template_string(_PAGE, title=title, error=error, hint=hint), status)


def _spoken(realm: str) -> str:
    """Return a vendor's name as people write it, vend_email as Vend Email; a host stays as it is."""
    return realm if "." in realm else realm.replace("_", " ").title()
