"""A telephone number as people in France write it, overseas départements included."""

import re
import unicodedata
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

#: Where ten figures that begin by 0 are tried, in this order: overseas numbers are written as
#: those of the mainland, and stand in plans of their own (Arcep, plan national de numérotation).
PLANS: Final = ("FR", "RE", "GP", "MQ", "GF", "YT")
#: The codes of those plans: dialled alike from all of them.
FRENCH_CODES: Final = frozenset(phonenumbers.country_code_for_region(plan) for plan in PLANS)
LENGTH: Final = 40
EXAMPLE: Final = "Exemple : 06 12 34 56 78, ou +39 06 1234 5678 pour un autre pays."


class PhoneRefused(ValueError):
    """No number that can be called; `reason` says what is wrong and what to write, in French."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_phone(typed: str) -> PhoneNumber:
    """The number, whatever separates its figures. Raises `PhoneRefused`.

    A number that may exist in a plan is enough: nobody is called to see.
    """
    text = _plain(typed)
    note = re.search(r"[^\W\d_]{2,}|\([^()\d]+\)", text)
    if note:
        raise PhoneRefused(f"Écrivez le numéro seul, sans « {note[0].strip('()')} ». {EXAMPLE}")
    for plan in PLANS:
        try:
            number = phonenumbers.parse(text, plan)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            if number.extension:
                raise PhoneRefused(
                    f"Écrivez le numéro seul, sans le poste « {number.extension} ». {EXAMPLE}"
                )
            return number
    figures = len(re.sub(r"\D", "", text))
    if text.startswith("+") or text.startswith("00"):
        raise PhoneRefused(f"Ce numéro n’existe pas dans ce pays : vérifiez-le. {EXAMPLE}")
    if figures < 10:
        raise PhoneRefused(f"Il manque des chiffres à ce numéro. {EXAMPLE}")
    if figures > 10:
        raise PhoneRefused(
            f"Ce numéro a trop de chiffres. D’un autre pays, il commence par « + ». {EXAMPLE}"
        )
    raise PhoneRefused(f"Ce numéro n’existe pas : vérifiez-le. {EXAMPLE}")


def is_mobile(number: PhoneNumber) -> bool:
    """Whether an SMS reaches this number: a mobile of one of the French plans."""
    return number.country_code in FRENCH_CODES and (
        phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    )


def spoken_phone(number: PhoneNumber) -> str:
    """As one dials it from France: with its country when it is another one."""
    is_french = number.country_code in FRENCH_CODES
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, form.NATIONAL if is_french else form.INTERNATIONAL)


def _plain(typed: str) -> str:
    """Spaces and dashes of every kind made plain, marks that nobody sees left out."""
    text = unicodedata.normalize("NFKC", typed)
    signs = [" " if sign.isspace() else sign for sign in text]
    signs = ["-" if unicodedata.category(sign) == "Pd" else sign for sign in signs]
    return "".join(sign for sign in signs if unicodedata.category(sign) != "Cf").strip()
