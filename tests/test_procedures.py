"""Procedures are known by their descriptor alone: what every procedure shares names none."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse

from demarches.procedures import Procedure, procedures, register
from tests.test_architecture import ROOT, SOURCES, TEMPLATES

SHARED = ("demarches", "uzes_portal")
#: Where a procedure may be named all the same: « file: reason ».
MAY_NAME = {
    "uzes_portal/settings.py": "lists the apps of this installation",
    "uzes_portal/urls.py": "gives each its address",
    "uzes_portal/log_lines.py": "tells our own messages from those of libraries",
    "uzes_portal/management/commands/nouvelle_mairie.py": "asks what a town's file says",
    "uzes_portal/town.py": "writes what one town decides of each",
    "uzes_portal/town_file.py": "reads it, in the words of the town's file",
    "demarches/accounts/local_words.py": "words that nobody takes for a password",
    "demarches/rules/search.py": "what the stemmer gets wrong in French",
    "demarches/models/agenda.py": "an example, in the help of a field",
}


def _named(text: str) -> list[str]:
    """The procedures that a text names, as a word or as a part of an identifier."""
    names = "|".join(one.name for one in procedures())
    return re.findall(rf"(?<![^\W_])({names})(?![^\W_])", text, re.IGNORECASE)


def _words(tree: ast.AST) -> Iterator[str]:
    """Everything a module says but its comments and docstrings."""
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield " ".join([getattr(node, "module", "") or "", *(one.name for one in node.names)])


def test_what_procedures_share_names_none() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] in SHARED
        and any(map(_named, _words(ast.parse(path.read_text(encoding="utf-8")))))
    }

    assert found == MAY_NAME.keys()


def test_templates_that_procedures_share_name_none() -> None:
    comments = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
    names = {one.name for one in procedures()}
    found = [
        path.relative_to(ROOT).as_posix()
        for path in TEMPLATES
        if not names & set(path.relative_to(ROOT).parts)
        and _named(comments.sub("", path.read_text(encoding="utf-8")))
    ]

    assert found == []


@pytest.mark.parametrize("one", procedures(), ids=lambda one: one.name)
def test_a_descriptor_leads_somewhere(one: Procedure) -> None:
    for route in (one.home, *one.hidden):
        assert reverse(route)
    links: list[Any] = [*one.pages, *one.asides, *one.desk_menu, *one.desk_links]
    assert all(link.url for link in links)
    for template in (*one.legal.values(), one.closing_told):
        assert not template or get_template(template)
    assert one.limits.keys() <= settings.RATE_LIMITS.keys()
    assert set(one.legal) <= {*("data", "lawful", "readers", "uses", "sending", "engages", "reuse")}


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        register(procedures()[0])
