"""`/sante/`: for the machine that watches this one."""

import threading
import time

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from demarches.desk.health import Finding, is_well, look

#: Seconds during which one look serves everybody: asking often costs nothing.
KEPT = 5


class _LastLook:
    """The last look of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at = -float("inf")
        self._findings: list[Finding] = []

    def findings(self) -> list[Finding]:
        with self._lock:
            if time.monotonic() - self._at > KEPT:
                self._findings = look(at=timezone.now())
                self._at = time.monotonic()
            return self._findings

    def forget(self) -> None:
        self._at = -float("inf")


last_look = _LastLook()


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 when all is well, else 503; the names of the checks, and neither figure nor secret."""
    findings = last_look.findings()
    well = is_well(findings)
    answer = JsonResponse(
        {
            "etat": "bien" if well else "mal",
            "verifications": {
                one.name: "bien" if one.is_well else "à voir" if one.is_minor else "mal"
                for one in findings
            },
        },
        status=200 if well else 503,
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )
    answer["Cache-Control"] = "no-store"
    return answer


@login_not_required
@require_safe
def life(request: HttpRequest) -> HttpResponse:
    """For a balancer of several machines: this one answers, and needs nothing else for that."""
    return HttpResponse(
        "ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )
