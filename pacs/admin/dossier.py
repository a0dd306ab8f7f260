"""The desk: the list of dossiers, and one dossier on one screen.

Nothing here decides: each button is a POST to one of our own addresses that calls an action,
and the action refuses. Every look is written down.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from demarches.admin.base import DeskListAdmin, FirstPages, PileFilter, listed
from demarches.admin.fragments import wants_fragment
from demarches.desk.frame import frame
from demarches.desk.piles import PileRule
from demarches.models import User
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import AppointmentStatus
from demarches.rules.numbers import read_number
from demarches.rules.read import FIELD
from demarches.views.downloads import (
    private_answer,
    serve_private_file,
    serve_private_preview,
    table_answer,
)
from demarches.web.as_read import ChangedSince
from pacs.actions import appointments, desk, following
from pacs.actions.corrections import decline_correction, take_correction
from pacs.actions.endings import ENDINGS, NamesOne, end_dossier, undo_ending
from pacs.actions.guards import CHANGED, StaleDossier
from pacs.actions.refusals import ActionRefused
from pacs.admin.answers import AnswersForm, answer_forms, answers_key, with_both_values
from pacs.admin.bulk import BulkDesk
from pacs.admin.day import DayDesk
from pacs.admin.door import DoorDesk
from pacs.admin.guided import GuidedDesk, problems_of
from pacs.admin.people import agent_of, note, told
from pacs.admin.people import version_of as _version
from pacs.admin.registration import RegistrationDesk
from pacs.admin.review import DECIDE, JOURNAL, PAGE_OF_VERB, ReviewDesk, back_to
from pacs.forms.desk import day_of, number_of
from pacs.models import (
    Dossier,
    Partenaire,
    Piece,
    PieceFile,
    Reading,
    RefusalReason,
)
from pacs.papers import documents
from pacs.reads.access import (
    may_decide,
    may_read_as_staff,
    may_review,
    may_serve_counter,
    may_type_answers,
)
from pacs.reads.desk import (
    impossible,
    label_of_piece,
    possible_now,
    with_everything,
)
from pacs.reads.piles import pile_rules
from pacs.reads.search import Found, find_dossiers
from pacs.rules.desk_words import STATUS_WORDS

UNDO_WORDS = "Les mails partent dans 15 minutes ; d’ici là, vous pouvez annuler sur cette page."

Verb = Callable[[HttpRequest, Dossier, User], str]


class QueueFilter(PileFilter):
    def rules(self, request: HttpRequest) -> Mapping[str, PileRule[Dossier]]:
        return pile_rules(agent_of(request), at=timezone.now())


class StatusFilter(admin.SimpleListFilter):
    """The states, in the words of the desk."""

    title = "état"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, words) for status, words in STATUS_WORDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        known = {status.value for status in STATUS_WORDS}
        return queryset.filter(status=self.value()) if self.value() in known else queryset


@admin.register(Dossier)
class DossierAdmin(
    BulkDesk, ReviewDesk, DayDesk, DoorDesk, GuidedDesk, RegistrationDesk, DeskListAdmin[Dossier]
):
    """The list, and the address of every button of the desk."""

    tab, list_title = "dossiers", "Dossiers de Pacs"
    list_display = (
        "people_names",
        "reference",
        "status_label",
        "waiting",
        "sent_on",
        "appointment_at",
        "assigned_to",
    )
    list_display_links = ("people_names", "reference")
    list_filter = (QueueFilter, StatusFilter, "at_counter")
    search_fields = ("reference",)
    search_help_text = "Nom, référence, date de naissance, téléphone ou mail"
    list_per_page = 40
    change_list_template = "admin/pacs/dossier_list.html"
    list_select_related = ("assigned_to", "appointment")
    actions = ("confide", "print_lists")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dossier]:
        people = Partenaire.objects.order_by("position")
        return (
            Dossier.objects.for_desk()
            .longest_waiting_first()
            .prefetch_related(Prefetch("partenaires", people))
        )

    def get_ordering(self, request: HttpRequest) -> tuple[()]:
        return ()  # the queryset's own order: who has waited longest

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Dossier], search_term: str
    ) -> tuple[QuerySet[Dossier], bool]:
        """As people say it (`pacs.reads.search`); what it has to tell is told."""
        found = find_dossiers(queryset, search_term)
        if found.said:
            messages.info(request, found.said)
        request.found_dossiers = found  # type: ignore[attr-defined]
        return found.rows, False

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> FirstPages:
        """The search counted what it found: nobody counts it again."""
        pages = FirstPages(*args, **kwargs)
        found: Found | None = getattr(request, "found_dossiers", None)
        if found and found.count is not None:
            pages.know(found.count, has_more=found.has_more)
        return pages

    @admin.display(description="partenaires")
    def people_names(self, dossier: Dossier) -> str:
        return " et ".join(one.display_name for one in dossier.partenaires.all())

    @admin.display(description="statut")
    def status_label(self, dossier: Dossier) -> str:
        label = STATUS_WORDS[dossier.current_status]
        if not dossier.forbidden_codes:
            return label
        return f"{label}, ne peut pas aboutir ({', '.join(dossier.forbidden_codes)})"

    @admin.display(description="déposé le")
    def sent_on(self, dossier: Dossier) -> str:
        return day_fr(localdate(dossier.submitted_at)) if dossier.submitted_at else "–"

    @admin.display(description="rendez-vous")
    def appointment_at(self, dossier: Dossier) -> str:
        return str(dossier.appointment or "–")

    @admin.display(description="attend depuis")
    def waiting(self, dossier: Dossier) -> str:
        return timesince(dossier.waiting_since) if dossier.waiting_since else "–"

    def has_delete_permission(self, request: HttpRequest, obj: Dossier | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Dossier | None = None) -> bool:
        return may_read_as_staff(agent_of(request))

    def get_urls(self) -> list[URLPattern]:
        """Our own addresses before the admin's, each behind the site's sign-in."""

        def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(view)

        return [
            path("<num:pk>/faire/<slug:verb>/", wrap(self.act_view), name="pacs_dossier_act"),
            path("<num:pk>/finir/<slug:slug>/", wrap(self.end_view), name="pacs_dossier_end"),
            path("<num:pk>/reprendre-fin/", wrap(self.undo_view), name="pacs_dossier_undo"),
            path("<num:pk>/reponses/", wrap(self.answers_view), name="pacs_dossier_answers"),
            path(
                "<num:pk>/papier/<slug:slug>.pdf",
                wrap(require_safe(self.paper_view)),
                name="pacs_dossier_paper",
            ),
            path("fichier/<num:pk>/", wrap(require_safe(self.file_view)), name="pacs_dossier_file"),
            path(
                "fichier/<num:pk>/apercu/<num:page>.jpg",
                wrap(require_safe(self.preview_view)),
                name="pacs_dossier_preview",
            ),
            path(
                "liste/<slug:slug>/", wrap(require_safe(self.table_view)), name="pacs_dossier_table"
            ),
            *self.bulk_urls(wrap),
            *self.review_urls(wrap),
            *self.day_urls(wrap),
            *self.door_urls(wrap),
            *self.guided_urls(wrap),
            *self.registration_urls(wrap),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("admin:pacs_dossier_counter")

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not may_read_as_staff(agent_of(request)):
            raise PermissionDenied
        more = {"may_review": may_review(agent_of(request))}
        response = super().changelist_view(request, more)
        if isinstance(response, TemplateResponse) and response.context_data:
            rows = list(response.context_data["cl"].result_list)
            note(request, Reading.LISTED, *rows)
            forbidden = impossible(rows, at=timezone.now())
            for dossier in rows:
                dossier.forbidden_codes = forbidden.get(dossier.pk, [])
            response.context_data["cl"].result_list = rows
        return response

    def table_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The list as it is filtered, for a spreadsheet: references, states and days, no name."""
        self._reviewer(request)
        rows = listed(self, request)
        note(request, Reading.LISTED, *rows)
        header = (
            "reference",
            "etat",
            "depose_le",
            "attend_depuis",
            "rendez_vous_le",
            "suivi_par",
        )
        lines = [
            (
                one.reference,
                STATUS_WORDS[one.current_status],
                _day(one.submitted_at),
                _day(one.waiting_since),
                _day(one.appointment.starts_at if one.appointment else None),
                str(one.assigned_to or ""),
            )
            for one in rows
        ]
        return table_answer(slug, "dossiers", "Dossiers", header, lines)

    # One dossier

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """What is to settle in one dossier; a look is a line in the log."""
        return self._shown(request, object_id, DECIDE)

    def history_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The journal of the dossier, in words."""
        return self._shown(request, object_id, JOURNAL)

    def _shown(self, request: HttpRequest, object_id: str | int, page: str) -> HttpResponse:
        self._reader(request)
        dossier = self._dossier(object_id)
        if request.method not in {"GET", "HEAD"}:
            raise Http404
        return self.desk_page(request, dossier, page)

    def _reader(self, request: HttpRequest) -> User:
        agent = agent_of(request)
        if not may_read_as_staff(agent):
            raise PermissionDenied
        return agent

    def _reviewer(self, request: HttpRequest) -> User:
        agent = agent_of(request)
        if not may_review(agent):
            raise PermissionDenied
        return agent

    def _dossier(self, pk: str | int) -> Dossier:
        number = read_number(str(pk))
        if number is None:
            raise Http404
        return get_object_or_404(with_everything(number))

    # Buttons

    def act_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """One button: act, say so, come back; a refusal shows the page with what was typed."""
        agent = agent_of(request)
        if not (may_serve_counter if verb in COUNTER_VERBS else may_review)(agent):
            raise PermissionDenied
        dossier = self._dossier(pk)
        if request.method != "POST" or verb not in VERBS:
            raise Http404
        page = PAGE_OF_VERB.get(verb, DECIDE)
        # What was typed, in its box too, where the page still has that box.
        again = {**request.POST.dict(), "verb": verb}
        kept: dict[str, Any] = {"typed": self._typed(request), "again": again}
        try:
            with transaction.atomic():
                done = VERBS[verb](request, dossier, agent)
                given = Dossier.objects.values_list("version", flat=True).get(pk=pk)
        except ValidationError as refused:
            fresh = self._dossier(pk)
            conflict = refused.messages if isinstance(refused, StaleDossier) else []
            # A text that is refused on an old page: the page comes first.
            if not conflict and "version" in request.POST and _version(request) != fresh.version:
                conflict = [CHANGED]
            if conflict:
                return self.desk_page(request, fresh, page, status=409, conflict=conflict, **kept)
            return self.desk_page(
                request, fresh, page, status=422, refused=refused.messages, **kept
            )
        if wants_fragment(request):
            fresh = self._dossier(pk)
            is_whole = verb not in ROW_VERBS or fresh.version != given
            return self.desk_page(request, fresh, page, said=done, is_whole=is_whole)
        messages.success(request, done)
        return redirect(back_to(request, dossier, verb))

    def _typed(self, request: HttpRequest) -> list[str]:
        """What the agent wrote, so that nothing is lost."""
        names = ("text", "text_1", "text_2", "body", "reason", "ground", "day")
        return [value for name in names if (value := request.POST.get(name, "").strip())]

    # Ends

    def end_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """What will happen to whom, and why; then the act, which can be undone for a while."""
        agent = self._reviewer(request)
        kind = ENDINGS.get(slug)
        if kind is None:
            raise Http404
        if kind.for_officers and not may_decide(agent):
            raise PermissionDenied
        dossier = self._dossier(pk)
        reasons, status, typed, names_one = list[str](), 200, "", False
        if request.method == "POST":
            typed = request.POST.get("reason", "")
            try:
                end_dossier(
                    dossier,
                    slug,
                    reason=typed,
                    by=agent,
                    at=timezone.now(),
                    version=_version(request),
                    names_one=request.POST.get("names_one") == "on",
                )
            except ValidationError as refused:
                reasons, names_one = refused.messages, isinstance(refused, NamesOne)
                status = 409 if isinstance(refused, StaleDossier) else 422
                dossier = self._dossier(pk)
            else:
                messages.success(request, f"{kind.title} : c’est fait. {UNDO_WORDS}")
                return redirect("admin:pacs_dossier_change", pk)
        note(request, "fin du dossier", dossier)
        context = {
            **frame(self.admin_site, request, tab="dossiers"),
            "title": f"{kind.title}, dossier {dossier.reference}",
            "opts": self.opts,
            "dossier": dossier,
            "kind": kind,
            "reasons": reasons,
            "typed": typed,
            "names_one": names_one,
            "is_possible": kind.transition.value in possible_now(dossier),
            "law": [one.type for one in dossier.outcomes(at=timezone.now()) if one.stops],
        }
        return TemplateResponse(request, "admin/pacs/end.html", context, status=status)

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take back the end of a dossier that this agent has just decided."""
        agent = self._reviewer(request)
        dossier = self._dossier(pk)
        if request.method != "POST":
            raise Http404
        ending = get_object_or_404(dossier.endings, pk=number_of(request.POST, "ending"))
        try:
            undo_ending(ending, by=agent, at=timezone.now())
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
        else:
            messages.success(request, "La fin du dossier est annulée : rien n’est parti.")
        return redirect("admin:pacs_dossier_change", pk)

    def answers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Type answers in for people at the counter, or from a paper part."""
        agent = self._reader(request)
        dossier = self._dossier(pk)
        if not may_type_answers(agent, dossier):
            raise PermissionDenied
        if request.method != "POST":
            parts = answer_forms(dossier, None)
            return self._answers_page(request, dossier, parts, lu=answers_key(parts))
        parts, read = answer_forms(dossier, request.POST), request.POST.get(FIELD, "")
        valid = [part.is_valid() for part in parts]  # each of them, to show every error
        if not all(valid):
            return self._answers_page(request, dossier, parts, lu=read, status=422)
        typed = {str(part.prefix): part.typed() for part in parts}
        try:
            desk.save_answers_for(dossier, typed, read=read, by=agent, at=timezone.now())
        except ChangedSince as changed:
            fresh = self._dossier(pk)
            parts = with_both_values(fresh, request.POST, read=read, clashing=changed.names)
            lu = answers_key(answer_forms(self._dossier(pk), None))
            return self._answers_page(request, fresh, parts, lu=lu, has_clash=True, status=409)
        except ActionRefused as refused:
            return self._answers_page(
                request, dossier, parts, lu=read, refused=refused.messages, status=409
            )
        messages.success(request, "Les réponses sont enregistrées.")
        return redirect("admin:pacs_dossier_change", pk)

    def _answers_page(
        self,
        request: HttpRequest,
        dossier: Dossier,
        parts: list[AnswersForm],
        *,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        note(request, "réponses", dossier)
        first, second = dossier.people
        titles = ("Réponses communes", first.display_name, second.display_name)
        context = {
            **frame(self.admin_site, request, tab="dossiers"),
            "title": f"Réponses du dossier {dossier.reference}",
            "opts": self.opts,
            "dossier": dossier,
            "forms": (named := list(zip(titles, parts, strict=True))),
            "problems": problems_of(named) if status == 422 else [],
            **more,
        }
        return TemplateResponse(request, "admin/pacs/answers.html", context, status=status)

    # Papers and files

    def paper_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """A paper of the couple, as the mairie sees it."""
        self._reader(request)
        dossier = self._dossier(pk)
        makers = {
            "pieces": lambda: documents.checklist(dossier, reader=None),
            "declaration": lambda: documents.declaration(dossier, reader=None),
            "accuse": lambda: documents.acknowledgement(dossier, reader=None),
        }
        if slug not in makers:
            raise Http404
        try:
            paper = makers[slug]()
        except documents.DocumentNotReady as error:
            raise Http404 from error
        note(request, f"papier {slug}", dossier)
        return private_answer(
            paper.content, "application/pdf", f"{dossier.reference}.pdf", disposition="attachment"
        )

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        stored = self._file(request, pk)
        note(request, f"fichier {pk}", stored.piece.dossier)
        return serve_private_file(
            stored.storage_name, content_type=stored.content_type, display_name=stored.display_name
        )

    def preview_view(self, request: HttpRequest, pk: int, page: int) -> HttpResponse:
        stored = self._file(request, pk)
        note(request, f"aperçu {pk}", stored.piece.dossier)
        return serve_private_preview(
            stored.storage_name,
            content_type=stored.content_type,
            display_name=stored.display_name,
            page=page,
        )

    def _file(self, request: HttpRequest, pk: int) -> PieceFile:
        self._reviewer(request)
        readable = Dossier.objects.for_desk().values("pk")
        files = PieceFile.objects.filter(piece__dossier__in=readable)
        return get_object_or_404(files.select_related("piece__dossier"), pk=pk, held_since=None)


def _day(moment: datetime | None) -> date | None:
    return localdate(moment) if moment else None


def _piece(request: HttpRequest, dossier: Dossier) -> Piece:
    pieces = dossier.pieces.select_related("partenaire", "dossier")
    piece = pieces.filter(pk=number_of(request.POST, "piece")).first()
    if piece is None:
        raise StaleDossier("Cette pièce n’est plus demandée dans ce dossier.")
    return piece


def _named(piece: Piece) -> str:
    """« Acte de naissance, Léa Martin »."""
    holder = piece.partenaire.display_name if piece.partenaire else "le couple"
    return f"{label_of_piece(piece)}, {holder}"


def _accept(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    piece = _piece(request, dossier)
    desk.accept_piece(
        piece,
        day=day_of(request.POST),
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return f"{_named(piece)} : pièce acceptée."


def _bring(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    piece = _piece(request, dossier)
    desk.bring_piece(piece, by=agent, at=timezone.now(), version=_version(request))
    return f"C’est noté. {_named(piece)} : cette pièce sera apportée."


def _admit(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    shown = {read_number(one) or 0 for one in request.POST.getlist("pieces")}
    count, left = desk.admit_announced(
        dossier, shown=shown, by=agent, at=timezone.now(), version=_version(request)
    )
    one = "pièce est admise, elle sera apportée" if count == 1 else "pièces sont admises, apportées"
    return " ".join([f"{count} {one} le jour dit.", *left])


def _send_again(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    pk = number_of(request.POST, "mail")
    mail = desk.send_again(dossier, pk, by=agent, at=timezone.now())
    return f"Le mail « {mail.kind_label} » repart vers {mail.partenaire}."


def _date(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    desk.date_piece(
        _piece(request, dossier),
        day=day_of(request.POST),
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return "La date de la pièce est notée."


def _decide(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    desk.decide_outcome(
        dossier,
        code=request.POST.get("code", ""),
        holder=number_of(request.POST, "holder"),
        reason=request.POST.get("reason", ""),
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return "Votre décision est gardée. Elle vaut tant que les réponses ne changent pas."


def _take(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    take_correction(
        dossier,
        number_of(request.POST, "correction"),
        changed_at=request.POST.get("changed_at", ""),
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return "La correction est reprise dans le dossier."


def _decline(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    decline_correction(
        dossier,
        number_of(request.POST, "correction"),
        reason=request.POST.get("reason", ""),
        changed_at=request.POST.get("changed_at", ""),
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return "La correction n’est pas reprise ; son auteur lit pourquoi."


def _refuse(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    reason = RefusalReason.objects.filter(pk=request.POST.get("code", "")).first()
    text = request.POST.get("text", "").strip() or (reason.text if reason else "")
    piece = _piece(request, dossier)
    desk.refuse_piece(
        piece,
        code=reason.code if reason else "",
        text=text,
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    who = piece.partenaire.display_name if piece.partenaire else "Le couple"
    return f"{_named(piece)} : pièce refusée. {who} ne le sait pas encore : envoyez la demande."


def _reconsider(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    piece = _piece(request, dossier)
    desk.reconsider_piece(piece, by=agent, at=timezone.now(), version=_version(request))
    return f"{_named(piece)} : pièce à nouveau à vérifier."


def _request(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    places = [one.position for one in dossier.people]
    texts = {place: request.POST.get(f"text_{place}", "") for place in places}
    desk.request_pieces(
        dossier,
        texts=texts,
        questions={place: request.POST.get(f"question_{place}", "") for place in places},
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    asked = [one for one in dossier.people if texts[one.position].strip()]
    return f"La demande est faite : {told(asked)}"


def _complete(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    desk.declare_complete(dossier, by=agent, at=timezone.now(), version=_version(request))
    return f"Le dossier est complet. {told(dossier.people)}"


def _reopen(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    desk.reopen(
        dossier,
        reason=request.POST.get("reason", ""),
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return "La vérification reprend."


def _deposit(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    desk.deposit_for(dossier, by=agent, at=timezone.now(), version=_version(request))
    return "Le dossier est déposé. L’accusé de réception est prêt à imprimer."


def _attested(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    person = get_object_or_404(dossier.partenaires, pk=number_of(request.POST, "partenaire"))
    signed_on = day_of(request.POST)
    if signed_on is None:
        raise ValidationError("Écrivez le jour où cette personne a signé son attestation.")
    desk.note_paper_attestation(
        person, signed_on=signed_on, by=agent, at=timezone.now(), version=_version(request)
    )
    return "L’attestation signée sur papier est notée."


def _named_agent(request: HttpRequest) -> User | None:
    staff = User.objects.filter(is_staff=True, is_active=True)
    return staff.filter(pk=number_of(request.POST, "to")).first()


def _follow(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    to = _named_agent(request)
    if to is None:
        raise ValidationError("Choisissez qui suit aussi ce dossier.")
    following.follow(dossier, to, by=agent, at=timezone.now())
    if to == agent:
        return "Vous suivez aussi ce dossier."
    return f"{to} suit aussi ce dossier : un mail le lui dit."


def _leave(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    # Also a colleague who has left since.
    to = User.objects.filter(is_staff=True, pk=number_of(request.POST, "to")).first()
    if to is None:
        raise ValidationError("Cette personne ne suit plus ce dossier.")
    following.leave(dossier, to, by=agent, at=timezone.now())
    return f"{to} ne suit plus ce dossier."


def _assign(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    to = _named_agent(request)
    if to is None and request.POST.get("to"):
        # « Personne » is sent empty; somebody who has left since is not nobody.
        raise ValidationError(
            "La personne choisie n’a plus de compte actif : choisissez quelqu’un d’autre."
        )
    was = number_of(request.POST, "was")
    following.assign(dossier, to=to, was=was, by=agent, at=timezone.now())
    if to is None:
        return "Plus personne ne suit ce dossier."
    return (
        "Vous suivez ce dossier." if to == agent else f"{to} suit ce dossier : un mail le lui dit."
    )


def _message(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    raw = request.POST.get("private_to", "")
    private_to = next((one for one in dossier.people if raw == str(one.pk)), None)
    if raw and private_to is None:
        raise Http404
    desk.write_to_couple(
        dossier,
        body=request.POST.get("body", ""),
        private_to=private_to,
        by=agent,
        at=timezone.now(),
        read=request.POST.get(FIELD, ""),
    )
    return f"Le message est écrit. {told([private_to] if private_to else dossier.people)}"


def _note(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    desk.add_note(dossier, body=request.POST.get("body", ""), by=agent, at=timezone.now())
    return "La note est gardée."


def _cancel_appointment(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    appointments.cancel_for(
        dossier,
        reason=request.POST.get("reason", ""),
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return f"Le rendez-vous est annulé. {told(dossier.people)}"


def _arrived(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    booked = number_of(request.POST, "rendez_vous")
    appointments.mark_arrived(dossier, by=agent, at=timezone.now(), booked=booked)
    return "Le couple est arrivé."


def _missed(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    booked = number_of(request.POST, "rendez_vous")
    arrived = request.POST.get("etat") == AppointmentStatus.ARRIVED.value
    appointments.mark_missed(
        dossier,
        by=agent,
        at=timezone.now(),
        booked=booked,
        read=AppointmentStatus.ARRIVED if arrived else AppointmentStatus.BOOKED,
    )
    return f"L’absence est notée. Le couple peut reprendre un rendez-vous. {told(dossier.people)}"


#: Address of a button -> what it does.
VERBS: dict[str, Verb] = {
    "accepter": _accept,
    "refuser": _refuse,
    "revoir": _reconsider,
    "apporter": _bring,
    "dater": _date,
    "admettre": _admit,
    "renvoyer": _send_again,
    "regarder": _decide,
    "reprendre-correction": _take,
    "refuser-correction": _decline,
    "demander": _request,
    "complet": _complete,
    "reprendre": _reopen,
    "deposer": _deposit,
    "attester": _attested,
    "confier": _assign,
    "suivre": _follow,
    "ne-plus-suivre": _leave,
    "ecrire": _message,
    "noter": _note,
    "annuler-rdv": _cancel_appointment,
    "arrives": _arrived,
    "absents": _missed,
}
#: The buttons that change nothing on « Décider » but their own row and its bars.
ROW_VERBS = frozenset({"accepter", "refuser", "revoir", "apporter", "dater", "regarder"})
#: The buttons of whoever receives people.
COUNTER_VERBS = frozenset({"deposer", "attester", "arrives", "noter"})
