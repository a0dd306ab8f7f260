"""Everything of a resident in their PACS dossiers: to read, to take away, and who looked at it.

The table of `pacs.rules.privacy` decides column by column; rows of the other partenaire are not
theirs and stay out, whatever the table lets them read of these elsewhere.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from demarches.mine import Look, Part, Section, section
from demarches.models import User
from pacs.access import owner_of, readable_columns, readable_messages
from pacs.models import Dossier, Message, Partenaire, Reading
from pacs.rules.privacy import COLUMNS

#: How a row leads to its dossier, where it is not by a column of that name.
PATHS = {
    "Dossier": "pk",
    "PieceFile": "piece__dossier",
    "RegisteredPerson": "registration__dossier",
    "LaterAct": "registration__dossier",
    "Avis": "registration__dossier",
}
#: Looks at lists and sheets, by the first word written down; the rest opened the dossier itself.
IN_PASSING = {Reading.LISTED, "feuille", "naissances", "avis", "plan"}


def parts(user: User) -> Iterator[Part]:
    """Each dossier of this account, with what is theirs or of both in it."""
    mine = Partenaire.objects.filter(user=user).select_related("dossier", "user")
    for one in mine.prefetch_related("dossier__partenaires").order_by("pk"):
        sections = [found for name in COLUMNS for found in _sections(name, one)]
        yield Part(f"Dossier de Pacs {one.dossier.reference}", one.dossier.reference, sections)


def _sections(name: str, reader: Partenaire) -> Iterator[Section]:
    model: Any = apps.get_model("pacs", name)
    rows: QuerySet[Any] = model.objects.filter(**{PATHS.get(name, "dossier"): reader.dossier_id})
    if model is Message:
        rows = readable_messages(reader)
    for row in rows.order_by("pk"):
        owner = owner_of(row)
        if owner is not None and owner.pk != reader.pk:
            continue
        if columns := readable_columns(row, reader=reader):
            yield section(row, [one for one in COLUMNS[name] if one in columns])


def looks(user: User) -> Iterator[Look]:
    """Who looked at these dossiers and at their line of the register: the day, and how near.

    Not which piece: it may be the other's. Not by name: an agent acts for the mairie, and the
    data-protection officer knows who it was (CJUE, 22 June 2023, C-579/21).
    """
    mine = Dossier.objects.filter(partenaires__user=user)
    found = Reading.objects.filter(Q(dossier__in=mine) | Q(registration__dossier__in=mine))
    for look in found.select_related("dossier", "registration__dossier"):
        dossier = look.dossier or getattr(look.registration, "dossier", None)
        if dossier is not None:
            passing = look.what.split(" ")[0] in IN_PASSING
            yield Look(look.at, dossier.reference, passing, look.agent_id)
