"""Which pieces for which couple: the table of rules, each condition with its article.

Rule ids and conditions: domain reference, section 6.3 (Code civil, art. 461, 462, 515-2, 515-3,
515-3-1; décret 2006-1806, art. 1; fiche Service-Public F1618 of 7 October 2025). Wording and
ages are data that staff edit (`PieceWording`); nothing here reads a clock or a database.

« Je ne sais pas » never shortens a list: the piece is listed, marked `uncertain`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from pacs.rules.countries import EU_CODES, FRENCH_TERRITORIES
from pacs.rules.situation import (
    Convention,
    CoupleInputs,
    Measure,
    PartenaireInputs,
    Record,
    Situation,
    YesNo,
    has_protector,
)

#: Rises with any change of a condition, an id or an article; a test keeps it honest.
RULES_VERSION = "1.1"
#: Version of the Code civil and of the CRPA the rules were written from.
LAW_READ_ON = date(2026, 4, 3)

FOREIGN_RECORDS = frozenset({Record.FOREIGN_EU, Record.FOREIGN})


class Scope(StrEnum):
    COUPLE = "couple"
    PARTENAIRE = "partenaire"
    DOCUMENT = "document"
    #: Told to everybody, asked of nobody.
    NEVER = "never"


class Need(IntEnum):
    """Whether a rule asks for its piece: not, perhaps, or surely (the least wins in « and »)."""

    NO = 0
    PERHAPS = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    id: str
    scope: Scope
    basis: str
    #: For rules about a person or a document of theirs.
    applies: Callable[[PartenaireInputs], Need]
    #: Nothing is handed over: the row only tells people so.
    asks_nothing: bool = False


@dataclass(frozen=True, slots=True)
class RequiredPiece:
    """One piece of the list: the rule, who provides it, and the document it is about."""

    rule_id: str
    #: 0 for the couple, else the place of the partenaire (1 or 2).
    holder: int
    about: str = ""
    uncertain: bool = False

    @property
    def key(self) -> str:
        """Stable name of the piece inside a dossier."""
        return "-".join(part for part in (str(self.holder), self.rule_id, self.about) if part)


def _if(condition: bool) -> Need:
    return Need.YES if condition else Need.NO


def _if_yes(answer: YesNo) -> Need:
    return {YesNo.YES: Need.YES, YesNo.NO: Need.NO, YesNo.UNKNOWN: Need.PERHAPS}[answer]


def _if_no(answer: YesNo) -> Need:
    return Need(2 - _if_yes(answer))


def _held_by(one: PartenaireInputs, holders: frozenset[Record]) -> Need:
    if one.records <= holders:
        return Need.YES
    return Need.PERHAPS if one.records & holders else Need.NO


def _always(one: PartenaireInputs) -> Need:
    return Need.YES


def _comedec(one: PartenaireInputs) -> Need:
    return _if(one.comedec is YesNo.YES)


def _record_fr(one: PartenaireInputs) -> Need:
    holder = _held_by(one, frozenset({Record.COMMUNE}))
    return min(holder, _if(one.comedec is not YesNo.YES))


def _record_scec(one: PartenaireInputs) -> Need:
    holder = _held_by(one, frozenset({Record.SCEC}))
    return min(holder, _if(one.comedec is not YesNo.YES))


def _record_ofpra(one: PartenaireInputs) -> Need:
    return _held_by(one, frozenset({Record.OFPRA}))


def _record_foreign(one: PartenaireInputs) -> Need:
    return min(_held_by(one, FOREIGN_RECORDS), _if(one.country_updates_records is not YesNo.NO))


def _record_ageless(one: PartenaireInputs) -> Need:
    return min(_held_by(one, FOREIGN_RECORDS), _if(one.country_updates_records is YesNo.NO))


def _record_changed(one: PartenaireInputs) -> Need:
    return _if(one.civil_status_changed)


def _personal_law(one: PartenaireInputs) -> Need:
    """The personal status of a refugee is under French law: no certificat de coutume."""
    return min(_if_yes(one.is_foreign), _if_no(one.ofpra_status))


def _coutume(one: PartenaireInputs) -> Need:
    return min(_personal_law(one), _if(one.country_issues_coutume is not YesNo.NO))


def _coutume_impossible(one: PartenaireInputs) -> Need:
    return min(_personal_law(one), _if(one.country_issues_coutume is YesNo.NO))


def _non_pacs(one: PartenaireInputs) -> Need:
    return min(_if_yes(one.is_foreign), _if_yes(one.is_born_abroad))


def _situation_is(situation: Situation, one: PartenaireInputs) -> Need:
    """None: not told, so every former union is possible."""
    return Need.PERHAPS if one.situation is None else _if(one.situation is situation)


def _divorced(one: PartenaireInputs) -> Need:
    return _situation_is(Situation.DIVORCED, one)


def _divorce_nothing(one: PartenaireInputs) -> Need:
    return min(_divorced(one), _if(one.divorce_mentioned is YesNo.YES))


def _divorce_proof(one: PartenaireInputs) -> Need:
    return min(_divorced(one), _if_no(one.divorce_mentioned))


def _widowed(one: PartenaireInputs) -> Need:
    return _situation_is(Situation.WIDOWED, one)


def _former_pacs(one: PartenaireInputs) -> Need:
    return min(_situation_is(Situation.PACS_DISSOLVED, one), _if_no(one.is_foreign))


def _protected(one: PartenaireInputs) -> Need:
    return Need.PERHAPS if one.measure is Measure.UNKNOWN else _if(has_protector(one.measure))


BIRTH_RECORD_BASIS = "Décret 2006-1806, art. 1 ; circulaire JUSC1711700C"
COUTUME_BASIS = "Décret 2006-1806, art. 1 ; loi personnelle"
MEASURE_BASIS = "Code civil, art. 461 et 462"
PERSON = Scope.PARTENAIRE

DECLARATION = Rule(
    "P01_declaration", Scope.COUPLE, "Code civil, art. 515-3 ; décret 2006-1806, art. 1", _always
)
CONVENTION = Rule(
    "P02_convention",
    Scope.COUPLE,
    "Code civil, art. 515-3 al. 3 (à peine d’irrecevabilité)",
    _always,
)
PERSON_RULES: tuple[Rule, ...] = (
    Rule("P03_identite", PERSON, "Décret 2006-1806, art. 1 et 7", _always),
    Rule(
        "P10_naissance_comedec",
        PERSON,
        "Code civil, art. 101-1 ; décret 2006-1806, art. 1 al. 2 ; CRPA, art. L113-12",
        _comedec,
        asks_nothing=True,
    ),
    Rule("P11_naissance_fr", PERSON, BIRTH_RECORD_BASIS, _record_fr),
    Rule("P12_naissance_scec", PERSON, BIRTH_RECORD_BASIS, _record_scec),
    Rule("P13_naissance_ofpra", PERSON, BIRTH_RECORD_BASIS, _record_ofpra),
    Rule("P14_naissance_etranger", PERSON, BIRTH_RECORD_BASIS, _record_foreign),
    Rule("P15_naissance_sans_delai", PERSON, BIRTH_RECORD_BASIS, _record_ageless),
    Rule("P16_acte_modifie", PERSON, "Fiche Service-Public F1618", _record_changed),
    Rule("P30_coutume", PERSON, COUTUME_BASIS, _coutume),
    Rule("P31_coutume_impossible", PERSON, COUTUME_BASIS, _coutume_impossible),
    Rule(
        "P32_non_pacs",
        PERSON,
        "Décret 2006-1806, art. 1 ; décret 65-422, art. 4 à 4-2",
        _non_pacs,
    ),
    Rule("P40_divorce_rien", PERSON, "Code civil, art. 515-2", _divorce_nothing, asks_nothing=True),
    Rule("P41_divorce_preuve", PERSON, "Code civil, art. 515-2", _divorce_proof),
    Rule("P42_veuvage", PERSON, "Code civil, art. 515-2", _widowed),
    Rule(
        "P43_pacs_dissous",
        PERSON,
        "Code civil, art. 515-3-1 et 515-7",
        _former_pacs,
        asks_nothing=True,
    ),
    Rule("P50_mesure_preuve", PERSON, f"{MEASURE_BASIS} ; décret 2006-1806, art. 1", _protected),
    Rule("P51_mesure_assistance", PERSON, MEASURE_BASIS, _protected),
)


@dataclass(frozen=True, slots=True)
class ForeignDocument:
    """A document drawn up abroad, as the rules about translation and apostille read it."""

    rule_id: str
    country: Callable[[PartenaireInputs], str]
    in_french: Callable[[PartenaireInputs], YesNo]
    #: A certificat de coutume comes from a consulate: F1618 asks for no apostille on it.
    may_need_apostille: bool = True


def _record_country(one: PartenaireInputs) -> str:
    return one.record_country


def _union_country(one: PartenaireInputs) -> str:
    return one.union_record_country


def _unknown_country(one: PartenaireInputs) -> str:
    return ""


#: Documents that may be foreign, by the rule that asks for them.
FOREIGN_DOCUMENTS: tuple[ForeignDocument, ...] = (
    ForeignDocument(
        "P14_naissance_etranger", _record_country, lambda one: one.birth_record_in_french
    ),
    ForeignDocument(
        "P15_naissance_sans_delai", _record_country, lambda one: one.birth_record_in_french
    ),
    ForeignDocument("P30_coutume", _unknown_country, lambda one: one.coutume_in_french, False),
    ForeignDocument(
        "P31_coutume_impossible", _unknown_country, lambda one: one.coutume_in_french, False
    ),
    ForeignDocument("P41_divorce_preuve", _union_country, lambda one: one.union_record_in_french),
    ForeignDocument("P42_veuvage", _union_country, lambda one: one.union_record_in_french),
)


_FOREIGN_BY_RULE = {document.rule_id: document for document in FOREIGN_DOCUMENTS}


def _translation(document: ForeignDocument, one: PartenaireInputs) -> Need:
    if document.country(one) in FRENCH_TERRITORIES:
        return Need.NO
    return _if_no(document.in_french(one))


def _apostille(document: ForeignDocument, one: PartenaireInputs) -> Need:
    country = document.country(one)
    if not document.may_need_apostille or country in FRENCH_TERRITORIES | EU_CODES:
        return Need.NO
    return Need.YES if country else Need.PERHAPS


TRANSLATION_ID = "P20_traduction"
APOSTILLE_ID = "P21_apostille"
#: Rules about a document: id, article, and the condition on that document.
DOCUMENT_RULES: tuple[tuple[str, str, Callable[[ForeignDocument, PartenaireInputs], Need]], ...] = (
    (TRANSLATION_ID, "Règlement (UE) 2016/1191 ; décret 2024-87", _translation),
    (
        APOSTILLE_ID,
        "Décret 2024-87 ; convention de La Haye de 1961 ; conventions bilatérales",
        _apostille,
    ),
)

#: Their presence means papers from abroad, which the mairie needs longer to check.
FOREIGN_PAPERS = frozenset(
    {
        "P14_naissance_etranger",
        "P15_naissance_sans_delai",
        "P30_coutume",
        "P31_coutume_impossible",
        TRANSLATION_ID,
        APOSTILLE_ID,
    }
)

#: Told to everybody, never asked (CRPA, art. R113-8 and R113-10; fiche F1608).
NEVER_ASKED_ID = "N01_jamais"

NEVER_ASKED_BASIS = "CRPA, art. R113-8 et R113-10 ; fiche Service-Public F1608"

#: Every rule: id, scope, article.
RULE_TABLE: tuple[tuple[str, Scope, str], ...] = (
    *((rule.id, rule.scope, rule.basis) for rule in (DECLARATION, CONVENTION, *PERSON_RULES)),
    *((rule_id, Scope.DOCUMENT, basis) for rule_id, basis, _ in DOCUMENT_RULES),
    (NEVER_ASKED_ID, Scope.NEVER, NEVER_ASKED_BASIS),
)
RULE_IDS: tuple[str, ...] = tuple(rule_id for rule_id, _, _ in RULE_TABLE)
#: The mairie itself verifies the birth record: people have nothing to do, agents do.
VERIFIED_BY_MAIRIE = frozenset({"P10_naissance_comedec"})
#: Told to the people, nothing for anybody to hand over or to tick.
TOLD_ONLY = frozenset({"P40_divorce_rien", "P43_pacs_dissous"})
#: Written on this portal, or in a drawer already: no other office is asked for it.
AT_HOME = frozenset({DECLARATION.id, CONVENTION.id, "P03_identite"})
ASKS_NOTHING = frozenset(rule.id for rule in PERSON_RULES if rule.asks_nothing)


def required_pieces(couple: CoupleInputs) -> tuple[RequiredPiece, ...]:
    """The pieces this couple provides: theirs in common first, then each partenaire's."""
    pieces = [RequiredPiece(DECLARATION.id, holder=0)]
    if couple.convention is not Convention.NOTARY:
        pieces.append(RequiredPiece(CONVENTION.id, holder=0))
    for holder, one in enumerate(couple.people, start=1):
        pieces.extend(_personal_pieces(holder, one))
    return tuple(pieces)


def _personal_pieces(holder: int, one: PartenaireInputs) -> Iterator[RequiredPiece]:
    for rule in PERSON_RULES:
        asked = rule.applies(one)
        if asked is Need.NO:
            continue
        yield RequiredPiece(rule.id, holder, uncertain=asked is Need.PERHAPS)
        document = _FOREIGN_BY_RULE.get(rule.id)
        if document is None:
            continue
        for rule_id, _, condition in DOCUMENT_RULES:
            about = min(asked, condition(document, one))
            if about is not Need.NO:
                yield RequiredPiece(rule_id, holder, rule.id, uncertain=about is Need.PERHAPS)
