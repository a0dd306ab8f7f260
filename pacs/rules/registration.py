"""The register: its number, the avis that follow, and what later changes a PACS.

Sources: décret 2006-1806, art. 1 to 7; Code civil, art. 49, 515-3, 515-3-1 and 515-7; fiches
F1618, F1619 and F1620. The four parts of the number: domain reference 4.1, step 8.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from demarches.rules.communes import Commune, commune_key, of_place
from demarches.rules.texts import letters_of, name_words
from pacs.rules.countries import FRENCH_TERRITORIES
from pacs.rules.situation import PartialDate

NUMBER = re.compile(r"^\s*(\d[\dAB]\d{3})\s*-\s*(\d{4})\s*-\s*(\d{1,3})\s*-\s*(\d{1,6})\s*$", re.I)
#: U+2010 to U+2015 and the minus sign, as word processors write a hyphen.
HYPHENS = re.compile("[\u2010-\u2015\u2212]")
#: Code civil, art. 49: the mention is made within three days.
AVIS_DAYS = 3
#: Loi n° 99-944 of that day: no PACS is older.
PACS_SINCE = date(1999, 11, 15)
SCEC = "Service central d’état civil (SCEC)"
SCEC_ADDRESS = "Nantes"


@dataclass(frozen=True, slots=True, order=True)
class RegisterNumber:
    """INSEE code of the commune, year, number of the office, rank in the year."""

    insee_code: str
    year: int
    office: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.insee_code}-{self.year}-{self.office}-{self.sequence:04d}"


def parse_number(text: str) -> RegisterNumber | None:
    """The number as people write it, or None."""
    found = NUMBER.match(text)
    if found is None:
        return None
    insee, year, office, sequence = found.groups()
    return RegisterNumber(insee.upper(), int(year), int(office), int(sequence))


def written_number(text: str) -> str:
    """A number as the register keeps it: this register's own form, or one hyphen and one space.

    « TI–77 » and « TI-77 » are one number.
    """
    plain = " ".join(HYPHENS.sub("-", text).split())
    ours = parse_number(plain)
    return plain if ours is None else str(ours)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who holds the birth record, and so receives the avis."""

    name: str
    address: str


def avis_recipient(*, birth_country: str, birth_city: str, birth_department: str) -> Recipient:
    """The mairie of birth, overseas too; for a birth abroad, the service in Nantes.

    The latter holds the records of the French born abroad, and the register of the PACS of
    foreigners born abroad (décret 2006-1806, art. 6; CC, art. 515-3-1).
    """
    if birth_country in FRENCH_TERRITORIES:
        department = f" ({birth_department})" if birth_department else ""
        return Recipient(f"Mairie {of_place(birth_city)}{department}", "")
    return Recipient(SCEC, SCEC_ADDRESS)


def is_held_here(
    *, birth_country: str, birth_city: str, birth_department: str, here: Commune, is_only: bool
) -> bool:
    """Whether the birth record is one of this mairie's: no avis goes from a mairie to itself.

    `here`: the commune of the mairie. `is_only`: no other commune bears its name. When the
    department is not known and another commune has the name, the answer is no: an avis too many
    does no harm, one that is missing does.
    """
    if birth_country not in FRENCH_TERRITORIES or commune_key(birth_city) != commune_key(here.name):
        return False
    department = commune_key(birth_department)
    if not department:
        return is_only
    return department in {commune_key(here.department), commune_key(here.department_code)}


def avis_due_on(registered_on: date) -> date:
    """The last day for the avis (CC, art. 49)."""
    return registered_on + timedelta(days=AVIS_DAYS)


def opposable_on(mentioned: Iterable[date | None]) -> date | None:
    """The day from which third parties are bound: when the publicity is complete.

    CC, art. 515-3-1. None while a mention is missing; never the day of the registration itself
    unless every mention was made that day.
    """
    days = list(mentioned)
    known = [day for day in days if day is not None]
    return max(known) if days and len(known) == len(days) else None


class ActKind(StrEnum):
    """What may happen to a registered PACS."""

    MODIFICATION = "modification"
    JOINT = "dissolution_conjointe"
    UNILATERAL = "dissolution_unilaterale"
    MARRIAGE = "dissolution_mariage"
    DEATH = "dissolution_deces"


@dataclass(frozen=True, slots=True)
class ActRule:
    """One kind of later act: what it needs, who brings it, when it takes effect."""

    kind: ActKind
    label: str
    who: str
    #: (code, what the mairie must have in hand).
    pieces: tuple[tuple[str, str], ...]
    #: The date of effect is the day of the event (marriage, death), else the registration.
    takes_effect_on_event: bool
    ends_the_pacs: bool
    basis: str


_IDENTITIES = ("identites", "Photocopie d’une pièce d’identité de chacun")
ACT_RULES: tuple[ActRule, ...] = (
    ActRule(
        ActKind.MODIFICATION,
        "Modification de la convention",
        "Les deux partenaires, ensemble ou par lettre recommandée",
        (
            ("declaration", "Déclaration conjointe de modification (cerfa 15790), signée des deux"),
            ("convention", "Convention modificative, datée et signée des deux"),
            _IDENTITIES,
        ),
        takes_effect_on_event=False,
        ends_the_pacs=False,
        basis="Code civil, art. 515-3 ; décret 2006-1806, art. 2 ; fiche F1619",
    ),
    ActRule(
        ActKind.JOINT,
        "Dissolution par déclaration conjointe",
        "Les deux partenaires, en personne ou par lettre recommandée",
        (
            ("declaration", "Déclaration conjointe de dissolution (cerfa 15789), signée des deux"),
            _IDENTITIES,
        ),
        takes_effect_on_event=False,
        ends_the_pacs=True,
        basis="Code civil, art. 515-7 ; décret 2006-1806, art. 4 ; fiche F1620",
    ),
    ActRule(
        ActKind.UNILATERAL,
        "Dissolution à la demande d’un seul",
        "Le commissaire de justice, qui signifie la décision à l’autre",
        (("signification", "Copie de l’acte signifié par le commissaire de justice"),),
        takes_effect_on_event=False,
        ends_the_pacs=True,
        basis="Code civil, art. 515-7 ; décret 2006-1806, art. 5 ; fiche F1620",
    ),
    ActRule(
        ActKind.MARRIAGE,
        "Dissolution par mariage",
        "L’officier d’état civil qui tient l’acte de naissance",
        (("avis", "Avis de mariage"),),
        takes_effect_on_event=True,
        ends_the_pacs=True,
        basis="Code civil, art. 515-7 ; décret 2006-1806, art. 3",
    ),
    ActRule(
        ActKind.DEATH,
        "Dissolution par décès",
        "L’officier d’état civil qui tient l’acte de naissance",
        (("avis", "Avis de décès"),),
        takes_effect_on_event=True,
        ends_the_pacs=True,
        basis="Code civil, art. 515-7 ; décret 2006-1806, art. 3",
    ),
)


def act_rule(kind: str) -> ActRule:
    """The rule of a kind of act; raises `ValueError` for another word."""
    wanted = ActKind(kind)
    return next(rule for rule in ACT_RULES if rule.kind is wanted)


#: What an act that comes by notice tells of.
_EVENTS = {ActKind.MARRIAGE: "le mariage", ActKind.DEATH: "le décès"}


def too_early(kind: str, *, received_on: date, event_on: date | None) -> str:
    """Why these two days cannot both be true, in French; empty when they can."""
    event = _EVENTS.get(ActKind(kind))
    if event is None or event_on is None or received_on >= event_on:
        return ""
    return f"L’avis est reçu avant {event} : vérifiez les deux dates."


#: The article of décret 2006-1806 by which the mairie informs of an end that it registers.
_INFORMS = {ActKind.MARRIAGE: 3, ActKind.DEATH: 3, ActKind.UNILATERAL: 5}


def informing_article(kind: str) -> int | None:
    """By which article the mairie writes to the partners; None when both declared it themselves."""
    return _INFORMS.get(ActKind(kind))


def informed_places(kind: str, deceased: int | None) -> frozenset[int]:
    """The places, 1 or 2, of whom the mairie writes to: both, or the survivor after a death.

    `deceased`: the place of whoever died; None while it is not known, and either may be the one.
    """
    if informing_article(kind) is None:
        return frozenset()
    return frozenset({1, 2}) - {deceased}


def effect_day(rule: ActRule, *, registered_on: date, event_on: date | None) -> date:
    """The day of effect between the partners (CC, art. 515-3-1 and 515-7)."""
    if rule.takes_effect_on_event:
        if event_on is None:
            raise ValueError("the date of the event is needed")
        return event_on
    return registered_on


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, as they were called that day; `act` is the arrêté of a delegation, or empty."""

    name: str
    quality: str
    act: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.quality) if part)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as a birth record or a line of the register has it."""

    birth_name: str
    first_names: str
    birth_date: PartialDate | None = None


class Likeness(StrEnum):
    """Whether two identities are of one person."""

    SAME = "same"
    #: A part of a date or of the first names is missing: somebody has to look.
    PERHAPS = "perhaps"
    OTHER = "other"


def likeness(one: Identity, other: Identity) -> Likeness:
    """Compare two identities by the letters of the names and by what is known of the dates.

    An apostrophe, a hyphen or « œ » may be written otherwise, an old line may have the first
    prénom alone, and a date may be known in part: what is missing does not tell two people apart.
    """
    if letters_of(one.birth_name) != letters_of(other.birth_name):
        return Likeness.OTHER
    is_spelled_alike = letters_of(one.first_names) == letters_of(other.first_names)
    first, theirs_first = (name_words(who.first_names)[:1] for who in (one, other))
    if first != theirs_first and not is_spelled_alike:
        return Likeness.OTHER
    mine, theirs = one.birth_date, other.birth_date
    if mine is None or theirs is None:
        return Likeness.PERHAPS
    if not mine.agrees_with(theirs):
        return Likeness.OTHER
    is_certain = is_spelled_alike and mine.is_whole and theirs.is_whole
    return Likeness.SAME if is_certain else Likeness.PERHAPS
