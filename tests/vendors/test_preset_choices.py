"""What a preset leaves to its user: environments and regions, and other ways of proving, asking and reading."""

from __future__ import annotations

import inspect
import json
import time
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import vendor_stage as stages
from loopback import Loopback
from vendor_stage import CLIENT_ID, Stage, api_of, preset

from oauth_cc_auth import ConfigurationError, File, OriginNotAllowed, Token, TokenSource, forget_all, presets
from oauth_cc_auth.sandbox import VENDORS
from oauth_cc_auth.sandbox._vendor import PLAIN
from oauth_cc_auth.sandbox.vendors import vendor_at

stage = stages.stage

# Per preset and argument: the names that the vendor has, of places that differ in their hosts.
PLACES: dict[tuple[str, str], str] = {
    ("amazon_creators", "region"): "na eu fe",
    ("atlassian_cloud", "product"): "jira confluence",
    ("athenahealth", "environment"): "production preview",
    ("bol_com", "environment"): "production demo",
    ("dwolla", "environment"): "production sandbox",
    ("fedex", "environment"): "production sandbox",
    ("hcp", "region"): "global eu",
    ("hmrc", "environment"): "production sandbox",
    ("nhs_england", "environment"): "production integration",
    ("orcid", "environment"): "production sandbox",
    ("ovhcloud", "endpoint"): "ovh-eu ovh-ca ovh-us",
    ("procore", "environment"): "production sandbox",
    ("wayfair", "environment"): "production sandbox",
    ("zalando", "environment"): "production sandbox",
    ("amadeus", "environment"): "production test",
    ("amazon_sp_api", "environment"): "production sandbox",
    ("amazon_sp_api", "region"): "na eu fe",
    ("checkout_com", "environment"): "production sandbox",
    ("commercetools", "region"): (
        "us-central1.gcp us-east-2.aws europe-west1.gcp eu-central-1.aws australia-southeast1.gcp"
    ),
    ("crowdstrike", "region"): "us-1 us-2 us-3 eu-1 us-gov-1 us-gov-2",
    ("dhl_ecommerce", "environment"): "production sandbox",
    ("digikey", "environment"): "production sandbox",
    ("ebay", "environment"): "production sandbox",
    ("entra_id", "cloud"): "global us-government china",
    ("entra_id_v1", "cloud"): "global us-government china",
    ("genesys_cloud", "region"): (
        "us_east_1 eu_west_1 ap_southeast_2 ap_northeast_1 eu_central_1 us_west_2 ca_central_1 ap_northeast_2 "
        "eu_west_2 ap_south_1 us_east_2 sa_east_1 me_central_1 ap_northeast_3 eu_central_2 mx_central_1 ap_southeast_1 "
        "eusc_de_east_1"
    ),
    ("learning_360", "region"): "eu us",
    ("paypal", "environment"): "production sandbox",
    ("payu", "environment"): "production sandbox",
    ("phonepe", "environment"): "production sandbox",
    ("pingone", "region"): "NA CA EU AU SG AP",
    ("sabre", "environment"): "production certification",
    ("tpay", "environment"): "production sandbox",
    ("truelayer", "environment"): "live sandbox",
    ("ups", "environment"): "production test",
    ("usps", "environment"): "production test",
    ("vanta", "instance"): "vanta vanta-gov",
    ("vipps", "environment"): "production test",
    ("vipps_partner", "environment"): "production test",
    ("walmart", "environment"): "production sandbox",
    ("wise", "environment"): "production sandbox",
    ("zoom", "cloud"): "global us-government",
}
# The same of what is no place.
KINDS = {
    ("avinode", "token_endpoint_auth_method"): "client_secret_basic client_secret_post client_secret_jwt",
    ("box", "subject_type"): "enterprise user",
    ("netsuite", "alg"): "PS256 PS384 PS512 ES256 ES384 ES512",
    ("smart_backend", "alg"): "RS384 ES384",
    ("zoho", "data_center"): "com eu in com.au jp ca",
}


def posted(grant: Any) -> dict[str, str]:
    """Return the form of the token request that a grant makes, where no sandbox can play the other side."""
    with Loopback() as server:
        TokenSource(replace(grant, token_endpoint=f"{server.url}/token")).token()
    (received,) = server.received
    assert "authorization" not in received.headers
    return dict(received.form)


def refusal(name: str, word: str) -> str | None:
    """Return what a preset says of a choice that its vendor does not have, None if it takes anything."""
    try:
        preset(name, **{word: "no-such-choice"})
    except ConfigurationError as error:
        return str(error)
    return None


def test_every_choice_is_listed_here() -> None:
    """No preset has a choice of names that these tests do not know; those by an assertion have tests of their own."""
    offered = {
        (name, word)
        for name in presets.__all__
        if not {"private_key", "identity_token_file"} & set(inspect.signature(presets.get(name)).parameters)
        for word, parameter in inspect.signature(presets.get(name)).parameters.items()
        if isinstance(parameter.default, str) and f"{word} is 'no-such-choice'; use " in (refusal(name, word) or "")
    }
    unlisted, gone = sorted(offered - {*PLACES, *KINDS}), sorted({*PLACES, *KINDS} - offered)
    assert not unlisted, f"Add to PLACES in {__name__}.py (to KINDS where the hosts are the same): {unlisted}"
    assert not gone, f"Remove from PLACES or KINDS in {__name__}.py what no preset offers any more: {gone}"


def test_a_wrong_choice_names_the_right_ones() -> None:
    """A choice that the vendor does not have is answered with those it has, and one of them is the default."""
    cases: list[tuple[str, str]] = [*PLACES, *KINDS]
    for name, word in cases:
        choices = {**PLACES, **KINDS}[name, word].split()
        *others, last = map(repr, choices)
        assert refusal(name, word) == f"{word} is 'no-such-choice'; use {', '.join(others)} or {last}"
        assert inspect.signature(presets.get(name)).parameters[word].default in choices


def test_a_choice_that_is_no_name() -> None:
    """Case 7: whatever is given in place of a choice, the refusal is typed and names the right ones."""
    cases: list[Any] = [5, None, ["a"], b"a"]
    for wrong in cases:
        for name, word in [*PLACES, *KINDS]:
            with pytest.raises(ConfigurationError, match=rf"{word} is .*; use '"):
                preset(name, **{word: wrong})


def test_a_part_of_an_address_that_is_none() -> None:
    """Case 7: what cannot be part of an address is refused by its name, whatever its type."""
    cases: list[tuple[str, str, str]] = [
        ("databricks", "host", "DATABRICKS_HOST"),
        ("databricks_account", "host", "DATABRICKS_HOST"),
        ("keycloak", "relative_path", "KEYCLOAK_RELATIVE_PATH"),
        ("keycloak", "host", "KEYCLOAK_HOST"),
    ]
    for name, word, variable in cases:
        for wrong in (5, ["a"], b"a", "", "a/b", "a b", ".."):
            with pytest.raises(ConfigurationError, match=f"^{variable}, or the argument in its place,"):
                preset(name, **{word: wrong})


@pytest.mark.parametrize(("name", "word"), PLACES)
def test_places(stage: Stage, name: str, word: str) -> None:
    """Two places of a vendor share no token, each answers, and none lets the token go to a host that looks like it."""
    choices = PLACES[name, word].split()
    grants = [preset(name, **{word: choice}) for choice in choices]
    assert len({(grant.token_endpoint, grant.resource_server.base_url) for grant in grants}) == len(grants)
    for choice in choices:
        is_safe(name, word, choice)
        forget_all()  # places with one token endpoint share a token
        stage.sandbox.reset_counts()
        answers(stage, name, word, choice)


def is_safe(name: str, word: str, choice: str) -> None:
    """In each place the token endpoint and the API are https, and the token goes to no host that looks like them."""
    grant, token = preset(name, **{word: choice}), Token("made-up")
    server = grant.resource_server
    urls = (grant.token_endpoint, server.base_url, *(origin.replace("*", "made-up") for origin in server.origins))
    assert all(url.startswith("https://") for url in urls)
    for url in urls[1:]:
        server.admit(url, token)
        host = url.removeprefix("https://").partition("/")[0]
        for foreign in (
            f"http://{host}/",
            f"https://{host}.evil.example/",
            "https://evil." + host if "*" not in str(server.origins) else "https://evilzoom.us/",
            f"https://{host}:1/",
        ):
            with pytest.raises(OriginNotAllowed):
                server.admit(foreign, token)


def answers(stage: Stage, name: str, word: str, choice: str) -> None:
    """In each place the vendor, as the sandbox plays it, gives a token, and the API there takes it."""
    there = preset(name, **{word: choice})
    base_url = preset(name).resource_server.base_url
    url = api_of(name).replace(base_url, there.resource_server.base_url)
    assert stage.call(stage.grant(there), url).status_code == 200
    # An ordinary vendor is played from its grant alone, as any host.
    endpoint = urlsplit(there.token_endpoint)
    by_address = vendor_at(str(endpoint.hostname), endpoint.path)
    played = name if name in {vendor.name for vendor in VENDORS} else by_address.name
    played = str(endpoint.hostname) if by_address is PLAIN else played
    assert [request.vendor for request in stage.sandbox.requests if request.kind == "token"] == [played]
    assert stage.counts == (1, 1)


# Other hosts than those of the pins


def test_other_hosts() -> None:
    """A custom domain, a tenant's own host, a data region: the addresses are made of what the user says."""
    cases: list[tuple[str, dict[str, Any], str, str | None]] = [
        (
            "checkout_com",
            {"subdomain": "acme", "environment": "sandbox"},
            "https://acme.access.sandbox.checkout.com/connect/token",
            "https://acme.api.sandbox.checkout.com",
        ),
        (
            "cognito",
            {"custom_domain": "login.acme.example", "base_url": "https://api.acme.example"},
            "https://login.acme.example/oauth2/token",
            "https://api.acme.example",
        ),
        (
            "okta_custom",
            {"domain": "acme.okta.com", "server_id": "aus1", "base_url": "https://api.acme.example"},
            "https://acme.okta.com/oauth2/aus1/v1/token",
            "https://api.acme.example",
        ),
        (
            "salesforce",
            {"my_domain": "acme", "sandbox": None},
            "https://acme.my.salesforce.com/services/oauth2/token",
            None,
        ),
        (
            "sap_xsuaa",
            {"subdomain": "acme", "landscape": "eu10.hana.ondemand.com", "x509": True},
            "https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token",
            preset("sap_xsuaa").resource_server.base_url,
        ),
        (
            "sophos",
            {"data_region": "eu01"},
            "https://id.sophos.com/api/v2/oauth2/token",
            "https://api-eu01.central.sophos.com",
        ),
    ]
    for name, words, token_endpoint, base_url in cases:
        grant = preset(name, **words)
        assert (grant.token_endpoint, grant.resource_server.base_url) == (token_endpoint, base_url)


def test_one_more_origin() -> None:
    """Dynatrace's token may go to the environment that is named, and Sophos' also to where tenants are looked up."""
    for name, words, elsewhere in (
        ("dynatrace", {"environment": "abc12345"}, "https://abc12345.apps.dynatrace.com/platform"),
        ("sophos", {"data_region": "eu01"}, "https://api.central.sophos.com/whoami/v1"),
    ):
        preset(name, **words).resource_server.admit(elsewhere)
    with pytest.raises(OriginNotAllowed):
        preset("dynatrace").resource_server.admit("https://abc12345.apps.dynatrace.com/platform")


# Other requests than those of the pins


@pytest.mark.parametrize(
    ("name", "words", "parameters", "headers"),
    [
        ("avinode", {"expires_in_minutes": 5}, {"expiresInMinutes": "5"}, {}),
        ("box", {"subject_type": "user"}, {"box_subject_type": "user"}, {}),
        ("crowdstrike", {"member_cid": "m"}, {"member_cid": "m"}, {}),
        ("crowdstrike", {"member_cid": None}, {"member_cid": None}, {}),
        ("learning_360", {"user_id": "u", "company_id": "c"}, {"user_id": "u", "company_id": "c"}, {}),
        ("learning_360", {"user_id": None, "company_id": None}, {"user_id": None, "company_id": None}, {}),
        ("ups", {"merchant_id": "123456"}, {}, {"x-merchant-id": "123456"}),
        ("ups", {"merchant_id": None}, {}, {"x-merchant-id": None}),
    ],
)
def test_what_is_asked_when_it_is_said(
    stage: Stage, name: str, words: dict[str, Any], parameters: dict[str, Any], headers: dict[str, Any]
) -> None:
    """What a vendor takes but does not demand is sent where it is given, and left out where it is not."""
    asked = stage.asked(name, **words)
    assert {parameter: asked.form.get(parameter) for parameter in parameters} == parameters
    assert {header: asked.headers.get(header) for header in headers} == headers


@pytest.mark.parametrize("method", KINDS["avinode", "token_endpoint_auth_method"].split())
def test_how_avinode_is_proven_to(stage: Stage, method: str) -> None:
    """Avinode's three methods each bring a token, and no two of them go together."""
    secret = "a made-up secret of thirty-two and more"  # which HS256 asks for
    asked = stage.asked("avinode", token_endpoint_auth_method=method, client_secret=secret)
    shown = ["Authorization" in asked.headers, "client_secret" in asked.form, "client_assertion" in asked.form]
    assert shown == [wanted == method for wanted in KINDS["avinode", "token_endpoint_auth_method"].split()]


# Other ways of proving who one is


def test_entra_id_by_another_provider(tmp_path: Path) -> None:
    """A token of another identity provider is the assertion, as it is, beside the client's id; it may be a file's."""
    file = tmp_path / "token"
    file.write_text("a-token-of-another", encoding="ascii")
    grant = preset("entra_id", client_secret=File(file), federated=True)
    asked = posted(grant)
    assert asked["client_assertion"] == "a-token-of-another"
    assert asked["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert (asked["client_id"], "client_secret" in asked) == (CLIENT_ID, False)


def test_entra_id_in_one_way_only() -> None:
    """A certificate and another provider's token are two proofs: both at once are refused, by the arguments' names."""
    with pytest.raises(ConfigurationError, match="thumbprint and federated"):
        preset("entra_id", thumbprint="made-up", federated=True)


def test_sap_xsuaa_by_a_certificate() -> None:
    """With a certificate SAP needs no secret, neither as an argument nor in the environment, and is sent none."""
    words: Any = {"subdomain": "acme", "landscape": "eu10.hana.ondemand.com", "base_url": "https://api.acme.example"}
    grant = presets.sap_xsuaa(CLIENT_ID, x509=True, **words)
    assert (grant.client_secret, grant.token_endpoint_auth_method) == (None, "tls_client_auth")
    asked = posted(grant)
    assert asked == {"grant_type": "client_credentials", "client_id": CLIENT_ID}
    with pytest.raises(ConfigurationError, match="SAP_XSUAA_CLIENT_SECRET"):
        presets.sap_xsuaa(CLIENT_ID, **words)


# Another way of reading: Copernicus' page has the life of a token in the token alone


def token_with(claims: Any) -> str:
    """Return a JWT with these claims; nobody verifies it."""
    parts = ({"alg": "RS256"}, claims)
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "signature"])


@pytest.mark.parametrize(
    ("answer", "lifetime"),
    [
        ({"access_token": token_with({"exp": 5_000, "iat": 4_000})}, 1_000),
        ({"access_token": token_with({"exp": 5_000, "iat": 4_000}), "expires_in": 600}, 600),
        ({"access_token": token_with({"iat": 4_000})}, None),
        ({"access_token": token_with(["exp"])}, None),
        ({"access_token": "opaque"}, None),
        ({"access_token": "a.b.c"}, None),
        ({"access_token": "a.{}.c"}, None),
    ],
)
def test_copernicus_lives_as_its_token_says(stage: Stage, answer: dict[str, Any], lifetime: float | None) -> None:
    """What the answer states counts, then what the token does, by the server's own clock; else nobody knows."""
    token = stage.answered("copernicus", {**answer, "token_type": "Bearer"})
    assert token.access_token == answer["access_token"]
    assert token.lifetime == lifetime


def test_copernicus_tells_the_end_of_a_token_that_says_not_when_it_began(stage: Stage) -> None:
    """A token that names its end alone is dated by this machine's clock."""
    answer = {"access_token": token_with({"exp": int(time.time()) + 900}), "token_type": "Bearer"}
    assert stage.answered("copernicus", answer).lifetime == pytest.approx(900, abs=60)


# More words of the same vendors


def test_another_tenant() -> None:
    """A tenant, a data centre, a region: the addresses are made of what the user says."""
    cases: list[tuple[str, dict[str, Any], str, str | None]] = [
        ("zoho", {"data_center": "eu"}, "https://accounts.zoho.eu/oauth/v2/token", None),
        ("zoho", {"data_center": "ca"}, "https://accounts.zohocloud.ca/oauth/v2/token", None),
        (
            "zscaler",
            {"cloud": "beta"},
            "https://acme.zsloginbeta.net/oauth2/v1/token",
            "https://api.beta.zsapi.net",
        ),
        ("snyk", {"api_host": "api.eu.snyk.io"}, "https://api.eu.snyk.io/oauth2/token", "https://api.eu.snyk.io"),
        (
            "zuora",
            {"api_host": "https://rest.eu.zuora.com/"},
            "https://rest.eu.zuora.com/oauth/token",
            None,
        ),
        (
            "servicenow",
            {"instance": "https://d.service-now.com/"},
            "https://d.service-now.com/oauth_token.do",
            None,
        ),
        ("jamf", {"server": "https://acme.jamfcloud.com/"}, "https://acme.jamfcloud.com/api/v1/oauth/token", None),
        (
            "marketing_cloud",
            {"subdomain": "https://mc2.auth.marketingcloudapis.com/"},
            "https://mc2.auth.marketingcloudapis.com/v2/token",
            "https://mc2.rest.marketingcloudapis.com",
        ),
        ("blizzard", {"region": "kr"}, "https://oauth.battle.net/token", "https://kr.api.blizzard.com"),
    ]
    for name, words, token_endpoint, base_url in cases:
        grant = preset(name, **words)
        assert grant.token_endpoint == token_endpoint
        assert base_url in {None, grant.resource_server.base_url}


def test_other_hosts_of_the_api() -> None:
    """Where a vendor's products have hosts of their own, the token goes to each."""
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("netsuite", {}, "https://1234567.restlets.api.netsuite.com/app/site/hosting/restlet.nl"),
        ("brightcove", {}, "https://ingest.api.brightcove.com/v1/x"),
        ("sinch", {}, "https://zt.eu.sms.api.sinch.com/xms/v1/x"),
        ("orcid", {}, "https://api.orcid.org/v3.0/x"),
        ("orcid", {"environment": "sandbox"}, "https://api.sandbox.orcid.org/v3.0/x"),
    ]
    for name, words, url in cases:
        preset(name, **words).resource_server.admit(url)


def test_what_is_left_out() -> None:
    """What a vendor takes and does not demand is sent as it is said, or not at all."""
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("oracle_identity", {"lifetime": 60}, {"scope": "urn:opc:idm:__myscopes__ urn:opc:resource:expiry=60"}),
        ("zoho", {"soid": None}, {"parameters": {}}),
        ("marketing_cloud", {"account_id": None}, {"parameters": {}}),
        ("personio", {"partner_id": None, "app_id": None}, {"headers": {}}),
        ("maersk", {"consumer_key": None}, {"headers": {"Consumer-Key": CLIENT_ID}}),
        ("snyk", {"token_endpoint_auth_method": "none"}, {"token_endpoint_auth_method": "none"}),
    ]
    for name, words, changed in cases:
        grant = preset(name, **words)
        assert {field: getattr(grant, field) for field in changed} == changed


def test_a_header_that_is_not_wanted() -> None:
    """A header of the API that names an organization or a shop is sent where it is given."""
    cases: list[str] = ["jumpcloud", "procore", "amazon_creators"]
    for name in cases:
        word = {"jumpcloud": "org_id", "procore": "company_id", "amazon_creators": "marketplace"}[name]
        assert preset(name).resource_server.headers
        assert not preset(name, **{word: None}).resource_server.headers


def test_zoho_names_its_api() -> None:
    """Where the API is says the answer, and without its word nobody knows."""
    server = preset("zoho").resource_server
    assert server.base_url_for(Token("t", extra={"api_domain": "https://www.zohoapis.eu"})) == "https://www.zohoapis.eu"
    assert server.base_url_for(Token("t", extra={"api_domain": 5})) is None
