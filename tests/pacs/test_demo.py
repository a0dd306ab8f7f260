"""The demonstration: every state, no mail that leaves, once."""

import pytest
from django.core.management import CommandError, call_command
from post_office.models import STATUS, Email

from demarches.rules.enums import Status
from pacs.demo import STAGES
from pacs.models import Dossier


@pytest.mark.usefixtures("reference_data")
def test_the_demonstration_reaches_every_state_and_sends_nothing(capsys, settings) -> None:
    settings.DEBUG = True

    call_command("demo_data", dossiers=len(STAGES))
    made = Dossier.objects.count()
    call_command("demo_data", dossiers=5)

    assert (made, Dossier.objects.count()) == (len(STAGES), len(STAGES))
    assert set(Dossier.objects.values_list("status", flat=True)) == {s.value for s in Status}
    assert Email.objects.filter(status=STATUS.queued).count() == 0
    assert "already there" in capsys.readouterr().out


def test_the_demonstration_stays_out_of_production(db: None) -> None:
    with pytest.raises(CommandError, match="--force"):
        call_command("demo_data")

    assert Dossier.objects.count() == 0
