"""A page reads a thing once; what it writes, and what acts, reads anew."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from demarches.models import Mairie, User
from demarches.request_memory import RequestMemoryMiddleware, remembered
from pacs.models import Dossier
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


@pytest.mark.parametrize(("method", "queries"), [("GET", 1), ("HEAD", 1), ("POST", 2)])
def test_only_what_is_read_is_remembered(method: str, queries: int) -> None:
    assert _answer(method, _name_twice) == queries


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
@pytest.mark.parametrize(("where", "queries"), [("tracking", 22), ("tasks", 16), ("review", 17)])
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
