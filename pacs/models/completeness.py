"""What a dossier still lacks before it may be sent, step by step.

One table serves the task list, the page « Vérifiez vos réponses » and the guard of the
transition, so that they can never disagree. Each function returns the labels of what is
missing; an empty list means complete.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pacs.rules.countries import FRANCE
from pacs.rules.nationalities import is_stateless
from pacs.rules.pieces import FOREIGN_RECORDS
from pacs.rules.situation import (
    Dematerialisation,
    PartenaireInputs,
    Situation,
    YesNo,
    derive_partenaire,
    has_protector,
)

if TYPE_CHECKING:
    from pacs.models.dossier import Dossier
    from pacs.models.partenaire import Partenaire


def _unanswered(row: "Dossier | Partenaire", *fields: str) -> list[str]:
    """Labels of the empty columns among these."""
    return [
        str(row._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        for name in fields
        if getattr(row, name) in ("", None, [])
    ]


def inputs_of(partenaire: "Partenaire") -> PartenaireInputs:
    """What the rules derive of one person, whatever the mairie can verify."""
    return derive_partenaire(partenaire.answers, Dematerialisation())


def asks_french_record(partenaire: "Partenaire") -> bool:
    """A French person born abroad may have a French record, in Nantes."""
    one = inputs_of(partenaire)
    return one.is_foreign is YesNo.NO and one.is_born_abroad is YesNo.YES


def has_foreign_record(partenaire: "Partenaire") -> bool:
    """Their birth record was drawn up abroad, as far as the answers tell."""
    return bool(partenaire.birth_country) and inputs_of(partenaire).records <= FOREIGN_RECORDS


def asks_coutume(partenaire: "Partenaire") -> bool:
    """Their personal law is foreign: a certificat de coutume, or what replaces it."""
    one = inputs_of(partenaire)
    return one.is_foreign is YesNo.YES and not one.has_ofpra_status


def asks_foreign_papers(partenaire: "Partenaire") -> bool:
    """Questions about foreign documents serve a purpose."""
    return has_foreign_record(partenaire) or asks_coutume(partenaire)


def missing_foreign_papers(partenaire: "Partenaire") -> list[str]:
    """The languages. What a country never issues or updates is an exception that may be said."""
    record, coutume = "birth_record_in_french", "coutume_in_french"
    return [
        *(_unanswered(partenaire, record) if has_foreign_record(partenaire) else []),
        *(_unanswered(partenaire, coutume) if asks_coutume(partenaire) else []),
    ]


def missing_nationality(partenaire: "Partenaire") -> list[str]:
    """Somebody who said « apatride » has answered, although no country is named."""
    if is_stateless(partenaire.nationalities, partenaire.protection):
        return []
    return _unanswered(partenaire, "nationalities")


def asks_protection(partenaire: "Partenaire") -> bool:
    """Only somebody who is not French can have a protection internationale.

    Whoever said « apatride » has said their protection, and is not asked twice.
    """
    if not partenaire.nationalities:
        return False
    return inputs_of(partenaire).is_foreign is not YesNo.NO


def asks_union(partenaire: "Partenaire") -> bool:
    """A former marriage leaves a proof to describe."""
    return partenaire.situation in (Situation.DIVORCED, Situation.WIDOWED)


def asks_protector(partenaire: "Partenaire") -> bool:
    """Whoever has a curateur or a tuteur is asked whether it is their partenaire."""
    return has_protector(partenaire.measure)


def missing_name(partenaire: "Partenaire") -> list[str]:
    if partenaire.single_name:
        return [] if partenaire.birth_name or partenaire.first_names else ["nom ou prénoms"]
    return _unanswered(partenaire, "birth_name", "first_names")


def missing_parents(partenaire: "Partenaire") -> list[str]:
    """Each parent is named (one of name and prénoms is enough) or unknown."""
    missing = []
    for number, label in (("1", "premier parent"), ("2", "second parent")):
        known = (
            getattr(partenaire, f"parent{number}_unknown")
            or getattr(partenaire, f"parent{number}_name")
            or getattr(partenaire, f"parent{number}_first_names")
        )
        if not known:
            missing.append(label)
    return missing


def missing_union(partenaire: "Partenaire") -> list[str]:
    """A divorce that the birth record mentions needs no other proof."""
    if partenaire.situation != Situation.DIVORCED:
        return _unanswered(partenaire, "union_record_country")
    if partenaire.divorce_mentioned == YesNo.YES:
        return []
    return _unanswered(partenaire, "divorce_mentioned", "union_record_country")


def missing_contact(partenaire: "Partenaire") -> list[str]:
    own = ("street", "postcode", "city", "country")
    missing = [] if partenaire.home.is_common else _unanswered(partenaire, *own)
    if partenaire.is_first and not partenaire.mail_address and not partenaire.dossier.at_counter:
        missing.append("adresse e-mail")
    return missing


def missing_record(partenaire: "Partenaire") -> list[str]:
    """What is copied from the birth record."""
    return [
        *missing_name(partenaire),
        *_unanswered(partenaire, "sex", "birth_year", "birth_city"),
        *missing_parents(partenaire),
    ]


def asks_origin(partenaire: "Partenaire") -> bool:
    """« En France, nationalité française » says it all; anything else is asked in full."""
    if not partenaire.birth_country and not partenaire.nationalities:
        return bool(partenaire.birth_city)
    return bool(partenaire.birth_country != FRANCE or partenaire.nationalities != [FRANCE])


def missing_origin(partenaire: "Partenaire") -> list[str]:
    return [*_unanswered(partenaire, "birth_country"), *missing_nationality(partenaire)]


def missing_situation(partenaire: "Partenaire") -> list[str]:
    return [*_unanswered(partenaire, "situation", "measure"), *missing_contact(partenaire)]


def missing_protector(partenaire: "Partenaire") -> list[str]:
    return ["personne qui assiste"] if partenaire.protector_is_partenaire is None else []


#: Steps of a partenaire's own part, in order: slug, whether it applies, what is missing.
OWN: dict[str, tuple[Callable[["Partenaire"], bool], Callable[["Partenaire"], list[str]]]] = {
    "acte": (lambda one: True, missing_record),
    "origine": (asks_origin, missing_origin),
    "acte-francais": (asks_french_record, lambda one: _unanswered(one, "has_french_record")),
    "protection": (asks_protection, lambda one: _unanswered(one, "protection")),
    "documents-etrangers": (asks_foreign_papers, missing_foreign_papers),
    "situation": (lambda one: True, missing_situation),
    "protecteur": (asks_protector, missing_protector),
    "ancien-mariage": (asks_union, missing_union),
}
#: Steps about both.
COMMON: dict[str, Callable[["Dossier"], list[str]]] = {
    "adresse": lambda dossier: _unanswered(dossier, "residence", "street", "postcode", "city"),
    "projet": lambda dossier: _unanswered(dossier, "kinship", "convention"),
    # A couple may send without a date: they book once the dossier is complete.
    "jour": lambda dossier: [],
}

#: Pages that were: their slug, and those of the pages that ask their question today (the first
#: that applies). Bookmarks, mails and requests of the mairie still name them.
FORMER_OWN: dict[str, tuple[str, ...]] = {
    "nom": ("acte",),
    "sexe": ("acte",),
    "naissance": ("acte",),
    "nationalite": ("origine", "acte"),
    "parents": ("acte",),
    "mesure": ("situation",),
    "coordonnees": ("situation",),
}
FORMER_COMMON: dict[str, tuple[str, ...]] = {
    "commune": ("adresse",),
    "lien": ("projet",),
    "convention": ("projet",),
    "date": ("jour",),
}


def missing_own(partenaire: "Partenaire") -> list[str]:
    """Everything one person's part still lacks, their attestation aside."""
    return [
        label
        for applies, missing in OWN.values()
        if applies(partenaire)
        for label in missing(partenaire)
    ]


def missing_common(dossier: "Dossier") -> list[str]:
    """Everything the shared answers still lack."""
    return [label for missing in COMMON.values() for label in missing(dossier)]
