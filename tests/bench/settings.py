"""The portal's production settings, plus the bare view it is compared with."""

from pathlib import Path

from uzes_portal.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
SESSION_COOKIE_NAME, SESSION_COOKIE_SECURE = "sessionid", False
CSRF_COOKIE_NAME, CSRF_COOKIE_SECURE = "csrftoken", False
SECURE_SSL_REDIRECT = False
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], Path(__file__).parent / "templates"]  # noqa: F405
