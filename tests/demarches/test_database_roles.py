"""The role that serves the portal cannot change its schema, nor rewrite its journal."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.support.portal import ROOT, demo_environment
from tests.support.postgres import USER, throwaway_postgres

SERVING = "portal_serving"
#: What a day brings, by the portal's own actions, under the serving role.
JOURNEY = """
from django.utils import timezone
from demarches.desk.journal import purge_readings, verify_journal
from demarches.models import User, note_look
from pacs.actions.readings import note_readings
from pacs.actions.upkeep import purge_dossiers
from pacs.models import Dossier, DossierEvent, Reading
from tests.support.dossiers import make_dossier, send
now = timezone.now()
users = [User.objects.create_user(f"{who}@example.org") for who in "ab"]
dossier = send(make_dossier(*users))
note_readings(None, "dossier", at=now, dossiers=[dossier])
note_look(None, "mail", at=now - timezone.timedelta(days=400))
assert DossierEvent.objects.filter(dossier=dossier).exists()
dossier.delete()
assert purge_readings(at=now) == 1
assert not Reading.objects.exists()
report = verify_journal(by=None, at=now + timezone.timedelta(hours=1))
assert report.problems == [], report.problems
kept = make_dossier(*users)
note_readings(None, "dossier", at=now, dossiers=[kept])
print("whole", report.seals)
"""
REFUSED = (
    ("ALTER TABLE pacs_reading ADD COLUMN x int", "must be owner"),
    ("ALTER TABLE pacs_reading DISABLE TRIGGER ALL", "must be owner"),
    ("DROP TRIGGER pacs_reading_no_update ON pacs_reading", "must be owner"),
    ("DROP TABLE pacs_reading", "must be owner"),
    ("CREATE TABLE x (y int)", "permission denied"),
    ("TRUNCATE pacs_reading", "permission denied"),
    ("SET session_replication_role = replica", "permission denied"),
    ("UPDATE pacs_reading SET what = 'rien'", "permission denied"),
    ("UPDATE pacs_dossierevent SET kind = 'x'", "permission denied"),
    ("UPDATE demarches_seal SET digest = ''", "permission denied"),
    ("DELETE FROM demarches_seal", "permission denied"),
    ("DELETE FROM demarches_purge", "permission denied"),
    ("DELETE FROM django_migrations", "permission denied"),
    ("DELETE FROM pacs_reading", "never rewritten"),
    ("DELETE FROM pacs_dossierevent", "never rewritten"),
)


def as_role(url: str, role: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f"{USER}@", f"{role}@", 1)))


def manage(var_dir: Path, url: str, *words: str, typed: str = "") -> str:
    environment = {**demo_environment(var_dir), "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input=typed, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database that its owner migrated, and the address of the role that serves."""
    var_dir = tmp_path_factory.mktemp("var")
    with throwaway_postgres() as url:
        with psycopg.connect(url.removesuffix("portal") + "postgres", autocommit=True) as server:
            server.execute("CREATE DATABASE portal")
            server.execute(f"CREATE ROLE {SERVING} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
        manage(var_dir, url, "migrate", "--verbosity", "0")
        manage(var_dir, url, "load_fixtures")
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(manage(var_dir, url, "database_roles", SERVING))
        yield as_role(url, SERVING), var_dir


def test_the_serving_role_runs_the_journey_and_is_refused_the_rest(
    serving: tuple[str, Path],
) -> None:
    url, var_dir = serving

    told = manage(var_dir, url, "shell", "--no-imports", typed=JOURNEY)

    assert "whole" in told
    with psycopg.connect(url, autocommit=True) as connection:
        for statement, words in REFUSED:
            with pytest.raises(psycopg.Error, match=words):
                connection.execute(statement)
        rights = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
    assert rights == (False, False, False, False)


def test_the_impact_assessment_counts_two_roles_as_a_measure(serving: tuple[str, Path]) -> None:
    """The role that serves does not own the tables: what is left to do says nothing of it."""
    told = manage(serving[1], serving[0], "aipd")
    measures, plan = told.split("### 3.1")[1].split("### 4.1")

    assert "Le rôle de la base qui sert ne change ni les tables ni le journal" in measures
    assert "database_roles" not in plan
