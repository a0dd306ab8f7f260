"""What the pages of the national guidance show: one document, the themes, a search."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from demarches.models import Fiche, FicheSet, Mairie, ShownFiche
from demarches.models.fiche import search_words
from demarches.rules.fiche import body_of, collapse, official_url, words_of
from demarches.rules.fiche_html import Renderer
from demarches.rules.texts import plain_text

MAX_WORDS = 8
MAX_RESULTS = 30
PASSAGE = 180
#: Words of a passage before its first match, and after it where the others are looked for.
WORDS_BEFORE = 8
WORDS_AFTER = 14
TITLE_WEIGHT = 10


def shown_notes() -> dict[str, str]:
    """What this mairie shows: code -> its own words about it."""
    return dict(ShownFiche.objects.values_list("code", "note"))


@dataclass(frozen=True)
class Rendered:
    """A document as it is shown."""

    html: SafeString
    #: The national site is changing it at the moment.
    is_being_updated: bool


def rendered(
    fiche: Fiche, mairie: Mairie | None, *, shown: Iterable[str], situation: int = 0
) -> Rendered:
    """The whole document as HTML; kept in memory while neither it nor the choice changes.

    Links to the `shown` documents stay here; the others go to the national site.
    """
    block = ""
    if mairie is not None:
        block = render_to_string("demarches/_fiche_mairie.html", {"mairie": mairie})
    return _rendered(fiche.pk, frozenset(shown), block, situation)


@lru_cache(maxsize=128)
def _rendered(pk: int, shown: frozenset[str], mairie: str, situation: int) -> Rendered:
    fiche = Fiche.objects.get(pk=pk)

    def link_to(code: str) -> str:
        if code in shown:
            return reverse("demarches:fiche", args=[code])
        return official_url(code)

    renderer = Renderer(
        link_to=link_to, mairie=mairie, situation=situation, address=fiche.get_absolute_url()
    )
    document = fiche.document
    # Every text of the source is escaped by the renderer, and every address is checked.
    html = mark_safe(renderer.document(document.root))  # noqa: S308
    return Rendered(html, document.is_being_updated)


@dataclass(frozen=True)
class Theme:
    """The documents of one theme."""

    title: str
    fiches: list[Fiche]


def themes() -> list[Theme]:
    """What this mairie shows, theme by theme."""
    fiches = Fiche.objects.shown().defer("xml", "search_text").order_by("theme", "title")
    return [
        Theme(title or "Autres", list(run)) for title, run in groupby(fiches, lambda one: one.theme)
    ]


@dataclass(frozen=True)
class Found:
    """One answer of a search, with the passage that made it one."""

    fiche: Fiche
    passage: list[tuple[str, bool]]


def search(query: str) -> list[Found]:
    """Documents that hold every word, the best first: words of the title weigh more.

    Accents, plurals and upper case do not count; the beginning of a word is enough.
    """
    words = list(dict.fromkeys(search_words(query)))[:MAX_WORDS]
    if not words:
        return []
    fiches = Fiche.objects.shown()
    for word in words:
        fiches = fiches.filter(
            Q(search_title__contains=f" {word}") | Q(search_text__contains=f" {word}")
        )
    scores = {one.pk: (-_score(one, words), one.title) for one in fiches.defer("xml")}
    best = sorted(scores, key=lambda pk: scores[pk])[:MAX_RESULTS]
    rows = Fiche.objects.in_bulk(best)
    return [Found(rows[pk], _passage(rows[pk], words)) for pk in best]


def _score(fiche: Fiche, words: Iterable[str]) -> int:
    return sum(
        TITLE_WEIGHT * fiche.search_title.count(f" {word}")
        + min(fiche.search_text.count(f" {word}"), TITLE_WEIGHT - 1)
        for word in words
    )


def _passage(fiche: Fiche, words: list[str]) -> list[tuple[str, bool]]:
    """Some words around the first that matches; the matching ones are told apart."""
    root = fiche.document.root
    text = " ".join(
        [fiche.description, *(collapse(" ".join(words_of(child))) for child in body_of(root))]
    )
    tokens = re.findall(r"\S+\s*", text)
    start = max(0, _richest(tokens, words) - WORDS_BEFORE)
    pieces: list[tuple[str, bool]] = []
    length = 0
    for token in tokens[start:]:
        is_hit = bool(_held(token, words))
        if pieces and pieces[-1][1] == is_hit:
            pieces[-1] = (pieces[-1][0] + token, is_hit)
        else:
            pieces.append((token, is_hit))
        length += len(token)
        if length > PASSAGE:
            break
    return ([("… ", False)] if start else []) + pieces + [("…", False)]


def _richest(tokens: list[str], words: list[str]) -> int:
    """Where the passage with the most of the words asked begins; the first of the best."""
    hits = [(rank, held) for rank, token in enumerate(tokens) if (held := _held(token, words))]
    best, most = 0, 0
    for at, (first, _) in enumerate(hits):
        window = hits[at : at + WORDS_AFTER]
        near = (held for rank, held in window if rank < first + WORDS_AFTER)
        count = len(set().union(*near))
        if count > most:
            best, most = first, count
    return best


def _held(token: str, words: Iterable[str]) -> set[str]:
    """Which of the words asked this one begins with."""
    return {word for part in _parts(token) for word in words if part.startswith(word)}


@lru_cache(maxsize=20_000)
def _parts(token: str) -> tuple[str, ...]:
    """A word as it is compared; the same ones come back in every document."""
    return tuple(search_words(plain_text(token)))


def successor(code: str) -> str:
    """Where a retired document lives on, if the source tells."""
    current = FicheSet.current()
    target = str((current.redirections if current else {}).get(code, ""))
    if not target:
        return ""
    shown = Fiche.objects.shown().filter(code=target).exists()
    return reverse("demarches:fiche", args=[target]) if shown else official_url(target)


def was_known(code: str) -> bool:
    """An earlier set held it, or the source says that it moved."""
    if Fiche.objects.filter(code=code).exists():
        return True
    return any(code in one.redirections for one in FicheSet.objects.all())
