"""The register at the desk: the registration itself, its papers, the avis, and what comes after."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.db.models.options import Options
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from demarches.admin.base import DeskListAdmin, listed
from demarches.desk.frame import frame
from demarches.models import Officer, User
from demarches.papers.documents import RenderedPdf
from demarches.rules.numbers import read_number
from demarches.rules.read import FIELD, imprint
from demarches.views.downloads import private_answer, table_answer
from demarches.web.as_read import ChangedSince
from demarches.web.tables import TYPES
from pacs.actions import registration as actions
from pacs.actions.guards import StaleDossier
from pacs.actions.rectification import AsItShouldRead, line_shown, rectify
from pacs.actions.refusals import ActionRefused
from pacs.admin.people import agent_of, note
from pacs.forms.registration import (
    ActForm,
    ActPiecesForm,
    CeremonyForm,
    OldPersonForm,
    OldRegistrationForm,
    RectifiedLineForm,
    as_typed,
    past_day_field,
    rectified_person_form,
)
from pacs.models import Avis, Dossier, LaterAct, Reading, Registration
from pacs.papers import official
from pacs.papers.documents import DocumentNotReady
from pacs.reads.access import may_decide, may_read_as_staff, may_review
from pacs.reads.search import find_registrations
from pacs.rules.registration import ActKind

#: What is noted of an avis, as the buttons send it.
NOTED = frozenset({"sent", "mentioned"})
#: Letters in one document: more would keep a worker, and one address, too long.
MOST_LETTERS = 100
#: Somebody else was at it since the page was opened.
ACTS_CHANGED = (
    "Une démarche a été ouverte ou terminée pour ce Pacs depuis que vous avez ouvert la page : rien"
    " n’est ouvert. Relisez la liste, puis recommencez."
)

LINE_CHANGED = (
    "Un collègue a rectifié cette ligne depuis que vous avez ouvert la page. La voici comme elle"
    " est maintenant ; votre motif est gardé."
)

type View = Callable[..., HttpResponse]


def _reader(request: HttpRequest) -> User:
    agent = agent_of(request)
    if not may_review(agent):
        raise PermissionDenied
    return agent


def _officer(request: HttpRequest) -> User:
    agent = agent_of(request)
    if not may_decide(agent):
        raise PermissionDenied
    return agent


class RegistrationDesk:
    """The one screen of the registration, mixed into the admin of dossiers."""

    admin_site: admin.AdminSite
    opts: Options[Dossier]

    def registration_urls(self, wrap: Callable[[View], View]) -> list[URLPattern]:
        return [
            path("<num:pk>/enregistrer/", wrap(self.register_view), name="pacs_dossier_register"),
            path(
                "<num:pk>/decision.pdf",
                wrap(require_safe(self.decision_view)),
                name="pacs_dossier_decision",
            ),
        ]

    def register_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Identities, originals, convention, number, officer; then the papers to print."""
        agent, now = _officer(request), timezone.now()
        dossier = get_object_or_404(
            Dossier.objects.for_desk().select_related("appointment__agenda"), pk=pk
        )
        done = Registration.objects.filter(dossier=dossier).first()
        if done is not None:
            return redirect("admin:pacs_registration_change", done.pk)
        posted = request.POST if request.method == "POST" else None
        form = CeremonyForm(posted, dossier=dossier, at=now)
        reasons, status = list[str](), 200
        if posted is not None and not form.is_valid():
            status = 422
        elif posted is not None:
            raw = posted.get("version", "")
            try:
                done = actions.register_pacs(
                    dossier,
                    form.ceremony,
                    by=agent,
                    at=now,
                    version=read_number(raw) or 0,
                )
            except ValidationError as refused:
                reasons = refused.messages
                status = 409 if isinstance(refused, StaleDossier) else 422
            else:
                messages.success(request, f"Le Pacs est enregistré sous le numéro {done.number}.")
                return redirect("admin:pacs_registration_change", done.pk)
        note(request, "enregistrement", dossier)
        context = {
            **frame(self.admin_site, request, tab="dossiers"),
            "opts": self.opts,
            "title": f"Enregistrer le Pacs du dossier {dossier.reference}",
            "dossier": Dossier.objects.select_related("appointment__agenda").get(pk=pk),
            "form": form,
            "reasons": reasons,
            "proposed": _proposed(form.registered_day),
            "has_officers": form.has_officers,
        }
        return TemplateResponse(request, "admin/pacs/register.html", context, status=status)

    def decision_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The décision d'irrecevabilité, to sign and hand over."""
        _reader(request)
        dossier = get_object_or_404(Dossier.objects.for_desk(), pk=pk)
        if not dossier.inadmissible_ground:
            raise Http404
        note(request, "décision", dossier)
        return _pdf(official.inadmissibility_decision(dossier), "decision")


def _proposed(day: date) -> str:
    try:
        return str(actions.next_number(day))
    except ValidationError as refused:
        return " ".join(refused.messages)


def _pdf(paper: RenderedPdf, name: str) -> HttpResponse:
    return private_answer(paper.content, "application/pdf", f"{name}.pdf", disposition="attachment")


def _avis_keys(raw: list[str]) -> list[int]:
    """The avis that were ticked, each once; 404 for what is no number."""
    keys = dict.fromkeys(read_number(one) for one in raw)
    found = [key for key in keys if key]
    if len(found) != len(keys):
        raise Http404
    return found


def _check_number(keys: list[int]) -> None:
    """Refuse a batch of nothing, or too long."""
    if not keys:
        raise ActionRefused("Cochez au moins un avis.")
    if len(keys) > MOST_LETTERS:
        raise ActionRefused(
            f"{len(keys)} avis sont cochés : envoyez-en {MOST_LETTERS} au plus à la fois."
        )


def _letters_address(keys: list[int]) -> str:
    query = urlencode([("avis", key) for key in keys])
    return f"{reverse('admin:pacs_registration_letters')}?{query}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count < 2 else many}"


def _act_changed(act: LaterAct, form: ActPiecesForm) -> list[str]:
    """What the agent is told when a colleague changed the act, with what they had ticked."""
    reasons = [
        "Cette démarche a changé depuis que vous avez ouvert cette page : rien n’est enregistré. La"
        " voici comme elle est maintenant."
    ]
    if form.is_valid() and (pieces := form.cleaned_data["pieces"]):
        labels = dict(act.rule.pieces)
        ticked = " ; ".join(labels[code] for code in pieces)
        reasons.append(f"Vous aviez coché : {ticked}.")
    return reasons


PAPERS: Mapping[str, Callable[[Registration], RenderedPdf]] = {
    "recepisse": official.recepisse,
    "attestation": official.attestation,
    "extrait": official.register_extract,
}


ACT_PAPERS: Mapping[str, Callable[[LaterAct], RenderedPdf]] = {
    "recepisse": official.dissolution_receipt,
    "decision": official.act_decision,
    "lettre-1": lambda act: official.end_letter(act, 1),
    "lettre-2": lambda act: official.end_letter(act, 2),
}


@admin.register(Registration)
class RegistrationAdmin(DeskListAdmin[Registration]):
    """The register: read, searched, printed; changed only by acts."""

    tab, list_title = "register", "Registre des Pacs"
    list_display = ("number", "registered_on", "people_names", "origin", "end")
    list_filter = ("origin", "dissolution")
    search_fields = ("number",)
    search_help_text = "Numéro, nom ou date de naissance"
    date_hierarchy = "registered_on"
    list_per_page = 40
    actions = None
    change_form_template = "admin/pacs/registration.html"
    change_list_template = "admin/pacs/register_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return Registration.objects.prefetch_related("persons")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Registration], search_term: str
    ) -> tuple[QuerySet[Registration], bool]:
        return find_registrations(queryset, search_term), False

    @admin.display(description="partenaires")
    def people_names(self, row: Registration) -> str:
        return row.names

    @admin.display(description="fin")
    def end(self, row: Registration) -> str:
        return f"dissous le {row.dissolved_on:%d/%m/%Y}" if row.dissolved_on else "en vigueur"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"may_decide": may_decide(agent_of(request))}
        response = super().changelist_view(request, {**more, **(extra_context or {})})
        if isinstance(response, TemplateResponse) and response.context_data:
            shown = response.context_data["cl"]
            shown.result_list = list(shown.result_list)
            note(request, Reading.LISTED, registrations=shown.result_list)
        return response

    def has_module_permission(self, request: HttpRequest) -> bool:
        # Also asked for the page of the sign-in, where there is nobody yet.
        return isinstance(request.user, User) and may_read_as_staff(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        return may_review(agent_of(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        def wrap(view: View) -> View:
            return self.admin_site.admin_view(view)

        return [
            path("ancien/", wrap(self.old_view), name="pacs_registration_old"),
            path("avis/", wrap(self.avis_view), name="pacs_registration_avis"),
            path(
                "avis/lettres.pdf",
                wrap(require_safe(self.avis_batch_view)),
                name="pacs_registration_letters",
            ),
            path(
                "avis/<num:pk>.pdf",
                wrap(require_safe(self.avis_paper_view)),
                name="pacs_registration_letter",
            ),
            path(
                "liste/<slug:slug>/",
                wrap(require_safe(self.table_view)),
                name="pacs_registration_table",
            ),
            path(
                "chiffres/", wrap(require_safe(self.counts_view)), name="pacs_registration_counts"
            ),
            path(
                "<num:pk>/papier/<slug:slug>.pdf",
                wrap(require_safe(self.paper_view)),
                name="pacs_registration_paper",
            ),
            path("<num:pk>/rectifier/", wrap(self.rectify_view), name="pacs_registration_rectify"),
            path("acte/<num:pk>/", wrap(self.act_view), name="pacs_registration_act"),
            path(
                "acte/<num:pk>/<slug:slug>.pdf",
                wrap(require_safe(self.act_paper_view)),
                name="pacs_registration_act_paper",
            ),
            *super().get_urls(),
        ]

    def _page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        status = context.pop("status", 200)
        shared = frame(self.admin_site, request, tab="register") | {"opts": self.opts}
        return TemplateResponse(request, template, shared | context, status=status)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One line of the register: papers to print, avis, acts; and a new act."""
        agent = _reader(request)
        row = self._registration(object_id)
        posted = request.POST if request.method == "POST" else None
        form = ActForm(posted, initial={"received_on": localdate()})
        reasons, status = list[str](), 200
        if posted is not None:
            _officer(request)
            if not form.is_valid():
                status = 422
            else:
                try:
                    act = actions.open_act(
                        row,
                        kind=form.cleaned_data["kind"],
                        received_on=form.cleaned_data["received_on"],
                        by_post=form.cleaned_data["by_post"],
                        pieces=(),
                        event_on=None,
                        by=agent,
                        at=timezone.now(),
                        read=posted.get(FIELD, ""),
                    )
                except ChangedSince:
                    reasons, status = [ACTS_CHANGED], 409
                except ValidationError as refused:
                    reasons, status = refused.messages, 422
                else:
                    return redirect("admin:pacs_registration_act", act.pk)
        note(request, "ligne du registre", registrations=[row])
        return self._page(
            request,
            "admin/pacs/registration.html",
            title=f"Pacs {row.number}",
            row=row,
            form=form,
            reasons=reasons,
            may_decide=may_decide(agent),
            acts=row.acts.all(),
            mended=row.rectifications.select_related("by", "person"),
            lu=imprint(actions.acts_shown(row)),
            avis=(avis := list(row.avis.select_related("person", "act"))),
            held_here=actions.avis_held_here(avis),
            today=localdate(),
            status=status,
        )

    def rectify_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mend what the line says wrongly, with a reason; what it said stays."""
        agent = _officer(request)
        row = self._registration(pk)
        posted = request.POST if request.method == "POST" else None
        form = RectifiedLineForm(posted, row=row)
        people = [rectified_person_form(one, posted) for one in row.people]
        lu, reasons, status = imprint(line_shown(row)), list[str](), 200
        if posted is not None:
            # The form that comes back holds what was typed: it answers for the page it was on.
            lu, status = posted.get(FIELD, ""), 422
            valid = [one.is_valid() for one in (form, *people)]
            if all(valid):
                try:
                    done = rectify(
                        row,
                        AsItShouldRead(
                            form.cleaned_data["place"],
                            [as_typed(one) for one in people],
                            form.cleaned_data.get("officer"),
                        ),
                        reason=form.cleaned_data["reason"],
                        by=agent,
                        at=timezone.now(),
                        read=lu,
                    )
                except ChangedSince:
                    reasons, status = [LINE_CHANGED], 409
                    row = self._registration(pk)
                    form = RectifiedLineForm(row=row)
                    form.initial["reason"] = posted.get("reason", "")[:1000]
                    people = [rectified_person_form(one) for one in row.people]
                    lu = imprint(line_shown(row))
                except ValidationError as refused:
                    reasons = refused.messages
                else:
                    messages.success(request, "La ligne est rectifiée.")
                    if done.already_sent:
                        names = ", ".join(str(one) for one in done.already_sent)
                        messages.warning(
                            request,
                            f"Déjà partis avant la rectification : {names}. Voyez avec ces services"
                            " s’il faut leur écrire à nouveau.",
                        )
                    return redirect("admin:pacs_registration_change", pk)
        note(request, "rectification", registrations=[row])
        return self._page(
            request,
            "admin/pacs/rectify.html",
            title=f"Rectifier le Pacs {row.number}",
            is_wrong=status == 422,
            row=row,
            form=form,
            people=people,
            lu=lu,
            reasons=reasons,
            status=status,
        )

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def _registration(self, pk: str | int) -> Registration:
        number = read_number(str(pk))
        if number is None:
            raise Http404
        return get_object_or_404(
            Registration.objects.select_related("dossier").prefetch_related("persons", "avis"),
            pk=number,
        )

    def paper_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """Récépissé, attestation or extract."""
        _reader(request)
        if slug not in PAPERS:
            raise Http404
        row = self._registration(pk)
        note(request, f"papier {slug}", registrations=[row])
        return _pdf(PAPERS[slug](row), slug)

    def avis_view(self, request: HttpRequest) -> HttpResponse:
        """Mentions to make here, avis to send by recipient, sent and waited for, mentioned."""
        agent, now = _reader(request), timezone.now()
        typed, keys, reasons, status = "", list[int](), list[str](), 200
        if request.method == "POST":
            verb = request.POST.get("verb", "")
            # Whoever checks dossiers prints the letters; an officer notes that they left.
            if verb in NOTED:
                _officer(request)
            keys = _avis_keys(request.POST.getlist("avis"))
            typed = request.POST.get("on", "")[:40]
            try:
                _check_number(keys)
                if verb == "letters":
                    return redirect(_letters_address(keys))
                done = self._note_avis(request, keys, by=agent, at=now)
            except ValidationError as refused:
                reasons, status = refused.messages, 422
            else:
                messages.success(request, done)
                return redirect("admin:pacs_registration_avis")
        rows = Avis.objects.select_related("registration", "person", "act")
        today = localdate(now)
        unsent = list(rows.filter(sent_on=None))
        waiting = list(rows.filter(sent_on__isnull=False, mentioned_on=None))
        done_rows = rows.filter(mentioned_on__isnull=False).order_by("-mentioned_on", "-pk")[:50]
        here = actions.avis_held_here(unsent)
        to_send = [row for row in unsent if row.pk not in here]
        groups = official.envelopes(to_send)
        first = [row.pk for group in groups for row in group.rows][:MOST_LETTERS]
        shown = [row.registration_id for row in (*unsent, *waiting, *done_rows)]
        note(request, "avis de mention", registrations=shown)
        return self._page(
            request,
            "admin/pacs/avis.html",
            title="Avis de mention",
            today=today,
            here=[(row, row.is_late(today)) for row in unsent if row.pk in here],
            to_send=to_send,
            late={row.pk for row in to_send if row.is_late(today)},
            envelopes=groups,
            waiting=waiting,
            done=done_rows,
            may_decide=may_decide(agent),
            reasons=reasons,
            picked=set(keys if reasons else first),
            typed=typed,
            most=MOST_LETTERS,
            status=status,
        )

    def _note_avis(self, request: HttpRequest, keys: list[int], *, by: User, at: datetime) -> str:
        """Note the sending of all these avis, or the mention of one; what to say of it."""
        verb = request.POST.get("verb", "")
        if verb not in NOTED:
            raise ActionRefused("Choisissez ce que vous notez.")
        on = past_day_field("Date").clean(request.POST.get("on", ""))
        try:
            if verb == "mentioned":
                if len(keys) > 1:
                    raise ActionRefused("Notez une mention à la fois : chacune a sa date.")
                actions.mark_avis_mentioned(Avis.objects.get(pk=keys[0]), on=on, by=by, at=at)
                return "La mention est notée."
            sent = actions.mark_avis_sent(keys, on=on, by=by, at=at)
        except Avis.DoesNotExist as missing:
            raise Http404 from missing
        words = [f"{_counted(len(sent.now), 'envoi noté', 'envois notés')}."]
        if sent.before:
            names = ", ".join(str(row.person) for row in sent.before)
            words.append(f"Déjà noté avant, et laissé tel quel : {names}.")
        return " ".join(words)

    def avis_batch_view(self, request: HttpRequest) -> HttpResponse:
        """The letters of the avis named in the address, in one PDF; only those still to send."""
        _reader(request)
        keys = _avis_keys(request.GET.getlist("avis"))[:MOST_LETTERS]
        rows = list(
            Avis.objects.filter(pk__in=keys, sent_on=None)
            .select_related("registration", "person", "act")
            .prefetch_related("registration__persons", "registration__rectifications")
        )
        here = actions.avis_held_here(rows)
        rows = [row for row in rows if row.pk not in here]
        if not rows:
            messages.error(
                request,
                "Aucun de ces avis n’est à envoyer : cochez-en un, ou lisez ce qui a été noté"
                " entre-temps.",
            )
            return redirect("admin:pacs_registration_avis")
        note(request, "lettres d’avis", registrations=[row.registration_id for row in rows])
        return _pdf(official.avis_batch(rows, dated=localdate()), "avis-de-mention")

    def avis_paper_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The letter to one holder of a birth record."""
        _reader(request)
        avis = get_object_or_404(
            Avis.objects.select_related("registration", "person", "act").prefetch_related(
                "registration__persons"
            ),
            pk=pk,
        )
        note(request, "lettre d’avis", registrations=[avis.registration_id])
        return _pdf(official.avis_de_mention(avis), f"avis-{pk}")

    def counts_view(self, request: HttpRequest) -> HttpResponse:
        """Half-yearly counts, without a name; on screen, as a PDF or as a table."""
        _officer(request)
        today = localdate()
        year = read_number(request.GET.get("annee", "")) or today.year
        asked = read_number(request.GET.get("semestre", ""))
        half = asked if asked in (1, 2) else (1 if today.month < 7 else 2)
        counts = official.half_yearly_counts(min(max(year, 2000), today.year + 1), half)
        if request.GET.get("format") == "pdf":
            return _pdf(official.counts_sheet(counts, dated=today), "chiffres")
        if (kind := request.GET.get("format")) in TYPES:
            rows = official.counts_rows(counts)
            return table_answer(kind, "chiffres", counts.label, official.COUNTED, rows)
        return self._page(
            request,
            "admin/pacs/counts.html",
            title="Chiffres du semestre",
            counts=counts,
            years=range(today.year, today.year - 6, -1),
        )

    def table_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The lines of the list as it is filtered, for a spreadsheet: numbers and days, no name."""
        _reader(request)
        rows = listed(self, request)
        note(request, Reading.LISTED, registrations=rows)
        causes = dict(LaterAct._meta.get_field("kind").flatchoices)
        header = ("numero", "enregistre_le", "origine", "fin_le", "cause_de_la_fin")
        lines = [
            (
                row.number,
                row.registered_on,
                row.get_origin_display(),
                row.dissolved_on,
                causes.get(row.dissolution, row.dissolution),
            )
            for row in rows
        ]
        return table_answer(slug, "registre", "Registre", header, lines)

    def old_view(self, request: HttpRequest) -> HttpResponse:
        """Enter a PACS registered before the portal, by its number."""
        agent = _officer(request)
        posted = request.POST if request.method == "POST" else None
        form = OldRegistrationForm(posted)
        people = [OldPersonForm(posted, prefix=f"p{rank}") for rank in (1, 2)]
        reasons, status = list[str](), 200
        if posted is not None:
            valid = [one.is_valid() for one in (form, *people)]
            status = 422
            if all(valid):
                try:
                    row = actions.enter_old_registration(
                        **form.cleaned_data,
                        people=[one.cleaned_data for one in people],
                        by=agent,
                        at=timezone.now(),
                    )
                except ValidationError as refused:
                    reasons = refused.messages
                else:
                    messages.success(request, "Le Pacs est dans la liste.")
                    return redirect("admin:pacs_registration_change", row.pk)
        return self._page(
            request,
            "admin/pacs/old_registration.html",
            title="Saisir un Pacs plus ancien",
            form=form,
            people=people,
            reasons=reasons,
            status=status,
        )

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One modification or dissolution: what is in hand, then register or refuse."""
        agent, now = _reader(request), timezone.now()
        act = self._act_row(pk)
        posted = request.POST if request.method == "POST" else None
        form = ActPiecesForm(posted, act=act)
        officers = Officer.objects.in_force(localdate(now))
        reasons, status, lu = list[str](), 200, imprint(act.shown())
        if posted is not None:
            _officer(request)
            # The form that comes back holds what was typed: it answers for the page it was on.
            lu = posted.get(FIELD, "")
            try:
                self._act(posted, act, form, officers, agent)
            except ChangedSince:
                reasons, status = _act_changed(act, form), 409
                act = self._act_row(pk)
                form, lu = ActPiecesForm(act=act), imprint(act.shown())
            except ValidationError as refused:
                reasons, status = refused.messages, 422
                act = self._act_row(pk)
            else:
                messages.success(request, "C’est enregistré.")
                return redirect("admin:pacs_registration_act", pk)
        note(request, "acte", registrations=[act.registration_id])
        return self._page(
            request,
            "admin/pacs/act.html",
            title=f"{act.get_kind_display()} · {act.reference}",
            act=act,
            lu=lu,
            avis=(avis := list(act.avis.select_related("person"))),
            held_here=actions.avis_held_here(avis),
            is_joint=act.kind == ActKind.JOINT,
            told=[(one, f"lettre-{one.position}") for one in act.informed],
            form=form,
            officers=officers,
            reasons=reasons,
            ground=posted.get("ground", "") if posted is not None else "",
            officer=read_number(posted.get("officer", "")) if posted is not None else None,
            may_decide=may_decide(agent),
            status=status,
        )

    def _act_row(self, pk: int) -> LaterAct:
        rows = LaterAct.objects.select_related("registration", "refused_by")
        return get_object_or_404(rows.prefetch_related("registration__persons"), pk=pk)

    def act_paper_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """The récépissé of a dissolution, the letter to one of the two, or why it was refused."""
        _reader(request)
        rows = LaterAct.objects.select_related("registration")
        act = get_object_or_404(rows.prefetch_related("registration__persons"), pk=pk)
        if slug not in ACT_PAPERS:
            raise Http404
        try:
            paper = ACT_PAPERS[slug](act)
        except DocumentNotReady as not_ready:
            raise Http404 from not_ready
        note(request, f"papier {slug}", registrations=[act.registration_id])
        return _pdf(paper, slug)

    def _act(
        self,
        posted: Mapping[str, str],
        act: LaterAct,
        form: ActPiecesForm,
        officers: QuerySet[Officer],
        agent: User,
    ) -> None:
        verb, read = posted.get("verb", ""), posted.get(FIELD, "")
        if verb == "refuser":
            ground = posted.get("ground", "")
            actions.refuse_act(act, ground=ground, by=agent, at=timezone.now(), read=read)
            return
        if not form.is_valid():
            raise ValidationError("Vérifiez les dates et les pièces.")
        in_hand = actions.InHand(**form.cleaned_data)
        if verb != "enregistrer":
            actions.update_act(act, in_hand, read=read)
            return
        officer = officers.filter(pk=read_number(posted.get("officer", "")) or 0).first()
        if officer is None:
            raise ValidationError("Choisissez un officier dont la délégation est en vigueur.")
        actions.register_act(act, in_hand, officer=officer, by=agent, at=timezone.now(), read=read)
