"""What a couple may book: the clock, the lead time and the age of their papers, put together.

Read models over the shared agenda; the page, the action, the waiting list and the desk ask here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.utils.timezone import localdate

from demarches.agenda.booking import DESK_HORIZON, Month, clamped_month, last_of_month, midnight
from demarches.agenda.seats import offered_days
from demarches.models import Agenda
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus
from demarches.rules.slots import Asked, DayLimit, Slot
from pacs.models import Dossier, Partenaire, Piece, PieceWording
from pacs.models.gate import first_lawful_days, whole_pieces
from pacs.models.piece import IN_HAND
from pacs.rules.days import ONE_DAY, DayAnswer, Days, latest_wish
from pacs.rules.situation import Impediment


def agenda_of(dossier: Dossier) -> Agenda | None:
    """The agenda of the procedure; None when appointments are taken by phone."""
    return dossier.procedure_settings.agenda


def needs_a_visit(dossier: Dossier) -> bool:
    """The officer may have to come to them: no slot online, a talk first (CC, art. 515-3)."""
    return dossier.impediment not in {"", Impediment.NONE.value}


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
        return asked_at_desk(dossier, limits, at=at, is_overriding=is_overriding)
    days = dossier.days(at=at)
    reason = f"La mairie prépare votre venue : possible à partir du {day_fr(days.first)}."
    if days.first > replace(days, not_before=None).first:
        _, reason = lawful_first_day(dossier, reader=reader)
    return Asked(
        now=at,
        first_day=days.first,
        last_day=days.horizon,
        first_reason=reason,
        limits=limits,
        is_overriding=is_overriding,
    )


def asked_at_desk(
    dossier: Dossier, limits: tuple[DayLimit, ...], *, at: datetime, is_overriding: bool = False
) -> Asked:
    """What an agent may give this couple, by whoever has read until when their papers serve."""
    today = localdate(at)
    lawful, lawful_reason = lawful_first_day(dossier, reader=None)
    return Asked(
        now=at,
        first_day=max(today, lawful or today),
        last_day=today + DESK_HORIZON,
        first_reason=lawful_reason if lawful and lawful > today else "",
        limits=limits,
        at_counter=True,
        is_overriding=is_overriding,
    )


def wish_month(days: Days, day: date) -> Month[DayAnswer]:
    """The month of a day, from this one to the last in which a day may be wished.

    Its days are those on which the mairie receives: seats are counted once one can book.
    """
    latest = latest_wish(days.today)
    first, previous, following = clamped_month(day, days.today, latest)
    count = (min(last_of_month(first), latest) - first).days + 1
    answers = [days.about(first + ONE_DAY * rank) for rank in range(count)]
    return Month(first, answers, previous, following)


def lawful_first_day(dossier: Dossier, *, reader: Partenaire | None) -> tuple[date | None, str]:
    """The first day an age allows, and why in the reader's words; None when every day is.

    Nobody can override it: the law forbids the days before (CC, art. 515-1).
    """
    for limit in first_lawful_days(dossier):
        name = dossier.people[limit.holder - 1].display_name
        return limit.day, limit.reason(reader.position if reader else None, name)
    return None, ""


def paper_limits(dossier: Dossier, *, reader: Partenaire | None) -> tuple[DayLimit, ...]:
    """Until when each dated piece in hand serves, the first to age first."""
    return limits_of(whole_pieces(dossier), PieceWording.objects.by_rule(), reader=reader)


def limits_of(
    pieces: Iterable[Piece], wordings: Mapping[str, PieceWording], *, reader: Partenaire | None
) -> tuple[DayLimit, ...]:
    """The same of required pieces that somebody has read, each with its partenaire."""
    dated: list[tuple[date, Piece, PieceWording]] = []
    for piece in pieces:
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


type Renewal = tuple[Piece, PieceWording, date | None]


def pieces_too_old(dossier: Dossier, day: date) -> list[Renewal]:
    """Pieces in hand that will be too old on that day, and until when each serves."""
    wordings = PieceWording.objects.by_rule()
    found: list[Renewal] = []
    for piece in dossier.pieces.required().select_related("partenaire"):
        wording = wordings[piece.rule_id]
        last = piece.last_day(wording.max_age)
        if last is not None and piece.current_status in IN_HAND and last < day:
            found.append((piece, wording, last))
    return found


def pieces_to_renew(dossier: Dossier, day: date) -> list[Renewal]:
    """The same, and those the couple has already said they will bring anew for their day."""
    awaited = set(dossier.events.filter(kind="piece_to_renew").values_list("reason", flat=True))
    found = pieces_too_old(dossier, day)
    if not awaited:
        return found
    wordings = PieceWording.objects.by_rule()
    to_bring = dossier.pieces.required().filter(
        status=PieceStatus.TO_BRING.value, issued_on=None, expires_on=None, key__in=awaited
    )
    return [
        *found,
        *((one, wordings[one.rule_id], None) for one in to_bring.select_related("partenaire")),
    ]
