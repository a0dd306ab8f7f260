"""What the couple and the agents do, and what follows."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email
from pytest_django import DjangoAssertNumQueries

from demarches.models import TransitionRefused, User
from demarches.rules.dates_fr import day_fr, weekday_fr
from demarches.rules.enums import PieceStatus
from pacs.actions import desk
from pacs.actions.dossiers import (
    choose_door,
    decline_invitation,
    join_dossier,
    open_dossier,
    submit_dossier,
    write_message,
)
from pacs.actions.endings import end_dossier
from pacs.actions.guards import StaleDossier
from pacs.actions.refusals import ActionRefused
from pacs.actions.upkeep import purge_dossiers, remind_partenaires, warn_of_deletion
from pacs.models import Door, Dossier, Message, PacsSettings, Partenaire, Piece, Reading
from tests.support.dossiers import (
    COMMON,
    PERSON,
    accept_everything,
    bring_everything,
    make_dossier,
    send,
)
from tests.support.forms import answer


def test_sending_twice_is_sending_once(draft: Dossier, now: datetime) -> None:
    first, _ = draft.people

    submit_dossier(first, at=now, by=first.user)
    submit_dossier(first, at=now + timedelta(minutes=1), by=first.user)

    draft.refresh_from_db()
    assert draft.submitted_at == now
    acknowledgements = Email.objects.filter(subject__startswith="Accusé de réception")
    assert sorted(mail.to[0] for mail in acknowledgements) == [
        "alice@example.org",
        "bob@example.org",
    ]


def test_the_acknowledgement_is_a_mail_one_keeps(draft: Dossier, now: datetime) -> None:
    first, _ = draft.people
    own = Piece.objects.required().filter(dossier=draft, partenaire=first).first()
    assert own is not None
    Piece.objects.filter(pk=own.pk).update(status="provided")
    answer_by = PacsSettings.current().answer_by(now)

    submit_dossier(first, at=now, by=first.user)

    hers, his = (
        Email.objects.get(subject__startswith="Accusé de réception", to=one.mail_address).message
        for one in draft.people
    )
    assert f"Référence : {draft.reference}" in hers
    assert f"au plus tard le {weekday_fr(answer_by)} {day_fr(answer_by)}." in hers
    assert "Vos papiers : 1 envoyé en ligne" in hers
    assert "envoyé en ligne" not in his  # hers, and the mail tells of no paper by its name
    assert own.rule_id not in hers


def test_an_incomplete_dossier_is_not_sent_and_says_everything_at_once(
    reference_data: None, alice: User, now: datetime
) -> None:
    dossier = open_dossier(at=now, user=alice, couple=COMMON, people=(PERSON, {}))

    with pytest.raises(TransitionRefused) as refused:
        submit_dossier(dossier.people[0], at=now, by=alice)

    assert refused.value.messages == [
        "Votre attestation sur l’honneur est à faire.",
        "Partie à terminer : votre partenaire.",
        "Réponses communes à confirmer : votre partenaire.",
    ]


def test_an_impediment_of_one_stops_without_telling_the_other_why(
    draft: Dossier, alice: User, now: datetime
) -> None:
    Partenaire.objects.filter(dossier=draft, position=2).update(situation="marie")

    with pytest.raises(TransitionRefused) as refused:
        submit_dossier(Dossier.objects.get(pk=draft.pk).people[0], at=now, by=alice)

    text = " ".join(refused.value.messages)
    assert "Noé d’Almeida-Ünal" in text
    assert "mari" not in text.lower()


def test_a_changed_shared_answer_asks_both_again(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:common-step", args=[draft.reference, "projet"])

    answer(client_of(alice), url, kinship="cousins")

    people = list(draft.partenaires.values_list("attested_at", "common_confirmed_at"))
    assert people[0][0] is None
    assert people[1] == (None, None)


def test_the_same_answer_again_asks_nobody(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:common-step", args=[draft.reference, "projet"])

    answer(client_of(alice), url, kinship="aucun")

    assert draft.partenaires.filter(attested_at=None).count() == 0


def test_finishing_later_keeps_what_was_typed_and_asks_nothing(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:own-step", args=[draft.reference, "acte"])

    kept = answer(client_of(alice), url, birth_name="", first_names="Jeanne", later="1")

    assert (kept.status_code, kept["Location"]) == (302, draft.get_absolute_url())
    assert draft.people[0].first_names == "Jeanne"


def test_what_was_typed_survives_the_end_of_the_session(
    draft: Dossier, alice: User, client: Client
) -> None:
    url = reverse("pacs:own-step", args=[draft.reference, "acte"])

    sent_away = client.post(url, {"birth_name": "Lemoine-Roux", "first_names": "Zoé"})
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(url)

    assert sent_away["Location"] == f"/compte/connexion/?next={url}"
    assert 'value="Lemoine-Roux"' in page.content.decode()
    assert draft.people[0].birth_name == "Lemoine"
    assert 'value="Lemoine-Roux"' not in client.get(url).content.decode()


def test_an_invitation_is_joined_by_its_address_only_and_twice_is_fine(
    reference_data: None, alice: User, bob: User, charlie: User, now: datetime
) -> None:
    dossier = open_dossier(at=now, user=alice)
    choose_door(dossier.people[1], Door.OWN, email=" BOB@example.org ", by=alice, at=now)

    with pytest.raises(ActionRefused):
        join_dossier(dossier, charlie, at=now)
    joined = join_dossier(dossier, bob, at=now)

    assert join_dossier(dossier, bob, at=now) == joined
    with pytest.raises(ActionRefused):
        choose_door(joined, Door.PAPER, by=alice, at=now)


def test_looking_at_an_invitation_changes_nothing(
    reference_data: None,
    alice: User,
    bob: User,
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> None:
    dossier = open_dossier(at=now, user=alice)
    choose_door(dossier.people[1], Door.OWN, email=bob.email, by=alice, at=now)
    url = reverse("pacs:partner-join", args=[dossier.reference])

    for _ in range(20):
        assert client_of(None).get(url).status_code == 302
    assert client_of(bob).get(url).status_code == 200

    assert dossier.people[1].user is None


def test_declining_ends_the_mails(
    reference_data: None, alice: User, bob: User, now: datetime
) -> None:
    dossier = open_dossier(at=now, user=alice)
    choose_door(dossier.people[1], Door.OWN, email=bob.email, by=alice, at=now)

    decline_invitation(dossier, bob, at=now)

    assert remind_partenaires(at=now + timedelta(days=30)) == (0, 0)
    assert Email.objects.filter(to=[bob.email]).count() == 1


def test_reminders_are_bounded_and_end_with_a_word_to_the_first(
    reference_data: None, alice: User, now: datetime
) -> None:
    dossier = open_dossier(at=now, user=alice)
    choose_door(dossier.people[1], Door.OWN, email="bob@example.org", by=alice, at=now)

    rounds = [remind_partenaires(at=now + timedelta(days=8 * week)) for week in range(1, 6)]
    again = remind_partenaires(at=now + timedelta(days=8))

    assert rounds == [(1, 0), (1, 0), (0, 1), (0, 0), (0, 0)]
    assert again == (0, 0)
    assert Email.objects.filter(to=["bob@example.org"]).count() == 3
    assert Email.objects.filter(to=[alice.email]).count() == 1


def test_the_purge_takes_old_drafts_and_nothing_else(
    draft: Dossier, charlie: User, now: datetime
) -> None:
    young = open_dossier(at=now, user=charlie)
    Dossier.objects.filter(pk=draft.pk).update(last_activity_at=now - timedelta(days=31))
    warn_of_deletion(at=now - timedelta(days=14))

    would = purge_dossiers(at=now, dry_run=True)
    assert Dossier.objects.count() == 2
    done = purge_dossiers(at=now)

    assert (would, done.drafts, done.ended) == (done, 1, 0)
    assert list(Dossier.objects.all()) == [young]
    assert not Email.objects.filter(to=["bob@example.org"]).exists()


def test_the_agent_path_from_sent_to_complete(draft: Dossier, agent: User) -> None:
    bring_everything(draft)
    dossier = send(draft)
    accept_everything(dossier, agent)
    piece = dossier.pieces.select_related("dossier").get(key="1-P03_identite")

    desk.refuse_piece(
        piece, code="illisible", text="Flou.", by=agent, at=timezone.now(), version=None
    )
    with pytest.raises(TransitionRefused):
        desk.declare_complete(dossier, by=agent, at=timezone.now(), version=None)
    desk.request_pieces(
        dossier, texts={1: "Refaites la photo."}, by=agent, at=timezone.now(), version=None
    )

    dossier.refresh_from_db()
    assert (dossier.status, dossier.waiting_since) == ("pieces_requested", None)
    desk.accept_piece(piece, by=agent, at=timezone.now(), version=None)
    desk.declare_complete(dossier, by=agent, at=timezone.now(), version=None)
    dossier.refresh_from_db()
    assert dossier.status == "complete"


@pytest.mark.parametrize(
    "text",
    [
        "Apportez un justificatif de domicile.",
        "Joignez une facture d’électricité ou une quittance de loyer.",
        "Il manque le certificat de célibat.",
        "Envoyez une copie certifiée conforme.",
        "Donnez votre numéro de sécurité sociale.",
        "Il faut l’autorisation du juge des tutelles.",
        "Votre numéro 2 69 05 49 588 157 80 est illisible.",
    ],
)
def test_a_request_that_the_law_forbids_is_refused(
    sent: Dossier, agent: User, text: str, now: datetime
) -> None:
    mails = Email.objects.count()

    with pytest.raises(ActionRefused):
        desk.request_pieces(sent, texts={1: text}, by=agent, at=now, version=None)

    sent.refresh_from_db()
    assert (sent.status, Email.objects.count()) == ("submitted", mails)


@pytest.mark.parametrize(
    "act",
    [
        lambda d, p, a, at: desk.refuse_piece(p, code="", text=" ", by=a, at=at, version=None),
        lambda d, p, a, at: desk.request_pieces(d, texts={1: " "}, by=a, at=at, version=None),
        lambda d, p, a, at: end_dossier(d, "irrecevable", reason=" ", by=a, at=at, version=None),
        lambda d, p, a, at: end_dossier(d, "clore", reason="", by=a, at=at, version=None),
        lambda d, p, a, at: desk.write_to_couple(d, body="", private_to=None, by=a, at=at),
        lambda d, p, a, at: desk.add_note(d, body="", by=a, at=at),
    ],
)
def test_an_empty_reason_is_no_reason(
    sent: Dossier, agent: User, act: Callable[..., object], now: datetime
) -> None:
    piece = sent.pieces.select_related("dossier").first()
    version = sent.version

    with pytest.raises(ValidationError):
        act(sent, piece, agent, now)

    sent.refresh_from_db()
    assert (sent.status, sent.version) == ("submitted", version)


def test_a_stale_page_writes_nothing(
    sent: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    piece = sent.pieces.get(key="1-P03_identite")
    url = reverse("admin:pacs_dossier_act", args=[sent.pk, "refuser"])
    typed = {"piece": piece.pk, "text": "Trop sombre.", "version": sent.version}
    Dossier.objects.filter(pk=sent.pk).update(version=sent.version + 1)

    answer = client_of(agent).post(url, typed)

    piece.refresh_from_db()
    assert (answer.status_code, piece.status) == (409, PieceStatus.MISSING)
    assert "Trop sombre." in answer.content.decode()


def test_every_look_of_an_agent_is_written_down(
    sent: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    client_of(agent).get(reverse("admin:pacs_dossier_change", args=[sent.pk]))
    client_of(agent).get(reverse("admin:pacs_dossier_paper", args=[sent.pk, "pieces"]))

    looks = Reading.objects.filter(dossier=sent, agent=agent).order_by("pk")
    assert [look.what for look in looks] == ["dossier", "papier pieces"]


def test_an_agent_sees_who_else_looks_at_the_dossier(
    sent: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    other = User.objects.create_superuser("chef@example.org", full_name="Lou Pagès")
    url = reverse("admin:pacs_dossier_change", args=[sent.pk])
    client_of(agent).get(url)

    page = client_of(other).get(url).content.decode()

    assert "Nour Vidal regarde aussi ce dossier." in page
    assert "Lou Pagès regarde aussi" not in page


@pytest.mark.parametrize(
    ("group", "page", "button", "decision"),
    [
        ("accueil", 200, 302, 403),
        ("instructeur", 200, 302, 403),
        ("officier", 200, 302, 302),
        ("administrateur", 403, 403, 403),
        (None, 403, 403, 403),
    ],
)
def test_rights_at_the_desk(
    sent: Dossier,
    client_of: Callable[[User | None], Client],
    group: str | None,
    page: int,
    button: int,
    decision: int,
) -> None:
    from django.contrib.auth.models import Group  # noqa: PLC0415 -- beside its only use

    user = User.objects.create_user("x@example.org", is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    client = client_of(user)
    version = Dossier.objects.get(pk=sent.pk).version
    act = "admin:pacs_dossier_act"

    statuses = (
        client.get(reverse("admin:pacs_dossier_change", args=[sent.pk])).status_code,
        client.post(reverse(act, args=[sent.pk, "noter"]), {"body": "Vu."}).status_code,
        client.post(
            reverse("admin:pacs_dossier_end", args=[sent.pk, "irrecevable"]),
            {"reason": "Mariage en cours.", "version": version},
        ).status_code,
    )

    assert statuses == (page, button, decision)


def test_agents_do_not_see_a_draft_that_was_not_sent(
    draft: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(agent)

    page = client.get(reverse("admin:pacs_dossier_change", args=[draft.pk]))
    listed = client.get(reverse("admin:pacs_dossier_changelist")).content.decode()

    assert page.status_code == 404
    assert draft.reference not in listed


@pytest.mark.parametrize("count", [1, 3])
def test_the_desk_list_asks_the_same_number_of_queries(
    count: int,
    reference_data: None,
    agent: User,
    client_of: Callable[[User | None], Client],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        pair = [User.objects.create_user(f"{who}{number}@example.org") for who in "ab"]
        send(make_dossier(*pair))
    client = client_of(agent)
    client.get(reverse("admin:pacs_dossier_changelist"))

    with django_assert_max_num_queries(15):
        page = client.get(reverse("admin:pacs_dossier_changelist"))

    assert len(set(re.findall(r"PACS-\d{4}-\d{6}-\w", page.content.decode()))) == count


@pytest.mark.parametrize("count", [1, 3])
def test_the_account_page_asks_the_same_number_of_queries(
    count: int,
    reference_data: None,
    alice: User,
    client_of: Callable[[User | None], Client],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        send(make_dossier(alice, User.objects.create_user(f"b{number}@example.org")))
    client = client_of(alice)
    client.get(reverse("demarches:account"))

    with django_assert_num_queries(8):
        client.get(reverse("demarches:account"))


def _at_once(*calls: Callable[[], object]) -> list[BaseException]:
    """Run these together in threads; what they raised."""
    barrier, raised = Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        try:
            barrier.wait()
            call()
        except BaseException as error:  # noqa: BLE001 -- handed to the test
            raised.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_opening_from_two_tabs_makes_one_dossier() -> None:
    user = User.objects.create_user("alice@example.org")
    at = timezone.now()

    raised = _at_once(*[lambda: open_dossier(at=at, user=user)] * 4)

    assert raised == []
    assert Dossier.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_agents_on_one_dossier_one_decides() -> None:
    PacsSettings.objects.get_or_create(pk=1)
    pair = [User.objects.create_user(f"{who}@example.org") for who in ("a", "b")]
    agents = [User.objects.create_user(f"g{n}@example.org", is_staff=True) for n in (1, 2)]
    dossier = send(make_dossier(*pair))
    at = timezone.now()

    raised = _at_once(
        *[
            lambda agent=agent: desk.request_pieces(
                dossier,
                texts={1: "À compléter.", 2: "À compléter."},
                by=agent,
                at=at,
                version=dossier.version,
            )
            for agent in agents
        ]
    )

    assert [type(error) for error in raised] == [StaleDossier]
    assert dossier.events.filter(transition="request_pieces").count() == 1
    assert Email.objects.filter(subject__contains="compléter").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_message_sent_twice_at_once_is_one_message() -> None:
    pair = [User.objects.create_user(f"{who}@example.org") for who in ("a", "b")]
    first = Partenaire.objects.select_related("dossier").get(
        dossier=make_dossier(*pair), position=1
    )

    raised = _at_once(
        *[
            lambda: write_message(
                first, body="Bonjour", private=False, form_key="key", at=timezone.now()
            )
        ]
        * 3
    )

    assert raised == []
    assert Message.objects.count() == 1


def test_pieces_that_were_answered_come_back_with_the_answer(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:own-step", args=[draft.reference, "situation"])
    Piece.objects.filter(key="1-P03_identite").update(issued_on=timezone.localdate())
    client = client_of(alice)

    answer(client, url, measure="tutelle")
    asked = set(draft.pieces.required().values_list("key", flat=True))
    answer(client, url, measure="aucune")
    left = set(draft.pieces.required().values_list("key", flat=True))

    assert asked - left == {"1-P50_mesure_preuve", "1-P51_mesure_assistance"}
    assert "1-P03_identite" in left
