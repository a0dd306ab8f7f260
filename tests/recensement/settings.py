"""The portal with a third procedure: two lines of the settings, and its addresses."""

from pathlib import Path

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.recensement.apps.RecensementConfig"]  # noqa: F405
ROOT_URLCONF = "tests.recensement.urls"
if "TEST" in DATABASES["default"]:  # noqa: F405
    # Beside the database of the suite, which starts this one.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "recensement.sqlite3")}  # noqa: F405
    Path(DATABASES["default"]["TEST"]["NAME"]).unlink(missing_ok=True)  # noqa: F405
