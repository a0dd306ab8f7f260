"""The desk's own pages: what is to settle, what answers in place, who is told, what is found."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import STATUS, Email, Log

from demarches.models import User
from demarches.rules.reference import meant_reference
from pacs.actions import desk, following
from pacs.models import (
    Correction,
    Dossier,
    MessageTemplate,
    Partenaire,
    Piece,
    PieceFile,
    SentMail,
)
from pacs.pages.decide import facts_for, review_of
from pacs.reads.desk import desk_pieces
from pacs.reads.journal import journal_of
from pacs.reads.piles import confided_to, pile_rules, piles
from pacs.reads.search import find_dossiers
from pacs.reads.thread import thread_of
from pacs.rules.desk_words import PIECE_MARKS, PROVES, STATUS_WORDS
from pacs.rules.pieces import RULE_IDS
from tests.support.appointments import booked_seat
from tests.support.dossiers import (
    PERSON,
    accept_everything,
    bring_everything,
    make_dossier,
    send,
)

IDENTITY = "1-P03_identite"


@pytest.fixture
def announced(draft: Dossier) -> Dossier:
    """Sent, and everything is said to be brought."""
    bring_everything(draft)
    return send(draft)


@pytest.fixture
def desk_client(agent: User, client_of: Callable[[User | None], Client]) -> Client:
    return client_of(agent)


@pytest.fixture
def colleague(reference_data: None) -> User:
    """Checks dossiers too."""
    user = User.objects.create_user("karim@example.org", full_name="Karim Roux", is_staff=True)
    user.groups.add(Group.objects.get(name="instructeur"))
    return user


def sent_number(number: int) -> Dossier:
    """The dossier of another couple, sent."""
    first, second = (User.objects.create_user(f"{who}{number}@example.org") for who in "ab")
    return send(make_dossier(first, second))


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def act(client: Client, dossier: Dossier, verb: str, *, in_place: bool = True, **data: Any) -> Any:
    url = reverse("admin:pacs_dossier_act", args=[dossier.pk, verb])
    headers = {"X-Desk": "fragment"} if in_place else {}
    return client.post(url, {"version": fresh(dossier).version, **data}, headers=headers)


def identity(dossier: Dossier) -> Piece:
    return dossier.pieces.select_related("dossier", "partenaire").get(key=IDENTITY)


# Words


def test_every_rule_says_what_its_piece_proves_and_every_state_has_a_word() -> None:
    assert set(PROVES) == set(RULE_IDS)
    words = " ".join([*STATUS_WORDS.values(), *(mark.word for mark in PIECE_MARKS.values())])
    assert "vous" not in words.split()


def test_a_piece_is_compared_with_its_holder_s_answers_alone(announced: Dossier) -> None:
    facts = {one.label: one.value for one in facts_for("P11_naissance_fr", announced, 1)}

    assert facts["Nom de naissance"] == PERSON["birth_name"]
    assert facts["Second parent"] == "Inconnu"
    assert "Almeida" not in str(facts)


# In place


def test_a_decision_answers_with_the_parts_that_changed(
    announced: Dossier, desk_client: Client
) -> None:
    piece = identity(announced)

    done = act(desk_client, announced, "accepter", piece=piece.pk, row=f"piece-{piece.pk}")

    html = done.content.decode()
    assert done.status_code == 200
    assert "<html" not in html
    assert f'data-version="{fresh(announced).version}"' in html
    assert f'id="decision-piece-{piece.pk}"' in html
    assert "pièce acceptée" in html
    assert "1 sur 8 réglée" in html
    assert done.headers["Vary"].count("X-Desk") == 1


def test_without_script_the_same_address_leads_to_the_next_row(
    announced: Dossier, desk_client: Client
) -> None:
    piece = identity(announced)
    row = f"piece-{piece.pk}"

    done = act(desk_client, announced, "accepter", in_place=False, piece=piece.pk, row=row)
    page = desk_client.get(done.url)

    current = page.context["review"].current
    assert done.status_code == 302
    assert current.slug != row
    assert current.is_to_do


def test_somebody_was_first_and_the_answer_keeps_what_was_typed(
    announced: Dossier, desk_client: Client, agent: User
) -> None:
    piece, read = identity(announced), announced.version
    desk.accept_piece(piece, by=agent, at=timezone.now(), version=None)

    late = act(
        desk_client,
        announced,
        "refuser",
        piece=piece.pk,
        row=f"piece-{piece.pk}",
        text="Trop sombre.",
        version=read,
    )

    html = late.content.decode()
    assert late.status_code == 409
    assert "Votre geste n’est pas enregistré" in html
    assert "Admise, sera apportée" in html
    assert identity(announced).status == "accepted"


def test_a_refusal_in_place_keeps_the_words_in_their_box(
    announced: Dossier, desk_client: Client
) -> None:
    piece = identity(announced)
    text = "Joignez un justificatif de domicile."

    no = act(desk_client, announced, "refuser", piece=piece.pk, row=f"piece-{piece.pk}", text=text)

    html = no.content.decode()
    assert no.status_code == 422
    assert 'role="alert"' in html
    assert f">{text}</textarea>" in html


@pytest.mark.parametrize("in_place", [True, False])
def test_a_new_version_comes_with_all_it_is_the_version_of(
    announced: Dossier, desk_client: Client, in_place: bool
) -> None:
    piece, read = identity(announced), announced.version
    PieceFile.objects.create(
        piece=piece,
        storage_name="0" * 32,
        display_name="nouvelle.jpg",
        content_type="image/jpeg",
        size=1,
        sha256="0" * 64,
        uploaded_at=timezone.now(),
    )
    Partenaire.objects.filter(dossier=announced, position=1).update(birth_name="Zyxw")
    announced.touch(at=timezone.now())

    late = act(
        desk_client,
        announced,
        "accepter",
        in_place=in_place,
        piece=piece.pk,
        row=f"piece-{piece.pk}",
        day="1/1/2099",
        version=read,
    )

    html = late.content.decode()
    assert late.status_code == 409
    assert "nouvelle.jpg, page 1" in html
    assert "<dd>Zyxw</dd>" in html
    assert set(re.findall(r'name="version" value="(\d+)"', html)) == {str(read + 1)}
    assert re.search(rf'id="day-{piece.pk}"[^>]*value="1/1/2099"', html)
    assert identity(announced).status != "accepted"


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize(
    ("verb", "said"),
    [("refuser", {"text": "Joignez un justificatif de domicile."}), ("refuser-correction", {})],
)
def test_an_old_page_is_told_before_the_words_are_judged(
    announced: Dossier, desk_client: Client, in_place: bool, verb: str, said: dict[str, str]
) -> None:
    piece, read = identity(announced), announced.version
    announced.touch(at=timezone.now())
    row = f"piece-{piece.pk}"
    data: dict[str, Any] = {"in_place": in_place, "piece": piece.pk, "row": row, **said}

    late = act(desk_client, announced, verb, version=read, **data)
    judged = act(desk_client, announced, verb, **data)

    assert (late.status_code, judged.status_code) == (409, 422)
    assert 'id="panel-reponses"' in late.content.decode()
    assert all(text in late.content.decode() for text in said.values())


@pytest.mark.parametrize("in_place", [True, False])
def test_what_is_no_more_to_settle_is_said_with_what_was_typed(
    announced: Dossier, desk_client: Client, in_place: bool
) -> None:
    now = timezone.now()
    proposed = Correction.objects.create(
        dossier=announced, holder=1, values={}, status="sent", changed_at=now, sent_at=now
    )
    piece = identity(announced)
    read = fresh(announced).version
    gone = {
        "refuser-correction": {
            "correction": proposed.pk,
            "changed_at": now.isoformat(),
            "row": "correction-1",
            "reason": "Zyxw écrit.",
        },
        "refuser": {"piece": piece.pk, "row": f"piece-{piece.pk}", "text": "Zyxw écrit."},
    }
    Correction.objects.filter(pk=proposed.pk).update(status="dropped")
    piece.delete()
    announced.touch(at=now)

    for verb, data in gone.items():
        late = act(desk_client, announced, verb, in_place=in_place, version=read, **data)
        html = late.content.decode()
        assert late.status_code == 409
        assert html.count('role="alert"') == 1
        assert "Ce que vous décidiez n’est plus à régler" in html
        assert "<blockquote>Zyxw écrit.</blockquote>" in html


def test_a_correction_that_is_taken_renews_what_stands_beside_it(
    announced: Dossier, desk_client: Client
) -> None:
    now = timezone.now()
    values = {"birth_city": {"old": PERSON["birth_city"], "new": "Alès"}}
    proposed = Correction.objects.create(
        dossier=announced, holder=1, values=values, status="sent", changed_at=now, sent_at=now
    )

    done = act(
        desk_client,
        announced,
        "reprendre-correction",
        correction=proposed.pk,
        changed_at=proposed.changed_at.isoformat(),
        row="correction-1",
    )

    html = done.content.decode()
    assert done.status_code == 200
    assert 'data-said="La correction est reprise' in html
    assert 'id="panel-reponses"' in html
    assert "Alès" in html


# Together


def test_what_will_be_brought_is_admitted_together_but_what_is_too_old(
    announced: Dossier, desk_client: Client
) -> None:
    old = announced.pieces.get(key="1-P11_naissance_fr")
    Piece.objects.filter(pk=old.pk).update(issued_on=timezone.localdate() - timedelta(days=200))
    shown = list(announced.pieces.required().values_list("pk", flat=True))

    done = act(desk_client, announced, "admettre", pieces=shown)
    again = act(desk_client, announced, "admettre", pieces=shown)

    accepted = announced.pieces.required().filter(status="accepted")
    assert (done.status_code, again.status_code) == (200, 422)
    assert accepted.count() == len(shown) - 1
    assert not accepted.filter(pk=old.pk).exists()
    assert "trop ancienne le jour dit" in done.content.decode()


def test_only_the_pieces_that_were_seen_are_admitted(announced: Dossier, agent: User) -> None:
    piece = identity(announced)

    count, left = desk.admit_announced(
        announced, shown=[piece.pk], by=agent, at=timezone.now(), version=None
    )

    assert (count, left) == (1, [])
    assert announced.pieces.filter(status="accepted").get() == piece


def test_the_list_counts_what_an_agent_settled(announced: Dossier, agent: User) -> None:
    desk.accept_piece(identity(announced), by=agent, at=timezone.now(), version=None)
    row = fresh(announced)

    review = review_of(row, desk_pieces(row, at=timezone.now()), [])

    assert (review.settled, review.total) == (1, 8)
    assert [group.title for group in review.groups] == [
        "Le couple",
        *(one.display_name for one in row.people),
    ]


# Piles


def test_the_next_dossier_of_a_pile_is_one_that_nobody_has_open(
    agent: User, colleague: User, client_of: Callable[[User | None], Client]
) -> None:
    rows = [sent_number(number) for number in range(3)]
    client_of(colleague).get(reverse("admin:pacs_dossier_change", args=[rows[1].pk]))
    client = client_of(agent)
    start = reverse("admin:pacs_dossier_next", args=["a-verifier"])

    first = client.get(start)["Location"]
    second = client.get(f"{start}?apres={rows[0].pk}")["Location"]
    unknown = client.get(reverse("admin:pacs_dossier_next", args=["inconnue"]))

    assert f"/{rows[0].pk}/" in first
    assert f"/{rows[2].pk}/" in second
    assert unknown.status_code == 404


def test_a_promise_that_passed_is_late(announced: Dossier, agent: User) -> None:
    now = timezone.now()
    before = {one.title: one.count for one in piles(agent, at=now)}
    after = {one.title: one.count for one in piles(agent, at=now + timedelta(days=30))}

    assert (before["Réponses promises, jour dépassé"], before["À vérifier"]) == (0, 1)
    assert after["Réponses promises, jour dépassé"] == 1
    assert after["Réponses à donner sous 7 jours"] == 0


def test_whoever_receives_people_sees_their_own_piles(reference_data: None) -> None:
    user = User.objects.create_user("accueil@mairie.example", is_staff=True)
    user.groups.add(Group.objects.get(name="accueil"))

    assert set(pile_rules(user, at=timezone.now())) == {
        "accuses",
        "aujourd-hui",
        "attestations",
        "papier",
    }


@pytest.mark.parametrize("count", [1, 30])
def test_home_and_the_page_ask_as_many_queries_however_many_rows(
    count: int,
    agent: User,
    client_of: Callable[[User | None], Client],
    django_assert_num_queries: Any,
) -> None:
    rows = [sent_number(number) for number in range(count)]
    client = client_of(agent)
    client.get(reverse("admin:index"))  # what is read once a process

    with django_assert_num_queries(HOME_QUERIES):
        assert client.get(reverse("admin:index")).status_code == 200
    with django_assert_num_queries(DECIDE_QUERIES):
        client.get(reverse("admin:pacs_dossier_change", args=[rows[0].pk]))


HOME_QUERIES = 18
DECIDE_QUERIES = 25


# People


def test_whom_a_dossier_is_confided_to_is_told_and_can_act(
    announced: Dossier, agent: User, colleague: User, desk_client: Client
) -> None:
    now = timezone.now()
    accueil = User.objects.create_user("accueil@mairie.example", is_staff=True)
    accueil.groups.add(Group.objects.get(name="accueil"))
    page = desk_client.get(reverse("admin:pacs_dossier_follow_up", args=[announced.pk]))

    with pytest.raises(ValidationError):
        following.assign(announced, to=accueil, by=agent, at=now)
    following.assign(announced, to=colleague, by=agent, at=now)
    following.assign(announced, to=colleague, by=agent, at=now)

    mail = Email.objects.filter(to=[colleague.email]).get()
    assert set(page.context["agents"]) == {agent, colleague}
    assert announced.reference in mail.message
    assert "Lemoine" not in mail.subject + mail.message
    assert [one.by for one in confided_to(colleague, at=now)] == [str(agent)]


def test_a_dossier_is_confided_by_whoever_read_who_follows_it(
    announced: Dossier, agent: User, colleague: User, desk_client: Client
) -> None:
    following.assign(announced, to=colleague, by=colleague, at=timezone.now())

    late = act(desk_client, announced, "confier", in_place=False, to=agent.pk, was=0)
    followed = fresh(announced).assigned_to
    page = late.content.decode()
    done = act(desk_client, announced, "confier", in_place=False, to=agent.pk, was=colleague.pk)

    assert (late.status_code, done.status_code) == (409, 302)
    assert followed == colleague
    assert "Ce dossier est suivi depuis par Karim Roux." in page
    assert f'name="was" value="{colleague.pk}"' in page
    assert fresh(announced).assigned_to == agent


def test_the_journal_says_who_did_what_to_which_piece_of_whom(
    announced: Dossier, agent: User
) -> None:
    now = timezone.now()
    desk.refuse_piece(
        identity(announced), code="illisible", text="Flou.", by=agent, at=now, version=None
    )
    announced.record(kind="piece_accepted", by=agent, at=now, reason="P11_naissance_fr")
    announced.record(kind="answers_by_agent", by=agent, at=now, reason="p1.birth_name, couple.city")

    told = [f"{one.who} {one.words}" for one in journal_of(fresh(announced))]
    lines = journal_of(fresh(announced))

    assert told[0] == "Nour Vidal a saisi ou corrigé des réponses"
    assert "« Acte de naissance avec filiation" in told[1]
    refused = next(one for one in lines if "a refusé" in one.words)
    assert "de Camille Anne Lemoine" in refused.words
    assert (refused.changes[0]["old"], refused.changes[0]["new"]) == (
        "Annoncée, à apporter",
        "Refusée",
    )
    assert refused.reason == "Flou."
    assert not any("P11_" in one or "p1." in one or "@" in one for one in told)


# Exchanges


def test_everything_said_is_one_thread_with_the_fate_of_each_mail(
    announced: Dossier, agent: User, desk_client: Client
) -> None:
    now = timezone.now()
    desk.write_to_couple(announced, body="Bonjour.", private_to=None, by=agent, at=now)
    failed = SentMail.objects.filter(kind="acknowledgement").first()
    assert failed is not None
    assert failed.email is not None
    Email.objects.filter(pk=failed.email.pk).update(status=STATUS.failed)
    Log.objects.create(
        email=failed.email, status=STATUS.failed, exception_type="SMTPRecipientsRefused", message=""
    )

    page = desk_client.get(reverse("admin:pacs_dossier_exchanges", args=[announced.pk]))
    done = act(desk_client, announced, "renvoyer", in_place=False, mail=failed.pk)
    twice = act(desk_client, announced, "renvoyer", in_place=False, mail=failed.pk)

    thread = thread_of(fresh(announced))
    assert [one.at for one in thread] == sorted(one.at for one in thread)
    assert "l’adresse a été refusée" in page.content.decode()
    assert (done.status_code, twice.status_code) == (302, 422)
    again = SentMail.objects.filter(kind="acknowledgement").latest("pk")
    assert again.email is not None
    assert (again.email.to, again.email.status) == (failed.email.to, STATUS.queued)
    assert again.email.message_id != failed.email.message_id


def test_a_question_to_come_back_to_is_told_by_its_title(
    announced: Dossier, agent: User, desk_client: Client
) -> None:
    texts, asked = {1: "Corrigez.", 2: "Corrigez."}, {1: "moi/acte", 2: "commun/adresse"}
    desk.request_pieces(
        announced, texts=texts, questions=asked, by=agent, at=timezone.now(), version=None
    )

    page = desk_client.get(reverse("admin:pacs_dossier_exchanges", args=[announced.pk]))

    html = page.content.decode()
    assert "réponse à revoir : Votre acte de naissance" in html
    assert "réponse à revoir : Votre adresse commune" in html


def test_a_model_is_filled_for_each_reader_and_refused_when_it_cannot_be(
    announced: Dossier, agent: User
) -> None:
    now = timezone.now()
    body = "Bonjour {{ prenom }}, dossier {{ reference }}."

    written = desk.write_to_couple(announced, body=body, private_to=None, by=agent, at=now)
    with pytest.raises(ValidationError, match="rendez_vous"):
        desk.write_to_couple(
            announced, body="Venez : {{ rendez_vous }}.", private_to=None, by=agent, at=now
        )

    assert [one.body.split(",")[0] for one in written] == ["Bonjour Camille", "Bonjour Noé"]
    assert all(one.private_to is not None for one in written)


def test_models_of_this_status_come_first(announced: Dossier, desk_client: Client) -> None:
    page = desk_client.get(reverse("admin:pacs_dossier_change", args=[announced.pk]))

    first = page.context["templates"][0]
    assert first == MessageTemplate.objects.get(status="submitted")


# Search


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("lemoine", True),
        ("d'Almeida", True),
        ("d`almeida unal", True),
        ("DALMEIDA", True),
        ("œuvré", True),
        ("oeuvre dinh", True),
        ("Đinh", True),
        ("04/05/1990", True),
        ("4 mai 1990", True),
        ("06 12 34 56 78", True),
        ("+33 6 12 34 56 78", True),
        ("Alice@Example.org", True),
        ("personne", False),
        ("05/05/1990", False),
        ("06 12 34 56 79", False),
        ("autre@example.org", False),
        ("0033612345678", True),
        ("+33 (0)6 12 34 56 78", True),
        ("★", False),
        ("\0", False),
    ],
)
def test_a_dossier_is_found_by_what_people_say(announced: Dossier, typed: str, found: bool) -> None:
    one = announced.people[0]
    one.usage_name, one.phone = "Œuvré-Đinh", "+33612345678"
    one.save(update_fields=["usage_name", "phone"])

    rows = find_dossiers(Dossier.objects.for_desk(), typed).rows

    assert rows.filter(pk=announced.pk).exists() is found


def test_a_mistyped_reference_is_said_and_corrected(
    announced: Dossier, desk_client: Client
) -> None:
    right = announced.reference
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")

    page = desk_client.get(reverse("admin:pacs_dossier_changelist"), {"q": wrong}, follow=True)

    html = page.content.decode()
    assert meant_reference(wrong) == right
    assert meant_reference(right) is None
    assert "le dernier caractère ne correspond pas" in html
    assert "Lemoine" in html


def test_search_text_is_the_same_after_the_migration(announced: Dossier) -> None:
    from importlib import import_module  # noqa: PLC0415 -- its name is no identifier

    from django.apps import apps  # noqa: PLC0415 -- beside its only use

    before = list(Partenaire.objects.order_by("pk").values_list("search_text", flat=True))
    Partenaire.objects.update(search_text="")
    import_module("pacs.migrations.0019_desk_models").write_search_text(apps, None)

    assert list(Partenaire.objects.order_by("pk").values_list("search_text", flat=True)) == before


def test_the_moment_before_which_an_answer_is_late(reference_data: None, now: datetime) -> None:
    from pacs.models import PacsSettings  # noqa: PLC0415 -- beside its only use

    figures, today = PacsSettings.current(), timezone.localdate(now)
    late = figures.late_since(today)

    assert figures.answer_by(late) >= today
    assert figures.answer_by(late - timedelta(days=1)) < today


# Undoing, and what is promised


def test_nothing_sent_nor_announced_is_neither_refused_nor_taken_back_into_an_announcement(
    sent: Dossier, desk_client: Client
) -> None:
    """Refuse, take back, accept: three ordinary buttons made a paper out of nothing."""
    piece = sent.pieces.required().filter(status="missing").first()
    assert piece is not None
    row = {"piece": piece.pk, "row": f"piece-{piece.pk}"}

    said = [
        act(
            desk_client, fresh(sent), verb, in_place=False, text="Il manque la copie.", **row
        ).status_code
        for verb in ("refuser", "revoir", "accepter")
    ]

    piece.refresh_from_db()
    assert (said, piece.status) == ([422, 422, 422], "missing")


@pytest.mark.parametrize(
    ("before", "has_file", "rule_id"),
    [
        ("to_bring", False, "P03_identite"),
        ("provided", True, "P03_identite"),
        ("provided", False, "P10_naissance_comedec"),
    ],
)
@pytest.mark.parametrize("verb", ["refuser", "accepter"])
def test_taking_a_decision_back_gives_what_the_piece_was(
    sent: Dossier, desk_client: Client, verb: str, before: str, has_file: bool, rule_id: str
) -> None:
    piece = sent.pieces.get(key="1-P03_identite")
    sent.pieces.filter(pk=piece.pk).update(status=before, rule_id=rule_id)
    if has_file:
        piece.files.create(
            storage_name="x",
            display_name="x.pdf",
            content_type="application/pdf",
            size=1,
            sha256="x",
            uploaded_at=timezone.now(),
        )
    row = {"piece": piece.pk, "row": f"piece-{piece.pk}", "text": "Illisible."}
    row |= {"day": "1/1/2030"} if rule_id == "P03_identite" else {}

    decided = act(desk_client, fresh(sent), verb, in_place=False, **row)
    back = act(desk_client, fresh(sent), "revoir", in_place=False, **row)

    piece.refresh_from_db()
    assert (decided.status_code, back.status_code, piece.status) == (302, 302, before)


def test_a_refused_piece_whose_file_was_taken_back_is_not_announced(
    sent: Dossier, desk_client: Client
) -> None:
    piece = sent.pieces.get(key="1-P03_identite")
    sent.pieces.filter(pk=piece.pk).update(status="provided")
    row = {"piece": piece.pk, "row": f"piece-{piece.pk}", "text": "Illisible."}

    act(desk_client, fresh(sent), "refuser", in_place=False, **row)
    act(desk_client, fresh(sent), "revoir", in_place=False, **row)

    piece.refresh_from_db()
    assert piece.status == "missing"


@pytest.mark.parametrize("verb", ["annuler-rdv", "absents"])
def test_an_agent_reads_who_gets_no_mail_and_is_to_be_called(
    announced: Dossier, agent: User, desk_client: Client, verb: str
) -> None:
    accept_everything(announced, agent)
    desk.declare_complete(fresh(announced), by=agent, at=timezone.now(), version=None)
    seat = booked_seat(announced, starts_at=timezone.now().replace(microsecond=0))
    Dossier.objects.filter(pk=announced.pk).update(status="scheduled", appointment=seat)
    announced.partenaires.update(
        door="paper", user=None, contact_email="", invited_email="", phone="+33466034800"
    )

    act(
        desk_client,
        fresh(announced),
        verb,
        in_place=False,
        reason="Grève.",
        rendez_vous=seat.pk,
    )
    page = desk_client.get(reverse("admin:pacs_dossier_follow_up", args=[announced.pk]))

    assert page.content.decode().count("appelez cette personne au") == 2
