"""The guide as a new portal has it."""

import pytest
from django.core.management import call_command


@pytest.fixture
def guide(db: None) -> None:
    call_command(
        "loaddata",
        "mairie",
        "opening_hours",
        "vitale_references",
        "vitale_situations",
        "vitale_facts",
        "vitale_offsets",
        "vitale_help",
        verbosity=0,
    )
