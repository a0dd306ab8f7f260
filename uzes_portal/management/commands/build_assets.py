"""Make the style sheet and the heading font that the pages use."""

from typing import Any

from django.core.management.base import BaseCommand

from uzes_portal import assets


class Command(BaseCommand):
    """Run before `collectstatic`, and at every start in development; quick when nothing changed."""

    help = "Fait la feuille de style et la police des titres, dans BUILD_DIR."

    def handle(self, *args: Any, **options: Any) -> None:
        for path in assets.build():
            self.stdout.write(f"{path.name} : {path.stat().st_size} octets")
