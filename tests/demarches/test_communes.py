"""The table of communes that comes with the product."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from demarches.typed import communes as table
from demarches.typed.communes import communes
from tests.support.present import the


def test_the_table_holds_the_communes_of_today_with_their_departments() -> None:
    found = communes()

    assert len(found) > 36_000
    assert [str(one) for one in found.named("Uzès")] == ["Uzès (Gard)"]
    assert the(found.coded("97411")).department == "La Réunion"
    assert the(found.coded("75112")).name == "Paris 12e arrondissement"
    assert all(row.department for row in found.starting("saint", limit=5_000))


def test_refreshing_rewrites_the_table_or_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "table"
    monkeypatch.setattr(table, "FOLDER", folder)
    monkeypatch.setattr(table, "COMMUNES", folder / "communes.csv")
    monkeypatch.setattr(table, "DEPARTMENTS", folder / "departements.csv")
    source = tmp_path / "source"
    source.mkdir()
    (source / "departements.csv").write_text("code,nom\n30,Gard\n", encoding="utf-8")
    (source / "communes.csv").write_text("code,nom\n30334,Uzès\n", encoding="utf-8")

    with pytest.raises(CommandError, match="rien n’a changé"):
        call_command("refresh_communes", source)
    assert not folder.exists()

    (source / "communes.csv").write_text(
        "code,nom,type\n30334,Uzès,commune-actuelle\n", encoding="utf-8"
    )
    call_command("refresh_communes", source)
    assert [one.code for one in communes().named("uzes")] == ["30334"]
    assert communes().named("nîmes") == []
    communes.cache_clear()
