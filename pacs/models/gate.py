"""Reads of a dossier for the gate (`pacs.rules.gate`): its rows as plain values, for one day."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import BigAutoField, Q, QuerySet, prefetch_related_objects
from django.utils.timezone import localdate

from demarches.models import Mairie
from demarches.rules.enums import PieceStatus
from demarches.rules.texts import name_words
from demarches.web.request_memory import remembered
from demarches.web.statements import Given, Statement, set_rows
from pacs.models.completeness import missing_common, missing_own
from pacs.models.consent import attested_on, has_attested, has_confirmed
from pacs.models.wording import PieceWording
from pacs.rules.competence import address_is_elsewhere
from pacs.rules.eligibility import (
    IN_REGISTER,
    NO_COMMON_RESIDENCE,
    Effect,
    Outcome,
    outcomes,
)
from pacs.rules.enums import PENDING, Door
from pacs.rules.gate import (
    NOTHING_MISSING,
    Act,
    Bound,
    LawfulFrom,
    Obstacle,
    PersonState,
    PieceState,
    State,
    homes_told,
    lawful_from,
    obstacles,
    perhaps_bound,
)
from pacs.rules.pieces import VERIFIED_BY_MAIRIE
from pacs.rules.registration import Identity, Likeness, likeness
from pacs.rules.situation import CoupleInputs, YesNo, derive_inputs

if TYPE_CHECKING:
    from pacs.models.correction import Correction
    from pacs.models.dossier import Dossier
    from pacs.models.partenaire import Partenaire
    from pacs.models.piece import Piece, PieceFile
    from pacs.models.registration import RegisteredPerson


def _required_pieces(dossier: Given) -> "QuerySet[Piece]":
    return apps.get_model("pacs", "Piece").objects.required().filter(dossier=dossier)


def _files_of_required(dossier: Given) -> "QuerySet[PieceFile]":
    files = apps.get_model("pacs", "PieceFile").objects
    return files.filter(piece__dossier=dossier, piece__is_required=True)


_PIECES = Statement(_required_pieces, dossier=BigAutoField())
_FILES = Statement(_files_of_required, dossier=BigAutoField())


def inputs_of_couple(dossier: "Dossier") -> CoupleInputs:
    """The couple's answers as the rules read them."""
    return derive_inputs(dossier.answers, dossier.procedure_settings.dematerialisation)


def in_the_way(
    dossier: "Dossier", act: Act, *, on: date, renewing: bool = False
) -> tuple[Obstacle, ...]:
    """Everything that stands in the way of this act if its day is `on`; reads the database.

    Call it under the dossier's lock before acting, and without it to say why not. `renewing`:
    pieces too old that day will be brought anew, so they do not count.
    """
    state = state_of(dossier, on=on, renewing=renewing)
    if act in NOTHING_MISSING:
        state = replace(state, bound=bound_of(dossier))
    return obstacles(act, state)


def state_of(dossier: "Dossier", *, on: date, renewing: bool = False) -> State:
    """The dossier as the gate reads it, on that day, but for the register (`bound_of`)."""
    prefetch_related_objects([dossier], "partenaires__user")
    first, second = dossier.people
    sent = [one.holder for one in open_corrections(dossier) if one.status == "sent"]
    pieces = [piece_state(piece, wording, on=on) for piece, wording in worded_pieces(dossier)]
    if renewing:
        pieces = [one for one in pieces if one.status is not PieceStatus.EXPIRED]
    return State(
        day=on,
        people=(_person(first, dossier), _person(second, dossier)),
        outcomes=outcomes(inputs_of_couple(dossier), on=on),
        decided=decided(dossier),
        missing_common=missing_common(dossier),
        address_is_elsewhere=_is_elsewhere(dossier),
        pieces=pieces,
        corrections=sorted(sent),
    )


def bound_of(dossier: "Dossier") -> list[Bound]:
    """The lines without end of the register about these two, or perhaps about them."""
    return remembered(("register", dossier.pk), lambda: _read_bound(dossier))


def _read_bound(dossier: "Dossier") -> list[Bound]:
    if dossier.is_ended:
        return []
    people = [(one.position, one.full_name, _identity(one)) for one in dossier.people]
    # Its own line is not in its way: the status changes once that is written.
    return bound_among(people, own=dossier.pk)


def bound_among(
    people: Sequence[tuple[int, str, Identity]], *, own: int | None = None
) -> list[Bound]:
    """The lines without end of the register about these people, or perhaps about them.

    `people`: place, name as it is told, identity. `own`: the dossier whose line does not count.
    """
    years = {one.birth_date.year for _, _, one in people if one.birth_date}
    # Those whose name is written with the same letters: a year of a large town has thousands.
    named = Q(pk=None)
    for _, _, one in people:
        if name := "".join(name_words(one.birth_name)):
            named |= Q(search_text__contains=name)
    lines = apps.get_model("pacs", "RegisteredPerson").objects.filter(
        named, Q(birth_year__in=years) | Q(birth_year=None), registration__dissolved_on=None
    )
    if own is not None:
        lines = lines.exclude(registration__dossier=own)
    found = []
    for line in lines.select_related("registration").order_by("pk"):
        for place, told, identity in people:
            like = likeness(identity, _identity(line))
            if like is not Likeness.OTHER:
                number, is_certain = line.registration.number, like is Likeness.SAME
                found.append(Bound(place, told, number, is_certain))
    return found


def _identity(one: "Partenaire | RegisteredPerson") -> Identity:
    return Identity(one.birth_name, one.first_names, one.birth_date)


def _is_elsewhere(dossier: "Dossier") -> bool:
    """They cannot live together yet (CC, art. 515-3 al. 1): the mairie of either is competent."""
    if not dossier.has_common_residence:
        return False
    mairie = Mairie.objects.current()
    return address_is_elsewhere(
        residence=dossier.residence,
        city=dossier.city,
        commune=mairie.commune if mairie else "",
    )


def _person(one: "Partenaire", dossier: "Dossier") -> PersonState:
    return PersonState(
        name=one.display_name,
        is_on_paper=one.door == Door.PAPER.value,
        missing=missing_own(one),
        has_attested=has_attested(one, dossier),
        attested_on=attested_on(one),
        home=str(one.home.address),
        has_confirmed=has_confirmed(one, dossier),
    )


def worded_pieces(dossier: "Dossier") -> "list[tuple[Piece, PieceWording]]":
    """The required pieces with their words, in the order of the list."""
    wordings = PieceWording.objects.by_rule()
    return [(piece, wordings[piece.rule_id]) for piece in whole_pieces(dossier)]


def asked_pieces(dossier: "Dossier") -> "list[Piece]":
    """The required pieces, in the order of the list: one reading for everything on a page."""
    return remembered(("pieces", dossier.pk), lambda: _PIECES(dossier=dossier.pk))


def read_pieces(dossiers: "Sequence[Dossier]") -> None:
    """Read those of several dossiers at once, and what agents decided of them.

    While a page is read, what is said above then asks nothing more for each dossier.
    """
    prefetch_related_objects(dossiers, "pieces__files", "partenaires", "decisions")
    for one in dossiers:
        remembered(("pieces", one.pk), partial(_required, one))
        remembered(("whole pieces", one.pk), partial(_with_holders, asked_pieces(one), one))


def _required(dossier: "Dossier") -> "list[Piece]":
    return [piece for piece in dossier.pieces.all() if piece.is_required]


def whole_pieces(dossier: "Dossier") -> "list[Piece]":
    """The same with their holders and files."""
    return remembered(("whole pieces", dossier.pk), lambda: _with_files(dossier))


def _with_files(dossier: "Dossier") -> "list[Piece]":
    pieces = asked_pieces(dossier)
    files: dict[int, list[PieceFile]] = {}
    for file in _FILES(dossier=dossier.pk):
        files.setdefault(file.piece_id, []).append(file)
    for piece in pieces:
        set_rows(piece, "files", files.get(piece.pk, ()))
    return _with_holders(pieces, dossier)


def _with_holders(pieces: "list[Piece]", dossier: "Dossier") -> "list[Piece]":
    people = {one.pk: one for one in dossier.people}
    for piece in pieces:
        piece.partenaire = people[piece.partenaire_id] if piece.partenaire_id else None
    return pieces


def open_corrections(dossier: "Dossier") -> "list[Correction]":
    """The corrections that wait: prepared by one of the two, or sent to the mairie."""
    return remembered(
        ("corrections", dossier.pk), lambda: list(dossier.corrections.filter(status__in=PENDING))
    )


def piece_state(piece: "Piece", wording: PieceWording, *, on: date) -> PieceState:
    """One piece as the gate reads it, on that day."""
    by_mairie = piece.rule_id in VERIFIED_BY_MAIRIE
    status, last = piece.status_on(on, wording.max_age), piece.last_day(wording.max_age)
    if by_mairie:
        last = piece.verified_until(wording.max_age)
        if status is PieceStatus.ACCEPTED and last is not None and last < on:
            status = PieceStatus.EXPIRED
    return PieceState(
        key=piece.key,
        label=wording.label,
        holder=piece.partenaire.position if piece.partenaire else 0,
        status=status,
        ages=piece.ages(wording.max_age),
        issued_on=piece.issued_on,
        last_day=last,
        has_files=bool(piece.files.all()),
        by_mairie=by_mairie,
    )


def first_lawful_days(dossier: "Dossier") -> tuple[LawfulFrom, ...]:
    """The days before which an age stands in the way, the latest first."""
    prefetch_related_objects([dossier], "partenaires")
    return lawful_from(inputs_of_couple(dossier), decided=decided(dossier))


def points_to_decide(dossier: "Dossier", *, at: datetime, on: date | None = None) -> list[Outcome]:
    """What an agent has to look at with this couple, decided or not, on the day that counts.

    `on`: that day, by whoever has read it already. Also what only an earlier day would raise: an
    age that is in doubt today. The register too, when a line may be about one of them.
    """
    couple = inputs_of_couple(dossier)
    days = {on or dossier.registration_date(at=at), localdate(at)}
    found = [one for day in sorted(days) for one in outcomes(couple, on=day)]
    found += perhaps_bound(bound_of(dossier))
    asked = [one for one in dict.fromkeys(found) if one.type.effect is Effect.AGENT]
    return [_with_homes(one, dossier) for one in asked]


def _with_homes(outcome: Outcome, dossier: "Dossier") -> Outcome:
    """Without a common residence the mairie of either home is competent: the agent reads both."""
    if outcome.type != NO_COMMON_RESIDENCE:
        return outcome
    told = homes_told((one.display_name, str(one.home.address)) for one in dossier.people)
    kind = replace(outcome.type, message=f"{outcome.type.message} {told}")
    return replace(outcome, type=kind)


def digest_for(dossier: "Dossier", holder: int, code: str) -> str:
    """What this decision about this holder rests on; it changes when their answers do.

    About the register: who they are, and which lines were found. About a couple without a common
    residence: who of them lives here, by their addresses of today.
    """
    answers = dossier.answers
    if code == IN_REGISTER.code:
        lines = sorted(line.number for line in bound_of(dossier) if line.holder == holder)
        facts = repr((_identity(dossier.people[holder - 1]), lines))
    elif holder:
        # Where they live decides nothing about one of them, and changes freely.
        said = YesNo(dossier.people[holder - 1].lives_here or YesNo.UNKNOWN)
        facts = repr(replace(answers.people[holder - 1], lives_here=said))
    else:
        if code == NO_COMMON_RESIDENCE.code:
            homes = [one.lives_here for one in answers.people]
        else:
            homes = [YesNo(one.lives_here or YesNo.UNKNOWN) for one in dossier.people]
        facts = repr(
            (answers.residence, answers.impediment, answers.convention, answers.kinship, homes)
        )
    return hashlib.sha256(facts.encode()).hexdigest()


def decided(dossier: "Dossier") -> Collection[tuple[str, int]]:
    """(code, holder) of what an agent let pass, for the answers of today."""
    decisions = remembered(("decisions", dossier.pk), lambda: list(dossier.decisions.all()))
    if not decisions:
        return frozenset()
    return frozenset(
        (one.code, one.holder)
        for one in decisions
        if one.digest == digest_for(dossier, one.holder, one.code)
    )
