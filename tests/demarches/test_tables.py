"""Rows for a spreadsheet: what it reads, and what it must never run."""

import zipfile
from datetime import date
from io import BytesIO
from xml.etree import ElementTree

from demarches.web.tables import FORMULA, ODS_TYPE, as_csv, as_ods

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
ROWS = [('<Léa> & "co"', 12, date(2026, 11, 3), None), ("=cmd()", -1, None, "")]


def test_no_cell_of_the_csv_is_a_formula() -> None:
    read = as_csv(("nom", "nombre", "jour", "rien"), ROWS).decode("utf-8-sig").splitlines()
    first = [as_csv(("a",), [(f"{sign}1",)]) for sign in FORMULA]

    assert read == [
        "nom;nombre;jour;rien",
        '"<Léa> & ""co""";12;03/11/2026;',
        "'=cmd();-1;;",
    ]
    assert all(b"'" in one for one in first)


def test_the_ods_holds_typed_cells_and_no_formula() -> None:
    content = as_ods("Le registre", ("nom", "nombre", "jour", "rien"), ROWS)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        first = archive.infolist()[0]
        kind = archive.read("mimetype").decode()
        manifest = archive.read("META-INF/manifest.xml")
        root = ElementTree.fromstring(archive.read("content.xml"))

    cells = list(root.iter(f"{TABLE}table-cell"))
    said = [(cell.get(f"{OFFICE}value-type"), cell.findtext(TEXT)) for cell in cells]
    assert (first.filename, first.compress_type, kind) == ("mimetype", 0, ODS_TYPE)
    assert ElementTree.fromstring(manifest) is not None
    assert root.find(f".//{TABLE}table").get(f"{TABLE}name") == "Le registre"  # type: ignore[union-attr]
    assert said[4:] == [
        ("string", '<Léa> & "co"'),
        ("float", "12"),
        ("date", "03/11/2026"),
        (None, None),
        ("string", "=cmd()"),
        ("float", "-1"),
        (None, None),
        (None, None),
    ]
    assert not [cell for cell in cells if cell.get(f"{TABLE}formula")]
    assert as_ods("Le registre", ("nom", "nombre", "jour", "rien"), ROWS) == content


def test_what_xml_cannot_hold_is_left_out() -> None:
    content = as_ods("a\x00b", ("\x0bnom",), [("a\ud800\x1bb",)])
    with zipfile.ZipFile(BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))

    assert [one.text for one in root.iter(TEXT)] == ["nom", "ab"]
