"""The journal of both procedures is told in words: no code, no stored value, no column."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from demarches.rules.enums import PieceStatus, Status, Transition
from pacs.models import Door, Dossier, DossierEvent, Reading
from pacs.reads.journal import SENTENCES, TRANSITIONS, look_words
from pacs.rules.eligibility import OUTCOME_TYPES
from tests.support.followups import make_demande
from vitale.models import Demande, DemandeEvent
from vitale.models.aide import MEETING_EVENTS

ROOT = Path(__file__).parents[1]
#: « P11_naissance_fr », « p1.birth_name », « under_review », « B03 », an address of a page.
CODE = re.compile(r"\w_\w|\b[a-z]\d\.|\b[A-Z]\d\d\b|\b[a-z]+-[a-z]+-[a-z]+\b")
#: Words that a status or a kind of event is stored as, and that are no French word.
STORED = {
    *("submitted", "draft", "scheduled", "registered", "withdrawn", "closed", "complete"),
    *("transition", "opened", "joined", "declined", "left", "attested", "assigned", "arrived"),
    *("followed", "kept", "opposable_on", "provided", "accepted", "refused", "missing"),
}
#: Kinds that are put together where they are written.
MADE = {
    *(f"door_{door.value}" for door in Door),
    *(
        f"piece_{status.value}"
        for status in (
            PieceStatus.ACCEPTED,
            PieceStatus.REFUSED,
            PieceStatus.PROVIDED,
            PieceStatus.TO_BRING,
        )
    ),
}


def written_kinds(app: str) -> Iterator[str]:
    """Every kind that a call of `record` names, also as one of two, in the code of an app."""
    for path in [*(ROOT / app).rglob("*.py"), ROOT / "demarches/models/dossier.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "record":
                for word in node.keywords:
                    if word.arg == "kind":
                        yield from _constants(word.value)


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from (*_constants(node.body), *_constants(node.orelse))


def told(page: str, tag: str) -> str:
    """What stands between these tags, without the marks."""
    inside = "".join(re.findall(rf"<{tag}\b.*?</{tag}>", page, re.DOTALL))
    return re.sub(r"<[^>]+>", " ", inside)


def codes_in(text: str) -> set[str]:
    found = {one.group() for one in CODE.finditer(re.sub(r"\S+@\S+", "", text))}
    return found | (set(re.findall(r"[a-z_]+", text)) & STORED)


def test_every_kind_that_is_written_has_its_words() -> None:
    assert set(written_kinds("pacs")) | MADE <= {*SENTENCES, "transition"}
    assert set(TRANSITIONS) == set(Transition)
    kinds = set(written_kinds("vitale")) - {"transition", "ending_undone"}
    assert kinds <= set(MEETING_EVENTS)


def test_the_journal_of_a_dossier_shows_no_code(sent: Dossier, agent: User, client: Client) -> None:
    now, first = timezone.now(), sent.people[0]
    reasons = {
        "piece_to_renew": "1-P11_naissance_fr",
        "piece_presented": "1-P03_identite",
        "answers_by_agent": "p1.birth_name, couple.city",
        "helper_filled": "own-step",
        "outcome_decided": f"{OUTCOME_TYPES[-1].code} : Vu à la mairie.",
    }
    for kind in [*SENTENCES, *MADE, "kind_of_tomorrow", "piece_of_tomorrow"]:
        sent.record(kind=kind, by=agent, at=now, partenaire=first, reason=reasons.get(kind, ""))
    for transition in Transition:
        DossierEvent.objects.create(
            dossier=sent,
            kind="transition",
            transition=transition.value,
            from_status=Status.UNDER_REVIEW.value,
            to_status=Status.PIECES_REQUESTED.value,
            by=agent,
            at=now,
        )
    looks = [
        *("papier pieces", "papier declaration", "papier accuse", "feuille plan-b"),
        *("fichier 12", "aperçu 12", f"{Reading.HELP} 1 own-step", "réponses", "liste"),
    ]
    Reading.objects.bulk_create(
        Reading(dossier=sent, agent=agent, at=now, what=what) for what in looks
    )
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(reverse("admin:pacs_dossier_history", args=[sent.pk])).content.decode()

    text = told(page, "ol") + told(page, "details")
    assert "papier : accusé de réception" in text
    assert OUTCOME_TYPES[-1].title in text
    assert "a agi sur le dossier" in text
    assert codes_in(text) == set()


def test_every_paper_of_the_desk_is_looked_at_in_words() -> None:
    slugs = ("pieces", "declaration", "accuse", "recepisse", "attestation", "extrait", "decision")
    words = {look_words(f"papier {slug}") for slug in slugs}

    assert not any(codes_in(one) or "accuse" in one.split() for one in words)


def test_the_journal_of_a_request_for_help_shows_no_code(
    reference_data: None, agent: User, client: Client
) -> None:
    demande, now = make_demande(), timezone.now()
    for kind in [*MEETING_EVENTS, "kind_of_tomorrow"]:
        demande.record(kind=kind, by=agent, at=now, reason="mardi 1er décembre à 9 h")
    for status in set(Status) - {Status.DRAFT}:
        DemandeEvent.objects.create(
            demande=demande, kind="transition", to_status=status.value, by=agent, at=now
        )
    Demande.objects.get(pk=demande.pk).record(
        kind="ending_undone", by=agent, at=now, to_status=Status.UNDER_REVIEW.value
    )
    agent.is_superuser = True
    agent.save()
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(reverse("admin:vitale_demande_change", args=[demande.pk])).content.decode()

    text = told(page, "tbody")
    assert "Annulation reprise" in text
    assert codes_in(text) == set()
