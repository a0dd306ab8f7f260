"""« À Uzès », and the address: the two answers cannot contradict each other."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.models import Dossier
from pacs.models.completeness import missing_own
from tests.support.dossiers import COMMON
from tests.support.forms import answer
from tests.support.pages import plain

ELSEWHERE = (
    "La réponse « À Uzès » a été donnée, mais cette adresse est dans une autre commune :"
    " « Nîmes ». Corrigez l’adresse, ou choisissez « Dans une autre commune de France » à la"
    " question « Où habiterez-vous ensemble ? »."
)
NIMES = {"where": "ici", "street": "1 rue de la République", "street_more": "", "postcode": "30000"}


def address_page(dossier: Dossier) -> str:
    return reverse("pacs:common-step", args=[dossier.reference, "adresse"])


@pytest.mark.parametrize("button", [{}, {"later": "1"}], ids=["continue", "later"])
def test_an_address_elsewhere_is_refused_in_words_and_nothing_typed_is_lost(
    draft: Dossier,
    alice: User,
    client_of: Callable[[User | None], Client],
    button: dict[str, str],
) -> None:
    response = client_of(alice).post(address_page(draft), {**NIMES, "city": "Nîmes", **button})

    assert response.status_code == 422
    assert response.context["form"].errors == {"city": [ELSEWHERE]}
    assert response.context["form"]["street"].value() == "1 rue de la République"
    draft.refresh_from_db()
    assert (draft.street, draft.city) == (COMMON["street"], COMMON["city"])


@pytest.mark.parametrize("city", ["Uzes", "UZÈS", "30700 Uzès"])
def test_the_commune_may_be_written_as_people_write_it(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client], city: str
) -> None:
    response = client_of(alice).post(
        address_page(draft), {**NIMES, "postcode": "30700", "city": city}
    )

    assert response.status_code == 302
    draft.refresh_from_db()
    assert draft.city == city


def test_the_commune_of_the_mairie_fills_the_address(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    Dossier.objects.filter(pk=draft.pk).update(residence="", street="", postcode="", city="")
    client = client_of(alice)

    form = client.get(address_page(draft)).context["form"]
    shown = {name: form[name].value() for name in ("where", "postcode", "city")}
    response = client.post(address_page(draft), {"street": "3 rue des Lilas", "where": "ici"})

    assert response.status_code == 302
    draft.refresh_from_db()
    # Nothing is answered for them before they choose.
    assert shown == {"where": "", "postcode": "", "city": ""}
    assert (draft.residence, draft.impediment) == ("ici", "aucun")
    assert draft.address.lines == ["3 rue des Lilas", "30700 Uzès"]


@pytest.mark.parametrize("where", ["autre_commune", "etranger", "inconnu"])
def test_no_address_is_asked_of_those_who_live_elsewhere(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client], where: str
) -> None:
    Dossier.objects.filter(pk=draft.pk).update(street="", postcode="", city="")

    response = client_of(alice).post(address_page(draft), {"where": where})

    assert response.status_code == 302
    draft.refresh_from_db()
    assert (draft.residence, draft.city) == (where, "")


def test_who_lives_there_already_is_not_asked_for_their_address(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    draft.partenaires.update(street="", postcode="", city="")
    client = client_of(alice)
    answer(client, address_page(draft), where="ici_ensemble")
    page = reverse("pacs:own-step", args=[draft.reference, "situation"])

    assert "street" not in client.get(page).context["form"].fields
    answer(client, page)

    first = draft.people[0]
    draft.refresh_from_db()
    assert first.home.address == draft.address
    assert missing_own(first) == []


@pytest.mark.parametrize(
    ("city", "postcode"), [("Uzès", "30700"), ("uzes (Gard)", "30700"), ("Nîmes", None)]
)
def test_the_commune_of_the_mairie_says_its_postcode_and_no_other_does(
    draft: Dossier,
    alice: User,
    client_of: Callable[[User | None], Client],
    city: str,
    postcode: str | None,
) -> None:
    draft.partenaires.update(postcode="", city="")
    page = reverse("pacs:own-step", args=[draft.reference, "situation"])

    response = answer(client_of(alice), page, city=city, postcode="", country="FR")

    if postcode is None:
        assert response.context["form"].errors == {"postcode": ["Indiquez le code postal."]}
    else:
        assert response.status_code == 302
        assert draft.partenaires.get(position=1).postcode == postcode


def test_what_the_simulator_said_stands_until_it_is_made_precise(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(alice)

    left = answer(client, address_page(draft), where="")

    draft.refresh_from_db()
    assert (left.status_code, draft.residence, draft.already_home) == (302, "ici", None)
    answer(client, address_page(draft), where="ici")
    draft.refresh_from_db()
    assert (draft.residence, draft.already_home) == ("ici", False)


def test_an_agent_cannot_type_the_contradiction_in_either(
    sent: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(agent)
    url = reverse("admin:pacs_dossier_answers", args=[sent.pk])
    page = client.get(url).context
    typed = {
        form[name].html_name: "" if form[name].value() in (None, False) else form[name].value()
        for _, form in page["forms"]
        for name in form.fields
    }

    response = client.post(url, {**typed, "lu": page["lu"], "couple-city": "Nîmes"})

    assert response.status_code == 422
    assert response.context["forms"][0][1].errors == {"city": [ELSEWHERE]}
    sent.refresh_from_db()
    assert sent.city == "Uzès"


def test_what_the_simulator_said_is_recalled_and_made_precise(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    Dossier.objects.filter(pk=draft.pk).update(already_home=None)

    shown = plain(client_of(alice).get(address_page(draft)).content.decode())

    assert "Déjà répondu : à Uzès. Précisez si vous y habitez tous les deux." in shown
    assert "ce jour-là (facultatif)" not in shown


NEITHER = (
    "Sans adresse commune, écrivez ici l’adresse de celui de vous deux qui habite à Uzès :"
    " « Nîmes » est une autre commune. Si aucun de vous n’habite à Uzès, adressez-vous à la mairie"
    " de la commune où habite l’un de vous."
)


def test_without_a_common_address_the_refusal_speaks_of_the_home_of_one(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    typed = {**NIMES, "where": "sans_adresse", "city": "Nîmes"}

    response = client_of(alice).post(address_page(draft), typed)

    assert response.status_code == 422
    assert response.context["form"].errors == {"city": [NEITHER]}


def test_it_does_at_the_desk_too(
    sent: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    Dossier.objects.filter(pk=sent.pk).update(
        residence="inconnu", impediment="residence_non_fixable", city="Nîmes"
    )
    client = client_of(agent)
    url = reverse("admin:pacs_dossier_answers", args=[sent.pk])
    page = client.get(url).context
    typed = {
        form[name].html_name: "" if form[name].value() in (None, False) else form[name].value()
        for _, form in page["forms"]
        for name in form.fields
    }

    response = client.post(url, {**typed, "lu": page["lu"], "couple-street": "1 rue Neuve"})

    assert response.context["forms"][0][1].errors == {"city": [NEITHER]}
