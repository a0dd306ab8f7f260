"""What was decided holds by the late ways too: after the day, after the hold, after the warning.

Each test takes a path that begins lawfully, lets time pass or a fact change, and goes on.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from demarches.admin.stranding import stranded_now
from demarches.agenda.booking import first_days
from demarches.models import Agenda, AgendaDayChange, Closure, Mairie, Officer, User
from demarches.rules.enums import PieceStatus
from pacs.actions.appointments import book_for, hold_slot
from pacs.actions.consent import watching_facts
from pacs.actions.dossiers import attest, choose_door, join_dossier, open_dossier
from pacs.actions.endings import end_dossier, undo_ending
from pacs.actions.registration import Ceremony, originals_of, register_pacs
from pacs.actions.upkeep import purge_dossiers, warn_of_deletion
from pacs.models import Door, Dossier, PacsSettings, Partenaire, Registration
from pacs.reads.booking import agenda_of, asked_by
from pacs.reads.leaks import told_by
from pacs.rules.competence import address_is_elsewhere
from pacs.rules.gate import Act, PieceState, piece_problem
from pacs.rules.situation import Residence
from tests.support.appointments import make_complete
from tests.support.dossiers import COMMON, OTHER, PERSON, dates_read, make_dossier
from tests.support.pages import Answer, Page, press
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)
DAY = datetime(2026, 12, 14, 9, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def complete(reference_data: None, alice: User, bob: User, agent: User) -> Dossier:
    return make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)


@pytest.fixture
def officer(reference_data: None) -> Officer:
    return Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=date(2026, 1, 1)
    )


@pytest.fixture
def boss_client(reference_data: None, client_of: Callable[[User | None], Client]) -> Client:
    return client_of(User.objects.create_superuser("chef@example.org", "x"))


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def person(dossier: Dossier, position: int = 1) -> Partenaire:
    people = Partenaire.objects.select_related("dossier", "user")
    return people.get(dossier=dossier, position=position)


def register(
    dossier: Dossier, officer: Officer, agent: User, *, day: datetime, at: datetime
) -> Registration:
    row, moment = fresh(dossier), day + timedelta(minutes=20)
    originals = [piece.key for piece, _ in originals_of(row)]
    ceremony = Ceremony(
        officer,
        moment,
        [1, 2],
        originals,
        dates_read(row, day.date()),
        convention_visa=True,
        convention_returned=True,
    )
    return register_pacs(row, ceremony, by=agent, at=at, version=None)


# The law


def test_nobody_in_the_register_is_registered_again_before_the_end_of_that_pacs(
    complete: Dossier,
    agent: User,
    officer: Officer,
    alice: User,
    bob: User,
    clock: time_machine.Traveller,
) -> None:
    book_for(complete, DAY, by=agent, at=NOW)
    after = DAY + timedelta(minutes=30)
    clock.move_to(after)
    line = register(complete, officer, agent, day=DAY, at=after)
    next_day = DAY + timedelta(days=1)
    # It had an end when their papers were looked at, noted by mistake.
    line.dissolved_on, line.dissolution = DAY.date(), "conjointe"
    line.save(update_fields=["dissolved_on", "dissolution"])
    again = make_complete(make_dossier(alice, bob, at=after), agent, at=after)
    book_for(again, next_day, by=agent, at=after)
    line.dissolved_on, line.dissolution = None, ""
    line.save(update_fields=["dissolved_on", "dissolution"])
    later = next_day + timedelta(minutes=30)
    clock.move_to(later)

    with pytest.raises(ValidationError) as refused:
        register(again, officer, agent, day=next_day, at=later)

    bound = f"lié au Pacs n° {line.number}, sans fin au registre. S’il est dissous, enregistrez"
    assert [bound in one for one in refused.value.messages] == [True, True]
    line.dissolved_on, line.dissolution = next_day.date(), "conjointe"
    line.save(update_fields=["dissolved_on", "dissolution"])
    assert register(again, officer, agent, day=next_day, at=later).sequence == 2


def test_a_day_that_has_passed_rests_on_what_was_attested_by_then(
    complete: Dossier, agent: User, officer: Officer, clock: time_machine.Traveller
) -> None:
    book_for(complete, DAY, by=agent, at=NOW)
    later = DAY + timedelta(days=2)
    clock.move_to(later)
    with watching_facts(Dossier.objects.locked().get(pk=complete.pk), by=agent, at=later):
        second = person(complete, 2)
        second.birth_name = "Autre"
        second.save(update_fields=["birth_name"])
    for one in fresh(complete).people:
        attest(one, at=later, by=None)

    with pytest.raises(ValidationError) as refused:
        register(complete, officer, agent, day=DAY, at=later)

    late = "attestée le 16\u00a0décembre 2026, après le jour de l’enregistrement."
    assert refused.value.messages == [
        f"Partie de Camille Anne Lemoine : {late}",
        f"Partie de Noé Autre : {late}",
    ]


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.BOOK, Act.REGISTER])
def test_a_birth_the_mairie_refused_passes_nowhere(act: Act) -> None:
    refused = PieceState("1-P10", "Acte", 1, PieceStatus.REFUSED, by_mairie=True)

    assert (
        piece_problem(act, refused, on=DAY.date()) == "refusée par la mairie, à vérifier de nouveau"
    )
    assert not piece_problem(Act.SEND_AGAIN, refused, on=DAY.date())  # not in their hands


@pytest.mark.parametrize("city", ["(Nîmes)", "30000", "???", "cedex"])
def test_what_names_no_commune_is_not_this_one(city: str) -> None:
    assert address_is_elsewhere(residence=Residence.HERE, city=city, commune="Uzès")
    assert not address_is_elsewhere(residence=Residence.HERE, city="", commune="Uzès")


# The days


def test_a_minor_found_complete_is_not_impossible_for_want_of_a_wished_day(
    reference_data: None, alice: User, bob: User, agent: User
) -> None:
    """They may come on the eighteenth birthday: nothing says that the dossier cannot succeed."""
    second = {**OTHER, "birth_year": 2009, "birth_month": 1, "birth_day": 25}
    common = {**COMMON, "wished_date": date(2027, 2, 1)}
    draft = make_dossier(alice, bob, at=NOW, common=common, people=(PERSON, second))
    complete = make_complete(draft, agent, at=NOW)
    Dossier.objects.filter(pk=complete.pk).update(wished_date=None)

    assert fresh(complete).registration_date(at=NOW) == date(2027, 1, 25)
    assert fresh(complete).outcomes(at=NOW) == ()


def test_one_too_young_for_every_day_that_can_be_booked_stays_impossible(
    complete: Dossier,
) -> None:
    person(complete, 2)
    complete.partenaires.filter(position=2).update(birth_year=2011)

    assert [one.type.code for one in fresh(complete).outcomes(at=NOW)] == ["B01"]


def test_a_slot_kept_too_long_is_not_confirmed_once_it_has_begun(
    complete: Dossier,
    alice: User,
    client_of: Callable[[User | None], Client],
    clock: time_machine.Traveller,
) -> None:
    her, choose = client_of(alice), reverse("pacs:appointment-choose", args=[complete.reference])
    held = press(her, choose, {"creneau": DAY.isoformat(timespec="minutes")})
    page = Page.open(her, held.url)
    clock.move_to(DAY + timedelta(hours=3))

    answer = Page(client_of(alice), page.url, page.response).press()

    assert (answer.status_code, fresh(complete).appointment) == (409, None)


def test_hours_do_not_change_under_an_appointment_that_may_still_be_taken_back(
    complete: Dossier, agent: User, boss_client: Client
) -> None:
    book_for(complete, DAY, by=agent, at=NOW)
    ending = end_dossier(fresh(complete), "clore", reason="Doublon", by=agent, at=NOW, version=None)

    answer = close_the_day(boss_client, "Travaux")

    assert (answer.status_code, Closure.objects.count()) == (200, 0)
    assert "peut encore être repris jusqu’à 8\u00a0h\u00a045" in answer.content.decode()
    undo_ending(ending, by=agent, at=NOW + timedelta(minutes=5))
    assert (the(fresh(complete).appointment).starts_at, stranded_now(at=NOW)) == (DAY, [])


def close_the_day(client: Client, reason: str) -> Answer:
    typed = {"mairie": Mairie.objects.get().pk, "service": "", "reason": reason}
    day = {"first_day": "14/12/2026", "from_time": "", "last_day": "14/12/2026", "until_time": ""}
    return client.post(reverse("admin:demarches_closure_add"), {**typed, **day})


# Secrets


def test_a_public_reason_holds_no_private_number(boss_client: Client) -> None:
    number = "1 90 04 30 189 123 59"
    close_the_day(boss_client, number)
    change = {
        "agenda": Agenda.objects.get(slug="pacs").pk,
        "is_added": "False",
        "day": "29/12/2026",
    }
    boss_client.post(
        reverse("admin:demarches_agendadaychange_add"),
        {**change, "from_time": "", "until_time": "", "reason": number},
    )

    assert (Closure.objects.count(), AgendaDayChange.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("measure", "curatelle", "Votre partenaire est sous protection juridique."),
        ("measure", "tutelle", "Il faut l’accord du juge des contentieux de la protection."),
        ("measure", "autre", "C’est une personne protégée."),
        ("protection", "refugie", "Sa demande d’asile suffit."),
        ("protection", "apatride", "Une personne sans nationalité."),
        ("situation", "veuf", "Il manque le décès de son épouse."),
    ],
)
def test_other_words_for_the_same_secret_are_not_told(
    complete: Dossier, column: str, value: str, text: str
) -> None:
    complete.partenaires.filter(position=2).update(**{column: value})
    readers = [person(complete)]

    assert told_by(text, dossier=fresh(complete), readers=readers)


# What is kept


def test_who_joins_a_draft_about_to_be_deleted_keeps_it(
    reference_data: None, alice: User, bob: User, clock: time_machine.Traveller
) -> None:
    draft = open_dossier(at=NOW, user=alice, couple=COMMON, people=(PERSON, {}))
    choose_door(draft.people[1], Door.OWN, email=bob.email, by=alice, at=NOW)
    warned = NOW + PacsSettings.current().retention.draft - timedelta(days=1)
    assert warn_of_deletion(at=warned) == 1

    join_dossier(draft, bob, at=warned + timedelta(days=13))

    assert purge_dossiers(at=warned + timedelta(days=15)).drafts == 0
    assert Dossier.objects.filter(pk=draft.pk).exists()


def test_who_is_choosing_a_day_keeps_the_dossier(complete: Dossier) -> None:
    warned = NOW + PacsSettings.current().retention.inactive - timedelta(days=1)
    assert warn_of_deletion(at=warned) == 1
    last_minute = warned + timedelta(days=14, minutes=-5)
    agenda = the(agenda_of(complete))
    asked = asked_by(fresh(complete), agenda, reader=person(complete), at=last_minute)
    (day,) = first_days(agenda, asked, count=1)

    hold_slot(person(complete), day.slots[0].starts_at, at=last_minute)

    assert purge_dossiers(at=last_minute + timedelta(minutes=10)).ended == 0
    assert Dossier.objects.filter(pk=complete.pk).exists()
