"""The portal's production settings; the limits of a house would show a scanner one page."""

from uzes_portal.settings import *  # noqa: F403

RATE_LIMITS = dict.fromkeys(RATE_LIMITS, (1_000_000, 60))  # noqa: F405
