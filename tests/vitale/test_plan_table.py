"""The review kept in `docs/` is of the plans as they are."""

import os

import pytest

from tests.vitale.plan_table import table
from uzes_portal.settings import BASE_DIR

FILE = BASE_DIR / "docs" / "vitale-plans.md"


@pytest.mark.django_db
@pytest.mark.usefixtures("guide")
def test_the_reviewed_table_is_that_of_the_plans() -> None:
    now = table()
    if os.environ.get("WRITE_PLAN_TABLE"):
        FILE.write_text(now)

    assert FILE.read_text() == now, "Read the plans again, then write the table anew."
