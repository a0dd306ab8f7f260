"""What the commands of an operator say: French, whoever wrote them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: For whoever develops, and refused on a server: they speak as the code does.
OF_DEVELOPERS = {"start", "who_reads_what"}
COMMANDS = sorted(
    path for path in ROOT.glob("*/management/commands/[a-z]*.py") if path.stem not in OF_DEVELOPERS
)
#: Words of English that no French sentence has.
ENGLISH = re.compile(
    r"\b(the|would|deleted|warned|reminded|wrote|missing|which|without|count|older|whole|of|and"
    r"|seals|sealed|sent|retried|failed|returned|loaded|accounts|readings|none|already)\b",
    re.IGNORECASE,
)
#: What is given to somebody who reads it.
SAYS = {"write", "add_argument", "CommandError"}


def sayings(tree: ast.AST) -> Iterator[str]:
    """The help of a command and of its options, what it writes, and what it refuses with."""
    for node in ast.walk(tree):
        texts: list[ast.AST] = []
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "help":
            texts = [node.value]
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SAYS:
                shown = node.args if name != "add_argument" else []
                texts = [*shown, *(word.value for word in node.keywords if word.arg == "help")]
        for text in texts:
            for part in ast.walk(text):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_a_command_speaks_french(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert [text for text in sayings(tree) if ENGLISH.search(text)] == []


def test_the_check_sees_english() -> None:
    tree = ast.parse('self.stdout.write(f"would delete: {count} drafts")')

    assert list(sayings(tree))[:1] == ["would delete: "]
    assert ENGLISH.search("would delete: ")
