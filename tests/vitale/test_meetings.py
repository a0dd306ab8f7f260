"""The appointment of a request for help: proposed, fixed, moved, kept, missed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from post_office.models import Email
from pytest_django import DjangoAssertNumQueries

from demarches.agenda.seats import SlotTaken, free_lapsed
from demarches.dossiers.refusals import StaleDossier
from demarches.models import Appointment, SeatTime, User
from demarches.web.as_read import ChangedSince
from tests.support.followups import (
    closed,
    fixed,
    fresh,
    help_agenda,
    make_demande,
    proposed,
    slot_after,
)
from tests.support.pages import Page, Reader, plain, press
from vitale.actions import aide, meetings
from vitale.actions.upkeep import purge, remind_meetings, warn_of_deletion
from vitale.models import AideSettings, Demande, DemandeMail, Tally
from vitale.reads.tracking import moments

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

NOW = datetime(2027, 3, 15, 9, tzinfo=UTC)
MAIL = "alice@example.org"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def code(demande: Demande) -> str:
    return fresh(demande).code.value


def meeting_of(demande: Demande) -> Appointment:
    found = fresh(demande).appointment
    assert found is not None
    return found


def after(demande: Demande, **delta: int) -> datetime:
    return meeting_of(demande).starts_at + timedelta(**delta)


def test_proposed_confirmed_then_done_together(agent: User) -> None:
    demande = proposed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    assert code(demande) == "rdv-propose"
    assert "mardi 16\u00a0mars 2027" in demande.appointment_label

    meetings.confirm(demande, by=None, at=NOW + timedelta(hours=1))
    assert code(demande) == "rdv-confirme"
    meetings.accompany(
        demande, by=agent, at=after(demande, hours=1), version=fresh(demande).version
    )
    demande = fresh(demande)

    assert demande.code.value == "accompagnee"
    assert meeting_of(demande).status == "done"
    assert demande.waiting_since is None
    demande = closed(demande, by=agent, at=after(demande, days=1))
    assert [moment.title for moment in moments(demande)] == [
        "Demande d’aide reçue",
        "Un agent s’en occupe",
        "Rendez-vous proposé",
        "Rendez-vous fixé",
        "Démarche faite avec vous (par vous, sur votre compte)",
        "Terminée",
    ]
    assert Tally.objects.filter(what=Tally.What.ANSWER, topic="accompagnee").exists()


def test_mails_tell_where_and_when_and_their_subjects_nothing_more(agent: User) -> None:
    demande = proposed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    meetings.confirm(demande, by=None, at=NOW)
    _, proposal, booked = Email.objects.order_by("pk")

    for mail in (proposal, booked):
        assert "mardi 16\u00a0mars 2027" in mail.message
        assert "Ne dites vos mots de passe à personne." in mail.message
        assert demande.get_absolute_url() in mail.message
        assert "vitale" not in mail.subject.lower()
    assert "BEGIN:VEVENT" in booked.context["calendar"]
    assert demande.get_absolute_url() in booked.context["calendar"].replace("\r\n ", "")
    assert "Vitale" not in booked.context["calendar"]


def test_a_mail_never_promises_a_change_that_is_already_too_late(agent: User) -> None:
    fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW, rank=0)
    near = Email.objects.latest("pk").message
    fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW, rank=-1)
    far = Email.objects.latest("pk").message

    assert "Pour le déplacer, appelez la mairie au 04 66 03 48 48." in near
    assert "déplacer en ligne" not in near
    assert "Vous pouvez le déplacer en ligne jusqu’au 16\u00a0mars 2027" in far


def test_twice_confirmed_is_once(agent: User) -> None:
    demande = proposed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)

    first = meetings.confirm(demande, by=None, at=NOW)
    again = meetings.confirm(demande, by=None, at=NOW)

    assert first == again
    assert Email.objects.count() == 3
    assert fresh(demande).events.filter(kind="meeting_booked").count() == 1


def test_a_proposal_that_nobody_answered_frees_its_seat_and_can_still_be_confirmed(
    agent: User,
) -> None:
    AideSettings.objects.filter(pk=1).update(confirm_hours=2)
    demande = proposed(make_demande(at=NOW), by=agent, at=NOW)
    start = meeting_of(demande).starts_at
    late = NOW + timedelta(hours=3)
    other = make_demande(at=NOW)
    aide.take(other, by=agent, at=NOW, version=fresh(other).version)
    with pytest.raises(SlotTaken):
        meetings.fix(other, start, by=agent, at=NOW, version=fresh(other).version)
    meetings.fix(other, start, by=agent, at=late, version=fresh(other).version)

    with pytest.raises(SlotTaken) as lost:
        meetings.confirm(demande, by=None, at=late)

    assert code(demande) == "rdv-propose"
    assert lost.value.nearest
    nearest = lost.value.nearest[0].starts_at
    meetings.choose(demande, nearest, by=None, at=late)
    assert meeting_of(demande).starts_at == nearest
    assert code(demande) == "rdv-confirme"


def test_a_lapsed_proposal_is_confirmed_while_its_seat_is_free(agent: User) -> None:
    AideSettings.objects.filter(pk=1).update(confirm_hours=2)
    demande = proposed(make_demande(at=NOW), by=agent, at=NOW)

    meetings.confirm(demande, by=None, at=NOW + timedelta(hours=3))

    assert code(demande) == "rdv-confirme"


def test_a_proposal_of_a_day_gone_by_is_not_confirmed(agent: User) -> None:
    demande = proposed(make_demande(at=NOW), by=agent, at=NOW)

    with pytest.raises(ValidationError, match="passé"):
        meetings.confirm(demande, by=None, at=after(demande, minutes=1))

    assert code(demande) == "rdv-propose"


def test_a_proposal_in_hours_that_closed_since_is_not_confirmed(agent: User) -> None:
    demande = proposed(make_demande(at=NOW), by=agent, at=NOW)
    meeting = meeting_of(demande)
    meeting.agenda.changes.create(day=meeting.starts_at.date(), reason="formation")

    with pytest.raises(SlotTaken, match="ne reçoit plus") as lost:
        meetings.confirm(demande, by=None, at=NOW)

    assert lost.value.nearest
    assert code(demande) == "rdv-propose"


def test_moving_keeps_one_event_and_gives_the_former_slot_back(agent: User) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    former = meeting_of(demande)
    start = slot_after(help_agenda(), at=NOW)

    moved = meetings.choose(demande, start, by=None, at=NOW)

    former.refresh_from_db()
    assert former.status == "cancelled"
    assert (moved.uid, moved.sequence) == (former.uid, former.sequence + 1)
    assert meeting_of(demande) == moved
    assert fresh(demande).events.filter(kind="meeting_moved").count() == 1
    assert meetings.choose(demande, start, by=None, at=NOW) == moved
    assert Email.objects.count() == 3


def test_too_late_to_move_online_but_not_for_the_desk(agent: User) -> None:
    demande = fixed(make_demande(at=NOW), by=agent, at=NOW, rank=0)
    start = slot_after(help_agenda(), at=NOW, rank=-1)

    with pytest.raises(ValidationError, match="Appelez la mairie"):
        meetings.choose(demande, start, by=None, at=NOW)
    meetings.fix(demande, start, by=agent, at=NOW, version=fresh(demande).version)

    assert meeting_of(demande).starts_at == start


def test_a_new_proposal_takes_the_place_of_the_former_one(agent: User) -> None:
    demande = proposed(make_demande(at=NOW), by=agent, at=NOW)
    former = meeting_of(demande)
    start = slot_after(help_agenda(), at=NOW)

    meetings.propose(demande, start, by=agent, at=NOW, version=fresh(demande).version)

    former.refresh_from_db()
    assert (former.status, former.seat) == ("lapsed", None)
    assert meeting_of(demande).starts_at == start
    assert SeatTime.objects.values("appointment").distinct().count() == 1


def test_missed_then_proposed_again_or_closed(agent: User) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    soon = after(demande, minutes=-1)
    with pytest.raises(ValidationError, match="pas encore passée"):
        meetings.mark_missed(demande, by=agent, at=soon, version=fresh(demande).version)
    late = after(demande, minutes=30)

    meetings.mark_missed(demande, by=agent, at=late, version=fresh(demande).version)

    assert code(demande) == "absent"
    assert "Ce n’est pas grave" in Email.objects.latest("pk").message
    start = slot_after(help_agenda(), at=late)
    meetings.propose(demande, start, by=agent, at=late, version=fresh(demande).version)
    assert code(demande) == "rdv-propose"
    assert Appointment.objects.filter(status="missed").count() == 1


def test_nobody_is_said_to_have_come_before_the_day(agent: User) -> None:
    demande = fixed(make_demande(at=NOW), by=agent, at=NOW)

    with pytest.raises(ValidationError, match="pas encore venu"):
        meetings.accompany(demande, by=agent, at=NOW, version=fresh(demande).version)

    assert code(demande) == "rdv-confirme"


@pytest.mark.parametrize("by_agent", [True, False])
def test_cancelling_the_request_frees_the_seat_and_takes_the_event_away(
    agent: User, by_agent: bool
) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    booked = meeting_of(demande)

    if by_agent:
        aide.cancel_for(
            demande, reason="Dit au guichet", by=agent, at=NOW, version=fresh(demande).version
        )
    else:
        aide.cancel(demande, by=None, at=NOW)

    booked.refresh_from_db()
    assert booked.status == "cancelled"
    assert (code(demande), fresh(demande).appointment) == ("annulee", None)
    mail = Email.objects.latest("pk")
    assert mail.subject == "Votre rendez-vous à la mairie est annulé"
    assert "METHOD:CANCEL" in mail.context["calendar"]


def test_cancelling_a_mere_proposal_writes_no_mail(agent: User) -> None:
    demande = proposed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)

    aide.cancel(demande, by=None, at=NOW)

    assert Appointment.objects.get().status == "lapsed"
    assert set(DemandeMail.objects.values_list("kind", flat=True)) == {
        "aide_received",
        "aide_meeting_proposed",
    }


def give_up(demande: Demande, *, at: datetime = NOW) -> Appointment:
    """The person gives up the appointment that is there."""
    return meetings.give_up(demande, by=None, at=at, seen=meeting_of(demande).pk)


def test_giving_up_what_was_fixed_frees_the_seat_and_keeps_the_request(agent: User) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    booked, version = meeting_of(demande), demande.version
    later = NOW + timedelta(hours=1)

    assert give_up(demande, at=later) == booked

    booked.refresh_from_db()
    assert booked.status == "cancelled"
    assert booked.returns_at is not None
    after_it = fresh(demande)
    assert (after_it.code.value, after_it.appointment) == ("prise-en-charge", None)
    assert (after_it.waiting_since, after_it.last_activity_at) == (later, later)
    assert (after_it.assigned_to, after_it.version) == (agent, version + 1)
    event = after_it.events.latest("pk")
    assert (event.kind, event.by, event.reason) == ("meeting_given_up", None, str(booked))
    assert event.label == "Renoncement au rendez-vous : la demande reste ouverte"
    assert [moment.title for moment in moments(after_it)][-2:] == [event.label, "Réponse donnée"]

    # Its time comes, as after any cancellation, then the seat is anybody's.
    free_lapsed(booked.agenda, at=booked.returns_at)
    assert not SeatTime.objects.exists()


def test_giving_up_a_proposal_frees_its_seat_at_once(agent: User) -> None:
    demande = proposed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)

    former = give_up(demande)

    former.refresh_from_db()
    assert (former.status, former.seat) == ("lapsed", None)
    assert not SeatTime.objects.exists()
    assert (code(demande), fresh(demande).waiting_since) == ("prise-en-charge", NOW)


@pytest.mark.parametrize("is_fixed", [True, False])
def test_the_mail_of_what_was_given_up_says_that_the_request_goes_on(
    agent: User, is_fixed: bool
) -> None:
    make = fixed if is_fixed else proposed
    demande = make(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)

    give_up(demande)

    mail, told = Email.objects.latest("pk"), DemandeMail.objects.latest("pk")
    assert (told.kind_label, told.email) == ("Renoncement au rendez-vous", mail)
    assert mail.subject == "Votre rendez-vous à la mairie est annulé"
    assert f"Votre demande {demande.reference} reste ouverte" in mail.message
    assert demande.get_absolute_url() in mail.message
    assert ("METHOD:CANCEL" in mail.context.get("calendar", "")) == is_fixed
    assert ("Le fichier joint" in mail.message) == is_fixed
    assert ("que la mairie vous proposait" in mail.message) == (not is_fixed)


def test_whoever_left_a_telephone_gets_no_mail_and_the_journal_says_so(agent: User) -> None:
    demande = fixed(make_demande(at=NOW), by=agent, at=NOW)

    give_up(demande)

    told = DemandeMail.objects.latest("pk")
    assert (told.kind, told.email) == ("aide_meeting_given_up", None)
    assert not Email.objects.exists()


def test_given_up_twice_is_once(agent: User) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    seen, mails = meeting_of(demande).pk, Email.objects.count()

    first = meetings.give_up(demande, by=None, at=NOW, seen=seen)
    again = meetings.give_up(demande, by=None, at=NOW + timedelta(minutes=1), seen=seen)

    assert first == again
    assert fresh(demande).events.filter(kind="meeting_given_up").count() == 1
    assert Email.objects.count() == mails + 1


def test_after_it_the_mairie_proposes_or_answers_and_the_person_may_give_up_again(
    agent: User,
) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    first = give_up(demande)
    start = slot_after(help_agenda(), at=NOW)

    meetings.propose(demande, start, by=agent, at=NOW, version=fresh(demande).version)

    assert (code(demande), fresh(demande).waiting_since) == ("rdv-propose", None)
    with pytest.raises(ChangedSince):
        meetings.give_up(demande, by=None, at=NOW, seen=first.pk)
    assert give_up(demande) != first
    assert fresh(demande).events.filter(kind="meeting_given_up").count() == 2
    aide.answer(
        demande, text="Oui.", orientation=None, by=agent, at=NOW, version=fresh(demande).version
    )
    assert code(demande) == "repondue"


def test_another_appointment_than_the_one_read_is_never_given_up(agent: User) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    other = fixed(make_demande(at=NOW), by=agent, at=NOW, rank=0)
    read, mails = meeting_of(demande).pk, Email.objects.count()
    moved = meetings.choose(demande, slot_after(help_agenda(), at=NOW), by=None, at=NOW)

    for seen in (read, meeting_of(other).pk, 0):
        with pytest.raises(ChangedSince):
            meetings.give_up(demande, by=None, at=NOW, seen=seen)

    moved.refresh_from_db()
    assert (meeting_of(demande), moved.status) == (moved, "booked")
    assert code(other) == "rdv-confirme"
    assert Email.objects.count() == mails + 1  # of the move


def test_what_the_mairie_cancelled_meanwhile_is_not_said_to_be_given_up(agent: User) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    seen = meeting_of(demande).pk
    meetings.replace_closed(demande, None, meeting=seen, why="Fermé.", by=agent, at=NOW)

    with pytest.raises(ValidationError, match="Un agent s’en occupe"):
        meetings.give_up(demande, by=None, at=NOW, seen=seen)

    assert not fresh(demande).events.filter(kind="meeting_given_up").exists()


def test_an_old_page_of_the_desk_does_not_fix_what_was_given_up_since(agent: User) -> None:
    demande = proposed(make_demande(at=NOW), by=agent, at=NOW)
    version = demande.version
    give_up(demande)

    with pytest.raises(StaleDossier):
        meetings.confirm_for(demande, by=agent, at=NOW, version=version)

    assert (code(demande), fresh(demande).appointment) == ("prise-en-charge", None)


def test_given_up_until_its_hour_also_when_it_is_too_late_to_move_it(agent: User) -> None:
    demande = fixed(make_demande(at=NOW), by=agent, at=NOW, rank=0)
    meeting = meeting_of(demande)
    assert not meeting.is_changeable(NOW)

    with pytest.raises(ValidationError, match="L’heure de ce rendez-vous est passée"):
        give_up(demande, at=meeting.starts_at)
    assert code(demande) == "rdv-confirme"
    give_up(demande, at=after(demande, minutes=-1))

    assert code(demande) == "prise-en-charge"


def test_who_has_arrived_gives_up_nothing_online(agent: User) -> None:
    demande = fixed(make_demande(at=NOW), by=agent, at=NOW)
    Appointment.objects.update(status="arrived")

    with pytest.raises(ValidationError, match="L’heure de ce rendez-vous est passée"):
        give_up(demande)

    assert code(demande) == "rdv-confirme"


def test_a_proposal_of_a_day_gone_by_is_given_up_all_the_same(agent: User) -> None:
    demande = proposed(make_demande(at=NOW), by=agent, at=NOW)

    give_up(demande, at=after(demande, days=1))

    assert code(demande) == "prise-en-charge"


@pytest.mark.parametrize("is_fixed", [True, False])
def test_an_agent_notes_that_the_person_gives_it_up_and_the_request_stays(
    agent: User, is_fixed: bool
) -> None:
    make = fixed if is_fixed else proposed
    demande = make(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    booked, later = meeting_of(demande), NOW + timedelta(hours=1)

    former = meetings.give_up_for(demande, by=agent, at=later, version=demande.version)

    assert former == booked
    booked.refresh_from_db()
    assert booked.status == ("cancelled" if is_fixed else "lapsed")
    after_it = fresh(demande)
    assert (after_it.code.value, after_it.appointment) == ("prise-en-charge", None)
    assert after_it.waiting_since == later
    event, mail = after_it.events.latest("pk"), Email.objects.latest("pk")
    assert (event.kind, event.by, event.reason) == ("meeting_given_up", agent, str(booked))
    assert "La mairie a noté que vous renoncez au rendez-vous du" in mail.message
    assert "Si vous n’avez rien demandé, appelez la mairie" in mail.message
    assert ("METHOD:CANCEL" in mail.context.get("calendar", "")) == is_fixed
    # Their page, opened before, says the same thing and frees nothing again.
    assert meetings.give_up(demande, by=None, at=later, seen=booked.pk) == booked
    assert fresh(demande).events.filter(kind="meeting_given_up").count() == 1


def test_an_agent_frees_only_the_appointment_of_the_page_that_was_read(agent: User) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    moved = meetings.choose(demande, slot_after(help_agenda(), at=NOW), by=None, at=NOW)
    mails = Email.objects.count()

    with pytest.raises(StaleDossier):
        meetings.give_up_for(demande, by=agent, at=NOW, version=demande.version)

    moved.refresh_from_db()
    assert (meeting_of(demande), moved.status) == (moved, "booked")
    assert Email.objects.count() == mails


def test_after_its_hour_an_agent_notes_who_came_instead(agent: User) -> None:
    demande = fixed(make_demande(at=NOW), by=agent, at=NOW)

    with pytest.raises(ValidationError, match="notez plutôt que la démarche a été faite"):
        meetings.give_up_for(
            demande, by=agent, at=after(demande, minutes=1), version=demande.version
        )

    assert code(demande) == "rdv-confirme"


@pytest.mark.parametrize("email", [MAIL, ""])
def test_the_desk_frees_the_seat_and_says_whom_to_call(
    agent: User, client_of: Callable[[User | None], Client], email: str
) -> None:
    demande = fixed(make_demande(email=email, at=NOW), by=agent, at=NOW)
    agent.is_superuser = True
    agent.save()
    desk = client_of(agent)
    page = desk.get(reverse("admin:vitale_demande_change", args=[demande.pk])).content.decode()
    assert f"Rendre le {meeting_of(demande)}, garder la demande" in page

    answer = desk.post(
        reverse("admin:vitale_demande_act", args=[demande.pk, "renoncer"]),
        {"version": demande.version},
        follow=True,
    )

    said = [str(message) for message in answer.context["messages"]]
    told = "La personne reçoit un mail." if email else f"Appelez la personne : {demande.contact}."
    assert said == [
        f"Le rendez-vous du {meeting_of_event(demande)} est rendu, la demande reste ouverte. {told}"
    ]
    assert "garder la demande</button>" not in answer.content.decode()


def meeting_of_event(demande: Demande) -> str:
    """The appointment that the journal says was given up."""
    return fresh(demande).events.get(kind="meeting_given_up").reason


def test_a_fixed_appointment_is_not_answered_by_mail_instead(agent: User) -> None:
    demande = fixed(make_demande(at=NOW), by=agent, at=NOW)

    with pytest.raises(ValidationError, match="Rendez-vous fixé"):
        aide.answer(
            demande, text="Oui.", orientation=None, by=agent, at=NOW, version=fresh(demande).version
        )


def test_without_an_agenda_nothing_is_proposed(agent: User) -> None:
    demande = make_demande(at=NOW)
    aide.take(demande, by=agent, at=NOW, version=fresh(demande).version)

    with pytest.raises(ValidationError, match="ne donne pas de rendez-vous"):
        meetings.propose(demande, NOW, by=agent, at=NOW, version=fresh(demande).version)


def test_the_database_wants_an_appointment_where_people_came() -> None:
    demande = make_demande(at=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        Demande.objects.filter(pk=demande.pk).update(outcome="accompagnee", completed_at=NOW)


def test_tomorrow_is_reminded_once(agent: User) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    day_before = after(demande, days=-1)

    told = [
        remind_meetings(at=at)
        for at in (NOW, day_before - timedelta(days=1), day_before, day_before)
    ]

    assert told == [0, 0, 1, 0]
    assert Email.objects.latest("pk").subject == "Votre rendez-vous à la mairie approche"


def test_what_was_fixed_today_is_not_reminded_today(agent: User) -> None:
    fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW, rank=0)

    assert remind_meetings(at=NOW) == 0


def test_the_calendar_forgets_whose_it_was(agent: User) -> None:
    demande = fixed(make_demande(at=NOW), by=agent, at=NOW)
    aide.cancel(demande, by=None, at=NOW)

    warn_of_deletion(at=NOW + timedelta(days=86))
    purge(at=NOW + timedelta(days=100))

    assert not Demande.objects.exists()
    assert Appointment.objects.get().holder == ""


# The pages


@pytest.fixture
def owner_page(alice: User) -> Client:
    """The person who asked, who reads each page before pressing its button."""
    client = Reader()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_person_confirms_moves_and_takes_it_away(
    owner_page: Client, alice: User, agent: User
) -> None:
    demande = proposed(make_demande(alice, email=alice.email, at=NOW), by=agent, at=NOW)
    url = demande.get_absolute_url()
    page = owner_page.get(url).content.decode()
    assert "La mairie vous propose" in page
    assert "Confirmer ce rendez-vous" in page
    assert owner_page.get(f"{url}rendez-vous.ics").status_code == 404

    choices = owner_page.get(f"{url}rendez-vous/")
    slots = [slot for day in choices.context["first"] for slot in day.slots]
    assert len(choices.context["first"]) == 6
    far = slots[-1].key
    confirmed = owner_page.post(f"{url}rendez-vous/confirmer/", follow=True).content.decode()
    assert "Votre rendez-vous" in confirmed
    assert "Pour changer ce rendez-vous, appelez la mairie" in confirmed

    # As if it had been proposed for a day that is far enough.
    Appointment.objects.update(
        starts_at=NOW + timedelta(days=9), ends_at=NOW + timedelta(days=9, minutes=30)
    )
    moved = owner_page.post(f"{url}rendez-vous/", {"creneau": far}, follow=True)
    assert meeting_of(demande).starts_at == slots[-1].starts_at
    assert "Déplacer le rendez-vous" in moved.content.decode()
    event = owner_page.get(f"{url}rendez-vous.ics")

    assert event["Content-Type"].startswith("text/calendar")
    assert f"DTSTART;TZID=Europe/Paris:{localtime(slots[-1].starts_at):%Y%m%dT%H%M%S}" in (
        event.content.decode()
    )


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ("", 422, "Choisissez un créneau."),
        ("demain", 422, "Choisissez un créneau."),
        ("2027-03-16T09:00", 422, "Choisissez un créneau."),
        ("2027-03-14T09:00+01:00", 409, "Ce jour est passé."),
        ("2027-03-15T15:00+01:00", 409, "appelez la mairie"),
        ("2027-03-16T03:17+01:00", 409, "Ce créneau n’est plus libre."),
        ("2027-03-21T10:00+01:00", 409, "fermé"),
    ],
)
def test_other_moments_are_refused_with_a_way_out(
    owner_page: Client, alice: User, agent: User, sent: str, status: int, words: str
) -> None:
    demande = proposed(make_demande(alice, at=NOW), by=agent, at=NOW)
    url = f"{demande.get_absolute_url()}rendez-vous/"
    page = owner_page.post(url, {"creneau": sent})

    assert page.status_code == status
    assert words.lower() in page.content.decode().lower()
    assert code(demande) == "rdv-propose"


def test_yes_is_said_to_the_proposal_that_was_read(
    owner_page: Client, alice: User, agent: User
) -> None:
    demande = proposed(make_demande(alice, at=NOW), by=agent, at=NOW)
    page = Page.open(owner_page, demande.get_absolute_url())
    read = meeting_of(demande)
    propose_again(demande, by=agent)
    confirm = f"{page.url}rendez-vous/confirmer/"

    answer = page.press(action=confirm)
    untold = Client.post(owner_page, confirm)

    html = answer.content.decode().replace("\u00a0", " ")
    assert (answer.status_code, untold.status_code) == (409, 409)
    assert f"Confirmer le {read}.".replace("\u00a0", " ") in html
    assert str(meeting_of(demande)).replace("\u00a0", " ") in html
    assert code(demande) == "rdv-propose"


def test_moving_gives_back_the_appointment_that_was_read(
    owner_page: Client, alice: User, agent: User
) -> None:
    demande = proposed(make_demande(alice, at=NOW), by=agent, at=NOW)
    choices = Page.open(owner_page, f"{demande.get_absolute_url()}rendez-vous/")
    wanted = choices.response.context["first"][3].slots[0]
    propose_again(demande, by=agent)
    proposed_now = meeting_of(demande)

    answer = choices.press({"creneau": wanted.key})

    assert (answer.status_code, meeting_of(demande)) == (409, proposed_now)


def giving_up(demande: Demande) -> str:
    return reverse("vitale:aide-meeting-give-up", args=[demande.reference])


@pytest.mark.parametrize("is_fixed", [True, False])
def test_the_person_gives_up_the_appointment_and_keeps_the_request(
    owner_page: Client, alice: User, agent: User, is_fixed: bool
) -> None:
    make = fixed if is_fixed else proposed
    demande = make(make_demande(alice, email=alice.email, at=NOW), by=agent, at=NOW)
    meeting = meeting_of(demande)
    before = owner_page.get(demande.get_absolute_url()).content.decode()
    assert f'href="{giving_up(demande)}">Renoncer au rendez-vous, garder la demande</a>' in before
    assert "Annuler la demande, c’est renoncer à tout" in before
    assert "Annuler le rendez-vous et la demande</button>" in before
    page = Page.open(owner_page, giving_up(demande))
    assert f"<strong>{meeting}</strong>" in page.html
    assert "Votre demande reste ouverte" in page.html
    assert code(demande) == ("rdv-confirme" if is_fixed else "rdv-propose")

    answer = page.press()
    again = page.press()

    assert [one["Location"] for one in (answer, again)] == [demande.get_absolute_url()] * 2
    told = owner_page.get(demande.get_absolute_url()).content.decode()
    assert f"Vous avez renoncé au rendez-vous du {meeting}." in told
    assert "Un agent s’en occupe</h1>" in told
    assert "Renoncer au rendez-vous" not in told
    assert "Annuler ma demande d’aide</button>" in told
    event = fresh(demande).events.get(kind="meeting_given_up")
    assert event.by == alice


def test_the_page_that_gives_up_is_there_only_while_there_is_something(
    owner_page: Client, alice: User, agent: User
) -> None:
    demande = make_demande(alice, at=NOW)
    url = demande.get_absolute_url()
    assert owner_page.get(giving_up(demande))["Location"] == url
    untold = Client.post(owner_page, giving_up(demande), follow=True)
    assert "la demande est à l’état" in untold.content.decode()
    fixed(demande, by=agent, at=NOW, rank=0)
    assert owner_page.get(giving_up(demande)).status_code == 200

    with time_machine.travel(after(demande), tick=False):
        owner_page.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
        assert owner_page.get(giving_up(demande))["Location"] == url
        page = owner_page.get(url).content.decode()

    assert "Rendez-vous fixé</h1>" in page
    assert "Renoncer au rendez-vous" not in page
    assert "renoncez au rendez-vous seulement" not in page


def test_the_appointment_given_up_is_the_one_that_was_read(
    owner_page: Client, alice: User, agent: User
) -> None:
    demande = proposed(make_demande(alice, at=NOW), by=agent, at=NOW)
    page = Page.open(owner_page, giving_up(demande))
    read = meeting_of(demande)
    propose_again(demande, by=agent)

    answer = page.press()
    untold = Client.post(owner_page, giving_up(demande))

    html = answer.content.decode().replace("\u00a0", " ")
    assert (answer.status_code, untold.status_code) == (409, 409)
    assert f"Renoncer au rendez-vous du {read}.".replace("\u00a0", " ") in html
    assert str(meeting_of(demande)).replace("\u00a0", " ") in html
    assert code(demande) == "rdv-propose"
    assert not fresh(demande).events.filter(kind="meeting_given_up").exists()


def test_an_old_page_is_told_also_when_the_request_ended(
    owner_page: Client, alice: User, agent: User
) -> None:
    demande = fixed(make_demande(alice, at=NOW), by=agent, at=NOW)
    page = Page.open(owner_page, giving_up(demande))
    aide.cancel(demande, by=None, at=NOW)

    told = plain(owner_page.get(page.press()["Location"]).content.decode())

    assert "la demande est à l’état « Annulée »" in told
    assert code(demande) == "annulee"


def test_nobody_else_gives_up_an_appointment(
    alice: User, charlie: User, agent: User, client: Client
) -> None:
    demande = fixed(make_demande(alice, at=NOW), by=agent, at=NOW)
    sent = {"lu": meeting_of(demande).pk}

    for user in (None, charlie, agent):
        client.logout()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.post(giving_up(demande), sent)
        # As for a reference that nobody has: the page that asks for the codes, and nothing more.
        assert (answer.status_code, answer["Location"]) == (302, reverse("vitale:codes-open"))

    assert code(demande) == "rdv-confirme"


def test_codes_open_it_too_and_without_the_token_of_the_form_nothing_is_done(
    alice: User, agent: User
) -> None:
    demande = fixed(make_demande(alice, at=NOW), by=agent, at=NOW)
    secret = demande.renew_secret()
    client = Client(enforce_csrf_checks=True)
    given = {"reference": demande.reference, "secret": secret}
    press(client, reverse("vitale:codes-open"), given)
    page = Page.open(client, giving_up(demande))

    bare = client.post(page.url, {"lu": page.fields()["lu"]})
    assert (bare.status_code, code(demande)) == (403, "rdv-confirme")

    assert page.press().status_code == 302
    assert fresh(demande).events.get(kind="meeting_given_up").by is None


def test_asking_before_giving_up_takes_as_many_queries_whatever_is_booked(
    owner_page: Client,
    alice: User,
    agent: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    demande = fixed(make_demande(alice, at=NOW), by=agent, at=NOW)
    owner_page.get(giving_up(demande))
    with django_assert_num_queries(4):
        owner_page.get(giving_up(demande))
    for rank in (0, 1, 2):
        fixed(make_demande(alice, at=NOW), by=agent, at=NOW, rank=rank)
    owner_page.get(giving_up(demande))

    with django_assert_num_queries(4):
        owner_page.get(giving_up(demande))


def test_cancelling_asks_again_once_an_appointment_is_proposed(
    owner_page: Client, alice: User, agent: User
) -> None:
    demande = make_demande(alice, at=NOW)
    page = Page.open(owner_page, demande.get_absolute_url())
    proposed(demande, by=agent, at=NOW)

    answer = page.press(action=f"{page.url}annuler/")

    assert (answer.status_code, code(demande)) == (409, "rdv-propose")


def propose_again(demande: Demande, *, by: User) -> None:
    """The mairie proposes another day, two days later."""
    later = meeting_of(demande).starts_at + timedelta(days=2)
    meetings.propose(demande, later, by=by, at=NOW, version=fresh(demande).version)


def test_the_account_shows_the_day_without_a_query_for_each(
    owner_page: Client,
    alice: User,
    agent: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    fixed(make_demande(alice, at=NOW), by=agent, at=NOW, rank=0)
    owner_page.get(reverse("demarches:account"))
    with django_assert_num_queries(8):
        owner_page.get(reverse("demarches:account"))
    for rank in (1, 2):
        fixed(make_demande(alice, at=NOW), by=agent, at=NOW, rank=rank)

    with django_assert_num_queries(9):
        page = owner_page.get(reverse("demarches:account")).content.decode()

    assert page.count("Rendez-vous fixé") == 3
    assert page.count("<p>mardi 16\u00a0mars 2027 à") == 3


def test_a_slot_lost_meanwhile_shows_the_nearest_ones(
    owner_page: Client, alice: User, agent: User
) -> None:
    demande = proposed(make_demande(alice, at=NOW), by=agent, at=NOW)
    url = f"{demande.get_absolute_url()}rendez-vous/"
    wanted = owner_page.get(url).context["first"][1].slots[0]
    other = make_demande(at=NOW)
    aide.take(other, by=agent, at=NOW, version=fresh(other).version)
    meetings.fix(other, wanted.starts_at, by=agent, at=NOW, version=fresh(other).version)

    page = owner_page.post(url, {"creneau": wanted.key})

    assert page.status_code == 409
    assert len(page.context["nearest"]) == 3


def test_there_is_nothing_to_choose_before_a_proposal(owner_page: Client, alice: User) -> None:
    help_agenda()
    demande = make_demande(alice)
    url = demande.get_absolute_url()

    assert owner_page.get(f"{url}rendez-vous/")["Location"] == url
    page = owner_page.post(f"{url}rendez-vous/confirmer/", follow=True).content.decode()
    assert "la demande est à l’état" in page


def test_choosing_asks_as_many_queries_whatever_is_booked(
    owner_page: Client,
    alice: User,
    agent: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    demande = proposed(make_demande(alice, at=NOW), by=agent, at=NOW)
    url = f"{demande.get_absolute_url()}rendez-vous/"
    owner_page.get(url)
    with django_assert_num_queries(8):
        owner_page.get(url)
    for rank in (1, 2, 3):
        fixed(make_demande(at=NOW), by=agent, at=NOW, rank=rank)
    owner_page.get(url)

    with django_assert_num_queries(8):
        owner_page.get(url)


# The desk


@pytest.fixture
def desk(client: Client, agent: User) -> Client:
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    return client


def book(desk: Client, demande: Demande, **data: Any) -> Any:
    url = reverse("admin:vitale_demande_book", args=[demande.pk])
    return desk.post(url, {"version": fresh(demande).version, **data}, follow=True)


@pytest.mark.parametrize(
    ("email", "agreed", "state", "words"),
    [
        (MAIL, "non", "rdv-propose", "La personne reçoit un mail."),
        ("", "non", "rdv-propose", "Appelez la personne : 06 12 34 56 78."),
        (MAIL, "oui", "rdv-confirme", "La personne reçoit un mail."),
        ("", "oui", "rdv-confirme", "Rendez-vous fixé"),
    ],
)
def test_the_desk_proposes_or_fixes(
    desk: Client, agent: User, email: str, agreed: str, state: str, words: str
) -> None:
    agenda = help_agenda()
    demande = make_demande(email=email, at=NOW)
    aide.take(demande, by=agent, at=NOW, version=fresh(demande).version)
    page = desk.get(reverse("admin:vitale_demande_change", args=[demande.pk]))
    assert "Proposer ou fixer un rendez-vous" in page.content.decode()
    start = localtime(slot_after(agenda, at=NOW)).isoformat(timespec="minutes")

    done = book(desk, demande, creneau=start, accord=agreed)

    assert code(demande) == state
    assert words in done.content.decode()


def test_the_desk_notes_that_the_person_accepts_by_telephone(desk: Client, agent: User) -> None:
    demande = proposed(make_demande(at=NOW), by=agent, at=NOW)
    start = meeting_of(demande).starts_at
    page = desk.get(reverse("admin:vitale_demande_change", args=[demande.pk])).content.decode()
    assert f"Fixer le {meeting_of(demande)}" in page
    url = reverse("admin:vitale_demande_act", args=[demande.pk, "confirmer"])

    assert desk.post(url, {"version": 1}).status_code == 409
    assert desk.post(url, {"version": fresh(demande).version}).status_code == 302
    assert (code(demande), meeting_of(demande).starts_at) == ("rdv-confirme", start)

    page = desk.get(reverse("admin:vitale_demande_change", args=[demande.pk])).content.decode()
    assert "La personne accepte ce créneau" not in page


def test_the_desk_is_told_what_cannot_be(desk: Client, agent: User) -> None:
    help_agenda()
    demande = make_demande(at=NOW)
    early = book(desk, demande, creneau="x").content.decode()
    assert "la demande est à l’état" in early
    aide.take(demande, by=agent, at=NOW, version=fresh(demande).version)

    assert book(desk, demande, creneau="x").status_code == 422
    stale = book(desk, demande, creneau="2027-03-16T09:00+01:00", version=1)
    shut = book(desk, demande, creneau="2027-03-21T09:00+01:00")

    assert (stale.status_code, shut.status_code) == (409, 409)
    assert "a changé depuis" in stale.content.decode()
    assert code(demande) == "prise-en-charge"


def test_the_desk_notes_who_came_and_who_did_not(desk: Client, agent: User) -> None:
    came = fixed(make_demande(at=NOW), by=agent, at=NOW)
    missed = fixed(make_demande(at=NOW), by=agent, at=NOW)

    for demande, verb in ((came, "accompagner"), (missed, "absent")):
        with time_machine.travel(after(demande, minutes=20), tick=False):
            desk.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
            home = desk.get(reverse("admin:index")).context["piles"]
            counted = {pile.title: pile.count for pile in home}
            assert counted["Rendez-vous d’aide du jour, ou à noter"] >= 1
            url = reverse("admin:vitale_demande_act", args=[demande.pk, verb])
            assert desk.post(url, {"version": fresh(demande).version}).status_code == 302

    assert (code(came), code(missed)) == ("accompagnee", "absent")


def test_the_desk_finds_again_a_request_whose_appointment_was_given_up(
    desk: Client, agent: User
) -> None:
    demande = fixed(make_demande(name="Mme Roux", at=NOW), by=agent, at=NOW, rank=0)

    def piles() -> dict[str, int]:
        home = desk.get(reverse("admin:index")).context["piles"]
        return {pile.title: pile.count for pile in home}

    assert piles()["Demandes d’aide en cours"] == 0
    former = give_up(demande)

    assert piles()["Demandes d’aide en cours"] == 1
    changelist = reverse("admin:vitale_demande_changelist")
    listed = desk.get(changelist, {"file": "en-cours"}).content.decode()
    page = desk.get(reverse("admin:vitale_demande_change", args=[demande.pk])).content.decode()
    assert demande.reference in listed
    assert f"Renoncement au rendez-vous : la demande reste ouverte ({former})" in page
    assert "<p>Renoncement au rendez-vous</p>" in page
    assert "attend une réponse depuis" in page
    assert "Proposer ou fixer un rendez-vous" in page


def test_an_agent_reads_what_will_happen_says_why_and_may_come_back(
    agent: User, client: Client
) -> None:
    demande = fixed(make_demande(email=MAIL, at=NOW), by=agent, at=NOW)
    booked, mails = meeting_of(demande), Email.objects.count()
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:vitale_demande_cancel", args=[demande.pk])
    version = fresh(demande).version

    page = client.get(url).content.decode()
    silent = client.post(url, {"version": version})
    done = client.post(url, {"version": version, "reason": "Au téléphone."})

    assert MAIL in page
    assert str(booked) in page
    assert (silent.status_code, done.status_code) == (422, 302)
    assert Email.objects.latest("pk").scheduled_time > NOW
    undo = reverse("admin:vitale_demande_undo", args=[demande.pk])
    client.post(undo, {"ending": demande.endings.get().pk})
    assert (code(demande), fresh(demande).appointment) == ("rdv-confirme", booked)
    assert Email.objects.count() == mails
    booked.refresh_from_db()
    assert booked.status == "booked"
