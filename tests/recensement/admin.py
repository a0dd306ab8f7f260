"""The list, and one page a dossier: what was given, and the two decisions."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from demarches.accounts.acting import agent_of, version_of
from demarches.admin.base import DossierDesk
from demarches.dossiers.refusals import StaleDossier
from demarches.rules.numbers import read_number
from demarches.views.downloads import serve_private_file
from tests.recensement import actions
from tests.recensement.models import Recensement, RecensementQuerySet

RIGHT = "recensement.change_recensement"


@admin.register(Recensement)
class RecensementAdmin(DossierDesk[Recensement]):
    list_display = ("reference", "name", "status_label", "waiting")
    list_filter = ("status",)

    def get_queryset(self, request: HttpRequest) -> RecensementQuerySet:
        return Recensement.objects.exclude(submitted_at=None).longest_waiting_first()

    def note(self, request: HttpRequest, what: str, *dossiers: Recensement) -> None:
        actions.note_reading(agent_of(request), what, *dossiers, at=timezone.now())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        file = path("<num:pk>/piece/<num:piece>/", view(self.file_view), name="recensement_piece")
        return [file, *super().get_urls()]

    def _found(self, request: HttpRequest, pk: int, what: str) -> Recensement:
        dossier = get_object_or_404(self.get_queryset(request), pk=pk)
        self.note(request, what, dossier)
        return dossier

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        dossier, status = self._found(request, read_number(object_id) or 0, "dossier"), 200
        if request.method == "POST":
            try:
                self._decide(request, dossier)
                messages.success(request, "C’est fait : la personne reçoit un mail.")
                return redirect("admin:recensement_recensement_change", dossier.pk)
            except StaleDossier:
                messages.error(request, "Ce dossier a changé entre-temps : relisez-le.")
                status = 409
            except ValidationError as refused:
                messages.error(request, " ".join(refused.messages))
                status = 422
            dossier.refresh_from_db()
        context = {
            **self.admin_site.each_context(request),
            "title": dossier.name,
            "dossier": dossier,
            "typed": request.POST.get("reason", ""),
        }
        return TemplateResponse(request, "admin/recensement/dossier.html", context, status=status)

    def _decide(self, request: HttpRequest, dossier: Recensement) -> None:
        seen: dict[str, Any] = {
            "by": agent_of(request),
            "at": timezone.now(),
            "version": version_of(request),
        }
        if request.POST.get("verb") == "accepter":
            actions.accept(dossier, **seen)
        else:
            actions.ask_again(dossier, reason=request.POST.get("reason", ""), **seen)

    def file_view(self, request: HttpRequest, pk: int, piece: int) -> HttpResponse:
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        kept = get_object_or_404(self._found(request, pk, "pièce").pieces, pk=piece)
        return serve_private_file(
            kept.storage_name, content_type=kept.content_type, display_name=kept.display_name
        )
