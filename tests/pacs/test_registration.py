"""The day: every reason to wait, the number, the register, the avis, and what comes after."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from post_office.models import STATUS, Email

from demarches.models import Agenda, Appointment, Officer, User
from demarches.rules.read import imprint
from demarches.web.as_read import ChangedSince
from pacs.actions import desk
from pacs.actions.appointments import book_for
from pacs.actions.pieces import add_file
from pacs.actions.refusals import ActionRefused
from pacs.actions.registration import (
    Ceremony,
    InHand,
    enter_old_registration,
    mark_avis_mentioned,
    mark_avis_sent,
    next_number,
    open_act,
    originals_of,
    refuse_act,
    register_act,
    register_pacs,
    update_act,
)
from pacs.actions.upkeep import (
    late_today,
    purge_dossiers,
    send_digest,
    warn_of_deletion,
)
from pacs.forms.registration import CeremonyForm
from pacs.models import (
    Avis,
    Dossier,
    LaterAct,
    Partenaire,
    PieceFile,
    RegisteredPerson,
    Registration,
)
from pacs.models.registration import signed_by
from tests.support.appointments import make_complete
from tests.support.dossiers import OTHER, PERSON, dates_read, make_dossier
from tests.support.files import jpeg
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)
START = datetime(2026, 11, 23, 9, tzinfo=PARIS)
AFTER = START + timedelta(minutes=20)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def officer(reference_data: None) -> Officer:
    return Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=date(2026, 1, 1)
    )


def scheduled(agent: User, *names: str, start: datetime = START) -> Dossier:
    people = [User.objects.create_user(f"{name}@example.org") for name in names]
    # Each couple is other people, since nobody has two PACS; they attested the day before.
    rank = Dossier.objects.count()
    born = {"birth_year": PERSON["birth_year"] - rank}
    draft = make_dossier(
        *people, at=NOW - timedelta(days=1), people=({**PERSON, **born}, {**OTHER, **born})
    )
    complete = make_complete(draft, agent, at=NOW)
    book_for(complete, start, by=agent, at=NOW)
    return Dossier.objects.get(pk=complete.pk)


@pytest.fixture
def dossier(agent: User) -> Dossier:
    return scheduled(agent, "alice", "bob")


def ceremony(dossier: Dossier, officer: Officer, **changes: Any) -> Ceremony:
    values: dict[str, Any] = {
        "officer": officer,
        "registered_at": AFTER,
        "identified": [1, 2],
        "originals": [piece.key for piece, _ in originals_of(dossier)],
        "dates": dates_read(dossier, AFTER.date()),
        "convention_visa": True,
        "convention_returned": True,
    }
    return Ceremony(**{**values, **changes})


def register(dossier: Dossier, officer: Officer, agent: User, **changes: Any) -> Registration:
    return register_pacs(
        dossier, ceremony(dossier, officer, **changes), by=agent, at=AFTER, version=None
    )


def refusals(call: Callable[[], object]) -> list[str]:
    with pytest.raises(ActionRefused) as refused:
        call()
    return refused.value.messages


def test_registering_writes_the_line_freezes_the_dossier_and_prepares_the_avis(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    line = register(dossier, officer, agent)

    dossier.refresh_from_db()
    assert (line.number, line.registered_on, line.place) == (
        "30334-2026-1-0001",
        date(2026, 11, 23),
        "Mairie d’Uzès",
    )
    assert (dossier.status, dossier.is_editable, the(dossier.appointment).status) == (
        "registered",
        False,
        "done",
    )
    assert [(one.name, one.birth_city, one.sex) for one in line.people] == [
        ("Camille Anne Lemoine", "Nîmes", "F"),
        ("Noé d’Almeida-Ünal", "Nîmes", "M"),
    ]
    assert [(one.recipient, one.due_on) for one in line.avis.all()] == [
        ("Mairie de Nîmes", date(2026, 11, 26))
    ] * 2
    assert Email.objects.filter(subject="Votre démarche d’état civil est terminée").count() == 2
    assert [one.identified_at for one in dossier.partenaires.all()] == [AFTER, AFTER]
    assert dossier.pieces.filter(original_seen_at=AFTER).count() == len(originals_of(dossier))


def test_a_second_click_finds_it_registered(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    line = register(dossier, officer, agent)

    again = register_pacs(
        dossier, ceremony(dossier, officer), by=agent, at=AFTER, version=dossier.version
    )

    assert (again, Registration.objects.count(), Avis.objects.count()) == (line, 1, 2)
    assert Email.objects.filter(subject="Votre démarche d’état civil est terminée").count() == 2


def test_every_reason_is_told_at_once(dossier: Dossier, officer: Officer, agent: User) -> None:
    nothing = {
        "identified": [],
        "originals": [],
        "dates": {},
        "convention_visa": False,
        "convention_returned": False,
    }

    reasons = refusals(lambda: register(dossier, officer, agent, **nothing))

    assert reasons[:2] == [
        "Identité à vérifier : Camille Anne Lemoine.",
        "Identité à vérifier : Noé d’Almeida-Ünal.",
    ]
    assert len([one for one in reasons if one.startswith("Original à voir : ")]) == len(
        originals_of(dossier)
    )
    assert reasons[-2:] == [
        "La convention doit être visée et datée.",
        "La convention doit être rendue aux partenaires : la mairie n’en garde pas.",
    ]
    assert (Registration.objects.count(), Avis.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"registered_at": AFTER + timedelta(hours=1)}, "L’heure de l’enregistrement n’est pas"),
        (
            {"registered_at": AFTER - timedelta(days=1)},
            "Le rendez-vous est le 23\u00a0novembre 2026",
        ),
        ({"identified": [1]}, "Identité à vérifier : Noé d’Almeida-Ünal."),
        ({"convention_visa": False}, "La convention doit être visée et datée."),
        ({"convention_returned": False}, "La convention doit être rendue"),
    ],
)
def test_each_reason_alone_is_enough(
    dossier: Dossier, officer: Officer, agent: User, changes: dict[str, Any], reason: str
) -> None:
    reasons = refusals(lambda: register(dossier, officer, agent, **changes))

    assert [one.startswith(reason) for one in reasons] == [True]


def test_one_original_not_seen_is_enough(dossier: Dossier, officer: Officer, agent: User) -> None:
    keys = [piece.key for piece, _ in originals_of(dossier)]

    reasons = refusals(lambda: register(dossier, officer, agent, originals=keys[1:]))

    assert [one.startswith("Original à voir : ") for one in reasons] == [True]


@pytest.mark.parametrize(
    ("starts", "ends"),
    [(date(2026, 11, 24), None), (date(2026, 1, 1), date(2026, 11, 22))],
)
def test_an_officer_outside_of_the_delegation_registers_nothing(
    dossier: Dossier, agent: User, starts: date, ends: date | None
) -> None:
    officer = Officer.objects.create(
        name="Paul Durand", quality="délégué", in_force_from=starts, in_force_until=ends
    )

    assert list(Officer.objects.in_force(date(2026, 11, 23))) == []
    assert refusals(lambda: register(dossier, officer, agent)) == [
        "La délégation de Paul Durand n’est pas en vigueur le 23\u00a0novembre 2026."
    ]


def test_a_registration_noted_later_offers_whoever_was_in_force_on_the_day(
    dossier: Dossier, officer: Officer
) -> None:
    day = START.date()
    gone, come = (
        Officer.objects.create(
            name=name, quality="délégué", in_force_from=start, in_force_until=end
        )
        for name, start, end in [
            ("Paul Durand", date(2026, 1, 1), day),
            ("Zoé Roche", day + timedelta(days=1), None),
        ]
    )

    form = CeremonyForm(dossier=dossier, at=START + timedelta(days=3))

    officers: Any = form.fields["officer"]
    offered = officers.queryset
    assert list(offered.order_by("pk")) == [officer, gone]
    assert come not in offered
    assert form.has_officers


def test_a_delegation_counts_its_first_and_last_day(reference_data: None) -> None:
    one = Officer.objects.create(
        name="A", quality="B", in_force_from=date(2026, 1, 1), in_force_until=date(2026, 1, 2)
    )

    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)]
    assert [one.is_in_force(day) for day in days] == [False, True, True, False]
    assert [Officer.objects.in_force(day).exists() for day in days] == [False, True, True, False]
    with pytest.raises(IntegrityError), transaction.atomic():
        Officer.objects.filter(pk=one.pk).update(in_force_until=date(2025, 1, 1))


def test_a_piece_too_old_that_day_stops(dossier: Dossier, officer: Officer, agent: User) -> None:
    dossier.pieces.filter(key="1-P11_naissance_fr").update(issued_on=date(2026, 8, 23))

    reasons = refusals(lambda: register(dossier, officer, agent))

    assert reasons == [
        "Acte de naissance avec filiation, de moins de 3\u00a0mois (Camille Anne Lemoine) : trop"
        " ancienne ce jour-là, ne sert que jusqu’au 22\u00a0novembre 2026."
    ]


def test_a_piece_sent_again_is_settled_first(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    dossier.pieces.filter(key="1-P03_identite").update(status="provided")

    reasons = refusals(lambda: register(dossier, officer, agent))

    assert reasons == [
        "Pièce d’identité en cours de validité (Camille Anne Lemoine) : envoyée, à vérifier."
    ]


def test_without_an_appointment_nothing_is_registered(
    sent: Dossier, officer: Officer, agent: User
) -> None:
    assert refusals(lambda: register(sent, officer, agent)) == [
        "Ce dossier n’a pas de rendez-vous : fixez-le d’abord, même pour aujourd’hui."
    ]


def test_an_old_page_registers_nothing(dossier: Dossier, officer: Officer, agent: User) -> None:
    reasons = refusals(
        lambda: register_pacs(
            dossier, ceremony(dossier, officer), by=agent, at=AFTER, version=dossier.version - 1
        )
    )

    assert reasons == ["Ce dossier a changé depuis que vous avez ouvert cette page."]


def test_answers_of_a_registered_dossier_no_longer_change(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    register(dossier, officer, agent)

    assert refusals(
        lambda: desk.save_answers_for(
            dossier, {"p1": {"birth_name": "X"}}, read="", by=agent, at=AFTER
        )
    ) == ["Ce dossier est terminé : ses réponses ne changent plus."]
    piece = the(dossier.pieces.select_related("dossier").first())
    assert refusals(lambda: desk.date_piece(piece, day=None, by=agent, at=AFTER, version=None)) == [
        "Ce dossier est terminé : ses pièces ne changent plus."
    ]


# The number


def test_the_next_number_follows(dossier: Dossier, officer: Officer, agent: User) -> None:
    first = register(dossier, officer, agent)
    second = register(
        scheduled(agent, "dan", "eve", start=START + timedelta(hours=1)), officer, agent
    )

    assert (second.number, second.follows) == ("30334-2026-1-0002", first)
    assert str(next_number(date(2027, 1, 4))) == "30334-2027-1-0001"


def test_a_gap_wants_a_reason(dossier: Dossier, officer: Officer, agent: User) -> None:
    assert refusals(lambda: register(dossier, officer, agent, sequence=12)) == [
        "Le numéro suivant est 30334-2026-1-0001. Pour en sauter, dites pourquoi : le registre"
        " n’a pas de trou sans motif."
    ]

    line = register(dossier, officer, agent, sequence=12, gap_reason="onze avant le portail")

    assert (line.number, line.gap_reason) == ("30334-2026-1-0012", "onze avant le portail")
    other = scheduled(agent, "dan", "eve", start=START + timedelta(hours=1))
    assert refusals(lambda: register(other, officer, agent, sequence=12)) == [
        "Ce numéro est déjà donné. Le suivant est 30334-2026-1-0013."
    ]


def test_a_reason_holds_no_social_security_number(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    nir = "2 90 05 30 189 042 " + f"{97 - 2900530189042 % 97:02d}"

    reasons = refusals(lambda: register(dossier, officer, agent, sequence=3, gap_reason=nir))

    assert "sécurité sociale" in reasons[0]


def test_a_registration_that_fails_uses_no_number(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    refusals(lambda: register(dossier, officer, agent, identified=[]))

    assert register(dossier, officer, agent).sequence == 1


@pytest.mark.django_db(transaction=True)
def test_agents_at_once_get_numbers_one_after_the_other(
    clock: time_machine.Traveller, reference_data: None, agent: User, officer: Officer
) -> None:
    Agenda.objects.update(capacity=8)
    dossiers = [scheduled(agent, f"a{rank}", f"b{rank}") for rank in range(8)]
    start, got = Barrier(len(dossiers)), list[str]()

    def one(dossier: Dossier) -> None:
        start.wait()
        try:
            # Every other one fails: none may leave a hole.
            identified = [1, 2] if dossiers.index(dossier) % 2 else [1]
            got.append(register(dossier, officer, agent, identified=identified).number)
        except ActionRefused as refused:
            got.append(refused.messages[0])
        finally:
            connection.close()

    threads = [Thread(target=one, args=(dossier,)) for dossier in dossiers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    numbers = sorted(word for word in got if word.startswith("30334"))
    assert numbers == [f"30334-2026-1-{rank:04d}" for rank in (1, 2, 3, 4)]
    assert len(got) == 8


# The register itself


def test_the_register_is_neither_rewritten_nor_emptied(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    line = register(dossier, officer, agent)
    line.place = "ailleurs"

    with pytest.raises(ValidationError):
        line.save()
    with pytest.raises(ValidationError):
        line.save(update_fields=["place"])
    with pytest.raises(ValidationError):
        line.delete()
    with pytest.raises(ProtectedError):
        Registration.objects.all().delete()
    assert RegisteredPerson.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"sequence": 5},
        {"officer": None},
        {"officer_name": ""},
        {"officer": None, "officer_name": ""},
        {"registered_at": None},
        {"insee_code": ""},
        {"dissolved_on": date(2027, 1, 1)},
    ],
)
def test_the_database_refuses_a_line_that_is_not_whole(
    dossier: Dossier, officer: Officer, agent: User, wrong: dict[str, Any]
) -> None:
    line = register(dossier, officer, agent)

    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.filter(pk=line.pk).update(**wrong)


# Publicity


def test_avis_sent_then_mentioned_then_third_parties_are_bound(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    line = register(dossier, officer, agent)
    first, second = line.avis.all()
    today, later = AFTER.date(), AFTER + timedelta(days=3)

    assert refusals(lambda: mark_avis_mentioned(first, on=today, by=agent, at=AFTER)) == [
        "Notez d’abord l’envoi de l’avis."
    ]
    tomorrow = today + timedelta(days=1)
    assert len(refusals(lambda: mark_avis_sent([first.pk], on=tomorrow, by=agent, at=AFTER))) == 1
    for one in (first, second, second):
        mark_avis_sent([one.pk], on=today, by=agent, at=AFTER)
    mark_avis_mentioned(first, on=today, by=agent, at=later)
    assert Registration.objects.get().opposable_on is None
    wrong = today - timedelta(days=1)
    assert len(refusals(lambda: mark_avis_mentioned(second, on=wrong, by=agent, at=later))) == 1
    for _ in range(2):
        mark_avis_mentioned(second, on=later.date(), by=agent, at=later)

    assert Registration.objects.get().opposable_on == later.date()
    told = Email.objects.filter(subject="Votre démarche d’état civil : les mentions sont faites")
    assert told.count() == 2


def test_an_avis_is_late_after_three_days(dossier: Dossier, officer: Officer, agent: User) -> None:
    avis = the(register(dossier, officer, agent).avis.first())

    assert [avis.is_late(date(2026, 11, day)) for day in (26, 27)] == [False, True]


# What is kept, and what is not


def with_scan(dossier: Dossier) -> Dossier:
    picture = SimpleUploadedFile("carte.jpg", jpeg(), content_type="image/jpeg")
    piece = dossier.pieces.select_related("dossier").get(key="1-P03_identite")
    dossier.pieces.filter(pk=piece.pk).update(status="to_bring")
    piece.refresh_from_db()
    add_file(piece, picture, "carte.jpg", partenaire=None, at=NOW)
    dossier.pieces.filter(pk=piece.pk).update(status="accepted")
    return Dossier.objects.get(pk=dossier.pk)


def test_scans_go_at_once_when_the_paper_dossier_is_complete(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    register(with_scan(dossier), officer, agent, paper_complete=True)

    assert PieceFile.objects.count() == 0
    assert [event.reason for event in dossier.events.filter(kind="scans_deleted")] == ["1 fichiers"]


def test_scans_go_after_their_retention(dossier: Dossier, officer: Officer, agent: User) -> None:
    register(with_scan(dossier), officer, agent)
    late = AFTER + timedelta(days=30, minutes=1)

    assert purge_dossiers(at=AFTER + timedelta(days=29)).scans == 0
    assert (purge_dossiers(at=late, dry_run=True).scans, PieceFile.objects.count()) == (1, 1)
    assert (purge_dossiers(at=late).scans, PieceFile.objects.count()) == (1, 0)
    assert Dossier.objects.filter(pk=dossier.pk).exists()


def test_the_dossier_goes_once_every_mention_is_made_and_its_line_stays(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    line = register(dossier, officer, agent)
    late = AFTER + timedelta(days=184)
    assert purge_dossiers(at=late).ended == 0
    for avis in line.avis.all():
        mark_avis_sent([avis.pk], on=AFTER.date(), by=agent, at=AFTER)
        mark_avis_mentioned(avis, on=AFTER.date(), by=agent, at=AFTER)

    assert warn_of_deletion(at=AFTER + timedelta(days=168)) == 0
    assert warn_of_deletion(at=AFTER + timedelta(days=170)) == 1
    assert purge_dossiers(at=AFTER + timedelta(days=182)).ended == 0
    assert purge_dossiers(at=late).ended == 1

    line = Registration.objects.get()
    assert (line.dossier, line.names) == (None, "Camille Anne Lemoine et Noé d’Almeida-Ünal")
    assert (Dossier.objects.count(), Partenaire.objects.count()) == (0, 0)


def test_appointments_of_long_ago_name_no_dossier(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    register(dossier, officer, agent)

    purge_dossiers(at=AFTER + timedelta(days=364))
    assert Appointment.objects.get().holder == dossier.reference
    purge_dossiers(at=AFTER + timedelta(days=366))
    assert Appointment.objects.get().holder == ""


# What comes after


@pytest.fixture
def line(dossier: Dossier, officer: Officer, agent: User) -> Registration:
    return register(dossier, officer, agent)


def act_on(line: Registration, kind: str, agent: User, **changes: Any) -> LaterAct:
    values: dict[str, Any] = {
        "kind": kind,
        "received_on": AFTER.date(),
        "by_post": False,
        "pieces": (),
        "event_on": None,
    }
    return open_act(line, **{**values, **changes}, by=agent, at=AFTER)


def test_a_joint_dissolution_from_the_papers_to_the_avis(
    line: Registration, officer: Officer, agent: User
) -> None:
    act = act_on(line, "dissolution_conjointe", agent)
    later = AFTER + timedelta(days=40)
    with time_machine.travel(later, tick=False):
        assert refusals(lambda: register_act(act, officer=officer, by=agent, at=later)) == [
            "Il manque : Déclaration conjointe de dissolution (cerfa 15789), signée des deux.",
            "Il manque : Photocopie d’une pièce d’identité de chacun.",
        ]
        update_act(act, InHand(["declaration", "identites", "inconnue"]))
        register_act(act, officer=officer, by=agent, at=later)

    act.refresh_from_db()
    line = Registration.objects.get(pk=line.pk)
    assert (act.status, act.effect_on, act.pieces) == (
        "registered",
        later.date(),
        ["declaration", "identites"],
    )
    assert (line.dissolved_on, line.dissolution) == (later.date(), "dissolution_conjointe")
    assert [one.due_on for one in act.avis.all()] == [later.date() + timedelta(days=3)] * 2
    assert refusals(lambda: act_on(line, "modification", agent)) == ["Ce Pacs est déjà dissous."]


def test_a_death_takes_effect_on_its_day(line: Registration, officer: Officer, agent: User) -> None:
    act = act_on(line, "dissolution_deces", agent, pieces=["avis"])
    assert act.missing == ["La date du mariage ou du décès", "Le nom de la personne décédée"]
    tomorrow = AFTER.date() + timedelta(days=1)
    update_act(act, InHand(["avis"], event_on=tomorrow, deceased=2))
    assert refusals(lambda: register_act(act, officer=officer, by=agent, at=AFTER)) == [
        "Cette date est avant le Pacs, ou à venir."
    ]

    update_act(act, InHand(["avis"], event_on=AFTER.date()))
    assert refusals(lambda: register_act(act, officer=officer, by=agent, at=AFTER)) == [
        "Il manque : Le nom de la personne décédée."
    ]
    update_act(act, InHand(["avis"], event_on=AFTER.date(), deceased=2))
    register_act(act, officer=officer, by=agent, at=AFTER + timedelta(days=9))

    assert Registration.objects.get().dissolved_on == AFTER.date()
    assert [one.position for one in LaterAct.objects.get().informed] == [1]


@pytest.mark.parametrize(
    ("kind", "event", "deceased"),
    [("dissolution_mariage", "le mariage", None), ("dissolution_deces", "le décès", 2)],
)
def test_no_notice_comes_before_what_it_tells(
    line: Registration, officer: Officer, agent: User, kind: str, event: str, deceased: int | None
) -> None:
    act = act_on(line, kind, agent, pieces=["avis"])
    later = AFTER + timedelta(days=9)
    day = act.received_on + timedelta(days=1)
    after = InHand(["avis"], event_on=day, deceased=deceased)

    assert refusals(lambda: register_act(act, after, officer=officer, by=agent, at=later)) == [
        f"L’avis est reçu avant {event} : vérifiez les deux dates."
    ]
    act.refresh_from_db()
    assert (act.status, act.event_on) == ("open", None)
    before = replace(after, received_on=line.registered_on - timedelta(days=1))
    assert (
        "la date de réception ne peut pas être avant"
        in refusals(lambda: update_act(act, before))[0]
    )
    register_act(act, replace(after, received_on=day), officer=officer, by=agent, at=later)
    act.refresh_from_db()
    assert (act.status, act.received_on) == ("registered", day)


def test_nobody_dies_of_another_act(line: Registration, agent: User) -> None:
    act = act_on(line, "dissolution_mariage", agent)

    for place in (1, 3):
        with pytest.raises(IntegrityError), transaction.atomic():
            LaterAct.objects.filter(pk=act.pk).update(deceased=place)


def test_an_act_is_completed_or_ended_as_it_was_read(
    line: Registration, officer: Officer, agent: User
) -> None:
    act = act_on(line, "dissolution_deces", agent)
    mine = InHand(["avis"], event_on=AFTER.date(), deceased=2)
    read = imprint(act.shown())
    update_act(act, InHand(["avis"], event_on=AFTER.date(), deceased=1), read=read)

    with pytest.raises(ChangedSince):
        update_act(act, InHand([]), read=read)
    with pytest.raises(ChangedSince):
        refuse_act(act, ground="Un motif.", by=agent, at=AFTER, read=read)
    with pytest.raises(ChangedSince):
        register_act(act, mine, officer=officer, by=agent, at=AFTER, read=read)

    act.refresh_from_db()
    assert (act.status, act.pieces, act.deceased) == ("open", ["avis"], 1)


def test_what_is_in_hand_is_noted_with_the_registration_or_not_at_all(
    line: Registration, officer: Officer, agent: User
) -> None:
    act = act_on(line, "modification", agent)
    read = imprint(act.shown())
    some, every = InHand(["declaration"]), InHand(["declaration", "convention", "identites"])

    refusals(lambda: register_act(act, some, officer=officer, by=agent, at=AFTER, read=read))
    act.refresh_from_db()
    assert (act.status, act.pieces) == ("open", [])

    register_act(act, every, officer=officer, by=agent, at=AFTER, read=read)
    act.refresh_from_db()
    assert (act.status, act.pieces) == ("registered", ["declaration", "convention", "identites"])


def test_a_modification_leaves_the_pacs_standing(
    line: Registration, officer: Officer, agent: User
) -> None:
    pieces = ["declaration", "convention", "identites"]
    for _ in range(2):  # as often as they like
        act = act_on(line, "modification", agent, pieces=pieces)
        register_act(act, officer=officer, by=agent, at=AFTER)

    assert (Registration.objects.get().is_dissolved, Avis.objects.count()) == (False, 6)
    assert refusals(lambda: register_act(act, officer=officer, by=agent, at=AFTER)) == [
        "Cette démarche est déjà terminée."
    ]


def test_a_pacs_ends_once(line: Registration, officer: Officer, agent: User) -> None:
    acts = [
        act_on(line, "dissolution_unilaterale", agent, pieces=["signification"]) for _ in range(2)
    ]
    register_act(acts[0], officer=officer, by=agent, at=AFTER)

    assert refusals(lambda: register_act(acts[1], officer=officer, by=agent, at=AFTER)) == [
        "Ce Pacs est déjà dissous."
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        LaterAct.objects.filter(pk=acts[1].pk).update(
            status="registered",
            effect_on=AFTER.date(),
            registered_at=AFTER,
            **signed_by(officer),
        )


def test_an_act_is_refused_with_a_ground(line: Registration, agent: User) -> None:
    act = act_on(line, "modification", agent)

    assert len(refusals(lambda: refuse_act(act, ground=" ", by=agent, at=AFTER))) == 1
    refuse_act(act, ground="Enregistré dans une autre mairie.", by=agent, at=AFTER)

    act.refresh_from_db()
    assert (act.status, act.ground) == ("inadmissible", "Enregistré dans une autre mairie.")
    assert (act.refused_at, act.refused_by) == (AFTER, agent)
    with pytest.raises(IntegrityError), transaction.atomic():
        LaterAct.objects.filter(pk=act.pk).update(refused_by=None)


def test_an_act_from_tomorrow_is_not_received(line: Registration, agent: User) -> None:
    tomorrow = AFTER.date() + timedelta(days=1)

    assert refusals(lambda: act_on(line, "modification", agent, received_on=tomorrow)) == [
        "La date de réception est à venir."
    ]


def old(agent: User, **changes: Any) -> Registration:
    person = {"birth_name": "Roche", "first_names": "Ana", "birth_city": "Alès"}
    values: dict[str, Any] = {
        "number": "TI-UZES-2009-12",
        "registered_on": date(2009, 5, 4),
        "origin": "tribunal",
        "place": "Tribunal d’instance d’Uzès",
        "people": [person, {**person, "first_names": "Éva"}],
    }
    return enter_old_registration(**{**values, **changes}, by=agent, at=AFTER)


def test_a_pacs_of_the_former_court_can_be_dissolved_here(
    reference_data: None, officer: Officer, agent: User
) -> None:
    line = old(agent)
    act = act_on(line, "dissolution_conjointe", agent, pieces=["declaration", "identites"])

    register_act(act, officer=officer, by=agent, at=AFTER)

    assert (Registration.objects.get().is_dissolved, line.register_number) == (True, None)
    assert [one.recipient for one in act.avis.all()] == ["Mairie d’Alès"] * 2


BORN = {"birth_year": 1980, "birth_month": 5, "birth_day": 4}


@pytest.mark.parametrize(
    ("theirs", "reason", "words"),
    [
        ({}, "", "Ana Roche : lié au Pacs n° TI-UZES-2009-12, sans fin au registre."),
        # The same person is no homonym, as the gate has it.
        ({}, "Une autre Ana.", "S’il est dissous, enregistrez d’abord sa dissolution."),
        ({"birth_day": None}, "", "si c’est un homonyme, écrivez pourquoi."),
        ({"birth_day": None}, "Née à Alès, pas à Nîmes.", ""),
        ({"birth_year": 1981}, "", ""),
    ],
)
def test_nobody_is_entered_who_stands_there_under_a_line_without_end(
    reference_data: None, agent: User, theirs: dict[str, Any], reason: str, words: str
) -> None:
    ana = {"birth_name": "Roche", "first_names": "Ana", "birth_city": "Alès", **BORN}
    first = old(agent, people=[ana, {**ana, "first_names": "Éva"}])
    again: dict[str, Any] = {
        "number": "TI-UZES-2010-3",
        "people": [{**ana, "first_names": "Zoé", "birth_year": 1979}, {**ana, **theirs}],
        "homonym_reason": reason,
    }

    if words:
        assert words in " ".join(refusals(lambda: old(agent, **again)))
        assert Registration.objects.count() == 1
    else:
        assert old(agent, **again).homonym_reason == reason

    Registration.objects.filter(pk=first.pk).update(
        dissolved_on=AFTER.date(), dissolution="dissolution_conjointe"
    )
    if words:
        old(agent, **again)


def test_a_number_of_this_register_typed_by_hand_keeps_its_rank(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    day = AFTER.date()
    ours = {"origin": "mairie", "registered_on": day}

    assert refusals(lambda: old(agent, **ours, number="30334-2025-1-0001")) == [
        f"Le numéro est de 2025, la date de {day.year} : vérifiez-les."
    ]
    by_hand = old(agent, **ours, number=f"30334 \N{EN DASH} {day.year} - 1 - 1")

    assert by_hand.number == f"30334-{day.year}-1-0001"
    assert str(next_number(day)) == f"30334-{day.year}-1-0002"
    line = register(dossier, officer, agent)
    assert (line.number, line.follows) == (f"30334-{day.year}-1-0002", by_hand)
    assert refusals(lambda: old(agent, **ours, number=f"30334-{day.year}-1-0003")) == [
        "Le portail donne lui-même les numéros après 0002 : enregistrez ce Pacs depuis son dossier,"
        " au jour et à l’heure où il a été signé."
    ]
    assert refusals(lambda: old(agent, **ours, number=f"30334-{day.year}-1-0001")) == [
        "Ce numéro est déjà dans la liste : ouvrez-le."
    ]


def test_an_old_pacs_is_entered_once_and_of_two_people(reference_data: None, agent: User) -> None:
    old(agent, number="TI-77")
    same = {"birth_name": "Durand", "first_names": "Jean", "birth_city": "Nîmes"}

    for number in ("ti-77", "TI\N{EN DASH}77", " TI-77 "):
        assert refusals(partial(old, agent, number=number)) == [
            "Ce numéro est déjà dans la liste : ouvrez-le."
        ]
    assert refusals(lambda: old(agent, number="TI-78", people=[same, same])) == [
        "C’est deux fois la même personne : vérifiez les noms et les dates."
    ]


@pytest.mark.parametrize(
    ("in_the_register", "today"),
    [
        ("Boeuf", "Bœuf"),
        ("Saint-Jean", "Saint Jean"),
        ("d’Almeida", "d Almeida"),
        ("Lorenz", "Łorenz"),
        ("O'Brien", "O\u02bcBrien"),
        ("LEMOINE", "Lemoine"),
    ],
)
def test_whoever_is_pacsed_is_found_however_the_name_is_spelled(
    officer: Officer, agent: User, in_the_register: str, today: str
) -> None:
    born = {"birth_year": 1990, "birth_month": 5, "birth_day": 4}
    names = {"birth_name": in_the_register, "first_names": "Camille Anne", **born}
    dossier = scheduled(agent, "alice", "bob")
    old(agent, people=[names, {**names, "birth_name": "Autre"}])
    dossier.partenaires.filter(position=1).update(birth_name=today)

    reasons = refusals(lambda: register(Dossier.objects.get(pk=dossier.pk), officer, agent))

    assert f"Camille Anne {today} : lié au Pacs n° TI-UZES-2009-12" in "".join(reasons)


def test_an_old_number_is_entered_once_and_without_a_nir(reference_data: None, agent: User) -> None:
    old(agent)

    assert refusals(lambda: old(agent)) == ["Ce numéro est déjà dans la liste : ouvrez-le."]
    assert refusals(lambda: old(agent, number="X", registered_on=date(2027, 1, 1))) == [
        "La date d’enregistrement est à venir."
    ]
    nir = "2 90 05 30 189 042 " + f"{97 - 2900530189042 % 97:02d}"
    person = {"birth_name": nir, "first_names": "Ana"}
    assert "sécurité sociale" in refusals(lambda: old(agent, number="Y", people=[person]))[0]
    # The number of a paper register has no shape: the column refuses it by itself.
    for number in (nir, "2 55 08 14 168 025 38"):
        with pytest.raises(ValidationError, match="sécurité sociale"):
            old(agent, number=number)
    assert Registration.objects.count() == 1


# Every day


def test_the_digest_counts_what_is_late_once_a_day(
    dossier: Dossier, officer: Officer, agent: User
) -> None:
    assert (late_today(at=NOW), send_digest(at=NOW)) == ([], 0)
    late = START + timedelta(days=1)
    failed = Email.objects.order_by("pk").first()
    Email.objects.filter(pk=failed.pk).update(status=STATUS.failed, last_updated=late)

    assert [(one.label, one.count) for one in late_today(at=late)] == [
        ("Rendez-vous passés sans conclusion", 1),
        ("Courriels qui ne sont pas partis", 1),
    ]
    assert [send_digest(at=late), send_digest(at=late)] == [1, 0]
    mail = Email.objects.latest("pk")
    assert mail.to == ["agent@example.org"]
    assert "Lemoine" not in mail.message


def test_the_plan_b_is_for_its_owner_alone_and_two_are_kept(
    dossier: Dossier, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    for day in range(3):
        clock.move_to(NOW + timedelta(days=day))
        call_command("make_plan_b", str(tmp_path))

    made = sorted(tmp_path.iterdir())
    assert [path.name for path in made] == ["plan-b-2026-11-24.pdf", "plan-b-2026-11-25.pdf"]
    assert {oct(path.stat().st_mode & 0o777) for path in made} == {"0o600"}
    assert made[0].read_bytes().startswith(b"%PDF")


def test_people_of_a_foreign_birth_go_to_nantes(agent: User, officer: Officer) -> None:
    italian = {**OTHER, "nationalities": ["IT"], "birth_country": "IT", "birth_city": "Roma"}
    extra = {"birth_record_in_french": "oui", "coutume_in_french": "oui"}
    known = {"country_issues_coutume": "oui", "country_updates_records": "oui"}
    people = [User.objects.create_user(f"{name}@example.org") for name in ("x", "y")]
    foreign = {**italian, **extra, **known, "protection": "aucune"}
    draft = make_dossier(*people, at=NOW, people=(PERSON, foreign))
    complete = make_complete(draft, agent, at=NOW)
    book_for(complete, START, by=agent, at=NOW)

    line = register(Dossier.objects.get(pk=complete.pk), officer, agent)

    assert [one.recipient for one in line.avis.order_by("person__position")] == [
        "Mairie de Nîmes",
        "Service central d’état civil (SCEC)",
    ]
