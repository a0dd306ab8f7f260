"""The figures of an agenda end somewhere, by whatever path they come."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from demarches.models import Agenda

HIGHEST = {
    "lead_time_days": 370,
    "lead_time_days_foreign": 370,
    "change_until_hours": 720,
    "return_minutes_min": 1440,
    "return_minutes_max": 1440,
}


def by_form(agenda: Agenda, name: str, value: int) -> None:
    setattr(agenda, name, value)
    agenda.clean_fields()


def by_save(agenda: Agenda, name: str, value: int) -> None:
    setattr(agenda, name, value)
    agenda.save(update_fields=[name])


def by_update(agenda: Agenda, name: str, value: int) -> None:
    Agenda.objects.filter(pk=agenda.pk).update(**{name: value})


@pytest.mark.usefixtures("reference_data")
@pytest.mark.parametrize("name", HIGHEST)
@pytest.mark.parametrize("path", [by_form, by_save, by_update])
def test_no_path_writes_a_figure_out_of_its_bounds(
    path: Callable[[Agenda, str, int], None], name: str
) -> None:
    agenda = Agenda.objects.first()
    assert agenda is not None
    # The other end of the range goes with it, or the database refuses the pair.
    Agenda.objects.update(return_minutes_max=1440)
    agenda.refresh_from_db()
    highest = HIGHEST[name]

    path(agenda, name, highest)
    for wrong in (highest + 1, -1, 9_999_999):
        with pytest.raises(ValidationError, match=f"de 0 à {highest}"):
            path(agenda, name, wrong)
