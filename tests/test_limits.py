"""How often each address may be asked: one line an address, over the whole URLconf.

An address without a line fails, and so does a line without an address. A costly one is asked by
every method it takes, until it answers 429; a cheap one says why it needs no limit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from demarches.models import RateCounter, User
from pacs.models import Dossier
from tests.support.followups import fixed, make_demande, make_suivi
from tests.test_architecture import ROOT, SOURCES

READING = ("GET", "HEAD")
SENDING = ("POST",)


@dataclass(frozen=True)
class Costly:
    """Which methods count; `kwargs` and `query` complete the address."""

    counted: tuple[str, ...]
    kwargs: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)


PAGE = "a page of text, a few queries"
ROW = "one row of a person who is signed in or gave the codes, a few queries"
SIMULATOR = {"adresse": "ici"}
PLAN = {"situation": "perte", "regime": "cpam", "perte": "ligne"}
PAPER = {"slug": "pieces"}

OPENID: dict[str, Costly | str] = {
    "start": Costly(SENDING),
    "callback": Costly(("GET",)),
    "link": Costly(SENDING),
    "leave": "asks nobody",
    "left": "asks nobody",
}

ADDRESSES: dict[str, Costly | str] = {
    "home": PAGE,
    "accessibility": PAGE,
    "privacy": PAGE,
    "legal-notice": PAGE,
    "terms": PAGE,
    "site-map": PAGE,
    "robots": PAGE,
    "styleguide": "in development only",
    "security-txt": PAGE,
    "csp-report": "tried in test_headers: a report is no form",
    # FranceConnect and ProConnect
    **{
        f"{provider}-{step}": line
        for provider in ("franceconnect", "proconnect")
        for step, line in OPENID.items()
    },
    # Sign-in
    "account_login": Costly(SENDING),
    "account_signup": Costly(SENDING),
    "account_request_login_code": Costly(SENDING),
    "account_confirm_login_code": Costly(SENDING),
    "account_logout": "ends a session",
    "admin:login": Costly(SENDING),
    # Shared
    "demarches:health": "looked at once in five seconds, whoever asks",
    "demarches:life": "two letters",
    "demarches:sms-receipt": "tried in test_texts: 404 until there is a gateway",
    "metrics": "whoever holds the token watches this machine",
    "demarches:account": ROW,
    "mine": ROW,
    "mine-delete": ROW,
    "mine-close": Costly(SENDING),
    "mine-pdf": Costly(READING),
    "mine-json": Costly(READING),
    "demarches:address": Costly(SENDING),
    "demarches:address-codes": Costly(SENDING),
    "agenda-feed": Costly(READING, {"pk": "1", "secret": "x"}),
    "demarches:mairie": PAGE,
    "demarches:mairie-calendar": Costly(READING),
    "demarches:mairie-card": PAGE,
    "demarches:fiches": Costly(READING, query={"q": "pacs"}),
    "demarches:fiche": "rendered once, then kept in memory",
    "demarches:fiche-pdf": Costly(READING, {"code": "F1618"}),
    "demarches:courriels": "in development only",
    "demarches:courriel": "in development only",
    # PACS, for everybody
    "pacs:home": PAGE,
    "pacs:how": PAGE,
    "pacs:convention-explained": PAGE,
    "pacs:effects": PAGE,
    "pacs:outcome": PAGE,
    "pacs:after-home": PAGE,
    "pacs:after-keeper": PAGE,
    "pacs:after-papers": Costly(SENDING, {"slug": "modifier"}),
    "pacs:simulator": Costly(READING, query=SIMULATOR),
    "pacs:simulator-pdf": Costly(READING, query=SIMULATOR),
    "pacs:simulator-ics": Costly(READING, query=SIMULATOR),
    "pacs:blank-set": Costly(READING),
    "pacs:rules-json": Costly(READING),
    "pacs:how-we-decide": Costly(READING),
    "pacs:partner-leave": "ends a session",
    "pacs:partner-unlock": Costly(SENDING),
    # PACS, a dossier
    "pacs:dossier-start": Costly(SENDING),
    "pacs:dossier": ROW,
    "pacs:common-step": ROW,
    "pacs:own-step": ROW,
    "pacs:said": ROW,
    "pacs:dossier-outcome": ROW,
    "pacs:dossier-review": ROW,
    "pacs:dossier-correct": ROW,
    "pacs:dossier-submit": "once a dossier",
    "pacs:dossier-sent": ROW,
    "pacs:dossier-feedback": Costly(SENDING),
    "pacs:dossier-resubmit": "only after the mairie gave the dossier back",
    "pacs:dossier-keep": ROW,
    "pacs:dossier-stop": "once a dossier",
    "pacs:dossier-pieces": Costly(SENDING),
    "pacs:dossier-piece": Costly(SENDING, {"key": "1-P03_identite"}),
    "pacs:piece-file": "one file of one's own, read and decrypted",
    "pacs:piece-file-remove": ROW,
    "pacs:dossier-paper": Costly(READING, PAPER),
    "pacs:dossier-convention": Costly(SENDING),
    "pacs:appointment": ROW,
    "pacs:appointment-choose": Costly((*READING, *SENDING)),
    "pacs:appointment-confirm": Costly(SENDING),
    "pacs:appointment-cancel": Costly(SENDING),
    "pacs:appointment-earlier": Costly(SENDING),
    "pacs:appointment-refuse": Costly(SENDING),
    "pacs:appointment-file": Costly(READING),
    "pacs:appointment-link": Costly(SENDING, {"token": "x"}),
    "pacs:appointment-link-change": Costly(SENDING, {"token": "x"}),
    "pacs:appointment-link-move": Costly((*READING, *SENDING), {"token": "x"}),
    "pacs:partner-door": Costly(SENDING),
    "pacs:partner-invited": ROW,
    "pacs:partner-handover": ROW,
    "pacs:partner-join": ROW,
    "pacs:partner-quit": "once a person",
    "pacs:partner-confirm": ROW,
    "pacs:partner-attest": ROW,
    "pacs:helper": "mails, counted by themselves (demarches.mail.limits)",
    "pacs:helper-join": ROW,
    "pacs:dossier-messages": Costly(SENDING),
    # Carte Vitale
    "vitale:home": PAGE,
    "vitale:router": Costly(READING, query=PLAN),
    "vitale:plan": Costly(READING, query=PLAN),
    "vitale:plan-sheet": Costly(READING, query=PLAN),
    "vitale:suivi-start": Costly(SENDING),
    "vitale:codes-open": Costly(SENDING),
    "vitale:codes-lost": Costly(SENDING),
    "vitale:suivi-way-in": Costly(SENDING, {"token": "x"}),
    "vitale:codes-leave": "ends a session",
    "vitale:suivi-reminder-choice": Costly(SENDING, {"token": "x"}),
    "vitale:suivi": ROW,
    "vitale:suivi-step": ROW,
    "vitale:suivi-route": ROW,
    "vitale:suivi-reminders": Costly(SENDING),
    "vitale:suivi-codes": Costly(SENDING),
    "vitale:suivi-calendar": Costly(READING),
    "vitale:suivi-export": Costly(READING),
    "vitale:suivi-close": ROW,
    "vitale:suivi-attach": ROW,
    "vitale:suivi-delete": ROW,
    "vitale:aide-start": Costly(SENDING),
    "vitale:aide": ROW,
    "vitale:aide-codes": Costly(SENDING),
    "vitale:aide-cancel": "once a request",
    "vitale:aide-meeting": Costly((*READING, *SENDING)),
    "vitale:aide-meeting-confirm": Costly(SENDING),
    "vitale:aide-meeting-give-up": Costly(SENDING),
    "vitale:aide-meeting-file": Costly(READING),
}
COSTLY = {name: line for name, line in ADDRESSES.items() if isinstance(line, Costly)}


def names(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, pattern.namespace or namespace)
        elif pattern.name:
            yield f"{namespace}:{pattern.name}" if namespace else pattern.name


def test_every_address_says_what_it_costs() -> None:
    # The desk is behind its sign-in, which is limited; so is nothing else of it.
    found = {n for n in names(get_resolver().url_patterns) if not n.startswith("admin:")}
    found.add("admin:login")

    assert found - set(ADDRESSES) == set()
    assert set(ADDRESSES) - found <= {"styleguide"}  # DEBUG alone


def address(name: str, line: Costly, dossier: Dossier, owner: User, agent: User) -> str:
    kwargs = dict(line.kwargs)
    if name.startswith("vitale:suivi-") and name not in {
        "vitale:suivi-start",
        "vitale:suivi-reminder-choice",
        "vitale:suivi-way-in",
    }:
        kwargs["reference"] = make_suivi(owner=owner).reference
    elif name.startswith("vitale:aide-") and name != "vitale:aide-start":
        demande = make_demande(owner)
        kwargs["reference"] = fixed(demande, by=agent, at=timezone.now()).reference
    try:
        return reverse(name, kwargs=kwargs)
    except NoReverseMatch:
        return reverse(name, kwargs={**kwargs, "reference": dossier.reference})


def ask(client: Client, method: str, url: str, line: Costly) -> Any:
    if method == "POST":
        return client.post(url, {"username": "agent@example.org", "email": "a@example.org"})
    return client.generic(method, url, QUERY_STRING=_query(line))


def _query(line: Costly) -> str:
    return "&".join(f"{key}={value}" for key, value in line.query.items())


@pytest.mark.parametrize("name", sorted(COSTLY))
def test_a_costly_address_stops_answering_by_every_method_it_counts(
    name: str,
    settings: Any,
    draft: Dossier,
    alice: User,
    agent: User,
    client_of: Callable[[User | None], Client],
) -> None:
    line = COSTLY[name]
    url = address(name, line, draft, alice, agent)
    client = client_of(None if name == "admin:login" else alice)
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1, 600))
    told: dict[str, list[int]] = {}

    for method in (*READING, *SENDING):
        RateCounter.objects.all().delete()
        answers = [ask(client, method, url, line) for _ in range(3)]
        told[method] = [answer.status_code for answer in answers]
        if method in line.counted:
            assert 0 < int(answers[-1]["Retry-After"]) <= 600
            if method != "HEAD":
                assert "Réessayez dans" in answers[-1].content.decode()

    # What an address does not take at all (405) is answered before anything is done.
    taken = {method: seen for method, seen in told.items() if seen[0] != 405}
    counted = {method: seen[1:] for method, seen in taken.items() if 429 in seen}
    assert counted == {method: [429, 429] for method in line.counted}
    if set(READING) <= set(line.counted):
        RateCounter.objects.all().delete()
        assert ask(client, "GET", url, line).status_code != 429
        assert ask(client, "HEAD", url, line).status_code == 429  # one budget for both


def test_an_account_is_counted_wherever_it_sends_files_from(
    settings: Any, draft: Dossier, alice: User
) -> None:
    url = reverse("pacs:dossier-piece", args=[draft.reference, "1-P03_identite"])
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "upload_account": (2, 600)}
    statuses = []
    for rank in range(3):
        client = Client(REMOTE_ADDR=f"203.0.113.{rank}")
        client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
        statuses.append(client.post(url, {"choice": "send"}).status_code)

    assert statuses[-1] == 429
    assert 429 not in statuses[:-1]


def test_every_limit_is_used(settings: Any) -> None:
    code = "".join(p.read_text(encoding="utf-8") for p in SOURCES if p.name != "settings.py")

    assert [scope for scope in settings.RATE_LIMITS if f'"{scope}"' not in code] == []


def test_no_view_tests_methods_around_a_limit() -> None:
    """The limit stands first: nothing that the view takes escapes it (ADR 0054)."""
    late = []
    for path in SOURCES:
        before = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("@rate_limited") and before.startswith("@require_"):
                late.append(f"{path.relative_to(ROOT)}: {line}")
            before = line

    assert late == []


@pytest.mark.parametrize("ticked", ["x", "", "9" * 4_400, "9" * 30, "²"])
def test_a_ticked_row_that_is_no_row_is_refused(
    ticked: str, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    root = User.objects.create_superuser("root@example.org", "x" * 20)
    sent = {"action": "delete_selected", "_selected_action": ticked, "index": "0"}

    answer = client_of(root).post(reverse("admin:vitale_delay_changelist"), sent)

    assert answer.status_code == 400
