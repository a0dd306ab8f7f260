"""Open, fill in, confirm, send, take back and stop a dossier: verbs of the two people.

Every action owns its transaction, takes who acts and when (`at`, aware), raises
`TransitionRefused` or `ActionRefused` with reasons in French, and queues its mails inside.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from django.db import transaction
from django.db.models import F, Model
from django.utils.crypto import salted_hmac

from demarches.models import TransitionRefused, User, next_reference
from demarches.rules.addresses import read_optional, same_address
from demarches.rules.enums import Status
from demarches.rules.read import is_as_read
from demarches.web.as_read import ChangedSince, check_read
from pacs import emails
from pacs.actions.appointments import release_appointment
from pacs.actions.consent import watching_facts
from pacs.actions.corrections import hand_over, propose
from pacs.actions.guards import check_birth, check_contacts, check_theirs
from pacs.actions.helping import end_help, end_helps
from pacs.actions.homes import keeping_homes
from pacs.actions.part import (
    PartIsTheirs,
    check_way,
    empty_part,
    has_begun,
    set_door,
    try_code,
)
from pacs.actions.pieces import sync_pieces
from pacs.actions.refusals import ActionRefused
from pacs.models import Door, Dossier, Helper, Message, Partenaire
from pacs.models.completeness import missing_common, missing_own
from pacs.models.consent import confirmed_facts, has_attested, vouchable_facts
from pacs.models.gate import in_the_way
from pacs.reads.access import (
    holders_of,
    is_still_theirs,
    readable_requests,
    requests_awaited,
)
from pacs.reads.shown import (
    attestation_shown,
    confirmation_shown,
    door_shown,
    handed_back_shown,
    review_shown,
    said_shown,
    standing_shown,
)
from pacs.rules.attestation import attestation_text
from pacs.rules.consent import FREE_COMMON, FREE_OWN, digest_of
from pacs.rules.gate import Act, texts

#: Signs of a form's key: 160 bits.
FORM_KEY_LENGTH = 40


class AnswerForm(Protocol):
    """What an action needs of a page of answers: it is valid, and knows its columns."""

    instance: Any
    #: Nothing was asked for: « finir plus tard ».
    partial: bool

    def has_changed(self) -> bool: ...

    def columns(self) -> tuple[str, ...]: ...

    def apply(self) -> list[str]: ...

    def clashes(self, read: str) -> list[str]: ...


def open_dossier(
    *,
    at: datetime,
    user: User | None = None,
    agent: User | None = None,
    couple: Mapping[str, Any] | None = None,
    people: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
    form_key: str = "",
) -> Dossier:
    """Open a draft with its two partenaires, filled with the answers already given.

    `user`: the resident who opens it and becomes the first partenaire; someone who already has
    a draft gets that one back, so that a double click or two tabs make one dossier.
    `agent`: set instead when the mairie types it in for people at the counter; the same form
    (`form_key`) sent twice opens one dossier. Found again once something was said in it, it
    opens another: the next couple is there.
    """
    key = _one_time(agent, form_key) if agent is not None and form_key else None
    with transaction.atomic():
        if agent is not None and key is not None:
            User.objects.select_for_update(no_key=True).get(pk=agent.pk)
            same_form = Dossier.objects.filter(form_key=key)
            if untouched := same_form.drafts().filter(last_activity_at=F("created_at")).first():
                return untouched
            same_form.update(form_key=None)
        if user is not None:
            # The account's row is the lock: two clicks wait for each other here.
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            existing = Dossier.objects.visible_to(user).drafts().order_by("pk").first()
            if existing is not None:
                return existing
        dossier = Dossier.objects.create(
            reference=next_reference(Dossier.REFERENCE_PREFIX, at),
            created_at=at,
            last_activity_at=at,
            opened_by=agent or user,
            at_counter=agent is not None,
            form_key=key,  # type: ignore[misc]
            **(couple or {}),
        )
        for position, answers in enumerate(people, start=1):
            Partenaire.objects.create(
                dossier=dossier,
                position=position,
                user=user if position == 1 else None,
                door=Door.PAPER.value if agent is not None else "",
                **{"contact_email": user.email if user and position == 1 else "", **answers},
            )
        dossier.record(kind="opened", by=agent or user, at=at)
        sync_pieces(dossier)
    return dossier


def _one_time(whose: Model, form_key: str) -> str:
    """The key of a form as it is kept: whatever was sent, it names a form of this person alone."""
    sent = f"{whose.pk}:{form_key}"
    salt = f"pacs.{whose._meta.model_name}.form"
    return salted_hmac(salt, sent, algorithm="sha256").hexdigest()[:FORM_KEY_LENGTH]


def _locked(dossier: Dossier) -> Dossier:
    """The dossier, locked until the end of the transaction."""
    return Dossier.objects.locked().get(pk=dossier.pk)


def record_answers(
    form: AnswerForm,
    *,
    dossier: Dossier,
    at: datetime,
    by: User | None = None,
    read: str | None = None,
) -> None:
    """Keep one page of answers of the couple, then what follows from a change.

    Of a draft, and of what nobody attested (wished date, phone, needs), the answers are written
    at once; attestations and confirmations that rested on others end. Once the dossier is sent,
    everything else is a correction, kept apart until it is sent again and an agent takes it; a
    page left for later (`form.partial`) is refused then.
    `read`: what the page showed; raises `ChangedSince` with the fields that somebody else has
    answered otherwise since. Refuses a helper whose help has ended meanwhile.
    """
    with transaction.atomic():
        locked = _locked(dossier)
        helped = form.instance if isinstance(form.instance, Partenaire) else locked.people[0]
        if not is_still_theirs(by, helped):
            raise ActionRefused(
                "Votre aide est terminée : cette page n’est pas enregistrée. La personne que vous"
                " aidiez peut vous inviter à nouveau tant que le dossier n’est pas envoyé."
            )
        if locked.is_ended:
            raise ActionRefused(
                "Ce dossier est terminé : ses réponses ne changent plus. La page du dossier dit"
                " ce que vous pouvez faire."
            )
        if form.partial and not locked.is_draft:
            # What was left empty would be proposed empty.
            raise ActionRefused(
                "Le dossier vient d’être envoyé à la mairie : cette page n’est pas enregistrée."
                " Complétez-la, puis choisissez « Enregistrer et continuer » : la mairie recevra"
                " ce que vous corrigez."
            )
        if read is not None and (clashing := form.clashes(read)):
            raise ChangedSince(tuple(clashing))
        if isinstance(form.instance, Partenaire):
            form.instance.begin_part(at=at)
            if not form.partial:
                _answered_by_themselves(form.instance, form.columns())
        if not form.has_changed():
            return
        subject, columns = form.instance, form.apply()
        if not locked.is_draft:
            # What nobody attested is never proposed: it changes at once.
            free = FREE_COMMON if isinstance(subject, Dossier) else FREE_OWN
            attested = [name for name in columns if name not in free]
            columns = [name for name in columns if name in free]
            if attested:
                propose(subject, attested, locked=locked, at=at)
        if columns:
            with watching_facts(locked, by=by, at=at), keeping_homes(locked):
                check_birth(
                    subject,
                    columns,
                    at=at,
                    way_out="La date a changé entre-temps, ailleurs : rouvrez cette page.",
                )
                subject.save(update_fields=columns)
            if isinstance(subject, Partenaire) and "contact_email" in columns:
                check_contacts(*_locked(dossier).people)
            if isinstance(subject, Partenaire) and "texts_agreed_at" in columns:
                emails.texts_unwanted(subject)
        locked = _locked(dossier)
        locked.touch(at=at)
        sync_pieces(locked)


def _answered_by_themselves(partenaire: Partenaire, columns: Collection[str]) -> None:
    """What stands in these columns is this person's own word from now on."""
    left = [name for name in partenaire.said_by_other if name not in columns]
    if left != partenaire.said_by_other:
        partenaire.said_by_other = left
        partenaire.save(update_fields=["said_by_other"])


def confirm_said(
    partenaire: Partenaire, *, at: datetime, by: User | None, read: str | None = None
) -> None:
    """« Oui, tout est exact »: what the other said of this person is their own word. Twice is once.

    Raises `ChangedSince` when it is not what was read. Effects: their part has begun; journal.
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        row = Partenaire.objects.get(pk=partenaire.pk)
        if not row.said_by_other:
            return
        check_theirs(partenaire, by=by)
        check_read(read, said_shown(row, dossier))
        row.begin_part(at=at)
        _answered_by_themselves(row, row.said_by_other)
        dossier.touch(at=at)
        dossier.record(kind="said_confirmed", by=by, at=at, partenaire=row)


def choose_door(
    second: Partenaire,
    door: Door,
    *,
    email: str = "",
    code: str = "",
    from_empty: bool = False,
    by: User,
    at: datetime,
    read: str | None = None,
) -> None:
    """Say how the second partenaire takes part; by mail, invite them (again).

    Refuses once they take part with their own account: nobody but them changes that. Once their
    part has begun, or an invitation left for another address, `PartIsTheirs` unless their
    private `code` is given (`WrongCode` after a wrong one) or it begins anew (`from_empty`). The
    same page sent twice invites once; raises `ChangedSince` when another door was chosen since.
    """
    email = read_optional(email)
    if door is Door.OWN and same_address(email, by.email):
        raise ActionRefused(
            "C’est votre propre adresse. Indiquez celle de votre partenaire, ou choisissez « sur"
            " cet appareil » ou « sur papier »."
        )
    opened = try_code(second, code) if code else ""
    with transaction.atomic():
        locked = _locked(second.dossier)
        check_theirs(locked.people[0], by=by)
        second = Partenaire.objects.select_related("dossier", "user").get(pk=second.pk)
        if second.user_id is not None:
            raise ActionRefused("Votre partenaire participe déjà avec son propre compte.")
        if read is not None and not is_as_read(read, door_shown(second)):
            is_by_mail = door is Door.OWN
            is_same = not is_by_mail or same_address(second.invited_email, email)
            if second.door == door and is_same and read:
                return
            raise ChangedSince
        check_way(second, locked, door, email, opened=opened, from_empty=from_empty, by=by, at=at)
        set_door(locked.people[0], second, door, email, by=by, at=at)


def choose_private_code(second: Partenaire, code: str, *, at: datetime) -> None:
    """The second one locks their pages on a handed-over device, before they write anything.

    Refuses when the part has begun without a code: whoever holds the device would read it.
    """
    with transaction.atomic():
        locked = _locked(second.dossier)
        second.refresh_from_db()
        if has_begun(second):
            raise PartIsTheirs(
                "Cette partie est déjà commencée. Son titulaire peut venir à la mairie, qui lui"
                " ouvre une autre façon de participer : rien n’est perdu."
            )
        second.set_private_code(code, at=at)
        locked.touch(at=at)


def join_dossier(dossier: Dossier, user: User, *, at: datetime) -> Partenaire:
    """The invited second partenaire comes in with their own account; twice is fine.

    The code of a shared device stays: it opens nothing while they have an account.
    """
    with transaction.atomic():
        locked = _locked(dossier)
        second = Partenaire.objects.select_related("dossier").get(dossier=dossier, position=2)
        if second.user_id == user.pk:
            return second
        if second.user_id is not None or not same_address(second.invited_email, user.email):
            raise ActionRefused("Cette invitation n’est plus valable.")
        second.user = user
        second.door = Door.OWN.value
        second.contact_email = second.contact_email or user.email
        check_contacts(locked.people[0], second)
        # Of their part they are reminded anew.
        second.reminders_sent = 0
        second.save(update_fields=["user", "door", "contact_email", "reminders_sent"])
        second.begin_part(at=at)
        for helper in Helper.objects.live().filter(partenaire__dossier=locked, user=user):
            # Whoever takes part does not read the other's part as well.
            end_help(helper, by=user, at=at)
        locked.touch(at=at)
        dossier.record(kind="joined", by=user, at=at, partenaire=second)
    return second


def decline_invitation(dossier: Dossier, user: User, *, at: datetime) -> None:
    """The invited person does not take part: no more mail to them, and the first one is told."""
    with transaction.atomic():
        locked = _locked(dossier)
        second = locked.partenaires.get(position=2)
        if second.user_id is not None or not same_address(second.invited_email, user.email):
            raise ActionRefused("Cette invitation n’est plus valable.")
        second.door, second.invited_email, second.last_invited_at = "", "", None
        second.save(update_fields=["door", "invited_email", "last_invited_at"])
        locked.record(kind="declined", by=None, at=at, partenaire=second)
        emails.invitation_declined(locked, at=at)


def leave_dossier(
    second: Partenaire, *, at: datetime, by: User | None, read: str | None = None
) -> None:
    """« Je ne participe plus »: the second takes their part back; twice is once.

    Only of a draft: once the mairie has the dossier, either stops it (`stop_dossier`). Raises
    `ChangedSince` when the dossier does not stand where the page said. Effects: their part is
    emptied as `empty_part` says, files included, and their account, pass and helper open nothing
    any more; journal; a mail to the first, without a reason, and none to them.
    """
    with transaction.atomic():
        dossier = _locked(second.dossier)
        if not is_still_theirs(by, second):
            return
        second = Partenaire.objects.select_related("dossier", "user").get(pk=second.pk)
        if second.is_first or not dossier.is_draft:
            raise ActionRefused(
                "La mairie a déjà reçu ce dossier : pour ne plus participer, arrêtez la démarche."
            )
        if second.user_id is None and not has_begun(second):
            return
        check_read(read, standing_shown(dossier))
        # First of all: nothing that follows is told to them any more.
        second.user, second.door, second.reminders_sent = None, "", 0
        second.save(update_fields=["user", "door", "reminders_sent"])
        empty_part(second, dossier, by=by, at=at)
        dossier = _locked(dossier)
        dossier.touch(at=at)
        dossier.record(kind="left", by=by, at=at, partenaire=second)
        emails.partner_left(dossier, at=at)


def confirm_common(
    partenaire: Partenaire,
    *,
    comment: str,
    at: datetime,
    by: User | None,
    read: str | None = None,
) -> None:
    """The second partenaire agrees with the shared answers, or proposes a change (a comment).

    Raises `ChangedSince` when the answers are not those of the page; the same page sent twice
    tells the first one once.
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        check_theirs(partenaire, by=by)
        if dossier.is_ended:
            raise ActionRefused("Ce dossier est terminé : il n’y a plus rien à confirmer.")
        check_read(read, confirmation_shown(dossier))
        before = dossier.partenaires.get(pk=partenaire.pk)
        if comment and before.common_comment == comment:
            return
        partenaire.begin_part(at=at)
        partenaire.common_comment = comment
        partenaire.common_confirmed_at = None if comment else at
        partenaire.common_confirmed_digest = "" if comment else digest_of(confirmed_facts(dossier))
        partenaire.save(
            update_fields=["common_comment", "common_confirmed_at", "common_confirmed_digest"]
        )
        dossier.touch(at=at)
        dossier.record(
            kind="common_commented" if comment else "common_confirmed",
            by=by,
            at=at,
            partenaire=partenaire,
        )
        if comment:
            first = dossier.partenaires.select_related("user", "dossier").get(position=1)
            emails.comment_received(partenaire, to=first, at=at)


def attest(
    partenaire: Partenaire, *, at: datetime, by: User | None, read: str | None = None
) -> None:
    """Attest on one's honour; the sentences are kept exactly as they were shown.

    Raises `ChangedSince` when the facts are not those of the page. The same page sent twice
    attests once.

    Law: Code civil, art. 515-2 and 515-3; Code pénal, art. 441-7.
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        check_theirs(partenaire, by=by)
        partenaire = Partenaire.objects.select_related("user").get(pk=partenaire.pk)
        if dossier.is_ended:
            raise ActionRefused("Ce dossier est terminé : il n’y a plus rien à attester.")
        check_read(read, attestation_shown(partenaire, dossier))
        if has_attested(partenaire, dossier):
            return
        if partenaire.said_by_other:
            raise ActionRefused(
                "Avant d’attester, confirmez ce que votre partenaire a dit de vous, ou changez-le."
            )
        if missing := [*missing_common(dossier), *missing_own(partenaire)]:
            raise ActionRefused(
                f"Avant d’attester, terminez les réponses : il manque {', '.join(missing)}."
            )
        partenaire.begin_part(at=at)
        keep_attestation(partenaire, dossier, at=at)
        dossier.touch(at=at)
        dossier.record(kind="attested", by=by, at=at, partenaire=partenaire)
        other = dossier.partenaires.select_related("user", "dossier").exclude(pk=partenaire.pk)
        emails.part_completed(partenaire, to=other.get(), at=at)


def keep_attestation(
    partenaire: Partenaire, dossier: Dossier, *, at: datetime, on_paper: date | None = None
) -> None:
    """Write the attestation down with the facts it vouches for; the dossier is locked.

    `on_paper`: the day written on the paper, when it was signed by hand.
    """
    partenaire.dossier = dossier
    facts = vouchable_facts(partenaire, dossier)
    partenaire.attested_text = attestation_of(partenaire)
    partenaire.attested_at = at
    partenaire.attested_on_paper = on_paper
    partenaire.attested_facts, partenaire.attested_digest = facts, digest_of(facts)
    partenaire.save(
        update_fields=[
            "attested_text",
            "attested_at",
            "attested_on_paper",
            "attested_facts",
            "attested_digest",
        ]
    )


def attestation_of(partenaire: Partenaire) -> str:
    """The sentences this partenaire attests, from the answers in the database."""
    dossier = partenaire.dossier
    other = next(one for one in dossier.people if one.pk != partenaire.pk)
    return attestation_text(
        name=partenaire.full_name,
        other=other.full_name if other.birth_name or other.first_names else "",
        address=dossier.address.lines,
        is_common=dossier.has_common_residence,
    )


def submit_dossier(
    partenaire: Partenaire, *, at: datetime, by: User | None, read: str | None = None
) -> Dossier:
    """Send the dossier to the mairie; sending it twice is sending it once.

    Refuses with every reason at once (`Dossier.blockers`); raises `ChangedSince` when the
    answers or the pieces are not those that were reviewed. Effects: status, date, journal; the
    accusé de réception is queued for both (CRPA L112-11, R112-11-1).
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        if dossier.submitted_at is not None:
            return dossier
        check_theirs(partenaire, by=by)
        check_read(read, review_shown(partenaire, dossier))
        dossier.submit(by=by, at=at)
        end_helps(dossier, at=at)
        emails.acknowledgement(dossier, at=at)
    return dossier


def resubmit_dossier(
    partenaire: Partenaire, *, at: datetime, by: User | None, read: str | None = None
) -> Dossier:
    """Answer what the mairie asked of this person; the last answer hands the dossier back.

    Twice is once. Their corrections go with it, and their own request is closed: while the other
    has one, the dossier waits for them. Refuses while something stands in the way
    (`pacs.rules.gate`): a piece refused and not replaced, an attestation to make again; of what
    is the other's, the last one alone is told. Raises `ChangedSince` when the request, the
    answers, the corrections or the pieces are not those of the page.
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        check_theirs(partenaire, by=by)
        if read and dossier.current_status is Status.UNDER_REVIEW:
            return dossier
        awaited = requests_awaited(dossier).exclude(partenaire=partenaire)
        is_last = dossier.current_status is not Status.PIECES_REQUESTED or not awaited.exists()
        own = readable_requests(partenaire)
        if not is_last and not own.exists():
            # Answered by a first click, or asked of the other alone.
            return dossier
        check_read(read, handed_back_shown(partenaire, dossier))
        hand_over(dossier, partenaire, at=at, by=by)
        if is_last:
            dossier.resubmit(by=by, at=at)
            dossier.requests.filter(closed_at__isnull=True).update(closed_at=at)
            emails.answers_received(dossier, at=at)
        else:
            found = in_the_way(dossier, Act.SEND_AGAIN, on=dossier.registration_date(at=at))
            theirs = [one for one in found if one.holder in holders_of(partenaire)]
            if theirs:
                raise TransitionRefused(texts(theirs, partenaire.position))
            own.update(closed_at=at)
            dossier.touch(at=at)
            dossier.record(kind="request_answered", by=by, at=at, partenaire=partenaire)
    return dossier


def keep_dossier(partenaire: Partenaire, *, at: datetime, by: User | None) -> None:
    """Keep a dossier that was about to be deleted: an activity like any other."""
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        check_theirs(partenaire, by=by)
        if dossier.is_ended:
            raise ActionRefused("Cette démarche est terminée : son dossier ne peut pas être gardé.")
        dossier.touch(at=at)
        dossier.record(kind="kept", by=by, at=at, partenaire=partenaire)


def stop_dossier(
    partenaire: Partenaire, *, at: datetime, by: User | None, read: str | None = None
) -> None:
    """Stop the procedure; either of the two may, and owes no reason. Twice is once.

    The other is told that it is stopped, without a reason or a name. Raises `ChangedSince`
    when the dossier does not stand where the page said.
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        check_theirs(partenaire, by=by)
        if read and dossier.current_status is Status.WITHDRAWN:
            return
        check_read(read, standing_shown(dossier))
        dossier.withdraw(by=by, at=at)
        end_helps(dossier, at=at)
        given_up = release_appointment(dossier, at=at)
        emails.dossier_stopped(dossier, at=at, given_up=given_up)


def write_message(
    partenaire: Partenaire, *, body: str, private: bool, form_key: str, at: datetime
) -> Message:
    """Write to the mairie; the same form sent twice writes one message."""
    key = _one_time(partenaire, form_key)
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        existing = Message.objects.filter(form_key=key, dossier=dossier).first()
        if existing is not None:
            return existing
        check_theirs(partenaire, by=partenaire.user)
        message = Message.objects.create(
            dossier=dossier,
            partenaire=partenaire,
            private_to=partenaire if private else None,
            body=body,
            at=at,
            form_key=key,
        )
        if private:
            partenaire.begin_part(at=at)
        dossier.touch(at=at, waiting=None if dossier.is_draft else True)
    return message
