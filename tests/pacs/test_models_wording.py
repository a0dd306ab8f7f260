"""The wording of the pieces: data that covers the rules."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from demarches.models import User
from pacs.models import PacsSettings, PieceWording
from pacs.rules.pieces import RULE_IDS, TOLD_ONLY, VERIFIED_BY_MAIRIE
from pacs.rules.validity import MaxAge

FIXTURE = Path(settings.BASE_DIR) / "fixtures" / "pacs_pieces.json"
#: Addresses that the domain reference names.
KNOWN_LINKS = {
    "",
    "https://www.service-public.gouv.fr/particuliers/vosdroits/F1618",
    "https://www.formulaires.service-public.gouv.fr/gf/cerfa_15725.do",
    "https://www.formulaires.service-public.gouv.fr/gf/cerfa_15726.do",
    "https://e-justice.europa.eu/561/FR/public_documents?FRANCE&member=1",
    "https://conseilsdesnotaires.fr/la-legalisation-des-actes-etrangers/",
    # Where each is asked for, online.
    "https://www.service-public.gouv.fr/particuliers/vosdroits/R1405",
    "https://www.service-public.gouv.fr/particuliers/vosdroits/R1406",
    "https://www.service-public.gouv.fr/particuliers/vosdroits/R57680",
}


@pytest.fixture
def wordings(db: None) -> dict[str, PieceWording]:
    call_command("loaddata", "pacs_pieces", verbosity=0)
    return PieceWording.objects.by_rule()


def fixture_rows() -> dict[str, dict[str, Any]]:
    return {row["pk"]: row["fields"] for row in json.loads(FIXTURE.read_text(encoding="utf-8"))}


def test_fixture_words_exactly_the_rules() -> None:
    assert sorted(fixture_rows()) == sorted(RULE_IDS)


def test_migrate_gives_a_rule_its_row_and_keeps_what_staff_wrote(db: None) -> None:
    PieceWording.objects.filter(pk="P01_declaration").delete()
    PieceWording.objects.filter(pk="P02_convention").update(label="Notre convention")

    call_command("migrate", verbosity=0)

    written = PieceWording.objects.get(pk="P01_declaration")
    assert written.label == fixture_rows()["P01_declaration"]["label"]
    assert written.source_date == date(2025, 10, 7)
    assert PieceWording.objects.get(pk="P02_convention").label == "Notre convention"


def test_a_database_just_made_words_every_rule(db: None) -> None:
    assert set(PieceWording.objects.values_list("pk", flat=True)) == set(RULE_IDS)


def test_commands_tell_a_rule_without_its_row_and_what_to_do(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check")
    assert "pacs.W001" not in capsys.readouterr().err
    PieceWording.objects.filter(pk="P01_declaration").delete()

    call_command("check")

    told = capsys.readouterr().err
    assert "(pacs.W001) Pieces without their wording: P01_declaration." in told
    assert "Run « manage.py migrate »: it writes the rows that are missing." in told

    call_command("migrate", verbosity=0, skip_checks=False)

    assert "pacs.W001" in capsys.readouterr().err
    call_command("check")
    assert "pacs.W001" not in capsys.readouterr().err


def test_until_then_a_new_rule_is_read_with_the_words_it_was_shipped_with(db: None) -> None:
    PieceWording.objects.filter(pk="P01_declaration").delete()

    wordings = PieceWording.objects.by_rule()

    assert list(wordings) == list(RULE_IDS)
    assert wordings["P01_declaration"].label == "Déclaration conjointe de Pacs (cerfa 15725)"


def test_ages_are_those_of_the_reference(wordings: dict[str, PieceWording]) -> None:
    less_than_3, at_most_6 = MaxAge(3, strict=True), MaxAge(6, strict=False)

    assert {rule_id: w.max_age for rule_id, w in wordings.items() if w.max_age} == {
        "P10_naissance_comedec": less_than_3,
        "P11_naissance_fr": less_than_3,
        "P12_naissance_scec": less_than_3,
        "P13_naissance_ofpra": less_than_3,
        "P14_naissance_etranger": at_most_6,
        "P16_acte_modifie": less_than_3,
        "P32_non_pacs": less_than_3,
    }


def test_only_papers_people_hold_need_a_date(wordings: dict[str, PieceWording]) -> None:
    assert not wordings["P10_naissance_comedec"].is_dated
    assert wordings["P11_naissance_fr"].is_dated
    assert not wordings["P30_coutume"].is_dated


def test_max_age_in_words(wordings: dict[str, PieceWording]) -> None:
    assert wordings["P11_naissance_fr"].max_age_label == "moins de 3\u00a0mois"
    assert wordings["P14_naissance_etranger"].max_age_label == "6\u00a0mois au plus"
    assert wordings["P30_coutume"].max_age_label == ""


def test_pieces_to_hand_over_say_what_to_do_and_what_to_bring() -> None:
    silent = {
        rule_id
        for rule_id, row in fixture_rows().items()
        if not (row["to_prepare"] and row["to_bring"] and row["where_to_get"])
    }

    assert silent == TOLD_ONLY | VERIFIED_BY_MAIRIE | {"N01_jamais"}


def test_every_row_names_its_law_and_its_source() -> None:
    assert all(
        row["basis"] and row["source"] and row["source_date"] for row in fixture_rows().values()
    )


def test_links_are_those_of_the_reference() -> None:
    assert {row["link_url"] for row in fixture_rows().values()} == KNOWN_LINKS


def test_calendar_never_says_which_procedure(wordings: dict[str, PieceWording]) -> None:
    assert [w.rule_id for w in wordings.values() if "pacs" in w.calendar_label.lower()] == [
        "P43_pacs_dissous"  # asks for nothing: never in a calendar
    ]


def test_texts_are_typeset() -> None:
    for rule_id, row in fixture_rows().items():
        for name, text in row.items():
            if isinstance(text, str) and not name.startswith("link_url"):
                assert "'" not in text, (rule_id, name)
                assert not any(f" {sign}" in text for sign in ":;!?»"), (rule_id, name)


def test_wording_is_read_in_one_query(
    wordings: dict[str, PieceWording], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        PieceWording.objects.by_rule()


@pytest.mark.parametrize(
    "wrong", [{"max_age_months": 0}, {"max_age_months": 61}, {"link_url": "https://a.fr"}]
)
def test_database_refuses(wordings: dict[str, PieceWording], wrong: dict[str, Any]) -> None:
    rows = PieceWording.objects.filter(rule_id="N01_jamais")

    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**wrong)


def test_settings_fixture_promises_nothing_unconfirmed(db: None) -> None:
    call_command("loaddata", "mairie", "agendas", "pacs_settings", verbosity=0)

    found = PacsSettings.current()

    assert found.comedec_active is None
    assert (found.lead_time_days, found.lead_time_days_foreign) == (15, 30)
    assert found.court == "tribunal judiciaire de Nîmes"


def test_staff_edit_the_words_and_never_the_list(
    client: Client, wordings: dict[str, PieceWording]
) -> None:
    admin = User.objects.create_superuser(email="admin@mairie.test", password="not-for-real-use")
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    base = f"/{settings.ADMIN_PATH}/pacs/piecewording/"

    assert client.get(f"{base}").status_code == 200
    assert client.get(f"{base}add/").status_code == 403
    assert client.get(f"{base}P11_5Fnaissance_5Ffr/delete/").status_code == 403
    page = client.get(f"{base}P11_5Fnaissance_5Ffr/change/")
    assert page.status_code == 200
    data = {
        k: v for k, v in page.context["adminform"].form.initial.items() if v not in (None, False)
    }
    data |= {"label": "Acte de naissance récent", "_save": "1"}

    assert client.post(f"{base}P11_5Fnaissance_5Ffr/change/", data).status_code == 302

    changed = PieceWording.objects.get(rule_id="P11_naissance_fr")
    assert changed.label == "Acte de naissance récent"
    assert changed.max_age == MaxAge(3, strict=True)
