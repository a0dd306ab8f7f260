"""Put a town in place: its rows, whatever the portal held before, and the file of its colours.

The same town twice gives the same rows: each is found again by what names it, and changed only
where it differs.
"""

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import models, transaction
from django.db.models import ProtectedError

from demarches.mail.html import schemes
from demarches.models import Agenda, Appointment, Mairie, Officer, Service
from pacs.models import Dossier, PacsSettings, Registration
from uzes_portal.town_file import Town
from vitale.models import Contact, Demande, PlanLine, Source

AGENDA = "pacs"
#: The line of the guide that a town writes itself, and the press article of the first town.
HELP, FIRST_TOWN, USAGE = "france-services", "objectif-gard", "mairie"
HOURS_VARY = "Les horaires changent : vérifiez-les avant de venir."


class TownInUse(Exception):
    """Another town works here; the message says so in French."""


@transaction.atomic
def install(town: Town) -> Mairie:
    """Write the rows of the town, then the first data that any town needs.

    Raises `TownInUse`, having written nothing, when people have already entrusted dossiers to
    another commune, or when a service that is no longer described is still booked.
    """
    before = Mairie.objects.current()
    if before and before.insee_code != town.mairie.insee_code and _is_in_use():
        raise TownInUse(
            f"Ce portail sert déjà {before.name} ({before.insee_code}), et des dossiers y sont"
            " ouverts. Installez l’autre mairie à part, avec sa propre base de données."
        )
    mairie = _same(before or Mairie(), town.mairie, leaving={"revision"})
    _replace(mairie.entrances.all(), town.entrances, mairie=mairie)
    services = [
        _same(mairie.services.filter(slug=one.slug).first() or Service(mairie=mairie), one)
        for one in _of(town.services, mairie=mairie)
    ]
    for service in services:
        _replace(service.hours.all(), town.hours[service.slug], service=service)
    town.agenda.slug = AGENDA
    town.agenda.service = next(one for one in services if one.slug == town.agenda_service)
    agenda = _same(Agenda.objects.filter(slug=AGENDA).first() or Agenda(), town.agenda)
    _leave(mairie, services)
    for officer in town.officers:
        same = Officer.objects.filter(name=officer.name, in_force_from=officer.in_force_from)
        _same(same.first() or Officer(), officer, leaving={"account"})
    PacsSettings.objects.update_or_create(
        pk=1, defaults={"agenda": agenda, "inherited_court": "", **town.pacs}
    )
    # Last: a file whose table is empty would bring the first town’s rows, which name others of it.
    call_command("load_fixtures", stdout=_Silence())
    _write_help(town)
    return mairie


def _is_in_use() -> bool:
    return any(
        model._default_manager.exists() for model in (Dossier, Registration, Demande, Appointment)
    )


def _of[M: models.Model](rows: Iterable[M], **owner: Any) -> list[M]:
    found = list(rows)
    for row in found:
        for name, value in owner.items():
            setattr(row, name, value)
    return found


def _values(row: models.Model, *, leaving: set[str]) -> dict[str, Any]:
    """What a row says, its key and what others write in it left out."""
    return {
        one.attname: one.to_python(getattr(row, one.attname))
        for one in row._meta.concrete_fields
        if not one.primary_key and one.name not in leaving
    }


def _same[M: models.Model](kept: M, wanted: M, *, leaving: set[str] = frozenset()) -> M:  # type: ignore[assignment]
    """The kept row, saved when it does not say what is wanted."""
    values = _values(wanted, leaving=leaving)
    if kept.pk is None or _values(kept, leaving=leaving) != values:
        for name, value in values.items():
            setattr(kept, name, value)
        kept.save()
    return kept


def _replace(kept: models.QuerySet[Any], wanted: Sequence[models.Model], **owner: Any) -> None:
    """Children that nothing else names: all written anew when one of them differs."""
    rows = _of(wanted, **owner)
    said = [_values(row, leaving=set()) for row in rows]
    there = [_values(row, leaving=set()) for row in kept.order_by("pk")]
    if there != said:
        kept.delete()
        for row in rows:
            row.save()


def _leave(mairie: Mairie, services: Sequence[Service]) -> None:
    """Let the services go that are no longer described."""
    for gone in mairie.services.exclude(pk__in=[one.pk for one in services]):
        try:
            gone.delete()
        except ProtectedError:
            raise TownInUse(
                f"Le service « {gone.label} » n’est plus décrit, mais un agenda s’en sert :"
                " gardez-le dans le fichier, ou changez d’abord le service de cet agenda au bureau."
            ) from None


def _write_help(town: Town) -> None:
    """France services as the town tells it; nothing of the first town's own address stays."""
    told = {"phone": "", "address": "", "hours": HOURS_VARY, "name": "France services"}
    Contact.objects.filter(pk=HELP).update(
        **told | town.france_services, source=USAGE, as_of=None, checked_on=None
    )
    PlanLine.objects.filter(source=FIRST_TOWN).update(source=USAGE, as_of=None)
    Source.objects.filter(pk=FIRST_TOWN).delete()


def write_colours(town: Town) -> bool:
    """Write the file that `build_assets` adds to the sheets; True when it changed."""
    path = settings.TOWN_STYLE
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    light, dark = (
        "\n".join(f"--{name}: {value};" for name, value in town.colours.get(scheme, {}).items())
        for scheme in ("light", "dark")
    )
    wanted = (
        f"@layer tokens {{\n:root {{\n{light}\n}}\n@media (prefers-color-scheme: dark) {{\n:root"
        f" {{\n{dark}\n}}\n}}\n}}\n"
        if town.colours
        else ""
    )
    if wanted == before:
        return False
    schemes.cache_clear()
    if wanted:
        path.write_text(wanted, encoding="utf-8")
    else:
        path.unlink()
    return True


def environment_of(town: Town) -> list[str]:
    """The lines that the environment of the service still lacks for this town."""
    wanted = {
        "TIME_ZONE": town.clock,
        "LEGAL_PUBLISHER": town.legal["editeur"],
        "LEGAL_HOST": town.legal["hebergeur"],
    }
    return [
        f"{name}={shlex.quote(value)}"
        for name, value in wanted.items()
        if getattr(settings, name) != value
    ]


class _Silence:
    def write(self, text: str) -> int:
        return len(text)
