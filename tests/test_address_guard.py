"""A private number typed in a search reaches no view, no page and no log."""

import logging
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse

from demarches.typed.guard import LONGEST_TEXT
from uzes_portal.address_guard import AddressGuardMiddleware

NIR = "1 85 05 78 006 084"
NUMBERS = [NIR, "FR76 3000 6000 0112 3456 7890 189", "4539 1488 0343 6467", "185O578OO6O84"]
SEARCHES = [
    "home",
    "demarches:fiches",
    "admin:pacs_dossier_changelist",
    "admin:vitale_demande_changelist",
    "admin:pacs_registration_changelist",
    "admin:login",
]
pytestmark = pytest.mark.django_db


def address_of(name: str) -> str:
    return reverse(name)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_with_a_number_is_refused_before_anything(
    client: Client,
    caplog: pytest.LogCaptureFixture,
    name: str,
    number: str,
    django_assert_num_queries: Any,
) -> None:
    caplog.set_level(logging.DEBUG)
    with django_assert_num_queries(0):
        answer = client.get(address_of(name), {"q": f"dossier {number}"})

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "ni cherché, ni gardé" in page
    assert number not in page + caplog.text
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "default-src" in answer["Content-Security-Policy"]


def test_what_an_access_log_is_written_from_holds_it_no_more(rf: RequestFactory) -> None:
    request = rf.get("/fiches/", {"q": NIR})
    request.META |= {"RAW_URI": f"/fiches/?q={NIR}", "REQUEST_URI": f"/fiches/?q={NIR}"}

    AddressGuardMiddleware(lambda _: pytest.fail("a view was reached"))(request)

    assert "85" not in "".join(str(request.META.get(n)) for n in ("RAW_URI", "REQUEST_URI"))
    # Texts alone: where an object stands in memory may hold any figures.
    written = " ".join(one for one in request.environ.values() if isinstance(one, str))
    assert (request.META["QUERY_STRING"], "85" in written) == ("", False)


def test_an_address_without_end_is_not_read(client: Client) -> None:
    answer = client.get("/", {"q": "9 " * LONGEST_TEXT})

    assert answer.status_code == 400
    assert "trop longue" in answer.content.decode()


def test_honest_searches_pass(client: Client) -> None:
    for query in ("PACS-2026-000001-L", "06 12 34 56 78", "12/03/2026", "Durand", "30700"):
        assert client.get(address_of("demarches:fiches"), {"q": query}).status_code == 200


def test_it_stands_before_sessions_and_views() -> None:
    guard = settings.MIDDLEWARE.index("uzes_portal.address_guard.AddressGuardMiddleware")

    assert guard < settings.MIDDLEWARE.index("django.contrib.sessions.middleware.SessionMiddleware")
