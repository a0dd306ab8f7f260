"""Finding a request for help by what somebody says of it: name, reference, phone, mail."""

from django.db.models import QuerySet

from demarches.rules.addresses import canonical_address
from demarches.rules.texts import searched_names
from demarches.typed.people_search import read_search
from vitale.models import Demande


def find_demandes(rows: QuerySet[Demande], typed: str) -> tuple[QuerySet[Demande], str]:
    """Those of `rows` that this text is about, and what to tell of the search.

    Names are compared here, folded as at the PACS desk: requests leave after some months, so few
    are ever kept, and no second copy of a name is.
    """
    looked = read_search(typed)
    if looked.reference:
        return rows.filter(reference=looked.reference), looked.said
    if looked.address:
        return rows.filter(email=canonical_address(looked.address)), ""
    if looked.phone:
        return rows.filter(phone=looked.phone), ""
    if not looked.words:
        return (rows.none() if typed.strip() else rows), ""
    named = [
        key
        for key, name, reference in rows.values_list("pk", "name", "reference")
        if all(word in f"{searched_names(name)} {reference.lower()}" for word in looked.words)
    ]
    return rows.filter(pk__in=named), ""
