"""The pages of the young person; each answers 404 to anybody else."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from demarches.files.uploads import UploadRefused
from demarches.models import Mairie, User
from demarches.papers.documents import RenderedPdf, render_pdf
from demarches.rules.enums import Status
from demarches.rules.read import FIELD, imprint
from demarches.serving.ratelimit import rate_limited
from demarches.views.downloads import private_answer
from demarches.web.as_read import ChangedSince
from tests.recensement import actions
from tests.recensement.forms import STEPS, FileForm
from tests.recensement.models import Recensement
from tests.recensement.rules import PIECES


def _person(request: HttpRequest) -> User:
    """Whoever is signed in; the site lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def _mine(request: HttpRequest, reference: str) -> Recensement:
    return get_object_or_404(Recensement.objects.visible_to(_person(request)), reference=reference)


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "recensement/home.html", {"pieces": PIECES.values()})


@rate_limited("dossier_open", reads=False)
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    return redirect(actions.open_dossier(_person(request), at=timezone.now()))


@require_safe
def page(request: HttpRequest, reference: str) -> HttpResponse:
    dossier = _mine(request, reference)
    given = {one.kind: one for one in dossier.pieces.all()}
    context = {
        "dossier": dossier,
        "steps": [(one, one.is_complete(dossier)) for one in STEPS.for_subject(dossier)],
        "pieces": [(kind, label, given.get(kind)) for kind, label in PIECES.items()],
        "missing": dossier.missing(),
        "is_accepted": dossier.current_status is Status.COMPLETE,
        "asked": dossier.events.filter(to_status=Status.PIECES_REQUESTED.value).last(),
    }
    return render(request, "recensement/dossier.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    dossier = _mine(request, reference)
    found = STEPS.get(slug, dossier)
    if found is None:
        raise Http404
    form = found.form_class(request.POST or None, instance=dossier)
    read, status = request.POST.get(FIELD, "") or imprint(form.shown()), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.record_answers(form, read=read, at=timezone.now())
                return redirect(dossier)
            except ChangedSince:
                status, read = 409, imprint(form.again().shown())
                form.add_error(None, "Vos réponses ont changé entre-temps : vérifiez-les.")
            except ValidationError as refused:
                form.add_error(None, refused)
    context = {"dossier": dossier, "form": form, "title": found.title, "field": FIELD, "lu": read}
    return render(request, "recensement/form.html", context, status=status)


@rate_limited("upload", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
def piece(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    dossier = _mine(request, reference)
    if kind not in PIECES:
        raise Http404
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        try:
            actions.add_piece(dossier, kind, form.cleaned_data["document"], at=timezone.now())
            return redirect(dossier)
        except UploadRefused as refused:
            form.add_error("document", refused.message)
        except ValidationError as refused:
            form.add_error(None, refused)
    context = {"dossier": dossier, "form": form, "title": PIECES[kind]}
    return render(request, "recensement/form.html", context, status=422 if form.errors else 200)


@require_POST
def send(request: HttpRequest, reference: str) -> HttpResponse:
    dossier = _mine(request, reference)
    try:
        actions.send(dossier, by=_person(request), at=timezone.now())
        messages.success(request, "Votre dossier est envoyé. La mairie vous répond par mail.")
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect(dossier)


def attestation_of(dossier: Recensement) -> RenderedPdf:
    return render_pdf(
        "recensement/pdf/attestation.html",
        {"dossier": dossier, "mairie": Mairie.objects.current(), "service": "Exemple", "foot": ""},
        title="Attestation",
        is_official=True,
    )


@rate_limited("pdf", reads=True)
@require_safe
def attestation(request: HttpRequest, reference: str) -> HttpResponse:
    dossier = _mine(request, reference)
    if dossier.current_status is not Status.COMPLETE:
        raise Http404
    paper = attestation_of(dossier)
    return private_answer(
        paper.content, "application/pdf", f"{dossier.reference}.pdf", disposition="attachment"
    )
