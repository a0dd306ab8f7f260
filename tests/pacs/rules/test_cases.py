"""The sanity matrix of the domain reference (6.4), written out here a second time on purpose."""

import pytest

from pacs.rules.cases import CASES, CaseResult, decide

EXPECTED: list[tuple[str, set[str], set[str]]] = [
    ("né à Lyon", {"P10_naissance_comedec"}, set()),
    ("divorcé", {"P11_naissance_fr", "P40_divorce_rien"}, set()),
    ("né à Alger", {"P12_naissance_scec"}, set()),
    ("né à Casablanca", {"P12_naissance_scec"}, set()),
    ("Italien, né en France", {"P11_naissance_fr", "P30_coutume", "P20_traduction"}, set()),
    (
        "né à Rome",
        {"P14_naissance_etranger", "P20_traduction", "P30_coutume", "P32_non_pacs", "P42_veuvage"},
        set(),
    ),
    (
        "né à Dakar",
        {"P14_naissance_etranger", "P21_apostille", "P30_coutume", "P32_non_pacs"},
        set(),
    ),
    ("Afghan", {"P13_naissance_ofpra", "P32_non_pacs"}, set()),
    ("tutelle", {"P10_naissance_comedec", "P50_mesure_preuve", "P51_mesure_assistance"}, set()),
    (
        "Britannique",
        {
            "P14_naissance_etranger",
            "P20_traduction",
            "P21_apostille",
            "P31_coutume_impossible",
            "P32_non_pacs",
        },
        set(),
    ),
    ("17 ans", set(), {"B01"}),
    ("Cousins", {"P10_naissance_comedec"}, set()),
    ("Oncle et nièce", set(), {"B05"}),
]


@pytest.mark.parametrize(("words", "pieces", "codes"), EXPECTED, ids=[e[0] for e in EXPECTED])
def test_case_of_the_matrix(words: str, pieces: set[str], codes: set[str]) -> None:
    (case,) = [case for case in CASES if words in case.title]

    result = decide(case)

    assert result == CaseResult(case, frozenset(pieces), frozenset(codes))
    assert result.is_expected


def test_matrix_is_whole() -> None:
    assert len(CASES) == len(EXPECTED) == 13


def test_a_case_that_went_wrong_says_so() -> None:
    result = CaseResult(CASES[0], pieces=frozenset(), codes=frozenset())

    assert not result.is_expected
