"""An agent closes a day with eight appointments in a real browser; clicks and pages are counted."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import expect

from demarches.agenda.booking import week_of
from demarches.models import Agenda, Appointment, Closing, ClosingCall, Closure, User
from demarches.rules.slots import Asked
from pacs.models import Dossier
from tests.e2e.conftest import Visitor
from tests.support.closing import couple, without_address
from tests.support.present import the

pytestmark = pytest.mark.e2e

LAPTOP = {"width": 1366, "height": 768}
TABLET = {"width": 768, "height": 1024}


@pytest.fixture
def officer(site: str) -> User:
    user = User.objects.create_user("agent@example.org", is_staff=True, full_name="Nour Vidal")
    user.groups.add(Group.objects.get(name="officier"))
    return user


def a_day_with_eight() -> list[datetime]:
    """The first eight slots of the first day, from next week on, that has as many."""
    now = timezone.now()
    today = timezone.localdate()
    agenda = Agenda.objects.select_related("service__mairie").get(slug="pacs")
    asked = Asked(now=now, first_day=today, last_day=today + timedelta(days=60), at_counter=True)
    for week in range(1, 6):
        for day in week_of(agenda, today + timedelta(weeks=week), asked).days:
            if len(day.slots) >= 8:
                return [slot.starts_at for slot in day.slots[:8]]
    raise AssertionError("no day with eight slots")


@pytest.fixture
def eight(officer: User) -> list[Dossier]:
    """Eight couples on one day; three of the people have no address."""
    now = timezone.now()
    couples = [
        couple(officer, rank, at=now, start=start) for rank, start in enumerate(a_day_with_eight())
    ]
    for one in couples[:3]:
        without_address(one)
    return couples


@pytest.mark.parametrize(("viewport", "script"), [(LAPTOP, True), (TABLET, True), (LAPTOP, False)])
def test_a_day_with_eight_appointments_in_few_clicks(
    officer: User,
    eight: list[Dossier],
    signed_in: Callable[..., Visitor],
    viewport: dict[str, int],
    script: bool,
) -> None:
    day = timezone.localdate(the(eight[0].appointment).starts_at)
    agent = signed_in(officer, viewport=viewport, java_script_enabled=script)
    loads: list[str] = []
    agent.page.on(
        "request",
        lambda one: loads.append(one.url) if one.resource_type == "document" else None,
    )
    agent.go(f"/agents/pacs/dossier/journee/?jour={day}")
    agent.follow("Fermer cette journée")
    opened = len(loads)
    clicks = 0

    agent.press("Continuer")
    clicks += 1
    expect(agent.page.locator("tbody tr")).to_have_count(8)
    agent.press("Continuer")
    clicks += 1
    agent.page.get_by_text("Ce qu’ils lisent").wait_for()
    agent.press("déplacer 8 rendez-vous, écrire 13 mails, 3 appels à faire")
    clicks += 1
    agent.page.get_by_text("Journée fermée : 8 rendez-vous déplacés").wait_for()

    assert clicks <= 6
    # Two of the three presses end in a redirection.
    assert len(loads) - opened <= 6
    assert Closure.objects.get().first_day == day
    assert Closing.objects.get().closed_by == officer
    now = [Dossier.objects.select_related("appointment").get(pk=one.pk) for one in eight]
    assert all(timezone.localdate(the(one.appointment).starts_at) > day for one in now)
    assert len({the(one.appointment).starts_at for one in now}) == 8
    assert Appointment.objects.filter(status="held").count() == 0

    agent.go("/agents/")
    agent.follow("Appeler : Fermeture du")
    for left in (3, 2, 1):
        expect(agent.page.get_by_role("button", name="Appelé")).to_have_count(left)
        agent.press("Appelé")
    assert ClosingCall.objects.filter(called_at=None).count() == 0
    agent.go("/agents/")
    expect(agent.page.get_by_text("appels à faire")).to_have_count(0)
