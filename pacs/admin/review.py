"""One dossier at the desk: its four pages, and the parts that answer a button in place.

« Décider » holds what is to settle; exchanges, follow-up and journal have a page each, so that
none of them scrolls past what an agent came for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models.options import Options
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from demarches.admin.fragments import page_or_parts
from demarches.desk.frame import frame
from demarches.desk.piles import keys_of, next_key, place_of
from demarches.models import User
from demarches.rules.numbers import read_number
from demarches.rules.read import imprint
from pacs.actions.corrections import in_words
from pacs.admin.day import View
from pacs.admin.people import agent_of, note
from pacs.models import Dossier, Ending, MessageTemplate, Partenaire, RefusalReason, Registration
from pacs.models.consent import has_attested
from pacs.pages.decide import clock_of, next_to_do, review_of, status_in_words
from pacs.pages.steps import COMMON_STEPS, OWN_STEPS, title_asked
from pacs.pages.tracking import answers_of
from pacs.papers import documents
from pacs.reads.access import (
    may_decide,
    may_review,
    may_serve_counter,
    may_type_answers,
    reviewers,
)
from pacs.reads.desk import (
    TEXT_VARIABLES,
    DeskPiece,
    agents_looking,
    also_looking,
    desk_obstacles,
    desk_pieces,
    desk_points,
    missing_text,
    possible_now,
)
from pacs.reads.journal import journal_of, looks_at
from pacs.reads.piles import pile_rules
from pacs.reads.shown import place_shown
from pacs.reads.thread import thread_of

DECIDE, EXCHANGES, FOLLOW_UP, JOURNAL = "decide", "exchanges", "follow_up", "journal"
#: The page a button stands on, and comes back to; the others stand on « Décider ».
PAGE_OF_VERB = {
    **dict.fromkeys(("ecrire", "noter", "renvoyer"), EXCHANGES),
    **dict.fromkeys(
        ("confier", "suivre", "ne-plus-suivre", "reprendre", "annuler-rdv", "arrives", "absents"),
        FOLLOW_UP,
    ),
}
ADDRESSES = {
    DECIDE: "admin:pacs_dossier_change",
    EXCHANGES: "admin:pacs_dossier_exchanges",
    FOLLOW_UP: "admin:pacs_dossier_follow_up",
    JOURNAL: "admin:pacs_dossier_history",
}
TITLES = {
    DECIDE: "Décider",
    EXCHANGES: "Échanges",
    FOLLOW_UP: "Suivi et papiers",
    JOURNAL: "Journal",
}
FIRST_PILE = "a-verifier"
#: What is acted on in « Décider » without being a row to settle.
BARS = frozenset({"admettre", "complet", "demander"})


@dataclass(frozen=True, slots=True)
class PersonAsk:
    """The part of a request that one person will read, as the form shows it."""

    person: Partenaire
    text: str
    question: str
    questions: Sequence[tuple[str, str]]


class ReviewDesk:
    """The pages of one dossier, mixed into its admin."""

    admin_site: admin.AdminSite
    opts: Options[Dossier]

    def review_urls(self, wrap: Callable[[View], View]) -> list[URLPattern]:
        return [
            path(
                "pile/<slug:slug>/suivant/",
                wrap(require_safe(self.next_view)),
                name="pacs_dossier_next",
            ),
            path(
                "<num:pk>/echanges/",
                wrap(require_safe(self.exchanges_view)),
                name="pacs_dossier_exchanges",
            ),
            path(
                "<num:pk>/suivi/",
                wrap(require_safe(self.follow_up_view)),
                name="pacs_dossier_follow_up",
            ),
        ]

    def exchanges_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Messages, mails and requests in one thread, and the notes."""
        return self._shown(request, pk, EXCHANGES)  # type: ignore[attr-defined,no-any-return]

    def follow_up_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who follows it, the appointment, the papers, and how it may end."""
        return self._shown(request, pk, FOLLOW_UP)  # type: ignore[attr-defined,no-any-return]

    def next_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Open the next dossier of a pile, but those a colleague has open."""
        agent = self._reader(request)  # type: ignore[attr-defined]
        rule = pile_rules(agent, at=timezone.now()).get(slug)
        if rule is None:
            raise Http404
        rows = keys_of(rule)
        taken = agents_looking(rows, agent, at=timezone.now())
        last = read_number(request.GET.get("apres", "")) or 0
        if (pk := next_key(rows, after=last, but=taken)) is not None:
            return redirect(reverse(ADDRESSES[DECIDE], args=[pk], query={"pile": slug}))
        messages.success(request, f"Pile finie : {rule.title}.")
        return redirect("admin:index")

    def desk_page(
        self,
        request: HttpRequest,
        dossier: Dossier,
        page: str = DECIDE,
        *,
        status: int = 200,
        said: str = "",
        is_whole: bool = False,
        **more: Any,
    ) -> HttpResponse:
        """One page of the dossier, also after a refusal: `typed` is then what the agent wrote.

        `said`: what a button has just done, for whoever reads the parts in place; `is_whole`:
        more than its row may have changed. A version never leaves without what it is the version
        of: a conflict answers with the whole page.
        """
        agent, now = agent_of(request), timezone.now()
        note(request, "dossier" if page == DECIDE else TITLES[page].lower(), dossier)
        looking = also_looking(dossier, agent, at=now)
        context = {
            **frame(self.admin_site, request),
            "title": f"{TITLES[page]}, {_names(dossier)}, {dossier.reference}",
            "opts": self.opts,
            "dossier": dossier,
            "names": _names(dossier),
            "state": status_in_words(dossier),
            "clock": clock_of(dossier, today=localdate(now)),
            "tabs": [
                (TITLES[one], reverse(address, args=[dossier.pk]), one == page)
                for one, address in ADDRESSES.items()
            ],
            "may_review": may_review(agent),
            "may_serve_counter": may_serve_counter(agent),
            "may_type_answers": may_type_answers(agent, dossier),
            "may_decide": may_decide(agent),
            "possible": possible_now(dossier),
            "also_looking": looking,
            "ending": _undoable(dossier, agent),
            "again": {"verb": ""},
            "said": said,
            **self._pile(request, dossier, agent),
        }
        parts = {
            DECIDE: self._decide_context,
            EXCHANGES: self._exchanges_context,
            FOLLOW_UP: self._follow_up_context,
            JOURNAL: self._journal_context,
        }
        context |= {**parts[page](request, dossier), **more}
        template = f"admin/pacs/{page}.html"
        if page != DECIDE:
            return TemplateResponse(request, template, context, status=status)
        is_whole = is_whole or status == 409 or (status == 422 and not context["is_in_place"])
        return page_or_parts(request, template, context, status=status, is_whole=is_whole)

    def _pile(self, request: HttpRequest, dossier: Dossier, agent: User) -> dict[str, Any]:
        """Where this dossier stands in the pile it was opened from, and what comes next."""
        slug = request.GET.get("pile", "")
        pile = pile_rules(agent, at=timezone.now()).get(slug) if slug else None
        found: dict[str, Any] = {"next_url": "", "query": ""}
        if pile is not None or may_review(agent):
            address = reverse("admin:pacs_dossier_next", args=[slug if pile else FIRST_PILE])
            found["next_url"] = f"{address}?apres={dossier.pk}"
        if pile is not None:
            found |= {"query": f"?pile={slug}", "pile": place_of(dossier.pk, slug, pile)}
        return found

    def _decide_context(self, request: HttpRequest, dossier: Dossier) -> dict[str, Any]:
        now = timezone.now()
        on = dossier.registration_date(at=now)
        rows = desk_pieces(dossier, at=now, on=on)
        points = desk_points(dossier, at=now, on=on)
        acted = request.POST.get("row", "")
        chosen = acted or request.GET.get("vue", "")
        review = review_of(dossier, rows, points, chosen=chosen, after=request.GET.get("apres", ""))
        acted_row = next((row for row in review.rows if row.slug == acted), None)
        first, second = dossier.people
        return {
            "rows": rows,
            "review": review,
            "acted": acted,
            "acted_row": acted_row,
            # Whether what was acted on still stands on the page, to be told there.
            "is_in_place": acted_row is not None or acted in BARS,
            "next_row": next_to_do(review.rows, acted),
            "view": chosen if chosen in {"demander", "reponses"} else "",
            "asks": _asks(request, dossier, rows),
            "sheets": [
                ("Réponses communes", "", answers_of(dossier)),
                (first.display_name, first, answers_of(first)),
                (second.display_name, second, answers_of(second)),
            ],
            "obstacles": desk_obstacles(dossier, at=now, on=on),
            "ended": set(
                dossier.events.filter(kind="attestation_ended").values_list("partenaire", flat=True)
            ),
            "attested": {one.pk for one in dossier.people if has_attested(one, dossier)},
            "in_words": {
                row.correction.pk: in_words(row.correction, dossier)
                for row in review.rows
                if row.correction
            },
            "reasons": list(RefusalReason.objects.all()),
            "templates": templates_for(dossier),
            "variables": TEXT_VARIABLES,
        }

    def _exchanges_context(self, request: HttpRequest, dossier: Dossier) -> dict[str, Any]:
        return {
            "thread": thread_of(dossier, title_asked),
            "place": imprint(place_shown(dossier)),
            "templates": templates_for(dossier),
            "variables": TEXT_VARIABLES,
        }

    def _follow_up_context(self, request: HttpRequest, dossier: Dossier) -> dict[str, Any]:
        now = timezone.now()
        return {
            "agents": reviewers(),
            "followers": (followers := list(dossier.followers.select_related("agent"))),
            "follows": {one.agent_id for one in followers} | {dossier.assigned_to_id},
            "registration": Registration.objects.filter(dossier=dossier).first(),
            "is_due": dossier.appointment is not None and dossier.appointment.starts_at <= now,
            "check_code": documents.check_code(dossier),
        }

    def _journal_context(self, request: HttpRequest, dossier: Dossier) -> dict[str, Any]:
        return {
            "lines": journal_of(dossier),
            "looks": looks_at(dossier, many=20),
        }


def templates_for(dossier: Dossier) -> list[MessageTemplate]:
    """The models, those of this status first; their variables are filled for each reader."""
    every = MessageTemplate.objects.all()
    return sorted(every, key=lambda one: (one.status != dossier.status, one.label))


def _names(dossier: Dossier) -> str:
    return " et ".join(one.display_name for one in dossier.people)


def _asks(request: HttpRequest, dossier: Dossier, rows: Sequence[DeskPiece]) -> list[PersonAsk]:
    """What to ask each of the two: as it was typed, or their own missing pieces."""
    typed = request.POST if "text_1" in request.POST else None
    return [
        PersonAsk(
            person=one,
            text=typed.get(f"text_{one.position}", "") if typed else missing_text(rows, one),
            question=typed.get(f"question_{one.position}", "") if typed else "",
            questions=[
                *((f"moi/{s.slug}", s.title) for s in OWN_STEPS.for_subject(one)),
                *((f"commun/{s.slug}", s.title) for s in COMMON_STEPS.for_subject(dossier)),
            ],
        )
        for one in dossier.people
    ]


def _undoable(dossier: Dossier, agent: User) -> Ending | None:
    last = dossier.endings.last() if dossier.is_ended else None
    return last if last and last.is_undoable(by=agent, at=timezone.now()) else None


def back_to(request: HttpRequest, dossier: Dossier, verb: str) -> str:
    """Where a button leads without script: its page, at the next row to settle, in the pile."""
    page = PAGE_OF_VERB.get(verb, DECIDE)
    wanted = {"pile": request.GET.get("pile", ""), "apres": request.POST.get("row", "")}
    query = {name: value for name, value in wanted.items() if value}
    return reverse(ADDRESSES[page], args=[dossier.pk], query=query or None)
