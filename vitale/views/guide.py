"""The guide: no account, no cookie, nothing kept; the answers stand in the address."""

from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from demarches.models import Mairie
from demarches.serving.kept_pages import ANSWERS, keeps_page
from demarches.serving.ratelimit import rate_limited, who_computes
from vitale.forms.guide import QuestionForm
from vitale.models import Contact, Fact, Section, Situation
from vitale.papers.documents import plan_pdf
from vitale.reads.plans import references, sheet_of
from vitale.rules import situations
from vitale.rules.situations import (
    REGIME_QUESTION,
    SITUATION_QUESTION,
    Answers,
    Question,
    Reading,
    channel_question,
    channels,
    known_answers,
    read_answers,
)
from vitale.rules.suivi import FOLLOWED

FRAUD = situations.Situation.FRAUD.value
#: The question whose answer is being changed.
EDIT_PARAMETER = "etape"
#: The question just sent: no answer is an error there, elsewhere it is yet to come.
SENT_PARAMETER = "envoi"


@keeps_page(for_proxies=True)
@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """What the card is and who does what, from the rows that agents edit."""
    facts = list(Fact.objects.select_related("source", "link", "situation"))
    order = list(Section)
    facts.sort(key=lambda fact: order.index(Section(fact.section)))
    contacts = list(Contact.objects.select_related("source", "link"))
    parts = [(slug, list(group)) for slug, group in groupby(facts, key=lambda fact: fact.section)]
    context = {
        "sections": [
            {
                "anchor": Section(slug).anchor,
                "title": Section(slug).label,
                "facts": group,
                "references": references(group),
            }
            for slug, group in parts
        ],
        "contacts": contacts,
        "contact_references": references(contacts),
        "fraud_url": _address("router", {SITUATION_QUESTION.name: FRAUD}),
    }
    return render(request, "vitale/home.html", context)


@keeps_page(ANSWERS)
@rate_limited("compute", reads=True, by=who_computes)
@require_safe
@login_not_required
def router(request: HttpRequest) -> HttpResponse:
    """« Que dois-je faire ? »: the next question, until the plan is known."""
    params = {name: request.GET[name] for name in request.GET}
    reading = read_answers(params)
    asked = _edited(reading, params) or reading.asked
    if asked is None:
        return redirect(_address("plan", reading.params))
    return _ask(request, asked, reading, params)


def _edited(reading: Reading, params: dict[str, str]) -> Question | None:
    """The question to ask again, when an answer already given is being changed."""
    name = params.get(EDIT_PARAMETER)
    return next((question for question, _ in reading.given if question.name == name), None)


def _ask(
    request: HttpRequest, asked: Question, reading: Reading, params: dict[str, str]
) -> HttpResponse:
    before = []
    for question, choice in reading.given:
        if question.name == asked.name:
            break
        before.append((question.name, choice.value))
    # Answers to later questions are carried along; those that no longer fit are asked again.
    kept = {name: value for name, value in known_answers(params).items() if name != asked.name}
    sent = params.get(SENT_PARAMETER) == asked.name
    form = QuestionForm(
        asked,
        _titles(asked),
        params if sent else None,
        initial=params,
        hint=_hint(asked),
    )
    context = {
        "form": form,
        "hidden": {**kept, SENT_PARAMETER: asked.name},
        "back_url": _back(before),
        "number": len(before) + 1,
    }
    status = 422 if sent and not form.is_valid() else 200
    return render(request, "vitale/router.html", context, status=status)


def _titles(question: Question) -> dict[str, str]:
    """The words of the situations stand in the data."""
    if question is not SITUATION_QUESTION:
        return {}
    return dict(Situation.objects.values_list("slug", "title"))


def _hint(question: Question) -> str:
    """Where the name of the caisse is read: a fact, so from the data."""
    if question is not REGIME_QUESTION:
        return ""
    fact = Fact.objects.filter(section=Section.REGIME).first()
    return fact.text if fact else ""


def _back(before: list[tuple[str, str]]) -> str:
    if not before:
        return reverse("vitale:home")
    return _address("router", {**dict(before), EDIT_PARAMETER: before[-1][0]})


def _address(name: str, params: dict[str, str]) -> str:
    return f"{reverse(f'vitale:{name}')}?{urlencode(params)}"


@keeps_page(ANSWERS)
@rate_limited("compute", reads=True, by=who_computes)
@require_safe
@login_not_required
def plan(request: HttpRequest) -> HttpResponse:
    """What to do, in order; unanswered questions lead back to them."""
    reading = read_answers({name: request.GET[name] for name in request.GET})
    if reading.answers is None:
        return redirect(_address("router", reading.params))
    context = _plan_context(reading, reading.answers)
    return render(request, "vitale/plan.html", context)


@rate_limited("pdf", reads=True)
@require_safe
@login_not_required
def plan_sheet(request: HttpRequest) -> HttpResponse:
    """The plan on paper."""
    reading = read_answers({name: request.GET[name] for name in request.GET})
    if reading.answers is None:
        return redirect(_address("router", reading.params))
    sheet = plan_pdf(
        _plan_context(reading, reading.answers),
        mairie=Mairie.objects.current(),
        today=localdate(),
    )
    response = HttpResponse(sheet.content, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="carte-vitale.pdf"'
    return response


def _plan_context(reading: Reading, answers: Answers) -> dict[str, Any]:
    sheet = sheet_of(answers)
    titles = dict(Situation.objects.values_list("slug", "title"))
    return {
        "sheet": sheet,
        "situation_title": titles.get(answers.situation, answers.situation),
        "answers": [
            {
                "label": question.heading,
                "value": titles.get(choice.value, choice.label),
                "url": _address("router", {**reading.params, EDIT_PARAMETER: question.name}),
            }
            for question, choice in reading.given
        ],
        "others": _other_channels(reading, answers),
        "share_url": _address("plan", reading.params),
        "pdf_url": _address("plan-sheet", reading.params),
        "router_url": reverse("vitale:router"),
        "follow_url": _address("suivi-start", reading.params)
        if answers.situation in FOLLOWED
        else "",
    }


def _other_channels(reading: Reading, answers: Answers) -> list[dict[str, str]]:
    """The same plan by another channel."""
    question = channel_question(channels(answers.situation, answers.regime))
    if question.name not in reading.params:
        return []
    return [
        {
            "label": choice.label,
            "url": _address("plan", {**reading.params, question.name: choice.value}),
        }
        for choice in question.choices
        if choice.value != answers.channel
    ]
