"""What a name of état civil is written with.

Names are kept as the birth record writes them: several prénoms, particles, accents, apostrophes,
hyphens, a single name. Nothing here corrects or capitalises them.
"""

import re

#: What no name holds: digits, signs of code, line breaks.
NOT_A_NAME = re.compile(r"[0-9<>{}\[\]\\|@#$%^*_=+\"\x00-\x1f\x7f]")


def strange_sign(name: str) -> str:
    """The first sign that cannot stand in a name; empty when there is none."""
    found = NOT_A_NAME.search(name)
    return found.group() if found else ""
