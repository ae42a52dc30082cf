"""Vendors as values: what each documents about its tokens, with the page where it was read.

A preset is a function that returns a grant, pinned to the vendor's API origins. Client id, secret and every other
argument that is not given come from the environment, as VENDOR_CLIENT_ID, VENDOR_CLIENT_SECRET, VENDOR_ENVIRONMENT and
so on, or from the variables that the vendor's own tools read (`variables_of`). Where one is missing, ConfigurationError
names the variable.

One file is one vendor, and a preset's name begins with its file's: a new vendor is a new file. Vendors that are not
used are not imported. Other packages add theirs by the entry-point group ``oauth_cc_auth.presets``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias

from oauth_cc_auth.errors import ConfigurationError

if TYPE_CHECKING:
    from oauth_cc_auth._grant.grant import Grant
    from oauth_cc_auth.presets._adobe import adobe as adobe
    from oauth_cc_auth.presets._amadeus import amadeus as amadeus
    from oauth_cc_auth.presets._amazon_creators import amazon_creators as amazon_creators
    from oauth_cc_auth.presets._amazon_sp_api import amazon_sp_api as amazon_sp_api
    from oauth_cc_auth.presets._anthropic import anthropic as anthropic
    from oauth_cc_auth.presets._apaleo import apaleo as apaleo
    from oauth_cc_auth.presets._athenahealth import athenahealth as athenahealth
    from oauth_cc_auth.presets._atlassian import atlassian_cloud as atlassian_cloud
    from oauth_cc_auth.presets._atlassian import atlassian_data_center as atlassian_data_center
    from oauth_cc_auth.presets._auth0 import auth0 as auth0
    from oauth_cc_auth.presets._auth0 import auth0_management as auth0_management
    from oauth_cc_auth.presets._autodesk import autodesk as autodesk
    from oauth_cc_auth.presets._avinode import avinode as avinode
    from oauth_cc_auth.presets._bitwarden import bitwarden as bitwarden
    from oauth_cc_auth.presets._blizzard import blizzard as blizzard
    from oauth_cc_auth.presets._bol_com import bol_com as bol_com
    from oauth_cc_auth.presets._box import box as box
    from oauth_cc_auth.presets._box import box_jwt as box_jwt
    from oauth_cc_auth.presets._brightcove import brightcove as brightcove
    from oauth_cc_auth.presets._checkout_com import checkout_com as checkout_com
    from oauth_cc_auth.presets._cisco import cisco_secure_access as cisco_secure_access
    from oauth_cc_auth.presets._cisco import cisco_umbrella as cisco_umbrella
    from oauth_cc_auth.presets._cleartax import cleartax as cleartax
    from oauth_cc_auth.presets._cognito import cognito as cognito
    from oauth_cc_auth.presets._commercetools import commercetools as commercetools
    from oauth_cc_auth.presets._copernicus import copernicus as copernicus
    from oauth_cc_auth.presets._copernicus import copernicus_openeo as copernicus_openeo
    from oauth_cc_auth.presets._credentials import credential as credential
    from oauth_cc_auth.presets._credentials import host as host
    from oauth_cc_auth.presets._credentials import label as label
    from oauth_cc_auth.presets._credentials import one_of as one_of
    from oauth_cc_auth.presets._credentials import segment as segment
    from oauth_cc_auth.presets._criteo import criteo as criteo
    from oauth_cc_auth.presets._crowdstrike import crowdstrike as crowdstrike
    from oauth_cc_auth.presets._cyberark import cyberark as cyberark
    from oauth_cc_auth.presets._databricks import databricks as databricks
    from oauth_cc_auth.presets._databricks import databricks_account as databricks_account
    from oauth_cc_auth.presets._dhl_ecommerce import dhl_ecommerce as dhl_ecommerce
    from oauth_cc_auth.presets._digikey import digikey as digikey
    from oauth_cc_auth.presets._dlocal import dlocal as dlocal
    from oauth_cc_auth.presets._docusign import docusign as docusign
    from oauth_cc_auth.presets._dwolla import dwolla as dwolla
    from oauth_cc_auth.presets._dynatrace import dynatrace as dynatrace
    from oauth_cc_auth.presets._ebay import ebay as ebay
    from oauth_cc_auth.presets._entra_id import entra_id as entra_id
    from oauth_cc_auth.presets._entra_id import entra_id_v1 as entra_id_v1
    from oauth_cc_auth.presets._environment import facts as facts
    from oauth_cc_auth.presets._fatsecret import fatsecret as fatsecret
    from oauth_cc_auth.presets._fedex import fedex as fedex
    from oauth_cc_auth.presets._feishu import feishu as feishu
    from oauth_cc_auth.presets._feishu import feishu_lark as feishu_lark
    from oauth_cc_auth.presets._fortiidentity import fortiidentity as fortiidentity
    from oauth_cc_auth.presets._fyma import fyma as fyma
    from oauth_cc_auth.presets._fyma import fyma_legacy as fyma_legacy
    from oauth_cc_auth.presets._genesys_cloud import genesys_cloud as genesys_cloud
    from oauth_cc_auth.presets._github_app import github_app as github_app
    from oauth_cc_auth.presets._google_service_account import google_service_account as google_service_account
    from oauth_cc_auth.presets._guesty import guesty as guesty
    from oauth_cc_auth.presets._hcp import hcp as hcp
    from oauth_cc_auth.presets._hmrc import hmrc as hmrc
    from oauth_cc_auth.presets._hostaway import hostaway as hostaway
    from oauth_cc_auth.presets._hpe import hpe_aruba_central as hpe_aruba_central
    from oauth_cc_auth.presets._hpe import hpe_greenlake as hpe_greenlake
    from oauth_cc_auth.presets._ibm_cloud import ibm_cloud as ibm_cloud
    from oauth_cc_auth.presets._igdb import igdb as igdb
    from oauth_cc_auth.presets._itwin import itwin as itwin
    from oauth_cc_auth.presets._jamf import jamf as jamf
    from oauth_cc_auth.presets._jumpcloud import jumpcloud as jumpcloud
    from oauth_cc_auth.presets._keycloak import keycloak as keycloak
    from oauth_cc_auth.presets._kick import kick as kick
    from oauth_cc_auth.presets._kroger import kroger as kroger
    from oauth_cc_auth.presets._learning_360 import learning_360 as learning_360
    from oauth_cc_auth.presets._line import line as line
    from oauth_cc_auth.presets._line import line_short_lived as line_short_lived
    from oauth_cc_auth.presets._linkedin import linkedin as linkedin
    from oauth_cc_auth.presets._maersk import maersk as maersk
    from oauth_cc_auth.presets._marketing_cloud import marketing_cloud as marketing_cloud
    from oauth_cc_auth.presets._marketo import marketo as marketo
    from oauth_cc_auth.presets._medplum import medplum as medplum
    from oauth_cc_auth.presets._mongodb_atlas import mongodb_atlas as mongodb_atlas
    from oauth_cc_auth.presets._moov import moov as moov
    from oauth_cc_auth.presets._netsuite import netsuite as netsuite
    from oauth_cc_auth.presets._nhs_england import nhs_england as nhs_england
    from oauth_cc_auth.presets._okta import okta_custom as okta_custom
    from oauth_cc_auth.presets._okta import okta_org as okta_org
    from oauth_cc_auth.presets._onelogin import onelogin as onelogin
    from oauth_cc_auth.presets._openai import openai as openai
    from oauth_cc_auth.presets._openrouter import openrouter as openrouter
    from oauth_cc_auth.presets._opensky import opensky as opensky
    from oauth_cc_auth.presets._oracle_identity import oracle_identity as oracle_identity
    from oauth_cc_auth.presets._orcid import orcid as orcid
    from oauth_cc_auth.presets._ovhcloud import ovhcloud as ovhcloud
    from oauth_cc_auth.presets._paypal import paypal as paypal
    from oauth_cc_auth.presets._payu import payu as payu
    from oauth_cc_auth.presets._personio import personio as personio
    from oauth_cc_auth.presets._phonepe import phonepe as phonepe
    from oauth_cc_auth.presets._pingone import pingone as pingone
    from oauth_cc_auth.presets._primavera import primavera as primavera
    from oauth_cc_auth.presets._prisma_sase import prisma_sase as prisma_sase
    from oauth_cc_auth.presets._procore import procore as procore
    from oauth_cc_auth.presets._qualtrics import qualtrics as qualtrics
    from oauth_cc_auth.presets._reddit_app_only import reddit_app_only as reddit_app_only
    from oauth_cc_auth.presets._sabre import sabre as sabre
    from oauth_cc_auth.presets._salesforce import salesforce as salesforce
    from oauth_cc_auth.presets._salesforce import salesforce_jwt as salesforce_jwt
    from oauth_cc_auth.presets._salesforce_commerce import salesforce_commerce as salesforce_commerce
    from oauth_cc_auth.presets._sap_xsuaa import sap_xsuaa as sap_xsuaa
    from oauth_cc_auth.presets._sendcloud import sendcloud as sendcloud
    from oauth_cc_auth.presets._sentinel_hub import sentinel_hub as sentinel_hub
    from oauth_cc_auth.presets._servicenow import servicenow as servicenow
    from oauth_cc_auth.presets._shopify import shopify as shopify
    from oauth_cc_auth.presets._sinch import sinch as sinch
    from oauth_cc_auth.presets._smart_backend import smart_backend as smart_backend
    from oauth_cc_auth.presets._snyk import snyk as snyk
    from oauth_cc_auth.presets._sophos import sophos as sophos
    from oauth_cc_auth.presets._soundcloud import soundcloud as soundcloud
    from oauth_cc_auth.presets._spotify import spotify as spotify
    from oauth_cc_auth.presets._taboola import taboola as taboola
    from oauth_cc_auth.presets._tailscale import tailscale as tailscale
    from oauth_cc_auth.presets._talkdesk import talkdesk as talkdesk
    from oauth_cc_auth.presets._tidal import tidal as tidal
    from oauth_cc_auth.presets._tink import tink as tink
    from oauth_cc_auth.presets._tpay import tpay as tpay
    from oauth_cc_auth.presets._truelayer import truelayer as truelayer
    from oauth_cc_auth.presets._twitch import twitch as twitch
    from oauth_cc_auth.presets._uber import uber as uber
    from oauth_cc_auth.presets._ups import ups as ups
    from oauth_cc_auth.presets._usps import usps as usps
    from oauth_cc_auth.presets._vainu import vainu as vainu
    from oauth_cc_auth.presets._vainu import vainu_api_key as vainu_api_key
    from oauth_cc_auth.presets._vainu import vainu_user as vainu_user
    from oauth_cc_auth.presets._vanta import vanta as vanta
    from oauth_cc_auth.presets._vend_email import vend_email as vend_email
    from oauth_cc_auth.presets._vend_email import vend_email_personal as vend_email_personal
    from oauth_cc_auth.presets._vertex import vertex as vertex
    from oauth_cc_auth.presets._vibe import vibe as vibe
    from oauth_cc_auth.presets._vibe import vibe_api_key as vibe_api_key
    from oauth_cc_auth.presets._vibe import vibe_user as vibe_user
    from oauth_cc_auth.presets._vibes_rbm import vibes_rbm as vibes_rbm
    from oauth_cc_auth.presets._vimeo import vimeo as vimeo
    from oauth_cc_auth.presets._vipps import vipps as vipps
    from oauth_cc_auth.presets._vipps import vipps_partner as vipps_partner
    from oauth_cc_auth.presets._walmart import walmart as walmart
    from oauth_cc_auth.presets._wayfair import wayfair as wayfair
    from oauth_cc_auth.presets._who_icd import who_icd as who_icd
    from oauth_cc_auth.presets._wise import wise as wise
    from oauth_cc_auth.presets._wiz import wiz as wiz
    from oauth_cc_auth.presets._x_app_only import x_app_only as x_app_only
    from oauth_cc_auth.presets._xero import xero as xero
    from oauth_cc_auth.presets._zalando import zalando as zalando
    from oauth_cc_auth.presets._zoho import zoho as zoho
    from oauth_cc_auth.presets._zoom import zoom as zoom
    from oauth_cc_auth.presets._zscaler import zscaler as zscaler
    from oauth_cc_auth.presets._zuora import zuora as zuora

Preset: TypeAlias = "Callable[..., Grant]"

GROUP = "oauth_cc_auth.presets"

# What a preset is made with, for those of other packages too.
_TOOLS = {
    **dict.fromkeys(("credential", "host", "label", "one_of", "segment"), "_credentials"),
    "facts": "_environment",
}
_NO_VENDORS = frozenset({"credentials", "environment", "foreign", "played", "vocabulary"})


def get(name: str) -> Preset:
    """Return the preset of this name, with dashes or underscores: one of this package's, or one of another package.

    Raises ConfigurationError for a name that nobody has, and for a preset of another package that cannot be loaded; the
    preset of another package that is returned raises it for whatever else goes wrong there.
    """
    name = _normalised(name)
    if (built_in := _built_in(name)) is not None:
        return built_in
    from oauth_cc_auth.presets import _foreign  # noqa: PLC0415 - 20 ms that only a foreign preset costs

    if (found := _foreign.preset(name)) is not None:
        return found
    from difflib import get_close_matches  # noqa: PLC0415 - for a message only

    close = get_close_matches(name, names(), n=3)
    meant = f"; did you mean {' or '.join(close)}?" if close else ""
    message = f"There is no preset {name!r}{meant}"
    raise ConfigurationError(message)


def names() -> list[str]:
    """Return the names of all presets, those of other packages included, in alphabetical order."""
    from oauth_cc_auth.presets import _foreign  # noqa: PLC0415 - as above

    return sorted({*_all_built_in(), *_foreign.names()})


def variables_of(name: str) -> dict[str, tuple[str, ...]]:
    """Return, per argument of a preset, the environment variables that stand for it, in the order in which they count.

    Raises ConfigurationError as `get`.
    """
    from oauth_cc_auth.presets import _environment  # noqa: PLC0415 - a name costs nothing

    return _environment.variables_of(_normalised(name), get(name))


def probe_of(name: str) -> str | None:
    """Return the path below a vendor's API of a GET that any valid token may make; None where none is documented.

    Raises ConfigurationError as `get`.
    """
    from oauth_cc_auth.presets import _environment  # noqa: PLC0415 - as above

    return _environment.probe_of(get(name))


def _built_in(name: str) -> Preset | None:
    """Return the preset of this name from the file with the longest name that it begins with."""
    if name.startswith("_") or not name.isidentifier():
        return None
    words = name.split("_")
    for count in range(len(words), 0, -1):
        file = "_".join(words[:count])
        if file not in _NO_VENDORS and find_spec(f"{__name__}._{file}"):
            found = _presets_of(file).get(name)
            if found is not None:
                return found
    return None


@cache
def _files() -> frozenset[str]:
    import pkgutil  # noqa: PLC0415 - for those who want all

    modules = {module.name.removeprefix("_") for module in pkgutil.iter_modules(__path__)}
    return frozenset(modules - _NO_VENDORS)


@cache
def _presets_of(file: str) -> dict[str, Preset]:
    """Import a vendor's file; its presets are its public functions."""
    from oauth_cc_auth.presets import _environment  # noqa: PLC0415 - a name costs nothing

    module = import_module(f"{__name__}._{file}")
    functions = [(name, made) for name, made in vars(module).items() if isinstance(made, FunctionType)]
    return {
        name: _environment.from_environment(name, made)
        for name, made in functions
        if made.__module__ == module.__name__ and not name.startswith("_")
    }


@cache
def _all_built_in() -> tuple[str, ...]:
    return tuple(sorted(name for file in _files() for name in _presets_of(file)))


def _normalised(name: str) -> str:
    return name.lower().replace("-", "_")


def __getattr__(name: str) -> Any:
    """Import a vendor's file when one of its presets is first used."""
    if name == "__all__":
        return list(_all_built_in())
    value: Any = _built_in(name)
    if name in _TOOLS:
        value = getattr(import_module(f"{__name__}.{_TOOLS[name]}"), name)
    if value is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the presets, and how to look one up by name; completion shows no tools among the vendors."""
    return sorted({*_all_built_in(), "get", "names", "probe_of", "variables_of"})
