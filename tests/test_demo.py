"""The demonstration: every state and every pile, no mail that leaves, nothing after now, once."""

from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from post_office.models import STATUS, Email

from demarches.models import Entrance, Mairie, User
from demarches.rules.enums import Status
from pacs.demo.dossiers import STAGES
from pacs.models import Dossier, DossierEvent
from pacs.reads.piles import piles
from vitale.hooks.desk import piles as help_piles
from vitale.models import Demande, DemandeEvent, DemandeNote
from vitale.rules.aide import Code

#: What depends on the day, or on somebody expected today.
BY_CHANCE = {"Rendez-vous aujourd’hui", "Réponses à donner sous 7 jours"}


@pytest.mark.usefixtures("reference_data")
@pytest.mark.parametrize("day", ["2026-11-27", "2026-12-24", "2027-02-28", "2027-07-01"])
def test_the_demonstration_reaches_every_state_and_pile(
    capsys: pytest.CaptureFixture[str], settings: Any, day: str
) -> None:
    settings.DEBUG = True

    with time_machine.travel(f"{day}T06:00:00+01:00"):
        _made_once(capsys)


def _made_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo_data", dossiers=2 * len(STAGES))
    made = Dossier.objects.count(), Demande.objects.count()
    call_command("demo_data", dossiers=5)

    # Two more were opened at the counter.
    assert made[0] == 2 * len(STAGES) + 2
    assert (Dossier.objects.count(), Demande.objects.count()) == made
    assert set(Dossier.objects.values_list("status", flat=True)) == {s.value for s in Status}
    requests = Demande.objects.select_related("appointment")
    # An answer that leads nowhere else is closed in one go.
    assert {one.code for one in requests} == {*Code} - {Code.ANSWERED}
    assert Email.objects.filter(status=STATUS.queued).count() == 0
    for dated in (DossierEvent, DemandeEvent, DemandeNote):
        assert not dated._default_manager.filter(at__gt=timezone.now()).exists()
    officer = User.objects.get(email="demo.officier@example.org")
    shown = [*piles(officer, at=timezone.now()), *help_piles(officer)]
    empty = {one.title for one in shown if not one.count and not one.title.startswith("Mentions")}
    assert empty - BY_CHANCE == set()
    out = capsys.readouterr().out
    assert "déjà là" in out
    assert out.count("mot de passe") == 2


def test_the_demonstration_stays_out_of_production(db: None) -> None:
    with pytest.raises(CommandError, match="--force"):
        call_command("demo_data")

    assert Dossier.objects.count() == 0


@pytest.mark.usefixtures("reference_data")
def test_the_demonstration_of_another_town_lives_there(settings: Any) -> None:
    settings.DEBUG = True
    Mairie.objects.update(commune="Saverne")
    Entrance.objects.update(postal_code="67700")

    call_command("demo_data", dossiers=len(STAGES))

    homes = set(Dossier.objects.exclude(city="").values_list("postcode", "city"))
    assert homes == {("67700", "Saverne")}


@pytest.mark.parametrize("many", [0, -3])
def test_a_demonstration_has_dossiers(db: None, settings: Any, many: int) -> None:
    settings.DEBUG = True

    with pytest.raises(CommandError, match="from 1 on"):
        call_command("demo_data", dossiers=many)

    assert not User.objects.exists()
