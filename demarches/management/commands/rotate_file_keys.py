"""Seal every stored file, and every agent's seed, again under the first key of FILE_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demarches.accounts import second_factor
from demarches.files import storage


class Command(BaseCommand):
    help = (
        "Chiffre à nouveau, avec la première clé de FILE_KEYS, les fichiers chiffrés avec une"
        " autre. Ensuite seulement, l’ancienne clé peut être retirée de FILE_KEYS."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rotated, lost = storage.rotate_keys()
        except (storage.StorageUnreachable, storage.StorageFull) as error:
            raise CommandError(
                "Le stockage des pièces ne répond pas : relancez, ce qui est fait reste fait."
            ) from error
        self.stdout.write(f"Fichiers chiffrés à nouveau : {rotated}")
        resealed, unreadable = second_factor.reseal_all()
        self.stdout.write(f"Seconds facteurs chiffrés à nouveau : {resealed}")
        if lost or unreadable:
            raise CommandError(
                f"Clé inconnue ou fichier perdu : {lost} pièces et {unreadable} seconds facteurs ne"
                " s’ouvrent plus. Gardez l’ancienne clé ; voyez « Une clé perdue » dans"
                " docs/operations.md."
            )
