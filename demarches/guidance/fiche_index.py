"""The index a search reads: made once, with the set it belongs to, and put in service with it."""

import math
import re
import struct
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator

from demarches.models import Fiche, FicheSet, FicheWord
from demarches.rules.search import MAX_WORD, stem, words_in

#: What one mention is worth, by where it stands.
IN_TITLE, IN_SUMMARY = 12.0, 4.0
#: A word said again and again soon adds nothing; a long text says any word by chance.
ENOUGH, LENGTH_SHARE, USUAL_LENGTH = 6.0, 0.6, 400
LONG_TITLE = 5
#: What people look for is a fiche (F), then a dossier (N), then a form or a service (R).
KINDS = "FNR"
KIND_SHARES = {"F": 1.0, "N": 0.97, "R": 0.8}
#: A question of detail, beside the fiche of its subject.
DETAIL, DETAIL_SHARE = "Question-réponse", 0.9
#: What a hundred links from other documents add.
LINKED = 0.2
#: The greatest weight, on one byte; and the standing of a document like any other.
MOST, PAR = 255, 160
#: In place of a stem: the standing of every document. No word has it.
STANDING = ""
MENTION = re.compile(rb'\b(?:ID|LienPublication)="([FNR]\d{1,6})"')
BATCH = 2000


class Index:
    """The words of documents, gathered one document after the other, then written."""

    def __init__(self) -> None:
        self._keys: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        self._weights: defaultdict[str, bytearray] = defaultdict(bytearray)
        self._forms: Counter[str] = Counter()
        self._kinds: dict[str, tuple[int, float]] = {}
        self._links: Counter[bytes] = Counter()

    def add(self, row: Fiche) -> None:
        """Take in a document that has its key."""
        title, summary = words_in(row.title), words_in(row.description)
        said = Counter(words_in(row.text))
        self._forms.update({*said, *title, *summary})
        share = 1 / (1 - LENGTH_SHARE + LENGTH_SHARE * said.total() / USUAL_LENGTH)
        worth: defaultdict[str, float] = defaultdict(float)
        for word, count in said.items():
            worth[stem(word)] += count * share
        for word in summary:
            worth[stem(word)] += IN_SUMMARY
        for word in set(title):
            worth[stem(word)] += IN_TITLE * LONG_TITLE / max(LONG_TITLE, len(title))
        worth.pop("", None)
        for found, value in worth.items():
            self._keys[found].append(row.pk)
            self._weights[found].append(round(MOST * value / (value + ENOUGH)) or 1)
        kind = KIND_SHARES[row.code[0]] * (DETAIL_SHARE if DETAIL in row.family else 1)
        self._kinds[row.code] = (row.pk, kind)
        self._links.update(set(MENTION.findall(zlib.decompress(row.xml))))

    def save(self, kept: FicheSet) -> None:
        """Write it as the index of a set."""
        forms: defaultdict[str, list[str]] = defaultdict(list)
        for form, _ in self._forms.most_common():
            forms[stem(form)].append(form[:MAX_WORD])
        for code, (key, kind) in self._kinds.items():
            # Every document names itself.
            links = math.log(self._links[code.encode()] or 1) / math.log(100)
            self._keys[STANDING].append(key)
            self._weights[STANDING].append(min(MOST, round(PAR * kind * (1 + LINKED * links))))
        FicheWord.objects.bulk_create(
            (
                FicheWord(
                    set=kept,
                    stem=found,
                    forms=" ".join(forms[found]) if found else "",
                    count=len(keys),
                    places=struct.pack(f"<{len(keys)}I", *keys) + self._weights[found],
                )
                for found, keys in self._keys.items()
            ),
            batch_size=BATCH,
        )


def places_of(packed: bytes) -> Iterator[tuple[int, int]]:
    """Keys of documents and the weight of the word in each, from 1 to 255."""
    count = len(packed) // 5
    return zip(struct.unpack(f"<{count}I", packed[: 4 * count]), packed[4 * count :], strict=True)
