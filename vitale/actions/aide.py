"""A request for help: asked by a resident, answered by agents.

Every action takes who acts (`by`) and the moment (`at`), owns its transaction and refuses with
reasons in French. An agent also gives the `version` they were looking at.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from demarches.models import User, next_reference
from demarches.rules.enums import Transition
from demarches.rules.nir import find_private_number
from vitale import emails
from vitale.actions.suivi import DOUBLE_CLICK
from vitale.models import Contact, Demande, DemandeNote, DemandeReading, Reason, Tally
from vitale.rules.aide import Code, Outcome, refuse
from vitale.rules.situations import Regime


class AideRefused(ValidationError):
    """The action may not happen; `messages` say why and what to do."""


class StaleDemande(AideRefused):
    """Somebody changed the request since the agent opened the page."""


def ask_for_help(
    *,
    reason: Reason,
    regime: Regime,
    name: str,
    email: str,
    phone: str,
    owner: User | None,
    form_key: str,
    at: datetime,
) -> Demande:
    """Send a request; the same form sent twice sends one. Effects: journal, count, a mail."""
    for text in (name, email, phone):
        check_text(text)
    # An old form found again on a shared computer sends a new one.
    same_form = Demande.objects.filter(form_key=form_key)
    same_form.filter(created_at__lt=at - DOUBLE_CLICK).update(form_key=None)
    if (before := same_form.first()) is not None:
        return before
    try:
        with transaction.atomic():
            demande = Demande.objects.create(
                reference=next_reference(Demande.REFERENCE_PREFIX, at),
                form_key=form_key,
                owner=owner,
                reason=reason,
                regime=regime.value,
                name=name,
                email=email,
                phone=phone,
                created_at=at,
                last_activity_at=at,
            )
            demande.submit(by=owner, at=at)
            emails.aide_received(demande, at=at)
            Tally.objects.count_one(
                Tally.What.AIDE, day=localdate(at), topic=reason.slug, regime=regime.value
            )
    except IntegrityError:  # the same form, sent twice at once
        return same_form.get()
    return demande


def cancel(demande: Demande, *, by: User | None, at: datetime) -> None:
    """End at the wish of whoever asked; once is enough."""
    with transaction.atomic():
        locked = Demande.objects.locked().get(pk=demande.pk)
        if locked.code is not Code.CANCELLED:
            _check_state(locked, Transition.WITHDRAW)
            locked.withdraw(by=by, at=at)


def check_text(text: str) -> None:
    """Refuse to keep a number that the mairie must not have, whoever writes it."""
    if found := find_private_number(text):
        raise AideRefused(found.refusal)


def _check_state(demande: Demande, transition: Transition) -> None:
    """Refuse in the words of a request for help, before the shared lifecycle does in its own."""
    if refusal := refuse(transition, demande.code):
        raise AideRefused(refusal)


def _current(demande: Demande, version: int, transition: Transition) -> Demande:
    """The request, locked, as the agent saw it and in a state where this may happen."""
    locked = Demande.objects.locked().get(pk=demande.pk)
    if locked.version != version:
        raise StaleDemande("Cette demande a changé depuis que vous avez ouvert cette page.")
    _check_state(locked, transition)
    return locked


def take(demande: Demande, *, by: User, at: datetime, version: int) -> None:
    """An agent takes care of it."""
    with transaction.atomic():
        locked = _current(demande, version, Transition.START_REVIEW)
        locked.start_review(by=by, at=at)
        locked.assigned_to = by
        locked.save(update_fields=["assigned_to"])


def answer(
    demande: Demande,
    *,
    text: str,
    orientation: Contact | None,
    by: User,
    at: datetime,
    version: int,
) -> None:
    """Answer, or orient towards somebody; a mail goes to whoever left an address.

    Whoever left a telephone number is called, and reads the answer with their codes.
    """
    text = text.strip()
    if not text:
        raise AideRefused("Écrivez la réponse que la personne lira.")
    check_text(text)
    with transaction.atomic():
        locked = _current(demande, version, Transition.ACCEPT)
        locked.accept(by=by, at=at)
        locked.outcome = (Outcome.ORIENTED if orientation else Outcome.ANSWERED).value
        locked.orientation, locked.answer = orientation, text
        locked.save(update_fields=["outcome", "orientation", "answer"])
        emails.aide_answered(locked, at=at)
        Tally.objects.count_one(
            Tally.What.ANSWER,
            day=localdate(at),
            topic=orientation.key if orientation else Outcome.ANSWERED.value,
        )


def close(demande: Demande, *, by: User, at: datetime, version: int) -> None:
    """File an answered request away: it is deleted three months later."""
    with transaction.atomic():
        _current(demande, version, Transition.CLOSE).close(by=by, at=at, reason="")


def cancel_for(demande: Demande, *, by: User, at: datetime, version: int) -> None:
    """Cancel at the wish of whoever asked, said at the counter or by telephone."""
    with transaction.atomic():
        _current(demande, version, Transition.WITHDRAW).withdraw(by=by, at=at)


def add_note(demande: Demande, *, body: str, by: User, at: datetime) -> None:
    """Keep an internal note: agents only."""
    body = body.strip()
    if not body:
        raise AideRefused("Écrivez une note.")
    check_text(body)
    DemandeNote.objects.create(demande=demande, author=by, body=body, at=at)


def note_reading(demande: Demande, agent: User, *, at: datetime) -> None:
    """Write down that an agent looked."""
    DemandeReading.objects.create(demande=demande, agent=agent, at=at)
