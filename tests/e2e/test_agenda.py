"""The agenda in a real browser: axe is pleased, an appointment moves by the keyboard."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from demarches.models import User
from pacs.models import Dossier
from tests.e2e.conftest import Visitor
from tests.e2e.test_closing import LAPTOP, TABLET, a_day_with_eight
from tests.support.closing import couple, helped
from tests.support.present import the
from tests.support.reference import load

pytestmark = pytest.mark.e2e


@pytest.fixture
def officer(site: str) -> User:
    user = User.objects.create_user("agent@example.org", is_staff=True, full_name="Nour Vidal")
    user.groups.add(Group.objects.get(name="officier"))
    return user


@pytest.mark.parametrize("viewport", [LAPTOP, TABLET])
def test_week_month_and_move_please_axe(
    officer: User, signed_in: Callable[..., Visitor], viewport: dict[str, int]
) -> None:
    load("vitale_references", "vitale_help")
    now, eight = timezone.now(), a_day_with_eight()
    dossier = couple(officer, 0, at=now, start=eight[0])
    demande = helped(officer, eight[1], at=now)
    day = timezone.localdate(eight[0])
    agent = signed_in(officer, viewport=viewport)
    for path in (
        f"/agents/agenda/?jour={day}",
        f"/agents/agenda/?jour={day}&vue=mois",
        f"/agents/pacs/dossier/{dossier.pk}/rendez-vous/?jour={day}",
        f"/agents/vitale/demande/{demande.pk}/rendez-vous/?jour={day}",
    ):
        agent.go(path)


@pytest.mark.parametrize("script", [True, False])
def test_an_appointment_moves_by_the_keyboard(
    officer: User, signed_in: Callable[..., Visitor], script: bool
) -> None:
    eight = a_day_with_eight()
    dossier = couple(officer, 0, at=timezone.now(), start=eight[0])
    day = timezone.localdate(eight[0])
    agent = signed_in(officer, viewport=LAPTOP, java_script_enabled=script, by_keyboard=script)
    agent.go(f"/agents/agenda/?jour={day}")
    agent.follow("Déplacer")
    agent.press("Mettre le ")

    moved = Dossier.objects.select_related("appointment").get(pk=dossier.pk)
    assert the(moved.appointment).starts_at != eight[0]
    assert timezone.localdate(the(moved.appointment).starts_at) <= day + timedelta(days=6)
