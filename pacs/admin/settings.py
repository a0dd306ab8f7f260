"""What an administrateur sets: the figures of the procedure, the typed reasons, the templates."""

from django.contrib import admin
from django.http import HttpRequest

from demarches.admin.base import DeskAdmin
from pacs.models import MessageTemplate, PacsSettings, RefusalReason
from pacs.rules.requests import forbidden_requests


@admin.register(PacsSettings)
class PacsSettingsAdmin(DeskAdmin[PacsSettings]):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return not PacsSettings.objects.exists() and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: PacsSettings | None = None) -> bool:
        return False


@admin.register(RefusalReason)
class RefusalReasonAdmin(DeskAdmin[RefusalReason]):
    list_display = ("label", "asks_the_forbidden")
    ordering = ("position",)

    @admin.display(description="demande ce que la loi interdit", boolean=True)
    def asks_the_forbidden(self, reason: RefusalReason) -> bool:
        return bool(forbidden_requests(reason.text))


@admin.register(MessageTemplate)
class MessageTemplateAdmin(DeskAdmin[MessageTemplate]):
    list_display = ("label", "slug")
