"""« Fermer une journée » as an agent walks it: pages, refusals, what the home keeps."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from demarches.admin.stranding import CLOSE_A_DAY
from demarches.agenda.closing_actions import choose
from demarches.models import Closing, ClosingCall, Closure, Mairie, User
from pacs.models import Dossier, Partenaire
from tests.support.closing import (
    HALF_HOUR,
    NOW,
    THURSDAY,
    begin,
    couple,
    finish,
    helped,
    mark,
    without_address,
)
from tests.support.present import the
from uzes_portal import closing_desk
from uzes_portal.closing_desk import closers

NIR = "2 90 05 30 189 042 " + f"{97 - 2900530189042 % 97:02d}"
DAY = {"day": "3/12/2026", "reason": "Fermé exceptionnellement"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(agent: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(agent)


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def told(answer: Any) -> list[str]:
    return [str(one) for one in get_messages(answer.wsgi_request)]


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def test_the_whole_way(agent: User, desk: Client) -> None:
    first, second = couple(agent, 0), couple(agent, 1)
    without_address(first)
    helped(agent, THURSDAY + 4 * HALF_HOUR)

    page = desk.get(address("close_day") + "?jour=2026-12-03")
    assert 'value="3/12/2026"' in page.content.decode()
    opened = desk.post(address("close_day"), DAY)
    closing = Closing.objects.get()
    assert opened["Location"] == address("closing", closing.pk)

    shown = text_of(desk.get(opened["Location"]))
    assert "3 rendez-vous sont concernés. Rien n’est encore changé" in shown
    assert "jusqu’à 10 h 30" in shown
    for one in (*first.people, *second.people):
        assert one.display_name in shown
    assert "appeler 06 12 34 56 78" in shown
    assert "Mme Roux" in shown

    chosen = desk.post(opened["Location"], {"lu": mark(closing)})
    assert chosen["Location"] == address("closing_confirm", closing.pk)
    last = text_of(desk.get(chosen["Location"]))
    assert (
        "Fermer jeudi 3 décembre, déplacer 3 rendez-vous, écrire 3 mails, 2 appels à faire" in last
    )
    assert "La mairie ne reçoit pas le jeudi 3 décembre 2026. Fermé exceptionnellement." in last
    assert "Votre rendez-vous à la mairie a changé" in last

    done = desk.post(chosen["Location"], {"lu": mark(closing)})
    assert done["Location"] == address("closing", closing.pk)
    assert told(done) == ["Journée fermée : 3 rendez-vous déplacés, 3 mails, 2 appels à faire."]
    assert Closure.objects.get().first_day == THURSDAY.date()

    home = text_of(desk.get(address("index")))
    assert "Fermeture du jeudi 3 décembre, appels à faire&nbsp;: <strong>2</strong>" in home
    calls = text_of(desk.get(done["Location"]))
    assert calls.count(">Appelé<") == 2
    assert "proposé le vendredi 4 décembre 2026" in calls
    public = text_of(Client().get(reverse("demarches:mairie")))
    assert "Fermé exceptionnellement" in public

    for call in ClosingCall.objects.all():
        desk.post(address("closing_called", closing.pk), {"appel": call.pk})
    again = desk.post(address("closing_called", closing.pk), {"appel": call.pk})
    assert told(again) == ["Cet appel était déjà noté."]
    assert "appels à faire" not in text_of(desk.get(address("index")))
    assert "appelé par Nour Vidal" in text_of(desk.get(done["Location"]))


def test_a_page_read_before_a_colleague_changes_nothing(agent: User, desk: Client) -> None:
    dossier = couple(agent)
    closing = begin(agent)
    read = mark(closing)
    line = closing.lines.get()
    choose(closing, {line.pk: None}, closers(), read=read, at=NOW)

    for name in ("closing", "closing_confirm"):
        answer = desk.post(address(name, closing.pk), {"lu": read})
        assert answer.status_code == 409
        assert "Un collègue a changé ces propositions" in text_of(answer)
    assert the(Dossier.objects.get(pk=dossier.pk).appointment).starts_at == THURSDAY
    assert Closure.objects.count() == 0


def test_more_time_and_proposing_again_stay_on_the_page(agent: User, desk: Client) -> None:
    couple(agent)
    desk.post(address("close_day"), DAY | {"last_day": "4/12/2026"})
    closing = Closing.objects.get()
    page = address("closing", closing.pk)
    assert "Fermer du jeudi 3 décembre au vendredi 4 décembre" in text_of(desk.get(page))
    for verb in ("garder", "proposer"):
        answer = desk.post(page, {"lu": mark(closing), "faire": verb})
        assert (answer.status_code, answer["Location"]) == (302, page)
    assert desk.post(page, {"lu": "x", "faire": "proposer"}).status_code == 409


def test_a_seat_taken_while_choosing_is_told_beside_its_line(agent: User, desk: Client) -> None:
    couple(agent)
    closing = begin(agent)
    line = closing.lines.get()
    wanted = THURSDAY + timedelta(days=1) + 3 * HALF_HOUR
    couple(agent, 5, start=wanted)

    answer = desk.post(
        address("closing", closing.pk),
        {"lu": mark(closing), f"place_{line.pk}": wanted.isoformat(timespec="minutes")},
    )

    assert answer.status_code == 409
    assert "Ce créneau n’est plus libre. L’ancienne proposition reste." in text_of(answer)


def test_whoever_comes_back_is_shown_alone_with_the_reason(agent: User, desk: Client) -> None:
    lost, moved = couple(agent, 0), couple(agent, 1)
    closing = begin(agent)
    lost.pieces.filter(key="1-P03_identite").update(
        expires_on=THURSDAY.date(), is_french_adult_card=False
    )
    done = desk.post(address("closing_confirm", closing.pk), {"lu": mark(closing)})

    assert told(done) == [
        "Journée fermée : 1 rendez-vous déplacé, 2 mails.",
        "1 rendez-vous à replacer : la raison est dite à côté.",
    ]
    shown = text_of(desk.get(address("closing", closing.pk)))
    assert "À replacer" in shown
    assert shown.count("Nouvelle date pour") == 1
    assert moved.people[0].display_name in shown
    home = text_of(desk.get(address("index")))
    assert "Fermeture du jeudi 3 décembre, rendez-vous à replacer&nbsp;: <strong>1</strong>" in home


def test_what_is_over_says_that_nothing_changed(agent: User, desk: Client, clock: Any) -> None:
    couple(agent)
    closing = begin(agent)
    read = mark(closing)
    clock.move_to(NOW + timedelta(minutes=31))

    late = desk.post(address("closing_confirm", closing.pk), {"lu": read})

    assert told(late)[0].startswith("Le temps est passé sans confirmation")
    assert "rien n’a changé" in text_of(desk.get(late["Location"]))
    assert Closure.objects.count() == 0


def test_giving_up_says_so_and_a_closed_day_is_not_given_up(agent: User, desk: Client) -> None:
    couple(agent)
    closing = begin(agent)

    answer = desk.post(
        address("closing_abandon", closing.pk),
        {"lu": desk.get(address("closing", closing.pk)).context["read"]},
    )
    assert told(answer) == ["La fermeture est abandonnée : rien n’a changé."]

    again = begin(agent)
    finish(again, agent)
    refused = desk.post(address("closing_abandon", again.pk))
    assert told(refused)[1:] == ["Cette journée est déjà fermée : elle ne s’abandonne plus."]


def test_an_old_page_does_not_give_up_what_a_colleague_changed(agent: User, desk: Client) -> None:
    couple(agent)
    closing = begin(agent)
    read = desk.get(address("closing", closing.pk)).context["read"]
    closing.lines.update(seat=None)

    late = desk.post(address("closing_abandon", closing.pk), {"lu": read})

    closing.refresh_from_db()
    assert late.status_code == 409
    assert "Un collègue a changé ces propositions" in late.content.decode()
    assert closing.abandoned_at is None


def test_words_that_one_of_them_may_not_read_are_refused_at_once(agent: User, desk: Client) -> None:
    dossier = couple(agent)
    first, _ = dossier.people
    Partenaire.objects.filter(pk=first.pk).update(needs="fauteuil roulant")

    refused = desk.post(
        address("close_day"), {**DAY, "reason": "Fermé : fauteuil roulant à recevoir"}
    )
    taken = desk.post(address("close_day"), DAY)

    assert (refused.status_code, taken.status_code) == (409, 302)
    assert "Donnez un motif que les deux peuvent lire" in text_of(refused)
    assert Closing.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"day": ""}, "Indiquez une date"),
        ({"day": "22/11/2026"}, "Ce jour est déjà passé."),
        ({"last_day": "2/12/2026"}, "Le dernier jour suit le premier."),
        ({"last_day": "3/2/2027"}, "Fermez 31 jours au plus à la fois"),
        ({"from_time": "14:00", "until_time": "10:00"}, "L’heure de fin suit l’heure de début"),
        ({"until_time": "00:00"}, "L’heure de fin suit l’heure de début"),
        ({"reason": ""}, "Écrivez ce que le public lira"),
        ({"reason": f"Absent {NIR}"}, "sécurité sociale"),
        ({"day": "5/12/2099"}, ""),
    ],
)
def test_what_cannot_be_closed_is_said(
    agent: User, desk: Client, sent: dict[str, str], why: str
) -> None:
    couple(agent)

    answer = desk.post(address("close_day"), DAY | sent)

    if why:
        assert answer.status_code == 422
        assert why in text_of(answer)
        assert Closing.objects.count() == 0


def test_a_colleague_is_named(agent: User, desk: Client) -> None:
    couple(agent)
    other = User.objects.create_user("b@mairie.example", full_name="Sam Roux", is_staff=True)
    begin(other)

    answer = desk.post(address("close_day"), DAY)

    assert answer.status_code == 409
    assert "Sam Roux ferme déjà ce jour, depuis 10 h." in text_of(answer)


def test_where_it_is_reached_from(
    agent: User,
    desk: Client,
    client_of: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = address("close_day")
    home, day = address("index"), address("pacs_dossier_day")
    assert link in desk.get(home).content.decode()
    assert f"{link}?jour=2026-12-03" in desk.get(f"{day}?jour=2026-12-03").content.decode()
    assert link not in desk.get(f"{day}?jour=2026-11-20").content.decode()
    front = User.objects.create_user("accueil@mairie.example", is_staff=True)
    front.groups.add(Group.objects.get(name="accueil"))
    for page in (home, f"{day}?jour=2026-12-03"):
        assert link not in client_of(front).get(page).content.decode()
    # One function says who may: the addresses and the links to them.
    monkeypatch.setattr(closing_desk, "may_close_days", lambda user: False)
    for page in (home, f"{day}?jour=2026-12-03"):
        assert link not in desk.get(page).content.decode()
    assert desk.get(link).status_code == 403


def test_a_closure_that_would_strand_says_where_to_go(
    agent: User, client_of: Callable[[User], Client]
) -> None:
    couple(agent)
    chief = User.objects.create_superuser("chef@mairie.example")
    answer = client_of(chief).post(
        reverse("admin:demarches_closure_add"),
        {
            "mairie": Mairie.objects.get().pk,
            "first_day": "3/12/2026",
            "last_day": "3/12/2026",
            "reason": "pont",
        },
    )

    assert CLOSE_A_DAY in answer.content.decode()


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_the_pages_cost_the_same_with_one_and_three(agent: User, desk: Client) -> None:
    couple(agent, 0)
    without_address(Dossier.objects.get())
    helped(agent, THURSDAY + 8 * timedelta(hours=1) - timedelta(hours=2))
    closing = begin(agent)
    pages = [address(name, closing.pk) for name in ("closing", "closing_confirm")]
    desk.get(pages[0])
    before = [queries(desk, page) for page in pages]
    closing.delete()
    for rank in (1, 2):
        without_address(couple(agent, rank))
    closing = begin(agent)
    pages = [address(name, closing.pk) for name in ("closing", "closing_confirm")]
    desk.get(pages[0])

    assert [queries(desk, page) for page in pages] == before
    assert before[0] <= 26
    finish(closing, agent)
    assert queries(desk, pages[0]) <= 29


def test_two_who_press_the_last_button(agent: User, desk: Client) -> None:
    dossier = couple(agent)
    closing = begin(agent)
    read = mark(closing)

    answers = [desk.post(address("closing_confirm", closing.pk), {"lu": read}) for _ in range(2)]

    assert [one.status_code for one in answers] == [302, 302]
    assert dossier.events.filter(kind="appointment_moved").count() == 1
    assert Closure.objects.count() == 1


def test_the_second_agent_is_told_who_closed_it(
    agent: User, client_of: Callable[[User], Client]
) -> None:
    couple(agent)
    closing = begin(agent)
    read = mark(closing)
    finish(closing, agent)
    other = User.objects.create_user("b@mairie.example", full_name="Sam Roux", is_staff=True)
    other.groups.add(Group.objects.get(name="instructeur"))

    answer = client_of(other).post(address("closing_confirm", closing.pk), {"lu": read})

    assert told(answer) == ["Rien à faire : Nour Vidal a déjà fermé cette journée."]


def test_a_day_without_anybody_closes_too(agent: User, desk: Client) -> None:
    desk.post(address("close_day"), DAY | {"day": "10/12/2026"})
    closing = Closing.objects.get()
    assert "Personne n’est attendu." in text_of(desk.get(address("closing", closing.pk)))
    last = text_of(desk.get(address("closing_confirm", closing.pk)))
    assert ">Fermer jeudi 10 décembre<" in last

    desk.post(address("closing_confirm", closing.pk), {"lu": mark(closing)})

    assert Closure.objects.get().first_day == datetime(2026, 12, 10).date()  # noqa: DTZ001
    assert timezone.now() == NOW


def test_the_pages_of_a_couple_say_it_plainly(
    agent: User, client_of: Callable[..., Client]
) -> None:
    dossier = couple(agent)
    begin(agent, day=datetime(2026, 12, 10).date())  # noqa: DTZ001
    url = reverse("pacs:appointment-choose", args=[dossier.reference])

    page = text_of(client_of(dossier.people[0].user).get(f"{url}?jour=2026-12-10"))

    assert "Plus de nouveau rendez-vous ce jour-là pour le moment." in page
