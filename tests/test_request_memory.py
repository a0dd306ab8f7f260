"""A page reads a thing once; what it writes, and what acts, reads anew."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demarches.models import Agenda, Mairie, Revision, User
from demarches.serving.revision import content_models
from demarches.web.request_memory import RequestMemoryMiddleware, remembered
from pacs.models import Dossier, PacsSettings, PieceWording
from tests.support.dossiers import make_dossier

pytestmark = pytest.mark.usefixtures("reference_data")


def _answer(method: str, view: Callable[[], object]) -> object:
    """What this view finds in a request of this method."""
    found: list[object] = []

    def respond(request: HttpRequest) -> HttpResponse:
        found.append(view())
        return HttpResponse()

    RequestMemoryMiddleware(respond)(RequestFactory().generic(method, "/"))
    return found[0]


def _name_twice() -> int:
    with CaptureQueriesContext(connection) as seen:
        for _ in range(2):
            assert Mairie.objects.current() is not None
    return len(seen)


@pytest.mark.parametrize(("method", "queries"), [("GET", 2), ("HEAD", 2), ("POST", 2)])
def test_only_what_is_read_is_remembered(method: str, queries: int) -> None:
    """A page asks for the mark of the content, then for the mairie; an act for the mairie."""
    Mairie.objects.update(name="Mairie de Nîmes")

    assert _answer(method, _name_twice) == queries


def test_content_is_kept_from_one_page_to_the_next() -> None:
    _answer("GET", _name_twice)

    assert _answer("GET", _name_twice) == 1  # the mark
    assert _answer("POST", _name_twice) == 2
    Mairie.objects.update(name="Mairie de Nîmes")
    assert _answer("GET", lambda: str(Mairie.objects.current())) == "Mairie de Nîmes"


def test_content_that_was_undone_comes_back() -> None:
    def name() -> str:
        return str(Mairie.objects.current())

    assert _answer("GET", name) == "Mairie d’Uzès"
    with suppress(LookupError), transaction.atomic():
        Mairie.objects.update(name="Mairie de Nîmes")
        assert _answer("GET", name) == "Mairie de Nîmes"
        raise LookupError

    assert _answer("GET", name) == "Mairie d’Uzès"


def test_without_a_mark_nothing_is_kept() -> None:
    _answer("GET", _name_twice)
    Revision.objects.all().delete()

    assert _answer("GET", _name_twice) == 2
    assert _answer("GET", _name_twice) == 2


def test_only_content_is_kept() -> None:
    """Every table that is read under the mark has triggers that change it."""
    at = timezone.now()
    reads: dict[str, Callable[[], object]] = {
        "mairie": Mairie.objects.current,
        "entrances": Mairie.objects.with_entrances,
        "settings": PacsSettings.current,
        "wordings": PieceWording.objects.by_rule,
        "changes": lambda: Agenda.objects.get(slug="pacs").changes.filter(day__gte=at).first(),
    }
    tables = {model._meta.db_table for model in content_models()}
    for name, read in reads.items():
        Mairie.objects.update(name=name)  # what was kept is not any more
        with CaptureQueriesContext(connection) as seen:
            _answer("GET", read)
        asked = {
            table
            for query in seen.captured_queries
            for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])
        }
        assert asked, name
        assert asked <= tables, name


@pytest.mark.parametrize(
    "write",
    [
        lambda: Mairie.objects.update(name="Mairie de Nîmes"),
        lambda: connection.cursor().execute("UPDATE demarches_mairie SET name = 'Mairie de Nîmes'"),
    ],
)
def test_what_the_request_itself_writes_is_read_anew(write: Callable[[], object]) -> None:
    def view() -> tuple[str, str]:
        before = str(Mairie.objects.current())
        write()
        return before, str(Mairie.objects.current())

    assert _answer("GET", view) == ("Mairie d’Uzès", "Mairie de Nîmes")


def test_nothing_goes_over_to_the_next_request() -> None:
    assert _answer("GET", lambda: remembered("key", lambda: 1)) == 1
    assert _answer("GET", lambda: remembered("key", lambda: 2)) == 2
    assert remembered("key", lambda: 3) == 3

    def broken() -> object:
        remembered("key", lambda: 4)
        raise LookupError

    with pytest.raises(LookupError):
        _answer("GET", broken)
    assert remembered("key", lambda: 5) == 5


def test_nothing_found_is_an_answer_too() -> None:
    calls: list[None] = []

    def view() -> None:
        for _ in range(2):
            remembered("key", lambda: calls.append(None))

    _answer("GET", view)
    assert len(calls) == 1


def test_another_person_s_page_is_another_memory(client: Client) -> None:
    client.get("/")
    Mairie.objects.update(name="Mairie de Nîmes")
    assert "Mairie de Nîmes" in client.get("/").text


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("where", "queries"), [("tracking", 6), ("tasks", 6), ("review", 7)])
def test_the_pages_of_a_dossier_ask_each_thing_once(
    sent: Dossier,
    alice: User,
    bob: User,
    client_of: Callable[[User | None], Client],
    django_assert_num_queries: Any,
    where: str,
    queries: int,
    count: int,
) -> None:
    dossier = sent if where == "tracking" else make_dossier(alice, bob)
    kept = list(dossier.pieces.required()[:count])
    dossier.pieces.exclude(pk__in=[one.pk for one in kept]).update(is_required=False)
    page = f"/pacs/{dossier.reference}/{'verifier/' if where == 'review' else ''}"
    browser = client_of(alice)
    browser.get(page)

    with django_assert_num_queries(queries):
        assert browser.get(page).status_code == 200
