"""What the couple corrects once the dossier is sent: proposed, sent, then taken by an agent.

The rows of the dossier stay what the mairie is checking until an agent takes the correction;
then what it changes ends the attestations that rested on it, like any change.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from demarches.dossiers.words import value_in_words
from demarches.models import User
from demarches.rules.enums import Status
from demarches.web.as_read import check_read
from pacs import emails
from pacs.actions.consent import watching_facts
from pacs.actions.guards import (
    check_birth,
    check_request,
    check_theirs,
    check_told,
    locked_at_version,
)
from pacs.actions.homes import keeping_homes
from pacs.actions.pieces import sync_pieces
from pacs.actions.refusals import ActionRefused
from pacs.models import Correction, CorrectionStatus, Dossier, Partenaire
from pacs.models.completeness import missing_common, missing_own
from pacs.models.consent import label_of, plain_value
from pacs.reads.access import holders_of, readers_of
from pacs.reads.shown import corrections_shown
from pacs.rules.births import BIRTH_PARTS, partial_date_fr
from pacs.rules.consent import differs
from pacs.rules.enums import PENDING

#: How the three parts of a date of birth are called together.
BORN = "date de naissance"
ENDED = "Ce dossier est terminé : ses réponses ne changent plus."


def propose(
    subject: Dossier | Partenaire, columns: Iterable[str], *, locked: Dossier, at: datetime
) -> Correction | None:
    """Keep apart what `subject` (unsaved) now says in these columns; None when nothing differs.

    Call it under the lock. A correction already sent is taken back to be sent again, whole.
    """
    holder = 0 if isinstance(subject, Dossier) else subject.position
    stored = type(subject)._default_manager.get(pk=subject.pk)
    pending = pending_of(locked, holder)
    values = dict(pending.values) if pending else {}
    for name in columns:
        old, new = plain_value(stored, name), plain_value(subject, name)
        values.pop(name, None)
        if differs(old, new):
            values[name] = {"old": old, "new": new}
    if not values:
        if pending is not None:
            pending.status, pending.changed_at = CorrectionStatus.DROPPED.value, at
            pending.save(update_fields=["status", "changed_at"])
        return None
    row = pending or Correction(dossier=locked, holder=holder)
    row.values, row.changed_at, row.sent_at = values, at, None
    row.status = CorrectionStatus.DRAFT.value
    row.save()
    return row


def pending_of(dossier: Dossier, holder: int) -> Correction | None:
    """The correction of this holder that nobody has decided yet."""
    return dossier.corrections.filter(holder=holder, status__in=PENDING).first()


def lay_over(subject: Dossier | Partenaire, correction: Correction | None) -> None:
    """Put the proposed answers on this instance, unsaved: what its author sees and goes on from."""
    for name, value in (correction.values if correction else {}).items():
        setattr(subject, name, value["new"])


def send_corrections(
    partenaire: Partenaire, *, at: datetime, by: User | None, read: str | None = None
) -> int:
    """Send one's corrections to the mairie, which owes an answer from then on.

    Returns how many were sent; sending twice sends once. `read`: the corrections that the page
    showed; raises `ChangedSince` when they are others by now, and nothing is sent.
    """
    with transaction.atomic():
        locked = Dossier.objects.locked().get(pk=partenaire.dossier_id)
        check_theirs(partenaire, by=by)
        if locked.is_ended:
            raise ActionRefused(ENDED)
        if not _drafts(locked, partenaire).exists():
            return 0
        check_read(read, corrections_shown(partenaire, locked))
        return hand_over(locked, partenaire, at=at, by=by)


def hand_over(locked: Dossier, partenaire: Partenaire, *, at: datetime, by: User | None) -> int:
    """The same, within the lock of an action that sends more than that."""
    drafts = _drafts(locked, partenaire)
    for correction in drafts:
        if opened := opened_by(correction, locked):
            raise ActionRefused(
                f"Votre correction ouvre une question : {', '.join(opened)}. Répondez-y, puis"
                " envoyez la correction."
            )
    sent = drafts.update(status=CorrectionStatus.SENT.value, sent_at=at)
    if sent:
        locked.touch(at=at, waiting=True)
        locked.record(kind="correction_sent", by=by, at=at, partenaire=partenaire)
    return sent


def _drafts(locked: Dossier, partenaire: Partenaire) -> QuerySet[Correction]:
    """What this person proposes and has not sent."""
    return locked.corrections.filter(
        holder__in=holders_of(partenaire), status=CorrectionStatus.DRAFT.value
    )


def opened_by(correction: Correction, dossier: Dossier) -> list[str]:
    """What the dossier would lack once this correction is taken, and has today."""
    row = Dossier.objects.get(pk=dossier.pk)
    if correction.holder == 0:
        before = missing_common(row)
        lay_over(row, correction)
        after = missing_common(row)
    else:
        person = row.people[correction.holder - 1]
        before = missing_own(person)
        lay_over(person, correction)
        after = missing_own(person)
    return [label for label in after if label not in before]


def drop_correction(
    partenaire: Partenaire, pk: int, *, at: datetime, by: User | None, read: str | None = None
) -> None:
    """Give up one's own correction before an agent decides. Twice is once.

    `read`: as for `send_corrections`.
    """
    with transaction.atomic():
        locked = Dossier.objects.locked().get(pk=partenaire.dossier_id)
        check_theirs(partenaire, by=by)
        mine = locked.corrections.filter(
            pk=pk, holder__in=holders_of(partenaire), status__in=PENDING
        )
        if not mine.exists():
            return
        check_read(read, corrections_shown(partenaire, locked))
        if mine.update(status=CorrectionStatus.DROPPED.value, changed_at=at):
            locked.touch(at=at, waiting=None if owes_an_answer(locked) else False)
            locked.record(kind="correction_dropped", by=by, at=at, partenaire=partenaire)


@dataclass(frozen=True, slots=True)
class ProposedAnswer:
    """One answer of a correction, in words: as it was read, as it is, as it is proposed."""

    label: str
    was: str
    now: str
    proposed: str

    @property
    def changed_meanwhile(self) -> bool:
        """Somebody changed it since the person read it."""
        return self.was != self.now


def in_words(correction: Correction, dossier: Dossier) -> Sequence[ProposedAnswer]:
    """Old and new side by side, for the author and for the agent.

    A date of birth is one answer, told whole, whichever of its parts change.
    """
    row = subject_of(correction, dossier)
    was, proposed = copy(row), copy(row)
    for name, value in correction.values.items():
        setattr(was, name, value["old"])
        setattr(proposed, name, value["new"])
    told: dict[str, ProposedAnswer] = {}
    for name in correction.values:
        if name in BIRTH_PARTS:
            told[BORN] = ProposedAnswer(BORN, *map(_born, (was, row, proposed)))
        else:
            words = (value_in_words(one, name) for one in (was, row, proposed))
            told[name] = ProposedAnswer(label_of(row, name), *words)
    return list(told.values())


def _born(person: Dossier | Partenaire) -> str:
    return partial_date_fr(person.birth_date) if isinstance(person, Partenaire) else ""


def subject_of(correction: Correction, dossier: Dossier) -> Dossier | Partenaire:
    """The row whose answers it corrects."""
    return dossier.people[correction.holder - 1] if correction.holder else dossier


def take_correction(
    dossier: Dossier, pk: int, *, changed_at: str, by: User, at: datetime, version: int | None
) -> None:
    """Write the proposed answers into the dossier.

    `changed_at`: the correction as the agent read it (ISO); another one is refused. Effects: the
    answers, the list of pieces, the attestations that rested on them, journal, mail to the author.
    """
    with transaction.atomic():
        locked, correction = _to_decide(dossier, pk, changed_at, version)
        if opened := opened_by(correction, locked):
            raise ActionRefused(
                f"Reprise, cette correction laisserait sans réponse : {', '.join(opened)}. Ne la"
                " reprenez pas, et demandez la réponse qui manque."
            )
        # Read before the change: the journal keeps what was there.
        changes = [
            {"label": one.label, "old": one.now, "new": one.proposed}
            for one in in_words(correction, locked)
        ]
        with watching_facts(locked, by=by, at=at), keeping_homes(locked):
            row = subject_of(correction, locked)
            lay_over(row, correction)
            check_birth(
                row,
                correction.values,
                at=at,
                way_out="La correction ne peut pas être reprise ainsi : ne la reprenez pas, en"
                " demandant la date exacte, ou corrigez d’abord la date sur « réponses ».",
            )
            row.save(update_fields=list(correction.values))
        _decided(correction, CorrectionStatus.TAKEN, by=by, at=at)
        locked = Dossier.objects.get(pk=locked.pk)
        sync_pieces(locked)
        locked.touch(at=at, waiting=None if owes_an_answer(locked) else False)
        locked.record(kind="correction_taken", by=by, at=at, changes=changes)
        emails.correction_decided(locked, correction.holder, at=at)


def decline_correction(
    dossier: Dossier,
    pk: int,
    *,
    reason: str,
    changed_at: str,
    by: User,
    at: datetime,
    version: int | None,
) -> None:
    """Leave the dossier as it is, and tell the author why."""
    if not reason.strip():
        raise ActionRefused("Dites pourquoi cette correction n’est pas reprise.")
    check_request(reason)
    with transaction.atomic():
        locked, correction = _to_decide(dossier, pk, changed_at, version)
        check_told(
            reason,
            dossier=locked,
            readers=readers_of(correction, locked),
            way_out="Écrivez-le dans un message réservé à cette personne.",
        )
        correction.reason = reason.strip()
        correction.save(update_fields=["reason"])
        _decided(correction, CorrectionStatus.DECLINED, by=by, at=at)
        locked.touch(at=at, waiting=None if owes_an_answer(locked) else False)
        locked.record(kind="correction_declined", by=by, at=at, reason=reason.strip())
        emails.correction_decided(locked, correction.holder, at=at)


def owes_an_answer(dossier: Dossier) -> bool:
    """Whether the mairie still owes this couple something: a check, a decision, or a reply."""
    if dossier.current_status in {Status.SUBMITTED, Status.UNDER_REVIEW}:
        return True
    if dossier.corrections.filter(status=CorrectionStatus.SENT.value).exists():
        return True
    last = dossier.messages.order_by("-at", "-pk").first()
    return last is not None and last.partenaire_id is not None


def _to_decide(
    dossier: Dossier, pk: int, changed_at: str, version: int | None
) -> tuple[Dossier, Correction]:
    locked = locked_at_version(dossier, version)
    if locked.is_ended:
        raise ActionRefused(ENDED)
    correction = locked.corrections.filter(pk=pk, status=CorrectionStatus.SENT.value).first()
    if correction is None or correction.changed_at.isoformat() != changed_at:
        raise ActionRefused(
            "Cette correction n’attend plus de décision : elle a été reprise, changée ou"
            " abandonnée entre-temps."
        )
    return locked, correction


def _decided(correction: Correction, status: CorrectionStatus, *, by: User, at: datetime) -> None:
    correction.status, correction.decided_by, correction.decided_at = status.value, by, at
    correction.save(update_fields=["status", "decided_by", "decided_at"])
