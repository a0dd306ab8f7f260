"""Whoever helps to fill in: every address of a dossier, by who asks, and how the help ends."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.models import User
from pacs.actions.dossiers import (
    choose_door,
    join_dossier,
    open_dossier,
    record_answers,
    stop_dossier,
    submit_dossier,
    write_message,
)
from pacs.actions.helping import accept_help, end_help, invite_helper
from pacs.actions.part import empty_part
from pacs.actions.refusals import ActionRefused
from pacs.actions.upkeep import purge_dossiers
from pacs.forms.identity import SituationForm
from pacs.models import Door, Dossier, Helper, Partenaire, PieceFile, Reading
from pacs.reads import access
from pacs.rules import helping, privacy
from tests.support.dossiers import COMMON, OTHER, PERSON
from tests.support.forms import as_shown
from tests.support.present import the
from tests.test_authorization import DOSSIER, READ_ONLY, Line, stored  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db

#: As the people who invite them call them.
ANNE, LUC, ZOE = "Anne Petit", "France services d’Uzès", "Zoé Roux"


@pytest.fixture
def people(draft: Dossier, alice: User, bob: User, charlie: User, now: datetime) -> dict[str, User]:
    """Everybody who may ask: a helper each, and one whose help is over."""
    first, second = draft.people
    former = User.objects.create_user("zoe@example.org")
    anne = User.objects.create_user("anne@example.org")
    luc = User.objects.create_user("luc@example.org")
    end_help(helps(first, former, ZOE, by=alice, at=now), by=alice, at=now)
    helps(first, anne, ANNE, by=alice, at=now)
    helps(second, luc, LUC, by=bob, at=now)
    return {
        "first": alice,
        "second": bob,
        "helper of first": anne,
        "helper of second": luc,
        "former helper": former,
        "stranger": charlie,
    }


def helps(one: Partenaire, user: User, name: str, *, by: User | None, at: datetime) -> Helper:
    """This account helps that person."""
    fresh = Partenaire.objects.select_related("dossier", "user").get(pk=one.pk)
    helper = invite_helper(fresh, name=name, email=user.email, by=by, at=at)
    accept_help(helper, user, at=at)
    return Helper.objects.select_related("partenaire__dossier").get(pk=helper.pk)


def address(name: str, draft: Dossier, file: PieceFile) -> str:
    kwargs = {k: file.pk if value == "FILE" else value for k, value in DOSSIER[name].kwargs}
    return reverse(name, kwargs={"reference": draft.reference, **kwargs})


def expected(name: str, line: Line, method: str) -> dict[str, int]:
    """What each gets. A helper: what the person they help gets, on the pages that are open."""
    stranger = 404
    if method == "GET" and line.first == 405:
        # Refused before anybody is looked at.
        return dict.fromkeys(("helper of first", "helper of second", "former helper"), 405) | {
            "stranger": 405
        }
    if name in {"pacs:partner-join", "pacs:helper-join"}:
        joins = 302 if name == "pacs:helper-join" else 404
        return {
            "helper of first": joins,
            "helper of second": joins,
            "former helper": stranger,
            "stranger": stranger,
        }
    is_open = method in helping.PAGES.get(name.removeprefix("pacs:"), ())
    return {
        "helper of first": line.first if is_open else 403,
        "helper of second": line.second if is_open else 403,
        "former helper": stranger,
        "stranger": stranger,
    }


@pytest.mark.parametrize("name", sorted(DOSSIER))
def test_each_page_by_who_opens_it(
    name: str,
    draft: Dossier,
    stored: PieceFile,  # noqa: F811
    people: dict[str, User],
    client_of: Callable[[User | None], Client],
) -> None:
    line, url = DOSSIER[name], address(name, draft, stored)

    statuses = {who: client_of(user).get(url).status_code for who, user in people.items()}

    assert statuses == {
        "first": line.first, "second": line.second, **expected(name, line, "GET")
    }  # fmt: skip


#: What an empty form of a person answers; of the others, they are refused alike.
EMPTY = {
    "pacs:common-step": (422, 302),
    "pacs:own-step": (422, 422),
    "pacs:dossier-pieces": (302, 302),
    "pacs:dossier-piece": (302, 404),
    "pacs:piece-file-remove": (302, 404),
    "pacs:helper": (200, 200),
}


@pytest.mark.parametrize("name", sorted(set(DOSSIER) - READ_ONLY - {"pacs:piece-file"}))
def test_each_form_by_who_sends_it(
    name: str,
    draft: Dossier,
    stored: PieceFile,  # noqa: F811
    people: dict[str, User],
    client_of: Callable[[User | None], Client],
) -> None:
    url = address(name, draft, stored)
    line = Line(*EMPTY.get(name, (302, 302)))
    told = {who: people[who] for who in people if who not in {"first", "second"}}
    before = Dossier.objects.filter(pk=draft.pk).values().get()
    events = draft.events.exclude(kind="helper_filled").count()

    statuses = {who: client_of(user).post(url).status_code for who, user in told.items()}

    assert statuses == expected(name, line, "POST")
    if "POST" not in helping.PAGES.get(name.removeprefix("pacs:"), ()):
        # Nothing is sent, attested, confirmed, stopped, booked, written or handed over.
        assert Dossier.objects.filter(pk=draft.pk).values().get() == before
        assert draft.events.exclude(kind="helper_filled").count() == events


def test_every_open_page_exists() -> None:
    assert {f"pacs:{name}" for name in helping.PAGES} <= set(DOSSIER)
    assert all(methods <= helping.FILL for methods in helping.PAGES.values())


# What a helper reads


def test_a_helper_reads_nothing_of_the_other_nor_what_is_private(
    draft: Dossier,
    people: dict[str, User],
    bob: User,
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> None:
    first, second = draft.people
    Partenaire.objects.filter(pk=second.pk).update(common_comment="Zyxw-Remarque")
    write_message(first, body="Zyxw-Message", private=True, form_key="k1", at=now)
    write_message(first, body="Zyxw-Commun", private=False, form_key="k2", at=now)
    client = client_of(people["helper of first"])
    urls = [
        draft.get_absolute_url(),
        *(reverse(f"pacs:{n}", args=[draft.reference]) for n in ("dossier-review", "helper")),
        reverse("pacs:dossier-pieces", args=[draft.reference]),
        reverse("pacs:own-step", args=[draft.reference, "situation"]),
        reverse("pacs:common-step", args=[draft.reference, "adresse"]),
        reverse("demarches:account"),
        reverse("mine"),
    ]

    pages = {url: client.get(url).content.decode() for url in urls}

    secret = ("Zyxw", OTHER["birth_name"], OTHER["first_names"], bob.email)
    assert {url: [w for w in secret if w in page] for url, page in pages.items()} == {
        url: [] for url in urls
    }
    for url in urls[:6]:
        assert f"Vous aidez {PERSON['first_names']} {PERSON['birth_name']}" in pages[url]
        assert "J’atteste" not in pages[url]


def test_the_helper_of_the_second_is_not_told_the_name_of_the_first(
    draft: Dossier, people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    Dossier.objects.filter(pk=draft.pk).update(already_home=True)
    client = client_of(people["helper of second"])
    for url in (
        draft.get_absolute_url(),
        reverse("pacs:dossier-review", args=[draft.reference]),
        reverse("pacs:own-step", args=[draft.reference, "situation"]),
    ):
        assert PERSON["first_names"] not in client.get(url).content.decode(), url


@pytest.mark.parametrize("slug", [*privacy.PAPERS])
def test_a_helper_takes_their_list_of_pieces_and_no_other_paper(
    slug: str,
    draft: Dossier,
    people: dict[str, User],
    client_of: Callable[[User | None], Client],
) -> None:
    url = reverse("pacs:dossier-paper", args=[draft.reference, slug])

    status = client_of(people["helper of first"]).get(url).status_code

    assert status == (200 if slug == "pieces" else 404)


def test_the_table_gives_helpers_answers_and_pieces_of_the_person_alone(
    draft: Dossier, people: dict[str, User], now: datetime
) -> None:
    helped = access.find_reader(
        draft.reference,
        user=people["helper of first"],
        guest=None,
        at=now,
        page="dossier",
        method="GET",
    )
    assert helped is not None
    first, second = draft.people

    assert access.reads(helped, first, "measure", "street", "birth_name")
    assert access.readable_columns(second, reader=helped) == frozenset()
    assert not access.reads(helped, first, "attested_text")
    assert access.name_for(helped, second) == "votre partenaire"
    helper_models = {
        m for m, lines in privacy.COLUMNS.items() if any(x.helper for x in lines.values())
    }
    assert helper_models == {"Dossier", "Partenaire", "Piece", "PieceFile", "Helper"}


# Seen


def test_the_person_sees_on_every_page_who_helps_them_and_the_other_does_not(
    draft: Dossier,
    people: dict[str, User],
    client_of: Callable[[User | None], Client],
) -> None:
    alice, bob = client_of(people["first"]), client_of(people["second"])
    for name in (
        "dossier",
        "dossier-review",
        "dossier-pieces",
        "dossier-messages",
        "partner-attest",
    ):
        url = reverse(f"pacs:{name}", args=[draft.reference])
        hers, his = alice.get(url).content.decode(), bob.get(url).content.decode()

        assert f"{ANNE} vous aide à remplir." in hers, name
        assert ANNE not in his, name
        assert f"{LUC} vous aide à remplir." in his, name
        assert LUC not in hers, name


def test_each_page_a_helper_opens_is_written_down_and_told_to_the_person_alone(
    draft: Dossier, people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    helper = people["helper of first"]
    client_of(helper).get(draft.get_absolute_url())
    client_of(helper).get(reverse("pacs:dossier-review", args=[draft.reference]))

    rows = Reading.objects.filter(dossier=draft).values_list("agent", "what")
    assert sorted(rows) == [(helper.pk, "aide 1 dossier"), (helper.pk, "aide 1 dossier-review")]
    told = "Ouvert 2 fois par une personne qui vous aide à remplir"
    assert told in client_of(people["first"]).get(reverse("mine")).content.decode()
    assert (
        "Personne n’a encore regardé"
        in client_of(people["second"]).get(reverse("mine")).content.decode()
    )


def test_what_a_helper_fills_in_is_kept_and_stands_in_the_journal(
    draft: Dossier, people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    helper = people["helper of first"]
    client, url = client_of(helper), reverse("pacs:own-step", args=[draft.reference, "situation"])
    response = client.get(url)
    sent = {
        **as_shown(response.context["form"]),
        "lu": response.context["lu"],
        "phone": "0612345678",
    }

    assert client.post(url, sent).status_code == 302

    assert Partenaire.objects.get(dossier=draft, position=1).phone == "+33612345678"
    event = draft.events.filter(kind="helper_filled").get()
    assert (event.by, the(event.partenaire).position, event.reason) == (helper, 1, "own-step")


# The end of it


def test_the_person_ends_it_at_once_and_either_may(
    draft: Dossier, people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    page = reverse("pacs:helper", args=[draft.reference])
    for who, helper in (("first", "helper of first"), ("helper of second", "helper of second")):
        row = Helper.objects.get(user=people[helper])
        assert client_of(people[who]).post(page, {"fin": row.pk}).status_code == 302

        assert client_of(people[helper]).get(draft.get_absolute_url()).status_code == 404
        row.refresh_from_db()
        assert (row.email, row.ended_at is not None) == ("", True)


def test_a_help_begun_since_is_not_ended_by_an_old_page(
    draft: Dossier, people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    page = reverse("pacs:helper", args=[draft.reference])
    former = Helper.objects.get(user=people["former helper"])

    client_of(people["first"]).post(page, {"fin": former.pk})

    assert Helper.objects.live().filter(user=people["helper of first"]).exists()


def test_sending_ends_every_help(
    draft: Dossier,
    people: dict[str, User],
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> None:
    submit_dossier(draft.people[0], at=now, by=people["first"])

    assert Helper.objects.going_on().count() == 0
    assert Helper.objects.exclude(email="").count() == 0
    for who in ("helper of first", "helper of second"):
        assert client_of(people[who]).get(draft.get_absolute_url()).status_code == 404
        assert (
            draft.reference
            not in client_of(people[who]).get(reverse("demarches:account")).content.decode()
        )


def test_stopping_ends_it_too(draft: Dossier, people: dict[str, User], now: datetime) -> None:
    stop_dossier(draft.people[0], at=now, by=people["first"])

    assert Helper.objects.filter(ended_at=None).count() == 0


def test_an_emptied_part_is_not_read_by_whoever_helped_its_former_owner(
    draft: Dossier, people: dict[str, User], now: datetime
) -> None:
    with transaction.atomic():
        empty_part(draft.people[1], draft, by=people["first"], at=now)

    assert not Helper.objects.live().filter(user=people["helper of second"]).exists()
    assert Helper.objects.live().filter(user=people["helper of first"]).exists()


def test_a_form_opened_before_the_end_changes_nothing_after_it(
    draft: Dossier, people: dict[str, User], now: datetime
) -> None:
    first = draft.people[0]
    helper = Helper.objects.select_related("partenaire__dossier").get(
        user=people["helper of first"]
    )
    data = {**as_shown(SituationForm(instance=first)), "phone": "0612345678"}
    form = SituationForm(data, instance=first)
    assert form.is_valid(), form.errors
    end_help(helper, by=None, at=now)

    with pytest.raises(ActionRefused, match="Votre aide est terminée"):
        record_answers(form, dossier=draft, at=now, by=people["helper of first"])


def test_the_purge_takes_it_away(draft: Dossier, people: dict[str, User], now: datetime) -> None:
    draft.delete()

    assert Helper.objects.count() == 0
    assert purge_dossiers(at=now).drafts == 0


# The invitation


def test_the_invitation_is_neutral_and_counts_as_one_to_a_stranger(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client], settings: Any
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "mail_target": (1, 86_400)}
    page, client = reverse("pacs:helper", args=[draft.reference]), client_of(alice)
    sent = {"name": ANNE, "email": "Anne@Example.org "}

    assert client.post(page, sent).status_code == 302
    assert client.post(page, sent).status_code == 302  # twice is once

    mail = Email.objects.get(to=["anne@example.org"])
    text = f"{mail.subject} {mail.message}"
    assert "Pacs" not in text.replace(draft.reference, "").replace("/pacs/", "")
    assert not [w for w in (PERSON["birth_name"], ANNE) if w in text]
    row = Helper.objects.get()
    client.post(page, {"fin": row.pk})
    refused = client.post(page, sent)
    assert refused.status_code == 422
    assert "Rien n’est parti" in refused.content.decode()
    assert Helper.objects.filter(ended_at=None).count() == 0


def test_only_the_invited_address_comes_in_and_may_decline(
    draft: Dossier,
    alice: User,
    charlie: User,
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> None:
    anne = User.objects.create_user("anne@example.org")
    first = Partenaire.objects.select_related("dossier", "user").get(dossier=draft, position=1)
    row = invite_helper(first, name=ANNE, email=anne.email, by=alice, at=now)
    join = reverse("pacs:helper-join", args=[draft.reference])

    assert client_of(charlie).get(join).status_code == 404
    assert client_of(anne).get(draft.get_absolute_url()).status_code == 404
    assert (
        "Une personne vous demande"
        in client_of(anne).get(reverse("demarches:account")).content.decode()
    )
    page = client_of(anne).get(join)
    assert f"{PERSON['first_names']} {PERSON['birth_name']} vous demande" in page.content.decode()
    client_of(anne).post(join, {"aide": row.pk + 1})
    assert Helper.objects.live().count() == 0
    client_of(anne).post(join, {"aide": row.pk, "decline": "1"})
    assert Helper.objects.going_on().count() == 0
    assert client_of(anne).post(join, {"aide": row.pk}).status_code == 404


@pytest.mark.parametrize("who", ["bob", "agent", "helper of second"])
def test_who_may_not_help(
    who: str, draft: Dossier, people: dict[str, User], agent: User, bob: User, now: datetime
) -> None:
    """The other partenaire, an agent, whoever helps the other: each would read both parts."""
    first = draft.people[0]
    end_help(Helper.objects.live().get(partenaire=first), by=None, at=now)
    user = {"bob": bob, "agent": agent}.get(who) or people[who]
    fresh = Partenaire.objects.select_related("dossier", "user").get(pk=first.pk)
    # Of the partenaire’s address one is told at once: the row is of one they took since.
    email = "autre@example.org" if user == bob else user.email
    row = invite_helper(fresh, name="Quelqu’un", email=email, by=people["first"], at=now)
    Helper.objects.filter(pk=row.pk).update(email=user.email)
    row.refresh_from_db()

    with pytest.raises(ActionRefused):
        accept_help(row, user, at=now)


def test_whoever_takes_part_as_the_second_helps_the_first_no_more(
    reference_data: None, draft: Dossier, alice: User, now: datetime
) -> None:
    anne = User.objects.create_user("anne@example.org")
    second = Partenaire.objects.select_related("dossier", "user").get(dossier=draft, position=2)
    Partenaire.objects.filter(pk=second.pk).update(user=None)
    helps(draft.people[0], anne, ANNE, by=alice, at=now)
    second.refresh_from_db()
    choose_door(second, Door.OWN, email=anne.email, from_empty=True, by=alice, at=now)

    join_dossier(Dossier.objects.get(), anne, at=now)

    assert Helper.objects.live().count() == 0


def test_the_database_keeps_one_helper_at_a_time_and_no_address_of_an_ended_help(
    draft: Dossier, people: dict[str, User], now: datetime
) -> None:
    first = draft.people[0]
    wrong: list[dict[str, Any]] = [
        {"email": "x@example.org"},
        {"email": "x@example.org", "ended_at": now},
        {"email": "", "ended_at": now, "user": people["stranger"]},
    ]
    for columns in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Helper.objects.create(partenaire=first, name="x", invited_at=now, **columns)


@pytest.mark.parametrize("count", [1, 3])
def test_the_account_lists_whom_one_helps_in_as_many_queries(
    count: int,
    reference_data: None,
    now: datetime,
    client_of: Callable[[User | None], Client],
    django_assert_num_queries: Any,
) -> None:
    adviser = User.objects.create_user("adviser@example.org")
    for number in range(count):
        user = User.objects.create_user(f"u{number}@example.org")
        opened = open_dossier(at=now, user=user, couple=COMMON, people=(PERSON, {}))
        helps(opened.people[0], adviser, "France services", by=user, at=now)
    client, page = client_of(adviser), reverse("demarches:account")
    client.get(page)

    with django_assert_num_queries(8):
        told = client.get(page).content.decode()
    assert told.count("Vous aidez Camille Anne Lemoine") == count


def test_whoever_ends_their_help_twice_has_ended_it_once(
    draft: Dossier, alice: User, charlie: User, client_of: Callable[[User], Client]
) -> None:
    """Two taps without a script: the second finds the pages shut."""
    first = draft.partenaires.select_related("dossier", "user").get(position=1)
    helper = invite_helper(first, name="Ch", email=charlie.email, by=alice, at=timezone.now())
    accept_help(helper, charlie, at=timezone.now())
    client, page = client_of(charlie), reverse("pacs:helper", args=[draft.reference])

    answers = [client.post(page, {"fin": helper.pk}) for _ in range(2)]

    assert [one["Location"] for one in answers] == [reverse("demarches:account")] * 2
    stranger = client_of(User.objects.create_user("zoe@example.org"))
    assert stranger.post(page, {"fin": helper.pk}).status_code == 404
