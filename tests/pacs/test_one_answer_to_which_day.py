"""One answer to « which day? »: a couple is told the same days wherever it looks.

Each couple goes the whole way at one clock. Every page, paper, mail and calendar that names a
day is read as its reader has it, and compared with the others.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from demarches.mail.emails import mail_text
from demarches.models import User
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus
from demarches.rules.typed_days import read_typed_day
from pacs.actions import desk
from pacs.actions.pieces import answer_piece
from pacs.models import Dossier
from tests.pacs.simulator_answers import FRENCH, SENEGALESE, params_of
from tests.support.dossiers import (
    COMMON,
    OTHER,
    PERSON,
    accept_everything,
    bring_everything,
    make_dossier,
    send,
)
from tests.support.pages import plain, press
from tests.support.pdf import text_of

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
DAY = re.compile(r"(1er|[0-9]{1,2}) \w+ 20[0-9]{2}")
SECOND: dict[str, Any] = {**OTHER, "measure": "aucune"}


@dataclass(frozen=True)
class Couple:
    """Two people, the day they wish, and what everything must tell them."""

    wished: date
    second: dict[str, Any]
    #: First day if everything is sent today; once it is found complete today.
    first: date
    first_once_complete: date
    send_by: date
    #: What the simulator is told of the second; None when it does not ask what matters.
    simulated: dict[str, str] | None = None
    #: The day the first one's birth record was issued, and the last day it serves.
    issued_on: date | None = None
    last: date | None = None


COUPLES = {
    "simple": Couple(
        wished=date(2027, 2, 1),
        second=SECOND,
        first=date(2026, 12, 22),
        first_once_complete=date(2026, 12, 8),
        send_by=date(2027, 1, 3),
        simulated=FRENCH,
    ),
    "papers from abroad": Couple(
        wished=date(2027, 2, 1),
        second={
            **SECOND,
            "birth_country": "SN",
            "birth_city": "Dakar",
            "nationalities": ["SN"],
            "protection": "aucune",
            "has_french_record": "non",
            "birth_record_in_french": "oui",
            "country_updates_records": "oui",
            "country_issues_coutume": "oui",
            "coutume_in_french": "oui",
        },
        first=date(2027, 1, 6),
        first_once_complete=date(2026, 12, 23),
        send_by=date(2026, 12, 16),
        simulated=SENEGALESE,
    ),
    "eighteen on 25 January": Couple(
        wished=date(2027, 2, 1),
        second={**SECOND, "birth_year": 2009, "birth_month": 1, "birth_day": 25},
        first=date(2027, 1, 25),
        first_once_complete=date(2027, 1, 25),
        send_by=date(2027, 1, 3),
    ),
    "a record that runs out": Couple(
        wished=date(2027, 1, 18),
        second=SECOND,
        first=date(2026, 12, 22),
        first_once_complete=date(2026, 12, 8),
        send_by=date(2026, 12, 16),
        issued_on=date(2026, 11, 1),
        last=date(2027, 1, 31),
    ),
}


@dataclass
class Told:
    """What was read, by where it was read."""

    days: dict[str, date] = field(default_factory=dict)

    def read(self, where: str, text: str, words: str) -> None:
        """The first day after these words."""
        assert words in text, (where, words, text)
        found = DAY.search(text, text.index(words) + len(words))
        assert found, (where, words)
        self.days[where] = read_typed_day(found[0])

    def all_say(self, day: date) -> None:
        assert self.days == dict.fromkeys(self.days, day)


@pytest.fixture(autouse=True)
def clock() -> Iterable[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(params=COUPLES.values(), ids=list(COUPLES))
def couple(request: pytest.FixtureRequest) -> Couple:
    found: Couple = request.param
    return found


@pytest.fixture
def draft(reference_data: None, alice: User, bob: User, couple: Couple) -> Dossier:
    common = {**COMMON, "wished_date": couple.wished}
    draft = make_dossier(alice, bob, at=NOW, common=common, people=(PERSON, couple.second))
    if couple.issued_on:
        answer_piece(
            draft.pieces.select_related("dossier").get(key="1-P11_naissance_fr"),
            declared=PieceStatus.TO_BRING,
            issued_on=couple.issued_on,
            at=NOW,
        )
    bring_everything(draft, at=NOW)
    return draft


@pytest.fixture
def readers(client_of: Callable[[User | None], Client], alice: User, bob: User) -> list[Client]:
    return [client_of(alice), client_of(bob)]


def page(client: Client, name: str, dossier: Dossier, **query: str) -> str:
    response = client.get(reverse(f"pacs:{name}", args=[dossier.reference]), query)
    return plain(response.content.decode())


def read_window(told: Told, where: str, text: str, couple: Couple) -> None:
    """The days of the block « which day? » of a dossier's page; its end is compared at once."""
    if couple.last is None:
        told.read(where, text, "Premier jour possible :")
        return
    told.read(where, text, "vous pouvez vous pacser du")
    last = Told()
    last.read(where, text[text.index("vous pouvez vous pacser du") :], " au ")
    last.all_say(couple.last)


def mail(dossier: Dossier, kind: str) -> list[str]:
    rows = dossier.mails.filter(kind=kind).select_related("email")
    return [plain(mail_text(row.email)) for row in rows]


def event_days(content: bytes) -> list[date]:
    starts = [one["dtstart"].dt for one in Calendar.from_ical(content).walk("VEVENT")]
    return [start.date() if isinstance(start, datetime) else start for start in starts]


def test_before_sending(draft: Dossier, readers: list[Client], couple: Couple) -> None:
    first, send_by = Told(), Told()
    for rank, client in enumerate(readers, start=1):
        text = page(client, "dossier", draft)
        read_window(first, f"dossier {rank}", text, couple)
        send_by.read(f"dossier {rank}", text, "envoyez votre dossier au plus tard le")
    if couple.simulated is not None:
        simulate(readers[0], couple.simulated, couple, first, send_by)

    first.all_say(couple.first)
    send_by.all_say(couple.send_by)


def simulate(
    client: Client, second: dict[str, str], couple: Couple, first: Told, send_by: Told
) -> None:
    """The simulator's page, paper and calendar: for the wished day, and for one too near."""
    wish = params_of(FRENCH, second, date=couple.wished.isoformat())
    soon = params_of(FRENCH, second, date=(NOW.date() + timedelta(days=8)).isoformat())
    found = {
        name: client.get(reverse(f"pacs:{name}"), wish).content
        for name in ("simulator", "simulator-pdf", "simulator-ics")
    }
    told = "envoyez votre dossier au plus tard le"
    send_by.read("simulator", plain(found["simulator"].decode()), told)
    paper = text_of(found["simulator-pdf"])
    send_by.read("simulator, paper", paper, f"{day_fr(couple.wished)}".replace("\u00a0", " "))
    tasks = event_days(found["simulator-ics"])
    assert couple.wished in tasks
    send_by.days["simulator, calendar"] = tasks[-2]
    near = plain(client.get(reverse("pacs:simulator"), soon).content.decode())
    first.read("simulator", near, "il permettrait un Pacs à partir du")
    near_paper = text_of(client.get(reverse("pacs:simulator-pdf"), soon).content)
    first.read("simulator, paper", near_paper, "Première date possible :")
    assert re.search(r"répond sous 10 jours ouvrés, puis compte (15|30) jours\.", near_paper)


def test_once_sent(draft: Dossier, readers: list[Client], couple: Couple) -> None:
    sent = send(draft, at=NOW)

    first, answer = Told(), Told()
    for rank, client in enumerate(readers, start=1):
        text = page(client, "dossier", sent)
        read_window(first, f"tracking {rank}", text, couple)
        answer.read(f"tracking {rank}", text, "Réponse au plus tard le")
        paper = client.get(reverse("pacs:dossier-paper", args=[sent.reference, "accuse"]))
        answer.read(f"paper {rank}", text_of(paper.content), "au plus tard le")
    for rank, text in enumerate(mail(sent, "acknowledgement"), start=1):
        answer.read(f"mail {rank}", text, "vous répond au plus tard le")

    first.all_say(couple.first)
    answer.all_say(date(2026, 12, 7))
    assert len(answer.days) == 6


def test_once_complete_and_booked(
    draft: Dossier, readers: list[Client], agent: User, couple: Couple
) -> None:
    complete = send(draft, at=NOW)
    accept_everything(complete, agent)
    desk.declare_complete(complete, by=agent, at=NOW, version=None)

    first = Told()
    for rank, client in enumerate(readers, start=1):
        read_window(first, f"tracking {rank}", page(client, "dossier", complete), couple)
        text = page(client, "appointment-choose", complete)
        first.read(f"booking {rank}", text, "Premier jour libre :")
        wished = Told()
        wished.read(f"booking {rank}", text, "temps de confirmer.")
        wished.all_say(couple.wished)
        if couple.last is not None:
            last = Told()
            last.read(
                f"booking {rank}",
                page(client, "appointment-choose", complete, mois="2027-02"),
                "sert jusqu’au" if rank == 1 else "ne sert que jusqu’au",
            )
            last.all_say(couple.last)
    first.all_say(couple.first_once_complete)

    slot = {"creneau": f"{couple.first_once_complete}T09:00+01:00"}
    choose = reverse("pacs:appointment-choose", args=[complete.reference])
    confirm = press(readers[0], choose, slot).url
    press(readers[0], confirm)
    booked = Told()
    for rank, client in enumerate(readers, start=1):
        booked.read(f"page {rank}", page(client, "appointment", complete), "Votre rendez-vous")
        calendar = client.get(reverse("pacs:appointment-file", args=[complete.reference]))
        (booked.days[f"calendar {rank}"],) = event_days(calendar.content)
    for rank, text in enumerate(mail(complete, "appointment_booked"), start=1):
        booked.read(f"mail {rank}", text, "Bonjour")

    booked.all_say(couple.first_once_complete)
    assert len(booked.days) == 6
