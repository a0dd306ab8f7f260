"""Write docs/who-reads-what.md: the table of `pacs.rules.privacy`, for people (in French)."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand

from pacs.rules.privacy import (
    CALENDARS,
    COLUMNS,
    DESK_PAPERS,
    MAILS,
    PAPERS,
    Document,
    Line,
)

TARGET = Path(settings.BASE_DIR) / "docs" / "who-reads-what.md"
INTRODUCTION = """\
# Qui lit quoi

Cette page est écrite par `manage.py who_reads_what`, depuis `pacs/rules/privacy.py` ; un test
vérifie qu’elle est à jour. Les pages, les papiers, les mails et les fichiers demandent à cette
table, par `pacs/reads/access.py`.

- « Soi » : la personne dont c’est la réponse, la pièce ou le message. Ce qui est aux deux (une
  pièce du couple, un message aux deux) se lit comme le sien.
- « L’autre » : l’autre partenaire du même dossier. « Une fois attesté » : quand la personne a
  attesté sa partie, parce que les deux signent la même déclaration.
- « Aide » : qui remplit avec une personne, à sa demande, dans un brouillon ; seulement ce qui est
  à elle ou aux deux, jamais ce qui est à l’autre (`pacs/rules/helping.py`).
- « Agents » : le droit qu’il faut (consulter, vérifier, décider). Un brouillon que le couple n’a
  pas confié à la mairie n’est lu par aucun agent.
- Un texte d’un agent, à l’un ou aux deux, est refusé s’il nomme une pièce, une mesure, une
  protection ou une adresse qui n’est qu’à l’un (`pacs/reads/leaks.py`).
"""


def page() -> str:
    """The whole page, as it is kept in docs/."""
    return "\n".join([INTRODUCTION, *_models(), *_documents()]).rstrip() + "\n"


def _models() -> Iterator[str]:
    for name, columns in COLUMNS.items():
        model = apps.get_model("pacs", name)
        title = str(model._meta.verbose_name)
        yield f"## {title[0].upper()}{title[1:]} (`{name}`)\n"
        yield from _table(
            "colonnes",
            ((_names(model, group), line) for line, group in _by_line(columns).items()),
        )


def _by_line(columns: Mapping[str, Line]) -> dict[Line, list[str]]:
    groups: dict[Line, list[str]] = {}
    for name, line in columns.items():
        groups.setdefault(line, []).append(name)
    return groups


def _names(model: Any, columns: Iterable[str]) -> str:
    """« nom de naissance (`birth_name`) »; the column alone when it has no French name."""
    named = []
    for name in columns:
        label = str(model._meta.get_field(name).verbose_name)
        plain = label == name.replace("_", " ") or label == "ID"
        named.append(f"`{name}`" if plain else f"{label} (`{name}`)")
    return ", ".join(named)


def _documents() -> Iterator[str]:
    sections: tuple[tuple[str, str, Mapping[str, Document]], ...] = (
        ("Papiers du dossier", "papier", PAPERS),
        ("Papiers de la mairie", "papier", DESK_PAPERS),
        ("Mails", "mail", MAILS),
        ("Fichiers d’agenda", "fichier", CALENDARS),
    )
    for title, what, documents in sections:
        yield f"## {title}\n"
        yield from _table(
            what, ((f"{one.title} (`{key}`)", one.line) for key, one in documents.items())
        )


def _table(what: str, rows: Iterable[tuple[str, Line]]) -> Iterator[str]:
    yield f"| {what} | soi | aide | l’autre | agents | |"
    yield "|---|---|---|---|---|---|"
    for words, line in rows:
        own, helper = ("oui" if reads else "non" for reads in (line.oneself, line.helper))
        other, agents = line.other.label, line.agents.label
        yield f"| {words} | {own} | {helper} | {other} | {agents} | {line.note} |"
    yield ""


class Command(BaseCommand):
    help = "Write docs/who-reads-what.md from the table of who reads what."

    def handle(self, *args: Any, **options: Any) -> None:
        TARGET.write_text(page(), encoding="utf-8")
        self.stdout.write(f"written: {TARGET.relative_to(settings.BASE_DIR)}")
