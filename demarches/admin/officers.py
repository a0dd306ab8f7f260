"""Officers and the dates of their delegation."""

from django.contrib import admin
from django.utils.timezone import localdate

from demarches.admin.base import DeskAdmin
from demarches.admin.mairie import PLAIN_INPUTS
from demarches.models import Officer


@admin.register(Officer)
class OfficerAdmin(DeskAdmin[Officer]):
    list_display = ("name", "quality", "in_force_from", "in_force_until", "may_sign_today")
    formfield_overrides = PLAIN_INPUTS
    search_fields = ("name",)

    @admin.display(description="peut signer aujourd’hui", boolean=True)
    def may_sign_today(self, officer: Officer) -> bool:
        return officer.is_in_force(localdate())
