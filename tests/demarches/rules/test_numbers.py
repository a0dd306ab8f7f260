"""Counts beside a noun, as French says them."""

import pytest

from demarches.rules.numbers import counted, plural


@pytest.mark.parametrize(
    ("count", "mark", "said"),
    [
        (0, "s", ""),
        (1, "s", ""),
        (2, "s", "s"),
        (0, "x", ""),
        (2, "x", "x"),
        (0, "attend,attendent", "attend"),
        (1, "attend,attendent", "attend"),
        (2, "attend,attendent", "attendent"),
        (3, ",ent", "ent"),
    ],
)
def test_zero_is_singular(count: int, mark: str, said: str) -> None:
    assert plural(count, mark) == said


def test_a_count_and_its_noun() -> None:
    assert counted(0, "dossier") == "0 dossier"
    assert counted(2, "dossier") == "2 dossiers"
    assert counted(2, "heure libre", "heures libres") == "2 heures libres"
