"""The published version of the rules rises when what they answer changes."""

import hashlib
from itertools import product

from pacs.rules.eligibility import OUTCOME_TYPES, outcomes
from pacs.rules.pieces import RULE_TABLE, RULES_VERSION, required_pieces
from pacs.rules.situation import (
    Dematerialisation,
    Kinship,
    Measure,
    PartenaireAnswers,
    PartialDate,
    Protection,
    Situation,
    YesNo,
    derive_inputs,
)
from tests.pacs.rules.people import couple
from tests.pacs.rules.test_properties import ON

#: Version: what the rules answered in it. A change of the answers is a new version, with its line.
PUBLISHED = {"1.0": "2f59d463de91da10", "1.1": "eb16b46122cfce79"}


def fingerprint() -> str:
    """Of the table, and of its answers over a grid of situations."""
    digest = hashlib.sha256(repr(RULE_TABLE).encode())
    digest.update(repr([(k.code, k.effect.value, k.basis) for k in OUTCOME_TYPES]).encode())
    for country, nationalities, protection, situation, measure, answer, year in product(
        ("", "FR", "IT", "SN"),
        ((), ("FR",), ("SN",)),
        (Protection.NONE, Protection.REFUGEE, Protection.UNKNOWN),
        (None, *Situation),
        Measure,
        YesNo,
        (1990, 2008, 2010),
    ):
        person = PartenaireAnswers(
            birth_date=PartialDate(year, 1, 1),
            birth_country=country,
            birth_insee="30189",
            nationalities=nationalities,
            has_french_record=answer,
            protection=protection,
            situation=situation,
            divorce_mentioned=answer,
            measure=measure,
            protector_is_partenaire=answer is YesNo.YES,
            country_updates_records=answer,
            country_issues_coutume=answer,
            birth_record_in_french=answer,
            coutume_in_french=answer,
            union_record_country=country,
            union_record_in_french=answer,
        )
        inputs = derive_inputs(
            couple(person, kinship=Kinship.NONE),
            Dematerialisation(active=True, connected=frozenset({"30189"})),
        )
        digest.update(
            "".join(sorted(f"{p.key}{p.uncertain}" for p in required_pieces(inputs))).encode()
        )
        digest.update("".join(o.type.code for o in outcomes(inputs, on=ON)).encode())
    return digest.hexdigest()[:16]


def test_changed_answers_are_a_new_version() -> None:
    assert PUBLISHED[RULES_VERSION] == fingerprint()
