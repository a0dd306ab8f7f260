"""Every kind of mail says the same in its two parts: the same links, days and words."""

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.template import Context, Template
from django.utils import timezone
from post_office.models import Email

from demarches.mail.emails import deliver_due, queue_mail
from demarches.mail.html import mail_html, schemes
from demarches.models import Mairie, User
from demarches.rules.mail_text import Part, quoted, read_mail
from pacs.models import Dossier
from tests.support.appointments import booked_seat
from tests.support.followups import make_demande, make_suivi
from tests.support.mailbox import Mailbox, html_of, text_of

TEMPLATES = Path(django_settings.BASE_DIR) / "templates"
KINDS = sorted(
    str(path.relative_to(TEMPLATES)).removesuffix(".subject.txt")
    for path in TEMPLATES.rglob("*.subject.txt")
)
SITE = "https://demarches.example"


class Page(HTMLParser):
    """The words of a page, its addresses, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.fetched: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._silent = tag in {"style", "title"}
        if tag == "a":
            self.addresses.append(str(found["href"]))
        style = found.get("style") or ""
        if tag in {"img", "link", "script", "iframe", "object"} or "src" in found:
            self.fetched.append(tag)
        if "url(" in style or "background" in found:
            self.fetched.append(style)

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += words_of(data)


def words_of(text: str) -> list[str]:
    """Words and addresses, without what only sets them out: list signs, the colon of a title."""
    text = re.sub(r"^(– |> ?)", "", text, flags=re.MULTILINE)
    return re.sub(r"[ \u00a0]:(?=\n|$)", "", text, flags=re.MULTILINE).split()


def context(dossier: Dossier, owner: User) -> dict[str, Any]:
    """Something for each variable of each mail."""
    at = timezone.now()
    suivi, demande = make_suivi(owner=owner), make_demande(owner, email=owner.email)
    demande.answer = "Venez avec une pièce.\nLe matin suffit."
    dossier.submitted_at = at
    appointment = booked_seat(dossier)
    appointment.held_until = at + timedelta(hours=24)
    addresses = (
        *("dossier_url", "booking_url", "calendar_url", "change_url", "join_url", "desk_url"),
        *("demande_url", "open_url", "choice_url", "suivi_url", "sign_in_url", "account_url"),
        *("staff_url", "link", "lost_url", "page_url"),
    )
    return {
        "site_url": SITE,
        "mairie": Mairie.objects.first(),
        "dossier": dossier,
        "appointment": appointment,
        "given_up": appointment,
        "suivi": suivi,
        "demande": demande,
        "to_bring": ["Votre pièce d’identité <original>", "L’acte & sa traduction"],
        "to_renew": True,
        "is_changeable": True,
        "must_attest": True,
        "reason": "L’officier est absent.",
        "late": [{"label": "Dossiers à vérifier", "count": 3}],
        "code": "1234 5678",
        "minutes": 10,
        "reminders_max": 2,
        "at": at,
        "answer_by": at,
        "kept_until": at,
        "deleted_on": at.date(),
        "by": "Lou d’Arc",
        "about": "Max",
        "what": "un rôle de plus",
        "name": "FranceConnect",
        "asked_at": at,
        "has_page": True,
        "kinds": ["votre situation", "votre adresse"],
        **{name: f"{SITE}/{name.replace('_', '-')}/?a=1&b=2" for name in addresses},
    }


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("secret", [False, True])
def test_both_parts_carry_the_same_links_days_and_words(
    kind: str, secret: bool, draft: Dossier, alice: User, mailbox: Mailbox
) -> None:
    given = context(draft, alice)
    Email.objects.all().delete()
    mail = queue_mail(to="a@exemple.fr", template=kind, context=given, key="1", secret=secret)
    kept = mail.html_message

    deliver_due()

    (received,) = mailbox.received
    text, html = text_of(received), html_of(received)
    page = Page()
    page.feed(html)
    assert page.words == words_of(str(received["Subject"])) + words_of(text)
    assert set(page.addresses) == set(re.findall(r"https?://\S+", text))
    assert page.fetched == []
    # Every link has its title, and nothing is written twice in the outbox.
    assert all(part.lines for part in read_mail(text) if part.kind == "link")
    assert kept == ""
    mail.refresh_from_db()
    assert mail.html_message == ""
    assert "&#x27;" not in text
    assert "&amp;" not in text


def test_there_are_kinds_to_check() -> None:
    assert len(KINDS) >= 40


def test_how_a_mail_is_read() -> None:
    text = """Bonjour,

mardi 8\u00a0décembre 2026 à 8\u00a0h
Mairie, 1 place

À apporter :

– une pièce
– un acte

Ouvrir le dossier :
https://a.example/x

    1234 5678

Une ligne.
Le plan :
https://a.example/y

La mairie
Ce message est automatique.
"""

    assert read_mail(text) == [
        Part("text", ("Bonjour,",)),
        Part("plaque", ("mardi 8\u00a0décembre 2026 à 8\u00a0h", "Mairie, 1 place")),
        Part("text", ("À apporter :",)),
        Part("list", ("une pièce", "un acte")),
        Part("link", ("Ouvrir le dossier",), "https://a.example/x", is_main=True),
        Part("code", ("1234 5678",)),
        Part("text", ("Une ligne.",)),
        Part("link", ("Le plan",), "https://a.example/y"),
        Part("foot", ("La mairie", "Ce message est automatique.")),
    ]
    assert read_mail("Bonjour") == [Part("text", ("Bonjour",))]
    assert read_mail("") == []


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3."""

    def light(colour: str) -> float:
        digits = colour.removeprefix("#")
        pairs = [c * 2 for c in digits] if len(digits) == 3 else re.findall("..", digits)
        parts = [int(pair, 16) / 255 for pair in pairs]
        r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_are_those_of_the_pages_and_can_be_read_by_day_and_by_night() -> None:
    for colours in schemes():
        assert contrast(colours["ink"], colours["surface"]) >= 7
        assert contrast(colours["muted"], colours["surface"]) >= 4.5
        assert contrast(colours["on_action"], colours["action"]) >= 4.5
        assert contrast(colours["action"], colours["surface"]) >= 4.5
    html = mail_html("Sujet", "Bonjour,\n\nOuvrir :\nhttps://a.example/")
    assert schemes()[0]["ground"] in html
    assert schemes()[1]["ground"] in html.partition("prefers-color-scheme: dark")[2]


@pytest.mark.parametrize(
    "written",
    [
        "mardi 15 décembre à 9 h\nà la mairie",
        "Autre chose.\n\nmardi 15 décembre à 9 h\n\nVoir ici :\nhttps://ailleurs.example/",
        "    1234 5678",
        "– rien\n– de plus",
        "> déjà cité",
        "",
    ],
)
def test_what_somebody_wrote_is_never_read_as_ours(written: str) -> None:
    text = f"Bonjour,\n\nMotif :\n{quoted(written)}\n\nVotre page :\n{SITE}/a/\n\nLa mairie"

    kinds = [(part.kind, part.address) for part in read_mail(text)]

    quote = [("quote", "")] if written else []
    assert kinds == [("text", ""), ("text", ""), *quote, ("link", f"{SITE}/a/"), ("foot", "")]


def test_what_people_wrote_is_text_in_both_parts() -> None:
    html = mail_html("Sujet", 'Bonjour <b>,\n\nhttps://a.example/"onclick="x\n\nfin')

    assert "<b>," not in html
    assert 'onclick="x' not in html


def test_a_name_with_an_apostrophe_is_written_as_it_is() -> None:
    """Found in the mails of agents: « d&#x27;Arc »."""
    path = TEMPLATES / "admin/staff/emails/rights.txt"
    at = datetime(2026, 11, 23, 9, tzinfo=timezone.get_current_timezone())

    text = Template(path.read_text()).render(Context({"by": "Lou d'Arc", "at": at}))

    assert "Lou d'Arc" in text
