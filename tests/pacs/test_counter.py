"""A couple at the counter: what is kept, what is refused and in which words, and by whom."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from pacs.actions import desk
from pacs.actions.counter import deposit_at_counter, present_piece
from pacs.actions.dossiers import open_dossier
from pacs.actions.refusals import ActionRefused
from pacs.admin import guided
from pacs.forms.counter import PRESENTED
from pacs.models import Dossier, Partenaire, PieceFile
from pacs.models.consent import has_attested
from tests.support.files import png
from tests.support.pages import Page, plain

type ClientOf = Callable[[User], Client]

PERSON = {
    "acte-birth_name": "Martin",
    "acte-first_names": "Léa Rose",
    "acte-sex": "F",
    "acte-birth_date": "12/6/1984",
    "acte-origin": "fr",
    "acte-birth_city": "Uzès",
    "acte-parent1_name": "Martin",
    "acte-parent1_first_names": "Paul",
    "acte-parent2_name": "Roux",
    "acte-parent2_first_names": "Anne",
    "situation-situation": "celibataire",
    "situation-measure": "aucune",
}
COUPLE = {
    "couple-adresse-where": "ici_ensemble",
    "couple-adresse-street": "63 place aux Herbes",
    "couple-projet-kinship": "aucun",
    "couple-projet-convention": "cerfa_15726",
}


def of(who: str, **changed: str) -> dict[str, str]:
    """The answers of one person, as the page sends them."""
    values = PERSON | {name.replace("__", "-"): value for name, value in changed.items()}
    return {f"{who}-{name}": value for name, value in values.items()}


@pytest.fixture
def clerk(reference_data: None) -> User:
    user = User.objects.create_user("accueil@example.org", full_name="Ada Roy", is_staff=True)
    user.groups.add(Group.objects.get(name="accueil"))
    return user


@pytest.fixture
def opened(clerk: User, client_of: ClientOf) -> Dossier:
    """A draft whose couple page is typed."""
    client = client_of(clerk)
    Page.open(client, reverse("admin:pacs_dossier_counter")).press()
    dossier = Dossier.objects.get()
    Page.open(client, step(dossier, "couple")).press(COUPLE)
    return Dossier.objects.get()


def test_opening_twice_opens_one_until_something_is_typed(
    clerk: User, agent: User, client_of: ClientOf
) -> None:
    """A double click, then the same page found again by « précédent » for the next couple."""
    page = Page.open(client_of(clerk), reverse("admin:pacs_dossier_counter"))

    first = page.press().url
    assert page.press().url == first
    Page.open(client_of(clerk), first).press(COUPLE)
    assert page.press().url != first
    assert page.press().url != first
    sent = page.fields()
    client_of(agent).post(reverse("admin:pacs_dossier_counter"), sent)

    assert Dossier.objects.count() == 3


def step(dossier: Dossier, slug: str) -> str:
    return reverse("admin:pacs_dossier_guided", args=[dossier.pk, slug])


def person(dossier: Dossier, position: int) -> Partenaire:
    return Partenaire.objects.get(dossier=dossier, position=position)


def test_a_couple_is_typed_and_deposited_by_whoever_receives_them(
    clerk: User, opened: Dossier, client_of: ClientOf
) -> None:
    client = client_of(clerk)

    answer = Page.open(client, step(opened, "personnes")).press(of("p1") | of("p2"))
    assert answer.url == step(opened, "pieces")
    answer = Page.open(client, answer.url).press(
        {
            "apporter": "",
            "piece": list(opened.pieces.values_list("key", flat=True)),
            "1-P03_identite-choice": "provided",
            "1-P03_identite-expires_on": "6/6/2031",
        }
    )
    assert answer.url == step(opened, "deposer")
    assert person(opened, 1).birth_insee == "30334"
    done = Page.open(client, answer.url).press({"signed_1": "on", "signed_2": "on"})

    dossier = Dossier.objects.get()
    assert dossier.status == "submitted"
    # Whoever says their answers to an agent is not told by mail that an agent changed them.
    assert not dossier.mails.filter(kind="changed_by_mairie").exists()
    assert all(has_attested(one, dossier) for one in dossier.people)
    assert {*dossier.pieces.required().values_list("status", flat=True)} == {
        "provided",
        "to_bring",
    }
    assert dossier.events.filter(kind="piece_presented", by=clerk).count() == 1
    assert "Imprimer l’accusé de réception" in plain(client.get(done.url).content.decode())
    paper = client.get(reverse("admin:pacs_dossier_paper", args=[dossier.pk, "accuse"]))
    assert paper["Content-Type"] == "application/pdf"
    # What is deposited is not typed over here.
    assert client.post(step(dossier, "couple"), COUPLE)["Location"] == step(dossier, "deposer")
    assert client.get(reverse("admin:pacs_dossier_answers", args=[dossier.pk])).status_code == 403


def test_what_is_right_is_kept_and_what_is_wrong_is_told_in_the_couple_s_words(
    clerk: User, opened: Dossier, client_of: ClientOf
) -> None:
    page = Page.open(client_of(clerk), step(opened, "personnes"))

    answer = page.press(of("p1") | of("p2", **{"acte__birth_date": "31/2/1984"}))

    told = plain(answer.content.decode())
    assert answer.status_code == 422
    assert 'href="#id_p2-acte-birth_date"' in answer.content.decode()
    assert "31/2/1984" in answer.content.decode()
    assert "Le reste est enregistré" in told
    assert person(opened, 1).birth_name == "Martin"
    assert person(opened, 2).birth_name == ""
    assert person(opened, 2).situation == "celibataire"


def test_an_age_above_a_hundred_is_asked_about_once_at_the_counter(
    clerk: User, opened: Dossier, client_of: ClientOf
) -> None:
    page = Page.open(client_of(clerk), step(opened, "personnes"))
    typed = of("p1", **{"acte__birth_date": "12/6/1920"}) | of("p2")

    asked = page.press(typed)
    name, year = "p1-acte-birth_date-asked", "1920"

    assert asked.status_code == 422
    assert "Est-ce exact" in asked.content.decode()
    assert f'<input type="hidden" name="{name}" value="{year}">' in asked.content.decode()
    assert page.press(typed | {name: year}).status_code == 302
    assert person(opened, 1).birth_year == 1920


def test_what_is_left_for_later_is_kept(clerk: User, opened: Dossier, client_of: ClientOf) -> None:
    client = client_of(clerk)
    page = Page.open(client, step(opened, "personnes"))

    answer = page.press(
        {"later": "", "p1-acte-birth_name": "Martin", "p2-situation-phone": "06 12 34 56 78"}
    )

    assert answer.url == step(opened, "personnes")
    assert person(opened, 1).birth_name == "Martin"
    assert 'value="Martin"' in client.get(answer.url).content.decode()


def test_only_what_concerns_somebody_is_asked(
    clerk: User, opened: Dossier, client_of: ClientOf
) -> None:
    client = client_of(clerk)
    typed = of("p1", situation__situation="divorce") | of("p2", acte__origin="autre")
    before = Page.open(client, step(opened, "personnes"))
    assert "p2-origine" not in before.html

    answer = before.press(typed)
    assert answer.url == f"{step(opened, 'personnes')}#p1-ancien-mariage"
    page = Page.open(client, step(opened, "personnes"))
    assert "p1-ancien-mariage" in page.html
    assert "p1-origine" not in page.html
    assert "p2-ancien-mariage" not in page.html
    assert "p2-origine-birth_city" not in page.html

    more = {
        "p1-ancien-mariage-divorce_mentioned": "oui",
        "p2-origine-birth_country": "IT",
        "p2-origine-first": "IT",
        "p2-acte-birth_city": "Torino",
    }
    page.press(typed | more)
    second = person(opened, 2)
    assert (second.birth_city, str(second.birth_country)) == ("Torino", "IT")
    assert second.nationalities == ["IT"]


def test_two_agents_at_once_lose_nothing(
    clerk: User, opened: Dossier, client_of: ClientOf, agent: User
) -> None:
    mine = Page.open(client_of(clerk), step(opened, "couple"))
    theirs = Page.open(client_of(agent), step(opened, "couple"))
    theirs.press(COUPLE | {"couple-adresse-street": "1 rue Jacques-d’Uzès", "later": ""})

    untouched = mine.press(COUPLE | {"couple-projet-kinship": "cousins", "later": ""})
    assert untouched.status_code == 302
    assert Dossier.objects.get().street == "1 rue Jacques-d’Uzès"

    clash = mine.press(COUPLE | {"couple-adresse-street": "9 rue Nicolas-Froment"})
    told = plain(clash.content.decode())
    assert clash.status_code == 409
    assert "« 1 rue Jacques-d’Uzès »" in told
    assert 'value="9 rue Nicolas-Froment"' in clash.content.decode()
    assert Dossier.objects.get().street == "1 rue Jacques-d’Uzès"
    again = Page(mine.client, mine.url, clash).press(
        COUPLE | {"couple-adresse-street": "9 rue Nicolas-Froment"}
    )
    assert again.status_code == 302
    assert Dossier.objects.get().street == "9 rue Nicolas-Froment"


@pytest.fixture
def ready(clerk: User, opened: Dossier, client_of: ClientOf) -> Dossier:
    """Nothing is left but to deposit it."""
    client = client_of(clerk)
    Page.open(client, step(opened, "personnes")).press(of("p1") | of("p2"))
    keys = list(opened.pieces.values_list("key", flat=True))
    Page.open(client, step(opened, "pieces")).press({"apporter": "", "piece": keys})
    return opened


def deposited_first(action: Callable[..., object], clerk: User) -> Callable[..., object]:
    """The action, once a colleague has deposited the dossier between the page and its lock."""

    def late(*args: object, **options: object) -> object:
        dossier = Dossier.objects.get()
        if dossier.is_draft:
            now = timezone.now()
            deposit_at_counter(dossier, signed_by=[1, 2], by=clerk, at=now, version=None)
        return action(*args, **options)

    return late


def test_an_answer_is_not_changed_once_a_colleague_has_deposited_it(
    clerk: User, ready: Dossier, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page.open(client_of(clerk), step(ready, "personnes"))
    monkeypatch.setattr(desk, "save_answers_for", deposited_first(desk.save_answers_for, clerk))

    answer = page.press(of("p1", acte__birth_name="Autre") | of("p2"))

    assert answer.status_code == 409
    assert "Ce dossier vient d’être déposé" in plain(answer.content.decode())
    assert 'value="Autre"' in answer.content.decode()
    dossier = Dossier.objects.get()
    assert (dossier.status, person(dossier, 1).birth_name) == ("submitted", "Martin")
    assert has_attested(person(dossier, 1), dossier)


def test_a_piece_is_not_changed_once_a_colleague_has_deposited_it(
    clerk: User, ready: Dossier, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page.open(client_of(clerk), step(ready, "pieces"))
    monkeypatch.setattr(guided, "present_piece", deposited_first(present_piece, clerk))

    answer = page.press(
        {"1-P03_identite-choice": "provided", "1-P03_identite-expires_on": "6/6/2031"}
    )

    assert answer.status_code == 409
    assert "Ce dossier vient d’être déposé" in plain(answer.content.decode())
    dossier = Dossier.objects.get()
    assert dossier.status == "submitted"
    assert dossier.pieces.get(key="1-P03_identite").status == "to_bring"
    assert not dossier.events.filter(kind="piece_presented").exists()


def test_a_piece_that_a_colleague_s_answer_took_away_is_refused_in_words(
    clerk: User, ready: Dossier
) -> None:
    piece = ready.pieces.get(key="1-P03_identite")
    ready.pieces.filter(pk=piece.pk).delete()

    with pytest.raises(ActionRefused, match="n’est plus demandée"):
        present_piece(
            piece,
            issued_on=None,
            expires_on=None,
            is_french_adult_card=False,
            by=clerk,
            at=timezone.now(),
            read=None,
        )


def test_what_the_law_forbids_is_told_at_once_and_is_not_deposited(
    clerk: User, opened: Dossier, client_of: ClientOf
) -> None:
    client = client_of(clerk)
    page = Page.open(client, step(opened, "couple"))
    page.press(COUPLE | {"couple-projet-kinship": "fratrie"})

    assert "demander la décision de l’officier" in plain(
        client.get(step(opened, "personnes")).content.decode()
    )
    answer = Page.open(client, step(opened, "deposer")).press()
    assert answer.status_code == 422
    assert Dossier.objects.get().status == "draft"


def test_an_original_that_ages_is_not_seen_without_its_date(
    clerk: User, opened: Dossier, client_of: ClientOf
) -> None:
    client = client_of(clerk)
    Page.open(client, step(opened, "personnes")).press(of("p1") | of("p2"))
    page = Page.open(client, step(opened, "pieces"))

    answer = page.press({"1-P11_naissance_fr-choice": "provided"})

    assert answer.status_code == 422
    assert "Recopiez la date de délivrance" in plain(answer.content.decode())
    assert opened.pieces.get(key="1-P11_naissance_fr").status == "missing"


@pytest.mark.parametrize("typed", ["\x00", "é" * 100_000, "1 90 04 30 189 123 59"])
def test_hostile_texts_are_refused(
    clerk: User, opened: Dossier, client_of: ClientOf, typed: str
) -> None:
    page = Page.open(client_of(clerk), step(opened, "personnes"))

    answer = page.press({"later": "", "p1-situation-needs": typed})

    assert 400 <= answer.status_code < 500
    assert person(opened, 1).needs == ""


def test_a_dossier_of_a_couple_online_is_corrected_on_its_own_page(
    agent: User, client_of: ClientOf
) -> None:
    dossier = open_dossier(at=timezone.now(), agent=agent)
    Dossier.objects.update(at_counter=False)

    answer = client_of(agent).get(step(dossier, "couple"))

    assert answer["Location"] == reverse("admin:pacs_dossier_answers", args=[dossier.pk])


@pytest.mark.parametrize(
    ("slug", "count"), [("couple", 12), ("personnes", 12), ("pieces", 13), ("deposer", 15)]
)
def test_each_page_asks_the_database_as_often(
    clerk: User, opened: Dossier, client_of: ClientOf, slug: str, count: int
) -> None:
    client = client_of(clerk)
    Page.open(client, step(opened, "personnes")).press(of("p1") | of("p2"))
    client.get(step(opened, slug))

    with CaptureQueriesContext(connection) as captured:
        client.get(step(opened, slug))

    assert len(captured) == count


def test_the_list_of_pieces_opens_no_dossier(clerk: User, client_of: ClientOf) -> None:
    client, here = client_of(clerk), reverse("admin:pacs_dossier_pieces_list")
    answers = {
        "adresse": "ici",
        "lien": "aucun",
        "age": "21_plus",
        "mesure": "aucune",
        "origine1": "france_francaise",
        "situation1": "celibataire",
        "origine2": "ue",
        "situation2": "celibataire",
        "convention": "cerfa_15726",
    }

    first = client.get(here).content.decode()
    assert "papiers1" not in first
    page = client.get(here, answers)
    assert "papiers2" in page.content.decode()
    page = client.get(here, answers | {"papiers2": "non", "protection2": "non"})
    html = page.content.decode()

    assert page.status_code == 200
    assert reverse("pacs:simulator-pdf") in html
    assert "Certificat de coutume" in html
    assert Dossier.objects.count() == 0
    stopped = client.get(here, answers | {"situation1": "marie"})
    assert "Recommencer" in stopped.content.decode()


def test_a_file_that_was_fine_stays_whatever_else_is_to_be_corrected(
    clerk: User, opened: Dossier, client_of: ClientOf
) -> None:
    """And each other file is judged by itself; what shows on one is told."""
    client, key = client_of(clerk), "1-P03_identite"
    page = Page.open(client, step(opened, "pieces"))
    files = [
        SimpleUploadedFile("carte 1850578006084.png", png()),
        SimpleUploadedFile("b.png", b"<svg/>"),
        SimpleUploadedFile("c.png", png("L")),
    ]
    sent = {f"{key}-choice": PRESENTED, f"{key}-expires_on": ""}

    answer = page.press({**sent, f"{key}-documents": files})

    assert answer.status_code == 422
    shown = plain(answer.content.decode())
    assert "Recopiez la date de fin de validité" in shown
    assert "« b.png »" in shown
    assert "Son nom contenait un numéro" in shown
    kept = PieceFile.objects.filter(piece__key=key).order_by("pk")
    assert [one.display_name for one in kept] == ["carte numéro-retiré.jpg", "c.jpg"]
    assert "c.jpg" in shown
    # Sent again from there, with the date: no clash with the files that the form itself brought.
    again = Page(client, page.url, answer).press({**sent, f"{key}-expires_on": "1/6/2031"})
    assert again.status_code == 302
    assert opened.pieces.get(key=key).expires_on is not None
