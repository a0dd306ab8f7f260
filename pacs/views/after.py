"""After the registration: who acts, what changes, and the papers of the joint procedures."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from demarches.serving.kept_pages import keeps_page
from demarches.serving.ratelimit import rate_limited
from demarches.views.downloads import private_answer
from pacs.forms.after import AfterForm
from pacs.models import PacsSettings
from pacs.papers.after import TITLES, joint_papers
from pacs.rules.after import COURT, KEEPERS, keeper
from pacs.rules.registration import ACT_RULES, ActKind, act_rule

#: Address of a joint procedure -> its kind.
JOINT = {"modifier": ActKind.MODIFICATION, "dissoudre": ActKind.JOINT}


@keeps_page(for_proxies=True)
@login_not_required
@require_safe
def after_home(request: HttpRequest) -> HttpResponse:
    """First of all: where and when was it registered?"""
    court = PacsSettings.current().inherited_court
    keepers = [one for one in KEEPERS if court or one.slug != COURT]
    return render(request, "pacs/after_home.html", {"keepers": keepers, "court": court})


@keeps_page()
@login_not_required
@require_safe
def after_keeper(request: HttpRequest, slug: str) -> HttpResponse:
    """Who acts; when it is this mairie, what can be done and when it takes effect."""
    found, court = keeper(slug), PacsSettings.current().inherited_court
    if found is None or (found.slug == COURT and not court):
        raise Http404
    joint = {kind: address for address, kind in JOINT.items()}
    context = {
        "keeper": found,
        "court": court if found.slug == COURT else "",
        "acts": [(rule, joint.get(rule.kind, "")) for rule in ACT_RULES],
    }
    return render(request, "pacs/after_keeper.html", context)


@login_not_required
@rate_limited("pdf", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
def after_papers(request: HttpRequest, slug: str) -> HttpResponse:
    """The facts of the record, and the papers come out; nothing is kept."""
    if slug not in JOINT:
        raise Http404
    kind = JOINT[slug]
    form = AfterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        paper = joint_papers(kind, form)
        return private_answer(
            paper.content, "application/pdf", f"{slug}-un-pacs.pdf", disposition="attachment"
        )
    return render(
        request,
        "pacs/after_papers.html",
        {"form": form, "rule": act_rule(kind), "title": TITLES[kind], "slug": slug},
        status=422 if form.errors or request.method == "POST" else 200,
    )
