"""Known situations and what the rules answer: domain reference, section 6.4.

Shown on « Comment nous décidons », computed live; other mairies may check their own rules
against them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pacs.rules.countries import FRANCE
from pacs.rules.eligibility import outcomes
from pacs.rules.pieces import APOSTILLE_ID, TRANSLATION_ID, required_pieces
from pacs.rules.situation import (
    Convention,
    CoupleAnswers,
    Dematerialisation,
    Kinship,
    Measure,
    PartenaireAnswers,
    PartialDate,
    Protection,
    Residence,
    Situation,
    YesNo,
    derive_inputs,
)

#: The day the ages are counted at in the cases.
CASES_ON = date(2027, 6, 5)
#: Everybody provides these: the cases tell the rest.
COMMON_IDS = frozenset({"P01_declaration", "P02_convention", "P03_identite", "N01_jamais"})

_ADULT = PartialDate(1990, 5, 3)
#: Insee codes of two communes of birth; only the first verifies records electronically.
_CONNECTED, _NOT_CONNECTED = "30189", "30130"
_DEMATERIALISATION = Dematerialisation(active=True, connected=frozenset({_CONNECTED}))
_FRENCH = PartenaireAnswers(
    birth_date=_ADULT,
    birth_country=FRANCE,
    birth_insee=_CONNECTED,
    nationalities=(FRANCE,),
    situation=Situation.SINGLE,
)
_FOREIGN = PartenaireAnswers(
    birth_date=_ADULT,
    situation=Situation.SINGLE,
    birth_record_in_french=YesNo.YES,
    coutume_in_french=YesNo.YES,
)


@dataclass(frozen=True, slots=True)
class Case:
    """A person (the other partenaire is always the same), a link, and what must come out."""

    title: str
    person: PartenaireAnswers
    #: Rule ids, beyond those that everybody provides.
    pieces: frozenset[str] = frozenset()
    #: Codes of the outcomes.
    codes: frozenset[str] = frozenset()
    kinship: Kinship = Kinship.NONE
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What the rules answer today."""

    case: Case
    pieces: frozenset[str]
    codes: frozenset[str]

    @property
    def is_expected(self) -> bool:
        return (self.pieces, self.codes) == (self.case.pieces, self.case.codes)


def decide(case: Case) -> CaseResult:
    """Run the rules on one case, as the simulator and the dossiers do."""
    answers = CoupleAnswers(
        residence=Residence.HERE,
        convention=Convention.CERFA,
        kinship=case.kinship,
        people=(case.person, _FRENCH),
    )
    couple = derive_inputs(answers, _DEMATERIALISATION)
    found = outcomes(couple, on=CASES_ON)
    pieces = frozenset(p.rule_id for p in required_pieces(couple) if p.holder == 1)
    stopped = any(outcome.stops for outcome in found)
    return CaseResult(
        case=case,
        pieces=frozenset() if stopped else pieces - COMMON_IDS,
        codes=frozenset(outcome.type.code for outcome in found),
    )


def _ids(*rule_ids: str) -> frozenset[str]:
    return frozenset(rule_ids)


CASES: Sequence[Case] = (
    Case(
        "Français, né à Lyon, célibataire ; la mairie de naissance vérifie par voie électronique",
        _FRENCH,
        _ids("P10_naissance_comedec"),
    ),
    Case(
        "Français, né dans une commune qui ne vérifie pas par voie électronique, divorcé, divorce"
        " inscrit sur l’acte de naissance",
        replace(
            _FRENCH,
            birth_insee=_NOT_CONNECTED,
            situation=Situation.DIVORCED,
            divorce_mentioned=YesNo.YES,
        ),
        _ids("P11_naissance_fr", "P40_divorce_rien"),
    ),
    Case(
        "Français, né à Alger, célibataire",
        replace(_FRENCH, birth_country="DZ", birth_insee=""),
        _ids("P12_naissance_scec"),
    ),
    Case(
        "Français et marocain, né à Casablanca",
        replace(_FRENCH, birth_country="MA", birth_insee="", nationalities=(FRANCE, "MA")),
        _ids("P12_naissance_scec"),
        note="Une personne qui a aussi la nationalité française est traitée comme française.",
    ),
    Case(
        "Italien, né en France ; le certificat de coutume est en italien",
        replace(
            _FOREIGN,
            birth_country=FRANCE,
            birth_insee=_NOT_CONNECTED,
            nationalities=("IT",),
            coutume_in_french=YesNo.NO,
        ),
        _ids("P11_naissance_fr", "P30_coutume", TRANSLATION_ID),
        note="Pas de certificat de non-Pacs : l’acte de naissance est français.",
    ),
    Case(
        "Italien, né à Rome, veuf, acte de décès italien ; documents en italien",
        replace(
            _FOREIGN,
            birth_country="IT",
            nationalities=("IT",),
            situation=Situation.WIDOWED,
            birth_record_in_french=YesNo.NO,
            coutume_in_french=YesNo.NO,
            union_record_country="IT",
            union_record_in_french=YesNo.NO,
        ),
        _ids(
            "P14_naissance_etranger", TRANSLATION_ID, "P30_coutume", "P32_non_pacs", "P42_veuvage"
        ),
        note="Pas d’apostille entre pays de l’Union européenne.",
    ),
    Case(
        "Sénégalais, né à Dakar ; documents en français",
        replace(_FOREIGN, birth_country="SN", nationalities=("SN",)),
        _ids("P14_naissance_etranger", APOSTILLE_ID, "P30_coutume", "P32_non_pacs"),
        note="Apostille ou légalisation : à vérifier selon le pays.",
    ),
    Case(
        "Afghan, réfugié",
        replace(_FOREIGN, birth_country="AF", nationalities=("AF",), protection=Protection.REFUGEE),
        _ids("P13_naissance_ofpra", "P32_non_pacs"),
        note="Pas de certificat de coutume : ne pas s’adresser au consulat.",
    ),
    Case(
        "Français, en tutelle depuis 2024",
        replace(_FRENCH, measure=Measure.TUTELLE),
        _ids("P10_naissance_comedec", "P50_mesure_preuve", "P51_mesure_assistance"),
        note="L’autorisation du juge n’est plus demandée depuis le 25 mars 2019.",
    ),
    Case(
        "Britannique, dont le pays ne délivre pas de certificat de coutume ; documents en anglais",
        replace(
            _FOREIGN,
            birth_country="GB",
            nationalities=("GB",),
            country_issues_coutume=YesNo.NO,
            birth_record_in_french=YesNo.NO,
        ),
        _ids(
            "P14_naissance_etranger",
            TRANSLATION_ID,
            APOSTILLE_ID,
            "P31_coutume_impossible",
            "P32_non_pacs",
        ),
    ),
    Case(
        "Français de 17 ans, émancipé",
        replace(_FRENCH, birth_date=PartialDate(2010, 1, 15)),
        codes=_ids("B01"),
    ),
    Case(
        "Cousins germains",
        _FRENCH,
        _ids("P10_naissance_comedec"),
        kinship=Kinship.COUSINS,
        note="La loi le permet.",
    ),
    Case("Oncle et nièce", _FRENCH, codes=_ids("B05"), kinship=Kinship.UNCLE_AUNT),
)
