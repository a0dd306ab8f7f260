"""The table of who reads what covers everything, and everything obeys it."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.management.commands.who_reads_what import TARGET, page
from pacs.models import Correction, Dossier, InformationRequest, Message, Partenaire, Piece
from pacs.models.exchange import MAIL_KINDS
from pacs.papers.documents import FACT_COLUMNS
from pacs.reads import access
from pacs.rules import privacy
from pacs.rules.privacy import COLUMNS, MAILS, PAPERS, Right, When
from pacs.rules.situation import Measure, Protection, Situation
from pacs.views.documents import PAPERS as PAPER_MAKERS
from tests.support.dossiers import send


def test_every_column_about_people_has_a_line() -> None:
    models = {m.__name__: m for m in apps.get_app_config("pacs").get_models()}

    columns = {
        name: {field.name for field in model._meta.concrete_fields}
        for name, model in models.items()
        if name not in privacy.ABOUT_NOBODY
    }

    assert {name: set(lines) for name, lines in COLUMNS.items()} == columns


def test_every_paper_has_a_line() -> None:
    assert set(PAPERS) == set(PAPER_MAKERS) | {"convention"}


def test_every_mail_has_a_line_and_a_mail_to_one_is_sent_to_one() -> None:
    """The digest of the agents is about nobody."""
    assert set(MAIL_KINDS) == set(MAILS)


def test_every_secret_word_stands_for_an_answer() -> None:
    answers = {"measure": Measure, "protection": Protection, "situation": Situation}

    for column, words in privacy.SECRET_WORDS.items():
        assert COLUMNS["Partenaire"][column].other is not When.ALWAYS
        assert set(words) <= {member.value for member in answers[column]}
    assert set(privacy.SECRET_TEXTS) <= set(privacy.secret_columns("Partenaire"))


def test_the_declaration_shows_what_both_may_read_once_attested() -> None:
    shown = {name for names in FACT_COLUMNS.values() for name in names}

    lines = [COLUMNS["Partenaire"][name] for name in shown]
    assert {line.other for line in lines} == {When.ATTESTED, When.ALWAYS}


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    """`manage.py who_reads_what` writes it."""
    assert TARGET.read_text(encoding="utf-8") == page()


# Rows and readers


def test_the_other_reads_an_identity_once_it_is_attested(draft: Dossier) -> None:
    first, second = draft.people

    before = access.readable_columns(second, reader=first)
    Partenaire.objects.filter(pk=second.pk).update(attested_at=None)
    after = access.readable_columns(Dossier.objects.get().people[1], reader=first)

    assert before - after == {
        name for name, line in COLUMNS["Partenaire"].items() if line.other is When.ATTESTED
    }
    assert "measure" not in before
    assert "birth_name" in after


def test_a_fact_that_changed_since_is_shown_no_more(draft: Dossier) -> None:
    """Only what was attested is shown: the attestation answers for the facts of its day."""
    Partenaire.objects.filter(dossier=draft, position=2).update(situation="divorce")

    first, second = Dossier.objects.get().people

    assert not access.reads(first, second, "situation")
    assert access.reads(second, second, "situation")


def test_whose_row_it_is(draft: Dossier, agent: User, now: datetime) -> None:
    first, second = draft.people
    own = Piece.objects.get(dossier=draft, key="2-P03_identite")
    common = Piece.objects.get(dossier=draft, rule_id="P02_convention")
    rows = {
        "piece": own,
        "message": Message(dossier=draft, private_to=second, body="…", at=now),
        "request": InformationRequest(dossier=draft, partenaire=second, text="…", by=agent, at=now),
        "correction": Correction(dossier=draft, holder=2, changed_at=now),
    }
    columns = {
        "piece": "rule_id", "message": "body", "request": "text", "correction": "values"
    }  # fmt: skip

    for name, row in rows.items():
        assert access.reads(second, row, columns[name])
        assert not access.reads(first, row, columns[name])
        assert access.reads(None, row, columns[name])
    for shared in (common, Message(dossier=draft, body="…"), Correction(dossier=draft, holder=0)):
        assert access.owner_of(shared) is None
    assert access.reads(first, common, "rule_id")


def test_what_nobody_reads_no_agent_reads_either(draft: Dossier) -> None:
    second = draft.people[1]

    assert not access.reads(None, second, "private_code")
    assert not access.reads(second, second, "private_code")


# The desk obeys


@pytest.mark.parametrize("group", ["accueil", "instructeur", "officier", "administrateur"])
def test_the_desk_opens_what_the_table_says(
    group: str, draft: Dossier, client_of: Callable[[User | None], Client]
) -> None:
    dossier = send(draft)
    user = User.objects.create_user(f"{group}@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = client_of(user)

    for slug in ("pieces", "declaration", "accuse"):
        url = reverse("admin:pacs_dossier_paper", args=[dossier.pk, slug])
        is_open = client.get(url).status_code == 200
        assert is_open is access.agent_reads(user, PAPERS[slug].line), slug
    change = client.get(reverse("admin:pacs_dossier_change", args=[dossier.pk]))
    line = COLUMNS["Partenaire"]["measure"]
    assert (change.status_code == 200) is access.agent_reads(user, line)


def test_no_agent_holds_the_right_to_what_nobody_reads(agent: User) -> None:
    assert not access.agent_reads(agent, privacy.NOBODY)
    assert access.agent_reads(agent, privacy.REVIEWERS)
    assert not access.agent_reads(User(is_staff=False), privacy.AGENTS)
    assert {line.agents for lines in COLUMNS.values() for line in lines.values()} >= {
        Right.NOBODY,
        Right.VIEW,
        Right.REVIEW,
    }


def test_no_page_asks_again_who_reads_a_piece() -> None:
    """The condition stands in `pacs.reads.access` alone."""
    again = re.compile(r"partenaire__isnull=True\)|_may_show|readable_by")
    sources = [
        path
        for path in (TARGET.parent.parent / "pacs").rglob("*.py")
        if not {"migrations", "models"} & set(path.parts) and path.name != "access.py"
    ]

    assert [path.name for path in sources if again.search(path.read_text("utf-8"))] == []
