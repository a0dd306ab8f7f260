"""Mails that residents make leave: limited by sender, reader and day; nobody is kept out."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.mail.emails import mail_text
from demarches.models import RateCounter, User
from demarches.rules.read import FIELD
from pacs import emails
from pacs.models import Dossier, Partenaire
from tests.support.followups import make_suivi
from vitale.models import Demande, Reason, Suivi

pytestmark = pytest.mark.django_db
ROOT = Path(django_settings.BASE_DIR)
ADDRESS = "camille@exemple.fr"


def limits(settings: Any, **scopes: tuple[int, int]) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10_000, 600)) | scopes


def from_place(rank: int) -> Client:
    return Client(REMOTE_ADDR=f"203.0.113.{rank}")


def ask(browser: Client, email: str = ADDRESS) -> int:
    return browser.post(reverse("account_login"), {"email": email}).status_code


def resend(browser: Client) -> Any:
    return browser.post(reverse("account_confirm_login_code"), {"action": "resend"}, follow=True)


# Codes: each place uses up its own


def test_one_place_asks_for_few_codes_of_one_address(settings: Any) -> None:
    limits(settings, sign_in_email=(3, 3600))
    stranger = from_place(1)

    answers = [ask(stranger, typed) for typed in (ADDRESS, " Camille@exemple.FR ") * 3]

    assert answers == [302, 302, 302, 429, 429, 429]
    assert Email.objects.count() == 3


def test_a_stranger_keeps_nobody_out(settings: Any) -> None:
    limits(settings, sign_in_email=(3, 3600))
    for _ in range(8):
        ask(from_place(1))

    assert ask(from_place(2)) == 302


def test_the_day_is_limited_as_well(settings: Any) -> None:
    limits(settings, sign_in_email_day=(4, 86_400))
    answers = [ask(from_place(1)) for _ in range(5)]

    assert answers == [302] * 4 + [429]


def test_many_places_together_flood_nobody_and_keep_nobody_out(settings: Any) -> None:
    limits(settings, sign_in_target=(4, 86_400), sign_in_target_share=(1, 86_400))
    for rank in range(1, 5):
        ask(from_place(rank))

    again = [ask(from_place(rank)) for rank in range(1, 5)]

    assert again == [429] * 4
    # The resident, from a place that asked for nothing yet.
    assert ask(from_place(9)) == 302


def test_new_codes_count_and_the_last_one_stays_valid(settings: Any) -> None:
    limits(settings, sign_in_email=(2, 3600))
    browser = from_place(1)
    ask(browser)
    resend(browser)

    page = resend(browser)

    assert Email.objects.count() == 2
    assert "le dernier reste valable" in page.content.decode()
    code = mail_text(Email.objects.latest("pk")).split("    ")[1].split("\n")[0]
    browser.post(reverse("account_confirm_login_code"), {"action": "verify", "code": code})
    assert "_auth_user_id" in browser.session


def test_known_and_unknown_addresses_are_limited_alike(settings: Any) -> None:
    limits(settings, sign_in_email=(1, 3600))
    User.objects.create_user(ADDRESS)

    answers = [
        (ask(from_place(1), email), ask(from_place(1), email)) for email in (ADDRESS, "x@y.fr")
    ]

    assert answers == [(302, 429)] * 2


# Mails to others


def post(browser: Client, url: str, data: dict[str, Any], *, page: str = "") -> Any:
    """Send the form of a page, with what the page showed when it was opened."""
    html = browser.get(page or url).content.decode()
    read = re.search(rf'name="{FIELD}" value="([^"]*)"', html)
    assert read is not None
    return browser.post(url, {**data, FIELD: read[1]})


def invite(browser: Client, dossier: Dossier, email: str) -> Any:
    url = reverse("pacs:partner-door", args=[dossier.reference])
    return post(browser, url, {"door": "own", "email": email, "from_empty": "on"})


@pytest.fixture(autouse=True)
def empty_outbox(request: pytest.FixtureRequest) -> None:
    """Making a dossier has written mails."""
    for name in ("draft", "sent"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    Email.objects.all().delete()


@pytest.fixture
def alone(draft: Dossier) -> Dossier:
    """A draft whose second partenaire is not there yet."""
    draft.partenaires.filter(position=2).update(user=None, door="", private_code="")
    return draft


def test_a_fresh_account_is_no_cannon(
    alone: Dossier, alice: User, client_of: Callable[[User | None], Client], settings: Any
) -> None:
    limits(settings, mail_sender=(3, 86_400))
    browser = client_of(alice)

    pages = [invite(browser, alone, f"inconnu{rank}@exemple.fr") for rank in range(5)]

    assert [page.status_code for page in pages] == [302, 302, 302, 422, 422]
    assert Email.objects.exclude(to=alice.email).count() == 3
    html = pages[-1].content.decode()
    assert (
        "Vous avez fait partir beaucoup de mails depuis hier. Rien n’est parti. Réessayez à" in html
    )
    assert 'value="inconnu4@exemple.fr"' in html
    # Nothing else was written either.
    assert Partenaire.objects.get(dossier=alone, position=2).invited_email == "inconnu2@exemple.fr"


def test_one_reader_gets_few_mails_from_one_sender(
    alone: Dossier, alice: User, client_of: Callable[[User | None], Client], settings: Any
) -> None:
    limits(settings, mail_pair=(2, 86_400))

    codes = [invite(client_of(alice), alone, "b@exemple.fr").status_code for _ in range(4)]

    assert codes == [302, 302, 422, 422]


def test_one_reader_gets_few_mails_from_all_strangers(reference_data: None, settings: Any) -> None:
    limits(settings, mail_target=(2, 86_400))

    pages = [from_place(rank).post(reverse("vitale:aide-start"), aide(rank)) for rank in range(4)]

    assert [page.status_code for page in pages] == [302, 302, 422, 422]
    assert (Email.objects.count(), Demande.objects.count()) == (2, 2)
    assert "Cette adresse a déjà reçu plusieurs de nos mails" in pages[-1].content.decode()


def aide(rank: int) -> dict[str, Any]:
    key = "abcdefghijklmnopqrstuvwxyzabcde" + "abcdefgh"[rank]
    reason = Reason.objects.all()[0].pk
    return {"reason": reason, "regime": "cpam", "email": ADDRESS, "form_key": key}


def test_reminders_ask_an_unknown_address_a_few_times_only(
    alice: User, client_of: Any, settings: Any, reference_data: None
) -> None:
    limits(settings, mail_target=(2, 86_400))
    rows = [make_suivi(owner=alice) for _ in range(3)]

    pages = [
        post(
            client_of(alice),
            reverse("vitale:suivi-reminders", args=[row.reference]),
            {"email": ADDRESS},
        )
        for row in rows
    ]

    assert [page.status_code for page in pages] == [302, 302, 422]
    assert Email.objects.count() == 2
    assert Suivi.objects.filter(reminder_email=ADDRESS).count() == 2


def test_a_comment_over_the_limit_is_kept_on_the_page(
    draft: Dossier, bob: User, client_of: Callable[[User | None], Client], settings: Any
) -> None:
    limits(settings, mail_pair=(1, 86_400))
    url = reverse("pacs:partner-confirm", args=[draft.reference])

    pages = [
        post(client_of(bob), url, {"agrees": "non", "comment": f"Le numéro est le {rank}."})
        for rank in (12, 14)
    ]

    assert [page.status_code for page in pages] == [302, 422]
    assert "Le numéro est le 14." in pages[1].content.decode()
    assert Email.objects.exclude(to=bob.email).count() == 1


def test_what_no_form_shows_is_a_page_that_says_when(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client], settings: Any
) -> None:
    limits(settings, mail_sender=(0, 86_400))
    page = post(
        client_of(alice),
        reverse("pacs:dossier-submit", args=[draft.reference]),
        {},
        page=reverse("pacs:dossier-review", args=[draft.reference]),
    )

    draft.refresh_from_db()
    assert (page.status_code, draft.status, Email.objects.count()) == (429, "draft", 0)
    assert "Vous avez fait partir beaucoup de mails depuis hier." in page.content.decode()
    assert int(page["Retry-After"]) > 86_000


def test_agents_and_rounds_are_not_counted(sent: Dossier, settings: Any) -> None:
    limits(settings, mail_sender=(0, 1), mail_pair=(0, 1), mail_target=(0, 1))

    emails.deletion_warning(sent, at=timezone.now())

    assert Email.objects.count() == 2
    assert RateCounter.objects.count() == 0


#: Who makes each mail leave. « cold »: to an address that the sender typed; « people »: to the
#: partenaires of a dossier or to whoever left the address, counted by sender and by reader;
#: « desk »: agents and the portal's rounds alone.
CAUSES = {
    "pacs": {
        **dict.fromkeys(("invitation", "helper_invitation"), "cold"),
        **dict.fromkeys(
            (
                *("invitation_declined", "part_completed", "comment_received", "acknowledgement"),
                *("answers_received", "attestation_ended", "appointment_booked"),
                *("appointment_moved", "appointment_cancelled", "dossier_stopped"),
                "partner_left",
            ),
            "people",
        ),
        **dict.fromkeys(
            (
                *("invitation_expired", "pieces_requested", "correction_decided"),
                *("dossier_complete", "appointment_missed", "appointment_reminder"),
                *("earlier_offer", "registered", "opposable", "dossier_inadmissible"),
                *("deletion_warning", "message_from_mairie", "changed_by_mairie"),
                *("dossier_assigned", "dossier_followed", "part_reminder"),
            ),
            "desk",
        ),
    },
    "vitale": {
        "confirm_reminders": "cold",
        "ways_in": "code",
        "aide_received": "cold",
        **dict.fromkeys(("meeting_booked", "meeting_cancelled", "meeting_given_up"), "people"),
        **dict.fromkeys(
            (
                *("reminder", "suivi_deletion", "aide_answered", "aide_deletion"),
                *("meeting_proposed", "meeting_closed", "meeting_reminder", "meeting_missed"),
            ),
            "desk",
        ),
    },
}
#: Where `queue_mail` is called: each is counted by it, but for the codes, counted by their page.
CALLERS = {
    "demarches/accounts/adapter.py": {"code"},
    "demarches/accounts/address_change.py": {"code", "counted"},
    "demarches/accounts/asked_again.py": {"code"},
    "demarches/dossiers/deletion.py": {"counted"},
    "demarches/accounts/devices.py": {"counted"},
    "demarches/oidc/links.py": {"counted"},
    "demarches/mail/staff_mails.py": {"counted"},
    "pacs/emails.py": {"counted"},
    "pacs/actions/upkeep.py": {"counted"},
    "vitale/emails.py": {"code", "counted"},
}


@pytest.mark.parametrize("app", sorted(CAUSES))
def test_every_mail_has_a_cause_and_the_limit_that_goes_with_it(app: str) -> None:
    tree = ast.parse((ROOT / app / "emails.py").read_text(encoding="utf-8"))
    mails = {
        node.name: "is_cold=True" in ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and getattr(node.returns, "value", "") is None
    }

    assert set(mails) == set(CAUSES[app])
    assert {name for name, is_cold in mails.items() if is_cold} == {
        name for name, cause in CAUSES[app].items() if cause == "cold"
    }


def test_every_caller_of_the_outbox_is_counted() -> None:
    found: dict[str, set[str]] = {}
    for app in ("demarches", "pacs", "vitale", "uzes_portal"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "queue_mail":
                    words = {word.arg for word in node.keywords}
                    kind = "code" if "is_code" in words else "counted"
                    found.setdefault(path.relative_to(ROOT).as_posix(), set()).add(kind)

    assert found == CALLERS
