"""The papers of a dossier, made at each request and kept nowhere."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from demarches.papers.documents import RenderedPdf
from demarches.serving.ratelimit import rate_limited
from demarches.views.downloads import private_answer
from pacs.forms.convention import ConventionChoicesForm
from pacs.models import Partenaire
from pacs.models.registration import registration_of
from pacs.papers import documents, official
from pacs.reads.access import readable_papers
from pacs.rules.situation import Convention
from pacs.views.viewer import account_of, for_partenaire, while_going_on

type Maker = Callable[[Partenaire], RenderedPdf]


def _personal_part(partenaire: Partenaire) -> RenderedPdf:
    """The second one's part on paper; the first one prints it for them."""
    _, second = partenaire.dossier.people
    return documents.personal_part(partenaire.dossier, second)


def _attestation(partenaire: Partenaire) -> RenderedPdf:
    registration = registration_of(partenaire.dossier)
    if registration is None:
        raise documents.DocumentNotReady("Ce Pacs n’est pas encore enregistré.")
    return official.attestation(registration)


#: Slug in the address: name of the file, and who makes it.
PAPERS: dict[str, tuple[str, Maker]] = {
    "pieces": ("liste-des-pieces", lambda one: documents.checklist(one.dossier, reader=one)),
    "declaration": (
        "preparation-declaration",
        lambda one: documents.declaration(one.dossier, reader=one),
    ),
    "accuse": (
        "accuse-de-reception",
        lambda one: documents.acknowledgement(one.dossier, reader=one),
    ),
    "convocation": ("convocation", lambda one: documents.convocation(one.dossier, reader=one)),
    "decision": ("decision", lambda one: official.inadmissibility_decision(one.dossier)),
    "attestation": ("attestation", _attestation),
    "revenir": ("pour-revenir", lambda one: documents.way_back(one.dossier)),
    "partie-papier": ("partie-a-remplir", _personal_part),
}


@rate_limited("pdf", reads=True)
@require_http_methods(["GET", "HEAD"])
@for_partenaire
def dossier_paper(request: HttpRequest, partenaire: Partenaire, slug: str) -> HttpResponse:
    """One of the papers, as this partenaire may see it."""
    if slug not in PAPERS or slug not in readable_papers(partenaire):
        raise Http404
    name, make = PAPERS[slug]
    try:
        paper = make(partenaire)
    except documents.DocumentNotReady as error:
        raise Http404(str(error)) from error
    file_name = f"{name}-{partenaire.dossier.reference}.pdf"
    return private_answer(paper.content, "application/pdf", file_name, disposition="attachment")


@rate_limited("pdf", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
@while_going_on
def dossier_convention(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The workshop: two choices make a convention on the fly; the portal keeps neither."""
    dossier = partenaire.dossier
    if dossier.convention == Convention.NOTARY or account_of(request) is None:
        raise Http404
    form = ConventionChoicesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        paper = documents.convention(dossier, form.choices)
        return private_answer(
            paper.content, "application/pdf", "convention.pdf", disposition="attachment"
        )
    return render(
        request,
        "pacs/dossier_convention.html",
        {"dossier": dossier, "partenaire": partenaire, "form": form},
        status=422 if form.errors else 200,
    )
