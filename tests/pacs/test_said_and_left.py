"""The second: what the first said of them, their invitation, coming back, reminders, leaving."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from demarches.models import User
from pacs.actions.dossiers import (
    attest,
    choose_door,
    choose_private_code,
    confirm_said,
    decline_invitation,
    join_dossier,
    leave_dossier,
    open_dossier,
    record_answers,
)
from pacs.actions.pieces import add_file
from pacs.actions.refusals import ActionRefused
from pacs.actions.upkeep import remind_parts
from pacs.forms.identity import SituationForm
from pacs.models import Door, Dossier, PacsSettings, Partenaire, PieceFile
from pacs.papers import documents
from tests.pacs.simulator_answers import FRENCH, ITALIAN_WIDOW, params_of
from tests.support.dossiers import COMMON, OTHER, PERSON, make_dossier, send
from tests.support.files import png
from tests.support.forms import answer, as_shown
from tests.support.pdf import text_of

pytestmark = pytest.mark.django_db


def second_of(dossier: Dossier) -> Partenaire:
    return Partenaire.objects.select_related("dossier", "user").get(dossier=dossier, position=2)


@pytest.fixture
def simulated(
    reference_data: None,
    alice: User,
    bob: User,
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> Dossier:
    """Alice used the simulator, for a widow from Italy and herself; Bob has joined."""
    client, start = client_of(alice), reverse("pacs:dossier-start")
    client.get(start, params_of(FRENCH, ITALIAN_WIDOW))
    client.post(start)
    dossier = Dossier.objects.get()
    Partenaire.objects.filter(position=1).update(birth_name="Rossi", first_names="Giulia")
    choose_door(second_of(dossier), Door.OWN, email=bob.email, by=alice, at=now)
    join_dossier(dossier, bob, at=now)
    return Dossier.objects.get()


# What the first said


def test_what_the_simulator_said_of_the_second_is_kept_with_its_author(simulated: Dossier) -> None:
    first, second = simulated.people

    assert first.said_by_other == []
    assert second.situation == "veuf"
    assert {"situation", "measure"} <= set(second.said_by_other)
    # « Je ne sais pas », and what was said less precisely, stays open.
    assert all(getattr(second, name) not in ("", None, []) for name in second.said_by_other)


def test_the_second_confirms_it_all_at_once(
    simulated: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    client, page = client_of(bob), reverse("pacs:said", args=[simulated.reference])
    assert (
        client.get(reverse("pacs:dossier-review", args=[simulated.reference]))["Location"] == page
    )
    response = client.get(page)
    text = response.content.decode()
    assert "<h1>Ce que Giulia Rossi a déjà dit de vous</h1>" in text
    assert text.count("Changer<span") == len(second_of(simulated).said_by_other)

    answered = client.post(page, {"lu": response.context["lu"]})

    assert answered["Location"].endswith("/moi/acte/")
    assert second_of(simulated).said_by_other == []
    assert simulated.events.filter(kind="said_confirmed").get().by == bob


def test_what_changed_since_is_not_confirmed(
    simulated: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    client, page = client_of(bob), reverse("pacs:said", args=[simulated.reference])
    read = client.get(page).context["lu"]
    Partenaire.objects.filter(position=2).update(situation="celibataire")

    assert client.post(page, {"lu": read}).status_code == 409
    assert second_of(simulated).said_by_other != []


def test_a_page_answered_is_one_s_own_word_and_the_rest_is_still_asked(
    simulated: Dossier, bob: User, now: datetime, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:own-step", args=[simulated.reference, "situation"])
    assert "Giulia Rossi a déjà répondu pour vous" in client_of(bob).get(url).content.decode()
    second = second_of(simulated)
    address = {"street": "9 place aux Herbes", "postcode": "30700", "city": "Uzès"}
    form = SituationForm({**as_shown(SituationForm(instance=second)), **address}, instance=second)
    assert form.is_valid(), form.errors

    record_answers(form, dossier=simulated, at=now, by=bob)

    left = second_of(simulated).said_by_other
    assert "situation" not in left
    assert "protection" in left


def test_nobody_attests_what_another_said_of_them(simulated: Dossier, now: datetime) -> None:
    with pytest.raises(ActionRefused, match="confirmez ce que votre partenaire"):
        attest(second_of(simulated), at=now, by=simulated.people[1].user)
    assert second_of(simulated).attested_at is None


def test_confirming_twice_is_once(simulated: Dossier, bob: User, now: datetime) -> None:
    confirm_said(second_of(simulated), at=now, by=bob)
    confirm_said(second_of(simulated), at=now, by=bob)

    assert simulated.events.filter(kind="said_confirmed").count() == 1


def test_without_the_simulator_there_is_nothing_to_confirm(
    draft: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    response = client_of(bob).get(reverse("pacs:said", args=[draft.reference]))

    assert response.status_code == 302
    assert "dit de vous" not in client_of(bob).get(draft.get_absolute_url()).content.decode()


# The invitation


@pytest.fixture
def opened(reference_data: None, alice: User, now: datetime) -> Dossier:
    return open_dossier(at=now, user=alice, couple=COMMON, people=(PERSON, {}))


def test_the_first_reads_the_mail_that_leaves_and_a_sentence_to_send(
    opened: Dossier, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    client, door = client_of(alice), reverse("pacs:partner-door", args=[opened.reference])
    lu = client.get(door).context["lu"]

    page = client.post(door, {"door": "own", "email": bob.email, "lu": lu}, follow=True)

    text, mail = page.content.decode(), Email.objects.get(to=[bob.email])
    assert "<h1>Invitation partie</h1>" in text
    assert mail.subject in text
    assert mail.message.splitlines()[2] in text
    assert f"connecte-toi avec l’adresse {bob.email}" in text
    assert client_of(bob).get(page.request["PATH_INFO"]).status_code == 404


def test_who_invites_is_named_to_the_invited_address_alone(
    opened: Dossier,
    alice: User,
    bob: User,
    charlie: User,
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> None:
    choose_door(second_of(opened), Door.OWN, email=bob.email, by=alice, at=now)
    join = opened.get_join_url()

    assert "Camille Anne Lemoine vous invite à préparer un Pacs" in (
        client_of(bob).get(join).content.decode()
    )
    assert "Lemoine" not in client_of(charlie).get(join).content.decode()


# Coming back


@pytest.mark.parametrize("door", [Door.SAME_DEVICE, Door.PAPER])
def test_the_slip_says_how_to_come_back_and_names_nobody(
    door: Door, opened: Dossier, alice: User, now: datetime
) -> None:
    choose_door(second_of(opened), door, by=alice, at=now)
    Partenaire.objects.filter(position=2).update(birth_name="Zyxw", first_names="Zyxw")

    text = text_of(documents.way_back(Dossier.objects.get()).content)

    assert opened.reference in text
    assert f"/pacs/{opened.reference}/" in text
    assert not [w for w in ("Zyxw", PERSON["birth_name"], COMMON["street"]) if w in text]
    assert "aucun mail ne vous arrivera" in " ".join(text.split())
    assert ("sous enveloppe" in text) is (door is Door.PAPER)


def test_the_slip_is_for_those_who_have_no_account(
    opened: Dossier,
    alice: User,
    bob: User,
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> None:
    slip = reverse("pacs:dossier-paper", args=[opened.reference, "revenir"])
    assert client_of(alice).get(slip).status_code == 404
    choose_door(second_of(opened), Door.SAME_DEVICE, by=alice, at=now)
    assert client_of(alice).get(slip).status_code == 200
    assert slip in client_of(alice).get(opened.get_absolute_url()).content.decode()


def test_whoever_was_lent_the_device_may_leave_an_address(
    opened: Dossier, alice: User, now: datetime, client_of: Callable[[User | None], Client]
) -> None:
    page = reverse("pacs:own-step", args=[opened.reference, "situation"])
    assert "contact_email" not in client_of(alice).get(page).context["form"].fields
    choose_door(second_of(opened), Door.SAME_DEVICE, by=alice, at=now)
    device = client_of(None)
    session = device.session
    session["pacs_handed_over"] = second_of(opened).pk
    session.save()
    device.post(reverse("pacs:partner-unlock", args=[opened.reference]), {"code": "lavande30"})
    home = {"street": "9 place aux Herbes", "postcode": "30700", "city": "Uzès"}
    said = {"situation": "celibataire", "measure": "aucune", **home}

    refused = answer(device, page, **said, contact_email=alice.email.upper())
    assert list(refused.context["form"].errors) == ["contact_email"]
    assert second_of(opened).mail_address == ""
    saved = answer(device, page, **said, contact_email="tom@example.org")

    assert saved.status_code == 302
    assert second_of(opened).mail_address == "tom@example.org"


# Reminders


@pytest.fixture
def stopped(opened: Dossier, alice: User, bob: User, now: datetime) -> Dossier:
    """Bob joined, and nothing has moved since."""
    choose_door(second_of(opened), Door.OWN, email=bob.email, by=alice, at=now)
    join_dossier(opened, bob, at=now)
    return Dossier.objects.get()


def test_who_joined_and_stopped_is_reminded_as_often_as_the_settings_say(
    stopped: Dossier, bob: User, now: datetime
) -> None:
    figures = PacsSettings.current()
    pause = timedelta(days=figures.invitation_reminder_days, hours=1)
    reminders = [
        remind_parts(at=now + pause * rank) for rank in range(figures.invitation_reminders_max + 3)
    ]

    assert reminders == [0, *[1] * figures.invitation_reminders_max, 0, 0]
    mail = Email.objects.filter(to=[bob.email]).last()
    assert mail is not None
    assert "Pacs" not in f"{mail.subject} {mail.message}".replace("/pacs/PACS", "")
    assert reverse("pacs:partner-quit", args=[stopped.reference]) in mail.message


@pytest.mark.parametrize("why", ["attested", "moved", "sent", "paper"])
def test_who_has_nothing_to_do_is_not_reminded(
    why: str, reference_data: None, alice: User, bob: User, now: datetime
) -> None:
    dossier = make_dossier(alice, bob, at=now)
    if why != "attested":
        Partenaire.objects.update(
            attested_at=None, attested_text="", attested_digest="", attested_facts={}
        )
    later = now + timedelta(days=20)
    if why == "moved":
        dossier.touch(at=later)
    if why == "sent":
        Dossier.objects.update(status="submitted", submitted_at=now)
    if why == "paper":
        Partenaire.objects.filter(position=2).update(user=None)

    assert remind_parts(at=later) == 0


# Leaving


def test_leaving_takes_everything_of_theirs_back_and_tells_the_first_neutrally(
    draft: Dossier,
    alice: User,
    bob: User,
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> None:
    piece = draft.pieces.select_related("dossier").get(key="2-P03_identite")
    picture = SimpleUploadedFile("carte.png", png(), content_type="image/png")
    add_file(piece, picture, "carte.png", partenaire=second_of(draft), at=now)
    Email.objects.all().delete()
    client, page = client_of(bob), reverse("pacs:partner-quit", args=[draft.reference])

    answered = client.post(page, {"lu": client.get(page).context["lu"]}, follow=True)

    assert "votre partie est effacée" in answered.content.decode()
    second = second_of(draft)
    assert (second.user, second.door, second.birth_name, second.contact_email) == (None, "", "", "")
    assert PieceFile.objects.count() == 0
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert Email.objects.filter(to=[bob.email]).count() == 0
    told = {mail.subject: mail.message for mail in Email.objects.filter(to=[alice.email])}
    assert "Votre démarche d’état civil : un changement" in told
    assert not [t for t in told.values() if OTHER["birth_name"] in t or bob.email in t]
    assert draft.events.filter(kind="left").get().by == bob
    assert Partenaire.objects.get(dossier=draft, position=1).birth_name == PERSON["birth_name"]


def test_a_guest_leaves_too_and_their_pass_opens_nothing(
    opened: Dossier, alice: User, now: datetime
) -> None:
    choose_door(second_of(opened), Door.SAME_DEVICE, by=alice, at=now)
    choose_private_code(second_of(opened), "lavande30", at=now)

    leave_dossier(second_of(opened), at=now, by=None)
    leave_dossier(second_of(opened), at=now, by=None)  # twice is once

    assert second_of(opened).private_code == ""
    assert opened.events.filter(kind="left").count() == 1


def test_once_it_is_sent_leaving_is_stopping(
    draft: Dossier, bob: User, now: datetime, client_of: Callable[[User | None], Client]
) -> None:
    sent = send(draft)
    page = reverse("pacs:partner-quit", args=[sent.reference])

    assert client_of(bob).get(page)["Location"].endswith("/arreter/")
    with pytest.raises(ActionRefused, match="arrêtez la démarche"):
        leave_dossier(second_of(sent), at=now, by=bob)


@pytest.mark.parametrize("how", ["declined", "left"])
def test_whoever_said_no_may_be_invited_again_or_somebody_else(
    how: str, opened: Dossier, alice: User, bob: User, now: datetime
) -> None:
    choose_door(second_of(opened), Door.OWN, email=bob.email, by=alice, at=now)
    if how == "declined":
        decline_invitation(opened, bob, at=now)
    else:
        join_dossier(opened, bob, at=now)
        leave_dossier(second_of(opened), at=now, by=bob)

    choose_door(second_of(opened), Door.OWN, email="dana@example.org", by=alice, at=now)

    assert second_of(opened).invited_email == "dana@example.org"


def test_an_old_page_does_not_leave_a_dossier_that_went_on(
    draft: Dossier, bob: User, now: datetime, client_of: Callable[[User | None], Client]
) -> None:
    page = reverse("pacs:partner-quit", args=[draft.reference])
    answer: Any = client_of(bob).post(page, {"lu": "autre chose"})

    assert answer.status_code == 409
    assert second_of(draft).user == bob
