"""The vendors, each a frozen value of facts with the page they were read from.

What a vendor's documentation leaves open is marked "not documented" beside the choice made here. Hosts that belong to
none of them are `PLAIN`: an authorization server by the letter of RFC 6749 that takes every client authentication.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True)
class Vendor:
    """An authorization server and its API, as the vendor describes them.

    `apis` are the hosts of the API with the path under which it lives. `auth_methods` are names of RFC 7591 §2,
    besides client_secret_basic_and_post. `scopes` None means that any may be asked for. `always_grants` is the scope
    that a token gets whatever was asked for. `lifetime` is in seconds.
    """

    name: str
    _: KW_ONLY
    source: str
    token_hosts: frozenset[str] = frozenset()
    token_path: str | None = None
    revocation_path: str | None = None
    apis: Mapping[str, str] = field(default_factory=dict)
    auth_methods: frozenset[str] = frozenset({"client_secret_post"})
    bodies: frozenset[str] = frozenset({"application/x-www-form-urlencoded"})
    grant_types: frozenset[str] = frozenset({"client_credentials"})
    scopes: frozenset[str] | None = frozenset()
    scope_required: bool = False
    always_grants: str | None = None
    states_scope: bool = True
    states_created_at: bool = False
    audience: str | None = None
    lifetime: int = HOUR
    rotates_refresh_tokens: bool = False
    unsupported_grant_type: str = "unsupported_grant_type"
    empty_invalid_client: bool = False
    limited_per_day: bool = False
    www_authenticate: str | None = None
    revisions: frozenset[str] = frozenset()
    scope_families: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def hosts(self) -> frozenset[str]:
        """Every host of this vendor."""
        return self.token_hosts | set(self.apis)


_READ, _WRITE = frozenset({"read"}), frozenset({"read", "write"})
_VIBE_FAMILIES = {
    "account": _WRITE,
    "advertisers": _WRITE,
    "audiences": _WRITE,
    "campaigns": _WRITE,
    "creatives": _WRITE,
    "impression_tracking": _WRITE,
    "reporting": _READ,
}

VIBE = Vendor(
    "vibe",
    source="https://developers.vibe.co/docs/start-your-client-credentials-flow",
    token_hosts=frozenset({"api.vibe.co"}),
    token_path="/oauth2/token",
    apis={"api.vibe.co": "/"},
    auth_methods=frozenset({"client_secret_basic"}),
    # https://developers.vibe.co/reference/oauth2token
    scopes=frozenset(f"{family}:{right}" for family, rights in _VIBE_FAMILIES.items() for right in rights),
    states_scope=False,
    # https://developers.vibe.co/docs/api-versioning; the two values that the vendor's own pages and command line send.
    revisions=frozenset({"2026-05", "2026-06-01"}),
    scope_families=_VIBE_FAMILIES,
)

VIBES_RBM = Vendor(
    "vibes_rbm",
    source="https://developer-aggregation.vibes.com/reference/authentication-1",
    token_hosts=frozenset({"vibes-rbm-prd.auth.us-west-2.amazoncognito.com"}),
    token_path="/oauth2/token",
    apis={"rbm.us.vibes.com": "/connectCustomers"},
    # RFC 6749 §2.3 forbids two methods at once; this vendor demands both.
    auth_methods=frozenset({"client_secret_basic_and_post"}),
    scopes=frozenset({"https://rbm.vibes.com/rbm.agents"}),
    scope_required=True,
    states_scope=False,
    empty_invalid_client=True,
)

VAINU = Vendor(
    "vainu",
    source="https://developers.vainu.com/v3/docs/client-credentials-authentication",
    token_hosts=frozenset({"api.vainu.io"}),
    token_path="/api/oauth/token/",
    revocation_path="/api/oauth/revoke_token/",
    apis={"api.vainu.io": "/api/"},
    scopes=frozenset({"vainu:api"}),
    # RFC 6749 §5.2 has unsupported_grant_type; the page's table of errors says invalid_grant.
    unsupported_grant_type="invalid_grant",
    # "Limited lifetime" without a number: an hour is what the vendor's own command line assumes.
    lifetime=HOUR,
)

VEND_EMAIL = Vendor(
    "vend_email",
    source="https://vend.email/pages/oauth-authentication",
    token_hosts=frozenset({"www.vend.email"}),
    token_path="/oauth/token",
    apis={"www.vend.email": "/api/"},
    grant_types=frozenset({"refresh_token"}),
    scopes=frozenset({"read_user", "public"}),
    # The page asks for read_user and shows an answer with public.
    always_grants="public",
    states_created_at=True,
    lifetime=2 * HOUR,
    rotates_refresh_tokens=True,
)

FYMA = Vendor(
    "fyma",
    source="https://docs.fyma.ai/auth",
    token_hosts=frozenset({"auth.fyma.ai"}),
    token_path="/oauth/token",
    apis={"api.fyma.ai": "/"},
    # The page's example is an HTTPie command, and HTTPie sends JSON; whether a form would do is not documented.
    bodies=frozenset({"application/json"}),
    states_scope=False,
    audience="https://api.fyma.ai",
    lifetime=DAY,
    limited_per_day=True,
)

PLAIN = Vendor(
    "plain",
    source="https://www.rfc-editor.org/rfc/rfc6749",
    auth_methods=frozenset(
        {
            "client_secret_basic",
            "client_secret_post",
            "client_secret_basic_and_post",
            "client_assertion_jwt",
            "none",
        }
    ),
    bodies=frozenset({"application/x-www-form-urlencoded", "application/json"}),
    grant_types=frozenset({"client_credentials", "refresh_token"}),
    scopes=None,
    www_authenticate='Bearer error="invalid_token"',
)

VENDORS = (VIBE, VIBES_RBM, VAINU, VEND_EMAIL, FYMA)
_BY_HOST = {host: vendor for vendor in VENDORS for host in vendor.hosts}


def vendor_of(host: str) -> Vendor:
    """Return the vendor whose host this is, `PLAIN` for any other."""
    return _BY_HOST.get(host, PLAIN)
