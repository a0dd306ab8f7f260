"""`manage.py check`: half a configuration of FranceConnect or ProConnect is refused, in words."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.checks import Error, register

from demarches.oidc.providers import NAMES, REQUIRED
from demarches.rules.openid import ALGORITHMS, LEVELS


@register()
def check_openid_providers(**kwargs: Any) -> list[Error]:
    """One error for each thing to mend; none while both are off."""
    return [
        Error(text, hint=hint, id=f"demarches.{number}")
        for slug in NAMES
        for number, text, hint in _faults(slug.upper(), settings.OPENID_PROVIDERS[slug])
    ]


def _faults(prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    missing = [f"{prefix}_{name.upper()}" for name in REQUIRED if not values[name]]
    if len(missing) == len(REQUIRED):
        return
    if missing:
        yield (
            "E101",
            f"{prefix} is half configured: {', '.join(missing)} missing.",
            f"Give all of {prefix}_ISSUER, {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET, or none.",
        )
    if values["issuer"] and not _is_issuer(values["issuer"]):
        yield (
            "E102",
            f"{prefix}_ISSUER={values['issuer']!r} is not the address of a provider.",
            "Write https://host/path as its discovery document does; no « ? », « # » nor « @ ».",
        )
    if values["algorithm"] not in ALGORITHMS:
        yield (
            "E103",
            f"{prefix}_ALGORITHM={values['algorithm']!r} is not a signature that can be checked.",
            f"Register {' or '.join(ALGORITHMS)} with the provider.",
        )
    if values.get("acr") and values["acr"] not in LEVELS:
        yield (
            "E104",
            f"{prefix}_ACR={values['acr']!r} is not a level of assurance.",
            f"Write one of {', '.join(LEVELS)}.",
        )
    if "openid" not in values["scope"].split():
        yield "E105", f"{prefix}_SCOPE lacks « openid ».", "Add it: nobody is identified without."
    if values.get("button") and finders.find(values["button"]) is None:
        yield (
            "E106",
            f"{prefix}_BUTTON={values['button']!r} is not a static file.",
            "Put the picture under static/ and write its path from there.",
        )


def _is_issuer(text: str) -> bool:
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (settings.DEBUG and parts.scheme == "http")
    return bool(
        safe and parts.hostname and not (parts.query or parts.fragment or "@" in parts.netloc)
    )
