"""The national guidance on this mairie's pages: by theme, by words, one document, its PDF."""

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from demarches.desk.search import Answer, answer
from demarches.guidance.fiches import rendered, shown_notes, successor, themes, was_known
from demarches.models import Fiche, FicheSet, Mairie, SitePage
from demarches.papers.documents import render_pdf
from demarches.rules.fiche import CODE, official_url
from demarches.rules.numbers import read_number
from demarches.serving.kept_pages import keeps_page
from demarches.serving.ratelimit import client_ip, rate_limited

MAX_QUERY = 100
MAX_SITUATIONS = 100
SITUATION_PARAMETER = "situation"


def _who_searches(request: HttpRequest) -> str:
    """Only a search counts, not the list of themes."""
    return client_ip(request) if request.GET.get("q") else ""


@keeps_page(for_proxies=True)
@login_not_required
@rate_limited("search", reads=True, by=_who_searches)
@require_safe
def fiches(request: HttpRequest) -> HttpResponse:
    """Themes, or what answers a search (`AddressGuardMiddleware` refuses a private number)."""
    # PostgreSQL refuses NUL in a text.
    query = request.GET.get("q", "").replace("\x00", "")[:MAX_QUERY].strip()
    context = {
        "query": query,
        "has_guide": FicheSet.objects.filter(is_current=True).exists(),
        "answer": answer(query) if query else Answer(),
        "themes": [] if query else themes(),
    }
    return render(request, "demarches/fiches.html", context)


@keeps_page(SITUATION_PARAMETER, for_proxies=True)
@login_not_required
@require_safe
def fiche(request: HttpRequest, code: str) -> HttpResponse:
    """One document; one that is not shown here lives on the national site."""
    row = _shown(code)
    if row is None:
        return _elsewhere(request, code)
    asked = read_number(request.GET.get(SITUATION_PARAMETER, "")) or 0
    # What is rendered is kept in memory: not for numbers that no document has.
    situation = asked if asked < MAX_SITUATIONS else 0
    notes = shown_notes()
    page = rendered(row, _mairie(), shown=notes, situation=situation)
    context = {
        "fiche": row,
        "page": page,
        "doors": SitePage.objects.beside(code),
        "note": notes.get(code, ""),
        "linked_data": _linked_data(row),
    }
    return render(request, "demarches/fiche.html", context)


@login_not_required
@rate_limited("pdf", reads=True)
@require_safe
def fiche_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """The same text on paper."""
    row = _shown(code)
    if row is None:
        raise Http404
    mairie, notes = _mairie(), shown_notes()
    paper = render_pdf(
        "demarches/pdf/fiche.html",
        {
            "mairie": mairie,
            "service": "Guide national",
            "fiche": row,
            "body": rendered(row, mairie, shown=notes).html,
            "note": notes.get(code, ""),
            "foot": row.code,
        },
        title=row.title,
        path=reverse("demarches:fiche", args=[row.code]),
    )
    return HttpResponse(
        paper.content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{row.code}.pdf"'},
    )


def _shown(code: str) -> Fiche | None:
    """The document, without its source: what is rendered of it is kept in memory."""
    return Fiche.objects.shown().defer("xml", "text").filter(code=code).first()


def _elsewhere(request: HttpRequest, code: str) -> HttpResponse:
    """Moved, not shown here, retired, or never heard of."""
    if target := successor(code):
        return redirect(target, permanent=True)
    if Fiche.objects.current().filter(code=code).exists() or FicheSet.current() is None:
        return redirect(official_url(code))
    if CODE.match(code) and was_known(code):
        return render(request, "demarches/fiche_gone.html", {"code": code}, status=410)
    raise Http404


def _mairie() -> Mairie | None:
    return Mairie.objects.with_entrances()


def _linked_data(row: Fiche) -> SafeString:
    """JSON-LD, which cannot close the script element it stands in."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": row.title,
        "description": row.description,
        "inLanguage": "fr",
        "isBasedOn": row.url,
        "license": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        "author": {"@type": "GovernmentOrganization", "name": row.contributor},
    }
    if row.modified:
        data["dateModified"] = row.modified.isoformat()
    text = json.dumps(data, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(text)  # noqa: S308 -- the three signs that matter are escaped above
