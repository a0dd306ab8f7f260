"""People and couples for the tests of the rules, from few words."""

from dataclasses import replace
from typing import Any

from pacs.rules.pieces import RequiredPiece, required_pieces
from pacs.rules.situation import (
    Convention,
    CoupleAnswers,
    CoupleInputs,
    Dematerialisation,
    Kinship,
    PartenaireAnswers,
    PartialDate,
    Residence,
    Situation,
    YesNo,
    derive_inputs,
)

NO_DEMATERIALISATION = Dematerialisation(active=False)
FRENCH = PartenaireAnswers(
    birth_date=PartialDate(1990, 5, 3),
    birth_country="FR",
    nationalities=("FR",),
    situation=Situation.SINGLE,
)
FOREIGN = replace(
    FRENCH,
    birth_country="SN",
    nationalities=("SN",),
    country_updates_records=YesNo.YES,
    country_issues_coutume=YesNo.YES,
    birth_record_in_french=YesNo.YES,
    coutume_in_french=YesNo.YES,
)


def couple(
    first: PartenaireAnswers = FRENCH, second: PartenaireAnswers = FRENCH, **common: Any
) -> CoupleAnswers:
    known: dict[str, Any] = {
        "residence": Residence.HERE,
        "convention": Convention.CERFA,
        "kinship": Kinship.NONE,
    }
    return CoupleAnswers(**{**known, **common}, people=(first, second))


def inputs(
    answers: CoupleAnswers, dematerialisation: Dematerialisation = NO_DEMATERIALISATION
) -> CoupleInputs:
    return derive_inputs(answers, dematerialisation)


def pieces_of(
    person: PartenaireAnswers, dematerialisation: Dematerialisation = NO_DEMATERIALISATION
) -> list[RequiredPiece]:
    """What this person provides, the identity document aside."""
    asked = required_pieces(inputs(couple(first=person), dematerialisation))
    return [p for p in asked if p.holder == 1 and p.rule_id != "P03_identite"]


def keys_of(
    person: PartenaireAnswers, dematerialisation: Dematerialisation = NO_DEMATERIALISATION
) -> list[str]:
    """The same as « rule » or « rule:document », « ? » after the uncertain ones."""
    return [
        ":".join(filter(None, (p.rule_id, p.about))) + ("?" if p.uncertain else "")
        for p in pieces_of(person, dematerialisation)
    ]
