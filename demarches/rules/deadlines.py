"""Legal delays counted in working days: neither Saturdays, Sundays nor public holidays."""

from datetime import date, timedelta

from demarches.rules.opening_hours import holiday_name

SATURDAY = 5


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and not holiday_name(day)


def add_working_days(day: date, count: int) -> date:
    """The day that comes `count` working days after `day` (CRPA R112-11-1 counts this way)."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
