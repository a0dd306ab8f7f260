"""What nobody types, and somebody sends."""

import random
from collections.abc import Callable
from urllib.parse import quote

#: Each is what is written in an address or a body, already percent-encoded.
type Encoded = str

LONG_DIGITS = 4_400
HUGE_LIST = 290  # below DATA_UPLOAD_MAX_NUMBER_FIELDS: it reaches the forms

TEXTS = [
    "",
    " ",
    "0",
    "-1",
    "1.5",
    "1e9",
    "NaN",
    "١٢٣",  # digits of another script: `isdecimal` says yes
    "²",  # `isdigit` says yes, `int` refuses
    "9" * LONG_DIGITS,
    "9" * 18,
    "9" * 19,
    "9223372036854775808",
    "2147483648",
    "-" + "9" * 40,
    "\0",
    "a\0b",
    "\r\n",
    "a\r\nSet-Cookie: x=1",
    "😀",
    "\U0001d538\U0001d539",
    "e\u0301\u0327" * 30,
    "\u202e\u200b\ufeff",
    "\uffff",
    "'",
    '"',
    "' OR 1=1 --",
    "%",
    "_",
    "\\",
    "<script>alert(1)</script>",
    "{{ 7|add:7 }}",
    "{% now 'Y' %}",
    "../../etc/passwd",
    "None",
    "null",
    "true",
    "[]",
    "[1",
    "{}",
    "1,2,3",
    "on",
    "31/12/9999",
    "9999-12-31",
    "9999-12-31T23:59",
    "0001-01-01",
    "0000-00-00",
    "30/02/2026",
    "1/1/26",
    "26-01-01",
    "2026-13",
    "9999-12",
    "0001-01",
    "25:61",
    "23:59",
    "2026-12-14T08:00:00+01:00",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "+33612345678",
    "+" + "3" * 60,
    "0" * 60,
    "a@b.fr",
    "a" * 300 + "@exemple.fr",
    "victime@exemple.fr\nBcc: x@exemple.fr",
    "FR",
    "ZZ",
    "PACS-2026-000001-X",
    "a" * 5_000,
    "é" * 2_001,
    "1 85 05 78 006 084 91",
]
#: Bytes that are no text in UTF-8, a lone half of a pair among them.
BYTES = ["%FF", "%C3%28", "%ED%A0%80", "%ED%B0%80", "%F0%28%8C%28", "%00", "%", "%zz", "%u0041"]
METHODS = ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW", "GET", "POST"]
#: Parameters that some page of ours, or of the admin, reads from an address.
PARAMETERS = [
    *("q", "p", "o", "e", "all", "next", "page", "semaine", "jour", "mois", "situation"),
    *("annee", "semestre", "format", "nouveau", "etape", "envoi", "renouveler", "modifier"),
    *("_popup", "_to_field", "_changelist_filters", "id__in", "pk", "status__exact"),
    *("id__exact", "day__year", "term", "app_label", "model_name", "field_name", "pile"),
]


def hostile(chance: random.Random, *, longest: int | None = None) -> Encoded:
    """One value; `longest` is how much the field says it takes, for one sign more."""
    if longest is not None and chance.random() < 0.25:
        size = min(longest, 300_000)
        return quote(chance.choice("aé😀9") * (size + chance.choice([0, 1])))
    if chance.random() < 0.12:
        return chance.choice(BYTES)
    return quote(chance.choice(TEXTS), safe="")


type Fields = list[tuple[str, Encoded]]


def _drop(chance: random.Random, fields: Fields) -> Fields:
    kept = list(fields)
    if kept:
        kept.pop(chance.randrange(len(kept)))
    return kept


def _repeat(chance: random.Random, fields: Fields) -> Fields:
    name, _ = chance.choice(fields) if fields else ("x", "")
    return [*fields, *((name, hostile(chance)) for _ in range(chance.choice([1, 3, 20])))]


def _swell(chance: random.Random, fields: Fields) -> Fields:
    name, _ = chance.choice(fields) if fields else ("x", "")
    return [*fields, *((name, str(rank)) for rank in range(HUGE_LIST - len(fields)))]


def _shuffle(chance: random.Random, fields: Fields) -> Fields:
    values = [value for _, value in fields]
    chance.shuffle(values)
    return [(name, value) for (name, _), value in zip(fields, values, strict=True)]


def _stranger(chance: random.Random, fields: Fields) -> Fields:
    return [*fields, (chance.choice(PARAMETERS), hostile(chance))]


def _nothing(chance: random.Random, fields: Fields) -> Fields:
    return []


SHAPES: list[Callable[[random.Random, Fields], Fields]] = [
    *(_drop, _repeat, _swell, _shuffle, _stranger, _nothing)
]
