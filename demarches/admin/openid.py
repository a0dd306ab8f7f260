"""Links between agents and identities: read, and cut; the people concerned make them.

Residents are not listed: who uses FranceConnect here is nobody's business but theirs.
"""

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from demarches.admin.base import DeskAdmin

# The providers stand in the environment, and no token of theirs is kept.
for model in (SocialApp, SocialToken, SocialAccount):
    admin.site.unregister(model)


@admin.register(SocialAccount)
class SocialAccountAdmin(DeskAdmin[SocialAccount]):
    """Deleting a row ends what the identity opens, at once for ProConnect."""

    list_display = ("user", "provider", "date_joined", "last_login")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = readonly_fields = ("user", "provider", "date_joined", "last_login")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SocialAccount]:
        return super().get_queryset(request).filter(user__is_staff=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
