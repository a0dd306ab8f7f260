"""The screen of the data-protection officer: who looked at what, and whether the journal is whole.

Whoever opens it is written down like any other: with what they asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.timezone import localtime

from demarches.agenda.booking import midnight
from demarches.agenda.day_field import DayField
from demarches.desk.frame import frame
from demarches.models import Seal, User, Verification, note_look, reading_models
from demarches.models.journal import ReadingBase
from demarches.rules.reference import parse_reference
from demarches.views.downloads import private_answer
from demarches.web.tables import as_csv

PERMISSION = "demarches.read_journal"
ON_SCREEN = 200
IN_EXPORT = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One look, as the officer reads it."""

    at: datetime
    agent: str
    what: str
    about: str


class JournalForm(forms.Form):
    """What to look for; everything when it is empty."""

    agent = forms.ModelChoiceField(
        User.objects.filter(is_staff=True).order_by("full_name", "email"),
        label="Agent",
        required=False,
        empty_label="Tous",
    )
    about = forms.CharField(
        label="Référence du dossier ou numéro du registre", required=False, max_length=60
    )
    day = DayField(label="Jour", required=False)


def _lines(
    model: type[ReadingBase], *, agent: User | None, about: str, day: date | None
) -> Iterator[Line]:
    """The looks of one journal, the latest first."""
    rows: Any = model._base_manager.order_by("-at", "-pk")
    if agent is not None:
        rows = rows.filter(agent=agent)
    if about:
        words = parse_reference(about) or about.strip()
        rows = rows.filter(Q.create([(name, words) for name in model.ABOUT], connector=Q.OR))
    if day is not None:
        rows = rows.filter(at__gte=midnight(day), at__lt=midnight(day + timedelta(days=1)))
    names = ("at", "agent__full_name", "agent__email", "what", *model.ABOUT)
    for at, name, email, what, *found in rows.values_list(*names)[:IN_EXPORT]:
        told = next((str(one) for one in found if one), "")
        yield Line(at, name or email or "tâche automatique", what, told)


def looks(*, agent: User | None, about: str, day: date | None, limit: int) -> list[Line]:
    """The looks of every journal, the latest first."""
    found = [
        line
        for model in reading_models()
        for line in islice(_lines(model, agent=agent, about=about, day=day), limit)
    ]
    return sorted(found, key=attrgetter("at"), reverse=True)[:limit]


def journal_view(request: HttpRequest) -> HttpResponse:
    """By agent, by dossier, by day; on screen or as a table to take away."""
    officer = request.user
    if not isinstance(officer, User) or not officer.has_perm(PERMISSION):
        raise PermissionDenied
    if request.method != "GET":
        raise Http404
    form = JournalForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {"agent": None, "about": "", "day": None}
    as_table = request.GET.get("format") == "csv"
    what = "journal exporté" if as_table else "journal"
    detail = ", ".join(str(value) for value in asked.values() if value)
    note_look(officer, what, at=timezone.now(), detail=detail)
    lines = looks(**asked, limit=IN_EXPORT if as_table else ON_SCREEN)
    if as_table and form.is_valid():
        return private_answer(_table(lines), "text/csv", "journal.csv", disposition="attachment")
    context = {
        **frame(admin.site, request),
        "title": "Journal des consultations",
        "form": form,
        "lines": lines,
        "is_cut": len(lines) == ON_SCREEN,
        "query": request.GET.urlencode(),
        "seals": Seal.objects.count(),
        "last": Verification.objects.last(),
    }
    return TemplateResponse(
        request, "admin/journal.html", context, status=200 if form.is_valid() else 422
    )


def _table(lines: list[Line]) -> bytes:
    """What a spreadsheet opens; nothing in it is a formula."""
    rows = [
        (f"{localtime(line.at):%d/%m/%Y %H:%M:%S}", line.agent, line.what, line.about)
        for line in lines
    ]
    return as_csv(("le", "agent", "quoi", "objet"), rows)
