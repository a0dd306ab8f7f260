"""The desk: the list of dossiers, and one dossier on one screen.

Nothing here decides: each button is a POST to one of our own addresses that calls an action,
and the action refuses. Every look is written down.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.http import require_safe

from demarches.actions import ChangedSince
from demarches.admin.base import DeskAdmin
from demarches.models import User
from demarches.rules.numbers import read_number
from demarches.rules.read import FIELD
from demarches.rules.reference import parse_reference
from demarches.rules.texts import plain_text
from demarches.views.downloads import private_answer, serve_private_file, serve_private_preview
from pacs import documents
from pacs.access import (
    may_decide,
    may_read_as_staff,
    may_review,
    may_serve_counter,
    may_type_answers,
)
from pacs.actions import appointments, desk
from pacs.actions.corrections import decline_correction, in_words, take_correction
from pacs.actions.dossiers import open_dossier
from pacs.actions.endings import ENDINGS, NamesOne, end_dossier, undo_ending
from pacs.actions.guards import StaleDossier
from pacs.actions.refusals import ActionRefused
from pacs.admin.answers import AnswersForm, answer_forms, answers_key, with_both_values
from pacs.admin.day import DayDesk
from pacs.admin.door import DoorDesk
from pacs.admin.people import agent_of, note
from pacs.admin.people import version_of as _version
from pacs.admin.registration import RegistrationDesk
from pacs.desk import (
    DeskPiece,
    also_looking,
    desk_obstacles,
    desk_pieces,
    desk_points,
    holder_name,
    impossible,
    missing_text,
    possible_now,
    queue_querysets,
    with_everything,
)
from pacs.forms.desk import day_of, number_of
from pacs.models import (
    Dossier,
    Ending,
    MessageTemplate,
    Partenaire,
    Piece,
    PieceFile,
    Reading,
    RefusalReason,
    Registration,
)
from pacs.models.consent import has_attested
from pacs.steps import COMMON_STEPS, OWN_STEPS
from pacs.tracking import answers_of

SEARCHED_LENGTH = 100
UNDO_WORDS = "Les mails partent dans 15 minutes ; d’ici là, vous pouvez annuler sur cette page."

Verb = Callable[[HttpRequest, Dossier, User], str]


@dataclass(frozen=True, slots=True)
class PersonAsk:
    """The part of a request that one person will read, as the form shows it."""

    person: Partenaire
    text: str
    question: str
    questions: Sequence[tuple[str, str]]


class QueueFilter(admin.SimpleListFilter):
    """The piles of the home page."""

    title = "à faire"
    parameter_name = "file"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        piles = queue_querysets(agent_of(request), at=timezone.now())
        return [(slug, title) for slug, (title, _) in piles.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        piles = queue_querysets(agent_of(request), at=timezone.now())
        value = self.value()
        return (
            queryset.filter(pk__in=piles[value][1]().values("pk")) if value in piles else queryset
        )


@admin.register(Dossier)
class DossierAdmin(DayDesk, DoorDesk, RegistrationDesk, DeskAdmin[Dossier]):
    """The list, and the address of every button of the desk."""

    list_display = ("reference", "people_names", "status_label", "waiting", "assigned_to")
    list_filter = (QueueFilter, "status", "at_counter")
    search_fields = ("reference",)
    search_help_text = "Référence ou nom, avec ou sans accents"
    list_per_page = 40
    list_select_related = ("assigned_to", "appointment")
    actions = None
    change_form_template = "admin/pacs/desk.html"

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
        """By reference as people type it, else by every word of the names."""
        if reference := parse_reference(search_term):
            return queryset.filter(reference=reference), False
        # A name is short; more would only make the database refuse the pattern.
        for word in plain_text(search_term[:SEARCHED_LENGTH]).split():
            named = Partenaire.objects.filter(search_text__contains=word).values("dossier")
            queryset = queryset.filter(pk__in=named) | queryset.filter(reference__icontains=word)
        return queryset, False

    @admin.display(description="partenaires")
    def people_names(self, dossier: Dossier) -> str:
        return " et ".join(one.display_name for one in dossier.partenaires.all())

    @admin.display(description="statut")
    def status_label(self, dossier: Dossier) -> str:
        label = dossier.current_status.label
        if not dossier.forbidden_codes:
            return label
        return f"{label}, ne peut pas aboutir ({', '.join(dossier.forbidden_codes)})"

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
            path("guichet/", wrap(self.counter_view), name="pacs_dossier_counter"),
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
            *self.day_urls(wrap),
            *self.door_urls(wrap),
            *self.registration_urls(wrap),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("admin:pacs_dossier_counter")

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_read_as_staff(agent_of(request)):
            raise PermissionDenied
        response = super().changelist_view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse) and response.context_data:
            rows = list(response.context_data["cl"].result_list)
            note(request, Reading.LISTED, *rows)
            forbidden = impossible(rows, at=timezone.now())
            for dossier in rows:
                dossier.forbidden_codes = forbidden.get(dossier.pk, [])
            response.context_data["cl"].result_list = rows
        return response

    # One dossier

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Everything about one dossier; a look is a line in the log."""
        self._reader(request)
        dossier = self._dossier(object_id)
        if request.method != "GET":
            raise Http404
        return self.desk_page(request, dossier)

    def desk_page(
        self,
        request: HttpRequest,
        dossier: Dossier,
        *,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        """The page itself, also after a refusal: `typed` then holds what the agent had written."""
        agent, now = agent_of(request), timezone.now()
        note(request, "dossier", dossier)
        rows = desk_pieces(dossier, at=now)
        first, second = dossier.people
        context = {
            **self.admin_site.each_context(request),
            "title": f"Dossier {dossier.reference}",
            "opts": self.opts,
            "dossier": dossier,
            "rows": rows,
            "asks": self._asks(request, dossier, rows),
            "asked": dossier.requests.select_related("partenaire", "by").order_by("-at", "-pk"),
            "sheets": [
                ("Réponses communes", "", answers_of(dossier)),
                (first.display_name, first, answers_of(first)),
                (second.display_name, second, answers_of(second)),
            ],
            "points": [] if dossier.is_ended else desk_points(dossier, at=now),
            "obstacles": desk_obstacles(dossier, at=now),
            "ended": set(
                dossier.events.filter(kind="attestation_ended").values_list("partenaire", flat=True)
            ),
            "attested": {one.pk for one in dossier.people if has_attested(one, dossier)},
            "corrections": [
                (one, in_words(one, dossier), holder_name(one.holder, dossier))
                for one in dossier.corrections.filter(status="sent")
                if not dossier.is_ended
            ],
            "ending": self._undoable(dossier, agent),
            "possible": possible_now(dossier),
            "registration": Registration.objects.filter(dossier=dossier).first(),
            "is_due": dossier.appointment is not None and dossier.appointment.starts_at <= now,
            "may_review": may_review(agent),
            "may_serve_counter": may_serve_counter(agent),
            "may_type_answers": may_type_answers(agent, dossier),
            "may_decide": may_decide(agent),
            "also_looking": also_looking(dossier, agent, at=now),
            "reasons": RefusalReason.objects.all(),
            "templates": self._templates(),
            "agents": User.objects.filter(is_staff=True, is_active=True).order_by("full_name"),
            "events": dossier.events.select_related("by", "partenaire").order_by("-at", "-pk"),
            "notes": dossier.notes.select_related("author"),
            "thread": dossier.messages.select_related("partenaire", "agent", "private_to"),
            "mails": dossier.mails.select_related("email", "partenaire"),
            "readings": dossier.readings.select_related("agent")[:20],
            "check_code": documents.check_code(dossier),
            "again": {"verb": ""},
            **more,
        }
        return TemplateResponse(request, self.change_form_template, context, status=status)

    def _templates(self) -> list[tuple[str, str]]:
        """The models, as they are: `{{ pieces_manquantes }}` is composed for each reader."""
        return [(one.label, one.body) for one in MessageTemplate.objects.all()]

    def _asks(
        self, request: HttpRequest, dossier: Dossier, rows: Sequence[DeskPiece]
    ) -> list[PersonAsk]:
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
        try:
            done = VERBS[verb](request, dossier, agent)
        except StaleDossier as stale:
            return self.desk_page(
                request,
                self._dossier(pk),
                status=409,
                conflict=stale.messages,
                typed=self._typed(request),
            )
        except ValidationError as refused:
            return self.desk_page(
                request,
                self._dossier(pk),
                status=422,
                refused=refused.messages,
                typed=self._typed(request),
                # In its box too, where the page still has that box.
                again={**request.POST.dict(), "verb": verb},
            )
        messages.success(request, done)
        return redirect("admin:pacs_dossier_change", pk)

    def _typed(self, request: HttpRequest) -> list[str]:
        """What the agent wrote, so that nothing is lost."""
        names = ("text", "body", "reason", "ground")
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
            **self.admin_site.each_context(request),
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

    def _undoable(self, dossier: Dossier, agent: User) -> Ending | None:
        last = dossier.endings.last() if dossier.is_ended else None
        return last if last and last.is_undoable(by=agent, at=timezone.now()) else None

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
            **self.admin_site.each_context(request),
            "title": f"Réponses du dossier {dossier.reference}",
            "opts": self.opts,
            "dossier": dossier,
            "forms": list(zip(titles, parts, strict=True)),
            "is_refused": status == 422,
            **more,
        }
        return TemplateResponse(request, "admin/pacs/answers.html", context, status=status)

    def counter_view(self, request: HttpRequest) -> HttpResponse:
        """Open a dossier for people at the counter."""
        agent = agent_of(request)
        if not (may_read_as_staff(agent) and agent.has_perm("pacs.add_dossier")):
            raise PermissionDenied
        if request.method == "POST":
            dossier = open_dossier(at=timezone.now(), agent=agent)
            return redirect("admin:pacs_dossier_answers", dossier.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "Ouvrir un dossier au guichet",
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/pacs/counter.html", context)

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
        return get_object_or_404(files.select_related("piece__dossier"), pk=pk)


def _piece(request: HttpRequest, dossier: Dossier) -> Piece:
    return get_object_or_404(dossier.pieces, pk=number_of(request.POST, "piece"))


def _accept(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    desk.accept_piece(
        _piece(request, dossier),
        day=day_of(request.POST),
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return "La pièce est acceptée."


def _bring(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    piece = _piece(request, dossier)
    desk.bring_piece(piece, by=agent, at=timezone.now(), version=_version(request))
    return "C’est noté : la pièce sera apportée."


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
    desk.refuse_piece(
        _piece(request, dossier),
        code=reason.code if reason else "",
        text=text,
        by=agent,
        at=timezone.now(),
        version=_version(request),
    )
    return "La pièce est refusée. Le couple le saura quand vous demanderez les compléments."


def _reconsider(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    piece = _piece(request, dossier)
    desk.reconsider_piece(piece, by=agent, at=timezone.now(), version=_version(request))
    return "La pièce est à nouveau à vérifier."


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
    return f"La demande est faite : {_told(asked)}"


def _told(people: Sequence[Partenaire]) -> str:
    """Who gets a mail, and whom to call since no address of theirs is known."""
    return " ".join(
        f"{one.display_name} reçoit un mail."
        if one.mail_address
        else f"{one.display_name} n’a pas d’adresse e-mail : appelez cette personne"
        + (f" au {one.phone.as_national}." if one.phone else ".")
        for one in people
    )


def _complete(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    desk.declare_complete(dossier, by=agent, at=timezone.now(), version=_version(request))
    return "Le dossier est complet. Les deux partenaires sont prévenus."


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


def _assign(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    staff = User.objects.filter(is_staff=True, is_active=True)
    to = staff.filter(pk=number_of(request.POST, "to")).first()
    desk.assign(dossier, to=to, by=agent, at=timezone.now())
    return f"Le dossier est suivi par {to}." if to else "Plus personne ne suit ce dossier."


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
    )
    return f"Le message est écrit. {_told([private_to] if private_to else dossier.people)}"


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
    return "Le rendez-vous est annulé. Les deux partenaires sont prévenus."


def _arrived(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    booked = number_of(request.POST, "rendez_vous")
    appointments.mark_arrived(dossier, by=agent, at=timezone.now(), booked=booked)
    return "Le couple est arrivé."


def _missed(request: HttpRequest, dossier: Dossier, agent: User) -> str:
    booked = number_of(request.POST, "rendez_vous")
    appointments.mark_missed(dossier, by=agent, at=timezone.now(), booked=booked)
    return "L’absence est notée. Le couple peut reprendre un rendez-vous."


#: Address of a button -> what it does.
VERBS: dict[str, Verb] = {
    "accepter": _accept,
    "refuser": _refuse,
    "revoir": _reconsider,
    "apporter": _bring,
    "dater": _date,
    "regarder": _decide,
    "reprendre-correction": _take,
    "refuser-correction": _decline,
    "demander": _request,
    "complet": _complete,
    "reprendre": _reopen,
    "deposer": _deposit,
    "attester": _attested,
    "confier": _assign,
    "ecrire": _message,
    "noter": _note,
    "annuler-rdv": _cancel_appointment,
    "arrives": _arrived,
    "absents": _missed,
}
#: The buttons of whoever receives people.
COUNTER_VERBS = frozenset({"deposer", "attester", "arrives", "noter"})
