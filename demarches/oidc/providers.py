"""The two providers, as the settings describe them."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

FRANCECONNECT = "franceconnect"
PROCONNECT = "proconnect"
#: Slug, which stands in addresses and in the table of links -> name for people.
NAMES = {FRANCECONNECT: "FranceConnect", PROCONNECT: "ProConnect"}
#: Without all of them, a provider is off.
REQUIRED = ("issuer", "client_id", "client_secret")


@dataclass(frozen=True, slots=True)
class OpenIDProvider:
    """One provider that was configured."""

    slug: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    #: The signature it was registered with: any other is refused.
    algorithm: str
    scope: str
    #: The weakest level of assurance accepted; empty when none is asked.
    acr: str = ""
    #: Send a code challenge. Both providers answer « Y000400 » to parameters they do not list.
    pkce: bool = False
    #: Refuse who entered there without a second factor.
    second_factor: bool = False
    #: A static file, the official picture of its button; empty: a plain button.
    button: str = ""

    @property
    def name(self) -> str:
        return NAMES[self.slug]

    @property
    def origin(self) -> str:
        """The only place that is ever called: scheme, host, port."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def callback_url(self) -> str:
        return str(settings.SITE_URL) + reverse(f"{self.slug}-callback")

    @property
    def left_url(self) -> str:
        return str(settings.SITE_URL) + reverse(f"{self.slug}-left")


def configured(slug: str) -> OpenIDProvider | None:
    """The provider, or None while it is off."""
    values: dict[str, Any] = settings.OPENID_PROVIDERS[slug]
    if not all(values[name] for name in REQUIRED):
        return None
    return OpenIDProvider(slug=slug, **values)
