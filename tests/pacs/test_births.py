"""A date of birth that no calendar has is written by no path, and read without an error."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import CheckConstraint, Model, Q, Value
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from pacs.actions.corrections import lay_over, send_corrections, take_correction
from pacs.actions.desk import save_answers_for
from pacs.actions.dossiers import record_answers
from pacs.actions.refusals import ActionRefused
from pacs.actions.registration import enter_old_registration, open_act
from pacs.admin.answers import answer_forms, answers_key
from pacs.forms.civil import CivilForm
from pacs.forms.registration import OldPersonForm
from pacs.models import Correction, Dossier, Partenaire, RegisteredPerson
from pacs.rules.births import birth_problems, partial_date_fr
from pacs.rules.situation import PartialDate
from tests.support.dossiers import OTHER, PERSON, make_dossier, send
from tests.support.forms import answer, as_shown

NOW = "2026-11-23T10:00:00+01:00"
YEARS = (None, 1900, 1990, 1999, 2000, 2004, 2024)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def sent(reference_data: None, alice: User, bob: User) -> Dossier:
    return send(make_dossier(alice, bob))


def with_births() -> list[type[Model]]:
    """Every model that keeps a birth in parts."""
    return [one for one in apps.get_models() if hasattr(one, "birth_day")]


def test_both_rows_with_a_birth_are_known() -> None:
    assert set(with_births()) == {Partenaire, RegisteredPerson}


@pytest.mark.django_db
@pytest.mark.parametrize("model", with_births(), ids=lambda one: one.__name__)
def test_the_database_refuses_what_the_rule_refuses(model: type[Model]) -> None:
    checks = [one for one in model._meta.constraints if isinstance(one, CheckConstraint)]
    check = next(one for one in checks if one.name.endswith("birth_exists"))
    assert isinstance(check.condition, Q)
    fields = {field.name: field for field in model._meta.fields}
    months, days = (None, *range(1, 13)), (None, *range(1, 32))
    for year, month, day in product(YEARS, months, days):
        parts = {"birth_year": year, "birth_month": month, "birth_day": day}
        is_refused = any(birth_problems(parts, today=date(2100, 1, 1)))
        against = {name: Value(part, fields[name]) for name, part in parts.items()}
        assert check.condition.check(against) is not is_refused, parts


@pytest.mark.parametrize("parts", [(31, 2, 1990), (29, 2, 1900), (31, 4, None), (1, None, 1990)])
def test_no_way_of_writing_passes_by(sent: Dossier, parts: tuple[int | None, ...]) -> None:
    values = dict(zip(("birth_day", "birth_month", "birth_year"), parts, strict=True))

    with pytest.raises(IntegrityError, match="birth_exists"), transaction.atomic():
        Partenaire.objects.filter(dossier=sent, position=1).update(**values)


def test_a_leap_day_is_kept(sent: Dossier) -> None:
    rows = Partenaire.objects.filter(dossier=sent, position=1)
    for year in (1996, 2000, None):
        rows.update(birth_day=29, birth_month=2, birth_year=year)


def corrected_to_the_31st(dossier: Dossier) -> Correction:
    """The couple corrects 4 May into 31 May and sends it."""
    one = dossier.people[0]
    correction = Correction.objects.create(
        dossier=dossier,
        holder=1,
        values={"birth_day": {"old": 4, "new": 31}},
        changed_at=timezone.now(),
    )
    send_corrections(one, at=timezone.now(), by=one.user)
    return Correction.objects.get(pk=correction.pk)


def test_a_correction_that_fits_no_more_is_not_taken(
    sent: Dossier, agent: User, alice: User, client_of: Callable[[User], Client]
) -> None:
    correction = corrected_to_the_31st(sent)
    read = answers_key(answer_forms(Dossier.objects.get(pk=sent.pk), None))
    save_answers_for(sent, {"p1": {"birth_month": 2}}, read=read, by=agent, at=timezone.now())

    with pytest.raises(ActionRefused) as refused:
        take_correction(
            sent,
            correction.pk,
            changed_at=correction.changed_at.isoformat(),
            by=agent,
            at=timezone.now(),
            version=None,
        )

    assert refused.value.messages == [
        "Naissance le 31/2/1990 : Cette date n’existe pas : vérifiez le jour et le mois. La"
        " correction ne peut pas être reprise ainsi : ne la reprenez pas, en demandant la date"
        " exacte, ou corrigez d’abord la date sur « réponses »."
    ]
    # What is proposed is shown over what stands: both read it.
    pages = ["dossier", "dossier-correct"]
    client = client_of(alice)
    assert [
        client.get(reverse(f"pacs:{name}", args=[sent.reference])).status_code for name in pages
    ] == [200, 200]
    change = reverse("admin:pacs_dossier_change", args=[sent.pk])
    assert client_of(agent).get(change).status_code == 200
    one = Dossier.objects.get(pk=sent.pk).people[0]
    lay_over(one, correction)
    assert partial_date_fr(one.birth_date) == "31\u00a0février 1990"


def test_two_agents_do_not_make_it_together(sent: Dossier, agent: User) -> None:
    read = answers_key(answer_forms(sent, None))
    at = timezone.now()
    save_answers_for(sent, {"p1": {"birth_month": 2}}, read=read, by=agent, at=at)

    with pytest.raises(ActionRefused, match="Un autre agent l’a changée"):
        save_answers_for(sent, {"p1": {"birth_day": 31}}, read=read, by=agent, at=at)


def test_two_pages_of_the_couple_neither(reference_data: None, alice: User, bob: User) -> None:
    draft = make_dossier(alice, bob)
    one = draft.people[0]
    shown = as_shown(CivilForm(instance=one))
    form = CivilForm({**shown, "birth_date": "31/5/1990"}, instance=one)
    Partenaire.objects.filter(pk=one.pk).update(birth_month=2)
    assert form.is_valid(), form.errors

    with pytest.raises(ActionRefused, match="31/2/1990"):
        record_answers(form, dossier=draft, at=timezone.now(), by=alice, read=None)


@pytest.mark.parametrize("parts", [("31", "2", "1990"), ("1", "1", "2099"), ("5", "", "1990")])
def test_every_page_says_it(
    sent: Dossier, alice: User, client_of: Callable[[User], Client], parts: tuple[str, ...]
) -> None:
    values = dict(zip(("birth_day", "birth_month", "birth_year"), parts, strict=True))

    old = OldPersonForm({**PERSON, **values})
    page = reverse("pacs:own-step", args=[sent.reference, "acte"])

    assert not old.is_valid()
    assert answer(client_of(alice), page, birth_date="/".join(parts)).status_code == 422


def entered(agent: User, **birth: Any) -> RegisteredPerson:
    names = ("birth_name", "first_names", "sex", "birth_city", "birth_country")
    people = [{name: one[name] for name in names} | birth for one in (PERSON, OTHER)]
    line = enter_old_registration(
        number="TI-UZES-2009-12",
        registered_on=date(2009, 5, 4),
        origin="tribunal",
        place="Tribunal d’instance d’Uzès",
        people=people,
        by=agent,
        at=timezone.now(),
    )
    return line.people[0]


@pytest.mark.parametrize(
    "birth",
    [
        {"birth_year": 1980, "birth_month": 2, "birth_day": 31},
        {"birth_year": 2099},
        {"birth_year": 1980, "birth_day": 3},
        {"birth_year": 1991, "birth_month": 5, "birth_day": 5},  # 18 the day after
        {"birth_year": 2020, "birth_month": 3, "birth_day": 12},
    ],
)
def test_an_older_pacs_is_entered_with_days_that_can_be(
    reference_data: None, agent: User, birth: dict[str, int]
) -> None:
    with pytest.raises(ActionRefused):
        entered(agent, **birth)

    assert not RegisteredPerson.objects.exists()


def test_an_act_comes_after_its_pacs(reference_data: None, agent: User) -> None:
    line = entered(agent, birth_year=1991, birth_month=5, birth_day=4).registration
    last = line.registered_on

    def act(received_on: date) -> None:
        open_act(
            line,
            kind="modification",
            received_on=received_on,
            by_post=False,
            pieces=(),
            event_on=None,
            by=agent,
            at=timezone.now(),
        )

    with pytest.raises(ActionRefused, match="la date de réception ne peut pas être avant"):
        act(last - timedelta(days=1))
    act(last)


@pytest.mark.parametrize("parts", [(1990, 2, 31), (1990, 2, None), (1990, None, None)])
def test_reading_never_raises(parts: tuple[int, int | None, int | None]) -> None:
    birth = PartialDate(*parts)

    assert str(birth.year) in partial_date_fr(birth)
    assert birth.earliest <= birth.latest
