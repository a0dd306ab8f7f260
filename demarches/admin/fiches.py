"""Which national documents are shown, with the mairie's own words; and where they come from."""

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from demarches.admin.base import DeskAdmin
from demarches.models import Fiche, FicheSet, ShownFiche


@admin.register(ShownFiche)
class ShownFicheAdmin(DeskAdmin[ShownFiche]):
    list_display = ("code", "title", "modified", "has_note")
    search_fields = ("code",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShownFiche]:
        current = Fiche.objects.current().filter(code=OuterRef("code"))
        return ShownFiche.objects.annotate(
            current_title=Subquery(current.values("title")[:1]),
            current_date=Subquery(current.values("modified")[:1]),
        )

    @admin.display(description="titre")
    def title(self, row: ShownFiche) -> str:
        return getattr(row, "current_title", None) or "absente du guide en service"

    @admin.display(description="modifiée le")
    def modified(self, row: ShownFiche) -> str:
        day = getattr(row, "current_date", None)
        return f"{day:%d/%m/%Y}" if day else "–"

    @admin.display(description="mots de la mairie", boolean=True)
    def has_note(self, row: ShownFiche) -> bool:
        return bool(row.note)


@admin.register(FicheSet)
class FicheSetAdmin(DeskAdmin[FicheSet]):
    """What each import brought; imports are made by the command."""

    list_display = ("source_name", "file_date", "imported_at", "count", "is_current")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FicheSet | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FicheSet | None = None) -> bool:
        return False
