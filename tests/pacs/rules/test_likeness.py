"""Whether a line of the register is about somebody: what is missing tells nobody apart."""

import pytest

from pacs.rules.registration import Identity, Likeness, likeness
from pacs.rules.situation import PartialDate

BORN = PartialDate(1990, 5, 4)
JEAN = Identity("Dürand", "Jean Paul", BORN)
SAME, PERHAPS, OTHER = Likeness


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Identity("DURAND", "Jean-Paul", BORN), SAME),
        (Identity("Durand", "Jeanpaul", BORN), SAME),
        (Identity("Durand", "Jean", BORN), PERHAPS),
        (Identity("Durand", "Jean Paul", PartialDate(1990, 5)), PERHAPS),
        (Identity("Durand", "Jean Paul", PartialDate(1990)), PERHAPS),
        (Identity("Durand", "Jean Paul"), PERHAPS),
        (Identity("Durand", "Paul", BORN), OTHER),
        (Identity("Durant", "Jean Paul", BORN), OTHER),
        (Identity("Durand", "Jean Paul", PartialDate(1990, 5, 3)), OTHER),
        (Identity("Durand", "Jean Paul", PartialDate(1990, 6)), OTHER),
        (Identity("Durand", "Jean Paul", PartialDate(1991)), OTHER),
    ],
)
def test_two_identities_are_of_one_person_of_two_or_nobody_knows(
    other: Identity, expected: Likeness
) -> None:
    assert likeness(JEAN, other) is likeness(other, JEAN) is expected


def test_two_dates_known_in_part_alike_are_not_certain() -> None:
    partly = Identity("Durand", "Jean", PartialDate(1990))

    assert likeness(partly, partly) is Likeness.PERHAPS
