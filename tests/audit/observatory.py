"""MDN HTTP Observatory, over TLS on loopback."""

import json
import os
import subprocess
from pathlib import Path

from tests.audit.portal import Deployment, deployment
from tests.audit.table import Row
from tests.audit.tools import ToolMissing, node_packages

BAR = 135
AIM = f"{BAR} or more, every test passed"
PAGES = {
    "home": "/",
    "sign-in": "/compte/connexion/",
    "pieces of a PACS": "/pacs/pieces/",
    "Carte Vitale": "/vitale/",
    "sign-in of agents": "/agents/login/",
}


def rows(folder: Path) -> list[Row]:
    """One row a page; the reports are kept in observatory.json."""
    try:
        modules = node_packages(folder)
    except ToolMissing as missing:
        return [Row.not_shown("MDN Observatory", AIM, str(missing))]
    with deployment() as portal:
        reports = {page: _scan(modules, portal, path) for page, path in PAGES.items()}
    text = json.dumps(reports, indent=1)
    (folder / "observatory.json").write_text(text + "\n", encoding="utf-8")
    return [_row(page, report) for page, report in reports.items()]


def _scan(modules: Path, portal: Deployment, path: str) -> dict[str, dict[str, object]]:
    program = modules / "@mdn" / "mdn-http-observatory" / "src" / "scan.js"
    done = subprocess.run(
        ["node", program, portal.site.removeprefix("https://") + path],
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(portal.certificate)},
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, dict[str, object]] = json.loads(done.stdout)
    return report


def _row(page: str, report: dict[str, dict[str, object]]) -> Row:
    scan = report.get("scan", {})
    score, passed, number = (
        scan.get(name, 0) for name in ("score", "testsPassed", "testsQuantity")
    )
    told = f"{scan.get('grade')} {score}, {passed}/{number}" if scan else str(report.get("error"))
    is_met = isinstance(score, int) and score >= BAR and passed == number
    shown_by = "var/audit/observatory.json"
    return Row.of(f"MDN Observatory: {page}", AIM, told, shown_by, is_met=is_met)
