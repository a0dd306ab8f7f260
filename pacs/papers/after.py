"""Papers that prepare a joint modification or dissolution; made at once and kept nowhere."""

from typing import Any

from django.urls import reverse
from django.utils.timezone import localdate

from demarches.models import Mairie
from demarches.papers.documents import RenderedPdf, render_pdf
from demarches.rules.dates_fr import day_fr
from pacs.forms.after import AfterForm
from pacs.rules.registration import ActKind, act_rule

TITLES = {
    ActKind.JOINT: "Préparation de la déclaration conjointe de dissolution d’un Pacs",
    ActKind.MODIFICATION: "Préparation de la modification d’une convention de Pacs",
}
FORMS = {ActKind.JOINT: "15789", ActKind.MODIFICATION: "15790"}


def joint_papers(kind: ActKind, form: AfterForm) -> RenderedPdf:
    """What the official form asks for, restated, with what to join and where to send it."""
    data: dict[str, Any] = form.cleaned_data
    return render_pdf(
        "pacs/pdf/after.html",
        {
            "mairie": Mairie.objects.with_entrances(),
            "rule": act_rule(kind),
            "is_modification": kind is ActKind.MODIFICATION,
            "cerfa": FORMS[kind],
            "number": data["number"],
            "registered_on": data["registered_on"],
            "place": data["place"],
            "people": form.people,
            "foot": f"Préparé le {day_fr(localdate())}. Le portail n’en garde rien.",
        },
        is_official=True,
        title=TITLES[kind],
        stylesheets=("pacs/pdf/pacs.css",),
        path=reverse("pacs:after-home"),
    )
