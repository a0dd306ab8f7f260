"""Attestations end with their facts; corrections are proposals; ends are confirmed and undone."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from post_office.models import STATUS, Email

from demarches.models import UNDO_TIME, Appointment, User
from pacs.actions.appointments import book_for, offer_earlier, want_earlier
from pacs.actions.consent import watching_facts
from pacs.actions.dossiers import attest, open_dossier
from pacs.actions.endings import ENDINGS, end_dossier, undo_ending
from pacs.models import Correction, Dossier, Partenaire
from pacs.models.consent import has_attested, has_confirmed
from pacs.rules.consent import changes_between, digest_of
from pacs.rules.gate import Act, Kind
from tests.support.appointments import make_complete
from tests.support.dossiers import COMMON, PERSON, bring_everything, make_dossier
from tests.support.forms import answer
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)
DAY = datetime(2026, 12, 14, 9, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def complete(alice: User, bob: User, agent: User) -> Dossier:
    return make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)


@pytest.fixture
def scheduled(complete: Dossier, agent: User) -> Dossier:
    book_for(complete, DAY, by=agent, at=NOW)
    return fresh(complete)


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def mails_to(address: str) -> list[str]:
    return [one.subject for one in Email.objects.order_by("pk") if address in one.to]


REDO = "Votre démarche d’état civil : une réponse a changé"


# Attestations


def test_a_changed_fact_ends_the_attestations_that_named_it_and_tells_both(
    complete: Dossier, agent: User
) -> None:
    with watching_facts(complete, by=agent, at=NOW):
        complete.partenaires.filter(position=1).update(birth_name="Lemoyne")

    row = fresh(complete)
    # Both named it: oneself, and the other in « entre X et moi ».
    assert [has_attested(one, row) for one in row.people] == [False, False]
    assert has_confirmed(row.people[1], row)
    events = row.events.filter(kind="attestation_ended").order_by("partenaire__position")
    assert [event.changes for event in events] == [
        [{"label": "nom de naissance", "old": "Lemoine", "new": "Lemoyne"}],
        [
            {
                "label": "nom de naissance de l’autre partenaire",
                "old": "Lemoine",
                "new": "Lemoyne",
            }
        ],
    ]
    assert [mails_to(f"{who}@example.org").count(REDO) for who in ("alice", "bob")] == [1, 1]
    kinds = {one.kind for one in row.obstacles(Act.BOOK, at=NOW)}
    assert kinds == {Kind.ATTESTATION}


def test_one_s_own_fact_ends_one_s_own_attestation_alone(complete: Dossier, agent: User) -> None:
    with watching_facts(complete, by=agent, at=NOW):
        complete.partenaires.filter(position=1).update(situation="divorce")

    row = fresh(complete)
    assert [has_attested(one, row) for one in row.people] == [False, True]


def test_a_name_that_was_not_known_when_one_attested_is_no_change(
    reference_data: None, alice: User
) -> None:
    draft = open_dossier(at=NOW, user=alice, couple=COMMON, people=(PERSON, {}))
    attest(Partenaire.objects.get(dossier=draft, position=1), at=NOW, by=alice)

    with watching_facts(draft, by=alice, at=NOW):
        draft.partenaires.filter(position=2).update(birth_name="Roy", first_names="Karim")

    row = fresh(draft)
    assert has_attested(row.people[0], row)
    with watching_facts(draft, by=alice, at=NOW):
        draft.partenaires.filter(position=1).update(birth_city="Alès")
    row = fresh(draft)
    assert not has_attested(row.people[0], row)


@pytest.mark.parametrize(
    "change",
    [{"phone": "+33612345678"}, {"needs": "rampe"}, {"street": "ailleurs"}, {"usage_name": "X"}],
)
def test_what_nobody_attested_ends_nothing(
    complete: Dossier, agent: User, change: dict[str, str]
) -> None:
    with watching_facts(complete, by=agent, at=NOW):
        complete.partenaires.update(**change)

    row = fresh(complete)
    assert [has_attested(one, row) for one in row.people] == [True, True]
    assert mails_to("alice@example.org").count(REDO) == 0


def test_the_wished_date_changes_freely_after_the_sending(
    complete: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:common-step", args=[complete.reference, "jour"])

    answer(client_of(alice), url, wished_date="15/12/2026")

    row = fresh(complete)
    assert str(row.wished_date) == "2026-12-15"
    assert [has_attested(one, row) for one in row.people] == [True, True]
    assert not Correction.objects.exists()


def test_after_it_ended_one_attests_again_whatever_the_status(
    scheduled: Dossier, agent: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    with watching_facts(scheduled, by=agent, at=NOW):
        scheduled.partenaires.filter(position=2).update(birth_city="Alès")
    page = client_of(bob).get(scheduled.get_absolute_url()).content.decode()
    attest = reverse("pacs:partner-attest", args=[scheduled.reference])

    shown = client_of(bob).get(attest)
    form = {"agree": "on", "accept": "on", "confirm": "on", **hidden_of(shown)}
    client_of(bob).post(attest, form)

    assert "Votre attestation sur l’honneur est à refaire" in page
    row = fresh(scheduled)
    assert [has_attested(one, row) for one in row.people] == [True, True]


def hidden_of(answer: object) -> dict[str, str]:
    """Every hidden field and box of a page, as a browser would send them."""
    import re  # noqa: PLC0415 -- beside its only use

    text = answer.content.decode()  # type: ignore[attr-defined]
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    boxes = re.findall(r'<input type="checkbox" name="([^"]+)"', text)
    found.pop("csrfmiddlewaretoken", None)
    return found | dict.fromkeys(boxes, "on")


def test_a_digest_forgets_the_order_and_what_is_empty() -> None:
    assert digest_of({"a": 1, "b": ""}) == digest_of({"b": None, "a": 1, "c": []})
    assert digest_of({"a": 1}) != digest_of({"a": 2})
    assert changes_between({"a": "", "b": 1}, {"a": None, "b": 2})[0].label == "b"


# Corrections


def correct(client: Client, dossier: Dossier, name: str) -> None:
    url = reverse("pacs:own-step", args=[dossier.reference, "acte"])
    response = answer(client, url, birth_name=name)
    assert response.status_code == 302, response.content.decode()[:3000]


def send_corrections(client: Client, url: str, **more: Any) -> Any:
    """Press a button of the page of the corrections, with what it shows."""
    found = re.search(r'name="lu" value="([^"]*)"', client.get(url).content.decode())
    assert found is not None
    return client.post(url, {"lu": found[1], **more})


def test_what_the_couple_changes_after_sending_is_kept_apart_then_sent_then_taken(
    sent: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    client, at_desk = client_of(alice), client_of(agent)
    url = reverse("pacs:dossier-correct", args=[sent.reference])

    correct(client, sent, "Lemoyne")
    assert fresh(sent).people[0].birth_name == "Lemoine"
    page = client.get(url).content.decode()
    assert "Lemoyne" in page
    assert "Lemoine" in page
    assert "Lemoyne" not in at_desk.get(desk_url(sent)).content.decode()

    send_corrections(client, url)
    shown = at_desk.get(f"{desk_url(sent)}?vue=correction-1").content.decode()
    assert "Lemoyne" in shown
    assert "Reprendre dans le dossier" in shown
    assert Kind.CORRECTION in {one.kind for one in fresh(sent).obstacles(Act.ACCEPT, at=NOW)}

    row = Correction.objects.get()
    verb = reverse("admin:pacs_dossier_act", args=[sent.pk, "reprendre-correction"])
    data = {"correction": row.pk, "version": fresh(sent).version}
    stale = at_desk.post(verb, data | {"changed_at": "2026-01-01T00:00:00+00:00"})
    taken = at_desk.post(verb, data | {"changed_at": row.changed_at.isoformat()})

    assert (stale.status_code, taken.status_code) == (422, 302)
    after = fresh(sent)
    assert after.people[0].birth_name == "Lemoyne"
    assert [has_attested(one, after) for one in after.people] == [False, False]
    assert "Votre démarche d’état civil : correction examinée" in mails_to("alice@example.org")


def desk_url(dossier: Dossier) -> str:
    return reverse("admin:pacs_dossier_change", args=[dossier.pk])


def test_a_correction_is_given_up_or_declined_with_a_reason(
    sent: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    client, at_desk = client_of(alice), client_of(agent)
    url = reverse("pacs:dossier-correct", args=[sent.reference])
    correct(client, sent, "Lemoyne")
    send_corrections(client, url, abandonner=Correction.objects.get().pk)
    assert [one.status for one in Correction.objects.all()] == ["dropped"]

    correct(client, sent, "Lemoyne")
    send_corrections(client, url)
    row = Correction.objects.get(status="sent")
    verb = reverse("admin:pacs_dossier_act", args=[sent.pk, "refuser-correction"])
    data = {
        "correction": row.pk,
        "version": fresh(sent).version,
        "changed_at": row.changed_at.isoformat(),
    }
    assert at_desk.post(verb, data).status_code == 422
    assert at_desk.post(verb, data | {"reason": "L’acte dit Lemoine."}).status_code == 302

    assert "L’acte dit Lemoine." in client.get(url).content.decode()
    assert fresh(sent).people[0].birth_name == "Lemoine"


def test_the_other_partenaire_never_reads_a_correction(
    sent: Dossier, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    correct(client_of(alice), sent, "Zyxwvu")
    send_corrections(client_of(alice), reverse("pacs:dossier-correct", args=[sent.reference]))

    for name in ("dossier", "dossier-correct", "dossier-messages", "partner-attest"):
        page = client_of(bob).get(reverse(f"pacs:{name}", args=[sent.reference]))
        assert "Zyxwvu" not in page.content.decode(), name


def test_an_ended_dossier_says_why_nothing_can_be_corrected(
    sent: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    end_dossier(sent, "clore", reason="Doublon", by=agent, at=NOW, version=None)
    client = client_of(alice)
    url = reverse("pacs:dossier-correct", args=[sent.reference])

    assert "Les réponses ne changent plus" in client.get(url).content.decode()
    assert client.post(url).status_code == 409


def test_resubmitting_sends_the_corrections_too(
    sent: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    bring_everything(sent, at=NOW)
    sent.request_pieces(by=agent, at=NOW, reason="x")
    client = client_of(alice)
    correct(client, sent, "Lemoyne")
    page = client.get(fresh(sent).get_absolute_url())

    client.post(reverse("pacs:dossier-resubmit", args=[sent.reference]), hidden_of(page))

    assert (fresh(sent).status, Correction.objects.get().status) == ("under_review", "sent")


# Ends


@pytest.mark.parametrize("slug", list(ENDINGS))
def test_an_end_is_read_first_motivated_and_undone_for_a_quarter_of_an_hour(
    slug: str,
    scheduled: Dossier,
    agent: User,
    client_of: Callable[[User | None], Client],
    clock: time_machine.Traveller,
) -> None:
    client = client_of(agent)
    url = reverse("admin:pacs_dossier_end", args=[scheduled.pk, slug])
    appointment, before = the(scheduled.appointment), Email.objects.count()

    page = client.get(url).content.decode()
    assert "alice@example.org" in page
    assert str(appointment) in page
    data = {"version": scheduled.version}
    assert client.post(url, data).status_code == 422
    assert client.post(url, {"version": scheduled.version - 1, "reason": "x"}).status_code == 409
    assert client.post(url, data | {"reason": "Raison dite au téléphone."}).status_code == 302

    assert fresh(scheduled).is_ended
    assert Email.objects.count() == before + 2
    assert not Email.objects.filter(
        pk__gt=0, status=STATUS.queued, subject__contains="arrêtée", scheduled_time__lte=NOW
    ).exists()
    ending = scheduled.endings.get()
    answer = client.post(
        reverse("admin:pacs_dossier_undo", args=[scheduled.pk]), {"ending": ending.pk}
    )
    assert answer.status_code == 302
    row = fresh(scheduled)
    assert (row.status, row.appointment, row.inadmissible_ground) == (
        "scheduled",
        appointment,
        "",
    )
    assert Appointment.objects.get(pk=appointment.pk).status == "booked"
    assert Email.objects.count() == before


def test_it_cannot_be_undone_later_nor_by_somebody_else(
    scheduled: Dossier, agent: User, clock: time_machine.Traveller
) -> None:
    other = User.objects.create_user("autre-agent@example.org", is_staff=True)
    ending = end_dossier(scheduled, "retirer", reason="Dit", by=agent, at=NOW, version=None)

    for by, at in ((other, NOW), (agent, NOW + UNDO_TIME)):
        with pytest.raises(ValidationError):
            undo_ending(ending, by=by, at=at)
    assert fresh(scheduled).status == "withdrawn"


def test_the_seat_is_offered_to_nobody_while_it_can_be_undone(
    scheduled: Dossier, agent: User, clock: time_machine.Traveller
) -> None:
    people = [User.objects.create_user(f"{name}@example.org") for name in ("dan", "eve")]
    late = make_complete(make_dossier(*people, at=NOW), agent, at=NOW)
    book_for(late, DAY + timedelta(minutes=30), by=agent, at=NOW)
    first = Partenaire.objects.select_related("dossier").get(dossier=late, position=1)
    want_earlier(first, wanted=True, at=NOW)

    end_dossier(scheduled, "retirer", reason="Dit", by=agent, at=NOW, version=None)
    offer_earlier(at=NOW)

    held = fresh(late).held_appointment
    assert held is None or held.starts_at != DAY


def test_a_registered_dossier_cannot_be_closed_and_nobody_is_told_so(
    sent: Dossier, agent: User
) -> None:
    Dossier.objects.filter(pk=sent.pk).update(
        status="registered",
        completed_at=NOW,
        ended_at=NOW,
        registered_on=NOW.date(),
        registered_appointment_on=NOW.date(),
        registered_attestations=2,
    )
    before = Email.objects.count()

    with pytest.raises(ValidationError):
        end_dossier(fresh(sent), "clore", reason="Rangé", by=agent, at=NOW, version=None)

    assert Email.objects.count() == before
