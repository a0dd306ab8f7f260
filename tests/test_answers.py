"""Whatever a POST says, it is answered by a redirection: Back and Reload never send it again.

`tests/conftest.py` follows it as a browser does; here, the redirection itself is looked at.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import django
import polib
import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.db import DatabaseError
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from demarches.models import User
from demarches.steps import kept_answers
from demarches.steps.forms import PageFormMixin
from demarches.steps.kept_answers import MOST_PAGES, KeptAnswer
from pacs.models import Dossier
from pacs.reads.appointment_links import change_token
from tests.support.appointments import booked_seat, make_complete
from tests.support.dossiers import make_dossier
from tests.support.followups import fixed, make_demande, make_suivi
from tests.support.pages import answered
from tests.support.present import found
from tests.test_authorization import CODED, DOSSIER, PUBLIC, SIGNED_IN, our_names
from uzes_portal.answers import PARAMETER, answers

IBAN = "FR76 3000 6000 0112 3456 7890 189"


def kept_rows() -> int:
    return sum(len(one.session_key) == 2 * kept_answers.HALF for one in Session.objects.all())


@pytest.fixture
def alice_in(alice: User, draft: Dossier, client_of: Callable[[User], Client]) -> Client:
    return client_of(alice)


@pytest.fixture
def messages_url(draft: Dossier) -> str:
    return reverse("pacs:dossier-messages", args=[draft.reference])


def test_a_refused_form_leads_to_the_page_that_shows_it_again(
    alice_in: Client, messages_url: str
) -> None:
    page = alice_in.post(f"{messages_url}?retour=verifier", {"body": f"Mon compte : {IBAN}"})

    where = urlsplit(answered(page)["Location"])
    assert (answered(page).status_code, where.path) == (303, messages_url)
    assert re.fullmatch(rf"retour=verifier&{PARAMETER}=[a-z]{{20}}", where.query)
    assert where.fragment == "a-lire"
    assert page.status_code == 422
    html = page.content.decode()
    assert "<title>Erreur" in html
    assert html.count('id="a-lire" tabindex="-1" data-uzes-focus') == 1
    assert IBAN in html
    assert "no-store" in page["Cache-Control"]
    # Read as often as one likes, by this browser, with a nonce of its own each time.
    again = alice_in.get(answered(page)["Location"])
    assert again.status_code == 422
    assert IBAN in again.content.decode()
    nonce = found(r"nonce-([\w+/=-]+)", again["Content-Security-Policy"])[1]
    assert f'nonce="{nonce}"' in again.content.decode()
    assert nonce not in html


def test_the_page_waits_sealed_for_an_hour(
    alice_in: Client, bob: User, messages_url: str, client_of: Callable[[User], Client]
) -> None:
    page = alice_in.post(messages_url, {"body": f"Mon compte : {IBAN}"})
    where = answered(page)["Location"]
    row = Session.objects.order_by("-expire_date").get(session_key__endswith=where[-27:-7])

    assert IBAN not in str(row.get_decoded())
    assert "compte" not in str(row.get_decoded())
    assert row.expire_date <= timezone.now() + timedelta(hours=1)
    assert IBAN not in where
    # Not to the other partenaire, nor to nobody.
    assert IBAN not in client_of(bob).get(where).content.decode()
    assert Client().get(where).status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        fresh = alice_in.get(where)
        assert fresh.status_code == 200
        assert IBAN not in fresh.content.decode()
        alice_in.post(messages_url, {"body": ""})
        assert not Session.objects.filter(pk=row.pk).exists()


def test_two_tabs_do_not_mix(alice_in: Client, messages_url: str) -> None:
    one = answered(alice_in.post(messages_url, {"body": "", "private": "on"}))["Location"]
    two = answered(alice_in.post(messages_url, {"body": f"Deux {IBAN}"}))["Location"]

    assert "Deux" not in alice_in.get(one).content.decode()
    assert "Deux" in alice_in.get(two).content.decode()


@pytest.mark.parametrize("told_by", ["address", "referer"])
def test_what_was_sent_well_shows_no_error_any_more(
    alice_in: Client, messages_url: str, told_by: str
) -> None:
    form = alice_in.get(messages_url).context["form"]
    sent = {"body": "Bonjour", "form_key": form["form_key"].value()}
    where = answered(alice_in.post(messages_url, sent | {"body": ""}))["Location"]

    if told_by == "address":
        answer = alice_in.post(where, sent)
    else:
        answer = alice_in.post(messages_url, sent, headers={"referer": f"http://testserver{where}"})

    assert answer.status_code == 302
    back = alice_in.get(where)
    assert back.status_code == 200
    assert "Erreur" not in back.content.decode()
    assert kept_rows() == 0


def test_a_new_refusal_takes_the_place_of_the_one_before(
    alice_in: Client, messages_url: str
) -> None:
    where = answered(alice_in.post(messages_url, {"body": ""}))["Location"]

    alice_in.post(where, {"body": ""})

    assert kept_rows() == 1
    assert alice_in.get(where).status_code == 200


def test_a_session_keeps_so_many_pages(alice_in: Client, messages_url: str) -> None:
    first, *_, last = (
        answered(alice_in.post(messages_url, {"body": ""}))["Location"]
        for _ in range(MOST_PAGES + 2)
    )

    assert kept_rows() == MOST_PAGES
    assert [alice_in.get(first).status_code, alice_in.get(last).status_code] == [200, 422]


def test_whoever_leaves_takes_their_pages_away(alice_in: Client, messages_url: str) -> None:
    where = answered(alice_in.post(messages_url, {"body": ""}))["Location"]

    alice_in.post(reverse("account_logout"))

    assert kept_rows() == 0
    assert alice_in.get(where)["Location"].startswith(reverse("account_login"))


def test_a_right_that_ended_opens_nothing(alice_in: Client, messages_url: str, alice: User) -> None:
    where = answered(alice_in.post(messages_url, {"body": ""}))["Location"]

    alice.is_active = False
    alice.save(update_fields=["is_active"])

    assert alice_in.get(where).status_code == 302


def test_nobody_signed_in_gets_their_page_too(reference_data: None) -> None:
    nobody = Client()

    page = nobody.post(reverse("account_login"), {"email": "alice@"})

    assert answered(page).status_code == 303
    assert 'value="alice@"' in page.content.decode()
    assert "alice" not in answered(page)["Location"]
    assert 'value="alice@"' not in Client().get(answered(page)["Location"]).content.decode()


def test_a_wrong_code_counts_once_and_is_shown_by_a_get(client: Client, alice: User) -> None:
    client.post(reverse("account_login"), {"email": alice.email})

    page = client.post(reverse("account_confirm_login_code"), {"code": "12345678"})
    for _ in range(6):
        again = client.get(answered(page)["Location"])

    assert "Il vous reste 4 essais." in again.content.decode()
    right = client.post(reverse("account_confirm_login_code"), {"code": "12345678"})
    assert "Il vous reste 3 essais." in right.content.decode()


def test_another_address_does_not_show_it(
    alice_in: Client, messages_url: str, draft: Dossier
) -> None:
    where = answered(alice_in.post(messages_url, {"body": f"{IBAN}"}))["Location"]

    elsewhere = alice_in.get(f"{draft.get_absolute_url()}?{urlsplit(where).query}")

    assert IBAN not in elsewhere.content.decode()


@pytest.mark.parametrize("token", ["", "a" * 20, "A" * 20, "é", "\0", "a" * 5000, "%' OR 1"])
def test_a_token_of_nobody_shows_the_page_as_it_is(
    alice_in: Client, messages_url: str, token: str
) -> None:
    assert alice_in.get(messages_url, {PARAMETER: token}).status_code == 200


def test_a_nul_is_refused_on_the_page(alice_in: Client, messages_url: str) -> None:
    page = alice_in.post(messages_url, {"body": "Bon\0jour"})

    assert (answered(page).status_code, page.status_code) == (303, 422)


def test_a_page_too_long_and_a_store_that_fails_answer_at_once(
    alice_in: Client, messages_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any) -> str:
        raise DatabaseError

    monkeypatch.setattr(KeptAnswer, "keep", fails)
    unkept = alice_in.post(messages_url, {"body": f"{IBAN}"})
    monkeypatch.undo()
    monkeypatch.setattr("uzes_portal.answers.LONGEST_PAGE", 10)
    long = alice_in.post(messages_url, {"body": f"{IBAN}"})

    assert [unkept.status_code, long.status_code] == [422, 422]
    assert IBAN in unkept.content.decode()
    assert kept_rows() == 0


def test_the_tables_name_addresses_that_are() -> None:
    told = answers()
    names = told.at_once.keys() | told.shown_at.keys() | set(told.shown_at.values()) | told.doors
    known = {
        f"{space}:{name}" if space else name
        for space, patterns in {
            "": get_resolver(),
            **{key: one[1] for key, one in get_resolver().namespace_dict.items()},
        }.items()
        for name in patterns.reverse_dict
        if isinstance(name, str)
    }

    assert names - known <= {
        f"{slug}-{page}" for slug in ("franceconnect", "proconnect") for page in ("start", "leave")
    }


# Every address that takes a POST, sent nonsense by its owner

#: What no form expects: nothing that can be read, nothing that was read.
NONSENSE = {
    **dict.fromkeys(("email", "letters", "reference", "secret", "code", "body"), "\0"),
    **dict.fromkeys(("creneau", "choice", "door", "clear", "regime", "done_on", "lu"), "x"),
}
#: Show again what was sent, or what changed meanwhile, by the redirection.
SHOW_AGAIN = {
    *("account_login", "account_signup", "account_request_login_code"),  # one address
    "demarches:address",
    "mine-delete",
    "pacs:after-papers",
    "pacs:appointment-cancel",
    "pacs:appointment-choose",
    "pacs:appointment-confirm",
    "pacs:appointment-earlier",
    "pacs:appointment-link",
    "pacs:appointment-refuse",
    "pacs:common-step",
    "pacs:dossier-convention",
    "pacs:dossier-feedback",
    "pacs:dossier-messages",
    "pacs:dossier-resubmit",
    "pacs:dossier-review",
    "pacs:dossier-stop",
    "pacs:helper",
    "pacs:partner-quit",
    "pacs:dossier-submit",
    "pacs:own-step",
    "pacs:partner-attest",
    "pacs:partner-confirm",
    "pacs:partner-door",
    "vitale:aide-cancel",
    "vitale:aide-meeting",
    "vitale:aide-meeting-confirm",
    "vitale:aide-meeting-give-up",
    "vitale:aide-start",
    "vitale:codes-open",
    "vitale:codes-lost",
    "vitale:suivi-close",
    "vitale:suivi-delete",
    "vitale:suivi-reminders",
    "vitale:suivi-route",
    "vitale:suivi-start",
    "vitale:suivi-step",
}


@pytest.fixture
def addresses(
    reference_data: None, alice: User, bob: User, charlie: User, agent: User
) -> list[tuple[str, str]]:
    """Every address of residents, with its name; those of a dossier, as a draft and complete."""
    complete = make_complete(make_dossier(alice, charlie), agent, at=timezone.now())
    complete.appointment, complete.status = booked_seat(complete), "scheduled"
    complete.save(update_fields=["appointment", "status"])
    draft = make_dossier(alice, bob)
    demande = fixed(make_demande(alice), by=agent, at=timezone.now())
    suivi = make_suivi(owner=alice)
    token = change_token(complete.appointment, complete.people[0])
    known: dict[str, Any] = {
        "slug": "dissoudre",
        "token": token,
        "secret": "x",
        "code": "F1",
        "pk": 1,
    }
    found = []
    for name, pattern in our_names(get_resolver().url_patterns):
        if name in {"favicon", "styleguide"}:
            continue
        if name in DOSSIER:
            for dossier in (draft, complete):
                kwargs = {"reference": dossier.reference, **dict(DOSSIER[name].kwargs)}
                kwargs |= {"pk": "1"} if "pk" in kwargs else {}
                found.append((name, reverse(name, kwargs=kwargs)))
        elif name in CODED:
            row = demande if "aide" in name else suivi
            kwargs = {"step": "commandee"} if name == "vitale:suivi-step" else {}
            found.append((name, reverse(name, kwargs={**kwargs, "reference": row.reference})))
        elif name in PUBLIC | SIGNED_IN:
            words = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
            kwargs = {word: known[word] for word in words if word in known}
            if "reference" not in words:
                found.append((name, reverse(name, kwargs=kwargs)))
    return found


def test_every_post_leads_on(addresses: list[tuple[str, str]], alice: User, bob: User) -> None:
    """What answers with a page by itself is a refusal to go back from, or is listed."""
    shown_again, at_once, dangling = set(), {}, set()
    for name, url in addresses:
        # Nobody is in where one signs in, and a session of its own for each: one of them ends it.
        for user in (None, alice, bob) if name.startswith("pacs:partner-") else (None, alice):
            client = Client()
            if user is not None:
                client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            page = client.post(url, NONSENSE)
            html = page.content.decode(errors="replace")
            if answered := getattr(page, "answered", None):
                assert answered.status_code == 303
                assert page.status_code in {200, 409, 422}, (name, page.status_code)
                shown_again.add(name)
                if "error-summary-title" in html:
                    links = re.findall(r'<li><a href="#([\w-]+)">', html)
                    assert links, name
                    assert "<title>Erreur" in html
                    dangling |= {(name, one) for one in links if f'id="{one}"' not in html}
            elif page.status_code not in {301, 302, 303, 307, 400, 403, 404, 405, 429}:
                at_once[name] = page.status_code

    assert shown_again == SHOW_AGAIN
    assert dangling == set()
    assert set(at_once) <= answers().at_once.keys() | {"csp-report"}


# What the framework says by itself


def form_classes(base: type[Any] = PageFormMixin) -> set[type[Any]]:
    found = {one for one in base.__subclasses__() if not one.__module__.startswith("tests")}
    return found.union(*(form_classes(one) for one in found)) if found else found


def test_no_sentence_of_the_framework_is_left() -> None:
    """« Ce champ est obligatoire. » says neither what to do nor of what."""
    path = f"{django.__path__[0]}/conf/locale/fr/LC_MESSAGES/django.mo"
    theirs = {one.msgstr for one in polib.mofile(path) if one.msgstr.endswith(".")}
    get_resolver().url_patterns  # noqa: B018 -- imports every view with its forms
    left = set()

    for form in form_classes():
        for name, field in getattr(form, "base_fields", {}).items():
            said = [*field.error_messages.values()]
            said += [getattr(one, "message", "") for one in field.validators]
            left |= {(form.__name__, name, str(one)) for one in said if str(one) in theirs}

    assert len(form_classes()) > 25
    assert left == set()


def test_the_lengths_are_said_plainly() -> None:
    told = []
    for refuses, text in ((MaxLengthValidator(3), "abcd"), (MinLengthValidator(6), "abc")):
        with pytest.raises(ValidationError) as refused:
            refuses(text)
        told += refused.value.messages

    assert told == [
        "C’est trop long : 3 signes au plus, il y en a 4.",
        "C’est trop court : au moins 6 signes.",
    ]
