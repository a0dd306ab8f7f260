"""The table of communes that comes with the product: read once a process, written by a command."""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.conf import settings

from demarches.rules.communes import Commune, Communes, department_code_of

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "communes"
COMMUNES, DEPARTMENTS = FOLDER / "communes.csv", FOLDER / "departements.csv"
#: Order in which rows of one name are kept: the commune of today before its parts.
KINDS = ("commune-actuelle", "arrondissement-municipal", "commune-deleguee", "commune-associee")


@cache
def communes() -> Communes:
    """Every commune, with the name of its department; some 37,000 rows."""
    with DEPARTMENTS.open(encoding="utf-8", newline="") as lines:
        departments = {row["code"]: row["nom"] for row in csv.DictReader(lines)}
    with COMMUNES.open(encoding="utf-8", newline="") as lines:
        return Communes(
            Commune(
                code=row["code"],
                name=row["nom"].replace("'", "’").replace(" Arrond", " arrond"),
                department_code=(of := department_code_of(row["code"])),
                department=departments.get(of, "").replace("'", "’"),
            )
            for row in csv.DictReader(lines)
        )


def refresh_communes(source: Path) -> int:
    """Rewrite the table from a folder with `communes.csv` and `departements.csv`.

    The columns read are those of `@etalab/decoupage-administratif` once written as CSV: code,
    nom, type. Returns the number of communes written.

    Raises KeyError when a column is missing, OSError when a file cannot be read: nothing is
    written then.
    """
    with (source / "communes.csv").open(encoding="utf-8", newline="") as lines:
        rows = [
            (KINDS.index(row["type"]), row["code"], row["nom"]) for row in csv.DictReader(lines)
        ]
    with (source / "departements.csv").open(encoding="utf-8", newline="") as lines:
        departments = [(row["code"], row["nom"]) for row in csv.DictReader(lines)]
    FOLDER.mkdir(exist_ok=True)
    _write(COMMUNES, ("code", "nom"), (row[1:] for row in sorted(rows)))
    _write(DEPARTMENTS, ("code", "nom"), departments)
    communes.cache_clear()
    return len(rows)


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
