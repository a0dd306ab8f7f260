"""Whether the site still answers while bombs are being checked: eight at once, again and again.

What is compared are two medians of one run, with the site quiet and with it under the bombs: a
machine that is slow by itself is slow in both.
"""

import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from tests.audit.portal import Deployment, deployment
from tests.audit.table import Row
from tests.support.files import OBJECT_STREAM_BOMBS

CLIENTS, ROUNDS = 8, 2
#: Pages that anybody reads, and how many times slower the bombs may make their median.
PAGES = ("/robots.txt", "/pacs/")
MOST_TIMES = 10
#: Answers of which the quiet median is made, and the fewest of the other one.
QUIET, FEWEST = 30, 10
BOMB = "objstm_many"
PIECE = "1-P03_identite"
HOME = re.compile(r'href="(/pacs/PACS-[\w-]+/)"')
#: What the page said of this piece, which its form sends back.
READ = re.compile(rf'name="{PIECE}-lu" value="([^"]*)"')
BOUNDARY = "----audit"


def rows(folder: Path) -> list[Row]:
    """One row a page, one for the bombs themselves."""
    bomb = OBJECT_STREAM_BOMBS[BOMB]()
    with deployment() as portal:
        quiet = {page: [_seconds(portal, page) for _ in range(QUIET)] for page in PAGES}
        answers: list[int] = []
        bombers = [
            threading.Thread(target=_send, args=(portal, bomb, answers)) for _ in range(CLIENTS)
        ]
        for one in bombers:
            one.start()
        busy: dict[str, list[float]] = {page: [] for page in PAGES}
        while any(one.is_alive() for one in bombers):
            for page in PAGES:
                busy[page].append(_seconds(portal, page))
        still_there = portal.open("/robots.txt")[0]
        kept = portal.open(_pieces(portal), cookie=portal.cookies["citizen"])[2].count("/fichiers/")
    told = ", ".join(f"{number} answered {status}" for status, number in Counter(answers).items())
    # A status of 5xx that is not « come back » would be a breakdown.
    is_met = len(answers) == CLIENTS * ROUNDS and not kept and still_there == 200
    is_met = is_met and all(status < 500 or status == 503 for status in answers)
    return [
        Row.of(
            f"{CLIENTS} bombs at once",
            "none is kept, none breaks the site down",
            f"{told}; {kept} kept; the site then answers {still_there}",
            "PDF of object streams, made here",
            is_met=is_met,
        ),
        *(_row(page, quiet[page], busy[page]) for page in PAGES),
    ]


def _row(page: str, quiet: list[float], busy: list[float]) -> Row:
    aim = f"median {MOST_TIMES} times the quiet one at most"
    check = f"{page} under {CLIENTS} bombs"
    if len(busy) < FEWEST:
        return Row.not_shown(check, aim, f"only {len(busy)} answers came while they were checked")
    times = median(busy) / median(quiet)
    told = (
        f"{times:.1f} times ({median(quiet) * 1000:.0f} ms, then {median(busy) * 1000:.0f} ms),"
        f" {max(busy):.2f} s at most, {len(busy)} answers"
    )
    return Row.of(check, aim, told, "two medians of one run", is_met=times <= MOST_TIMES)


def _seconds(portal: Deployment, page: str) -> float:
    began = time.monotonic()
    status, _, _ = portal.open(page)
    if status != 200:
        raise RuntimeError(f"{page} answered {status}")
    return time.monotonic() - began


def _send(portal: Deployment, bomb: bytes, answers: list[int]) -> None:
    """Send the bomb as a piece, as its owner's browser would; note what was answered."""
    mine, page = portal.cookies["citizen"], _pieces(portal)
    read = READ.search(portal.open(page, cookie=mine)[2])
    if read is None:
        raise RuntimeError(f"{page} asks for no identity paper")
    # A browser may choose the token of its own forms: this one sends bombs as itself.
    token = secrets.token_hex(16)
    body = _multipart({"csrfmiddlewaretoken": token, f"{PIECE}-lu": read[1]}, bomb)
    for _ in range(ROUNDS):
        status, _, _ = portal.open(
            page,
            cookie=f"{mine}; __Host-csrftoken={token}",
            data=body,
            headers={
                "Origin": portal.site,
                "Referer": f"{portal.site}{page}",
                "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            },
            # Long: what is looked at here is what the others wait meanwhile.
            timeout=180,
        )
        answers.append(status)


def _pieces(portal: Deployment) -> str:
    """Where the citizen sends pieces."""
    home = HOME.search(portal.open("/mes-demarches/", cookie=portal.cookies["citizen"])[2])
    if home is None:
        raise RuntimeError("the citizen has no dossier")
    return f"{home[1]}pieces/"


def _multipart(fields: Mapping[str, str], content: bytes) -> bytes:
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{PIECE}-documents";'
        ' filename="carte.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
