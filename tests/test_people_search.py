"""Every search of people at the desk: folded alike, and in time linear to what is typed."""

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from pacs.models import Dossier, Registration
from pacs.search import find_dossiers, find_registrations
from tests.support.followups import make_demande
from vitale.models import Demande
from vitale.search import find_demandes

SEARCHES = {
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
    rows: QuerySet = SEARCHES[search](typed)

    with CaptureQueriesContext(connection) as asked:
        assert list(rows) == []
    assert sum(len(one["sql"]) for one in asked.captured_queries) < 20_000


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
