"""Whether a provider's button is to be shown."""

from django import template

from demarches.oidc.providers import OpenIDProvider, configured

register = template.Library()


@register.simple_tag
def openid_provider(slug: str) -> OpenIDProvider | None:
    """The provider, or None while it is off."""
    return configured(slug)
