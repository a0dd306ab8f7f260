"""The file that describes a town (`manage.py nouvelle_mairie`): read, checked, never written.

Its words are French, since a mairie fills it in: `docs/deploy/mairie-exemple.toml` has them all.
What is wrong is told all at once, each fault with the line to correct.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models

from demarches.files.logo import Logo, read_logo
from demarches.files.uploads import UploadRefused
from demarches.mail.html import schemes
from demarches.models import Agenda, Entrance, Mairie, Officer, OpeningHours, Service
from demarches.rules import opening_hours
from demarches.rules.colours import TEXT_CONTRAST, contrast, is_colour
from demarches.rules.communes import commune_key, department_code_of
from demarches.rules.dates_fr import WEEKDAYS
from demarches.rules.holidays import LocalHolidays
from demarches.rules.phones import read_phone
from demarches.typed.communes import communes
from demarches.typed.phone_field import PhoneColumn
from pacs.models import PacsSettings
from vitale.models import Contact

#: By department: what the place adds to the national holidays, and its clock.
HOLIDAYS = {
    "971": LocalHolidays.GUADELOUPE,
    "972": LocalHolidays.MARTINIQUE,
    "973": LocalHolidays.GUYANE,
    "974": LocalHolidays.REUNION,
    "976": LocalHolidays.MAYOTTE,
}
CLOCKS = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}
ALSACE_MOSELLE = {"57", "67", "68"}
#: Tables of the file, and the column that each of their lines fills.
LINES: dict[str, dict[str, str]] = {
    "mairie": {
        "nom": "name",
        "commune": "commune",
        "code_insee": "insee_code",
        "adresse_postale": "postal_line",
        "code_postal": "postal_code",
        "bureau_distributeur": "postal_city",
        "telephone": "phone",
        "email": "email",
        "site": "website",
        "donnees_personnelles": "data_protection_contact",
    },
    "entrees": {
        "adresse": "street",
        "code_postal": "postal_code",
        "commune": "city",
        "precision": "note",
        "latitude": "latitude",
        "longitude": "longitude",
    },
    "services": {"identifiant": "slug", "nom": "label"},
    "agenda": {
        "nom": "label",
        "duree_minutes": "slot_minutes",
        "pause_minutes": "gap_minutes",
        "places": "capacity",
        "places_au_guichet": "counter_seats",
        "delai_jours": "lead_time_days",
        "delai_jours_etranger": "lead_time_days_foreign",
        "horizon_jours": "horizon_days",
    },
    "officiers": {
        "nom": "name",
        "qualite": "quality",
        "arrete": "act",
        "depuis": "in_force_from",
        "jusqu_au": "in_force_until",
    },
    "pacs": {"tribunal": "court", "ancien_tribunal": "inherited_court"},
    "france_services": {
        "nom": "name",
        "adresse": "address",
        "telephone": "phone",
        "horaires": "hours",
    },
}
#: Lines without a column of their own.
OTHERS = {
    "mairie": {"vendredi_saint", "fuseau"},
    "services": {"horaires"},
    "agenda": {"service"},
}
#: Lines that nobody may leave out although their column may be empty.
NEEDED = {"mairie": {"telephone", "donnees_personnelles"}, "pacs": {"tribunal"}}
LEGAL = ("editeur", "hebergeur")
#: A colour of the file, and the tokens of `static/css/tokens.css` that take it.
COLOURS = {"action": "action", "survol": "action-hover", "accent": "accent"}
LOGO = ("fichier", "texte")
LOGO_TEXT_LENGTH = 100
PARTS = {*LINES, "mentions_legales", "couleurs", "logo"}
MANY = {"entrees", "services", "officiers"}
HOURS = re.compile(
    rf"({'|'.join(WEEKDAYS)})(?:-({'|'.join(WEEKDAYS)}))?(?: ([1-5](?:,[1-5])*))?"
    r"((?: \d{1,2}:\d\d-\d{1,2}:\d\d)+)"
)
#: Signs that nobody types; a database refuses the first of them.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
HOURS_EXAMPLE = "« lundi-jeudi 08:00-12:00 13:30-17:00 » ou « samedi 1,3 09:00-12:00 »"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to correct: where (« mairie.telephone », « services.2.horaires »), and why."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where} : {self.why}"


class TownRefused(ValueError):
    """The file cannot be used as it is; `faults` says everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass
class Town:
    """A town as the file describes it: rows that nobody has saved yet."""

    mairie: Mairie
    entrances: list[Entrance]
    services: list[Service]
    hours: dict[str, list[OpeningHours]]
    agenda: Agenda
    agenda_service: str
    officers: list[Officer]
    pacs: dict[str, str]
    france_services: dict[str, str]
    clock: str
    legal: dict[str, str]
    #: Tokens by scheme, « light » and « dark »; empty: the portal's own.
    colours: dict[str, dict[str, str]]
    logo: Logo | None


def read_town(given: Mapping[str, Any], *, folder: Path) -> Town:
    """The town of a parsed file. Raises `TownRefused` with every fault at once.

    `folder`: from where the file names its logo.
    """
    reader = _Reader(given, folder)
    town = reader.town()
    if reader.faults:
        raise TownRefused(reader.faults)
    return town


class _Reader:
    """Reads each part, and notes what is wrong instead of stopping there."""

    def __init__(self, given: Mapping[str, Any], folder: Path) -> None:
        self.given = given
        self.folder = folder
        self.faults: list[Fault] = []

    def town(self) -> Town:
        for name in given_but_unknown(self.given, PARTS):
            self.fault(name, f"cette partie n’existe pas. Parties connues : {_list(PARTS)}.")
        mairie, clock = self.mairie()
        services = self.rows("services", Service, exclude=("mairie", "position"))
        hours = self.hours()
        if not services:
            self.fault("services", "décrivez au moins un service, avec ses horaires.")
        entrances = self.rows("entrees", Entrance, exclude=("mairie", "position"))
        if not entrances:
            self.fault("entrees", "donnez au moins une entrée : là où l’on vient.")
        for rank, service in enumerate(services, start=1):
            service.position = rank
        for rank, entrance in enumerate(entrances, start=1):
            entrance.position = rank
        agenda, agenda_service = self.agenda({one.slug for one in services})
        return Town(
            mairie=mairie,
            entrances=entrances,
            services=services,
            hours=hours,
            agenda=agenda,
            agenda_service=agenda_service,
            officers=self.rows("officiers", Officer, exclude=("account",)),
            pacs=self.columns("pacs", PacsSettings),
            france_services=self.columns("france_services", Contact, exclude=("source", "key")),
            clock=clock,
            legal=self.legal(),
            colours=self.colours(),
            logo=self.logo(),
        )

    # Parts

    def mairie(self) -> tuple[Mairie, str]:
        row = self.row("mairie", Mairie, self.table("mairie"), exclude=("local_holidays",))
        department = department_code_of(row.insee_code)
        # Without a code nobody knows which holidays it has: that is no second fault.
        if row.insee_code and not self.has_fault("mairie.code_insee"):
            row.local_holidays = self.holidays(department).value
            found = communes().coded(row.insee_code)
            if found is None:
                self.fault("mairie.code_insee", "ce code n’est celui d’aucune commune.")
            elif commune_key(found.name) != commune_key(row.commune):
                self.fault("mairie.code_insee", f"ce code est celui de {found}.")
        if not isinstance(self.table("mairie").get("fuseau", ""), str):
            self.fault("mairie.fuseau", "écrivez un nom, par exemple « Pacific/Noumea ».")
        clock = self.text("mairie", "fuseau") or CLOCKS.get(department, "")
        if not clock and department.startswith(("97", "98")):
            self.fault("mairie.fuseau", "donnez l’heure locale, par exemple « Pacific/Noumea ».")
        elif clock and clock not in available_timezones():
            self.fault("mairie.fuseau", f"« {clock} » n’est pas un fuseau horaire connu.")
        return row, clock or "Europe/Paris"

    def holidays(self, department: str) -> LocalHolidays:
        told = self.table("mairie").get("vendredi_saint")
        if department not in ALSACE_MOSELLE:
            if told is not None:
                self.fault(
                    "mairie.vendredi_saint",
                    "cette ligne ne vaut que dans le Bas-Rhin, le Haut-Rhin et la Moselle :"
                    " retirez-la.",
                )
            return HOLIDAYS.get(department, LocalHolidays.NATIONAL)
        if not isinstance(told, bool):
            self.fault(
                "mairie.vendredi_saint",
                "écrivez true si la commune a un temple protestant ou une église mixte, sinon"
                " false (Code du travail, art. L3134-13).",
            )
        return (
            LocalHolidays.ALSACE_MOSELLE_GOOD_FRIDAY
            if told is True
            else LocalHolidays.ALSACE_MOSELLE
        )

    def hours(self) -> dict[str, list[OpeningHours]]:
        found: dict[str, list[OpeningHours]] = {}
        for rank, table in enumerate(self.tables("services")):
            where = f"services.{rank + 1}.horaires"
            lines = table.get("horaires")
            if not isinstance(lines, list) or not lines:
                self.fault(where, f"donnez une liste d’horaires, comme {HOURS_EXAMPLE}.")
                continue
            rows = [row for line in lines for row in self.spans(where, line)]
            if pair := opening_hours.conflict([row.as_rule() for row in rows]):
                self.fault(where, f"deux horaires du {WEEKDAYS[pair[0].weekday]} se chevauchent.")
            slug = str(table.get("identifiant", "")).strip()  # as `_value` reads it
            if slug in found:
                self.fault(f"services.{rank + 1}.identifiant", f"« {slug} » sert déjà plus haut.")
            found[slug] = rows
        return found

    def spans(self, where: str, line: Any) -> Iterator[OpeningHours]:
        """The rows of « lundi-jeudi 08:00-12:00 13:30-17:00 »."""
        match = HOURS.fullmatch(" ".join(line.split())) if isinstance(line, str) else None
        if match is None:
            self.fault(where, f"« {line} » ne se lit pas. Écrivez {HOURS_EXAMPLE}.")
            return
        first = WEEKDAYS.index(match[1])
        last = WEEKDAYS.index(match[2] or match[1])
        if last < first:
            self.fault(where, f"« {line} » : le second jour vient avant le premier.")
        try:
            ends = [time.fromisoformat(end.zfill(5)) for end in re.split("[ -]", match[4].strip())]
        except ValueError:
            self.fault(where, f"« {line} » : une heure va de 0:00 à 23:59.")
            return
        spans = list(zip(ends[::2], ends[1::2], strict=True))
        if any(closes <= opens for opens, closes in spans) or any(
            later[0] < earlier[1] for earlier, later in pairwise(spans)
        ):
            self.fault(where, f"« {line} » : les heures ne se suivent pas.")
            return
        weeks = ",".join(sorted(set((match[3] or "").split(",")) - {""}))
        for weekday in range(first, last + 1):
            for opens, closes in spans:
                yield OpeningHours(weekday=weekday, opens=opens, closes=closes, weeks=weeks)

    def agenda(self, slugs: set[str]) -> tuple[Agenda, str]:
        service = self.text("agenda", "service")
        if service not in slugs:
            known = _list(slugs) or "aucun"
            self.fault("agenda.service", f"nommez l’identifiant d’un service : {known}.")
        table = self.table("agenda")
        return self.row("agenda", Agenda, table, exclude=("service", "slug")), service

    def legal(self) -> dict[str, str]:
        where, table = "mentions_legales", self.table("mentions_legales")
        for name in given_but_unknown(table, LEGAL):
            self.unknown(f"{where}.{name}", LEGAL)
        for name in LEGAL:
            if not (said := self.text(where, name)):
                self.fault(f"{where}.{name}", "à remplir : la loi veut que ce soit dit.")
            elif "\n" in said or CONTROL.search(said):
                # It goes into the environment, where a line is a line.
                self.fault(f"{where}.{name}", "écrivez-le sur une seule ligne.")
        return {name: self.text(where, name) for name in LEGAL}

    def logo(self) -> Logo | None:
        for name in given_but_unknown(self.table("logo"), LOGO):
            self.unknown(f"logo.{name}", LOGO)
        name, text = (self.text("logo", line) for line in LOGO)
        if not name and not text:
            return None
        if not name:
            self.fault("logo.fichier", "donnez l’image, ou retirez cette partie.")
        if not text:
            self.fault("logo.texte", "dites ce que l’image montre, à qui ne la voit pas.")
        elif len(text) > LOGO_TEXT_LENGTH or "\n" in text or CONTROL.search(text):
            self.fault("logo.texte", f"une ligne, {LOGO_TEXT_LENGTH} signes au plus.")
        if not name:
            return None
        try:
            return read_logo(self.folder / name, text)
        except UploadRefused as refused:
            self.fault("logo.fichier", refused.message)
        except (OSError, ValueError):
            self.fault("logo.fichier", f"« {name} » ne s’ouvre pas.")
        return None

    def colours(self) -> dict[str, dict[str, str]]:
        table = self.table("couleurs")
        if not table:
            return {}
        night = table.get("sombre", {})
        found = {}
        for scheme, where, given, grounds in zip(
            ("light", "dark"),
            ("couleurs", "couleurs.sombre"),
            ({name: one for name, one in table.items() if name != "sombre"}, night),
            schemes(),
            strict=True,
        ):
            found[scheme] = self.scheme(where, given if isinstance(given, dict) else {}, grounds)
        # Shutters are drawn in the colours of the day at night too: nothing is written on them.
        light, dark = found["light"], found["dark"]
        if {"action", "action-hover"} <= light.keys():
            light["foot"] = light["action-hover"]
            for tokens in (light, dark):
                tokens["shutter"], tokens["slat"] = light["action"], light["foot"]
        return found

    def scheme(
        self, where: str, given: Mapping[str, Any], grounds: Mapping[str, str]
    ) -> dict[str, str]:
        for name in given_but_unknown(given, COLOURS):
            self.unknown(f"{where}.{name}", [*COLOURS, "sombre"])
        found = {}
        for name, token in COLOURS.items():
            colour = given.get(name)
            if not isinstance(colour, str) or not is_colour(colour):
                self.fault(f"{where}.{name}", "écrivez une couleur comme « #0b5d57 ».")
                continue
            found[token] = colour
            on = [("le fond", grounds["ground"]), ("les cadres", grounds["surface"])]
            if name != "accent":
                on.append(("le texte des boutons", grounds["on_action"]))
            for ground, under in on:
                ratio = contrast(colour, under)
                if ratio < TEXT_CONTRAST:
                    self.fault(
                        f"{where}.{name}",
                        f"{colour} se lit mal avec {ground} ({under}) : contraste de"
                        f" {_figure(ratio)}, il en faut {_figure(TEXT_CONTRAST)}.",
                    )
        return found

    # Tables and lines

    def table(self, part: str) -> Mapping[str, Any]:
        found = self.given.get(part, {})
        if isinstance(found, dict):
            return found
        self.fault(part, f"écrivez « [{part}] » une fois, puis ses lignes.")
        return {}

    def tables(self, part: str) -> list[Mapping[str, Any]]:
        found = self.given.get(part, [])
        if isinstance(found, list) and all(isinstance(one, dict) for one in found):
            return found
        if not self.has_fault(part):
            self.fault(part, f"écrivez « [[{part}]] » devant chacun, avec deux crochets.")
        return []

    def text(self, part: str, name: str) -> str:
        found = self.table(part).get(name, "")
        return found.strip() if isinstance(found, str) else ""

    def rows[M: models.Model](
        self, part: str, model: type[M], *, exclude: tuple[str, ...]
    ) -> list[M]:
        return [
            self.row(part, model, table, exclude=exclude, rank=rank + 1)
            for rank, table in enumerate(self.tables(part))
        ]

    def columns(
        self, part: str, model: type[models.Model], *, exclude: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """The columns that a part fills of a row that has others."""
        table = self.table(part)
        given = {column for line, column in LINES[part].items() if line in table}
        row = self.row(part, model, table, only=given)
        return {column: getattr(row, column) for column in given}

    def row[M: models.Model](
        self,
        part: str,
        model: type[M],
        table: Mapping[str, Any],
        *,
        exclude: tuple[str, ...] = (),
        only: set[str] | None = None,
        rank: int = 0,
    ) -> M:
        """A row made of the lines of a table, checked by the model's own rules."""
        where = f"{part}.{rank}" if rank else part
        lines = LINES[part]
        known = [*lines, *sorted(OTHERS.get(part, ()))]
        for name in given_but_unknown(table, known):
            self.unknown(f"{where}.{name}", known)
        for name in NEEDED.get(part, ()):
            if not table.get(name):
                self.fault(f"{where}.{name}", "à remplir.")
        given = {}
        for name, column in lines.items():
            if name not in table:
                continue
            try:
                given[column] = _value(model, column, table[name])
            except ValueError as refused:
                self.fault(f"{where}.{name}", str(refused))
        row = model(**given)
        left_out = set(exclude)
        if only is not None:
            left_out = {one.name for one in model._meta.fields} - only
        # What could not be read is missing from the row: that is the same fault.
        left_out |= {lines[name] for name in lines if self.has_fault(f"{where}.{name}")}
        try:
            row.clean_fields(exclude=left_out)
            row.validate_constraints(exclude=left_out | {"insee_code"})
        except ValidationError as refused:
            self.refused(where, lines, table, refused)
        return row

    def refused(
        self,
        where: str,
        lines: Mapping[str, str],
        table: Mapping[str, Any],
        refused: ValidationError,
    ) -> None:
        """What the model says, under the name that the line has in the file."""
        names = {column: name for name, column in lines.items()}
        for column, messages in refused.message_dict.items():
            place = f"{where}.{names[column]}" if column in names else where
            is_missing = column in names and names[column] not in table
            if not self.has_fault(place):
                self.fault(place, "à remplir." if is_missing else messages[0])

    def unknown(self, where: str, known: Iterable[str]) -> None:
        self.fault(where, f"cette ligne n’existe pas. Lignes connues : {_list(known)}.")

    def fault(self, where: str, why: str) -> None:
        self.faults.append(Fault(where, why))

    def has_fault(self, where: str) -> bool:
        return any(one.where == where for one in self.faults)


def given_but_unknown(given: Mapping[str, Any], known: Container[str]) -> list[str]:
    """The names of a table that mean nothing here: a slip must not pass for a line left out."""
    return [name for name in given if name not in known]


def _value(model: type[models.Model], column: str, given: Any) -> Any:
    """What the column takes. Raises ValueError, with words, for another sort of value."""
    kind = model._meta.get_field(column)
    if isinstance(kind, models.DateField):
        is_right = type(given) is date
    elif isinstance(kind, models.IntegerField):
        is_right = type(given) is int
    elif isinstance(kind, models.DecimalField):
        is_right = type(given) in {int, float}
        given = str(given)
    else:
        is_right = isinstance(given, str)
    if not is_right:
        raise ValueError(f"« {given} » n’est pas écrit comme il faut.")
    if isinstance(given, str) and CONTROL.search(given):
        raise ValueError("ce texte contient un signe invisible : tapez-le à nouveau.")
    if isinstance(kind, PhoneColumn) and given.strip():
        read_phone(given)
    return given.strip() if isinstance(given, str) else given


def _figure(number: float) -> str:
    return f"{number:.1f}".replace(".", ",")


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
