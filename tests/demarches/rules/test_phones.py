"""Telephone numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, format_number

from demarches.rules.phones import PhoneRefused, read_phone, spoken_phone


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("0612345678", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("06-12-34-56-78", "+33612345678"),
        ("06\u202f12\u202f34\u202f56\u202f78", "+33612345678"),  # of a well-set page
        ("06\u00a012\u00a034\u00a056\u00a078", "+33612345678"),
        ("\u200e06 12 34 56 78", "+33612345678"),  # comes with a copy
        ("06\u201112\u201134\u201156\u201178", "+33612345678"),
        ("\uff10\uff16 12 34 56 78", "+33612345678"),  # full-width figures
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033 6 12 34 56 78", "+33612345678"),
        ("0692 12 34 56", "+262692123456"),  # La Réunion
        ("0639 20 12 34", "+262639201234"),  # Mayotte
        ("0690 30 12 34", "+590690301234"),  # Guadeloupe
        ("0696 20 12 34", "+596696201234"),  # Martinique
        ("0694 20 00 00", "+594694200000"),  # Guyane
        ("+39 06 6982 1234", "+390669821234"),
        ("04 66 03 48 48", "+33466034848"),
    ],
)
def test_a_number_is_read(typed: str, kept: str) -> None:
    assert format_number(read_phone(typed), PhoneNumberFormat.E164) == kept


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("06 12", "Il manque des chiffres à ce numéro."),
        ("06 12 34 56 78 (le soir)", "Écrivez le numéro seul, sans « le soir »."),
        ("06 12 34 56 78 bureau", "Écrivez le numéro seul, sans « bureau »."),
        ("0612345678 x5", "Écrivez le numéro seul, sans le poste « 5 »."),
        ("0612345678 #12", "Écrivez le numéro seul, sans le poste « 12 »."),
        ("06 12 34 56 78 90", "Ce numéro a trop de chiffres."),
        ("+39 1", "Ce numéro n’existe pas dans ce pays"),
        ("00 99 99 99 99", "Ce numéro n’existe pas dans ce pays"),
        ("09 99 99 99 9a", "Il manque des chiffres"),
        ("\u0000", "Il manque des chiffres"),
    ],
)
def test_a_refusal_says_what_is_wrong(typed: str, reason: str) -> None:
    with pytest.raises(PhoneRefused) as refused:
        read_phone(typed)

    assert refused.value.reason.startswith(reason)
    assert "Exemple" in refused.value.reason


@pytest.mark.parametrize(
    ("typed", "spoken"),
    [
        ("0612345678", "06 12 34 56 78"),
        ("0692123456", "0692 12 34 56"),
        ("+390669821234", "+39 06 6982 1234"),
        ("+442079460958", "+44 20 7946 0958"),
    ],
)
def test_another_country_is_said(typed: str, spoken: str) -> None:
    assert spoken_phone(read_phone(typed)) == spoken


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        number = read_phone(typed)
    except PhoneRefused:
        return
    assert read_phone(spoken_phone(number)) == number
