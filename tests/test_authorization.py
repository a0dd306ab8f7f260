"""Who may open what: one line an address, over the whole URLconf.

An address without a line fails, and so does a line without an address. Every dossier page is
asked by its owner, the other partenaire, a stranger, an agent with and without the right, and
nobody; the status is stated for each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from PIL import Image

from demarches.models import User
from demarches.rules.reference import format_reference
from pacs.actions.pieces import add_file
from pacs.models import Dossier, PieceFile
from tests.support.followups import fixed, make_demande, make_suivi
from vitale.models import Demande, Suivi

OUR_NAMESPACES = ("pacs", "demarches")
#: Nobody to check: open to all, no personal datum.
PUBLIC = {
    "home",
    "styleguide",
    "legal-notice",
    "privacy",
    "accessibility",
    "terms",
    "site-map",
    "robots",
    "security-txt",
    "metrics",  # 404 without a token, 401 without the right one: test_metrics
    "csp-report",  # takes what browsers send by themselves, and shows nothing
    "favicon",
    "account_login",
    "account_signup",
    "account_request_login_code",
    "account_confirm_login_code",
    "account_logout",
    "demarches:health",
    "demarches:life",
    "demarches:sms-receipt",  # 404 without a token, 401 without the right one: test_texts
    "agenda-feed",  # a secret address, tested with the feed
    "demarches:mairie",
    "demarches:mairie-calendar",
    "demarches:mairie-card",
    "demarches:fiches",
    "demarches:fiche",
    "demarches:fiche-pdf",
    "demarches:courriels",  # 404 outside DEBUG, tested with the mails
    "demarches:courriel",
    "pacs:dossier-start",  # asks who is not signed in for an address
    "pacs:partner-leave",  # closes the session it comes from
    "pacs:partner-unlock",  # opens only from the session of a handed-over device
}
#: FranceConnect and ProConnect: 404 while off, who may do what tested in test_openid.
PUBLIC |= {
    f"{slug}-{page}"
    for slug in ("franceconnect", "proconnect")
    for page in ("start", "callback", "link", "leave", "left")
}
PUBLIC_PREFIXES = ("pacs:simulator", "pacs:guidance")
PUBLIC |= {
    "pacs:home",
    "pacs:how",
    "pacs:convention-explained",
    "pacs:effects",
    "pacs:blank-set",
    "pacs:rules-json",
    "pacs:how-we-decide",
    "pacs:outcome",
    "pacs:after-home",
    "pacs:after-keeper",
    "pacs:after-papers",
    "pacs:appointment-link",  # opens with a signed link and the letters of a name,
    "pacs:appointment-link-change",  # for one appointment alone; tested with them
    "pacs:appointment-link-move",
    "vitale:home",
    "vitale:router",
    "vitale:plan",
    "vitale:plan-sheet",
    "vitale:suivi-start",
    "vitale:aide-start",
    "vitale:codes-open",  # opens with a reference and a secret, tested with the follow-ups
    "vitale:codes-lost",  # one answer for every address, tested with them
    "vitale:suivi-way-in",  # opens with the signed link of a mail
    "vitale:codes-leave",
    "vitale:suivi-reminder-choice",  # opens with a signed link, for the reminders alone
}
#: Any signed-in person: shows only their own rows.
SIGNED_IN = {
    *("demarches:account", "demarches:address", "demarches:address-codes"),
    *("mine", "mine-close", "mine-delete", "mine-pdf", "mine-json"),
}


@dataclass(frozen=True)
class Line:
    """Expected statuses of a GET, by who asks; `first` opened the dossier, `second` joined."""

    first: int = 200
    second: int = 200
    kwargs: tuple[tuple[str, str], ...] = ()


POST_ONLY = Line(405, 405)
#: Pages that take no POST at all.
READ_ONLY = {
    "pacs:dossier",
    "pacs:dossier-outcome",
    "pacs:dossier-sent",
    "pacs:dossier-paper",
    "pacs:partner-invited",
    "pacs:appointment",
    "pacs:appointment-file",
}
#: Addresses of one dossier. Strangers and agents get 404, nobody is sent to sign in.
DOSSIER = {
    "pacs:dossier": Line(),
    "pacs:common-step": Line(second=302, kwargs=(("slug", "projet"),)),
    "pacs:own-step": Line(kwargs=(("slug", "acte"),)),
    "pacs:said": Line(302, 302),  # only after the simulator
    "pacs:dossier-outcome": Line(kwargs=(("slug", "minor"),)),
    "pacs:dossier-review": Line(),
    "pacs:dossier-correct": Line(302, 302),  # of a draft: there is the review
    "pacs:dossier-submit": POST_ONLY,
    "pacs:dossier-sent": Line(302, 302),
    "pacs:dossier-feedback": POST_ONLY,
    "pacs:dossier-resubmit": POST_ONLY,
    "pacs:dossier-keep": POST_ONLY,
    "pacs:dossier-stop": Line(),
    "pacs:dossier-pieces": Line(),
    "pacs:dossier-piece": Line(302, 404, kwargs=(("key", "1-P03_identite"),)),
    "pacs:piece-file": Line(200, 404, kwargs=(("pk", "FILE"),)),
    "pacs:piece-file-remove": Line(200, 404, kwargs=(("pk", "FILE"),)),
    "pacs:dossier-paper": Line(kwargs=(("slug", "pieces"),)),
    "pacs:dossier-convention": Line(),
    "pacs:appointment": Line(302, 302),
    "pacs:appointment-choose": Line(),
    "pacs:appointment-confirm": Line(302, 302),
    "pacs:appointment-cancel": Line(302, 302),
    "pacs:appointment-earlier": POST_ONLY,
    "pacs:appointment-refuse": POST_ONLY,
    "pacs:appointment-file": Line(404, 404),
    "pacs:partner-door": Line(second=404),
    "pacs:partner-invited": Line(302, 302),
    "pacs:partner-handover": Line(404, 404),
    "pacs:partner-join": Line(302, 302),
    "pacs:partner-quit": Line(first=302),
    "pacs:partner-confirm": Line(first=302),
    "pacs:partner-attest": Line(),
    "pacs:helper": Line(),
    "pacs:helper-join": Line(302, 302),
    "pacs:dossier-messages": Line(),
}


#: Follow-ups of the Carte Vitale, by what a GET answers their account or whoever gave the codes.
#: Everybody else, agents included, is sent to the page that asks for the codes.
CODED = {
    "vitale:suivi": 200,
    "vitale:suivi-step": 200,
    "vitale:suivi-route": 200,
    "vitale:suivi-reminders": 200,
    "vitale:suivi-codes": 200,
    "vitale:suivi-calendar": 200,
    "vitale:suivi-export": 200,
    "vitale:suivi-close": 405,
    "vitale:suivi-attach": 405,
    "vitale:suivi-delete": 200,
    "vitale:aide": 200,
    "vitale:aide-codes": 200,
    "vitale:aide-cancel": 405,
    "vitale:aide-meeting": 200,
    "vitale:aide-meeting-confirm": 405,
    "vitale:aide-meeting-give-up": 200,
    "vitale:aide-meeting-file": 200,
}

READ_ONLY_CODED = {"vitale:suivi-calendar", "vitale:suivi-export", "vitale:aide-meeting-file"}


def our_names(
    patterns: list[URLPattern | URLResolver], namespace: str = ""
) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = pattern.namespace or namespace
            if inner == "admin":
                continue  # staff only, tested with the desk
            yield from our_names(pattern.url_patterns, inner)
        else:
            prefix = f"{namespace}:" if namespace else ""
            yield f"{prefix}{pattern.name}", str(pattern.pattern)


def test_every_address_has_a_line() -> None:
    names = {name for name, _ in our_names(get_resolver().url_patterns)}

    known = PUBLIC | SIGNED_IN | set(DOSSIER) | set(CODED)

    assert {n for n in names if not n.startswith(PUBLIC_PREFIXES)} - known == set()
    assert (set(DOSSIER) | set(CODED)) - names == set()


@pytest.fixture
def stored(draft: Dossier) -> PieceFile:
    """A private file of the first partenaire: what could leak."""
    one, _ = draft.people
    picture = SimpleUploadedFile("carte.png", _png(), content_type="image/png")
    piece = draft.pieces.select_related("dossier").get(key="1-P03_identite")
    kept, _ = add_file(piece, picture, "carte.png", partenaire=one, at=timezone.now())
    return kept


def _png() -> bytes:
    from io import BytesIO  # noqa: PLC0415 -- only for this picture

    stream = BytesIO()
    Image.effect_noise((900, 600), 80).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("name", sorted(DOSSIER))
def test_each_page_of_a_dossier_is_for_its_people_only(
    name: str,
    draft: Dossier,
    stored: PieceFile,
    alice: User,
    bob: User,
    charlie: User,
    agent: User,
    agent_other: User,
    client_of: Callable[[User | None], Client],
) -> None:
    line = DOSSIER[name]
    kwargs = {key: stored.pk if value == "FILE" else value for key, value in line.kwargs}
    url = reverse(name, kwargs={"reference": draft.reference, **kwargs})
    stranger = 405 if line.first == 405 else 404

    statuses = {
        "first": client_of(alice).get(url).status_code,
        "second": client_of(bob).get(url).status_code,
        "stranger": client_of(charlie).get(url).status_code,
        "agent": client_of(agent).get(url).status_code,
        "agent_other": client_of(agent_other).get(url).status_code,
        "nobody": client_of(None).get(url).status_code,
    }

    assert statuses == {
        "first": line.first,
        "second": line.second,
        "stranger": stranger,
        # Whoever receives people is led to the desk, whatever the reference: the code of a
        # convocation holds this address.
        "agent": 302 if name == "pacs:dossier" else stranger,
        "agent_other": stranger,
        "nobody": 405 if line.first == 405 else 302,
    }


@pytest.mark.parametrize(
    "name", sorted(name for name in DOSSIER if name not in {"pacs:piece-file", "pacs:partner-join"})
)
def test_a_stranger_cannot_post(
    name: str,
    draft: Dossier,
    stored: PieceFile,
    charlie: User,
    client_of: Callable[[User | None], Client],
) -> None:
    line = DOSSIER[name]
    kwargs = {key: stored.pk if value == "FILE" else value for key, value in line.kwargs}
    url = reverse(name, kwargs={"reference": draft.reference, **kwargs})

    status = client_of(charlie).post(url).status_code

    assert status == (405 if name in READ_ONLY else 404)
    draft.refresh_from_db()
    assert (draft.status, PieceFile.objects.count()) == ("draft", 1)


@pytest.mark.parametrize("name", sorted(SIGNED_IN))
def test_personal_lists_ask_to_sign_in(
    name: str, draft: Dossier, charlie: User, client_of: Callable[[User | None], Client]
) -> None:
    assert client_of(None).get(reverse(name)).status_code == 302

    page = client_of(charlie).get(reverse(name), follow=True)

    assert page.status_code == 200
    # What stands in a PDF is read in tests/test_mine.py.
    assert draft.reference not in page.content.decode(errors="replace")


def coded_row(name: str, owner: User, agent: User) -> Demande | Suivi:
    """What this address needs: a request for help, with its appointment, or an aide-mémoire."""
    if "aide" not in name:
        return make_suivi(owner=owner)
    demande = make_demande(owner)
    return fixed(demande, by=agent, at=timezone.now()) if "meeting" in name else demande


@pytest.mark.parametrize("name", sorted(CODED))
def test_a_follow_up_is_for_its_account_and_whoever_has_its_codes(
    name: str,
    alice: User,
    charlie: User,
    agent: User,
    agent_other: User,
    client_of: Callable[[User | None], Client],
) -> None:
    row = coded_row(name, alice, agent)
    secret = row.renew_secret()
    kwargs = {"step": "commandee"} if name == "vitale:suivi-step" else {}
    url = reverse(name, kwargs={"reference": row.reference, **kwargs})
    with_codes = client_of(None)
    with_codes.post(reverse("vitale:codes-open"), {"reference": row.reference, "secret": secret})
    shut = 405 if CODED[name] == 405 else 302

    statuses = {
        "account": client_of(alice).get(url).status_code,
        "codes": with_codes.get(url).status_code,
        "stranger": client_of(charlie).get(url).status_code,
        "agent": client_of(agent).get(url).status_code,
        "agent_other": client_of(agent_other).get(url).status_code,
        "nobody": client_of(None).get(url).status_code,
    }

    assert statuses == {
        "account": CODED[name],
        "codes": CODED[name],
        **dict.fromkeys(("stranger", "agent", "agent_other", "nobody"), shut),
    }


@pytest.mark.parametrize("name", sorted(CODED))
def test_a_stranger_changes_no_follow_up(
    name: str, alice: User, charlie: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    row = coded_row(name, alice, agent)
    kwargs = {"step": "commandee"} if name == "vitale:suivi-step" else {}
    url = reverse(name, kwargs={"reference": row.reference, **kwargs})
    before = type(row).objects.filter(pk=row.pk).values().get()

    statuses = {client_of(who).post(url).status_code for who in (charlie, agent, None)}

    shut = 405 if name in {"vitale:suivi", "vitale:aide", *READ_ONLY_CODED} else 302
    assert statuses == {shut}
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_a_refusal_leaves_one_line_without_an_address_or_a_name(
    sent: Dossier,
    agent: User,
    charlie: User,
    client_of: Callable[[User | None], Client],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """ASVS 16.3.2: somebody tried what is not theirs; a row that is not there looks the same."""
    stranger, unknown = client_of(charlie), format_reference("PACS", 2026, 987_654)
    desk = reverse("admin:demarches_user_changelist")

    stranger.get(reverse("pacs:dossier", args=[sent.reference]))
    stranger.post(reverse("pacs:dossier-submit", args=[unknown]))
    client_of(agent).get(desk)
    stranger.get("/nulle-part/")
    client_of(sent.people[0].user).get(reverse("pacs:dossier", args=[sent.reference]))

    lines = [one.getMessage() for one in caplog.records if one.name == "uzes_portal.middleware"]
    assert lines == [
        f"refused status=404 view=pacs:dossier method=GET account={charlie.pk}",
        f"refused status=404 view=pacs:dossier-submit method=POST account={charlie.pk}",
        f"refused status=403 view=admin:demarches_user_changelist method=GET account={agent.pk}",
    ]
