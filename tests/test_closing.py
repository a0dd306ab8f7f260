"""Closing a day: held, confirmed, moved or cancelled, told; and what went otherwise meanwhile."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from post_office.models import Email

from demarches.admin.stranding import stranded_now
from demarches.agenda.booking import midnight
from demarches.agenda.closing import calls_of, left_to_do, plan_of
from demarches.agenda.closing_actions import (
    ClosingOver,
    ClosingRefused,
    abandon,
    choose,
    note_call,
    propose_again,
)
from demarches.agenda.seats import SlotTaken, offered_days
from demarches.mail.emails import mail_text
from demarches.models import (
    Agenda,
    AgendaDayChange,
    Appointment,
    Closing,
    ClosingCall,
    ClosingLine,
    Closure,
    Mairie,
    Service,
    User,
)
from demarches.rules.closing import Toll
from demarches.rules.slots import Asked
from demarches.web.as_read import ChangedSince
from pacs.actions.appointments import book_for, cancel_for, hold_slot
from pacs.actions.endings import end_dossier, undo_ending
from pacs.actions.upkeep import purge_dossiers
from pacs.models import Dossier
from pacs.reads.booking import asked_by
from tests.support.closing import (
    HALF_HOUR,
    NOW,
    PARIS,
    THURSDAY,
    begin,
    couple,
    finish,
    free_on,
    helped,
    mark,
    without_address,
)
from tests.support.followups import fresh, help_agenda
from tests.support.present import the
from uzes_portal.closing_desk import closers
from vitale.actions import meetings
from vitale.models import Demande

FRIDAY = THURSDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def dossier(agent: User) -> Dossier:
    return couple(agent)


def anybody(at: datetime = NOW) -> Asked:
    today = at.date()
    return Asked(now=at, first_day=today, last_day=today + timedelta(days=300), at_counter=True)


def now_of(dossier: Dossier) -> Dossier:
    return Dossier.objects.select_related("appointment").get(pk=dossier.pk)


def line_of(dossier: Dossier) -> ClosingLine:
    return ClosingLine.objects.select_related("seat", "appointment").get(
        appointment__holder=dossier.reference
    )


# Holding the day


def test_from_the_first_gesture_nobody_books_that_day(dossier: Dossier, agent: User) -> None:
    help_agenda()
    before = free_on(THURSDAY, asked=anybody())

    begin(agent)

    assert before > 5
    assert free_on(THURSDAY, asked=anybody()) == 0
    assert free_on(THURSDAY, asked=anybody(), slug="aide-carte-vitale") == 0
    agenda = Agenda.objects.select_related("service__mairie").get(slug="pacs")
    asked = asked_by(dossier, agenda, reader=None, at=NOW, is_overriding=True)
    with pytest.raises(SlotTaken, match="Plus de nouveau rendez-vous ce jour-là"):
        book_for(dossier, THURSDAY + 3 * HALF_HOUR, by=agent, at=NOW)
    assert asked.at_counter
    # Nothing else has changed.
    assert the(now_of(dossier).appointment).starts_at == THURSDAY
    assert (Closure.objects.count(), Email.objects.filter(subject__contains="changé").count()) == (
        0,
        0,
    )


def test_the_couple_s_door_is_shut_too(agent: User) -> None:
    day = datetime(2026, 12, 10, 8, tzinfo=PARIS)
    dossier = couple(agent)
    hold_slot(now_of(dossier).people[0], day, at=NOW)

    begin(agent, day=day.date())

    with pytest.raises(SlotTaken, match="Plus de nouveau rendez-vous"):
        hold_slot(now_of(dossier).people[0], day + HALF_HOUR, at=NOW)


def test_hours_of_one_service_leave_the_rest_open(dossier: Dossier, agent: User) -> None:
    begin(agent, from_time=time(14), service=Service.objects.get(slug="etat-civil"))

    agenda = Agenda.objects.select_related("service__mairie").get(slug="pacs")
    slots = [s for s in agenda_slots(agenda) if s.date() == THURSDAY.date()]
    assert slots
    assert max(slots).hour < 14
    assert ClosingLine.objects.count() == 0  # eight in the morning


def agenda_slots(agenda: Agenda) -> list[datetime]:
    days = offered_days(agenda, midnight(THURSDAY.date()), midnight(THURSDAY.date()), anybody())
    return [slot.starts_at for day in days for slot in day.slots]


def test_another_service_is_not_concerned(dossier: Dossier, agent: User) -> None:
    other = Service.objects.exclude(slug="etat-civil").first()

    with pytest.raises(ClosingRefused, match="Personne n’est attendu"):
        begin(agent, service=other)
    assert free_on(THURSDAY, asked=anybody()) > 5


def test_after_thirty_minutes_or_given_up_nothing_has_changed(
    dossier: Dossier, agent: User
) -> None:
    closing = begin(agent)
    later = NOW + timedelta(minutes=30)
    held = the(line_of(dossier).seat)

    assert free_on(THURSDAY, asked=anybody(later)) > 5
    with pytest.raises(ClosingOver, match="rien n’a changé"):
        finish(closing, agent, at=later)
    abandon(closing, at=later)
    abandon(closing, at=later)

    held.refresh_from_db()
    assert (held.status, held.seat) == ("lapsed", None)
    assert the(now_of(dossier).appointment).starts_at == THURSDAY
    assert Closure.objects.count() == 0


def test_a_colleague_who_starts_too_is_told_who_and_until_when(
    dossier: Dossier, agent: User
) -> None:
    other = User.objects.create_user("deux@mairie.example", full_name="Sam Roux", is_staff=True)
    first = begin(agent)

    with pytest.raises(ClosingRefused, match="Nour Vidal ferme déjà ce jour, depuis 10"):
        begin(other)
    begin(agent, reason="Formation")  # one's own begins anew

    first.refresh_from_db()
    assert first.abandoned_at == NOW
    begin(other, at=NOW + timedelta(minutes=31))
    assert Closing.objects.unfinished().count() == 1


def test_a_moment_that_has_passed_is_not_closed(dossier: Dossier, agent: User) -> None:
    with pytest.raises(ClosingRefused, match="déjà passé"):
        begin(agent, day=NOW.date(), until_time=time(9))


def test_the_database_refuses_what_must_never_be(dossier: Dossier, agent: User) -> None:
    closing = begin(agent)
    rows = Closing.objects.filter(pk=closing.pk)
    for wrong in (
        {"closed_at": NOW},
        {"closed_at": NOW, "closed_by": agent, "abandoned_at": NOW},
        {"from_time": time(10), "until_time": time(9)},
        {"until_time": time.min},
        {"held_until": NOW},
        {"last_day": THURSDAY.date() - timedelta(days=1)},
        {"closure": Closure.objects.create(
            mairie=Mairie.objects.get(), first_day=THURSDAY.date(), last_day=THURSDAY.date()
        )},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Closing.objects.create(
            mairie=closing.mairie, day=closing.day, last_day=closing.day, reason="x", by=agent,
            at=NOW, held_until=NOW + HALF_HOUR,
        )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        ClosingLine.objects.update(outcome="moved")
    with pytest.raises(IntegrityError), transaction.atomic():
        ClosingCall.objects.create(line=line_of(dossier), position=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClosingCall.objects.create(line=line_of(dossier), position=1, called_at=NOW)


# Proposals


def test_each_is_held_the_nearest_seat_where_the_papers_serve(agent: User) -> None:
    first, second = couple(agent, 0), couple(agent, 1)
    # The papers of the second end on the Friday: they choose first.
    serves_until(second, FRIDAY.date())

    begin(agent)

    assert the(line_of(second).seat).starts_at == FRIDAY
    assert the(line_of(first).seat).starts_at == FRIDAY + HALF_HOUR
    assert the(line_of(first).seat).status == "held"
    assert the(line_of(first).seat).held_until == NOW + timedelta(minutes=30)


def serves_until(dossier: Dossier, day: date) -> None:
    """Identity papers that end that day."""
    dossier.pieces.filter(key="1-P03_identite").update(expires_on=day, is_french_adult_card=False)


def test_without_a_day_for_their_papers_they_are_to_choose(dossier: Dossier, agent: User) -> None:
    serves_until(dossier, THURSDAY.date())

    closing = begin(agent)

    (row,) = plan_of(closing, closers(), at=NOW, with_choices=True).rows
    assert (row.seat, row.choices, row.hint) == (None, (), "aucun jour possible")
    assert row.party.serves_until == THURSDAY.date()


def test_another_seat_may_be_chosen_and_one_that_went_is_told(
    dossier: Dossier, agent: User
) -> None:
    closing = begin(agent)
    other = couple(agent, 5, start=FRIDAY + 4 * HALF_HOUR)
    line, former = line_of(dossier), the(line_of(dossier).seat)

    refused = choose(
        closing, {line.pk: FRIDAY + 4 * HALF_HOUR}, closers(), read=mark(closing), at=NOW
    )
    assert refused == {line.pk: "Ce créneau n’est plus libre."}
    assert line_of(dossier).seat == former

    assert (
        choose(closing, {line.pk: FRIDAY + 5 * HALF_HOUR}, closers(), read=mark(closing), at=NOW)
        == {}
    )
    former.refresh_from_db()
    assert (the(line_of(dossier).seat).starts_at, former.status) == (
        FRIDAY + 5 * HALF_HOUR,
        "lapsed",
    )
    read = mark(closing)
    assert choose(closing, {line.pk: None}, closers(), read=read, at=NOW) == {}
    assert line_of(dossier).seat is None
    with pytest.raises(ChangedSince):
        choose(closing, {line.pk: FRIDAY}, closers(), read=read, at=NOW)
    assert the(now_of(other).appointment).starts_at == FRIDAY + 4 * HALF_HOUR


# The last press


def test_the_day_closes_everybody_is_moved_cancelled_and_told(agent: User) -> None:
    moved, cancelled = couple(agent, 0), couple(agent, 1)
    without_address(moved)
    closing = begin(agent)
    choose(closing, {line_of(cancelled).pk: None}, closers(), read=mark(closing), at=NOW)
    former = the(now_of(moved).appointment)
    plan = plan_of(closing, closers(), at=NOW)
    assert plan.button == (
        "Fermer jeudi 3\u00a0décembre, déplacer 1 rendez-vous, en annuler 1, écrire 3 mails,"
        " 1 appel à faire"
    )

    done = finish(closing, agent)

    assert done == plan.toll == Toll(moved=1, cancelled=1, mails=3, calls=1)
    closing.refresh_from_db()
    closure = Closure.objects.get()
    assert (closing.closure, closing.closed_by, closing.closed_at) == (closure, agent, NOW)
    assert (closure.first_day, closure.reason, closure.service) == (
        THURSDAY.date(),
        "Fermé exceptionnellement",
        None,
    )
    one, two = now_of(moved), now_of(cancelled)
    assert (one.status, the(one.appointment).starts_at, the(one.appointment).status) == (
        "scheduled",
        FRIDAY,
        "booked",
    )
    assert (the(one.appointment).uid, the(one.appointment).sequence) == (former.uid, 1)
    assert (two.status, two.appointment) == ("complete", None)
    why = "La mairie ne reçoit pas le jeudi 3\u00a0décembre 2026. Fermé exceptionnellement."
    event = one.events.get(kind="appointment_moved")
    assert (event.by, why in event.reason) == (agent, True)
    assert two.events.get(transition="unschedule").reason == why
    texts = {
        subject: [mail_text(one) for one in Email.objects.filter(subject=subject)]
        for subject in (
            "Votre rendez-vous à la mairie a changé",
            "Votre rendez-vous à la mairie est annulé",
        )
    }
    assert [len(found) for found in texts.values()] == [1, 2]
    assert all(why in text for found in texts.values() for text in found)
    assert "vendredi 4\u00a0décembre 2026" in texts["Votre rendez-vous à la mairie a changé"][0]
    assert free_on(THURSDAY, asked=anybody()) == 0
    call = ClosingCall.objects.get()
    assert (call.position, call.called_at) == (2, None)


def test_pressing_twice_is_once(dossier: Dossier, agent: User) -> None:
    closing = begin(agent)
    read = mark(closing)

    finish(closing, agent, read=read)
    again = finish(closing, agent, read=read)

    assert again == Toll()
    assert (Closure.objects.count(), dossier.events.filter(kind="appointment_moved").count()) == (
        1,
        1,
    )


def test_a_page_that_a_colleague_changed_closes_nothing(dossier: Dossier, agent: User) -> None:
    closing = begin(agent)
    read = mark(closing)
    choose(closing, {line_of(dossier).pk: None}, closers(), read=read, at=NOW)

    with pytest.raises(ChangedSince):
        finish(closing, agent, read=read)

    assert (Closure.objects.count(), the(now_of(dossier).appointment).starts_at) == (0, THURSDAY)


def test_a_couple_who_moved_meanwhile_is_left_alone_and_told_to_the_agent(agent: User) -> None:
    stays, leaves = couple(agent, 0), couple(agent, 1)
    closing = begin(agent)
    target = FRIDAY + 6 * HALF_HOUR
    book_for(leaves, target, by=agent, at=NOW)

    done = finish(closing, agent)

    assert (done.moved, the(now_of(leaves).appointment).starts_at) == (1, target)
    assert the(now_of(stays).appointment).starts_at == FRIDAY
    line = line_of_first(leaves)
    assert (line.outcome, line.seat) == ("gone", None)
    assert "a été déplacé" in line.problem
    assert left_to_do() == []


def line_of_first(dossier: Dossier) -> ClosingLine:
    return ClosingLine.objects.filter(appointment__holder=dossier.reference).earliest("pk")


def test_a_couple_who_cancelled_meanwhile_is_not_written_to_again(
    dossier: Dossier, agent: User
) -> None:
    closing = begin(agent)
    cancel_for(dossier, reason="À leur demande.", by=agent, at=NOW, version=None)
    mails = Email.objects.count()

    assert finish(closing, agent) == Toll()

    line = line_of(dossier)
    assert (line.outcome, line.problem) == ("gone", "Ce dossier n’a pas de rendez-vous.")
    assert (Closure.objects.count(), Email.objects.count()) == (1, mails)


def test_a_seat_that_went_meanwhile_brings_the_couple_back_alone(agent: User) -> None:
    loser, other = couple(agent, 0), couple(agent, 1)
    closing = begin(agent)
    seat = the(line_of(loser).seat)
    # Taken past every rule, as after a restored archive.
    seat.seat_times.all().delete()
    Appointment.objects.filter(pk=seat.pk).update(status="lapsed", seat=None)
    read = mark(closing)
    third = couple(agent, 7, start=seat.starts_at)

    done = finish(closing, agent, read=read)

    closing.refresh_from_db()
    assert (done.moved, closing.is_closed) == (1, True)
    assert the(now_of(other).appointment).starts_at != THURSDAY + HALF_HOUR
    line = line_of(loser)
    assert (line.outcome, line.problem) == (
        "",
        "Ce créneau vient d’être pris par quelqu’un d’autre.",
    )
    assert the(line.seat).starts_at not in {
        seat.starts_at,
        the(now_of(other).appointment).starts_at,
    }
    assert [(left.to_place, left.calls) for left in left_to_do()] == [(1, 0)]

    again = plan_of(closing, closers(), at=NOW)
    assert again.button == "Déplacer 1 rendez-vous, écrire 2 mails"
    finish(closing, agent, at=NOW + timedelta(hours=2))  # the day is closed: no hurry

    assert the(now_of(loser).appointment).starts_at == the(line.seat).starts_at
    assert Closure.objects.count() == 1
    assert the(now_of(third).appointment).starts_at == seat.starts_at


def test_papers_that_end_meanwhile_bring_the_couple_back(dossier: Dossier, agent: User) -> None:
    closing = begin(agent)
    serves_until(dossier, THURSDAY.date())

    finish(closing, agent)

    line = line_of(dossier)
    assert (line.outcome, line.seat) == ("", None)
    assert line.problem
    assert the(now_of(dossier).appointment).starts_at == THURSDAY


def test_who_got_an_appointment_at_the_last_moment_is_taken_in(agent: User) -> None:
    first, late = couple(agent, 0), couple(agent, 4, start=FRIDAY + 6 * HALF_HOUR)
    closing = begin(agent)
    # Their booking had been read before the pause, and was written after.
    Appointment.objects.filter(pk=the(late.appointment_id)).update(
        starts_at=THURSDAY + 4 * HALF_HOUR, ends_at=THURSDAY + 5 * HALF_HOUR
    )

    finish(closing, agent)

    assert the(now_of(first).appointment).starts_at == FRIDAY
    assert (line_of(late).outcome, line_of(late).seat is not None) == ("", True)


def test_an_exceptional_opening_of_the_span_goes_the_rest_stays(agent: User) -> None:
    agenda = Agenda.objects.select_related("service__mairie").get(slug="pacs")
    saturday = date(2026, 12, 12)
    agenda.changes.create(is_added=True, day=saturday, from_time=time(9), until_time=time(12))
    start = datetime.combine(saturday, time(10), PARIS)
    dossier = couple(agent, start=start)
    closing = begin(agent, day=saturday, from_time=time(10))

    assert free_on(start, asked=anybody()) == 2
    finish(closing, agent)

    assert [(one.from_time, one.until_time) for one in agenda.changes.all()] == [
        (time(9), time(10))
    ]
    assert the(now_of(dossier).appointment).starts_at > start
    assert free_on(start, asked=anybody()) == 2


def test_an_end_is_not_undone_into_a_day_that_closed(dossier: Dossier, agent: User) -> None:
    ending = end_dossier(
        dossier, "retirer", reason="À leur demande.", by=agent, at=NOW, version=None
    )
    finish(begin(agent), agent)

    with pytest.raises(ValidationError, match="ne reçoit plus"):
        undo_ending(ending, by=agent, at=NOW + timedelta(minutes=1))


def test_pausing_a_day_strands_nobody_elsewhere(dossier: Dossier, agent: User) -> None:
    """A colleague may go on setting hours meanwhile: what is booked stands."""
    begin(agent)

    assert stranded_now(at=NOW) == []


def test_a_year_later_nothing_is_kept_of_it(dossier: Dossier, agent: User) -> None:
    finish(begin(agent), agent)

    purge_dossiers(at=THURSDAY + timedelta(days=360))
    assert Closing.objects.count() == 1
    purge_dossiers(at=THURSDAY + timedelta(days=370))

    assert (Closing.objects.count(), ClosingLine.objects.count()) == (0, 0)
    assert Closure.objects.count() == 1  # the public one is the mairie's


# Help


def test_days_in_a_row_close_together_and_nobody_goes_from_one_to_the_next(agent: User) -> None:
    first = couple(agent)
    second = couple(agent, 1, start=THURSDAY + timedelta(days=1))
    monday = THURSDAY.date() + timedelta(days=4)
    opening = AgendaDayChange.objects.create(
        agenda=Agenda.objects.get(slug="pacs"),
        is_added=True,
        day=THURSDAY.date() + timedelta(days=2),
        from_time=time(13),
        until_time=time(15),
    )

    closing = begin(agent, last_day=monday)

    assert closing.day_label == "du jeudi 3\u00a0décembre au lundi 7\u00a0décembre"
    held = [the(line.seat).starts_at for line in closing.lines.all()]
    assert all(one.date() > monday for one in held)
    with pytest.raises(ClosingRefused, match="ferme déjà du jeudi 3"):
        begin(User.objects.create_user("deux@mairie.example"), day=monday)
    finish(closing, agent)
    assert [the(now_of(one).appointment).starts_at for one in (first, second)] == held
    closure = Closure.objects.get()
    assert (closure.first_day, closure.last_day) == (THURSDAY.date(), monday)
    assert not AgendaDayChange.objects.filter(pk=opening.pk).exists()


def test_what_was_agreed_outside_of_the_hours_is_named_and_left(
    dossier: Dossier, agent: User
) -> None:
    Appointment.objects.filter(holder=dossier.reference).update(
        is_exceptional=True, place="Hôpital"
    )

    closing = begin(agent)

    plan = plan_of(closing, closers(), at=NOW)
    assert plan.rows == ()
    assert [(one.place, party.reference) for one, party in plan.exceptional] == [
        ("Hôpital", dossier.reference)
    ]
    assert plan.references == [dossier.reference]
    finish(closing, agent)
    assert the(now_of(dossier).appointment).starts_at == THURSDAY


def test_proposing_again_gives_up_what_was_chosen(dossier: Dossier, agent: User) -> None:
    closing = begin(agent)
    line = line_of(dossier)
    choose(closing, {line.pk: None}, closers(), read=mark(closing), at=NOW)

    propose_again(closing, closers(), read=mark(closing), at=NOW + timedelta(minutes=20))

    again = the(line_of(dossier).seat)
    assert (again.status, again.held_until) == ("held", NOW + timedelta(minutes=50))


def test_each_gesture_gives_thirty_minutes_more_up_to_three_hours(
    dossier: Dossier, agent: User
) -> None:
    closing = begin(agent)
    at = NOW
    for _ in range(7):
        at += timedelta(minutes=25)
        choose(closing, {}, closers(), read=mark(closing, at=at), at=at)
    closing.refresh_from_db()
    assert closing.held_until == the(line_of(dossier).seat).held_until == NOW + timedelta(hours=3)
    with pytest.raises(ClosingOver):
        propose_again(closing, closers(), read=mark(closing, at=at), at=closing.held_until)


def test_help_is_proposed_another_date_that_the_person_confirms(agent: User) -> None:
    demande = helped(agent, THURSDAY, email="tran@example.org")

    closing = begin(agent)
    done = finish(closing, agent)

    assert done == Toll(moved=1, mails=1)
    demande = fresh(demande)
    assert (demande.code.value, the(demande.appointment).starts_at) == ("rdv-propose", FRIDAY)
    assert the(demande.appointment).held_until == min(NOW + timedelta(hours=72), FRIDAY)
    mail = Email.objects.latest("pk")
    assert mail.subject == "La mairie vous propose un rendez-vous"
    assert "La mairie ne reçoit pas le jeudi 3\u00a0décembre 2026." in mail.message
    assert "METHOD:CANCEL" in mail.context["calendar"]
    booked = meetings.confirm(demande, by=None, at=NOW)
    assert (booked.status, booked.starts_at) == ("booked", FRIDAY)


def test_help_may_be_cancelled_with_a_word(agent: User) -> None:
    demande = helped(agent, THURSDAY)
    closing = begin(agent)
    line = ClosingLine.objects.get()
    choose(closing, {line.pk: None}, closers(), read=mark(closing), at=NOW)

    assert finish(closing, agent) == Toll(cancelled=1, calls=1)

    demande = fresh(demande)
    assert (demande.code.value, demande.appointment) == ("prise-en-charge", None)
    assert demande.waiting_since is not None
    assert [one.label for one in demande.events.order_by("pk")][-1].startswith("Rendez-vous annulé")
    (call,) = calls_of(closing, closers(), at=NOW)
    assert (the(call.person).name, the(call.person).phone) == (
        "Mme Roux",
        "06\u00a012\u00a034\u00a056\u00a078",
    )


def test_a_date_only_proposed_is_proposed_elsewhere(agent: User) -> None:
    demande = helped(agent, FRIDAY)
    Demande.objects.filter(pk=demande.pk).update(appointment=None)
    demande = fresh(demande)
    meetings.propose(demande, THURSDAY, by=agent, at=NOW, version=demande.version)
    Appointment.objects.filter(holder=demande.reference, status="held").update(held_until=THURSDAY)

    finish(begin(agent), agent)

    assert the(fresh(demande).appointment).starts_at > THURSDAY
    assert fresh(demande).code.value == "rdv-propose"


def test_help_that_the_person_moved_meanwhile_is_left_alone(agent: User) -> None:
    demande = helped(agent, THURSDAY)
    closing = begin(agent)
    target = FRIDAY + 3 * HALF_HOUR
    meetings.fix(demande, target, by=agent, at=NOW, version=fresh(demande).version)

    assert finish(closing, agent) == Toll()

    assert the(fresh(demande).appointment).starts_at == target
    assert ClosingLine.objects.get().outcome == "gone"


# Calls


def test_each_call_is_noted_once(
    dossier: Dossier, agent: User, client_of: Callable[..., Client]
) -> None:
    without_address(dossier)
    closing = begin(agent)
    finish(closing, agent)
    call = ClosingCall.objects.get()
    assert [(left.to_place, left.calls) for left in left_to_do()] == [(0, 1)]

    assert note_call(call, by=agent, at=NOW)
    assert not note_call(call, by=agent, at=NOW + HALF_HOUR)

    call.refresh_from_db()
    assert (call.called_by, call.called_at) == (agent, NOW)
    assert left_to_do() == []
    client: Client = client_of(agent)
    assert client.get("/agents/").status_code == 200
