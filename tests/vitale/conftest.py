"""The guide as a new portal has it."""

import pytest

from tests.support.reference import GUIDE_FIXTURES, load


@pytest.fixture
def guide(request: pytest.FixtureRequest, db: None) -> None:
    if "reference_data" in request.fixturenames:
        request.getfixturevalue("reference_data")  # has it already
    else:
        load(*GUIDE_FIXTURES)
