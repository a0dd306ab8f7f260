"""What saving one page of answers asks of the database."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from demarches.models import User
from pacs.models import Dossier
from tests.support.forms import as_shown


def test_where_to_go_on_is_found_by_reading_each_thing_once(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    browser = client_of(alice)
    page = reverse("pacs:own-step", args=[draft.reference, "situation"])
    for phone in ("+33612345670", "+33612345671"):  # the first one fills what a process keeps
        context = browser.get(page).context
        sent = {**as_shown(context["form"]), "lu": context["lu"], "phone": phone}
        with CaptureQueriesContext(connection) as seen:
            answer = browser.post(page, sent)

    statements = [one["sql"] for one in seen]
    written = max(at for at, sql in enumerate(statements) if sql.startswith("RELEASE"))
    after = statements[written + 1 :]

    assert answer.status_code == 302
    assert len(statements) == 30
    assert len(after) == len(set(after)) == 6
