"""What « Relisez, puis attestez » shows: the answers as sentences, and what is still in the way.

Built for one reader: nothing of the other partenaire's own part goes in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.urls import reverse

from demarches.mail.sms_gateway import is_on
from demarches.steps.lists import StepList
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import asks_origin
from pacs.pages.steps import COMMON_STEPS, OWN_STEPS
from pacs.pages.tracking import answer_words
from pacs.reads.access import may_edit_common, may_edit_own, name_for
from pacs.rules.countries import FRANCE
from pacs.rules.eligibility import OUTCOME_TYPES
from pacs.rules.gate import Kind, Obstacle
from pacs.rules.nationalities import as_nationality, is_stateless
from pacs.rules.sentences import (
    CoupleSaid,
    Parent,
    PersonSaid,
    Told,
    about_couple,
    about_person,
)

#: Where a page of questions comes back to.
BACK = "?retour=verifier"


@dataclass(frozen=True, slots=True)
class Line:
    """A few sentences about one thing, and where they are changed (empty: not by this reader)."""

    name: str
    sentences: Sequence[str]
    url: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """What is still in the way, and where this reader can do something about it."""

    text: str
    url: str = ""


def said_by_couple(dossier: Dossier) -> CoupleSaid:
    """The shared answers as the sentences are made of."""
    return CoupleSaid(
        residence=dossier.residence,
        impediment=dossier.impediment,
        address=str(dossier.address),
        already_home=dossier.already_home,
        kinship=dossier.kinship,
        convention=dossier.convention,
        wished_date=dossier.wished_date,
    )


def said_by(person: Partenaire) -> PersonSaid:
    """One person's answers as the sentences are made of."""
    first, _ = person.dossier.people
    author = "vous" if person.is_first else name_for(person, first)
    return PersonSaid(
        first_names=person.first_names,
        birth_name=person.birth_name,
        usage_name=person.usage_name,
        single_name=person.single_name,
        sex=person.sex,
        birth=person.birth_date,
        birth_city=person.birth_city,
        birth_department=person.birth_department,
        birth_country=str(person.birth_country.name),
        parents=(
            Parent(person.parent1_name, person.parent1_first_names, person.parent1_unknown),
            Parent(person.parent2_name, person.parent2_first_names, person.parent2_unknown),
        ),
        nationalities=tuple(person.nationality_names),
        is_only_french=set(map(as_nationality, person.nationalities)) == {FRANCE},
        is_stateless=is_stateless(person.nationalities, person.protection),
        asks_origin=asks_origin(person),
        has_french_record=person.has_french_record,
        protection=person.protection,
        birth_record_in_french=person.birth_record_in_french,
        coutume_in_french=person.coutume_in_french,
        country_issues_coutume=person.country_issues_coutume,
        country_updates_records=person.country_updates_records,
        situation=person.situation,
        divorce_mentioned=person.divorce_mentioned,
        union_record_country=str(person.union_record_country.name),
        union_record_in_french=person.union_record_in_french,
        measure=person.measure,
        protector_is_partenaire=person.protector_is_partenaire,
        home=str(person.home.address),
        home_said_by=author if person.home.is_common else "",
        phone=str(person.phone or ""),
        texts=is_on() and person.texts_agreed_at is not None,
        asks_email=person.is_on_lent_device,
        email=person.contact_email,
        needs=person.needs,
    )


def shared_lines(reader: Partenaire) -> list[Line]:
    """The shared answers; the second reads them, and proposes a change elsewhere."""
    told = about_couple(said_by_couple(reader.dossier))
    return _lines(told, COMMON_STEPS, reader.dossier, is_open=may_edit_common(reader))


def own_lines(reader: Partenaire) -> list[Line]:
    """One's own answers, those of the pages that apply."""
    told = about_person(said_by(reader))
    return _lines(told, OWN_STEPS, reader, is_open=may_edit_own(reader))


@dataclass(frozen=True, slots=True)
class Said:
    """One answer that somebody else gave first, in words, and the page where it is changed."""

    label: str
    value: str
    url: str


def said_lines(reader: Partenaire) -> list[Said]:
    """What the other said of this person in the simulator, to be confirmed."""
    steps = OWN_STEPS.for_subject(reader)
    pages = {name: step.slug for step in reversed(steps) for name in step.form_class.columns()}
    lines = []
    for name in reader.said_by_other:
        answer = answer_words(reader, name)
        # Whether they live in the commune is told by the address, on that page.
        lines.append(Said(answer.label, answer.value, _page(reader, pages.get(name, "situation"))))
    return lines


def _lines(
    told: Iterable[Told], steps: StepList[Any], subject: Dossier | Partenaire, *, is_open: bool
) -> list[Line]:
    forms = {step.slug: step.form_class(instance=subject) for step in steps.for_subject(subject)}
    dossier = subject if isinstance(subject, Dossier) else subject.dossier
    # Once it is sent, a page leads to the corrections by itself.
    back = BACK if dossier.is_draft else ""
    lines = []
    for one in told:
        if (form := forms.get(one.page)) is None:
            continue
        at = f"#{_first_id(form[one.field])}" if one.field in form.fields else ""
        lines.append(
            Line(one.name, one.sentences, _page(subject, one.page) + back + at if is_open else "")
        )
    return lines


def _first_id(field: BoundField) -> str:
    """Of a group of answers, the first: a group has no id of its own."""
    return field.id_for_label or f"{field.auto_id}_0"


def _page(subject: Dossier | Partenaire, slug: str) -> str:
    if isinstance(subject, Dossier):
        return reverse("pacs:common-step", args=[subject.reference, slug])
    return reverse("pacs:own-step", args=[subject.dossier.reference, slug])


def blockers_of(reader: Partenaire, found: Iterable[Obstacle]) -> list[Blocker]:
    """These obstacles as this reader reads them, each once, led to the question it is about."""
    return list(dict.fromkeys(one for obstacle in found for one in _blockers(reader, obstacle)))


def _blockers(reader: Partenaire, found: Obstacle) -> Iterator[Blocker]:
    text, reference = found.text(reader.position), reader.dossier.reference
    is_mine = found.holder == reader.position
    match found.kind:
        case Kind.ANSWERS if is_mine:
            for step, label in OWN_STEPS.missing(reader):
                yield Blocker(
                    f"Votre partie : il manque « {label} ».", _page(reader, step.slug) + BACK
                )
        case Kind.ANSWERS if found.holder == 0:
            missing = {label: step.slug for step, label in COMMON_STEPS.missing(reader.dossier)}
            page = _page(reader.dossier, missing.get(found.code, found.code)) + BACK
            yield Blocker(text, page if may_edit_common(reader) else "")
        case Kind.LAW if is_mine or found.holder == 0:
            slug = next(kind.slug for kind in OUTCOME_TYPES if kind.code == found.code)
            yield Blocker(text, reverse("pacs:dossier-outcome", args=[reference, slug]))
        case Kind.ANSWERS if reader.is_first and not reader.dossier.people[1].door:
            yield Blocker(text, reverse("pacs:partner-door", args=[reference]))
        case _:
            yield Blocker(text)
