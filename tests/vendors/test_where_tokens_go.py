"""Tests of what users of a vendor need beyond its pin: hosts that it documents, words as people paste them, variables.

Each row was found by comparing the preset with the vendor's own pages and tools, which the preset names.
"""

from __future__ import annotations

from typing import Any

import pytest
from vendor_stage import CLIENT_ID, SECRET, preset, private_key

from oauth_cc_auth import InsecureTransport, OriginNotAllowed, Token, TokenSource, presets
from oauth_cc_auth.sandbox import Sandbox

SALESFORCE = "https://{}.my.salesforce.com/services/oauth2/token"


def test_salesforce_knows_each_form_of_my_domain() -> None:
    """A Developer Edition's domain has a dot; the whole host, or its URL, is what people copy."""
    cases: list[tuple[str, str]] = [
        ("acme", "acme"),
        ("acme-dev-ed.develop", "acme-dev-ed.develop"),
        ("acme.my.salesforce.com", "acme"),
        ("https://acme-dev-ed.develop.my.salesforce.com/", "acme-dev-ed.develop"),
        ("acme--dev.sandbox", "acme--dev.sandbox"),
    ]
    for given, domain in cases:
        assert preset("salesforce", my_domain=given, sandbox=None).token_endpoint == SALESFORCE.format(domain)


@pytest.mark.parametrize(
    "given",
    ["acme.cloud.databricks.com", "https://acme.cloud.databricks.com/", "https://acme.cloud.databricks.com:443"],
)
def test_databricks_host_as_its_tools_write_it(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABRICKS_HOST has a scheme, and often a slash or a port behind it."""
    monkeypatch.setenv("DATABRICKS_HOST", given)
    grant = presets.databricks("i", "s")
    assert grant.resource_server is not None
    assert grant.resource_server.base_url == "https://acme.cloud.databricks.com"


def test_auth0_management_at_a_custom_domain() -> None:
    """The Management API's identifier stays that of the tenant's own domain, and the domain is the custom one."""
    identifier = "https://acme.eu.auth0.com/api/v2/"
    grant = preset("auth0_management", domain="login.acme.com", audience=identifier)
    assert grant.audience == identifier
    assert grant.token_endpoint == "https://login.acme.com/oauth/token"
    assert grant.resource_server.base_url == "https://login.acme.com/api/v2"
    assert preset("auth0_management", domain="acme.eu.auth0.com").audience == identifier


def test_reddit_says_how_long_a_token_lives() -> None:
    """Reddit's tokens live a day, as its answers say."""
    assert "live a day" in str(presets.reddit_app_only.__doc__)


def test_crowdstrike_follows_to_its_third_region() -> None:
    """An answer that names us-3 as the client's home is followed there."""
    grant = preset("crowdstrike")
    home = Token("t", extra={"x-cs-region": "us-3"})
    assert grant.resource_server.base_url_for(home) == "https://api.us-3.crowdstrike.com"
    grant.resource_server.admit("https://api.us-3.crowdstrike.com/x", home)
    assert preset("crowdstrike", region="us-3").token_endpoint.startswith("https://api.us-3.")


def test_genesys_cloud_in_the_european_sovereign_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """The EU's sovereign cloud is a region; GENESYSCLOUD_REGION writes regions with dashes."""
    there = preset("genesys_cloud", region="eusc_de_east_1")
    assert there.token_endpoint == "https://login.edee1.eusc-pure.cloud/oauth/token"
    monkeypatch.setenv("GENESYSCLOUD_REGION", "eu-central-1")
    grant = presets.genesys_cloud("i", "s")
    assert grant.token_endpoint == "https://login.mypurecloud.de/oauth/token"
    assert grant.variables == ("GENESYSCLOUD_REGION",)


def test_amadeus_warns_of_its_end() -> None:
    """What a user reports of the portal's end is said, as a report, with its address."""
    assert "2026-07-01" in str(presets.amadeus.__doc__)
    assert "look there before" in str(presets.amadeus.__doc__)


def test_a_host_that_the_vendor_documents() -> None:
    """The token goes where the vendor's pages send it, and to no host that looks like that."""
    cases: list[tuple[str, dict[str, str], str]] = [
        ("salesforce", {}, "https://api.salesforce.com/einstein/ai-agent/v1/agents"),
        ("zoom", {}, "https://fileapi.zoom.us/v2/chat/files"),
        ("zoom", {}, "https://acme.zoom.us/rec/download/x"),
        ("zoom", {}, "https://api-us2.zoom.us/v2/users"),
        ("zoom", {"cloud": "us-government"}, "https://api.zoomgov.com/v2/users"),
        (
            "amazon_sp_api",
            {"environment": "sandbox", "region": "na"},
            "https://sandbox.sellingpartnerapi-na.amazon.com/x",
        ),
        (
            "amazon_sp_api",
            {"environment": "sandbox", "region": "eu"},
            "https://sandbox.sellingpartnerapi-eu.amazon.com/",
        ),
        ("walmart", {"environment": "sandbox"}, "https://sandbox.walmartapis.com/v3/items"),
        ("box", {}, "https://upload.box.com/api/2.0/files/content"),
        ("box", {}, "https://upload-las.app.box.com/api/2.0/files/upload_sessions/x"),
        ("x_app_only", {}, "https://api.twitter.com/2/tweets"),
        ("copernicus_openeo", {}, "https://openeo.dataspace.copernicus.eu/openeo/1.2/me"),
        ("copernicus_openeo", {}, "https://openeofed.dataspace.copernicus.eu/openeo/1.2/me"),
        ("paypal", {}, "https://api.paypal.com/v1/payments/payment/x"),
        ("ebay", {}, "https://apiz.ebay.com/commerce/identity/v1/user/"),
        ("ebay", {}, "https://apim.ebay.com/commerce/media/v1_beta/video"),
        ("vipps_partner", {}, "https://api.vipps.no/report/v2/ledgers"),
    ]
    for name, words, url in cases:
        server = preset(name, **words).resource_server
        token = Token("t", extra={"instance_url": "https://acme.my.salesforce.com"})
        server.admit(url, token)
        host = url.split("/")[2]
        for foreign in (f"http://{host}/", f"https://{host}.evil.example/", f"https://{host}:8443/"):
            with pytest.raises(OriginNotAllowed):
                server.admit(foreign, token)


def test_a_host_of_another_kind() -> None:
    """A sandbox's token goes to no production host, nor to the domain itself where its hosts are named by a star."""
    cases: list[tuple[str, dict[str, str], str]] = [
        ("zoom", {}, "https://zoom.us/oauth/token"),
        ("zoom", {}, "https://evilzoom.us/"),
        ("zoom", {"cloud": "us-government"}, "https://api.zoom.us/v2/users"),
        ("walmart", {}, "https://sandbox.walmartapis.com/v3/items"),
        ("box", {}, "https://app.box.com/"),
        ("paypal", {"environment": "sandbox"}, "https://api.paypal.com/v1/x"),
        ("ebay", {"environment": "sandbox"}, "https://apiz.ebay.com/x"),
        ("amazon_sp_api", {"environment": "sandbox"}, "https://sellingpartnerapi-na.amazon.com/x"),
    ]
    for name, words, url in cases:
        with pytest.raises(OriginNotAllowed):
            preset(name, **words).resource_server.admit(url)


def test_zoom_for_the_government() -> None:
    """ZoomGov has a token endpoint of its own."""
    assert preset("zoom", cloud="us-government").token_endpoint == "https://zoomgov.com/oauth/token"


def test_vipps_has_two_token_requests() -> None:
    """Partners' keys need no subscription key, neither for the token nor for the API."""
    assert "Ocp-Apim-Subscription-Key" in preset("vipps").headers
    partner = preset("vipps_partner")
    assert (dict(partner.headers), dict(partner.resource_server.headers)) == ({}, {})


def test_openeo_wants_its_word_before_the_token() -> None:
    """OpenEO's header is ``Bearer oidc/CDSE/TOKEN``."""
    with Sandbox() as sandbox:
        grant = sandbox.grant(preset("copernicus_openeo"))
        url = sandbox.url("https://openeo.dataspace.copernicus.eu/me")
        header = TokenSource(grant).headers("GET", url)["Authorization"]
        assert header.startswith("Bearer oidc/CDSE/")


def test_cognito_says_how_govcloud_is_named() -> None:
    """GovCloud's domains are not made of prefix and region; the whole name is."""
    domain = "acme.auth-fips.us-gov-west-1.amazoncognito.com"
    grant = presets.cognito("i", "s", custom_domain=domain, base_url="https://api.acme.example")
    assert grant.token_endpoint == f"https://{domain}/oauth2/token"
    assert "auth-fips.us-gov-west-1" in str(presets.cognito.__doc__)


def test_keycloak_on_a_developers_machine() -> None:
    """Plain http is for this machine; the whole URL may be given."""
    cases: list[tuple[str, str]] = [
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://sso.acme.example/", "https://sso.acme.example"),
    ]
    for host, root in cases:
        assert preset("keycloak", host=host, relative_path=None, realm="r").token_endpoint.startswith(
            f"{root}/realms/r/"
        )


def test_keycloak_elsewhere_by_plain_http() -> None:
    """Plain http to another machine is refused, as it is for every token endpoint."""
    with pytest.raises(InsecureTransport):
        preset("keycloak", host="http://sso.acme.example", realm="r")


AZURE = {"client_id": "AZURE_CLIENT_ID", "client_secret": "AZURE_CLIENT_SECRET", "tenant": "AZURE_TENANT_ID"}
# What the vendor's own tools read, per argument.
THEIR_OWN: dict[str, dict[str, str]] = {
    "entra_id": AZURE,
    "entra_id_v1": AZURE,
    "okta_org": {
        "domain": "OKTA_CLIENT_ORGURL",
        "client_id": "OKTA_CLIENT_CLIENTID",
        "client_secret": "OKTA_CLIENT_PRIVATEKEY",
        "scope": "OKTA_CLIENT_SCOPES",
    },
    "auth0_management": {
        "domain": "AUTH0_DOMAIN",
        "client_id": "AUTH0_CLIENT_ID",
        "client_secret": "AUTH0_CLIENT_SECRET",
        "audience": "AUTH0_AUDIENCE",
    },
    "crowdstrike": {"client_id": "FALCON_CLIENT_ID", "client_secret": "FALCON_CLIENT_SECRET"},
    "genesys_cloud": {
        "client_id": "GENESYSCLOUD_OAUTHCLIENT_ID",
        "client_secret": "GENESYSCLOUD_OAUTHCLIENT_SECRET",
    },
    "amazon_sp_api": {"client_id": "LWA_APP_ID", "client_secret": "LWA_CLIENT_SECRET"},
    "shopify": {"client_id": "SHOPIFY_API_KEY", "client_secret": "SHOPIFY_API_SECRET"},
    "sentinel_hub": {"client_id": "SH_CLIENT_ID", "client_secret": "SH_CLIENT_SECRET"},
    "copernicus": {"client_id": "SH_CLIENT_ID", "client_secret": "SH_CLIENT_SECRET"},
    "copernicus_openeo": {"client_id": "SH_CLIENT_ID", "client_secret": "SH_CLIENT_SECRET"},
    "spotify": {"client_id": "SPOTIPY_CLIENT_ID", "client_secret": "SPOTIPY_CLIENT_SECRET"},
    "igdb": {"client_id": "TWITCH_CLIENT_ID", "client_secret": "TWITCH_CLIENT_SECRET"},
    "databricks": {"client_id": "DATABRICKS_CLIENT_ID", "client_secret": "DATABRICKS_CLIENT_SECRET"},
}
OTHER_WORDS: dict[str, dict[str, Any]] = {
    name: {"base_url": "https://graph.microsoft.com", "resource": "https://graph.microsoft.com"}
    for name in ("entra_id", "entra_id_v1")
} | {"shopify": {"shop": "acme"}, "databricks": {"host": "acme.cloud.databricks.com"}}


@pytest.mark.parametrize("name", THEIR_OWN)
def test_the_vendors_own_variables(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the vendor's own tools read and nothing else, the grant is the one that arguments make."""
    values = {
        "client_id": CLIENT_ID,
        "client_secret": private_key().strip() if name == "okta_org" else SECRET,
        "domain": "https://acme.okta.com",
        "scope": "okta.users.read,okta.groups.read",
        "tenant": "acme.onmicrosoft.com",
        "audience": "https://acme.eu.auth0.com/api/v2/",
    }
    for argument, variable in THEIR_OWN[name].items():
        monkeypatch.setenv(variable, values[argument])
    words = OTHER_WORDS.get(name, {})
    read: Any = presets.get(name)(**words)
    assert read == presets.get(name)(**{argument: values[argument] for argument in THEIR_OWN[name]}, **words)
    assert set(read.variables) == set(THEIR_OWN[name].values())
    assert (read.client_id, read.vendor) == (CLIENT_ID, name)
    if name == "okta_org":
        assert read.token_endpoint == "https://acme.okta.com/oauth2/v1/token"
        assert read.scope == "okta.users.read okta.groups.read"
    # Our own name wins.
    monkeypatch.setenv(f"{name.upper()}_CLIENT_ID", "ours")
    ours: Any = presets.get(name)(**words)
    assert ours.client_id == "ours"


def test_a_shop_as_people_paste_it() -> None:
    """A shop may be its name, its host, or its URL."""
    cases: list[str] = ["acme", "acme.myshopify.com", "https://acme.myshopify.com/"]
    for given in cases:
        assert preset("shopify", shop=given).token_endpoint == "https://acme.myshopify.com/admin/oauth/access_token"
