"""Counts that tell nothing of anybody (domain reference 7.6): small cells are hidden."""

from collections.abc import Mapping

#: Below, a count could be somebody.
SMALLEST_SHOWN = 5
#: What stands in the place of a hidden count.
HIDDEN = "moins de 5, ou caché"


def hide_small(cells: Mapping[str, int]) -> dict[str, int | None]:
    """The cells one may read; None for those hidden, nothing for the empty ones.

    One hidden cell alone would be found again from the total of another table: the smallest of
    the others is hidden with it.
    """
    present = {name: count for name, count in cells.items() if count}
    hidden = {name for name, count in present.items() if count < SMALLEST_SHOWN}
    if len(hidden) == 1 and len(present) > 1:
        hidden.add(min((n for n in present if n not in hidden), key=lambda n: present[n]))
    return {name: None if name in hidden else count for name, count in present.items()}
