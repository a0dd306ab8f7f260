"""Rows for a spreadsheet: CSV as French ones read it, and ODS; nothing in either is a formula.

An ODS file is a zip of three short files (OASIS OpenDocument 1.3): the standard library is enough.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO, StringIO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

type Cell = str | int | date | None
type Row = Sequence[Cell]

#: What begins a cell that a spreadsheet would run.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CSV_TYPE = "text/csv"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
TYPES: dict[str, str] = {"csv": CSV_TYPE, "ods": ODS_TYPE}
#: XML 1.0 has no word for these, even escaped.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" \
manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:version="1.3" \
manifest:media-type="{ODS_TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""
CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content office:version="1.3" \
xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" \
xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" \
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" \
xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" \
xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0">
<office:automatic-styles><number:date-style style:name="day-fr"><number:day number:style="long"/>\
<number:text>/</number:text><number:month number:style="long"/><number:text>/</number:text>\
<number:year number:style="long"/></number:date-style>\
<style:style style:name="day" style:family="table-cell" style:data-style-name="day-fr"/>\
</office:automatic-styles>
<office:body><office:spreadsheet><table:table table:name={title}>
{rows}
</table:table></office:spreadsheet></office:body>
</office:document-content>
"""


def as_table(kind: str, title: str, header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """The file of a kind of `TYPES`: a line of names, then the rows; `title` names an ODS sheet."""
    return as_csv(header, rows) if kind == "csv" else as_ods(title, header, rows)


def as_csv(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Semicolons and a byte order mark: what a French spreadsheet opens without a question."""
    out = StringIO()
    lines = csv.writer(out, delimiter=";")
    lines.writerow(header)
    for row in rows:
        lines.writerow([_plain(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _plain(cell: Cell) -> str:
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text


def as_ods(title: str, header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """A sheet whose cells have a type: texts, whole numbers and days; the same rows, same bytes."""
    lines = "\n".join(_line(row) for row in [header, *rows])
    content = CONTENT.format(title=quoteattr(_xml(title)), rows=lines)
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        # First and not compressed: programs read the kind of the file there.
        archive.writestr(ZipInfo("mimetype"), ODS_TYPE, ZIP_STORED)
        archive.writestr(ZipInfo("content.xml"), content, ZIP_DEFLATED)
        archive.writestr(ZipInfo("META-INF/manifest.xml"), MANIFEST, ZIP_DEFLATED)
    return out.getvalue()


def _line(row: Row) -> str:
    return f"<table:table-row>{''.join(_cell(cell) for cell in row)}</table:table-row>"


def _cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<table:table-cell/>"
    kind, more = "string", ""
    if isinstance(cell, date):
        kind, more = "date", f' table:style-name="day" office:date-value="{cell:%Y-%m-%d}"'
    elif isinstance(cell, int):
        kind, more = "float", f' office:value="{cell}"'
    words = escape(_xml(_plain(cell) if not isinstance(cell, str) else cell))
    start = f'<table:table-cell office:value-type="{kind}"{more}>'
    return f"{start}<text:p>{words}</text:p></table:table-cell>"


def _xml(text: str) -> str:
    return NOT_XML.sub("", text)
