"""The couple's way from « ouvrir » to « envoyé »: few pages, and never one already answered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.models import Dossier
from tests.support.forms import answer

pytestmark = pytest.mark.django_db

ADDRESS = {"where": "ici", "street": "3 rue des Lilas", "already_home": "True"}
PROJECT = {"kinship": "aucun", "convention": "cerfa_15726", "wished_date": ""}
RECORD = {
    "birth_name": "Lemoine",
    "first_names": "Léa",
    "sex": "F",
    "birth_day": "4",
    "birth_month": "5",
    "birth_year": "1990",
    "origin": "fr",
    "birth_city": "Nîmes",
    "parent1_name": "Lemoine",
    "parent1_first_names": "Paul",
    "parent2_name": "Roux",
    "parent2_first_names": "Anne",
}
SITUATION = {"situation": "celibataire", "measure": "aucune"}


def go_on(client: Client, url: str, **typed: Any) -> str:
    """Fill in a page; returns the address of the next one."""
    response = answer(client, url, **typed)
    assert response.status_code == 302, response.context["form"].errors
    return str(response["Location"])


def test_the_simplest_couple_is_led_from_page_to_page(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    her, his = client_of(alice), client_of(bob)
    page = her.post(reverse("pacs:dossier-start"))["Location"]
    dossier = Dossier.objects.get()
    home = dossier.get_absolute_url()
    at = {
        name: reverse(f"pacs:{name}", args=[dossier.reference])
        for name in ("dossier-pieces", "dossier-review", "partner-door", "dossier-sent")
    }
    assert page == her.get(home).context["next"].address
    for typed in (ADDRESS, PROJECT, RECORD, SITUATION):
        page = go_on(her, page, **typed)
    assert page == at["dossier-pieces"]
    to_bring = her.get(page).context["to_bring"]
    page = her.post(page, {"piece": to_bring})["Location"]
    assert page == at["dossier-review"]
    page = her.post(page, read_on(her, page))["Location"]
    assert page == at["partner-door"]
    answer(her, page, door="own", email=bob.email)
    join = reverse("pacs:partner-join", args=[dossier.reference])
    his.post(join, {"answer": "join"})
    page = his.get(home).context["next"].address
    for typed in (RECORD, SITUATION):
        page = go_on(his, page, **typed)
    assert page == at["dossier-pieces"]
    page = his.post(page, {"piece": his.get(page).context["to_bring"]})["Location"]
    assert page == at["dossier-review"]
    shown = his.get(page)
    assert shown.context["sends"]
    assert shown.content.decode().count("Aucun lien de famille") == 1  # read once
    page = his.post(page, {**read_on(his, page), "envoyer": "1"})["Location"]

    assert page == at["dossier-sent"]
    dossier.refresh_from_db()
    assert dossier.submitted_at is not None
    assert [one.street for one in dossier.people] == [dossier.street] * 2


def read_on(client: Client, url: str) -> dict[str, str]:
    """What the review carries of what was read."""
    context = client.get(url).context
    return {name: context[name] for name in ("lu", "lu_attestation", "lu_commun")}


def test_a_review_of_other_answers_attests_nothing(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    draft.partenaires.update(attested_at=None, attested_digest="", attested_facts={})
    client = client_of(alice)
    url = reverse("pacs:dossier-review", args=[draft.reference])
    read = read_on(client, url)
    draft.partenaires.filter(position=1).update(birth_city="Alès")

    response = client.post(url, {**read, "envoyer": "1"})

    assert response.status_code == 409
    draft.refresh_from_db()
    assert draft.submitted_at is None
    assert draft.people[0].attested_at is None


def test_bringing_everything_says_nothing_of_what_was_sent_meanwhile(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(alice)
    url = reverse("pacs:dossier-pieces", args=[draft.reference])
    shown = client.get(url).context["to_bring"]
    assert shown
    draft.pieces.filter(key=shown[0]).update(status="blocked", citizen_note="Mairie fermée")

    client.post(url, {"piece": [*shown, "2-P03_identite"]})

    statuses = dict(draft.pieces.required().values_list("key", "status"))
    assert statuses[shown[0]] == "blocked"
    assert {statuses[key] for key in shown[1:]} == {"to_bring"}
    # The other's pieces are not theirs to answer for.
    assert statuses["2-P03_identite"] == "missing"
