"""The official papers of a registration, ready to sign; every fact comes from the register.

A version and a date stand on each; the same rows give the same bytes. None says « opposable »
before the publicity is complete (CC, art. 515-3-1).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import ceil
from typing import Any

from django.db.models import Count
from django.utils.timezone import localdate, localtime

from demarches.models import Mairie
from demarches.papers.documents import RenderedPdf, render_pdf
from demarches.rules.counts import HIDDEN, hide_small
from demarches.rules.dates_fr import day_fr, hour_fr
from demarches.web.tables import Row
from pacs.models import (
    Avis,
    Dossier,
    LaterAct,
    PacsSettings,
    RegisteredPerson,
    Registration,
)
from pacs.papers.documents import DocumentNotReady, civil_name
from pacs.rules.births import partial_date_fr
from pacs.rules.enums import Sex
from pacs.rules.registration import ActKind, informing_article

STYLES = ("pacs/pdf/pacs.css",)
#: Raised when the words of a template change: two papers of the same rows can be told apart.
VERSION = 1
#: What the window of an envelope shows of an address: signs of a line, and lines.
WINDOW_SIGNS, WINDOW_LINES = 36, 5


def _render(name: str, title: str, *, version: int, dated: date, **context: Any) -> RenderedPdf:
    mairie = Mairie.objects.with_entrances()
    foot = f"Modèle {VERSION}, version {version}, du {day_fr(dated)}"
    return render_pdf(
        f"pacs/pdf/{name}.html",
        {"mairie": mairie, "foot": foot, "dated": dated, **context},
        is_official=True,
        title=title,
        stylesheets=STYLES,
    )


def _people(registration: Registration) -> list[tuple[RegisteredPerson, str, str]]:
    return [(one, partial_date_fr(one.birth_date), one.birth_place) for one in registration.people]


def _version(registration: Registration) -> int:
    """Grows with each act and each rectification: the paper of yesterday is told from today's."""
    mended = {one.at for one in registration.rectifications.all()}
    return 1 + registration.acts.filter(status="registered").count() + len(mended)


def registered_moment(registration: Registration) -> str:
    """« 15 janvier 2027 à 9 h 30 », or the day alone for a PACS entered from paper."""
    if registration.registered_at is None:
        return day_fr(registration.registered_on)
    moment = localtime(registration.registered_at)
    return f"{day_fr(moment.date())} à {hour_fr(moment)}"


def recepisse(registration: Registration) -> RenderedPdf:
    """Récépissé d'enregistrement, handed to the couple on the day (fiche F1618)."""
    return _render(
        "recepisse",
        "Récépissé d’enregistrement d’un Pacs",
        version=_version(registration),
        dated=registration.registered_on,
        registration=registration,
        people=_people(registration),
        moment=registered_moment(registration),
        reference=registration.number,
    )


def dissolution_receipt(act: LaterAct) -> RenderedPdf:
    """Récépissé of a joint declaration of dissolution (décret 2006-1806, art. 4).

    Raises `DocumentNotReady` for anything else, or while it is not registered.
    """
    if act.kind != ActKind.JOINT or act.registered_at is None:
        raise DocumentNotReady("Aucune dissolution conjointe n’est enregistrée.")
    registration = act.registration
    return _render(
        "dissolution_receipt",
        "Récépissé de dissolution d’un Pacs",
        version=1,
        dated=localdate(act.registered_at),
        act=act,
        registration=registration,
        people=_people(registration),
        moment=registered_moment(registration),
        reference=registration.number,
    )


def act_decision(act: LaterAct) -> RenderedPdf:
    """The motivated decision that refuses a modification or a dissolution, with its recourse.

    Raises `DocumentNotReady` for an act that was not refused, or whose day was never written.
    """
    if act.status != "inadmissible" or act.refused_at is None:
        raise DocumentNotReady("Aucune irrecevabilité n’est décidée.")
    registration = act.registration
    return _render(
        "act_decision",
        "Décision d’irrecevabilité",
        version=1,
        dated=localdate(act.refused_at),
        act=act,
        registration=registration,
        people=_people(registration),
        moment=registered_moment(registration),
        court=PacsSettings.current().court,
        reference=registration.number,
    )


def end_letter(act: LaterAct, position: int) -> RenderedPdf:
    """The letter that tells one of the two of an end (décret 2006-1806, art. 3 and 5).

    The address is left to write: the register holds none, and that of the day of the PACS may be
    old. Raises `DocumentNotReady` when nobody is to be told, while it is not registered, or for
    whoever died.
    """
    article = informing_article(act.kind)
    if article is None or act.registered_at is None:
        raise DocumentNotReady("Personne n’est à informer par lettre.")
    registration = act.registration
    first, second = registration.people
    person, other = (first, second) if position == 1 else (second, first)
    if person not in act.informed:
        raise DocumentNotReady("Cette personne est décédée : la lettre va à l’autre.")
    return _render(
        "end_letter",
        "Fin d’un Pacs",
        version=1,
        dated=localdate(act.registered_at),
        act=act,
        article=article,
        registration=registration,
        person=person,
        is_long=_is_long(person.name, "", ""),
        other=other,
        moment=registered_moment(registration),
        reference=registration.number,
    )


def _is_long(*lines: str) -> bool:
    """The address of a letter needs more lines than its window has: it is written smaller."""
    return sum(max(1, ceil(len(line) / WINDOW_SIGNS)) for line in lines) > WINDOW_LINES


def _place_lines(avis: Avis) -> tuple[str, ...]:
    """Where an avis goes: the lines below its recipient, as `_avis_window.html` writes them."""
    return (avis.address,) if avis.address else ("Service", f"00000 {avis.person.birth_city}")


def avis_de_mention(avis: Avis) -> RenderedPdf:
    """Avis to the holder of a birth record (décret 2006-1806, art. 6; CC, art. 49)."""
    return _render(
        "avis_de_mention",
        "Avis de mention",
        version=1,
        reference=avis.registration.number,
        **_letter(avis),
    )


def _letter(avis: Avis) -> dict[str, Any]:
    """What one avis tells, for its template."""
    act = avis.act
    other = next(one for one in avis.registration.people if one.pk != avis.person_id)
    since = localdate(act.registered_at) if act and act.registered_at else None
    return {
        "dated": since or avis.registration.registered_on,
        "avis": avis,
        "is_long": _is_long(avis.recipient, *_place_lines(avis)),
        "act": act,
        "registration": avis.registration,
        "moment": registered_moment(avis.registration),
        "person": avis.person,
        "born_on": partial_date_fr(avis.person.birth_date),
        "born_in": avis.person.birth_place,
        "other": other,
        "other_born_on": partial_date_fr(other.birth_date),
        "other_born_in": other.birth_place,
    }


@dataclass(frozen=True)
class Envelope:
    """The avis that go to one holder of birth records."""

    recipient: str
    rows: list[Avis]


def envelopes(rows: Iterable[Avis]) -> list[Envelope]:
    """The avis by recipient, in alphabetical order; in an envelope, the oldest duty first."""
    ordered = sorted(rows, key=lambda row: (row.recipient, row.address, row.due_on, row.pk))
    return [
        Envelope(recipient, list(group))
        for (recipient, _), group in groupby(ordered, key=lambda row: (row.recipient, row.address))
    ]


def avis_batch(rows: Collection[Avis], *, dated: date) -> RenderedPdf:
    """Avis de mention in one document: a sheet for the mairie, then the letters by recipient.

    `rows`: one at least, with what `avis_de_mention` reads.
    """
    groups = envelopes(rows)
    return _render(
        "avis_batch",
        "Avis de mention à envoyer",
        version=1,
        dated=dated,
        groups=groups,
        letters=[_letter(row) for group in groups for row in group.rows],
    )


def attestation(registration: Registration) -> RenderedPdf:
    """Attestation for the couple: the line of the register, with what happened since."""
    opposable = registration.opposable_on
    return _render(
        "attestation_pacs",
        "Attestation d’enregistrement d’un Pacs",
        version=_version(registration),
        dated=registration.dissolved_on or opposable or registration.registered_on,
        registration=registration,
        people=_people(registration),
        moment=registered_moment(registration),
        opposable=opposable,
        acts=[act for act in registration.acts.order_by("effect_on", "pk") if act.effect_on],
        reference=registration.number,
    )


def register_extract(registration: Registration) -> RenderedPdf:
    """What the register holds of one PACS (domain reference 4.1), for its own file."""
    return _render(
        "register_extract",
        "Extrait du registre des Pacs",
        version=_version(registration),
        dated=registration.dissolved_on or registration.registered_on,
        registration=registration,
        people=_people(registration),
        moment=registered_moment(registration),
        acts=[act for act in registration.acts.order_by("effect_on", "pk") if act.effect_on],
        reference=registration.number,
    )


def inadmissibility_decision(dossier: Dossier) -> RenderedPdf:
    """Décision d'irrecevabilité: motivated, with the recourse (décret 2006-1806, art. 1).

    Raises `DocumentNotReady` while nothing was decided.
    """
    if not dossier.inadmissible_ground or dossier.ended_at is None:
        raise DocumentNotReady("Aucune décision n’a été prise.")
    return _render(
        "inadmissibility",
        "Décision d’irrecevabilité",
        version=dossier.version,
        dated=localdate(dossier.ended_at),
        people=[civil_name(one) for one in dossier.people],
        ground=dossier.inadmissible_ground,
        decided_on=day_fr(localdate(dossier.ended_at)),
        court=PacsSettings.current().court,
        reference=dossier.reference,
    )


@dataclass(frozen=True)
class Counts:
    """What the half-yearly statistics ask for, without a name."""

    year: int
    half: int
    registered: dict[str, int]
    modified: int
    dissolved: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.registered.values())

    @property
    def total_dissolved(self) -> int:
        return sum(self.dissolved.values())

    @property
    def label(self) -> str:
        return f"{'1er' if self.half == 1 else '2e'} semestre {self.year}"


COMPOSITIONS = {
    frozenset({Sex.FEMALE.value, Sex.MALE.value}): "une femme et un homme",
    frozenset({Sex.FEMALE.value}): "deux femmes",
    frozenset({Sex.MALE.value}): "deux hommes",
}
UNKNOWN = "composition non renseignée"


def half_yearly_counts(year: int, half: int) -> Counts:
    """Count what this mairie registered and dissolved in a half-year; `half` is 1 or 2."""
    first = date(year, 1 if half == 1 else 7, 1)
    last = date(year, 6, 30) if half == 1 else date(year, 12, 31)
    registered = dict.fromkeys([*COMPOSITIONS.values(), UNKNOWN], 0)
    rows = Registration.objects.filter(
        origin="portail", registered_on__gte=first, registered_on__lte=last
    )
    for row in rows.prefetch_related("persons"):
        sexes = [one.sex for one in row.persons.all()]
        known = frozenset(sexes) if all(sexes) else frozenset()
        registered[COMPOSITIONS.get(known, UNKNOWN)] += 1
    acts = LaterAct.objects.filter(
        status="registered",
        registered_at__date__gte=first,
        registered_at__date__lte=last,
    )
    by_kind = {row["kind"]: row["n"] for row in acts.values("kind").annotate(n=Count("pk"))}
    labels = dict(LaterAct._meta.get_field("kind").flatchoices)
    modified = by_kind.pop("modification", 0)
    ended = {
        label: by_kind.get(kind, 0) for kind, label in labels.items() if kind != "modification"
    }
    return Counts(year, half, registered, modified, ended)


COUNTED = ("annee", "semestre", "nature", "detail", "nombre")


def counts_rows(counts: Counts) -> list[Row]:
    """The half-yearly counts for a spreadsheet: no name, small cells hidden, and no total.

    A total would tell what a hidden cell holds.
    """
    natures = {
        "pacs_enregistre": counts.registered,
        "modification": {"": counts.modified},
        "dissolution": counts.dissolved,
    }
    return [
        (counts.year, counts.half, nature, detail, HIDDEN if count is None else count)
        for nature, cells in natures.items()
        for detail, count in hide_small(cells).items()
    ]


def counts_sheet(counts: Counts, *, dated: date) -> RenderedPdf:
    """The half-yearly counts on paper."""
    return _render("half_yearly", f"Pacs : {counts.label}", version=1, dated=dated, counts=counts)
