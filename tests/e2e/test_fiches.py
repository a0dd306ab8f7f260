"""The national guidance in a browser: themes, a search, a document, its alternatives."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demarches.guidance.comarquage import import_source
from demarches.models import ShownFiche
from tests.e2e.conftest import DESKTOP, Visitor
from tests.support.fiches import fiche_xml, small, write_zip

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("options", [{}, DESKTOP], ids=["phone", "desktop"])
def test_a_reader_searches_and_reads(
    site: str, visitor: Callable[..., Visitor], tmp_path: Path, options: dict[str, int]
) -> None:
    files = {"F1.xml": fiche_xml(), "F2.xml": small("F2", "Une autre fiche")}
    import_source(write_zip(tmp_path / "guide.zip", files), at=datetime(2026, 11, 23, tzinfo=UTC))
    ShownFiche.objects.create(code="F1", note="Bureau 12.")
    reader = visitor(**({"viewport": options} if options else {}))

    reader.go("/")
    reader.follow("guide des démarches")
    reader.fill("Chercher une démarche", "carte perte")
    reader.press("Chercher")
    reader.fill("Chercher une démarche", "carte étudiants")
    reader.press("Chercher")
    reader.act_on(reader.page.locator("main h3 a").first)
    reader.act_on(
        reader.page.get_by_role("navigation", name="Votre situation").get_by_text("Étudiant")
    )
    assert reader.page.url == f"{reader.site}/fiches/F1/?situation=2#situation-2"
    reader.page.locator("summary").first.click()
    reader.examine()
    assert "Par le compte." in reader.page.inner_text("main")
    reader.go("/fiches/?q=2+90+05+30+189+042+" + f"{97 - 2900530189042 % 97:02d}")
    assert reader.page.title().startswith("Recherche refusée")
