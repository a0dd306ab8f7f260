"""What a changed answer is called in a mail: the kind of it, never what it says.

A mail is read by whoever holds the mailbox: kinds are wide, so that none of them tells a private
fact by its name alone (« votre situation », not « votre mesure de protection »).
"""

from collections.abc import Iterable, Mapping

_NAME = "votre nom"
_RECORD = "votre acte de naissance"
_PAPERS = "votre nationalité et vos actes"
_SITUATION = "votre situation"
_HOME = "votre adresse"
_CONTACT = "vos coordonnées"
_BOTH_HOME = "votre adresse commune"
_BOTH_PLAN = "votre projet commun"
#: How the second takes part; no column of an answer.
TAKING_PART = "votre façon de participer"


def _words(kind: str, columns: str) -> dict[str, str]:
    return dict.fromkeys(columns.split(), kind)


#: Answers of one's own part, in the order of its pages.
OWN_KINDS: Mapping[str, str] = {
    **_words(_NAME, "birth_name first_names single_name usage_name"),
    **_words(_RECORD, "sex birth_day birth_month birth_year birth_country birth_city"),
    **_words(_RECORD, "birth_department birth_insee civil_status_changed"),
    **_words(_RECORD, "parent1_name parent1_first_names parent1_unknown"),
    **_words(_RECORD, "parent2_name parent2_first_names parent2_unknown"),
    **_words(_PAPERS, "nationalities has_french_record protection birth_record_in_french"),
    **_words(_PAPERS, "coutume_in_french country_issues_coutume country_updates_records"),
    **_words(_SITUATION, "situation divorce_mentioned union_record_country"),
    **_words(_SITUATION, "union_record_in_french measure protector_is_partenaire"),
    **_words(_HOME, "street street_more postcode city country"),
    **_words(_CONTACT, "phone texts_agreed_at contact_email needs"),
}
#: Answers about both.
COMMON_KINDS: Mapping[str, str] = {
    **_words(_BOTH_HOME, "residence street street_more postcode city already_home"),
    **_words(_BOTH_PLAN, "impediment kinship convention"),
    **_words("la date souhaitée", "wished_date"),
}


def kinds_for(position: int, changed: Iterable[str]) -> tuple[str, ...]:
    """What to tell the partenaire of this place, in the order of the pages.

    `changed`: « couple.street », « p1.birth_name »; the other one's own answers tell them nothing.
    """
    names = set(changed)
    own = [kind for name, kind in OWN_KINDS.items() if f"p{position}.{name}" in names]
    both = [kind for name, kind in COMMON_KINDS.items() if f"couple.{name}" in names]
    return tuple(dict.fromkeys([*own, *both]))
