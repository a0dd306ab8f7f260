"""The draft of the impact assessment (RGPD, article 35): what is shown, and what is left to say."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from demarches.impact import RIGHTS, protections
from demarches.management.commands.aipd import assessment
from demarches.models import Mairie, User
from demarches.rules.impact import Assessment, markdown
from demarches.rules.processing import (
    TO_CONFIRM,
    TO_FILL,
    Controller,
    Fear,
    Measure,
    Register,
    Served,
    Sheet,
)
from pacs.models import Dossier
from tests.audit.asvs import exists
from tests.test_processing import plain, sheets

ALL = frozenset(Fear)


def page(
    *measures: Measure,
    sheet: Sheet | None = None,
    rights: tuple[Served, ...] = (),
    officer: str = "",
) -> str:
    register = Register(
        controller=Controller(officer=officer),
        sheets=[sheet] if sheet else [],
        servers=(),
        measures=(),
        on=date(2026, 11, 28),
    )
    return markdown(
        Assessment(register=register, measures=measures, rights=rights, sources=(), supports=())
    )


def row(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


# What the portal brings to it


@pytest.mark.django_db
def test_whatever_is_sensitive_says_what_each_fear_would_do() -> None:
    """A new sensitive processing without its harms fails here."""
    sensitive = [sheet for sheet in sheets() if sheet.sensitive]

    assert len(sensitive) == 2
    assert {sheet.title: set(sheet.harms) for sheet in sensitive} == {
        sheet.title: set(ALL) for sheet in sensitive
    }


@pytest.mark.django_db
def test_every_measure_and_right_is_shown_by_something_that_exists() -> None:
    ours = [one.shown for one in protections()] + [one.shown for one in RIGHTS]
    theirs = [one.shown for sheet in sheets() for one in sheet.measures]
    theirs += [one.shown for sheet in sheets() for one in sheet.rights]

    assert [one for one in ours + theirs if one and not exists(one)] == []
    assert len(ours) > 15
    assert all(one.against for one in protections())


@pytest.mark.django_db
def test_every_fear_meets_a_test_of_ours() -> None:
    for fear in Fear:
        shown = {one.shown for one in protections() if fear in one.against and not one.missing}
        assert any(path.startswith("tests/") for path in shown), fear


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "on", "off", "words"),
    [
        ("STAFF_SECOND_FACTOR", True, False, "Second facteur des agents, sessions courtes"),
        ("CLAMD_ADDRESS", "virus.example.org:3310", "", "Antivirus"),
        ("BACKUP_DIR", "kept", "", "Sauvegardes chiffrées, restaurées à l’essai"),
    ],
)
def test_what_is_off_here_is_no_measure_but_a_thing_to_do(
    reference_data: None, settings: Any, name: str, on: Any, off: Any, words: str
) -> None:
    setattr(settings, name, off)
    without = markdown(assessment())
    setattr(settings, name, on)
    held = markdown(assessment())

    plan = without.split("### 4.1")[1]
    assert row(plan, f"| {words}") == f"| {words} | {_to_set(name)} | {TO_FILL} | {TO_FILL} |"
    assert f"- N’est pas en place ici : {words}" in without
    assert f"| {words} |" not in without.split("### 3.1")[1].split("### 3.2")[0]
    assert f"| {words} |" in held.split("### 3.1")[1].split("### 3.2")[0]
    assert f"| {words} |" not in held.split("### 4.1")[1]


def _to_set(name: str) -> str:
    return "STAFF_SECOND_FACTOR=1" if name == "STAFF_SECOND_FACTOR" else name


@pytest.mark.django_db
def test_the_role_that_owns_the_tables_is_not_told_apart() -> None:
    """Here the tests own them, on both databases."""
    (role,) = [one for one in protections() if one.shown.endswith("test_database_roles.py")]

    assert connection.vendor in {"sqlite", "postgresql"}
    assert role.missing == "PostgreSQL, puis manage.py database_roles"


@pytest.mark.django_db
def test_each_processing_says_once_that_its_basis_is_to_be_confirmed() -> None:
    text = markdown(assessment()).split("### 2.1")[1].split("### 2.2")[0]

    parts = text.split("\n**")[1:]
    assert len(parts) > 5
    assert [part.count(TO_CONFIRM) for part in parts] == [1] * len(parts)


# What only the mairie can say


def test_how_grave_how_likely_and_what_is_decided_are_left_to_the_mairie() -> None:
    text = page(officer="Lou Faure")
    risks, validation = text.split("## 3. ")[1].split("## 4. ")

    assert risks.count(f"Gravité (négligeable, limitée, importante ou maximale) : {TO_FILL}") == 3
    assert (
        risks.count(f"Vraisemblance (négligeable, limitée, importante ou maximale) : {TO_FILL}")
        == 3
    )
    assert validation.split("### 4.2")[1].count(TO_FILL) == 5
    assert "Nommer le délégué" not in text
    assert "| Nommer le délégué |" in page()


def test_a_right_without_a_proof_is_left_to_the_mairie() -> None:
    rights = (
        Served("Accès", "« Mes données »", "docs/a.md#B"),
        Served("Opposition", "Sur demande"),
    )
    text = page(rights=rights)

    assert "| Accès | « Mes données » | `docs/a.md`, « B » |" in text
    assert f"| Opposition | Sur demande | {TO_FILL} |" in text


def test_a_procedure_adds_its_harms_its_measures_and_its_rights() -> None:
    sheet = Sheet(
        title="Essai",
        purpose="Essayer.",
        people=("quelqu’un",),
        held=(),
        kept=(),
        harms={Fear.LOSS: "tout à refaire"},
        measures=(
            Measure("Deux copies", "tests/a.py", frozenset({Fear.LOSS})),
            Measure("Un texte", "docs/b.md"),
        ),
        rights=(Served("Rectification", "elle corrige", "tests/c.py"),),
    )
    text = page(Measure("Partout", "tests/d.py", ALL), sheet=sheet)
    parts = {fear: text.split(f" {fear.label}\n")[1].split("\n### ")[0] for fear in Fear}

    assert "- Essai : tout à refaire" in parts[Fear.LOSS]
    assert "- Partout\n- Deux copies\n- Gravité" in parts[Fear.LOSS]
    assert "Deux copies" not in parts[Fear.ACCESS] + parts[Fear.CHANGE]
    assert "- Partout\n" in parts[Fear.ACCESS]
    assert "Un texte" not in text.split("### 3.1")[1]
    assert "| Rectification | Essai : elle corrige | `tests/c.py` |" in text


@pytest.mark.django_db
def test_it_says_this_town_and_names_no_resident(
    reference_data: None, draft: Dossier, alice: User, settings: Any
) -> None:
    Mairie.objects.update(data_protection_contact="Déléguée d’essai, dpo@example.org")
    settings.LEGAL_HOST = "Hébergeur d’essai"

    text = plain(markdown(assessment()))

    assert "Responsable du traitement : Mairie d’Uzès" in text
    assert "protection des données : Déléguée d’essai, dpo@example.org" in text
    assert "Hébergeur d’essai : fait fonctionner le site" in text
    words = {alice.email, draft.reference, *(one.birth_name for one in draft.people)}
    assert [word for word in words if word in text] == []


@pytest.mark.django_db
def test_every_row_of_its_tables_has_all_its_cells(reference_data: None) -> None:
    rows = [line for line in markdown(assessment()).splitlines() if line.startswith("|")]

    assert len(rows) > 50
    assert [one for one in rows if one.count(" | ") not in {2, 3} and "---" not in one] == []
    assert [one for one in rows if "|  |" in one] == []


@pytest.mark.django_db
def test_the_command_writes_to_the_screen_or_to_a_file(
    reference_data: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("aipd")
    on_screen = capsys.readouterr().out
    call_command("aipd", "--output", str(tmp_path / "aipd.md"))

    assert on_screen.startswith("# Analyse d’impact relative à la protection des données\n")
    assert (tmp_path / "aipd.md").read_text(encoding="utf-8") == on_screen
    with pytest.raises(CommandError, match="ne peut pas être écrit"):
        call_command("aipd", "--output", str(tmp_path))
