"""The desk of the requests for help: the list, and one request on one screen.

Nothing here decides: each button is a POST that calls an action, and the action refuses. Every
look is written down.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.timezone import localdate
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from demarches.accounts.acting import agent_of, version_of
from demarches.admin.base import DeskAdmin, DossierDesk, PileFilter
from demarches.agenda.booking import already_theirs, month_at_desk, read_moment, week_of
from demarches.agenda.day_field import day_of_address
from demarches.desk.frame import frame
from demarches.desk.looking import agents_among, looks_of_others
from demarches.desk.piles import PileRule, keys_of, next_key, place_of
from demarches.dossiers.refusals import StaleDossier
from demarches.models import Appointment, User
from demarches.rules.numbers import read_number
from vitale.actions import aide, meetings
from vitale.hooks.desk import count_tables, pile_rules
from vitale.models import (
    AideSettings,
    AnswerTemplate,
    Contact,
    Demande,
    DemandeEnding,
    DemandeReading,
)
from vitale.reads.access import may_answer_requests, may_read_requests
from vitale.reads.search import find_demandes
from vitale.reads.thread import thread_of
from vitale.rules.aide import ALLOWED, Act


def note(request: HttpRequest, what: str, *demandes: Demande) -> None:
    """Write down what this page shows of people, before it is shown; every page here does."""
    aide.note_readings(agent_of(request), what, at=timezone.now(), demandes=demandes)


class QueueFilter(PileFilter):
    def rules(self, request: HttpRequest) -> Mapping[str, PileRule[Demande]]:
        return pile_rules(agent_of(request))


@admin.register(AideSettings)
class AideSettingsAdmin(DeskAdmin[AideSettings]):
    """The agenda of help and its words; one row."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not AideSettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: AideSettings | None = None) -> bool:
        return False


@admin.register(Demande)
class DemandeAdmin(DossierDesk[Demande]):
    """The list, and the address of every button."""

    tab, list_title = "vitale", "Demandes d’aide, Carte Vitale"
    list_display = ("reference", "reason", "regime", "state", "waiting", "assigned_to")
    list_filter = (QueueFilter, "reason", "regime")
    search_fields = ("reference",)
    search_help_text = "Nom, référence, téléphone ou mail"
    list_per_page = 40
    list_select_related = ("reason", "orientation", "assigned_to", "appointment")
    change_form_template = "admin/vitale/demande.html"

    def note(self, request: HttpRequest, what: str, *dossiers: Demande) -> None:
        note(request, what, *dossiers)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Demande]:
        return Demande.objects.sent().longest_waiting_first()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Demande], search_term: str
    ) -> tuple[QuerySet[Demande], bool]:
        """As people say it (`vitale.reads.search`); a reference that was corrected is told."""
        found, said = find_demandes(queryset, search_term)
        if said:
            messages.info(request, said)
        return found, False

    @admin.display(description="état")
    def state(self, demande: Demande) -> str:
        return ", ".join(filter(None, (demande.status_label, demande.appointment_label)))

    def has_change_permission(self, request: HttpRequest, obj: Demande | None = None) -> bool:
        return may_read_requests(agent_of(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("comptages/", view(require_safe(self.counts_view)), name="vitale_demande_counts"),
            path(
                "pile/<slug:slug>/suivante/",
                view(require_safe(self.next_view)),
                name="vitale_demande_next",
            ),
            path("<num:pk>/rendez-vous/", view(self.book_view), name="vitale_demande_book"),
            path("<num:pk>/annuler/", view(self.cancel_view), name="vitale_demande_cancel"),
            path("<num:pk>/reprendre/", view(self.undo_view), name="vitale_demande_undo"),
            path("<num:pk>/<slug:verb>/faire/", view(self.act_view), name="vitale_demande_act"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Everything about one request; a look is a line in the log."""
        if not may_read_requests(agent_of(request)):
            raise PermissionDenied
        number = read_number(object_id)
        if request.method != "GET" or number is None:
            raise Http404
        return self._desk_page(request, self._demande(number))

    def next_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Open the next request of a pile, but those a colleague has open."""
        agent, now = agent_of(request), timezone.now()
        if not may_read_requests(agent):
            raise PermissionDenied
        rule = pile_rules(agent).get(slug)
        if rule is None:
            raise Http404
        keys = keys_of(rule)
        looks = looks_of_others(DemandeReading.objects.filter(demande__in=keys), agent, at=now)
        last = read_number(request.GET.get("apres", "")) or 0
        taken = set(looks.values_list("demande", flat=True))
        if (pk := next_key(keys, after=last, but=taken)) is not None:
            return redirect(reverse("admin:vitale_demande_change", args=[pk], query={"pile": slug}))
        messages.success(request, f"Pile finie : {rule.title}.")
        return redirect("admin:index")

    def _demande(self, pk: int) -> Demande:
        sent = Demande.objects.sent()
        return get_object_or_404(
            sent.select_related("reason", "orientation", "assigned_to", "appointment"), pk=pk
        )

    def _desk_page(
        self, request: HttpRequest, demande: Demande, *, status: int = 200, **more: Any
    ) -> HttpResponse:
        """The page itself, also after a refusal: `typed` then holds what the agent had written."""
        agent = agent_of(request)
        note(request, "demande", demande)
        looks = looks_of_others(demande.readings.all(), agent, at=timezone.now())
        slug = request.GET.get("pile", "")
        pile = pile_rules(agent).get(slug)
        events = list(demande.events.select_related("by").order_by("-at", "-pk"))
        context = {
            **frame(self.admin_site, request, tab="vitale"),
            "title": f"Demande d’aide {demande.reference}",
            "opts": self.opts,
            "demande": demande,
            "possible": {t.value for t, codes in ALLOWED.items() if demande.code in codes},
            "may_answer": may_answer_requests(agent),
            "ending": self._undoable(demande, agent),
            "also_looking": agents_among(looks),
            "pile": place_of(demande.pk, slug, pile) if pile else None,
            "query": _query(request),
            "to_give_up": meetings.to_give_up(demande, at=timezone.now()),
            "has_agenda": AideSettings.current().agenda_id is not None,
            "contacts": Contact.objects.filter(takes_over=True),
            "templates": AnswerTemplate.objects.select_related("orientation"),
            "events": events,
            "thread": thread_of(demande, events),
            "readings": demande.readings.select_related("agent")[:20],
            "verb": "",
            "oriented": "",
            **more,
        }
        return TemplateResponse(request, self.change_form_template, context, status=status)

    # An error page of Django would show what was typed.
    @method_decorator(sensitive_post_parameters())
    def act_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """One button: act, say so, come back; a refusal shows the page with what was typed."""
        agent = agent_of(request)
        if not may_answer_requests(agent):
            raise PermissionDenied
        demande = self._demande(pk)
        if request.method != "POST" or verb not in VERBS:
            raise Http404
        try:
            done = VERBS[verb](request, demande, agent)
        except ValidationError as refused:
            fresh, reasons = self._demande(pk), refused.messages
            is_stale = isinstance(refused, StaleDossier)
            # A text that is refused on an old page: the page comes first.
            if not is_stale and "version" in request.POST and version_of(request) != fresh.version:
                is_stale, reasons = True, [aide.CHANGED, *reasons]
            return self._desk_page(
                request,
                fresh,
                status=409 if is_stale else 422,
                refused=reasons,
                typed=_typed(request),
                oriented=request.POST.get("contact", ""),
                verb=verb,
            )
        messages.success(request, done)
        return _back(request, pk)

    # An error page of Django would show what was typed.
    @method_decorator(sensitive_post_parameters())
    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What will happen to whom, and why; then the act, which can be undone for a while."""
        agent = agent_of(request)
        if not may_answer_requests(agent):
            raise PermissionDenied
        demande, reasons, status, typed = self._demande(pk), list[str](), 200, ""
        if request.method == "POST":
            typed = request.POST.get("reason", "")
            try:
                aide.cancel_for(
                    demande,
                    reason=typed,
                    by=agent,
                    at=timezone.now(),
                    version=version_of(request),
                )
            except ValidationError as refused:
                reasons = refused.messages
                status = 409 if isinstance(refused, StaleDossier) else 422
                demande = self._demande(pk)
            else:
                messages.success(
                    request, "La demande est annulée. Pendant 15 minutes, vous pouvez revenir."
                )
                return _back(request, pk)
        note(request, "annulation", demande)
        context = {
            **frame(self.admin_site, request, tab="vitale"),
            "query": _query(request),
            "title": f"Annuler la demande {demande.reference}",
            "opts": self.opts,
            "demande": demande,
            "reasons": reasons,
            "typed": typed,
        }
        return TemplateResponse(request, "admin/vitale/cancel.html", context, status=status)

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take back the cancellation that this agent has just made."""
        agent = agent_of(request)
        if not may_answer_requests(agent):
            raise PermissionDenied
        demande = self._demande(pk)
        if request.method != "POST":
            raise Http404
        raw = read_number(request.POST.get("ending", "")) or 0
        ending = get_object_or_404(demande.endings, pk=raw)
        try:
            aide.undo_cancel(ending, by=agent, at=timezone.now())
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
        else:
            messages.success(request, "L’annulation est reprise : rien n’est parti.")
        return _back(request, pk)

    def _undoable(self, demande: Demande, agent: User) -> DemandeEnding | None:
        last = demande.endings.last() if demande.is_ended else None
        return last if last and last.is_undoable(by=agent, at=timezone.now()) else None

    def book_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Propose a slot, or fix the one agreed by telephone or at the counter."""
        agent, now = agent_of(request), timezone.now()
        if not may_answer_requests(agent):
            raise PermissionDenied
        demande, problem, status = self._demande(pk), "", 200
        try:
            agenda = meetings.help_agenda()
            aide.check_state(demande, Act.FIX)
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
            return _back(request, pk)
        if request.method == "POST":
            starts_at = read_moment(request.POST.get("creneau", ""))
            is_agreed = request.POST.get("accord") == "oui"
            act = meetings.fix if is_agreed else meetings.propose
            try:
                if starts_at is None:
                    raise ValidationError("Choisissez un créneau.")
                meeting = act(demande, starts_at, by=agent, at=now, version=version_of(request))
            except ValidationError as refused:
                problem, status = " ".join(refused.messages), 422 if starts_at is None else 409
                demande = self._demande(pk)
                if starts_at and (said := already_theirs(demande.appointment, starts_at)):
                    messages.info(request, said)
                    return _back(request, pk)
            else:
                messages.success(request, _booked_words(demande, meeting, is_agreed=is_agreed))
                return _back(request, pk)
        today, asked = localdate(now), meetings.asked_at_desk(now)
        typed = request.GET.get("jour", "")
        day, day_problem = day_of_address(typed, today=today)
        day = max(day, today)
        note(request, "rendez-vous", demande)
        context = {
            **frame(self.admin_site, request, tab="agenda"),
            "query": _query(request),
            "title": f"Rendez-vous de la demande {demande.reference}",
            "opts": self.opts,
            "demande": demande,
            "may_propose": demande.code in ALLOWED[Act.PROPOSE],
            "day": day,
            "day_problem": day_problem,
            "day_typed": typed,
            "month": month_at_desk(agenda, day, asked),
            "week": week_of(agenda, day, asked),
            "problem": problem,
        }
        return TemplateResponse(request, "admin/vitale/book.html", context, status=status)

    def counts_view(self, request: HttpRequest) -> HttpResponse:
        """How many, of what: nothing that could be somebody."""
        agent = agent_of(request)
        if not (may_read_requests(agent) or agent.has_perm("vitale.view_tally")):
            raise PermissionDenied
        context = {
            **frame(self.admin_site, request, tab="vitale"),
            "title": "Carte Vitale : comptages des douze derniers mois",
            "opts": self.opts,
            "tables": count_tables(at=timezone.now()),
        }
        return TemplateResponse(request, "admin/vitale/counts.html", context)


def _query(request: HttpRequest) -> str:
    """What an address carries on: the pile that the request was opened from, if any."""
    slug = request.GET.get("pile", "")
    return f"?pile={slug}" if slug in pile_rules(agent_of(request)) else ""


def _back(request: HttpRequest, pk: int) -> HttpResponse:
    """To the request, in the pile it was opened from."""
    return redirect(reverse("admin:vitale_demande_change", args=[pk]) + _query(request))


def _typed(request: HttpRequest) -> str:
    """What the agent wrote, so that nothing is lost."""
    return request.POST.get("text", "").strip()


def _take(request: HttpRequest, demande: Demande, agent: User) -> str:
    aide.take(demande, by=agent, at=timezone.now(), version=version_of(request))
    return "Vous vous en occupez : la personne le voit."


def _answer(request: HttpRequest, demande: Demande, agent: User) -> str:
    key = request.POST.get("contact", "")
    contact = get_object_or_404(Contact, pk=key, takes_over=True) if key else None
    aide.answer(
        demande,
        text=request.POST.get("text", ""),
        orientation=contact,
        by=agent,
        at=timezone.now(),
        version=version_of(request),
    )
    if demande.email:
        return "La réponse est partie par mail."
    return f"La réponse est en ligne. Appelez la personne : {demande.contact}."


def _close(request: HttpRequest, demande: Demande, agent: User) -> str:
    aide.close(demande, by=agent, at=timezone.now(), version=version_of(request))
    return "La demande est terminée : elle sera effacée dans trois mois."


def _confirm(request: HttpRequest, demande: Demande, agent: User) -> str:
    meeting = meetings.confirm_for(
        demande, by=agent, at=timezone.now(), version=version_of(request)
    )
    return _booked_words(demande, meeting, is_agreed=True)


def _accompany(request: HttpRequest, demande: Demande, agent: User) -> str:
    meetings.accompany(demande, by=agent, at=timezone.now(), version=version_of(request))
    return "C’est noté : la personne a fait sa démarche avec vous."


def _miss(request: HttpRequest, demande: Demande, agent: User) -> str:
    meetings.mark_missed(demande, by=agent, at=timezone.now(), version=version_of(request))
    return "L’absence est notée. Vous pouvez proposer une autre date, ou clore."


def _booked_words(demande: Demande, meeting: Appointment, *, is_agreed: bool) -> str:
    """What was done, and what is left to the agent when nobody can be written to."""
    done = f"Rendez-vous {'fixé' if is_agreed else 'proposé'} : {meeting}."
    if demande.email:
        return f"{done} La personne reçoit un mail."
    return done if is_agreed else f"{done} Appelez la personne : {demande.contact}."


def _give_up(request: HttpRequest, demande: Demande, agent: User) -> str:
    former = meetings.give_up_for(demande, by=agent, at=timezone.now(), version=version_of(request))
    done = f"Le rendez-vous du {former} est rendu, la demande reste ouverte."
    if demande.email:
        return f"{done} La personne reçoit un mail."
    return f"{done} Appelez la personne : {demande.contact}."


def _send_again(request: HttpRequest, demande: Demande, agent: User) -> str:
    pk = read_number(request.POST.get("mail", "")) or 0
    aide.send_again(demande, pk, by=agent, at=timezone.now())
    return f"Le mail repart, à {demande.email}."


def _note(request: HttpRequest, demande: Demande, agent: User) -> str:
    aide.add_note(demande, body=request.POST.get("text", ""), by=agent, at=timezone.now())
    return "La note est gardée."


VERBS: dict[str, Callable[[HttpRequest, Demande, User], str]] = {
    "prendre": _take,
    "repondre": _answer,
    "clore": _close,
    "confirmer": _confirm,
    "renoncer": _give_up,
    "renvoyer": _send_again,
    "accompagner": _accompany,
    "absent": _miss,
    "noter": _note,
}
