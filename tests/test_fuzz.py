"""No input makes an error of ours: hostile values for every page and form (see `tests.fuzz`).

A sample in each run of the suite; `FUZZ_INPUTS=100000` for the long one, `FUZZ_SEED` for another.
"""

import os
from typing import Any

from tests.fuzz.attack import Walk, attack
from tests.fuzz.scene import make_scene

INPUTS = int(os.environ.get("FUZZ_INPUTS", "1200"))
SEED = int(os.environ.get("FUZZ_SEED", "30700"))
#: The walk finds no link to them: they need what only a mail or a device holds.
NOT_LINKED = 0.25


def test_no_input_makes_an_error(reference_data: None, settings: Any, capsys: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10**9, 600))
    walk = Walk(make_scene())

    report = attack(walk, inputs=INPUTS, seed=SEED)

    with capsys.disabled():
        if INPUTS > 2000:
            print(f"\n{report.sent} inputs, {len(report.targets)} addresses, {report.statuses}")
    told = "\n\n".join(
        f"{kind}: {len(found)} times\n{found[0]}" for kind, found in sorted(report.failures.items())
    )
    assert not report.failures, told
    assert report.sent == INPUTS
