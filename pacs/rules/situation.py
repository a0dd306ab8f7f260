"""A couple's situation: what people answer, and what the engine derives from it.

People answer simple questions (« Votre commune de naissance », « Votre situation »), and
« je ne sais pas » is an answer. `derive_inputs` turns the answers into the engine's inputs
(who holds the birth record, whether the mairie can check it by itself). Slugs of the inputs:
domain reference, section 6.1.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from demarches.rules.enums import LabelledStrEnum
from pacs.rules.countries import EU_CODES, FRANCE, FRENCH_TERRITORIES

#: Stands among the connected communes when the Nantes service can be queried too.
SCEC_CODE = "SCEC"


class Residence(LabelledStrEnum):
    """Where the common residence will be on the day of registration (CC 515-3)."""

    HERE = "ici", "Dans cette commune"
    ELSEWHERE = "autre_commune", "Dans une autre commune de France"
    ABROAD = "etranger", "À l’étranger"
    UNKNOWN = "inconnu", "Nous ne savons pas encore"


class Impediment(LabelledStrEnum):
    """Empêchement grave (CC 515-3 al. 1 and 2)."""

    NONE = "aucun", "Non"
    OFFICER_TRAVELS = "deplacement_partenaire", "Oui, l’un de nous ne peut pas se déplacer"
    NO_COMMON_RESIDENCE = (
        "residence_non_fixable",
        "Oui, nous ne pouvons pas encore habiter ensemble",
    )


class Convention(LabelledStrEnum):
    """Who writes the convention."""

    CERFA = "cerfa_15726", "La convention-type (cerfa 15726)"
    OWN_TEXT = "personnalisee", "Notre propre texte"
    NOTARY = "notariee", "Une convention passée devant notaire"
    UNKNOWN = "inconnu", "Nous ne savons pas encore"


class Kinship(LabelledStrEnum):
    """Link between the two (CC 515-2 1°, fiche F1617)."""

    NONE = "aucun", "Aucun lien de famille"
    COUSINS = "cousins", "Cousins germains, ou parenté plus lointaine"
    SIBLING_IN_LAW = "beau_frere", "Beau-frère ou belle-sœur"
    DIRECT = "ligne_directe", "Parent et enfant, grand-parent et petit-enfant"
    DIRECT_ALLIANCE = "alliance_directe", "Beau-parent et gendre, belle-fille ou enfant du conjoint"
    SIBLINGS = "fratrie", "Frère et sœur, demi-frère ou demi-sœur"
    UNCLE_AUNT = "oncle_tante", "Oncle ou tante, neveu ou nièce"
    ADOPTION = "adoption", "Un lien par adoption, ou l’enfant d’un ancien partenaire"
    UNKNOWN = "inconnu", "Nous ne savons pas"


class YesNo(LabelledStrEnum):
    YES = "oui", "Oui"
    NO = "non", "Non"
    UNKNOWN = "inconnu", "Je ne sais pas"


class AgeBand(LabelledStrEnum):
    """The age of the younger of the two on the day, when nobody was asked for a date of birth."""

    MINOR = "moins_18", "Moins de 18 ans"
    YOUNG_ADULT = "18_20", "18, 19 ou 20 ans"
    ADULT = "21_plus", "21 ans ou plus"


class Record(LabelledStrEnum):
    """Who holds the birth record."""

    COMMUNE = "fr_commune", "Une commune de France"
    SCEC = "scec", "Le service central d’état civil (Nantes)"
    OFPRA = "ofpra", "L’Ofpra"
    FOREIGN_EU = "etranger_ue", "Un pays de l’Union européenne"
    FOREIGN = "etranger_hors_ue", "Un autre pays"


class Protection(LabelledStrEnum):
    """Protection internationale granted in France."""

    NONE = "aucune", "Non"
    REFUGEE = "refugie", "Oui, statut de réfugié"
    STATELESS = "apatride", "Oui, statut d’apatride"
    SUBSIDIARY = "subsidiaire", "Oui, protection subsidiaire"
    UNKNOWN = "inconnu", "Je ne sais pas"


class Situation(LabelledStrEnum):
    """Situation matrimoniale."""

    SINGLE = "celibataire", "Ni mariage, ni Pacs jusqu’ici"
    DIVORCED = "divorce", "Divorce"
    WIDOWED = "veuf", "Veuvage"
    PACS_DISSOLVED = "pacs_dissous", "Un ancien Pacs, terminé"
    MARRIED = "marie", "Un mariage en cours, même après une séparation"
    PACSED = "pacse", "Un Pacs en cours"
    FOREIGN_PARTNERSHIP = "partenariat_etranger", "Un partenariat enregistré à l’étranger"


class Measure(LabelledStrEnum):
    """Mesure de protection of an adult (CC 461, 462)."""

    NONE = "aucune", "Aucune"
    CURATELLE = "curatelle", "Curatelle"
    TUTELLE = "tutelle", "Tutelle"
    OTHER = "autre", "Une autre mesure"
    UNKNOWN = "inconnu", "Je ne sais pas"


def has_protector(measure: str | None) -> bool:
    """A curateur or a tuteur assists this adult (CC 461, 462): whoever that is matters."""
    return measure in (Measure.CURATELLE, Measure.TUTELLE)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A birth date as records have it: the month and the day may be unknown."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def earliest(self) -> date:
        month = self.month or 1
        return date(self.year, month, min(self.day or 1, self._last_of(month)))

    @property
    def latest(self) -> date:
        month = self.month or 12
        last = self._last_of(month)
        return date(self.year, month, min(self.day or last, last) if self.month else last)

    def agrees_with(self, other: "PartialDate") -> bool:
        """Whether both may be one date: nothing that both know differs."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(mine == theirs for mine, theirs in pairs if mine and theirs)

    @property
    def is_whole(self) -> bool:
        return bool(self.month and self.day)

    def _last_of(self, month: int) -> int:
        """A day that the month has not counts as its last: forms refuse it, lists still open."""
        return monthrange(self.year, month)[1]


@dataclass(frozen=True, slots=True)
class PartenaireAnswers:
    """What one person says of themselves; the defaults are « not asked » or « je ne sais pas »."""

    birth_date: PartialDate | None = None
    #: Said to be 18, 19 or 20 on the day; read when there is no date of birth.
    is_under_21: bool = False
    birth_country: str = ""
    #: Insee code of the commune of birth, when it is in France and known.
    birth_insee: str = ""
    nationalities: tuple[str, ...] = ()
    #: For a French person born abroad: is there a French birth record (in Nantes)?
    has_french_record: YesNo = YesNo.UNKNOWN
    protection: Protection = Protection.NONE
    situation: Situation | None = None
    divorce_mentioned: YesNo = YesNo.UNKNOWN
    measure: Measure = Measure.NONE
    protector_is_partenaire: bool = False
    country_updates_records: YesNo = YesNo.UNKNOWN
    country_issues_coutume: YesNo = YesNo.UNKNOWN
    birth_record_in_french: YesNo = YesNo.UNKNOWN
    coutume_in_french: YesNo = YesNo.UNKNOWN
    #: The record that proves a divorce or a death was drawn up abroad.
    union_record_country: str = FRANCE
    union_record_in_french: YesNo = YesNo.UNKNOWN
    civil_status_changed: bool = False
    lives_here: YesNo = YesNo.UNKNOWN


@dataclass(frozen=True, slots=True)
class CoupleAnswers:
    """What the two say together."""

    residence: Residence | None = None
    impediment: Impediment = Impediment.NONE
    convention: Convention | None = None
    kinship: Kinship | None = None
    people: tuple[PartenaireAnswers, PartenaireAnswers] = (
        PartenaireAnswers(),
        PartenaireAnswers(),
    )
    youngest: AgeBand | None = None


@dataclass(frozen=True, slots=True)
class PartenaireInputs:
    """The engine's inputs for one person (domain reference 6.1), each as far as it is known."""

    birth_date: PartialDate | None
    is_under_21: bool
    #: The holders the record may have: one when the answers tell, several otherwise.
    records: frozenset[Record]
    record_country: str
    comedec: YesNo
    #: `etranger`: no French nationality; a dual national counts as French.
    is_foreign: YesNo
    #: `ne_etranger`.
    is_born_abroad: YesNo
    protection: Protection
    situation: Situation | None
    divorce_mentioned: YesNo
    measure: Measure
    protector_is_partenaire: bool
    country_updates_records: YesNo
    country_issues_coutume: YesNo
    birth_record_in_french: YesNo
    coutume_in_french: YesNo
    union_record_country: str
    union_record_in_french: YesNo
    civil_status_changed: bool
    lives_here: YesNo

    @property
    def ofpra_status(self) -> YesNo:
        """`statut_ofpra`."""
        return _ofpra_status(self.protection, self.is_foreign)

    @property
    def has_ofpra_status(self) -> bool:
        """The status is certain."""
        return self.ofpra_status is YesNo.YES


@dataclass(frozen=True, slots=True)
class CoupleInputs:
    """The engine's inputs for the couple."""

    residence: Residence | None
    impediment: Impediment
    convention: Convention | None
    kinship: Kinship | None
    people: tuple[PartenaireInputs, PartenaireInputs]
    youngest: AgeBand | None = None


@dataclass(frozen=True, slots=True)
class Dematerialisation:
    """What this mairie can verify by itself; `active` None while nobody has confirmed it."""

    active: bool | None = None
    connected: frozenset[str] = frozenset()

    def covers(self, code: str) -> YesNo:
        """Whether the record kept under this Insee code (or SCEC) can be verified."""
        if self.active is False:
            return YesNo.NO
        if self.active is None or not code:
            return YesNo.UNKNOWN
        return YesNo.YES if code in self.connected else YesNo.NO


def _is_foreign(answers: PartenaireAnswers) -> YesNo:
    if not FRENCH_TERRITORIES.isdisjoint(answers.nationalities):
        return YesNo.NO
    if answers.nationalities or answers.protection not in (Protection.NONE, Protection.UNKNOWN):
        return YesNo.YES
    return YesNo.UNKNOWN


def _ofpra_status(protection: Protection, is_foreign: YesNo) -> YesNo:
    """Somebody who is French has no protection internationale."""
    if protection is Protection.NONE or is_foreign is YesNo.NO:
        return YesNo.NO
    return YesNo.UNKNOWN if protection is Protection.UNKNOWN else YesNo.YES


def _is_born_abroad(answers: PartenaireAnswers) -> YesNo:
    if not answers.birth_country:
        return YesNo.UNKNOWN
    return YesNo.NO if answers.birth_country in FRENCH_TERRITORIES else YesNo.YES


def possible_records(answers: PartenaireAnswers) -> frozenset[Record]:
    """Who may hold the birth record, as far as the answers tell; never empty.

    Driven by where the record was drawn up, not by nationality alone (fiche F1618).
    """
    born_abroad, foreign = _is_born_abroad(answers), _is_foreign(answers)
    if born_abroad is YesNo.NO:
        return frozenset({Record.COMMUNE})
    found = set()
    if born_abroad is YesNo.UNKNOWN:
        found.add(Record.COMMUNE)
    if foreign is not YesNo.YES and answers.has_french_record is not YesNo.NO:
        found.add(Record.SCEC)
    protected = _ofpra_status(answers.protection, foreign)
    if protected is not YesNo.NO:
        found.add(Record.OFPRA)
    if protected is not YesNo.YES and (
        foreign is not YesNo.NO or answers.has_french_record is YesNo.NO
    ):
        found.add(Record.FOREIGN_EU if answers.birth_country in EU_CODES else Record.FOREIGN)
    return frozenset(found)


def derive_partenaire(
    answers: PartenaireAnswers, dematerialisation: Dematerialisation
) -> PartenaireInputs:
    """The engine's inputs for one person."""
    records = possible_records(answers)
    comedec = YesNo.NO
    if records == {Record.COMMUNE}:
        comedec = dematerialisation.covers(answers.birth_insee)
    elif records == {Record.SCEC}:
        comedec = dematerialisation.covers(SCEC_CODE)
    return PartenaireInputs(
        birth_date=answers.birth_date,
        is_under_21=answers.is_under_21,
        records=records,
        record_country=answers.birth_country,
        comedec=comedec,
        is_foreign=_is_foreign(answers),
        is_born_abroad=_is_born_abroad(answers),
        protection=answers.protection,
        situation=answers.situation,
        divorce_mentioned=answers.divorce_mentioned,
        measure=answers.measure,
        protector_is_partenaire=answers.protector_is_partenaire and has_protector(answers.measure),
        country_updates_records=answers.country_updates_records,
        country_issues_coutume=answers.country_issues_coutume,
        birth_record_in_french=answers.birth_record_in_french,
        coutume_in_french=answers.coutume_in_french,
        union_record_country=answers.union_record_country,
        union_record_in_french=answers.union_record_in_french,
        civil_status_changed=answers.civil_status_changed,
        lives_here=answers.lives_here,
    )


def derive_inputs(answers: CoupleAnswers, dematerialisation: Dematerialisation) -> CoupleInputs:
    """The engine's inputs for the couple."""
    first, second = (derive_partenaire(one, dematerialisation) for one in answers.people)
    return CoupleInputs(
        residence=answers.residence,
        impediment=answers.impediment,
        convention=answers.convention,
        kinship=answers.kinship,
        people=(first, second),
        youngest=answers.youngest,
    )
