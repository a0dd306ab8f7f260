"""The rules as open data: what `/pacs/regles.json` holds, for other mairies too."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from demarches.rules.enums import LabelledStrEnum
from pacs.models import PieceWording
from pacs.rules.cases import CASES, CASES_ON, decide
from pacs.rules.eligibility import OUTCOME_TYPES
from pacs.rules.pieces import ASKS_NOTHING, LAW_READ_ON, RULE_TABLE, RULES_VERSION
from pacs.rules.situation import (
    Convention,
    Impediment,
    Kinship,
    Measure,
    Protection,
    Record,
    Residence,
    Situation,
    YesNo,
)

INPUTS: dict[str, type[LabelledStrEnum]] = {
    "residence": Residence,
    "empechement_grave": Impediment,
    "convention": Convention,
    "lien": Kinship,
    "acte": Record,
    "comedec": YesNo,
    "protection_internationale": Protection,
    "situation": Situation,
    "divorce_mentionne": YesNo,
    "mesure": Measure,
    "pays_actualise_actes": YesNo,
}


def rules_as_data(wordings: Mapping[str, PieceWording]) -> dict[str, Any]:
    """Everything the portal decides with, in one document."""
    return {
        "version": RULES_VERSION,
        "law_read_on": LAW_READ_ON.isoformat(),
        "language": "fr",
        "about": "Pièces et conditions du Pacs en mairie, telles que ce portail les applique."
        " Les âges se comptent le jour de l’enregistrement.",
        "inputs": {
            name: {member.value: member.label for member in enum} for name, enum in INPUTS.items()
        },
        "pieces": [
            _piece(rule_id, scope, basis, wordings[rule_id]) for rule_id, scope, basis in RULE_TABLE
        ],
        "outcomes": [
            {
                "code": kind.code,
                "slug": kind.slug,
                "effect": kind.effect.value,
                "title": kind.title,
                "basis": kind.basis,
                "message": kind.message,
            }
            for kind in OUTCOME_TYPES
        ],
        "cases": [
            {
                "title": result.case.title,
                "on": CASES_ON.isoformat(),
                "pieces": sorted(result.pieces),
                "codes": sorted(result.codes),
                "as_expected": result.is_expected,
            }
            for result in map(decide, CASES)
        ],
    }


def _piece(rule_id: str, scope: StrEnum, basis: str, wording: PieceWording) -> dict[str, Any]:
    age = wording.max_age
    return {
        "id": rule_id,
        "scope": scope.value,
        "basis": basis,
        "label": wording.label,
        "help": wording.help,
        "max_age": None if age is None else {"months": age.months, "strict": age.strict},
        "original_or_copy": wording.original_or_copy,
        "may_upload": wording.may_upload,
        "asks_nothing": rule_id in ASKS_NOTHING or scope.value == "never",
        "where_to_get": wording.where_to_get,
        "link": wording.link_url or None,
        "cost": wording.cost or None,
        "source": wording.source,
        "source_date": wording.source_date.isoformat() if wording.source_date else None,
        "is_verified": wording.is_verified,
    }
