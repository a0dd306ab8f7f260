"""Constraints that each engine understands by itself, and that say the same on both."""

import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import CharField, DateField, Value
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from demarches.models import User
from demarches.rules.addresses import CANONICAL

ADDRESSES = [
    "a@b",
    "a.b+c@example.fr",
    "a@b@c",
    "@b",
    "a@",
    "A@b.fr",
    "a@B.fr",
    "é@b.fr",
    "a@b.fr\n",
    "\na@b.fr",
    "a b@c.fr",
    "a]b@c.fr",
    "a[b@c.fr",
    "a^b@c.fr",
    "a-b@c.fr",
    "a*b?@c.fr",
    "a~b@c-d.fr",
    "a%b@c.fr",
    "a'b@c.fr",
    'a"b@c.fr',
    "a,b@c.fr",
    "",
    "@",
    "a@b_c.fr",
    "a@b c",
    "a>b@c.fr",
    "a<b@c.fr",
    "a&b$#!@c.fr",
]


def _has_form(text: str, form: str) -> bool:
    rows = User.objects.annotate(told=Value(text, output_field=CharField()))
    User.objects.get_or_create(email="one@example.org")
    return rows.filter(told__form=form).exists()


@pytest.mark.django_db
def test_a_nul_hides_nothing() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps no NUL at all")
    assert not _has_form("a@b.fr\0 anything", "canonical_address")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_are_those_of_the_rule(text: str) -> None:
    assert _has_form(text, "canonical_address") == bool(re.search(CANONICAL, text))


class Anything(TestCase):
    @settings(max_examples=200)
    @given(st.text(st.sampled_from("ab@.-^[]*?~%'\"\\ é\n<>&1A,"), max_size=12))
    def test_addresses_are_those_of_the_rule_whatever_is_typed(self, text: str) -> None:
        assert _has_form(text, "canonical_address") == bool(re.search(CANONICAL, text))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "is_code"),
    [("F1618", True), ("N4", True), ("R123456", True), ("F", False), ("F1234567", False),
     ("F12a", False), ("f12", False), ("X12", False), ("F12\n", False)],
)  # fmt: skip
def test_codes_of_the_guide(text: str, is_code: bool) -> None:
    assert _has_form(text, "fiche_code") == is_code


@pytest.mark.django_db
def test_a_day_that_stands_for_its_month() -> None:
    for day in (date(2026, 11, 1), date(2026, 11, 21)):
        User.objects.get_or_create(email="one@example.org")
        row = User.objects.annotate(day=Value(day, output_field=DateField()))
        assert row.filter(day__form="first_of_month").exists() == (day.day == 1)


@pytest.mark.django_db
def test_plain_tools_copy_and_check_the_file(tmp_path: Path) -> None:
    """A town's own tools need no function of Django's."""
    if connection.vendor != "sqlite":
        pytest.skip("a file of SQLite")
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        plain.execute(f"VACUUM INTO '{copy}'")
    with closing(sqlite3.connect(copy)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = plain.execute("SELECT COUNT(*) FROM django_migrations").fetchone()
    assert found[0] > 50
