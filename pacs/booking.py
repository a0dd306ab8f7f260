"""What a couple may book: the clock, the lead time and the age of their papers, put together.

Read models over the shared agenda; the page, the action, the waiting list and the desk ask here.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.timezone import localdate, make_aware

from demarches.actions import offered_days
from demarches.models import Agenda
from demarches.rules.dates_fr import MONTHS, WEEKDAYS, day_fr
from demarches.rules.slots import Asked, DayLimit, DaySlots, Slot
from pacs.models import Dossier, Partenaire, Piece, PieceWording
from pacs.models.piece import IN_HAND
from pacs.rules.pieces import FOREIGN_PAPERS
from pacs.rules.situation import Impediment

#: How far agents may book, beyond what is open online.
DESK_HORIZON = timedelta(days=370)


def agenda_of(dossier: Dossier) -> Agenda | None:
    """The agenda of the procedure; None when appointments are taken by phone."""
    return dossier.procedure_settings.agenda


def needs_a_visit(dossier: Dossier) -> bool:
    """The officer may have to come to them: no slot online, a talk first (CC, art. 515-3)."""
    return dossier.impediment not in {"", Impediment.NONE.value}


def first_day(dossier: Dossier, agenda: Agenda, *, at: datetime) -> date:
    """The first day the mairie can be ready: its lead time from the complete dossier on."""
    foreign = dossier.pieces.required().filter(rule_id__in=FOREIGN_PAPERS).exists()
    lead = agenda.lead_time_days_foreign if foreign else agenda.lead_time_days
    ready = localdate(dossier.completed_at or at) + timedelta(days=lead)
    return max(ready, localdate(at) + timedelta(days=1))


def asked_by(
    dossier: Dossier,
    agenda: Agenda,
    *,
    reader: Partenaire | None,
    at: datetime,
    is_overriding: bool = False,
) -> Asked:
    """What this couple may have now; `reader` None: the desk, free of the lead time.

    The reasons name the reader's own pieces and the couple's, never what the other must give.
    """
    limits = paper_limits(dossier, reader=reader)
    if reader is None:
        today = localdate(at)
        return Asked(
            now=at,
            first_day=today,
            last_day=today + DESK_HORIZON,
            limits=limits,
            at_counter=True,
            is_overriding=is_overriding,
        )
    ready = first_day(dossier, agenda, at=at)
    return Asked(
        now=at,
        first_day=ready,
        last_day=localdate(at) + timedelta(days=agenda.horizon_days),
        first_reason=f"La mairie prépare votre venue : possible à partir du {day_fr(ready)}.",
        limits=limits,
        is_overriding=is_overriding,
    )


def paper_limits(dossier: Dossier, *, reader: Partenaire | None) -> tuple[DayLimit, ...]:
    """Until when each dated piece in hand serves, the first to age first."""
    wordings = PieceWording.objects.in_bulk()
    dated: list[tuple[date, Piece, PieceWording]] = []
    for piece in dossier.pieces.required().select_related("partenaire"):
        wording = wordings.get(piece.rule_id)
        last = piece.last_day(wording.max_age) if wording else None
        if wording and last is not None and piece.current_status in IN_HAND:
            dated.append((last, piece, wording))
    dated.sort(key=lambda found: (found[0], found[1].position, found[1].pk))
    limits = dict.fromkeys(
        DayLimit(_limit_reason(piece, wording, last, reader), last=last)
        for last, piece, wording in dated
    )
    return tuple(limits)


def _limit_reason(
    piece: Piece, wording: PieceWording, last: date, reader: Partenaire | None
) -> str:
    other = piece.partenaire is not None and reader is not None and piece.partenaire != reader
    if other:
        return f"Une pièce de votre partenaire ne sert que jusqu’au {day_fr(last)}."
    whose = f" de {piece.partenaire.display_name}" if reader is None and piece.partenaire else ""
    if wording.max_age_months:
        aged = f"aura plus de {wording.max_age_months}\u00a0mois ce jour-là"
        return f"{wording.label}{whose} : {aged}, sert jusqu’au {day_fr(last)}."
    return f"{wording.label}{whose} : sa validité se termine le {day_fr(last)}."


@dataclass(frozen=True)
class Month:
    """A month at a glance: its weeks, Monday to Sunday, None outside of it."""

    first: date
    days: tuple[DaySlots, ...]
    previous: date | None
    next: date | None

    @property
    def label(self) -> str:
        """« décembre 2026 »."""
        return f"{MONTHS[self.first.month - 1]} {self.first.year}"

    @property
    def closed_days(self) -> list[tuple[str, str]]:
        """« 6, 13, 20 décembre » and why nothing can be booked then, reason by reason."""
        by_reason: dict[str, list[int]] = {}
        for day in self.days:
            if not day.is_open:
                by_reason.setdefault(day.reason, []).append(day.day.day)
        month = MONTHS[self.first.month - 1]
        return [(f"{_numbers(days)} {month}", reason) for reason, days in by_reason.items()]

    @property
    def weekdays(self) -> list[tuple[str, str]]:
        """« lun » and « lundi », for the head of the table."""
        return [(name[:3], name) for name in WEEKDAYS]

    @property
    def weeks(self) -> list[list[DaySlots | None]]:
        before: list[DaySlots | None] = [None] * self.first.weekday()
        cells = [*before, *self.days]
        cells += [None] * (-len(cells) % 7)
        return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def _numbers(days: list[int]) -> str:
    """« 1er au 5, 12, 25 »."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = ["1er" if day == 1 else str(day) for day in range(32)]
    return ", ".join(
        names[run[0]] if len(run) == 1 else f"{names[run[0]]} au {names[run[-1]]}" for run in runs
    )


def midnight(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min))


def month_of(agenda: Agenda, day: date, asked: Asked) -> Month:
    """The month of a day, with the next and the previous one as far as there is something."""
    first = day.replace(day=1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    today = localdate(asked.now)
    before, after = first - timedelta(days=1), last + timedelta(days=1)
    return Month(
        first=first,
        days=offered_days(agenda, midnight(first), midnight(last), asked),
        previous=before.replace(day=1) if before >= today.replace(day=1) else None,
        next=after if after <= asked.last_day else None,
    )


def first_days(agenda: Agenda, asked: Asked, *, count: int) -> list[DaySlots]:
    """The first days with something free, nearest first."""
    start = max(asked.first_day, localdate(asked.now))
    days = offered_days(agenda, midnight(start), midnight(asked.last_day), asked)
    return [day for day in days if day.is_open][:count]


def offerable_slots(
    dossier: Dossier, agenda: Agenda, *, before: datetime, at: datetime
) -> list[Slot]:
    """Earlier days for a couple that waits for one, with time to answer and to get ready."""
    asked = asked_by(dossier, agenda, reader=dossier.people[0], at=at)
    notice = timedelta(hours=agenda.offer_hours + agenda.change_until_hours)
    first = max(midnight(asked.first_day), at + notice)
    last = midnight(localdate(before) - timedelta(days=1))
    if last < first:
        return []
    days = offered_days(agenda, first, last, asked, with_returning=False)
    return [slot for day in days for slot in day.slots if slot.starts_at >= first]


def pieces_to_renew(dossier: Dossier, day: date) -> list[tuple[Piece, PieceWording, date]]:
    """Pieces in hand that will be too old on that day, and until when each serves."""
    wordings = PieceWording.objects.in_bulk()
    found = []
    for piece in dossier.pieces.required().select_related("partenaire"):
        wording = wordings.get(piece.rule_id)
        last = piece.last_day(wording.max_age) if wording else None
        if wording and last is not None and piece.current_status in IN_HAND and last < day:
            found.append((piece, wording, last))
    return found
