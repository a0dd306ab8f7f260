"""Who looked: the resident's page, and the officer's screen."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import expect

from demarches.desk.journal import verify_journal
from demarches.models import User
from pacs.actions.readings import note_readings
from tests.e2e.conftest import Visitor
from tests.support.dossiers import make_dossier, send

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("width", [320, 1280])
def test_who_looked_is_read_on_both_sides(signed_in: Callable[..., Visitor], width: int) -> None:
    couple = [User.objects.create_user(f"{who}@example.org") for who in ("alice", "bob")]
    officer = User.objects.create_user("dpo@example.org", full_name="Ada Leroy", is_staff=True)
    officer.groups.add(Group.objects.get(name="dpo"))
    dossier = send(make_dossier(*couple))
    for what in ("liste", "dossier"):
        note_readings(officer, what, at=timezone.now(), dossiers=[dossier])
    verify_journal(by=None, at=timezone.now())
    size = {"viewport": {"width": width, "height": 800}}

    resident = signed_in(couple[0], **size)
    resident.go("/mes-demarches/")
    resident.follow("Mes données")
    agent = signed_in(officer, **size)
    agent.go("/agents/")
    agent.follow("Journal des consultations")

    expect(resident.page.get_by_text("Ouvert 1 fois, vu 1 fois dans une liste")).to_have_count(1)
    expect(agent.page.get_by_text("Le journal est entier")).to_have_count(1)
