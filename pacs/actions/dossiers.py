"""Open, fill in, confirm, send, take back and stop a dossier: verbs of the two people.

Every action owns its transaction, takes who acts and when (`at`, aware), raises
`TransitionRefused` or `ActionRefused` with reasons in French, and queues its mails inside.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from django.db import transaction

from demarches.models import User, next_reference
from demarches.rules.enums import PieceStatus
from pacs import emails
from pacs.actions.appointments import release_appointment
from pacs.actions.pieces import sync_pieces
from pacs.actions.refusals import ActionRefused
from pacs.models import Door, Dossier, Message, Partenaire
from pacs.models.consent import attested_facts, confirmed_facts
from pacs.rules.attestation import attestation_text
from pacs.rules.consent import digest_of


class AnswerForm(Protocol):
    """What an action needs of a page of answers: it is valid, and saves its own fields."""

    instance: Any
    affects_attestation: bool

    def has_changed(self) -> bool: ...

    def save(self) -> Any: ...


def open_dossier(
    *,
    at: datetime,
    user: User | None = None,
    agent: User | None = None,
    couple: Mapping[str, Any] | None = None,
    people: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
) -> Dossier:
    """Open a draft with its two partenaires, filled with the answers already given.

    `user`: the resident who opens it and becomes the first partenaire; someone who already has
    a draft gets that one back, so that a double click or two tabs make one dossier.
    `agent`: set instead when the mairie types it in for people at the counter.
    """
    with transaction.atomic():
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


def _locked(dossier: Dossier) -> Dossier:
    """The dossier, locked until the end of the transaction."""
    return Dossier.objects.locked().get(pk=dossier.pk)


def record_answers(form: AnswerForm, *, dossier: Dossier, at: datetime) -> None:
    """Save one page of answers, then what follows from a change.

    Effects: the list of pieces is computed anew; a changed shared answer asks both to confirm
    and attest again; a changed own answer takes that person's attestation back, since the
    sentences they attested named other facts.
    """
    with transaction.atomic():
        locked = _locked(dossier)
        if not locked.is_editable:
            raise ActionRefused(
                "Ce dossier ne peut plus être modifié en ce moment : la mairie le vérifie."
                " Écrivez-lui un message pour signaler une erreur."
            )
        if not form.has_changed():
            return
        form.save()
        people = Partenaire.objects.filter(dossier=locked)
        if isinstance(form.instance, Dossier):
            people.update(attested_at=None, attested_text="")
            people.filter(position=2).update(common_confirmed_at=None)
        elif form.affects_attestation:
            people.filter(pk=form.instance.pk).update(attested_at=None, attested_text="")
        locked.refresh_from_db()
        locked.touch(at=at)
        sync_pieces(locked)


def choose_door(second: Partenaire, door: Door, *, email: str = "", by: User, at: datetime) -> None:
    """Say how the second partenaire takes part; by mail, invite them (again).

    Refuses once they take part with their own account: nobody but them changes that.
    """
    email = email.strip().lower()
    if door is Door.OWN and email == by.email:
        raise ActionRefused(
            "C’est votre propre adresse. Indiquez celle de votre partenaire, ou choisissez « sur"
            " cet appareil » ou « sur papier »."
        )
    with transaction.atomic():
        _locked(second.dossier)
        second = Partenaire.objects.select_related("dossier", "user").get(pk=second.pk)
        if second.user_id is not None:
            raise ActionRefused("Votre partenaire participe déjà avec son propre compte.")
        second.door = door.value
        second.invited_email = email if door is Door.OWN else ""
        second.last_invited_at = at if door is Door.OWN else None
        second.reminders_sent = 0
        second.save(update_fields=["door", "invited_email", "last_invited_at", "reminders_sent"])
        second.dossier.touch(at=at)
        second.dossier.record(kind=f"door_{door.value}", by=by, at=at)
        if door is Door.OWN:
            emails.invitation(second, at=at)


def join_dossier(dossier: Dossier, user: User, *, at: datetime) -> Partenaire:
    """The invited second partenaire comes in with their own account; twice is fine."""
    with transaction.atomic():
        _locked(dossier)
        second = Partenaire.objects.select_related("dossier").get(dossier=dossier, position=2)
        if second.user_id == user.pk:
            return second
        if second.user_id is not None or second.invited_email != user.email:
            raise ActionRefused("Cette invitation n’est plus valable.")
        second.user = user
        second.door = Door.OWN.value
        second.contact_email = second.contact_email or user.email
        second.private_code = ""
        second.save(update_fields=["user", "door", "contact_email", "private_code"])
        dossier.record(kind="joined", by=user, at=at, partenaire=second)
    return second


def decline_invitation(dossier: Dossier, user: User, *, at: datetime) -> None:
    """The invited person does not take part: no more mail to them, and the first one is told."""
    with transaction.atomic():
        locked = _locked(dossier)
        second = locked.partenaires.get(position=2)
        if second.user_id is not None or second.invited_email != user.email:
            raise ActionRefused("Cette invitation n’est plus valable.")
        second.door, second.invited_email, second.last_invited_at = "", "", None
        second.save(update_fields=["door", "invited_email", "last_invited_at"])
        locked.record(kind="declined", by=None, at=at, partenaire=second)
        emails.invitation_declined(locked, at=at)


def confirm_common(partenaire: Partenaire, *, comment: str, at: datetime, by: User | None) -> None:
    """The second partenaire agrees with the shared answers, or proposes a change (a comment)."""
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        if not dossier.is_editable:
            raise ActionRefused("Ce dossier ne peut plus être modifié en ce moment.")
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


def attest(partenaire: Partenaire, *, at: datetime, by: User | None) -> None:
    """Attest on one's honour; the sentences are kept exactly as they were shown.

    Law: Code civil, art. 515-2 and 515-3; Code pénal, art. 441-7.
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        if not dossier.is_editable:
            raise ActionRefused("Ce dossier ne peut plus être modifié en ce moment.")
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
    facts = attested_facts(partenaire, dossier)
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
        address=dossier.address_lines,
    )


def submit_dossier(partenaire: Partenaire, *, at: datetime, by: User | None) -> Dossier:
    """Send the dossier to the mairie; sending it twice is sending it once.

    Refuses with every reason at once (`Dossier.blockers`). Effects: status, date, journal; the
    accusé de réception is queued for both (CRPA L112-11, R112-11-1).
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        if dossier.submitted_at is not None:
            return dossier
        dossier.submit(by=by, at=at)
        emails.acknowledgement(dossier, at=at)
    return dossier


def resubmit_dossier(partenaire: Partenaire, *, at: datetime, by: User | None) -> Dossier:
    """Hand the completed dossier back to the mairie.

    Refuses while a piece that the mairie refused has not been replaced or answered.
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        if dossier.pieces.required().filter(status=PieceStatus.REFUSED.value).exists():
            raise ActionRefused(
                "Il reste une pièce refusée : remplacez-la, ou dites que vous l’apporterez."
            )
        dossier.resubmit(by=by, at=at)
        emails.answers_received(dossier, at=at)
    return dossier


def keep_dossier(partenaire: Partenaire, *, at: datetime, by: User | None) -> None:
    """Keep a dossier that was about to be deleted: an activity like any other."""
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        if dossier.is_ended:
            raise ActionRefused("Cette démarche est terminée : son dossier ne peut pas être gardé.")
        dossier.touch(at=at)
        dossier.record(kind="kept", by=by, at=at, partenaire=partenaire)


def stop_dossier(partenaire: Partenaire, *, at: datetime, by: User | None) -> None:
    """Stop the procedure; either of the two may, and owes no reason.

    The other is told that it is stopped, without a reason or a name.
    """
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        dossier.withdraw(by=by, at=at)
        release_appointment(dossier, at=at)
        emails.dossier_stopped(dossier, at=at)


def write_message(
    partenaire: Partenaire, *, body: str, private: bool, form_key: str, at: datetime
) -> Message:
    """Write to the mairie; the same form sent twice writes one message."""
    with transaction.atomic():
        dossier = _locked(partenaire.dossier)
        existing = Message.objects.filter(form_key=form_key, dossier=dossier).first()
        if existing is not None:
            return existing
        message = Message.objects.create(
            dossier=dossier,
            partenaire=partenaire,
            private_to=partenaire if private else None,
            body=body,
            at=at,
            form_key=form_key,
        )
        dossier.touch(at=at, waiting=None if dossier.is_draft else True)
    return message
