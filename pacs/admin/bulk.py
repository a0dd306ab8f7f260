"""What may be done to several dossiers at once: nothing that decides.

The list sends the keys that were ticked to a page that names each; what is done there says who
followed each dossier, so that a colleague's choice is never overwritten unseen.
"""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from demarches.desk.frame import frame
from demarches.models import User
from demarches.rules.numbers import plural, read_number
from demarches.views.downloads import private_answer
from pacs.actions.following import assign_many
from pacs.admin.people import agent_of, note
from pacs.forms.desk import number_of
from pacs.models import Dossier
from pacs.papers import documents
from pacs.reads.access import may_read_as_staff, may_review, reviewers

type View = Callable[..., HttpResponse]

#: Dossiers in one gesture: a page of the list.
MOST = 40
NONE_LEFT = "Cochez au moins un dossier dans la liste."


class BulkDesk:
    """The gestures of the list, mixed into the admin of dossiers."""

    admin_site: admin.AdminSite
    opts: Options[Dossier]

    def bulk_urls(self, wrap: Callable[[View], View]) -> list[URLPattern]:
        return [
            path("confier/", wrap(self.confide_view), name="pacs_dossier_confide"),
            path(
                "listes-de-pieces.pdf",
                wrap(require_safe(self.lists_view)),
                name="pacs_dossier_lists",
            ),
        ]

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Asked by the admin before it offers « confide »."""
        return may_review(agent_of(request))

    @admin.action(description="Confier à…", permissions=["review"])
    def confide(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> HttpResponse:
        return _with_keys("admin:pacs_dossier_confide", queryset)

    @admin.action(description="Imprimer les listes de pièces")
    def print_lists(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> HttpResponse:
        return _with_keys("admin:pacs_dossier_lists", queryset)

    def confide_view(self, request: HttpRequest) -> HttpResponse:
        """Who follows each of these dossiers, and to whom they go; each refused one is named."""
        agent = agent_of(request)
        if not may_review(agent):
            raise PermissionDenied
        reasons, status = list[str](), 200
        posted = request.POST if request.method == "POST" else None
        dossiers = _named((posted or request.GET).getlist("dossier"))
        if posted is not None:
            to = reviewers().filter(pk=number_of(posted, "to")).first()
            try:
                if not dossiers:
                    raise ValidationError(NONE_LEFT)
                if to is None:
                    raise ValidationError("Choisissez à qui confier ces dossiers.")
                read = [(one, number_of(posted, f"was_{one.pk}")) for one in dossiers]
                outcome = assign_many(read, to=to, by=agent, at=timezone.now())
            except ValidationError as refused:
                reasons, status = refused.messages, 422
            else:
                if outcome.done:
                    messages.success(request, _confided(len(outcome.done), to))
                for one, reason in outcome.refused:
                    messages.error(request, f"{_names(one)}, {one.reference} : {reason}")
                return redirect("admin:pacs_dossier_changelist")
        if not dossiers and posted is None:
            messages.error(request, NONE_LEFT)
            return redirect("admin:pacs_dossier_changelist")
        note(request, "liste", *dossiers)
        context: dict[str, Any] = {
            **frame(self.admin_site, request),
            "title": "Confier des dossiers",
            "opts": self.opts,
            "tab": "dossiers",
            "dossiers": [(one, _names(one)) for one in dossiers],
            "agents": reviewers(),
            "reasons": reasons,
        }
        return TemplateResponse(request, "admin/pacs/confide.html", context, status=status)

    def lists_view(self, request: HttpRequest) -> HttpResponse:
        """The lists of pieces of these dossiers, in one PDF."""
        if not may_read_as_staff(agent_of(request)):
            raise PermissionDenied
        dossiers = _named(request.GET.getlist("dossier"))
        if not dossiers:
            messages.error(request, NONE_LEFT)
            return redirect("admin:pacs_dossier_changelist")
        note(request, "papier pieces", *dossiers)
        paper = documents.checklists(dossiers)
        return private_answer(
            paper.content, "application/pdf", "listes-de-pieces.pdf", disposition="attachment"
        )


def _with_keys(address: str, rows: QuerySet[Dossier]) -> HttpResponse:
    keys = list(rows.values_list("pk", flat=True)[:MOST])
    return redirect(f"{reverse(address)}?{urlencode([('dossier', key) for key in keys])}")


def _named(raw: Sequence[str]) -> list[Dossier]:
    """The dossiers of these keys that the desk may read, in the list's order; `MOST` at most."""
    keys = [key for one in raw[:MOST] if (key := read_number(one))]
    return list(
        Dossier.objects.for_desk()
        .filter(pk__in=keys)
        .longest_waiting_first()
        .select_related("assigned_to", "appointment__agenda")
        .prefetch_related("partenaires")
    )


def _names(dossier: Dossier) -> str:
    return " et ".join(one.display_name for one in dossier.people)


def _confided(count: int, to: User) -> str:
    return f"{count} dossier{plural(count)} confié{plural(count)} à {to}."
