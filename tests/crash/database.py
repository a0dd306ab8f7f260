"""PostgreSQL crashes and comes back while people read and write: what they are told, how long."""

import http.client
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from threading import Event, Thread

from tests.crash.scene import Browser, Crashes
from tests.support.postgres import Server

#: How long the database stays away, and how soon everything must answer again, in seconds.
AWAY, BACK_WITHIN = 1.5, 5.0
CLIENTS = 4


@dataclass
class Storm:
    """What was answered while the database came and went."""

    statuses: Counter[int] = field(default_factory=Counter)
    #: Refusals that are not the page of ours, with their beginning.
    not_ours: list[str] = field(default_factory=list)
    #: Seconds from the start of the database to the first time that every page answered.
    recoveries: list[float] = field(default_factory=list)


def storm(scene: Crashes, database: Server, *, crashes: int) -> Storm:
    """Four clients go on reading and writing while the database crashes so many times."""
    seen, over = Storm(), Event()
    couple = scene.mairie("draft", 900)
    browser = Browser(scene.server, couple["sessions"][0])
    base = f"/pacs/{couple['reference']}/"
    paths = ("/", base, f"{base}pieces/", "/mes-demarches/", "/fiches/", "/mairie/", "/sante/vie/")

    def client(shift: int) -> None:
        for path in cycle(paths[shift:] + paths[:shift]):
            if over.is_set():
                return
            status, body, _ = browser.ask("GET", path)
            seen.statuses[status] += 1
            if status >= 400 and not (status == 503 and "rien n’est fait à moitié" in body):
                seen.not_ours.append(f"{path} {status} {body[:120]}")
            if path == f"{base}pieces/":
                with suppress(RuntimeError, StopIteration, http.client.HTTPException):
                    seen.statuses[browser.press(path)] += 1

    threads = [Thread(target=client, args=(rank,)) for rank in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for _ in range(crashes):
        time.sleep(1)
        database.crash()
        time.sleep(AWAY)
        started = time.perf_counter()
        database.start()
        while not all(browser.ask("GET", path)[0] == 200 for path in paths):
            if time.perf_counter() - started > 10 * BACK_WITHIN:
                break
        seen.recoveries.append(time.perf_counter() - started)
    over.set()
    for thread in threads:
        thread.join()
    return seen
