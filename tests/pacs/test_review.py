"""« Relisez, puis attestez »: every answer in sentences, and links to what is still missing."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.models import Door, Dossier, Partenaire
from pacs.pages.review import own_lines, shared_lines
from pacs.pages.steps import COMMON_STEPS, OWN_STEPS
from tests.support.dossiers import OTHER, PERSON, make_dossier

pytestmark = pytest.mark.django_db

#: Somebody who is asked every question, and another answer to each.
ASKED: dict[str, Any] = {
    **OTHER,
    "birth_country": "AF",
    "birth_city": "Kaboul",
    "nationalities": ["AF"],
    "protection": "aucune",
    "situation": "divorce",
    "divorce_mentioned": "non",
    "union_record_country": "FR",
    "union_record_in_french": "oui",
    "country_updates_records": "oui",
    "country_issues_coutume": "oui",
    "birth_record_in_french": "oui",
    "coutume_in_french": "oui",
}
OTHERWISE: dict[str, Any] = {
    "birth_name": "Autre",
    "first_names": "Autre",
    "single_name": True,
    "usage_name": "Autre",
    "sex": "X",
    "birth_day": 28,
    "birth_month": 2,
    "birth_year": 1971,
    "birth_country": "IT",
    "birth_city": "Rome",
    "birth_department": "Latium",
    "nationalities": ["IT", "AF"],
    "has_french_record": "inconnu",
    "protection": "inconnu",
    "birth_record_in_french": "inconnu",
    "coutume_in_french": "inconnu",
    "country_issues_coutume": "inconnu",
    "country_updates_records": "inconnu",
    "parent1_name": "Autre",
    "parent1_first_names": "Autre",
    "parent1_unknown": True,
    "parent2_name": "Autre",
    "parent2_first_names": "Autre",
    "parent2_unknown": False,
    "situation": "veuf",
    "divorce_mentioned": "inconnu",
    "union_record_country": "IT",
    "union_record_in_french": "inconnu",
    "measure": "tutelle",
    "protector_is_partenaire": True,
    "street": "1 rue Autre",
    "street_more": "Bâtiment B",
    "postcode": "00186",
    "city": "Rome",
    "country": "IT",
    "phone": "+33612345678",
    "texts_agreed_at": datetime(2026, 11, 23, 9, tzinfo=UTC),
    "contact_email": "autre@example.org",
    "needs": "une rampe",
}
SHARED_OTHERWISE: dict[str, Any] = {
    "residence": "autre_commune",
    "impediment": "deplacement_partenaire",
    "kinship": "cousins",
    "convention": "personnalisee",
    "wished_date": date(2031, 1, 14),
    "street": "1 rue Autre",
    "street_more": "Bâtiment B",
    "postcode": "30000",
    "city": "Nîmes",
    "already_home": False,
}


def columns_asked(steps: Any) -> list[str]:
    forms = [step.form_class for step in steps.steps]
    names = [name for form in forms for name in (*(form._meta.fields or ()), *form.tells)]
    return list(dict.fromkeys(names))


def told(lines: list[Any]) -> list[str]:
    return [sentence for line in lines for sentence in line.sentences]


@pytest.mark.parametrize("column", columns_asked(OWN_STEPS))
def test_no_answer_of_ones_own_stays_untold(
    reference_data: None, alice: User, bob: User, column: str, settings: Any
) -> None:
    settings.SMS_GATEWAY_URL = "https://sms.example.fr/"
    french = {**PERSON, "birth_country": "IT", "birth_city": "Rome", "has_french_record": "oui"}
    asked = french if column == "has_french_record" else ASKED
    _, second = make_dossier(alice, bob, people=(PERSON, asked)).people
    if column == "contact_email":
        second.user, second.door = None, Door.SAME_DEVICE
    before = told(own_lines(second))

    setattr(second, column, OTHERWISE[column])

    assert told(own_lines(second)) != before


@pytest.mark.parametrize("column", columns_asked(COMMON_STEPS))
def test_no_shared_answer_stays_untold(draft: Dossier, column: str) -> None:
    first, _ = draft.people
    before = told(shared_lines(first))

    setattr(first.dossier, column, SHARED_OTHERWISE[column])

    assert told(shared_lines(first)) != before


def review(client: Client, dossier: Dossier) -> tuple[Any, str]:
    response = client.get(reverse("pacs:dossier-review", args=[dossier.reference]))
    return response.context, " ".join(response.content.decode().split())


def test_the_first_reads_sentences_and_changes_them_by_their_names(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    context, html = review(client_of(alice), draft)

    assert told(context["shared"]) == [
        "Vous habiterez 3 rue des Lilas, 30700 Uzès.",
        "Pas de lien de famille.",
        "Convention : la convention-type (cerfa 15726).",
        "Pas encore de jour souhaité.",
    ]
    assert told(context["own"]) == [
        "Camille Anne Lemoine, de sexe féminin.",
        "Naissance le 4\N{NO-BREAK SPACE}mai 1990 à Nîmes, France.",
        "Premier parent : Paul Lemoine.",
        "Second parent : inconnu, ou absent de l’acte.",
        "Nationalité française.",
        "Ni mariage, ni Pacs jusqu’ici.",
        "Pas de mesure de protection.",
        "Vous habitez 9 place aux Herbes, 30700 Uzès.",
        "Pas de numéro de téléphone.",
    ]
    acte = reverse("pacs:own-step", args=[draft.reference, "acte"])
    link = f'<a href="{acte}?retour=verifier#id_birth_date">Modifier la naissance</a>'
    assert link in html
    assert html.count(">Modifier</a>") == 0


def test_every_link_leads_to_a_page_that_asks_it(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    dossier = make_dossier(alice, bob, people=(PERSON, ASKED))
    for who in (alice, bob):
        client = client_of(who)
        context, _ = review(client, dossier)
        for line in (*context["shared"], *context["own"]):
            page, _, at = line.url.partition("#")
            if page:
                shown = client.get(page)
                assert shown.status_code == 200
                assert not at or f'"{at}' in shown.content.decode()


def test_the_second_reads_the_shared_part_first_and_proposes_a_change(
    draft: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    context, html = review(client_of(bob), draft)

    assert [line.url for line in context["shared"]] == [""] * 4
    shared = html.index("Ce que Camille Anne Lemoine a rempli pour vous deux")
    assert shared < html.index("<h2>Votre partie</h2>")
    assert reverse("pacs:partner-confirm", args=[draft.reference]) in html
    # Nothing of the other's own part.
    assert "9 place aux Herbes" not in html
    assert "Naissance le 4" in html


def test_what_is_missing_is_a_link_to_its_question(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    draft.partenaires.filter(position=1).update(parent2_unknown=False, situation="")
    Dossier.objects.filter(pk=draft.pk).update(kinship="", already_home=None)

    context, html = review(client_of(alice), draft)

    at = {
        slug: reverse(f"pacs:{part}-step", args=[draft.reference, slug]) + "?retour=verifier"
        for part, slug in (("own", "acte"), ("own", "situation"), ("common", "projet"))
    }
    links = {one.text: one.url for one in context["blockers"]}
    assert links["Votre partie : il manque « second parent »."] == at["acte"]
    assert links["Votre partie : il manque « situation matrimoniale »."] == at["situation"]
    assert (
        links["Vos réponses communes : il manque « lien entre les partenaires »."] == at["projet"]
    )
    assert "Indiquer la situation" in html
    assert "J’atteste" not in html


def test_the_second_is_sent_to_no_page_that_is_not_theirs(
    draft: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    Dossier.objects.filter(pk=draft.pk).update(kinship="")
    draft.partenaires.filter(position=1).update(situation="")

    context, _ = review(client_of(bob), draft)

    assert [one.url for one in context["blockers"] if one.url] == []
    assert "Partie à terminer : votre partenaire." in [one.text for one in context["blockers"]]


def test_what_the_law_forbids_leads_to_its_explanation(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    Dossier.objects.filter(pk=draft.pk).update(kinship="fratrie")
    client = client_of(alice)

    context, _ = review(client, draft)

    why = reverse("pacs:dossier-outcome", args=[draft.reference, "kinship"])
    assert next(one.url for one in context["blockers"]) == why
    assert client.get(why).status_code == 200


def test_an_invitation_yet_to_send_is_a_link(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    Partenaire.objects.filter(dossier=draft, position=2).update(user=None, door="", situation="")

    context, _ = review(client_of(alice), draft)

    door = reverse("pacs:partner-door", args=[draft.reference])
    assert door in [one.url for one in context["blockers"]]
