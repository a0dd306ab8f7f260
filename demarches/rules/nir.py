"""Find in what people type the numbers a mairie must not have: NIR, NIA, IBAN, bank card.

Law: loi 78-17, art. 30, and décret 2019-341 list who may process a numéro de sécurité sociale; a
mairie's procedure is not there. Shape of that number, and of the number one waits with (NIA):
sex (1, 2; 3, 4, 7, 8 while it is temporary), year (2), month (2), department and commune of
birth (5, Corsica with a letter), order (3), then a key (2) that people often leave out.

A number is read whatever the signs between its figures. Only its ends must be ends of what was
typed together: « 06 12 34 56 78 » twice in a row holds thirteen figures that nobody meant.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum

#: What may stand between two signs of one number; « + » begins a telephone number.
GAP = r"[^0-9A-Za-z+]{0,5}"
#: Months above 12 serve records whose month is not known.
NIR_PARTS = (
    r"[123478]", r"\d", r"\d", r"(?:0" + GAP + r"[1-9]|1" + GAP + r"[0-2]|[2-9]" + GAP + r"\d)",
    r"(?:2" + GAP + r"[ABab]|\d" + GAP + r"\d)", *[r"\d"] * 6,
)  # fmt: skip
KEY = GAP + r"\d" + GAP + r"\d"
NIR = re.compile(r"(?<!\d)(?=(" + GAP.join(NIR_PARTS) + r")(" + KEY + r")?)")
CARD = re.compile(r"(?<!\d)(?=(\d(?:" + GAP + r"\d){15})(?!\d))")
FRENCH_IBAN = re.compile(
    r"(?<![A-Za-z])FR" + GAP + r"\d" + GAP + r"\d(?:" + GAP + r"\d){10}(?:" + GAP + r"[A-Z0-9]){11}"
    + GAP + r"\d" + GAP + r"\d", re.IGNORECASE,
)  # fmt: skip
#: Elsewhere the length varies: compact, or by four as on paper, and the key must be right.
OTHER_IBAN = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])"
)
#: What ordinary texts hold, and no number above may be cut out of: telephones, our references.
PHONE = re.compile(
    r"(?<!\d)(?:\+33|0033)[ .\-/]?(?:\(0\))?[ .\-/]?[1-9](?:[ .\-/]?\d\d){4}(?!\d)"
    r"|(?<!\d)0[1-9](?:[ .\-/]?\d\d){4}(?!\d)"
)
REFERENCE = re.compile(r"(?<![A-Z])[A-Z]{2,5}-?\d{4}-?\d{6}-?[0-9A-Z](?![0-9A-Z])")

REFUSAL = (
    "Ne donnez pas votre numéro de sécurité sociale. La mairie n’en a pas besoin : effacez-le,"
    " puis envoyez à nouveau."
)
BANK_REFUSAL = (
    "Ne donnez pas de numéro de compte ni de carte bancaire. La mairie n’en a pas besoin :"
    " effacez-le, puis envoyez à nouveau."
)


class PrivateNumber(StrEnum):
    """What was found, never the number itself."""

    NIR = "nir"
    IBAN = "iban"
    CARD = "card"

    @property
    def refusal(self) -> str:
        return REFUSAL if self is PrivateNumber.NIR else BANK_REFUSAL


def find_private_number(text: str) -> PrivateNumber | None:
    """The first kind of number found in the text, or None."""
    text = _plain(text)
    if contains_nir(text):
        return PrivateNumber.NIR
    if FRENCH_IBAN.search(text) or any(map(_has_iban_key, OTHER_IBAN.findall(text))):
        return PrivateNumber.IBAN
    harmless = _harmless(text)
    for match in CARD.finditer(text):
        if _luhn(_signs(match[1])) and not _cuts(match.span(1), harmless):
            return PrivateNumber.CARD
    return None


def contains_nir(text: str) -> bool:
    """Whether the text holds something of the shape of a numéro de sécurité sociale."""
    text = _plain(text)
    harmless = _harmless(text)
    return any(
        not _cuts(span, harmless) or (is_sure and not _is_made_of(text, span, harmless))
        for span, is_sure in _nirs(text)
    )


def _nirs(text: str) -> Iterator[tuple[tuple[int, int], bool]]:
    """Where a number may stand; sure when its key is right."""
    for match in NIR.finditer(text):
        if match[2] is not None and not _goes_on(text, match.end(2)):
            number, key = _signs(match[1]).upper(), int(_signs(match[2]))
            yield (match.start(1), match.end(2)), nir_key(number) == key
        if not _goes_on(text, match.end(1)):
            yield match.span(1), False


def nir_key(number: str) -> int:
    """The key of thirteen signs."""
    return 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97


def _plain(text: str) -> str:
    """One way of writing each figure; signs that are not seen left out."""
    normal = unicodedata.normalize("NFKC", text)
    seen = (sign for sign in normal if unicodedata.category(sign) != "Cf")
    return "".join(str(unicodedata.digit(s)) if s.isdigit() else s for s in seen)


def _goes_on(text: str, end: int) -> bool:
    return end < len(text) and text[end].isdigit()


def _signs(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)


def _harmless(text: str) -> list[tuple[int, int]]:
    return [match.span() for shape in (PHONE, REFERENCE) for match in shape.finditer(text)]


def _cuts(span: tuple[int, int], harmless: list[tuple[int, int]]) -> bool:
    """The candidate ends inside a telephone number or a reference: it is made of two things."""
    start, end = span
    return any(
        first < end and start < last and not (start <= first and last <= end)
        for first, last in harmless
    )


def _is_made_of(text: str, span: tuple[int, int], harmless: list[tuple[int, int]]) -> bool:
    """Each figure of the candidate is one of a telephone number or of a reference."""
    return all(
        any(first <= place < last for first, last in harmless)
        for place in range(*span)
        if text[place].isdigit()
    )


def _has_iban_key(text: str) -> bool:
    signs = _signs(text).upper()
    return int("".join(str(int(s, 36)) for s in signs[4:] + signs[:4])) % 97 == 1


def _luhn(digits: str) -> bool:
    doubled = (int(d) * 2 if rank % 2 else int(d) for rank, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0
