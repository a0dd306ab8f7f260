"""Who may conclude a PACS, and whether this mairie is the right one: a decision table.

Codes B01 to B08 and R01 to R05: domain reference, section 6.2 (Code civil, art. 414, 461, 462,
515-1 to 515-3; fiches F1617 and F1618). Each outcome has its page, `pacs/results/<slug>.html`.
« A » codes are links the law does not name and that an agent looks at (ADR on routing).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pacs.rules.pieces import FOREIGN_RECORDS
from pacs.rules.situation import (
    AgeBand,
    Convention,
    CoupleInputs,
    Impediment,
    Kinship,
    Measure,
    PartenaireInputs,
    Record,
    Residence,
    Situation,
    YesNo,
)
from pacs.rules.validity import add_months

MAJORITY_YEARS = 18
#: Above it, nobody asks for a foreign majority: domain reference 7.2 names the ages 18 to 20.
FOREIGN_MAJORITY_DOUBT_YEARS = 21
FORBIDDEN_KINSHIP = frozenset(
    {Kinship.DIRECT, Kinship.DIRECT_ALLIANCE, Kinship.SIBLINGS, Kinship.UNCLE_AUNT}
)
UNCLEAR_MEASURES = frozenset({Measure.OTHER, Measure.UNKNOWN})
UNCLEAR_KINSHIP = frozenset({Kinship.ADOPTION, Kinship.UNKNOWN})


class Effect(StrEnum):
    """What an outcome does: the law forbids, another authority is competent, an agent looks."""

    BLOCK = "block"
    REDIRECT = "redirect"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class OutcomeType:
    """One row of the table."""

    code: str
    #: Names the page that explains it.
    slug: str
    effect: Effect
    title: str
    basis: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome for this couple; `holder` 0 for both, else the place of the partenaire."""

    type: OutcomeType
    holder: int = 0

    @property
    def stops(self) -> bool:
        """The dossier cannot be sent to this mairie."""
        return self.type.effect is not Effect.AGENT


MINOR = OutcomeType(
    "B01",
    "minor",
    Effect.BLOCK,
    "Il faut avoir 18 ans",
    "Code civil, art. 515-1 et 414",
    "Il faut avoir 18 ans pour conclure un Pacs, même après une émancipation.",
)
FOREIGN_MAJORITY = OutcomeType(
    "B02",
    "foreign_majority",
    Effect.AGENT,
    "Votre majorité est à vérifier",
    "Fiche Service-Public F1618 ; loi personnelle",
    "Votre pays peut fixer un autre âge de la majorité. La mairie le vérifiera avec votre"
    " certificat de coutume.",
)
ALREADY_MARRIED = OutcomeType(
    "B03",
    "already_married",
    Effect.BLOCK,
    "Une personne mariée ne peut pas se pacser",
    "Code civil, art. 515-2 2°",
    "Une personne mariée ne peut pas conclure de Pacs. Le mariage doit d’abord être dissous.",
)
ALREADY_PACSED = OutcomeType(
    "B04",
    "already_pacsed",
    Effect.BLOCK,
    "Un Pacs est déjà en cours",
    "Code civil, art. 515-2 3°",
    "Un Pacs vous lie déjà. Il doit être dissous avant d’en conclure un autre.",
)
KINSHIP = OutcomeType(
    "B05",
    "kinship",
    Effect.BLOCK,
    "Ce lien de famille ne le permet pas",
    "Code civil, art. 515-2 1°",
    "La loi interdit le Pacs entre personnes de la même famille à ce degré. Les cousins germains"
    " peuvent se pacser.",
)
WRONG_COMMUNE = OutcomeType(
    "B06",
    "wrong_commune",
    Effect.REDIRECT,
    "Une autre mairie est compétente",
    "Code civil, art. 515-3 al. 1",
    "Le Pacs se fait dans la commune de votre adresse commune ou, quand un empêchement grave vous"
    " empêche d’en avoir une, dans la commune où habite l’un de vous. Adressez-vous à cette mairie,"
    " ou à un notaire.",
)
NOTARY_CONVENTION = OutcomeType(
    "B07",
    "notary_convention",
    Effect.REDIRECT,
    "Le notaire enregistre votre Pacs",
    "Code civil, art. 515-3 al. 5",
    "Une convention passée devant notaire est enregistrée par le notaire, pas par la mairie.",
)
RESIDENCE_ABROAD = OutcomeType(
    "B08",
    "residence_abroad",
    Effect.REDIRECT,
    "L’ambassade ou le consulat est compétent",
    "Code civil, art. 515-3 al. 7",
    "Votre résidence commune est à l’étranger : contactez l’ambassade ou le consulat de France.",
)
OFFICER_TRAVELS = OutcomeType(
    "R01",
    "officer_travels",
    Effect.AGENT,
    "L’officier d’état civil peut se déplacer",
    "Code civil, art. 515-3 al. 2",
    "L’officier d’état civil peut se déplacer. Appelez la mairie pour l’organiser.",
)
OTHER_MEASURE = OutcomeType(
    "R02",
    "other_measure",
    Effect.AGENT,
    "Une mesure de protection à regarder ensemble",
    "Code civil, art. 461 et 462",
    "La mairie vous dira quels documents fournir pour votre mesure de protection.",
)
PROTECTOR_IS_PARTENAIRE = OutcomeType(
    "R03",
    "protector_is_partenaire",
    Effect.AGENT,
    "Une autre personne doit assister la personne protégée",
    "Code civil, art. 461 et 462, dernier alinéa",
    "Votre curateur ou tuteur ne peut pas vous assister s’il s’agit de votre futur partenaire.",
)
UNUSUAL_RECORD = OutcomeType(
    "R04",
    "unusual_record",
    Effect.AGENT,
    "Un acte de naissance à regarder ensemble",
    "Fiche Service-Public F1618",
    "Votre situation demande une vérification par la mairie.",
)
FOREIGN_PARTNERSHIP = OutcomeType(
    "R05",
    "foreign_partnership",
    Effect.AGENT,
    "Un partenariat enregistré à l’étranger",
    "Code civil, art. 515-7-1",
    "Votre situation demande une vérification par la mairie.",
)
UNCLEAR_LINK = OutcomeType(
    "A01",
    "unclear_link",
    Effect.AGENT,
    "Un lien de famille à regarder ensemble",
    "Code civil, art. 515-2 1°",
    "Un agent de la mairie regarde avec vous si ce lien empêche le Pacs.",
)
NO_COMMON_RESIDENCE = OutcomeType(
    "A02",
    "no_common_residence",
    Effect.AGENT,
    "Vous ne pouvez pas encore habiter ensemble",
    "Code civil, art. 515-3 al. 1",
    "Quand un empêchement grave empêche d’habiter ensemble, la mairie de l’un de vous est"
    " compétente. Un agent le vérifie avec vous.",
)
AGE_UNCERTAIN = OutcomeType(
    "A03",
    "age_uncertain",
    Effect.AGENT,
    "Une date de naissance incomplète",
    "Code civil, art. 515-1",
    "Votre date de naissance n’est connue qu’en partie : un agent vérifie que vous avez 18 ans.",
)

OUTCOME_TYPES: tuple[OutcomeType, ...] = (
    MINOR,
    FOREIGN_MAJORITY,
    ALREADY_MARRIED,
    ALREADY_PACSED,
    KINSHIP,
    WRONG_COMMUNE,
    NOTARY_CONVENTION,
    RESIDENCE_ABROAD,
    OFFICER_TRAVELS,
    OTHER_MEASURE,
    PROTECTOR_IS_PARTENAIRE,
    UNUSUAL_RECORD,
    FOREIGN_PARTNERSHIP,
    UNCLEAR_LINK,
    NO_COMMON_RESIDENCE,
    AGE_UNCERTAIN,
)

#: Not of the table above, for no answer gives it: the register of this mairie does. The couple
#: has no page about it, and never reads it: the line may be somebody else's.
IN_REGISTER = OutcomeType(
    "A04",
    "in_register",
    Effect.AGENT,
    "Peut-être déjà au registre",
    "Code civil, art. 515-2 3°",
    "Le registre a une ligne sans fin, au même nom et au même premier prénom, dont la date de"
    " naissance ne dit pas le contraire.",
)


def outcomes(couple: CoupleInputs, *, on: date) -> tuple[Outcome, ...]:
    """Every outcome for this couple if the PACS were registered on `on`.

    The ages count on that day, not on the day the dossier is sent. What is not answered yet
    gives no outcome.
    """
    found = [Outcome(kind) for kind in _about_couple(couple)]
    for holder, one in enumerate(couple.people, start=1):
        found.extend(Outcome(kind, holder) for kind in _about_person(one, on))
    return tuple(found)


def _about_couple(couple: CoupleInputs) -> Iterator[OutcomeType]:
    if couple.youngest is AgeBand.MINOR:
        yield MINOR
    if couple.kinship in FORBIDDEN_KINSHIP:
        yield KINSHIP
    if couple.kinship in UNCLEAR_KINSHIP:
        yield UNCLEAR_LINK
    if couple.convention is Convention.NOTARY:
        yield NOTARY_CONVENTION
    if couple.residence is Residence.ABROAD:
        yield RESIDENCE_ABROAD
    elif couple.impediment is Impediment.NO_COMMON_RESIDENCE:
        yield _without_common_residence(couple)
    elif couple.residence is Residence.ELSEWHERE:
        yield WRONG_COMMUNE
    if couple.impediment is Impediment.OFFICER_TRAVELS:
        yield OFFICER_TRAVELS


def _without_common_residence(couple: CoupleInputs) -> OutcomeType:
    """The mairie of either home is competent then; an agent looks at the impediment."""
    nobody_here = all(one.lives_here is YesNo.NO for one in couple.people)
    return WRONG_COMMUNE if nobody_here else NO_COMMON_RESIDENCE


def _about_person(one: PartenaireInputs, on: date) -> Iterator[OutcomeType]:
    yield from _about_age(one, on)
    if one.situation is Situation.MARRIED:
        yield ALREADY_MARRIED
    if one.situation is Situation.PACSED:
        yield ALREADY_PACSED
    if one.situation is Situation.FOREIGN_PARTNERSHIP:
        yield FOREIGN_PARTNERSHIP
    if one.measure in UNCLEAR_MEASURES:
        yield OTHER_MEASURE
    if one.protector_is_partenaire:
        yield PROTECTOR_IS_PARTENAIRE
    if _record_is_unusual(one):
        yield UNUSUAL_RECORD


def _record_is_unusual(one: PartenaireInputs) -> bool:
    """Born abroad with a record in a French commune, or French with a foreign record only."""
    if one.is_born_abroad is YesNo.YES and one.records == {Record.COMMUNE}:
        return True
    return one.is_foreign is YesNo.NO and one.records <= FOREIGN_RECORDS


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """An outcome that an age gives on every day before `until`, and on none from then on."""

    type: OutcomeType
    until: date


def age_limits(one: PartenaireInputs) -> tuple[AgeLimit, ...]:
    """What this person's date of birth gives, and until which day; nothing when it is unknown.

    In this order: too young for certain (CC, art. 515-1 and 414), perhaps too young (a date
    known in part), perhaps too young under another law (fiche F1618).
    """
    birth = one.birth_date
    if birth is None:
        return ()
    limits = [
        AgeLimit(MINOR, day_of_age(birth.earliest, MAJORITY_YEARS)),
        AgeLimit(AGE_UNCERTAIN, day_of_age(birth.latest, MAJORITY_YEARS)),
    ]
    if is_under_foreign_law(one):
        limits.append(
            AgeLimit(FOREIGN_MAJORITY, day_of_age(birth.latest, FOREIGN_MAJORITY_DOUBT_YEARS))
        )
    return tuple(limits)


def _about_age(one: PartenaireInputs, on: date) -> Iterator[OutcomeType]:
    if one.birth_date is None:
        if one.is_under_21 and is_under_foreign_law(one):
            yield FOREIGN_MAJORITY
        return
    for limit in age_limits(one):
        if on < limit.until:
            yield limit.type
            if limit.type is MINOR:
                return  # nobody looks at the rest of what cannot be


def is_under_foreign_law(one: PartenaireInputs) -> bool:
    """The law of their country says when they are of age; that of a refugee is the French one."""
    return one.is_foreign is YesNo.YES and not one.has_ofpra_status


def day_of_age(birth: date, years: int) -> date:
    """The day on which someone has that age; born on a 29 February, on 1 March in other years."""
    birthday = add_months(birth, 12 * years)
    if (birth.month, birth.day) == (2, 29) and birthday.day == 28:
        return birthday + timedelta(days=1)
    return birthday
