"""Wapiti, as nobody, as a citizen and as an agent; what it takes for a fault is tried again."""

import json
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.audit.portal import Deployment, deployment
from tests.audit.table import Row
from tests.audit.tools import ToolMissing, wapiti

AIM = "0 faults"
#: Those that ask nothing of another machine, and look for no product that is not here.
MODULES = (
    "csrf,crlf,exec,file,htaccess,ldap,methods,permanentxss,redirect,sql,timesql,upload,xss,xxe"
)
CRAWL_SECONDS, ATTACK_SECONDS, LIMIT_SECONDS = 60, 15, 900
WHO = {"nobody": "", "citizen": "/mes-demarches/", "agent": "/agents/"}
WAYS_OUT = (
    *("/compte/deconnexion/", "/agents/logout/", "/pacs/fermer/", "/vitale/suivi/fermer/"),
    # An agent's own devices and sessions: pressing there would end the visit.
    "/agents/securite/*",
)
#: A module that did not come to its end tried a part of the pages only, and the row says so.
CUT = re.compile(r"Max attack time was reached for module (\w+)")
CSRF = "Cross Site Request Forgery"


def rows(folder: Path) -> list[Row]:
    """One row a person; the reports are kept in wapiti-….json."""
    try:
        program = wapiti(folder)
    except ToolMissing as missing:
        return [Row.not_shown(f"Wapiti as {who}", AIM, str(missing)) for who in WHO]
    with deployment() as portal:
        return [_row(program, portal, who, start, folder) for who, start in WHO.items()]


def _row(program: Path, portal: Deployment, who: str, start: str, folder: Path) -> Row:
    check, report = f"Wapiti as {who}", folder / f"wapiti-{who}.json"
    cookie = portal.cookies.get(who, "")
    if start and portal.open(start, cookie=cookie)[0] != 200:
        return Row.not_shown(check, AIM, f"the session made for it does not open {start}")
    try:
        _run(program, portal, start or "/", cookie, report)
    except subprocess.TimeoutExpired:
        return Row.not_shown(check, AIM, f"it did not end within {LIMIT_SECONDS} seconds")
    if start and portal.open(start, cookie=cookie)[0] != 200:
        return Row.not_shown(check, AIM, f"the session ended on the way: {start} is shut")
    found = json.loads(report.read_text(encoding="utf-8"))
    faults = [
        (category, one)
        for category, ones in {**found["vulnerabilities"], **found["anomalies"]}.items()
        for one in ones
    ]
    false = [
        one for category, one in faults if category == CSRF and _is_refused(portal, one, cookie)
    ]
    true = [(category, one) for category, one in faults if one not in false]
    pages = found["infos"].get("crawled_pages_nbr", "?")
    told = f"{len(true)} faults on {pages} pages"
    told += "".join(f"; {category} at {one['path']}" for category, one in true[:5])
    if false:
        told += f"; {len(false)} forms taken for unprotected answer 403 to a missing or wrong token"
    cut = CUT.findall(report.with_suffix(".log").read_text(encoding="utf-8"))
    told += f"; stopped after {ATTACK_SECONDS} s: {', '.join(cut)}" if cut else ""
    return Row.of(check, AIM, told, f"var/audit/{report.name}", is_met=not true)


def _run(program: Path, portal: Deployment, start: str, cookie: str, report: Path) -> None:
    with TemporaryDirectory() as scratch:
        command = [
            *(program, "-u", f"{portal.site}/", "-s", f"{portal.site}{start}"),
            *("--scope", "folder", "-m", MODULES, "--verify-ssl", "0", "--no-bugreport"),
            *("--max-scan-time", str(CRAWL_SECONDS + 14 * ATTACK_SECONDS)),
            *("--max-attack-time", str(ATTACK_SECONDS), "--max-links-per-page", "60"),
            *("--flush-session", "--store-session", scratch, "--store-config", f"{scratch}/config"),
            *("-f", "json", "-o", report),
            *(word for path in WAYS_OUT for word in ("-x", f"{portal.site}{path}")),
            *(("-H", f"Cookie: {cookie}") if cookie else ()),
        ]
        with report.with_suffix(".log").open("w") as log:
            subprocess.run(
                command, stdout=log, stderr=log, timeout=LIMIT_SECONDS, check=True, cwd=scratch
            )


def _is_refused(portal: Deployment, fault: dict[str, str], cookie: str) -> bool:
    """Whether the form takes nothing without its token, nor with a wrong one."""
    path = urlsplit(fault["path"]).path
    origin = {"Origin": portal.site, "Referer": f"{portal.site}{path}"}
    tries = (b"a=1", b"a=1&csrfmiddlewaretoken=" + b"x" * 64)
    return all(
        portal.open(path, cookie=cookie, data=data, headers=origin)[0] == 403 for data in tries
    )
