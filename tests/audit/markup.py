"""The Nu Html Checker (vnu) on the pages that links lead to, as three people see them."""

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.audit.portal import Deployment, deployment
from tests.audit.table import Row
from tests.audit.tools import ToolMissing, node_packages
from tests.support.crawl import crawl

AIM = "0 errors"
WHO = {"nobody": "/", "citizen": "/mes-demarches/", "agent": "/agents/"}
MOST, MOST_ALIKE, HOPS, LIMIT_SECONDS = 120, 4, 3, 300
#: Seconds for one page, on a machine that does other things.
PATIENCE = 120


def rows(folder: Path) -> list[Row]:
    """One row a person; the errors are kept in markup-….json."""
    java = shutil.which("java")
    try:
        if java is None:
            raise ToolMissing("java is not installed")
        checker = node_packages(folder) / "vnu-jar/build/dist/vnu.jar"
    except ToolMissing as missing:
        return [Row.not_shown(f"vnu as {who}", AIM, str(missing)) for who in WHO]
    command = [java, "-jar", str(checker), "--errors-only", "--format", "json", "--stdout"]
    with deployment() as portal:
        return [_row(command, portal, who, start, folder) for who, start in WHO.items()]


def _row(command: list[str], portal: Deployment, who: str, start: str, folder: Path) -> Row:
    def read(path: str) -> str:
        for _ in range(HOPS):
            status, headers, text = portal.open(
                path, cookie=portal.cookies.get(who, ""), timeout=PATIENCE
            )
            known = {name.lower(): value for name, value in headers.items()}
            if status not in (301, 302, 303):
                return text if known.get("content-type", "").startswith("text/html") else ""
            path = known["location"].removeprefix(portal.site)
            if not path.startswith("/"):
                return ""
        return ""

    with TemporaryDirectory() as scratch:
        pages: dict[str, str] = {}
        for url, html in crawl(read, start, most=MOST, most_alike=MOST_ALIKE):
            name = f"{len(pages)}.html"
            (Path(scratch) / name).write_text(html, encoding="utf-8")
            pages[name] = url
        done = subprocess.run(
            [*command, *pages],
            cwd=scratch,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    told = json.loads(done.stdout)["messages"]
    errors = [
        {"page": pages[Path(urlsplit(one["url"]).path).name], "error": one["message"]}
        for one in told
        if one["type"] != "info"
    ]
    report = folder / f"markup-{who}.json"
    report.write_text(json.dumps(errors, ensure_ascii=False, indent=1), encoding="utf-8")
    kinds = sorted({one["error"][:100] for one in errors})
    return Row.of(
        f"vnu as {who}",
        AIM,
        "; ".join(kinds[:5]) or f"none on {len(pages)} pages",
        f"var/audit/{report.name}",
        is_met=not errors and len(pages) > 8,
    )
