"""Nothing is deleted in silence: announced two weeks before, and asked again under the lock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate
from post_office.models import Email

from demarches.models import Appointment, User
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import Status
from pacs.actions.dossiers import keep_dossier, open_dossier, write_message
from pacs.actions.refusals import ActionRefused
from pacs.actions.upkeep import (
    delete_if_due,
    late_today,
    purge_dossiers,
    purgeable,
    warn_of_deletion,
)
from pacs.models import Dossier
from pacs.pages.tracking import timeline
from pacs.reads.piles import pile_rules
from pacs.rules.retention import Retention, kept_until
from tests.support.appointments import booked_seat

DAY = timedelta(days=1)
FIGURES = Retention(draft=30 * DAY, inactive=92 * DAY, registered=183 * DAY)
#: Days of silence, or since the end, after which each status is due; None: never.
DUE_AFTER = {
    "draft": 30,
    "submitted": None,
    "under_review": None,
    "pieces_requested": 92,
    "complete": 92,
    "withdrawn": 92,
    "closed": 92,
    "inadmissible": 92,
}


def silent_since(dossier: Dossier, status: str, since: datetime) -> Dossier:
    """The dossier in this state, untouched (or ended) since that moment."""
    ended = Status(status) in {Status.WITHDRAWN, Status.CLOSED, Status.INADMISSIBLE}
    Dossier.objects.filter(pk=dossier.pk).update(
        status=status,
        last_activity_at=since,
        submitted_at=None if status == "draft" else since,
        completed_at=since if status == "complete" else None,
        ended_at=since if ended else None,
        inadmissible_ground="Un motif." if status == "inadmissible" else "",
    )
    return Dossier.objects.get(pk=dossier.pk)


@pytest.mark.parametrize(("status", "days"), DUE_AFTER.items())
def test_each_kind_is_announced_then_deleted_never_before(
    draft: Dossier, now: datetime, status: str, days: int | None
) -> None:
    silent_since(draft, status, now)
    after = (days or 400) * DAY + timedelta(hours=1)

    assert warn_of_deletion(at=now + after - 15 * DAY) == 0
    unannounced = purge_dossiers(at=now + after)
    warned = warn_of_deletion(at=now + after - 14 * DAY)
    early = purge_dossiers(at=now + after - DAY)
    done = purge_dossiers(at=now + after)

    assert (unannounced.drafts + unannounced.ended, early.drafts + early.ended) == (0, 0)
    assert (warned, done.drafts + done.ended) == ((0, 0) if days is None else (1, 1))
    assert Dossier.objects.count() == (1 if days is None else 0)


@pytest.mark.parametrize(("status", "days"), DUE_AFTER.items())
def test_the_day_told_is_the_day_asked_of_the_database(
    draft: Dossier, now: datetime, status: str, days: int | None
) -> None:
    dossier = silent_since(draft, status, now)

    until = kept_until(
        Status(status),
        last_activity_at=now,
        ended_at=dossier.ended_at,
        appointment_ends_at=None,
        figures=FIGURES,
    )

    assert until == (None if days is None else now + days * DAY)
    for at, due in ((now + 29 * DAY, 0), (now + 400 * DAY, 0 if days is None else 1)):
        assert sum(one.count() for one in purgeable(at=at)) == due


def booked_for(dossier: Dossier, ends_at: datetime, *, quiet_since: datetime) -> Dossier:
    """The dossier with an appointment that ends then, of which nothing is noted."""
    meeting = booked_seat(dossier, starts_at=ends_at - timedelta(minutes=30))
    Dossier.objects.filter(pk=dossier.pk).update(
        status="scheduled",
        last_activity_at=quiet_since,
        submitted_at=quiet_since,
        completed_at=quiet_since,
        appointment=meeting,
    )
    return Dossier.objects.get(pk=dossier.pk)


@pytest.mark.parametrize(
    ("quiet", "ends"), [(0, 30), (0, 400), (30, 10)], ids=["near", "far off", "seen since"]
)
def test_a_booked_dossier_is_kept_from_its_day_or_the_last_activity_and_not_for_ever(
    draft: Dossier, now: datetime, quiet: int, ends: int
) -> None:
    dossier = booked_for(draft, now + ends * DAY, quiet_since=now + quiet * DAY)
    until = now + (max(quiet, ends) + 92) * DAY

    assert dossier.kept_until == until
    for at, due in ((until - timedelta(hours=1), 0), (until + timedelta(hours=1), 1)):
        assert [one.count() for one in purgeable(at=at)] == [0, due]
    # An agent sees it as soon as its hour has passed, long before anything is deleted.
    late = pile_rules(User(is_superuser=True, is_staff=True), at=now + ends * DAY + DAY)["passes"]
    assert [one.pk for one in late.read()] == [dossier.pk]

    assert warn_of_deletion(at=until - 15 * DAY) == 0
    assert warn_of_deletion(at=until - 13 * DAY) == 1
    assert purge_dossiers(at=until).ended == 0
    assert purge_dossiers(at=until + 2 * DAY).ended == 1
    assert not Dossier.objects.exists()
    # The day stays in the calendar; nothing in it leads to the couple.
    assert Appointment.objects.get().holder == ""


def test_the_page_says_until_when_once_the_day_has_passed(draft: Dossier, now: datetime) -> None:
    dossier = booked_for(draft, now, quiet_since=now - DAY)

    told = [one.text for one in timeline(dossier, now=now + DAY) if one.state == "now"]
    before = [one.text for one in timeline(dossier, now=now - DAY) if one.state == "now"]

    assert day_fr(localdate(now + 92 * DAY)) in told[0]
    assert "effacé" not in before[0]


def test_both_are_told_by_mail_once_with_a_neutral_subject(
    draft: Dossier, now: datetime, alice: User, bob: User
) -> None:
    silent_since(draft, "complete", now - 80 * DAY)
    Email.objects.all().delete()

    assert [warn_of_deletion(at=now), warn_of_deletion(at=now)] == [1, 0]

    day = day_fr(localdate(now + 14 * DAY))
    mails = Email.objects.order_by("pk")
    assert [mail.to for mail in mails] == [[alice.email], [bob.email]]
    subjects = {mail.subject for mail in mails}
    assert subjects == {"Votre démarche d’état civil : dossier bientôt effacé"}
    assert all(day in mail.message for mail in mails)


def test_the_page_says_the_day_and_keeps_the_dossier_with_one_button(
    draft: Dossier, now: datetime, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    silent_since(draft, "draft", now - 20 * DAY)
    warn_of_deletion(at=now)
    client, line = client_of(alice), "Ce dossier sera effacé le"

    before = client.get(draft.get_absolute_url()).content.decode()
    client.post(reverse("pacs:dossier-keep", args=[draft.reference]))
    after = client.get(draft.get_absolute_url()).content.decode()

    assert (f"{line} {day_fr(localdate(now + 14 * DAY))}" in before, line in after) == (True, False)
    draft.refresh_from_db()
    assert draft.deletion_warned_at is None
    assert purge_dossiers(at=now + 15 * DAY).drafts == 0


def test_an_ended_dossier_says_the_day_too_and_cannot_be_kept(
    draft: Dossier, now: datetime, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    dossier = silent_since(draft, "withdrawn", now - 80 * DAY)
    warn_of_deletion(at=now)

    html = client_of(alice).get(dossier.get_absolute_url()).content.decode()

    assert "Ce dossier sera effacé le" in html
    assert "Garder ce dossier" not in html
    with pytest.raises(ActionRefused):
        keep_dossier(dossier.people[0], at=now, by=alice)


def test_any_activity_after_the_warning_keeps_it_and_a_new_warning_comes_first(
    draft: Dossier, now: datetime
) -> None:
    silent_since(draft, "complete", now - 80 * DAY)
    warn_of_deletion(at=now)
    write_message(
        Dossier.objects.get().people[0], body="Nous sommes là.", private=False, form_key="k", at=now
    )

    assert purge_dossiers(at=now + 91 * DAY).ended == 0
    assert purge_dossiers(at=now + 93 * DAY).ended == 0
    assert warn_of_deletion(at=now + 93 * DAY) == 1


def test_a_visit_between_the_list_and_the_lock_saves_the_dossier(
    draft: Dossier, now: datetime
) -> None:
    silent_since(draft, "draft", now - 31 * DAY)
    warn_of_deletion(at=now - 14 * DAY)
    listed = purge_dossiers(at=now, dry_run=True).drafts
    Dossier.objects.get(pk=draft.pk).touch(at=now)

    assert (listed, delete_if_due(draft.pk, at=now)) == (1, None)
    assert Dossier.objects.filter(pk=draft.pk).exists()


def test_two_purges_at_once_delete_once(draft: Dossier, now: datetime) -> None:
    silent_since(draft, "draft", now - 31 * DAY)
    warn_of_deletion(at=now - 14 * DAY)

    assert [delete_if_due(draft.pk, at=now), delete_if_due(draft.pk, at=now)] == [0, None]


def test_people_without_an_address_are_shown_to_the_desk(
    reference_data: None, agent: User, now: datetime
) -> None:
    dossier = open_dossier(at=now - 20 * DAY, agent=agent)

    assert warn_of_deletion(at=now) == 1

    assert [mail.email for mail in dossier.mails.filter(kind="deletion_warning")] == [None, None]
    assert {late.label: late.count for late in late_today(at=now)} == {
        "Dossiers bientôt effacés, sans adresse pour prévenir": 1
    }


def test_the_daily_job_says_what_it_did(draft: Dossier, now: datetime) -> None:
    silent_since(draft, "draft", now - 40 * DAY)
    told = []
    for dry_run in (True, False, False):
        out = StringIO()
        call_command("purge_dossiers", dry_run=dry_run, stdout=out)
        told.append(out.getvalue().strip())

    nothing = (
        "0 brouillon, 0 dossier fini ou sans nouvelles, 0 fichier,"
        " 0 fichier de dossiers enregistrés."
    )
    assert told == [
        f"À prévenir : 1 dossier. À effacer : {nothing}",
        f"Prévenus : 1 dossier. Effacés : {nothing}",
        f"Prévenus : 0 dossier. Effacés : {nothing}",
    ]
