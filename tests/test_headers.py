"""The headers of every answer: a table over every address, by who asks and how it ends."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.conf import settings as portal_settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from pytest_django import Settings

from demarches.files.integrity import integrity_of
from demarches.models import User
from pacs.models import Door, Dossier, Partenaire
from pacs.reads.access import GUEST_SESSION_KEY
from tests.support.followups import make_suivi
from tests.support.portal import ROOT
from tests.support.present import the
from uzes_portal.checks import packages_astray
from uzes_portal.headers import CLEARED, STRICT_POLICY, ways_in
from uzes_portal.security_txt import VALID_FOR, security_text
from uzes_portal.urls import urlpatterns as portal_patterns

REFERENCE = "PACS-2026-000001-L"
#: A value for each sort of part of an address; what it finds does not matter.
SAMPLES: dict[str, Any] = {
    "int": 1,
    "num": 1,
    "slug": "inconnu",
    "str": "inconnu",
    "path": "1",
    "uuid": UUID(int=0),
    "ref": REFERENCE,
    "fiche": "F1027",
}


def every_address(
    patterns: list[URLPattern | URLResolver] | None = None, before: str = ""
) -> Iterator[str]:
    """Each address of the URLconf, the admin's included, with something in each of its parts."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        written = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from every_address(pattern.url_patterns, before + written)
            continue
        address = re.sub(r"<(?:(\w+):)?\w+>", _sample, before + written)
        # The admin writes its last ones as regular expressions.
        yield "/" + re.sub(r"\(\?P<\w+>.*?\)|[\^$()]|\\Z", "", address)


def _sample(part: re.Match[str]) -> str:
    return str(SAMPLES[part[1] or "str"])


#: For everybody's programs: the rules of the PACS, without a word about anybody.
OPEN_DATA = {reverse("pacs:rules-json")}
ADDRESSES = sorted(set(every_address()))


#: What stands in a script element and is no script.
DATA = ("application/json", "application/ld+json")


class Scripts(HTMLParser):
    """The scripts of a page that have no nonce; data that a browser never runs aside."""

    def __init__(self) -> None:
        super().__init__()
        self.bare: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        is_data = found.get("type") in DATA
        if tag == "script" and not is_data and not found.get("nonce"):
            self.bare.append(attrs)


def faults(response: Any) -> list[str]:
    """What is wrong with the headers of an answer."""
    policy = dict(
        directive.strip().partition(" ")[::2]
        for directive in response.get("Content-Security-Policy", "").split(";")
    )
    kind = response.get("Content-Type", "")
    wanted = {
        "policy": policy.get("default-src") == "'none'",
        "frames": policy.get("frame-ancestors") == "'none'",
        "unsafe": not any("unsafe" in source or "*" in source for source in policy.values()),
        "own scripts": "'self'" not in policy.get("script-src", ""),
        "corp": response.get("Cross-Origin-Resource-Policy") == "same-origin",
        "nosniff": response.get("X-Content-Type-Options") == "nosniff",
        "referrer": response.get("Referrer-Policy") == "same-origin",
        "permissions": "geolocation=()" in response.get("Permissions-Policy", ""),
        "charset": "charset=" in kind or not kind.startswith("text/"),
        "hsts": "includeSubDomains" in response.get("Strict-Transport-Security", ""),
        "no other origin": "Access-Control-Allow-Origin" not in response
        or response.request["PATH_INFO"] in OPEN_DATA,
    }
    if kind.startswith("text/html"):
        scripts = Scripts()
        scripts.feed(response.content.decode())
        wanted |= {
            "coop": response.get("Cross-Origin-Opener-Policy") == "same-origin",
            "coep": response.get("Cross-Origin-Embedder-Policy") == "require-corp",
            "report": policy.get("report-to") == "csp" and policy.get("report-uri") == REPORTS,
            "endpoint": response.get("Reporting-Endpoints") == f'csp="{REPORTS}"',
            "nonces": scripts.bare == [],
        }
        if "sandbox" in policy:  # an answer without a page of ours
            del wanted["report"]
    return [name for name, is_right in wanted.items() if not is_right]


REPORTS = reverse("csp-report")


@pytest.fixture
def chief(reference_data: None) -> User:
    """Holds every right, so that each page of the desk opens."""
    user = User.objects.create_user(
        "chef@example.org", full_name="Lou Roux", is_staff=True, is_superuser=True
    )
    user.groups.add(Group.objects.get(name="officier"))
    return user


@pytest.mark.parametrize("who", ["nobody", "citizen", "agent"])
def test_every_address_by_who_asks(
    who: str,
    reference_data: None,
    alice: User,
    chief: User,
    client_of: Callable[[User | None], Client],
) -> None:
    client = client_of({"nobody": None, "citizen": alice, "agent": chief}[who])
    client.raise_request_exception = False

    answers = [(address, client.get(address, secure=True)) for address in ADDRESSES]

    assert {address: wrong for address, answer in answers if (wrong := faults(answer))} == {}
    assert {200, 302, 404, 405} <= {answer.status_code for _, answer in answers}


def test_every_address_refused(reference_data: None) -> None:
    """Sent without a token (403), by a method nobody takes (405), to a host that is not ours."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    answers = [
        (address, answer)
        for address in ADDRESSES
        for answer in (
            client.post(address, secure=True),
            client.delete(address, secure=True),
            client.get(address, secure=True, headers={"host": "elsewhere.example"}),
        )
    ]

    assert {address: wrong for address, answer in answers if (wrong := faults(answer))} == {}
    assert {400, 403, 405} <= {answer.status_code for _, answer in answers}


def test_no_post_passes_without_its_token(reference_data: None) -> None:
    """None at all, one invented, one of another browser: 403 everywhere, whoever asks."""
    other = Client()
    other.get(reverse("account_login"), secure=True)
    foreign = other.cookies[portal_settings.CSRF_COOKIE_NAME].value
    client = Client(enforce_csrf_checks=True)
    client.get(reverse("account_login"), secure=True)
    exempt = {REPORTS}

    passed = [
        (address, token)
        for address in ADDRESSES
        if address not in exempt
        for token in ("", "x" * 64, foreign)
        if client.post(address, {"csrfmiddlewaretoken": token}, secure=True).status_code
        not in {403, 404, 405}
    ]

    assert passed == []


def test_too_many_and_too_large(db: None, settings: Settings) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (0, 600))
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    client = Client()

    often = client.post(reverse("account_login"), {}, secure=True)
    large = client.post(reverse("account_login"), "x" * 11, "application/x", secure=True)

    assert (often.status_code, faults(often)) == (429, [])
    assert faults(large) == []


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


#: The portal's own addresses, and one behind which something breaks.
urlpatterns = [path("panne/", broken), *portal_patterns]


def test_a_breakdown(db: None, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__

    answer = Client(raise_request_exception=False).get("/panne/", secure=True)

    assert (answer.status_code, faults(answer)) == (500, [])


def test_the_redirection_to_https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    answer = Client().get("/")

    assert answer.status_code == 301
    # Over plain HTTP, browsers ignore HSTS: it comes with the answer that follows.
    assert faults(answer) == ["hsts"]


@pytest.mark.parametrize("name", ["css/a.css", "js/a.js", "img/a.svg", "a.pdf"])
def test_static_files(name: str, tmp_path: Path, settings: Settings, db: None) -> None:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    client = Client()

    whole = client.get(f"/static/{name}", secure=True)
    whole.close()
    kept = client.get(
        f"/static/{name}",
        secure=True,
        headers={"if-none-match": whole.get("ETag", "")}
        if "ETag" in whole
        else {"if-modified-since": whole["Last-Modified"]},
    )
    refused = client.post(f"/static/{name}", secure=True)
    kept.close()
    refused.close()

    assert (whole.status_code, kept.status_code, refused.status_code) == (200, 304, 405)
    assert [faults(answer) for answer in (whole, kept, refused)] == [[], [], []]
    assert whole["Content-Security-Policy"] == STRICT_POLICY


@pytest.mark.parametrize(
    "address", ["/static/nothing.css", "/static/", "/static/css/", "/.git/config", "/.env"]
)
def test_what_is_not_served_is_not_found(address: str, db: None) -> None:
    answer = Client().get(address, secure=True)

    assert (answer.status_code, faults(answer)) == (404, [])


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PUT", "DELETE", "PROPFIND"])
def test_a_method_that_no_browser_sends_is_refused(method: str) -> None:
    answer = Client().generic(method, "/agents/", secure=True)

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert "Cette façon de demander" in answer.content.decode()
    assert faults(answer) == []


def test_a_pdf(reference_data: None) -> None:
    answer = Client().get(reverse("pacs:blank-set"), secure=True)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert faults(answer) == []


def test_scripts_of_our_templates_carry_the_nonce() -> None:
    """Without it a browser runs nothing: `script-src` names no origin, ours included."""
    bare = [
        f"{file.relative_to(ROOT)}: {tag}"
        for file in (ROOT / "templates").rglob("*.html")
        for tag in re.findall(r"<script\b(?:[^>{]|{[%{].*?[%}]})*>", file.read_text("utf-8"))
        if "csp_nonce" not in tag and not any(f'type="{kind}"' in tag for kind in DATA)
    ]

    assert bare == []


def test_data_of_our_templates_asks_for_no_nonce() -> None:
    """It needs none (`e2e/test_pages.py`), and a page that has one is offered to no proxy."""
    data = [
        tag
        for file in (ROOT / "templates").rglob("*.html")
        for tag in re.findall(r"<script\b(?:[^>{]|{[%{].*?[%}]})*>", file.read_text("utf-8"))
        if any(f'type="{kind}"' in tag for kind in DATA)
    ]

    assert data
    assert [tag for tag in data if "nonce" in tag] == []


def test_a_page_says_what_its_script_must_be(db: None) -> None:
    page = Client().get("/pacs/pieces/", secure=True).content.decode()

    assert f'integrity="{integrity_of("js/uzes.js")}"' in page
    assert integrity_of("js/uzes.js").startswith("sha384-")
    assert integrity_of("js/nothing.js") == ""


# The ways out


def signed_in(client: Client, user: User) -> None:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")


def enter(client: Client, who: str, alice: User, chief: User) -> None:
    """Let somebody in, by each way there is."""
    if who == "citizen":
        signed_in(client, alice)
    elif who == "agent":
        signed_in(client, chief)
    elif who == "second partenaire":
        session = client.session
        session[GUEST_SESSION_KEY] = {"partenaire": 1, "until": 0}
        session.save()
        client.cookies[portal_settings.SESSION_COOKIE_NAME] = the(session.session_key)
    else:
        suivi = make_suivi(owner=None)
        codes = {"reference": suivi.reference, "secret": suivi.renew_secret()}
        client.post(reverse("vitale:codes-open"), codes)
    assert ways_in(client.session) != {}


#: The addresses that let somebody out; a new one must be added here, and is then covered.
WAYS_OUT = {
    "citizen": {"account_logout", "pacs:partner-leave"},
    "agent": {"account_logout", "pacs:partner-leave", "admin:logout", "admin:sign_in_again"},
    "second partenaire": {"pacs:partner-leave"},
    "codes": {"pacs:partner-leave", "vitale:codes-leave"},
}


@pytest.mark.parametrize("who", WAYS_OUT)
def test_every_way_out_empties_the_browser(
    who: str, reference_data: None, alice: User, chief: User
) -> None:
    """Each address of the URLconf is sent a form: those that ended something, and no other."""
    client = Client(raise_request_exception=False)
    ended, cleared = set(), set()
    for address in ADDRESSES:
        if not ways_in(client.session):
            enter(client, who, alice, chief)
        before = ways_in(client.session)
        answer = client.post(address)
        if before.items() - ways_in(client.session).items():
            ended.add(address)
        if answer.get("Clear-Site-Data") == CLEARED:
            cleared.add(address)

    assert cleared == ended
    assert ended == {reverse(name) for name in WAYS_OUT[who]}


def test_a_device_that_is_handed_over_is_emptied(draft: Dossier, alice: User) -> None:
    second = draft.people[1]
    Partenaire.objects.filter(pk=second.pk).update(door=Door.SAME_DEVICE, user=None)
    client = Client()
    signed_in(client, alice)

    answer = client.post(reverse("pacs:partner-handover", args=[draft.reference]))

    assert (answer.status_code, answer.get("Clear-Site-Data")) == (302, CLEARED)


def test_a_session_that_ended_elsewhere_is_emptied_here(chief: User) -> None:
    """A new password ends every session that the old one opened."""
    client = Client()
    signed_in(client, chief)
    chief.set_password("a-new-password-of-the-chief")
    chief.save(update_fields=["password"])

    assert client.get(reverse("admin:index")).get("Clear-Site-Data") == CLEARED


def test_coming_in_empties_nothing(alice: User, reference_data: None) -> None:
    client = Client()
    enter(client, "codes", alice, alice)

    assert "Clear-Site-Data" not in client.get("/")


# What browsers report


def report(client: Client, sent: Any, kind: str = "application/csp-report") -> int:
    body = sent if isinstance(sent, str) else json.dumps(sent)
    return int(client.post(REPORTS, body, content_type=kind).status_code)


def violation(page: str, directive: str = "script-src-elem") -> dict[str, Any]:
    return {"csp-report": {"document-uri": page, "effective-directive": directive}}


def test_a_report_says_the_directive_and_the_page_and_nothing_else(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    page = f"https://testserver/pacs/{REFERENCE}/messages/?nom=Lemoine#alice@example.org"
    newer = {
        "type": "csp-violation",
        "body": {"documentURL": page, "effectiveDirective": "img-src"},
    }
    client = Client()

    assert report(client, violation(page)) == 204
    assert report(client, [newer], "application/reports+json") == 204

    assert [record.getMessage() for record in caplog.records] == [
        "csp_violation directive=script-src-elem page=pacs/<ref:reference>/messages/",
        "csp_violation directive=img-src page=pacs/<ref:reference>/messages/",
    ]


@pytest.mark.parametrize(
    "sent",
    [
        violation("https://x/alice@example.org/", "alice@example.org\n2026 forged line"),
        violation("\0http://[", ""),
        {"csp-report": {"document-uri": 12, "effective-directive": ["a"]}},
    ],
)
def test_no_word_of_a_report_is_written_down(
    sent: Any, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert report(Client(), sent) == 204

    assert [record.getMessage() for record in caplog.records] == [
        "csp_violation directive=other page=unknown"
    ]


def test_a_report_is_bounded(db: None, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    many = [{"body": {"documentURL": "/", "effectiveDirective": "img-src"}}] * 200

    assert report(client, many[:60], "application/reports+json") == 204
    assert len(caplog.records) == 10
    caplog.clear()
    assert report(client, "x" * 20_000) == 413
    assert report(client, "[" * 16_000) == 400
    assert report(client, "{") == 400
    assert report(client, b"\xff".decode("latin-1")) == 400
    assert report(client, "[]", "text/plain") == 415
    assert report(client, ["a", {"body": "b"}]) == 204
    assert [record for record in caplog.records if "csp_violation" in record.getMessage()] == []


def test_reports_are_limited(db: None, settings: Settings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "csp_report": (2, 600)}
    client = Client()

    assert [report(client, violation("/")) for _ in range(3)] == [204, 204, 429]


# security.txt


@pytest.mark.parametrize("day", [1, 60, 365, 4000])
def test_security_txt_never_ends_and_never_lasts_a_year(day: int, db: None) -> None:
    at = datetime(2026, 1, 1, 13, tzinfo=UTC) + timedelta(days=day)
    with time_machine.travel(at, tick=False):
        answer = Client().get("/.well-known/security.txt")

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    expires = re.findall(r"^Expires: (.+)$", answer.content.decode(), re.MULTILINE)
    assert [at < datetime.fromisoformat(day) < at + timedelta(days=365) for day in expires] == [
        True
    ]


def test_security_txt_names_the_contact_and_its_own_address(db: None, settings: Settings) -> None:
    settings.SECURITY_CONTACT = "mailto:securite@uzes.example"
    settings.SITE_URL = "https://demarches.uzes.example"

    lines = Client().get("/.well-known/security.txt").content.decode().splitlines()

    assert [line for line in lines if not line.startswith("Expires")] == [
        "Contact: mailto:securite@uzes.example",
        "Preferred-Languages: fr, en",
        "Canonical: https://demarches.uzes.example/.well-known/security.txt",
    ]


def test_security_txt_without_a_contact_shows_where_the_mairie_is(
    db: None, settings: Settings
) -> None:
    settings.SECURITY_CONTACT = ""
    settings.SITE_URL = "https://demarches.uzes.example"

    text = Client().get("/.well-known/security.txt").content.decode()

    assert "Contact: https://demarches.uzes.example/mairie/\n" in text


def test_a_day_in_security_txt_is_written_as_its_rfc_asks() -> None:
    at = datetime(2026, 11, 26, 16, 5, tzinfo=UTC)

    text = security_text(contact="mailto:a@b.example", canonical="https://b.example/", at=at)

    assert f"Expires: {(at + VALID_FOR):%Y-%m-%d}T00:00:00Z\n" in text


# What `manage.py check` says


def _ids() -> set[str]:
    return {str(message.id) for message in run_checks(include_deployment_checks=True)}


@pytest.mark.parametrize("contact", ["", "securite@uzes.example", "http://uzes.example"])
def test_check_warns_of_a_contact_nobody_can_follow(
    contact: str, settings: Settings, db: None
) -> None:
    settings.SECURITY_CONTACT = contact

    assert "portal.W001" in _ids()


@pytest.mark.parametrize("contact", ["mailto:a@uzes.example", "https://uzes.example/alerte"])
def test_check_is_content_with_a_contact(contact: str, settings: Settings, db: None) -> None:
    settings.SECURITY_CONTACT = contact

    assert "portal.W001" not in _ids()


def test_what_is_installed_is_what_was_pinned() -> None:
    assert packages_astray(ROOT / "requirements.txt") == []


def test_check_tells_what_is_astray(tmp_path: Path, settings: Settings, db: None) -> None:
    (tmp_path / "requirements.txt").write_text(
        "django==0.1 \\\n    --hash=sha256:0\nno-such-package==1.0\n"
    )
    settings.BASE_DIR = tmp_path

    [warning] = [one for one in run_checks() if one.id == "portal.W002"]

    assert "instead of 0.1, no-such-package none instead of 1.0" in warning.msg
