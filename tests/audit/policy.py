"""csp_evaluator, on the policies of pages, of a static file and of a refusal."""

import json
import subprocess
from pathlib import Path

from tests.audit.portal import deployment
from tests.audit.table import Row
from tests.audit.tools import ToolMissing, node_packages

#: csp_evaluator's scale: 10 is the gravest; 60 informs, 100 is nothing.
INFORMATION = 60
CHECK, AIM = "csp_evaluator", "no finding above information"
PAGES = (
    ("/", ""),
    ("/compte/connexion/", ""),
    ("/mes-demarches/", "citizen"),
    ("/agents/login/", ""),
    ("/agents/", "agent"),
    ("/agents/pacs/dossier/", "agent"),
    ("/robots.txt", ""),
    ("/nulle-part/", ""),
    ("/static/js/uzes.js", ""),
)


def rows(folder: Path) -> list[Row]:
    """One row for every page together; the findings are kept in policy.json."""
    try:
        modules = node_packages(folder)
    except ToolMissing as missing:
        return [Row.not_shown(CHECK, AIM, str(missing))]
    with deployment() as portal:
        answers = {
            page: portal.open(page, cookie=portal.cookies.get(who, "")) for page, who in PAGES
        }
    policies = {
        page: next(
            value for name, value in headers.items() if name.lower() == "content-security-policy"
        )
        for page, (_, headers, _) in answers.items()
    }
    done = subprocess.run(
        ["node", Path(__file__).with_suffix(".mjs"), modules],
        input=json.dumps(policies),
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / "policy.json").write_text(done.stdout, encoding="utf-8")
    grave = {
        f"{page}: {one['directive']} {one['description']}"
        for page, found in json.loads(done.stdout).items()
        for one in found
        if one["severity"] < INFORMATION
    }
    seen = sorted({str(status) for status, _, _ in answers.values()})
    return [
        Row.of(
            CHECK,
            AIM,
            "; ".join(sorted(grave)) or f"none on {len(policies)} answers ({', '.join(seen)})",
            "var/audit/policy.json",
            is_met=not grave,
        )
    ]
