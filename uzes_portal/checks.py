"""What `manage.py check` says of this deployment, beside Django's own checks."""

import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


@register(Tags.security, deploy=True)
def check_security_contact(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Somebody who found a weakness must know whom to tell (RFC 9116, 2.5.3)."""
    contact = settings.SECURITY_CONTACT
    if urlsplit(contact).scheme in {"mailto", "https", "tel"}:
        return []
    wrong = f"is {contact!r}, no address that can be followed" if contact else "is empty"
    return [
        Warning(
            f"SECURITY_CONTACT {wrong}: security.txt names nobody who mends weaknesses.",
            hint="Write mailto:… or https://… (docs/operations.md).",
            id="portal.W001",
        )
    ]


@register()
def check_installed_packages(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """What runs is what was pinned, tested and listed: no other version, none missing."""
    astray = packages_astray(settings.BASE_DIR / "requirements.txt")
    if not astray:
        return []
    return [
        Warning(
            "The installed packages are not those of requirements.txt: " + ", ".join(astray) + ".",
            hint="Run .ci/bootstrap, then restart the services.",
            id="portal.W002",
        )
    ]


def packages_astray(pins: Path) -> list[str]:
    """« name 1.0 instead of 2.0 » for each pin that is not what is installed."""
    astray = []
    for name, wanted in PIN.findall(pins.read_text(encoding="utf-8")):
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if _plain(installed) != _plain(wanted):
            astray.append(f"{name} {installed} instead of {wanted}")
    return astray


def _plain(release: str) -> str:
    """PEP 440 writes 4.004 and 4.4 alike."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", release)
