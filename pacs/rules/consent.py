"""Which facts an attestation vouches for, and which answers a confirmation agrees with.

Law: Code civil, art. 515-2 and 515-3; Code pénal, art. 441-7. An attestation is about stated
facts: it holds while they are what they were, and no longer. What nobody attests (a wished
date, a phone number, needs on the day) changes freely.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

#: Columns of the shared answers that both attest, with the words for them.
ATTESTED_COMMON: Mapping[str, str] = {
    "residence": "commune de l’adresse commune",
    "impediment": "empêchement grave",
    "kinship": "lien entre les partenaires",
    "street": "numéro et voie de l’adresse commune",
    "street_more": "complément de l’adresse commune",
    "postcode": "code postal de l’adresse commune",
    "city": "commune écrite dans l’adresse",
}
#: Columns of one's own part that one attests.
ATTESTED_OWN: Mapping[str, str] = {
    "birth_name": "nom de naissance",
    "first_names": "prénoms",
    "single_name": "une seule partie de nom sur l’acte",
    "sex": "sexe sur l’acte",
    "birth_year": "année de naissance",
    "birth_month": "mois de naissance",
    "birth_day": "jour de naissance",
    "birth_country": "pays de naissance",
    "birth_city": "commune de naissance",
    "birth_department": "département de naissance",
    "birth_insee": "code Insee de naissance",
    "parent1_name": "nom du premier parent",
    "parent1_first_names": "prénoms du premier parent",
    "parent1_unknown": "premier parent inconnu",
    "parent2_name": "nom du second parent",
    "parent2_first_names": "prénoms du second parent",
    "parent2_unknown": "second parent inconnu",
    "nationalities": "nationalités",
    "has_french_record": "acte de naissance français",
    "protection": "protection internationale",
    "situation": "situation matrimoniale",
    "divorce_mentioned": "divorce mentionné sur l’acte",
    "measure": "mesure de protection",
    "protector_is_partenaire": "protégé par son futur partenaire",
    "civil_status_changed": "état civil changé depuis le dépôt",
    "lives_here": "habite déjà la commune",
}
#: Of the other, one names only who they are.
ATTESTED_OTHER: Mapping[str, str] = {
    "birth_name": "nom de naissance de l’autre partenaire",
    "first_names": "prénoms de l’autre partenaire",
}
#: Shared answers that the second partenaire confirms.
CONFIRMED: Mapping[str, str] = {**ATTESTED_COMMON, "convention": "convention"}
#: What the couple changes freely once the dossier is sent: nobody attested it. Rules read two of
#: them at every act: the day wished, for the days offered, and without a common residence where
#: each lives (`pacs.rules.competence.home_is_here`).
FREE_COMMON = frozenset({"wished_date", "already_home"})
FREE_OWN = frozenset(
    {
        "street",
        "street_more",
        "postcode",
        "city",
        "country",
        "contact_email",
        "phone",
        "texts_agreed_at",
        "needs",
    }
)
#: Digest of what was attested before facts were kept: in force until a fact changes.
LEGACY = "legacy"

type Value = str | int | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that is no longer what it was; values as the columns hold them."""

    label: str
    old: Value
    new: Value


def facts_attested(
    own: Mapping[str, Value], other: Mapping[str, Value], common: Mapping[str, Value]
) -> dict[str, Value]:
    """The facts one person vouches for, by their words; each mapping holds columns."""
    return {
        **{label: common[name] for name, label in ATTESTED_COMMON.items()},
        **{label: other[name] for name, label in ATTESTED_OTHER.items()},
        **{label: own[name] for name, label in ATTESTED_OWN.items()},
    }


def facts_confirmed(common: Mapping[str, Value]) -> dict[str, Value]:
    """The shared answers the second partenaire agrees with, by their words."""
    return {label: common[name] for name, label in CONFIRMED.items()}


def digest_of(facts: Mapping[str, Value]) -> str:
    """Sixty-four signs that change with any fact; an empty answer and none are the same."""
    told = {label: value for label, value in facts.items() if value not in ("", None, [], False)}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def differs(old: Value, new: Value) -> bool:
    """Whether an answer says something else; empty, unanswered and « no » say the same."""
    blank: tuple[Value, ...] = ("", None, [], False)
    return old != new and not (old in blank and new in blank)


def changes_between(before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[Change, ...]:
    """What differs, in the order of the facts."""
    return tuple(
        Change(label, before.get(label), new)
        for label, new in after.items()
        if differs(before.get(label), new)
    )
