"""Figures for a Prometheus server, at `/mesures/`: off until `METRICS_TOKEN` is set.

Each process of the web server counts its requests in a file of `METRICS_DIR`, and any of them can
add them all up (the multiprocess mode of prometheus_client). What the database and the disk know
is read when it is asked.
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import MiddlewareNotUsed
from django.db.models import Count, Min
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from post_office.models import STATUS, Email
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from demarches.desk.health import free_bytes, look
from demarches.models import Job
from uzes_portal import request_id

logger = logging.getLogger("uzes_portal.requests")
type GetResponse = Callable[[HttpRequest], HttpResponse]

REQUESTS = Counter(
    "portal_requests", "Requests answered, by class of status.", ["status"], registry=None
)
SECONDS = Histogram(
    "portal_request_seconds",
    "How long answers took.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=None,
)


class RequestMiddleware:
    """Name each request, and write one line when it was answered: never its address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name, started = request_id.begin(request), time.monotonic()
        try:
            response = self.get_response(request)
            seconds = time.monotonic() - started
            response[request_id.HEADER] = name
            match = request.resolver_match
            logger.info(
                "request_answered method=%s view=%s status=%s ms=%d",
                request.method if request.method in METHODS else "other",
                match.view_name if match else "none",
                response.status_code,
                seconds * 1000,
            )
            return response
        finally:
            request_id.end()


METHODS = ("GET", "HEAD", "POST", "OPTIONS")


class MetricsMiddleware:
    """Count each answer, when somebody asks for the figures."""

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = self.get_response(request)
        SECONDS.observe(time.monotonic() - started)
        REQUESTS.labels(status=f"{response.status_code // 100}xx").inc()
        return response


class PortalCollector(Collector):
    """What the rows and the disk say now."""

    def collect(self) -> Iterator[Metric]:
        at = timezone.now()
        mails = Email.objects.filter(status__in=[STATUS.queued, STATUS.requeued])
        found = mails.annotate(since=Coalesce("scheduled_time", "created")).aggregate(
            oldest=Min("since"), count=Count("pk")
        )
        yield GaugeMetricFamily("portal_mails_waiting", "Mails to send.", value=found["count"])
        oldest = max((at - found["oldest"]).total_seconds(), 0) if found["oldest"] else 0
        yield GaugeMetricFamily(
            "portal_mail_oldest_seconds", "How long the oldest one has waited.", value=oldest
        )
        done = GaugeMetricFamily(
            "portal_job_succeeded_timestamp_seconds", "Last success of a job.", labels=["job"]
        )
        failed = GaugeMetricFamily(
            "portal_job_failed", "Whether the last run failed.", labels=["job"]
        )
        for job in Job.objects.all():
            failed.add_metric([job.name], bool(job.failure))
            if job.succeeded_at:
                done.add_metric([job.name], job.succeeded_at.timestamp())
        yield from (done, failed)
        yield GaugeMetricFamily(
            "portal_disk_free_bytes", "Room left for the pieces.", value=free_bytes()
        )
        checks = GaugeMetricFamily(
            "portal_check_well", "Each check of /sante/: 1 when it is well.", labels=["check"]
        )
        for finding in look(at=at):
            checks.add_metric([finding.name], finding.is_well)
        yield checks


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for who holds the token: 404 without one on either side, 401 for another."""
    if not settings.METRICS_TOKEN:
        raise Http404
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not constant_time_compare(token, settings.METRICS_TOKEN):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    MultiProcessCollector(  # type: ignore[no-untyped-call]
        registry, path=str(settings.METRICS_DIR)
    )
    registry.register(PortalCollector())
    return HttpResponse(
        generate_latest(registry),
        content_type=CONTENT_TYPE_PLAIN_0_0_4,
        headers={"Cache-Control": "no-store"},
    )


def forget_counts() -> None:
    """Start from nothing: the files of processes that are over would add up for ever."""
    folder = Path(settings.METRICS_DIR)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
