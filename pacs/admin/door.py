"""The desk opens another door to the second partenaire's part, having seen the person.

By reference, as the person gives it: the page shows nothing of the dossier, so that it serves
for a draft that agents may not read.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from demarches.desk.frame import frame
from demarches.rules.reference import parse_reference
from pacs.actions import desk
from pacs.admin.people import agent_of
from pacs.forms.partner import SeenDoorForm
from pacs.models import Door, Dossier, Partenaire
from pacs.reads.access import may_review

type View = Callable[..., HttpResponse]


class DoorDesk:
    """One page, mixed into the admin of dossiers."""

    admin_site: admin.AdminSite
    opts: Options[Dossier]

    def door_urls(self, wrap: Callable[[View], View]) -> list[URLPattern]:
        return [path("participation/", wrap(self.door_view), name="pacs_dossier_door")]

    def door_view(self, request: HttpRequest) -> HttpResponse:
        """Change how the second takes part; their part is kept, whatever is in it."""
        agent = agent_of(request)
        if not may_review(agent):
            raise PermissionDenied
        form = SeenDoorForm(
            request.POST or None, initial={"reference": request.GET.get("reference", "")[:40]}
        )
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            second = Partenaire.objects.select_related("dossier").filter(
                dossier__reference=parse_reference(data["reference"]), position=2
            )
            try:
                desk.change_door_seen(
                    second.get(),
                    Door(data["door"]),
                    data["email"],
                    by=agent,
                    at=timezone.now(),
                    version=None,
                )
            except Partenaire.DoesNotExist:
                form.add_error("reference", "Aucun dossier ne porte cette référence.")
            except ValidationError as refused:
                form.add_error(None, refused)
            else:
                messages.success(request, "La façon de participer est changée ; rien n’est perdu.")
                return redirect("admin:index")
        context: dict[str, Any] = {
            **frame(self.admin_site, request, tab="dossiers"),
            "title": "La participation du second partenaire",
            "opts": self.opts,
            "form": form,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/pacs/door.html", context, status=status)
