"""Finding a dossier by what somebody says of it: name, reference, birth, phone, mail."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from demarches.rules.addresses import canonical_address
from demarches.rules.texts import name_words
from demarches.typed.people_search import LONGEST, MOST_WORDS, read_search
from pacs.models import Dossier, Partenaire, RegisteredPerson, Registration


@dataclass(frozen=True, slots=True)
class Found:
    """The dossiers, and what to tell of the search: a mistyped reference that was corrected."""

    rows: QuerySet[Dossier]
    said: str = ""


def find_dossiers(rows: QuerySet[Dossier], typed: str) -> Found:
    """Those of `rows` that this text is about; all of them for an empty one.

    Names are found by every word, which may also be part of a reference.
    """
    looked = read_search(typed)
    if looked.reference:
        return Found(rows.filter(reference=looked.reference), looked.said)
    if looked.address:
        return Found(_of_people(rows, _has_address(looked.address)))
    if looked.day:
        return Found(_of_people(rows, born_on(looked.day)))
    if looked.phone:
        return Found(_of_people(rows, Q(phone=looked.phone)))
    if looked.words:
        return Found(rows.filter(*(_about(word) for word in looked.words)))
    return Found(rows.none() if typed.strip() else rows)


def find_registrations(rows: QuerySet[Registration], typed: str) -> QuerySet[Registration]:
    """Those of the register with somebody born on this day, or of these names, or this number."""
    looked = read_search(typed)
    if looked.day:
        born = RegisteredPerson.objects.filter(born_on(looked.day))
        return rows.filter(pk__in=born.values("registration"))
    # A number of the register may look like a phone.
    for word in looked.words or name_words(typed[:LONGEST])[:MOST_WORDS]:
        named = RegisteredPerson.objects.filter(search_text__contains=word)
        rows = rows.filter(Q(pk__in=named.values("registration")) | Q(number__icontains=word))
    return rows


def born_on(day: date) -> Q:
    return Q(birth_year=day.year, birth_month=day.month, birth_day=day.day)


def _about(word: str) -> Q:
    """By one index, then by the other: an « or » would read every dossier."""
    named = Partenaire.objects.filter(search_text__contains=word).values("dossier")
    numbered = Dossier.objects.filter(reference__icontains=word).values("pk")
    return Q(pk__in=named.union(numbered))


def _of_people(rows: QuerySet[Dossier], condition: Q) -> QuerySet[Dossier]:
    return rows.filter(pk__in=Partenaire.objects.filter(condition).values("dossier"))


def _has_address(address: str) -> Q:
    return (
        Q(user__email=canonical_address(address))
        | Q(contact_email=canonical_address(address))
        | Q(invited_email=canonical_address(address))
    )
