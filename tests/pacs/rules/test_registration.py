"""Numbers of the register, recipients of the avis, effects of later acts."""

from datetime import date

import pytest

from demarches.rules.communes import Commune
from pacs.rules.registration import (
    ACT_RULES,
    ActKind,
    Recipient,
    RegisterNumber,
    act_rule,
    avis_due_on,
    avis_recipient,
    effect_day,
    is_held_here,
    opposable_on,
    parse_number,
)

NUMBER = RegisterNumber("30334", 2027, 1, 7)


def test_a_number_as_it_is_written() -> None:
    assert str(NUMBER) == "30334-2027-1-0007"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30334-2027-1-0007", NUMBER),
        (" 30334 - 2027 - 1 - 7 ", NUMBER),
        ("2a004-2027-1-12", RegisterNumber("2A004", 2027, 1, 12)),
        ("30334-2027-1", None),
        ("", None),
        ("30334-2027-1-0007x", None),
    ],
)
def test_numbers_that_people_type(text: str, expected: RegisterNumber | None) -> None:
    assert parse_number(text) == expected


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (("FR", "Nîmes", "Gard"), Recipient("Mairie de Nîmes (Gard)", "")),
        (("FR", "Uzès", ""), Recipient("Mairie d’Uzès", "")),
        (("FR", "Le Mans", "Sarthe"), Recipient("Mairie du Mans (Sarthe)", "")),
        (("FR", "Les Angles", ""), Recipient("Mairie des Angles", "")),
        (("FR", "", ""), Recipient("Mairie de ", "")),
        (("MQ", "Fort-de-France", "972"), Recipient("Mairie de Fort-de-France (972)", "")),
        (("RE", "Saint-Denis", ""), Recipient("Mairie de Saint-Denis", "")),
        (("GF", "Cayenne", ""), Recipient("Mairie de Cayenne", "")),
        (("GY", "Georgetown", ""), Recipient("Service central d’état civil (SCEC)", "Nantes")),
        (("IT", "Roma", ""), Recipient("Service central d’état civil (SCEC)", "Nantes")),
        (("DZ", "Alger", ""), Recipient("Service central d’état civil (SCEC)", "Nantes")),
    ],
)
def test_who_receives_the_avis(born: tuple[str, str, str], expected: Recipient) -> None:
    country, city, department = born

    found = avis_recipient(birth_country=country, birth_city=city, birth_department=department)

    assert found == expected


@pytest.mark.parametrize(
    ("country", "city", "department", "is_only", "expected"),
    [
        ("FR", "Uzès", "Gard", True, True),
        ("FR", "UZES", "30", True, True),
        ("FR", "Uzès", "", True, True),
        ("FR", "Uzès", "", False, False),
        ("FR", "Uzès", "Loire", True, False),
        ("FR", "Nîmes", "Gard", True, False),
        ("BE", "Uzès", "Gard", True, False),
    ],
)
def test_records_held_here(
    country: str, city: str, department: str, is_only: bool, expected: bool
) -> None:
    here = Commune("30334", "Uzès", "30", "Gard")

    found = is_held_here(
        birth_country=country,
        birth_city=city,
        birth_department=department,
        here=here,
        is_only=is_only,
    )

    assert found is expected


def test_the_avis_is_due_within_three_days() -> None:
    assert avis_due_on(date(2026, 12, 30)) == date(2027, 1, 2)


@pytest.mark.parametrize(
    ("mentions", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([date(2027, 1, 4), None], None),
        ([date(2027, 1, 4), date(2027, 1, 2)], date(2027, 1, 4)),
    ],
)
def test_third_parties_are_bound_by_the_last_mention(
    mentions: list[date | None], expected: date | None
) -> None:
    assert opposable_on(mentions) == expected


def test_every_kind_has_its_rule_with_its_source() -> None:
    assert [rule.kind for rule in ACT_RULES] == list(ActKind)
    assert [rule.kind for rule in ACT_RULES if not rule.ends_the_pacs] == [ActKind.MODIFICATION]
    assert all(rule.basis and rule.pieces for rule in ACT_RULES)
    with pytest.raises(ValueError, match="divorce"):
        act_rule("divorce")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ActKind.MODIFICATION, date(2027, 6, 10)),
        (ActKind.JOINT, date(2027, 6, 10)),
        (ActKind.UNILATERAL, date(2027, 6, 10)),
        (ActKind.MARRIAGE, date(2027, 6, 5)),
        (ActKind.DEATH, date(2027, 6, 5)),
    ],
)
def test_the_day_of_effect(kind: ActKind, expected: date) -> None:
    rule = act_rule(kind)

    found = effect_day(rule, registered_on=date(2027, 6, 10), event_on=date(2027, 6, 5))

    assert found == expected


def test_an_event_needs_its_date() -> None:
    with pytest.raises(ValueError, match="date of the event"):
        effect_day(act_rule("dissolution_deces"), registered_on=date(2027, 6, 10), event_on=None)
