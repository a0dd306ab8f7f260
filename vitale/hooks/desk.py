"""What agents see: the piles of the home page, the texts to read again, the counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.agenda.booking import midnight
from demarches.desk.piles import Pile, PileRule, count_piles
from demarches.models import User
from demarches.procedures import DeskHome, Expected
from demarches.rules.counts import HIDDEN, hide_small
from demarches.rules.deadlines import add_months
from demarches.rules.enums import Status
from vitale.actions.aide import note_readings
from vitale.models import (
    Contact,
    Delay,
    Demande,
    Fact,
    Link,
    PlanLine,
    Reason,
    Situation,
    Sourced,
    SuiviOffset,
    Tally,
)
from vitale.reads.access import may_read_requests
from vitale.rules.aide import Outcome
from vitale.rules.situations import Channel, Regime

COUNTED_MONTHS = 12


def pile_rules(user: User) -> dict[str, PileRule[Demande]]:
    """Every pile by its slug, longest waiting first; only those that somebody opens are read."""
    demandes = Demande.objects.sent().longest_waiting_first()
    found = {
        "recues": ("Demandes d’aide reçues", demandes.filter(status=Status.SUBMITTED.value)),
        "en-cours": ("Demandes d’aide en cours", demandes.being_helped()),
        "rdv-proposes": ("Rendez-vous d’aide proposés, sans réponse", demandes.proposed()),
        "rdv-du-jour": (
            "Rendez-vous d’aide du jour, ou à noter",
            demandes.expected(until=midnight(localdate() + timedelta(days=1))),
        ),
        "a-clore": ("Demandes d’aide répondues, à clore", demandes.answered()),
        "les-miennes": (
            "Demandes d’aide que je suis",
            demandes.filter(assigned_to=user, ended_at=None),
        ),
    }
    return {
        slug: PileRule(title, rows.all, "submitted_at") for slug, (title, rows) in found.items()
    }


def piles(user: User) -> list[Pile]:
    """What this agent has to do, counted in one statement."""
    found = []
    if may_read_requests(user):
        changelist = reverse("admin:vitale_demande_changelist")
        rules = pile_rules(user)
        counted = count_piles(Demande.objects.all(), rules)
        found += [
            Pile(
                rule.title,
                counted[slug][0],
                f"{changelist}?file={slug}",
                reverse("admin:vitale_demande_next", args=[slug]),
                counted[slug][1],
            )
            for slug, rule in rules.items()
        ]
    if user.has_perm("vitale.change_planline"):
        found += _guide_piles()
    return found


def expected_today(user: User, *, at: datetime) -> list[Demande]:
    """The appointments for help of this day, in the order of the clock."""
    if not may_read_requests(user):
        return []
    tomorrow = midnight(localdate(at) + timedelta(days=1))
    rows = Demande.objects.sent().expected(until=tomorrow)
    rows = rows.filter(appointment__starts_at__gte=midnight(localdate(at)))
    return list(rows.select_related("reason", "appointment").order_by("appointment__starts_at"))


def desk_home(agent: User, at: datetime) -> DeskHome:
    """What the home of the desk shows of it; whoever is expected is written down as read."""
    helped = expected_today(agent, at=at)
    note_readings(agent, "liste", at=at, demandes=helped)
    return DeskHome(
        piles=piles(agent),
        expected=[
            Expected(
                one.appointment.starts_at,
                f"Aide Carte Vitale : {one.reason.label}",
                reverse("admin:vitale_demande_change", args=[one.pk]),
            )
            for one in helped
            if one.appointment is not None
        ],
        has_day=bool(helped),
    )


#: What agents keep right, with a source each.
GUIDE: tuple[type[Sourced], ...] = (PlanLine, Delay, Fact, Link, Contact, SuiviOffset)


def to_reread[S: Sourced](rows: QuerySet[S]) -> QuerySet[S]:
    """Texts read before their source changed; they are still told, with both days."""
    return rows.filter(
        Q(checked_on__lt=F("source__published_on"))
        | Q(checked_on=None, as_of__lt=F("source__published_on"))
    )


def to_confirm[S: Sourced](rows: QuerySet[S]) -> QuerySet[S]:
    """Texts taken from an extract or from usage, which nobody has confirmed since."""
    return rows.filter(checked_on=None, source__read_whole=False)


def _guide_piles() -> list[Pile]:
    wanted = (
        ("Carte Vitale : textes dont la source a changé", "change", to_reread),
        ("Carte Vitale : textes que personne n’a confirmés", "confirmer", to_confirm),
    )
    found = []
    for title, value, narrow in wanted:
        lists = [
            (
                reverse(f"admin:vitale_{model._meta.model_name}_changelist") + f"?relire={value}",
                narrow(model._default_manager.all()).count(),
            )
            for model in GUIDE
        ]
        url = next((url for url, count in lists if count), lists[0][0])
        found.append(Pile(title, sum(count for _, count in lists), url, url, verb="Relire"))
    return found


@dataclass(frozen=True, slots=True)
class Table:
    """Counts of one kind by one thing; small ones hidden."""

    title: str
    rows: Sequence[tuple[str, str]]


def count_tables(*, at: datetime) -> list[Table]:
    """The last twelve months, by one thing at a time: crossing two would show small cells."""
    since = add_months(localdate(at).replace(day=1), 1 - COUNTED_MONTHS)
    topics: dict[str, str] = {
        **dict(Situation.objects.values_list("slug", "title")),
        **dict(Reason.objects.values_list("slug", "label")),
        **dict(Contact.objects.values_list("key", "name")),
        Outcome.ANSWERED.value: Outcome.ANSWERED.label,
        Outcome.ACCOMPANIED.value: Outcome.ACCOMPANIED.label,
    }
    words = {
        "month": ("par mois", {}),
        "topic": ("par sujet", topics),
        "regime": ("par caisse", {r.value: r.label for r in Regime}),
        "channel": ("par voie", {c.value: c.label for c in Channel}),
    }
    tables = []
    for what in Tally.What:
        rows = Tally.objects.filter(what=what, month__gte=since)
        for field, (title, labels) in words.items():
            cells = _cells(rows, field, labels)
            if cells:
                tables.append(Table(f"{what.label}, {title}", cells))
    return tables


def _cells(rows: QuerySet[Tally], field: str, labels: dict[str, str]) -> list[tuple[str, str]]:
    counted: Counter[str] = Counter()
    told = rows.exclude(Q(**{field: ""})) if field != "month" else rows
    for value, count in told.values_list(field).annotate(total=Sum("count")).order_by(field):
        name = f"{value:%m/%Y}" if isinstance(value, date) else labels.get(value, value)
        counted[name] += count
    return [
        (name, HIDDEN if count is None else str(count))
        for name, count in hide_small(counted).items()
    ]
