"""Numbers that people type and the mairie may not keep: social security, bank account, card.

One door for every free text, search and note: what is found is refused before anything is stored,
logged or shown again. A telephone number or a reference of ours is never one of them.
"""

import re

from demarches.rules import nir

#: Country, key, then the account, in whatever spacing (ISO 13616).
IBAN = re.compile(r"(?<![A-Z0-9])([A-Z]{2}\d{2}(?:[ \u00a0\u202f.\-]?[A-Z0-9]){11,30})(?![A-Z0-9])")
FRENCH_IBAN_LENGTH = 27
#: Sixteen digits, as on a payment card (ISO 7812), in whatever spacing.
CARD = re.compile(r"(?<!\d)(?:\d[ \u00a0\u202f.\-]?){15}\d(?!\d)")
IBAN_REFUSAL = (
    "N’écrivez pas de numéro de compte bancaire (IBAN, RIB). La mairie n’en a pas besoin :"
    " effacez-le, puis envoyez à nouveau."
)
CARD_REFUSAL = (
    "N’écrivez pas de numéro de carte bancaire. La mairie n’en a pas besoin : effacez-le, puis"
    " envoyez à nouveau."
)


def refusal_of(text: str) -> str:
    """What to tell the person when the text holds such a number; empty when it does not."""
    if nir.contains_nir(text):
        return nir.REFUSAL
    if contains_iban(text):
        return IBAN_REFUSAL
    return CARD_REFUSAL if contains_card(text) else ""


def contains_iban(text: str) -> bool:
    """An account number: the key is right, or it has the length of a French one."""
    for found in IBAN.findall(text.upper()):
        sign = re.sub(r"[^A-Z0-9]", "", found)
        # Words may follow without a stop: the account may be the beginning only.
        if any(_is_iban(sign[:length]) for length in range(15, len(sign) + 1)):
            return True
        if sign.startswith("FR") and len(sign) >= FRENCH_IBAN_LENGTH and sign[2:14].isdecimal():
            return True
    return False


def _is_iban(sign: str) -> bool:
    digits = "".join(str(int(letter, 36)) for letter in sign[4:] + sign[:4])
    return int(digits) % 97 == 1


def contains_card(text: str) -> bool:
    """Sixteen digits whose last one is the right key (Luhn)."""
    return any(_is_luhn(re.sub(r"\D", "", found)) for found in CARD.findall(text))


def _is_luhn(digits: str) -> bool:
    total = 0
    for rank, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if rank % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and int(digits) > 0
