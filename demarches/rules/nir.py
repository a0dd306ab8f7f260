"""Find in what people type the numbers a mairie must not have: NIR, NIA, IBAN, bank card.

Law: loi 78-17, art. 30, and décret 2019-341 list who may process a numéro de sécurité sociale; a
mairie's procedure is not there. Shape of that number, and of the number one waits with (NIA):
sex (1, 2; 3, 4, 7, 8 while it is temporary), year (2), month (2), department and commune of
birth (5, Corsica with a letter), order (3), then a key (2) that people often leave out.

A number is read whatever the signs between its figures, with O for 0 and l or I for 1. What
ordinary texts hold (telephones, dates, references, amounts) is told apart by its own shape: « 06
12 34 56 78 » twice in a row holds thirteen figures that nobody meant.

Every step reads the text once: each pattern is bounded, and what a candidate touches is looked
for by bisection. Twice the text takes twice the time.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

#: What may stand between two signs of one number.
MAX_GAP = 20
GAP = rf"[\W_]{{0,{MAX_GAP}}}"
WORD = re.compile(r"[^\W_]+")
TAG = re.compile(r"<[^<>]{0,40}>")

#: Letters typed for figures, also those of other alphabets that look like them.
LOOK_ALIKES = str.maketrans(dict.fromkeys("OoОоΟο", "0") | dict.fromkeys("IlІΙ", "1"))  # noqa: RUF001
#: One to three of them alone: a figure only beside figures, and never an elision (« l’été »).
LONELY = re.compile(
    r"(?<![^\W_])[OoIl]{1,3}(?![^\W_]|['’])(?=[\W_]{1,20}[0-9])"
    r"|(?<=[0-9][\W_])[OoIl]{1,3}(?![^\W_]|['’])"
)
FIGURES = re.compile(r"(?=[OoIl]*[0-9])[0-9OoIl]+")
#: Figures around the letter of a Corsican department, or that letter alone.
CORSICAN = re.compile(r"[0-9OoIl]*[ABab][0-9OoIl]*")

#: On figures with at most one space between two of them. Months above 12: month not known.
NIR = re.compile(
    r"(?=([123478] ?\d ?\d ?(?:0 ?[1-9]|1 ?[0-2]|[2-9] ?\d) ?(?:2 ?[AB]|\d ?\d)(?: ?\d){6})"
    r"( ?\d ?\d)?)"
)
#: Stuck to the letters of a word, « nir1850578… », « 1850578…abc », with one letter before the
#: key at most: with its key alone, and in a true month, since names of pictures are letters and
#: figures too.
GLUED_NIR = re.compile(
    r"(?<!\d)([123478]\d\d(?:0[1-9]|1[0-2])(?:2[ABab]|\d\d)\d{6})([^\W\d_]?)(\d\d)(?!\d)"
)
#: Called by its name, whatever follows: « NIR2850578006084X36 », with its key or none.
CALLED_NIR = re.compile(
    r"(?<![^\W\d_])(?:nir|nia|nss|secu)([123478]\d\d(?:0[1-9]|1[0-2])(?:2[ab]|\d\d)\d{6})",
    re.IGNORECASE,
)
CARD = re.compile(r"(?<!\d)(?=([2-6](?: ?\d){12,18}))")
#: After how many figures people leave a space, where they write a NIR or a card with care.
NIR_PARTS = frozenset({1, 3, 5, 7, 10, 13})
CARD_PARTS = {
    13: (frozenset({4, 7, 10}), frozenset({4, 8, 12})),
    14: (frozenset({4, 10}),),
    15: (frozenset({4, 10}), frozenset({4, 8, 12})),
    **dict.fromkeys((16, 17, 18, 19), (frozenset({4, 8, 12, 16}),)),
}
#: How many figures may be stuck to a number before or after it, when its key is right.
MAX_STUCK = 2

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
#: What ordinary texts hold, and no number above may be cut out of.
HARMLESS = re.compile(
    "|".join(
        [
            # References of ours; numbers of the register of Pacs, since 1999.
            r"(?<![A-Z])[A-Z]{2,5}-?\d{4}-?\d{6}-?[0-9A-Z](?![0-9A-Z])",
            rf"(?<!\d)\d[\dAB]\d{{3}} ?- ?{_YEAR} ?- ?\d{{1,3}} ?- ?\d{{1,6}}(?!\d)",
            # Days, also as the names of pictures write them; hours. Before telephones, which
            # also begin with 03/07/19….
            rf"(?<!\d){_DAY}(?P<between>[ ./-]){_MONTH}(?P=between){_YEAR}(?!\d)",
            rf"(?<![\d/]){_DAY}/{_MONTH}/\d\d(?![\d/])",
            rf"(?<!\d){_YEAR}(?P<then>[./-]){_MONTH}(?P=then){_DAY}(?!\d)",
            r"(?<!\d)20\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[_-]?\d{6}(?:\d{3})?)?(?!\d)",
            r"(?<!\d)\d{1,2}:\d\d ?[-–] ?\d{1,2}(?::\d\d)?(?!\d)",
            # Telephones.
            r"(?<!\d)(?:\+33|0033)[ .\-/]?(?:\(0\))?[ .\-/]?[1-9](?:[ .\-/]?\d\d){4}(?!\d)",
            r"(?<!\d)0[1-9](?:[ .\-/]?\d\d){4}(?!\d)",
            # SIRET; amounts; postcodes and communes in a list.
            r"(?<!\d)\d{3}[ .]\d{3}[ .]\d{3}[ .]?\d{5}(?!\d)",
            r"(?<!\d)\d{1,3}(?:[ .]?\d{3}){0,3}(?:,\d\d)? ?(?:€|EUR|euros?)",
            r"(?<!\d)\d{5}(?: ?[,;/] ?\d{5}){1,5}(?!\d)",
        ]
    )
)

#: Country -> what follows the two figures of the key: a number of signs and their kind (n figures,
#: a letters, c both), from the IBAN registry (ISO 13616).
IBAN_SHAPES = {
    "AD": "8n12c", "AT": "16n", "BE": "12n", "BG": "4a6n8c", "CH": "5n12c", "CY": "8n16c",
    "CZ": "20n", "DE": "18n", "DK": "14n", "EE": "16n", "ES": "20n", "FI": "14n",
    "FR": "10n11c2n", "GB": "4a14n", "GI": "4a15c", "GR": "7n16c", "HR": "17n", "HU": "24n",
    "IE": "4a14n", "IS": "22n", "IT": "1a10n12c", "LI": "5n12c", "LT": "16n", "LU": "3n13c",
    "LV": "4a13c", "MA": "24n", "MC": "10n11c2n", "MT": "4a5n18c", "NL": "4a10n", "NO": "11n",
    "PL": "24n", "PT": "21n", "RO": "4a16c", "RS": "18n", "SE": "20n", "SI": "15n", "SK": "20n",
    "SM": "1a10n12c", "TN": "20n", "TR": "6n16c", "UA": "6n19c", "VA": "18n",
}  # fmt: skip
IBAN_HEAD = re.compile(rf"(?<![^\W_])([A-Za-z]{{2}}){GAP}\d{GAP}\d")
#: In one piece, or as on paper.
BY_FOURS = re.compile(r"[A-Za-z]{2}\d\d(?:[ .-]?[A-Za-z0-9]{4}){2,7}(?:[ .-]?[A-Za-z0-9]{1,3})?")

#: One sentence for whoever typed it, resident or agent.
NIR_REFUSAL = (
    "Ce texte contient ce qui ressemble à un numéro de sécurité sociale. La mairie n’en a pas"
    " besoin et ne peut pas le garder : effacez-le, puis envoyez à nouveau."
)
BANK_REFUSAL = (
    "Ce texte contient ce qui ressemble à un numéro de compte ou de carte bancaire. La mairie n’en"
    " a pas besoin et ne peut pas le garder : effacez-le, puis envoyez à nouveau."
)
#: How much of a passage is shown, so that its place is found.
SHOWN_SIGNS = 6


class PrivateNumber(StrEnum):
    """What was found, never the number itself."""

    NIR = "nir"
    IBAN = "iban"
    CARD = "card"

    @property
    def refusal(self) -> str:
        return NIR_REFUSAL if self is PrivateNumber.NIR else BANK_REFUSAL


@dataclass(frozen=True, slots=True)
class Passage:
    """A number found, and where: positions in the text as it was typed."""

    kind: PrivateNumber
    start: int
    end: int

    def refusal(self, text: str) -> str:
        """The refusal, and the first signs of the passage so that it is found in the text."""
        shown = text[self.start : min(self.end, self.start + SHOWN_SIGNS)].strip()
        return f"{self.kind.refusal} Le passage commence par « {shown}… »."


#: Letters may stand for some figures of a number, never for so many of them.
FEWEST_FIGURES = 6


def find_private_number(text: str) -> PrivateNumber | None:
    """The first kind of number found in the text, or None."""
    found = find_passage(text)
    return found.kind if found else None


def find_passage(text: str) -> Passage | None:
    """The first number found in the text and its place, or None."""
    if sum(map(str.isdigit, text)) < FEWEST_FIGURES:
        return None  # most texts: nothing more is read of them
    plain, origins = _plain(text)
    for kind, start, end in _numbers(plain):
        return Passage(kind, origins[start], origins[end - 1] + 1)
    return None


def without_private_numbers(text: str, *, instead: str) -> str:
    """The text with each number replaced. For short texts: it is read once more per number."""
    while found := find_passage(text):
        text = f"{text[: found.start]}{instead}{text[found.end :]}"
    return text


def contains_nir(text: str) -> bool:
    """Whether the text holds something of the shape of a numéro de sécurité sociale."""
    plain, _ = _plain(text)
    return any((*_nirs(_Figures(plain)), *_glued_nirs(plain), *_called_nirs(plain)))


def nir_key(number: str) -> int:
    """The key of thirteen signs."""
    return 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97


def _numbers(plain: str) -> Iterator[tuple[PrivateNumber, int, int]]:
    figures = _Figures(plain)
    for start, end in (*_nirs(figures), *_glued_nirs(plain), *_called_nirs(plain)):
        yield PrivateNumber.NIR, start, end
    for start, end in _ibans(plain, figures.harmless):
        yield PrivateNumber.IBAN, start, end
    for start, end in _cards(figures):
        yield PrivateNumber.CARD, start, end


# What is read


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """One way of writing each sign, and where each of them comes from."""
    plain, origins = text, range(len(text))  # type: tuple[str, Sequence[int]]
    if not text.isascii():
        signs = [_as_plain(sign) for sign in text]
        plain = "".join(signs)
        origins = [place for place, several in enumerate(signs) for _ in several]
    plain = TAG.sub(lambda tag: " " * len(tag[0]), plain)
    return LONELY.sub(lambda word: word[0].translate(LOOK_ALIKES), plain), origins


@lru_cache(maxsize=4096)
def _as_plain(sign: str) -> str:
    """One sign in its plain form: figures in ASCII, none where it is not seen."""
    seen = (s for s in unicodedata.normalize("NFKC", sign) if unicodedata.category(s) != "Cf")
    plain = "".join(str(unicodedata.digit(s)) if s.isdigit() else s for s in seen)
    return plain if sign.isascii() else plain.translate(LOOK_ALIKES)


class _Figures:
    """The figures of a text with one space between two groups, « x » for any word."""

    def __init__(self, plain: str) -> None:
        self.harmless = _Harmless(plain)
        signs: list[str] = []
        places: list[int] = []
        end = 0
        for word in WORD.finditer(plain):
            is_near = word.start() - end <= MAX_GAP
            signs.append(" " if is_near else "x")
            places.append(end)
            written, first = word[0], word.start()
            if FIGURES.fullmatch(written) or CORSICAN.fullmatch(written):
                signs.append(written.translate(LOOK_ALIKES).upper())
                places.extend(range(first, word.end()))
            else:
                signs.append("x")
                places.append(first)
            end = word.end()
        self.text = "".join(signs)
        self.places = places

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the figures stands in the plain text."""
        return self.places[start], self.places[end - 1] + 1

    def stuck(self, start: int, end: int) -> int:
        """How many figures are stuck to a piece, on the side that has more (up to 3)."""
        before, after = self.text[max(0, start - 3) : start], self.text[end : end + 3]
        return max(
            len(before) - len(before.rstrip("0123456789")),
            len(after) - len(after.lstrip("0123456789")),
        )

    def parts(self, start: int, end: int) -> frozenset[int]:
        """After how many figures of the piece there is a space."""
        counts, figures = set(), 0
        for sign in self.text[start:end]:
            if sign == " ":
                counts.add(figures)
            else:
                figures += 1
        return frozenset(counts)

    def touches(self, start: int, end: int) -> bool:
        """The piece and something harmless have a sign in common."""
        return self.harmless.touches(*self.span(start, end))

    def cuts(self, start: int, end: int) -> bool:
        """The piece begins or ends inside something harmless: it is made of two things."""
        return self.harmless.cuts(*self.span(start, end))

    def is_made_of(self, start: int, end: int) -> bool:
        """Each figure of the piece is one of something harmless."""
        ranks = (rank for rank in range(start, end) if self.text[rank] != " ")
        return all(self.harmless.holds(self.places[rank]) for rank in ranks)


class _Harmless:
    """Where telephones, days, references and their like stand in the plain text, in order."""

    def __init__(self, plain: str) -> None:
        spans = [match.span() for match in HARMLESS.finditer(plain)]
        self._firsts = [first for first, _ in spans]
        self._lasts = [last for _, last in spans]

    def _at(self, place: int) -> tuple[int, int] | None:
        """The first of them that ends after a place."""
        index = bisect_right(self._lasts, place)
        return (self._firsts[index], self._lasts[index]) if index < len(self._lasts) else None

    def holds(self, place: int) -> bool:
        span = self._at(place)
        return span is not None and span[0] <= place

    def touches(self, first: int, last: int) -> bool:
        span = self._at(first)
        return span is not None and span[0] < last

    def cuts(self, first: int, last: int) -> bool:
        begins, ends = self._at(first), self._at(last - 1)
        return (begins is not None and begins[0] < first) or (
            ends is not None and ends[0] < last < ends[1]
        )


# NIR


def _is_possible(number: str) -> bool:
    """Neither department, commune nor order is ever zero."""
    return number[5:7] != "00" and number[7:10] != "000" and number[10:] != "000"


def _glued_nirs(plain: str) -> Iterator[tuple[int, int]]:
    for match in GLUED_NIR.finditer(plain):
        beside = (
            plain[max(0, match.start() - 1) : match.start()],
            plain[match.end() : match.end() + 1],
        )
        if not (match[2] or any(map(str.isalpha, beside))):
            continue  # alone: read with what stands around it
        number = match[1].upper()
        if _is_possible(number) and nir_key(number) == int(match[3]):
            yield match.span()


def _called_nirs(plain: str) -> Iterator[tuple[int, int]]:
    for match in CALLED_NIR.finditer(plain):
        if _is_possible(match[1]):
            yield match.span(1)


def _nirs(figures: _Figures) -> Iterator[tuple[int, int]]:
    """Where a NIR stands in the plain text."""
    for match in NIR.finditer(figures.text):
        number = match[1].replace(" ", "")
        if not _is_possible(number):
            continue
        start, end = match.span(1)
        has_key = match[2] is not None and nir_key(number) == int(match[2].replace(" ", ""))
        if has_key and _is_keyed_nir(figures, start, match.end(2), number):
            yield figures.span(start, match.end(2))
        elif _is_keyless_nir(figures, start, end, number):
            yield figures.span(start, end)


def _is_keyed_nir(figures: _Figures, start: int, end: int, number: str) -> bool:
    """The key is right: only figures that all belong to other things make it a chance."""
    if figures.is_made_of(start, end):
        return False
    parts, stuck = figures.parts(start, end), figures.stuck(start, end)
    is_careful = parts <= NIR_PARTS
    if not stuck:
        # Three postcodes side by side are written by fives too.
        return (is_careful and parts != {5, 10}) or _has_month(number)
    return is_careful and stuck <= MAX_STUCK and _has_month(number) and not figures.cuts(start, end)


def _is_keyless_nir(figures: _Figures, start: int, end: int, number: str) -> bool:
    """Thirteen signs alone: a true month, and spaces where people leave them, or nothing else."""
    if figures.stuck(start, end) or not _has_month(number):
        return False
    if figures.parts(start, end) <= NIR_PARTS:
        return not (figures.cuts(start, end) or figures.is_made_of(start, end))
    return not figures.touches(start, end)


def _has_month(number: str) -> bool:
    return 1 <= int(number[3:5]) <= 12


# IBAN


def _ibans(plain: str, harmless: "_Harmless") -> Iterator[tuple[int, int]]:
    """Where an IBAN stands: the shape of its country and a right key, or written with care."""
    for head in IBAN_HEAD.finditer(plain):
        country = head[1].upper()
        match = (
            _iban_pattern(country).match(plain, head.start()) if country in IBAN_SHAPES else None
        )
        if match is None:
            continue
        is_careful = BY_FOURS.fullmatch(match[0]) is not None
        has_key = _has_iban_key(match[0]) and not harmless.touches(*match.span())
        # A mistyped French one is one all the same.
        if has_key or (is_careful and (country in {"FR", "MC"} or _has_iban_key(match[0]))):
            yield match.span()


@lru_cache(maxsize=len(IBAN_SHAPES))
def _iban_pattern(country: str) -> re.Pattern[str]:
    kinds = {"n": r"\d", "a": r"[A-Za-z]", "c": r"[A-Za-z0-9]"}
    signs = [
        kinds[kind]
        for count, kind in re.findall(r"(\d+)([nac])", f"2n{IBAN_SHAPES[country]}")
        for _ in range(int(count))
    ]
    return re.compile(r"[A-Za-z]{2}" + GAP + GAP.join(signs))


def _has_iban_key(text: str) -> bool:
    signs = re.sub(r"[\W_]", "", text).upper()
    return int("".join(str(int(s, 36)) for s in signs[4:] + signs[:4])) % 97 == 1


# Cards


def _cards(figures: _Figures) -> Iterator[tuple[int, int]]:
    """Where the number of a card stands in the plain text."""
    for match in CARD.finditer(figures.text):
        start = match.start(1)
        ends = [start + rank + 1 for rank, sign in enumerate(match[1]) if sign != " "]
        digits = match[1].replace(" ", "")
        for length in range(13, len(digits) + 1):
            end = ends[length - 1]
            if (
                not figures.text[end : end + 1].isdigit()
                and _has_card_prefix(digits[:length])
                and _luhn(digits[:length])
                and _is_card(figures, start, end, length)
            ):
                yield figures.span(start, end)


def _is_card(figures: _Figures, start: int, end: int, length: int) -> bool:
    parts = figures.parts(start, end)
    if figures.is_made_of(start, end):
        return False
    if not parts:
        # Fourteen figures in one piece are far more often a SIRET, which has the same key.
        return length != 14
    if any(parts == {one for one in usual if one < length} for usual in CARD_PARTS[length]):
        return not figures.cuts(start, end)
    return length == 16 and not figures.touches(start, end)


def _has_card_prefix(digits: str) -> bool:
    """Whether a network gives out numbers of this beginning and length."""
    first, two, three, four = (int(digits[:n]) for n in (1, 2, 3, 4))
    match len(digits):
        case 13:
            return first == 4
        case 14:
            return two in {36, 38, 39} or 300 <= three <= 305
        case 15:
            return two in {34, 37}
        case 16 if first == 4 or 51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589:
            return True
        case 19 if first == 4:
            return True
    return two in {50, 56, 57, 58} or first == 6


def _luhn(digits: str) -> bool:
    doubled = (int(d) * 2 if rank % 2 else int(d) for rank, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0
