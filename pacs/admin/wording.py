"""What people are told of each piece: the words change here, never the conditions."""

from django.contrib import admin
from django.http import HttpRequest

from demarches.admin.base import DeskAdmin
from pacs.models import PieceWording


@admin.register(PieceWording)
class PieceWordingAdmin(DeskAdmin[PieceWording]):
    list_display = ("label", "rule_id", "max_age_label", "original_or_copy", "is_verified")
    list_filter = ("is_verified", "original_or_copy")
    search_fields = ("rule_id", "label", "help")
    readonly_fields = ("rule_id",)
    fieldsets = (
        (None, {"fields": ("rule_id", "label", "neutral_label", "help", "why_asked")}),
        (
            "L’obtenir",
            {
                "fields": (
                    "looks_like",
                    "where_to_get",
                    ("link_label", "link_url"),
                    ("cost", "usual_delay"),
                )
            },
        ),
        (
            "La remettre",
            {
                "fields": (
                    ("max_age_months", "max_age_strict"),
                    "original_or_copy",
                    ("may_upload", "upload_note"),
                    "to_prepare",
                    "to_bring",
                )
            },
        ),
        ("La source", {"fields": ("basis", "source", ("is_verified", "source_date"))}),
    )

    # One row a rule of the code: rows come from the fixture, and none is taken away.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PieceWording | None = None) -> bool:
        return False
