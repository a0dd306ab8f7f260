"""Answers typed at the desk: two agents on one page, who may write, what is never kept."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from pacs.actions.dossiers import open_dossier
from pacs.actions.endings import end_dossier
from pacs.admin.answers import PersonForm, answer_forms
from pacs.models import Dossier, Partenaire
from pacs.rules.nationalities import NATIONALITIES
from tests.support.pages import Page, plain

NIR = "2 90 05 30 189 042 " + f"{97 - 2900530189042 % 97:02d}"


@pytest.fixture
def colleague(reference_data: None) -> User:
    user = User.objects.create_user("collegue@example.org", full_name="Lou Abadie", is_staff=True)
    user.groups.add(Group.objects.get(name="instructeur"))
    return user


@pytest.fixture
def front_desk(reference_data: None) -> User:
    user = User.objects.create_user("accueil@example.org", full_name="Ada Roy", is_staff=True)
    user.groups.add(Group.objects.get(name="accueil"))
    return user


def address(dossier: Dossier) -> str:
    return reverse("admin:pacs_dossier_answers", args=[dossier.pk])


def as_it_stands(dossier: Dossier) -> dict[str, Any]:
    """Every field of the page, as a browser sends it back untouched."""
    data = {}
    for part in answer_forms(Dossier.objects.get(pk=dossier.pk), None):
        for field in part:
            value = field.value()
            if value not in (None, False):
                data[field.html_name] = "on" if value is True else str(value)
    return data


def save(page: Page, typed: dict[str, Any], **changed: str) -> Any:
    names = {name.replace("__", "-"): value for name, value in changed.items()}
    return page.press({**typed, **names})


def first(dossier: Dossier) -> Partenaire:
    return Partenaire.objects.get(dossier=dossier, position=1)


def test_an_age_above_a_hundred_is_asked_about_once_and_not_when_it_stood(
    sent: Dossier, agent: User, client_of: Callable[[User], Client]
) -> None:
    typed, page = as_it_stands(sent), Page.open(client_of(agent), address(sent))

    asked = save(page, typed, p1__birth_year="1920")
    assert asked.status_code == 422
    html = asked.content.decode()
    assert "ans cette année. Est-ce exact" in html
    assert '<input type="hidden" name="p1-birth_year-asked" value="1920">' in html
    other = {"p1-birth_year-asked": "1921"}
    assert page.press(typed | other | {"p1-birth_year": "1920"}).status_code == 422
    answered = {"p1-birth_year-asked": "1920"}
    assert page.press(typed | answered | {"p1-birth_year": "1920"}).status_code == 302
    assert first(sent).birth_year == 1920

    again = Page.open(client_of(agent), address(sent))
    assert save(again, as_it_stands(sent), p1__usage_name="Vidal").status_code == 302


def test_two_agents_on_different_answers_both_keep_theirs(
    sent: Dossier, agent: User, colleague: User, client_of: Callable[[User], Client]
) -> None:
    typed = as_it_stands(sent)
    one, two = (Page.open(client_of(who), address(sent)) for who in (agent, colleague))

    answers = [
        save(one, typed, p1__usage_name="Vidal", p1__phone="06 12 34 56 78"),
        save(two, typed, p1__street="11 rue Neuve"),
    ]

    row = first(sent)
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (row.usage_name, str(row.phone), row.street) == (
        "Vidal",
        str(row.phone),
        "11 rue Neuve",
    )
    assert str(row.phone) != ""
    told = [event.changes for event in sent.events.filter(kind="answers_by_agent")]
    assert [[one["label"].partition(" de ")[0] for one in changes] for changes in told] == [
        ["nom d’usage", "téléphone"],
        ["numéro et voie"],
    ]
    assert (told[1][0]["old"], told[1][0]["new"]) == ("9 place aux Herbes", "11 rue Neuve")


def test_two_values_of_one_answer_are_shown_side_by_side_and_the_agent_chooses(
    sent: Dossier, agent: User, colleague: User, client_of: Callable[[User], Client]
) -> None:
    typed = as_it_stands(sent)
    one, two = (Page.open(client_of(who), address(sent)) for who in (agent, colleague))
    save(one, typed, p1__street="7 rue Longue", p1__usage_name="Vidal")

    clash = save(two, typed, p1__street="11 rue Neuve", p2__city="Nîmes")
    html = clash.content.decode()

    assert (clash.status_code, first(sent).street) == (409, "7 rue Longue")
    assert "Un autre agent a enregistré entre-temps : « 7 rue Longue »." in plain(html)
    assert 'value="11 rue Neuve"' in html
    assert 'value="Vidal"' in html

    again = {**as_it_stands(sent), "p1-street": "11 rue Neuve", "p2-city": "Nîmes"}
    chosen = Page(two.client, two.url, clash).press(again)

    row = first(sent)
    assert chosen.status_code == 302
    assert (row.street, row.usage_name) == ("11 rue Neuve", "Vidal")
    assert Partenaire.objects.get(dossier=sent, position=2).city == "Nîmes"


def test_two_agents_who_type_the_same_do_not_clash(
    sent: Dossier, agent: User, colleague: User, client_of: Callable[[User], Client]
) -> None:
    typed = as_it_stands(sent)
    pages = [Page.open(client_of(who), address(sent)) for who in (agent, colleague)]

    answers = [save(page, typed, p1__street="7 rue Longue") for page in pages]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert sent.events.filter(kind="answers_by_agent").count() == 1


def test_a_page_that_does_not_say_what_it_showed_saves_nothing(
    sent: Dossier, agent: User, client_of: Callable[[User], Client]
) -> None:
    answer = client_of(agent).post(address(sent), {"p1-birth_name": "Changé"})

    assert (answer.status_code, first(sent).birth_name) == (409, "Lemoine")


def test_accueil_fills_a_draft_in_and_changes_nothing_once_it_is_sent(
    sent: Dossier, agent: User, front_desk: User, client_of: Callable[[User], Client]
) -> None:
    at_counter = open_dossier(at=timezone.now(), agent=agent)
    browser = client_of(front_desk)

    page = Page.open(browser, address(at_counter))
    filled = save(page, as_it_stands(at_counter), p1__birth_name="Durand")
    refused = [browser.get(address(sent)), browser.post(address(sent), as_it_stands(sent))]
    desk = browser.get(reverse("admin:pacs_dossier_change", args=[sent.pk])).content.decode()

    assert (filled.status_code, first(at_counter).birth_name) == (302, "Durand")
    assert [answer.status_code for answer in refused] == [403, 403]
    assert address(sent) not in desk


@pytest.mark.parametrize(
    "field", ["p1-needs", "p1-street_more", "couple-street_more", "p2-birth_city"]
)
def test_no_private_number_is_kept_and_what_was_typed_stays(
    sent: Dossier, agent: User, client_of: Callable[[User], Client], field: str
) -> None:
    page = Page.open(client_of(agent), address(sent))

    answer = page.press({**as_it_stands(sent), field: f"avec {NIR}", "p1-city": "Nîmes"})

    html = answer.content.decode()
    assert (answer.status_code, f"avec {NIR}" in html, 'value="Nîmes"' in html) == (422, True, True)
    assert f"Le passage commence par « {NIR[:6].strip()}… »" in plain(html)
    assert first(sent).city == "Uzès"


def test_the_answers_of_an_ended_dossier_are_refused_in_words(
    sent: Dossier, agent: User, client_of: Callable[[User], Client]
) -> None:
    page = Page.open(client_of(agent), address(sent))
    end_dossier(sent, "clore", reason="Double dossier", by=agent, at=timezone.now(), version=None)

    answer = page.press({**as_it_stands(sent), "p1-city": "Nîmes"})

    assert answer.status_code == 409
    assert "Ce dossier est terminé : ses réponses ne changent plus." in answer.content.decode()
    assert first(sent).city == "Uzès"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"p1-nationality_codes": "FR", "p1-protection": "refugie"}, "L’Ofpra ne protège pas"),
        ({"p1-parent1_name": "Roux", "p1-parent1_unknown": "on"}, "gardez l’un des deux"),
        ({"p1-postcode": "3070"}, "5 chiffres"),
        ({"couple-postcode": "3070"}, "5 chiffres"),
        ({"p1-first_names": "Zoé ♥"}, "un dessin ou un signe invisible"),
    ],
)
def test_the_agents_page_keeps_the_rules_of_the_couple_s(
    sent: Dossier,
    agent: User,
    client_of: Callable[[User], Client],
    typed: dict[str, str],
    told: str,
) -> None:
    page = Page.open(client_of(agent), address(sent))

    answer = page.press({**as_it_stands(sent), **typed})

    assert answer.status_code == 422
    assert told in answer.content.decode().replace("\u00a0", " ")


# Nationalities


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("France, Maroc", ["FR", "MA"]),
        ("cote d'ivoire ,  FRANCE", ["CI", "FR"]),
        ("FR", ["FR"]),
        ("it ma", ["IT", "MA"]),
        ("MQ FR", ["FR"]),
        ("", []),
    ],
)
def test_nationalities_are_typed_by_name(sent: Dossier, typed: str, kept: list[str]) -> None:
    form = PersonForm({"nationality_codes": typed}, instance=first(sent))

    form.is_valid()

    assert form.cleaned_data["nationality_codes"] == kept


@pytest.mark.parametrize("typed", ["Marroc", "France Maroc", "ZZ", "Antarctique"])
def test_a_country_nobody_knows_is_told_with_what_to_write(sent: Dossier, typed: str) -> None:
    form = PersonForm({"nationality_codes": typed}, instance=first(sent))

    assert f"Pas de nationalité sous ce nom : {typed}." in str(form.errors["nationality_codes"])


def test_every_nationality_reads_back_as_it_is_shown(sent: Dossier) -> None:
    person = first(sent)
    for code in sorted(NATIONALITIES):
        person.nationalities = [code, "FR"] if code != "FR" else ["FR"]
        shown = PersonForm(instance=person)["nationality_codes"].value()
        form = PersonForm({"nationality_codes": shown}, instance=person)
        form.is_valid()
        assert form.cleaned_data["nationality_codes"] == person.nationalities, shown
