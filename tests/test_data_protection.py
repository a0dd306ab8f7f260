"""docs/data-protection.md says what the portal does: every row about people, and how long."""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands

from demarches.accounts import devices
from demarches.dossiers import retention
from demarches.models import DeletionRequest, SignIn
from pacs.models import PacsSettings
from tests.support.portal import ROOT
from vitale.models import aide, suivi

TEXT = (ROOT / "docs" / "data-protection.md").read_text(encoding="utf-8")
#: Nobody stands in them: what the mairie publishes, its hours, its words, its settings.
OF_NOBODY = {
    *("demarches.Agenda", "demarches.AgendaDayChange", "demarches.Closure", "demarches.Entrance"),
    *("demarches.Fiche", "demarches.FicheSet", "demarches.Mairie", "demarches.OpeningHours"),
    *("demarches.ReferenceCounter", "demarches.Service", "demarches.ShownFiche"),
    *("pacs.MessageTemplate", "pacs.PacsSettings", "pacs.PieceTranslation", "pacs.PieceWording"),
    *("pacs.RefusalReason", "vitale.AideSettings", "vitale.AnswerTemplate", "vitale.Contact"),
    *("vitale.Delay", "vitale.Fact", "vitale.Link", "vitale.PlanLine", "vitale.Reason"),
    *("vitale.Situation", "vitale.Source", "vitale.SuiviOffset"),
    *("demarches.FicheWord", "demarches.SitePage", "demarches.Synonym", "demarches.RefusedSource"),
    *("demarches.Heartbeat", "demarches.Job"),  # what runs by the clock, and when
    "demarches.Revision",  # whether what is published has changed
    "demarches.Officer",  # in office, named in public acts
}


def test_every_row_about_people_is_in_the_table() -> None:
    """A new model is named there, with who reads it and how long, or holds nobody."""
    named = set(re.findall(r"`((?:demarches|pacs|vitale)\.[A-Z]\w+)`", TEXT))
    ours = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in {"demarches", "pacs", "vitale"}
    }

    assert ours - named == OF_NOBODY
    assert named <= ours - OF_NOBODY


@pytest.mark.django_db
def test_how_long_is_what_the_code_does(reference_data: None) -> None:
    """Each sentence with a number, beside the number."""
    kept = PacsSettings.current()
    sentences = (
        f"activity {kept.draft_retention_days} days",
        f"without an answer, {kept.inactive_retention_days} days",
        f"else {kept.scan_retention_days} days",
        f"itself {kept.registered_retention_days} days",
        f"an aide-mémoire {suivi.KEPT_AFTER_CLOSE} months",
        f"{suivi.KEPT_UNVISITED}\nmonths without a visit",
        f"({suivi.KEPT_UNVISITED_NEWCOMER} for a newcomer",
        f"a request {aide.KEPT_AFTER_CLOSE} months",
        f"{aide.KEPT_WHEN_SILENT} months after the last thing",
    )

    assert [sentence for sentence in sentences if sentence not in TEXT] == []
    words = {
        "sign-ins six months": SignIn.KEPT_MONTHS == 6,
        "a year after the answer": DeletionRequest.KEPT_MONTHS == 12,
        "thirty days after they left": timedelta(days=30) == retention.LOOSE_MAILS,
        "two years": settings.RATE_LIMITS["feedback_once"][1] == 2 * 365 * 86_400,
        "half a year": timedelta(seconds=devices.KEPT_SECONDS) == timedelta(days=180),
    }
    assert [said for said, is_so in words.items() if said not in TEXT or not is_so] == []


def test_every_command_that_is_named_is_there() -> None:
    named = set(re.findall(r"manage\.py (\w+)", TEXT)) | set(
        re.findall(r"`((?:purge|sweep|rotate|make|verify)_\w+)`", TEXT)
    )

    assert named - set(get_commands()) == set()
    assert len(named) > 5
