"""« Vos papiers »: every piece on one page, whatever its state, its way and who looks."""

import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from demarches.models import User
from demarches.rules.dates_fr import NBSP
from pacs.actions.pieces import sync_pieces
from pacs.models import Dossier, Piece
from tests.support.dossiers import PERSON, make_dossier
from tests.support.forms import answer_pieces, pieces_as_shown

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 26, 10, tzinfo=PARIS)
ACT, CARD, DECLARATION = "1-P11_naissance_fr", "1-P03_identite", "0-P01_declaration"
#: Two files, so that pieces are told apart.
SHADES = {"acte": 80, "carte": 60, "dos": 50}


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def dossier(reference_data: None, alice: User, bob: User) -> Dossier:
    return make_dossier(alice, bob, at=NOW)


@pytest.fixture
def her(client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def him(client_of: Callable[[User], Client], bob: User) -> Client:
    return client_of(bob)


def picture(name: str) -> SimpleUploadedFile:
    stream = io.BytesIO()
    Image.effect_noise((900, 600), SHADES[name]).save(stream, "PNG")
    return SimpleUploadedFile(f"{name}.png", stream.getvalue(), content_type="image/png")


def broken() -> SimpleUploadedFile:
    return SimpleUploadedFile("abime.jpg", b"\xff\xd8\xff\xe0", content_type="image/jpeg")


def page_of(client: Client, dossier: Dossier) -> Any:
    response = client.get(reverse("pacs:dossier-pieces", args=[dossier.reference]))
    assert response.status_code == 200
    return response


def words(response: Any) -> str:
    return str(response.content.decode()).replace(NBSP, " ").replace("&nbsp;", " ")


def statuses(dossier: Dossier) -> dict[str, str]:
    return dict(dossier.pieces.required().values_list("key", "status"))


def piece(dossier: Dossier, key: str) -> Piece:
    return dossier.pieces.get(key=key)


# One request


def test_files_go_to_the_piece_whose_key_they_carry_and_the_rest_is_brought(
    her: Client, dossier: Dossier
) -> None:
    page = page_of(her, dossier)
    data = {
        **pieces_as_shown(page),
        f"{CARD}-documents": [picture("carte"), picture("dos")],
        f"{CARD}-expires_on": "5/5/2030",
        f"{ACT}-documents": picture("acte"),
        "apporter": "1",
    }
    # A list that came in another order says the same.
    answer = her.post(page.request["PATH_INFO"], dict(reversed(data.items())))

    names = {
        key: sorted(piece(dossier, key).files.values_list("display_name", flat=True))
        for key in (CARD, ACT)
    }
    now = statuses(dossier)
    assert answer.status_code == 302
    assert names == {CARD: ["carte.jpg", "dos.jpg"], ACT: ["acte.jpg"]}
    assert (now[CARD], now[ACT], now[DECLARATION]) == ("provided", "provided", "to_bring")
    assert piece(dossier, CARD).expires_on == date(2030, 5, 5)
    mine = dossier.pieces.required().exclude(partenaire__position=2)
    assert not mine.filter(status="missing").exists()


def test_a_refused_file_is_named_and_everything_else_is_kept(her: Client, dossier: Dossier) -> None:
    page = page_of(her, dossier)
    data = {
        **pieces_as_shown(page),
        f"{CARD}-documents": [broken(), picture("carte")],
        f"{ACT}-issued_on": "12/10/2026",
        "apporter": "1",
    }

    answer = her.post(page.request["PATH_INFO"], data)

    assert answer.status_code == 422
    problems = [(one.title, one.target) for one in answer.context["form"]["errors"]]
    assert problems == [(piece_title(answer, CARD), f"id_{CARD}-documents")]
    assert words(answer).count("« abime.jpg » est abîmée") == 2  # beside the piece, and on top
    assert "Erreur : Vos papiers" in words(answer)
    assert piece(dossier, CARD).files.count() == 1
    assert piece(dossier, ACT).issued_on == date(2026, 10, 12)
    assert statuses(dossier)[ACT] == "to_bring"


def piece_title(response: Any, key: str) -> str:
    cards = response.context["cards"]
    title: str = next(c.row.title for c in cards if c.row.piece.key == key)
    return title


def test_saving_alone_promises_nothing(her: Client, dossier: Dossier) -> None:
    answer = answer_pieces(her, page_of(her, dossier), CARD, choice="to_bring")

    assert answer["Location"] == reverse("pacs:dossier-pieces", args=[dossier.reference])
    assert (statuses(dossier)[CARD], statuses(dossier)[ACT]) == ("to_bring", "missing")


def test_the_declaration_is_already_said_to_be_signed_on_the_day(
    her: Client, dossier: Dossier
) -> None:
    page = page_of(her, dossier)
    paper = reverse("pacs:dossier-paper", args=[dossier.reference, "declaration"])

    assert "Nous la signerons le jour même" in words(page)
    assert f'href="{paper}"' in words(page)
    assert statuses(dossier)[DECLARATION] == "missing"
    answer_pieces(her, page)
    assert statuses(dossier)[DECLARATION] == "to_bring"


def test_what_blocks_is_enough_to_say_that_something_does(her: Client, dossier: Dossier) -> None:
    answer_pieces(her, page_of(her, dossier), ACT, note="La mairie de Nîmes est fermée.")

    assert statuses(dossier)[ACT] == "blocked"


@pytest.mark.parametrize(
    ("key", "typed", "told"),
    [
        (
            CARD,
            {"expires_on": "1/11/2026"},
            "Ce document n’est plus valable depuis le 1er novembre 2026. Envoyez-en un autre,"
            " ou le passeport.",
        ),
        (
            CARD,
            {"expires_on": "2/1/2027"},
            "Ce document ne sera plus valable le 14 janvier 2027. Envoyez-en un autre, ou le"
            " passeport.",
        ),
        (
            ACT,
            {"issued_on": "3/10/2026"},
            "Délivré le 3 octobre 2026, ce document aura plus de 3 mois le 14 janvier 2027."
            " Redemandez-le.",
        ),
    ],
)
def test_a_paper_that_will_not_serve_is_told_at_once(
    her: Client, dossier: Dossier, key: str, typed: dict[str, str], told: str
) -> None:
    Dossier.objects.filter(pk=dossier.pk).update(wished_date=date(2027, 1, 14))

    answer = answer_pieces(her, page_of(her, dossier), key, choice="to_bring", **typed)

    assert answer.status_code == 422
    assert told in words(answer)
    # The date is kept: it is what is written on the paper.
    assert told in words(page_of(her, dossier))


def test_only_a_card_that_ends_in_those_years_asks_whether_it_lasts_longer(
    her: Client, dossier: Dossier
) -> None:
    page = page_of(her, dossier)
    box = f'name="{CARD}-is_french_adult_card"'
    asked = answer_pieces(her, page, CARD, expires_on="4/6/2023")

    assert box not in words(page)
    assert (asked.status_code, box in words(asked)) == (422, True)
    kept = answer_pieces(her, asked, CARD, is_french_adult_card="on")
    assert (kept.status_code, piece(dossier, CARD).is_french_adult_card) == (302, True)


def test_a_translation_stands_beside_its_document(
    reference_data: None, alice: User, bob: User, her: Client
) -> None:
    foreign = {
        **PERSON,
        "birth_country": "IT",
        "birth_city": "Rome",
        "nationalities": ["IT"],
        "protection": "aucune",
        "birth_record_in_french": "non",
        "coutume_in_french": "non",
        "country_updates_records": "oui",
        "country_issues_coutume": "oui",
    }
    dossier = make_dossier(alice, bob, at=NOW, people=(foreign, PERSON))

    keys = [card.row.piece.key for card in page_of(her, dossier).context["cards"]]

    translations = [key for key in keys if "P20" in key]
    assert translations
    for key in translations:
        about = dossier.pieces.get(key=key).about
        assert keys[keys.index(key) - 1] in {f"1-{about}", *translations}


# One piece at a time, for the script


def test_a_file_sent_by_itself_answers_with_the_piece(her: Client, dossier: Dossier) -> None:
    url = reverse("pacs:dossier-piece", args=[dossier.reference, CARD])
    shown = pieces_as_shown(page_of(her, dossier))
    mine = {name: value for name, value in shown.items() if name.startswith(CARD)}

    first = her.post(url, {**mine, f"{CARD}-documents": picture("carte")})
    # What was read before its own file came is no news to whoever sent it.
    second = her.post(url, {**mine, f"{CARD}-documents": picture("dos")})
    refused = her.post(url, {**mine, f"{CARD}-documents": broken()})

    assert (first.status_code, second.status_code, refused.status_code) == (200, 200, 422)
    assert "carte.jpg" in words(first)
    assert "abîmée" in words(refused)
    assert (statuses(dossier)[CARD], piece(dossier, CARD).files.count()) == ("provided", 2)
    assert not list(refused.context["messages"])


def test_an_address_of_old_leads_to_the_piece(her: Client, dossier: Dossier) -> None:
    url = reverse("pacs:dossier-piece", args=[dossier.reference, ACT])
    place = f"{reverse('pacs:dossier-pieces', args=[dossier.reference])}#piece-{ACT}"

    assert her.get(url)["Location"] == place
    assert her.post(url, {"choice": "to_bring"})["Location"] == place
    assert f'id="piece-{ACT}"' in words(page_of(her, dossier))


# State, way, role

STATES: dict[str, dict[str, Any]] = {
    "missing": {},
    "provided": {},
    "to_bring": {},
    "blocked": {"citizen_note": "Fermé."},
    "refused": {"refusal_text": "Illisible.", "decided_at": NOW},
    "accepted": {"decided_at": NOW},
}
WAYS: dict[str, Callable[[], dict[str, Any]]] = {
    "file": lambda: {"documents": picture("acte")},
    "bring": lambda: {"choice": "to_bring", "note": ""},
    "blocked": lambda: {"choice": "blocked", "note": "Consulat fermé."},
    "nothing": dict,
}
#: What a piece becomes, by state and way; a state that is not here is answered as any other.
BECOMES = {
    "file": {"accepted": "accepted"},
    "bring": {"accepted": "accepted"},
    "blocked": {"accepted": "accepted"},
    "nothing": {state: state for state in STATES},
}
ANSWERED = {"file": "provided", "bring": "to_bring", "blocked": "blocked"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ["holder", "other"])
def test_what_becomes_of_a_piece(
    her: Client, him: Client, dossier: Dossier, state: str, way: str, role: str
) -> None:
    dossier.pieces.filter(key=ACT).update(status=state, **STATES[state])
    page = page_of(her, dossier)
    data = {
        **pieces_as_shown(page),
        **{f"{ACT}-{name}": value for name, value in WAYS[way]().items()},
    }

    (her if role == "holder" else him).post(page.request["PATH_INFO"], data)

    expected = BECOMES[way].get(state, ANSWERED.get(way)) if role == "holder" else state
    now = piece(dossier, ACT)
    assert now.status == expected
    assert now.files.count() == (way == "file" and expected == "provided" and role == "holder")


# Cost


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_whatever_its_pieces(
    her: Client, dossier: Dossier, count: int, django_assert_num_queries: Any
) -> None:
    keep = list(dossier.pieces.required().exclude(partenaire__position=2)[:count])
    dossier.pieces.exclude(pk__in=[one.pk for one in keep]).update(is_required=False)
    url = reverse("pacs:dossier-pieces", args=[dossier.reference])
    her.get(url)

    with django_assert_num_queries(6):
        her.get(url)
    data = {**pieces_as_shown(her.get(url)), "apporter": "1"}
    for one in keep:
        data[f"{one.key}-choice"] = "to_bring"
    with django_assert_num_queries({1: 42, 3: 69}[count]):
        her.post(url, data)


# A piece that is not asked any more


def test_a_file_of_a_piece_asked_no_more_is_named_and_the_rest_is_kept(
    alice: User, bob: User, reference_data: None, client_of: Callable[[User], Client]
) -> None:
    widow = {**PERSON, "situation": "veuf", "union_record_country": "FR"}
    dossier, her = make_dossier(alice, bob, at=NOW, people=(widow, PERSON)), client_of(alice)
    page, key = page_of(her, dossier), "1-P42_veuvage"
    dossier.partenaires.filter(position=1).update(situation="celibataire")
    sync_pieces(Dossier.objects.get(pk=dossier.pk))

    data = {
        **pieces_as_shown(page),
        f"{key}-documents": picture("acte"),
        f"{CARD}-documents": picture("carte"),
        f"{CARD}-expires_on": "5/5/2030",
    }
    told = her.post(page.request["PATH_INFO"], data, follow=True)

    assert "Pas gardé : « acte.png »" in words(told)
    assert "cette pièce n’est plus demandée" in words(told)
    assert [one.display_name for one in piece(dossier, CARD).files.all()] == ["carte.jpg"]
    # The script that sends one piece at a time is told to read the page again.
    alone = reverse("pacs:dossier-piece", args=[dossier.reference, key])
    assert her.post(alone, data).status_code == 404
