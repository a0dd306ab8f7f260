"""The desk with the dossiers of years: no page reads a whole table (PostgreSQL)."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.desk.piles import COUNTED
from demarches.models import User
from pacs.models import Dossier, DossierEvent, Partenaire, Piece
from pacs.reads.piles import pile_rules, piles
from pacs.reads.search import MOST_PEOPLE
from tests.bench.copies import copy_dossiers
from tests.support.dossiers import bring_everything, make_dossier, send
from tests.support.plans import scans_of

DOSSIERS, MOST = 12_000, 10_000
#: What a search may read of people, of dossiers and of the rest: far less than there are.
SEARCHED = 3_000

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite serves a small town"
)


@pytest.fixture
def many(alice: User, bob: User, agent: User) -> Dossier:
    """In five states, and half of them ended long ago, as years leave them."""
    made, now = [], timezone.now()
    for number in range(10):
        dossier = make_dossier(alice, bob)
        made.append(dossier)
        if number == 9:
            break
        bring_everything(dossier)
        send(dossier)
        if number > 1:
            dossier.start_review(by=agent, at=now)
        if number > 3:
            dossier.close(by=agent, at=now, reason="Double dossier.")
    # Plans depend on what is rare: one couple is forbidden, one part is on paper.
    Partenaire.objects.filter(dossier=made[1], position=2).update(situation="marie")
    Piece.objects.exclude(dossier__in=made[:4]).delete()
    assert copy_dossiers(DOSSIERS, without={DossierEvent}) > DOSSIERS - 20
    Partenaire.objects.filter(dossier=made[3], position=1).update(search_text="chabrol mirabelle")
    return made[2]


def test_no_page_of_the_desk_reads_a_whole_table(
    many: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    browser = client_of(agent)
    rows = reverse("admin:pacs_dossier_changelist")
    paths = [
        reverse("admin:index"),
        rows,
        f"{rows}?p=3",
        f"{rows}?status=closed",
        *(f"{rows}?file={slug}" for slug in pile_rules(agent, at=timezone.now())),
        f"{rows}?q=chabrol",
        f"{rows}?q=zzzyx",
        f"{rows}?q=chabrol+mirabelle",
        f"{rows}?q={many.reference[5:16]}",
        f"{rows}?q=12/03/1980",
        reverse("admin:pacs_dossier_next", args=["a-verifier"]),
        reverse("admin:pacs_dossier_change", args=[many.pk]),
        reverse("admin:pacs_dossier_change", args=[many.pk]) + "?pile=a-verifier",
        reverse("admin:pacs_dossier_day"),
    ]
    wide = []
    for path in paths:
        found = scans_of(partial(browser.get, path))
        assert found, path
        wide += [f"{path}: {one}" for one in found if one.how == "Seq Scan" and one.rows > MOST]
    assert wide == [], "\n".join(wide)

    # Counted to a bound, and said so.
    counts = {one.title: one for one in piles(agent, at=timezone.now())}
    assert counts["À vérifier"].how_many == f"plus de {COUNTED - 1}"
    assert counts["À vérifier"].since is not None
    assert "Plus de 1000 dossiers de Pacs" in browser.get(rows).text

    # A name that everybody has, its letters, and within a state: read to the bound, and said.
    for query in ("?q=lemoine", "?q=le", "?q=lemoine&status=closed", "?q=lemoine+noe"):
        found = scans_of(partial(browser.get, rows + query))
        assert found[0].rows < SEARCHED, f"{query}: {found[0]}"
        assert f"Plus de {MOST_PEOPLE} personnes" in browser.get(rows + query).text, query
