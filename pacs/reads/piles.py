"""The piles of the PACS desk: what is to do, in the order of the law, and where it is done.

Read by the home page, by the filter of the list and by « Suivant dans la pile ».
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localdate
from post_office.models import STATUS

from demarches.agenda.booking import midnight
from demarches.desk.piles import COUNTED, Lane, Pile, PileRule, count_piles
from demarches.models import User
from demarches.rules.enums import PieceStatus, Status
from pacs.models import (
    Avis,
    Correction,
    CorrectionStatus,
    Dossier,
    DossierEvent,
    Follower,
    PacsSettings,
    Partenaire,
    Piece,
    PieceWording,
    Reading,
    SentMail,
)
from pacs.models.piece import IDENTITY_RULE, IN_HAND
from pacs.reads.access import may_review
from pacs.reads.desk import first_impossible
from pacs.rules.enums import Door
from pacs.rules.validity import earliest_issue_day

type Wordings = Callable[[], Mapping[str, PieceWording]]

#: Pieces that are read at a time: those of some hundred dossiers.
AT_A_TIME = 3 * COUNTED
EXPIRES_SOON = timedelta(days=14)
NEAR = timedelta(days=7)
#: How long the home goes on saying that a colleague confided a dossier.
CONFIDED = timedelta(days=7)
#: The pile of what an agent follows, by its slug.
FOLLOWED = "les-miens"
#: How many of them it names, the latest; the others stand in the pile of what one follows.
CONFIDED_SHOWN = 20
OPEN_VALUES = [s.value for s in (Status.SUBMITTED, Status.UNDER_REVIEW, Status.COMPLETE)]
#: In these states a wait means that somebody wrote: the mairie owes nothing else.
ANSWER_VALUES = [s.value for s in (Status.PIECES_REQUESTED, Status.COMPLETE, Status.SCHEDULED)]


def pile_rules(user: User, *, at: datetime) -> dict[str, PileRule[Dossier]]:
    """Every pile this agent may work on, by its slug, in the order of the page.

    Only the piles that somebody opens or counts are read.
    """
    figures = PacsSettings.current()
    wordings = cache(PieceWording.objects.by_rule)  # read once, by the piles that need it
    every = {
        **_legal(figures, at=at),
        **_at_appointment(wordings, at=at),
        **_work(user, figures, wordings, at=at),
    }
    if may_review(user):
        return every
    return {slug: rule for slug, rule in every.items() if rule.at_counter}


def _legal(figures: PacsSettings, *, at: datetime) -> dict[str, PileRule[Dossier]]:
    """What has a day: promised, or written in the law."""
    dossiers = Dossier.objects.for_desk().longest_waiting_first()
    today = localdate(at)
    late, soon = figures.late_since(today), figures.late_since(today + NEAR)
    waiting = dossiers.open().exclude(waiting_since=None).exclude(status=Status.DRAFT.value)
    promise = f"promis sur l’accusé de réception : {figures.review_days} jours ouvrés"
    told = SentMail.objects.filter(kind="acknowledgement", email__isnull=False)
    printed = Reading.objects.filter(what="papier accuse")
    return {
        "en-retard": PileRule(
            "Réponses promises, jour dépassé",
            lambda: waiting.filter(waiting_since__lt=late),
            "waiting_since",
            Lane.LATE,
            promise,
        ),
        "bientot": PileRule(
            "Réponses à donner sous 7 jours",
            lambda: waiting.filter(waiting_since__gte=late, waiting_since__lt=soon),
            "waiting_since",
            Lane.NEAR,
            promise,
        ),
        "accuses": PileRule(
            "Accusés de réception à remettre",
            lambda: dossiers.open().filter(
                ~Exists(told.filter(dossier=OuterRef("pk"))),
                ~Exists(printed.filter(dossier=OuterRef("pk"))),
                submitted_at__isnull=False,
            ),
            "submitted_at",
            Lane.NEAR,
            "CRPA, art. R112-11-1 : sous 10 jours ouvrés ; personne n’a reçu de mail",
            at_counter=True,
        ),
    }


def _at_appointment(wordings: Wordings, *, at: datetime) -> dict[str, PileRule[Dossier]]:
    """What is wrong with an appointment, or with the papers for it."""
    dossiers = Dossier.objects.for_desk().longest_waiting_first()
    today = localdate(at)
    scheduled = dossiers.filter(status=Status.SCHEDULED.value)
    return {
        "passes": PileRule(
            "Rendez-vous passés, à conclure",
            lambda: scheduled.filter(appointment__ends_at__lt=at),
            "appointment__starts_at",
            Lane.LATE,
        ),
        "aujourd-hui": PileRule(
            "Rendez-vous aujourd’hui",
            lambda: scheduled.filter(
                appointment__starts_at__gte=midnight(today),
                appointment__starts_at__lt=midnight(today + timedelta(days=1)),
            ).order_by("appointment__starts_at"),
            "appointment__starts_at",
            Lane.TODAY,
            at_counter=True,
        ),
        "a-renouveler": PileRule(
            "Papiers trop anciens le jour du rendez-vous",
            lambda: dossiers.filter(pk__in=_too_old_at_appointment(wordings())),
            "appointment__starts_at",
            Lane.NEAR,
            "Fiche F1618 : l’âge de la pièce compte le jour du Pacs",
        ),
        "attestations": PileRule(
            "Attestations à refaire",
            lambda: dossiers.filter(
                status__in=[Status.COMPLETE.value, Status.SCHEDULED.value]
            ).with_one(attested_at__isnull=True),
            "last_activity_at",
            Lane.NEAR,
            at_counter=True,
        ),
    }


def _work(
    user: User, figures: PacsSettings, wordings: Wordings, *, at: datetime
) -> dict[str, PileRule[Dossier]]:
    """What nothing hurries, but somebody waits for."""
    dossiers = Dossier.objects.for_desk().longest_waiting_first()
    today = localdate(at)
    silent = at - timedelta(days=figures.invitation_reminder_days)
    to_examine = Correction.objects.filter(status=CorrectionStatus.SENT.value)
    not_sent = SentMail.objects.filter(email__status=STATUS.failed)
    return {
        "messages": PileRule(
            "Sans réponse : message ou pièce renouvelée",
            lambda: dossiers.open().exclude(waiting_since=None).filter(status__in=ANSWER_VALUES),
            "waiting_since",
        ),
        "a-verifier": PileRule("À vérifier", lambda: dossiers.awaiting_mairie(), "waiting_since"),
        "corrections": PileRule(
            "Corrections à examiner",
            lambda: dossiers.open().filter(Exists(to_examine.filter(dossier=OuterRef("pk")))),
            "last_activity_at",
        ),
        "sans-date": PileRule(
            "Complets, sans rendez-vous",
            lambda: dossiers.filter(status=Status.COMPLETE.value),
            "completed_at",
        ),
        "impossible": PileRule(
            "Dossiers qui ne peuvent pas aboutir, à décider",
            lambda: dossiers.filter(pk__in=first_impossible(at=at)),
            "submitted_at",
            why="Code civil, art. 515-1 et 515-2",
        ),
        "expire": PileRule(
            "Dossiers dont une pièce sera trop ancienne sous 14 jours",
            lambda: dossiers.filter(
                status__in=OPEN_VALUES, pk__in=_expiring(today, wordings()).values("dossier")
            ),
            "last_activity_at",
        ),
        "papier": PileRule(
            "Parties sur papier à saisir",
            lambda: dossiers.filter(ended_at__isnull=True).with_one(
                door=Door.PAPER.value, attested_at__isnull=True
            ),
            "last_activity_at",
            at_counter=True,
        ),
        "second-silencieux": PileRule(
            "Seconds partenaires silencieux",
            lambda: dossiers.filter(ended_at__isnull=True).with_one(
                position=2,
                door=Door.OWN.value,
                user__isnull=True,
                last_invited_at__lt=silent,
            ),
            "last_activity_at",
        ),
        "courriels": PileRule(
            "Dossiers dont un mail n’est pas parti",
            lambda: dossiers.filter(Exists(not_sent.filter(dossier=OuterRef("pk")))),
            "last_activity_at",
        ),
        "chez-le-couple": PileRule(
            "Attendent le couple",
            lambda: dossiers.filter(status=Status.PIECES_REQUESTED.value),
            "last_activity_at",
        ),
        FOLLOWED: PileRule(
            "Que je suis",
            lambda: dossiers.open().filter(
                # By one index, then by the other: an « or » would read every dossier.
                pk__in=Dossier.objects.filter(assigned_to=user)
                .values("pk")
                .union(Follower.objects.filter(agent=user).values("dossier"))
            ),
            "last_activity_at",
        ),
    }


def _expiring(today: date, wordings: Mapping[str, PieceWording]) -> QuerySet[Piece]:
    """Pieces in hand that will not serve any more in fourteen days, the ages being data."""
    soon = today + EXPIRES_SOON
    too_old = Q(rule_id=IDENTITY_RULE, expires_on__lt=soon, is_french_adult_card=False)
    for wording in wordings.values():
        if age := wording.max_age:
            too_old |= Q(rule_id=wording.rule_id, issued_on__lt=earliest_issue_day(age, soon))
    return Piece.objects.required().filter(too_old)


def _too_old_at_appointment(wordings: Mapping[str, PieceWording]) -> list[int]:
    """Scheduled dossiers with a piece that will not serve on the day of the appointment.

    A date corrected after the booking; pieces to bring anew for that day are not among them.
    `COUNTED` at most, the first opened: the others are read once these are settled.
    """
    found: dict[int, None] = {}
    for piece, starts_at in _perhaps_too_old(wordings):
        age = wordings[piece.rule_id].max_age if piece.rule_id in wordings else None
        if piece.status_on(localdate(starts_at), age) is PieceStatus.EXPIRED:
            found[piece.dossier_id] = None
            if len(found) == COUNTED:
                break
    return list(found)


def _perhaps_too_old(wordings: Mapping[str, PieceWording]) -> Iterator[tuple[Piece, datetime]]:
    """All that are, and a few that are not, each with its appointment: the rules decide on each.

    Wider than the rules on purpose (no month is shorter than 28 days, no day begins twice), so
    that nobody reads every piece of every dossier to find them. In the order of the dossiers'
    keys, some at a time: whoever has found enough stops, and so does the database.
    """
    day = F("dossier__appointment__starts_at")
    late = Q(rule_id=IDENTITY_RULE, expires_on__lt=day)
    for wording in wordings.values():
        if age := wording.max_age:
            shortest = timedelta(days=28 * age.months - 2)
            late |= Q(rule_id=wording.rule_id, issued_on__lt=day - shortest)
    pieces = Piece.objects.required().filter(
        late, dossier__status=Status.SCHEDULED.value, status__in=[one.value for one in IN_HAND]
    )
    columns = ("dossier", "rule_id", "status", "issued_on", "expires_on", "is_french_adult_card")
    rows = pieces.order_by("dossier_id", "pk").values_list(*columns, day)
    start, some = 0, list(rows[:AT_A_TIME])
    while some:
        for *values, starts_at in some:
            dossier, *known = values
            found = dict(zip(columns[1:], known, strict=True))
            yield Piece(dossier_id=dossier, **found), starts_at
        start += AT_A_TIME
        some = list(rows[start : start + AT_A_TIME]) if len(some) == AT_A_TIME else []


def piles(user: User, *, at: datetime) -> list[Pile]:
    """The piles as the home page shows them; the avis, which are no dossiers, among them."""
    rules = pile_rules(user, at=at)
    counted = count_piles(Dossier.objects.all(), rules)
    changelist = reverse("admin:pacs_dossier_changelist")
    found = [
        Pile(
            rule.title,
            counted[slug][0],
            f"{changelist}?file={slug}",
            reverse("admin:pacs_dossier_next", args=[slug]),
            counted[slug][1],
            rule.lane,
            rule.why,
        )
        for slug, rule in rules.items()
    ]
    return [*_avis_piles(at=at), *found] if may_review(user) else found


def _avis_piles(*, at: datetime) -> list[Pile]:
    today = localdate(at)
    waiting = Avis.objects.filter(sent_on=None)
    url = reverse("admin:pacs_registration_avis")
    rules = {
        Lane.LATE: ("Mentions à faire porter, délai passé", waiting.filter(due_on__lt=today)),
        Lane.NEAR: ("Mentions à faire porter", waiting.filter(due_on__gte=today)),
    }
    counted = count_piles(
        Avis.objects.all(),
        {lane: PileRule(title, rows.all, "due_on") for lane, (title, rows) in rules.items()},
    )
    why = "Code civil, art. 49 : sous 3 jours"
    return [
        Pile(title, counted[lane][0], url, url, counted[lane][1], lane, why=why, verb="Préparer")
        for lane, (title, _) in rules.items()
    ]


@dataclass(frozen=True, slots=True)
class Confided:
    """A dossier that a colleague gave to this agent, lately."""

    dossier: Dossier
    by: str
    at: datetime


def confided_to(user: User, *, at: datetime) -> list[Confided]:
    """What colleagues confided to this agent in the last week, the latest first.

    One more than `CONFIDED_SHOWN` at most, which tells that there are others.
    """
    people = Prefetch("dossier__partenaires", Partenaire.objects.order_by("position"))
    events = DossierEvent.objects.filter(
        kind="assigned", at__gte=at - CONFIDED, dossier__assigned_to=user
    ).exclude(by=user)
    # Of one that went to and fro, the last time counts.
    later = events.filter(dossier=OuterRef("dossier")).filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
    )
    last = events.filter(~Exists(later), dossier__ended_at=None).order_by("-at", "-pk")
    named = last.select_related("dossier", "by").prefetch_related(people)[: CONFIDED_SHOWN + 1]
    return [Confided(event.dossier, str(event.by), event.at) for event in named]
