"""The date of birth, typed in one box as people write it; a record that gives less is said to."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.models import Dossier
from tests.support.forms import answer


@pytest.fixture
def page(draft: Dossier) -> str:
    return reverse("pacs:own-step", args=[draft.reference, "acte"])


def born(draft: Dossier) -> tuple[int | None, int | None, int | None]:
    one = draft.partenaires.get(position=1)
    return one.birth_year, one.birth_month, one.birth_day


@pytest.mark.parametrize(
    ("typed", "partial", "parts"),
    [
        ("29/02/1988", "", (1988, 2, 29)),
        ("29 février 1988", "", (1988, 2, 29)),
        ("lundi 29 févr. 1988", "", (1988, 2, 29)),
        ("1er mai 1988", "", (1988, 5, 1)),
        ("1988-02-29", "", (1988, 2, 29)),  # what a browser fills in
        ("mai 1970", "on", (1970, 5, None)),
        ("05/1970", "on", (1970, 5, None)),
        ("1970", "on", (1970, None, None)),
    ],
)
def test_a_date_is_read_as_it_is_written(
    draft: Dossier,
    alice: User,
    client_of: Callable[[User], Client],
    page: str,
    typed: str,
    partial: str,
    parts: tuple[int, int | None, int | None],
) -> None:
    response = answer(client_of(alice), page, birth_date=typed, birth_partial=partial)

    assert response.status_code == 302
    assert born(draft) == parts
    shown = client_of(alice).get(page).context["form"]
    assert shown["birth_date"].value() == "/".join(str(one) for one in reversed(parts) if one)
    assert bool(shown["birth_partial"].value()) is (partial == "on")


@pytest.mark.parametrize(
    ("typed", "partial", "told"),
    [
        ("", "", "Indiquez votre date de naissance."),
        ("29/2/1987", "", "Le 29\u00a0février 1987 n’existe pas"),
        ("29/2/88", "", "Écrivez l’année en quatre chiffres, par exemple 1988."),
        ("1/2/2090", "", "Cette date est dans le futur"),
        ("12/12/0024", "", "Écrivez l’année en quatre chiffres"),
        ("mai 1970", "", "Si votre acte n’en dit pas plus, cochez la case ci-dessous."),
        ("1970", "", "Si votre acte n’en dit pas plus, cochez la case ci-dessous."),
        ("4 mai 1970", "on", "Date complète sur votre acte ? Décochez la case ci-dessous."),
        ("0/0/1950", "", "l’année seule, sans zéros : « 1950 ». Puis cochez la case ci-dessous."),
        ("00.00.1950", "on", "Écrivez l’année seule, sans zéros : « 1950 »."),
        ("00/05/1950", "", "Écrivez le reste, sans zéro : « 05/1950 ». Puis cochez la case"),
        ("0 mai 1950", "on", "Écrivez le reste, sans zéro : « mai/1950 »."),
        ("5/0/1950", "", "Le mois va de 1 à 12."),
        ("hier", "", "Écrivez la date ainsi : 29/2/1988."),
    ],
)
def test_a_date_is_never_guessed(
    draft: Dossier,
    alice: User,
    client_of: Callable[[User], Client],
    page: str,
    typed: str,
    partial: str,
    told: str,
) -> None:
    before = born(draft)

    response = answer(client_of(alice), page, birth_date=typed, birth_partial=partial)

    assert response.status_code == 422
    errors = response.context["form"].errors["birth_date"]
    assert told.replace("\u00a0", " ") in " ".join(errors).replace("\u00a0", " ")
    assert response.context["form"]["birth_date"].value() == typed
    assert born(draft) == before


@pytest.mark.parametrize(
    ("typed", "partial"), [("3/4/1925", ""), ("avril 1925", "on"), ("1925", "on")]
)
def test_an_age_above_a_hundred_is_asked_about_once(
    draft: Dossier,
    alice: User,
    client_of: Callable[[User], Client],
    page: str,
    typed: str,
    partial: str,
) -> None:
    browser, before = client_of(alice), born(draft)
    sent = {"birth_date": typed, "birth_partial": partial}
    with time_machine.travel(datetime(2026, 11, 28, 9, tzinfo=UTC), tick=False):
        asked = answer(browser, page, **sent)
        told = " ".join(asked.context["form"].errors["birth_date"])
        hidden = re.findall(r'name="birth_date-asked" value="(\d+)"', asked.content.decode())
        untouched = born(draft)
        other = answer(browser, page, **{**sent, "birth_date-asked": "1924"})
        again = answer(browser, page, **sent, **{"birth_date-asked": hidden[0]})

    assert (asked.status_code, other.status_code, again.status_code) == (422, 422, 302)
    assert "Cela ferait 101 ans cette année. Est-ce exact ?" in told.replace("\u00a0", " ")
    assert untouched == before
    assert born(draft)[0] == 1925


def test_an_answer_to_another_question_is_no_answer_to_this_one(
    draft: Dossier, alice: User, client_of: Callable[[User], Client], page: str
) -> None:
    """What was refused for another reason, or left for later, was not asked about."""
    browser = client_of(alice)
    with time_machine.travel(datetime(2026, 11, 28, 9, tzinfo=UTC), tick=False):
        unreadable = answer(browser, page, birth_date="1925")
        later = answer(browser, page, birth_date="3/4/1925", later="1")
        shown = browser.get(page).content.decode()
        full = answer(browser, page, birth_date="3/4/1925")

    assert (unreadable.status_code, later.status_code, full.status_code) == (422, 302, 422)
    assert "birth_date-asked" not in unreadable.content.decode() + shown
    assert "Est-ce exact" in full.content.decode()


def test_a_hundred_years_are_not_asked_about(
    draft: Dossier, alice: User, client_of: Callable[[User], Client], page: str
) -> None:
    with time_machine.travel(datetime(2026, 11, 28, 9, tzinfo=UTC), tick=False):
        assert answer(client_of(alice), page, birth_date="3/4/1926").status_code == 302


def test_a_date_taken_out_to_finish_later_is_gone(
    draft: Dossier, alice: User, client_of: Callable[[User], Client], page: str
) -> None:
    assert born(draft) != (None, None, None)

    response = answer(client_of(alice), page, birth_date="", birth_partial="", later="1")

    assert response.status_code == 302
    assert born(draft) == (None, None, None)
