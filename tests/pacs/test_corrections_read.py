"""Who reads a correction, and that what leaves is what was read."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from pacs.actions import desk
from pacs.actions.corrections import decline_correction
from pacs.actions.refusals import ActionRefused
from pacs.hooks.mine import parts
from pacs.models import Correction, Dossier
from pacs.reads.access import readable_corrections, readers_of
from tests.support.dossiers import OTHER, PERSON, make_dossier, send
from tests.support.forms import answer

PRIVATE = "Votre tuteur nous a confirmé l’ancienne adresse."
type Clients = Callable[[User], Client]


@pytest.fixture
def sent(reference_data: None, alice: User, bob: User) -> Dossier:
    assisted = {"measure": "tutelle", "protector_is_partenaire": False}
    people = ({**PERSON, **assisted}, {**OTHER, "measure": "aucune"})
    return send(make_dossier(alice, bob, people=people))


def proposed(dossier: Dossier, holder: int) -> Correction:
    column = "street" if holder == 0 else "birth_city"
    row = Correction.objects.create(
        dossier=dossier,
        holder=holder,
        values={column: {"old": "3 rue des Lilas", "new": f"Zyxw {holder}"}},
        status="sent",
        changed_at=timezone.now(),
        sent_at=timezone.now(),
    )
    return Correction.objects.get(pk=row.pk)


def decline(correction: Correction, agent: User, reason: str) -> None:
    decline_correction(
        correction.dossier,
        correction.pk,
        reason=reason,
        changed_at=correction.changed_at.isoformat(),
        by=agent,
        at=timezone.now(),
        version=None,
    )


@pytest.mark.parametrize("holder", [0, 1, 2])
def test_the_page_and_the_export_show_it_to_its_readers_and_to_no_other(
    sent: Dossier, agent: User, client_of: Clients, holder: int
) -> None:
    correction = proposed(sent, holder)
    decline(correction, agent, "Zyxw-Motif : elle est déjà écrite ainsi.")
    readers = readers_of(correction, sent)

    for person in sent.people:
        assert person.user is not None
        page = client_of(person.user).get(reverse("pacs:dossier-correct", args=[sent.reference]))
        export = json.dumps([part.as_json() for part in parts(person.user)], default=str)
        is_reader = person in readers
        assert ("Zyxw-Motif" in page.content.decode()) is is_reader
        assert ("Zyxw-Motif" in export) is is_reader
        assert readable_corrections(person).exists() is is_reader


@pytest.mark.parametrize(("holder", "is_refused"), [(0, True), (1, False), (2, True)])
def test_a_reason_is_for_everybody_who_reads_it(
    sent: Dossier, agent: User, holder: int, is_refused: bool
) -> None:
    correction = proposed(sent, holder)

    if is_refused:
        with pytest.raises(ActionRefused, match="« tuteur » ne concerne que Camille"):
            decline(correction, agent, PRIVATE)
    else:
        decline(correction, agent, PRIVATE)

    assert Correction.objects.get().status == ("sent" if is_refused else "declined")


def test_the_second_reads_a_shared_one_and_acts_on_none(
    sent: Dossier, bob: User, client_of: Clients
) -> None:
    correction = proposed(sent, 0)
    client, url = client_of(bob), reverse("pacs:dossier-correct", args=[sent.reference])

    page = client.get(url)
    client.post(url, {"abandonner": correction.pk, "lu": page.context["lu"]})

    assert "Zyxw 0" in page.content.decode()
    assert 'name="abandonner"' not in page.content.decode()
    assert Correction.objects.get().status == "sent"


def test_a_date_of_birth_is_one_answer_told_whole(
    sent: Dossier, alice: User, client_of: Clients
) -> None:
    client = client_of(alice)
    answer(client, own_page(sent), birth_date="6 juin 1990")

    [(correction, answers, _)] = client.get(
        reverse("pacs:dossier-correct", args=[sent.reference])
    ).context["pending"]

    assert set(correction.values) == {"birth_day", "birth_month"}
    assert [(one.label, one.now, one.proposed) for one in answers] == [
        ("date de naissance", "4\u00a0mai 1990", "6\u00a0juin 1990")
    ]


# What leaves is what was read


def own_page(dossier: Dossier) -> str:
    return reverse("pacs:own-step", args=[dossier.reference, "acte"])


@pytest.mark.parametrize("act", ["send", "drop", "send_back"])
def test_another_correction_than_the_one_read_does_not_leave(
    sent: Dossier, alice: User, agent: User, client_of: Clients, act: str
) -> None:
    client = client_of(alice)
    desk.request_pieces(sent, texts={1: "Corrigez."}, by=agent, at=timezone.now(), version=None)
    answer(client, own_page(sent), birth_name="Lemoyne")
    correct = reverse("pacs:dossier-correct", args=[sent.reference])
    read = sent.get_absolute_url() if act == "send_back" else correct
    to = reverse("pacs:dossier-resubmit", args=[sent.reference]) if act == "send_back" else correct
    lu = client.get(read).context["lu"]
    data: dict[str, Any] = {"lu": lu}
    if act == "drop":
        data["abandonner"] = Correction.objects.get().pk
    answer(client, own_page(sent), birth_name="Autrenom")  # another tab

    refused = client.post(to, data)

    kept = Correction.objects.get()
    assert refused.status_code == 409
    assert (kept.status, kept.values["birth_name"]["new"]) == ("draft", "Autrenom")
    assert Dossier.objects.get().status == "pieces_requested"
    # Read again, it leaves; without a word of what was read, it does not.
    assert client.post(to, {}).status_code == 409
    data["lu"] = client.get(read).context["lu"]
    assert client.post(to, data).status_code == 302
    assert Correction.objects.get().status == ("dropped" if act == "drop" else "sent")
    # A second click of the same form says nothing wrong.
    assert client.post(to, data).status_code == 302


def test_an_answer_changed_by_the_mairie_is_another_one_to_correct(
    sent: Dossier, alice: User, client_of: Clients
) -> None:
    client, url = client_of(alice), reverse("pacs:dossier-correct", args=[sent.reference])
    answer(client, own_page(sent), birth_name="Lemoyne")
    lu = client.get(url).context["lu"]
    sent.partenaires.filter(position=1).update(birth_name="Lemoine-Roux")

    refused = client.post(url, {"lu": lu})

    assert (refused.status_code, Correction.objects.get().status) == (409, "draft")
