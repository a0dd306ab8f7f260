"""A search over the national guidance and the pages of the mairie: forgiving, the best first."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nlargest
from itertools import islice

from django.db.models import Exists, OuterRef
from django.db.models.functions import Left
from django.urls import reverse
from rapidfuzz import process
from rapidfuzz.distance import OSA

from demarches.guidance.fiche_index import KINDS, MOST, STANDING, places_of
from demarches.models import Fiche, FicheSet, FicheWord, ShownFiche, SitePage, Synonym
from demarches.rules.fiche import official_url
from demarches.rules.search import (
    MAX_WORD,
    ONE_SLIP,
    WORD,
    folded,
    names_in,
    slips_forgiven,
    sound_of,
    stem,
    stems_in,
    words_in,
)

MAX_WORDS = 8
MAX_RESULTS = 10
MAX_PAGES = 3
#: Documents that are looked at closely, among all those that hold a word.
LOOKED_AT = 80
#: A word that so many documents hold brings no new one when others are known.
COMMON = 1200
#: What the title adds to the words; and one that begins with what was asked, to that.
IN_TITLE, LEADING = 0.6, 0.15
#: The share of what was asked that an answer must hold.
SMALLEST_SHARE = 0.45
#: Signs of a passage before and after what it was found by; how far and among how many it is.
BEFORE, AFTER, READ, NEAR = 60, 160, 2000, 9
#: The share of what was asked that a page of ours must hold.
ON_PAGE = 0.8
#: What a word that no document holds counts for, beside the others.
UNKNOWN_WORTH = 5.0
#: What tells two near words apart: another first letter is rare, the ear is seldom wrong.
OTHER_LETTER, SAME_SOUND = 0.5, 0.3
#: A word this rare is perhaps a slip of the source.
RARE = 4


@dataclass(frozen=True)
class Found:
    """One document that answers, with the passage that made it one."""

    code: str
    title: str
    passage: list[tuple[str, bool]]
    #: Shown on our pages; otherwise its page is on the national site.
    is_here: bool

    @property
    def url(self) -> str:
        if self.is_here:
            return reverse("demarches:fiche", args=[self.code])
        return official_url(self.code)


@dataclass(frozen=True)
class Answer:
    """What a search brings."""

    found: list[Found] = field(default_factory=list)
    pages: list[SitePage] = field(default_factory=list)
    #: The words that were looked for instead, since nothing holds those that were typed.
    instead: str = ""


@dataclass(frozen=True)
class _Word:
    """One stem of the index."""

    forms: list[str]
    count: int
    places: bytes
    worth: float


def answer(query: str) -> Answer:
    """The pages and documents that answer best; nothing for a query without words.

    Accents, plurals, order and the words of a question do not count. What people say is looked
    for as the guide writes it (`Synonym`). A word that nothing holds is taken for its nearest.
    """
    pages = list(SitePage.objects.all())
    typed = _typed(query)
    if not typed:
        return Answer()
    found, unknown = _look_for(typed, pages)
    if not unknown:
        return found
    instead = _corrected(query, unknown, pages)
    meant = _typed(instead)
    if not meant:
        return found
    other, _ = _look_for(meant, pages)
    return Answer(other.found, other.pages, instead)


def _typed(query: str) -> dict[str, str]:
    """The stems that were asked, each with the word it was typed by."""
    stems = ((stem(word), folded(word)) for word in words_in(query))
    return dict(islice(((one, word) for one, word in stems if one), MAX_WORDS))


def _look_for(typed: dict[str, str], pages: list[SitePage]) -> tuple[Answer, set[str]]:
    """The answer, and the stems that neither the guide nor the mairie knows."""
    ways, explained = _ways(list(typed))
    words = _words({one for way in ways for one in way})
    explained |= {one for page in pages for one in _stems_of(page)}
    # A slip may have the stem of a rare word, without being any of its forms.
    known = {
        one
        for one, word in typed.items()
        if one in words
        and (words[one].count > RARE or word in {folded(form) for form in words[one].forms})
    }
    found = Answer(_documents(ways, words), _pages(ways, words, pages))
    return found, set(typed) - known - explained


def _ways(asked: list[str]) -> tuple[list[list[str]], set[str]]:
    """What was asked as the guide may write it, and the stems that this explains.

    The words as they came, then with what they mean in place of what people say: each expression
    alone, then all of them.
    """
    ways, explained = [asked], set()
    meant = asked
    for said, guide in Synonym.objects.values_list("said", "meant"):
        stems = set(stems_in(said))
        if stems and stems <= set(asked):
            explained |= stems
            ways.append(_replaced(asked, stems, guide))
            meant = _replaced(meant, stems, guide)
    return [*ways, meant] if len(ways) > 2 else ways, explained


def _replaced(asked: list[str], stems: set[str], guide: str) -> list[str]:
    return list(dict.fromkeys([*stems_in(guide), *(one for one in asked if one not in stems)]))


def _words(stems: set[str]) -> dict[str, _Word]:
    """Those that the set in service holds, and the standing of its documents."""
    rows = FicheWord.objects.filter(set__is_current=True, stem__in=[STANDING, *sorted(stems)])
    return {
        one: _Word(forms.split(), count, bytes(places), math.log(1 + total / count))
        for one, forms, count, places, total in rows.values_list(
            "stem", "forms", "count", "places", "set__count"
        )
    }


def _share(held: Iterable[str], way: list[str], words: dict[str, _Word]) -> float:
    """How much of what was asked these stems are: a rare word counts more."""
    worths = {one: words[one].worth if one in words else UNKNOWN_WORTH for one in way}
    return sum(worths[one] for one in held) / sum(worths.values())


def _documents(ways: list[list[str]], words: dict[str, _Word]) -> list[Found]:
    """The best first: by their words, then looked at closely by their title.

    An exact title comes before the others: of a fiche, then of a dossier, then of a form.
    """
    scores: dict[int, float] = {}
    for way in ways:
        for pk, score in _scores(way, words).items():
            scores[pk] = max(score, scores.get(pk, 0))
    near = nlargest(LOOKED_AT, scores, key=scores.__getitem__)
    if not near:
        return []
    standing = dict(places_of(words[STANDING].places))
    ranked = []
    for pk, title, code in Fiche.objects.filter(pk__in=near).values_list("pk", "title", "code"):
        named = names_in(title, is_list=code.startswith("N"))
        is_exact = any(set(way) in named for way in ways)
        by_title = max(_title_score(title, way, words) for way in ways)
        order = KINDS.index(code[0]) if is_exact else len(KINDS)
        ranked.append((order, -standing[pk] * (scores[pk] + by_title), pk))
    ranked.sort()
    least = SMALLEST_SHARE * min(score for _, score, _ in ranked)
    kept = [pk for _, score, pk in ranked if score <= least][:MAX_RESULTS]
    return _shown(
        kept, {form for way in ways for one in way if one in words for form in words[one].forms}
    )


def _scores(way: list[str], words: dict[str, _Word]) -> dict[int, float]:
    """The share of what was asked that each document answers, by its key."""
    scores: defaultdict[int, float] = defaultdict(float)
    # The rare words first: a common one then only tells apart those that hold a rare one.
    known = sorted((one for one in way if one in words), key=lambda one: words[one].count)
    for one in known:
        share = _share([one], way, words) / MOST
        is_common = words[one].count > COMMON and len(scores) >= LOOKED_AT
        for pk, weight in places_of(words[one].places):
            if not is_common or pk in scores:
                scores[pk] += share * weight
    return scores


def _title_score(title: str, way: list[str], words: dict[str, _Word]) -> float:
    """More for a title that says all that was asked and little else, and begins with it."""
    order = stems_in(title)
    held = [one for one in way if one in order]
    if not held:
        return 0
    share = _share(held, way, words)
    lead = LEADING * share if set(order[: len(held)]) == set(held) else 0
    return lead + IN_TITLE * share**2 * (1 + len(held) / len(order)) / 2


def _shown(keys: list[int], forms: set[str]) -> list[Found]:
    """These documents in this order, each with its passage."""
    is_here = Exists(ShownFiche.objects.filter(code=OuterRef("code")))
    rows = Fiche.objects.filter(pk__in=keys).values_list(
        "pk", "code", "title", "description", Left("text", READ), is_here
    )
    found = {
        pk: Found(
            code,
            title,
            # The summary is often the first sentence.
            _passage(beginning if summary in beginning else f"{summary} {beginning}", forms),
            here,
        )
        for pk, code, title, summary, beginning, here in rows
    }
    return [found[pk] for pk in keys]


def _passage(text: str, forms: set[str]) -> list[tuple[str, bool]]:
    """Some words around the first place that says most of what was asked; these told apart."""
    hits = [
        (hit.start(), hit.end(), word)
        for hit in WORD.finditer(text)
        if (word := hit.group().lower()) in forms
    ]
    best, most = 0, 0
    for rank, (at, _, _) in enumerate(hits):
        near = {word for place, _, word in hits[rank : rank + NEAR] if place < at + AFTER}
        if len(near) > most:
            best, most = at, len(near)
    start = text.rfind(" ", 0, best - BEFORE) + 1 if best > BEFORE else 0
    end = text.find(" ", best + AFTER)
    end = len(text) if end < 0 else end
    pieces, last = [("… " if start else "", False)], start
    for at, after, _ in hits:
        if start <= at < end:
            pieces += [(text[last:at], False), (text[at:after], True)]
            last = after
    pieces.append((text[last:end] + (" …" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _pages(ways: list[list[str]], words: dict[str, _Word], pages: list[SitePage]) -> list[SitePage]:
    """Pages of the mairie that hold nearly all that was asked, the best first."""
    ranked = []
    for page in pages:
        title, held = stems_in(page.title), set(_stems_of(page))
        best = 0.0
        for way in ways:
            if (share := _share(held.intersection(way), way, words)) >= ON_PAGE:
                named = set(title).intersection(way)
                # A title may be made of little words alone.
                part = len(named) / max(len(title), 1)
                best = max(best, share + _share(named, way, words) * part)
        if best:
            ranked.append((-best, page.title, page))
    ranked.sort(key=lambda one: one[:2])
    return [page for _, _, page in ranked[:MAX_PAGES]]


def _stems_of(page: SitePage) -> tuple[str, ...]:
    return stems_in(f"{page.title} {page.words}")


# « Vouliez-vous dire … ? »


class _Vocabulary:
    """Words that may have been meant."""

    def __init__(self, words: Iterable[tuple[str, float]]) -> None:
        kept = sorted(
            (folded(word), word, count)
            for word, count in words
            if len(word) >= ONE_SLIP and word.isalpha() and stem(word)
        )
        self._folded = [plain for plain, _, _ in kept]
        self._written = [(word, count) for _, word, count in kept]
        self._sounds: defaultdict[str, list[int]] = defaultdict(list)
        for rank, plain in enumerate(self._folded):
            self._sounds[sound_of(plain)].append(rank)

    def nearest(self, word: str) -> str:
        """The one alike in letters or to the ear, or begun by it, or two of them; else nothing."""
        most = slips_forgiven(word)
        if not most or len(word) > MAX_WORD:
            return ""
        costs: dict[int, float] = {}
        for plain, slips, rank in process.extract(
            word, self._folded, scorer=OSA.distance, score_cutoff=most, limit=None
        ):
            costs[rank] = slips + OTHER_LETTER * (plain[0] != word[0])
        for rank in self._sounds.get(sound_of(word), []):
            heard = SAME_SOUND * (1 + OSA.distance(word, self._folded[rank]))
            costs[rank] = min(costs.get(rank, heard), heard)
        first = bisect_left(self._folded, word)
        for rank in range(first, bisect_left(self._folded, word + "~")):
            costs[rank] = min(costs.get(rank, 1), 1)
        if not costs:
            return self._cut(word)
        best = min(costs, key=lambda rank: (costs[rank], -self._written[rank][1]))
        return self._written[best][0]

    def _cut(self, word: str) -> str:
        """« cartegrise » is two words."""
        for at in range(ONE_SLIP, len(word) - ONE_SLIP + 1):
            ranks = [bisect_left(self._folded, part) for part in (word[:at], word[at:])]
            if [self._folded[rank : rank + 1] for rank in ranks] == [[word[:at]], [word[at:]]]:
                return " ".join(self._written[rank][0] for rank in ranks)
        return ""


@lru_cache(maxsize=2)
def _vocabulary(set_key: int | None, mairie: tuple[str, ...]) -> _Vocabulary:
    """The words of a set, which never change, and those of the mairie.

    Left out: what so few documents hold that it is perhaps a slip of theirs.
    """
    rows = FicheWord.objects.filter(set=set_key, count__gt=RARE).values_list("forms", "count")
    theirs = (
        (form, count / rank)
        for forms, count in rows
        for rank, form in enumerate(forms.split(), start=1)
    )
    return _Vocabulary([*theirs, *((word, 1) for text in mairie for word in words_in(text))])


def _corrected(query: str, unknown: set[str], pages: list[SitePage]) -> str:
    """The query with the nearest words in place of those that nothing holds; else nothing."""
    current = FicheSet.objects.filter(is_current=True).values_list("pk", flat=True).first()
    known = _vocabulary(current, tuple(f"{page.title} {page.words}" for page in pages))
    typed = words_in(query)
    kept = [
        known.nearest(folded(word)) or word if stem(word) in unknown else word for word in typed
    ]
    return " ".join(kept) if kept != typed else ""
