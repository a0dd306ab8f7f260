"""What the pages of the national guidance show: one document, the themes, a search."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from demarches.models import Fiche, FicheSet, Mairie, ShownFiche
from demarches.rules.fiche import beside, official_url, path_to
from demarches.rules.fiche_html import Renderer

#: A shorter page is seen whole by a turn of the wheel.
PARTS_WORTH_A_LIST = 4


def shown_notes() -> dict[str, str]:
    """What this mairie shows: code -> its own words about it."""
    return dict(ShownFiche.objects.values_list("code", "note"))


@dataclass(frozen=True)
class Rendered:
    """A document as it is shown."""

    html: SafeString
    #: The national site is changing it at the moment.
    is_being_updated: bool
    #: Address and title of what stands above it, of those shown here; and of what stands beside it.
    path: list[tuple[str, str]]
    beside: list[tuple[str, str]]
    #: Id and title of its parts; none where the page is short enough to be seen.
    contents: list[tuple[str, str]]


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
    return Rendered(
        html,
        document.is_being_updated,
        [(link_to(code), title) for code, title in path_to(document.root) if code in shown],
        [(link_to(code), title) for code, title in beside(document.root)],
        renderer.parts if len(renderer.parts) >= PARTS_WORTH_A_LIST else [],
    )


@dataclass(frozen=True)
class Theme:
    """The documents of one theme."""

    title: str
    fiches: list[Fiche]


def themes() -> list[Theme]:
    """What this mairie shows, theme by theme."""
    fiches = Fiche.objects.shown().defer("xml", "text").order_by("theme", "title")
    return [
        Theme(title or "Autres", list(run)) for title, run in groupby(fiches, lambda one: one.theme)
    ]


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
