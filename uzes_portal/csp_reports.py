"""What browsers tell of a policy that stopped something: a line in the log, and nothing kept.

Anybody can send such a report. Its words are therefore never written down: of the directive only
a name that our policy has, of the page only the pattern of its address, in which no reference and
no token stands (W3C, Content Security Policy, level 3, and Reporting API).
"""

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from demarches.serving.ratelimit import rate_limited

logger = logging.getLogger(__name__)

MAX_BYTES = 16_384
#: Browsers send several at once; the first ones say enough.
MAX_REPORTS = 10
TYPES = {"application/csp-report", "application/reports+json"}
#: Browsers name the finer directive that fell back to one of ours.
FINER = {f"{kind}-src-{part}" for kind in ("script", "style") for part in ("elem", "attr")}


@login_not_required
@csrf_exempt  # a browser sends it by itself, without a token; it changes nothing
@rate_limited("csp_report", reads=False)
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log each violation of the report; 204. 413, 415 or 400 for what is no report."""
    if request.content_type not in TYPES:
        return HttpResponse(status=415)
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        return HttpResponse(status=413)
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    for directive, page in _violations(sent):
        logger.warning("csp_violation directive=%s page=%s", directive, page)
    return HttpResponse(status=204)


def _violations(sent: Any) -> Iterator[tuple[str, str]]:
    """The directive and the page of each violation, in words of ours."""
    reports = sent if isinstance(sent, list) else [sent]
    for report in reports[:MAX_REPORTS]:
        if not isinstance(report, dict):
            continue
        body = report.get("body") or report.get("csp-report")
        if not isinstance(body, dict):
            continue
        directive = body.get("effectiveDirective") or body.get("effective-directive")
        page = body.get("documentURL") or body.get("document-uri")
        yield _known_directive(directive), _pattern_of(page)


def _known_directive(name: Any) -> str:
    known = FINER | set(settings.SECURE_CSP)
    return name if isinstance(name, str) and name in known else "other"


def _pattern_of(address: Any) -> str:
    """« pacs/<ref:reference>/messages/ » for the address of a dossier's messages."""
    if not isinstance(address, str):
        return "unknown"
    try:
        return resolve(urlsplit(address).path).route or "/"
    except (Resolver404, ValueError):
        return "unknown"
