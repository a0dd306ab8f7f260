from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.template import RequestContext, Template
from django.test import RequestFactory

from demarches.models import Closure, Mairie
from demarches.rules.opening_hours import PARIS
from demarches.serving.context_processors import mairie

pytestmark = pytest.mark.django_db

MONDAY_MORNING = datetime(2026, 11, 23, 9, tzinfo=PARIS)
HEADER = "{% if mairie %}{{ mairie.name }}: {{ today.short }}{% else %}nothing{% endif %}"


def show(rf: RequestFactory, template: str) -> str:
    with time_machine.travel(MONDAY_MORNING, tick=False):
        request = rf.get("/")
        context = RequestContext(request, mairie(request))
        return Template(template).render(context)


def test_page_that_shows_no_hours_reads_nothing(
    rf: RequestFactory, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert show(rf, "text") == "text"


def test_header_without_a_mairie_shows_nothing(rf: RequestFactory) -> None:
    assert show(rf, HEADER) == "nothing"
    assert show(rf, "{% if today %}x{% endif %}{% for door in entrances %}x{% endfor %}") == ""


def test_header_costs_one_query_once_the_hours_are_known(
    rf: RequestFactory, django_assert_num_queries: Any
) -> None:
    call_command("loaddata", "mairie", "opening_hours", verbosity=0)
    first = show(rf, HEADER)

    with django_assert_num_queries(1):
        again = show(rf, HEADER + HEADER)

    assert first == "Mairie d’Uzès: Ouvert jusqu’à 12\u00a0h"
    assert again == first * 2


def test_closure_of_the_day_is_seen_at_once(rf: RequestFactory) -> None:
    call_command("loaddata", "mairie", "opening_hours", verbosity=0)
    before = show(rf, "{{ today.is_open }}")

    Closure.objects.create(
        mairie=Mairie.objects.get(),
        first_day="2026-11-23",
        last_day="2026-11-23",
        reason="alerte orange",
    )

    assert before == "True"
    assert show(rf, "{{ today.is_open }} {{ today.sentence }}").replace("\u00a0", " ") == (
        "False Fermé (alerte orange), ouvre demain à 8 h"
    )
