"""« Agenda »: who comes, what is free and why not, for each agent what they may read."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from demarches.models import Agenda, AgendaDayChange, Closure, Mairie, User
from pacs.actions.appointments import cancel_for
from pacs.models import Dossier, Piece
from tests.support.closing import HALF_HOUR, NOW, THURSDAY, begin, couple, helped
from tests.support.present import the

WEEK = reverse("admin:agenda") + "?jour=2026-12-03"
MONTH = WEEK + "&vue=mois"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(agent: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(agent)


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.select_related("appointment").get(pk=dossier.pk)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def day_of(answer: Any, day: str) -> str:
    """What stands under one day of the week."""
    return text_of(answer).split(f'id="j-{day}"')[1].split("</section>")[0]


def test_the_week_says_who_comes_what_is_free_and_why_not(agent: User, desk: Client) -> None:
    dossier, demande = couple(agent), helped(agent, THURSDAY + HALF_HOUR)
    agenda = Agenda.objects.get(slug="pacs")
    AgendaDayChange.objects.create(agenda=agenda, day=THURSDAY.date() - timedelta(days=1))
    Closure.objects.create(
        mairie=Mairie.objects.get(),
        first_day=THURSDAY.date() + timedelta(days=1),
        last_day=THURSDAY.date() + timedelta(days=1),
        reason="pont",
    )

    week = desk.get(WEEK)

    thursday = day_of(week, "2026-12-03")
    for one in dossier.people:
        assert one.display_name in thursday
    assert "2 pris" in thursday
    assert reverse("admin:pacs_dossier_change", args=[dossier.pk]) in thursday
    assert f"{reverse('admin:pacs_dossier_book', args=[dossier.pk])}?jour=2026-12-03" in thursday
    assert demande.name in thursday
    assert f"{reverse('admin:vitale_demande_book', args=[demande.pk])}?jour=" in thursday
    assert f"{reverse('admin:close_day')}?jour=2026-12-03" in thursday
    assert f"{reverse('admin:pacs_dossier_day')}?jour=2026-12-03" in thursday
    # The agenda that has a free seat is named when the other has none.
    assert "libre : Aide Carte Vitale" in thursday
    assert "libre : Enregistrement d’un Pacs" in thursday
    wednesday = day_of(week, "2026-12-02")
    assert "Enregistrement d’un Pacs : Fermé : agenda fermé ce jour-là." in wednesday
    friday = day_of(week, "2026-12-04")
    assert friday.count("Fermé : pont.") == 1
    assert "Fermer…" not in friday
    assert "j-2026-12-05" in text_of(week)
    assert "j-2026-12-06" not in text_of(week)


def test_a_day_is_typed_as_one_writes_it(desk: Client) -> None:
    page = reverse("admin:agenda")
    assert 'id="j-2026-12-03"' in text_of(desk.get(page + "?jour=3/12/2026"))
    wrong = text_of(desk.get(page + "?jour=31/2/2027"))
    assert 'value="31/2/2027" aria-invalid="true"' in wrong
    assert 'id="j-2026-11-23"' in wrong
    for far in ("2999-12-31", "2001-01-01"):
        for view in ("", "&vue=mois"):
            assert desk.get(f"{page}?jour={far}{view}").status_code == 200


def test_what_is_ticked_is_shown(agent: User, desk: Client) -> None:
    dossier, demande = couple(agent), helped(agent, THURSDAY + HALF_HOUR)

    only = text_of(desk.get(WEEK + "&agenda=aide-carte-vitale&libres=sans"))

    assert demande.name in only
    assert dossier.people[0].display_name not in only
    assert "libre" not in only.split('class="columns week"')[1]
    assert "&amp;agenda=aide-carte-vitale&amp;libres=sans" in only


def test_a_paper_too_old_that_day_and_a_day_being_closed(agent: User, desk: Client) -> None:
    dossier = couple(agent)
    record = the(dossier.pieces.filter(rule_id="P11_naissance_fr").first())
    Piece.objects.filter(pk=record.pk).update(issued_on=THURSDAY.date() - timedelta(days=120))
    begin(agent)

    thursday = day_of(desk.get(WEEK), "2026-12-03")

    assert "! papiers bons jusqu’au" in thursday
    assert "Plus de nouveau rendez-vous ce jour-là pour le moment." in thursday


def test_the_month_counts_and_names_nobody(agent: User, desk: Client) -> None:
    dossier = couple(agent)

    month = text_of(desk.get(MONTH))

    assert "décembre 2026" in month
    assert dossier.people[0].display_name not in month
    assert "1 pris, " in month
    assert "jour=2027-01-01" in month
    assert "jour=2026-11-01" in month
    assert "Fermé le dimanche." in month


def test_a_week_of_the_past_says_who_came(agent: User, client_of: Callable[[User], Client]) -> None:
    dossier = couple(agent)
    with time_machine.travel(THURSDAY + timedelta(days=20), tick=False):
        past = day_of(client_of(agent).get(WEEK), "2026-12-03")

    assert dossier.people[0].display_name in past
    assert "Déplacer" not in past
    assert "Fermer…" not in past


def test_who_may_not_read_one_procedure_sees_a_seat_that_is_taken(
    agent: User, client_of: Callable[[User], Client]
) -> None:
    dossier, demande = couple(agent), helped(agent, THURSDAY + HALF_HOUR)
    group = Group.objects.create(name="aide seule")
    reads = Group.objects.get(name="accueil").permissions.get(codename="view_demande")
    group.permissions.add(reads)
    helper = User.objects.create_user("aide@mairie.example", is_staff=True)
    helper.groups.add(group)

    thursday = day_of(client_of(helper).get(WEEK), "2026-12-03")

    assert "<span>Pris</span>" in thursday
    assert demande.name in thursday
    assert "Déplacer" not in thursday
    assert dossier.people[0].display_name not in thursday
    assert dossier.reference not in thursday


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_the_pages_cost_the_same_with_one_and_with_many(agent: User, desk: Client) -> None:
    couple(agent)
    helped(agent, THURSDAY + HALF_HOUR)
    desk.get(WEEK)  # the content is read once
    before = [queries(desk, url) for url in (WEEK, MONTH)]
    for rank in (2, 3):
        couple(agent, rank)
    helped(agent, THURSDAY + 2 * HALF_HOUR)
    desk.get(WEEK)

    assert [queries(desk, url) for url in (WEEK, MONTH)] == before
    assert before[0] <= 24
    assert Dossier.objects.filter(appointment__isnull=False).count() == 3


def test_a_free_seat_is_given_to_a_couple_that_waits(agent: User, desk: Client) -> None:
    first, second = couple(agent), couple(agent, 1)
    cancel_for(first, reason="Empêchés", by=agent, at=NOW, version=None)
    week = desk.get(WEEK)
    [link] = {
        found
        for found in re.findall(r'href="([^"]*/donner/[^"]*)"', day_of(week, "2026-12-03"))
        if "T09%3A00" in found
    }

    page = desk.get(link)
    waiting = fresh(first)
    done = desk.post(
        reverse("admin:pacs_dossier_book", args=[first.pk]),
        {"version": waiting.version, "creneau": page.context["slot"]},
    )
    again = desk.get(link)

    assert [one for one, _, _ in page.context["waiting"]] == [first]
    assert "Donner jeudi 3 décembre 2026 à 9 h" in text_of(page)
    assert done.status_code == 302
    assert the(fresh(first).appointment).starts_at == THURSDAY + 2 * HALF_HOUR
    assert second.reference not in text_of(page)
    assert "n’attend de date" in text_of(again)
    assert desk.get(reverse("admin:pacs_dossier_give")).status_code == 302


def test_an_old_paper_or_another_name_is_not_given_blindly(agent: User, desk: Client) -> None:
    dossier = couple(agent)
    cancel_for(dossier, reason="Empêchés", by=agent, at=NOW, version=None)
    born = Piece.objects.filter(dossier=dossier, key__startswith="1-P11")
    born.update(issued_on=NOW.date() - timedelta(days=85))
    give = reverse("admin:pacs_dossier_give") + "?creneau=2026-12-03T08:00%2B01:00"

    assert "Un papier sera trop ancien" in text_of(desk.get(give))
    assert desk.get(give + "&q=introuvable").context["waiting"] == []


@pytest.mark.parametrize("many", [1, 3])
def test_giving_asks_as_much_for_one_as_for_three(agent: User, desk: Client, many: int) -> None:
    for rank in range(many):
        cancel_for(couple(agent, rank), reason="Empêchés", by=agent, at=NOW, version=None)
    give = reverse("admin:pacs_dossier_give") + "?creneau=2026-12-03T08:00%2B01:00"
    desk.get(give)  # the content is read once
    with CaptureQueriesContext(connection) as asked:
        desk.get(give)

    assert len(asked) == 14
