"""What a dossier says once it has ended: why, the remedy, and what to do next; nothing else."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from demarches.models import UNDO_TIME, User
from demarches.rules.enums import Status
from demarches.rules.lifecycle import ENDED
from pacs.actions.endings import end_dossier, undo_ending
from pacs.models import Dossier, Ending
from tests.support.pages import plain

#: Blocks that only a dossier that goes on shows, by a sentence of each.
OF_ONE_THAT_GOES_ON = {
    "window": '<div class="window">',
    "too old": "Une pièce est déjà trop ancienne",
    "outcomes": "La mairie regarde ce point avec vous",
    "pieces": "<h2>Vos pièces</h2>",
    "checklist": "liste de pièces à imprimer",
    "declaration": "Préparation de la déclaration à signer",
    "convention": "Préparer votre convention",
    "stop": "Arrêter la démarche",
}
PAGES = {
    "pieces": "pacs:dossier-pieces",
    "appointment": "pacs:appointment",
    "choose": "pacs:appointment-choose",
    "confirm": "pacs:appointment-confirm",
    "cancel": "pacs:appointment-cancel",
    "calendar": "pacs:appointment-file",
    "convention": "pacs:dossier-convention",
    "review": "pacs:dossier-review",
    "attest": "pacs:partner-attest",
}
PAPERS = ("pieces", "declaration", "accuse", "convocation", "decision", "partie-papier", "revenir")
ENDS = sorted(status.value for status in ENDED if status is not Status.REGISTERED)


def end(dossier: Dossier, status: str, at: datetime) -> Dossier:
    """The row as the end left it, with a point for agents and pieces that bound a window."""
    Dossier.objects.filter(pk=dossier.pk).update(
        status=status,
        ended_at=at if status in ENDS else None,
        inadmissible_ground="Vous êtes frère et sœur." if status == "inadmissible" else "",
        kinship="adoption",
    )
    dossier.pieces.filter(rule_id="P11_naissance_fr").update(issued_on=at.date())
    return Dossier.objects.get(pk=dossier.pk)


@pytest.fixture(params=ENDS)
def ended(sent: Dossier, now: datetime, request: pytest.FixtureRequest) -> Dossier:
    # Told: the time to take a decision back is over.
    return end(sent, request.param, now - timedelta(hours=1))


def test_the_blocks_looked_for_are_those_of_a_dossier_that_goes_on(
    sent: Dossier, now: datetime, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    end(sent, "submitted", now)

    html = client_of(alice).get(sent.get_absolute_url()).content.decode()

    shown = {name for name, sentence in OF_ONE_THAT_GOES_ON.items() if sentence in html}
    assert shown >= set(OF_ONE_THAT_GOES_ON) - {"window", "too old"}
    assert shown & {"window", "too old"}


def test_an_ended_dossier_shows_none_of_them(
    ended: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    html = client_of(alice).get(ended.get_absolute_url()).content.decode()

    assert [name for name, sentence in OF_ONE_THAT_GOES_ON.items() if sentence in html] == []


def test_its_page_leads_only_to_the_remedy_and_to_what_comes_next(
    ended: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    html = client_of(alice).get(ended.get_absolute_url()).content.decode()

    links = re.findall(r'href="([^"#]+)"', html[html.index("<h1>") : html.index("</main>")])
    papers = {"accuse"} | ({"decision"} if ended.status == "inadmissible" else set())
    assert set(links) == {
        *(reverse("pacs:dossier-paper", args=[ended.reference, slug]) for slug in papers),
        reverse("pacs:dossier-start"),
        reverse("pacs:dossier-messages", args=[ended.reference]),
    }


def test_a_refusal_says_why_and_where_to_contest_it(
    sent: Dossier, now: datetime, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    end(sent, "inadmissible", now - UNDO_TIME)

    html = client_of(alice).get(sent.get_absolute_url()).content.decode()

    assert "Vous êtes frère et sœur." in html
    assert "président du tribunal judiciaire" in html


@pytest.mark.parametrize("page", PAGES)
def test_its_other_pages_lead_back_to_it(
    ended: Dossier, alice: User, client_of: Callable[[User | None], Client], page: str
) -> None:
    response = client_of(alice).get(reverse(PAGES[page], args=[ended.reference]))

    assert (response.status_code, response["Location"]) == (302, ended.get_absolute_url())


@pytest.mark.parametrize("slug", PAPERS)
def test_only_the_acknowledgement_and_the_decision_stay(
    ended: Dossier, alice: User, client_of: Callable[[User | None], Client], slug: str
) -> None:
    response = client_of(alice).get(reverse("pacs:dossier-paper", args=[ended.reference, slug]))

    kept = slug == "accuse" or (slug == "decision" and ended.status == "inadmissible")
    assert response.status_code == (200 if kept else 404)


def test_an_invitation_dies_with_the_dossier(ended: Dossier, charlie: User) -> None:
    _, second = ended.people
    type(second).objects.filter(pk=second.pk).update(user=None, invited_email=charlie.email)

    assert not Dossier.objects.inviting(charlie).exists()


GROUND = "Vous êtes tous deux mariés ailleurs."
#: Every door by which one of the two may read what became of the dossier.
DOORS: dict[str, Callable[[Dossier], str]] = {
    "tracking": lambda one: one.get_absolute_url(),
    "messages": lambda one: reverse("pacs:dossier-messages", args=[one.reference]),
    "stop": lambda one: reverse("pacs:dossier-stop", args=[one.reference]),
    "decision (PDF)": lambda one: reverse("pacs:dossier-paper", args=[one.reference, "decision"]),
    "my procedures": lambda one: reverse("demarches:account"),
    "my data": lambda one: reverse("mine"),
    "export": lambda one: reverse("mine-json"),
}
#: What would tell it: the motive, the word, the remedy, the column.
TELLS = re.compile(
    "mariés ailleurs|démarche est terminée|[Ii]rrecevab|inadmissible|tribunal judiciaire|%PDF"
)
#: The doors that do tell it, once it cannot be taken back any more.
TOLD_BY = {"tracking", "messages", "decision (PDF)", "my procedures", "export"}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("reader", ["alice", "bob"])
def test_no_door_tells_a_decision_that_its_agent_may_still_undo(
    sent: Dossier,
    now: datetime,
    agent: User,
    client_of: Callable[[User | None], Client],
    request: pytest.FixtureRequest,
    reader: str,
    door: str,
) -> None:
    client, url = client_of(request.getfixturevalue(reader)), DOORS[door](sent)

    def told() -> bool:
        answer = client.get(url, follow=True)
        text = answer.content.decode(errors="replace")
        return bool(TELLS.search(text if text.startswith(("%PDF", "{")) else plain(text)))

    end_dossier(sent, "irrecevable", reason=GROUND, by=agent, at=now, version=None)
    early = told()
    Dossier.objects.filter(pk=sent.pk).update(ended_at=now - UNDO_TIME)
    late = told()

    assert (early, late) == (False, door in TOLD_BY)


def test_what_was_undone_in_time_was_never_told(
    sent: Dossier, now: datetime, agent: User, alice: User, client_of: Callable[..., Client]
) -> None:
    end_dossier(sent, "irrecevable", reason=GROUND, by=agent, at=now, version=None)
    undo_ending(Ending.objects.get(), by=agent, at=now)

    html = client_of(alice).get(sent.get_absolute_url()).content.decode()

    assert not TELLS.search(plain(html))
