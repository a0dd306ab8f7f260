"""A commune found by the name that people write."""

import pytest

from demarches.rules.communes import Commune, Communes, commune_key, department_code_of, of_place


def _commune(code: str, name: str, department: str) -> Commune:
    return Commune(code, name, department_code_of(code), department)


TABLE = Communes(
    [
        _commune("30334", "Uzès", "Gard"),
        _commune("33537", "Uzeste", "Gironde"),
        _commune("93066", "Saint-Denis", "Seine-Saint-Denis"),
        _commune("97411", "Saint-Denis", "La Réunion"),
        _commune("76351", "Le Havre", "Seine-Maritime"),
        _commune("75056", "Paris", "Paris"),
        _commune("75112", "Paris 12e arrondissement", "Paris"),
        _commune("74010", "Annecy", "Haute-Savoie"),
        _commune("74011", "Annecy", "Haute-Savoie"),
        _commune("2A004", "Ajaccio", "Corse-du-Sud"),
    ]
)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("UZES", ["30334"]),
        ("  uzès ", ["30334"]),
        ("St Denis", ["93066", "97411"]),
        ("havre", ["76351"]),
        ("le havre", ["76351"]),
        ("Paris", ["75056"]),
        ("paris 12ème", ["75112"]),
        ("Paris 12", ["75112"]),
        ("annecy", ["74010"]),
        ("Lomme-les-Bains", []),
        ("", []),
        ("-", []),
        ("u" * 100_000, []),
    ],
)
def test_named(typed: str, codes: list[str]) -> None:
    assert [one.code for one in TABLE.named(typed)] == codes


def test_starting_gives_the_exact_name_first_and_no_more_than_asked() -> None:
    assert [one.name for one in TABLE.starting("paris")] == ["Paris", "Paris 12e arrondissement"]
    assert [one.name for one in TABLE.starting("uz")] == ["Uzès", "Uzeste"]
    assert len(TABLE.starting("saint", limit=1)) == 1
    assert TABLE.starting("u") == []


def test_coded_and_said() -> None:
    assert str(TABLE.coded("2a004")) == "Ajaccio (Corse-du-Sud)"
    assert str(TABLE.coded("75056")) == "Paris"
    assert TABLE.coded("99999") is None


def test_keys() -> None:
    assert commune_key("L’Abergement-Clémenciat") == "l abergement clemenciat"
    assert commune_key("Ste-Anastasie") == "sainte anastasie"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Uzès", "d’Uzès"),
        ("Évian", "d’Évian"),
        ("Yvetot", "d’Yvetot"),
        ("Yutz", "de Yutz"),
        ("Œting", "d’Œting"),
        ("Hyères", "d’Hyères"),
        ("Hem", "de Hem"),
        ("Honfleur", "de Honfleur"),
        ("Nîmes", "de Nîmes"),
        ("La Rochelle", "de La Rochelle"),
        ("L’Isle", "de L’Isle"),
        ("Le Havre", "du Havre"),
        ("LE HAVRE", "du HAVRE"),
        ("les Mées", "des Mées"),
    ],
)
def test_a_place_after_a_noun(name: str, expected: str) -> None:
    assert of_place(name) == expected
