"""What fits in one SMS, when it leaves, and what a gateway needs."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from demarches.rules.phones import is_mobile, read_phone
from demarches.rules.sms import awake, gateway_problem, in_gsm, septets

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mairie d’Uzès : à 10\u00a0h, déplacé", "Mairie d'Uzès : à 10 h, déplacé"),
        ("Forêt, Noël, garçon, cœur", "Foret, Noel, garcon, coeur"),
        ("Ǧ日本«x»—…€", 'G"x"-...€'),
        ("L’Haÿ-les-Roses", "L'Hay-les-Roses"),
    ],
)
def test_a_text_is_written_in_the_alphabet(text: str, written: str) -> None:
    assert in_gsm(text) == written
    assert in_gsm(written) == written


def test_signs_of_the_extension_take_two_places() -> None:
    assert (septets("abc"), septets("a€[")) == (3, 5)


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        ((2026, 11, 23, 7, 59), (2026, 11, 23, 8, 0)),
        ((2026, 11, 23, 8, 0), (2026, 11, 23, 8, 0)),
        ((2026, 11, 23, 19, 59), (2026, 11, 23, 19, 59)),
        ((2026, 11, 23, 20, 0), (2026, 11, 24, 8, 0)),
        ((2026, 12, 31, 23, 30), (2027, 1, 1, 8, 0)),
        # The night when the clocks change.
        ((2026, 10, 24, 23, 0), (2026, 10, 25, 8, 0)),
    ],
)
def test_nobody_is_woken_up(moment: tuple[int, ...], leaves: tuple[int, ...]) -> None:
    assert awake(datetime(*moment, tzinfo=PARIS)) == datetime(*leaves, tzinfo=PARIS)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("typed", "is_one"),
    [
        ("06 12 34 56 78", True),
        ("07 56 78 90 12", True),
        ("0692 12 34 56", True),  # La Réunion
        ("04 66 03 48 48", False),
        ("09 72 12 34 56", False),
        ("+39 312 345 6789", False),  # of another country
    ],
)
def test_an_sms_goes_to_a_french_mobile(typed: str, is_one: bool) -> None:
    assert is_mobile(read_phone(typed)) is is_one


@pytest.mark.parametrize(
    ("url", "sender", "is_trial", "is_fine"),
    [
        ("https://sms.example.fr/envoi", "MAIRIE UZES", False, True),
        ("https://sms.example.fr/envoi", "+33466034848", False, True),
        ("https://sms.example.fr/envoi", "38200", False, True),
        ("https://sms.example.fr/envoi", "", False, False),
        ("https://sms.example.fr/envoi", "Mairie d’Uzès", False, False),
        ("https://sms.example.fr/envoi", "MAIRIE D UZES", False, False),
        ("https://a:b@sms.example.fr/envoi", "MAIRIE", False, False),
        ("http://sms.example.fr/envoi", "MAIRIE", True, False),
        ("http://127.0.0.1:9000/", "MAIRIE", False, False),
        ("http://127.0.0.1:9000/", "MAIRIE", True, True),
        ("http://127.0.0.1:90000/", "MAIRIE", True, False),
        ("ftp://127.0.0.1/", "MAIRIE", True, False),
        ("sms.example.fr", "MAIRIE", False, False),
        ("https://[", "MAIRIE", False, False),
    ],
)
def test_what_a_gateway_needs(url: str, sender: str, is_trial: bool, is_fine: bool) -> None:
    assert (gateway_problem(url, sender, is_trial=is_trial) == "") is is_fine
