"""From what people answer to what the rules read: domain reference, section 6.1."""

from dataclasses import replace
from datetime import date

import pytest

from pacs.rules.situation import (
    Dematerialisation,
    PartenaireAnswers,
    PartialDate,
    Protection,
    Record,
    YesNo,
    derive_partenaire,
    possible_records,
)
from tests.pacs.rules.people import FOREIGN, FRENCH


@pytest.mark.parametrize(
    ("partial", "earliest", "latest"),
    [
        (PartialDate(1990, 5, 3), date(1990, 5, 3), date(1990, 5, 3)),
        (PartialDate(1990, 2), date(1990, 2, 1), date(1990, 2, 28)),
        (PartialDate(1992, 2), date(1992, 2, 1), date(1992, 2, 29)),
        (PartialDate(1990, 12), date(1990, 12, 1), date(1990, 12, 31)),
        (PartialDate(1990), date(1990, 1, 1), date(1990, 12, 31)),
    ],
)
def test_partial_date_covers_the_days_it_may_be(
    partial: PartialDate, earliest: date, latest: date
) -> None:
    assert (partial.earliest, partial.latest) == (earliest, latest)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (FRENCH, {Record.COMMUNE}),
        (replace(FRENCH, birth_country="DZ"), {Record.SCEC}),
        (replace(FRENCH, birth_country="DZ", has_french_record=YesNo.NO), {Record.FOREIGN}),
        (replace(FRENCH, birth_country="IT", has_french_record=YesNo.NO), {Record.FOREIGN_EU}),
        (replace(FRENCH, birth_country=""), {Record.COMMUNE, Record.SCEC}),
        (FOREIGN, {Record.FOREIGN}),
        (replace(FOREIGN, birth_country="FR"), {Record.COMMUNE}),
        (replace(FOREIGN, birth_country="IT"), {Record.FOREIGN_EU}),
        (replace(FOREIGN, birth_country=""), {Record.COMMUNE, Record.FOREIGN}),
        (replace(FOREIGN, protection=Protection.REFUGEE), {Record.OFPRA}),
        (replace(FOREIGN, protection=Protection.UNKNOWN), {Record.OFPRA, Record.FOREIGN}),
        (PartenaireAnswers(), {Record.COMMUNE, Record.SCEC, Record.FOREIGN}),
        (PartenaireAnswers(birth_country="IT"), {Record.SCEC, Record.FOREIGN_EU}),
    ],
)
def test_possible_records(answers: PartenaireAnswers, expected: set[Record]) -> None:
    assert possible_records(answers) == expected


def test_protection_tells_that_somebody_is_not_french() -> None:
    stateless = PartenaireAnswers(birth_country="SY", protection=Protection.STATELESS)
    unknown = PartenaireAnswers(birth_country="SY", protection=Protection.UNKNOWN)

    assert derive_partenaire(stateless, Dematerialisation()).is_foreign is YesNo.YES
    assert derive_partenaire(stateless, Dematerialisation()).has_ofpra_status
    assert derive_partenaire(unknown, Dematerialisation()).is_foreign is YesNo.UNKNOWN
    assert not derive_partenaire(unknown, Dematerialisation()).has_ofpra_status


@pytest.mark.parametrize(
    ("dematerialisation", "code", "expected"),
    [
        (Dematerialisation(), "30189", YesNo.UNKNOWN),
        (Dematerialisation(active=False, connected=frozenset({"30189"})), "30189", YesNo.NO),
        (Dematerialisation(active=True, connected=frozenset({"30189"})), "30189", YesNo.YES),
        (Dematerialisation(active=True, connected=frozenset({"30189"})), "75056", YesNo.NO),
        (Dematerialisation(active=True, connected=frozenset({"30189"})), "", YesNo.UNKNOWN),
    ],
)
def test_what_the_mairie_can_verify(
    dematerialisation: Dematerialisation, code: str, expected: YesNo
) -> None:
    assert dematerialisation.covers(code) is expected
