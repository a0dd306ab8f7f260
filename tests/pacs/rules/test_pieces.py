"""Which pieces for whom: domain reference, sections 3, 6.3 and 7."""

from dataclasses import replace

import pytest

from pacs.rules.pieces import (
    ASKS_NOTHING,
    FOREIGN_PAPERS,
    RULE_IDS,
    TOLD_ONLY,
    VERIFIED_BY_MAIRIE,
    RequiredPiece,
    required_pieces,
)
from pacs.rules.situation import (
    Convention,
    Dematerialisation,
    Measure,
    PartenaireAnswers,
    Protection,
    Situation,
    YesNo,
)
from tests.pacs.rules.people import FOREIGN, FRENCH, couple, inputs, keys_of, pieces_of


def test_rule_ids_are_those_of_the_reference() -> None:
    assert RULE_IDS == (
        "P01_declaration",
        "P02_convention",
        "P03_identite",
        "P10_naissance_comedec",
        "P11_naissance_fr",
        "P12_naissance_scec",
        "P13_naissance_ofpra",
        "P14_naissance_etranger",
        "P15_naissance_sans_delai",
        "P16_acte_modifie",
        "P30_coutume",
        "P31_coutume_impossible",
        "P32_non_pacs",
        "P40_divorce_rien",
        "P41_divorce_preuve",
        "P42_veuvage",
        "P43_pacs_dissous",
        "P50_mesure_preuve",
        "P51_mesure_assistance",
        "P20_traduction",
        "P21_apostille",
        "N01_jamais",
    )


def test_rules_that_ask_nothing_are_told_or_done_by_the_mairie() -> None:
    assert ASKS_NOTHING == TOLD_ONLY | VERIFIED_BY_MAIRIE
    assert set(RULE_IDS) > FOREIGN_PAPERS


def test_common_pieces_come_first_and_belong_to_the_couple() -> None:
    pieces = required_pieces(inputs(couple()))

    assert [(p.rule_id, p.holder) for p in pieces] == [
        ("P01_declaration", 0),
        ("P02_convention", 0),
        ("P03_identite", 1),
        ("P11_naissance_fr", 1),
        ("P03_identite", 2),
        ("P11_naissance_fr", 2),
    ]
    assert not any(p.uncertain for p in pieces)


@pytest.mark.parametrize("convention", [Convention.CERFA, Convention.OWN_TEXT, Convention.UNKNOWN])
def test_one_convention_whoever_writes_it(convention: Convention) -> None:
    pieces = required_pieces(inputs(couple(convention=convention)))

    assert [p.rule_id for p in pieces].count("P02_convention") == 1


def test_no_convention_for_the_mairie_when_a_notary_registers() -> None:
    pieces = required_pieces(inputs(couple(convention=Convention.NOTARY)))

    assert "P02_convention" not in [p.rule_id for p in pieces]


def test_key_names_holder_rule_and_document() -> None:
    assert RequiredPiece("P01_declaration", 0).key == "0-P01_declaration"
    about = RequiredPiece("P20_traduction", 2, "P30_coutume")
    assert about.key == "2-P20_traduction-P30_coutume"


# Birth records: driven by where the record was drawn up, not by nationality alone.

CONNECTED = Dematerialisation(active=True, connected=frozenset({"30189", "SCEC"}))


@pytest.mark.parametrize(
    ("person", "dematerialisation", "expected"),
    [
        (replace(FRENCH, birth_insee="30189"), CONNECTED, ["P10_naissance_comedec"]),
        (replace(FRENCH, birth_insee="75056"), CONNECTED, ["P11_naissance_fr"]),
        (FRENCH, CONNECTED, ["P11_naissance_fr"]),
        (replace(FRENCH, birth_insee="30189"), Dematerialisation(), ["P11_naissance_fr"]),
        (
            replace(FRENCH, birth_insee="30189"),
            Dematerialisation(active=False, connected=frozenset({"30189"})),
            ["P11_naissance_fr"],
        ),
        (replace(FRENCH, birth_country="RE"), Dematerialisation(), ["P11_naissance_fr"]),
        (replace(FRENCH, birth_country="NC"), Dematerialisation(), ["P11_naissance_fr"]),
        (replace(FRENCH, birth_country="DZ"), Dematerialisation(), ["P12_naissance_scec"]),
        (replace(FRENCH, birth_country="DZ"), CONNECTED, ["P10_naissance_comedec"]),
        (
            replace(FRENCH, birth_country="MA", nationalities=("MA", "FR")),
            Dematerialisation(),
            ["P12_naissance_scec"],
        ),
    ],
)
def test_french_birth_record(
    person: PartenaireAnswers, dematerialisation: Dematerialisation, expected: list[str]
) -> None:
    assert keys_of(person, dematerialisation) == expected


def test_french_person_without_a_french_record_brings_the_foreign_one() -> None:
    person = replace(
        FRENCH,
        birth_country="IT",
        has_french_record=YesNo.NO,
        birth_record_in_french=YesNo.YES,
    )

    assert keys_of(person) == ["P14_naissance_etranger"]


def test_french_person_never_brings_certificat_de_coutume_nor_non_pacs() -> None:
    for country in ("FR", "DZ", "IT", "US"):
        for record in YesNo:
            person = replace(FRENCH, birth_country=country, has_french_record=record)
            asked = {p.rule_id for p in pieces_of(person)}
            assert asked & {"P30_coutume", "P31_coutume_impossible", "P32_non_pacs"} == set()


def test_foreigner_born_in_france_brings_coutume_but_no_non_pacs() -> None:
    person = replace(FOREIGN, birth_country="FR")

    assert keys_of(person) == ["P11_naissance_fr", "P30_coutume"]


def test_eu_record_needs_no_apostille() -> None:
    for country in ("IT", "EU"):
        person = replace(FOREIGN, birth_country=country, nationalities=("IT",))
        assert keys_of(person) == ["P14_naissance_etranger", "P30_coutume", "P32_non_pacs"]


@pytest.mark.parametrize("country", ["CH", "SN", "GB", "ZZ"])
def test_record_from_outside_the_union_may_need_an_apostille(country: str) -> None:
    person = replace(FOREIGN, birth_country=country)

    assert keys_of(person) == [
        "P14_naissance_etranger",
        "P21_apostille:P14_naissance_etranger",
        "P30_coutume",
        "P32_non_pacs",
    ]


def test_country_that_does_not_update_its_records_replaces_the_age_by_an_attestation() -> None:
    person = replace(FOREIGN, country_updates_records=YesNo.NO, birth_record_in_french=YesNo.NO)

    assert keys_of(person) == [
        "P15_naissance_sans_delai",
        "P20_traduction:P15_naissance_sans_delai",
        "P21_apostille:P15_naissance_sans_delai",
        "P30_coutume",
        "P32_non_pacs",
    ]


def test_country_without_certificat_de_coutume() -> None:
    person = replace(
        FOREIGN,
        birth_country="IT",
        country_issues_coutume=YesNo.NO,
        coutume_in_french=YesNo.NO,
    )

    assert keys_of(person) == [
        "P14_naissance_etranger",
        "P31_coutume_impossible",
        "P20_traduction:P31_coutume_impossible",
        "P32_non_pacs",
    ]


@pytest.mark.parametrize(
    "protection", [Protection.REFUGEE, Protection.STATELESS, Protection.SUBSIDIARY]
)
def test_ofpra_replaces_the_record_and_the_coutume_but_not_the_non_pacs(
    protection: Protection,
) -> None:
    person = replace(FOREIGN, birth_country="AF", nationalities=(), protection=protection)

    assert keys_of(person) == ["P13_naissance_ofpra", "P32_non_pacs"]


def test_refugee_born_in_france_has_a_french_record() -> None:
    person = replace(FOREIGN, birth_country="FR", protection=Protection.REFUGEE)

    assert keys_of(person) == ["P11_naissance_fr"]


def test_former_refugee_who_became_french_is_french() -> None:
    person = replace(FRENCH, birth_country="AF", protection=Protection.REFUGEE)

    assert keys_of(person) == ["P12_naissance_scec"]


# Former unions, protection.


@pytest.mark.parametrize(
    ("mentioned", "expected"),
    [
        (YesNo.YES, ["P40_divorce_rien"]),
        (YesNo.NO, ["P41_divorce_preuve"]),
        (YesNo.UNKNOWN, ["P41_divorce_preuve?"]),
    ],
)
def test_divorce(mentioned: YesNo, expected: list[str]) -> None:
    person = replace(FRENCH, situation=Situation.DIVORCED, divorce_mentioned=mentioned)

    assert keys_of(person) == ["P11_naissance_fr", *expected]


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("FR", ["P42_veuvage"]),
        ("RE", ["P42_veuvage"]),
        ("IT", ["P42_veuvage", "P20_traduction:P42_veuvage"]),
        ("MA", ["P42_veuvage", "P20_traduction:P42_veuvage", "P21_apostille:P42_veuvage"]),
        ("", ["P42_veuvage", "P20_traduction:P42_veuvage", "P21_apostille:P42_veuvage?"]),
    ],
)
def test_widowhood_proved_by_a_record_from(country: str, expected: list[str]) -> None:
    person = replace(
        FRENCH,
        situation=Situation.WIDOWED,
        union_record_country=country,
        union_record_in_french=YesNo.NO,
    )

    assert keys_of(person) == ["P11_naissance_fr", *expected]


def test_foreign_divorce_record_in_french_needs_no_translation() -> None:
    person = replace(
        FRENCH,
        situation=Situation.DIVORCED,
        divorce_mentioned=YesNo.NO,
        union_record_country="BE",
        union_record_in_french=YesNo.YES,
    )

    assert keys_of(person) == ["P11_naissance_fr", "P41_divorce_preuve"]


def test_former_pacs_is_told_to_a_french_person_only() -> None:
    french = replace(FRENCH, situation=Situation.PACS_DISSOLVED)
    foreign = replace(FOREIGN, birth_country="IT", situation=Situation.PACS_DISSOLVED)

    assert keys_of(french) == ["P11_naissance_fr", "P43_pacs_dissous"]
    assert keys_of(foreign) == ["P14_naissance_etranger", "P30_coutume", "P32_non_pacs"]


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (Measure.NONE, []),
        (Measure.CURATELLE, ["P50_mesure_preuve", "P51_mesure_assistance"]),
        (Measure.TUTELLE, ["P50_mesure_preuve", "P51_mesure_assistance"]),
        (Measure.OTHER, []),
        (Measure.UNKNOWN, ["P50_mesure_preuve?", "P51_mesure_assistance?"]),
    ],
)
def test_protected_adult(measure: Measure, expected: list[str]) -> None:
    assert keys_of(replace(FRENCH, measure=measure)) == ["P11_naissance_fr", *expected]


def test_civil_status_changed_since_the_deposit() -> None:
    person = replace(FRENCH, civil_status_changed=True)

    assert keys_of(person) == ["P11_naissance_fr", "P16_acte_modifie"]


# « Je ne sais pas » never shortens a list.


def test_nothing_known_lists_everything_that_may_be_needed() -> None:
    assert keys_of(PartenaireAnswers()) == [
        "P11_naissance_fr?",
        "P12_naissance_scec?",
        "P14_naissance_etranger?",
        "P20_traduction:P14_naissance_etranger?",
        "P21_apostille:P14_naissance_etranger?",
        "P30_coutume?",
        "P20_traduction:P30_coutume?",
        "P32_non_pacs?",
        "P41_divorce_preuve?",
        "P42_veuvage?",
        "P43_pacs_dissous?",
    ]


def test_foreigner_born_nobody_knows_where() -> None:
    person = replace(FOREIGN, birth_country="")

    assert keys_of(person) == [
        "P11_naissance_fr?",
        "P14_naissance_etranger?",
        "P21_apostille:P14_naissance_etranger?",
        "P30_coutume",
        "P32_non_pacs?",
    ]


def test_protection_nobody_knows() -> None:
    person = replace(FOREIGN, birth_country="IT", protection=Protection.UNKNOWN)

    assert keys_of(person) == [
        "P13_naissance_ofpra?",
        "P14_naissance_etranger?",
        "P30_coutume?",
        "P32_non_pacs",
    ]


def test_french_person_who_does_not_know_whether_a_french_record_exists() -> None:
    person = replace(FRENCH, birth_country="", has_french_record=YesNo.NO)

    assert keys_of(person) == [
        "P11_naissance_fr?",
        "P14_naissance_etranger?",
        "P20_traduction:P14_naissance_etranger?",
        "P21_apostille:P14_naissance_etranger?",
    ]
