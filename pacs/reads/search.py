"""Finding a dossier by what somebody says of it: name, reference, birth, phone, mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from demarches.rules.addresses import canonical_address
from demarches.rules.reference import may_hold
from demarches.rules.texts import name_words
from demarches.typed.people_search import LONGEST, MOST_WORDS, read_search
from pacs.models import Dossier, Partenaire, RegisteredPerson, Registration

#: People whose dossiers a search of names leads to: nobody reads more, one types another word.
MOST_PEOPLE = 200
TOO_MANY = (
    f"Plus de {MOST_PEOPLE} personnes ou références correspondent : voici les dossiers des"
    f" {MOST_PEOPLE} dernières inscrites. Pour trouver les autres, ajoutez un prénom, ou cherchez"
    " une date de naissance."
)


@dataclass(frozen=True, slots=True)
class Found:
    """The dossiers, and what to tell of the search: a reference that was corrected, or a bound.

    `count`: how many they are, where that is known; `has_more`: others match, which are not there.
    """

    rows: QuerySet[Dossier]
    said: str = ""
    count: int | None = None
    has_more: bool = False


def find_dossiers(rows: QuerySet[Dossier], typed: str) -> Found:
    """Those of `rows` that this text is about; all of them for an empty one.

    Names are found by every word, which may also be part of a reference: the dossiers of the
    `MOST_PEOPLE` latest people at most, and it is said when there are more. A reference, a mail,
    a day of birth and a phone have no such bound.
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
        return _by_words(rows, looked.words)
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


def _by_words(rows: QuerySet[Dossier], words: Sequence[str]) -> Found:
    """The dossiers that hold every word, from the latest people down to a bound.

    The longest word leads, and the others are asked of its dossiers alone: what few people are
    called is found by its letters, what many are called by reading the latest ones.
    """
    lead, *others = sorted(words, key=lambda word: (_in_references(word), -len(word)))
    wanted = rows.order_by().filter(*(_about(word) for word in others))
    named = Partenaire.objects.filter(search_text__contains=lead, dossier__in=wanted.values("pk"))
    read = [list(named.order_by("-pk").values_list("dossier", flat=True)[: MOST_PEOPLE + 1])]
    if _in_references(lead):
        numbered = wanted.filter(reference__icontains=lead).order_by("-pk")
        read.append(list(numbered.values_list("pk", flat=True)[: MOST_PEOPLE + 1]))
    has_more = any(len(some) > MOST_PEOPLE for some in read)
    keys = {key for some in read for key in some[:MOST_PEOPLE]}
    said = TOO_MANY if has_more else ""
    return Found(rows.filter(pk__in=sorted(keys)), said, len(keys), has_more)


def _in_references(word: str) -> bool:
    return may_hold(Dossier.REFERENCE_PREFIX, word)


def _about(word: str) -> Q:
    named = Q(Exists(Partenaire.objects.filter(dossier=OuterRef("pk"), search_text__contains=word)))
    return named | Q(reference__icontains=word) if _in_references(word) else named


def _of_people(rows: QuerySet[Dossier], condition: Q) -> QuerySet[Dossier]:
    return rows.filter(pk__in=Partenaire.objects.filter(condition).values("dossier"))


def _has_address(address: str) -> Q:
    return (
        Q(user__email=canonical_address(address))
        | Q(contact_email=canonical_address(address))
        | Q(invited_email=canonical_address(address))
    )
