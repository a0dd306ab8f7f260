"""The periodic jobs: each runs when its hour has come, once, on one machine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command, get_commands

from demarches.desk import jobs
from demarches.desk.jobs import JobType
from demarches.models import Heartbeat, Job
from demarches.models.jobs import LEASE
from demarches.rules.schedule import Every

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Two jobs in place of the real ones: « good » reports, « bad » breaks."""
    done: list[str] = []

    def command(name: str, *, stdout: Any, stderr: Any) -> None:
        done.append(name)
        if name == "bad":
            raise ValueError("jeanne@example.org")
        stdout.write("deleted: 3\n")

    monkeypatch.setattr(jobs, "call_command", command)
    hourly = [JobType(name, name.title(), Every(minutes=60)) for name in ("good", "bad")]
    monkeypatch.setattr(jobs, "_registered", {one.command: one for one in hourly})
    with time_machine.travel(NOW, tick=False):
        jobs.plan(at=NOW - timedelta(hours=5))
        yield done


def test_what_was_missed_runs_once(ran: list[str]) -> None:
    ended = {row.name: row for row in jobs.run_due(at=NOW)}

    assert sorted(ran) == ["bad", "good"]
    assert ended["good"].report == "deleted: 3"
    assert ended["good"].next_at == NOW + timedelta(hours=1)
    assert ended["good"].succeeded_at == NOW
    assert list(jobs.run_due(at=NOW)) == []


def test_what_takes_long_is_not_later_each_time(
    ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(name: str, **streams: Any) -> None:
        clock.shift(timedelta(minutes=7 if name == "good" else 90))

    monkeypatch.setattr(jobs, "call_command", slow)
    with time_machine.travel(NOW, tick=False) as clock:
        ended = [next(iter(jobs.run_due(at=NOW, only=name))) for name in ("good", "bad")]

    assert ended[0].next_at == NOW + timedelta(hours=1)
    assert ended[1].next_at == ended[1].finished_at  # an hour after its start has passed already


def test_a_job_that_fails_tells_its_kind_and_tries_again_soon(ran: list[str]) -> None:
    bad = next(row for row in jobs.run_due(at=NOW) if row.name == "bad")

    assert bad.failure == "ValueError"  # never the text, which may hold an address
    assert bad.succeeded_at is None
    assert bad.next_at == NOW + jobs.RETRY_AFTER


def test_a_job_that_runs_elsewhere_is_left_alone_until_its_lease_ends(ran: list[str]) -> None:
    Job.objects.filter(name="good").update(leased_until=NOW + LEASE, runner="other:1")

    assert [row.name for row in jobs.run_due(at=NOW)] == ["bad"]
    later = NOW + LEASE
    with time_machine.travel(later, tick=False):
        assert [row.name for row in jobs.run_due(at=later)] == ["good"]


def test_who_lost_the_lease_writes_nothing(ran: list[str]) -> None:
    assert Job.objects.take("good", at=NOW, runner="first")
    Job.objects.filter(name="good").update(runner="second")

    jobs._note_end(jobs._registered["good"], "first", started=NOW, failure="", report="")

    assert Job.objects.get(name="good").finished_at is None


def test_only_one_takes_a_job(ran: list[str]) -> None:
    assert Job.objects.take("good", at=NOW, runner="first")
    assert not Job.objects.take("good", at=NOW, runner="second")


def test_only_this_one_now(ran: list[str]) -> None:
    call_command("run_jobs", stdout=StringIO(), stderr=StringIO(), only="good")
    with pytest.raises(CommandError, match="nowhere"):
        call_command("run_jobs", only="nowhere")

    assert ran == ["good"]


def test_the_command_ends_badly_when_a_job_does(ran: list[str]) -> None:
    out = StringIO()

    with pytest.raises(CommandError, match="bad"):
        call_command("run_jobs", stdout=out)

    assert "good: deleted: 3" in out.getvalue()


@pytest.mark.usefixtures("reference_data")
def test_every_real_job_is_a_command_that_runs(settings: Any) -> None:
    settings.COMARQUAGE_DAILY = False  # it asks the Internet; its own tests have a server
    jobs.plan(at=NOW - timedelta(days=5))
    types = jobs.job_types()
    assert {one.command for one in types} <= set(get_commands())

    with time_machine.travel(NOW, tick=False):
        ended = {row.name: row.failure for row in jobs.run_due(at=NOW)}

    assert ended == {one.command: "" for one in types}


def test_the_plan_is_told(ran: list[str]) -> None:
    out = StringIO()

    call_command("run_jobs", list=True, stdout=out)

    assert "good               Good · prochaine fois" in out.getvalue()


def test_a_heartbeat_is_one_row() -> None:
    Heartbeat.beat("send_mails", at=NOW)
    Heartbeat.beat("send_mails", at=NOW + timedelta(minutes=1))

    assert Heartbeat.objects.get().at == NOW + timedelta(minutes=1)
