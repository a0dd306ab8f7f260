"""What must be translated, in which language; and the compiled catalogs.

`python -m tests.support.catalogs` compiles every `django.po` in pure Python, so that nobody needs
the gettext tools; a test compares the two.
"""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.template.base import Node
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from demarches.web.languages import FRENCH, LIST, PAGES

#: The templates of the list, which has more languages than the other pages.
LIST_TEMPLATES = (
    "base.html",
    "components/_back.html",
    "components/_languages.html",
    "demarches/pdf/_base.html",
    "demarches/pdf/_letterhead.html",
    "pacs/_leave.html",
    "pacs/_nearest_days.html",
    "pacs/_simulator_piece.html",
    "pacs/pdf/_checklist_bring.html",
    "pacs/pdf/_checklist_prepare.html",
    "pacs/pdf/checklist.html",
    "pacs/simulator_result.html",
    "procedure.html",
)
#: What the list says from Python.
LIST_MODULES = ("pacs/reads/checklist.py",)


def catalog_path(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


@cache
def catalog(language: str) -> polib.POFile:
    return polib.pofile(str(catalog_path(language)))


def in_template(name: str) -> Iterator[str | tuple[str, str]]:
    """Every text that a template translates; with its plural where there is one."""
    template: Any = get_template(name)
    nodes: list[Node] = template.template.nodelist.get_nodes_by_type(
        (TranslateNode, BlockTranslateNode)
    )
    for node in nodes:
        if isinstance(node, TranslateNode):
            literal = node.filter_expression.var
            if isinstance(literal, str) or literal.literal is not None:
                yield literal if isinstance(literal, str) else str(literal.literal)
        elif isinstance(node, BlockTranslateNode):
            singular, _ = node.render_token_list(node.singular)
            if node.plural:
                yield singular, node.render_token_list(node.plural)[0]
            else:
                yield singular


def in_module(name: str) -> Iterator[str]:
    """Every literal that a module gives to `gettext`."""
    tree = ast.parse((settings.BASE_DIR / name).read_text(encoding="utf-8"))
    for call in ast.walk(tree):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "gettext"
            and isinstance(call.args[0], ast.Constant)
        ):
            yield str(call.args[0].value)


def of_list() -> set[str | tuple[str, str]]:
    """What the list says in each of its languages, besides the words of the pieces."""
    # Models can be imported once Django is set up.
    from pacs.models.wording import AGE_AT_MOST, AGE_UNDER, PaperForm  # noqa: PLC0415
    from pacs.reads.checklist import TITLES  # noqa: PLC0415
    from pacs.rules.eligibility import OUTCOME_TYPES, Effect  # noqa: PLC0415

    found: set[str | tuple[str, str]] = {*TITLES, AGE_AT_MOST, AGE_UNDER}
    found |= {form.label for form in PaperForm}
    found |= {kind.message for kind in OUTCOME_TYPES if kind.effect is Effect.AGENT}
    for name in LIST_TEMPLATES:
        found |= set(in_template(name))
    for name in LIST_MODULES:
        found |= set(in_module(name))
    return found


def of_pages() -> set[str | tuple[str, str]]:
    """What the whole public pages say, the list included."""
    from pacs.forms.simulator import SimulatorForm  # noqa: PLC0415
    from pacs.forms.simulator_questions import PAGES as QUESTION_PAGES  # noqa: PLC0415
    from pacs.forms.wished_day import wished_day_field  # noqa: PLC0415
    from pacs.rules.convention import (  # noqa: PLC0415
        AID_CLAUSES,
        FORBIDDEN_CLAUSES,
        REGIME_CLAUSES,
    )
    from pacs.rules.days import SHORT_REASONS  # noqa: PLC0415
    from pacs.rules.eligibility import OUTCOME_TYPES  # noqa: PLC0415
    from pacs.views.guidance import AID_TITLE, REGIME_TITLE  # noqa: PLC0415

    field = wished_day_field("", "")
    found = of_list() | {
        SimulatorForm.submit_label,
        field.too_early,
        field.too_late,
        AID_TITLE,
        REGIME_TITLE,
        *SHORT_REASONS,
    }
    for page in QUESTION_PAGES:
        found |= {page.heading, page.hint}
        for question in page.questions:
            found |= {question.label(page.holder), question.hint}
            found |= {choice.label for choice in question.choices}
    for kind in OUTCOME_TYPES:
        found |= {kind.title, kind.message}
    for clause in (*AID_CLAUSES, *REGIME_CLAUSES):
        found |= {clause.choice.label, clause.meaning, clause.example}
    found |= {clause.text for clause in FORBIDDEN_CLAUSES}
    root = Path(settings.BASE_DIR) / "templates"
    for path in root.rglob("*.html"):
        found |= set(in_template(path.relative_to(root).as_posix()))
    for folder in ("demarches", "pacs"):
        for path in (Path(settings.BASE_DIR) / folder).rglob("*.py"):
            found |= set(in_module(path.relative_to(settings.BASE_DIR).as_posix()))
    return found - {""}


def needed(language: str) -> set[str | tuple[str, str]]:
    """Every text this language must have."""
    return of_pages() if language in PAGES else of_list()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    for language in (FRENCH, *LIST):
        po = catalog(language)
        po.save_as_mofile(str(catalog_path(language).with_suffix(".mo")))


if __name__ == "__main__":
    main()
