"""The counted walks: one hand, and figures that are written down."""

import ast
from pathlib import Path

import pytest

from tests.journey import BUDGETS, recorded

WALKS = Path(__file__).parent / "e2e" / "test_walks.py"
#: What acts on a page past the counter, and what only the walker's own methods may be called.
ELSEWHERE = {
    *("click", "dblclick", "tap", "type", "press_sequentially", "select_option", "goto"),
    *("set_input_files", "set_checked", "uncheck", "dispatch_event", "evaluate"),
}
OF_THE_WALKER = {"check", "fill", "press"}

pytestmark = pytest.mark.no_database


def uncounted(source: str) -> list[int]:
    """Lines on which something is done to a page past the walker."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        is_by_walker = isinstance(node.func.value, ast.Name)
        if node.func.attr in ELSEWHERE or (node.func.attr in OF_THE_WALKER and not is_by_walker):
            lines.append(node.lineno)
    return lines


def test_the_walks_touch_a_page_only_by_the_hand_that_counts() -> None:
    assert uncounted(WALKS.read_text()) == []
    assert uncounted("one.page.click('a')\none.page.locator('b').fill('c')\none.fill('d', 'e')")
    assert uncounted("one.press('a')\none.fill('b', 'c')") == []


@pytest.mark.parametrize("name", BUDGETS)
def test_no_couple_crosses_more_pages_than_it_may(name: str) -> None:
    assert recorded(name)[0] <= BUDGETS[name][0]


@pytest.mark.parametrize("name", BUDGETS)
def test_no_couple_has_more_to_do_than_it_may(name: str) -> None:
    assert recorded(name)[1] <= BUDGETS[name][1]
