"""The couple's appointment: held, confirmed, moved, given back, waited for; and the desk's part."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from icalendar import Calendar
from post_office.models import Email

from demarches.agenda.booking import calendar_of, first_days
from demarches.agenda.seats import SlotTaken
from demarches.dossiers.refusals import StaleDossier
from demarches.mail.emails import mail_text
from demarches.models import Agenda, Appointment, User
from demarches.rules.enums import AppointmentStatus, PieceStatus
from pacs.actions import appointments, desk
from pacs.actions.appointments import (
    book_for,
    cancel_appointment,
    cancel_for,
    confirm_slot,
    hold_slot,
    mark_arrived,
    mark_missed,
    offer_earlier,
    refuse_offer,
    want_earlier,
)
from pacs.actions.dossiers import stop_dossier
from pacs.actions.endings import end_dossier
from pacs.actions.pieces import answer_piece
from pacs.actions.refusals import ActionRefused
from pacs.actions.upkeep import remind_appointments
from pacs.models import Dossier, PacsSettings, Partenaire, PieceWording
from pacs.models.gate import in_the_way
from pacs.reads.appointment_links import change_token
from pacs.reads.booking import asked_by
from pacs.rules.gate import Act, texts
from pacs.rules.validity import MaxAge
from tests.support.appointments import booked_seat, make_complete
from tests.support.dossiers import OTHER, PERSON, make_dossier
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
#: A Monday; the first slot is fifteen days later, on a Tuesday.
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
FIRST = datetime(2026, 12, 8, 8, tzinfo=PARIS)
SECOND = FIRST + timedelta(minutes=30)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def complete(reference_data: None, alice: User, bob: User, agent: User) -> Dossier:
    return make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)


@pytest.fixture
def agenda(complete: Dossier) -> Agenda:
    return Agenda.objects.get(slug="pacs")


def person(dossier: Dossier, position: int = 1) -> Partenaire:
    return Partenaire.objects.select_related("dossier").get(dossier=dossier, position=position)


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def book(dossier: Dossier, starts_at: datetime = FIRST, *, at: datetime = NOW) -> Appointment:
    hold_slot(person(dossier), starts_at, at=at)
    return confirm_slot(person(dossier), at=at, by=None)


def other_couple(agent: User, *names: str) -> Dossier:
    people = [User.objects.create_user(f"{name}@example.org") for name in names]
    return make_complete(make_dossier(*people, at=NOW), agent, at=NOW)


def mails(subject: str) -> int:
    return int(Email.objects.filter(subject=subject).count())


CONFIRMED = "Votre rendez-vous à la mairie est confirmé"


def test_hold_then_confirm(complete: Dossier) -> None:
    held = hold_slot(person(complete), FIRST, at=NOW)

    assert (held.status, held.held_until) == ("held", NOW + timedelta(minutes=15))
    booked = confirm_slot(person(complete, 2), at=NOW, by=None)
    dossier = fresh(complete)
    assert (dossier.status, dossier.appointment, dossier.held_appointment) == (
        "scheduled",
        booked,
        None,
    )
    assert (booked.pk, booked.status, booked.seat_times.count()) == (held.pk, "booked", 6)
    assert mails(CONFIRMED) == 2


def test_a_second_click_changes_nothing(complete: Dossier) -> None:
    booked = book(complete)

    again = confirm_slot(person(complete), at=NOW, by=None)

    assert (again, Appointment.objects.count(), mails(CONFIRMED)) == (booked, 1, 2)
    assert fresh(complete).events.filter(transition="schedule").count() == 1


def test_a_slot_that_closed_since_it_was_held_is_not_confirmed(complete: Dossier) -> None:
    held = hold_slot(person(complete), FIRST, at=NOW)
    held.agenda.changes.create(day=FIRST.date(), reason="formation")

    with pytest.raises(SlotTaken, match="ne reçoit plus") as lost:
        confirm_slot(person(complete), at=NOW, by=None)

    assert lost.value.nearest
    assert fresh(complete).appointment is None


def test_nothing_held_nothing_confirmed(complete: Dossier) -> None:
    with pytest.raises(ActionRefused) as refused:
        confirm_slot(person(complete), at=NOW, by=None)

    assert refused.value.messages == ["Vous n’avez pas de créneau à confirmer. Choisissez-en un."]


def test_one_hold_at_a_time(complete: Dossier) -> None:
    hold_slot(person(complete), FIRST, at=NOW)
    second = hold_slot(person(complete, 2), SECOND, at=NOW)

    assert fresh(complete).held_appointment == second
    taking = Appointment.objects.taking_a_seat(at=NOW)
    assert [one.starts_at for one in taking] == [SECOND]


def test_a_slot_that_somebody_holds_is_not_there(complete: Dossier, agent: User) -> None:
    hold_slot(person(complete), FIRST, at=NOW)
    other = other_couple(agent, "dan", "eve")

    with pytest.raises(SlotTaken) as refused:
        hold_slot(person(other), FIRST, at=NOW)

    assert refused.value.messages == ["Ce créneau n’est plus libre."]
    assert [f"{slot.starts_at:%H:%M}" for slot in refused.value.nearest] == [
        "08:30",
        "09:00",
        "09:30",
    ]


def test_a_hold_that_lapsed_is_confirmed_while_nobody_took_it(complete: Dossier) -> None:
    hold_slot(person(complete), FIRST, at=NOW)

    booked = confirm_slot(person(complete), at=NOW + timedelta(hours=1), by=None)

    assert (booked.status, fresh(complete).appointment) == ("booked", booked)


def test_a_hold_that_lapsed_and_was_freed_is_taken_again(complete: Dossier, agent: User) -> None:
    hold_slot(person(complete), FIRST, at=NOW)
    later = NOW + timedelta(hours=1)
    other = other_couple(agent, "dan", "eve")
    hold_slot(person(other), SECOND, at=later)  # whoever comes frees what lapsed

    booked = confirm_slot(person(complete), at=later, by=None)

    assert (booked.starts_at, booked.status) == (FIRST, "booked")


def test_a_hold_that_lapsed_and_was_taken_shows_the_nearest(complete: Dossier, agent: User) -> None:
    hold_slot(person(complete), FIRST, at=NOW)
    later = NOW + timedelta(hours=1)
    book(other_couple(agent, "dan", "eve"), FIRST, at=later)

    with pytest.raises(SlotTaken) as refused:
        confirm_slot(person(complete), at=later, by=None)

    assert len(refused.value.nearest) == 3
    assert fresh(complete).status == "complete"


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        (FIRST - timedelta(days=1), "La mairie prépare votre venue : possible à partir du"),
        (FIRST + timedelta(days=4), "Fermé ce samedi."),
        (FIRST + timedelta(minutes=7), "Ce créneau n’est plus libre."),
        (datetime(2027, 5, 4, 8, tzinfo=PARIS), "Pas encore ouvert"),
        (datetime(2026, 11, 20, 8, tzinfo=PARIS), "Ce jour est passé."),
    ],
)
def test_what_the_page_does_not_offer_is_refused(
    complete: Dossier, moment: datetime, why: str
) -> None:
    with pytest.raises(SlotTaken) as refused:
        hold_slot(person(complete), moment, at=NOW)

    assert refused.value.messages[0].startswith(why)
    assert Appointment.objects.count() == 0


def test_a_dossier_that_is_not_complete_books_nothing(sent: Dossier) -> None:
    with pytest.raises(ActionRefused) as refused:
        hold_slot(person(sent), FIRST, at=NOW)

    assert refused.value.messages == ["Le rendez-vous se prend quand le dossier est complet."]


def test_without_an_agenda_one_phones(complete: Dossier) -> None:
    PacsSettings.objects.update(agenda=None)

    with pytest.raises(ActionRefused) as refused:
        hold_slot(person(complete), FIRST, at=NOW)

    assert "par téléphone" in refused.value.messages[0]


def test_a_grave_impediment_is_talked_about_first(complete: Dossier, agent: User) -> None:
    Dossier.objects.filter(pk=complete.pk).update(impediment="deplacement_partenaire")
    complete.partenaires.update(attested_digest="legacy", common_confirmed_digest="legacy")
    complete.refresh_from_db()

    with pytest.raises(ActionRefused) as refused:
        hold_slot(person(complete), FIRST, at=NOW)

    assert "empêchement grave" in refused.value.messages[0]
    with pytest.raises(ActionRefused) as undecided:
        book_for(fresh(complete), FIRST, by=agent, at=NOW)
    assert undecided.value.messages[0].startswith("R01, à décider par écrit")
    desk.decide_outcome(
        fresh(complete),
        code="R01",
        holder=0,
        reason="Visite à l’hôpital convenue.",
        by=agent,
        at=NOW,
        version=None,
    )
    assert book_for(fresh(complete), FIRST, by=agent, at=NOW).status == "booked"


def test_foreign_documents_take_longer(
    reference_data: None, alice: User, bob: User, agent: User
) -> None:
    italian = {
        **OTHER,
        "nationalities": ["IT"],
        "birth_country": "IT",
        "birth_city": "Roma",
        "protection": "aucune",
        "birth_record_in_french": "non",
        "coutume_in_french": "non",
        "country_issues_coutume": "oui",
        "country_updates_records": "oui",
    }
    dossier = make_dossier(alice, bob, at=NOW, people=(PERSON, italian))
    complete = make_complete(dossier, agent, at=NOW)
    agenda = Agenda.objects.get(slug="pacs")
    asked = asked_by(complete, agenda, reader=person(complete), at=NOW)

    assert asked.first_day == date(2026, 12, 23)


def test_the_lead_time_runs_from_the_complete_dossier(complete: Dossier, agenda: Agenda) -> None:
    later = NOW + timedelta(days=20)

    asked = asked_by(complete, agenda, reader=person(complete), at=later)

    assert asked.first_day == date(2026, 12, 14)


def test_moving_keeps_the_event_and_gives_the_seat_back(complete: Dossier) -> None:
    old = book(complete)
    hold_slot(person(complete), SECOND, at=NOW)

    new = confirm_slot(person(complete), at=NOW, by=None)

    old.refresh_from_db()
    assert (new.uid, new.sequence, old.status) == (old.uid, 1, "cancelled")
    assert NOW + timedelta(minutes=10) <= the(old.returns_at) <= NOW + timedelta(minutes=60)
    dossier = fresh(complete)
    assert (dossier.status, dossier.appointment) == ("scheduled", new)
    assert mails("Votre rendez-vous à la mairie a changé") == 2


def test_cancelling_leaves_the_dossier_complete(complete: Dossier) -> None:
    booked = book(complete)
    want_earlier(person(complete), wanted=True, at=NOW)

    cancel_appointment(person(complete, 2), at=NOW, by=None)
    cancel_appointment(person(complete, 2), at=NOW, by=None)

    dossier = fresh(complete)
    assert (dossier.status, dossier.appointment, dossier.earlier_wanted_since) == (
        "complete",
        None,
        None,
    )
    assert dossier.completed_at == NOW
    assert Appointment.objects.get(pk=booked.pk).status == "cancelled"
    assert mails("Votre rendez-vous à la mairie est annulé") == 2


def test_after_the_deadline_one_phones(complete: Dossier) -> None:
    booked = book(complete)
    late = booked.starts_at - timedelta(hours=48)

    assert booked.is_changeable(late - timedelta(seconds=1))
    for attempt in (
        lambda: cancel_appointment(person(complete), at=late, by=None),
        lambda: hold_slot(person(complete), SECOND + timedelta(days=7), at=late),
    ):
        with pytest.raises(ActionRefused) as refused:
            attempt()
        assert "Il est trop tard" in refused.value.messages[0]
    assert fresh(complete).appointment == booked


def aged(dossier: Dossier, days: int) -> date:
    """Give the first one's birth record a date; returns its last usable day."""
    piece = dossier.pieces.get(key="1-P11_naissance_fr")
    dossier.pieces.filter(pk=piece.pk).update(issued_on=NOW.date() - timedelta(days=days))
    piece.refresh_from_db()
    last = piece.last_day(_age(piece.rule_id))
    assert last is not None
    return last


def _age(rule_id: str) -> MaxAge | None:
    return PieceWording.objects.get(pk=rule_id).max_age


def test_only_slots_at_which_papers_are_valid(complete: Dossier, agenda: Agenda) -> None:
    last = aged(complete, 60)
    mine = asked_by(complete, agenda, reader=person(complete), at=NOW)
    others = asked_by(complete, agenda, reader=person(complete, 2), at=NOW)
    desk_asked = asked_by(complete, agenda, reader=None, at=NOW)

    assert last == date(2026, 12, 23)
    month = {day.day: day for day in calendar_of(agenda, mine).month(last).days}
    assert (month[last].is_open, month[last + timedelta(days=1)].reason) == (
        True,
        "Acte de naissance avec filiation, de moins de 3\u00a0mois : aura plus de 3\u00a0mois ce"
        " jour-là, sert jusqu’au 23\u00a0décembre 2026.",
    )
    assert [limit.reason for limit in others.limits] == [
        "Une pièce de votre partenaire ne sert que jusqu’au 23\u00a0décembre 2026."
    ]
    assert "Camille" in desk_asked.limits[0].reason
    found = first_days(agenda, mine, count=100)
    assert max(day.day for day in found) == last


def test_a_later_date_asks_for_fresh_papers(complete: Dossier, agent: User) -> None:
    aged(complete, 60)
    late = datetime(2027, 1, 12, 9, tzinfo=PARIS)
    with pytest.raises(SlotTaken):
        hold_slot(person(complete), late, at=NOW)

    hold_slot(person(complete), late, at=NOW, is_overriding=True)
    confirm_slot(person(complete), at=NOW, by=None)

    piece = complete.pieces.select_related("dossier").get(key="1-P11_naissance_fr")
    assert (piece.status, piece.issued_on) == ("to_bring", None)
    assert "une pièce au moins sera trop ancienne" in mail_text(Email.objects.latest("pk"))
    answer_piece(piece, declared=PieceStatus.TO_BRING, issued_on=date(2026, 12, 20), at=NOW)
    piece.refresh_from_db()
    assert (piece.status, fresh(complete).waiting_since) == ("to_bring", NOW)
    desk.accept_piece(piece, by=agent, at=NOW, version=None)
    dossier = fresh(complete)
    assert (dossier.status, dossier.waiting_since) == ("scheduled", None)


def test_an_accepted_piece_sent_again_is_checked_again(complete: Dossier) -> None:
    aged(complete, 60)
    hold_slot(person(complete), datetime(2027, 1, 12, 9, tzinfo=PARIS), at=NOW, is_overriding=True)
    confirm_slot(person(complete), at=NOW, by=None)
    piece = complete.pieces.select_related("dossier").get(key="1-P11_naissance_fr")

    answer_piece(piece, declared=None, issued_on=date(2026, 12, 20), at=NOW)

    piece.refresh_from_db()
    assert piece.status == "missing"


def test_a_settled_piece_stays_locked(complete: Dossier) -> None:
    book(complete)
    piece = complete.pieces.select_related("dossier").get(key="1-P03_identite")

    with pytest.raises(ActionRefused) as refused:
        answer_piece(piece, declared=PieceStatus.TO_BRING, at=NOW)

    assert "ne peuvent plus changer" in refused.value.messages[0]


@pytest.mark.parametrize("way", ["stop", "retirer", "clore", "irrecevable"])
def test_a_dossier_that_ends_frees_its_seat(complete: Dossier, agent: User, way: str) -> None:
    booked = book(complete)
    dossier = fresh(complete)
    if way == "stop":
        stop_dossier(person(complete), at=NOW, by=None)
    else:
        end_dossier(dossier, way, reason="Doublon", by=agent, at=NOW, version=None)

    assert (fresh(complete).is_ended, fresh(complete).appointment) == (True, None)
    assert Appointment.objects.get(pk=booked.pk).status == "cancelled"


def test_a_held_slot_is_freed_too_when_the_dossier_ends(complete: Dossier, agent: User) -> None:
    hold_slot(person(complete), FIRST, at=NOW)

    end_dossier(fresh(complete), "retirer", reason="Dit", by=agent, at=NOW, version=None)

    assert list(Appointment.objects.taking_a_seat(at=NOW)) == []


# The desk


def test_the_desk_books_without_lead_time_and_moves(complete: Dossier, agent: User) -> None:
    tomorrow = datetime(2026, 11, 24, 9, tzinfo=PARIS)

    first = book_for(complete, tomorrow, by=agent, at=NOW)
    near = mail_text(Email.objects.latest("pk"))
    assert "Pour le déplacer ou l’annuler, appelez la mairie" in near
    assert "Vous pouvez y déplacer" not in near
    moved = book_for(fresh(complete), FIRST, by=agent, at=NOW)

    assert (first.at_counter, moved.sequence, moved.uid) == (True, 1, first.uid)


def test_seats_of_the_counter_are_not_sold_online(
    complete: Dossier, agenda: Agenda, agent: User
) -> None:
    Agenda.objects.update(capacity=2, counter_seats=1)
    book(complete)
    other = other_couple(agent, "dan", "eve")

    with pytest.raises(SlotTaken):
        hold_slot(person(other), FIRST, at=NOW)
    assert book_for(fresh(other), FIRST, by=agent, at=NOW).seat == 2


def test_the_desk_cancels_with_a_reason(complete: Dossier, agent: User) -> None:
    book(complete)
    dossier = fresh(complete)
    for reason, why in (
        (" ", "Dites au couple pourquoi"),
        ("Apportez un justificatif de domicile", "On ne peut pas"),
    ):
        with pytest.raises(ActionRefused) as refused:
            cancel_for(dossier, reason=reason, by=agent, at=NOW, version=None)
        assert why in refused.value.messages[0]

    cancel_for(dossier, reason="L’officier est absent.", by=agent, at=NOW, version=dossier.version)

    assert fresh(complete).status == "complete"
    assert "L’officier est absent." in mail_text(Email.objects.latest("pk"))


def test_a_page_that_is_out_of_date_cancels_nothing(complete: Dossier, agent: User) -> None:
    old = complete.version
    book(complete)

    with pytest.raises(ActionRefused) as refused:
        cancel_for(fresh(complete), reason="Absent", by=agent, at=NOW, version=old)

    assert "a changé depuis" in refused.value.messages[0]


def test_arrived_then_missed_or_not(complete: Dossier, agent: User) -> None:
    booked = book(complete)

    with pytest.raises(ActionRefused):
        mark_missed(fresh(complete), by=agent, at=booked.starts_at - timedelta(minutes=1))
    mark_arrived(fresh(complete), by=agent, at=booked.starts_at)
    mark_arrived(fresh(complete), by=agent, at=booked.starts_at)

    assert the(fresh(complete).appointment).status == "arrived"
    assert fresh(complete).events.filter(kind="arrived").count() == 1


def test_an_absence_is_noted_of_the_appointment_as_it_was_read(
    complete: Dossier, agent: User
) -> None:
    """On an old page « absents » took the appointment of a couple who sat in the hall."""
    booked = book(complete)
    mark_arrived(fresh(complete), by=agent, at=booked.starts_at)

    with pytest.raises(StaleDossier, match="est arrivé"):
        mark_missed(fresh(complete), by=agent, at=booked.ends_at)

    assert the(fresh(complete).appointment).status == "arrived"
    mark_missed(fresh(complete), by=agent, at=booked.ends_at, read=AppointmentStatus.ARRIVED)
    assert fresh(complete).status == "complete"


def test_a_no_show_goes_back_to_the_couple(complete: Dossier, agent: User) -> None:
    booked = book(complete)

    mark_missed(fresh(complete), by=agent, at=booked.ends_at)

    booked.refresh_from_db()
    assert (booked.status, booked.seat, fresh(complete).status) == ("missed", 1, "complete")
    assert mails("Votre rendez-vous à la mairie") == 2
    with pytest.raises(ActionRefused):
        mark_missed(fresh(complete), by=agent, at=booked.ends_at)


# The waiting list


@pytest.fixture
def queue(complete: Dossier, agent: User) -> tuple[Dossier, Dossier]:
    """Two couples with an appointment in January who wait for an earlier one, in this order."""
    other = other_couple(agent, "dan", "eve")
    january = datetime(2027, 1, 12, 9, tzinfo=PARIS)
    for rank, dossier in enumerate((complete, other)):
        book(dossier, january + timedelta(days=rank))
        want_earlier(person(dossier), wanted=True, at=NOW + timedelta(minutes=rank))
    return complete, other


def only_free(agenda: Agenda, *free: datetime) -> None:
    """Every other slot before mid-January is taken."""
    asked = asked_by(
        the(Dossier.objects.first()), agenda, reader=person(the(Dossier.objects.first())), at=NOW
    )
    for day in first_days(agenda, asked, count=100):
        if day.day >= date(2027, 1, 14):
            break
        for slot in day.slots:
            if slot.starts_at not in free:
                booked_seat(the(Dossier.objects.first()), starts_at=slot.starts_at)


def test_one_slot_goes_to_the_first_who_waits(
    queue: tuple[Dossier, Dossier], agenda: Agenda
) -> None:
    first, second = queue
    only_free(agenda, FIRST)

    assert [offer_earlier(at=NOW), offer_earlier(at=NOW)] == [1, 0]

    held = the(fresh(first).held_appointment)
    assert (held.starts_at, held.held_until) == (FIRST, NOW + timedelta(hours=24))
    assert fresh(second).held_appointment is None
    assert mails("Une date plus proche à la mairie") == 2
    confirm_slot(person(first), at=NOW, by=None)
    assert the(fresh(first).appointment).starts_at == FIRST
    assert [offer.answer for offer in first.earlier_offers.all()] == ["accepted"]


def test_refusing_keeps_the_place_and_passes_the_slot_on(
    queue: tuple[Dossier, Dossier], agenda: Agenda
) -> None:
    first, second = queue
    only_free(agenda, FIRST)
    offer_earlier(at=NOW)

    refuse_offer(person(first), at=NOW)
    offer_earlier(at=NOW)

    assert fresh(first).earlier_wanted_since == NOW
    assert [offer.answer for offer in first.earlier_offers.all()] == ["refused"]
    assert the(fresh(second).held_appointment).starts_at == FIRST
    assert offer_earlier(at=NOW) == 0


def test_an_offer_without_an_answer_lapses(queue: tuple[Dossier, Dossier], agenda: Agenda) -> None:
    first, second = queue
    only_free(agenda, FIRST)
    offer_earlier(at=NOW)

    offer_earlier(at=NOW + timedelta(hours=25))

    assert [offer.answer for offer in first.earlier_offers.all()] == ["lapsed"]
    assert the(fresh(second).held_appointment).starts_at == FIRST
    assert the(fresh(first).appointment).starts_at == datetime(2027, 1, 12, 9, tzinfo=PARIS)


def test_a_seat_given_back_goes_to_those_who_wait_first(
    queue: tuple[Dossier, Dossier], agenda: Agenda, agent: User
) -> None:
    third = other_couple(agent, "fay", "gus")
    book(third, FIRST)
    only_free(agenda)
    cancel_appointment(person(third), at=NOW, by=None)

    offer_earlier(at=NOW)

    assert the(fresh(queue[0]).held_appointment).starts_at == FIRST


def test_nobody_is_offered_a_day_at_which_their_papers_are_too_old(
    queue: tuple[Dossier, Dossier], agenda: Agenda
) -> None:
    first, second = queue
    only_free(agenda, FIRST)
    first.pieces.filter(key="1-P11_naissance_fr").update(issued_on=date(2026, 9, 1))

    offer_earlier(at=NOW)

    assert fresh(first).held_appointment is None
    assert the(fresh(second).held_appointment).starts_at == FIRST


def test_waiting_needs_an_appointment(complete: Dossier) -> None:
    with pytest.raises(ActionRefused):
        want_earlier(person(complete), wanted=True, at=NOW)
    book(complete)
    want_earlier(person(complete), wanted=True, at=NOW)
    want_earlier(person(complete), wanted=True, at=NOW + timedelta(days=1))
    assert fresh(complete).earlier_wanted_since == NOW
    want_earlier(person(complete), wanted=False, at=NOW)
    assert fresh(complete).earlier_wanted_since is None


# Mails


def test_reminders_leave_once_each(complete: Dossier) -> None:
    booked = book(complete, SECOND)
    start = booked.starts_at
    week, day = start - timedelta(days=7), start - timedelta(days=1)

    counts = [
        remind_appointments(at=moment)
        for moment in (week - timedelta(minutes=1), week, week, day, day, start)
    ]

    assert counts == [0, 1, 0, 1, 0, 0]
    assert mails("Rappel : votre rendez-vous à la mairie") == 4


def test_run_late_one_reminder_is_enough(complete: Dossier) -> None:
    booked = book(complete)
    late = booked.starts_at - timedelta(hours=3)

    assert [remind_appointments(at=late), remind_appointments(at=late)] == [1, 0]


def test_what_was_just_booked_is_not_reminded_of(complete: Dossier, agent: User) -> None:
    book_for(complete, datetime(2026, 11, 24, 9, tzinfo=PARIS), by=agent, at=NOW)

    assert remind_appointments(at=NOW) == 0


def test_the_command_says_what_it_did(
    complete: Dossier, capsys: pytest.CaptureFixture[str]
) -> None:
    book(complete)

    call_command("send_reminders")

    assert "Rappels de rendez-vous : 0. Dates plus proches proposées : 0" in capsys.readouterr().out


def calendars(subject: str) -> list[Calendar]:
    found = Email.objects.filter(subject=subject).order_by("pk")
    return [Calendar.from_ical(one.context["calendar"]) for one in found]


def test_the_calendar_follows_every_change_under_one_uid(complete: Dossier) -> None:
    book(complete)
    hold_slot(person(complete), SECOND, at=NOW)
    confirm_slot(person(complete), at=NOW, by=None)
    cancel_appointment(person(complete), at=NOW, by=None)

    booked, moved, cancelled = (
        calendars(subject)[0]
        for subject in (
            CONFIRMED,
            "Votre rendez-vous à la mairie a changé",
            "Votre rendez-vous à la mairie est annulé",
        )
    )
    events = [one.walk("VEVENT")[0] for one in (booked, moved, cancelled)]
    assert len({str(event["uid"]) for event in events}) == 1
    assert [event["sequence"] for event in events] == [0, 1, 2]
    assert [str(one["method"]) for one in (booked, moved, cancelled)] == [
        "REQUEST",
        "REQUEST",
        "CANCEL",
    ]
    assert events[0].start == FIRST
    assert events[1].start == SECOND


def test_nothing_outside_the_portal_names_the_procedure(complete: Dossier, agent: User) -> None:
    booked = book(complete)
    remind_appointments(at=booked.starts_at - timedelta(days=1))
    mark_missed(fresh(complete), by=agent, at=booked.ends_at)

    for mail in Email.objects.filter(subject__contains="rendez-vous"):
        outside = mail.subject + str(mail.context and mail.context.get("calendar"))
        for word in ("pacs", "lemoine", "camille"):
            assert word not in outside.lower()


def test_the_page_asks_what_the_action_accepts(complete: Dossier, agenda: Agenda) -> None:
    asked = asked_by(complete, agenda, reader=person(complete), at=NOW)
    day = first_days(agenda, asked, count=1)[0]

    held = hold_slot(person(complete), day.slots[-1].starts_at, at=NOW)

    assert (day.day, held.starts_at) == (FIRST.date(), day.slots[-1].starts_at)
    assert appointments.bookable_agenda(fresh(complete), reader=None, at=NOW) == agenda


# What stands in the way on every day is told before a slot is shown


def brothers(dossier: Dossier) -> None:
    Dossier.objects.filter(pk=dossier.pk).update(kinship="fratrie")


def unattested(dossier: Dossier) -> None:
    Partenaire.objects.filter(dossier=dossier, position=1).update(street="Ailleurs", sex="M")


@pytest.mark.parametrize("obstacle", [brothers, unattested])
def test_no_slot_is_shown_that_would_be_refused(
    complete: Dossier,
    alice: User,
    agent: User,
    client_of: Callable[[User], Client],
    obstacle: Callable[[Dossier], None],
) -> None:
    """The page, the desk and the link of a mail say why, and show no slot."""
    book(complete)
    moved = fresh(complete).appointment
    assert moved is not None
    token = change_token(moved, person(complete))
    obstacle(complete)
    reasons = texts(in_the_way(fresh(complete), Act.BOOK, on=FIRST.date()), 1)
    choose = reverse("pacs:appointment-choose", args=[complete.reference])

    page = client_of(alice).get(choose)

    assert reasons
    assert (page.status_code, page.context["reasons"]) == (200, reasons)
    assert 'name="creneau"' not in page.content.decode()
    at_desk = client_of(agent).get(reverse("admin:pacs_dossier_book", args=[complete.pk]))
    assert at_desk.status_code == 302
    link = reverse("pacs:appointment-link", args=[token])
    reader = Client()
    reader.post(link, {"letters": "Lem"})
    told = reader.get(reverse("pacs:appointment-link-move", args=[token]))
    assert told.status_code == 409
    assert "Les pages de votre dossier disent pourquoi" in told.content.decode()


def test_the_page_that_says_why_leads_back_to_no_slot(
    complete: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    brothers(complete)
    choose = reverse("pacs:appointment-choose", args=[complete.reference])

    page = client_of(alice).get(choose).content.decode()

    assert f'href="{choose}"' not in page
    with pytest.raises(ActionRefused):
        hold_slot(person(complete), FIRST, at=NOW)
