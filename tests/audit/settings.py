"""The portal's production settings; the limits of a house would show a scanner one page."""

from uzes_portal.settings import *  # noqa: F403

# Those of a procedure are added where the settings say nothing.
OF_PROCEDURES = (
    *("vitale_create", "vitale_open"),
    *("ways_in_email", "ways_in_email_day", "ways_in_target", "ways_in_target_share"),
)
RATE_LIMITS = dict.fromkeys((*RATE_LIMITS, *OF_PROCEDURES), (1_000_000, 60))  # noqa: F405
