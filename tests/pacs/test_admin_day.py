"""The desk of the day and of the register: who may, what is refused, what is kept."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from post_office.models import Email
from pytest_django import DjangoAssertNumQueries

from demarches.agenda.booking import week_of
from demarches.mail.emails import mail_text
from demarches.models import Agenda, Appointment, Officer, User
from demarches.rules.read import imprint
from demarches.rules.slots import Asked
from pacs.actions.appointments import book_for
from pacs.actions.consent import watching_facts
from pacs.actions.registration import (
    Ceremony,
    InHand,
    originals_of,
    register_pacs,
    update_act,
)
from pacs.models import (
    Avis,
    Dossier,
    LaterAct,
    PacsSettings,
    Partenaire,
    RegisteredPerson,
    Registration,
)
from pacs.papers.documents import convocation
from pacs.reads.day import Person, births_to_verify
from tests.support.appointments import booked_seat, make_complete
from tests.support.dossiers import OTHER, PERSON, dates_read, make_dossier
from tests.support.pages import Page, press
from tests.support.pdf import text_of
from tests.support.present import the
from tests.support.rows import more_registrations

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 9, 20, tzinfo=PARIS)
START = datetime(2026, 11, 23, 9, 30, tzinfo=PARIS)
AFTER = START + timedelta(minutes=20)
NIR = "2 90 05 30 189 042 " + f"{97 - 2900530189042 % 97:02d}"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def officer(reference_data: None) -> Officer:
    return Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=date(2026, 1, 1)
    )


def scheduled(agent: User, rank: int = 0) -> Dossier:
    people = [User.objects.create_user(f"p{rank}-{who}@example.org") for who in (1, 2)]
    # Nobody is registered twice: each couple has a year of birth of its own.
    own = ({**PERSON, "birth_year": 1960 + rank}, {**OTHER, "birth_year": 1960 + rank})
    complete = make_complete(make_dossier(*people, at=NOW, people=own), agent, at=NOW)
    book_for(complete, START + timedelta(minutes=30 * rank), by=agent, at=NOW)
    return Dossier.objects.get(pk=complete.pk)


def registered(agent: User, officer: Officer, rank: int = 0) -> Registration:
    dossier = scheduled(agent, rank)
    keys = [piece.key for piece, _ in originals_of(dossier)]
    start = the(dossier.appointment).starts_at
    done = Ceremony(
        officer,
        start,
        [1, 2],
        keys,
        dates_read(dossier, start.date()),
        convention_visa=True,
        convention_returned=True,
    )
    return register_pacs(dossier, done, by=agent, at=start, version=None)


@pytest.fixture
def dossier(agent: User) -> Dossier:
    return scheduled(agent)


@pytest.fixture
def desk(agent: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(agent)


def of_group(name: str) -> User:
    user = User.objects.create_user(f"{name}@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name=name))
    return user


def address(name: str, *args: object) -> str:
    return reverse(f"admin:pacs_{name}", args=args)


def test_who_opens_what(
    agent: User,
    agent_other: User,
    alice: User,
    officer: Officer,
    client_of: Callable[[User | None], Client],
) -> None:
    line = registered(agent, officer)
    dossier = scheduled(agent, rank=1)
    pages = {
        "day": address("dossier_day"),
        "front desk": address("dossier_sheet", "accueil"),
        "officer's sheet": address("dossier_sheet", "officier"),
        "births": address("dossier_births"),
        "book": address("dossier_book", dossier.pk),
        "register": address("dossier_register", dossier.pk),
        "lines": address("registration_changelist"),
        "line": address("registration_change", line.pk),
        "avis": address("registration_avis"),
        "letter": address("registration_letter", the(line.avis.first()).pk),
        "recepisse": address("registration_paper", line.pk, "recepisse"),
        "counts": address("registration_counts"),
        "old": address("registration_old"),
    }
    staff = {name: client_of(of_group(name)) for name in ("accueil", "instructeur")}
    staff |= {"officier": client_of(agent), "administrateur": client_of(agent_other)}

    found = {
        name: {page for page, path in pages.items() if client.get(path).status_code == 200}
        for name, client in staff.items()
    }

    reads = {"day", "front desk"}
    reviews = reads | {"officer's sheet", "births", "book", "lines", "line", "avis"}
    reviews |= {"letter", "recepisse"}
    assert found == {
        "accueil": reads,
        "instructeur": reviews,
        "officier": reviews | {"register", "counts", "old"},
        "administrateur": set(),
    }
    for client in (client_of(alice), client_of(None)):
        assert {client.get(path).status_code for path in pages.values()} == {302}


def test_the_day_says_who_comes_and_what_is_wrong(desk: Client, dossier: Dossier) -> None:
    dossier.pieces.filter(key="1-P03_identite").update(status="provided")

    html = desk.get(address("dossier_day")).content.decode()
    other = desk.get(f"{address('dossier_day')}?jour=2026-11-24").content.decode()

    assert "9\u00a0h\u00a030" in html
    assert "À régler avant l’enregistrement" in html
    assert "Aucun rendez-vous ce jour-là." in other
    assert dossier.readings.filter(what="feuille du jour").count() == 1


@pytest.mark.parametrize("query", ["jour=x", "jour=2026-02-31", "jour=9999-12-31", "jour="])
def test_hostile_days_show_today(desk: Client, dossier: Dossier, query: str) -> None:
    answer = desk.get(f"{address('dossier_day')}?{query}")

    assert "9\u00a0h\u00a030" in answer.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_day_asks_the_same_whoever_comes(
    desk: Client, agent: User, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for rank in range(count):
        scheduled(agent, rank)
    desk.get(address("dossier_day"))

    # The readings of all are one statement.
    with django_assert_num_queries(13):
        desk.get(address("dossier_day"))


def test_arrived_missed_and_cancelled_are_buttons(
    desk: Client, dossier: Dossier, clock: time_machine.Traveller
) -> None:
    def push(verb: str, **data: str) -> int:
        return desk.post(address("dossier_act", dossier.pk, verb), data).status_code

    shown = str(dossier.appointment_id)
    assert push("absents", rendez_vous=shown) == 422
    assert push("arrives") == push("arrives", rendez_vous="999999") == 409
    assert push("arrives", rendez_vous=shown) == 302
    assert push("annuler-rdv", reason="", version=str(Dossier.objects.get().version)) == 422
    assert push("annuler-rdv", reason="Panne", version="1") == 409
    clock.move_to(AFTER)
    # On a page from before they came; then on the one that says so.
    assert push("absents", rendez_vous=shown) == 409
    assert push("absents", rendez_vous=shown, etat="arrived") == 302
    assert Dossier.objects.get().status == "complete"


def test_booking_at_the_desk(desk: Client, dossier: Dossier) -> None:
    path = address("dossier_book", dossier.pk)
    taken = booked_seat(dossier, starts_at=datetime(2026, 11, 24, 9, tzinfo=PARIS))

    page = desk.get(path).content.decode()
    answers = {
        value: press(desk, path, {"creneau": value}).status_code
        for value in ("", "x", "2026-11-24T10:00", taken.starts_at.isoformat())
    }
    moved = press(desk, path, {"creneau": "2026-11-24T10:00+01:00"})

    assert "Il reste pris tant que vous n’en choisissez pas un autre." in page
    assert list(answers.values()) == [422, 422, 422, 409]
    assert moved.status_code == 302
    assert the(Dossier.objects.get().appointment).starts_at.hour == 9  # in UTC


def test_booking_acts_on_the_appointment_the_agent_saw(
    desk: Client, dossier: Dossier, agent: User
) -> None:
    page = Page.open(desk, address("dossier_book", dossier.pk))
    book_for(dossier, datetime(2026, 11, 25, 10, tzinfo=PARIS), by=agent, at=NOW)

    stale = page.press({"creneau": "2026-11-24T10:00+01:00"})
    untold = desk.post(page.url, {"creneau": "2026-11-24T10:00+01:00"})

    html = stale.content.decode().replace("\u00a0", " ")
    assert (stale.status_code, untold.status_code) == (409, 409)
    assert "Vous vouliez&nbsp;: mardi 24 novembre 2026 à 10 h." in html
    assert "rendez-vous le mercredi 25 novembre 2026 à 10 h" in html
    assert the(Dossier.objects.get().appointment).starts_at.day == 25


def test_a_slot_that_is_theirs_already_is_said_to_be(desk: Client, dossier: Dossier) -> None:
    """Pressed twice, or from a page of before: nothing changes, and nobody is said to have it."""
    path, wanted = address("dossier_book", dossier.pk), "2026-11-24T10:00+01:00"
    page = Page.open(desk, path)
    page.press({"creneau": wanted})
    mails, events = Email.objects.count(), dossier.events.count()

    for data in (None, {"version": Dossier.objects.get().version}):
        again = page.press({"creneau": wanted, **(data or {})})
        answer = desk.get(again.url)
        said = [str(message) for message in answer.context["messages"]]
        assert said[-1:] == [
            f"C’est son rendez-vous actuel : {Dossier.objects.get().appointment}. Rien n’a changé."
        ]

    assert (Email.objects.count(), dossier.events.count()) == (mails, events)


def test_booking_a_dossier_that_is_not_complete_says_why(desk: Client, sent: Dossier) -> None:
    answer = desk.get(address("dossier_book", sent.pk), follow=True)

    assert "quand le dossier est complet" in answer.content.decode()


def test_births_to_verify_show_the_fields_of_the_query(
    agent: User, desk: Client, clock: time_machine.Traveller
) -> None:
    PacsSettings.objects.update(comedec_active=True, connected_communes="30189")
    people = [User.objects.create_user(f"x{who}@example.org") for who in (1, 2)]
    dossier = make_dossier(*people, at=NOW)
    dossier.partenaires.filter(position=1).update(birth_insee="30189", attested_digest="legacy")
    from pacs.actions.pieces import sync_pieces  # noqa: PLC0415

    sync_pieces(Dossier.objects.get(pk=dossier.pk))
    complete = make_complete(Dossier.objects.get(pk=dossier.pk), agent, at=NOW)
    piece = complete.pieces.get(rule_id="P10_naissance_comedec")
    complete.pieces.filter(pk=piece.pk).update(status="provided", decided_at=None)
    path = address("dossier_births")

    html = desk.get(path).content.decode()
    refused = desk.post(path, {"piece": str(the(complete.pieces.exclude(pk=piece.pk).first()).pk)})
    missing = [desk.post(path, {"piece": value}).status_code for value in ("", "x", "999999")]
    unread = desk.post(path, {"piece": str(piece.pk)})
    still = complete.pieces.get(pk=piece.pk).status
    shown = next(check.key for check in births_to_verify(at=NOW) if check.piece.pk == piece.pk)
    Dossier.objects.filter(pk=dossier.pk).update(status="draft")
    in_draft = desk.post(path, {"piece": str(piece.pk), "lu": shown})
    Dossier.objects.filter(pk=dossier.pk).update(status="complete")
    done = desk.post(path, {"piece": str(piece.pk), "lu": shown})

    assert in_draft.status_code == 404
    assert (unread.status_code, still) == (302, "provided")
    for words in ("Lemoine", "Camille Anne", "Féminin", "04/05/1990", "Nîmes", "Inconnu"):
        assert words in html
    assert (refused.status_code, missing, done.status_code) == (302, [404] * 3, 302)
    assert "Rien à vérifier" in desk.get(path).content.decode()
    clock.move_to(NOW + timedelta(days=92))
    again = Client()
    again.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    assert "à refaire" in again.get(path).content.decode()
    with watching_facts(Dossier.objects.get(pk=dossier.pk), by=agent, at=NOW):
        dossier.partenaires.filter(position=1).update(birth_name="Autre")
    assert complete.pieces.get(pk=piece.pk).status == "provided"


def boxes(dossier: Dossier, signing: Officer, **changes: object) -> dict[str, object]:
    return {
        "version": Dossier.objects.get(pk=dossier.pk).version,
        "identified": ["1", "2"],
        "originals": [piece.key for piece, _ in originals_of(dossier)],
        "convention_visa": "on",
        "convention_returned": "on",
        "officer": str(signing.pk),
        "day": "2026-11-23",
        "hour": "09:45",
        **{f"date-{key}": str(day) for key, day in dates_read(dossier, START.date()).items()},
        **changes,
    }


def test_the_screen_keeps_what_was_ticked_then_registers(
    desk: Client, dossier: Dossier, officer: Officer, clock: time_machine.Traveller
) -> None:
    clock.move_to(AFTER)
    path = address("dossier_register", dossier.pk)

    page = desk.get(path).content.decode()
    refused = desk.post(path, boxes(dossier, officer, identified=["1"], convention_visa=""))
    done = desk.post(path, boxes(dossier, officer))
    again = desk.post(path, boxes(dossier, officer))

    html = refused.content.decode()
    line = Registration.objects.get()
    assert "Numéro proposé : <strong>30334-2026-1-0001</strong>" in page
    assert refused.status_code == 422
    assert "Identité à vérifier : Noé d’Almeida-Ünal." in html
    assert html.count(" checked") == 1 + len(originals_of(dossier)) + 1
    assert (done["Location"], again["Location"]) == (address("registration_change", line.pk),) * 2
    assert line.registered_at == datetime(2026, 11, 23, 9, 45, tzinfo=PARIS)


def test_the_number_is_of_the_year_of_the_registration_not_of_the_day_it_is_noted(
    agent: User,
    client_of: Callable[[User], Client],
    dossier: Dossier,
    officer: Officer,
    clock: time_machine.Traveller,
) -> None:
    clock.move_to(datetime(2027, 1, 4, 10, tzinfo=PARIS))
    desk = client_of(agent)
    path = address("dossier_register", dossier.pk)

    page = desk.get(path)
    other = desk.post(path, boxes(dossier, officer, day="2027-01-04"))
    done = desk.post(path, boxes(dossier, officer))

    assert page.context["proposed"] == "30334-2026-1-0001"
    assert page.context["form"].initial == {"day": START.date(), "hour": "09:30"}
    assert (other.status_code, other.context["proposed"]) == (422, "30334-2027-1-0001")
    assert (done.status_code, Registration.objects.get().number) == (302, "30334-2026-1-0001")


def test_the_list_counts_its_lines_in_words(
    desk: Client, dossier: Dossier, officer: Officer, clock: time_machine.Traveller
) -> None:
    clock.move_to(AFTER)
    desk.post(address("dossier_register", dossier.pk), boxes(dossier, officer))

    def counted() -> str:
        page = " ".join(desk.get(address("registration_changelist")).content.decode().split())
        return page.partition('<p class="paginator">')[2] or page

    assert "1 enregistrement de Pacs" in counted()
    more_registrations(Registration.objects.get(), 1)
    assert ("2 enregistrements de Pacs" in counted(), "2 registre" in counted()) == (True, False)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"officer": ""}, 422),
        ({"officer": "999"}, 422),
        ({"day": "2026-11-24"}, 422),
        ({"hour": "25:00"}, 422),
        ({"identified": ["3"]}, 422),
        ({"originals": ["x"]}, 422),
        ({"sequence": "-1"}, 422),
        ({"sequence": "7"}, 422),
        ({"sequence": "7", "gap_reason": NIR}, 422),
        ({"sequence": "9" * 40}, 422),
        ({"version": "1"}, 409),
        ({"version": "x"}, 409),
    ],
)
def test_hostile_registrations_write_nothing(
    desk: Client,
    dossier: Dossier,
    officer: Officer,
    clock: time_machine.Traveller,
    changes: dict[str, object],
    status: int,
) -> None:
    clock.move_to(AFTER)

    answer = desk.post(address("dossier_register", dossier.pk), boxes(dossier, officer, **changes))

    assert (answer.status_code, Registration.objects.count()) == (status, 0)


def test_an_instructeur_does_not_register(
    dossier: Dossier, officer: Officer, client_of: Callable[[User], Client]
) -> None:
    client = client_of(of_group("instructeur"))

    answer = client.post(address("dossier_register", dossier.pk), boxes(dossier, officer))

    assert (answer.status_code, Registration.objects.count()) == (403, 0)


def test_the_register_is_searched_and_never_changed(
    desk: Client, agent: User, officer: Officer
) -> None:
    line = registered(agent, officer)
    path = address("registration_changelist")

    found = [
        line.number in desk.get(path, {"q": query}).content.decode()
        for query in ("lemoine", "ALMEIDA unal", "0001", "camille lemoine", "durand", "x" * 500)
    ]
    refused = [
        desk.post(f"{path}{line.pk}/delete/", {"post": "yes"}).status_code,
        desk.get(f"{path}add/").status_code,
    ]

    assert found == [True, True, True, True, False, False]
    assert refused == [403, 403]


@pytest.mark.parametrize("count", [1, 3])
def test_lists_ask_the_same_whatever_they_hold(
    desk: Client,
    agent: User,
    officer: Officer,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    for rank in range(count):
        registered(agent, officer, rank)
    for path, queries in (
        (address("registration_avis"), 12),
        (address("registration_changelist"), 14),
    ):
        desk.get(path)
        with django_assert_num_queries(queries):
            desk.get(path)


def test_avis_are_noted_with_a_date(desk: Client, agent: User, officer: Officer) -> None:
    avis = the(registered(agent, officer).avis.first())
    path = address("registration_avis")

    def note(verb: str, on: str, pk: object = avis.pk) -> int:
        return desk.post(path, {"avis": str(pk), "verb": verb, "on": on}).status_code

    statuses = [note("sent", "x"), note("other", "2026-11-23"), note("sent", "2999-01-01")]
    assert (statuses, note("sent", "2026-11-23", "x")) == ([422] * 3, 404)
    assert note("sent", "2026-11-23", 999) == 404
    assert Avis.objects.filter(sent_on=None).count() == 2
    note("sent", "2026-11-23")
    note("mentioned", "2026-11-23")
    avis.refresh_from_db()
    assert (avis.sent_on, avis.mentioned_on) == (NOW.date(), NOW.date())


def test_avis_leave_together(desk: Client, agent: User, officer: Officer) -> None:
    """Those ticked, all or none; those noted meanwhile are said; the letters are those ticked."""
    line = registered(agent, officer)
    later = registered(agent, officer, 1)
    path = address("registration_avis")
    first, second = line.avis.order_by("pk")
    keys = [str(first.pk), str(second.pk)]
    letters = desk.post(path, {"avis": keys, "verb": "letters"})
    paper = desk.get(letters["Location"])
    assert (letters.status_code, paper.content[:4]) == (302, b"%PDF")
    assert Avis.objects.exclude(sent_on=None).count() == 0

    refused = desk.post(path, {"avis": keys, "verb": "sent", "on": "22/11/2026"})
    assert (refused.status_code, "n’a pas pu partir avant" in refused.content.decode()) == (
        422,
        True,
    )
    assert 'value="22/11/2026"' in refused.content.decode()
    assert refused.content.decode().count(" checked") == len(keys)
    assert "Cochez au moins un avis" in desk.post(path, {"verb": "sent"}).content.decode()
    many = {"avis": [str(key) for key in range(1, 103)], "verb": "letters"}
    assert "102 avis sont cochés" in desk.post(path, many).content.decode()

    desk.post(path, {"avis": keys[:1], "verb": "sent", "on": "2026-11-23"})
    again = desk.post(path, {"avis": keys, "verb": "sent", "on": "2026-11-23"}, follow=True)
    assert "1 envoi noté. Déjà noté avant" in again.content.decode()
    sent = Avis.objects.exclude(sent_on=None)
    assert {avis.registration_id for avis in sent} == {line.pk}
    assert later.avis.filter(sent_on=None).count() == 2
    events = the(line.dossier).events.filter(kind="avis_sent")
    assert [event.reason for event in events] == [
        "Mairie de Nîmes, le 23\u00a0novembre 2026"
    ] * len(keys)
    gone = desk.get(letters["Location"], follow=True)
    assert "Aucun de ces avis n’est à envoyer" in gone.content.decode()
    both = desk.post(path, {"avis": keys, "verb": "mentioned", "on": "2026-11-23"})
    assert "une mention à la fois" in both.content.decode()


def test_who_checks_prints_and_an_officer_notes(
    agent: User, officer: Officer, client_of: Callable[[User], Client]
) -> None:
    avis = the(registered(agent, officer).avis.first())
    path, data = address("registration_avis"), {"avis": str(avis.pk), "on": "2026-11-23"}
    client = client_of(of_group("instructeur"))

    statuses = [
        client.post(path, data | {"verb": verb}).status_code
        for verb in ("letters", "sent", "mentioned", "")
    ]

    assert statuses == [302, 403, 403, 422]
    assert Avis.objects.exclude(sent_on=None).count() == 0


def test_no_avis_goes_to_oneself(desk: Client, agent: User, officer: Officer) -> None:
    """A birth record of this mairie: the mention alone is noted, by its day."""
    line = registered(agent, officer)
    avis = line.avis.order_by("pk")[0]
    RegisteredPerson.objects.filter(pk=avis.person_id).update(
        birth_city="UZES", birth_department="Gard"
    )
    path = address("registration_avis")
    page = desk.get(path).content.decode()
    assert ("Mentions à faire ici" in page, page.count('type="checkbox"')) == (True, 1)
    data = {"avis": str(avis.pk), "on": "2026-11-23"}
    refused = desk.post(path, data | {"verb": "sent"}).content.decode()
    assert "Aucun avis ne part" in refused
    assert desk.get(f"{address('registration_letters')}?avis={avis.pk}").status_code == 302
    assert "pas d’avis" in desk.get(address("registration_change", line.pk)).content.decode()
    desk.post(path, data | {"verb": "mentioned"})
    avis.refresh_from_db()
    assert (avis.sent_on, avis.mentioned_on) == (NOW.date(), NOW.date())


@pytest.mark.parametrize("count", [1, 3])
def test_letters_ask_the_same_whatever_they_are(
    desk: Client,
    agent: User,
    officer: Officer,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    for rank in range(count):
        registered(agent, officer, rank)
    query = "&".join(f"avis={avis.pk}" for avis in Avis.objects.all())
    # The last one: what was mended in their lines.
    with django_assert_num_queries(14):
        desk.get(f"{address('registration_letters')}?{query}")


def test_late_avis_are_told(
    agent: User,
    officer: Officer,
    clock: time_machine.Traveller,
    client_of: Callable[[User], Client],
) -> None:
    registered(agent, officer)
    clock.move_to(NOW + timedelta(days=4))

    assert "2 en retard" in client_of(agent).get(address("registration_avis")).content.decode()


def open_act_on(desk: Client, line: Registration, kind: str) -> Any:
    """Open an act on the page of this line, as it is now."""
    path = address("registration_change", line.pk)
    lu = desk.get(path).context["lu"]
    return desk.post(path, {"kind": kind, "received_on": "2026-11-23", "lu": lu})


def test_a_double_click_opens_one_act_and_an_old_page_none(
    desk: Client, agent: User, officer: Officer
) -> None:
    path = address("registration_change", registered(agent, officer).pk)
    lu = desk.get(path).context["lu"]
    typed = {"kind": "dissolution_conjointe", "received_on": "2026-11-23", "lu": lu}

    first, again = desk.post(path, typed), desk.post(path, typed)
    old, unread = (
        desk.post(path, {**typed, "kind": "modification", "lu": read}) for read in (lu, "")
    )

    assert (first.status_code, again.status_code) == (302, 302)
    assert again["Location"] == first["Location"]
    assert (old.status_code, unread.status_code) == (409, 409)
    assert "rien n’est ouvert" in old.content.decode()
    assert LaterAct.objects.get().kind == "dissolution_conjointe"


def test_an_act_from_its_opening_to_its_registration(
    desk: Client, agent: User, officer: Officer
) -> None:
    line = registered(agent, officer)
    opened = open_act_on(desk, line, "dissolution_conjointe")
    act = LaterAct.objects.get()
    path = address("registration_act", act.pk)

    def lu() -> str:
        return imprint(LaterAct.objects.get().shown())

    bad = desk.post(address("registration_change", line.pk), {"kind": "divorce"})
    early = desk.post(path, {"verb": "enregistrer", "officer": str(officer.pk), "lu": lu()})
    pieces = ["declaration", "identites"]
    nobody = desk.post(path, {"verb": "enregistrer", "pieces": pieces, "lu": lu()})
    done = desk.post(
        path,
        {
            "verb": "enregistrer",
            "lu": lu(),
            "pieces": ["declaration", "identites"],
            "officer": str(officer.pk),
        },
    )

    assert (opened["Location"], bad.status_code, early.status_code) == (path, 422, 422)
    assert "Il manque : Photocopie" in early.content.decode()
    assert "Choisissez un officier" in nobody.content.decode()
    assert done.status_code == 302
    assert "Dissous, effet le" in desk.get(address("registration_change", line.pk)).content.decode()


def test_an_act_is_refused_with_its_ground(desk: Client, agent: User, officer: Officer) -> None:
    line = registered(agent, officer)
    open_act_on(desk, line, "modification")
    path = address("registration_act", LaterAct.objects.get().pk)

    lu = imprint(LaterAct.objects.get().shown())
    refusal = {"verb": "refuser", "ground": "Autre mairie.", "lu": lu}
    assert desk.post(path, {**refusal, "ground": ""}).status_code == 422
    assert desk.post(path, refusal).status_code == 302
    assert "Autre mairie." in desk.get(path).content.decode()


def test_a_death_names_who_died_and_offers_the_letter_of_the_other(
    desk: Client, agent: User, officer: Officer
) -> None:
    line = registered(agent, officer)
    open_act_on(desk, line, "dissolution_deces")
    act = LaterAct.objects.get()
    path, (first, second) = address("registration_act", act.pk), line.people
    page = desk.get(path)
    assert first.name in page.content.decode()
    told = {
        "verb": "enregistrer",
        "officer": str(officer.pk),
        "pieces": ["avis"],
        "event_on": "2026-11-23",
        "lu": page.context["lu"],
    }

    unsaid = desk.post(path, told)
    done = desk.post(path, {**told, "deceased": "1", "lu": unsaid.context["lu"]})

    assert unsaid.status_code == 422
    assert "Il manque : Le nom de la personne décédée." in unsaid.content.decode()
    assert done.status_code == 302
    html = desk.get(path).content.decode()
    assert f"lettre à {second.name}" in html
    assert f"lettre à {first.name}" not in html
    letters = {
        slug: address("registration_act_paper", act.pk, slug) for slug in ("lettre-1", "lettre-2")
    }
    assert {slug: desk.get(url).status_code for slug, url in letters.items()} == {
        "lettre-1": 404,
        "lettre-2": 200,
    }


def test_an_old_page_of_an_act_erases_nothing_and_gives_back_what_was_ticked(
    desk: Client, agent: User, officer: Officer
) -> None:
    line = registered(agent, officer)
    open_act_on(desk, line, "modification")
    path = address("registration_act", LaterAct.objects.get().pk)
    lu = desk.get(path).context["lu"]
    desk.post(path, {"verb": "noter", "pieces": ["declaration", "convention"], "lu": lu})

    stale = desk.post(path, {"verb": "noter", "pieces": ["identites"], "lu": lu})

    assert stale.status_code == 409
    assert "Cette démarche a changé" in stale.content.decode()
    assert "Vous aviez coché : Photocopie" in stale.content.decode()
    assert LaterAct.objects.get().pieces == ["declaration", "convention"]
    again = {"verb": "noter", "pieces": ["identites"], "lu": stale.context["lu"]}
    assert desk.post(path, again).status_code == 302


def test_a_refusal_answers_for_the_page_that_was_read(
    desk: Client, agent: User, officer: Officer
) -> None:
    line = registered(agent, officer)
    open_act_on(desk, line, "modification")
    act = LaterAct.objects.get()
    path = address("registration_act", act.pk)
    lu = desk.get(path).context["lu"]
    update_act(act, InHand(["convention"]))
    mine = {"verb": "enregistrer", "pieces": ["declaration", "identites"]}

    # Refused before anything is compared; then the same form, with what was missing.
    unsigned = desk.post(path, {**mine, "lu": lu})
    signed = {**mine, "officer": officer.pk, "lu": unsigned.context["lu"]}
    stale = desk.post(path, signed)
    picked = desk.post(path, {**signed, "lu": stale.context["lu"]}).content.decode()

    assert (unsigned.status_code, stale.status_code) == (422, 409)
    assert LaterAct.objects.get().pieces == ["convention"]
    assert "Il manque : Convention" in picked
    assert f'<option value="{officer.pk}" selected>' in picked


def test_an_age_above_a_hundred_is_asked_about_once_in_the_register(
    desk: Client, officer: Officer
) -> None:
    page = Page.open(desk, address("registration_old"))
    person = {
        "birth_name": "Roche",
        "first_names": "Ana",
        "birth_year": "1920",
        "birth_country": "FR",
    }
    data = {
        **{"number": "TI-2009-13", "registered_on": "2009-05-04", "origin": "tribunal"},
        "place": "Tribunal d’instance",
        **{f"p{rank}-{name}": value for rank in (1, 2) for name, value in person.items()},
        "p2-birth_year": "1980",
    }

    asked = page.press(data)

    html = asked.content.decode()
    assert (asked.status_code, Registration.objects.count()) == (422, 0)
    assert html.count("Cela ferait 106 ans cette année. Est-ce exact") == 1
    assert '<input type="hidden" name="p1-birth_year-asked" value="1920">' in html
    assert "p2-birth_year-asked" not in html
    assert page.press(data | {"p1-birth_year-asked": "1920"}).status_code == 302


def test_an_older_pacs_is_entered_by_its_number(desk: Client, officer: Officer) -> None:
    person = {
        "birth_name": "Roche",
        "first_names": "Ana",
        "sex": "F",
        "birth_day": "4",
        "birth_month": "5",
        "birth_year": "1980",
        "birth_city": "Alès",
        "birth_department": "Gard",
        "birth_country": "FR",
    }
    data = {
        "number": "TI-2009-12",
        "registered_on": "2009-05-04",
        "origin": "tribunal",
        "place": "Tribunal d’instance",
        **{f"p{rank}-{name}": value for rank in (1, 2) for name, value in person.items()},
        "p2-first_names": "Éva",
    }
    path = address("registration_old")

    wrong = desk.post(path, {**data, "p1-birth_month": "13", "p2-birth_name": ""})
    done = desk.post(path, data)
    twice = desk.post(path, data)

    assert (wrong.status_code, done.status_code, twice.status_code) == (422, 302, 422)
    assert "Écrivez le mois en chiffres" in wrong.content.decode()
    assert "déjà dans la liste" in twice.content.decode()
    assert Registration.objects.get().names == "Ana Roche et Éva Roche"


@pytest.mark.parametrize("query", ["annee=x", "annee=99999&semestre=7", "annee=0000", ""])
def test_counts_for_any_query(desk: Client, officer: Officer, query: str) -> None:
    assert desk.get(f"{address('registration_counts')}?{query}").status_code == 200


def test_papers_that_do_not_exist(desk: Client, agent: User, officer: Officer) -> None:
    line = registered(agent, officer)
    wrong = [
        address("registration_paper", line.pk, "autre"),
        address("registration_paper", 999, "recepisse"),
        address("registration_letter", 999),
        address("dossier_sheet", "autre"),
        address("dossier_decision", line.dossier_id),
        address("dossier_register", 999),
        address("registration_act", 999),
    ]

    assert [desk.get(path).status_code for path in wrong] == [404] * len(wrong)


def test_the_couple_reads_when_third_parties_are_bound(
    desk: Client, agent: User, officer: Officer, client_of: Callable[[User], Client]
) -> None:
    line = registered(agent, officer)
    couple = client_of(the(the(line.dossier).people[0].user))

    before = couple.get(the(line.dossier).get_absolute_url()).content.decode()
    for verb in ("sent", "mentioned"):
        for avis in Avis.objects.all():
            desk.post(
                address("registration_avis"),
                {"avis": str(avis.pk), "verb": verb, "on": "2026-11-23"},
            )
    after = couple.get(the(line.dossier).get_absolute_url()).content.decode()
    paper = couple.get(
        reverse("pacs:dossier-paper", args=[the(line.dossier).reference, "attestation"])
    )

    assert ("Il ne sera opposable aux tiers" in before, line.number in before) == (True, True)
    assert "opposable aux tiers depuis le 23\u00a0novembre 2026" in after
    assert paper.content.startswith(b"%PDF")


def test_without_an_agenda_the_couple_is_told_to_phone(
    agent: User, client_of: Callable[[User], Client]
) -> None:
    people = [User.objects.create_user(f"y{who}@example.org") for who in (1, 2)]
    complete = make_complete(make_dossier(*people, at=NOW), agent, at=NOW)
    PacsSettings.objects.update(agenda=None)

    html = client_of(people[0]).get(complete.get_absolute_url()).content.decode()

    assert "Convenez du rendez-vous avec la mairie" in html
    assert Agenda.objects.count() == 1
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (
            "curatelle",
            "vérifier l’assistance à la signature de la convention ; pas d’assistance à la"
            " déclaration",
        ),
        (
            "tutelle",
            "vérifier l’assistance à la signature de la convention ; pas d’assistance à la"
            " déclaration",
        ),
        ("autre", "vérifier ce que la mesure demande pour la convention"),
        ("aucune", ""),
        ("", ""),
    ],
)
def test_assistance_is_for_the_convention_and_not_for_the_declaration(
    measure: str, said: str
) -> None:
    one = Partenaire(measure=measure)
    label = one.get_measure_display() if measure not in {"", "aucune"} else ""

    assert Person(one, label).assistance == said


def test_an_hour_and_a_place_of_their_own(
    desk: Client, dossier: Dossier, agent: User, client_of: Callable[[User], Client]
) -> None:
    path = address("dossier_book_apart", dossier.pk)
    place = "Hôpital d’Uzès, 3e étage"
    asked = {
        "day": "29/11/2026",  # a Sunday
        "hour": "19:00",
        "minutes": "60",
        "place": place,
        "why": "Hospitalisé jusqu’en janvier.",
    }
    wrong: tuple[dict[str, str], ...] = (
        *({"day": "22/11/2026"}, {"hour": "19:02"}, {"hour": "19:00:30"}, {"minutes": "2"}),
        *({"place": NIR}, {"why": ""}, {"day": "28/3/2027", "hour": "02:55"}),
    )
    for one in wrong:
        assert press(desk, path, asked | one).status_code in {409, 422}, one
    Email.objects.all().delete()

    assert press(desk, path, asked).status_code == 302

    now = Dossier.objects.select_related("appointment__agenda").get()
    assert the(now.appointment).starts_at == datetime(2026, 11, 29, 19, tzinfo=PARIS)
    assert the(now.appointment).place == place
    mails = [mail_text(one) for one in Email.objects.all()]
    assert len(mails) == 2
    assert all(place in one and "Hospitalisé" not in one for one in mails)
    alice = client_of(the(now.people[0].user))
    page = alice.get(reverse("pacs:appointment", args=[now.reference])).content.decode()
    assert place in page
    assert reverse("pacs:appointment-cancel", args=[now.reference]) not in page
    event = alice.get(reverse("pacs:appointment-file", args=[now.reference])).content.decode()
    assert "LOCATION:Hôpital d’Uzès\\, 3e étage" in event
    assert place in text_of(convocation(now, reader=now.people[0]).content)
    sheet = desk.get(address("dossier_sheet", "officier") + "?jour=2026-11-29")
    assert "hors horaires, Hôpital d’Uzès" in text_of(sheet.content)
    # Nothing opened to anybody else, and no change of hours strands it.
    agenda = the(now.appointment).agenda
    assert "Fermé" in week_of(agenda, date(2026, 11, 29), asked_at_counter()).days[0].reason
    assert agenda.stranded(agenda.rules(NOW), at=NOW) == []
    other = scheduled(agent, rank=1)
    taken = press(desk, address("dossier_book_apart", other.pk), asked | {"hour": "19:30"})
    assert taken.status_code == 409
    assert "Un autre rendez-vous occupe déjà ce moment." in taken.content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(holder=other.reference).update(place="ailleurs")


def test_their_own_appointment_is_not_in_their_way(desk: Client, dossier: Dossier) -> None:
    was = the(dossier.appointment)
    asked = {"day": "23/11/2026", "hour": "09:30", "minutes": "45", "place": "Hôpital", "why": "x"}

    answer = press(desk, address("dossier_book_apart", dossier.pk), asked)

    assert answer.status_code == 302
    now = the(Dossier.objects.select_related("appointment").get().appointment)
    assert (now.starts_at, now.place, now.uid) == (START, "Hôpital", was.uid)
    was.refresh_from_db()
    assert (was.status, was.seat) == ("cancelled", None)


def asked_at_counter() -> Asked:
    today = NOW.date()
    return Asked(now=NOW, first_day=today, last_day=today + timedelta(days=60), at_counter=True)
