"""The portal killed in the middle of what people do, with figures.

python -m tests.crash          200 kills of journeys, 5 crashes of PostgreSQL
python -m tests.crash 20       so many kills instead
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.crash.database import BACK_WITHIN, storm
from tests.crash.scene import stage
from tests.support.postgres import throwaway_postgres, throwaway_server

KILLS, CRASHES = 200, 5


def kill_journeys(engine: str, url: str, kills: int) -> bool:
    """Print a line; whether every kill left all or nothing, and each couple came to its end."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder), url) as scene:
        while scene.kills < kills:
            scene.journey()
        couples, wrong = scene.couples, scene.wrong
    print(
        f"{engine}: {scene.kills} kills in {couples} journeys, {len(wrong)} halves or losses"
        f" ({time.monotonic() - started:.0f} s)",
        flush=True,
    )
    for one in wrong:
        print(f"  {one}")
    return not wrong


def crash_database() -> bool:
    """Print a line; whether people saw nothing but pages and 503, and soon their pages again."""
    with (
        throwaway_server() as database,
        tempfile.TemporaryDirectory() as folder,
        stage(Path(folder), database.url) as scene,
    ):
        seen = storm(scene, database, crashes=CRASHES)
        wrong = scene.another_mairie()("broken")
    slowest = max(seen.recoveries)
    print(
        f"PostgreSQL crashed {CRASHES} times: answers {dict(sorted(seen.statuses.items()))},"
        f" {len(seen.not_ours)} that are no page of ours, back in {slowest:.1f} s at most,"
        f" {len(wrong)} halves",
        flush=True,
    )
    for one in [*seen.not_ours[:5], *wrong]:
        print(f"  {one}")
    return not seen.not_ours and not wrong and slowest <= BACK_WITHIN


def main(words: list[str]) -> int:
    kills = int(words[0]) if words else KILLS
    held = [kill_journeys("SQLite", "", kills // 2)]
    with throwaway_postgres() as url:
        held.append(kill_journeys("PostgreSQL", url, kills // 2))
    held.append(crash_database())
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
