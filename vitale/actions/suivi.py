"""What people do with their aide-mémoire."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import localdate
from post_office.models import Email

from demarches.models import User
from demarches.rules.addresses import read_optional, same_address
from demarches.rules.dates_fr import NBSP
from demarches.rules.read import Shown, is_as_read
from demarches.web.as_read import ChangedSince, check_read
from vitale import emails
from vitale.models import Situation, Suivi, SuiviMail, SuiviRoute, SuiviTick, Tally
from vitale.rules import situations
from vitale.rules import suivi as rules
from vitale.rules.codes import new_reference
from vitale.rules.situations import Channel, Regime

#: The same form sent again within this time is a second click.
DOUBLE_CLICK = timedelta(minutes=10)
REMINDER_COLUMNS = ("reminder_email", "reminder_confirmed_at", "reminder_on", "opens_by_mail")
#: A mail holds no more links than one reads.
MOST_WAYS_IN = 5


class SuiviRefused(ValidationError):
    """This cannot be noted; `messages` say why and what to do."""


def check_route(situation: situations.Situation, regime: Regime, channel: Channel | None) -> None:
    """Refuse what cannot be followed, and a way that this caisse does not offer."""
    if rules.journey(situation, regime, channel) is None:
        raise SuiviRefused(f"Il n’y a rien à attendre ici{NBSP}: suivez le plan, c’est tout.")
    offered = rules.journey_channels(situation, regime)
    if (offered and channel not in offered) or (channel is not None and not offered):
        labels = ", ".join(f"«{NBSP}{one.label}{NBSP}»" for one in offered)
        raise SuiviRefused(
            f"Avec cette caisse, choisissez parmi{NBSP}: {labels}."
            if labels
            else "Avec cette caisse, il n’y a pas de voie à choisir."
        )


def open_suivi(
    *,
    situation: situations.Situation,
    regime: Regime,
    channel: Channel | None,
    owner: User | None,
    form_key: str,
    at: datetime,
) -> Suivi:
    """Open an aide-mémoire; the same form sent twice opens one."""
    check_route(situation, regime, channel)
    with transaction.atomic():
        # An old form found again on a shared computer opens a new one, never somebody else's.
        Suivi.objects.filter(form_key=form_key, created_at__lt=at - DOUBLE_CLICK).update(
            form_key=None
        )
        suivi, is_new = Suivi.objects.get_or_create(
            form_key=form_key,
            defaults={
                "reference": _free_reference(),
                "owner": owner,
                "situation": Situation.objects.get(pk=situation.value),
                "created_at": at,
                "visited_at": at,
            },
        )
        if is_new:
            _begin(suivi, regime, channel, at=at)
            Tally.objects.count_one(
                Tally.What.SUIVI,
                day=localdate(at),
                topic=situation.value,
                regime=regime.value,
                channel=channel.value if channel else "",
            )
    return suivi


def _free_reference() -> str:
    reference = new_reference()
    while Suivi.objects.filter(reference=reference).exists():
        reference = new_reference()
    return reference


def _begin(suivi: Suivi, regime: Regime, channel: Channel | None, *, at: datetime) -> None:
    SuiviRoute.objects.create(
        suivi=suivi,
        regime=regime.value,
        channel=channel.value if channel else "",
        started_at=at,
    )


def _open_route(suivi: Suivi) -> SuiviRoute:
    """The way being followed, under the lock of its aide-mémoire."""
    locked = Suivi.objects.locked().get(pk=suivi.pk)
    if locked.closed_at is not None:
        raise SuiviRefused("Cet aide-mémoire est terminé. Rouvrez-le pour le changer.")
    return locked.routes.select_related("suivi").get(ended_at=None)


def step_shown(route: SuiviRoute, key: str) -> Shown:
    """What the page of a step shows: the way it belongs to, and what was noted of it.

    Several people may hold the codes of one aide-mémoire.
    """
    kept = route.ticks.filter(step=key).first()
    return {
        "route": route.pk,
        "done_on": kept.done_on if kept else None,
        "choice": kept.choice if kept else "",
    }


def route_shown(route: SuiviRoute) -> Shown:
    """What the page about the way shows, and would put away: the way, and its steps."""
    return _open_steps(route.suivi)


def reminders_shown(suivi: Suivi) -> Shown:
    """What the page of reminders shows."""
    return {"email": suivi.reminder_email, "on": suivi.reminder_on}


def ending_shown(suivi: Suivi) -> Shown:
    """What somebody sees who ends, reopens or deletes it."""
    return {"closed": suivi.closed_at is not None, **_open_steps(suivi)}


def _open_steps(suivi: Suivi) -> Shown:
    """The way being followed, with its steps, by one query."""
    noted = suivi.routes.filter(ended_at=None).order_by("ticks__step")
    rows = list(noted.values_list("pk", "ticks__step", "ticks__done_on"))
    return {"route": rows[0][0], "ticks": [f"{step} {day}" for _, step, day in rows if step]}


def tick(
    suivi: Suivi,
    key: str,
    *,
    done_on: date,
    choice: str = "",
    at: datetime,
    read: str | None = None,
) -> None:
    """Note that a step was done on a day, or correct the day.

    Raises `ChangedSince` when somebody noted something else since the page was opened.
    """
    with transaction.atomic():
        route = _open_route(suivi)
        now = step_shown(route, key)
        typed = {**now, "done_on": done_on, "choice": choice}
        if read is not None and not is_as_read(read, now) and typed != now:
            raise ChangedSince(("done_on",))
        step = rules.step_of(route.journey, key)
        if step is None:
            raise SuiviRefused("Cette étape n’est plus dans votre liste.")
        noted = dict(route.ticks.values_list("step", "done_on"))
        if refusal := rules.refuse_date(
            step, done_on, chosen=route.journey, noted=noted, today=localdate(at)
        ):
            raise SuiviRefused(refusal)
        if choice not in {"", *(value for value, _ in step.choices)}:
            raise SuiviRefused("Choisissez une des réponses.")
        SuiviTick.objects.update_or_create(
            route=route, step=key, defaults={"done_on": done_on, "choice": choice, "at": at}
        )


def untick(suivi: Suivi, key: str, *, read: str | None = None) -> None:
    """Take a step back; nothing happens when it was not noted.

    Raises `ChangedSince` when it was noted otherwise since the page was opened.
    """
    with transaction.atomic():
        route = _open_route(suivi)
        noted = route.ticks.filter(step=key)
        if noted.exists():
            check_read(read, step_shown(route, key))
            noted.delete()


def change_route(
    suivi: Suivi,
    *,
    regime: Regime,
    channel: Channel | None,
    at: datetime,
    read: str | None = None,
) -> None:
    """Go another way, or begin again: the dates restart, the former ones stay as history.

    Raises `ChangedSince` when the way, or what was noted on it, is not what was read.
    """
    check_route(suivi.chosen_situation, regime, channel)
    with transaction.atomic():
        route = _open_route(suivi)
        is_same = (route.chosen_regime, route.chosen_channel) == (regime, channel)
        if is_same and not route.ticks.exists():
            return  # a second click
        check_read(read, route_shown(route))
        route.ended_at = at
        route.save(update_fields=["ended_at"])
        _begin(suivi, regime, channel, at=at)


def set_reminders(
    suivi: Suivi,
    *,
    email: str,
    on: date | None,
    user: User | None,
    at: datetime,
    read: str | None = None,
) -> bool:
    """Ask for reminders at this address; none without one. True when a yes is to come by mail.

    Raises `ChangedSince` when somebody else has set them otherwise since the page was opened.
    The address of the account needs no other proof; any other is asked first.
    """
    email = read_optional(email)
    with transaction.atomic():
        locked = _open_route(suivi).suivi
        now = reminders_shown(locked)
        typed = {"email": email, "on": on if email else None}
        if read is not None and not is_as_read(read, now) and typed != now:
            raise ChangedSince(("email",))
        if on is not None and on != locked.reminder_on:
            if not locked.may_choose_reminder:
                raise SuiviRefused("Il n’y a pas de jour à choisir ici.")
            if refusal := rules.refuse_reminder_day(on, today=localdate(at)):
                raise SuiviRefused(refusal)
        is_new = email != "" or locked.reminder_email != ""
        is_new = is_new and not same_address(email, locked.reminder_email)
        is_proved = user is not None and same_address(email, user.email)
        locked.reminder_on = on if email else None
        if is_new:
            _delete_mails(locked)
            locked.reminder_email = email
            locked.reminder_confirmed_at, locked.opens_by_mail = None, False
        if email and is_proved and locked.reminder_confirmed_at is None:
            # The page said what an address opens.
            locked.reminder_confirmed_at, locked.opens_by_mail = at, True
        locked.save(update_fields=REMINDER_COLUMNS)
        must_ask = bool(email) and is_new and not is_proved
        if must_ask:
            emails.confirm_reminders(locked, at=at)
    return must_ask


def answer_reminders(suivi: Suivi, *, wanted: bool, at: datetime) -> None:
    """Say yes or no from the link of a mail; no forgets the address, mails included.

    `suivi`: as its link found it. An address written in the place of that one since has not
    answered: `SuiviRefused`, and nothing changes.
    """
    with transaction.atomic():
        locked = Suivi.objects.locked().get(pk=suivi.pk)
        if not same_address(locked.reminder_email, suivi.reminder_email):
            raise SuiviRefused(f"Ce lien ne sert plus{NBSP}: l’adresse des rappels a changé.")
        if wanted:
            locked.reminder_confirmed_at = locked.reminder_confirmed_at or at
            locked.opens_by_mail = True
        else:
            locked.reminder_email, locked.reminder_confirmed_at = "", None
            locked.reminder_on, locked.opens_by_mail = None, False
            _delete_mails(locked)
        locked.save(update_fields=REMINDER_COLUMNS)


def ask_ways_in(address: str, *, at: datetime) -> None:
    """Mail the links that open what this address opens, the latest visited first; or nothing.

    Whoever asks is told the same in both cases; its page counts how often (`seconds_before_code`).
    """
    with transaction.atomic():
        if found := list(Suivi.objects.opened_by(address)[:MOST_WAYS_IN]):
            emails.ways_in(found, at=at)


def close_suivi(suivi: Suivi, *, at: datetime, read: str | None = None) -> None:
    """The people are done: no reminder any more, kept three months. Twice is once.

    Raises `ChangedSince` when a step was noted, or the way changed, since the page was opened.
    """
    with transaction.atomic():
        locked = Suivi.objects.locked().get(pk=suivi.pk)
        if locked.closed_at is None:
            check_read(read, ending_shown(locked))
            Suivi.objects.filter(pk=suivi.pk).update(closed_at=at)


def reopen_suivi(suivi: Suivi) -> None:
    Suivi.objects.filter(pk=suivi.pk).update(closed_at=None, deletion_warned_at=None)


def attach(suivi: Suivi, *, user: User) -> None:
    """Keep it with an account; one that has an owner stays with that owner."""
    Suivi.objects.filter(pk=suivi.pk, owner=None).update(owner=user)


def note_visit(suivi: Suivi, *, at: datetime) -> None:
    """A visit keeps it alive; once a day is enough to know."""
    if localdate(suivi.visited_at) != localdate(at):
        Suivi.objects.filter(pk=suivi.pk).update(visited_at=at)
        # One that is closed goes all the same: a visit does not lengthen it.
        Suivi.objects.filter(pk=suivi.pk, closed_at=None).update(deletion_warned_at=None)


def delete_suivi(suivi: Suivi, *, read: str | None = None) -> None:
    """Delete it and everything about it, the mails of its reminders included.

    Raises `ChangedSince` when a step was noted, or the way changed, since the page was opened.
    """
    with transaction.atomic():
        check_read(read, ending_shown(Suivi.objects.locked().get(pk=suivi.pk)))
        _delete_mails(suivi)
        suivi.delete()


def _delete_mails(suivi: Suivi) -> None:
    """Those of it alone; one mail may hold the links of several."""
    others = SuiviMail.objects.exclude(suivi=suivi).values("email")
    own = suivi.mails.exclude(email_id__in=others)
    Email.objects.filter(pk__in=list(own.values_list("email", flat=True))).delete()
    suivi.mails.all().delete()
