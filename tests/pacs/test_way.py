"""The couple's way from « ouvrir » to « envoyé »: few pages, and never one already answered."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.models import Dossier
from tests.support.forms import answer

pytestmark = pytest.mark.django_db

ADDRESS = {"where": "ici_ensemble", "street": "3 rue des Lilas"}
PROJECT = {"kinship": "aucun", "convention": "cerfa_15726"}
WISH = {"wished_date": ""}
RECORD = {
    "birth_name": "Lemoine",
    "first_names": "Léa",
    "sex": "F",
    "birth_date": "4/5/1990",
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
    for typed in (ADDRESS, PROJECT, WISH, RECORD, SITUATION):
        page = go_on(her, page, **typed)
    assert page == at["dossier-pieces"]
    to_bring = her.get(page).context["to_bring"]
    page = her.post(page, {"piece": to_bring, "apporter": "1"})["Location"]
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
    to_bring = his.get(page).context["to_bring"]
    page = his.post(page, {"piece": to_bring, "apporter": "1"})["Location"]
    assert page == at["dossier-review"]
    shown = his.get(page)
    assert shown.context["sends"]
    assert shown.content.decode().count("Pas de lien de famille.") == 1  # read once
    page = his.post(page, {**read_on(his, page), "envoyer": "1"})["Location"]

    assert page == at["dossier-sent"]
    dossier.refresh_from_db()
    assert dossier.submitted_at is not None
    assert [one.home.address for one in dossier.people] == [dossier.address] * 2


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

    client.post(url, {"piece": [*shown, "2-P03_identite"], "apporter": "1"})

    statuses = dict(draft.pieces.required().values_list("key", "status"))
    assert statuses[shown[0]] == "blocked"
    assert {statuses[key] for key in shown[1:]} == {"to_bring"}
    # The other's pieces are not theirs to answer for.
    assert statuses["2-P03_identite"] == "missing"


def test_enter_in_the_list_of_papers_announces_nothing(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:dossier-pieces", args=[draft.reference])
    page = client_of(alice).get(url).content.decode()
    form = page[page.index('enctype="multipart') :]

    assert "apporter" not in re.findall(r"<button[^>]*>", form)[0]


def test_the_address_given_on_the_first_page_opens_the_dossier_after_the_code(
    reference_data: None, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    start = reverse("pacs:dossier-start")
    client = client_of(None)
    shown = client.get(start)
    assert shown.status_code == 200
    assert Dossier.objects.count() == 0
    handed = client.post(start, {"email": alice.email, "next": start})
    assert handed.status_code == 307  # the same form, to the page that signs in
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    opened = client.get(start)

    dossier = Dossier.objects.get()
    assert opened["Location"].startswith(dossier.get_absolute_url())
    # Once: the page is shown again to whoever comes back.
    assert client.get(start).status_code == 200
    assert Dossier.objects.count() == 1


def test_reading_the_first_page_signed_in_opens_nothing(
    reference_data: None, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    assert client_of(alice).get(reverse("pacs:dossier-start")).status_code == 200
    assert Dossier.objects.count() == 0


def test_an_invitation_is_shown_before_a_second_dossier_opens(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    start = reverse("pacs:dossier-start")
    hers = client_of(alice)
    hers.post(start)
    dossier = Dossier.objects.get()
    door = reverse("pacs:partner-door", args=[dossier.reference])
    lu = hers.get(door).context["lu"]
    hers.post(door, {"door": "own", "email": bob.email, "lu": lu})
    his = client_of(None)
    his.post(start, {"email": bob.email, "next": start})
    his.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")

    page = his.get(start)

    assert page.status_code == 200
    assert page.context["invited"] == dossier
    assert Dossier.objects.count() == 1


def test_the_phone_is_passed_from_the_page_of_the_three_ways(
    reference_data: None, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(alice)
    client.post(reverse("pacs:dossier-start"))
    dossier = Dossier.objects.get()
    door = reverse("pacs:partner-door", args=[dossier.reference])
    lu = client.get(door).context["lu"]

    response = client.post(door, {"door": "same_device", "passer": "1", "lu": lu})

    unlock = reverse("pacs:partner-unlock", args=[dossier.reference])
    assert response["Location"] == unlock
    assert "_auth_user_id" not in client.session
    assert client.get(unlock).status_code == 200
    assert client.get(dossier.get_absolute_url()).status_code == 302
