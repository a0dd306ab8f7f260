"""One gate for the law: every act × every outcome, every missing consent, every bad piece.

The tables run over all gated acts, by the actions that people and agents use; a new act or a
new outcome without a line here fails.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from demarches.models import Officer, User
from demarches.rules.enums import PieceStatus, Transition
from pacs.actions import desk
from pacs.actions.appointments import book_for, confirm_slot, hold_slot, offer_earlier, want_earlier
from pacs.actions.consent import watching_facts
from pacs.actions.dossiers import keep_attestation, submit_dossier
from pacs.actions.registration import (
    Ceremony,
    enter_old_registration,
    originals_of,
    register_pacs,
)
from pacs.models import Dossier, Partenaire, Registration
from pacs.models.consent import confirmed_facts, has_attested
from pacs.models.dossier import GATED
from pacs.models.gate import decided, points_to_decide
from pacs.reads.booking import agenda_of, asked_by
from pacs.rules.consent import digest_of
from pacs.rules.eligibility import OUTCOME_TYPES, Effect
from pacs.rules.gate import Act, Kind, Obstacle
from tests.support.appointments import make_complete
from tests.support.dossiers import bring_everything, dates_read, make_dossier, send
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)
#: A Monday far enough for the mairie to be ready.
DAY = datetime(2026, 12, 14, 9, tzinfo=PARIS)
LATER = datetime(2026, 12, 14, 10, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def officer(reference_data: None) -> Officer:
    return Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=date(2026, 1, 1)
    )


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def person(dossier: Dossier, position: int = 1) -> Partenaire:
    people = Partenaire.objects.select_related("dossier", "user")
    return people.get(dossier=dossier, position=position)


def give_consent(dossier: Dossier) -> None:
    """Both attest and confirm the answers as they are now, past every guard."""
    for one in fresh(dossier).people:
        keep_attestation(one, fresh(dossier), at=NOW)
    facts = digest_of(confirmed_facts(fresh(dossier)))
    dossier.partenaires.filter(position=2).update(
        common_confirmed_at=NOW, common_confirmed_digest=facts
    )


def change(dossier: Dossier, answers: dict[str, Any]) -> None:
    """Write answers past every guard: « couple » columns, and those of the second person."""
    couple = answers.get("couple", {})
    if couple:
        Dossier.objects.filter(pk=dossier.pk).update(**couple)
    if answers.get("second"):
        dossier.partenaires.filter(position=2).update(**answers["second"])


# How each act is done, from the dossier just before it


def before_send(alice: User, bob: User, agent: User) -> Dossier:
    draft = make_dossier(alice, bob, at=NOW)
    bring_everything(draft, at=NOW)
    return draft


def before_send_again(alice: User, bob: User, agent: User) -> Dossier:
    sent = send(before_send(alice, bob, agent), at=NOW)
    sent.request_pieces(by=agent, at=NOW, reason="x")
    return fresh(sent)


def before_accept(alice: User, bob: User, agent: User) -> Dossier:
    return send(before_send(alice, bob, agent), at=NOW)


def before_book(alice: User, bob: User, agent: User) -> Dossier:
    return make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)


def held(alice: User, bob: User, agent: User) -> Dossier:
    complete = before_book(alice, bob, agent)
    hold_slot(person(complete), DAY, at=NOW)
    return fresh(complete)


def booked(alice: User, bob: User, agent: User) -> Dossier:
    complete = before_book(alice, bob, agent)
    book_for(complete, DAY, by=agent, at=NOW)
    return fresh(complete)


def waiting(alice: User, bob: User, agent: User) -> Dossier:
    complete = before_book(alice, bob, agent)
    book_for(complete, datetime(2026, 12, 21, 9, tzinfo=PARIS), by=agent, at=NOW)
    want_earlier(person(complete), wanted=True, at=NOW)
    return fresh(complete)


def send_it(dossier: Dossier, agent: User) -> None:
    one = person(dossier)
    submit_dossier(one, at=NOW, by=one.user)


def send_it_again(dossier: Dossier, agent: User) -> None:
    from pacs.actions.dossiers import resubmit_dossier  # noqa: PLC0415 -- beside its only use

    one = person(dossier)
    resubmit_dossier(one, at=NOW, by=one.user)


def accept_it(dossier: Dossier, agent: User) -> None:
    desk.declare_complete(fresh(dossier), by=agent, at=NOW, version=None)


def hold_it(dossier: Dossier, agent: User) -> None:
    hold_slot(person(dossier), DAY, at=NOW, is_overriding=False)


def confirm_it(dossier: Dossier, agent: User) -> None:
    one = person(dossier)
    confirm_slot(one, at=NOW, by=one.user)


def book_it(dossier: Dossier, agent: User) -> None:
    book_for(fresh(dossier), DAY, by=agent, at=NOW)


def move_it(dossier: Dossier, agent: User) -> None:
    book_for(fresh(dossier), LATER, by=agent, at=NOW)


def offer_it(dossier: Dossier, agent: User) -> None:
    if not offer_earlier(at=NOW):
        raise ValidationError("nothing was offered")


def register_it(dossier: Dossier, agent: User) -> None:
    after = DAY + timedelta(minutes=20)
    row = fresh(dossier)
    ceremony = Ceremony(
        Officer.objects.get(),
        after,
        [1, 2],
        [piece.key for piece, _ in originals_of(row)],
        dates_read(row, DAY.date()),
        convention_visa=True,
        convention_returned=True,
    )
    register_pacs(row, ceremony, by=agent, at=after, version=None)


type Setting = tuple[Act, Callable[[User, User, User], Dossier], Callable[[Dossier, User], None]]
#: Every door to a PACS: what is done, from where, and how.
DOORS: dict[str, Setting] = {
    "submit": (Act.SEND, before_send, send_it),
    "resubmit": (Act.SEND_AGAIN, before_send_again, send_it_again),
    "accept": (Act.ACCEPT, before_accept, accept_it),
    "hold": (Act.BOOK, before_book, hold_it),
    "confirm": (Act.BOOK, held, confirm_it),
    "desk booking": (Act.BOOK, before_book, book_it),
    "move": (Act.BOOK, booked, move_it),
    "earlier offer": (Act.BOOK, waiting, offer_it),
    "register": (Act.REGISTER, booked, register_it),
}
#: Answers that give each outcome, and nothing else that stands in the way.
LATE_BIRTHDAY = {"birth_year": 2009, "birth_month": 6, "birth_day": 1}
MAKING: dict[str, dict[str, Any]] = {
    "B01": {"second": LATE_BIRTHDAY},
    "B02": {
        "second": {
            "birth_year": 2008, "birth_month": 1, "birth_day": 1, "nationalities": ["AR"],
            "protection": "aucune", "coutume_in_french": "oui", "country_issues_coutume": "oui",
        }
    },
    "B03": {"second": {"situation": "marie"}},
    "B04": {"second": {"situation": "pacse"}},
    "B05": {"couple": {"kinship": "fratrie"}},
    "B06": {"couple": {"residence": "autre_commune"}},
    "B07": {"couple": {"convention": "notariee"}},
    "B08": {"couple": {"residence": "etranger"}},
    "R01": {"couple": {"impediment": "deplacement_partenaire"}},
    "R02": {"second": {"measure": "autre"}},
    "R03": {"second": {"measure": "curatelle", "protector_is_partenaire": True}},
    "R04": {
        "second": {
            "birth_country": "AR", "has_french_record": "non", "birth_record_in_french": "oui",
            "country_updates_records": "oui",
        }
    },
    "R05": {"second": {"situation": "partenariat_etranger"}},
    "A01": {"couple": {"kinship": "adoption"}},
    "A02": {"couple": {"impediment": "residence_non_fixable"}},
    "A03": {"second": {"birth_year": 2008, "birth_month": None, "birth_day": None}},
}  # fmt: skip


def test_every_outcome_and_every_gated_transition_has_its_line() -> None:
    assert set(MAKING) == {kind.code for kind in OUTCOME_TYPES}
    assert {act for act, _, _ in DOORS.values()} == set(Act) == set(GATED.values())
    assert set(GATED) == {
        Transition.SUBMIT,
        Transition.RESUBMIT,
        Transition.ACCEPT,
        Transition.SCHEDULE,
        Transition.REGISTER,
    }


@pytest.mark.parametrize("code", list(MAKING))
@pytest.mark.parametrize("door", list(DOORS))
def test_no_door_lets_pass_what_the_law_forbids_or_nobody_looked_at(
    door: str,
    code: str,
    reference_data: None,
    officer: Officer,
    alice: User,
    bob: User,
    agent: User,
) -> None:
    act, prepare, do = DOORS[door]
    dossier = prepare(alice, bob, agent)
    change(dossier, MAKING[code])
    give_consent(dossier)
    status = fresh(dossier).status
    effect = next(kind.effect for kind in OUTCOME_TYPES if kind.code == code)
    stops = effect is not Effect.AGENT or act in {Act.ACCEPT, Act.BOOK, Act.REGISTER}

    if not stops:
        do(dossier, agent)
        assert fresh(dossier).status != status
        return

    with pytest.raises(ValidationError):
        do(dossier, agent)
    row = fresh(dossier)
    assert row.status == status
    found = [one for one in row.obstacles(act, at=NOW) if one.code == code]
    assert [one.kind for one in found] == [Kind.TO_DECIDE if effect is Effect.AGENT else Kind.LAW]


@pytest.mark.parametrize("code", [c for c in MAKING if c not in {"B01", "A03", "B02"}])
def test_what_an_agent_looks_at_passes_with_a_written_decision_and_a_block_never_does(
    code: str, reference_data: None, officer: Officer, alice: User, bob: User, agent: User
) -> None:
    dossier = before_accept(alice, bob, agent)
    change(dossier, MAKING[code])
    give_consent(dossier)
    kind = next(kind for kind in OUTCOME_TYPES if kind.code == code)
    outcome = next(one for one in fresh(dossier).outcomes(at=NOW) if one.type == kind)

    def decide() -> None:
        desk.decide_outcome(
            fresh(dossier), code=code, holder=outcome.holder, reason="Vu avec eux.",
            by=agent, at=NOW, version=None,
        )  # fmt: skip

    if kind.effect is not Effect.AGENT:
        with pytest.raises(ValidationError):
            decide()
        return
    decide()
    codes = {one.code for one in fresh(dossier).obstacles(Act.ACCEPT, at=NOW)}
    assert code not in codes
    # Other answers, another look: the decision was about those it had read.
    change(dossier, {"couple": {"kinship": "inconnu"}, "second": {"situation": "divorce"}})
    again = fresh(dossier)
    if any(one.type == kind for one in again.outcomes(at=NOW)):
        assert code in {one.code for one in again.obstacles(Act.ACCEPT, at=NOW)}


def without_common_residence(dossier: Dossier, *homes: str) -> None:
    """A grave impediment, and where each of the two lives meanwhile; nothing from a simulator."""
    change(dossier, MAKING["A02"])
    for position, city in enumerate(homes, start=1):
        dossier.partenaires.filter(position=position).update(city=city)
    give_consent(dossier)


@pytest.mark.parametrize("door", list(DOORS))
def test_two_who_live_elsewhere_are_sent_to_their_mairie_at_every_door(
    door: str,
    reference_data: None,
    officer: Officer,
    alice: User,
    bob: User,
    agent: User,
) -> None:
    act, prepare, do = DOORS[door]
    dossier = prepare(alice, bob, agent)
    without_common_residence(dossier, "Nîmes", "Arles")
    status = fresh(dossier).status

    with pytest.raises(ValidationError):
        do(dossier, agent)

    row = fresh(dossier)
    assert row.status == status
    found = [(one.kind, one.code) for one in row.obstacles(act, at=NOW) if one.code != "A02"]
    assert (Kind.LAW, "B06") in found


@pytest.mark.parametrize("homes", [("Uzès", "Nîmes"), ("Nîmes", "Uzès"), ("Nîmes", "")])
def test_the_mairie_of_either_home_is_competent_and_the_agent_reads_both(
    homes: tuple[str, str],
    reference_data: None,
    officer: Officer,
    alice: User,
    bob: User,
    agent: User,
) -> None:
    dossier = before_accept(alice, bob, agent)
    without_common_residence(dossier, *homes)

    row = fresh(dossier)
    found = {one.type.code: one for one in points_to_decide(row, at=NOW)}
    line = next(one for one in row.obstacles(Act.ACCEPT, at=NOW) if one.code == "A02")

    assert "B06" not in {one.type.code for one in row.outcomes(at=NOW)}
    for one in row.people:
        for told in (found["A02"].type.message, line.for_agent):
            assert f"{one.display_name} ({one.home.address})" in told
        # Where the other lives is not told to either.
        assert not any(str(one.home.address) in line.text(reader) for reader in (1, 2))


def test_a_decision_without_common_residence_lapses_when_a_home_moves_and_no_other_does(
    reference_data: None, officer: Officer, alice: User, bob: User, agent: User
) -> None:
    dossier = before_accept(alice, bob, agent)
    without_common_residence(dossier, "Uzès", "Nîmes")
    change(dossier, MAKING["R02"] | {"couple": {"kinship": "adoption"}})
    give_consent(dossier)
    for code, holder in (("A01", 0), ("A02", 0), ("R02", 2)):
        desk.decide_outcome(
            fresh(dossier), code=code, holder=holder, reason="Vu avec eux.",
            by=agent, at=NOW, version=None,
        )  # fmt: skip
    before = set(decided(fresh(dossier)))

    dossier.partenaires.filter(position=2).update(city="Arles")
    same = set(decided(fresh(dossier)))
    dossier.partenaires.filter(position=2).update(city="Uzès")
    after = set(decided(fresh(dossier)))

    assert before == same == {("A01", 0), ("A02", 0), ("R02", 2)}
    assert after == {("A01", 0), ("R02", 2)}


def test_the_database_keeps_no_decision_on_a_block_and_none_without_a_reason(
    sent: Dossier, agent: User
) -> None:
    for wrong in ({"code": "B03", "reason": "x"}, {"code": "R01", "reason": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            sent.decisions.create(holder=1, digest="x", by=agent, at=NOW, **wrong)


# Consent

MISSING_CONSENT: dict[str, Callable[[Dossier], object]] = {
    "the first has not attested": lambda d: d.partenaires.filter(position=1).update(
        attested_at=None
    ),
    "the second has not attested": lambda d: d.partenaires.filter(position=2).update(
        attested_at=None
    ),
    "the second has not confirmed": lambda d: d.partenaires.filter(position=2).update(
        common_confirmed_at=None
    ),
    "the name has changed since": lambda d: d.partenaires.filter(position=1).update(
        birth_name="Autre"
    ),
    "the address has changed since": lambda d: Dossier.objects.filter(pk=d.pk).update(
        street="1 rue Neuve"
    ),
}


@pytest.mark.parametrize("missing", list(MISSING_CONSENT))
@pytest.mark.parametrize("door", list(DOORS))
def test_no_door_passes_without_two_attestations_for_the_facts_of_today(
    door: str,
    missing: str,
    reference_data: None,
    officer: Officer,
    alice: User,
    bob: User,
    agent: User,
) -> None:
    _, prepare, do = DOORS[door]
    dossier = prepare(alice, bob, agent)
    MISSING_CONSENT[missing](dossier)
    status = fresh(dossier).status

    with pytest.raises(ValidationError):
        do(dossier, agent)

    assert fresh(dossier).status == status


@pytest.mark.parametrize("door", ["accept", "hold", "desk booking", "register"])
def test_paper_is_equal(
    door: str, reference_data: None, officer: Officer, alice: User, bob: User, agent: User
) -> None:
    _, prepare, do = DOORS[door]
    dossier = prepare(alice, bob, agent)
    dossier.partenaires.filter(position=2).update(door="paper", user=None, attested_at=None)

    with pytest.raises(ValidationError) as refused:
        do(dossier, agent)
    assert any("Attestation sur l’honneur à faire" in one or "attestation" in one
               for one in refused.value.messages)  # fmt: skip

    desk.note_paper_attestation(
        person(dossier, 2), signed_on=date(2026, 11, 20), by=agent, at=NOW, version=None
    )
    do(dossier, agent)
    assert person(dossier, 2).attested_on_paper == date(2026, 11, 20)


# Pieces

BIRTH = "1-P11_naissance_fr"
BAD_PIECE: dict[str, dict[str, Any]] = {
    "missing": {"status": "missing"},
    "blocked": {"status": "blocked"},
    "refused": {"status": "refused", "refusal_text": "Illisible.", "decided_at": NOW},
    "too old": {"issued_on": date(2026, 8, 1)},
}


@pytest.mark.parametrize("problem", list(BAD_PIECE))
@pytest.mark.parametrize("door", ["accept", "hold", "register"])
def test_a_piece_missing_refused_or_too_old_that_day_does_not_pass(
    door: str,
    problem: str,
    reference_data: None,
    officer: Officer,
    alice: User,
    bob: User,
    agent: User,
) -> None:
    _, prepare, do = DOORS[door]
    dossier = prepare(alice, bob, agent)
    dossier.pieces.filter(key=BIRTH).update(**BAD_PIECE[problem])
    status = fresh(dossier).status

    with pytest.raises(ValidationError):
        do(dossier, agent)

    assert fresh(dossier).status == status


def test_a_registration_without_the_date_of_a_paper_is_refused(
    reference_data: None, officer: Officer, alice: User, bob: User, agent: User
) -> None:
    dossier = booked(alice, bob, agent)

    labels = [
        one.for_agent for one in dossier.obstacles(Act.REGISTER, at=NOW) if one.kind is Kind.PIECE
    ]

    assert len(labels) == 4
    assert {one.rsplit(" : ", 1)[1] for one in labels} == {"la date lue sur la pièce manque."}


def test_a_missing_piece_cannot_be_accepted(sent: Dossier, agent: User) -> None:
    piece = sent.pieces.select_related("dossier").get(key=BIRTH)

    with pytest.raises(ValidationError) as refused:
        desk.accept_piece(piece, by=agent, at=NOW, version=None)

    assert refused.value.messages == [
        "Rien n’a été envoyé ni annoncé pour cette pièce : demandez-la, ou notez qu’elle est"
        " apportée."
    ]


def test_an_agent_dates_and_corrects_a_piece_with_a_trace(sent: Dossier, agent: User) -> None:
    piece = sent.pieces.select_related("dossier").get(key=BIRTH)
    for day in (date(2026, 10, 1), date(2026, 11, 1)):
        desk.date_piece(piece, day=day, by=agent, at=NOW, version=None)

    events = sent.events.filter(kind="piece_dated")
    assert [event.changes[0] for event in events] == [
        {"label": "délivrée le", "old": "", "new": "1er\u00a0octobre 2026"},
        {"label": "délivrée le", "old": "1er\u00a0octobre 2026", "new": "1er\u00a0novembre 2026"},
    ]
    with pytest.raises(ValidationError):
        desk.date_piece(piece, day=date(2026, 12, 1), by=agent, at=NOW, version=None)


# Days


def test_the_younger_one_is_offered_the_eighteenth_birthday_at_the_earliest(
    reference_data: None, alice: User, bob: User, agent: User
) -> None:
    dossier = before_accept(alice, bob, agent)
    Dossier.objects.filter(pk=dossier.pk).update(wished_date=date(2027, 2, 1))
    change(dossier, {"second": {"birth_year": 2009, "birth_month": 1, "birth_day": 25}})
    give_consent(dossier)
    desk.declare_complete(fresh(dossier), by=agent, at=NOW, version=None)
    complete = fresh(dossier)
    agenda = the(agenda_of(complete))

    first = asked_by(complete, agenda, reader=complete.people[0], at=NOW)
    second = asked_by(complete, agenda, reader=complete.people[1], at=NOW)
    at_desk = asked_by(complete, agenda, reader=None, at=NOW, is_overriding=True)

    birthday = date(2027, 1, 25)
    assert (first.first_day, second.first_day, at_desk.first_day) == (birthday,) * 3
    assert first.first_reason == "Le Pacs n’est possible qu’à partir du 25\u00a0janvier 2027."
    assert second.first_reason.startswith("Vous aurez 18 ans le 25\u00a0janvier 2027")
    for too_early in (DAY, datetime(2027, 1, 18, 9, tzinfo=PARIS)):
        with pytest.raises(ValidationError):
            hold_slot(person(complete), too_early, at=NOW, is_overriding=True)
        with pytest.raises(ValidationError):
            book_for(fresh(complete), too_early, by=agent, at=NOW)
    assert book_for(fresh(complete), datetime(2027, 1, 25, 9, tzinfo=PARIS), by=agent, at=NOW)


# Pages


def test_a_dossier_made_impossible_says_so_on_every_list_and_page(
    reference_data: None,
    officer: Officer,
    alice: User,
    bob: User,
    agent: User,
    client_of: Callable[[User | None], Client],
) -> None:
    dossier = booked(alice, bob, agent)
    with watching_facts(fresh(dossier), by=agent, at=NOW):
        dossier.partenaires.filter(position=2).update(situation="marie")
    desk_client = client_of(agent)

    page = desk_client.get(reverse("admin:pacs_dossier_change", args=[dossier.pk])).content.decode()
    listed = desk_client.get(reverse("admin:pacs_dossier_changelist")).content.decode()
    home = desk_client.get(reverse("admin:index")).content.decode()
    pile = desk_client.get(
        reverse("admin:pacs_dossier_changelist") + "?file=impossible"
    ).content.decode()
    own = client_of(bob).get(dossier.get_absolute_url()).content.decode()
    other = client_of(alice).get(dossier.get_absolute_url()).content.decode()

    assert "En l’état, ce dossier ne peut pas aboutir" in page
    assert reverse("admin:pacs_dossier_end", args=[dossier.pk, "irrecevable"]) in page
    for text in (listed, pile):
        assert "ne peut pas aboutir (B03)" in text
    assert "Dossiers qui ne peuvent pas aboutir, à décider&nbsp;: <strong>1</strong>" in home
    assert "Une personne mariée ne peut pas conclure de Pacs" in own
    assert "En l’état, ce Pacs ne peut pas être enregistré" in other
    assert "mariée" not in other


def test_the_other_reads_nothing_of_an_obstacle_that_is_not_theirs(
    reference_data: None, alice: User, bob: User, agent: User
) -> None:
    for code, answers in MAKING.items():
        if "second" not in answers:
            continue
        one, two = (User.objects.create_user(f"{code}-{name}@example.org") for name in ("a", "b"))
        dossier = before_accept(one, two, agent)
        change(dossier, answers)
        give_consent(dossier)
        found = [one for one in fresh(dossier).obstacles(Act.ACCEPT, at=NOW) if one.code == code]
        assert [one.holder for one in found] == [2], code
        kind = next(kind for kind in OUTCOME_TYPES if kind.code == code)
        assert kind.message not in found[0].text(1)
        assert kind.title not in found[0].text(1)
        assert kind.message in found[0].text(2)


# The database


@pytest.mark.parametrize(
    "wrong",
    [
        {"registered_on": None},
        {"registered_appointment_on": date(2026, 11, 22)},
        {"registered_attestations": 1},
    ],
)
def test_the_database_refuses_a_registration_that_rests_on_nothing(
    wrong: dict[str, Any],
    reference_data: None,
    officer: Officer,
    alice: User,
    bob: User,
    agent: User,
) -> None:
    dossier = booked(alice, bob, agent)
    register_it(dossier, agent)
    assert fresh(dossier).status == "registered"

    with pytest.raises(IntegrityError), transaction.atomic():
        Dossier.objects.filter(pk=dossier.pk).update(**wrong)


def test_the_database_refuses_an_attestation_about_nothing(sent: Dossier) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        sent.partenaires.update(attested_digest="")


def test_an_attestation_holds_while_its_facts_do(sent: Dossier) -> None:
    first = sent.people[0]
    assert has_attested(first, sent)
    first.phone, first.needs = "+33612345678", "rampe"
    assert has_attested(first, sent)
    first.birth_city = "Alès"
    assert not has_attested(first, fresh(sent)) or not has_attested(first, sent)


def test_an_obstacle_speaks_to_three_readers() -> None:
    one = Obstacle(Kind.LAW, 2, "B01", "agent", "own", "other")

    assert [one.text(reader) for reader in (None, 1, 2)] == ["agent", "other", "own"]
    assert PieceStatus.MISSING.label == "À fournir"


# The register

CALLED = "La mairie doit d’abord regarder votre dossier avec vous : appelez-la."
NUMBER = "TI-UZES-2009-12"


def in_register(dossier: Dossier, agent: User, **changes: Any) -> Registration:
    """A line without end about the second partenaire; `changes`: how the line has them."""
    one = person(dossier, 2)
    fields = ("birth_name", "first_names", "birth_year", "birth_month", "birth_day")
    them = {name: getattr(one, name) for name in fields} | changes
    return enter_old_registration(
        number=NUMBER,
        registered_on=date(2009, 5, 4),
        origin="tribunal",
        place="Tribunal d’instance d’Uzès",
        people=[them, {"birth_name": "Roche", "first_names": "Ana"}],
        by=agent,
        at=NOW,
    )


YEAR_ALONE = {"birth_month": None, "birth_day": None}


@pytest.mark.parametrize("door", list(DOORS))
@pytest.mark.parametrize(("line", "kind"), [({}, Kind.BOUND), (YEAR_ALONE, Kind.TO_DECIDE)])
def test_whoever_may_be_in_the_register_without_end_passes_no_door_from_complete_on(
    door: str,
    line: dict[str, Any],
    kind: Kind,
    reference_data: None,
    officer: Officer,
    alice: User,
    bob: User,
    agent: User,
) -> None:
    act, prepare, do = DOORS[door]
    dossier = prepare(alice, bob, agent)
    status = fresh(dossier).status
    in_register(dossier, agent, **line)

    if act in {Act.SEND, Act.SEND_AGAIN}:
        do(dossier, agent)  # nobody learns there what the register says
        assert fresh(dossier).status != status
        return

    with pytest.raises(ValidationError):
        do(dossier, agent)

    assert fresh(dossier).status == status
    found = [one for one in fresh(dossier).obstacles(act, at=NOW) if one.code == "A04"]
    assert [(one.kind, one.holder, one.own, one.other) for one in found] == [
        (kind, 2, CALLED, CALLED)
    ]
    assert NUMBER in found[0].for_agent


def test_a_homonym_passes_with_a_written_decision_about_that_line(
    sent: Dossier, officer: Officer, agent: User
) -> None:
    line = in_register(sent, agent, birth_day=None)

    def decide() -> None:
        desk.decide_outcome(
            fresh(sent), code="A04", holder=2, reason="Née à Alès, pas à Nîmes.",
            by=agent, at=NOW, version=None,
        )  # fmt: skip

    def codes() -> set[str]:
        return {one.code for one in fresh(sent).obstacles(Act.ACCEPT, at=NOW)}

    decide()
    assert "A04" not in codes()
    # Other names, another look.
    sent.partenaires.filter(position=2).update(first_names=f"{person(sent, 2).first_names} Zoé")
    assert "A04" in codes()
    line.dissolved_on, line.dissolution = NOW.date(), "conjointe"
    line.save(update_fields=["dissolved_on", "dissolution"])
    assert "A04" not in codes()
    with pytest.raises(ValidationError):
        decide()


def test_the_same_person_for_certain_is_not_an_agent_s_to_decide(
    sent: Dossier, agent: User
) -> None:
    in_register(sent, agent)

    with pytest.raises(ValidationError, match="ne se décide pas"):
        desk.decide_outcome(
            fresh(sent), code="A04", holder=2, reason="x", by=agent, at=NOW, version=None
        )


@pytest.mark.parametrize("changes", [{}, {"birth_day": None}])
def test_the_desk_reads_the_line_and_the_couple_nothing_of_it(
    changes: dict[str, Any], sent: Dossier, agent: User, alice: User, bob: User
) -> None:
    in_register(sent, agent, **changes)

    client = Client()
    client.force_login(agent)
    page = client.get(reverse("admin:pacs_dossier_change", args=[sent.pk]))
    assert NUMBER in page.content.decode()
    for one in (alice, bob):
        client.force_login(one)
        read = client.get(reverse("pacs:dossier", args=[sent.reference])).content.decode()
        assert "registre" not in read
        assert CALLED not in read
