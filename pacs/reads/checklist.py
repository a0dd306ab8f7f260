"""The simulator's list as people read it: on a page, on paper, in a calendar.

One list for the three, so that the paper and the screen agree.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.urls import reverse
from django.utils.translation import get_language, gettext
from icalendar import Calendar, Event

from demarches.models import Mairie
from demarches.papers.documents import RenderedPdf, render_pdf
from demarches.rules.dates_fr import NBSP
from demarches.rules.dates_spoken import day_in
from demarches.web.languages import FRENCH
from pacs.models import PacsSettings, PieceWording, Translated
from pacs.rules.pieces import (
    ASKS_NOTHING,
    FOREIGN_PAPERS,
    NEVER_ASKED_ID,
    RequiredPiece,
    required_pieces,
)
from pacs.rules.planner import Plan, PlannedPiece, Timing, plan_pieces
from pacs.rules.situation import CoupleInputs

type Wordings = Mapping[str, PieceWording]

#: Whom each part of the list is for, by holder.
TITLES = ("Pour vous deux", "Vous", "Votre partenaire")
#: From here on, the paper list is set smaller, to stay on one side.
LONG_COLUMN = 5
#: A list this many lines longer than the other one has the wider column of the paper.
WIDER_BY = 3
CHECKLIST_STYLES = ("pacs/pdf/checklist.css",)


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of the list, with its words and its dates."""

    planned: PlannedPiece
    wording: PieceWording
    #: The document a translation or an apostille is about.
    about: PieceWording | None
    #: The same in French, where the list is in another language: people ask by that name.
    in_french: "Line | None" = None

    @property
    def colon(self) -> str:
        """French alone has a space before it."""
        return f"{NBSP}:" if self.in_french is None else ":"

    @property
    def piece(self) -> RequiredPiece:
        return self.planned.piece

    @property
    def data_for(self) -> str:
        """Whom the piece is for, as other programs read it: « couple », « 1 », « 2 »."""
        return str(self.piece.holder or "couple")

    @property
    def title(self) -> str:
        if self.about is None:
            return self.wording.label
        return f"{self.wording.label}{self.colon} {self.about.calendar_label.lower()}"

    @property
    def name(self) -> str:
        """What people ask for at a counter, without the conditions that follow it."""
        return re.split(rf",|{NBSP}?:", self.wording.label, maxsplit=1)[0]

    @property
    def asks_nothing(self) -> bool:
        return self.piece.rule_id in ASKS_NOTHING

    @property
    def is_foreign(self) -> bool:
        """More answers may make it certain, or another one."""
        return self.piece.rule_id in FOREIGN_PAPERS

    @property
    def is_too_early(self) -> bool:
        return self.planned.timing is Timing.TOO_EARLY

    @property
    def brought_as(self) -> str:
        """The line of « à apporter ». A translation says of what."""
        if self.about is None:
            return self.wording.to_bring
        return f"{self.wording.to_bring} ({self.about.calendar_label.lower()})"

    @property
    def prepared_as(self) -> str:
        """The line of « à préparer »."""
        if self.about is None:
            return self.wording.to_prepare
        return f"{self.wording.to_prepare} ({self.about.calendar_label.lower()})"


@dataclass(frozen=True, slots=True)
class Group:
    """The pieces of the couple, or of one of the two."""

    title: str
    holder: int
    lines: tuple[Line, ...]

    @property
    def to_hand_over(self) -> list[Line]:
        return [line for line in self.lines if not line.asks_nothing]

    @property
    def told(self) -> list[Line]:
        """Rows that say that nothing is needed, and why."""
        return [line for line in self.lines if line.asks_nothing]


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """Something people bring for nothing, and why it is not asked."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """Everything there is to say about the pieces of one couple."""

    groups: tuple[Group, ...]
    plan: Plan
    never: PieceWording
    not_needed: tuple[NotNeeded, ...]
    #: A text of this list is a translation that the mairie has not read yet.
    is_unchecked: bool = False

    @property
    def count(self) -> int:
        """How many pieces to hand over; those that are only possible are not counted."""
        return sum(not line.piece.uncertain for g in self.groups for line in g.to_hand_over)

    @property
    def is_long(self) -> bool:
        return any(len(group.lines) > LONG_COLUMN for group in self.groups)

    @property
    def has_room(self) -> bool:
        """Where to ask for each piece fits on the side of the paper too."""
        return not self.is_long

    @property
    def wider(self) -> int:
        """Whose list has the wider column of the paper; 0 for two columns alike."""
        _, first, second = (len(group.lines) for group in self.groups)
        if not self.is_long or abs(first - second) < WIDER_BY:
            return 0
        return 1 if first > second else 2

    @property
    def uncertain_count(self) -> int:
        return sum(line.piece.uncertain for g in self.groups for line in g.to_hand_over)


def build_checklist(
    couple: CoupleInputs,
    *,
    wished: date | None,
    at: datetime,
    settings: PacsSettings,
    wordings: Wordings,
    translated: Translated | None = None,
) -> Checklist:
    """The list for these inputs, planned back from the wished date; `translated` None: in French.

    Ages and rules are those of `wordings` in every language: only texts are translated.
    """
    spoken = translated.wordings if translated else wordings
    pieces = required_pieces(couple)
    plan = plan_pieces(
        pieces,
        ages={rule_id: wording.max_age for rule_id, wording in wordings.items()},
        wished=wished,
        days=settings.days([piece.rule_id for piece in pieces], at=at),
    )
    lines = []
    for planned in plan.pieces:
        rule_id, about = planned.piece.rule_id, planned.piece.about
        line = Line(planned, wordings[rule_id], wordings.get(about))
        if translated:
            line = Line(planned, spoken[rule_id], spoken.get(about), in_french=line)
        lines.append(line)
    return Checklist(
        groups=tuple(
            Group(title, holder, tuple(line for line in lines if line.piece.holder == holder))
            for holder, title in enumerate(TITLES)
        ),
        plan=plan,
        never=spoken[NEVER_ASKED_ID],
        not_needed=tuple(not_needed(spoken[NEVER_ASKED_ID])),
        is_unchecked=translated is not None
        and any(
            rule_id in translated.unchecked
            for rule_id in (NEVER_ASKED_ID, *(piece.rule_id for piece in pieces))
        ),
    )


def not_needed(never: PieceWording) -> list[NotNeeded]:
    """« Justificatif de domicile : … » line by line, as staff word it."""
    found = []
    for line in never.help_lines:
        what, *why = re.split(rf"{NBSP}?: ", line, maxsplit=1)
        found.append(NotNeeded(what, "".join(why)))
    return found


def checklist_pdf(checklist: Checklist, *, mairie: Mairie | None, today: date) -> RenderedPdf:
    """The list on paper: « à préparer », « à apporter », boxes to tick, dates that stand out."""
    context: dict[str, Any] = {
        "mairie": mairie,
        "checklist": checklist,
        "foot": gettext("Liste gratuite, établie le %(day)s. L’âge se compte le jour du Pacs.")
        % {"day": day_in(get_language() or FRENCH, today)},
    }
    return render_pdf(
        "pacs/pdf/checklist.html",
        context,
        title=gettext("Vos pièces pour le Pacs"),
        stylesheets=CHECKLIST_STYLES,
        path=reverse("pacs:simulator"),
    )


def blank_set_pdf(
    *, mairie: Mairie | None, settings: PacsSettings, wordings: Wordings, today: date
) -> RenderedPdf:
    """The paper dossier to collect at the counter: every piece there may be, and when."""
    context: dict[str, Any] = {
        "mairie": mairie,
        "settings": settings,
        "wordings": wordings,
        "not_needed": not_needed(wordings[NEVER_ASKED_ID]),
        "today": today,
    }
    return render_pdf(
        "pacs/pdf/blank_set.html",
        context,
        title="Préparer un Pacs sur papier",
        stylesheets=(*CHECKLIST_STYLES, "pacs/pdf/blank_set.css"),
        path=reverse("pacs:home"),
    )


def tasks_calendar(checklist: Checklist, *, mairie: Mairie | None, at: datetime) -> bytes:
    """The plan as calendar entries, one a day on which there is something to do (RFC 5545).

    Calendars are shared and shown on locked screens: no title, place or description tells which
    procedure it is, nor for whom. Entries are whole days and make nobody look busy; phones
    import them where they ignore VTODO.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Portail des démarches//Échéances//FR")
    calendar.add("version", "2.0")
    for day, summary, description in _tasks(checklist):
        event = Event()
        event.add("uid", str(uuid5(NAMESPACE_URL, f"{day}|{summary}|{description}")))
        event.add("dtstamp", at.astimezone(UTC))
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", summary)
        event.add("description", description)
        event.add("transp", "TRANSPARENT")
        event.add("class", "PRIVATE")
        if mairie is not None and mairie.phone:
            event.add("contact", f"{mairie.name}, {mairie.phone.as_national}")
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _tasks(checklist: Checklist) -> list[tuple[date, str, str]]:
    """What to do on which day, in order."""
    plan = checklist.plan
    if plan.wished is None:
        return []
    by_day: dict[date, list[str]] = {}
    for group in checklist.groups:
        for line in group.to_hand_over:
            if line.planned.not_before is not None:
                day = max(line.planned.not_before, plan.today)
                by_day.setdefault(day, []).append(line.wording.calendar_label)
    tasks = [
        (day, "Démarche d’état civil : documents à demander", "\n".join(dict.fromkeys(labels)))
        for day, labels in sorted(by_day.items())
    ]
    if plan.file_by is not None and not plan.is_too_soon:
        tasks.append(
            (
                plan.file_by,
                "Démarche d’état civil : dernier jour pour envoyer le dossier",
                "La mairie a besoin de ce temps pour le vérifier et préparer votre venue.",
            )
        )
    tasks.append(
        (
            plan.wished,
            "Démarche d’état civil : date souhaitée",
            "Ce jour n’est pas réservé : le rendez-vous se prend quand le dossier est complet.",
        )
    )
    return sorted(tasks)
