"""What the agents do with a dossier: judge each piece, ask, declare complete, refuse, write.

Every action takes the agent (`by`) and the moment (`at`), owns its transaction and refuses with
reasons in French. Those that decide also take the `version` of the dossier the agent was
looking at: when somebody changed it since, `StaleDossier` is raised and nothing is written.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate

from demarches.dossiers.exchange import mail_to_send_again
from demarches.dossiers.words import value_in_words
from demarches.models import User
from demarches.rules.addresses import read_optional
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus, Status
from demarches.rules.read import changed_names, is_among, is_as_read, is_same
from demarches.typed.communes import communes
from demarches.web.as_read import ChangedSince, check_read
from pacs import emails
from pacs.actions.consent import watching_facts
from pacs.actions.dossiers import keep_attestation
from pacs.actions.guards import (
    StaleDossier,
    check_birth,
    check_contacts,
    check_may_type,
    check_no_private_number,
    check_no_variable,
    check_request,
    check_told,
    locked_at_version,
)
from pacs.actions.helping import end_helps
from pacs.actions.homes import keeping_homes
from pacs.actions.part import begin_for, set_door
from pacs.actions.pieces import set_day, sync_pieces
from pacs.actions.refusals import ActionRefused
from pacs.models import (
    Door,
    Dossier,
    InformationRequest,
    Message,
    Note,
    OutcomeDecision,
    Partenaire,
    Piece,
    PieceWording,
    SentMail,
)
from pacs.models.completeness import (
    COMMON,
    FORMER_COMMON,
    FORMER_OWN,
    OWN,
    missing_common,
    missing_own,
)
from pacs.models.consent import label_of
from pacs.models.gate import digest_for, points_to_decide
from pacs.reads.access import readers_of
from pacs.reads.day import birth_query
from pacs.reads.desk import desk_pieces, label_of_piece, text_values
from pacs.reads.shown import place_shown
from pacs.rules.birthplace import communes_of_birth, place_of_birth
from pacs.rules.changed import TAKING_PART, kinds_for
from pacs.rules.countries import FRENCH_TERRITORIES
from pacs.rules.desk_words import piece_mark
from pacs.rules.pieces import VERIFIED_BY_MAIRIE

#: In a message: « {{ prenom }} » is replaced, for each reader, by what the dossier knows.
VARIABLE = re.compile(r"\{\{\s*(\w{1,40})\s*\}\}")
MAX_TEXT = 4000
#: What `place_of_birth` answers, in its order.
PLACE_COLUMNS = ("birth_city", "birth_department", "birth_insee")
#: A paper dossier collected and signed before the mairie opens it here; older ones are others'.
PAPER_LIFE = timedelta(days=92)


def accept_piece(
    piece: Piece, *, by: User, at: datetime, version: int | None, day: date | None = None
) -> None:
    """Accept one piece, as it was sent or announced; `day`: the date read on it, if it ages.

    Refuses a piece of which there is nothing (no file, and nobody said that it will be brought),
    and one with a file that the antivirus has not looked at.
    One that was sent is dated by whoever accepts it (fiche F1618: its age counts).
    """
    with transaction.atomic():
        dossier = locked_at_version(piece.dossier, version)
        row = Piece.objects.get(pk=piece.pk)
        row.dossier = dossier
        _check_something_to_judge(row)
        if row.files.exclude(held_since=None).exists():
            raise ActionRefused(
                "Un fichier de cette pièce attend l’antivirus : acceptez-la quand il sera vérifié,"
                " ou demandez l’original."
            )
        if day is not None:
            set_day(row, day, by=by, at=at)
        wording = PieceWording.objects.by_rule()[row.rule_id]
        dated = row.last_day(wording.max_age) is not None
        if row.ages(wording.max_age) and not dated and row.files.exists():
            raise ActionRefused(
                f"« {wording.label} » : écrivez la date lue sur la pièce, son âge compte le jour"
                " du Pacs."
            )
        _decide(row, PieceStatus.ACCEPTED, by=by, at=at, version=None)


def _check_something_to_judge(row: Piece) -> None:
    """Refuse a decision on a piece of which there is nothing: no file, and nobody brings it."""
    if row.may_be_announced:
        raise ActionRefused(
            "Rien n’a été envoyé ni annoncé pour cette pièce : demandez-la, ou notez qu’elle"
            " est apportée."
        )


def bring_piece(piece: Piece, *, by: User, at: datetime, version: int | None) -> None:
    """Note that the couple says at the counter or by phone that they will bring this piece."""
    _decide(piece, PieceStatus.TO_BRING, by=by, at=at, version=version)


def verify_birth(piece: Piece, *, by: User, at: datetime, read: str | None = None) -> None:
    """Note that the mairie verified this birth record by itself today (CC, art. 101-1).

    Also again, when the first verification would be too old on the day of the appointment.
    `read`: the civil status that was verified; raises `ChangedSince` when it is another by now.
    """
    with transaction.atomic():
        dossier = locked_at_version(piece.dossier, None)
        if piece.partenaire_id is not None:
            person = Partenaire.objects.get(pk=piece.partenaire_id)
            check_read(read, dict(birth_query(person)))
        if piece.rule_id not in VERIFIED_BY_MAIRIE or dossier.is_ended or dossier.is_draft:
            raise ActionRefused("Cette pièce ne se vérifie pas par la mairie.")
        if dossier.current_status is Status.SUBMITTED:
            dossier.start_review(by=by, at=at)
        Piece.objects.filter(pk=piece.pk).update(
            status=PieceStatus.ACCEPTED.value, decided_by=by, decided_at=at
        )
        dossier.touch(at=at)
        dossier.record(kind="birth_verified", by=by, at=at, partenaire=piece.partenaire)


def refuse_piece(
    piece: Piece, *, code: str, text: str, by: User, at: datetime, version: int | None
) -> None:
    """Refuse one piece that was sent or announced, with the reason its holder will read.

    The couple is told once, when the agent asks for the missing pieces.
    """
    if not text.strip():
        raise ActionRefused("Expliquez au partenaire ce qui ne va pas et quoi faire.")
    check_request(text)
    check_no_variable(text)
    check_told(
        text,
        dossier=piece.dossier,
        readers=readers_of(piece, piece.dossier),
        way_out="Écrivez-le dans un message réservé à cette personne.",
    )
    with transaction.atomic():
        locked_at_version(piece.dossier, version)
        row = Piece.objects.get(pk=piece.pk)
        _check_something_to_judge(row)
        _decide(row, PieceStatus.REFUSED, code=code, text=text, by=by, at=at, version=None)


def reconsider_piece(piece: Piece, *, by: User, at: datetime, version: int | None) -> None:
    """Take a decision on a piece back: it is again what it was, sent or announced.

    Refuses where nothing was decided.
    """
    with transaction.atomic():
        locked_at_version(piece.dossier, version)
        row = Piece.objects.get(pk=piece.pk)
        if not row.is_decided:
            raise ActionRefused("Aucune décision n’est prise sur cette pièce.")
        status = PieceStatus.TO_BRING
        if row.rule_id in VERIFIED_BY_MAIRIE or row.files.exists():
            status = PieceStatus.PROVIDED
        elif row.current_status is PieceStatus.REFUSED and not _was_announced(row):
            status = PieceStatus.MISSING  # its file was taken back since
        _decide(row, status, by=by, at=at, version=None)


def _was_announced(row: Piece) -> bool:
    """Whether this refused piece was to be brought, as the journal says of its last refusal."""
    refusals = row.dossier.events.filter(kind="piece_refused", partenaire=row.partenaire)
    label, to_bring = label_of_piece(row), _mark(row, PieceStatus.TO_BRING)
    told = (one for event in refusals.order_by("-pk") for one in event.changes)
    return next((one["old"] == to_bring for one in told if one["label"] == label), False)


def _decide(
    piece: Piece,
    status: PieceStatus,
    *,
    by: User,
    at: datetime,
    version: int | None,
    code: str = "",
    text: str = "",
) -> None:
    with transaction.atomic():
        dossier = locked_at_version(piece.dossier, version)
        pieces = Piece.objects.select_for_update(of=("self",)).select_related("partenaire")
        row = pieces.get(pk=piece.pk)
        was = row.current_status
        # A piece renewed for the appointment is judged without taking the dossier back.
        renewed = dossier.is_settled and row.current_status is not PieceStatus.ACCEPTED
        in_review = {Status.SUBMITTED, Status.UNDER_REVIEW, Status.PIECES_REQUESTED}
        if dossier.current_status not in in_review and not renewed:
            raise ActionRefused(
                "Les pièces ne se décident que pendant la vérification. Reprenez-la d’abord."
            )
        if dossier.current_status is Status.SUBMITTED:
            dossier.start_review(by=by, at=at)
        row.status, row.refusal_code, row.refusal_text = status.value, code, text
        row.decided_by, row.decided_at = by, at
        row.save(
            update_fields=["status", "refusal_code", "refusal_text", "decided_by", "decided_at"]
        )
        dossier.touch(at=at, waiting=False if renewed else None)
        told = {"label": label_of_piece(row), "old": _mark(row, was), "new": _mark(row, status)}
        dossier.record(
            kind=f"piece_{status.value}",
            by=by,
            at=at,
            partenaire=row.partenaire,
            reason=text,
            changes=[told],
        )


def _mark(piece: Piece, status: PieceStatus) -> str:
    by_mairie = piece.rule_id in VERIFIED_BY_MAIRIE
    return piece_mark(status, has_files=piece.files.exists(), by_mairie=by_mairie).word


def admit_announced(
    dossier: Dossier, *, shown: Collection[int], by: User, at: datetime, version: int | None
) -> tuple[int, list[str]]:
    """Accept together the pieces the couple will bring, among those the agent saw (`shown`).

    A promise counts only as far as its date goes: one that will be too old that day is left,
    and said. Returns how many were accepted, and the others as sentences; refuses when there is
    nothing to accept.
    """
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        rows = [one for one in desk_pieces(locked, at=at) if one.piece.pk in shown]
        announced = [one for one in rows if one.piece.current_status is PieceStatus.TO_BRING]
        good = [one for one in announced if not one.is_too_old]
        if not good:
            raise ActionRefused("Aucune de ces pièces n’est annoncée et bonne pour le jour dit.")
        for one in good:
            accept_piece(one.piece, by=by, at=at, version=None)
    left = [
        f"{one.label} ({one.holder}) : trop ancienne le jour dit."
        for one in announced
        if one.is_too_old
    ]
    return len(good), left


def request_pieces(
    dossier: Dossier,
    *,
    texts: Mapping[int, str],
    questions: Mapping[int, str] | None = None,
    by: User,
    at: datetime,
    version: int | None,
) -> None:
    """Hand the dossier back, asking each of the two, or one alone, for their own part.

    `texts`: by place (1, 2), what is asked of that person; empty asks them nothing.
    `questions`: the answer it is about (« moi/acte », « commun/adresse »), if it is about one.
    Law: CRPA, art. L114-5. Effects: status, one request row and one mail for each person
    addressed, older requests closed; the journal says who was asked, the rows what.
    """
    asked = {place: text.strip() for place, text in texts.items() if text.strip()}
    pointed = {place: one for place, one in (questions or {}).items() if one}
    if not asked:
        raise ActionRefused("Écrivez à l’un des deux au moins ce qui manque.")
    if pointed.keys() - asked.keys():
        raise ActionRefused("Écrivez aussi, sous la réponse choisie, ce qu’il faut y revoir.")
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        people = {one.position: one for one in locked.people}
        rows = desk_pieces(locked, at=at)
        for place, text in asked.items():
            asked[place] = _composed(text, text_values(locked, rows, people[place]))
        for place, text in asked.items():
            check_request(text)
            check_no_variable(text)
            _check_length(text)
            _check_question(people[place], pointed.get(place, ""))
            check_told(
                text,
                dossier=locked,
                readers=[people[place]],
                way_out="Écrivez-le dans la demande de cette personne.",
            )
        names = " et ".join(people[place].display_name for place in sorted(asked))
        locked.request_pieces(by=by, at=at, reason=f"Demandé à {names}")
        open_rows = locked.requests.filter(closed_at__isnull=True)
        open_rows.filter(partenaire__position__in=asked).update(closed_at=at)
        for place, text in sorted(asked.items()):
            row = InformationRequest.objects.create(
                dossier=locked,
                partenaire=people[place],
                text=text,
                question=pointed.get(place, ""),
                by=by,
                at=at,
            )
            emails.pieces_requested(row, at=at)


def _check_question(person: Partenaire, question: str) -> None:
    """Refuse to point at a question that this person is not asked."""
    part, _, slug = question.partition("/")
    if part == "moi" and any(
        one in OWN and OWN[one][0](person) for one in FORMER_OWN.get(slug, (slug,))
    ):
        return
    if question and not (part == "commun" and slug in COMMON | FORMER_COMMON):
        raise ActionRefused(f"Cette question n’est pas posée à {person.display_name}.")


def _check_length(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise ActionRefused(f"Ce texte dépasse {MAX_TEXT} signes : raccourcissez-le.")


def declare_complete(dossier: Dossier, *, by: User, at: datetime, version: int | None) -> None:
    """Declare the dossier complete; refuses while a piece is unsettled. Mails both."""
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        locked.accept(by=by, at=at)
        emails.dossier_complete(locked, at=at)


def reopen(dossier: Dossier, *, reason: str, by: User, at: datetime, version: int | None) -> None:
    """Take a complete dossier back under review, with a reason for the journal."""
    if not reason.strip():
        raise ActionRefused("Dites pourquoi la vérification reprend.")
    with transaction.atomic():
        locked_at_version(dossier, version).reopen(by=by, at=at, reason=reason)


def deposit_for(dossier: Dossier, *, by: User, at: datetime, version: int | None) -> None:
    """Deposit a dossier typed in for people at the counter; the acknowledgement is queued.

    Whoever has no address gets it on paper.
    """
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        locked.submit(by=by, at=at)
        end_helps(locked, at=at)
        emails.acknowledgement(locked, at=at)


def note_paper_attestation(
    partenaire: Partenaire, *, signed_on: date, by: User, at: datetime, version: int | None
) -> None:
    """Write down that this person signed their attestation on paper that day, with its text.

    Refuses for somebody who takes part online (they attest by themselves), and while an answer
    it vouches for is missing.
    """
    with transaction.atomic():
        dossier = locked_at_version(partenaire.dossier, version)
        partenaire = Partenaire.objects.select_related("user").get(pk=partenaire.pk)
        if dossier.is_ended:
            raise ActionRefused("Ce dossier est terminé : il n’y a plus rien à attester.")
        if partenaire.door != Door.PAPER:
            raise ActionRefused("Cette personne participe en ligne : elle atteste elle-même.")
        _check_signed_on(partenaire, dossier, signed_on, at=at)
        if missing := [*missing_common(dossier), *missing_own(partenaire)]:
            raise ActionRefused(
                f"Avant de noter l’attestation, saisissez : {', '.join(missing)}. Elle vaut pour"
                " ces réponses."
            )
        begin_for(partenaire, by=by, at=at)
        keep_attestation(partenaire, dossier, at=at, on_paper=signed_on)
        dossier.touch(at=at)
        dossier.record(kind="attested_on_paper", by=by, at=at, partenaire=partenaire)


def change_door_seen(
    second: Partenaire, door: Door, email: str, *, by: User, at: datetime, version: int | None
) -> None:
    """Change how the second takes part, having seen them: their part is kept; journal, mail.

    Refuses a handed-over device for a part that no code locks: whoever holds it would read it.
    """
    email = read_optional(email)
    if door is Door.OWN and not email:
        raise ActionRefused("Indiquez l’adresse e-mail de la personne, ou choisissez le papier.")
    with transaction.atomic():
        locked = locked_at_version(second.dossier, version)
        second = Partenaire.objects.select_related("dossier", "user").get(pk=second.pk)
        first = locked.partenaires.select_related("user").get(position=1)
        if locked.is_ended:
            raise ActionRefused("Ce dossier est terminé : la participation ne change plus.")
        if second.is_first or second.user_id is not None:
            raise ActionRefused("Cette personne participe avec son propre compte.")
        if door is Door.SAME_DEVICE and not second.private_code:
            raise ActionRefused(
                "Sur l’appareil de l’autre, rien ne fermerait cette partie : choisissez l’adresse"
                " e-mail de la personne, ou le papier."
            )
        set_door(first, second, door, email, by=by, at=at, kind="door_seen")
        if door is not Door.OWN:  # by their own address, the invitation has just told them
            emails.changed_by_mairie(second, [TAKING_PART], at=at)


def _check_signed_on(
    partenaire: Partenaire, dossier: Dossier, signed_on: date, *, at: datetime
) -> None:
    """A paper vouches for the facts of its day: none signed before a fact changed, nor to come."""
    if signed_on > localdate(at):
        raise ActionRefused("La date de signature est à venir : vérifiez-la.")
    ended = dossier.events.filter(kind="attestation_ended", partenaire=partenaire).last()
    if ended is not None and signed_on < localdate(ended.at):
        raise ActionRefused(
            f"Une réponse attestée a changé le {day_fr(localdate(ended.at))} : il faut une"
            " attestation signée depuis ce jour."
        )
    if signed_on < localdate(dossier.created_at) - PAPER_LIFE:
        raise ActionRefused(
            "Cette attestation est trop ancienne pour ce dossier : vérifiez la date, ou faites-en"
            " signer une nouvelle."
        )


OTHER_PERSON = (
    "Une autre personne a pris la place du second partenaire depuis que vous avez ouvert cette"
    " page, ou cette place est libre. Rien n’est parti ni enregistré : rouvrez la page, et relisez"
    " de qui il s’agit."
)


def write_to_couple(
    dossier: Dossier,
    *,
    body: str,
    private_to: Partenaire | None,
    by: User,
    at: datetime,
    read: str | None = None,
) -> list[Message]:
    """Write to both, or to one alone; a mail says that a message waits. Answers the wait.

    With a variable each reader gets a message of their own: their own pieces, their first name.
    Refuses a text to both that names what is private of one, and a variable without a value.
    `read`: whom the page named; raises `StaleDossier` once somebody else has the second's place.
    """
    if not body.strip():
        raise ActionRefused("Écrivez un message.")
    check_request(body)
    with transaction.atomic():
        locked = locked_at_version(dossier, None)
        if read is not None and not is_as_read(read, place_shown(locked)):
            raise StaleDossier(OTHER_PERSON)
        readers = locked.people if private_to is None else (private_to,)
        check_told(
            body,
            dossier=locked,
            readers=readers,
            way_out="Envoyez à chacun son message : choisissez un nom sous « Pour ».",
        )
        bodies: list[tuple[Partenaire | None, str]] = [(private_to, body)]
        if VARIABLE.search(body):
            rows = desk_pieces(locked, at=at)
            bodies = [(one, _composed(body, text_values(locked, rows, one))) for one in readers]
        for _, text in bodies:
            check_no_variable(text)
            _check_length(text)
        messages = [
            Message.objects.create(dossier=locked, agent=by, private_to=one, body=text, at=at)
            for one, text in bodies
        ]
        locked.touch(at=at, waiting=False)
        for message in messages:
            emails.message_from_mairie(message, at=at)
    return messages


def _composed(body: str, values: Mapping[str, str]) -> str:
    """The text of one reader, each variable in its place; what is none of ours stays, and is told.

    Refuses a variable that has no value for this dossier: nobody reads « le {{ rendez_vous }} ».
    """
    for name in VARIABLE.findall(body):
        if name in values and not values[name]:
            raise ActionRefused(
                f"« {{{{ {name} }}}} » n’est pas rempli : ce dossier ne le dit pas."
            )
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), body)


def send_again(dossier: Dossier, pk: int, *, by: User, at: datetime) -> SentMail:
    """Send a mail that did not leave once more, to the address known today; the journal says so.

    Refuses a mail that left, one that was sent again already, one whose link or code is dead,
    and one that somebody else, who had this place before, should have read.
    """
    with transaction.atomic():
        locked = locked_at_version(dossier, None)
        whose = locked.mails.filter(pk=pk).values("partenaire")
        same = locked.mails.filter(partenaire__in=whose) | locked.mails.filter(pk=pk)
        mail = mail_to_send_again(same.select_related("partenaire__user"), pk)
        emptied = locked.events.filter(kind="part_emptied", at__gt=mail.at).exists()
        if emptied and mail.partenaire is not None and not mail.partenaire.is_first:
            raise ActionRefused("Ce mail s’adressait à une autre personne : écrivez-en un autre.")
        try:
            again = emails.send_again(mail, at=at)
        except ValueError:
            raise ActionRefused(
                "Ce mail ne se renvoie pas : son code n’est plus valable, ou aucune adresse n’est"
                " connue. Appelez la personne."
            ) from None
        locked.record(
            kind="mail_again", by=by, at=at, partenaire=mail.partenaire, reason=mail.kind_label
        )
    return again


def add_note(dossier: Dossier, *, body: str, by: User, at: datetime) -> Note:
    """Keep an internal note: agents only, no mail, no version change."""
    if not body.strip():
        raise ActionRefused("Écrivez une note.")
    check_no_private_number(body)
    with transaction.atomic():
        return Note.objects.create(dossier=dossier, author=by, body=body, at=at)


def date_piece(
    piece: Piece, *, day: date | None, by: User, at: datetime, version: int | None
) -> None:
    """Write or correct the date of a piece, read on the document; None takes it away.

    The day of issue, or the end printed on an identity document. Refuses one to come, for a day
    of issue. In the journal with the old and the new one.
    """
    with transaction.atomic():
        dossier = locked_at_version(piece.dossier, version)
        if dossier.is_ended:
            raise ActionRefused("Ce dossier est terminé : ses pièces ne changent plus.")
        set_day(Piece.objects.get(pk=piece.pk), day, by=by, at=at)
        dossier.touch(at=at)


def decide_outcome(
    dossier: Dossier,
    *,
    code: str,
    holder: int,
    reason: str,
    by: User,
    at: datetime,
    version: int | None,
) -> OutcomeDecision:
    """Write down that an agent looked at what the rules leave to an agent, and why it passes.

    Refuses what the law forbids, a point that does not arise, and a decision without a reason.
    It holds while the answers stay what they are.
    """
    if not reason.strip():
        raise ActionRefused("Écrivez ce que vous avez vérifié, et pourquoi cela passe.")
    check_no_private_number(reason)
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        if locked.is_ended:
            raise ActionRefused("Ce dossier est terminé.")
        arises = {
            (outcome.type.code, outcome.holder) for outcome in points_to_decide(locked, at=at)
        }
        if (code, holder) not in arises:
            raise ActionRefused("Ce point ne se décide pas, ou ne se pose plus.")
        decision = OutcomeDecision.objects.create(
            dossier=locked,
            code=code,
            holder=holder,
            reason=reason.strip(),
            digest=digest_for(locked, holder, code),
            by=by,
            at=at,
        )
        locked.touch(at=at)
        locked.record(kind="outcome_decided", by=by, at=at, reason=f"{code} : {reason.strip()}")
    return decision


def save_answers_for(
    dossier: Dossier,
    typed: Mapping[str, Mapping[str, object]],
    *,
    read: str,
    by: User,
    at: datetime,
) -> None:
    """Save the answers that this agent changed, and leave every other as it is by now.

    `typed`: what stands in the form, for « couple », « p1 » and « p2 »; `read`: what stood there
    when the page was opened. Raises `ChangedSince` with the answers that somebody else has
    changed to something else meanwhile, `ActionRefused` once the dossier has ended; then nothing
    is saved.
    """
    with transaction.atomic():
        locked = locked_at_version(dossier, None)
        if locked.is_ended:
            raise ActionRefused("Ce dossier est terminé : ses réponses ne changent plus.")
        check_may_type(by, locked)
        first, second = locked.people
        rows: dict[str, Dossier | Partenaire] = {"couple": locked, "p1": first, "p2": second}
        changes: dict[str, tuple[object, object]] = {}
        clashing = []
        for whose, values in typed.items():
            for name, value in values.items():
                key, now = f"{whose}.{name}", getattr(rows[whose], name)
                if is_among(read, key, value) or is_same(value, now):
                    continue
                if not is_among(read, key, now):
                    clashing.append(key)
                changes[key] = (now, value)
        said_of_second = any(key.startswith("p2.") for key in changes)
        if said_of_second and changed_names(read, place_shown(locked)):
            raise StaleDossier(OTHER_PERSON)
        if clashing:
            raise ChangedSince(tuple(clashing))
        with (
            watching_facts(locked, by=by, at=at, changes=changes),
            keeping_homes(locked),
        ):
            for whose, row in rows.items():
                columns = [key.partition(".")[2] for key in changes if key.startswith(f"{whose}.")]
                for name in columns:
                    setattr(row, name, typed[whose][name])
                if isinstance(row, Partenaire):
                    followed = [*_place_followed(row, columns), *_texts_followed(row, columns)]
                    for name, now, value in followed:
                        columns.append(name)
                        changes[f"{whose}.{name}"] = (now, value)
                if columns:
                    check_birth(
                        row,
                        columns,
                        at=at,
                        way_out="Un autre agent l’a changée entre-temps : rouvrez la page.",
                    )
                    row.save(update_fields=columns)
                if isinstance(row, Partenaire) and "texts_agreed_at" in columns:
                    emails.texts_unwanted(row)
            if not changes.keys().isdisjoint({"p1.contact_email", "p2.contact_email"}):
                check_contacts(first, second)
        if changes:
            after_answers_changed(locked, changes, by=by, at=at)


def _texts_followed(row: Partenaire, changed: Sequence[str]) -> list[tuple[str, object, object]]:
    """A yes to SMS was for the number of then: another number alone takes it away."""
    agreed_at = row.texts_agreed_at
    if agreed_at is None or "phone" not in changed or "texts_agreed_at" in changed:
        return []
    row.texts_agreed_at = None
    return [("texts_agreed_at", agreed_at, None)]


def _place_followed(row: Partenaire, changed: Sequence[str]) -> list[tuple[str, str, str]]:
    """Put on the row what follows from a place of birth just typed: (column, was, is) each.

    The département and the Insee code of another commune never stay beside it; those of a
    commune of France never beside another country.
    """
    if not {"birth_city", "birth_country", "birth_department"}.intersection(changed):
        return []
    typed = {"country": str(row.birth_country or ""), "city": row.birth_city}
    department = row.birth_department
    if "birth_department" not in changed:
        # It went with the place of before: a name of several communes takes none of them by it.
        is_abroad = bool(typed["country"]) and typed["country"] not in FRENCH_TERRITORIES
        if is_abroad or communes_of_birth(communes(), **typed):
            department = ""
    place = place_of_birth(communes(), **typed, department=department)
    followed = []
    for name, value in zip(PLACE_COLUMNS, place, strict=True):
        now = getattr(row, name)
        if now != value:
            setattr(row, name, value)
            if name not in changed:
                followed.append((name, now, value))
    return followed


def after_answers_changed(
    locked: Dossier, changes: Mapping[str, tuple[object, object]], *, by: User, at: datetime
) -> None:
    """What follows from answers an agent changed: journal (before, after), list of pieces, mails.

    `changes`: « p1.birth_name » -> what it was and what it is; the dossier is locked and saved.
    """
    for person in locked.partenaires.select_related("dossier", "user"):
        if any(name.startswith(f"p{person.position}.") for name in changes):
            begin_for(person, by=by, at=at)
        if kinds := kinds_for(person.position, changes):
            before, _ = changes.get(f"p{person.position}.contact_email", ("", ""))
            emails.changed_by_mairie(person, kinds, at=at, was_at=str(before or ""))
    locked.touch(at=at)
    told = [_told(locked, name, old, new) for name, (old, new) in changes.items()]
    locked.record(kind="answers_by_agent", by=by, at=at, changes=told)
    sync_pieces(locked)


def _told(locked: Dossier, name: str, old: object, new: object) -> dict[str, str]:
    """One changed answer in words: of whom, what it was and what it is."""
    whose, _, column = name.partition(".")
    person = next((one for one in locked.people if whose == f"p{one.position}"), None)
    row = copy(person or locked)
    words = {}
    for when, value in (("old", old), ("new", new)):
        setattr(row, column, value)
        words[when] = value_in_words(row, column)
    label = label_of(row, column)
    return {"label": f"{label} de {person.display_name}" if person else label, **words}
