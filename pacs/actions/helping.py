"""Somebody helps one of the two to fill in: invited, come in, ended.

A helper acts for nobody: what they may open stands in `pacs.rules.helping`, and what they fill in
is the person's, who attests it. Every action runs under the dossier's lock.
"""

from datetime import datetime

from django.db import transaction

from demarches.models import User
from demarches.rules.addresses import read_optional, same_address
from pacs import emails
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, Helper, Partenaire
from pacs.reads.access import is_still_theirs


def invite_helper(
    partenaire: Partenaire, *, name: str, email: str, by: User | None, at: datetime
) -> Helper:
    """Invite somebody, by their address, to fill this person's part in with them.

    Refuses once the dossier is sent, a second helper at a time, and the person's own address. The
    same page sent twice invites once. Effects: the row, the journal, one mail (`TooManyMails`).
    """
    email = read_optional(email)
    if same_address(email, partenaire.mail_address):
        raise ActionRefused(
            "C’est votre propre adresse. Indiquez celle de la personne qui vous aide."
        )
    with transaction.atomic():
        dossier = Dossier.objects.locked().get(pk=partenaire.dossier_id)
        if not is_still_theirs(by, partenaire):
            raise ActionRefused("Votre participation est terminée : personne n’est invité.")
        if not dossier.is_draft:
            raise ActionRefused(
                "Le dossier est envoyé : plus personne ne peut vous aider ici. La mairie vous aide"
                " au guichet ou par téléphone."
            )
        (other,) = [one for one in dossier.people if one.pk != partenaire.pk]
        if email in other.addresses:
            raise ActionRefused(
                "C’est l’adresse de votre partenaire, qui ne lit pas votre partie. Indiquez celle"
                " de la personne qui vous aide."
            )
        there = Helper.objects.going_on().filter(partenaire=partenaire).first()
        if there is not None:
            if same_address(there.email, email):
                return there
            raise ActionRefused(
                f"{there.name} vous aide déjà, ou est en train d’être invité par vous. Mettez fin à"
                " cette aide, puis invitez quelqu’un d’autre."
            )
        helper = Helper.objects.create(partenaire=partenaire, name=name, email=email, invited_at=at)
        partenaire.begin_part(at=at)
        dossier.touch(at=at)
        dossier.record(kind="helper_invited", by=by, at=at, partenaire=partenaire)
        emails.helper_invitation(helper, at=at)
    return helper


def accept_help(helper: Helper, user: User, *, at: datetime) -> None:
    """The invited account begins to help; twice is once. Refuses when it is not invited any more.

    Effects: the row, the journal. The person reads it on each of their pages.
    """
    with transaction.atomic():
        dossier = Dossier.objects.locked().get(partenaires=helper.partenaire_id)
        if Helper.objects.live().filter(pk=helper.pk, user=user).exists():
            return
        row = Helper.objects.waiting_for(user).filter(pk=helper.pk).first()
        if row is None:
            raise ActionRefused("Cette invitation n’est plus valable.")
        row.user, row.joined_at = user, at
        row.save(update_fields=["user", "joined_at"])
        dossier.record(kind="helper_joined", by=user, at=at, partenaire=row.partenaire)


def end_help(helper: Helper, *, by: User | None, at: datetime) -> None:
    """End this help at once, at the wish of either of them; twice is once."""
    with transaction.atomic():
        dossier = Dossier.objects.locked().get(partenaires=helper.partenaire_id)
        row = Helper.objects.select_related("partenaire").get(pk=helper.pk)
        if row.ended_at is None:
            _end(row, dossier, by=by, at=at)


def end_helps(dossier: Dossier, *, of: Partenaire | None = None, at: datetime) -> None:
    """End every help of this dossier, or of one person; call it under the lock.

    `Helper.live` lets nobody in once a dossier is sent: this writes it down, and forgets addresses.
    """
    rows = Helper.objects.filter(partenaire__dossier=dossier, ended_at=None)
    if of is not None:
        rows = rows.filter(partenaire=of)
    for row in rows.select_related("partenaire"):
        _end(row, dossier, by=None, at=at)


def _end(row: Helper, dossier: Dossier, *, by: User | None, at: datetime) -> None:
    row.ended_at, row.email = at, ""
    row.save(update_fields=["ended_at", "email"])
    dossier.record(kind="helper_ended", by=by, at=at, partenaire=row.partenaire)
