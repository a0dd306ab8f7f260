"""A mistake of the register is mended with a reason, and what the line said is never lost."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from demarches.models import Officer, User
from demarches.models.journal import JournalIsFinal
from demarches.rules.read import imprint
from demarches.web.as_read import ChangedSince
from pacs.actions.rectification import COLUMNS, AsItShouldRead, line_shown, rectify
from pacs.actions.registration import enter_old_registration
from pacs.models import Dossier, RegisteredPerson, Registration
from pacs.models.gate import bound_among
from pacs.models.rectification import Rectification
from pacs.papers import official
from pacs.reads.search import find_registrations
from pacs.rules.registration import Identity
from tests.pacs.test_official import AFTER, NOW, TODAY, booked, clock, line  # noqa: F401 -- fixtures
from tests.support.pdf import text_of
from tests.support.present import the

WHY = "L’acte de naissance dit Lemoyne."


def wanted(row: Registration, **changes: Any) -> AsItShouldRead:
    """The line as it stands, but for this of the first of the two, of the place or the officer."""
    own = {name: changes.pop(name) for name in ("place", "officer") if name in changes}
    people = [{name: getattr(one, name) for name in COLUMNS} for one in row.people]
    people[0] |= changes
    return AsItShouldRead(own.get("place", row.place), people, own.get("officer"))


def mend(row: Registration, agent: User, *, reason: str = WHY, **changes: Any) -> None:
    rectify(row, wanted(row, **changes), reason=reason, by=agent, at=AFTER)


def fresh(row: Registration) -> Registration:
    return Registration.objects.get(pk=row.pk)


@pytest.mark.parametrize(
    ("changes", "field", "old", "new"),
    [
        ({"birth_name": "Lemoyne"}, "birth_name", "Lemoine", "Lemoyne"),
        ({"first_names": "Camille Anna"}, "first_names", "Camille Anne", "Camille Anna"),
        ({"birth_city": "Alès", "birth_department": "Gard"}, "birth_place", None, None),
        ({"birth_year": 1981}, "birth_date", None, None),
        ({"sex": "X"}, "sex", None, "Autre mention"),
        ({"place": "Mairie annexe"}, "place", None, "Mairie annexe"),
    ],
)
def test_a_mistake_is_mended_and_what_the_line_said_stays(
    line: Registration,  # noqa: F811
    agent: User,
    changes: dict[str, Any],
    field: str,
    old: str | None,
    new: str | None,
) -> None:
    mend(line, agent, **changes)

    row = Rectification.objects.get()
    assert (row.field, row.reason, row.by, row.at) == (field, WHY, agent, AFTER)
    assert (row.person is None) is (field == "place")
    assert (old in (None, row.old_value), new in (None, row.new_value)) == (True, True)
    assert row.old_value != row.new_value
    for name, value in changes.items():
        mended = fresh(line) if name == "place" else fresh(line).people[0]
        assert getattr(mended, name) == value
    assert the(line.dossier).events.filter(kind="register_mended").count() == 1


def test_who_signed_is_mended_and_an_officer_renamed_is_not(
    line: Registration,  # noqa: F811
    agent: User,
) -> None:
    Officer.objects.update(name="Claire Nouvel")
    other = Officer.objects.create(
        name="Jean Roux", quality="maire", in_force_from=date(2026, 1, 1)
    )
    gone = Officer.objects.create(
        name="Zoé Blanc", quality="maire", in_force_from=TODAY + timedelta(days=9)
    )

    with pytest.raises(ValidationError, match="n’avait pas de délégation"):
        mend(line, agent, officer=gone)
    mend(line, agent, officer=other)

    row = Rectification.objects.get()
    assert (row.old_value, row.new_value) == (
        "Claire Martin, adjointe au maire",
        "Jean Roux, maire",
    )
    assert str(fresh(line).signer) == "Jean Roux, maire"


def test_every_reader_has_what_is_right(line: Registration, agent: User) -> None:  # noqa: F811
    def known_as(name: str) -> list[bool]:
        """By the search, by the gate, and on each paper of this line."""
        row, one = fresh(line), line.people[0]
        papers = [
            *(make(row) for make in (official.recepisse, official.attestation)),
            *(official.register_extract(row), *map(official.avis_de_mention, row.avis.all())),
        ]
        return [
            find_registrations(Registration.objects.all(), name).exists(),
            bool(bound_among([(1, name, Identity(name, one.first_names, one.birth_date))])),
            *(name in text_of(paper.content) for paper in papers),
        ]

    version = official.recepisse(fresh(line)).html.count("version 2")
    assert set(known_as("Lemoine")) == {True}

    mend(line, agent, birth_name="Durand")

    assert (set(known_as("Lemoine")), set(known_as("Durand"))) == ({False}, {True})
    html = official.recepisse(fresh(line)).html
    told = html.replace("\xa0", " ").replace("&nbsp;", " ")
    assert "Ligne du registre rectifiée le 23 novembre 2026 : nom de naissance." in told
    assert (version, html.count("version 2") > 0) == (0, True)


def test_an_avis_to_send_goes_where_the_record_is_and_those_sent_are_told(
    line: Registration,  # noqa: F811
    agent: User,
) -> None:
    first, second = line.avis.order_by("person__position")
    line.avis.filter(pk=second.pk).update(sent_on=TODAY, sent_by=agent)

    done = rectify(
        line,
        wanted(line, birth_city="Alès", birth_department="Gard"),
        reason=WHY,
        by=agent,
        at=AFTER,
    )

    first.refresh_from_db()
    assert first.recipient == "Mairie d’Alès (Gard)"
    assert [one.pk for one in done.already_sent] == [second.pk]


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"birth_name": "Lemoyne"}, " ", "Écrivez le motif"),
        ({}, WHY, "Rien ne change"),
        ({"birth_year": 2020}, WHY, "moins de 18 ans"),
        ({"birth_month": 13}, WHY, "Écrivez le mois en chiffres"),
        ({"birth_name": "Ольга"}, WHY, "lettres latines"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    line: Registration,  # noqa: F811
    agent: User,
    changes: dict[str, Any],
    reason: str,
    words: str,
) -> None:
    before = line_shown(fresh(line))

    with pytest.raises(ValidationError, match=words), transaction.atomic():
        mend(line, agent, reason=reason, **changes)

    assert (line_shown(fresh(line)), Rectification.objects.count()) == (before, 0)


def test_whoever_read_an_older_line_mends_nothing(line: Registration, agent: User) -> None:  # noqa: F811
    read = imprint(line_shown(line))
    mend(line, agent, place="Mairie annexe")

    with pytest.raises(ChangedSince):
        rectify(line, wanted(line, birth_name="X"), reason=WHY, by=agent, at=AFTER, read=read)

    assert Rectification.objects.count() == 1


def test_no_rectification_is_rewritten_nor_a_line_otherwise(
    line: Registration,  # noqa: F811
    agent: User,
) -> None:
    mend(line, agent, birth_name="Lemoyne")
    row, person = Rectification.objects.get(), the(RegisteredPerson.objects.first())

    for rewrite in (row.save, lambda: Rectification.objects.update(reason="x")):
        with pytest.raises(JournalIsFinal):
            rewrite()
    for act in ("UPDATE pacs_rectification SET reason = 'x'", "DELETE FROM pacs_rectification"):
        with (
            pytest.raises(IntegrityError, match="never rewritten"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(act)
    with pytest.raises(ValidationError, match="rectifiez-la"):
        person.save(update_fields=["birth_name"])


@pytest.mark.parametrize(
    "wrong", [{"reason": ""}, {"new_value": "Lemoine"}, {"field": "place"}, {"person": None}]
)
def test_the_database_refuses_a_rectification_that_says_nothing(
    line: Registration,  # noqa: F811
    agent: User,
    wrong: dict[str, Any],
) -> None:
    values: dict[str, Any] = {
        "registration": line,
        "person": line.people[0],
        "field": "birth_name",
        "old_value": "Lemoine",
        "new_value": "Lemoyne",
        "reason": WHY,
        "by": agent,
        "at": NOW,
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Rectification.objects.create(**values | wrong)


def test_the_page_mends_and_shows_both_values(
    line: Registration,  # noqa: F811
    agent: User,
    client_of: Callable[[User], Client],
) -> None:
    desk, path = client_of(agent), reverse("admin:pacs_registration_rectify", args=[line.pk])
    page = desk.get(path)
    forms = [page.context["form"], *page.context["people"]]
    typed = {
        field.html_name: getattr(value, "code", value) if (value := field.value()) else ""
        for form in forms
        for field in form
    } | {"lu": page.context["lu"], "p1-birth_name": "Lemoyne"}

    silent = desk.post(path, typed)
    done = desk.post(path, typed | {"reason": WHY})
    late = desk.post(path, typed | {"reason": "Encore."})

    assert (silent.status_code, done.status_code, late.status_code) == (422, 302, 409)
    assert [one.field for one in Rectification.objects.all()] == ["birth_name"]
    assert late.context["form"].initial["reason"] == "Encore."
    shown = desk.get(done["Location"]).content.decode()
    for words in ("« Lemoine »", "« Lemoyne »", WHY, "Rectifications"):
        assert words in shown


def test_a_line_from_paper_is_mended_too(reference_data: None, agent: User) -> None:
    person = {
        "birth_name": "Roche", "birth_city": "Alès", "birth_department": "", "sex": "",
        "birth_country": "FR", "birth_year": 1970, "birth_month": None, "birth_day": None,
    }  # fmt: skip
    people = [{**person, "first_names": "Ana"}, {**person, "first_names": "Éva"}]
    row = enter_old_registration(
        number="TI-UZES-2009-12",
        registered_on=date(2009, 5, 4),
        origin="tribunal",
        place="Tribunal d’instance d’Uzès",
        people=people,
        by=agent,
        at=AFTER,
    )

    mend(row, agent, first_names="Anna")

    assert (fresh(row).people[0].name, Dossier.objects.count()) == ("Anna Roche", 0)
