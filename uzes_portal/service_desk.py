"""The screen that says whether the portal is well, for administrateurs: no command to type."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from demarches.desk.frame import frame
from demarches.desk.health import look
from demarches.desk.jobs import job_types
from demarches.models import Job, User

PERMISSION = "demarches.view_job"


@require_safe
def service_view(request: HttpRequest) -> HttpResponse:
    """Each check, then each job with its last run and the next one."""
    agent = request.user
    if not isinstance(agent, User) or not agent.has_perm(PERMISSION):
        raise PermissionDenied
    rows = {row.name: row for row in Job.objects.all()}
    context = {
        **frame(admin.site, request),
        "title": "État du service",
        "findings": look(at=timezone.now()),
        "jobs": [(one, rows.get(one.command)) for one in job_types()],
    }
    return TemplateResponse(request, "admin/service.html", context)
