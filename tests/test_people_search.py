"""Every search of people at the desk: folded alike, and in time linear to what is typed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from demarches.models import User
from pacs.models import Dossier, Registration
from pacs.reads.search import find_dossiers, find_registrations
from tests.support.followups import make_demande
from vitale.models import Demande
from vitale.reads.search import find_demandes

SEARCHES: dict[str, Callable[[str], Any]] = {
    "dossiers": lambda typed: find_dossiers(Dossier.objects.for_desk(), typed).rows,
    "register": lambda typed: find_registrations(Registration.objects.all(), typed),
    "requests": lambda typed: find_demandes(Demande.objects.sent(), typed)[0],
}


@pytest.mark.django_db
@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    "typed", ["ab " * 33, "ﷺ" * 50, "Camille Anne Marie Lemoine et Noé Jean d’Almeida-Ünal"]
)
def test_many_words_make_a_question_that_stays_short(search: str, typed: str) -> None:
    rows: QuerySet[Any] = SEARCHES[search](typed)

    with CaptureQueriesContext(connection) as asked:
        assert list(rows) == []
    assert sum(len(one["sql"]) for one in asked.captured_queries) < 20_000


def test_a_search_of_thousands_of_words_is_cut_on_every_list(
    reference_data: None, client_of: Callable[[User], Client]
) -> None:
    """Django makes a condition of each word and field; SQLite stops at a thousand."""
    desk = client_of(User.objects.create_superuser("chef@example.org"))
    for model, shown in admin.site._registry.items():
        if shown.search_fields:
            address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
            assert desk.get(address, {"q": "ab " * 900}).status_code in {200, 302}, address


@pytest.mark.parametrize(
    "typed", ["elodie", "ELODIE", "boeuf", "Bœuf", "élodie boeuf", "elodie@example.org"]
)
def test_a_request_is_found_as_people_type(reference_data: None, typed: str) -> None:
    demande = make_demande(name="Élodie Bœuf", email="elodie@example.org")

    assert list(find_demandes(Demande.objects.sent(), typed)[0]) == [demande]
    assert list(find_demandes(Demande.objects.sent(), "Martin")[0]) == []
    assert list(find_demandes(Demande.objects.sent(), "’")[0]) == []


def test_a_mistyped_reference_of_a_request_is_found_and_told(reference_data: None) -> None:
    demande = make_demande(name="Élodie Bœuf")
    wrong = demande.reference[:-1] + ("A" if demande.reference[-1] != "A" else "B")

    found, said = find_demandes(Demande.objects.sent(), wrong)

    assert list(found) == [demande]
    assert demande.reference in said
