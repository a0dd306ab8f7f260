"""The two questions at the end: counted, without names, once a session."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from demarches.models import FeedbackCount, RateCounter, User
from demarches.rules.feedback import counted, words
from pacs.models import Dossier
from tests.support.dossiers import make_dossier, send
from tests.support.pages import press

NOW = "2026-11-23T10:00:00+01:00"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dossier(reference_data: None, alice: User, bob: User) -> Dossier:
    return send(make_dossier(alice, bob))


def at(dossier: Dossier, name: str = "feedback") -> str:
    return reverse(f"pacs:dossier-{name}", args=[dossier.reference])


def counts() -> dict[tuple[str, str], int]:
    rows = FeedbackCount.objects.values_list("question", "answer", "count", "month", "procedure")
    assert {row[3:] for row in rows} <= {(date(2026, 11, 1), "pacs")}
    return {row[:2]: row[2] for row in rows}


@pytest.mark.parametrize(
    ("clear", "hard", "found"),
    [
        ("", [], []),
        ("yes", [], [("clear", "yes")]),
        ("", ["nothing"], [("hard", "nothing")]),
        ("no", ["files", "files"], [("clear", "no"), ("hard", "files")]),
        ("", ["nothing", "files", "time"], [("hard", "files"), ("hard", "time")]),
    ],
)
def test_what_counts(clear: str, hard: list[str], found: list[tuple[str, str]]) -> None:
    assert counted(clear, hard) == found


def test_an_answer_of_before_is_shown_as_it_was() -> None:
    assert words("clear", "yes") == ("Était-ce clair ?", "Oui")
    assert words("clear", "gone") == ("Était-ce clair ?", "gone")
    assert words("gone", "yes") == ("gone", "yes")


def test_both_answer_and_nobody_is_named(
    dossier: Dossier, alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    for user, sent in (
        (alice, {"clear": "yes", "hard": ["papers", "files"]}),
        (bob, {"clear": "yes"}),
    ):
        client = client_of(user)
        page = at(dossier, "sent")
        answer = press(client, page, sent, action=at(dossier))
        again = client.post(at(dossier), sent)
        assert (answer.status_code, answer["Location"]) == (302, page)
        assert again.status_code == 302
        html = client.get(page).content.decode()
        assert "Votre avis est compté" in html
        assert "Deux questions" not in html

    assert counts() == {("clear", "yes"): 2, ("hard", "papers"): 1, ("hard", "files"): 1}
    columns = {field.name for field in FeedbackCount._meta.get_fields()}
    assert columns == {"id", "procedure", "month", "question", "answer", "count"}


def test_one_person_counts_once_whatever_the_browser(
    dossier: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    for _ in range(2):
        answer = client_of(alice).post(at(dossier), {"clear": "yes"})
        assert (answer.status_code, answer["Location"]) == (302, at(dossier, "sent"))

    assert counts() == {("clear", "yes"): 1}
    # What remembers it is a keyed digest, and names nobody.
    assert {len(one.key) for one in RateCounter.objects.all()} == {64}


@pytest.mark.parametrize(
    "sent", [{}, {"clear": "x"}, {"hard": ["x"]}, {"clear": "\x00"}, {"hard": ["x" * 9000] * 50}]
)
def test_nothing_and_strange_answers_are_told(
    dossier: Dossier, alice: User, client_of: Callable[[User], Client], sent: dict[str, object]
) -> None:
    answer = client_of(alice).post(at(dossier), sent)

    assert answer.status_code == 422
    assert "Votre dossier est bien arrivé" in answer.content.decode()
    assert counts() == {}


def test_a_draft_is_not_asked(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    draft = make_dossier(alice, bob)

    answer = client_of(alice).post(at(draft), {"clear": "yes"})

    assert (answer.status_code, answer["Location"]) == (302, draft.get_absolute_url())
    assert counts() == {}


def test_the_desk_reads_the_numbers(
    reference_data: None, client_of: Callable[[User], Client]
) -> None:
    FeedbackCount.objects.count_answers("pacs", counted("no", ["files"]), day=date(2026, 11, 23))
    agent = User.objects.create_user("chef@example.org", full_name="Ana Roy", is_staff=True)
    agent.groups.add(Group.objects.get(name="administrateur"))

    html = (
        client_of(agent).get(reverse("admin:demarches_feedbackcount_changelist")).content.decode()
    )

    for said in ("novembre 2026", "Était-ce clair ?", "Non", "Envoyer les fichiers"):
        assert said in html


def test_a_month_has_one_count_an_answer(db: None) -> None:
    day = date(2026, 11, 23)
    FeedbackCount.objects.count_answers("pacs", [("clear", "yes")], day=day)
    with pytest.raises(IntegrityError), transaction.atomic():
        FeedbackCount.objects.create(
            procedure="pacs", month=date(2026, 11, 1), question="clear", answer="yes"
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        FeedbackCount.objects.create(procedure="pacs", month=day, question="clear", answer="no")


@pytest.mark.parametrize("before", [0, 3])
def test_counting_takes_as_many_queries_whatever_was_counted(
    db: None, django_assert_num_queries: DjangoAssertNumQueries, before: int
) -> None:
    day = date(2026, 11, 23)
    for rank in range(before):
        FeedbackCount.objects.count_answers("vitale", [("hard", str(rank))], day=day)
    FeedbackCount.objects.count_answers("pacs", [("clear", "yes")], day=day)
    with django_assert_num_queries(1):
        FeedbackCount.objects.count_answers("pacs", [("clear", "yes")], day=day)
