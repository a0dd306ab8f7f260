"""What a PACS is, how it goes here, and what it changes: pages to read, nothing to fill in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from demarches.serving.kept_pages import keeps_page
from demarches.web.languages import PARAMETER, render_in
from pacs.models import PacsSettings
from pacs.rules.convention import (
    AID_CLAUSES,
    FORBIDDEN_CLAUSES,
    REGIME_CLAUSES,
    mandatory_sentence,
)

AID_TITLE = "L’aide entre vous"
REGIME_TITLE = "Vos biens"


@keeps_page(PARAMETER, for_proxies=True)
@login_not_required
@require_safe
def pacs_home(request: HttpRequest) -> HttpResponse:
    """The door of the procedure: what it is, and three ways to begin."""
    return render_in(request, "pacs/guidance_home.html")


@keeps_page(PARAMETER, for_proxies=True)
@login_not_required
@require_safe
def how_it_goes(request: HttpRequest) -> HttpResponse:
    """How it goes at this mairie, in numbered steps."""
    return render_in(request, "pacs/guidance_steps.html", {"pacs_settings": PacsSettings.current()})


@keeps_page(PARAMETER, for_proxies=True)
@login_not_required
@require_safe
def convention_explained(request: HttpRequest) -> HttpResponse:
    """The convention: two choices, what the law says when it is silent, what it may not say."""
    return render_in(
        request,
        "pacs/guidance_convention.html",
        {
            "clauses": [(AID_TITLE, AID_CLAUSES), (REGIME_TITLE, REGIME_CLAUSES)],
            "sentence": mandatory_sentence("X", "Y"),
            "forbidden": FORBIDDEN_CLAUSES,
        },
    )


@keeps_page(PARAMETER, for_proxies=True)
@login_not_required
@require_safe
def effects(request: HttpRequest) -> HttpResponse:
    """What a PACS changes, and what it does not."""
    return render_in(request, "pacs/guidance_effects.html")
