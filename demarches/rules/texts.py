"""Words compared as people compare them."""

import re
import unicodedata
from typing import Final

BEGINNING: Final = 3
"""How many letters of a name are asked from whoever only has to show that they know it."""
#: Letters that no accent makes: what a keyboard without them types instead (ICAO 9303-3, § 6).
_PLAIN = {
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "n",
    "ı": "i",  # noqa: RUF001 -- the dotless one
    "ə": "e",
}
#: Apostrophes of keyboards, of print, and those that some alphabets count as letters.
_APOSTROPHES = dict.fromkeys("’‘‛ʼʻʹʾʿˈ′´`", "'")  # noqa: RUF001 -- as they are typed
_FOLDED = str.maketrans(_PLAIN | _APOSTROPHES)


def plain_text(text: str) -> str:
    """Lower case, each letter as its plain ones (« œ » as « oe »), one apostrophe, single spaces.

    How every text is compared: a name, a search, a sentence.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDED))
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return re.sub(r"\s+", " ", letters.translate(_FOLDED)).strip()


def plain_words(text: str) -> str:
    """The plain words alone: « D’Œuvre-Ñu » gives « d oeuvre nu ». What names are searched by."""
    return " ".join(re.findall(r"\w+", plain_text(text).replace("_", " ")))


def letters_of(text: str) -> str:
    """The plain letters alone: « D’Œuvre-Ñu » gives « doeuvrenu ». Two spellings of one name."""
    return "".join(sign for sign in plain_text(text) if sign.isalpha())


def name_words(text: str) -> list[str]:
    """The words of a name as people type them: « D’Œuvre-Ñu » gives « d », « oeuvre », « nu »."""
    return plain_words(text).split()


def searched_names(*names: str) -> str:
    """What a search of people looks in: the words of each name, and the name in one word."""
    each = [name_words(name) for name in names]
    whole = ["".join(words) for words in each if len(words) > 1]
    return " ".join([*(word for words in each for word in words), *whole])


def begins_like(typed: str, name: str) -> bool:
    """Whether what was typed begins as the name does, by its first letters.

    Accents, case, hyphens, apostrophes and spaces do not count; more letters than are asked
    may be typed. A shorter name is asked whole. Nothing begins like a name without letters.
    """
    wanted = letters_of(name)[:BEGINNING]
    return bool(wanted) and letters_of(typed)[:BEGINNING] == wanted
