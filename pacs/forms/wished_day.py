"""The wished day, asked by the simulator and by the dossier in the same words."""

from datetime import date

from django.utils.timezone import localdate

from demarches.agenda.day_field import DayField
from pacs.rules.days import latest_wish


def wished_day_field(label: str, help_text: str, *, today: date | None = None) -> DayField:
    """From today to three years from now; `today` None: the day the form is sent."""
    return DayField(
        label=label,
        required=False,
        help_text=help_text,
        first=lambda: today or localdate(),
        last=lambda: latest_wish(today or localdate()),
        too_early="Cette date est passée : choisissez une date à venir.",
        too_late="Cette date est trop lointaine : choisissez-la dans les 3 ans.",
    )
