"""One believable case for each pile that no dossier reaches by going well."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate

from demarches.demo import bounce
from demarches.models import User
from demarches.rules.enums import Status
from pacs.actions import desk, following
from pacs.actions.consent import watching_facts
from pacs.actions.corrections import propose, send_corrections
from pacs.actions.dossiers import choose_door, open_dossier, write_message
from pacs.models import Door, Dossier, Partenaire, SentMail
from pacs.rules.situation import Situation


def cases(
    couple: Callable[[], tuple[dict[str, Any], dict[str, Any], dict[str, Any]]],
    *,
    reviewer: User,
    officer: User,
    now: datetime,
) -> Iterator[Callable[[], None]]:
    """Each bends one of the dossiers that are there, or opens one at the counter, once called.

    `couple`: shared answers, then those of each. Nothing is dated after `now`.
    """
    yesterday = now - timedelta(days=1)
    for status, bend in (
        (Status.COMPLETE, _wrote),
        (Status.COMPLETE, _changed_a_fact),
        (Status.SCHEDULED, _paper_grew_old),
        (Status.SUBMITTED, _turned_out_married),
        (Status.SUBMITTED, _corrected),
        (Status.UNDER_REVIEW, _mail_came_to_nothing),
    ):
        if dossier := _unbent(status):
            yield partial(bend, dossier, yesterday)
    if dossier := _unbent(Status.SUBMITTED):
        yield partial(following.assign, dossier, to=officer, by=reviewer, at=yesterday)
    for door, days in ((Door.PAPER, 3), (Door.OWN, 20)):
        yield partial(_at_counter, couple(), door, by=reviewer, at=now - timedelta(days=days))


def _unbent(status: Status) -> Dossier | None:
    """A dossier in this state whose people both have an account, and that nobody has bent."""
    rows = Dossier.objects.filter(status=status.value, assigned_to=None) | Dossier.objects.filter(
        status=status.value, corrections=None, messages=None
    )
    online = rows.exclude(partenaires__user=None).exclude(events__kind="attestation_ended")
    return online.exclude(partenaires__situation=Situation.MARRIED.value).order_by("pk").first()


def _person(dossier: Dossier, position: int) -> Partenaire:
    return Partenaire.objects.select_related("dossier", "user").get(
        dossier=dossier, position=position
    )


def _wrote(dossier: Dossier, at: datetime) -> None:
    body = "Bonjour, pouvons-nous venir avec deux témoins ? Merci."
    write_message(_person(dossier, 1), body=body, private=False, form_key="demo", at=at)


def _changed_a_fact(dossier: Dossier, at: datetime) -> None:
    with transaction.atomic(), watching_facts(dossier, by=None, at=at):
        one = _person(dossier, 2)
        one.birth_name = f"{one.birth_name}-Roux"
        one.save(update_fields=["birth_name"])


def _paper_grew_old(dossier: Dossier, at: datetime) -> None:
    if dossier.appointment is not None:
        day = localdate(dossier.appointment.starts_at) - timedelta(days=100)
        dossier.pieces.required().filter(rule_id="P11_naissance_fr").update(issued_on=day)


def _turned_out_married(dossier: Dossier, at: datetime) -> None:
    with transaction.atomic(), watching_facts(dossier, by=None, at=at):
        one = _person(dossier, 2)
        one.situation = Situation.MARRIED.value
        one.save(update_fields=["situation"])


def _corrected(dossier: Dossier, at: datetime) -> None:
    one = _person(dossier, 1)
    one.street = "12 bis rue Basse"
    with transaction.atomic():
        propose(one, ["street"], locked=Dossier.objects.locked().get(pk=dossier.pk), at=at)
    send_corrections(_person(dossier, 1), at=at, by=one.user)


def _mail_came_to_nothing(dossier: Dossier, at: datetime) -> None:
    mail = SentMail.objects.filter(dossier=dossier, email__isnull=False).order_by("pk").last()
    if mail is not None and mail.email is not None:
        bounce(mail.email)


def _at_counter(
    answers: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
    door: Door,
    *,
    by: User,
    at: datetime,
) -> None:
    """Typed in by an agent: on paper it is deposited, and nobody has an address."""
    couple, first, second = answers
    dossier = open_dossier(at=at, agent=by, couple=couple, people=(first, second))
    if door is Door.OWN:
        email = "demo.silence@example.org"
        choose_door(_person(dossier, 2), door, email=email, by=by, at=at)
        return
    desk.deposit_for(dossier, by=by, at=at, version=None)
