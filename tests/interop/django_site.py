"""A Django site with django-oauth-toolkit and one API: ``python django_site.py config.json``.

The configuration holds `port`, `database` (a file to make), and `clients`, each with `client_id` and `client_secret`.
Secrets are stored hashed, as the toolkit does by default, and its addresses end in a slash, as Django's do.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import run
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


def configure(config: dict[str, Any]) -> None:
    """Set Django up."""
    origin = f"http://127.0.0.1:{config['port']}"
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": config["database"],
                "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        # The tables as the models have them, without their history, which takes seconds.
        MIGRATION_MODULES={"auth": None, "contenttypes": None, "oauth2_provider": None},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
        OAUTH2_PROVIDER={
            "SCOPES": {"read": "Read", "write": "Write"},
            "DEFAULT_SCOPES": ["read"],
            "OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": [origin],
            "PKCE_REQUIRED": True,
        },
        # A hash that is quick: the default takes a second for each request on a busy machine.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF=__name__,
        SECRET_KEY=config["port"],
        USE_TZ=True,
    )
    django.setup()


def main() -> None:
    """Make the database, register the clients, and serve until the process is ended."""
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415 - Django has to be set up first
    from oauth2_provider.models import Application  # noqa: PLC0415 - as above

    call_command("migrate", run_syncdb=True, verbosity=0)
    for client in config["clients"]:
        Application.objects.create(client_type="confidential", authorization_grant_type="client-credentials", **client)
    run("127.0.0.1", config["port"], WSGIHandler(), threading=True)


config = json.loads(Path(sys.argv[1]).read_text())
configure(config)

from oauth2_provider.decorators import protected_resource  # noqa: E402 - Django has to be set up first
from oauth2_provider.urls import metadata_urlpatterns  # noqa: E402 - as above


def answer(request: HttpRequest) -> JsonResponse:
    """Answer a request that brings a token."""
    return JsonResponse({"method": request.method})


metadata = f"http://127.0.0.1:{config['port']}/.well-known/oauth-protected-resource/api"
api = csrf_exempt(protected_resource(scopes=["read"], advertise_metadata=True, resource_metadata_url=metadata)(answer))

urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    *metadata_urlpatterns,
    path("api", api),
    path("api/x", api),
]

if __name__ == "__main__":
    main()
