"""Which national documents are shown, with the mairie's own words; and where they come from."""

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from demarches.admin.base import DeskAdmin
from demarches.desk.health import GUIDE_IS_OLD
from demarches.models import Fiche, FicheSet, ShownFiche, SitePage, Synonym
from demarches.rules.dates_fr import duration_fr


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

    list_display = ("source_name", "file_date", "imported_at", "age", "count", "is_current")

    @admin.display(description="à jour")
    def age(self, row: FicheSet) -> str:
        """Until when the source had this very set; said in words once it is a week old."""
        age = timezone.now() - row.known_at
        told = f"il y a {duration_fr(age)}"
        return f"{told} : plus de 7 jours, à mettre à jour" if age > GUIDE_IS_OLD else told

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FicheSet | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FicheSet | None = None) -> bool:
        return False


@admin.register(Synonym)
class SynonymAdmin(DeskAdmin[Synonym]):
    """What a search takes for what."""

    list_display = ("said", "meant")
    search_fields = ("said", "meant")


@admin.register(SitePage)
class SitePageAdmin(DeskAdmin[SitePage]):
    """Pages that a search finds first, and that the fiches they are about propose."""

    list_display = ("title", "address", "words", "fiches")
    search_fields = ("title", "words")
