from datetime import time
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from demarches.models import Closure, Mairie, OpeningHours, Service, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@mairie.example", "x" * 20))
    return client


@pytest.fixture
def etat_civil() -> Service:
    call_command("loaddata", "mairie", "opening_hours", verbosity=0)
    return Service.objects.get(slug="etat-civil")


def service_form(service: Service, *added: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What the browser sends for this service: its rows, new ones, and changes by field name."""
    rows: list[dict[str, Any]] = [
        {
            "id": row.pk,
            "weekday": row.weekday,
            "opens": f"{row.opens:%H:%M}",
            "closes": f"{row.closes:%H:%M}",
            "weeks": row.weeks.split(",") if row.weeks else [],
        }
        for row in service.hours.order_by("pk")
    ]
    existing = len(rows)
    rows += added
    data: dict[str, Any] = {
        "mairie": service.mairie_id,
        "label": service.label,
        "slug": service.slug,
        "position": service.position,
        "hours-TOTAL_FORMS": len(rows),
        "hours-INITIAL_FORMS": existing,
    }
    for rank, row in enumerate(rows):
        data |= {f"hours-{rank}-{name}": value for name, value in row.items()}
        data[f"hours-{rank}-service"] = service.pk
    return data | changes


def post(desk: Client, service: Service, data: dict[str, Any]) -> Any:
    return desk.post(reverse("admin:demarches_service_change", args=[service.pk]), data)


def test_agent_adds_a_fifth_saturday(desk: Client, etat_civil: Service) -> None:
    row = {"weekday": 5, "opens": "09:00", "closes": "11:00", "weeks": ["5"]}

    response = post(desk, etat_civil, service_form(etat_civil, row))

    assert response.status_code == 302
    added = OpeningHours.objects.get(weeks="5")
    assert (added.weekday, added.opens, added.closes) == (5, time(9), time(11))
    page = desk.get(reverse("admin:demarches_service_change", args=[etat_civil.pk]))
    assert "Sa[1,3] 08:00-12:00; Sa[5] 09:00-11:00; PH off" in page.content.decode()


def test_agent_swaps_morning_and_afternoon(desk: Client, etat_civil: Service) -> None:
    """Each row overlaps what the other one was, but not what it becomes."""
    changes = {
        "hours-0-opens": "13:30",
        "hours-0-closes": "16:45",
        "hours-1-opens": "08:00",
        "hours-1-closes": "12:00",
    }

    response = post(desk, etat_civil, service_form(etat_civil, **changes))

    assert response.status_code == 302
    assert list(
        etat_civil.hours.filter(weekday=0).order_by("pk").values_list("opens", flat=True)
    ) == [time(13, 30), time(8)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"weekday": 0, "opens": "11:00", "closes": "13:00"},
            "Deux lignes se chevauchent : lundi de 8\u00a0h à 12\u00a0h et"
            " lundi de 11\u00a0h à 13\u00a0h.",
        ),
        (
            {"weekday": 6, "opens": "12:00", "closes": "08:00"},
            "L’heure de fermeture doit suivre l’heure d’ouverture.",
        ),
        (
            {"weekday": 6, "opens": "08:00", "closes": "12:00", "weeks": ["9"]},
            "Les semaines du mois vont de 1 à 5.",
        ),
    ],
)
def test_impossible_row_is_refused_in_french(
    desk: Client, etat_civil: Service, row: dict[str, Any], message: str
) -> None:
    before = OpeningHours.objects.count()

    response = post(desk, etat_civil, service_form(etat_civil, row))

    assert response.status_code == 200
    assert message in response.content.decode()
    assert OpeningHours.objects.count() == before


def test_deleted_row_may_be_replaced_in_the_same_form(desk: Client, etat_civil: Service) -> None:
    row = {"weekday": 0, "opens": "08:30", "closes": "12:00"}

    response = post(desk, etat_civil, service_form(etat_civil, row, **{"hours-0-DELETE": "on"}))

    assert response.status_code == 302
    assert list(etat_civil.hours.filter(weekday=0).values_list("opens", flat=True)) == [
        time(8, 30),
        time(13, 30),
    ]


def test_weeks_are_ticked_as_they_were_saved(desk: Client, etat_civil: Service) -> None:
    page = desk.get(reverse("admin:demarches_service_change", args=[etat_civil.pk]))

    assert page.content.decode().count("checked") == 2


def test_new_service_has_no_hours_yet(desk: Client, etat_civil: Service) -> None:
    page = desk.get(reverse("admin:demarches_service_add"))

    assert page.status_code == 200
    assert "Horaires non communiqués" in page.content.decode()
    assert "aucun horaire" in page.content.decode()


def test_lists_open(desk: Client, etat_civil: Service) -> None:
    Closure.objects.create(
        mairie=Mairie.objects.get(),
        first_day="2026-12-24",
        last_day="2026-12-26",
        reason="fêtes",
    )

    for model in ("mairie", "service", "closure"):
        assert desk.get(reverse(f"admin:demarches_{model}_changelist")).status_code == 200
    assert (
        desk.get(
            reverse("admin:demarches_mairie_change", args=[Mairie.objects.get().pk])
        ).status_code
        == 200
    )
