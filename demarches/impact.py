"""What the draft of the impact assessment knows of this installation (`manage.py aipd`).

Each protection names the test or the document that shows it; one that hangs on a setting says what
to set while it is off. Procedures add theirs to their sheets; a right that the portal does not
serve by itself is the mairie's to describe.
"""

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import connection

from demarches.rules.processing import Fear, Measure, Served

ACCESS: Final = frozenset({Fear.ACCESS})
CHANGE: Final = frozenset({Fear.CHANGE})
LOSS: Final = frozenset({Fear.LOSS})
#: Who or what could make a fear come true: those that the security of the portal was tried against.
SOURCES: Final = (
    "Un proche, qui a l’appareil, le courrier ou la boîte mail de la personne",
    "Un inconnu, par le réseau",
    "Un agent, par curiosité ou par erreur",
    "Un programme dangereux dans un fichier envoyé",
    "Qui administre la machine ou garde une copie",
    "Une panne, une fausse manœuvre, un incendie",
)
RIGHTS: Final = (
    Served(
        "Être informé",
        "Page « Données personnelles » : finalités, durées, serveurs, contact du délégué",
        "tests/test_processing.py",
    ),
    Served(
        "Accès et copie",
        "« Mes données » : tout ce qui est à la personne, et quel jour son dossier fut lu",
        "tests/test_mine.py",
    ),
    Served("Portabilité", "La même copie, en JSON", "tests/test_mine.py"),
    Served(
        "Effacement",
        "« Faire effacer mes données » : ce qui part, ce que la loi fait garder, et une réponse",
        "tests/test_deletion.py",
    ),
    Served("Limitation", "Sur demande au délégué"),
    Served("Opposition", "Sur demande au délégué"),
    Served(
        "Ne pas être soumis à une décision automatique",
        "Une règle peut arrêter un envoi en ligne, et dit pourquoi ; un agent décide de la suite",
    ),
)


def supports() -> Iterator[str]:
    """Where the data stand, as the settings say it; no address, no secret."""
    yield f"La base de données : {connection.display_name}"
    if settings.S3_BUCKET:
        yield "Les fichiers : chez l’hébergeur du stockage, chiffrés par le portail avant de partir"
    else:
        yield "Les fichiers : sur la machine du portail, chiffrés"
    if settings.BACKUP_DIR:
        yield f"Les sauvegardes : chiffrées, {settings.BACKUP_DAYS} jours au plus"


def protections() -> Iterator[Measure]:
    """Everything that stands against a fear; what is off here says what to set."""
    yield Measure(
        "Chaque page dit qui peut l’ouvrir ; à tout autre elle répond qu’elle n’existe pas",
        "tests/test_authorization.py",
        ACCESS | CHANGE,
    )
    yield Measure(
        "Chaque groupe d’agents n’ouvre que ce que son travail demande",
        "tests/test_desk_rights.py",
        ACCESS | CHANGE,
    )
    yield Measure(
        "Second facteur des agents, sessions courtes",
        "tests/demarches/test_second_factor.py",
        ACCESS | CHANGE,
        "" if settings.STAFF_SECOND_FACTOR else "STAFF_SECOND_FACTOR=1",
    )
    yield Measure(
        "Un code par mail à l’adresse connue ; une adresse qui ressemble n’ouvre rien",
        "tests/demarches/test_addresses.py",
        ACCESS,
    )
    yield Measure("Qui devine ou abuse est ralenti", "tests/test_limits.py", ACCESS | LOSS)
    yield Measure("Chaque regard d’un agent est écrit", "tests/test_readings.py", ACCESS)
    yield Measure(
        "Le journal ne se réécrit pas : déclencheurs et chaîne d’empreintes",
        "tests/demarches/test_journal.py",
        ACCESS | CHANGE,
    )
    yield Measure(
        "Fichiers chiffrés (AES-256-GCM)",
        "tests/demarches/test_uploads_storage.py",
        ACCESS | CHANGE,
    )
    yield Measure(
        "Fichiers réécrits à part, sans script ni donnée de l’appareil",
        "tests/demarches/test_uploads.py",
        ACCESS | CHANGE,
    )
    yield Measure(
        "Antivirus",
        "tests/demarches/test_uploads_antivirus.py",
        ACCESS | CHANGE | LOSS,
        "" if settings.CLAMD_ADDRESS else "CLAMD_ADDRESS",
    )
    yield Measure(
        "Numéros de sécurité sociale, IBAN et cartes refusés partout",
        "tests/test_free_text.py",
        ACCESS,
    )
    yield Measure(
        "Un appareil partagé ne garde rien une fois qu’on est sorti",
        "tests/test_headers.py",
        ACCESS,
    )
    yield Measure(
        "Le rôle de la base qui sert ne change ni les tables ni le journal",
        "tests/demarches/test_database_roles.py",
        CHANGE | LOSS,
        "" if _serves_apart() else "PostgreSQL, puis manage.py database_roles",
    )
    yield Measure(
        "Sauvegardes chiffrées, restaurées à l’essai",
        "tests/test_backup.py",
        CHANGE | LOSS,
        "" if settings.BACKUP_DIR else "BACKUP_DIR",
    )
    yield Measure("Les contrôles disent ce qui ne marche plus", "tests/test_health.py", LOSS)
    yield Measure("Une nouvelle version garde chaque ligne", "tests/test_upgrade.py", LOSS)
    yield Measure(
        "Que faire après une violation",
        "docs/data-protection.md#When something went wrong",
        ACCESS | CHANGE | LOSS,
    )


def _serves_apart() -> bool:
    """Whether the tables belong to another role than the one that asks."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableowner <> current_user FROM pg_tables"
            " WHERE schemaname = current_schema() AND tablename = 'django_migrations'"
        )
        found = cursor.fetchone()
    return bool(found and found[0])
