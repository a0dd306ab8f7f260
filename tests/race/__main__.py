"""The whole race on both databases, with figures: 40 clients × 15 rounds × 1, 3, 10 seats.

python -m tests.race
"""

import tempfile
from pathlib import Path

from tests.race.scene import COUPLES, STAFF, stage
from tests.support.postgres import throwaway_postgres

ROUNDS = 15


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000


def run(engine: str, url: str, *, guarded: bool = True) -> bool:
    """Print a line a capacity; whether every round gave exactly the seats there are."""
    exact = True
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder), url) as scene:
        if not guarded:
            scene.worker("drop_guards")
        for capacity in (1, 3, 10):
            scene.worker("capacity", capacity)
            rounds = [scene.contest() for _ in range(ROUNDS)]
            wrong = sum(one.taken != capacity for one in rounds)
            taken = sum(one.taken for one in rounds)
            lost = [loser.seconds for one in rounds for loser in one.losers]
            p50, p99 = (percentile(lost or [0], share) for share in (0.5, 0.99))
            guard = "with" if guarded else "WITHOUT"
            print(
                f"{engine:<12}{guard:<9}{capacity:>5}{taken:>8} of {capacity * ROUNDS:<5}"
                f"{wrong:>4}/{ROUNDS}{p50:>10.0f}{p99:>8.0f}",
                flush=True,
            )
            exact = exact and wrong == 0
    return exact


def main() -> int:
    print(f"{COUPLES} citizens and {STAFF} bookings of the desk for each slot")
    print("database    guards   seats   booked      wrong  lost: p50 ms  p99 ms")
    held = [run("SQLite", ""), not run("SQLite", "", guarded=False)]
    with throwaway_postgres() as url:
        held += [run("PostgreSQL", url), not run("PostgreSQL", url, guarded=False)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    raise SystemExit(main())
