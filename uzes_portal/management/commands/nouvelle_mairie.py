"""Set the portal up for a town, from a file or from questions."""

import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demarches.files.logo import write_logo
from uzes_portal import town
from uzes_portal.town_file import HOURS_EXAMPLE, Fault, Town, TownRefused, read_town

EXAMPLE = "docs/deploy/mairie-exemple.toml"
MANAGE = ".venv/bin/python manage.py"
#: Line of the file, question, answer of whoever types nothing.
QUESTIONS = (
    ("mairie.nom", "Nom (Mairie de …)", ""),
    ("mairie.commune", "Commune", ""),
    ("mairie.code_insee", "Code Insee", ""),
    ("mairie.vendredi_saint", "Alsace et Moselle : un temple protestant, ou une église mixte ?"
     " (oui ou non ; rien ailleurs)", ""),
    ("mairie.adresse_postale", "Adresse postale : rue ou boîte", ""),
    ("mairie.code_postal", "Adresse postale : code postal", ""),
    ("mairie.bureau_distributeur", "Adresse postale : ville", ""),
    ("mairie.telephone", "Téléphone", ""),
    ("mairie.email", "Adresse e-mail (facultatif)", ""),
    ("mairie.donnees_personnelles", "Délégué à la protection des données : nom et e-mail", ""),
    ("entrees.1.adresse", "Entrée du public : rue", ""),
    ("entrees.1.code_postal", "Entrée du public : code postal", ""),
    ("entrees.1.commune", "Entrée du public : ville", ""),
    ("services.1.horaires", f"Horaires de l’accueil ({HOURS_EXAMPLE} ; séparez par « ; »)", ""),
    ("services.2.horaires", "Horaires de l’état civil", ""),
    ("officiers.1.nom", "Un officier d’état civil : nom", ""),
    ("officiers.1.qualite", "Sa qualité", "maire"),
    ("officiers.1.depuis", "En fonction depuis le (aaaa-mm-jj)", ""),
    ("pacs.tribunal", "Tribunal compétent pour un recours", ""),
    ("mentions_legales.editeur", "Direction de la publication", ""),
    ("mentions_legales.hebergeur", "Hébergeur : nom et adresse", ""),
    ("logo.fichier", "Logo : chemin d’un PNG ou d’un JPEG (facultatif)", ""),
    ("logo.texte", "Ce que le logo montre, pour qui ne le voit pas (facultatif sans logo)", ""),
)  # fmt: skip
#: Tables that the questions fill.
ONCE = ("mairie", "pacs", "mentions_legales", "logo", "entrees.1", "officiers.1")
#: What the questions do not ask.
GIVEN: dict[str, Any] = {
    "services": [
        {"identifiant": "accueil", "nom": "Accueil"},
        {"identifiant": "etat-civil", "nom": "État civil"},
    ],
    "agenda": {"service": "etat-civil", "nom": "Enregistrement d’un Pacs"},
}


class Command(BaseCommand):
    """Writes everything, or nothing; run again, it changes what the file now says otherwise."""

    help = "Met en place une mairie : un fichier TOML, ou des questions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help=f"comme {EXAMPLE}")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        found = self.from_file(file) if file else self.from_questions()
        try:
            mairie = town.install(found)
        except town.TownInUse as refused:
            raise CommandError(str(refused)) from None
        rows = sum(map(len, found.hours.values()))
        self.stdout.write(
            f"{mairie.name} est en place : {len(found.entrances)} entrées,"
            f" {len(found.services)} services, {rows} horaires, {len(found.officers)} officiers."
        )
        if lines := town.environment_of(found):
            self.stdout.write("À écrire dans l’environnement du service, puis à redémarrer :")
            for line in lines:
                self.stdout.write(f"  {line}")
        changed = [town.write_colours(found), write_logo(found.logo)]
        if any(changed):
            self.stdout.write("Les couleurs ou le logo ont changé ; lancez, puis redémarrez :")
            self.stdout.write(f"  {MANAGE} build_assets && {MANAGE} collectstatic --noinput")

    def from_file(self, file: Path) -> Town:
        try:
            # « -sig »: text editors of Windows put a mark before the first line.
            return read_town(
                tomllib.loads(file.read_text(encoding="utf-8-sig")), folder=file.parent
            )
        except OSError:
            raise CommandError(f"{file} ne s’ouvre pas. Un exemple : {EXAMPLE}.") from None
        except UnicodeDecodeError:
            raise CommandError(f"{file} n’est pas écrit en UTF-8 : enregistrez-le ainsi.") from None
        except tomllib.TOMLDecodeError as error:
            raise CommandError(
                f"{file} n’est pas du TOML : {error}. Un exemple : {EXAMPLE}."
            ) from None
        except TownRefused as refused:
            raise CommandError(
                f"{file} : {len(refused.faults)} à corriger, rien n’est écrit.\n"
                + "\n".join(f"- {one}" for one in refused.faults)
            ) from None

    def from_questions(self) -> Town:
        """Ask, then ask again what cannot be used; Ctrl-C leaves everything as it was."""
        if not sys.stdin.isatty():
            raise CommandError(
                f"Donnez un fichier (un exemple : {EXAMPLE}), ou lancez la commande dans un"
                " terminal."
            )
        answers = {where: self.asked(question, usual) for where, question, usual in QUESTIONS}
        while True:
            try:
                return read_town(_as_file(answers), folder=Path())
            except TownRefused as refused:
                self.ask_again(answers, refused.faults)

    def ask_again(self, answers: dict[str, str], faults: list[Fault]) -> None:
        wrong = {one.where: one.why for one in faults}
        again = [row for row in QUESTIONS if row[0] in wrong]
        if not again:
            raise CommandError("\n".join(map(str, faults)))
        for where, question, _ in again:
            self.stdout.write(f"  {wrong[where]}")
            answers[where] = self.asked(question, answers[where])

    def asked(self, question: str, usual: str) -> str:
        shown = f"{question} [{usual}] : " if usual else f"{question} : "
        return input(shown).strip() or usual


def _as_file(answers: dict[str, str]) -> dict[str, Any]:
    """The answers in the shape of the file."""
    welcome, registry = (dict(one) for one in GIVEN["services"])
    tables: dict[str, dict[str, Any]] = {
        **{name: {} for name in ONCE},
        "services.1": welcome,
        "services.2": registry,
    }
    for where, answer in answers.items():
        part, _, name = where.rpartition(".")
        table = tables[part]
        if not answer:
            continue
        if name == "horaires":
            table[name] = [one.strip() for one in answer.split(";") if one.strip()]
        elif name == "vendredi_saint":
            table[name] = answer.lower() in {"oui", "o"}
        elif name == "depuis":
            table[name] = _day(answer)
        else:
            table[name] = answer
    return {
        **{name: tables[name] for name in ONCE if "." not in name},
        "agenda": GIVEN["agenda"],
        "entrees": [tables["entrees.1"]],
        "officiers": [tables["officiers.1"]],
        "services": [welcome, registry],
    }


def _day(answer: str) -> date | str:
    """The day; what is none is left as typed, for the check to refuse it."""
    try:
        return date.fromisoformat(answer)
    except ValueError:
        return answer
