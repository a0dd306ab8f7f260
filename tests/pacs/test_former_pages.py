"""An address of a page, once given, leads for ever to the page that asks its question today."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from pacs.actions import desk
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier
from pacs.pages.steps import COMMON_STEPS, OWN_STEPS
from pacs.pages.tracking import requests_of
from tests.support.dossiers import OTHER, PERSON, make_dossier, send

#: Every slug that a page of questions ever had, with the one that asks it today.
EVER = {
    "commun/adresse": "commun/adresse",
    "commun/commune": "commun/adresse",
    "commun/convention": "commun/projet",
    "commun/date": "commun/jour",
    "commun/jour": "commun/jour",
    "commun/lien": "commun/projet",
    "commun/projet": "commun/projet",
    "moi/acte": "moi/acte",
    "moi/acte-francais": "moi/acte-francais",
    "moi/ancien-mariage": "moi/ancien-mariage",
    "moi/coordonnees": "moi/situation",
    "moi/documents-etrangers": "moi/documents-etrangers",
    "moi/mesure": "moi/situation",
    "moi/naissance": "moi/acte",
    "moi/nationalite": "moi/origine",
    "moi/nom": "moi/acte",
    "moi/origine": "moi/origine",
    "moi/parents": "moi/acte",
    "moi/protecteur": "moi/protecteur",
    "moi/protection": "moi/protection",
    "moi/sexe": "moi/acte",
    "moi/situation": "moi/situation",
}
FORMER = {old: new for old, new in EVER.items() if old != new}
#: Somebody who is asked every question but « acte-francais ».
FOREIGN = {
    **PERSON,
    "birth_country": "DZ",
    "birth_city": "Oran",
    "nationalities": ["DZ"],
    "protection": "aucune",
    "measure": "curatelle",
    "protector_is_partenaire": False,
    "situation": "divorce",
    "divorce_mentioned": "non",
    "union_record_country": "FR",
    "union_record_in_french": "oui",
    "country_updates_records": "oui",
    "country_issues_coutume": "oui",
    "birth_record_in_french": "oui",
    "coutume_in_french": "oui",
}


@pytest.fixture
def foreign(reference_data: None, alice: User, bob: User) -> Dossier:
    return make_dossier(alice, bob, people=(FOREIGN, OTHER))


def page(dossier: Dossier, name: str) -> str:
    return f"{dossier.get_absolute_url()}{name}/"


def test_no_page_of_today_is_missing_from_the_list() -> None:
    today = {
        *(f"commun/{step.slug}" for step in COMMON_STEPS.steps),
        *(f"moi/{step.slug}" for step in OWN_STEPS.steps),
    }
    former = {
        *(f"commun/{slug}" for slug in COMMON_STEPS.former),
        *(f"moi/{slug}" for slug in OWN_STEPS.former),
    }

    assert set(EVER.values()) == today
    assert set(FORMER) == former


@pytest.mark.parametrize("name", EVER)
def test_every_slug_leads_to_the_question_and_back_to_the_review(
    foreign: Dossier, alice: User, client_of: Callable[[User | None], Client], name: str
) -> None:
    asked = {**PERSON, "birth_country": "DZ", "birth_city": "Oran"}
    if name == "moi/acte-francais":
        foreign.partenaires.filter(position=1).update(**asked)

    response = client_of(alice).get(page(foreign, name), {"retour": "verifier"}, follow=True)

    assert response.status_code == 200
    steps = response.redirect_chain
    assert len(steps) == (1 if name in FORMER else 0)
    assert response.request["PATH_INFO"] == page(foreign, EVER[name])
    assert response.request["QUERY_STRING"] == "retour=verifier"


def test_the_nationality_of_who_is_french_is_on_the_page_of_the_record(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    response = client_of(alice).get(page(draft, "moi/nationalite"))

    assert (response.status_code, response["Location"]) == (302, page(draft, "moi/acte"))


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("moi/nom", {"birth_name": "Roussel"}),
        ("moi/naissance", {"birth_date": "7/5/1990", "birth_city": "Alès"}),
        ("moi/parents", {"parent1_name": "Martin"}),
        ("moi/coordonnees", {"street": "2 rue Neuve", "needs": "rampe"}),
        ("moi/mesure", {"measure": "autre"}),
        ("commun/lien", {"kinship": "cousins"}),
        ("commun/convention", {"convention": "personnalisee"}),
        ("commun/date", {"wished_date": "6/6/2027"}),
    ],
)
def test_what_is_typed_on_a_page_left_open_is_shown_on_the_new_one(
    draft: Dossier,
    alice: User,
    client_of: Callable[[User | None], Client],
    name: str,
    typed: dict[str, str],
) -> None:
    client = client_of(alice)

    response = client.post(page(draft, name), {**typed, "lu": "…"})

    assert (response.status_code, response["Location"]) == (303, page(draft, FORMER[name]))
    shown = client.get(response["Location"])
    form = shown.context["form"]
    assert {one: str(form[one].value()) for one in typed} == typed
    assert "rien n’est encore enregistré" in shown.content.decode()
    # The other answers of the page are still there, and nothing was written meanwhile.
    untouched = [one for one in form.fields if one not in typed]
    again = client.get(response["Location"]).context["form"]
    assert [form[one].value() for one in untouched] == [again[one].value() for one in untouched]
    assert [str(again[one].value()) for one in typed] != list(typed.values())


def test_what_is_typed_there_survives_signing_in(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(None)
    client.post(page(draft, "moi/nom"), {"birth_name": "Roussel"})
    client.force_login(alice)

    shown = client.get(page(draft, "moi/nom"), follow=True)

    assert shown.context["form"]["birth_name"].value() == "Roussel"


def test_no_other_address_is_taken_for_a_former_page(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    for name in ("moi/commune", "commun/nom", "moi/jamais"):
        assert client_of(alice).get(page(draft, name)).status_code == 404


@pytest.mark.parametrize("name", [name for name in EVER if name != "moi/acte-francais"])
def test_every_question_that_a_request_names_is_linked_to(
    foreign: Dossier,
    agent: User,
    alice: User,
    client_of: Callable[[User | None], Client],
    name: str,
) -> None:
    foreign = send(foreign)
    desk.request_pieces(
        foreign,
        texts={1: "Revoyez cette réponse."},
        questions={1: name},
        by=agent,
        at=timezone.now(),
        version=None,
    )

    first = Dossier.objects.get(pk=foreign.pk).people[0]
    (request,) = requests_of(first).mine

    assert request.title
    assert urlsplit(request.url).path == page(foreign, EVER[name])
    assert client_of(alice).get(request.url).status_code == 200


def test_the_desk_offers_no_page_that_was_and_refuses_what_never_was(
    foreign: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    foreign = send(foreign)

    shown = client_of(agent).get(reverse("admin:pacs_dossier_change", args=[foreign.pk]))
    offered = {value for ask in shown.context["asks"] for value, _ in ask.questions}
    assert offered <= set(EVER.values())
    for never in ("moi/jamais", "moi/commune", "commun/nom"):
        with pytest.raises(ActionRefused):
            desk.request_pieces(
                foreign,
                texts={1: "Revoyez cette réponse."},
                questions={1: never},
                by=agent,
                at=timezone.now(),
                version=None,
            )
