"""The vendors on this machine: their authorization servers and APIs over real HTTP on loopback, for tests and trials.

    with Sandbox() as sandbox:
        grant = sandbox.grant(presets.vainu(client_id="made-up", client_secret="made-up"))
        requests.get(f"{grant.resource_server.base_url}/v3/organizations/", auth=RequestsAuth(grant))

Only the origins of a grant are pointed at the sandbox; everything else stays as the vendor has it. The first secret
that the sandbox sees for a client is the right one. A vendor is one file of facts in the folder `vendors`, and `Vendor`
says what they may be; a host that is no vendor's is an authorization server by the letter of RFC 6749. Requires the
extra: ``pip install "oauth-cc-auth[sandbox]"``.
"""

from __future__ import annotations

from oauth_cc_auth._text import needs

try:
    import authlib  # noqa: F401 - asked for here so that the message says how to get it
    import flask  # noqa: F401 - as above
except ImportError as error:
    message = needs("oauth_cc_auth.sandbox", "Flask and authlib", "sandbox")
    raise ImportError(message) from error

from oauth_cc_auth.sandbox._knobs import Default
from oauth_cc_auth.sandbox._made_up import made_up
from oauth_cc_auth.sandbox._records import Record
from oauth_cc_auth.sandbox._sandbox import Sandbox
from oauth_cc_auth.sandbox._vendor import Vendor
from oauth_cc_auth.sandbox.vendors import VENDORS

__all__ = ["VENDORS", "Default", "Record", "Sandbox", "Vendor", "made_up"]
