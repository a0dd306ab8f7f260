"""The second's part cannot be entered by changing its door."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from demarches.files.storage import stored_names
from demarches.models import User
from pacs.actions import desk
from pacs.actions.desk import save_answers_for
from pacs.actions.dossiers import (
    choose_door,
    choose_private_code,
    confirm_common,
    join_dossier,
    open_dossier,
    write_message,
)
from pacs.actions.part import PartIsTheirs, WrongCode, has_begun
from pacs.actions.pieces import add_file
from pacs.actions.refusals import ActionRefused
from pacs.admin.answers import answer_forms, answers_key
from pacs.models import (
    Correction,
    Door,
    Dossier,
    InformationRequest,
    Message,
    Partenaire,
    PieceFile,
)
from pacs.reads.access import readable_messages
from tests.support.dossiers import COMMON, OTHER, PERSON
from tests.support.files import png
from tests.support.pdf import text_of

CODE = "lavande30"
EVIL = "erin.alias@example.org"


@pytest.fixture
def opened(reference_data: None, alice: User, now: datetime) -> Dossier:
    """Alice has answered for herself, and the simulator for the second one."""
    return open_dossier(at=now, user=alice, couple=COMMON, people=(PERSON, OTHER))


def second_of(dossier: Dossier) -> Partenaire:
    return Partenaire.objects.select_related("dossier", "user").get(dossier=dossier, position=2)


@pytest.fixture
def begun(opened: Dossier, alice: User, now: datetime) -> Dossier:
    """The second one took the device, chose a code and wrote to an agent alone."""
    choose_door(second_of(opened), Door.SAME_DEVICE, by=alice, at=now)
    choose_private_code(second_of(opened), CODE, at=now)
    write_message(second_of(opened), body="On me force.", private=True, form_key="k", at=now)
    return opened


# What begins a part


def test_what_the_first_said_in_the_simulator_begins_nothing(opened: Dossier) -> None:
    assert second_of(opened).measure == "curatelle"
    assert not has_begun(second_of(opened))


BEGINNINGS: dict[str, Callable[[Partenaire, User, datetime], Any]] = {
    "a code": lambda one, agent, at: choose_private_code(one, CODE, at=at),
    "a private message": lambda one, agent, at: write_message(
        one, body="Seul à seul.", private=True, form_key="k", at=at
    ),
    "their agreement": lambda one, agent, at: confirm_common(one, comment="", at=at, by=None),
    "an agent's typing": lambda one, agent, at: _type(one, agent, at),
}


def _type(one: Partenaire, agent: User, at: datetime) -> None:
    read = answers_key(answer_forms(one.dossier, None))
    save_answers_for(one.dossier, {"p2": {"birth_city": "Alès"}}, read=read, by=agent, at=at)


@pytest.mark.parametrize("what", BEGINNINGS)
def test_whatever_the_second_says_begins_their_part(
    what: str, opened: Dossier, agent: User, now: datetime
) -> None:
    BEGINNINGS[what](second_of(opened), agent, now)

    assert has_begun(second_of(opened))


def test_a_message_to_both_begins_nothing(opened: Dossier, now: datetime) -> None:
    write_message(second_of(opened), body="Bonjour", private=False, form_key="k", at=now)

    assert not has_begun(second_of(opened))


# Another door


@pytest.mark.parametrize(
    ("door", "email"), [(Door.OWN, EVIL), (Door.PAPER, "")], ids=["own device", "paper"]
)
def test_another_door_to_a_part_that_has_begun_is_refused(
    door: Door, email: str, begun: Dossier, alice: User, now: datetime
) -> None:
    with pytest.raises(PartIsTheirs):
        choose_door(second_of(begun), door, email=email, by=alice, at=now)

    assert second_of(begun).door == Door.SAME_DEVICE
    assert Email.objects.filter(to=[EVIL]).count() == 0


def test_the_same_device_again_asks_nothing(begun: Dossier, alice: User, now: datetime) -> None:
    choose_door(second_of(begun), Door.SAME_DEVICE, by=alice, at=now)

    assert second_of(begun).private_code != ""


def test_the_second_s_code_opens_another_door_and_the_part_stays(
    begun: Dossier, alice: User, bob: User, now: datetime
) -> None:
    choose_door(second_of(begun), Door.OWN, email=bob.email, code=CODE, by=alice, at=now)
    joined = join_dossier(begun, bob, at=now)

    assert joined.street == OTHER["street"]
    assert [m.body for m in readable_messages(joined)] == ["On me force."]
    # What locked their pages is not taken away behind their back.
    assert second_of(begun).check_private_code(CODE)


def test_guessing_the_code_ends_after_five_tries_that_both_pages_count(
    begun: Dossier, alice: User, now: datetime
) -> None:
    assert not second_of(begun).check_private_code("une idée")
    for _ in range(4):
        with pytest.raises(WrongCode):
            choose_door(second_of(begun), Door.PAPER, code="devine", by=alice, at=now)

    with pytest.raises(WrongCode) as refused:
        choose_door(second_of(begun), Door.PAPER, code=CODE, by=alice, at=now)

    assert "à la mairie" in refused.value.messages[0]
    assert not second_of(begun).check_private_code(CODE)
    assert second_of(begun).door == Door.SAME_DEVICE


def test_a_right_code_counts_for_no_try(begun: Dossier) -> None:
    for _ in range(7):
        assert second_of(begun).check_private_code(CODE)

    assert second_of(begun).code_tries_left == 5


def test_an_invitation_that_left_is_not_turned_to_another_address_by_a_click(
    opened: Dossier, alice: User, bob: User, now: datetime
) -> None:
    choose_door(second_of(opened), Door.OWN, email=bob.email, by=alice, at=now)

    with pytest.raises(PartIsTheirs):
        choose_door(second_of(opened), Door.OWN, email=EVIL, by=alice, at=now)
    choose_door(second_of(opened), Door.OWN, email=bob.email, by=alice, at=now)
    choose_door(second_of(opened), Door.OWN, email=EVIL, from_empty=True, by=alice, at=now)

    second = second_of(opened)
    assert (second.invited_email, second.birth_name, second.measure) == (EVIL, "", "")


def test_what_an_agent_typed_from_paper_is_not_opened_by_an_invitation(
    opened: Dossier, alice: User, agent: User, now: datetime
) -> None:
    choose_door(second_of(opened), Door.PAPER, by=alice, at=now)
    _type(second_of(opened), agent, now)

    for door, email in ((Door.OWN, EVIL), (Door.SAME_DEVICE, "")):
        with pytest.raises(PartIsTheirs):
            choose_door(second_of(opened), door, email=email, by=alice, at=now)


def test_what_is_said_at_the_counter_withdraws_an_invitation_nobody_answered(
    opened: Dossier, alice: User, bob: User, agent: User, now: datetime
) -> None:
    choose_door(second_of(opened), Door.OWN, email=bob.email, by=alice, at=now)
    _type(second_of(opened), agent, now)

    with pytest.raises(ActionRefused):
        join_dossier(opened, bob, at=now)
    assert second_of(opened).door == Door.PAPER


def test_a_device_handed_over_opens_no_part_that_began_without_a_code(
    opened: Dossier, alice: User, agent: User, now: datetime
) -> None:
    choose_door(second_of(opened), Door.SAME_DEVICE, by=alice, at=now)
    Dossier.objects.filter(pk=opened.pk).update(at_counter=True)
    _type(second_of(opened), agent, now)

    with pytest.raises(PartIsTheirs):
        choose_private_code(second_of(opened), "code de l’autre", at=now)


# An empty part


def test_an_empty_part_holds_nothing_of_whoever_had_it(
    begun: Dossier, alice: User, bob: User, agent: User, now: datetime
) -> None:
    second = second_of(begun)
    piece = begun.pieces.select_related("dossier").get(key="2-P03_identite")
    picture = SimpleUploadedFile("carte.png", png(), content_type="image/png")
    kept, _ = add_file(piece, picture, "carte.png", partenaire=second, at=now)
    name = kept.storage_name
    Correction.objects.create(
        dossier=begun, holder=2, values={"needs": {"old": "", "new": "x"}}, changed_at=now
    )
    InformationRequest.objects.create(dossier=begun, partenaire=second, text="?", by=agent, at=now)

    choose_door(second, Door.OWN, email=bob.email, from_empty=True, by=alice, at=now)
    joined = join_dossier(begun, bob, at=now)

    own = {f.name: f.get_default() for f in Partenaire._meta.concrete_fields}
    theirs = {"id", "dossier", "position", "user", "door", "invited_email", "last_invited_at"}
    theirs |= {"search_text", "contact_email", "part_begun_at"}
    assert {n: getattr(joined, n) for n in own if n not in theirs} == {
        n: value for n, value in own.items() if n not in theirs
    }
    assert PieceFile.objects.filter(piece__dossier=begun).count() == 0
    assert list(readable_messages(joined)) == []
    assert [(m.body, m.sealed_at) for m in Message.objects.all()] == [("On me force.", now)]
    assert [(c.status, c.values) for c in Correction.objects.all()] == [("dropped", {})]
    assert InformationRequest.objects.get().closed_at == now
    assert begun.events.filter(kind="part_emptied").count() == 1
    assert name  # the bytes go once the transaction is over, tested below


@pytest.mark.django_db(transaction=True)
def test_the_files_of_an_emptied_part_leave_the_storage(
    begun: Dossier, alice: User, now: datetime
) -> None:
    piece = begun.pieces.select_related("dossier").get(key="2-P03_identite")
    picture = SimpleUploadedFile("carte.png", png(), content_type="image/png")
    kept, _ = add_file(piece, picture, "carte.png", partenaire=second_of(begun), at=now)
    assert kept.storage_name in set(stored_names())

    choose_door(second_of(begun), Door.PAPER, from_empty=True, by=alice, at=now)

    assert kept.storage_name not in set(stored_names())


def test_a_part_is_not_emptied_once_the_mairie_has_it(
    sent: Dossier, alice: User, now: datetime
) -> None:
    Partenaire.objects.filter(pk=second_of(sent).pk).update(user=None, door=Door.PAPER.value)

    with pytest.raises(PartIsTheirs) as refused:
        choose_door(second_of(sent), Door.OWN, email=EVIL, from_empty=True, by=alice, at=now)

    assert "La mairie a déjà reçu cette partie" in refused.value.messages[0]
    assert second_of(sent).birth_name == OTHER["birth_name"]


def test_a_pass_to_a_part_dies_with_it(
    begun: Dossier, alice: User, now: datetime, client_of: Callable[[User | None], Client]
) -> None:
    device = client_of(None)
    session = device.session
    session["pacs_handed_over"] = second_of(begun).pk
    session.save()
    home = reverse("pacs:dossier", args=[begun.reference])
    device.post(reverse("pacs:partner-unlock", args=[begun.reference]), {"code": CODE})
    assert device.get(home).status_code == 200

    choose_door(second_of(begun), Door.PAPER, from_empty=True, by=alice, at=now)
    choose_door(second_of(begun), Door.SAME_DEVICE, by=alice, at=now)
    choose_private_code(second_of(begun), "autre-code", at=now)

    assert device.get(home).status_code == 302


# An agent who has seen the person


def test_an_agent_who_has_seen_them_opens_another_door_and_nothing_is_lost(
    begun: Dossier, bob: User, agent: User, now: datetime
) -> None:
    desk.change_door_seen(second_of(begun), Door.OWN, bob.email, by=agent, at=now, version=None)
    joined = join_dossier(begun, bob, at=now)

    assert joined.street == OTHER["street"]
    event = begun.events.get(kind="door_seen")
    assert (event.by, event.reason) == (agent, "")
    assert Email.objects.filter(to=[bob.email]).count() == 1


def test_an_agent_invites_neither_the_first_nor_a_device_without_a_code(
    opened: Dossier, alice: User, agent: User, now: datetime
) -> None:
    for door, email in ((Door.OWN, alice.email), (Door.OWN, ""), (Door.SAME_DEVICE, "")):
        with pytest.raises(ActionRefused):
            desk.change_door_seen(second_of(opened), door, email, by=agent, at=now, version=None)


def test_the_page_of_the_desk_shows_nothing_of_the_draft_it_changes(
    begun: Dossier, agent: User, agent_other: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("admin:pacs_dossier_door")
    answer = {"reference": begun.reference, "door": "paper", "email": ""}

    assert client_of(agent_other).get(url).status_code == 403
    page = client_of(agent).get(f"{url}?reference={begun.reference}")
    unseen = client_of(agent).post(url, answer)
    unknown = client_of(agent).post(url, {**answer, "reference": "PACS-2026-9", "seen": "on"})
    done = client_of(agent).post(url, {**answer, "seen": "on"})

    assert OTHER["birth_name"] not in page.content.decode()
    assert [page.status_code, unseen.status_code, unknown.status_code] == [200, 422, 422]
    assert done.status_code == 302
    assert second_of(begun).door == Door.PAPER


# The page of the first


def test_the_page_says_what_is_lost_and_nothing_of_what_was_answered(
    begun: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:partner-door", args=[begun.reference])
    client = client_of(alice)

    shown = client.get(url)
    page, typed = shown.content.decode(), {"door": "own", "email": EVIL, "lu": shown.context["lu"]}
    refused = client.post(url, typed)
    wrong = client.post(url, {**typed, "code": "devine"})
    started_again = client.post(url, {**typed, "from_empty": "on"})

    for word in ("ses réponses", "fichiers", "attestation", "messages privés"):
        assert word in page
    assert "curatelle" not in page
    assert [refused.status_code, wrong.status_code, started_again.status_code] == [422, 422, 302]
    assert f'value="{EVIL}"' in refused.content.decode()
    assert second_of(begun).measure == ""


def test_the_page_of_a_part_not_begun_asks_for_no_code(
    opened: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:partner-door", args=[opened.reference])

    page = client_of(alice).get(url).content.decode()

    assert 'name="code"' not in page
    assert 'name="from_empty"' not in page


def test_a_part_that_was_emptied_ends_the_attestation_that_named_it(
    draft: Dossier, alice: User, now: datetime
) -> None:
    Partenaire.objects.filter(pk=second_of(draft).pk).update(user=None, door=Door.PAPER.value)

    choose_door(
        second_of(draft),
        Door.OWN,
        email=EVIL,
        from_empty=True,
        by=alice,
        at=now + timedelta(minutes=1),
    )

    assert [one.attested_at for one in Dossier.objects.get().people] == [None, None]


# What the mairie had asked of whoever had the place before


def test_who_takes_the_place_reads_nothing_that_was_asked_before(
    begun: Dossier, alice: User, agent: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    secret = "Votre certificat de l’Ofpra manque."
    asked = {"dossier": begun, "partenaire": second_of(begun), "by": agent, "at": now}
    InformationRequest.objects.create(**asked, text=secret)
    InformationRequest.objects.create(**asked, text=f"{secret} Déjà répondu.", closed_at=now)
    choose_door(second_of(begun), Door.OWN, email=EVIL, from_empty=True, by=alice, at=now)
    erin = User.objects.create_user(EVIL)
    join_dossier(begun, user=erin, at=now)
    InformationRequest.objects.create(**asked, text="Votre acte manque.")
    client = client_of(erin)

    pages = [
        client.get(reverse(name)).content.decode("utf-8", "replace")
        for name in ("mine-json", "mine")
    ] + [client.get(begun.get_absolute_url()).content.decode()]
    paper = text_of(client.get(reverse("mine-pdf")).content)

    assert "Votre acte manque." in pages[0]
    for text in (*pages, paper):
        assert "Ofpra" not in text
        assert "On me force" not in text
