"""The desk reads to a bound: the same rows as a reading of everything, and it says when not."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate

from demarches.admin import base
from demarches.models import User
from demarches.rules.enums import PieceStatus
from demarches.rules.reference import format_reference, may_hold
from demarches.rules.texts import name_words
from pacs.demo.dossiers import STAGES
from pacs.models import Dossier, DossierEvent, Follower, Partenaire, PieceWording, Reading
from pacs.reads import piles, search
from pacs.reads.desk import agents_looking
from pacs.reads.search import find_dossiers
from tests.support.dossiers import make_dossier, send
from tests.support.rows import more_dossiers

NOW = "2026-11-27T11:00:00+01:00"
LIST = "admin:pacs_dossier_changelist"


@pytest.fixture
def demo(reference_data: None, settings: Any) -> Iterator[None]:
    settings.DEBUG = True
    with time_machine.travel(NOW, tick=False):
        call_command("demo_data", dossiers=2 * len(STAGES), verbosity=0)
        yield


def holding(words: list[str]) -> list[int]:
    """The dossiers of the desk that hold every word, in their order, each one read."""
    found = []
    for one in Dossier.objects.for_desk().longest_waiting_first().prefetch_related("partenaires"):
        texts = [person.search_text for person in one.partenaires.all()] + [one.reference.lower()]
        if all(any(word in text for text in texts) for word in words):
            found.append(one.pk)
    return found


def too_old() -> set[int]:
    """Scheduled dossiers with a paper too old on the day, each piece asked."""
    wordings = PieceWording.objects.by_rule()
    found = set()
    for one in Dossier.objects.filter(status="scheduled").select_related("appointment"):
        assert one.appointment is not None
        day = localdate(one.appointment.starts_at)
        for piece in one.pieces.required():
            wording = wordings.get(piece.rule_id)
            if piece.status_on(day, wording.max_age if wording else None) is PieceStatus.EXPIRED:
                found.add(one.pk)
    return found


def test_the_demonstration_is_found_as_by_reading_all_of_it(
    demo: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {
        word for text in Partenaire.objects.values_list("search_text") for word in text[0].split()
    }
    first, second = Partenaire.objects.filter(dossier=holding(["a"])[0]).order_by("position")
    whole = Dossier.objects.for_desk().values_list("reference", flat=True)[0]
    asked = [
        *sorted(words)[::3],
        *(word[1:3] for word in sorted(words)[::5]),
        *("a", "e", "9", "pacs", "PAC", "2026", "00001", "zz", whole[5:16]),
        f"{first.birth_name} {second.birth_name}",
        f"{second.first_names} {first.birth_name} 2026",
        f"{first.birth_name} introuvable",
    ]
    for typed in asked:
        found = find_dossiers(Dossier.objects.for_desk().longest_waiting_first(), typed)
        expected = holding(name_words(typed))
        assert [one.pk for one in found.rows] == expected, typed
        assert (found.count, found.has_more, found.said) == (len(expected), False, ""), typed

    agent = User.objects.get(email="demo.officier@example.org")
    other = Dossier.objects.open().exclude(assigned_to=agent)[0]
    Follower.objects.create(dossier=other, agent=agent, since=timezone.now())
    mine = piles.pile_rules(agent, at=timezone.now())["les-miens"].read()
    assert other in mine
    assert {one.pk for one in mine} == {
        one.pk
        for one in Dossier.objects.for_desk().open()
        if one.assigned_to_id == agent.pk or one.followers.filter(agent=agent).exists()
    }

    # However few are read at a time.
    expected_old = too_old()
    assert expected_old
    for at_a_time in (1, 2, 300):
        monkeypatch.setattr(piles, "AT_A_TIME", at_a_time)
        rule = piles.pile_rules(agent, at=timezone.now())["a-renouveler"]
        assert set(rule.read().values_list("pk", flat=True)) == expected_old


@pytest.fixture
def colleague(reference_data: None) -> User:
    return User.objects.create_user("collegue@example.org", is_staff=True)


@pytest.fixture
def martins(alice: User, bob: User) -> list[int]:
    """Keys of five dossiers, the first opened first; a Martin in each."""
    dossier = make_dossier(alice, bob)
    send(dossier)
    sent = Dossier.objects.get(pk=dossier.pk)
    Partenaire.objects.filter(dossier=dossier, position=1).update(search_text="martin lea")
    Partenaire.objects.filter(dossier=dossier, position=2).update(search_text="durand zoe")
    return [dossier.pk, *(one.pk for one in more_dossiers(sent, 4))]


def test_a_search_that_finds_too_many_leads_to_the_latest_and_says_so(
    martins: list[int],
    agent: User,
    client_of: Callable[[User | None], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "MOST_PEOPLE", 3)
    for typed in ("martin", "ma", "martin lea", "zoe Martin"):
        found = find_dossiers(Dossier.objects.for_desk(), typed)
        assert {one.pk for one in found.rows} == set(martins[-3:])
        assert (found.count, found.has_more, found.said) == (3, True, search.TOO_MANY)
    # What narrows the list narrows what is read of it; a bound that is just reached cuts nothing.
    some = find_dossiers(Dossier.objects.filter(pk__in=martins[:3]), "martin")
    assert {one.pk for one in some.rows} == set(martins[:3])
    assert (some.count, some.has_more, some.said) == (3, False, "")

    page = client_of(agent).get(reverse(LIST), {"q": "martin"}).content.decode()
    assert search.TOO_MANY.replace("'", "&#x27;") in page
    assert "Plus de 3 dossiers de Pacs" in page
    assert "plus de 3 résultats" in page
    whole = client_of(agent).get(reverse(LIST), {"q": "zzz"}).content.decode()
    assert "Plus de" not in whole
    # A date has no such bound.
    Partenaire.objects.update(birth_year=1980, birth_month=3, birth_day=12)
    born = find_dossiers(Dossier.objects.for_desk(), "12/03/1980")
    assert (born.rows.count(), born.has_more) == (5, False)


def test_a_seat_is_given_from_a_search_that_says_its_bound(
    martins: list[int],
    agent: User,
    client_of: Callable[[User | None], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "MOST_PEOPLE", 2)
    Dossier.objects.update(status="complete", completed_at=timezone.now())
    slot = (timezone.now() + timedelta(days=9)).isoformat(timespec="minutes")

    page = client_of(agent).get(
        reverse("admin:pacs_dossier_give"), {"creneau": slot, "q": "martin"}
    )

    assert page.context["said"] == search.TOO_MANY
    assert {one.pk for one, _, _ in page.context["waiting"]} == set(martins[-2:])


def test_pages_of_a_list_know_a_count_that_was_made() -> None:
    pages = base.FirstPages([], 10)
    pages.know(25, has_more=True)
    assert (pages.count, pages.num_pages, pages.has_more) == (25, 3, True)
    pages.know(25, has_more=False)
    assert not pages.has_more


def test_the_home_names_the_latest_confided_and_leads_to_the_others(
    martins: list[int],
    agent: User,
    colleague: User,
    client_of: Callable[[User | None], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = timezone.now()
    Dossier.objects.update(assigned_to=agent)
    for rank, key in enumerate([*martins, martins[0]]):
        DossierEvent.objects.create(
            dossier_id=key, kind="assigned", by=colleague, at=now - timedelta(hours=9 - rank)
        )
    latest = [martins[0], *martins[:0:-1]]
    assert [one.dossier.pk for one in piles.confided_to(agent, at=now)] == latest
    browser, more = client_of(agent), "Tous les dossiers que je suis"
    assert more not in browser.get(reverse("admin:index")).content.decode()

    monkeypatch.setattr(piles, "CONFIDED_SHOWN", 2)
    monkeypatch.setattr("pacs.hooks.desk_home.CONFIDED_SHOWN", 2)
    before = set(Reading.objects.values_list("pk", flat=True))
    page = browser.get(reverse("admin:index"))

    assert f'<a href="{reverse(LIST)}?file=les-miens">{more}</a>' in page.content.decode()
    assert len(page.context["confided"]) == 2
    # Written down as read: whoever is named, and nobody else.
    noted = Reading.objects.exclude(pk__in=before).values_list("dossier", flat=True)
    assert set(noted) == set(latest[:2])


def test_who_has_a_row_of_the_pile_open(martins: list[int], agent: User, colleague: User) -> None:
    now = timezone.now()
    looks = [
        (martins[0], colleague, "dossier", 1),
        (martins[1], colleague, Reading.LISTED, 1),
        (martins[2], agent, "dossier", 1),
        (martins[3], colleague, "dossier", 6),
        (martins[4], colleague, "dossier", 1),
    ]
    for key, who, what, minutes in looks:
        at = now - timedelta(minutes=minutes)
        Reading.objects.create(dossier_id=key, agent=who, what=what, at=at)

    assert agents_looking(martins[:4], agent, at=now) == {martins[0]}
    assert agents_looking([], agent, at=now) == set()


def test_every_part_of_a_reference_may_be_in_one() -> None:
    reference = format_reference("PACS", 2026, 42)
    for part in reference.split("-"):
        for start in range(len(part)):
            for end in range(start + 1, len(part) + 1):
                assert may_hold("PACS", part[start:end].lower())
    assert not any(may_hold("PACS", word) for word in ("martin", "le", "pacse", "d42"))
