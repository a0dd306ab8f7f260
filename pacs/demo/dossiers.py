"""A believable mairie for trying the desk: dossiers in every state, by real actions.

Names are made up from lists; addresses belong to the reserved domain example.org.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.timezone import localdate
from PIL import Image, ImageDraw

from demarches.agenda.booking import first_days
from demarches.demo import Demo, nothing_leaves
from demarches.files.uploads import UploadRefused
from demarches.models import Officer, User
from demarches.models.dossier import TransitionRefused
from demarches.rules.enums import PieceStatus
from pacs.actions import desk, following
from pacs.actions.appointments import book_for
from pacs.actions.dossiers import (
    attest,
    choose_door,
    confirm_common,
    join_dossier,
    open_dossier,
    stop_dossier,
    submit_dossier,
    write_message,
)
from pacs.actions.endings import end_dossier
from pacs.actions.pieces import add_file, answer_piece
from pacs.actions.refusals import ActionRefused
from pacs.actions.registration import Ceremony, originals_of, register_pacs
from pacs.demo.cases import cases
from pacs.forms.identity import address_of_mairie
from pacs.models import Door, Dossier, Partenaire, Piece
from pacs.models.piece import IDENTITY_RULE
from pacs.reads.booking import agenda_of, asked_by
from pacs.rules.situation import has_protector

SEED = 30334
#: Stages that take no more than a day.
FRESH = frozenset({"draft", "submitted", "submitted_again"})
FIRST_NAMES = {
    "F": "Camille Jeanne Inès Léa Manon Anaïs Chloé Zoé Maëlle Soraya Fatou Linh Giulia Ana",
    "M": "Noé Paul Hugo Émile Yanis Malo Théo Léo Karim Mamadou Minh Luca João Ángel",
}
FRENCH_NAMES = [
    *("Lemoine", "Vidal", "Roux", "d’Almeida", "Reboul", "Chabrol", "Fabre", "Bonnet", "Le Goff"),
    *("Durand-Ferté", "Martin", "Teissier", "Aubert", "Pagès", "Delmas", "Jourdan", "Sauvage"),
]
#: Country, family names, and what changes for them.
FOREIGN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("IT", "Ricci Bianchi Moretti", {"birth_record_in_french": "non", "coutume_in_french": "oui"}),
    ("SN", "Diop Ndiaye Sarr", {"birth_record_in_french": "oui", "coutume_in_french": "oui"}),
    ("GB", "Hughes O’Neill Clarke", {"country_issues_coutume": "non"}),
    ("AF", "Rahimi Noori Azizi", {"protection": "refugie"}),
    ("BR", "Souza Ribeiro Lopes", {"birth_record_in_french": "non", "coutume_in_french": "oui"}),
)
CITIES = ["Nîmes", "Uzès", "Alès", "Avignon", "Arles", "Bagnols-sur-Cèze", "Remoulins"]
STREETS = ["rue des Lilas", "place aux Herbes", "chemin du Haras", "avenue de la Gare", "rue Basse"]


class Town:
    """Makes people, one at a time, always the same ones."""

    def __init__(self, seed: int = SEED) -> None:
        self.chance = random.Random(seed)  # noqa: S311 -- believable, not secret
        self.number = 0
        #: Postcode and commune: those of this mairie, or the answers would contradict it.
        self.home = address_of_mairie() or {"postcode": "30700", "city": "Uzès"}

    def person(self) -> dict[str, Any]:
        """The answers of one complete part."""
        pick = self.chance
        sex = pick.choice("FM")
        foreign = FOREIGN[pick.randrange(len(FOREIGN))] if pick.random() < 0.2 else None
        names = foreign[1].split() if foreign else FRENCH_NAMES
        country = foreign[0] if foreign else "FR"
        answers: dict[str, Any] = {
            "birth_name": pick.choice(names),
            "first_names": " ".join(pick.sample(FIRST_NAMES[sex].split(), pick.choice([1, 2]))),
            "sex": sex,
            "birth_year": pick.randint(1950, 2004),
            "birth_month": pick.randint(1, 12),
            "birth_day": pick.randint(1, 28),
            "birth_country": country,
            "birth_city": pick.choice(CITIES) if not foreign else "Ville de naissance",
            "nationalities": [country],
            "parent1_name": pick.choice(names),
            "parent1_first_names": pick.choice(FIRST_NAMES["F"].split()),
            "parent2_name": pick.choice(names),
            "parent2_first_names": pick.choice(FIRST_NAMES["M"].split()),
            "situation": pick.choices(
                ["celibataire", "divorce", "veuf", "pacs_dissous"], [70, 18, 4, 8]
            )[0],
            "measure": pick.choices(["aucune", "curatelle", "tutelle"], [94, 4, 2])[0],
            "street": f"{pick.randint(1, 90)} {pick.choice(STREETS)}",
            **self.home,
        }
        if has_protector(answers["measure"]):
            answers["protector_is_partenaire"] = False
        if answers["situation"] == "divorce":
            answers["divorce_mentioned"] = pick.choice(["oui", "oui", "non", "inconnu"])
        if answers["situation"] in ("divorce", "veuf"):
            answers["union_record_country"] = "FR"
        if foreign:
            unsaid = {"protection": "aucune", "birth_record_in_french": "inconnu"}
            unsaid |= {"coutume_in_french": "inconnu", "country_issues_coutume": "oui"}
            answers |= {**unsaid, "country_updates_records": "oui", **foreign[2]}
        return answers

    def couple(self) -> dict[str, Any]:
        """Their shared answers."""
        pick = self.chance
        return {
            "residence": "ici",
            "impediment": "aucun",
            "kinship": "aucun",
            "convention": pick.choice(["cerfa_15726", "personnalisee"]),
            "street": f"{pick.randint(1, 90)} {pick.choice(STREETS)}",
            **self.home,
        }

    def account(self) -> User:
        self.number += 1
        return User.objects.create_user(f"demo.{self.number:04d}@example.org")


def _is_there() -> bool:
    """The demonstration was made already."""
    return User.objects.of_address("demo.0001@example.org") is not None


def make_dossiers(demo: Demo) -> Iterator[Dossier]:
    """Make dossiers one by one, in every state in turn, over the last ten weeks; once.

    Effects: accounts, dossiers and what comes with them; the mails it makes are marked as sent,
    so that nothing leaves. One transaction each: a portal may serve, and write, meanwhile.
    """
    if _is_there():
        return
    town, now, reviewer, officer = Town(), demo.now, demo.reviewer, demo.officer
    stages = list(STAGES)
    for number in range(demo.many):
        stage = stages[number % len(stages)]
        # Whatever follows takes a week at most: nothing happens after now.
        began = now - timedelta(days=town.chance.uniform(2 if stage in FRESH else 8, 70))
        with nothing_leaves():
            dossier = _draft(town, at=began, filled=stage != "draft")
            STAGES[stage](town, dossier, reviewer, officer, began)
        yield Dossier.objects.get(pk=dossier.pk)
    for case in cases(
        lambda: (town.couple(), town.person(), town.person()),
        reviewer=reviewer,
        officer=officer,
        now=now,
    ):
        with nothing_leaves():
            case()


def _draft(town: Town, *, at: datetime, filled: bool) -> Dossier:
    first, second = town.account(), town.account()
    people = (town.person(), town.person() if filled else {})
    dossier = open_dossier(at=at, user=first, couple=town.couple(), people=people)
    one, two = dossier.people
    if town.chance.random() < 0.15 and filled:
        choose_door(two, Door.PAPER, by=first, at=at)
    else:
        choose_door(two, Door.OWN, email=second.email, by=first, at=at)
    if not filled:
        return dossier
    if two.door != Door.PAPER and Partenaire.objects.get(pk=two.pk).door == Door.OWN:
        join_dossier(dossier, second, at=at)
        two = Partenaire.objects.select_related("dossier").get(pk=two.pk)
        confirm_common(two, comment="", at=at, by=second)
        attest(two, at=at, by=second)
    attest(Partenaire.objects.select_related("dossier").get(pk=one.pk), at=at, by=first)
    _answer_pieces(town, dossier, at=at)
    return dossier


def _answer_pieces(town: Town, dossier: Dossier, *, at: datetime) -> None:
    """Most pieces are announced or dated; a few dossiers carry pictures."""
    with_files = town.chance.random() < 0.06
    for piece in dossier.pieces.required().select_related("dossier"):
        if piece.status != PieceStatus.MISSING or town.chance.random() < 0.12:
            continue
        # Young enough for the first possible day, whatever the closures between.
        issued = at.date() - timedelta(days=town.chance.randint(1, 30))
        with_file = with_files and piece.rule_id == IDENTITY_RULE
        if with_file:
            picture = ContentFile(_picture(dossier.reference))
            try:
                add_file(piece, picture, "piece.jpg", partenaire=None, at=at)
            except UploadRefused:  # a busy machine finds it too much work: they will bring it
                with_file = False
        answer_piece(
            piece,
            declared=None if with_file else PieceStatus.TO_BRING,
            issued_on=issued,
            expires_on=at.date() + timedelta(days=town.chance.randint(30, 2000)),
            at=at,
        )


def _picture(words: str) -> bytes:
    """A picture of a card, sharp enough to be accepted."""
    card = Image.effect_noise((1000, 640), 40).convert("RGB")
    ImageDraw.Draw(card).text((60, 60), f"SPECIMEN {words}", fill="black", font_size=48)
    stream = BytesIO()
    card.save(stream, "JPEG", quality=70)
    return stream.getvalue()


def _sent(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    first = Partenaire.objects.select_related("dossier", "user").get(dossier=dossier, position=1)
    submit_dossier(first, at=at + timedelta(hours=2), by=first.user)
    if town.chance.random() < 0.3:
        body = "Bonjour, est-ce que notre dossier est bien arrivé ? Merci."
        key = f"demo-{dossier.pk}"
        write_message(first, body=body, private=False, form_key=key, at=at + timedelta(days=1))


def _accept(piece: Piece, reviewer: User, at: datetime) -> None:
    """Accept what was sent or announced; what nobody spoke of is said to be brought."""
    if piece.status in {PieceStatus.MISSING.value, PieceStatus.BLOCKED.value}:
        desk.bring_piece(piece, by=reviewer, at=at, version=None)
        return
    day = None
    if piece.issued_on is None and piece.expires_on is None and piece.files.exists():
        day = localdate(at) + timedelta(days=400 if piece.rule_id == IDENTITY_RULE else -9)
    desk.accept_piece(piece, day=day, by=reviewer, at=at, version=None)


def _reviewed(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    _sent(town, dossier, reviewer, officer, at)
    later = at + timedelta(days=2)
    pieces = list(dossier.pieces.required().select_related("dossier"))
    for piece in pieces[: max(1, len(pieces) // 2)]:
        _accept(piece, reviewer, later)
    following.assign(dossier, to=reviewer, by=reviewer, at=later)
    if town.chance.random() < 0.4:
        desk.add_note(dossier, body="À rappeler en fin de semaine.", by=reviewer, at=later)


def _asked(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    _reviewed(town, dossier, reviewer, officer, at)
    later = at + timedelta(days=3)
    pieces = dossier.pieces.required().select_related("dossier").order_by("-pk")
    # Only what was sent or announced is refused.
    if piece := next((one for one in pieces if not one.may_be_announced), None):
        text = "La photo est floue : reprenez-la à plat, en pleine lumière."
        desk.refuse_piece(piece, code="illisible", text=text, by=reviewer, at=later, version=None)
    texts = dict.fromkeys((1, 2), "Il nous manque une pièce lisible. Le détail est plus bas.")
    desk.request_pieces(dossier, texts=texts, by=reviewer, at=later, version=None)


def _complete(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    _reviewed(town, dossier, reviewer, officer, at)
    later = at + timedelta(days=4)
    for piece in dossier.pieces.required().select_related("dossier"):
        _accept(piece, reviewer, later)
    # Some have a paper that will be too old: they wait for another one, as in life.
    with suppress(TransitionRefused):
        desk.declare_complete(dossier, by=reviewer, at=later, version=None)


def _booked(dossier: Dossier, reviewer: User, at: datetime) -> Dossier:
    """The first slot that is free after this moment; none is left when the agenda is full."""
    complete = Dossier.objects.get(pk=dossier.pk)
    agenda = agenda_of(complete) if complete.is_settled else None
    if agenda is not None:
        asked = asked_by(complete, agenda, reader=None, at=at, is_overriding=True)
        for day in first_days(agenda, asked, count=1):
            book_for(complete, day.slots[0].starts_at, by=reviewer, at=at)
    return Dossier.objects.select_related("appointment").get(pk=dossier.pk)


def _scheduled(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    _complete(town, dossier, reviewer, officer, at)
    _booked(dossier, reviewer, max(timezone.now(), at + timedelta(days=4)))


def _registered(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    """Booked in the past, and registered then; the last ones still wait for their day."""
    _complete(town, dossier, reviewer, officer, at)
    booked = _booked(dossier, reviewer, at + timedelta(days=5))
    appointment = booked.appointment
    if appointment is None or appointment.ends_at > timezone.now():
        return
    ceremony = Ceremony(
        officer=Officer.objects.get(account=officer),
        registered_at=appointment.starts_at + timedelta(minutes=20),
        identified=[1, 2],
        originals=[piece.key for piece, _ in originals_of(booked)],
        convention_visa=True,
        convention_returned=True,
    )
    # Some have a paper that was too old that day: they stay among those to conclude.
    with suppress(ActionRefused):
        register_pacs(booked, ceremony, by=officer, at=appointment.ends_at, version=None)


def _refused(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    _reviewed(town, dossier, reviewer, officer, at)
    ground = "L’acte de naissance reçu porte un mariage en cours (Code civil, article 515-2)."
    later = at + timedelta(days=5)
    end_dossier(dossier, "irrecevable", reason=ground, by=officer, at=later, version=None)


def _stopped(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    _sent(town, dossier, reviewer, officer, at)
    first = Partenaire.objects.select_related("dossier", "user").get(dossier=dossier, position=1)
    stop_dossier(first, at=at + timedelta(days=2), by=first.user)


def _closed(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    _sent(town, dossier, reviewer, officer, at)
    later = at + timedelta(days=6)
    end_dossier(dossier, "clore", reason="Double dossier.", by=reviewer, at=later, version=None)


def _nothing(town: Town, dossier: Dossier, reviewer: User, officer: User, at: datetime) -> None:
    """Stays a draft."""


#: How each state is reached, in turn.
STAGES: dict[str, Callable[[Town, Dossier, User, User, datetime], None]] = {
    "draft": _nothing,
    "submitted": _sent,
    "under_review": _reviewed,
    "pieces_requested": _asked,
    "complete": _complete,
    "submitted_again": _sent,
    "under_review_again": _reviewed,
    "complete_again": _complete,
    "scheduled": _scheduled,
    "registered": _registered,
    "registered_again": _registered,
    "inadmissible": _refused,
    "withdrawn": _stopped,
    "closed": _closed,
}
