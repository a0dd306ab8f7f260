"""Communes of France, found by the name that people write.

Source: Code officiel géographique (Insee), as `fixtures/communes` says. Communes that vanished
before the table was made are not in it: whoever asks for a name must also accept one that is not
found here.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from demarches.rules.texts import plain_text

_ARTICLE = re.compile(r"^(?:les?|la|l) ")
_ARRONDISSEMENT = re.compile(r" 0?(\d{1,2})(?: ?(?:er|e|eme))?(?: arr(?:ondissement)?)?$")
_CONTRACTED = re.compile(r"^(le|les) +(?=\S)", re.I)
#: How the key of a name begins that takes « d’ »: the H of Hyères is mute, that of Honfleur is not.
_ELIDED = re.compile(r"[aeiou]|y(?!u)|h(?:[iy]|e(?!m\b))")
#: No commune has a longer name; what is typed beyond it is not read.
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of today, a part of one that keeps its name, or an arrondissement.

    `code` is Insee's, five characters; `department` is a name, `department_code` has two
    characters, three overseas.
    """

    code: str
    name: str
    department_code: str
    department: str

    def __str__(self) -> str:
        return f"{self.name} ({self.department})" if self.department != self.name else self.name


def department_code_of(code: str) -> str:
    """The department's code that an Insee code begins with.

    >>> department_code_of("30334"), department_code_of("2A004"), department_code_of("97411")
    ('30', '2A', '974')
    """
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def commune_key(name: str) -> str:
    """The name as it is compared: no accent, hyphen or abbreviation.

    >>> commune_key("St-Quentin la Poterie"), commune_key("Paris 12e arrondissement")
    ('saint quentin la poterie', 'paris 12')
    """
    text = re.sub(r"[^a-z0-9]+", " ", plain_text(name[:LONGEST_NAME])).strip()
    text = re.sub(r"\bst\b", "saint", text)
    text = re.sub(r"\bste\b", "sainte", text)
    return _ARRONDISSEMENT.sub(r" \1", text)


def of_place(name: str) -> str:
    """The name of a place after « mairie » or « commune ».

    >>> of_place("Uzès"), of_place("Hyères"), of_place("Nîmes"), of_place("LE HAVRE")
    ('d’Uzès', 'd’Hyères', 'de Nîmes', 'du HAVRE')
    """
    if article := _CONTRACTED.match(name):
        short = "du" if article[1].lower() == "le" else "des"
        return f"{short} {name[article.end() :]}"
    return f"d’{name}" if _ELIDED.match(commune_key(name)) else f"de {name}"


class Communes:
    """The table of communes, searched by name; made once, never changed."""

    def __init__(self, rows: Iterable[Commune]) -> None:
        self._by_code: dict[str, Commune] = {}
        entries: set[tuple[str, str, str]] = set()
        known: set[tuple[str, str]] = set()
        for row in rows:
            key = commune_key(row.name)
            # The part that bears the name of its own commune is that commune, for who types it.
            if (key, row.department_code) in known:
                continue
            known.add((key, row.department_code))
            self._by_code.setdefault(row.code, row)
            entries.add((key, row.name, row.code))
            entries.add((_ARTICLE.sub("", key), row.name, row.code))
        self._entries = sorted(entries)

    def __len__(self) -> int:
        return len(self._by_code)

    def coded(self, code: str) -> Commune | None:
        """The commune of this Insee code, in the table of today."""
        return self._by_code.get(code.strip().upper())

    def named(self, name: str) -> list[Commune]:
        """Every commune that bears exactly this name, in the order of their departments.

        Accents, hyphens, capitals and a missing article do not count; none found is `[]`.
        """
        key = commune_key(name)
        found = {code for entry, _, code in self._from(key) if entry == key} if key else set()
        return sorted(
            (self._by_code[code] for code in found), key=lambda one: (one.department_code, one.name)
        )

    def starting(self, text: str, *, limit: int = 8) -> list[Commune]:
        """The first communes whose name begins with `text`, those of exactly that name first."""
        key = commune_key(text)
        found = {one.code: one for one in self.named(text)}
        for entry, _, code in self._from(key) if len(key) > 1 else ():
            if len(found) >= limit or not entry.startswith(key):
                break
            found.setdefault(code, self._by_code[code])
        return list(found.values())[:limit]

    def _from(self, key: str) -> Iterable[tuple[str, str, str]]:
        start = bisect_left(self._entries, (key, "", ""))
        for index in range(start, len(self._entries)):
            entry = self._entries[index]
            if not entry[0].startswith(key):
                return
            yield entry
