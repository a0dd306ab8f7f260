"""People are addressed without a gender that nobody asked: the sentence is turned.

What catches the next one: a participle after « vous êtes », « (e) », « votre partenaire est-il ».
The desk speaks to agents, invented people (`pacs/rules/cases.py`) have the gender of a name, and
the pages of others (`vitale_references`) are cited as they are called.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("demarches", "pacs", "vitale")
#: What agents alone read, what an invented person is, and what was written once.
ELSEWHERE = re.compile(
    r"^(templates/(admin|styleguide)|(demarches|pacs|vitale)/(admin|migrations|management|demo)/"
    r"|pacs/rules/cases\.py|pacs/actions/desk\.py|fixtures/vitale_references\.json)"
)
#: Words that agree with whoever is spoken to.
AGREES = (
    r"(?:\w+és?|né|venu|reçu|inscrit|soumis|admis|majeur|mineur|sûr|seul|certain|prêt|absent"
    r"|présent|étudiant|français|étranger)s?\b"
)
BETWEEN = r"(?: (?:pas|plus|bien|déjà|alors|encore|toujours|tous les deux|tous deux))*"
GENDERED = re.compile(
    rf"\bvous (?:vous |n’)?(?:êtes|étiez|serez|seriez|soyez){BETWEEN} {AGREES}"
    rf"|\bvous (?:avez|aviez|aurez|allez|devez|pouvez) (?:déjà )?(?:été|être) {AGREES}"
    rf"|\b(?:êtes|étiez|serez)-vous{BETWEEN} {AGREES}"
    rf"|\bavez-vous{BETWEEN} été {AGREES}"
    r"|\bvous seuls?\b|\bseuls? vous\b|\b\w+\(e\)|\bné (?:le|à|en)\b"
    r"|(?<!de votre )\bpartenaire (?:\w+-t-il|est-il|sera-t-il)\b",
    re.IGNORECASE,
)


def found_in(text: str) -> list[str]:
    """What speaks to a man in this text."""
    plain = re.sub(r"<[^>]*>|\{#.*?#\}", "", text.replace("&nbsp;", " ").replace("\u00a0", " "))
    plain = re.sub(r"\s+", " ", plain.replace("'", "’"))
    return [match[0] for match in GENDERED.finditer(plain)]


def words_of(path: Path) -> Iterator[str]:
    """The texts of a file: a template whole, strings of code that no docstring is, of JSON all."""
    text = path.read_text()
    if path.suffix == ".json":
        yield from re.findall(r'"(?:[^"\\]|\\.)*"', text)
    elif path.suffix == ".py":
        yield from (
            node.value
            for parent in ast.walk(ast.parse(text))
            if not isinstance(parent, ast.Expr)
            for node in ast.iter_child_nodes(parent)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
    else:
        yield text


def files() -> list[Path]:
    found = [
        *(path for path in (ROOT / "templates").rglob("*") if path.is_file()),
        *(path for app in APPS for path in (ROOT / app).rglob("*.py")),
        *(ROOT / "fixtures").glob("*.json"),
    ]
    return [path for path in found if not ELSEWHERE.match(path.relative_to(ROOT).as_posix())]


def test_nobody_is_addressed_as_a_man() -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), words)
        for path in files()
        for text in words_of(path)
        for words in found_in(text)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("text", "is_gendered"),
    [
        ("Vous êtes connecté avec a@example.org.", True),
        ("Vous n’êtes pas encore inscrit.", True),
        ("Vous avez été invité à participer.", True),
        ("Vous allez être&nbsp;déconnecté.", True),
        ("Êtes-vous protégé par l’Ofpra ?", True),
        ("Avez-vous déjà été marié ?", True),
        ("que vous seul et la mairie voyez", True),
        ("Né(e) le", True),
        ("né le 4 mai", True),
        ("Votre partenaire est-il là ?", True),
        ("Comment votre partenaire participe-t-il ?", True),
        ("Vous utilisez l’adresse a@example.org.", False),
        ("Vous êtes sous une mesure de protection.", False),
        ("Le divorce est-il inscrit sur l’acte de votre partenaire ?", False),
        ("L’Ofpra vous protège-t-il ?", False),
    ],
)
def test_what_is_caught(text: str, is_gendered: bool) -> None:
    assert bool(found_in(text)) is is_gendered
