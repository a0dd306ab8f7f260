"""Every regular expression of ours reads a text in a time that grows with its length."""

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPS = ("demarches", "pacs", "vitale", "uzes_portal")
MAKERS = {"compile", "search", "match", "fullmatch", "sub", "split", "findall", "finditer"}

#: Expressions put together at run time, and what bounds them.
PUT_TOGETHER = {
    ("demarches/rules/nir.py", "'[A-Za-z]{2}' + GAP + GAP.join(signs)"): "a table, 34 signs of 20",
    (
        "pacs/reads/leaks.py",
        "f'(?<!\\\\w){re.escape(phrase)}(?:s|e|es)?(?!\\\\w)'",
    ): "escaped words",
    ("pacs/reads/checklist.py", "f'{NBSP}?: '"): "two signs, of our own wording",
    ("pacs/reads/checklist.py", "f',|{NBSP}?:'"): "two signs, of our own wording",
    ("pacs/rules/requests.py", "one.pattern"): "the table FORBIDDEN_REQUESTS, below",
}
#: What they meet at worst: repeated beginnings of everything that an expression looks for.
ADVERSARIAL = [
    "0", "1 ", "12", "a", "A", " ", "\t", "(", "(a", ")", "<p>", "<", "«", "« ", "-", "0-", "1a ",
    "0m ", "F1", "PACS-2026-", "PACS-2026-000001-", "30334-2026-", "2A", ",", ": ", "é", "http://",
    "/", "/1.1", "{{ ", "{{ pieces_manquantes", "06 12 34 ", "FR76 ", "1 250,00 ", "10:00-", "/*",
    "/* *", "12/03/", "l'", "O ", "__", "\n", "+33 ", "'", "@", "a@",
]  # fmt: skip


def modules() -> Iterator[Path]:
    for app in APPS:
        yield from (
            path for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts
        )


def expressions() -> Iterator[tuple[str, ast.expr]]:
    """The first argument of each call that makes or uses an expression."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            call = node.func
            is_re = (
                isinstance(call, ast.Attribute)
                and isinstance(call.value, ast.Name)
                and call.value.id == "re"
                and call.attr in MAKERS
            )
            if is_re or (isinstance(call, ast.Name) and call.id == "RegexValidator"):
                yield str(path.relative_to(ROOT)), node.args[0]


def compiled() -> dict[str, re.Pattern[str]]:
    """Those written out in the source, and those that stand at the top of a module."""
    found: dict[str, re.Pattern[str]] = {}
    for where, argument in expressions():
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            found[f"{where} {argument.value}"] = re.compile(argument.value)
        for module in {where.removesuffix(".py").replace("/", ".")}:
            for name, value in vars(importlib.import_module(module)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    found[f"{where} {name}"] = value
    return found


def forbidden_requests() -> dict[str, re.Pattern[str]]:
    from pacs.rules.requests import FORBIDDEN_REQUESTS  # noqa: PLC0415 -- a table of patterns

    return {
        f"request {rank}": re.compile(one.pattern) for rank, one in enumerate(FORBIDDEN_REQUESTS)
    }


EXPRESSIONS = {**compiled(), **forbidden_requests()}


def test_every_expression_is_in_the_table() -> None:
    """One written by a name (`CODE`), at the top of its module, is found there."""
    names = set(EXPRESSIONS)
    left = {
        (where, ast.unparse(argument))
        for where, argument in expressions()
        if not isinstance(argument, ast.Constant)
        and not isinstance(argument, ast.Name)
        and not _stands_at_the_top(where, argument)
    }

    assert len(names) > 50
    assert left == set(PUT_TOGETHER)


def _stands_at_the_top(where: str, argument: ast.expr) -> bool:
    tree = ast.parse((ROOT / where).read_text())
    written = ast.unparse(argument)
    return any(
        isinstance(node, ast.Call) and node.args and ast.unparse(node.args[0]) == written
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None
        for node in ast.walk(statement.value)
    )


#: Read as a whole (`fullmatch`) or over a table of ours: never looked for in a text.
NOT_SEARCHED = {
    "demarches/rules/nir.py CORSICAN",
    "demarches/rules/nir.py [0-9OoIl]*[ABab][0-9OoIl]*",
    "demarches/rules/nir.py (\\d+)([nac])",
}
FAST = 0.02
"""Seconds for 16,000 signs: under that, nothing looks back at what it has read."""


def reading_time(name: str, text: str) -> float:
    expression = EXPRESSIONS[name]
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        if name not in NOT_SEARCHED:
            for _ in expression.finditer(text):
                pass
        expression.fullmatch(text)
        best = min(best, time.process_time() - started)
        if best < FAST:
            break
    return max(best, 0.001)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_eight_times_the_text_takes_about_eight_times_as_long(name: str) -> None:
    """Where it looks back at what it has read, sixty-four times; nested repeats never end."""
    slow = []
    for unit in ADVERSARIAL:
        few = 2_000 // len(unit)
        long = reading_time(name, unit * few * 8)
        if long > FAST and long / reading_time(name, unit * few) > 24:
            slow.append(unit)

    assert slow == []
