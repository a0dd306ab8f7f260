"""The appointment of a couple: held, confirmed, moved, cancelled; by them or by the desk.

The dossier's row is locked first, then seats: two partenaires on two phones act one after the
other, and two couples never wait for each other. Who gets a seat is decided by the database
(`demarches.agenda.seats.take_seat`).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate

from demarches.agenda.booking import DESK_HORIZON
from demarches.agenda.seats import (
    SEAT_GONE,
    SlotTaken,
    closed_meanwhile,
    find_free,
    give_back,
    is_still_open,
    or_nearest,
    release_returning,
    take_over,
    take_seat,
)
from demarches.models import Agenda, Appointment, User
from demarches.rules.enums import AppointmentStatus, Status
from demarches.rules.slots import Slot, not_open_yet
from demarches.web.as_read import ChangedSince
from pacs import emails
from pacs.actions.guards import (
    StaleDossier,
    check_request,
    check_theirs,
    check_told,
    locked_at_version,
)
from pacs.actions.pieces import renew_for
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, EarlierOffer, Partenaire
from pacs.models.gate import in_the_way
from pacs.reads.booking import agenda_of, asked_by, needs_a_visit, offerable_slots
from pacs.rules.gate import Act, texts

#: How long a visit may last when it is agreed outside of the hours.
MINUTES = (5, 240)
NOT_NOW = "Le rendez-vous se prend quand le dossier est complet."


@dataclass(frozen=True, slots=True)
class Seen:
    """The slot held and the appointment booked that a page showed, by their keys; 0: none.

    Each form of these pages carries it. An action given `None` had no page before it.
    """

    held: int = 0
    booked: int = 0

    @classmethod
    def of(cls, dossier: Dossier) -> "Seen":
        """What a page of this dossier shows now."""
        return cls(dossier.held_appointment_id or 0, dossier.appointment_id or 0)

    def slot(self, dossier: Dossier) -> Appointment | None:
        """The slot that was read, also when it has gone since; never another couple's."""
        return Appointment.objects.filter(pk=self.held, holder=dossier.reference).first()

    def appointment(self, dossier: Dossier) -> Appointment | None:
        """The appointment that was read, also when it has gone since."""
        return Appointment.objects.filter(pk=self.booked, holder=dossier.reference).first()


def hold_slot(
    partenaire: Partenaire,
    starts_at: datetime,
    *,
    at: datetime,
    is_overriding: bool = False,
    seen: Seen | None = None,
) -> Appointment:
    """Keep a slot for this couple while they read and confirm; one hold at a time.

    `is_overriding`: they know that a piece must then be renewed. Raises `SlotTaken` with the
    nearest free slots, `ActionRefused` when this dossier cannot book, `ChangedSince` when the
    other has meanwhile chosen or booked. The slot they hold already is simply theirs.
    """
    dossier = partenaire.dossier
    agenda = bookable_agenda(dossier, reader=partenaire, at=at)
    if seen is not None and seen != Seen.of(dossier):
        mine = dossier.held_appointment
        if mine is not None and mine.is_held(at) and mine.starts_at == starts_at:
            return mine
        raise ChangedSince
    asked = asked_by(dossier, agenda, reader=partenaire, at=at, is_overriding=is_overriding)
    # Read before the transaction, as a hint: the constraint decides inside it.
    slot = find_free(agenda, starts_at, asked)
    with or_nearest(agenda, starts_at, asked), transaction.atomic():
        locked = _locked_for(partenaire)
        bookable_agenda(locked, reader=partenaire, at=at)
        if seen is not None and seen != Seen.of(locked):
            raise ChangedSince
        _check_gate(locked, slot.day, reader=partenaire.position, renewing=is_overriding)
        _drop_hold(locked, at=at)
        held = take_seat(
            agenda,
            slot,
            status=AppointmentStatus.HELD,
            holder=locked.reference,
            at=at,
            held_until=at + timedelta(minutes=agenda.hold_minutes),
        )
        locked.held_appointment = held
        locked.save(update_fields=["held_appointment"])
        locked.touch(at=at)
    return held


def confirm_slot(
    partenaire: Partenaire,
    *,
    at: datetime,
    by: User | None,
    seen: Seen | None = None,
    how: str = "",
) -> Appointment:
    """Book the held slot; a second click finds it booked and changes nothing.

    A hold that lapsed is confirmed all the same while nobody has taken its seat. Raises
    `ChangedSince` when the slot held, or the appointment it replaces, is not the one of the
    page. Effects: status, journal, the former appointment given back, one mail to each. `how`: what
    the journal adds, when it was not from the pages of the dossier.
    """
    with transaction.atomic():
        locked = _locked_for(partenaire)
        held = locked.held_appointment
        if (booked := _as_read(locked, held, seen)) is not None:
            return booked
        if held is None:
            raise ActionRefused("Vous n’avez pas de créneau à confirmer. Choisissez-en un.")
        agenda = bookable_agenda(locked, reader=partenaire, at=at)
        # The page they confirm lists the pieces to bring anew for that day.
        day = localdate(held.starts_at)
        _check_gate(locked, day, reader=partenaire.position, renewing=True)
        if not is_still_open(held, at=at):
            asked = asked_by(locked, agenda, reader=partenaire, at=at, is_overriding=True)
            raise closed_meanwhile(held, asked)
        if not held.is_held(at):
            # Kept too long: it is theirs only if it could still be chosen now.
            asked = asked_by(locked, agenda, reader=partenaire, at=at, is_overriding=True)
            find_free(agenda, held.starts_at, asked)
        mine = Appointment.objects.filter(pk=held.pk, status=AppointmentStatus.HELD.value)
        if mine.update(status=AppointmentStatus.BOOKED.value, held_until=None):
            held.refresh_from_db()
        else:
            held = _take_again(partenaire, agenda, held, at=at)
        _book(locked, held, by=by, at=at, how=how)
    return held


def _as_read(locked: Dossier, held: Appointment | None, seen: Seen | None) -> Appointment | None:
    """Nothing when the page said what is true; the appointment when it is booked already.

    A moment is what people read: the same one, held again meanwhile, is the same slot.
    """
    booked = locked.appointment
    if seen is None:
        return booked if held is None else None
    read = seen.slot(locked)
    if read is not None and held is not None and held.starts_at == read.starts_at:
        if seen.booked == (locked.appointment_id or 0):
            return None
    elif read is not None and booked is not None and booked.starts_at == read.starts_at:
        return booked
    raise ChangedSince


def _take_again(
    partenaire: Partenaire, agenda: Agenda, lapsed: Appointment, *, at: datetime
) -> Appointment:
    """The hold was freed meanwhile: have the same slot, if it still is there."""
    asked = asked_by(partenaire.dossier, agenda, reader=partenaire, at=at, is_overriding=True)
    slot = find_free(agenda, lapsed.starts_at, asked)
    return take_seat(agenda, slot, status=AppointmentStatus.BOOKED, holder=lapsed.holder, at=at)


def _check_gate(locked: Dossier, day: date, *, reader: int | None, renewing: bool) -> None:
    """Refuse a day on which something stands in the way, in the words of the reader."""
    found = in_the_way(locked, Act.BOOK, on=day, renewing=renewing)
    if found:
        raise ActionRefused(texts(found, reader))


def _book(
    locked: Dossier,
    new: Appointment,
    *,
    by: User | None,
    at: datetime,
    how: str = "",
    why: str = "",
) -> None:
    """Make `new` the appointment of this dossier, in the place of the former one if any.

    Pieces too old on its day become pieces to bring anew: whoever booked was told which. `why`:
    what the couple is told of a move that they did not ask for.
    """
    old = locked.appointment
    renew_for(locked, localdate(new.starts_at), by=by, at=at)
    locked.earlier_offers.filter(appointment=new, answer="").update(
        answer="accepted", answered_at=at
    )
    locked.appointment, locked.held_appointment = new, None
    locked.save(update_fields=["appointment", "held_appointment"])
    if old is None:
        locked.schedule(by=by, at=at)
        emails.appointment_booked(locked, at=at)
        return
    take_over(old, new)
    give_back(old, at=at)
    locked.touch(at=at)
    locked.record(kind="appointment_moved", by=by, at=at, reason=f"{old} → {new}{how}")
    emails.appointment_moved(locked, at=at, why=why, by_mairie=_is_mairie(by))


def move_from_mail(
    partenaire: Partenaire, starts_at: datetime, *, at: datetime, seen: Seen
) -> Appointment:
    """Move to this slot from the link of a mail, whose page asks and acts at once.

    The rules are those of the pages, and nothing can be renewed from here: a day for which a
    paper is too old is refused. Raises what `hold_slot` and `confirm_slot` raise; then nothing
    has changed.
    """
    with transaction.atomic():
        hold_slot(partenaire, starts_at, at=at, seen=seen)
        now = Seen.of(Dossier.objects.get(pk=partenaire.dossier_id))
        return confirm_slot(partenaire, at=at, by=None, seen=now, how=_from_mail_of(partenaire))


def cancel_from_mail(partenaire: Partenaire, *, at: datetime, seen: Seen) -> None:
    """Cancel from the link of a mail; raises as `cancel_appointment`."""
    how = _from_mail_of(partenaire)
    cancel_appointment(partenaire, at=at, by=None, seen=seen, how=how)


def _from_mail_of(partenaire: Partenaire) -> str:
    """What the journal says: nobody signed in, and whose mail it was."""
    return f", par le lien du mail de la personne {partenaire.position}, sans connexion"


def cancel_appointment(
    partenaire: Partenaire,
    *,
    at: datetime,
    by: User | None,
    seen: Seen | None = None,
    how: str = "",
) -> None:
    """Give the appointment back; the dossier stays complete. Mails both. Twice is once.

    Raises `ChangedSince` when it is no longer the one of the page. `how`: as `confirm_slot`.
    """
    with transaction.atomic():
        locked = _locked_for(partenaire)
        if locked.appointment is None:
            return
        if seen is not None and seen.booked != locked.appointment_id:
            raise ChangedSince
        _check_changeable(locked.appointment, at=at)
        _end_appointment(locked, reason=f"Annulé par le couple{how}", by=by, at=at)


def release_appointment(
    locked: Dossier, *, at: datetime, not_before: datetime | None = None
) -> Appointment | None:
    """Free what a dossier that has just ended had booked or held, under the dossier's lock.

    Returns the appointment that was expected, to take off calendars by the mail about the end:
    it has no other mail. `not_before`: the seat comes back to others
    after that moment, for an end that can be undone until then.
    """
    _drop_hold(locked, at=at)
    given_up = locked.appointment
    _give_up_date(locked, at=at, not_before=not_before)
    return given_up


def _give_up_date(locked: Dossier, *, at: datetime, not_before: datetime | None = None) -> None:
    """Take the appointment off the dossier; its seat goes back unless the day has passed."""
    old = locked.appointment
    if old is None:
        return
    locked.appointment, locked.earlier_wanted_since = None, None
    locked.save(update_fields=["appointment", "earlier_wanted_since"])
    if old.status != AppointmentStatus.MISSED.value:
        give_back(old, at=at, not_before=not_before)


def _end_appointment(locked: Dossier, *, reason: str, by: User | None, at: datetime) -> None:
    appointment = _expected(locked)
    _drop_hold(locked, at=at)
    locked.unschedule(by=by, at=at, reason=reason)
    _give_up_date(locked, at=at)
    emails.appointment_cancelled(
        locked, appointment, at=at, reason=reason, by_mairie=_is_mairie(by)
    )


def _is_mairie(by: User | None) -> bool:
    return by is not None and by.is_staff


# The desk


def book_for(
    dossier: Dossier, starts_at: datetime, *, by: User, at: datetime, version: int | None = None
) -> Appointment:
    """Book or move for somebody: no lead time, and the seats of the counter too.

    Papers too old that day do not stop an agent, who sees them; the couple is told to renew.
    """
    agenda = bookable_agenda(dossier, reader=None, at=at)
    asked = asked_by(dossier, agenda, reader=None, at=at, is_overriding=True)
    slot = find_free(agenda, starts_at, asked)
    with or_nearest(agenda, starts_at, asked), transaction.atomic():
        locked = locked_at_version(dossier, version)
        bookable_agenda(locked, reader=None, at=at)
        _check_gate(locked, slot.day, reader=None, renewing=True)
        _drop_hold(locked, at=at)
        new = take_seat(
            agenda,
            slot,
            status=AppointmentStatus.BOOKED,
            holder=locked.reference,
            at=at,
            at_counter=True,
        )
        _book(locked, new, by=by, at=at)
    return new


def book_apart(
    dossier: Dossier,
    starts_at: datetime,
    *,
    minutes: int,
    place: str,
    why: str,
    by: User,
    at: datetime,
    version: int | None,
) -> Appointment:
    """Book or move for this couple alone, outside of the hours or of the mairie (CC, art. 515-3).

    Nothing opens to anybody else, and the couple changes it by calling. `place` empty: the
    mairie. A seat is taken, so that the officer is not awaited at two places. The law and what is
    open to agents count; papers too old that day are to be renewed, as in `book_for`. `why` is in
    the journal alone. Raises `ActionRefused`, `SlotTaken`, `StaleDossier`.
    """
    place, why = place.strip(), why.strip()
    if not why:
        raise ActionRefused("Dites pourquoi ce rendez-vous est hors horaires, pour le journal.")
    is_round = not (starts_at.minute % 5 or starts_at.second or starts_at.microsecond)
    if not MINUTES[0] <= minutes <= MINUTES[1] or minutes % 5 or not is_round:
        raise ActionRefused(
            "Choisissez une heure et une durée de cinq en cinq minutes, quatre heures au plus."
        )
    # Added up in UTC: an hour lasts an hour on the nights when the clocks change.
    zone, start = starts_at.tzinfo, starts_at.astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) != starts_at.replace(tzinfo=None):
        raise ActionRefused(
            "Cette heure n’existe pas : cette nuit-là, on passe à l’heure d’été. Choisissez-en une"
            " autre."
        )
    if starts_at <= at:
        raise ActionRefused("Ce moment est déjà passé : choisissez-en un à venir.")
    agenda = bookable_agenda(dossier, reader=None, at=at)
    asked = asked_by(dossier, agenda, reader=None, at=at, is_overriding=True)
    day = localdate(starts_at)
    if day < asked.first_day:
        raise ActionRefused(asked.first_reason)
    if day > asked.last_day:
        raise ActionRefused(not_open_yet(asked))
    seats = tuple(agenda.rules(at).seats(at_counter=True))
    slot = Slot(starts_at, (start + timedelta(minutes=minutes)).astimezone(zone), seats)
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        bookable_agenda(locked, reader=None, at=at)
        check_told_to_both(place, locked)
        _check_gate(locked, day, reader=None, renewing=True)
        _drop_hold(locked, at=at)
        try:
            new = take_seat(
                agenda,
                slot,
                status=AppointmentStatus.BOOKED,
                holder=locked.reference,
                at=at,
                at_counter=True,
                is_exceptional=True,
                place=place,
                leaving=locked.appointment,
            )
        except SlotTaken as taken:
            raise SlotTaken(
                "Un autre rendez-vous occupe déjà ce moment. Choisissez une autre heure, ou"
                " déplacez-le d’abord."
            ) from taken
        locked.record(kind="appointment_apart", by=by, at=at, reason=f"{new}. {why}")
        _book(locked, new, by=by, at=at)
    return new


def cancel_for(
    dossier: Dossier,
    *,
    reason: str,
    by: User,
    at: datetime,
    version: int | None,
    booked: int | None = None,
) -> None:
    """Cancel or postpone from the desk, with a reason that the couple reads.

    `booked`: the appointment of the page; another one is refused.
    """
    if not reason.strip():
        raise ActionRefused("Dites au couple pourquoi le rendez-vous est annulé.")
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        if booked is not None:
            _expected(locked, booked)
        check_told_to_both(reason, locked)
        _end_appointment(locked, reason=reason.strip(), by=by, at=at)


def check_told_to_both(reason: str, locked: Dossier) -> None:
    """Refuse a reason that may not be asked, kept, or told to one of the two."""
    check_request(reason)
    check_told(
        reason,
        dossier=locked,
        readers=locked.people,
        way_out="Donnez un motif que les deux peuvent lire, et écrivez le reste à chacun.",
    )


def move_to_held(
    dossier: Dossier, held: Appointment, *, booked: int, why: str, by: User, at: datetime
) -> None:
    """Move to the seat that the desk holds for this couple, because their day closes.

    `booked`: the appointment that was read; another one is refused, and so is a day on which a
    paper no longer serves: nothing is asked of them. `why` is in the mail to both, and in the
    journal. Raises `ActionRefused`, `SlotTaken` when the seat held has gone.
    """
    with transaction.atomic():
        locked = _locked(dossier)
        _expected(locked, booked)
        check_told_to_both(why, locked)
        agenda = bookable_agenda(locked, reader=None, at=at)
        _check_gate(locked, localdate(held.starts_at), reader=None, renewing=False)
        if not is_still_open(held, at=at):
            asked = asked_by(locked, agenda, reader=None, at=at, is_overriding=True)
            raise closed_meanwhile(held, asked)
        _drop_hold(locked, at=at)
        mine = Appointment.objects.filter(
            pk=held.pk, holder=locked.reference, status=AppointmentStatus.HELD.value
        )
        if not mine.update(status=AppointmentStatus.BOOKED.value, held_until=None):
            raise SlotTaken(SEAT_GONE)
        held.refresh_from_db()
        _book(locked, held, by=by, at=at, how=f". {why}", why=why)


def mark_arrived(dossier: Dossier, *, by: User, at: datetime, booked: int | None = None) -> None:
    """Both are at the counter. Twice is once. `booked`: the appointment of the page."""
    with transaction.atomic():
        locked = _locked(dossier)
        appointment = _expected(locked, booked)
        if appointment.status == AppointmentStatus.ARRIVED.value:
            return
        if localdate(at) < localdate(appointment.starts_at):
            raise ActionRefused("Le jour du rendez-vous n’est pas encore venu.")
        appointment.status = AppointmentStatus.ARRIVED.value
        appointment.save(update_fields=["status"])
        locked.touch(at=at)
        locked.record(kind="arrived", by=by, at=at)


def mark_missed(
    dossier: Dossier,
    *,
    by: User,
    at: datetime,
    booked: int | None = None,
    read: AppointmentStatus = AppointmentStatus.BOOKED,
) -> None:
    """They did not come: the dossier goes back to them, with a way to book again.

    `booked`, `read`: the appointment of the page, and where it stood; raises `StaleDossier` when
    it is another, or when a colleague has noted meanwhile that they arrived.
    """
    with transaction.atomic():
        locked = _locked(dossier)
        appointment = _expected(locked, booked)
        if appointment.current_status is not read:
            raise StaleDossier(
                "Une ou un collègue a noté que ce couple est arrivé. Si c’est une erreur, notez"
                " l’absence depuis la page « Suivi et papiers » du dossier."
            )
        if at < appointment.starts_at:
            raise ActionRefused("L’heure du rendez-vous n’est pas encore passée.")
        appointment.status = AppointmentStatus.MISSED.value
        appointment.save(update_fields=["status"])
        locked.unschedule(by=by, at=at, reason="Absents au rendez-vous")
        _give_up_date(locked, at=at)
        emails.appointment_missed(locked, appointment, at=at)


# The waiting list


def want_earlier(
    partenaire: Partenaire, *, wanted: bool, at: datetime, seen: Seen | None = None
) -> None:
    """Enter or leave the queue for an earlier date; entering twice keeps the first place.

    Earlier than the appointment of the page: raises `ChangedSince` when that is another now.
    """
    with transaction.atomic():
        locked = _locked_for(partenaire)
        if seen is not None and seen.booked != (locked.appointment_id or 0):
            raise ChangedSince
        if wanted and locked.current_status is not Status.SCHEDULED:
            raise ActionRefused(
                "Prenez d’abord un rendez-vous : il reste à vous pendant l’attente."
            )
        locked.earlier_wanted_since = (locked.earlier_wanted_since or at) if wanted else None
        locked.save(update_fields=["earlier_wanted_since"])


def refuse_offer(partenaire: Partenaire, *, at: datetime, seen: Seen | None = None) -> None:
    """Leave an offered slot to others, or a held one; the place in the queue stays.

    Raises `ChangedSince` when the slot of the page was booked meanwhile, or is another; one
    that has gone is left already.
    """
    with transaction.atomic():
        locked = _locked_for(partenaire)
        if seen is not None and seen.held != (locked.held_appointment_id or 0):
            read, booked = seen.slot(locked), locked.appointment
            was_booked = read and booked and booked.starts_at == read.starts_at
            if read is None or locked.held_appointment is not None or was_booked:
                raise ChangedSince
        _drop_hold(locked, at=at)


def offer_earlier(*, at: datetime) -> int:
    """Offer each earlier slot that is free or coming back to the first couple it suits.

    One slot to one couple, held for the hours the agenda says; only if their papers are valid
    then. Returns how many were offered. May run as often as wanted.
    """
    EarlierOffer.objects.filter(answer="", appointment__held_until__lte=at).update(
        answer="lapsed", answered_at=at
    )
    waiting = Dossier.objects.filter(
        status=Status.SCHEDULED.value, earlier_wanted_since__isnull=False
    )
    offered = 0
    for pk in waiting.order_by("earlier_wanted_since", "pk").values_list("pk", flat=True):
        with transaction.atomic():
            offered += _offer_to(_locked(Dossier(pk=pk)), at=at)
    return offered


def _offer_to(locked: Dossier, *, at: datetime) -> bool:
    agenda, current = agenda_of(locked), locked.appointment
    held = locked.held_appointment
    if agenda is None or current is None or not current.is_changeable(at):
        return False
    if locked.earlier_wanted_since is None or (held is not None and held.is_held(at)):
        return False
    told = set(locked.earlier_offers.values_list("starts_at", flat=True))
    for slot in offerable_slots(locked, agenda, before=current.starts_at, at=at):
        if slot.starts_at in told or in_the_way(locked, Act.BOOK, on=slot.day):
            continue
        release_returning(agenda, slot, at=at)
        try:
            appointment = take_seat(
                agenda,
                slot,
                status=AppointmentStatus.HELD,
                holder=locked.reference,
                at=at,
                held_until=at + timedelta(hours=agenda.offer_hours),
            )
        except SlotTaken:
            continue
        locked.held_appointment = appointment
        locked.save(update_fields=["held_appointment"])
        locked.earlier_offers.create(
            appointment=appointment, starts_at=slot.starts_at, offered_at=at
        )
        emails.earlier_offer(locked, appointment, at=at)
        return True
    return False


# Shared


def bookable_agenda(dossier: Dossier, *, reader: Partenaire | None, at: datetime) -> Agenda:
    """The agenda in which this dossier may book now; raises `ActionRefused` with the way out.

    `reader` None: the desk. What stands in the way on the last day of all stands there on every
    day: no slot is shown that would be refused.
    """
    agenda = agenda_of(dossier)
    if agenda is None:
        raise ActionRefused("Les rendez-vous se prennent par téléphone pour le moment.")
    if not dossier.is_settled:
        raise ActionRefused(NOT_NOW)
    if reader is not None and needs_a_visit(dossier):
        raise ActionRefused(
            "Vous avez signalé un empêchement grave : appelez la mairie, qui convient avec vous"
            " du lieu et de l’heure."
        )
    if reader is not None and dossier.appointment is not None:
        _check_changeable(dossier.appointment, at=at)
    last = dossier.days(at=at).horizon if reader else localdate(at) + DESK_HORIZON
    _check_gate(dossier, last, reader=reader.position if reader else None, renewing=True)
    return agenda


def _check_changeable(appointment: Appointment, *, at: datetime) -> None:
    if appointment.is_exceptional:
        raise ActionRefused(
            "Ce rendez-vous a été convenu avec la mairie, hors de ses horaires : appelez-la pour le"
            " changer."
        )
    if not appointment.is_changeable(at):
        raise ActionRefused(
            "Il est trop tard pour changer ce rendez-vous en ligne. Appelez la mairie : elle peut"
            " encore le faire."
        )


def _expected(locked: Dossier, booked: int | None = None) -> Appointment:
    if locked.appointment is None or locked.current_status is not Status.SCHEDULED:
        raise ActionRefused("Ce dossier n’a pas de rendez-vous.")
    if booked is not None and locked.appointment_id != booked:
        raise StaleDossier(
            f"Le rendez-vous a été déplacé depuis que vous avez ouvert cette page : il est le"
            f" {locked.appointment}."
        )
    return locked.appointment


def _drop_hold(locked: Dossier, *, at: datetime) -> None:
    """Let the held slot go, and note the answer when it had been offered."""
    held = locked.held_appointment
    if held is None:
        return
    locked.earlier_offers.filter(appointment=held, answer="").update(
        answer="refused", answered_at=at
    )
    if held.status == AppointmentStatus.HELD.value:
        give_back(held, at=at)
    locked.held_appointment = None
    locked.save(update_fields=["held_appointment"])


def _locked(dossier: Dossier) -> Dossier:
    """The dossier, locked. Its appointments are read afterwards, each by its own query.

    Joined to the locking query they would be those from before the wait (PostgreSQL reads the
    locked row again, not the rows joined to it).
    """
    return Dossier.objects.locked().get(pk=dossier.pk)


def _locked_for(partenaire: Partenaire) -> Dossier:
    """The same, for this person: refused once their place is somebody else's, or nobody's.

    Nobody but they themselves acts on an appointment: `partenaire` was read as whoever asks.
    """
    locked = _locked(partenaire.dossier)
    check_theirs(partenaire, by=partenaire.user)
    return locked
