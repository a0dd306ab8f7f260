"""The screen of the data-protection officer."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from demarches.desk.journal import verify_journal
from demarches.models import DeskReading, User, Verification, note_look
from pacs.actions.readings import note_readings
from pacs.models import Dossier
from tests.support.followups import make_demande
from vitale.actions.aide import note_readings as note_help


@pytest.fixture
def officer(reference_data: None) -> User:
    user = User.objects.create_user("dpo@example.org", full_name="Ada Leroy", is_staff=True)
    user.groups.add(Group.objects.get(name="dpo"))
    return user


@pytest.fixture
def screen(officer: User, client_of: Callable[[User], Client]) -> Callable[..., str]:
    client = client_of(officer)

    def read(**asked: str) -> str:
        answer = client.get(reverse("admin:journal"), asked)
        assert answer.status_code == (422 if asked.get("day") == "hier" else 200)
        return answer.content.decode()

    return read


def test_looks_are_found_by_agent_by_dossier_and_by_day(
    draft: Dossier, agent: User, agent_other: User, screen: Callable[..., str]
) -> None:
    now = timezone.now()
    demande = make_demande(at=now)
    note_readings(agent, "réponses", at=now, dossiers=[draft])
    note_readings(None, "plan B écrit par la machine", at=now, dossiers=[draft])
    note_help(agent_other, "demande", at=now - timedelta(days=3), demandes=[demande])
    note_look(agent, "mail", at=now, detail="mail 7")

    everything = screen()
    by_agent = screen(agent=str(agent_other.pk))
    by_dossier = screen(about=draft.reference.lower().replace("-", " "))
    day = timezone.localtime(now - timedelta(days=3))
    by_day = screen(day=f"{day.day}/{day.month}/{day.year}")
    typo = screen(day="hier")

    for words in (draft.reference, demande.reference, "mail 7", "tâche automatique"):
        assert f"<td>{words}</td>" in everything
    rows = {
        name: page.count("<tr><td>")
        for name, page in (("agent", by_agent), ("dossier", by_dossier), ("day", by_day))
    }
    assert rows == {"agent": 1, "dossier": 2, "day": 1}
    assert "Date" in typo or "date" in typo
    looks = DeskReading.objects.filter(what="journal").order_by("pk")
    assert looks.count() == 5
    assert looks[2].detail == draft.reference.lower().replace("-", " ")


def test_the_table_to_take_away_runs_nothing(
    draft: Dossier, agent: User, screen: Callable[..., str]
) -> None:
    User.objects.filter(pk=agent.pk).update(full_name="=cmd()")
    note_readings(agent, "dossier", at=timezone.now(), dossiers=[draft])

    table = screen(format="csv").splitlines()

    assert table[0].lstrip("\ufeff") == "le;agent;quoi;objet"
    assert [line.split(";")[1:] for line in table[1:] if "dossier" in line] == [
        ["'=cmd()", "dossier", draft.reference]
    ]
    assert DeskReading.objects.filter(what="journal exporté").count() == 1


def test_the_screen_says_whether_the_journal_is_whole(screen: Callable[..., str]) -> None:
    never = screen()
    verify_journal(by=None, at=timezone.now() - timedelta(days=1))
    whole = screen()
    Verification.objects.create(
        at=timezone.now(), seals=1, head="x", problems=["pacs.reading 3 a été changée (sceau 2)"]
    )
    broken = screen()

    assert "pas encore été vérifié" in never
    assert "Le journal est entier" in whole
    assert "pacs.reading 3 a été changée" in broken
    assert "Le journal est entier" not in broken


def test_only_the_officer_opens_it_and_opens_nothing_else(
    draft: Dossier,
    officer: User,
    agent: User,
    agent_other: User,
    alice: User,
    client_of: Callable[[User | None], Client],
) -> None:
    url = reverse("admin:journal")

    statuses = [client_of(one).get(url).status_code for one in (officer, agent, agent_other)]
    shut = [client_of(one).get(url).status_code for one in (alice, None)]

    assert (statuses, shut) == ([200, 403, 403], [302, 302])
    assert client_of(officer).post(url).status_code == 404
    assert client_of(officer).get(reverse("admin:pacs_dossier_changelist")).status_code == 403
    assert url in client_of(officer).get(reverse("admin:index")).content.decode()
    assert url not in client_of(agent).get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_screen_asks_as_many_queries_whatever_it_holds(
    count: int,
    draft: Dossier,
    agent: User,
    officer: User,
    client_of: Callable[[User], Client],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        note_readings(agent, "dossier", at=timezone.now(), dossiers=[draft])
    client = client_of(officer)
    client.get(reverse("admin:journal"))

    with django_assert_num_queries(13):
        client.get(reverse("admin:journal"))
