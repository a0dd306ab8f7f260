"""What a convention says, must say and may not say: domain reference, section 2.2."""

from pacs.rules.convention import (
    AID_CLAUSES,
    FORBIDDEN_CLAUSES,
    REGIME_CLAUSES,
    MaterialAid,
    PropertyRegime,
    mandatory_sentence,
)


def test_two_choices_by_two_each_explained() -> None:
    assert [clause.choice for clause in AID_CLAUSES] == list(MaterialAid)
    assert [clause.choice for clause in REGIME_CLAUSES] == list(PropertyRegime)


def test_law_has_one_choice_in_each() -> None:
    legal = [c.choice for c in (*AID_CLAUSES, *REGIME_CLAUSES) if c.is_legal_default]

    assert legal == [MaterialAid.PROPORTIONAL, PropertyRegime.SEPARATION]


def test_mandatory_sentence_is_that_of_the_fiche() -> None:
    assert mandatory_sentence("X", "Y") == (
        "Nous, X et Y, concluons un pacte civil de solidarité régi par les dispositions de la loi"
        " du 15 novembre 1999 modifiée et les articles 515-1 à 515-7 du code civil."
    )


def test_forbidden_clauses_cite_the_code() -> None:
    assert [clause.basis for clause in FORBIDDEN_CLAUSES] == [
        "Code civil, art. 515-4",
        "Code civil, art. 515-4",
        "Code civil, art. 515-7",
    ]
