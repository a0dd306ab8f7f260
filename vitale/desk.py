"""What agents see: the piles of the home page, the texts to read again, the counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.timezone import localdate

from demarches.booking import midnight
from demarches.models import User
from demarches.rules.deadlines import add_months
from demarches.rules.enums import Status
from vitale.access import may_read_requests
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
from vitale.models.aide import DemandeQuerySet
from vitale.rules.aide import Outcome
from vitale.rules.counts import hide_small
from vitale.rules.situations import Channel, Regime

FIRST_ROWS = 5
COUNTED_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Pile:
    """One pile of the home page: how many, and the first ones (address, words)."""

    title: str
    count: int
    url: str
    first: Sequence[tuple[str, str]] = ()
    #: The requests among them, for whoever writes the look down.
    demandes: Sequence[Demande] = ()


def queue_querysets(user: User) -> dict[str, tuple[str, DemandeQuerySet]]:
    """Every pile by its slug, longest waiting first."""
    demandes = Demande.objects.sent().longest_waiting_first()
    return {
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


def piles(user: User, *, at: datetime) -> list[Pile]:
    """What this agent has to do."""
    found = []
    if may_read_requests(user):
        changelist = reverse("admin:vitale_demande_changelist")
        for slug, (title, demandes) in queue_querysets(user).items():
            rows = list(demandes.select_related("reason", "appointment")[:FIRST_ROWS])
            found.append(
                Pile(
                    title,
                    demandes.count(),
                    f"{changelist}?file={slug}",
                    [(_desk_url(row), _row_words(row, at)) for row in rows],
                    rows,
                )
            )
    if user.has_perm("vitale.change_planline"):
        found.append(_to_reread_pile())
    return found


def _desk_url(demande: Demande) -> str:
    return reverse("admin:vitale_demande_change", args=[demande.pk])


def _row_words(demande: Demande, at: datetime) -> str:
    waits = (
        f", attend depuis {timesince(demande.waiting_since, at)}" if demande.waiting_since else ""
    )
    meets = f", {demande.appointment}" if demande.appointment else ""
    return f"{demande.reference} : {demande.reason.label}{meets}{waits}"


def to_reread[S: Sourced](rows: QuerySet[S]) -> QuerySet[S]:
    """Texts checked before their source changed; they are still told, with both days."""
    return rows.filter(checked_on__lt=F("source__published_on"))


def _to_reread_pile() -> Pile:
    lists: list[tuple[type[Sourced], str]] = [
        (model, reverse(f"admin:vitale_{model._meta.model_name}_changelist") + "?relire=oui")
        for model in (PlanLine, Delay, Fact, Link, Contact, SuiviOffset)
    ]
    counted = [
        (model, url, to_reread(model._default_manager.all()).count()) for model, url in lists
    ]
    first = [
        (url, f"{model._meta.verbose_name_plural} : {count}")
        for model, url, count in counted
        if count
    ]
    url = first[0][0] if first else lists[0][1]
    return Pile(
        "Carte Vitale : textes dont la source a changé", sum(c[2] for c in counted), url, first
    )


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
        (name, "moins de 5, ou caché" if count is None else str(count))
        for name, count in hide_small(counted).items()
    ]
