"""The aide-mémoire: what people note, the reminders, the purge."""

import re
from datetime import UTC, date, datetime, timedelta
from secrets import token_hex

import pytest
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from post_office.models import Email

from demarches.mail.emails import mail_text
from demarches.models import User
from demarches.rules.deadlines import DELETION_WARNING
from tests.support.followups import make_suivi
from vitale.actions.suivi import (
    answer_reminders,
    attach,
    change_route,
    close_suivi,
    delete_suivi,
    note_visit,
    open_suivi,
    set_reminders,
    tick,
    untick,
)
from vitale.actions.upkeep import purge, remind, warn_of_deletion
from vitale.models import Suivi, SuiviMail, SuiviOffset, SuiviReminder, SuiviRoute, SuiviTick, Tally
from vitale.reads.tokens import SALT, reminder_token, suivi_of_token
from vitale.reads.tracking import book
from vitale.rules.situations import Channel, Regime, Situation
from vitale.rules.suivi import STEPS, Journey, Purpose

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

NOW = datetime(2027, 3, 15, 9, tzinfo=UTC)
TODAY = date(2027, 3, 15)
ALICE = "alice@example.org"


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


# Opening


def open_with(key: str, *, at: datetime = NOW) -> Suivi:
    return open_suivi(
        situation=Situation.LOSS,
        regime=Regime.CPAM,
        channel=Channel.DESK,
        owner=None,
        form_key=key,
        at=at,
    )


def test_a_double_click_opens_one() -> None:
    key = token_hex(16)

    assert open_with(key) == open_with(key, at=NOW + timedelta(seconds=1))
    assert (Suivi.objects.count(), SuiviRoute.objects.count()) == (1, 1)
    assert Tally.objects.values_list(
        "what", "month", "topic", "regime", "channel", "count"
    ).get() == (
        "suivi",
        date(2027, 3, 1),
        "perte",
        "cpam",
        "guichet",
        1,
    )


def test_an_old_form_on_a_shared_computer_opens_nobody_elses() -> None:
    key = token_hex(16)

    assert open_with(key) != open_with(key, at=NOW + timedelta(minutes=11))
    assert Suivi.objects.count() == 2


@pytest.mark.parametrize(
    ("situation", "regime", "channel"),
    [
        (Situation.PROOF, Regime.CPAM, Channel.ONLINE),
        (Situation.LOSS, Regime.CPAM, Channel.POST),
        (Situation.LOSS, Regime.CPAM, None),
        (Situation.LOSS, Regime.MSA, Channel.DESK),
        (Situation.IDENTITY, Regime.CPAM, Channel.ONLINE),
        (Situation.CHILD, Regime.CPAM, Channel.POST),
    ],
)
def test_what_cannot_be_followed_is_refused(
    situation: Situation, regime: Regime, channel: Channel | None
) -> None:
    with pytest.raises(ValidationError):
        make_suivi(situation=situation, regime=regime, channel=channel)

    assert (Suivi.objects.count(), Tally.objects.count()) == (0, 0)


def test_it_holds_no_name_and_no_number() -> None:
    """Red lines (section 8): the columns themselves."""
    columns = {
        field.name
        for model in (Suivi, SuiviRoute, SuiviTick, SuiviReminder, SuiviMail)
        for field in model._meta.get_fields()
    }

    assert columns == {
        "id", "reference", "secret_digest", "owner", "situation", "created_at", "visited_at",
        "closed_at", "reminder_email", "reminder_confirmed_at", "reminder_on", "form_key",
        "routes", "suivi", "regime", "channel", "started_at", "ended_at", "ticks", "reminders",
        "route", "step", "done_on", "choice", "at", "mails", "email", "deletion_warned_at",
        "opens_by_mail",
    }  # fmt: skip


# Ticking


def test_a_step_is_noted_once_and_its_day_corrected() -> None:
    suivi = make_suivi(at=NOW)

    for day in (date(2027, 3, 1), date(2027, 3, 2)):
        tick(suivi, "declaree", done_on=day, at=NOW)

    assert SuiviTick.objects.values_list("step", "done_on").get() == ("declaree", date(2027, 3, 2))


@pytest.mark.parametrize(
    ("step", "day", "choice"),
    [
        ("commandee", date(2027, 3, 16), ""),
        ("commandee", date(2027, 2, 1), ""),
        ("inconnue", TODAY, ""),
        ("recue", TODAY, "autre"),
    ],
)
def test_an_impossible_step_is_refused_and_nothing_is_noted(
    step: str, day: date, choice: str
) -> None:
    suivi = make_suivi(at=NOW, ticks={"declaree": date(2027, 3, 1)})

    with pytest.raises(ValidationError):
        tick(suivi, step, done_on=day, choice=choice, at=NOW)

    assert list(SuiviTick.objects.values_list("step", flat=True)) == ["declaree"]


def test_nothing_is_noted_in_a_closed_one() -> None:
    suivi = make_suivi(at=NOW)
    close_suivi(suivi, at=NOW)

    with pytest.raises(ValidationError, match="Rouvrez-le"):
        tick(suivi, "declaree", done_on=TODAY, at=NOW)


def test_the_day_is_the_one_of_paris() -> None:
    """23:30 UTC is already the next day there."""
    suivi = make_suivi(at=NOW)

    tick(suivi, "declaree", done_on=date(2027, 3, 16), at=datetime(2027, 3, 15, 23, 30, tzinfo=UTC))

    assert SuiviTick.objects.count() == 1


def test_changing_the_way_keeps_the_history_and_restarts_the_dates() -> None:
    suivi = make_suivi(at=NOW, ticks={"declaree": date(2027, 3, 1), "commandee": date(2027, 3, 1)})
    assert book(suivi, at=NOW).outlooks[0].expected is not None

    for _ in range(2):
        change_route(suivi, regime=Regime.CPAM, channel=Channel.DESK, at=NOW)

    after = book(suivi, at=NOW)
    assert after.route.journey is Journey.REPLACE_DESK
    assert after.outlooks[0].expected is None
    ((old, rows),) = after.history
    assert old.journey is Journey.REPLACE_ONLINE
    assert [row.step.key for row in rows if row.tick] == ["declaree", "commandee"]


def test_a_form_after_an_order_is_a_second_request() -> None:
    suivi = make_suivi(at=NOW, ticks={"commandee": date(2027, 3, 1)})
    change_route(suivi, regime=Regime.CPAM, channel=Channel.DESK, at=NOW)
    assert not book(suivi, at=NOW).asks_twice

    tick(suivi, "envoye", done_on=date(2027, 3, 2), at=NOW)

    assert book(suivi, at=NOW).asks_twice


def test_two_ways_at_once_are_refused_by_the_database() -> None:
    suivi = make_suivi(at=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        SuiviRoute.objects.create(suivi=suivi, regime="cpam", channel="guichet", started_at=NOW)


# What is expected


def test_the_dates_of_a_lost_card_come_from_the_delays_of_the_guide() -> None:
    suivi = make_suivi(at=NOW, ticks={"declaree": date(2027, 3, 1), "commandee": date(2027, 3, 1)})

    (outlook,) = book(suivi, at=later(10)).outlooks

    assert outlook.expected is not None
    assert outlook.expected.delay.source_id == "f265"
    assert (outlook.expected.first, outlook.expected.last, outlook.days_past) == (
        date(2027, 3, 15),
        date(2027, 3, 22),
        3,
    )


def test_an_unknown_caisse_shows_both_apart() -> None:
    suivi = make_suivi(at=NOW, regime=Regime.UNKNOWN, ticks={"commandee": date(2027, 2, 1)})

    cpam, msa = book(suivi, at=NOW).outlooks

    assert (cpam.caisse, cpam.expected is None, len(cpam.helps)) == ("la CPAM", False, 1)
    assert (msa.caisse, msa.expected, msa.helps, msa.estimates) == ("la MSA", None, (), ())


@pytest.mark.parametrize("situation", [Situation.LOSS, Situation.FIRST, Situation.CHILD])
def test_the_msa_inherits_no_delay(situation: Situation) -> None:
    suivi = make_suivi(
        situation=situation, regime=Regime.MSA, at=NOW, ticks={"demande": date(2027, 2, 1)}
    )

    shown = book(suivi, at=NOW)

    assert [outlook.expected for outlook in shown.outlooks] == [None]
    assert [due.offset.text for due in shown.outlooks[0].helps] == [
        "Consultez « Ma carte Vitale » dans votre espace privé MSA : les étapes y sont montrées."
    ]


def test_the_card_of_a_child_has_an_estimate_that_says_so() -> None:
    suivi = make_suivi(situation=Situation.CHILD, at=NOW, ticks={"commandee": date(2027, 3, 10)})

    (outlook,) = book(suivi, at=NOW).outlooks

    assert outlook.expected is None
    assert [(due.day, "estimation" in due.offset.text) for due in outlook.estimates] == [
        (date(2027, 3, 24), True)
    ]


def test_a_waiting_number_ends_nine_calendar_months_later() -> None:
    suivi = make_suivi(
        situation=Situation.NEWCOMER,
        channel=None,
        at=NOW,
        ticks={"depose": date(2026, 5, 1), "nia": date(2026, 5, 31)},
    )

    shown = book(suivi, at=NOW)

    assert [due.day for due in shown.outlooks[0].estimates] == [date(2027, 2, 28)]
    assert shown.reminders == []  # that day was over: no mail comes for it


def test_every_row_of_the_table_names_a_step_of_its_journey() -> None:
    for row in SuiviOffset.objects.all():
        row.full_clean()
    reminded = set(SuiviOffset.objects.filter(purpose="rappel").values_list("journey", flat=True))

    assert reminded == {chosen.value for chosen in STEPS} - {"appli"}
    one_a_step = SuiviOffset.objects.filter(purpose=Purpose.REMINDER.value).exclude(
        journey="commande-en-ligne"
    )
    steps = list(one_a_step.values_list("journey", "until_step"))
    assert len(steps) == len(set(steps))


# Reminders


def lost(**more: object) -> Suivi:
    """Declared and never ordered: reminded two days later."""
    return make_suivi(at=NOW, ticks={"declaree": TODAY}, reminders_to=ALICE)


def test_a_reminder_leaves_once_on_its_day_and_says_nothing() -> None:
    suivi = lost()

    sent = [remind(at=later(day)) for day in (0, 1, 2, 2, 3, 60)]

    assert sent == [0, 0, 1, 0, 0, 0]
    mail = Email.objects.get()
    assert (mail.to, mail.subject) == ([ALICE], "Rappel de votre aide-mémoire")
    seen, _, below = mail_text(mail).partition("Ouvrir votre aide-mémoire")
    words = f"{mail.subject} {seen}".lower()
    assert [w for w in ("perte", "perdue", "vitale", "carte", "cpam", "ameli") if w in words] == []
    assert "Avez-vous commandé la nouvelle carte" in below
    assert suivi.reference in mail_text(mail)


@pytest.mark.parametrize("change", ["ticked", "closed", "stopped", "deleted", "other way"])
def test_no_reminder_once_it_serves_no_more(change: str) -> None:
    suivi = lost()
    {
        "ticked": lambda: tick(suivi, "commandee", done_on=TODAY, at=NOW),
        "closed": lambda: close_suivi(suivi, at=NOW),
        "stopped": lambda: answer_reminders(suivi, wanted=False, at=NOW),
        "deleted": lambda: delete_suivi(suivi),
        "other way": lambda: change_route(suivi, regime=Regime.CPAM, channel=Channel.PHONE, at=NOW),
    }[change]()

    assert remind(at=later(5)) == 0
    assert Email.objects.count() == 0


def test_a_step_that_was_ticked_is_reminded_of_again_by_the_next_one_only() -> None:
    suivi = lost()
    remind(at=later(2))
    tick(suivi, "commandee", done_on=date(2027, 3, 18), at=later(3))

    assert [remind(at=later(day)) for day in (10, 23, 24, 25)] == [0, 0, 1, 0]
    assert set(SuiviReminder.objects.values_list("step", flat=True)) == {"commandee", "recue"}


def test_a_date_that_was_over_when_it_was_typed_brings_no_mail() -> None:
    make_suivi(at=NOW, ticks={"declaree": date(2027, 3, 1)}, reminders_to=ALICE)

    assert remind(at=NOW) == 0


def test_without_a_yes_nothing_leaves() -> None:
    suivi = make_suivi(at=NOW, ticks={"declaree": TODAY})
    assert set_reminders(suivi, email=ALICE, on=None, user=None, at=NOW)
    question = Email.objects.get()
    assert question.subject == "Voulez-vous des rappels ?"
    assert remind(at=later(2)) == 0

    suivi.refresh_from_db()
    # What is signed, without the second at which it was.
    what = reminder_token(suivi).split(":")[0]
    assert what in mail_text(question)
    answer_reminders(suivi, wanted=True, at=later(1))

    assert remind(at=later(2)) == 1


def test_the_address_of_the_account_needs_no_question(alice: User) -> None:
    suivi = make_suivi(owner=alice, at=NOW)

    assert not set_reminders(suivi, email=alice.email.upper(), on=None, user=alice, at=NOW)

    suivi.refresh_from_db()
    assert suivi.reminder_confirmed_at == NOW
    assert Email.objects.count() == 0


def test_another_address_asks_again_and_kills_the_former_link() -> None:
    suivi = lost()
    token = reminder_token(suivi)

    assert set_reminders(suivi, email="bob@example.org", on=None, user=None, at=NOW)

    suivi.refresh_from_db()
    assert suivi.reminder_confirmed_at is None
    assert suivi_of_token(token) is None
    assert suivi_of_token(token + "x") is None
    assert suivi_of_token(reminder_token(suivi)) == suivi


def test_no_link_holds_an_address() -> None:
    suivi = make_suivi(at=NOW, reminders_to=ALICE)

    held = signing.loads(reminder_token(suivi), salt=SALT)

    assert held[0] == suivi.pk
    assert re.fullmatch(r"[0-9a-f]{32}", held[1])
    assert reminder_token(make_suivi(at=NOW, reminders_to=ALICE)) != reminder_token(suivi)


@pytest.mark.parametrize(
    ("held", "opens"),
    [
        (ALICE, True),
        (ALICE.upper(), True),  # as addresses could be written then
        ("bob@example.org", False),
        ("", False),
        (None, False),
    ],
)
def test_links_mailed_before_still_open_the_address_they_name(held: object, opens: bool) -> None:
    suivi = make_suivi(at=NOW, reminders_to=ALICE)

    token = signing.dumps([suivi.pk, held], salt=SALT)

    assert (suivi_of_token(token) == suivi) is opens


def test_a_parent_chooses_the_day_and_no_birth_date_is_asked() -> None:
    suivi = make_suivi(situation=Situation.SIXTEEN, at=NOW, reminders_to=ALICE)

    set_reminders(suivi, email=ALICE, on=date(2027, 4, 1), user=None, at=NOW)

    assert [remind(at=later(day)) for day in (16, 17, 18)] == [0, 1, 0]


def test_the_chosen_month_of_an_update_stands_for_the_twelve() -> None:
    suivi = make_suivi(
        situation=Situation.UPDATE, channel=None, at=NOW, ticks={"borne": TODAY}, reminders_to=ALICE
    )
    assert book(suivi, at=NOW).reminders == [date(2028, 3, 15)]

    set_reminders(suivi, email=ALICE, on=date(2027, 9, 1), user=None, at=NOW)

    suivi.refresh_from_db()
    assert book(suivi, at=NOW).reminders == [date(2027, 9, 1)]
    assert [remind(at=later(day)) for day in (169, 170, 400)] == [0, 1, 0]


def test_a_yearly_reminder_comes_before_the_purge() -> None:
    make_suivi(
        situation=Situation.UPDATE, channel=None, at=NOW, ticks={"borne": TODAY}, reminders_to=ALICE
    )
    year = datetime(2028, 3, 15, 3, tzinfo=UTC)

    assert purge(at=year).suivis == 0
    assert remind(at=year) == 1


@pytest.mark.parametrize("on", [TODAY, date(2028, 3, 16)])
def test_a_day_too_near_or_too_far_is_refused(on: date) -> None:
    suivi = make_suivi(situation=Situation.SIXTEEN, at=NOW)

    with pytest.raises(ValidationError):
        set_reminders(suivi, email=ALICE, on=on, user=None, at=NOW)

    assert (Email.objects.count(), Suivi.objects.get().reminder_email) == (0, "")


def test_the_database_keeps_one_reminder_a_step() -> None:
    suivi = lost()
    remind(at=later(2))
    route = suivi.routes.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        SuiviReminder.objects.create(route=route, step="commandee", at=NOW)


# An account, and the end


def test_an_account_takes_one_that_nobody_has(alice: User, bob: User) -> None:
    suivi = make_suivi(at=NOW)

    attach(suivi, user=alice)
    attach(suivi, user=bob)

    assert list(Suivi.objects.visible_to(alice)) == [suivi]
    assert list(Suivi.objects.visible_to(bob)) == []
    alice.delete()
    assert Suivi.objects.count() == 0


def test_taking_a_step_back_twice_is_nothing() -> None:
    suivi = make_suivi(at=NOW, ticks={"declaree": TODAY})

    untick(suivi, "declaree")
    untick(suivi, "declaree")

    assert SuiviTick.objects.count() == 0


def test_an_address_that_is_given_up_stays_in_no_mail() -> None:
    suivi = make_suivi(at=NOW, ticks={"declaree": TODAY})
    set_reminders(suivi, email=ALICE, on=None, user=None, at=NOW)
    set_reminders(suivi, email="bob@example.org", on=None, user=None, at=NOW)
    assert [mail.to for mail in Email.objects.all()] == [["bob@example.org"]]

    answer_reminders(Suivi.objects.get(pk=suivi.pk), wanted=False, at=NOW)

    assert Email.objects.count() == 0


def test_deleting_leaves_nothing_but_the_count() -> None:
    suivi = lost()
    remind(at=later(2))

    delete_suivi(suivi)

    left = [model.objects.count() for model in (Suivi, SuiviRoute, SuiviTick, SuiviReminder, Email)]
    assert left == [0, 0, 0, 0, 0]
    assert Tally.objects.get().count == 1


@pytest.mark.parametrize(
    ("situation", "closed", "at", "gone"),
    [
        (Situation.LOSS, True, datetime(2027, 6, 15, 9, tzinfo=UTC), 0),
        (Situation.LOSS, True, datetime(2027, 6, 16, 9, tzinfo=UTC), 1),
        (Situation.LOSS, False, datetime(2028, 3, 15, 9, tzinfo=UTC), 0),
        (Situation.LOSS, False, datetime(2028, 3, 16, 9, tzinfo=UTC), 1),
        (Situation.NEWCOMER, False, datetime(2028, 6, 15, 9, tzinfo=UTC), 0),
        (Situation.NEWCOMER, False, datetime(2028, 6, 16, 9, tzinfo=UTC), 1),
        (Situation.NEWCOMER, True, datetime(2027, 6, 16, 9, tzinfo=UTC), 1),
    ],
)
def test_what_is_closed_or_left_goes_in_its_time(
    situation: Situation, closed: bool, at: datetime, gone: int
) -> None:
    channel = None if situation is Situation.NEWCOMER else Channel.ONLINE
    suivi = make_suivi(situation=situation, channel=channel, at=NOW)
    if closed:
        close_suivi(suivi, at=NOW)

    assert purge(at=at).suivis == 0  # nothing goes in silence
    assert warn_of_deletion(at=at - DELETION_WARNING) == gone
    assert purge(at=at, dry_run=True).suivis == gone
    assert Suivi.objects.count() == 1
    assert purge(at=at).suivis == gone
    assert purge(at=at).suivis == 0
    assert Suivi.objects.count() == 1 - gone


def test_the_commands_say_what_they_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("remind_vitale")
    call_command("purge_vitale", dry_run=True)
    call_command("purge_vitale")

    assert capsys.readouterr().out.splitlines() == [
        "Rappels d’aide-mémoire : 0. Rappels de rendez-vous : 0.",
        "À prévenir : 0. À effacer : 0 aide-mémoire, 0 demande d’aide.",
        "Prévenus : 0. Effacés : 0 aide-mémoire, 0 demande d’aide.",
    ]


def test_a_forgotten_aide_memoire_is_announced_once_and_a_visit_keeps_it() -> None:
    suivi = make_suivi(situation=Situation.LOSS, channel=Channel.ONLINE, at=NOW, reminders_to=ALICE)
    soon = datetime(2028, 3, 5, 9, tzinfo=UTC)
    Email.objects.all().delete()

    assert [warn_of_deletion(at=soon), warn_of_deletion(at=soon)] == [1, 0]
    assert [mail.to for mail in Email.objects.all()] == [[ALICE]]
    suivi.refresh_from_db()
    assert suivi.account_hint.endswith(", effacé le 19\u00a0mars 2028")

    note_visit(suivi, at=soon)

    assert purge(at=soon + timedelta(days=30)).suivis == 0
    suivi.refresh_from_db()
    assert suivi.deleted_on is None
