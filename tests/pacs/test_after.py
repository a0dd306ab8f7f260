"""After the registration: who acts, and papers of which nothing is kept."""

from datetime import date
from io import BytesIO

import pikepdf
import pytest
from django.test import Client
from django.urls import reverse

from pacs.models import PacsSettings
from pacs.rules.after import KEEPERS, Keeper, keeper
from tests.support.pages import Answer
from tests.support.pdf import text_of

GIVEN = {
    "number": "30334-2018-1-0004",
    "registered_on": "04/05/2018",
    "place": "Mairie d’Uzès",
    "birth_name_1": "Lemoine",
    "first_names_1": "Camille Anne",
    "born_on_1": "1990-05-04",
    "born_in_1": "Nîmes (Gard)",
    "birth_name_2": "d’Almeida-Ünal",
    "first_names_2": "Noé",
    "born_on_2": "12/01/1988",
    "born_in_2": "Roma, Italie",
}
NIR = "2 90 05 30 189 042 " + f"{97 - 2900530189042 % 97:02d}"


def papers(client: Client, slug: str, **changes: str) -> Answer:
    return client.post(reverse("pacs:after-papers", args=[slug]), {**GIVEN, **changes})


def test_every_answer_has_its_page_and_two_of_them_are_here() -> None:
    assert len({one.slug for one in KEEPERS}) == len(KEEPERS)
    assert [one.slug for one in KEEPERS if one.is_here] == ["ici", "ancien-tribunal"]
    assert keeper("ailleurs") is None


@pytest.mark.parametrize("one", KEEPERS, ids=lambda one: one.slug)
def test_only_the_keeper_is_offered_papers(
    client: Client, reference_data: None, one: Keeper
) -> None:
    html = client.get(reverse("pacs:after-keeper", args=[one.slug])).content.decode()

    assert one.title in html
    assert one.question in html.partition("</title>")[0].replace("\xa0", " ")
    assert ("Préparer les documents" in html) == one.is_here
    assert ("commissaire de justice" in html) == one.is_here


def test_the_former_court_is_asked_about_only_where_there_was_one(
    client: Client, reference_data: None
) -> None:
    with_court = client.get(reverse("pacs:after-home")).content.decode()
    PacsSettings.objects.update(inherited_court="")
    without = client.get(reverse("pacs:after-home")).content.decode()

    assert ("Tribunal d’instance d’Uzès" in with_court, "Tribunal" in without) == (True, False)
    assert client.get(reverse("pacs:after-keeper", args=["ancien-tribunal"])).status_code == 404


@pytest.mark.parametrize(
    ("slug", "cerfa", "pages"), [("dissoudre", "15789", 1), ("modifier", "15790", 2)]
)
def test_the_papers_restate_what_was_given(
    client: Client, reference_data: None, slug: str, cerfa: str, pages: int
) -> None:
    answer = papers(client, slug)

    text = text_of(answer.content)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    with pikepdf.open(BytesIO(answer.content)) as pdf:
        assert (len(pdf.pages), pdf.Root.Lang, bool(pdf.Root.MarkInfo.Marked)) == (
            pages,
            "fr",
            True,
        )
    for words in (
        f"cerfa n° {cerfa}",
        "30334-2018-1-0004",
        "4 mai 2018",
        "Lemoine",
        "12 janvier 1988",
        "BP 71103, 30701 Uzès cedex",
    ):
        assert words in text
    assert ("Convention modificative (à compléter)" in text) == (slug == "modifier")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"number": ""}, "Donnez le numéro : il est sur le récépissé."),
        ({"registered_on": "31/02/2018"}, "Le 31 février 2018 n’existe pas"),
        ({"registered_on": "01/01/1998"}, "Le Pacs existe depuis novembre 1999."),
        ({"registered_on": date(2999, 1, 1).isoformat()}, "Cette date est à venir : vérifiez-la."),
        ({"birth_name_1": NIR}, "sécurité sociale"),
        ({"place": "x" * 161}, "160"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    client: Client, reference_data: None, changes: dict[str, str], message: str
) -> None:
    answer = papers(client, "dissoudre", **changes)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert message in html.replace("\u00a0", " ")
    assert 'value="d’Almeida-Ünal"' in html


def test_an_empty_post_and_unknown_addresses(client: Client, reference_data: None) -> None:
    assert client.post(reverse("pacs:after-papers", args=["dissoudre"])).status_code == 422
    assert papers(client, "divorcer").status_code == 404
    assert client.get(reverse("pacs:after-keeper", args=["inconnu"])).status_code == 404
