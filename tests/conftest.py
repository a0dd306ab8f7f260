"""What every test may ask for: reference data, the five personas, dossiers in any state."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase
from django.utils import timezone
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from demarches.desk.journal import drop_triggers_sql
from demarches.files import uploads
from demarches.models import User
from demarches.web import request_memory
from pacs.models import Dossier
from tests.support.dossiers import make_dossier
from tests.support.mailbox import Mailbox, open_mailbox
from tests.support.migrated import copy_to, template_of
from tests.support.reference import REFERENCE_FIXTURES, load
from uzes_portal.answers import PARAMETER

# A busy machine takes as long as it takes: neither an example nor making it is late.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

#: Fixtures that open a database; a test without any of them says the same on every one.
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}


#: Another moment for every test to begin at (`tests.clocks`); empty: that of the machine.
CLOCK = os.environ.get("TEST_CLOCK", "")
if CLOCK:
    # What modules of tests compute as they are read belongs to the same day.
    time_machine.travel(datetime.fromisoformat(CLOCK)).start()


@pytest.fixture(autouse=True)
def clock_of_the_run() -> Iterator[None]:
    """Every test begins at the same moment, if another than that of the machine was asked for."""
    if not CLOCK:
        yield
        return
    with time_machine.travel(datetime.fromisoformat(CLOCK)):
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens no database, so that it is run once (`tests.__main__`)."""
    for item in items:
        uses = DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
        its_own = any(item.get_closest_marker(name) for name in ("django_db", "own_database"))
        if not uses and not its_own:
            item.add_marker("no_database")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_use_migrations: bool,
    django_db_keepdb: bool,
) -> Iterator[None]:
    """The database of each process begins as a copy; `migrate` then finds nothing left to do."""
    if not django_db_use_migrations or django_db_keepdb:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "postgresql":
            with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
                patch.setitem(connection.settings_dict["TEST"], "TEMPLATE", template_of(cursor))
        else:
            creation: Any = connection.creation  # its private part is in no stub
            make = creation._create_test_db

            def begin(*arguments: Any) -> str:
                name = str(make(*arguments))
                copy_to(Path(name))
                return name

            patch.setattr(creation, "_create_test_db", begin)
        yield


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine checks a file later; the tests of the limits set their own."""
    monkeypatch.setattr(uploads, "PREVIEW_SECONDS", 60)
    monkeypatch.setattr(uploads, "WORKER_SECONDS", 60)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """What the process keeps of the content was read by no other test."""
    request_memory.forget_content()


@pytest.fixture
def reference_data(db: None) -> None:
    """What `fixtures/` loads on a new portal."""
    load(*REFERENCE_FIXTURES)


@pytest.fixture(autouse=True, scope="session")
def journals_emptied_between_tests() -> Iterator[None]:
    """Tests that commit empty every table afterwards, which SQLite's triggers refuse to journals.

    They are written again by `flush` itself, as after each migration.
    """
    # Private, and so in no stub.
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def without_triggers(case: TransactionTestCase) -> None:
        if connection.vendor == "sqlite" and not isinstance(case, TestCase):
            with connection.cursor() as cursor:
                for line in drop_triggers_sql("sqlite"):
                    cursor.execute(line)
        flush(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture(autouse=True, scope="session")
def posts_followed_to_their_page() -> Iterator[None]:
    """As in a browser, the page of a POST is the one it leads to; `answered` is the redirection."""
    post = Client.post

    def follow(client: Client, path: str, data: Any = None, *args: Any, **options: Any) -> Any:
        answer = post(client, path, data, *args, **options)
        if answer.status_code != 303 or f"{PARAMETER}=" not in answer["Location"]:
            return answer
        options.pop("content_type", None)
        page: Any = client.get(answer["Location"], **options)
        page.answered = answer
        # What was shown is what the view made for the POST.
        page.context, page.templates = answer.context, answer.templates
        return page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "post", follow)
        yield


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """What arrives, as a mail server gets it."""
    with open_mailbox(settings) as box:
        yield box


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def alice(db: None) -> User:
    """Opened the dossier."""
    return User.objects.create_user("alice@example.org")


@pytest.fixture
def bob(db: None) -> User:
    """Her partenaire."""
    return User.objects.create_user("bob@example.org")


@pytest.fixture
def charlie(db: None) -> User:
    """A stranger, with a dossier of his own."""
    return User.objects.create_user("charlie@example.org")


@pytest.fixture
def agent(reference_data: None) -> User:
    """Checks dossiers and decides: an officier."""
    user = User.objects.create_user("agent@example.org", full_name="Nour Vidal", is_staff=True)
    user.groups.add(Group.objects.get(name="officier"))
    return user


@pytest.fixture
def agent_other(reference_data: None) -> User:
    """Staff without any right on dossiers: an administrateur."""
    user = User.objects.create_user("autre@example.org", full_name="Sam Roux", is_staff=True)
    user.groups.add(Group.objects.get(name="administrateur"))
    return user


@pytest.fixture
def client_of() -> Callable[[User | None], Client]:
    """A browser in which this person is signed in."""

    def make(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture
def draft(reference_data: None, alice: User, bob: User) -> Dossier:
    """Ready to send: both have answered, confirmed and attested."""
    return make_dossier(alice, bob)


@pytest.fixture
def sent(draft: Dossier) -> Dossier:
    """Just sent to the mairie."""
    draft.submit(by=draft.people[0].user, at=timezone.now())
    return draft
