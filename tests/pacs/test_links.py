"""No link of the couple’s pages leads nowhere."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from demarches.models import User
from pacs.actions.appointments import hold_slot
from pacs.models import Dossier, Partenaire
from tests.support.appointments import make_complete
from tests.support.dossiers import make_dossier

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
MONDAY = datetime(2026, 12, 14, 8, tzinfo=PARIS)
LINK = re.compile(r'<a [^>]*href="([^"]*)"')
#: Files, and what belongs to no page of the couple.
SKIPPED = (".pdf", ".ics", ".json")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def dead_links(client: Client, start: str, *, under: str) -> tuple[set[str], int]:
    """Pages with an empty address, among all that can be reached below `under`."""
    todo, seen, dead = [start], set[str](), set[str]()
    while todo:
        url = todo.pop()
        seen.add(url)
        response = client.get(url)
        if response.status_code == 302:
            targets = [response["Location"]]
        else:
            assert response.status_code == 200, url
            targets = LINK.findall(response.content.decode())
            if "" in targets:
                dead.add(url)
        for target in targets:
            target = target.split("#")[0].split("?")[0]
            if target.startswith(under) and target not in seen and not target.endswith(SKIPPED):
                todo.append(target)
                seen.add(target)
    return dead, len(seen)


@pytest.mark.parametrize("state", ["draft", "held", "scheduled"])
def test_every_page_of_a_dossier_has_links_that_lead_somewhere(
    reference_data: None,
    alice: User,
    bob: User,
    agent: User,
    client_of: Callable[[User], Client],
    state: str,
) -> None:
    dossier = make_dossier(alice, bob, at=NOW)
    browser, home = client_of(alice), dossier.get_absolute_url()
    pages = [home]
    if state != "draft":
        make_complete(dossier, agent, at=NOW)
        first = Partenaire.objects.select_related("dossier").get(dossier=dossier, position=1)
        hold_slot(first, MONDAY, at=NOW)
        pages = [f"{home}rendez-vous/confirmer/"]
    if state == "scheduled":
        held = Dossier.objects.get(pk=dossier.pk)
        browser.post(f"{home}rendez-vous/confirmer/", {"lu": f"{held.held_appointment_id}-0"})
        pages = [f"{home}rendez-vous/annuler/"]

    found = [dead_links(browser, page, under=home) for page in pages]

    assert [dead for dead, _ in found] == [set()]
    assert found[0][1] > 5
