"""`/sante/`, the agents' screen and `doctor`: each fault is named, by the same checks."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from post_office.models import PRIORITY, STATUS, Email

from demarches.desk import health, jobs
from demarches.models import FicheSet, Heartbeat, Job, Mairie, Officer, User
from demarches.views.health import last_look
from pacs.models import PacsSettings

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
URL = "/sante/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def well(settings: Any) -> Iterator[None]:
    """An installation whose processes live, whose jobs are planned and which is backed up."""
    settings.BACKUP_DIR = "elsewhere"
    with time_machine.travel(NOW, tick=False):
        for name in ("send_mails", "run_jobs"):
            Heartbeat.beat(name, at=NOW)
        jobs.plan(at=NOW)
        last_look.forget()
        yield
    last_look.forget()


def wrong() -> set[str]:
    return {one.name for one in health.look(at=NOW) if not one.is_well}


def _old_mail() -> None:
    mail = Email.objects.create(
        from_email="m@example.org", to=["a@example.org"], status=STATUS.queued,
        priority=PRIORITY.medium,
    )  # fmt: skip
    Email.objects.filter(pk=mail.pk).update(created=NOW - timedelta(minutes=16))


def _late_job() -> None:
    Job.objects.filter(name="sweep_files").update(next_at=NOW - timedelta(hours=1))


def _failed_job() -> None:
    Job.objects.filter(name="sweep_files").update(failure="3 fichiers perdus ou abîmés")


def _silent_sender() -> None:
    Heartbeat.objects.filter(name="send_mails").update(at=NOW - timedelta(minutes=3))


def _silent_runner() -> None:
    Heartbeat.objects.filter(name="run_jobs").delete()


def _old_backup() -> None:
    Job.objects.filter(name="backup").update(succeeded_at=NOW - timedelta(hours=27))


FAULTS = {
    _old_backup: "sauvegarde",
    _old_mail: "mails",
    _late_job: "sweep_files",
    _failed_job: "sweep_files",
    _silent_sender: "send_mails",
    _silent_runner: "run_jobs",
}


def test_all_is_well(client: Client) -> None:
    answer = client.get(URL)

    assert answer.status_code == 200
    assert answer.json()["etat"] == "bien"
    assert set(answer.json()["verifications"].values()) == {"bien"}
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_named(client: Client, fault: Any) -> None:
    fault()

    answer = client.get(URL)

    assert answer.status_code == 503
    assert {k for k, v in answer.json()["verifications"].items() if v != "bien"} == {FAULTS[fault]}
    assert "fichiers perdus" not in answer.content.decode()  # the name of a check, and no more


def test_a_job_that_runs_is_not_late() -> None:
    _late_job()
    Job.objects.filter(name="sweep_files").update(leased_until=NOW + timedelta(minutes=1))

    assert wrong() == set()


def test_a_long_job_is_a_sign_of_life() -> None:
    Heartbeat.objects.filter(name="run_jobs").update(at=NOW - timedelta(minutes=30))
    assert wrong() == {"run_jobs"}

    Job.objects.filter(name="sweep_files").update(leased_until=NOW + timedelta(minutes=1))

    assert wrong() == set()


def test_a_disk_that_fills_up_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FREE_BYTES", 10**18)

    assert wrong() == {"disque"}


def test_an_antivirus_that_does_not_answer_is_named(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as daemon:
        settings.CLAMD_ADDRESS = f"127.0.0.1:{daemon.getsockname()[1]}"
        answer = Thread(target=_pong, args=(daemon,))
        answer.start()
        assert wrong() == set()
        answer.join()
    assert wrong() == {"antivirus"}


def _pong(daemon: socket.socket) -> None:
    caller, _ = daemon.accept()
    with caller:
        assert caller.recv(64) == b"zPING\0"
        caller.sendall(b"PONG\0")


def test_an_old_guide_is_told_and_wakes_nobody(client: Client) -> None:
    FicheSet.objects.create(
        source_name="a.zip", sha256="0" * 64, imported_at=NOW - timedelta(days=8), count=1,
        is_current=True,
    )  # fmt: skip

    answer = client.get(URL)

    assert answer.status_code == 200
    assert answer.json()["verifications"]["guide"] == "à voir"


def test_no_backup_at_all_is_told(client: Client, settings: Any) -> None:
    settings.BACKUP_DIR = ""

    assert client.get(URL).json()["verifications"]["sauvegarde"] == "à voir"


def test_a_database_that_does_not_answer_is_named_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", refuse)

    answer = client.get(URL)

    assert answer.status_code == 503
    assert answer.json()["verifications"] == {"base": "mal"}


def test_asking_often_looks_once(client: Client, django_assert_num_queries: Any) -> None:
    client.get(URL)

    with django_assert_num_queries(0):
        client.get(URL)
        assert client.get("/sante/vie/").content == b"ok\n"


def test_administrateurs_see_it_in_words(
    agent_other: User, client_of: Callable[[User], Client]
) -> None:
    _failed_job()

    page = client_of(agent_other).get(reverse("admin:service")).content.decode()

    assert "3 fichiers perdus ou abîmés" in page
    assert "run_jobs --only sweep_files" in page
    assert "28\u00a0novembre 2026" in page  # its next time


def test_a_look_costs_a_few_queries(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(7):
        health.look(at=NOW)


def _doctor() -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("doctor", stdout=out)
    except CommandError as error:
        return out.getvalue(), int(str(error).split()[0])
    return out.getvalue(), 0


def test_the_doctor_names_what_is_missing(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.SITE_URL = "https://ailleurs.example"

    told, count = _doctor()

    for line in (
        "SITE_URL mène à « ailleurs.example », que ALLOWED_HOSTS ne sert pas.",
        "→ .venv/bin/python manage.py collectstatic",
        "→ .venv/bin/python manage.py nouvelle_mairie mairie.toml",
        "Personne ne peut administrer.",
        "aucun mail ne part.",
    ):
        assert line.removeprefix("→ ") in told
    assert count >= 5


def test_the_doctor_says_that_all_is_well(
    settings: Any, tmp_path: Path, reference_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uzes_portal.doctor.run_checks", lambda **kwargs: [])
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "staticfiles.json").write_text("{}")
    settings.SITE_URL = "https://testserver"
    for name in ("a", "b"):
        User.objects.create_superuser(f"{name}@example.org", "x" * 20)
    Officer.objects.create(name="A", quality="maire", in_force_from=NOW.date())
    assert PacsSettings.current().agenda
    settings.LEGAL_HOST, settings.LEGAL_PUBLISHER = "Hébergeur d’essai", "Le maire"
    settings.DEFAULT_FROM_EMAIL = "Mairie d’Uzès <ne-pas-repondre@uzes.example>"
    Mairie.objects.update(data_protection_contact="Lou Faure", email="mairie@uzes.example")
    with socket.create_server(("127.0.0.1", 0)) as smtp:
        settings.MAILERS = {
            "smtp": {"OPTIONS": {"host": "127.0.0.1", "port": smtp.getsockname()[1]}}
        }
        told, count = _doctor()

    assert (count, told.splitlines()[-1]) == (0, "Tout va bien.")
    assert "MAL" not in told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LEGAL_HOST", " ", "LEGAL_HOST manque : la page ne dit pas qui publie, ou qui héberge."),
        ("LEGAL_PUBLISHER", "", "→ Écrivez LEGAL_PUBLISHER dans l’environnement"),
        ("DEFAULT_FROM_EMAIL", "a@localhost", "Les mails partent de « a@localhost »"),
        ("SMS_SENDER", "UZES", "SMS_SENDER sans SMS_GATEWAY_URL : aucun SMS ne part."),
        ("SMS_GATEWAY_TOKEN", "jeton", "SMS_GATEWAY_TOKEN sans SMS_GATEWAY_URL"),
    ],
)
def test_the_doctor_names_a_setting_that_says_nothing(
    reference_data: None, settings: Any, name: str, value: str, told: str
) -> None:
    settings.LEGAL_HOST = settings.LEGAL_PUBLISHER = "dit"
    settings.DEFAULT_FROM_EMAIL = "ne-pas-repondre@uzes.example"
    before = _doctor()[0]
    setattr(settings, name, value)

    after = _doctor()[0]

    assert (told in before, told in after) == (False, True)
    assert "jeton" not in after


def test_the_doctor_names_what_the_mairie_does_not_say(reference_data: None) -> None:
    Mairie.objects.update(data_protection_contact=" ", email="")
    empty = _doctor()[0]
    Mairie.objects.update(data_protection_contact="Lou Faure", email="mairie@uzes.example")
    filled = _doctor()[0]

    for told in ("MAL     Délégué à la protection", "à voir  Contact écrit"):
        assert (told in empty, told in filled) == (True, False)
