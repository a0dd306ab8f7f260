"""The same rule under every hand: what citizens' forms refuse, agents' forms and posts do too."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from demarches.models import Officer, User
from pacs.actions import desk
from pacs.actions.appointments import book_for, mark_arrived
from pacs.actions.consent import watching_facts
from pacs.actions.dossiers import choose_door
from pacs.actions.part import PartIsTheirs
from pacs.actions.registration import Ceremony, originals_of, register_pacs
from pacs.forms.registration import CeremonyForm
from pacs.models import Door, Dossier, MessageTemplate, Partenaire
from pacs.reads.leaks import told_by
from pacs.rules.situation import PartialDate
from tests.support.appointments import make_complete
from tests.support.dossiers import OTHER, PERSON, dates_read, make_dossier
from tests.support.pages import Page
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)
DAY = datetime(2026, 12, 14, 9, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def complete(alice: User, bob: User, agent: User) -> Dossier:
    return make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)


@pytest.fixture
def desk_client(agent: User, client_of: Callable[[User | None], Client]) -> Client:
    return client_of(agent)


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def person(dossier: Dossier, position: int) -> Partenaire:
    people = Partenaire.objects.select_related("dossier", "user")
    return people.get(dossier=dossier, position=position)


# Dates


@pytest.mark.parametrize("issued", [date(2026, 12, 15), date(2027, 1, 1), date(2150, 12, 31)])
def test_a_record_issued_after_the_day_registers_nothing(
    complete: Dossier, agent: User, issued: date, clock: time_machine.Traveller
) -> None:
    book_for(complete, DAY, by=agent, at=NOW)
    after = DAY + timedelta(minutes=20)
    clock.move_to(after)
    row = fresh(complete)
    dates = {**dates_read(row, DAY.date()), "1-P11_naissance_fr": issued}
    officer = Officer.objects.create(
        name="C. Martin", quality="adjointe", in_force_from=date(2026, 1, 1)
    )
    keys = [piece.key for piece, _ in originals_of(row)]
    ceremony = Ceremony(officer, after, [1, 2], keys, dates, True, True)
    form = CeremonyForm({"date-1-P11_naissance_fr": f"{issued:%d/%m/%Y}"}, dossier=row, at=after)

    with pytest.raises(ValidationError):
        register_pacs(row, ceremony, by=agent, at=after, version=None)

    assert fresh(complete).status == "scheduled"
    assert "date-1-P11_naissance_fr" in form.errors


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("p1-birth_day", {"p1-birth_day": "31", "p1-birth_month": "2"}),
        ("p1-birth_month", {"p1-birth_day": "3", "p1-birth_month": ""}),
        ("p1-birth_year", {"p1-birth_year": "2090"}),
        ("p1-birth_year", {"p1-birth_year": "26"}),
        ("couple-wished_date", {"couple-wished_date": "31/12/9999"}),
        ("couple-wished_date", {"couple-wished_date": "1/1/2020"}),
        ("couple-wished_date", {"couple-wished_date": "12 03 26"}),
        ("couple-wished_date", {"couple-wished_date": "12 03"}),
    ],
)
def test_an_agent_types_no_day_that_cannot_be(
    sent: Dossier, desk_client: Client, field: str, typed: dict[str, str]
) -> None:
    page = Page.open(desk_client, reverse("admin:pacs_dossier_answers", args=[sent.pk]))

    answer = desk_client.post(page.url, page.fields() | typed)

    assert answer.status_code == 422
    assert field.partition("-")[2] in {
        name for _, form in answer.context["forms"] for name in form.errors
    }
    html = answer.content.decode()
    assert html.index('id="erreurs"') < html.index('<form method="post" class="guide"')
    assert f'href="#id_{field}' in html
    assert desk_client.get(reverse("admin:pacs_dossier_changelist")).status_code == 200


def test_a_day_the_month_has_not_is_read_as_its_last() -> None:
    assert PartialDate(1990, 2, 31).earliest == PartialDate(1990, 2, 31).latest == date(1990, 2, 28)


# Names


@pytest.mark.parametrize("letter", ["a", "ﷺ", "각"])
def test_the_longest_names_are_kept_on_every_database(draft: Dossier, letter: str) -> None:
    one = draft.people[0]
    one.birth_name, one.first_names, one.usage_name = letter * 150, letter * 200, letter * 150
    one.save(update_fields=["birth_name", "first_names", "usage_name"])

    assert person(draft, 1).birth_name == letter * 150


# Pieces


def test_a_piece_asked_for_after_complete_can_be_answered(
    complete: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    complete.pieces.filter(key="1-P11_naissance_fr").update(status="missing")

    page = client_of(alice).get(reverse("pacs:dossier-pieces", args=[complete.reference]))

    assert page.context["to_bring"] == ["1-P11_naissance_fr"]


# Attestations on paper


def test_a_paper_signed_before_a_fact_changed_vouches_for_nothing(
    complete: Dossier, agent: User
) -> None:
    complete.partenaires.filter(position=2).update(door="paper", user=None)
    with watching_facts(complete, by=agent, at=NOW):
        complete.partenaires.filter(position=2).update(birth_name="Autre")
    second = person(complete, 2)

    for day in (date(2026, 11, 20), date(1900, 1, 1)):
        with pytest.raises(ValidationError):
            desk.note_paper_attestation(second, signed_on=day, by=agent, at=NOW, version=None)
    desk.note_paper_attestation(
        second, signed_on=date(2026, 11, 23), by=agent, at=NOW, version=None
    )

    assert person(complete, 2).attested_on_paper == date(2026, 11, 23)


# Requests


def test_the_second_may_be_asked_after_the_first(sent: Dossier, agent: User) -> None:
    desk.request_pieces(sent, texts={2: "Votre acte, page 2."}, by=agent, at=NOW, version=None)
    desk.request_pieces(
        fresh(sent), texts={1: "Votre carte, recto."}, by=agent, at=NOW, version=None
    )

    rows = sent.requests.filter(closed_at=None).order_by("partenaire__position")
    assert [row.text for row in rows] == ["Votre carte, recto.", "Votre acte, page 2."]


def test_no_variable_of_a_model_is_read_as_it_is(sent: Dossier, agent: User) -> None:
    body = the(MessageTemplate.objects.filter(body__contains="pieces_manquantes").first()).body
    common: dict[str, Any] = {"by": agent, "at": NOW, "version": None}

    desk.request_pieces(sent, texts={1: body}, **common)

    assert "{{" not in sent.requests.get().text
    assert "Pièce d’identité" in sent.requests.get().text
    piece = sent.pieces.select_related("dossier", "partenaire").get(key="1-P03_identite")
    for text in ("{{ pieces }}", "{{ pieces_manquantes|safe }}"):
        with pytest.raises(ValidationError):
            desk.request_pieces(fresh(sent), texts={1: text}, **common)
        with pytest.raises(ValidationError):
            desk.refuse_piece(piece, code="", text=text, **common)
        with pytest.raises(ValidationError):
            desk.write_to_couple(sent, body=text, private_to=None, by=agent, at=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "Sous cura\u00adtelle.",
        "Sous cura\u200btelle.",
        "La décision du juge des tutelles, s’il vous plaît.",
        "Une majeure protégée doit…",
        "Venez du 17, chemin privé.",
    ],
)
def test_a_secret_is_seen_through_signs_that_nobody_sees(draft: Dossier, text: str) -> None:
    assert OTHER["measure"] == "curatelle"
    assert told_by(text, dossier=draft, readers=[draft.people[0]])
    assert not told_by(text, dossier=draft, readers=[draft.people[1]])


# Doors


def test_a_door_in_between_does_not_unsay_an_invitation(reference_data: None, alice: User) -> None:
    from pacs.actions.dossiers import open_dossier  # noqa: PLC0415 -- beside its only use

    draft = open_dossier(at=NOW, user=alice, people=(PERSON, {}))
    choose_door(person(draft, 2), Door.OWN, email="karim@example.org", by=alice, at=NOW)
    choose_door(person(draft, 2), Door.PAPER, by=alice, at=NOW)

    with pytest.raises(PartIsTheirs):
        choose_door(person(draft, 2), Door.OWN, email="alias@example.org", by=alice, at=NOW)


# Posts that nobody types


@pytest.mark.parametrize("verb", ["accepter", "refuser", "complet", "noter", "demander"])
@pytest.mark.parametrize("sent_value", ["9" * 5000, "\0", "x\0y", "-1", "²"])
def test_a_hostile_button_is_refused_and_never_breaks(
    sent: Dossier, desk_client: Client, verb: str, sent_value: str
) -> None:
    data = dict.fromkeys(("version", "piece", "code", "text", "text_1", "body"), sent_value)

    answer = desk_client.post(
        reverse("admin:pacs_dossier_act", args=[sent.pk, verb]), data | {"reason": sent_value}
    )

    assert answer.status_code in {302, 400, 404, 409, 422}


@pytest.mark.parametrize(
    "query", ["?status__exact=%00", "?q=%00", "?file=%00", "?p=99999999999999999999"]
)
def test_a_hostile_list_is_refused_and_never_breaks(desk_client: Client, query: str) -> None:
    answer = desk_client.get(reverse("admin:pacs_dossier_changelist") + query)

    assert answer.status_code in {200, 302, 400}


def test_a_dossier_of_five_thousand_figures_is_nobody_s(desk_client: Client) -> None:
    url = reverse("admin:pacs_dossier_changelist") + "9" * 5000 + "/change/"

    assert desk_client.get(url).status_code == 404


def test_nobody_arrives_before_the_day(complete: Dossier, agent: User) -> None:
    book_for(complete, DAY, by=agent, at=NOW)

    with pytest.raises(ValidationError):
        mark_arrived(fresh(complete), by=agent, at=NOW)
