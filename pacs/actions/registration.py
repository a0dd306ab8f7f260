"""The registration of a PACS, and what follows it: avis, modification, dissolution.

Law: Code civil, art. 515-3, 515-3-1 and 515-7; décret 2006-1806. The number comes from the
lines already there; the unique constraint decides between two agents, and the loser takes the
next one: no number is given twice, and none is lost when something fails.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Model
from django.db.models.functions import Upper
from django.utils.timezone import localdate

from demarches.files import storage
from demarches.models import Mairie, Officer, User, next_reference
from demarches.models.fields import unprintable
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import AppointmentStatus, Status
from demarches.rules.read import Shown, is_as_read
from demarches.rules.texts import letters_of, searched_names
from demarches.typed.communes import communes
from demarches.web.as_read import ChangedSince, check_read
from pacs import emails
from pacs.actions.guards import check_no_private_number, check_request, locked_at_version
from pacs.actions.pieces import set_day
from pacs.actions.refusals import ActionRefused
from pacs.models import (
    Avis,
    Dossier,
    LaterAct,
    PacsSettings,
    Partenaire,
    Piece,
    PieceFile,
    PieceWording,
    RegisteredPerson,
    Registration,
)
from pacs.models.consent import has_attested
from pacs.models.gate import bound_among, in_the_way
from pacs.models.registration import signed_by
from pacs.rules.births import BIRTH_PARTS, birth_problems
from pacs.rules.eligibility import MAJORITY_YEARS, day_of_age
from pacs.rules.gate import Act, texts
from pacs.rules.registration import (
    PACS_SINCE,
    Identity,
    RegisterNumber,
    act_rule,
    avis_due_on,
    avis_recipient,
    effect_day,
    is_held_here,
    parse_number,
    too_early,
    written_number,
)
from pacs.rules.situation import PartialDate

ACT_PREFIX = "SUITE"
TRIES = 5


@dataclass(frozen=True)
class Ceremony:
    """What the officer did and ticked at the counter."""

    officer: Officer
    registered_at: datetime
    #: Positions of the partenaires whose identity was checked, keys of the originals seen.
    identified: Collection[int] = ()
    originals: Collection[str] = ()
    #: Dates read on the originals, by the key of the piece: of issue, or of end for an
    #: identity document.
    dates: Mapping[str, date] = field(default_factory=dict)
    convention_visa: bool = False
    convention_returned: bool = False
    paper_complete: bool = False
    sequence: int | None = None
    gap_reason: str = ""


def next_number(day: date) -> RegisterNumber:
    """The number that comes next in the register of this year and office."""
    mairie = Mairie.objects.current()
    if mairie is None:
        raise ActionRefused("La mairie n’est pas encore décrite : complétez sa fiche.")
    office = PacsSettings.current().office_number
    rows = Registration.objects.filter(insee_code=mairie.insee_code, year=day.year, office=office)
    last = rows.aggregate(last=Max("sequence"))["last"] or 0
    return RegisterNumber(mairie.insee_code, day.year, office, last + 1)


def registration_blockers(dossier: Dossier, ceremony: Ceremony, *, at: datetime) -> list[str]:
    """Everything that keeps this PACS from being registered, at once, in French."""
    day = localdate(ceremony.registered_at)
    reasons = []
    appointment = dossier.appointment
    if dossier.current_status is not Status.SCHEDULED or appointment is None:
        return ["Ce dossier n’a pas de rendez-vous : fixez-le d’abord, même pour aujourd’hui."]
    if ceremony.registered_at > at:
        reasons.append("L’heure de l’enregistrement n’est pas encore passée.")
    if localdate(appointment.starts_at) != day:
        reasons.append(
            f"Le rendez-vous est le {day_fr(localdate(appointment.starts_at))} : déplacez-le au"
            " jour de l’enregistrement."
        )
    if not ceremony.officer.is_in_force(day):
        reasons.append(
            f"La délégation de {ceremony.officer.name} n’est pas en vigueur le {day_fr(day)}."
        )
    reasons += [
        f"Identité à vérifier : {one.full_name}."
        for one in dossier.people
        if one.position not in ceremony.identified
    ]
    reasons += texts(in_the_way(dossier, Act.REGISTER, on=day), None)
    reasons += undrawn(ceremony.officer, *dossier.people, *Mairie.objects.all())
    reasons += _originals_unseen(dossier, ceremony)
    if not ceremony.convention_visa:
        reasons.append("La convention doit être visée et datée.")
    if not ceremony.convention_returned:
        reasons.append("La convention doit être rendue aux partenaires : la mairie n’en garde pas.")
    return reasons


def undrawn(*rows: Model) -> list[str]:
    """What the papers of this act would print with a hole in it."""
    return [
        f"{row} ({label}) : les papiers ne peuvent pas imprimer « {word} ». Corrigez-le d’abord,"
        " en lettres latines."
        for row in rows
        for label, word in unprintable(row)
    ]


def originals_of(dossier: Dossier) -> list[tuple[Piece, PieceWording]]:
    """The pieces whose original is to be seen on the day, with their words."""
    wordings = PieceWording.objects.by_rule()
    pieces = dossier.pieces.required().select_related("partenaire")
    return [
        (piece, wording)
        for piece in pieces
        if (wording := wordings.get(piece.rule_id)) and wording.to_bring
    ]


def _originals_unseen(dossier: Dossier, ceremony: Ceremony) -> list[str]:
    return [
        f"Original à voir : {wording.label}"
        f"{f' ({piece.partenaire.display_name})' if piece.partenaire else ''}."
        for piece, wording in originals_of(dossier)
        if piece.key not in ceremony.originals
    ]


def register_pacs(
    dossier: Dossier, ceremony: Ceremony, *, by: User, at: datetime, version: int | None
) -> Registration:
    """Register the PACS: one line of the register, the avis to send, the dossier frozen.

    A second click finds it registered. Raises `ActionRefused` with every reason at once; then
    nothing is written, and no number is used. Effects: status, journal, register, avis, one
    neutral mail to each, the scans deleted when the paper dossier is complete.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _register(dossier, ceremony, by=by, at=at, version=version)
        except _NumberTaken:
            # Another agent registered at the same moment: read the register again.
            continue
    raise ActionRefused("Plusieurs enregistrements ont lieu en même temps. Recommencez.")


class _NumberTaken(Exception):
    """The database has just refused the number: somebody else has it."""


def _register(
    dossier: Dossier, ceremony: Ceremony, *, by: User, at: datetime, version: int | None
) -> Registration:
    locked = locked_at_version(dossier, None)
    already = Registration.objects.filter(dossier=locked).first()
    if already is not None:
        return already
    locked = locked_at_version(dossier, version)
    check_no_private_number(ceremony.gap_reason)
    _note_dates(locked, ceremony, by=by, at=at)
    if reasons := registration_blockers(locked, ceremony, at=at):
        raise ActionRefused(reasons)
    day = localdate(ceremony.registered_at)
    number = _number(ceremony, day)
    _note_seen(locked, ceremony, at=at)
    registration = _write_line(locked, ceremony, number, by=by)
    for person in locked.people:
        _write_person(registration, person)
    for row in registration.persons.all():
        _write_avis(registration, row, due_from=day)
    if locked.appointment is not None:
        locked.appointment.status = AppointmentStatus.DONE.value
        locked.appointment.save(update_fields=["status"])
    if locked.appointment is not None:
        locked.registered_on = day
        locked.registered_appointment_on = localdate(locked.appointment.starts_at)
        locked.registered_attestations = sum(has_attested(one, locked) for one in locked.people)
        locked.save(
            update_fields=["registered_on", "registered_appointment_on", "registered_attestations"]
        )
    locked.register(by=by, at=at)
    if ceremony.paper_complete:
        delete_scans(locked, at=at)
    emails.registered(locked, at=at)
    return registration


def _number(ceremony: Ceremony, day: date) -> RegisterNumber:
    """The number asked for, checked; else the next one."""
    proposed = next_number(day)
    asked = ceremony.sequence
    if asked is None or asked == proposed.sequence:
        return proposed
    if asked < proposed.sequence:
        raise ActionRefused(f"Ce numéro est déjà donné. Le suivant est {proposed}.")
    if not ceremony.gap_reason.strip():
        raise ActionRefused(
            f"Le numéro suivant est {proposed}. Pour en sauter, dites pourquoi : le registre n’a"
            " pas de trou sans motif."
        )
    return RegisterNumber(proposed.insee_code, proposed.year, proposed.office, asked)


def _note_dates(locked: Dossier, ceremony: Ceremony, *, by: User, at: datetime) -> None:
    """Keep the dates read on the originals; a refusal takes them back with the rest."""
    for piece in locked.pieces.required().filter(key__in=list(ceremony.dates)):
        set_day(piece, ceremony.dates[piece.key], by=by, at=at)


def _note_seen(locked: Dossier, ceremony: Ceremony, *, at: datetime) -> None:
    locked.pieces.filter(key__in=list(ceremony.originals)).update(original_seen_at=at)
    locked.partenaires.filter(position__in=list(ceremony.identified)).update(identified_at=at)


def _write_line(
    locked: Dossier, ceremony: Ceremony, number: RegisterNumber, *, by: User
) -> Registration:
    before = Registration.objects.filter(
        insee_code=number.insee_code,
        year=number.year,
        office=number.office,
        sequence=number.sequence - 1,
    ).first()
    mairie = Mairie.objects.current()
    line = Registration(
        dossier=locked,
        origin="portail",
        number=str(number),
        insee_code=number.insee_code,
        year=number.year,
        office=number.office,
        sequence=number.sequence,
        follows=before,
        gap_reason="" if before or number.sequence == 1 else ceremony.gap_reason.strip(),
        registered_on=localdate(ceremony.registered_at),
        registered_at=ceremony.registered_at,
        place=mairie.name if mairie else "",
        **signed_by(ceremony.officer),
        agent=by,
    )
    try:
        with transaction.atomic():
            line.save()
    except IntegrityError as error:
        raise _NumberTaken from error
    return line


def _write_person(registration: Registration, one: Partenaire) -> None:
    RegisteredPerson.objects.create(
        registration=registration,
        position=one.position,
        birth_name=one.birth_name,
        first_names=one.first_names,
        sex=one.sex,
        birth_year=one.birth_year,
        birth_month=one.birth_month,
        birth_day=one.birth_day,
        birth_city=one.birth_city,
        birth_department=one.birth_department,
        birth_country=one.birth_country,
        search_text=searched_names(one.first_names, one.birth_name),
    )


def _write_avis(
    registration: Registration,
    person: RegisteredPerson,
    *,
    due_from: date,
    act: LaterAct | None = None,
) -> None:
    recipient = avis_recipient(
        birth_country=str(person.birth_country.code or ""),
        birth_city=person.birth_city,
        birth_department=person.birth_department,
    )
    Avis.objects.create(
        registration=registration,
        act=act,
        person=person,
        recipient=recipient.name,
        address=recipient.address,
        due_on=avis_due_on(due_from),
    )


def delete_scans(locked: Dossier, *, at: datetime) -> int:
    """Delete the pre-check files of a registered dossier, with a line in the journal."""
    files = PieceFile.objects.filter(piece__dossier=locked)
    names = list(files.values_list("storage_name", flat=True))
    if names:
        storage.delete_after_commit(*names)
        files.delete()
        locked.record(kind="scans_deleted", by=None, at=at, reason=f"{len(names)} fichiers")
    return len(names)


# Publicity


def avis_held_here(rows: Iterable[Avis]) -> set[int]:
    """Keys of the avis about birth records of this mairie: the mention is made, nothing is sent.

    `rows`: with their `person`. One query, however many rows.
    """
    mairie = Mairie.objects.current()
    here = communes().coded(mairie.insee_code) if mairie is not None else None
    if here is None:
        return set()
    is_only = len(communes().named(here.name)) == 1
    return {
        row.pk
        for row in rows
        if is_held_here(
            birth_country=str(row.person.birth_country.code or ""),
            birth_city=row.person.birth_city,
            birth_department=row.person.birth_department,
            here=here,
            is_only=is_only,
        )
    }


@dataclass(frozen=True)
class Sent:
    """What a batch changed: avis noted now, and those that had been noted before."""

    now: list[Avis]
    before: list[Avis]


def mark_avis_sent(keys: Collection[int], *, on: date, by: User, at: datetime) -> Sent:
    """Note that these avis left together, all or none; those already noted keep their day.

    `keys`: the avis that the agent read, so that one written meanwhile is not noted unseen.
    Raises `Avis.DoesNotExist` for a key of no avis; `ActionRefused` for a day that cannot be, or
    for a birth record of this mairie.
    """
    with transaction.atomic():
        rows = list(
            Avis.objects.select_for_update(of=("self",))
            .filter(pk__in=keys)
            .select_related("registration__dossier", "person", "act")
            .order_by("recipient", "pk")
        )
        if len(rows) != len(set(keys)):
            raise Avis.DoesNotExist
        found = Sent(
            [row for row in rows if row.sent_on is None],
            [row for row in rows if row.sent_on is not None],
        )
        if reasons := _unsendable(found.now, on, today=localdate(at)):
            raise ActionRefused(reasons)
        for row in found.now:
            row.sent_on, row.sent_by = on, by
        Avis.objects.bulk_update(found.now, ["sent_on", "sent_by"])
        for row in found.now:
            if (dossier := row.registration.dossier) is not None:
                dossier.record(
                    kind="avis_sent", by=by, at=at, reason=f"{row.recipient}, le {day_fr(on)}"
                )
    return found


def _unsendable(rows: Collection[Avis], on: date, *, today: date) -> list[str]:
    here = avis_held_here(rows)
    reasons = [
        f"{row.person} : cet acte de naissance est tenu ici. Aucun avis ne part : notez la mention."
        for row in rows
        if row.pk in here
    ]
    if on > today:
        return [*reasons, "La date d’envoi est à venir : écrivez aujourd’hui ou un jour passé."]
    return reasons + [
        f"{row.registration.number} : fait le {day_fr(first)}, l’avis n’a pas pu partir avant."
        for row in rows
        if on < (first := _written_on(row))
    ]


def _written_on(row: Avis) -> date:
    """The day of what the avis tells: the registration, or the act that came after."""
    if row.act is not None and row.act.registered_at is not None:
        return localdate(row.act.registered_at)
    return row.registration.registered_on


def mark_avis_mentioned(avis: Avis, *, on: date, by: User, at: datetime) -> None:
    """Note that the mention was made; the last one of a registration tells the couple.

    From then on the PACS binds third parties (CC, art. 515-3-1). In a birth record of this mairie
    the mention is made without an avis: its day stands for both.
    """
    with transaction.atomic():
        row = (
            Avis.objects.select_for_update(of=("self",))
            .select_related("registration__dossier", "person", "act")
            .get(pk=avis.pk)
        )
        if row.mentioned_on is not None:
            return
        first = row.sent_on
        if first is None:
            if not avis_held_here([row]):
                raise ActionRefused("Notez d’abord l’envoi de l’avis.")
            first = _written_on(row)
            row.sent_on, row.sent_by = on, by
        if not first <= on <= localdate(at):
            raise ActionRefused(
                f"La mention se fait du {day_fr(first)} à aujourd’hui : vérifiez la date."
            )
        row.mentioned_on = on
        row.save(update_fields=["sent_on", "sent_by", "mentioned_on"])
        registration = row.registration
        dossier = registration.dossier
        if row.act_id is None and dossier is not None and registration.opposable_on:
            dossier.record(kind="opposable", by=by, at=at)
            emails.opposable(dossier, at=at)


# What comes after


def enter_old_registration(
    *,
    number: str,
    registered_on: date,
    origin: str,
    place: str,
    people: Collection[Mapping[str, Any]],
    homonym_reason: str = "",
    by: User,
    at: datetime,
) -> Registration:
    """Enter a PACS registered before the portal, by its number, so that acts can follow it.

    A number of this town's own register takes its rank there: the next one follows it. Refuses one
    that the portal is still to give, and the same number however its hyphens are written. Refuses
    somebody who stands in the register under a line without end, as the gate does; `homonym_reason`
    says why a line that may be theirs is somebody else's.
    """
    number = written_number(number)
    for text in (number, place, homonym_reason):
        check_no_private_number(text)
    if registered_on > localdate(at):
        raise ActionRefused("La date d’enregistrement est à venir.")
    if registered_on < PACS_SINCE:
        raise ActionRefused("Le Pacs existe depuis le 15 novembre 1999 : vérifiez la date.")
    check_people(people, registered_on=registered_on, today=localdate(at))
    with transaction.atomic():
        if _has_number(number):
            raise ActionRefused("Ce numéro est déjà dans la liste : ouvrez-le.")
        rank, reason = _rank_here(number, registered_on), homonym_reason.strip()
        if found := _bound_elsewhere(people, is_homonym=bool(reason)):
            raise ActionRefused(found)
        registration = Registration.objects.create(
            origin=origin,
            number=number,
            **rank,
            registered_on=registered_on,
            place=place,
            homonym_reason=reason,
            agent=by,
        )
        for position, one in enumerate(people, start=1):
            RegisteredPerson.objects.create(
                registration=registration,
                position=position,
                search_text=searched_names(one["first_names"], one["birth_name"]),
                **one,
            )
    return registration


def check_people(
    people: Collection[Mapping[str, Any]], *, registered_on: date, today: date
) -> None:
    """Refuse two people whom the register could not have held that day; `people`: their columns."""
    for one in people:
        for value in one.values():
            check_no_private_number(str(value))
        if problems := [words for _, words in birth_problems(one, today=today)]:
            raise ActionRefused(problems)
        year, month, day = (one.get(name) for name in BIRTH_PARTS)
        if year and registered_on < day_of_age(
            PartialDate(year, month, day).earliest, MAJORITY_YEARS
        ):
            # CC, art. 515-1: two adults.
            raise ActionRefused(
                "Une personne avait moins de 18 ans ce jour-là : vérifiez les dates."
            )
    if len({_who(one) for one in people}) < len(people):
        raise ActionRefused("C’est deux fois la même personne : vérifiez les noms et les dates.")


def _has_number(number: str) -> bool:
    """Whether a line has this number, in capitals or not."""
    lines = Registration.objects.annotate(in_capitals=Upper("number"))
    return lines.filter(in_capitals=number.upper()).exists()


def _bound_elsewhere(people: Collection[Mapping[str, Any]], *, is_homonym: bool) -> list[str]:
    """The lines without end about one of these two, with what to do (CC, art. 515-2 3°)."""
    found = bound_among(
        [
            (place, f"{one['first_names']} {one['birth_name']}".strip(), _identity(one))
            for place, one in enumerate(people, start=1)
        ]
    )
    reasons = []
    for line in found:
        if line.is_certain:
            reasons.append(
                f"{line.name} : lié au Pacs n° {line.number}, sans fin au registre. S’il est"
                " dissous, enregistrez d’abord sa dissolution."
            )
        elif not is_homonym:
            reasons.append(
                f"{line.name} : peut-être au registre, Pacs n° {line.number}, sans fin. Si c’est"
                " cette personne et que ce Pacs est dissous, enregistrez d’abord sa dissolution ;"
                " si c’est un homonyme, écrivez pourquoi."
            )
    return reasons


def _identity(one: Mapping[str, Any]) -> Identity:
    year, month, day = (one.get(name) for name in BIRTH_PARTS)
    born = PartialDate(year, month, day) if year else None
    return Identity(one["birth_name"], one["first_names"], born)


def _who(one: Mapping[str, Any]) -> tuple[object, ...]:
    born = (one.get(name) for name in BIRTH_PARTS)
    return letters_of(f"{one['first_names']} {one['birth_name']}"), *born


def _rank_here(number: str, day: date) -> dict[str, Any]:
    """The columns of the rank, for a number of this town's register; none for any other."""
    ours = parse_number(number)
    mairie = Mairie.objects.current()
    if ours is None or mairie is None or ours.insee_code != mairie.insee_code:
        return {}
    if ours.year != day.year:
        raise ActionRefused(f"Le numéro est de {ours.year}, la date de {day.year} : vérifiez-les.")
    lines = Registration.objects.filter(
        insee_code=ours.insee_code, year=ours.year, office=ours.office
    )
    last = lines.aggregate(last=Max("sequence"))["last"] or 0
    if ours.sequence > last and lines.filter(origin="portail").exists():
        raise ActionRefused(
            f"Le portail donne lui-même les numéros après {last:04d} : enregistrez ce Pacs depuis"
            " son dossier, au jour et à l’heure où il a été signé."
        )
    if lines.filter(sequence=ours.sequence).exists():
        raise ActionRefused("Ce numéro est déjà dans la liste : ouvrez-le.")
    return {
        "insee_code": ours.insee_code,
        "year": ours.year,
        "office": ours.office,
        "sequence": ours.sequence,
    }


def open_act(
    registration: Registration,
    *,
    kind: str,
    received_on: date,
    by_post: bool,
    pieces: Collection[str],
    event_on: date | None,
    by: User,
    at: datetime,
    read: str | None = None,
) -> LaterAct:
    """Open the small dossier of a modification or a dissolution; a double click opens one.

    Residence does not matter: the mairie that registered is the one (CC, art. 515-3 and 515-7).
    `read`: the acts that the page listed; raises `ChangedSince` when another was opened or ended.
    """
    with transaction.atomic():
        row = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
        if read is not None and not is_as_read(read, acts_shown(row)):
            same = row.acts.filter(kind=kind, received_on=received_on, by_post=by_post)
            if (twin := same.filter(status="open", agent=by).first()) is not None:
                return twin
            raise ChangedSince
        if row.is_dissolved:
            raise ActionRefused("Ce Pacs est déjà dissous.")
        if received_on > localdate(at):
            raise ActionRefused("La date de réception est à venir.")
        _check_received(received_on, row)
        return LaterAct.objects.create(
            reference=next_reference(ACT_PREFIX, at),
            registration=row,
            kind=act_rule(kind).kind.value,
            received_on=received_on,
            by_post=by_post,
            pieces=_known_pieces(kind, pieces),
            event_on=event_on,
            agent=by,
        )


def _check_received(day: date, registration: Registration) -> None:
    if day < registration.registered_on:
        raise ActionRefused(
            f"Ce Pacs est du {day_fr(registration.registered_on)} : la date de réception ne peut"
            " pas être avant. Vérifiez-la."
        )


def acts_shown(registration: Registration) -> Shown:
    """The modifications and dissolutions that the page of a line lists."""
    rows = registration.acts.order_by("pk").values_list("pk", "status")
    return {"acts": [f"{pk} {status}" for pk, status in rows]}


@dataclass(frozen=True, slots=True)
class InHand:
    """What an agent says is in hand of an act; `deceased` is the place of whoever died.

    `received_on`: None leaves the day on which it came as it stands.
    """

    pieces: Collection[str]
    event_on: date | None = None
    deceased: int | None = None
    received_on: date | None = None


def update_act(act: LaterAct, in_hand: InHand, *, read: str | None = None) -> None:
    """Note what has come in since; an incomplete act is completed, never refused for that.

    `read`: the act as its page showed it (`LaterAct.shown`); raises `ChangedSince` when a colleague
    changed it since.
    """
    with transaction.atomic():
        _note_in_hand(_open_act(act, read), in_hand)


def _note_in_hand(row: LaterAct, in_hand: InHand) -> None:
    row.pieces, row.event_on = _known_pieces(row.kind, in_hand.pieces), in_hand.event_on
    row.deceased = in_hand.deceased
    if in_hand.received_on is not None and in_hand.received_on != row.received_on:
        _check_received(in_hand.received_on, row.registration)
        row.received_on = in_hand.received_on
    row.save(update_fields=["pieces", "event_on", "deceased", "received_on"])


def register_act(
    act: LaterAct,
    in_hand: InHand | None = None,
    *,
    officer: Officer,
    by: User,
    at: datetime,
    read: str | None = None,
) -> None:
    """Register the act: its day of effect, the avis to send, the end of the PACS if it is one.

    `in_hand` is noted first, under the same lock: nothing that a colleague notes is registered
    unread. `read`: as for `update_act`. Refuses while something is missing, or an officer whose
    delegation is not in force; nothing is noted then.
    """
    today = localdate(at)
    with transaction.atomic():
        row = _open_act(act, read)
        if in_hand is not None:
            _note_in_hand(row, in_hand)
        registration = Registration.objects.select_for_update(of=("self",)).get(
            pk=row.registration_id
        )
        if registration.is_dissolved:
            raise ActionRefused("Ce Pacs est déjà dissous.")
        if row.missing:
            raise ActionRefused([f"Il manque : {label}." for label in row.missing])
        if row.event_on and not registration.registered_on <= row.event_on <= today:
            raise ActionRefused("Cette date est avant le Pacs, ou à venir.")
        if problem := too_early(row.kind, received_on=row.received_on, event_on=row.event_on):
            raise ActionRefused(problem)
        if not officer.is_in_force(today):
            raise ActionRefused(f"La délégation de {officer.name} n’est pas en vigueur.")
        if reasons := undrawn(officer, *Mairie.objects.all()):
            raise ActionRefused(reasons)
        row.effect_on = effect_day(row.rule, registered_on=today, event_on=row.event_on)
        row.status, row.registered_at = "registered", at
        row.sign(officer)
        row.save(
            update_fields=[
                "status",
                "registered_at",
                "effect_on",
                "officer",
                "officer_name",
                "officer_quality",
                "officer_act",
            ]
        )
        for person in registration.persons.all():
            _write_avis(registration, person, due_from=today, act=row)
        if row.rule.ends_the_pacs:
            registration.dissolved_on, registration.dissolution = row.effect_on, row.kind
            registration.save(update_fields=["dissolved_on", "dissolution"])


def refuse_act(
    act: LaterAct, *, ground: str, by: User, at: datetime, read: str | None = None
) -> None:
    """End an act with a motivated decision, its day and its author; incomplete is no ground.

    `read`: as for `update_act`.
    """
    if not ground.strip():
        raise ActionRefused("Une décision d’irrecevabilité est motivée.")
    check_request(ground)
    with transaction.atomic():
        row = _open_act(act, read)
        row.status, row.ground = "inadmissible", ground.strip()
        row.refused_at, row.refused_by = at, by
        row.save(update_fields=["status", "ground", "refused_at", "refused_by"])


def _open_act(act: LaterAct, read: str | None) -> LaterAct:
    """The act, locked, still open and as it was read."""
    row = LaterAct.objects.select_for_update(of=("self",)).get(pk=act.pk)
    if row.status != "open":
        raise ActionRefused("Cette démarche est déjà terminée.")
    check_read(read, row.shown())
    return row


def _known_pieces(kind: str, pieces: Collection[str]) -> list[str]:
    return [code for code, _ in act_rule(kind).pieces if code in pieces]


def scans_due(*, at: datetime) -> list[Dossier]:
    """Registered dossiers whose files have outlived their retention (domain reference 8.4)."""
    before = at - timedelta(days=PacsSettings.current().scan_retention_days)
    due = Dossier.objects.filter(
        status=Status.REGISTERED.value, ended_at__lt=before, pieces__files__isnull=False
    )
    return list(due.distinct())
