"""The register of processing (RGPD, article 30) says what the portal does, and nothing more."""

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from demarches.management.commands.registre import register
from demarches.models import Mairie, User
from demarches.procedures import procedures
from demarches.processing import measures, servers, shared_sheets
from demarches.rules.processing import (
    TO_CONFIRM,
    TO_FILL,
    Access,
    Controller,
    KeptFor,
    Register,
    Server,
    Serves,
    Sheet,
    days,
    length,
    markdown,
)
from demarches.rules.processing import Group as Columns
from pacs.hooks.processing import readers
from pacs.models import Dossier, PacsSettings
from pacs.rules import privacy
from tests.audit.asvs import exists
from tests.test_data_protection import OF_NOBODY
from tests.test_environment import NAMES

OURS = {"demarches", "pacs", "vitale"}


def sheets() -> list[Sheet]:
    return [*(sheet for one in procedures() for sheet in one.processing()), *shared_sheets()]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def page_of(client: Client, name: str) -> str:
    return plain(client.get(reverse(name)).content.decode().replace("&nbsp;", " "))


@pytest.fixture
def bare(reference_data: None, settings: Any) -> None:
    """Nothing of anybody else's is set."""
    settings.LEGAL_HOST = settings.SMTP_HOST = settings.BACKUP_DIR = settings.S3_BUCKET = ""
    settings.BOUNCES_HOST = settings.CLAMD_ADDRESS = settings.PLAN_B_DIR = ""
    settings.SMS_GATEWAY_URL = ""


# What it covers


@pytest.mark.django_db
def test_every_row_about_people_is_in_one_sheet() -> None:
    """A new model says which processing it serves, or holds nobody."""
    ours = {m._meta.label for m in apps.get_models() if m._meta.app_label in OURS}
    labels = [held.label for sheet in sheets() for held in sheet.held if held.label]

    assert Counter(labels) == Counter(ours - OF_NOBODY)


@pytest.mark.django_db
def test_every_column_about_people_has_its_readers() -> None:
    """A new column without a group fails here; of the Pacs, its table is `pacs.rules.privacy`."""
    for held in (held for sheet in sheets() for held in sheet.held if held.label):
        model = apps.get_model(held.label)
        columns = [name for group in held.groups for name in group.columns]
        expected = [field.name for field in model._meta.concrete_fields]
        assert (held.label, sorted(columns)) == (held.label, sorted(expected))


def test_readers_of_the_pacs_are_those_of_its_table() -> None:
    assert readers(privacy.NOBODY) == "personne : pour la machine seule"
    assert readers(privacy.REVIEWERS) == "les agents qui vérifient"
    identity = "la personne, qui l’aide à remplir, l’autre une fois attesté, les agents qui"
    assert readers(privacy.IDENTITY) == f"{identity} consultent"


@pytest.mark.django_db
def test_what_protects_is_explained_somewhere(settings: Any) -> None:
    settings.BACKUP_DIR, settings.STAFF_SECOND_FACTOR = "kept", True
    shown = [one.shown for one in (*measures(), *(one for s in sheets() for one in s.measures))]

    assert len(shown) > 15
    assert [one for one in shown if not exists(one)] == []


@pytest.mark.django_db
def test_the_rights_that_it_names_exist() -> None:
    rights = {one.permission for sheet in sheets() for one in sheet.access}
    known = Permission.objects.values_list("content_type__app_label", "codename")

    assert rights <= {f"{app}.{codename}" for app, codename in known}


# One text for a setting, wherever it is read


@pytest.mark.django_db
def test_changing_a_setting_changes_the_register_and_the_page(client: Client, bare: None) -> None:
    figures = {
        "draft_retention_days": 37,
        "inactive_retention_days": 91,
        "scan_retention_days": 23,
        "registered_retention_days": 211,
    }
    PacsSettings.objects.update_or_create(pk=1, defaults=figures)

    written, shown = plain(markdown(register())), page_of(client, "privacy")

    for count in figures.values():
        assert f"{count} jours" in written
        assert f"{count} jours" in shown


@pytest.mark.django_db
def test_every_duration_for_people_is_on_the_page(client: Client, settings: Any) -> None:
    settings.BACKUP_DIR, settings.BACKUP_DAYS = "kept", 41
    shown = page_of(client, "privacy")

    rows = [row for sheet in sheets() for row in sheet.kept]
    for row in rows:
        is_shown = (
            f"<dt>{plain(row.what)}</dt>" in shown and f"<dd>{plain(row.until)}</dd>" in shown
        )
        assert (row.what, is_shown) == (row.what, row.is_told)
    assert "41 jours au plus" in shown
    assert sum(row.is_told for row in rows) > 10


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=365), "1 an"),
        (timedelta(days=730), "2 ans"),
        (timedelta(days=180), "180 jours"),
        (timedelta(hours=24), "24 heures"),
        (timedelta(minutes=30), "30 minutes"),
        (timedelta(seconds=61), "61 secondes"),
        (timedelta(), "0 seconde"),
    ],
)
def test_a_length_is_said_exactly(span: timedelta, words: str) -> None:
    assert plain(length(span)) == words


def test_one_day_is_no_plural() -> None:
    assert [plain(days(count)) for count in (0, 1, 2)] == ["0 jour", "1 jour", "2 jours"]


# What it says of this town


def test_what_nobody_has_filled_in_is_asked_for() -> None:
    sheet = Sheet(title="Essai", purpose="Essayer.", people=("quelqu’un",), held=(), kept=())
    text = markdown(
        Register(
            controller=Controller(),
            sheets=[sheet],
            servers=[Server(Serves.HOST, "")],
            measures=(),
            on=date(2026, 11, 28),
        )
    )

    assert text.count(TO_FILL) == 6  # name, address, contact, officer, the host twice
    assert "**Base légale.**\n\n- À confirmer par le délégué" in text
    assert "**Données sensibles.**" not in text


def test_what_somebody_typed_stays_in_its_place() -> None:
    sheet = Sheet(
        title="Essai",
        purpose="Essayer.",
        people=("a", "b"),
        held=(),
        access=(Access("Agents", "a.view_b"),),
        kept=(KeptFor("ceci | cela", "un jour"),),
    )
    text = markdown(
        Register(
            controller=Controller(name="Mairie", officer="Lou Faure\ndpo@example.org | 04"),
            sheets=[sheet],
            servers=(),
            measures=(),
            groups={"a.view_b": ["un", "deux"]},
            on=date(2026, 11, 28),
        )
    )

    assert "données : Lou Faure, dpo@example.org \\| 04" in text
    assert "| ceci \\| cela | un jour |" in text
    assert "- Agents : un, deux" in text
    assert "**Personnes concernées.** A ; b." in text


@pytest.mark.django_db
def test_every_basis_is_to_be_confirmed(bare: None) -> None:
    """The portal proposes; only the officer of the mairie can say."""
    text = markdown(register())

    for part in text.split("\n## ")[3:-1]:
        basis = part.split("**Base légale.**")[1].split("**Personnes")[0]
        assert basis.count(TO_CONFIRM[1:]) == 1


@pytest.mark.django_db
def test_only_servers_that_are_set_are_named(bare: None, settings: Any) -> None:
    assert [server for server in servers() if server.name] == []
    assert "Sauvegardes" not in markdown(register())
    settings.LEGAL_HOST = "Hébergeur d’essai"
    settings.SMTP_HOST = "mails.example.org"
    settings.BOUNCES_HOST = "retours.example.org"
    settings.CLAMD_ADDRESS = "virus.example.org:3310"
    settings.SMS_GATEWAY_URL = "https://sms.example.org/v1/"
    settings.S3_BUCKET, settings.BACKUP_DIR = "pieces", "s3:archives"
    settings.S3_SERVER = {**settings.S3_SERVER, "endpoint_url": "https://bucket.example.org:9000/"}

    named = {server.serves: server.name for server in servers()}
    text = markdown(register())

    assert named == {
        Serves.HOST: "Hébergeur d’essai",
        Serves.FILES: "bucket.example.org",
        Serves.BACKUPS: "bucket.example.org",
        Serves.MAILS: "mails.example.org",
        Serves.BOUNCES: "retours.example.org",
        Serves.TEXTS: "sms.example.org",
        Serves.ANTIVIRUS: "virus.example.org",
    }
    dossiers, backups = (
        text.split(f". {title}\n\n**Finalité")[1].split("**Transferts")[0]
        for title in ("Dossiers de Pacs", "Sauvegardes")
    )
    assert "bucket.example.org : garde les fichiers" in dossiers
    assert "garde les sauvegardes" not in dossiers
    assert "bucket.example.org : garde les sauvegardes" in backups
    assert "sms.example.org : remet les SMS" in dossiers
    assert "Pour les SMS au sujet d’un rendez-vous : consentement" in dossiers


#: Settings that hold an address, and either who is named for it or why nobody is.
ADDRESSES = {
    "ALLOWED_HOSTS": "our own names",
    "BOUNCES_HOST": Serves.BOUNCES,
    "CLAMD_ADDRESS": Serves.ANTIVIRUS,
    "COMARQUAGE_URL": "is asked for the national guide, and told of nobody",
    "CSRF_TRUSTED_ORIGINS": "our own names",
    "DATABASE_URL": "the page asks the mairie to add whoever runs it",
    "EMAIL_HOST": Serves.MAILS,
    "FRANCECONNECT_ISSUER": Serves.SIGN_IN,
    "LEGAL_HOST": Serves.HOST,
    "PROCONNECT_ISSUER": Serves.SIGN_IN,
    "S3_ENDPOINT": Serves.FILES,
    "SITE_URL": "our own name",
    "SMS_GATEWAY_URL": Serves.TEXTS,
}


def test_a_new_address_in_the_settings_says_who_receives_what() -> None:
    """« À aucun autre serveur » stays true: whoever adds one names it in the register."""
    kinds = re.compile(r"(HOSTS?|URL|ADDRESS|ENDPOINT|ISSUER|ORIGINS)$")
    found = {name for name in NAMES if kinds.search(name)}

    assert found == set(ADDRESSES)
    assert {one for one in ADDRESSES.values() if isinstance(one, Serves)} == set(Serves) - {
        Serves.BACKUPS  # in a bucket, or on the machine
    }


@pytest.mark.django_db
def test_the_page_tells_which_servers_are_used(client: Client, bare: None, settings: Any) -> None:
    alone = page_of(client, "privacy")
    settings.S3_BUCKET = "pieces"
    settings.S3_SERVER = {**settings.S3_SERVER, "endpoint_url": "https://bucket.example.org/"}
    shared = page_of(client, "privacy")

    assert "Le serveur qui" not in alone
    assert "<li>Le serveur qui garde les fichiers, chiffrés avant de partir.</li>" in shared
    assert "bucket.example.org" not in shared


@pytest.mark.django_db
def test_the_town_its_officer_and_its_groups_are_read_from_its_rows(bare: None) -> None:
    Mairie.objects.update(data_protection_contact="Déléguée d’essai, dpo@example.org")
    Group.objects.create(name="archives").permissions.add(
        Permission.objects.get(codename="review_dossier")
    )

    text = markdown(register())

    assert "Responsable du traitement : Mairie d’Uzès" in text
    assert "protection des données : Déléguée d’essai, dpo@example.org" in text
    assert "Agents qui vérifient : archives, instructeur, officier" in text


@pytest.mark.django_db
def test_it_names_no_resident(draft: Dossier, alice: User) -> None:
    text = markdown(register())

    words = {alice.email, draft.reference, *(one.birth_name for one in draft.people)}
    assert [word for word in words if word in text] == []


@pytest.mark.django_db
def test_the_command_writes_to_the_screen_or_to_a_file(
    bare: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("registre")
    on_screen = capsys.readouterr().out
    target = tmp_path / "registre.md"
    call_command("registre", "--output", str(target))

    assert on_screen.startswith("# Registre des activités de traitement\n")
    assert target.read_text(encoding="utf-8") == on_screen
    with pytest.raises(CommandError, match="ne peut pas être écrit"):
        call_command("registre", "--output", str(tmp_path))


@pytest.mark.django_db
def test_every_row_of_a_table_has_all_its_cells(bare: None) -> None:
    rows = [line for line in markdown(register()).splitlines() if line.startswith("|")]

    assert len(rows) > 60
    assert [row for row in rows if row.count(" | ") not in {1, 2} and "---" not in row] == []
    assert [row for row in rows if "|  |" in row] == []


def test_groups_that_say_nothing_are_not_shown() -> None:
    """Keys of the program are classified, and are no category of data."""
    hidden = [group for sheet in shared_sheets() for held in sheet.held for group in held.groups]

    assert {group.readers for group in hidden if not group.words} == {
        "personne : pour la machine seule"
    }
    assert Columns("", "", ()) not in hidden


# What people read


@pytest.mark.django_db
def test_the_page_about_data_names_the_officer_or_says_whom_to_ask(
    client: Client, reference_data: None
) -> None:
    asked = page_of(client, "privacy")
    Mairie.objects.update(data_protection_contact="Déléguée d’essai\ndpo@example.org")
    named = page_of(client, "privacy")

    assert "adressez-vous à la mairie" in asked
    assert "Délégué à la protection des données : Déléguée d’essai<br>dpo@example.org" in named


@pytest.mark.django_db
def test_a_defect_of_accessibility_can_be_told_in_writing(
    client: Client, reference_data: None
) -> None:
    by_post = page_of(client, "accessibility")
    Mairie.objects.update(email="mairie@example.org")
    by_mail = page_of(client, "accessibility")

    assert "par courrier : Mairie d’Uzès, BP 71103, 30701 Uzès cedex" in by_post
    assert '<a href="mailto:mairie@example.org">' in by_mail
