"""Somebody else takes the second's place: nothing of the former is theirs, on no page."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.dossiers.mine import kept_of
from demarches.models import User
from demarches.rules.enums import PieceStatus
from pacs.actions.dossiers import (
    choose_door,
    join_dossier,
    keep_dossier,
    leave_dossier,
    resubmit_dossier,
    stop_dossier,
    submit_dossier,
    write_message,
)
from pacs.actions.helping import accept_help, end_help, invite_helper
from pacs.actions.pieces import add_file, answer_piece, bring_pieces, remove_file
from pacs.actions.refusals import ActionRefused
from pacs.admin.answers import answer_forms, answers_key
from pacs.hooks.mine import parts
from pacs.models import (
    Correction,
    Door,
    Dossier,
    Helper,
    Message,
    Partenaire,
    PieceFile,
)
from pacs.reads.access import readable_corrections, readable_messages
from pacs.reads.journal import journal_of
from tests.support.files import png

pytestmark = pytest.mark.django_db


def second_of(dossier: Dossier) -> Partenaire:
    return Partenaire.objects.select_related("dossier", "user").get(dossier=dossier, position=2)


def first_of(dossier: Dossier) -> Partenaire:
    return Partenaire.objects.select_related("dossier", "user").get(dossier=dossier, position=1)


@pytest.fixture
def anne(db: None) -> User:
    return User.objects.create_user("anne@example.org")


def hand_over(dossier: Dossier, alice: User, bob: User, charlie: User) -> None:
    """Bob leaves, and Charlie is invited and comes in."""
    at = timezone.now()
    leave_dossier(second_of(dossier), at=at, by=bob)
    choose_door(second_of(dossier), Door.OWN, email=charlie.email, by=alice, at=at)
    join_dossier(Dossier.objects.get(pk=dossier.pk), charlie, at=timezone.now())


@pytest.fixture
def of_bob(draft: Dossier, alice: User, bob: User, anne: User) -> Dossier:
    """Bob, the second, has written to both and alone, has a helper, and a correction."""
    at = timezone.now()
    second = second_of(draft)
    helper = invite_helper(second, name="Anne Zyxw", email=anne.email, by=bob, at=at)
    accept_help(helper, anne, at=at)
    write_message(second, body="Zyxw-Partagé", private=False, form_key="k", at=at)
    write_message(second, body="Zyxw-Seul", private=True, form_key="l", at=at)
    Correction.objects.create(
        dossier=draft, holder=2, values={}, status="dropped", reason="Zyxw-Motif", changed_at=at
    )
    return draft


def test_the_next_one_receives_nothing_of_the_former_and_the_first_keeps_reading(
    of_bob: Dossier, alice: User, bob: User, charlie: User, client_of: Callable[[User], Client]
) -> None:
    hand_over(of_bob, alice, bob, charlie)
    write_message(second_of(of_bob), body="Qwertz", private=False, form_key="m", at=timezone.now())

    page = reverse("pacs:dossier-messages", args=[of_bob.reference])
    his, hers = (client_of(user).get(page).content.decode() for user in (charlie, alice))
    copy = json.dumps([one.as_json() for one in parts(charlie)], default=str, ensure_ascii=False)

    assert "Zyxw" not in his
    assert "Zyxw" not in copy
    assert "Qwertz" in his
    assert "Qwertz" in copy
    assert [one.body for one in readable_messages(second_of(of_bob))] == ["Qwertz"]
    assert not readable_corrections(second_of(of_bob)).exists()
    assert hers.count("Votre partenaire d’avant, le") == 1
    assert ("Zyxw-Partagé" in hers, "Zyxw-Seul" in hers) == (True, False)


def test_agents_read_that_the_former_wrote_it(
    of_bob: Dossier,
    alice: User,
    bob: User,
    charlie: User,
    agent: User,
    client_of: Callable[[User], Client],
) -> None:
    hand_over(of_bob, alice, bob, charlie)
    Dossier.objects.update(at_counter=True)

    page = client_of(agent).get(reverse("admin:pacs_dossier_exchanges", args=[of_bob.pk]))

    said = [(one.who, one.text) for one in page.context["thread"] if "Zyxw" in one.text]
    assert said == [
        ("La personne d’avant", "Zyxw-Partagé"),
        ("La personne d’avant", "Zyxw-Seul"),
    ]


def test_the_journal_gives_nobody_the_acts_of_whoever_had_the_place_before(
    draft: Dossier, alice: User, bob: User, charlie: User
) -> None:
    """What the guest of a device does bears no account."""
    draft.record(kind="kept", by=None, at=timezone.now(), partenaire=second_of(draft))
    hand_over(draft, alice, bob, charlie)
    Partenaire.objects.filter(dossier=draft, position=2).update(
        birth_name="Qwertz", first_names="Max"
    )

    lines = journal_of(Dossier.objects.get(pk=draft.pk))

    [kept] = [one for one in lines if one.words == "a demandé à garder le dossier"]
    assert kept.who == "La personne qui participait alors"
    # Who came in.
    assert [one.words for one in lines if "Qwertz" in one.who] == ["participe au dossier"]


@pytest.mark.parametrize("to", ["", "second"])
def test_a_text_of_the_desk_never_goes_to_who_came_since(
    to: str,
    draft: Dossier,
    alice: User,
    bob: User,
    charlie: User,
    agent: User,
    client_of: Callable[[User], Client],
) -> None:
    Dossier.objects.update(at_counter=True)
    client = client_of(agent)
    shown = client.get(reverse("admin:pacs_dossier_exchanges", args=[draft.pk]))
    hand_over(draft, alice, bob, charlie)
    url = reverse("admin:pacs_dossier_act", args=[draft.pk, "ecrire"])
    data = {"body": "Zyxw pour Bob", "private_to": to and second_of(draft).pk}

    late = client.post(url, {**data, "lu": shown.context["place"]})
    unread = client.post(url, data)

    assert (late.status_code, unread.status_code) == (409, 409)
    assert "Zyxw pour Bob</textarea>" in late.content.decode()
    assert not Message.objects.exists()
    # What the page shows now is what the next click says.
    again = client.post(url, {**data, "lu": late.context["place"]})
    assert (again.status_code, Message.objects.count()) == (302, 1)


def test_answers_typed_for_the_former_are_not_the_next_ones(
    draft: Dossier,
    alice: User,
    bob: User,
    charlie: User,
    agent: User,
    client_of: Callable[[User], Client],
) -> None:
    Dossier.objects.update(at_counter=True)
    parts_shown = answer_forms(draft, None)
    data = {"lu": answers_key(parts_shown)}
    for part in parts_shown:
        for name in part.fields:
            value = part[name].value()
            data[part.add_prefix(name)] = "" if value in (None, False) else value
    data["p2-needs"] = "Zyxw-Besoin de Bob"
    hand_over(draft, alice, bob, charlie)

    done = client_of(agent).post(reverse("admin:pacs_dossier_answers", args=[draft.pk]), data)

    assert done.status_code in (409, 422)
    assert second_of(draft).needs == ""


@pytest.mark.parametrize("act", [submit_dossier, resubmit_dossier, keep_dossier, stop_dossier])
@pytest.mark.parametrize("has_next", [False, True])
def test_whoever_has_left_neither_sends_nor_keeps_nor_stops_the_dossier(
    draft: Dossier,
    alice: User,
    bob: User,
    charlie: User,
    act: Callable[..., object],
    has_next: bool,
) -> None:
    """Their click waited for the lock while they left, in another tab."""
    read_before = second_of(draft)
    if has_next:
        hand_over(draft, alice, bob, charlie)
    else:
        leave_dossier(second_of(draft), at=timezone.now(), by=bob)
    before = Dossier.objects.values().get(pk=draft.pk)

    with pytest.raises(ActionRefused, match="Votre participation est terminée"):
        act(read_before, at=timezone.now(), by=bob)

    assert Dossier.objects.values().get(pk=draft.pk) == before


# A helper whose help has ended


def _upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("carte.png", png(), content_type="image/png")


def test_a_piece_is_not_filled_in_once_the_help_is_over(
    draft: Dossier, anne: User, alice: User, now: datetime
) -> None:
    first = first_of(draft)
    piece = draft.pieces.select_related("dossier").get(key="1-P03_identite")
    helper = invite_helper(first, name="Anne", email=anne.email, by=alice, at=now)
    accept_help(helper, anne, at=now)
    stored, _ = add_file(piece, _upload(), "a.png", partenaire=first, by=anne, at=now)
    piece.refresh_from_db()
    before = (piece.status, 1)
    end_help(helper, by=alice, at=now)

    late: dict[str, Callable[[], object]] = {
        "file": lambda: add_file(piece, _upload(), "b.png", partenaire=first, by=anne, at=now),
        "taken back": lambda: remove_file(stored, by=anne, at=now),
        "said": lambda: answer_piece(piece, declared=PieceStatus.TO_BRING, by=anne, at=now),
        "brought": lambda: bring_pieces([piece], by=anne, at=now),
    }
    for act in late.values():
        with pytest.raises(ActionRefused, match="est terminée"):
            act()
    piece.refresh_from_db()
    assert (piece.status, PieceFile.objects.count()) == before
    answer_piece(piece, declared=PieceStatus.TO_BRING, by=alice, at=now)


def test_the_page_of_pieces_says_that_nothing_is_kept(
    draft: Dossier,
    anne: User,
    alice: User,
    now: datetime,
    client_of: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The help ends between the reading of who asks and the lock."""
    helper = invite_helper(first_of(draft), name="Anne", email=anne.email, by=alice, at=now)
    accept_help(helper, anne, at=now)
    client, page = client_of(anne), reverse("pacs:dossier-pieces", args=[draft.reference])
    shown = client.get(page)
    card = next(c for c in shown.context["cards"] if c.row.piece.key == "1-P03_identite")

    def ended(*args: object, **kwargs: object) -> object:
        Helper.objects.filter(pk=helper.pk).update(ended_at=now, email="")
        return answer_piece(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("pacs.views.pieces.answer_piece", ended)
    key = card.row.piece.key
    assert shown.status_code == 200
    alone = reverse("pacs:dossier-piece", args=[draft.reference, key])
    late = client.post(alone, {f"{key}-lu": card.read, f"{key}-documents": _upload()})

    assert late.status_code == 422
    assert "aucun fichier n’est gardé" in late.content.decode().replace("\xa0", " ")
    assert not PieceFile.objects.exists()


def test_a_piece_that_went_with_the_part_is_refused_in_words(
    draft: Dossier, bob: User, now: datetime
) -> None:
    piece = draft.pieces.select_related("dossier", "partenaire").get(key="2-P03_identite")
    leave_dossier(second_of(draft), at=now, by=bob)

    with pytest.raises(ActionRefused, match="est terminée"):
        add_file(piece, _upload(), "b.png", partenaire=second_of(draft), by=bob, at=now)
    with pytest.raises(ActionRefused, match="plus demandée"):
        answer_piece(piece, declared=PieceStatus.TO_BRING, at=now + timedelta(1))


# What stays of whoever is out


def test_what_stays_of_who_left_or_helped_is_told(
    of_bob: Dossier,
    alice: User,
    bob: User,
    charlie: User,
    anne: User,
    agent: User,
    client_of: Callable[[User], Client],
) -> None:
    hand_over(of_bob, alice, bob, charlie)

    for user in (bob, anne):
        [one] = kept_of(user)
        assert (one.reference, one.act, one.until) == (of_bob.reference, "", None)
        page = client_of(user).get(reverse("mine-delete")).content.decode()
        assert "Vous n’êtes plus dans ce dossier" in page
        assert "il ne reste que votre adresse" not in page
        assert "Fermer mon compte" not in page
    assert [one.title for one in kept_of(charlie)] == ["Dossier de Pacs"]
    assert kept_of(agent) == []
