"""What the couple corrects once the dossier is sent: proposed, sent, then taken by an agent.

The rows of the dossier stay what the mairie is checking until an agent takes the correction;
then what it changes ends the attestations that rested on it, like any change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from demarches.models import User
from pacs import emails
from pacs.actions.consent import watching_facts
from pacs.actions.guards import check_request, check_told, locked_at_version
from pacs.actions.pieces import sync_pieces
from pacs.actions.refusals import ActionRefused
from pacs.models import Correction, CorrectionStatus, Dossier, Partenaire
from pacs.models.consent import label_of, plain_value, value_in_words
from pacs.models.correction import PENDING

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
        if old != new:
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


def holders_of(partenaire: Partenaire) -> tuple[int, ...]:
    """Whose answers this person corrects: their own, and the shared ones for the first."""
    return (0, 1) if partenaire.is_first else (2,)


def send_corrections(partenaire: Partenaire, *, at: datetime, by: User | None) -> int:
    """Send one's corrections to the mairie, which owes an answer from then on.

    Returns how many were sent; sending twice sends once.
    """
    with transaction.atomic():
        locked = Dossier.objects.locked().get(pk=partenaire.dossier_id)
        if locked.is_ended:
            raise ActionRefused(ENDED)
        return hand_over(locked, partenaire, at=at, by=by)


def hand_over(locked: Dossier, partenaire: Partenaire, *, at: datetime, by: User | None) -> int:
    """The same, within the lock of an action that sends more than that."""
    drafts = locked.corrections.filter(
        holder__in=holders_of(partenaire), status=CorrectionStatus.DRAFT.value
    )
    sent = drafts.update(status=CorrectionStatus.SENT.value, sent_at=at)
    if sent:
        locked.touch(at=at, waiting=True)
        locked.record(kind="correction_sent", by=by, at=at, partenaire=partenaire)
    return sent


def drop_correction(partenaire: Partenaire, pk: int, *, at: datetime, by: User | None) -> None:
    """Give up one's own correction before an agent decides. Twice is once."""
    with transaction.atomic():
        locked = Dossier.objects.locked().get(pk=partenaire.dossier_id)
        mine = locked.corrections.filter(
            pk=pk, holder__in=holders_of(partenaire), status__in=PENDING
        )
        if mine.update(status=CorrectionStatus.DROPPED.value, changed_at=at):
            locked.touch(at=at)
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
    """Old and new side by side, for the author and for the agent."""
    row = subject_of(correction, dossier)
    model = type(row)
    found = []
    for name, value in correction.values.items():
        label = label_of(row, name)
        was, proposed = model(**{name: value["old"]}), model(**{name: value["new"]})
        found.append(
            ProposedAnswer(
                label,
                value_in_words(was, name),
                value_in_words(row, name),
                value_in_words(proposed, name),
            )
        )
    return found


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
        # Read before the change: the journal keeps what was there.
        changes = [
            {"label": one.label, "old": one.now, "new": one.proposed}
            for one in in_words(correction, locked)
        ]
        with watching_facts(locked, by=by, at=at):
            row = subject_of(correction, locked)
            lay_over(row, correction)
            row.save(update_fields=list(correction.values))
        _decided(correction, CorrectionStatus.TAKEN, by=by, at=at)
        locked = Dossier.objects.get(pk=locked.pk)
        sync_pieces(locked)
        locked.touch(at=at, waiting=False)
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
            readers=[locked.people[max(correction.holder - 1, 0)]],
            way_out="Dites à qui corrige pourquoi, sans ce qui est à l’autre.",
        )
        correction.reason = reason.strip()
        correction.save(update_fields=["reason"])
        _decided(correction, CorrectionStatus.DECLINED, by=by, at=at)
        locked.touch(at=at, waiting=False)
        locked.record(kind="correction_declined", by=by, at=at, reason=reason.strip())
        emails.correction_decided(locked, correction.holder, at=at)


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
