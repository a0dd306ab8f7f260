"""Settings of the test suite: the portal's own, with what makes tests fast and strict."""

import os
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-the-tests-" + "x" * 40)
os.environ.setdefault("FILE_KEYS", "tests:b25seS1mb3ItdGhlLXRlc3RzLTMyLWJ5dGVzLWxvbmc=")
os.environ.setdefault("VAR_DIR", str(Path(__file__).resolve().parent.parent / "var" / "tests"))
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("EMAIL_HOST", "smtp.invalid")

from uzes_portal.settings import *  # noqa: F403

# What a page costs is counted in most tests; those of the kept pages turn this on.
KEPT_PAGES_BYTES = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECURE_SSL_REDIRECT = False
# No test depends on the speed of the machine; those of the limits set them.
REQUEST_SECONDS = 0
RENDER_SECONDS = CHECK_SECONDS = 600
# The clock of many tests jumps by days; the tests of the sessions set the true limits back.
STAFF_IDLE_SECONDS = STAFF_SESSION_SECONDS = 50 * 365 * 24 * 3600
STAFF_SECOND_FACTOR = False  # the tests of the desk sign in with a password; its own turn it on
# A room for each process of the suite: no test sees the files that another one writes meanwhile.
PRIVATE_ROOT = VAR_DIR / "private" / os.environ.get("PYTEST_XDIST_WORKER", "alone")  # noqa: F405
STORAGES = {
    **STORAGES,  # noqa: F405
    "private": {
        **STORAGES["private"],  # noqa: F405
        "OPTIONS": {**STORAGES["private"]["OPTIONS"], "location": PRIVATE_ROOT},  # noqa: F405
    },
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 -- WhiteNoise warns without it
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, as in production: threads of a race then have connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "tests.sqlite3")}  # noqa: F405
    # Rows that nobody ordered come in the other order than where they were written, so that what
    # leans on an order that no query asks for fails here, and not on PostgreSQL one day.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA reverse_unordered_selects=ON;"  # noqa: F405
# Most tests of the log read all of it: the line of each request is for those that ask for it.
LOGGING["loggers"]["uzes_portal.requests"] = {"level": "WARNING"}  # noqa: F405
# Each test makes its papers; those of what is kept say so.
KEPT_PAPERS_BYTES = 0
