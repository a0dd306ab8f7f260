"""The work that no person asks for: each job is a command, run when its hour has come.

An app registers its jobs in `ready()`. A row for each tells the last run and the next one; a lease
on the row lets several machines share the work (ADR 0071). What was missed is caught up once.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from demarches.models.jobs import LEASE, Job
from demarches.rules.schedule import Schedule

logger = logging.getLogger(__name__)
#: A job that failed is tried again after this time, unless its own next time comes before.
RETRY_AFTER = timedelta(minutes=15)
#: A job this late means that nobody runs the jobs.
LATE_AFTER = timedelta(minutes=30)
REPORT_LENGTH = 500


@dataclass(frozen=True, slots=True)
class JobType:
    """A command, in words for the desk, and when it runs.

    `is_on`: asked at each round; a job that this installation has not configured never runs.
    """

    command: str
    label: str
    schedule: Schedule
    is_on: Callable[[], bool] = lambda: True


_registered: dict[str, JobType] = {}


def register(*types: JobType) -> None:
    """Add jobs, from `ready()`; a job of the same command is replaced."""
    _registered.update({one.command: one for one in types})


def job_types() -> list[JobType]:
    """The jobs of this installation, in the order of their apps."""
    return [one for one in _registered.values() if one.is_on()]


def runner_name() -> str:
    """This machine and this process, for the rows."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


def plan(*, at: datetime) -> None:
    """Write the missing rows: a job that never ran is due at its next hour."""
    known = set(Job.objects.values_list("name", flat=True))
    zone = timezone.get_default_timezone()
    Job.objects.bulk_create(
        [
            Job(name=one.command, next_at=one.schedule.next_after(at, zone=zone))
            for one in job_types()
            if one.command not in known
        ],
        ignore_conflicts=True,
    )


def run_due(*, at: datetime, only: str = "") -> Iterator[Job]:
    """Run one after the other what is due, each once whatever was missed; give each row as it ends.

    `only`: this job alone, now, whether it is due or not; nothing when it runs elsewhere.
    """
    runner = runner_name()
    if only:
        Job.objects.filter(name=only).update(next_at=at)
    types = {one.command: one for one in job_types()}
    due = Job.objects.due(at).filter(name__in=[only] if only else types)
    for name in list(due.values_list("name", flat=True)):
        if Job.objects.take(name, at=timezone.now(), runner=runner):
            yield _run(types[name], runner)


def _run(job: JobType, runner: str) -> Job:
    out = StringIO()
    failure, started = "", timezone.now()
    with _held(job.command, runner):
        try:
            call_command(job.command, stdout=out, stderr=out)
        except CommandError as error:
            failure = str(error)
        # One job that breaks must not keep the others from running. The kind of error only: its
        # text may hold somebody's answer.
        except Exception as error:
            logger.exception("job_failed name=%s", job.command)
            failure = type(error).__name__
    return _note_end(job, runner, started=started, failure=failure, report=out.getvalue())


def _note_end(job: JobType, runner: str, *, started: datetime, failure: str, report: str) -> Job:
    now = timezone.now()
    # From its start: an hourly job that takes a minute is not a minute later each hour.
    due = job.schedule.next_after(started, zone=timezone.get_default_timezone())
    next_at = max(due, now)
    if failure:
        next_at = min(next_at, now + RETRY_AFTER)
    ended: dict[str, Any] = {
        "finished_at": now,
        "next_at": next_at,
        "leased_until": None,
        "failure": failure[:REPORT_LENGTH],
        "report": " · ".join(report.split("\n")).strip(" ·")[:REPORT_LENGTH],
    }
    if not failure:
        ended["succeeded_at"] = now
    Job.objects.held_by(runner).filter(name=job.command).update(**ended)
    level = logging.WARNING if failure else logging.INFO
    logger.log(level, "job_ended name=%s succeeded=%s", job.command, not failure)
    return Job.objects.get(name=job.command)


@contextmanager
def _held(name: str, runner: str) -> Iterator[None]:
    """Keep the lease for as long as the job runs, from a thread with a connection of its own."""
    done = threading.Event()

    def hold() -> None:
        try:
            while not done.wait(LEASE.total_seconds() / 4):
                try:
                    until = timezone.now() + LEASE
                    Job.objects.held_by(runner).filter(name=name).update(leased_until=until)
                except DatabaseError:
                    logger.warning("job_lease_not_held name=%s", name)
        finally:
            connection.close()

    thread = threading.Thread(target=hold, name=f"lease of {name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
