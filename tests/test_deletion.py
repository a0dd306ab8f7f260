"""« Faire effacer mes données »: what is kept and until when, the request, and its answer."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import STATUS, Email

from demarches.dossiers.deletion import ask_deletion, handle_deletion, is_named, take_deletion_back
from demarches.dossiers.mine import kept_of
from demarches.mail.emails import mail_text
from demarches.models import Agenda, Appointment, DeletionRequest, User
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import AppointmentStatus, DeletionStatus
from demarches.rules.read import imprint
from pacs.actions.dossiers import write_message
from pacs.models import Dossier, Partenaire
from tests.support.dossiers import make_dossier
from tests.support.followups import make_demande, make_suivi
from uzes_portal.deletion import deletion_shown

NOW = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Paris"))
QUERIES = 10
#: What a page without a dossier shows.
NOTHING = {"page": "supprimer"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def administrator(reference_data: None) -> User:
    user = User.objects.create_user("admin@example.org", full_name="Ada Roy", is_staff=True)
    user.groups.add(Group.objects.get(name="administrateur"))
    return user


def read_page(client: Client) -> tuple[str, str]:
    """The page, and the mark it carries."""
    html = client.get(reverse("mine-delete")).content.decode()
    mark = re.search(r'name="lu" value="([^"]*)"', html)
    assert mark
    return html, mark[1]


def press(client: Client, verb: str, lu: str) -> Any:
    return client.post(reverse("mine-delete"), {"verb": verb, "lu": lu})


def ask(account: User) -> DeletionRequest:
    account.deletion_requests.waiting().delete()
    return DeletionRequest.objects.create(account=account, asked_at=timezone.now())


def test_the_page_says_what_is_kept_until_when_and_how_to_end_it(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    demande, suivi = make_demande(alice, at=NOW), make_suivi(owner=alice)

    html, _ = read_page(client_of(alice))

    kept = draft.kept_until
    assert kept is not None
    for day in (timezone.localdate(kept), demande.kept_until, suivi.kept_until):
        assert f"Gardé jusqu’au {day_fr(day)}" in html
    for name, one in (("pacs:dossier-stop", draft), ("vitale:suivi-delete", suivi)):
        assert reverse(name, args=[one.reference]) in html


def test_what_goes_on_has_no_day(
    sent: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    html, _ = read_page(client_of(alice))

    assert "Gardé tant que la démarche dure." in html


@pytest.mark.parametrize("months", [2, 3])
def test_the_day_said_of_a_request_for_help_is_that_of_the_purge(
    months: int, alice: User, reference_data: None
) -> None:
    """The property and the queryset answer the same question."""
    demande = make_demande(alice, at=NOW)
    type(demande).objects.filter(pk=demande.pk).update(
        status="withdrawn", ended_at=NOW, last_activity_at=NOW
    )
    demande.refresh_from_db()
    later = NOW + timedelta(days=31 * months)

    forgotten = type(demande).objects.forgotten(at=later).filter(pk=demande.pk).exists()

    assert forgotten is (later.date() > demande.kept_until)


@pytest.mark.parametrize("days", [-30, 10, 300])
def test_a_request_for_help_is_kept_from_its_appointment_if_that_is_later(
    days: int, alice: User, reference_data: None
) -> None:
    demande = make_demande(alice, at=NOW)
    start = NOW + timedelta(days=days)
    meeting = Appointment.objects.create(
        agenda=Agenda.objects.get(slug="pacs"),
        starts_at=start,
        ends_at=start + timedelta(minutes=30),
        seat=1,
        capacity=1,
        status=AppointmentStatus.BOOKED.value,
        holder=demande.reference,
        created_at=NOW,
    )
    type(demande).objects.filter(pk=demande.pk).update(last_activity_at=NOW, appointment=meeting)
    demande.refresh_from_db()
    last = demande.kept_until

    for day, due in ((last - timedelta(days=1), False), (last + timedelta(days=1), True)):
        at = NOW.replace(year=day.year, month=day.month, day=day.day)
        assert type(demande).objects.forgotten(at=at).exists() is due
    assert last >= timezone.localdate(max(NOW, meeting.ends_at)) + timedelta(days=365)


def test_asking_twice_is_one_request_and_it_can_be_taken_back(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    html, lu = read_page(client)
    assert "Demander l’effacement" in html

    answers = [press(client, "demander", lu) for _ in range(2)]

    assert [one.status_code for one in answers] == [302, 302]
    assert DeletionRequest.objects.get().account == alice
    html, lu = read_page(client)
    assert "Vous avez demandé l’effacement le 23" in html.replace("\u00a0", " ")
    assert "Demander l’effacement</button>" not in html
    press(client, "annuler", lu)
    assert not DeletionRequest.objects.exists()
    assert (
        "n’y avait plus de demande"
        in client_of(alice)
        .post(reverse("mine-delete"), {"verb": "annuler"}, follow=True)
        .content.decode()
    )


def test_what_changed_since_the_page_was_read_is_shown_first(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    _, lu = read_page(client)
    make_suivi(owner=alice)

    changed, unread = press(client, "demander", lu), press(client, "demander", "")

    assert (changed.status_code, unread.status_code) == (409, 409)
    assert "Relire ce qui est gardé" in changed.content.decode()
    assert not DeletionRequest.objects.exists()


def test_an_agent_has_no_such_page(agent: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(agent)

    assert client.get(reverse("mine-delete")).status_code == 404
    assert press(client, "demander", "").status_code == 404
    assert reverse("mine-delete") not in client.get(reverse("mine")).content.decode()


def test_the_database_refuses_a_second_waiting_request_and_a_refusal_without_a_reason(
    alice: User, agent: User
) -> None:
    ask(alice)
    wrong: list[dict[str, Any]] = [
        {"status": "asked"},
        {"status": "done"},
        {"status": "refused", "handled_by": agent, "handled_at": NOW},
        {"status": "done", "handled_by": agent, "handled_at": NOW, "reason": "Non."},
    ]
    for values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            DeletionRequest.objects.create(account=alice, asked_at=NOW, **values)


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [
        ("done", "", "Ce qui pouvait l’être est effacé."),
        ("refused", "Une enquête est en cours.", "ne peut pas tout"),
    ],
)
def test_the_desk_answers_once_and_the_person_is_told(
    status: str,
    reason: str,
    told: str,
    alice: User,
    administrator: User,
    client_of: Callable[[User], Client],
) -> None:
    row = ask(alice)
    desk = client_of(administrator)
    url = reverse("admin:demarches_deletionrequest_change", args=[row.pk])
    assert desk.get(url).status_code == 200

    first = desk.post(url, {"status": status, "reason": reason})
    again = desk.post(url, {"status": "done", "reason": ""})

    row.refresh_from_db()
    assert (first.status_code, again.status_code) == (302, 403)
    assert (row.status, row.reason, row.handled_by) == (status, reason, administrator)
    mail = Email.objects.get()
    assert (mail.to, mail.subject) == ([alice.email], "Votre demande à la mairie : une réponse")
    assert told in mail.message
    assert not reason or reason not in mail.message
    page = client_of(alice).get(reverse("mine-delete")).content.decode()
    assert reason in page
    assert "cnil.fr" in page
    assert "Recevoir le code</button>" in page


def test_a_refusal_says_why(
    alice: User, administrator: User, client_of: Callable[[User], Client]
) -> None:
    row = ask(alice)
    url = reverse("admin:demarches_deletionrequest_change", args=[row.pk])

    answer = client_of(administrator).post(url, {"status": "refused", "reason": " "})

    row.refresh_from_db()
    assert "Un refus dit pourquoi" in answer.content.decode()
    assert (row.status, Email.objects.count()) == ("asked", 0)
    with pytest.raises(ValidationError):
        handle_deletion(row, DeletionStatus.REFUSED, reason=" ", by=administrator, at=NOW)


def test_nobody_is_told_that_it_is_done_while_something_goes_on(
    draft: Dossier, alice: User, administrator: User, client_of: Callable[[User], Client]
) -> None:
    shown = deletion_shown(kept_of(alice))
    row = ask_deletion(alice, shown=shown, read=imprint(shown), at=NOW)
    Email.objects.all().delete()
    url = reverse("admin:demarches_deletionrequest_change", args=[row.pk])

    answer = client_of(administrator).post(url, {"status": "done", "reason": "Inutile."})

    page = answer.content.decode()
    assert f"Tout n’est pas effacé : {draft.reference}." in page
    assert "elle va avec un refus" in page
    row.refresh_from_db()
    assert (row.status, Email.objects.count()) == ("asked", 0)
    with pytest.raises(ValidationError, match=draft.reference):
        handle_deletion(row, DeletionStatus.DONE, reason="", by=administrator, at=NOW)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_dossier_and_for_three(
    count: int,
    reference_data: None,
    alice: User,
    client_of: Callable[[User], Client],
    django_assert_num_queries: Any,
) -> None:
    for number in range(count):
        two = (User.objects.create_user(f"{who}{number}@example.org") for who in "xy")
        make_dossier(*two).partenaires.filter(position=1).update(user=alice)
    client = client_of(alice)
    client.get(reverse("mine-delete"))

    with django_assert_num_queries(QUERIES):
        client.get(reverse("mine-delete"))


def test_a_request_taken_back_is_not_answered(alice: User, administrator: User) -> None:
    row = ask(alice)
    take_deletion_back(alice)

    with pytest.raises(ValidationError, match="n’attend plus"):
        handle_deletion(row, DeletionStatus.DONE, reason="", by=administrator, at=NOW)

    assert Email.objects.count() == 0


def test_whoever_was_answered_may_ask_again(alice: User, administrator: User) -> None:
    handle_deletion(ask(alice), DeletionStatus.DONE, reason="", by=administrator, at=NOW)

    ask_deletion(alice, shown=NOTHING, read=imprint(NOTHING), at=NOW)

    assert list(alice.deletion_requests.values_list("status", flat=True)) == ["asked", "done"]


# Agents are told


def test_agents_who_may_answer_are_told_once_a_day_without_a_name(
    alice: User, administrator: User, agent: User, client_of: Callable[[User], Client]
) -> None:
    make_demande(alice, at=NOW)
    Email.objects.all().delete()
    client = client_of(alice)

    for verb in ("demander", "annuler", "demander"):
        press(client, verb, read_page(client)[1])

    mail = Email.objects.get()
    assert (mail.to, mail.subject) == ([administrator.email], "Une demande attend au bureau")
    assert alice.email not in mail.message
    assert "au plus tard le 23" in mail.message.replace("\u00a0", " ")


def test_the_desk_says_that_a_request_waits_to_whoever_may_answer(
    alice: User, administrator: User, agent: User, client_of: Callable[[User], Client]
) -> None:
    ask(alice)

    pages = [
        client_of(one).get(reverse("admin:index")).content.decode()
        for one in (administrator, agent)
    ]

    assert ["1 demande d’effacement attend une réponse" in page for page in pages] == [True, False]
    assert alice.email not in pages[0]


# What is kept of it


def test_answers_leave_after_a_year_and_what_waits_stays(
    alice: User, bob: User, administrator: User, clock: time_machine.Traveller
) -> None:
    handle_deletion(ask(alice), DeletionStatus.DONE, reason="", by=administrator, at=NOW)
    waiting = ask(bob)
    User.objects.update(last_login=NOW)

    for days in (364, 2):
        clock.shift(timedelta(days=days))
        call_command("purge_accounts", "--dry-run")
        assert DeletionRequest.objects.count() == 2
        call_command("purge_accounts")
        if days == 364:
            assert DeletionRequest.objects.count() == 2

    assert list(DeletionRequest.objects.all()) == [waiting]


def test_mails_that_belong_to_no_dossier_leave_after_thirty_days(
    sent: Dossier, alice: User, administrator: User, clock: time_machine.Traveller
) -> None:
    handle_deletion(ask(alice), DeletionStatus.REFUSED, reason="En cours", by=administrator, at=NOW)
    Email.objects.update(status=STATUS.sent)
    of_dossier = set(sent.mails.values_list("email", flat=True))
    assert of_dossier

    for days in (29, 2):
        clock.shift(timedelta(days=days))
        before = set(Email.objects.values_list("pk", flat=True))
        call_command("purge_accounts")

    assert before > of_dossier
    assert set(Email.objects.values_list("pk", flat=True)) == of_dossier


def test_a_request_is_in_the_copy_without_the_agent(
    alice: User, administrator: User, client_of: Callable[[User], Client]
) -> None:
    reason = "Une enquête est en cours."
    handle_deletion(ask(alice), DeletionStatus.REFUSED, reason=reason, by=administrator, at=NOW)

    told = client_of(alice).get(reverse("mine-json")).json()["demarches"]

    assert [one["reference"] for one in told] == [alice.email]
    assert told[0]["contenu"][0]["reason"] == reason
    assert administrator.full_name not in str(told)


# Closing the account at once


def ask_code(client: Client) -> str:
    """The code that was mailed, after pressing the button of the page."""
    answer = client.post(reverse("mine-close"), {"verb": "code"})
    assert answer["Location"] == reverse("mine-close")
    code = re.search(r"\d{4} \d{4}", mail_text(Email.objects.latest("pk")))
    assert code
    return code[0]


def close_lu(client: Client) -> str:
    mark = re.search(
        r'name="lu" value="([^"]*)"', client.get(reverse("mine-close")).content.decode()
    )
    assert mark
    return mark[1]


def test_whoever_has_nothing_to_keep_closes_the_account_at_once(
    alice: User, reference_data: None, client_of: Callable[[User], Client]
) -> None:
    suivi, client = make_suivi(owner=alice), client_of(alice)
    other = client_of(alice)
    html = client.get(reverse("mine-delete")).content.decode()
    assert "Recevoir le code</button>" in html
    code = ask_code(client)

    closed = client.post(reverse("mine-close"), {"code": code, "lu": close_lu(client)})

    assert (closed.status_code, closed["Location"]) == (302, reverse("home"))
    assert "Votre compte est fermé" in client.get(reverse("home")).content.decode()
    assert closed["Clear-Site-Data"] == '"cache", "storage"'
    assert not User.objects.filter(pk=alice.pk).exists()
    assert not type(suivi).objects.exists()
    assert not Email.objects.exists()
    for browser in (client, other):
        assert browser.get(reverse("mine")).status_code == 302


def test_an_open_session_alone_closes_nothing(
    alice: User, reference_data: None, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    assert client.post(reverse("mine-close"), {"code": "1234 5678"})["Location"] == reverse(
        "mine-delete"
    )
    code, lu = ask_code(client), close_lu(client)
    wrong = "0000 0000" if code != "0000 0000" else "1111 1111"

    tried = [client.post(reverse("mine-close"), {"code": wrong, "lu": lu}) for _ in range(5)]
    late = client.post(reverse("mine-close"), {"code": code, "lu": lu})

    assert [one.status_code for one in tried] == [422] * 4 + [302]
    assert late["Location"] == reverse("mine-delete")
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_code_lives_ten_minutes_and_in_its_browser_alone(
    alice: User,
    reference_data: None,
    client_of: Callable[[User], Client],
    clock: time_machine.Traveller,
) -> None:
    client, other = client_of(alice), client_of(alice)
    code = ask_code(client)
    lu = close_lu(client)

    elsewhere = other.post(reverse("mine-close"), {"code": code, "lu": lu})
    clock.shift(timedelta(minutes=11))
    late = client.post(reverse("mine-close"), {"code": code, "lu": lu})

    assert [one["Location"] for one in (elsewhere, late)] == [reverse("mine-delete")] * 2
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize("what", ["dossier", "demande"])
def test_what_the_mairie_uses_keeps_the_account(
    what: str, alice: User, bob: User, reference_data: None, client_of: Callable[[User], Client]
) -> None:
    if what == "dossier":
        make_dossier(alice, bob, at=NOW)
    else:
        make_demande(alice, at=NOW)
    client = client_of(alice)

    html, _ = read_page(client)
    answer = client.post(reverse("mine-close"), {"verb": "code"})

    assert ("Recevoir le code" in html, "Demander l’effacement</button>" in html) == (False, True)
    assert answer["Location"] == reverse("mine-delete")
    assert not Email.objects.filter(subject="Votre code pour confirmer").exists()


def test_a_step_opened_meanwhile_keeps_the_account(
    alice: User, reference_data: None, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    code, lu = ask_code(client), close_lu(client)
    make_suivi(owner=alice)

    answer = client.post(reverse("mine-close"), {"code": code, "lu": lu})

    assert (answer.status_code, User.objects.filter(pk=alice.pk).exists()) == (409, True)


def test_somebody_whose_message_others_keep_is_named(
    draft: Dossier, alice: User, charlie: User
) -> None:
    """A former partenaire has no dossier any more, but what they wrote stays in it."""
    first = Partenaire.objects.select_related("dossier").get(dossier=draft, position=1)
    write_message(first, body="Bonjour.", private=False, form_key="k", at=NOW)

    assert (is_named(alice), is_named(charlie)) == (True, False)
