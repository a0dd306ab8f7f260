"""The lists as tables: as they are filtered, neutral, and written down as a look."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from demarches.models import User
from pacs.models import Dossier, Reading
from tests.support.dossiers import make_dossier, send

type ClientOf = Callable[[User | None], Client]


@pytest.fixture
def four(reference_data: None) -> list[Dossier]:
    people = [User.objects.create_user(f"p{number}@example.org") for number in range(8)]
    return [send(make_dossier(*people[rank : rank + 2])) for rank in range(0, 8, 2)]


def table(client: Client, query: str = "") -> list[str]:
    answer = client.get(reverse("admin:pacs_dossier_table", args=["csv"]) + query)
    assert answer.status_code == 200
    return answer.content.decode("utf-8-sig").splitlines()


def test_the_list_is_exported_as_it_is_filtered_without_a_name(
    four: list[Dossier], agent: User, client_of: ClientOf
) -> None:
    client = client_of(agent)
    Dossier.objects.filter(pk=four[0].pk).update(assigned_to=agent)

    every, mine = table(client), table(client, "?file=les-miens")
    none = table(client, "?q=introuvable")

    assert every[0] == "reference;etat;depose_le;attend_depuis;rendez_vous_le;suivi_par"
    assert len(every) == 5
    assert [line.split(";")[0] for line in mine[1:]] == [four[0].reference]
    assert mine[1].split(";")[1::4] == ["Nouveau, à vérifier", str(agent)]
    assert none == every[:1]
    said = "\n".join(every)
    for person in four[0].people:
        assert person.birth_name not in said
        assert str(person.user) not in said
    assert Reading.objects.filter(what=Reading.LISTED, agent=agent).count() == 5


def test_the_page_of_the_list_leads_to_its_table(
    four: list[Dossier], agent: User, client_of: ClientOf
) -> None:
    page = client_of(agent).get(reverse("admin:pacs_dossier_changelist") + "?file=les-miens")
    address = reverse("admin:pacs_dossier_table", args=["ods"])

    assert f'href="{address}?file=les-miens"' in page.content.decode()


def test_another_kind_of_file_or_a_wrong_filter_is_no_page(
    four: list[Dossier], agent: User, client_of: ClientOf
) -> None:
    client = client_of(agent)

    assert client.get(reverse("admin:pacs_dossier_table", args=["xls"])).status_code == 404
    wrong = reverse("admin:pacs_dossier_table", args=["csv"]) + "?status__exact=1&x=2"
    assert client.get(wrong).status_code in {404, 400}


def test_four_dossiers_cost_as_many_queries_as_one(
    four: list[Dossier], agent: User, client_of: ClientOf
) -> None:
    client, counts = client_of(agent), []
    table(client, "?file=les-miens")  # the content is read once
    for many in (1, 4):
        keys = [one.pk for one in four[:many]]
        Dossier.objects.filter(pk__in=keys).update(assigned_to=agent)
        with CaptureQueriesContext(connection) as asked:
            assert len(table(client, "?file=les-miens")) == many + 1
        counts.append(len(asked))

    assert counts == [10, 10]
