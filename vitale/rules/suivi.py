"""The aide-mémoire of a resident: which steps, which dates are possible, which are expected.

Nothing here is the state of a request: the caisse alone knows it. A published delay is no
deadline, so that no date is ever late; it is only past (domain reference 7.4, 7.5).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from demarches.rules.dates_fr import NBSP, day_fr, days_range_fr
from demarches.rules.deadlines import add_months
from demarches.rules.enums import LabelledStrEnum
from vitale.rules.plan import Conditional
from vitale.rules.situations import Channel, Regime, Situation, channels


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that people tick with its date; never earlier than those it comes `after`."""

    key: str
    label: str
    after: tuple[str, ...] = ()
    #: What the adviser asked, when the step is an answer: a closed list, never free words.
    choices: tuple[tuple[str, str], ...] = ()


class Journey(LabelledStrEnum):
    """A way of asking, with its steps."""

    ORDER_ONLINE = "commande-en-ligne", "Commande sur Internet"
    ORDER_POST = "commande-courrier", "Demande par formulaire"
    NEWCOMER = "arrivee", "Arrivée en France"
    REPLACE_ONLINE = "remplacement-en-ligne", "Remplacement sur Internet"
    REPLACE_DESK = "remplacement-guichet", "Remplacement au guichet"
    REPLACE_PHONE = "remplacement-telephone", "Remplacement par téléphone"
    IDENTITY = "identite", "Correction de l’identité"
    UPDATE = "maj", "Mise à jour"
    MSA = "msa", "Demande à la MSA"
    OTHER = "autre", "Demande à une autre caisse"
    RETIRED_ABROAD = "retraite-etranger", "Retraite à l’étranger"
    APP = "appli", "Carte sur téléphone"


_RECEIVED = "J’ai reçu ma carte"
_CHECKED = Step("verifiee", "J’ai relu la copie papier jointe à la carte", ("recue",))
_ADVISER = (
    ("commander", "Commander la carte sur Internet"),
    ("formulaire", "Remplir et renvoyer un formulaire"),
    ("attendre", "Attendre un courrier"),
    ("venir", "Venir au guichet"),
    ("rien", "Rien de plus"),
)

STEPS: dict[Journey, tuple[Step, ...]] = {
    Journey.ORDER_ONLINE: (
        Step("commandee", "J’ai commandé la carte"),
        Step("recue", _RECEIVED, ("commandee",)),
        _CHECKED,
    ),
    Journey.ORDER_POST: (
        Step("formulaire", "J’ai reçu le formulaire « Ma nouvelle carte Vitale »"),
        Step("envoye", "J’ai renvoyé le formulaire", ("formulaire",)),
        Step("recue", _RECEIVED, ("envoye",)),
        _CHECKED,
    ),
    Journey.NEWCOMER: (
        Step("depose", "J’ai demandé mes droits et un numéro"),
        Step("nia", "J’ai reçu un numéro d’attente", ("depose",)),
        Step("pieces", "J’ai donné les papiers d’état civil demandés", ("depose",)),
        Step("numero", "J’ai reçu mon numéro définitif", ("depose", "nia")),
        Step("compte", "J’ai ouvert mon compte ameli", ("numero",)),
        Step("commandee", "J’ai commandé la carte, ou renvoyé le formulaire", ("numero",)),
        Step("recue", _RECEIVED, ("commandee",)),
    ),
    Journey.REPLACE_ONLINE: (
        Step("declaree", "J’ai déclaré la perte, le vol ou la panne"),
        Step("commandee", "J’ai commandé une nouvelle carte", ("declaree",)),
        Step("attestation", "J’ai téléchargé une attestation de droits"),
        Step("recue", _RECEIVED, ("commandee",)),
        _CHECKED,
    ),
    Journey.REPLACE_DESK: (
        Step("declaration", "J’ai remis la déclaration à la CPAM"),
        Step("formulaire", "J’ai reçu le formulaire « Carte Vitale »", ("declaration",)),
        Step("envoye", "J’ai renvoyé le formulaire", ("declaration", "formulaire")),
        Step("recue", _RECEIVED, ("declaration", "envoye")),
    ),
    Journey.REPLACE_PHONE: (
        Step("appel", "J’ai appelé le 3646"),
        Step("consigne", "J’ai fait ce que le conseiller a demandé", ("appel",), _ADVISER),
        Step("recue", _RECEIVED, ("appel",)),
    ),
    Journey.IDENTITY: (
        Step("acte", "J’ai vérifié mon acte de naissance"),
        Step("rectifie", "Mon acte de naissance est corrigé (s’il était faux)", ("acte",)),
        Step("demande", "J’ai demandé la correction"),
        Step("reponse", "J’ai reçu la réponse", ("demande",)),
        Step("carte", "J’ai mis la carte à jour, ou commandé une autre", ("reponse",)),
    ),
    Journey.UPDATE: (
        Step("signale", "J’ai prévenu ma caisse d’un changement (s’il y en a un)"),
        Step("borne", "J’ai passé la carte à une borne", ("signale",)),
    ),
    Journey.MSA: (
        Step("demande", "J’ai fait la demande à la MSA"),
        Step("recue", _RECEIVED, ("demande",)),
        _CHECKED,
    ),
    Journey.OTHER: (
        Step("demande", "J’ai fait la demande à ma caisse"),
        Step("recue", _RECEIVED, ("demande",)),
        _CHECKED,
    ),
    Journey.RETIRED_ABROAD: (
        Step("contactee", "J’ai contacté la caisse ou le CNAREFE"),
        Step("reponse", "J’ai reçu la réponse", ("contactee",)),
    ),
    Journey.APP: (
        Step("installee", "J’ai installé l’application « carte Vitale »"),
        Step("identite", "J’ai fait vérifier mon identité", ("installee",)),
        Step("activee", "Ma carte est activée sur le téléphone", ("identite",)),
    ),
}
#: What each key says, whatever the way.
STEP_LABELS = {step.key: step.label for steps in STEPS.values() for step in steps}
#: The day that a published delay counts from.
COUNTED_FROM: dict[Journey, str] = {
    Journey.ORDER_ONLINE: "commandee",
    Journey.ORDER_POST: "envoye",
    Journey.NEWCOMER: "commandee",
    Journey.REPLACE_ONLINE: "commandee",
    Journey.REPLACE_DESK: "declaration",
    Journey.APP: "identite",
}
#: The step that the delay is about: once ticked, nothing is expected any more.
AWAITED = {Journey.APP: "activee"}
#: Ordering on the Internet, and sending a form: doing both asks twice for one card.
ORDERED = "commandee"
FORM_SENT = "envoye"

_ORDERS = frozenset({Situation.FIRST, Situation.SIXTEEN, Situation.CHILD})
_REPLACEMENTS = frozenset({Situation.LOSS, Situation.THEFT, Situation.FAULT, Situation.ABROAD})
_ALONE = {
    Situation.NEWCOMER: Journey.NEWCOMER,
    Situation.IDENTITY: Journey.IDENTITY,
    Situation.UPDATE: Journey.UPDATE,
    Situation.NAME: Journey.UPDATE,
    Situation.RETIRED_ABROAD: Journey.RETIRED_ABROAD,
    Situation.APP: Journey.APP,
    Situation.MSA: Journey.MSA,
}
#: Those in which whoever issues the card changes nothing in the steps.
_WHATEVER_CAISSE = frozenset({Situation.IDENTITY, Situation.UPDATE, Situation.NAME, Situation.APP})
#: Something is asked for, so something can be noted; the rest is done on the spot.
FOLLOWED = _ORDERS | _REPLACEMENTS | frozenset(_ALONE)
#: The people choose when to be reminded: before a sixteenth birthday, or once a year.
REMINDER_CHOSEN = frozenset({Situation.SIXTEEN, Situation.UPDATE})

#: Older dates are a slip of the pen; a newcomer's request lasts longer.
OLDEST_MONTHS = 12
OLDEST_MONTHS_NEWCOMER = 15
#: A reminder cannot be chosen beyond the time an aide-mémoire is kept without a visit.
FARTHEST_MONTHS = 12


def journey(situation: Situation, regime: Regime, channel: Channel | None) -> Journey | None:
    """The steps of this request; None when there is nothing to follow.

    An unknown caisse has the steps of the CPAM, whose words fit both.
    """
    if situation not in FOLLOWED:
        return None
    if situation not in _WHATEVER_CAISSE:
        if regime is Regime.OTHER:
            return Journey.OTHER
        if regime is Regime.MSA:
            return Journey.MSA
    if situation in _ALONE:
        return _ALONE[situation]
    if situation in _ORDERS:
        return Journey.ORDER_POST if channel is Channel.POST else Journey.ORDER_ONLINE
    if channel is Channel.DESK:
        return Journey.REPLACE_DESK
    return Journey.REPLACE_PHONE if channel is Channel.PHONE else Journey.REPLACE_ONLINE


def journey_channels(situation: Situation, regime: Regime) -> tuple[Channel, ...]:
    """The ways to choose among when an aide-mémoire is opened or changes its way."""
    if situation not in _ORDERS | _REPLACEMENTS:
        return ()
    return channels(situation, regime)


def step_of(chosen: Journey, key: str) -> Step | None:
    return next((step for step in STEPS[chosen] if step.key == key), None)


def comes_after(chosen: Journey, key: str) -> frozenset[str]:
    """Every step that comes before this one, directly or by way of another."""
    after = {step.key: step.after for step in STEPS[chosen]}
    found: set[str] = set()
    wanted = [*after.get(key, ())]
    while wanted:
        one = wanted.pop()
        if one not in found:
            found.add(one)
            wanted += after.get(one, ())
    return frozenset(found)


def refuse_date(
    step: Step, day: date, *, chosen: Journey, noted: Mapping[str, date], today: date
) -> str:
    """Why this date cannot be, and what to do; empty when it can.

    Both steps may be of the same day. `noted` holds the dates of the other steps.
    """
    if day > today:
        return "Cette date est à venir. Notez l’étape une fois faite."
    months = OLDEST_MONTHS_NEWCOMER if chosen is Journey.NEWCOMER else OLDEST_MONTHS
    if day < add_months(today, -months):
        return f"Cette date a plus de {months} mois. Vérifiez l’année."
    for other in STEPS[chosen]:
        if other.key not in noted or other.key == step.key:
            continue
        if other.key in comes_after(chosen, step.key) and day < noted[other.key]:
            return (
                f"Cette date est avant «{NBSP}{other.label}{NBSP}», notée le"
                f" {day_fr(noted[other.key])}. Corrigez l’une des deux."
            )
        if step.key in comes_after(chosen, other.key) and day > noted[other.key]:
            return (
                f"Cette date est après «{NBSP}{other.label}{NBSP}», notée le"
                f" {day_fr(noted[other.key])}. Corrigez l’une des deux."
            )
    return ""


def refuse_reminder_day(day: date, *, today: date) -> str:
    """Why nobody can be reminded on this day; empty when they can."""
    if day <= today:
        return "Choisissez un jour à venir."
    if day > add_months(today, FARTHEST_MONTHS):
        return f"Choisissez un jour dans les {FARTHEST_MONTHS} mois."
    return ""


class Delay(Conditional, Protocol):
    """A delay that a source publishes."""

    @property
    def min_days(self) -> int: ...
    @property
    def max_days(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Expected[D]:
    """Around when the card may come, if the published delay holds."""

    first: date
    last: date
    #: One, or those of every way when the way is not known; the longest last.
    delays: tuple[D, ...]

    @property
    def delay(self) -> D:
        return self.delays[-1]

    @property
    def words(self) -> str:
        """« vers le 3 août », never a promise."""
        if self.first == self.last:
            return f"vers le {day_fr(self.last)}"
        return f"{days_range_fr(self.first, self.last)}, environ"

    def days_past(self, today: date) -> int:
        """How long the published delay has been over; 0 before. Never « en retard »."""
        return max(0, (today - self.last).days)


def expected[D: Delay](
    chosen: Journey,
    noted: Mapping[str, date],
    delays: Iterable[D],
    *,
    regime: Regime,
    channel: Channel | None,
) -> Expected[D] | None:
    """The days the published delay leads to; None without a delay, a start, or once it came.

    `delays` are those of the situation. A newcomer has not chosen a way: the delays of every way
    make one span.
    """
    start = noted.get(COUNTED_FROM.get(chosen, ""))
    if start is None or AWAITED.get(chosen, "recue") in noted:
        return None
    told = [d for d in delays if regime in d.regimes and _is_said(d, chosen, channel)]
    if not told:
        return None
    first, last = min(d.min_days for d in told), max(d.max_days for d in told)
    shortest_first = tuple(sorted(told, key=lambda d: d.max_days))
    return Expected(start + timedelta(days=first), start + timedelta(days=last), shortest_first)


def _is_said(delay: Delay, chosen: Journey, channel: Channel | None) -> bool:
    if chosen is Journey.NEWCOMER:
        # Once the card is ordered the number is there: the delays for those who have it.
        return "definitif" in delay.cases
    return not delay.channels or channel in delay.channels


class Unit(LabelledStrEnum):
    """How an offset is counted."""

    DAYS = "jours", "jours"
    MONTHS = "mois", "mois"


class Purpose(LabelledStrEnum):
    """What a date of the table is for."""

    #: Without a published delay for this case: an end, or an estimate that says so.
    EXPECTED = "attendu", "Date attendue"
    REMINDER = "rappel", "Rappel"
    HELP = "sans-nouvelle", "Sans nouvelle, que faire"


class Offset(Protocol):
    """One row of the table that agents edit: so long after a step, unless another is ticked."""

    @property
    def journey(self) -> str: ...
    @property
    def situations(self) -> Collection[str]: ...
    @property
    def purpose(self) -> str: ...
    @property
    def from_step(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def unit(self) -> str: ...
    @property
    def until_step(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Due[O]:
    """A row of the table, at its day."""

    day: date
    offset: O


def due_dates[O: Offset](
    chosen: Journey, situation: Situation, noted: Mapping[str, date], offsets: Iterable[O]
) -> list[Due[O]]:
    """The dates that the ticked steps lead to, in order; those whose step is done are left out."""
    found = [
        Due(add(noted[row.from_step], row.amount, row.unit), row)
        for row in offsets
        if row.journey == chosen
        and (not row.situations or situation in row.situations)
        and row.from_step in noted
        # A card that came was ordered, whatever was ticked.
        and not ({row.until_step, *_later(chosen, row.until_step)} & noted.keys())
    ]
    return sorted(found, key=lambda due: due.day)


def _later(chosen: Journey, key: str) -> set[str]:
    """The steps that cannot have been done before this one."""
    return {step.key for step in STEPS[chosen] if key in comes_after(chosen, step.key)}


def add(day: date, amount: int, unit: str) -> date:
    """A day so many days or calendar months later (31 May + 9 months: the last of February)."""
    return add_months(day, amount) if unit == Unit.MONTHS else day + timedelta(days=amount)


def asks_twice(ticked: Iterable[str]) -> bool:
    """A card was ordered on the Internet and a form was sent, whichever came first."""
    return {ORDERED, FORM_SENT} <= set(ticked)
