"""The public simulator and what goes with it: no account, no cookie, everything in the address."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.timezone import localdate
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from demarches.agenda.booking import read_day
from demarches.models import Mairie
from demarches.serving.kept_pages import ANSWERS, keeps_page
from demarches.serving.ratelimit import rate_limited, who_computes
from demarches.web.languages import (
    FRENCH,
    LIST,
    PAGES,
    PARAMETER,
    asked_language,
    in_address,
    render_in,
)
from pacs.forms.simulator import (
    DATE_PARAMETER,
    EDIT_PARAMETER,
    MONTH_PARAMETER,
    SENT_PARAMETER,
    Journey,
    SimulatorForm,
    hidden_params,
    known_params,
    read_journey,
)
from pacs.forms.simulator_questions import PAPERS_PAGE
from pacs.models import PacsSettings, PieceTranslation, PieceWording
from pacs.reads.booking import wish_month
from pacs.reads.checklist import (
    Checklist,
    blank_set_pdf,
    build_checklist,
    checklist_pdf,
    tasks_calendar,
)
from pacs.reads.open_data import rules_as_data
from pacs.rules.cases import CASES, CASES_ON, decide
from pacs.rules.eligibility import OUTCOME_TYPES, Outcome, OutcomeType, outcomes
from pacs.rules.pieces import LAW_READ_ON, RULES_VERSION
from pacs.rules.situation import Impediment, Residence, derive_inputs


class Visit:
    """What every address of the simulator needs: the mairie, its settings, the answers."""

    def __init__(self, request: HttpRequest) -> None:
        self.now = timezone.now()
        self.today = localdate(self.now)
        self.mairie = Mairie.objects.current()
        self.settings = PacsSettings.current()
        #: The language that the links carry; a page that has it not is in French.
        self.language = asked_language(request, LIST)
        with translation.override(self.language):
            self.journey: Journey = read_journey(
                request.GET,
                today=self.today,
                dematerialisation=self.settings.dematerialisation,
                commune=self.mairie.commune if self.mairie else "",
            )

    def address(self, name: str, *, page: str = "") -> str:
        """An address with the answers, to change those of a page when one is named."""
        query = self.journey.query
        if page:
            query = f"{query}&{EDIT_PARAMETER}={page}" if query else f"{EDIT_PARAMETER}={page}"
        return in_address(f"{reverse(name)}?{query}", self.language)

    def nearest_days(self, checklist: Checklist) -> list[dict[str, Any]]:
        """The possible days closest to the wished one, each with the address that chooses it."""
        wish = checklist.plan.wish
        return [
            {
                "day": day,
                "url": in_address(
                    f"{reverse('pacs:simulator')}?"
                    + urlencode(self.journey.params | {DATE_PARAMETER: day.isoformat()}),
                    self.language,
                ),
            }
            for day in (wish.nearest if wish else ())
        ]

    def outcomes(self) -> tuple[Outcome, ...]:
        """What an agent looks at with the couple."""
        couple = derive_inputs(self.journey.answers, self.settings.dematerialisation)
        return outcomes(couple, on=self.journey.wished or self.today)

    def checklist(self) -> Checklist:
        wordings = PieceWording.objects.by_rule()
        return build_checklist(
            derive_inputs(self.journey.answers, self.settings.dematerialisation),
            wished=self.journey.wished,
            at=self.now,
            settings=self.settings,
            wordings=wordings,
            translated=None
            if self.language == FRENCH
            else PieceTranslation.objects.of(self.language, wordings),
        )


@keeps_page(ANSWERS)
@rate_limited("compute", reads=True, by=who_computes)
@require_safe
@login_not_required
def simulator(request: HttpRequest) -> HttpResponse:
    """The next question, the list, or what stands in the way."""
    visit = Visit(request)
    if visit.journey.form is not None:
        return _question(request, visit, visit.journey.form)
    if visit.journey.stopped:
        return _stopped(request, visit)
    checklist, answers = visit.checklist(), visit.journey.answers
    context = {
        "checklist": checklist,
        "nearest": visit.nearest_days(checklist),
        "outcomes": visit.outcomes(),
        "residence_unknown": answers.residence is Residence.UNKNOWN
        and answers.impediment is Impediment.NONE,
        "answers": [
            {
                "label": answer.label,
                "value": answer.value,
                "url": visit.address("pacs:simulator", page=answer.page.slug),
            }
            for answer in visit.journey.answered
        ],
        "links": {
            name.replace("-", "_"): visit.address(f"pacs:{name}")
            for name in ("simulator", "simulator-pdf", "simulator-ics")
        }
        | {"dossier_start": f"{reverse('pacs:dossier-start')}?{visit.journey.query}"},
        "date_url": visit.address("pacs:simulator", page="projet"),
        "groups": [
            (group, visit.address("pacs:simulator", page=f"{PAPERS_PAGE}{group.holder}"))
            for group in checklist.groups
        ],
        "made_on": visit.today,
        "questions_language": visit.language if visit.language in PAGES else FRENCH,
    }
    return render_in(request, "pacs/simulator_result.html", context, among=LIST)


def _question(request: HttpRequest, visit: Visit, form: SimulatorForm) -> HttpResponse:
    context = {
        "form": form,
        "hidden": {
            **hidden_params(request.GET, form),
            SENT_PARAMETER: form.page.slug,
            **({} if visit.language == FRENCH else {PARAMETER: visit.language}),
        },
        "is_first": not visit.journey.answered,
        "back_url": _back_url(visit, form.page.slug),
        "keep_url": in_address(
            f"{reverse('pacs:simulator')}?{urlencode(known_params(request.GET))}", visit.language
        ),
    }
    if form.page.asks_date:
        context |= _calendar(request, visit)
    status = 422 if form.errors else 200
    return render_in(request, "pacs/simulator_question.html", context, status=status)


def _calendar(request: HttpRequest, visit: Visit) -> dict[str, Any]:
    """The month of the wished day, of the first possible one, or the one asked for."""
    days = visit.checklist().plan.days
    wished = read_day(known_params(request.GET).get(DATE_PARAMETER, ""))
    asked = read_day(request.GET.get(MONTH_PARAMETER, "")) or wished or days.first
    return {"month": wish_month(days, asked), "wished": wished, "first_day": days.first}


def _back_url(visit: Visit, slug: str) -> str:
    """The page answered just before this one; empty on the first."""
    before = [answer.page.slug for answer in visit.journey.answered if answer.page.slug != slug]
    return visit.address("pacs:simulator", page=before[-1]) if before else ""


def _stopped(request: HttpRequest, visit: Visit) -> HttpResponse:
    first, *others = visit.journey.stopped
    context = _outcome_context(first.type) | {
        "holder": first.holder,
        "others": [outcome.type for outcome in others],
        "back_url": visit.address("pacs:simulator", page=visit.journey.last_page.slug),
        "is_inside": True,
    }
    return render_in(request, f"pacs/results/{first.type.slug}.html", context)


def _outcome_context(kind: OutcomeType) -> dict[str, Any]:
    return {"outcome_type": kind}


@keeps_page(PARAMETER)
@require_safe
@login_not_required
def outcome(request: HttpRequest, slug: str) -> HttpResponse:
    """Why an answer stops the procedure or takes an agent, and the way out."""
    kind = next((kind for kind in OUTCOME_TYPES if kind.slug == slug), None)
    if kind is None:
        raise Http404
    return render_in(request, f"pacs/results/{slug}.html", _outcome_context(kind))


@rate_limited("pdf", reads=True)
@require_safe
@login_not_required
def simulator_pdf(request: HttpRequest) -> HttpResponse:
    """The list on paper; unanswered questions lead back to them."""
    visit = Visit(request)
    if not visit.journey.is_complete:
        return redirect(visit.address("pacs:simulator"))
    with translation.override(visit.language):
        paper = checklist_pdf(visit.checklist(), mairie=visit.mairie, today=visit.today)
    return _download(paper.content, "application/pdf", "vos-pieces.pdf", disposition="inline")


@rate_limited("compute", reads=True)
@require_safe
@login_not_required
def simulator_ics(request: HttpRequest) -> HttpResponse:
    """The dates of the plan for a calendar; without a wished date there are none."""
    visit = Visit(request)
    if not visit.journey.is_complete:
        return redirect(visit.address("pacs:simulator"))
    if visit.journey.wished is None:
        return redirect(visit.address("pacs:simulator", page="projet"))
    content = tasks_calendar(visit.checklist(), mairie=visit.mairie, at=visit.now)
    return _download(content, "text/calendar; charset=utf-8", "echeances.ics")


@rate_limited("pdf", reads=True)
@require_safe
@login_not_required
def blank_set(request: HttpRequest) -> HttpResponse:
    """The paper dossier to collect at the counter."""
    paper = blank_set_pdf(
        mairie=Mairie.objects.current(),
        settings=PacsSettings.current(),
        wordings=PieceWording.objects.by_rule(),
        today=localdate(),
    )
    return _download(paper.content, "application/pdf", "dossier-papier.pdf", disposition="inline")


def _download(
    content: bytes, content_type: str, name: str, *, disposition: str = "attachment"
) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'{disposition}; filename="{name}"'
    return response


@rate_limited("compute", reads=True)
@require_safe
@login_not_required
@cache_control(public=True, max_age=3600, s_maxage=60)
@conditional_page
def rules_json(request: HttpRequest) -> HttpResponse:
    """The rules as open data, readable from any site."""
    data = rules_as_data(PieceWording.objects.by_rule())
    response = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Access-Control-Allow-Origin"] = "*"
    return response


@keeps_page(for_proxies=True)
@rate_limited("compute", reads=True)
@require_safe
@login_not_required
def how_we_decide(request: HttpRequest) -> HttpResponse:
    """The cases of the reference, computed when the page is asked for."""
    wordings = PieceWording.objects.by_rule()
    kinds = {kind.code: kind for kind in OUTCOME_TYPES}
    results = [decide(case) for case in CASES]
    rows = [
        {
            "result": result,
            "pieces": [wordings[rule_id] for rule_id in wordings if rule_id in result.pieces],
            "outcomes": [kinds[code] for code in sorted(result.codes)],
        }
        for result in results
    ]
    context: dict[str, Any] = {
        "rows": rows,
        "all_expected": all(result.is_expected for result in results),
        "outcome_types": OUTCOME_TYPES,
        "wordings": wordings.values(),
        "version": RULES_VERSION,
        "law_read_on": LAW_READ_ON,
        "cases_on": CASES_ON,
    }
    return render(request, "pacs/how_we_decide.html", context)
