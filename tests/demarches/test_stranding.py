"""No path of the admin strands an appointment that somebody has taken."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages import get_messages
from django.forms import CheckboxInput
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.admin.stranding import REFUSED, stranded_now
from demarches.models import (
    Agenda,
    AgendaDayChange,
    Appointment,
    Closure,
    Mairie,
    OpeningHours,
    Service,
    User,
)

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def next_weekday(weekday: int) -> date:
    """That day of the week, from three to four weeks ahead, on no holiday of ours."""
    day = timezone.localdate() + timedelta(weeks=3)
    return day + timedelta((weekday - day.weekday()) % 7)


def book(agenda: Agenda, day: date, *, hour: int = 9, seat: int = 1) -> Appointment:
    starts_at = datetime.combine(day, time(hour), PARIS)
    return Appointment.objects.create(
        agenda=agenda,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        seat=seat,
        capacity=2,
        status="booked",
        holder="PACS-2026-000001-L",
        created_at=timezone.now(),
    )


@pytest.fixture
def desk(client: Client, reference_data: None) -> Client:
    client.force_login(User.objects.create_superuser("admin@mairie.example", "x" * 20))
    return client


@pytest.fixture
def agenda(reference_data: None) -> Agenda:
    """Open every day from 8 h to 12 h and from 14 h to 18 h, two at once; no half-day is closed."""
    found = Agenda.objects.select_related("service__mairie").get()
    Agenda.objects.filter(pk=found.pk).update(half_days="", capacity=2, counter_seats=0)
    found.service.hours.all().delete()
    for weekday in range(5):
        found.service.hours.create(weekday=weekday, opens=time(8), closes=time(12))
    return Agenda.objects.select_related("service__mairie").get()


@pytest.fixture
def sunday(agenda: Agenda) -> AgendaDayChange:
    """An exceptional opening with somebody in it."""
    day = next_weekday(6)
    opening = agenda.changes.create(is_added=True, day=day, from_time=time(9), until_time=time(11))
    book(agenda, day)
    return opening


def shown(desk: Client, url: str) -> dict[str, Any]:
    """What the browser would send back of a page of the admin, nothing changed."""
    context = desk.get(url).context
    forms = [context["adminform"].form]
    data: dict[str, Any] = {}
    for one in context["inline_admin_formsets"]:
        forms += [one.formset.management_form, *one.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if isinstance(value, date | time):
                value = value.isoformat()
            if value is False and not isinstance(bound.field.widget, CheckboxInput):
                value = "False"
            if value is not None and value is not False and value != "":
                data[bound.html_name] = value
    return data


def change_url(row: Any) -> str:
    return reverse(f"admin:demarches_{row._meta.model_name}_change", args=[row.pk])


def delete_url(row: Any) -> str:
    return reverse(f"admin:demarches_{row._meta.model_name}_delete", args=[row.pk])


def by_delete(desk: Client, opening: AgendaDayChange) -> Any:
    return desk.post(delete_url(opening), {"post": "yes"})


def by_bulk_delete(desk: Client, opening: AgendaDayChange) -> Any:
    return desk.post(
        reverse("admin:demarches_agendadaychange_changelist"),
        {"action": "delete_selected", "_selected_action": [opening.pk], "post": "yes"},
    )


def by_inline_delete(desk: Client, opening: AgendaDayChange) -> Any:
    url = change_url(opening.agenda)
    data = shown(desk, url)
    return desk.post(url, {**data, "changes-0-DELETE": "on"})


def by_closing_instead(desk: Client, opening: AgendaDayChange) -> Any:
    url = change_url(opening)
    return desk.post(url, {**shown(desk, url), "is_added": "False"})


def by_another_day(desk: Client, opening: AgendaDayChange) -> Any:
    url = change_url(opening)
    moved = (opening.day + timedelta(weeks=1)).isoformat()
    return desk.post(url, {**shown(desk, url), "day": moved})


def by_another_agenda(desk: Client, opening: AgendaDayChange) -> Any:
    other = Agenda.objects.create(service=opening.agenda.service, slug="autre", label="Autre")
    url = change_url(opening)
    return desk.post(url, {**shown(desk, url), "agenda": other.pk})


@pytest.mark.parametrize(
    "path",
    [
        by_delete,
        by_bulk_delete,
        by_inline_delete,
        by_closing_instead,
        by_another_day,
        by_another_agenda,
    ],
)
def test_an_exceptional_opening_stays_while_somebody_is_expected(
    desk: Client, sunday: AgendaDayChange, path: Callable[[Client, AgendaDayChange], Any]
) -> None:
    before = AgendaDayChange.objects.values().get()

    response = path(desk, sunday)

    assert AgendaDayChange.objects.values().get() == before
    assert stranded_now(at=timezone.now()) == []
    assert "PACS-2026-000001-L" in told(response)


def told(response: Any) -> str:
    """What the agent reads: on the page, or on the one they are sent back to."""
    messages = [str(message) for message in get_messages(response.wsgi_request)]
    page: str = response.content.decode()
    return page + " ".join(messages)


def by_half_days(desk: Client, agenda: Agenda) -> Any:
    url = change_url(agenda)
    return desk.post(url, {**shown(desk, url), "half_days": ["1m"]})


def by_capacity(desk: Client, agenda: Agenda) -> Any:
    url = change_url(agenda)
    return desk.post(url, {**shown(desk, url), "capacity": "1"})


def by_another_service(desk: Client, agenda: Agenda) -> Any:
    empty = Service.objects.create(mairie=agenda.service.mairie, slug="vide", label="Vide")
    url = change_url(agenda)
    return desk.post(url, {**shown(desk, url), "service": empty.pk})


def by_hours_taken_away(desk: Client, agenda: Agenda) -> Any:
    url = change_url(agenda.service)
    data = shown(desk, url)
    monday = next(name for name, value in data.items() if name.endswith("-weekday") and value == 0)
    return desk.post(url, {**data, monday.replace("weekday", "DELETE"): "on"})


def by_a_closure(desk: Client, agenda: Agenda) -> Any:
    day = next_weekday(0).isoformat()
    return desk.post(
        reverse("admin:demarches_closure_add"),
        {"mairie": agenda.service.mairie_id, "first_day": day, "last_day": day, "reason": "Pont"},
    )


def by_a_closure_of_the_mairie(desk: Client, agenda: Agenda) -> Any:
    url = change_url(agenda.service.mairie)
    day, row = next_weekday(0).isoformat(), "closures-0-"
    typed = {f"{row}first_day": day, f"{row}last_day": day, f"{row}reason": "Pont"}
    return desk.post(url, {**shown(desk, url), **typed})


def by_a_closed_day(desk: Client, agenda: Agenda) -> Any:
    return desk.post(
        reverse("admin:demarches_agendadaychange_add"),
        {"agenda": agenda.pk, "is_added": "False", "day": next_weekday(0).isoformat()},
    )


@pytest.mark.parametrize(
    "path",
    [
        by_half_days,
        by_capacity,
        by_another_service,
        by_hours_taken_away,
        by_a_closure,
        by_a_closure_of_the_mairie,
        by_a_closed_day,
    ],
)
def test_no_setting_strands_an_appointment(
    desk: Client, agenda: Agenda, path: Callable[[Client, Agenda], Any]
) -> None:
    book(agenda, next_weekday(0), seat=2)
    before = settings_of_the_agenda()

    response = path(desk, agenda)

    assert settings_of_the_agenda() == before
    assert stranded_now(at=timezone.now()) == []
    assert REFUSED in told(response)
    assert "PACS-2026-000001-L" in told(response)


def settings_of_the_agenda() -> list[Any]:
    agenda = Agenda.objects.values("half_days", "capacity", "service").get(slug__startswith="")
    rows = (OpeningHours, Closure, AgendaDayChange)
    return [agenda, *(list(model.objects.order_by("pk").values()) for model in rows)]


@pytest.mark.parametrize("row", ["agenda", "service", "mairie"])
def test_what_holds_appointments_is_not_deleted(desk: Client, agenda: Agenda, row: str) -> None:
    book(agenda, next_weekday(0))
    target = {"agenda": agenda, "service": agenda.service, "mairie": agenda.service.mairie}[row]

    desk.post(delete_url(target), {"post": "yes"})

    assert (Agenda.objects.count(), Appointment.objects.count()) == (1, 1)
    assert Service.objects.filter(pk=agenda.service_id).exists()
    assert Mairie.objects.exists()


def test_an_opening_with_nobody_in_it_is_deleted(desk: Client, sunday: AgendaDayChange) -> None:
    Appointment.objects.all().delete()

    by_delete(desk, sunday)

    assert AgendaDayChange.objects.count() == 0


def test_what_was_stranded_before_does_not_forbid_everything_else(
    desk: Client, agenda: Agenda
) -> None:
    book(agenda, next_weekday(6))
    closure = Closure.objects.create(
        mairie=agenda.service.mairie,
        first_day=next_weekday(2),
        last_day=next_weekday(2),
        reason="Pont",
    )

    desk.post(delete_url(closure), {"post": "yes"})

    assert Closure.objects.count() == 0


def test_the_public_page_tells_an_exceptional_opening_and_that_it_is_for_appointments_only(
    client: Client, sunday: AgendaDayChange
) -> None:
    html = client.get(reverse("demarches:mairie")).content.decode()

    assert "Ouvertures exceptionnelles, sur rendez-vous seulement" in html
    assert str(sunday) in html
