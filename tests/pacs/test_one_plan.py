"""« Votre plan »: when to ask for each paper, the same everywhere, told to its holder alone."""

import random
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from demarches.models import User
from demarches.rules.enums import PieceStatus
from pacs.actions.dossiers import open_dossier
from pacs.actions.pieces import answer_piece
from pacs.models import Dossier, PacsSettings, PieceWording
from pacs.models.gate import inputs_of_couple
from pacs.pages.tracking import piece_rows, plan_of
from pacs.papers.documents import checklist
from pacs.reads.checklist import build_checklist
from pacs.views.appointments import _renewals
from tests.support.dossiers import COMMON, OTHER, PERSON, bring_everything, make_dossier, send
from tests.support.pages import plain
from tests.support.pdf import text_of

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
SENEGALESE: dict[str, Any] = {
    **OTHER,
    "birth_country": "SN",
    "birth_city": "Dakar",
    "nationalities": ["SN"],
    "protection": "aucune",
    "has_french_record": "non",
    "birth_record_in_french": "oui",
    "country_updates_records": "oui",
    "country_issues_coutume": "oui",
    "coutume_in_french": "oui",
    "measure": "aucune",
}


@pytest.fixture(autouse=True)
def clock() -> Iterable[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dossier(reference_data: None, alice: User, bob: User) -> Dossier:
    return make_dossier(alice, bob, at=NOW, people=(PERSON, SENEGALESE))


def wish(dossier: Dossier, day: date | None) -> Dossier:
    Dossier.objects.filter(pk=dossier.pk).update(wished_date=day)
    return Dossier.objects.get(pk=dossier.pk)


def page(client: Client, dossier: Dossier) -> str:
    return plain(client.get(dossier.get_absolute_url()).content.decode())


def test_every_list_says_the_same_of_two_hundred_days(dossier: Dossier) -> None:
    """The result of the simulator, the dossier, its plan and the booking, for each reader."""
    generator = random.Random(20261123)
    wordings = PieceWording.objects.by_rule()
    dated = {rule for rule, one in wordings.items() if one.is_dated}
    for piece in dossier.pieces.required().select_related("dossier"):
        if piece.rule_id in dated:
            # In hand, too old for every day: each list tells when to ask for the next.
            old = PieceStatus.TO_BRING
            answer_piece(piece, declared=old, issued_on=date(2020, 1, 1), at=NOW)
    compared = 0
    for _ in range(200):
        day = NOW.date() + timedelta(days=generator.randrange(1095))
        one = wish(dossier, day)
        result = build_checklist(
            inputs_of_couple(one),
            wished=day,
            at=NOW,
            settings=PacsSettings.current(),
            wordings=wordings,
        )
        simulated = {p.piece.key: p.window.words for p in result.plan.pieces if p.window}
        person = one.people[generator.randrange(2)]
        rows = piece_rows(person, at=NOW)
        told = {row.piece.key: row.when for row in rows if row.window}
        plan = plan_of(person, at=NOW, rows=rows)
        assert plan is not None
        planned = {row.piece.key: when for when, of in plan.papers_by_when for row in of}
        booking = {r.url.partition("#piece-")[2]: r.when for r in _renewals(person, day)}
        assert told
        for key, when in told.items():
            assert (simulated[key], planned[key], booking[key]) == (when, when, when)
            compared += 1
    assert compared > 200


@pytest.mark.parametrize("days", [20, 60, 160, 400])
def test_the_paper_of_the_list_says_what_the_plan_says(
    dossier: Dossier, client_of: Callable[[User], Client], bob: User, days: int
) -> None:
    bring_everything(dossier, at=NOW)
    one = wish(dossier, NOW.date() + timedelta(days=days))
    second = one.people[1]
    text, paper = page(client_of(bob), one), text_of(checklist(one, reader=second).content)

    dated = [row for row in piece_rows(second, at=NOW) if row.window]

    assert [row.piece.rule_id for row in dated] == ["P14_naissance_etranger", "P32_non_pacs"]
    for row in dated:
        when = row.when.replace("\u00a0", " ")
        assert f"À demander {when}." in paper
        assert f"{when[:1].upper()}{when[1:]}" in text


def test_the_plan_follows_the_day_and_what_is_said_of_each_paper(
    dossier: Dossier, client_of: Callable[[User], Client], alice: User
) -> None:
    her = client_of(alice)
    assert "nous dirons quand demander chaque papier" in page(her, wish(dossier, None))
    assert "Une fois le jour choisi Acte de naissance avec filiation" in page(her, dossier)

    late = page(her, wish(dossier, date(2027, 5, 3)))
    assert "Votre jour souhaité : lundi 3 mai 2027" in late
    assert "Entre le 4 février et le 18 mars 2027 Acte de naissance avec filiation" in late

    lost = page(her, wish(dossier, date(2026, 12, 1)))
    assert "Ce jour n’est plus possible : mardi 1er décembre 2026" in lost
    assert "Premier jour possible : mercredi 6 janvier 2027" in lost

    wish(dossier, date(2027, 2, 1))
    piece = dossier.pieces.select_related("dossier").get(key="1-P11_naissance_fr")
    answer_piece(
        piece, declared=PieceStatus.TO_BRING, issued_on=NOW.date() - timedelta(days=5), at=NOW
    )
    assert "Quand demander" not in page(her, dossier)


def test_nobody_reads_the_papers_of_the_other(
    dossier: Dossier, client_of: Callable[[User], Client], alice: User, bob: User
) -> None:
    one = wish(dossier, date(2027, 5, 3))

    hers, his = page(client_of(alice), one), page(client_of(bob), one)

    assert ("Certificat de coutume" in hers, "Certificat de coutume" in his) == (False, True)
    # The mairie needs longer with papers from abroad: the day tells nothing of whose they are.
    for text in (hers, his):
        assert "envoyez votre dossier au plus tard le jeudi 18 mars 2027" in text
    sent = send(one, at=NOW)
    assert "Certificat de coutume" not in page(client_of(alice), sent)


def test_the_plan_says_whose_turn_it_is(
    dossier: Dossier, client_of: Callable[[User], Client], alice: User
) -> None:
    her = client_of(alice)
    assert "C’est à vous." in page(her, dossier)
    bring_everything(dossier, at=NOW)
    assert "Tout est prêt : c’est à vous d’envoyer le dossier." in page(her, dossier)
    assert "C’est à la mairie." in page(her, send(dossier, at=NOW))


def test_a_partner_without_a_name_yet_is_your_partner(
    reference_data: None, alice: User, client_of: Callable[[User], Client]
) -> None:
    dossier = open_dossier(at=NOW, user=alice, couple=COMMON, people=(PERSON, {}))

    assert "C’est à vous, puis à votre partenaire." in page(client_of(alice), dossier)


def test_a_paper_that_lasts_longer_than_bookings_ends_no_day(
    dossier: Dossier, client_of: Callable[[User], Client], alice: User
) -> None:
    bring_everything(dossier, at=NOW)
    her, card = client_of(alice), dossier.pieces.filter(key="1-P03_identite")
    words = "Avec vos pièces d’aujourd’hui"

    card.update(expires_on=dossier.days(at=NOW).horizon)
    assert words in page(her, dossier)
    card.update(expires_on=date(2030, 1, 1))
    assert words not in page(her, dossier)
    assert "Premier jour possible" in page(her, dossier)


def test_only_whoever_may_change_the_day_is_offered_to(
    dossier: Dossier, client_of: Callable[[User], Client], alice: User, bob: User
) -> None:
    one = wish(dossier, date(2027, 5, 3))
    link = reverse("pacs:common-step", args=[one.reference, "jour"])

    assert f'href="{link}"' in client_of(alice).get(one.get_absolute_url()).content.decode()
    assert f'href="{link}"' not in client_of(bob).get(one.get_absolute_url()).content.decode()
